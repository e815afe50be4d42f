/* SPDX-License-Identifier: ISC */
/* cikeFailTable: what failed in IKE. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_failure
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "cikeFailReason",      INTEGER, mib_ike_fail_reason, reason),
	COL(3, "cikeFailTime",        TICKS,   mib_moment,          time_ns),
	COL(4, "cikeFailLocalType",   INTEGER, mib_peer_type,       local_id),
	COL(5, "cikeFailLocalValue",  OCTETS,  mib_text,            local_id),
	COL(6, "cikeFailRemoteType",  INTEGER, mib_peer_type,       remote_id),
	COL(7, "cikeFailRemoteValue", OCTETS,  mib_text,            remote_id),
	COL(8, "cikeFailLocalAddr",   OCTETS,  mib_addr_known,      local),
	COL(9, "cikeFailRemoteAddr",  OCTETS,  mib_addr_known,      remote),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 5, 2, 1, 1 };

static bool
shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_failure *entry = record;
	return ipm_ring_shown(seg, IPM_IKE_FAILURES, entry->index);
}

static uint64_t
when(const void *record)
{
	return ((const struct ipm_failure *)record)->time_ns;
}

const struct mib_table view_ike_fail = {
	.name = "cikeFailTable",
	MIB_OID(oid),
	.record = IPM_IKE_FAILURES,
	.key = view_index_key,
	.shown = shown,
	.when = when,
	MIB_COLS(cols),
};
