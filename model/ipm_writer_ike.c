/* SPDX-License-Identifier: ISC */
/* IKE SAs by their SPIs, what is counted for them, and two records that turn out to be of one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_writer_int.h"

/* Peers choose them: whoever makes them collide makes his own chain longer, and those are bounded by the feed. */
static uint32_t
hash_spis(uint64_t spi_initiator, uint64_t spi_responder)
{
	uint64_t hash = (spi_initiator ^ (spi_responder << 32 | spi_responder >> 32)) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(hash >> 32);
}

int
ipm_ike_named(const struct ipm_writer *w, uint64_t spi_initiator, uint64_t spi_responder, int after)
{
	uint32_t hash = hash_spis(spi_initiator, spi_responder), at = ipm_chain_next(&w->ikes, hash, after);
	while (at && (ipm_ike_peek(w, at - 1)->spi_initiator != spi_initiator ||
		      ipm_ike_peek(w, at - 1)->spi_responder != spi_responder))
		at = ipm_chain_next(&w->ikes, hash, (int)(at - 1));
	return at ? (int)(at - 1) : -ENOENT;
}

int
ipm_ike_find(const struct ipm_writer *w, uint32_t slot, uint32_t index)
{
	/* A record that others were merged into may itself have been merged since: not for ever, indexes differ. */
	for (int steps = 0; index && slot < ipm_segment_used(&w->seg, IPM_IKE_SAS) && steps < 8; steps++) {
		if (ipm_ike_peek(w, slot)->index == index)
			return (int)slot;
		const struct ike_move *move = &w->moved[slot];
		if (move->index != index)
			break;
		slot = move->slot;
		index = move->into;
	}
	return -ENOENT;
}

void
ipm_ike_link(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
	ipm_chain_add(&w->ikes, hash_spis(sa->spi_initiator, sa->spi_responder), slot);
}

void
ipm_ike_unlink(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
	ipm_chain_remove(&w->ikes, hash_spis(sa->spi_initiator, sa->spi_responder), slot);
}

uint32_t
ipm_ike_unnumbered(struct ipm_writer *w)
{
	uint32_t index = w->next_unnumbered;
	w->next_unnumbered = index == UINT32_MAX ? IPM_IKE_UNNUMBERED : index + 1;
	return index;
}

void
ipm_ike_number(struct ipm_writer *w, uint32_t slot, struct ipm_ike_sa *sa)
{
	uint32_t before = sa->index;
	if (before < IPM_IKE_UNNUMBERED)
		return;
	sa->index = ipm_index_take(w, IPM_IKE_SAS, &w->totals.next_ike);
	w->moved[slot] = (struct ike_move){ .index = before, .slot = slot, .into = sa->index };
}

int
ipm_ikes_open(struct ipm_writer *w)
{
	uint32_t capacity = w->seg.section[IPM_IKE_SAS].capacity;
	int rc = ipm_chains_open(&w->ikes, capacity);

	w->moved = calloc(capacity ? capacity : 1, sizeof(*w->moved));
	if (!w->moved)
		rc = -ENOMEM;
	w->next_unnumbered = IPM_IKE_UNNUMBERED;
	for (uint32_t slot = 0; rc == 0 && slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++) {
		uint32_t index = ipm_ike_peek(w, slot)->index;
		if (index)
			ipm_ike_link(w, slot);
		if (index >= w->next_unnumbered)
			w->next_unnumbered = index == UINT32_MAX ? IPM_IKE_UNNUMBERED : index + 1;
	}
	return rc;
}

void
ipm_ikes_close(struct ipm_writer *w)
{
	ipm_chains_close(&w->ikes);
	free(w->moved);
}

void
ipm_ike_make_room(struct ipm_writer *w)
{
	uint32_t used = ipm_segment_used(&w->seg, IPM_IKE_SAS), oldest = used;

	if (used < w->seg.section[IPM_IKE_SAS].capacity || w->free[IPM_IKE_SAS].count > 0)
		return;
	for (uint32_t slot = 0; slot < used; slot++) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
		if (sa->state == IPM_IKE_NEGOTIATING &&
		    (oldest == used || sa->created_ns < ipm_ike_peek(w, oldest)->created_ns))
			oldest = slot;
	}
	if (oldest < used)
		ipm_ike_stop(w, oldest, IPM_REASON_UNKNOWN);
}

void
ipm_ike_count(struct ipm_writer *w, int slot, const struct ipm_ike_traffic *in, const struct ipm_ike_traffic *out)
{
	if (slot >= 0 && ipm_slot_live(w, IPM_IKE_SAS, (uint32_t)slot)) {
		struct ipm_ike_sa copy = *ipm_ike_peek(w, (uint32_t)slot);
		ipm_ike_traffic_add(&copy.in, in);
		ipm_ike_traffic_add(&copy.out, out);
		ipm_record_put(w, IPM_IKE_SAS, (uint32_t)slot, &copy);
	} else {
		ipm_ike_traffic_add(&w->totals.ike_rest_in, in);
		ipm_ike_traffic_add(&w->totals.ike_rest_out, out);
	}
	ipm_ike_traffic_add(&w->totals.ike_in, in);
	ipm_ike_traffic_add(&w->totals.ike_out, out);
}

#define ENDED_LATELY 1024 /* entries of the history that are looked through */

void
ipm_ike_count_late(struct ipm_writer *w, uint32_t index, const struct ipm_ike_traffic *in,
		   const struct ipm_ike_traffic *out)
{
	const struct ipm_section *sec = &ipm_header(&w->seg)->section[IPM_IKE_HISTORY];
	uint32_t capacity = w->seg.section[IPM_IKE_HISTORY].capacity;
	uint64_t total = atomic_load_explicit(&sec->total, memory_order_relaxed);

	for (uint32_t back = 1; index && back <= ENDED_LATELY && back <= total && back <= capacity; back++) {
		uint32_t slot = (uint32_t)((total - back) % capacity);
		struct ipm_ike_history entry =
			*(const struct ipm_ike_history *)ipm_payload_at(w, IPM_IKE_HISTORY, slot);
		if (entry.sa.index != index || entry.reason == IPM_REASON_CHECKPOINT)
			continue;
		ipm_ike_traffic_add(&entry.sa.in, in);
		ipm_ike_traffic_add(&entry.sa.out, out);
		ipm_record_put(w, IPM_IKE_HISTORY, slot, &entry);
		ipm_ike_traffic_add(&w->totals.ike_in, in);
		ipm_ike_traffic_add(&w->totals.ike_out, out);
		return;
	}
	ipm_ike_count(w, -1, in, out);
}

void
ipm_ike_merge(struct ipm_writer *w, uint32_t from, uint32_t into)
{
	struct ipm_ike_sa gone = *ipm_ike_peek(w, from), copy = *ipm_ike_peek(w, into);

	if (gone.index == 0 || copy.index == 0 || from == into)
		return;
	if (gone.state == IPM_IKE_NEGOTIATING) {
		ipm_ike_traffic_add(&copy.in, &gone.in);
		ipm_ike_traffic_add(&copy.out, &gone.out);
		ipm_record_put(w, IPM_IKE_SAS, into, &copy);
		memset(&gone.in, 0, sizeof(gone.in));
		memset(&gone.out, 0, sizeof(gone.out));
		ipm_record_put(w, IPM_IKE_SAS, from, &gone);
	}
	ipm_ike_stop(w, from, IPM_REASON_NORMAL);
	w->moved[from] = (struct ike_move){ .index = gone.index, .slot = into, .into = copy.index };
}
