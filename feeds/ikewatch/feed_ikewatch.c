/* SPDX-License-Identifier: ISC */
/* The feed that watches IKE on the wire: when to capture, and the state of the feed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "feed.h"
#include "ike_capture.h"

#define RETRY_MOST_MS 30000
#define READ_BUDGET   256 /* frames per wake-up */
#define DRAIN_BUDGET  4096

struct feed_ikewatch {
	struct feed feed;
	struct ike_track *track;
	struct ike_watch *watch;
	struct ike_capture *capture; /* NULL: there is none */
	struct local_addrs addrs;
	struct netns where;
	struct event *frames, *second;
	bool give_up; /* CAP_NET_RAW, when the capture is open */
	bool gave_up;
	uint64_t lost; /* frames so far */
	uint64_t faults, pushed_out;
	bool flooded;
	uint64_t events, rejected; /* of earlier runs */
};

static void
publish(struct feed_ikewatch *f)
{
	const struct ike_watch_counts *c = ike_watch_counts(f->watch);
	f->feed.record.events = f->events + c->messages;
	f->feed.record.rejected = f->rejected + c->faults + c->broken;
	if (c->faults > f->faults)
		feed_error(&f->feed, "an IKE message that is not well-formed: %s", ike_fault_text(c->fault));
	f->faults = c->faults;
	feed_publish(&f->feed);
}

/* --- the capture --------------------------------------------------------------------------------------------- */

static bool
is_local(void *arg, const struct ipm_addr *addr)
{
	const struct feed_ikewatch *f = arg;
	return local_addrs_have(&f->addrs, addr);
}

static void
on_frame(void *arg, const struct ike_frame *frame)
{
	struct feed_ikewatch *f = arg;
	ike_watch_frame(f->watch, frame, ipm_now_ns());
}

static void
stop_capture(struct feed_ikewatch *f)
{
	if (f->frames)
		event_free(f->frames);
	f->frames = NULL;
	ike_capture_close(f->capture);
	f->capture = NULL;
	local_addrs_close(&f->addrs);
	f->lost = 0;
	feed_enter_state(&f->feed, IPM_FEED_DOWN);
}

static void
capture_ends(struct feed_ikewatch *f, const char *why)
{
	feed_complain(&f->feed, "%s", why);
	stop_capture(f);
	feed_retry(&f->feed, RETRY_MOST_MS);
}

/* Does another feed report this namespace's IKE SAs? */
static bool
daemon_known(const struct feed_ikewatch *f)
{
	return feed_of_daemon(f->feed.writer, f->feed.netns) != NULL;
}

/* Read up to @p budget frames. */
static void
read_frames(struct feed_ikewatch *f, int budget)
{
	char error[IPM_TEXT_MAX];
	int got = 1;

	ike_track_daemon(f->track, daemon_known(f));
	local_addrs_learn(&f->addrs);
	while (budget > 0 && got > 0) {
		got = ike_capture_read(f->capture, budget, on_frame, f, error, sizeof(error));
		budget -= got;
	}
	if (got < 0)
		capture_ends(f, error);
}

static void
on_frames(evutil_socket_t fd, short what, void *arg)
{
	struct feed_ikewatch *f = arg;
	(void)fd;
	(void)what;
	read_frames(f, READ_BUDGET);
	publish(f);
}

static void
feed_ikewatch_drain(struct feed *feed)
{
	struct feed_ikewatch *f = (struct feed_ikewatch *)feed;
	if (f->capture)
		read_frames(f, DRAIN_BUDGET);
}

static void
feed_ikewatch_connect(struct feed *feed)
{
	struct feed_ikewatch *f = (struct feed_ikewatch *)feed;
	char error[IPM_TEXT_MAX] = "out of memory";

	if (ike_capture_open(&f->capture, f->feed.netns, &f->where, &f->addrs, error, sizeof(error)) == 0) {
		f->frames = event_new(feed->env->base, ike_capture_fd(f->capture), EV_READ | EV_PERSIST, on_frames, f);
		if (f->frames && event_add(f->frames, NULL) == 0) {
			local_addrs_learn(&f->addrs);
			feed_reached(feed);
			f->feed.record.updated_ns = ipm_now_ns();
			feed_enter_state(&f->feed, IPM_FEED_UP);
			if (f->give_up && ike_capture_give_up_privilege())
				f->gave_up = true;
			log_info("%s: watching IKE on all interfaces%s", f->feed.record.name,
				 f->gave_up ? "; CAP_NET_RAW was given up" : "");
			publish(f);
			return;
		}
	} else if (f->gave_up) {
		snprintf(error, sizeof(error),
			 "CAP_NET_RAW was given up when the capture was open: start ipsecmond again");
	}
	capture_ends(f, error);
	publish(f);
}

