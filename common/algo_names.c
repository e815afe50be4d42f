/* SPDX-License-Identifier: ISC */
/*
 * Names from IANA, "Internet Key Exchange Version 2 (IKEv2) Parameters", transform types 1 to 4. Plain names are
 * strongSwan's: IANA's names without ENCR_ and AUTH_. The tables are sparse. IANA's number is the index.
 */
#include "algo_names.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct algo_encr {
	const char *name;
	const char *ios;       /* follows "esp-" */
	signed char iv_octets; /* 0: the packet carries no IV */
	char key_place;        /* IOS: 'b' "esp-256-aes", 'a' "esp-gcm 256", 0: only one key length */
};

static const struct algo_encr encr_table[] = {
	[IPM_ENCR_DES_IV64] = { "DES_IV64", "des-iv64", 8, 0 },
	[IPM_ENCR_DES] = { "DES_CBC", "des", 8, 0 },
	[IPM_ENCR_3DES] = { "3DES_CBC", "3des", 8, 0 },
	[IPM_ENCR_RC5] = { "RC5_CBC", "rc5", 8, 'a' },
	[IPM_ENCR_IDEA] = { "IDEA_CBC", "idea", 8, 0 },
	[IPM_ENCR_CAST] = { "CAST_CBC", "cast", 8, 'a' },
	[IPM_ENCR_BLOWFISH] = { "BLOWFISH_CBC", "blowfish", 8, 'a' },
	[IPM_ENCR_3IDEA] = { "3IDEA", "3idea", 8, 0 },
	[IPM_ENCR_DES_IV32] = { "DES_IV32", "des-iv32", 4, 0 },
	[IPM_ENCR_NULL] = { "NULL", "null", 0, 0 },
	[IPM_ENCR_AES_CBC] = { "AES_CBC", "aes", 16, 'b' },
	[IPM_ENCR_AES_CTR] = { "AES_CTR", "aes-ctr", 8, 'a' },
	[IPM_ENCR_AES_CCM_8] = { "AES_CCM_8", "ccm-8", 8, 'a' },
	[IPM_ENCR_AES_CCM_12] = { "AES_CCM_12", "ccm-12", 8, 'a' },
	[IPM_ENCR_AES_CCM_16] = { "AES_CCM_16", "ccm", 8, 'a' },
	[IPM_ENCR_AES_GCM_8] = { "AES_GCM_8", "gcm-8", 8, 'a' },
	[IPM_ENCR_AES_GCM_12] = { "AES_GCM_12", "gcm-12", 8, 'a' },
	[IPM_ENCR_AES_GCM_16] = { "AES_GCM_16", "gcm", 8, 'a' },
	[IPM_ENCR_NULL_AUTH_AES_GMAC] = { "NULL_AES_GMAC", "gmac", 8, 'a' },
	[IPM_ENCR_CAMELLIA_CBC] = { "CAMELLIA_CBC", "camellia", 16, 'b' },
	[IPM_ENCR_CAMELLIA_CTR] = { "CAMELLIA_CTR", "camellia-ctr", 8, 'a' },
	[IPM_ENCR_CAMELLIA_CCM_8] = { "CAMELLIA_CCM_8", "camellia-ccm-8", 8, 'a' },
	[IPM_ENCR_CAMELLIA_CCM_12] = { "CAMELLIA_CCM_12", "camellia-ccm-12", 8, 'a' },
	[IPM_ENCR_CAMELLIA_CCM_16] = { "CAMELLIA_CCM_16", "camellia-ccm", 8, 'a' },
	[IPM_ENCR_CHACHA20_POLY1305] = { "CHACHA20_POLY1305", "chacha20-poly1305", 8, 0 },
	[IPM_ENCR_AES_CCM_8_IIV] = { "AES_CCM_8_IIV", "ccm-8-iiv", 0, 'a' },
	[IPM_ENCR_AES_GCM_16_IIV] = { "AES_GCM_16_IIV", "gcm-iiv", 0, 'a' },
	[IPM_ENCR_CHACHA20_POLY1305_IIV] = { "CHACHA20_POLY1305_IIV", "chacha20-poly1305-iiv", 0, 0 },
	[IPM_ENCR_KUZNYECHIK_MGM_KTREE] = { "KUZNYECHIK_MGM_KTREE", "kuznyechik-mgm-ktree", 8, 0 },
	[IPM_ENCR_MAGMA_MGM_KTREE] = { "MAGMA_MGM_KTREE", "magma-mgm-ktree", 8, 0 },
	[IPM_ENCR_KUZNYECHIK_MGM_MAC_KTREE] = { "KUZNYECHIK_MGM_MAC_KTREE", "kuznyechik-mgm-mac-ktree", 8, 0 },
	[IPM_ENCR_MAGMA_MGM_MAC_KTREE] = { "MAGMA_MGM_MAC_KTREE", "magma-mgm-mac-ktree", 8, 0 },
};

