/* SPDX-License-Identifier: ISC */
/*
 * cipsStaticCryptomapTable: the entries of crypto maps, up or not. One that is a template is an entry of type dynamic,
 * which links the template of its name.
 */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW      ipm_map
#define LAST_SEQ 65535 /* cipsStaticCryptomapPriority */
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "cipsStaticCryptomapType",      INTEGER, mib_map_type,     index),
	COL(3, "cipsStaticCryptomapDescr",     OCTETS,  mib_name,         child),
	COL(4, "cipsStaticCryptomapPeer",      OCTETS,  mib_map_peer,     index),
	COL(5, "cipsStaticCryptomapNumPeers",  INTEGER, mib_u8,           peers),
	COL(6, "cipsStaticCryptomapPfs",       INTEGER, mib_map_pfs,      index),
	COL(7, "cipsStaticCryptomapLifetime",  INTEGER, mib_map_lifetime, index),
	COL(8, "cipsStaticCryptomapLifesize",  INTEGER, mib_map_lifesize, index),
	COL(9, "cipsStaticCryptomapLevelHost", INTEGER, mib_false,        index), /* Linux has no SAs of single hosts */
	/* clang-format on */
};
static const mib_subid oid[] = { CIPS_MIB, 1, 2, 3, 3, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_map *map = cell->record;
	unsigned len = view_name_key(map->name, key);
	key[len] = map->seq;
	return map->seq <= LAST_SEQ ? len + 1 : 0;
}

const struct mib_table view_cips_map = {
	.name = "cipsStaticCryptomapTable",
	MIB_OID(oid),
	.record = IPM_MAPS,
	.key = key,
	.shown = view_map_shown,
	MIB_COLS(cols),
};
