/* SPDX-License-Identifier: ISC */
/*
 * The model of the kernel's SAs: given as structs, read back through the segment.
 *
 * Events come as the kernel sends them: NEWSA when an SA starts, DELSA with its last counts. A dump begins, sends
 * message by message, the newest SA first, and ends. After every step, no counter of any index has gone back, the
 * gauges are right, and the lists of SAs in the segment are consistent.
 */
#ifndef XFRM_MODEL_FIXTURE_H
#define XFRM_MODEL_FIXTURE_H

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INDEXES 32768 /* more than any test uses */
#include "model_fixture.h"
#include "vici_model.h"
#include "xfrm_kernel_fixture.h"

#define FEED_NAME "xfrm"

static struct xfrm_model *model;
static uint32_t feed_slot;
static struct ipm_feed feed;    /* as the feed keeps it */
static struct vici_model *vici; /* NULL: there is no charon */
static uint64_t epoch_s;        /* CLOCK_REALTIME, some time before the test began */

/* --- time passes without waiting for it ---------------------------------- */

static inline void
seconds_pass(unsigned seconds)
{
	skipped_s += seconds;
}

/* --- the host ------------------------------------------------------------ */

/* We are 192.0.2.1, and 192.0.2.101 after moving. Peers are 192.0.2.2 and up. */
#define ELSEWHERE ip4(192, 0, 2, 101)

static inline bool
same_addr(struct ipm_addr a, struct ipm_addr b)
{
	return ipm_addr_same(&a, &b);
}

static inline bool
host_is_local(void *arg, const struct ipm_addr *addr)
{
	(void)arg;
	return same_addr(*addr, HERE) || same_addr(*addr, ELSEWHERE);
}

/* Peers 2 to 9 are behind eth0, 10 to 19 behind eth1; others have no route. */
static inline bool
host_way_to(void *arg, const struct ipm_addr *addr, struct ipm_interface *out)
{
	uint8_t last = addr->bytes[3];
	(void)arg;
	if (last < 2 || last > 19)
		return false;
	*out = (struct ipm_interface){ .ifindex = last < 10 ? 2 : 3, .addr = HERE };
	snprintf(out->name, sizeof(out->name), "%s", last < 10 ? "eth0" : "eth1");
	return true;
}

/* --- the model ----------------------------------------------------------- */

static inline void
model_begins(void)
{
	const struct feed_host host = { .is_local = host_is_local, .way_to = host_way_to };
	model = xfrm_model_new(writer, feed_slot, &host, (struct xfrm_kept *)feed.kept);
	ck_assert_ptr_nonnull(model);
}

static inline void
writer_opens(void)
{
	feed_slot = writer_opens_for(FEED_NAME);
	feed = *ipm_feed_peek(writer, feed_slot);
	model_begins();
}

static inline void
writer_closes(void)
{
	ipm_feed_put(writer, feed_slot, &feed);
	xfrm_model_free(model);
	vici_model_free(vici);
	ipm_writer_close(writer);
	model = NULL;
	vici = NULL;
	writer = NULL;
}

static uint64_t stat_now[XFRM_STAT_COUNT];

static inline void
given_a_gateway_with(struct ipm_capacity capacity)
{
	struct timespec now;
	memset(stat_now, 0, sizeof(stat_now));
	clock_gettime(CLOCK_REALTIME, &now);
	epoch_s = (uint64_t)now.tv_sec - 10000;
	capacity.interfaces = 8;
	gateway_begins(capacity);
}

static inline void
given_a_gateway(void)
{
	given_a_gateway_with((struct ipm_capacity){ .ike_sas = 16, .tunnels = 64, .selectors = 256, .sas = 512 });
}

/* --- what holds after every step ----------------------------------------- */

static uint32_t sas_of_ours; /* in the tunnels that the step below has looked at */

