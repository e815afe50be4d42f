/* SPDX-License-Identifier: ISC */
/* CISCO-REMOTE-ACCESS-MONITOR-MIB: limits, the traffic per second, and all sessions together. */
#include "mib_convert.h"
#include "mib_ras.h"
#include "view_sessions.h"
#include "views.h"

#define OCTETS_PER_MB 1000000u

/* --- limits ------------------------------------------------------------------------------------------------------- */

static const struct mib_col capacity_cols[] = {
	/* clang-format off */
	COL_CONST(1, "crasMaxSessionsSupportable", INTEGER, 0), /* no limit is set */
	COL_CONST(2, "crasMaxUsersSupportable",    INTEGER, 0),
	COL_CONST(3, "crasMaxGroupsSupportable",   INTEGER, 0),
	COL_CONST(4, "crasNumCryptoAccelerators",  INTEGER, 0),
	/* clang-format on */
};

const struct mib_table view_ras_capacity = {
	.name = "crasCapacity",
	MIB_OID(RAS_MIB, 1, 1),
	.record = IPM_TOTALS,
	MIB_COLS(capacity_cols),
};

/* --- the traffic per second --------------------------------------------------------------------------------------- */

MIB_CONVERT(bandwidth, struct mib_load)
{
	return mib_number(out, (field->rate + OCTETS_PER_MB / 2) / OCTETS_PER_MB) && field->known;
}

#define ROW mib_ras
static const struct mib_col usage_cols[] = {
	/* clang-format off */
	COL(1, "crasGlobalBwUsage", GAUGE, bandwidth, load, .caps = IPM_CAP_SESSIONS),
	/* clang-format on */
};

const struct mib_table view_ras_usage = {
	.name = "crasResourceUsage",
	MIB_OID(RAS_MIB, 1, 2),
	.local = &mib_ras,
	MIB_COLS(usage_cols),
};

/* --- all sessions ------------------------------------------------------------------------------------------------- */

struct activity {
	struct ipm_session_totals users, peers; /* sessions of remote users, and of other gateways */
	struct ipm_volume in, out;
	uint64_t previous;
	uint32_t people, groups;
};

static bool
make_activity(struct mib *mib, void *out)
{
	struct activity *activity = out;
	struct ipm_totals totals;
	if (!mib_totals(mib, &totals))
		return false;
	*activity = (struct activity){ .users = totals.remote_access, .peers = totals.lan_to_lan };
	activity->in = totals.sessions_in;
	activity->out = totals.sessions_out;
	if (totals.remote_access.total > totals.remote_access.active)
		activity->previous = totals.remote_access.total - totals.remote_access.active;
	activity->groups = mib_rows(mib, &view_ras_group);
	for (unsigned s = 1; s <= mib_segments(mib); s++) {
		const struct view_user_sum *sum = mib_group(mib, &view_user_sums, s, "");
		activity->people += sum ? sum->users : 0;
	}
	return true;
}

/* Drops are also told where nobody knows who is connected. */
static bool
drops(const struct activity *activity, uint64_t pkts, struct mib_value *out)
{
	return mib_number(out, pkts) && activity->users.total + activity->peers.total > 0;
}

MIB_CONVERT(in_drops, struct activity)
{
	return drops(field, field->in.drops, out);
}

MIB_CONVERT(out_drops, struct activity)
{
	return drops(field, field->out.drops, out);
}

