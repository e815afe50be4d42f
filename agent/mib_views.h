/* SPDX-License-Identifier: ISC */
/**
 * @file mib_views.h  All tables that are served, one file each (view_*.c).
 */
#ifndef MIB_VIEWS_H
#define MIB_VIEWS_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "mib_table.h"

#define FLOW_MIB        1, 3, 6, 1, 4, 1, 9, 9, 171 /* CISCO-IPSEC-FLOW-MONITOR-MIB */
#define POLICY_MAP_MIB  1, 3, 6, 1, 4, 1, 9, 9, 172 /* CISCO-IPSEC-POLICY-MAP-MIB */
#define ACCELERATOR_MIB 1, 3, 6, 1, 4, 1, 9, 9, 467 /* CISCO-CRYPTO-ACCELERATOR-MIB */
#define CIPS_MIB        1, 3, 6, 1, 4, 1, 9, 10, 62 /* CISCO-IPSEC-MIB */
#ifndef IPSECMON_OID                                /* configure --with-enterprise-oid; netSnmpPlaypen */
#define IPSECMON_OID 1, 3, 6, 1, 4, 1, 8072, 9999, 9999
#endif
#define IPSECMON_MIB IPSECMON_OID /* IPSECMON-MIB */

extern const struct mib_table view_levels, view_ike_global, view_ike_peer, view_ike_tunnel, view_ike_peer_corr;
extern const struct mib_table view_ike_gateway, view_sec_global, view_sec_tunnel, view_sec_endpt, view_sec_spi;
extern const struct mib_table view_sec_gateway, view_hist_cntl, view_ike_hist, view_sec_hist, view_sec_endpt_hist;
extern const struct mib_table view_fail_cntl, view_ike_fail, view_sec_fail, view_trap_cntl;
extern const struct mib_table view_pol_ike, view_pol_sec;
extern const struct mib_table view_cca_capability, view_cca_global, view_cca_engine, view_cca_protocol;
extern const struct mib_table view_cca_notif_cntl;
extern const struct mib_table view_cips_isakmp, view_cips_policy, view_cips_globals, view_cips_statistics;
extern const struct mib_table view_cips_static_set, view_cips_dynamic_set, view_cips_map, view_cips_map_if;
extern const struct mib_table view_cips_capacity, view_cips_trap_cntl;
extern const struct mib_table view_own_agent, view_own_segment, view_own_feed, view_own_tunnel, view_own_drop;
extern const struct mib_table view_own_engine, view_own_notify;

/** What columns of drops need: some of these reasons, of SAs, or of SAs and of packets without one. */
#define SA_DROPS(direction, set)  IPM_SA_DROPS(IPM_##direction, set)
#define ALL_DROPS(direction, set) (IPM_SA_DROPS(IPM_##direction, set) | IPM_GATEWAY_DROPS(IPM_##direction, set))
#define WAYS_DROPS(set)           (ALL_DROPS(IN, set) | ALL_DROPS(OUT, set))
#define DROPS_REPLAYS             (IPM_DROPPED(REPLAY) | IPM_DROPPED(WINDOW))
#define DROPS_BUT_REPLAYS         (IPM_DROPPED_ANY & ~DROPS_REPLAYS)
/** A crypto engine's: those that it found to be bad itself, and all others. */
#define DROPS_BAD    (IPM_DROPPED(AUTH) | IPM_DROPPED(CRYPT))
#define ENGINE_BAD   (SA_DROPS(IN, DROPS_BAD) | SA_DROPS(OUT, DROPS_BAD))
#define ENGINE_OTHER (SA_DROPS(IN, IPM_DROPPED_ANY & ~DROPS_BAD) | SA_DROPS(OUT, IPM_DROPPED_ANY & ~DROPS_BAD))

/** All of them, in the order of their OIDs. */
extern const struct mib_table *const mib_views[];
extern const unsigned mib_view_count;

/** The MIBs that they are of. */
#define MIB_MODULES 5
extern const struct mib_module mib_modules[MIB_MODULES];

/** The MIB has active IKE SAs and tunnels only: is this one, of the record or by slot and index? */
bool view_ike_shown(const struct ipm_segment *seg, const void *record);
bool view_tunnel_up(const struct ipm_segment *seg, const void *record);
bool view_tunnel_shown(const struct ipm_segment *seg, uint32_t slot, uint32_t index);

/** The feeds that a tunnel is from: mib_table.feeds. */
unsigned view_tunnel_feeds(const struct ipm_tunnel *tunnel, uint32_t *slots);

/** The index of a row that is its record's own, which is the first field of every record. */
unsigned view_index_key(const struct mib_cell *cell, mib_subid *key);

/**
 * The index of a peer: types and values of both identities, cikePeerIntIndex. Of an identity no more than
 * IPM_PEER_ID_MAX octets are part of it, for an OID has room for 128 sub-identifiers.
 */
unsigned view_peer_key(const char *local_id, const char *remote_id, uint32_t number, mib_subid *key);

#endif
