/* SPDX-License-Identifier: ISC */
/* The list of all views and their MIBs. */
#include "views.h"

#define VIEW_ADDRESS(view) &(view),
const struct mib_table *const mib_views[] = { VIEWS(VIEW_ADDRESS) };
const unsigned mib_view_count = MIB_COUNT(mib_views);

const struct mib_module mib_modules[MIB_MODULES] = {
	{ "CISCO-IPSEC-FLOW-MONITOR-MIB", MIB_OID(FLOW_MIB) },
	{ "CISCO-IPSEC-POLICY-MAP-MIB", MIB_OID(POLICY_MAP_MIB) },
	{ "CISCO-REMOTE-ACCESS-MONITOR-MIB", MIB_OID(RAS_MIB) },
	{ "CISCO-CRYPTO-ACCELERATOR-MIB", MIB_OID(ACCELERATOR_MIB) },
	{ "CISCO-IPSEC-MIB", MIB_OID(CIPS_MIB) },
	{ "IPSECMON-MIB", MIB_OID(IPSECMON_MIB) },
};
