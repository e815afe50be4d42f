/* SPDX-License-Identifier: ISC */
/* Rounds, hold time and sweeping: each by itself, then in the simplest possible feed, against the laws. */
#include <check.h>
#include <netinet/in.h>

#include "feed_reconcile.h"

#define INDEXES 65536
#include "model_fixture.h"

#define SECOND_NS UINT64_C(1000000000)

static struct feed_rounds rounds;
static struct feed_seen thing;

static void
given_nothing(void)
{
	rounds = (struct feed_rounds){ 0 };
	thing = (struct feed_seen){ 0 };
}

static void
when_a_round_comes_in(bool has_it)
{
	feed_round_begin(&rounds);
	if (has_it)
		feed_confirm(&rounds, &thing);
	feed_round_end(&rounds);
}

/* --- rounds ----------------------------------------------------------------------------------------------------- */

START_TEST(what_a_round_has_stays)
{
	for (int i = 0; i < 3; i++) {
		when_a_round_comes_in(true);
		ck_assert(!feed_missed(&rounds, &thing, 1));
	}
}
END_TEST

START_TEST(what_a_round_does_not_have_is_gone)
{
	when_a_round_comes_in(true);
	when_a_round_comes_in(false);
	ck_assert(feed_missed(&rounds, &thing, 1));
}
END_TEST

START_TEST(of_two_rounds_that_miss_it_the_second_one_is_enough)
{
	when_a_round_comes_in(true);
	when_a_round_comes_in(false);
	ck_assert(!feed_missed(&rounds, &thing, 2));
	ck_assert_uint_eq(thing.missed, 1);
	when_a_round_comes_in(false);
	ck_assert(feed_missed(&rounds, &thing, 2));
}
END_TEST

START_TEST(rounds_that_miss_it_count_only_in_a_row)
{
	when_a_round_comes_in(false);
	ck_assert(!feed_missed(&rounds, &thing, 2));
	when_a_round_comes_in(true);
	ck_assert(!feed_missed(&rounds, &thing, 2));
	when_a_round_comes_in(false);
	ck_assert(!feed_missed(&rounds, &thing, 2));
}
END_TEST

START_TEST(an_event_during_a_round_confirms_too)
{
	feed_round_begin(&rounds);
	feed_confirm(&rounds, &thing); /* the event */
	feed_round_end(&rounds);
	ck_assert(!feed_missed(&rounds, &thing, 1));
}
END_TEST

START_TEST(a_round_that_is_given_up_confirms_nothing)
{
	feed_round_begin(&rounds);
	feed_confirm(&rounds, &thing);
	when_a_round_comes_in(false);
	ck_assert(feed_missed(&rounds, &thing, 1));
}
END_TEST

/* --- what ended during a round ---------------------------------------------------------------------------------- */

START_TEST(what_ended_during_a_round_is_known_until_that_has_come_in)
{
	const uint64_t key = 7, other = 8;
	const uint32_t shorter = 7;

	feed_round_begin(&rounds);
	feed_ended_add(&rounds, &key, sizeof(key));
	feed_ended_add(&rounds, &key, sizeof(key));
	ck_assert(feed_ended_has(&rounds, &key, sizeof(key)));
	ck_assert(!feed_ended_has(&rounds, &other, sizeof(other)));
	ck_assert(!feed_ended_has(&rounds, &shorter, sizeof(shorter)));
	feed_round_end(&rounds);
	ck_assert(!feed_ended_has(&rounds, &key, sizeof(key)));
}
END_TEST

START_TEST(between_rounds_nothing_is_remembered)
{
	const uint64_t key = 7;

	feed_ended_add(&rounds, &key, sizeof(key));
	feed_round_begin(&rounds);
	ck_assert(!feed_ended_has(&rounds, &key, sizeof(key)));
	feed_round_end(&rounds);
}
END_TEST

START_TEST(what_is_there_again_has_not_ended)
{
	const uint64_t key = 7;

	feed_round_begin(&rounds);
	feed_ended_remove(&rounds, &key, sizeof(key));
	feed_ended_add(&rounds, &key, sizeof(key));
	feed_ended_remove(&rounds, &key, sizeof(key));
	ck_assert(!feed_ended_has(&rounds, &key, sizeof(key)));
	feed_round_end(&rounds);
}
END_TEST

START_TEST(a_round_that_is_given_up_passes_on_what_ended)
{
	const uint64_t key = 7;

	feed_round_begin(&rounds);
	feed_ended_add(&rounds, &key, sizeof(key));
	feed_round_begin(&rounds); /* which may begin where the first one began */
	ck_assert(feed_ended_has(&rounds, &key, sizeof(key)));
	feed_rounds_free(&rounds);
}
END_TEST

