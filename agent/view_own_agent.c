/* SPDX-License-Identifier: ISC */
/* ipsecmonAgent: how the agent itself does. */
#include "mib_convert.h"
#include "mib_health.h"
#include "mib_views.h"

struct mib_health mib_health;

#define ROW mib_health
static const struct mib_col cols[] = {
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
static const mib_subid oid[] = { IPSECMON_MIB, 1, 1 };

const struct mib_table view_own_agent = {
	.name = "ipsecmonAgent",
	MIB_OID(oid),
	.local = &mib_health,
	MIB_COLS(cols),
};
