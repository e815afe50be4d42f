/* SPDX-License-Identifier: ISC */
/* cipSecFailGlobalCntl: how many failures are kept. */
#include "mib_convert.h"
#include "mib_set.h"
#include "mib_views.h"

#define ROW ipm_settings
static const struct mib_col cols[] = {
	/* clang-format off */
	COL_SET(1, "cipSecFailTableSize", INTEGER, mib_u32, failure_size, &mib_set_failure_size),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 5, 1, 1 };

const struct mib_table view_fail_cntl = {
	.name = "cipSecFailGlobalCntl",
	MIB_OID(oid),
	.record = IPM_SETTINGS,
	MIB_COLS(cols),
};
