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
	COL( 5, "cipSecPhase2GWInDecompOctets",    COUNTER, mib_u64_low,      in.raw_octets),
	COL( 6, "cipSecPhase2GWInDecompOctWraps",  COUNTER, mib_u64_high,     in.raw_octets),
	COL( 7, "cipSecPhase2GWInPkts",            COUNTER, mib_u64_low,      in.pkts),
	COL( 8, "cipSecPhase2GWInDrops",           COUNTER, mib_in_drops,     in),
	COL( 9, "cipSecPhase2GWInReplayDrops",     COUNTER, mib_replay_drops, in),
	COL(10, "cipSecPhase2GWInAuths",           COUNTER, mib_u64_low,      in.auths),
	COL(11, "cipSecPhase2GWInAuthFails",       COUNTER, mib_auth_fails,   in),
	COL(12, "cipSecPhase2GWInDecrypts",        COUNTER, mib_u64_low,      in.crypts),
	COL(13, "cipSecPhase2GWInDecryptFails",    COUNTER, mib_crypt_fails,  in),
	COL(14, "cipSecPhase2GWOutOctets",         COUNTER, mib_u64_low,      out.octets),
	COL(15, "cipSecPhase2GWOutOctWraps",       COUNTER, mib_u64_high,     out.octets),
	COL(16, "cipSecPhase2GWOutUncompOctets",   COUNTER, mib_u64_low,      out.raw_octets),
	COL(17, "cipSecPhase2GWOutUncompOctWraps", COUNTER, mib_u64_high,     out.raw_octets),
	COL(18, "cipSecPhase2GWOutPkts",           COUNTER, mib_u64_low,      out.pkts),
	COL(19, "cipSecPhase2GWOutDrops",          COUNTER, mib_out_drops,    out),
	COL(20, "cipSecPhase2GWOutAuths",          COUNTER, mib_u64_low,      out.auths),
	COL(21, "cipSecPhase2GWOutAuthFails",      COUNTER, mib_auth_fails,   out),
	COL(22, "cipSecPhase2GWOutEncrypts",       COUNTER, mib_u64_low,      out.crypts),
	COL(23, "cipSecPhase2GWOutEncryptFails",   COUNTER, mib_crypt_fails,  out),
	COL(24, "cipSecPhase2GWProtocolUseFails",  COUNTER, mib_policy_drops, in),
	COL(25, "cipSecPhase2GWNoSaFails",         COUNTER, mib_no_sa_drops,  in),
	COL(26, "cipSecPhase2GWSysCapFails",       COUNTER, mib_capacity_drops, in),
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
