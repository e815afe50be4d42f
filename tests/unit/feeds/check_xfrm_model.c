/* SPDX-License-Identifier: ISC */
/*
 * What the kernel says, made into tunnels that outlive their SAs: told as structs, read back as any reader reads.
 *
 * Events come as the kernel sends them: NEWSA when an SA is there, DELSA with its last counts. A dump is begun, comes
 * in message by message, the newest SA first, and ends.
 * After every step, whatever it was: no counter of any index has gone back, the gauges are true, and the lists of SAs
 * in the segment are in order.
 */
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define INDEXES 32768 /* more than any test here gives out */
#include "model_fixture.h"
#include "vici_model.h"
#include "xfrm_model.h"

#define FEED_NAME "xfrm"

static struct xfrm_model *model;
static uint32_t feed_slot;
static struct ipm_feed feed;    /* as the feed keeps it */
static struct vici_model *vici; /* NULL: there is no charon */
static uint64_t epoch_s;        /* of CLOCK_REALTIME, a while before the test began */

/* --- time passes without waiting for it ----------------------------------- */

static time_t skipped_s;

/* In place of libc's, for all that is linked with this program. */
int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, now);
	if (rc == 0)
		now->tv_sec += skipped_s;
	return rc;
}

static void
seconds_pass(unsigned seconds)
{
	skipped_s += seconds;
}

/* --- the host ------------------------------------------------------------- */

/* We are 192.0.2.1, and 192.0.2.101 when we have moved; peers are 192.0.2.2 and up. */
#define HERE       ip4(192, 0, 2, 1)
#define ELSEWHERE  ip4(192, 0, 2, 101)
#define PEER(last) ip4(192, 0, 2, last)

static bool
same_addr(struct ipm_addr a, struct ipm_addr b)
{
	return ipm_addr_same(&a, &b);
}

static bool
host_is_local(void *arg, const struct ipm_addr *addr)
{
	(void)arg;
	return same_addr(*addr, HERE) || same_addr(*addr, ELSEWHERE);
}

/* Peers 2 to 9 are behind eth0, 10 to 19 behind eth1; there is no way to the others. */
static bool
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

/* --- the model ------------------------------------------------------------ */

static void
model_begins(void)
{
	const struct feed_host host = { .is_local = host_is_local, .way_to = host_way_to };
	model = xfrm_model_new(writer, feed_slot, &host, (struct xfrm_kept *)feed.kept);
	ck_assert_ptr_nonnull(model);
}

static void
writer_opens(void)
{
	feed_slot = writer_opens_for(FEED_NAME);
	feed = *ipm_feed_peek(writer, feed_slot);
	model_begins();
}

static void
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

static void
given_a_gateway_with(struct ipm_capacity capacity)
{
	struct timespec now;
	memset(stat_now, 0, sizeof(stat_now));
	clock_gettime(CLOCK_REALTIME, &now);
	epoch_s = (uint64_t)now.tv_sec - 10000;
	capacity.interfaces = 8;
	gateway_begins(capacity);
}

static void
given_a_gateway(void)
{
	given_a_gateway_with((struct ipm_capacity){ .ike_sas = 16, .tunnels = 64, .selectors = 256, .sas = 512 });
}

/* --- what holds after every step ------------------------------------------ */

/* Its list, both ways: so many SAs, each of them its own. */
static uint32_t
list_is_in_order(uint32_t slot, const struct ipm_tunnel *t)
{
	uint32_t n = 0, before = 0;
	for (uint32_t at = t->sa_head; at; n++) {
		struct ipm_sa sa;
		ck_assert_int_eq(ipm_sa_read(seg, at - 1, &sa), 0);
		ck_assert_uint_eq(sa.tunnel_slot, slot);
		ck_assert_uint_eq(sa.tunnel_index, t->index);
		ck_assert_uint_eq(sa.prev, before);
		ck_assert_uint_lt(n, t->sas);
		before = at;
		at = sa.next;
	}
	ck_assert_uint_eq(n, t->sas);
	return n;
}

static void
all_is_true(void)
{
	if (at_random)
		return;
	uint32_t up = 0, sas_of_tunnels = 0, sas_of_ours = 0;
	struct ipm_totals sum = totals();

	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel t;
		if (ipm_tunnel_read(seg, slot, &t) < 0)
			continue;
		tunnel_never_back(&t);
		up += t.state == IPM_TUNNEL_UP;
		sas_of_tunnels += list_is_in_order(slot, &t);
		sas_of_ours += t.feed == feed_slot ? t.sas : 0;
		ck_assert_msg(t.feed != feed_slot || (t.state == IPM_TUNNEL_UP) == (t.sas > 0),
			      "tunnel %u is in state %u with %u SAs", t.index, t.state, t.sas);
		ck_assert_msg(t.state == IPM_TUNNEL_UP || t.claimed || t.feed != feed_slot,
			      "tunnel %u is held, and nobody claims it", t.index);
		ck_assert(t.local.len && t.remote.len);
	}
	ck_assert_uint_eq(sum.tunnels_active, up);
	ck_assert_uint_eq(sas_of_tunnels, rows(IPM_SAS));
	ck_assert_uint_eq(sas_of_ours, xfrm_model_sas(model));
	totals_never_back(&sum);
}

/* --- what the kernel says: SAs -------------------------------------------- */

#define SUITE                   \
	((struct ipm_proposal){ \
		.encr = IPM_ENCR_AES_CBC, .encr_bits = 256, .integ = IPM_INTEG_HMAC_SHA2_256_128, .integ_bits = 256 })

/* An ESP SA in tunnel mode, from peer 192.0.2.2 to us, of reqid 1, that has carried nothing. */
static struct xfrm_sa
in(uint32_t spi)
{
	return (struct xfrm_sa){ .key = { .dst = HERE, .spi = spi, .protocol = IPPROTO_ESP },
				 .src = PEER(2),
				 .encap = IPM_ENCAP_TUNNEL,
				 .reqid = 1,
				 .proposal = SUITE,
				 .replay_window = 32,
				 .added = epoch_s };
}

static struct xfrm_sa
out(uint32_t spi)
{
	struct xfrm_sa sa = in(spi);
	sa.src = HERE;
	sa.key.dst = PEER(2);
	return sa;
}

static struct xfrm_sa
of_reqid(struct xfrm_sa sa, uint32_t reqid)
{
	sa.reqid = reqid;
	return sa;
}

static struct xfrm_sa
of_if_id(struct xfrm_sa sa, uint32_t if_id)
{
	sa.if_id = if_id;
	return sa;
}

static struct xfrm_sa
of_mark(struct xfrm_sa sa, uint32_t mark)
{
	sa.mark = mark;
	sa.mark_mask = 0xffffffff;
	return sa;
}

/* The same with another peer. */
static struct xfrm_sa
with_peer(struct xfrm_sa sa, uint8_t last)
{
	*(host_is_local(NULL, &sa.src) ? &sa.key.dst : &sa.src) = PEER(last);
	return sa;
}

/* The same after we have moved. */
static struct xfrm_sa
from_elsewhere(struct xfrm_sa sa)
{
	*(host_is_local(NULL, &sa.src) ? &sa.src : &sa.key.dst) = ELSEWHERE;
	return sa;
}

static struct xfrm_sa
told_direction(struct xfrm_sa sa, enum ipm_direction direction)
{
	sa.direction = (uint8_t)direction;
	return sa;
}

/* Installed so many seconds after the others. */
static struct xfrm_sa
later(struct xfrm_sa sa, uint64_t seconds)
{
	sa.added += seconds;
	return sa;
}

/* So many packets so far. */
static struct xfrm_sa
carried(struct xfrm_sa sa, uint64_t pkts)
{
	sa.pkts = pkts;
	sa.octets = pkts * OCTETS;
	return sa;
}

static struct xfrm_sa
ah(struct xfrm_sa sa)
{
	sa.key.protocol = IPPROTO_AH;
	sa.proposal = (struct ipm_proposal){ .integ = IPM_INTEG_HMAC_SHA2_384_192, .integ_bits = 384 };
	return sa;
}

/* IPComp: @p octets before compression. */
static struct xfrm_sa
comp(struct xfrm_sa sa, uint64_t pkts, uint64_t octets)
{
	sa.key.protocol = IPPROTO_COMP;
	sa.proposal = (struct ipm_proposal){ 0 };
	sa.pkts = pkts;
	sa.octets = octets;
	return sa;
}

static struct ipm_sel_side
single(struct ipm_addr addr)
{
	return (struct ipm_sel_side){ .type = IPM_SEL_SINGLE, .port_last = 65535, .first = addr, .last = addr };
}

/* With a selector of its own: between 10.1.n.0/24 here and 10.2.n.0/24 there. */
static struct xfrm_sa
of_net(struct xfrm_sa sa, uint8_t n)
{
	bool outbound = host_is_local(NULL, &sa.src);
	sa.has_sel = true;
	sa.src_sel = subnet(10, outbound ? 1 : 2, n);
	sa.dst_sel = subnet(10, outbound ? 2 : 1, n);
	return sa;
}

/* The first kind of message with an SA. */
static void
say(enum xfrm_kind kind, struct xfrm_sa sa, bool hard, bool is_dumped)
{
	struct xfrm_msg msg = { .kind = kind, .hard = hard, .has_sa = kind == XFRM_SA_GONE };
	msg.sa = sa;
	xfrm_model_message(model, &msg, is_dumped);
	if (!is_dumped)
		xfrm_model_settle(model);
	all_is_true();
}

static void
there(struct xfrm_sa sa)
{
	say(XFRM_SA_THERE, sa, false, false);
}

static void
dumped(struct xfrm_sa sa)
{
	say(XFRM_SA_THERE, sa, false, true);
}

static void
gone(struct xfrm_sa sa)
{
	say(XFRM_SA_GONE, sa, false, false);
}

static void
expires_soft(struct xfrm_sa sa)
{
	sa.proposal = (struct ipm_proposal){ 0 };
	say(XFRM_SA_EXPIRED, sa, false, false);
}

/* What somebody has asked for, of an SA that is there: the kernel tells of it as of one that was added just now. */
static void
updated(struct xfrm_sa sa)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	sa.added = (uint64_t)now.tv_sec;
	say(XFRM_SA_UPDATED, sa, false, false);
}

static void
expires_hard(struct xfrm_sa sa)
{
	sa.proposal = (struct ipm_proposal){ 0 };
	say(XFRM_SA_EXPIRED, sa, true, false);
}

static void
flushed(uint8_t protocol)
{
	say(XFRM_SAS_FLUSHED, (struct xfrm_sa){ .key.protocol = protocol }, false, false);
}

static void
acquired(uint8_t peer)
{
	say(XFRM_ACQUIRED, with_peer(out(0), peer), false, false);
}

static struct xfrm_sa
larval(struct xfrm_sa sa)
{
	sa.larval = true;
	sa.proposal = (struct ipm_proposal){ 0 };
	return sa;
}

/* A pair of SAs: its SPIs are @p spi inbound and @p spi + 1 outbound. */
static void
pair_there(uint32_t spi)
{
	there(in(spi));
	there(out(spi + 1));
}

static bool again; /* what the end of the last dump said */

/* A dump of all SAs: the statements in the braces. */
#define DUMP(...)                                  \
	do {                                       \
		xfrm_model_sas_begin(model);       \
		__VA_ARGS__;                       \
		again = xfrm_model_sas_end(model); \
		all_is_true();                     \
	} while (0)

/* --- what the kernel says: policies --------------------------------------- */

/* An outbound policy of kernel index @p index, from 10.1.n.0/24 to 10.2.n.0/24 by the ESP SAs of in() and out(). */
static struct xfrm_policy
policy(uint32_t index, uint8_t n)
{
	return (struct xfrm_policy){ .index = index << 3 | XFRM_OUT,
				     .direction = XFRM_OUT,
				     .src = subnet(10, 1, n),
				     .dst = subnet(10, 2, n),
				     .tmpls = 1,
				     .tmpl = { { .src = HERE,
						 .dst = PEER(2),
						 .reqid = 1,
						 .protocol = IPPROTO_ESP,
						 .encap = IPM_ENCAP_TUNNEL } } };
}

static struct xfrm_policy
policy_with(struct xfrm_policy p, uint8_t protocol)
{
	p.tmpl[p.tmpls] = p.tmpl[0];
	p.tmpl[p.tmpls++].protocol = protocol;
	return p;
}

static struct xfrm_policy
policy_of_reqid(struct xfrm_policy p, uint32_t reqid)
{
	p.tmpl[0].reqid = reqid;
	return p;
}

static struct xfrm_policy
policy_to(struct xfrm_policy p, struct ipm_addr local, struct ipm_addr remote)
{
	p.tmpl[0].src = local;
	p.tmpl[0].dst = remote;
	return p;
}

static void
say_policy(enum xfrm_kind kind, struct xfrm_policy p, bool is_dumped)
{
	struct xfrm_msg msg = { .kind = kind };
	msg.policy = p;
	xfrm_model_message(model, &msg, is_dumped);
	if (!is_dumped)
		xfrm_model_settle(model);
	all_is_true();
}

static void
policy_there(struct xfrm_policy p)
{
	say_policy(XFRM_POLICY_THERE, p, false);
}

static void
policy_dumped(struct xfrm_policy p)
{
	say_policy(XFRM_POLICY_THERE, p, true);
}

static void
policy_gone(struct xfrm_policy p)
{
	say_policy(XFRM_POLICY_GONE, p, false);
}

/* charon has policies of its sockets, so that IKE itself is not enciphered. */
static struct xfrm_policy
socket_policy(uint32_t index)
{
	return (struct xfrm_policy){ .index = index << 3 | XFRM_SOCKET_OUT, .direction = XFRM_SOCKET_OUT };
}

#define POLICIES(...)                                   \
	do {                                            \
		xfrm_model_policies_begin(model);       \
		__VA_ARGS__;                            \
		again = xfrm_model_policies_end(model); \
		all_is_true();                          \
	} while (0)

#define NOTHING (void)0

/* --- what is expected ----------------------------------------------------- */

/* How many SAs have this SPI, and the last of them. */
static uint32_t
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
static struct ipm_sa
sa_row(uint32_t spi)
{
	struct ipm_sa sa = { 0 };
	uint32_t n = sas_named(spi, &sa);
	ck_assert_msg(n == 1, "%u SAs 0x%x, not one", n, spi);
	return sa;
}

/* Its state; 0: there is none. */
static enum ipm_sa_state
state_of(uint32_t spi)
{
	struct ipm_sa sa = { 0 };
	uint32_t n = sas_named(spi, &sa);
	ck_assert_uint_le(n, 1);
	return sa.state;
}

/* The tunnel of the SA with this SPI. */
static struct ipm_tunnel
tunnel_with(uint32_t spi)
{
	struct ipm_tunnel t = { 0 };
	ck_assert_int_eq(ipm_tunnel_read(seg, sa_row(spi).tunnel_slot, &t), 0);
	return t;
}

/* The tunnel with this index, in whatever state. */
static struct ipm_tunnel
tunnel_again(struct ipm_tunnel before)
{
	struct ipm_tunnel t = { 0 };
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
		if (ipm_tunnel_read(seg, slot, &t) == 0 && t.index == before.index)
			return t;
	ck_abort_msg("tunnel %u is no more", before.index);
	return t;
}

static void
expect_one_tunnel(uint32_t a, uint32_t b)
{
	ck_assert_uint_eq(tunnel_with(a).index, tunnel_with(b).index);
}

static void
expect_two_tunnels(uint32_t a, uint32_t b)
{
	ck_assert_uint_ne(tunnel_with(a).index, tunnel_with(b).index);
}

static void
expect_total(uint64_t in_pkts, uint64_t out_pkts)
{
	ck_assert_uint_eq(totals().in.pkts, in_pkts);
	ck_assert_uint_eq(totals().out.pkts, out_pkts);
}

static bool
has_selector(struct ipm_tunnel t, struct ipm_sel_side local, struct ipm_sel_side remote)
{
	struct ipm_selector sel;
	for (uint32_t at = t.sel_head; at; at = sel.next) {
		ck_assert_int_eq(ipm_selector_read(seg, at - 1, &sel), 0);
		if (memcmp(&sel.local, &local, sizeof(local)) == 0 && memcmp(&sel.remote, &remote, sizeof(remote)) == 0)
			return true;
	}
	return false;
}

static uint32_t
selectors(struct ipm_tunnel t)
{
	struct ipm_selector sel;
	uint32_t n = 0;
	for (uint32_t at = t.sel_head; at; at = sel.next, n++)
		ck_assert_int_eq(ipm_selector_read(seg, at - 1, &sel), 0);
	return n;
}

/* It has the pair 10.1.n.0/24, 10.2.n.0/24. */
static bool
has_net(struct ipm_tunnel t, uint8_t n)
{
	return has_selector(t, subnet(10, 1, n), subnet(10, 2, n));
}

static uint32_t
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

static void
expect_failures(enum ipm_failure_reason reason, uint32_t n)
{
	struct ipm_failure f;
	ck_assert_uint_eq(failures(reason, &f), n);
}

/* Without the writer, or with it: all that was in memory is lost. */
static void
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

/* --- which SAs are one tunnel --------------------------------------------- */

START_TEST(an_sa_in_and_one_out_with_the_same_reqid_and_peer_are_one_tunnel)
{
	there(in(OLD));
	expect_tunnels(1);
	there(out(OLD + 1));
	expect_tunnels(1);
	struct ipm_tunnel t = tunnel_with(OLD);
	expect_one_tunnel(OLD, OLD + 1);
	ck_assert_uint_eq(t.sas, 2);
	ck_assert_uint_eq(t.reqid, 1);
	ck_assert_uint_eq(t.protocol, IPPROTO_ESP);
	ck_assert_uint_eq(t.encap, IPM_ENCAP_TUNNEL);
	ck_assert_uint_eq(t.refreshes, 0);
	ck_assert(same_addr(t.local, HERE));
	ck_assert(same_addr(t.remote, PEER(2)));
	ck_assert_uint_eq(t.in_sa.encr, 12);
	ck_assert_uint_eq(t.out_sa.integ, 12);
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(OLD + 1).direction, IPM_OUT);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}
END_TEST

START_TEST(the_outbound_sa_may_come_first)
{
	there(out(OLD + 1));
	there(in(OLD));
	expect_tunnels(1);
	expect_one_tunnel(OLD, OLD + 1);
	ck_assert_uint_eq(tunnel_with(OLD).refreshes, 0);
}
END_TEST

START_TEST(another_reqid_is_another_tunnel)
{
	pair_there(OLD);
	there(of_reqid(in(OTHER), 2));
	there(of_reqid(out(OTHER + 1), 2));
	expect_tunnels(2);
	expect_one_tunnel(OTHER, OTHER + 1);
	expect_two_tunnels(OLD, OTHER);
}
END_TEST

