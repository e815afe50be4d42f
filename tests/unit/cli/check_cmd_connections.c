/* SPDX-License-Identifier: ISC */
/* show crypto engine connections active. */
#include "show_fixture.h"

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
		/* unknown algorithms are never "none" or "NULL" */
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

int
main(void)
{
	Suite *suite = suite_create("cmd_connections");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, the_engine_s_connections_are_the_reference_s);
	tcase_add_test(tc, connections_are_laid_out_as_in_ios);
	tcase_add_test(tc, algorithms_are_named_in_ios_s_manner);
	tcase_add_test(tc, connections_of_a_held_tunnel_are_not_shown);
	tcase_add_test(tc, json_of_connections);
	tcase_add_test(tc, a_conn_id_is_the_same_sa_s_in_both_commands);
	return run_suite(suite);
}
