/* SPDX-License-Identifier: ISC */
/* show crypto map, as text and JSON, and access lists. */

#include "show_fixture.h"

#define STATUS_UP   "        Status: up for 0 s, tunnels: 1, ups: 1, downs: 0, failures: 0\n"
#define STATUS_DOWN "        Status: down for 0 s, not up yet, ups: 0, downs: 0, failures: 0\n"

static uint32_t
given_plain_entry(const char *name)
{
	struct ipm_map_entry map = { .name = "" };
	snprintf(map.name, sizeof(map.name), "%s", name);
	return given_entry(map);
}

static void
expect_steady(const char *line, const char *text)
{
	int status = run(line);
	ages_to_zero(out);
	ck_assert_str_eq(err, "");
	ck_assert_int_eq(status, 0);
	ck_assert_msg(strcmp(out, text) == 0, "%s: expected\n%s\ngot\n%s", line, text, out);
}

/* --- the reference ------------------------------------------------------- */

START_TEST(crypto_maps_are_the_reference_s)
{
	static const char *const reference[] = {
		"Crypto Map \"TUNNELMAP\" 10 ipsec-isakmp",
		"Peer = 172.22.1.4",
		"Extended IP access list 116",
		"access-list 116 permit gre host 172.22.1.3 host 172.22.1.4",
		"Current peer: 172.22.1.4",
		"Security association lifetime: 4608000 kilobytes/3600 seconds",
		"PFS (Y/N): N",
		"Transform sets={ esp-3des+esp-sha-hmac, }", /* the reference has a name here: TUNNEL-TRANSFORM */
		"Interfaces using crypto map TUNNELMAP:",
		"FastEthernet0/1",
		"Crypto Map \"VPN-USER-MAP\" 50 ipsec-isakmp",
		"Dynamic map template tag: VPN-USER-MAP",
		"Interfaces using crypto map VPN-USER-MAP:",
	};
	static const char *const extra[] = { "Status:", NULL };
	given_segment();
	given_template();
	given_tunnelmap();
	run_quietly("show crypto map");
	expect_reference(reference, COUNT(reference), extra);
}
END_TEST

START_TEST(templates_are_the_reference_s)
{
	static const char *const reference[] = {
		"Crypto Map Template\"VPN-USER-MAP\" 50",
		"Extended IP access list 115",
		"access-list 115 permit tcp any port = 80 any",
		"access-list 115 permit tcp any any port = 80",
		"access-list 115 deny ip any 224.0.0.0 31.255.255.255",
		"Current peer: 0.0.0.0",
		"Security association lifetime: 4608000 kilobytes/3600 seconds",
		"PFS (Y/N): N",
		"Transform sets={ esp-3des+esp-sha-hmac, }",
	};
	static const char *const extra[] = { "Status:", NULL };
	given_segment();
	given_template();
	given_tunnelmap(); /* which is none */
	run_quietly("show crypto dynamic-map");
	expect_reference(reference, COUNT(reference), extra);
	expect_no_word("TUNNELMAP");
}
END_TEST

/* --- show crypto map ----------------------------------------------------- */

START_TEST(an_entry_is_laid_out_as_in_ios)
{
	given_segment();
	given_tunnelmap_up();
	expect_steady("show crypto map", "Crypto Map \"TUNNELMAP\" 10 ipsec-isakmp\n"
					 "        Peer = 172.22.1.4\n"
					 "        Extended IP access list 116\n"
					 "            access-list 116 permit gre host 172.22.1.3 host 172.22.1.4\n"
					 "        Current peer: 172.22.1.4\n"
					 "        Security association lifetime: 4608000 kilobytes/3600 seconds\n"
					 "        PFS (Y/N): N\n"
					 "        Transform sets={ esp-3des+esp-sha-hmac, }\n" STATUS_UP
					 "        Interfaces using crypto map TUNNELMAP:\n"
					 "                FastEthernet0/1\n");
}
END_TEST

START_TEST(what_is_not_known_of_an_entry_is_said_in_its_place)
{
	given_segment();
	given_entry((struct ipm_map_entry){ .name = "m", .child = "c" });
	expect_steady("show crypto map",
		      "Crypto Map \"m\" 10 ipsec-isakmp\n"
		      "        Peer = -\n"
		      "        Extended IP access list c\n"
		      "        Current peer: -\n"
		      "        Security association lifetime: - kilobytes/- seconds\n"
		      "        PFS (Y/N): -\n"
		      "        Transform sets={ -, }\n" STATUS_DOWN "        Interfaces using crypto map m:\n");
}
END_TEST