static inline void
tunnel_is_true(uint32_t slot, const struct ipm_tunnel *t)
{
	struct ipm_walk walk;
	struct ipm_sa sa;
	uint32_t n = 0;

	ipm_walk_sas(&walk, seg, t);
	for (; ipm_walk_next(&walk, &sa) > 0; n++)
		ck_assert_uint_eq(sa.tunnel_slot, slot);
	ck_assert_uint_eq(n, t->sas);
	if (t->feed != feed_slot)
		return;
	sas_of_ours += t->sas;
	ck_assert_msg((t->state == IPM_TUNNEL_UP) == (t->sas > 0), "tunnel %u is in state %u with %u SAs", t->index,
		      t->state, t->sas);
	ck_assert_msg(t->state == IPM_TUNNEL_UP || t->claimed, "tunnel %u is held, and nobody claims it", t->index);
}

static inline void
all_is_true(void)
{
	if (at_random)
		return;
	sas_of_ours = 0;
	tunnels_are_true(tunnel_is_true);
	ck_assert_uint_eq(sas_of_ours, xfrm_model_sas(model));
}

/* --- what the kernel says: SAs ------------------------------------------- */

#define SUITE                   \
	((struct ipm_proposal){ \
		.encr = IPM_ENCR_AES_CBC, .encr_bits = 256, .integ = IPM_INTEG_HMAC_SHA2_256_128, .integ_bits = 256 })

/* An ESP SA in tunnel mode from peer 192.0.2.2 to us, with reqid 1 and without traffic. */
static inline struct xfrm_sa
inbound(uint32_t spi)
{
	return (struct xfrm_sa){ .key = { .dst = HERE, .spi = spi, .protocol = IPPROTO_ESP },
				 .src = PEER(2),
				 .encap = IPM_ENCAP_TUNNEL,
				 .reqid = 1,
				 .proposal = SUITE,
				 .replay_window = 32,
				 .added = epoch_s };
}

static inline struct xfrm_sa
outbound(uint32_t spi)
{
	struct xfrm_sa sa = inbound(spi);
	sa.src = HERE;
	sa.key.dst = PEER(2);
	return sa;
}

static inline struct xfrm_sa
of_reqid(struct xfrm_sa sa, uint32_t reqid)
{
	sa.reqid = reqid;
	return sa;
}

static inline struct xfrm_sa
of_if_id(struct xfrm_sa sa, uint32_t if_id)
{
	sa.if_id = if_id;
	return sa;
}

static inline struct xfrm_sa
of_mark(struct xfrm_sa sa, uint32_t mark)
{
	sa.mark = mark;
	sa.mark_mask = 0xffffffff;
	return sa;
}

/* The same with another peer. */
static inline struct xfrm_sa
with_peer(struct xfrm_sa sa, uint8_t last)
{
	*(host_is_local(NULL, &sa.src) ? &sa.key.dst : &sa.src) = PEER(last);
	return sa;
}

/* The same after we have moved. */
static inline struct xfrm_sa
from_elsewhere(struct xfrm_sa sa)
{
	*(host_is_local(NULL, &sa.src) ? &sa.src : &sa.key.dst) = ELSEWHERE;
	return sa;
}

static inline struct xfrm_sa
with_direction(struct xfrm_sa sa, enum ipm_direction direction)
{
	sa.direction = (uint8_t)direction;
	return sa;
}

/* Installed this many seconds after the others. */
static inline struct xfrm_sa
added_later(struct xfrm_sa sa, uint64_t seconds)
{
	sa.added += seconds;
	return sa;
}

/* So many packets so far. */
static inline struct xfrm_sa
with_packets(struct xfrm_sa sa, uint64_t pkts)
{
	sa.pkts = pkts;
	sa.octets = pkts * OCTETS;
	return sa;
}

static inline struct xfrm_sa
as_ah(struct xfrm_sa sa)
{
	sa.key.protocol = IPPROTO_AH;
	sa.proposal = (struct ipm_proposal){ .integ = IPM_INTEG_HMAC_SHA2_384_192, .integ_bits = 384 };
	return sa;
}

