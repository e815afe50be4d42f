/* SPDX-License-Identifier: ISC */
/*
 * What charon says, made into tunnels that outlive their SAs: told as structs, read back as any reader reads.
 *
 * The order of events and lists, and the states in them, are those that were measured on strongSwan 5.9.8.
 * After every step, whatever it was: no counter of any index has gone back, and the gauges are true.
 */
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDEXES 8192 /* more than any test here gives out */
#include "model_fixture.h"
#include "vici_model.h"

#define FEED_NAME "vici"

static struct vici_model *model;
static bool unsure; /* what the last list said */

/* --- the model -------------------------------------------------------------------------------------------- */

static void
writer_opens(void)
{
	uint32_t feed = writer_opens_for(FEED_NAME);
	model = vici_model_new(writer, feed);
	ck_assert_ptr_nonnull(model);
}

static void
writer_closes(void)
{
	vici_model_free(model);
	ipm_writer_close(writer);
	model = NULL;
	writer = NULL;
}

static void
given_a_gateway(void)
{
	gateway_begins((struct ipm_capacity){ .ike_sas = 64, .tunnels = 128, .selectors = 256, .sas = 1024 });
}

/* --- what holds after every step -------------------------------------------------------------------------------- */

static void
all_is_true(void)
{
	if (at_random)
		return;
	uint32_t up = 0, ikes_up = 0, sas_of_tunnels = 0;
	struct ipm_totals sum = totals();

	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel t;
		if (ipm_tunnel_read(seg, slot, &t) < 0)
			continue;
		tunnel_never_back(&t);
		up += t.state == IPM_TUNNEL_UP;
		sas_of_tunnels += t.sas;
		ck_assert_msg(t.state == IPM_TUNNEL_UP || t.sas == 0, "held tunnel %u has SAs", t.index);
		ck_assert_msg(t.conn[0] && t.name[0] && t.local.len && t.remote.len, "tunnel %u is not known", t.index);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_SAS); slot++) {
		struct ipm_sa sa;
		struct ipm_tunnel t;
		if (ipm_sa_read(seg, slot, &sa) < 0)
			continue;
		ck_assert_int_eq(ipm_tunnel_read(seg, sa.tunnel_slot, &t), 0);
		ck_assert_uint_eq(t.index, sa.tunnel_index);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_IKE_SAS); slot++) {
		struct ipm_ike_sa sa;
		if (ipm_ike_read(seg, slot, &sa) == 0)
			ikes_up += !sa.held && sa.state != IPM_IKE_NEGOTIATING;
	}
	ck_assert_uint_eq(sum.tunnels_active, up);
	ck_assert_uint_eq(sum.ike_active, ikes_up);
	ck_assert_uint_eq(sas_of_tunnels, rows(IPM_SAS));
	totals_never_back(&sum);
}

/* --- what charon says ----------------------------------------------------------------------------------------------
 */

/* An IKE SA between 192.0.2.1 and 192.0.2.2. */
static struct vici_ike
ike(uint32_t uid, const char *name)
{
	struct vici_ike sa = { .uniqueid = uid,
			       .version = 2,
			       .state = VICI_IKE_ESTABLISHED,
			       .initiator = true,
			       .local_host = ip4(192, 0, 2, 1),
			       .remote_host = ip4(192, 0, 2, 2),
			       .local_port = 500,
			       .remote_port = 500,
			       .local_id = "gw.example.net",
			       .remote_id = "peer.example.net",
			       .spi_initiator = 0xabc000 + uid,
			       .spi_responder = 0xdef000 + uid,
			       .established = 0,
			       .rekey_time = 14400,
			       .reauth_time = VICI_UNSET };
	snprintf(sa.name, sizeof(sa.name), "%s", name);
	return sa;
}

static struct vici_ike
ike_v1(uint32_t uid, const char *name)
{
	struct vici_ike sa = ike(uid, name);
	sa.version = 1;
	return sa;
}

static struct vici_ike
ike_in(struct vici_ike sa, enum vici_ike_state state)
{
	sa.state = state;
	return sa;
}

static struct vici_ike
from_peer(struct vici_ike sa, const char *id, uint8_t last_octet)
{
	snprintf(sa.remote_id, sizeof(sa.remote_id), "%s", id);
	sa.remote_host = ip4(192, 0, 2, last_octet);
	return sa;
}

/* The same, of a charon that was started anew. */
static struct vici_ike
of_another_charon(struct vici_ike sa)
{
	sa.spi_initiator += 0x1000000;
	sa.spi_responder += 0x1000000;
	return sa;
}

/* A CHILD_SA that has carried nothing; its SPIs are @p spi inbound and @p spi + 1 outbound. */
static struct vici_child
child(uint32_t uid, const char *name, uint32_t reqid, uint32_t spi)
{
	struct vici_child sa = { .uniqueid = uid,
				 .reqid = reqid,
				 .state = VICI_CHILD_INSTALLED,
				 .encap = IPM_ENCAP_TUNNEL,
				 .protocol = IPPROTO_ESP,
				 .spi_in = spi,
				 .spi_out = spi + 1,
				 .has_counts = true,
				 .rekey_time = 3600,
				 .life_time = 3960,
				 .install_time = 0,
				 .local_count = 1,
				 .remote_count = 1 };
	sa.local_ts[0] = subnet(10, 1, (uint8_t)reqid);
	sa.remote_ts[0] = subnet(10, 2, (uint8_t)reqid);
	snprintf(sa.name, sizeof(sa.name), "%s", name);
	return sa;
}

static struct vici_child
child_in(struct vici_child sa, enum vici_child_state state)
{
	sa.state = state;
	return sa;
}

/* So many packets so far. */
static struct vici_child
carried(struct vici_child sa, uint64_t in, uint64_t out)
{
	sa.packets_in = in;
	sa.packets_out = out;
	sa.bytes_in = in * OCTETS;
	sa.bytes_out = out * OCTETS;
	return sa;
}

static void
tell_ike(struct vici_ike sa)
{
	vici_model_ike(model, &sa);
	all_is_true();
}

static void
tell_child(struct vici_ike parent, struct vici_child sa)
{
	vici_model_child(model, &parent, &sa);
	all_is_true();
}

/* An SA as an event or a list tells of it: the IKE SA first. */
static void
tell(struct vici_ike parent, struct vici_child sa)
{
	tell_ike(parent);
	tell_child(parent, sa);
}

/* child-rekey: what it says of the IKE SA comes first. */
static void
child_rekey(struct vici_ike parent, struct vici_child old, struct vici_child now)
{
	tell_ike(parent);
	vici_model_child_rekey(model, &parent, &old, &now);
	all_is_true();
}

static void
ike_rekey(struct vici_ike old, struct vici_ike now)
{
	vici_model_ike_rekey(model, &old, &now);
	all_is_true();
}

static void
ike_down(struct vici_ike sa)
{
	sa.state = VICI_IKE_DELETING;
	vici_model_ike_down(model, &sa);
	all_is_true();
}

static void
child_down(struct vici_ike parent, struct vici_child sa)
{
	vici_model_child_down(model, &parent, &sa);
	all_is_true();
}

/* A list of all SAs: the statements in the braces. */
#define LIST(...)                                    \
	do {                                         \
		vici_model_list_begin(model);        \
		__VA_ARGS__;                         \
		unsure = vici_model_list_end(model); \
		all_is_true();                       \
	} while (0)

#define LIST_TWICE(...)            \
	do {                       \
		LIST(__VA_ARGS__); \
		LIST(__VA_ARGS__); \
	} while (0)

static void
charon_is_away(void)
{
	hold_until = ipm_now_ns() + HOLD_NS;
	vici_model_hold(model, hold_until);
	all_is_true();
}

static void
hold_time_is_over(void)
{
	vici_model_expire(model, hold_until);
	all_is_true();
}

/* ipsecmond ends, and starts again. */
static void
daemon_restarts(void)
{
	writer_closes();
	writer_opens();
	charon_is_away();
}

/* --- what is expected
 * -------------------------------------------------------------------------------------------------- */

/* The one tunnel of this name that is up. */
static struct ipm_tunnel
tunnel(const char *name)
{
	struct ipm_tunnel t = { 0 };
	uint32_t n = tunnels_in(IPM_TUNNEL_UP, name, &t);
	ck_assert_msg(n == 1, "%u tunnels \"%s\" are up, not one", n, name);
	return t;
}

static uint32_t
ikes(const char *name, struct ipm_ike_sa *last)
{
	uint32_t n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_IKE_SAS); slot++) {
		struct ipm_ike_sa sa;
		if (ipm_ike_read(seg, slot, &sa) == 0 && !sa.held && (!name || strcmp(sa.conn, name) == 0)) {
			n++;
			*last = sa;
		}
	}
	return n;
}

static void
expect_ikes(uint32_t n)
{
	struct ipm_ike_sa sa;
	ck_assert_uint_eq(ikes(NULL, &sa), n);
}

static struct ipm_ike_sa
ike_row(const char *name)
{
	struct ipm_ike_sa sa = { 0 };
	uint32_t n = ikes(name, &sa);
	ck_assert_msg(n == 1, "%u IKE SAs \"%s\", not one", n, name);
	return sa;
}

/* The SA with this SPI; state 0: there is none. */
static enum ipm_sa_state
sa_state(uint32_t spi)
{
	enum ipm_sa_state state = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_SAS); slot++) {
		struct ipm_sa sa;
		if (ipm_sa_read(seg, slot, &sa) == 0 && sa.spi == spi)
			state = sa.state;
	}
	return state;
}

/* --- IKEv2: the rekey of a CHILD_SA
 * ----------------------------------------------------------------------------------------- */

static const uint32_t OLD = 0xc1000000, NEW = 0xc2000000; /* SPIs */

START_TEST(an_ikev2_child_rekey_keeps_the_tunnel_and_adds_up_both_sas)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell(a, old);
	LIST(tell(a, carried(old, 10, 10)));
	struct ipm_tunnel before = tunnel("net");
	expect_carried(before, 10, 10);

	child_rekey(a, child_in(carried(old, 65, 65), VICI_CHILD_REKEYED), now);
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 65, 65);
	ck_assert_uint_eq(tunnel("net").sas, 4);
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(sa_state(NEW), IPM_SA_ACTIVE);

	/* A packet that was on its way reached the old inbound SA, of which nobody but this list tells. */
	LIST(tell(a, child_in(carried(old, 66, 65), VICI_CHILD_DELETING)); tell_child(a, carried(now, 3, 4)));
	expect_carried(tunnel("net"), 69, 69);

	LIST(tell(a, child_in(carried(old, 67, 65), VICI_CHILD_DELETED)); tell_child(a, carried(now, 30, 40)));
	ck_assert_uint_eq(sa_state(OLD + 1), 0);
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(tunnel("net").sas, 3);
	expect_carried(tunnel("net"), 97, 105);

	LIST(tell(a, carried(now, 31, 41)));
	ck_assert(unsure);
	LIST(tell(a, carried(now, 32, 42)));
	ck_assert(!unsure);
	ck_assert_uint_eq(sa_state(OLD), 0);
	ck_assert_uint_eq(tunnel("net").sas, 2);
	ck_assert_uint_eq(tunnel("net").sas_retired, 2);
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 99, 107);
	ck_assert_uint_eq(totals().in.pkts, 99);
	ck_assert_uint_eq(totals().out.pkts, 107);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(a_list_that_tells_of_the_new_child_before_the_event_changes_nothing)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell(a, old);
	LIST_TWICE(tell(a, old));
	struct ipm_tunnel before = tunnel("net");
	LIST(tell(a, child_in(carried(old, 5, 5), VICI_CHILD_REKEYED)); tell_child(a, carried(now, 1, 1)));
	child_rekey(a, child_in(carried(old, 5, 5), VICI_CHILD_REKEYED), carried(now, 1, 1));
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 6, 6);
	child_rekey(a, child_in(carried(old, 5, 5), VICI_CHILD_REKEYED), carried(now, 1, 1));
	expect_same(tunnel("net"), before, 1); /* nor does an event that comes twice */
}
END_TEST

START_TEST(the_same_race_in_the_first_list_after_a_reconnect_counts_one_refresh_too)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell(a, old);
	LIST_TWICE(tell(a, old));
	struct ipm_tunnel before = tunnel("net");
	charon_is_away();
	LIST(tell(a, child_in(old, VICI_CHILD_REKEYED)); tell_child(a, now));
	expect_same(tunnel("net"), before, 1);
	child_rekey(a, child_in(old, VICI_CHILD_REKEYED), now);
	expect_same(tunnel("net"), before, 1);
}
END_TEST

START_TEST(a_list_with_something_missing_does_not_make_the_race_count_twice)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);
	struct vici_child other = child(6, "other", 2, 0xd1000000);

	tell(a, old);
	tell(a, other);
	LIST_TWICE(tell(a, old); tell(a, other));
	struct ipm_tunnel before = tunnel("net");
	LIST(tell(a, old));
	ck_assert(unsure);
	LIST(tell(a, child_in(old, VICI_CHILD_REKEYED)); tell_child(a, now); tell(a, other));
	child_rekey(a, child_in(old, VICI_CHILD_REKEYED), now);
	expect_same(tunnel("net"), before, 1);
}
END_TEST

