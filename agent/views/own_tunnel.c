/* SPDX-License-Identifier: ISC */
/*
 * IPSECMON-MIB: configured tunnels, up or down, and their drops. A row is a crypto map entry. It shows the negotiated
 * values of the tunnel that came up last, while that tunnel is up, and the counters of all tunnels the entry ever had.
 */
#include <arpa/inet.h>

#include "algo_names.h"
#include "mib_convert.h"
#include "view_maps.h"
#include "views.h"

MIB_CONVERT(segment, struct ipm_map_entry)
{
	return mib_number(out, cell->gateway);
}

/* --- state ------------------------------------------------------------------------------------------------------ */

MIB_CONVERT(oper_status, uint8_t) /* ipm_map_entry.state */
{
	return mib_number(out, *field == IPM_MAP_UP ? 1 : 2);
}

/* none(1), then the numbers of enum ipm_reason from 2. */
MIB_CONVERT(down_reason, struct ipm_map_entry)
{
	if (field->state == IPM_MAP_UP || field->downs == 0)
		return mib_number(out, 1);
	return mib_number(out, (field->reason < IPM_REASON_CHECKPOINT ? field->reason : IPM_REASON_UNKNOWN) + 2u);
}

/* none(1), then the numbers of enum ipm_failure_reason from 2. */
MIB_CONVERT(last_failure, struct ipm_map_entry)
{
	if (field->failed_ns == 0)
		return mib_number(out, 1);
	return mib_number(out, (field->failure <= IPM_FAIL_SEQ_ROLLOVER ? field->failure : IPM_FAIL_OTHER) + 2u);
}

/* The source's words may quote a user. */
MIB_CONVERT(failure_text, mib_long_text)
{
	bool shown = !cell->mib || mib_peers(cell->mib)->users.shown == USERS_FULL;
	return mib_string(out, shown ? *field : "", shown ? sizeof(*field) : 1);
}

/* --- values in use; while the tunnel is down, configured values --------------------------------------------------- */

/* An address as text. An unknown address is empty. */
static bool
addr_text(const struct ipm_addr *addr, struct mib_value *out)
{
	char text[INET6_ADDRSTRLEN];
	if (addr->len == 0 || !inet_ntop(addr->len == 16 ? AF_INET6 : AF_INET, addr->bytes, text, sizeof(text)))
		text[0] = '\0';
	return mib_string(out, text, sizeof(text));
}

MIB_CONVERT(local_addr, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	return addr_text(view_map_tunnel(cell->seg, field, &t) ? &t.local : &field->local, out);
}

MIB_CONVERT(remote_addr, struct ipm_map_entry)
{
	static const struct ipm_addr unknown;
	struct ipm_tunnel t;
	if (view_map_tunnel(cell->seg, field, &t))
		return addr_text(&t.remote, out);
	return addr_text(field->peers ? &field->peer[0] : &unknown, out);
}

MIB_CONVERT(phase2_index, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	return mib_number(out, view_map_tunnel(cell->seg, field, &t) ? t.index : 0);
}

MIB_CONVERT(phase1_index, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	bool alive = view_map_tunnel(cell->seg, field, &t) && ipm_tunnel_ike_alive(cell->seg, &t);
	return mib_number(out, alive ? t.ike_index : 0);
}

MIB_CONVERT(ike_version, struct ipm_map_entry)
{
	struct ipm_ike_sa sa;
	struct ipm_tunnel t;
	bool alive = view_map_tunnel(cell->seg, field, &t) && ipm_tunnel_ike_alive(cell->seg, &t) &&
		     ipm_ike_read(cell->seg, t.ike_slot, &sa) == 0 && sa.index == t.ike_index;
	return mib_number(out, alive ? sa.version : field->ike_version);
}

