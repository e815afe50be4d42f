/* SPDX-License-Identifier: ISC */
/* ipsecmon check: its findings and its advice. */
#include <grp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "ipm_int.h"
#include "cli_fixture.h"

static int listening[4];
static size_t sockets;

/* A configuration with this test's sockets in its directory, and @p more. snmpd's socket is this test's, too. */
static void
given_conf(const char *more)
{
	FILE *f = fopen(conf_file, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "run-dir = %s\nagentx { socket = \"%s/agentx\" }\n%s\n", dir, dir, more);
	fclose(f);
}

static void
set_up_all(void)
{
	set_up();
	sockets = 0;
	given_conf("");
	setenv("SNMPCONFPATH", dir, 1);
}

static void
tear_down_all(void)
{
	for (size_t i = 0; i < sockets; i++)
		close(listening[i]);
	tear_down();
}

/* Listen at dir/name with a socket of this @p mode. */
static int
given_socket(const char *name, mode_t mode)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.60s/%s", dir, name);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert_int_eq(chmod(addr.sun_path, mode), 0);
	listening[sockets++] = fd;
	return fd;
}

/* One conversation: answer the request with @p size octets of @p answer. */
struct answers {
	int fd;
	const void *answer;
	size_t size;
};

static void *
answer_once(void *arg)
{
	struct answers *a = arg;
	char asked[512];
	int fd = accept(a->fd, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(recv(fd, asked, sizeof(asked), 0), 0);
	ck_assert_int_eq(send(fd, a->answer, a->size, MSG_NOSIGNAL), (ssize_t)a->size);
	while (recv(fd, asked, sizeof(asked), 0) > 0)
		;
	close(fd);
	return NULL;
}

/* Run a check while a thread answers at a socket. */
static int
check_with(int fd, const void *answer, size_t size)
{
	struct answers a = { fd, answer, size };
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, answer_once, &a), 0);
	int status = run("check");
	pthread_join(thread, NULL);
	return status;
}

