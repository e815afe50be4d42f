/* SPDX-License-Identifier: ISC */
/* Keep the model in line with the kernel. */
#include <netinet/in.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipm_hash.h"
#include "feed_map.h"
#include "feed_reconcile.h"
#include "units.h"
#include "xfrm_maps.h"
#include "xfrm_model.h"
#include "xfrm_policies.h"

#define NONE       UINT32_MAX
#define PAIRS_MAX  512 /* shown of a tunnel: comparing them is quadratic */
#define ENDED_KEPT 64
#define CLAIM_NS   (1 * NS_PER_SECOND) /* how long an IKE daemon may take to claim a tunnel */

enum { IN, OUT }; /* indexes into arrays with one element per direction */

/* Notes about an SA, by the slot of its record. */
struct sa_note {
	uint32_t src, dst;        /* hashes of its addresses; the tunnel's may differ, because it may move first */
	uint32_t mark, mark_mask; /* part of its identity in the kernel */
	uint64_t added;           /* the kernel's time, in seconds; 0: from an earlier run, and not seen yet */
	int64_t order;            /* of two that were added in the same second, the newer has the higher number */
	struct feed_seen seen;    /* by dumps; round 0: none had it */
	uint64_t counted;         /* number of the dump during which an event had its counts; 0: none */
	uint8_t sure;             /* its counts are not the kernel's yet: lower ones don't make it another SA */
	uint8_t soft_told;        /* an event reported its soft limit ... */
	uint8_t soft_reached;     /* ... or counts and times in the last dump reached it */
	uint8_t in_use;           /* the one that the tunnel's packets use, of its direction and protocol */
	uint8_t keyed;            /* the kernel has reported it */
	uint8_t encap;            /* enum ipm_encap; 0: from an earlier run, and not seen yet */
};

/* Notes about a tunnel, by slot. */
struct tunnel_note {
	uint32_t next;      /* slot + 1 of the next tunnel in its bucket */
	uint32_t bucket;    /* the one it is in */
	uint32_t ever[2];   /* SAs of the main protocol so far, by direction */
	uint32_t own_ts;    /* hash of its SAs' own selectors: part of its identity if the reqid is 0 */
	uint8_t dirty;      /* its policies have changed */
	uint8_t bare;       /* it has lost its last policy, and keeps the selectors it had */
	uint64_t begun_ns;  /* when it appeared */
	uint64_t failed_ns; /* when its last failure was recorded */
};

/* An SA that is gone. If its SPI appears again with other addresses, the SA has moved and continues counting. */
struct ended {
	uint32_t spi, tunnel_slot, tunnel_index;
	uint32_t src, dst;
	uint8_t protocol, direction;
	uint64_t added;
	struct ipm_traffic count;
};

/* What identifies an SA in the kernel. */
struct sa_identity {
	struct xfrm_key key;
	uint32_t mark, mark_mask;
};

/* A network device that encrypts for the kernel. */
struct device {
	uint32_t ifindex;
	bool packets;    /* it does all of ESP, not only the crypto */
	uint32_t engine; /* slot + 1; 0: there was no room */
};
#define DEVICES_MAX 16

struct xfrm_model {
	struct ipm_writer *w;
	uint32_t feed;
	struct xfrm_policies *policies;
	struct xfrm_maps *maps;
	uint64_t patience_ns;
	uint32_t engine; /* slot + 1; 0: none */
	struct device devices[DEVICES_MAX];
	unsigned device_count;
	struct sa_note *sa;         /* by slot */
	struct tunnel_note *tunnel; /* by slot */
	uint32_t *bucket;           /* tunnels by reqid and addresses: slot + 1 */
	uint32_t buckets;
	uint32_t *dirty, dirty_count; /* tunnels whose selectors must be computed again */
	bool all_dirty;
	struct ipm_selector *sel; /* room to collect those of a tunnel */
	bool full;                /* an SA did not fit, and none has gone since */
	uint32_t sas;
	struct feed_rounds dumps;  /* of SAs */
	bool spoilt;               /* all SAs were flushed while this dump came in */
	bool dumped;               /* the message in hand is from a dump */
	int64_t first_sa, last_sa; /* the order numbers of the oldest and the newest SA */
	struct ended ended[ENDED_KEPT];
	unsigned next_ended;
	struct xfrm_drops drops;
	bool ike_shown, ike_known, unsure; /* unsure: a tunnel has come up since, without a sign of a daemon */
	bool policies_seen, policies_spoilt;
	bool sockets;  /* the current dump has policies of sockets */
	uint32_t held; /* tunnels without SAs that an IKE daemon claims */
	uint64_t now_ns;
	uint64_t real_s;  /* CLOCK_REALTIME, when the dump began */
	uint64_t zero_ns; /* what CLOCK_BOOTTIME was when CLOCK_REALTIME was 0, modulo 2^64 */
};

static void
set_time(struct xfrm_model *m)
{
	m->now_ns = ipm_now_ns();
}

/* CLOCK_BOOTTIME at the moment when CLOCK_REALTIME was 0, modulo 2^64. */
static uint64_t
epoch_ns(uint64_t now_ns)
{
	struct timespec real;
	clock_gettime(CLOCK_REALTIME, &real);
	return now_ns - ((uint64_t)real.tv_sec * NS_PER_SECOND + (uint64_t)real.tv_nsec);
}

/* All SAs of a dump use one difference of the clocks: two SAs with the same second have the same age. */
static void
set_clocks(struct xfrm_model *m)
{
	set_time(m);
	m->zero_ns = epoch_ns(m->now_ns);
	m->real_s = (m->now_ns - m->zero_ns) / NS_PER_SECOND;
}

/*
 * When the kernel added an SA, on CLOCK_BOOTTIME. The kernel gives whole seconds. An event reports an SA that was added
 * just now, also while a dump is coming in. If we read the event late, the SA was added before that second ended.
 */
static uint64_t
moment_ns(const struct xfrm_model *m, uint64_t second)
{
	uint64_t moment =
		m->dumped ? m->zero_ns + second * NS_PER_SECOND : epoch_ns(m->now_ns) + (second + 1) * NS_PER_SECOND;
	return second == 0 || moment > m->now_ns ? m->now_ns : moment;
}

static int
direction_index(uint8_t direction)
{
	return direction == IPM_IN ? IN : OUT;
}

/* The SAs of one protocol count a tunnel's packets: of ESP, else of AH, else of IPComp. */
static int
protocol_rank(uint8_t protocol)
{
	return protocol == IPPROTO_ESP ? 3 : protocol == IPPROTO_AH ? 2 : protocol == IPPROTO_COMP ? 1 : 0;
}

/* --- tunnels by reqid and addresses -------------------------------------------------------------------------- */

static uint32_t
bucket_of(const struct xfrm_model *m, uint32_t reqid, const struct ipm_addr *local, const struct ipm_addr *remote)
{
	return xfrm_peer_hash(reqid, local, remote) & (m->buckets - 1);
}

static void
tunnel_link(struct xfrm_model *m, uint32_t slot)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, slot);
	struct tunnel_note *note = &m->tunnel[slot];
	note->bucket = bucket_of(m, t->reqid, &t->local, &t->remote);
	note->next = m->bucket[note->bucket];
	m->bucket[note->bucket] = slot + 1;
}

static void
tunnel_unlink(struct xfrm_model *m, uint32_t slot)
{
	uint32_t *at = &m->bucket[m->tunnel[slot].bucket];
	while (*at && *at != slot + 1)
		at = &m->tunnel[*at - 1].next;
	if (*at)
		*at = m->tunnel[slot].next;
}

static bool
is_ours(const struct xfrm_model *m, uint32_t tunnel)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, tunnel);
	return t->index && t->feed == m->feed;
}

