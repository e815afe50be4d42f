/* SPDX-License-Identifier: ISC */
/* cipSecTunnelTable: the IPsec tunnels. */
#include "mib_convert.h"
#include "mib_set.h"
#include "mib_views.h"

#define ROW ipm_tunnel
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 2, "cipSecTunIkeTunnelIndex",      INTEGER,   mib_index,              ike_index),
	COL( 3, "cipSecTunIkeTunnelAlive",      INTEGER,   mib_tun_ike_alive,      index),
	COL( 4, "cipSecTunLocalAddr",           OCTETS,    mib_addr,               local),
	COL( 5, "cipSecTunRemoteAddr",          OCTETS,    mib_addr,               remote),
	COL( 6, "cipSecTunKeyType",             INTEGER,   mib_u8,                 key_type),
	COL( 7, "cipSecTunEncapMode",           INTEGER,   mib_u8,                 encap),
	COL( 8, "cipSecTunLifeSize",            INTEGER,   mib_tun_life_size,      index),
	COL( 9, "cipSecTunLifeTime",            INTEGER,   mib_tun_life_time,      index),
	COL(10, "cipSecTunActiveTime",          INTEGER,   mib_age,                created_ns),
	COL(11, "cipSecTunSaLifeSizeThreshold", INTEGER,   mib_tun_size_threshold, index),
	COL(12, "cipSecTunSaLifeTimeThreshold", INTEGER,   mib_tun_time_threshold, index),
	COL(13, "cipSecTunTotalRefreshes",      COUNTER,   mib_u32,                refreshes),
	COL(14, "cipSecTunExpiredSaInstances",  COUNTER,   mib_u32,                sas_retired),
	COL(15, "cipSecTunCurrentSaInstances",  GAUGE,     mib_u32,                sas),
	COL(16, "cipSecTunInSaDiffHellmanGrp",  INTEGER,   mib_dh_group,           in_sa),
	COL(17, "cipSecTunInSaEncryptAlgo",     INTEGER,   mib_in_encrypt,         index),
	COL(18, "cipSecTunInSaAhAuthAlgo",      INTEGER,   mib_in_ah_auth,         index),
	COL(19, "cipSecTunInSaEspAuthAlgo",     INTEGER,   mib_in_esp_auth,        index),
	COL(20, "cipSecTunInSaDecompAlgo",      INTEGER,   mib_comp_algo,          ipcomp),
	COL(21, "cipSecTunOutSaDiffHellmanGrp", INTEGER,   mib_dh_group,           out_sa),
	COL(22, "cipSecTunOutSaEncryptAlgo",    INTEGER,   mib_out_encrypt,         index),
	COL(23, "cipSecTunOutSaAhAuthAlgo",     INTEGER,   mib_out_ah_auth,         index),
	COL(24, "cipSecTunOutSaEspAuthAlgo",    INTEGER,   mib_out_esp_auth,        index),
	COL(25, "cipSecTunOutSaCompAlgo",       INTEGER,   mib_comp_algo,          ipcomp),
	COL(26, "cipSecTunInOctets",            COUNTER,   mib_u64_low,            in.octets),
	COL(27, "cipSecTunHcInOctets",          COUNTER64, mib_u64,                in.octets),
	COL(28, "cipSecTunInOctWraps",          COUNTER,   mib_u64_high,           in.octets),
	COL(29, "cipSecTunInDecompOctets",      COUNTER,   mib_raw_low,            in),
	COL(30, "cipSecTunHcInDecompOctets",    COUNTER64, mib_raw,                in),
	COL(31, "cipSecTunInDecompOctWraps",    COUNTER,   mib_raw_high,           in),
	COL(32, "cipSecTunInPkts",              COUNTER,   mib_u64_low,            in.pkts),
	COL_DROP(33, "cipSecTunInDropPkts",          COUNTER,   mib_in_drops,           in, SA_DROPS(IN, DROPS_BUT_REPLAYS)),
	COL_DROP(34, "cipSecTunInReplayDropPkts",    COUNTER,   mib_replay_drops,       in, SA_DROPS(IN, DROPS_REPLAYS)),
	COL(35, "cipSecTunInAuths",             COUNTER,   mib_u64_low,            in.auths),
	COL_DROP(36, "cipSecTunInAuthFails",         COUNTER,   mib_auth_fails,         in, SA_DROPS(IN, IPM_DROPPED(AUTH))),
	COL(37, "cipSecTunInDecrypts",          COUNTER,   mib_u64_low,            in.crypts),
	COL_DROP(38, "cipSecTunInDecryptFails",      COUNTER,   mib_crypt_fails,        in, SA_DROPS(IN, IPM_DROPPED(CRYPT))),
	COL(39, "cipSecTunOutOctets",           COUNTER,   mib_u64_low,            out.octets),
	COL(40, "cipSecTunHcOutOctets",         COUNTER64, mib_u64,                out.octets),
	COL(41, "cipSecTunOutOctWraps",         COUNTER,   mib_u64_high,           out.octets),
	COL(42, "cipSecTunOutUncompOctets",     COUNTER,   mib_raw_low,            out),
	COL(43, "cipSecTunHcOutUncompOctets",   COUNTER64, mib_raw,                out),
	COL(44, "cipSecTunOutUncompOctWraps",   COUNTER,   mib_raw_high,           out),
	COL(45, "cipSecTunOutPkts",             COUNTER,   mib_u64_low,            out.pkts),
	COL_DROP(46, "cipSecTunOutDropPkts",         COUNTER,   mib_out_drops,          out, SA_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(47, "cipSecTunOutAuths",            COUNTER,   mib_u64_low,            out.auths),
	COL_DROP(48, "cipSecTunOutAuthFails",        COUNTER,   mib_auth_fails,         out, SA_DROPS(OUT, IPM_DROPPED(AUTH))),
	COL(49, "cipSecTunOutEncrypts",         COUNTER,   mib_u64_low,            out.crypts),
	COL_DROP(50, "cipSecTunOutEncryptFails",     COUNTER,   mib_crypt_fails,        out, SA_DROPS(OUT, IPM_DROPPED(CRYPT))),
	COL_SET(51, "cipSecTunStatus",              INTEGER,   mib_one,                state, &mib_set_tunnel_status),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 3, 2, 1 };

static unsigned
feeds(const struct mib_cell *cell, uint32_t *slots)
{
	return view_tunnel_feeds(cell->record, slots);
}

const struct mib_table view_sec_tunnel = {
	.name = "cipSecTunnelTable",
	MIB_OID(oid),
	.record = IPM_TUNNELS,
	.feeds = feeds,
	.key = view_index_key,
	.shown = view_tunnel_up,
	MIB_COLS(cols),
};
