/* SPDX-License-Identifier: ISC */
/* The strongSwan feed: when to connect, what to ask, and the state of the feed. */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "feed.h"
#include "links.h"
#include "netlink.h"
#include "notify_client.h"
#include "place.h"
#include "vici_client.h"
#include "vici_decode.h"
#include "vici_failure.h"
#include "vici_maps.h"
#include "vici_model.h"
#include "vici_terminate.h"

#define RETRY_MOST_MS  4000
#define LOOK_AGAIN_MS  300 /* after a rekey, for the old SA's last packets; or when something is missing */
#define CONNS_EVERY    12  /* polls: connections change rarely; the other polls only compare their names */
#define NAMES_MOST     (VICI_FRAME_MAX / 2) /* octets; charon silently drops a reply that is larger than a frame */
#define POOLS_MOST     1024
#define POOLS_EVERY_NS (10 * NS_PER_SECOND) /* at most, if sessions come and go */
#define LISTS_EVERY    12                   /* polls, where lists only give names: events show the changes */

/* What charon tells us. With the event "alert" it also tells why something failed. */
#define CAPS                                                                                                    \
	(IPM_CAP_IKE_SAS | IPM_CAP_IDENTITIES | IPM_CAP_TUNNELS | IPM_CAP_TUNNEL_COUNTERS | IPM_CAP_SELECTORS | \
	 IPM_CAP_REASONS | IPM_CAP_CONFIGURATION | IPM_CAP_SESSIONS | IPM_CAP_POOLS)
#define CAPS_ALERT (CAPS | IPM_CAP_LOGIN_FAILURES | IPM_CAP_FAILURES | IPM_CAP_IKE_AUTH_FAILS | IPM_CAP_IKE_NO_SA_FAILS)

struct feed_vici {
	struct feed feed;
	struct vici_client *client;
	struct vici_model *model;
	struct vici_maps *maps;
	struct vici_terminator *terminator;
	struct links_host reach; /* without links, interfaces are not known */
	int route;               /* its routing socket; or negative */
	struct notify_client *notify;
	struct vici_failures *failures;
	struct event *poll, *look_again, *second, *held_back;
	unsigned polls;
	uint32_t interval, hold_time; /* seconds */
	bool connected, listing;
	bool conns_listing, conns_whole; /* list-conns is coming in; all of it was understood so far */
	bool conns_again;                /* ask again: something may have changed meanwhile */
	bool conns_any;                  /* it has at least one */
	bool names_known;
	uint64_t names; /* hash of the names of the connections when they were last compared */
	uint64_t hinted_ns, looked_ns;
	uint64_t pools_ns;          /* when the pools were asked for last */
	bool pools_old;             /* a session has come or gone since */
	bool pool_seen[POOLS_MOST]; /* in the reply that is being read, by slot */
	bool names_unknown;         /* this charon has no get-conns, or too many names for it */
	struct place_refusals refused;
	struct vici_sink sink;
	/* The message being decoded. */
	enum { SAID_LISTED, SAID_UPDOWN, SAID_REKEY, SAID_ALERT } said;
	struct vici_ike ike;
	struct vici_child *child; /* the old one of a rekey */
	bool have_ike, have_child;
};

static void ask_conns(struct feed_vici *f);
static void ask_list(struct feed_vici *f);
static void look_for_new(struct feed_vici *f, const struct vici_ike *ike, const struct vici_child *child);

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
		f->ike = *ike; /* did it go down, or a child of it? on_event() decides */
		f->have_ike = true;
	} else {
		vici_failures_ike_seen(f->failures, ike, ipm_now_ns());
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
		look_for_new(f, ike, child);
	}
}

static void
on_conn(void *arg, const struct vici_conn *conn)
{
	struct feed_vici *f = arg;
	f->conns_any = true;
	vici_model_conn(f->model, conn);
	vici_maps_conn(f->maps, conn);
}

static void
on_conn_child(void *arg, const struct vici_conn *conn, const struct vici_conn_child *child)
{
	struct feed_vici *f = arg;
	vici_model_conn_child(f->model, conn, child);
	vici_maps_child(f->maps, conn, child);
}