/* Does the SA have the tunnel's XFRM interface and mark in this direction? */
static bool
same_interface(const struct ipm_tunnel *t, int direction, const struct xfrm_sa *x)
{
	return direction == IN ? t->if_id_in == x->if_id && t->mark_in == x->mark && t->mark_mask_in == x->mark_mask
			       : t->if_id_out == x->if_id && t->mark_out == x->mark && t->mark_mask_out == x->mark_mask;
}

/* The hash of an SA's own selectors, our side first. */
static uint32_t
own_ts(const struct xfrm_sa *x, int direction)
{
	const struct ipm_sel_side *local = direction == IN ? &x->dst_sel : &x->src_sel;
	const struct ipm_sel_side *remote = direction == IN ? &x->src_sel : &x->dst_sel;
	return x->has_sel ? ipm_hash(ipm_hash(IPM_HASH_BEGIN, local, sizeof(*local)), remote, sizeof(*remote)) : 0;
}

/*
 * The tunnel for a new SA. XFRM interface and mark may differ between the directions: those of the other direction only
 * matter until this direction has had an SA.
 */
static uint32_t
tunnel_for(const struct xfrm_model *m, const struct xfrm_sa *x, int direction, const struct ipm_addr *local,
	   const struct ipm_addr *remote)
{
	uint32_t best = NONE;
	int best_rank = 0;

	for (uint32_t at = m->bucket[bucket_of(m, x->reqid, local, remote)]; at; at = m->tunnel[at - 1].next) {
		const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, at - 1);
		const struct tunnel_note *note = &m->tunnel[at - 1];
		bool had = note->ever[direction] > 0;
		if (t->reqid != x->reqid || !ipm_addr_same(&t->local, local) || !ipm_addr_same(&t->remote, remote) ||
		    (x->reqid == 0 && note->own_ts != own_ts(x, direction)) ||
		    (had && !same_interface(t, direction, x)))
			continue;
		int rank = had ? 3 : same_interface(t, !direction, x) ? 2 : 1;
		if (rank > best_rank) {
			best_rank = rank;
			best = at - 1;
		}
	}
	return best;
}

/* --- selectors ----------------------------------------------------------------------------------------------- */

static void
tunnel_dirty(struct xfrm_model *m, uint32_t slot)
{
	if (m->tunnel[slot].dirty)
		return;
	m->tunnel[slot].dirty = 1;
	m->dirty[m->dirty_count++] = slot;
}

static bool
rule_serves(const struct xfrm_model *m, const struct xfrm_rule *rule, uint32_t slot)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, slot);
	bool out = m->tunnel[slot].ever[OUT] > 0;
	uint32_t if_id = out ? t->if_id_out : t->if_id_in, mark = out ? t->mark_out : t->mark_in;
	uint32_t mask = out ? t->mark_mask_out : t->mark_mask_in;
	if (t->encap && rule->encaps && !(rule->encaps & 1u << t->encap))
		return false;
	/* As in the kernel's lookup: the policy's mark under the SA's mask must be the SA's mark. */
	return rule->if_id == if_id && (rule->mark & rule->mark_mask & mask) == mark;
}

/* Tie it to the entry of the first policy it serves, unless an IKE daemon's feed has named it and so its entry. */
static void
tunnel_tie(struct xfrm_model *m, uint32_t slot)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, slot);
	const struct xfrm_rule *rule = NULL;
	bool by_us = t->map && ipm_map_peek(m->w, t->map - 1)->feed == m->feed;

	if (t->named_by) {
		if (by_us)
			xfrm_maps_doubt(m->maps);
		return;
	}
	while (!t->map && (rule = xfrm_policies_next(m->policies, t->reqid, &t->local, &t->remote, rule))) {
		int at = rule_serves(m, rule, slot) ? xfrm_maps_slot(m->maps, rule) : -1;
		if (at >= 0)
			ipm_tunnel_from(m->w, slot, (uint32_t)at);
	}
	if (t->map)
		feed_map_learn(m->w, &m->drops.host, slot);
}

/* Without a policy it keeps its selectors, as policies go before their SAs; not if it has been @p bare for a while. */
static void
tunnel_select(struct xfrm_model *m, uint32_t slot, bool bare)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, slot);
	struct ipm_selector *sel = m->sel;
	const struct xfrm_rule *rule = NULL;
	uint32_t n = 0;

	while (n < PAIRS_MAX && (rule = xfrm_policies_next(m->policies, t->reqid, &t->local, &t->remote, rule)))
		if (rule_serves(m, rule, slot))
			sel[n++] = (struct ipm_selector){ .local = rule->local_ts, .remote = rule->remote_ts };
	tunnel_tie(m, slot);
	m->tunnel[slot].bare = n == 0 && t->sel_head && !m->tunnel[slot].own_ts;
	if (n > 0 || (bare && m->tunnel[slot].bare))
		ipm_tunnel_select(m->w, slot, sel, n);
}

/* The tunnels of this policy may belong to another entry now, and have other selectors. */
static void
rule_tunnels_dirty(struct xfrm_model *m, const struct xfrm_rule *rule)
{
	if (rule->local.len == 0 || rule->remote.len == 0) {
		m->all_dirty = true;
		return;
	}
	for (uint32_t at = m->bucket[bucket_of(m, rule->reqid, &rule->local, &rule->remote)]; at;
	     at = m->tunnel[at - 1].next)
		tunnel_dirty(m, at - 1);
}

static void
rule_changed(struct xfrm_model *m, const struct xfrm_rule *rule)
{
	xfrm_maps_changed(m->maps, rule, m->now_ns);
	rule_tunnels_dirty(m, rule);
}

/* Has another feed named a tunnel of this policy? */
static bool
rule_claimed(void *arg, const struct xfrm_rule *rule)
{
	const struct xfrm_model *m = arg;
	for (uint32_t at = m->bucket[bucket_of(m, rule->reqid, &rule->local, &rule->remote)]; at;
	     at = m->tunnel[at - 1].next) {
		const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, at - 1);
		if (t->named_by && t->reqid == rule->reqid && ipm_addr_same(&t->local, &rule->local) &&
		    ipm_addr_same(&t->remote, &rule->remote) && rule_serves(m, rule, at - 1))
			return true;
	}
	return false;
}

static void
rule_has_entry(void *arg, const struct xfrm_rule *rule)
{
	rule_tunnels_dirty(arg, rule);
}

/* --- tunnels ------------------------------------------------------------------------------------------------- */

static void
tunnel_stop(struct xfrm_model *m, uint32_t slot, enum ipm_reason reason)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, slot);
	if (t->state == IPM_TUNNEL_HELD)
		m->held--;
	tunnel_unlink(m, slot);
	ipm_tunnel_stop(m->w, slot, t->verdict ? t->verdict : reason);
}

/* A tunnel without SAs is over, unless an IKE daemon claims it. */
static void
tunnel_check(struct xfrm_model *m, uint32_t slot, enum ipm_reason reason)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, slot);
	if (t->sas > 0)
		return;
	if (!t->claimed) {
		tunnel_stop(m, slot, reason);
	} else if (t->state != IPM_TUNNEL_HELD) {
		struct ipm_tunnel copy = *t;
		copy.state = IPM_TUNNEL_HELD;
		ipm_tunnel_put(m->w, slot, &copy);
		m->held++;
	}
}

static uint8_t
key_type(const struct xfrm_model *m)
{
	return m->ike_shown && !m->ike_known ? IPM_KEY_IKE : IPM_KEY_MANUAL;
}

/* The kernel never knows the group of a key exchange. Without an exchange there is no group. */
static uint16_t
unknown_group(uint8_t keyed_by)
{
	return keyed_by == IPM_KEY_IKE ? IPM_TRANSFORM_OTHER : 0;
}

