/* SPDX-License-Identifier: ISC */
/* Which cells exist, by what the feeds can know. */
#include <errno.h>

#include "mib_int.h"

/* What feeds can know. If one of them doesn't say, or there is none, only a count above 0 shows that it is known. */
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

/* All feeds of a segment; @p active: only those whose source has answered. */
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

bool
mib_known(const struct mib *mib, const struct mib_table *table, const struct mib_col *col, const struct mib_cell *cell,
	  const struct mib_value *value)
{
	const struct told told = told_of(mib, table, cell);
	uint64_t reason = UINT64_C(1) << cell->nth, only = table->each ? reason | reason << 16 : UINT64_MAX;
	return told_column(&told, col, only, value->number != 0);
}

bool
mib_column_unknown(const struct mib *mib, const struct mib_col *col)
{
	struct told told = { 0 };
	for (unsigned s = 0; s < mib->seg_count; s++)
		told_by_segment(mib->segs[s], false, &told);
	return !told_column(&told, col, UINT64_MAX, true);
}
