/* SPDX-License-Identifier: ISC */
/* The writer's rings: events, history, failures, and how much of them is shown. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipm_writer_int.h"

/* --- rings -------------------------------------------------------------------------------------------------- */

/* The index that the entry put in next will have. */
static uint32_t
ring_index(const struct ipm_writer *w, enum ipm_section_kind ring)
{
	uint64_t total = atomic_load_explicit(&ipm_header(&w->seg)->section[ring].total, memory_order_relaxed);
	return ipm_ring_index(total, w->seg.index_first, w->seg.index_last);
}

/* Put in an entry, whose index is ring_index(). Returns its slot. */
static uint32_t
ring_push(struct ipm_writer *w, enum ipm_section_kind ring, const void *entry)
{
	struct ipm_section *sec = &ipm_header(&w->seg)->section[ring];
	uint64_t total = atomic_load_explicit(&sec->total, memory_order_relaxed);
	uint32_t slot = (uint32_t)(total % w->seg.section[ring].capacity);

	/* The caller made sure that there is room. */
	ipm_record_put(w, ring, slot, entry);
	if (slot >= atomic_load_explicit(&sec->used, memory_order_relaxed))
		atomic_store_explicit(&sec->used, slot + 1, memory_order_release);
	atomic_store_explicit(&sec->total, total + 1, memory_order_release);
	ipm_section_changed(w, ring);
	return slot;
}

/* Is there room for one more entry? In a ring that is full the oldest makes it. */
static bool
ring_room(struct ipm_writer *w, enum ipm_section_kind ring)
{
	const struct ipm_section *sec = &ipm_header(&w->seg)->section[ring];

	if (w->seg.section[ring].capacity == 0)
		return false;
	if (ipm_room(w, ring, (uint32_t)(sec->total % w->seg.section[ring].capacity) + 1) == 0)
		return true;
	ipm_refuse(w, ring, true);
	return false;
}

static void
event_push(struct ipm_writer *w, struct ipm_event event)
{
	struct ipm_header *h = ipm_header(&w->seg);
	struct ipm_section *sec = &h->section[IPM_EVENTS];
	uint32_t capacity = w->seg.section[IPM_EVENTS].capacity;

	if (capacity == 0)
		return;
	if (ipm_room(w, IPM_EVENTS, (uint32_t)(h->event_serial % capacity) + 1) < 0) {
		ipm_refuse(w, IPM_EVENTS, true);
		return;
	}
	event.serial = atomic_load_explicit(&h->event_serial, memory_order_relaxed) + 1;
	event.time_ns = ipm_now_ns();
	ipm_record_put(w, IPM_EVENTS, (uint32_t)((event.serial - 1) % capacity), &event);
	if (event.serial <= capacity)
		atomic_store_explicit(&sec->used, (uint32_t)event.serial, memory_order_release);
	atomic_store_explicit(&h->event_serial, event.serial, memory_order_release);
}

void
ipm_event_push(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t reason, uint32_t slot, uint32_t index)
{
	event_push(w, (struct ipm_event){
			      .kind = (uint16_t)kind, .reason = (uint16_t)reason, .slot = slot, .index = index });
}

void
ipm_event_on(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t slot, uint32_t index, uint32_t ifindex)
{
	event_push(w, (struct ipm_event){ .kind = (uint16_t)kind, .slot = slot, .index = index, .ifindex = ifindex });
}

/* An entry whose writer died before it counted it: what it is about still has a row. */
static void
unannounced_goes(struct ipm_writer *w, enum ipm_section_kind ring)
{
	const struct ipm_section *sec = &ipm_header(&w->seg)->section[ring];

	if (w->seg.section[ring].capacity == 0 || sec->total % w->seg.section[ring].capacity >= w->room[ring])
		return;
	struct ipm_record *rec = ipm_record_at(&w->seg, ring, (uint32_t)(sec->total % w->seg.section[ring].capacity));
	uint32_t *index = ipm_payload(rec);
	if (*index != ring_index(w, ring))
		return;
	ipm_record_begin(rec);
	*index = 0;
	ipm_record_end(rec);
}