static uint32_t
tunnel_begin(struct xfrm_model *m, const struct xfrm_sa *x, int direction, const struct ipm_addr *local,
	     const struct ipm_addr *remote)
{
	struct ipm_tunnel t = { .state = IPM_TUNNEL_UP,
				.encap = x->encap,
				.key_type = m->ike_shown || m->ike_known ? IPM_KEY_IKE : IPM_KEY_MANUAL,
				.protocol = x->key.protocol,
				.reqid = x->reqid,
				.if_id_in = x->if_id,
				.if_id_out = x->if_id,
				.mark_in = x->mark,
				.mark_out = x->mark,
				.mark_mask_in = x->mark_mask,
				.mark_mask_out = x->mark_mask,
				.feed = m->feed,
				.local = *local,
				.remote = *remote,
				.created_ns = moment_ns(m, x->added) };
	int slot = ipm_tunnel_start(m->w, &t);
	if (slot < 0)
		return NONE;
	m->tunnel[slot] = (struct tunnel_note){ .own_ts = own_ts(x, direction),
						.begun_ns = m->now_ns,
						.dirty = m->tunnel[slot].dirty };
	tunnel_link(m, (uint32_t)slot);
	m->unsure |= !m->ike_shown && !m->ike_known;
	if (x->has_sel) {
		struct ipm_selector sel = { .local = direction == IN ? x->dst_sel : x->src_sel,
					    .remote = direction == IN ? x->src_sel : x->dst_sel };
		ipm_tunnel_select(m->w, (uint32_t)slot, &sel, 1);
	}
	tunnel_dirty(m, (uint32_t)slot);
	return (uint32_t)slot;
}

/* Copy from the SA in use to its tunnel: the algorithms of its direction and, from an inbound SA, the lifetimes. */
static void
tunnel_heed(struct xfrm_model *m, uint32_t sa_slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(m->w, sa_slot);
	struct ipm_tunnel t = *ipm_tunnel_peek(m->w, sa->tunnel_slot);
	bool in = sa->direction == IPM_IN;

	if (!m->sa[sa_slot].in_use)
		return;
	if (sa->protocol == IPPROTO_AH)
		*(in ? &t.in_ah : &t.out_ah) = sa->proposal.integ;
	if (sa->protocol == t.protocol)
		*(in ? &t.in_sa : &t.out_sa) = sa->proposal;
	if (sa->protocol == t.protocol && (in || m->tunnel[sa->tunnel_slot].ever[IN] == 0)) {
		t.installed_ns = sa->installed_ns;
		t.soft_ns = sa->soft_ns;
		t.hard_ns = sa->hard_ns;
		t.soft_octets = sa->soft_octets;
		t.hard_octets = sa->hard_octets;
		t.soft_pkts = sa->soft_pkts;
		t.hard_pkts = sa->hard_pkts;
	}
	ipm_tunnel_put(m->w, sa->tunnel_slot, &t);
}

static void
set_interface(struct ipm_tunnel *t, uint8_t direction, const struct xfrm_sa *x)
{
	if (direction == IPM_IN) {
		t->if_id_in = x->if_id;
		t->mark_in = x->mark;
		t->mark_mask_in = x->mark_mask;
	} else {
		t->if_id_out = x->if_id;
		t->mark_out = x->mark;
		t->mark_mask_out = x->mark_mask;
	}
}

/* The first SA of a protocol with precedence has come: the others no longer count the packets. */
static void
sas_bundle(struct xfrm_model *m, const struct ipm_tunnel *t)
{
	struct ipm_walk walk;
	struct ipm_sa sa;

	ipm_walk_sas(&walk, ipm_writer_segment(m->w), t);
	while (ipm_walk_next(&walk, &sa) > 0) {
		sa.bundled = protocol_rank(sa.protocol) < protocol_rank(t->protocol);
		ipm_sa_put(m->w, walk.slot, &sa);
	}
}

/* Does a policy of the tunnel want this protocol? */
static bool
policy_wants(const struct xfrm_model *m, const struct ipm_tunnel *t, enum xfrm_rule_protocol protocol)
{
	const struct xfrm_rule *rule = NULL;
	while ((rule = xfrm_policies_next(m->policies, t->reqid, &t->local, &t->remote, rule)))
		if (rule->protocols & protocol)
			return true;
	return false;
}

/* The SA that encapsulates packets makes its tunnel one in tunnel mode, whatever the mode of the others. */
static void
tunnel_encap(struct xfrm_model *m, uint32_t slot)
{
	struct ipm_tunnel t = *ipm_tunnel_peek(m->w, slot);
	uint8_t encap = 0;
	struct ipm_walk walk;
	struct ipm_sa sa;

	for (ipm_walk_sas(&walk, ipm_writer_segment(m->w), &t); ipm_walk_next(&walk, &sa) > 0;) {
		uint8_t its = m->sa[walk.slot].encap;
		if (its == 0)
			return; /* of an earlier run, and not listed yet */
		if (encap == 0 || its < encap)
			encap = its;
	}
	if (encap && encap != t.encap) {
		t.encap = encap;
		ipm_tunnel_put(m->w, slot, &t);
	}
}

/* An SA has joined the tunnel. */
static void
tunnel_joined(struct xfrm_model *m, uint32_t slot, const struct xfrm_sa *x, const struct ipm_sa *sa, bool moved)
{
	struct ipm_tunnel t = *ipm_tunnel_peek(m->w, slot);
	struct tunnel_note *note = &m->tunnel[slot];
	int direction = direction_index(sa->direction);
	bool refreshed = false;

	if (t.state == IPM_TUNNEL_HELD) {
		t.state = IPM_TUNNEL_UP;
		m->held--;
	}
	t.verdict = IPM_REASON_UNKNOWN;
	if (sa->installed_ns < t.created_ns) /* a dump has the newest first */
		t.created_ns = sa->installed_ns;
	if (protocol_rank(x->key.protocol) > protocol_rank(t.protocol)) {
		t.protocol = x->key.protocol;
		note->ever[IN] = note->ever[OUT] = 0;
		sas_bundle(m, &t);
	}
	t.ipcomp |= x->key.protocol == IPPROTO_COMP || policy_wants(m, &t, XFRM_RULE_COMP);
	set_interface(&t, sa->direction, x);
	if (x->key.protocol == t.protocol) {
		t.udp_encap = x->udp_encap;
		if (!moved) {
			uint32_t most = note->ever[IN] > note->ever[OUT] ? note->ever[IN] : note->ever[OUT];
			refreshed = ++note->ever[direction] > most && most > 0;
			t.ahead = (int32_t)(note->ever[IN] - note->ever[OUT]);
		}
	}
	ipm_tunnel_put(m->w, slot, &t);
	if (refreshed)
		ipm_tunnel_refresh(m->w, slot);
	tunnel_dirty(m, slot);
}

/* --- engines ------------------------------------------------------------------------------------------------- */

/* The device's engine, slot + 1. A device that does all of ESP and one that only does the crypto are two engines. */
static uint32_t
device_engine(struct xfrm_model *m, uint32_t ifindex, bool packets)
{
	struct ipm_engine engine = { .feed = m->feed, .kind = IPM_ENGINE_HARDWARE };
	struct ipm_interface interface = { 0 };
	struct device *device = m->devices;

	while (device < m->devices + m->device_count && (device->ifindex != ifindex || device->packets != packets))
		device++;
	if (device < m->devices + m->device_count)
		return device->engine;
	if (m->device_count == DEVICES_MAX)
		return 0;
	if (!feed_host_with_index(&m->drops.host, ifindex, &interface) || interface.name[0] == '\0')
		snprintf(interface.name, sizeof(interface.name), "if%u", ifindex);
	snprintf(engine.name, sizeof(engine.name), "%.15s %s", interface.name, packets ? "packets" : "crypto");
	int slot = ipm_engine_open(m->w, &engine);
	*device =
		(struct device){ .ifindex = ifindex, .packets = packets, .engine = slot < 0 ? 0 : (uint32_t)slot + 1 };
	m->device_count++;
	return device->engine;
}

static uint32_t
engine_of(struct xfrm_model *m, const struct xfrm_sa *x)
{
	return x->offload_ifindex ? device_engine(m, x->offload_ifindex, x->offload_packets) : m->engine;
}