START_TEST(entries_come_by_map_and_sequence_and_interfaces_once_for_each_map)
{
	given_segment();
	given_entry((struct ipm_map_entry){ .name = "b", .child = "2", .seq = 20, .ifindex = 3, .ifname = "eth1" });
	given_entry((struct ipm_map_entry){ .name = "a", .child = "1", .seq = 10, .ifindex = 2, .ifname = "eth0" });
	given_entry((struct ipm_map_entry){ .name = "b", .child = "3", .seq = 30, .ifindex = 3, .ifname = "eth1" });
	given_entry((struct ipm_map_entry){ .name = "b", .child = "1", .seq = 10, .ifindex = 2, .ifname = "eth0" });
	run_quietly("show crypto map");
	const char *order[] = { "\"a\" 10", "crypto map a:\n                eth0\n\n",
				"\"b\" 10", "\"b\" 20",
				"\"b\" 30", "crypto map b:\n                eth0\n                eth1\n" };
	const char *from = out;
	for (size_t i = 0; i < COUNT(order); i++) {
		from = strstr(from, order[i]);
		ck_assert_msg(from != NULL, "no %s in its place in\n%s", order[i], out);
	}
	ck_assert_uint_eq(times("Interfaces using"), 2);
}
END_TEST

START_TEST(a_tag_names_one_map)
{
	given_segment();
	given_tunnelmap();
	given_template();
	run_quietly("show crypto map tag TUNNELMAP");
	ck_assert_uint_eq(times("Crypto Map "), 1);
	expect_line("Crypto Map \"TUNNELMAP\" 10 ipsec-isakmp");
	run_quietly("show crypto map tag VPN-USER-MAP");
	expect_line("        Dynamic map template tag: VPN-USER-MAP");
	run_quietly("sh cry dyn tag VPN-USER-MAP");
	expect_line("Crypto Map Template\"VPN-USER-MAP\" 50");
}
END_TEST

START_TEST(a_tag_that_there_is_not_is_an_error)
{
	given_segment();
	given_tunnelmap();
	ck_assert_int_eq(run("show crypto map tag NONE"), 1);
	ck_assert_str_eq(err, "ipsecmon: there is no crypto map \"NONE\"; known: TUNNELMAP\n");
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(run("show crypto dynamic-map tag TUNNELMAP"), 1);
	ck_assert_str_eq(err, "ipsecmon: there is no dynamic crypto map \"TUNNELMAP\"; known: none\n");
	ck_assert_int_eq(run("show crypto map tag NONE --json"), 1);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.maps")), 0);
	json_decref(j);
}
END_TEST

START_TEST(without_an_entry_none_is_said)
{
	given_segment();
	expect_steady("show crypto map", "none\n");
	expect_steady("show crypto dynamic-map", "none\n");
}
END_TEST

START_TEST(lifetimes_are_in_kilobytes_and_seconds)
{
	static const struct {
		uint64_t soft_octets, hard_octets, soft_ns, hard_ns;
		const char *text;
	} rows[] = {
		{ 0, 0, 0, 0, "- kilobytes/- seconds" },
		{ 0, 1, 0, 1, "1 kilobytes/1 seconds" }, /* a limit is never 0 */
		{ 0, KILOBYTE, 0, SECOND, "1 kilobytes/1 seconds" },
		{ 0, 999 * KILOBYTE, 0, 999 * (uint64_t)SECOND, "999 kilobytes/999 seconds" },
		{ 0, 1000 * KILOBYTE + 1023, 0, 1000 * (uint64_t)SECOND, "1000 kilobytes/1000 seconds" },
		{ 0, 4608000u * (uint64_t)KILOBYTE, 0, ALL_SECONDS, "4608000 kilobytes/3600 seconds" },
		{ 0, ((1ULL << 32) + 5) * KILOBYTE, 0, 0, "4294967301 kilobytes/- seconds" },
		{ 0, UINT64_MAX, 0, UINT64_MAX, "18014398509481983 kilobytes/18446744073 seconds" },
		{ 2048, 4096, 20ULL * SECOND, 30ULL * SECOND, "4 kilobytes/30 seconds" },
		{ 2048, 0, 20ULL * SECOND, 0, "2 kilobytes/20 seconds" }, /* only a rekey ends it */
	};
	given_segment();
	uint32_t slot = given_plain_entry("m");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[128];
		struct ipm_map_entry map = *ipm_map_peek(w, slot);
		map.soft_octets = rows[i].soft_octets;
		map.hard_octets = rows[i].hard_octets;
		map.soft_ns = rows[i].soft_ns;
		map.hard_ns = rows[i].hard_ns;
		ipm_map_put(w, slot, &map);
		run_quietly("show crypto map");
		snprintf(line, sizeof(line), "        Security association lifetime: %s", rows[i].text);
		expect_line(line);
	}
}
END_TEST

