/* SPDX-License-Identifier: ISC */
/* cipsCryptomapSetIfTable: which interfaces use a crypto map. Entries that say the same make one row. */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW ipm_map
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(1, "cipsCryptomapSetIfVirtual", INTEGER, mib_none, index), /* what kind of interface it is, is not known */
	COL(2, "cipsCryptomapSetIfStatus",  INTEGER, mib_one,  index), /* attached */
	/* clang-format on */
};
static const mib_subid oid[] = { CIPS_MIB, 1, 2, 3, 4, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_map *map = cell->record;
	if (map->ifindex == 0 || map->ifindex > INT32_MAX)
		return 0;
	key[0] = map->ifindex;
	return 1 + view_name_key(map->name, key + 1);
}

const struct mib_table view_cips_map_if = {
	.name = "cipsCryptomapSetIfTable",
	MIB_OID(oid),
	.record = IPM_MAPS,
	.key = key,
	.shown = view_map_shown,
	MIB_COLS(cols),
};
