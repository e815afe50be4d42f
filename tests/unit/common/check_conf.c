/* SPDX-License-Identifier: ISC */
/* The configuration file: its meaning, and messages about errors. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"

static char path[] = "/tmp/check_conf.XXXXXX";
static char error[512];

/* The longest names of network namespaces. */
#define TEN       "a234567890"
#define NETNS_58  TEN TEN TEN TEN TEN "a2345678"
#define NETNS_107 "/" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "a23456"

static void
given_octets(const char *text, size_t size)
{
	strcpy(path, "/tmp/check_conf.XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, size), (ssize_t)size);
	close(fd);
}

static struct conf *
load(const char *text)
{
	given_octets(text, strlen(text));
	memset(error, 0, sizeof(error));
	struct conf *conf = conf_load(path, error, sizeof(error));
	unlink(path);
	return conf;
}

static struct conf *
load_good(const char *text)
{
	struct conf *conf = load(text);
	ck_assert_msg(conf != NULL, "%s: refused: %s", text, error);
	ck_assert_str_eq(error, "");
	return conf;
}

/* @p tail: the message after the file's name. Nothing is printed on stderr. */
static void
expect_error(const char *text, const char *tail)
{
	char want[512];
	int saved = dup(2);
	FILE *caught = tmpfile();
	fflush(stderr);
	dup2(fileno(caught), 2);
	struct conf *conf = load(text);
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	fseek(caught, 0, SEEK_END);
	long printed = ftell(caught);
	fclose(caught);
	ck_assert_msg(conf == NULL, "accepted: %s", text);
	snprintf(want, sizeof(want), "%s:%s", path, tail);
	ck_assert_msg(strcmp(error, want) == 0, "for\n%s\nexpected %s\n     got %s", text, want, error);
	ck_assert_ptr_null(strchr(error, '\n'));
	ck_assert_int_eq(printed, 0);
}

static void
expect_defaults(const struct conf *c)
{
	ck_assert_str_eq(c->run_dir, "/run/ipsecmon");
	ck_assert_str_eq(c->state_dir, "/var/lib/ipsecmon");
	ck_assert_str_eq(c->group, "");
	ck_assert(!c->allow_destroy);
	ck_assert_uint_eq(c->first_index, 1);
	ck_assert_uint_eq(c->users, 0);
	ck_assert_uint_eq(c->capacity.ike_sas, 16384);
	ck_assert_uint_eq(c->capacity.tunnels, 16384);
	ck_assert_uint_eq(c->capacity.sas, 65536);
	ck_assert_uint_eq(c->capacity.history, 4096);
	ck_assert_uint_eq(c->capacity.failures, 4096);
	ck_assert(c->vici.enabled);
	ck_assert_str_eq(c->vici.socket, "/run/charon.vici");
	ck_assert_str_eq(c->vici.error_socket, "/run/charon.enfy");
	ck_assert_uint_eq(c->vici.poll_interval, 5);
	ck_assert_uint_eq(c->vici.hold_time, 30);
	ck_assert_uint_eq(c->xfrms, 1);
	ck_assert_str_eq(c->xfrm[0].netns, "");
	ck_assert_uint_eq(c->xfrm[0].poll_interval, 5);
	ck_assert_uint_eq(c->ikewatches, 1);
	ck_assert_str_eq(c->ikewatch[0].netns, "");
	ck_assert_str_eq(c->agentx.socket, "/var/agentx/master");
	ck_assert_uint_eq(c->agentx.notify_rate, 100);
	ck_assert(!c->agentx.old_failures);
	ck_assert_uint_eq(c->agentx.peer_value, 0);
	ck_assert_uint_eq(c->agentx.peer_name, 0);
}

START_TEST(an_empty_file_means_the_defaults)
{
	static const char *const empty[] = { "", "\n\n", "# nothing\n", "/* nothing */", "capacity { }\nagentx { }\n" };
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct conf *c = load_good(empty[i]);
		expect_defaults(c);
		conf_free(c);
	}
}
END_TEST

