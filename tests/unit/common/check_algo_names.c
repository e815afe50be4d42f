/* SPDX-License-Identifier: ISC */
/* Names of algorithms: as IOS writes transforms, and as IANA lists them. */
#include "algo_names.h"
#include "ipm_types.h"
#include "suite.h"

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
		/* unknown algorithms are never "none" or "null" */
		{ { .encr = 1024, .integ = 1025 }, 50, "encr-1024 integ-1025" },
		{ { .encr = IPM_TRANSFORM_OTHER }, 50, "encr-other" },
		{ { 0 }, 50, "encr-unknown" },
		{ { 0 }, 51, "integ-unknown" },
		{ { .encr = 10 }, 50, "encr-10" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
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

int
main(void)
{
	Suite *suite = suite_create("algo_names");
	TCase *tc = tcase_create("names");
	tcase_add_test(tc, transforms_look_as_in_ios);
	tcase_add_test(tc, plain_names_are_iana_s);
	tcase_add_test(tc, initialization_vectors_have_their_cipher_s_size);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
