/* SPDX-License-Identifier: ISC */
/**
 * @file feed_map.h  Complete a crypto map entry with what its tunnels negotiated.
 *
 * Threads:   the feed's.
 */
#ifndef FEED_MAP_H
#define FEED_MAP_H

#include "feed_host.h"
#include "ipm_writer.h"

/**
 * Copy to the tunnel's entry, if it has one, what was negotiated: suite, protocol, compression, PFS, the XFRM
 * interface, and the peer's address if the configuration has a host name. The entry keeps that when the tunnel is gone.
 */
void feed_map_learn(struct ipm_writer *w, const struct feed_host *host, uint32_t tunnel);

/** The same for all tunnels: call it when entries came later than their tunnels. */
void feed_map_learn_all(struct ipm_writer *w, const struct feed_host *host);

/** Set the interface that uses the entry; ifindex 0: none, or not known. */
void feed_map_use(struct ipm_map_entry *map, const struct ipm_interface *interface);

/** Publish the interface that the entry in this slot uses, so that views can name it. */
void feed_map_show(struct ipm_writer *w, const struct feed_host *host, uint32_t slot);

#endif
