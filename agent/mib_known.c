/* SPDX-License-Identifier: ISC */
/* Which cells exist, by what the feeds can know. */
#include "mib_int.h"

static void
told_add(struct told *told, const struct ipm_feed *feed)
{
	told->caps |= feed->caps;
	told->drops |= feed->drops;
	told->unsaid |= feed->caps == 0;
}

static void
told_merge(struct told *told, const struct told *more)
{
	told->caps |= more->caps;
	told->drops |= more->drops;
	told->unsaid |= more->unsaid;
}

/* What the feeds of a segment say, asked once in a request. */
static const struct served *
told_by_segment(const struct mib *mib, struct served *served)
{
	struct ipm_walk walk;
	struct ipm_feed feed;
	bool none = true;

	if (served->told_request == mib->request)
		return served;
	served->told_request = mib->request;
	served->all = served->active = (struct told){ 0 };
	ipm_walk_all(&walk, served->seg, IPM_FEEDS);
	for (; ipm_walk_next(&walk, &feed) > 0; none = false) {
		told_add(&served->all, &feed);
		if (feed.state == IPM_FEED_UP || feed.updated_ns)
			told_add(&served->active, &feed);
	}
	served->all.unsaid |= none || walk.unread;
	served->active.unsaid |= none || walk.unread;
	return served;
}

static struct told
told_of(struct mib *mib, const struct mib_table *table, const struct mib_cell *cell)
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
		return told_by_segment(mib, &mib->segs[cell->gateway - 1])->active;
	for (unsigned s = 0; n == 0 && s < mib->seg_count; s++)
		told_merge(&told, &told_by_segment(mib, &mib->segs[s])->active);
	return told;
}

/* @p only: the reasons for drops that count here. */
static bool
told_column(const struct told *told, const struct mib_col *col, uint64_t only, bool counted)
{
	return (col->caps & told->caps) || (col->drops & told->drops & only) || (told->unsaid && counted);
}

bool
mib_known(struct mib *mib, const struct mib_table *table, const struct mib_col *col, const struct mib_cell *cell,
	  const struct mib_value *value)
{
	const struct told told = told_of(mib, table, cell);
	uint64_t reason = UINT64_C(1) << cell->nth, only = table->each ? reason | reason << 16 : UINT64_MAX;
	return told_column(&told, col, only, value->number != 0);
}

bool
mib_column_unknown(struct mib *mib, const struct mib_col *col)
{
	struct told told = { 0 };
	for (unsigned s = 0; s < mib->seg_count; s++)
		told_merge(&told, &told_by_segment(mib, &mib->segs[s])->all);
	return !told_column(&told, col, UINT64_MAX, true);
}
