/* SPDX-License-Identifier: ISC */
/* What the files of the writer share. Not installed. */
#ifndef IPM_WRITER_INT_H
#define IPM_WRITER_INT_H

#include "ipm_int.h"
#include "ipm_writer.h"

/* Slots that were given back, longest free first. */
struct slot_queue {
	uint32_t *slot;
	uint32_t head, count, room;
};

/* So many slots rest before one of them is used again, so that a reader's stale slot finds nothing, not another. */
#define SLOTS_AT_REST 16

/* SAs that wait until no worker can hold them: a queue of slots + 1, through @p sa[slot]. */
struct drain {
	struct {
		uint64_t epoch; /* which every worker that is awake has to pass */
		uint32_t next;
	} * sa; /* NULL when there are no lanes */
	uint32_t first, last, count;
};

/* Slots of a section by a hash of what they hold: chains of slots + 1. */
struct slot_chains {
	uint32_t *bucket, *next, buckets;
};

struct ike_move {
	uint32_t index; /* of the one that went; 0: none did */
	uint32_t slot, into;
};

struct ipm_writer {
	struct ipm_segment seg;
	struct ipm_fast fast; /* the same, for workers in this process */
	int fd, lock;
	uint32_t room[IPM_SECTIONS]; /* slots of which the pages are reserved */
	uint64_t punched_ns;
	struct refusal {
		enum ipm_section_kind kind; /* 0: none was refused */
		bool no_room;               /* on the file system; false: the section is full */
		const char *field;          /* of the record is invalid; NULL: there was no room */
		uint32_t value;
	} refused;
	struct ipm_totals totals; /* ours; ipm_writer_commit() publishes it */
	struct slot_queue free[IPM_SECTIONS];
	struct drain drain;
	bool wrapped;             /* an index has wrapped: look before one is given */
	struct slot_chains peers; /* IKE SAs by their two identities */
	struct slot_chains spis;  /* SAs by protocol and SPI */
	struct slot_chains ikes;  /* IKE SAs by their SPIs */
	struct ike_move
		*moved; /* by IKE slot: where the last one went that another was merged into, or got its index */
	uint32_t next_unnumbered;   /* what the next IKE SA that is negotiated gets for an index */
	struct slot_chains maps;    /* crypto map entries by the name of the map */
	struct slot_chains entries; /* and by both names */
	struct slot_queue removed;  /* of these, such as are not configured any more */
	uint64_t refused_ns;        /* when IPM_EVENT_SA_REFUSED was told last; 0: never */
};

void ipm_record_put(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, const void *payload);
void ipm_section_changed(struct ipm_writer *w, enum ipm_section_kind kind);
/* Readers get the totals as they are now. */
void ipm_totals_publish(struct ipm_writer *w);
int ipm_slot_take(struct ipm_writer *w, enum ipm_section_kind kind);

void ipm_slot_give(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot);
int ipm_queue_push(struct slot_queue *q, uint32_t slot);
uint32_t ipm_queue_pop(struct slot_queue *q);

/* Readers may not have what lies between these two. */
void ipm_record_begin(struct ipm_record *rec);
void ipm_record_end(struct ipm_record *rec);

/* An index for a new record of a kind that is known by one: IKE SAs, tunnels, crypto map entries. */
uint32_t ipm_index_take(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t *next);

/* Is the tunnel in @p slot the one with this @p index? */
bool ipm_tunnel_is(const struct ipm_writer *w, uint32_t slot, uint32_t index);

static inline void *
ipm_payload_at(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	return ipm_payload(ipm_record_at(&w->seg, kind, slot));
}

/* ipm_writer_chain.c: as many buckets as there may be slots, so that a chain is short. */
int ipm_chains_open(struct slot_chains *c, uint32_t slots);
void ipm_chains_close(struct slot_chains *c);
void ipm_chain_add(struct slot_chains *c, uint32_t hash, uint32_t slot);
void ipm_chain_remove(struct slot_chains *c, uint32_t hash, uint32_t slot);
/* Slot + 1 of the one behind slot @p after, in the chain of @p hash; -1: the first of it. 0: no more. */
uint32_t ipm_chain_next(const struct slot_chains *c, uint32_t hash, int after);

/* ipm_writer_peer.c: give each IKE SA a number among those with the same identities. */
int ipm_peers_open(struct ipm_writer *w);
void ipm_peer_add(struct ipm_writer *w, uint32_t slot);
void ipm_peer_remove(struct ipm_writer *w, uint32_t slot);
uint32_t ipm_peer_number(const struct ipm_writer *w, const struct ipm_ike_sa *sa);

/* ipm_writer_ike.c: find an IKE SA by its SPIs. */
int ipm_ikes_open(struct ipm_writer *w);
void ipm_ikes_close(struct ipm_writer *w);
void ipm_ike_link(struct ipm_writer *w, uint32_t slot);
void ipm_ike_unlink(struct ipm_writer *w, uint32_t slot);

