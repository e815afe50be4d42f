/* SPDX-License-Identifier: ISC */
/* Traffic selectors in the syntax of IOS access lists. */
#include "acl_text.h"
#include "ipm_segment.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

struct text {
	char *out;
	size_t used;
	bool shown; /* true: as IOS shows lists; false: as IOS configures them */
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(t->out + t->used, ACL_TEXT_MAX - t->used, format, args);
	va_end(args);
	if (n > 0)
		t->used += (size_t)n < ACL_TEXT_MAX - t->used ? (size_t)n : ACL_TEXT_MAX - t->used - 1;
}

static void
add_protocol(struct text *t, bool ipv6, uint8_t protocol)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = { { 1, "icmp" }, { 2, "igmp" }, { 4, "ipinip" }, { 6, "tcp" },   { 17, "udp" },  { 47, "gre" },
		      { 50, "esp" }, { 51, "ahp" }, { 88, "eigrp" }, { 89, "ospf" }, { 103, "pim" }, { 108, "pcp" } };
	if (protocol == 0) {
		add(t, " %s", ipv6 ? "ipv6" : "ip");
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == protocol && !(ipv6 && protocol == 1)) {
			add(t, " %s", names[i].name);
			return;
		}
	if (ipv6 && protocol == IPPROTO_ICMPV6)
		add(t, " icmp");
	else
		add(t, " %u", protocol);
}

static const char *
address(const struct text *t, const struct ipm_addr *addr, char out[INET6_ADDRSTRLEN])
{
	if (addr->len == 0 || !inet_ntop(addr->len == 16 ? AF_INET6 : AF_INET, addr->bytes, out, INET6_ADDRSTRLEN))
		snprintf(out, INET6_ADDRSTRLEN, "0.0.0.0");
	for (char *c = out; t->shown && *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return out;
}

static bool
is_everything(const struct ipm_sel_side *side)
{
	for (size_t i = 0; i < side->first.len; i++)
		if (side->first.bytes[i] != 0 || side->last.bytes[i] != 0xff)
			return false;
	return true;
}

static void
add_side(struct text *t, const struct ipm_sel_side *side)
{
	char first[INET6_ADDRSTRLEN], last[INET6_ADDRSTRLEN];
	unsigned bits = 8u * side->first.len;

	if (bits != 32 && bits != 128) {
		add(t, " -"); /* unknown */
	} else if ((side->type == IPM_SEL_SUBNET && side->prefix == 0) ||
		   (side->type == IPM_SEL_RANGE && is_everything(side))) {
		add(t, " any");
	} else if (side->type == IPM_SEL_SINGLE || (side->type == IPM_SEL_SUBNET && side->prefix >= bits) ||
		   (side->type == IPM_SEL_RANGE && ipm_addr_same(&side->first, &side->last))) {
		add(t, " host %s", address(t, &side->first, first));
	} else if (side->type == IPM_SEL_RANGE) {
		add(t, " range %s %s", address(t, &side->first, first), address(t, &side->last, last));
	} else if (side->first.len == 16) {
		add(t, " %s/%u", address(t, &side->first, first), side->prefix);
	} else {
		uint32_t wildcard = htonl(UINT32_MAX >> side->prefix);
		inet_ntop(AF_INET, &wildcard, last, sizeof(last));
		add(t, " %s %s", address(t, &side->first, first), last);
	}
	if (side->port_first == side->port_last)
		add(t, " %s %u", t->shown ? "port =" : "eq", side->port_first);
	else if (side->port_first != 0 || side->port_last != UINT16_MAX)
		add(t, " %s %u %u", t->shown ? "port range" : "range", side->port_first, side->port_last);
}

static void
add_entry(struct text *t, bool deny, const struct ipm_sel_side *local, const struct ipm_sel_side *remote)
{
	add(t, "%s", deny ? "deny" : "permit");
	add_protocol(t, local->first.len == 16 || remote->first.len == 16,
		     local->protocol ? local->protocol : remote->protocol);
	add_side(t, local);
	add_side(t, remote);
}

const char *
acl_text(const char *name, bool deny, const struct ipm_sel_side *local, const struct ipm_sel_side *remote,
	 char out[ACL_TEXT_MAX])
{
	struct text t = { .out = out };
	out[0] = '\0';
	if (name)
		add(&t, "access-list %s ", name);
	add_entry(&t, deny, local, remote);
	return out;
}

const char *
acl_text_shown(bool deny, const struct ipm_sel_side *local, const struct ipm_sel_side *remote, char out[ACL_TEXT_MAX])
{
	struct text t = { .out = out, .shown = true };
	out[0] = '\0';
	add_entry(&t, deny, local, remote);
	return out;
}
