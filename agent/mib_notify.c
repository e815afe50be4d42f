/* SPDX-License-Identifier: ISC */
/* The event queue, and the rate at which events become notifications. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mib_notify_int.h"

static void
fill_tokens(struct mib_notify *n)
{
	uint64_t now = ipm_now_ns();
	double most = n->rate / 10 > 1 ? n->rate / 10 : 1; /* a burst is limited to a tenth of a second's tokens */
	n->tokens += n->rate * (double)(now - n->filled_ns) / 1e9;
	if (n->tokens > most)
		n->tokens = most;
	n->filled_ns = now;
}

static uint64_t
waiting(const struct followed *f)
{
	uint64_t newest = ipm_segment_event_serial(f->seg);
	return newest > f->serial ? newest - f->serial : 0;
}

/* Send a notification for the next event of a segment. False: there is no event now. */
static bool
tell_next(struct mib_notify *n, struct followed *f)
{
	struct ipm_event event;
	int rc = ipm_event_next(f->seg, f->serial, &event);
	if (rc < 0 && rc != -EOVERFLOW)
		return false;
	n->stats.suppressed += event.serial - f->serial - 1; /* the ring has overwritten the events in between */
	f->serial = event.serial;
	unsigned gateway = (unsigned)(f - n->seg) + 1;
	if (event.kind <= IPM_EVENT_TUNNEL_FAILURE)
		n->stats.suppressed += mib_notify_tell_flow(n, f->seg, &event);
	else if (event.kind < IPM_EVENT_SESSION_START)
		n->stats.suppressed += mib_notify_tell_map(n, n->mib, f->seg, gateway, &event);
	else if (event.kind != IPM_EVENT_LOGIN_FAILURE)
		n->stats.suppressed += mib_notify_tell_session(n, f->seg, &event);
	return true;
}

void
mib_notify_poll(struct mib_notify *n)
{
	bool more = true;

	fill_tokens(n);
	for (unsigned i = 0; i < n->count; i++)
		ipm_segment_patience(n->seg[i].seg, MIB_PATIENCE_NS);
	mib_notify_watch(n, n->filled_ns);
	while (more && n->tokens >= 1) {
		more = false;
		/*
		 * Take one event from each segment in turn. The next call continues with the next segment. So a segment
		 * in trouble cannot silence the others.
		 */
		for (unsigned i = 0; i < n->count && n->tokens >= 1; i++)
			more |= tell_next(n, &n->seg[n->turn++ % n->count]);
	}
}

/* The serial of the last event from before we started. */
static uint64_t
last_serial_before_start(const struct mib_notify *n, const struct ipm_segment *seg)
{
	struct ipm_event event = { 0 };
	uint64_t serial = 0;
	/*
	 * The ring may move on during the search. Twice its length is enough: don't wait for a segment that floods it.
	 */
	for (uint64_t left = 2 * (uint64_t)ipm_segment_capacity(seg, IPM_EVENTS) + 1; left > 0; left--) {
		int rc = ipm_event_next(seg, serial, &event);
		if ((rc < 0 && rc != -EOVERFLOW) || event.time_ns >= n->began_ns)
			return serial;
		serial = event.serial;
	}
	return serial;
}

/* The serial of the last handled event of this segment. */
static uint64_t
serial_to_go_on_from(const struct mib_notify *n, const struct ipm_segment *seg)
{
	for (unsigned i = 0; i < n->count; i++)
		if (strcmp(n->seg[i].path, ipm_segment_path(seg)) == 0)
			/* Another segment at the same path is a replacement: its events begin at 1. */
			return n->seg[i].seg == seg ? n->seg[i].serial : 0;
	return last_serial_before_start(n, seg);
}

void
mib_notify_serve(struct mib_notify *n, const struct ipm_segment *const *segs, unsigned count)
{
	struct followed *now = count ? calloc(count, sizeof(*now)) : NULL;
	if (!now)
		count = 0;
	for (unsigned i = 0; i < count; i++) {
		now[i].seg = segs[i];
		snprintf(now[i].path, sizeof(now[i].path), "%s", ipm_segment_path(segs[i]));
		now[i].serial = serial_to_go_on_from(n, segs[i]);
	}
	/* Events of removed segments that were never handled count as suppressed. */
	for (unsigned old = 0; old < n->count; old++) {
		bool kept = false;
		for (unsigned i = 0; i < count; i++)
			kept |= segs[i] == n->seg[old].seg;
		if (!kept)
			n->stats.suppressed += waiting(&n->seg[old]);
	}
	free(n->seg);
	n->seg = now;
	n->count = count;
}

struct mib_notify_stats
mib_notify_stats(const struct mib_notify *n)
{
	struct mib_notify_stats stats = n->stats;
	for (unsigned s = 0; s < n->count; s++)
		stats.waiting += waiting(&n->seg[s]); /* count them also without a master, when nothing polls */
	return stats;
}

struct mib_notify *
mib_notify_new(uint32_t rate, struct mib *mib, void (*send_one)(void *arg, const struct mib_notification *), void *arg)
{
	struct mib_notify *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->rate = rate;
	n->mib = mib;
	n->send = send_one;
	n->arg = arg;
	n->began_ns = n->filled_ns = ipm_now_ns();
	return n;
}

void
mib_notify_free(struct mib_notify *n)
{
	if (!n)
		return;
	free(n->seg);
	free(n);
}
