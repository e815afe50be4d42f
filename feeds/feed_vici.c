/* SPDX-License-Identifier: ISC */
/* The strongSwan feed: when to connect, what to ask, how the feed is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "feed.h"
#include "feed_record.h"
#include "notify_client.h"
#include "vici_client.h"
#include "vici_decode.h"
#include "vici_failure.h"
#include "vici_model.h"

#define NS_PER_SECOND 1000000000ull
#define RETRY_MOST_MS 4000
#define LOOK_AGAIN_MS 300 /* after a rekey, when the old SA has got its last packets; when something is missing */
#define CONNS_EVERY   12  /* polls: connections change rarely */
#define LISTS_EVERY   12  /* likewise, where nothing but names is taken from them: events tell what changes */

struct feed_vici {
	struct event_base *base;
	struct ipm_writer *writer;
	uint32_t slot; /* of our struct ipm_feed */
	struct ipm_feed feed;
	struct vici_client *client;
	struct vici_model *model;
	struct notify_client *notify;
	struct vici_failures *failures;
	struct event *retry, *poll, *look_again, *second, *held_back;
	unsigned retry_ms, polls;
	uint32_t interval, hold_time; /* seconds */
	bool connected, listing;
	bool complained;  /* in this run */
	uint64_t refused; /* records, at the last list */
	bool full;        /* some were refused in the last list */
	feed_before *before;
	void *before_arg;
	struct vici_sink sink;
	/* The message being decoded. */
	enum { SAID_LISTED, SAID_UPDOWN, SAID_REKEY, SAID_ALERT } said;
	struct vici_ike ike;
	struct vici_child *child; /* the old one of a rekey */
	bool have_ike, have_child;
};

static void
publish(struct feed_vici *f)
{
	feed_publish(f->writer, f->slot, &f->feed);
}

/* --- what charon says --------------------------------------------------------------------------------------------- */

static void
on_ike(void *arg, enum vici_role role, const struct vici_ike *ike)
{
	struct feed_vici *f = arg;
	if (role == VICI_OLD) {
		f->ike = *ike;
		f->have_ike = true;
	} else if (role == VICI_NEW) {
		if (f->have_ike)
			vici_model_ike_rekey(f->model, &f->ike, ike);
	} else if (f->said == SAID_ALERT) {
		f->ike = *ike;
		f->have_ike = true;
	} else if (f->said == SAID_UPDOWN && !f->sink.up) {
		f->ike = *ike; /* is it this that went down, or a child of it? on_event() sees */
		f->have_ike = true;
	} else {
		vici_failures_ike_seen(f->failures, ike);
		/* A child that comes up says that its IKE SA is up too. */
		if (f->said == SAID_UPDOWN)
			vici_failures_ike_up(f->failures, ike, ipm_now_ns());
		vici_model_ike(f->model, ike);
	}
}

static void
on_child(void *arg, enum vici_role role, const struct vici_ike *ike, const struct vici_child *child)
{
	struct feed_vici *f = arg;
	if (role == VICI_OLD) {
		*f->child = *child;
		f->have_child = true;
	} else if (role == VICI_NEW && f->have_child) {
		vici_model_child_rekey(f->model, ike, f->child, child);
	} else if (f->said == SAID_UPDOWN && !f->sink.up) {
		vici_model_child_down(f->model, ike, child);
	} else {
		vici_model_child(f->model, ike, child);
	}
}

static void
on_conn(void *arg, const struct vici_conn *conn)
{
	struct feed_vici *f = arg;
	vici_model_conn(f->model, conn);
}

static void
on_conn_child(void *arg, const struct vici_conn *conn, const struct vici_conn_child *child)
{
	struct feed_vici *f = arg;
	vici_model_conn_child(f->model, conn, child);
}

static bool
decode(struct feed_vici *f, enum vici_form form, struct vici_slice msg)
{
	char error[IPM_TEXT_MAX - 32];
	uint32_t bad = f->sink.bad_values;

	f->have_ike = f->have_child = false;
	if (vici_decode(form, msg.at, msg.len, &f->sink, error, sizeof(error)) < 0) {
		f->feed.rejected++;
		feed_error(&f->feed, "message not understood: %s", error);
		return false;
	}
	f->feed.rejected += f->sink.bad_values > bad;
	return true;
}

/* Something is held back: see when it is due. */
static void
wait_for_failures(struct feed_vici *f)
{
	uint64_t due = vici_failures_due(f->failures), now = ipm_now_ns();
	if (due && !event_pending(f->held_back, EV_TIMEOUT, NULL))
		feed_timer_in_ms(f->held_back, due > now ? (unsigned)((due - now) / 1000000) + 1 : 0);
}

static void
on_held_back(evutil_socket_t fd, short what, void *arg)
{
	struct feed_vici *f = arg;
	(void)fd;
	(void)what;
	if (vici_failures_run(f->failures, ipm_now_ns()))
		ipm_writer_commit(f->writer);
	wait_for_failures(f);
}

static void
on_alert(void *arg, const struct vici_alert *alert)
{
	struct feed_vici *f = arg;
	vici_failures_alert(f->failures, alert, ipm_now_ns());
	wait_for_failures(f);
}

