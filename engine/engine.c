/* SPDX-License-Identifier: ISC */
#include "engine.h"

#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "units.h"

#define SEQ_LAST  UINT32_MAX
#define SEQ_SPARE (1u << 20) /* the next key takes over this many numbers before the last one */
#define KILOBYTE  1024ull

/* The drop reasons this feed reports. An SA counts those of ESP_DROPS() and of its worker. */
#define BOTH_WAYS (IPM_DROPPED(MALFORMED) | IPM_DROPPED(EXPIRED) | IPM_DROPPED(CAPACITY) | IPM_DROPPED(OTHER))
#define OPENED                                                                                            \
	(BOTH_WAYS | IPM_DROPPED(REPLAY) | IPM_DROPPED(WINDOW) | IPM_DROPPED(AUTH) | IPM_DROPPED(CRYPT) | \
	 IPM_DROPPED(POLICY))
#define SEALED (BOTH_WAYS | IPM_DROPPED(SEQUENCE))
#define DROPS                                                                                             \
	(IPM_SA_DROPS(IPM_IN, OPENED) | IPM_SA_DROPS(IPM_OUT, SEALED) |                                   \
	 IPM_GATEWAY_DROPS(IPM_IN, IPM_DROPPED(MALFORMED) | IPM_DROPPED(NO_SA) | IPM_DROPPED(CAPACITY)) | \
	 IPM_GATEWAY_DROPS(IPM_OUT, IPM_DROPPED(NOT_UP)))

/* --- records of a tunnel ------------------------------------------------------------------------------------------ */

static enum ipm_encap
encap_of(const struct conf_tunnel *t)
{
	return t->mode == ENGINE_TRANSPORT ? IPM_ENCAP_TRANSPORT : IPM_ENCAP_TUNNEL;
}

static const struct conf_endpoint *
endpoint_of(const struct engine *e, const struct plan_tunnel *plan)
{
	return &e->conf->endpoint[plan->endpoint];
}

static struct ipm_tunnel
tunnel_record(const struct engine *e, uint32_t at)
{
	const struct plan_tunnel *plan = &e->plan.tunnel[at];
	const struct conf_tunnel *t = plan->conf;
	struct ipm_tunnel r = { .state = IPM_TUNNEL_UP,
				.encap = (uint8_t)encap_of(t),
				.key_type = IPM_KEY_MANUAL,
				.protocol = IPPROTO_ESP,
				.udp_encap = 1,
				.feed = e->feed,
				.local = endpoint_of(e, plan)->address,
				.remote = t->peer,
				.in_sa = plan->proposal,
				.out_sa = plan->proposal,
				.installed_ns = ipm_now_ns(),
				.soft_ns = t->soft_seconds * NS_PER_SECOND,
				.hard_ns = t->hard_seconds * NS_PER_SECOND,
				.soft_octets = t->soft_kilobytes * KILOBYTE,
				.hard_octets = t->hard_kilobytes * KILOBYTE,
				.soft_pkts = t->soft_packets,
				.hard_pkts = t->hard_packets };
	snprintf(r.conn, sizeof(r.conn), "%s", t->endpoint);
	snprintf(r.name, sizeof(r.name), "%s", t->name);
	return r;
}

static void
selectors_put(struct engine *e, uint32_t at)
{
	const struct plan_tunnel *plan = &e->plan.tunnel[at];
	struct ipm_selector sel[PLAN_SIDES * PLAN_SIDES] = { 0 };
	struct ipm_access access[PLAN_SIDES * PLAN_SIDES] = { 0 };
	uint32_t n = 0;

	for (uint32_t l = 0; l < plan->locals; l++)
		for (uint32_t r = 0; r < plan->remotes; r++) {
			if (plan->local[l].first.len != plan->remote[r].first.len)
				continue;
			access[n].local = sel[n].local = plan->local[l];
			access[n].remote = sel[n].remote = plan->remote[r];
			n++;
		}
	if (ipm_tunnel_select(e->writer, (uint32_t)e->tunnel[at].slot, sel, n) < 0 ||
	    ipm_map_permit(e->writer, e->tunnel[at].map, access, n) < 0)
		log_warn("tunnel '%s': not all of its subnets have room in the segment", plan->conf->name);
}

