/* SPDX-License-Identifier: ISC */
/**
 * @file mib_views.h  The tables of CISCO-IPSEC-FLOW-MONITOR-MIB, one file each (view_*.c).
 */
#ifndef MIB_VIEWS_H
#define MIB_VIEWS_H

#include "mib_table.h"

/* ciscoIpSecFlowMonitorMIB */
#define FLOW_MIB 1, 3, 6, 1, 4, 1, 9, 9, 171

extern const struct mib_table view_levels, view_ike_global, view_ike_peer, view_ike_tunnel, view_ike_peer_corr;
extern const struct mib_table view_ike_gateway, view_sec_global, view_sec_tunnel, view_sec_endpt, view_sec_spi;
extern const struct mib_table view_sec_gateway, view_hist_cntl, view_ike_hist, view_sec_hist, view_sec_endpt_hist;
extern const struct mib_table view_fail_cntl, view_ike_fail, view_sec_fail, view_trap_cntl;

/** All of them, in the order of their OIDs. */
extern const struct mib_table *const mib_views[];
extern const unsigned mib_view_count;

/** The MIB has active IKE SAs and tunnels only: is this one, of the record or by slot and index? */
bool view_ike_shown(const struct ipm_segment *seg, const void *record);
bool view_tunnel_up(const struct ipm_segment *seg, const void *record);
bool view_tunnel_shown(const struct ipm_segment *seg, uint32_t slot, uint32_t index);

/** The index of a row that is its record's own, which is the first field of every record. */
unsigned view_index_key(const struct mib_cell *cell, mib_subid *key);

/**
 * The index of a peer: types and values of both identities, cikePeerIntIndex. Of an identity no more than
 * IPM_PEER_ID_MAX octets are part of it, for an OID has room for 128 sub-identifiers.
 */
unsigned view_peer_key(const char *local_id, const char *remote_id, uint32_t number, mib_subid *key);

#endif
