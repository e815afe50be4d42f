/* SPDX-License-Identifier: ISC */
/**
 * @file mib.h  How a view describes its MIB table: columns, rows, and the conversions between them and the model.
 *
 * A table is a list of columns, one line each, over one kind of record. A column names its field; the conversion
 * that makes a value of the field states the C type that it reads, and the two must match or the view doesn't compile.
 * Scalars are a table with the single index 0.
 *
 * Nothing here knows AgentX or Net-SNMP: names are arrays of sub-identifiers, values have SMI tags. Programs that
 * serve the tables use mib_table.h.
 *
 * Threads:   one thread for each struct mib.
 */
#ifndef IPSECMON_MIB_H
#define IPSECMON_MIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipm_segment.h"
#include "users.h"

typedef unsigned long mib_subid; /* Net-SNMP's oid, so names need no copying */

#define MIB_NAME_MAX 128
#define MIB_KEY_MAX  (6 + 2 * IPM_PEER_ID_MAX) /* sub-identifiers of an index: two identities, two numbers */

/** SMI types by their BER tag, which AgentX uses too (RFC 2741, 5.4). */
enum mib_type {
	MIB_INTEGER = 2,
	MIB_OCTETS = 4,
	MIB_OBJECT = 6, /* OBJECT IDENTIFIER */
	MIB_COUNTER = 65,
	MIB_GAUGE = 66, /* Unsigned32 too */
	MIB_TICKS = 67,
	MIB_COUNTER64 = 70,
};

struct mib_value {
	enum mib_type type;
	uint32_t len;    /* of octets, in octets; OBJECT: its sub-identifiers as uint32_t */
	uint64_t number; /* all other types */
	uint8_t octets[IPM_ID_MAX];
};

struct mib; /* a set of tables over a set of segments */

/** How peers of IKE, and users, are shown. */
enum mib_peer_name { MIB_NAME_NONE, MIB_NAME_CONNECTION, MIB_NAME_IDENTITY };
struct mib_peers {
	bool by_address;         /* an end's value and type are its address, not its identity */
	enum mib_peer_name name; /* LocalName and RemoteName: the connection's name, or the peer's identity */
	struct users users;      /* names of users */
};

/** The row that a conversion works for. */
struct mib_cell {
	struct mib *mib; /* for mib_group(); NULL: there are no groups */
	const struct ipm_segment *seg;
	const void *record;
	uint64_t now_ns;
	uint64_t master_ns; /* when the master's sysUpTime was 0 */
	unsigned gateway;   /* number of the segment, from 1 */
	unsigned nth;       /* number of the row among those of its record, from 0 */
};

/* --- conversions -------------------------------------------------------------------------------------------- */

/** Make the value of one cell from its field; false: the cell doesn't exist. */
typedef bool mib_convert(const struct mib_cell *cell, const void *field, struct mib_value *out);

#define MIB_UNUSED __attribute__((unused))
#define MIB_HIDDEN __attribute__((visibility("hidden")))
#define MIB_CONVERT_ARGS(ctype) \
	(const struct mib_cell *cell MIB_UNUSED, const ctype *field MIB_UNUSED, struct mib_value *out)
#define MIB_CONVERT_ENTRY(conversion)                                                                \
	bool conversion##_any(const struct mib_cell *cell, const void *field, struct mib_value *out) \
	{                                                                                            \
		return conversion(cell, field, out);                                                 \
	}

/**
 * Define a view's own conversion of fields of type @p ctype. The body sees `cell`, `field` (a pointer to @p ctype) and
 * `out`. For COL_REC() @p ctype is the record's struct.
 *
 *     MIB_CONVERT(kilobytes, uint64_t)
 *     {
 *             return mib_number(out, *field / 1024);
 *     }
 */
#define MIB_CONVERT(conversion, ctype)                  \
	static bool conversion MIB_CONVERT_ARGS(ctype); \
	static MIB_CONVERT_ENTRY(conversion) static bool conversion MIB_CONVERT_ARGS(ctype)

/** Declare in a header, and define in a C file, a conversion that several views use. */
#define MIB_CONVERT_DECLARE(conversion, ctype)              \
	MIB_HIDDEN bool conversion MIB_CONVERT_ARGS(ctype); \
	MIB_HIDDEN mib_convert conversion##_any
#define MIB_CONVERT_DEFINE(conversion, ctype) \
	MIB_CONVERT_ENTRY(conversion)         \
	bool conversion MIB_CONVERT_ARGS(ctype)

