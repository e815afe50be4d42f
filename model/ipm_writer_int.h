/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_writer_int.h  Functions between the files of the writer, lowest file first: no file calls a later one. Not
 * installed.
 */
#ifndef IPM_WRITER_INT_H
#define IPM_WRITER_INT_H

#include "ipm_store.h"

/* --- ipm_writer_valid.c: supply what was left 0. -EINVAL: a value is invalid; the record was counted as refused. -- */

int ipm_ike_valid(struct ipm_writer *w, struct ipm_ike_sa *sa);
int ipm_session_valid(struct ipm_writer *w, struct ipm_session *session);
int ipm_tunnel_valid(struct ipm_writer *w, struct ipm_tunnel *tunnel);
int ipm_sa_valid(struct ipm_writer *w, struct ipm_sa *sa);
int ipm_map_valid(struct ipm_writer *w, struct ipm_map_entry *map);
int ipm_engine_valid(struct ipm_writer *w, struct ipm_engine *engine);
int ipm_side_valid(struct ipm_writer *w, enum ipm_section_kind kind, struct ipm_sel_side *side);

/* --- ipm_writer_list.c: selectors of a tunnel, access list of a crypto map entry ---------------------------------- */

struct owned_list {
	enum ipm_section_kind kind;
	uint32_t owner_index, owner_slot;
	uint32_t *head, *next_index; /* in a copy of the owner's record; the caller puts it if the list has changed */
};
/* Set the list. Entries that it already has keep their index. @p changed is also set if there was no room for all. */
int ipm_list_set(struct ipm_writer *w, const struct owned_list *list, const void *entries, uint32_t n, bool *changed);
/* After an earlier run: put the entry in @p slot on this list again. */
void ipm_list_relink(struct ipm_writer *w, const struct owned_list *list, uint32_t slot);

/* --- ipm_writer_ring.c: the oldest entry makes room for the newest ------------------------------------------------ */

/* Is there room for one more entry? If not, count it as refused. */
bool ipm_ring_room(struct ipm_writer *w, enum ipm_section_kind ring);
/* The index of the next entry, and the entry that it will replace. */
uint32_t ipm_ring_next(const struct ipm_writer *w, enum ipm_section_kind ring);
const void *ipm_ring_oldest(const struct ipm_writer *w, enum ipm_section_kind ring);
/* The slot of the entry number @p back from the end; 1: the newest. -ENOENT: there are not so many. */
int ipm_ring_back(const struct ipm_writer *w, enum ipm_section_kind ring, uint64_t back);
/* Add an entry with index ipm_ring_next(). Returns its slot. */
uint32_t ipm_ring_push(struct ipm_writer *w, enum ipm_section_kind ring, const void *entry);
void ipm_event_push(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t reason, uint32_t slot, uint32_t index);
void ipm_event_on(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t slot, uint32_t index, uint32_t ifindex);
/* Drop entries that an earlier run had begun but not announced. */
void ipm_rings_recover(struct ipm_writer *w);

/* --- ipm_writer_history.c: what has ended ------------------------------------------------------------------------- */

void ipm_ike_remember(struct ipm_writer *w, const struct ipm_ike_sa *sa, enum ipm_reason reason);
void ipm_tunnel_remember(struct ipm_writer *w, const struct ipm_tunnel *tunnel, enum ipm_reason reason);
/* Add late counts to the history of IKE SA @p index. False: it has no history any more. */
bool
ipm_ike_late(struct ipm_writer *w, uint32_t index, const struct ipm_ike_traffic *in, const struct ipm_ike_traffic *out);
/* Add an SA's late counts to the history of its tunnel. False: it has no history any more. */
bool ipm_tunnel_late(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more);

/* --- ipm_writer_engine.c: which engine runs an SA --------------------------------------------------------------------
 */

/* The record of the SA's engine, or NULL. */
struct ipm_record *ipm_engine_record(const struct ipm_writer *w, const struct ipm_sa *sa);
void ipm_engine_began(struct ipm_writer *w, const struct ipm_sa *sa);
void ipm_engine_ended(struct ipm_writer *w, const struct ipm_sa *sa);
void ipm_engine_rekeyed(struct ipm_writer *w, const struct ipm_tunnel *tunnel);
void ipm_engine_count(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more);
void ipm_engines_relink(struct ipm_writer *w);

/* --- ipm_writer_map.c: crypto map entries and their tunnels ------------------------------------------------------- */

int ipm_maps_open(struct ipm_writer *w);
/* After an earlier run: rebuild the lists of entries, tunnels and access lists, and count them. */
void ipm_maps_relink(struct ipm_writer *w);
/* The tunnel in @p slot is new, or has changed. */
void ipm_tunnel_tie(struct ipm_writer *w, uint32_t slot);
/* The tunnel in @p slot ends. Its entry keeps its counts. */
void ipm_tunnel_untie(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason);
/* A tunnel of the entry in @p map_slot came up or went down. */
void ipm_map_moved(struct ipm_writer *w, uint32_t map_slot, bool up, enum ipm_reason reason);
/* Add the counts of a tunnel to its entry, because an earlier run died before it untied the tunnel. */
void ipm_map_inherit(struct ipm_writer *w, const struct ipm_tunnel *tunnel);
/* Add an SA's late counts to the entry of its ended tunnel. */
void ipm_map_late(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more);
void ipm_map_failed(struct ipm_writer *w, const struct ipm_failure *failure);

