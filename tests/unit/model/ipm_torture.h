/* SPDX-License-Identifier: ISC */
/*
 * A writer that does everything that a feed may do, at random from a seed. The checks hold whenever the writer is
 * between two calls.
 *
 * Octets out are always 3 times packets out, and octets in 5 times packets in: a half-written or mixed-up record
 * violates this.
 */
#ifndef IPM_TORTURE_H
#define IPM_TORTURE_H

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_int.h"
#include "ipm_writer.h"
#include "laws.h"

#define TORTURE_TUNNELS 48
#define OUT_RULE        3
#define IN_RULE         5

struct torture {
	struct ipm_writer *w;
	uint64_t seed;
	uint32_t most;                     /* tunnels at a time; 0: TORTURE_TUNNELS */
	uint32_t n, slot[TORTURE_TUNNELS]; /* the tunnels it plays with */
	uint32_t ikes, ike[8];
	uint32_t stopped;         /* of n, so far */
	uint32_t helds, held[16]; /* SAs that its worker still uses, stopped or not */
	struct ipm_worker worker;
	bool works; /* there is such a worker */
	struct laws laws;
};

static inline uint32_t
torture_random(struct torture *t, uint32_t below)
{
	t->seed ^= t->seed << 13; /* xorshift: the same on every machine */
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return (uint32_t)(t->seed >> 33) % below;
}

static inline struct ipm_traffic
torture_traffic(uint32_t direction, uint64_t pkts)
{
	uint64_t octets = pkts * (direction == IPM_OUT ? OUT_RULE : IN_RULE);
	return (struct ipm_traffic){ .octets = octets, .raw_octets = octets, .pkts = pkts, .drops = { 0, pkts } };
}

static inline void
torture_pair(struct torture *t, uint32_t tunnel)
{
	for (uint8_t direction = IPM_IN; direction <= IPM_OUT; direction++) {
		struct ipm_sa sa = { .direction = direction, .protocol = 50, .state = IPM_SA_ACTIVE };
		sa.spi = 0xc0000000u + torture_random(t, 1u << 24);
		sa.engine = torture_random(t, 3);           /* there may be no such engine */
		int slot = ipm_sa_start(t->w, tunnel, &sa); /* a full section is expected */
		if (slot >= 0 && t->works && direction == IPM_IN)
			t->held[t->helds++ % 16] = (uint32_t)slot;
	}
}

/* A worker counts in SAs that it looked up earlier. Only sometimes it notices that one was stopped. */
static inline void
torture_work(struct torture *t)
{
	for (uint32_t i = 0; t->works && i < t->helds && i < 16; i++)
		if (torture_random(t, 4) == 0) {
			uint32_t n = torture_random(t, 50);
			ipm_lane_count(ipm_worker_lane(&t->worker, t->held[i]), n, n * IN_RULE);
			ipm_lane_drop(ipm_worker_lane(&t->worker, t->held[i]), IPM_DROP_REPLAY, n);
		}
	if (t->works && torture_random(t, 8) == 0) {
		t->helds = 0;
		ipm_worker_quiescent(&t->worker);
	}
}

static inline void
torture_select(struct torture *t, uint32_t tunnel)
{
	struct ipm_selector sel[5];
	uint32_t n = torture_random(t, 5);
	memset(sel, 0, sizeof(sel));
	for (uint32_t i = 0; i < n; i++) {
		sel[i].local.type = sel[i].remote.type = IPM_SEL_SUBNET;
		sel[i].local.prefix = (uint8_t)torture_random(t, 6);
	}
	ipm_tunnel_select(t->w, tunnel, sel, n);
}

static inline void
torture_count(struct torture *t, uint32_t tunnel)
{
	for (uint32_t at = ipm_tunnel_peek(t->w, tunnel)->sa_head; at; at = ipm_sa_peek(t->w, at - 1)->next) {
		const struct ipm_sa *sa = ipm_sa_peek(t->w, at - 1);
		uint64_t from = torture_random(t, 16) ? sa->count.pkts : 0; /* now and then the source starts again */
		struct ipm_traffic now = torture_traffic(sa->direction, from + torture_random(t, 1000));
		ipm_sa_count(t->w, at - 1, &now);
		struct ipm_lane lane = ipm_sa_lane(t->w, at - 1, 0);
		if (sa->direction == IPM_IN && lane.count) { /* no race: the thread that stops the SA also counted */
			uint32_t n = torture_random(t, 100);
			ipm_lane_count(lane, n, n * IN_RULE);
		}
	}
}

