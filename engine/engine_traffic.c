/* SPDX-License-Identifier: ISC */
#include "engine_traffic.h"

#include <string.h>

#include "esp_int.h"
#include "units.h"

#define IPV4_HEADER 20u
#define IPV6_HEADER 40u
#define UDP_HEADER  8u
#define UDP_PORT    9 /* discard */
#define HOP_LIMIT   64

/* --- schedule and harm -------------------------------------------------------------------------------------------- */

void
engine_generator_init(struct engine_generator *g, const struct plan_generator *plan, const struct plan_tunnel *tunnel)
{
	memset(g, 0, sizeof(*g));
	g->plan = plan;
	g->tunnel = tunnel;
#define PERIOD(name, key, text) g->period[HARM_##name] = plan->conf->key;
	ENGINE_HARMS(PERIOD)
#undef PERIOD
}

static bool
has_more(const struct engine_generator *g)
{
	return g->plan->conf->packets == 0 || g->made < g->plan->conf->packets;
}

uint32_t
engine_generator_due(struct engine_generator *g, uint64_t now_ns, uint32_t most)
{
	if (g->began_ns == 0)
		g->began_ns = now_ns + g->plan->conf->delay * NS_PER_SECOND;
	if (!has_more(g) || now_ns < g->began_ns)
		return 0;
	uint64_t age = now_ns - g->began_ns, rate = g->plan->conf->rate;
	uint64_t so_far = age / NS_PER_SECOND * rate + age % NS_PER_SECOND * rate / NS_PER_SECOND + 1;
	uint64_t due = so_far > g->made ? so_far - g->made : 0;
	if (g->plan->conf->packets && due > g->plan->conf->packets - g->made)
		due = g->plan->conf->packets - g->made;
	return due < most ? (uint32_t)due : most;
}

uint64_t
engine_generator_wait(const struct engine_generator *g, uint64_t now_ns)
{
	if (!has_more(g))
		return UINT64_MAX;
	uint64_t rate = g->plan->conf->rate, seconds = g->made / rate;
	uint64_t at = g->began_ns + seconds * NS_PER_SECOND + (g->made % rate * NS_PER_SECOND + rate - 1) / rate;
	return at > now_ns ? at - now_ns : 0;
}

/* A packet can only be late if enough other packets follow it to fill a replay window. */
static bool
may_be_late(const struct engine_generator *g)
{
	uint64_t packets = g->plan->conf->packets;
	return !g->holds && (packets == 0 || packets - g->made > 2 * ENGINE_LATE_BY(g->tunnel));
}

enum engine_harm
engine_generator_next(struct engine_generator *g)
{
	enum engine_harm harm = HARM_NONE;

	g->made++;
	for (int i = 0; i < HARM_COUNT; i++) {
		if (g->period[i] && g->made % g->period[i] == 0)
			g->owed[i]++;
		if (harm == HARM_NONE && g->owed[i] && (i != HARM_LATE || may_be_late(g))) {
			g->owed[i]--;
			harm = (enum engine_harm)i;
		}
	}
	return harm;
}

void
engine_packet_harm(enum engine_harm harm, uint8_t *esp, size_t *len)
{
	switch (harm) {
	case HARM_TAMPER:
		esp[*len - 1] ^= 1; /* last octet of the ICV */
		break;
	case HARM_WRONG_SPI:
		put32(esp, ENGINE_WRONG_SPI);
		break;
	case HARM_TRUNCATE:
		if (*len > ENGINE_CUT_TO)
			*len = ENGINE_CUT_TO;
		break;
	default: /* HARM_NONE, HARM_DROP, HARM_REPLAY, HARM_LATE: the packet itself does not change */
		break;
	}
}

/* --- inner packets ------------------------------------------------------------------------------------------------ */

/* Sum of RFC 1071 over @p len octets, added to @p sum. */
static uint32_t
sum_of(const uint8_t *p, size_t len, uint32_t sum)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	return len ? sum + ((uint32_t)p[0] << 8) : sum;
}

