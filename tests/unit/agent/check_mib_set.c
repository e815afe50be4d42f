/* SPDX-License-Identifier: ISC */
/* SET: its errors, all-or-nothing, and the saved settings. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "ipm_writer.h"
#include "mib_set.h"
#include "mib_table.h"
#include "views.h"
#include "state.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char dir[64], path[128];

static void
given_a_directory(void)
{
	strcpy(dir, "/tmp/check_mib_set.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/state/agentx.state", dir);
}

static void
clean_up(void)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* --- the state file -------------------------------------------------------------------------------------------- */

static uint32_t a, b;
static const struct state_key keys[] = { { "first", 1, 10, &a }, { "second", 0, UINT32_MAX, &b } };

static void
given_file(const char *text, size_t size)
{
	char parent[128];
	snprintf(parent, sizeof(parent), "%s/state", dir);
	mkdir(parent, 0755);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, size, f), size);
	fclose(f);
}

static int
load(const char *text)
{
	a = 1;
	b = 2;
	given_file(text, strlen(text));
	return state_load(path, keys, 2);
}

/* The names in the state directory: "a b ". */
static const char *
files(void)
{
	static char list[512];
	struct dirent **names;
	char parent[128];
	size_t n = 0;
	snprintf(parent, sizeof(parent), "%s/state", dir);
	int count = scandir(parent, &names, NULL, alphasort);
	list[0] = '\0';
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.')
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s ", names[i]->d_name);
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return list;
}

