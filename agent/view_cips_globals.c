/* SPDX-License-Identifier: ISC */
/* cipsIPsecGlobals, cipsIPsecStatistics, cipsSysCapacityGroup: scalars about crypto maps. */
#include "mib_convert.h"
#include "mib_views.h"

struct globals {
	uint32_t static_sets, dynamic_sets, max_sas;
};

#define ROW      globals
#define MOST_SAS 65535 /* that cipsMaxSAs has room for */
static const struct mib_col globals_cols[] = {
	/* clang-format off */
	COL(1, "cipsSALifetime",              GAUGE,   mib_none, static_sets), /* Linux has no lifetimes for all */
	COL(2, "cipsSALifesize",              GAUGE,   mib_none, static_sets),
	COL(3, "cipsNumStaticCryptomapSets",  GAUGE,   mib_u32,  static_sets),
	COL(4, "cipsNumCETCryptomapSets",     GAUGE,   mib_zero, static_sets), /* there is no CET ... */
	COL(5, "cipsNumDynamicCryptomapSets", GAUGE,   mib_u32,  dynamic_sets),
	COL(6, "cipsNumTEDCryptomapSets",     GAUGE,   mib_zero, static_sets), /* ... and no TED on Linux */
	/* clang-format on */
};
static const struct mib_col statistics_cols[] = {
	/* clang-format off */
	COL(1, "cipsNumTEDProbesReceived", COUNTER, mib_zero, static_sets),
	COL(2, "cipsNumTEDProbesSent",     COUNTER, mib_zero, static_sets),
	COL(3, "cipsNumTEDFailures",       COUNTER, mib_zero, static_sets),
	/* clang-format on */
};
static const struct mib_col capacity_cols[] = {
	/* clang-format off */
	COL(1, "cipsMaxSAs",      INTEGER, mib_u32,  max_sas),
	COL(2, "cips3DesCapable", INTEGER, mib_none, max_sas), /* no feed tells what the gateway could do */
	/* clang-format on */
};
static const mib_subid globals_oid[] = { CIPS_MIB, 1, 2, 1 };
static const mib_subid statistics_oid[] = { CIPS_MIB, 1, 2, 2 };
static const mib_subid capacity_oid[] = { CIPS_MIB, 1, 3 };

static bool
make(struct mib *mib, void *out)
{
	struct globals *globals = out;
	uint64_t room = 0;
	for (unsigned s = 1; s <= mib_segments(mib); s++)
		room += ipm_segment_capacity(mib_segment(mib, s), IPM_SAS);
	globals->max_sas = room < MOST_SAS ? (uint32_t)room : MOST_SAS;
	globals->static_sets = mib_rows(mib, &view_cips_static_set);
	globals->dynamic_sets = mib_rows(mib, &view_cips_dynamic_set);
	return true;
}

const struct mib_table view_cips_globals = {
	.name = "cipsIPsecGlobals",
	MIB_OID(globals_oid),
	.make = make,
	MIB_COLS(globals_cols),
};
const struct mib_table view_cips_statistics = {
	.name = "cipsIPsecStatistics",
	MIB_OID(statistics_oid),
	.make = make,
	MIB_COLS(statistics_cols),
};
const struct mib_table view_cips_capacity = {
	.name = "cipsSysCapacityGroup",
	MIB_OID(capacity_oid),
	.make = make,
	MIB_COLS(capacity_cols),
};
