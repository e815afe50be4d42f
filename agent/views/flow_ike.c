/* SPDX-License-Identifier: ISC */
/* cipSecPhaseOne: IKE. */
#include "mib_convert.h"
#include "mib_set.h"
#include "views.h"

/* --- the gateway: all segments together, and each ------------------------------------------------------------- */

#define ROW ipm_totals
/* cikeGlobalInOctets and cikePhase1GWInOctets, and so on: both tables have the same columns. */
/* clang-format off */
#define IKE_TOTALS(prefix)                                                                                                                 \
	COL( 1, prefix "ActiveTunnels",      GAUGE,   mib_u64_low, ike_active),                                                            \
	COL( 2, prefix "PreviousTunnels",    COUNTER, mib_u64_low, ike_previous),                                                          \
	COL( 3, prefix "InOctets",           COUNTER, mib_u64_low, ike_in.octets,             .caps = IPM_CAP_IKE_COUNTERS),               \
	COL( 4, prefix "InPkts",             COUNTER, mib_u64_low, ike_in.pkts,               .caps = IPM_CAP_IKE_COUNTERS),               \
	COL( 5, prefix "InDropPkts",         COUNTER, mib_u64_low, ike_in.drops,              .caps = IPM_CAP_IKE_COUNTERS),               \
	COL( 6, prefix "InNotifys",          COUNTER, mib_u64_low, ike_in.notifies,           .caps = IPM_CAP_IKE_COUNTERS),               \
	COL( 7, prefix "InP2Exchgs",         COUNTER, mib_u64_low, ike_in.exchanges,          .caps = IPM_CAP_IKE_COUNTERS),               \
	COL( 8, prefix "InP2ExchgInvalids",  COUNTER, mib_u64_low, ike_in.exchange_invalids,  .caps = IPM_CAP_IKE_COUNTERS),               \
	COL( 9, prefix "InP2ExchgRejects",   COUNTER, mib_u64_low, ike_in.exchange_rejects,   .caps = IPM_CAP_IKE_COUNTERS),               \
	COL(10, prefix "InP2SaDelRequests",  COUNTER, mib_u64_low, ike_in.sa_deletes,         .caps = IPM_CAP_IKE_DELETES),                \
	COL(11, prefix "OutOctets",          COUNTER, mib_u64_low, ike_out.octets,            .caps = IPM_CAP_IKE_COUNTERS),               \
	COL(12, prefix "OutPkts",            COUNTER, mib_u64_low, ike_out.pkts,              .caps = IPM_CAP_IKE_COUNTERS),               \
	COL(13, prefix "OutDropPkts",        COUNTER, mib_u64_low, ike_out.drops,             .caps = IPM_CAP_IKE_OUT_DROPS),              \
	COL(14, prefix "OutNotifys",         COUNTER, mib_u64_low, ike_out.notifies,          .caps = IPM_CAP_IKE_COUNTERS),               \
	COL(15, prefix "OutP2Exchgs",        COUNTER, mib_u64_low, ike_out.exchanges,         .caps = IPM_CAP_IKE_COUNTERS),               \
	COL(16, prefix "OutP2ExchgInvalids", COUNTER, mib_u64_low, ike_out.exchange_invalids, .caps = IPM_CAP_IKE_COUNTERS),               \
	COL(17, prefix "OutP2ExchgRejects",  COUNTER, mib_u64_low, ike_out.exchange_rejects,  .caps = IPM_CAP_IKE_COUNTERS),               \
	COL(18, prefix "OutP2SaDelRequests", COUNTER, mib_u64_low, ike_out.sa_deletes,        .caps = IPM_CAP_IKE_DELETES),                \
	COL(19, prefix "InitTunnels",        COUNTER, mib_u64_low, ike_initiated),                                                         \
	COL(20, prefix "InitTunnelFails",    COUNTER, mib_u64_low, ike_init_fails,            .caps = IPM_CAP_IKE_SAS | IPM_CAP_FAILURES), \
	COL(21, prefix "RespTunnelFails",    COUNTER, mib_u64_low, ike_resp_fails,            .caps = IPM_CAP_IKE_SAS | IPM_CAP_FAILURES), \
	COL(22, prefix "SysCapFails",        COUNTER, mib_u64_low, ike_capacity_fails,        .caps = IPM_CAP_IKE_CAPACITY_FAILS),         \
	COL(23, prefix "AuthFails",          COUNTER, mib_u64_low, ike_auth_fails,            .caps = IPM_CAP_IKE_AUTH_FAILS),             \
	COL(24, prefix "DecryptFails",       COUNTER, mib_u64_low, ike_decrypt_fails,         .caps = IPM_CAP_IKE_DECRYPT_FAILS),          \
	COL(25, prefix "HashValidFails",     COUNTER, mib_u64_low, ike_hash_fails,            .caps = IPM_CAP_IKE_HASH_FAILS),             \
	COL(26, prefix "NoSaFails",          COUNTER, mib_u64_low, ike_no_sa_fails,           .caps = IPM_CAP_IKE_NO_SA_FAILS)
