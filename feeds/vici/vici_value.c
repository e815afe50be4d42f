/* SPDX-License-Identifier: ISC */
/* Numbers, texts and transforms as charon writes them. */
#include "vici_value.h"

#include <stdio.h>
#include <string.h>

#include "ipm_hash.h"
#include "vici_decode.h"

/* Names that strongSwan has for nothing, and names of its own. */
static const struct vici_named own_transforms[] = {
	{ "UNDEFINED", 0 },
	{ "PRF_UNDEFINED", 0 },
	{ "KE_NONE", 0 },
	{ "GOST3410_256", IPM_GROUP_GOST3410_2012_256 },
	{ "GOST3410_512", IPM_GROUP_GOST3410_2012_512 },
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
vici_transform(enum algo_type type, struct vici_slice value)
{
	const struct vici_named *own = vici_find_name(own_transforms, value);
	uint16_t number = own != NULL ? own->number : algo_number(type, (const char *)value.at, value.len);
	uint64_t n;
	if (own != NULL || number != 0)
		return number;
	/* A charon that has no name for a number writes "(35)". 1024 and up are for private use. */
	if (value.len > 2 && value.at[0] == '(' && value.at[value.len - 1] == ')' &&
	    vici_number((struct vici_slice){ value.at + 1, value.len - 2 }, 10, 1023, &n))
		return (uint16_t)n;
	return IPM_TRANSFORM_OTHER;
}

uint16_t
vici_encr(const char *name)
{
	return vici_transform(ALGO_ENCR, vici_slice_of(name));
}

uint16_t
vici_integ(const char *name)
{
	return vici_transform(ALGO_INTEG, vici_slice_of(name));
}

uint16_t
vici_prf(const char *name)
{
	return vici_transform(ALGO_PRF, vici_slice_of(name));
}

uint16_t
vici_group(const char *name)
{
	return vici_transform(ALGO_GROUP, vici_slice_of(name));
}

void
vici_fill_text(char *to, size_t size, const char *from)
{
	if (to[0] == '\0')
		snprintf(to, size, "%s", from);
}
