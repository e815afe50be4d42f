/* SPDX-License-Identifier: ISC */
#include "engine_worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "esp_int.h"
#include "ipm_hash.h"
#include "units.h"

#define BURST       32
#define BURSTS      4 /* from one socket before the next one has its turn */
#define PACKET_MAX  65536
#define SEALED_MAX  (9000 + ESP_HEADROOM + ESP_TAILROOM)
#define TICK_NS     100000000u
#define SOCKET_ROOM (4 * 1024 * 1024) /* the kernel may grant less */

struct message {
	struct engine_sa *sa;
	bool take;
	struct message *next;
};

/* A running generator, and the packet it holds back. */
struct source {
	struct engine_generator *g;
	uint8_t *held;
	size_t held_len;
	uint64_t held_until; /* send the packet when g->sent reaches this */
};

struct batch {
	struct mmsghdr msg[BURST];
	struct iovec iov[BURST];
	uint8_t *room; /* for BURST packets */
};

struct engine_worker {
	const struct engine_plan *plan;
	const struct ipm_fast *fast;
	uint32_t number, workers;
	int wake, notify;
	int *socket;        /* one for each endpoint */
	uint32_t *overflow; /* packets the kernel has dropped for lack of buffer space, for each endpoint */
	pthread_t thread;
	bool runs;
	sem_t joined;
	int lane; /* or a negative errno */

	pthread_mutex_t lock; /* protects the next three lines */
	struct message *first, *last;
	struct engine_sa *returned;
	bool quit;

	/* The members below belong to the thread. */
	struct ipm_worker me;
	struct engine_sa **bucket; /* inbound SAs by SPI */
	uint32_t buckets;
	struct engine_sa **out; /* the outbound SA of each tunnel */
	struct source *source;
	uint32_t sources;
	struct pollfd *fds;
	struct batch in, sent;
	struct {
		uint32_t pkts, octets; /* of packet number i in `sent'; 0 for a second copy */
	} counts[BURST];
	struct {
		_Alignas(struct cmsghdr) char octets[CMSG_SPACE(sizeof(uint32_t))];
	} control[BURST];
	uint64_t swept_ns;

	_Atomic uint64_t dropped[IPM_DROP_COUNT]; /* inbound drops without an SA; the main thread reads them */
};

static void
tell_main(const struct engine_worker *w)
{
	uint64_t one = 1;
	ssize_t sent = write(w->notify, &one, sizeof(one)); /* fails only if the main thread is awake already */
	(void)sent;
}

static void
drop(struct engine_worker *w, enum ipm_drop why, uint64_t pkts)
{
	esp_add(&w->dropped[why], pkts);
}

/* --- the worker's SAs --------------------------------------------------------------------------------------------- */

static struct engine_sa **
bucket_of(const struct engine_worker *w, uint32_t spi)
{
	return &w->bucket[(uint64_t)ipm_hash(IPM_HASH_BEGIN, &spi, sizeof(spi)) * w->buckets >> 32];
}

static struct engine_sa *
sa_find(const struct engine_worker *w, uint32_t spi)
{
	struct engine_sa *sa = *bucket_of(w, spi);
	while (sa && sa->spi != spi)
		sa = sa->next;
	return sa;
}

static void
sa_observe(const struct engine_worker *w, struct engine_sa *sa, uint64_t now_ns)
{
	uint32_t life = esp_sa_life(sa->esp, now_ns);
	if (life != atomic_load_explicit(&sa->life, memory_order_relaxed)) {
		atomic_store_explicit(&sa->life, life, memory_order_release);
		tell_main(w);
	}
}

static void
sas_observe(struct engine_worker *w, uint64_t now_ns)
{
	w->swept_ns = now_ns;
	for (uint32_t i = 0; i < w->buckets; i++)
		for (struct engine_sa *sa = w->bucket[i]; sa; sa = sa->next)
			sa_observe(w, sa, now_ns);
	for (uint32_t i = 0; i < w->plan->conf->tunnels; i++)
		if (w->out[i])
			sa_observe(w, w->out[i], now_ns);
}

