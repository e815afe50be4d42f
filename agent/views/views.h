/* SPDX-License-Identifier: ISC */
/**
 * @file views.h  All tables that are served, and what several of them need.
 */
#ifndef VIEWS_H
#define VIEWS_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "mib.h"

#define FLOW_MIB        1, 3, 6, 1, 4, 1, 9, 9, 171 /* CISCO-IPSEC-FLOW-MONITOR-MIB */
#define POLICY_MAP_MIB  1, 3, 6, 1, 4, 1, 9, 9, 172 /* CISCO-IPSEC-POLICY-MAP-MIB */
#define RAS_MIB         1, 3, 6, 1, 4, 1, 9, 9, 392 /* CISCO-REMOTE-ACCESS-MONITOR-MIB */
#define ACCELERATOR_MIB 1, 3, 6, 1, 4, 1, 9, 9, 467 /* CISCO-CRYPTO-ACCELERATOR-MIB */
#define CIPS_MIB        1, 3, 6, 1, 4, 1, 9, 10, 62 /* CISCO-IPSEC-MIB */
#ifndef IPSECMON_OID                                /* configure --with-enterprise-oid; netSnmpPlaypen */
#define IPSECMON_OID 1, 3, 6, 1, 4, 1, 8072, 9999, 9999
#endif
#define IPSECMON_MIB IPSECMON_OID /* IPSECMON-MIB */

/** All tables, in the order of their first columns. */
#define VIEWS(X)                 \
	X(view_levels)           \
	X(view_ike_global)       \
	X(view_ike_peer)         \
	X(view_ike_tunnel)       \
	X(view_ike_peer_corr)    \
	X(view_ike_gateway)      \
	X(view_sec_global)       \
	X(view_sec_tunnel)       \
	X(view_sec_endpt)        \
	X(view_sec_spi)          \
	X(view_sec_gateway)      \
	X(view_hist_cntl)        \
	X(view_ike_hist)         \
	X(view_sec_hist)         \
	X(view_sec_endpt_hist)   \
	X(view_fail_cntl)        \
	X(view_ike_fail)         \
	X(view_sec_fail)         \
	X(view_trap_cntl)        \
	X(view_pol_ike)          \
	X(view_pol_sec)          \
	X(view_ras_capacity)     \
	X(view_ras_usage)        \
	X(view_ras_activity)     \
	X(view_ras_session)      \
	X(view_ras_group)        \
	X(view_ras_kinds)        \
	X(view_ras_failures)     \
	X(view_ras_fail_cntl)    \
	X(view_ras_login_fail)   \
	X(view_ras_last_fail)    \
	X(view_ras_group_fail)   \
	X(view_ras_security)     \
	X(view_ras_thresholds)   \
	X(view_ras_switches)     \
	X(view_cca_capability)   \
	X(view_cca_global)       \
	X(view_cca_engine)       \
	X(view_cca_protocol)     \
	X(view_cca_notif_cntl)   \
	X(view_cips_isakmp)      \
	X(view_cips_policy)      \
	X(view_cips_globals)     \
	X(view_cips_statistics)  \
	X(view_cips_static_set)  \
	X(view_cips_dynamic_set) \
	X(view_cips_map)         \
	X(view_cips_map_if)      \
	X(view_cips_capacity)    \
	X(view_cips_trap_cntl)   \
	X(view_own_agent)        \
	X(view_own_segment)      \
	X(view_own_feed)         \
	X(view_own_tunnel)       \
	X(view_own_drop)         \
	X(view_own_engine)       \
	X(view_own_notify)       \
	X(view_own_pool)
#define VIEW_DECLARE(view) extern const struct mib_table view;
VIEWS(VIEW_DECLARE)
#undef VIEW_DECLARE
extern const struct mib_table view_own_session; /* its objects are in notifications only */

extern const struct mib_table *const mib_views[];
extern const unsigned mib_view_count;

/** The MIBs that they belong to. */
#define MIB_MODULES 6
extern const struct mib_module mib_modules[MIB_MODULES];

/** Sets of drop reasons for `.drops`: of SAs, or of SAs and of packets without one. */
#define SA_DROPS(direction, set)  IPM_SA_DROPS(IPM_##direction, set)
#define ALL_DROPS(direction, set) (IPM_SA_DROPS(IPM_##direction, set) | IPM_GATEWAY_DROPS(IPM_##direction, set))
#define WAYS_DROPS(set)           (ALL_DROPS(IN, set) | ALL_DROPS(OUT, set))
#define DROPS_REPLAYS             (IPM_DROPPED(REPLAY) | IPM_DROPPED(WINDOW))
#define DROPS_BUT_REPLAYS         (IPM_DROPPED_ANY & ~DROPS_REPLAYS)

/* --- view_common.c ------------------------------------------------------------------------------------------- */

/**
 * The MIBs only show active IKE SAs and tunnels. Is this one active? It is given by its record, or by slot and index.
 */
bool view_ike_shown(const struct ipm_segment *seg, const void *record);
bool view_tunnel_up(const struct ipm_segment *seg, const void *record);
bool view_tunnel_shown(const struct ipm_segment *seg, uint32_t slot, uint32_t index);

/** The feeds that know a tunnel: for mib_table.feeds. */
unsigned view_tunnel_feeds(const struct ipm_tunnel *tunnel, uint32_t *slots);

/** Indexes: the record's own, which is the first field of every record; the number of its segment; a name. */
unsigned view_index_key(const struct mib_cell *cell, mib_subid *key);
unsigned view_gateway_key(const struct mib_cell *cell, mib_subid *key);
unsigned view_name_key(const char *name, mib_subid *key);

/**
 * The index of a peer: types and values of both identities, then cikePeerIntIndex. Only the first IPM_PEER_ID_MAX
 * octets of an identity are part of it, because an OID has room for 128 sub-identifiers.
 */
unsigned view_peer_key(const char *local_id, const char *remote_id, uint32_t number, mib_subid *key);

/**
 * For `.present`: replace the peer's fields of an IKE SA, ended IKE SA or failure by what the MIB shows. If names of
 * users are not shown, only the identity of a peer whose session is known to be LAN-to-LAN is.
 */
void view_present_ike(const struct mib_peers *as, const struct ipm_segment *seg, void *ike_sa);
void view_present_ike_history(const struct mib_peers *as, const struct ipm_segment *seg, void *ike_history);
void view_present_failure(const struct mib_peers *as, const struct ipm_segment *seg, void *failure);

#endif
