/* SPDX-License-Identifier: ISC */
/*
 * The laws of a segment. They hold whenever its writer is between two commits.
 *
 *   1. Totals = rows + history + what has dropped out of both (ipm_totals.rest_*).
 *   2. The counters of an index never go back, not even when its row ends and becomes history. No index is used twice.
 *   3. Lists, back-links and stored lengths agree with the records, and crypto engines have not counted more than SAs.
 *
 * Law 4 (32-bit views) is about the table code: see check_views_rows. To check that a packet is counted once, compare
 * the totals with what the test sent.
 *
 *     static struct laws laws;                       // remembers what it saw in earlier calls
 *     const char *broken = laws_broken(&laws, seg);  // NULL, or a sentence
 *     laws_forget(&laws);                            // before another segment
 *
 * Set .unbroken = true if no writer was killed and the file system was never full: then everything that has ended must
 * be in the history until it drops out. Set .live = true if the writer may be working: then only law 2 is checked.
 *
 * This file needs only ipm_segment.h, so unit tests, fuzzers and generators can all use it.
 */
#ifndef LAWS_H
#define LAWS_H

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_segment.h"

#define LAW_INDEXES (1u << 22) /* indexes above this are not remembered */
#define LAW_WORDS   (2 * sizeof(struct ipm_traffic) / 8 + 1)
_Static_assert(sizeof(struct ipm_traffic) >= sizeof(struct ipm_ike_traffic), "room for both");

enum law_age { LAW_NEVER, LAW_LIVE, LAW_GONE };

struct law_seen {
	uint64_t at[LAW_WORDS]; /* counters when seen last: in, out, refreshes */
	uint32_t round;         /* number of the last check that found it */
	uint8_t age;
	uint8_t started; /* an event told of its start */
};

struct laws {
	bool live;
	bool unbroken; /* no writer died, and the file system was never full */
	uint32_t round;
	uint64_t serial; /* serial of the last event checked */
	struct {
		struct law_seen *seen;
		uint32_t room;
	} of[IPM_SECTIONS];
	struct ipm_totals totals; /* as they were */
	bool have_totals;
	char text[320];
};

static inline void
laws_forget(struct laws *l)
{
	bool live = l->live, unbroken = l->unbroken;
	for (int i = 0; i < IPM_SECTIONS; i++)
		free(l->of[i].seen);
	memset(l, 0, sizeof(*l));
	l->live = live;
	l->unbroken = unbroken;
}

static inline __attribute__((format(printf, 2, 3))) const char *
law_says(struct laws *l, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	vsnprintf(l->text, sizeof(l->text), format, ap);
	va_end(ap);
	return l->text;
}

static inline struct law_seen *
law_seen(struct laws *l, enum ipm_section_kind kind, uint32_t index)
{
	if (index >= LAW_INDEXES)
		return NULL;
	if (index >= l->of[kind].room) {
		uint32_t room = index + index / 2 + 64;
		struct law_seen *more = realloc(l->of[kind].seen, room * sizeof(*more));
		if (!more)
			abort();
		memset(more + l->of[kind].room, 0, (room - l->of[kind].room) * sizeof(*more));
		l->of[kind].seen = more;
		l->of[kind].room = room;
	}
	return &l->of[kind].seen[index];
}

static const char *const law_kind_name[IPM_SECTIONS] = {
	[IPM_IKE_SAS] = "IKE SA",
	[IPM_TUNNELS] = "tunnel",
	[IPM_MAPS] = "crypto map entry",
	[IPM_ENGINES] = "crypto engine",
	[IPM_INTERFACES] = "interface",
	[IPM_IKE_HISTORY] = "IKE history entry",
	[IPM_TUNNEL_HISTORY] = "tunnel history entry",
	[IPM_SESSIONS] = "session",
	[IPM_SESSION_HISTORY] = "session history entry",
};

