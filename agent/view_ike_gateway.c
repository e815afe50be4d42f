/* SPDX-License-Identifier: ISC */
/* cikePhase1GWStatsTable: IKE on each served gateway. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_totals
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 1, "cikePhase1GWActiveTunnels",      GAUGE,   mib_u64_low, ike_active),
	COL( 2, "cikePhase1GWPreviousTunnels",    COUNTER, mib_u64_low, ike_previous),
	COL_CAP( 3, "cikePhase1GWInOctets",           COUNTER, mib_u64_low, ike_in.octets, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 4, "cikePhase1GWInPkts",             COUNTER, mib_u64_low, ike_in.pkts, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 5, "cikePhase1GWInDropPkts",         COUNTER, mib_u64_low, ike_in.drops, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 6, "cikePhase1GWInNotifys",          COUNTER, mib_u64_low, ike_in.notifies, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 7, "cikePhase1GWInP2Exchgs",         COUNTER, mib_u64_low, ike_in.exchanges, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 8, "cikePhase1GWInP2ExchgInvalids",  COUNTER, mib_u64_low, ike_in.exchange_invalids, IPM_CAP_IKE_COUNTERS),
	COL_CAP( 9, "cikePhase1GWInP2ExchgRejects",   COUNTER, mib_u64_low, ike_in.exchange_rejects, IPM_CAP_IKE_COUNTERS),
	COL_CAP(10, "cikePhase1GWInP2SaDelRequests",  COUNTER, mib_u64_low, ike_in.sa_deletes, IPM_CAP_IKE_DELETES),
	COL_CAP(11, "cikePhase1GWOutOctets",          COUNTER, mib_u64_low, ike_out.octets, IPM_CAP_IKE_COUNTERS),
	COL_CAP(12, "cikePhase1GWOutPkts",            COUNTER, mib_u64_low, ike_out.pkts, IPM_CAP_IKE_COUNTERS),
	COL_CAP(13, "cikePhase1GWOutDropPkts",        COUNTER, mib_u64_low, ike_out.drops, IPM_CAP_IKE_OUT_DROPS),
	COL_CAP(14, "cikePhase1GWOutNotifys",         COUNTER, mib_u64_low, ike_out.notifies, IPM_CAP_IKE_COUNTERS),
	COL_CAP(15, "cikePhase1GWOutP2Exchgs",        COUNTER, mib_u64_low, ike_out.exchanges, IPM_CAP_IKE_COUNTERS),
	COL_CAP(16, "cikePhase1GWOutP2ExchgInvalids", COUNTER, mib_u64_low, ike_out.exchange_invalids, IPM_CAP_IKE_COUNTERS),
	COL_CAP(17, "cikePhase1GWOutP2ExchgRejects",  COUNTER, mib_u64_low, ike_out.exchange_rejects, IPM_CAP_IKE_COUNTERS),
	COL_CAP(18, "cikePhase1GWOutP2SaDelRequests", COUNTER, mib_u64_low, ike_out.sa_deletes, IPM_CAP_IKE_DELETES),
	COL(19, "cikePhase1GWInitTunnels",        COUNTER, mib_u64_low, ike_initiated),
	COL_CAP(20, "cikePhase1GWInitTunnelFails",    COUNTER, mib_u64_low, ike_init_fails, IPM_CAP_IKE_SAS | IPM_CAP_FAILURES),
	COL_CAP(21, "cikePhase1GWRespTunnelFails",    COUNTER, mib_u64_low, ike_resp_fails, IPM_CAP_IKE_SAS | IPM_CAP_FAILURES),
	COL_CAP(22, "cikePhase1GWSysCapFails",        COUNTER, mib_u64_low, ike_capacity_fails, IPM_CAP_IKE_CAPACITY_FAILS),
	COL_CAP(23, "cikePhase1GWAuthFails",          COUNTER, mib_u64_low, ike_auth_fails, IPM_CAP_IKE_AUTH_FAILS),
	COL_CAP(24, "cikePhase1GWDecryptFails",       COUNTER, mib_u64_low, ike_decrypt_fails, IPM_CAP_IKE_DECRYPT_FAILS),
	COL_CAP(25, "cikePhase1GWHashValidFails",     COUNTER, mib_u64_low, ike_hash_fails, IPM_CAP_IKE_HASH_FAILS),
	COL_CAP(26, "cikePhase1GWNoSaFails",          COUNTER, mib_u64_low, ike_no_sa_fails, IPM_CAP_IKE_NO_SA_FAILS),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 2, 5, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = cell->gateway; /* cmgwIndex */
	return 1;
}

const struct mib_table view_ike_gateway = {
	.name = "cikePhase1GWStatsTable",
	MIB_OID(oid),
	.record = IPM_TOTALS,
	.key = key,
	MIB_COLS(cols),
};
