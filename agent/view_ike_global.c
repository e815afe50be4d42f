/* SPDX-License-Identifier: ISC */
/* cikeGlobalStats: IKE on the gateway as a whole. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_totals
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 1, "cikeGlobalActiveTunnels",      GAUGE,   mib_u64_low, ike_active),
	COL( 2, "cikeGlobalPreviousTunnels",    COUNTER, mib_u64_low, ike_previous),
	COL( 3, "cikeGlobalInOctets",           COUNTER, mib_u64_low, ike_in.octets),
	COL( 4, "cikeGlobalInPkts",             COUNTER, mib_u64_low, ike_in.pkts),
	COL( 5, "cikeGlobalInDropPkts",         COUNTER, mib_u64_low, ike_in.drops),
	COL( 6, "cikeGlobalInNotifys",          COUNTER, mib_u64_low, ike_in.notifies),
	COL( 7, "cikeGlobalInP2Exchgs",         COUNTER, mib_u64_low, ike_in.exchanges),
	COL( 8, "cikeGlobalInP2ExchgInvalids",  COUNTER, mib_u64_low, ike_in.exchange_invalids),
	COL( 9, "cikeGlobalInP2ExchgRejects",   COUNTER, mib_u64_low, ike_in.exchange_rejects),
	COL(10, "cikeGlobalInP2SaDelRequests",  COUNTER, mib_u64_low, ike_in.sa_deletes),
	COL(11, "cikeGlobalOutOctets",          COUNTER, mib_u64_low, ike_out.octets),
	COL(12, "cikeGlobalOutPkts",            COUNTER, mib_u64_low, ike_out.pkts),
	COL(13, "cikeGlobalOutDropPkts",        COUNTER, mib_u64_low, ike_out.drops),
	COL(14, "cikeGlobalOutNotifys",         COUNTER, mib_u64_low, ike_out.notifies),
	COL(15, "cikeGlobalOutP2Exchgs",        COUNTER, mib_u64_low, ike_out.exchanges),
	COL(16, "cikeGlobalOutP2ExchgInvalids", COUNTER, mib_u64_low, ike_out.exchange_invalids),
	COL(17, "cikeGlobalOutP2ExchgRejects",  COUNTER, mib_u64_low, ike_out.exchange_rejects),
	COL(18, "cikeGlobalOutP2SaDelRequests", COUNTER, mib_u64_low, ike_out.sa_deletes),
	COL(19, "cikeGlobalInitTunnels",        COUNTER, mib_u64_low, ike_initiated),
	COL(20, "cikeGlobalInitTunnelFails",    COUNTER, mib_u64_low, ike_init_fails),
	COL(21, "cikeGlobalRespTunnelFails",    COUNTER, mib_u64_low, ike_resp_fails),
	COL(22, "cikeGlobalSysCapFails",        COUNTER, mib_u64_low, ike_capacity_fails),
	COL(23, "cikeGlobalAuthFails",          COUNTER, mib_u64_low, ike_auth_fails),
	COL(24, "cikeGlobalDecryptFails",       COUNTER, mib_u64_low, ike_decrypt_fails),
	COL(25, "cikeGlobalHashValidFails",     COUNTER, mib_u64_low, ike_hash_fails),
	COL(26, "cikeGlobalNoSaFails",          COUNTER, mib_u64_low, ike_no_sa_fails),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 2, 1 };

const struct mib_table view_ike_global = {
	.name = "cikeGlobalStats",
	MIB_OID(oid),
	.record = IPM_TOTALS,
	MIB_COLS(cols),
};
