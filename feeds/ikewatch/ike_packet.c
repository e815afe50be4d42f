/* SPDX-License-Identifier: ISC */
/* Find the IKE message in a frame. */
#include <netinet/in.h>
#include <string.h>

#include "ike_packet.h"

/* Link types in capture files, and in libpcap on Linux. */
#define LINK_ETHERNET  1
#define LINK_RAW_BSD   12 /* DLT_RAW of Linux */
#define LINK_RAW       101
#define LINK_SLL       113
#define LINK_SLL2      276

#define ETHER_IPV4     0x0800
#define ETHER_IPV6     0x86dd
#define ETHER_VLAN     0x8100
#define ETHER_QINQ     0x88a8

#define EXTENSIONS_MAX 16 /* of IPv6, in a row */
#define MARKER_LEN     4
#define UDP_LEN        8

struct rest {
	const uint8_t *at;
	size_t left;
};

static uint16_t
u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static const uint8_t *
take(struct rest *r, size_t len)
{
	const uint8_t *at = r->at;
	if (len > r->left)
		return NULL;
	r->at += len;
	r->left -= len;
	return at;
}

/* The packet types of a cooked capture (PACKET_HOST and so on of linux/if_packet.h). */
static enum ike_packet_way
way_of(unsigned type)
{
	switch (type) {
	case 0:
		return IKE_WAY_TO_US;
	case 4:
		return IKE_WAY_FROM_US;
	case 1:
	case 2:
	case 3:
		return IKE_WAY_TO_OTHERS;
	}
	return IKE_WAY_UNKNOWN;
}

/* Skip the link layer. @p protocol is the EtherType of the rest; 0: its IP version decides. */
static enum ike_packet_kind
link_layer(int link, struct rest *r, uint16_t *protocol, struct ike_packet *out)
{
	const uint8_t *head;

	switch (link) {
	case LINK_ETHERNET:
		if (!(head = take(r, 14)))
			return IKE_PACKET_BROKEN;
		*protocol = u16(head + 12);
		break;
	case LINK_SLL:
		if (!(head = take(r, 16)))
			return IKE_PACKET_BROKEN;
		out->way = way_of(u16(head));
		*protocol = u16(head + 14);
		break;
	case LINK_SLL2:
		if (!(head = take(r, 20)))
			return IKE_PACKET_BROKEN;
		*protocol = u16(head);
		out->ifindex = (uint32_t)u16(head + 4) << 16 | u16(head + 6);
		out->way = way_of(head[10]);
		break;
	case LINK_RAW:
	case LINK_RAW_BSD:
		*protocol = 0;
		break;
	default:
		return IKE_PACKET_LINK;
	}
	while (*protocol == ETHER_VLAN || *protocol == ETHER_QINQ) {
		if (!(head = take(r, 4)))
			return IKE_PACKET_BROKEN;
		*protocol = u16(head + 2);
	}
	if (*protocol == 0) {
		if (r->left == 0)
			return IKE_PACKET_BROKEN;
		*protocol = r->at[0] >> 4 == 6 ? ETHER_IPV6 : ETHER_IPV4;
	}
	return IKE_PACKET_IKE;
}

static void
addr_set(struct ipm_addr *addr, const uint8_t *from, uint8_t len)
{
	*addr = (struct ipm_addr){ .len = len };
	memcpy(addr->bytes, from, len);
}

/* Skip the IP header. @p carries: octets after it in this packet; 0: not the whole datagram. */
static enum ike_packet_kind
ipv4(struct rest *r, size_t *carries, struct ike_packet *out)
{
	const uint8_t *head = take(r, 20);
	size_t header = head ? (head[0] & 15) * 4u : 0;
	if (!head || head[0] >> 4 != 4 || header < 20 || u16(head + 2) < header || !take(r, header - 20))
		return IKE_PACKET_BROKEN;
	if (head[9] != IPPROTO_UDP)
		return IKE_PACKET_OTHER;
	if (u16(head + 6) & 0x1fff)
		return IKE_PACKET_FRAGMENT;
	*carries = u16(head + 6) & 0x2000 ? 0 : u16(head + 2) - header;
	addr_set(&out->src, head + 12, 4);
	addr_set(&out->dst, head + 16, 4);
	return IKE_PACKET_IKE;
}

static enum ike_packet_kind
ipv6(struct rest *r, size_t *carries, struct ike_packet *out)
{
	const uint8_t *head = take(r, 40), *more;
	if (!head || head[0] >> 4 != 6)
		return IKE_PACKET_BROKEN;
	const uint8_t *behind = r->at;
	bool whole = true;
	addr_set(&out->src, head + 8, 16);
	addr_set(&out->dst, head + 24, 16);
	uint8_t next = head[6];
	for (int n = 0; next != IPPROTO_UDP; n++) {
		if (n == EXTENSIONS_MAX)
			return IKE_PACKET_OTHER;
		if (next == IPPROTO_FRAGMENT) {
			if (!(more = take(r, 8)))
				return IKE_PACKET_BROKEN;
			if (u16(more + 2) & 0xfff8)
				return IKE_PACKET_FRAGMENT;
			whole &= !(u16(more + 2) & 1);
		} else if (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS) {
			more = take(r, 8);
			if (!more || !take(r, more[1] * 8u))
				return IKE_PACKET_BROKEN;
		} else {
			return IKE_PACKET_OTHER;
		}
		next = more[0];
	}
	size_t headers = (size_t)(r->at - behind);
	if (u16(head + 4) < headers)
		return IKE_PACKET_BROKEN;
	*carries = whole ? u16(head + 4) - headers : 0;
	return IKE_PACKET_IKE;
}

static enum ike_packet_kind
udp(struct rest *r, size_t carries, struct ike_packet *out)
{
	static const uint8_t marker[MARKER_LEN];
	const uint8_t *head = take(r, UDP_LEN);

	if (!head || u16(head + 4) < UDP_LEN || (carries && u16(head + 4) > carries))
		return IKE_PACKET_BROKEN;
	out->sport = u16(head);
	out->dport = u16(head + 2);
	out->sent = u16(head + 4) - UDP_LEN;
	out->size = r->left < out->sent ? r->left : out->sent; /* short frames are padded */
	if (out->sport == IKE_PORT_NATT || out->dport == IKE_PORT_NATT) {
		if (out->size < MARKER_LEN || memcmp(r->at, marker, MARKER_LEN) != 0)
			return IKE_PACKET_OTHER;
		take(r, MARKER_LEN);
		out->size -= MARKER_LEN;
		out->sent -= MARKER_LEN;
	} else if (out->sport != IKE_PORT && out->dport != IKE_PORT) {
		return IKE_PACKET_OTHER;
	}
	out->message = r->at;
	return IKE_PACKET_IKE;
}

enum ike_packet_kind
ike_packet(int link, const uint8_t *frame, size_t size, struct ike_packet *out)
{
	struct rest r = { frame, size };
	uint16_t protocol = 0;
	size_t carries = 0;

	*out = (struct ike_packet){ 0 };
	enum ike_packet_kind kind = link_layer(link, &r, &protocol, out);
	if (kind != IKE_PACKET_IKE)
		return kind;
	if (protocol != ETHER_IPV4 && protocol != ETHER_IPV6)
		return IKE_PACKET_OTHER;
	kind = protocol == ETHER_IPV4 ? ipv4(&r, &carries, out) : ipv6(&r, &carries, out);
	return kind == IKE_PACKET_IKE ? udp(&r, carries, out) : kind;
}
