/* SPDX-License-Identifier: ISC */
/* The kernel's feed: when to listen, what to ask, and the state of the feed. */
#include <netinet/in.h> /* before the kernel's headers: musl needs this order */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "daemon.h"
#include "feed.h"
#include "links.h"
#include "netlink.h"
#include "place.h"
#include "xfrm_model.h"
#include "xfrm_socket.h"

#define RETRY_MOST_MS 4000
#define FIRST_LOOK_MS 3000 /* how long another feed waits for the first dumps */
#define READ_BUDGET   64   /* packets of messages per wake-up */
#define DRAIN_BUDGET  4096
#define PACKET_MAX    65536 /* a dump comes in packets of up to 32 KiB */
#define STAT_MAX      8192
#define PATIENCE_NS   (1 * NS_PER_SECOND)

struct feed_xfrm {
	struct feed feed;
	struct xfrm_model *model;
	struct xfrm_sockets sockets;
	struct links_host reach; /* its namespace; its links while the sockets are open */
	struct event *events, *dumps, *poll;
	uint32_t interval; /* seconds */
	uint16_t dump;     /* XFRM_MSG_GETSA or _GETPOLICY: what is coming in; 0: nothing */
	uint32_t dump_seq;
	bool dump_cut; /* the kernel said that it is incomplete */
	bool want_sas, want_policies;
	bool have_stat;
	uint64_t stat[XFRM_STAT_COUNT]; /* as read before the dump */
	struct place_refusals refused;
	char *packet; /* PACKET_MAX octets: it receives keys, and is wiped before it is used again */
};

/* --- what is asked ------------------------------------------------------------------------------------------- */

static void
read_stat(struct feed_xfrm *f)
{
	char text[STAT_MAX];
	ssize_t len = xfrm_read_stat(&f->sockets, text, sizeof(text));
	f->have_stat = len >= 0;
	if (len >= 0 && xfrm_stat_parse(text, (size_t)len, f->stat) < 0)
		f->feed.record.rejected++;
}

/* Policies first: they show the direction of an SA. */
static void
dump_next(struct feed_xfrm *f)
{
	if (f->dump || f->sockets.dumps < 0 || (!f->want_policies && !f->want_sas))
		return;
	uint16_t type = f->want_policies ? XFRM_MSG_GETPOLICY : XFRM_MSG_GETSA;
	if (type == XFRM_MSG_GETSA)
		read_stat(f);
	int rc = xfrm_ask_dump(&f->sockets, type, ++f->dump_seq);
	if (rc < 0) { /* the next poll tries again */
		feed_complain(&f->feed, "cannot ask for a dump: %s", strerror(-rc));
		return;
	}
	f->dump = type;
	f->dump_cut = false;
	if (type == XFRM_MSG_GETPOLICY) {
		f->want_policies = false;
		xfrm_model_policies_begin(f->model);
	} else {
		f->want_sas = false;
		xfrm_model_sas_begin(f->model);
	}
}

/* Read everything again: events were lost, or something happened without an event. */
static void
resync(struct feed_xfrm *f)
{
	f->want_policies = f->want_sas = true;
	dump_next(f);
}

static void
dump_end(struct feed_xfrm *f)
{
	if (f->dump == XFRM_MSG_GETPOLICY) {
		f->want_policies |= xfrm_model_policies_end(f->model) | f->dump_cut;
	} else if (f->dump_cut || xfrm_model_sas_end(f->model)) {
		f->want_sas = true; /* after a dump that was cut, the next one shows what is gone */
	} else {
		if (f->have_stat)
			xfrm_model_stat(f->model, f->stat);
		f->feed.record.updated_ns = ipm_now_ns();
		if (f->feed.record.state != IPM_FEED_UP)
			log_info("%s: %u SAs, read in %llu ms", f->feed.record.name, xfrm_model_sas(f->model),
				 (unsigned long long)(f->feed.record.updated_ns - f->feed.record.since_ns) / 1000000);
		feed_enter_state(&f->feed, IPM_FEED_UP);
		ipm_writer_commit(f->feed.writer);
		place_log_refused(f->feed.writer, &f->refused);
	}
	f->dump = 0;
	dump_next(f);
}

