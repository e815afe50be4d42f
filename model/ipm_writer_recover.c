/* SPDX-License-Identifier: ISC */
/*
 * Recovery after an earlier run: drop half-written records, rebuild all lists, correct sums that don't match their
 * parts.
 */
#include <string.h>

#include "ipm_writer_int.h"

/* --- half-written records ---------------------------------------------------------------------------------- */

/* Did an earlier run stop the SA in @p slot without giving back the slot? */
static bool
sa_retired(const struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(w, slot);
	return sa->index == 0 && sa->state == IPM_SA_RETIRED && w->seg.lanes > 0;
}

/*
 * Other records refer to a feed by its slot, so a feed keeps its slot. The feed will report everything but its name
 * again.
 */
static bool
feed_stays(const struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_feed *feed = ipm_feed_peek(w, slot);
	return feed->index == slot + 1 && feed->name[0] != '\0';
}

/*
 * Does a half-written record stay? A new record gets its index last, and an ending record loses its index first. So a
 * record with an index was being changed. It is still the same SA or crypto map entry, and each word is valid, old or
 * new. Records of a data plane must stay: it must know which keys an earlier run may have used, and its SAs count in
 * the lanes. Without lanes, the feed reports the SA again. There, octets and packets of different moments must not be
 * mixed.
 */
static bool
torn_stays(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	if (kind == IPM_FEEDS)
		return feed_stays(w, slot);
	return w->seg.lanes > 0 && (kind == IPM_SAS || kind == IPM_MAPS) &&
	       *(const uint32_t *)ipm_payload_at(w, kind, slot) != 0;
}

/*
 * Drop records that were half written when the last writer died, and collect free slots. Returns the number of dropped
 * records.
 */
static uint32_t
sweep_torn(struct ipm_writer *w, enum ipm_section_kind kind)
{
	uint32_t torn = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, kind); slot++) {
		struct ipm_record *rec = ipm_record_at(&w->seg, kind, slot);
		if (atomic_load(&rec->seq) & 1) {
			atomic_fetch_add(&rec->seq, 1);
			if (torn_stays(w, kind, slot))
				continue;
			if (kind == IPM_SAS && sa_retired(w, slot)) { /* each word of its count is valid */
				ipm_drain_add(w, slot);
				continue;
			}
			torn++;
			if (kind == IPM_TUNNELS && *(const uint32_t *)ipm_payload(rec)) { /* it was being changed */
				ipm_map_inherit(w, ipm_payload(rec));
				ipm_session_inherit(w, ipm_payload(rec));
			}
			if (kind == IPM_SAS)
				ipm_sa_drop(w, slot);
			else
				ipm_slot_give(w, kind, slot);
		} else if (kind == IPM_SAS && sa_retired(w, slot)) {
			ipm_drain_add(w, slot);
		} else if (*(const uint32_t *)ipm_payload(rec) == 0) {
			ipm_queue_push(&w->free[kind], slot);
		}
	}
	return torn;
}

/* --- unfinished work of the earlier run --------------------------------------------------------------------------- */

/* The newest entry of a history, unless it is a checkpoint. The writer may have died before it removed the row. */
static const void *
last_end(const struct ipm_writer *w, enum ipm_section_kind ring)
{
	int slot = ipm_ring_back(w, ring, 1);
	if (slot < 0)
		return NULL;
	const struct {
		uint32_t index, reason;
	} *entry = ipm_payload_at(w, ring, (uint32_t)slot);
	return entry->index && entry->reason != IPM_REASON_CHECKPOINT ? entry : NULL;
}