void
xfrm_model_engine(struct xfrm_model *m, const char *name, const char *version)
{
	struct ipm_engine engine = { .feed = m->feed, .kind = IPM_ENGINE_KERNEL };
	snprintf(engine.name, sizeof(engine.name), "%s", name);
	snprintf(engine.version, sizeof(engine.version), "%s", version);
	int slot = ipm_engine_open(m->w, &engine);
	m->engine = slot < 0 ? 0 : (uint32_t)slot + 1;
}

/* --- one SA: which it is ------------------------------------------------------------------------------------- */

static uint32_t
hash_addr(const struct ipm_addr *addr)
{
	return ipm_hash(IPM_HASH_BEGIN, addr->bytes, addr->len);
}

/* Is it this SA? Protocol and SPI are known to match, so compare the destination. */
static bool
sa_is(const struct xfrm_model *m, uint32_t slot, const struct xfrm_sa *x)
{
	if (m->sa[slot].keyed)
		return m->sa[slot].dst == hash_addr(&x->key.dst);
	const struct ipm_sa *sa = ipm_sa_peek(m->w, slot);
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, sa->tunnel_slot);
	const struct ipm_addr *dst = sa->direction == IPM_IN ? &t->local : &t->remote;
	return ipm_addr_same(dst, &x->key.dst);
}

/*
 * The slot of a known SA, by its identity in the kernel: destination, protocol, SPI and mark. An update need not have
 * the mark of its SA: it finds the SA that packets with its mark find. If the kernel has not reported an SA yet, we may
 * not know its mark.
 */
static uint32_t
sa_find(const struct xfrm_model *m, const struct xfrm_sa *x, bool updated)
{
	uint32_t likely = NONE;
	for (int at = -1; (at = ipm_sa_named(m->w, x->key.protocol, x->key.spi, at)) >= 0;) {
		const struct ipm_sa *sa = ipm_sa_peek(m->w, (uint32_t)at);
		const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, sa->tunnel_slot);
		const struct sa_note *note = &m->sa[at];
		if (t->feed != m->feed || !sa_is(m, (uint32_t)at, x))
			continue;
		if (note->keyed ? note->mark == x->mark && note->mark_mask == x->mark_mask
				: same_interface(t, direction_index(sa->direction), x))
			return (uint32_t)at;
		if (!note->keyed || (updated && (x->mark & x->mark_mask & note->mark_mask) == note->mark))
			likely = (uint32_t)at;
	}
	return likely;
}

/* Restore the SA counts of a tunnel that existed before us. */
static void
restore_sa_counts(struct tunnel_note *note, const struct ipm_tunnel *t)
{
	uint32_t most = t->refreshes + 1, behind = (uint32_t)abs(t->ahead) < most ? (uint32_t)abs(t->ahead) : most;
	note->ever[IN] = t->ahead < 0 ? most - behind : most;
	note->ever[OUT] = t->ahead > 0 ? most - behind : most;
}

/* Take over a tunnel and its SAs from the feed that began it. */
static void
tunnel_adopt(struct xfrm_model *m, uint32_t slot)
{
	struct ipm_tunnel t = *ipm_tunnel_peek(m->w, slot);
	struct tunnel_note note = { .begun_ns = m->now_ns, .dirty = m->tunnel[slot].dirty };
	struct ipm_walk walk;
	struct ipm_sa sa;

	restore_sa_counts(&note, &t);
	ipm_walk_sas(&walk, ipm_writer_segment(m->w), &t);
	while (ipm_walk_next(&walk, &sa) > 0) {
		m->sa[walk.slot] = (struct sa_note){ .sure = 1 };
		m->sas++;
	}
	t.feed = m->feed;
	t.claimed = 1;
	m->tunnel[slot] = note;
	ipm_tunnel_put(m->w, slot, &t);
	tunnel_link(m, slot);
	tunnel_dirty(m, slot);
}

/* Take over the SA if an IKE daemon's feed has begun it. Its slot, or NONE. */
static uint32_t
sa_adopt(struct xfrm_model *m, const struct xfrm_sa *x, uint8_t direction)
{
	for (int at = -1; (at = ipm_sa_named(m->w, x->key.protocol, x->key.spi, at)) >= 0;) {
		const struct ipm_sa *sa = ipm_sa_peek(m->w, (uint32_t)at);
		const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, sa->tunnel_slot);
		if (t->named_by != t->feed + 1 || t->feed == m->feed || sa->direction != direction ||
		    !sa_is(m, (uint32_t)at, x))
			continue;
		tunnel_adopt(m, sa->tunnel_slot);
		return (uint32_t)at;
	}
	return NONE;
}

/* Before Linux 6.10 the kernel does not say. Derive it from a policy, our own addresses, or an existing tunnel. */
static uint8_t
sa_direction(const struct xfrm_model *m, const struct xfrm_sa *x)
{
	const struct ipm_addr *src = &x->src, *dst = &x->key.dst;
	if (x->direction)
		return x->direction;
	const struct xfrm_rule *rule = NULL;
	while ((rule = xfrm_policies_next(m->policies, x->reqid, src, dst, rule)))
		if (rule->remote.len)
			return IPM_OUT;
	while ((rule = xfrm_policies_next(m->policies, x->reqid, dst, src, rule)))
		if (rule->remote.len)
			return IPM_IN;
	if (m->drops.host.is_local(m->drops.host.arg, dst))
		return IPM_IN;
	if (m->drops.host.is_local(m->drops.host.arg, src) || tunnel_for(m, x, OUT, src, dst) != NONE)
		return IPM_OUT;
	return IPM_IN;
}

static bool
is_bundled(const struct xfrm_model *m, uint32_t tunnel, uint8_t protocol)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, tunnel);
	return protocol_rank(protocol) < protocol_rank(t->protocol) ||
	       (protocol != IPPROTO_ESP && policy_wants(m, t, XFRM_RULE_ESP));
}

/* --- one SA: what is known of it ----------------------------------------------------------------------------- */

static uint64_t
limit_ns(const struct xfrm_sa *x, uint64_t add_s, uint64_t use_s)
{
	uint64_t limit = add_s, from_use = use_s && x->used >= x->added && x->used ? x->used - x->added + use_s : 0;
	if (from_use && (limit == 0 || from_use < limit))
		limit = from_use;
	return limit < UINT64_MAX / NS_PER_SECOND ? limit * NS_PER_SECOND : 0;
}

static void
sa_limit(struct ipm_sa *sa, const struct xfrm_sa *x)
{
	sa->soft_ns = limit_ns(x, x->soft_add_s, x->soft_use_s);
	sa->hard_ns = limit_ns(x, x->hard_add_s, x->hard_use_s);
	sa->soft_octets = x->soft_octets;
	sa->hard_octets = x->hard_octets;
	sa->soft_pkts = x->soft_pkts;
	sa->hard_pkts = x->hard_pkts;
}

static void
sa_fill(struct ipm_sa *sa, const struct xfrm_sa *x)
{
	uint16_t group = sa->proposal.group, prf = sa->proposal.prf;
	sa->proposal = x->proposal;
	sa->proposal.group = group;
	sa->proposal.prf = prf;
	sa->replay_window = x->replay_window;
	sa->seq = sa->direction == IPM_IN ? x->seq_in : x->seq_out;
	sa_limit(sa, x);
}

