/* SPDX-License-Identifier: ISC */
/* The kernel's feed: when to listen, what to ask, how the feed is. */
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
#include "feed_record.h"
#include "links.h"
#include "netlink.h"
#include "place.h"
#include "xfrm_model.h"
#include "xfrm_socket.h"

#define NS_PER_SECOND 1000000000ull
#define RETRY_MOST_MS 4000
#define FIRST_LOOK_MS 3000 /* another feed waits no longer for the first dumps */
#define READ_BUDGET   64   /* of packets of messages, for a wake-up */
#define DRAIN_BUDGET  4096
#define PACKET_MAX    65536 /* a dump comes in packets of up to 32 KiB */
#define STAT_MAX      8192
#define PATIENCE_NS   (1 * NS_PER_SECOND)

struct feed_xfrm {
	struct event_base *base;
	struct ipm_writer *writer;
	uint32_t slot; /* of our struct ipm_feed */
	struct ipm_feed feed;
	struct xfrm_model *model;
	struct xfrm_sockets sockets;
	struct links *links; /* of its namespace, while the sockets are open */
	struct event *events, *dumps, *poll, *retry;
	const char *netns;
	unsigned retry_ms;
	uint32_t interval; /* seconds */
	uint16_t dump;     /* XFRM_MSG_GETSA or _GETPOLICY: what is coming in; 0: nothing */
	uint32_t dump_seq;
	bool dump_cut; /* the kernel said that it is not whole */
	bool want_sas, want_policies;
	bool have_stat;
	uint64_t stat[XFRM_STAT_COUNT]; /* as it was before the dump */
	struct place_refusals refused;
	bool complained; /* in this run */
	char *packet;    /* PACKET_MAX: keys come by here, and are gone before it is used again */
};

static void
publish(struct feed_xfrm *f)
{
	feed_publish(f->writer, f->slot, &f->feed);
}

static void
note_error(struct feed_xfrm *f, const char *what)
{
	feed_complain(&f->feed, &f->complained, what);
}

/* --- what is asked ------------------------------------------------------------------------------------------- */

static void
read_stat(struct feed_xfrm *f)
{
	char text[STAT_MAX];
	ssize_t len = xfrm_read_stat(&f->sockets, text, sizeof(text));
	f->have_stat = len >= 0;
	if (len >= 0 && xfrm_stat_parse(text, (size_t)len, f->stat) < 0)
		f->feed.rejected++;
}

/* Policies first: they tell which way an SA goes. */
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
		char what[IPM_TEXT_MAX];
		snprintf(what, sizeof(what), "cannot ask for a dump: %s", strerror(-rc));
		note_error(f, what);
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

/* Events were lost, or something happened that events do not tell. */
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
		f->want_sas = true; /* of one that was cut, the next begins where it did, and tells what is gone */
	} else {
		if (f->have_stat)
			xfrm_model_stat(f->model, f->stat);
		f->feed.updated_ns = ipm_now_ns();
		if (f->feed.state != IPM_FEED_UP)
			log_info("%s: %u SAs, read in %llu ms", f->feed.name, xfrm_model_sas(f->model),
				 (unsigned long long)(f->feed.updated_ns - f->feed.since_ns) / 1000000);
		feed_enter_state(&f->feed, IPM_FEED_UP);
		ipm_writer_commit(f->writer);
		place_log_refused(f->writer, &f->refused);
	}
	f->dump = 0;
	dump_next(f);
}

/* The IKE daemon that strongSwan's feed knows is in our own namespace, as far as can be told. */
static bool
ike_known(const struct feed_xfrm *f, uint64_t *interval_ns)
{
	const struct ipm_feed *vici = f->netns[0] ? NULL : feed_named(f->writer, "vici");
	if (!vici || vici->state != IPM_FEED_UP)
		return false;
	*interval_ns = vici->interval_ns;
	return true;
}

/* --- what the kernel says ------------------------------------------------------------------------------------ */

static void
on_message(struct feed_xfrm *f, const struct nlmsghdr *h, bool dumped)
{
	struct xfrm_msg msg;

	if (h->nlmsg_type == XFRM_MSG_MIGRATE) { /* it replaces SAs without a word about each */
		resync(f);
		return;
	}
	int rc = xfrm_decode(h, &msg);
	if (rc == 0) {
		xfrm_model_message(f->model, &msg, dumped);
	} else if (rc != -ENOMSG) {
		f->feed.rejected++;
		feed_error(&f->feed, "message not understood: type %u, %u octets", h->nlmsg_type, h->nlmsg_len);
	}
}