START_TEST(a_child_rekey_that_was_missed_altogether_is_one_refresh)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell(a, old);
	LIST_TWICE(tell(a, carried(old, 10, 20)));
	struct ipm_tunnel before = tunnel("net");
	charon_is_away();
	LIST_TWICE(tell(a, carried(now, 1, 2)));
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 11, 22);
	ck_assert_uint_eq(sa_state(OLD), 0);
	hold_time_is_over();
	LIST_TWICE(tell(a, carried(now, 1, 2)));
	expect_same(tunnel("net"), before, 1);
}
END_TEST

START_TEST(a_rekey_that_charon_undoes_leaves_the_old_sa_in_charge)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child old = child(5, "net", 1, OLD);

	tell(a, old);
	LIST(tell(a, child_in(old, VICI_CHILD_REKEYING)));
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_ACTIVE);
	LIST(tell(a, carried(old, 1, 1)));
	ck_assert_uint_eq(tunnel("net").refreshes, 0);
	ck_assert_uint_eq(tunnel("net").sas, 2);
}
END_TEST

/* --- IKEv2: both sides rekey a CHILD_SA at the same moment -------------------------------------------------------- */

static struct vici_ike
busy(struct vici_ike sa, uint16_t active, uint16_t passive)
{
	sa.active = active;
	sa.passive = passive;
	return sa;
}

/* Measured on 5.9.8: the answer to our own rekey was a second late, and the peer's nonce was the smaller one. */
START_TEST(a_collision_that_the_peer_loses_before_it_answers_takes_no_tunnel_down)
{
	struct vici_ike a = ike(1, "ikev2"), waits = busy(a, VICI_TASK_CHILD_REKEY, 0);
	struct vici_ike both = busy(a, VICI_TASK_CHILD_REKEY, VICI_TASK_CHILD_REKEY);
	struct vici_child old = carried(child(1, "net", 1, OLD), 5, 5), loser = child(3, "net", 1, 0xc3000000);
	struct vici_child winner = child(2, "net", 1, NEW);

	LIST_TWICE(tell(a, old));
	struct ipm_tunnel before = tunnel("net");
	LIST(tell(waits, child_in(old, VICI_CHILD_REKEYING)));
	child_rekey(both, child_in(old, VICI_CHILD_REKEYED), loser);
	/* The peer deletes its CHILD_SA again, of which no event tells. */
	for (int i = 0; i < 3; i++)
		LIST(tell(waits, child_in(old, VICI_CHILD_REKEYED));
		     tell_child(waits, child_in(loser, VICI_CHILD_DELETED)));
	LIST_TWICE(tell(waits, child_in(old, VICI_CHILD_REKEYED)));
	expect_same(tunnel("net"), before, 1);
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_ACTIVE); /* it is the only one in use */
	child_rekey(waits, child_in(old, VICI_CHILD_REKEYED), winner);
	LIST(tell(a, child_in(old, VICI_CHILD_DELETED)); tell_child(a, carried(winner, 1, 2)));
	LIST_TWICE(tell(a, carried(winner, 2, 3)));
	expect_same(tunnel("net"), before, 1);
	ck_assert_uint_eq(tunnel("net").uid, 2); /* though the loser's number is higher */
	expect_carried(tunnel("net"), 7, 8);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	child_down(busy(a, 0, VICI_TASK_CHILD_DELETE), carried(winner, 2, 3));
	expect_stopped(before, IPM_REASON_PEER_DELETE);
}
END_TEST

START_TEST(a_rekeyed_sa_keeps_no_tunnel_when_its_rekey_has_been_answered)
{
	struct vici_ike a = ike(1, "ikev2"), waits = busy(a, VICI_TASK_CHILD_REKEY, 0);
	struct vici_child old = child(1, "net", 1, OLD), now = child(2, "net", 1, NEW);

	LIST_TWICE(tell(a, old));
	struct ipm_tunnel before = tunnel("net");
	child_rekey(waits, child_in(old, VICI_CHILD_REKEYED), now);
	child_down(busy(a, VICI_TASK_CHILD_DELETE, 0), now);
	expect_stopped(before, IPM_REASON_OPERATOR);
}
END_TEST

START_TEST(the_loser_of_a_collision_is_no_refresh)
{
	struct vici_ike a = ike(1, "ikev2"), waits = busy(a, VICI_TASK_CHILD_REKEY, 0);
	struct vici_child old = child(1, "net", 1, OLD), loser = child(3, "net", 1, 0xc3000000);
	struct vici_child winner = child(2, "net", 1, NEW);

	LIST_TWICE(tell(a, old));
	struct ipm_tunnel before = tunnel("net");
	child_rekey(waits, child_in(old, VICI_CHILD_REKEYED), loser);
	child_rekey(waits, child_in(old, VICI_CHILD_REKEYED), winner);
	expect_same(tunnel("net"), before, 1);
}
END_TEST

/* The two sides' rekeys, in every order that charon can tell of, with lists wherever they like to come. */
static struct collision {
	uint64_t seed;
	bool old, ours, theirs; /* listed */
	struct vici_ike a;
	struct vici_child old_sa, our_sa, their_sa;
} hit;

static uint32_t
roll(uint32_t below)
{
	hit.seed = hit.seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(hit.seed >> 33) % below;
}

static void
maybe_lists(void)
{
	for (uint32_t n = roll(4); n > 0; n--)
		LIST(tell_ike(hit.a); if (hit.old) tell_child(hit.a, hit.old_sa);
		     if (hit.ours) tell_child(hit.a, hit.our_sa); if (hit.theirs) tell_child(hit.a, hit.their_sa));
}

/* Ours waits for its answer, which comes after the peer's request, or before it; the loser may go before that. */
static struct vici_child
collide(struct vici_child old, uint32_t uid)
{
	bool we_win = roll(2), goes_early = we_win && roll(2);

	hit.a = busy(ike(1, "ikev2"), VICI_TASK_CHILD_REKEY, 0);
	hit.old = true;
	hit.ours = hit.theirs = false;
	hit.old_sa = child_in(old, VICI_CHILD_REKEYING);
	hit.our_sa = child(uid, "net", 1, OLD + 4 * uid);
	hit.their_sa = child(uid + 1, "net", 1, OLD + 4 * uid + 2);
	maybe_lists();
	hit.old_sa.state = VICI_CHILD_REKEYED;
	hit.theirs = true;
	if (roll(4)) /* now and then it is not told of, or after ours */
		child_rekey(busy(hit.a, VICI_TASK_CHILD_REKEY, VICI_TASK_CHILD_REKEY), hit.old_sa, hit.their_sa);
	maybe_lists();
	if (goes_early) {
		hit.their_sa.state = VICI_CHILD_DELETED;
		maybe_lists();
		hit.theirs = roll(2);
		maybe_lists();
	}
	hit.ours = true;
	if (we_win || roll(2))
		child_rekey(hit.a, hit.old_sa, hit.our_sa);
	else /* 5.9.8 may tell of the peer's once more */
		child_rekey(hit.a, hit.old_sa, hit.their_sa);
	hit.a.active = VICI_TASK_CHILD_DELETE;
	(we_win ? &hit.their_sa : &hit.our_sa)->state = roll(2) ? VICI_CHILD_DELETED : VICI_CHILD_REKEYED;
	hit.old_sa.state = roll(2) ? VICI_CHILD_DELETING : VICI_CHILD_DELETED;
	maybe_lists();
	*(we_win ? &hit.theirs : &hit.ours) = hit.old = false;
	hit.a.active = 0;
	maybe_lists();
	return we_win ? hit.our_sa : hit.their_sa;
}

START_TEST(collisions_in_any_order_keep_the_tunnel_and_count_one_refresh_each)
{
	struct vici_child now = child(1, "net", 1, OLD);

	hit = (struct collision){ .seed = 0x9e3779b97f4a7c15ull * (uint64_t)(_i + 1) };
	LIST_TWICE(tell(ike(1, "ikev2"), now));
	struct ipm_tunnel before = tunnel("net");
	for (uint32_t n = 1; n <= 50; n++) {
		now = collide(now, 2 * n);
		LIST_TWICE(tell(ike(1, "ikev2"), now));
		expect_same(tunnel("net"), before, n);
		ck_assert_uint_eq(tunnel("net").uid, now.uniqueid);
		ck_assert_uint_eq(tunnel("net").sas, 2);
		expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	}
}
END_TEST

/* --- IKEv1: the rekey of a CHILD_SA
 * ----------------------------------------------------------------------------------------- */

START_TEST(an_ikev1_child_rekey_keeps_the_tunnel_while_the_old_sa_lingers)
{
	struct vici_ike a = ike_v1(7, "ikev1-main");
	struct vici_child old = child(8, "main", 1, OLD), now = child(10, "main", 1, NEW);

	tell(a, old);
	LIST_TWICE(tell(a, carried(old, 49, 48)));
	struct ipm_tunnel before = tunnel("main");
	LIST(tell(a, child_in(carried(old, 49, 48), VICI_CHILD_REKEYING)));
	child_rekey(a, child_in(carried(old, 49, 49), VICI_CHILD_REKEYING), carried(now, 1, 0));
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_EXPIRING);
	ck_assert_uint_eq(sa_state(OLD + 1), IPM_SA_EXPIRING);
	for (uint64_t i = 2; i < 50; i++)
		LIST(tell(a, child_in(carried(old, 49, 49), VICI_CHILD_REKEYED)); tell_child(a, carried(now, i, i)));
	expect_same(tunnel("main"), before, 1);
	expect_carried(tunnel("main"), 98, 98);
	ck_assert_uint_eq(tunnel("main").sas, 4);
	LIST_TWICE(tell(a, carried(now, 50, 50)));
	expect_same(tunnel("main"), before, 1);
	expect_carried(tunnel("main"), 99, 99);
	ck_assert_uint_eq(tunnel("main").sas, 2);
}
END_TEST

START_TEST(with_delete_rekeyed_the_old_sa_is_gone_at_once)
{
	struct vici_ike a = ike_v1(4, "ikev1-main");
	struct vici_child old = child(8, "main", 1, OLD), now = child(12, "main", 1, NEW);

	tell(a, old);
	LIST_TWICE(tell(a, carried(old, 10, 10)));
	struct ipm_tunnel before = tunnel("main");
	child_rekey(a, child_in(carried(old, 13, 13), VICI_CHILD_REKEYING), now);
	LIST_TWICE(tell(a, now));
	expect_same(tunnel("main"), before, 1);
	expect_carried(tunnel("main"), 13, 13);
	ck_assert_uint_eq(tunnel("main").sas, 2);
}
END_TEST

static void
ten_rekeys(struct vici_ike a, enum vici_child_state at_event, enum vici_child_state later)
{
	struct vici_child sa = child(1, "net", 1, 0xc0000000);

	tell(a, sa);
	LIST_TWICE(tell(a, sa));
	struct ipm_tunnel before = tunnel("net");
	for (uint32_t i = 1; i <= 10; i++) {
		struct vici_child old = sa;
		LIST(tell(a, carried(old, 7, 3)));
		sa = child(1 + i, "net", 1, 0xc0000000 + 0x100 * i);
		child_rekey(a, child_in(carried(old, 10, 5), at_event), sa);
		LIST(tell(a, child_in(carried(old, 11, 5), later)); tell_child(a, sa));
		if (i % 2)
			LIST_TWICE(tell(a, sa));
	}
	LIST_TWICE(tell(a, sa));
	expect_same(tunnel("net"), before, 10);
	expect_carried(tunnel("net"), 110, 50);
	ck_assert_uint_eq(tunnel("net").sas, 2);
	ck_assert_uint_eq(tunnel("net").sas_retired, 20);
	ck_assert_uint_eq(rows(IPM_SAS), 2);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
}

/* --- what the wire has shown first ------------------------------------------------------------------------- */

/* A record of the feed that watches the wire, with so many messages in. */
static uint32_t
on_the_wire(struct vici_ike sa, uint64_t messages)
{
	const struct ipm_ike_traffic in = { .octets = messages * OCTETS, .pkts = messages }, out = { 0 };
	struct ipm_ike_sa open = { .state = IPM_IKE_NEGOTIATING,
				   .version = sa.version,
				   .mode = IPM_MODE_MAIN,
				   .phase = IPM_PHASE_MM_KEY_EXCH,
				   .feed = (uint32_t)ipm_feed_open(writer, "ikewatch"),
				   .spi_initiator = sa.spi_initiator,
				   .spi_responder = sa.spi_responder };
	int slot = ipm_ike_start(writer, &open);
	ck_assert_int_ge(slot, 0);
	ipm_ike_count(writer, slot, &in, &out);
	return (uint32_t)slot;
}

START_TEST(an_ike_sa_that_the_wire_has_shown_first_keeps_its_record)
{
	uint32_t slot = on_the_wire(ike(1, "net"), 4), index = ipm_ike_peek(writer, slot)->index;
	struct ipm_ike_sa sa;
	ck_assert_uint_ge(index, IPM_IKE_UNNUMBERED);
	tell(ike(1, "net"), child(1, "net", 1, 0x100));
	ck_assert_int_eq(ipm_ike_find(writer, slot, index), (int)slot);
	ck_assert_uint_eq(ikes("net", &sa), 1);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 1);
	ck_assert_uint_eq(sa.index, 1);
	ck_assert_uint_eq(sa.state, IPM_IKE_ESTABLISHED);
	ck_assert_uint_eq(sa.in.pkts, 4);
	ck_assert_uint_eq(sa.mode, IPM_MODE_MAIN);
	ck_assert_uint_eq(sa.created_ns, sa.established_ns);
	ck_assert_uint_eq(totals().ike_in.pkts, 4);
	ck_assert_uint_eq(totals().ike_initiated, 1);
	ck_assert_uint_eq(tunnel("net").ike_index, 1);
	expect_events(IPM_EVENT_IKE_START, 1);
	ike_down(ike_in(ike(1, "net"), VICI_IKE_DELETING));
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 0);
}
END_TEST