START_TEST(another_peer_is_another_tunnel)
{
	pair_there(OLD);
	there(with_peer(in(OTHER), 3));
	there(with_peer(out(OTHER + 1), 3));
	expect_tunnels(2);
	expect_one_tunnel(OTHER, OTHER + 1);
	expect_two_tunnels(OLD, OTHER);
}
END_TEST

START_TEST(another_xfrm_interface_or_mark_is_another_tunnel)
{
	there(of_if_id(in(OLD), 1));
	there(of_if_id(in(OTHER), 2));
	there(of_mark(in(NEW), 7));
	there(of_if_id(out(OLD + 1), 1));
	there(of_if_id(out(OTHER + 1), 2));
	there(of_mark(out(NEW + 1), 7));
	expect_tunnels(3);
	expect_one_tunnel(OLD, OLD + 1);
	expect_one_tunnel(OTHER, OTHER + 1);
	expect_one_tunnel(NEW, NEW + 1);
	ck_assert_uint_eq(tunnel_with(OTHER).if_id_in, 2);
	ck_assert_uint_eq(tunnel_with(OTHER).if_id_out, 2);
	ck_assert_uint_eq(tunnel_with(NEW).mark_out, 7);
	ck_assert_uint_eq(tunnel_with(OLD).refreshes, 0);
}
END_TEST

START_TEST(a_mark_or_interface_in_one_direction_only_makes_no_second_tunnel)
{
	there(in(OLD));
	there(of_mark(out(OLD + 1), 7));
	there(of_if_id(of_reqid(in(OTHER), 2), 5));
	there(of_reqid(out(OTHER + 1), 2));
	expect_tunnels(2);
	expect_one_tunnel(OLD, OLD + 1);
	expect_one_tunnel(OTHER, OTHER + 1);
	ck_assert_uint_eq(tunnel_with(OLD).mark_in, 0);
	ck_assert_uint_eq(tunnel_with(OLD).mark_out, 7);
	ck_assert_uint_eq(tunnel_with(OTHER).if_id_in, 5);
	ck_assert_uint_eq(tunnel_with(OTHER).if_id_out, 0);

	struct ipm_tunnel before = tunnel_with(OLD);
	there(in(NEW)); /* nor does its rekey */
	there(of_mark(out(NEW + 1), 7));
	expect_same(tunnel_with(NEW), before, 1);
	expect_same(tunnel_with(NEW + 1), before, 1);
	expect_tunnels(2);
}
END_TEST

START_TEST(two_sas_of_one_spi_are_told_apart_by_peer_and_mark)
{
	there(out(OLD));
	there(with_peer(out(OLD), 3));
	there(of_mark(out(OLD), 7));
	expect_tunnels(3);
	ck_assert_uint_eq(rows(IPM_SAS), 3);
	gone(with_peer(out(OLD), 3));
	gone(of_mark(out(OLD), 7));
	ck_assert(same_addr(tunnel_with(OLD).remote, PEER(2)));
	ck_assert_uint_eq(tunnel_with(OLD).mark_out, 0);
}
END_TEST

START_TEST(without_reqid_own_selectors_tell_tunnels_apart)
{
	there(of_net(of_reqid(in(OLD), 0), 1));
	there(of_net(of_reqid(in(OTHER), 0), 2));
	there(of_net(of_reqid(out(OLD + 1), 0), 1));
	there(of_net(of_reqid(out(OTHER + 1), 0), 2));
	there(of_reqid(in(NEW), 0));
	there(of_reqid(out(NEW + 1), 0));
	expect_tunnels(3);
	expect_one_tunnel(OLD, OLD + 1);
	expect_one_tunnel(OTHER, OTHER + 1);
	expect_one_tunnel(NEW, NEW + 1);
	ck_assert(has_net(tunnel_with(OLD), 1));
	ck_assert(has_net(tunnel_with(OTHER), 2));
	ck_assert_uint_eq(selectors(tunnel_with(NEW)), 0);
}
END_TEST

START_TEST(with_a_reqid_own_selectors_do_not_matter)
{
	there(of_net(in(OLD), 1));
	there(of_net(out(OLD + 1), 2));
	expect_tunnels(1);
}
END_TEST

START_TEST(larval_sas_are_no_sas_yet)
{
	there(larval(in(OLD)));
	there(larval(out(0)));
	DUMP(dumped(larval(in(OLD))); dumped(larval(out(0))));
	expect_tunnels(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	there(in(OLD));
	expect_tunnels(1);
}
END_TEST

START_TEST(what_a_dump_tells_is_the_same_as_events)
{
	DUMP(dumped(carried(out(OLD + 1), 5)); dumped(carried(in(OLD), 3)));
	ck_assert(!again);
	expect_tunnels(1);
	expect_carried(tunnel_with(OLD), 3, 5);
	ck_assert_uint_eq(xfrm_model_sas(model), 2);
	expect_total(3, 5);
}
END_TEST

/* --- which way an SA goes ------------------------------------------------- */

START_TEST(the_kernels_word_on_the_direction_is_heard_first)
{
	there(told_direction(in(OLD), IPM_OUT));
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_OUT);
	ck_assert(same_addr(tunnel_with(OLD).remote, HERE));
}
END_TEST

START_TEST(a_policy_tells_the_direction_where_no_address_is_local)
{
	struct xfrm_sa a = in(OLD), b = out(OLD + 1);

	/* Both ends are routed through us, as those of a virtual gateway. */
	a.key.dst = b.src = ip4(198, 51, 100, 1);
	policy_there(policy_to(policy(1, 1), ip4(198, 51, 100, 1), PEER(2)));
	there(b);
	there(a);
	expect_tunnels(1);
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(OLD + 1).direction, IPM_OUT);
}
END_TEST

START_TEST(a_local_destination_is_inbound_and_a_local_source_outbound)
{
	there(in(OLD));
	there(with_peer(out(OTHER), 3));
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(OTHER).direction, IPM_OUT);
}
END_TEST

START_TEST(without_any_other_sign_an_sa_goes_the_other_way_than_the_one_before)
{
	struct xfrm_sa a = in(OLD), b = out(OLD + 1);

	a.key.dst = b.src = ip4(198, 51, 100, 1);
	there(a);
	there(b);
	expect_tunnels(1);
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(OLD + 1).direction, IPM_OUT);
}
END_TEST

/* --- selectors ------------------------------------------------------------ */

START_TEST(a_tunnels_selectors_are_those_of_its_outbound_policies)
{
	POLICIES(policy_dumped(policy(1, 1)); policy_dumped(policy(2, 2));
		 policy_dumped(policy_of_reqid(policy(3, 3), 9)));
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)));
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(selectors(t), 2);
	ck_assert(has_net(t, 1));
	ck_assert(has_net(t, 2));
}
END_TEST

START_TEST(a_policy_may_come_after_its_sas)
{
	pair_there(OLD);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
	policy_there(policy(1, 1));
	ck_assert(has_net(tunnel_with(OLD), 1));
	policy_there(policy(2, 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 2);
}
END_TEST

START_TEST(a_policy_that_changes_changes_the_selector)
{
	pair_there(OLD);
	policy_there(policy(1, 1));
	policy_there(policy(2, 2));
	policy_there(policy(1, 3));
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(selectors(t), 2);
	ck_assert(has_net(t, 3));
	ck_assert(!has_net(t, 1));
}
END_TEST

START_TEST(a_policy_that_leads_to_another_peer_now_takes_its_selector_along)
{
	pair_there(OLD);
	there(with_peer(in(OTHER), 3));
	policy_there(policy(1, 1));
	policy_there(policy(2, 2));
	policy_there(policy_to(policy(1, 1), HERE, PEER(3)));
	ck_assert(!has_net(tunnel_with(OLD), 1));
	ck_assert(has_net(tunnel_with(OLD), 2));
	ck_assert(has_net(tunnel_with(OTHER), 1));
}
END_TEST

/* The event was lost. */
START_TEST(a_dump_that_has_a_policy_with_another_peer_takes_its_selector_along)
{
	pair_there(OLD);
	there(with_peer(in(OTHER), 3));
	POLICIES(policy_dumped(policy(1, 1)));
	ck_assert(has_net(tunnel_with(OLD), 1));
	POLICIES(policy_dumped(policy_to(policy(1, 1), HERE, PEER(3))));
	ck_assert(has_net(tunnel_with(OTHER), 1));
	DUMP(dumped(with_peer(in(OTHER), 3)); dumped(out(OLD + 1)); dumped(in(OLD)));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
}
END_TEST

START_TEST(the_last_selectors_stay_until_the_next_dump_without_a_policy)
{
	pair_there(OLD);
	policy_there(policy(1, 1));
	policy_there(policy(2, 2));
	policy_gone(policy(2, 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	policy_gone(policy(1, 1));
	ck_assert(has_net(tunnel_with(OLD), 1)); /* policies go before their SAs */
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
}
END_TEST

START_TEST(a_tunnel_ends_with_the_selectors_it_had)
{
	struct ipm_selector_history sel;
	pair_there(OLD);
	policy_there(policy(1, 1));
	policy_gone(policy(1, 1));
	gone(in(OLD));
	gone(out(OLD + 1));
	expect_tunnels(0);
	ck_assert_int_eq(ipm_selector_history_read(seg, 0, &sel), 0);
	ck_assert_mem_eq(&sel.selector.local, &(struct ipm_sel_side[]){ subnet(10, 1, 1) }, sizeof(sel.selector.local));
}
END_TEST

START_TEST(a_policy_that_a_dump_does_not_have_is_gone)
{
	pair_there(OLD);
	POLICIES(policy_dumped(policy(1, 1)); policy_dumped(policy(2, 2)));
	POLICIES(policy_dumped(policy(2, 2)));
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(selectors(t), 1);
	ck_assert(has_net(t, 2));
}
END_TEST

START_TEST(a_policy_removed_while_a_dump_comes_in_does_not_come_back)
{
	pair_there(OLD);
	policy_there(policy(1, 1));
	policy_there(policy(2, 2));
	POLICIES(policy_dumped(policy(2, 2)); policy_gone(policy(1, 1)); policy_dumped(policy(1, 1)));
	ck_assert(!has_net(tunnel_with(OLD), 1));
	POLICIES(policy_dumped(policy(1, 1)); policy_dumped(policy(2, 2)));
	ck_assert(has_net(tunnel_with(OLD), 1)); /* the next one knows */
}
END_TEST

START_TEST(a_policy_added_while_a_dump_comes_in_stays)
{
	pair_there(OLD);
	POLICIES(policy_there(policy(1, 1)); policy_gone(policy(1, 1)); policy_there(policy(1, 2)));
	ck_assert(has_net(tunnel_with(OLD), 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
}
END_TEST

START_TEST(flushed_policies_are_read_again)
{
	pair_there(OLD);
	policy_there(policy(1, 1));
	policy_there(policy(2, 2));
	POLICIES(policy_dumped(policy(1, 1)); policy_dumped(policy(2, 2)));
	ck_assert(!xfrm_model_wants_policies(model));
	say_policy(XFRM_POLICIES_FLUSHED, (struct xfrm_policy){ 0 }, false);
	ck_assert(xfrm_model_wants_policies(model));
	POLICIES(policy_dumped(policy(2, 2)));
	ck_assert(!again);
	ck_assert(!xfrm_model_wants_policies(model));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	POLICIES(say_policy(XFRM_POLICIES_FLUSHED, (struct xfrm_policy){ 0 }, false));
	ck_assert(again);
}
END_TEST

/* As the kernel chooses an SA for what is to leave: it drops what such a policy takes when all SAs have a reqid. */
START_TEST(a_policy_without_reqid_serves_only_sas_without_one)
{
	POLICIES(policy_dumped(policy_of_reqid(policy(1, 1), 0)); policy_dumped(policy(2, 2)));
	pair_there(OLD);
	there(of_reqid(in(OTHER), 0));
	ck_assert(has_net(tunnel_with(OLD), 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	ck_assert(has_net(tunnel_with(OTHER), 1));
	ck_assert_uint_eq(selectors(tunnel_with(OTHER)), 1);
}
END_TEST

START_TEST(nor_does_one_that_names_no_address_serve_sas_with_a_reqid)
{
	struct ipm_addr any = { 0 };
	pair_there(OLD);
	there(of_reqid(in(OTHER), 0));
	policy_there(policy_to(policy_of_reqid(policy(1, 1), 0), any, any));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
	ck_assert_uint_eq(selectors(tunnel_with(OTHER)), 1);
}
END_TEST

START_TEST(a_policy_without_our_address_serves_all_with_its_reqid)
{
	there(from_elsewhere(in(OTHER)));
	policy_there(policy_to(policy(1, 1), (struct ipm_addr){ 0 }, PEER(2)));
	pair_there(OLD);
	there(with_peer(in(NEW), 3));
	ck_assert(has_net(tunnel_with(OLD), 1));
	ck_assert(has_net(tunnel_with(OTHER), 1));
	ck_assert_uint_eq(selectors(tunnel_with(NEW)), 0);
}
END_TEST

START_TEST(in_transport_mode_a_policys_addresses_are_those_of_its_selectors)
{
	struct xfrm_policy p = policy_to(policy(1, 1), (struct ipm_addr){ 0 }, (struct ipm_addr){ 0 });
	struct xfrm_sa a = in(OLD), b = out(OLD + 1);

	p.src = single(HERE);
	p.dst = single(PEER(2));
	p.tmpl[0].encap = a.encap = b.encap = IPM_ENCAP_TRANSPORT;
	policy_there(p);
	there(a);
	there(b);
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(t.encap, IPM_ENCAP_TRANSPORT);
	ck_assert(has_selector(t, single(HERE), single(PEER(2))));
}
END_TEST

/* As the kernel looks for an SA: a template's mode has to be the SA's. */
START_TEST(a_transport_mode_policy_for_anyone_does_not_select_for_tunnel_mode)
{
	struct xfrm_policy p =
		policy_to(policy_of_reqid(policy(1, 1), 0), (struct ipm_addr){ 0 }, (struct ipm_addr){ 0 });

	p.tmpl[0].encap = IPM_ENCAP_TRANSPORT;
	policy_there(p);
	pair_there(OLD);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
}
END_TEST

START_TEST(a_policy_of_another_mark_or_interface_does_not_serve)
{
	struct xfrm_policy p = policy(1, 1), q = policy(2, 2), r = policy(3, 3);

	p.if_id = 5;
	q.mark = 0x17;
	q.mark_mask = 0xff;
	POLICIES(policy_dumped(p); policy_dumped(q); policy_dumped(r));
	pair_there(OLD);
	there(of_if_id(out(OTHER), 5));
	struct xfrm_sa marked = out(NEW);
	marked.mark = 0x7;
	marked.mark_mask = 0xf;
	there(marked);
	expect_tunnels(3);
	ck_assert(has_net(tunnel_with(OTHER), 1));
	ck_assert_uint_eq(selectors(tunnel_with(OTHER)), 1);
	ck_assert(has_net(tunnel_with(NEW), 2)); /* its mark under the SA's mask is the SA's */
	ck_assert_uint_eq(selectors(tunnel_with(NEW)), 1);
	ck_assert(has_net(tunnel_with(OLD), 3));
}
END_TEST

START_TEST(policies_that_block_or_go_another_way_or_are_a_sockets_select_nothing)
{
	struct xfrm_policy block = policy(1, 1), inbound = policy(2, 2), forward = policy(3, 3), bare = policy(4, 4);

	block.block = true;
	inbound.direction = XFRM_IN;
	forward.direction = XFRM_FWD;
	bare.tmpls = 0;
	pair_there(OLD);
	POLICIES(policy_dumped(block); policy_dumped(inbound); policy_dumped(forward); policy_dumped(bare);
		 policy_dumped(socket_policy(5)));
	policy_there(block);
	policy_there(inbound);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 0);
}
END_TEST

START_TEST(a_policy_that_blocks_from_now_on_selects_no_longer)
{
	struct xfrm_policy block = policy(1, 1);

	block.block = true;
	pair_there(OLD);
	POLICIES(policy_dumped(policy(1, 1)); policy_dumped(policy(2, 2)));
	POLICIES(policy_dumped(block); policy_dumped(policy(2, 2)));
	ck_assert(!has_net(tunnel_with(OLD), 1));
	block.index = policy(2, 2).index;
	policy_there(policy(3, 3));
	policy_there(block);
	ck_assert(!has_net(tunnel_with(OLD), 2));
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
}
END_TEST

START_TEST(of_several_templates_the_one_with_addresses_counts)
{
	struct xfrm_policy p = policy(1, 1);

	/* IPComp in tunnel mode around ESP in transport mode, as charon has them. */
	p.tmpls = 2;
	p.tmpl[1] = (struct xfrm_tmpl){ .reqid = 1, .protocol = IPPROTO_ESP, .encap = IPM_ENCAP_TRANSPORT };
	p.tmpl[0].protocol = IPPROTO_COMP;
	pair_there(OLD);
	policy_there(p);
	ck_assert(has_net(tunnel_with(OLD), 1));
	struct xfrm_tmpl first = p.tmpl[0];
	p.tmpl[0] = p.tmpl[1];
	p.tmpl[1] = first;
	p.index = 2 << 3 | XFRM_OUT;
	p.src = subnet(10, 1, 2);
	p.dst = subnet(10, 2, 2);
	policy_there(p);
	ck_assert(has_net(tunnel_with(OLD), 2));
}
END_TEST

START_TEST(a_tunnels_own_selector_stays_where_there_is_no_policy)
{
	there(of_net(of_reqid(in(OLD), 0), 1));
	there(of_net(of_reqid(out(OLD + 1), 0), 1));
	for (int i = 0; i < 3; i++)
		DUMP(dumped(of_net(of_reqid(out(OLD + 1), 0), 1)); dumped(of_net(of_reqid(in(OLD), 0), 1)));
	ck_assert(has_net(tunnel_with(OLD), 1));
}
END_TEST

/* --- rekeys --------------------------------------------------------------- */

/* In which order the two new SAs come. */
START_TEST(a_rekey_keeps_the_tunnel_and_is_one_refresh)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 20)); dumped(carried(in(OLD), 10)));
	struct ipm_tunnel before = tunnel_with(OLD);

	there(_i ? later(out(NEW + 1), 1) : later(in(NEW), 1));
	expect_same(tunnel_with(OLD), before, 1);
	there(_i ? later(in(NEW), 1) : later(out(NEW + 1), 1));
	expect_same(tunnel_with(NEW), before, 1);
	expect_same(tunnel_with(NEW + 1), before, 1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OLD + 1), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(NEW + 1), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(NEW).sas, 4);

	gone(carried(in(OLD), 15)); /* its last counts are in the message */
	gone(carried(out(OLD + 1), 25));
	ck_assert_uint_eq(state_of(OLD), 0);
	ck_assert_uint_eq(tunnel_with(NEW).sas, 2);
	ck_assert_uint_eq(tunnel_with(NEW).sas_retired, 2);
	expect_carried(tunnel_with(NEW), 15, 25);
	DUMP(dumped(carried(later(out(NEW + 1), 1), 4)); dumped(carried(later(in(NEW), 1), 3)));
	expect_carried(tunnel_with(NEW), 18, 29);
	expect_total(18, 29);
	expect_same(tunnel_with(NEW), before, 1);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(ten_rekeys_are_ten_refreshes)
{
	pair_there(OLD);
	struct ipm_tunnel before = tunnel_with(OLD);
	for (uint32_t i = 1; i <= 10; i++) {
		uint32_t spi = OLD + 0x10 * i;
		there(later(i % 2 ? in(spi) : out(spi + 1), i));
		there(later(i % 2 ? out(spi + 1) : in(spi), i));
		gone(carried(later(in(spi - 0x10), i - 1), 7));
		gone(carried(later(out(spi - 0x10 + 1), i - 1), 5));
		expect_same(tunnel_with(spi), before, i);
		expect_same(tunnel_with(spi + 1), before, i);
		ck_assert_uint_eq(tunnel_with(spi).sas, 2);
		expect_carried(tunnel_with(spi), 7 * i, 5 * i);
	}
}
END_TEST

START_TEST(a_rekey_that_was_missed_altogether_is_one_refresh)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 20)); dumped(carried(in(OLD), 10)));
	struct ipm_tunnel before = tunnel_with(OLD);
	DUMP(dumped(carried(later(out(NEW + 1), 99), 2)); dumped(carried(later(in(NEW), 99), 1)));
	expect_same(tunnel_with(NEW), before, 1);
	expect_carried(tunnel_with(NEW), 11, 22);
	ck_assert_uint_eq(tunnel_with(NEW).sas, 2);
}
END_TEST