/* IPComp: @p octets before compression. */
static inline struct xfrm_sa
as_comp(struct xfrm_sa sa, uint64_t pkts, uint64_t octets)
{
	sa.key.protocol = IPPROTO_COMP;
	sa.proposal = (struct ipm_proposal){ 0 };
	sa.pkts = pkts;
	sa.octets = octets;
	return sa;
}

static inline struct ipm_sel_side
single_host(struct ipm_addr addr)
{
	return (struct ipm_sel_side){ .type = IPM_SEL_SINGLE, .port_last = 65535, .first = addr, .last = addr };
}

/* With a selector of its own: between our 10.1.n.0/24 and the peer's 10.2.n.0/24. */
static inline struct xfrm_sa
of_net(struct xfrm_sa sa, uint8_t n)
{
	bool outbound = host_is_local(NULL, &sa.src);
	sa.has_sel = true;
	sa.src_sel = subnet(10, outbound ? 1 : 2, n);
	sa.dst_sel = subnet(10, outbound ? 2 : 1, n);
	return sa;
}

/* The first kind of message with an SA. */
static inline void
tell_sa(enum xfrm_kind kind, struct xfrm_sa sa, bool hard, bool is_dumped)
{
	struct xfrm_msg msg = { .kind = kind, .hard = hard, .has_sa = kind == XFRM_SA_GONE };
	msg.sa = sa;
	xfrm_model_message(model, &msg, is_dumped);
	if (!is_dumped)
		xfrm_model_settle(model);
	all_is_true();
}

static inline void
sa_appears(struct xfrm_sa sa)
{
	tell_sa(XFRM_SA_THERE, sa, false, false);
}

static inline void
sa_in_dump(struct xfrm_sa sa)
{
	tell_sa(XFRM_SA_THERE, sa, false, true);
}

static inline void
sa_deleted(struct xfrm_sa sa)
{
	tell_sa(XFRM_SA_GONE, sa, false, false);
}

static inline void
sa_expires_soft(struct xfrm_sa sa)
{
	sa.proposal = (struct ipm_proposal){ 0 };
	tell_sa(XFRM_SA_EXPIRED, sa, false, false);
}

/* An IKE daemon updates an existing SA: the kernel reports it with the present time as the time when it was added. */
static inline void
sa_updated(struct xfrm_sa sa)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	sa.added = (uint64_t)now.tv_sec;
	tell_sa(XFRM_SA_UPDATED, sa, false, false);
}

static inline void
sa_expires_hard(struct xfrm_sa sa)
{
	sa.proposal = (struct ipm_proposal){ 0 };
	tell_sa(XFRM_SA_EXPIRED, sa, true, false);
}

static inline void
sas_flushed(uint8_t protocol)
{
	tell_sa(XFRM_SAS_FLUSHED, (struct xfrm_sa){ .key.protocol = protocol }, false, false);
}

static inline void
acquire_for(uint8_t peer)
{
	tell_sa(XFRM_ACQUIRED, with_peer(outbound(0), peer), false, false);
}

static inline struct xfrm_sa
larval_sa(struct xfrm_sa sa)
{
	sa.larval = true;
	sa.proposal = (struct ipm_proposal){ 0 };
	return sa;
}

/* A pair of SAs: its SPIs are @p spi inbound and @p spi + 1 outbound. */
static inline void
pair_appears(uint32_t spi)
{
	sa_appears(inbound(spi));
	sa_appears(outbound(spi + 1));
}

static bool dump_has_to_be_repeated; /* the result of the last dump */

/* A dump of all SAs: the statements in the braces. */
#define DUMP(...)                                                    \
	do {                                                         \
		xfrm_model_sas_begin(model);                         \
		__VA_ARGS__;                                         \
		dump_has_to_be_repeated = xfrm_model_sas_end(model); \
		all_is_true();                                       \
	} while (0)

