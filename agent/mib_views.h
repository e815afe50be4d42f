/* SPDX-License-Identifier: ISC */
/**
 * @file mib_views.h  The tables of CISCO-IPSEC-FLOW-MONITOR-MIB, one file each (view_*.c).
 */
#ifndef MIB_VIEWS_H
#define MIB_VIEWS_H

#include "mib_table.h"

/* ciscoIpSecFlowMonitorMIB */
#define FLOW_MIB 1, 3, 6, 1, 4, 1, 9, 9, 171

extern const struct mib_table view_levels, view_ike_global, view_ike_tunnel;
extern const struct mib_table view_sec_global, view_sec_tunnel, view_sec_endpt, view_sec_spi;

/** All of them, in the order of their OIDs. */
extern const struct mib_table *const mib_views[];
extern const unsigned mib_view_count;

/** Has the tunnel that a selector or an SA belongs to a row? */
bool view_tunnel_shown(const struct ipm_segment *seg, uint32_t slot, uint32_t index);

#endif