/* --- hold time --------------------------------------------------------------------------------------------------- */

START_TEST(without_a_loss_nothing_is_held_nor_doubtful)
{
	when_a_round_comes_in(true);
	ck_assert(!feed_holds(&rounds));
	ck_assert(!feed_doubtful(&rounds, &thing));
	ck_assert_int_eq(feed_expire(&rounds, UINT64_MAX), FEED_HOLD_GOES_ON);
}
END_TEST

START_TEST(after_a_loss_all_is_doubtful_until_it_is_confirmed)
{
	when_a_round_comes_in(true);
	feed_hold(&rounds, 100);
	ck_assert(feed_holds(&rounds) && feed_doubtful(&rounds, &thing));
	feed_round_begin(&rounds);
	feed_confirm(&rounds, &thing);
	ck_assert(!feed_doubtful(&rounds, &thing));
	feed_round_end(&rounds);
}
END_TEST

START_TEST(an_event_after_a_loss_confirms_before_any_round)
{
	feed_hold(&rounds, 100);
	feed_confirm(&rounds, &thing);
	ck_assert(!feed_doubtful(&rounds, &thing));
}
END_TEST

START_TEST(the_hold_time_ends_once)
{
	feed_hold(&rounds, 100);
	when_a_round_comes_in(true);
	ck_assert_int_eq(feed_expire(&rounds, 99), FEED_HOLD_GOES_ON);
	ck_assert_int_eq(feed_expire(&rounds, 100), FEED_HOLD_OVER);
	ck_assert(!feed_holds(&rounds));
	ck_assert_int_eq(feed_expire(&rounds, 101), FEED_HOLD_GOES_ON);
}
END_TEST

START_TEST(a_source_that_has_not_come_back_is_lost)
{
	when_a_round_comes_in(true);
	feed_hold(&rounds, 100);
	ck_assert_int_eq(feed_expire(&rounds, 100), FEED_SOURCE_LOST);
}
END_TEST

START_TEST(a_source_that_goes_away_again_does_not_prolong_the_hold_time)
{
	feed_hold(&rounds, 100);
	feed_round_begin(&rounds);
	feed_hold(&rounds, 200);
	ck_assert(!rounds.coming_in);
	ck_assert_int_eq(feed_expire(&rounds, 100), FEED_SOURCE_LOST);
}
END_TEST

START_TEST(after_a_round_a_loss_begins_another_hold_time)
{
	feed_hold(&rounds, 100);
	when_a_round_comes_in(true);
	feed_hold(&rounds, 200);
	ck_assert_int_eq(feed_expire(&rounds, 199), FEED_HOLD_GOES_ON);
	ck_assert_int_eq(feed_expire(&rounds, 200), FEED_SOURCE_LOST);
}
END_TEST

START_TEST(the_hold_time_waits_for_a_round_but_not_for_ever)
{
	feed_hold(&rounds, 100);
	feed_round_begin(&rounds);
	ck_assert_int_eq(feed_expire(&rounds, 100), FEED_HOLD_GOES_ON);
	ck_assert_int_eq(feed_expire(&rounds, 99 + FEED_ROUND_MAX_NS), FEED_HOLD_GOES_ON);
	ck_assert_int_eq(feed_expire(&rounds, 100 + FEED_ROUND_MAX_NS), FEED_SOURCE_LOST);
}
END_TEST

/* --- a feed as simple as possible --------------------------------------------------------------------------------- */

/* The source: numbered tunnels, each with one SA that counts. */
#define TUNNELS 32

static uint32_t feed, other_feed;
static struct tunnel_note {
	struct feed_seen seen;
	uint32_t number;
} note[TUNNELS];

static struct source {
	bool there;
	uint64_t pkts;
} source[TUNNELS];

static void
writer_opens(void)
{
	feed = writer_opens_for("simple");
	other_feed = (uint32_t)ipm_feed_open(writer, "other");
}

static void
writer_closes(void)
{
	ipm_writer_close(writer);
}

static void
given_a_gateway(void)
{
	given_nothing();
	memset(source, 0, sizeof(source));
	gateway_begins((struct ipm_capacity){
		.ike_sas = 8, .tunnels = TUNNELS, .selectors = 8, .sas = TUNNELS, .maps = 8, .access = 8 });
}

static uint32_t
tunnel_starts(uint32_t of, uint32_t number)
{
	const struct ipm_tunnel tunnel = {
		.feed = of, .state = IPM_TUNNEL_UP, .protocol = IPPROTO_ESP, .reqid = number
	};
	int slot = ipm_tunnel_start(writer, &tunnel);
	ck_assert_int_ge(slot, 0);
	const struct ipm_sa sa = {
		.spi = number + 256, .direction = IPM_IN, .protocol = IPPROTO_ESP, .state = IPM_SA_ACTIVE
	};
	ck_assert_int_ge(ipm_sa_start(writer, (uint32_t)slot, &sa), 0);
	return (uint32_t)slot;
}