/* An endpoint has one crypto map. Each tunnel of the endpoint is an entry of this map. */
static int
map_put(struct engine *e, uint32_t at, uint32_t seq)
{
	const struct plan_tunnel *plan = &e->plan.tunnel[at];
	const struct ipm_interface *interface = &e->interface[plan->endpoint];
	struct ipm_tunnel t = tunnel_record(e, at);
	struct ipm_map_entry map = { .feed = e->feed,
				     .seq = seq,
				     .kind = IPM_MAP_STATIC,
				     .key_type = t.key_type,
				     .protocol = t.protocol,
				     .encap = t.encap,
				     .pfs = IPM_PFS_NO,
				     .ifindex = interface->ifindex,
				     .local = t.local,
				     .peers = 1,
				     .peer = { t.remote },
				     .soft_ns = t.soft_ns,
				     .hard_ns = t.hard_ns,
				     .soft_octets = t.soft_octets,
				     .hard_octets = t.hard_octets,
				     .soft_pkts = t.soft_pkts,
				     .hard_pkts = t.hard_pkts,
				     .transforms = 1,
				     .transform = { { .protocol = IPPROTO_ESP, .proposal = plan->proposal } } };
	memcpy(map.ifname, interface->name, sizeof(map.ifname));
	memcpy(map.name, t.conn, sizeof(map.name));
	memcpy(map.child, t.name, sizeof(map.child));
	return ipm_map_open(e->writer, &map);
}

/* --- SAs ---------------------------------------------------------------------------------------------------------- */

static struct engine_worker *
worker_of(const struct engine *e, const struct engine_sa *sa)
{
	return e->workers[engine_worker_of(sa->direction, sa->tunnel_at, sa->spi, e->conf->engine.workers)];
}

static int
esp_make(const struct engine *e, struct engine_sa *sa, const struct ipm_sa *record, struct engine_key *key)
{
	const struct plan_tunnel *plan = sa->tunnel;
	struct esp_conf conf = { .direction = sa->direction,
				 .mode = encap_of(plan->conf),
				 .spi = sa->spi,
				 .proposal = plan->proposal,
				 .encr_key = key->octets,
				 .encr_key_len = plan->encr_len,
				 .integ_key = key->octets + plan->encr_len,
				 .integ_key_len = key->len - plan->encr_len,
				 .replay_window = record->replay_window,
				 .soft = { record->soft_octets, record->soft_pkts, record->soft_ns },
				 .hard = { record->hard_octets, record->hard_pkts, record->hard_ns },
				 .installed_ns = record->installed_ns,
				 .seq = record->seq,
				 .lane = ipm_sa_lane(e->writer, sa->slot, engine_worker_lane(worker_of(e, sa))) };

	sa->lane = conf.lane;
	if (sa->direction == IPM_IN) /* an inbound lifetime starts with the first packet: see inbound_tick() */
		conf.soft.ns = conf.hard.ns = 0;
	else if (!plan->proposal.esn && conf.soft.pkts == 0) /* replace the SA before its sequence numbers run out */
		conf.soft.pkts = SEQ_LAST - conf.seq > SEQ_SPARE ? SEQ_LAST - SEQ_SPARE - conf.seq : 1;
	int rc = esp_sa_new(&conf, &sa->esp);
	engine_key_wipe(key);
	return rc;
}

static void
tunnel_failed(struct engine *e, uint32_t at, const char *why)
{
	const struct plan_tunnel *plan = &e->plan.tunnel[at];
	struct ipm_failure failure = {
		.reason = IPM_FAIL_LOCAL, .local = endpoint_of(e, plan)->address, .remote = plan->conf->peer, .setup = 1
	};
	log_error("tunnel '%s': %s", plan->conf->name, why);
	snprintf(failure.conn, sizeof(failure.conn), "%s", plan->conf->endpoint);
	snprintf(failure.text, sizeof(failure.text), "%s", why);
	ipm_fail(e->writer, IPM_TUNNEL_FAILURES, &failure);
}

static void
sa_lost(struct engine *e, uint32_t at, const char *why)
{
	char text[IPM_TEXT_MAX];
	snprintf(text, sizeof(text), "an SA could not be made: %s", why);
	tunnel_failed(e, at, text);
}