START_TEST(the_first_dump_finds_a_rekey_under_way_the_newest_first)
{
	DUMP(dumped(later(out(NEW + 1), 50)); dumped(later(in(NEW), 50)); dumped(out(OLD + 1)); dumped(in(OLD)));
	expect_tunnels(1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OLD + 1), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(NEW + 1), IPM_SA_ACTIVE);
}
END_TEST

START_TEST(of_two_sas_of_the_same_second_the_one_dumped_first_is_the_newer)
{
	DUMP(dumped(in(NEW)); dumped(in(OLD)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
}
END_TEST

START_TEST(when_the_new_sa_goes_the_old_one_is_in_use_again)
{
	struct xfrm_sa old = in(OLD), now = in(NEW);

	old.hard_octets = 1000;
	now.hard_octets = 2000;
	there(old);
	there(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel_with(NEW).hard_octets, 2000);
	gone(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(OLD).hard_octets, 1000);
}
END_TEST

START_TEST(an_sa_whose_soft_limit_is_over_does_not_come_into_use_again)
{
	there(in(OLD));
	expires_soft(in(OLD));
	there(in(NEW));
	gone(in(NEW));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
}
END_TEST

/* By octets, by packets, by age and by use: one less than the limit, the limit itself, and no limit. */
START_TEST(a_dump_tells_whether_a_soft_limit_is_reached)
{
	struct xfrm_sa a = carried(in(OLD), 10);
	struct timespec now;
	uint64_t *const limit[] = { &a.soft_octets, &a.soft_pkts, &a.soft_add_s, &a.soft_use_s };
	uint64_t reached[] = { 10 * OCTETS, 10, 500, 100 };

	clock_gettime(CLOCK_REALTIME, &now);
	a.added = (uint64_t)now.tv_sec - 500;
	a.used = (uint64_t)now.tv_sec - 100;
	DUMP(dumped(a));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	*limit[_i] = reached[_i] + (_i < 2 ? 1 : 60); /* seconds pass */
	DUMP(dumped(a));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	*limit[_i] = reached[_i];
	DUMP(dumped(a));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	if (_i == 3) {
		a.used = 0;
		DUMP(dumped(a));
		ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	}
}
END_TEST

/* The kernel sends by it, and then only it is left. */
START_TEST(when_the_new_sa_has_reached_its_soft_limit_the_old_one_is_in_use_again)
{
	struct xfrm_sa old = out(OLD), now = out(NEW);

	old.proposal.encr = IPM_ENCR_AES_GCM_16;
	now.hard_add_s = 8;
	there(old);
	there(now);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 12);
	expires_soft(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
	expires_hard(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 0);
	DUMP(dumped(old));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
}
END_TEST

START_TEST(when_all_have_reached_their_soft_limits_the_newest_says_what_the_tunnel_says)
{
	struct xfrm_sa old = out(OLD), now = out(NEW);

	old.proposal.encr = IPM_ENCR_AES_GCM_16;
	there(old);
	there(now);
	expires_soft(old);
	expires_soft(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 12);
	gone(now);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING); /* its own limit is reached */
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
}
END_TEST

START_TEST(which_sa_is_in_use_is_the_same_after_a_restart)
{
	struct xfrm_sa old = out(OLD), now = later(out(NEW), 5);

	now.soft_pkts = 10;
	old.proposal.encr = IPM_ENCR_AES_GCM_16;
	DUMP(dumped(now); dumped(old));
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	daemon_restarts(_i);
	DUMP(dumped(carried(now, 12)); dumped(old));
	ck_assert_uint_eq(state_of(NEW), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.encr, 20);
}
END_TEST

/* An event is exact to the nanosecond, a dump to the second. */
START_TEST(an_sa_of_an_event_is_newer_than_one_of_a_dump_added_in_its_second)
{
	DUMP(dumped(in(OLD)); there(in(NEW)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	gone(in(OLD));
	gone(in(NEW));
	DUMP(there(in(NEW)); dumped(in(OLD)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
}
END_TEST

START_TEST(of_several_old_sas_the_newest_is_in_use_again)
{
	there(in(OLD));
	there(in(OTHER));
	there(in(NEW));
	gone(in(NEW));
	ck_assert_uint_eq(state_of(OTHER), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	gone(in(OTHER));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
}
END_TEST

/* --- how SAs end ---------------------------------------------------------- */

START_TEST(a_soft_expire_marks_the_sa_and_counts)
{
	pair_there(OLD);
	expires_soft(carried(in(OLD), 42));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OLD + 1), IPM_SA_ACTIVE);
	expect_carried(tunnel_with(OLD), 42, 0);
	ck_assert_uint_eq(sa_row(OLD).proposal.encr, 12); /* which it does not tell */
	DUMP(dumped(carried(out(OLD + 1), 1)); dumped(carried(in(OLD), 43)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	expires_soft(in(OTHER)); /* one that is not known */
}
END_TEST

START_TEST(a_hard_expire_of_the_last_sa_is_a_normal_end)
{
	pair_there(OLD);
	struct ipm_tunnel t = tunnel_with(OLD);
	expires_hard(carried(in(OLD), 42));
	expect_tunnels(1);
	expires_hard(carried(out(OLD + 1), 17));
	expect_tunnels(0);
	expect_stopped(t, IPM_REASON_NORMAL);
	expect_total(42, 17);
	ck_assert_uint_eq(totals().tunnels_previous, 1);
}
END_TEST

START_TEST(a_delete_of_the_last_sa_ends_the_tunnel_for_a_reason_unknown)
{
	pair_there(OLD);
	struct ipm_tunnel t = tunnel_with(OLD);
	gone(carried(out(OLD + 1), 17));
	gone(carried(in(OLD), 42));
	expect_tunnels(0);
	expect_stopped(t, IPM_REASON_UNKNOWN);
	expect_total(42, 17);
	pair_there(OLD);
	ck_assert_uint_ne(tunnel_with(OLD).index, t.index);
}
END_TEST

START_TEST(a_delete_that_has_just_the_name_ends_the_sa_too)
{
	pair_there(OLD);
	struct xfrm_msg msg = { .kind = XFRM_SA_GONE, .sa = { .key = in(OLD).key } };
	xfrm_model_message(model, &msg, false);
	all_is_true();
	ck_assert_uint_eq(state_of(OLD), 0);
}
END_TEST

START_TEST(deletes_of_what_is_not_known_change_nothing)
{
	pair_there(OLD);
	gone(in(NEW));
	gone(with_peer(out(OLD + 1), 3));
	gone(of_mark(in(OLD), 1));
	gone(ah(in(OLD)));
	expires_hard(in(NEW));
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

START_TEST(what_a_dump_does_not_have_is_gone)
{
	pair_there(OLD);
	pair_there(NEW);
	there(of_reqid(in(OTHER), 2));
	DUMP(dumped(out(NEW + 1)); dumped(in(NEW)));
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_tunnels(1);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	DUMP(NOTHING);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	expect_tunnels(0);
}
END_TEST

START_TEST(an_sa_added_while_a_dump_comes_in_needs_no_place_in_it)
{
	DUMP(there(in(OLD)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	DUMP(NOTHING);
	ck_assert_uint_eq(state_of(OLD), 0);
}
END_TEST

START_TEST(an_sa_deleted_while_a_dump_comes_in_does_not_come_back_by_it)
{
	pair_there(OLD);
	DUMP(dumped(out(OLD + 1)); gone(carried(in(OLD), 3)); dumped(carried(in(OLD), 2)));
	ck_assert_uint_eq(state_of(OLD), 0);
	expect_carried(tunnel_with(OLD + 1), 3, 0);
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE); /* the next one knows */
}
END_TEST

START_TEST(one_that_a_dump_tells_of_after_its_delete_was_never_there)
{
	DUMP(gone(in(OLD)); expires_hard(in(NEW)); dumped(in(OLD)); dumped(in(NEW)); dumped(of_mark(in(OTHER), 1)));
	ck_assert_uint_eq(rows(IPM_SAS), 1);
}
END_TEST

START_TEST(one_that_is_added_again_while_a_dump_comes_in_is_there)
{
	pair_there(OLD);
	DUMP(gone(in(OLD)); there(later(in(OLD), 5)); dumped(out(OLD + 1)); dumped(carried(later(in(OLD), 5), 1)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	expect_carried(tunnel_with(OLD), 1, 0);
	DUMP(gone(carried(later(in(OLD), 5), 1)); there(later(in(OLD), 6)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
}
END_TEST

/* The dump was made before it was deleted and added again. */
START_TEST(a_late_dump_message_of_the_one_before_does_not_replace_it)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 1)); dumped(carried(in(OLD), 10)));
	DUMP(dumped(carried(out(OLD + 1), 1)); gone(carried(in(OLD), 12)); there(later(in(OLD), 5));
	     dumped(carried(in(OLD), 11)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	expect_carried(tunnel_with(OLD), 12, 1);
	DUMP(dumped(carried(out(OLD + 1), 1)); dumped(carried(later(in(OLD), 5), 3)));
	expect_carried(tunnel_with(OLD), 15, 1);
	expect_total(15, 1);
}
END_TEST

START_TEST(counts_do_not_follow_a_dump_that_was_made_before_an_event)
{
	pair_there(OLD);
	DUMP(dumped(out(OLD + 1)); expires_soft(carried(in(OLD), 42)); dumped(carried(in(OLD), 40)));
	expect_carried(tunnel_with(OLD), 42, 0);
	DUMP(dumped(out(OLD + 1)); dumped(carried(in(OLD), 50)));
	expect_carried(tunnel_with(OLD), 50, 0);
	expect_total(50, 0);
}
END_TEST

/* Packets that are dropped do not move the counts of those that are not. */
START_TEST(drops_do_not_follow_a_dump_that_was_made_before_an_event)
{
	struct xfrm_sa now = carried(in(OLD), 42), before = now;

	now.replays = 5;
	now.behind = 7;
	before.replays = 3;
	before.behind = 4;
	pair_there(OLD);
	DUMP(dumped(out(OLD + 1)); expires_soft(now); dumped(before));
	DUMP(dumped(out(OLD + 1)); dumped(now));
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_REPLAY], 5);
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_WINDOW], 7);
	ck_assert_uint_eq(totals().in.drops[IPM_DROP_REPLAY], 5);
}
END_TEST

START_TEST(a_flush_ends_all)
{
	pair_there(OLD);
	there(ah(of_reqid(in(OTHER), 2)));
	flushed(IPPROTO_ESP);
	ck_assert_uint_eq(rows(IPM_SAS), 1);
	expect_tunnels(1);
	flushed(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	expect_tunnels(0);
}
END_TEST

START_TEST(a_flush_while_a_dump_comes_in_makes_it_worthless)
{
	pair_there(OLD);
	DUMP(dumped(out(OLD + 1)); flushed(0); dumped(in(OLD)); there(later(in(NEW), 1)));
	ck_assert(again);
	ck_assert_uint_eq(state_of(OLD), 0);
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	DUMP(dumped(later(in(NEW), 1)));
	ck_assert(!again);
	ck_assert_uint_eq(rows(IPM_SAS), 1);
}
END_TEST

START_TEST(a_dump_that_was_given_up_begins_anew)
{
	pair_there(OLD);
	xfrm_model_sas_begin(model);
	dumped(out(OLD + 1));
	DUMP(dumped(in(OLD)));
	ck_assert_uint_eq(rows(IPM_SAS), 1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
}
END_TEST

/* Its delete was missed. */
START_TEST(counts_that_a_dump_has_going_back_are_of_another_sa)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 10)); dumped(carried(in(OLD), 10)));
	struct ipm_tunnel before = tunnel_with(OLD);
	uint32_t index = sa_row(OLD).index;
	DUMP(dumped(carried(later(out(OLD + 1), 9), 3)); dumped(carried(in(OLD), 4)));
	ck_assert_uint_ne(sa_row(OLD).index, index);
	expect_carried(tunnel_with(OLD), 14, 13);
	ck_assert_uint_eq(tunnel_with(OLD).index, before.index);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	DUMP(dumped(carried(later(out(OLD + 1), 9), 5)); dumped(carried(in(OLD), 5)));
	expect_carried(tunnel_with(OLD), 15, 15);
}
END_TEST

/* XFRM_MSG_NEWAE sets it, and counts. */
START_TEST(another_time_of_birth_does_not_make_another_sa)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 10)); dumped(carried(in(OLD), 10)));
	uint32_t index = sa_row(OLD).index;
	for (unsigned i = 1; i < 5; i++)
		DUMP(dumped(carried(later(out(OLD + 1), i), 10 + i)); dumped(carried(later(in(OLD), i), 10)));
	ck_assert_uint_eq(sa_row(OLD).index, index);
	expect_carried(tunnel_with(OLD), 10, 14);
	expect_total(10, 14);
}
END_TEST

START_TEST(an_sa_that_an_event_adds_at_another_time_is_another)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 10)); dumped(carried(in(OLD), 10)));
	there(later(in(OLD), 5));
	DUMP(dumped(carried(out(OLD + 1), 10)); dumped(carried(later(in(OLD), 5), 30)));
	expect_carried(tunnel_with(OLD), 40, 10);
	ck_assert_uint_eq(tunnel_with(OLD).sas_retired, 1);
}
END_TEST

/* XFRM_MSG_MIGRATE: clones that have carried nothing, under the same time and SPI. Events tell of none of them. */
START_TEST(sas_that_were_migrated_count_on)
{
	struct xfrm_sa a = with_peer(in(OLD), 9), b = with_peer(out(OLD + 1), 9);

	pair_there(OLD);
	if (_i & 1)
		DUMP(dumped(carried(out(OLD + 1), 20)); dumped(carried(in(OLD), 10)));
	if (_i & 2)
		DUMP(dumped(a); dumped(b));
	else
		DUMP(dumped(b); dumped(a));
	ck_assert(same_addr(tunnel_with(OLD).remote, PEER(9)));
	expect_one_tunnel(OLD, OLD + 1);
	DUMP(dumped(carried(b, 2)); dumped(carried(a, 1)));
	expect_total(_i & 1 ? 11 : 1, _i & 1 ? 22 : 2);
	expect_tunnels(1);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

/* --- updates -------------------------------------------------------------- */

START_TEST(an_update_of_an_sa_counts_nothing_again)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 7)); dumped(carried(in(OLD), 7)));
	struct ipm_tunnel before = tunnel_with(OLD);
	for (int i = 0; i < 3; i++) {
		seconds_pass(1);
		updated(in(OLD));
		updated(out(OLD + 1));
		expect_carried(tunnel_with(OLD), 7, 7);
		DUMP(updated(in(OLD)); dumped(carried(out(OLD + 1), 7)); dumped(carried(in(OLD), 7)));
		expect_carried(tunnel_with(OLD), 7, 7);
	}
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert_uint_eq(tunnel_with(OLD).sas_retired, 0);
	ck_assert_uint_eq(tunnel_with(OLD).installed_ns, before.installed_ns);
	expect_total(7, 7);
	gone(carried(in(OLD), 8));
	gone(carried(out(OLD + 1), 9));
	expect_total(8, 9);
}
END_TEST

START_TEST(an_update_has_its_limits_and_nothing_else)
{
	struct xfrm_sa a = in(OLD);
	there(a);
	a.hard_octets = 5000;
	a.hard_add_s = 3600;
	a.replay_window = 64;
	a.proposal.encr = IPM_ENCR_AES_GCM_16;
	updated(a);
	ck_assert_uint_eq(tunnel_with(OLD).hard_octets, 5000);
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 3600 * 1000000000ull);
	ck_assert_uint_eq(tunnel_with(OLD).in_sa.encr, 12);
	ck_assert_uint_eq(sa_row(OLD).replay_window, 32);
}
END_TEST

/* IKE had asked for its SPI: so charon's inbound SAs come. */
START_TEST(an_update_of_a_larval_sa_is_a_new_sa)
{
	there(larval(in(OLD)));
	updated(in(OLD));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	updated(in(NEW));
	ck_assert_uint_eq(state_of(NEW), IPM_SA_ACTIVE);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel_with(OLD).refreshes, 1);
}
END_TEST

/* We had missed it; only with the next dump its counts and its times are known. */
START_TEST(an_update_of_an_sa_that_is_not_known_is_one_that_counts_all_it_has_carried)
{
	updated(in(OLD));
	DUMP(dumped(carried(in(OLD), 7)));
	expect_carried(tunnel_with(OLD), 7, 0);
	updated(in(OLD));
	updated(in(NEW));
	gone(carried(in(NEW), 3));
	expect_total(10, 0);
	ck_assert_uint_eq(sa_row(OLD).index, 1);
}
END_TEST

