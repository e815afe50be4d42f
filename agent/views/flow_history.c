/* SPDX-License-Identifier: ISC */
/* cipSecHistory: IKE SAs, tunnels and selectors that have ended. */
#include "mib_convert.h"
#include "mib_set.h"
#include "views.h"

/* --- how much is kept ------------------------------------------------------------------------------------------- */

#define ROW ipm_settings
static const struct mib_col cntl_cols[] = {
	/* clang-format off */
	COL(      1, "cipSecHistTableSize",  INTEGER, mib_u32, history_size, .set = &mib_set_history_size),
	COL_CONST(2, "cipSecHistCheckPoint", INTEGER, 1,                     .set = &mib_set_check_point),
	/* clang-format on */
};

const struct mib_table view_hist_cntl = {
	.name = "cipSecHistGlobalCntl",
	MIB_OID(FLOW_MIB, 1, 4, 1, 1),
	.record = IPM_SETTINGS,
	MIB_COLS(cntl_cols),
};

/* cikeTunHistTermReason and cipSecTunHistTermReason differ in the meaning of 6. */
static bool
term_reason(uint32_t reason, enum ipm_reason six, struct mib_value *out)
{
	switch (reason) {
	case IPM_REASON_NORMAL:
		return mib_number(out, 2);
	case IPM_REASON_OPERATOR:
		return mib_number(out, 3);
	case IPM_REASON_PEER_DELETE:
		return mib_number(out, 4);
	case IPM_REASON_PEER_LOST:
		return mib_number(out, 5);
	case IPM_REASON_CHECKPOINT:
		return mib_number(out, 7);
	default:
		return mib_number(out, reason == six ? 6 : 1);
	}
}

/* --- IKE SAs ---------------------------------------------------------------------------------------------------- */

MIB_CONVERT(ike_reason, struct ipm_ike_history)
{
	return term_reason(field->reason, IPM_REASON_LOCAL_FAILURE, out);
}

MIB_CONVERT(ike_lasted, struct ipm_ike_history)
{
	return mib_number(out, mib_ticks(field->sa.created_ns, field->ended_ns));
}

MIB_CONVERT(ike_sas, struct ipm_ike_sa)
{
	return mib_number(out, field->refreshes + 1u);
}

