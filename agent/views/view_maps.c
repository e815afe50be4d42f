/* SPDX-License-Identifier: ISC */
/* Shared by the views of crypto maps, configured tunnels and crypto engines. */
#include <string.h>

#include "view_maps.h"
#include "views.h"

bool
view_map_shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_map_entry *map = record;
	(void)seg;
	return map->state != IPM_MAP_REMOVED;
}

enum view_map_kind
view_map_kind(const struct ipm_map_entry *map)
{
	if (map->kind == IPM_MAP_DYNAMIC)
		return VIEW_MAP_DYNAMIC;
	return map->key_type == IPM_KEY_MANUAL ? VIEW_MAP_MANUAL : VIEW_MAP_ISAKMP;
}

bool
view_map_tunnel(const struct ipm_segment *seg, const struct ipm_map_entry *map, struct ipm_tunnel *out)
{
	struct ipm_walk walk;
	ipm_walk_tunnels(&walk, seg, map);
	while (map->tunnels_up && ipm_walk_next(&walk, out) > 0)
		if (out->state == IPM_TUNNEL_UP)
			return true;
	return false;
}

unsigned
view_map_feeds(const struct mib_cell *cell, uint32_t *slots)
{
	struct ipm_tunnel tunnel;
	return view_map_tunnel(cell->seg, cell->record, &tunnel) ? view_tunnel_feeds(&tunnel, slots) : 0;
}

bool
view_tunnel_map(const struct ipm_segment *seg, const struct ipm_tunnel *tunnel, struct ipm_map_entry *out)
{
	return tunnel->map && ipm_map_read(seg, tunnel->map - 1, out) == 0 && out->state != IPM_MAP_REMOVED;
}

bool
view_tunnel_sa(const struct ipm_segment *seg, const struct ipm_tunnel *tunnel, enum ipm_direction direction,
	       struct ipm_sa *out)
{
	struct ipm_walk walk;
	ipm_walk_sas(&walk, seg, tunnel);
	while (ipm_walk_next(&walk, out) > 0)
		if (out->direction == direction && out->protocol == tunnel->protocol)
			return true;
	return false;
}

uint32_t
view_policy_number(const struct view_map_set *set)
{
	return set && set->isakmp + set->dynamic > 0 ? set->first : 0;
}

uint32_t
view_engine_number(const struct mib_cell *cell)
{
	uint32_t before = 0;
	for (unsigned s = 1; s < cell->gateway; s++)
		before += ipm_segment_capacity(mib_segment(cell->mib, s), IPM_ENGINES);
	return before + ((const struct ipm_engine *)cell->record)->index;
}

/* --- groups ------------------------------------------------------------------------------------------------ */

static const char *
set_key(enum ipm_section_kind kind, const void *record)
{
	const struct ipm_ike_sa *sa = record;
	const struct ipm_map_entry *map = record;
	if (kind == IPM_MAPS)
		return view_map_shown(NULL, map) ? map->name : NULL;
	return sa->conn[0] && view_ike_shown(NULL, sa) ? sa->conn : NULL;
}

/* The number of SAs of this entry's tunnels. */
static uint32_t
map_sas(const struct ipm_segment *seg, const struct ipm_map_entry *map)
{
	struct ipm_tunnel tunnel;
	struct ipm_walk walk;
	uint32_t sas = 0;
	ipm_walk_tunnels(&walk, seg, map);
	while (ipm_walk_next(&walk, &tunnel) > 0)
		sas += tunnel.sas;
	return sas;
}

static void
set_gather(const struct mib_cell *cell, enum ipm_section_kind kind, uint32_t slot, void *group)
{
	struct view_map_set *set = group;
	const struct ipm_map_entry *map = cell->record;
	const struct ipm_ike_sa *sa = cell->record;

	if (kind == IPM_IKE_SAS) {
		if (set->ike == 0 || sa->created_ns > set->ike_created_ns) {
			set->ike = sa->index;
			set->ike_slot = slot;
			set->ike_created_ns = sa->created_ns;
		}
		return;
	}
	memcpy(set->name, map->name, sizeof(set->name));
	switch (view_map_kind(map)) {
	case VIEW_MAP_DYNAMIC:
		set->dynamic++;
		break;
	case VIEW_MAP_MANUAL:
		set->manual++;
		break;
	default:
		set->isakmp++;
	}
	set->sas += map_sas(cell->seg, map);
	if (set->first == 0 || map->index < set->first) {
		set->first = map->index;
		set->first_slot = slot;
	}
}

const struct mib_grouping view_map_sets = {
	.name = "crypto maps",
	.of = { IPM_MAPS, IPM_IKE_SAS },
	.also = { IPM_SAS },
	.size = sizeof(struct view_map_set),
	.key = set_key,
	.gather = set_gather,
};

static const char *
sum_key(enum ipm_section_kind kind, const void *record)
{
	(void)kind;
	return view_map_shown(NULL, record) ? "" : NULL;
}

static void
sum_gather(const struct mib_cell *cell, enum ipm_section_kind kind, uint32_t slot, void *group)
{
	struct view_map_sum *sum = group;
	(void)kind;
	(void)slot;
	sum->configured++;
	sum->up += ((const struct ipm_map_entry *)cell->record)->state == IPM_MAP_UP;
}

/* Going up or down raises an event but moves no change counter. */
const struct mib_grouping view_map_sums = {
	.name = "configured tunnels",
	.of = { IPM_MAPS },
	.also = { IPM_EVENTS },
	.size = sizeof(struct view_map_sum),
	.key = sum_key,
	.gather = sum_gather,
};
