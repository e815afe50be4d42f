/* SPDX-License-Identifier: ISC */
/* Conversions from fields of records to values. */

#include "mib_gateway.h"

/* --- conversions --------------------------------------------------------- */

START_TEST(a_64_bit_counter_is_seen_as_its_two_halves_and_as_a_whole)
{
	static const struct {
		uint64_t octets;
		uint32_t low, wraps;
	} table[] = {
		{ 4294967295, 4294967295, 0 },
		{ 4294967296, 0, 1 },
		{ (3ull << 32) | 5, 5, 3 },
		{ UINT64_MAX, 4294967295, 4294967295 },
	};
	uint32_t sa = given_sa(w, given_tunnel(w), 0xc0ffee);
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		counts(w, sa, i, table[i].octets);
		expect_row_soon("cipSecTunStatus.1");
		mib_request(mib, master_ns);
		expect_number("cipSecTunHcInOctets.1", table[i].octets);
		expect_number("cipSecTunInOctets.1", table[i].low);
		expect_number("cipSecTunInOctWraps.1", table[i].wraps);
	}
}
END_TEST

#define NONE  1
#define OTHER 99

struct algo {
	uint16_t iana;
	unsigned number;
};

static unsigned
algo_expected(const struct algo *table, size_t count, uint32_t iana)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].iana == iana)
			return table[i].number;
	return OTHER;
}

/* An assertion for loops over all numbers: it costs nothing while it holds. */
static void
expect_algo(const char *what, uint32_t iana, uint64_t got, uint64_t expect)
{
	if (got != expect)
		ck_abort_msg("%s %u: %llu, expected %llu", what, iana, (unsigned long long)got,
			     (unsigned long long)expect);
}

static const struct algo ciphers[] = {
	{ 2, 2 },  { 3, 3 },  { 11, NONE }, { 12, 4 }, { 13, 5 }, { 14, 7 }, { 15, 7 }, { 16, 7 }, { 18, 6 },
	{ 19, 6 }, { 20, 6 }, { 21, NONE }, { 23, 9 }, { 28, 8 }, { 29, 7 }, { 30, 6 }, { 31, 8 },
};
static const struct algo integrity[] = {
	{ 1, 2 }, { 6, 2 }, { 2, 3 }, { 7, 3 }, { 12, 4 }, { 13, 5 }, { 14, 6 }, { 5, 7 }, { 8, 8 },
};
static const struct algo hashes[] = { { 1, 2 }, { 2, 3 }, { 5, 4 }, { 6, 5 }, { 7, 6 } };

enum { ESP = 50, AH = 51 };

/* Values of both directions of a tunnel. They must be the same. */
static uint64_t
tunnel_number(mib_convert *in, mib_convert *out, uint8_t protocol, const struct ipm_proposal *p)
{
	const struct ipm_tunnel tunnel = { .protocol = protocol, .in_sa = *p, .out_sa = *p };
	ck_assert_uint_eq(number(in, &tunnel), number(out, &tunnel));
	return number(in, &tunnel);
}

START_TEST(every_cipher_has_its_number_and_one_that_is_not_known_is_other_and_never_none)
{
	for (uint32_t encr = 0; encr <= UINT16_MAX; encr++) {
		struct ipm_proposal p = { .encr = (uint16_t)encr };
		unsigned expect = algo_expected(ciphers, MIB_COUNT(ciphers), encr);
		expect_algo("IKE cipher", encr, number(mib_encrypt_algo_any, &p), expect);
		expect_algo("ESP cipher", encr, tunnel_number(mib_in_encrypt_any, mib_out_encrypt_any, ESP, &p),
			    expect);
		expect_algo("AH cipher", encr, tunnel_number(mib_in_encrypt_any, mib_out_encrypt_any, AH, &p), NONE);
	}
}
END_TEST