static const char *const prf_table[] = {
	[IPM_PRF_HMAC_MD5] = "PRF_HMAC_MD5",
	[IPM_PRF_HMAC_SHA1] = "PRF_HMAC_SHA1",
	[IPM_PRF_HMAC_TIGER] = "PRF_HMAC_TIGER",
	[IPM_PRF_AES128_XCBC] = "PRF_AES128_XCBC",
	[IPM_PRF_HMAC_SHA2_256] = "PRF_HMAC_SHA2_256",
	[IPM_PRF_HMAC_SHA2_384] = "PRF_HMAC_SHA2_384",
	[IPM_PRF_HMAC_SHA2_512] = "PRF_HMAC_SHA2_512",
	[IPM_PRF_AES128_CMAC] = "PRF_AES128_CMAC",
	[IPM_PRF_HMAC_STREEBOG_512] = "PRF_HMAC_STREEBOG_512",
};

static const struct algo_integ {
	const char *name;
	const char *ios; /* follows "esp-" or "ah-" */
} integ_table[] = {
	[IPM_INTEG_HMAC_MD5_96] = { "HMAC_MD5_96", "md5-hmac" },
	[IPM_INTEG_HMAC_SHA1_96] = { "HMAC_SHA1_96", "sha-hmac" },
	[IPM_INTEG_DES_MAC] = { "DES_MAC", "des-mac" },
	[IPM_INTEG_KPDK_MD5] = { "KPDK_MD5", "md5-kpdk" },
	[IPM_INTEG_AES_XCBC_96] = { "AES_XCBC_96", "aes-xcbc" },
	[IPM_INTEG_HMAC_MD5_128] = { "HMAC_MD5_128", "md5-hmac-128" },
	[IPM_INTEG_HMAC_SHA1_160] = { "HMAC_SHA1_160", "sha-hmac-160" },
	[IPM_INTEG_AES_CMAC_96] = { "AES_CMAC_96", "aes-cmac" },
	[IPM_INTEG_AES_128_GMAC] = { "AES_128_GMAC", "gmac" },
	[IPM_INTEG_AES_192_GMAC] = { "AES_192_GMAC", "gmac 192" },
	[IPM_INTEG_AES_256_GMAC] = { "AES_256_GMAC", "gmac 256" },
	[IPM_INTEG_HMAC_SHA2_256_128] = { "HMAC_SHA2_256_128", "sha256-hmac" },
	[IPM_INTEG_HMAC_SHA2_384_192] = { "HMAC_SHA2_384_192", "sha384-hmac" },
	[IPM_INTEG_HMAC_SHA2_512_256] = { "HMAC_SHA2_512_256", "sha512-hmac" },
};