/* Finish the work of the earlier run: an entry in the history must not have a row. */
static void
finish_ends(struct ipm_writer *w)
{
	const struct ipm_ike_history *ike = last_end(w, IPM_IKE_HISTORY);
	const struct ipm_tunnel_history *was = last_end(w, IPM_TUNNEL_HISTORY);

	const struct ipm_session_history *session = last_end(w, IPM_SESSION_HISTORY);

	for (uint32_t slot = 0; ike && slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++)
		if (ipm_ike_peek(w, slot)->index == ike->sa.index && ike->sa.index &&
		    ipm_ike_peek(w, slot)->created_ns == ike->sa.created_ns) /* else a later one, after a wrap */
			ipm_slot_give(w, IPM_IKE_SAS, slot);
	for (uint32_t slot = 0; was && slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++)
		if (ipm_slot_holds(w, IPM_TUNNELS, slot, was->tunnel.index) &&
		    ipm_tunnel_peek(w, slot)->created_ns == was->tunnel.created_ns) {
			ipm_map_inherit(w, ipm_tunnel_peek(w, slot));
			ipm_session_inherit(w, ipm_tunnel_peek(w, slot));
			ipm_slot_give(w, IPM_TUNNELS, slot);
		}
	for (uint32_t slot = 0; session && slot < ipm_segment_used(&w->seg, IPM_SESSIONS); slot++)
		if (ipm_slot_holds(w, IPM_SESSIONS, slot, session->session.index) &&
		    ipm_session_peek(w, slot)->started_ns == session->session.started_ns)
			ipm_slot_give(w, IPM_SESSIONS, slot);
}

/* --- lists and gauges -------------------------------------------------------------------------------------- */

/* Restart an index at the beginning of its range if it is out of range. */
static void
keep_in_range(const struct ipm_segment *seg, uint32_t *next)
{
	if (*next < seg->index_first || *next > seg->index_last)
		*next = seg->index_first;
}

/* Rebuild all lists and count their records. Trust nothing in the file. */
static void
relink(struct ipm_writer *w)
{
	ipm_ikes_relink(w);
	ipm_tunnels_relink(w);
	ipm_sas_relink(w);
	ipm_selectors_relink(w);
	keep_in_range(&w->seg, &w->totals.next_ike);
	keep_in_range(&w->seg, &w->totals.next_tunnel);
	keep_in_range(&w->seg, &w->totals.next_map);
	keep_in_range(&w->seg, &w->totals.next_session);
	ipm_maps_relink(w);
	ipm_sessions_relink(w);
	ipm_engines_relink(w);
}

/* --- sums -------------------------------------------------------------------------------------------------- */

/* Make @p sum equal to @p shown plus @p rest. Counts lost with a half-written record go to the rest. */
static void
balance(void *sum, void *rest, const void *shown, size_t size)
{
	uint64_t *all = sum, *hidden = rest;
	const uint64_t *seen = shown;
	for (size_t i = 0; i < size / 8; i++)
		if (all[i] < seen[i] + hidden[i])
			all[i] = seen[i] + hidden[i];
		else
			hidden[i] = all[i] - seen[i];
}

/* Correct the totals: records may have counted, or been dropped, since the totals were published. */
static void
balance_ikes(struct ipm_writer *w)
{
	struct ipm_totals *t = &w->totals;
	struct ipm_ike_traffic in = { 0 }, out = { 0 };
	uint64_t ended = 0;

	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++) {
		ipm_ike_traffic_add(&in, &ipm_ike_peek(w, slot)->in);
		ipm_ike_traffic_add(&out, &ipm_ike_peek(w, slot)->out);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_IKE_HISTORY); slot++) {
		const struct ipm_ike_history *was = ipm_payload_at(w, IPM_IKE_HISTORY, slot);
		if (was->index == 0 || was->reason == IPM_REASON_CHECKPOINT)
			continue;
		ipm_ike_traffic_add(&in, &was->sa.in);
		ipm_ike_traffic_add(&out, &was->sa.out);
		ended++;
	}
	balance(&t->ike_in, &t->ike_rest_in, &in, sizeof(in));
	balance(&t->ike_out, &t->ike_rest_out, &out, sizeof(out));
	if (t->ike_previous < ended)
		t->ike_previous = ended;
}

