/* SPDX-License-Identifier: ISC */
/* The generic table engine. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mib_table.h"

struct row {
	uint32_t key;  /* where it starts in the snapshot's pool of keys */
	uint32_t slot; /* of its record, or the number of its group */
	uint16_t seg;
	uint8_t key_len;
	uint8_t nth;
	uint32_t read; /* where its record is among the reads, if it was read in this request */
};
_Static_assert(MIB_KEY_MAX <= UINT8_MAX, "a row has room for the length of its key");

/* Room for a record of any kind. */
union any_record {
	struct ipm_totals totals;
	struct ipm_feed feed;
	struct ipm_ike_sa ike;
	struct ipm_tunnel tunnel;
	struct ipm_selector selector;
	struct ipm_sa sa;
	struct ipm_settings settings;
	struct ipm_ike_history ike_history;
	struct ipm_tunnel_history tunnel_history;
	struct ipm_selector_history selector_history;
	struct ipm_failure failure;
	struct ipm_map map;
	struct ipm_engine engine;
	struct ipm_agent agent;
	struct ipm_access access;
	struct ipm_interface interface;
	uint64_t made[MIB_MADE_MAX / 8];
};

/* A record that was read for a request. */
struct reading {
	uint32_t table, row;
	bool ok;
	union any_record record;
};

/* More rows than anyone asks for in one request; the oldest gives way. */
#define READS_MAX 256

/* A table's rows as they were at one moment. */
struct snapshot {
	struct row *rows;
	uint32_t count, room;
	uint32_t *keys; /* sub-identifiers of all rows' indexes */
	uint32_t key_count, key_room;
	uint32_t hint;    /* the row found last: a walk asks for the one behind it */
	uint64_t change;  /* what the segments' change counters added up to, or which the groups were */
	uint64_t made_ns; /* when it was made, and what that took */
	uint64_t cost_ns;
	uint64_t since_ns; /* rows from before that were left out */
	bool busy;         /* the writer was at work on a record then: it may have a row by now */
	uint64_t request;  /* which the rows are looked after for */
};

/* A group's place: its name and segment, by which it is found, and its record in the pool. */
struct group {
	uint32_t hash;
	uint16_t seg;
	char name[IPM_NAME_MAX];
};

/* The groups of one grouping as they were at one moment. */
struct groups {
	const struct mib_grouping *grouping;
	struct group *group;
	uint8_t *pool;   /* their records, one after the other */
	uint32_t *table; /* number + 1 by hash, open; a power of two long */
	uint32_t count, room, pool_room, table_size;
	uint64_t made; /* how often */
	uint64_t change, made_ns, cost_ns, request;
	bool busy;
};

#define GROUPINGS_MAX 4

/* A segment's totals as they could be read last. */
struct last_totals {
	struct ipm_totals totals;
	bool known;
};

struct mib {
	struct groups groups[GROUPINGS_MAX];
	unsigned grouping_count;
	const struct mib_table *const *tables;
	unsigned table_count;
	const struct ipm_segment **segs;
	struct last_totals *totals; /* of each */
	unsigned seg_count;
	uint64_t request; /* counts up */
	uint64_t now_ns;
	uint64_t master_ns;
	bool show_old;
	bool fresh;        /* rows and groups must be those of now, whatever they cost */
	uint32_t read_new; /* so many records were read in this request; the last of them are below */
	struct reading reads[READS_MAX];
	struct snapshot snap[];
};

struct mib *
mib_new(const struct mib_table *const *tables, unsigned count)
{
	struct mib *mib = calloc(1, sizeof(*mib) + count * sizeof(mib->snap[0]));
	if (!mib)
		return NULL;
	mib->tables = tables;
	mib->table_count = count;
	mib->now_ns = ipm_now_ns();
	return mib;
}

void
mib_free(struct mib *mib)
{
	if (!mib)
		return;
	for (unsigned t = 0; t < mib->table_count; t++) {
		free(mib->snap[t].rows);
		free(mib->snap[t].keys);
	}
	for (unsigned g = 0; g < mib->grouping_count; g++) {
		free(mib->groups[g].group);
		free(mib->groups[g].pool);
		free(mib->groups[g].table);
	}
	free(mib->segs);
	free(mib->totals);
	free(mib);
}