static inline void
torture_rekey(struct torture *t, uint32_t tunnel)
{
	uint32_t sas[2], n = 0;
	torture_pair(t, tunnel);
	ipm_tunnel_refresh(t->w, tunnel);
	for (uint32_t at = ipm_tunnel_peek(t->w, tunnel)->sa_head; at; at = ipm_sa_peek(t->w, at - 1)->next)
		sas[n++ % 2] = at - 1; /* the oldest two are last */
	for (uint32_t i = 0; i < 2 && n > 2; i++)
		ipm_sa_stop(t->w, sas[i]);
}

static inline void
torture_start(struct torture *t)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .encap = IPM_ENCAP_TUNNEL, .protocol = 50 };
	snprintf(tunnel.conn, sizeof(tunnel.conn), "c%u", torture_random(t, 8));
	if (t->n == (t->most ? t->most : TORTURE_TUNNELS))
		return;
	int slot = ipm_tunnel_start(t->w, &tunnel);
	if (slot < 0)
		return;
	t->slot[t->n++] = (uint32_t)slot;
	torture_pair(t, (uint32_t)slot);
	torture_select(t, (uint32_t)slot);
}

static inline void
torture_stop(struct torture *t)
{
	uint32_t which = torture_random(t, t->n);
	ipm_tunnel_stop(t->w, t->slot[which], IPM_REASON_NORMAL);
	t->slot[which] = t->slot[--t->n];
	t->stopped++;
}

/* A crypto map entry comes or goes. */
static inline void
torture_map(struct torture *t)
{
	struct ipm_map_entry map = { .kind = IPM_MAP_STATIC };
	snprintf(map.name, sizeof(map.name), "c%u", torture_random(t, 8));
	int slot = ipm_map_named(t->w, map.name, "");
	if (slot >= 0 && torture_random(t, 2)) {
		ipm_map_remove(t->w, (uint32_t)slot);
	} else {
		ipm_map_open(t->w, &map);
		ipm_maps_tie(t->w);
	}
}

/* Messages of an IKE SA, of one that has ended, and of none. */
static inline void
torture_ike_count(struct torture *t)
{
	struct ipm_ike_traffic in = { .pkts = torture_random(t, 9), .octets = torture_random(t, 900) }, out = in;
	out.sa_deletes = torture_random(t, 2);
	switch (torture_random(t, 4)) {
	case 0:
		ipm_ike_count(t->w, -1, &in, &out);
		break;
	case 1:
		ipm_ike_count_late(t->w, 1 + torture_random(t, ipm_writer_totals(t->w)->next_ike), &in, &out);
		break;
	default:
		if (t->ikes > 0)
			ipm_ike_count(t->w, (int)t->ike[torture_random(t, t->ikes)], &in, &out);
	}
}

static inline void
torture_ike(struct torture *t)
{
	torture_ike_count(t);
	if (t->ikes < 8 && torture_random(t, 2)) {
		struct ipm_ike_sa sa = { .state = (uint8_t)(IPM_IKE_NEGOTIATING + torture_random(t, 2)) };
		int slot = ipm_ike_start(t->w, &sa);
		if (slot >= 0)
			t->ike[t->ikes++] = (uint32_t)slot;
	} else if (t->ikes > 0) {
		uint32_t which = torture_random(t, t->ikes);
		struct ipm_ike_sa sa = *ipm_ike_peek(t->w, t->ike[which]);
		sa.state = IPM_IKE_ESTABLISHED;
		sa.held = (uint8_t)torture_random(t, 2);
		ipm_ike_put(t->w, t->ike[which], &sa);
		ipm_ike_refresh(t->w, t->ike[which]);
		uint32_t into = torture_random(t, t->ikes);
		if (torture_random(t, 3) == 0) {
			if (into != which)
				ipm_ike_merge(t->w, t->ike[which], t->ike[into]);
			else
				ipm_ike_stop(t->w, t->ike[which], IPM_REASON_NORMAL);
			t->ike[which] = t->ike[--t->ikes];
		}
	}
}

