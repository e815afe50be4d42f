/* SPDX-License-Identifier: ISC */
/* ipsecmon: words, idents, transforms, and what the commands print from a segment. */
#include <check.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipm_int.h"
#include "algo_names.h"
#include "cli_fixture.h"
#include "cmd_table.h"
#include "out.h"

static const struct ipm_proposal AES256_SHA256 = { .encr = IPM_ENCR_AES_CBC,
						   .encr_bits = 256,
						   .integ = IPM_INTEG_HMAC_SHA2_256_128 };
static const struct ipm_proposal GCM256 = { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 256 };

static int
given_ike(uint8_t version, enum ipm_ike_state state, bool initiator, const char *local, const char *remote)
{
	struct ipm_ike_sa sa = {
		.state = (uint8_t)state,
		.version = version,
		.initiator = initiator,
		.local = addr(local),
		.remote = addr(remote),
		.local_port = 500,
		.remote_port = 4500,
		.auth = IPM_AUTH_PSK,
		.spi_initiator = 0x0123456789abcdefu,
		.spi_responder = 0xfedcba9876543210u,
		.proposal = { .encr = IPM_ENCR_AES_CBC,
			      .encr_bits = 256,
			      .prf = IPM_PRF_HMAC_SHA2_256,
			      .integ = IPM_INTEG_HMAC_SHA2_256_128,
			      .group = IPM_GROUP_MODP_2048 },
		.conn = "site-b",
		.local_id = "CN=a",
		.remote_id = "CN=b",
		/* the future: ages are 0 and lifetimes whole, however long the test takes */
		.created_ns = ipm_now_ns() + 3600u * (uint64_t)SECOND,
		.established_ns = ipm_now_ns() + 3600u * (uint64_t)SECOND,
		.hard_ns = 14400u * (uint64_t)SECOND,
	};
	int slot = ipm_ike_start(w, &sa);
	ck_assert_int_ge(slot, 0);
	return slot;
}

/* One tunnel of site-b with a pair of SAs that have carried packets. */
static int
given_site_b(void)
{
	int t = given_tunnel((struct ipm_tunnel){
		.local = addr("172.22.1.3"), .remote = addr("172.22.1.4"), .conn = "site-b", .name = "lan" });
	given_selector(t, subnet("10.1.0.0", "10.1.255.255", 16), subnet("10.2.3.0", "10.2.3.255", 24));
	int in = given_sa(t, (struct ipm_sa){ .spi = 0x5A48ACC4,
					      .direction = IPM_IN,
					      .proposal = AES256_SHA256,
					      .replay_window = 32,
					      .hard_ns = 3392u * (uint64_t)SECOND,
					      .hard_octets = 4608000u * (uint64_t)1024 });
	int o = given_sa(t, (struct ipm_sa){ .spi = 0xEB99FB6C,
					     .direction = IPM_OUT,
					     .proposal = AES256_SHA256,
					     .hard_ns = 3392u * (uint64_t)SECOND });
	struct ipm_traffic carried = { .octets = 10240, .raw_octets = 10240, .pkts = 1156 };
	carried.drops[IPM_DROP_REPLAY] = 2;
	carried.drops[IPM_DROP_AUTH] = 1;
	ipm_sa_count(w, (uint32_t)in, &carried);
	ipm_sa_count(w, (uint32_t)o, &(struct ipm_traffic){ .octets = 4660, .raw_octets = 4660, .pkts = 466 });
	return t;
}

/* ---- words ---- */

static struct cmd_match
match(const char *line)
{
	static char copy[128];
	static char *word[16];
	struct cmd_match m;
	int n = 0;
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *at = strtok(copy, " "); at; at = strtok(NULL, " "))
		word[n++] = at;
	cmd_match(cmd_root, n, word, &m);
	return m;
}

START_TEST(a_word_may_be_shortened_while_it_is_unique)
{
	static const char *const lines[] = { "show crypto isakmp sa", "sh cry isa sa", "s c is s",
					     "SHOW Crypto ISAKMP SA" };
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct cmd_match m = match(lines[i]);
		ck_assert_int_eq(m.result, CMD_RUN);
		ck_assert_ptr_eq(m.word->run, cmd_isakmp_sa);
	}
	ck_assert_ptr_eq(match("sh cr ip s").word->run, cmd_ipsec_sa);
	ck_assert_ptr_eq(match("show f").word->run, cmd_feeds);
}
END_TEST