static const char *const group_table[] = {
	[IPM_GROUP_MODP_768] = "MODP_768",
	[IPM_GROUP_MODP_1024] = "MODP_1024",
	[IPM_GROUP_MODP_1536] = "MODP_1536",
	[IPM_GROUP_MODP_2048] = "MODP_2048",
	[IPM_GROUP_MODP_3072] = "MODP_3072",
	[IPM_GROUP_MODP_4096] = "MODP_4096",
	[IPM_GROUP_MODP_6144] = "MODP_6144",
	[IPM_GROUP_MODP_8192] = "MODP_8192",
	[IPM_GROUP_ECP_256] = "ECP_256",
	[IPM_GROUP_ECP_384] = "ECP_384",
	[IPM_GROUP_ECP_521] = "ECP_521",
	[IPM_GROUP_MODP_1024_160] = "MODP_1024_160",
	[IPM_GROUP_MODP_2048_224] = "MODP_2048_224",
	[IPM_GROUP_MODP_2048_256] = "MODP_2048_256",
	[IPM_GROUP_ECP_192] = "ECP_192",
	[IPM_GROUP_ECP_224] = "ECP_224",
	[IPM_GROUP_BRAINPOOL_P224R1] = "ECP_224_BP",
	[IPM_GROUP_BRAINPOOL_P256R1] = "ECP_256_BP",
	[IPM_GROUP_BRAINPOOL_P384R1] = "ECP_384_BP",
	[IPM_GROUP_BRAINPOOL_P512R1] = "ECP_512_BP",
	[IPM_GROUP_CURVE25519] = "CURVE_25519",
	[IPM_GROUP_CURVE448] = "CURVE_448",
	[IPM_GROUP_GOST3410_2012_256] = "GOST3410_2012_256",
	[IPM_GROUP_GOST3410_2012_512] = "GOST3410_2012_512",
	[IPM_GROUP_ML_KEM_512] = "ML_KEM_512",
	[IPM_GROUP_ML_KEM_768] = "ML_KEM_768",
	[IPM_GROUP_ML_KEM_1024] = "ML_KEM_1024",
};

#define NUMBERS 64 /* more than any table has */

static const struct algo_encr *
encr_find(uint16_t number)
{
	return number < COUNT(encr_table) && encr_table[number].name ? &encr_table[number] : NULL;
}

static const struct algo_integ *
integ_find(uint16_t number)
{
	return number < COUNT(integ_table) && integ_table[number].name ? &integ_table[number] : NULL;
}

static const char *
table_find(enum algo_type type, uint16_t number)
{
	switch (type) {
	case ALGO_ENCR:
		return encr_find(number) ? encr_find(number)->name : NULL;
	case ALGO_PRF:
		return number < COUNT(prf_table) ? prf_table[number] : NULL;
	case ALGO_INTEG:
		return integ_find(number) ? integ_find(number)->name : NULL;
	case ALGO_GROUP:
		return number < COUNT(group_table) ? group_table[number] : NULL;
	}
	return NULL;
}

uint16_t
algo_number(enum algo_type type, const char *name, size_t octets)
{
	for (uint16_t number = 1; number < NUMBERS; number++) {
		const char *known = table_find(type, number);
		if (known && strlen(known) == octets && memcmp(known, name, octets) == 0)
			return number;
	}
	return 0;
}

static const char *
unknown(const char *prefix, uint16_t number, char *out, size_t size)
{
	if (number == 0)
		snprintf(out, size, "%s-unknown", prefix);
	else if (number == IPM_TRANSFORM_OTHER)
		snprintf(out, size, "%s-other", prefix);
	else
		snprintf(out, size, "%s-%u", prefix, number);
	return out;
}

const char *
algo_name(enum algo_type type, uint16_t number, uint16_t bits, char out[ALGO_NAME_MAX])
{
	static const char *const prefix[] = { "encr", "prf", "integ", "group" };
	const char *name = table_find(type, number);
	if (number == 0) {
		out[0] = '\0';
		return NULL;
	}
	if (!name)
		unknown(prefix[type], number, out, ALGO_NAME_MAX);
	else
		snprintf(out, ALGO_NAME_MAX, "%s", name);
	size_t used = strlen(out);
	if (bits)
		snprintf(out + used, ALGO_NAME_MAX - used, "_%u", bits);
	return out;
}

/* "esp-aes", "esp-256-aes", "esp-gcm", "esp-gcm 256": IOS omits 128 bits. */
static void
transform_encr(const struct ipm_proposal *p, char *out, size_t size)
{
	const struct algo_encr *e = encr_find(p->encr);
	unsigned bits = p->encr_bits == 128 ? 0 : p->encr_bits;
	if (!e)
		unknown("encr", p->encr, out, size);
	else if (e->key_place == 'b' && bits)
		snprintf(out, size, "esp-%u-%s", bits, e->ios);
	else if (e->key_place == 'a' && bits)
		snprintf(out, size, "esp-%s %u", e->ios, bits);
	else
		snprintf(out, size, "esp-%s", e->ios);
}