START_TEST(the_defaults_written_out_mean_the_defaults)
{
	struct conf *c = load_good("run-dir = \"/run/ipsecmon\"\nstate-dir = \"/var/lib/ipsecmon\"\n"
				   "group = \"\"\nallow-destroy = false\nfirst-index = 1\nusers = full\n"
				   "capacity { ike-sas = 16384  tunnels = 16384  sas = 65536  history = 4096\n"
				   " failures = 4096 }\n"
				   "feed vici { socket = \"/run/charon.vici\"  error-socket = \"/run/charon.enfy\"\n"
				   " poll-interval = 5  hold-time = 30 }\n"
				   "feed xfrm { poll-interval = 5 }\n"
				   "feed ikewatch { }\n"
				   "agentx { socket = \"/var/agentx/master\"  notify-rate = 100  old-failures = false\n"
				   "  peer-value = identity  peer-name = none }\n");
	expect_defaults(c);
	conf_free(c);
}
END_TEST

START_TEST(every_key_is_heard)
{
	struct conf *c = load_good(
		"run-dir = '/srv/run'\nstate-dir = /srv/state\nallow-destroy = true\n"
		"group = _ipsec.mon-1\nfirst-index = 2000000001\nusers = hash\n"
		"capacity { ike-sas = 1  tunnels = 16777216\n sas = 7 history = 1 failures = 9 }\n"
		"feed \"vici\" {\n socket = /tmp/v//x # an unquoted path\n poll-interval = 3600\n"
		" hold-time = 0 error-socket = /tmp/e }\n"
		"feed xfrm { netns = blue  poll-interval = 7 }\n"
		"feed ikewatch { netns = red }\n"
		"agentx { socket = \"/tmp/a \\\"b\\\\#\" notify-rate = 10000 old-failures = true peer-value = address\n"
		"peer-name = identity } // end");
	ck_assert_str_eq(c->run_dir, "/srv/run");
	ck_assert_str_eq(c->state_dir, "/srv/state");
	ck_assert_str_eq(c->group, "_ipsec.mon-1");
	ck_assert(c->allow_destroy);
	ck_assert_uint_eq(c->first_index, 2000000001);
	ck_assert_uint_eq(c->users, 1);
	ck_assert_uint_eq(c->capacity.history, 1);
	ck_assert_uint_eq(c->capacity.failures, 9);
	ck_assert_str_eq(c->vici.error_socket, "/tmp/e");
	ck_assert_uint_eq(c->agentx.notify_rate, 10000);
	ck_assert(c->agentx.old_failures);
	ck_assert_uint_eq(c->agentx.peer_value, 1);
	ck_assert_uint_eq(c->agentx.peer_name, 2);
	ck_assert_uint_eq(c->capacity.ike_sas, 1);
	ck_assert_uint_eq(c->capacity.tunnels, 16777216);
	ck_assert_uint_eq(c->capacity.sas, 7);
	ck_assert(c->vici.enabled);
	ck_assert_str_eq(c->vici.socket, "/tmp/v//x");
	ck_assert_uint_eq(c->vici.poll_interval, 3600);
	ck_assert_uint_eq(c->vici.hold_time, 0);
	ck_assert_uint_eq(c->xfrms, 1);
	ck_assert_str_eq(c->xfrm[0].netns, "blue");
	ck_assert_uint_eq(c->xfrm[0].poll_interval, 7);
	ck_assert_uint_eq(c->ikewatches, 1);
	ck_assert_str_eq(c->ikewatch[0].netns, "red");
	ck_assert_str_eq(c->agentx.socket, "/tmp/a \"b\\#");
	conf_free(c);
}
END_TEST

START_TEST(the_sample_means_the_defaults)
{
	char sample[512];
	const char *top = getenv("top_srcdir");
	snprintf(sample, sizeof(sample), "%s/contrib/ipsecmon.conf", top ? top : ".");
	memset(error, 0, sizeof(error));
	struct conf *c = conf_load(sample, error, sizeof(error));
	ck_assert_msg(c != NULL, "%s", error);
	expect_defaults(c);
	conf_free(c);
}
END_TEST

