/* SPDX-License-Identifier: ISC */
/* ipsecmon: what is configured, the engine's connections, and tunnels by their map, interface and peer. */
#include <stddef.h>

#include "ipm_int.h"
#include "acl_text.h"
#include "algo_names.h"
#include "cli_fixture.h"
#include "cmd_table.h"
#include "out.h"

#define STATUS_UP   "        Status: up for 0 s, tunnels: 1, ups: 1, downs: 0, failures: 0\n"
#define STATUS_DOWN "        Status: down for 0 s, not up yet, ups: 0, downs: 0, failures: 0\n"

/* ---- given ---- */

static uint32_t
given_plain_entry(const char *name)
{
	struct ipm_map_entry map = { .name = "" };
	snprintf(map.name, sizeof(map.name), "%s", name);
	return given_entry(map);
}

/* ---- expected ---- */

/* What a test takes time for: "for 3 s", "3 s ago" are "for 0 s", "0 s ago". */
static void
steady(char *text)
{
	char *to = text;
	for (const char *from = text; *from;) {
		size_t digits = strspn(from, "0123456789");
		bool age =
			digits &&
			((to - text > 4 && strncmp(to - 4, "for ", 4) == 0 && strncmp(from + digits, " s", 2) == 0) ||
			 strncmp(from + digits, " s ago", 6) == 0);
		if (age) {
			*to++ = '0';
			from += digits;
		} else {
			do
				*to++ = *from++;
			while (digits > 1 && --digits);
		}
	}
	*to = '\0';
}

static void
expect_steady(const char *line, const char *text)
{
	int status = run(line);
	steady(out);
	ck_assert_str_eq(err, "");
	ck_assert_int_eq(status, 0);
	ck_assert_msg(strcmp(out, text) == 0, "%s: expected\n%s\ngot\n%s", line, text, out);
}

static void
runs(const char *line)
{
	int status = run(line);
	steady(out);
	ck_assert_str_eq(err, "");
	ck_assert_int_eq(status, 0);
}

static json_t *
runs_json(const char *line)
{
	json_error_t why;
	runs(line);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, &why);
	ck_assert_msg(j != NULL, "%s in %s", why.text, out);
	return j;
}

static void
expect_null(json_t *root, const char *where)
{
	ck_assert_msg(json_is_null(at(root, where)), "%s is not null", where);
}

/* A line without its indentation and with single blanks: this is how the reference came to us. */
static const char *
flat(const char *line, size_t len, char copy[256])
{
	size_t n = 0;
	for (size_t i = 0; i < len && n < 255; i++)
		if (line[i] != ' ' || (n > 0 && copy[n - 1] != ' '))
			copy[n++] = line[i];
	while (n > 0 && copy[n - 1] == ' ')
		n--;
	copy[n] = '\0';
	return copy;
}

/* The reference's lines are ours, in their order; lines of ours that begin with one of @p extra are no concern of it.
 */
static void
expect_reference(const char *const *reference, size_t n, const char *const *extra)
{
	const char *from = out;
	for (size_t i = 0; i < n;) {
		char ours[256];
		size_t len = strcspn(from, "\n");
		ck_assert_msg(*from != '\0', "\"%s\" is missing in\n%s", reference[i], out);
		flat(from, len, ours);
		from += len + (from[len] == '\n');
		bool skip = ours[0] == '\0';
		for (const char *const *e = extra; *e; e++)
			skip = skip || strncmp(ours, *e, strlen(*e)) == 0;
		if (!skip)
			ck_assert_str_eq(ours, reference[i++]);
	}
}

/* ---- the reference ---- */

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
		"Transform sets={ esp-3des+esp-sha-hmac, }", /* which has a name there: TUNNEL-TRANSFORM */
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
	runs("show crypto map");
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
	runs("show crypto dynamic-map");
	expect_reference(reference, COUNT(reference), extra);
	expect_no_word("TUNNELMAP");
}
END_TEST

