/* SPDX-License-Identifier: ISC */
/* Whole IP packets: the headers around ESP, for both modes, both IP versions and UDP encapsulation (RFC 3948). */
#include "esp_int.h"

#include <string.h>

#define IP4_SIZE      20u
#define IP6_SIZE      40u
#define UDP_SIZE      8u
#define HOP_LIMIT     64
#define IP4_DF        0x4000u
#define IP4_FRAGMENTS 0x3fffu /* "more fragments" flag, or a fragment offset */

enum { ECN_NOT_ECT, ECN_ECT_1, ECN_ECT_0, ECN_CE, ECN_MASK = 3 };

/* Where ESP begins or will begin, and where the octet with the protocol number is. */
struct place {
	size_t at, proto_at;
	bool fragment;
};

static unsigned
version(const uint8_t *ip)
{
	return ip[0] >> 4;
}

/* The packet's length from its IP header. 0: not an IP packet of at most @len octets. */
static size_t
ip_length(const uint8_t *ip, size_t len)
{
	if (len >= IP4_SIZE && version(ip) == 4) {
		size_t header = 4u * (ip[0] & 15u), total = get16(ip + 2);
		return header >= IP4_SIZE && header <= total && total <= len ? total : 0;
	}
	if (len >= IP6_SIZE && version(ip) == 6) {
		size_t total = IP6_SIZE + get16(ip + 4);
		return total <= len ? total : 0;
	}
	return 0;
}

/*
 * Find the place after the IP header and the extension headers for routers. These are hop-by-hop options, routing, and
 * destination options before a routing header or before @proto (RFC 4303 3.1.1). ip_length() must have accepted the
 * packet.
 */
static bool
ip_place(const uint8_t *ip, size_t len, uint8_t proto, struct place *p)
{
	if (version(ip) == 4) {
		*p = (struct place){ 4u * (ip[0] & 15u), 9, (get16(ip + 6) & IP4_FRAGMENTS) != 0 };
		return true;
	}
	*p = (struct place){ IP6_SIZE, 6, false };
	for (;;) {
		uint8_t next = ip[p->proto_at];

		p->fragment = next == PROTO_FRAGMENT;
		if (next != PROTO_HOPOPTS && next != PROTO_ROUTING && next != PROTO_DSTOPTS)
			return true;
		if (len - p->at < 8)
			return false;
		if (next == PROTO_DSTOPTS && ip[p->at] != PROTO_ROUTING && ip[p->at] != proto)
			return true;
		size_t size = 8u * (ip[p->at + 1] + 1u);
		if (len - p->at < size)
			return false;
		p->proto_at = p->at;
		p->at += size;
	}
}

/* DSCP and ECN. */
static uint8_t
traffic_class(const uint8_t *ip)
{
	return version(ip) == 4 ? ip[1] : (uint8_t)(get16(ip) >> 4);
}

/* Add to an Internet checksum (RFC 1071), continuing from @sum. Only the last part may have an odd @len. */
static uint32_t
sum16(uint32_t sum, const uint8_t *p, size_t len)
{
	uint64_t all = sum;

	for (; len > 1; len -= 2, p += 2)
		all += get16(p);
	if (len > 0)
		all += (uint32_t)p[0] << 8;
	while (all > 0xffff)
		all = (all & 0xffff) + (all >> 16);
	return (uint32_t)all;
}

static void
ip4_checksum(uint8_t *ip)
{
	put16(ip + 10, 0);
	put16(ip + 10, ~sum16(0, ip, 4u * (ip[0] & 15u)));
}

/* Update a header's length and protocol to match the data now after it. */
static void
ip_update(uint8_t *ip, size_t len, size_t proto_at, uint8_t proto)
{
	ip[proto_at] = proto;
	if (version(ip) == 4) {
		put16(ip + 2, (uint32_t)len);
		ip4_checksum(ip);
	} else {
		put16(ip + 4, (uint32_t)(len - IP6_SIZE));
	}
}

