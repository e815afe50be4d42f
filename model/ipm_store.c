/* SPDX-License-Identifier: ISC */
/*
 * The bottom layer of the writer: slots, sequence numbers and change counters of records, indexes, and refused records.
 * Nothing here knows the meaning of a record.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "ipm_store.h"

static const union ipm_any_record nothing; /* the contents of a free slot */

/* --- records ----------------------------------------------------------------------------------------------- */

void
ipm_record_begin(struct ipm_record *rec)
{
	uint32_t seq = atomic_load_explicit(&rec->seq, memory_order_relaxed);
	atomic_store_explicit(&rec->seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

void
ipm_record_end(struct ipm_record *rec)
{
	uint32_t seq = atomic_load_explicit(&rec->seq, memory_order_relaxed);
	atomic_store_explicit(&rec->seq, seq + 1, memory_order_release);
}

void
ipm_record_put(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, const void *payload)
{
	struct ipm_record *rec = ipm_record_at(&w->seg, kind, slot);
	ipm_word *to = ipm_payload(rec);
	const ipm_word *from = payload;
	bool anew = *(const uint32_t *)ipm_payload(rec) == 0;

	/*
	 * The index is in the first word: see torn_stays(). The order must survive if the process is killed. For that,
	 * compiler fences are enough.
	 */
	ipm_record_begin(rec);
	if (!anew)
		ipm_words_store(to, from, sizeof(*to));
	atomic_signal_fence(memory_order_seq_cst);
	ipm_words_store(to + 1, from + 1, ipm_record_size(kind) - sizeof(*to));
	atomic_signal_fence(memory_order_seq_cst);
	if (anew)
		ipm_words_store(to, from, sizeof(*to));
	ipm_record_end(rec);
}

void
ipm_section_changed(struct ipm_writer *w, enum ipm_section_kind kind)
{
	atomic_fetch_add_explicit(&ipm_header(&w->seg)->section[kind].change, 1, memory_order_release);
}

void
ipm_totals_publish(struct ipm_writer *w)
{
	ipm_record_put(w, IPM_TOTALS, 0, &w->totals);
}

/* --- reading our own records ------------------------------------------------------------------------------- */

bool
ipm_slot_live(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	return slot < ipm_segment_used(&w->seg, kind) && *(const uint32_t *)ipm_payload_at(w, kind, slot) != 0;
}

const void *
ipm_peek(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	return slot < ipm_segment_used(&w->seg, kind) ? ipm_payload_at(w, kind, slot) : &nothing;
}

const struct ipm_feed *
ipm_feed_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_FEEDS, slot);
}

const struct ipm_ike_sa *
ipm_ike_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_IKE_SAS, slot);
}

const struct ipm_tunnel *
ipm_tunnel_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_TUNNELS, slot);
}

const struct ipm_sa *
ipm_sa_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_SAS, slot);
}

const struct ipm_map_entry *
ipm_map_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_MAPS, slot);
}

bool
ipm_slot_holds(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, uint32_t index)
{
	return index != 0 && *(const uint32_t *)ipm_peek(w, kind, slot) == index;
}

/* --- slots ------------------------------------------------------------------------------------------------- */

int
ipm_queue_push(struct slot_queue *q, uint32_t slot)
{
	if (q->count == q->room) {
		uint32_t room = q->room ? q->room * 2 : 64;
		uint32_t *slots = malloc(room * sizeof(*slots));
		if (!slots)
			return -ENOMEM; /* the slot stays unused until the next start */
		for (uint32_t i = 0; i < q->count; i++)
			slots[i] = q->slot[(q->head + i) % q->room];
		free(q->slot);
		*q = (struct slot_queue){ .slot = slots, .count = q->count, .room = room };
	}
	q->slot[(q->head + q->count++) % q->room] = slot;
	return 0;
}

uint32_t
ipm_queue_pop(struct slot_queue *q)
{
	uint32_t slot = q->slot[q->head];
	q->head = (q->head + 1) % q->room;
	q->count--;
	return slot;
}

int
ipm_slot_take(struct ipm_writer *w, enum ipm_section_kind kind)
{
	struct ipm_section *sec = &ipm_header(&w->seg)->section[kind];
	uint32_t capacity = w->seg.section[kind].capacity;
	uint32_t used = atomic_load_explicit(&sec->used, memory_order_relaxed);
	uint32_t slot;

	if (w->free[kind].count > SLOTS_AT_REST) {
		slot = ipm_queue_pop(&w->free[kind]);
	} else if (used < capacity && ipm_room(w, kind, used + 1) == 0) {
		slot = used;
		atomic_store_explicit(&sec->used, used + 1, memory_order_release);
	} else if (w->free[kind].count > 0) {
		slot = ipm_queue_pop(&w->free[kind]);
	} else {
		return ipm_refuse(w, kind, used < capacity);
	}
	ipm_record_at(&w->seg, kind, slot)->generation++;
	return (int)slot;
}

