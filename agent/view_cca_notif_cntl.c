/* SPDX-License-Identifier: ISC */
/* ccaAcNotifCntl: which notifications of CISCO-CRYPTO-ACCELERATOR-MIB are sent. */
#include "mib_convert.h"
#include "mib_set.h"
#include "mib_views.h"

#define ROW mib_controls
static const struct mib_col cols[] = {
	/* clang-format off */
	COL_SET(1, "ccaNotifCntlAcclInserted",    INTEGER, mib_u32, engine[0], &mib_set_notify),
	COL_SET(2, "ccaNotifCntlAcclRemoved",     INTEGER, mib_u32, engine[1], &mib_set_notify),
	COL_SET(3, "ccaNotifCntlAcclOperational", INTEGER, mib_u32, engine[2], &mib_set_notify),
	COL_SET(4, "ccaNotifCntlAcclDisabled",    INTEGER, mib_u32, engine[3], &mib_set_notify),
	/* clang-format on */
};
static const mib_subid oid[] = { ACCELERATOR_MIB, 1, 3 };

const struct mib_table view_cca_notif_cntl = {
	.name = "ccaAcNotifCntl",
	MIB_OID(oid),
	.local = &mib_controls,
	MIB_COLS(cols),
};