MIB_CONVERT(transform, struct ipm_map_entry)
{
	char text[ALGO_TRANSFORM_MAX];
	struct ipm_tunnel t;
	if (view_map_tunnel(cell->seg, field, &t))
		algo_transform(t.protocol, &t.out_sa, text);
	else if (field->transforms) /* the first choice */
		algo_transform(field->transform[0].protocol, &field->transform[0].proposal, text);
	else
		return false;
	return mib_string(out, text, sizeof(text));
}

static bool
algo_text(enum algo_type type, uint16_t number, uint16_t bits, struct mib_value *out)
{
	char text[ALGO_NAME_MAX];
	return algo_name(type, number, bits, text) && mib_string(out, text, sizeof(text));
}

MIB_CONVERT(in_encryption, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	return view_map_tunnel(cell->seg, field, &t) && algo_text(ALGO_ENCR, t.in_sa.encr, t.in_sa.encr_bits, out);
}

MIB_CONVERT(out_encryption, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	return view_map_tunnel(cell->seg, field, &t) && algo_text(ALGO_ENCR, t.out_sa.encr, t.out_sa.encr_bits, out);
}

MIB_CONVERT(in_integrity, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	return view_map_tunnel(cell->seg, field, &t) && algo_text(ALGO_INTEG, t.in_sa.integ, t.in_sa.integ_bits, out);
}

MIB_CONVERT(out_integrity, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	return view_map_tunnel(cell->seg, field, &t) && algo_text(ALGO_INTEG, t.out_sa.integ, t.out_sa.integ_bits, out);
}

MIB_CONVERT(dh_group, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	return view_map_tunnel(cell->seg, field, &t) && algo_text(ALGO_GROUP, t.out_sa.group, 0, out);
}

static bool
tunnel_spi(const struct mib_cell *cell, const struct ipm_map_entry *map, enum ipm_direction direction,
	   struct mib_value *out)
{
	struct ipm_tunnel t;
	struct ipm_sa sa;
	return view_map_tunnel(cell->seg, map, &t) && view_tunnel_sa(cell->seg, &t, direction, &sa) &&
	       mib_number(out, sa.spi);
}

MIB_CONVERT(in_spi, struct ipm_map_entry)
{
	return tunnel_spi(cell, field, IPM_IN, out);
}

MIB_CONVERT(out_spi, struct ipm_map_entry)
{
	return tunnel_spi(cell, field, IPM_OUT, out);
}

/* --- lifetimes: the hard limit, or else the soft limit; without a limit no cell ----------------------------------- */

static uint64_t
limit(uint64_t soft, uint64_t hard)
{
	return hard ? hard : soft;
}

static bool
kilobytes(uint64_t octets, struct mib_value *out)
{
	return mib_number(out, octets / 1024 < UINT32_MAX ? octets / 1024 : UINT32_MAX);
}

MIB_CONVERT(life_time, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	bool up = view_map_tunnel(cell->seg, field, &t);
	uint64_t ns = up ? limit(t.soft_ns, t.hard_ns) : limit(field->soft_ns, field->hard_ns);
	return ns && mib_seconds(cell, &ns, out);
}

MIB_CONVERT(life_time_left, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	if (!view_map_tunnel(cell->seg, field, &t) || !limit(t.soft_ns, t.hard_ns) || !t.installed_ns)
		return false;
	uint64_t end = t.installed_ns + limit(t.soft_ns, t.hard_ns);
	uint64_t left = end > cell->now_ns ? end - cell->now_ns : 0;
	return mib_seconds(cell, &left, out);
}

MIB_CONVERT(life_size, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	bool up = view_map_tunnel(cell->seg, field, &t);
	uint64_t octets = up ? limit(t.soft_octets, t.hard_octets) : limit(field->soft_octets, field->hard_octets);
	return octets && kilobytes(octets, out);
}