START_TEST(the_feeds_that_are_named_are_on_and_no_others)
{
	static const struct {
		const char *text;
		bool vici;
		uint32_t xfrms, ikewatches;
	} feeds[] = {
		{ "", true, 1, 1 },
		{ "capacity { sas = 5 }", true, 1, 1 },
		{ "feed vici { }", true, 0, 0 },
		{ "feed xfrm { }", false, 1, 0 },
		{ "feed ikewatch { }", false, 0, 1 },
		{ "feed xfrm { }\nfeed vici { }", true, 1, 0 },
		{ "feed xfrm { netns = a }\nfeed vici { }\nfeed xfrm { netns = b }", true, 2, 0 },
		{ "feed ikewatch { netns = a }\nfeed vici { }\nfeed ikewatch { }", true, 0, 2 },
	};
	for (size_t i = 0; i < sizeof(feeds) / sizeof(feeds[0]); i++) {
		struct conf *c = load_good(feeds[i].text);
		ck_assert_msg(c->vici.enabled == feeds[i].vici, "%s", feeds[i].text);
		ck_assert_msg(c->xfrms == feeds[i].xfrms, "%s: %u", feeds[i].text, c->xfrms);
		ck_assert_msg(c->ikewatches == feeds[i].ikewatches, "%s: %u", feeds[i].text, c->ikewatches);
		conf_free(c);
	}
}
END_TEST

START_TEST(each_xfrm_section_has_its_own_values)
{
	struct conf *c = load_good("feed xfrm { netns = \"two words\"\n poll-interval = 1 }\n"
				   "feed xfrm { poll-interval = 3600 }\n"
				   "group = g\n"
				   "feed vici { poll-interval = 9 }\n"
				   "feed xfrm { netns = /proc/1/ns/net }\n"
				   "capacity { sas = 7 }\n"
				   "feed xfrm { poll-interval = 2 netns = ..a. }\n"
				   "feed xfrm { netns = /run/netns/words }\n"
				   "feed xfrm { netns = " NETNS_58 " }\n"
				   "feed xfrm { netns = " NETNS_107 " }\n"
				   "feed xfrm { netns = eighth poll-interval = 8 }\n"
				   "state-dir = /s\n");
	static const struct {
		const char *netns;
		uint32_t poll_interval;
	} want[CONF_XFRM_MAX] = {
		{ "two words", 1 },        { "", 3600 },    { "/proc/1/ns/net", 5 }, { "..a.", 2 },
		{ "/run/netns/words", 5 }, { NETNS_58, 5 }, { NETNS_107, 5 },        { "eighth", 8 },
	};
	ck_assert_uint_eq(c->xfrms, CONF_XFRM_MAX);
	for (size_t i = 0; i < CONF_XFRM_MAX; i++) {
		ck_assert_str_eq(c->xfrm[i].netns, want[i].netns);
		ck_assert_uint_eq(c->xfrm[i].poll_interval, want[i].poll_interval);
	}
	ck_assert_str_eq(c->group, "g");
	ck_assert_str_eq(c->state_dir, "/s");
	ck_assert_uint_eq(c->capacity.sas, 7);
	ck_assert_uint_eq(c->vici.poll_interval, 9);
	conf_free(c);
}
END_TEST

START_TEST(the_kind_of_sessions_can_be_set_for_each_connection)
{
	struct conf *conf = load_good("connection branch { session = lan-to-lan }\n"
				      "connection road.warriors-2 { session = remote-access }\n"
				      "connection other { }\n");
	ck_assert_uint_eq(conf_session(conf, "branch"), 2);
	ck_assert_uint_eq(conf_session(conf, "road.warriors-2"), 1);
	ck_assert_uint_eq(conf_session(conf, "other"), 0);
	ck_assert_uint_eq(conf_session(conf, "unknown"), 0);
	conf_free(conf);
}
END_TEST

START_TEST(a_path_in_the_run_directory)
{
	struct conf *c = load_good("run-dir = /a/b");
	char *p = conf_run_path(c, CONF_SEGMENT);
	ck_assert_str_eq(p, "/a/b/gateway.model");
	free(p);
	p = conf_state_path(c, CONF_STATE);
	ck_assert_str_eq(p, "/var/lib/ipsecmon/ipsecmond.state");
	free(p);
	conf_free(c);
}
END_TEST