/* Sessions begin, change, move to another IKE SA, are held, and end. A segment may have no room for them. */
static inline void
torture_session(struct torture *t)
{
	if (t->ikes == 0)
		return;
	uint32_t slot = t->ike[torture_random(t, t->ikes)], at = ipm_ike_peek(t->w, slot)->session;
	struct ipm_session session = { .ike_slot = slot, .ike_index = ipm_ike_peek(t->w, slot)->index };

	session.virtuals = (uint8_t)torture_random(t, 2);
	if (at == 0 && torture_random(t, 2)) { /* one whose IKE SA has ended, or is to be replaced */
		uint32_t used = ipm_segment_used(ipm_writer_segment(t->w), IPM_SESSIONS);
		session = used ? *ipm_session_peek(t->w, at = torture_random(t, used)) : session;
		session.ike_slot = slot;
		session.ike_index = ipm_ike_peek(t->w, slot)->index;
		session.state = IPM_SESSION_UP;
		ipm_session_put(t->w, at, &session);
	} else if (at == 0) {
		ipm_session_open(t->w, &session);
	} else if (torture_random(t, 3) == 0) {
		ipm_session_stop(t->w, at - 1, IPM_REASON_NORMAL);
	} else {
		session = *ipm_session_peek(t->w, at - 1);
		session.state = (uint8_t)(1 + torture_random(t, 3));
		ipm_session_put(t->w, at - 1, &session);
	}
}

/* A tunnel was negotiated by another IKE SA, and may belong to another session now. */
static inline void
torture_negotiate(struct torture *t, uint32_t slot)
{
	if (t->ikes == 0)
		return;
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(t->w, slot);
	tunnel.ike_slot = t->ike[torture_random(t, t->ikes)];
	tunnel.ike_index = ipm_ike_peek(t->w, tunnel.ike_slot)->index;
	ipm_tunnel_put(t->w, slot, &tunnel);
}

/* One thing a feed may do. */
static inline void
torture_step(struct torture *t)
{
	uint32_t what = torture_random(t, 44);
	torture_work(t);
	if (t->n == 0 || what < 4) {
		torture_start(t);
	} else if (what < 20) {
		torture_count(t, t->slot[torture_random(t, t->n)]);
	} else if (what < 23) {
		torture_rekey(t, t->slot[torture_random(t, t->n)]);
	} else if (what < 25) {
		torture_stop(t);
	} else if (what < 27) {
		uint32_t slot = t->slot[torture_random(t, t->n)];
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(t->w, slot);
		tunnel.state = tunnel.state == IPM_TUNNEL_UP ? IPM_TUNNEL_HELD : IPM_TUNNEL_UP;
		ipm_tunnel_put(t->w, slot, &tunnel);
	} else if (what < 29) {
		torture_select(t, t->slot[torture_random(t, t->n)]);
	} else if (what < 30) {
		torture_ike(t);
	} else if (what < 31) {
		torture_map(t);
	} else if (what < 32) {
		ipm_dropped(t->w, torture_random(t, 2) ? IPM_IN : IPM_OUT, IPM_DROP_NO_SA, torture_random(t, 5));
	} else if (what < 36) {
		ipm_writer_commit(t->w);
	} else if (what < 39) {
		torture_negotiate(t, t->slot[torture_random(t, t->n)]);
	} else {
		torture_ike(t);
		torture_session(t);
	}
}

/* Continue with the segment of an earlier run. */
static inline void
torture_adopt(struct torture *t)
{
	const struct ipm_segment *seg = ipm_writer_segment(t->w);
	t->n = t->ikes = t->helds = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
		if (ipm_tunnel_peek(t->w, slot)->index && t->n < TORTURE_TUNNELS)
			t->slot[t->n++] = slot;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_IKE_SAS); slot++)
		if (ipm_ike_peek(t->w, slot)->index && t->ikes < 8)
			t->ike[t->ikes++] = slot;
}

/* --- what has to hold -------------------------------------------------------------------------------------- */

