/* SPDX-License-Identifier: ISC */
/* show crypto isakmp sa. */
#include "cli_fixture.h"

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

int
main(void)
{
	Suite *suite = suite_create("cmd_isakmp");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, ike_sas_are_shown_initiator_as_src_and_responder_as_dst);
	tcase_add_test(tc, ipv6_ike_sas_come_in_a_block_of_their_own);
	tcase_add_test(tc, without_an_ike_sa_there_is_the_header);
	tcase_add_test(tc, json_of_ike_sas);
	return run_suite(suite);
}
