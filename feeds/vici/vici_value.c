/* SPDX-License-Identifier: ISC */
/* Numbers, texts and transforms as charon writes them. */
#include "vici_value.h"

#include <stdio.h>
#include <string.h>

#include "ipm_hash.h"
#include "vici_decode.h"

/* IANA, "IKEv2 Parameters", transform type 1. */
const struct vici_named vici_encrs[] = {
	{ "UNDEFINED", 0 },
	{ "DES_IV64", IPM_ENCR_DES_IV64 },
	{ "DES_CBC", IPM_ENCR_DES },
	{ "3DES_CBC", IPM_ENCR_3DES },
	{ "RC5_CBC", IPM_ENCR_RC5 },
	{ "IDEA_CBC", IPM_ENCR_IDEA },
	{ "CAST_CBC", IPM_ENCR_CAST },
	{ "BLOWFISH_CBC", IPM_ENCR_BLOWFISH },
	{ "3IDEA", IPM_ENCR_3IDEA },
	{ "DES_IV32", IPM_ENCR_DES_IV32 },
	{ "NULL", IPM_ENCR_NULL },
	{ "AES_CBC", IPM_ENCR_AES_CBC },
	{ "AES_CTR", IPM_ENCR_AES_CTR },
	{ "AES_CCM_8", IPM_ENCR_AES_CCM_8 },
	{ "AES_CCM_12", IPM_ENCR_AES_CCM_12 },
	{ "AES_CCM_16", IPM_ENCR_AES_CCM_16 },
	{ "AES_GCM_8", IPM_ENCR_AES_GCM_8 },
	{ "AES_GCM_12", IPM_ENCR_AES_GCM_12 },
	{ "AES_GCM_16", IPM_ENCR_AES_GCM_16 },
	{ "NULL_AES_GMAC", IPM_ENCR_NULL_AUTH_AES_GMAC },
	{ "CAMELLIA_CBC", IPM_ENCR_CAMELLIA_CBC },
	{ "CAMELLIA_CTR", IPM_ENCR_CAMELLIA_CTR },
	{ "CAMELLIA_CCM_8", IPM_ENCR_CAMELLIA_CCM_8 },
	{ "CAMELLIA_CCM_12", IPM_ENCR_CAMELLIA_CCM_12 },
	{ "CAMELLIA_CCM_16", IPM_ENCR_CAMELLIA_CCM_16 },
	{ "CHACHA20_POLY1305", IPM_ENCR_CHACHA20_POLY1305 },
	{ NULL, 0 },
};

/* Transform type 2. */
const struct vici_named vici_prfs[] = {
	{ "PRF_UNDEFINED", 0 },
	{ "PRF_HMAC_MD5", IPM_PRF_HMAC_MD5 },
	{ "PRF_HMAC_SHA1", IPM_PRF_HMAC_SHA1 },
	{ "PRF_HMAC_TIGER", IPM_PRF_HMAC_TIGER },
	{ "PRF_AES128_XCBC", IPM_PRF_AES128_XCBC },
	{ "PRF_HMAC_SHA2_256", IPM_PRF_HMAC_SHA2_256 },
	{ "PRF_HMAC_SHA2_384", IPM_PRF_HMAC_SHA2_384 },
	{ "PRF_HMAC_SHA2_512", IPM_PRF_HMAC_SHA2_512 },
	{ "PRF_AES128_CMAC", IPM_PRF_AES128_CMAC },
	{ NULL, 0 },
};

/* Transform type 3. */
const struct vici_named vici_integs[] = {
	{ "UNDEFINED", 0 },
	{ "HMAC_MD5_96", IPM_INTEG_HMAC_MD5_96 },
	{ "HMAC_SHA1_96", IPM_INTEG_HMAC_SHA1_96 },
	{ "DES_MAC", IPM_INTEG_DES_MAC },
	{ "KPDK_MD5", IPM_INTEG_KPDK_MD5 },
	{ "AES_XCBC_96", IPM_INTEG_AES_XCBC_96 },
	{ "HMAC_MD5_128", IPM_INTEG_HMAC_MD5_128 },
	{ "HMAC_SHA1_160", IPM_INTEG_HMAC_SHA1_160 },
	{ "AES_CMAC_96", IPM_INTEG_AES_CMAC_96 },
	{ "AES_128_GMAC", IPM_INTEG_AES_128_GMAC },
	{ "AES_192_GMAC", IPM_INTEG_AES_192_GMAC },
	{ "AES_256_GMAC", IPM_INTEG_AES_256_GMAC },
	{ "HMAC_SHA2_256_128", IPM_INTEG_HMAC_SHA2_256_128 },
	{ "HMAC_SHA2_384_192", IPM_INTEG_HMAC_SHA2_384_192 },
	{ "HMAC_SHA2_512_256", IPM_INTEG_HMAC_SHA2_512_256 },
	{ NULL, 0 },
};

