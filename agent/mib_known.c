/* SPDX-License-Identifier: ISC */
/* Which cells exist, depending on what the feeds can know. */
#include "mib_int.h"

static void
knowable_merge(struct knowable *sum, const struct knowable *more)
{
	sum->caps |= more->caps;
	sum->drops |= more->drops;
	sum->undeclared |= more->undeclared;
}

static void
knowable_add(struct knowable *sum, const struct ipm_feed *feed)
{
	knowable_merge(sum, &(struct knowable){ feed->caps, feed->drops, feed->caps == 0 });
}

/* Read once per request what the feeds of a segment can know. */
static const struct served *
ask_feeds(const struct mib *mib, struct served *served)
{
	struct ipm_walk walk;
	struct ipm_feed feed;
	bool none = true;

	if (served->asked_in == mib->request)
		return served;
	served->asked_in = mib->request;
	served->all = served->active = (struct knowable){ 0 };
	ipm_walk_all(&walk, served->seg, IPM_FEEDS);
	for (; ipm_walk_next(&walk, &feed) > 0; none = false) {
		knowable_add(&served->all, &feed);
		if (feed.state == IPM_FEED_UP || feed.updated_ns)
			knowable_add(&served->active, &feed);
	}
	served->all.undeclared |= none || walk.unread;
	served->active.undeclared |= none || walk.unread;
	return served;
}

static struct knowable
knowable_of_cell(struct mib *mib, const struct mib_table *table, const struct mib_cell *cell)
{
	struct knowable sum = { 0 };
	uint32_t slots[MIB_FEEDS_MAX];
	unsigned n = table->feeds ? table->feeds(cell, slots) : 0;

	for (unsigned i = 0; i < n; i++) {
		struct ipm_feed feed;
		if (ipm_feed_read(cell->seg, slots[i], &feed) == 0)
			knowable_add(&sum, &feed);
		else
			sum.undeclared = true;
	}
	if (n == 0 && table->key && !table->make)
		return ask_feeds(mib, &mib->segs[cell->gateway - 1])->active;
	for (unsigned s = 0; n == 0 && s < mib->seg_count; s++)
		knowable_merge(&sum, &ask_feeds(mib, &mib->segs[s])->active);
	return sum;
}

/* @p only: the drop reasons that matter for this cell. */
static bool
can_know(const struct knowable *sum, const struct mib_col *col, uint64_t only, bool counted)
{
	return (col->caps & sum->caps) || (col->drops & sum->drops & only) || (sum->undeclared && counted);
}

bool
mib_known(struct mib *mib, const struct mib_table *table, const struct mib_col *col, const struct mib_cell *cell,
	  const struct mib_value *value)
{
	const struct knowable sum = knowable_of_cell(mib, table, cell);
	uint64_t reason = UINT64_C(1) << cell->nth, only = table->each ? reason | reason << 16 : UINT64_MAX;
	return can_know(&sum, col, only, value->number != 0);
}

bool
mib_column_unknown(struct mib *mib, const struct mib_col *col)
{
	struct knowable sum = { 0 };
	for (unsigned s = 0; s < mib->seg_count; s++)
		knowable_merge(&sum, &ask_feeds(mib, &mib->segs[s])->all);
	return !can_know(&sum, col, UINT64_MAX, true);
}