START_TEST(what_the_wire_has_counted_joins_the_record_that_a_new_ike_sa_goes_on_with)
{
	struct ipm_ike_sa sa;
	tell(ike_v1(1, "net"), child(1, "net", 1, 0x100));
	uint32_t index = ike_row("net").index;
	on_the_wire(ike_v1(2, "net"), 6);
	tell_ike(ike_v1(2, "net")); /* IKEv1 rekeys like that */
	ck_assert_uint_eq(ikes("net", &sa), 1);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 1);
	ck_assert_uint_eq(sa.index, index);
	ck_assert_uint_eq(sa.refreshes, 1);
	ck_assert_uint_eq(sa.in.pkts, 6);
	ck_assert_uint_eq(totals().ike_in.pkts, 6);
	ck_assert_uint_eq(totals().ike_previous, 0);
}
END_TEST

START_TEST(a_negotiation_that_charon_has_given_up_goes)
{
	struct vici_ike connecting = ike_in(ike(1, "net"), VICI_IKE_CONNECTING);
	uint32_t slot = on_the_wire(connecting, 1), other = on_the_wire(ike(2, "net"), 1);
	vici_model_list_begin(model);
	vici_model_ike(model, &connecting);
	vici_model_list_end(model);
	ck_assert_str_eq(ipm_ike_peek(writer, slot)->conn, "net");
	ck_assert_uint_ne(ipm_ike_peek(writer, slot)->index, 0);
	vici_model_list_begin(model);
	vici_model_list_end(model);
	ck_assert_uint_eq(ipm_ike_peek(writer, slot)->index, 0);
	ck_assert_uint_ne(ipm_ike_peek(writer, other)->index, 0); /* charon never told of that */
	struct vici_ike given_up = ike_in(ike(2, "net"), VICI_IKE_CONNECTING);
	vici_model_ike_down(model, &given_up);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 0);
	ck_assert_uint_eq(totals().ike_previous, 0);
}
END_TEST

START_TEST(ten_child_rekeys_in_a_row_are_ten_refreshes_of_one_tunnel)
{
	ten_rekeys(ike(1, "ikev2"), VICI_CHILD_REKEYED, VICI_CHILD_DELETED);
}
END_TEST

START_TEST(ten_ikev1_child_rekeys_in_a_row_are_ten_refreshes_of_one_tunnel)
{
	ten_rekeys(ike_v1(1, "ikev1"), VICI_CHILD_REKEYING, VICI_CHILD_REKEYED);
}
END_TEST

/* --- the rekey of an IKE SA
 * ---------------------------------------------------------------------------------------------------- */

START_TEST(an_ike_rekey_keeps_the_record_and_all_tunnels)
{
	struct vici_ike old = ike(9, "ikev2"), now = ike(10, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD), net2 = child(6, "net2", 2, NEW);

	tell(old, net);
	tell_child(old, net2);
	LIST_TWICE(tell(old, carried(net, 10, 10)); tell_child(old, net2));
	struct ipm_ike_sa before = ike_row("ikev2");
	struct ipm_tunnel tunnel_before = tunnel("net");
	ck_assert_uint_eq(before.initiator, 1);

	now.initiator = false;
	ike_rekey(ike_in(old, VICI_IKE_REKEYING), now);
	/* For a moment the children are listed nowhere. */
	LIST(tell_ike(ike_in(old, VICI_IKE_DELETING)));
	ck_assert(unsure);
	expect_tunnels(2);
	expect_ikes(1);
	LIST(tell_ike(ike_in(old, VICI_IKE_REKEYED)); tell(now, carried(net, 11, 11)); tell_child(now, net2));
	LIST_TWICE(tell(now, carried(net, 12, 12)); tell_child(now, net2));
	struct ipm_ike_sa after = ike_row("ikev2");
	ck_assert_uint_eq(after.index, before.index);
	ck_assert_uint_eq(after.refreshes, 1);
	ck_assert_uint_eq(after.initiator, 0);
	ck_assert_uint_eq(after.uid, 10);
	ck_assert_uint_eq(after.spi_initiator, now.spi_initiator);
	expect_same(tunnel("net"), tunnel_before, 0);
	expect_carried(tunnel("net"), 12, 12);
	ck_assert_uint_eq(tunnel("net").ike_index, after.index);
	expect_events(IPM_EVENT_IKE_START, 1);
	expect_events(IPM_EVENT_IKE_STOP, 0);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);

	ike_down(now);
	child_down(now, net);
	child_down(now, net2);
	expect_ikes(0);
	expect_tunnels(0);
}
END_TEST

START_TEST(three_ike_rekeys_in_a_row_are_three_refreshes_of_one_record)
{
	struct vici_child net = child(5, "net", 1, OLD);

	tell(ike(1, "ikev2"), net);
	struct ipm_ike_sa before = ike_row("ikev2");
	struct ipm_tunnel tunnel_before = tunnel("net");
	for (uint32_t uid = 1; uid <= 3; uid++) {
		struct vici_ike old = ike(uid, "ikev2"), now = ike(uid + 1, "ikev2");
		ike_rekey(old, now);
		ike_rekey(old, now); /* and if it were said twice */
		LIST(tell_ike(ike_in(old, VICI_IKE_DELETING)));
		LIST(tell(now, carried(net, uid, uid)));
	}
	LIST_TWICE(tell(ike(4, "ikev2"), carried(net, 4, 4)));
	ck_assert_uint_eq(ike_row("ikev2").index, before.index);
	ck_assert_uint_eq(ike_row("ikev2").refreshes, 3);
	expect_same(tunnel("net"), tunnel_before, 0);
	expect_carried(tunnel("net"), 4, 4);
}
END_TEST

START_TEST(a_list_that_tells_of_the_new_ike_sa_before_the_event_loses_no_tunnel)
{
	struct vici_ike old = ike(3, "ikev2"), now = ike(4, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD);

	LIST_TWICE(tell(old, carried(net, 1, 1)));
	struct ipm_tunnel before = tunnel("net");
	LIST(tell_ike(ike_in(old, VICI_IKE_REKEYED)); tell(now, carried(net, 2, 2)));
	ike_rekey(old, now);
	LIST_TWICE(tell(now, carried(net, 3, 3)));
	expect_same(tunnel("net"), before, 0);
	expect_carried(tunnel("net"), 3, 3);
	expect_ikes(1);
	ck_assert_uint_eq(tunnel("net").ike_index, ike_row("ikev2").index);
}
END_TEST

START_TEST(an_ike_rekey_that_was_missed_keeps_the_record)
{
	struct vici_ike old = ike(3, "ikev2"), now = ike(4, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD);

	tell(old, net);
	LIST_TWICE(tell(old, carried(net, 1, 1)));
	struct ipm_ike_sa before = ike_row("ikev2");
	charon_is_away();
	LIST_TWICE(tell(now, carried(net, 2, 2)));
	ck_assert_uint_eq(ike_row("ikev2").index, before.index);
	ck_assert_uint_eq(ike_row("ikev2").refreshes, 1);
	ck_assert_uint_eq(tunnel("net").refreshes, 0);
	expect_carried(tunnel("net"), 2, 2);
}
END_TEST

START_TEST(an_ike_sa_on_its_way_out_does_not_begin_a_record)
{
	LIST(tell_ike(ike_in(ike(1, "ikev2"), VICI_IKE_DELETING)); tell_ike(ike_in(ike(2, "ikev2"), VICI_IKE_REKEYED)));
	expect_ikes(0);
	expect_events(IPM_EVENT_IKE_START, 0);
}
END_TEST

START_TEST(an_ikev1_reauthentication_keeps_the_record_and_tears_nothing_down)
{
	struct vici_ike old = ike_v1(2, "main"), now = ike_v1(11, "main");
	struct vici_child net = child(8, "net", 1, OLD);

	tell(old, net);
	LIST_TWICE(tell(old, carried(net, 10, 10)));
	struct ipm_ike_sa before = ike_row("main");
	struct ipm_tunnel tunnel_before = tunnel("net");
	now.initiator = false;

	tell_ike(now); /* ike-updown */
	ck_assert_uint_eq(ike_row("main").refreshes, 1);
	for (uint64_t i = 11; i < 40; i++) /* ten seconds long both are listed */
		LIST(tell_ike(ike_in(old, VICI_IKE_REKEYING)); tell(now, carried(net, i, i)));
	ck_assert_uint_eq(ike_row("main").uid, 11);
	ike_down(old);
	LIST_TWICE(tell(now, carried(net, 40, 40)));
	ck_assert_uint_eq(ike_row("main").index, before.index);
	ck_assert_uint_eq(ike_row("main").refreshes, 1);
	ck_assert_uint_eq(ike_row("main").initiator, 0);
	expect_same(tunnel("net"), tunnel_before, 0);
	expect_carried(tunnel("net"), 40, 40);
	expect_events(IPM_EVENT_IKE_STOP, 0);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);

	child_down(now, child_in(carried(net, 41, 41), VICI_CHILD_DELETED));
	ike_down(now);
	expect_ikes(0);
	expect_tunnels(0);
	expect_events(IPM_EVENT_IKE_STOP, 1);
}
END_TEST

START_TEST(an_ikev1_reauthentication_is_the_same_when_the_list_has_the_new_one_first)
{
	struct vici_ike old = ike_v1(2, "main"), now = ike_v1(11, "main");
	struct vici_child net = child(8, "net", 1, OLD);

	tell(old, net);
	LIST_TWICE(tell(old, net));
	struct ipm_ike_sa before = ike_row("main");
	LIST(tell(now, net); tell_ike(ike_in(old, VICI_IKE_REKEYING)));
	tell_ike(now);
	ck_assert_uint_eq(ike_row("main").index, before.index);
	ck_assert_uint_eq(ike_row("main").refreshes, 1);
	ck_assert_uint_eq(ike_row("main").uid, 11);
	LIST_TWICE(tell(now, net)); /* the event of its end was lost */
	ck_assert_uint_eq(ike_row("main").index, before.index);
	expect_tunnels(1);
}
END_TEST

START_TEST(the_daemon_may_restart_while_both_ikev1_sas_are_there)
{
	struct vici_ike old = ike_v1(2, "main"), now = ike_v1(11, "main");
	struct vici_child net = child(8, "net", 1, OLD);

	tell(old, net);
	tell(now, net);
	LIST_TWICE(tell_ike(ike_in(old, VICI_IKE_REKEYING)); tell(now, net));
	struct ipm_ike_sa before = ike_row("main");
	daemon_restarts();
	LIST_TWICE(tell_ike(ike_in(old, VICI_IKE_REKEYING)); tell(now, net));
	ike_down(old);
	LIST_TWICE(tell(now, net));
	ck_assert_uint_eq(ike_row("main").index, before.index);
	ck_assert_uint_eq(ike_row("main").refreshes, 1);
	ck_assert_uint_eq(ike_row("main").uid, 11);
	expect_tunnels(1);
}
END_TEST

START_TEST(when_both_sides_made_an_ikev1_sa_the_end_of_one_leaves_the_other)
{
	struct vici_ike first = ike_v1(1, "main"), second = ike_v1(2, "main");
	struct vici_child net = child(1, "net", 1, OLD), twin = child(2, "net", 1, NEW);

	tell(first, net);
	tell(second, twin);
	LIST_TWICE(tell(first, net); tell(second, twin));
	expect_ikes(1);
	struct ipm_ike_sa before = ike_row("main");
	child_down(second, twin);
	ike_down(second);
	LIST_TWICE(tell(first, carried(net, 9, 9)));
	ck_assert_uint_eq(ike_row("main").index, before.index);
	ck_assert_uint_eq(ike_row("main").uid, 1);
	ck_assert_uint_eq(tunnel("net").ike_index, before.index);
	expect_carried(tunnel("net"), 9, 9);
	child_down(first, net);
	ike_down(first);
	expect_ikes(0);
	expect_tunnels(0);
}
END_TEST

START_TEST(an_ikev2_reauthentication_is_an_end_and_a_beginning)
{
	struct vici_ike old = ike(6, "ikev2"), now = ike(9, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD), again = child(10, "net", 1, NEW);

	tell(old, net);
	LIST_TWICE(tell(old, carried(net, 10, 10)));
	struct ipm_tunnel before = tunnel("net");
	ike_down(old);
	child_down(ike_in(old, VICI_IKE_DELETING), carried(net, 10, 10));
	expect_stopped(before, IPM_REASON_UNKNOWN);
	LIST(tell_ike(ike_in(now, VICI_IKE_CONNECTING)));
	expect_ikes(0);
	tell_ike(now);
	tell(now, again);
	LIST_TWICE(tell(now, carried(again, 5, 5)));
	ck_assert_uint_ne(tunnel("net").index, before.index);
	expect_carried(tunnel("net"), 5, 5);
	ck_assert_uint_eq(totals().in.pkts, 15); /* the gateway keeps what it carried */
}
END_TEST

