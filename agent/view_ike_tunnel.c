/* SPDX-License-Identifier: ISC */
/* cikeTunnelTable: the IKE SAs. */
#include "mib_convert.h"
#include "mib_set.h"
#include "mib_views.h"

#define ROW ipm_ike_sa
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 2, "cikeTunLocalType",          INTEGER, mib_peer_type,     local_id),
	COL( 3, "cikeTunLocalValue",         OCTETS,  mib_text,          local_id),
	COL( 4, "cikeTunLocalAddr",          OCTETS,  mib_addr,          local),
	COL( 5, "cikeTunLocalName",          OCTETS,  mib_empty,         local),
	COL( 6, "cikeTunRemoteType",         INTEGER, mib_peer_type,     remote_id),
	COL( 7, "cikeTunRemoteValue",        OCTETS,  mib_text,          remote_id),
	COL( 8, "cikeTunRemoteAddr",         OCTETS,  mib_addr,          remote),
	COL( 9, "cikeTunRemoteName",         OCTETS,  mib_empty,         remote),
	COL(10, "cikeTunNegoMode",           INTEGER, mib_ike_mode,      index),
	COL(11, "cikeTunDiffHellmanGrp",     INTEGER, mib_dh_group,      proposal),
	COL(12, "cikeTunEncryptAlgo",        INTEGER, mib_encrypt_algo,  proposal),
	COL(13, "cikeTunHashAlgo",           INTEGER, mib_ike_hash,      proposal),
	COL(14, "cikeTunAuthMethod",         INTEGER, mib_ike_auth,      auth),
	COL(15, "cikeTunLifeTime",           INTEGER, mib_ike_life,      index),
	COL(16, "cikeTunActiveTime",         INTEGER, mib_age,           created_ns),
	COL(17, "cikeTunSaRefreshThreshold", INTEGER, mib_ike_threshold, index),
	COL(18, "cikeTunTotalRefreshes",     COUNTER, mib_u32,           refreshes),
	COL(19, "cikeTunInOctets",           COUNTER, mib_u64_low,       in.octets),
	COL_CAP(20, "cikeTunInPkts",             COUNTER, mib_u64_low,       in.pkts, IPM_CAP_IKE_COUNTERS),
	COL_CAP(21, "cikeTunInDropPkts",         COUNTER, mib_u64_low,       in.drops, IPM_CAP_IKE_COUNTERS),
	COL_CAP(22, "cikeTunInNotifys",          COUNTER, mib_u64_low,       in.notifies, IPM_CAP_IKE_COUNTERS),
	COL_CAP(23, "cikeTunInP2Exchgs",         COUNTER, mib_u64_low,       in.exchanges, IPM_CAP_IKE_COUNTERS),
	COL_CAP(24, "cikeTunInP2ExchgInvalids",  COUNTER, mib_u64_low,       in.exchange_invalids, IPM_CAP_IKE_COUNTERS),
	COL_CAP(25, "cikeTunInP2ExchgRejects",   COUNTER, mib_u64_low,       in.exchange_rejects, IPM_CAP_IKE_COUNTERS),
	COL_CAP(26, "cikeTunInP2SaDelRequests",  COUNTER, mib_u64_low,       in.sa_deletes, IPM_CAP_IKE_DELETES),
	COL(27, "cikeTunOutOctets",          COUNTER, mib_u64_low,       out.octets),
	COL_CAP(28, "cikeTunOutPkts",            COUNTER, mib_u64_low,       out.pkts, IPM_CAP_IKE_COUNTERS),
	COL_CAP(29, "cikeTunOutDropPkts",        COUNTER, mib_u64_low,       out.drops, IPM_CAP_IKE_OUT_DROPS),
	COL_CAP(30, "cikeTunOutNotifys",         COUNTER, mib_u64_low,       out.notifies, IPM_CAP_IKE_COUNTERS),
	COL_CAP(31, "cikeTunOutP2Exchgs",        COUNTER, mib_u64_low,       out.exchanges, IPM_CAP_IKE_COUNTERS),
	COL_CAP(32, "cikeTunOutP2ExchgInvalids", COUNTER, mib_u64_low,       out.exchange_invalids, IPM_CAP_IKE_COUNTERS),
	COL_CAP(33, "cikeTunOutP2ExchgRejects",  COUNTER, mib_u64_low,       out.exchange_rejects, IPM_CAP_IKE_COUNTERS),
	COL_CAP(34, "cikeTunOutP2SaDelRequests", COUNTER, mib_u64_low,       out.sa_deletes, IPM_CAP_IKE_DELETES),
	COL_SET(35, "cikeTunStatus",             INTEGER, mib_one,           state, &mib_set_ike_status),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 2, 3, 1 };

const struct mib_table view_ike_tunnel = {
	.name = "cikeTunnelTable",
	MIB_OID(oid),
	.record = IPM_IKE_SAS,
	.key = view_index_key,
	.shown = view_ike_shown,
	MIB_COLS(cols),
};