static void
on_vici_alert(struct feed_vici *f)
{
	struct vici_alert alert;
	vici_alert_fill(&alert, f->sink.alert, f->have_ike ? &f->ike : NULL);
	if (alert.kind == VICI_ALERT_UNKNOWN)
		f->feed.rejected++;
	on_alert(f, &alert);
}

static void
on_ike_down(struct feed_vici *f)
{
	vici_failures_ike_down(f->failures, &f->ike, ipm_now_ns());
	vici_model_ike_down(f->model, &f->ike);
	wait_for_failures(f);
}

static void
on_event(void *arg, struct vici_slice name, struct vici_slice msg)
{
	struct feed_vici *f = arg;

	f->before(f->before_arg);
	if (vici_is(name, "list-sa")) {
		f->said = SAID_LISTED;
		decode(f, VICI_FORM_SA, msg);
		return;
	}
	if (vici_is(name, "list-conn")) {
		decode(f, VICI_FORM_CONN, msg);
		return;
	}
	f->feed.events++;
	notify_client_drain(f->notify);
	f->said = vici_is(name, "ike-updown") || vici_is(name, "child-updown") ? SAID_UPDOWN : SAID_REKEY;
	if (vici_is(name, "ike-update"))
		f->said = SAID_LISTED;
	else if (vici_is(name, "alert"))
		f->said = SAID_ALERT;
	if (decode(f, VICI_FORM_SA, msg)) {
		if (vici_is(name, "ike-updown") && !f->sink.up && f->have_ike)
			on_ike_down(f);
		else if (f->said == SAID_ALERT)
			on_vici_alert(f);
		/* Packets that were on their way still reach the old SA: look at it once more before it goes. */
		if (f->said == SAID_REKEY && !vici_model_is_kept(f->model) &&
		    !event_pending(f->look_again, EV_TIMEOUT, NULL))
			feed_timer_in_ms(f->look_again, LOOK_AGAIN_MS);
	}
	publish(f);
}

/* --- what we ask ---------------------------------------------------------------------------------------------------
 */

static void
log_refused(struct feed_vici *f)
{
	uint64_t refused = vici_model_refused(f->model);
	if (refused > f->refused && !f->full)
		log_warn("vici: the segment is full: some SAs are not shown; raise \"capacity\" in the configuration");
	f->full = refused > f->refused;
	f->refused = refused;
}

static void
on_listed(void *arg, bool ok, struct vici_slice msg)
{
	struct feed_vici *f = arg;
	(void)msg;
	f->listing = false;
	if (!ok) {
		feed_error(&f->feed, "charon does not know the command list-sas");
		f->feed.errors++;
	} else {
		if (vici_model_list_end(f->model))
			feed_timer_in_ms(f->look_again, LOOK_AGAIN_MS);
		f->feed.updated_ns = ipm_now_ns();
		f->feed.interval_ns = f->interval * NS_PER_SECOND * (vici_model_is_kept(f->model) ? LISTS_EVERY : 1);
		feed_enter_state(&f->feed, IPM_FEED_UP);
	}
	log_refused(f);
	publish(f);
}

static void
ask_list(struct feed_vici *f)
{
	if (!f->connected || f->listing)
		return;
	f->listing = true;
	vici_model_list_begin(f->model);
	vici_client_command(f->client, "list-sas", NULL, NULL, on_listed);
}

static void
on_version(void *arg, bool ok, struct vici_slice msg)
{
	struct feed_vici *f = arg;
	struct vici_slice daemon, version;
	char name[IPM_NAME_MAX] = "", number[IPM_NAME_MAX] = "";
	if (!ok || vici_find(msg, "daemon", &daemon) < 0 || vici_find(msg, "version", &version) < 0)
		return;
	vici_text(daemon, name, sizeof(name));
	vici_text(version, number, sizeof(number));
	snprintf(f->feed.detail, sizeof(f->feed.detail), "%s %s", name, number);
	log_info("vici: connected to %s at %s", f->feed.detail, f->feed.source);
}

static void
on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct feed_vici *f = arg;
	(void)fd;
	(void)what;
	f->polls++;
	if (f->connected && f->polls % CONNS_EVERY == 0)
		vici_client_command(f->client, "list-conns", NULL, NULL, NULL);
	/* Where the kernel's feed counts, charon, who would have to ask the kernel for each SA, is left alone. */
	if (!vici_model_is_kept(f->model) || f->polls % LISTS_EVERY == 0)
		ask_list(f);
	feed_timer_in_ms(f->poll, f->interval * 1000);
}

static void
on_look_again(evutil_socket_t fd, short what, void *arg)
{
	struct feed_vici *f = arg;
	(void)fd;
	(void)what;
	if (f->listing) /* that list may have passed it already */
		feed_timer_in_ms(f->look_again, LOOK_AGAIN_MS);
	else
		ask_list(f);
}

/* Time passes, whatever charon does. */
static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct feed_vici *f = arg;
	(void)fd;
	(void)what;
	vici_model_expire(f->model, ipm_now_ns());
	publish(f);
}