/* Write the outer header of tunnel mode. ip_update() fills in the rest. */
static void
outer_header(const struct esp_sa *sa, const uint8_t *inner, uint8_t *outer)
{
	uint8_t class = traffic_class(inner);

	if (sa->src.len == 16) {
		put32(outer, 6u << 28 | (uint32_t) class << 20);
		outer[7] = HOP_LIMIT;
		memcpy(outer + 8, sa->src.bytes, 16);
		memcpy(outer + 24, sa->dst.bytes, 16);
		return;
	}
	/* Routers never fragment IPv6 packets. */
	uint32_t df = version(inner) == 4 ? get16(inner + 6) & IP4_DF : IP4_DF;
	outer[0] = 4 << 4 | IP4_SIZE / 4;
	outer[1] = class;
	put16(outer + 4, df ? 0 : (uint32_t)sa->seq + 1); /* only fragmentable packets need an ID (RFC 6864) */
	put16(outer + 6, df);
	outer[8] = HOP_LIMIT;
	memcpy(outer + 12, sa->src.bytes, 4);
	memcpy(outer + 16, sa->dst.bytes, 4);
}

/* IPv4: no checksum (RFC 3948 2.1). IPv6: a checksum, because some receivers reject packets without one (RFC 6936). */
static void
udp_header(const struct esp_sa *sa, const uint8_t *ip, uint8_t *udp, size_t len)
{
	put16(udp, sa->udp_src);
	put16(udp + 2, sa->udp_dst);
	put16(udp + 4, (uint32_t)len);
	put16(udp + 6, 0);
	if (version(ip) == 6) {
		uint32_t sum = sum16((uint32_t)len + PROTO_UDP, ip + 8, 32);
		sum = ~sum16(sum, udp, len) & 0xffff;
		put16(udp + 6, sum ? sum : 0xffff);
	}
}

/* The part of a packet that will be encrypted. */
struct sealing {
	uint8_t *payload, next;
	size_t len;              /* of the payload */
	size_t header, proto_at; /* the IP header before ESP: its size, and where its protocol field is */
};

static enum esp_drop
sealing_of(const struct esp_sa *sa, uint8_t *packet, size_t len, struct sealing *out)
{
	struct place place;

	if (len == 0)
		return ESP_DROP_HEADER;
	*out = (struct sealing){ .payload = packet, .len = len };
	if (sa->mode == IPM_ENCAP_TUNNEL) {
		out->next = version(packet) == 4 ? PROTO_IPIP : PROTO_IPV6;
		out->header = sa->src.len == 4 ? IP4_SIZE : IP6_SIZE;
		out->proto_at = sa->src.len == 4 ? 9 : 6;
		return sa->src.len == 0 ? ESP_DROP_HEADER : ESP_OK;
	}
	if (!ip_place(packet, len, PROTO_ROUTING, &place))
		return ESP_DROP_HEADER;
	if (place.fragment) /* RFC 4303 3.3.4 */
		return ESP_DROP_FRAGMENT;
	out->header = place.at;
	out->proto_at = place.proto_at;
	out->next = packet[place.proto_at];
	out->payload += place.at;
	out->len -= place.at;
	return ESP_OK;
}

static enum esp_drop
packet_seal(struct esp_sa *sa, uint64_t now_ns, struct esp_buf *buf, size_t *payload_len)
{
	uint8_t *packet = buf->data + buf->at;
	size_t udp_size = sa->udp_src ? UDP_SIZE : 0;
	struct sealing s;
	enum esp_drop why = sealing_of(sa, packet, ip_length(packet, buf->len), &s);

	if (why != ESP_OK)
		return why;
	size_t front = (size_t)(s.payload - buf->data), room = buf->size - front + esp_head_size(sa);
	if (front < s.header + udp_size + esp_head_size(sa))
		return ESP_DROP_ROOM;
	uint8_t *esp = s.payload - esp_head_size(sa), *ip = esp - udp_size - s.header;
	size_t total = s.header + udp_size + esp_sealed_size(sa, s.len);
	if (total > ESP_PAYLOAD_MAX)
		return ESP_DROP_LENGTH;
	/* Write the header first: encryption overwrites the data it is built from. */
	if (sa->mode == IPM_ENCAP_TUNNEL)
		outer_header(sa, packet, ip);
	else
		memmove(ip, packet, s.header);
	ip_update(ip, total, s.proto_at, udp_size ? PROTO_UDP : PROTO_ESP);
	why = esp_seal_payload(sa, now_ns, s.next, s.payload, s.len, esp, &room);
	if (why == ESP_OK && udp_size)
		udp_header(sa, ip, ip + s.header, total - s.header);
	buf->at = (size_t)(ip - buf->data);
	buf->len = total;
	*payload_len = s.len;
	return why;
}

