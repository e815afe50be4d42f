/* SPDX-License-Identifier: ISC */
/* What the files of the table code share. mib_table.c uses the others, and mib_group.c uses mib_build.c. */
#ifndef MIB_INT_H
#define MIB_INT_H

#include "mib_table.h"

/* Room for a record of any kind, or one that a view computes. */
union any_record {
	union ipm_any_record read;
	uint64_t made[MIB_MADE_MAX / 8];
};

/* When something was built from the records, and what that took. */
struct built {
	uint64_t at_ns; /* 0: never */
	uint64_t cost_ns;
	uint64_t change;  /* sum of the change counters that it depends on */
	uint64_t request; /* the last one that checked them */
	bool busy;        /* the writer was changing a record at that time; it may be readable now */
};

/* The groups of one grouping. */
struct groups {
	const struct mib_grouping *grouping;
	struct group *group;
	uint8_t *pool;   /* their records, one after the other */
	uint32_t *table; /* number + 1 by hash, with open addressing; its size is a power of two */
	uint32_t count, room, pool_room, table_size;
	uint64_t builds; /* how often they were built */
	struct built built;
};

#define GROUPINGS_MAX 8

/* A group's name and segment. */
struct group {
	uint32_t hash;
	uint16_t seg;
	char name[IPM_NAME_MAX];
};

/* A record that was read for a request. */
struct reading {
	uint32_t table, row;
	bool ok;
	union any_record record;
};

/* More rows than anyone asks for in one request; the oldest gives way. */
#define READS_MAX 256

/* The rows of a table. */
struct snapshot {
	struct row *rows;
	uint32_t count, room;
	uint32_t *keys; /* sub-identifiers of all rows' indexes */
	uint32_t key_count, key_room;
	uint32_t hint;      /* the row found last: a walk asks for the next one */
	uint64_t since_ns;  /* rows from before that were left out */
	struct built built; /* change: or which build of the groups */
};

/* What feeds can know. */
struct knowable {
	uint64_t caps, drops;
	bool undeclared; /* no feed, or a feed that doesn't tell: only a count above 0 shows that it is known */
};

/* A segment that is served. */
struct served {
	const struct ipm_segment *seg;
	struct ipm_totals totals; /* as they could be read last */
	bool totals_known;
	struct knowable all, active; /* bits that all feeds know; bits known by feeds whose source has answered */
	uint64_t asked_in;           /* the request in which their records were read */
};

struct mib {
	struct groups groups[GROUPINGS_MAX];
	unsigned grouping_count;
	const struct mib_table *const *tables;
	unsigned table_count;
	struct served *segs;
	unsigned seg_count;
	uint64_t request; /* counts up */
	uint64_t now_ns;
	uint64_t master_ns;
	bool show_old;
	struct mib_peers peers;
	bool fresh;        /* rows and groups must be up to date, whatever that costs */
	uint32_t read_new; /* number of records read in this request; the last ones are in reads */
	struct reading reads[READS_MAX];
	struct snapshot snap[];
};

/* --- mib_build.c -------------------------------------------------------------------------------------------- */

/* Make room for @p need elements of @p size octets. */
bool mib_grow(void **array, uint32_t *room, uint32_t need, size_t size);

/* The cell of a record of segment @p s, when rows or groups are built. */
struct mib_cell mib_cell_of(struct mib *mib, unsigned s, const void *record);

/* The change counter of these records in all segments; IPM_EVENTS: how many events there were. 0 for kind 0. */
uint64_t mib_change(const struct mib *mib, enum ipm_section_kind kind);

/*
 * May we build now? Building takes at most a tenth of the time. So on a busy gateway, rows may be a fraction of a
 * second old.
 */
bool mib_built_lately(const struct mib *mib, const struct built *built);
uint64_t mib_build_begin(struct built *built, uint64_t change);
void mib_build_end(struct built *built, uint64_t begun_ns);

/* --- mib_group.c -------------------------------------------------------------------------------------------- */

/* The groups to answer this request from; NULL: there are too many groupings. */
struct groups *mib_groups(struct mib *mib, const struct mib_grouping *grouping);
void *mib_group_record(const struct groups *g, uint32_t number);
void mib_groups_free(struct groups *g);

/* Forget all groups: other segments are served. */
void mib_groups_clear(struct groups *g);

/* The rings come last. */
static inline bool
mib_is_ring(enum ipm_section_kind kind)
{
	return kind >= IPM_IKE_HISTORY;
}

/* --- mib_known.c -------------------------------------------------------------------------------------------- */

/* Do cells of the column depend on what feeds can know? The two functions below are for such columns. */
static inline bool
mib_col_conditional(const struct mib_col *col)
{
	return col->caps || col->drops;
}

/* Can a feed know this cell? A 0 that nobody counts is no value. */
bool mib_known(struct mib *mib, const struct mib_table *table, const struct mib_col *col, const struct mib_cell *cell,
	       const struct mib_value *value);

/* Can no row of any segment have a cell of this column? */
bool mib_column_unknown(struct mib *mib, const struct mib_col *col);

#endif
