/* SPDX-License-Identifier: ISC */
/* cipSecLevels: which level of the MIB this is. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_totals
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(1, "cipSecMibLevel", INTEGER, mib_one, ike_active),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 1 };

const struct mib_table view_levels = {
	.name = "cipSecLevels",
	MIB_OID(oid),
	.record = IPM_TOTALS,
	MIB_COLS(cols),
};