/* That is the SA which packets of its mark find. */
START_TEST(an_update_finds_an_sa_of_another_mark)
{
	struct xfrm_sa wide = in(OLD), a = of_mark(in(OLD), 0x12);
	DUMP(dumped(carried(wide, 7)));
	a.hard_octets = 5000;
	updated(a);
	ck_assert_uint_eq(rows(IPM_SAS), 1);
	ck_assert_uint_eq(tunnel_with(OLD).hard_octets, 5000);
}
END_TEST

START_TEST(an_update_may_give_an_sa_another_xfrm_interface)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 7)); dumped(carried(in(OLD), 7)));
	struct ipm_tunnel before = tunnel_with(OLD);
	updated(of_if_id(out(OLD + 1), 9));
	DUMP(dumped(of_if_id(carried(out(OLD + 1), 8), 9)); dumped(carried(in(OLD), 7)));
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert_uint_eq(tunnel_with(OLD).if_id_out, 9);
	expect_carried(tunnel_with(OLD), 7, 8);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

START_TEST(an_update_gives_an_sa_new_limits_to_reach)
{
	struct xfrm_sa a = in(OLD);
	a.soft_pkts = 5;
	there(a);
	expires_soft(carried(a, 6));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	a.soft_pkts = 50;
	updated(a);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	DUMP(dumped(carried(a, 20)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_ACTIVE);
	DUMP(dumped(carried(a, 50)));
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
}
END_TEST

/* --- bundles: AH and IPComp beside ESP ------------------------------------ */

/* One of the 24 orders of four things. */
static void
order_of_four(int which, int order[4])
{
	int left[4] = { 0, 1, 2, 3 };
	for (int n = 4, size = 24; n > 0; n--) {
		size /= n;
		int at = which / size;
		which %= size;
		order[4 - n] = left[at];
		memmove(&left[at], &left[at + 1], sizeof(left) - sizeof(left[0]) * (size_t)(at + 1));
	}
}

START_TEST(ah_and_esp_are_one_tunnel_whose_packets_count_once)
{
	const struct xfrm_sa sa[4] = { in(OLD), out(OLD + 1), ah(in(OTHER)), ah(out(OTHER + 1)) };
	int order[4];

	order_of_four(_i, order);
	for (int i = 0; i < 4; i++)
		there(sa[order[i]]);
	expect_tunnels(1);
	struct ipm_tunnel before = tunnel_with(OLD);
	ck_assert_uint_eq(before.sas, 4);
	ck_assert_uint_eq(before.protocol, IPPROTO_ESP);
	ck_assert_uint_eq(before.refreshes, 0);
	ck_assert_uint_eq(before.in_sa.encr, 12);
	ck_assert_uint_eq(before.in_ah, 13);
	ck_assert_uint_eq(before.out_ah, 13);
	ck_assert_uint_eq(sa_row(OTHER).bundled, 1);
	ck_assert_uint_eq(sa_row(OLD).bundled, 0);

	DUMP(for (int i = 0; i < 4; i++) dumped(carried(sa[order[i]], 10)));
	expect_carried(tunnel_with(OLD), 10, 10);
	ck_assert_uint_eq(tunnel_with(OLD).in.crypts, 10);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 20); /* each packet by both */
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 10 * OCTETS);
	expect_total(10, 10);

	there(later(ah(in(NEW)), 1)); /* a rekey, the AH SAs first */
	there(later(ah(out(NEW + 1)), 1));
	there(later(in(NEW + 2), 1));
	there(later(out(NEW + 3), 1));
	expect_same(tunnel_with(NEW), before, 1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(OTHER), IPM_SA_EXPIRING);
	ck_assert_uint_eq(state_of(NEW + 2), IPM_SA_ACTIVE);
	for (int i = 0; i < 4; i++)
		gone(carried(sa[order[i]], 11));
	expect_carried(tunnel_with(NEW), 11, 11);
	DUMP(dumped(later(carried(out(NEW + 3), 1), 1)); dumped(later(carried(in(NEW + 2), 1), 1));
	     dumped(later(carried(ah(out(NEW + 1)), 1), 1)); dumped(later(carried(ah(in(NEW)), 1), 1)));
	expect_carried(tunnel_with(NEW), 12, 12);
	ck_assert_uint_eq(tunnel_with(NEW).out.auths, 24);
	expect_same(tunnel_with(NEW + 3), before, 1);
}
END_TEST

START_TEST(ipcomp_and_esp_are_one_tunnel_with_the_octets_before_compression)
{
	const struct xfrm_sa sa[4] = { in(OLD), out(OLD + 1), comp(in(0x10), 0, 0), comp(out(0x11), 0, 0) };
	int order[4];

	order_of_four(_i, order);
	for (int i = 0; i < 4; i++)
		there(sa[order[i]]);
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel_with(OLD).protocol, IPPROTO_ESP);
	ck_assert_uint_eq(tunnel_with(OLD).ipcomp, 1);
	ck_assert_uint_eq(sa_row(0x10).bundled, 1);
	/* The packets were too small to be compressed: that it is 0 is known. */
	DUMP(dumped(carried(out(OLD + 1), 4)); dumped(carried(in(OLD), 4)); dumped(comp(out(0x11), 0, 0));
	     dumped(comp(in(0x10), 0, 0)));
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 0);
	ck_assert_uint_eq(tunnel_with(OLD).in.comps, 1);
	ck_assert_uint_eq(tunnel_with(OLD).out.comps, 1);
	DUMP(dumped(carried(out(OLD + 1), 10)); dumped(carried(in(OLD), 10)); dumped(comp(out(0x11), 10, 3000));
	     dumped(comp(in(0x10), 10, 2000)));
	expect_carried(tunnel_with(OLD), 10, 10);
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 2000);
	ck_assert_uint_eq(tunnel_with(OLD).out.raw_octets, 3000);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 10);
	ck_assert_uint_eq(totals().out.raw_octets, 3000);
	expect_total(10, 10);
}
END_TEST

/* All that a daemon finds when it starts: policies first, then SAs that have carried much. */
START_TEST(what_a_bundle_had_carried_before_we_came_counts_once_too)
{
	const struct xfrm_sa sa[4] = { carried(in(OLD), 10), carried(out(OLD + 1), 20), carried(ah(in(OTHER)), 10),
				       carried(ah(out(OTHER + 1)), 20) };
	int order[4];

	order_of_four(_i, order);
	POLICIES(policy_dumped(policy_with(policy(1, 1), IPPROTO_AH)));
	DUMP(for (int i = 0; i < 4; i++) dumped(sa[order[i]]));
	expect_tunnels(1);
	expect_carried(tunnel_with(OLD), 10, 20);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 20);
	ck_assert_uint_eq(tunnel_with(OLD).refreshes, 0);
	expect_total(10, 20);
}
END_TEST

START_TEST(what_was_compressed_before_we_came_counts_once_too)
{
	const struct xfrm_sa sa[4] = { carried(in(OLD), 10), carried(out(OLD + 1), 10), comp(in(0x10), 10, 2000),
				       comp(out(0x11), 10, 3000) };
	int order[4];

	order_of_four(_i, order);
	POLICIES(policy_dumped(policy_with(policy(1, 1), IPPROTO_COMP)));
	DUMP(for (int i = 0; i < 4; i++) dumped(sa[order[i]]));
	expect_tunnels(1);
	expect_carried(tunnel_with(OLD), 10, 10);
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 2000);
	ck_assert_uint_eq(tunnel_with(OLD).out.raw_octets, 3000);
}
END_TEST

START_TEST(ah_alone_and_ipcomp_alone_count_their_packets)
{
	there(ah(in(OLD)));
	there(of_reqid(comp(in(0x10), 0, 0), 2));
	DUMP(dumped(of_reqid(comp(in(0x10), 5, 500), 2)); dumped(carried(ah(in(OLD)), 3)));
	expect_carried(tunnel_with(OLD), 3, 0);
	ck_assert_uint_eq(tunnel_with(OLD).protocol, IPPROTO_AH);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 3);
	ck_assert_uint_eq(tunnel_with(OLD).in.crypts, 0);
	expect_carried(tunnel_with(0x10), 5, 0);
	ck_assert_uint_eq(tunnel_with(0x10).protocol, IPPROTO_COMP);
	ck_assert_uint_eq(tunnel_with(0x10).in.raw_octets, 500);
}
END_TEST

START_TEST(ah_counts_before_ipcomp)
{
	there(comp(in(0x10), 0, 0));
	there(ah(in(OLD)));
	DUMP(dumped(carried(ah(in(OLD)), 3)); dumped(comp(in(0x10), 3, 900)));
	ck_assert_uint_eq(tunnel_with(OLD).protocol, IPPROTO_AH);
	expect_carried(tunnel_with(OLD), 3, 0);
	ck_assert_uint_eq(tunnel_with(OLD).in.raw_octets, 900);
}
END_TEST

/* --- a peer, or we, at another address ------------------------------------ */

/* As charon moves SAs: each is deleted, and added again with its SPI, its time of birth and its counts. */
START_TEST(sas_that_move_to_another_address_keep_their_tunnel_and_count_on)
{
	struct xfrm_sa a = in(OLD), b = out(OLD + 1);

	pair_there(OLD);
	DUMP(dumped(carried(b, 20)); dumped(carried(a, 10)));
	struct ipm_tunnel before = tunnel_with(OLD);
	gone(carried(a, 12));
	there(carried(_i ? from_elsewhere(a) : with_peer(a, 9), 12));
	gone(carried(b, 22));
	there(carried(_i ? from_elsewhere(b) : with_peer(b, 9), 22));
	expect_tunnels(1);
	struct ipm_tunnel now = tunnel_with(OLD);
	expect_same(now, before, 0);
	expect_carried(now, 12, 22);
	ck_assert_uint_eq(now.sas, 2);
	ck_assert(same_addr(now.local, _i ? ELSEWHERE : HERE));
	ck_assert(same_addr(now.remote, _i ? PEER(2) : PEER(9)));
	DUMP(dumped(carried(_i ? from_elsewhere(b) : with_peer(b, 9), 25));
	     dumped(carried(_i ? from_elsewhere(a) : with_peer(a, 9), 15)));
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 15, 25);
	expect_total(15, 25);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

/* The drops that an SA told of are not carried over by the kernel. */
START_TEST(an_sa_that_has_moved_counts_its_drops_from_zero)
{
	struct xfrm_sa a = carried(in(OLD), 10);

	pair_there(OLD);
	a.auth_fails = 2;
	a.replays = 3;
	DUMP(dumped(out(OLD + 1)); dumped(a));
	gone(a);
	a = with_peer(a, 9);
	a.auth_fails = a.replays = 0;
	there(a);
	a = carried(a, 20);
	a.replays = 1;
	DUMP(dumped(with_peer(out(OLD + 1), 9)); dumped(a));
	ck_assert_uint_eq(tunnel_with(OLD).in.pkts, 20);
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_AUTH], 2);
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_REPLAY], 4);
}
END_TEST

START_TEST(an_sa_that_has_carried_nothing_moves_as_well)
{
	pair_there(OLD);
	struct ipm_tunnel before = tunnel_with(OLD);
	gone(in(OLD));
	there(with_peer(in(OLD), 9));
	gone(out(OLD + 1));
	there(with_peer(out(OLD + 1), 9));
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_same(tunnel_with(OLD + 1), before, 0);
}
END_TEST

START_TEST(an_sa_that_has_carried_nothing_does_not_move_to_another_interface)
{
	struct xfrm_sa a = in(OLD);

	pair_there(OLD);
	struct ipm_tunnel before = tunnel_with(OLD);
	gone(a);
	a.if_id = 7;
	there(a);
	expect_tunnels(2);
	expect_two_tunnels(OLD, OLD + 1);
	expect_same(tunnel_with(OLD + 1), before, 0);
}
END_TEST

/* Only the port behind a NAT has changed. */
START_TEST(an_sa_that_is_put_back_at_the_same_address_counts_on)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 20)); dumped(carried(in(OLD), 10)));
	struct ipm_tunnel before = tunnel_with(OLD);
	gone(carried(in(OLD), 12));
	there(carried(in(OLD), 12));
	gone(carried(out(OLD + 1), 22));
	there(carried(out(OLD + 1), 22));
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 12, 22);
	DUMP(dumped(carried(out(OLD + 1), 23)); dumped(carried(in(OLD), 13)));
	expect_carried(tunnel_with(OLD), 13, 23);
}
END_TEST

START_TEST(an_sa_that_is_made_again_with_its_old_spi_counts_from_zero)
{
	pair_there(OLD);
	DUMP(dumped(carried(out(OLD + 1), 20)); dumped(carried(in(OLD), 10)));
	gone(carried(in(OLD), 12));
	there(later(in(OLD), 5));
	DUMP(dumped(carried(out(OLD + 1), 20)); dumped(carried(later(in(OLD), 5), 30)));
	expect_carried(tunnel_with(OLD), 42, 20);
}
END_TEST

/* Who keys by hand likes round numbers. */
START_TEST(an_spi_that_is_used_for_another_peer_and_reqid_moves_nothing)
{
	pair_there(OLD);
	struct ipm_tunnel before = tunnel_with(OLD);
	gone(out(OLD + 1));
	there(later(of_reqid(with_peer(out(OLD + 1), 9), 2), 60));
	expect_tunnels(2);
	expect_two_tunnels(OLD, OLD + 1);
	ck_assert_uint_eq(tunnel_with(OLD).index, before.index);
	ck_assert(same_addr(tunnel_with(OLD).remote, PEER(2)));
}
END_TEST

/* --- lifetimes ------------------------------------------------------------ */

#define S 1000000000ull

START_TEST(a_tunnels_lifetimes_are_those_of_its_inbound_sa_in_use)
{
	struct xfrm_sa a = in(OLD), b = out(OLD + 1);

	a.soft_octets = 1000;
	a.hard_octets = 1200;
	a.soft_pkts = 10;
	a.hard_pkts = 12;
	a.soft_add_s = 3000;
	a.hard_add_s = 3600;
	b.hard_octets = 99;
	there(b);
	ck_assert_uint_eq(tunnel_with(OLD + 1).hard_octets, 99); /* for want of another */
	there(a);
	struct ipm_tunnel t = tunnel_with(OLD);
	ck_assert_uint_eq(t.soft_octets, 1000);
	ck_assert_uint_eq(t.hard_octets, 1200);
	ck_assert_uint_eq(t.soft_pkts, 10);
	ck_assert_uint_eq(t.hard_pkts, 12);
	ck_assert_uint_eq(t.soft_ns, 3000 * S);
	ck_assert_uint_eq(t.hard_ns, 3600 * S);
	ck_assert_uint_eq(sa_row(OLD + 1).hard_octets, 99);
	ck_assert_uint_eq(t.installed_ns, sa_row(OLD).installed_ns);

	struct xfrm_sa now = in(NEW);
	now.hard_octets = 5000;
	there(now);
	ck_assert_uint_eq(tunnel_with(NEW).hard_octets, 5000);
	ck_assert_uint_eq(tunnel_with(NEW).hard_ns, 0);
	DUMP(dumped(now); dumped(a); dumped(b)); /* the one before it says nothing any more */
	ck_assert_uint_eq(tunnel_with(NEW).hard_octets, 5000);
	there(b);
	ck_assert_uint_eq(tunnel_with(NEW).hard_octets, 5000);
}
END_TEST

START_TEST(a_lifetime_by_use_counts_from_the_first_packet)
{
	struct xfrm_sa a = in(OLD);

	a.soft_use_s = 100;
	a.hard_use_s = 120;
	a.hard_add_s = 500;
	there(a);
	ck_assert_uint_eq(tunnel_with(OLD).soft_ns, 0); /* no packet yet */
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 500 * S);
	a.used = a.added + 50;
	DUMP(dumped(a));
	ck_assert_uint_eq(tunnel_with(OLD).soft_ns, 150 * S);
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 170 * S);
	a.used = a.added + 450;
	DUMP(dumped(a));
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 500 * S); /* whichever comes first */
}
END_TEST

START_TEST(limits_too_far_away_are_none)
{
	struct xfrm_sa a = in(OLD);

	a.hard_add_s = UINT64_MAX;
	a.soft_add_s = UINT64_MAX / S + 1;
	there(a);
	ck_assert_uint_eq(tunnel_with(OLD).hard_ns, 0);
	ck_assert_uint_eq(tunnel_with(OLD).soft_ns, 0);
}
END_TEST

START_TEST(an_sa_of_a_dump_was_installed_when_the_kernel_says)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	struct xfrm_sa a = in(OLD);
	a.added = (uint64_t)now.tv_sec - 500;
	DUMP(dumped(a));
	uint64_t age = ipm_now_ns() - tunnel_with(OLD).installed_ns;
	ck_assert_uint_ge(age, 499 * S);
	ck_assert_uint_le(age, 510 * S);
	ck_assert_uint_eq(tunnel_with(OLD).created_ns, tunnel_with(OLD).installed_ns);
}
END_TEST

START_TEST(an_sa_of_a_late_event_was_installed_within_the_second_that_the_kernel_says)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	struct xfrm_sa a = in(OLD), b = out(OLD + 1);
	a.added = (uint64_t)now.tv_sec - 500;
	b.added = (uint64_t)now.tv_sec;
	there(a);
	there(b);
	uint64_t late = ipm_now_ns() - sa_row(OLD).installed_ns, at_once = ipm_now_ns() - sa_row(OLD + 1).installed_ns;
	ck_assert_uint_ge(late, 499 * S);
	ck_assert_uint_le(late, 510 * S);
	ck_assert_uint_le(at_once, 10 * S);
}
END_TEST

START_TEST(the_second_in_which_the_kernel_added_an_sa_is_told_exactly)
{
	struct timespec before, after;
	uint64_t boot = ipm_now_ns();
	clock_gettime(CLOCK_REALTIME, &before);
	struct xfrm_sa a = in(OLD);
	a.added = (uint64_t)before.tv_sec - 500;
	DUMP(dumped(a));
	clock_gettime(CLOCK_REALTIME, &after);
	uint64_t age = boot - sa_row(OLD).installed_ns, /* when the test began */
		least = 500 * S + (uint64_t)before.tv_nsec,
		 took = (uint64_t)(after.tv_sec - before.tv_sec) * S + (uint64_t)after.tv_nsec -
			(uint64_t)before.tv_nsec;
	ck_assert_uint_ge(age + took + S / 1000, least);
	ck_assert_uint_le(age, least + S / 1000);
}
END_TEST