START_TEST(ipsec_sas_are_the_reference_s)
{
	static const char *const reference[] = {
		"interface: FastEthernet0/1",
		"Crypto map tag: TUNNELMAP, local addr. 172.22.1.3",
		"local ident (addr/mask/prot/port): (172.22.1.3/255.255.255.255/47/0)",
		"remote ident (addr/mask/prot/port): (172.22.1.4/255.255.255.255/47/0)",
		"current_peer: 172.22.1.4",
		"PERMIT, flags={origin_is_acl,transport_parent,parent_is_transport,}",
		"#pkts encaps: 466, #pkts encrypt: 466, #pkts digest 466",
		"#pkts decaps: 1156, #pkts decrypt: 1156, #pkts verify 1156",
		"#pkts compressed: 0, #pkts decompressed: 0",
		"#pkts not compressed: 0, #pkts compr. failed: 0, #pkts decompress failed: 0",
		"#send errors 1, #recv errors 0",
		"local crypto endpt.: 172.22.1.3, remote crypto endpt.: 172.22.1.4",
		"path mtu -, media mtu -", /* 1500 there: no source of ours knows */
		"current outbound spi: EB99FB6C",
		"inbound esp sas:",
		"spi: 0x5A48ACC4(1514712260)",
		"transform: esp-3des esp-sha-hmac ,",
		"in use settings ={Transport, }",
		"slot: 0, conn id: 2000, flow_id: 1, crypto map: TUNNELMAP",
		"sa timing: remaining key lifetime (k/sec): (4606612/3392)",
		"IV size: 8 bytes",
		"replay detection support: Y",
		"inbound ah sas:",
		"inbound pcp sas:",
		"outbound esp sas:",
		"spi: 0xEB99FB6C(3952737132)",
		"transform: esp-3des esp-sha-hmac ,",
		"in use settings ={Transport, }",
		"slot: 0, conn id: 2001, flow_id: 1, crypto map: TUNNELMAP", /* 2 there: ours is the tunnel */
		"sa timing: remaining key lifetime (k/sec): (4607955/3392)",
		"IV size: 8 bytes",
		"replay detection support: Y",
		"outbound ah sas:",
		"outbound pcp sas:",
	};
	static const char *const extra[] = { NULL };
	given_segment();
	given_tunnelmap_up();
	runs("show crypto ipsec sa");
	expect_reference(reference, COUNT(reference), extra);
}
END_TEST

START_TEST(the_engine_s_connections_are_the_reference_s)
{
	static const char *const reference[] = {
		"ID Interface IP-Address State Algorithm Encrypt Decrypt",
		"1 set HMAC_SHA+3DES_56_C 0 0",
		"2000 FastEthernet0/1 172.22.1.3 set HMAC_SHA+3DES_56_C 0 1156",
		"2001 FastEthernet0/1 172.22.1.3 set HMAC_SHA+3DES_56_C 466 0",
	};
	static const char *const extra[] = { NULL };
	given_segment();
	given_tunnelmap_up();
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED, .version = 1, .proposal = TRIPLE_DES };
	ck_assert_int_ge(ipm_ike_start(w, &ike), 0);
	runs("show crypto engine connections active");
	expect_reference(reference, COUNT(reference), extra);
}
END_TEST

/* ---- show crypto map ---- */

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
	runs("show crypto map");
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
	runs("show crypto map tag TUNNELMAP");
	ck_assert_uint_eq(times("Crypto Map "), 1);
	expect_line("Crypto Map \"TUNNELMAP\" 10 ipsec-isakmp");
	runs("show crypto map tag VPN-USER-MAP");
	expect_line("        Dynamic map template tag: VPN-USER-MAP");
	runs("sh cry dyn tag VPN-USER-MAP");
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
		{ 2048, 0, 20ULL * SECOND, 0, "2 kilobytes/20 seconds" }, /* nothing but a rekey ends it */
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
		runs("show crypto map");
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
		runs("show crypto ipsec sa");
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
	runs("show crypto map tag a");
	ck_assert_ptr_nonnull(strstr(out, "        PFS (Y/N): Y\n        DH group:  group14\n        Transform"));
	runs("show crypto map tag b");
	ck_assert_ptr_nonnull(strstr(out, "        PFS (Y/N): Y\n        DH group:  -\n        Transform"));
	runs("show crypto map tag c");
	ck_assert_ptr_nonnull(strstr(out, "        PFS (Y/N): N\n        Transform"));
}
END_TEST

