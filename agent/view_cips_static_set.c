/* SPDX-License-Identifier: ISC */
/* cipsStaticCryptomapSetTable: a crypto map is a connection; each of its children is an entry. */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW view_map_set
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "cipsStaticCryptomapSetSize",       GAUGE, mib_set_size, name),
	COL(3, "cipsStaticCryptomapSetNumIsakmp",  GAUGE, mib_u32,      isakmp),
	COL(4, "cipsStaticCryptomapSetNumManual",  GAUGE, mib_u32,      manual),
	COL(5, "cipsStaticCryptomapSetNumCET",     GAUGE, mib_zero,     name),
	COL(6, "cipsStaticCryptomapSetNumDynamic", GAUGE, mib_u32,      dynamic),
	COL(7, "cipsStaticCryptomapSetNumDisc",    GAUGE, mib_zero,     name),
	COL(8, "cipsStaticCryptomapSetNumSAs",     GAUGE, mib_u32,      sas),
	/* clang-format on */
};
static const mib_subid oid[] = { CIPS_MIB, 1, 2, 3, 1, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	const struct view_map_set *set = cell->record;
	return set->first ? view_name_key(set->name, key) : 0;
}

const struct mib_table view_cips_static_set = {
	.name = "cipsStaticCryptomapSetTable",
	MIB_OID(oid),
	.groups = &view_map_sets,
	.key = key,
	MIB_COLS(cols),
};