static void
on_dump_error(struct feed_xfrm *f, const struct nlmsghdr *h)
{
	int rc = -EBADMSG;
	char what[IPM_TEXT_MAX];
	if (mnl_nlmsg_get_payload_len(h) >= sizeof(struct nlmsgerr))
		rc = ((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error;
	snprintf(what, sizeof(what), "the kernel gives no dump: %s%s", strerror(-rc),
		 rc == -EPERM ? ": the capability CAP_NET_ADMIN is needed" : "");
	note_error(f, what);
	f->dump_cut = true;
	f->dump = 0; /* the next poll tries again */
}

/* False: that was the end of a dump. */
static bool
on_packet(struct feed_xfrm *f, size_t len, bool dumped)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)f->packet;
	int left = (int)len;

	/* libmnl takes a length for an int. */
	for (; mnl_nlmsg_ok(h, left) && h->nlmsg_len <= (uint32_t)left; h = mnl_nlmsg_next(h, &left)) {
		if (!dumped) {
			f->feed.events++;
			on_message(f, h, false);
			continue;
		}
		if (h->nlmsg_seq != f->dump_seq || !f->dump)
			continue; /* of a dump that was given up */
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

/* Read what there is of events, or of a dump. False: there is no more. */
static bool
read_packet(struct feed_xfrm *f, bool dumped)
{
	ssize_t got = netlink_receive(dumped ? f->sockets.dumps : f->sockets.events, f->packet, PACKET_MAX);
	bool more = true;

	if (got == -ENOMSG) {
		f->feed.rejected++;
		return true;
	}
	if (got == -ENOBUFS) {
		f->feed.overruns++;
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
	publish(f);
}

static void
on_dumps(evutil_socket_t fd, short what, void *arg)
{
	struct feed_xfrm *f = arg;
	(void)fd;
	(void)what;
	for (int budget = READ_BUDGET; budget > 0 && read_packet(f, true);)
		budget--;
	publish(f);
}

void
feed_xfrm_drain(struct feed_xfrm *f)
{
	if (f->sockets.events < 0)
		return;
	struct pollfd fd = { .fd = f->sockets.dumps, .events = POLLIN };
	uint64_t until = ipm_now_ns() + FIRST_LOOK_MS * 1000000ull;
	while (f->feed.state == IPM_FEED_CONNECTING && f->dump && ipm_now_ns() < until && poll(&fd, 1, 100) > 0)
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
	links_free(f->links);
	f->links = NULL;
	xfrm_sockets_close(&f->sockets);
	feed_enter_state(&f->feed, IPM_FEED_DOWN);
}

static bool
listen_to(struct event **event, struct feed_xfrm *f, int fd, event_callback_fn callback)
{
	*event = event_new(f->base, fd, EV_READ | EV_PERSIST, callback, f);
	return *event && event_add(*event, NULL) == 0;
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct feed_xfrm *f = arg;
	char error[IPM_TEXT_MAX] = "out of memory";
	(void)fd;
	(void)what;

	if (xfrm_sockets_open(&f->sockets, f->netns, error, sizeof(error)) < 0 ||
	    !(f->links = links_new(f->sockets.route)) || !listen_to(&f->events, f, f->sockets.events, on_events) ||
	    !listen_to(&f->dumps, f, f->sockets.dumps, on_dumps)) {
		note_error(f, error);
		stop_listening(f);
		feed_retry(f->retry, &f->retry_ms, RETRY_MOST_MS);
	} else {
		f->retry_ms = FEED_RETRY_FIRST_MS;
		f->feed.connects++;
		feed_enter_state(&f->feed, IPM_FEED_CONNECTING);
		f->feed.drops = xfrm_drops_told(f->sockets.stat >= 0);
		if (f->sockets.stat < 0)
			note_error(f, "no /proc/net/xfrm_stat: this kernel does not count drops "
				      "(CONFIG_XFRM_STATISTICS)");
		resync(f);
		feed_timer_in_ms(f->poll, f->interval * 1000);
	}
	publish(f);
}

/* With the namespace its SAs are gone. As long as we had sockets in it, it would live on without a name. */
static void
namespace_gone(struct feed_xfrm *f)
{
	char what[IPM_TEXT_MAX];
	snprintf(what, sizeof(what), "the network namespace has gone");
	note_error(f, what);
	stop_listening(f);
	xfrm_model_policies_begin(f->model);
	xfrm_model_policies_end(f->model);
	xfrm_model_sas_begin(f->model);
	xfrm_model_sas_end(f->model);
	feed_timer_in_ms(f->retry, f->retry_ms);
}

static void
on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct feed_xfrm *f = arg;
	(void)fd;
	(void)what;
	if (!xfrm_sockets_current(&f->sockets, f->netns)) {
		namespace_gone(f);
		publish(f);
		return;
	}
	uint64_t interval_ns = 0;
	xfrm_model_ike_known(f->model, ike_known(f, &interval_ns));
	/* It notices by asking what was configured; then no entry comes up here for a moment. */
	xfrm_model_patience(f->model, PATIENCE_NS + interval_ns);
	f->want_sas = true;
	f->want_policies |= xfrm_model_wants_policies(f->model);
	dump_next(f);
	xfrm_model_settle(f->model);
	publish(f);
	feed_timer_in_ms(f->poll, f->interval * 1000);
}

static bool
is_local(void *arg, const struct ipm_addr *addr)
{
	const struct feed_xfrm *f = arg;
	return local_addrs_have(&f->sockets.addrs, addr);
}

static bool
way_to(void *arg, const struct ipm_addr *addr, struct ipm_interface *out)
{
	const struct feed_xfrm *f = arg;
	return f->links && links_way_to(f->links, addr, out);
}

static bool
with_addr(void *arg, const struct ipm_addr *addr, struct ipm_interface *out)
{
	const struct feed_xfrm *f = arg;
	return f->links && links_with_addr(f->links, addr, out);
}

static bool
with_if_id(void *arg, uint32_t if_id, struct ipm_interface *out)
{
	const struct feed_xfrm *f = arg;
	return f->links && links_with_if_id(f->links, if_id, out);
}

static bool
with_index(void *arg, uint32_t ifindex, struct ipm_interface *out)
{
	const struct feed_xfrm *f = arg;
	return f->links && links_with_index(f->links, ifindex, out);
}

static void
describe(struct feed_xfrm *f)
{
	struct utsname name;
	snprintf(f->feed.source, sizeof(f->feed.source), "kernel, %s%.90s",
		 f->netns[0] ? "network namespace " : "this network namespace", f->netns);
	if (uname(&name) == 0)
		snprintf(f->feed.detail, sizeof(f->feed.detail), "%.60s %.60s", name.sysname, name.release);
}

/* "kernel", with the namespace as the feed's name has it. */
static const char *
engine_name(const struct feed_xfrm *f, char *out, size_t size)
{
	const char *netns = strchr(f->feed.name, ' ');
	snprintf(out, size, "kernel%.*s", (int)(size - sizeof("kernel")), netns ? netns : "");
	return out;
}

struct feed_xfrm *
feed_xfrm_open(struct event_base *base, struct ipm_writer *writer, const struct conf_xfrm *conf)
{
	struct feed_xfrm *f = calloc(1, sizeof(*f));
	char name[IPM_NAME_MAX], engine[IPM_NAME_MAX];

	feed_name_in(name, "xfrm", conf->netns);
	int slot = ipm_feed_open(writer, name);
	if (!f || slot < 0)
		goto fail;
	f->base = base;
	f->writer = writer;
	f->slot = (uint32_t)slot;
	f->feed = *ipm_feed_peek(writer, f->slot);
	f->netns = conf->netns;
	f->interval = conf->poll_interval;
	f->retry_ms = FEED_RETRY_FIRST_MS;
	f->sockets = XFRM_SOCKETS_CLOSED;
	f->feed.interval_ns = f->interval * NS_PER_SECOND;
	f->feed.caps = IPM_CAP_TUNNELS | IPM_CAP_TUNNEL_COUNTERS | IPM_CAP_SELECTORS | IPM_CAP_FAILURES |
		       IPM_CAP_CONFIGURATION | IPM_CAP_ENGINES;
	f->feed.drops = xfrm_drops_told(false);
	f->refused.seen = ipm_writer_totals(writer)->records_refused;
	describe(f);
	feed_enter_state(&f->feed, IPM_FEED_DOWN);
	const struct feed_host host = { .arg = f,
					.feed = f->slot,
					.is_local = is_local,
					.way_to = way_to,
					.with_addr = with_addr,
					.with_if_id = with_if_id,
					.with_index = with_index };
	f->packet = malloc(PACKET_MAX);
	f->model = xfrm_model_new(writer, f->slot, &host, (struct xfrm_kept *)f->feed.kept);
	if (f->model)
		xfrm_model_engine(f->model, engine_name(f, engine, sizeof(engine)), f->feed.detail);
	f->poll = evtimer_new(base, on_poll, f);
	f->retry = evtimer_new(base, on_retry, f);
	if (!f->packet || !f->model || !f->poll || !f->retry)
		goto fail;
	on_retry(-1, 0, f);
	return f;
fail:
	log_error("%s: %s", name, slot < 0 ? "no room for another feed" : "out of memory");
	feed_xfrm_close(f);
	return NULL;
}

void
feed_xfrm_close(struct feed_xfrm *f)
{
	if (!f)
		return;
	stop_listening(f);
	if (f->poll)
		event_free(f->poll);
	if (f->retry)
		event_free(f->retry);
	xfrm_model_free(f->model);
	free(f->packet);
	free(f);
}

uint32_t
feed_xfrm_slot(const struct feed_xfrm *f)
{
	return f->slot;
}

int
feed_xfrm_destroy(struct feed_xfrm *f, uint32_t tunnel)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(f->writer, tunnel);
	int rc = 0;

	for (uint32_t at = t->sa_head; at;) {
		const struct ipm_sa *sa = ipm_sa_peek(f->writer, at - 1);
		bool in = sa->direction == IPM_IN;
		const struct xfrm_key key = { .dst = in ? t->local : t->remote,
					      .spi = sa->spi,
					      .protocol = sa->protocol };
		int one = xfrm_delete_sa(&f->sockets, &key, in ? t->mark_in : t->mark_out,
					 in ? t->mark_mask_in : t->mark_mask_out);
		if (one < 0 && one != -ESRCH)
			rc = one;
		at = sa->next;
	}
	return rc; /* the kernel's events tell the rest */
}