START_TEST(keys_are_from_ike_or_by_hand)
{
	given_segment();
	given_entry((struct ipm_map_entry){ .name = "a", .key_type = IPM_KEY_MANUAL });
	runs("show crypto map");
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
	runs("show crypto map tag two");
	ck_assert_ptr_nonnull(strstr(out, "        Peer = 192.0.2.1\n        Peer = 2001:DB8::2\n        Extended"));
	expect_line("        Current peer: 192.0.2.1");
	runs("show crypto map tag name");
	expect_line("        Peer = vpn.example.net");
	expect_line("        Current peer: -");
	given_tunnel((struct ipm_tunnel){ .conn = "name", .remote = addr("192.0.2.9") });
	runs("show crypto map tag name");
	expect_line("        Current peer: 192.0.2.9");
	given_entry((struct ipm_map_entry){ .name = "learnt",
					    .peers = 1,
					    .peer = { addr("192.0.2.7") },
					    .peer_learnt = 1,
					    .peer_text = "b.example.net" });
	runs("show crypto map tag learnt"); /* where it was last */
	expect_line("        Peer = b.example.net");
	expect_line("        Current peer: 192.0.2.7");
	runs("show crypto dynamic-map tag range");
	expect_line("        Peer = 192.0.2.0/24");
	expect_line("        Current peer: 0.0.0.0");
	runs("show crypto dynamic-map tag any");
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
	runs("show crypto map");
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
	runs("show crypto map");
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
	runs("show crypto map");
	ck_assert_ptr_nonnull(strstr(out, "        Status: down for 0 s, not up yet, ups: 0, downs: 0, failures: 1\n"
					  "        Last failure: 0 s ago: authentication: no shared key found?[2J\n"
					  "        Interfaces using"));
	int t = given_tunnel((struct ipm_tunnel){ .conn = "m" });
	runs("show crypto map");
	expect_line("        Status: up for 0 s, tunnels: 1, ups: 1, downs: 0, failures: 1");
	ipm_tunnel_stop(w, (uint32_t)t, IPM_REASON_PEER_LOST);
	runs("show crypto map");
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
	runs("show crypto map");
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

/* ---- access lists ---- */

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
		  "permit ip - any" }, /* no address: a damaged segment's */
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
	runs("show crypto map");
	ck_assert_ptr_nonnull(strstr(out, "        Extended IP access list lan\n"
					  "            access-list lan permit ip 10.1.0.0 0.0.255.255 any\n"
					  "        IPv6 access list lan\n"
					  "            access-list lan permit ipv6 2001:DB8:1::/48 host 2001:DB8::2\n"
					  "            access-list lan deny tcp host 2001:DB8::9 host 2001:DB8::2\n"
					  "        Current peer"));
	given_access(map, list, 1);
	runs("show crypto map");
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
	ck_assert_str_eq(err, "ipsecmon: 1 record could not be read: its writer is at it, or died there\n");
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
	ck_assert_str_eq(err, "ipsecmon: 1 record could not be read: its writer is at it, or died there\n");
	expect_line("Crypto Map \"b\" 10 ipsec-isakmp");
	expect_no_word("\"a\"");
	patch(s->offset + (size_t)first * s->stride, &(uint32_t){ 8 }, 4);
}
END_TEST

/* ---- show crypto engine connections active ---- */

START_TEST(connections_are_laid_out_as_in_ios)
{
	given_segment();
	given_tunnelmap_up();
	struct ipm_ike_sa ike = { .state = IPM_IKE_NEGOTIATING,
				  .proposal = { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 256 } };
	ck_assert_int_ge(ipm_ike_start(w, &ike), 0);
	int t = given_tunnel((struct ipm_tunnel){ .local = addr("2001:db8:ffff:ffff:ffff:ffff:ffff:fff1") });
	given_sa(t, (struct ipm_sa){ .direction = IPM_OUT,
				     .proposal = { .encr = IPM_ENCR_AES_CBC,
						   .encr_bits = 128,
						   .integ = IPM_INTEG_HMAC_SHA2_256_128 } });
	expect("show crypto engine connections active",
	       "   ID Interface            IP-Address      State  Algorithm                Encrypt  Decrypt\n"
	       "    0                                      alloc  AES_GCM_256                    0        0\n"
	       " 2000 FastEthernet0/1      172.22.1.3      set    HMAC_SHA+3DES_56_C             0     1156\n"
	       " 2001 FastEthernet0/1      172.22.1.3      set    HMAC_SHA+3DES_56_C           466        0\n"
	       " 2002 -                    2001:DB8:FFFF:FFFF:FFFF:FFFF:FFFF:FFF1 set    HMAC_SHA256+AES_CBC_128       "
	       " 0 "
	       "       0\n");
}
END_TEST