START_TEST(what_was_saved_is_loaded)
{
	struct stat st;
	a = 7;
	b = UINT32_MAX;
	ck_assert_int_eq(state_load(path, keys, 2), -ENOENT);
	ck_assert_int_eq(state_save(path, keys, 2, (gid_t)-1), 0);
	a = b = 1;
	ck_assert_int_eq(state_load(path, keys, 2), 0);
	ck_assert_uint_eq(a, 7);
	ck_assert_uint_eq(b, UINT32_MAX);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	char parent[128];
	snprintf(parent, sizeof(parent), "%s/state", dir);
	ck_assert_int_eq(stat(parent, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0750);
	ck_assert_str_eq(files(), "agentx.state ");
}
END_TEST

START_TEST(a_directory_for_a_group)
{
	struct stat st;
	char parent[128];
	snprintf(parent, sizeof(parent), "%s/state", dir);
	ck_assert_int_eq(state_save(path, keys, 2, getgid()), 0);
	ck_assert_int_eq(stat(parent, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0770);
	/* An existing directory keeps its mode. */
	chmod(parent, 0700);
	ck_assert_int_eq(state_save(path, keys, 2, getgid()), 0);
	ck_assert_int_eq(stat(parent, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(a_file_by_hand)
{
	ck_assert_int_eq(load("# mine\n\n\tfirst=3 # three\n  second  =  4  "), 0);
	ck_assert_uint_eq(a, 3);
	ck_assert_uint_eq(b, 4);
	ck_assert_int_eq(load("second = 9\n"), 0);
	ck_assert_uint_eq(a, 1);
	ck_assert_uint_eq(b, 9);
	/* From a later version. */
	ck_assert_int_eq(load("third = some words\nfirst = 5\n"), 0);
	ck_assert_uint_eq(a, 5);
	ck_assert_int_eq(load(""), 0);
	ck_assert_str_eq(files(), "agentx.state ");
}
END_TEST

START_TEST(a_bad_file_means_the_defaults_and_is_kept)
{
	static const char *const bad[] = { "first = 3\nwords\n",       "first = 3\nsecond = x\n",
					   "first = 3\nsecond = -1\n", "second = 5\nfirst = 11\n",
					   "second = 5\nfirst = 0\n",  "second = 4294967296\n",
					   "second = 5\nfirst =\n",    "second = 5\n= 3\n",
					   "second = 5 6\n",           "second = 5\n\033[2J\n" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(load(bad[i]) == -EBADMSG, "taken: %s", bad[i]);
		ck_assert_uint_eq(a, 1);
		ck_assert_uint_eq(b, 2);
		ck_assert_str_eq(files(), "agentx.state.bad ");
	}
	given_file("first = 3\n\0", 11);
	ck_assert_int_eq(state_load(path, keys, 2), -EBADMSG);
	/* And then there is none. */
	ck_assert_int_eq(state_load(path, keys, 2), -ENOENT);
}
END_TEST

START_TEST(what_is_no_file_is_not_read)
{
	char parent[128];
	snprintf(parent, sizeof(parent), "%s/state", dir);
	mkdir(parent, 0755);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(state_load(path, keys, 2), -EBADMSG);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	ck_assert_int_eq(state_load(path, keys, 2), -EBADMSG);
	ck_assert_int_eq(truncate(path, 0) < 0 && errno == ENOENT, 1);
	static char large[70000];
	memset(large, '#', sizeof(large));
	given_file(large, sizeof(large));
	ck_assert_int_eq(state_load(path, keys, 2), -EBADMSG);
}
END_TEST

START_TEST(what_cannot_be_written_leaves_the_old_file)
{
	struct rlimit none = { 0, RLIM_INFINITY };
	a = 3;
	b = 4;
	ck_assert_int_eq(state_save(path, keys, 2, (gid_t)-1), 0);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none); /* as if the disk were full */
	a = 5;
	int rc = state_save(path, keys, 2, (gid_t)-1);
	none.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &none);
	ck_assert_int_eq(rc, -EFBIG);
	ck_assert_str_eq(files(), "agentx.state ");
	ck_assert_int_eq(state_load(path, keys, 2), 0);
	ck_assert_uint_eq(a, 3);
}
END_TEST

START_TEST(what_a_crash_left_is_no_obstacle)
{
	char temp[160], victim[160];
	given_file("first = 4\n", 10);
	snprintf(temp, sizeof(temp), "%s.new", path);
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	ck_assert_int_eq(symlink(victim, temp), 0);
	ck_assert_int_eq(state_load(path, keys, 2), 0);
	a = 6;
	ck_assert_int_eq(state_save(path, keys, 2, (gid_t)-1), 0);
	ck_assert_str_eq(files(), "agentx.state ");
	ck_assert_int_lt(access(victim, F_OK), 0);
	a = 1;
	ck_assert_int_eq(state_load(path, keys, 2), 0);
	ck_assert_uint_eq(a, 6);
	snprintf(path, sizeof(path), "%s/no/such/agentx.state", dir);
	ck_assert_int_eq(state_save(path, keys, 2, (gid_t)-1), -ENOENT);
}
END_TEST

START_TEST(a_directory_in_the_way_of_the_new_file_is_no_obstacle)
{
	char temp[160], inside[176];
	given_file("first = 4\n", 10);
	snprintf(temp, sizeof(temp), "%s.new", path);
	snprintf(inside, sizeof(inside), "%s/inside", temp);
	ck_assert_int_eq(mkdir(temp, 0700), 0);
	ck_assert_int_eq(mkdir(inside, 0700), 0);
	a = 6;
	ck_assert_int_eq(state_save(path, keys, 2, (gid_t)-1), 0);
	a = 1;
	ck_assert_int_eq(state_load(path, keys, 2), 0);
	ck_assert_uint_eq(a, 6);
	ck_assert_str_eq(files(), "agentx.state agentx.state.new ");
}
END_TEST

START_TEST(what_another_user_put_there_is_not_read)
{
	if (geteuid() != 0)
		return; /* cannot give files away */
	given_file("first = 4\n", 10);
	ck_assert_int_eq(chown(path, 65534, (gid_t)-1), 0);
	a = 1;
	ck_assert_int_eq(state_load(path, keys, 2), -EPERM);
	ck_assert_uint_eq(a, 1);
	ck_assert_str_eq(files(), "agentx.state ");
}
END_TEST

/* --- SET ------------------------------------------------------------------------------------------------------- */

#define GATEWAYS 3 /* two with a control socket, and one without */

static struct gateway {
	struct ipm_writer *writer;
	char path[128], control[128];
	bool refuses;     /* every request from now on */
	unsigned last;    /* or every request after this one; 0: none */
	char asked[1024]; /* "request;request;" */
	unsigned requests;
} gateways[GATEWAYS];
static struct mib *mib;

/* Replaces the control client: writers act at once, because this test is not about time limits. */
int
control_request_within(const char *socket_path, const char *request, unsigned limit_ms, char *answer, size_t size)
{
	struct ipm_settings sizes;
	unsigned at = 0, number = 0;

	(void)limit_ms;
	while (at < GATEWAYS && strcmp(gateways[at].control, socket_path) != 0)
		at++;
	ck_assert_uint_lt(at, GATEWAYS);
	struct gateway *gw = &gateways[at];
	size_t used = strlen(gw->asked);
	snprintf(gw->asked + used, sizeof(gw->asked) - used, "%s;", request);
	gw->requests++;
	ipm_settings_read(ipm_writer_segment(gw->writer), &sizes);
	if (sscanf(request, "history-size %u", &number) == 1)
		sizes.history_size = number;
	else if (sscanf(request, "failure-size %u", &number) == 1)
		sizes.failure_size = number;
	bool refuses = gw->refuses || (gw->last && gw->requests > gw->last);
	bool ok = !refuses && ipm_settings_put(gw->writer, &sizes) == 0;
	snprintf(answer, size, "%s", ok ? "" : "no");
	return ok ? 0 : -EIO;
}

static void
open_gateway(struct gateway *gw, unsigned number, uint32_t history)
{
	struct ipm_error err;
	snprintf(gw->path, sizeof(gw->path), "%s/%u.model", dir, number);
	snprintf(gw->control, sizeof(gw->control), "%s/%u.control", dir, number);
	struct ipm_writer_options opt = {
		.path = gw->path,
		.name = "gw",
		.control = number < 2 ? gw->control : NULL,
		.capacity = { .ike_sas = 4,
			      .tunnels = 4,
			      .selectors = 4,
			      .sas = 8,
			      .feeds = 1,
			      .sessions = 4,
			      .agents = 1,
			      .events = 64,
			      .history = history,
			      .failures = 10 },
		.mode = 0600,
	};
	ck_assert_msg(ipm_writer_open(&gw->writer, &opt, &err) == 0, "%s", err.text);
}

static void
open_set(bool allow_destroy)
{
	mib_set_open(mib, &(struct mib_set_options){
				  .state_path = path, .group = (gid_t)-1, .allow_destroy = allow_destroy });
}

/* As many gateways as the test needs; the first one has an IKE SA 1 and a tunnel 1. */
static void
serve_gateways(const unsigned *which, unsigned count)
{
	const struct ipm_segment *segs[GATEWAYS];
	for (unsigned i = 0; i < count; i++)
		segs[i] = ipm_writer_segment(gateways[which[i]].writer);
	ck_assert_int_eq(mib_serve(mib, segs, count), 0);
	mib_set_serve(segs, count);
}

static void
given_gateways(void)
{
	given_a_directory();
	open_gateway(&gateways[0], 0, 20);
	open_gateway(&gateways[1], 1, 8);
	open_gateway(&gateways[2], 2, 4);
	uint32_t ike = (uint32_t)ipm_ike_start(gateways[0].writer,
					       &(struct ipm_ike_sa){ .state = IPM_IKE_ESTABLISHED, .uid = 5 });
	ipm_tunnel_start(gateways[0].writer,
			 &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP, .ike_slot = ike, .protocol = 50 });
	mib = mib_new(mib_views, mib_view_count);
	open_set(true);
	serve_gateways((const unsigned[]){ 0 }, 1);
}

static void
close_gateways(void)
{
	mib_free(mib);
	for (unsigned i = 0; i < GATEWAYS; i++)
		ipm_writer_close(gateways[i].writer);
	clean_up();
}

/* Writable objects, and some read-only ones. */
#define FLOW FLOW_MIB, 1
static const mib_subid trap1[] = { FLOW, 6, 1, 0 }, trap13[] = { FLOW, 6, 13, 0 }, trap_other[] = { FLOW, 6, 1, 1 };
static const mib_subid hist_size[] = { FLOW, 4, 1, 1, 1, 0 }, check_point[] = { FLOW, 4, 1, 1, 2, 0 };
static const mib_subid fail_size[] = { FLOW, 5, 1, 1, 1, 0 }, hist_column[] = { FLOW, 4, 1, 1, 1 };
static const mib_subid ike_status[] = { FLOW, 2, 3, 1, 35, 1 }, no_ike[] = { FLOW, 2, 3, 1, 35, 2 };
static const mib_subid tun_status[] = { FLOW, 3, 2, 1, 51, 1 }, no_tun[] = { FLOW, 3, 2, 1, 51, 9 };
static const mib_subid tun_index[] = { FLOW, 3, 2, 1, 1, 1 }, tun_octets[] = { FLOW, 3, 2, 1, 26, 1 };
static const mib_subid level[] = { FLOW, 1, 1, 0 }, nothing[] = { FLOW, 9, 1, 0 }, tun_column[] = { FLOW, 3, 2, 1, 51 };

#define TO(name, number)                                                       \
	{                                                                      \
		(name), COUNT(name), MIB_INTEGER, true, (number), false, 0, 0, \
		{                                                              \
			0                                                      \
		}                                                              \
	}

static enum mib_error
test(const mib_subid *name, size_t len, uint8_t type, bool length_right, int64_t value)
{
	struct mib_write write = {
		.name = name, .len = len, .type = type, .length_right = length_right, .value = value
	};
	mib_request(mib, 0);
	return mib_write_test(mib, &write);
}
#define TEST(name, value) test(name, COUNT(name), MIB_INTEGER, true, value)

static size_t which;

/* Test, commit, and undo if necessary, as a master does. An error of the undo replaces the earlier one. */
static enum mib_error
set(struct mib_write *writes, size_t count)
{
	struct mib_write *list[16];
	enum mib_error error = MIB_NO_ERROR;
	size_t undone = 99;
	for (size_t i = 0; i < count; i++)
		list[i] = &writes[i];
	mib_request(mib, 0);
	for (which = 0; which < count; which++)
		if ((error = mib_write_test(mib, list[which])))
			return error;
	which = 99;
	mib_request(mib, 0);
	error = mib_write_commit(mib, list, count, &which);
	if (error) {
		mib_request(mib, 0);
		enum mib_error undo = mib_write_undo(mib, list, count, &undone);
		if (undo) {
			which = undone;
			return undo;
		}
	}
	return error;
}
#define SET(...) set((struct mib_write[]){ __VA_ARGS__ }, COUNT(((struct mib_write[]){ __VA_ARGS__ })))

static uint32_t
get(const mib_subid *name, size_t len)
{
	struct mib_value value;
	mib_request(mib, 0);
	ck_assert_int_eq(mib_get(mib, name, len, &value), MIB_OK);
	return (uint32_t)value.number;
}
#define GET(name) get(name, COUNT(name))

START_TEST(each_error_has_its_case)
{
	static const struct {
		const mib_subid *name;
		size_t len;
		uint8_t type;
		int64_t value;
		enum mib_error error;
	} cases[] = {
#define CASE(name, type, value, error) { name, COUNT(name), MIB_##type, value, MIB_##error }
		/* the writable objects */
		CASE(trap1, INTEGER, 1, NO_ERROR),
		CASE(trap13, INTEGER, 2, NO_ERROR),
		CASE(hist_size, INTEGER, 1, NO_ERROR),
		CASE(hist_size, INTEGER, 20, NO_ERROR),
		CASE(fail_size, INTEGER, 10, NO_ERROR),
		CASE(check_point, INTEGER, 1, NO_ERROR),
		CASE(check_point, INTEGER, 2, NO_ERROR),
		CASE(ike_status, INTEGER, 2, NO_ERROR),
		CASE(tun_status, INTEGER, 2, NO_ERROR),
		/* a wrong type, whatever the row */
		CASE(trap1, OCTETS, 0, WRONG_TYPE),
		CASE(trap1, GAUGE, 1, WRONG_TYPE),
		CASE(hist_size, TICKS, 1, WRONG_TYPE),
		CASE(tun_status, COUNTER64, 2, WRONG_TYPE),
		CASE(no_tun, OCTETS, 0, WRONG_TYPE),
		/* out of range, whatever the row */
		CASE(trap1, INTEGER, 0, WRONG_VALUE),
		CASE(trap1, INTEGER, 3, WRONG_VALUE),
		CASE(trap1, INTEGER, -1, WRONG_VALUE),
		CASE(hist_size, INTEGER, 0, WRONG_VALUE),
		CASE(hist_size, INTEGER, -5, WRONG_VALUE),
		CASE(hist_size, INTEGER, 21, WRONG_VALUE),
		CASE(hist_size, INTEGER, INT32_MAX, WRONG_VALUE),
		CASE(fail_size, INTEGER, 11, WRONG_VALUE),
		CASE(check_point, INTEGER, 3, WRONG_VALUE),
		CASE(tun_status, INTEGER, 1, WRONG_VALUE),
		CASE(ike_status, INTEGER, 0, WRONG_VALUE),
		CASE(no_tun, INTEGER, 1, WRONG_VALUE),
		/* no such row */
		CASE(no_tun, INTEGER, 2, NO_CREATION),
		CASE(no_ike, INTEGER, 2, NO_CREATION),
		CASE(trap_other, INTEGER, 1, NO_CREATION),
		CASE(hist_column, INTEGER, 1, NO_CREATION),
		CASE(tun_column, INTEGER, 2, NO_CREATION),
		/* read-only, whatever the type */
		CASE(level, INTEGER, 1, NOT_WRITABLE),
		CASE(tun_octets, COUNTER, 1, NOT_WRITABLE),
		CASE(tun_index, INTEGER, 2, NOT_WRITABLE),
		CASE(nothing, OCTETS, 1, NOT_WRITABLE),
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_msg(test(cases[i].name, cases[i].len, cases[i].type, true, cases[i].value) == cases[i].error,
			      "case %zu", i);
	ck_assert_int_eq(test(trap1, COUNT(trap1), MIB_INTEGER, false, 1), MIB_WRONG_LENGTH);
	ck_assert_int_eq(test(trap1, 3, MIB_INTEGER, true, 1), MIB_NOT_WRITABLE);
	ck_assert_uint_eq(gateways[0].requests, 0); /* a test asks nobody */
}
END_TEST

START_TEST(nothing_is_destroyed_unless_it_is_allowed)
{
	open_set(false);
	ck_assert_int_eq(TEST(tun_status, 2), MIB_NOT_WRITABLE);
	ck_assert_int_eq(TEST(ike_status, 1), MIB_NOT_WRITABLE);
	ck_assert_int_eq(TEST(no_tun, 2), MIB_NOT_WRITABLE);
	open_set(true);
	ck_assert_int_eq(SET(TO(tun_status, 2)), MIB_NO_ERROR);
	ck_assert_int_eq(SET(TO(ike_status, 2)), MIB_NO_ERROR);
	ck_assert_str_eq(gateways[0].asked, "destroy tunnel 1;destroy ike 1;");
	gateways[0].refuses = true;
	ck_assert_int_eq(SET(TO(tun_status, 2)), MIB_COMMIT_FAILED);
}
END_TEST

START_TEST(a_session_is_terminated_if_it_is_allowed)
{
	mib_subid name[] = { RAS_MIB, 1, 3, 21, 1, 37, 5, 'a', 'l', 'i', 'c', 'e', 1 };
	mib_subid other[] = { RAS_MIB, 1, 3, 21, 1, 37, 3, 'b', 'o', 'b', 1 };
	const struct ipm_session session = {
		.kind = IPM_SESSION_REMOTE_ACCESS, .state = IPM_SESSION_UP, .ike_index = 1, .user = "alice"
	};
	ck_assert_int_ge(ipm_session_open(gateways[0].writer, &session), 0);
	ipm_writer_commit(gateways[0].writer);
	open_set(false);
	ck_assert_int_eq(TEST(name, 3), MIB_NOT_WRITABLE);
	open_set(true);
	ck_assert_int_eq(TEST(name, 2), MIB_WRONG_VALUE);
	ck_assert_int_eq(TEST(other, 3), MIB_NO_CREATION);
	ck_assert_int_eq(SET(TO(name, 3)), MIB_NO_ERROR);
	ck_assert_str_eq(gateways[0].asked, "destroy session 1;");
	gateways[0].refuses = true;
	ck_assert_int_eq(SET(TO(name, 3)), MIB_COMMIT_FAILED);
}
END_TEST

START_TEST(a_threshold_is_set_and_outlives_a_restart)
{
	mib_subid sessions[] = { RAS_MIB, 1, 6, 1, 0 }, refused[] = { RAS_MIB, 1, 6, 2, 0 };
	ck_assert_uint_eq(GET(refused), UINT32_MAX);
	ck_assert_int_eq(SET(TO(sessions, 200)), MIB_NO_ERROR);
	ck_assert_int_eq(test(refused, COUNT(refused), MIB_INTEGER, true, 5), MIB_WRONG_TYPE); /* Unsigned32 */
	ck_assert_int_eq(test(refused, COUNT(refused), MIB_GAUGE, true, UINT32_MAX), MIB_NO_ERROR);
	ck_assert_int_eq(TEST(sessions, -1), MIB_WRONG_VALUE);
	mib_controls.ras_most[0] = 0;
	open_set(false);
	ck_assert_uint_eq(GET(sessions), 200);
}
END_TEST

START_TEST(a_switch_is_set_and_outlives_a_restart)
{
	char text[4096] = "";
	for (mib_subid i = 1; i <= MIB_NOTIFICATIONS; i++) {
		mib_subid name[] = { FLOW, 6, i, 0 };
		ck_assert_uint_eq(GET(name), 2);
		ck_assert_int_eq(SET(TO(name, 1)), MIB_NO_ERROR);
		ck_assert_uint_eq(GET(name), 1);
	}
	ck_assert_int_eq(SET(TO(trap1, 2)), MIB_NO_ERROR);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, f), 0);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "\ncipSecTrapCntlIkeTunnelStart = 2\ncipSecTrapCntlIkeTunnelStop = 1\n"));
	for (unsigned i = 0; i < MIB_NOTIFICATIONS; i++)
		mib_controls.notify[i] = 2;
	open_set(false);
	ck_assert_uint_eq(GET(trap1), 2);
	ck_assert_uint_eq(GET(trap13), 1);
	ck_assert_uint_eq(gateways[0].requests, 0);
}
END_TEST