/* ipm_writer_spi.c: find an SA by its SPI. */
int ipm_spis_open(struct ipm_writer *w);
void ipm_spi_add(struct ipm_writer *w, uint32_t slot);
void ipm_spi_remove(struct ipm_writer *w, uint32_t slot);

/* ipm_writer_drain.c: SAs that were stopped while workers could still hold them. */
int ipm_drain_open(struct ipm_writer *w);
void ipm_drain_close(struct ipm_writer *w);
/* The SA in @p slot, whose record says IPM_SA_RETIRED, waits from now on. */
void ipm_drain_add(struct ipm_writer *w, uint32_t slot);
/* Move what came late into some of those that wait, and let go of those that no worker can hold any more. */
void ipm_drain(struct ipm_writer *w);

#define IPM_RECORD_MAX 4096 /* no record is larger */
/* ipm_writer_valid.c: is there a record in this slot, which may be any number? */
bool ipm_slot_live(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot);
/* Its payload, all 0 when there is no such slot. */
const void *ipm_peek(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot);
/* Supply what was left 0. -EINVAL: a field has a value that no reader could tell; it was counted as refused. */
int ipm_ike_valid(struct ipm_writer *w, struct ipm_ike_sa *sa);
int ipm_tunnel_valid(struct ipm_writer *w, struct ipm_tunnel *tunnel);
int ipm_sa_valid(struct ipm_writer *w, struct ipm_sa *sa);
int ipm_map_valid(struct ipm_writer *w, struct ipm_map *map);
int ipm_engine_valid(struct ipm_writer *w, struct ipm_engine *engine);
int ipm_side_valid(struct ipm_writer *w, enum ipm_section_kind kind, struct ipm_sel_side *side);

/* ipm_writer_room.c: pages of the file, reserved before they are written to. 0 or -ENOSPC. */
int ipm_room_header(struct ipm_writer *w);
/* All that every segment has, and what an earlier run used. */
int ipm_room_open(struct ipm_writer *w);
/* For slots 0 to @p slots - 1. */
int ipm_room(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slots);
/* Count a record that cannot be taken. Returns -ENOSPC. */
int ipm_refuse(struct ipm_writer *w, enum ipm_section_kind kind, bool no_room);

/* ipm_writer_list.c: selectors of a tunnel, access list of a crypto map entry. */
struct owned_list {
	enum ipm_section_kind kind;
	uint32_t owner_index, owner_slot;
	uint32_t *head, *next_index; /* of the owner's record, which the caller puts when they have changed */
};
/* Make the list these; entries that it already has keep their index. @p changed also when there was not room for all.
 */
int ipm_list_set(struct ipm_writer *w, const struct owned_list *list, const void *entries, uint32_t n, bool *changed);
/* After an earlier run: the entry in @p slot is of this list. */
void ipm_list_relink(struct ipm_writer *w, const struct owned_list *list, uint32_t slot);
/* The sub-index to give next, when @p index is in use and its owner may not have heard of it. */
uint32_t ipm_sub_next(uint32_t next, uint32_t index);

/* ipm_writer_map.c: what is configured, and which tunnels came of it. */
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

/* ipm_writer_engine.c: on what SAs run. */
void ipm_engines_relink(struct ipm_writer *w);
/* That of an SA, or NULL. */
struct ipm_record *ipm_engine_record(const struct ipm_writer *w, const struct ipm_sa *sa);
void ipm_engine_began(struct ipm_writer *w, const struct ipm_sa *sa);
void ipm_engine_ended(struct ipm_writer *w, const struct ipm_sa *sa);
void ipm_engine_rekeyed(struct ipm_writer *w, const struct ipm_tunnel *tunnel);
void ipm_engine_count(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more);

/* ipm_writer_ring.c: what has been. */
/* A temporary index, for an IKE SA that is not established. */
uint32_t ipm_ike_unnumbered(struct ipm_writer *w);
/* The IKE SA in @p slot, a copy of whose record is @p sa, is established: it gets its index. */
void ipm_ike_number(struct ipm_writer *w, uint32_t slot, struct ipm_ike_sa *sa);
void ipm_event_push(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t reason, uint32_t slot, uint32_t index);
void ipm_event_on(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t slot, uint32_t index, uint32_t ifindex);
void ipm_ike_remember(struct ipm_writer *w, const struct ipm_ike_sa *sa, enum ipm_reason reason);
void ipm_tunnel_remember(struct ipm_writer *w, const struct ipm_tunnel *tunnel, enum ipm_reason reason);
/* Add what a tunnel's SA counted after the tunnel's end to its history, if that is still there. */
bool ipm_tunnel_late(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more);
void ipm_rings_recover(struct ipm_writer *w);

#endif