/* Record packets that failed the integrity check: someone forges them, or the keys differ. */
static void
record_auth_failure(struct xfrm_model *m, const struct ipm_sa *sa, uint64_t pkts)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, sa->tunnel_slot);
	struct tunnel_note *note = &m->tunnel[sa->tunnel_slot];
	struct ipm_failure failure = { .reason = IPM_FAIL_IN_AUTH,
				       .local = t->local,
				       .remote = t->remote,
				       /* The kernel finds an SA by destination and SPI, so the source is not known. */
				       .packet_dst = t->local,
				       .tunnel_index = t->index,
				       .spi = sa->spi };

	if (note->failed_ns && m->now_ns - note->failed_ns < XFRM_FAILURE_NS)
		return;
	note->failed_ns = m->now_ns;
	if (t->ike_index && ipm_tunnel_ike_alive(ipm_writer_segment(m->w), t)) {
		const struct ipm_ike_sa *ike = ipm_ike_peek(m->w, t->ike_slot);
		failure.peer = ike->peer;
		memcpy(failure.local_id, ike->local_id, sizeof(failure.local_id));
		memcpy(failure.remote_id, ike->remote_id, sizeof(failure.remote_id));
	}
	memcpy(failure.conn, t->conn, sizeof(failure.conn));
	snprintf(failure.text, sizeof(failure.text), "integrity check failed for %llu packet(s)",
		 (unsigned long long)pkts);
	ipm_fail(m->w, IPM_TUNNEL_FAILURES, &failure);
}

/* The kernel counts drops in 32 bits. A count that seems to go back is from an earlier dump. */
static uint64_t
extend_count(uint64_t count, uint32_t now)
{
	int32_t more = (int32_t)(now - (uint32_t)count);
	return more > 0 ? count + (uint32_t)more : count;
}

/* The kernel's counts of an SA never go back. If they seem to, the dump was made before the last event. */
static void
sa_count(struct xfrm_model *m, uint32_t slot, const struct xfrm_sa *x)
{
	const struct ipm_sa *sa = ipm_sa_peek(m->w, slot);
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, sa->tunnel_slot);
	bool comp = sa->protocol == IPPROTO_COMP;
	struct ipm_traffic now = { .octets = x->octets, .pkts = x->pkts };
	const uint64_t *before = sa->count.drops;

	if (x->octets < sa->count.octets || x->pkts < sa->count.pkts)
		return;
	/* An IPComp SA counts octets before compression, the others after it. */
	now.raw_octets = comp || (!sa->bundled && !t->ipcomp) ? x->octets : 0;
	now.drops[IPM_DROP_REPLAY] = extend_count(before[IPM_DROP_REPLAY], x->replays);
	now.drops[IPM_DROP_WINDOW] = extend_count(before[IPM_DROP_WINDOW], x->behind);
	now.drops[IPM_DROP_AUTH] = extend_count(before[IPM_DROP_AUTH], x->auth_fails);
	uint64_t auth_fails = now.drops[IPM_DROP_AUTH] - before[IPM_DROP_AUTH];
	m->drops.kept->auth_fails += auth_fails;
	m->drops.kept->replays += now.drops[IPM_DROP_REPLAY] - before[IPM_DROP_REPLAY] + now.drops[IPM_DROP_WINDOW] -
				  before[IPM_DROP_WINDOW];
	if (auth_fails && m->sa[slot].seen.round) /* else they may be old */
		record_auth_failure(m, sa, auth_fails);
	ipm_sa_count(m->w, slot, &now);
}

static bool
sa_outworn(const struct xfrm_model *m, uint32_t slot)
{
	return m->sa[slot].soft_told || m->sa[slot].soft_reached;
}

/* As the kernel chooses an SA for a packet: first those below their soft limit, then the newest. */
static bool
sa_before_other(const struct xfrm_model *m, uint32_t slot, uint32_t other)
{
	const struct sa_note *a = &m->sa[slot], *b = &m->sa[other];
	if (sa_outworn(m, slot) != sa_outworn(m, other))
		return sa_outworn(m, other);
	return a->added != b->added ? a->added > b->added : a->order > b->order;
}

static bool
same_kind(const struct ipm_sa *a, const struct ipm_sa *b)
{
	return a->direction == b->direction && a->protocol == b->protocol;
}

/* Find which of the tunnel's SAs of this kind is in use, set their states, and update the tunnel from it. */
static void
sas_weigh(struct xfrm_model *m, const struct ipm_sa *like)
{
	const struct ipm_segment *seg = ipm_writer_segment(m->w);
	const struct ipm_sa kind = *like;
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, kind.tunnel_slot);
	uint32_t best = NONE;
	struct ipm_walk walk;
	struct ipm_sa sa;

	for (ipm_walk_sas(&walk, seg, t); ipm_walk_next(&walk, &sa) > 0;)
		if (same_kind(&sa, &kind) && (best == NONE || sa_before_other(m, walk.slot, best)))
			best = walk.slot;
	for (ipm_walk_sas(&walk, seg, t); ipm_walk_next(&walk, &sa) > 0;)
		if (same_kind(&sa, &kind)) {
			bool in_use = walk.slot == best;
			m->sa[walk.slot].in_use = in_use;
			sa.state = in_use && !sa_outworn(m, best) ? IPM_SA_ACTIVE : IPM_SA_EXPIRING;
			ipm_sa_put(m->w, walk.slot, &sa);
		}
	if (best != NONE)
		tunnel_heed(m, best);
}

/* --- one SA: it comes, it is there, it goes ------------------------------------------------------------------ */

/* An SA with its SPI that ended lately, in a tunnel that still exists: the peer may have moved. */
static const struct ended *
sa_before(const struct xfrm_model *m, const struct xfrm_sa *x, uint8_t direction)
{
	for (unsigned back = 1; back <= ENDED_KEPT && back <= m->next_ended; back++) {
		const struct ended *at = &m->ended[(m->next_ended - back) % ENDED_KEPT];
		const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, at->tunnel_slot);
		if (at->spi == x->key.spi && at->protocol == x->key.protocol && at->direction == direction &&
		    is_ours(m, at->tunnel_slot) && t->index == at->tunnel_index && t->reqid == x->reqid &&
		    (t->reqid || m->tunnel[at->tunnel_slot].own_ts == own_ts(x, direction_index(direction))))
			return at;
	}
	return NULL;
}

static void
tunnel_move(struct xfrm_model *m, uint32_t slot, const struct ipm_addr *local, const struct ipm_addr *remote)
{
	struct ipm_tunnel t = *ipm_tunnel_peek(m->w, slot);
	if (ipm_addr_same(&t.local, local) && ipm_addr_same(&t.remote, remote))
		return;
	tunnel_unlink(m, slot);
	t.local = *local;
	t.remote = *remote;
	ipm_tunnel_put(m->w, slot, &t);
	tunnel_link(m, slot);
}

/* The kernel has reported it for the first time. */
static void
sa_note_identity(struct xfrm_model *m, uint32_t slot, const struct xfrm_sa *x)
{
	struct sa_note *note = &m->sa[slot];
	note->keyed = 1;
	note->src = hash_addr(&x->src);
	note->dst = hash_addr(&x->key.dst);
	note->mark = x->mark;
	note->mark_mask = x->mark_mask;
	note->order = m->dumped ? --m->first_sa : ++m->last_sa; /* a dump has the newest first */
}

/* The SA that this one continues, because its peer has moved. NULL: none. @p tunnel: the one with its addresses. */
static const struct ended *
sa_continued(const struct xfrm_model *m, const struct xfrm_sa *x, uint8_t direction, uint32_t tunnel, bool *counts_on)
{
	const struct ended *before = sa_before(m, x, direction);

	if (!before || (tunnel != NONE && tunnel != before->tunnel_slot))
		return NULL;
	*counts_on = x->pkts > 0 && (before->added == 0 || before->added == x->added) &&
		     x->octets >= before->count.octets && x->pkts >= before->count.pkts;
	/* If it starts counting at 0, the same peer only uses the number again. */
	bool same_peer = before->src == hash_addr(&x->src) && before->dst == hash_addr(&x->key.dst);
	return *counts_on || !same_peer ? before : NULL;
}

/*
 * The tunnel that a new SA joins: the one with its addresses, the one that moves with it, or a new one. NONE: no room.
 * @p before: see sa_continued().
 */
