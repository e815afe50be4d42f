/* SPDX-License-Identifier: ISC */
/**
 * @file feed_map.h  What tunnels tell of the crypto map entry that they come from, where configuration does not.
 *
 * Threads:   the feed's.
 */
#ifndef FEED_MAP_H
#define FEED_MAP_H

#include "feed_host.h"
#include "ipm_writer.h"

/**
 * Tell the entry of this tunnel, if it has one, what was negotiated: suite, protocol, compression, PFS, the XFRM
 * interface, and the peer's address where the configuration has a host name. It stays known when the tunnel is gone.
 */
void feed_map_learn(struct ipm_writer *w, const struct feed_host *host, uint32_t tunnel);

/** The same of all tunnels: entries came later than they did. */
void feed_map_learn_all(struct ipm_writer *w, const struct feed_host *host);

/** The interface that uses the entry; ifindex 0: none, or not known. */
void feed_map_use(struct ipm_map_entry *map, const struct ipm_interface *interface);

/** Tell of the interface that the entry in this slot uses, so that views can name it. */
void feed_map_show(struct ipm_writer *w, const struct feed_host *host, uint32_t slot);

#endif
