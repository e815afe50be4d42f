/* SPDX-License-Identifier: ISC */
/* IPSECMON-MIB: the agent, and its segments with their feeds and crypto engines. */
#include <string.h>

#include "mib_convert.h"
#include "mib_health.h"
#include "mib_set.h"
#include "view_maps.h"
#include "views.h"

struct mib_health mib_health;

/* --- the agent -------------------------------------------------------------------------------------------------- */

#define ROW mib_health
static const struct mib_col agent_cols[] = {
	/* clang-format off */
	COL(1, "ipsecmonAgentVersion",    OCTETS,    mib_name, version),
	COL(2, "ipsecmonAgentUpTime",     TICKS,     mib_age,  started_ns),
	COL(3, "ipsecmonAgentSegments",   GAUGE,     mib_u32,  segments),
	COL(4, "ipsecmonAgentRequests",   COUNTER64, mib_u64,  requests),
	COL(5, "ipsecmonAgentSent",       COUNTER64, mib_u64,  sent),
	COL(6, "ipsecmonAgentSuppressed", COUNTER64, mib_u64,  suppressed),
	COL(7, "ipsecmonAgentDisabled",   COUNTER64, mib_u64,  disabled),
	COL(8, "ipsecmonAgentWaiting",    GAUGE,     mib_u32,  waiting),
	/* clang-format on */
};

const struct mib_table view_own_agent = {
	.name = "ipsecmonAgent",
	MIB_OID(IPSECMON_MIB, 1, 1),
	.local = &mib_health,
	MIB_COLS(agent_cols),
};

/* --- segments --------------------------------------------------------------------------------------------------- */

MIB_CONVERT(segment_name, struct ipm_totals)
{
	char name[IPM_NAME_MAX];
	return mib_string(out, ipm_segment_name(cell->seg, name), sizeof(name));
}

MIB_CONVERT(segment_silence, struct ipm_totals)
{
	uint64_t silence = ipm_segment_silence_ns(cell->seg) / NS_PER_TICK;
	return mib_number(out, silence < UINT32_MAX ? silence : UINT32_MAX);
}

MIB_CONVERT(segment_configured, struct ipm_totals)
{
	const struct view_map_sum *sum = mib_group(cell->mib, &view_map_sums, cell->gateway, "");
	return mib_number(out, sum ? sum->configured : 0);
}

MIB_CONVERT(segment_up, struct ipm_totals)
{
	const struct view_map_sum *sum = mib_group(cell->mib, &view_map_sums, cell->gateway, "");
	return mib_number(out, sum ? sum->up : 0);
}

MIB_CONVERT(segment_events, struct ipm_totals)
{
	return mib_number(out, ipm_segment_event_serial(cell->seg));
}

#undef ROW
#define ROW ipm_totals
static const struct mib_col segment_cols[] = {
	/* clang-format off */
	COL_REC(2, "ipsecmonSegmentName",       OCTETS,    segment_name),
	COL_REC(3, "ipsecmonSegmentSilence",    TICKS,     segment_silence),
	COL_REC(4, "ipsecmonSegmentConfigured", GAUGE,     segment_configured),
	COL_REC(5, "ipsecmonSegmentUp",         GAUGE,     segment_up),
	COL(    6, "ipsecmonSegmentRefused",    COUNTER64, mib_u64, records_refused),
	COL_REC(7, "ipsecmonSegmentEvents",     COUNTER64, segment_events),
	/* clang-format on */
};

const struct mib_table view_own_segment = {
	.name = "ipsecmonSegmentTable",
	MIB_OID(IPSECMON_MIB, 1, 2, 1),
	.record = IPM_TOTALS,
	.key = view_gateway_key,
	MIB_COLS(segment_cols),
};

/* --- feeds ------------------------------------------------------------------------------------------------------ */

/* BITS (RFC 2578, 7.1.4): the first bit is the highest bit of the first octet. */
MIB_CONVERT(capabilities, uint64_t)
{
	out->len = (IPM_CAP_COUNT + 7) / 8;
	memset(out->octets, 0, out->len);
	for (unsigned bit = 0; bit < IPM_CAP_COUNT; bit++)
		if (*field & UINT64_C(1) << bit)
			out->octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return *field != 0;
}