enum esp_drop
esp_packet_seal(struct esp_sa *sa, uint64_t now_ns, struct esp_buf *buf)
{
	size_t payload_len = 0;
	enum esp_drop why = packet_seal(sa, now_ns, buf, &payload_len);

	return esp_count(sa, why, payload_len);
}

/* Copy congestion marks from the outer header to the inner one (RFC 6040 4.2). */
static enum esp_drop
congestion(uint8_t *inner, unsigned outer)
{
	unsigned class = traffic_class(inner), ecn = class & ECN_MASK, said = ecn;

	if (outer == ECN_CE && ecn == ECN_NOT_ECT)
		return ESP_DROP_CONGESTION;
	if (outer == ECN_CE)
		said = ECN_CE;
	else if (outer == ECN_ECT_1 && ecn == ECN_ECT_0)
		said = ECN_ECT_1;
	if (said == ecn)
		return ESP_OK;
	uint32_t before = get16(inner);
	if (version(inner) == 6) {
		put16(inner, (before & ~(ECN_MASK << 4)) | said << 4);
	} else {
		put16(inner, (before & ~(uint32_t)ECN_MASK) | said);
		/* RFC 1624: update the checksum, so that a wrong checksum stays wrong. */
		uint8_t parts[6];
		put16(parts, ~(uint32_t)get16(inner + 10));
		put16(parts + 2, ~before);
		put16(parts + 4, get16(inner));
		put16(inner + 10, ~sum16(0, parts, sizeof(parts)));
	}
	return ESP_OK;
}

/* Find where ESP begins in a packet, and how long ESP is. */
static enum esp_drop
esp_find(const struct esp_sa *sa, uint8_t *ip, size_t total, struct place *place, uint8_t **esp, size_t *len)
{
	uint8_t proto = sa->udp_src ? PROTO_UDP : PROTO_ESP;

	if (total == 0 || !ip_place(ip, total, proto, place))
		return ESP_DROP_HEADER;
	if (place->fragment) /* RFC 4303 3.4.1 */
		return ESP_DROP_FRAGMENT;
	if (ip[place->proto_at] != proto)
		return ESP_DROP_HEADER;
	*esp = ip + place->at;
	*len = total - place->at;
	if (!sa->udp_src)
		return ESP_OK;
	if (*len < UDP_SIZE)
		return ESP_DROP_SHORT;
	if (get16(*esp + 4) < UDP_SIZE || get16(*esp + 4) > *len)
		return ESP_DROP_HEADER;
	*len = get16(*esp + 4) - UDP_SIZE;
	*esp += UDP_SIZE;
	return ESP_OK;
}

static enum esp_drop
packet_open(struct esp_sa *sa, uint64_t now_ns, struct esp_buf *buf, size_t *payload_len)
{
	uint8_t *ip = buf->data + buf->at, *esp, next;
	struct place place;
	size_t len;
	enum esp_drop why = esp_find(sa, ip, ip_length(ip, buf->len), &place, &esp, &len);

	if (why != ESP_OK)
		return why;
	uint8_t *payload = esp + esp_head_size(sa);
	size_t open_len = len;
	why = esp_open_payload(sa, now_ns, esp, len, payload, &open_len, &next);
	if (why != ESP_OK)
		return why;
	if (sa->mode == IPM_ENCAP_TUNNEL) {
		len = ip_length(payload, open_len); /* ignore what follows: it is padding that hides the length */
		if (len == 0 || (version(payload) == 4) != (next == PROTO_IPIP))
			return ESP_DROP_INNER;
		why = congestion(payload, traffic_class(ip) & ECN_MASK);
		ip = payload;
		*payload_len = len;
	} else {
		memmove(payload - place.at, ip, place.at);
		ip = payload - place.at;
		len = place.at + open_len;
		ip_update(ip, len, place.proto_at, next);
		*payload_len = open_len;
	}
	buf->at = (size_t)(ip - buf->data);
	buf->len = len;
	return why;
}

enum esp_drop
esp_packet_open(struct esp_sa *sa, uint64_t now_ns, struct esp_buf *buf)
{
	size_t payload_len = 0;
	enum esp_drop why = packet_open(sa, now_ns, buf, &payload_len);

	return esp_count(sa, why, payload_len);
}
