/* SPDX-License-Identifier: ISC */
/* The feed that watches IKE on the wire: when to capture, how the feed is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "feed.h"
#include "feed_record.h"
#include "ike_capture.h"

#define RETRY_MOST_MS 30000
#define READ_BUDGET   256 /* frames, for a wake-up */
#define DRAIN_BUDGET  4096

struct feed_ikewatch {
	struct event_base *base;
	struct ipm_writer *writer;
	uint32_t slot; /* of our struct ipm_feed */
	struct ipm_feed feed;
	struct ike_track *track;
	struct ike_watch *watch;
	struct ike_capture *capture; /* NULL: there is none */
	struct local_addrs addrs;
	struct netns where;
	struct event *frames, *retry, *second;
	const char *netns;
	unsigned retry_ms;
	bool give_up; /* CAP_NET_RAW, once the capture is open */
	bool gave_up;
	bool complained; /* in this run */
	uint64_t lost;   /* frames, so far */
	uint64_t faults, pushed_out;
	bool flooded;
	uint64_t events, rejected; /* of the captures before this run */
};

static void
publish(struct feed_ikewatch *f)
{
	const struct ike_watch_counts *c = ike_watch_counts(f->watch);
	f->feed.events = f->events + c->messages;
	f->feed.rejected = f->rejected + c->faults + c->broken;
	if (c->faults > f->faults)
		feed_error(&f->feed, "an IKE message that is not well-formed: %s", ike_fault_text(c->fault));
	f->faults = c->faults;
	feed_publish(f->writer, f->slot, &f->feed);
}

static void
note_error(struct feed_ikewatch *f, const char *what)
{
	feed_complain(&f->feed, &f->complained, what);
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
	note_error(f, why);
	stop_capture(f);
	feed_retry(f->retry, &f->retry_ms, RETRY_MOST_MS);
}

/* strongSwan's feed, as far as can be told, knows the IKE SAs of our own namespace. */
static bool
daemon_known(const struct feed_ikewatch *f)
{
	const struct ipm_feed *vici = f->netns[0] ? NULL : feed_named(f->writer, "vici");
	return vici && vici->state == IPM_FEED_UP;
}

/* Up to so many frames of those that are there. */
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

void
feed_ikewatch_drain(struct feed_ikewatch *f)
{
	if (f->capture)
		read_frames(f, DRAIN_BUDGET);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct feed_ikewatch *f = arg;
	char error[IPM_TEXT_MAX] = "out of memory";
	(void)fd;
	(void)what;

	if (ike_capture_open(&f->capture, f->netns, &f->where, &f->addrs, error, sizeof(error)) == 0) {
		f->frames = event_new(f->base, ike_capture_fd(f->capture), EV_READ | EV_PERSIST, on_frames, f);
		if (f->frames && event_add(f->frames, NULL) == 0) {
			local_addrs_learn(&f->addrs);
			f->retry_ms = FEED_RETRY_FIRST_MS;
			f->feed.connects++;
			f->feed.updated_ns = ipm_now_ns();
			feed_enter_state(&f->feed, IPM_FEED_UP);
			if (f->give_up && ike_capture_give_up_privilege())
				f->gave_up = true;
			log_info("%s: watching IKE on all interfaces%s", f->feed.name,
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
	char what[IPM_TEXT_MAX];

	if (lost > f->lost) {
		f->feed.overruns++;
		snprintf(what, sizeof(what), "%llu packets were not captured: IKE counters are that much too small",
			 (unsigned long long)(lost - f->lost));
		note_error(f, what);
	}
	f->lost = lost;
	if (pushed_out > f->pushed_out && !f->flooded) {
		snprintf(what, sizeof(what),
			 "more IKE SAs are being negotiated than are kept (%d): the oldest are not shown",
			 IKE_HALF_OPEN_MAX);
		note_error(f, what);
	}
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
	if (f->capture && !netns_is(f->netns, &f->where)) /* ours alone would keep it */
		capture_ends(f, "the network namespace has gone");
	if (f->capture) {
		read_frames(f, READ_BUDGET);
		f->feed.updated_ns = ipm_now_ns();
	}
	if (f->capture)
		check_lost(f);
	ike_track_tick(f->track, ipm_now_ns());
	publish(f);
}

/* --- coming and going ---------------------------------------------------------------------------------------- */

struct feed_ikewatch *
feed_ikewatch_open(struct event_base *base, struct ipm_writer *writer, const struct conf_ikewatch *conf, bool only)
{
	static const struct timeval second = { .tv_sec = 1 };
	struct feed_ikewatch *f = calloc(1, sizeof(*f));
	char name[IPM_NAME_MAX];

	feed_name_in(name, "ikewatch", conf->netns);
	int slot = ipm_feed_open(writer, name);
	if (f)
		f->addrs = (struct local_addrs)LOCAL_ADDRS_CLOSED;
	if (!f || slot < 0)
		goto fail;
	f->base = base;
	f->writer = writer;
	f->slot = (uint32_t)slot;
	f->feed = *ipm_feed_peek(writer, f->slot);
	f->events = f->feed.events;
	f->rejected = f->feed.rejected;
	f->netns = conf->netns;
	f->give_up = only && f->netns[0] == '\0'; /* our own namespace does not go */
	f->retry_ms = FEED_RETRY_FIRST_MS;
	f->feed.interval_ns = IKE_SECOND_NS;
	f->feed.caps = IPM_CAP_IKE_SAS | IPM_CAP_IKE_COUNTERS | IPM_CAP_FAILURES | IPM_CAP_IKE_AUTH_FAILS;
	snprintf(f->feed.source, sizeof(f->feed.source), "IKE on the wire, %s%.80s",
		 f->netns[0] ? "network namespace " : "this network namespace", f->netns);
	snprintf(f->feed.detail, sizeof(f->feed.detail), "%s", ike_capture_library());
	feed_enter_state(&f->feed, IPM_FEED_DOWN);
	f->track = ike_track_new(writer, f->slot, ipm_now_ns());
	f->watch = f->track ? ike_watch_new(f->track, is_local, f) : NULL;
	f->retry = evtimer_new(base, on_retry, f);
	f->second = event_new(base, -1, EV_PERSIST, on_second, f);
	if (!f->watch || !f->retry || !f->second || event_add(f->second, &second) < 0)
		goto fail;
	on_retry(-1, 0, f);
	return f;
fail:
	log_error("%s: %s", name, slot < 0 ? "no room for another feed" : "out of memory");
	feed_ikewatch_close(f);
	return NULL;
}

void
feed_ikewatch_close(struct feed_ikewatch *f)
{
	if (!f)
		return;
	stop_capture(f);
	if (f->retry)
		event_free(f->retry);
	if (f->second)
		event_free(f->second);
	ike_watch_free(f->watch);
	ike_track_free(f->track);
	free(f);
}

uint32_t
feed_ikewatch_slot(const struct feed_ikewatch *f)
{
	return f->slot;
}
