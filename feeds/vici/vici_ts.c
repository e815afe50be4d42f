/* SPDX-License-Identifier: ISC */
/* Addresses and traffic selectors as charon writes them. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "vici_decode.h"
#include "vici_value.h"

bool
vici_addr(const char *text, struct ipm_addr *out)
{
	*out = (struct ipm_addr){ .len = strchr(text, ':') != NULL ? 16 : 4 };
	return inet_pton(out->len == 16 ? AF_INET6 : AF_INET, text, out->bytes) == 1;
}

/* "10.1.0.0/24": the addresses from all host bits clear to all host bits set. */
static bool
parse_subnet(char *text, struct ipm_sel_side *out)
{
	char *slash = strchr(text, '/');
	uint64_t prefix, bits;
	if (slash == NULL)
		return false;
	*slash = '\0';
	if (!vici_addr(text, &out->first))
		return false;
	bits = 8 * (uint64_t)out->first.len;
	if (!vici_number(vici_slice_of(slash + 1), 10, bits, &prefix))
		return false;
	out->prefix = (uint8_t)prefix;
	out->type = prefix == bits ? IPM_SEL_SINGLE : IPM_SEL_SUBNET;
	out->last = out->first;
	for (uint64_t bit = prefix; bit < bits; bit++) {
		uint8_t mask = (uint8_t)(0x80u >> (bit % 8));
		out->first.bytes[bit / 8] &= (uint8_t)~mask;
		out->last.bytes[bit / 8] |= mask;
	}
	return true;
}

/* The two ends of "10.0.0.1..10.0.0.9". */
static bool
parse_range(const char *first, const char *last, struct ipm_sel_side *out)
{
	if (!vici_addr(first, &out->first) || !vici_addr(last, &out->last) || out->first.len != out->last.len)
		return false;
	int order = memcmp(out->first.bytes, out->last.bytes, out->first.len);
	out->type = order == 0 ? IPM_SEL_SINGLE : IPM_SEL_RANGE;
	out->prefix = order == 0 ? out->first.len * 8u : 0;
	return order <= 0;
}

/* "8" or "8(1)": type and code of ICMP. */
static bool
parse_icmp(char *text, uint16_t *out)
{
	char *code = strchr(text, '(');
	char *end = code != NULL ? strchr(code, ')') : NULL;
	uint64_t t, c = 0;
	if (code != NULL) {
		if (end == NULL || end[1] != '\0')
			return false;
		*code = *end = '\0';
		if (!vici_number(vici_slice_of(code + 1), 10, 255, &c))
			return false;
	}
	if (!vici_number(vici_slice_of(text), 10, 255, &t))
		return false;
	*out = (uint16_t)(t << 8 | c);
	return true;
}

static bool
parse_port(char *text, uint8_t protocol, uint16_t *out)
{
	uint64_t n;
	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
		return parse_icmp(text, out);
	if (!vici_number(vici_slice_of(text), 10, UINT16_MAX, &n))
		return false;
	*out = (uint16_t)n;
	return true;
}

static bool
find_protocol(const char *name, uint8_t *out)
{
	const struct protoent *found = getprotobyname(name); /* this process has one thread */
	if (found == NULL)
		return false;
	*out = (uint8_t)found->p_proto;
	return true;
}

static bool
find_service(const char *name, const char *protocol, uint16_t *out)
{
	struct servent entry, *found = NULL;
	char buf[1024];
	if (getservbyname_r(name, protocol, &entry, buf, sizeof(buf), &found) != 0 || found == NULL)
		return false;
	*out = ntohs((uint16_t)found->s_port);
	return true;
}

/* "80", "1000-2000", "OPAQUE", "http". @p protocol_name: NULL: the protocol is a number. */
static bool
parse_ports(char *text, const char *protocol_name, struct ipm_sel_side *out)
{
	if (strcmp(text, "OPAQUE") == 0) {
		out->port_first = UINT16_MAX;
		out->port_last = 0;
		return true;
	}
	if (text[strspn(text, "0123456789()-")] != '\0') {
		bool found = find_service(text, protocol_name, &out->port_first);
		out->port_last = out->port_first;
		return found;
	}
	char *dash = strchr(text, '-');
	if (dash != NULL)
		*dash = '\0';
	if (!parse_port(text, out->protocol, &out->port_first))
		return false;
	out->port_last = out->port_first;
	if (dash != NULL && !parse_port(dash + 1, out->protocol, &out->port_last))
		return false;
	return out->port_first <= out->port_last;
}

/* The text in brackets: "tcp", "tcp/80", "47", "0/80". */
static bool
parse_upper(char *text, struct ipm_sel_side *out)
{
	char *ports = strchr(text, '/');
	uint64_t n;
	if (ports != NULL)
		*ports++ = '\0';
	bool numeric = vici_number(vici_slice_of(text), 10, UINT8_MAX, &n);
	if (numeric)
		out->protocol = (uint8_t)n;
	else if (!find_protocol(text, &out->protocol))
		return false;
	return ports == NULL || parse_ports(ports, numeric ? NULL : text, out);
}

int
vici_parse_conn_ts(const char *text, struct ipm_sel_side *out)
{
	struct ipm_sel_side side = { .port_last = UINT16_MAX };
	char buf[192]; /* two IPv6 addresses, a protocol, a service */
	if (!vici_string(vici_slice_of(text), buf, sizeof(buf)))
		return -EINVAL;
	char *bracket = strchr(buf, '[');
	if (bracket != NULL) {
		char *end = strchr(bracket, ']');
		if (end == NULL || end[1] != '\0')
			return -EINVAL;
		*bracket = *end = '\0';
		if (!parse_upper(bracket + 1, &side))
			return -EINVAL;
	}
	bool dynamic = strcmp(buf, "dynamic") == 0;
	char *dots = strstr(buf, "..");
	if (dots != NULL)
		*dots = '\0';
	if (!dynamic && !(dots != NULL ? parse_range(buf, dots + 2, &side) : parse_subnet(buf, &side)))
		return -EINVAL;
	*out = side;
	return dynamic ? -ENODATA : 0;
}

int
vici_parse_ts(const char *text, struct ipm_sel_side *out)
{
	struct ipm_sel_side side;
	int rc = vici_parse_conn_ts(text, &side);
	if (rc == 0)
		*out = side;
	return rc;
}

bool
vici_ts_pair(const struct ipm_sel_side *local, const struct ipm_sel_side *remote)
{
	return local->first.len == remote->first.len &&
	       (local->protocol == remote->protocol || local->protocol == 0 || remote->protocol == 0);
}
