/* SPDX-License-Identifier: ISC */
/**
 * @file mib_table.h  The generic table engine: MIB tables as views of model segments.
 *
 * A table is a list of columns (one line each) over one kind of record. Its rows are kept as a sorted list
 * of index and slot, made anew when the set of records changes; a request finds its row by bisection and
 * reads that one record. Scalars are a table with the single index 0.
 *
 * Records of one segment that have the same name can be a group: how many there are of which kind, and where. A
 * table's rows can be such groups, and a conversion can look one up.
 *
 * Nothing here knows AgentX or Net-SNMP: names are arrays of sub-identifiers, values have SMI tags, so the
 * same tables can be served by a subagent or from within snmpd.
 *
 * Threads:   one thread for each struct mib.
 */
#ifndef MIB_TABLE_H
#define MIB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipm_segment.h"

typedef unsigned long mib_subid; /* as Net-SNMP's oid, so that names need no copying */

#define MIB_NAME_MAX 128
#define MIB_KEY_MAX  (6 + 2 * IPM_PEER_ID_MAX) /* sub-identifiers of an index: two identities, two numbers */

/** SMI types by their BER tag, which AgentX uses too (RFC 2741, 5.4). */
enum mib_type {
	MIB_INTEGER = 2,
	MIB_OCTETS = 4,
	MIB_COUNTER = 65,
	MIB_GAUGE = 66, /* Unsigned32 too */
	MIB_TICKS = 67,
	MIB_COUNTER64 = 70,
};

struct mib_value {
	enum mib_type type;
	uint32_t len;    /* of octets */
	uint64_t number; /* all other types */
	uint8_t octets[IPM_ID_MAX];
};

struct mib; /* a set of tables over a set of segments */

/** Where a cell is: what a conversion may look at beside its field. */
struct mib_cell {
	struct mib *mib; /* to look up groups in; NULL where there is none */
	const struct ipm_segment *seg;
	const void *record;
	uint64_t now_ns;
	uint64_t master_ns; /* when the master's sysUpTime was 0 */
	unsigned gateway;   /* number of the segment, from 1 */
	unsigned nth;       /* of the rows that this record has, from 0 */
};

/** Make the value of one cell out of its field of the record; false: there is no such cell. */
typedef bool mib_convert(const struct mib_cell *cell, const void *field, struct mib_value *out);

/** What a SET of a column does (RFC 2741, 7.2.4); all such columns are INTEGERs. */
struct mib_setter {
	int32_t least, most;
	/* The checks that need more than the range: 0, or an SNMP error status (RFC 3416). NULL: none. */
	int (*test)(const struct mib_cell *cell, int32_t value);
	/* Do it: 0, or an SNMP error status. */
	int (*commit)(const struct mib_cell *cell, size_t field, int32_t value);
	bool final; /* cannot be undone */
};

struct mib_col {
	uint16_t id;
	uint8_t type;                 /* enum mib_type */
	const struct mib_setter *set; /* NULL: read-only */
	const char *name;
	mib_convert *convert;
	size_t field; /* offset in the record */
	/*
	 * What a feed must be able to know, one of these or more, for the column to have cells: of enum ipm_cap, and of
	 * the reasons in ipm_feed.drops. Both 0: the column always has them.
	 */
	uint64_t caps, drops;
};

/** One line of a table. ROW is the record's struct; define it before the list of columns. */
#define COL(id, name, type, convert, field)                                            \
	{                                                                              \
		id, MIB_##type, NULL, name, convert, offsetof(struct ROW, field), 0, 0 \
	}
#define COL_SET(id, name, type, convert, field, set)                                  \
	{                                                                             \
		id, MIB_##type, set, name, convert, offsetof(struct ROW, field), 0, 0 \
	}
/** One that is there if a feed can know it: capabilities, or reasons for drops. */
#define COL_CAP(id, name, type, convert, field, caps)                                     \
	{                                                                                 \
		id, MIB_##type, NULL, name, convert, offsetof(struct ROW, field), caps, 0 \
	}
#define COL_DROP(id, name, type, convert, field, drops)                                    \
	{                                                                                  \
		id, MIB_##type, NULL, name, convert, offsetof(struct ROW, field), 0, drops \
	}

#define MIB_KINDS 3

/**
 * How records are grouped. A group is made anew when the change counter of one of the kinds moves, so it holds what
 * moves them: which records there are, and where. Their other fields are to be read when they are wanted.
 */
struct mib_grouping {
	const char *name;
	enum ipm_section_kind of[MIB_KINDS]; /* the records, in this order; 0 ends the list */
	enum ipm_section_kind
		also[MIB_KINDS]; /* what gather() looks at besides; IPM_EVENTS: what is told as an event */
	size_t size;             /* of a group */
	/* The name of the group that this record belongs to; NULL: to none. */
	const char *(*key)(enum ipm_section_kind kind, const void *record);
	/* Put the record into its group, which is all zeros at first. */
	void (*gather)(const struct mib_cell *cell, enum ipm_section_kind kind, uint32_t slot, void *group);
};