static bool
decode(struct feed_vici *f, enum vici_form form, struct vici_slice msg)
{
	char error[IPM_TEXT_MAX - 32];
	uint32_t bad = f->sink.bad_values;

	f->have_ike = f->have_child = false;
	if (vici_decode(form, msg.at, msg.len, &f->sink, error, sizeof(error)) < 0) {
		f->feed.record.rejected++;
		feed_error(&f->feed, "message not understood: %s", error);
		return false;
	}
	f->feed.record.rejected += f->sink.bad_values > bad;
	return true;
}

/* If a failure is held back, wake up when it is due. */
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
		ipm_writer_commit(f->feed.writer);
	wait_for_failures(f);
}

static void
on_alert(void *arg, const struct vici_alert *alert)
{
	struct feed_vici *f = arg;
	uint64_t now = ipm_now_ns();
	if (vici_failures_alert(f->failures, alert, now) && now - f->looked_ns >= NS_PER_SECOND) {
		f->looked_ns = now;
		ask_list(f);
	}
	wait_for_failures(f);
}

static void
on_vici_alert(struct feed_vici *f)
{
	struct vici_alert alert;
	vici_alert_fill(&alert, f->sink.alert, f->have_ike ? &f->ike : NULL);
	if (alert.kind == VICI_ALERT_UNKNOWN)
		f->feed.record.rejected++;
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

	feed_drain_all(f->feed.env); /* then the SAs that charon speaks of are in the model */
	if (vici_is(name, "list-sa")) {
		f->said = SAID_LISTED;
		decode(f, VICI_FORM_SA, msg);
		return;
	}
	if (vici_is(name, "list-conn")) {
		f->conns_whole &= decode(f, VICI_FORM_CONN, msg);
		return;
	}
	f->feed.record.events++;
	notify_client_drain(f->notify);
	f->pools_old |= vici_is(name, "ike-updown");
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
		/* Packets on their way still reach the old SA: read its counts once more before it goes. */
		if (f->said == SAID_REKEY && !vici_model_is_kept(f->model) &&
		    !event_pending(f->look_again, EV_TIMEOUT, NULL))
			feed_timer_in_ms(f->look_again, LOOK_AGAIN_MS);
	}
	feed_publish(&f->feed);
}

/* --- what we ask ----------------------------------------------------------------------------------------------- */