/* --- ipm_writer_session.c: sessions and their tunnels ------------------------------------------------------------- */

/* After an earlier run: rebuild the lists of tunnels, and count the sessions. */
void ipm_sessions_relink(struct ipm_writer *w);
/* The tunnel in @p slot is new, or has changed: it belongs to the session of its IKE SA, if that has one. */
void ipm_tunnel_follow(struct ipm_writer *w, uint32_t slot);
/* The tunnel in @p slot leaves its session, which keeps its counts. */
void ipm_tunnel_leave(struct ipm_writer *w, uint32_t slot);
/* A tunnel counts for its session. */
void ipm_session_count(struct ipm_writer *w, const struct ipm_tunnel *tunnel, enum ipm_direction direction,
		       const struct ipm_traffic *more);
/* The session's IKE SA was replaced. */
void ipm_session_refresh(struct ipm_writer *w, uint32_t slot);
/* The IKE SA in @p ike_slot ends, and so does its session, unless that is held. */
void ipm_session_ike_ends(struct ipm_writer *w, uint32_t ike_slot, enum ipm_reason reason);
/* The IKE SA in @p from becomes the one in @p into, and takes its session along. */
void ipm_session_ike_merges(struct ipm_writer *w, uint32_t from, uint32_t into);
/* Add the counts of a tunnel to its session, because an earlier run died before the tunnel left it. */
void ipm_session_inherit(struct ipm_writer *w, const struct ipm_tunnel *tunnel);

/* --- ipm_writer_peer.c: give each IKE SA a number among those with the same identities ---------------------------- */

int ipm_peers_open(struct ipm_writer *w);
void ipm_peer_add(struct ipm_writer *w, uint32_t slot);
void ipm_peer_remove(struct ipm_writer *w, uint32_t slot);
uint32_t ipm_peer_number(const struct ipm_writer *w, const struct ipm_ike_sa *sa);

/* --- ipm_writer_ike.c --------------------------------------------------------------------------------------------- */

int ipm_ikes_open(struct ipm_writer *w);
void ipm_ikes_close(struct ipm_writer *w);
/* Count IKE SAs, after an earlier run. */
void ipm_ikes_relink(struct ipm_writer *w);

/* --- ipm_writer_drain.c: SAs that were stopped while workers could still hold them -------------------------------- */

int ipm_drain_open(struct ipm_writer *w);
void ipm_drain_close(struct ipm_writer *w);
/* Queue the SA in @p slot. Its state is IPM_SA_RETIRED. */
void ipm_drain_add(struct ipm_writer *w, uint32_t slot);
/* Collect late counts from some queued SAs, and free SAs that no worker can hold any more. */
void ipm_drain(struct ipm_writer *w);

/* --- ipm_writer_sa.c ---------------------------------------------------------------------------------------------- */

int ipm_spis_open(struct ipm_writer *w);
/* Drop an SA of an earlier run, but keep the counts in its lanes: readers have seen them in totals and tunnel. */
void ipm_sa_drop(struct ipm_writer *w, uint32_t slot);
/* Put all SAs on the lists of their tunnels, which are empty. */
void ipm_sas_relink(struct ipm_writer *w);

/* --- ipm_writer_tunnel.c ------------------------------------------------------------------------------------------ */

/* First empty the lists of all tunnels and count the tunnels. Put selectors on their lists after the SAs. */
void ipm_tunnels_relink(struct ipm_writer *w);
void ipm_selectors_relink(struct ipm_writer *w);

/* --- ipm_writer_old.c: a segment with another layout -------------------------------------------------------------- */

/* All records that exist at one time need different indexes, and so does the next record. */
bool ipm_range_suffices(const struct ipm_header *h);
/*
 * Give @p wanted the range of indexes of an earlier run's segment, because no index may change under a poller. False if
 * that range is damaged or too small.
 */
bool ipm_range_keep(struct ipm_header *wanted, uint64_t first, uint64_t last);
/*
 * Can its records be copied into a segment with the header @p wanted, which then has its range of indexes? -ESTALE: no,
 * and @p err says why.
 */
int ipm_old_open(struct ipm_old *old, struct ipm_header *wanted, const char *path, struct ipm_error *err);
/* Copy them from @p w->old into the new segment. @p left_out: records for which it is too small. */
int ipm_old_convert(struct ipm_writer *w, uint32_t *left_out);
void ipm_old_close(struct ipm_old *old);

/* --- ipm_writer_file.c -------------------------------------------------------------------------------------------- */

/*
 * Lock the path, and take over the existing segment or create one (@p fresh). @p wanted is the header of a new segment.
 * @p err says why an existing segment was not taken over. If only its layout differs, the new one has its records.
 */
int ipm_file_open(struct ipm_writer *w, const struct ipm_writer_options *opt, struct ipm_header *wanted, bool *fresh,
		  struct ipm_error *err);
/* A new segment is complete: give it its name, so that readers find it. */
int ipm_file_publish(struct ipm_writer *w, uint32_t mode, struct ipm_error *err);
void ipm_file_close(struct ipm_writer *w);

/* --- ipm_writer_recover.c: make the segment of an earlier run consistent ------------------------------------------ */

void ipm_recover(struct ipm_writer *w, const struct ipm_header *wanted, struct ipm_error *err);

#endif