static int
slot_of(uint32_t number)
{
	for (uint32_t slot = 0; feed_next_tunnel(writer, feed, &slot); slot++)
		if (note[slot].number == number)
			return (int)slot;
	return -1;
}

/* A list or an event reports the tunnel. */
static void
told_of(uint32_t number, uint64_t pkts)
{
	int slot = slot_of(number);
	if (slot < 0) {
		slot = (int)tunnel_starts(feed, number);
		note[slot] = (struct tunnel_note){ .number = number };
	}
	feed_confirm(&rounds, &note[slot].seen);
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(writer, (uint32_t)slot);
	tunnel.state = IPM_TUNNEL_UP;
	ipm_tunnel_put(writer, (uint32_t)slot, &tunnel);
	const struct ipm_traffic count = { .octets = pkts * OCTETS, .pkts = pkts };
	ipm_sa_count(writer, tunnel.sa_head - 1, &count);
}

static void
told_that_it_ended(uint32_t number)
{
	int slot = slot_of(number);
	feed_ended_add(&rounds, &number, sizeof(number));
	if (slot >= 0)
		ipm_tunnel_stop(writer, (uint32_t)slot, IPM_REASON_PEER_DELETE);
}

static void
swept(enum ipm_reason reason)
{
	for (uint32_t slot = 0; feed_next_tunnel(writer, feed, &slot); slot++)
		if (feed_missed(&rounds, &note[slot].seen, 1)) {
			struct ipm_tunnel tunnel = *ipm_tunnel_peek(writer, slot);
			tunnel.state = IPM_TUNNEL_HELD;
			if (feed_holds(&rounds))
				ipm_tunnel_put(writer, slot, &tunnel);
			else
				ipm_tunnel_stop(writer, slot, reason);
		}
}

static void
hold_time_passes(uint64_t now_ns)
{
	enum feed_hold_end end = feed_expire(&rounds, now_ns);
	if (end == FEED_HOLD_GOES_ON)
		return;
	for (uint32_t slot = 0; feed_next_tunnel(writer, feed, &slot); slot++)
		if (end == FEED_SOURCE_LOST || ipm_tunnel_peek(writer, slot)->state == IPM_TUNNEL_HELD)
			ipm_tunnel_stop(writer, slot, IPM_REASON_SOURCE_LOST);
}

/* The model has the tunnels of the source. The other feed's tunnels are unchanged. */
static void
expect_the_source(void)
{
	for (uint32_t number = 0; number < TUNNELS / 2; number++)
		ck_assert_msg((slot_of(number) >= 0) == source[number].there, "tunnel %u", number);
	uint32_t others = 0;
	for (uint32_t slot = 0; feed_next_tunnel(writer, other_feed, &slot); slot++)
		others++;
	ck_assert_uint_eq(others, 1);
}

START_TEST(one_feeds_records_end_and_another_ones_stay)
{
	const struct ipm_ike_sa ike = { .feed = feed, .state = IPM_IKE_ESTABLISHED },
				others_ike = { .feed = other_feed, .state = IPM_IKE_ESTABLISHED };
	struct ipm_map_entry map = { .feed = feed, .name = "a" }, others_map = { .feed = other_feed, .name = "b" };
	uint32_t slot = 0;

	ck_assert_int_ge(ipm_ike_start(writer, &ike), 0);
	int stays_ike = ipm_ike_start(writer, &others_ike);
	tunnel_starts(feed, 1);
	uint32_t stays = tunnel_starts(other_feed, 2);
	ck_assert_int_ge(ipm_map_open(writer, &map), 0);
	int stays_map = ipm_map_open(writer, &others_map);
	ck_assert(stays_ike >= 0 && stays_map >= 0);
	expect_laws();
	feed_stop_all(writer, feed, IPM_REASON_SOURCE_LOST);
	expect_laws();
	ck_assert(!feed_next_ike(writer, feed, &slot));
	ck_assert(!feed_next_tunnel(writer, feed, &(uint32_t){ 0 }));
	ck_assert(!feed_next_sa(writer, feed, &(uint32_t){ 0 }));
	ck_assert(!feed_next_map(writer, feed, &(uint32_t){ 0 }));
	slot = 0;
	ck_assert(feed_next_ike(writer, other_feed, &slot) && slot == (uint32_t)stays_ike);
	slot = 0;
	ck_assert(feed_next_tunnel(writer, other_feed, &slot) && slot == stays);
	slot = 0;
	ck_assert(feed_next_map(writer, other_feed, &slot) && slot == (uint32_t)stays_map);
	slot = 0;
	ck_assert(feed_next_sa(writer, other_feed, &slot));
}
END_TEST

