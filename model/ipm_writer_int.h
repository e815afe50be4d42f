/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_writer_int.h  What the files of the writer offer each other, lowest first: none calls one below it here.
 * Not installed.
 */
#ifndef IPM_WRITER_INT_H
#define IPM_WRITER_INT_H

#include "ipm_store.h"

/* --- ipm_writer_valid.c: supply what was left 0. -EINVAL: a value is invalid; the record was counted as refused. ---
 */

int ipm_ike_valid(struct ipm_writer *w, struct ipm_ike_sa *sa);
int ipm_tunnel_valid(struct ipm_writer *w, struct ipm_tunnel *tunnel);
int ipm_sa_valid(struct ipm_writer *w, struct ipm_sa *sa);
int ipm_map_valid(struct ipm_writer *w, struct ipm_map_entry *map);
int ipm_engine_valid(struct ipm_writer *w, struct ipm_engine *engine);
int ipm_side_valid(struct ipm_writer *w, enum ipm_section_kind kind, struct ipm_sel_side *side);

/* --- ipm_writer_list.c: selectors of a tunnel, access list of a crypto map entry ---------------------------------- */

struct owned_list {
	enum ipm_section_kind kind;
	uint32_t owner_index, owner_slot;
	uint32_t *head, *next_index; /* in the owner's record, which the caller puts when they have changed */
};
/* Make the list these; entries that it already has keep their index. @p changed also when there was not room for all.
 */
int ipm_list_set(struct ipm_writer *w, const struct owned_list *list, const void *entries, uint32_t n, bool *changed);
/* After an earlier run: the entry in @p slot is of this list. */
void ipm_list_relink(struct ipm_writer *w, const struct owned_list *list, uint32_t slot);

/* --- ipm_writer_ring.c: the oldest entry makes room for the newest -------------------------------------------------
 */

/* Is there room for one more entry? Else it is counted as refused. */
bool ipm_ring_room(struct ipm_writer *w, enum ipm_section_kind ring);
/* The index that the next entry will have, and what is in its place now. */
uint32_t ipm_ring_next(const struct ipm_writer *w, enum ipm_section_kind ring);
const void *ipm_ring_oldest(const struct ipm_writer *w, enum ipm_section_kind ring);
/* The slot of the entry that is @p back from the newest, which is 1. -ENOENT: there are not so many. */
int ipm_ring_back(const struct ipm_writer *w, enum ipm_section_kind ring, uint64_t back);
/* Put in an entry, whose index is ipm_ring_next(). Returns its slot. */
uint32_t ipm_ring_push(struct ipm_writer *w, enum ipm_section_kind ring, const void *entry);
void ipm_event_push(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t reason, uint32_t slot, uint32_t index);
void ipm_event_on(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t slot, uint32_t index, uint32_t ifindex);
/* An entry whose writer died in the middle of it was not announced: the next takes its place. */
void ipm_rings_recover(struct ipm_writer *w);

/* --- ipm_writer_history.c: what has ended --------------------------------------------------------------------------
 */

void ipm_ike_remember(struct ipm_writer *w, const struct ipm_ike_sa *sa, enum ipm_reason reason);
void ipm_tunnel_remember(struct ipm_writer *w, const struct ipm_tunnel *tunnel, enum ipm_reason reason);
/* Add what came after the end to the history of IKE SA @p index, if that is still there. */
bool
ipm_ike_late(struct ipm_writer *w, uint32_t index, const struct ipm_ike_traffic *in, const struct ipm_ike_traffic *out);
/* The same of an SA, to the history of its tunnel. */
bool ipm_tunnel_late(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more);

/* --- ipm_writer_engine.c: on what SAs run ---------------------------------------------------------------------------
 */

/* That of an SA, or NULL. */
struct ipm_record *ipm_engine_record(const struct ipm_writer *w, const struct ipm_sa *sa);
void ipm_engine_began(struct ipm_writer *w, const struct ipm_sa *sa);
void ipm_engine_ended(struct ipm_writer *w, const struct ipm_sa *sa);
void ipm_engine_rekeyed(struct ipm_writer *w, const struct ipm_tunnel *tunnel);
void ipm_engine_count(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more);
void ipm_engines_relink(struct ipm_writer *w);

