/* SPDX-License-Identifier: ISC */
/* cipSecPhase2GWStatsTable: IPsec on each served gateway. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_totals
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 1, "cipSecPhase2GWActiveTunnels",     GAUGE,   mib_u64_low,      tunnels_active),
	COL( 2, "cipSecPhase2GWPreviousTunnels",   COUNTER, mib_u64_low,      tunnels_previous),
	COL( 3, "cipSecPhase2GWInOctets",          COUNTER, mib_u64_low,      in.octets),
	COL( 4, "cipSecPhase2GWInOctWraps",        COUNTER, mib_u64_high,     in.octets),
	COL( 5, "cipSecPhase2GWInDecompOctets",    COUNTER, mib_raw_low,      in),
	COL( 6, "cipSecPhase2GWInDecompOctWraps",  COUNTER, mib_raw_high,     in),
	COL( 7, "cipSecPhase2GWInPkts",            COUNTER, mib_u64_low,      in.pkts),
	COL_DROP( 8, "cipSecPhase2GWInDrops",           COUNTER, mib_in_drops,     in, ALL_DROPS(IN, DROPS_BUT_REPLAYS)),
	COL_DROP( 9, "cipSecPhase2GWInReplayDrops",     COUNTER, mib_replay_drops, in, ALL_DROPS(IN, DROPS_REPLAYS)),
	COL(10, "cipSecPhase2GWInAuths",           COUNTER, mib_u64_low,      in.auths),
	COL_DROP(11, "cipSecPhase2GWInAuthFails",       COUNTER, mib_auth_fails,   in, ALL_DROPS(IN, IPM_DROPPED(AUTH))),
	COL(12, "cipSecPhase2GWInDecrypts",        COUNTER, mib_u64_low,      in.crypts),
	COL_DROP(13, "cipSecPhase2GWInDecryptFails",    COUNTER, mib_crypt_fails,  in, ALL_DROPS(IN, IPM_DROPPED(CRYPT))),
	COL(14, "cipSecPhase2GWOutOctets",         COUNTER, mib_u64_low,      out.octets),
	COL(15, "cipSecPhase2GWOutOctWraps",       COUNTER, mib_u64_high,     out.octets),
	COL(16, "cipSecPhase2GWOutUncompOctets",   COUNTER, mib_raw_low,      out),
	COL(17, "cipSecPhase2GWOutUncompOctWraps", COUNTER, mib_raw_high,     out),
	COL(18, "cipSecPhase2GWOutPkts",           COUNTER, mib_u64_low,      out.pkts),
	COL_DROP(19, "cipSecPhase2GWOutDrops",          COUNTER, mib_out_drops,    out, ALL_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(20, "cipSecPhase2GWOutAuths",          COUNTER, mib_u64_low,      out.auths),
	COL_DROP(21, "cipSecPhase2GWOutAuthFails",      COUNTER, mib_auth_fails,   out, ALL_DROPS(OUT, IPM_DROPPED(AUTH))),
	COL(22, "cipSecPhase2GWOutEncrypts",       COUNTER, mib_u64_low,      out.crypts),
	COL_DROP(23, "cipSecPhase2GWOutEncryptFails",   COUNTER, mib_encrypt_fails, out, ALL_DROPS(OUT, IPM_DROPPED(CRYPT))),
	COL_DROP(24, "cipSecPhase2GWProtocolUseFails",  COUNTER, mib_policy_drops, in, WAYS_DROPS(IPM_DROPPED(POLICY))),
	COL_DROP(25, "cipSecPhase2GWNoSaFails",         COUNTER, mib_no_sa_drops,  in, WAYS_DROPS(IPM_DROPPED(NO_SA))),
	COL_DROP(26, "cipSecPhase2GWSysCapFails",       COUNTER, mib_capacity_drops, in, WAYS_DROPS(IPM_DROPPED(CAPACITY))),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 3, 5, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = cell->gateway; /* cmgwIndex */
	return 1;
}

const struct mib_table view_sec_gateway = {
	.name = "cipSecPhase2GWStatsTable",
	MIB_OID(oid),
	.record = IPM_TOTALS,
	.key = key,
	MIB_COLS(cols),
};