/* The switches of the other MIBs are in the same file. */
START_TEST(switches_of_all_mibs_outlive_a_restart)
{
	mib_subid names[][16] = { { CIPS_MIB, 1, 4, 7, 0 }, { ACCELERATOR_MIB, 1, 3, 4, 0 }, { 0 } };
	const mib_subid own[] = { IPSECMON_MIB, 1, 7, 1, 0 };
	size_t lens[] = { 13, 13, MIB_COUNT(own) };
	char text[4096] = "";
	memcpy(names[2], own, sizeof(own));
	for (size_t i = 0; i < MIB_COUNT(lens); i++) {
		struct mib_write one = {
			.name = names[i], .len = lens[i], .type = MIB_INTEGER, .length_right = true, .value = 1
		};
		struct mib_write *writes[] = { &one };
		size_t failed;
		mib_request(mib, 0);
		ck_assert_int_eq(mib_write_test(mib, &one), MIB_NO_ERROR);
		ck_assert_int_eq(mib_write_commit(mib, writes, 1, &failed), MIB_NO_ERROR);
	}
	ck_assert_uint_eq(mib_controls.cips[6], 1);
	ck_assert_uint_eq(mib_controls.engine[3], 1);
	ck_assert_uint_eq(mib_controls.own[0], 1);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, f), 0);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(text, "\ncipsCntlTooManySAs = 1\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nipsecmonNotifyTunnelDown = 1\nipsecmonNotifyTunnelUp = 2\n"));
	mib_controls.cips[6] = mib_controls.engine[3] = mib_controls.own[0] = 2;
	open_set(false);
	ck_assert_uint_eq(mib_controls.cips[6], 1);
	ck_assert_uint_eq(mib_controls.engine[3], 1);
	ck_assert_uint_eq(mib_controls.own[0], 1);
}
END_TEST