static struct ipm_sa
sa_record(const struct engine *e, const struct plan_tunnel *plan, enum ipm_direction direction,
	  const struct engine_key *key)
{
	const struct conf_tunnel *c = plan->conf;
	return (struct ipm_sa){ .spi = key->spi,
				.direction = (uint8_t)direction,
				.protocol = IPPROTO_ESP,
				.state = IPM_SA_ACTIVE,
				.replay_window = direction == IPM_IN ? c->replay_window : 0,
				.engine = e->row + 1,
				.seq = key->seq,
				.proposal = plan->proposal,
				.installed_ns = ipm_now_ns(),
				.soft_ns = c->soft_seconds * NS_PER_SECOND,
				.hard_ns = c->hard_seconds * NS_PER_SECOND,
				.soft_octets = c->soft_kilobytes * KILOBYTE,
				.hard_octets = c->hard_kilobytes * KILOBYTE,
				.soft_pkts = c->soft_packets,
				.hard_pkts = c->hard_packets };
}

/* Install the next SA of a direction: write its record, load its keys, give it to its worker. NULL on failure. */
static struct engine_sa *
sa_install(struct engine *e, uint32_t at, enum ipm_direction direction)
{
	struct engine_tunnel *t = &e->tunnel[at];
	struct plan_tunnel *plan = &e->plan.tunnel[at];
	struct engine_sa **list = direction == IPM_IN ? &t->in : &t->out;
	uint32_t number = direction == IPM_IN ? t->next_in++ : t->next_out++;
	struct engine_key *key = direction == IPM_IN ? &plan->keys.in[number] : &plan->keys.out[number];
	struct engine_sa *sa = calloc(1, sizeof(*sa));
	struct ipm_sa record = sa_record(e, plan, direction, key);
	int slot = sa ? ipm_sa_start(e->writer, (uint32_t)t->slot, &record) : -ENOMEM;

	if (slot < 0) {
		sa_lost(e, at, slot == -ENOSPC ? "the segment is full" : strerror(-slot));
		free(sa);
		return NULL;
	}
	sa->tunnel = plan;
	sa->tunnel_at = at;
	sa->spi = key->spi;
	sa->slot = (uint32_t)slot;
	sa->number = number;
	sa->direction = direction;
	int rc = esp_make(e, sa, &record, key);
	if (rc == 0)
		rc = engine_worker_give(worker_of(e, sa), sa);
	if (rc < 0) {
		sa_lost(e, at, rc == -ENOTSUP ? "OpenSSL does not have the suite" : strerror(-rc));
		ipm_sa_stop(e->writer, sa->slot);
		esp_sa_free(sa->esp);
		free(sa);
		return NULL;
	}
	sa->sibling = *list;
	*list = sa;
	return sa;
}

static void
sa_leave(struct engine *e, struct engine_sa *sa)
{
	if (!sa->leaving)
		sa->leaving = engine_worker_take(worker_of(e, sa), sa) == 0;
}

/* Find the SA in its tunnel's list. */
static struct engine_sa **
sa_place(const struct engine *e, const struct engine_sa *sa)
{
	struct engine_tunnel *t = &e->tunnel[sa->tunnel_at];
	struct engine_sa **at = sa->direction == IPM_IN ? &t->in : &t->out;

	while (*at != sa)
		at = &(*at)->sibling;
	return at;
}

static void
sa_free(struct engine_sa **at)
{
	struct engine_sa *sa = *at;

	*at = sa->sibling;
	esp_sa_free(sa->esp);
	free(sa);
}

/* End and free an SA that no worker holds any more. */
static void
sa_gone(struct engine *e, struct engine_sa **at)
{
	ipm_sa_stop(e->writer, (*at)->slot);
	sa_free(at);
}

/* --- tunnels ------------------------------------------------------------------------------------------------------ */

static void
outbound_tick(struct engine *e, uint32_t at)
{
	struct engine_tunnel *t = &e->tunnel[at];
	const struct plan_tunnel *plan = &e->plan.tunnel[at];
	struct engine_sa *sa = t->out;
	enum esp_life life = sa ? atomic_load_explicit(&sa->life, memory_order_acquire) : ESP_LIFE_HARD;

	if (t->over || life == ESP_LIFE_FRESH)
		return;
	if (t->next_out < plan->keys.outs) {
		uint32_t before = sa ? sa->spi : 0; /* the worker returns the old SA by itself */
		sa = sa_install(e, at, IPM_OUT);
		t->over = !sa;
		if (!sa)
			return;
		ipm_tunnel_refresh(e->writer, (uint32_t)t->slot);
		log_info("tunnel '%s': SPI 0x%x replaces 0x%x", plan->conf->name, sa->spi, before);
	} else if (life == ESP_LIFE_HARD) {
		t->over = true;
		log_warn("tunnel '%s': its last key is used up", plan->conf->name);
		if (sa)
			sa_leave(e, sa);
	}
}

