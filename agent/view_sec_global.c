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
	COL( 6, "cipSecGlobalInDecompOctets",    COUNTER,   mib_raw_low,      in),
	COL( 7, "cipSecGlobalHcInDecompOctets",  COUNTER64, mib_raw,          in),
	COL( 8, "cipSecGlobalInDecompOctWraps",  COUNTER,   mib_raw_high,     in),
	COL( 9, "cipSecGlobalInPkts",            COUNTER,   mib_u64_low,      in.pkts),
	COL_DROP(10, "cipSecGlobalInDrops",           COUNTER,   mib_in_drops,     in, ALL_DROPS(IN, DROPS_BUT_REPLAYS)),
	COL_DROP(11, "cipSecGlobalInReplayDrops",     COUNTER,   mib_replay_drops, in, ALL_DROPS(IN, DROPS_REPLAYS)),
	COL(12, "cipSecGlobalInAuths",           COUNTER,   mib_u64_low,      in.auths),
	COL_DROP(13, "cipSecGlobalInAuthFails",       COUNTER,   mib_auth_fails,   in, ALL_DROPS(IN, IPM_DROPPED(AUTH))),
	COL(14, "cipSecGlobalInDecrypts",        COUNTER,   mib_u64_low,      in.crypts),
	COL_DROP(15, "cipSecGlobalInDecryptFails",    COUNTER,   mib_crypt_fails,  in, ALL_DROPS(IN, IPM_DROPPED(CRYPT))),
	COL(16, "cipSecGlobalOutOctets",         COUNTER,   mib_u64_low,      out.octets),
	COL(17, "cipSecGlobalHcOutOctets",       COUNTER64, mib_u64,          out.octets),
	COL(18, "cipSecGlobalOutOctWraps",       COUNTER,   mib_u64_high,     out.octets),
	COL(19, "cipSecGlobalOutUncompOctets",   COUNTER,   mib_raw_low,      out),
	COL(20, "cipSecGlobalHcOutUncompOctets", COUNTER64, mib_raw,          out),
	COL(21, "cipSecGlobalOutUncompOctWraps", COUNTER,   mib_raw_high,     out),
	COL(22, "cipSecGlobalOutPkts",           COUNTER,   mib_u64_low,      out.pkts),
	COL_DROP(23, "cipSecGlobalOutDrops",          COUNTER,   mib_out_drops,    out, ALL_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(24, "cipSecGlobalOutAuths",          COUNTER,   mib_u64_low,      out.auths),
	COL_DROP(25, "cipSecGlobalOutAuthFails",      COUNTER,   mib_auth_fails,   out, ALL_DROPS(OUT, IPM_DROPPED(AUTH))),
	COL(26, "cipSecGlobalOutEncrypts",       COUNTER,   mib_u64_low,      out.crypts),
	COL_DROP(27, "cipSecGlobalOutEncryptFails",   COUNTER,   mib_encrypt_fails, out, ALL_DROPS(OUT, IPM_DROPPED(CRYPT))),
	COL_DROP(28, "cipSecGlobalProtocolUseFails",  COUNTER,   mib_policy_drops, in, WAYS_DROPS(IPM_DROPPED(POLICY))),
	COL_DROP(29, "cipSecGlobalNoSaFails",         COUNTER,   mib_no_sa_drops,  in, WAYS_DROPS(IPM_DROPPED(NO_SA))),
	COL_DROP(30, "cipSecGlobalSysCapFails",       COUNTER,   mib_capacity_drops, in, WAYS_DROPS(IPM_DROPPED(CAPACITY))),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 3, 1 };

const struct mib_table view_sec_global = {
	.name = "cipSecGlobalStats",
	MIB_OID(oid),
	.record = IPM_TOTALS,
	MIB_COLS(cols),
};