START_TEST(make_before_break_shows_both_for_a_moment)
{
	struct vici_ike old = ike(6, "ikev2"), now = ike(9, "ikev2");
	struct vici_child net = child(5, "net", 1, OLD), again = child(10, "net", 1, NEW);

	tell(old, net);
	LIST_TWICE(tell(old, net));
	tell_ike(now);
	tell(now, again);
	ike_down(old);
	child_down(ike_in(old, VICI_IKE_DELETING), net);
	LIST_TWICE(tell(now, carried(again, 5, 5)));
	expect_ikes(1);
	expect_tunnels(1);
	expect_carried(tunnel("net"), 5, 5);
	ck_assert_uint_eq(tunnel("net").ike_index, ike_row("ikev2").index);
}
END_TEST

/* --- peers that have something in common
 * ---------------------------------------------------------------------------------------- */

START_TEST(roadwarriors_of_one_connection_with_two_identities_are_two_rows)
{
	for (int version = 1; version <= 2; version++) {
		struct vici_ike alice = from_peer(ike(4, "rw"), "alice", 2), bob = from_peer(ike(5, "rw"), "bob", 2);
		alice.version = bob.version = (uint8_t)version;
		LIST_TWICE(tell(alice, child(1, "rw", 1, OLD)); tell(bob, child(5, "rw", 2, NEW)));
		expect_ikes(2);
		expect_tunnels(2);
		ike_down(bob);
		child_down(bob, child(5, "rw", 2, NEW));
		LIST_TWICE(tell(alice, child(1, "rw", 1, OLD)));
		ck_assert_str_eq(ike_row("rw").remote_id, "alice");
		ck_assert_uint_eq(tunnel("rw").reqid, 1);
		LIST_TWICE();
		expect_ikes(0);
		expect_tunnels(0);
	}
}
END_TEST

START_TEST(roadwarriors_of_one_identity_at_two_addresses_are_two_rows)
{
	struct vici_ike here = from_peer(ike(4, "rw"), "%any", 2), there = from_peer(ike(5, "rw"), "%any", 3);
	LIST_TWICE(tell(here, child(1, "rw", 1, OLD)); tell(there, child(5, "rw", 2, NEW)));
	expect_ikes(2);
	expect_tunnels(2);
	daemon_restarts();
	LIST_TWICE(tell(there, child(5, "rw", 2, NEW)); tell(here, child(1, "rw", 1, OLD)));
	expect_ikes(2);
	expect_tunnels(2);
	expect_events(IPM_EVENT_IKE_START, 2);
	expect_events(IPM_EVENT_TUNNEL_START, 2);
}
END_TEST

START_TEST(a_third_of_one_identity_that_comes_while_nobody_listens_is_a_third_row)
{
	struct vici_ike here = from_peer(ike(4, "rw"), "%any", 2), there = from_peer(ike(5, "rw"), "%any", 3);
	struct vici_ike third = from_peer(ike(6, "rw"), "%any", 4);
	LIST_TWICE(tell(here, child(1, "rw", 1, OLD)); tell(there, child(5, "rw", 2, NEW)));
	charon_is_away();
	LIST_TWICE(tell(third, child(6, "rw", 3, 0xd0000000)); tell(here, child(1, "rw", 1, OLD));
		   tell(there, child(5, "rw", 2, NEW)));
	expect_ikes(3);
	expect_tunnels(3);
	ck_assert_uint_eq(totals().ike_previous, 0);
}
END_TEST

/* --- several children
 * -------------------------------------------------------------------------------------------------------------- */

START_TEST(two_live_children_with_one_name_and_reqid_are_one_tunnel)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child one = child(1, "net", 1, OLD), two = child(2, "net", 1, NEW);

	LIST_TWICE(tell(a, carried(one, 1, 1)); tell_child(a, carried(two, 2, 2)));
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel("net").sas, 4);
	ck_assert_uint_eq(tunnel("net").refreshes, 0);
	expect_carried(tunnel("net"), 3, 3);
	child_down(a, child_in(carried(two, 3, 3), VICI_CHILD_DELETED));
	expect_tunnels(1);
	LIST(tell(a, carried(one, 2, 2)));
	expect_carried(tunnel("net"), 5, 5);
	ck_assert_uint_eq(tunnel("net").uid, 1);
	child_down(a, one);
	expect_tunnels(0);
}
END_TEST

START_TEST(children_with_one_name_and_two_reqids_are_two_tunnels)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child one = child(1, "net", 1, OLD), two = child(2, "net", 2, NEW);

	LIST_TWICE(tell(a, carried(one, 1, 1)); tell_child(a, carried(two, 2, 2)));
	expect_tunnels(2);
	child_down(a, child_in(two, VICI_CHILD_DELETED));
	expect_tunnels(1);
	ck_assert_uint_eq(tunnel("net").reqid, 1);
	LIST_TWICE(tell(a, carried(one, 2, 2)));
	expect_carried(tunnel("net"), 2, 2);
}
END_TEST

START_TEST(many_children_of_one_ike_sa_come_and_go_each_by_itself)
{
	struct vici_ike a = ike(1, "ikev2");
	char name[16];

	for (uint32_t i = 1; i <= 40; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		tell(a, child(i, name, i, 0xc0000000 + 2 * i));
	}
	expect_tunnels(40);
	for (uint32_t i = 1; i <= 40; i += 3) {
		snprintf(name, sizeof(name), "c%u", i);
		child_down(a, child_in(child(i, name, i, 0xc0000000 + 2 * i), VICI_CHILD_DELETED));
	}
	expect_tunnels(26);
	ck_assert_uint_eq(rows(IPM_SAS), 52);
	ck_assert_uint_eq(rows(IPM_SELECTORS), 26);
}
END_TEST

/* --- ends
 * --------------------------------------------------------------------------------------------------------------------------
 */

START_TEST(a_child_that_goes_down_leaves_its_last_counts_and_its_ike_sa)
{
	struct vici_ike a = ike(5, "ikev2");
	struct vici_child net = child(4, "net", 1, OLD);

	tell(a, net);
	LIST(tell(a, carried(net, 10, 10)));
	struct ipm_tunnel before = tunnel("net");
	a.passive = VICI_TASK_CHILD_DELETE;
	child_down(a, child_in(carried(net, 12, 11), VICI_CHILD_DELETED));
	expect_stopped(before, IPM_REASON_PEER_DELETE);
	expect_tunnels(0);
	expect_ikes(1);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	ck_assert_uint_eq(rows(IPM_SELECTORS), 0);
	ck_assert_uint_eq(totals().in.pkts, 12);
	ck_assert_uint_eq(totals().out.pkts, 11);
	ck_assert_uint_eq(totals().tunnels_previous, 1);
	child_down(a, child_in(carried(net, 12, 11), VICI_CHILD_DELETED));
	ck_assert_uint_eq(totals().tunnels_previous, 1);
}
END_TEST

START_TEST(a_tunnel_is_over_though_a_rekeyed_sa_of_it_lingers)
{
	struct vici_ike a = ike_v1(1, "main");
	struct vici_child old = child(8, "net", 1, OLD), now = child(10, "net", 1, NEW);

	tell(a, old);
	child_rekey(a, child_in(carried(old, 5, 5), VICI_CHILD_REKEYING), now);
	LIST(tell(a, child_in(carried(old, 5, 5), VICI_CHILD_REKEYED)); tell_child(a, carried(now, 5, 5)));
	child_down(a, child_in(carried(now, 6, 6), VICI_CHILD_DELETED));
	expect_tunnels(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	LIST_TWICE(tell(a, child_in(carried(old, 5, 5), VICI_CHILD_REKEYED)));
	expect_tunnels(0);
	ck_assert_uint_eq(totals().in.pkts, 11);
	/* And a new one is a new one. */
	tell(a, child(11, "net", 1, 0xc3000000));
	LIST_TWICE(tell(a, child_in(carried(old, 5, 5), VICI_CHILD_REKEYED));
		   tell_child(a, child(11, "net", 1, 0xc3000000)));
	expect_tunnels(1);
	expect_events(IPM_EVENT_TUNNEL_START, 2);
	expect_events(IPM_EVENT_TUNNEL_STOP, 1);
}
END_TEST

START_TEST(a_tunnel_is_over_when_only_a_rekeyed_sa_of_it_is_listed)
{
	struct vici_ike a = ike_v1(1, "main");
	struct vici_child old = child(8, "net", 1, OLD);

	LIST_TWICE(tell(a, carried(old, 5, 5)));
	charon_is_away(); /* a rekey, and the end of what came of it */
	LIST_TWICE(tell(a, child_in(carried(old, 6, 6), VICI_CHILD_REKEYED)));
	expect_tunnels(0);
	hold_time_is_over();
	expect_held(0);
	ck_assert_uint_eq(totals().in.pkts, 6);
}
END_TEST

START_TEST(an_ikev2_sa_goes_down_before_its_children)
{
	struct vici_ike a = ike(5, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD), net2 = child(2, "net2", 2, NEW);

	tell(a, net);
	tell_child(a, net2);
	ike_down(a);
	expect_ikes(0);
	expect_tunnels(2);
	child_down(ike_in(a, VICI_IKE_DELETING), carried(net, 1, 1));
	child_down(ike_in(a, VICI_IKE_DELETING), carried(net2, 2, 2));
	expect_tunnels(0);
	ck_assert_uint_eq(totals().in.pkts, 3);
	ck_assert_uint_eq(totals().ike_previous, 1);
	ck_assert_uint_eq(totals().tunnels_previous, 2);
}
END_TEST

START_TEST(an_ikev1_sa_goes_down_after_its_children)
{
	struct vici_ike a = ike_v1(7, "main");
	struct vici_child net = child(10, "net", 1, OLD);

	tell(a, net);
	child_down(a, child_in(carried(net, 3, 3), VICI_CHILD_DELETED));
	ike_down(a);
	expect_ikes(0);
	expect_tunnels(0);
	ck_assert_uint_eq(totals().in.pkts, 3);
	expect_events(IPM_EVENT_IKE_STOP, 1);
}
END_TEST

START_TEST(an_ike_sa_that_was_never_up_leaves_no_trace)
{
	struct vici_ike trying = ike_in(ike(9, "nobody"), VICI_IKE_CONNECTING);
	struct vici_ike unnamed = ike_in(ike(12, "(unnamed)"), VICI_IKE_CONNECTING);

	trying.spi_responder = 0;
	LIST_TWICE(tell_ike(trying); tell_ike(unnamed));
	tell_ike(unnamed); /* ike-update */
	expect_ikes(0);
	ike_down(trying);
	ike_down(unnamed);
	child_down(trying, child(77, "nobody", 1, OLD));
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 0);
	ck_assert_uint_eq(totals().ike_previous, 0);
	expect_events(IPM_EVENT_IKE_START, 0);
	expect_events(IPM_EVENT_IKE_STOP, 0);
}
END_TEST

START_TEST(children_without_sas_make_no_tunnel)
{
	static const enum vici_child_state states[] = { VICI_CHILD_CREATED, VICI_CHILD_ROUTED,  VICI_CHILD_INSTALLING,
							VICI_CHILD_REKEYED, VICI_CHILD_DELETED, VICI_CHILD_DESTROYING };
	for (size_t i = 0; i < COUNT(states); i++)
		LIST(tell(ike(1, "ikev2"), child_in(child(1, "net", 1, OLD), states[i])));
	expect_tunnels(0);
	expect_ikes(1);
}
END_TEST

START_TEST(what_two_lists_do_not_mention_is_gone_and_one_is_not_enough)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD);

	tell(a, net);
	LIST();
	ck_assert(unsure);
	expect_tunnels(1);
	LIST(tell(a, net));
	ck_assert(!unsure);
	LIST();
	expect_tunnels(1);
	LIST();
	ck_assert(!unsure);
	expect_tunnels(0);
	expect_ikes(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
}
END_TEST

/* --- charon dies, and comes back
 * -------------------------------------------------------------------------------------------------------- */

/* Before: an IKEv2 gateway with two children, an IKEv1 gateway with one; uids as after some rekeys. */
static struct ipm_tunnel net_before, net2_before, main_before;
static struct ipm_ike_sa v2_before, v1_before;

static void
given_two_gateways(uint32_t first_uid)
{
	struct vici_ike v2 = ike(first_uid, "v2"), v1 = ike_v1(first_uid + 1, "v1");
	LIST_TWICE(tell(v2, carried(child(first_uid, "net", 1, OLD), 10, 10));
		   tell_child(v2, carried(child(first_uid + 1, "net2", 2, NEW), 20, 20));
		   tell(v1, carried(child(first_uid + 2, "main", 3, 0xd0000000), 30, 30)));
	net_before = tunnel("net");
	net2_before = tunnel("net2");
	main_before = tunnel("main");
	v2_before = ike_row("v2");
	v1_before = ike_row("v1");
}

static void
list_of_the_new_charon(bool with_net2)
{
	struct vici_ike v2 = of_another_charon(ike(2, "v2")), v1 = of_another_charon(ike_v1(1, "v1"));
	struct vici_child net = carried(child(3, "net", 1, 0xe1000000), 1, 1);
	struct vici_child net2 = carried(child(1, "net2", 2, 0xe2000000), 2, 2);
	struct vici_child main_child = carried(child(2, "main", 3, 0xe3000000), 3, 3);

	/* A new charon gives other reqids to the same selectors, and comes in any order. */
	net.reqid = 2;
	net2.reqid = 1;
	main_child.reqid = 1;
	LIST(tell(v1, main_child); tell(v2, net); if (with_net2) tell_child(v2, net2));
}