static void
inbound_tick(struct engine *e, uint32_t at, uint64_t now_ns)
{
	struct engine_tunnel *t = &e->tunnel[at];
	const struct plan_tunnel *plan = &e->plan.tunnel[at];
	uint64_t overlap_ns = plan->conf->overlap * NS_PER_SECOND, hard_ns = plan->conf->hard_seconds * NS_PER_SECOND;

	for (struct engine_sa *sa = t->in; sa; sa = sa->sibling) {
		bool used = atomic_load_explicit(&sa->used, memory_order_acquire);
		if (used && sa->first_ns == 0) {
			sa->first_ns = now_ns;
			if (hard_ns)
				sa->retire_ns = now_ns + hard_ns;
			if (sa->number > t->current_in)
				t->current_in = sa->number;
		}
		uint64_t old_ns = now_ns + overlap_ns;
		if ((sa->number < t->current_in || t->over) && (sa->retire_ns == 0 || sa->retire_ns > old_ns))
			sa->retire_ns = old_ns;
		if ((sa->retire_ns && now_ns >= sa->retire_ns) ||
		    atomic_load_explicit(&sa->life, memory_order_acquire) == ESP_LIFE_HARD)
			sa_leave(e, sa);
	}
	while (!t->over && t->next_in < plan->keys.ins && t->next_in <= t->current_in + 1)
		if (!sa_install(e, at, IPM_IN))
			t->next_in = plan->keys.ins; /* stop installing */
}

static void
tunnel_tick(struct engine *e, uint32_t at, uint64_t now_ns)
{
	struct engine_tunnel *t = &e->tunnel[at];

	if (t->slot < 0)
		return;
	inbound_tick(e, at, now_ns); /* inbound first: the peer may answer at once */
	outbound_tick(e, at);
	if (t->over && !t->in && !t->out) {
		ipm_tunnel_stop(e->writer, (uint32_t)t->slot, IPM_REASON_NORMAL);
		t->slot = -1;
	}
}

/* --- start -------------------------------------------------------------------------------------------------------- */

/*
 * Did an earlier run have an SA with this key? Then this call also copies its sequence number into the key. If a run
 * was killed while it took over the SA, two records exist and the highest number counts.
 */
static bool
key_used(const struct engine *e, uint32_t at, enum ipm_direction direction, struct engine_key *key)
{
	bool used = false;

	for (int slot = -1; (slot = ipm_sa_named(e->writer, IPPROTO_ESP, key->spi, slot)) >= 0;) {
		struct ipm_sa sa;
		if (ipm_sa_read(ipm_writer_segment(e->writer), (uint32_t)slot, &sa) < 0 ||
		    sa.tunnel_slot != (uint32_t)e->tunnel[at].slot || sa.direction != direction)
			continue;
		if (key->seq < sa.seq)
			key->seq = sa.seq;
		used = true;
	}
	return used;
}

/*
 * Continue with the keys and sequence numbers of an earlier run. No number is sent again, and no number that may have
 * arrived is accepted again: workers write a number to the segment before they use it, see ipm_lane_seq(). False if a
 * direction has no SA left: all of its keys may have been used.
 */
static bool
tunnel_resume(struct engine *e, uint32_t at)
{
	struct engine_tunnel *t = &e->tunnel[at];
	struct plan_tunnel *plan = &e->plan.tunnel[at];
	bool found = false;

	for (uint32_t i = plan->keys.outs; i-- > 0 && !found;) {
		found = key_used(e, at, IPM_OUT, &plan->keys.out[i]);
		if (found)
			t->next_out = i;
	}
	/* Continue with the oldest key. The peer may have used newer ones as well. SAs before a gap have ended. */
	for (uint32_t i = plan->keys.ins; i-- > 0;) {
		if (key_used(e, at, IPM_IN, &plan->keys.in[i])) {
			t->known_in = t->known_in ? t->known_in : i + 1;
			t->next_in = t->current_in = i;
		} else if (t->known_in) {
			break;
		}
	}
	for (uint32_t i = 0; i < t->next_in; i++)
		engine_key_wipe(&plan->keys.in[i]);
	for (uint32_t i = 0; i < t->next_out; i++)
		engine_key_wipe(&plan->keys.out[i]);
	return found && t->known_in;
}

