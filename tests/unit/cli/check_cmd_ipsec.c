/* SPDX-License-Identifier: ISC */
/* show crypto ipsec sa. */
#include "show_fixture.h"

static const struct ipm_proposal GCM256 = { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 256 };

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
		"path mtu -, media mtu -", /* 1500 there; our feeds don't know it */
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
	run_quietly("show crypto ipsec sa");
	expect_reference(reference, COUNT(reference), extra);
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

START_TEST(a_tunnel_is_shown_as_ios_shows_it)
{
	given_segment();
	given_site_b();
	expect("show crypto ipsec sa",
	       "\n"
	       "interface: -\n"
	       "    Crypto map tag: site-b, local addr. 172.22.1.3\n"
	       "\n"
	       "   local  ident (addr/mask/prot/port): (10.1.0.0/255.255.0.0/0/0)\n"
	       "   remote ident (addr/mask/prot/port): (10.2.3.0/255.255.255.0/0/0)\n"
	       "   current_peer: 172.22.1.4\n"
	       "     PERMIT, flags={origin_is_acl,}\n"
	       "    #pkts encaps: 466, #pkts encrypt: 466, #pkts digest 466\n"
	       "    #pkts decaps: 1156, #pkts decrypt: 1156, #pkts verify 1156\n"
	       "    #pkts compressed: 0, #pkts decompressed: 0\n"
	       "    #pkts not compressed: 0, #pkts compr. failed: 0, #pkts decompress failed: 0\n"
	       "    #send errors 0, #recv errors 3\n"
	       "\n"
	       "     local crypto endpt.: 172.22.1.3, remote crypto endpt.: 172.22.1.4\n"
	       "     path mtu -, media mtu -\n"
	       "     current outbound spi: EB99FB6C\n"
	       "\n"
	       "     inbound esp sas:\n"
	       "      spi: 0x5A48ACC4(1514712260)\n"
	       "        transform: esp-256-aes esp-sha256-hmac ,\n"
	       "        in use settings ={Tunnel, }\n"
	       "        slot: 0, conn id: 2000, flow_id: 1, crypto map: site-b\n"
	       "        sa timing: remaining key lifetime (k/sec): (4607990/3392)\n"
	       "        IV size: 16 bytes\n"
	       "        replay detection support: Y\n"
	       "\n"
	       "     inbound ah sas:\n"
	       "\n"
	       "     inbound pcp sas:\n"
	       "\n"
	       "     outbound esp sas:\n"
	       "      spi: 0xEB99FB6C(3952737132)\n"
	       "        transform: esp-256-aes esp-sha256-hmac ,\n"
	       "        in use settings ={Tunnel, }\n"
	       "        slot: 0, conn id: 2001, flow_id: 1, crypto map: site-b\n"
	       "        sa timing: remaining key lifetime (sec): 3392\n"
	       "        IV size: 16 bytes\n"
	       "        replay detection support: -\n"
	       "\n"
	       "     outbound ah sas:\n"
	       "\n"
	       "     outbound pcp sas:\n"
	       "\n");
}
END_TEST

START_TEST(each_pair_of_selectors_has_its_block)
{
	given_segment();
	int t = given_site_b();
	struct ipm_selector two[] = {
		{ .local = subnet("10.1.0.0", "10.1.255.255", 16), .remote = subnet("10.2.3.0", "10.2.3.255", 24) },
		{ .local = subnet("2001:db8:1::", "2001:db8:1:ffff::", 48),
		  .remote = subnet("2001:db8:2::", "2001:db8:2:ffff::", 48) },
	};
	ck_assert_int_ge(ipm_tunnel_select(w, (uint32_t)t, two, 2), 0);
	ck_assert_int_eq(run("show crypto ipsec sa"), 0);
	ck_assert_uint_eq(times("interface:"), 1);
	ck_assert_uint_eq(times("local  ident"), 2);
	ck_assert_uint_eq(times("current outbound spi: EB99FB6C"), 2);
	expect_line("   local  ident (addr/mask/prot/port): (2001:DB8:1::/48/0/0)");
}
END_TEST

START_TEST(tunnels_of_a_connection_and_address_share_a_heading)
{
	given_segment();
	for (int i = 0; i < 3; i++) {
		given_tunnel((struct ipm_tunnel){ .local = addr("172.22.1.3"), .conn = "b" });
		given_tunnel((struct ipm_tunnel){ .local = addr("172.22.1.3"), .conn = "a" });
		given_tunnel((struct ipm_tunnel){ .local = addr("172.22.1.9"), .conn = "b" });
	}
	ck_assert_int_eq(run("show crypto ipsec sa"), 0);
	ck_assert_uint_eq(times("interface:"), 3);
	ck_assert_uint_eq(times("local  ident"), 9);
	const char *b = strstr(out, "tag: b, local addr. 172.22.1.3\n"), *a = strstr(out, "tag: a, local");
	const char *other = strstr(out, "tag: b, local addr. 172.22.1.9\n");
	ck_assert(b && a && other && b < a && a < other);
}
END_TEST