static void
transform_integ(const char *protocol, uint16_t number, char *out, size_t size)
{
	const struct algo_integ *i = integ_find(number);
	if (i)
		snprintf(out, size, "%s-%s", protocol, i->ios);
	else
		unknown("integ", number, out, size);
}

const char *
algo_transform(uint8_t protocol, const struct ipm_proposal *p, char out[ALGO_TRANSFORM_MAX])
{
	if (protocol == 51) {
		transform_integ("ah", p->integ, out, ALGO_TRANSFORM_MAX);
	} else if (protocol == 108) {
		snprintf(out, ALGO_TRANSFORM_MAX, "comp-unknown"); /* a proposal doesn't name the algorithm */
	} else {
		transform_encr(p, out, ALGO_TRANSFORM_MAX);
		size_t used = strlen(out);
		if (p->integ) {
			out[used++] = ' ';
			transform_integ("esp", p->integ, out + used, ALGO_TRANSFORM_MAX - used);
		}
	}
	return out;
}

/* Omit what IOS omits: a usual ICV length, and the key length of a cipher that has only one. */
static void
engine_encr(const struct ipm_proposal *p, char *out, size_t size)
{
	static const char *const names[] = {
		[IPM_ENCR_DES] = "DES_56_CB",
		[IPM_ENCR_3DES] = "3DES_56_C",
		[IPM_ENCR_AES_CCM_16] = "AES_CCM",
		[IPM_ENCR_AES_GCM_16] = "AES_GCM",
		[IPM_ENCR_NULL_AUTH_AES_GMAC] = "AES_GMAC",
	};
	const struct algo_encr *e = encr_find(p->encr);
	const char *name = p->encr < COUNT(names) && names[p->encr] ? names[p->encr] : e ? e->name : NULL;
	if (!name)
		unknown("encr", p->encr, out, size);
	else if (e->key_place && p->encr_bits)
		snprintf(out, size, "%s_%u", name, p->encr_bits);
	else
		snprintf(out, size, "%s", name);
}

static void
engine_integ(uint16_t number, char *out, size_t size)
{
	static const char *const names[] = {
		[IPM_INTEG_HMAC_MD5_96] = "HMAC_MD5",          [IPM_INTEG_HMAC_SHA1_96] = "HMAC_SHA",
		[IPM_INTEG_AES_XCBC_96] = "AES_XCBC",          [IPM_INTEG_AES_CMAC_96] = "AES_CMAC",
		[IPM_INTEG_HMAC_SHA2_256_128] = "HMAC_SHA256", [IPM_INTEG_HMAC_SHA2_384_192] = "HMAC_SHA384",
		[IPM_INTEG_HMAC_SHA2_512_256] = "HMAC_SHA512",
	};
	const struct algo_integ *i = integ_find(number);
	const char *name = number < COUNT(names) && names[number] ? names[number] : i ? i->name : NULL;
	if (name)
		snprintf(out, size, "%s", name);
	else
		unknown("integ", number, out, size);
}

const char *
algo_engine(uint8_t protocol, const struct ipm_proposal *p, char out[ALGO_TRANSFORM_MAX])
{
	size_t used = 0;
	if (protocol == 108) {
		snprintf(out, ALGO_TRANSFORM_MAX, "comp-unknown");
		return out;
	}
	if (p->integ || protocol == 51) {
		engine_integ(p->integ, out, ALGO_TRANSFORM_MAX);
		used = strlen(out);
	}
	if (protocol != 51) {
		if (used)
			out[used++] = '+';
		engine_encr(p, out + used, ALGO_TRANSFORM_MAX - used);
	}
	return out;
}

int
algo_iv_octets(uint16_t encr)
{
	const struct algo_encr *e = encr_find(encr);
	return e ? e->iv_octets : -1;
}