static void
expect_the_same_tunnels_again(void)
{
	ck_assert_uint_eq(tunnel("net").index, net_before.index);
	ck_assert_uint_eq(tunnel("net2").index, net2_before.index);
	ck_assert_uint_eq(tunnel("main").index, main_before.index);
	ck_assert_uint_eq(ike_row("v2").index, v2_before.index);
	ck_assert_uint_eq(ike_row("v1").index, v1_before.index);
	expect_carried(tunnel("net"), 11, 11);
	expect_carried(tunnel("net2"), 22, 22);
	expect_carried(tunnel("main"), 33, 33);
	ck_assert_uint_eq(rows(IPM_SAS), 6);
	ck_assert_uint_eq(ike_row("v2").uid, 2);
	ck_assert_uint_eq(ike_row("v1").uid, 1);
	ck_assert_uint_eq(tunnel("net").ike_index, v2_before.index);
	ck_assert_uint_eq(totals().tunnels_previous, 0);
	ck_assert_uint_eq(totals().ike_previous, 0);
	expect_events(IPM_EVENT_TUNNEL_START, 3);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
	expect_events(IPM_EVENT_IKE_STOP, 0);
}

START_TEST(after_a_crash_tunnels_get_their_index_back_and_count_on)
{
	given_two_gateways((uint32_t)_i);
	charon_is_away();
	expect_tunnels(3);
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	expect_the_same_tunnels_again();
	hold_time_is_over();
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	expect_the_same_tunnels_again();
}
END_TEST

START_TEST(after_a_crash_tunnels_may_come_back_one_by_one_while_they_are_held)
{
	given_two_gateways((uint32_t)_i);
	charon_is_away();
	LIST_TWICE();
	expect_tunnels(0);
	expect_held(3);
	expect_ikes(0);
	list_of_the_new_charon(false);
	expect_tunnels(2);
	expect_held(1);
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	expect_the_same_tunnels_again();
	expect_held(0);
}
END_TEST

START_TEST(after_a_crash_the_first_may_be_told_by_events)
{
	given_two_gateways((uint32_t)_i);
	charon_is_away();
	vici_model_list_begin(model); /* asked, but not answered yet */
	struct vici_ike v2 = of_another_charon(ike(1, "v2"));
	tell_ike(v2);
	tell(v2, child(1, "net", 1, 0xe1000000));
	ck_assert(vici_model_list_end(model));
	LIST_TWICE(tell(v2, child(1, "net", 1, 0xe1000000)));
	ck_assert_uint_eq(tunnel("net").index, net_before.index);
	ck_assert_uint_eq(ike_row("v2").index, v2_before.index);
	expect_held(2);
}
END_TEST

START_TEST(what_does_not_come_back_is_hidden_after_two_lists_and_over_after_the_hold_time)
{
	given_two_gateways(10);
	charon_is_away();
	list_of_the_new_charon(false);
	expect_tunnels(3); /* one list is not enough */
	list_of_the_new_charon(false);
	expect_tunnels(2);
	expect_held(1);
	ck_assert_uint_eq(totals().tunnels_previous, 0);
	vici_model_expire(model, hold_until - 1);
	expect_held(1);
	hold_time_is_over();
	expect_held(0);
	expect_tunnels(2);
	expect_ikes(2);
	expect_stopped(net2_before, IPM_REASON_SOURCE_LOST);
	ck_assert_uint_eq(totals().tunnels_previous, 1);
	ck_assert_uint_eq(totals().in.pkts, 64); /* 10, 20 and 30 before, 1 and 3 since */
	list_of_the_new_charon(true);
	ck_assert_uint_ne(tunnel("net2").index, net2_before.index);
}
END_TEST

START_TEST(a_charon_that_never_comes_back_is_shown_until_the_hold_time_is_over)
{
	given_two_gateways(1);
	charon_is_away();
	vici_model_expire(model, hold_until - 1);
	expect_tunnels(3);
	expect_ikes(2);
	hold_time_is_over();
	expect_tunnels(0);
	expect_held(0);
	expect_ikes(0);
	expect_stopped(net_before, IPM_REASON_SOURCE_LOST);
	expect_stopped(main_before, IPM_REASON_SOURCE_LOST);
	ck_assert_uint_eq(totals().tunnels_previous, 3);
	ck_assert_uint_eq(totals().ike_previous, 2);
	ck_assert_uint_eq(totals().in.pkts, 60);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	list_of_the_new_charon(true);
	expect_tunnels(3);
}
END_TEST

START_TEST(the_end_of_the_hold_time_does_no_harm_to_what_one_list_has_just_missed)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD), net2 = child(2, "net2", 2, NEW);

	LIST_TWICE(tell(a, net); tell_child(a, net2));
	charon_is_away();
	LIST_TWICE(tell(a, net); tell_child(a, net2));
	LIST(tell(a, net)); /* the other one is just being moved */
	ck_assert(unsure);
	hold_time_is_over();
	expect_tunnels(2);
	expect_ikes(1);
	LIST_TWICE(tell(a, net); tell_child(a, net2));
	expect_events(IPM_EVENT_TUNNEL_START, 2);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(the_end_of_the_hold_time_waits_for_a_list_that_is_coming_in)
{
	struct vici_ike a = ike(1, "ikev2"), gone = from_peer(ike(2, "other"), "other", 9);
	struct vici_child net = child(1, "net", 1, OLD);

	LIST_TWICE(tell(a, net); tell_ike(gone));
	charon_is_away();
	LIST(tell_ike(a); hold_time_is_over(); tell_child(a, net));
	LIST(tell(a, net));
	hold_time_is_over();
	expect_tunnels(1);
	expect_ikes(1);
	expect_held(0);
	expect_events(IPM_EVENT_TUNNEL_START, 1);
	expect_events(IPM_EVENT_IKE_STOP, 1);
}
END_TEST

START_TEST(a_second_crash_gives_a_new_hold_time_to_what_was_listed_in_between)
{
	given_two_gateways(5);
	charon_is_away();
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	uint64_t first = hold_until;
	vici_model_hold(model, first + HOLD_NS);
	vici_model_hold(model, first + 2 * HOLD_NS); /* a conversation that broke before a list is no news */
	vici_model_expire(model, first);
	expect_tunnels(3);
	vici_model_expire(model, first + HOLD_NS);
	expect_tunnels(0);
	expect_stopped(net_before, IPM_REASON_SOURCE_LOST);
}
END_TEST

START_TEST(a_crash_right_after_an_ike_rekey_is_no_trap_for_the_same_unique_ids)
{
	struct vici_child net = child(5, "net", 1, OLD);
	tell(ike(1, "ikev2"), net);
	ike_rekey(ike(1, "ikev2"), ike(2, "ikev2"));
	struct ipm_ike_sa before = ike_row("ikev2");
	struct ipm_tunnel tunnel_before = tunnel("net");
	charon_is_away();
	struct vici_ike now = of_another_charon(ike(1, "ikev2"));
	LIST_TWICE(tell(now, child(1, "net", 1, NEW)));
	ck_assert_uint_eq(ike_row("ikev2").index, before.index);
	ck_assert_uint_eq(ike_row("ikev2").spi_initiator, now.spi_initiator);
	ck_assert_uint_eq(tunnel("net").index, tunnel_before.index);
}
END_TEST

START_TEST(the_first_thing_heard_of_a_new_charon_may_be_a_rekey)
{
	struct vici_child net = child(1, "net", 1, OLD), other = child(2, "other", 2, NEW);
	struct vici_ike a = of_another_charon(ike(1, "ikev2")), b = of_another_charon(ike(2, "ikev2"));
	struct vici_child old = carried(child(1, "net", 1, 0xe1000000), 7, 7);
	struct vici_child now = carried(child(2, "net", 1, 0xe2000000), 1, 1);

	/* Unique ids 1 and 2 are known, but as other SAs'. */
	LIST_TWICE(tell(ike(1, "ikev2"), carried(net, 5, 5));
		   tell(from_peer(ike(2, "other"), "other", 9), carried(other, 5, 5)));
	struct ipm_tunnel before = tunnel("net");
	struct ipm_ike_sa ike_before = ike_row("ikev2");
	charon_is_away();
	tell(a, old);
	child_rekey(a, child_in(old, VICI_CHILD_REKEYED), now);
	ike_rekey(a, b);
	LIST_TWICE(tell(b, child_in(carried(old, 8, 7), VICI_CHILD_DELETED)); tell_child(b, carried(now, 2, 2)));
	ck_assert_uint_eq(ike_row("ikev2").index, ike_before.index);
	ck_assert_uint_eq(tunnel("net").index, before.index);
	ck_assert_uint_eq(tunnel("net").sas, 3);
	expect_carried(tunnel("net"), 15, 14);
	expect_held(1);
}
END_TEST

START_TEST(the_end_of_a_new_charons_sa_is_not_the_end_of_the_old_ones_of_that_unique_id)
{
	struct vici_ike a = ike(1, "ikev2"), unknown = of_another_charon(from_peer(ike(1, "rw"), "rw", 9));
	LIST_TWICE(tell(a, carried(child(1, "net", 1, OLD), 5, 5)));
	charon_is_away();
	child_down(unknown, carried(child(1, "rw", 1, NEW), 40, 40)); /* its beginning was not heard */
	ike_down(unknown);
	expect_tunnels(1);
	expect_ikes(1);
	expect_carried(tunnel("net"), 5, 5);
}
END_TEST

START_TEST(after_a_crash_a_peer_may_be_held_and_come_back_from_another_address)
{
	struct vici_ike before = from_peer(ike(1, "rw"), "alice", 2), after = from_peer(ike(1, "rw"), "alice", 7);
	LIST_TWICE(tell(before, carried(child(1, "rw", 1, OLD), 5, 5)));
	struct ipm_tunnel tunnel_before = tunnel("rw");
	charon_is_away();
	LIST_TWICE();
	after = of_another_charon(after);
	tell(after, child(1, "rw", 1, NEW));
	LIST_TWICE(tell(after, carried(child(1, "rw", 1, NEW), 1, 1)));
	ck_assert_uint_eq(tunnel("rw").index, tunnel_before.index);
	expect_carried(tunnel("rw"), 6, 6);
	ck_assert_uint_eq(tunnel("rw").remote.bytes[3], 7);
}
END_TEST

START_TEST(what_goes_down_by_an_event_is_not_held)
{
	given_two_gateways(1);
	charon_is_away();
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	struct vici_ike v2 = of_another_charon(ike(2, "v2"));
	ike_down(v2);
	child_down(v2, carried(child(3, "net", 1, 0xe1000000), 1, 1));
	child_down(v2, carried(child(1, "net2", 2, 0xe2000000), 2, 2));
	expect_tunnels(1);
	expect_held(0);
	expect_ikes(1);
	expect_stopped(net_before, IPM_REASON_UNKNOWN);
}
END_TEST

/* --- ipsecmond starts again
 * ------------------------------------------------------------------------------------------------------------ */

START_TEST(after_a_restart_of_the_daemon_all_is_as_it_was)
{
	given_two_gateways(4);
	daemon_restarts();
	expect_tunnels(3); /* shown even before charon was asked */
	struct vici_ike v2 = ike(4, "v2"), v1 = ike_v1(5, "v1");
	LIST_TWICE(tell(v2, carried(child(4, "net", 1, OLD), 11, 11));
		   tell_child(v2, carried(child(5, "net2", 2, NEW), 22, 22));
		   tell(v1, carried(child(6, "main", 3, 0xd0000000), 33, 33)));
	ck_assert_uint_eq(tunnel("net").index, net_before.index);
	ck_assert_uint_eq(tunnel("net2").index, net2_before.index);
	ck_assert_uint_eq(ike_row("v2").index, v2_before.index);
	ck_assert_uint_eq(ike_row("v1").index, v1_before.index);
	expect_carried(tunnel("net"), 11, 11);
	expect_carried(tunnel("net2"), 22, 22);
	expect_carried(tunnel("main"), 33, 33);
	ck_assert_uint_eq(tunnel("net").refreshes + tunnel("net2").refreshes + ike_row("v2").refreshes, 0);
	ck_assert_uint_eq(rows(IPM_SAS), 6);
	ck_assert_uint_eq(totals().in.pkts, 66);
	hold_time_is_over();
	expect_tunnels(3);
	expect_ikes(2);
	expect_events(IPM_EVENT_TUNNEL_START, 3);
	expect_events(IPM_EVENT_TUNNEL_STOP, 0);
}
END_TEST

START_TEST(the_daemon_and_charon_may_both_have_been_restarted)
{
	given_two_gateways(_i ? 1 : 4);
	daemon_restarts();
	list_of_the_new_charon(true);
	list_of_the_new_charon(true);
	expect_the_same_tunnels_again();
}
END_TEST

START_TEST(a_rekey_while_the_daemon_was_away_is_one_refresh)
{
	struct vici_ike a = ike(1, "ikev2");
	LIST_TWICE(tell(a, carried(child(5, "net", 1, OLD), 10, 10)));
	struct ipm_tunnel before = tunnel("net");
	daemon_restarts();
	LIST(tell(a, child_in(carried(child(5, "net", 1, OLD), 12, 12), VICI_CHILD_DELETED));
	     tell_child(a, carried(child(6, "net", 1, NEW), 1, 1)));
	LIST_TWICE(tell(a, carried(child(6, "net", 1, NEW), 2, 2)));
	expect_same(tunnel("net"), before, 1);
	expect_carried(tunnel("net"), 14, 12 + 2);
}
END_TEST