/* clang-format on */
static const struct mib_col global_cols[] = { IKE_TOTALS("cikeGlobal") };
static const struct mib_col gateway_cols[] = { IKE_TOTALS("cikePhase1GW") };

const struct mib_table view_ike_global = {
	.name = "cikeGlobalStats",
	MIB_OID(FLOW_MIB, 1, 2, 1),
	.record = IPM_TOTALS,
	MIB_COLS(global_cols),
};
const struct mib_table view_ike_gateway = {
	.name = "cikePhase1GWStatsTable",
	MIB_OID(FLOW_MIB, 1, 2, 5, 1),
	.record = IPM_TOTALS,
	.key = view_gateway_key,
	MIB_COLS(gateway_cols),
};

/* --- IKE SAs ---------------------------------------------------------------------------------------------------- */

MIB_CONVERT(refresh_threshold, struct ipm_ike_sa)
{
	return mib_threshold(field->soft_ns, field->hard_ns, NS_PER_SECOND, out);
}

#undef ROW
#define ROW ipm_ike_sa
static const struct mib_col tunnel_cols[] = {
	/* clang-format off */
	COL(       2, "cikeTunLocalType",          INTEGER, mib_id_type,      local_id),
	COL(       3, "cikeTunLocalValue",         OCTETS,  mib_id,           local_id),
	COL(       4, "cikeTunLocalAddr",          OCTETS,  mib_addr,         local),
	COL(       5, "cikeTunLocalName",          OCTETS,  mib_name,         conn),
	COL(       6, "cikeTunRemoteType",         INTEGER, mib_id_type,      remote_id),
	COL(       7, "cikeTunRemoteValue",        OCTETS,  mib_id,           remote_id),
	COL(       8, "cikeTunRemoteAddr",         OCTETS,  mib_addr,         remote),
	COL(       9, "cikeTunRemoteName",         OCTETS,  mib_name,         conn),
	COL_REC(  10, "cikeTunNegoMode",           INTEGER, mib_ike_mode),
	COL(      11, "cikeTunDiffHellmanGrp",     INTEGER, mib_dh_group,     proposal),
	COL(      12, "cikeTunEncryptAlgo",        INTEGER, mib_encrypt_algo, proposal),
	COL(      13, "cikeTunHashAlgo",           INTEGER, mib_ike_hash,     proposal),
	COL(      14, "cikeTunAuthMethod",         INTEGER, mib_ike_auth,     auth),
	COL_REC(  15, "cikeTunLifeTime",           INTEGER, mib_ike_life),
	COL(      16, "cikeTunActiveTime",         INTEGER, mib_age,          created_ns),
	COL_REC(  17, "cikeTunSaRefreshThreshold", INTEGER, refresh_threshold),
	COL(      18, "cikeTunTotalRefreshes",     COUNTER, mib_u32,          refreshes),
	COL(      19, "cikeTunInOctets",           COUNTER, mib_u64_low,      in.octets),
	COL(      20, "cikeTunInPkts",             COUNTER, mib_u64_low,      in.pkts,               .caps = IPM_CAP_IKE_COUNTERS),
	COL(      21, "cikeTunInDropPkts",         COUNTER, mib_u64_low,      in.drops,              .caps = IPM_CAP_IKE_COUNTERS),
	COL(      22, "cikeTunInNotifys",          COUNTER, mib_u64_low,      in.notifies,           .caps = IPM_CAP_IKE_COUNTERS),
	COL(      23, "cikeTunInP2Exchgs",         COUNTER, mib_u64_low,      in.exchanges,          .caps = IPM_CAP_IKE_COUNTERS),
	COL(      24, "cikeTunInP2ExchgInvalids",  COUNTER, mib_u64_low,      in.exchange_invalids,  .caps = IPM_CAP_IKE_COUNTERS),
	COL(      25, "cikeTunInP2ExchgRejects",   COUNTER, mib_u64_low,      in.exchange_rejects,   .caps = IPM_CAP_IKE_COUNTERS),
	COL(      26, "cikeTunInP2SaDelRequests",  COUNTER, mib_u64_low,      in.sa_deletes,         .caps = IPM_CAP_IKE_DELETES),
	COL(      27, "cikeTunOutOctets",          COUNTER, mib_u64_low,      out.octets),
	COL(      28, "cikeTunOutPkts",            COUNTER, mib_u64_low,      out.pkts,              .caps = IPM_CAP_IKE_COUNTERS),
	COL(      29, "cikeTunOutDropPkts",        COUNTER, mib_u64_low,      out.drops,             .caps = IPM_CAP_IKE_OUT_DROPS),
	COL(      30, "cikeTunOutNotifys",         COUNTER, mib_u64_low,      out.notifies,          .caps = IPM_CAP_IKE_COUNTERS),
	COL(      31, "cikeTunOutP2Exchgs",        COUNTER, mib_u64_low,      out.exchanges,         .caps = IPM_CAP_IKE_COUNTERS),
	COL(      32, "cikeTunOutP2ExchgInvalids", COUNTER, mib_u64_low,      out.exchange_invalids, .caps = IPM_CAP_IKE_COUNTERS),
	COL(      33, "cikeTunOutP2ExchgRejects",  COUNTER, mib_u64_low,      out.exchange_rejects,  .caps = IPM_CAP_IKE_COUNTERS),
	COL(      34, "cikeTunOutP2SaDelRequests", COUNTER, mib_u64_low,      out.sa_deletes,        .caps = IPM_CAP_IKE_DELETES),
	COL_CONST(35, "cikeTunStatus",             INTEGER, 1,                                       .set = &mib_set_ike_status),
	/* clang-format on */
};

