/* SPDX-License-Identifier: ISC */
/* cipSecHistGlobalCntl: how much history is kept. */
#include "mib_convert.h"
#include "mib_set.h"
#include "mib_views.h"

#define ROW ipm_settings
static const struct mib_col cols[] = {
	/* clang-format off */
	COL_SET(1, "cipSecHistTableSize",  INTEGER, mib_u32, history_size, &mib_set_history_size),
	COL_SET(2, "cipSecHistCheckPoint", INTEGER, mib_one, history_size, &mib_set_check_point),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 4, 1, 1 };

const struct mib_table view_hist_cntl = {
	.name = "cipSecHistGlobalCntl",
	MIB_OID(oid),
	.record = IPM_SETTINGS,
	MIB_COLS(cols),
};