static void
given_snmpd_conf(const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/snmpd.conf", dir);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* There is a line that begins like this; "@" stands for dir. */
static void
expect_finding(const char *line)
{
	char want[512] = "";
	for (const char *c = line; *c; c++)
		snprintf(want + strlen(want), sizeof(want) - strlen(want), "%.*s", *c == '@' ? 64 : 1,
			 *c == '@' ? dir : c);
	for (const char *at = out; (at = strstr(at, want)); at++)
		if (at == out || at[-1] == '\n')
			return;
	ck_abort_msg("no line \"%s\" in\n%s%s", want, out, err);
}

static void
expect_snmpd(const char *text, const char *line)
{
	given_snmpd_conf(text);
	run("check");
	expect_finding(line);
}

/* ---- configuration and run directory ---- */

START_TEST(a_configuration_that_is_wrong_is_the_only_finding)
{
	given_conf("nonsense = 1");
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL configuration: @/conf:3: ");
	expect_finding("     -> correct it;");
	expect_finding("0 ok, 0 warnings, 1 failed");
}
END_TEST

START_TEST(a_group_that_is_not_there_is_wrong)
{
	given_conf("group = \"no-such-group\"");
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL group: there is no group 'no-such-group' on this machine");
}
END_TEST

START_TEST(no_group_is_worth_a_thought)
{
	run("check");
	expect_finding("warn group: not set");
}
END_TEST

START_TEST(a_run_directory_that_is_missing_says_how_it_is_made)
{
	FILE *f = fopen(conf_file, "w");
	fprintf(f, "run-dir = %s/none\n", dir);
	fclose(f);
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL run directory: @/none: No such file or directory");
	expect_finding("     -> ipsecmond makes it");
	expect_no_word("FAIL segments");
}
END_TEST

START_TEST(a_run_directory_that_everybody_may_write_is_wrong)
{
	ck_assert_int_eq(chmod(dir, 0777), 0);
	run("check");
	expect_finding("FAIL run directory: @ (");
	expect_finding("     -> chmod o-w it");
}
END_TEST

START_TEST(a_run_directory_that_the_group_cannot_read_is_wrong)
{
	const struct group *mine = getgrgid(getegid());
	char more[96];
	ck_assert_ptr_nonnull(mine);
	snprintf(more, sizeof(more), "group = \"%.60s\"", mine->gr_name);
	given_conf(more);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	run("check");
	expect_finding("FAIL run directory: @ (");
	ck_assert_int_eq(chmod(dir, 0750), 0);
	run("check");
	expect_no_word("FAIL run directory");
}
END_TEST

/* ---- segments ---- */

START_TEST(no_segment_is_wrong)
{
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL segments: none in @: ipsecmond does not run, or it has another run-dir");
	expect_finding("     -> start it: systemctl start ipsecmond");
}
END_TEST

START_TEST(a_segment_that_is_written_is_well)
{
	given_segment();
	run("check");
	expect_finding("ok   segment gateway.model: its writer (pid ");
	expect_no_word("FAIL segment");
	expect_no_word("FAIL agent:"); /* it takes no requests, so no agent can report to it */
}
END_TEST

START_TEST(two_segments_with_the_same_indexes_are_wrong)
{
	char other_file[128];
	struct ipm_writer_options opt = { .path = other_file, .name = "engine", .capacity.tunnels = 1, .mode = 0640 };
	struct ipm_writer *other;
	struct ipm_error error;

	given_segment();
	snprintf(other_file, sizeof(other_file), "%s/other.model", dir);
	for (opt.index_first = 1; opt.index_first <= 1001; opt.index_first += 1000) {
		ck_assert_int_eq(ipm_writer_open(&other, &opt, &error), 0);
		run("check");
		if (opt.index_first == 1)
			expect_finding("FAIL segment other.model: it counts tunnels from 1, as another segment does");
		else
			expect_no_word("counts tunnels from");
		ipm_writer_close(other);
		ck_assert_int_eq(unlink(other_file), 0); /* or it keeps its indexes */
	}
}
END_TEST

START_TEST(a_segment_whose_writer_has_ended_is_wrong)
{
	given_segment();
	ipm_writer_close(w);
	w = NULL;
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL segment gateway.model: its writer was stopped 0 s ago");
}
END_TEST

START_TEST(a_segment_whose_writer_is_silent_is_wrong)
{
	uint64_t long_ago = ipm_now_ns() - 60 * (uint64_t)SECOND;
	given_segment();
	ipm_writer_commit(w);
	struct ipm_writer *quiet = w;
	w = NULL; /* run() would commit */
	patch(offsetof(struct ipm_header, heartbeat_ns), &long_ago, sizeof(long_ago));
	ck_assert_int_eq(run("check"), 1);
	w = quiet;
	expect_finding("FAIL segment gateway.model: its writer (pid ");
	expect_finding("     -> it hangs or was killed");
}
END_TEST

START_TEST(a_segment_of_another_version_is_wrong)
{
	uint32_t abi = 9999;
	given_segment();
	patch(offsetof(struct ipm_header, abi), &abi, sizeof(abi));
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL segment gateway.model: @/gateway.model: layout version 9999, ");
	expect_finding("     -> start its writer again");
}
END_TEST

START_TEST(a_segment_that_the_group_cannot_read_is_wrong)
{
	const struct group *mine = getgrgid(getegid());
	char more[96];
	ck_assert_ptr_nonnull(mine);
	snprintf(more, sizeof(more), "group = \"%.60s\"", mine->gr_name);
	given_conf(more);
	ck_assert_int_eq(chmod(dir, 0750), 0);
	given_segment();
	run("check");
	expect_no_word("cannot read it");
	ck_assert_int_eq(chmod(segment_file, 0600), 0);
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL segment gateway.model: ");
	expect_finding("     -> restart its writer, which gives it to the group");
}
END_TEST

START_TEST(a_segment_that_everybody_can_read_is_worth_a_thought)
{
	given_segment();
	ck_assert_int_eq(chmod(segment_file, 0644), 0);
	run("check");
	expect_finding("warn segment gateway.model: ");
}
END_TEST

START_TEST(records_that_found_no_room_are_worth_a_thought)
{
	given_segment();
	for (int i = 0; i < 9; i++)
		ipm_ike_start(w, &(struct ipm_ike_sa){ .version = 2 });
	run("check");
	expect_finding("warn segment gateway.model: 1 records were refused");
}
END_TEST

/* ---- feeds and agents ---- */

static void
given_feed(const char *name, enum ipm_feed_state state, const char *error)
{
	int slot = ipm_feed_open(w, name);
	ck_assert_int_ge(slot, 0);
	struct ipm_feed feed = *ipm_feed_peek(w, (uint32_t)slot);
	feed.state = (uint8_t)state;
	feed.since_ns = feed.updated_ns = ipm_now_ns();
	feed.interval_ns = 5 * (uint64_t)SECOND;
	snprintf(feed.source, sizeof(feed.source), "somewhere");
	snprintf(feed.error, sizeof(feed.error), "%s", error);
	ipm_feed_put(w, (uint32_t)slot, &feed);
}

START_TEST(a_feed_that_is_down_is_wrong_unless_another_is_up)
{
	given_segment();
	given_feed("vici", IPM_FEED_DOWN, "/run/charon.vici: No such file or directory");
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL feed vici: down, 0 s ago: /run/charon.vici: No such file or directory");
	expect_finding("     -> start strongSwan with its plugin vici");
	given_feed("xfrm", IPM_FEED_UP, "");
	run("check");
	expect_finding("warn feed vici: down");
	expect_finding("ok   feed xfrm: up, somewhere");
}
END_TEST

START_TEST(a_feed_that_knows_no_tunnels_is_not_missed_as_the_others_are)
{
	given_segment();
	given_feed("somebody's", IPM_FEED_DOWN, "no source");
	run("check");
	expect_finding("FAIL feed somebody's: down, 0 s ago: no source");
	expect_finding("     -> ipsecmond(8), DIAGNOSTICS, explains the error");
	struct ipm_feed feed = *ipm_feed_peek(w, 0);
	feed.caps = IPM_CAP_FAILURES;
	ipm_feed_put(w, 0, &feed);
	run("check");
	expect_finding("warn feed somebody's: down");
}
END_TEST

START_TEST(a_feed_that_has_not_been_heard_of_is_worth_a_thought)
{
	given_segment();
	given_feed("xfrm", IPM_FEED_UP, "");
	struct ipm_feed feed = *ipm_feed_peek(w, 0);
	feed.updated_ns -= 60 * (uint64_t)SECOND;
	ipm_feed_put(w, 0, &feed);
	run("check");
	expect_finding("warn feed xfrm: up, but last heard of 1 min 0 s ago");
}
END_TEST

/* A segment with a control socket, which the test answers. */
static int
given_control(void)
{
	char control[96];
	struct ipm_error error;
	struct ipm_writer_options opt = { .path = segment_file,
					  .name = "gateway",
					  .control = control,
					  .capacity = { .feeds = 1, .agents = 4, .events = 8 },
					  .mode = 0640 };
	snprintf(control, sizeof(control), "%s/control", dir);
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &error), 0);
	return given_socket("control", 0660);
}