START_TEST(what_an_sa_has_left_is_in_kilobytes_and_seconds)
{
	static const struct {
		uint64_t hard_octets, carried;
		const char *text;
	} rows[] = {
		{ 0, 4096, "(sec): 3600" }, /* no limit, or none is known */
		{ 1, 0, "(k/sec): (0/3600)" },
		{ KILOBYTE, 0, "(k/sec): (1/3600)" },
		{ KILOBYTE, 1, "(k/sec): (0/3600)" },
		{ 999 * KILOBYTE, 0, "(k/sec): (999/3600)" },
		{ 1000 * KILOBYTE, 0, "(k/sec): (1000/3600)" },
		{ 1000 * KILOBYTE, 2000 * KILOBYTE, "(k/sec): (0/3600)" },
		{ 4608000u * (uint64_t)KILOBYTE, KILOBYTE, "(k/sec): (4607999/3600)" },
		{ ((1ULL << 32) + 5) * KILOBYTE, 0, "(k/sec): (4294967301/3600)" },
		{ UINT64_MAX, 0, "(k/sec): (18014398509481983/3600)" },
	};
	given_segment();
	int t = given_tunnel((struct ipm_tunnel){ .conn = "m" });
	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[128];
		int sa = given_sa(t, (struct ipm_sa){ .direction = IPM_IN,
						      .hard_octets = rows[i].hard_octets,
						      .hard_ns = ALL_SECONDS });
		ipm_sa_count(w, (uint32_t)sa, &(struct ipm_traffic){ .octets = rows[i].carried });
		run_quietly("show crypto ipsec sa");
		snprintf(line, sizeof(line), "        sa timing: remaining key lifetime %s", rows[i].text);
		expect_line(line);
		ipm_sa_stop(w, (uint32_t)sa);
	}
}
END_TEST

START_TEST(a_group_follows_when_there_is_pfs)
{
	given_segment();
	given_entry((struct ipm_map_entry){ .name = "a", .pfs = IPM_PFS_YES, .pfs_group = IPM_GROUP_MODP_2048 });
	given_entry((struct ipm_map_entry){ .name = "b", .pfs = IPM_PFS_YES });
	given_entry((struct ipm_map_entry){ .name = "c", .pfs = IPM_PFS_NO, .pfs_group = IPM_GROUP_MODP_2048 });
	run_quietly("show crypto map tag a");
	ck_assert_ptr_nonnull(strstr(out, "        PFS (Y/N): Y\n        DH group:  group14\n        Transform"));
	run_quietly("show crypto map tag b");
	ck_assert_ptr_nonnull(strstr(out, "        PFS (Y/N): Y\n        DH group:  -\n        Transform"));
	run_quietly("show crypto map tag c");
	ck_assert_ptr_nonnull(strstr(out, "        PFS (Y/N): N\n        Transform"));
}
END_TEST

START_TEST(keys_are_from_ike_or_by_hand)
{
	given_segment();
	given_entry((struct ipm_map_entry){ .name = "a", .key_type = IPM_KEY_MANUAL });
	run_quietly("show crypto map");
	expect_line("Crypto Map \"a\" 10 ipsec-manual");
}
END_TEST

