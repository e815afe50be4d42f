/* SPDX-License-Identifier: ISC */
/* Groups: all records of a segment with the same name. */
#include <stdlib.h>
#include <string.h>

#include "ipm_hash.h"
#include "mib_int.h"

static uint32_t
hash_name(const char *name, uint16_t seg)
{
	return ipm_hash_text(IPM_HASH_BEGIN ^ seg, name);
}

/* Find the group's place in the table, or a free place. The table is never full. */
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

void *
mib_group_record(const struct groups *g, uint32_t number)
{
	return g->pool + (size_t)number * g->grouping->size;
}

/* Make room for one more group. The table stays at most half full. */
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

/* Find the group with this name, or add it. NULL: out of memory. */
static void *
group_open(struct groups *g, const char *name, uint16_t seg)
{
	uint32_t hash = hash_name(name, seg);
	if (!group_table_grow(g))
		return NULL;
	uint32_t at = group_place(g, name, seg, hash);
	if (g->table[at] == 0) {
		if (!mib_grow((void **)&g->group, &g->room, g->count + 1, sizeof(*g->group)) ||
		    !mib_grow((void **)&g->pool, &g->pool_room, g->count + 1, g->grouping->size))
			return NULL;
		struct group *group = &g->group[g->count];
		*group = (struct group){ .hash = hash, .seg = seg };
		memccpy(group->name, name, '\0', sizeof(group->name) - 1);
		memset(mib_group_record(g, g->count), 0, g->grouping->size);
		g->table[at] = ++g->count;
	}
	return mib_group_record(g, g->table[at] - 1);
}

static void
groups_gather(struct mib *mib, struct groups *g, uint16_t s, enum ipm_section_kind kind)
{
	union ipm_any_record record = { 0 };
	const struct mib_cell cell = mib_cell_of(mib, s, &record);
	struct ipm_walk walk;

	if (mib_is_ring(kind))
		ipm_walk_ring(&walk, mib->segs[s].seg, kind);
	else
		ipm_walk_all(&walk, mib->segs[s].seg, kind);
	while (ipm_walk_next(&walk, &record) > 0) {
		const char *name = g->grouping->key(kind, &record);
		void *group = name ? group_open(g, name, s) : NULL;
		if (group)
			g->grouping->gather(&cell, kind, walk.slot, group);
	}
	g->built.busy |= walk.unread > 0;
}

static void
groups_empty(struct groups *g)
{
	g->count = 0;
	if (g->table)
		memset(g->table, 0, g->table_size * sizeof(*g->table));
}

void
mib_groups_clear(struct groups *g)
{
	groups_empty(g);
	g->built.at_ns = 0;
}

static void
groups_refresh(struct mib *mib, struct groups *g)
{
	uint64_t change = g->grouping->uses ? mib_groups(mib, g->grouping->uses)->builds : 0;

	for (unsigned k = 0; k < MIB_KINDS; k++)
		change += mib_change(mib, g->grouping->of[k]) + mib_change(mib, g->grouping->also[k]);
	if (g->built.at_ns && ((change == g->built.change && !g->built.busy) || mib_built_lately(mib, &g->built)))
		return;
	uint64_t begun = mib_build_begin(&g->built, change);
	if (!g->grouping->kept)
		groups_empty(g);
	for (unsigned s = 0; s < mib->seg_count; s++)
		for (unsigned k = 0; k < MIB_KINDS && g->grouping->of[k]; k++)
			groups_gather(mib, g, (uint16_t)s, g->grouping->of[k]);
	g->builds++;
	mib_build_end(&g->built, begun);
}

struct groups *
mib_groups(struct mib *mib, const struct mib_grouping *grouping)
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
	if (g->built.at_ns == 0 || g->built.request != mib->request) {
		g->built.request = mib->request;
		groups_refresh(mib, g);
	}
	return g;
}

const void *
mib_group(struct mib *mib, const struct mib_grouping *grouping, unsigned gateway, const char *name)
{
	const struct groups *g = mib ? mib_groups(mib, grouping) : NULL;
	if (!g || gateway == 0 || g->table_size == 0)
		return NULL;
	uint16_t seg = (uint16_t)(gateway - 1);
	uint32_t number = g->table[group_place(g, name, seg, hash_name(name, seg))];
	return number ? mib_group_record(g, number - 1) : NULL;
}

void
mib_groups_free(struct groups *g)
{
	free(g->group);
	free(g->pool);
	free(g->table);
}