static uint32_t
checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/* An address inside the subnet: its first host, or the single host itself. */
static const uint8_t *
host_of(const struct ipm_sel_side *side, uint8_t room[16])
{
	memcpy(room, side->first.bytes, 16);
	if (side->type == IPM_SEL_SUBNET && side->prefix < side->first.len * 8u - 1u)
		room[side->first.len - 1] |= 1;
	return room;
}

static void
udp_make(uint8_t *udp, size_t len, uint64_t number)
{
	put16(udp, UDP_PORT);
	put16(udp + 2, UDP_PORT);
	put16(udp + 4, (uint32_t)len);
	put16(udp + 6, 0);
	for (size_t i = UDP_HEADER; i < len; i++)
		udp[i] = (uint8_t)(number + i);
	if (len >= UDP_HEADER + 8)
		put64(udp + UDP_HEADER, number);
}

static void
ipv4_make(uint8_t *ip, size_t len, const uint8_t *src, const uint8_t *dst)
{
	memset(ip, 0, IPV4_HEADER);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)len);
	ip[6] = 0x40; /* don't fragment */
	ip[8] = HOP_LIMIT;
	ip[9] = PROTO_UDP;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	put16(ip + 10, checksum(sum_of(ip, IPV4_HEADER, 0)));
}

static void
ipv6_make(uint8_t *ip, size_t len, const uint8_t *src, const uint8_t *dst)
{
	uint8_t *udp = ip + IPV6_HEADER;
	size_t udp_len = len - IPV6_HEADER;

	memset(ip, 0, IPV6_HEADER);
	ip[0] = 0x60;
	put16(ip + 4, (uint32_t)udp_len);
	ip[6] = PROTO_UDP;
	ip[7] = HOP_LIMIT;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
	/* UDP over IPv6 requires a checksum. A computed 0 is sent as all ones. */
	uint32_t sum = checksum(sum_of(udp, udp_len, sum_of(ip + 8, 32, (uint32_t)udp_len + PROTO_UDP)));
	put16(udp + 6, sum ? sum : 0xffff);
}

size_t
engine_packet_make(const struct engine_generator *g, uint8_t *out, uint8_t *next)
{
	const struct plan_tunnel *t = g->tunnel;
	size_t len = g->plan->conf->size;
	uint8_t src[16], dst[16];

	if (t->conf->mode == ENGINE_TRANSPORT) {
		udp_make(out, len, g->made);
		*next = PROTO_UDP;
	} else if (t->local[0].first.len == 4) {
		udp_make(out + IPV4_HEADER, len - IPV4_HEADER, g->made);
		ipv4_make(out, len, host_of(&t->local[0], src), host_of(&t->remote[0], dst));
		*next = PROTO_IPIP;
	} else {
		udp_make(out + IPV6_HEADER, len - IPV6_HEADER, g->made);
		ipv6_make(out, len, host_of(&t->local[0], src), host_of(&t->remote[0], dst));
		*next = PROTO_IPV6;
	}
	return len;
}

bool
engine_packet_allowed(const struct plan_tunnel *t, const uint8_t *packet, size_t len, uint8_t next)
{
	if (t->conf->mode == ENGINE_TRANSPORT)
		return true; /* the SA's own addresses already limit traffic to the two gateways */
	if (next == PROTO_IPIP)
		return len >= IPV4_HEADER && packet[0] >> 4 == 4 &&
		       plan_side_has(t->remote, t->remotes, packet + 12, 4) &&
		       plan_side_has(t->local, t->locals, packet + 16, 4);
	return len >= IPV6_HEADER && packet[0] >> 4 == 6 && plan_side_has(t->remote, t->remotes, packet + 8, 16) &&
	       plan_side_has(t->local, t->locals, packet + 24, 16);
}