static inline const char *
law_word_name(size_t word, size_t words)
{
	static const char *const traffic[] = { "octets", "pkts", "raw_octets", "crypts", "auths", "comps" };
	static const char *const ike[] = { "octets",   "pkts",      "drops",
					   "notifies", "exchanges", "exchange_invalids",
					   "rejects",  "sa_deletes" };
	if (words == sizeof(struct ipm_ike_traffic) / 8)
		return ike[word];
	return word < 6 ? traffic[word] : "drops";
}

/* Note the counters of an index. @p gone: they come from its history. */
static inline const char *
law_never_back(struct laws *l, enum ipm_section_kind kind, uint32_t index, const uint64_t *in, const uint64_t *out,
	       size_t words, uint64_t refreshes, bool gone)
{
	struct law_seen *s = law_seen(l, kind, index);
	const char *name = law_kind_name[kind];
	if (!s)
		return NULL;
	if (s->age == LAW_GONE && !gone)
		return law_says(l, "%s index %u was given twice", name, index);
	if (s->round == l->round && s->age == LAW_LIVE && !gone)
		return law_says(l, "%s index %u is there twice", name, index);
	for (size_t i = 0; i < words; i++) {
		if (in[i] < s->at[i] || out[i] < s->at[words + i])
			return law_says(l,
					"%s %u%s: in %s went from %" PRIu64 " to %" PRIu64 ", out from %" PRIu64
					" to %" PRIu64,
					name, index, gone ? ", in its history" : "", law_word_name(i, words), s->at[i],
					in[i], s->at[words + i], out[i]);
		s->at[i] = in[i];
		s->at[words + i] = out[i];
	}
	if (refreshes < s->at[LAW_WORDS - 1])
		return law_says(l, "%s %u: refreshes went from %" PRIu64 " to %" PRIu64, name, index,
				s->at[LAW_WORDS - 1], refreshes);
	s->at[LAW_WORDS - 1] = refreshes;
	s->round = l->round;
	s->age = gone ? LAW_GONE : LAW_LIVE;
	return NULL;
}

#define LAW_NEVER_BACK(l, kind, index, in, out, refreshes, gone)                                                     \
	law_never_back(l, kind, index, (const uint64_t *)&(in), (const uint64_t *)&(out), sizeof(in) / 8, refreshes, \
		       gone)

/* An index that is missing now has ended. */
static inline void
law_missing_are_gone(struct laws *l, enum ipm_section_kind kind)
{
	for (uint32_t i = 0; i < l->of[kind].room; i++)
		if (l->of[kind].seen[i].age == LAW_LIVE && l->of[kind].seen[i].round != l->round)
			l->of[kind].seen[i].age = LAW_GONE;
}

struct law_sums {
	struct ipm_traffic in, out;
	struct ipm_ike_traffic ike_in, ike_out;
	struct ipm_volume sessions_in, sessions_out;
	uint64_t sessions_active, sessions_ended;
	uint64_t ike_active, tunnels_active, ike_ended, tunnels_ended;
	bool has_first; /* the first tunnel that ended is still in the history */
};

static inline const char *
law_session_rows(struct laws *l, const struct ipm_segment *seg, struct law_sums *sum)
{
	const char *broken = NULL;
	struct ipm_session session;
	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_SESSIONS); slot++)
		if (ipm_session_read(seg, slot, &session) == 0) {
			ipm_volume_add(&sum->sessions_in, &session.in);
			ipm_volume_add(&sum->sessions_out, &session.out);
			sum->sessions_active += session.state != IPM_SESSION_HELD;
			broken = LAW_NEVER_BACK(l, IPM_SESSIONS, session.index, session.in, session.out,
						session.refreshes, false);
		}
	if (!l->live)
		law_missing_are_gone(l, IPM_SESSIONS);
	return broken;
}

static inline const char *
law_session_history(struct laws *l, const struct ipm_segment *seg, struct law_sums *sum)
{
	const char *broken = NULL;
	struct ipm_session_history was;
	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_SESSION_HISTORY); slot++) {
		if (ipm_session_history_read(seg, slot, &was) < 0)
			continue;
		const struct ipm_session *s = &was.session;
		broken = LAW_NEVER_BACK(l, IPM_SESSION_HISTORY, was.index, s->in, s->out, s->refreshes, false);
		if (!broken)
			broken = LAW_NEVER_BACK(l, IPM_SESSIONS, s->index, s->in, s->out, s->refreshes, true);
		ipm_volume_add(&sum->sessions_in, &s->in);
		ipm_volume_add(&sum->sessions_out, &s->out);
		sum->sessions_ended++;
	}
	if (!l->live)
		law_missing_are_gone(l, IPM_SESSION_HISTORY);
	return broken;
}

