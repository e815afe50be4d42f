/* SPDX-License-Identifier: ISC */
/**
 * @file via.h  By which crypto map entry and which interface a tunnel goes.
 *
 * Memory:    what is known of an entry is read once, however many tunnels come of it: to read it anew for each would
 *            make a gateway with one entry for thousands of peers wait for its counters, which are summed every time.
 */
#ifndef VIA_H
#define VIA_H

#include "cli.h"

struct cli_via {
	uint32_t map_index; /* of the entry; 0: none is known */
	uint32_t map_seq;
	uint8_t map_kind;
	bool known;             /* that is to say, read */
	char ifname[16];        /* empty: not known */
	char tag[IPM_NAME_MAX]; /* the crypto map's name: the entry's, else the connection's; may be empty */
};

struct cli_vias {
	struct via_segment *segment; /* one for each that is open */
};

/**
 * The interface is the entry's; where that has none, the one that has the tunnel's local address.
 */
struct cli_via cli_via(struct cli *cli, struct cli_vias *vias, const struct cli_segment *s, const struct ipm_tunnel *t);
void cli_vias_free(const struct cli *cli, struct cli_vias *vias);

#endif