int
mib_serve(struct mib *mib, const struct ipm_segment *const *segs, unsigned count)
{
	const struct ipm_segment **copy = NULL;
	struct last_totals *totals = NULL;
	if (count) {
		copy = malloc(count * sizeof(*copy));
		totals = calloc(count, sizeof(*totals));
		if (!copy || !totals) {
			free(copy);
			free(totals);
			return -ENOMEM;
		}
		memcpy(copy, segs, count * sizeof(*copy));
	}
	free(mib->segs);
	free(mib->totals);
	mib->segs = copy;
	mib->totals = totals;
	mib->seg_count = count;
	mib->read_new = 0;
	for (unsigned t = 0; t < mib->table_count; t++) {
		mib->snap[t].count = 0;
		mib->snap[t].made_ns = 0;
	}
	for (unsigned g = 0; g < mib->grouping_count; g++) {
		mib->groups[g].count = 0;
		mib->groups[g].made_ns = 0;
	}
	return 0;
}

unsigned
mib_segments(const struct mib *mib)
{
	return mib->seg_count;
}

const struct ipm_segment *
mib_segment(const struct mib *mib, unsigned number)
{
	return number >= 1 && number <= mib->seg_count ? mib->segs[number - 1] : NULL;
}

uint64_t
mib_now_ns(const struct mib *mib)
{
	return mib->now_ns;
}

void
mib_show_old(struct mib *mib, bool show)
{
	mib->show_old = show;
}

void
mib_request(struct mib *mib, uint64_t master_ns)
{
	mib->request++;
	mib->read_new = 0;
	mib->master_ns = master_ns;
	mib->now_ns = ipm_now_ns();
	mib->fresh = false;
	for (unsigned s = 0; s < mib->seg_count; s++)
		ipm_segment_patience(mib->segs[s], MIB_PATIENCE_NS);
}

void
mib_request_fresh(struct mib *mib, uint64_t master_ns)
{
	mib_request(mib, master_ns);
	mib->fresh = true;
}

/* What we have worked: on a busy machine far less than the time that has passed meanwhile. */
static uint64_t
worked_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* No more than a tenth of the time goes into making rows and groups anew. */
static bool
too_soon(const struct mib *mib, uint64_t made_ns, uint64_t cost_ns)
{
	return !mib->fresh && mib->now_ns - made_ns < 10 * cost_ns;
}

/* --- names ------------------------------------------------------------------------------------------------ */

static int
name_compare(const mib_subid *a, size_t a_len, const mib_subid *b, size_t b_len)
{
	size_t n = a_len < b_len ? a_len : b_len;
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return (a_len > b_len) - (a_len < b_len);
}

/* --- rows ------------------------------------------------------------------------------------------------- */

/* A row's index against sub-identifiers. */
static int
key_compare(const struct snapshot *snap, const struct row *row, const mib_subid *b, size_t b_len)
{
	const uint32_t *a = snap->keys + row->key;
	size_t n = row->key_len < b_len ? row->key_len : b_len;
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return (row->key_len > b_len) - (row->key_len < b_len);
}

static int
row_compare(const void *a, const void *b, void *arg)
{
	const struct snapshot *snap = arg;
	const struct row *x = a, *y = b;
	const uint32_t *p = snap->keys + x->key, *q = snap->keys + y->key;
	size_t n = x->key_len < y->key_len ? x->key_len : y->key_len;
	for (size_t i = 0; i < n; i++)
		if (p[i] != q[i])
			return p[i] < q[i] ? -1 : 1;
	if (x->key_len != y->key_len)
		return x->key_len < y->key_len ? -1 : 1;
	if (x->seg != y->seg)
		return x->seg < y->seg ? -1 : 1;
	return (x->slot > y->slot) - (x->slot < y->slot);
}

/* Make room for one more of @p size octets each. */
static bool
grow(void **array, uint32_t *room, uint32_t need, size_t size)
{
	if (need <= *room)
		return true;
	uint32_t more = *room ? *room * 2 : 64;
	while (more < need)
		more *= 2;
	void *grown = realloc(*array, more * size);
	if (!grown)
		return false;
	*array = grown;
	*room = more;
	return true;
}

