/* SPDX-License-Identifier: ISC */
/* The history of IKE SAs and tunnels that have ended. */
#include <string.h>

#include "ipm_writer_int.h"

/* How many history entries to search for late messages of an IKE SA, and for the IKE SA of a tunnel. */
#define ENDED_LATELY   1024
#define ENDED_JUST_NOW 64

static void
ike_drop_out(struct ipm_writer *w, const struct ipm_ike_history *entry)
{
	if (entry->index == 0 || entry->reason == IPM_REASON_CHECKPOINT)
		return;
	ipm_ike_traffic_add(&w->totals.ike_rest_in, &entry->sa.in);
	ipm_ike_traffic_add(&w->totals.ike_rest_out, &entry->sa.out);
}

static void
tunnel_drop_out(struct ipm_writer *w, const struct ipm_tunnel_history *entry)
{
	if (entry->index == 0 || entry->reason == IPM_REASON_CHECKPOINT)
		return;
	ipm_traffic_add(&w->totals.rest_in, &entry->tunnel.in);
	ipm_traffic_add(&w->totals.rest_out, &entry->tunnel.out);
}

void
ipm_ike_remember(struct ipm_writer *w, const struct ipm_ike_sa *sa, enum ipm_reason reason)
{
	struct ipm_ike_history entry = { .index = 1, .reason = reason, .ended_ns = ipm_now_ns(), .sa = *sa };
	if (!ipm_ring_room(w, IPM_IKE_HISTORY)) {
		ike_drop_out(w, &entry);
		return;
	}
	struct ipm_ike_history oldest = *(const struct ipm_ike_history *)ipm_ring_oldest(w, IPM_IKE_HISTORY);
	entry.index = ipm_ring_next(w, IPM_IKE_HISTORY);
	uint32_t slot = ipm_ring_push(w, IPM_IKE_HISTORY, &entry);
	ike_drop_out(w, &oldest);
	ipm_totals_publish(w);
	if (reason != IPM_REASON_CHECKPOINT)
		ipm_event_push(w, IPM_EVENT_IKE_STOP, reason, slot, entry.index);
}

static void
selectors_remember(struct ipm_writer *w, const struct ipm_tunnel *tunnel, uint32_t history)
{
	uint32_t left = w->seg.section[IPM_SELECTOR_HISTORY].capacity;
	for (uint32_t at = tunnel->sel_head; at && left > 0 && ipm_ring_room(w, IPM_SELECTOR_HISTORY); left--) {
		struct ipm_selector_history entry = { .tunnel_history = history };
		entry.selector = *(const struct ipm_selector *)ipm_payload_at(w, IPM_SELECTORS, at - 1);
		entry.index = ipm_ring_next(w, IPM_SELECTOR_HISTORY);
		ipm_ring_push(w, IPM_SELECTOR_HISTORY, &entry);
		at = entry.selector.next;
	}
}

/* Add the identities of the IKE SA that negotiated the tunnel. It may have ended just before the tunnel. */
static void
tunnel_peer(struct ipm_writer *w, struct ipm_tunnel_history *entry)
{
	const struct ipm_ike_sa *sa = NULL;

	if (entry->tunnel.ike_index == 0)
		return;
	if (ipm_slot_holds(w, IPM_IKE_SAS, entry->tunnel.ike_slot, entry->tunnel.ike_index))
		sa = ipm_ike_peek(w, entry->tunnel.ike_slot);
	for (uint64_t back = 1; !sa && back <= ENDED_JUST_NOW; back++) {
		int slot = ipm_ring_back(w, IPM_IKE_HISTORY, back);
		if (slot < 0)
			return;
		const struct ipm_ike_history *ike = ipm_payload_at(w, IPM_IKE_HISTORY, (uint32_t)slot);
		if (ike->sa.index == entry->tunnel.ike_index)
			sa = &ike->sa;
	}
	if (!sa)
		return;
	entry->peer = sa->peer;
	memcpy(entry->local_id, sa->local_id, sizeof(entry->local_id));
	memcpy(entry->remote_id, sa->remote_id, sizeof(entry->remote_id));
}

void
ipm_tunnel_remember(struct ipm_writer *w, const struct ipm_tunnel *tunnel, enum ipm_reason reason)
{
	struct ipm_tunnel_history entry = { .index = 1, .reason = reason, .ended_ns = ipm_now_ns(), .tunnel = *tunnel };
	if (!ipm_ring_room(w, IPM_TUNNEL_HISTORY)) {
		tunnel_drop_out(w, &entry);
		return;
	}
	struct ipm_tunnel_history oldest = *(const struct ipm_tunnel_history *)ipm_ring_oldest(w, IPM_TUNNEL_HISTORY);
	tunnel_peer(w, &entry);
	entry.index = ipm_ring_next(w, IPM_TUNNEL_HISTORY);
	selectors_remember(w, tunnel, entry.index);
	uint32_t slot = ipm_ring_push(w, IPM_TUNNEL_HISTORY, &entry);
	tunnel_drop_out(w, &oldest);
	ipm_totals_publish(w);
	if (reason != IPM_REASON_CHECKPOINT)
		ipm_event_push(w, IPM_EVENT_TUNNEL_STOP, reason, slot, entry.index);
}

bool
ipm_ike_late(struct ipm_writer *w, uint32_t index, const struct ipm_ike_traffic *in, const struct ipm_ike_traffic *out)
{
	int slot;
	for (uint64_t back = 1; back <= ENDED_LATELY && (slot = ipm_ring_back(w, IPM_IKE_HISTORY, back)) >= 0; back++) {
		const struct ipm_ike_history *there = ipm_payload_at(w, IPM_IKE_HISTORY, (uint32_t)slot);
		if (there->index == 0 || there->sa.index != index || there->reason == IPM_REASON_CHECKPOINT)
			continue;
		struct ipm_ike_history entry = *there;
		ipm_ike_traffic_add(&entry.sa.in, in);
		ipm_ike_traffic_add(&entry.sa.out, out);
		ipm_record_put(w, IPM_IKE_HISTORY, (uint32_t)slot, &entry);
		return true;
	}
	return false;
}

bool
ipm_tunnel_late(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more)
{
	int slot;
	for (uint64_t back = 1; (slot = ipm_ring_back(w, IPM_TUNNEL_HISTORY, back)) >= 0; back++) {
		const struct ipm_tunnel_history *there = ipm_payload_at(w, IPM_TUNNEL_HISTORY, (uint32_t)slot);
		if (there->index == 0 || there->tunnel.index != sa->tunnel_index ||
		    there->reason == IPM_REASON_CHECKPOINT)
			continue;
		struct ipm_tunnel_history entry = *there;
		ipm_traffic_add(sa->direction == IPM_IN ? &entry.tunnel.in : &entry.tunnel.out, more);
		ipm_record_put(w, IPM_TUNNEL_HISTORY, (uint32_t)slot, &entry);
		return true;
	}
	return false;
}

void
ipm_checkpoint(struct ipm_writer *w)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
		if (sa->index && sa->state != IPM_IKE_NEGOTIATING && !sa->held)
			ipm_ike_remember(w, sa, IPM_REASON_CHECKPOINT);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel tunnel;
		/* Read like a reader, to include the counts in the lanes. */
		if (ipm_tunnel_read(&w->seg, slot, &tunnel) == 0 && tunnel.state == IPM_TUNNEL_UP)
			ipm_tunnel_remember(w, &tunnel, IPM_REASON_CHECKPOINT);
	}
}
