/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>

#include "clean.h"
#include "out.h"
#include "units.h"

const char *
out_age(uint64_t ns, char out[OUT_AGE_MAX])
{
	return word_age(ns / NS_PER_SECOND, out);
}

const char *
out_since(uint64_t now_ns, uint64_t then_ns, char out[OUT_AGE_MAX])
{
	if (then_ns == 0) {
		snprintf(out, OUT_AGE_MAX, "never");
		return out;
	}
	char age[OUT_AGE_MAX - sizeof(" ago")];
	snprintf(age, sizeof(age), "%s", out_age(now_ns > then_ns ? now_ns - then_ns : 0, out));
	snprintf(out, OUT_AGE_MAX, "%s ago", age);
	return out;
}

const char *
out_addr(const struct ipm_addr *a, char out[OUT_ADDR_MAX])
{
	if (!((a->len == 4 && inet_ntop(AF_INET, a->bytes, out, OUT_ADDR_MAX)) ||
	      (a->len == 16 && inet_ntop(AF_INET6, a->bytes, out, OUT_ADDR_MAX))))
		snprintf(out, OUT_ADDR_MAX, "-");
	for (char *c = out; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return out;
}

static void
mask_of(unsigned prefix, char out[OUT_ADDR_MAX])
{
	struct ipm_addr mask = { .len = 4 };
	for (unsigned i = 0; i < 32 && i < prefix; i++)
		mask.bytes[i / 8] |= (uint8_t)(0x80u >> i % 8);
	out_addr(&mask, out);
}

const char *
out_ident(const struct ipm_sel_side *side, char out[OUT_IDENT_MAX])
{
	char first[OUT_ADDR_MAX], last[OUT_ADDR_MAX], mask[OUT_ADDR_MAX], port[16];
	unsigned bits = side->first.len * 8u;
	unsigned prefix = side->type == IPM_SEL_SUBNET ? side->prefix : bits;
	out_addr(&side->first, first);
	if (side->type == IPM_SEL_RANGE) {
		out_addr(&side->last, last);
		snprintf(mask, sizeof(mask), "-"); /* IOS has no ranges: print four fields as it does */
	} else {
		last[0] = '\0';
		if (bits == 32)
			mask_of(prefix, mask);
		else if (bits == 128)
			snprintf(mask, sizeof(mask), "%u", prefix);
		else
			snprintf(mask, sizeof(mask), "-");
	}
	if (side->port_first == 0 && side->port_last == 65535)
		snprintf(port, sizeof(port), "0");
	else if (side->port_first == side->port_last)
		snprintf(port, sizeof(port), "%u", side->port_first);
	else
		snprintf(port, sizeof(port), "%u-%u", side->port_first, side->port_last);
	snprintf(out, OUT_IDENT_MAX, "%s%s%s/%s/%u/%s", first, last[0] ? "-" : "", last, mask, side->protocol, port);
	return out;
}

const char *
out_clean(const char *text, size_t field, char out[OUT_TEXT_MAX])
{
	return text_clean(text, field, out, OUT_TEXT_MAX);
}

int64_t
out_remaining_ns(uint64_t now_ns, uint64_t from_ns, uint64_t life_ns)
{
	if (from_ns == 0 || life_ns == 0)
		return -1;
	uint64_t age = now_ns > from_ns ? now_ns - from_ns : 0;
	return age < life_ns ? (int64_t)(life_ns - age) : 0;
}
