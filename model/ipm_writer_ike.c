/* SPDX-License-Identifier: ISC */
/* IKE SAs: finding them, counting for them, and merging two records of one IKE SA. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_hash.h"
#include "ipm_writer_int.h"

/* --- by SPI ------------------------------------------------------------------------------------------------ */

/*
 * Peers choose SPIs. A peer that causes collisions only lengthens its own chain, and the feed limits how many IKE SAs
 * it has.
 */
static uint32_t
hash_spis(uint64_t spi_initiator, uint64_t spi_responder)
{
	uint32_t hash = ipm_hash(IPM_HASH_BEGIN, &spi_initiator, sizeof(spi_initiator));
	return ipm_hash(hash, &spi_responder, sizeof(spi_responder));
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

static void
spis_add(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
	ipm_chain_add(&w->ikes, hash_spis(sa->spi_initiator, sa->spi_responder), slot);
}

static void
spis_remove(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
	ipm_chain_remove(&w->ikes, hash_spis(sa->spi_initiator, sa->spi_responder), slot);
}

/* --- indexes ----------------------------------------------------------------------------------------------- */

int
ipm_ike_find(const struct ipm_writer *w, uint32_t slot, uint32_t index)
{
	/* A record that received another one may itself have been merged since. */
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

/* Take a temporary index for an IKE SA that is not established. */
static uint32_t
take_temporary(struct ipm_writer *w)
{
	uint32_t index = w->next_unnumbered;
	w->next_unnumbered = index == UINT32_MAX ? IPM_IKE_UNNUMBERED : index + 1;
	return index;
}

/* Give the IKE SA in @p slot its final index: it is established. @p sa is a copy of its record. */
static void
give_index(struct ipm_writer *w, uint32_t slot, struct ipm_ike_sa *sa)
{
	uint32_t before = sa->index;
	if (before < IPM_IKE_UNNUMBERED)
		return;
	sa->index = ipm_index_take(w, IPM_IKE_SAS, &w->totals.next_ike);
	w->moved[slot] = (struct ike_move){ .index = before, .slot = slot, .into = sa->index };
}

/* --- start and end ------------------------------------------------------------------------------------------------ */

/* An IKE SA counts as active and has a row once it has been established. */
static bool
is_shown(const struct ipm_ike_sa *sa)
{
	return sa->state != IPM_IKE_NEGOTIATING && !sa->held;
}

/* Update the gauge and tell readers when an IKE SA gets or loses its row. */
static void
shown_changed(struct ipm_writer *w, bool was, const struct ipm_ike_sa *now)
{
	if (was == is_shown(now))
		return;
	if (was)
		w->totals.ike_active--;
	else
		w->totals.ike_active++;
	ipm_section_changed(w, IPM_IKE_SAS);
}

int
ipm_ike_start(struct ipm_writer *w, const struct ipm_ike_sa *sa)
{
	struct ipm_ike_sa copy = *sa;
	int rc = ipm_ike_valid(w, &copy), slot = rc < 0 ? rc : ipm_slot_take(w, IPM_IKE_SAS);
	if (slot < 0)
		return slot;
	bool is_up = copy.state != IPM_IKE_NEGOTIATING;
	copy.index = is_up ? ipm_index_take(w, IPM_IKE_SAS, &w->totals.next_ike) : take_temporary(w);
	copy.refreshes = copy.session = 0;
	if (copy.created_ns == 0)
		copy.created_ns = ipm_now_ns();
	memset(&copy.in, 0, sizeof(copy.in));
	memset(&copy.out, 0, sizeof(copy.out));
	copy.peer = is_up ? ipm_peer_number(w, &copy) : 0;
	ipm_record_put(w, IPM_IKE_SAS, (uint32_t)slot, &copy);
	if (is_up)
		ipm_peer_add(w, (uint32_t)slot);
	spis_add(w, (uint32_t)slot);
	ipm_section_changed(w, IPM_IKE_SAS);
	shown_changed(w, false, &copy);
	if (copy.initiator && is_up)
		w->totals.ike_initiated++;
	if (is_shown(&copy))
		ipm_event_push(w, IPM_EVENT_IKE_START, 0, (uint32_t)slot, copy.index);
	return slot;
}

/* Restore the fields that only the writer sets. */
static void
keep_own_fields(struct ipm_ike_sa *sa, const struct ipm_ike_sa *old)
{
	sa->index = old->index;
	sa->refreshes = old->refreshes;
	sa->peer = old->peer;
	sa->session = old->session;
	sa->in = old->in;
	sa->out = old->out;
	if (old->state == IPM_IKE_NEGOTIATING && sa->state == IPM_IKE_DELETING)
		sa->state = IPM_IKE_NEGOTIATING; /* given up before it was established: no row and no event */
}

static void
established(struct ipm_writer *w, uint32_t slot, const struct ipm_ike_sa *sa)
{
	if (sa->initiator)
		w->totals.ike_initiated++;
	ipm_event_push(w, IPM_EVENT_IKE_START, 0, slot, sa->index);
}

int
ipm_ike_put(struct ipm_writer *w, uint32_t slot, const struct ipm_ike_sa *sa)
{
	const struct ipm_ike_sa *old = ipm_ike_peek(w, slot);
	struct ipm_ike_sa copy = *sa;
	bool was_shown = is_shown(old), was_up = old->state != IPM_IKE_NEGOTIATING;

	if (!ipm_slot_live(w, IPM_IKE_SAS, slot))
		return -ENOENT;
	int rc = ipm_ike_valid(w, &copy);
	if (rc < 0)
		return rc;
	bool other_peer = strcmp(copy.local_id, old->local_id) != 0 || strcmp(copy.remote_id, old->remote_id) != 0;

	keep_own_fields(&copy, old);
	if (memcmp(&copy, old, sizeof(copy)) == 0)
		return 0;
	bool other_spis = copy.spi_initiator != old->spi_initiator || copy.spi_responder != old->spi_responder;
	bool is_up = copy.state != IPM_IKE_NEGOTIATING;
	if (was_up && (other_peer || !is_up))
		ipm_peer_remove(w, slot);
	if (is_up && (other_peer || !was_up))
		copy.peer = ipm_peer_number(w, &copy);
	else if (!is_up)
		copy.peer = 0;
	if (is_up)
		give_index(w, slot, &copy);
	if (other_spis)
		spis_remove(w, slot);
	ipm_record_put(w, IPM_IKE_SAS, slot, &copy);
	if (other_spis)
		spis_add(w, slot);
	if (is_up && (other_peer || !was_up)) {
		ipm_peer_add(w, slot);
		ipm_section_changed(w, IPM_IKE_SAS); /* its index in cikePeerTable has changed */
	}
	shown_changed(w, was_shown, &copy);
	if (!was_up && copy.state == IPM_IKE_ESTABLISHED)
		established(w, slot, &copy);
	return 0;
}

void
ipm_ike_refresh(struct ipm_writer *w, uint32_t slot)
{
	struct ipm_ike_sa copy = *ipm_ike_peek(w, slot);
	if (copy.index == 0)
		return;
	copy.refreshes++;
	ipm_record_put(w, IPM_IKE_SAS, slot, &copy);
	if (copy.session)
		ipm_session_refresh(w, copy.session - 1);
}

void
ipm_ike_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason)
{
	ipm_session_ike_ends(w, slot, reason);
	struct ipm_ike_sa copy = *ipm_ike_peek(w, slot);
	bool was_up = copy.state != IPM_IKE_NEGOTIATING;

	if (copy.index == 0)
		return;
	if (is_shown(&copy))
		w->totals.ike_active--;
	if (was_up) {
		w->totals.ike_previous++;
		ipm_ike_remember(w, &copy, reason);
	} else {
		ipm_ike_traffic_add(&w->totals.ike_rest_in, &copy.in);
		ipm_ike_traffic_add(&w->totals.ike_rest_out, &copy.out);
	}
	if (was_up)
		ipm_peer_remove(w, slot);
	spis_remove(w, slot);
	ipm_slot_give(w, IPM_IKE_SAS, slot);
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
	ipm_session_ike_merges(w, from, into);
	ipm_ike_stop(w, from, IPM_REASON_NORMAL);
	w->moved[from] = (struct ike_move){ .index = gone.index, .slot = into, .into = copy.index };
}

/* --- counts ------------------------------------------------------------------------------------------------ */

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

void
ipm_ike_count_late(struct ipm_writer *w, uint32_t index, const struct ipm_ike_traffic *in,
		   const struct ipm_ike_traffic *out)
{
	if (index == 0 || !ipm_ike_late(w, index, in, out)) {
		ipm_ike_count(w, -1, in, out);
		return;
	}
	ipm_ike_traffic_add(&w->totals.ike_in, in);
	ipm_ike_traffic_add(&w->totals.ike_out, out);
}

/* --- opening ----------------------------------------------------------------------------------------------- */

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
			spis_add(w, slot);
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
ipm_ikes_relink(struct ipm_writer *w)
{
	w->totals.ike_active = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
		if (sa->index == 0)
			continue;
		if (is_shown(sa))
			w->totals.ike_active++;
		if (sa->index >= w->totals.next_ike && sa->index < IPM_IKE_UNNUMBERED)
			w->wrapped = true;
	}
}
