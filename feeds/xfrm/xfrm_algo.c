/* SPDX-License-Identifier: ISC */
/*
 * The names are from the kernel's net/xfrm/xfrm_algo.c, the numbers from IANA ("IKEv2 Parameters", transform types 1
 * and 3). The kernel also accepts bare names ("aes"), and showed them before Linux 2.6.20.
 */
#include "xfrm_decode.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct aead {
	const char *name;
	uint16_t icv_bits, number, salt_bits;
	bool one_key; /* the cipher has only one key length */
} aeads[] = {
	{ "rfc4106(gcm(aes))", 64, IPM_ENCR_AES_GCM_8, 32, false },
	{ "rfc4106(gcm(aes))", 96, IPM_ENCR_AES_GCM_12, 32, false },
	{ "rfc4106(gcm(aes))", 128, IPM_ENCR_AES_GCM_16, 32, false },
	{ "rfc4309(ccm(aes))", 64, IPM_ENCR_AES_CCM_8, 24, false },
	{ "rfc4309(ccm(aes))", 96, IPM_ENCR_AES_CCM_12, 24, false },
	{ "rfc4309(ccm(aes))", 128, IPM_ENCR_AES_CCM_16, 24, false },
	{ "rfc4543(gcm(aes))", 128, IPM_ENCR_NULL_AUTH_AES_GMAC, 32, false },
	{ "rfc7539esp(chacha20,poly1305)", 128, IPM_ENCR_CHACHA20_POLY1305, 32, true },
};

static const struct crypt {
	const char *name;
	uint16_t number, salt_bits;
	bool one_key;
} crypts[] = {
	{ "cbc(aes)", IPM_ENCR_AES_CBC, 0, false },
	{ "aes", IPM_ENCR_AES_CBC, 0, false },
	{ "rfc3686(ctr(aes))", IPM_ENCR_AES_CTR, 32, false },
	{ "cbc(des3_ede)", IPM_ENCR_3DES, 0, true },
	{ "des3_ede", IPM_ENCR_3DES, 0, true },
	{ "cbc(des)", IPM_ENCR_DES, 0, true },
	{ "des", IPM_ENCR_DES, 0, true },
	{ "cbc(cast5)", IPM_ENCR_CAST, 0, false },
	{ "cast5", IPM_ENCR_CAST, 0, false },
	{ "cbc(blowfish)", IPM_ENCR_BLOWFISH, 0, false },
	{ "blowfish", IPM_ENCR_BLOWFISH, 0, false },
	{ "ecb(cipher_null)", IPM_ENCR_NULL, 0, true },
	{ "cipher_null", IPM_ENCR_NULL, 0, true },
	{ "cbc(camellia)", IPM_ENCR_CAMELLIA_CBC, 0, false },
	{ "camellia", IPM_ENCR_CAMELLIA_CBC, 0, false },
	{ "rfc3686(ctr(camellia))", IPM_ENCR_CAMELLIA_CTR, 32, false },
	/* In use, but without a number: cbc(aria), cbc(serpent), cbc(sm4), cbc(twofish). */
};

/* The first row of a name has the kernel's default truncation. */
static const struct auth {
	const char *name;
	uint16_t trunc_bits, number;
} auths[] = {
	{ "hmac(md5)", 96, IPM_INTEG_HMAC_MD5_96 },
	{ "hmac(md5)", 128, IPM_INTEG_HMAC_MD5_128 },
	{ "md5", 96, IPM_INTEG_HMAC_MD5_96 },
	{ "md5", 128, IPM_INTEG_HMAC_MD5_128 },
	{ "hmac(sha1)", 96, IPM_INTEG_HMAC_SHA1_96 },
	{ "hmac(sha1)", 160, IPM_INTEG_HMAC_SHA1_160 },
	{ "sha1", 96, IPM_INTEG_HMAC_SHA1_96 },
	{ "sha1", 160, IPM_INTEG_HMAC_SHA1_160 },
	{ "hmac(sha256)", 96, IPM_TRANSFORM_OTHER }, /* a draft's, before RFC 4868 */
	{ "hmac(sha256)", 128, IPM_INTEG_HMAC_SHA2_256_128 },
	{ "sha256", 96, IPM_TRANSFORM_OTHER },
	{ "sha256", 128, IPM_INTEG_HMAC_SHA2_256_128 },
	{ "hmac(sha384)", 192, IPM_INTEG_HMAC_SHA2_384_192 },
	{ "sha384", 192, IPM_INTEG_HMAC_SHA2_384_192 },
	{ "hmac(sha512)", 256, IPM_INTEG_HMAC_SHA2_512_256 },
	{ "sha512", 256, IPM_INTEG_HMAC_SHA2_512_256 },
	{ "xcbc(aes)", 96, IPM_INTEG_AES_XCBC_96 },
	{ "cmac(aes)", 96, IPM_INTEG_AES_CMAC_96 },
	{ "digest_null", 0, 0 },
	/* In use, but without a number: hmac(rmd160), rmd160, hmac(sm3). */
};

/* Is it this algorithm, perhaps within an IV generator: "seqiv(rfc4106(gcm(aes)))"? */
static bool
is(const char *name, const char *expected)
{
	static const char *const generators[] = { "seqiv(", "echainiv(" };
	size_t len = strlen(name);
	for (size_t i = 0; i < COUNT(generators); i++) {
		size_t begin = strlen(generators[i]);
		if (len > begin && strncmp(name, generators[i], begin) == 0 && name[len - 1] == ')') {
			name += begin;
			len -= begin + 1;
		}
	}
	return len == strlen(expected) && memcmp(name, expected, len) == 0;
}

static uint16_t
bits_of_key(uint32_t key_bits, uint16_t salt_bits)
{
	return key_bits >= salt_bits && key_bits - salt_bits <= UINT16_MAX ? (uint16_t)(key_bits - salt_bits) : 0;
}

void
xfrm_aead(const char *name, uint32_t key_bits, uint32_t icv_bits, struct ipm_proposal *out)
{
	out->encr = IPM_TRANSFORM_OTHER;
	out->encr_bits = 0; /* the salt of an unknown cipher is not known either */
	for (size_t i = 0; i < COUNT(aeads); i++) {
		if (!is(name, aeads[i].name))
			continue;
		out->encr_bits = aeads[i].one_key ? 0 : bits_of_key(key_bits, aeads[i].salt_bits);
		if (aeads[i].icv_bits == icv_bits)
			out->encr = aeads[i].number;
	}
}

void
xfrm_crypt(const char *name, uint32_t key_bits, struct ipm_proposal *out)
{
	out->encr = IPM_TRANSFORM_OTHER;
	out->encr_bits = bits_of_key(key_bits, 0);
	for (size_t i = 0; i < COUNT(crypts); i++) {
		if (!is(name, crypts[i].name))
			continue;
		out->encr = crypts[i].number;
		out->encr_bits = crypts[i].one_key ? 0 : bits_of_key(key_bits, crypts[i].salt_bits);
	}
}

/* integ_bits stays 0: it is for algorithms with several key lengths, which none of these has. VICI has none either. */
void
xfrm_auth(const char *name, uint32_t key_bits, uint32_t trunc_bits, struct ipm_proposal *out)
{
	(void)key_bits;
	out->integ = IPM_TRANSFORM_OTHER;
	for (size_t i = 0; i < COUNT(auths); i++) {
		if (is(name, auths[i].name) && (trunc_bits == auths[i].trunc_bits || trunc_bits == 0)) {
			out->integ = auths[i].number;
			return;
		}
	}
}
