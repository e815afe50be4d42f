/* SPDX-License-Identifier: ISC */
#include "ber.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- object identifiers ---- */

static int
oid_append(struct ber_oid *o, uint32_t subid)
{
	int groups = 1;

	while (groups < 5 && subid >> (7 * groups) != 0)
		groups++;
	if (o->len + (size_t)groups > sizeof(o->octets))
		return -EINVAL;
	while (groups-- > 0)
		o->octets[o->len++] = (uint8_t)((subid >> (7 * groups) & 0x7f) | (groups > 0 ? 0x80 : 0));
	return 0;
}

int
ber_oid_parse(const char *text, struct ber_oid *o)
{
	uint32_t first = 0;

	o->len = 0;
	if (*text == '.')
		text++;
	for (int i = 0; i < BER_SUBIDS_MAX; i++) {
		char *end;

		if (*text < '0' || *text > '9')
			return -EINVAL;
		errno = 0;
		unsigned long v = strtoul(text, &end, 10);
		if (errno != 0 || v > UINT32_MAX)
			return -EINVAL;
		if (i == 0) { /* the first two subids share one (X.690, 8.19.4) */
			if (v > 2)
				return -EINVAL;
			first = (uint32_t)v * 40;
		} else if (i == 1) {
			if (v > (first < 80 ? 39 : UINT32_MAX - 80) || oid_append(o, first + (uint32_t)v) != 0)
				return -EINVAL;
		} else if (oid_append(o, (uint32_t)v) != 0) {
			return -EINVAL;
		}
		if (*end == '\0')
			return i >= 1 ? 0 : -EINVAL;
		if (*end != '.')
			return -EINVAL;
		text = end + 1;
	}
	return -EINVAL;
}

bool
ber_oid_is_valid(struct ber_in o)
{
	unsigned subids = 0, octets = 0;

	if (o.at == o.end || o.end - o.at > BER_OID_MAX)
		return false;
	for (; o.at < o.end; o.at++) {
		if (octets == 0 && *o.at == 0x80)
			return false;
		octets++;
		if (octets == 5 && o.at[-4] > 0x8f)
			return false;
		if ((*o.at & 0x80) == 0) {
			subids++;
			octets = 0;
		} else if (octets == 5) {
			return false;
		}
	}
	return octets == 0 && subids < BER_SUBIDS_MAX;
}

static size_t
subid_octets(const uint8_t *p, const uint8_t *end)
{
	size_t n = 0;

	while (p + n < end && (p[n] & 0x80) != 0)
		n++;
	return p + n < end ? n + 1 : n;
}

int
ber_oid_compare(const struct ber_oid *a, struct ber_in b)
{
	const uint8_t *p = a->octets, *p_end = p + a->len;

	while (p < p_end && b.at < b.end) {
		size_t n = subid_octets(p, p_end), m = subid_octets(b.at, b.end);
		if (n != m)
			return n < m ? -1 : 1;
		int order = memcmp(p, b.at, n);
		if (order != 0)
			return order;
		p += n;
		b.at += n;
	}
	return (p < p_end) - (b.at < b.end);
}

bool
ber_oid_is_below(const struct ber_oid *root, struct ber_in name)
{
	return (size_t)(name.end - name.at) > root->len && memcmp(name.at, root->octets, root->len) == 0;
}

bool
ber_oid_equals(const struct ber_oid *a, struct ber_in b)
{
	return (size_t)(b.end - b.at) == a->len && memcmp(a->octets, b.at, a->len) == 0;
}

void
ber_oid_set(struct ber_oid *o, struct ber_in from)
{
	o->len = (size_t)(from.end - from.at);
	memcpy(o->octets, from.at, o->len);
}

const char *
ber_oid_text(struct ber_in o)
{
	static char text[BER_OID_TEXT_MAX + 16];
	size_t used = 0;
	bool first = true;

	while (o.at < o.end && used < sizeof(text) - 24) {
		uint64_t v = 0;
		size_t n = subid_octets(o.at, o.end);
		for (size_t i = 0; i < n; i++)
			v = v << 7 | (o.at[i] & 0x7f);
		if (first) {
			uint64_t top = v < 80 ? v / 40 : 2;
			used += (size_t)sprintf(text + used, "%llu", (unsigned long long)top);
			v -= top * 40;
		}
		used += (size_t)sprintf(text + used, ".%llu", (unsigned long long)v);
		first = false;
		o.at += n;
	}
	text[used] = '\0';
	return text;
}

