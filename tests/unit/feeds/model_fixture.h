/* SPDX-License-Identifier: ISC */
/*
 * A gateway whose feed gets SAs as structs: its writer, its segment as a reader maps it, rules that always hold, and
 * common expectations.
 *
 * A file that includes this defines INDEXES, the most indexes that its tests use, and the functions that open and close
 * the writer together with its models.
 */
#ifndef MODEL_FIXTURE_H
#define MODEL_FIXTURE_H

#include <inttypes.h>
#include <string.h>

#include "ipm_segment.h"
#include "ipm_writer.h"
#include "laws.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OCTETS       100 /* in every packet of these tests */
#define HOLD_NS      30000000000ull

static char path[SCRATCH_PATH];
static struct ipm_writer_options opt;
static struct ipm_writer *writer;
static struct ipm_segment *seg; /* as a reader maps it */
static uint64_t hold_until;
static bool at_random; /* too many steps to check each one */
static struct laws laws = { .unbroken = true };

static struct seen {
	uint64_t in, out, in_pkts, out_pkts, refreshes;
} seen[INDEXES], seen_total;

/* --- a gateway ------------------------------------------------------------ */

static void writer_opens(void);
static void writer_closes(void);

/* The common part of each writer_opens(). Returns the slot of the feed. */
static inline uint32_t
writer_opens_for(const char *feed_name)
{
	struct ipm_error err;
	int rc = ipm_writer_open(&writer, &opt, &err);
	ck_assert_msg(rc == 0 && err.text[0] == '\0', "%d: %s", rc, err.text);
	int slot = ipm_feed_open(writer, feed_name);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

/* Assert that all laws of laws.h hold now. */
static inline void
expect_laws(void)
{
	ipm_writer_commit(writer);
	const char *broken = laws_broken(&laws, seg);
	if (broken)
		ck_abort_msg("%s", broken);
}

/* Forget the gateway of an earlier test: tests may share a process (CK_FORK=no). */
static inline void
gateway_begins(struct ipm_capacity capacity)
{
	struct ipm_error err;
	memset(seen, 0, sizeof(seen));
	laws_forget(&laws);
	seen_total = (struct seen){ 0 };
	at_random = false;
	hold_until = 0;
	path_in_scratch(path);
	capacity.feeds = 2;
	capacity.events = 4096;
	capacity.history = capacity.failures = 4096;
	opt = (struct ipm_writer_options){ .path = path, .name = "gw", .mode = 0600, .capacity = capacity };
	writer_opens();
	int rc = ipm_segment_attach(&seg, path, &err);
	ck_assert_msg(rc == 0, "%d: %s", rc, err.text);
}

static inline void
gateway_ends(void)
{
	expect_laws();
	ipm_segment_close(seg);
	writer_closes();
	seg = NULL;
}

static inline uint32_t
rows(enum ipm_section_kind kind)
{
	uint64_t room[4096 / 8];
	uint32_t n = 0;
	ck_assert_uint_le(ipm_record_size(kind), sizeof(room));
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, kind); slot++)
		n += ipm_read(seg, kind, slot, room) == 0;
	return n;
}

static inline struct ipm_totals
totals(void)
{
	struct ipm_totals t;
	expect_laws();
	ck_assert_int_eq(ipm_totals_read(seg, &t), 0);
	return t;
}

/* --- what holds after every step ------------------------------------------ */

static inline void
never_back(struct seen *before, struct seen now, const char *what, uint32_t index)
{
	ck_assert_msg(now.in >= before->in && now.out >= before->out && now.in_pkts >= before->in_pkts &&
			      now.out_pkts >= before->out_pkts && now.refreshes >= before->refreshes,
		      "%s %u: a counter went back: in %" PRIu64 " after %" PRIu64 ", out %" PRIu64 " after %" PRIu64,
		      what, index, now.in, before->in, now.out, before->out);
	*before = now;
}

static inline void
tunnel_never_back(const struct ipm_tunnel *t)
{
	ck_assert_uint_lt(t->index, INDEXES);
	never_back(&seen[t->index], (struct seen){ t->in.octets, t->out.octets, t->in.pkts, t->out.pkts, t->refreshes },
		   "tunnel", t->index);
}

static inline void
totals_never_back(const struct ipm_totals *sum)
{
	never_back(&seen_total, (struct seen){ sum->in.octets, sum->out.octets, sum->in.pkts, sum->out.pkts, 0 },
		   "gateway", 0);
}