START_TEST(what_an_earlier_run_held_is_still_given_back_or_stopped)
{
	given_two_gateways(1);
	charon_is_away();
	LIST_TWICE();
	expect_held(3);
	daemon_restarts();
	list_of_the_new_charon(false);
	list_of_the_new_charon(false);
	ck_assert_uint_eq(tunnel("net").index, net_before.index);
	expect_held(1);
	hold_time_is_over();
	expect_held(0);
	expect_stopped(net2_before, IPM_REASON_SOURCE_LOST);
}
END_TEST

START_TEST(a_tunnel_that_a_dying_daemon_left_without_sas_does_not_stay_for_ever)
{
	struct vici_ike a = ike(1, "ikev2");
	LIST_TWICE(tell(a, child(5, "net", 1, OLD)));
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_SAS); slot++)
		ipm_sa_stop(writer, slot);
	daemon_restarts();
	LIST_TWICE(tell_ike(a));
	hold_time_is_over();
	expect_tunnels(0);
	expect_held(0);
	expect_ikes(1);
}
END_TEST

START_TEST(records_of_another_feed_are_left_alone)
{
	struct ipm_tunnel foreign = { .state = IPM_TUNNEL_UP, .feed = 1, .uid = 1, .conn = "x", .name = "foreign" };
	foreign.local = foreign.remote = ip4(192, 0, 2, 200);
	ck_assert_int_eq(ipm_feed_open(writer, "xfrm"), 1);
	ck_assert_int_ge(ipm_tunnel_start(writer, &foreign), 0);
	daemon_restarts();
	LIST_TWICE(tell(ike(1, "ikev2"), child(1, "net", 1, OLD)));
	hold_time_is_over();
	expect_tunnels(2);
	LIST_TWICE();
	tunnel("foreign");
	expect_tunnels(1);
}
END_TEST

/* --- kinds of SAs
 * ---------------------------------------------------------------------------------------------------------------------------
 */

static struct ipm_sa
sa_row(uint32_t spi)
{
	struct ipm_sa sa = { 0 };
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_SAS); slot++)
		if (ipm_sa_read(seg, slot, &sa) == 0 && sa.spi == spi)
			return sa;
	ck_abort_msg("there is no SA %08x", spi);
	return sa;
}

START_TEST(a_child_with_ipcomp_is_four_sas_and_counts_once)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD), now = child(2, "net", 1, NEW);
	net.cpi_in = 0x1001;
	net.cpi_out = 0x1002;
	now.cpi_in = 0x2001;
	now.cpi_out = 0x2002;

	LIST(tell(a, carried(net, 10, 20)));
	ck_assert_uint_eq(tunnel("net").sas, 4);
	ck_assert_uint_eq(tunnel("net").ipcomp, 1);
	expect_carried(tunnel("net"), 10, 20);
	ck_assert_uint_eq(sa_row(0x1001).protocol, IPPROTO_COMP);
	ck_assert_uint_eq(sa_row(0x1001).direction, IPM_IN);
	ck_assert_uint_eq(sa_row(0x1002).direction, IPM_OUT);
	ck_assert_uint_eq(sa_row(OLD).direction, IPM_IN);
	child_rekey(a, child_in(carried(net, 10, 20), VICI_CHILD_REKEYED), now);
	ck_assert_uint_eq(tunnel("net").sas, 8);
	LIST(tell(a, child_in(carried(net, 10, 20), VICI_CHILD_DELETED)); tell_child(a, now));
	ck_assert_uint_eq(tunnel("net").sas, 6);
	daemon_restarts();
	LIST_TWICE(tell(a, carried(now, 1, 1)));
	ck_assert_uint_eq(tunnel("net").sas, 4);
	expect_carried(tunnel("net"), 11, 21);
	child_down(a, now);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
}
END_TEST

START_TEST(ah_and_transport_mode_are_shown_as_such)
{
	struct vici_child host = child(1, "host", 1, OLD);
	host.protocol = IPPROTO_AH;
	host.encap = IPM_ENCAP_TRANSPORT;
	host.proposal.integ = IPM_INTEG_HMAC_SHA2_256_128;
	LIST(tell(ike(1, "ikev2"), carried(host, 3, 4)));
	ck_assert_uint_eq(tunnel("host").protocol, IPPROTO_AH);
	ck_assert_uint_eq(tunnel("host").encap, IPM_ENCAP_TRANSPORT);
	ck_assert_uint_eq(sa_row(OLD).protocol, IPPROTO_AH);
	ck_assert_uint_eq(tunnel("host").in.auths, 3);
	ck_assert_uint_eq(tunnel("host").in.crypts, 0);
}
END_TEST

START_TEST(addresses_and_selectors_follow_a_peer_that_moves)
{
	struct vici_ike a = ike(1, "rw");
	struct vici_child net = child(1, "rw", 1, OLD);

	LIST(tell(a, net));
	struct ipm_tunnel before = tunnel("rw");
	a.remote_host = ip4(198, 51, 100, 9);
	a.remote_port = 4500;
	tell_ike(a); /* ike-update */
	ck_assert_uint_eq(ike_row("rw").remote.bytes[0], 198);
	net.state = VICI_CHILD_UPDATING;
	net.udp_encap = true;
	net.remote_ts[0] = subnet(10, 7, 7);
	LIST(tell(a, net));
	expect_same(tunnel("rw"), before, 0);
	ck_assert_uint_eq(tunnel("rw").remote.bytes[0], 198);
	ck_assert_uint_eq(tunnel("rw").udp_encap, 1);
	ck_assert_uint_eq(rows(IPM_SELECTORS), 1);
	struct ipm_selector sel;
	for (uint32_t slot = 0; ipm_selector_read(seg, slot, &sel) < 0; slot++)
		ck_assert_uint_lt(slot, 16);
	ck_assert_uint_eq(sel.remote.first.bytes[1], 7);
	ck_assert_uint_eq(sel.index, 2); /* another selector: another row */
	ck_assert_uint_eq(sa_state(OLD), IPM_SA_ACTIVE);
}
END_TEST

START_TEST(selectors_pair_up_when_family_and_protocol_fit)
{
	struct vici_child net = child(1, "net", 1, OLD);
	struct ipm_sel_side v6 = { .type = IPM_SEL_SUBNET, .prefix = 64, .port_last = 65535 };
	v6.first = v6.last = (struct ipm_addr){ .len = 16, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } };
	memset(&v6.last.bytes[8], 0xff, 8);

	net.local_count = net.remote_count = 3;
	net.local_ts[1] = v6;
	net.local_ts[2] = subnet(10, 1, 99);
	net.local_ts[2].protocol = IPPROTO_TCP;
	net.remote_ts[1] = v6;
	net.remote_ts[2] = subnet(10, 2, 99);
	net.remote_ts[2].protocol = IPPROTO_UDP;
	LIST(tell(ike(1, "ikev2"), net));
	/* any-any, any-udp, tcp-any of IPv4, but not tcp-udp; and the one of IPv6 */
	ck_assert_uint_eq(rows(IPM_SELECTORS), 4);
	LIST(tell(ike(1, "ikev2"), net));
	ck_assert_uint_eq(rows(IPM_SELECTORS), 4);
}
END_TEST

START_TEST(a_held_tunnel_is_known_by_a_pair_that_fits)
{
	struct vici_child net = child(1, "net", 1, OLD);
	struct ipm_sel_side v6 = { .type = IPM_SEL_SUBNET, .prefix = 64, .port_last = 65535 };
	v6.first = v6.last = (struct ipm_addr){ .len = 16, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } };
	net.remote_count = _i == 2 ? 1 : 2;
	net.local_count = _i == 1 ? 1 : 2;
	if (_i == 2) { /* the first of one side is not for the first of the other */
		net.local_ts[1] = net.local_ts[0];
		net.local_ts[0] = v6;
	} else {
		net.local_ts[1] = v6;
		net.remote_ts[1] = net.remote_ts[0];
		net.remote_ts[0] = v6;
	}
	LIST_TWICE(tell(ike(1, "ikev2"), net));
	struct ipm_tunnel before = tunnel("net");
	charon_is_away();
	LIST_TWICE();
	net.spi_in = NEW;
	net.spi_out = NEW + 1;
	LIST(tell(of_another_charon(ike(1, "ikev2")), net));
	ck_assert_uint_eq(tunnel("net").index, before.index);
}
END_TEST

START_TEST(a_peer_is_reached_by_an_ike_sa_with_its_address_connection_and_identity)
{
	LIST(tell(ike(1, "v2"), child(1, "net", 1, OLD)));
	struct ipm_failure who = { .remote = ike_row("v2").remote };
	ck_assert(vici_model_reaches(model, &who));
	snprintf(who.conn, sizeof(who.conn), "v2");
	snprintf(who.remote_id, sizeof(who.remote_id), "%s", ike_row("v2").remote_id);
	ck_assert(vici_model_reaches(model, &who));
	who.conn[0] = 'w';
	ck_assert(!vici_model_reaches(model, &who));
	who.conn[0] = '\0';
	who.remote_id[0] ^= 1;
	ck_assert(!vici_model_reaches(model, &who));
	who.remote_id[0] = '\0';
	who.remote.bytes[0] ^= 1;
	ck_assert(!vici_model_reaches(model, &who));
}
END_TEST

START_TEST(what_the_configuration_says_is_told_of_its_sas)
{
	struct vici_conn conn = { .name = "ikev2", .version = 2, .remote_auth = IPM_AUTH_PSK };
	struct vici_conn_child of = { .name = "net", .rekey_octets = 5000000 };
	vici_model_conn(model, &conn);
	vici_model_conn_child(model, &conn, &of);
	LIST(tell(ike(1, "ikev2"), child(1, "net", 1, OLD)); tell_child(ike(1, "ikev2"), child(2, "net2", 2, NEW)));
	ck_assert_uint_eq(ike_row("ikev2").auth, IPM_AUTH_PSK);
	ck_assert_uint_eq(tunnel("net").soft_octets, 5000000);
	ck_assert_uint_eq(tunnel("net2").soft_octets, 0);
	of.rekey_octets = 6000000;
	vici_model_conn_child(model, &conn, &of);
	LIST(tell(ike(1, "ikev2"), child(1, "net", 1, OLD)); tell_child(ike(1, "ikev2"), child(2, "net2", 2, NEW)));
	ck_assert_uint_eq(tunnel("net").soft_octets, 6000000);
}
END_TEST

START_TEST(lifetimes_are_the_sum_of_both_ends)
{
	struct vici_ike a = ike(1, "ikev2");
	struct vici_child net = child(1, "net", 1, OLD);
	a.established = 100;
	a.rekey_time = 14300;
	net.install_time = 60;
	net.rekey_time = -10; /* overdue */
	net.life_time = 300;
	LIST(tell(a, net));
	ck_assert_uint_eq(ike_row("ikev2").soft_ns, 14400000000000);
	ck_assert_uint_eq(tunnel("net").soft_ns, 50000000000);
	ck_assert_uint_eq(tunnel("net").hard_ns, 360000000000);
	net.install_time = net.rekey_time = net.life_time = VICI_UNSET; /* as in an event */
	a.established = a.rekey_time = VICI_UNSET;
	tell(a, net);
	ck_assert_uint_eq(ike_row("ikev2").soft_ns, 14400000000000);
	ck_assert_uint_eq(tunnel("net").hard_ns, 360000000000);
}
END_TEST

/* --- no room
 * -------------------------------------------------------------------------------------------------------------------------------
 */

static void
many_gateways(uint32_t n, uint64_t pkts)
{
	char name[16], id[16];
	vici_model_list_begin(model);
	for (uint32_t i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		snprintf(id, sizeof(id), "p%u", i);
		struct vici_ike a = from_peer(ike(i, name), id, (uint8_t)i);
		tell(a, carried(child(2 * i, name, 2 * i, 0xc0000000 + 0x100 * i), pkts, pkts));
		snprintf(name, sizeof(name), "d%u", i);
		tell_child(a, carried(child(2 * i + 1, name, 2 * i + 1, 0xc0000080 + 0x100 * i), pkts, pkts));
	}
	unsure = vici_model_list_end(model);
	all_is_true();
}

