/* SPDX-License-Identifier: ISC */
/* cikeGlobalStats: IKE on the gateway as a whole. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_totals
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 1, "cikeGlobalActiveTunnels",      GAUGE,   mib_u64_low, ike_active),
	COL( 2, "cikeGlobalPreviousTunnels",    COUNTER, mib_u64_low, ike_previous),
	COL_CAP( 3, "cikeGlobalInOctets",           COUNTER, mib_u64_low, ike_in.octets, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 4, "cikeGlobalInPkts",             COUNTER, mib_u64_low, ike_in.pkts, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 5, "cikeGlobalInDropPkts",         COUNTER, mib_u64_low, ike_in.drops, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 6, "cikeGlobalInNotifys",          COUNTER, mib_u64_low, ike_in.notifies, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 7, "cikeGlobalInP2Exchgs",         COUNTER, mib_u64_low, ike_in.exchanges, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 8, "cikeGlobalInP2ExchgInvalids",  COUNTER, mib_u64_low, ike_in.exchange_invalids, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 9, "cikeGlobalInP2ExchgRejects",   COUNTER, mib_u64_low, ike_in.exchange_rejects, IPM_CAP_IKE_COUNTERS),
	COL_CAP(10, "cikeGlobalInP2SaDelRequests",  COUNTER, mib_u64_low, ike_in.sa_deletes, IPM_CAP_IKE_DELETES),
	COL_CAP(11, "cikeGlobalOutOctets",          COUNTER, mib_u64_low, ike_out.octets, IPM_CAP_IKE_COUNTERS),
	COL_CAP(12, "cikeGlobalOutPkts",            COUNTER, mib_u64_low, ike_out.pkts, IPM_CAP_IKE_COUNTERS),
	COL_CAP(13, "cikeGlobalOutDropPkts",        COUNTER, mib_u64_low, ike_out.drops, IPM_CAP_IKE_OUT_DROPS),
	COL_CAP(14, "cikeGlobalOutNotifys",         COUNTER, mib_u64_low, ike_out.notifies, IPM_CAP_IKE_COUNTERS),
	COL_CAP(15, "cikeGlobalOutP2Exchgs",        COUNTER, mib_u64_low, ike_out.exchanges, IPM_CAP_IKE_COUNTERS),
	COL_CAP(16, "cikeGlobalOutP2ExchgInvalids", COUNTER, mib_u64_low, ike_out.exchange_invalids, IPM_CAP_IKE_COUNTERS),
	COL_CAP(17, "cikeGlobalOutP2ExchgRejects",  COUNTER, mib_u64_low, ike_out.exchange_rejects, IPM_CAP_IKE_COUNTERS),
	COL_CAP(18, "cikeGlobalOutP2SaDelRequests", COUNTER, mib_u64_low, ike_out.sa_deletes, IPM_CAP_IKE_DELETES),
	COL(19, "cikeGlobalInitTunnels",        COUNTER, mib_u64_low, ike_initiated),
	COL_CAP(20, "cikeGlobalInitTunnelFails",    COUNTER, mib_u64_low, ike_init_fails, IPM_CAP_IKE_SAS | IPM_CAP_FAILURES),
	COL_CAP(21, "cikeGlobalRespTunnelFails",    COUNTER, mib_u64_low, ike_resp_fails, IPM_CAP_IKE_SAS | IPM_CAP_FAILURES),
	COL_CAP(22, "cikeGlobalSysCapFails",        COUNTER, mib_u64_low, ike_capacity_fails, IPM_CAP_IKE_CAPACITY_FAILS),
	COL_CAP(23, "cikeGlobalAuthFails",          COUNTER, mib_u64_low, ike_auth_fails, IPM_CAP_IKE_AUTH_FAILS),
	COL_CAP(24, "cikeGlobalDecryptFails",       COUNTER, mib_u64_low, ike_decrypt_fails, IPM_CAP_IKE_DECRYPT_FAILS),
	COL_CAP(25, "cikeGlobalHashValidFails",     COUNTER, mib_u64_low, ike_hash_fails, IPM_CAP_IKE_HASH_FAILS),
	COL_CAP(26, "cikeGlobalNoSaFails",          COUNTER, mib_u64_low, ike_no_sa_fails, IPM_CAP_IKE_NO_SA_FAILS),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 2, 1 };

const struct mib_table view_ike_global = {
	.name = "cikeGlobalStats",
	MIB_OID(oid),
	.record = IPM_TOTALS,
	MIB_COLS(cols),
};