static void
sa_return(struct engine_worker *w, struct engine_sa *sa)
{
	pthread_mutex_lock(&w->lock);
	sa->next = w->returned;
	w->returned = sa;
	pthread_mutex_unlock(&w->lock);
	tell_main(w);
}

static void
sa_put(struct engine_worker *w, struct engine_sa *sa)
{
	if (sa->direction == IPM_IN) {
		struct engine_sa **at = bucket_of(w, sa->spi);
		sa->next = *at;
		*at = sa;
	} else {
		struct engine_sa *before = w->out[sa->tunnel_at];
		w->out[sa->tunnel_at] = sa;
		if (before)
			sa_return(w, before);
	}
}

static void
sa_drop(struct engine_worker *w, struct engine_sa *sa)
{
	if (sa->direction == IPM_IN) {
		struct engine_sa **at = bucket_of(w, sa->spi);
		while (*at && *at != sa)
			at = &(*at)->next;
		if (!*at)
			return;
		*at = sa->next;
	} else if (w->out[sa->tunnel_at] == sa) {
		w->out[sa->tunnel_at] = NULL;
	} else {
		return; /* the SA is on its way back */
	}
	sa_return(w, sa);
}

/* False: the worker must end. */
static bool
messages_take(struct engine_worker *w)
{
	uint64_t count;
	ssize_t got = read(w->wake, &count, sizeof(count));
	(void)got;
	pthread_mutex_lock(&w->lock);
	struct message *m = w->first;
	bool quit = w->quit;
	w->first = w->last = NULL;
	pthread_mutex_unlock(&w->lock);
	while (m) {
		struct message *next = m->next;
		if (m->take)
			sa_drop(w, m->sa);
		else
			sa_put(w, m->sa);
		free(m);
		m = next;
	}
	return !quit;
}

/* --- inbound ------------------------------------------------------------------------------------------------------ */

static void
packet_in(struct engine_worker *w, uint8_t *esp, size_t len, bool whole, uint64_t now_ns)
{
	uint8_t next;

	if (len == 1 && esp[0] == 0xff) /* a NAT keepalive: RFC 3948 2.3 */
		return;
	if (!whole || len < 4) {
		drop(w, IPM_DROP_MALFORMED, 1);
		return;
	}
	if (get32(esp) == 0) /* IKE: RFC 3948 2.2 */
		return;
	struct engine_sa *sa = sa_find(w, get32(esp));
	if (!sa) {
		drop(w, IPM_DROP_NO_SA, 1);
		return;
	}
	uint8_t *payload = esp + esp_head_size(sa->esp);
	size_t payload_len = len;
	enum esp_drop why = esp_open_payload(sa->esp, now_ns, esp, len, payload, &payload_len, &next);
	bool opened = why == ESP_OK;
	if (opened && !engine_packet_allowed(sa->tunnel, payload, payload_len, next))
		why = ESP_DROP_POLICY;
	esp_count(sa->esp, why, payload_len);
	if (opened && !atomic_load_explicit(&sa->used, memory_order_relaxed)) {
		atomic_store_explicit(&sa->used, true, memory_order_release);
		tell_main(w);
	}
}

/* Packets that do not fit into the socket's buffer never reach us. SO_RXQ_OVFL still counts them. */
static void
count_overflow(struct engine_worker *w, uint32_t endpoint, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		uint32_t now;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&now, CMSG_DATA(c), sizeof(now));
		drop(w, IPM_DROP_CAPACITY, now - w->overflow[endpoint]);
		w->overflow[endpoint] = now;
	}
}

static void
receive(struct engine_worker *w, uint32_t endpoint, uint64_t now_ns)
{
	for (int burst = 0; burst < BURSTS; burst++) {
		for (int i = 0; i < BURST; i++) {
			w->in.msg[i].msg_hdr.msg_control = &w->control[i];
			w->in.msg[i].msg_hdr.msg_controllen = sizeof(w->control[i]);
		}
		int n = recvmmsg(w->socket[endpoint], w->in.msg, BURST, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			struct msghdr *msg = &w->in.msg[i].msg_hdr;
			count_overflow(w, endpoint, msg);
			packet_in(w, w->in.iov[i].iov_base, w->in.msg[i].msg_len, !(msg->msg_flags & MSG_TRUNC),
				  now_ns);
		}
		if (n < BURST)
			return;
	}
}