/* See balance_ikes(). */
static void
balance_tunnels(struct ipm_writer *w)
{
	struct ipm_totals *t = &w->totals;
	struct ipm_traffic in = { 0 }, out = { 0 };
	uint64_t ended = 0;

	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++) {
		ipm_traffic_add(&in, &ipm_tunnel_peek(w, slot)->in);
		ipm_traffic_add(&out, &ipm_tunnel_peek(w, slot)->out);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNEL_HISTORY); slot++) {
		const struct ipm_tunnel_history *was = ipm_payload_at(w, IPM_TUNNEL_HISTORY, slot);
		if (was->index == 0 || was->reason == IPM_REASON_CHECKPOINT)
			continue;
		ipm_traffic_add(&in, &was->tunnel.in);
		ipm_traffic_add(&out, &was->tunnel.out);
		ended++;
	}
	balance(&t->in, &t->rest_in, &in, sizeof(in));
	balance(&t->out, &t->rest_out, &out, sizeof(out));
	if (t->tunnels_previous < ended)
		t->tunnels_previous = ended;
}

/* See balance_ikes(). */
static void
balance_sessions(struct ipm_writer *w)
{
	struct ipm_totals *t = &w->totals;
	struct ipm_volume in = { 0 }, out = { 0 };
	uint64_t ended = 0;

	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_SESSIONS); slot++) {
		struct ipm_session session; /* read like a reader, to include its tunnels */
		if (ipm_session_read(&w->seg, slot, &session) < 0)
			continue;
		ipm_volume_add(&in, &session.in);
		ipm_volume_add(&out, &session.out);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_SESSION_HISTORY); slot++) {
		const struct ipm_session_history *was = ipm_payload_at(w, IPM_SESSION_HISTORY, slot);
		if (was->index == 0)
			continue;
		ipm_volume_add(&in, &was->session.in);
		ipm_volume_add(&out, &was->session.out);
		ended++;
	}
	balance(&t->sessions_in, &t->sessions_rest_in, &in, sizeof(in));
	balance(&t->sessions_out, &t->sessions_rest_out, &out, sizeof(out));
	if (t->sessions.total < t->sessions.active + ended)
		t->sessions.total = t->sessions.active + ended;
}

void
ipm_recover(struct ipm_writer *w, const struct ipm_header *wanted, struct ipm_error *err)
{
	struct ipm_record *totals = ipm_record_at(&w->seg, IPM_TOTALS, 0);
	struct ipm_header *h = ipm_header(&w->seg);
	uint32_t torn = 0;

	if (h->epoch == 0)
		h->epoch = 1;
	atomic_store(&h->replaced, 0); /* the writer that wanted to replace the segment did not finish */
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++)
		atomic_store(&h->section[kind].used, ipm_segment_used(&w->seg, kind)); /* limit to the capacity */
	/* Each word of the totals is valid by itself, old or new. A torn record is only a moment older. */
	if (atomic_load(&totals->seq) & 1)
		atomic_fetch_add(&totals->seq, 1);
	ipm_words_load(&w->totals, ipm_payload(totals), sizeof(w->totals));
	for (enum ipm_section_kind kind = IPM_FEEDS; kind <= IPM_SAS; kind++)
		torn += sweep_torn(w, kind);
	for (enum ipm_section_kind kind = IPM_AGENTS; kind < IPM_IKE_HISTORY; kind++)
		torn += sweep_torn(w, kind);
	ipm_rings_recover(w);
	finish_ends(w);
	relink(w);
	balance_ikes(w);
	balance_tunnels(w);
	balance_sessions(w);
	if (torn)
		ipm_error_set(err, "%s: dropped %u record(s) that an earlier run left half written", w->seg.path, torn);
	memcpy(h->name, wanted->name, sizeof(h->name));
	memcpy(h->control, wanted->control, sizeof(h->control));
}
