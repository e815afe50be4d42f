/* SPDX-License-Identifier: ISC */
/* cipsIsakmpGroup: IKE as it is configured for the gateway as a whole. */
#include <string.h>

#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

struct isakmp {
	uint32_t enabled; /* TruthValue */
	uint32_t policies;
};

#define ROW isakmp
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(1, "cipsIsakmpEnabled",           INTEGER, mib_u32,  enabled),
	COL(2, "cipsIsakmpIdentity",          INTEGER, mib_zero, enabled), /* isakmpIdTypeUNKNOWN: each connection has its own */
	COL(3, "cipsIsakmpKeepaliveInterval", INTEGER, mib_none, enabled), /* likewise */
	COL(4, "cipsNumIsakmpPolicies",       INTEGER, mib_u32,  policies),
	/* clang-format on */
};
static const mib_subid oid[] = { CIPS_MIB, 1, 1 };

/* Something of IKE has been seen, or an IKE daemon is there to be asked. */
static bool
enabled(const struct ipm_segment *seg)
{
	struct ipm_totals totals;
	struct ipm_feed feed;
	if (ipm_totals_read(seg, &totals) == 0 && totals.ike_active + totals.ike_previous > 0)
		return true;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_FEEDS); slot++)
		if (ipm_feed_read(seg, slot, &feed) == 0 && strcmp(feed.name, "vici") == 0 && feed.state == IPM_FEED_UP)
			return true;
	return false;
}

static bool
make(struct mib *mib, void *out)
{
	struct isakmp *isakmp = out;
	isakmp->policies = mib_rows(mib, &view_cips_policy);
	bool yes = isakmp->policies > 0;
	for (unsigned s = 1; s <= mib_segments(mib) && !yes; s++)
		yes = enabled(mib_segment(mib, s));
	isakmp->enabled = yes ? 1 : 2;
	return true;
}

const struct mib_table view_cips_isakmp = {
	.name = "cipsIsakmpGroup",
	MIB_OID(oid),
	.make = make,
	MIB_COLS(cols),
};
