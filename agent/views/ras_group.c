/* SPDX-License-Identifier: ISC */
/* crasActGroupTable: the connections with remote users. Their traffic is that of their crypto map entries. */
#include <string.h>

#include "mib_convert.h"
#include "view_sessions.h"
#include "views.h"

static void
add_traffic(struct ipm_volume *in, struct ipm_volume *out, const struct ipm_map_entry *map)
{
	const struct ipm_volume more_in = ipm_traffic_volume(&map->in), more_out = ipm_traffic_volume(&map->out);
	ipm_volume_add(in, &more_in);
	ipm_volume_add(out, &more_out);
}

/* False: no entry is configured any more. */
static bool
group_traffic(const struct mib_cell *cell, const struct view_user_group *group, struct ipm_volume *in,
	      struct ipm_volume *out)
{
	struct ipm_map_entry map;
	struct ipm_walk walk;
	*in = *out = (struct ipm_volume){ 0 };
	if (group->maps <= VIEW_GROUP_MAPS) {
		for (uint32_t i = 0; i < group->maps; i++)
			if (ipm_map_read(cell->seg, group->map_slot[i], &map) == 0)
				add_traffic(in, out, &map);
		return group->maps > 0;
	}
	ipm_walk_all(&walk, cell->seg, IPM_MAPS);
	while (ipm_walk_next(&walk, &map) > 0)
		if (map.state != IPM_MAP_REMOVED && strcmp(map.name, group->name) == 0)
			add_traffic(in, out, &map);
	return true;
}

#define GROUP_TRAFFIC(conversion, way, what)                                                  \
	MIB_CONVERT(conversion, struct view_user_group)                                       \
	{                                                                                     \
		struct ipm_volume in, out_;                                                   \
		return group_traffic(cell, field, &in, &out_) && mib_number(out, (way).what); \
	}
GROUP_TRAFFIC(in_pkts, in, pkts)
GROUP_TRAFFIC(out_pkts, out_, pkts)
GROUP_TRAFFIC(in_drops, in, drops)
GROUP_TRAFFIC(out_drops, out_, drops)
GROUP_TRAFFIC(in_octets, in, octets)
GROUP_TRAFFIC(out_octets, out_, octets)

#define ROW view_user_group
static const struct mib_col group_cols[] = {
	/* clang-format off */
	COL(    2, "crasActGrNumUsers",     INTEGER,   mib_u32, users),
	COL_REC(3, "crasActGrpInPkts",      COUNTER64, in_pkts),
	COL_REC(4, "crasActGrpOutPkts",     COUNTER64, out_pkts),
	COL_REC(5, "crasActGrpInDropPkts",  COUNTER64, in_drops,  .drops = SA_DROPS(IN, IPM_DROPPED_ANY)),
	COL_REC(6, "crasActGrpOutDropPkts", COUNTER64, out_drops, .drops = SA_DROPS(OUT, IPM_DROPPED_ANY)),
	COL_REC(7, "crasActGrpInOctets",    COUNTER64, in_octets),
	COL_REC(8, "crasActGrpOutOctets",   COUNTER64, out_octets),
	/* clang-format on */
};

static unsigned
group_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct view_user_group *group = cell->record;
	return group->users ? view_name_key(group->name, key) : 0;
}

const struct mib_table view_ras_group = {
	.name = "crasActGroupTable",
	MIB_OID(RAS_MIB, 1, 3, 22, 1),
	.groups = &view_user_groups,
	.key = group_key,
	MIB_COLS(group_cols),
};