START_TEST(every_peer_has_a_line)
{
	given_segment();
	given_entry((struct ipm_map_entry){
		.name = "two", .peers = 2, .peer = { addr("192.0.2.1"), addr("2001:db8::2") }, .peer_text = "more" });
	given_entry((struct ipm_map_entry){ .name = "name", .peer_text = "vpn.example.net" });
	given_entry((struct ipm_map_entry){ .name = "range", .kind = IPM_MAP_DYNAMIC, .peer_text = "192.0.2.0/24" });
	given_entry((struct ipm_map_entry){ .name = "any", .kind = IPM_MAP_DYNAMIC, .peer_text = "%any6" });
	run_quietly("show crypto map tag two");
	ck_assert_ptr_nonnull(strstr(out, "        Peer = 192.0.2.1\n        Peer = 2001:DB8::2\n        Extended"));
	expect_line("        Current peer: 192.0.2.1");
	run_quietly("show crypto map tag name");
	expect_line("        Peer = vpn.example.net");
	expect_line("        Current peer: -");
	given_tunnel((struct ipm_tunnel){ .conn = "name", .remote = addr("192.0.2.9") });
	run_quietly("show crypto map tag name");
	expect_line("        Current peer: 192.0.2.9");
	given_entry((struct ipm_map_entry){ .name = "learnt",
					    .peers = 1,
					    .peer = { addr("192.0.2.7") },
					    .peer_learnt = 1,
					    .peer_text = "b.example.net" });
	run_quietly("show crypto map tag learnt"); /* where it was last */
	expect_line("        Peer = b.example.net");
	expect_line("        Current peer: 192.0.2.7");
	run_quietly("show crypto dynamic-map tag range");
	expect_line("        Peer = 192.0.2.0/24");
	expect_line("        Current peer: 0.0.0.0");
	run_quietly("show crypto dynamic-map tag any");
	expect_no_word("Peer =");
}
END_TEST

START_TEST(the_current_peer_is_that_of_a_tunnel_that_is_up)
{
	given_segment();
	given_entry(
		(struct ipm_map_entry){ .name = "m", .peers = 2, .peer = { addr("192.0.2.1"), addr("192.0.2.2") } });
	given_tunnel((struct ipm_tunnel){ .conn = "m", .remote = addr("192.0.2.2") });
	given_tunnel((struct ipm_tunnel){ .conn = "m", .remote = addr("192.0.2.1"), .state = IPM_TUNNEL_HELD });
	run_quietly("show crypto map");
	expect_line("        Current peer: 192.0.2.2");
	expect_line("        Status: up for 0 s, tunnels: 1, ups: 1, downs: 0, failures: 0");
}
END_TEST

START_TEST(transform_sets_are_named_by_what_is_in_them)
{
	given_segment();
	given_entry((struct ipm_map_entry){
		.name = "m",
		.transforms = 4,
		.transform = { { .protocol = 50, .proposal = { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 256 } },
			       { .protocol = 50,
				 .proposal = { .encr = IPM_ENCR_AES_CBC,
					       .encr_bits = 256,
					       .integ = IPM_INTEG_HMAC_SHA2_256_128 } },
			       { .protocol = 51, .proposal = { .integ = IPM_INTEG_HMAC_SHA1_96 } },
			       { .protocol = 50, .proposal = { .encr = 1024 } } } });
	run_quietly("show crypto map");
	expect_line("        Transform sets={ esp-gcm-256, esp-256-aes+esp-sha256-hmac, ah-sha-hmac, encr-1024, }");
}
END_TEST

START_TEST(an_entry_that_is_down_says_since_when_and_why)
{
	struct ipm_failure failure = {
		.reason = IPM_FAIL_AUTH, .conn = "m", .text = "no shared key found\033[2J", .time_ns = ipm_now_ns()
	};
	given_segment();
	given_plain_entry("m");
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	run_quietly("show crypto map");
	ck_assert_ptr_nonnull(strstr(out, "        Status: down for 0 s, not up yet, ups: 0, downs: 0, failures: 1\n"
					  "        Last failure: 0 s ago: authentication: no shared key found?[2J\n"
					  "        Interfaces using"));
	int t = given_tunnel((struct ipm_tunnel){ .conn = "m" });
	run_quietly("show crypto map");
	expect_line("        Status: up for 0 s, tunnels: 1, ups: 1, downs: 0, failures: 1");
	ipm_tunnel_stop(w, (uint32_t)t, IPM_REASON_PEER_LOST);
	run_quietly("show crypto map");
	expect_line("        Status: down for 0 s, ended: peer lost, ups: 1, downs: 1, failures: 1");
}
END_TEST