const struct mib_table view_ike_tunnel = {
	.name = "cikeTunnelTable",
	MIB_OID(FLOW_MIB, 1, 2, 3, 1),
	.record = IPM_IKE_SAS,
	.present = view_present_ike,
	.key = view_index_key,
	.shown = view_ike_shown,
	MIB_COLS(tunnel_cols),
};

/* --- peers, by the identities of both ends ---------------------------------------------------------------------- */

static const struct mib_col peer_cols[] = {
	/* clang-format off */
	COL(6, "cikePeerLocalAddr",         OCTETS,  mib_addr, local),
	COL(7, "cikePeerRemoteAddr",        OCTETS,  mib_addr, remote),
	COL(8, "cikePeerActiveTime",        INTEGER, mib_age,  created_ns),
	COL(9, "cikePeerActiveTunnelIndex", INTEGER, mib_u32,  index),
	/* clang-format on */
};

static unsigned
peer_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_ike_sa *sa = cell->record;
	return view_peer_key(sa->local_id, sa->remote_id, sa->peer, key);
}

const struct mib_table view_ike_peer = {
	.name = "cikePeerTable",
	MIB_OID(FLOW_MIB, 1, 2, 2, 1),
	.record = IPM_IKE_SAS,
	.present = view_present_ike,
	.key = peer_key,
	.shown = view_ike_shown,
	MIB_COLS(peer_cols),
};

/* --- which tunnels belong to which peer ------------------------------------------------------------------------- */

#undef ROW
#define ROW ipm_tunnel
static const struct mib_col corr_cols[] = {
	/* clang-format off */
	COL(7, "cikePeerCorrIpSecTunIndex", INTEGER, mib_u32, index),
	/* clang-format on */
};

/*
 * The peer's index, then the tunnel's index as a sequence number. The number is unique, and it stays when another
 * tunnel ends.
 */
static unsigned
corr_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_tunnel *tunnel = cell->record;
	struct ipm_ike_sa sa;
	if (!ipm_tunnel_ike_alive(cell->seg, tunnel) || ipm_ike_read(cell->seg, tunnel->ike_slot, &sa) < 0)
		return 0;
	view_present_ike(mib_peers(cell->mib), cell->seg, &sa);
	unsigned len = view_peer_key(sa.local_id, sa.remote_id, sa.peer, key);
	key[len] = tunnel->index;
	return len + 1;
}

const struct mib_table view_ike_peer_corr = {
	.name = "cikePeerCorrTable",
	MIB_OID(FLOW_MIB, 1, 2, 4, 1),
	.record = IPM_TUNNELS,
	.also = IPM_IKE_SAS,
	.key = corr_key,
	.shown = view_tunnel_up,
	MIB_COLS(corr_cols),
};
