/* SPDX-License-Identifier: ISC */
/* The requests that ipsecmond executes. */

#include "control_fixture.h"

/* --- what it does -------------------------------------------------------- */

static struct ipm_writer *writer;
static struct control_exec exec;
static char segment_path[128], state_dir[128], state_path[160];
static struct {
	unsigned calls;
	char source[IPM_TEXT_MAX];
	bool ike;
	uint32_t uids[16];
	size_t count;
	control_terminated *done;
	void *arg;
	int rc;
} terminated;

static int
terminate(void *arg, const struct control_target *target, control_terminated *done, void *done_arg)
{
	(void)arg;
	terminated.calls++;
	snprintf(terminated.source, sizeof(terminated.source), "%s", ipm_feed_peek(writer, target->feed)->source);
	terminated.ike = target->ike;
	memcpy(terminated.uids, target->uids, target->count * sizeof(target->uids[0]));
	terminated.count = target->count;
	terminated.done = done;
	terminated.arg = done_arg;
	return terminated.rc;
}

static void
open_writer(void)
{
	struct ipm_error err;
	struct ipm_writer_options opt = {
		.path = segment_path,
		.name = "gw",
		.control = path,
		.capacity = { .ike_sas = 4,
			      .tunnels = 4,
			      .selectors = 4,
			      .sas = 8,
			      .feeds = 2,
			      .agents = 2,
			      .events = 64,
			      .history = 20,
			      .failures = 10,
			      .sessions = 4 },
		.mode = 0600,
	};
	ck_assert_msg(ipm_writer_open(&writer, &opt, &err) == 0, "%s", err.text);
}

static void
given_a_segment(void)
{
	given_a_directory();
	snprintf(segment_path, sizeof(segment_path), "%s/gw.model", dir);
	snprintf(state_dir, sizeof(state_dir), "%s/state", dir);
	snprintf(state_path, sizeof(state_path), "%s/ipsecmond.state", state_dir);
	open_writer();
	exec = (struct control_exec){ .writer = writer,
				      .state_path = state_path,
				      .group = (gid_t)-1,
				      .allow_destroy = true,
				      .terminate = terminate };
	options.handler = control_exec_handle;
	options.arg = &exec;
	ck_assert_int_eq(control_server_open(&server, base, &options), 0);
}

static void
clean_up_segment(void)
{
	control_server_close(server);
	server = NULL;
	ipm_writer_close(writer);
	clean_up();
}

static struct ipm_settings
settings(void)
{
	struct ipm_settings is;
	ck_assert_int_eq(ipm_settings_read(ipm_writer_segment(writer), &is), 0);
	return is;
}

static void
put_feed(enum ipm_feed_state state)
{
	int slot = ipm_feed_open(writer, "vici");
	struct ipm_feed feed = *ipm_feed_peek(writer, (uint32_t)slot);
	feed.state = (uint8_t)state;
	strcpy(feed.source, "/run/vici");
	ipm_feed_put(writer, (uint32_t)slot, &feed);
}

/* An IKE SA with uid 5; its tunnel, which is just being rekeyed: CHILD_SAs 7 and 8. */
static void
given_a_tunnel(void)
{
	put_feed(IPM_FEED_UP);
	uint32_t ike = (uint32_t)ipm_ike_start(writer, &(struct ipm_ike_sa){ .state = IPM_IKE_ESTABLISHED, .uid = 5 });
	uint32_t tunnel = (uint32_t)ipm_tunnel_start(
		writer, &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP, .ike_slot = ike, .protocol = 50, .uid = 8 });
	for (uint64_t uid = 7; uid <= 8; uid++) {
		for (uint8_t way = IPM_IN; way <= IPM_OUT; way++)
			ipm_sa_start(writer, tunnel, &(struct ipm_sa){ .direction = way, .protocol = 50, .uid = uid });
	}
}

