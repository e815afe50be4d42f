/* SPDX-License-Identifier: ISC */
/* The kernel's names of algorithms as IANA's numbers. */

#include "xfrm_message_fixture.h"

/* --- Algorithms ---------------------------------------------------------- */

#define OTHER IPM_TRANSFORM_OTHER

static const struct {
	const char *name;
	uint32_t key_bits, icv_bits;
	uint16_t encr, bits;
} aeads[] = {
	{ "rfc4106(gcm(aes))", 160, 64, 18, 128 },
	{ "rfc4106(gcm(aes))", 224, 96, 19, 192 },
	{ "rfc4106(gcm(aes))", 288, 128, 20, 256 },
	{ "rfc4106(gcm(aes))", 288, 120, OTHER, 256 },
	{ "seqiv(rfc4106(gcm(aes)))", 288, 128, 20, 256 },
	{ "echainiv(rfc4106(gcm(aes)))", 288, 128, 20, 256 },
	{ "rfc4309(ccm(aes))", 152, 64, 14, 128 },
	{ "rfc4309(ccm(aes))", 216, 96, 15, 192 },
	{ "rfc4309(ccm(aes))", 280, 128, 16, 256 },
	{ "rfc4543(gcm(aes))", 160, 128, 21, 128 },
	{ "rfc7539esp(chacha20,poly1305)", 288, 128, 28, 0 },
	{ "rfc4106(gcm(sm4))", 160, 128, OTHER, 0 },
	{ "rfc4106(gcm(aes)", 160, 128, OTHER, 0 },
	{ "seqiv(", 160, 128, OTHER, 0 },
	{ "seqiv()", 160, 128, OTHER, 0 },
	{ "", 160, 128, OTHER, 0 },
	{ "rfc4106(gcm(aes))", 31, 128, 20, 0 },
	{ "rfc4106(gcm(aes))", UINT32_MAX, 128, 20, 0 },
};

START_TEST(aead_ciphers_have_their_iana_numbers_and_keys_without_salt)
{
	struct ipm_proposal p = { .encr = 0 };
	xfrm_aead(aeads[_i].name, aeads[_i].key_bits, aeads[_i].icv_bits, &p);
	ck_assert_uint_eq(p.encr, aeads[_i].encr);
	ck_assert_uint_eq(p.encr_bits, aeads[_i].bits);
	ck_assert_uint_eq(p.integ, 0);
}
END_TEST

static const struct {
	const char *name;
	uint32_t key_bits;
	uint16_t encr, bits;
} crypts[] = {
	{ "cbc(aes)", 128, 12, 128 },
	{ "aes", 256, 12, 256 },
	{ "echainiv(cbc(aes))", 192, 12, 192 },
	{ "rfc3686(ctr(aes))", 160, 13, 128 },
	{ "seqiv(rfc3686(ctr(aes)))", 288, 13, 256 },
	{ "cbc(des3_ede)", 192, 3, 0 },
	{ "des3_ede", 192, 3, 0 },
	{ "cbc(des)", 64, 2, 0 },
	{ "des", 64, 2, 0 },
	{ "cbc(cast5)", 128, 6, 128 },
	{ "cast5", 128, 6, 128 },
	{ "cbc(blowfish)", 448, 7, 448 },
	{ "blowfish", 128, 7, 128 },
	{ "ecb(cipher_null)", 0, 11, 0 },
	{ "cipher_null", 0, 11, 0 },
	{ "cbc(camellia)", 256, 23, 256 },
	{ "camellia", 128, 23, 128 },
	{ "rfc3686(ctr(camellia))", 160, 24, 128 },
	{ "cbc(aria)", 128, OTHER, 128 },
	{ "cbc(twofish)", 256, OTHER, 256 },
	{ "cbc(serpent)", 192, OTHER, 192 },
	{ "cbc(sm4)", 128, OTHER, 128 },
	{ "ecb(aes)", 128, OTHER, 128 },
	{ "cbc(aes", 128, OTHER, 128 },
	{ "aes ", 128, OTHER, 128 },
	{ "", 0, OTHER, 0 },
	{ "cbc(aes)", 65536, 12, 0 },
};

START_TEST(ciphers_have_their_iana_numbers_and_keys_without_nonce)
{
	struct ipm_proposal p = { .encr = 0 };
	xfrm_crypt(crypts[_i].name, crypts[_i].key_bits, &p);
	ck_assert_uint_eq(p.encr, crypts[_i].encr);
	ck_assert_uint_eq(p.encr_bits, crypts[_i].bits);
}
END_TEST

static const struct {
	const char *name;
	uint32_t key_bits, trunc_bits;
	uint16_t integ;
} auths[] = {
	{ "hmac(md5)", 128, 96, 1 },
	{ "hmac(md5)", 128, 128, 6 },
	{ "md5", 128, 96, 1 },
	{ "hmac(sha1)", 160, 96, 2 },
	{ "hmac(sha1)", 160, 160, 7 },
	{ "hmac(sha1)", 160, 80, OTHER },
	{ "sha1", 160, 96, 2 },
	{ "hmac(sha256)", 256, 128, 12 },
	{ "hmac(sha256)", 256, 96, OTHER },
	{ "hmac(sha256)", 256, 256, OTHER },
	{ "sha256", 256, 128, 12 },
	{ "hmac(sha384)", 384, 192, 13 },
	{ "hmac(sha384)", 384, 96, OTHER },
	{ "sha384", 384, 192, 13 },
	{ "hmac(sha512)", 512, 256, 14 },
	{ "sha512", 512, 256, 14 },
	{ "xcbc(aes)", 128, 96, 5 },
	{ "xcbc(aes)", 128, 128, OTHER },
	{ "cmac(aes)", 128, 96, 8 },
	{ "digest_null", 0, 0, 0 },
	{ "hmac(rmd160)", 160, 96, OTHER },
	{ "rmd160", 160, 96, OTHER },
	{ "hmac(sm3)", 256, 256, OTHER },
	{ "", 0, 0, OTHER },
	/* Kernels that don't report a truncation have their own default. */
	{ "hmac(md5)", 128, 0, 1 },
	{ "hmac(sha1)", 160, 0, 2 },
	{ "hmac(sha256)", 256, 0, OTHER },
	{ "hmac(sha384)", 384, 0, 13 },
	{ "hmac(sha512)", 512, 0, 14 },
};

START_TEST(integrity_has_its_iana_number_by_name_and_truncation)
{
	struct ipm_proposal p = { .integ = IPM_INTEG_HMAC_MD5_96 };
	xfrm_auth(auths[_i].name, auths[_i].key_bits, auths[_i].trunc_bits, &p);
	ck_assert_uint_eq(p.integ, auths[_i].integ);
	ck_assert_uint_eq(p.integ_bits, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_algo");
	TCase *tc = tcase_create("algorithms");
	tcase_add_loop_test(tc, aead_ciphers_have_their_iana_numbers_and_keys_without_salt, 0, COUNT(aeads));
	tcase_add_loop_test(tc, ciphers_have_their_iana_numbers_and_keys_without_nonce, 0, COUNT(crypts));
	tcase_add_loop_test(tc, integrity_has_its_iana_number_by_name_and_truncation, 0, COUNT(auths));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