START_TEST(a_switch_that_cannot_be_kept_is_not_set)
{
	snprintf(path, sizeof(path), "%s/no/such/agentx.state", dir);
	ck_assert_int_eq(SET(TO(trap1, 1)), MIB_COMMIT_FAILED);
	ck_assert_uint_eq(GET(trap1), 2);
	/* The switches exist and can be read without a segment. */
	serve_gateways(NULL, 0);
	ck_assert_uint_eq(GET(trap1), 2);
	ck_assert_int_eq(TEST(hist_size, 1), MIB_NO_CREATION);
}
END_TEST

START_TEST(several_are_all_done)
{
	ck_assert_int_eq(SET(TO(hist_size, 3), TO(check_point, 2), TO(trap1, 1), TO(fail_size, 4), TO(trap13, 1)),
			 MIB_NO_ERROR);
	/* Commits that cannot be undone come last. */
	ck_assert_str_eq(gateways[0].asked, "history-size 3;failure-size 4;check-point;");
	ck_assert_uint_eq(GET(hist_size), 3);
	ck_assert_uint_eq(GET(fail_size), 4);
	ck_assert_uint_eq(GET(trap1), 1);
	ck_assert_uint_eq(GET(trap13), 1);
	/* Setting "ready" sends no request. */
	ck_assert_int_eq(SET(TO(check_point, 1)), MIB_NO_ERROR);
	ck_assert_uint_eq(gateways[0].requests, 3);
}
END_TEST