static inline const char *
law_rows(struct laws *l, const struct ipm_segment *seg, struct law_sums *sum)
{
	const char *broken = NULL;
	struct ipm_ike_sa ike;
	struct ipm_tunnel tunnel;
	struct ipm_map_entry map;
	struct ipm_engine engine;

	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_IKE_SAS); slot++)
		if (ipm_ike_read(seg, slot, &ike) == 0) {
			ipm_ike_traffic_add(&sum->ike_in, &ike.in);
			ipm_ike_traffic_add(&sum->ike_out, &ike.out);
			sum->ike_active += ike.state != IPM_IKE_NEGOTIATING && !ike.held;
			broken = LAW_NEVER_BACK(l, IPM_IKE_SAS, ike.index, ike.in, ike.out, ike.refreshes, false);
		}
	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
		if (ipm_tunnel_read(seg, slot, &tunnel) == 0) {
			ipm_traffic_add(&sum->in, &tunnel.in);
			ipm_traffic_add(&sum->out, &tunnel.out);
			sum->tunnels_active += tunnel.state == IPM_TUNNEL_UP;
			broken = LAW_NEVER_BACK(l, IPM_TUNNELS, tunnel.index, tunnel.in, tunnel.out, tunnel.refreshes,
						false);
		}
	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_MAPS); slot++)
		if (ipm_map_read(seg, slot, &map) == 0)
			broken = LAW_NEVER_BACK(l, IPM_MAPS, map.index, map.in, map.out, map.refreshes, false);
	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_ENGINES); slot++)
		if (ipm_engine_read(seg, slot, &engine) == 0)
			broken = LAW_NEVER_BACK(l, IPM_ENGINES, engine.index, engine.in, engine.out, engine.rekeys,
						false);
	if (!l->live) {
		law_missing_are_gone(l, IPM_IKE_SAS);
		law_missing_are_gone(l, IPM_TUNNELS);
		law_missing_are_gone(l, IPM_MAPS);
	}
	return broken;
}

static inline const char *
law_history(struct laws *l, const struct ipm_segment *seg, struct law_sums *sum)
{
	const char *broken = NULL;
	struct ipm_ike_history ike;
	struct ipm_tunnel_history was;

	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_IKE_HISTORY); slot++) {
		if (ipm_ike_history_read(seg, slot, &ike) < 0)
			continue;
		broken = LAW_NEVER_BACK(l, IPM_IKE_HISTORY, ike.index, ike.sa.in, ike.sa.out, ike.sa.refreshes, false);
		if (broken || ike.reason == IPM_REASON_CHECKPOINT)
			continue;
		struct law_seen *s = law_seen(l, IPM_IKE_SAS, ike.sa.index);
		if (s && s->age == LAW_LIVE && !l->live)
			return law_says(l, "IKE SA %u is in the history and has a row", ike.sa.index);
		broken = LAW_NEVER_BACK(l, IPM_IKE_SAS, ike.sa.index, ike.sa.in, ike.sa.out, ike.sa.refreshes, true);
		ipm_ike_traffic_add(&sum->ike_in, &ike.sa.in);
		ipm_ike_traffic_add(&sum->ike_out, &ike.sa.out);
		sum->ike_ended++;
	}
	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_TUNNEL_HISTORY); slot++) {
		if (ipm_tunnel_history_read(seg, slot, &was) < 0)
			continue;
		const struct ipm_tunnel *t = &was.tunnel;
		sum->has_first |= was.index == 1;
		broken = LAW_NEVER_BACK(l, IPM_TUNNEL_HISTORY, was.index, t->in, t->out, t->refreshes, false);
		if (broken || was.reason == IPM_REASON_CHECKPOINT)
			continue;
		struct law_seen *s = law_seen(l, IPM_TUNNELS, t->index);
		if (s && s->age == LAW_LIVE && !l->live)
			return law_says(l, "tunnel %u is in the history and has a row", t->index);
		broken = LAW_NEVER_BACK(l, IPM_TUNNELS, t->index, t->in, t->out, t->refreshes, true);
		ipm_traffic_add(&sum->in, &t->in);
		ipm_traffic_add(&sum->out, &t->out);
		sum->tunnels_ended++;
	}
	if (!l->live) {
		law_missing_are_gone(l, IPM_IKE_HISTORY);
		law_missing_are_gone(l, IPM_TUNNEL_HISTORY);
	}
	return broken;
}