START_TEST(every_integrity_algorithm_has_its_number_and_one_that_is_not_known_is_other)
{
	for (uint32_t integ = 0; integ <= UINT16_MAX; integ++) {
		struct ipm_proposal p = { .encr = IPM_ENCR_AES_CBC, .integ = (uint16_t)integ };
		unsigned expect = algo_expected(integrity, MIB_COUNT(integrity), integ);
		expect_algo("AH of an AH tunnel", integ, tunnel_number(mib_in_ah_auth_any, mib_out_ah_auth_any, AH, &p),
			    expect);
		expect_algo("ESP of an AH tunnel", integ,
			    tunnel_number(mib_in_esp_auth_any, mib_out_esp_auth_any, AH, &p), NONE);
		expect_algo("AH of an ESP tunnel", integ,
			    tunnel_number(mib_in_ah_auth_any, mib_out_ah_auth_any, ESP, &p), NONE);
		expect_algo("ESP of an ESP tunnel", integ,
			    tunnel_number(mib_in_esp_auth_any, mib_out_esp_auth_any, ESP, &p), integ ? expect : NONE);
	}
}
END_TEST

START_TEST(esp_without_an_integrity_transform_is_aead_none_or_not_known_as_its_cipher_says)
{
	static const struct algo table[] = {
		{ 1, NONE },   { 2, NONE },   { 3, NONE },   { 7, NONE },     { 11, NONE },     { 12, NONE },
		{ 13, NONE },  { 23, NONE },  { 24, NONE },  { 14, 9 },       { 15, 9 },        { 16, 9 },
		{ 18, 9 },     { 19, 9 },     { 20, 9 },     { 21, 9 },       { 25, 9 },        { 26, 9 },
		{ 27, 9 },     { 28, 9 },     { 29, 9 },     { 30, 9 },       { 31, 9 },        { 0, OTHER },
		{ 32, OTHER }, { 35, OTHER }, { 36, OTHER }, { 1024, OTHER }, { 65535, OTHER },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct ipm_proposal p = { .encr = table[i].iana };
		uint64_t got = tunnel_number(mib_in_esp_auth_any, mib_out_esp_auth_any, ESP, &p);
		ck_assert_msg(got == table[i].number, "cipher %u: %llu, expected %u", table[i].iana,
			      (unsigned long long)got, table[i].number);
	}
}
END_TEST

START_TEST(every_hash_has_its_number_and_one_that_is_not_known_is_other)
{
	for (uint32_t prf = 0; prf <= UINT16_MAX; prf++) {
		struct ipm_proposal p = { .prf = (uint16_t)prf };
		expect_algo("PRF", prf, number(mib_ike_hash_any, &p), algo_expected(hashes, MIB_COUNT(hashes), prf));
	}
}
END_TEST

START_TEST(a_group_is_its_number_plus_one)
{
	static const struct algo table[] = {
		{ 0, NONE }, { 1, 2 },   { 2, 3 },   { 5, 6 },
		{ 14, 15 },  { 31, 32 }, { 37, 38 }, { IPM_TRANSFORM_OTHER, OTHER },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct ipm_proposal p = { .group = table[i].iana };
		ck_assert_uint_eq(number(mib_dh_group_any, &p), table[i].number);
	}
}
END_TEST

START_TEST(authentication_methods_have_their_numbers_and_what_is_not_known_is_other)
{
	for (unsigned auth = 0; auth <= UINT8_MAX; auth++) {
		uint8_t field = (uint8_t)auth;
		unsigned expect = auth == IPM_AUTH_PSK     ? 2
				  : auth == IPM_AUTH_RSA   ? 3
				  : auth == IPM_AUTH_ECDSA ? 6
				  : auth == IPM_AUTH_EAP   ? 7
				  : auth == IPM_AUTH_EDDSA ? 8
							   : OTHER;
		ck_assert_uint_eq(number(mib_ike_auth_any, &field), expect);
	}
}
END_TEST