START_TEST(algorithms_are_named_in_ios_s_manner)
{
	static const struct {
		struct ipm_proposal p;
		uint8_t protocol;
		const char *text;
	} rows[] = {
		{ { .encr = IPM_ENCR_3DES, .integ = IPM_INTEG_HMAC_SHA1_96 }, 50, "HMAC_SHA+3DES_56_C" },
		{ { .encr = IPM_ENCR_DES, .integ = IPM_INTEG_HMAC_MD5_96 }, 50, "HMAC_MD5+DES_56_CB" },
		{ { .encr = IPM_ENCR_AES_CBC, .encr_bits = 128, .integ = IPM_INTEG_HMAC_SHA2_256_128 },
		  50,
		  "HMAC_SHA256+AES_CBC_128" },
		{ { .encr = IPM_ENCR_AES_CBC, .encr_bits = 256, .integ = IPM_INTEG_HMAC_SHA2_384_192 },
		  50,
		  "HMAC_SHA384+AES_CBC_256" },
		{ { .encr = IPM_ENCR_AES_CTR, .encr_bits = 192, .integ = IPM_INTEG_HMAC_SHA2_512_256 },
		  50,
		  "HMAC_SHA512+AES_CTR_192" },
		{ { .encr = IPM_ENCR_AES_CBC, .encr_bits = 128, .integ = IPM_INTEG_AES_XCBC_96 },
		  50,
		  "AES_XCBC+AES_CBC_128" },
		{ { .encr = IPM_ENCR_AES_CBC, .encr_bits = 128, .integ = IPM_INTEG_AES_CMAC_96 },
		  50,
		  "AES_CMAC+AES_CBC_128" },
		{ { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 256 }, 50, "AES_GCM_256" },
		{ { .encr = IPM_ENCR_AES_GCM_8, .encr_bits = 256 }, 50, "AES_GCM_8_256" },
		{ { .encr = IPM_ENCR_AES_CCM_16, .encr_bits = 128 }, 50, "AES_CCM_128" },
		{ { .encr = IPM_ENCR_NULL_AUTH_AES_GMAC, .encr_bits = 128 }, 50, "AES_GMAC_128" },
		{ { .encr = IPM_ENCR_CHACHA20_POLY1305, .encr_bits = 256 }, 50, "CHACHA20_POLY1305" },
		{ { .encr = IPM_ENCR_NULL, .integ = IPM_INTEG_HMAC_SHA1_96 }, 50, "HMAC_SHA+NULL" },
		{ { .integ = IPM_INTEG_HMAC_SHA2_256_128 }, 51, "HMAC_SHA256" },
		{ { 0 }, 108, "comp-unknown" },
		/* what we do not know is never "none" nor "NULL" */
		{ { .encr = 1024, .integ = 1025 }, 50, "integ-1025+encr-1024" },
		{ { .encr = IPM_TRANSFORM_OTHER }, 50, "encr-other" },
		{ { 0 }, 50, "encr-unknown" },
		{ { 0 }, 51, "integ-unknown" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[ALGO_TRANSFORM_MAX];
		ck_assert_str_eq(algo_engine(rows[i].protocol, &rows[i].p, text), rows[i].text);
	}
}
END_TEST

START_TEST(connections_of_a_held_tunnel_are_not_shown)
{
	given_segment();
	int t = given_tunnelmap_up();
	struct ipm_tunnel held = *ipm_tunnel_peek(w, (uint32_t)t);
	held.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, (uint32_t)t, &held);
	runs("show crypto engine connections active");
	expect_no_word("FastEthernet");
	runs("show crypto engine connections active --json");
	expect_no_word("FastEthernet");
}
END_TEST

