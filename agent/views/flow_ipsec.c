/* SPDX-License-Identifier: ISC */
/* cipSecPhaseTwo: IPsec. */
#include <netinet/in.h>

#include "mib_convert.h"
#include "mib_set.h"
#include "views.h"

/* --- the gateway: all segments together, and each ------------------------------------------------------------- */

/* Encryption also fails for packets that are not dropped. */
MIB_CONVERT(encrypt_fails, struct ipm_totals)
{
	return mib_number(out, (field->out.drops[IPM_DROP_CRYPT] + field->fails_out[IPM_DROP_CRYPT]) & UINT32_MAX);
}

/* Drops in both directions. */
static bool
gateway_drops(const struct ipm_totals *t, enum ipm_drop why, struct mib_value *out)
{
	uint64_t drops = t->in.drops[why] + t->out.drops[why] + t->fails_in[why] + t->fails_out[why];
	return mib_number(out, drops & UINT32_MAX);
}

MIB_CONVERT(policy_drops, struct ipm_totals)
{
	return gateway_drops(field, IPM_DROP_POLICY, out);
}

MIB_CONVERT(no_sa_drops, struct ipm_totals)
{
	return gateway_drops(field, IPM_DROP_NO_SA, out);
}

MIB_CONVERT(capacity_drops, struct ipm_totals)
{
	return gateway_drops(field, IPM_DROP_CAPACITY, out);
}