/* --- outbound ----------------------------------------------------------------------------------------------------- */

static void
send_all(struct engine_worker *w, const struct engine_sa *sa, unsigned n)
{
	uint64_t pkts = 0, octets = 0, unsent = 0;
	unsigned done = 0;
	bool full = false;
	while (done < n) {
		int sent = sendmmsg(w->socket[sa->tunnel->endpoint], w->sent.msg + done, n - done, MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		full = sent < 0 && (errno == EAGAIN || errno == ENOBUFS);
		if (sent <= 0)
			break;
		done += (unsigned)sent;
	}
	for (unsigned i = 0; i < done; i++) {
		pkts += w->counts[i].pkts;
		octets += w->counts[i].octets;
	}
	for (unsigned i = done; i < n; i++) /* encrypted, but not sent */
		unsent += w->counts[i].pkts;
	if (pkts > 0)
		ipm_lane_count(sa->lane, pkts, octets);
	if (unsent > 0)
		ipm_lane_drop(sa->lane, full ? IPM_DROP_CAPACITY : IPM_DROP_OTHER, unsent);
}

/*
 * Add a packet to the burst as number @p n. Without @p from, the packet is already in its place. Once sent, it counts
 * with @p octets of payload. 0 octets: it has been counted already or is the second copy of a packet.
 */
static unsigned
packet_queue(struct engine_worker *w, const struct engine_sa *sa, unsigned n, const uint8_t *from, size_t len,
	     size_t octets)
{
	w->counts[n].pkts = octets > 0;
	w->counts[n].octets = (uint32_t)octets;
	uint8_t *at = w->sent.room + (size_t)n * SEALED_MAX;
	if (from)
		memcpy(at, from, len);
	w->sent.iov[n] = (struct iovec){ .iov_base = at, .iov_len = len };
	w->sent.msg[n].msg_hdr = (struct msghdr){ .msg_name = (void *)(uintptr_t)&sa->tunnel->peer.to,
						  .msg_namelen = sa->tunnel->peer.len,
						  .msg_iov = &w->sent.iov[n],
						  .msg_iovlen = 1 };
	return n + 1;
}

/*
 * Apply @p harm to encrypted packet number @p n. Returns the next free number. A packet that is lost or delayed on
 * purpose counts as sent.
 */
static unsigned
packet_queue_harmed(struct engine_worker *w, struct source *s, const struct engine_sa *sa, enum engine_harm harm,
		    unsigned n, size_t len, size_t octets)
{
	uint8_t *esp = w->sent.room + (size_t)n * SEALED_MAX;
	struct engine_generator *g = s->g;

	if (harm == HARM_NONE)
		return packet_queue(w, sa, n, NULL, len, octets);
	if (harm == HARM_LATE) {
		s->held = malloc(len);
		if (!s->held)
			return packet_queue(w, sa, n, NULL, len, octets);
		ipm_lane_count(sa->lane, 1, octets);
		memcpy(s->held, esp, len);
		s->held_len = len;
		s->held_until = g->sent + ENGINE_LATE_BY(g->tunnel);
		g->holds = true;
		return n; /* send_held() counts the harm */
	}
	esp_add(&g->harmed[harm], 1);
	if (harm == HARM_DROP) {
		ipm_lane_count(sa->lane, 1, octets);
		return n;
	}
	engine_packet_harm(harm, esp, &len);
	n = packet_queue(w, sa, n, NULL, len, octets);
	return harm == HARM_REPLAY ? packet_queue(w, sa, n, esp, len, 0) : n;
}

static unsigned
send_held(struct engine_worker *w, struct source *s, const struct engine_sa *sa, unsigned n)
{
	n = packet_queue(w, sa, n, s->held, s->held_len, 0);
	esp_add(&s->g->harmed[HARM_LATE], 1);
	free(s->held);
	s->held = NULL;
	s->g->holds = false;
	return n;
}

/* Send a burst of due packets. True: there may be more. */
static bool
generate(struct engine_worker *w, struct source *s, uint64_t now_ns)
{
	struct engine_generator *g = s->g;
	struct engine_sa *sa = w->out[g->plan->tunnel];

	if (!sa && g->began_ns == 0)
		return false; /* the tunnel has not come up yet */
	/* Leave room: each packet may become two, and a held packet may join them. */
	uint32_t due = engine_generator_due(g, now_ns, (BURST - 1) / 2);
	unsigned n = 0;
	for (uint32_t i = 0; i < due; i++) {
		enum engine_harm harm = engine_generator_next(g);
		uint8_t *esp = w->sent.room + (size_t)n * SEALED_MAX, next;
		if (!sa) {
			esp_add(&g->unsent, 1);
			continue;
		}
		uint8_t *inner = esp + esp_head_size(sa->esp);
		size_t room = SEALED_MAX, len = engine_packet_make(g, inner, &next);
		enum esp_drop why = esp_seal_payload(sa->esp, now_ns, next, inner, len, esp, &room);
		if (why != ESP_OK) {
			esp_count(sa->esp, why, 0);
			continue;
		}
		esp_spend(sa->esp, len);
		esp_add(&g->sent, 1);
		n = packet_queue_harmed(w, s, sa, harm, n, room, len);
		if (s->held && g->sent >= s->held_until)
			n = send_held(w, s, sa, n);
	}
	if (sa && due > 0) {
		send_all(w, sa, n);
		sa_observe(w, sa, now_ns);
	}
	if (g->plan->conf->packets && g->made == g->plan->conf->packets && !g->finished) {
		atomic_store_explicit(&g->finished, true, memory_order_release);
		tell_main(w);
	}
	return due == (BURST - 1) / 2;
}

/* --- the thread --------------------------------------------------------------------------------------------------- */

static uint64_t
wait_ns(const struct engine_worker *w, uint64_t now_ns)
{
	uint64_t least = TICK_NS;
	for (uint32_t i = 0; i < w->sources; i++) {
		const struct engine_generator *g = w->source[i].g;
		uint64_t wait = g->began_ns || w->out[g->plan->tunnel] ? engine_generator_wait(g, now_ns) : TICK_NS;
		if (wait < least)
			least = wait;
	}
	return least;
}

static void *
worker_main(void *arg)
{
	struct engine_worker *w = arg;
	uint32_t endpoints = w->plan->conf->endpoints;
	bool busy = false;

	w->lane = ipm_worker_join(w->fast, &w->me);
	sem_post(&w->joined);
	if (w->lane < 0)
		return NULL;
	for (;;) {
		uint64_t wait = busy ? 0 : wait_ns(w, ipm_now_ns());
		ipm_worker_offline(&w->me);
		int ready = ppoll(w->fds, endpoints + 1,
				  &(struct timespec){ .tv_sec = (time_t)(wait / NS_PER_SECOND),
						      .tv_nsec = (long)(wait % NS_PER_SECOND) },
				  NULL);
		ipm_worker_online(&w->me);
		if (ready > 0 && w->fds[endpoints].revents && !messages_take(w))
			break;
		uint64_t now_ns = ipm_now_ns();
		for (uint32_t i = 0; ready > 0 && i < endpoints; i++)
			if (w->fds[i].revents)
				receive(w, i, now_ns);
		busy = false;
		for (uint32_t i = 0; i < w->sources; i++)
			busy |= generate(w, &w->source[i], now_ns);
		if (now_ns - w->swept_ns >= TICK_NS)
			sas_observe(w, now_ns);
		ipm_worker_quiescent(&w->me);
	}
	ipm_worker_leave(&w->me);
	return NULL;
}

/* --- called by the main thread ------------------------------------------------------------------------------------ */

uint32_t
engine_worker_lane(const struct engine_worker *w)
{
	return (uint32_t)w->lane;
}

uint32_t
engine_worker_of(enum ipm_direction direction, uint32_t tunnel_at, uint32_t spi, uint32_t workers)
{
	return (direction == IPM_IN ? spi : tunnel_at) % workers;
}

static int
message_post(struct engine_worker *w, struct engine_sa *sa, bool take)
{
	struct message *m = malloc(sizeof(*m));
	uint64_t one = 1;
	if (!m)
		return -ENOMEM;
	*m = (struct message){ .sa = sa, .take = take };
	pthread_mutex_lock(&w->lock);
	if (w->last)
		w->last->next = m;
	else
		w->first = m;
	w->last = m;
	pthread_mutex_unlock(&w->lock);
	ssize_t sent = write(w->wake, &one, sizeof(one));
	(void)sent;
	return 0;
}

int
engine_worker_give(struct engine_worker *w, struct engine_sa *sa)
{
	return message_post(w, sa, false);
}

int
engine_worker_take(struct engine_worker *w, struct engine_sa *sa)
{
	return message_post(w, sa, true);
}

struct engine_sa *
engine_worker_returned(struct engine_worker *w)
{
	pthread_mutex_lock(&w->lock);
	struct engine_sa *sa = w->returned;
	if (sa)
		w->returned = sa->next;
	pthread_mutex_unlock(&w->lock);
	return sa;
}

uint64_t
engine_worker_dropped(const struct engine_worker *w, enum ipm_drop why)
{
	return atomic_load_explicit(&w->dropped[why], memory_order_relaxed);
}

/* --- open --------------------------------------------------------------------------------------------------------- */

/*
 * The kernel picks a worker's socket by the packet's first word, the SPI. Sockets are numbered in the order of bind().
 */
static int
attach_filter(int fd, uint32_t workers)
{
	struct sock_filter code[] = {
		{ BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 },
		{ BPF_ALU | BPF_MOD | BPF_K, 0, 0, workers },
		{ BPF_RET | BPF_A, 0, 0, 0 },
	};
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

static int
bind_socket(const struct plan_address *to, bool shared)
{
	int on = 1, room = SOCKET_ROOM;
	int fd = socket(to->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if ((shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0) ||
	    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&to->to, to->len) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return fd;
}

/* Open the sockets of one endpoint, one for each worker. */
static int
endpoint_open(struct engine_worker **workers, uint32_t n, const struct plan_address *to, uint32_t endpoint)
{
	/* Bind without sharing first: two engines that share a port would receive each other's packets. */
	int fd = bind_socket(to, false);
	if (fd < 0)
		return fd;
	close(fd);
	for (uint32_t i = 0; i < n; i++) {
		fd = bind_socket(to, true);
		if (fd < 0)
			return fd;
		workers[i]->socket[endpoint] = fd;
		workers[i]->fds[endpoint] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	return attach_filter(workers[0]->socket[endpoint], n);
}

static bool
batch_open(struct batch *b, size_t packet)
{
	b->room = malloc(BURST * packet);
	for (int i = 0; b->room && i < BURST; i++) {
		b->iov[i] = (struct iovec){ .iov_base = b->room + (size_t)i * packet, .iov_len = packet };
		b->msg[i].msg_hdr = (struct msghdr){ .msg_iov = &b->iov[i], .msg_iovlen = 1 };
	}
	return b->room != NULL;
}

static void
worker_free(struct engine_worker *w)
{
	for (uint32_t i = 0; w->socket && i < w->plan->conf->endpoints; i++)
		if (w->socket[i] >= 0)
			close(w->socket[i]);
	for (struct message *m = w->first, *next; m; m = next) {
		next = m->next;
		free(m);
	}
	for (uint32_t i = 0; i < w->sources; i++)
		free(w->source[i].held);
	if (w->wake >= 0)
		close(w->wake);
	pthread_mutex_destroy(&w->lock);
	sem_destroy(&w->joined);
	free(w->socket);
	free(w->overflow);
	free(w->bucket);
	free(w->out);
	free(w->source);
	free(w->fds);
	free(w->in.room);
	free(w->sent.room);
	free(w);
}

static struct engine_worker *
worker_new(const struct engine_plan *plan, uint32_t number, int notify)
{
	const struct engine_conf *conf = plan->conf;
	struct engine_worker *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->plan = plan;
	w->number = number;
	w->workers = conf->engine.workers;
	w->notify = notify;
	pthread_mutex_init(&w->lock, NULL);
	sem_init(&w->joined, 0, 0);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->buckets = 2 * conf->tunnels + 16;
	w->bucket = calloc(w->buckets, sizeof(*w->bucket));
	w->out = calloc(conf->tunnels + 1, sizeof(struct engine_sa *));
	w->source = calloc(conf->generators + 1, sizeof(*w->source));
	w->socket = malloc((conf->endpoints + 1) * sizeof(*w->socket));
	w->overflow = calloc(conf->endpoints + 1, sizeof(*w->overflow));
	w->fds = calloc(conf->endpoints + 1, sizeof(*w->fds));
	for (uint32_t i = 0; w->socket && i < conf->endpoints; i++)
		w->socket[i] = -1;
	if (w->fds)
		w->fds[conf->endpoints] = (struct pollfd){ .fd = w->wake, .events = POLLIN };
	bool good = batch_open(&w->in, PACKET_MAX) && batch_open(&w->sent, SEALED_MAX);
	if (!good || w->wake < 0 || !w->bucket || !w->out || !w->source || !w->socket || !w->overflow || !w->fds) {
		worker_free(w);
		return NULL;
	}
	return w;
}

int
engine_workers_open(struct engine_worker ***out, const struct engine_plan *plan, const struct ipm_fast *fast,
		    struct engine_generator *generators, int notify, struct ipm_error *err)
{
	const struct engine_conf *conf = plan->conf;
	uint32_t n = conf->engine.workers;
	struct engine_worker **workers = calloc(n, sizeof(struct engine_worker *));
	int rc = workers ? 0 : -ENOMEM;

	*out = workers;
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		workers[i] = worker_new(plan, i, notify);
		if (!workers[i])
			rc = -ENOMEM;
		else
			workers[i]->fast = fast;
	}
	for (uint32_t i = 0; rc == 0 && i < conf->generators; i++) {
		struct engine_worker *w = workers[engine_worker_of(IPM_OUT, plan->generator[i].tunnel, 0, n)];
		w->source[w->sources++].g = &generators[i];
	}
	if (rc < 0)
		snprintf(err->text, sizeof(err->text), "%s", strerror(-rc));
	for (uint32_t i = 0; rc == 0 && i < conf->endpoints; i++) {
		char text[INET6_ADDRSTRLEN];
		const struct conf_endpoint *e = &conf->endpoint[i];
		rc = endpoint_open(workers, n, &plan->endpoint[i], i);
		inet_ntop(e->address.len == 4 ? AF_INET : AF_INET6, e->address.bytes, text, sizeof(text));
		if (rc < 0)
			snprintf(err->text, sizeof(err->text), "endpoint '%s': %s port %u: %s", e->name, text, e->port,
				 strerror(-rc));
	}
	return rc;
}

int
engine_workers_start(struct engine_worker **workers, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		int rc = pthread_create(&workers[i]->thread, NULL, worker_main, workers[i]);
		if (rc != 0)
			return -rc;
		workers[i]->runs = true;
		while (sem_wait(&workers[i]->joined) < 0 && errno == EINTR)
			;
		if (workers[i]->lane < 0)
			return workers[i]->lane;
	}
	return 0;
}

static void
worker_stop(struct engine_worker *w)
{
	uint64_t one = 1;
	if (!w->runs)
		return;
	pthread_mutex_lock(&w->lock);
	w->quit = true;
	pthread_mutex_unlock(&w->lock);
	ssize_t sent = write(w->wake, &one, sizeof(one));
	(void)sent;
	pthread_join(w->thread, NULL);
	w->runs = false;
}

void
engine_workers_close(struct engine_worker **workers, uint32_t n)
{
	for (uint32_t i = 0; workers && i < n; i++)
		if (workers[i])
			worker_stop(workers[i]);
	for (uint32_t i = 0; workers && i < n; i++)
		if (workers[i])
			worker_free(workers[i]);
	free(workers);
}