/* A row that finds no memory is left out until the next time. */
static void
row_add(struct snapshot *snap, const struct row *where, const mib_subid *key, unsigned key_len)
{
	if (!grow((void **)&snap->rows, &snap->room, snap->count + 1, sizeof(*snap->rows)) ||
	    !grow((void **)&snap->keys, &snap->key_room, snap->key_count + key_len, sizeof(*snap->keys)))
		return;
	snap->rows[snap->count] = *where;
	snap->rows[snap->count].key = snap->key_count;
	snap->rows[snap->count++].key_len = (uint8_t)key_len;
	for (unsigned i = 0; i < key_len; i++)
		snap->keys[snap->key_count++] = (uint32_t)key[i];
}

/* The single row that scalars have, as long as there is anything to show; or one with an index of its own. */
static void
rows_single(struct mib *mib, const struct mib_table *table, struct snapshot *snap)
{
	const struct mib_cell cell = { .mib = mib, .now_ns = mib->now_ns };
	mib_subid key[MIB_KEY_MAX] = { 0 };
	unsigned key_len = table->key ? table->key(&cell, key) : 1;
	if (key_len && (mib->seg_count || table->local))
		row_add(snap, &(struct row){ .slot = 0 }, key, key_len);
}

/* The rows of one record. */
static void
rows_of_record(const struct mib_table *table, struct snapshot *snap, struct mib_cell *cell, struct row where)
{
	unsigned each = table->each ? table->each : 1;
	for (cell->nth = 0; cell->nth < each; cell->nth++) {
		mib_subid key[MIB_KEY_MAX];
		unsigned key_len = table->key(cell, key);
		where.nth = (uint8_t)cell->nth;
		if (key_len)
			row_add(snap, &where, key, key_len);
	}
}

static void
rows_of(struct mib *mib, const struct mib_table *table, struct snapshot *snap, uint16_t s)
{
	const struct ipm_segment *seg = mib->segs[s];
	uint32_t used = ipm_segment_used(seg, table->record);

	for (uint32_t slot = 0; slot < used; slot++) {
		union any_record record;
		struct mib_cell cell = {
			.mib = mib, .seg = seg, .record = &record, .now_ns = mib->now_ns, .gateway = s + 1u
		};
		int rc = ipm_read(seg, table->record, slot, &record);
		if (rc == -EAGAIN)
			snap->busy = true;
		if (rc < 0 || (table->shown && !table->shown(seg, &record)) ||
		    (table->when && table->when(&record) < snap->since_ns))
			continue;
		rows_of_record(table, snap, &cell, (struct row){ .slot = slot, .seg = s });
	}
}

/* --- groups ----------------------------------------------------------------------------------------------- */