#undef ROW
#define ROW activity
static const struct mib_col activity_cols[] = {
	/* clang-format off */
	COL(      1, "crasNumSessions",           GAUGE,     mib_u64_low, users.active, .caps = IPM_CAP_SESSIONS),
	COL(      2, "crasNumPrevSessions",       COUNTER,   mib_u64_low, previous,     .caps = IPM_CAP_SESSIONS),
	COL(      3, "crasNumUsers",              GAUGE,     mib_u32,     people,       .caps = IPM_CAP_SESSIONS),
	COL(      4, "crasNumGroups",             GAUGE,     mib_u32,     groups,       .caps = IPM_CAP_SESSIONS),
	COL(      5, "crasGlobalInPkts",          COUNTER64, mib_u64,     in.pkts,      .caps = IPM_CAP_SESSIONS),
	COL(      6, "crasGlobalOutPkts",         COUNTER64, mib_u64,     out.pkts,     .caps = IPM_CAP_SESSIONS),
	COL(      7, "crasGlobalInOctets",        COUNTER64, mib_u64,     in.octets,    .caps = IPM_CAP_SESSIONS),
	COL_NONE( 8, "crasGlobalInDecompOctets",  COUNTER64),
	COL(      9, "crasGlobalOutOctets",       COUNTER64, mib_u64,     out.octets,   .caps = IPM_CAP_SESSIONS),
	COL_NONE(10, "crasGlobalOutUncompOctets", COUNTER64),
	COL_REC( 11, "crasGlobalInDropPkts",      COUNTER64, in_drops,  .drops = SA_DROPS(IN, IPM_DROPPED_ANY)),
	COL_REC( 12, "crasGlobalOutDropPkts",     COUNTER64, out_drops, .drops = SA_DROPS(OUT, IPM_DROPPED_ANY)),
	/* clang-format on */
};

const struct mib_table view_ras_activity = {
	.name = "crasActivity",
	MIB_OID(RAS_MIB, 1, 3),
	.make = make_activity,
	MIB_COLS(activity_cols),
};

/* --- sessions by kind, behind the tables of sessions and groups ----------------------------------------------------
 */

/* This gateway has no mail proxy, load balancing or TLS, so it has no such sessions. */
static const struct mib_col kind_cols[] = {
	/* clang-format off */
	COL_CONST(23, "crasEmailNumSessions",             GAUGE,   0),
	COL_CONST(24, "crasEmailCumulateSessions",        COUNTER, 0),
	COL_CONST(25, "crasEmailPeakConcurrentSessions",  GAUGE,   0),
	COL(      26, "crasIPSecNumSessions",             GAUGE,   mib_u64_low, users.active, .caps = IPM_CAP_SESSIONS),
	COL(      27, "crasIPSecCumulateSessions",        COUNTER, mib_u64_low, users.total,  .caps = IPM_CAP_SESSIONS),
	COL(      28, "crasIPSecPeakConcurrentSessions",  GAUGE,   mib_u64_low, users.peak,   .caps = IPM_CAP_SESSIONS),
	COL(      29, "crasL2LNumSessions",               GAUGE,   mib_u64_low, peers.active, .caps = IPM_CAP_SESSIONS),
	COL(      30, "crasL2LCumulateSessions",          COUNTER, mib_u64_low, peers.total,  .caps = IPM_CAP_SESSIONS),
	COL(      31, "crasL2LPeakConcurrentSessions",    GAUGE,   mib_u64_low, peers.peak,   .caps = IPM_CAP_SESSIONS),
	COL_CONST(32, "crasLBNumSessions",                GAUGE,   0),
	COL_CONST(33, "crasLBCumulateSessions",           COUNTER, 0),
	COL_CONST(34, "crasLBPeakConcurrentSessions",     GAUGE,   0),
	COL_CONST(35, "crasSVCNumSessions",               GAUGE,   0),
	COL_CONST(36, "crasSVCCumulateSessions",          COUNTER, 0),
	COL_CONST(37, "crasSVCPeakConcurrentSessions",    GAUGE,   0),
	COL_CONST(38, "crasWebvpnNumSessions",            GAUGE,   0),
	COL_CONST(39, "crasWebvpnCumulateSessions",       COUNTER, 0),
	COL_CONST(40, "crasWebvpnPeakConcurrentSessions", GAUGE,   0),
	COL(      41, "crasNumPeakSessions",              GAUGE,   mib_u64_low, users.peak,   .caps = IPM_CAP_SESSIONS),
	/* clang-format on */
};

const struct mib_table view_ras_kinds = {
	.name = "crasActivity",
	MIB_OID(RAS_MIB, 1, 3),
	.make = make_activity,
	MIB_COLS(kind_cols),
};