START_TEST(json_of_connections)
{
	struct ipm_engine engine = { .kind = IPM_ENGINE_HARDWARE, .name = "offload", .version = "2" };
	given_segment();
	ck_assert_int_eq(ipm_engine_open(w, &engine), 0);
	int t = given_tunnelmap_up();
	given_sa(t, (struct ipm_sa){ .direction = IPM_OUT, .spi = 7, .engine = 1, .proposal = TRIPLE_DES });
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED, .local = addr("172.22.1.3"), .proposal = TRIPLE_DES };
	ck_assert_int_ge(ipm_ike_start(w, &ike), 0);
	json_t *j = runs_json("show crypto engine connections active --json");
	expect_text(j, "segments.0.engines.0.name", "offload");
	expect_text(j, "segments.0.engines.0.kind", "hardware");
	expect_int(j, "segments.0.engines.0.sas", 1);
	expect_int(j, "segments.0.engines.0.out.pkts", 0);
	expect_int(j, "segments.0.ike_connections.0.id", 1);
	expect_text(j, "segments.0.ike_connections.0.address", "172.22.1.3");
	expect_text(j, "segments.0.ike_connections.0.algorithm", "HMAC_SHA+3DES_56_C");
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.connections")), 3);
	expect_int(j, "segments.0.connections.0.id", 2000);
	expect_int(j, "segments.0.connections.0.tunnel_index", 1);
	expect_int(j, "segments.0.connections.0.sa_index", 1);
	expect_text(j, "segments.0.connections.0.interface", "FastEthernet0/1");
	expect_text(j, "segments.0.connections.0.direction", "in");
	expect_text(j, "segments.0.connections.0.protocol", "esp");
	expect_text(j, "segments.0.connections.0.spi", "0x5a48acc4");
	expect_int(j, "segments.0.connections.0.pkts", 1156);
	expect_null(j, "segments.0.connections.0.engine");
	expect_int(j, "segments.0.connections.2.engine", 1);
	json_decref(j);
}
END_TEST

/* ---- show crypto ipsec sa ---- */

START_TEST(a_conn_id_is_the_same_sa_s_in_both_commands)
{
	given_segment();
	int t = given_tunnelmap_up();
	int other = given_tunnel((struct ipm_tunnel){ .conn = "other", .local = addr("172.22.1.3") });
	given_sa(other, (struct ipm_sa){ .direction = IPM_IN, .spi = 3 });
	given_sa(t, (struct ipm_sa){ .direction = IPM_OUT, .spi = 4 });
	json_t *sas = runs_json("show crypto ipsec sa --json"), *tunnels = at(sas, "segments.0.tunnels");
	json_t *engine = runs_json("show crypto engine connections active --json");
	size_t n = 0;
	for (size_t i = 0; i < json_array_size(tunnels); i++) {
		const json_t *of = at(json_array_get(tunnels, i), "sas");
		for (size_t k = 0; k < json_array_size(of); k++, n++) {
			json_t *sa = json_array_get(of, k);
			char where[64];
			snprintf(where, sizeof(where), "segments.0.connections.%zu.id", n);
			expect_int(engine, where, json_integer_value(at(sa, "conn_id")));
			snprintf(where, sizeof(where), "segments.0.connections.%zu.spi", n);
			expect_text(engine, where, json_string_value(at(sa, "spi")));
		}
	}
	ck_assert_uint_eq(n, 4);
	json_decref(sas);
	json_decref(engine);
}
END_TEST

START_TEST(without_an_entry_s_interface_it_is_the_one_with_the_address)
{
	struct ipm_interface uplink = { .feed = 1, .ifindex = 2, .name = "eth0", .addr = addr("192.0.2.1") };
	struct ipm_interface elsewhere = { .feed = 0, .ifindex = 2, .name = "veth7", .addr = addr("192.0.2.7") };
	given_segment();
	ck_assert_int_ge(ipm_interface_open(w, &uplink), 0);
	ck_assert_int_ge(ipm_interface_open(w, &elsewhere), 0);
	given_tunnel((struct ipm_tunnel){ .conn = "a", .feed = 1, .local = addr("192.0.2.1") });
	given_tunnel((struct ipm_tunnel){ .conn = "b", .feed = 1, .local = addr("192.0.2.7") });
	given_tunnel((struct ipm_tunnel){ .conn = "c", .feed = 1 });
	runs("show crypto ipsec sa");
	ck_assert_ptr_nonnull(strstr(out, "interface: eth0\n    Crypto map tag: a,"));
	ck_assert_ptr_nonnull(strstr(out, "interface: -\n    Crypto map tag: b,")); /* in another namespace */
	ck_assert_ptr_nonnull(strstr(out, "interface: -\n    Crypto map tag: c,"));
}
END_TEST