START_TEST(ikev1_modes_are_told_and_ikev2_hides_identities_as_main_mode_does)
{
	static const struct {
		uint8_t version, mode;
		unsigned number;
	} table[] = {
		{ 1, IPM_MODE_MAIN, 1 },
		{ 1, IPM_MODE_AGGRESSIVE, 2 },
		{ 1, IPM_MODE_UNKNOWN, OTHER },
		{ 2, IPM_MODE_UNKNOWN, 1 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct ipm_ike_sa sa = { .version = table[i].version, .mode = table[i].mode };
		ck_assert_uint_eq(number(mib_ike_mode_any, &sa), table[i].number);
	}
}
END_TEST

START_TEST(compression_in_use_is_told)
{
	const uint8_t off = 0, on = 1;
	ck_assert_uint_eq(number(mib_comp_algo_any, &off), NONE);
	ck_assert_uint_eq(number(mib_comp_algo_any, &on), 2);
}
END_TEST

START_TEST(lifetimes_are_the_hard_limit_or_else_the_soft_one_and_thresholds_at_least_one)
{
	static const struct {
		uint64_t soft_ms, hard_ms; /* 0: no limit */
		uint32_t life, threshold;
	} table[] = {
		{ 0, 0, 2147483647, 1 },
		{ 3000000, 0, 3000, 1 },
		{ 0, 3600000, 3600, 1 },
		{ 3000000, 3600000, 3600, 600 },
		{ 3600000, 3600000, 3600, 1 },
		{ 3599500, 3600000, 3600, 1 },
		{ 4000000, 3600000, 3600, 1 }, /* the soft limit is above the hard one: never reached */
		{ 0, 999, 1, 1 },              /* a limit, if a short one */
		{ 500, 0, 1, 1 },              /* likewise */
		{ 0, 2147483647000, 2147483647, 1 },
		{ 1000, 4000000000000, 2147483647, 2147483647 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		uint64_t soft = table[i].soft_ms, hard = table[i].hard_ms;
		struct ipm_ike_sa ike = { .soft_ns = soft * 1000000, .hard_ns = hard * 1000000 };
		struct ipm_tunnel tunnel = { .soft_ns = soft * 1000000,
					     .hard_ns = hard * 1000000,
					     .soft_octets = soft * 1024 / 1000,
					     .hard_octets = hard * 1024 / 1000 };
		ck_assert_uint_eq(number(mib_ike_life_any, &ike), table[i].life);
		ck_assert_uint_eq(number(conversion_of("cikeTunSaRefreshThreshold"), &ike), table[i].threshold);
		ck_assert_uint_eq(number(mib_tun_life_time_any, &tunnel), table[i].life);
		ck_assert_uint_eq(number(conversion_of("cipSecTunSaLifeTimeThreshold"), &tunnel), table[i].threshold);
		ck_assert_uint_eq(number(mib_tun_life_size_any, &tunnel), table[i].life);
		ck_assert_uint_eq(number(conversion_of("cipSecTunSaLifeSizeThreshold"), &tunnel), table[i].threshold);
	}
}
END_TEST

START_TEST(an_age_is_in_hundredths_of_a_second_and_ends_at_what_an_integer_can_say)
{
	static const struct {
		uint64_t now_ns, since_ns;
		uint32_t age;
	} table[] = {
		{ 100 * SECOND, 100 * SECOND, 0 },           { 100 * SECOND, 101 * SECOND, 0 }, /* not yet */
		{ 100 * SECOND, 100 * SECOND - 9999999, 0 }, { 100 * SECOND, 100 * SECOND - 10000000, 1 },
		{ 100 * SECOND, 1 * SECOND, 9900 },          { 21474836470000000 + 1, 1, 2147483647 },
		{ 21474836480000000 + 1, 1, 2147483647 },    { UINT64_MAX, 0, 2147483647 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct mib_cell cell = { .now_ns = table[i].now_ns };
		struct mib_value value;
		ck_assert(mib_age(&cell, &table[i].since_ns, &value));
		ck_assert_uint_eq(value.number, table[i].age);
	}
}
END_TEST

static void
expect_octets(struct mib_value value, uint32_t len, const char *octets)
{
	ck_assert_uint_eq(value.len, len);
	ck_assert_mem_eq(value.octets, octets, len);
}

START_TEST(an_address_has_4_or_16_octets_and_one_that_is_not_known_is_all_zeroes)
{
	struct ipm_addr v4 = address("192.0.2.1"), v6 = address("2001:db8::1"), none = { .bytes = { 1, 2, 3, 4 } };
	expect_octets(converted(mib_addr_any, &v4, &v4), 4, "\xc0\x00\x02\x01");
	expect_octets(converted(mib_addr_any, &v6, &v6), 16, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01");
	expect_octets(converted(mib_addr_any, &none, &none), 4, "\0\0\0\0");
}
END_TEST

START_TEST(a_prefix_of_any_length_makes_its_mask)
{
	for (unsigned len = 4; len <= 16; len += 12)
		for (unsigned prefix = 0; prefix <= 8 * len; prefix++) {
			struct ipm_sel_side side = { .type = IPM_SEL_SUBNET, .prefix = (uint8_t)prefix };
			side.first.len = side.last.len = (uint8_t)len;
			struct mib_value mask = converted(mib_sel_addr2_any, &side, &side);
			ck_assert_uint_eq(mask.len, len);
			for (unsigned bit = 0; bit < 8 * len; bit++)
				ck_assert_msg(((mask.octets[bit / 8] >> (7 - bit % 8)) & 1) == (bit < prefix),
					      "/%u: bit %u", prefix, bit);
		}
}
END_TEST

START_TEST(the_second_address_is_a_ranges_end_and_a_single_address_again)
{
	struct ipm_sel_side one = single("10.0.0.1", 0, 0, 65535), some = range("10.0.0.1", "10.0.0.9", 0, 0, 65535);
	ck_assert_uint_eq(number(mib_sel_type_any, &one), 1);
	expect_octets(converted(mib_sel_addr1_any, &one, &one), 4, "\x0a\0\0\x01");
	expect_octets(converted(mib_sel_addr2_any, &one, &one), 4, "\x0a\0\0\x01");
	ck_assert_uint_eq(number(mib_sel_type_any, &some), 2);
	expect_octets(converted(mib_sel_addr1_any, &some, &some), 4, "\x0a\0\0\x01");
	expect_octets(converted(mib_sel_addr2_any, &some, &some), 4, "\x0a\0\0\x09");
}
END_TEST

START_TEST(a_port_is_told_when_it_is_one)
{
	static const struct {
		uint16_t first, last, port;
	} table[] = {
		{ 0, 65535, 0 }, { 443, 443, 443 },       { 1024, 65535, 0 },
		{ 0, 0, 0 },     { 65535, 65535, 65535 }, { 65535, 0, 0 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++) {
		struct ipm_sel_side side = { .port_first = table[i].first, .port_last = table[i].last };
		ck_assert_uint_eq(number(mib_sel_port_any, &side), table[i].port);
	}
}
END_TEST

START_TEST(replays_are_counted_apart_from_all_other_drops_of_packets_that_come_in)
{
	const struct ipm_traffic t = { .drops = { [IPM_DROP_REPLAY] = 1,
						  [IPM_DROP_WINDOW] = 2,
						  [IPM_DROP_AUTH] = 10,
						  [IPM_DROP_CRYPT] = 100,
						  [IPM_DROP_MALFORMED] = 1000,
						  [IPM_DROP_POLICY] = 10000,
						  [IPM_DROP_EXPIRED] = 100000,
						  [IPM_DROP_CAPACITY] = 1000000,
						  [IPM_DROP_OTHER] = 10000000 } };
	ck_assert_uint_eq(number(mib_replay_drops_any, &t), 3);
	ck_assert_uint_eq(number(mib_in_drops_any, &t), 11111110);
	ck_assert_uint_eq(number(mib_out_drops_any, &t), 11111113);
	ck_assert_uint_eq(number(mib_auth_fails_any, &t), 10);
	ck_assert_uint_eq(number(mib_crypt_fails_any, &t), 100);
}
END_TEST

START_TEST(drops_wrap_as_a_32_bit_counter_does)
{
	const struct ipm_traffic t = {
		.drops = { [IPM_DROP_REPLAY] = (1ull << 32) + 3, [IPM_DROP_AUTH] = UINT32_MAX, [IPM_DROP_CRYPT] = 2 }
	};
	ck_assert_uint_eq(number(mib_replay_drops_any, &t), 3);
	ck_assert_uint_eq(number(mib_in_drops_any, &t), 1);
	ck_assert_uint_eq(number(mib_out_drops_any, &t), 4);
	ck_assert_uint_eq(number(mib_auth_fails_any, &t), UINT32_MAX);
}
END_TEST

START_TEST(a_peer_is_known_by_address_or_by_name)
{
	static const struct {
		char id[IPM_ID_MAX];
		unsigned type;
	} table[] = {
		{ "192.0.2.1", 1 },
		{ "2001:db8::1", 1 },
		{ "::", 1 },
		{ "gw.example.net", 2 },
		{ "C=DE, CN=gw", 2 },
		{ "joe@example.net", 2 },
		{ "", 2 },
		{ "%any", 2 },
		{ "192.0.2.1.example", 2 },
		{ "192.0.2.256", 2 },
		{ "2001:DB8::1", 1 },
		{ "::ffff:192.0.2.1", 1 },
		{ "fd09:0:0:1::2", 1 },
		{ "2001:db8:1:2:3:4:5:6", 1 },
		/* Key IDs of eight octets, as charon prints them. */
		{ "6b:c3:a4:d1:e2:f3:a4:b5", 2 },
		{ "6b:c3:a4:00:00:f3:a4:05", 2 },
		{ "00:00:00:00:00:00:00:01", 2 },
		/* Addresses are not written like this. */
		{ "2001:0db8::1", 2 },
		{ "2001:db8:0:0:0:0:0:1", 2 },
	};
	for (size_t i = 0; i < MIB_COUNT(table); i++)
		ck_assert_msg(number(mib_id_type_any, table[i].id) == table[i].type, "\"%s\"", table[i].id);
}
END_TEST

START_TEST(an_identity_is_told_in_full_and_without_its_nul)
{
	char id[IPM_ID_MAX];
	memset(id, 'x', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	ck_assert_uint_eq(converted(mib_id_any, id, id).len, 255);
	expect_octets(converted(mib_id_any, id, "gw\0rest"), 2, "gw");
	ck_assert_uint_eq(converted(mib_id_any, id, "").len, 0);
}
END_TEST

START_TEST(an_sa_of_a_protocol_that_the_mib_does_not_know_has_no_such_cell)
{
	const uint8_t ah = 51, esp = 50, comp = 108, tcp = 6;
	struct mib_cell cell = { 0 };
	struct mib_value value;
	ck_assert_uint_eq(number(conversion_of("cipSecSpiProtocol"), &ah), 1);
	ck_assert_uint_eq(number(conversion_of("cipSecSpiProtocol"), &esp), 2);
	ck_assert_uint_eq(number(conversion_of("cipSecSpiProtocol"), &comp), 3);
	ck_assert(!conversion_of("cipSecSpiProtocol")(&cell, &tcp, &value));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mib_convert");
	TCase *tc = tests_of(suite, "conversions", given_a_served_segment);
	tcase_add_test(tc, a_64_bit_counter_is_seen_as_its_two_halves_and_as_a_whole);
	tcase_add_test(tc, every_cipher_has_its_number_and_one_that_is_not_known_is_other_and_never_none);
	tcase_add_test(tc, every_integrity_algorithm_has_its_number_and_one_that_is_not_known_is_other);
	tcase_add_test(tc, esp_without_an_integrity_transform_is_aead_none_or_not_known_as_its_cipher_says);
	tcase_add_test(tc, every_hash_has_its_number_and_one_that_is_not_known_is_other);
	tcase_add_test(tc, a_group_is_its_number_plus_one);
	tcase_add_test(tc, authentication_methods_have_their_numbers_and_what_is_not_known_is_other);
	tcase_add_test(tc, ikev1_modes_are_told_and_ikev2_hides_identities_as_main_mode_does);
	tcase_add_test(tc, compression_in_use_is_told);
	tcase_add_test(tc, lifetimes_are_the_hard_limit_or_else_the_soft_one_and_thresholds_at_least_one);
	tcase_add_test(tc, an_age_is_in_hundredths_of_a_second_and_ends_at_what_an_integer_can_say);
	tcase_add_test(tc, an_address_has_4_or_16_octets_and_one_that_is_not_known_is_all_zeroes);
	tcase_add_test(tc, a_prefix_of_any_length_makes_its_mask);
	tcase_add_test(tc, the_second_address_is_a_ranges_end_and_a_single_address_again);
	tcase_add_test(tc, a_port_is_told_when_it_is_one);
	tcase_add_test(tc, replays_are_counted_apart_from_all_other_drops_of_packets_that_come_in);
	tcase_add_test(tc, drops_wrap_as_a_32_bit_counter_does);
	tcase_add_test(tc, a_peer_is_known_by_address_or_by_name);
	tcase_add_test(tc, an_identity_is_told_in_full_and_without_its_nul);
	tcase_add_test(tc, an_sa_of_a_protocol_that_the_mib_does_not_know_has_no_such_cell);
	return run_in_scratch("check_mib_convert", suite);
}