/* However often it is told, and whatever comes and goes: it counts what it could not take, and goes on. */
static void
survives_being_full(struct ipm_capacity capacity, uint32_t ikes_shown, uint32_t tunnels_shown)
{
	gateway_ends();
	gateway_begins(capacity);
	many_gateways(8, 1);
	uint64_t refused = vici_model_refused(model);
	ck_assert_uint_gt(refused, 0);
	many_gateways(8, 2);
	ck_assert_uint_gt(vici_model_refused(model), refused);
	expect_ikes(ikes_shown);
	expect_tunnels(tunnels_shown);
	/* Rekeys and ends, known or not. */
	for (uint32_t i = 1; i <= 8; i++) {
		char name[16], id[16];
		snprintf(name, sizeof(name), "c%u", i);
		snprintf(id, sizeof(id), "p%u", i);
		struct vici_ike a = from_peer(ike(i, name), id, (uint8_t)i),
				b = from_peer(ike(100 + i, name), id, (uint8_t)i);
		struct vici_child old = child(2 * i, name, 2 * i, 0xc0000000 + 0x100 * i);
		struct vici_child now = child(100 + i, name, 2 * i, 0xe0000000 + 0x100 * i);
		child_rekey(a, child_in(carried(old, 3, 3), VICI_CHILD_REKEYED), now);
		child_rekey(a, child_in(carried(old, 3, 3), VICI_CHILD_REKEYED), now);
		ike_rekey(a, b);
		LIST(tell(b, child_in(carried(old, 4, 3), VICI_CHILD_DELETED)); tell_child(b, carried(now, 1, 1)));
		LIST(tell(b, carried(now, 2, 2)));
		LIST(tell(b, carried(now, 3, 3)));
		child_down(b, now);
		ike_down(b);
	}
	LIST_TWICE();
	expect_ikes(0);
	expect_tunnels(0);
	ck_assert_uint_eq(rows(IPM_SAS), 0);
	ck_assert_uint_eq(rows(IPM_SELECTORS), 0);
	/* With room again, all is well again. */
	refused = vici_model_refused(model);
	many_gateways(1, 1);
	many_gateways(1, 2);
	ck_assert_uint_eq(vici_model_refused(model), refused);
	expect_carried(tunnel("c1"), 2, 2);
	ck_assert_uint_eq(tunnel("c1").sas, 2);
	charon_is_away();
	LIST_TWICE();
	hold_time_is_over();
	expect_held(0);
}

START_TEST(a_full_section_of_ike_sas_leaves_the_others_working)
{
	survives_being_full((struct ipm_capacity){ .ike_sas = 3, .tunnels = 64, .selectors = 64, .sas = 128 }, 3, 6);
}
END_TEST

START_TEST(a_full_section_of_tunnels_leaves_the_others_working)
{
	survives_being_full((struct ipm_capacity){ .ike_sas = 64, .tunnels = 5, .selectors = 64, .sas = 128 }, 8, 5);
}
END_TEST

START_TEST(a_full_section_of_sas_leaves_the_tunnels_working)
{
	survives_being_full((struct ipm_capacity){ .ike_sas = 64, .tunnels = 64, .selectors = 64, .sas = 5 }, 8, 16);
}
END_TEST

START_TEST(a_full_section_of_selectors_leaves_the_tunnels_working)
{
	survives_being_full((struct ipm_capacity){ .ike_sas = 64, .tunnels = 64, .selectors = 3, .sas = 128 }, 8, 16);
}
END_TEST

START_TEST(sas_that_found_no_room_get_their_row_when_there_is_some)
{
	struct vici_ike a = ike(1, "ikev2");
	gateway_ends();
	gateway_begins((struct ipm_capacity){ .ike_sas = 4, .tunnels = 4, .selectors = 4, .sas = 3 });
	LIST(tell(a, child(1, "net", 1, OLD)); tell_child(a, carried(child(2, "net2", 2, NEW), 5, 5)));
	ck_assert_uint_eq(tunnel("net2").sas, 1);
	child_down(a, child(1, "net", 1, OLD));
	LIST(tell(a, carried(child(2, "net2", 2, NEW), 6, 6)));
	ck_assert_uint_eq(tunnel("net2").sas, 2);
	expect_carried(tunnel("net2"), 6, 6);
}
END_TEST
/* --- a charon made up
 * ------------------------------------------------------------------------------------------------------------------------
 */

/*
 * Gateways with children that come, are rekeyed and go at random, in a charon that dies now and then. What it
 * says is said as charon does, but events may be lost, said twice, or be overtaken by a list. After every
 * round it is left alone for two lists; then the model has to know what is true, whatever it was told before.
 */
#define PEERS      6
#define CONFIGS    4  /* children of a gateway: two names, each with two pairs of selectors */
#define SIM_SAS    96 /* CHILD_SAs at a time */
#define SIM_ROUNDS 200

struct sim_child {
	bool exists, known; /* known: the model was told of it while it was in use */
	bool idle;          /* nothing reaches it any more */
	uint32_t peer, config;
	struct vici_child sa;
	uint64_t told_in, told_out;
};

struct sim_peer {
	bool up, old_up;
	struct vici_ike sa, old; /* old: was replaced, but is still listed */
};

static struct sim {
	uint64_t seed;
	struct sim_peer peer[PEERS];
	struct sim_child child[SIM_SAS];
	uint32_t ike_uid, child_uid, spi, reqids; /* the last ones given */
	uint32_t index[PEERS][CONFIGS];           /* that a tunnel must have kept; 0: any */
	uint64_t in, out;                         /* packets that the model has been told of */
	bool deaf;                                /* nobody listens */
	bool overtaken;                           /* an event was, in this round */
} sim;

static uint32_t
chance(uint32_t below)
{
	sim.seed ^= sim.seed << 13; /* xorshift: the same on every machine */
	sim.seed ^= sim.seed >> 7;
	sim.seed ^= sim.seed << 17;
	return (uint32_t)(sim.seed >> 33) % below;
}

static bool
in_use(const struct sim_child *c)
{
	return c->exists && (c->sa.state == VICI_CHILD_INSTALLED || c->sa.state == VICI_CHILD_REKEYING);
}

static struct sim_child *
sim_live(uint32_t peer, uint32_t config)
{
	for (size_t i = 0; i < SIM_SAS; i++)
		if (in_use(&sim.child[i]) && sim.child[i].peer == peer && sim.child[i].config == config)
			return &sim.child[i];
	return NULL;
}

/* The model has seen these counts. */
static void
told(struct sim_child *c)
{
	c->known |= in_use(c);
	if (!c->known)
		return;
	sim.in += c->sa.packets_in - c->told_in;
	sim.out += c->sa.packets_out - c->told_out;
	c->told_in = c->sa.packets_in;
	c->told_out = c->sa.packets_out;
}

static void
sim_list(void)
{
	uint32_t first = chance(SIM_SAS), first_peer = chance(PEERS);
	bool old_first = chance(2);

	if (sim.deaf)
		return;
	at_random = true;
	vici_model_list_begin(model);
	for (uint32_t n = 0; n < PEERS; n++) {
		uint32_t at = (first_peer + n) % PEERS;
		struct sim_peer *p = &sim.peer[at];
		if (p->old_up && old_first)
			tell_ike(p->old);
		if (p->up)
			tell_ike(p->sa);
		for (uint32_t i = 0; i < SIM_SAS; i++) {
			struct sim_child *c = &sim.child[(first + i) % SIM_SAS];
			if (c->exists && c->peer == at) {
				tell_child(p->sa, c->sa);
				told(c);
			}
		}
		if (p->old_up && !old_first)
			tell_ike(p->old);
		if (p->old_up && p->sa.version == 2)
			p->old_up = chance(2);
	}
	unsure = vici_model_list_end(model);
	at_random = false;
	all_is_true();
}

/* How often is this event heard? A list may come before it. */
static uint32_t
heard(void)
{
	static const uint32_t times[] = { 1, 1, 1, 1, 1, 0, 2, 1 };
	uint32_t how = chance(COUNT(times));

	if (sim.deaf)
		return 0;
	if (how == COUNT(times) - 1 && !sim.overtaken) {
		sim.overtaken = true;
		sim_list();
	}
	return times[how];
}

#define SAY(...)                                                     \
	do {                                                         \
		for (uint32_t times = heard(); times > 0; times--) { \
			__VA_ARGS__;                                 \
		}                                                    \
	} while (0)

static void
sim_ike_name(struct vici_ike *sa, uint32_t peer)
{
	char name[16], id[16];
	snprintf(name, sizeof(name), "conn%u", peer / 2); /* two peers of each connection */
	snprintf(id, sizeof(id), "peer%u", peer);
	*sa = from_peer(ike(++sim.ike_uid, name), id, (uint8_t)(10 + peer));
	sa->version = peer % 3 == 0 ? 1 : 2;
	sa->spi_initiator = sa->spi_responder = 0xabc00000ull + ++sim.spi;
}

static struct sim_child *
sim_new_child(uint32_t peer, uint32_t config, uint32_t reqid)
{
	struct sim_child *c = sim.child;
	char name[16];
	while (c->exists && c < &sim.child[SIM_SAS - 1])
		c++;
	ck_assert(!c->exists);
	snprintf(name, sizeof(name), "child%u", config / 2);
	sim.spi += 2;
	*c = (struct sim_child){ .exists = true, .peer = peer, .config = config };
	c->sa = child(++sim.child_uid, name, reqid, sim.spi);
	c->sa.local_ts[0] = c->sa.remote_ts[0] = subnet(10, 1, (uint8_t)(peer * CONFIGS + config));
	return c;
}

static void
sim_child_up(uint32_t peer, uint32_t config)
{
	struct sim_child *c = sim_new_child(peer, config, ++sim.reqids);
	/* Charon gives the same reqid to the same selectors while there is an SA with them. */
	for (size_t i = 0; i < SIM_SAS; i++)
		if (sim.child[i].exists && &sim.child[i] != c && sim.child[i].peer == peer &&
		    sim.child[i].config == config)
			c->sa.reqid = sim.child[i].sa.reqid;
	SAY(tell(sim.peer[peer].sa, c->sa); told(c));
}

static void
sim_peer_up(uint32_t peer)
{
	struct sim_peer *p = &sim.peer[peer];
	sim_ike_name(&p->sa, peer);
	p->up = true;
	SAY(tell_ike(p->sa));
	for (uint32_t config = 0; config < CONFIGS; config++)
		if (chance(4) > 0)
			sim_child_up(peer, config);
}

static void
sim_child_rekey(struct sim_child *old)
{
	struct sim_peer *p = &sim.peer[old->peer];
	if (!old->known)
		sim_list();
	if (!old->known)
		return;
	struct sim_child *now = sim_new_child(old->peer, old->config, old->sa.reqid);
	old->sa.state = p->sa.version == 1 ? VICI_CHILD_REKEYED : VICI_CHILD_DELETED;
	struct vici_child said = child_in(old->sa, p->sa.version == 1 ? VICI_CHILD_REKEYING : VICI_CHILD_REKEYED);
	SAY(child_rekey(p->sa, said, now->sa); told(old); told(now));
}

/* Its tunnel is down; what lingers of it is not looked at any more. */
static void
sim_child_gone(struct sim_child *c)
{
	c->exists = false;
	sim.index[c->peer][c->config] = 0;
	for (size_t i = 0; i < SIM_SAS; i++) {
		struct sim_child *other = &sim.child[i];
		if (other->exists && other->peer == c->peer && other->config == c->config) {
			other->sa = carried(other->sa, other->told_in, other->told_out);
			other->idle = true;
		}
	}
}

static void
sim_child_down(struct sim_child *c)
{
	sim_child_gone(c);
	SAY(child_down(sim.peer[c->peer].sa, c->sa); told(c));
}

static void
sim_ike_down(uint32_t peer)
{
	struct sim_peer *p = &sim.peer[peer];
	bool ike_first = p->sa.version == 2, old_up = p->old_up && !ike_first;
	bool down[SIM_SAS];

	p->up = p->old_up = false;
	memset(sim.index[peer], 0, sizeof(sim.index[peer]));
	for (size_t i = 0; i < SIM_SAS; i++) {
		down[i] = in_use(&sim.child[i]) && sim.child[i].peer == peer;
		if (sim.child[i].peer == peer)
			sim.child[i].exists = false;
	}
	if (ike_first)
		SAY(ike_down(p->sa));
	for (size_t i = 0; i < SIM_SAS; i++)
		if (down[i])
			SAY(child_down(p->sa, sim.child[i].sa); told(&sim.child[i]));
	if (old_up)
		SAY(ike_down(p->old));
	if (!ike_first)
		SAY(ike_down(p->sa));
}

static void
sim_ike_rekey(uint32_t peer)
{
	struct sim_peer *p = &sim.peer[peer];
	if (p->old_up)
		return;
	p->old = ike_in(p->sa, p->sa.version == 1 ? VICI_IKE_REKEYING : VICI_IKE_REKEYED);
	p->old_up = true;
	sim_ike_name(&p->sa, peer);
	p->sa.initiator = chance(2);
	/* Only when nobody listens may it be lost, or who follows whom cannot be known for all children. */
	if (p->sa.version == 1)
		SAY(tell_ike(p->sa));
	else
		for (uint32_t times = sim.deaf ? 0 : 1 + chance(2); times > 0; times--)
			ike_rekey(p->old, p->sa);
}

static void
sim_traffic(void)
{
	for (size_t i = 0; i < SIM_SAS; i++) {
		struct sim_child *c = &sim.child[i];
		if (c->exists && !c->idle && (in_use(c) || c->known))
			c->sa = carried(c->sa, c->sa.packets_in + chance(100),
					c->sa.packets_out + (in_use(c) ? chance(100) : 0));
	}
}

static void
sim_crash(void)
{
	charon_is_away();
	for (uint32_t i = 0; i < PEERS; i++)
		sim.peer[i].up = sim.peer[i].old_up = false;
	memset(sim.child, 0, sizeof(sim.child));
	sim.ike_uid = sim.child_uid = sim.reqids = 0;
	if (chance(3) == 0) {
		LIST_TWICE();
		expect_tunnels(0);
	} else {
		vici_model_list_begin(model); /* asked; what follows comes before the answer */
	}
	for (uint32_t i = 0; i < PEERS; i++)
		if (chance(3) > 0)
			sim_peer_up(i);
}

static void
sim_away(void)
{
	sim.deaf = true;
	if (chance(2))
		charon_is_away();
	else
		daemon_restarts();
}