/* An entry whose writer died in the middle of it was not announced: the next takes its place. */
void
ipm_rings_recover(struct ipm_writer *w)
{
	static const enum ipm_section_kind rings[] = { IPM_EVENTS,           IPM_IKE_HISTORY,  IPM_TUNNEL_HISTORY,
						       IPM_SELECTOR_HISTORY, IPM_IKE_FAILURES, IPM_TUNNEL_FAILURES };
	for (size_t r = 0; r < sizeof(rings) / sizeof(rings[0]); r++) {
		uint32_t end = ipm_segment_used(&w->seg, rings[r]);
		/* Behind what is in use there may be one more; if there is no page for it, it was never begun. */
		if (end < w->seg.section[rings[r]].capacity && ipm_room(w, rings[r], end + 1) == 0)
			end++;
		for (uint32_t slot = 0; slot < end; slot++) {
			struct ipm_record *rec = ipm_record_at(&w->seg, rings[r], slot);
			if (!(atomic_load(&rec->seq) & 1))
				continue;
			*(uint32_t *)ipm_payload(rec) = 0;
			atomic_fetch_add(&rec->seq, 1);
		}
	}
	for (enum ipm_section_kind ring = IPM_IKE_HISTORY; ring < IPM_SECTIONS; ring++)
		unannounced_goes(w, ring);
}

/* --- history -------------------------------------------------------------------------------------------------- */

/* Where the next entry goes: the one that is there drops out. */
static const void *
ring_oldest(const struct ipm_writer *w, enum ipm_section_kind ring)
{
	const struct ipm_section *sec = &ipm_header(&w->seg)->section[ring];
	return ipm_payload_at(w, ring, (uint32_t)(sec->total % w->seg.section[ring].capacity));
}

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
	if (!ring_room(w, IPM_IKE_HISTORY)) {
		ike_drop_out(w, &entry);
		return;
	}
	struct ipm_ike_history oldest = *(const struct ipm_ike_history *)ring_oldest(w, IPM_IKE_HISTORY);
	entry.index = ring_index(w, IPM_IKE_HISTORY);
	uint32_t slot = ring_push(w, IPM_IKE_HISTORY, &entry);
	ike_drop_out(w, &oldest);
	ipm_totals_publish(w);
	if (reason != IPM_REASON_CHECKPOINT)
		ipm_event_push(w, IPM_EVENT_IKE_STOP, reason, slot, entry.index);
}

static void
selectors_remember(struct ipm_writer *w, const struct ipm_tunnel *tunnel, uint32_t history)
{
	uint32_t left = w->seg.section[IPM_SELECTOR_HISTORY].capacity;
	for (uint32_t at = tunnel->sel_head; at && left > 0 && ring_room(w, IPM_SELECTOR_HISTORY); left--) {
		struct ipm_selector_history entry = { .tunnel_history = history };
		entry.selector = *(const struct ipm_selector *)ipm_payload_at(w, IPM_SELECTORS, at - 1);
		entry.index = ring_index(w, IPM_SELECTOR_HISTORY);
		ring_push(w, IPM_SELECTOR_HISTORY, &entry);
		at = entry.selector.next;
	}
}