/* A cheap assertion: libcheck's assertions write to a file even if they hold. */
#define MUST(what)                                                \
	do {                                                      \
		if (!(what))                                      \
			ck_abort_msg("does not hold: %s", #what); \
	} while (0)

/*
 * Every record of a kind is readable or free. None is left half-written, and indexes are unique. Returns the number
 * of records.
 */
static inline uint32_t
expect_readable(const struct ipm_segment *seg, enum ipm_section_kind kind, bool unique)
{
	uint32_t used = ipm_segment_used(seg, kind), n = 0;
	uint32_t *index = calloc(used + 1, sizeof(*index));
	for (uint32_t slot = 0; slot < used; slot++) {
		uint64_t room[256];
		MUST(ipm_record_size(kind) <= sizeof(room));
		int rc = ipm_read(seg, kind, slot, room);
		if (rc != 0 && rc != -ENOENT)
			ck_abort_msg("kind %d slot %u: %d", (int)kind, slot, rc);
		if (rc < 0)
			continue;
		memcpy(&index[n], room, sizeof(index[n]));
		for (uint32_t i = 0; i < n && unique; i++)
			if (index[i] == index[n])
				ck_abort_msg("kind %d: index %u twice", (int)kind, index[n]);
		n++;
	}
	free(index);
	return n;
}

/* A tunnel's SAs and selectors are on its lists exactly once, with unique indexes. Returns the numbers of both. */
static inline void
expect_lists(const struct ipm_writer *w, const struct ipm_tunnel *tunnel, uint32_t *sas, uint32_t *sels)
{
	uint32_t n = 0;
	const struct ipm_segment *seg = ipm_writer_segment(w);
	for (uint32_t at = tunnel->sa_head; at; at = ipm_sa_peek(w, at - 1)->next) {
		const struct ipm_sa *sa = ipm_sa_peek(w, at - 1);
		MUST(sa->tunnel_index == tunnel->index);
		MUST(sa->index >= 1);
		MUST(sa->index < tunnel->next_sa);
		for (uint32_t other = sa->next; other; other = ipm_sa_peek(w, other - 1)->next)
			MUST(ipm_sa_peek(w, other - 1)->index != sa->index);
		MUST(++n <= tunnel->sas);
	}
	MUST(n == tunnel->sas);
	*sas += n;
	n = 0;
	struct ipm_selector sel;
	for (uint32_t at = tunnel->sel_head; at; at = sel.next) {
		MUST(ipm_selector_read(seg, at - 1, &sel) == 0);
		MUST(sel.tunnel_index == tunnel->index);
		MUST(sel.index < tunnel->next_sel);
		MUST(++n <= ipm_segment_used(seg, IPM_SELECTORS));
		struct ipm_selector more;
		for (uint32_t other = sel.next; other; other = more.next) {
			MUST(ipm_selector_read(seg, other - 1, &more) == 0);
			MUST(more.index != sel.index);
		}
	}
	*sels += n;
}

static inline void
expect_laws(struct torture *t)
{
	ipm_writer_commit(t->w);
	const char *broken = laws_broken(&t->laws, ipm_writer_segment(t->w));
	if (broken)
		ck_abort_msg("%s", broken);
}

/* The segment is consistent. Call it when the writer is between two calls. */
static inline void
expect_consistent(struct ipm_writer *w)
{
	const struct ipm_segment *seg = ipm_writer_segment(w);
	const struct ipm_totals *totals = ipm_writer_totals(w);
	uint32_t sas = 0, sels = 0, up = 0, ikes = 0;

	expect_readable(seg, IPM_FEEDS, true);
	expect_readable(seg, IPM_IKE_SAS, true);
	expect_readable(seg, IPM_TUNNELS, true);
	expect_readable(seg, IPM_EVENTS, false); /* one record may have many */
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		const struct ipm_tunnel *tunnel = ipm_tunnel_peek(w, slot);
		if (tunnel->index == 0)
			continue;
		up += tunnel->state == IPM_TUNNEL_UP;
		expect_lists(w, tunnel, &sas, &sels);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_IKE_SAS); slot++) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
		ikes += sa->index && sa->state != IPM_IKE_NEGOTIATING && !sa->held;
	}
	MUST(expect_readable(seg, IPM_SAS, false) == sas); /* none is without a tunnel */
	MUST(expect_readable(seg, IPM_SELECTORS, false) == sels);
	MUST(totals->tunnels_active == up);
	MUST(totals->ike_active == ikes);
}

#endif