/* --- ipm_writer_map.c: what is configured, and which tunnels came of it ----------------------------------------------
 */

int ipm_maps_open(struct ipm_writer *w);
/* Count entries, tunnels and access lists anew, after an earlier run. */
void ipm_maps_relink(struct ipm_writer *w);
/* The tunnel in @p slot is new, or has changed. */
void ipm_tunnel_tie(struct ipm_writer *w, uint32_t slot);
/* It goes: what it counted stays with the entry that it came from. */
void ipm_tunnel_untie(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason);
/* The tunnel in @p slot, tied to an entry, came up or went down. */
void ipm_map_moved(struct ipm_writer *w, uint32_t map_slot, bool up, enum ipm_reason reason);
/* Of a tunnel that an earlier run did not get to untie: the entry has what it counted. */
void ipm_map_inherit(struct ipm_writer *w, const struct ipm_tunnel *tunnel);
/* What an SA counted when its tunnel was gone. */
void ipm_map_late(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more);
void ipm_map_failed(struct ipm_writer *w, const struct ipm_failure *failure);

/* --- ipm_writer_peer.c: give each IKE SA a number among those with the same identities
 * --------------------------------- */

int ipm_peers_open(struct ipm_writer *w);
void ipm_peer_add(struct ipm_writer *w, uint32_t slot);
void ipm_peer_remove(struct ipm_writer *w, uint32_t slot);
uint32_t ipm_peer_number(const struct ipm_writer *w, const struct ipm_ike_sa *sa);

/* --- ipm_writer_ike.c
 * --------------------------------------------------------------------------------------------------- */

int ipm_ikes_open(struct ipm_writer *w);
void ipm_ikes_close(struct ipm_writer *w);
/* Count them anew, after an earlier run. */
void ipm_ikes_relink(struct ipm_writer *w);

/* --- ipm_writer_drain.c: SAs that were stopped while workers could still hold them
 * ---------------------------------------- */

int ipm_drain_open(struct ipm_writer *w);
void ipm_drain_close(struct ipm_writer *w);
/* The SA in @p slot, whose record says IPM_SA_RETIRED, waits from now on. */
void ipm_drain_add(struct ipm_writer *w, uint32_t slot);
/* Move what came late into some of those that wait, and let go of those that no worker can hold any more. */
void ipm_drain(struct ipm_writer *w);

/* --- ipm_writer_sa.c
 * ------------------------------------------------------------------------------------------------------ */

int ipm_spis_open(struct ipm_writer *w);
/* Drop an SA that an earlier run left, but not what its lanes hold: readers have seen that in totals and tunnel. */
void ipm_sa_drop(struct ipm_writer *w, uint32_t slot);
/* Put SAs on the lists of their tunnels anew, which are empty. */
void ipm_sas_relink(struct ipm_writer *w);

/* --- ipm_writer_tunnel.c
 * ---------------------------------------------------------------------------------------------------- */

/* Empty the lists of tunnels and count them; and put selectors on their lists, after SAs have come there. */
void ipm_tunnels_relink(struct ipm_writer *w);
void ipm_selectors_relink(struct ipm_writer *w);

/* --- ipm_writer_file.c
 * ------------------------------------------------------------------------------------------------------- */

/*
 * Lock the path, and take over the segment that is there, or make a new one: then @p fresh. @p wanted is the header
 * of a new one; @p err says why a segment that is there was not taken over.
 */
int ipm_file_open(struct ipm_writer *w, const struct ipm_writer_options *opt, struct ipm_header *wanted, bool *fresh,
		  struct ipm_error *err);
void ipm_file_close(struct ipm_writer *w);

/* --- ipm_writer_recover.c: make what an earlier run left agree with itself
 * ---------------------------------------------------- */

void ipm_recover(struct ipm_writer *w, const struct ipm_header *wanted, struct ipm_error *err);

#endif