START_TEST(a_template_that_is_used_is_up)
{
	given_segment();
	given_template();
	given_tunnel((struct ipm_tunnel){ .conn = "VPN-USER-MAP", .name = "115", .remote = addr("192.0.2.1") });
	given_tunnel((struct ipm_tunnel){ .conn = "VPN-USER-MAP", .name = "115", .remote = addr("192.0.2.2") });
	expect_steady("show crypto map", "Crypto Map \"VPN-USER-MAP\" 50 ipsec-isakmp\n"
					 "        Dynamic map template tag: VPN-USER-MAP\n"
					 "        Status: up for 0 s, tunnels: 2, ups: 1, downs: 0, failures: 0\n"
					 "        Interfaces using crypto map VPN-USER-MAP:\n");
}
END_TEST

START_TEST(an_entry_that_is_not_meant_to_come_up_says_so)
{
	given_segment();
	given_entry((struct ipm_map_entry){ .name = "m", .disabled = 1 });
	run_quietly("show crypto map");
	expect_line("        Status: down for 0 s, disabled, not up yet, ups: 0, downs: 0, failures: 0");
}
END_TEST

START_TEST(an_entry_that_is_removed_is_not_shown)
{
	given_segment();
	ipm_map_remove(w, given_tunnelmap());
	expect_steady("show crypto map", "none\n");
	json_t *j = runs_json("show crypto map --json");
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.maps")), 0);
	json_decref(j);
}
END_TEST

/* --- access lists -------------------------------------------------------- */