static void
on_listed(void *arg, bool ok, struct vici_slice msg)
{
	struct feed_vici *f = arg;
	(void)msg;
	f->listing = false;
	if (!ok) {
		feed_error(&f->feed, "charon does not know the command list-sas");
		f->feed.record.errors++;
	} else {
		if (vici_model_list_end(f->model))
			feed_timer_in_ms(f->look_again, LOOK_AGAIN_MS);
		f->feed.record.updated_ns = ipm_now_ns();
		f->feed.record.interval_ns =
			f->interval * NS_PER_SECOND * (vici_model_is_kept(f->model) ? LISTS_EVERY : 1);
		feed_enter_state(&f->feed, IPM_FEED_UP);
	}
	feed_publish(&f->feed);
	place_log_refused(f->feed.writer, &f->refused);
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
on_conns_listed(void *arg, bool ok, struct vici_slice msg)
{
	struct feed_vici *f = arg;
	(void)msg;
	f->conns_listing = false;
	if (!ok) {
		feed_error(&f->feed, "charon does not know the command list-conns");
		f->feed.record.errors++;
	} else {
		/* A new charon has no connections until somebody loads them. */
		bool early = !f->conns_any && vici_model_holds(f->model);
		vici_maps_end(f->maps, f->conns_whole && !early);
	}
	if (f->conns_again)
		ask_conns(f);
	feed_publish(&f->feed);
}

static void
ask_conns(struct feed_vici *f)
{
	if (!f->connected)
		return;
	f->conns_again = f->conns_listing;
	if (f->conns_listing)
		return;
	f->conns_listing = f->conns_whole = true;
	f->conns_any = false;
	vici_maps_begin(f->maps);
	vici_client_command(f->client, "list-conns", NULL, NULL, on_conns_listed);
}

/* Charon has no event for loading and unloading connections. Comparing their names is cheap. */
static void
on_names(void *arg, bool ok, struct vici_slice msg)
{
	struct feed_vici *f = arg;
	size_t octets = 0;
	uint64_t names = ok ? vici_list_hash(msg, "conns", &octets) : 0;

	f->names_unknown = !ok || octets > NAMES_MOST;
	if (f->names_known && names != f->names)
		ask_conns(f);
	f->names = names;
	f->names_known = true;
}

static void
ask_names(struct feed_vici *f)
{
	if (f->connected)
		vici_client_command(f->client, "get-conns", NULL, NULL, on_names);
}

/* A CHILD_SA is up whose configuration we don't know: it must have been loaded just now. */
static void
look_for_new(struct feed_vici *f, const struct vici_ike *ike, const struct vici_child *child)
{
	uint64_t now = ipm_now_ns();
	if (f->said != SAID_UPDOWN || !f->sink.up || ipm_map_named(f->feed.writer, ike->name, child->name) >= 0 ||
	    (f->hinted_ns && now - f->hinted_ns < NS_PER_SECOND))
		return;
	f->hinted_ns = now;
	ask_conns(f);
}

/* Find out what encrypts the packets of SAs that are not the kernel's. */
static void
on_stats(void *arg, bool ok, struct vici_slice msg)
{
	struct feed_vici *f = arg;
	struct ipm_engine engine = { .feed = f->feed.slot, .kind = IPM_ENGINE_SOFTWARE, .name = "charon libipsec" };
	int slot = -1;

	if (ok && vici_esp_of(msg) == VICI_ESP_LIBIPSEC) {
		snprintf(engine.version, sizeof(engine.version), "%s", f->feed.record.detail);
		slot = ipm_engine_open(f->feed.writer, &engine);
	}
	vici_model_set_engine(f->model, slot < 0 ? 0 : (uint32_t)slot + 1);
}

static void
on_pool(void *arg, const struct vici_pool *pool)
{
	struct feed_vici *f = arg;
	struct ipm_pool record = { .feed = f->feed.slot,
				   .base = pool->base,
				   .size = pool->size,
				   .online = pool->online,
				   .offline = pool->offline };
	memcpy(record.name, pool->name, sizeof(record.name));
	int slot = ipm_pool_put(f->feed.writer, &record);
	if (slot >= 0 && slot < POOLS_MOST)
		f->pool_seen[slot] = true;
}

static void
on_pools(void *arg, bool ok, struct vici_slice msg)
{
	struct feed_vici *f = arg;
	struct ipm_walk walk;
	struct ipm_pool pool;

	if (!ok)
		return;
	memset(f->pool_seen, 0, sizeof(f->pool_seen));
	f->feed.record.rejected += vici_pools(msg, on_pool, f) > 0;
	ipm_walk_all(&walk, ipm_writer_segment(f->feed.writer), IPM_POOLS);
	while (ipm_walk_next(&walk, &pool) > 0)
		if (pool.feed == f->feed.slot && walk.slot < POOLS_MOST && !f->pool_seen[walk.slot])
			ipm_pool_remove(f->feed.writer, walk.slot);
	feed_publish(&f->feed);
}

/* Charon has no event for pools. They change when a session comes or goes, and when somebody loads them. */
static void
ask_pools(struct feed_vici *f)
{
	if (!f->connected)
		return;
	f->pools_ns = ipm_now_ns();
	f->pools_old = false;
	vici_client_command(f->client, "get-pools", NULL, NULL, on_pools);
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
	snprintf(f->feed.record.detail, sizeof(f->feed.record.detail), "%s %s", name, number);
	log_info("vici: connected to %s at %s", f->feed.record.detail, f->feed.record.source);
}

static void
on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct feed_vici *f = arg;
	(void)fd;
	(void)what;
	f->polls++;
	if (f->polls % CONNS_EVERY == 0 || f->names_unknown)
		ask_conns(f);
	else
		ask_names(f);
	if (f->polls % CONNS_EVERY == 0 || (f->pools_old && ipm_now_ns() - f->pools_ns >= POOLS_EVERY_NS))
		ask_pools(f);
	/* If the kernel's feed counts, don't ask charon, which would have to ask the kernel for each SA. */
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
	if (f->listing) /* that list may be past it already */
		feed_timer_in_ms(f->look_again, LOOK_AGAIN_MS);
	else
		ask_list(f);
}

