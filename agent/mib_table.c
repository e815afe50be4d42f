/* SPDX-License-Identifier: ISC */
/* The rows of tables, and the search for cells. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mib_int.h"

struct row {
	uint32_t key;  /* start in the snapshot's pool of keys */
	uint32_t slot; /* slot of its record, or number of its group */
	uint16_t seg;
	uint8_t key_len;
	uint8_t nth;
	uint32_t read; /* the position of its record among the reads, if this request has read it */
};
_Static_assert(MIB_KEY_MAX <= UINT8_MAX, "a row has room for the length of its key");

struct mib *
mib_new(const struct mib_table *const *tables, unsigned count)
{
	struct mib *mib = calloc(1, sizeof(*mib) + count * sizeof(mib->snap[0]));
	if (!mib)
		return NULL;
	mib->tables = tables;
	mib->table_count = count;
	mib->now_ns = ipm_now_ns();
	mib->request = 1;
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
	for (unsigned g = 0; g < mib->grouping_count; g++)
		mib_groups_free(&mib->groups[g]);
	free(mib->segs);
	free(mib);
}

int
mib_serve(struct mib *mib, const struct ipm_segment *const *segs, unsigned count)
{
	struct served *served = count ? calloc(count, sizeof(*served)) : NULL;
	if (count && !served)
		return -ENOMEM;
	for (unsigned s = 0; s < count; s++)
		served[s].seg = segs[s];
	free(mib->segs);
	mib->segs = served;
	mib->seg_count = count;
	mib->read_new = 0;
	for (unsigned t = 0; t < mib->table_count; t++) {
		mib->snap[t].count = 0;
		mib->snap[t].built.at_ns = 0;
	}
	for (unsigned g = 0; g < mib->grouping_count; g++) {
		mib_groups_clear(&mib->groups[g]);
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
	return number >= 1 && number <= mib->seg_count ? mib->segs[number - 1].seg : NULL;
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
mib_show_peers(struct mib *mib, struct mib_peers as)
{
	mib->peers = as;
}

const struct mib_peers *
mib_peers(const struct mib *mib)
{
	return &mib->peers;
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
		ipm_segment_patience(mib->segs[s].seg, MIB_PATIENCE_NS);
}

void
mib_request_fresh(struct mib *mib, uint64_t master_ns)
{
	mib_request(mib, master_ns);
	mib->fresh = true;
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

/* Compare a row's index with sub-identifiers. */
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

/* If memory is short, leave the row out until rows are built again. */
static void
row_add(struct snapshot *snap, const struct row *where, const mib_subid *key, unsigned key_len)
{
	if (!mib_grow((void **)&snap->rows, &snap->room, snap->count + 1, sizeof(*snap->rows)) ||
	    !mib_grow((void **)&snap->keys, &snap->key_room, snap->key_count + key_len, sizeof(*snap->keys)))
		return;
	snap->rows[snap->count] = *where;
	snap->rows[snap->count].key = snap->key_count;
	snap->rows[snap->count++].key_len = (uint8_t)key_len;
	for (unsigned i = 0; i < key_len; i++)
		snap->keys[snap->key_count++] = (uint32_t)key[i];
}

/* Add the only row of scalars or of a computed record, if there is anything to show. */
static void
rows_single(struct mib *mib, const struct mib_table *table, struct snapshot *snap)
{
	const struct mib_cell cell = { .mib = mib, .now_ns = mib->now_ns };
	mib_subid key[MIB_KEY_MAX] = { 0 };
	unsigned key_len = table->key ? table->key(&cell, key) : 1;
	if (key_len && (mib->seg_count || table->local))
		row_add(snap, &(struct row){ .slot = 0 }, key, key_len);
}

/* Add the rows of one record. */
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
rows_of_segment(struct mib *mib, const struct mib_table *table, struct snapshot *snap, uint16_t s)
{
	union ipm_any_record record = { 0 };
	struct mib_cell cell = mib_cell_of(mib, s, &record);
	struct ipm_walk walk;

	if (mib_is_ring(table->record))
		ipm_walk_ring(&walk, cell.seg, table->record);
	else
		ipm_walk_all(&walk, cell.seg, table->record);
	while (ipm_walk_next(&walk, &record) > 0) {
		if (table->present)
			table->present(&mib->peers, cell.seg, &record);
		if ((!table->shown || table->shown(cell.seg, &record)) &&
		    (!table->when || table->when(&record) >= snap->since_ns))
			rows_of_record(table, snap, &cell, (struct row){ .slot = walk.slot, .seg = s });
	}
	snap->built.busy |= walk.unread > 0;
}

static void
rows_of_groups(struct mib *mib, const struct mib_table *table, struct snapshot *snap, const struct groups *g)
{
	for (uint32_t i = 0; i < g->count; i++) {
		uint16_t s = g->group[i].seg;
		struct mib_cell cell = mib_cell_of(mib, s, mib_group_record(g, i));
		rows_of_record(table, snap, &cell, (struct row){ .slot = i, .seg = s });
	}
}

/* --- all rows --------------------------------------------------------------------------------------------- */

/* Keep only the first of several rows with the same index, within one segment or across segments. */
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
rows_build(struct mib *mib, const struct mib_table *table, struct snapshot *snap, const struct groups *g)
{
	snap->count = snap->key_count = snap->hint = 0;
	if (table->local || table->make || (!table->key && !table->groups))
		rows_single(mib, table, snap);
	else if (g)
		rows_of_groups(mib, table, snap, g);
	else
		for (unsigned s = 0; s < mib->seg_count; s++)
			rows_of_segment(mib, table, snap, (uint16_t)s);
	if (snap->count > 1) {
		qsort_r(snap->rows, snap->count, sizeof(snap->rows[0]), row_compare, snap);
		rows_unique(snap);
	}
}

static void
snapshot_refresh(struct mib *mib, unsigned t)
{
	const struct mib_table *table = mib->tables[t];
	struct snapshot *snap = &mib->snap[t];
	const struct groups *g = table->groups ? mib_groups(mib, table->groups) : NULL;
	uint64_t change = g ? g->builds : mib_change(mib, table->record) + mib_change(mib, table->also);
	uint64_t since_ns = table->when && !mib->show_old ? mib->master_ns : 0;
	bool same = change == snap->built.change && !snap->built.busy;

	/* Groups have their own limit on building, and rows must match their groups. */
	if (snap->built.at_ns && since_ns == snap->since_ns && (same || (!g && mib_built_lately(mib, &snap->built))))
		return;
	snap->since_ns = since_ns;
	uint64_t begun = mib_build_begin(&snap->built, change);
	rows_build(mib, table, snap, g);
	mib_build_end(&snap->built, begun);
}

/* The rows for this request. They don't change until the next request. */
static struct snapshot *
snapshot_of(struct mib *mib, unsigned t)
{
	struct snapshot *snap = &mib->snap[t];
	if (snap->built.at_ns == 0 || snap->built.request != mib->request) {
		snap->built.request = mib->request;
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
 * Estimate the position of a row with this index, as if indexes had no gaps. Indexes are assigned in order, so the
 * estimate is usually close. A search from here touches few rows.
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

/* The first row whose index is not below @p key. Without @p inclusive, the first row above @p key. */
static uint32_t
row_search(struct snapshot *snap, const mib_subid *key, size_t len, bool inclusive)
{
	uint32_t low = 0, high = snap->count, at = row_guess(snap, key, len), step = 1;

	/* A walk asks for the row after the last one. */
	if (snap->hint < snap->count && key_compare(snap, &snap->rows[snap->hint], key, len) == 0)
		return inclusive ? snap->hint : snap->hint + 1;
	while (low < high) {
		int order = key_compare(snap, &snap->rows[at], key, len);
		if (order < 0 || (order == 0 && !inclusive))
			low = at + 1;
		else
			high = at;
		/* Move away from the estimate in growing steps until low and high enclose the position. Then halve. */
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
 * Scalars are sums over all segments. If a segment cannot be read, use its last totals. So sums don't go back, and the
 * other segments are still served.
 */
bool
mib_totals(struct mib *mib, struct ipm_totals *sum)
{
	bool any = false;
	memset(sum, 0, sizeof(*sum));
	for (unsigned s = 0; s < mib->seg_count; s++) {
		struct served *last = &mib->segs[s];
		last->totals_known |= ipm_totals_read(last->seg, &last->totals) == 0;
		any |= last->totals_known;
		/* The record holds 64-bit counters, and the next indexes, which no table shows. */
		uint64_t *to = (uint64_t *)(void *)sum, *from = (uint64_t *)(void *)&last->totals;
		for (size_t i = 0; i < offsetof(struct ipm_totals, next_ike) / sizeof(*to); i++)
			to[i] += from[i];
	}
	return any;
}

/* The cell of a row with the record @p record. */
static struct mib_cell
row_cell(struct mib *mib, unsigned t, const struct row *row, const void *record)
{
	const struct mib_table *table = mib->tables[t];
	return (struct mib_cell){ .mib = mib,
				  .seg = row->seg < mib->seg_count ? mib->segs[row->seg].seg : NULL,
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
		return table->record == IPM_TOTALS ? mib_totals(mib, &record->read.totals)
						   : ipm_read(mib->segs[0].seg, table->record, 0, record) == 0;
	struct mib_cell cell = row_cell(mib, t, row, record);
	mib_subid key[MIB_KEY_MAX];
	if (ipm_read(mib->segs[row->seg].seg, table->record, row->slot, record) < 0)
		return false;
	if (table->present)
		table->present(&mib->peers, cell.seg, record);
	unsigned key_len = table->key(&cell, key);
	return key_compare(snap, row, key, key_len) == 0;
}

/* Read the row's record, once per request. NULL: the record has disappeared since the rows were built. */
static const void *
row_record(struct mib *mib, unsigned t, uint32_t r)
{
	struct snapshot *snap = &mib->snap[t];
	struct row *row = &snap->rows[r];

	if (mib->tables[t]->groups)
		return mib_group_record(mib_groups(mib, mib->tables[t]->groups), row->slot);

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

/* The place of a cell: the numbers of its table, column and row. */
struct place {
	unsigned t, c;
	uint32_t r;
};

static bool
cell_value(struct mib *mib, const struct place *at, struct mib_value *out)
{
	const struct mib_table *table = mib->tables[at->t];
	const struct mib_col *col = &table->cols[at->c];
	struct snapshot *snap = &mib->snap[at->t];
	const void *record = row_record(mib, at->t, at->r);

	if (!record)
		return false;
	struct mib_cell cell = row_cell(mib, at->t, &snap->rows[at->r], record);
	if (!mib_col_value(col, &cell, out) || (mib_col_conditional(col) && !mib_known(mib, table, col, &cell, out)))
		return false;
	snap->hint = at->r;
	return true;
}

/* --- requests --------------------------------------------------------------------------------------------- */

/* The first column whose number is @p id or higher. */
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

static bool
table_holds(const struct mib_table *table, const mib_subid *name, size_t len)
{
	return len >= table->oid_len && memcmp(name, table->oid, table->oid_len * sizeof(*name)) == 0;
}

/* Compare the name of a table's first column with @p name. */
static int
first_column_compare(const struct mib_table *table, const mib_subid *name, size_t len)
{
	size_t n = len < table->oid_len ? len : table->oid_len;
	int order = name_compare(table->oid, table->oid_len, name, n);
	if (order != 0 || len <= table->oid_len)
		return order != 0 ? order : 1;
	const mib_subid first = table->cols[0].id;
	return name_compare(&first, 1, name + n, len - n);
}

/*
 * The table that holds @p name, or the next one. No table begins between the first and the last column of another one,
 * so it is the last one that begins before the name, or the one behind it.
 */
static unsigned
table_search(const struct mib *mib, const mib_subid *name, size_t len)
{
	unsigned low = 0, high = mib->table_count;
	while (low < high) {
		unsigned mid = (low + high) / 2;
		if (first_column_compare(mib->tables[mid], name, len) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && table_holds(mib->tables[low - 1], name, len) ? low - 1 : low;
}

const struct mib_table *
mib_table(const struct mib *mib, unsigned t)
{
	return t < mib->table_count ? mib->tables[t] : NULL;
}

const struct mib_col *
mib_table_column(const struct mib_table *table, mib_subid id)
{
	unsigned c = col_search(table, id);
	return c < table->ncols && table->cols[c].id == id ? &table->cols[c] : NULL;
}

/* Find the table and column of a name. A table may be inside another table, after its columns. */
static const struct mib_col *
locate_column(const struct mib *mib, const mib_subid *name, size_t len, struct place *at)
{
	for (at->t = table_search(mib, name, len); at->t < mib->table_count; at->t++) {
		const struct mib_table *table = mib->tables[at->t];
		if (!table_holds(table, name, len))
			break;
		const struct mib_col *col = len > table->oid_len ? mib_table_column(table, name[table->oid_len]) : NULL;
		if (col) {
			at->c = (unsigned)(col - table->cols);
			return col;
		}
	}
	return NULL;
}

/* Find the table, column and row of a name. */
static enum mib_result
locate(struct mib *mib, const mib_subid *name, size_t len, struct place *at)
{
	if (!locate_column(mib, name, len, at))
		return MIB_NO_OBJECT;
	const struct mib_table *table = mib->tables[at->t];
	struct snapshot *snap = snapshot_of(mib, at->t);
	const mib_subid *key = name + table->oid_len + 1;
	size_t key_len = len - table->oid_len - 1;
	at->r = row_search(snap, key, key_len, true);
	if (at->r == snap->count || key_compare(snap, &snap->rows[at->r], key, key_len) != 0)
		return MIB_NO_INSTANCE;
	return MIB_OK;
}

enum mib_result
mib_get(struct mib *mib, const mib_subid *name, size_t len, struct mib_value *out)
{
	struct place at;
	enum mib_result found = locate(mib, name, len, &at);
	return found == MIB_OK && !cell_value(mib, &at, out) ? MIB_NO_INSTANCE : found;
}

const struct mib_col *
mib_column(const struct mib *mib, const mib_subid *name, size_t len)
{
	struct place at;
	return locate_column(mib, name, len, &at);
}

enum mib_result
mib_find(struct mib *mib, const mib_subid *name, size_t len, struct mib_cell *cell)
{
	struct place at;
	enum mib_result found = locate(mib, name, len, &at);
	const void *record = found == MIB_OK ? row_record(mib, at.t, at.r) : NULL;
	if (!record)
		return found == MIB_OK ? MIB_NO_INSTANCE : found;
	*cell = row_cell(mib, at.t, &mib->snap[at.t].rows[at.r], record);
	return MIB_OK;
}

static size_t
cell_name(const struct mib *mib, const struct place *at, mib_subid *name)
{
	const struct mib_table *table = mib->tables[at->t];
	const struct snapshot *snap = &mib->snap[at->t];
	const struct row *row = &snap->rows[at->r];

	memcpy(name, table->oid, table->oid_len * sizeof(*name));
	name[table->oid_len] = table->cols[at->c].id;
	for (unsigned i = 0; i < row->key_len; i++)
		name[table->oid_len + 1 + i] = snap->keys[row->key + i];
	return table->oid_len + 1u + row->key_len;
}

/* The first column and row of a table that may hold the cell after @p name. */
static struct place
first_place(struct mib *mib, unsigned t, const mib_subid *name, size_t len, bool inclusive)
{
	const struct mib_table *table = mib->tables[t];
	struct place at = { .t = t };
	if (!table_holds(table, name, len) || len == table->oid_len)
		return at;
	at.c = col_search(table, name[table->oid_len]);
	if (at.c < table->ncols && table->cols[at.c].id == name[table->oid_len] && len > table->oid_len + 1)
		at.r = row_search(&mib->snap[t], name + table->oid_len + 1, len - table->oid_len - 1, inclusive);
	return at;
}

enum mib_result
mib_next(struct mib *mib, const mib_subid *name, size_t len, bool inclusive, const mib_subid *end, size_t end_len,
	 mib_subid *next, size_t *next_len, struct mib_value *out)
{
	for (unsigned t = table_search(mib, name, len); t < mib->table_count; t++) {
		const struct mib_table *table = mib->tables[t];
		const struct snapshot *snap = snapshot_of(mib, t);

		if (end_len && name_compare(table->oid, table->oid_len, end, end_len) >= 0)
			return MIB_END;
		struct place at = first_place(mib, t, name, len, inclusive);
		for (; at.c < table->ncols; at.c++, at.r = 0) {
			const struct mib_col *col = &table->cols[at.c];
			if (snap->count && mib_col_conditional(col) && mib_column_unknown(mib, col))
				continue;
			for (; at.r < snap->count; at.r++) {
				*next_len = cell_name(mib, &at, next);
				if (end_len && name_compare(next, *next_len, end, end_len) >= 0)
					return MIB_END;
				if (cell_value(mib, &at, out))
					return MIB_OK;
			}
		}
	}
	return MIB_END;
}