START_TEST(sequence_numbers_windows_and_algorithms_follow_the_sa)
{
	struct xfrm_sa a = in(OLD), b = out(OLD + 1);

	pair_there(OLD);
	a.seq_in = 77;
	a.seq_out = 1;
	a.replay_window = 128;
	b.seq_out = 88;
	DUMP(dumped(b); dumped(a));
	ck_assert_uint_eq(sa_row(OLD).seq, 77);
	ck_assert_uint_eq(sa_row(OLD).replay_window, 128);
	ck_assert_uint_eq(sa_row(OLD + 1).seq, 88);
}
END_TEST

/* --- who has keyed it ----------------------------------------------------- */

START_TEST(without_an_ike_daemon_sas_are_keyed_by_hand)
{
	POLICIES(policy_dumped(policy(1, 1)));
	pair_there(OLD);
	ck_assert(xfrm_model_wants_policies(model)); /* one may have come up since */
	POLICIES(policy_dumped(policy(1, 1)));
	ck_assert(!xfrm_model_wants_policies(model));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_MANUAL);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, 0);
	ck_assert_uint_eq(tunnel_with(OLD).in_sa.group, 0);
}
END_TEST

START_TEST(policies_of_sockets_tell_of_an_ike_daemon)
{
	POLICIES(policy_dumped(socket_policy(1)));
	pair_there(OLD);
	ck_assert(!xfrm_model_wants_policies(model));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, IPM_TRANSFORM_OTHER); /* it is not the kernel's to know */
	ck_assert_uint_eq(tunnel_with(OLD).in_sa.group, IPM_TRANSFORM_OTHER);
}
END_TEST

START_TEST(an_ike_daemon_that_shows_itself_later_is_believed_with_the_next_dump)
{
	pair_there(OLD);
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_MANUAL);
	POLICIES(policy_dumped(socket_policy(1)));
	seconds_pass(2);
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	ck_assert_uint_eq(tunnel_with(OLD).out_sa.group, IPM_TRANSFORM_OTHER);
	POLICIES(NOTHING);
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_MANUAL);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, 0);
}
END_TEST

START_TEST(what_a_known_ike_daemon_does_not_claim_for_a_second_is_keyed_by_hand)
{
	xfrm_model_ike_known(model, true);
	POLICIES(policy_dumped(socket_policy(1)));
	pair_there(OLD);
	ck_assert(!xfrm_model_wants_policies(model));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	seconds_pass(2);
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_MANUAL);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, 0);
	ck_assert_uint_eq(tunnel_with(OLD).in_sa.group, 0);
}
END_TEST

/* --- tunnels that an IKE daemon claims ------------------------------------ */

static struct ipm_tunnel *
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

/* Without an SA by which to find it. */
static void
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

START_TEST(a_claimed_tunnel_without_sas_is_held_until_they_are_back)
{
	pair_there(OLD);
	claim(OLD, true, IPM_REASON_UNKNOWN);
	struct ipm_tunnel before = tunnel_with(OLD);
	gone(carried(in(OLD), 5));
	gone(carried(out(OLD + 1), 6));
	expect_tunnels(0);
	expect_held(1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	DUMP(NOTHING);
	expect_held(1);
	pair_there(NEW);
	expect_held(0);
	ck_assert_uint_eq(tunnel_with(NEW).index, before.index);
	expect_carried(tunnel_with(NEW), 5, 6);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}
END_TEST

START_TEST(a_held_tunnel_that_is_released_ends_with_the_verdict)
{
	pair_there(OLD);
	claim(OLD, true, IPM_REASON_UNKNOWN);
	struct ipm_tunnel before = tunnel_with(OLD);
	gone(in(OLD));
	gone(out(OLD + 1));
	release(before, IPM_REASON_PEER_DELETE);
	xfrm_model_settle(model);
	all_is_true();
	expect_held(0);
	expect_stopped(before, IPM_REASON_PEER_DELETE);
}
END_TEST

START_TEST(a_released_tunnel_ends_with_the_verdict_when_its_sas_go)
{
	pair_there(OLD);
	struct ipm_tunnel before = *claim(OLD, true, IPM_REASON_UNKNOWN);
	claim(OLD, false, IPM_REASON_OPERATOR);
	xfrm_model_settle(model);
	all_is_true();
	expect_tunnels(1);
	gone(in(OLD));
	expect_tunnels(1);
	gone(out(OLD + 1));
	expect_stopped(before, IPM_REASON_OPERATOR);
	expect_events(IPM_EVENT_TUNNEL_STOP, 1);
}
END_TEST

START_TEST(a_verdict_is_void_when_a_new_sa_comes)
{
	pair_there(OLD);
	struct ipm_tunnel before = *claim(OLD, false, IPM_REASON_OPERATOR);
	there(in(NEW));
	gone(in(OLD));
	gone(out(OLD + 1));
	gone(in(NEW));
	expect_stopped(before, IPM_REASON_UNKNOWN);
}
END_TEST

START_TEST(a_claimed_tunnel_survives_a_flush)
{
	pair_there(OLD);
	claim(OLD, true, IPM_REASON_UNKNOWN);
	struct ipm_tunnel before = tunnel_with(OLD);
	flushed(0);
	expect_held(1);
	pair_there(NEW);
	ck_assert_uint_eq(tunnel_with(NEW).index, before.index);
}
END_TEST

/* --- together with charon ------------------------------------------------- */

static void
given_charon(void)
{
	int slot = ipm_feed_open(writer, "vici");
	ck_assert_int_ge(slot, 0);
	vici = vici_model_new(writer, (uint32_t)slot);
	ck_assert_ptr_nonnull(vici);
	xfrm_model_ike_known(model, true);
}

/* Its IKE SA with the peer. */
static struct vici_ike
ike(uint32_t uid)
{
	return (struct vici_ike){ .name = "conn",
				  .uniqueid = uid,
				  .version = 2,
				  .state = VICI_IKE_ESTABLISHED,
				  .initiator = true,
				  .local_host = HERE,
				  .remote_host = PEER(2),
				  .local_port = 500,
				  .remote_port = 500,
				  .local_id = "gw.example.net",
				  .remote_id = "peer.example.net",
				  .spi_initiator = 0xabc000 + uid,
				  .spi_responder = 0xdef000 + uid,
				  .established = 0,
				  .rekey_time = 14400,
				  .reauth_time = VICI_UNSET };
}

#define MODP2048 14

/* The CHILD_SA "net" of reqid 1 that has the SAs in(spi) and out(spi + 1), as far as they have carried anything. */
static struct vici_child
child(uint32_t uid, uint32_t spi, uint64_t pkts_in, uint64_t pkts_out)
{
	struct vici_child sa = { .name = "net",
				 .uniqueid = uid,
				 .reqid = 1,
				 .state = VICI_CHILD_INSTALLED,
				 .encap = IPM_ENCAP_TUNNEL,
				 .protocol = IPPROTO_ESP,
				 .spi_in = spi,
				 .spi_out = spi + 1,
				 .proposal = SUITE,
				 .packets_in = pkts_in,
				 .packets_out = pkts_out,
				 .bytes_in = pkts_in * OCTETS,
				 .bytes_out = pkts_out * OCTETS,
				 .has_counts = true,
				 .rekey_time = 3600,
				 .life_time = 3960,
				 .install_time = 0,
				 .local_count = 1,
				 .remote_count = 1 };
	sa.proposal.group = MODP2048;
	sa.local_ts[0] = subnet(10, 1, 1);
	sa.remote_ts[0] = subnet(10, 2, 1);
	return sa;
}

static struct vici_child
child_in(struct vici_child sa, enum vici_child_state state)
{
	sa.state = state;
	return sa;
}

static void
charon_tells(struct vici_ike parent, struct vici_child sa)
{
	vici_model_ike(vici, &parent);
	vici_model_child(vici, &parent, &sa);
	xfrm_model_settle(model);
	all_is_true();
}

/* A list of all SAs: the statements in the braces. */
#define CHARON(...)                              \
	do {                                     \
		vici_model_list_begin(vici);     \
		__VA_ARGS__;                     \
		(void)vici_model_list_end(vici); \
		xfrm_model_settle(model);        \
		all_is_true();                   \
	} while (0)

static void
charon_rekeys_child(struct vici_ike parent, struct vici_child old, struct vici_child now)
{
	vici_model_ike(vici, &parent);
	vici_model_child_rekey(vici, &parent, &old, &now);
	xfrm_model_settle(model);
	all_is_true();
}

/* Told to, by an operator here. */
static void
charon_ends_child(struct vici_ike parent, struct vici_child sa)
{
	parent.active = VICI_TASK_CHILD_DELETE;
	sa.state = VICI_CHILD_DELETING;
	vici_model_child_down(vici, &parent, &sa);
	xfrm_model_settle(model);
	all_is_true();
}

static void
charon_ends_ike(struct vici_ike sa)
{
	sa.state = VICI_IKE_DELETING;
	sa.active = VICI_TASK_IKE_DELETE;
	vici_model_ike_down(vici, &sa);
	xfrm_model_settle(model);
	all_is_true();
}

static void
charon_is_away(void)
{
	hold_until = ipm_now_ns() + HOLD_NS;
	vici_model_hold(vici, hold_until);
	all_is_true();
}

static void
hold_time_is_over(void)
{
	vici_model_expire(vici, hold_until);
	xfrm_model_settle(model);
	all_is_true();
}

static void
kernel_dump(uint32_t spi, uint64_t pkts_in, uint64_t pkts_out)
{
	DUMP(dumped(carried(out(spi + 1), pkts_out)); dumped(carried(in(spi), pkts_in)));
}

/* It has charon's names and the kernel's SAs. */
static void
expect_joined(struct ipm_tunnel t)
{
	ck_assert_uint_eq(t.feed, feed_slot);
	ck_assert_uint_ne(t.named_by, 0);
	ck_assert_uint_eq(t.claimed, 1);
	ck_assert_uint_eq(t.key_type, IPM_KEY_IKE);
	ck_assert_str_eq(t.conn, "conn");
	ck_assert_str_eq(t.name, "net");
	ck_assert_uint_eq(t.in_sa.group, MODP2048);
	ck_assert_uint_eq(t.out_sa.group, MODP2048);
	ck_assert(ipm_tunnel_ike_alive(seg, &t));
}

START_TEST(a_tunnel_that_charon_told_of_first_keeps_its_index_and_counts_nothing_twice)
{
	given_charon();
	CHARON(charon_tells(ike(1), child(5, OLD, 100, 200)));
	struct ipm_tunnel before = tunnel_with(OLD);
	ck_assert(!vici_model_is_kept(vici));
	kernel_dump(OLD, 110, 210);
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 110, 210);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	CHARON(charon_tells(ike(1), child(5, OLD, 150, 250)));
	expect_carried(tunnel_with(OLD), 110, 210); /* the kernel counts */
	ck_assert(vici_model_is_kept(vici));
	kernel_dump(OLD, 160, 260);
	expect_carried(tunnel_with(OLD), 160, 260);
	expect_total(160, 260);
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert_uint_eq(sa_row(OLD).uid, 5);
	ck_assert_uint_eq(sa_row(OLD + 1).uid, 5);
	ck_assert_uint_eq(tunnel_with(OLD).uid, 5);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

/* Its ESP is in user space. */
START_TEST(a_tunnel_of_charon_that_the_kernel_has_not_got_is_not_the_kernels_to_end)
{
	given_charon();
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	DUMP(NOTHING);
	flushed(0);
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 10, 20);
	ck_assert_uint_eq(tunnel_with(OLD).feed, before.feed);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	ck_assert_uint_eq(xfrm_model_sas(model), 0);
	expect_tunnels(1);
}
END_TEST

/* The kernel filled in the message before charon looked, and we read it after. */
START_TEST(a_dump_made_before_charon_counted_does_not_count_all_again)
{
	given_charon();
	CHARON(charon_tells(ike(1), child(5, OLD, 100, 200)));
	struct ipm_tunnel before = tunnel_with(OLD);
	kernel_dump(OLD, 90, 190);
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 100, 200);
	kernel_dump(OLD, 160, 260);
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 160, 260);
	expect_total(160, 260);
}
END_TEST

START_TEST(a_tunnel_that_the_kernel_told_of_first_gets_its_names)
{
	given_charon();
	POLICIES(policy_dumped(policy(1, 1)));
	kernel_dump(OLD, 110, 210);
	struct ipm_tunnel before = tunnel_with(OLD);
	CHARON(charon_tells(ike(1), child(5, OLD, 100, 200)));
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 110, 210);
	ck_assert_uint_eq(sa_row(OLD).uid, 5);
	ck_assert_uint_eq(sa_row(OLD + 1).uid, 5);
	ck_assert_uint_eq(sa_row(OLD).proposal.group, MODP2048);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	ck_assert(vici_model_is_kept(vici));
	seconds_pass(2);
	kernel_dump(OLD, 120, 220);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 120, 220);
	expect_total(120, 220);
}
END_TEST

/* Who tells first of the new SAs. */
START_TEST(a_rekey_that_both_tell_of_is_one_refresh)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	if (_i) {
		charon_rekeys_child(ike(1), child_in(child(5, OLD, 11, 21), VICI_CHILD_REKEYED), child(6, NEW, 0, 0));
		there(later(in(NEW), 50));
		there(later(out(NEW + 1), 50));
	} else {
		there(later(in(NEW), 50));
		there(later(out(NEW + 1), 50));
		charon_rekeys_child(ike(1), child_in(child(5, OLD, 11, 21), VICI_CHILD_REKEYED), child(6, NEW, 0, 0));
	}
	expect_tunnels(1);
	expect_same(tunnel_with(NEW), before, 1);
	CHARON(charon_tells(ike(1), child_in(child(5, OLD, 11, 21), VICI_CHILD_DELETED));
	       charon_tells(ike(1), child(6, NEW, 1, 2)));
	gone(carried(out(OLD + 1), 22));
	gone(carried(in(OLD), 12));
	CHARON(charon_tells(ike(1), child(6, NEW, 1, 2)));
	CHARON(charon_tells(ike(1), child(6, NEW, 1, 2)));
	DUMP(dumped(later(carried(out(NEW + 1), 5), 50)); dumped(later(carried(in(NEW), 4), 50)));
	expect_tunnels(1);
	expect_same(tunnel_with(NEW), before, 1);
	expect_joined(tunnel_with(NEW));
	expect_carried(tunnel_with(NEW), 16, 27);
	expect_total(16, 27);
	ck_assert_uint_eq(sa_row(NEW).uid, 6);
	ck_assert_uint_eq(sa_row(NEW + 1).uid, 6);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(a_rekey_of_a_tunnel_that_charon_told_of_first_counts_with_its_first_sa)
{
	given_charon();
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	kernel_dump(OLD, 10, 20);
	there(later(_i ? out(NEW + 1) : in(NEW), 50));
	expect_same(tunnel_with(OLD), before, 1);
	there(later(_i ? in(NEW) : out(NEW + 1), 50));
	expect_same(tunnel_with(OLD), before, 1);
}
END_TEST

/* The kernel's events were lost, and its dump comes after charon's list. */
START_TEST(a_list_that_has_the_new_child_before_the_kernel_tells_of_it_makes_no_second_tunnel)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	CHARON(charon_tells(ike(1), child_in(child(5, OLD, 11, 21), VICI_CHILD_REKEYED));
	       charon_tells(ike(1), child(6, NEW, 1, 2)));
	charon_rekeys_child(ike(1), child_in(child(5, OLD, 11, 21), VICI_CHILD_REKEYED), child(6, NEW, 1, 2));
	DUMP(dumped(later(carried(out(NEW + 1), 2), 50)); dumped(later(carried(in(NEW), 1), 50));
	     dumped(carried(out(OLD + 1), 21)); dumped(carried(in(OLD), 11)));
	CHARON(charon_tells(ike(1), child(6, NEW, 1, 2)));
	CHARON(charon_tells(ike(1), child(6, NEW, 1, 2)));
	DUMP(dumped(later(carried(out(NEW + 1), 2), 50)); dumped(later(carried(in(NEW), 1), 50)));
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel_with(NEW).index, before.index);
	expect_carried(tunnel_with(NEW), 12, 23);
	expect_total(12, 23);
}
END_TEST

/* Whose word comes first. */
START_TEST(a_child_that_is_closed_ends_the_tunnel_once_with_charons_reason)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	if (_i) {
		charon_ends_child(ike(1), child(5, OLD, 11, 21));
		expect_tunnels(1);
	}
	gone(carried(in(OLD), 12));
	gone(carried(out(OLD + 1), 22));
	if (!_i) {
		expect_held(1);
		charon_ends_child(ike(1), child(5, OLD, 11, 21));
	}
	expect_tunnels(0);
	expect_held(0);
	expect_stopped(before, IPM_REASON_OPERATOR);
	expect_events(IPM_EVENT_TUNNEL_STOP, 1);
	expect_total(12, 22);
}
END_TEST

START_TEST(an_ike_sa_that_is_closed_ends_its_tunnel_once_with_charons_reason)
{
	struct vici_ike a = ike(1);

	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(a, child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	a.state = VICI_IKE_DELETING;
	a.passive = VICI_TASK_IKE_DELETE;
	if (!_i) {
		gone(carried(out(OLD + 1), 22));
		gone(carried(in(OLD), 12));
	}
	struct vici_child c = child_in(child(5, OLD, 11, 21), VICI_CHILD_INSTALLED);
	vici_model_ike_down(vici, &a);
	vici_model_child_down(vici, &a, &c);
	xfrm_model_settle(model);
	all_is_true();
	if (_i) {
		gone(carried(out(OLD + 1), 22));
		gone(carried(in(OLD), 12));
	}
	expect_tunnels(0);
	expect_stopped(before, IPM_REASON_PEER_DELETE);
	expect_total(12, 22);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 0);
}
END_TEST

START_TEST(charon_may_be_gone_for_long_while_the_kernels_sas_stay)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	charon_is_away();
	kernel_dump(OLD, 15, 25);
	hold_time_is_over();
	kernel_dump(OLD, 17, 27);
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert_str_eq(tunnel_with(OLD).name, "net");
	CHARON(charon_tells(ike(1), child(5, OLD, 17, 27)));
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 17, 27);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(when_charon_is_gone_for_long_the_tunnel_ends_with_its_sas)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	charon_is_away();
	gone(carried(out(OLD + 1), 22));
	gone(carried(in(OLD), 12));
	expect_held(1);
	hold_time_is_over();
	expect_held(0);
	expect_stopped(before, IPM_REASON_UNKNOWN);
}
END_TEST

