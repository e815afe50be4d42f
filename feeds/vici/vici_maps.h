/* SPDX-License-Identifier: ISC */
/**
 * @file vici_maps.h  Charon's connections as crypto map entries.
 *
 * A connection is a crypto map. Each of its children that makes SAs is an entry: 10, 20 ... in charon's order. If the
 * peer is neither an address nor a name, the entry is a template. A list of all connections ends the entries that it
 * does not have. While charon is away, the entries stay.
 *
 * No input or output but the model and struct feed_host: tests use structs alone.
 * Threads: the caller's.
 */
#ifndef VICI_MAPS_H
#define VICI_MAPS_H

#include "feed_host.h"
#include "ipm_writer.h"
#include "vici_decode.h"

struct vici_maps;

/** Entries that feed @p feed left in the segment stay until a list lacks them. NULL: out of memory. */
struct vici_maps *vici_maps_new(struct ipm_writer *writer, uint32_t feed, const struct feed_host *host);
void vici_maps_free(struct vici_maps *m);

/**
 * A list of all connections begins, and ends. If it was not @p whole, because a part was not understood, it ends no
 * entries.
 */
void vici_maps_begin(struct vici_maps *m);
void vici_maps_conn(struct vici_maps *m, const struct vici_conn *conn);
void vici_maps_child(struct vici_maps *m, const struct vici_conn *conn, const struct vici_conn_child *child);
void vici_maps_end(struct vici_maps *m, bool whole);

/** The configured lifetime of its IKE SAs: the sooner of rekeying and re-authentication. 0: no limit. */
uint64_t vici_conn_ike_ns(const struct vici_conn *conn);

#endif