START_TEST(a_held_tunnel_is_not_shown)
{
	given_segment();
	int t = given_site_b();
	struct ipm_tunnel held = *ipm_tunnel_peek(w, (uint32_t)t);
	held.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, (uint32_t)t, &held);
	expect("show crypto ipsec sa", "none\n");
	ck_assert_int_eq(run("show crypto ipsec sa --json"), 0);
	expect_no_word("site-b");
}
END_TEST

START_TEST(settings_and_ciphers_of_an_sa)
{
	given_segment();
	int t = given_tunnel((struct ipm_tunnel){ .encap = IPM_ENCAP_TRANSPORT, .udp_encap = 1, .conn = "rw" });
	given_sa(t, (struct ipm_sa){ .spi = 0xC0, .direction = IPM_IN, .proposal = GCM256 });
	ck_assert_int_eq(run("show crypto ipsec sa"), 0);
	expect_line("    Crypto map tag: rw, local addr. -");
	expect_line("   local  ident (addr/mask/prot/port): (-/-/-/-)");
	expect_line("     current outbound spi: 0");
	expect_line("      spi: 0xC0(192)");
	expect_line("        transform: esp-gcm 256 ,");
	expect_line("        in use settings ={Transport UDP-Encaps, }");
	expect_line("        sa timing: remaining key lifetime (sec): -");
	expect_line("        IV size: 8 bytes");
}
END_TEST

START_TEST(ah_authenticates_and_does_not_encrypt)
{
	given_segment();
	int t = given_tunnel((struct ipm_tunnel){ .protocol = 51, .conn = "ah" });
	int sa = given_sa(t, (struct ipm_sa){ .spi = 7,
					      .direction = IPM_OUT,
					      .protocol = 51,
					      .proposal = { .integ = IPM_INTEG_HMAC_SHA1_96 } });
	ipm_sa_count(w, (uint32_t)sa, &(struct ipm_traffic){ .octets = 100, .raw_octets = 100, .pkts = 3 });
	ck_assert_int_eq(run("show crypto ipsec sa"), 0);
	expect_line("    #pkts encaps: 3, #pkts encrypt: 0, #pkts digest 3");
	expect_line("     current outbound spi: 7");
	ck_assert_ptr_nonnull(
		strstr(out, "     outbound ah sas:\n      spi: 0x7(7)\n        transform: ah-sha-hmac ,\n"));
	expect_line("        IV size: 0 bytes");
}
END_TEST

START_TEST(while_sas_overlap_the_newest_carries_what_leaves)
{
	given_segment();
	int t = given_site_b();
	int fresh = given_sa(t, (struct ipm_sa){ .spi = 0x1111, .direction = IPM_OUT, .proposal = AES256_SHA256 });
	ck_assert_int_eq(run("show crypto ipsec sa"), 0);
	expect_line("     current outbound spi: 1111");
	struct ipm_sa sa = *ipm_sa_peek(w, (uint32_t)fresh);
	sa.state = IPM_SA_EXPIRING;
	ipm_sa_put(w, (uint32_t)fresh, &sa);
	ck_assert_int_eq(run("show crypto ipsec sa"), 0);
	expect_line("     current outbound spi: EB99FB6C");
}
END_TEST

START_TEST(many_tunnels_come_in_the_order_of_their_index)
{
	given_segment();
	for (int i = 0; i < 500; i++)
		given_tunnel((struct ipm_tunnel){ .local = addr("192.0.2.1"), .conn = "c" });
	for (uint32_t i = 0; i < 500; i += 2) /* these slots are reused, with greater indexes */
		ipm_tunnel_stop(w, i, IPM_REASON_NORMAL);
	for (int i = 0; i < 100; i++)
		given_tunnel((struct ipm_tunnel){ .local = addr("192.0.2.1"), .conn = "c" });
	ck_assert_int_eq(run("show crypto ipsec sa --json"), 0);
	json_t *root = json_loads(out, 0, NULL), *tunnels, *t;
	tunnels = json_object_get(json_array_get(json_object_get(root, "segments"), 0), "tunnels");
	ck_assert_uint_eq(json_array_size(tunnels), 350);
	json_int_t before = 0;
	size_t i;
	json_array_foreach(tunnels, i, t)
	{
		json_int_t index = json_integer_value(json_object_get(t, "index"));
		ck_assert_int_gt(index, before);
		before = index;
	}
	json_decref(root);
}
END_TEST

START_TEST(lists_that_lead_in_a_circle_end)
{
	given_segment();
	int t = given_site_b();
	ipm_writer_commit(w);
	const struct ipm_header *h = ipm_header(ipm_writer_segment(w));
	const struct ipm_section *s = &h->section[IPM_SAS];
	uint32_t head = ipm_tunnel_peek(w, (uint32_t)t)->sa_head;
	patch(s->offset + (head - 1) * s->stride + sizeof(struct ipm_record) + offsetof(struct ipm_sa, next), &head, 4);
	ck_assert_int_eq(run("show crypto ipsec sa"), 1);
	ck_assert_str_eq(err, "ipsecmon: 1 record could not be read: its writer was changing it, or died doing so\n");
	patch(s->offset + (head - 1) * s->stride + sizeof(struct ipm_record) + offsetof(struct ipm_sa, next),
	      &(uint32_t){ 0 }, 4);
}
END_TEST

