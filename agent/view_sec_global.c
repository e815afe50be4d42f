/* SPDX-License-Identifier: ISC */
/* cipSecGlobalStats: IPsec on the gateway as a whole. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_totals
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 1, "cipSecGlobalActiveTunnels",     GAUGE,     mib_u64_low,      tunnels_active),
	COL( 2, "cipSecGlobalPreviousTunnels",   COUNTER,   mib_u64_low,      tunnels_previous),
	COL( 3, "cipSecGlobalInOctets",          COUNTER,   mib_u64_low,      in.octets),
	COL( 4, "cipSecGlobalHcInOctets",        COUNTER64, mib_u64,          in.octets),
	COL( 5, "cipSecGlobalInOctWraps",        COUNTER,   mib_u64_high,     in.octets),
	COL( 6, "cipSecGlobalInDecompOctets",    COUNTER,   mib_u64_low,      in.raw_octets),
	COL( 7, "cipSecGlobalHcInDecompOctets",  COUNTER64, mib_u64,          in.raw_octets),
	COL( 8, "cipSecGlobalInDecompOctWraps",  COUNTER,   mib_u64_high,     in.raw_octets),
	COL( 9, "cipSecGlobalInPkts",            COUNTER,   mib_u64_low,      in.pkts),
	COL(10, "cipSecGlobalInDrops",           COUNTER,   mib_in_drops,     in),
	COL(11, "cipSecGlobalInReplayDrops",     COUNTER,   mib_replay_drops, in),
	COL(12, "cipSecGlobalInAuths",           COUNTER,   mib_u64_low,      in.auths),
	COL(13, "cipSecGlobalInAuthFails",       COUNTER,   mib_auth_fails,   in),
	COL(14, "cipSecGlobalInDecrypts",        COUNTER,   mib_u64_low,      in.crypts),
	COL(15, "cipSecGlobalInDecryptFails",    COUNTER,   mib_crypt_fails,  in),
	COL(16, "cipSecGlobalOutOctets",         COUNTER,   mib_u64_low,      out.octets),
	COL(17, "cipSecGlobalHcOutOctets",       COUNTER64, mib_u64,          out.octets),
	COL(18, "cipSecGlobalOutOctWraps",       COUNTER,   mib_u64_high,     out.octets),
	COL(19, "cipSecGlobalOutUncompOctets",   COUNTER,   mib_u64_low,      out.raw_octets),
	COL(20, "cipSecGlobalHcOutUncompOctets", COUNTER64, mib_u64,          out.raw_octets),
	COL(21, "cipSecGlobalOutUncompOctWraps", COUNTER,   mib_u64_high,     out.raw_octets),
	COL(22, "cipSecGlobalOutPkts",           COUNTER,   mib_u64_low,      out.pkts),
	COL(23, "cipSecGlobalOutDrops",          COUNTER,   mib_out_drops,    out),
	COL(24, "cipSecGlobalOutAuths",          COUNTER,   mib_u64_low,      out.auths),
	COL(25, "cipSecGlobalOutAuthFails",      COUNTER,   mib_auth_fails,   out),
	COL(26, "cipSecGlobalOutEncrypts",       COUNTER,   mib_u64_low,      out.crypts),
	COL(27, "cipSecGlobalOutEncryptFails",   COUNTER,   mib_crypt_fails,  out),
	COL(28, "cipSecGlobalProtocolUseFails",  COUNTER,   mib_policy_drops, in),
	COL(29, "cipSecGlobalNoSaFails",         COUNTER,   mib_no_sa_drops,  in),
	COL(30, "cipSecGlobalSysCapFails",       COUNTER,   mib_capacity_drops, in),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 3, 1 };

const struct mib_table view_sec_global = {
	.name = "cipSecGlobalStats",
	MIB_OID(oid),
	.record = IPM_TOTALS,
	MIB_COLS(cols),
};