START_TEST(a_new_charon_takes_up_the_tunnel_even_with_the_same_unique_ids)
{
	struct vici_ike anew = ike(1);

	anew.spi_initiator += 0x1000000;
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	charon_is_away();
	gone(carried(out(OLD + 1), 22));
	gone(carried(in(OLD), 12));
	expect_held(1);
	there(later(in(NEW), 50));
	there(later(out(NEW + 1), 50));
	for (int i = 0; i < 3; i++)
		CHARON(charon_tells(anew, child(_i ? 5 : 2, NEW, 0, 0)));
	hold_time_is_over();
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel_with(NEW).index, before.index);
	expect_joined(tunnel_with(NEW));
	ck_assert_uint_eq(sa_row(NEW).uid, _i ? 5 : 2);
	ck_assert_uint_eq(tunnel_with(NEW).uid, _i ? 5 : 2);
	DUMP(dumped(later(carried(out(NEW + 1), 2), 50)); dumped(later(carried(in(NEW), 1), 50)));
	expect_carried(tunnel_with(NEW), 13, 24);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}
END_TEST

START_TEST(a_reauthenticated_ike_sa_takes_over_the_tunnel)
{
	struct vici_ike now = ike(2);

	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	there(later(in(NEW), 50)); /* made before the break */
	there(later(out(NEW + 1), 50));
	now.active = VICI_TASK_REAUTH_COMPLETE;
	charon_tells(now, child(6, NEW, 0, 0));
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)); charon_tells(now, child(6, NEW, 0, 0)));
	ck_assert_uint_eq(sa_row(OLD).uid, 5);
	ck_assert_uint_eq(sa_row(NEW).uid, 6);
	charon_ends_ike(ike(1));
	charon_ends_child(ike(1), child(5, OLD, 10, 20));
	gone(carried(out(OLD + 1), 22));
	gone(carried(in(OLD), 12));
	now.active = 0;
	for (int i = 0; i < 3; i++)
		CHARON(charon_tells(now, child(6, NEW, 1, 2)));
	DUMP(dumped(later(carried(out(NEW + 1), 2), 50)); dumped(later(carried(in(NEW), 1), 50)));
	expect_tunnels(1);
	expect_same(tunnel_with(NEW), before, 1);
	expect_joined(tunnel_with(NEW));
	expect_carried(tunnel_with(NEW), 13, 24);
	ck_assert_uint_eq(tunnel_with(NEW).uid, 6);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(a_tunnel_without_charons_word_stays_manual_beside_one_with_it)
{
	given_charon();
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)); dumped(of_reqid(out(OTHER + 1), 2));
	     dumped(of_reqid(in(OTHER), 2)));
	CHARON(charon_tells(ike(1), child(5, OLD, 0, 0)));
	seconds_pass(2);
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)); dumped(of_reqid(out(OTHER + 1), 2));
	     dumped(of_reqid(in(OTHER), 2)));
	ck_assert_uint_eq(tunnel_with(OLD).key_type, IPM_KEY_IKE);
	ck_assert_uint_eq(tunnel_with(OTHER).key_type, IPM_KEY_MANUAL);
	ck_assert_uint_eq(tunnel_with(OTHER).named_by, 0);
	expect_joined(tunnel_with(OLD));
}
END_TEST

START_TEST(a_move_that_both_tell_of_keeps_the_tunnel)
{
	struct vici_ike moved = ike(1);

	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	moved.remote_host = PEER(9);
	vici_model_ike(vici, &moved); /* an ike-update comes before charon moves the SAs */
	gone(carried(in(OLD), 10));
	there(carried(with_peer(in(OLD), 9), 10));
	gone(carried(out(OLD + 1), 20));
	there(carried(with_peer(out(OLD + 1), 9), 20));
	CHARON(charon_tells(moved, child(5, OLD, 10, 20)));
	DUMP(dumped(carried(with_peer(out(OLD + 1), 9), 21)); dumped(carried(with_peer(in(OLD), 9), 11)));
	CHARON(charon_tells(moved, child(5, OLD, 11, 21)));
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 11, 21);
	expect_total(11, 21);
	ck_assert_uint_eq(sa_row(OLD).uid, 5);
}
END_TEST

START_TEST(what_charon_named_is_named_again_after_a_restart)
{
	given_charon();
	kernel_dump(OLD, 10, 20);
	CHARON(charon_tells(ike(1), child(5, OLD, 10, 20)));
	struct ipm_tunnel before = tunnel_with(OLD);
	daemon_restarts(true);
	given_charon();
	charon_is_away();
	seconds_pass(2);
	if (_i)
		kernel_dump(OLD, 15, 25);
	CHARON(charon_tells(ike(1), child(5, OLD, 15, 25)));
	if (!_i)
		kernel_dump(OLD, 15, 25);
	expect_tunnels(1);
	expect_same(tunnel_with(OLD), before, 0);
	expect_joined(tunnel_with(OLD));
	expect_carried(tunnel_with(OLD), 15, 25);
	hold_time_is_over();
	kernel_dump(OLD, 16, 26);
	expect_joined(tunnel_with(OLD));
	expect_total(16, 26);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}
END_TEST

/* --- restarts ------------------------------------------------------------- */

START_TEST(after_a_restart_all_is_as_it_was)
{
	POLICIES(policy_dumped(policy(1, 1)));
	kernel_dump(OLD, 10, 20);
	struct ipm_tunnel before = tunnel_with(OLD);
	uint64_t installed = sa_row(OLD).installed_ns;
	daemon_restarts(_i);
	expect_same(tunnel_with(OLD), before, 0);
	POLICIES(policy_dumped(policy(1, 1)));
	kernel_dump(OLD, 15, 25);
	expect_same(tunnel_with(OLD), before, 0);
	expect_carried(tunnel_with(OLD), 15, 25);
	expect_total(15, 25);
	ck_assert_uint_eq(sa_row(OLD).installed_ns, installed);
	ck_assert_uint_eq(tunnel_with(OLD).created_ns, before.created_ns);
	ck_assert_uint_eq(selectors(tunnel_with(OLD)), 1);
	expect_events(IPM_EVENT_TUNNEL_START, 1);

	there(later(out(NEW + 1), 50)); /* a rekey goes on as ever */
	there(later(in(NEW), 50));
	expect_same(tunnel_with(NEW), before, 1);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
}
END_TEST

START_TEST(sas_that_went_while_we_were_away_go_at_the_first_dump)
{
	kernel_dump(OLD, 10, 20);
	there(of_reqid(in(OTHER), 2));
	struct ipm_tunnel before = tunnel_with(OTHER);
	daemon_restarts(_i);
	ck_assert_uint_eq(rows(IPM_SAS), 3);
	kernel_dump(OLD, 11, 20);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_tunnels(1);
	expect_stopped(before, IPM_REASON_UNKNOWN);
}
END_TEST

START_TEST(a_rekey_while_we_were_away_is_one_refresh)
{
	kernel_dump(OLD, 10, 20);
	struct ipm_tunnel before = tunnel_with(OLD);
	daemon_restarts(_i);
	DUMP(dumped(later(carried(out(NEW + 1), 3), 50)); dumped(later(carried(in(NEW), 4), 50)));
	expect_same(tunnel_with(NEW), before, 1);
	expect_carried(tunnel_with(NEW), 14, 23);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

START_TEST(a_restart_in_the_middle_of_a_rekey_is_no_refresh_of_its_own)
{
	kernel_dump(OLD, 10, 20);
	struct ipm_tunnel before = tunnel_with(OLD);
	there(later(in(NEW), 10));
	expect_same(tunnel_with(NEW), before, 1);
	daemon_restarts(_i);
	DUMP(dumped(later(in(NEW), 10)); dumped(carried(out(OLD + 1), 20)); dumped(carried(in(OLD), 10)));
	there(later(out(NEW + 1), 11));
	expect_same(tunnel_with(NEW), before, 1);
	there(later(out(NEW + 3), 20));
	expect_same(tunnel_with(NEW), before, 2);
}
END_TEST

START_TEST(a_name_that_another_sa_took_while_we_were_away_counts_from_zero)
{
	kernel_dump(OLD, 10, 20);
	daemon_restarts(_i);
	DUMP(dumped(later(carried(out(OLD + 1), 3), 50)); dumped(later(carried(in(OLD), 4), 50)));
	expect_carried(tunnel_with(OLD), 14, 23);
}
END_TEST

/* The kernel filled in the message before the event. */
START_TEST(a_late_dump_message_after_a_restart_does_not_count_all_again)
{
	kernel_dump(OLD, 10, 20);
	daemon_restarts(_i);
	DUMP(expires_soft(carried(in(OLD), 15)); dumped(carried(out(OLD + 1), 22)); dumped(carried(in(OLD), 14)));
	expect_carried(tunnel_with(OLD), 15, 22);
	expect_total(15, 22);
	ck_assert_uint_eq(state_of(OLD), IPM_SA_EXPIRING);
}
END_TEST

START_TEST(a_tunnels_own_selector_survives_a_restart)
{
	struct xfrm_sa a = of_net(of_reqid(in(OLD), 0), 1), b = of_net(of_reqid(out(OLD + 1), 0), 1);

	DUMP(dumped(b); dumped(a));
	struct ipm_tunnel before = tunnel_with(OLD);
	daemon_restarts(_i);
	POLICIES(NOTHING);
	DUMP(dumped(b); dumped(a));
	DUMP(dumped(b); dumped(a));
	expect_same(tunnel_with(OLD), before, 0);
	ck_assert(has_net(tunnel_with(OLD), 1));
}
END_TEST

START_TEST(without_reqid_a_rekey_after_a_restart_keeps_the_tunnel)
{
	struct xfrm_sa a = of_net(of_reqid(in(OLD), 0), 1), b = of_net(of_reqid(out(OLD + 1), 0), 1);

	DUMP(dumped(b); dumped(a));
	struct ipm_tunnel before = tunnel_with(OLD);
	daemon_restarts(_i);
	DUMP(dumped(b); dumped(a));
	there(later(of_net(of_reqid(in(NEW), 0), 1), 50));
	there(later(of_net(of_reqid(out(NEW + 1), 0), 1), 50));
	expect_tunnels(1);
	expect_same(tunnel_with(NEW), before, 1);
}
END_TEST

START_TEST(a_bundle_counts_once_after_a_restart)
{
	DUMP(dumped(out(OLD + 1)); dumped(in(OLD)); dumped(ah(in(OTHER))); dumped(ah(out(OTHER + 1))));
	daemon_restarts(_i);
	DUMP(dumped(carried(ah(in(OTHER)), 7)); dumped(carried(out(OLD + 1), 5)); dumped(carried(in(OLD), 7));
	     dumped(carried(ah(out(OTHER + 1)), 5)));
	expect_carried(tunnel_with(OLD), 7, 5);
	ck_assert_uint_eq(tunnel_with(OLD).in.auths, 14);
}
END_TEST

START_TEST(a_held_tunnel_that_nobody_claims_after_a_restart_is_over)
{
	pair_there(OLD);
	claim(OLD, true, IPM_REASON_UNKNOWN);
	struct ipm_tunnel before = tunnel_with(OLD);
	gone(in(OLD));
	gone(out(OLD + 1));
	expect_held(1);
	daemon_restarts(_i);
	DUMP(NOTHING);
	expect_held(0);
	expect_stopped(before, IPM_REASON_UNKNOWN);
}
END_TEST

/* --- drops ---------------------------------------------------------------- */

static void
stat_is(enum xfrm_stat line, uint64_t pkts)
{
	stat_now[line] = pkts;
	xfrm_model_stat(model, stat_now);
	all_is_true();
}

static uint64_t
dropped(enum ipm_direction direction, enum ipm_drop why)
{
	struct ipm_totals t = totals();
	return (direction == IPM_IN ? &t.in : &t.out)->drops[why];
}

static uint64_t
failed(enum ipm_direction direction, enum ipm_drop why)
{
	struct ipm_totals t = totals();
	return (direction == IPM_IN ? t.fails_in : t.fails_out)[why];
}

/* Dropped, and failed after they had been counted. */
static uint64_t
dropped_in_all(void)
{
	struct ipm_totals t = totals();
	uint64_t n = 0;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		n += t.in.drops[i] + t.out.drops[i] + t.fails_in[i] + t.fails_out[i];
	return n;
}

static uint64_t
told_of(const struct xfrm_stat_line *line)
{
	return (line->late ? failed : dropped)(line->direction, line->reason);
}

START_TEST(every_line_of_xfrm_stat_counts_by_its_reason_and_direction)
{
	stat_is(_i, 0);
	stat_is(_i, 7);
	ck_assert_uint_eq(told_of(&xfrm_stat_lines[_i]), 7);
	ck_assert_uint_eq(dropped_in_all(), 7);
	stat_is(_i, 7);
	stat_is(_i, 9);
	ck_assert_uint_eq(told_of(&xfrm_stat_lines[_i]), 9);
	ck_assert_uint_eq(dropped_in_all(), 9);
}
END_TEST

/* The kernel asks for policy when the SA has counted the packet: it is no drop besides. */
START_TEST(what_policy_rejects_after_decryption_is_counted_once)
{
	static const enum xfrm_stat lines[] = { XFRM_STAT_IN_MISMATCH, XFRM_STAT_IN_TMPL,   XFRM_STAT_IN_NO_POLICY,
						XFRM_STAT_IN_BLOCK,    XFRM_STAT_IN_POLICY, XFRM_STAT_IN_MODE };
	pair_there(OLD);
	stat_is(lines[_i], 0);
	DUMP(dumped(out(OLD + 1)); dumped(carried(in(OLD), 9)));
	stat_is(lines[_i], 5); /* of the 9 */
	ck_assert_uint_eq(totals().in.pkts, 9);
	for (int why = 0; why < IPM_DROP_COUNT; why++)
		ck_assert_uint_eq(dropped(IPM_IN, why), 0);
	ck_assert_uint_eq(failed(IPM_IN, IPM_DROP_POLICY), 5);
}
END_TEST

START_TEST(a_packet_that_cannot_be_encrypted_is_counted_once)
{
	pair_there(OLD);
	stat_is(XFRM_STAT_OUT_PROTO, 0);
	DUMP(dumped(carried(out(OLD + 1), 9)); dumped(in(OLD)));
	stat_is(XFRM_STAT_OUT_PROTO, 2);
	ck_assert_uint_eq(totals().out.pkts, 9);
	ck_assert_uint_eq(dropped(IPM_OUT, IPM_DROP_CRYPT), 0);
	ck_assert_uint_eq(failed(IPM_OUT, IPM_DROP_CRYPT), 2);
}
END_TEST

START_TEST(every_line_goes_on_after_a_restart)
{
	stat_is(_i, 7);
	daemon_restarts(true);
	stat_is(_i, 9);
	ck_assert_uint_eq(dropped_in_all(), 9);
	daemon_restarts(false);
	stat_is(_i, 9);
	ck_assert_uint_eq(dropped_in_all(), 9);
}
END_TEST

/*
 * The network namespace has become another one of that name. How much of the lines that SAs count, too, its SAs have
 * told of is not known.
 */
START_TEST(every_line_that_is_smaller_than_before_counts_from_zero)
{
	uint64_t unknown = _i == XFRM_STAT_IN_PROTO || _i == XFRM_STAT_IN_SEQ ? 3 : 0;

	stat_is(_i, 0);
	stat_is(_i, 10);
	stat_is(_i, 3);
	ck_assert_uint_eq(dropped_in_all(), 13 - unknown);
	stat_is(_i, 5);
	ck_assert_uint_eq(dropped_in_all(), 15 - unknown);
}
END_TEST

START_TEST(what_sas_told_of_is_not_counted_again)
{
	struct xfrm_sa a = in(OLD);

	DUMP(dumped(a));
	stat_is(XFRM_STAT_IN_PROTO, 0);
	a.auth_fails = 4;
	a.replays = 3;
	a.behind = 2;
	DUMP(dumped(a));
	stat_now[XFRM_STAT_IN_SEQ] = 6;
	stat_is(XFRM_STAT_IN_PROTO, 5);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_AUTH), 4);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_CRYPT), 1);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_REPLAY), 4);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_WINDOW), 2);
	ck_assert_uint_eq(dropped_in_all(), 11);
	/* An SA's count may be ahead of the file, that was read first. */
	a.auth_fails = 6;
	DUMP(dumped(a));
	stat_is(XFRM_STAT_IN_PROTO, 5);
	ck_assert_uint_eq(dropped_in_all(), 13);
	daemon_restarts(_i);
	DUMP(dumped(a));
	stat_is(XFRM_STAT_IN_PROTO, 8);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_AUTH), 6);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_CRYPT), 2);
	ck_assert_uint_eq(dropped_in_all(), 14);
}
END_TEST

START_TEST(what_failed_before_we_came_has_no_reason_that_we_know)
{
	struct xfrm_sa a = in(OLD);

	a.auth_fails = 4;
	DUMP(dumped(a));
	stat_now[XFRM_STAT_IN_NO_STATES] = 20;
	stat_is(XFRM_STAT_IN_PROTO, 10);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_AUTH), 4);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_OTHER), 6);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_NO_SA), 20);
	expect_failures(IPM_FAIL_NO_SA, 0);
	expect_failures(IPM_FAIL_IN_AUTH, 0);
	stat_is(XFRM_STAT_IN_PROTO, 12);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_CRYPT), 2);
	ck_assert_uint_eq(dropped(IPM_IN, IPM_DROP_OTHER), 6);
}
END_TEST

/* How many packets had no SA yet; ifindex 0: the row without an interface. */
static uint64_t
interface_drops(uint32_t ifindex, struct ipm_interface *row)
{
	uint64_t n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_INTERFACES); slot++) {
		struct ipm_interface i;
		if (ipm_interface_read(seg, slot, &i) == 0 && i.ifindex == ifindex) {
			ck_assert_uint_eq(i.feed, feed_slot);
			n += i.drops[IPM_DROP_NOT_UP];
			*row = i;
		}
	}
	return n;
}

static uint64_t
drops_on(uint32_t ifindex)
{
	struct ipm_interface row;
	return interface_drops(ifindex, &row);
}

#define WAITS XFRM_STAT_OUT_NO_STATES

START_TEST(packets_that_wait_for_an_sa_are_dropped_on_the_way_they_were_to_go)
{
	struct ipm_interface row = { 0 };

	stat_is(WAITS, 0);
	acquired(3);
	acquired(4); /* by the same interface */
	stat_is(WAITS, 5);
	ck_assert_uint_eq(interface_drops(2, &row), 5);
	ck_assert_str_eq(row.name, "eth0");
	ck_assert(same_addr(row.addr, HERE));
	acquired(10);
	stat_is(WAITS, 7);
	ck_assert_uint_eq(drops_on(3), 2);
	stat_is(WAITS, 8); /* nobody has asked */
	ck_assert_uint_eq(drops_on(0), 1);
	ck_assert_uint_eq(drops_on(2) + drops_on(3) + drops_on(0), 8);
	ck_assert_uint_eq(dropped(IPM_OUT, IPM_DROP_NO_SA), 8);
}
END_TEST

