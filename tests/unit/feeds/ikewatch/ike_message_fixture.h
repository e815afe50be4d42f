/* SPDX-License-Identifier: ISC */
/* IKE messages, built octet by octet, and a gateway that reads them. We are 192.0.2.1; the peer is 192.0.2.2. */
#ifndef IKE_MESSAGE_FIXTURE_H
#define IKE_MESSAGE_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ike_phase.h"
#include "ike_watch.h"
#include "ipm_segment.h"
#include "scratch.h"

#define DLT_ETHERNET 1

#define DLT_SLL      113
#define DLT_SLL2     276

/* --- messages ------------------------------------------------------------ */

struct octets {
	uint8_t at[4096];
	size_t len;
	size_t next; /* the place for the next payload's type */
};

static inline void
put8(struct octets *o, unsigned v)
{
	o->at[o->len++] = (uint8_t)v;
}

static inline void
put16(struct octets *o, unsigned v)
{
	put8(o, v >> 8);
	put8(o, v);
}

static inline void
put32(struct octets *o, uint32_t v)
{
	put16(o, v >> 16);
	put16(o, v);
}

static inline void
put64(struct octets *o, uint64_t v)
{
	put32(o, (uint32_t)(v >> 32));
	put32(o, (uint32_t)v);
}

static inline void
fill(struct octets *o, unsigned value, size_t len)
{
	memset(o->at + o->len, (int)value, len);
	o->len += len;
}

/* The message so far has this length. */
static inline void
closed(struct octets *o)
{
	size_t len = o->len;
	o->len = 24;
	put32(o, (uint32_t)len);
	o->len = len;
}

static inline struct octets
message(unsigned version, unsigned exchange, unsigned flags, uint64_t spi_i, uint64_t spi_r, uint32_t id)
{
	struct octets o = { .len = 0 };
	put64(&o, spi_i);
	put64(&o, spi_r);
	put8(&o, 0);
	put8(&o, version << 4);
	put8(&o, exchange);
	put8(&o, flags);
	put32(&o, id);
	put32(&o, 0);
	o.next = 16;
	closed(&o);
	return o;
}

static inline void
payload(struct octets *o, unsigned type, const uint8_t *body, size_t len)
{
	o->at[o->next] = (uint8_t)type;
	o->next = o->len;
	put16(o, 0);
	put16(o, (unsigned)len + 4);
	if (len)
		memcpy(o->at + o->len, body, len);
	o->len += len;
	closed(o);
}

/* A payload of @p len octets with any content. */
static inline void
blank(struct octets *o, unsigned type, size_t len, unsigned value)
{
	uint8_t body[2048];
	memset(body, (int)value, sizeof(body));
	payload(o, type, body, len);
}

/* AES-CBC 256, SHA2-256, RSA signatures, group 14, a day. */
static const uint8_t v1_sa[] = { 0,    0, 0,    1,  0,    0,  0,    1, /* DOI, situation */
				 0,    0, 0,    44, 1,    1,  0,    1, /* a proposal with a transform */
				 0,    0, 0,    36, 1,    1,  0,    0, /* KEY_IKE */
				 0x80, 1, 0,    7,  0x80, 14, 1,    0,  0x80, 2, 0,    4,  0x80, 3,
				 0,    3, 0x80, 4,  0,    14, 0x80, 11, 0,    1, 0x80, 12, 0x0e, 0x10 };
/* AES-GCM-16 with 256 bits, PRF SHA2-384, group 20; then AES-CBC 128, PRF SHA1, HMAC SHA1, group 14. */
static const uint8_t v2_sa[] = { 2, 0, 0, 36, 1, 1, 0, 3,  3, 0, 0, 12, 1,    0,  0, 20,  0x80, 14, 1, 0,
				 3, 0, 0, 8,  2, 0, 0, 6,  0, 0, 0, 8,  4,    0,  0, 20,  0,    0,  0, 44,
				 2, 1, 0, 4,  3, 0, 0, 12, 1, 0, 0, 12, 0x80, 14, 0, 128, 3,    0,  0, 8,
				 2, 0, 0, 2,  3, 0, 0, 8,  3, 0, 0, 2,  0,    0,  0, 8,   4,    0,  0, 14 };

static inline void
notify(struct octets *o, unsigned version, unsigned type)
{
	const uint8_t v1[] = { 0, 0, 0, 1, 1, 0, (uint8_t)(type >> 8), (uint8_t)type };
	if (version == 1)
		payload(o, 11, v1, sizeof(v1));
	else
		payload(o, 41, v1 + 4, 4);
}

static const uint8_t us4[] = { 192, 0, 2, 1 }, peer4[] = { 192, 0, 2, 2 };

struct path {
	int link;
	bool out, v6;
	unsigned sport, dport;
	uint32_t ifindex;
	unsigned vlans;
	unsigned options;    /* IPv4: words; IPv6: extension headers */
	unsigned fragment;   /* the offset and flags of IPv4 */
	int udp_more;        /* UDP claims this many octets more */
	const uint8_t *peer; /* another one than 192.0.2.2 */
	unsigned type;       /* of a cooked capture, if it differs from the direction */
};

static inline struct octets
frame(const struct path *p, const struct octets *msg)
{
	struct octets o = { .len = 0 };
	bool marker = p->sport == 4500 || p->dport == 4500;
	unsigned ether = p->v6 ? 0x86dd : 0x0800;
	unsigned udp = 8 + (marker ? 4 : 0) + (unsigned)msg->len;
	const uint8_t *peer = p->peer ? p->peer : peer4;
	unsigned type = p->type ? p->type : p->out ? 4 : 0;

	if (p->link == DLT_ETHERNET) {
		fill(&o, 2, 12);
		for (unsigned i = 0; i < p->vlans; i++) {
			put16(&o, 0x8100);
			put16(&o, i);
		}
		put16(&o, ether);
	} else if (p->link == DLT_SLL) {
		put16(&o, type);
		fill(&o, 0, 12);
		put16(&o, ether);
	} else if (p->link == DLT_SLL2) {
		put16(&o, ether);
		put16(&o, 0);
		put32(&o, p->ifindex);
		put16(&o, 1);
		put8(&o, type);
		fill(&o, 0, 9);
	}
	if (p->v6) {
		put32(&o, 0x60000000);
		put16(&o, udp + 8 * p->options);
		put8(&o, p->options ? 60 : 17);
		put8(&o, 64);
		put64(&o, 0x20010db800000000);
		put64(&o, p->out ? 1 : 2);
		put64(&o, 0x20010db800000000);
		put64(&o, p->out ? 2 : 1);
		for (unsigned i = 0; i < p->options; i++) {
			put8(&o, i + 1 < p->options ? 60 : 17);
			fill(&o, 0, 7);
		}
	} else {
		put8(&o, 0x45 + p->options);
		put8(&o, 0);
		put16(&o, 20 + 4 * p->options + udp);
		put16(&o, 1);
		put16(&o, p->fragment);
		put8(&o, 64);
		put8(&o, 17);
		put16(&o, 0);
		memcpy(o.at + o.len, p->out ? us4 : peer, 4);
		memcpy(o.at + o.len + 4, p->out ? peer : us4, 4);
		o.len += 8;
		fill(&o, 1, 4 * p->options);
	}
	put16(&o, p->sport);
	put16(&o, p->dport);
	put16(&o, udp + (unsigned)p->udp_more);
	put16(&o, 0);
	if (marker)
		put32(&o, 0);
	memcpy(o.at + o.len, msg->at, msg->len);
	o.len += msg->len;
	return o;
}

#endif
