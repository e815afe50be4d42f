/* SPDX-License-Identifier: ISC */
/* cipSecTrapCntl: which notifications are sent. */
#include "mib_convert.h"
#include "mib_set.h"
#include "mib_views.h"

#define ROW mib_controls
static const struct mib_col cols[] = {
	/* clang-format off */
	COL_SET( 1, "cipSecTrapCntlIkeTunnelStart",    INTEGER, mib_u32, notify[0], &mib_set_notify),
	COL_SET( 2, "cipSecTrapCntlIkeTunnelStop",     INTEGER, mib_u32, notify[1], &mib_set_notify),
	COL_SET( 3, "cipSecTrapCntlIkeSysFailure",     INTEGER, mib_u32, notify[2], &mib_set_notify),
	COL_SET( 4, "cipSecTrapCntlIkeCertCrlFailure", INTEGER, mib_u32, notify[3], &mib_set_notify),
	COL_SET( 5, "cipSecTrapCntlIkeProtocolFail",   INTEGER, mib_u32, notify[4], &mib_set_notify),
	COL_SET( 6, "cipSecTrapCntlIkeNoSa",           INTEGER, mib_u32, notify[5], &mib_set_notify),
	COL_SET( 7, "cipSecTrapCntlIpSecTunnelStart",  INTEGER, mib_u32, notify[6], &mib_set_notify),
	COL_SET( 8, "cipSecTrapCntlIpSecTunnelStop",   INTEGER, mib_u32, notify[7], &mib_set_notify),
	COL_SET( 9, "cipSecTrapCntlIpSecSysFailure",   INTEGER, mib_u32, notify[8], &mib_set_notify),
	COL_SET(10, "cipSecTrapCntlIpSecSetUpFailure", INTEGER, mib_u32, notify[9], &mib_set_notify),
	COL_SET(11, "cipSecTrapCntlIpSecEarlyTunTerm", INTEGER, mib_u32, notify[10], &mib_set_notify),
	COL_SET(12, "cipSecTrapCntlIpSecProtocolFail", INTEGER, mib_u32, notify[11], &mib_set_notify),
	COL_SET(13, "cipSecTrapCntlIpSecNoSa",         INTEGER, mib_u32, notify[12], &mib_set_notify),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 6 };

const struct mib_table view_trap_cntl = {
	.name = "cipSecTrapCntl",
	MIB_OID(oid),
	.record = IPM_TOTALS,
	.local = &mib_controls,
	MIB_COLS(cols),
};