static uint32_t
tunnel_join(struct xfrm_model *m, const struct xfrm_sa *x, uint8_t direction, const struct ended **before,
	    bool *counts_on)
{
	bool in = direction == IPM_IN;
	const struct ipm_addr *local = in ? &x->key.dst : &x->src, *remote = in ? &x->src : &x->key.dst;
	uint32_t tunnel = tunnel_for(m, x, direction_index(direction), local, remote);

	*before = sa_continued(m, x, direction, tunnel, counts_on);
	if (tunnel != NONE)
		return tunnel;
	if (*before) {
		tunnel_move(m, (*before)->tunnel_slot, local, remote);
		return (*before)->tunnel_slot;
	}
	if (!m->full)
		return tunnel_begin(m, x, direction_index(direction), local, remote);
	ipm_writer_totals(m->w)->records_refused++;
	return NONE;
}

static uint32_t
sa_begin(struct xfrm_model *m, const struct xfrm_sa *x, uint8_t direction)
{
	struct ipm_sa sa = { .spi = x->key.spi,
			     .direction = direction,
			     .protocol = x->key.protocol,
			     .state = IPM_SA_ACTIVE,
			     .engine = engine_of(m, x),
			     .installed_ns = moment_ns(m, x->added) };
	const struct ended *before;
	bool counts_on = false;
	uint32_t tunnel = tunnel_join(m, x, direction, &before, &counts_on);

	if (tunnel == NONE)
		return NONE;
	sa_fill(&sa, x);
	sa.proposal.group = unknown_group(ipm_tunnel_peek(m->w, tunnel)->key_type);
	sa.bundled = is_bundled(m, tunnel, x->key.protocol);
	if (counts_on) {
		sa.count = before->count;
		memset(sa.count.drops, 0, sizeof(sa.count.drops)); /* the kernel starts those at 0 again */
	}
	int slot = ipm_sa_start(m->w, tunnel, &sa);
	if (slot < 0) {
		m->full = true;
		tunnel_check(m, tunnel, IPM_REASON_UNKNOWN);
		return NONE;
	}
	m->sas++;
	m->sa[slot] = (struct sa_note){ .added = x->added };
	sa_note_identity(m, (uint32_t)slot, x);
	tunnel_joined(m, tunnel, x, &sa, before != NULL);
	sas_weigh(m, ipm_sa_peek(m->w, (uint32_t)slot));
	return (uint32_t)slot;
}

static void
sa_end(struct xfrm_model *m, uint32_t slot, enum ipm_reason reason)
{
	const struct ipm_sa sa = *ipm_sa_peek(m->w, slot);
	const struct ipm_tunnel *t = ipm_tunnel_peek(m->w, sa.tunnel_slot);

	m->ended[m->next_ended++ % ENDED_KEPT] = (struct ended){ .spi = sa.spi,
								 .tunnel_slot = sa.tunnel_slot,
								 .tunnel_index = t->index,
								 .src = m->sa[slot].src,
								 .dst = m->sa[slot].dst,
								 .protocol = sa.protocol,
								 .direction = sa.direction,
								 .added = m->sa[slot].added,
								 .count = sa.count };
	bool in_use = m->sa[slot].in_use;
	ipm_sa_stop(m->w, slot);
	m->sa[slot] = (struct sa_note){ 0 };
	m->sas--;
	m->full = false;
	if (in_use)
		sas_weigh(m, &sa);
	tunnel_encap(m, sa.tunnel_slot);
	tunnel_check(m, sa.tunnel_slot, reason);
}

/*
 * Has another SA replaced this one without an event that we saw? In an event, another time of addition proves it, as
 * the kernel never has two SAs of one identity. In a dump, lower counts prove it, unless the dump was made before an
 * event with those counts. There the time proves nothing, as it can be set (XFRM_MSG_NEWAE). XFRM_MSG_MIGRATE replaces
 * an SA by one from another source, with the same time and no counts, and has no event for it.
 */
static bool
sa_is_another(const struct xfrm_model *m, uint32_t slot, const struct xfrm_sa *x)
{
	const struct sa_note *note = &m->sa[slot];
	const struct ipm_sa *sa = ipm_sa_peek(m->w, slot);
	if (note->keyed && note->src != hash_addr(&x->src))
		return true;
	if (note->sure)
		return false;
	if (!m->dumped && note->added)
		return note->added != x->added;
	return note->counted != m->dumps.number && (x->pkts < sa->count.pkts || x->octets < sa->count.octets);
}

static bool
is_reached(uint64_t limit, uint64_t now)
{
	return limit && now >= limit;
}

/* Is a soft limit reached, by the numbers of a dump? */
static bool
soft_reached(const struct xfrm_model *m, const struct xfrm_sa *x)
{
	return is_reached(x->soft_octets, x->octets) || is_reached(x->soft_pkts, x->pkts) ||
	       (m->real_s > x->added && is_reached(x->soft_add_s, m->real_s - x->added)) ||
	       (x->used && m->real_s > x->used && is_reached(x->soft_use_s, m->real_s - x->used));
}

/* An update may have given it another XFRM interface. */
static void
sa_interface(struct xfrm_model *m, uint32_t slot, const struct xfrm_sa *x)
{
	const struct ipm_sa *sa = ipm_sa_peek(m->w, slot);
	struct ipm_tunnel t = *ipm_tunnel_peek(m->w, sa->tunnel_slot);
	if (!m->sa[slot].in_use || same_interface(&t, direction_index(sa->direction), x))
		return;
	set_interface(&t, sa->direction, x);
	ipm_tunnel_put(m->w, sa->tunnel_slot, &t);
	tunnel_dirty(m, sa->tunnel_slot);
}

/* Update a known SA with what the kernel says. */
static void
sa_apply(struct xfrm_model *m, uint32_t slot, const struct xfrm_sa *x)
{
	struct sa_note *note = &m->sa[slot];
	struct ipm_sa sa = *ipm_sa_peek(m->w, slot);
	bool weigh = !note->keyed || note->added != x->added, was_outworn = sa_outworn(m, slot);

	if (!note->keyed) { /* taken over from another feed, or from an earlier run */
		sa.installed_ns = sa.installed_ns ? sa.installed_ns : moment_ns(m, x->added);
		sa.bundled = is_bundled(m, sa.tunnel_slot, sa.protocol);
		sa_note_identity(m, slot, x);
		m->tunnel[sa.tunnel_slot].own_ts = own_ts(x, direction_index(sa.direction));
		struct ipm_tunnel t = *ipm_tunnel_peek(m->w, sa.tunnel_slot);
		set_interface(&t, sa.direction, x);
		ipm_tunnel_put(m->w, sa.tunnel_slot, &t);
	} else if (m->dumped && note->added != x->added) {
		sa.installed_ns = moment_ns(m, x->added);
	}
	sa_fill(&sa, x);
	ipm_sa_put(m->w, slot, &sa);
	ipm_sa_engine(m->w, slot, engine_of(m, x));
	if (note->encap != x->encap) {
		note->encap = x->encap;
		tunnel_encap(m, sa.tunnel_slot);
	}
	note->added = x->added;
	if (m->dumped) {
		note->soft_reached = soft_reached(m, x);
		note->sure = note->sure && x->pkts < sa.count.pkts;
	} else {
		note->counted = m->dumps.number;
	}
	if (weigh || was_outworn != sa_outworn(m, slot))
		sas_weigh(m, &sa);
	else
		tunnel_heed(m, slot);
	sa_interface(m, slot, x);
	sa_count(m, slot, x);
	feed_confirm(&m->dumps, &note->seen);
}

static void
sa_seen(struct xfrm_model *m, const struct xfrm_sa *x)
{
	uint32_t slot = sa_find(m, x, false);

	if (slot != NONE && m->dumped && m->sa[slot].counted == m->dumps.number && m->sa[slot].added != x->added)
		return; /* the dump was made before the event with this SA */
	if (slot != NONE && sa_is_another(m, slot, x)) {
		sa_end(m, slot, IPM_REASON_UNKNOWN);
		slot = NONE;
	}
	if (slot == NONE) {
		uint8_t direction = sa_direction(m, x);
		slot = sa_adopt(m, x, direction);
		if (slot == NONE)
			slot = sa_begin(m, x, direction);
		if (slot == NONE)
			return;
	}
	sa_apply(m, slot, x);
}