START_TEST(an_event_wins_over_the_list_that_was_made_before_it)
{
	const uint32_t number = 3;

	told_of(number, 1);
	feed_round_begin(&rounds);
	told_that_it_ended(number);
	if (!feed_ended_has(&rounds, &number, sizeof(number))) /* the list has it */
		told_of(number, 1);
	feed_round_end(&rounds);
	swept(IPM_REASON_UNKNOWN);
	ck_assert_int_eq(slot_of(number), -1);
	expect_laws();
}
END_TEST

/* Events, losses and ending hold times interrupt lists: after each complete list the model is right. */
START_TEST(at_random_the_laws_hold_and_the_model_follows_its_source)
{
	uint64_t now_ns = SECOND_NS;
	unsigned seed = (unsigned)_i + 1;

	tunnel_starts(other_feed, 1000);
	for (int step = 0; step < 400; step++) {
		uint32_t number = (uint32_t)rand_r(&seed) % (TUNNELS / 2);
		struct source *s = &source[number];
		switch (rand_r(&seed) % 4) {
		case 0: /* it starts or ends, and the event may be lost */
			s->there = !s->there;
			if (rand_r(&seed) % 4 == 0)
				break;
			if (s->there)
				told_of(number, s->pkts);
			else
				told_that_it_ended(number);
			break;
		case 1:
			if (rand_r(&seed) % 4 == 0)
				feed_hold(&rounds, now_ns + 5 * SECOND_NS);
			break;
		case 2:
			hold_time_passes(now_ns += SECOND_NS);
			break;
		default:
			feed_round_begin(&rounds);
			struct source listed[TUNNELS / 2];
			memcpy(listed, source, sizeof(listed));
			if (s->there) {
				s->there = false;
				told_that_it_ended(number); /* while the list comes in */
			}
			for (uint32_t i = 0; i < TUNNELS / 2; i++)
				if (listed[i].there && !feed_ended_has(&rounds, &i, sizeof(i)))
					told_of(i, source[i].pkts += 3);
			feed_round_end(&rounds);
			swept(IPM_REASON_UNKNOWN);
			if (!feed_holds(&rounds))
				expect_the_source();
		}
		expect_laws();
	}
	feed_rounds_free(&rounds);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("feed_reconcile");
	TCase *alone = tcase_create("alone"), *model = tcase_create("model");

	tcase_add_checked_fixture(alone, given_nothing, NULL);
	tcase_add_test(alone, what_a_round_has_stays);
	tcase_add_test(alone, what_a_round_does_not_have_is_gone);
	tcase_add_test(alone, of_two_rounds_that_miss_it_the_second_one_is_enough);
	tcase_add_test(alone, rounds_that_miss_it_count_only_in_a_row);
	tcase_add_test(alone, an_event_during_a_round_confirms_too);
	tcase_add_test(alone, a_round_that_is_given_up_confirms_nothing);
	tcase_add_test(alone, what_ended_during_a_round_is_known_until_that_has_come_in);
	tcase_add_test(alone, between_rounds_nothing_is_remembered);
	tcase_add_test(alone, what_is_there_again_has_not_ended);
	tcase_add_test(alone, a_round_that_is_given_up_passes_on_what_ended);
	tcase_add_test(alone, without_a_loss_nothing_is_held_nor_doubtful);
	tcase_add_test(alone, after_a_loss_all_is_doubtful_until_it_is_confirmed);
	tcase_add_test(alone, an_event_after_a_loss_confirms_before_any_round);
	tcase_add_test(alone, the_hold_time_ends_once);
	tcase_add_test(alone, a_source_that_has_not_come_back_is_lost);
	tcase_add_test(alone, a_source_that_goes_away_again_does_not_prolong_the_hold_time);
	tcase_add_test(alone, after_a_round_a_loss_begins_another_hold_time);
	tcase_add_test(alone, the_hold_time_waits_for_a_round_but_not_for_ever);
	suite_add_tcase(suite, alone);
	tcase_add_checked_fixture(model, given_a_gateway, gateway_ends);
	tcase_add_test(model, one_feeds_records_end_and_another_ones_stay);
	tcase_add_test(model, an_event_wins_over_the_list_that_was_made_before_it);
	tcase_add_loop_test(model, at_random_the_laws_hold_and_the_model_follows_its_source, 0, 20);
	suite_add_tcase(suite, model);
	return run_in_scratch("check_feed_reconcile", suite);
}