static uint32_t
hash_name(const char *name, uint16_t seg)
{
	uint32_t hash = 2166136261u ^ seg;
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

/* Where in the table the group of this name is, or would be; the table is never full. */
static uint32_t
group_place(const struct groups *g, const char *name, uint16_t seg, uint32_t hash)
{
	uint32_t at = hash & (g->table_size - 1);
	for (; g->table[at]; at = (at + 1) & (g->table_size - 1)) {
		const struct group *there = &g->group[g->table[at] - 1];
		if (there->hash == hash && there->seg == seg && strcmp(there->name, name) == 0)
			break;
	}
	return at;
}

static void *
group_record(const struct groups *g, uint32_t number)
{
	return g->pool + (size_t)number * g->grouping->size;
}

/* The table with room for one group more, at most half full. */
static bool
group_table_grow(struct groups *g)
{
	if (g->table_size > 2 * g->count)
		return true;
	uint32_t size = g->table_size ? 2 * g->table_size : 64;
	uint32_t *table = calloc(size, sizeof(*table));
	if (!table)
		return false;
	free(g->table);
	g->table = table;
	g->table_size = size;
	for (uint32_t i = 0; i < g->count; i++)
		g->table[group_place(g, g->group[i].name, g->group[i].seg, g->group[i].hash)] = i + 1;
	return true;
}

/* The group of this name, made when there is none; NULL: no memory. */
static void *
group_open(struct groups *g, const char *name, uint16_t seg)
{
	uint32_t hash = hash_name(name, seg);
	if (!group_table_grow(g))
		return NULL;
	uint32_t at = group_place(g, name, seg, hash);
	if (g->table[at] == 0) {
		if (!grow((void **)&g->group, &g->room, g->count + 1, sizeof(*g->group)) ||
		    !grow((void **)&g->pool, &g->pool_room, g->count + 1, g->grouping->size))
			return NULL;
		struct group *group = &g->group[g->count];
		*group = (struct group){ .hash = hash, .seg = seg };
		memccpy(group->name, name, '\0', sizeof(group->name) - 1);
		memset(group_record(g, g->count), 0, g->grouping->size);
		g->table[at] = ++g->count;
	}
	return group_record(g, g->table[at] - 1);
}

static void
groups_gather(struct mib *mib, struct groups *g, uint16_t s, enum ipm_section_kind kind)
{
	const struct ipm_segment *seg = mib->segs[s];
	uint32_t used = ipm_segment_used(seg, kind);

	for (uint32_t slot = 0; slot < used; slot++) {
		union any_record record;
		struct mib_cell cell = {
			.mib = mib, .seg = seg, .record = &record, .now_ns = mib->now_ns, .gateway = s + 1u
		};
		int rc = ipm_read(seg, kind, slot, &record);
		if (rc == -EAGAIN)
			g->busy = true;
		const char *name = rc < 0 ? NULL : g->grouping->key(kind, &record);
		void *group = name ? group_open(g, name, s) : NULL;
		if (group)
			g->grouping->gather(&cell, kind, slot, group);
	}
}

static uint64_t
change_of(const struct ipm_segment *seg, enum ipm_section_kind kind)
{
	return kind == IPM_EVENTS ? ipm_segment_event_serial(seg) : ipm_segment_change(seg, kind);
}

/* As with rows: made anew if something changed, and in no more than a tenth of the time. */
static void
groups_refresh(struct mib *mib, struct groups *g)
{
	uint64_t change = 1;

	for (unsigned s = 0; s < mib->seg_count; s++)
		for (unsigned k = 0; k < MIB_KINDS; k++) {
			if (g->grouping->of[k])
				change += change_of(mib->segs[s], g->grouping->of[k]);
			if (g->grouping->also[k])
				change += change_of(mib->segs[s], g->grouping->also[k]);
		}
	if (g->made_ns && ((change == g->change && !g->busy) || too_soon(mib, g->made_ns, g->cost_ns)))
		return;
	uint64_t start = worked_ns();
	g->change = change;
	g->count = 0;
	g->busy = false;
	if (g->table)
		memset(g->table, 0, g->table_size * sizeof(*g->table));
	for (unsigned s = 0; s < mib->seg_count; s++)
		for (unsigned k = 0; k < MIB_KINDS && g->grouping->of[k]; k++)
			groups_gather(mib, g, (uint16_t)s, g->grouping->of[k]);
	g->made++;
	g->made_ns = ipm_now_ns();
	g->cost_ns = worked_ns() - start;
}

/* The groups to answer this request from; NULL: there are too many groupings. */
static struct groups *
groups_of(struct mib *mib, const struct mib_grouping *grouping)
{
	unsigned i = 0;
	while (i < mib->grouping_count && mib->groups[i].grouping != grouping)
		i++;
	if (i == GROUPINGS_MAX)
		return NULL;
	struct groups *g = &mib->groups[i];
	if (i == mib->grouping_count) {
		g->grouping = grouping;
		mib->grouping_count++;
	}
	if (g->made_ns == 0 || g->request != mib->request) {
		g->request = mib->request;
		groups_refresh(mib, g);
	}
	return g;
}

const void *
mib_group(struct mib *mib, const struct mib_grouping *grouping, unsigned gateway, const char *name)
{
	const struct groups *g = mib ? groups_of(mib, grouping) : NULL;
	if (!g || gateway == 0 || g->table_size == 0)
		return NULL;
	uint16_t seg = (uint16_t)(gateway - 1);
	uint32_t number = g->table[group_place(g, name, seg, hash_name(name, seg))];
	return number ? group_record(g, number - 1) : NULL;
}

static void
rows_of_groups(struct mib *mib, const struct mib_table *table, struct snapshot *snap, const struct groups *g)
{
	for (uint32_t i = 0; i < g->count; i++) {
		uint16_t s = g->group[i].seg;
		struct mib_cell cell = { .mib = mib,
					 .seg = mib->segs[s],
					 .record = group_record(g, i),
					 .now_ns = mib->now_ns,
					 .gateway = s + 1u };
		rows_of_record(table, snap, &cell, (struct row){ .slot = i, .seg = s });
	}
}

/* --- all rows --------------------------------------------------------------------------------------------- */

/* Of rows that have the same index, in one segment or in several, the first one stays. */
static void
rows_unique(struct snapshot *snap)
{
	uint32_t kept = 0;
	for (uint32_t r = 0; r < snap->count; r++) {
		const struct row *row = &snap->rows[r], *last = kept ? &snap->rows[kept - 1] : NULL;
		if (last && last->key_len == row->key_len &&
		    memcmp(snap->keys + last->key, snap->keys + row->key, row->key_len * sizeof(*snap->keys)) == 0)
			continue;
		snap->rows[kept++] = *row;
	}
	snap->count = kept;
}

static void
rows_make(struct mib *mib, const struct mib_table *table, struct snapshot *snap, const struct groups *g)
{
	snap->count = snap->key_count = snap->hint = 0;
	snap->busy = false;
	if (table->local || table->make || (!table->key && !table->groups))
		rows_single(mib, table, snap);
	else if (g)
		rows_of_groups(mib, table, snap, g);
	else
		for (unsigned s = 0; s < mib->seg_count; s++)
			rows_of(mib, table, snap, (uint16_t)s);
	if (snap->count > 1) {
		qsort_r(snap->rows, snap->count, sizeof(snap->rows[0]), row_compare, snap);
		rows_unique(snap);
	}
}

/*
 * Make the rows anew if records came or went. On a busy gateway that may be so at every request: no more than
 * a tenth of the time goes into it, so with 100,000 tunnels a new row may take a fraction of a second to show.
 */
static void
snapshot_refresh(struct mib *mib, unsigned t)
{
	const struct mib_table *table = mib->tables[t];
	struct snapshot *snap = &mib->snap[t];
	const struct groups *g = table->groups ? groups_of(mib, table->groups) : NULL;
	uint64_t change = 1; /* the counters of no segments at all */

	if (g) {
		change = g->made;
	} else {
		for (unsigned s = 0; s < mib->seg_count; s++) {
			change += ipm_segment_change(mib->segs[s], table->record);
			if (table->also)
				change += change_of(mib->segs[s], table->also);
		}
	}
	uint64_t since_ns = table->when && !mib->show_old ? mib->master_ns : 0;
	bool same = change == snap->change && !snap->busy;
	/* Groups have their own limit, and rows must be of those that there are. */
	if (snap->made_ns && since_ns == snap->since_ns &&
	    (same || (!g && too_soon(mib, snap->made_ns, snap->cost_ns))))
		return;
	uint64_t start = worked_ns();
	snap->since_ns = since_ns;
	snap->change = change;
	rows_make(mib, table, snap, g);
	snap->made_ns = ipm_now_ns();
	snap->cost_ns = worked_ns() - start;
}

/* The rows to answer this request from: they stay the same until the next. */
static struct snapshot *
snapshot_of(struct mib *mib, unsigned t)
{
	struct snapshot *snap = &mib->snap[t];
	if (snap->made_ns == 0 || snap->request != mib->request) {
		snap->request = mib->request;
		snapshot_refresh(mib, t);
	}
	return snap;
}

uint32_t
mib_rows(struct mib *mib, const struct mib_table *table)
{
	for (unsigned t = 0; t < mib->table_count; t++)
		if (mib->tables[t] == table)
			return snapshot_of(mib, t)->count;
	return 0;
}

/*
 * Where a row with this index would be if no number were missing between the first and the last row. Indexes are
 * given one after the other, so that this is seldom far off, and a search that starts here touches few rows.
 */
static uint32_t
row_guess(const struct snapshot *snap, const mib_subid *key, size_t len)
{
	if (snap->count == 0 || len == 0)
		return 0;
	uint32_t first = snap->keys[snap->rows[0].key], last = snap->keys[snap->rows[snap->count - 1].key];
	if (key[0] <= first || first == last)
		return 0;
	if (key[0] >= last)
		return snap->count - 1;
	return (uint32_t)((uint64_t)(key[0] - first) * (snap->count - 1) / (last - first));
}

/* The first row whose index is not before @p key; behind it if it is @p key and not @p inclusive. */
static uint32_t
row_search(struct snapshot *snap, const mib_subid *key, size_t len, bool inclusive)
{
	uint32_t low = 0, high = snap->count, at = row_guess(snap, key, len), step = 1;

	/* A walk comes with the row we gave last. */
	if (snap->hint < snap->count && key_compare(snap, &snap->rows[snap->hint], key, len) == 0)
		return inclusive ? snap->hint : snap->hint + 1;
	while (low < high) {
		int order = key_compare(snap, &snap->rows[at], key, len);
		if (order < 0 || (order == 0 && !inclusive))
			low = at + 1;
		else
			high = at;
		/* From the guess in growing steps until the place is between low and high, then by halves. */
		if (low > 0 && high < snap->count)
			at = low + (high - low) / 2;
		else if (high == snap->count)
			at = low + step - 1 < high ? low + step - 1 : high - 1;
		else
			at = high > step ? high - step : 0;
		step *= 2;
	}
	return low;
}

/*
 * Scalars speak for all segments. While one cannot be read, it counts with what it had last: the sums do not go back,
 * and the other segments are not silenced.
 */
static bool
read_totals(struct mib *mib, struct ipm_totals *sum)
{
	bool any = false;
	memset(sum, 0, sizeof(*sum));
	for (unsigned s = 0; s < mib->seg_count; s++) {
		struct last_totals *last = &mib->totals[s];
		last->known |= ipm_totals_read(mib->segs[s], &last->totals) == 0;
		any |= last->known;
		/* All of it is 64-bit counts but the two indexes at the end, which nobody shows. */
		uint64_t *to = (uint64_t *)(void *)sum, *from = (uint64_t *)(void *)&last->totals;
		for (size_t i = 0; i < offsetof(struct ipm_totals, next_ike) / sizeof(*to); i++)
			to[i] += from[i];
	}
	return any;
}

/* What a conversion may look at, for a row whose record is @p record. */
static struct mib_cell
row_cell(struct mib *mib, unsigned t, const struct row *row, const void *record)
{
	const struct mib_table *table = mib->tables[t];
	return (struct mib_cell){ .mib = mib,
				  .seg = row->seg < mib->seg_count ? mib->segs[row->seg] : NULL,
				  .record = table->local ? table->local : record,
				  .now_ns = mib->now_ns,
				  .master_ns = mib->master_ns,
				  .gateway = row->seg + 1u,
				  .nth = row->nth };
}

static bool
record_read(struct mib *mib, unsigned t, const struct row *row, union any_record *record)
{
	const struct mib_table *table = mib->tables[t];
	const struct snapshot *snap = &mib->snap[t];

	if (table->local)
		return true;
	if (table->make)
		return table->make(mib, record);
	if (!table->key)
		return table->record == IPM_TOTALS ? read_totals(mib, &record->totals)
						   : ipm_read(mib->segs[0], table->record, 0, record) == 0;
	struct mib_cell cell = row_cell(mib, t, row, record);
	mib_subid key[MIB_KEY_MAX];
	if (ipm_read(mib->segs[row->seg], table->record, row->slot, record) < 0)
		return false;
	unsigned key_len = table->key(&cell, key);
	return key_compare(snap, row, key, key_len) == 0;
}

/* Read the row's record, once in a request; NULL: it has gone since the rows were made. */
static const void *
row_record(struct mib *mib, unsigned t, uint32_t r)
{
	struct snapshot *snap = &mib->snap[t];
	struct row *row = &snap->rows[r];

	if (mib->tables[t]->groups)
		return group_record(groups_of(mib, mib->tables[t]->groups), row->slot);

	struct reading *read = &mib->reads[row->read % READS_MAX];
	if (row->read >= mib->read_new || read->row != r || read->table != t) {
		row->read = mib->read_new++ % READS_MAX;
		read = &mib->reads[row->read];
		read->table = t;
		read->row = r;
		read->ok = record_read(mib, t, row, &read->record);
	}
	return read->ok ? &read->record : NULL;
}

/* --- what can be known ------------------------------------------------------------------------------------ */

/* What feeds can tell, and whether there is one that doesn't say, or none at all: then only a count is a sign. */
struct told {
	uint64_t caps, drops;
	bool unsaid;
};

static void
told_add(struct told *told, const struct ipm_feed *feed)
{
	told->caps |= feed->caps;
	told->drops |= feed->drops;
	told->unsaid |= feed->caps == 0;
}

/* All feeds of a segment; @p active: but for those whose source has never answered. */
static void
told_by_segment(const struct ipm_segment *seg, bool active, struct told *told)
{
	uint32_t used = ipm_segment_used(seg, IPM_FEEDS), count = 0;
	for (uint32_t slot = 0; slot < used; slot++) {
		struct ipm_feed feed;
		int rc = ipm_feed_read(seg, slot, &feed);
		if (rc == -ENOENT)
			continue;
		count++;
		if (rc < 0)
			told->unsaid = true;
		else if (!active || feed.state == IPM_FEED_UP || feed.updated_ns)
			told_add(told, &feed);
	}
	told->unsaid |= count == 0;
}

static struct told
told_of(const struct mib *mib, const struct mib_table *table, const struct mib_cell *cell)
{
	struct told told = { 0 };
	uint32_t slots[MIB_FEEDS_MAX];
	unsigned n = table->feeds ? table->feeds(cell, slots) : 0;

	for (unsigned i = 0; i < n; i++) {
		struct ipm_feed feed;
		if (ipm_feed_read(cell->seg, slots[i], &feed) == 0)
			told_add(&told, &feed);
		else
			told.unsaid = true;
	}
	if (n == 0 && table->key && !table->make)
		told_by_segment(cell->seg, true, &told);
	else if (n == 0)
		for (unsigned s = 0; s < mib->seg_count; s++)
			told_by_segment(mib->segs[s], true, &told);
	return told;
}

/* @p only: the reasons for drops that count here. */
static bool
told_column(const struct told *told, const struct mib_col *col, uint64_t only, bool counted)
{
	return (col->caps & told->caps) || (col->drops & told->drops & only) || (told->unsaid && counted);
}

/* Is there a feed that can know this cell? A 0 that nobody has counted is no value. */
static bool
known(const struct mib *mib, const struct mib_table *table, const struct mib_col *col, const struct mib_cell *cell,
      const struct mib_value *value)
{
	if (!col->caps && !col->drops)
		return true;
	const struct told told = told_of(mib, table, cell);
	uint64_t reason = UINT64_C(1) << cell->nth, only = table->each ? reason | reason << 16 : UINT64_MAX;
	return told_column(&told, col, only, value->number != 0);
}

/* No row of any segment can have a cell of this column. */
static bool
column_unknown(const struct mib *mib, const struct mib_col *col)
{
	struct told told = { 0 };
	if (!col->caps && !col->drops)
		return false;
	for (unsigned s = 0; s < mib->seg_count; s++)
		told_by_segment(mib->segs[s], false, &told);
	return !told_column(&told, col, UINT64_MAX, true);
}

static bool
cell_value(struct mib *mib, unsigned t, const struct mib_col *col, uint32_t r, struct mib_value *out)
{
	struct snapshot *snap = &mib->snap[t];
	const void *record = row_record(mib, t, r);

	if (!record)
		return false;
	struct mib_cell cell = row_cell(mib, t, &snap->rows[r], record);
	out->type = col->type;
	out->len = 0;
	out->number = 0;
	if (!col->convert(&cell, (const uint8_t *)cell.record + col->field, out) ||
	    !known(mib, mib->tables[t], col, &cell, out))
		return false;
	snap->hint = r;
	return true;
}

/* --- requests --------------------------------------------------------------------------------------------- */

/* The first column whose number is not below @p id. */
static unsigned
col_search(const struct mib_table *table, mib_subid id)
{
	unsigned low = 0, high = table->ncols;
	while (low < high) {
		unsigned mid = (low + high) / 2;
		if (table->cols[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The first table that ends behind @p name: the one that holds it, or the next. */
static unsigned
table_search(const struct mib *mib, const mib_subid *name, size_t len)
{
	unsigned low = 0, high = mib->table_count;
	while (low < high) {
		unsigned mid = (low + high) / 2;
		const struct mib_table *table = mib->tables[mid];
		size_t n = len < table->oid_len ? len : table->oid_len;
		if (name_compare(table->oid, table->oid_len, name, n) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool
table_holds(const struct mib_table *table, const mib_subid *name, size_t len)
{
	return len >= table->oid_len && memcmp(name, table->oid, table->oid_len * sizeof(*name)) == 0;
}

/* The table and column that @p name is of; a table may be within another, behind its columns. */
static bool
locate_column(const struct mib *mib, const mib_subid *name, size_t len, unsigned *table_at, unsigned *col_at)
{
	for (unsigned t = table_search(mib, name, len); t < mib->table_count && table_holds(mib->tables[t], name, len);
	     t++) {
		const struct mib_table *table = mib->tables[t];
		unsigned c = len > table->oid_len ? col_search(table, name[table->oid_len]) : table->ncols;
		if (c == table->ncols || table->cols[c].id != name[table->oid_len])
			continue;
		*table_at = t;
		*col_at = c;
		return true;
	}
	return false;
}

/* The table, column and row that @p name is of. */
static enum mib_result
locate(struct mib *mib, const mib_subid *name, size_t len, unsigned *table_at, unsigned *col_at, uint32_t *row_at)
{
	if (!locate_column(mib, name, len, table_at, col_at))
		return MIB_NO_OBJECT;
	const struct mib_table *table = mib->tables[*table_at];
	struct snapshot *snap = snapshot_of(mib, *table_at);
	const mib_subid *key = name + table->oid_len + 1;
	size_t key_len = len - table->oid_len - 1;
	uint32_t r = row_search(snap, key, key_len, true);
	if (r == snap->count || key_compare(snap, &snap->rows[r], key, key_len) != 0)
		return MIB_NO_INSTANCE;
	*row_at = r;
	return MIB_OK;
}

enum mib_result
mib_get(struct mib *mib, const mib_subid *name, size_t len, struct mib_value *out)
{
	unsigned t, c;
	uint32_t r;
	enum mib_result found = locate(mib, name, len, &t, &c, &r);
	if (found != MIB_OK)
		return found;
	return cell_value(mib, t, &mib->tables[t]->cols[c], r, out) ? MIB_OK : MIB_NO_INSTANCE;
}

enum mib_result
mib_find(struct mib *mib, const mib_subid *name, size_t len, const struct mib_col **col, struct mib_cell *cell)
{
	unsigned t, c;
	uint32_t r;
	enum mib_result found = locate(mib, name, len, &t, &c, &r);
	if (found != MIB_OK)
		return found;
	*col = &mib->tables[t]->cols[c];
	const void *record = row_record(mib, t, r);
	if (!record)
		return MIB_NO_INSTANCE;
	*cell = row_cell(mib, t, &mib->snap[t].rows[r], record);
	return MIB_OK;
}

enum mib_result
mib_next(struct mib *mib, const mib_subid *name, size_t len, bool inclusive, const mib_subid *end, size_t end_len,
	 mib_subid *next, size_t *next_len, struct mib_value *out)
{
	for (unsigned t = table_search(mib, name, len); t < mib->table_count; t++) {
		const struct mib_table *table = mib->tables[t];
		struct snapshot *snap = snapshot_of(mib, t);
		unsigned c = 0;
		uint32_t r = 0;

		if (end_len && name_compare(table->oid, table->oid_len, end, end_len) >= 0)
			return MIB_END;
		if (table_holds(table, name, len) && len > table->oid_len) {
			c = col_search(table, name[table->oid_len]);
			if (c < table->ncols && table->cols[c].id == name[table->oid_len] && len > table->oid_len + 1)
				r = row_search(snap, name + table->oid_len + 1, len - table->oid_len - 1, inclusive);
		}
		for (; c < table->ncols; c++, r = 0) {
			if (snap->count && column_unknown(mib, &table->cols[c]))
				continue;
			for (; r < snap->count; r++) {
				const struct row *row = &snap->rows[r];
				memcpy(next, table->oid, table->oid_len * sizeof(*next));
				next[table->oid_len] = table->cols[c].id;
				for (unsigned i = 0; i < row->key_len; i++)
					next[table->oid_len + 1 + i] = snap->keys[row->key + i];
				*next_len = table->oid_len + 1 + row->key_len;
				if (end_len && name_compare(next, *next_len, end, end_len) >= 0)
					return MIB_END;
				if (cell_value(mib, t, &table->cols[c], r, out))
					return MIB_OK;
			}
		}
	}
	return MIB_END;
}