void
ipm_slot_give(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	ipm_record_put(w, kind, slot, &nothing);
	ipm_section_changed(w, kind);
	ipm_queue_push(&w->free[kind], slot);
}

/* --- indexes ----------------------------------------------------------------------------------------------- */

static bool
index_in_use(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t index)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, kind); slot++)
		if (*(const uint32_t *)ipm_payload_at(w, kind, slot) == index)
			return true;
	return false;
}

#define NEXT_INDEXES offsetof(struct ipm_totals, next_ike) /* two words at the end */
_Static_assert(NEXT_INDEXES % 8 == 0 && sizeof(struct ipm_totals) == NEXT_INDEXES + 16,
	       "a word by itself needs no sequence number");

uint32_t
ipm_index_take(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t *next)
{
	const struct ipm_segment *seg = &w->seg;
	uint32_t index;
	do {
		index = *next;
		if (index == seg->index_last)
			w->wrapped = true;
		*next = index == seg->index_last ? seg->index_first : index + 1;
	} while (w->wrapped && index_in_use(w, kind, index));
	/*
	 * Publish the next indexes now. Otherwise an index could be used twice if this process dies before the next
	 * commit.
	 */
	ipm_words_store((char *)ipm_payload_at(w, IPM_TOTALS, 0) + NEXT_INDEXES, (char *)&w->totals + NEXT_INDEXES, 16);
	return index;
}

uint32_t
ipm_sub_next(uint32_t next, uint32_t index)
{
	if (index - next > INT32_MAX / 2) /* used before, perhaps before a wrap */
		return next;
	return index == INT32_MAX ? 1 : index + 1;
}

/* --- refused records --------------------------------------------------------------------------------------- */

int
ipm_refuse(struct ipm_writer *w, enum ipm_section_kind kind, bool no_room)
{
	w->totals.records_refused++;
	w->refused = (struct refusal){ .kind = kind, .no_room = no_room };
	return -ENOSPC;
}

int
ipm_refuse_value(struct ipm_writer *w, enum ipm_section_kind kind, const char *field, uint32_t value)
{
	w->totals.records_refused++;
	w->refused = (struct refusal){ .kind = kind, .field = field, .value = value };
	return -EINVAL;
}

bool
ipm_writer_refused(const struct ipm_writer *w, struct ipm_error *why)
{
	static const char *const name[IPM_SECTIONS] = {
		[IPM_FEEDS] = "feeds",
		[IPM_IKE_SAS] = "IKE SAs",
		[IPM_TUNNELS] = "tunnels",
		[IPM_SELECTORS] = "traffic selectors",
		[IPM_SAS] = "SAs",
		[IPM_EVENTS] = "events",
		[IPM_AGENTS] = "agents",
		[IPM_INTERFACES] = "interfaces",
		[IPM_MAPS] = "crypto map entries",
		[IPM_ACCESS] = "access lists",
		[IPM_ENGINES] = "crypto engines",
		[IPM_SESSIONS] = "sessions",
		[IPM_POOLS] = "pools",
		[IPM_SESSION_HISTORY] = "the history of sessions",
		[IPM_LOGIN_FAILURES] = "failed logins",
		[IPM_IKE_HISTORY] = "the history of IKE SAs",
		[IPM_TUNNEL_HISTORY] = "the history of tunnels",
		[IPM_SELECTOR_HISTORY] = "the history of traffic selectors",
		[IPM_IKE_FAILURES] = "IKE failures",
		[IPM_TUNNEL_FAILURES] = "IPsec failures",
	};
	enum ipm_section_kind kind = w->refused.kind;

	if (!name[kind])
		return false;
	if (w->refused.field)
		ipm_error_set(why, "%s: a record for %s was refused: its %s is %u", w->seg.path, name[kind],
			      w->refused.field, w->refused.value);
	else if (w->refused.no_room)
		ipm_error_set(why, "%s: no room left on its file system for %s", w->seg.path, name[kind]);
	else
		ipm_error_set(why, "%s: full: it has room for %u %s", w->seg.path, w->seg.section[kind].capacity,
			      name[kind]);
	return true;
}