/* Keep the tunnel down. It needs new keys, and the operator gives them after stopping the engine. */
static void
tunnel_refuse(struct engine *e, uint32_t at)
{
	struct engine_tunnel *t = &e->tunnel[at];

	if (t->slot >= 0)
		ipm_tunnel_stop(e->writer, (uint32_t)t->slot, IPM_REASON_LOCAL_FAILURE);
	t->slot = -1;
	tunnel_failed(e, at,
		      "the earlier run was killed and may have used all keys: stop, give new keys to both ends, start");
}

static int
tunnel_begin(struct engine *e, uint32_t at)
{
	struct engine_tunnel *t = &e->tunnel[at];
	struct ipm_tunnel record = tunnel_record(e, at);
	const struct ipm_map_entry *map = ipm_map_peek(e->writer, t->map);
	bool was_up = e->killed && map->ups > 0;
	uint32_t old = 0; /* slot + 1 of the newest SA of the earlier run */

	t->slot = (int)map->tunnel_head - 1; /* set by an earlier run */
	if (was_up && (t->slot < 0 || !tunnel_resume(e, at))) {
		tunnel_refuse(e, at);
		return 0;
	}
	if (t->slot >= 0) {
		old = ipm_tunnel_peek(e->writer, (uint32_t)t->slot)->sa_head;
		record.created_ns = ipm_tunnel_peek(e->writer, (uint32_t)t->slot)->created_ns;
		ipm_tunnel_put(e->writer, (uint32_t)t->slot, &record);
	} else {
		t->slot = ipm_tunnel_start(e->writer, &record);
	}
	if (t->slot < 0)
		return t->slot;
	selectors_put(e, at);
	bool made = sa_install(e, at, IPM_IN) && sa_install(e, at, IPM_OUT);
	while (made && t->next_in < t->known_in)
		made = sa_install(e, at, IPM_IN);
	/* Stop the old SAs last: wherever a run is killed, each used key still has an SA. */
	while (made && old) {
		uint32_t slot = old - 1;
		old = ipm_sa_peek(e->writer, slot)->next;
		ipm_sa_stop(e->writer, slot);
	}
	return made ? 0 : -EINVAL;
}

/* Remove entries and tunnels of an earlier run that this configuration does not have. */
static int
forget_others(struct engine *e)
{
	const struct ipm_segment *seg = ipm_writer_segment(e->writer);
	uint32_t used = ipm_segment_used(seg, IPM_MAPS);
	bool *ours = calloc(used + 1, sizeof(*ours));

	if (!ours)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->conf->tunnels; i++)
		ours[e->tunnel[i].map] = true;
	for (uint32_t slot = 0; slot < used; slot++) {
		const struct ipm_map_entry *map = ipm_map_peek(e->writer, slot);
		if (map->index && map->state != IPM_MAP_REMOVED && !ours[slot])
			ipm_map_remove(e->writer, slot);
	}
	free(ours);
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
		if (ipm_tunnel_peek(e->writer, slot)->index && !ipm_tunnel_peek(e->writer, slot)->map)
			ipm_tunnel_stop(e->writer, slot, IPM_REASON_OPERATOR);
	return 0;
}

