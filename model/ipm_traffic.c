/* SPDX-License-Identifier: ISC */
/* Sums of traffic: of SAs over their lanes, of tunnels, of the gateway. */
#include <netinet/in.h>
#include <string.h>

#include "ipm_int.h"

void
ipm_traffic_add(struct ipm_traffic *sum, const struct ipm_traffic *more)
{
	sum->octets += more->octets;
	sum->pkts += more->pkts;
	sum->raw_octets += more->raw_octets;
	sum->crypts += more->crypts;
	sum->auths += more->auths;
	sum->comps += more->comps;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		sum->drops[i] += more->drops[i];
}

void
ipm_volume_add(struct ipm_volume *sum, const struct ipm_volume *more)
{
	sum->octets += more->octets;
	sum->pkts += more->pkts;
	sum->drops += more->drops;
}

struct ipm_volume
ipm_traffic_volume(const struct ipm_traffic *t)
{
	return (struct ipm_volume){ .octets = t->octets, .pkts = t->pkts, .drops = ipm_traffic_drops(t) };
}

void
ipm_tunnel_session_share(const struct ipm_tunnel *tunnel, struct ipm_volume *in, struct ipm_volume *out)
{
	struct ipm_volume all_in = ipm_traffic_volume(&tunnel->in), all_out = ipm_traffic_volume(&tunnel->out);
	const struct ipm_volume *past_in = &tunnel->past_in, *past_out = &tunnel->past_out;

	*in = (struct ipm_volume){ all_in.octets - past_in->octets, all_in.pkts - past_in->pkts,
				   all_in.drops - past_in->drops };
	*out = (struct ipm_volume){ all_out.octets - past_out->octets, all_out.pkts - past_out->pkts,
				    all_out.drops - past_out->drops };
}

uint64_t
ipm_traffic_drops(const struct ipm_traffic *t)
{
	uint64_t sum = 0;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		sum += t->drops[i];
	return sum;
}

void
ipm_ike_traffic_add(struct ipm_ike_traffic *sum, const struct ipm_ike_traffic *more)
{
	sum->octets += more->octets;
	sum->pkts += more->pkts;
	sum->drops += more->drops;
	sum->notifies += more->notifies;
	sum->exchanges += more->exchanges;
	sum->exchange_invalids += more->exchange_invalids;
	sum->exchange_rejects += more->exchange_rejects;
	sum->sa_deletes += more->sa_deletes;
}

/* --- counts derived from packets ---------------------------------------------------------------------------------- */

bool
ipm_is_aead(uint16_t encr)
{
	return (encr >= IPM_ENCR_AES_CCM_8 && encr <= IPM_ENCR_AES_CCM_16) ||
	       (encr >= IPM_ENCR_AES_GCM_8 && encr <= IPM_ENCR_NULL_AUTH_AES_GMAC) ||
	       (encr >= IPM_ENCR_CAMELLIA_CCM_8 && encr <= IPM_ENCR_CHACHA20_POLY1305_IIV);
}

/* ESP with a cipher: NULL (RFC 2410) and GMAC (RFC 4543) only authenticate. */
static bool
sa_encrypts(const struct ipm_sa *sa)
{
	return sa->protocol == IPPROTO_ESP && sa->proposal.encr != IPM_ENCR_NULL &&
	       sa->proposal.encr != IPM_ENCR_NULL_AUTH_AES_GMAC;
}

/* AH, ESP with an integrity transform, and ESP with an AEAD cipher. */
static bool
sa_authenticates(const struct ipm_sa *sa)
{
	return sa->protocol == IPPROTO_AH ||
	       (sa->protocol == IPPROTO_ESP && (sa->proposal.integ || ipm_is_aead(sa->proposal.encr)));
}

void
ipm_traffic_derive(const struct ipm_sa *sa, struct ipm_traffic *t)
{
	t->crypts = sa_encrypts(sa) ? t->pkts : 0;
	t->auths = sa_authenticates(sa) ? t->pkts + t->drops[IPM_DROP_AUTH] : 0;
}

void
ipm_traffic_share(const struct ipm_sa *sa, struct ipm_traffic *t)
{
	if (sa->bundled)
		t->octets = t->pkts = 0;
}

/* --- lanes ------------------------------------------------------------------------------------------------- */