START_TEST(a_control_socket_that_answers_is_well)
{
	int fd = given_control();
	ck_assert_int_eq(check_with(fd, "ok\n", 3), 1);
	expect_finding("ok   control socket: @/control answers");
	expect_finding("FAIL agent: none has reported a connection to snmpd");
}
END_TEST

START_TEST(a_control_socket_that_is_not_for_us_is_worth_a_thought)
{
	int fd = given_control();
	check_with(fd, "error not allowed\n", 18);
	expect_finding("warn control socket: @/control: you may not use it");
}
END_TEST

START_TEST(a_control_socket_where_nobody_listens_is_wrong)
{
	close(given_control());
	sockets--;
	run("check");
	expect_finding("FAIL control socket: @/control: Connection refused");
}
END_TEST

START_TEST(an_agent_that_reports_is_well)
{
	int fd = given_control();
	ipm_agent_put(w, &(struct ipm_agent){ .pid = 4711, .name = "ipsecmon-agentx" });
	check_with(fd, "ok\n", 3);
	expect_finding("ok   agent: ipsecmon-agentx (pid 4711) is connected to snmpd, as it said 0 s ago");
}
END_TEST

START_TEST(an_agent_that_has_been_silent_is_wrong)
{
	int fd = given_control();
	uint64_t long_ago = ipm_now_ns() - 200 * (uint64_t)SECOND;
	ipm_agent_put(w, &(struct ipm_agent){ .pid = 4711, .name = "x" });
	const struct ipm_header *h = ipm_header(ipm_writer_segment(w));
	patch(h->section[IPM_AGENTS].offset + sizeof(struct ipm_record) + offsetof(struct ipm_agent, updated_ns),
	      &long_ago, sizeof(long_ago));
	check_with(fd, "ok\n", 3);
	expect_finding("FAIL agent: x (pid 4711) last reported 3 min 20 s ago");
}
END_TEST