START_TEST(sizes_are_set_and_kept)
{
	int fd = client();
	struct stat st;
	hear(fd, "history-size 3\n", "ok\n");
	hear(fd, "failure-size 4\n", "ok\n");
	ck_assert_uint_eq(settings().history_size, 3);
	ck_assert_uint_eq(settings().failure_size, 4);
	ck_assert_int_eq(stat(state_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	hear(fd, "history-size 21\n", "error the segment holds 20\n");
	hear(fd, "failure-size 11\n", "error the segment holds 10\n");
	hear(fd, "history-size 20\n", "ok\n");
	ck_assert_uint_eq(settings().history_size, 20);
	close(fd);
	/* Start again, after a reboot. */
	ipm_writer_close(writer);
	unlink(segment_path);
	open_writer();
	exec.writer = writer;
	ck_assert_int_eq(ipm_settings_put(writer, &(struct ipm_settings){ 1, 1 }), 0);
	control_exec_restore(&exec);
	ck_assert_uint_eq(settings().history_size, 20);
	ck_assert_uint_eq(settings().failure_size, 4);
}
END_TEST

START_TEST(sizes_beyond_what_there_is_room_for_now_become_all)
{
	mkdir(state_dir, 0700);
	FILE *f = fopen(state_path, "w");
	fputs("history-size = 4000\nfailure-size = 5\n", f);
	fclose(f);
	control_exec_restore(&exec);
	ck_assert_uint_eq(settings().history_size, 20);
	ck_assert_uint_eq(settings().failure_size, 5);
}
END_TEST

START_TEST(what_cannot_be_kept_is_not_done)
{
	int fd = client();
	hear(fd, "history-size 3\n", "ok\n");
	exec.state_path = "/proc/nonexistent/state/ipsecmond.state";
	hear(fd, "history-size 4\n",
	     "error it cannot be saved: /proc/nonexistent/state/ipsecmond.state: No such file or directory\n");
	ck_assert_uint_eq(settings().history_size, 3);
	close(fd);
}
END_TEST

START_TEST(a_check_point_and_an_agent_reach_the_segment)
{
	struct ipm_agent agent;
	int fd = client();
	given_a_tunnel();
	hear(fd, "check-point\n", "ok\n");
	ck_assert_uint_eq(ipm_segment_used(ipm_writer_segment(writer), IPM_TUNNEL_HISTORY), 1);
	hear(fd, "agent agentx 99 1 2 3 4\n", "ok\n");
	hear(fd, "agent agentx 100 5 6 7 8\n", "ok\n");
	ck_assert_int_eq(ipm_agent_read(ipm_writer_segment(writer), 0, &agent), 0);
	ck_assert_str_eq(agent.name, "agentx");
	ck_assert_uint_eq(agent.pid, 100);
	ck_assert_uint_eq(agent.sent, 5);
	ck_assert_uint_eq(agent.suppressed, 6);
	ck_assert_uint_eq(agent.disabled, 7);
	ck_assert_uint_eq(agent.waiting, 8);
	hear(fd, "agent b 1 0 0 0 0\n", "ok\n");
	hear(fd, "agent c 1 0 0 0 0\n", "error there is no room for another agent\n");
	close(fd);
}
END_TEST

START_TEST(a_tunnel_is_destroyed_with_all_its_sas)
{
	int fd = client();
	given_a_tunnel();
	say(fd, "destroy tunnel 1\n");
	pump(20);
	ck_assert_uint_eq(terminated.calls, 1);
	ck_assert_str_eq(terminated.source, "/run/vici");
	ck_assert(!terminated.ike);
	ck_assert_uint_eq(terminated.count, 2);
	ck_assert_uint_eq(terminated.uids[0] + terminated.uids[1], 15);
	terminated.done(terminated.arg, true, "");
	expect(fd, "ok\n", false);
	say(fd, "destroy ike 1\n");
	pump(20);
	ck_assert(terminated.ike);
	ck_assert_uint_eq(terminated.count, 1);
	ck_assert_uint_eq(terminated.uids[0], 5);
	terminated.done(terminated.arg, false, "charon could not");
	expect(fd, "error charon could not\n", false);
	terminated.rc = -ECONNREFUSED;
	hear(fd, "destroy ike 1\n", "error Connection refused\n");
	close(fd);
}
END_TEST

START_TEST(a_session_is_destroyed_with_its_ike_sa)
{
	int fd = client();
	given_a_tunnel();
	hear(fd, "destroy session 1\n", "error there is no such session\n");
	struct ipm_session session = { .ike_slot = 0, .ike_index = ipm_ike_peek(writer, 0)->index };
	uint32_t slot = (uint32_t)ipm_session_open(writer, &session);
	say(fd, "destroy session 1\n");
	pump(20);
	ck_assert_uint_eq(terminated.calls, 1);
	ck_assert(terminated.ike);
	ck_assert_uint_eq(terminated.count, 1);
	ck_assert_uint_eq(terminated.uids[0], 5);
	terminated.done(terminated.arg, true, "");
	expect(fd, "ok\n", false);
	session.state = IPM_SESSION_HELD;
	ipm_session_put(writer, slot, &session);
	hear(fd, "destroy session 1\n", "error the session is not up\n");
	exec.allow_destroy = false;
	hear(fd, "destroy session 1\n", "error not allowed: set allow-destroy = true\n");
	ck_assert_uint_eq(terminated.calls, 1);
	close(fd);
}
END_TEST

START_TEST(what_is_not_destroyed)
{
	int fd = client();
	given_a_tunnel();
	hear(fd, "destroy tunnel 2\n", "error there is no such tunnel\n");
	hear(fd, "destroy ike 2\n", "error there is no such IKE SA\n");
	/* Another charon gives the same unique ids to other SAs. */
	put_feed(IPM_FEED_DOWN);
	hear(fd, "destroy tunnel 1\n", "error its source is away\n");
	put_feed(IPM_FEED_UP);
	struct ipm_ike_sa ike = *ipm_ike_peek(writer, 0);
	ike.held = 1;
	ipm_ike_put(writer, 0, &ike);
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(writer, 0);
	tunnel.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(writer, 0, &tunnel);
	hear(fd, "destroy tunnel 1\n", "error the tunnel is not up\n");
	hear(fd, "destroy ike 1\n", "error the IKE daemon is away\n");
	exec.allow_destroy = false;
	hear(fd, "destroy tunnel 1\n", "error not allowed: set allow-destroy = true\n");
	hear(fd, "destroy ike 9\n", "error not allowed: set allow-destroy = true\n");
	ck_assert_uint_eq(terminated.calls, 0);
	close(fd);
}
END_TEST

int
main(void)
{
	signal(SIGPIPE, SIG_IGN); /* as ipsecmond does */
	Suite *suite = suite_create("control_exec");
	TCase *tc = tcase_create("exec");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, given_a_segment, clean_up_segment);
	tcase_add_test(tc, sizes_are_set_and_kept);
	tcase_add_test(tc, sizes_beyond_what_there_is_room_for_now_become_all);
	tcase_add_test(tc, what_cannot_be_kept_is_not_done);
	tcase_add_test(tc, a_check_point_and_an_agent_reach_the_segment);
	tcase_add_test(tc, a_tunnel_is_destroyed_with_all_its_sas);
	tcase_add_test(tc, a_session_is_destroyed_with_its_ike_sa);
	tcase_add_test(tc, what_is_not_destroyed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
