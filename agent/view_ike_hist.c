/* SPDX-License-Identifier: ISC */
/* cikeTunnelHistTable: IKE SAs that have ended. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_ike_history
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 2, "cikeTunHistTermReason",         INTEGER, mib_ike_reason,   index),
	COL( 3, "cikeTunHistActiveIndex",        INTEGER, mib_u32,          sa.index),
	COL( 4, "cikeTunHistPeerLocalType",      INTEGER, mib_peer_type,    sa.local_id),
	COL( 5, "cikeTunHistPeerLocalValue",     OCTETS,  mib_text,         sa.local_id),
	COL( 6, "cikeTunHistPeerIntIndex",       INTEGER, mib_u32,          sa.peer),
	COL( 7, "cikeTunHistPeerRemoteType",     INTEGER, mib_peer_type,    sa.remote_id),
	COL( 8, "cikeTunHistPeerRemoteValue",    OCTETS,  mib_text,         sa.remote_id),
	COL( 9, "cikeTunHistLocalAddr",          OCTETS,  mib_addr,         sa.local),
	COL(10, "cikeTunHistLocalName",          OCTETS,  mib_empty,        sa.local),
	COL(11, "cikeTunHistRemoteAddr",         OCTETS,  mib_addr,         sa.remote),
	COL(12, "cikeTunHistRemoteName",         OCTETS,  mib_empty,        sa.remote),
	COL(13, "cikeTunHistNegoMode",           INTEGER, mib_ike_mode,     sa),
	COL(14, "cikeTunHistDiffHellmanGrp",     INTEGER, mib_dh_group,     sa.proposal),
	COL(15, "cikeTunHistEncryptAlgo",        INTEGER, mib_encrypt_algo, sa.proposal),
	COL(16, "cikeTunHistHashAlgo",           INTEGER, mib_ike_hash,     sa.proposal),
	COL(17, "cikeTunHistAuthMethod",         INTEGER, mib_ike_auth,     sa.auth),
	COL(18, "cikeTunHistLifeTime",           INTEGER, mib_ike_life,     sa),
	COL(19, "cikeTunHistStartTime",          TICKS,   mib_moment,       sa.created_ns),
	COL(20, "cikeTunHistActiveTime",         INTEGER, mib_ike_lasted,   index),
	COL(21, "cikeTunHistTotalRefreshes",     COUNTER, mib_u32,          sa.refreshes),
	COL(22, "cikeTunHistTotalSas",           COUNTER, mib_ike_sas,      sa),
	COL_CAP(23, "cikeTunHistInOctets",           COUNTER, mib_u64_low,      sa.in.octets, IPM_CAP_IKE_COUNTERS),
	COL_CAP(24, "cikeTunHistInPkts",             COUNTER, mib_u64_low,      sa.in.pkts, IPM_CAP_IKE_COUNTERS),
	COL_CAP(25, "cikeTunHistInDropPkts",         COUNTER, mib_u64_low,      sa.in.drops, IPM_CAP_IKE_COUNTERS),
	COL_CAP(26, "cikeTunHistInNotifys",          COUNTER, mib_u64_low,      sa.in.notifies, IPM_CAP_IKE_COUNTERS),
	COL_CAP(27, "cikeTunHistInP2Exchgs",         COUNTER, mib_u64_low,      sa.in.exchanges, IPM_CAP_IKE_COUNTERS),
	COL_CAP(28, "cikeTunHistInP2ExchgInvalids",  COUNTER, mib_u64_low,      sa.in.exchange_invalids, IPM_CAP_IKE_COUNTERS),
	COL_CAP(29, "cikeTunHistInP2ExchgRejects",   COUNTER, mib_u64_low,      sa.in.exchange_rejects, IPM_CAP_IKE_COUNTERS),
	COL_CAP(30, "cikeTunHistInP2SaDelRequests",  COUNTER, mib_u64_low,      sa.in.sa_deletes, IPM_CAP_IKE_DELETES),
	COL_CAP(31, "cikeTunHistOutOctets",          COUNTER, mib_u64_low,      sa.out.octets, IPM_CAP_IKE_COUNTERS),
	COL_CAP(32, "cikeTunHistOutPkts",            COUNTER, mib_u64_low,      sa.out.pkts, IPM_CAP_IKE_COUNTERS),
	COL_CAP(33, "cikeTunHistOutDropPkts",        COUNTER, mib_u64_low,      sa.out.drops, IPM_CAP_IKE_OUT_DROPS),
	COL_CAP(34, "cikeTunHistOutNotifys",         COUNTER, mib_u64_low,      sa.out.notifies, IPM_CAP_IKE_COUNTERS),
	COL_CAP(35, "cikeTunHistOutP2Exchgs",        COUNTER, mib_u64_low,      sa.out.exchanges, IPM_CAP_IKE_COUNTERS),
	COL_CAP(36, "cikeTunHistOutP2ExchgInvalids", COUNTER, mib_u64_low,      sa.out.exchange_invalids, IPM_CAP_IKE_COUNTERS),
	COL_CAP(37, "cikeTunHistOutP2ExchgRejects",  COUNTER, mib_u64_low,      sa.out.exchange_rejects, IPM_CAP_IKE_COUNTERS),
	COL_CAP(38, "cikeTunHistOutP2SaDelRequests", COUNTER, mib_u64_low,      sa.out.sa_deletes, IPM_CAP_IKE_DELETES),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 4, 2, 1, 1 };

static bool
shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_ike_history *entry = record;
	return ipm_ring_shown(seg, IPM_IKE_HISTORY, entry->index);
}

const struct mib_table view_ike_hist = {
	.name = "cikeTunnelHistTable",
	MIB_OID(oid),
	.record = IPM_IKE_HISTORY,
	.key = view_index_key,
	.shown = shown,
	MIB_COLS(cols),
};