START_TEST(where_there_are_two_ways_or_none_the_interface_is_not_known)
{
	stat_is(WAITS, 0);
	acquired(3);
	acquired(10);
	stat_is(WAITS, 5);
	ck_assert_uint_eq(drops_on(0), 5);
	acquired(30); /* no way there */
	stat_is(WAITS, 6);
	ck_assert_uint_eq(drops_on(0), 6);
	ck_assert_uint_eq(drops_on(2) + drops_on(3), 0);
	ck_assert_uint_eq(rows(IPM_INTERFACES), 1);
}
END_TEST

START_TEST(as_long_as_there_is_a_larval_sa_its_packets_are_dropped)
{
	stat_is(WAITS, 0);
	acquired(3);
	DUMP(dumped(larval(with_peer(out(0), 3))));
	stat_is(WAITS, 5);
	DUMP(dumped(larval(with_peer(out(0), 3))));
	stat_is(WAITS, 7);
	DUMP(NOTHING);
	stat_is(WAITS, 8); /* the last ones, before it went */
	ck_assert_uint_eq(drops_on(2), 8);
	DUMP(NOTHING);
	stat_is(WAITS, 9);
	ck_assert_uint_eq(drops_on(2), 8);
	ck_assert_uint_eq(drops_on(0), 1);
}
END_TEST

START_TEST(more_peers_than_can_be_remembered_make_the_interface_unknown)
{
	stat_is(WAITS, 0);
	for (int i = 0; i < 100; i++) {
		struct xfrm_sa a = out(0);
		a.key.dst = ip4(192, 0, (uint8_t)(3 + i), 2);
		say(XFRM_ACQUIRED, a, false, false);
	}
	stat_is(WAITS, 5);
	ck_assert_uint_eq(drops_on(0), 5);
	acquired(3);
	stat_is(WAITS, 6);
	ck_assert_uint_eq(drops_on(2), 1);
}
END_TEST

START_TEST(interfaces_go_on_counting_after_a_restart)
{
	stat_is(WAITS, 0);
	acquired(3);
	stat_is(WAITS, 5);
	daemon_restarts(_i);
	acquired(3);
	stat_is(WAITS, 7);
	ck_assert_uint_eq(drops_on(2), 7);
	ck_assert_uint_eq(rows(IPM_INTERFACES), 1);
}
END_TEST

/* --- failures ------------------------------------------------------------- */

START_TEST(packets_for_unknown_spis_are_told_once_a_minute)
{
	struct ipm_failure f = { 0 };

	stat_is(XFRM_STAT_IN_NO_STATES, 0);
	stat_is(XFRM_STAT_IN_NO_STATES, 3);
	ck_assert_uint_eq(failures(IPM_FAIL_NO_SA, &f), 1);
	ck_assert_str_eq(f.text, "3 packet(s) for an SPI that there is not");
	seconds_pass(50);
	stat_is(XFRM_STAT_IN_NO_STATES, 4);
	expect_failures(IPM_FAIL_NO_SA, 1);
	seconds_pass(15);
	stat_is(XFRM_STAT_IN_NO_STATES, 4);
	expect_failures(IPM_FAIL_NO_SA, 1);
	stat_is(XFRM_STAT_IN_NO_STATES, 5);
	expect_failures(IPM_FAIL_NO_SA, 2);
}
END_TEST

START_TEST(failed_integrity_checks_are_told_once_a_minute_for_each_tunnel)
{
	struct xfrm_sa a = in(OLD), b = of_reqid(in(OTHER), 2);
	struct ipm_failure f = { 0 };

	DUMP(dumped(b); dumped(a));
	a.auth_fails = 4;
	DUMP(dumped(b); dumped(a));
	ck_assert_uint_eq(failures(IPM_FAIL_IN_AUTH, &f), 1);
	ck_assert_uint_eq(f.spi, OLD);
	ck_assert_uint_eq(f.tunnel_index, tunnel_with(OLD).index);
	ck_assert_str_eq(f.text, "integrity check failed for 4 packet(s)");
	a.auth_fails = 5;
	DUMP(dumped(b); dumped(a));
	expect_failures(IPM_FAIL_IN_AUTH, 1);
	b.auth_fails = 1;
	DUMP(dumped(b); dumped(a));
	expect_failures(IPM_FAIL_IN_AUTH, 2);
	seconds_pass(61);
	DUMP(dumped(b); dumped(a));
	expect_failures(IPM_FAIL_IN_AUTH, 2);
	a.auth_fails = 6;
	DUMP(dumped(b); dumped(a));
	expect_failures(IPM_FAIL_IN_AUTH, 3);
	ck_assert_uint_eq(tunnel_with(OLD).in.drops[IPM_DROP_AUTH], 6);
}
END_TEST

START_TEST(an_sa_that_a_policy_wanted_in_vain_is_a_failure)
{
	struct ipm_failure f = { 0 };

	expires_hard(larval(with_peer(out(0), 3)));
	ck_assert_uint_eq(failures(IPM_FAIL_PEER_LOST, &f), 1);
	ck_assert(same_addr(f.remote, PEER(3)));
	ck_assert_uint_eq(f.setup, 1);
	ck_assert_uint_eq(f.packet_src.len, 0);
	struct xfrm_sa sa = larval(with_peer(out(0), 3));
	sa.has_sel = true;
	sa.src_sel = single(ip4(10, 1, 0, 7));
	sa.dst_sel = single(ip4(10, 2, 0, 9));
	expires_hard(sa); /* the kernel says for which packet */
	ck_assert_uint_eq(failures(IPM_FAIL_PEER_LOST, &f), 2);
	ck_assert(same_addr(f.remote, PEER(3)));
	ck_assert(same_addr(f.packet_src, ip4(10, 1, 0, 7)));
	ck_assert(same_addr(f.packet_dst, ip4(10, 2, 0, 9)));
	xfrm_model_ike_known(model, true); /* who knows charon hears it from there */
	expires_hard(larval(with_peer(out(0), 3)));
	expect_failures(IPM_FAIL_PEER_LOST, 2);
}
END_TEST

/* --- full ----------------------------------------------------------------- */

static void
given_a_small_gateway(void)
{
	given_a_gateway_with((struct ipm_capacity){ .ike_sas = 4, .tunnels = 8, .selectors = 8, .sas = 5 });
}

static void
given_a_gateway_of_two_tunnels(void)
{
	given_a_gateway_with((struct ipm_capacity){ .ike_sas = 4, .tunnels = 2, .selectors = 8, .sas = 64 });
}

static void
dump_of_six_tunnels(void)
{
	DUMP(for (uint32_t i = 1; i <= 6; i++) {
		dumped(of_reqid(out(OLD + 2 * i + 1), i));
		dumped(of_reqid(in(OLD + 2 * i), i));
	});
}

START_TEST(sas_that_find_no_room_are_counted_and_start_no_tunnels_over_and_over)
{
	for (int i = 0; i < 20; i++)
		dump_of_six_tunnels();
	ck_assert_uint_eq(rows(IPM_SAS), 5);
	ck_assert_uint_ge(totals().records_refused, 20);
	enum ipm_reason reason;
	ck_assert_uint_le(events(IPM_EVENT_TUNNEL_START, 0, &reason), 5);
	ck_assert_uint_le(events(IPM_EVENT_TUNNEL_STOP, 0, &reason), 2);
	DUMP(NOTHING);
	expect_tunnels(0);
	pair_there(NEW);
	expect_tunnels(1);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
}
END_TEST

START_TEST(tunnels_that_find_no_room_are_counted_and_leave_the_others_working)
{
	for (int i = 0; i < 20; i++)
		dump_of_six_tunnels();
	expect_tunnels(2);
	ck_assert_uint_eq(rows(IPM_SAS), 4);
	ck_assert_uint_ge(totals().records_refused, 20);
	expect_events(IPM_EVENT_TUNNEL_START, 2);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	gone(of_reqid(in(OLD + 2), 1));
	gone(of_reqid(out(OLD + 3), 1));
	dump_of_six_tunnels();
	expect_tunnels(2);
}
END_TEST

/* --- whatever happens ----------------------------------------------------- */

#define STEPS       20000
#define KERNEL_SAS  96 /* that the kernel has at a time, or we think that it has */
#define PEER_GROUPS 12 /* tunnels there can be: 4 reqids of 3 peers */

/* An SA as the kernel has it, and as the model has to have it. */
struct kernel_sa {
	bool alive;     /* in the kernel */
	bool told;      /* the model has heard that it is there, and not that it is gone */
	bool buried;    /* the model has heard of its end while the dump comes in that is coming in now */
	bool listed;    /* the dump that is coming in will come to it */
	uint32_t group; /* which tunnel it is of */
	struct xfrm_sa sa;
	uint64_t told_pkts; /* the most that any message said */
	uint64_t dump;      /* the last one that told of it, or while which an event did */
};

/* A tunnel as it has to be. */
struct expected {
	uint32_t index; /* 0: there is none */
	uint32_t sas;
	bool claimed;
	uint64_t in, out;
};

static struct story {
	uint64_t seed;
	uint32_t next_spi;
	struct kernel_sa sa[KERNEL_SAS];
	struct expected tunnel[PEER_GROUPS];
	uint64_t in, out;            /* of all there ever were */
	bool dumping, spoilt, lossy; /* lossy: events were lost since the dump began */
	uint64_t dump;
	struct xfrm_sa waiting[KERNEL_SAS]; /* messages of the dump that are not read yet, by place */
	uint32_t waiting_of[KERNEL_SAS], first_waiting, waiting_end;
	uint32_t checked, confirmed;
} story;

static uint32_t
random_below(uint32_t below)
{
	story.seed ^= story.seed << 13; /* xorshift: the same on every machine */
	story.seed ^= story.seed >> 7;
	story.seed ^= story.seed << 17;
	return (uint32_t)(story.seed >> 33) % below;
}

static bool
is_inbound(const struct kernel_sa *k)
{
	return k->sa.key.spi % 2 == 0;
}

/* The model is told: the reference is, too. */
static void
now_told(struct kernel_sa *k, const struct xfrm_sa *message)
{
	struct expected *t = &story.tunnel[k->group];

	k->dump = story.dump;
	if (message->pkts > k->told_pkts) {
		uint64_t more = message->pkts - k->told_pkts;
		*(is_inbound(k) ? &t->in : &t->out) += more;
		*(is_inbound(k) ? &story.in : &story.out) += more;
		k->told_pkts = message->pkts;
	}
}

static void
now_there(struct kernel_sa *k, const struct xfrm_sa *message)
{
	struct expected *t = &story.tunnel[k->group];

	int slot = ipm_sa_named(writer, IPPROTO_ESP, k->sa.key.spi, -1);
	ck_assert_int_ge(slot, 0);
	uint32_t index = ipm_sa_peek(writer, (uint32_t)slot)->tunnel_index;
	if (t->index == 0)
		*t = (struct expected){ .index = index };
	ck_assert_uint_eq(t->index, index);
	t->sas += !k->told;
	k->told = true;
	now_told(k, message);
}

static void
now_gone(struct kernel_sa *k)
{
	struct expected *t = &story.tunnel[k->group];

	if (story.dumping)
		k->buried = true;
	if (!k->told)
		return;
	k->told = false;
	if (--t->sas == 0 && !t->claimed)
		*t = (struct expected){ 0 };
}

static struct kernel_sa *
random_sa(void)
{
	struct kernel_sa *k = &story.sa[random_below(KERNEL_SAS)];
	return k->alive ? k : NULL;
}

static void
kernel_adds(uint32_t group, bool inbound, bool lost)
{
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		struct kernel_sa *k = &story.sa[i];
		if (k->alive || k->told || k->buried || k->listed)
			continue;
		struct xfrm_sa sa = inbound ? in(story.next_spi) : out(story.next_spi + 1);
		story.next_spi += 2;
		sa = of_reqid(with_peer(sa, (uint8_t)(2 + group % 3)), 1 + group / 3);
		sa.added = epoch_s + story.next_spi % 5000;
		*k = (struct kernel_sa){ .alive = true, .group = group, .sa = sa };
		story.lossy |= lost;
		if (lost)
			return;
		there(sa);
		now_there(k, &sa);
		return;
	}
}

static void
kernel_deletes(struct kernel_sa *k, bool lost)
{
	k->alive = false;
	story.lossy |= lost;
	if (lost)
		return;
	if (random_below(2))
		gone(k->sa);
	else
		expires_hard(k->sa);
	if (k->told)
		now_told(k, &k->sa);
	now_gone(k);
}

static void
kernel_flushes(void)
{
	flushed(0);
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		story.sa[i].alive = false;
		bool was_buried = story.sa[i].buried;
		now_gone(&story.sa[i]);
		story.sa[i].buried = was_buried;
	}
	story.spoilt = story.dumping;
}

static void
traffic(void)
{
	for (int n = 0; n < 8; n++) {
		struct kernel_sa *k = random_sa();
		if (k)
			k->sa = carried(k->sa, k->sa.pkts + random_below(100));
	}
}

static void
dump_begins(void)
{
	xfrm_model_sas_begin(model);
	story.dump++;
	story.dumping = true;
	story.spoilt = story.lossy = false;
	story.first_waiting = story.waiting_end = 0;
	for (uint32_t i = 0; i < KERNEL_SAS; i++)
		story.sa[i].listed = story.sa[i].alive;
}

/* The kernel fills in some more messages. */
static void
dump_goes_on(uint32_t most)
{
	for (uint32_t i = 0; i < KERNEL_SAS && most > 0; i++) {
		struct kernel_sa *k = &story.sa[(i + story.dump) % KERNEL_SAS];
		if (!k->listed)
			continue;
		k->listed = false;
		most--;
		if (!k->alive)
			continue;
		story.waiting_of[story.waiting_end] = (uint32_t)(k - story.sa);
		story.waiting[story.waiting_end++] = k->sa;
	}
}

/* We read some of them, which may be old by now. */
static void
dump_is_read(uint32_t most)
{
	for (; story.first_waiting < story.waiting_end && most > 0; most--) {
		struct kernel_sa *k = &story.sa[story.waiting_of[story.first_waiting]];
		const struct xfrm_sa *message = &story.waiting[story.first_waiting++];
		dumped(*message);
		if (!k->buried && !story.spoilt)
			now_there(k, message);
	}
}

static void
expect_the_story(void)
{
	uint32_t told = 0, tunnels = 0;

	at_random = false;
	all_is_true();
	at_random = true;
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		const struct kernel_sa *k = &story.sa[i];
		if (!story.lossy && !story.spoilt)
			ck_assert_msg(k->alive == k->told, "SA 0x%x", k->sa.key.spi);
		int slot = k->sa.key.spi ? ipm_sa_named(writer, IPPROTO_ESP, k->sa.key.spi, -1) : -1;
		ck_assert_msg((slot >= 0) == k->told, "SA 0x%x: slot %d", k->sa.key.spi, slot);
		if (slot < 0)
			continue;
		const struct ipm_sa *sa = ipm_sa_peek(writer, (uint32_t)slot);
		ck_assert_uint_eq(sa->count.pkts, k->told_pkts);
		ck_assert_uint_eq(sa->direction, is_inbound(k) ? IPM_IN : IPM_OUT);
		ck_assert_uint_eq(sa->tunnel_index, story.tunnel[k->group].index);
		told++;
	}
	ck_assert_uint_eq(rows(IPM_SAS), told);
	for (uint32_t i = 0; i < PEER_GROUPS; i++) {
		const struct expected *t = &story.tunnel[i];
		if (t->index == 0)
			continue;
		tunnels++;
		struct ipm_tunnel now = tunnel_again((struct ipm_tunnel){ .index = t->index });
		ck_assert_uint_eq(now.sas, t->sas);
		ck_assert_uint_eq(now.reqid, 1 + i / 3);
		expect_carried(now, t->in, t->out);
	}
	ck_assert_uint_eq(rows(IPM_TUNNELS), tunnels);
	expect_total(story.in, story.out);
	story.checked++;
	story.confirmed += !story.lossy && !story.spoilt;
}

static void
dump_ends(void)
{
	dump_goes_on(KERNEL_SAS);
	dump_is_read(KERNEL_SAS);
	ck_assert(xfrm_model_sas_end(model) == story.spoilt);
	story.dumping = false;
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		struct kernel_sa *k = &story.sa[i];
		if (k->told && k->dump != story.dump && !story.spoilt)
			now_gone(k);
		k->buried = false;
	}
	expect_the_story();
}

static void
story_claims(uint32_t group)
{
	struct expected *t = &story.tunnel[group];
	for (uint32_t slot = 0; t->index && t->sas && slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel copy = *ipm_tunnel_peek(writer, slot);
		if (copy.index != t->index)
			continue;
		t->claimed = true;
		copy.claimed = 1;
		ipm_tunnel_put(writer, slot, &copy);
	}
}

static void
story_releases(uint32_t group)
{
	struct expected *t = &story.tunnel[group];
	if (!t->claimed)
		return;
	release((struct ipm_tunnel){ .index = t->index }, IPM_REASON_OPERATOR);
	xfrm_model_settle(model);
	t->claimed = false;
	if (t->sas == 0)
		*t = (struct expected){ 0 };
}

/* While nobody is there, SAs come and go. */
static void
story_restarts(void)
{
	if (random_below(2)) {
		writer_closes();
		writer_opens();
	} else {
		xfrm_model_free(model);
		model_begins();
	}
	xfrm_model_settle(model);
	story.dumping = story.spoilt = false;
	for (uint32_t i = 0; i < KERNEL_SAS; i++) {
		story.sa[i].buried = story.sa[i].listed = false;
		if (story.sa[i].alive && random_below(4) == 0)
			kernel_deletes(&story.sa[i], true);
	}
	for (uint32_t i = 0; i < PEER_GROUPS; i++) {
		story.tunnel[i].claimed = false;
		if (story.tunnel[i].sas == 0)
			story.tunnel[i] = (struct expected){ 0 };
	}
	for (int i = 0; i < 4; i++)
		kernel_adds(random_below(PEER_GROUPS), random_below(2), true);
	traffic();
}

static void
policies_change(void)
{
	struct xfrm_policy p = policy(random_below(16), (uint8_t)random_below(4));
	p.tmpl[0].reqid = random_below(5);
	p.tmpl[0].dst = PEER((uint8_t)(2 + random_below(3)));
	if (random_below(8) == 0) {
		xfrm_model_policies_begin(model);
		policy_dumped(p);
		(void)xfrm_model_policies_end(model);
	} else if (random_below(2)) {
		policy_there(p);
	} else {
		policy_gone(p);
	}
}