/* --- what the kernel says ------------------------------------------------------------------------------------ */

static void
on_message(struct feed_xfrm *f, const struct nlmsghdr *h, bool dumped)
{
	struct xfrm_msg msg;

	if (h->nlmsg_type == XFRM_MSG_MIGRATE) { /* it replaces SAs without an event for each */
		resync(f);
		return;
	}
	int rc = xfrm_decode(h, &msg);
	if (rc == 0) {
		xfrm_model_message(f->model, &msg, dumped);
	} else if (rc != -ENOMSG) {
		f->feed.record.rejected++;
		feed_error(&f->feed, "message not understood: type %u, %u octets", h->nlmsg_type, h->nlmsg_len);
	}
}

static void
on_dump_error(struct feed_xfrm *f, const struct nlmsghdr *h)
{
	int rc = -EBADMSG;

	if (mnl_nlmsg_get_payload_len(h) >= sizeof(struct nlmsgerr))
		rc = ((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error;
	feed_complain(&f->feed, "the kernel gives no dump: %s%s", strerror(-rc),
		      rc == -EPERM ? ": the capability CAP_NET_ADMIN is needed" : "");
	f->dump_cut = true;
	f->dump = 0; /* the next poll tries again */
}

/* False: the dump has ended. */
static bool
on_packet(struct feed_xfrm *f, size_t len, bool dumped)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)f->packet;
	int left = (int)len;

	/* libmnl uses int for lengths. */
	for (; mnl_nlmsg_ok(h, left) && h->nlmsg_len <= (uint32_t)left; h = mnl_nlmsg_next(h, &left)) {
		if (!dumped) {
			f->feed.record.events++;
			on_message(f, h, false);
			continue;
		}
		if (h->nlmsg_seq != f->dump_seq || !f->dump)
			continue; /* from a dump that was given up */
		f->dump_cut |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (h->nlmsg_type == NLMSG_DONE)
			return false;
		if (h->nlmsg_type == NLMSG_ERROR) {
			on_dump_error(f, h);
			continue;
		}
		on_message(f, h, true);
	}
	return true;
}

/* Read a packet of events, or of a dump. False: there are no more. */
static bool
read_packet(struct feed_xfrm *f, bool dumped)
{
	ssize_t got = netlink_receive(dumped ? f->sockets.dumps : f->sockets.events, f->packet, PACKET_MAX);
	bool more = true;

	if (got == -ENOMSG) {
		f->feed.record.rejected++;
		return true;
	}
	if (got == -ENOBUFS) {
		f->feed.record.overruns++;
		resync(f);
		return true;
	}
	if (got < 0)
		return false;
	local_addrs_learn(&f->sockets.addrs);
	if (!on_packet(f, (size_t)got, dumped)) {
		dump_end(f);
		more = f->dump != 0;
	}
	explicit_bzero(f->packet, (size_t)got);
	return more;
}

static void
on_events(evutil_socket_t fd, short what, void *arg)
{
	struct feed_xfrm *f = arg;
	(void)fd;
	(void)what;
	for (int budget = READ_BUDGET; budget > 0 && read_packet(f, false);)
		budget--;
	xfrm_model_settle(f->model);
	feed_publish(&f->feed);
}

static void
on_dumps(evutil_socket_t fd, short what, void *arg)
{
	struct feed_xfrm *f = arg;
	(void)fd;
	(void)what;
	for (int budget = READ_BUDGET; budget > 0 && read_packet(f, true);)
		budget--;
	feed_publish(&f->feed);
}

/* The first time, wait for the first dumps. */
static void
feed_xfrm_drain(struct feed *feed)
{
	struct feed_xfrm *f = (struct feed_xfrm *)feed;
	if (f->sockets.events < 0)
		return;
	struct pollfd fd = { .fd = f->sockets.dumps, .events = POLLIN };
	uint64_t until = ipm_now_ns() + FIRST_LOOK_MS * 1000000ull;
	while (f->feed.record.state == IPM_FEED_CONNECTING && f->dump && ipm_now_ns() < until && poll(&fd, 1, 100) > 0)
		on_dumps(-1, 0, f);
	int budget = DRAIN_BUDGET;
	while (budget > 0 && read_packet(f, false))
		budget--;
	if (budget < DRAIN_BUDGET)
		xfrm_model_settle(f->model);
}