START_TEST(access_lists_are_in_ios_s_notation)
{
	struct ipm_sel_side v6 = subnet("2001:db8:1::", "2001:db8:1:ffff:ffff:ffff:ffff:ffff", 48);
	struct ipm_sel_side range = { .type = IPM_SEL_RANGE, .port_last = 65535 };
	range.first = addr("10.0.0.1");
	range.last = addr("10.0.0.9");
	struct ipm_sel_side one = range, all = range, icmp6 = host("2001:db8::1", 58);
	one.last = one.first;
	all.first = addr("0.0.0.0");
	all.last = addr("255.255.255.255");
	const struct {
		struct ipm_access access;
		const char *text;
	} rows[] = {
		{ { .local = subnet("10.1.0.0", "10.1.255.255", 16), .remote = any(0) },
		  "permit ip 10.1.0.0 0.0.255.255 any" },
		{ { .deny = 1, .local = any(0), .remote = subnet("224.0.0.0", "255.255.255.255", 3) },
		  "deny ip any 224.0.0.0 31.255.255.255" },
		{ { .local = subnet("10.1.1.1", "10.1.1.1", 32), .remote = subnet("10.0.0.0", "10.0.0.1", 31) },
		  "permit ip host 10.1.1.1 10.0.0.0 0.0.0.1" },
		{ { .local = host("10.0.0.1", 47), .remote = host("10.0.0.2", 47) },
		  "permit gre host 10.0.0.1 host 10.0.0.2" },
		{ { .local = port(any(6), 80, 80), .remote = any(6) }, "permit tcp any port = 80 any" },
		{ { .local = any(17), .remote = port(any(17), 1024, 65535) },
		  "permit udp any any port range 1024 65535" },
		{ { .local = port(any(17), 0, 0), .remote = any(17) }, "permit udp any port = 0 any" },
		{ { .local = any(1), .remote = any(0) }, "permit icmp any any" },
		{ { .local = any(0), .remote = any(50) }, "permit esp any any" },
		{ { .local = any(51), .remote = any(51) }, "permit ahp any any" },
		{ { .local = any(253), .remote = any(253) }, "permit 253 any any" },
		{ { .local = range, .remote = one }, "permit ip range 10.0.0.1 10.0.0.9 host 10.0.0.1" },
		{ { .local = all, .remote = any(0) }, "permit ip any any" },
		{ { .local = v6, .remote = subnet("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0) },
		  "permit ipv6 2001:DB8:1::/48 any" },
		{ { .local = icmp6, .remote = v6 }, "permit icmp host 2001:DB8::1 2001:DB8:1::/48" },
		{ { .local = host("2001:db8::1", 1), .remote = v6 }, "permit 1 host 2001:DB8::1 2001:DB8:1::/48" },
		{ { .local = { .port_last = 65535 }, .remote = { .port_last = 65535 } }, "permit ip - -" },
		{ { .local = { .type = IPM_SEL_RANGE, .port_last = 65535, .first = { .len = 200 } }, .remote = any(0) },
		  "permit ip - any" }, /* no address, as in a damaged segment */
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[ACL_TEXT_MAX];
		const struct ipm_access *a = &rows[i].access;
		ck_assert_str_eq(acl_text_shown(a->deny, &a->local, &a->remote, text), rows[i].text);
	}
}
END_TEST

START_TEST(ipv6_has_an_access_list_of_its_own)
{
	given_segment();
	uint32_t map = given_entry((struct ipm_map_entry){ .name = "m", .child = "lan" });
	struct ipm_access list[] = {
		{ .local = subnet("2001:db8:1::", "2001:db8:1:ffff::", 48), .remote = host("2001:db8::2", 0) },
		{ .local = subnet("10.1.0.0", "10.1.255.255", 16), .remote = any(0) },
		{ .deny = 1, .local = host("2001:db8::9", 6), .remote = host("2001:db8::2", 6) },
	};
	given_access(map, list, COUNT(list));
	run_quietly("show crypto map");
	ck_assert_ptr_nonnull(strstr(out, "        Extended IP access list lan\n"
					  "            access-list lan permit ip 10.1.0.0 0.0.255.255 any\n"
					  "        IPv6 access list lan\n"
					  "            access-list lan permit ipv6 2001:DB8:1::/48 host 2001:DB8::2\n"
					  "            access-list lan deny tcp host 2001:DB8::9 host 2001:DB8::2\n"
					  "        Current peer"));
	given_access(map, list, 1);
	run_quietly("show crypto map");
	ck_assert_ptr_nonnull(strstr(out, "        Peer = -\n        IPv6 access list lan\n"));
	expect_no_word("Extended");
}
END_TEST

START_TEST(an_access_list_that_leads_in_a_circle_ends)
{
	given_segment();
	given_tunnelmap();
	ipm_writer_commit(w);
	const struct ipm_section *s = &ipm_header(ipm_writer_segment(w))->section[IPM_ACCESS];
	size_t next = s->offset + sizeof(struct ipm_record) + offsetof(struct ipm_access, next);
	patch(next, &(uint32_t){ 1 }, 4);
	ck_assert_int_eq(run("show crypto map"), 1);
	ck_assert_str_eq(err, "ipsecmon: 1 record could not be read: its writer was changing it, or died doing so\n");
	patch(next, &(uint32_t){ 0 }, 4);
}
END_TEST

START_TEST(an_entry_that_cannot_be_read_is_counted_and_the_others_are_shown)
{
	given_segment();
	uint32_t first = given_plain_entry("a");
	given_plain_entry("b");
	ipm_writer_commit(w);
	const struct ipm_section *s = &ipm_header(ipm_writer_segment(w))->section[IPM_MAPS];
	patch(s->offset + (size_t)first * s->stride, &(uint32_t){ 7 }, 4);
	ck_assert_int_eq(run("show crypto map"), 1);
	ck_assert_str_eq(err, "ipsecmon: 1 record could not be read: its writer was changing it, or died doing so\n");
	expect_line("Crypto Map \"b\" 10 ipsec-isakmp");
	expect_no_word("\"a\"");
	patch(s->offset + (size_t)first * s->stride, &(uint32_t){ 8 }, 4);
}
END_TEST

/* --- JSON of crypto maps ------------------------------------------------- */

START_TEST(json_of_crypto_maps)
{
	given_segment();
	given_tunnelmap_up();
	given_template();
	given_entry((struct ipm_map_entry){ .name = "dark" });
	json_t *j = runs_json("show crypto map --json");
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.maps")), 3);
	expect_text(j, "segments.0.maps.0.name", "TUNNELMAP");
	expect_text(j, "segments.0.maps.0.child", "116");
	expect_int(j, "segments.0.maps.0.seq", 10);
	ck_assert(json_is_false(at(j, "segments.0.maps.0.dynamic")));
	expect_text(j, "segments.0.maps.0.state", "up");
	expect_int(j, "segments.0.maps.0.tunnels_up", 1);
	expect_int(j, "segments.0.maps.0.ups", 1);
	expect_null(j, "segments.0.maps.0.down_reason");
	expect_null(j, "segments.0.maps.0.last_failure");
	expect_text(j, "segments.0.maps.0.keying", "ike");
	expect_text(j, "segments.0.maps.0.peers.0", "172.22.1.4");
	expect_text(j, "segments.0.maps.0.current_peer", "172.22.1.4");
	expect_text(j, "segments.0.maps.0.interface", "FastEthernet0/1");
	expect_int(j, "segments.0.maps.0.ifindex", 2);
	ck_assert(json_is_false(at(j, "segments.0.maps.0.pfs")));
	expect_null(j, "segments.0.maps.0.pfs_group");
	expect_int(j, "segments.0.maps.0.lifetime", 3600);
	expect_int(j, "segments.0.maps.0.lifetime_octets", (json_int_t)4608000 * KILOBYTE);
	expect_text(j, "segments.0.maps.0.access_list.0.action", "permit");
	expect_int(j, "segments.0.maps.0.access_list.0.local.protocol", 47);
	expect_text(j, "segments.0.maps.0.access_list.0.remote.first", "172.22.1.4");
	expect_text(j, "segments.0.maps.0.transforms.0.transform", "esp-3des esp-sha-hmac");
	expect_text(j, "segments.0.maps.0.transforms.0.proposal.encr", "3DES_CBC");
	expect_int(j, "segments.0.maps.0.in.pkts", 1156);
	expect_int(j, "segments.0.maps.0.out.pkts", 466);
	ck_assert(json_is_true(at(j, "segments.0.maps.1.dynamic")));
	expect_text(j, "segments.0.maps.1.peer_text", "%any");
	expect_text(j, "segments.0.maps.1.access_list.2.action", "deny");
	expect_text(j, "segments.0.maps.2.state", "down");
	json_decref(j);
	j = runs_json("show crypto dynamic-map --json");
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.dynamic_maps")), 1);
	expect_text(j, "segments.0.dynamic_maps.0.name", "VPN-USER-MAP");
	json_decref(j);
}
END_TEST

START_TEST(what_json_does_not_know_is_null_and_what_it_knows_keeps_its_type)
{
	static const char *const unknown[] = {
		"ike_version", "auth",         "protocol",   "encap",           "local",
		"peer_text",   "current_peer", "interface",  "ifindex",         "pfs",
		"pfs_group",   "ike_lifetime", "lifetime",   "lifetime_octets", "lifetime_pkts",
		"child",       "last_failure", "down_reason"
	};
	struct ipm_failure failure = { .reason = IPM_FAIL_PROPOSAL, .conn = "m", .time_ns = ipm_now_ns() };
	given_segment();
	uint32_t slot = given_plain_entry("m");
	json_t *j = runs_json("show crypto map --json");
	for (size_t i = 0; i < COUNT(unknown); i++) {
		char where[64];
		snprintf(where, sizeof(where), "segments.0.maps.0.%s", unknown[i]);
		expect_null(j, where);
	}
	ck_assert(json_is_array(at(j, "segments.0.maps.0.peers")));
	ck_assert(json_is_array(at(j, "segments.0.maps.0.access_list")));
	ck_assert(json_is_array(at(j, "segments.0.maps.0.transforms")));
	json_decref(j);
	struct ipm_map_entry map = *ipm_map_peek(w, slot);
	map.ike_version = 2;
	map.auth = IPM_AUTH_PSK;
	map.protocol = 51;
	map.encap = IPM_ENCAP_BEET;
	map.local = addr("2001:db8::1");
	map.pfs = IPM_PFS_YES;
	map.pfs_group = IPM_GROUP_ECP_256;
	map.ike_ns = map.soft_ns = ALL_SECONDS;
	map.hard_octets = UINT64_MAX;
	map.hard_pkts = 5;
	map.key_type = 0;
	ipm_map_put(w, slot, &map);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
	j = runs_json("show crypto map --json");
	expect_int(j, "segments.0.maps.0.ike_version", 2);
	expect_text(j, "segments.0.maps.0.auth", "psk");
	expect_text(j, "segments.0.maps.0.protocol", "ah");
	expect_text(j, "segments.0.maps.0.encap", "beet");
	expect_text(j, "segments.0.maps.0.local", "2001:db8::1");
	ck_assert(json_is_true(at(j, "segments.0.maps.0.pfs")));
	expect_int(j, "segments.0.maps.0.pfs_group", 19);
	expect_int(j, "segments.0.maps.0.ike_lifetime", 3600);
	expect_int(j, "segments.0.maps.0.lifetime", 3600);
	expect_int(j, "segments.0.maps.0.lifetime_octets", INT64_MAX);
	expect_int(j, "segments.0.maps.0.lifetime_pkts", 5);
	expect_null(j, "segments.0.maps.0.keying");
	expect_int(j, "segments.0.maps.0.failures", 1);
	expect_text(j, "segments.0.maps.0.last_failure.reason", "no proposal or selectors in common");
	expect_null(j, "segments.0.maps.0.last_failure.text");
	json_decref(j);
}
END_TEST

START_TEST(each_segment_has_its_maps)
{
	char path[96];
	struct ipm_error error;
	struct ipm_writer *other;
	given_segment();
	given_tunnelmap();
	snprintf(path, sizeof(path), "%s/plane.model", dir);
	struct ipm_writer_options opt = { .path = path,
					  .name = "plane",
					  .capacity = { .feeds = 1, .maps = 4, .access = 4, .events = 8 },
					  .mode = 0600 };
	ck_assert_int_eq(ipm_writer_open(&other, &opt, &error), 0);
	struct ipm_map_entry map = {
		.name = "TUNNELMAP", .child = "x", .kind = IPM_MAP_STATIC, .seq = 5, .ifname = "dp0"
	};
	ck_assert_int_ge(ipm_map_open(other, &map), 0);
	ipm_writer_commit(other);
	run_quietly("show crypto map tag TUNNELMAP");
	const char *first = strstr(out, "\"TUNNELMAP\" 10"), *second = strstr(out, "\"TUNNELMAP\" 5");
	ck_assert(first && second && first < second); /* each with its own interfaces */
	ck_assert_uint_eq(times("Interfaces using"), 2);
	json_t *j = runs_json("show crypto map --json");
	expect_text(j, "segments.0.maps.0.child", "116");
	expect_text(j, "segments.1.maps.0.child", "x");
	json_decref(j);
	ipm_writer_close(other);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd_map");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, crypto_maps_are_the_reference_s);
	tcase_add_test(tc, templates_are_the_reference_s);
	tcase_add_test(tc, an_entry_is_laid_out_as_in_ios);
	tcase_add_test(tc, what_is_not_known_of_an_entry_is_said_in_its_place);
	tcase_add_test(tc, entries_come_by_map_and_sequence_and_interfaces_once_for_each_map);
	tcase_add_test(tc, a_tag_names_one_map);
	tcase_add_test(tc, a_tag_that_there_is_not_is_an_error);
	tcase_add_test(tc, without_an_entry_none_is_said);
	tcase_add_test(tc, lifetimes_are_in_kilobytes_and_seconds);
	tcase_add_test(tc, what_an_sa_has_left_is_in_kilobytes_and_seconds);
	tcase_add_test(tc, a_group_follows_when_there_is_pfs);
	tcase_add_test(tc, keys_are_from_ike_or_by_hand);
	tcase_add_test(tc, every_peer_has_a_line);
	tcase_add_test(tc, the_current_peer_is_that_of_a_tunnel_that_is_up);
	tcase_add_test(tc, transform_sets_are_named_by_what_is_in_them);
	tcase_add_test(tc, an_entry_that_is_down_says_since_when_and_why);
	tcase_add_test(tc, a_template_that_is_used_is_up);
	tcase_add_test(tc, an_entry_that_is_not_meant_to_come_up_says_so);
	tcase_add_test(tc, an_entry_that_is_removed_is_not_shown);
	tcase_add_test(tc, access_lists_are_in_ios_s_notation);
	tcase_add_test(tc, ipv6_has_an_access_list_of_its_own);
	tcase_add_test(tc, an_access_list_that_leads_in_a_circle_ends);
	tcase_add_test(tc, an_entry_that_cannot_be_read_is_counted_and_the_others_are_shown);
	tcase_add_test(tc, json_of_crypto_maps);
	tcase_add_test(tc, what_json_does_not_know_is_null_and_what_it_knows_keeps_its_type);
	tcase_add_test(tc, each_segment_has_its_maps);
	return run_suite(suite);
}