START_TEST(json_of_tunnels)
{
	given_segment();
	given_site_b();
	json_t *j = runs_json("show crypto ipsec sa --json");
	expect_text(j, "segments.0.tunnels.0.conn", "site-b");
	expect_text(j, "segments.0.tunnels.0.name", "lan");
	expect_text(j, "segments.0.tunnels.0.protocol", "esp");
	expect_text(j, "segments.0.tunnels.0.encap", "tunnel");
	expect_int(j, "segments.0.tunnels.0.in.pkts", 1156);
	expect_int(j, "segments.0.tunnels.0.in.drops.replay", 2);
	expect_int(j, "segments.0.tunnels.0.out.octets", 4660);
	ck_assert(json_is_false(at(j, "segments.0.tunnels.0.ike_alive")));
	expect_text(j, "segments.0.tunnels.0.selectors.0.local.first", "10.1.0.0");
	expect_int(j, "segments.0.tunnels.0.selectors.0.local.prefix", 16);
	expect_text(j, "segments.0.tunnels.0.sas.0.spi", "0x5a48acc4");
	expect_text(j, "segments.0.tunnels.0.sas.0.direction", "in");
	expect_int(j, "segments.0.tunnels.0.sas.0.remaining", 3392);
	expect_int(j, "segments.0.tunnels.0.sas.0.lifetime_octets", (json_int_t)4608000 * 1024);
	expect_int(j, "segments.0.tunnels.0.sas.0.replay_window", 32);
	expect_text(j, "segments.0.tunnels.0.sas.1.spi", "0xeb99fb6c");
	ck_assert(json_is_null(at(j, "segments.0.tunnels.0.sas.1.lifetime_octets")));
	ck_assert(json_is_null(at(j, "segments.0.tunnels.0.sas.1.replay_window")));
	json_decref(j);
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
	run_quietly("show crypto ipsec sa");
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
	run_quietly("show crypto ipsec sa");
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
	run_quietly("show crypto ipsec sa");
	ck_assert_ptr_nonnull(strstr(out, "interface: -\n    Crypto map tag: -, local"));
	expect_line("        slot: 0, conn id: 2000, flow_id: 1, crypto map: -");
	ipm_tunnel_from(w, (uint32_t)t, map);
	run_quietly("show crypto ipsec sa map policy");
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
	run_quietly("show crypto ipsec sa");
	expect_line("     PERMIT, flags={}");
	given_entry((struct ipm_map_entry){ .name = "u", .kind = IPM_MAP_DYNAMIC });
	given_tunnel((struct ipm_tunnel){ .conn = "u", .encap = IPM_ENCAP_TRANSPORT });
	run_quietly("show crypto ipsec sa map u");
	expect_line("     PERMIT, flags={transport_parent,parent_is_transport,}");
}
END_TEST

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
		run_quietly(rows[i].command);
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
	/* Of many names only some are listed, and none with control characters. */
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
	ck_assert_str_eq(err, "ipsecmon: \"show crypto ipsec sa peer\" is incomplete; possible next words:\n"
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
	run_quietly("show crypto ipsec sa");
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

int
main(void)
{
	Suite *suite = suite_create("cmd_ipsec");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, ipsec_sas_are_the_reference_s);
	tcase_add_test(tc, a_tunnel_is_shown_as_ios_shows_it);
	tcase_add_test(tc, each_pair_of_selectors_has_its_block);
	tcase_add_test(tc, tunnels_of_a_connection_and_address_share_a_heading);
	tcase_add_test(tc, a_held_tunnel_is_not_shown);
	tcase_add_test(tc, settings_and_ciphers_of_an_sa);
	tcase_add_test(tc, ah_authenticates_and_does_not_encrypt);
	tcase_add_test(tc, while_sas_overlap_the_newest_carries_what_leaves);
	tcase_add_test(tc, many_tunnels_come_in_the_order_of_their_index);
	tcase_add_test(tc, lists_that_lead_in_a_circle_end);
	tcase_add_test(tc, json_of_tunnels);
	tcase_add_test(tc, without_an_entry_s_interface_it_is_the_one_with_the_address);
	tcase_add_test(tc, tunnels_of_one_map_on_two_interfaces_have_two_headings);
	tcase_add_test(tc, the_tag_of_a_tunnel_without_a_name_is_its_entry_s);
	tcase_add_test(tc, flags_say_what_is_in_transport_mode_and_what_a_template_made);
	tcase_add_test(tc, tunnels_can_be_asked_for_by_peer_interface_and_map);
	tcase_add_test(tc, asked_for_what_there_is_not_none_is_said);
	tcase_add_test(tc, a_name_that_there_is_not_is_an_error_that_has_those_that_there_are);
	tcase_add_test(tc, a_peer_is_an_address);
	tcase_add_test(tc, esp_ah_and_ipcomp_have_their_lists);
	return run_suite(suite);
}