/* Once a second, whether charon is there or not. */
static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	struct feed_vici *f = arg;
	(void)fd;
	(void)what;
	if (vici_model_expire(f->model, ipm_now_ns()))
		ask_conns(f);
	feed_publish(&f->feed);
}

/* --- the connection -------------------------------------------------------------------------------------------- */

/* Only 6.0.3 and later have the event "alert". An older charon says that it doesn't know it. */
static void
on_alert_registered(void *arg, bool ok, struct vici_slice msg)
{
	struct feed_vici *f = arg;
	(void)msg;
	f->feed.record.caps = ok ? CAPS_ALERT : CAPS;
}

static void
on_connected(void *arg)
{
	static const char *const events[] = { "list-sa",      "list-conn",   "ike-updown", "ike-rekey",
					      "child-updown", "child-rekey", "ike-update" };
	struct feed_vici *f = arg;

	f->connected = true;
	feed_reached(&f->feed);
	/* Subscribe first, then list: so no change is missed in between. */
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		vici_client_register(f->client, events[i], NULL);
	vici_client_register(f->client, "alert", on_alert_registered);
	vici_client_command(f->client, "version", NULL, NULL, on_version);
	vici_client_command(f->client, "stats", NULL, NULL, on_stats);
	ask_pools(f);
	ask_names(f); /* before the list, so that a change in between is noticed */
	ask_conns(f);
	ask_list(f);
	feed_timer_in_ms(f->poll, f->interval * 1000);
	feed_publish(&f->feed);
}

static void
on_closed(void *arg, const char *why)
{
	struct feed_vici *f = arg;
	bool was_connected = f->connected;

	if (was_connected || !f->feed.complained || strcmp(f->feed.record.error, why) != 0)
		log_warn("vici: %s; trying again", why);
	f->feed.complained = true;
	if (was_connected) {
		vici_failures_flush(f->failures, ipm_now_ns());
		vici_model_hold(f->model, ipm_now_ns() + f->hold_time * NS_PER_SECOND);
	}
	f->connected = f->listing = f->conns_listing = f->conns_again = false;
	f->names_known = f->names_unknown = false;
	event_del(f->poll);
	event_del(f->look_again);
	f->feed.record.errors++;
	feed_error(&f->feed, "%s", why);
	feed_enter_state(&f->feed, IPM_FEED_DOWN);
	feed_publish(&f->feed);
	feed_retry(&f->feed, RETRY_MOST_MS);
}

static void
feed_vici_connect(struct feed *feed)
{
	vici_client_open(((struct feed_vici *)feed)->client);
}

/* --- coming and going ------------------------------------------------------------------------------------------ */

/* Only one feed publishes interfaces: the one that reads our namespace from the kernel, if there is one. */
static uint32_t
feed_of_interfaces(const struct feed_vici *f)
{
	struct ipm_walk walk;
	struct ipm_feed record;

	ipm_walk_all(&walk, ipm_writer_segment(f->feed.writer), IPM_FEEDS);
	while (ipm_walk_next(&walk, &record) > 0)
		if ((record.caps & IPM_CAP_ENGINES) && feed_record_netns(&record)[0] == '\0')
			return walk.slot;
	return f->feed.slot;
}

/* We assume that charon is in our own namespace. */
static struct feed_host
open_host(struct feed_vici *f)
{
	f->route = netlink_open(NETLINK_ROUTE);
	f->reach.links = f->route < 0 ? NULL : links_new(f->route);
	if (!f->reach.links)
		log_warn("vici: no routing socket: the interfaces of connections are not known");
	return links_host(&f->reach, feed_of_interfaces(f));
}

