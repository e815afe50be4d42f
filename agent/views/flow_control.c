/* SPDX-License-Identifier: ISC */
/* cipSecLevels and cipSecTrapCntl: the level of the MIB, and which notifications are sent. */
#include "mib_set.h"
#include "mib_convert.h"
#include "views.h"

static const struct mib_col level_cols[] = {
	/* clang-format off */
	COL_CONST(1, "cipSecMibLevel", INTEGER, 1),
	/* clang-format on */
};

const struct mib_table view_levels = {
	.name = "cipSecLevels",
	MIB_OID(FLOW_MIB, 1, 1),
	.record = IPM_TOTALS,
	MIB_COLS(level_cols),
};

#define ROW mib_controls
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 1, "cipSecTrapCntlIkeTunnelStart",    INTEGER, mib_u32, notify[0],  .set = &mib_set_notify),
	COL( 2, "cipSecTrapCntlIkeTunnelStop",     INTEGER, mib_u32, notify[1],  .set = &mib_set_notify),
	COL( 3, "cipSecTrapCntlIkeSysFailure",     INTEGER, mib_u32, notify[2],  .set = &mib_set_notify),
	COL( 4, "cipSecTrapCntlIkeCertCrlFailure", INTEGER, mib_u32, notify[3],  .set = &mib_set_notify),
	COL( 5, "cipSecTrapCntlIkeProtocolFail",   INTEGER, mib_u32, notify[4],  .set = &mib_set_notify),
	COL( 6, "cipSecTrapCntlIkeNoSa",           INTEGER, mib_u32, notify[5],  .set = &mib_set_notify),
	COL( 7, "cipSecTrapCntlIpSecTunnelStart",  INTEGER, mib_u32, notify[6],  .set = &mib_set_notify),
	COL( 8, "cipSecTrapCntlIpSecTunnelStop",   INTEGER, mib_u32, notify[7],  .set = &mib_set_notify),
	COL( 9, "cipSecTrapCntlIpSecSysFailure",   INTEGER, mib_u32, notify[8],  .set = &mib_set_notify),
	COL(10, "cipSecTrapCntlIpSecSetUpFailure", INTEGER, mib_u32, notify[9],  .set = &mib_set_notify),
	COL(11, "cipSecTrapCntlIpSecEarlyTunTerm", INTEGER, mib_u32, notify[10], .set = &mib_set_notify),
	COL(12, "cipSecTrapCntlIpSecProtocolFail", INTEGER, mib_u32, notify[11], .set = &mib_set_notify),
	COL(13, "cipSecTrapCntlIpSecNoSa",         INTEGER, mib_u32, notify[12], .set = &mib_set_notify),
	/* clang-format on */
};

const struct mib_table view_trap_cntl = {
	.name = "cipSecTrapCntl",
	MIB_OID(FLOW_MIB, 1, 6),
	.local = &mib_controls,
	MIB_COLS(cols),
};
