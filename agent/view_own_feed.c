/* SPDX-License-Identifier: ISC */
/* ipsecmonFeedTable: where a segment has it from, and how its sources do. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_feed
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 2, "ipsecmonFeedName",         OCTETS,    mib_name,      name),
	COL( 3, "ipsecmonFeedSource",       OCTETS,    mib_words,     source),
	COL( 4, "ipsecmonFeedDetail",       OCTETS,    mib_words,     detail),
	COL( 5, "ipsecmonFeedState",        INTEGER,   mib_u8,        state),
	COL( 6, "ipsecmonFeedStateAge",     TICKS,     mib_since,     since_ns),
	COL( 7, "ipsecmonFeedAnswerAge",    TICKS,     mib_since,     updated_ns),
	COL( 8, "ipsecmonFeedInterval",     GAUGE,     mib_seconds,   interval_ns),
	COL( 9, "ipsecmonFeedConnects",     COUNTER64, mib_u64,       connects),
	COL(10, "ipsecmonFeedErrors",       COUNTER64, mib_u64,       errors),
	COL(11, "ipsecmonFeedEvents",       COUNTER64, mib_u64,       events),
	COL(12, "ipsecmonFeedRejected",     COUNTER64, mib_u64,       rejected),
	COL(13, "ipsecmonFeedOverruns",     COUNTER64, mib_u64,       overruns),
	COL(14, "ipsecmonFeedError",        OCTETS,    mib_words,     error),
	COL(15, "ipsecmonFeedErrorAge",     TICKS,     mib_since,     errored_ns),
	COL(16, "ipsecmonFeedCapabilities", OCTETS,    mib_feed_caps, caps),
	/* clang-format on */
};
static const mib_subid oid[] = { IPSECMON_MIB, 1, 3, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = cell->gateway;
	key[1] = ((const struct ipm_feed *)cell->record)->index;
	return 2;
}

const struct mib_table view_own_feed = {
	.name = "ipsecmonFeedTable",
	MIB_OID(oid),
	.record = IPM_FEEDS,
	.key = key,
	MIB_COLS(cols),
};