/* --- coming and going ---------------------------------------------------------------------------------------- */

static void
stop_listening(struct feed_xfrm *f)
{
	if (f->events)
		event_free(f->events);
	if (f->dumps)
		event_free(f->dumps);
	f->events = f->dumps = NULL;
	f->dump = 0;
	links_free(f->reach.links);
	f->reach.links = NULL;
	xfrm_sockets_close(&f->sockets);
	feed_enter_state(&f->feed, IPM_FEED_DOWN);
}

static bool
listen_to(struct event **event, struct feed_xfrm *f, int fd, event_callback_fn callback)
{
	*event = event_new(f->feed.env->base, fd, EV_READ | EV_PERSIST, callback, f);
	return *event && event_add(*event, NULL) == 0;
}

static void
feed_xfrm_connect(struct feed *feed)
{
	struct feed_xfrm *f = (struct feed_xfrm *)feed;
	char error[IPM_TEXT_MAX] = "out of memory";

	if (xfrm_sockets_open(&f->sockets, f->feed.netns, error, sizeof(error)) < 0 ||
	    !(f->reach.links = links_new(f->sockets.route)) ||
	    !listen_to(&f->events, f, f->sockets.events, on_events) ||
	    !listen_to(&f->dumps, f, f->sockets.dumps, on_dumps)) {
		feed_complain(&f->feed, "%s", error);
		stop_listening(f);
		feed_retry(&f->feed, RETRY_MOST_MS);
	} else {
		feed_reached(&f->feed);
		feed_enter_state(&f->feed, IPM_FEED_CONNECTING);
		f->feed.record.drops = xfrm_drops_told(f->sockets.stat >= 0);
		if (f->sockets.stat < 0)
			feed_complain(&f->feed, "no /proc/net/xfrm_stat: this kernel does not count drops "
						"(CONFIG_XFRM_STATISTICS)");
		resync(f);
		feed_timer_in_ms(f->poll, f->interval * 1000);
	}
	feed_publish(&f->feed);
}

/* Its SAs are gone with the namespace. Close our sockets, which would keep it alive without a name. */
static void
namespace_gone(struct feed_xfrm *f)
{
	feed_complain(&f->feed, "the network namespace has gone");
	stop_listening(f);
	xfrm_model_policies_begin(f->model);
	xfrm_model_policies_end(f->model);
	xfrm_model_sas_begin(f->model);
	xfrm_model_sas_end(f->model);
	feed_timer_in_ms(f->feed.retry, f->feed.retry_ms);
}

static void
on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct feed_xfrm *f = arg;
	(void)fd;
	(void)what;
	if (!xfrm_sockets_current(&f->sockets, f->feed.netns)) {
		namespace_gone(f);
		feed_publish(&f->feed);
		return;
	}
	const struct ipm_feed *daemon = feed_of_daemon(f->feed.writer, f->feed.netns);
	xfrm_model_ike_known(f->model, daemon != NULL);
	/* That feed reads the configuration once per interval: until then it may not know a new policy. */
	xfrm_model_patience(f->model, PATIENCE_NS + (daemon ? daemon->interval_ns : 0));
	f->want_sas = true;
	f->want_policies |= xfrm_model_wants_policies(f->model);
	dump_next(f);
	xfrm_model_settle(f->model);
	feed_publish(&f->feed);
	feed_timer_in_ms(f->poll, f->interval * 1000);
}

static void
describe(struct feed_xfrm *f)
{
	struct utsname name;
	snprintf(f->feed.record.source, sizeof(f->feed.record.source), "kernel, %s%.90s",
		 f->feed.netns[0] ? "network namespace " : "this network namespace", f->feed.netns);
	if (uname(&name) == 0)
		snprintf(f->feed.record.detail, sizeof(f->feed.record.detail), "%.60s %.60s", name.sysname,
			 name.release);
}