static bool
has_address(const struct ifaddrs *i, const struct ipm_addr *addr)
{
	const uint8_t *own, *mask;

	if (!i->ifa_addr || !i->ifa_netmask || i->ifa_addr->sa_family != (addr->len == 4 ? AF_INET : AF_INET6))
		return false;
	if (addr->len == 4) {
		own = (const uint8_t *)&((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
		mask = (const uint8_t *)&((const struct sockaddr_in *)(const void *)i->ifa_netmask)->sin_addr;
	} else {
		own = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
		mask = (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)i->ifa_netmask)->sin6_addr;
	}
	if (!(i->ifa_flags & IFF_LOOPBACK)) /* a loopback interface owns every address of its network */
		return memcmp(own, addr->bytes, addr->len) == 0;
	for (int n = 0; n < addr->len; n++)
		if ((own[n] ^ addr->bytes[n]) & mask[n])
			return false;
	return true;
}

static void
interfaces_begin(struct engine *e)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) < 0)
		log_warn("interfaces: %s", strerror(errno));
	for (uint32_t n = 0; n < e->conf->endpoints; n++) {
		e->interface[n] = (struct ipm_interface){ .feed = e->feed, .addr = e->conf->endpoint[n].address };
		for (const struct ifaddrs *i = all; i; i = i->ifa_next)
			if (has_address(i, &e->conf->endpoint[n].address)) {
				e->interface[n].ifindex = if_nametoindex(i->ifa_name);
				snprintf(e->interface[n].name, sizeof(e->interface[n].name), "%s", i->ifa_name);
			}
		ipm_interface_open(e->writer, &e->interface[n]);
	}
	freeifaddrs(all);
}

static int
records_begin(struct engine *e, const char *source)
{
	struct ipm_engine row = { .kind = IPM_ENGINE_SOFTWARE, .name = "ipsecmon-engine" };
	int feed = ipm_feed_open(e->writer, "engine");
	if (feed < 0)
		return feed;
	struct ipm_feed record = *ipm_feed_peek(e->writer, (uint32_t)feed);
	e->killed = record.state == IPM_FEED_UP; /* a clean stop changes the state: see engine_end() */
	record.state = IPM_FEED_UP;
	record.since_ns = record.updated_ns = ipm_now_ns();
	record.interval_ns = NS_PER_SECOND;
	record.caps =
		IPM_CAP_TUNNELS | IPM_CAP_TUNNEL_COUNTERS | IPM_CAP_SELECTORS | IPM_CAP_CONFIGURATION | IPM_CAP_ENGINES;
	record.drops = DROPS;
	record.connects++;
	snprintf(record.source, sizeof(record.source), "%s", source);
	snprintf(record.detail, sizeof(record.detail), "%s", OpenSSL_version(OPENSSL_VERSION));
	ipm_feed_put(e->writer, (uint32_t)feed, &record);
	e->feed = row.feed = (uint32_t)feed;
	snprintf(row.version, sizeof(row.version), "%s", record.detail);
	int slot = ipm_engine_open(e->writer, &row);
	if (slot < 0)
		return slot;
	e->row = (uint32_t)slot;
	return 0;
}

int
engine_begin(struct engine *e, const char *source)
{
	uint32_t *seq = calloc(e->conf->endpoints + 1, sizeof(*seq));
	int rc = seq ? records_begin(e, source) : -ENOMEM;

	for (uint32_t i = 0; i < e->conf->tunnels; i++)
		e->tunnel[i].slot = -1;
	e->begun = rc == 0 && !e->killed;
	if (rc == 0)
		interfaces_begin(e);
	for (uint32_t i = 0; rc == 0 && i < e->conf->tunnels; i++) {
		int map = map_put(e, i, seq[e->plan.tunnel[i].endpoint] += 10);
		if (map < 0)
			rc = map;
		else
			e->tunnel[i].map = (uint32_t)map;
	}
	if (rc == 0)
		rc = forget_others(e);
	for (uint32_t i = 0; rc == 0 && i < e->conf->tunnels; i++)
		rc = tunnel_begin(e, i);
	free(seq);
	if (rc == 0) {
		e->begun = true;
		engine_tick(e);
	}
	return rc;
}

/* --- the segment -------------------------------------------------------------------------------------------------- */

static void
sa_publish(struct engine *e, const struct engine_sa *sa)
{
	struct ipm_sa record = *ipm_sa_peek(e->writer, sa->slot);
	if (atomic_load_explicit(&sa->life, memory_order_relaxed) != ESP_LIFE_FRESH || sa->retire_ns)
		record.state = IPM_SA_EXPIRING;
	ipm_sa_put(e->writer, sa->slot, &record);
}