/** Conversions set a value with these: a number, or the text in an array of @p size characters. */
static inline bool
mib_number(struct mib_value *out, uint64_t number)
{
	out->number = number;
	return true;
}
bool mib_string(struct mib_value *out, const char *text, size_t size);
bool mib_object(struct mib_value *out, const uint32_t *subid, size_t count);

/** The conversion of COL_NONE(). */
mib_convert mib_none;

/* --- columns ------------------------------------------------------------------------------------------------ */

/** What a SET of a column does (RFC 2741, 7.2.4); all such columns are INTEGER or GAUGE, which stands for Unsigned32.
 */
struct mib_setter {
	int64_t least, most;
	/* Checks beyond the range: 0, or an SNMP error status (RFC 3416). NULL: none. */
	int (*test)(const struct mib_cell *cell, int64_t value);
	/* Do it: 0, or an SNMP error status. */
	int (*commit)(const struct mib_cell *cell, size_t field, int64_t value);
	bool final; /* cannot be undone */
};

struct mib_col {
	uint16_t id;
	uint8_t type; /* enum mib_type */
	const char *name;
	mib_convert *convert; /* NULL: the column is a constant */
	union {
		size_t field; /* offset in the record */
		uint64_t constant;
	};
	const struct mib_setter *set; /* NULL: read-only */
	/*
	 * The column has cells if a feed can know one of these: bits of enum ipm_cap, and of ipm_feed.drops. Both 0: it
	 * always has them.
	 */
	uint64_t caps, drops;
};

/**
 * One column is one line. Define ROW as the record's struct before the list:
 *
 *     COL(      3, "cipSecSpiValue",  GAUGE,   mib_u32,      spi),
 *     COL_REC(  8, "cipSecTunStatus", INTEGER, tunnel_state),
 *     COL_CONST(5, "cikeTunType",     INTEGER, 1),
 *
 * COL() converts a field, COL_REC() the whole record. COL_CONST() is a number, or the empty text (EMPTY). COL_NONE()
 * has no cells, because nothing knows its value. Further facts may follow: `.set = &...`, `.caps = ...`, `.drops =
 * ...`.
 */
#define COL(id_, ...)       MIB_COL_FIELD(__VA_ARGS__, .id = (id_))
#define COL_REC(id_, ...)   MIB_COL_RECORD(__VA_ARGS__, .id = (id_))
#define COL_CONST(id_, ...) MIB_COL_CONSTANT(__VA_ARGS__, .id = (id_))
#define COL_NONE(id_, ...)  MIB_COL_NONE(__VA_ARGS__, .id = (id_))
#define EMPTY               0