START_TEST(tunnels_of_one_map_on_two_interfaces_have_two_headings)
{
	given_segment();
	for (int i = 0; i < 4; i++) {
		struct ipm_map_entry map = { .name = "m", .seq = 10, .ifindex = 2 + (uint32_t)i % 2 };
		struct ipm_tunnel t = { .conn = "m", .local = addr("192.0.2.1") };
		snprintf(map.ifname, sizeof(map.ifname), "eth%d", i % 2);
		snprintf(map.child, sizeof(map.child), "c%d", i);
		snprintf(t.name, sizeof(t.name), "c%d", i);
		given_entry(map);
		given_tunnel(t);
	}
	runs("show crypto ipsec sa");
	ck_assert_uint_eq(times("interface: eth0"), 1);
	ck_assert_uint_eq(times("interface: eth1"), 1);
	ck_assert_uint_eq(times("local  ident"), 4);
}
END_TEST

START_TEST(the_tag_of_a_tunnel_without_a_name_is_its_entry_s)
{
	given_segment();
	uint32_t map =
		given_entry((struct ipm_map_entry){ .name = "policy", .child = "1", .ifname = "eth0", .ifindex = 2 });
	int t = given_tunnel((struct ipm_tunnel){ .local = addr("192.0.2.1") });
	given_sa(t, (struct ipm_sa){ .direction = IPM_IN });
	runs("show crypto ipsec sa");
	ck_assert_ptr_nonnull(strstr(out, "interface: -\n    Crypto map tag: -, local"));
	expect_line("        slot: 0, conn id: 2000, flow_id: 1, crypto map: -");
	ipm_tunnel_from(w, (uint32_t)t, map);
	runs("show crypto ipsec sa map policy");
	ck_assert_ptr_nonnull(strstr(out, "interface: eth0\n    Crypto map tag: policy, local"));
	expect_line("        slot: 0, conn id: 2000, flow_id: 1, crypto map: policy");
	json_t *j = runs_json("show crypto ipsec sa --json");
	expect_text(j, "segments.0.tunnels.0.map", "policy");
	expect_null(j, "segments.0.tunnels.0.conn");
	json_decref(j);
}
END_TEST

START_TEST(flags_say_what_is_in_transport_mode_and_what_a_template_made)
{
	given_segment();
	given_entry((struct ipm_map_entry){ .name = "t", .kind = IPM_MAP_DYNAMIC });
	given_tunnel((struct ipm_tunnel){ .conn = "t", .remote = addr("192.0.2.1") });
	runs("show crypto ipsec sa");
	expect_line("     PERMIT, flags={}");
	given_entry((struct ipm_map_entry){ .name = "u", .kind = IPM_MAP_DYNAMIC });
	given_tunnel((struct ipm_tunnel){ .conn = "u", .encap = IPM_ENCAP_TRANSPORT });
	runs("show crypto ipsec sa map u");
	expect_line("     PERMIT, flags={transport_parent,parent_is_transport,}");
}
END_TEST

static void
given_three_tunnels(void)
{
	given_segment();
	given_tunnelmap_up();
	given_entry((struct ipm_map_entry){ .name = "b", .ifindex = 3, .ifname = "eth1" });
	given_tunnel((struct ipm_tunnel){ .conn = "b", .local = addr("2001:db8::1"), .remote = addr("2001:db8::2") });
	given_tunnel((struct ipm_tunnel){ .conn = "c", .local = addr("192.0.2.1"), .remote = addr("192.0.2.2") });
}

START_TEST(tunnels_can_be_asked_for_by_peer_interface_and_map)
{
	static const struct {
		const char *command, *tag;
	} rows[] = {
		{ "show crypto ipsec sa peer 172.22.1.4", "TUNNELMAP" },
		{ "show crypto ipsec sa peer 2001:DB8:0::2", "b" },
		{ "sh cry ips sa p 192.0.2.2", "c" },
		{ "show crypto ipsec sa interface FastEthernet0/1", "TUNNELMAP" },
		{ "sh cry ips sa int eth1", "b" },
		{ "show crypto ipsec sa map c", "c" },
	};
	given_three_tunnels();
	for (size_t i = 0; i < COUNT(rows); i++) {
		char line[64], command[96];
		runs(rows[i].command);
		snprintf(line, sizeof(line), "Crypto map tag: %s,", rows[i].tag);
		ck_assert_uint_eq(times("Crypto map tag:"), 1);
		ck_assert_msg(strstr(out, line) != NULL, "%s\n%s", rows[i].command, out);
		snprintf(command, sizeof(command), "%s --json", rows[i].command);
		json_t *j = runs_json(command);
		ck_assert_uint_eq(json_array_size(at(j, "segments.0.tunnels")), 1);
		expect_text(j, "segments.0.tunnels.0.conn", rows[i].tag);
		json_decref(j);
	}
}
END_TEST

