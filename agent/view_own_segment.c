/* SPDX-License-Identifier: ISC */
/* ipsecmonSegmentTable: the gateways that are served, and whether somebody keeps them. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_totals
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "ipsecmonSegmentName",       OCTETS,    mib_seg_name,       ike_active),
	COL(3, "ipsecmonSegmentSilence",    TICKS,     mib_seg_silence,    ike_active),
	COL(4, "ipsecmonSegmentConfigured", GAUGE,     mib_seg_configured, ike_active),
	COL(5, "ipsecmonSegmentUp",         GAUGE,     mib_seg_up,         ike_active),
	COL(6, "ipsecmonSegmentRefused",    COUNTER64, mib_u64,            records_refused),
	COL(7, "ipsecmonSegmentEvents",     COUNTER64, mib_seg_events,     ike_active),
	/* clang-format on */
};
static const mib_subid oid[] = { IPSECMON_MIB, 1, 2, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = cell->gateway;
	return 1;
}

const struct mib_table view_own_segment = {
	.name = "ipsecmonSegmentTable",
	MIB_OID(oid),
	.record = IPM_TOTALS,
	.key = key,
	MIB_COLS(cols),
};