/* ---- charon ---- */

START_TEST(charons_socket_is_tried)
{
	char more[128];
	snprintf(more, sizeof(more), "feed vici { socket = \"%s/charon.vici\" }", dir);
	given_conf(more);
	run("check");
	expect_finding("warn charon: @/charon.vici: No such file or directory");
	given_socket("charon.vici", 0770);
	run("check");
	expect_finding("ok   charon: @/charon.vici (");
	close(listening[--sockets]);
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL charon: @/charon.vici (");
}
END_TEST

/* The state of the feeds while charon is missing. */
static void
given_feeds_without_charon(void)
{
	static const char *const names[] = { "vici", "error-notify", "xfrm", "ikewatch" };
	char more[256];
	snprintf(more, sizeof(more), "feed vici { socket = \"%s/charon.vici\"\n error-socket = \"%s/charon.enfy\" }",
		 dir, dir);
	given_conf(more);
	given_segment();
	for (size_t i = 0; i < COUNT(names); i++) {
		given_feed(names[i], i < 2 ? IPM_FEED_DOWN : IPM_FEED_UP, i < 2 ? "No such file or directory" : "");
		struct ipm_feed feed = *ipm_feed_peek(w, (uint32_t)i);
		feed.caps = i % 2 ? IPM_CAP_FAILURES : IPM_CAP_TUNNELS | IPM_CAP_FAILURES;
		if (i < 2)
			snprintf(feed.source, sizeof(feed.source), "%s/charon.%s", dir, i ? "enfy" : "vici");
		ipm_feed_put(w, (uint32_t)i, &feed);
	}
}

START_TEST(a_charon_that_is_missing_is_one_finding)
{
	given_feeds_without_charon();
	run("check");
	expect_finding("warn charon: @/charon.vici: No such file or directory");
	expect_no_word("feed vici:");
	expect_no_word("error-notify:");
	expect_finding("ok   feed xfrm: up, somewhere");
	/* The advice also names ikewatch: naming only one feed would switch it off. */
	ck_assert_ptr_nonnull(strstr(out, "write feed xfrm { } and feed ikewatch { }"));
	/* Without another feed that knows SAs it is a failure, but still one finding. */
	struct ipm_feed xfrm = *ipm_feed_peek(w, 2);
	xfrm.state = IPM_FEED_DOWN;
	ipm_feed_put(w, 2, &xfrm);
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL charon: @/charon.vici: No such file or directory");
	ck_assert_uint_eq(times("charon.vici"), 1);
	ck_assert_uint_eq(times("charon.enfy"), 0);
	/* With charon there, its feeds have findings of their own. */
	given_socket("charon.vici", 0770);
	run("check");
	expect_finding("ok   charon: @/charon.vici (");
	expect_finding("FAIL feed vici: down");
	expect_finding("warn feed error-notify: down");
}
END_TEST

START_TEST(charons_socket_is_not_for_everybody)
{
	char more[128];
	snprintf(more, sizeof(more), "feed vici { socket = \"%s/charon.vici\" }", dir);
	given_conf(more);
	given_socket("charon.vici", 0777);
	ck_assert_int_eq(run("check"), 1);
	expect_finding("FAIL charon: @/charon.vici (");
	expect_finding("     -> chmod o-w it");
}
END_TEST

START_TEST(without_a_feed_for_it_charon_is_not_looked_at)
{
	given_conf("feed xfrm { poll-interval = 5 }");
	run("check");
	expect_no_word("charon:");
}
END_TEST

/* ---- snmpd ---- */

/* A Response of AgentX to an Open (RFC 2741, 6.2.16): session 7, sysUpTime 99, no error. */
static const uint8_t opened[28] = { 1, 18, 0x10, [7] = 7, [15] = 1, [19] = 8, [23] = 99 };

START_TEST(an_agentx_master_that_answers_is_well)
{
	check_with(given_socket("agentx", 0660), opened, sizeof(opened));
	expect_finding("ok   AgentX socket: @/agentx (");
}
END_TEST

START_TEST(what_answers_otherwise_is_no_agentx_master)
{
	check_with(given_socket("agentx", 0660), "HTTP/1.1 400 Bad Request\r\nServer: x\r\n", 37);
	expect_finding("FAIL AgentX socket: @/agentx (");
	ck_assert_ptr_nonnull(strstr(out, "the other end is not an AgentX master"));
}
END_TEST

START_TEST(an_agentx_socket_that_is_missing_says_how_it_is_made)
{
	run("check");
	expect_finding("FAIL AgentX socket: @/agentx: No such file or directory");
	expect_finding("     -> set in snmpd.conf: master agentx");
}
END_TEST

START_TEST(an_agentx_socket_must_be_open_to_the_group_and_so_must_its_folder)
{
	const struct group *mine = getgrgid(getegid());
	char more[96];
	ck_assert_ptr_nonnull(mine);
	snprintf(more, sizeof(more), "group = \"%.60s\"", mine->gr_name);
	given_conf(more);
	int fd = given_socket("agentx", 0600);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	run("check");
	expect_finding("FAIL AgentX socket: @ (");
	expect_finding("     -> chmod 0711 it now");
	ck_assert_int_eq(chmod(dir, 0750), 0);
	run("check");
	expect_finding("FAIL AgentX socket: @/agentx (");
	expect_finding("     -> set in snmpd.conf: agentXPerms 0660 0711");
	char path[96];
	snprintf(path, sizeof(path), "%s/agentx", dir);
	ck_assert_int_eq(chmod(path, 0660), 0);
	check_with(fd, opened, sizeof(opened));
	expect_finding("ok   AgentX socket: @/agentx (");
}
END_TEST

#define MASTER "master agentx\n"

START_TEST(a_view_with_the_mib_is_found_by_its_user)
{
	expect_snmpd(MASTER "view v included .1.3.6.1.4.1.9.9.171\nrouser joe priv -V v\n",
		     "ok   snmpd's views: @/snmpd.conf: .1.3.6.1.4.1.9.9.171 is shown to rouser joe\n");
	expect_snmpd(MASTER "rouser joe\nrwuser jane auth .1.3.6.1.4\n",
		     "ok   snmpd's views: @/snmpd.conf: .1.3.6.1.4.1.9.9.171 is shown to rouser joe, rwuser jane\n");
	expect_snmpd(MASTER "view v included enterprises.9\nrouser joe priv -V v\n", "ok   snmpd's views: ");
	expect_snmpd(MASTER "view v included .1.3.6.1.4.1.9.9.171.1.3\nrouser joe priv -V v\n", "ok   snmpd's views: ");
}
END_TEST

START_TEST(a_community_is_a_password_and_not_shown)
{
	expect_snmpd(MASTER "rocommunity secret 127.0.0.1\n",
		     "ok   snmpd's views: @/snmpd.conf: .1.3.6.1.4.1.9.9.171 is shown to rocommunity\n");
	expect_no_word("secret");
}
END_TEST

START_TEST(the_longest_subtree_decides)
{
	expect_snmpd(MASTER "view v included .1\nview v excluded .1.3.6.1.4.1.9.9.171\nrouser joe priv -V v\n",
		     "FAIL snmpd's views: @/snmpd.conf: nobody is shown .1.3.6.1.4.1.9.9.171");
	expect_snmpd(MASTER "view v excluded .1.3.6.1.4.1.9\nview v included .1.3.6.1.4.1.9.9\nrouser joe priv -V v\n",
		     "ok   snmpd's views: ");
}
END_TEST

START_TEST(a_view_of_something_else_shows_nothing)
{
	expect_snmpd(MASTER
		     "view v included .1.3.6.1.2.1.1\nrocommunity public default -V v\nrouser joe priv .1.3.6.1.2\n",
		     "FAIL snmpd's views: ");
	expect_finding("     -> a view and a user for it are in the sample");
	expect_snmpd(MASTER "view v included .1.3.6.1.4.1.9.9.171\nrouser joe priv -V w\n", "FAIL snmpd's views: ");
	expect_snmpd(MASTER, "FAIL snmpd's views: ");
	expect_snmpd(MASTER "# rouser joe\n", "FAIL snmpd's views: ");
}
END_TEST

START_TEST(what_is_not_followed_is_said)
{
	expect_snmpd(MASTER "access g \"\" any noauth exact all none none\n",
		     "warn snmpd's views: @/snmpd.conf: with access lines, which this check does not evaluate");
	expect_snmpd(MASTER "rouser joe priv someName\n", "warn snmpd's views: @/snmpd.conf: with OIDs by name");
	expect_snmpd("# nothing\n", "FAIL snmpd as a master: @/snmpd.conf has no \"master agentx\"");
}
END_TEST

START_TEST(files_that_are_included_are_read)
{
	char text[256], path[128];
	snprintf(path, sizeof(path), "%s/more.conf", dir);
	FILE *f = fopen(path, "w");
	fputs("view v included .1.3.6.1.4.1.9.9.171\nrouser joe priv -V v\nmaster agentx\n", f);
	fclose(f);
	snprintf(text, sizeof(text), "includeFile %s\n", path);
	expect_snmpd(text, "ok   snmpd's views: ");
	expect_no_word("as a master");
	snprintf(text, sizeof(text), "includeDir %s\n", dir); /* it also includes itself: reading must end */
	expect_snmpd(text, "ok   snmpd's views: ");
}
END_TEST

START_TEST(without_snmpd_there_is_nothing_to_look_at)
{
	run("check");
	expect_finding("warn snmpd's views: there is no @/snmpd.conf");
}
END_TEST

/* ---- the whole ---- */

START_TEST(as_json_it_is_a_verdict_and_a_list)
{
	given_segment();
	ck_assert_int_eq(run("--json check"), 1);
	json_t *root = json_loads(out, 0, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert(json_is_false(at(root, "ok")));
	expect_text(root, "findings.0.level", "ok");
	expect_text(root, "findings.0.what", "configuration");
	expect_text(root, "findings.0.detail", conf_file);
	ck_assert(json_is_null(at(root, "findings.0.advice")));
	json_decref(root);
}
END_TEST

START_TEST(what_comes_from_elsewhere_is_fit_for_a_terminal)
{
	given_segment();
	given_feed("vici", IPM_FEED_DOWN, "\033[31mred\n");
	run("check");
	expect_finding("FAIL feed vici: down, 0 s ago: ?[31mred?");
}
END_TEST

START_TEST(a_file_name_cannot_reach_the_terminal_s_controls)
{
	given_odd_segment_file();
	run("check");
	expect_finding("FAIL segment esc?[2J??name.model: @/esc?[2J??name.model: ");
	run("check --json");
	json_t *j = json_loads(out, 0, NULL);
	ck_assert_msg(j != NULL, "%s", out);
	ck_assert_ptr_nonnull(strstr(out, "\"segment esc?[2J??name.model\""));
	json_decref(j);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("doctor");
	TCase *tcase = tcase_create("doctor");
	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, set_up_all, tear_down_all);
	tcase_add_test(tcase, a_configuration_that_is_wrong_is_the_only_finding);
	tcase_add_test(tcase, a_group_that_is_not_there_is_wrong);
	tcase_add_test(tcase, no_group_is_worth_a_thought);
	tcase_add_test(tcase, a_run_directory_that_is_missing_says_how_it_is_made);
	tcase_add_test(tcase, a_run_directory_that_everybody_may_write_is_wrong);
	tcase_add_test(tcase, a_run_directory_that_the_group_cannot_read_is_wrong);
	tcase_add_test(tcase, no_segment_is_wrong);
	tcase_add_test(tcase, a_segment_that_is_written_is_well);
	tcase_add_test(tcase, two_segments_with_the_same_indexes_are_wrong);
	tcase_add_test(tcase, a_segment_whose_writer_has_ended_is_wrong);
	tcase_add_test(tcase, a_segment_whose_writer_is_silent_is_wrong);
	tcase_add_test(tcase, a_segment_of_another_version_is_wrong);
	tcase_add_test(tcase, a_segment_that_the_group_cannot_read_is_wrong);
	tcase_add_test(tcase, a_segment_that_everybody_can_read_is_worth_a_thought);
	tcase_add_test(tcase, records_that_found_no_room_are_worth_a_thought);
	tcase_add_test(tcase, a_feed_that_is_down_is_wrong_unless_another_is_up);
	tcase_add_test(tcase, a_feed_that_knows_no_tunnels_is_not_missed_as_the_others_are);
	tcase_add_test(tcase, a_feed_that_has_not_been_heard_of_is_worth_a_thought);
	tcase_add_test(tcase, a_control_socket_that_answers_is_well);
	tcase_add_test(tcase, a_control_socket_that_is_not_for_us_is_worth_a_thought);
	tcase_add_test(tcase, a_control_socket_where_nobody_listens_is_wrong);
	tcase_add_test(tcase, an_agent_that_reports_is_well);
	tcase_add_test(tcase, an_agent_that_has_been_silent_is_wrong);
	tcase_add_test(tcase, charons_socket_is_tried);
	tcase_add_test(tcase, a_charon_that_is_missing_is_one_finding);
	tcase_add_test(tcase, charons_socket_is_not_for_everybody);
	tcase_add_test(tcase, without_a_feed_for_it_charon_is_not_looked_at);
	tcase_add_test(tcase, an_agentx_master_that_answers_is_well);
	tcase_add_test(tcase, what_answers_otherwise_is_no_agentx_master);
	tcase_add_test(tcase, an_agentx_socket_that_is_missing_says_how_it_is_made);
	tcase_add_test(tcase, an_agentx_socket_must_be_open_to_the_group_and_so_must_its_folder);
	tcase_add_test(tcase, a_view_with_the_mib_is_found_by_its_user);
	tcase_add_test(tcase, a_community_is_a_password_and_not_shown);
	tcase_add_test(tcase, the_longest_subtree_decides);
	tcase_add_test(tcase, a_view_of_something_else_shows_nothing);
	tcase_add_test(tcase, what_is_not_followed_is_said);
	tcase_add_test(tcase, files_that_are_included_are_read);
	tcase_add_test(tcase, without_snmpd_there_is_nothing_to_look_at);
	tcase_add_test(tcase, as_json_it_is_a_verdict_and_a_list);
	tcase_add_test(tcase, what_comes_from_elsewhere_is_fit_for_a_terminal);
	tcase_add_test(tcase, a_file_name_cannot_reach_the_terminal_s_controls);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