/* --- the connection --------------------------------------------------------------------------------------------------
 */

static void
on_connected(void *arg)
{
	/* "alert" is one of 6.0.3 and later; an older charon just says that it has none. */
	static const char *const events[] = { "list-sa",      "list-conn",   "ike-updown", "ike-rekey",
					      "child-updown", "child-rekey", "ike-update", "alert" };
	struct feed_vici *f = arg;

	f->connected = true;
	f->retry_ms = FEED_RETRY_FIRST_MS;
	f->feed.connects++;
	/* Subscribe first, then ask what is there: nothing can happen unseen in between. */
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		vici_client_register(f->client, events[i]);
	vici_client_command(f->client, "version", NULL, NULL, on_version);
	vici_client_command(f->client, "list-conns", NULL, NULL, NULL);
	ask_list(f);
	feed_timer_in_ms(f->poll, f->interval * 1000);
	publish(f);
}

static void
on_closed(void *arg, const char *why)
{
	struct feed_vici *f = arg;
	bool was_connected = f->connected;

	if (was_connected || !f->complained || strcmp(f->feed.error, why) != 0)
		log_warn("vici: %s; trying again", why);
	f->complained = true;
	if (was_connected) {
		vici_failures_flush(f->failures, ipm_now_ns());
		vici_model_hold(f->model, ipm_now_ns() + f->hold_time * NS_PER_SECOND);
	}
	f->connected = f->listing = false;
	event_del(f->poll);
	event_del(f->look_again);
	f->feed.errors++;
	feed_error(&f->feed, "%s", why);
	feed_enter_state(&f->feed, IPM_FEED_DOWN);
	publish(f);
	feed_retry(f->retry, &f->retry_ms, RETRY_MOST_MS);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct feed_vici *f = arg;
	(void)fd;
	(void)what;
	vici_client_open(f->client);
}

struct feed_vici *
feed_vici_open(struct event_base *base, struct ipm_writer *writer, const struct conf *conf, feed_before *before,
	       void *before_arg)
{
	static const struct vici_client_ops ops = { .connected = on_connected, .closed = on_closed, .event = on_event };
	struct feed_vici *f = calloc(1, sizeof(*f));
	int slot = ipm_feed_open(writer, "vici");

	if (!f || slot < 0)
		goto fail;
	f->base = base;
	f->writer = writer;
	f->before = before;
	f->before_arg = before_arg;
	f->slot = (uint32_t)slot;
	f->feed = *ipm_feed_peek(writer, f->slot);
	f->interval = conf->vici.poll_interval;
	f->hold_time = conf->vici.hold_time;
	f->retry_ms = FEED_RETRY_FIRST_MS;
	f->sink = (struct vici_sink){
		.arg = f, .ike = on_ike, .child = on_child, .conn = on_conn, .conn_child = on_conn_child
	};
	f->feed.interval_ns = f->interval * NS_PER_SECOND;
	snprintf(f->feed.source, sizeof(f->feed.source), "%s", conf->vici.socket);
	feed_enter_state(&f->feed, IPM_FEED_DOWN);
	f->child = malloc(sizeof(*f->child));
	f->model = vici_model_new(writer, f->slot);
	f->refused = f->model ? vici_model_refused(f->model) : 0;
	f->client = vici_client_new(base, conf->vici.socket, &ops, f);
	f->retry = evtimer_new(base, on_retry, f);
	f->poll = evtimer_new(base, on_poll, f);
	f->look_again = evtimer_new(base, on_look_again, f);
	f->second = event_new(base, -1, EV_PERSIST, on_second, f);
	f->held_back = evtimer_new(base, on_held_back, f);
	f->failures = f->model ? vici_failures_new(writer, f->model) : NULL;
	if (!f->child || !f->model || !f->client || !f->retry || !f->poll || !f->look_again || !f->second ||
	    !f->held_back || !f->failures)
		goto fail;
	f->notify = notify_client_open(base, writer, conf->vici.error_socket, on_alert, f);
	if (!f->notify)
		log_warn("error-notify: no room for another feed: it will not be known why negotiations fail");
	/* What an earlier run left is true until charon says otherwise, or for the hold time. */
	vici_model_hold(f->model, ipm_now_ns() + f->hold_time * NS_PER_SECOND);
	feed_timer_in_ms(f->second, 1000);
	feed_timer_in_ms(f->retry, 0);
	publish(f);
	return f;
fail:
	log_error("vici: %s", slot < 0 ? "no room for another feed" : "out of memory");
	feed_vici_close(f);
	return NULL;
}

void
feed_vici_close(struct feed_vici *f)
{
	if (!f)
		return;
	struct event *timers[] = { f->retry, f->poll, f->look_again, f->second, f->held_back };
	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		if (timers[i])
			event_free(timers[i]);
	notify_client_close(f->notify);
	vici_client_free(f->client);
	if (f->failures)
		vici_failures_flush(f->failures, ipm_now_ns());
	vici_failures_free(f->failures);
	vici_model_free(f->model);
	free(f->child);
	free(f);
}