/* The identities of the IKE SA that made the tunnel, which may have ended just before it. */
static void
tunnel_peer(struct ipm_writer *w, struct ipm_tunnel_history *entry)
{
	const struct ipm_ike_sa *sa = NULL;

	if (entry->tunnel.ike_index == 0)
		return;
	if (entry->tunnel.ike_slot < ipm_segment_used(&w->seg, IPM_IKE_SAS) &&
	    ipm_ike_peek(w, entry->tunnel.ike_slot)->index == entry->tunnel.ike_index)
		sa = ipm_ike_peek(w, entry->tunnel.ike_slot);
	uint32_t capacity = w->seg.section[IPM_IKE_HISTORY].capacity;
	uint64_t total = ipm_header(&w->seg)->section[IPM_IKE_HISTORY].total;
	for (uint32_t back = 1; !sa && back <= 64 && back <= total && back <= capacity; back++) {
		const struct ipm_ike_history *ike =
			ipm_payload_at(w, IPM_IKE_HISTORY, (uint32_t)((total - back) % capacity));
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
	if (!ring_room(w, IPM_TUNNEL_HISTORY)) {
		tunnel_drop_out(w, &entry);
		return;
	}
	struct ipm_tunnel_history oldest = *(const struct ipm_tunnel_history *)ring_oldest(w, IPM_TUNNEL_HISTORY);
	tunnel_peer(w, &entry);
	entry.index = ring_index(w, IPM_TUNNEL_HISTORY);
	selectors_remember(w, tunnel, entry.index);
	uint32_t slot = ring_push(w, IPM_TUNNEL_HISTORY, &entry);
	tunnel_drop_out(w, &oldest);
	ipm_totals_publish(w);
	if (reason != IPM_REASON_CHECKPOINT)
		ipm_event_push(w, IPM_EVENT_TUNNEL_STOP, reason, slot, entry.index);
}

bool
ipm_tunnel_late(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more)
{
	const struct ipm_section *sec = &ipm_header(&w->seg)->section[IPM_TUNNEL_HISTORY];
	uint64_t total = atomic_load_explicit(&sec->total, memory_order_relaxed);

	for (uint64_t back = 1; back <= total && back <= w->seg.section[IPM_TUNNEL_HISTORY].capacity; back++) {
		uint32_t slot = (uint32_t)((total - back) % w->seg.section[IPM_TUNNEL_HISTORY].capacity);
		const struct ipm_tunnel_history *there = ipm_payload_at(w, IPM_TUNNEL_HISTORY, slot);
		if (there->tunnel.index != sa->tunnel_index || there->reason == IPM_REASON_CHECKPOINT)
			continue;
		struct ipm_tunnel_history entry = *there;
		ipm_traffic_add(sa->direction == IPM_IN ? &entry.tunnel.in : &entry.tunnel.out, more);
		ipm_record_put(w, IPM_TUNNEL_HISTORY, slot, &entry);
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
		/* Read as a reader does: with what the lanes hold. */
		if (ipm_tunnel_read(&w->seg, slot, &tunnel) == 0 && tunnel.state == IPM_TUNNEL_UP)
			ipm_tunnel_remember(w, &tunnel, IPM_REASON_CHECKPOINT);
	}
}

/* --- failures -------------------------------------------------------------------------------------------------- */

static void
count_ike_failure(struct ipm_totals *t, const struct ipm_failure *f)
{
	switch (f->reason) {
	case IPM_FAIL_AUTH:
	case IPM_FAIL_CERT_UNAVAILABLE:
	case IPM_FAIL_CERT_INVALID:
	case IPM_FAIL_CERT_EXPIRED:
	case IPM_FAIL_CRL:
		t->ike_auth_fails++;
		break;
	case IPM_FAIL_HASH:
		t->ike_hash_fails++;
		break;
	case IPM_FAIL_CRYPT:
		t->ike_decrypt_fails++;
		break;
	case IPM_FAIL_CAPACITY:
		t->ike_capacity_fails++;
		break;
	case IPM_FAIL_NO_SA:
		t->ike_no_sa_fails++;
		break;
	default:
		break;
	}
	if (f->setup && f->initiator)
		t->ike_init_fails++;
	else if (f->setup)
		t->ike_resp_fails++;
}

void
ipm_fail(struct ipm_writer *w, enum ipm_section_kind ring, const struct ipm_failure *failure)
{
	struct ipm_failure entry = *failure;
	bool ike = ring == IPM_IKE_FAILURES;

	if (ring != IPM_IKE_FAILURES && ring != IPM_TUNNEL_FAILURES)
		return;
	if (entry.time_ns == 0)
		entry.time_ns = ipm_now_ns();
	if (ike)
		count_ike_failure(&w->totals, failure);
	ipm_map_failed(w, &entry);
	if (!ring_room(w, ring))
		return;
	entry.index = ring_index(w, ring);
	uint32_t slot = ring_push(w, ring, &entry);
	ipm_event_push(w, ike ? IPM_EVENT_IKE_FAILURE : IPM_EVENT_TUNNEL_FAILURE, entry.reason, slot, entry.index);
}

/* --- settings and agents ------------------------------------------------------------------------------------------ */

int
ipm_settings_put(struct ipm_writer *w, const struct ipm_settings *settings)
{
	const struct ipm_segment *seg = &w->seg;

	if (settings->history_size < 1 || settings->history_size > seg->section[IPM_IKE_HISTORY].capacity ||
	    settings->history_size > seg->section[IPM_TUNNEL_HISTORY].capacity || settings->failure_size < 1 ||
	    settings->failure_size > seg->section[IPM_IKE_FAILURES].capacity ||
	    settings->failure_size > seg->section[IPM_TUNNEL_FAILURES].capacity)
		return -ERANGE;
	ipm_record_put(w, IPM_SETTINGS, 0, settings);
	for (enum ipm_section_kind ring = IPM_IKE_HISTORY; ring < IPM_SECTIONS; ring++)
		ipm_section_changed(w, ring);
	return 0;
}

int
ipm_agent_put(struct ipm_writer *w, const struct ipm_agent *agent)
{
	struct ipm_agent copy = *agent;
	int slot = -1;

	for (uint32_t i = 0; i < ipm_segment_used(&w->seg, IPM_AGENTS) && slot < 0; i++) {
		const struct ipm_agent *there = ipm_payload_at(w, IPM_AGENTS, i);
		if (there->index && strncmp(there->name, agent->name, sizeof(there->name) - 1) == 0)
			slot = (int)i;
	}
	if (slot < 0 && (slot = ipm_slot_take(w, IPM_AGENTS)) < 0)
		return slot;
	copy.index = (uint32_t)slot + 1;
	copy.updated_ns = ipm_now_ns();
	ipm_record_put(w, IPM_AGENTS, (uint32_t)slot, &copy);
	return slot;
}

/* --- drops without an SA ------------------------------------------------------------------------------------------ */

void
ipm_dropped(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts)
{
	bool in = direction == IPM_IN;
	if ((unsigned)why >= IPM_DROP_COUNT || (!in && direction != IPM_OUT))
		return;
	(in ? &w->totals.in : &w->totals.out)->drops[why] += pkts;
	(in ? &w->totals.rest_in : &w->totals.rest_out)->drops[why] += pkts;
}

void
ipm_failed(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts)
{
	(direction == IPM_IN ? w->totals.fails_in : w->totals.fails_out)[why] += pkts;
}

static int
interface_find(const struct ipm_writer *w, const struct ipm_interface *wanted)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_INTERFACES); slot++) {
		const struct ipm_interface *there = ipm_payload_at(w, IPM_INTERFACES, slot);
		if (there->index && there->feed == wanted->feed && there->ifindex == wanted->ifindex)
			return (int)slot;
	}
	return -ENOENT;
}

int
ipm_interface_dropped(struct ipm_writer *w, const struct ipm_interface *interface, enum ipm_drop why, uint64_t pkts)
{
	struct ipm_interface copy = *interface;
	int slot = interface_find(w, interface);
	bool found = slot >= 0;

	if ((unsigned)why >= IPM_DROP_COUNT)
		return -EINVAL;
	if (!found && (slot = ipm_slot_take(w, IPM_INTERFACES)) < 0)
		return slot;
	const struct ipm_interface *there = ipm_payload_at(w, IPM_INTERFACES, (uint32_t)slot);
	copy.index = (uint32_t)slot + 1;
	memcpy(copy.drops, there->drops, sizeof(copy.drops)); /* a slot that was free is all 0 */
	copy.drops[why] += pkts;
	ipm_record_put(w, IPM_INTERFACES, (uint32_t)slot, &copy);
	if (!found)
		ipm_section_changed(w, IPM_INTERFACES);
	return slot;
}

int
ipm_interface_open(struct ipm_writer *w, const struct ipm_interface *interface)
{
	return ipm_interface_dropped(w, interface, IPM_DROP_OTHER, 0);
}
