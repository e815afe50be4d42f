/* SPDX-License-Identifier: ISC */
/* cikePhase1GWStatsTable: IKE on each served gateway. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_totals
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 1, "cikePhase1GWActiveTunnels",      GAUGE,   mib_u64_low, ike_active),
	COL( 2, "cikePhase1GWPreviousTunnels",    COUNTER, mib_u64_low, ike_previous),
	COL( 3, "cikePhase1GWInOctets",           COUNTER, mib_u64_low, ike_in.octets),
	COL( 4, "cikePhase1GWInPkts",             COUNTER, mib_u64_low, ike_in.pkts),
	COL( 5, "cikePhase1GWInDropPkts",         COUNTER, mib_u64_low, ike_in.drops),
	COL( 6, "cikePhase1GWInNotifys",          COUNTER, mib_u64_low, ike_in.notifies),
	COL( 7, "cikePhase1GWInP2Exchgs",         COUNTER, mib_u64_low, ike_in.exchanges),
	COL( 8, "cikePhase1GWInP2ExchgInvalids",  COUNTER, mib_u64_low, ike_in.exchange_invalids),
	COL( 9, "cikePhase1GWInP2ExchgRejects",   COUNTER, mib_u64_low, ike_in.exchange_rejects),
	COL(10, "cikePhase1GWInP2SaDelRequests",  COUNTER, mib_u64_low, ike_in.sa_deletes),
	COL(11, "cikePhase1GWOutOctets",          COUNTER, mib_u64_low, ike_out.octets),
	COL(12, "cikePhase1GWOutPkts",            COUNTER, mib_u64_low, ike_out.pkts),
	COL(13, "cikePhase1GWOutDropPkts",        COUNTER, mib_u64_low, ike_out.drops),
	COL(14, "cikePhase1GWOutNotifys",         COUNTER, mib_u64_low, ike_out.notifies),
	COL(15, "cikePhase1GWOutP2Exchgs",        COUNTER, mib_u64_low, ike_out.exchanges),
	COL(16, "cikePhase1GWOutP2ExchgInvalids", COUNTER, mib_u64_low, ike_out.exchange_invalids),
	COL(17, "cikePhase1GWOutP2ExchgRejects",  COUNTER, mib_u64_low, ike_out.exchange_rejects),
	COL(18, "cikePhase1GWOutP2SaDelRequests", COUNTER, mib_u64_low, ike_out.sa_deletes),
	COL(19, "cikePhase1GWInitTunnels",        COUNTER, mib_u64_low, ike_initiated),
	COL(20, "cikePhase1GWInitTunnelFails",    COUNTER, mib_u64_low, ike_init_fails),
	COL(21, "cikePhase1GWRespTunnelFails",    COUNTER, mib_u64_low, ike_resp_fails),
	COL(22, "cikePhase1GWSysCapFails",        COUNTER, mib_u64_low, ike_capacity_fails),
	COL(23, "cikePhase1GWAuthFails",          COUNTER, mib_u64_low, ike_auth_fails),
	COL(24, "cikePhase1GWDecryptFails",       COUNTER, mib_u64_low, ike_decrypt_fails),
	COL(25, "cikePhase1GWHashValidFails",     COUNTER, mib_u64_low, ike_hash_fails),
	COL(26, "cikePhase1GWNoSaFails",          COUNTER, mib_u64_low, ike_no_sa_fails),
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
