/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_store.h  The bottom layer of the writer: slots, indexes, sequence numbers, change counters. Not
 * installed.
 *
 * ipm_store.c knows where a record is, and not what it means; the ipm_writer_*.c files know that, one kind of record
 * each.
 */
#ifndef IPM_STORE_H
#define IPM_STORE_H

#include "ipm_int.h"
#include "ipm_writer.h"

/* Free slots that have been used before, longest free first. */
struct slot_queue {
	uint32_t *slot;
	uint32_t head, count, room;
};

/* One of them is used only when there are more than this many, so that a reader's old slot finds no other record. */
#define SLOTS_AT_REST 16

/* SAs that wait until no worker can hold them: a queue of slots + 1, through @p sa[slot]. */
struct drain {
	struct {
		uint64_t epoch; /* which every worker that is online has to reach */
		uint32_t next;
	} * sa; /* NULL when there are no lanes */
	uint32_t first, last, count;
};

/* Slots of a section by a hash of what they hold: chains of slots + 1. */
struct slot_chains {
	uint32_t *bucket, *next, buckets;
};

struct ike_move {
	uint32_t index; /* of the IKE SA that went; 0: none did */
	uint32_t slot, into;
};

struct ipm_writer {
	struct ipm_segment seg;
	struct ipm_fast fast; /* the same, for workers in this process */
	int fd, lock;
	uint32_t room[IPM_SECTIONS]; /* slots whose pages are reserved */
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
	bool wrapped;               /* an index has wrapped: a next one may be in use */
	struct slot_chains peers;   /* IKE SAs by their two identities */
	struct slot_chains spis;    /* SAs by protocol and SPI */
	struct slot_chains ikes;    /* IKE SAs by their SPIs */
	struct ike_move *moved;     /* by IKE slot: where the last one went that was merged, or got its index */
	uint32_t next_unnumbered;   /* what the next IKE SA that is negotiated gets for an index */
	struct slot_chains maps;    /* crypto map entries by the name of the map */
	struct slot_chains entries; /* and by both names */
	struct slot_queue removed;  /* of these, those that are no longer configured */
	uint64_t refused_ns;        /* when the last IPM_EVENT_SA_REFUSED was; 0: never */
};

/* --- records ------------------------------------------------------------------------------------------------ */

/* Write a record. @p payload is as long as the record's kind says. */
void ipm_record_put(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, const void *payload);
/* Between these two no reader gets the record. */
void ipm_record_begin(struct ipm_record *rec);
void ipm_record_end(struct ipm_record *rec);
/* The set of records of this kind has changed. */
void ipm_section_changed(struct ipm_writer *w, enum ipm_section_kind kind);
/* Readers get the totals as they are now. */
void ipm_totals_publish(struct ipm_writer *w);

static inline void *
ipm_payload_at(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	return ipm_payload(ipm_record_at(&w->seg, kind, slot));
}

/* Is there a record in this slot, which may be any number? */
bool ipm_slot_live(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot);
/* Its payload, all 0 when there is no such slot. */
const void *ipm_peek(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot);
/* Is the record in @p slot the one with this @p index? */
bool ipm_slot_holds(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, uint32_t index);

/* --- slots and indexes ---------------------------------------------------------------------------------------- */

/* A slot for a new record, or -ENOSPC. */
int ipm_slot_take(struct ipm_writer *w, enum ipm_section_kind kind);
/* Free the slot: its record goes. */
void ipm_slot_give(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot);
int ipm_queue_push(struct slot_queue *q, uint32_t slot);
uint32_t ipm_queue_pop(struct slot_queue *q);

/* The index of a new IKE SA, tunnel or crypto map entry. */
uint32_t ipm_index_take(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t *next);
/* The sub-index of the next new record, when @p index is in use and its owner may not know of it. */
uint32_t ipm_sub_next(uint32_t next, uint32_t index);

/* Count a record that cannot be taken. Returns -ENOSPC. */
int ipm_refuse(struct ipm_writer *w, enum ipm_section_kind kind, bool no_room);
/* Count a record whose @p field has a value that it cannot have. Returns -EINVAL. */
int ipm_refuse_value(struct ipm_writer *w, enum ipm_section_kind kind, const char *field, uint32_t value);

/* --- ipm_store_room.c: pages of the file, reserved before they are written to. 0 or -ENOSPC. -------------------- */

int ipm_room_header(struct ipm_writer *w);
/* All that every segment has, and what an earlier run used. */
int ipm_room_open(struct ipm_writer *w);
/* For slots 0 to @p slots - 1. */
int ipm_room(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slots);

/* --- ipm_store_chain.c: as many buckets as there may be slots, so that a chain is short -------------------------- */

int ipm_chains_open(struct slot_chains *c, uint32_t slots);
void ipm_chains_close(struct slot_chains *c);
void ipm_chain_add(struct slot_chains *c, uint32_t hash, uint32_t slot);
void ipm_chain_remove(struct slot_chains *c, uint32_t hash, uint32_t slot);
/* Slot + 1 of the one behind slot @p after, in the chain of @p hash; -1: the first of it. 0: no more. */
uint32_t ipm_chain_next(const struct slot_chains *c, uint32_t hash, int after);

#endif
