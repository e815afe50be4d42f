/* SPDX-License-Identifier: ISC */
/* ipsecmonDropTable: packets of a configured tunnel that were dropped, by reason. */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW ipm_map
static const struct mib_col cols[] = {
	/* clang-format off */
	COL_DROP(2, "ipsecmonDropInPkts",  COUNTER64, mib_drops_nth, in, SA_DROPS(IN, IPM_DROPPED_ANY)),
	COL_DROP(3, "ipsecmonDropOutPkts", COUNTER64, mib_drops_nth, out, SA_DROPS(OUT, IPM_DROPPED_ANY)),
	/* clang-format on */
};
static const mib_subid oid[] = { IPSECMON_MIB, 1, 5, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = ((const struct ipm_map *)cell->record)->index;
	key[1] = cell->nth + 1; /* ipsecmonDropReason: the numbers of enum ipm_drop, from 1 */
	return 2;
}

const struct mib_table view_own_drop = {
	.name = "ipsecmonDropTable",
	MIB_OID(oid),
	.record = IPM_MAPS,
	.feeds = view_map_feeds,
	.each = IPM_DROP_COUNT,
	.key = key,
	.shown = view_map_shown,
	MIB_COLS(cols),
};