static inline const char *
law_equal(struct laws *l, const char *what, const void *totals, const void *rest, const void *sum, size_t size)
{
	const uint64_t *have = totals, *gone = rest, *shown = sum;
	for (size_t i = 0; i < size / 8; i++)
		if (have[i] != gone[i] + shown[i])
			return law_says(l,
					"totals %s: %s %" PRIu64 " is not %" PRIu64 " in rows and history + %" PRIu64
					" that neither shows",
					what, law_word_name(i, size / 8), have[i], shown[i], gone[i]);
	return NULL;
}

static inline const char *
law_totals(struct laws *l, const struct ipm_totals *t, const struct law_sums *sum)
{
	const char *broken = law_equal(l, "in", &t->in, &t->rest_in, &sum->in, sizeof(t->in));
	if (!broken)
		broken = law_equal(l, "out", &t->out, &t->rest_out, &sum->out, sizeof(t->out));
	if (!broken)
		broken = law_equal(l, "IKE in", &t->ike_in, &t->ike_rest_in, &sum->ike_in, sizeof(t->ike_in));
	if (!broken)
		broken = law_equal(l, "IKE out", &t->ike_out, &t->ike_rest_out, &sum->ike_out, sizeof(t->ike_out));
	if (broken)
		return broken;
	if (t->ike_active != sum->ike_active)
		return law_says(l, "totals: %" PRIu64 " active IKE SAs, but %" PRIu64 " rows", t->ike_active,
				sum->ike_active);
	if (t->tunnels_active != sum->tunnels_active)
		return law_says(l, "totals: %" PRIu64 " active tunnels, but %" PRIu64 " rows", t->tunnels_active,
				sum->tunnels_active);
	if (t->ike_previous < sum->ike_ended || t->tunnels_previous < sum->tunnels_ended)
		return law_says(l,
				"totals: %" PRIu64 " IKE SAs and %" PRIu64 " tunnels have ended, %" PRIu64
				" and %" PRIu64 " are in the history",
				t->ike_previous, t->tunnels_previous, sum->ike_ended, sum->tunnels_ended);
	return NULL;
}

static inline const char *
law_session_totals(struct laws *l, const struct ipm_totals *t, const struct law_sums *sum)
{
	const char *broken = law_equal(l, "sessions in", &t->sessions_in, &t->sessions_rest_in, &sum->sessions_in,
				       sizeof(t->sessions_in));
	if (!broken)
		broken = law_equal(l, "sessions out", &t->sessions_out, &t->sessions_rest_out, &sum->sessions_out,
				   sizeof(t->sessions_out));
	if (broken)
		return broken;
	if (t->sessions.active != sum->sessions_active ||
	    t->sessions.active != t->remote_access.active + t->lan_to_lan.active)
		return law_says(
			l, "totals: %" PRIu64 " active sessions, %" PRIu64 " and %" PRIu64 " by kind, %" PRIu64 " rows",
			t->sessions.active, t->remote_access.active, t->lan_to_lan.active, sum->sessions_active);
	if (t->sessions.total < sum->sessions_active + sum->sessions_ended || t->sessions.peak < t->sessions.active)
		return law_says(l,
				"totals: %" PRIu64 " sessions in all, peak %" PRIu64 ", but %" PRIu64 " and %" PRIu64
				" in the history",
				t->sessions.total, t->sessions.peak, sum->sessions_active, sum->sessions_ended);
	return NULL;
}