START_TEST(one_that_cannot_be_keeps_all_from_being_done)
{
	ck_assert_int_eq(SET(TO(hist_size, 3), TO(trap1, 1), TO(fail_size, 11), TO(tun_status, 2)), MIB_WRONG_VALUE);
	ck_assert_uint_eq(which, 2);
	ck_assert_uint_eq(gateways[0].requests, 0);
	ck_assert_uint_eq(GET(trap1), 2);
}
END_TEST

START_TEST(one_that_fails_has_the_others_undone)
{
	ck_assert_int_eq(SET(TO(hist_size, 5), TO(fail_size, 6)), MIB_NO_ERROR);
	snprintf(path, sizeof(path), "%s/no/such/agentx.state", dir);
	ck_assert_int_eq(SET(TO(tun_status, 2), TO(hist_size, 7), TO(hist_size, 8), TO(fail_size, 9), TO(trap1, 1)),
			 MIB_COMMIT_FAILED);
	ck_assert_uint_eq(which, 4);
	ck_assert_uint_eq(GET(hist_size), 5);
	ck_assert_uint_eq(GET(fail_size), 6);
	ck_assert_uint_eq(GET(trap1), 2);
	ck_assert_ptr_null(strstr(gateways[0].asked, "destroy"));
}
END_TEST