#define ROW ipm_totals
static const struct mib_col global_cols[] = {
	/* clang-format off */
	COL(     1, "cipSecGlobalActiveTunnels",     GAUGE,     mib_u64_low,      tunnels_active),
	COL(     2, "cipSecGlobalPreviousTunnels",   COUNTER,   mib_u64_low,      tunnels_previous),
	COL(     3, "cipSecGlobalInOctets",          COUNTER,   mib_u64_low,      in.octets),
	COL(     4, "cipSecGlobalHcInOctets",        COUNTER64, mib_u64,          in.octets),
	COL(     5, "cipSecGlobalInOctWraps",        COUNTER,   mib_u64_high,     in.octets),
	COL(     6, "cipSecGlobalInDecompOctets",    COUNTER,   mib_raw_low,      in),
	COL(     7, "cipSecGlobalHcInDecompOctets",  COUNTER64, mib_raw,          in),
	COL(     8, "cipSecGlobalInDecompOctWraps",  COUNTER,   mib_raw_high,     in),
	COL(     9, "cipSecGlobalInPkts",            COUNTER,   mib_u64_low,      in.pkts),
	COL(    10, "cipSecGlobalInDrops",           COUNTER,   mib_in_drops,     in,  .drops = ALL_DROPS(IN, DROPS_BUT_REPLAYS)),
	COL(    11, "cipSecGlobalInReplayDrops",     COUNTER,   mib_replay_drops, in,  .drops = ALL_DROPS(IN, DROPS_REPLAYS)),
	COL(    12, "cipSecGlobalInAuths",           COUNTER,   mib_u64_low,      in.auths),
	COL(    13, "cipSecGlobalInAuthFails",       COUNTER,   mib_auth_fails,   in,  .drops = ALL_DROPS(IN, IPM_DROPPED(AUTH))),
	COL(    14, "cipSecGlobalInDecrypts",        COUNTER,   mib_u64_low,      in.crypts),
	COL(    15, "cipSecGlobalInDecryptFails",    COUNTER,   mib_crypt_fails,  in,  .drops = ALL_DROPS(IN, IPM_DROPPED(CRYPT))),
	COL(    16, "cipSecGlobalOutOctets",         COUNTER,   mib_u64_low,      out.octets),
	COL(    17, "cipSecGlobalHcOutOctets",       COUNTER64, mib_u64,          out.octets),
	COL(    18, "cipSecGlobalOutOctWraps",       COUNTER,   mib_u64_high,     out.octets),
	COL(    19, "cipSecGlobalOutUncompOctets",   COUNTER,   mib_raw_low,      out),
	COL(    20, "cipSecGlobalHcOutUncompOctets", COUNTER64, mib_raw,          out),
	COL(    21, "cipSecGlobalOutUncompOctWraps", COUNTER,   mib_raw_high,     out),
	COL(    22, "cipSecGlobalOutPkts",           COUNTER,   mib_u64_low,      out.pkts),
	COL(    23, "cipSecGlobalOutDrops",          COUNTER,   mib_out_drops,    out, .drops = ALL_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(    24, "cipSecGlobalOutAuths",          COUNTER,   mib_u64_low,      out.auths),
	COL(    25, "cipSecGlobalOutAuthFails",      COUNTER,   mib_auth_fails,   out, .drops = ALL_DROPS(OUT, IPM_DROPPED(AUTH))),
	COL(    26, "cipSecGlobalOutEncrypts",       COUNTER,   mib_u64_low,      out.crypts),
	COL_REC(27, "cipSecGlobalOutEncryptFails",   COUNTER,   encrypt_fails,         .drops = ALL_DROPS(OUT, IPM_DROPPED(CRYPT))),
	COL_REC(28, "cipSecGlobalProtocolUseFails",  COUNTER,   policy_drops,          .drops = WAYS_DROPS(IPM_DROPPED(POLICY))),
	COL_REC(29, "cipSecGlobalNoSaFails",         COUNTER,   no_sa_drops,           .drops = WAYS_DROPS(IPM_DROPPED(NO_SA))),
	COL_REC(30, "cipSecGlobalSysCapFails",       COUNTER,   capacity_drops,        .drops = WAYS_DROPS(IPM_DROPPED(CAPACITY))),
	/* clang-format on */
};
static const struct mib_col gateway_cols[] = {
	/* clang-format off */
	COL(     1, "cipSecPhase2GWActiveTunnels",     GAUGE,   mib_u64_low,      tunnels_active),
	COL(     2, "cipSecPhase2GWPreviousTunnels",   COUNTER, mib_u64_low,      tunnels_previous),
	COL(     3, "cipSecPhase2GWInOctets",          COUNTER, mib_u64_low,      in.octets),
	COL(     4, "cipSecPhase2GWInOctWraps",        COUNTER, mib_u64_high,     in.octets),
	COL(     5, "cipSecPhase2GWInDecompOctets",    COUNTER, mib_raw_low,      in),
	COL(     6, "cipSecPhase2GWInDecompOctWraps",  COUNTER, mib_raw_high,     in),
	COL(     7, "cipSecPhase2GWInPkts",            COUNTER, mib_u64_low,      in.pkts),
	COL(     8, "cipSecPhase2GWInDrops",           COUNTER, mib_in_drops,     in,  .drops = ALL_DROPS(IN, DROPS_BUT_REPLAYS)),
	COL(     9, "cipSecPhase2GWInReplayDrops",     COUNTER, mib_replay_drops, in,  .drops = ALL_DROPS(IN, DROPS_REPLAYS)),
	COL(    10, "cipSecPhase2GWInAuths",           COUNTER, mib_u64_low,      in.auths),
	COL(    11, "cipSecPhase2GWInAuthFails",       COUNTER, mib_auth_fails,   in,  .drops = ALL_DROPS(IN, IPM_DROPPED(AUTH))),
	COL(    12, "cipSecPhase2GWInDecrypts",        COUNTER, mib_u64_low,      in.crypts),
	COL(    13, "cipSecPhase2GWInDecryptFails",    COUNTER, mib_crypt_fails,  in,  .drops = ALL_DROPS(IN, IPM_DROPPED(CRYPT))),
	COL(    14, "cipSecPhase2GWOutOctets",         COUNTER, mib_u64_low,      out.octets),
	COL(    15, "cipSecPhase2GWOutOctWraps",       COUNTER, mib_u64_high,     out.octets),
	COL(    16, "cipSecPhase2GWOutUncompOctets",   COUNTER, mib_raw_low,      out),
	COL(    17, "cipSecPhase2GWOutUncompOctWraps", COUNTER, mib_raw_high,     out),
	COL(    18, "cipSecPhase2GWOutPkts",           COUNTER, mib_u64_low,      out.pkts),
	COL(    19, "cipSecPhase2GWOutDrops",          COUNTER, mib_out_drops,    out, .drops = ALL_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(    20, "cipSecPhase2GWOutAuths",          COUNTER, mib_u64_low,      out.auths),
	COL(    21, "cipSecPhase2GWOutAuthFails",      COUNTER, mib_auth_fails,   out, .drops = ALL_DROPS(OUT, IPM_DROPPED(AUTH))),
	COL(    22, "cipSecPhase2GWOutEncrypts",       COUNTER, mib_u64_low,      out.crypts),
	COL_REC(23, "cipSecPhase2GWOutEncryptFails",   COUNTER, encrypt_fails,         .drops = ALL_DROPS(OUT, IPM_DROPPED(CRYPT))),
	COL_REC(24, "cipSecPhase2GWProtocolUseFails",  COUNTER, policy_drops,          .drops = WAYS_DROPS(IPM_DROPPED(POLICY))),
	COL_REC(25, "cipSecPhase2GWNoSaFails",         COUNTER, no_sa_drops,           .drops = WAYS_DROPS(IPM_DROPPED(NO_SA))),
	COL_REC(26, "cipSecPhase2GWSysCapFails",       COUNTER, capacity_drops,        .drops = WAYS_DROPS(IPM_DROPPED(CAPACITY))),
	/* clang-format on */
};

const struct mib_table view_sec_global = {
	.name = "cipSecGlobalStats",
	MIB_OID(FLOW_MIB, 1, 3, 1),
	.record = IPM_TOTALS,
	MIB_COLS(global_cols),
};
const struct mib_table view_sec_gateway = {
	.name = "cipSecPhase2GWStatsTable",
	MIB_OID(FLOW_MIB, 1, 3, 5, 1),
	.record = IPM_TOTALS,
	.key = view_gateway_key,
	MIB_COLS(gateway_cols),
};

/* --- tunnels ---------------------------------------------------------------------------------------------------- */

MIB_CONVERT(ike_alive, struct ipm_tunnel)
{
	return mib_number(out, ipm_tunnel_ike_alive(cell->seg, field) ? TRUE_VALUE : FALSE_VALUE);
}

MIB_CONVERT(time_threshold, struct ipm_tunnel)
{
	return mib_threshold(field->soft_ns, field->hard_ns, NS_PER_SECOND, out);
}

MIB_CONVERT(size_threshold, struct ipm_tunnel)
{
	return mib_threshold(field->soft_octets, field->hard_octets, 1024, out);
}

#undef ROW
#define ROW ipm_tunnel
static const struct mib_col tunnel_cols[] = {
	/* clang-format off */
	COL(       2, "cipSecTunIkeTunnelIndex",      INTEGER,   mib_index,        ike_index),
	COL_REC(   3, "cipSecTunIkeTunnelAlive",      INTEGER,   ike_alive),
	COL(       4, "cipSecTunLocalAddr",           OCTETS,    mib_addr,         local),
	COL(       5, "cipSecTunRemoteAddr",          OCTETS,    mib_addr,         remote),
	COL(       6, "cipSecTunKeyType",             INTEGER,   mib_u8,           key_type),
	COL(       7, "cipSecTunEncapMode",           INTEGER,   mib_u8,           encap),
	COL_REC(   8, "cipSecTunLifeSize",            INTEGER,   mib_tun_life_size),
	COL_REC(   9, "cipSecTunLifeTime",            INTEGER,   mib_tun_life_time),
	COL(      10, "cipSecTunActiveTime",          INTEGER,   mib_age,          created_ns),
	COL_REC(  11, "cipSecTunSaLifeSizeThreshold", INTEGER,   size_threshold),
	COL_REC(  12, "cipSecTunSaLifeTimeThreshold", INTEGER,   time_threshold),
	COL(      13, "cipSecTunTotalRefreshes",      COUNTER,   mib_u32,          refreshes),
	COL(      14, "cipSecTunExpiredSaInstances",  COUNTER,   mib_u32,          sas_retired),
	COL(      15, "cipSecTunCurrentSaInstances",  GAUGE,     mib_u32,          sas),
	COL(      16, "cipSecTunInSaDiffHellmanGrp",  INTEGER,   mib_dh_group,     in_sa),
	COL_REC(  17, "cipSecTunInSaEncryptAlgo",     INTEGER,   mib_in_encrypt),
	COL_REC(  18, "cipSecTunInSaAhAuthAlgo",      INTEGER,   mib_in_ah_auth),
	COL_REC(  19, "cipSecTunInSaEspAuthAlgo",     INTEGER,   mib_in_esp_auth),
	COL(      20, "cipSecTunInSaDecompAlgo",      INTEGER,   mib_comp_algo,    ipcomp),
	COL(      21, "cipSecTunOutSaDiffHellmanGrp", INTEGER,   mib_dh_group,     out_sa),
	COL_REC(  22, "cipSecTunOutSaEncryptAlgo",    INTEGER,   mib_out_encrypt),
	COL_REC(  23, "cipSecTunOutSaAhAuthAlgo",     INTEGER,   mib_out_ah_auth),
	COL_REC(  24, "cipSecTunOutSaEspAuthAlgo",    INTEGER,   mib_out_esp_auth),
	COL(      25, "cipSecTunOutSaCompAlgo",       INTEGER,   mib_comp_algo,    ipcomp),
	COL(      26, "cipSecTunInOctets",            COUNTER,   mib_u64_low,      in.octets),
	COL(      27, "cipSecTunHcInOctets",          COUNTER64, mib_u64,          in.octets),
	COL(      28, "cipSecTunInOctWraps",          COUNTER,   mib_u64_high,     in.octets),
	COL(      29, "cipSecTunInDecompOctets",      COUNTER,   mib_raw_low,      in),
	COL(      30, "cipSecTunHcInDecompOctets",    COUNTER64, mib_raw,          in),
	COL(      31, "cipSecTunInDecompOctWraps",    COUNTER,   mib_raw_high,     in),
	COL(      32, "cipSecTunInPkts",              COUNTER,   mib_u64_low,      in.pkts),
	COL(      33, "cipSecTunInDropPkts",          COUNTER,   mib_in_drops,     in,  .drops = SA_DROPS(IN, DROPS_BUT_REPLAYS)),
	COL(      34, "cipSecTunInReplayDropPkts",    COUNTER,   mib_replay_drops, in,  .drops = SA_DROPS(IN, DROPS_REPLAYS)),
	COL(      35, "cipSecTunInAuths",             COUNTER,   mib_u64_low,      in.auths),
	COL(      36, "cipSecTunInAuthFails",         COUNTER,   mib_auth_fails,   in,  .drops = SA_DROPS(IN, IPM_DROPPED(AUTH))),
	COL(      37, "cipSecTunInDecrypts",          COUNTER,   mib_u64_low,      in.crypts),
	COL(      38, "cipSecTunInDecryptFails",      COUNTER,   mib_crypt_fails,  in,  .drops = SA_DROPS(IN, IPM_DROPPED(CRYPT))),
	COL(      39, "cipSecTunOutOctets",           COUNTER,   mib_u64_low,      out.octets),
	COL(      40, "cipSecTunHcOutOctets",         COUNTER64, mib_u64,          out.octets),
	COL(      41, "cipSecTunOutOctWraps",         COUNTER,   mib_u64_high,     out.octets),
	COL(      42, "cipSecTunOutUncompOctets",     COUNTER,   mib_raw_low,      out),
	COL(      43, "cipSecTunHcOutUncompOctets",   COUNTER64, mib_raw,          out),
	COL(      44, "cipSecTunOutUncompOctWraps",   COUNTER,   mib_raw_high,     out),
	COL(      45, "cipSecTunOutPkts",             COUNTER,   mib_u64_low,      out.pkts),
	COL(      46, "cipSecTunOutDropPkts",         COUNTER,   mib_out_drops,    out, .drops = SA_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(      47, "cipSecTunOutAuths",            COUNTER,   mib_u64_low,      out.auths),
	COL(      48, "cipSecTunOutAuthFails",        COUNTER,   mib_auth_fails,   out, .drops = SA_DROPS(OUT, IPM_DROPPED(AUTH))),
	COL(      49, "cipSecTunOutEncrypts",         COUNTER,   mib_u64_low,      out.crypts),
	COL(      50, "cipSecTunOutEncryptFails",     COUNTER,   mib_crypt_fails,  out, .drops = SA_DROPS(OUT, IPM_DROPPED(CRYPT))),
	COL_CONST(51, "cipSecTunStatus",              INTEGER,   1,                     .set = &mib_set_tunnel_status),
	/* clang-format on */
};

static unsigned
tunnel_feeds(const struct mib_cell *cell, uint32_t *slots)
{
	return view_tunnel_feeds(cell->record, slots);
}

const struct mib_table view_sec_tunnel = {
	.name = "cipSecTunnelTable",
	MIB_OID(FLOW_MIB, 1, 3, 2, 1),
	.record = IPM_TUNNELS,
	.feeds = tunnel_feeds,
	.key = view_index_key,
	.shown = view_tunnel_up,
	MIB_COLS(tunnel_cols),
};

/* --- traffic selectors ------------------------------------------------------------------------------------------ */

#undef ROW
#define ROW ipm_selector
static const struct mib_col selector_cols[] = {
	/* clang-format off */
	COL_CONST( 2, "cipSecEndPtLocalName",      OCTETS,  EMPTY),
	COL(       3, "cipSecEndPtLocalType",      INTEGER, mib_sel_type,  local),
	COL(       4, "cipSecEndPtLocalAddr1",     OCTETS,  mib_sel_addr1, local),
	COL(       5, "cipSecEndPtLocalAddr2",     OCTETS,  mib_sel_addr2, local),
	COL(       6, "cipSecEndPtLocalProtocol",  INTEGER, mib_u8,        local.protocol),
	COL(       7, "cipSecEndPtLocalPort",      INTEGER, mib_sel_port,  local),
	COL_CONST( 8, "cipSecEndPtRemoteName",     OCTETS,  EMPTY),
	COL(       9, "cipSecEndPtRemoteType",     INTEGER, mib_sel_type,  remote),
	COL(      10, "cipSecEndPtRemoteAddr1",    OCTETS,  mib_sel_addr1, remote),
	COL(      11, "cipSecEndPtRemoteAddr2",    OCTETS,  mib_sel_addr2, remote),
	COL(      12, "cipSecEndPtRemoteProtocol", INTEGER, mib_u8,        remote.protocol),
	COL(      13, "cipSecEndPtRemotePort",     INTEGER, mib_sel_port,  remote),
	/* clang-format on */
};

static unsigned
selector_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_selector *sel = cell->record;
	key[0] = sel->tunnel_index;
	key[1] = sel->index;
	return 2;
}

static bool
selector_shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_selector *sel = record;
	return view_tunnel_shown(seg, sel->tunnel_slot, sel->tunnel_index);
}

const struct mib_table view_sec_endpt = {
	.name = "cipSecEndPtTable",
	MIB_OID(FLOW_MIB, 1, 3, 3, 1),
	.record = IPM_SELECTORS,
	.key = selector_key,
	.shown = selector_shown,
	MIB_COLS(selector_cols),
};

/* --- SAs -------------------------------------------------------------------------------------------------------- */

MIB_CONVERT(spi_protocol, uint8_t)
{
	switch (*field) {
	case IPPROTO_AH:
		return mib_number(out, 1);
	case IPPROTO_ESP:
		return mib_number(out, 2);
	case IPPROTO_COMP:
		return mib_number(out, 3);
	default:
		return false;
	}
}

#undef ROW
#define ROW ipm_sa
static const struct mib_col spi_cols[] = {
	/* clang-format off */
	COL(2, "cipSecSpiDirection", INTEGER, mib_u8,       direction),
	COL(3, "cipSecSpiValue",     GAUGE,   mib_u32,      spi),
	COL(4, "cipSecSpiProtocol",  INTEGER, spi_protocol, protocol),
	COL(5, "cipSecSpiStatus",    INTEGER, mib_u8,       state),
	/* clang-format on */
};

static unsigned
spi_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_sa *sa = cell->record;
	key[0] = sa->tunnel_index;
	key[1] = sa->index;
	return 2;
}

static bool
spi_shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_sa *sa = record;
	return view_tunnel_shown(seg, sa->tunnel_slot, sa->tunnel_index);
}

const struct mib_table view_sec_spi = {
	.name = "cipSecSpiTable",
	MIB_OID(FLOW_MIB, 1, 3, 4, 1),
	.record = IPM_SAS,
	.key = spi_key,
	.shown = spi_shown,
	MIB_COLS(spi_cols),
};