struct ber_in
ber_of_oid(const struct ber_oid *o)
{
	return (struct ber_in){ o->octets, o->octets + o->len };
}

void
ber_put_octets(struct ber_out *o, const void *p, size_t len)
{
	if (len == 0)
		return; /* p may be NULL then */
	if (len > o->at) {
		fprintf(stderr, "walk_client: the request does not fit into one datagram\n");
		exit(2);
	}
	o->at -= len;
	memcpy(o->octets + o->at, p, len);
}

void
ber_put_octet(struct ber_out *o, unsigned v)
{
	uint8_t b = (uint8_t)v;

	ber_put_octets(o, &b, 1);
}

void
ber_put_header(struct ber_out *o, uint8_t tag, size_t end)
{
	size_t len = end - o->at;

	if (len < 0x80) {
		ber_put_octet(o, (unsigned)len);
	} else {
		unsigned octets = 0;
		for (size_t rest = len; rest != 0; rest >>= 8, octets++)
			ber_put_octet(o, rest & 0xff);
		ber_put_octet(o, 0x80 | octets);
	}
	ber_put_octet(o, tag);
}

void
ber_put_integer(struct ber_out *o, int32_t v)
{
	size_t end = o->at;
	unsigned octet;

	do {
		octet = (unsigned)v & 0xff;
		ber_put_octet(o, octet);
		v >>= 8;
	} while (v != 0 || (octet & 0x80) != 0);
	ber_put_header(o, BER_INTEGER, end);
}

int
ber_get(struct ber_in *in, uint8_t *tag, struct ber_in *content)
{
	if (in->end - in->at < 2 || (in->at[0] & 0x1f) == 0x1f) /* SNMP has no long tags */
		return -EBADMSG;
	*tag = in->at[0];
	size_t len = in->at[1];
	in->at += 2;
	if (len & 0x80) {
		size_t octets = len & 0x7f;
		if (octets < 1 || octets > 4 || (size_t)(in->end - in->at) < octets) /* 0: indefinite form */
			return -EBADMSG;
		for (len = 0; octets > 0; octets--)
			len = len << 8 | *in->at++;
	}
	if ((size_t)(in->end - in->at) < len)
		return -EBADMSG;
	*content = (struct ber_in){ in->at, in->at + len };
	in->at += len;
	return 0;
}

int
ber_expect(struct ber_in *in, uint8_t tag, struct ber_in *content)
{
	uint8_t got;

	return ber_get(in, &got, content) == 0 && got == tag ? 0 : -EBADMSG;
}

int
ber_get_integer(struct ber_in *in, int32_t *out)
{
	struct ber_in content;

	if (ber_expect(in, BER_INTEGER, &content) != 0 || content.at == content.end || content.end - content.at > 4)
		return -EBADMSG;
	uint32_t v = *content.at & 0x80 ? UINT32_MAX : 0;
	while (content.at < content.end)
		v = v << 8 | *content.at++;
	*out = (int32_t)v;
	return 0;
}

bool
ber_value_is_valid(uint8_t type, struct ber_in value)
{
	size_t len = (size_t)(value.end - value.at);

	switch (type) {
	case BER_INTEGER:
		return len >= 1 && len <= 4;
	case BER_COUNTER32:
	case BER_GAUGE32:
	case BER_TIMETICKS: /* unsigned: a fifth octet may only be the sign */
		return len >= 1 && (len <= 4 || (len == 5 && value.at[0] == 0));
	case BER_COUNTER64:
		return len >= 1 && (len <= 8 || (len == 9 && value.at[0] == 0));
	case BER_OCTETS:
	case BER_OPAQUE:
		return true;
	case BER_IPADDRESS:
		return len == 4;
	case BER_OID:
		return ber_oid_is_valid(value);
	case BER_NO_OBJECT:
	case BER_NO_INSTANCE:
	case BER_END_OF_VIEW:
		return len == 0;
	default:
		return false;
	}
}