#undef ROW
#define ROW ipm_feed
static const struct mib_col feed_cols[] = {
	/* clang-format off */
	COL( 2, "ipsecmonFeedName",         OCTETS,    mib_name,     name),
	COL( 3, "ipsecmonFeedSource",       OCTETS,    mib_text,     source),
	COL( 4, "ipsecmonFeedDetail",       OCTETS,    mib_text,     detail),
	COL( 5, "ipsecmonFeedState",        INTEGER,   mib_u8,       state),
	COL( 6, "ipsecmonFeedStateAge",     TICKS,     mib_since,    since_ns),
	COL( 7, "ipsecmonFeedAnswerAge",    TICKS,     mib_since,    updated_ns),
	COL( 8, "ipsecmonFeedInterval",     GAUGE,     mib_seconds,  interval_ns),
	COL( 9, "ipsecmonFeedConnects",     COUNTER64, mib_u64,      connects),
	COL(10, "ipsecmonFeedErrors",       COUNTER64, mib_u64,      errors),
	COL(11, "ipsecmonFeedEvents",       COUNTER64, mib_u64,      events),
	COL(12, "ipsecmonFeedRejected",     COUNTER64, mib_u64,      rejected),
	COL(13, "ipsecmonFeedOverruns",     COUNTER64, mib_u64,      overruns),
	COL(14, "ipsecmonFeedError",        OCTETS,    mib_text,     error),
	COL(15, "ipsecmonFeedErrorAge",     TICKS,     mib_since,    errored_ns),
	COL(16, "ipsecmonFeedCapabilities", OCTETS,    capabilities, caps),
	/* clang-format on */
};

static unsigned
feed_key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = cell->gateway;
	key[1] = ((const struct ipm_feed *)cell->record)->index;
	return 2;
}

const struct mib_table view_own_feed = {
	.name = "ipsecmonFeedTable",
	MIB_OID(IPSECMON_MIB, 1, 3, 1),
	.record = IPM_FEEDS,
	.key = feed_key,
	MIB_COLS(feed_cols),
};

/* --- crypto engines by their names; their counters are in ccaAcceleratorTable ------------------------------------ */

#undef ROW
#define ROW ipm_engine
static const struct mib_col engine_cols[] = {
	/* clang-format off */
	COL(2, "ipsecmonEngineName",    OCTETS,  mib_name,         name),
	COL(3, "ipsecmonEngineKind",    INTEGER, mib_u8,           kind),
	COL(4, "ipsecmonEngineVersion", OCTETS,  mib_text,         version),
	COL(5, "ipsecmonEngineStatus",  INTEGER, mib_admin_status, disabled),
	COL(6, "ipsecmonEngineSas",     GAUGE,   mib_u32,          sas),
	/* clang-format on */
};

static unsigned
engine_key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = view_engine_number(cell);
	return 1;
}

const struct mib_table view_own_engine = {
	.name = "ipsecmonEngineTable",
	MIB_OID(IPSECMON_MIB, 1, 6, 1),
	.record = IPM_ENGINES,
	.key = engine_key,
	MIB_COLS(engine_cols),
};

/* --- which notifications are sent ------------------------------------------------------------------------------- */

#undef ROW
#define ROW mib_controls
static const struct mib_col notify_cols[] = {
	/* clang-format off */
	COL(1, "ipsecmonNotifyTunnelDown", INTEGER, mib_u32, own[0], .set = &mib_set_notify),
	COL(2, "ipsecmonNotifyTunnelUp",   INTEGER, mib_u32, own[1], .set = &mib_set_notify),
	COL(3, "ipsecmonNotifySessionStart", INTEGER, mib_u32, own[2], .set = &mib_set_notify),
	COL(4, "ipsecmonNotifySessionStop", INTEGER, mib_u32, own[3], .set = &mib_set_notify),
	/* clang-format on */
};

const struct mib_table view_own_notify = {
	.name = "ipsecmonNotifyControl",
	MIB_OID(IPSECMON_MIB, 1, 7),
	.local = &mib_controls,
	MIB_COLS(notify_cols),
};
