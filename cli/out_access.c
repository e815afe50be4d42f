/* SPDX-License-Identifier: ISC */
/* Access lists in IOS's notation. */
#include <inttypes.h>
#include <string.h>

#include "out.h"

#define SIDE_MAX 160

static const char *
protocol_word(bool ipv6, unsigned protocol, char out[16])
{
	static const struct {
		uint8_t number;
		const char *word;
	} words[] = { { 1, "icmp" }, { 2, "igmp" }, { 4, "ipinip" }, { 6, "tcp" },   { 17, "udp" },  { 47, "gre" },
		      { 50, "esp" }, { 51, "ahp" }, { 88, "eigrp" }, { 89, "ospf" }, { 103, "pim" }, { 108, "pcp" } };
	if (protocol == 0)
		return ipv6 ? "ipv6" : "ip";
	if (ipv6 && protocol == 58) /* there, IOS means ICMPv6 */
		return "icmp";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].number == protocol && !(ipv6 && protocol == 1))
			return words[i].word;
	snprintf(out, 16, "%u", protocol);
	return out;
}

static void
wildcard_of(unsigned prefix, char out[OUT_ADDR_MAX])
{
	struct ipm_addr wildcard = { .len = 4, .bytes = { 255, 255, 255, 255 } };
	for (unsigned i = 0; i < 32 && i < prefix; i++)
		wildcard.bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
	out_addr(&wildcard, out);
}

static bool
is_everything(const struct ipm_sel_side *side)
{
	for (size_t i = 0; i < side->first.len; i++)
		if (side->first.bytes[i] != 0 || side->last.bytes[i] != 0xff)
			return false;
	return side->first.len > 0;
}

/* "any", "host A", "A WILDCARD", "A/LENGTH" in IPv6; "range A B", which IOS lacks; "-": not known. */
static void
addresses(const struct ipm_sel_side *side, char *out, size_t size)
{
	char first[OUT_ADDR_MAX], last[OUT_ADDR_MAX];
	unsigned bits = side->first.len * 8u;
	out_addr(&side->first, first);
	if (bits != 32 && bits != 128) {
		snprintf(out, size, "-");
	} else if (side->type == IPM_SEL_SUBNET && side->prefix < bits) {
		wildcard_of(side->prefix, last);
		if (side->prefix == 0)
			snprintf(out, size, "any");
		else if (bits == 32)
			snprintf(out, size, "%s %s", first, last);
		else
			snprintf(out, size, "%s/%u", first, side->prefix);
	} else if (side->type == IPM_SEL_RANGE && is_everything(side)) {
		snprintf(out, size, "any");
	} else if (side->type == IPM_SEL_RANGE && !ipm_addr_same(&side->first, &side->last)) {
		snprintf(out, size, "range %s %s", first, out_addr(&side->last, last));
	} else {
		snprintf(out, size, "host %s", first);
	}
}

static const char *
side_text(const struct ipm_sel_side *side, char out[SIDE_MAX])
{
	addresses(side, out, SIDE_MAX);
	size_t used = strlen(out);
	if (side->port_first == 0 && side->port_last == 65535)
		return out;
	if (side->port_first == side->port_last)
		snprintf(out + used, SIDE_MAX - used, " port = %u", side->port_first);
	else
		snprintf(out + used, SIDE_MAX - used, " port range %u %u", side->port_first, side->port_last);
	return out;
}

bool
out_access_is_ipv6(const struct ipm_access *a)
{
	return a->local.first.len == 16 || a->remote.first.len == 16;
}

const char *
out_access(const struct ipm_access *a, char out[OUT_ACCESS_MAX])
{
	char local[SIDE_MAX], remote[SIDE_MAX], number[16];
	unsigned protocol = a->local.protocol ? a->local.protocol : a->remote.protocol;
	snprintf(out, OUT_ACCESS_MAX, "%s %s %s %s", a->deny ? "deny" : "permit",
		 protocol_word(out_access_is_ipv6(a), protocol, number), side_text(&a->local, local),
		 side_text(&a->remote, remote));
	return out;
}