static uint32_t
feed_vici_count(const struct conf *conf)
{
	return conf->vici.enabled;
}

static uint32_t
session_setting(void *arg, const char *conn)
{
	return conf_session(arg, conn);
}

static bool
feed_vici_open(struct feed *feed, uint32_t n)
{
	static const struct vici_client_ops ops = { .connected = on_connected, .closed = on_closed, .event = on_event };
	struct feed_vici *f = (struct feed_vici *)feed;
	struct event_base *base = feed->env->base;
	const struct conf *conf = feed->env->conf;
	(void)n;

	f->interval = conf->vici.poll_interval;
	f->hold_time = conf->vici.hold_time;
	f->sink = (struct vici_sink){
		.arg = f, .ike = on_ike, .child = on_child, .conn = on_conn, .conn_child = on_conn_child
	};
	feed->record.interval_ns = f->interval * NS_PER_SECOND;
	snprintf(feed->record.source, sizeof(feed->record.source), "%s", conf->vici.socket);
	f->child = malloc(sizeof(*f->child));
	const struct feed_host host = open_host(f);
	f->model = vici_model_new(feed->writer, feed->slot);
	f->maps = vici_maps_new(feed->writer, feed->slot, &host);
	f->refused.seen = ipm_writer_totals(feed->writer)->records_refused;
	f->client = vici_client_new(base, conf->vici.socket, &ops, f);
	f->terminator = vici_terminator_new(base);
	f->poll = evtimer_new(base, on_poll, f);
	f->look_again = evtimer_new(base, on_look_again, f);
	f->second = event_new(base, -1, EV_PERSIST, on_second, f);
	f->held_back = evtimer_new(base, on_held_back, f);
	f->failures = f->model ? vici_failures_new(feed->writer, f->model) : NULL;
	if (!f->child || !f->model || !f->client || !f->terminator || !f->poll || !f->look_again || !f->second ||
	    !f->held_back || !f->failures || !f->maps)
		return false;
	vici_model_set_host(f->model, &host);
	vici_model_set_sessions(f->model, session_setting, (void *)(uintptr_t)conf);
	f->notify = notify_client_open(feed->env, on_alert, f);
	if (!f->notify)
		log_warn("vici: without error-notify it is not known why negotiations fail");
	/* Hold what an earlier run left until charon confirms it, or the hold time is over. */
	vici_model_hold(f->model, ipm_now_ns() + f->hold_time * NS_PER_SECOND);
	feed_timer_in_ms(f->second, 1000);
	feed_timer_in_ms(feed->retry, 0);
	feed_publish(feed);
	return true;
}

static void
feed_vici_close(struct feed *feed)
{
	struct feed_vici *f = (struct feed_vici *)feed;
	struct event *timers[] = { f->poll, f->look_again, f->second, f->held_back };

	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		if (timers[i])
			event_free(timers[i]);
	notify_client_close(f->notify);
	vici_client_free(f->client);
	vici_terminator_free(f->terminator);
	if (f->failures)
		vici_failures_flush(f->failures, ipm_now_ns());
	vici_failures_free(f->failures);
	vici_model_free(f->model);
	vici_maps_free(f->maps);
	links_free(f->reach.links);
	if (f->route >= 0)
		close(f->route);
	free(f->child);
}

static int
feed_vici_terminate(struct feed *feed, const struct control_target *target, control_terminated *done, void *arg)
{
	struct feed_vici *f = (struct feed_vici *)feed;
	if (target->count == 0)
		return -ENOTSUP;
	return vici_terminate(f->terminator, feed->record.source, target->ike, target->uids, target->count, done, arg);
}

const struct feed_ops feed_vici = {
	.kind = "vici",
	.size = sizeof(struct feed_vici),
	.caps = CAPS,
	.count = feed_vici_count,
	.open = feed_vici_open,
	.close = feed_vici_close,
	.connect = feed_vici_connect,
	.terminate = feed_vici_terminate,
};