#undef ROW
#define ROW ipm_ike_history
static const struct mib_col ike_cols[] = {
	/* clang-format off */
	COL_REC(   2, "cikeTunHistTermReason",         INTEGER, ike_reason),
	COL(       3, "cikeTunHistActiveIndex",        INTEGER, mib_u32,          sa.index),
	COL(       4, "cikeTunHistPeerLocalType",      INTEGER, mib_id_type,      sa.local_id),
	COL(       5, "cikeTunHistPeerLocalValue",     OCTETS,  mib_id,           sa.local_id),
	COL(       6, "cikeTunHistPeerIntIndex",       INTEGER, mib_u32,          sa.peer),
	COL(       7, "cikeTunHistPeerRemoteType",     INTEGER, mib_id_type,      sa.remote_id),
	COL(       8, "cikeTunHistPeerRemoteValue",    OCTETS,  mib_id,           sa.remote_id),
	COL(       9, "cikeTunHistLocalAddr",          OCTETS,  mib_addr,         sa.local),
	COL(      10, "cikeTunHistLocalName",          OCTETS,  mib_name,         sa.conn),
	COL(      11, "cikeTunHistRemoteAddr",         OCTETS,  mib_addr,         sa.remote),
	COL(      12, "cikeTunHistRemoteName",         OCTETS,  mib_name,         sa.conn),
	COL(      13, "cikeTunHistNegoMode",           INTEGER, mib_ike_mode,     sa),
	COL(      14, "cikeTunHistDiffHellmanGrp",     INTEGER, mib_dh_group,     sa.proposal),
	COL(      15, "cikeTunHistEncryptAlgo",        INTEGER, mib_encrypt_algo, sa.proposal),
	COL(      16, "cikeTunHistHashAlgo",           INTEGER, mib_ike_hash,     sa.proposal),
	COL(      17, "cikeTunHistAuthMethod",         INTEGER, mib_ike_auth,     sa.auth),
	COL(      18, "cikeTunHistLifeTime",           INTEGER, mib_ike_life,     sa),
	COL(      19, "cikeTunHistStartTime",          TICKS,   mib_moment,       sa.created_ns),
	COL_REC(  20, "cikeTunHistActiveTime",         INTEGER, ike_lasted),
	COL(      21, "cikeTunHistTotalRefreshes",     COUNTER, mib_u32,          sa.refreshes),
	COL(      22, "cikeTunHistTotalSas",           COUNTER, ike_sas,          sa),
	COL(      23, "cikeTunHistInOctets",           COUNTER, mib_u64_low,      sa.in.octets,             .caps = IPM_CAP_IKE_COUNTERS),
	COL(      24, "cikeTunHistInPkts",             COUNTER, mib_u64_low,      sa.in.pkts,               .caps = IPM_CAP_IKE_COUNTERS),
	COL(      25, "cikeTunHistInDropPkts",         COUNTER, mib_u64_low,      sa.in.drops,              .caps = IPM_CAP_IKE_COUNTERS),
	COL(      26, "cikeTunHistInNotifys",          COUNTER, mib_u64_low,      sa.in.notifies,           .caps = IPM_CAP_IKE_COUNTERS),
	COL(      27, "cikeTunHistInP2Exchgs",         COUNTER, mib_u64_low,      sa.in.exchanges,          .caps = IPM_CAP_IKE_COUNTERS),
	COL(      28, "cikeTunHistInP2ExchgInvalids",  COUNTER, mib_u64_low,      sa.in.exchange_invalids,  .caps = IPM_CAP_IKE_COUNTERS),
	COL(      29, "cikeTunHistInP2ExchgRejects",   COUNTER, mib_u64_low,      sa.in.exchange_rejects,   .caps = IPM_CAP_IKE_COUNTERS),
	COL(      30, "cikeTunHistInP2SaDelRequests",  COUNTER, mib_u64_low,      sa.in.sa_deletes,         .caps = IPM_CAP_IKE_DELETES),
	COL(      31, "cikeTunHistOutOctets",          COUNTER, mib_u64_low,      sa.out.octets,            .caps = IPM_CAP_IKE_COUNTERS),
	COL(      32, "cikeTunHistOutPkts",            COUNTER, mib_u64_low,      sa.out.pkts,              .caps = IPM_CAP_IKE_COUNTERS),
	COL(      33, "cikeTunHistOutDropPkts",        COUNTER, mib_u64_low,      sa.out.drops,             .caps = IPM_CAP_IKE_OUT_DROPS),
	COL(      34, "cikeTunHistOutNotifys",         COUNTER, mib_u64_low,      sa.out.notifies,          .caps = IPM_CAP_IKE_COUNTERS),
	COL(      35, "cikeTunHistOutP2Exchgs",        COUNTER, mib_u64_low,      sa.out.exchanges,         .caps = IPM_CAP_IKE_COUNTERS),
	COL(      36, "cikeTunHistOutP2ExchgInvalids", COUNTER, mib_u64_low,      sa.out.exchange_invalids, .caps = IPM_CAP_IKE_COUNTERS),
	COL(      37, "cikeTunHistOutP2ExchgRejects",  COUNTER, mib_u64_low,      sa.out.exchange_rejects,  .caps = IPM_CAP_IKE_COUNTERS),
	COL(      38, "cikeTunHistOutP2SaDelRequests", COUNTER, mib_u64_low,      sa.out.sa_deletes,        .caps = IPM_CAP_IKE_DELETES),
	/* clang-format on */
};

const struct mib_table view_ike_hist = {
	.name = "cikeTunnelHistTable",
	MIB_OID(FLOW_MIB, 1, 4, 2, 1, 1),
	.record = IPM_IKE_HISTORY,
	.present = view_present_ike_history,
	.key = view_index_key,
	MIB_COLS(ike_cols),
};

/* --- tunnels ---------------------------------------------------------------------------------------------------- */

MIB_CONVERT(tunnel_reason, struct ipm_tunnel_history)
{
	return term_reason(field->reason, IPM_REASON_SEQ_ROLLOVER, out);
}

MIB_CONVERT(tunnel_lasted, struct ipm_tunnel_history)
{
	return mib_number(out, mib_ticks(field->tunnel.created_ns, field->ended_ns));
}

/* The number of SAs that the tunnel ever had. */
MIB_CONVERT(tunnel_sas, struct ipm_tunnel)
{
	return mib_number(out, field->sas + field->sas_retired);
}

