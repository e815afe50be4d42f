/* SPDX-License-Identifier: ISC */
/*
 * ipsecmonTunnelTable: what is configured, whether it is up or not. A row is a crypto map entry; of what is negotiated
 * it shows the tunnel that came up last, while one is up. Counts are those of all tunnels that it ever had.
 */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW ipm_map
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 2, "ipsecmonTunnelName",           OCTETS,    mib_name,             name),
	COL( 3, "ipsecmonTunnelChild",          OCTETS,    mib_name,             child),
	COL( 4, "ipsecmonTunnelKind",           INTEGER,   mib_u8,               kind),
	COL( 5, "ipsecmonTunnelSegment",        GAUGE,     mib_gateway,          index),
	COL( 6, "ipsecmonTunnelAdminStatus",    INTEGER,   mib_cfg_admin,        disabled),
	COL( 7, "ipsecmonTunnelOperStatus",     INTEGER,   mib_cfg_oper,         state),
	COL( 8, "ipsecmonTunnelStateAge",       TICKS,     mib_since,            since_ns),
	COL( 9, "ipsecmonTunnelUps",            COUNTER,   mib_u32,              ups),
	COL(10, "ipsecmonTunnelFlaps",          COUNTER,   mib_u32,              downs),
	COL(11, "ipsecmonTunnelDownReason",     INTEGER,   mib_cfg_reason,       index),
	COL(12, "ipsecmonTunnelFailures",       COUNTER,   mib_u32,              failures),
	COL(13, "ipsecmonTunnelLastFailure",    INTEGER,   mib_cfg_failure,      index),
	COL(14, "ipsecmonTunnelLastFailText",   OCTETS,    mib_words,            failure_text),
	COL(15, "ipsecmonTunnelLastFailAge",    TICKS,     mib_since,            failed_ns),
	COL(16, "ipsecmonTunnelPeer",           OCTETS,    mib_words,            peer_text),
	COL(17, "ipsecmonTunnelLocalAddr",      OCTETS,    mib_cfg_local,        index),
	COL(18, "ipsecmonTunnelRemoteAddr",     OCTETS,    mib_cfg_remote,       index),
	COL(19, "ipsecmonTunnelActive",         GAUGE,     mib_u32,              tunnels_up),
	COL(20, "ipsecmonTunnelPhase2Index",    INTEGER,   mib_cfg_phase2,       index),
	COL(21, "ipsecmonTunnelPhase1Index",    INTEGER,   mib_cfg_phase1,       index),
	COL(22, "ipsecmonTunnelIkeVersion",     INTEGER,   mib_cfg_ike_version,  index),
	COL(23, "ipsecmonTunnelTransform",      OCTETS,    mib_cfg_transform,    index),
	COL(24, "ipsecmonTunnelInEncryption",   OCTETS,    mib_cfg_in_encr,      index),
	COL(25, "ipsecmonTunnelInIntegrity",    OCTETS,    mib_cfg_in_integ,     index),
	COL(26, "ipsecmonTunnelOutEncryption",  OCTETS,    mib_cfg_out_encr,     index),
	COL(27, "ipsecmonTunnelOutIntegrity",   OCTETS,    mib_cfg_out_integ,    index),
	COL(28, "ipsecmonTunnelDhGroup",        OCTETS,    mib_cfg_group,        index),
	COL(29, "ipsecmonTunnelInSpi",          GAUGE,     mib_cfg_in_spi,       index),
	COL(30, "ipsecmonTunnelOutSpi",         GAUGE,     mib_cfg_out_spi,      index),
	COL(31, "ipsecmonTunnelInOctets",       COUNTER64, mib_u64,              in.octets),
	COL(32, "ipsecmonTunnelOutOctets",      COUNTER64, mib_u64,              out.octets),
	COL(33, "ipsecmonTunnelInRawOctets",    COUNTER64, mib_raw,              in),
	COL(34, "ipsecmonTunnelOutRawOctets",   COUNTER64, mib_raw,              out),
	COL(35, "ipsecmonTunnelInPkts",         COUNTER64, mib_u64,              in.pkts),
	COL(36, "ipsecmonTunnelOutPkts",        COUNTER64, mib_u64,              out.pkts),
	COL(37, "ipsecmonTunnelDecrypts",       COUNTER64, mib_u64,              in.crypts),
	COL(38, "ipsecmonTunnelEncrypts",       COUNTER64, mib_u64,              out.crypts),
	COL(39, "ipsecmonTunnelInAuths",        COUNTER64, mib_u64,              in.auths),
	COL(40, "ipsecmonTunnelOutAuths",       COUNTER64, mib_u64,              out.auths),
	COL_DROP(41, "ipsecmonTunnelInDrops",        COUNTER64, mib_drops,            in, SA_DROPS(IN, IPM_DROPPED_ANY)),
	COL_DROP(42, "ipsecmonTunnelOutDrops",       COUNTER64, mib_drops,            out, SA_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(43, "ipsecmonTunnelRekeys",         COUNTER,   mib_u32,              refreshes),
	COL(44, "ipsecmonTunnelLifeTime",       GAUGE,     mib_cfg_life_time,    index),
	COL(45, "ipsecmonTunnelLifeTimeLeft",   GAUGE,     mib_cfg_time_left,    index),
	COL(46, "ipsecmonTunnelLifeSize",       GAUGE,     mib_cfg_life_size,    index),
	COL(47, "ipsecmonTunnelLifeSizeLeft",   GAUGE,     mib_cfg_size_left,    index),
	COL(48, "ipsecmonTunnelIkeLifeTime",    GAUGE,     mib_cfg_ike_life,     ike_ns),
	/* clang-format on */
};
static const mib_subid oid[] = { IPSECMON_MIB, 1, 4, 1 };

const struct mib_table view_own_tunnel = {
	.name = "ipsecmonTunnelTable",
	MIB_OID(oid),
	.record = IPM_MAPS,
	.feeds = view_map_feeds,
	.key = view_index_key,
	.shown = view_map_shown,
	MIB_COLS(cols),
};
