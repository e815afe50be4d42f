/* SPDX-License-Identifier: ISC */
/**
 * @file vici_maps.h  What charon is configured to do, told to the model: crypto map entries.
 *
 * A connection is a crypto map, each of its children that has SAs an entry, 10, 20 ... in charon's order. One whose
 * peer is not given by an address or a name is a template. What a list of all connections leaves out is not configured
 * any more; when charon is away, what it was told last stays.
 *
 * No input or output here but the model and struct feed_host: it can be tested with structs alone.
 * Threads: the caller's.
 */
#ifndef VICI_MAPS_H
#define VICI_MAPS_H

#include "feed_host.h"
#include "ipm_writer.h"
#include "vici_decode.h"

struct vici_maps;

/** Entries that feed @p feed left in the segment stay until a list does not have them. NULL: out of memory. */
struct vici_maps *vici_maps_new(struct ipm_writer *writer, uint32_t feed, const struct feed_host *host);
void vici_maps_free(struct vici_maps *m);

/**
 * A list of all connections begins, and ends. @p whole: all of it was understood; else what it did not have may be in
 * what was not.
 */
void vici_maps_begin(struct vici_maps *m);
void vici_maps_conn(struct vici_maps *m, const struct vici_conn *conn);
void vici_maps_child(struct vici_maps *m, const struct vici_conn *conn, const struct vici_conn_child *child);
void vici_maps_end(struct vici_maps *m, bool whole);

#endif
