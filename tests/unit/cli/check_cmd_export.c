/* SPDX-License-Identifier: ISC */
/* export librenms: connections as LibreNMS's application "strongswan" reads them. */

#include "show_fixture.h"

START_TEST(a_connection_is_the_sum_of_its_entries)
{
	given_segment();
	given_tunnelmap_up();
	given_entry((struct ipm_map_entry){ .name = "TUNNELMAP", .child = "117", .seq = 20 });
	json_t *j = runs_json("export librenms");
	expect_int(j, "version", 1);
	expect_int(j, "error", 0);
	expect_text(j, "errorString", "");
	ck_assert_uint_eq(json_array_size(at(j, "data.tunnels")), 1);
	expect_text(j, "data.tunnels.0.name", "TUNNELMAP");
	expect_text(j, "data.tunnels.0.descr", "");
	expect_text(j, "data.tunnels.0.peer", "172.22.1.4");
	expect_int(j, "data.tunnels.0.state", 1);
	expect_int(j, "data.tunnels.0.children", 1);
	expect_int(j, "data.tunnels.0.bytes_in", (json_int_t)1388 * KILOBYTE);
	expect_int(j, "data.tunnels.0.bytes_out", (json_int_t)45 * KILOBYTE);
	expect_int(j, "data.tunnels.0.pkts_in", 1156);
	expect_int(j, "data.tunnels.0.pkts_out", 466);
	expect_int(j, "data.tunnels.0.reestablishes", 0);
	expect_int(j, "data.global.child_rekey", 0);
	json_decref(j);
}
END_TEST

START_TEST(one_that_is_down_stays_and_keeps_its_counters)
{
	given_segment();
	given_tunnelmap_up();
	given_entry((struct ipm_map_entry){ .name = "dark" });
	ipm_tunnel_stop(w, 0, IPM_REASON_PEER_LOST);
	ipm_writer_commit(w);
	json_t *j = runs_json("export librenms");
	ck_assert_uint_eq(json_array_size(at(j, "data.tunnels")), 2);
	size_t n = strcmp(json_string_value(at(j, "data.tunnels.0.name")), "dark") == 0;
	json_t *down = json_array_get(at(j, "data.tunnels"), n), *dark = json_array_get(at(j, "data.tunnels"), 1 - n);
	expect_int(down, "state", 0);
	expect_int(down, "children", 0);
	expect_int(down, "pkts_in", 1156);
	expect_int(down, "reestablishes", 0);
	expect_int(dark, "state", 0);
	expect_int(dark, "bytes_in", 0);
	json_decref(j);
}
END_TEST

START_TEST(one_that_came_up_again_was_reestablished)
{
	given_segment();
	given_tunnelmap_up();
	ipm_tunnel_stop(w, 0, IPM_REASON_PEER_LOST);
	given_tunnel((struct ipm_tunnel){ .remote = addr("172.22.1.4"), .conn = "TUNNELMAP", .name = "116" });
	ipm_writer_commit(w);
	json_t *j = runs_json("export librenms --json"); /* the option changes nothing */
	expect_int(j, "data.tunnels.0.state", 1);
	expect_int(j, "data.tunnels.0.reestablishes", 1);
	expect_int(j, "data.tunnels.0.pkts_in", 1156);
	json_decref(j);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd_export");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, a_connection_is_the_sum_of_its_entries);
	tcase_add_test(tc, one_that_is_down_stays_and_keeps_its_counters);
	tcase_add_test(tc, one_that_came_up_again_was_reestablished);
	return run_suite(suite);
}
