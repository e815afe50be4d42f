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
out_age_short(uint64_t ns, char out[OUT_AGE_MAX])
{
	uint64_t s = ns / NS_PER_SECOND;
	if (s < 60)
		snprintf(out, OUT_AGE_MAX, "%" PRIu64 "s", s);
	else if (s < 3600)
		snprintf(out, OUT_AGE_MAX, "%" PRIu64 "m", s / 60);
	else if (s < 86400)
		snprintf(out, OUT_AGE_MAX, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(out, OUT_AGE_MAX, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
	return out;
}

const char *
out_age_ios(uint64_t ns, char out[OUT_AGE_MAX])
{
	uint64_t s = ns / NS_PER_SECOND, days = s / 86400;
	if (days >= 7)
		snprintf(out, OUT_AGE_MAX, "%" PRIu64 "w%" PRIu64 "d", days / 7, days % 7);
	else if (days > 0)
		snprintf(out, OUT_AGE_MAX, "%" PRIu64 "d%02" PRIu64 "h", days, s / 3600 % 24);
	else
		snprintf(out, OUT_AGE_MAX, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60, s % 60);
	return out;
}

const char *
out_age_asa(uint64_t ns, char out[OUT_AGE_MAX])
{
	uint64_t s = ns / NS_PER_SECOND;
	int n = 0;
	if (s >= 86400)
		n = snprintf(out, OUT_AGE_MAX, "%" PRIu64 "d ", s / 86400);
	snprintf(out + n, OUT_AGE_MAX - (size_t)n, "%" PRIu64 "h:%02" PRIu64 "m:%02" PRIu64 "s", s / 3600 % 24,
		 s / 60 % 60, s % 60);
	return out;
}

const char *
out_octets_short(uint64_t octets, char out[OUT_SHORT_MAX])
{
	static const char units[] = "kMGTPE";
	double n = (double)octets / 1024;
	size_t unit = 0;
	if (octets < 1000) {
		snprintf(out, OUT_SHORT_MAX, "%" PRIu64, octets);
		return out;
	}
	while (n >= 999.5) {
		n /= 1024;
		unit++;
	}
	snprintf(out, OUT_SHORT_MAX, n < 9.95 ? "%.1f%c" : "%.0f%c", n, units[unit]);
	return out;
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