struct mib_table {
	const char *name;
	const mib_subid *oid; /* of the entry, whose children are the columns; of the group for scalars */
	unsigned oid_len;
	/* Where a row's record comes from: the first of these that is set. */
	const void *local;                        /* a struct in this process, which is there without segments too */
	bool (*make)(struct mib *mib, void *out); /* made of all segments when it is asked for, MIB_MADE_MAX at most */
	const struct mib_grouping *groups;        /* each group is one */
	enum ipm_section_kind record;             /* each record of a segment is one */
	enum ipm_section_kind also;               /* rows depend on these records too; 0: on no others */
	unsigned each;                            /* rows of each record, by reason for drops; 0 stands for 1 */
	/*
	 * The slots of the feeds that a record is from, MIB_FEEDS_MAX at most. 0, and where it is NULL: those of the
	 * whole segment, or of all segments where the record is a sum of them.
	 */
	unsigned (*feeds)(const struct mib_cell *cell, uint32_t *slots);
	/* When it happened: rows from before the master's start have none, unless mib_show_old(). NULL: no such rule.
	 */
	uint64_t (*when)(const void *record);
	/* The row's index, MIB_KEY_MAX sub-identifiers at most; 0: this record has no row. NULL: scalars. */
	unsigned (*key)(const struct mib_cell *cell, mib_subid *key);
	/* Should the record have a row now? NULL: always. Asked when rows are made, not for each request. */
	bool (*shown)(const struct ipm_segment *seg, const void *record);
	const struct mib_col *cols;
	unsigned ncols;
};

#define MIB_FEEDS_MAX    2
#define MIB_PATIENCE_NS  50000000u /* that a request may spend on waiting for the writer of one segment */
#define MIB_MADE_MAX     1024      /* octets of a record that is made */

#define MIB_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB_COLS(array)  .cols = (array), .ncols = MIB_COUNT(array)
#define MIB_OID(array)   .oid = (array), .oid_len = MIB_COUNT(array)

/** A MIB that tables are of. */
struct mib_module {
	const char *name;
	const mib_subid *oid;
	unsigned oid_len;
};

/**
 * @param tables  in the order of their OIDs, none within another, but behind all columns of it; must outlive the result
 * @return NULL when out of memory; mib_free() it
 */
struct mib *mib_new(const struct mib_table *const *tables, unsigned count);
void mib_free(struct mib *mib);

/** Serve these segments from now on; they must live until the next call. Index ranges should not overlap. */
int mib_serve(struct mib *mib, const struct ipm_segment *const *segs, unsigned count);

/** Show rows from before the master's start, too; their time is 0. */
void mib_show_old(struct mib *mib, bool show);

/**
 * Call it before each request (a PDU with all its varbinds): within one, a row is read once and all its
 * columns agree, and rows neither come nor go.
 *
 * @param master_ns  when the master's sysUpTime was 0, in ipm_now_ns() units: TimeStamps count from there
 */
void mib_request(struct mib *mib, uint64_t master_ns);

/**
 * The same, but what changed has its rows at once. mib_request() spares the processor and may give rows of a moment
 * ago; a notification must not tell of a moment before its event.
 */
void mib_request_fresh(struct mib *mib, uint64_t master_ns);

/** What is served: for what is made of all of it. */
unsigned mib_segments(const struct mib *mib);
const struct ipm_segment *mib_segment(const struct mib *mib, unsigned number); /* from 1 */
uint64_t mib_now_ns(const struct mib *mib);                                    /* of the request */

/** How many rows a table has now. */
uint32_t mib_rows(struct mib *mib, const struct mib_table *table);

/** The group of this name in a segment, good until the next request; NULL: there is none. */
const void *mib_group(struct mib *mib, const struct mib_grouping *grouping, unsigned gateway, const char *name);

enum mib_result { MIB_OK, MIB_NO_OBJECT, MIB_NO_INSTANCE, MIB_END };

/** GET. MIB_OK, MIB_NO_OBJECT or MIB_NO_INSTANCE (RFC 3416, 4.2.1). */
enum mib_result mib_get(struct mib *mib, const mib_subid *name, size_t len, struct mib_value *out);

/**
 * What a SET is about: the column, and the segment and record of its row. MIB_OK; MIB_NO_OBJECT, MIB_NO_INSTANCE
 * as for GET. @p cell is good until the next call.
 */
enum mib_result
mib_find(struct mib *mib, const mib_subid *name, size_t len, const struct mib_col **col, struct mib_cell *cell);

/**
 * GETNEXT: the first cell behind @p name, or at it with @p inclusive, and before @p end (len 0: no end).
 *
 * @param next  room for MIB_NAME_MAX sub-identifiers
 * @return MIB_OK or MIB_END
 */
enum mib_result mib_next(struct mib *mib, const mib_subid *name, size_t len, bool inclusive, const mib_subid *end,
			 size_t end_len, mib_subid *next, size_t *next_len, struct mib_value *out);

#endif
