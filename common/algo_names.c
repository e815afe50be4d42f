/* SPDX-License-Identifier: ISC */
/*
 * IANA, "Internet Key Exchange Version 2 (IKEv2) Parameters", transform types 1 to 4. Plain names are strongSwan's,
 * which are IANA's without ENCR_ and AUTH_. A table is sparse and indexed by the number.
 */
#include "algo_names.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct algo_encr {
	const char *name;
	const char *ios;       /* behind "esp-" */
	signed char iv_octets; /* 0: none in the packet */
	char key_place;        /* IOS: 'b' "esp-256-aes", 'a' "esp-gcm 256", 0: the key has one length only */
};

static const struct algo_encr encr_table[] = {
	[1] = { "DES_IV64", "des-iv64", 8, 0 },
	[2] = { "DES_CBC", "des", 8, 0 },
	[3] = { "3DES_CBC", "3des", 8, 0 },
	[4] = { "RC5_CBC", "rc5", 8, 'a' },
	[5] = { "IDEA_CBC", "idea", 8, 0 },
	[6] = { "CAST_CBC", "cast", 8, 'a' },
	[7] = { "BLOWFISH_CBC", "blowfish", 8, 'a' },
	[8] = { "3IDEA", "3idea", 8, 0 },
	[9] = { "DES_IV32", "des-iv32", 4, 0 },
	[11] = { "NULL", "null", 0, 0 },
	[12] = { "AES_CBC", "aes", 16, 'b' },
	[13] = { "AES_CTR", "aes-ctr", 8, 'a' },
	[14] = { "AES_CCM_8", "ccm-8", 8, 'a' },
	[15] = { "AES_CCM_12", "ccm-12", 8, 'a' },
	[16] = { "AES_CCM_16", "ccm", 8, 'a' },
	[18] = { "AES_GCM_8", "gcm-8", 8, 'a' },
	[19] = { "AES_GCM_12", "gcm-12", 8, 'a' },
	[20] = { "AES_GCM_16", "gcm", 8, 'a' },
	[21] = { "NULL_AES_GMAC", "gmac", 8, 'a' },
	[23] = { "CAMELLIA_CBC", "camellia", 16, 'b' },
	[24] = { "CAMELLIA_CTR", "camellia-ctr", 8, 'a' },
	[25] = { "CAMELLIA_CCM_8", "camellia-ccm-8", 8, 'a' },
	[26] = { "CAMELLIA_CCM_12", "camellia-ccm-12", 8, 'a' },
	[27] = { "CAMELLIA_CCM_16", "camellia-ccm", 8, 'a' },
	[28] = { "CHACHA20_POLY1305", "chacha20-poly1305", 8, 0 },
	[29] = { "AES_CCM_8_IIV", "ccm-8-iiv", 0, 'a' },
	[30] = { "AES_GCM_16_IIV", "gcm-iiv", 0, 'a' },
	[31] = { "CHACHA20_POLY1305_IIV", "chacha20-poly1305-iiv", 0, 0 },
	[32] = { "KUZNYECHIK_MGM_KTREE", "kuznyechik-mgm-ktree", 8, 0 },
	[33] = { "MAGMA_MGM_KTREE", "magma-mgm-ktree", 8, 0 },
	[34] = { "KUZNYECHIK_MGM_MAC_KTREE", "kuznyechik-mgm-mac-ktree", 8, 0 },
	[35] = { "MAGMA_MGM_MAC_KTREE", "magma-mgm-mac-ktree", 8, 0 },
};

static const char *const prf_table[] = {
	[1] = "PRF_HMAC_MD5",      [2] = "PRF_HMAC_SHA1",     [3] = "PRF_HMAC_TIGER",
	[4] = "PRF_AES128_XCBC",   [5] = "PRF_HMAC_SHA2_256", [6] = "PRF_HMAC_SHA2_384",
	[7] = "PRF_HMAC_SHA2_512", [8] = "PRF_AES128_CMAC",   [9] = "PRF_HMAC_STREEBOG_512",
};

static const struct algo_integ {
	const char *name;
	const char *ios; /* behind "esp-" or "ah-" */
} integ_table[] = {
	[1] = { "HMAC_MD5_96", "md5-hmac" },
	[2] = { "HMAC_SHA1_96", "sha-hmac" },
	[3] = { "DES_MAC", "des-mac" },
	[4] = { "KPDK_MD5", "md5-kpdk" },
	[5] = { "AES_XCBC_96", "aes-xcbc" },
	[6] = { "HMAC_MD5_128", "md5-hmac-128" },
	[7] = { "HMAC_SHA1_160", "sha-hmac-160" },
	[8] = { "AES_CMAC_96", "aes-cmac" },
	[9] = { "AES_128_GMAC", "gmac" },
	[10] = { "AES_192_GMAC", "gmac 192" },
	[11] = { "AES_256_GMAC", "gmac 256" },
	[12] = { "HMAC_SHA2_256_128", "sha256-hmac" },
	[13] = { "HMAC_SHA2_384_192", "sha384-hmac" },
	[14] = { "HMAC_SHA2_512_256", "sha512-hmac" },
};

static const char *const group_table[] = {
	[1] = "MODP_768",       [2] = "MODP_1024",      [5] = "MODP_1536",          [14] = "MODP_2048",
	[15] = "MODP_3072",     [16] = "MODP_4096",     [17] = "MODP_6144",         [18] = "MODP_8192",
	[19] = "ECP_256",       [20] = "ECP_384",       [21] = "ECP_521",           [22] = "MODP_1024_160",
	[23] = "MODP_2048_224", [24] = "MODP_2048_256", [25] = "ECP_192",           [26] = "ECP_224",
	[27] = "ECP_224_BP",    [28] = "ECP_256_BP",    [29] = "ECP_384_BP",        [30] = "ECP_512_BP",
	[31] = "CURVE_25519",   [32] = "CURVE_448",     [33] = "GOST3410_2012_256", [34] = "GOST3410_2012_512",
	[35] = "ML_KEM_512",    [36] = "ML_KEM_768",    [37] = "ML_KEM_1024",
};

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

/* "esp-aes", "esp-256-aes", "esp-gcm", "esp-gcm 256": IOS does not mention 128 bits. */
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
		snprintf(out, ALGO_TRANSFORM_MAX, "comp-unknown"); /* a proposal does not tell which */
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

/* Without what IOS does not mention: the length of the ICV where there is a usual one, the key of what has only one. */
static void
engine_encr(const struct ipm_proposal *p, char *out, size_t size)
{
	static const char *const names[] = {
		[2] = "DES_56_CB", [3] = "3DES_56_C", [16] = "AES_CCM", [20] = "AES_GCM", [21] = "AES_GMAC",
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
		[1] = "HMAC_MD5",     [2] = "HMAC_SHA",     [5] = "AES_XCBC",     [8] = "AES_CMAC",
		[12] = "HMAC_SHA256", [13] = "HMAC_SHA384", [14] = "HMAC_SHA512",
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