/* --- what the kernel says: policies -------------------------------------- */

static inline struct xfrm_policy
policy_with(struct xfrm_policy p, uint8_t protocol)
{
	p.tmpl[p.tmpls] = p.tmpl[0];
	p.tmpl[p.tmpls++].protocol = protocol;
	return p;
}

static inline struct xfrm_policy
policy_of_reqid(struct xfrm_policy p, uint32_t reqid)
{
	p.tmpl[0].reqid = reqid;
	return p;
}

static inline struct xfrm_policy
policy_to(struct xfrm_policy p, struct ipm_addr local, struct ipm_addr remote)
{
	p.tmpl[0].src = local;
	p.tmpl[0].dst = remote;
	return p;
}

static inline void
tell_policy(enum xfrm_kind kind, struct xfrm_policy p, bool is_dumped)
{
	struct xfrm_msg msg = { .kind = kind };
	msg.policy = p;
	xfrm_model_message(model, &msg, is_dumped);
	if (!is_dumped)
		xfrm_model_settle(model);
	all_is_true();
}

static inline void
policy_appears(struct xfrm_policy p)
{
	tell_policy(XFRM_POLICY_THERE, p, false);
}

static inline void
policy_in_dump(struct xfrm_policy p)
{
	tell_policy(XFRM_POLICY_THERE, p, true);
}

static inline void
policy_deleted(struct xfrm_policy p)
{
	tell_policy(XFRM_POLICY_GONE, p, false);
}

/* charon has policies for its sockets, so that IKE itself is not encrypted. */
static inline struct xfrm_policy
socket_policy(uint32_t index)
{
	return (struct xfrm_policy){ .index = index << 3 | XFRM_SOCKET_OUT, .direction = XFRM_SOCKET_OUT };
}

#define POLICIES(...)                                                     \
	do {                                                              \
		xfrm_model_policies_begin(model);                         \
		__VA_ARGS__;                                              \
		dump_has_to_be_repeated = xfrm_model_policies_end(model); \
		all_is_true();                                            \
	} while (0)

#define NOTHING (void)0

/* --- what is expected ---------------------------------------------------- */

/* Count the SAs with this SPI, and return the last one. */
static inline uint32_t
sas_named(uint32_t spi, struct ipm_sa *last)
{
	uint32_t n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_SAS); slot++) {
		struct ipm_sa sa;
		if (ipm_sa_read(seg, slot, &sa) == 0 && sa.spi == spi) {
			n++;
			*last = sa;
		}
	}
	return n;
}

/* The one SA with this SPI. */
static inline struct ipm_sa
sa_row(uint32_t spi)
{
	struct ipm_sa sa = { 0 };
	uint32_t n = sas_named(spi, &sa);
	ck_assert_msg(n == 1, "%u SAs 0x%x, not one", n, spi);
	return sa;
}

/* Its state; 0: there is none. */
static inline enum ipm_sa_state
state_of(uint32_t spi)
{
	struct ipm_sa sa = { 0 };
	uint32_t n = sas_named(spi, &sa);
	ck_assert_uint_le(n, 1);
	return sa.state;
}

/* The tunnel of the SA with this SPI. */
static inline struct ipm_tunnel
tunnel_with(uint32_t spi)
{
	struct ipm_tunnel t = { 0 };
	ck_assert_int_eq(ipm_tunnel_read(seg, sa_row(spi).tunnel_slot, &t), 0);
	return t;
}

/* The tunnel with this index, in any state. */
static inline struct ipm_tunnel
tunnel_again(struct ipm_tunnel before)
{
	struct ipm_tunnel t = { 0 };
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
		if (ipm_tunnel_read(seg, slot, &t) == 0 && t.index == before.index)
			return t;
	ck_abort_msg("tunnel %u is no more", before.index);
	return t;
}

static inline void
expect_one_tunnel(uint32_t a, uint32_t b)
{
	ck_assert_uint_eq(tunnel_with(a).index, tunnel_with(b).index);
}