/*
 * Somebody has updated an SA. If IKE had only reserved its SPI before, the SA is new. Else the message has the update,
 * not the SA: the kernel takes its limits, and the next dump shows what else has changed.
 */
static void
sa_updated(struct xfrm_model *m, const struct xfrm_sa *x)
{
	uint32_t slot = sa_find(m, x, true);

	if (slot == NONE) {
		sa_seen(m, x);
		slot = sa_find(m, x, false);
		if (slot != NONE)
			m->sa[slot].sure = 1; /* it may be old: we may have missed it */
		return;
	}
	struct ipm_sa sa = *ipm_sa_peek(m->w, slot);
	sa_limit(&sa, x);
	ipm_sa_put(m->w, slot, &sa);
	m->sa[slot].soft_told = m->sa[slot].soft_reached = 0;
	feed_confirm(&m->dumps, &m->sa[slot].seen);
	sas_weigh(m, &sa);
}

/* --- what was deleted while a dump comes in ------------------------------------------------------------------ */

static struct sa_identity
identity_of(const struct xfrm_sa *x)
{
	struct sa_identity identity;
	memset(&identity, 0, sizeof(identity)); /* its padding is compared, too */
	identity.key.dst.len = x->key.dst.len;
	memcpy(identity.key.dst.bytes, x->key.dst.bytes, sizeof(identity.key.dst.bytes));
	identity.key.spi = x->key.spi;
	identity.key.protocol = x->key.protocol;
	identity.mark = x->mark;
	identity.mark_mask = x->mark_mask;
	return identity;
}

static void
sa_was_deleted(struct xfrm_model *m, const struct xfrm_sa *x)
{
	const struct sa_identity identity = identity_of(x);
	feed_ended_add(&m->dumps, &identity, sizeof(identity));
}

/* The dump was made before the SA was deleted. */
static bool
is_outdated(const struct xfrm_model *m, const struct xfrm_sa *x)
{
	const struct sa_identity identity = identity_of(x);
	return feed_ended_has(&m->dumps, &identity, sizeof(identity));
}

/* An event says that it is there, even if it was deleted before. */
static void
sa_is_back(struct xfrm_model *m, const struct xfrm_sa *x)
{
	const struct sa_identity identity = identity_of(x);
	feed_ended_remove(&m->dumps, &identity, sizeof(identity));
}

static void
sa_listed_or_new(struct xfrm_model *m, const struct xfrm_sa *x)
{
	if (x->larval) {
		if (x->key.spi == 0)
			xfrm_drops_asked(&m->drops, &x->key.dst, true);
		return;
	}
	if (!m->dumped)
		sa_is_back(m, x);
	else if (m->spoilt || is_outdated(m, x))
		return;
	sa_seen(m, x);
}

static void
sa_gone(struct xfrm_model *m, const struct xfrm_sa *x, bool counted, enum ipm_reason reason)
{
	uint32_t slot = sa_find(m, x, false);
	sa_was_deleted(m, x);
	if (slot == NONE)
		return;
	if (counted && !sa_is_another(m, slot, x))
		sa_count(m, slot, x); /* its last counts */
	sa_end(m, slot, reason);
}

/* Its soft limit is reached. */
static void
sa_soft(struct xfrm_model *m, const struct xfrm_sa *x)
{
	uint32_t slot = sa_find(m, x, false);
	if (slot == NONE)
		return;
	m->sa[slot].soft_told = 1;
	m->sa[slot].counted = m->dumps.number;
	if (m->sa[slot].added == 0)
		m->sa[slot].added = x->added;
	sas_weigh(m, ipm_sa_peek(m->w, slot));
	sa_count(m, slot, x);
}

static void
sas_flushed(struct xfrm_model *m, uint8_t protocol)
{
	for (uint32_t slot = 0; feed_next_sa(m->w, m->feed, &slot); slot++)
		if (protocol == 0 || protocol == ipm_sa_peek(m->w, slot)->protocol)
			sa_end(m, slot, IPM_REASON_UNKNOWN);
	m->spoilt = m->dumps.coming_in;
}

/* --- packets that found no SA -------------------------------------------------------------------------------- */

/* The kernel has waited for an SA in vain. The IKE daemon's feed, if there is one, reports it in more detail. */
static void
acquire_timed_out(struct xfrm_model *m, const struct xfrm_sa *x)
{
	struct ipm_failure failure = {
		.reason = IPM_FAIL_PEER_LOST, .local = x->src, .remote = x->key.dst, .initiator = 1, .setup = 1
	};
	const struct xfrm_rule *rule = NULL;
	int at = -1;

	xfrm_drops_asked(&m->drops, &x->key.dst, false);
	if (m->ike_known)
		return;
	if (x->has_sel && x->src_sel.type == IPM_SEL_SINGLE && x->dst_sel.type == IPM_SEL_SINGLE) {
		failure.packet_src = x->src_sel.first; /* one packet caused the larval SA */
		failure.packet_dst = x->dst_sel.first;
	}
	while (at < 0 && (rule = xfrm_policies_next(m->policies, x->reqid, &x->src, &x->key.dst, rule)))
		at = xfrm_maps_slot(m->maps, rule);
	if (at >= 0) {
		failure.map = (uint32_t)at + 1;
		memcpy(failure.conn, ipm_map_peek(m->w, (uint32_t)at)->name, sizeof(failure.conn));
	}
	snprintf(failure.text, sizeof(failure.text), "a policy wants an SA, and none was made in time");
	ipm_fail(m->w, IPM_TUNNEL_FAILURES, &failure);
}

void
xfrm_model_stat(struct xfrm_model *m, const uint64_t stat[XFRM_STAT_COUNT])
{
	set_time(m);
	xfrm_drops_stat(&m->drops, stat, m->now_ns);
}

/* --- messages ------------------------------------------------------------------------------------------------ */

static void
policy_seen(struct xfrm_model *m, const struct xfrm_policy *policy, bool dumped)
{
	struct xfrm_rule was;

	if (policy->direction >= XFRM_SOCKET_IN) {
		m->sockets = true;
		return;
	}
	if (dumped && (m->policies_spoilt || xfrm_policies_outdated(m->policies, policy->index)))
		return;
	if (!dumped && xfrm_policies_remove(m->policies, policy->index, &was))
		rule_changed(m, &was); /* its peer may have changed */
	const struct xfrm_rule *rule = dumped ? xfrm_policies_find(m->policies, policy->index) : NULL;
	if (rule)
		rule_changed(m, rule); /* an event was missed */
	rule = xfrm_policies_put(m->policies, policy);
	if (rule)
		rule_changed(m, rule);
}

static void
rule_gone(void *arg, const struct xfrm_rule *rule)
{
	rule_changed(arg, rule);
}

static void
policy_gone(struct xfrm_model *m, uint32_t index)
{
	struct xfrm_rule was;

	if (xfrm_policies_remove(m->policies, index, &was))
		rule_changed(m, &was);
}

static void
sa_expired(struct xfrm_model *m, const struct xfrm_sa *x, bool hard)
{
	if (x->key.spi == 0)
		acquire_timed_out(m, x);
	else if (hard)
		sa_gone(m, x, true, IPM_REASON_NORMAL);
	else
		sa_soft(m, x);
}

