/* SPDX-License-Identifier: ISC */
/**
 * @file feed_ops.h  The interface between ipsecmond and a feed. README.md shows how to add one.
 *
 * A feed is one folder and one struct feed_ops. ipsecmond opens whatever feed_list contains, runs the event loop, and
 * closes the feeds at the end. A feed that loses its source keeps what it knows for the hold time, tries again with
 * growing pauses, and reconciles. It never ends the program.
 *
 * Threads:   the event loop's.
 */
#ifndef FEED_OPS_H
#define FEED_OPS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "control_exec.h"
#include "ipm_writer.h"

/** What all feeds share. It outlives them. */
struct feed_env {
	struct event_base *base;
	struct ipm_writer *writer;
	const struct conf *conf;
	struct feed *feeds; /* the open ones, newest first */
};

/** The beginning of each feed's own structure. feed_open() fills it in. */
struct feed {
	const struct feed_ops *ops;
	struct feed_env *env;
	struct feed *next; /* in env->feeds */
	struct ipm_writer *writer;
	uint32_t slot;          /* of its record in the segment */
	struct ipm_feed record; /* feed_publish() shows it */
	const char *netns;      /* the network namespace that it reads; "": the program's own */
	struct event *retry;    /* calls ops->connect */
	unsigned retry_ms;      /* the next pause before that */
	bool complained;        /* it has logged an error in this run */
};

struct feed_ops {
	const char *kind; /* the title of its section in the configuration, and the first word of its record's name */
	size_t size;      /* of its own structure */
	uint64_t caps;    /* what it can know: enum ipm_cap */

	/** The number of feeds of this kind in the configuration. */
	uint32_t (*count)(const struct conf *conf);
	/** The network namespace that number @p n reads. NULL: always the program's own. */
	const char *(*netns)(const struct conf *conf, uint32_t n);

	/** Allocate, and start. @p feed is filled in; the rest of the structure is zero. False: out of memory. */
	bool (*open)(struct feed *feed, uint32_t n);
	/** Free everything from open(), also after an open() that failed. */
	void (*close)(struct feed *feed);
	/** Try to reach the source. feed_retry() calls this. NULL: the feed never calls feed_retry(). */
	void (*connect)(struct feed *feed);

	/** Read what has arrived from the source, and update the model. NULL: the loop's events are enough. */
	void (*drain)(struct feed *feed);
	/**
	 * Close an IKE SA or a tunnel. 0: @p done is called once, now or later. -ENOTSUP: it can't close this one;
	 * other errors: see control_exec.h. NULL: it can't close any.
	 */
	int (*terminate)(struct feed *feed, const struct control_target *target, control_terminated *done, void *arg);
};

/** The feeds in this build, in the order in which they are opened; NULL ends it. The build writes it (local.mk). */
extern const struct feed_ops *const feed_list[];

#endif