static inline void
expect_two_tunnels(uint32_t a, uint32_t b)
{
	ck_assert_uint_ne(tunnel_with(a).index, tunnel_with(b).index);
}

static inline void
expect_total(uint64_t in_pkts, uint64_t out_pkts)
{
	ck_assert_uint_eq(totals().in.pkts, in_pkts);
	ck_assert_uint_eq(totals().out.pkts, out_pkts);
}

static inline bool
has_selector(struct ipm_tunnel t, struct ipm_sel_side local, struct ipm_sel_side remote)
{
	struct ipm_walk walk;
	struct ipm_selector sel;
	ipm_walk_selectors(&walk, seg, &t);
	while (ipm_walk_next(&walk, &sel) > 0)
		if (memcmp(&sel.local, &local, sizeof(local)) == 0 && memcmp(&sel.remote, &remote, sizeof(remote)) == 0)
			return true;
	return false;
}

static inline uint32_t
selectors(struct ipm_tunnel t)
{
	struct ipm_walk walk;
	struct ipm_selector sel;
	uint32_t n = 0;
	for (ipm_walk_selectors(&walk, seg, &t); ipm_walk_next(&walk, &sel) > 0; n++)
		;
	return n;
}

/* Assert that it has the pair 10.1.n.0/24, 10.2.n.0/24. */
static inline bool
has_net(struct ipm_tunnel t, uint8_t n)
{
	return has_selector(t, subnet(10, 1, n), subnet(10, 2, n));
}

static inline uint32_t
failures(enum ipm_failure_reason reason, struct ipm_failure *last)
{
	uint32_t n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNEL_FAILURES); slot++) {
		struct ipm_failure f;
		if (ipm_failure_read(seg, IPM_TUNNEL_FAILURES, slot, &f) == 0 && f.reason == reason) {
			n++;
			*last = f;
		}
	}
	return n;
}

static inline void
expect_failures(enum ipm_failure_reason reason, uint32_t n)
{
	struct ipm_failure f;
	ck_assert_uint_eq(failures(reason, &f), n);
}

/* Restart without the writer, or with it: everything in memory is lost. */
static inline void
daemon_restarts(bool and_writer)
{
	if (and_writer) {
		writer_closes();
		writer_opens();
	} else {
		xfrm_model_free(model);
		model_begins();
	}
	xfrm_model_settle(model);
	all_is_true();
}

static const uint32_t OLD = 0x1000, NEW = 0x2000, OTHER = 0x3000; /* SPIs */

static inline struct ipm_tunnel *
claim(uint32_t spi, bool claimed, enum ipm_reason verdict)
{
	static struct ipm_tunnel t;
	uint32_t slot = sa_row(spi).tunnel_slot;
	t = *ipm_tunnel_peek(writer, slot);
	t.claimed = claimed;
	t.verdict = (uint8_t)verdict;
	ipm_tunnel_put(writer, slot, &t);
	return &t;
}

/* Without an SA that would find it. */
static inline void
release(struct ipm_tunnel before, enum ipm_reason verdict)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel t = *ipm_tunnel_peek(writer, slot);
		if (t.index != before.index)
			continue;
		t.claimed = 0;
		t.verdict = (uint8_t)verdict;
		ipm_tunnel_put(writer, slot, &t);
	}
}

static inline void
kernel_dump(uint32_t spi, uint64_t pkts_in, uint64_t pkts_out)
{
	DUMP(sa_in_dump(with_packets(outbound(spi + 1), pkts_out)); sa_in_dump(with_packets(inbound(spi), pkts_in)));
}

/* --- all of them --------------------------------------------------------- */

static inline TCase *
tests_of(Suite *suite, const char *name, void (*given)(void))
{
	TCase *tests = tcase_create(name);
	tcase_add_checked_fixture(tests, given, gateway_ends);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return tests;
}

#endif
