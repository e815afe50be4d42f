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

struct feed_ikewatch;
struct feed_vici;
struct feed_xfrm;

/** What a feed calls before it tells the model anything: others may know of it by now, and are to tell it first. */
typedef void feed_before(void *arg);

/** NULL when out of memory or when the segment has no room for another feed, which was logged. */
struct feed_vici *feed_vici_open(struct event_base *base, struct ipm_writer *writer, const struct conf *conf,
				 feed_before *before, void *arg);
void feed_vici_close(struct feed_vici *feed);

/** The same for the kernel's. @p conf must outlive it. */
struct feed_xfrm *feed_xfrm_open(struct event_base *base, struct ipm_writer *writer, const struct conf_xfrm *conf);
void feed_xfrm_close(struct feed_xfrm *feed);
/** Tell the model what the kernel has said so far; the first time, all that there is. */
void feed_xfrm_drain(struct feed_xfrm *feed);
/** Its slot among the segment's feeds. */
uint32_t feed_xfrm_slot(const struct feed_xfrm *feed);
/** Delete the SAs of the tunnel in this slot, which is this feed's. 0, or a negative errno when one is still there. */
int feed_xfrm_destroy(struct feed_xfrm *feed, uint32_t tunnel);

/**
 * And for IKE on the wire. @p conf must outlive it. @p only: there is no other one, so that once it captures, the
 * program may give up what it takes to open a capture.
 */
struct feed_ikewatch *
feed_ikewatch_open(struct event_base *base, struct ipm_writer *writer, const struct conf_ikewatch *conf, bool only);
void feed_ikewatch_close(struct feed_ikewatch *feed);
/** Tell the model what has come by so far. */
void feed_ikewatch_drain(struct feed_ikewatch *feed);
uint32_t feed_ikewatch_slot(const struct feed_ikewatch *feed);

#endif