static void
drops_add(const struct ipm_segment *seg, uint32_t slot, struct ipm_traffic *sum)
{
	for (uint32_t n = 0; n < seg->lanes; n++) {
		const struct ipm_drops *drops = ipm_lane_at(seg, slot, n).drops;
		for (int i = 0; i < IPM_DROP_COUNT; i++)
			sum->drops[i] += __atomic_load_n(&drops->pkts[i], __ATOMIC_RELAXED);
	}
}

void
ipm_lanes_sum(const struct ipm_segment *seg, uint32_t slot, const struct ipm_sa *sa, struct ipm_traffic *sum)
{
	struct ipm_traffic t = { 0 };
	for (uint32_t n = 0; n < seg->lanes; n++) {
		const struct ipm_count *count = ipm_lane_at(seg, slot, n).count;
		t.octets += __atomic_load_n(&count->octets, __ATOMIC_RELAXED);
		t.pkts += __atomic_load_n(&count->pkts, __ATOMIC_RELAXED);
	}
	drops_add(seg, slot, &t);
	t.raw_octets = t.octets;
	ipm_traffic_derive(sa, &t);
	ipm_traffic_add(sum, &t);
}

void
ipm_lanes_share(const struct ipm_segment *seg, uint32_t slot, const struct ipm_sa *sa, struct ipm_traffic *sum)
{
	struct ipm_traffic t = { 0 };
	ipm_lanes_sum(seg, slot, sa, &t);
	ipm_traffic_share(sa, &t);
	ipm_traffic_add(sum, &t);
}

/* Add the counts in the lanes of the SA in @p slot, and its sequence number if workers publish it. */
void
ipm_sa_lanes(const struct ipm_segment *seg, uint32_t slot, struct ipm_sa *sa)
{
	ipm_lanes_sum(seg, slot, sa, &sa->count);
	for (uint32_t n = 0; n < seg->lanes; n++) {
		uint64_t seq = __atomic_load_n(&ipm_lane_at(seg, slot, n).drops->seq, __ATOMIC_RELAXED);
		if (seq > sa->seq)
			sa->seq = seq;
	}
}

/*
 * Read packets and octets of this many SAs together, lane by lane. This takes each cache line from its worker once,
 * instead of once for each SA on the line.
 */
#define TOGETHER 1024

struct gathered {
	struct {
		uint64_t octets, pkts;
	} count[TOGETHER];
	bool live[TOGETHER]; /* the slot has an SA */
};

static void
gather(const struct ipm_segment *seg, uint32_t first, uint32_t n, struct gathered *g)
{
	for (uint32_t i = 0; i < n; i++) {
		struct ipm_sa sa;
		ipm_words_load(&sa, ipm_payload(ipm_record_at(seg, IPM_SAS, first + i)), 8);
		g->live[i] = sa.index != 0;
	}
	atomic_thread_fence(memory_order_acquire); /* a new SA's lanes were cleared before its record appeared */
	memset(g->count, 0, n * sizeof(g->count[0]));
	for (uint32_t k = 0; k < seg->lanes; k++) {
		const struct ipm_count *count = ipm_lane_at(seg, first, k).count;
		for (uint32_t i = 0; i < n; i++) {
			g->count[i].octets += __atomic_load_n(&count[i].octets, __ATOMIC_RELAXED);
			g->count[i].pkts += __atomic_load_n(&count[i].pkts, __ATOMIC_RELAXED);
		}
	}
}

/* Add the counts in the lanes of all SAs, or only of the SAs that run in engine @p engine - 1. */
void
ipm_sas_lanes(const struct ipm_segment *seg, uint32_t engine, struct ipm_traffic *in, struct ipm_traffic *out)
{
	uint32_t used = ipm_segment_used(seg, IPM_SAS);
	for (uint32_t first = 0; first < used; first += TOGETHER) {
		uint32_t n = used - first < TOGETHER ? used - first : TOGETHER;
		struct gathered g;
		gather(seg, first, n, &g);
		for (uint32_t i = 0; i < n; i++) {
			struct ipm_sa sa;
			struct ipm_traffic t = { .octets = g.count[i].octets, .pkts = g.count[i].pkts };
			if (!g.live[i])
				continue;
			ipm_words_load(&sa, ipm_payload(ipm_record_at(seg, IPM_SAS, first + i)),
				       offsetof(struct ipm_sa, installed_ns));
			if (engine && sa.engine != engine)
				continue;
			drops_add(seg, first + i, &t);
			t.raw_octets = t.octets;
			ipm_traffic_derive(&sa, &t);
			ipm_traffic_share(&sa, &t);
			ipm_traffic_add(sa.direction == IPM_IN ? in : out, &t);
		}
	}
}
