/* SPDX-License-Identifier: ISC */
/* What a device serves of IPsec, and the rows of its tables that were asked for. */
#ifndef CHK_DEVICE_H
#define CHK_DEVICE_H

#include "chk_snmp.h"

/* Where objects are: tables by their entry. */
extern const struct chk_oid chk_ike_global, chk_sec_global; /* scalars: NUMBER.0 below it */
extern const struct chk_oid chk_ike_table, chk_sec_table;
extern const struct chk_oid chk_agent, chk_segment_table, chk_feed_table, chk_tunnel_table, chk_drop_table;

/* Bits of ipsecmonFeedCapabilities. */
enum chk_knows {
	CHK_KNOWS_IKE_SAS = 1 << 0,
	CHK_KNOWS_TUNNELS = 1 << 3,
	CHK_KNOWS_TUNNEL_COUNTERS = 1 << 4,
	CHK_KNOWS_TUNNEL_DROPS = 1 << 6,
	CHK_KNOWS_FAILURES = 1 << 9,
	CHK_KNOWS_CONFIGURATION = 1 << 10,
};

#define CHK_SILENCE 10.0 /* seconds: the writer of a segment that is silent for longer does not write any more */

struct chk_device {
	bool cisco, own; /* it has CISCO-IPSEC-FLOW-MONITOR-MIB, and IPSECMON-MIB */
	bool uptime_known;
	uint32_t uptime; /* 1/100 s */
	/* Only with IPSECMON-MIB: */
	unsigned segments;
	bool silence_known;
	double silence; /* seconds, of the writer that is silent for longest */
	uint32_t knows; /* what feeds that are up can know */
};

/* False: no answer. */
bool chk_device_ask(struct chk_snmp *s, struct chk_device *device);

/* Indexes of rows, as many as there are. */
struct chk_rows {
	uint32_t *index;
	size_t count, room;
	bool no_memory;
};

void chk_rows_add(struct chk_rows *rows, uint32_t index);
void chk_rows_free(struct chk_rows *rows);

/* Configured tunnels of IPSECMON-MIB: those of a connection's NAME, or the one of NAME/CHILD. *all: of how many. */
bool chk_find_name(struct chk_snmp *s, const char *name, struct chk_rows *rows, size_t *all);
/* The same: those whose peer has this address. */
bool chk_find_configured_peer(struct chk_snmp *s, const struct chk_peer *peer, struct chk_rows *rows);
/* Rows of cipSecTunnelTable or cikeTunnelTable, whose column of the peer's address is @p column. */
bool chk_find_peer(struct chk_snmp *s, const struct chk_oid *table, uint32_t column, const struct chk_peer *peer,
		   struct chk_rows *rows);

/* Cells of one row. */
bool chk_row(struct chk_snmp *s, const struct chk_oid *table, uint32_t index, const uint32_t *columns, size_t n,
	     struct chk_value *values);

#endif
