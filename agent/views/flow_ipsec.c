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
/*
 * cipSecGlobalInOctets and cipSecPhase2GWInOctets, and so on: both tables have the same columns, with numbers of their
 * own. Only cipSecGlobal has 64-bit counters: HC() adds such a column and a comma, or nothing.
 */
/* clang-format off */
#define SEC_TOTALS(prefix, ID, HC)                                                                                                       \
	COL(ID( 1,  1),     prefix "ActiveTunnels",     GAUGE,     mib_u64_low,      tunnels_active),                                    \
	COL(ID( 2,  2),     prefix "PreviousTunnels",   COUNTER,   mib_u64_low,      tunnels_previous),                                  \
	COL(ID( 3,  3),     prefix "InOctets",          COUNTER,   mib_u64_low,      in.octets),                                         \
	HC(COL(4,           prefix "HcInOctets",        COUNTER64, mib_u64,          in.octets))                                         \
	COL(ID( 5,  4),     prefix "InOctWraps",        COUNTER,   mib_u64_high,     in.octets),                                         \
	COL(ID( 6,  5),     prefix "InDecompOctets",    COUNTER,   mib_raw_low,      in),                                                \
	HC(COL(7,           prefix "HcInDecompOctets",  COUNTER64, mib_raw,          in))                                                \
	COL(ID( 8,  6),     prefix "InDecompOctWraps",  COUNTER,   mib_raw_high,     in),                                                \
	COL(ID( 9,  7),     prefix "InPkts",            COUNTER,   mib_u64_low,      in.pkts),                                           \
	COL(ID(10,  8),     prefix "InDrops",           COUNTER,   mib_in_drops,     in,  .drops = ALL_DROPS(IN, DROPS_BUT_REPLAYS)),    \
	COL(ID(11,  9),     prefix "InReplayDrops",     COUNTER,   mib_replay_drops, in,  .drops = ALL_DROPS(IN, DROPS_REPLAYS)),        \
	COL(ID(12, 10),     prefix "InAuths",           COUNTER,   mib_u64_low,      in.auths),                                          \
	COL(ID(13, 11),     prefix "InAuthFails",       COUNTER,   mib_auth_fails,   in,  .drops = ALL_DROPS(IN, IPM_DROPPED(AUTH))),    \
	COL(ID(14, 12),     prefix "InDecrypts",        COUNTER,   mib_u64_low,      in.crypts),                                         \
	COL(ID(15, 13),     prefix "InDecryptFails",    COUNTER,   mib_crypt_fails,  in,  .drops = ALL_DROPS(IN, IPM_DROPPED(CRYPT))),   \
	COL(ID(16, 14),     prefix "OutOctets",         COUNTER,   mib_u64_low,      out.octets),                                        \
	HC(COL(17,          prefix "HcOutOctets",       COUNTER64, mib_u64,          out.octets))                                        \
	COL(ID(18, 15),     prefix "OutOctWraps",       COUNTER,   mib_u64_high,     out.octets),                                        \
	COL(ID(19, 16),     prefix "OutUncompOctets",   COUNTER,   mib_raw_low,      out),                                               \
	HC(COL(20,          prefix "HcOutUncompOctets", COUNTER64, mib_raw,          out))                                               \
	COL(ID(21, 17),     prefix "OutUncompOctWraps", COUNTER,   mib_raw_high,     out),                                               \
	COL(ID(22, 18),     prefix "OutPkts",           COUNTER,   mib_u64_low,      out.pkts),                                          \
	COL(ID(23, 19),     prefix "OutDrops",          COUNTER,   mib_out_drops,    out, .drops = ALL_DROPS(OUT, IPM_DROPPED_ANY)),     \
	COL(ID(24, 20),     prefix "OutAuths",          COUNTER,   mib_u64_low,      out.auths),                                         \
	COL(ID(25, 21),     prefix "OutAuthFails",      COUNTER,   mib_auth_fails,   out, .drops = ALL_DROPS(OUT, IPM_DROPPED(AUTH))),   \
	COL(ID(26, 22),     prefix "OutEncrypts",       COUNTER,   mib_u64_low,      out.crypts),                                        \
	COL_REC(ID(27, 23), prefix "OutEncryptFails",   COUNTER,   encrypt_fails,         .drops = ALL_DROPS(OUT, IPM_DROPPED(CRYPT))),  \
	COL_REC(ID(28, 24), prefix "ProtocolUseFails",  COUNTER,   policy_drops,          .drops = WAYS_DROPS(IPM_DROPPED(POLICY))),     \
	COL_REC(ID(29, 25), prefix "NoSaFails",         COUNTER,   no_sa_drops,           .drops = WAYS_DROPS(IPM_DROPPED(NO_SA))),      \
	COL_REC(ID(30, 26), prefix "SysCapFails",       COUNTER,   capacity_drops,        .drops = WAYS_DROPS(IPM_DROPPED(CAPACITY)))
/* clang-format on */
#define GLOBAL_ID(global, gateway)  global
#define GLOBAL_HC(...)              __VA_ARGS__,
#define GATEWAY_ID(global, gateway) gateway
#define GATEWAY_HC(...)
static const struct mib_col global_cols[] = { SEC_TOTALS("cipSecGlobal", GLOBAL_ID, GLOBAL_HC) };
static const struct mib_col gateway_cols[] = { SEC_TOTALS("cipSecPhase2GW", GATEWAY_ID, GATEWAY_HC) };

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