static void
something_happens(void)
{
	uint32_t what = random_below(1000), group = random_below(PEER_GROUPS);
	struct kernel_sa *k;

	if (what < 150) {
		kernel_adds(group, random_below(2), random_below(40) == 0);
	} else if (what < 220) { /* a pair, as a rekey makes one */
		bool first = random_below(2);
		kernel_adds(group, first, false);
		kernel_adds(group, !first, false);
	} else if (what < 450) {
		if ((k = random_sa()))
			kernel_deletes(k, random_below(40) == 0);
	} else if (what < 480) {
		if ((k = random_sa()) && k->told) {
			expires_soft(k->sa);
			uint64_t dump = k->dump;
			now_told(k, &k->sa);
			k->dump = dump; /* that does not make it confirmed */
		}
	} else if (what < 700) {
		traffic();
	} else if (what < 860) {
		if (!story.dumping)
			dump_begins();
		dump_goes_on(random_below(12));
		dump_is_read(random_below(8));
	} else if (what < 890) {
		if (story.dumping)
			dump_ends();
	} else if (what < 940) {
		story_claims(group);
	} else if (what < 965) {
		story_releases(group);
	} else if (what < 990) {
		policies_change();
	} else if (what < 994) {
		kernel_flushes();
	} else if (what < 997) {
		story_restarts();
	}
}

START_TEST(whatever_happens_the_end_of_a_dump_makes_it_true)
{
	story = (struct story){ .seed = 0x9e3779b97f4a7c15ull * (uint64_t)(_i + 1), .next_spi = 0x10000 };
	at_random = true;
	for (int i = 0; i < STEPS; i++)
		something_happens();
	if (story.dumping)
		dump_ends();
	dump_begins();
	dump_ends();
	ck_assert_uint_gt(story.confirmed, 100);
	dump_begins();
	kernel_flushes();
	dump_ends();
	for (uint32_t i = 0; i < PEER_GROUPS; i++)
		story_releases(i);
	dump_begins();
	dump_ends();
	expect_tunnels(0);
	expect_held(0);
}
END_TEST

/* --- all of them ---------------------------------------------------------- */

static TCase *
tests_of(Suite *suite, const char *name, void (*given)(void))
{
	TCase *tests = tcase_create(name);
	tcase_add_checked_fixture(tests, given, gateway_ends);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return tests;
}

static Suite *
xfrm_model_suite(void)
{
	Suite *suite = suite_create("xfrm_model");
	TCase *tests;

	tests = tests_of(suite, "which SAs are one tunnel", given_a_gateway);
	tcase_add_test(tests, an_sa_in_and_one_out_with_the_same_reqid_and_peer_are_one_tunnel);
	tcase_add_test(tests, the_outbound_sa_may_come_first);
	tcase_add_test(tests, another_reqid_is_another_tunnel);
	tcase_add_test(tests, another_peer_is_another_tunnel);
	tcase_add_test(tests, another_xfrm_interface_or_mark_is_another_tunnel);
	tcase_add_test(tests, a_mark_or_interface_in_one_direction_only_makes_no_second_tunnel);
	tcase_add_test(tests, two_sas_of_one_spi_are_told_apart_by_peer_and_mark);
	tcase_add_test(tests, without_reqid_own_selectors_tell_tunnels_apart);
	tcase_add_test(tests, with_a_reqid_own_selectors_do_not_matter);
	tcase_add_test(tests, larval_sas_are_no_sas_yet);
	tcase_add_test(tests, what_a_dump_tells_is_the_same_as_events);

	tests = tests_of(suite, "which way an SA goes", given_a_gateway);
	tcase_add_test(tests, the_kernels_word_on_the_direction_is_heard_first);
	tcase_add_test(tests, a_policy_tells_the_direction_where_no_address_is_local);
	tcase_add_test(tests, a_local_destination_is_inbound_and_a_local_source_outbound);
	tcase_add_test(tests, without_any_other_sign_an_sa_goes_the_other_way_than_the_one_before);

	tests = tests_of(suite, "selectors", given_a_gateway);
	tcase_add_test(tests, a_tunnels_selectors_are_those_of_its_outbound_policies);
	tcase_add_test(tests, a_policy_may_come_after_its_sas);
	tcase_add_test(tests, a_policy_that_changes_changes_the_selector);
	tcase_add_test(tests, a_policy_that_leads_to_another_peer_now_takes_its_selector_along);
	tcase_add_test(tests, a_dump_that_has_a_policy_with_another_peer_takes_its_selector_along);
	tcase_add_test(tests, the_last_selectors_stay_until_the_next_dump_without_a_policy);
	tcase_add_test(tests, a_tunnel_ends_with_the_selectors_it_had);
	tcase_add_test(tests, a_policy_that_a_dump_does_not_have_is_gone);
	tcase_add_test(tests, a_policy_removed_while_a_dump_comes_in_does_not_come_back);
	tcase_add_test(tests, a_policy_added_while_a_dump_comes_in_stays);
	tcase_add_test(tests, flushed_policies_are_read_again);
	tcase_add_test(tests, a_policy_without_reqid_serves_only_sas_without_one);
	tcase_add_test(tests, nor_does_one_that_names_no_address_serve_sas_with_a_reqid);
	tcase_add_test(tests, a_policy_without_our_address_serves_all_with_its_reqid);
	tcase_add_test(tests, in_transport_mode_a_policys_addresses_are_those_of_its_selectors);
	tcase_add_test(tests, a_transport_mode_policy_for_anyone_does_not_select_for_tunnel_mode);
	tcase_add_test(tests, a_policy_of_another_mark_or_interface_does_not_serve);
	tcase_add_test(tests, policies_that_block_or_go_another_way_or_are_a_sockets_select_nothing);
	tcase_add_test(tests, a_policy_that_blocks_from_now_on_selects_no_longer);
	tcase_add_test(tests, of_several_templates_the_one_with_addresses_counts);
	tcase_add_test(tests, a_tunnels_own_selector_stays_where_there_is_no_policy);

	tests = tests_of(suite, "rekeys", given_a_gateway);
	tcase_add_loop_test(tests, a_rekey_keeps_the_tunnel_and_is_one_refresh, 0, 2);
	tcase_add_test(tests, ten_rekeys_are_ten_refreshes);
	tcase_add_test(tests, a_rekey_that_was_missed_altogether_is_one_refresh);
	tcase_add_test(tests, the_first_dump_finds_a_rekey_under_way_the_newest_first);
	tcase_add_test(tests, of_two_sas_of_the_same_second_the_one_dumped_first_is_the_newer);
	tcase_add_test(tests, when_the_new_sa_goes_the_old_one_is_in_use_again);
	tcase_add_test(tests, an_sa_whose_soft_limit_is_over_does_not_come_into_use_again);
	tcase_add_loop_test(tests, a_dump_tells_whether_a_soft_limit_is_reached, 0, 4);
	tcase_add_test(tests, when_the_new_sa_has_reached_its_soft_limit_the_old_one_is_in_use_again);
	tcase_add_test(tests, when_all_have_reached_their_soft_limits_the_newest_says_what_the_tunnel_says);
	tcase_add_loop_test(tests, which_sa_is_in_use_is_the_same_after_a_restart, 0, 2);
	tcase_add_test(tests, an_sa_of_an_event_is_newer_than_one_of_a_dump_added_in_its_second);
	tcase_add_test(tests, of_several_old_sas_the_newest_is_in_use_again);

	tests = tests_of(suite, "how SAs end", given_a_gateway);
	tcase_add_test(tests, a_soft_expire_marks_the_sa_and_counts);
	tcase_add_test(tests, a_hard_expire_of_the_last_sa_is_a_normal_end);
	tcase_add_test(tests, a_delete_of_the_last_sa_ends_the_tunnel_for_a_reason_unknown);
	tcase_add_test(tests, a_delete_that_has_just_the_name_ends_the_sa_too);
	tcase_add_test(tests, deletes_of_what_is_not_known_change_nothing);
	tcase_add_test(tests, what_a_dump_does_not_have_is_gone);
	tcase_add_test(tests, an_sa_added_while_a_dump_comes_in_needs_no_place_in_it);
	tcase_add_test(tests, an_sa_deleted_while_a_dump_comes_in_does_not_come_back_by_it);
	tcase_add_test(tests, one_that_a_dump_tells_of_after_its_delete_was_never_there);
	tcase_add_test(tests, one_that_is_added_again_while_a_dump_comes_in_is_there);
	tcase_add_test(tests, a_late_dump_message_of_the_one_before_does_not_replace_it);
	tcase_add_test(tests, counts_do_not_follow_a_dump_that_was_made_before_an_event);
	tcase_add_test(tests, drops_do_not_follow_a_dump_that_was_made_before_an_event);
	tcase_add_test(tests, a_flush_ends_all);
	tcase_add_test(tests, a_flush_while_a_dump_comes_in_makes_it_worthless);
	tcase_add_test(tests, a_dump_that_was_given_up_begins_anew);
	tcase_add_test(tests, counts_that_a_dump_has_going_back_are_of_another_sa);
	tcase_add_test(tests, another_time_of_birth_does_not_make_another_sa);
	tcase_add_test(tests, an_sa_that_an_event_adds_at_another_time_is_another);

	tcase_add_loop_test(tests, sas_that_were_migrated_count_on, 0, 4);

	tests = tests_of(suite, "updates", given_a_gateway);
	tcase_add_test(tests, an_update_of_an_sa_counts_nothing_again);
	tcase_add_test(tests, an_update_has_its_limits_and_nothing_else);
	tcase_add_test(tests, an_update_of_a_larval_sa_is_a_new_sa);
	tcase_add_test(tests, an_update_of_an_sa_that_is_not_known_is_one_that_counts_all_it_has_carried);
	tcase_add_test(tests, an_update_finds_an_sa_of_another_mark);
	tcase_add_test(tests, an_update_may_give_an_sa_another_xfrm_interface);
	tcase_add_test(tests, an_update_gives_an_sa_new_limits_to_reach);

	tests = tests_of(suite, "bundles: AH and IPComp beside ESP", given_a_gateway);
	tcase_add_loop_test(tests, ah_and_esp_are_one_tunnel_whose_packets_count_once, 0, 24);
	tcase_add_loop_test(tests, ipcomp_and_esp_are_one_tunnel_with_the_octets_before_compression, 0, 24);
	tcase_add_loop_test(tests, what_a_bundle_had_carried_before_we_came_counts_once_too, 0, 24);
	tcase_add_loop_test(tests, what_was_compressed_before_we_came_counts_once_too, 0, 24);
	tcase_add_test(tests, ah_alone_and_ipcomp_alone_count_their_packets);
	tcase_add_test(tests, ah_counts_before_ipcomp);

	tests = tests_of(suite, "a peer, or we, at another address", given_a_gateway);
	tcase_add_loop_test(tests, sas_that_move_to_another_address_keep_their_tunnel_and_count_on, 0, 2);
	tcase_add_test(tests, an_sa_that_has_moved_counts_its_drops_from_zero);
	tcase_add_test(tests, an_sa_that_has_carried_nothing_moves_as_well);
	tcase_add_test(tests, an_sa_that_has_carried_nothing_does_not_move_to_another_interface);
	tcase_add_test(tests, an_sa_that_is_put_back_at_the_same_address_counts_on);
	tcase_add_test(tests, an_sa_that_is_made_again_with_its_old_spi_counts_from_zero);
	tcase_add_test(tests, an_spi_that_is_used_for_another_peer_and_reqid_moves_nothing);

	tests = tests_of(suite, "lifetimes", given_a_gateway);
	tcase_add_test(tests, a_tunnels_lifetimes_are_those_of_its_inbound_sa_in_use);
	tcase_add_test(tests, a_lifetime_by_use_counts_from_the_first_packet);
	tcase_add_test(tests, limits_too_far_away_are_none);
	tcase_add_test(tests, an_sa_of_a_dump_was_installed_when_the_kernel_says);
	tcase_add_test(tests, an_sa_of_a_late_event_was_installed_within_the_second_that_the_kernel_says);
	tcase_add_test(tests, the_second_in_which_the_kernel_added_an_sa_is_told_exactly);
	tcase_add_test(tests, sequence_numbers_windows_and_algorithms_follow_the_sa);

	tests = tests_of(suite, "who has keyed it", given_a_gateway);
	tcase_add_test(tests, without_an_ike_daemon_sas_are_keyed_by_hand);
	tcase_add_test(tests, policies_of_sockets_tell_of_an_ike_daemon);
	tcase_add_test(tests, an_ike_daemon_that_shows_itself_later_is_believed_with_the_next_dump);
	tcase_add_test(tests, what_a_known_ike_daemon_does_not_claim_for_a_second_is_keyed_by_hand);

	tests = tests_of(suite, "tunnels that an IKE daemon claims", given_a_gateway);
	tcase_add_test(tests, a_claimed_tunnel_without_sas_is_held_until_they_are_back);
	tcase_add_test(tests, a_held_tunnel_that_is_released_ends_with_the_verdict);
	tcase_add_test(tests, a_released_tunnel_ends_with_the_verdict_when_its_sas_go);
	tcase_add_test(tests, a_verdict_is_void_when_a_new_sa_comes);
	tcase_add_test(tests, a_claimed_tunnel_survives_a_flush);

	tests = tests_of(suite, "together with charon", given_a_gateway);
	tcase_add_test(tests, a_tunnel_that_charon_told_of_first_keeps_its_index_and_counts_nothing_twice);
	tcase_add_test(tests, a_tunnel_of_charon_that_the_kernel_has_not_got_is_not_the_kernels_to_end);
	tcase_add_test(tests, a_dump_made_before_charon_counted_does_not_count_all_again);
	tcase_add_test(tests, a_tunnel_that_the_kernel_told_of_first_gets_its_names);
	tcase_add_loop_test(tests, a_rekey_that_both_tell_of_is_one_refresh, 0, 2);
	tcase_add_loop_test(tests, a_rekey_of_a_tunnel_that_charon_told_of_first_counts_with_its_first_sa, 0, 2);
	tcase_add_test(tests, a_list_that_has_the_new_child_before_the_kernel_tells_of_it_makes_no_second_tunnel);
	tcase_add_loop_test(tests, a_child_that_is_closed_ends_the_tunnel_once_with_charons_reason, 0, 2);
	tcase_add_loop_test(tests, an_ike_sa_that_is_closed_ends_its_tunnel_once_with_charons_reason, 0, 2);
	tcase_add_test(tests, charon_may_be_gone_for_long_while_the_kernels_sas_stay);
	tcase_add_test(tests, when_charon_is_gone_for_long_the_tunnel_ends_with_its_sas);
	tcase_add_loop_test(tests, a_new_charon_takes_up_the_tunnel_even_with_the_same_unique_ids, 0, 2);
	tcase_add_test(tests, a_reauthenticated_ike_sa_takes_over_the_tunnel);
	tcase_add_test(tests, a_tunnel_without_charons_word_stays_manual_beside_one_with_it);
	tcase_add_test(tests, a_move_that_both_tell_of_keeps_the_tunnel);
	tcase_add_loop_test(tests, what_charon_named_is_named_again_after_a_restart, 0, 2);

	tests = tests_of(suite, "restarts", given_a_gateway);
	tcase_add_loop_test(tests, after_a_restart_all_is_as_it_was, 0, 2);
	tcase_add_loop_test(tests, sas_that_went_while_we_were_away_go_at_the_first_dump, 0, 2);
	tcase_add_loop_test(tests, a_rekey_while_we_were_away_is_one_refresh, 0, 2);
	tcase_add_loop_test(tests, a_restart_in_the_middle_of_a_rekey_is_no_refresh_of_its_own, 0, 2);
	tcase_add_loop_test(tests, a_name_that_another_sa_took_while_we_were_away_counts_from_zero, 0, 2);
	tcase_add_loop_test(tests, a_late_dump_message_after_a_restart_does_not_count_all_again, 0, 2);
	tcase_add_loop_test(tests, a_tunnels_own_selector_survives_a_restart, 0, 2);
	tcase_add_loop_test(tests, without_reqid_a_rekey_after_a_restart_keeps_the_tunnel, 0, 2);
	tcase_add_loop_test(tests, a_bundle_counts_once_after_a_restart, 0, 2);
	tcase_add_loop_test(tests, a_held_tunnel_that_nobody_claims_after_a_restart_is_over, 0, 2);

	tests = tests_of(suite, "drops", given_a_gateway);
	tcase_add_loop_test(tests, every_line_of_xfrm_stat_counts_by_its_reason_and_direction, 0, XFRM_STAT_COUNT);
	tcase_add_loop_test(tests, what_policy_rejects_after_decryption_is_counted_once, 0, 6);
	tcase_add_test(tests, a_packet_that_cannot_be_encrypted_is_counted_once);
	tcase_add_loop_test(tests, every_line_goes_on_after_a_restart, 0, XFRM_STAT_COUNT);
	tcase_add_loop_test(tests, every_line_that_is_smaller_than_before_counts_from_zero, 0, XFRM_STAT_COUNT);
	tcase_add_loop_test(tests, what_sas_told_of_is_not_counted_again, 0, 2);
	tcase_add_test(tests, what_failed_before_we_came_has_no_reason_that_we_know);
	tcase_add_test(tests, packets_that_wait_for_an_sa_are_dropped_on_the_way_they_were_to_go);
	tcase_add_test(tests, where_there_are_two_ways_or_none_the_interface_is_not_known);
	tcase_add_test(tests, as_long_as_there_is_a_larval_sa_its_packets_are_dropped);
	tcase_add_test(tests, more_peers_than_can_be_remembered_make_the_interface_unknown);
	tcase_add_loop_test(tests, interfaces_go_on_counting_after_a_restart, 0, 2);

	tests = tests_of(suite, "failures", given_a_gateway);
	tcase_add_test(tests, packets_for_unknown_spis_are_told_once_a_minute);
	tcase_add_test(tests, failed_integrity_checks_are_told_once_a_minute_for_each_tunnel);
	tcase_add_test(tests, an_sa_that_a_policy_wanted_in_vain_is_a_failure);

	tests = tests_of(suite, "full", given_a_small_gateway);
	tcase_add_test(tests, sas_that_find_no_room_are_counted_and_start_no_tunnels_over_and_over);
	tests = tests_of(suite, "full of tunnels", given_a_gateway_of_two_tunnels);
	tcase_add_test(tests, tunnels_that_find_no_room_are_counted_and_leave_the_others_working);

	tests = tests_of(suite, "whatever happens", given_a_gateway);
	tcase_add_loop_test(tests, whatever_happens_the_end_of_a_dump_makes_it_true, 0, 6);
	return suite;
}

int
main(void)
{
	return run_in_scratch("check_xfrm_model", xfrm_model_suite());
}