void
xfrm_model_message(struct xfrm_model *m, const struct xfrm_msg *msg, bool dumped)
{
	m->dumped = dumped;
	if (!dumped) /* in a dump, the time is that of its beginning */
		set_time(m);
	switch (msg->kind) {
	case XFRM_SA_THERE:
		sa_listed_or_new(m, &msg->sa);
		break;
	case XFRM_SA_UPDATED:
		if (!msg->sa.larval) {
			sa_is_back(m, &msg->sa);
			sa_updated(m, &msg->sa);
		}
		break;
	case XFRM_SA_GONE:
		sa_gone(m, &msg->sa, msg->has_sa, IPM_REASON_UNKNOWN);
		break;
	case XFRM_SA_EXPIRED:
		sa_expired(m, &msg->sa, msg->hard);
		break;
	case XFRM_SAS_FLUSHED:
		sas_flushed(m, msg->sa.key.protocol);
		break;
	case XFRM_POLICY_THERE:
		policy_seen(m, &msg->policy, dumped);
		break;
	case XFRM_POLICY_GONE:
		policy_gone(m, msg->policy.index);
		break;
	case XFRM_POLICIES_FLUSHED:
		m->policies_spoilt |= xfrm_policies_flush(m->policies, rule_gone, m);
		break;
	case XFRM_ACQUIRED:
		xfrm_drops_asked(&m->drops, &msg->sa.key.dst, false);
		break;
	case XFRM_COUNTED:
	case XFRM_MAPPED:
	case XFRM_REPORTED:
		break; /* the next dump has what they say */
	}
}

void
xfrm_model_settle(struct xfrm_model *m)
{
	xfrm_maps_settle(m->maps, ipm_now_ns(), m->patience_ns, key_type(m));
	for (uint32_t slot = 0; m->all_dirty && feed_next_tunnel(m->w, m->feed, &slot); slot++)
		tunnel_dirty(m, slot);
	m->all_dirty = false;
	for (uint32_t i = 0; i < m->dirty_count; i++) {
		uint32_t slot = m->dirty[i];
		m->tunnel[slot].dirty = 0;
		if (is_ours(m, slot))
			tunnel_select(m, slot, false);
	}
	m->dirty_count = 0;
	for (uint32_t slot = 0; m->held && feed_next_tunnel(m->w, m->feed, &slot); slot++)
		if (!ipm_tunnel_peek(m->w, slot)->claimed)
			tunnel_check(m, slot, IPM_REASON_UNKNOWN);
}

/* --- dumps --------------------------------------------------------------------------------------------------- */

void
xfrm_model_sas_begin(struct xfrm_model *m)
{
	set_clocks(m);
	feed_round_begin(&m->dumps);
	m->spoilt = false;
}

/* Who keyed a tunnel may become known later: when an IKE daemon appears, or does not claim it. */
static void
tunnel_keyed(struct xfrm_model *m, uint32_t slot)
{
	struct ipm_tunnel t = *ipm_tunnel_peek(m->w, slot);
	uint8_t keyed = key_type(m);
	struct ipm_walk walk;
	struct ipm_sa sa;

	if (t.named_by || t.key_type == keyed || m->now_ns - m->tunnel[slot].begun_ns < CLAIM_NS)
		return;
	t.key_type = keyed;
	ipm_tunnel_put(m->w, slot, &t);
	ipm_walk_sas(&walk, ipm_writer_segment(m->w), &t);
	while (ipm_walk_next(&walk, &sa) > 0) {
		sa.proposal.group = unknown_group(keyed);
		ipm_sa_put(m->w, walk.slot, &sa);
		tunnel_heed(m, walk.slot);
	}
}

bool
xfrm_model_sas_end(struct xfrm_model *m)
{
	set_time(m);
	feed_round_end(&m->dumps);
	if (m->spoilt)
		return true;
	for (uint32_t slot = 0; feed_next_sa(m->w, m->feed, &slot); slot++)
		if (!feed_confirmed(&m->dumps, &m->sa[slot].seen))
			sa_end(m, slot, IPM_REASON_UNKNOWN);
	for (uint32_t slot = 0; feed_next_tunnel(m->w, m->feed, &slot); slot++) {
		tunnel_keyed(m, slot);
		tunnel_tie(m, slot);
		if (m->tunnel[slot].bare)
			tunnel_select(m, slot, true);
		tunnel_check(m, slot, IPM_REASON_UNKNOWN);
	}
	xfrm_model_settle(m);
	return false;
}

void
xfrm_model_policies_begin(struct xfrm_model *m)
{
	set_time(m);
	xfrm_policies_begin(m->policies);
	m->policies_spoilt = false;
	m->sockets = false;
}

bool
xfrm_model_policies_end(struct xfrm_model *m)
{
	xfrm_policies_end(m->policies, rule_gone, m);
	m->ike_shown = m->sockets;
	m->unsure = false;
	if (!m->policies_spoilt)
		xfrm_maps_complete(m->maps);
	xfrm_model_settle(m);
	return m->policies_spoilt;
}

void
xfrm_model_patience(struct xfrm_model *m, uint64_t ns)
{
	m->patience_ns = ns;
}

void
xfrm_model_ike_known(struct xfrm_model *m, bool known)
{
	m->ike_known = known;
}

bool
xfrm_model_wants_policies(const struct xfrm_model *m)
{
	return m->unsure || m->policies_spoilt;
}

uint32_t
xfrm_model_sas(const struct xfrm_model *m)
{
	return m->sas;
}

/* --- coming and going ---------------------------------------------------------------------------------------- */

static void
take_up_tunnel(struct xfrm_model *m, uint32_t slot)
{
	struct ipm_tunnel t = *ipm_tunnel_peek(m->w, slot);
	struct tunnel_note *note = &m->tunnel[slot];

	*note = (struct tunnel_note){ 0 };
	restore_sa_counts(note, &t);
	t.claimed = 0; /* until an IKE daemon's feed claims it again */
	ipm_tunnel_put(m->w, slot, &t);
	tunnel_link(m, slot);
	tunnel_dirty(m, slot);
	m->held += t.state == IPM_TUNNEL_HELD;
}

struct xfrm_model *
xfrm_model_new(struct ipm_writer *writer, uint32_t feed, const struct feed_host *host, struct xfrm_kept *kept)
{
	const struct ipm_segment *seg = ipm_writer_segment(writer);
	uint32_t tunnels = ipm_segment_capacity(seg, IPM_TUNNELS);
	struct xfrm_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->w = writer;
	m->feed = feed;
	m->drops = (struct xfrm_drops){ .w = writer, .feed = feed, .host = *host, .kept = kept };
	for (m->buckets = 64; m->buckets < tunnels;)
		m->buckets *= 2;
	m->policies = xfrm_policies_new(tunnels);
	m->patience_ns = CLAIM_NS;
	const struct xfrm_maps_ops ops = { .arg = m, .claimed = rule_claimed, .made = rule_has_entry };
	m->maps = m->policies ? xfrm_maps_new(writer, feed, &m->drops.host, m->policies, &ops) : NULL;
	m->sa = calloc(ipm_segment_capacity(seg, IPM_SAS), sizeof(*m->sa));
	m->tunnel = calloc(tunnels, sizeof(*m->tunnel));
	m->bucket = calloc(m->buckets, sizeof(*m->bucket));
	m->dirty = calloc(tunnels, sizeof(*m->dirty));
	m->sel = calloc(PAIRS_MAX, sizeof(*m->sel));
	if (!m->policies || !m->maps || !m->sa || !m->tunnel || !m->bucket || !m->dirty || !m->sel) {
		xfrm_model_free(m);
		return NULL;
	}
	for (uint32_t slot = 0; feed_next_tunnel(writer, feed, &slot); slot++)
		take_up_tunnel(m, slot);
	for (uint32_t slot = 0; feed_next_sa(writer, feed, &slot); slot++)
		m->sas++;
	return m;
}

void
xfrm_model_free(struct xfrm_model *m)
{
	if (!m)
		return;
	feed_rounds_free(&m->dumps);
	xfrm_maps_free(m->maps);
	xfrm_policies_free(m->policies);
	free(m->sa);
	free(m->tunnel);
	free(m->bucket);
	free(m->dirty);
	free(m->sel);
	free(m);
}