#undef ROW
#define ROW ipm_tunnel_history
static const struct mib_col tunnel_cols[] = {
	/* clang-format off */
	COL_REC( 2, "cipSecTunHistTermReason",          INTEGER,   tunnel_reason),
	COL(     3, "cipSecTunHistActiveIndex",         INTEGER,   mib_u32,           tunnel.index),
	COL(     4, "cipSecTunHistIkeTunnelIndex",      INTEGER,   mib_index,         tunnel.ike_index),
	COL(     5, "cipSecTunHistLocalAddr",           OCTETS,    mib_addr,          tunnel.local),
	COL(     6, "cipSecTunHistRemoteAddr",          OCTETS,    mib_addr,          tunnel.remote),
	COL(     7, "cipSecTunHistKeyType",             INTEGER,   mib_u8,            tunnel.key_type),
	COL(     8, "cipSecTunHistEncapMode",           INTEGER,   mib_u8,            tunnel.encap),
	COL(     9, "cipSecTunHistLifeSize",            INTEGER,   mib_tun_life_size, tunnel),
	COL(    10, "cipSecTunHistLifeTime",            INTEGER,   mib_tun_life_time, tunnel),
	COL(    11, "cipSecTunHistStartTime",           TICKS,     mib_moment,        tunnel.created_ns),
	COL_REC(12, "cipSecTunHistActiveTime",          INTEGER,   tunnel_lasted),
	COL(    13, "cipSecTunHistTotalRefreshes",      COUNTER,   mib_u32,           tunnel.refreshes),
	COL(    14, "cipSecTunHistTotalSas",            COUNTER,   tunnel_sas,        tunnel),
	COL(    15, "cipSecTunHistInSaDiffHellmanGrp",  INTEGER,   mib_dh_group,      tunnel.in_sa),
	COL(    16, "cipSecTunHistInSaEncryptAlgo",     INTEGER,   mib_in_encrypt,    tunnel),
	COL(    17, "cipSecTunHistInSaAhAuthAlgo",      INTEGER,   mib_in_ah_auth,    tunnel),
	COL(    18, "cipSecTunHistInSaEspAuthAlgo",     INTEGER,   mib_in_esp_auth,   tunnel),
	COL(    19, "cipSecTunHistInSaDecompAlgo",      INTEGER,   mib_comp_algo,     tunnel.ipcomp),
	COL(    20, "cipSecTunHistOutSaDiffHellmanGrp", INTEGER,   mib_dh_group,      tunnel.out_sa),
	COL(    21, "cipSecTunHistOutSaEncryptAlgo",    INTEGER,   mib_out_encrypt,   tunnel),
	COL(    22, "cipSecTunHistOutSaAhAuthAlgo",     INTEGER,   mib_out_ah_auth,   tunnel),
	COL(    23, "cipSecTunHistOutSaEspAuthAlgo",    INTEGER,   mib_out_esp_auth,  tunnel),
	COL(    24, "cipSecTunHistOutSaCompAlgo",       INTEGER,   mib_comp_algo,     tunnel.ipcomp),
	COL(    25, "cipSecTunHistInOctets",            COUNTER,   mib_u64_low,       tunnel.in.octets),
	COL(    26, "cipSecTunHistHcInOctets",          COUNTER64, mib_u64,           tunnel.in.octets),
	COL(    27, "cipSecTunHistInOctWraps",          COUNTER,   mib_u64_high,      tunnel.in.octets),
	COL(    28, "cipSecTunHistInDecompOctets",      COUNTER,   mib_raw_low,       tunnel.in),
	COL(    29, "cipSecTunHistHcInDecompOctets",    COUNTER64, mib_raw,           tunnel.in),
	COL(    30, "cipSecTunHistInDecompOctWraps",    COUNTER,   mib_raw_high,      tunnel.in),
	COL(    31, "cipSecTunHistInPkts",              COUNTER,   mib_u64_low,       tunnel.in.pkts),
	COL(    32, "cipSecTunHistInDropPkts",          COUNTER,   mib_in_drops,      tunnel.in,  .drops = SA_DROPS(IN, DROPS_BUT_REPLAYS)),
	COL(    33, "cipSecTunHistInReplayDropPkts",    COUNTER,   mib_replay_drops,  tunnel.in,  .drops = SA_DROPS(IN, DROPS_REPLAYS)),
	COL(    34, "cipSecTunHistInAuths",             COUNTER,   mib_u64_low,       tunnel.in.auths),
	COL(    35, "cipSecTunHistInAuthFails",         COUNTER,   mib_auth_fails,    tunnel.in,  .drops = SA_DROPS(IN, IPM_DROPPED(AUTH))),
	COL(    36, "cipSecTunHistInDecrypts",          COUNTER,   mib_u64_low,       tunnel.in.crypts),
	COL(    37, "cipSecTunHistInDecryptFails",      COUNTER,   mib_crypt_fails,   tunnel.in,  .drops = SA_DROPS(IN, IPM_DROPPED(CRYPT))),
	COL(    38, "cipSecTunHistOutOctets",           COUNTER,   mib_u64_low,       tunnel.out.octets),
	COL(    39, "cipSecTunHistHcOutOctets",         COUNTER64, mib_u64,           tunnel.out.octets),
	COL(    40, "cipSecTunHistOutOctWraps",         COUNTER,   mib_u64_high,      tunnel.out.octets),
	COL(    41, "cipSecTunHistOutUncompOctets",     COUNTER,   mib_raw_low,       tunnel.out),
	COL(    42, "cipSecTunHistHcOutUncompOctets",   COUNTER64, mib_raw,           tunnel.out),
	COL(    43, "cipSecTunHistOutUncompOctWraps",   COUNTER,   mib_raw_high,      tunnel.out),
	COL(    44, "cipSecTunHistOutPkts",             COUNTER,   mib_u64_low,       tunnel.out.pkts),
	COL(    45, "cipSecTunHistOutDropPkts",         COUNTER,   mib_out_drops,     tunnel.out, .drops = SA_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(    46, "cipSecTunHistOutAuths",            COUNTER,   mib_u64_low,       tunnel.out.auths),
	COL(    47, "cipSecTunHistOutAuthFails",        COUNTER,   mib_auth_fails,    tunnel.out, .drops = SA_DROPS(OUT, IPM_DROPPED(AUTH))),
	COL(    48, "cipSecTunHistOutEncrypts",         COUNTER,   mib_u64_low,       tunnel.out.crypts),
	COL(    49, "cipSecTunHistOutEncryptFails",     COUNTER,   mib_crypt_fails,   tunnel.out, .drops = SA_DROPS(OUT, IPM_DROPPED(CRYPT))),
	/* clang-format on */
};

static unsigned
tunnel_feeds(const struct mib_cell *cell, uint32_t *slots)
{
	return view_tunnel_feeds(&((const struct ipm_tunnel_history *)cell->record)->tunnel, slots);
}

const struct mib_table view_sec_hist = {
	.name = "cipSecTunnelHistTable",
	MIB_OID(FLOW_MIB, 1, 4, 3, 1, 1),
	.record = IPM_TUNNEL_HISTORY,
	.feeds = tunnel_feeds,
	.key = view_index_key,
	MIB_COLS(tunnel_cols),
};

/* --- their traffic selectors ------------------------------------------------------------------------------------ */

#undef ROW
#define ROW ipm_selector_history
static const struct mib_col selector_cols[] = {
	/* clang-format off */
	COL(       2, "cipSecEndPtHistTunIndex",       INTEGER, mib_u32,       selector.tunnel_index),
	COL(       3, "cipSecEndPtHistActiveIndex",    INTEGER, mib_u32,       selector.index),
	COL_CONST( 4, "cipSecEndPtHistLocalName",      OCTETS,  EMPTY),
	COL(       5, "cipSecEndPtHistLocalType",      INTEGER, mib_sel_type,  selector.local),
	COL(       6, "cipSecEndPtHistLocalAddr1",     OCTETS,  mib_sel_addr1, selector.local),
	COL(       7, "cipSecEndPtHistLocalAddr2",     OCTETS,  mib_sel_addr2, selector.local),
	COL(       8, "cipSecEndPtHistLocalProtocol",  INTEGER, mib_u8,        selector.local.protocol),
	COL(       9, "cipSecEndPtHistLocalPort",      INTEGER, mib_sel_port,  selector.local),
	COL_CONST(10, "cipSecEndPtHistRemoteName",     OCTETS,  EMPTY),
	COL(      11, "cipSecEndPtHistRemoteType",     INTEGER, mib_sel_type,  selector.remote),
	COL(      12, "cipSecEndPtHistRemoteAddr1",    OCTETS,  mib_sel_addr1, selector.remote),
	COL(      13, "cipSecEndPtHistRemoteAddr2",    OCTETS,  mib_sel_addr2, selector.remote),
	COL(      14, "cipSecEndPtHistRemoteProtocol", INTEGER, mib_u8,        selector.remote.protocol),
	COL(      15, "cipSecEndPtHistRemotePort",     INTEGER, mib_sel_port,  selector.remote),
	/* clang-format on */
};

const struct mib_table view_sec_endpt_hist = {
	.name = "cipSecEndPtHistTable",
	MIB_OID(FLOW_MIB, 1, 4, 3, 2, 1),
	.record = IPM_SELECTOR_HISTORY,
	.key = view_index_key,
	MIB_COLS(selector_cols),
};