START_TEST(asked_for_what_there_is_not_none_is_said)
{
	given_three_tunnels();
	given_entry((struct ipm_map_entry){ .name = "idle", .ifname = "eth7" });
	expect("show crypto ipsec sa peer 192.0.2.3", "none\n");
	expect("show crypto ipsec sa peer 2001:db8::", "none\n");
	expect("show crypto ipsec sa interface eth7", "none\n");
	expect("show crypto ipsec sa map idle", "none\n");
	json_t *j = runs_json("show crypto ipsec sa map idle --json");
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.tunnels")), 0);
	json_decref(j);
}
END_TEST

START_TEST(a_name_that_there_is_not_is_an_error_that_has_those_that_there_are)
{
	given_three_tunnels();
	ck_assert_int_eq(run("show crypto ipsec sa map d"), 1);
	ck_assert_str_eq(out, "");
	ck_assert_msg(strstr(err, "ipsecmon: there is no crypto map \"d\"; known: "), "%s", err);
	ck_assert_int_eq(run("show crypto ipsec sa interface eth"), 1);
	ck_assert_msg(strstr(err, "ipsecmon: there is no interface \"eth\"; known: "), "%s", err);
	ck_assert_int_eq(run("show crypto ipsec sa map d --json"), 1);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.tunnels")), 0);
	json_decref(j);
	/* Not all of very many, and none that could reach the terminal's controls. */
	for (int i = 0; i < 40; i++) {
		struct ipm_map_entry map = { .name = "" };
		snprintf(map.name, sizeof(map.name), "m\033%02d", i);
		given_entry(map);
	}
	ck_assert_int_eq(run("show crypto map tag x"), 1);
	ck_assert_msg(strstr(err, "m?00, m?01, ") && strstr(err, "m?17 and 22 more\n"), "%s", err);
}
END_TEST

