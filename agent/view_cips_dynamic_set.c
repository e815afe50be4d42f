/* SPDX-License-Identifier: ISC */
/*
 * cipsDynamicCryptomapSetTable: templates for peers whose address is not known before they come. The map of the same
 * name is the one, and the only one, that links them.
 */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW view_map_set
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "cipsDynamicCryptomapSetSize",     GAUGE, mib_u32, dynamic),
	COL(3, "cipsDynamicCryptomapSetNumAssoc", GAUGE, mib_one, dynamic),
	/* clang-format on */
};
static const mib_subid oid[] = { CIPS_MIB, 1, 2, 3, 2, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	const struct view_map_set *set = cell->record;
	return set->dynamic ? view_name_key(set->name, key) : 0;
}

const struct mib_table view_cips_dynamic_set = {
	.name = "cipsDynamicCryptomapSetTable",
	MIB_OID(oid),
	.groups = &view_map_sets,
	.key = key,
	MIB_COLS(cols),
};
