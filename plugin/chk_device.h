/* SPDX-License-Identifier: ISC */
/* The IPsec objects a device serves, and the rows found in its tables. */
#ifndef CHK_DEVICE_H
#define CHK_DEVICE_H

#include "chk_snmp.h"

/* Where objects are. A table is its entry's OID. */
extern const struct chk_oid chk_ike_global, chk_sec_global; /* scalars: append NUMBER.0 */
extern const struct chk_oid chk_ike_table, chk_sec_table;
extern const struct chk_oid chk_agent, chk_segment_table, chk_feed_table, chk_tunnel_table, chk_drop_table,
	chk_pool_table;
extern const struct chk_oid chk_ras_activity, chk_ras_failures; /* scalars of CISCO-REMOTE-ACCESS-MONITOR-MIB */
extern const struct chk_oid chk_ras_session_table;

/* Bits of ipsecmonFeedCapabilities. */
enum chk_knows {
	CHK_KNOWS_IKE_SAS = 1 << 0,
	CHK_KNOWS_TUNNELS = 1 << 3,
	CHK_KNOWS_TUNNEL_COUNTERS = 1 << 4,
	CHK_KNOWS_TUNNEL_DROPS = 1 << 6,
	CHK_KNOWS_FAILURES = 1 << 9,
	CHK_KNOWS_CONFIGURATION = 1 << 10,
	CHK_KNOWS_SESSIONS = 1 << 19,
	CHK_KNOWS_LOGIN_FAILURES = 1 << 20,
	CHK_KNOWS_POOLS = 1 << 21,
};

#define CHK_SILENCE 10.0 /* seconds: a writer silent for longer counts as stopped */

struct chk_device {
	bool cisco, own; /* cisco: CISCO-IPSEC-FLOW-MONITOR-MIB is there; own: IPSECMON-MIB is there */
	bool uptime_known;
	uint32_t uptime; /* 1/100 s */
	/* Set only with IPSECMON-MIB: */
	unsigned segments;
	bool silence_known;
	double silence; /* seconds since the most silent writer wrote */
	uint32_t knows; /* enum chk_knows: capabilities of all feeds that are up */
};

/* Ask which MIBs the device serves, and how current they are. False: no answer. */
bool chk_device_ask(struct chk_snmp *s, struct chk_device *device);

/* A growing list of row indexes. */
struct chk_rows {
	uint32_t *index;
	size_t count, room;
	bool no_memory;
};

void chk_rows_add(struct chk_rows *rows, uint32_t index);
void chk_rows_free(struct chk_rows *rows);

/*
 * Find configured tunnels in IPSECMON-MIB: all of connection NAME, or only NAME/CHILD. *all: number of tunnels
 * searched.
 */
bool chk_find_name(struct chk_snmp *s, const char *name, struct chk_rows *rows, size_t *all);
/* Find configured tunnels in IPSECMON-MIB by the peer's address. */
bool chk_find_configured_peer(struct chk_snmp *s, const struct chk_peer *peer, struct chk_rows *rows);
/* Find rows of cipSecTunnelTable or cikeTunnelTable. @p column holds the peer's address. */
bool chk_find_peer(struct chk_snmp *s, const struct chk_oid *table, uint32_t column, const struct chk_peer *peer,
		   struct chk_rows *rows);

/* Read @p n cells of one row. */
bool chk_row(struct chk_snmp *s, const struct chk_oid *table, uint32_t index, const uint32_t *columns, size_t n,
	     struct chk_value *values);

#endif