/* While nothing has dropped out of the history, rows and history make up the totals, except drops without an SA. */
static inline const char *
law_rest(struct laws *l, const struct ipm_totals *t, const struct law_sums *sum)
{
	if (sum->has_first && (t->rest_in.pkts || t->rest_out.pkts || t->rest_in.auths))
		return law_says(l,
				"%" PRIu64 " packets in and %" PRIu64 " out are in the totals, but in no row or "
				"history entry",
				t->rest_in.pkts, t->rest_out.pkts);
	return NULL;
}

/* All totals only grow, except the gauges and the next indexes. */
static inline const char *
law_totals_never_back(struct laws *l, const struct ipm_totals *now)
{
	struct ipm_totals before = l->totals, after = *now;
	before.ike_active = after.ike_active = before.tunnels_active = after.tunnels_active = 0;
	before.sessions.active = after.sessions.active = 0;
	before.remote_access.active = after.remote_access.active = 0;
	before.lan_to_lan.active = after.lan_to_lan.active = 0;
	const uint64_t *a = (const uint64_t *)&before, *b = (const uint64_t *)&after;
	for (size_t i = 0; l->have_totals && i < offsetof(struct ipm_totals, next_ike) / 8; i++)
		if (b[i] < a[i])
			return law_says(l, "totals: word %zu went from %" PRIu64 " to %" PRIu64, i, a[i], b[i]);
	l->totals = *now;
	l->have_totals = true;
	return NULL;
}

/* The lists of a tunnel's SAs and selectors end, and their records name the tunnel. Adds to @p sas and @p sels. */
static inline const char *
law_tunnel_lists(struct laws *l, const struct ipm_segment *seg, uint32_t slot, const struct ipm_tunnel *t,
		 uint32_t *sas, uint32_t *sels)
{
	struct ipm_sa sa;
	struct ipm_selector sel;
	uint32_t n = 0, before = 0;

	for (uint32_t at = t->sa_head; at; before = at, at = sa.next) {
		if (++n > t->sas || ipm_sa_read(seg, at - 1, &sa) < 0)
			return law_says(l, "tunnel %u: its list of SAs does not end after %u", t->index, t->sas);
		if (sa.tunnel_index != t->index || sa.tunnel_slot != slot || sa.prev != before)
			return law_says(l, "tunnel %u: the SA in slot %u is on its list but says otherwise", t->index,
					at - 1);
		if (sa.index == 0 || sa.index >= t->next_sa)
			return law_says(l, "tunnel %u: SA index %u was not given yet", t->index, sa.index);
		const struct ipm_traffic *sum = sa.direction == IPM_IN ? &t->in : &t->out;
		/*
		 * Until a policy changed, AH and IPComp may have been in a bundle, where another SA counted their
		 * packets.
		 */
		if (sa.protocol == 50 && (sa.count.pkts > sum->pkts || sa.count.octets > sum->octets))
			return law_says(l, "tunnel %u: SA %u has %" PRIu64 " packets, all of it %" PRIu64, t->index,
					sa.index, sa.count.pkts, sum->pkts);
	}
	if (n != t->sas)
		return law_says(l, "tunnel %u: %u SAs on its list, it says %u", t->index, n, t->sas);
	*sas += n;
	n = 0;
	for (uint32_t at = t->sel_head; at; at = sel.next) {
		if (++n > ipm_segment_used(seg, IPM_SELECTORS) || ipm_selector_read(seg, at - 1, &sel) < 0)
			return law_says(l, "tunnel %u: its list of selectors does not end", t->index);
		if (sel.tunnel_index != t->index || sel.tunnel_slot != slot || sel.index >= t->next_sel)
			return law_says(l, "tunnel %u: the selector in slot %u is on its list but says otherwise",
					t->index, at - 1);
	}
	*sels += n;
	return NULL;
}