/* A conversion's entry, if the conversion reads an @p object of this type; anything else doesn't compile. */
#define MIB_CONVERTS(conversion, object)                                                                          \
	_Generic(&(conversion), bool (*)(const struct mib_cell *, const __typeof__(object) *, struct mib_value *) \
		 : conversion##_any)
#define MIB_COL_FIELD(name_, smi, conversion, member, ...)                                  \
	{                                                                                   \
		.name = (name_), .type = MIB_##smi, .field = offsetof(struct ROW, member),  \
		.convert = MIB_CONVERTS(conversion, ((struct ROW *)0)->member), __VA_ARGS__ \
	}
#define MIB_COL_RECORD(name_, smi, conversion, ...)                                                                    \
	{                                                                                                              \
		.name = (name_), .type = MIB_##smi, .convert = MIB_CONVERTS(conversion, *(struct ROW *)0), __VA_ARGS__ \
	}
#define MIB_COL_CONSTANT(name_, smi, value, ...)                                               \
	{                                                                                      \
		.name = (name_), .type = MIB_##smi, .constant = (uint64_t)(value), __VA_ARGS__ \
	}
#define MIB_COL_NONE(name_, smi, ...)                                                \
	{                                                                            \
		.name = (name_), .type = MIB_##smi, .convert = mib_none, __VA_ARGS__ \
	}

/** Make the value of a column's cell; false: the cell doesn't exist. */
static inline bool
mib_col_value(const struct mib_col *col, const struct mib_cell *cell, struct mib_value *out)
{
	out->type = col->type;
	out->len = 0;
	out->number = 0;
	if (!col->convert)
		return mib_number(out, col->constant);
	return col->convert(cell, (const uint8_t *)cell->record + col->field, out);
}

/* --- rows --------------------------------------------------------------------------------------------------- */

#define MIB_KINDS 3

/**
 * A grouping: the records of a segment that have the same name form a group. Groups are built again when the change
 * counter of one of the kinds moves. So keep only facts in a group that move those counters: which records exist, and
 * where. Read other fields when you need them.
 */
struct mib_grouping {
	const char *name;
	enum ipm_section_kind of[MIB_KINDS]; /* the records, in this order; 0 ends the list */
	enum ipm_section_kind
		also[MIB_KINDS];         /* other records that gather() reads; IPM_EVENTS: those that raise an event */
	const struct mib_grouping *uses; /* gather() asks for its groups, so they are built first; NULL: none */
	bool kept;   /* groups stay when their records go: gather() tells which records of rings it has seen */
	size_t size; /* of a group */
	/* The name of the record's group; NULL: it is in none. */
	const char *(*key)(enum ipm_section_kind kind, const void *record);
	/* Add the record to its group, which is all zeros at first. */
	void (*gather)(const struct mib_cell *cell, enum ipm_section_kind kind, uint32_t slot, void *group);
};

struct mib_table {
	const char *name;
	const mib_subid *oid; /* of the entry, whose children are the columns; of the group for scalars */
	unsigned oid_len;
	/* Where a row's record comes from: the first of these that is set. */
	const void *local;                        /* a struct in this process, which exists without segments too */
	bool (*make)(struct mib *mib, void *out); /* computed from all segments on demand, MIB_MADE_MAX at most */
	const struct mib_grouping *groups;        /* each group */
	enum ipm_section_kind record;             /* each record of a segment; of a ring, those that are shown */
	enum ipm_section_kind also;               /* rows depend on these records too; 0: on no others */
	unsigned each; /* rows of each record, one for each reason for drops; 0 stands for 1 */
	/*
	 * The slots of the feeds that know a record, MIB_FEEDS_MAX at most. 0 or NULL: those of the whole segment, or
	 * of all segments if the record is a sum over them.
	 */
	unsigned (*feeds)(const struct mib_cell *cell, uint32_t *slots);
	/* When it happened. Rows from before the master's start are left out, unless mib_show_old(). NULL: no such
	 * rule. */
	uint64_t (*when)(const void *record);
	/*
	 * Prepare a record of a segment for its conversions: replace fields by what the MIB shows. It gets a copy of
	 * the record. NULL: the record is shown as it is.
	 */
	void (*present)(const struct mib_peers *as, const struct ipm_segment *seg, void *record);
	/* The row's index, MIB_KEY_MAX sub-identifiers at most; 0: this record has no row. NULL: scalars. */
	unsigned (*key)(const struct mib_cell *cell, mib_subid *key);
	/* Does the record have a row now? NULL: always. Called when rows are built, not for each request. */
	bool (*shown)(const struct ipm_segment *seg, const void *record);
	const struct mib_col *cols;
	unsigned ncols;
};

#define MIB_FEEDS_MAX    2
#define MIB_MADE_MAX     1024 /* octets of a computed record */

#define MIB_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB_COLS(array)  .cols = (array), .ncols = MIB_COUNT(array)
#define MIB_OID(...) \
	.oid = (const mib_subid[]){ __VA_ARGS__ }, .oid_len = MIB_COUNT(((const mib_subid[]){ __VA_ARGS__ }))

/** A MIB, as it is registered with the master. */
struct mib_module {
	const char *name;
	const mib_subid *oid;
	unsigned oid_len;
};

/** For a table with .make: all segments, and the time of the request. */
unsigned mib_segments(const struct mib *mib);
const struct ipm_segment *mib_segment(const struct mib *mib, unsigned number); /* from 1 */
uint64_t mib_now_ns(const struct mib *mib);                                    /* of the request */

/** The sum of all segments' totals; false: none can be read. */
bool mib_totals(struct mib *mib, struct ipm_totals *sum);

/** How peers are to be shown. */
const struct mib_peers *mib_peers(const struct mib *mib);

/** Number of rows that a table has now. */
uint32_t mib_rows(struct mib *mib, const struct mib_table *table);

/** The group of this name in a segment, valid until the next request; NULL: it doesn't exist. */
const void *mib_group(struct mib *mib, const struct mib_grouping *grouping, unsigned gateway, const char *name);

#endif