START_TEST(what_cannot_be_undone_is_told)
{
	struct mib_write writes[] = { TO(trap1, 1), TO(check_point, 2) }, *list[] = { &writes[0], &writes[1] };
	mib_request(mib, 0);
	ck_assert_int_eq(mib_write_commit(mib, list, 2, &which), MIB_NO_ERROR);
	/* Another subagent failed in the same SET. */
	ck_assert_int_eq(mib_write_undo(mib, list, 2, &which), MIB_UNDO_FAILED);
	ck_assert_uint_eq(which, 1);
	ck_assert_uint_eq(GET(trap1), 2);
	/* A size that cannot be restored. */
	struct mib_write size = TO(hist_size, 3), *one[] = { &size };
	mib_request(mib, 0);
	ck_assert_int_eq(mib_write_commit(mib, one, 1, &which), MIB_NO_ERROR);
	gateways[0].refuses = true;
	ck_assert_int_eq(mib_write_undo(mib, one, 1, &which), MIB_UNDO_FAILED);
	ck_assert_uint_eq(GET(hist_size), 3);
}
END_TEST

/* A writer keeps the new size if it doesn't answer the undo. */
START_TEST(a_failed_set_whose_size_stays_is_told_by_its_undo)
{
	struct mib_write size = TO(hist_size, 3), *one[] = { &size };
	struct ipm_settings sizes;
	serve_gateways((const unsigned[]){ 0, 1 }, 2);
	gateways[0].last = 1;
	gateways[1].refuses = true;
	mib_request(mib, 0);
	ck_assert_int_eq(mib_write_commit(mib, one, 1, &which), MIB_COMMIT_FAILED);
	ck_assert_int_eq(ipm_settings_read(ipm_writer_segment(gateways[0].writer), &sizes), 0);
	ck_assert_uint_eq(sizes.history_size, 3);
	ck_assert_int_eq(mib_write_undo(mib, one, 1, &which), MIB_UNDO_FAILED);
	gateways[0].last = 0;
	ck_assert_int_eq(mib_write_undo(mib, one, 1, &which), MIB_NO_ERROR);
	ck_assert_int_eq(ipm_settings_read(ipm_writer_segment(gateways[0].writer), &sizes), 0);
	ck_assert_uint_ne(sizes.history_size, 3);
}
END_TEST

