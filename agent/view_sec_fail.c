/* SPDX-License-Identifier: ISC */
/* cipSecFailTable: what failed in IPsec. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_failure
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "cipSecFailReason",      INTEGER, mib_tun_fail_reason, reason),
	COL(3, "cipSecFailTime",        TICKS,   mib_moment,          time_ns),
	COL(4, "cipSecFailTunnelIndex", INTEGER, mib_index,           tunnel_index),
	COL(5, "cipSecFailSaSpi",       INTEGER, mib_fail_spi,        spi),
	COL(6, "cipSecFailPktSrcAddr",  OCTETS,  mib_addr_known,      packet_src),
	COL(7, "cipSecFailPktDstAddr",  OCTETS,  mib_addr_known,      packet_dst),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 5, 3, 1, 1 };

static bool
shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_failure *entry = record;
	return ipm_ring_shown(seg, IPM_TUNNEL_FAILURES, entry->index);
}

static uint64_t
when(const void *record)
{
	return ((const struct ipm_failure *)record)->time_ns;
}

const struct mib_table view_sec_fail = {
	.name = "cipSecFailTable",
	MIB_OID(oid),
	.record = IPM_TUNNEL_FAILURES,
	.key = view_index_key,
	.shown = shown,
	.when = when,
	MIB_COLS(cols),
};