START_TEST(a_wrong_word_is_named)
{
	struct cmd_match m = match("show cripto");
	ck_assert_int_eq(m.result, CMD_UNKNOWN);
	ck_assert_int_eq(m.at, 1);
	ck_assert_str_eq(m.prefix, "cripto");
	ck_assert_int_eq(match("show crypto i").result, CMD_AMBIGUOUS);
	ck_assert_int_eq(match("show crypto ipsecs").result, CMD_UNKNOWN);
	ck_assert_int_eq(match("show crypto ipsec sa all").result, CMD_UNKNOWN);
	ck_assert_int_eq(match("show crypto").result, CMD_INCOMPLETE);
	ck_assert_int_eq(match("").result, CMD_INCOMPLETE);
}
END_TEST

START_TEST(a_whole_word_wins_over_a_longer_one_and_an_argument_fits_anything)
{
	static const struct cmd_word after_peer[] = {
		{ .word = "A.B.C.D", .help = "address", .argument = true, .run = cmd_ipsec_sa }, { 0 }
	};
	static const struct cmd_word words[] = { { .word = "sas", .help = "many", .run = cmd_feeds },
						 { .word = "sa", .help = "one", .run = cmd_ipsec_sa },
						 { .word = "peer", .help = "of", .next = after_peer },
						 { 0 } };
	struct cmd_match m;
	char *sa[] = { (char[]){ "sa" } }, *peer[] = { (char[]){ "p" }, (char[]){ "192.0.2.1" } };
	cmd_match(words, 1, sa, &m);
	ck_assert_int_eq(m.result, CMD_RUN);
	ck_assert_ptr_eq(m.word->run, cmd_ipsec_sa);
	cmd_match(words, 2, peer, &m);
	ck_assert_int_eq(m.result, CMD_RUN);
	ck_assert_uint_eq(m.arguments, 1);
	ck_assert_str_eq(m.argument[0], "192.0.2.1");
	cmd_match(words, 1, peer, &m);
	ck_assert_int_eq(m.result, CMD_INCOMPLETE);
}
END_TEST

START_TEST(a_question_mark_lists_what_fits)
{
	expect("?", "  check        check the whole chain, from the SAs to the poller\n"
		    "  export       print the IPsec state for another program\n"
		    "  show         show the IPsec state\n");
	expect("show ?", "  crypto        IKE and IPsec\n"
			 "  feeds         sources of the figures, and their age\n"
			 "  notifications SNMP notifications sent, suppressed and waiting\n");
	expect("show cr?", "  crypto       IKE and IPsec\n");
	expect("show crypto i? sa", "  ipsec        IPsec: phase 2\n  isakmp       IKE: phase 1\n");
	expect("show feeds ?", "  <cr>\n");
}
END_TEST

