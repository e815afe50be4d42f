/* SPDX-License-Identifier: ISC */
/**
 * @file feed_record.h  What a feed says of itself, struct ipm_feed, and its timers: what all feeds do alike.
 *
 * Threads:   the event loop's.
 */
#ifndef FEED_RECORD_H
#define FEED_RECORD_H

#include <event2/event.h>
#include <stdbool.h>

#include "ipm_writer.h"

/** Show the record, and all that the feed has told of since. */
void feed_publish(struct ipm_writer *writer, uint32_t slot, const struct ipm_feed *feed);

/** Be in this state; since now, if it is another one. */
void feed_enter_state(struct ipm_feed *feed, enum ipm_feed_state state);

/** Something went wrong just now: a sentence. What it is to be counted as is the caller's to say. */
__attribute__((format(printf, 2, 3))) void feed_error(struct ipm_feed *feed, const char *format, ...);

/** The same, counted as an error and logged, but not again as long as it is the same: @p complained is the caller's
 * memory. */
void feed_complain(struct ipm_feed *feed, bool *complained, const char *what);

/** The feed named @p name, or NULL. */
const struct ipm_feed *feed_named(const struct ipm_writer *writer, const char *name);

/** What a feed of @p kind is called that reads the namespace @p netns; "": the program's own. */
void feed_name_in(char out[IPM_NAME_MAX], const char *kind, const char *netns);

/** Have the timer's callback called once, so much later; in place of when it was to be called. */
void feed_timer_in_ms(struct event *timer, unsigned ms);

/** The source is not there: try again in @p *ms, and the next time in twice that, but no more than @p most_ms. */
void feed_retry(struct event *timer, unsigned *ms, unsigned most_ms);
#define FEED_RETRY_FIRST_MS 250 /* what *ms begins with, and begins again when the source was there */

#endif
