/* SPDX-License-Identifier: ISC */
/**
 * @file feed.h  What ipsecmond knows of a feed: it is opened, works in the event loop by itself, is closed.
 *
 * A feed that loses its source keeps what it knows for the hold time, tries again with growing pauses, and
 * reconciles. It never ends the program.
 *
 * Threads:   the event loop's.
 */
#ifndef FEED_H
#define FEED_H

#include <event2/event.h>

#include "conf.h"
#include "ipm_writer.h"

struct feed_vici;

/** NULL when out of memory or when the segment has no room for another feed, which was logged. */
struct feed_vici *feed_vici_open(struct event_base *base, struct ipm_writer *writer, const struct conf *conf);
void feed_vici_close(struct feed_vici *feed);

#endif
