/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_store.h  The bottom layer of the writer: slots, indexes, sequence numbers, change counters. Not
 * installed.
 *
 * ipm_store.c knows where a record is, but not its meaning. Each ipm_writer_*.c file knows one kind of record.
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

/* Take a free slot only when there are more than this many, so that slots which readers remember stay empty for a
 * while. */
#define SLOTS_AT_REST 16

/* SAs that wait until no worker can hold them: a queue of slots + 1, linked by @p sa[slot].next. */
struct drain {
	struct {
		uint64_t epoch; /* every online worker must reach it first */
		uint32_t next;
	} * sa; /* NULL when there are no lanes */
	uint32_t first, last, count;
};

/* Slots of a section by a hash of their contents: chains of slots + 1. */
struct slot_chains {
	uint32_t *bucket, *next, buckets;
};

struct ike_move {
	uint32_t index; /* of the IKE SA that moved; 0: none */
	uint32_t slot, into;
};

/* A segment that an earlier run left with another layout. */
struct ipm_old {
	uint8_t *base; /* NULL: there is none */
	size_t size;
	struct ipm_layout *layout;
};

struct ipm_writer {
	struct ipm_segment seg;
	struct ipm_fast fast; /* the same segment, for workers in this process */
	int fd, lock;
	char *temp; /* the file's name, until ipm_file_publish() gives it its own */
	struct ipm_old old;
	uint32_t room[IPM_SECTIONS]; /* slots with reserved pages */
	uint64_t punched_ns;
	struct refusal {
		enum ipm_section_kind kind; /* 0: no record was refused */
		bool no_room;               /* true: the file system is full; false: the section is full */
		const char *field;          /* the invalid field; NULL: there was no room */
		uint32_t value;
	} refused;
	struct ipm_totals totals; /* ipm_writer_commit() publishes it */
	struct slot_queue free[IPM_SECTIONS];
	struct drain drain;
	bool wrapped;               /* indexes have wrapped: the next one may be in use */
	struct slot_chains peers;   /* IKE SAs by their two identities */
	struct slot_chains spis;    /* SAs by protocol and SPI */
	struct slot_chains ikes;    /* IKE SAs by their SPIs */
	struct ike_move *moved;     /* by slot: where the last IKE SA moved that was merged, or got its index */
	uint32_t next_unnumbered;   /* the next temporary index of an IKE SA */
	struct slot_chains maps;    /* crypto map entries by the name of the map */
	struct slot_chains entries; /* crypto map entries by both names */
	struct slot_queue removed;  /* crypto map entries that are no longer configured */
	uint64_t refused_ns;        /* time of the last IPM_EVENT_SA_REFUSED; 0: never */
};

/* --- records ------------------------------------------------------------------------------------------------ */

/* Write a record. @p payload has ipm_record_size(kind) octets. */
void ipm_record_put(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, const void *payload);
/* Between these two calls no reader gets the record. */
void ipm_record_begin(struct ipm_record *rec);
void ipm_record_end(struct ipm_record *rec);
/* The set of records of this kind has changed. */
void ipm_section_changed(struct ipm_writer *w, enum ipm_section_kind kind);
/* Publish the totals to readers. */
void ipm_totals_publish(struct ipm_writer *w);

static inline void *
ipm_payload_at(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	return ipm_payload(ipm_record_at(&w->seg, kind, slot));
}

/* Is there a record in this slot? @p slot may be any number. */
bool ipm_slot_live(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot);
/* The payload in this slot; all 0 if the slot doesn't exist. */
const void *ipm_peek(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot);
/* Is the record in @p slot the one with this @p index? */
bool ipm_slot_holds(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, uint32_t index);

/* --- slots and indexes ---------------------------------------------------------------------------------------- */

/* A slot for a new record, or -ENOSPC. */
int ipm_slot_take(struct ipm_writer *w, enum ipm_section_kind kind);
/* Remove the record and free the slot. */
void ipm_slot_give(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot);
int ipm_queue_push(struct slot_queue *q, uint32_t slot);
uint32_t ipm_queue_pop(struct slot_queue *q);

/* A new index for an IKE SA, tunnel or crypto map entry. */
uint32_t ipm_index_take(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t *next);
/* The next sub-index, if @p next was planned and @p index turns out to be in use. */
uint32_t ipm_sub_next(uint32_t next, uint32_t index);

/* Count a record that is refused for lack of room. Returns -ENOSPC. */
int ipm_refuse(struct ipm_writer *w, enum ipm_section_kind kind, bool no_room);
/* Count a record that is refused because of the value of @p field. Returns -EINVAL. */
int ipm_refuse_value(struct ipm_writer *w, enum ipm_section_kind kind, const char *field, uint32_t value);

/* --- ipm_store_room.c: pages of the file, reserved before they are written to. 0 or -ENOSPC. -------------------- */

/* The header, and @p tail octets at the end. */
int ipm_room_ends(struct ipm_writer *w, size_t tail);
/* For the parts that every segment has, and for everything that an earlier run used. */
int ipm_room_open(struct ipm_writer *w);
/* For slots 0 to @p slots - 1. */
int ipm_room(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slots);

/* --- ipm_store_chain.c: as many buckets as there may be slots, so that a chain is short -------------------------- */

int ipm_chains_open(struct slot_chains *c, uint32_t slots);
void ipm_chains_close(struct slot_chains *c);
void ipm_chain_add(struct slot_chains *c, uint32_t hash, uint32_t slot);
void ipm_chain_remove(struct slot_chains *c, uint32_t hash, uint32_t slot);
/* Slot + 1 of the next entry after slot @p after in the chain of @p hash; -1: the first. 0: no more. */
uint32_t ipm_chain_next(const struct slot_chains *c, uint32_t hash, int after);

#endif