static inline const char *
law_map_lists(struct laws *l, const struct ipm_segment *seg, uint32_t slot, const struct ipm_map_entry *map,
	      uint32_t *access)
{
	struct ipm_tunnel t;
	struct ipm_access entry;
	uint32_t n = 0, up = 0, before = 0;

	for (uint32_t at = map->tunnel_head; at; before = at, at = t.map_next) {
		if (++n > map->tunnels || ipm_tunnel_read(seg, at - 1, &t) < 0)
			return law_says(l, "crypto map entry %u: its list of tunnels does not end", map->index);
		if (t.map != slot + 1 || t.map_prev != before)
			return law_says(l, "crypto map entry %u: tunnel %u is on its list but says otherwise",
					map->index, t.index);
		up += t.state == IPM_TUNNEL_UP;
	}
	if (n != map->tunnels || up != map->tunnels_up)
		return law_says(l, "crypto map entry %u: %u tunnels, %u of them up; it says %u and %u", map->index, n,
				up, map->tunnels, map->tunnels_up);
	if (map->state != IPM_MAP_REMOVED && (map->state == IPM_MAP_UP) != (up > 0))
		return law_says(l, "crypto map entry %u: state %u with %u tunnels up", map->index, map->state, up);
	n = 0;
	for (uint32_t at = map->access_head; at; at = entry.next) {
		if (++n > ipm_segment_used(seg, IPM_ACCESS) || ipm_access_read(seg, at - 1, &entry) < 0)
			return law_says(l, "crypto map entry %u: its access list does not end", map->index);
		if (entry.map_index != map->index || entry.map_slot != slot || entry.index >= map->access_next)
			return law_says(l, "crypto map entry %u: slot %u is on its access list but says otherwise",
					map->index, at - 1);
	}
	*access += n;
	return NULL;
}

static inline const char *
law_session_list(struct laws *l, const struct ipm_segment *seg, uint32_t slot, const struct ipm_session *session)
{
	struct ipm_ike_sa ike;
	struct ipm_tunnel t;
	uint32_t n = 0, before = 0;

	for (uint32_t at = session->tunnel_head; at; before = at, at = t.session_next) {
		if (++n > session->tunnels || ipm_tunnel_read(seg, at - 1, &t) < 0)
			return law_says(l, "session %u: its list of tunnels does not end", session->index);
		if (t.session != slot + 1 || t.session_prev != before)
			return law_says(l, "session %u: tunnel %u is on its list but says otherwise", session->index,
					t.index);
	}
	if (n != session->tunnels)
		return law_says(l, "session %u: %u tunnels, it says %u", session->index, n, session->tunnels);
	if (session->state != IPM_SESSION_HELD && (ipm_ike_read(seg, session->ike_slot, &ike) < 0 ||
						   ike.index != session->ike_index || ike.session != slot + 1))
		return law_says(l, "session %u: its IKE SA %u says otherwise", session->index, session->ike_index);
	return NULL;
}

static inline uint32_t
law_count(const struct ipm_segment *seg, enum ipm_section_kind kind)
{
	uint64_t room[4096 / 8];
	uint32_t n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, kind); slot++)
		n += ipm_read(seg, kind, slot, room) == 0;
	return n;
}

/* Every packet that a crypto engine counted belongs to an SA, so it is in the totals. Some SAs have no engine. */
static inline const char *
law_engines(struct laws *l, const char *what, const struct ipm_traffic *engines, const struct ipm_traffic *totals)
{
	const uint64_t *have = (const uint64_t *)engines, *all = (const uint64_t *)totals;
	for (size_t i = 0; i < sizeof(*engines) / 8; i++)
		if (have[i] > all[i])
			return law_says(l, "%s, %s: crypto engines have %" PRIu64 ", the totals %" PRIu64, what,
					law_word_name(i, sizeof(*engines) / 8), have[i], all[i]);
	return NULL;
}