START_TEST(a_wrong_command_says_which_word_and_what_fits)
{
	ck_assert_int_eq(run("show crypto i sa"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"i\" is ambiguous after \"show crypto\"; it fits\n"
			      "  ipsec        IPsec: phase 2\n  isakmp       IKE: phase 1\n");
	ck_assert_int_eq(run("show cripto"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"cripto\" is not known after \"show\"; known:\n"
			      "  crypto        IKE and IPsec\n"
			      "  feeds         sources of the figures, and their age\n"
			      "  notifications SNMP notifications sent, suppressed and waiting\n");
	ck_assert_int_eq(run("show crypto isakmp"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"show crypto isakmp\" is incomplete; possible next words:\n"
			      "  sa           IKE SAs, of IKEv1 and IKEv2\n");
	ck_assert_int_eq(run("show feeds now"), 2);
	ck_assert_str_eq(err, "ipsecmon: \"now\" is not known after \"show feeds\", after the end of the command\n");
	ck_assert_int_eq(run("--colour show feeds"), 2);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(every_word_has_a_line_of_help)
{
	const struct cmd_word *todo[16] = { cmd_root };
	size_t n = 1, seen = 0;
	while (n > 0)
		for (const struct cmd_word *word = todo[--n]; word && word->word; word++, seen++) {
			ck_assert_ptr_nonnull(word->help);
			ck_assert_ptr_null(strchr(word->help, '\n'));
			ck_assert(word->run || word->next);
			if (word->next) {
				ck_assert_uint_lt(n, COUNT(todo));
				todo[n++] = word->next;
			}
		}
	ck_assert_uint_ge(seen, 7);
}
END_TEST

/* ---- rendering ---- */

START_TEST(idents_look_as_in_ios)
{
	char text[OUT_IDENT_MAX];
	struct ipm_sel_side side = subnet("10.1.0.0", "10.1.255.255", 16);
	ck_assert_str_eq(out_ident(&side, text), "10.1.0.0/255.255.0.0/0/0");
	side = subnet("0.0.0.0", "255.255.255.255", 0);
	ck_assert_str_eq(out_ident(&side, text), "0.0.0.0/0.0.0.0/0/0");
	side = subnet("2001:db8::", "2001:db8::ffff", 64);
	ck_assert_str_eq(out_ident(&side, text), "2001:DB8::/64/0/0");
	side = (struct ipm_sel_side){ .type = IPM_SEL_SINGLE,
				      .protocol = 17,
				      .port_first = 1701,
				      .port_last = 1701,
				      .first = addr("172.22.1.3"),
				      .last = addr("172.22.1.3") };
	ck_assert_str_eq(out_ident(&side, text), "172.22.1.3/255.255.255.255/17/1701");
	side.first = addr("2001:db8::1");
	ck_assert_str_eq(out_ident(&side, text), "2001:DB8::1/128/17/1701");
	side = (struct ipm_sel_side){ .type = IPM_SEL_RANGE,
				      .protocol = 6,
				      .port_first = 80,
				      .port_last = 90,
				      .first = addr("10.0.0.1"),
				      .last = addr("10.0.0.9") };
	ck_assert_str_eq(out_ident(&side, text), "10.0.0.1-10.0.0.9/-/6/80-90");
	side = (struct ipm_sel_side){ .type = IPM_SEL_SUBNET, .prefix = 200, .first = { .len = 4 } };
	ck_assert_str_eq(out_ident(&side, text), "0.0.0.0/255.255.255.255/0/0");
	side = (struct ipm_sel_side){ 0 };
	ck_assert_str_eq(out_ident(&side, text), "-/-/0/0");
}
END_TEST

START_TEST(transforms_look_as_in_ios)
{
	static const struct {
		struct ipm_proposal p;
		uint8_t protocol;
		const char *text;
	} rows[] = {
		{ { .encr = IPM_ENCR_3DES, .integ = IPM_INTEG_HMAC_SHA1_96 }, 50, "esp-3des esp-sha-hmac" },
		{ { .encr = IPM_ENCR_DES, .integ = IPM_INTEG_HMAC_MD5_96 }, 50, "esp-des esp-md5-hmac" },
		{ { .encr = IPM_ENCR_AES_CBC, .encr_bits = 128, .integ = IPM_INTEG_HMAC_SHA1_96 },
		  50,
		  "esp-aes esp-sha-hmac" },
		{ { .encr = IPM_ENCR_AES_CBC, .encr_bits = 192, .integ = IPM_INTEG_HMAC_SHA2_384_192 },
		  50,
		  "esp-192-aes esp-sha384-hmac" },
		{ { .encr = IPM_ENCR_AES_CBC, .encr_bits = 256, .integ = IPM_INTEG_HMAC_SHA2_256_128 },
		  50,
		  "esp-256-aes esp-sha256-hmac" },
		{ { .encr = IPM_ENCR_AES_CBC, .encr_bits = 256, .integ = IPM_INTEG_HMAC_SHA2_512_256 },
		  50,
		  "esp-256-aes esp-sha512-hmac" },
		{ { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 128 }, 50, "esp-gcm" },
		{ { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 256 }, 50, "esp-gcm 256" },
		{ { .encr = IPM_ENCR_CHACHA20_POLY1305, .encr_bits = 256 }, 50, "esp-chacha20-poly1305" },
		{ { .encr = IPM_ENCR_NULL, .integ = IPM_INTEG_HMAC_SHA1_96 }, 50, "esp-null esp-sha-hmac" },
		{ { .integ = IPM_INTEG_HMAC_SHA1_96 }, 51, "ah-sha-hmac" },
		{ { .integ = IPM_INTEG_HMAC_SHA2_256_128 }, 51, "ah-sha256-hmac" },
		/* what we do not know is never "none" nor "null" */
		{ { .encr = 1024, .integ = 1025 }, 50, "encr-1024 integ-1025" },
		{ { .encr = IPM_TRANSFORM_OTHER }, 50, "encr-other" },
		{ { 0 }, 50, "encr-unknown" },
		{ { 0 }, 51, "integ-unknown" },
		{ { .encr = 10 }, 50, "encr-10" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[ALGO_TRANSFORM_MAX];
		ck_assert_str_eq(algo_transform(rows[i].protocol, &rows[i].p, text), rows[i].text);
	}
}
END_TEST

START_TEST(plain_names_are_iana_s)
{
	char text[ALGO_NAME_MAX];
	ck_assert_str_eq(algo_name(ALGO_ENCR, 12, 256, text), "AES_CBC_256");
	ck_assert_str_eq(algo_name(ALGO_ENCR, 20, 128, text), "AES_GCM_16_128");
	ck_assert_str_eq(algo_name(ALGO_ENCR, 3, 0, text), "3DES_CBC");
	ck_assert_str_eq(algo_name(ALGO_INTEG, 12, 0, text), "HMAC_SHA2_256_128");
	ck_assert_str_eq(algo_name(ALGO_PRF, 5, 0, text), "PRF_HMAC_SHA2_256");
	ck_assert_str_eq(algo_name(ALGO_GROUP, 31, 0, text), "CURVE_25519");
	ck_assert_str_eq(algo_name(ALGO_GROUP, 4, 0, text), "group-4");
	ck_assert_str_eq(algo_name(ALGO_ENCR, 999, 0, text), "encr-999");
	ck_assert_str_eq(algo_name(ALGO_PRF, IPM_TRANSFORM_OTHER, 0, text), "prf-other");
	ck_assert_ptr_null(algo_name(ALGO_INTEG, 0, 0, text));
}
END_TEST

START_TEST(initialization_vectors_have_their_cipher_s_size)
{
	ck_assert_int_eq(algo_iv_octets(3), 8);
	ck_assert_int_eq(algo_iv_octets(12), 16);
	ck_assert_int_eq(algo_iv_octets(20), 8);
	ck_assert_int_eq(algo_iv_octets(11), 0);
	ck_assert_int_eq(algo_iv_octets(999), -1);
	ck_assert_int_eq(algo_iv_octets(0), -1);
}
END_TEST

START_TEST(text_from_a_peer_cannot_reach_the_terminal_s_controls)
{
	char text[OUT_TEXT_MAX];
	ck_assert_str_eq(out_clean("CN=\033[2Ja\nb", 64, text), "CN=?[2Ja?b");
	ck_assert_str_eq(out_clean("M\xc3\xbcnchen \xe2\x82\xac", 64, text), "M\xc3\xbcnchen \xe2\x82\xac");
	ck_assert_str_eq(out_clean("\xc2\x9b\xff\xc3", 64, text), "????");
	ck_assert_str_eq(out_clean("no end", 2, text), "no");
}
END_TEST

START_TEST(a_file_name_cannot_reach_the_terminal_s_controls)
{
	given_odd_segment_file();
	ck_assert_int_eq(run("show feeds"), 1);
	ck_assert_msg(strstr(err, "/esc?[2J??name.model: "), "%s", err);
	/* A name that is in use all the same. */
	strcpy(strrchr(segment_file, '/'), "/e\033[0m.model");
	given_segment();
	run("show feeds");
	ck_assert_msg(strstr(out, "/e?[0m.model)"), "%s", out);
	expect_no_word("\033");
	run("--json show feeds");
	ck_assert_msg(strstr(out, "/e?[0m.model\""), "%s", out);
}
END_TEST

/* ---- show crypto isakmp sa ---- */

START_TEST(ike_sas_are_shown_initiator_as_src_and_responder_as_dst)
{
	given_segment();
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	given_ike(2, IPM_IKE_ESTABLISHED, false, "172.22.1.3", "192.0.2.200");
	given_ike(2, IPM_IKE_NEGOTIATING, true, "172.22.1.3", "192.0.2.1");
	given_ike(1, IPM_IKE_DELETING, true, "172.22.1.3", "192.0.2.2");
	expect("show crypto isakmp sa", "dst             src             state          conn-id slot\n"
					"172.22.1.4      172.22.1.3      QM_IDLE              1    0\n"
					"172.22.1.3      192.0.2.200     READY                2    0\n"
					"192.0.2.2       172.22.1.3      DELETE               3    0\n"
					"192.0.2.1       172.22.1.3      IN-NEG               0    0\n");
}
END_TEST

START_TEST(ipv6_ike_sas_come_in_a_block_of_their_own)
{
	given_segment();
	given_ike(2, IPM_IKE_ESTABLISHED, true, "2001:db8:ffff:ffff:ffff:ffff:ffff:fff1", "2001:db8::2");
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	expect("show crypto isakmp sa", "IPv4 Crypto ISAKMP SA\n"
					"dst             src             state          conn-id slot\n"
					"172.22.1.4      172.22.1.3      QM_IDLE              2    0\n"
					"\n"
					"IPv6 Crypto ISAKMP SA\n"
					"\n"
					" dst: 2001:DB8::2\n"
					" src: 2001:DB8:FFFF:FFFF:FFFF:FFFF:FFFF:FFF1\n"
					" state: READY          conn-id:       1 slot:    0\n"
					"\n");
}
END_TEST

START_TEST(without_an_ike_sa_there_is_the_header)
{
	given_segment();
	expect("show crypto isakmp sa", "dst             src             state          conn-id slot\n");
}
END_TEST

/* ---- show crypto ipsec sa ---- */

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
	for (uint32_t i = 0; i < 500; i += 2) /* slots that come again, with greater indexes */
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

/* ---- JSON ---- */

START_TEST(json_of_ike_sas)
{
	given_segment();
	given_ike(2, IPM_IKE_ESTABLISHED, true, "2001:db8::1", "192.0.2.1");
	given_ike(1, IPM_IKE_NEGOTIATING, false, "192.0.2.2", "192.0.2.1");
	ck_assert_int_eq(run("show --json crypto isakmp sa"), 0);
	json_error_t why;
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, &why);
	ck_assert_msg(j != NULL, "%s in %s", why.text, out);
	ck_assert_uint_eq(json_array_size(at(j, "segments")), 1);
	expect_text(j, "segments.0.name", "gateway");
	expect_int(j, "segments.0.writer_pid", getpid());
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.ike_sas")), 2);
	expect_int(j, "segments.0.ike_sas.0.index", 1);
	expect_text(j, "segments.0.ike_sas.0.state", "established");
	expect_text(j, "segments.0.ike_sas.0.ios_state", "READY");
	expect_int(j, "segments.0.ike_sas.0.version", 2);
	ck_assert(json_is_true(at(j, "segments.0.ike_sas.0.initiator")));
	expect_text(j, "segments.0.ike_sas.0.auth", "psk");
	expect_text(j, "segments.0.ike_sas.0.local", "2001:db8::1");
	expect_int(j, "segments.0.ike_sas.0.remote_port", 4500);
	expect_text(j, "segments.0.ike_sas.0.remote_id", "CN=b");
	expect_text(j, "segments.0.ike_sas.0.spi_initiator", "0x0123456789abcdef");
	expect_text(j, "segments.0.ike_sas.0.proposal.encr", "AES_CBC_256");
	expect_int(j, "segments.0.ike_sas.0.proposal.encr_id", 12);
	expect_text(j, "segments.0.ike_sas.0.proposal.group", "MODP_2048");
	expect_int(j, "segments.0.ike_sas.0.lifetime", 14400);
	expect_int(j, "segments.0.ike_sas.0.remaining", 14400);
	ck_assert(json_is_null(at(j, "segments.0.ike_sas.0.mode")));
	expect_text(j, "segments.0.ike_sas.1.state", "negotiating");
	json_decref(j);
}
END_TEST

START_TEST(json_of_tunnels)
{
	given_segment();
	given_site_b();
	ck_assert_int_eq(run("show crypto ipsec sa --json"), 0);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(j);
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

/* ---- show feeds ---- */

static void
given_feed(void)
{
	int slot = ipm_feed_open(w, "vici");
	ck_assert_int_ge(slot, 0);
	struct ipm_feed feed = *ipm_feed_peek(w, (uint32_t)slot);
	uint64_t now = ipm_now_ns() + 3600u * (uint64_t)SECOND; /* as above: ages are 0 */
	feed.state = IPM_FEED_UP;
	strcpy(feed.source, "/run/charon.vici");
	strcpy(feed.detail, "strongSwan 5.9.8");
	feed.since_ns = feed.updated_ns = feed.errored_ns = now;
	feed.interval_ns = 5u * (uint64_t)SECOND;
	feed.connects = 2;
	feed.errors = 1;
	feed.events = 17;
	strcpy(feed.error, "the socket was closed");
	ipm_feed_put(w, (uint32_t)slot, &feed);
}

START_TEST(feeds_say_how_they_are)
{
	char head[256];
	given_segment();
	given_feed();
	given_site_b();
	ck_assert_int_eq(run("show feeds"), 0);
	snprintf(head, sizeof(head), "segment gateway (%s)", segment_file);
	expect_line(head);
	snprintf(head, sizeof(head), "  writer running (pid %d), heartbeat 0 s ago", (int)getpid());
	expect_line(head);
	expect_line("  capacity used: IKE SAs 0 of 8, tunnels 1 of 512, selectors 1 of 600,\n"
		    "    SAs 2 of 1100, feeds 1 of 4");
	ck_assert_ptr_nonnull(strstr(out, "  feed vici: up for 0 s\n"
					  "    source: /run/charon.vici (strongSwan 5.9.8)\n"
					  "    last update: 0 s ago, asked every 5 s\n"
					  "    connects: 2, events: 17, errors: 1, rejected: 0\n"
					  "    last error: 0 s ago: the socket was closed\n"));
}
END_TEST

START_TEST(json_of_feeds)
{
	given_segment();
	given_feed();
	ck_assert_int_eq(run("show feeds --json"), 0);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(j);
	expect_text(j, "segments.0.feeds.0.name", "vici");
	expect_text(j, "segments.0.feeds.0.state", "up");
	expect_int(j, "segments.0.feeds.0.interval", 5);
	expect_int(j, "segments.0.feeds.0.events", 17);
	expect_text(j, "segments.0.feeds.0.error", "the socket was closed");
	expect_int(j, "segments.0.sections.tunnels.capacity", 512);
	expect_int(j, "segments.0.sections.feeds.used", 1);
	json_decref(j);
}
END_TEST

/* ---- drops ---- */

static void
given_drops(void)
{
	struct ipm_interface uplink = { .ifindex = 2, .name = "FastEthernet0/1", .addr = addr("172.22.1.3") };
	struct ipm_interface unknown = { 0 };
	given_segment();
	ck_assert_int_ge(ipm_interface_dropped(w, &uplink, IPM_DROP_NOT_UP, 5), 0);
	ck_assert_int_ge(ipm_interface_dropped(w, &unknown, IPM_DROP_NOT_UP, 2), 0);
	ck_assert_int_ge(ipm_interface_dropped(w, &uplink, IPM_DROP_NOT_UP, 1), 0);
	ipm_dropped(w, IPM_OUT, IPM_DROP_NO_SA, 8);
	ipm_dropped(w, IPM_IN, IPM_DROP_POLICY, 3);
	ipm_writer_commit(w);
}

START_TEST(dropped_packets_by_interface_and_by_reason)
{
	given_drops();
	ck_assert_int_eq(run("show crypto engine connections dropped-packet"), 0);
	ck_assert_str_eq(out, "Packets dropped because of connection not established:\n"
			      "Interface            IP-Address      Drop Count\n"
			      "FastEthernet0/1      172.22.1.3      6\n"
			      "-                    -               2\n"
			      "\n"
			      "Packets dropped in all, by reason:\n"
			      "        In        Out   Reason\n"
			      "         3          0   no policy, or not what the policy wants\n"
			      "         0          8   no SA\n");
}
END_TEST

START_TEST(json_of_dropped_packets)
{
	given_drops();
	ck_assert_int_eq(run("show crypto engine connections dropped-packet --json"), 0);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(j);
	expect_text(j, "segments.0.interfaces.0.name", "FastEthernet0/1");
	expect_text(j, "segments.0.interfaces.0.address", "172.22.1.3");
	expect_int(j, "segments.0.interfaces.0.drops.not_up", 6);
	expect_int(j, "segments.0.interfaces.1.ifindex", 0);
	expect_int(j, "segments.0.drops_out.no_sa", 8);
	expect_int(j, "segments.0.drops_in.policy", 3);
	expect_int(j, "segments.0.drops_in.no_sa", 0);
	json_decref(j);
}
END_TEST

/* ---- segments ---- */

START_TEST(without_a_segment_a_sentence_says_why)
{
	char want[256];
	snprintf(want, sizeof(want), "ipsecmon: no segment in %s: ipsecmond does not run, or it has another run-dir\n",
		 dir);
	ck_assert_int_eq(run("show feeds"), 1);
	ck_assert_str_eq(err, want);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(run("show feeds --json"), 1);
	ck_assert_str_eq(out, "{\"schema\":1,\"segments\":[]}\n");
}
END_TEST

START_TEST(a_segment_that_is_none_is_reported_and_the_others_are_shown)
{
	char bad[96], want[160];
	given_segment();
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	snprintf(bad, sizeof(bad), "%s/broken.model", dir);
	FILE *f = fopen(bad, "w");
	for (int i = 0; i < 8192; i++)
		fputc('x', f);
	fclose(f);
	ck_assert_int_eq(run("show crypto isakmp sa"), 1);
	snprintf(want, sizeof(want), "ipsecmon: %s: not a model segment\n", bad);
	ck_assert_str_eq(err, want);
	/* "broken" comes before "gateway": its slot is 0 */
	expect_line("172.22.1.4      172.22.1.3      QM_IDLE              1    1");
}
END_TEST

/* Run a command line as if the writer had last been heard of @p seconds ago. */
static int
run_silent(const char *line, unsigned seconds)
{
	ipm_writer_commit(w);
	uint64_t then = ipm_now_ns() - seconds * (uint64_t)SECOND;
	patch(offsetof(struct ipm_header, heartbeat_ns), &then, sizeof(then));
	struct ipm_writer *silent = w;
	w = NULL; /* no commit */
	int status = run(line);
	w = silent;
	return status;
}

START_TEST(figures_that_are_old_say_so_themselves)
{
	char want[256];
	if (ipm_now_ns() < 200u * (uint64_t)SECOND)
		return; /* this machine has only just started */
	given_segment();
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	uint32_t map = given_entry((struct ipm_map_entry){ .name = "m" });
	ck_assert_int_eq(run_silent("show crypto isakmp sa", 95), 0);
	snprintf(want, sizeof(want),
		 "%% slot 0, %s: its writer (pid %d) has been silent for 1 min 35 s: the figures are that old\n",
		 segment_file, (int)getpid());
	ck_assert_msg(strncmp(out, want, strlen(want)) == 0, "%s", out);
	ck_assert_str_eq(err, "");
	expect_line("172.22.1.4      172.22.1.3      QM_IDLE              1    0");
	(void)map;
	ck_assert_int_eq(run_silent("show crypto map", 95), 0);
	ck_assert_msg(strstr(out, "        Status: down for 0 s as of 1 min 35 s ago, not up yet"), "%s", out);

	ck_assert_int_eq(run_silent("show crypto isakmp sa --json", 95), 0);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	expect_text(j, "segments.0.state", "silent");
	expect_int(j, "segments.0.heartbeat_age", 95);
	ck_assert_msg(strstr(err, "has been silent for 1 min 35 s: the figures are that old\n"), "%s", err);
	json_decref(j);
	ck_assert_int_eq(run("show crypto isakmp sa --json"), 0);
	j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	expect_text(j, "segments.0.state", "running");
	json_decref(j);
}
END_TEST

START_TEST(what_a_stopped_writer_left_says_so_at_once)
{
	char want[256];
	given_segment();
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	ipm_writer_close(w);
	w = NULL;
	ck_assert_int_eq(run("show crypto isakmp sa"), 0);
	snprintf(want, sizeof(want), "%% slot 0, %s: its writer was stopped ", segment_file);
	ck_assert_msg(strncmp(out, want, strlen(want)) == 0, "%s", out);
	run("show feeds");
	expect_no_word("ago ago");
	ck_assert_msg(strstr(out, "\n  writer stopped, heartbeat "), "%s", out);
	run("show feeds --json");
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	expect_text(j, "segments.0.state", "stopped");
	json_decref(j);
}
END_TEST

START_TEST(an_agent_reported_so_long_ago)
{
	struct ipm_error error;
	struct ipm_writer_options opt = { .path = segment_file,
					  .name = "gateway",
					  .control = "/run/control",
					  .capacity = { .agents = 4, .events = 8 },
					  .mode = 0640 };
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &error), 0);
	expect("show notifications", "no agent has reported yet\n");
	ipm_agent_put(w, &(struct ipm_agent){ .pid = 4711, .name = "x", .sent = 3 });
	ck_assert_int_eq(run("show notifications"), 0);
	ck_assert_msg(strncmp(out, "agent x (pid 4711), reported ", 29) == 0, "%s", out);
	expect_line("  notifications sent: 3, suppressed: 0, switched off: 0, waiting: 0");
	expect_no_word("ago ago");
}
END_TEST

START_TEST(where_no_agent_can_report_that_is_said)
{
	given_segment(); /* without a control socket, as ipsecmon-engine's */
	expect("show notifications",
	       "segment gateway: agents cannot report to its writer, which has no control socket.\n"
	       "  Ask the agent over SNMP: ipsecmonAgentSent, ipsecmonAgentSuppressed\n");
	run("show notifications --json");
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	ck_assert(json_is_false(at(j, "segments.0.agents_report")));
	json_decref(j);
}
END_TEST

START_TEST(without_a_drop_none_is_said)
{
	given_segment();
	run("show crypto engine connections dropped-packet");
	expect_line("         -          -   none");
}
END_TEST

START_TEST(a_record_that_cannot_be_read_is_counted_and_the_others_are_shown)
{
	given_segment();
	int first = given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.4");
	given_ike(1, IPM_IKE_ESTABLISHED, true, "172.22.1.3", "172.22.1.5");
	ipm_writer_commit(w);
	const struct ipm_section *s = &ipm_header(ipm_writer_segment(w))->section[IPM_IKE_SAS];
	patch(s->offset + (size_t)first * s->stride, &(uint32_t){ 7 }, 4); /* its writer died in the middle of it */
	ck_assert_int_eq(run("show crypto isakmp sa"), 1);
	ck_assert_str_eq(err, "ipsecmon: 1 record could not be read: its writer was changing it, or died doing so\n");
	expect_line("172.22.1.5      172.22.1.3      QM_IDLE              2    0");
	patch(s->offset + (size_t)first * s->stride, &(uint32_t){ 8 }, 4);
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

START_TEST(a_configuration_that_is_wrong_is_reported)
{
	FILE *f = fopen(conf_file, "w");
	fprintf(f, "run-dir = here\n");
	fclose(f);
	ck_assert_int_eq(run("show feeds"), 1);
	ck_assert_ptr_nonnull(strstr(err, "/conf:1: run-dir must be an absolute path"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cli");
	TCase *t = tcase_create("cli");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_word_may_be_shortened_while_it_is_unique);
	tcase_add_test(t, a_wrong_word_is_named);
	tcase_add_test(t, a_whole_word_wins_over_a_longer_one_and_an_argument_fits_anything);
	tcase_add_test(t, a_question_mark_lists_what_fits);
	tcase_add_test(t, a_wrong_command_says_which_word_and_what_fits);
	tcase_add_test(t, every_word_has_a_line_of_help);
	tcase_add_test(t, idents_look_as_in_ios);
	tcase_add_test(t, transforms_look_as_in_ios);
	tcase_add_test(t, plain_names_are_iana_s);
	tcase_add_test(t, initialization_vectors_have_their_cipher_s_size);
	tcase_add_test(t, text_from_a_peer_cannot_reach_the_terminal_s_controls);
	tcase_add_test(t, a_file_name_cannot_reach_the_terminal_s_controls);
	tcase_add_test(t, ike_sas_are_shown_initiator_as_src_and_responder_as_dst);
	tcase_add_test(t, ipv6_ike_sas_come_in_a_block_of_their_own);
	tcase_add_test(t, without_an_ike_sa_there_is_the_header);
	tcase_add_test(t, a_tunnel_is_shown_as_ios_shows_it);
	tcase_add_test(t, each_pair_of_selectors_has_its_block);
	tcase_add_test(t, tunnels_of_a_connection_and_address_share_a_heading);
	tcase_add_test(t, a_held_tunnel_is_not_shown);
	tcase_add_test(t, settings_and_ciphers_of_an_sa);
	tcase_add_test(t, ah_authenticates_and_does_not_encrypt);
	tcase_add_test(t, while_sas_overlap_the_newest_carries_what_leaves);
	tcase_add_test(t, many_tunnels_come_in_the_order_of_their_index);
	tcase_add_test(t, json_of_ike_sas);
	tcase_add_test(t, json_of_tunnels);
	tcase_add_test(t, feeds_say_how_they_are);
	tcase_add_test(t, json_of_feeds);
	tcase_add_test(t, dropped_packets_by_interface_and_by_reason);
	tcase_add_test(t, json_of_dropped_packets);
	tcase_add_test(t, without_a_segment_a_sentence_says_why);
	tcase_add_test(t, a_segment_that_is_none_is_reported_and_the_others_are_shown);
	tcase_add_test(t, figures_that_are_old_say_so_themselves);
	tcase_add_test(t, what_a_stopped_writer_left_says_so_at_once);
	tcase_add_test(t, an_agent_reported_so_long_ago);
	tcase_add_test(t, where_no_agent_can_report_that_is_said);
	tcase_add_test(t, without_a_drop_none_is_said);
	tcase_add_test(t, a_record_that_cannot_be_read_is_counted_and_the_others_are_shown);
	tcase_add_test(t, lists_that_lead_in_a_circle_end);
	tcase_add_test(t, a_configuration_that_is_wrong_is_reported);
	suite_add_tcase(s, t);
	SRunner *r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