/* The remaining octets of the direction that has fewer left. */
MIB_CONVERT(life_size_left, struct ipm_map_entry)
{
	struct ipm_tunnel t;
	struct ipm_sa sa;
	uint64_t least = 0;
	bool found = false;
	if (!view_map_tunnel(cell->seg, field, &t))
		return false;
	for (int direction = IPM_IN; direction <= IPM_OUT; direction++) {
		if (!view_tunnel_sa(cell->seg, &t, (enum ipm_direction)direction, &sa))
			continue;
		uint64_t end = limit(sa.soft_octets, sa.hard_octets);
		uint64_t left = end > sa.count.octets ? end - sa.count.octets : 0;
		if (end && (!found || left < least))
			least = left;
		found |= end != 0;
	}
	return found && kilobytes(least, out);
}

MIB_CONVERT(ike_life_time, uint64_t)
{
	return *field && mib_seconds(cell, field, out);
}

/* --- traffic ---------------------------------------------------------------------------------------------------- */

MIB_CONVERT(drops, struct ipm_traffic)
{
	return mib_number(out, ipm_traffic_drops(field));
}

#define ROW ipm_map_entry
static const struct mib_col tunnel_cols[] = {
	/* clang-format off */
	COL(     2, "ipsecmonTunnelName",          OCTETS,    mib_name,         name),
	COL(     3, "ipsecmonTunnelChild",         OCTETS,    mib_name,         child),
	COL(     4, "ipsecmonTunnelKind",          INTEGER,   mib_u8,           kind),
	COL_REC( 5, "ipsecmonTunnelSegment",       GAUGE,     segment),
	COL(     6, "ipsecmonTunnelAdminStatus",   INTEGER,   mib_admin_status, disabled),
	COL(     7, "ipsecmonTunnelOperStatus",    INTEGER,   oper_status,      state),
	COL(     8, "ipsecmonTunnelStateAge",      TICKS,     mib_since,        since_ns),
	COL(     9, "ipsecmonTunnelUps",           COUNTER,   mib_u32,          ups),
	COL(    10, "ipsecmonTunnelFlaps",         COUNTER,   mib_u32,          downs),
	COL_REC(11, "ipsecmonTunnelDownReason",    INTEGER,   down_reason),
	COL(    12, "ipsecmonTunnelFailures",      COUNTER,   mib_u32,          failures),
	COL_REC(13, "ipsecmonTunnelLastFailure",   INTEGER,   last_failure),
	COL(    14, "ipsecmonTunnelLastFailText",  OCTETS,    failure_text,     failure_text),
	COL(    15, "ipsecmonTunnelLastFailAge",   TICKS,     mib_since,        failed_ns),
	COL(    16, "ipsecmonTunnelPeer",          OCTETS,    mib_text,         peer_text),
	COL_REC(17, "ipsecmonTunnelLocalAddr",     OCTETS,    local_addr),
	COL_REC(18, "ipsecmonTunnelRemoteAddr",    OCTETS,    remote_addr),
	COL(    19, "ipsecmonTunnelActive",        GAUGE,     mib_u32,          tunnels_up),
	COL_REC(20, "ipsecmonTunnelPhase2Index",   INTEGER,   phase2_index),
	COL_REC(21, "ipsecmonTunnelPhase1Index",   INTEGER,   phase1_index),
	COL_REC(22, "ipsecmonTunnelIkeVersion",    INTEGER,   ike_version),
	COL_REC(23, "ipsecmonTunnelTransform",     OCTETS,    transform),
	COL_REC(24, "ipsecmonTunnelInEncryption",  OCTETS,    in_encryption),
	COL_REC(25, "ipsecmonTunnelInIntegrity",   OCTETS,    in_integrity),
	COL_REC(26, "ipsecmonTunnelOutEncryption", OCTETS,    out_encryption),
	COL_REC(27, "ipsecmonTunnelOutIntegrity",  OCTETS,    out_integrity),
	COL_REC(28, "ipsecmonTunnelDhGroup",       OCTETS,    dh_group),
	COL_REC(29, "ipsecmonTunnelInSpi",         GAUGE,     in_spi),
	COL_REC(30, "ipsecmonTunnelOutSpi",        GAUGE,     out_spi),
	COL(    31, "ipsecmonTunnelInOctets",      COUNTER64, mib_u64,          in.octets),
	COL(    32, "ipsecmonTunnelOutOctets",     COUNTER64, mib_u64,          out.octets),
	COL(    33, "ipsecmonTunnelInRawOctets",   COUNTER64, mib_raw,          in),
	COL(    34, "ipsecmonTunnelOutRawOctets",  COUNTER64, mib_raw,          out),
	COL(    35, "ipsecmonTunnelInPkts",        COUNTER64, mib_u64,          in.pkts),
	COL(    36, "ipsecmonTunnelOutPkts",       COUNTER64, mib_u64,          out.pkts),
	COL(    37, "ipsecmonTunnelDecrypts",      COUNTER64, mib_u64,          in.crypts),
	COL(    38, "ipsecmonTunnelEncrypts",      COUNTER64, mib_u64,          out.crypts),
	COL(    39, "ipsecmonTunnelInAuths",       COUNTER64, mib_u64,          in.auths),
	COL(    40, "ipsecmonTunnelOutAuths",      COUNTER64, mib_u64,          out.auths),
	COL(    41, "ipsecmonTunnelInDrops",       COUNTER64, drops,            in,  .drops = SA_DROPS(IN, IPM_DROPPED_ANY)),
	COL(    42, "ipsecmonTunnelOutDrops",      COUNTER64, drops,            out, .drops = SA_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(    43, "ipsecmonTunnelRekeys",        COUNTER,   mib_u32,          refreshes),
	COL_REC(44, "ipsecmonTunnelLifeTime",      GAUGE,     life_time),
	COL_REC(45, "ipsecmonTunnelLifeTimeLeft",  GAUGE,     life_time_left),
	COL_REC(46, "ipsecmonTunnelLifeSize",      GAUGE,     life_size),
	COL_REC(47, "ipsecmonTunnelLifeSizeLeft",  GAUGE,     life_size_left),
	COL(    48, "ipsecmonTunnelIkeLifeTime",   GAUGE,     ike_life_time,    ike_ns),
	/* clang-format on */
};

const struct mib_table view_own_tunnel = {
	.name = "ipsecmonTunnelTable",
	MIB_OID(IPSECMON_MIB, 1, 4, 1),
	.record = IPM_MAPS,
	.feeds = view_map_feeds,
	.key = view_index_key,
	.shown = view_map_shown,
	MIB_COLS(tunnel_cols),
};

/* --- dropped packets by reason ---------------------------------------------------------------------------------- */

MIB_CONVERT(drops_of_row, struct ipm_traffic)
{
	return mib_number(out, cell->nth < IPM_DROP_COUNT ? field->drops[cell->nth] : 0);
}

static const struct mib_col drop_cols[] = {
	/* clang-format off */
	COL(2, "ipsecmonDropInPkts",  COUNTER64, drops_of_row, in,  .drops = SA_DROPS(IN, IPM_DROPPED_ANY)),
	COL(3, "ipsecmonDropOutPkts", COUNTER64, drops_of_row, out, .drops = SA_DROPS(OUT, IPM_DROPPED_ANY)),
	/* clang-format on */
};

static unsigned
drop_key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = ((const struct ipm_map_entry *)cell->record)->index;
	key[1] = cell->nth + 1; /* ipsecmonDropReason: the numbers of enum ipm_drop, from 1 */
	return 2;
}

const struct mib_table view_own_drop = {
	.name = "ipsecmonDropTable",
	MIB_OID(IPSECMON_MIB, 1, 5, 1),
	.record = IPM_MAPS,
	.feeds = view_map_feeds,
	.each = IPM_DROP_COUNT,
	.key = drop_key,
	.shown = view_map_shown,
	MIB_COLS(drop_cols),
};