START_TEST(sizes_are_of_all_that_can_be_asked)
{
	serve_gateways((const unsigned[]){ 0, 1, 2 }, 3);
	/* The second segment holds 8; the third only 4, but it takes no requests. */
	ck_assert_int_eq(TEST(hist_size, 9), MIB_WRONG_VALUE);
	ck_assert_int_eq(SET(TO(hist_size, 8), TO(check_point, 2)), MIB_NO_ERROR);
	ck_assert_str_eq(gateways[0].asked, "history-size 8;check-point;");
	ck_assert_str_eq(gateways[1].asked, "history-size 8;check-point;");
	ck_assert_uint_eq(gateways[2].requests, 0);
	/* One writer refuses: the other one gets its old size back, which was different. */
	ck_assert_int_eq(ipm_settings_put(gateways[0].writer, &(struct ipm_settings){ 15, 5 }), 0);
	gateways[1].refuses = true;
	ck_assert_int_eq(SET(TO(hist_size, 3)), MIB_COMMIT_FAILED);
	ck_assert_uint_eq(GET(hist_size), 15);
	gateways[1].refuses = false;
	/* Undone later: each segment gets its own old size. */
	snprintf(path, sizeof(path), "%s/no/such/agentx.state", dir);
	ck_assert_int_eq(SET(TO(hist_size, 3), TO(trap1, 1)), MIB_COMMIT_FAILED);
	struct ipm_settings sizes;
	ck_assert_int_eq(ipm_settings_read(ipm_writer_segment(gateways[0].writer), &sizes), 0);
	ck_assert_uint_eq(sizes.history_size, 15);
	ck_assert_int_eq(ipm_settings_read(ipm_writer_segment(gateways[1].writer), &sizes), 0);
	ck_assert_uint_eq(sizes.history_size, 8);
}
END_TEST

