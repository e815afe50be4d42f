/* SPDX-License-Identifier: ISC */
/* Rings: the oldest entry makes room for the newest. */
#include <errno.h>

#include "ipm_writer_int.h"

/* Number of entries ever pushed. Only this writer changes it. */
static uint64_t
total_of(const struct ipm_writer *w, enum ipm_section_kind ring)
{
	return atomic_load_explicit(&ipm_header(&w->seg)->section[ring].total, memory_order_relaxed);
}

/* Slot of the next entry. The ring must have room for at least one. */
static uint32_t
next_slot(const struct ipm_writer *w, enum ipm_section_kind ring)
{
	return (uint32_t)(total_of(w, ring) % w->seg.section[ring].capacity);
}

uint32_t
ipm_ring_next(const struct ipm_writer *w, enum ipm_section_kind ring)
{
	return ipm_ring_index(total_of(w, ring), w->seg.index_first, w->seg.index_last);
}

const void *
ipm_ring_oldest(const struct ipm_writer *w, enum ipm_section_kind ring)
{
	return ipm_payload_at(w, ring, next_slot(w, ring));
}

int
ipm_ring_back(const struct ipm_writer *w, enum ipm_section_kind ring, uint64_t back)
{
	uint32_t capacity = w->seg.section[ring].capacity;
	uint64_t total = total_of(w, ring);
	return back <= total && back <= capacity ? (int)((total - back) % capacity) : -ENOENT;
}

bool
ipm_ring_room(struct ipm_writer *w, enum ipm_section_kind ring)
{
	if (w->seg.section[ring].capacity == 0)
		return false;
	if (ipm_room(w, ring, next_slot(w, ring) + 1) == 0)
		return true;
	ipm_refuse(w, ring, true);
	return false;
}

uint32_t
ipm_ring_push(struct ipm_writer *w, enum ipm_section_kind ring, const void *entry)
{
	struct ipm_section *sec = &ipm_header(&w->seg)->section[ring];
	uint32_t slot = next_slot(w, ring);

	/* The caller has checked that there is room. */
	ipm_record_put(w, ring, slot, entry);
	if (slot >= atomic_load_explicit(&sec->used, memory_order_relaxed))
		atomic_store_explicit(&sec->used, slot + 1, memory_order_release);
	atomic_store_explicit(&sec->total, total_of(w, ring) + 1, memory_order_release);
	ipm_section_changed(w, ring);
	return slot;
}

/* --- events ------------------------------------------------------------------------------------------------ */

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

/* --- after an earlier run ---------------------------------------------------------------------------------- */

/* Drop an entry if its writer died before counting it: the object that ended still has a row. */
static void
drop_unannounced(struct ipm_writer *w, enum ipm_section_kind ring)
{
	if (w->seg.section[ring].capacity == 0 || next_slot(w, ring) >= w->room[ring])
		return;
	struct ipm_record *rec = ipm_record_at(&w->seg, ring, next_slot(w, ring));
	uint32_t *index = ipm_payload(rec);
	if (*index != ipm_ring_next(w, ring))
		return;
	ipm_record_begin(rec);
	*index = 0;
	ipm_record_end(rec);
}

void
ipm_rings_recover(struct ipm_writer *w)
{
	static const enum ipm_section_kind rings[] = { IPM_EVENTS,           IPM_IKE_HISTORY,   IPM_TUNNEL_HISTORY,
						       IPM_SELECTOR_HISTORY, IPM_IKE_FAILURES,  IPM_TUNNEL_FAILURES,
						       IPM_SESSION_HISTORY,  IPM_LOGIN_FAILURES };
	for (size_t r = 0; r < sizeof(rings) / sizeof(rings[0]); r++) {
		uint32_t end = ipm_segment_used(&w->seg, rings[r]);
		/* The slot after the last used one may hold an entry. If that slot has no page, no entry was begun. */
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
		drop_unannounced(w, ring);
}
