/* SPDX-License-Identifier: ISC */
/**
 * @file feed.h  What all feeds do alike: open and close, keep their record, try again.
 *
 * Threads:   the event loop's.
 */
#ifndef FEED_H
#define FEED_H

#include "feed_ops.h"
#include "units.h"

/** Open feed number @p n of this kind. NULL: no memory, or no room for its record; that was logged. */
struct feed *feed_open(struct feed_env *env, const struct feed_ops *ops, uint32_t n);
/** @p feed may be NULL. */
void feed_close(struct feed *feed);

/**
 * Let the feeds that watch SAs themselves report what they have seen. The feed of an IKE daemon calls this before it
 * changes the model, so that the model already has the daemon's SAs.
 */
void feed_drain_all(struct feed_env *env);

/** Publish the record, and all changes that the feed has made to the model. */
void feed_publish(struct feed *feed);

/** Enter a state. If it is a new one, it begins now. */
void feed_enter_state(struct feed *feed, enum ipm_feed_state state);

/** Store an error in the record, as a sentence. The caller counts it. */
__attribute__((format(printf, 2, 3))) void feed_error(struct feed *feed, const char *format, ...);

/** Store an error in the record, count it, and log it unless the last one was the same. */
__attribute__((format(printf, 2, 3))) void feed_complain(struct feed *feed, const char *format, ...);

/** Count a connection to the source, and make the next pause short again. */
void feed_reached(struct feed *feed);
/** Call ops->connect after a pause. Each pause is twice as long as the one before, up to @p most_ms. */
void feed_retry(struct feed *feed, unsigned most_ms);

/** Call the timer's callback once, after @p ms. */
void feed_timer_in_ms(struct event *timer, unsigned ms);

/** A connected feed that can know all of @p caps; NULL: there is none. */
const struct ipm_feed *feed_that_knows(const struct ipm_writer *writer, uint64_t caps);
/** A connected feed that knows the IKE daemon of this namespace; NULL: there is none. */
const struct ipm_feed *feed_of_daemon(const struct ipm_writer *writer, const char *netns);

/** The namespace in the name of a feed's record, which is "KIND NETNS". "": the program's own. */
const char *feed_record_netns(const struct ipm_feed *record);

#endif
