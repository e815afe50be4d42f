/* SPDX-License-Identifier: ISC */
/* cipsTrapCntlGroup: which notifications of CISCO-IPSEC-MIB are sent. */
#include "mib_convert.h"
#include "mib_set.h"
#include "mib_views.h"

#define ROW mib_controls
static const struct mib_col cols[] = {
	/* clang-format off */
	COL_SET(1, "cipsCntlIsakmpPolicyAdded",    INTEGER, mib_u32, cips[0], &mib_set_notify),
	COL_SET(2, "cipsCntlIsakmpPolicyDeleted",  INTEGER, mib_u32, cips[1], &mib_set_notify),
	COL_SET(3, "cipsCntlCryptomapAdded",       INTEGER, mib_u32, cips[2], &mib_set_notify),
	COL_SET(4, "cipsCntlCryptomapDeleted",     INTEGER, mib_u32, cips[3], &mib_set_notify),
	COL_SET(5, "cipsCntlCryptomapSetAttached", INTEGER, mib_u32, cips[4], &mib_set_notify),
	COL_SET(6, "cipsCntlCryptomapSetDetached", INTEGER, mib_u32, cips[5], &mib_set_notify),
	COL_SET(7, "cipsCntlTooManySAs",           INTEGER, mib_u32, cips[6], &mib_set_notify),
	/* clang-format on */
};
static const mib_subid oid[] = { CIPS_MIB, 1, 4 };

const struct mib_table view_cips_trap_cntl = {
	.name = "cipsTrapCntlGroup",
	MIB_OID(oid),
	.local = &mib_controls,
	MIB_COLS(cols),
};
