/* SPDX-License-Identifier: ISC */
/* cipSecTunnelHistTable: IPsec tunnels that have ended. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_tunnel_history
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 2, "cipSecTunHistTermReason",          INTEGER,   mib_tun_reason,    index),
	COL( 3, "cipSecTunHistActiveIndex",         INTEGER,   mib_u32,           tunnel.index),
	COL( 4, "cipSecTunHistIkeTunnelIndex",      INTEGER,   mib_index,         tunnel.ike_index),
	COL( 5, "cipSecTunHistLocalAddr",           OCTETS,    mib_addr,          tunnel.local),
	COL( 6, "cipSecTunHistRemoteAddr",          OCTETS,    mib_addr,          tunnel.remote),
	COL( 7, "cipSecTunHistKeyType",             INTEGER,   mib_u8,            tunnel.key_type),
	COL( 8, "cipSecTunHistEncapMode",           INTEGER,   mib_u8,            tunnel.encap),
	COL( 9, "cipSecTunHistLifeSize",            INTEGER,   mib_tun_life_size, tunnel),
	COL(10, "cipSecTunHistLifeTime",            INTEGER,   mib_tun_life_time, tunnel),
	COL(11, "cipSecTunHistStartTime",           TICKS,     mib_moment,        tunnel.created_ns),
	COL(12, "cipSecTunHistActiveTime",          INTEGER,   mib_tun_lasted,    index),
	COL(13, "cipSecTunHistTotalRefreshes",      COUNTER,   mib_u32,           tunnel.refreshes),
	COL(14, "cipSecTunHistTotalSas",            COUNTER,   mib_tun_sas,       tunnel),
	COL(15, "cipSecTunHistInSaDiffHellmanGrp",  INTEGER,   mib_dh_group,      tunnel.in_sa),
	COL(16, "cipSecTunHistInSaEncryptAlgo",     INTEGER,   mib_in_encrypt,    tunnel),
	COL(17, "cipSecTunHistInSaAhAuthAlgo",      INTEGER,   mib_in_ah_auth,    tunnel),
	COL(18, "cipSecTunHistInSaEspAuthAlgo",     INTEGER,   mib_in_esp_auth,   tunnel),
	COL(19, "cipSecTunHistInSaDecompAlgo",      INTEGER,   mib_comp_algo,     tunnel.ipcomp),
	COL(20, "cipSecTunHistOutSaDiffHellmanGrp", INTEGER,   mib_dh_group,      tunnel.out_sa),
	COL(21, "cipSecTunHistOutSaEncryptAlgo",    INTEGER,   mib_out_encrypt,   tunnel),
	COL(22, "cipSecTunHistOutSaAhAuthAlgo",     INTEGER,   mib_out_ah_auth,   tunnel),
	COL(23, "cipSecTunHistOutSaEspAuthAlgo",    INTEGER,   mib_out_esp_auth,  tunnel),
	COL(24, "cipSecTunHistOutSaCompAlgo",       INTEGER,   mib_comp_algo,     tunnel.ipcomp),
	COL(25, "cipSecTunHistInOctets",            COUNTER,   mib_u64_low,       tunnel.in.octets),
	COL(26, "cipSecTunHistHcInOctets",          COUNTER64, mib_u64,           tunnel.in.octets),
	COL(27, "cipSecTunHistInOctWraps",          COUNTER,   mib_u64_high,      tunnel.in.octets),
	COL(28, "cipSecTunHistInDecompOctets",      COUNTER,   mib_raw_low,       tunnel.in),
	COL(29, "cipSecTunHistHcInDecompOctets",    COUNTER64, mib_raw,           tunnel.in),
	COL(30, "cipSecTunHistInDecompOctWraps",    COUNTER,   mib_raw_high,      tunnel.in),
	COL(31, "cipSecTunHistInPkts",              COUNTER,   mib_u64_low,       tunnel.in.pkts),
	COL_DROP(32, "cipSecTunHistInDropPkts",          COUNTER,   mib_in_drops,      tunnel.in, SA_DROPS(IN, DROPS_BUT_REPLAYS)),
	COL_DROP(33, "cipSecTunHistInReplayDropPkts",    COUNTER,   mib_replay_drops,  tunnel.in, SA_DROPS(IN, DROPS_REPLAYS)),
	COL(34, "cipSecTunHistInAuths",             COUNTER,   mib_u64_low,       tunnel.in.auths),
	COL_DROP(35, "cipSecTunHistInAuthFails",         COUNTER,   mib_auth_fails,    tunnel.in, SA_DROPS(IN, IPM_DROPPED(AUTH))),
	COL(36, "cipSecTunHistInDecrypts",          COUNTER,   mib_u64_low,       tunnel.in.crypts),
	COL_DROP(37, "cipSecTunHistInDecryptFails",      COUNTER,   mib_crypt_fails,   tunnel.in, SA_DROPS(IN, IPM_DROPPED(CRYPT))),
	COL(38, "cipSecTunHistOutOctets",           COUNTER,   mib_u64_low,       tunnel.out.octets),
	COL(39, "cipSecTunHistHcOutOctets",         COUNTER64, mib_u64,           tunnel.out.octets),
	COL(40, "cipSecTunHistOutOctWraps",         COUNTER,   mib_u64_high,      tunnel.out.octets),
	COL(41, "cipSecTunHistOutUncompOctets",     COUNTER,   mib_raw_low,       tunnel.out),
	COL(42, "cipSecTunHistHcOutUncompOctets",   COUNTER64, mib_raw,           tunnel.out),
	COL(43, "cipSecTunHistOutUncompOctWraps",   COUNTER,   mib_raw_high,      tunnel.out),
	COL(44, "cipSecTunHistOutPkts",             COUNTER,   mib_u64_low,       tunnel.out.pkts),
	COL_DROP(45, "cipSecTunHistOutDropPkts",         COUNTER,   mib_out_drops,     tunnel.out, SA_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(46, "cipSecTunHistOutAuths",            COUNTER,   mib_u64_low,       tunnel.out.auths),
	COL_DROP(47, "cipSecTunHistOutAuthFails",        COUNTER,   mib_auth_fails,    tunnel.out, SA_DROPS(OUT, IPM_DROPPED(AUTH))),
	COL(48, "cipSecTunHistOutEncrypts",         COUNTER,   mib_u64_low,       tunnel.out.crypts),
	COL_DROP(49, "cipSecTunHistOutEncryptFails",     COUNTER,   mib_crypt_fails,   tunnel.out, SA_DROPS(OUT, IPM_DROPPED(CRYPT))),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 4, 3, 1, 1 };

static bool
shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_tunnel_history *entry = record;
	return ipm_ring_shown(seg, IPM_TUNNEL_HISTORY, entry->index);
}

static unsigned
feeds(const struct mib_cell *cell, uint32_t *slots)
{
	return view_tunnel_feeds(&((const struct ipm_tunnel_history *)cell->record)->tunnel, slots);
}

const struct mib_table view_sec_hist = {
	.name = "cipSecTunnelHistTable",
	MIB_OID(oid),
	.record = IPM_TUNNEL_HISTORY,
	.feeds = feeds,
	.key = view_index_key,
	.shown = shown,
	MIB_COLS(cols),
};