/* All tunnels, their sums and their SAs. @p each: what else holds for a tunnel of this feed. */
static inline void
tunnels_are_true(void (*each)(uint32_t slot, const struct ipm_tunnel *t))
{
	struct ipm_totals sum = totals();
	struct ipm_walk walk;
	struct ipm_tunnel t;
	uint32_t up = 0, sas = 0;

	ipm_walk_all(&walk, seg, IPM_TUNNELS);
	while (ipm_walk_next(&walk, &t) > 0) {
		tunnel_never_back(&t);
		up += t.state == IPM_TUNNEL_UP;
		sas += t.sas;
		ck_assert(t.local.len && t.remote.len);
		each(walk.slot, &t);
	}
	ck_assert_uint_eq(sum.tunnels_active, up);
	ck_assert_uint_eq(sas, rows(IPM_SAS));
	totals_never_back(&sum);
}

/* --- addresses ------------------------------------------------------------ */

/* We are 192.0.2.1; peers are 192.0.2.2 and up. */
#define HERE       ip4(192, 0, 2, 1)
#define PEER(last) ip4(192, 0, 2, last)

static inline struct ipm_addr
ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct ipm_addr){ .len = 4, .bytes = { a, b, c, d } };
}

static inline struct ipm_sel_side
subnet(uint8_t a, uint8_t b, uint8_t c)
{
	return (struct ipm_sel_side){ .type = IPM_SEL_SUBNET,
				      .prefix = 24,
				      .port_last = 65535,
				      .first = ip4(a, b, c, 0),
				      .last = ip4(a, b, c, 255) };
}

/* --- what is expected ----------------------------------------------------- */

/* Count the tunnels in this state, with this name unless it is NULL, and return the last of them. */
static inline uint32_t
tunnels_in(enum ipm_tunnel_state state, const char *name, struct ipm_tunnel *last)
{
	uint32_t n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel t;
		if (ipm_tunnel_read(seg, slot, &t) == 0 && t.state == state && (!name || strcmp(t.name, name) == 0)) {
			n++;
			*last = t;
		}
	}
	return n;
}

static inline void
expect_tunnels(uint32_t n)
{
	struct ipm_tunnel t;
	ck_assert_uint_eq(tunnels_in(IPM_TUNNEL_UP, NULL, &t), n);
}

static inline void
expect_held(uint32_t n)
{
	struct ipm_tunnel t;
	ck_assert_uint_eq(tunnels_in(IPM_TUNNEL_HELD, NULL, &t), n);
}

/* Assert that a tunnel has counted this many packets, of OCTETS each. */
static inline void
expect_carried(struct ipm_tunnel t, uint64_t in_pkts, uint64_t out_pkts)
{
	ck_assert_uint_eq(t.in.pkts, in_pkts);
	ck_assert_uint_eq(t.out.pkts, out_pkts);
	ck_assert_uint_eq(t.in.octets, in_pkts * OCTETS);
	ck_assert_uint_eq(t.out.octets, out_pkts * OCTETS);
}

/* Assert that it is still the same tunnel: it has this index, and was refreshed this often. */
static inline void
expect_same(struct ipm_tunnel now, struct ipm_tunnel before, uint32_t refreshes)
{
	ck_assert_uint_eq(now.index, before.index);
	ck_assert_uint_eq(now.refreshes, refreshes);
}

/* The index of the tunnel that an event is about. */
static inline uint32_t
event_tunnel(const struct ipm_event *e)
{
	struct ipm_tunnel_history was;
	if (e->kind == IPM_EVENT_TUNNEL_START)
		return e->index;
	if (e->kind == IPM_EVENT_TUNNEL_STOP && ipm_tunnel_history_read(seg, e->slot, &was) == 0 &&
	    was.index == e->index)
		return was.tunnel.index;
	return 0;
}

static inline uint32_t
events(enum ipm_event_kind kind, uint32_t tunnel_index, enum ipm_reason *reason)
{
	struct ipm_event e = { 0 };
	uint32_t n = 0;
	while (ipm_event_next(seg, e.serial, &e) == 0)
		if (e.kind == kind && (tunnel_index == 0 || event_tunnel(&e) == tunnel_index)) {
			n++;
			*reason = e.reason;
		}
	return n;
}

static inline void
expect_events(enum ipm_event_kind kind, uint32_t n)
{
	enum ipm_reason reason;
	ck_assert_uint_eq(events(kind, 0, &reason), n);
}

static inline void
expect_stopped(struct ipm_tunnel t, enum ipm_reason why)
{
	enum ipm_reason reason = IPM_REASON_UNKNOWN;
	ck_assert_uint_eq(events(IPM_EVENT_TUNNEL_STOP, t.index, &reason), 1);
	ck_assert_uint_eq(reason, why);
}

#endif