START_TEST(a_peer_is_an_address)
{
	given_three_tunnels();
	ck_assert_int_eq(run("show crypto ipsec sa peer gw.example.net"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"gw.example.net\" is neither an IPv4 nor an IPv6 address\n");
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(run("show crypto ipsec sa peer"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"show crypto ipsec sa peer\" is not complete; what may follow:\n"
			      "  ADDRESS      IPv4 or IPv6\n");
}
END_TEST

START_TEST(esp_ah_and_ipcomp_have_their_lists)
{
	given_segment();
	int t = given_tunnel((struct ipm_tunnel){ .conn = "all", .ipcomp = 1 });
	given_sa(t, (struct ipm_sa){ .spi = 1, .direction = IPM_IN, .proposal = TRIPLE_DES });
	given_sa(t, (struct ipm_sa){ .spi = 2,
				     .direction = IPM_IN,
				     .protocol = 51,
				     .bundled = 1,
				     .proposal = { .integ = IPM_INTEG_HMAC_SHA1_96 } });
	given_sa(t, (struct ipm_sa){ .spi = 3, .direction = IPM_IN, .protocol = 108, .bundled = 1 });
	given_sa(t, (struct ipm_sa){ .spi = 4, .direction = IPM_OUT, .protocol = 108, .bundled = 1 });
	runs("show crypto ipsec sa");
	const char *order[] = { "inbound esp sas:\n      spi: 0x1(1)\n",
				"inbound ah sas:\n      spi: 0x2(2)\n",
				"transform: ah-sha-hmac ,\n",
				"inbound pcp sas:\n      spi: 0x3(3)\n",
				"transform: comp-unknown ,\n",
				"outbound esp sas:\n\n",
				"outbound ah sas:\n\n",
				"outbound pcp sas:\n      spi: 0x4(4)\n" };
	const char *from = out;
	for (size_t i = 0; i < COUNT(order); i++) {
		from = strstr(from, order[i]);
		ck_assert_msg(from != NULL, "no %s in its place in\n%s", order[i], out);
	}
}
END_TEST

/* ---- JSON of crypto maps ---- */

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

/* ---- words, segments ---- */

START_TEST(what_may_follow_is_listed)
{
	expect("show crypto map ?", "  tag          one of them\n  <cr>\n");
	expect("show crypto map tag ?", "  NAME         a crypto map\n");
	expect("show crypto ipsec sa ?", "  interface    those that use an interface\n"
					 "  map          those of a crypto map\n"
					 "  peer         those with a peer\n"
					 "  <cr>\n");
	expect("show crypto engine connections ?", "  active         SAs, and the packets that they have carried\n"
						   "  dropped-packet packets that were dropped, and why\n");
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
	runs("show crypto map tag TUNNELMAP");
	const char *first = strstr(out, "\"TUNNELMAP\" 10"), *second = strstr(out, "\"TUNNELMAP\" 5");
	ck_assert(first && second && first < second); /* each whole: with its own interfaces */
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
	Suite *s = suite_create("show");
	TCase *t = tcase_create("show");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, crypto_maps_are_the_reference_s);
	tcase_add_test(t, templates_are_the_reference_s);
	tcase_add_test(t, ipsec_sas_are_the_reference_s);
	tcase_add_test(t, the_engine_s_connections_are_the_reference_s);
	tcase_add_test(t, an_entry_is_laid_out_as_in_ios);
	tcase_add_test(t, what_is_not_known_of_an_entry_is_said_in_its_place);
	tcase_add_test(t, entries_come_by_map_and_sequence_and_interfaces_once_for_each_map);
	tcase_add_test(t, a_tag_names_one_map);
	tcase_add_test(t, a_tag_that_there_is_not_is_an_error);
	tcase_add_test(t, without_an_entry_none_is_said);
	tcase_add_test(t, lifetimes_are_in_kilobytes_and_seconds);
	tcase_add_test(t, what_an_sa_has_left_is_in_kilobytes_and_seconds);
	tcase_add_test(t, a_group_follows_when_there_is_pfs);
	tcase_add_test(t, keys_are_from_ike_or_by_hand);
	tcase_add_test(t, every_peer_has_a_line);
	tcase_add_test(t, the_current_peer_is_that_of_a_tunnel_that_is_up);
	tcase_add_test(t, transform_sets_are_named_by_what_is_in_them);
	tcase_add_test(t, an_entry_that_is_down_says_since_when_and_why);
	tcase_add_test(t, a_template_that_is_used_is_up);
	tcase_add_test(t, an_entry_that_is_not_meant_to_come_up_says_so);
	tcase_add_test(t, an_entry_that_is_removed_is_not_shown);
	tcase_add_test(t, access_lists_are_in_ios_s_notation);
	tcase_add_test(t, ipv6_has_an_access_list_of_its_own);
	tcase_add_test(t, an_access_list_that_leads_in_a_circle_ends);
	tcase_add_test(t, an_entry_that_cannot_be_read_is_counted_and_the_others_are_shown);
	tcase_add_test(t, connections_are_laid_out_as_in_ios);
	tcase_add_test(t, algorithms_are_named_in_ios_s_manner);
	tcase_add_test(t, connections_of_a_held_tunnel_are_not_shown);
	tcase_add_test(t, json_of_connections);
	tcase_add_test(t, a_conn_id_is_the_same_sa_s_in_both_commands);
	tcase_add_test(t, without_an_entry_s_interface_it_is_the_one_with_the_address);
	tcase_add_test(t, tunnels_of_one_map_on_two_interfaces_have_two_headings);
	tcase_add_test(t, the_tag_of_a_tunnel_without_a_name_is_its_entry_s);
	tcase_add_test(t, flags_say_what_is_in_transport_mode_and_what_a_template_made);
	tcase_add_test(t, tunnels_can_be_asked_for_by_peer_interface_and_map);
	tcase_add_test(t, asked_for_what_there_is_not_none_is_said);
	tcase_add_test(t, a_name_that_there_is_not_is_an_error_that_has_those_that_there_are);
	tcase_add_test(t, a_peer_is_an_address);
	tcase_add_test(t, esp_ah_and_ipcomp_have_their_lists);
	tcase_add_test(t, json_of_crypto_maps);
	tcase_add_test(t, what_json_does_not_know_is_null_and_what_it_knows_keeps_its_type);
	tcase_add_test(t, what_may_follow_is_listed);
	tcase_add_test(t, each_segment_has_its_maps);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
