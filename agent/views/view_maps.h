/* SPDX-License-Identifier: ISC */
/**
 * @file view_maps.h  What the views of crypto maps, configured tunnels and crypto engines share.
 */
#ifndef VIEW_MAPS_H
#define VIEW_MAPS_H

#include "mib.h"

/** A crypto map, which is a connection of the IKE daemon: its entries and its IKE SAs. */
struct view_map_set {
	char name[IPM_NAME_MAX];
	uint32_t isakmp, manual, dynamic; /* numbers of entries */
	uint32_t sas;                     /* of the entries' tunnels */
	uint32_t first, first_slot;       /* the lowest index of an entry, and its slot */
	uint32_t ike, ike_slot;           /* index and slot of the youngest IKE SA; 0: there is none */
	uint64_t ike_created_ns;
};
extern const struct mib_grouping view_map_sets;

/** All configured tunnels of a segment, under the name "". */
struct view_map_sum {
	uint32_t configured, up;
};
extern const struct mib_grouping view_map_sums;

/** Is it configured? */
bool view_map_shown(const struct ipm_segment *seg, const void *record);

/** Cisco's kinds of entries. A dynamic entry is dynamic, whatever its keys. */
enum view_map_kind { VIEW_MAP_MANUAL = 1, VIEW_MAP_ISAKMP = 2, VIEW_MAP_DYNAMIC = 4 };
enum view_map_kind view_map_kind(const struct ipm_map_entry *map);

/** The tunnel of this entry that came up last and is still up; false: none. */
bool view_map_tunnel(const struct ipm_segment *seg, const struct ipm_map_entry *map, struct ipm_tunnel *out);

/** The feeds of that tunnel: for mib_table.feeds. Without a tunnel, any feed may have counted earlier ones. */
unsigned view_map_feeds(const struct mib_cell *cell, uint32_t *slots);

/** The entry that a tunnel belongs to; false: none is known. */
bool view_tunnel_map(const struct ipm_segment *seg, const struct ipm_tunnel *tunnel, struct ipm_map_entry *out);

/** The youngest SA of the tunnel's own protocol in this direction; false: none. */
bool view_tunnel_sa(const struct ipm_segment *seg, const struct ipm_tunnel *tunnel, enum ipm_direction direction,
		    struct ipm_sa *out);

/** The number of a crypto map's ISAKMP policy, which is the lowest index of its entries; 0: it has none. */
uint32_t view_policy_number(const struct view_map_set *set);

/** The number of a crypto engine among those of all segments, from 1. */
uint32_t view_engine_number(const struct mib_cell *cell);

#endif
