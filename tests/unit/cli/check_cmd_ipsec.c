/* SPDX-License-Identifier: ISC */
/* show crypto ipsec sa, show crypto engine connections active, words, and segments. */

#include "show_fixture.h"

/* A line without its indentation and with single blanks: this is how the reference came to us. */
static const char *
squeeze_blanks(const char *line, size_t len, char copy[256])
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
		squeeze_blanks(from, len, ours);
		from += len + (from[len] == '\n');
		bool skip = ours[0] == '\0';
		for (const char *const *e = extra; *e; e++)
			skip = skip || strncmp(ours, *e, strlen(*e)) == 0;
		if (!skip)
			ck_assert_str_eq(ours, reference[i++]);
	}
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
	run_quietly("show crypto ipsec sa");
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
	run_quietly("show crypto engine connections active");
	expect_reference(reference, COUNT(reference), extra);
}
END_TEST

/* --- show crypto engine connections active ------------------------------- */

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
	run_quietly("show crypto engine connections active");
	expect_no_word("FastEthernet");
	run_quietly("show crypto engine connections active --json");
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

/* --- show crypto ipsec sa ------------------------------------------------ */

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

/* --- words, segments ----------------------------------------------------- */

START_TEST(what_may_follow_is_listed)
{
	expect("show crypto map ?", "  tag          one of them\n  <cr>\n");
	expect("show crypto map tag ?", "  NAME         a crypto map\n");
	expect("show crypto ipsec sa ?", "  interface    only those of an interface\n"
					 "  map          only those of a crypto map\n"
					 "  peer         only those with a peer\n"
					 "  <cr>\n");
	expect("show crypto engine connections ?", "  active         SAs and their packets\n"
						   "  dropped-packet dropped packets by reason\n");
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
	Suite *suite = suite_create("cmd_ipsec");
	TCase *tc = tcase_create("show");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, crypto_maps_are_the_reference_s);
	tcase_add_test(tc, templates_are_the_reference_s);
	tcase_add_test(tc, ipsec_sas_are_the_reference_s);
	tcase_add_test(tc, the_engine_s_connections_are_the_reference_s);
	tcase_add_test(tc, connections_are_laid_out_as_in_ios);
	tcase_add_test(tc, algorithms_are_named_in_ios_s_manner);
	tcase_add_test(tc, connections_of_a_held_tunnel_are_not_shown);
	tcase_add_test(tc, json_of_connections);
	tcase_add_test(tc, a_conn_id_is_the_same_sa_s_in_both_commands);
	tcase_add_test(tc, without_an_entry_s_interface_it_is_the_one_with_the_address);
	tcase_add_test(tc, tunnels_of_one_map_on_two_interfaces_have_two_headings);
	tcase_add_test(tc, the_tag_of_a_tunnel_without_a_name_is_its_entry_s);
	tcase_add_test(tc, flags_say_what_is_in_transport_mode_and_what_a_template_made);
	tcase_add_test(tc, tunnels_can_be_asked_for_by_peer_interface_and_map);
	tcase_add_test(tc, asked_for_what_there_is_not_none_is_said);
	tcase_add_test(tc, a_name_that_there_is_not_is_an_error_that_has_those_that_there_are);
	tcase_add_test(tc, a_peer_is_an_address);
	tcase_add_test(tc, esp_ah_and_ipcomp_have_their_lists);
	tcase_add_test(tc, what_may_follow_is_listed);
	tcase_add_test(tc, each_segment_has_its_maps);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