/* Publish the drops that belong to no SA. */
static void
drops_publish(struct engine *e)
{
	for (int why = 0; why < IPM_DROP_COUNT; why++) {
		uint64_t now = 0;
		for (uint32_t i = 0; i < e->conf->engine.workers; i++)
			now += engine_worker_dropped(e->workers[i], (enum ipm_drop)why);
		ipm_dropped(e->writer, IPM_IN, (enum ipm_drop)why, now - e->dropped[why]);
		e->dropped[why] = now;
	}
	for (uint32_t i = 0; i < e->conf->generators; i++) {
		uint64_t now = atomic_load_explicit(&e->generator[i].unsent, memory_order_relaxed);
		if (now == e->unsent[i])
			continue;
		ipm_dropped(e->writer, IPM_OUT, IPM_DROP_NOT_UP, now - e->unsent[i]);
		ipm_interface_dropped(e->writer, &e->interface[e->generator[i].tunnel->endpoint], IPM_DROP_NOT_UP,
				      now - e->unsent[i]);
		e->unsent[i] = now;
	}
}

static void
publish(struct engine *e, uint64_t now_ns)
{
	struct ipm_feed feed = *ipm_feed_peek(e->writer, e->feed);

	for (uint32_t i = 0; i < e->conf->tunnels; i++) {
		for (const struct engine_sa *sa = e->tunnel[i].out; sa; sa = sa->sibling)
			sa_publish(e, sa);
		for (const struct engine_sa *sa = e->tunnel[i].in; sa; sa = sa->sibling)
			sa_publish(e, sa);
	}
	drops_publish(e);
	feed.updated_ns = now_ns;
	ipm_feed_put(e->writer, e->feed, &feed);
	ipm_writer_commit(e->writer);
	place_log_refused(e->writer, &e->refused);
	e->published_ns = now_ns;
}

static void
report(const struct engine_generator *g)
{
	static const char *const text[] = {
#define HARM_TEXT(name, key, words) [HARM_##name] = (words),
		ENGINE_HARMS(HARM_TEXT)
#undef HARM_TEXT
	};
	char line[256];
	int used = snprintf(line, sizeof(line), "%" PRIu64 " packets encrypted", atomic_load(&g->sent));
	for (int i = 0; i < HARM_COUNT; i++)
		if (atomic_load(&g->harmed[i]))
			used += snprintf(line + used, sizeof(line) - (size_t)used, ", %" PRIu64 " %s",
					 atomic_load(&g->harmed[i]), text[i]);
	if (atomic_load(&g->unsent))
		snprintf(line + used, sizeof(line) - (size_t)used, ", %" PRIu64 " with no SA", atomic_load(&g->unsent));
	log_info("generator '%s': %s", g->plan->conf->name, line);
}

void
engine_report(const struct engine *e, bool all)
{
	for (uint32_t i = 0; i < e->conf->generators; i++)
		if (all || !e->reported[i])
			report(&e->generator[i]);
}

void
engine_tick(struct engine *e)
{
	uint64_t now_ns = ipm_now_ns();
	struct engine_sa *sa;

	for (uint32_t i = 0; i < e->conf->engine.workers; i++)
		while ((sa = engine_worker_returned(e->workers[i])))
			sa_gone(e, sa_place(e, sa));
	for (uint32_t i = 0; i < e->conf->tunnels; i++)
		tunnel_tick(e, i, now_ns);
	for (uint32_t i = 0; i < e->conf->generators; i++)
		if (!e->reported[i] && atomic_load_explicit(&e->generator[i].finished, memory_order_acquire)) {
			publish(e, now_ns); /* whoever waits for the end finds all counts */
			report(&e->generator[i]);
			e->reported[i] = true;
		}
	if (now_ns - e->published_ns >= NS_PER_SECOND)
		publish(e, now_ns);
}

void
engine_end(struct engine *e)
{
	if (!e->tunnel || !e->writer)
		return;
	for (uint32_t i = 0; i < e->conf->tunnels; i++) {
		struct engine_tunnel *t = &e->tunnel[i];
		while (t->in)
			e->begun ? sa_gone(e, &t->in) : sa_free(&t->in);
		while (t->out)
			e->begun ? sa_gone(e, &t->out) : sa_free(&t->out);
		if (e->begun && t->slot >= 0)
			ipm_tunnel_stop(e->writer, (uint32_t)t->slot, IPM_REASON_OPERATOR);
		t->slot = -1;
	}
	if (!e->begun)
		return;
	struct ipm_feed feed = *ipm_feed_peek(e->writer, e->feed);
	feed.state = IPM_FEED_DOWN;
	feed.since_ns = ipm_now_ns();
	ipm_feed_put(e->writer, e->feed, &feed);
	ipm_writer_commit(e->writer);
}