static void
sim_step(void)
{
	uint32_t peer = chance(PEERS), config = chance(CONFIGS);
	struct sim_peer *p = &sim.peer[peer];
	struct sim_child *live = sim_live(peer, config);

	switch (chance(12)) {
	case 0:
		if (!p->up)
			sim_peer_up(peer);
		break;
	case 1:
		if (p->up && chance(3) == 0)
			sim_ike_down(peer);
		break;
	case 2:
	case 3:
		if (live)
			sim_child_rekey(live);
		break;
	case 4:
		if (live)
			sim_child_down(live);
		break;
	case 5:
		if (p->up && !live)
			sim_child_up(peer, config);
		break;
	case 6:
		if (p->up)
			sim_ike_rekey(peer);
		break;
	case 7:
		if (p->old_up && p->sa.version == 1) {
			p->old_up = false;
			SAY(ike_down(p->old));
		}
		break;
	case 8:
		for (size_t i = 0; i < SIM_SAS; i++) /* what was rekeyed vanishes silently */
			if (sim.child[i].exists && !in_use(&sim.child[i]) && chance(2))
				sim.child[i].exists = false;
		break;
	case 9:
	case 10:
		sim_traffic();
		break;
	case 11:
		sim_list();
		break;
	}
}

static uint32_t
selector_of(const struct ipm_tunnel *t)
{
	struct ipm_selector sel;
	ck_assert_uint_ne(t->sel_head, 0);
	ck_assert_int_eq(ipm_selector_read(seg, t->sel_head - 1, &sel), 0);
	return sel.local.first.bytes[2];
}

static void
expect_what_is_true(void)
{
	bool found[PEERS][CONFIGS] = { 0 };
	uint32_t peers_up = 0;

	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel t;
		if (ipm_tunnel_read(seg, slot, &t) < 0 || t.state != IPM_TUNNEL_UP)
			continue;
		uint32_t key = selector_of(&t), peer = key / CONFIGS, config = key % CONFIGS;
		struct sim_child *c = sim_live(peer, config);
		ck_assert_msg(c != NULL, "tunnel %u (peer %u, child %u) is not up", t.index, peer, config);
		ck_assert_msg(!found[peer][config], "peer %u, child %u is there twice", peer, config);
		found[peer][config] = true;
		ck_assert_str_eq(t.name, c->sa.name);
		ck_assert_str_eq(t.conn, sim.peer[peer].sa.name);
		ck_assert_uint_eq(t.uid, c->sa.uniqueid);
		ck_assert_msg(ipm_tunnel_ike_alive(seg, &t), "tunnel %u has lost its IKE SA", t.index);
		ck_assert_msg(!sim.index[peer][config] || sim.index[peer][config] == t.index,
			      "peer %u, child %u was tunnel %u and is %u", peer, config, sim.index[peer][config],
			      t.index);
		sim.index[peer][config] = t.index;
	}
	for (uint32_t peer = 0; peer < PEERS; peer++) {
		peers_up += sim.peer[peer].up;
		for (uint32_t config = 0; config < CONFIGS; config++)
			ck_assert_msg(found[peer][config] == (sim_live(peer, config) != NULL),
				      "peer %u, child %u is not shown", peer, config);
	}
	expect_ikes(peers_up);
	ck_assert_uint_eq(totals().in.pkts, sim.in);
	ck_assert_uint_eq(totals().out.pkts, sim.out);
}

START_TEST(whatever_was_heard_two_quiet_lists_make_it_true)
{
	sim = (struct sim){ .seed = 0x9e3779b97f4a7c15ull * (uint64_t)(_i + 1), .spi = 0xc0000000 };
	LIST_TWICE();
	for (int round = 0; round < SIM_ROUNDS; round++) {
		uint32_t fate = chance(12);
		sim.overtaken = false;
		if (fate == 0)
			sim_crash();
		else if (fate == 1)
			sim_away();
		for (uint32_t steps = 1 + chance(8); steps > 0; steps--)
			sim_step();
		sim.deaf = false;
		for (size_t i = 0; i < PEERS; i++)
			if (sim.peer[i].sa.version == 2) /* what was rekeyed is not listed for long */
				sim.peer[i].old_up = false;
		sim_list();
		sim_list();
		expect_what_is_true();
		if (chance(4) == 0) {
			hold_time_is_over();
			expect_what_is_true();
			expect_held(0);
			for (uint32_t key = 0; key < PEERS * CONFIGS; key++)
				if (!sim_live(key / CONFIGS, key % CONFIGS))
					sim.index[key / CONFIGS][key % CONFIGS] = 0;
		}
	}
	LIST_TWICE();
	hold_until = ipm_now_ns();
	vici_model_expire(model, UINT64_MAX);
	ck_assert_uint_eq(rows(IPM_TUNNELS) + rows(IPM_SAS) + rows(IPM_SELECTORS) + rows(IPM_IKE_SAS), 0);
	ck_assert_uint_eq(totals().records_refused, 0);
}
END_TEST

static Suite *
vici_model_suite(void)
{
	Suite *suite = suite_create("vici_model");
	TCase *tests = tcase_create("behaviour"), *random_tests = tcase_create("random");

	tcase_add_checked_fixture(tests, given_a_gateway, gateway_ends);
	tcase_add_test(tests, an_ikev2_child_rekey_keeps_the_tunnel_and_adds_up_both_sas);
	tcase_add_test(tests, a_list_that_tells_of_the_new_child_before_the_event_changes_nothing);
	tcase_add_test(tests, the_same_race_in_the_first_list_after_a_reconnect_counts_one_refresh_too);
	tcase_add_test(tests, a_list_with_something_missing_does_not_make_the_race_count_twice);
	tcase_add_test(tests, a_child_rekey_that_was_missed_altogether_is_one_refresh);
	tcase_add_test(tests, a_rekey_that_charon_undoes_leaves_the_old_sa_in_charge);
	tcase_add_test(tests, a_collision_that_the_peer_loses_before_it_answers_takes_no_tunnel_down);
	tcase_add_test(tests, a_rekeyed_sa_keeps_no_tunnel_when_its_rekey_has_been_answered);
	tcase_add_test(tests, the_loser_of_a_collision_is_no_refresh);
	tcase_add_loop_test(tests, collisions_in_any_order_keep_the_tunnel_and_count_one_refresh_each, 0, 16);
	tcase_add_test(tests, an_ikev1_child_rekey_keeps_the_tunnel_while_the_old_sa_lingers);
	tcase_add_test(tests, with_delete_rekeyed_the_old_sa_is_gone_at_once);
	tcase_add_test(tests, ten_child_rekeys_in_a_row_are_ten_refreshes_of_one_tunnel);
	tcase_add_test(tests, ten_ikev1_child_rekeys_in_a_row_are_ten_refreshes_of_one_tunnel);
	tcase_add_test(tests, an_ike_rekey_keeps_the_record_and_all_tunnels);
	tcase_add_test(tests, three_ike_rekeys_in_a_row_are_three_refreshes_of_one_record);
	tcase_add_test(tests, a_list_that_tells_of_the_new_ike_sa_before_the_event_loses_no_tunnel);
	tcase_add_test(tests, an_ike_rekey_that_was_missed_keeps_the_record);
	tcase_add_test(tests, an_ike_sa_on_its_way_out_does_not_begin_a_record);
	tcase_add_test(tests, an_ikev1_reauthentication_keeps_the_record_and_tears_nothing_down);
	tcase_add_test(tests, an_ikev1_reauthentication_is_the_same_when_the_list_has_the_new_one_first);
	tcase_add_test(tests, the_daemon_may_restart_while_both_ikev1_sas_are_there);
	tcase_add_test(tests, when_both_sides_made_an_ikev1_sa_the_end_of_one_leaves_the_other);
	tcase_add_test(tests, an_ikev2_reauthentication_is_an_end_and_a_beginning);
	tcase_add_test(tests, make_before_break_shows_both_for_a_moment);
	tcase_add_test(tests, roadwarriors_of_one_connection_with_two_identities_are_two_rows);
	tcase_add_test(tests, roadwarriors_of_one_identity_at_two_addresses_are_two_rows);
	tcase_add_test(tests, a_third_of_one_identity_that_comes_while_nobody_listens_is_a_third_row);
	tcase_add_test(tests, two_live_children_with_one_name_and_reqid_are_one_tunnel);
	tcase_add_test(tests, children_with_one_name_and_two_reqids_are_two_tunnels);
	tcase_add_test(tests, many_children_of_one_ike_sa_come_and_go_each_by_itself);
	tcase_add_test(tests, a_child_that_goes_down_leaves_its_last_counts_and_its_ike_sa);
	tcase_add_test(tests, a_tunnel_is_over_though_a_rekeyed_sa_of_it_lingers);
	tcase_add_test(tests, a_tunnel_is_over_when_only_a_rekeyed_sa_of_it_is_listed);
	tcase_add_test(tests, an_ikev2_sa_goes_down_before_its_children);
	tcase_add_test(tests, an_ikev1_sa_goes_down_after_its_children);
	tcase_add_test(tests, an_ike_sa_that_was_never_up_leaves_no_trace);
	tcase_add_test(tests, children_without_sas_make_no_tunnel);
	tcase_add_test(tests, what_two_lists_do_not_mention_is_gone_and_one_is_not_enough);
	/* With unique ids that the new charon gives again, and with others. */
	tcase_add_loop_test(tests, after_a_crash_tunnels_get_their_index_back_and_count_on, 1, 8);
	tcase_add_loop_test(tests, after_a_crash_tunnels_may_come_back_one_by_one_while_they_are_held, 1, 8);
	tcase_add_loop_test(tests, after_a_crash_the_first_may_be_told_by_events, 1, 4);
	tcase_add_test(tests, what_does_not_come_back_is_hidden_after_two_lists_and_over_after_the_hold_time);
	tcase_add_test(tests, a_charon_that_never_comes_back_is_shown_until_the_hold_time_is_over);
	tcase_add_test(tests, the_end_of_the_hold_time_does_no_harm_to_what_one_list_has_just_missed);
	tcase_add_test(tests, the_end_of_the_hold_time_waits_for_a_list_that_is_coming_in);
	tcase_add_test(tests, a_second_crash_gives_a_new_hold_time_to_what_was_listed_in_between);
	tcase_add_test(tests, a_crash_right_after_an_ike_rekey_is_no_trap_for_the_same_unique_ids);
	tcase_add_test(tests, the_first_thing_heard_of_a_new_charon_may_be_a_rekey);
	tcase_add_test(tests, the_end_of_a_new_charons_sa_is_not_the_end_of_the_old_ones_of_that_unique_id);
	tcase_add_test(tests, after_a_crash_a_peer_may_be_held_and_come_back_from_another_address);
	tcase_add_test(tests, what_goes_down_by_an_event_is_not_held);
	tcase_add_test(tests, after_a_restart_of_the_daemon_all_is_as_it_was);
	tcase_add_loop_test(tests, the_daemon_and_charon_may_both_have_been_restarted, 0, 2);
	tcase_add_test(tests, a_rekey_while_the_daemon_was_away_is_one_refresh);
	tcase_add_test(tests, what_an_earlier_run_held_is_still_given_back_or_stopped);
	tcase_add_test(tests, a_tunnel_that_a_dying_daemon_left_without_sas_does_not_stay_for_ever);
	tcase_add_test(tests, records_of_another_feed_are_left_alone);
	tcase_add_test(tests, a_child_with_ipcomp_is_four_sas_and_counts_once);
	tcase_add_test(tests, ah_and_transport_mode_are_shown_as_such);
	tcase_add_test(tests, addresses_and_selectors_follow_a_peer_that_moves);
	tcase_add_test(tests, selectors_pair_up_when_family_and_protocol_fit);
	tcase_add_loop_test(tests, a_held_tunnel_is_known_by_a_pair_that_fits, 0, 3);
	tcase_add_test(tests, a_peer_is_reached_by_an_ike_sa_with_its_address_connection_and_identity);
	tcase_add_test(tests, what_the_configuration_says_is_told_of_its_sas);
	tcase_add_test(tests, lifetimes_are_the_sum_of_both_ends);
	tcase_add_test(tests, a_full_section_of_ike_sas_leaves_the_others_working);
	tcase_add_test(tests, a_full_section_of_tunnels_leaves_the_others_working);
	tcase_add_test(tests, a_full_section_of_sas_leaves_the_tunnels_working);
	tcase_add_test(tests, a_full_section_of_selectors_leaves_the_tunnels_working);
	tcase_add_test(tests, an_ike_sa_that_the_wire_has_shown_first_keeps_its_record);
	tcase_add_test(tests, what_the_wire_has_counted_joins_the_record_that_a_new_ike_sa_goes_on_with);
	tcase_add_test(tests, a_negotiation_that_charon_has_given_up_goes);
	tcase_add_test(tests, sas_that_found_no_room_get_their_row_when_there_is_some);
	suite_add_tcase(suite, tests);

	tcase_add_checked_fixture(random_tests, given_a_gateway, gateway_ends);
	tcase_set_timeout(random_tests, 60);
	tcase_add_loop_test(random_tests, whatever_was_heard_two_quiet_lists_make_it_true, 0, 4);
	suite_add_tcase(suite, random_tests);
	return suite;
}

int
main(void)
{
	return run_in_scratch("check_vici_model", vici_model_suite());
}