/* "kernel", with the namespace if it is another one. */
static const char *
engine_name(const struct feed_xfrm *f, char *out, size_t size)
{
	const char *netns = feed_record_netns(&f->feed.record);
	snprintf(out, size, "kernel%s%.*s", netns[0] ? " " : "", (int)(size - sizeof("kernel ")), netns);
	return out;
}

static uint32_t
feed_xfrm_count(const struct conf *conf)
{
	return conf->xfrms;
}

static const char *
feed_xfrm_netns(const struct conf *conf, uint32_t n)
{
	return conf->xfrm[n].netns;
}

static bool
feed_xfrm_open(struct feed *feed, uint32_t n)
{
	struct feed_xfrm *f = (struct feed_xfrm *)feed;
	char engine[IPM_NAME_MAX];

	f->interval = feed->env->conf->xfrm[n].poll_interval;
	f->sockets = XFRM_SOCKETS_CLOSED;
	f->reach.addrs = &f->sockets.addrs;
	feed->record.interval_ns = f->interval * NS_PER_SECOND;
	feed->record.drops = xfrm_drops_told(false);
	f->refused.seen = ipm_writer_totals(feed->writer)->records_refused;
	describe(f);
	const struct feed_host host = links_host(&f->reach, feed->slot);
	f->packet = malloc(PACKET_MAX);
	f->model = xfrm_model_new(feed->writer, feed->slot, &host, (struct xfrm_kept *)feed->record.kept);
	f->poll = evtimer_new(feed->env->base, on_poll, f);
	if (!f->packet || !f->model || !f->poll)
		return false;
	xfrm_model_engine(f->model, engine_name(f, engine, sizeof(engine)), feed->record.detail);
	feed_xfrm_connect(feed);
	return true;
}

static void
feed_xfrm_close(struct feed *feed)
{
	struct feed_xfrm *f = (struct feed_xfrm *)feed;

	stop_listening(f);
	if (f->poll)
		event_free(f->poll);
	xfrm_model_free(f->model);
	free(f->packet);
}

/* Delete the tunnel's SAs. */
static int
feed_xfrm_terminate(struct feed *feed, const struct control_target *target, control_terminated *done, void *arg)
{
	struct feed_xfrm *f = (struct feed_xfrm *)feed;
	struct ipm_walk walk;
	struct ipm_sa sa;
	int failed = 0;

	if (target->ike)
		return -ENOTSUP;
	const struct ipm_tunnel *t = ipm_tunnel_peek(feed->writer, target->slot);
	ipm_walk_sas(&walk, ipm_writer_segment(feed->writer), t);
	while (ipm_walk_next(&walk, &sa) > 0) {
		bool in = sa.direction == IPM_IN;
		const struct xfrm_key key = { .dst = in ? t->local : t->remote,
					      .spi = sa.spi,
					      .protocol = sa.protocol };
		int rc = xfrm_delete_sa(&f->sockets, &key, in ? t->mark_in : t->mark_out,
					in ? t->mark_mask_in : t->mark_mask_out);
		if (rc < 0 && rc != -ESRCH)
			failed = rc;
	}
	if (failed == 0)
		done(arg, true, ""); /* the kernel's events do the rest */
	return failed;
}

const struct feed_ops feed_xfrm = {
	.kind = "xfrm",
	.size = sizeof(struct feed_xfrm),
	.caps = IPM_CAP_TUNNELS | IPM_CAP_TUNNEL_COUNTERS | IPM_CAP_SELECTORS | IPM_CAP_FAILURES |
		IPM_CAP_CONFIGURATION | IPM_CAP_ENGINES,
	.count = feed_xfrm_count,
	.netns = feed_xfrm_netns,
	.open = feed_xfrm_open,
	.close = feed_xfrm_close,
	.connect = feed_xfrm_connect,
	.drain = feed_xfrm_drain,
	.terminate = feed_xfrm_terminate,
};
