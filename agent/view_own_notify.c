/* SPDX-License-Identifier: ISC */
/* ipsecmonNotifyControl: which notifications of IPSECMON-MIB are sent. */
#include "mib_convert.h"
#include "mib_set.h"
#include "mib_views.h"

#define ROW mib_controls
static const struct mib_col cols[] = {
	/* clang-format off */
	COL_SET(1, "ipsecmonNotifyTunnelDown", INTEGER, mib_u32, own[0], &mib_set_notify),
	COL_SET(2, "ipsecmonNotifyTunnelUp",   INTEGER, mib_u32, own[1], &mib_set_notify),
	/* clang-format on */
};
static const mib_subid oid[] = { IPSECMON_MIB, 1, 7 };

const struct mib_table view_own_notify = {
	.name = "ipsecmonNotifyControl",
	MIB_OID(oid),
	.local = &mib_controls,
	MIB_COLS(cols),
};