/* Transform type 4. */
const struct vici_named vici_groups[] = {
	{ "KE_NONE", 0 },
	{ "MODP_768", IPM_GROUP_MODP_768 },
	{ "MODP_1024", IPM_GROUP_MODP_1024 },
	{ "MODP_1536", IPM_GROUP_MODP_1536 },
	{ "MODP_2048", IPM_GROUP_MODP_2048 },
	{ "MODP_3072", IPM_GROUP_MODP_3072 },
	{ "MODP_4096", IPM_GROUP_MODP_4096 },
	{ "MODP_6144", IPM_GROUP_MODP_6144 },
	{ "MODP_8192", IPM_GROUP_MODP_8192 },
	{ "ECP_256", IPM_GROUP_ECP_256 },
	{ "ECP_384", IPM_GROUP_ECP_384 },
	{ "ECP_521", IPM_GROUP_ECP_521 },
	{ "MODP_1024_160", IPM_GROUP_MODP_1024_160 },
	{ "MODP_2048_224", IPM_GROUP_MODP_2048_224 },
	{ "MODP_2048_256", IPM_GROUP_MODP_2048_256 },
	{ "ECP_192", IPM_GROUP_ECP_192 },
	{ "ECP_224", IPM_GROUP_ECP_224 },
	{ "ECP_224_BP", IPM_GROUP_BRAINPOOL_P224R1 },
	{ "ECP_256_BP", IPM_GROUP_BRAINPOOL_P256R1 },
	{ "ECP_384_BP", IPM_GROUP_BRAINPOOL_P384R1 },
	{ "ECP_512_BP", IPM_GROUP_BRAINPOOL_P512R1 },
	{ "CURVE_25519", IPM_GROUP_CURVE25519 },
	{ "CURVE_448", IPM_GROUP_CURVE448 },
	{ "GOST3410_256", IPM_GROUP_GOST3410_2012_256 },
	{ "GOST3410_512", IPM_GROUP_GOST3410_2012_512 },
	{ "ML_KEM_512", IPM_GROUP_ML_KEM_512 },
	{ "ML_KEM_768", IPM_GROUP_ML_KEM_768 },
	{ "ML_KEM_1024", IPM_GROUP_ML_KEM_1024 },
	{ NULL, 0 },
};

struct vici_slice
vici_slice_of(const char *text)
{
	return (struct vici_slice){ (const uint8_t *)text, strlen(text) };
}

bool
vici_number(struct vici_slice value, unsigned int base, uint64_t max, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t n = 0;
	if (value.len == 0)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		int octet = value.at[i] >= 'A' && value.at[i] <= 'F' ? value.at[i] | 0x20 : value.at[i];
		const char *digit = memchr(digits, octet, base);
		if (digit == NULL || n > (max - (uint64_t)(digit - digits)) / base)
			return false;
		n = n * base + (uint64_t)(digit - digits);
	}
	*out = n;
	return true;
}

bool
vici_string(struct vici_slice value, char *out, size_t size)
{
	if (value.len >= size || memchr(value.at, '\0', value.len) != NULL)
		return false;
	memcpy(out, value.at, value.len);
	out[value.len] = '\0';
	return true;
}

void
vici_text(struct vici_slice value, char *out, size_t size)
{
	static const char dots[] = "...";
	bool fits = value.len < size;
	size_t keep = fits ? value.len : size - sizeof(dots);
	memset(out, '?', keep);
	for (size_t i = 0; i < keep; i++) {
		if (value.at[i] >= 0x20 && value.at[i] < 0x7f)
			out[i] = (char)value.at[i];
	}
	memcpy(out + keep, fits ? "" : dots, fits ? 1 : sizeof(dots));
}

void
vici_name(struct vici_slice value, char *out, size_t size)
{
	vici_text(value, out, size);
	if (value.len >= size)
		snprintf(out + size - sizeof("...01234567"), sizeof("...01234567"), "...%08x",
			 ipm_hash(IPM_HASH_BEGIN, value.at, value.len));
}

const struct vici_named *
vici_find_name(const struct vici_named *names, struct vici_slice value)
{
	while (names->text != NULL && !vici_is(value, names->text))
		names++;
	return names->text != NULL ? names : NULL;
}

uint16_t
vici_transform(const struct vici_named *names, struct vici_slice value)
{
	const struct vici_named *known = vici_find_name(names, value);
	uint64_t n;
	if (known != NULL)
		return known->number;
	/* A charon that has no name for a number writes "(35)". 1024 and up are for private use. */
	if (value.len > 2 && value.at[0] == '(' && value.at[value.len - 1] == ')' &&
	    vici_number((struct vici_slice){ value.at + 1, value.len - 2 }, 10, 1023, &n))
		return (uint16_t)n;
	return IPM_TRANSFORM_OTHER;
}

uint16_t
vici_encr(const char *name)
{
	return vici_transform(vici_encrs, vici_slice_of(name));
}

uint16_t
vici_integ(const char *name)
{
	return vici_transform(vici_integs, vici_slice_of(name));
}

uint16_t
vici_prf(const char *name)
{
	return vici_transform(vici_prfs, vici_slice_of(name));
}

uint16_t
vici_group(const char *name)
{
	return vici_transform(vici_groups, vici_slice_of(name));
}

void
vici_fill_text(char *to, size_t size, const char *from)
{
	if (to[0] == '\0')
		snprintf(to, size, "%s", from);
}
