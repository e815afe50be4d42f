/* SPDX-License-Identifier: ISC */
/**
 * @file via.h  The crypto map entry and the interface of a tunnel.
 *
 * Memory:    each entry is read once, however many tunnels it has. Reading an entry sums the counters of all its
 *            tunnels, which would take too long for an entry with thousands of peers.
 */
#ifndef VIA_H
#define VIA_H

#include "cli.h"

struct cli_via {
	uint32_t map_index; /* of the entry; 0: unknown */
	uint32_t map_seq;
	uint8_t map_kind;
	bool known;             /* the entry has been read */
	char ifname[16];        /* empty: not known */
	char tag[IPM_NAME_MAX]; /* the crypto map's name: the entry's, else the connection's; may be empty */
};

struct cli_vias {
	struct via_segment *segment; /* one per open segment */
};

/** Find a tunnel's entry and interface. If the entry has no interface, take the one with the tunnel's local address. */
struct cli_via cli_via(struct cli *cli, struct cli_vias *vias, const struct cli_segment *s, const struct ipm_tunnel *t);
void cli_vias_free(const struct cli *cli, struct cli_vias *vias);

#endif