/* --- time ------------------------------------------------------------------------------------------------------ */

static void
check_lost(struct feed_ikewatch *f)
{
	uint64_t lost = ike_capture_lost(f->capture), pushed_out = ike_track_pushed_out(f->track);

	if (lost > f->lost) {
		f->feed.record.overruns++;
		feed_complain(&f->feed, "%llu packets were not captured: IKE counters are too small by that number",
			      (unsigned long long)(lost - f->lost));
	}
	f->lost = lost;
	if (pushed_out > f->pushed_out && !f->flooded)
		feed_complain(&f->feed,
			      "more IKE SAs are being negotiated than are kept (%d): the oldest are not shown",
			      IKE_HALF_OPEN_MAX);
	f->flooded = pushed_out > f->pushed_out;
	f->pushed_out = pushed_out;
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct feed_ikewatch *f = arg;
	(void)fd;
	(void)what;
	ike_track_daemon(f->track, daemon_known(f));
	if (f->capture && !netns_is(f->feed.netns, &f->where)) /* only our capture keeps it alive */
		capture_ends(f, "the network namespace has gone");
	if (f->capture) {
		read_frames(f, READ_BUDGET);
		f->feed.record.updated_ns = ipm_now_ns();
	}
	if (f->capture)
		check_lost(f);
	ike_track_tick(f->track, ipm_now_ns());
	publish(f);
}

/* --- coming and going ---------------------------------------------------------------------------------------- */

static uint32_t
feed_ikewatch_count(const struct conf *conf)
{
	return conf->ikewatches;
}

static const char *
feed_ikewatch_netns(const struct conf *conf, uint32_t n)
{
	return conf->ikewatch[n].netns;
}

static bool
feed_ikewatch_open(struct feed *feed, uint32_t n)
{
	static const struct timeval second = { .tv_sec = 1 };
	struct feed_ikewatch *f = (struct feed_ikewatch *)feed;
	(void)n;

	f->addrs = (struct local_addrs)LOCAL_ADDRS_CLOSED;
	f->events = feed->record.events;
	f->rejected = feed->record.rejected;
	/* Our own namespace never goes away; with one capture nothing else needs the capability. */
	f->give_up = feed->env->conf->ikewatches == 1 && feed->netns[0] == '\0';
	feed->record.interval_ns = NS_PER_SECOND;
	snprintf(feed->record.source, sizeof(feed->record.source), "IKE on the wire, %s%.80s",
		 feed->netns[0] ? "network namespace " : "this network namespace", feed->netns);
	snprintf(feed->record.detail, sizeof(feed->record.detail), "%s", ike_capture_library());
	f->track = ike_track_new(feed->writer, feed->slot, ipm_now_ns());
	f->watch = f->track ? ike_watch_new(f->track, is_local, f) : NULL;
	f->second = event_new(feed->env->base, -1, EV_PERSIST, on_second, f);
	if (!f->watch || !f->second || event_add(f->second, &second) < 0)
		return false;
	feed_ikewatch_connect(feed);
	return true;
}

static void
feed_ikewatch_close(struct feed *feed)
{
	struct feed_ikewatch *f = (struct feed_ikewatch *)feed;

	stop_capture(f);
	if (f->second)
		event_free(f->second);
	ike_watch_free(f->watch);
	ike_track_free(f->track);
}

const struct feed_ops feed_ikewatch = {
	.kind = "ikewatch",
	.size = sizeof(struct feed_ikewatch),
	.caps = IPM_CAP_IKE_SAS | IPM_CAP_IKE_COUNTERS | IPM_CAP_FAILURES | IPM_CAP_IKE_AUTH_FAILS,
	.count = feed_ikewatch_count,
	.netns = feed_ikewatch_netns,
	.open = feed_ikewatch_open,
	.close = feed_ikewatch_close,
	.connect = feed_ikewatch_connect,
	.drain = feed_ikewatch_drain,
};