START_TEST(without_a_control_socket_there_is_nobody_to_ask)
{
	ipm_tunnel_start(gateways[2].writer, &(struct ipm_tunnel){ .state = IPM_TUNNEL_UP, .protocol = 50 });
	serve_gateways((const unsigned[]){ 2 }, 1);
	ck_assert_int_eq(TEST(hist_size, 2), MIB_NOT_WRITABLE);
	ck_assert_int_eq(TEST(fail_size, 2), MIB_NOT_WRITABLE);
	ck_assert_int_eq(TEST(check_point, 2), MIB_NOT_WRITABLE);
	ck_assert_int_eq(TEST(tun_status, 2), MIB_NOT_WRITABLE);
	ck_assert_int_eq(TEST(hist_size, 0), MIB_WRONG_VALUE);
	ck_assert_int_eq(TEST(trap1, 1), MIB_NO_ERROR);
}
END_TEST

START_TEST(a_row_that_goes_between_test_and_deed)
{
	struct mib_write write = TO(tun_status, 2), *list[] = { &write };
	mib_request(mib, 0);
	ck_assert_int_eq(mib_write_test(mib, &write), MIB_NO_ERROR);
	ipm_tunnel_stop(gateways[0].writer, 0, IPM_REASON_NORMAL);
	mib_request(mib, 0);
	ck_assert_int_eq(mib_write_commit(mib, list, 1, &which), MIB_COMMIT_FAILED);
	ck_assert_int_eq(mib_write_undo(mib, list, 1, &which), MIB_NO_ERROR);
	ck_assert_uint_eq(gateways[0].requests, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("set");
	TCase *t = tcase_create("state");
	tcase_add_checked_fixture(t, given_a_directory, clean_up);
	tcase_add_test(t, what_was_saved_is_loaded);
	tcase_add_test(t, a_directory_for_a_group);
	tcase_add_test(t, a_file_by_hand);
	tcase_add_test(t, a_bad_file_means_the_defaults_and_is_kept);
	tcase_add_test(t, what_is_no_file_is_not_read);
	tcase_add_test(t, what_cannot_be_written_leaves_the_old_file);
	tcase_add_test(t, what_a_crash_left_is_no_obstacle);
	tcase_add_test(t, a_directory_in_the_way_of_the_new_file_is_no_obstacle);
	tcase_add_test(t, what_another_user_put_there_is_not_read);
	suite_add_tcase(s, t);

	t = tcase_create("set");
	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, given_gateways, close_gateways);
	tcase_add_test(t, each_error_has_its_case);
	tcase_add_test(t, nothing_is_destroyed_unless_it_is_allowed);
	tcase_add_test(t, a_session_is_terminated_if_it_is_allowed);
	tcase_add_test(t, a_threshold_is_set_and_outlives_a_restart);
	tcase_add_test(t, a_switch_is_set_and_outlives_a_restart);
	tcase_add_test(t, switches_of_all_mibs_outlive_a_restart);
	tcase_add_test(t, a_switch_that_cannot_be_kept_is_not_set);
	tcase_add_test(t, several_are_all_done);
	tcase_add_test(t, one_that_cannot_be_keeps_all_from_being_done);
	tcase_add_test(t, one_that_fails_has_the_others_undone);
	tcase_add_test(t, what_cannot_be_undone_is_told);
	tcase_add_test(t, a_failed_set_whose_size_stays_is_told_by_its_undo);
	tcase_add_test(t, sizes_are_of_all_that_can_be_asked);
	tcase_add_test(t, without_a_control_socket_there_is_nobody_to_ask);
	tcase_add_test(t, a_row_that_goes_between_test_and_deed);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