START_TEST(what_is_wrong_is_said_with_file_and_line)
{
	static const struct {
		const char *text, *tail;
	} bad[] = {
		/* unknown names */
		{ "\ncolour = 1\n",
		  "2: unknown key or section 'colour'; known: run-dir, state-dir, group, "
		  "allow-destroy, first-index, users, capacity, feed "
		  "vici, feed xfrm, feed ikewatch, connection, agentx, engine, endpoint, tunnel, generator" },
		{ "capacity {\n peers = 1\n}\n",
		  "2: unknown key 'peers' in section capacity; known: ike-sas, tunnels, sas, history, failures" },
		{ "feed vici {\n\n poll = 1\n}\n",
		  "3: unknown key 'poll' in section feed vici; did you mean 'poll-interval'? Known: socket, "
		  "error-socket, poll-interval, hold-time" },
		{ "agentx { port = 705 }", "1: unknown key 'port' in section agentx; known: socket, notify-rate, "
					   "old-failures, peer-value, peer-name" },
		{ "\nfeed bgp {\n\n}\n",
		  "2: unknown key or section 'feed bgp'; known: run-dir, state-dir, group, allow-destroy, first-index, "
		  "users, "
		  "capacity, "
		  "feed vici, feed xfrm, feed ikewatch, connection, agentx, engine, endpoint, tunnel, generator" },
		{ "feed bgp { socket = /x\n poll = 1 }\n",
		  "1: unknown key or section 'feed bgp'; known: run-dir, state-dir, group, allow-destroy, first-index, "
		  "users, "
		  "capacity, "
		  "feed vici, feed xfrm, feed ikewatch, connection, agentx, engine, endpoint, tunnel, generator" },
		{ "feed { }",
		  "1: unknown key or section 'feed'; did you mean 'feed vici'? Known: run-dir, state-dir, "
		  "group, allow-destroy, first-index, users, capacity, feed vici, feed xfrm, feed ikewatch, "
		  "connection, agentx, engine, "
		  "endpoint, tunnel, generator" },
		{ "capacity { }\ncapacity|sas = 5\n",
		  "2: unknown key or section 'capacity|sas'; did you mean 'capacity'? Known: run-dir, state-dir, "
		  "group, allow-destroy, first-index, users, capacity, feed vici, feed xfrm, feed ikewatch, "
		  "connection, "
		  "agentx, engine, "
		  "endpoint, "
		  "tunnel, generator" },
		{ "\"\" = 5\n", "1: unknown key or section ''; known: run-dir, state-dir, group, allow-destroy, "
				"first-index, users, capacity, feed vici, "
				"feed xfrm, feed ikewatch, connection, agentx, engine, endpoint, tunnel, generator" },
		{ "|opened = 5\n",
		  "1: unknown key or section '|opened'; known: run-dir, state-dir, group, "
		  "allow-destroy, first-index, users, capacity, "
		  "feed vici, feed xfrm, feed ikewatch, connection, agentx, engine, endpoint, tunnel, generator" },
		{ "feed vici {\n poll_interval = 1\n}\n",
		  "2: unknown key 'poll_interval' in section feed vici; did you mean 'poll-interval'? Known: socket, "
		  "error-socket, poll-interval, hold-time" },
		{ "feed xfmr { }",
		  "1: unknown key or section 'feed xfmr'; did you mean 'feed xfrm'? Known: run-dir, "
		  "state-dir, group, allow-destroy, first-index, users, capacity, feed vici, feed xfrm, feed "
		  "ikewatch, connection, "
		  "agentx, engine, endpoint, tunnel, generator" },
		{ "\nfeed vici feed xfrm { }", "2: feed vici is a section: write feed vici { ... }" },
		{ "+ x", "1: there is a + instead of a key or a section" },
		{ "capacity { = 5 }", "1: there is a = instead of a key or }" },
		/* wrong types and ranges */
		{ "capacity {\n tunnels = many\n}", "2: tunnels must be a number from 1 to 16777216, not 'many'" },
		{ "capacity { tunnels = 0 }", "1: tunnels must be a number from 1 to 16777216, not '0'" },
		{ "capacity { tunnels = 16777217 }", "1: tunnels must be a number from 1 to 16777216, not '16777217'" },
		{ "capacity { sas = -1 }", "1: sas must be a number from 1 to 16777216, not '-1'" },
		{ "capacity { sas = 1.5 }", "1: sas must be a number from 1 to 16777216, not '1.5'" },
		{ "capacity { sas = 0x10 }", "1: sas must be a number from 1 to 16777216, not '0x10'" },
		{ "capacity { ike-sas = 99999999999999999999 }",
		  "1: ike-sas must be a number from 1 to 16777216, not '99999999999999999999'" },
		{ "capacity { ike-sas = \"\" }", "1: ike-sas must be a number from 1 to 16777216, not ''" },
		{ "feed vici {\n poll-interval = 0 }", "2: poll-interval must be a number from 1 to 3600, not '0'" },
		{ "feed vici { poll-interval = 3601 }",
		  "1: poll-interval must be a number from 1 to 3600, not '3601'" },
		{ "feed vici { hold-time = 86401 }", "1: hold-time must be a number from 0 to 86400, not '86401'" },
		{ "capacity { history = 0 }", "1: history must be a number from 1 to 16777216, not '0'" },
		{ "capacity { failures = 16777217 }",
		  "1: failures must be a number from 1 to 16777216, not '16777217'" },
		{ "agentx { notify-rate = 0 }", "1: notify-rate must be a number from 1 to 10000, not '0'" },
		{ "agentx { notify-rate = 10001 }", "1: notify-rate must be a number from 1 to 10000, not '10001'" },
		{ "\nallow-destroy = yes\n", "2: allow-destroy must be true or false, not 'yes'" },
		{ "allow-destroy = TRUE\n", "1: allow-destroy must be true or false, not 'TRUE'" },
		{ "allow-destroy = \"\"\n", "1: allow-destroy must be true or false, not ''" },
		{ "group = \"two words\"\n", "1: group must be the name of a group, not 'two words'" },
		{ "group = -x\n", "1: group must be the name of a group, not '-x'" },
		{ "group = a23456789b123456789c123456789d123\n",
		  "1: group must be the name of a group, not 'a23456789b123456789c123456789d123'" },
		{ "capacity { sas = { 1, 2 } }", "1: there is no value after sas =" },
		{ "run-dir = {\n}", "1: there is no value after run-dir =" },
		/* paths */
		{ "run-dir = \"\"\n", "1: run-dir must not be empty" },
		{ "run-dir = run\n", "1: run-dir must be an absolute path, which begins with /, not 'run'" },
		{ "state-dir = lib\n", "1: state-dir must be an absolute path, which begins with /, not 'lib'" },
		{ "feed vici { error-socket = enfy }",
		  "1: error-socket must be an absolute path, which begins with /, not 'enfy'" },
		{ "feed vici { socket = \"./vici\" }",
		  "1: socket must be an absolute path, which begins with /, not './vici'" },
		{ "agentx { socket = '' }", "1: socket must not be empty" },
		{ "agentx { socket = "
		  "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaa }",
		  "1: socket must not be longer than 107 characters" },
		/* of feed xfrm */
		{ "feed xfrm {\n hold-time = 1 }",
		  "2: unknown key 'hold-time' in section feed xfrm; known: netns, poll-interval" },
		{ "feed xfrm {\n colour = 1 }",
		  "2: unknown key 'colour' in section feed xfrm; known: netns, poll-interval" },
		{ "feed vici { netns = blue }", "1: unknown key 'netns' in section feed vici; known: socket, "
						"error-socket, poll-interval, hold-time" },
		{ "feed xfrm { netns = a }\nfeed xfrm {\n poll-interval = 0 }",
		  "3: poll-interval must be a number from 1 to 3600, not '0'" },
		{ "feed xfrm { poll-interval = 3601 }",
		  "1: poll-interval must be a number from 1 to 3600, not '3601'" },
		{ "feed xfrm { netns = \"\" }", "1: netns must not be empty" },
		{ "feed xfrm { netns = . }",
		  "1: netns must be the name of a network namespace or an absolute path, not '.'" },
		{ "feed xfrm {\n netns = .. }",
		  "2: netns must be the name of a network namespace or an absolute path, not '..'" },
		{ "feed xfrm { netns = netns/blue }",
		  "1: netns must be the name of a network namespace or an absolute path, not 'netns/blue'" },
		{ "feed xfrm { netns = " NETNS_58 "a }", "1: netns must not be longer than 58 characters" },
		{ "feed ikewatch { netns = " NETNS_58 " }", "1: netns must not be longer than 54 characters" },
		{ "feed xfrm { netns = " NETNS_107 "a }", "1: netns must not be longer than 107 characters" },
		{ "feed xfrm { }\nfeed xfrm { }", "2: line 1 has a section feed xfrm without netns already" },
		{ "feed xfrm { netns = a }\nfeed xfrm { }\nfeed vici { }\nfeed xfrm { poll-interval = 1 }\n\n",
		  "4: line 2 has a section feed xfrm without netns already" },
		{ "feed xfrm { netns = a }\nfeed xfrm { netns = b }\nfeed xfrm {\n netns = a }\n",
		  "3: line 1 has a section feed xfrm with netns 'a' already" },
		{ "feed xfrm { netns = /run/netns/a }\nfeed xfrm { netns = a }",
		  "2: line 1 has a section feed xfrm with netns 'a' already" },
		{ "feed xfrm { netns = /x }\nfeed xfrm { netns = /x }",
		  "2: line 1 has a section feed xfrm with netns '/x' already" },
		{ "feed xfrm { netns = 1 }\nfeed xfrm { netns = 2 }\nfeed xfrm { netns = 3 }\nfeed xfrm { netns = 4 }\n"
		  "feed xfrm { netns = 5 }\nfeed xfrm { netns = 6 }\nfeed xfrm { netns = 7 }\nfeed xfrm { netns = 8 }\n"
		  "feed vici { }\nfeed xfrm { netns = 9 }\n",
		  "10: there are more than 8 sections feed xfrm" },
		{ "feed xfrm { poll-interval = 1 netns = a\n netns = b }", "2: netns is given twice" },
		{ "feed xfrm { netns = a poll-interval = 1 }\nfeed xfrm { poll-interval = 1\n poll-interval = 2 }",
		  "3: poll-interval is given twice" },
		/* of feed ikewatch */
		{ "feed ikewatch {\n poll-interval = 1 }",
		  "2: unknown key 'poll-interval' in section feed ikewatch; known: netns" },
		{ "feed ikewatch { }\nfeed xfrm { }\nfeed ikewatch { }",
		  "3: line 1 has a section feed ikewatch without netns already" },
		{ "feed ikewatch { netns = a }\nfeed xfrm { netns = a }\nfeed ikewatch { netns = /run/netns/a }",
		  "3: line 1 has a section feed ikewatch with netns '/run/netns/a' already" },
		{ "group = a\nfeed xfrm { }\ngroup = b", "3: group is given twice" },
		/* twice */
		{ "capacity { }\n\ncapacity { }\n", "3: section capacity is given twice" },
		{ "feed vici { }\nfeed vici { }\n", "2: section feed vici is given twice" },
		{ "run-dir = /a\nrun-dir = /b\n", "2: run-dir is given twice" },
		{ "feed vici { hold-time = 1\n hold-time = 1 }", "2: hold-time is given twice" },
		/* syntax; comments do not shift the line */
		{ "# one\n// two\n/* three\n four */ # five\nx = 1\n",
		  "5: unknown key or section 'x'; known: run-dir, state-dir, group, allow-destroy, first-index, users, "
		  "capacity, feed "
		  "vici, feed xfrm, feed ikewatch, connection, agentx, engine, endpoint, tunnel, generator" },
		{ "run-dir /a\n", "1: there is no = after run-dir" },
		{ "run-dir += /a\n", "1: there is no = after run-dir" },
		{ "run-dir =", "1: there is no value after run-dir =" },
		{ "capacity = 5", "1: capacity is a section: write capacity { ... }" },
		{ "}\n", "1: there is a } instead of a key or a section" },
		{ "\ncapacity {\n sas = 5\n", "2: a section begins here and does not end: a } is missing" },
		{ "\nrun-dir = \"/a\nagentx { }\n", "2: a string begins here and does not end" },
		{ "run-dir = '/a", "1: a string begins here and does not end" },
		{ "\n/* a\n", "2: a comment begins here and does not end" },
		{ "/*/", "1: a comment begins here and does not end" },
		{ "run-dir = \"/a\\n\"", "1: in a string, \\ must stand before \" or \\" },
		{ "run-dir = \"/a\tb\"", "1: control character 9 in a string" },
		{ "run-dir = /a\033b", "1: control character 27: this is not a text file" },
		{ "run-dir = ${HOME}", "1: ${...} is not expanded: write the value" },
		{ "run-dir = \"${HOME}/x\"", "1: ${...} is not expanded: write the value" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_error(bad[i].text, bad[i].tail);
}
END_TEST

START_TEST(another_program_checks_its_sections)
{
	struct conf *c = load_good("tunnel t { colour = blue\n workers = many }\nengine { x = 1 }\ntunnel t { }");
	expect_defaults(c);
	conf_free(c);
	expect_error("tunnel t {\n colour blue }", "2: there is no = after a key");
	expect_error("\ntunnel t { colour = }", "2: there is no value after a key and =");
	expect_error("\ntunnel t {\n colour = blue", "2: a section begins here and does not end: a } is missing");
	expect_error("tunnel { }",
		     "1: the name of a section tunnel must have 1 to 63 letters, digits, and any of ._-, not ''");
}
END_TEST

START_TEST(after_a_bad_file_a_good_one_is_read)
{
	ck_assert_ptr_null(load("run-dir = \"/never/closed"));
	ck_assert_ptr_null(load("capacity { sas = \"\\777\" }"));
	ck_assert_ptr_null(load("/* never closed"));
	ck_assert_ptr_null(load("feed xfrm { netns = a }\nfeed xfrm { netns = a }"));
	struct conf *c = load_good("run-dir = /good");
	ck_assert_str_eq(c->run_dir, "/good");
	conf_free(c);
}
END_TEST

START_TEST(a_file_of_octets_is_refused)
{
	static const char octets[] = "run-dir = /a\0b";
	given_octets(octets, sizeof(octets));
	ck_assert_ptr_null(conf_load(path, error, sizeof(error)));
	unlink(path);
	ck_assert_ptr_nonnull(strstr(error, ":1: control character 0: this is not a text file"));
}
END_TEST

START_TEST(a_file_that_is_named_must_be_there)
{
	ck_assert_ptr_null(conf_load("/proc/nonexistent/ipsecmon.conf", error, sizeof(error)));
	ck_assert_str_eq(error, "/proc/nonexistent/ipsecmon.conf: cannot open: No such file or directory");
	ck_assert_ptr_null(conf_load("/tmp", error, sizeof(error)));
	ck_assert_str_eq(error, "/tmp: cannot read: Is a directory");
}
END_TEST

START_TEST(the_default_file_may_be_missing)
{
	if (access(DEFAULT_CONF, F_OK) == 0 || errno != ENOENT)
		return; /* this machine has one */
	struct conf *c = conf_load(NULL, error, sizeof(error));
	ck_assert_ptr_nonnull(c);
	expect_defaults(c);
	conf_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("conf");
	tcase_add_test(t, an_empty_file_means_the_defaults);
	tcase_add_test(t, the_defaults_written_out_mean_the_defaults);
	tcase_add_test(t, the_sample_means_the_defaults);
	tcase_add_test(t, every_key_is_heard);
	tcase_add_test(t, the_feeds_that_are_named_are_on_and_no_others);
	tcase_add_test(t, the_kind_of_sessions_can_be_set_for_each_connection);
	tcase_add_test(t, each_xfrm_section_has_its_own_values);
	tcase_add_test(t, a_path_in_the_run_directory);
	tcase_add_test(t, what_is_wrong_is_said_with_file_and_line);
	tcase_add_test(t, another_program_checks_its_sections);
	tcase_add_test(t, after_a_bad_file_a_good_one_is_read);
	tcase_add_test(t, a_file_of_octets_is_refused);
	tcase_add_test(t, a_file_that_is_named_must_be_there);
	tcase_add_test(t, the_default_file_may_be_missing);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