static inline const char *
law_lists(struct laws *l, const struct ipm_segment *seg)
{
	const char *broken = NULL;
	uint32_t sas = 0, sels = 0, access = 0;
	struct ipm_traffic in = { 0 }, out = { 0 };
	struct ipm_totals totals;
	struct ipm_tunnel tunnel;
	struct ipm_map_entry map;
	struct ipm_session session;
	struct ipm_engine engine;
	struct ipm_sa sa;

	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
		if (ipm_tunnel_read(seg, slot, &tunnel) == 0)
			broken = law_tunnel_lists(l, seg, slot, &tunnel, &sas, &sels);
	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_MAPS); slot++)
		if (ipm_map_read(seg, slot, &map) == 0)
			broken = law_map_lists(l, seg, slot, &map, &access);
	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_SESSIONS); slot++)
		if (ipm_session_read(seg, slot, &session) == 0)
			broken = law_session_list(l, seg, slot, &session);
	for (uint32_t slot = 0; !broken && slot < ipm_segment_used(seg, IPM_ENGINES); slot++) {
		uint32_t n = 0;
		if (ipm_engine_read(seg, slot, &engine) < 0)
			continue;
		for (uint32_t i = 0; i < ipm_segment_used(seg, IPM_SAS); i++)
			n += ipm_sa_read(seg, i, &sa) == 0 && sa.engine == slot + 1;
		if (n != engine.sas)
			broken = law_says(l, "crypto engine %u: %u SAs, it says %u", engine.index, n, engine.sas);
		ipm_traffic_add(&in, &engine.in);
		ipm_traffic_add(&out, &engine.out);
	}
	/* Counts that a killed writer had not published may be in an engine only. */
	if (!broken && l->unbroken && ipm_totals_read(seg, &totals) == 0) {
		broken = law_engines(l, "in", &in, &totals.in);
		if (!broken)
			broken = law_engines(l, "out", &out, &totals.out);
	}
	if (broken)
		return broken;
	if (law_count(seg, IPM_SAS) != sas || law_count(seg, IPM_SELECTORS) != sels ||
	    law_count(seg, IPM_ACCESS) != access)
		return law_says(l,
				"%u SAs, %u selectors, %u access list entries, but %u, %u, %u of them are on the lists "
				"of tunnels and entries",
				law_count(seg, IPM_SAS), law_count(seg, IPM_SELECTORS), law_count(seg, IPM_ACCESS), sas,
				sels, access);
	return NULL;
}

/* Each index has at most one start event. */
static inline const char *
law_events(struct laws *l, const struct ipm_segment *seg)
{
	struct ipm_event e;
	for (int rc; (rc = ipm_event_next(seg, l->serial, &e)) == 0 || rc == -EOVERFLOW; l->serial = e.serial) {
		if (e.kind != IPM_EVENT_IKE_START && e.kind != IPM_EVENT_TUNNEL_START)
			continue;
		enum ipm_section_kind kind = e.kind == IPM_EVENT_IKE_START ? IPM_IKE_SAS : IPM_TUNNELS;
		struct law_seen *s = law_seen(l, kind, e.index);
		if (s && s->started)
			return law_says(l, "event %" PRIu64 ": %s %u starts once more", e.serial, law_kind_name[kind],
					e.index);
		if (s)
			s->started = 1;
	}
	return NULL;
}

/* Return NULL, or a sentence about the broken law, valid until the next call. */
static inline const char *
laws_broken(struct laws *l, const struct ipm_segment *seg)
{
	struct law_sums sum = { 0 };
	struct ipm_totals totals;
	const char *broken;

	l->round++;
	if (ipm_totals_read(seg, &totals) < 0)
		return law_says(l, "the totals cannot be read");
	if ((broken = law_totals_never_back(l, &totals)) || (broken = law_rows(l, seg, &sum)) ||
	    (broken = law_session_rows(l, seg, &sum)) || (broken = law_history(l, seg, &sum)) ||
	    (broken = law_session_history(l, seg, &sum)) || (broken = law_events(l, seg)) || l->live)
		return broken;
	if ((broken = law_totals(l, &totals, &sum)) || (broken = law_session_totals(l, &totals, &sum)) ||
	    (l->unbroken && (broken = law_rest(l, &totals, &sum))))
		return broken;
	return law_lists(l, seg);
}

#endif
