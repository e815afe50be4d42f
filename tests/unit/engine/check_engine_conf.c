/* SPDX-License-Identifier: ISC */
/* The engine's part of the configuration file. tests/unit/common/check_conf.c has the syntax, and the other parts. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine_conf.h"

static char path[] = "/tmp/check_engine_conf.XXXXXX";
static char error[512];
static struct conf *common;
static struct engine_conf conf;

static void
load(const char *text)
{
	strcpy(path, "/tmp/check_engine_conf.XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	common = engine_conf_load(path, &conf, error, sizeof(error));
	unlink(path);
}

static void
load_good(const char *text)
{
	load(text);
	ck_assert_msg(common != NULL, "%s: refused: %s", text, error);
}

static void
forget(void)
{
	engine_conf_clear(&conf);
	conf_free(common);
}

START_TEST(lists_of_sections_grow)
{
	static char text[200000];
	size_t used = 0;
	for (int i = 0; i < 3000; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "tunnel t%d { peer = \"192.0.2.%d\" }\n", i,
					 i % 256);
	load_good(text);
	ck_assert_uint_eq(conf.tunnels, 3000);
	ck_assert_uint_eq(conf.endpoints, 0);
	for (uint32_t i = 0; i < 3000; i++) {
		char name[16];
		snprintf(name, sizeof(name), "t%u", i);
		ck_assert_str_eq(conf.tunnel[i].name, name);
		ck_assert_uint_eq(conf.tunnel[i].line, i + 1);
		ck_assert_uint_eq(conf.tunnel[i].peer.len, 4);
		ck_assert_uint_eq(conf.tunnel[i].peer.bytes[3], i % 256);
		ck_assert_uint_eq(conf.tunnel[i].suite, ENGINE_AES256GCM16);
		ck_assert(conf.tunnel[i].esn);
		ck_assert_str_eq(conf.tunnel[i].local_ts, "");
	}
	forget();
}
END_TEST

START_TEST(an_engine_has_endpoints_tunnels_and_generators)
{
	load_good("engine { name = east workers = 3 first-index = 7 }\n"
		  "endpoint wan { address = \"2001:db8::1\" port = 4501 }\n"
		  "tunnel net { endpoint = wan suite = \"null-sha256\" mode = transport esn = false }\n"
		  "generator net { tunnel = net drop = 7 }\n"
		  "tunnel other { soft-kilobytes = 4294967295 }\n");
	ck_assert_str_eq(conf.engine.name, "east");
	ck_assert_uint_eq(conf.engine.workers, 3);
	ck_assert_uint_eq(conf.engine.first_index, 7);
	ck_assert_uint_eq(conf.endpoint[0].address.len, 16);
	ck_assert_uint_eq(conf.endpoint[0].port, 4501);
	ck_assert_uint_eq(conf.tunnels, 2);
	ck_assert_uint_eq(conf.tunnel[0].suite, ENGINE_NULL_SHA256);
	ck_assert_uint_eq(conf.tunnel[0].mode, ENGINE_TRANSPORT);
	ck_assert(!conf.tunnel[0].esn);
	ck_assert_uint_eq(conf.tunnel[1].soft_kilobytes, UINT32_MAX);
	ck_assert_uint_eq(conf.generator[0].drop, 7);
	ck_assert_uint_eq(conf.generator[0].rate, 100);
	forget();
}
END_TEST

START_TEST(the_settings_of_all_programs_are_read_too)
{
	load_good("run-dir = /r\ncapacity { sas = 5 }\nengine { workers = 9 }\n");
	ck_assert_str_eq(common->run_dir, "/r");
	ck_assert_uint_eq(common->capacity.sas, 5);
	ck_assert_uint_eq(conf.engine.workers, 9);
	forget();
	load("capacity { sass = 5 }");
	ck_assert_ptr_null(common);
}
END_TEST

START_TEST(mistakes_are_reported_with_file_and_line)
{
	static const struct {
		const char *text, *tail;
	} bad[] = {
		{ "tunnel { }",
		  "1: the name of a section tunnel must have 1 to 63 letters, digits, and any of ._-, not ''" },
		{ "tunnel a { }\n\ntunnel b { }\ntunnel a { }", "4: line 1 has a section tunnel 'a' already" },
		{ "\ntunnel \"a b\" { }",
		  "2: the name of a section tunnel must have 1 to 63 letters, digits, and any of ._-, not 'a b'" },
		{ "\ntunnel \"a b\" { endpoint = e\n keys = /k }",
		  "2: the name of a section tunnel must have 1 to 63 letters, digits, and any of ._-, not 'a b'" },
		{ "tunnel a {\n peer = nobody }", "2: peer must be an IPv4 or IPv6 address, not 'nobody'" },
		{ "tunnel a { mode = beet }", "1: mode must be one of tunnel|transport, not 'beet'" },
		{ "tunnel a { mode = tun }", "1: mode must be one of tunnel|transport, not 'tun'" },
		{ "tunnel a { mode = \"\" }", "1: mode must be one of tunnel|transport, not ''" },
		{ "tunnel a { keys = here }", "1: keys must be an absolute path, which begins with /, not 'here'" },
		{ "tunnel a { replay-window = 4097 }", "1: replay-window must be a number from 0 to 4096, not '4097'" },
		{ "tunnel a { rate = 1 }\ngenerator a { }",
		  "1: unknown key 'rate' in section tunnel; known: endpoint, peer, peer-port, keys, suite, mode, esn, "
		  "replay-window, local-ts, remote-ts, soft-seconds, hard-seconds, soft-kilobytes, hard-kilobytes, "
		  "soft-packets, hard-packets, overlap" },
		{ "generator a { peer = 1 }", "1: unknown key 'peer' in section generator; known: tunnel, rate, size, "
					      "packets, delay, tamper, replay, late, drop, wrong-spi, truncate" },
		{ "engine { worker = 1 }", "1: unknown key 'worker' in section engine; did you mean 'workers'? Known: "
					   "name, workers, first-index" },
		{ "engine { }\nengine { }", "2: section engine is given twice" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char want[512];
		load(bad[i].text);
		ck_assert_msg(common == NULL, "accepted: %s", bad[i].text);
		snprintf(want, sizeof(want), "%s:%s", path, bad[i].tail);
		ck_assert_str_eq(error, want);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("engine configuration");
	TCase *t = tcase_create("engine configuration");
	tcase_add_test(t, lists_of_sections_grow);
	tcase_add_test(t, an_engine_has_endpoints_tunnels_and_generators);
	tcase_add_test(t, the_settings_of_all_programs_are_read_too);
	tcase_add_test(t, mistakes_are_reported_with_file_and_line);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
