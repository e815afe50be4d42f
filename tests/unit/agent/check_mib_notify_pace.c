/* SPDX-License-Identifier: ISC */
/* The rate of notifications, their switches, and the counts of suppressed ones. */

#include "notify_fixture.h"

#define OFF 2

/* A second segment, with rings of these sizes. */
static void
given_room_for(uint32_t history, uint32_t failures, uint32_t events)
{
	follow(NULL, NULL);
	ipm_writer_close(w);
	capacity.history = history;
	capacity.failures = failures;
	capacity.events = events;
	w = given_segment();
	follow(w, NULL);
}

/* @p n tunnels start and stop: two events each. */
static void
tunnels_come_and_go(struct ipm_writer *writer, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ipm_tunnel_stop(writer, given_tunnel(writer), IPM_REASON_OPERATOR);
}

static uint64_t
all_of(struct mib_notify_stats s)
{
	return s.sent + s.suppressed + s.disabled + s.waiting;
}

/* --- switched off -------------------------------------------------------- */

START_TEST(what_is_switched_off_is_counted_and_not_sent)
{
	for (unsigned off = 0; off < KINDS; off++) {
		uint64_t told = sent_count, disabled = stats().disabled;
		switch_all(ON);
		mib_controls.notify[off] = OFF;
		everything_happens(w);
		tell_all();
		ck_assert_uint_eq(sent_count, told + KINDS - 1);
		ck_assert_uint_eq(stats().disabled, disabled + 1);
		for (unsigned n = (unsigned)told; n < sent_count; n++)
			ck_assert_uint_ne(sent[n].number, off + 1);
	}
	expect_stats((uint64_t)KINDS * (KINDS - 1), 0, KINDS);
}
END_TEST

START_TEST(when_all_are_switched_off_all_are_counted_at_once_whatever_the_pace)
{
	switch_all(OFF);
	rate_is(1);
	follow(w, NULL);
	everything_happens(w);
	rest_ms(1100);
	mib_notify_poll(notify);
	expect_stats(0, 0, KINDS);
}
END_TEST

START_TEST(a_switch_is_asked_when_the_notification_is_told)
{
	switch_all(OFF);
	given_tunnel(w);
	switch_all(ON);
	tell_all();
	expect_numbers(7, 0);
}
END_TEST

START_TEST(what_is_switched_off_counts_as_that_even_if_nothing_is_left_to_tell_of)
{
	given_room_for(4, 64, 256);
	switch_all(OFF);
	tunnels_come_and_go(w, 100); /* 200 events, 4 entries of history */
	tell_all();
	expect_stats(0, 0, 200);
}
END_TEST

/* --- what is told late --------------------------------------------------- */

START_TEST(an_end_is_told_though_another_has_the_slot_by_now)
{
	struct ipm_tunnel other = tunnel();
	capacity.tunnels = capacity.ike_sas = 1;
	given_room_for(64, 64, 256);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_PEER_LOST);
	ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
	other.protocol = 51;
	other.hard_ns = 60 * SECOND;
	given_sa_pair(w, ok(ipm_tunnel_start(w, &other)));
	struct ipm_ike_sa sa = ike_sa();
	strcpy(sa.remote_id, "another");
	sa.remote = address("203.0.113.1");
	ok(ipm_ike_start(w, &sa));
	tell_all();
	expect_numbers(7, 8, 11, 1, 2, 7, 1, 0);
	expect_integer(0, 0, "1.3.2.1.9.1", 3600);
	expect_integer(1, 0, "1.3.2.1.10.1", tunnel_lasted(0));
	expect_integer(2, 1, "1.3.4.1.4.1.0", 2);
	expect_peer(3);
	expect_integer(3, 2, "1.2.3.1.15.1", 14400);
	expect_peer(4);
	expect_integer(4, 2, "1.2.3.1.16.1", ike_lasted(0));
	expect_integer(5, 0, "1.3.2.1.9.2", 60);
	expect_octets(6, 1, "1.2.2.1.7.1.9.49.57.50.46.48.46.50.46.49.2.7.97.110.111.116.104.101.114.1", "203.0.113.1");
}
END_TEST

START_TEST(a_start_is_told_of_one_that_is_gone_as_the_history_knows_it)
{
	ipm_checkpoint(w); /* of nothing */
	ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	tunnels_come_and_go(w, 3);
	ck_assert_uint_eq(ipm_tunnel_peek(w, 0)->index, 0);
	tell_all();
	expect_numbers(1, 2, 7, 8, 7, 8, 7, 8, 7, 8, 0);
	expect_count(0, 1, 3);
	expect_peer(0);
	expect_integer(0, 2, "1.2.3.1.15.1", 14400);
	expect_integer(2, 0, "1.3.2.1.9.1", 3600);
	expect_integer(2, 1, "1.3.2.1.8.1", 4608000);
	expect_integer(8, 0, "1.3.2.1.9.4", 3600);
	expect_stats(10, 0, 0);
}
END_TEST

START_TEST(a_start_is_told_of_one_that_is_held_by_now)
{
	struct ipm_tunnel t = tunnel();
	uint32_t slot = ok(ipm_tunnel_start(w, &t));
	t.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, slot, &t);
	tell_all();
	expect_numbers(7, 0);
	expect_integer(0, 0, "1.3.2.1.9.1", 3600);
}
END_TEST

START_TEST(what_the_history_had_no_room_for_is_counted_as_suppressed)
{
	given_room_for(4, 64, 256);
	tunnels_come_and_go(w, 10);
	tell_all();
	expect_numbers(7, 8, 7, 8, 7, 8, 7, 8, 0); /* of the last four */
	expect_integer(0, 0, "1.3.2.1.9.7", 3600);
	expect_integer(6, 0, "1.3.2.1.9.10", 3600);
	expect_stats(8, 12, 0);
}
END_TEST

START_TEST(an_early_end_that_cannot_be_told_any_more_is_two_notifications)
{
	given_room_for(4, 64, 256);
	mib_controls.notify[6] = OFF; /* cipSecTunnelStart */
	for (unsigned i = 0; i < 5; i++)
		ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_PEER_LOST);
	tell_all();
	expect_stats(8, 2, 5);
	sent_count = 0;
	mib_controls.notify[7] = OFF; /* cipSecTunnelStop */
	for (unsigned i = 0; i < 5; i++)
		ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_PEER_LOST);
	tell_all();
	expect_numbers(11, 11, 11, 11, 0);
	ck_assert_uint_eq(stats().suppressed, 3);
	ck_assert_uint_eq(stats().disabled, 15);
}
END_TEST

START_TEST(ends_of_ike_sas_and_failures_that_were_overwritten_are_suppressed)
{
	struct ipm_failure f = failure(IPM_FAIL_PROPOSAL);
	given_room_for(2, 3, 256);
	for (unsigned i = 0; i < 5; i++) {
		ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
		ipm_fail(w, IPM_IKE_FAILURES, &f);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	}
	tell_all();
	/* Two IKE SAs with their start and end, three failures of each kind. */
	expect_stats(4 + 6, 6 + 4, 0);
}
END_TEST

START_TEST(what_waits_is_counted_while_there_is_nobody_to_send_to)
{
	given_tunnel(w);
	given_ike(w);
	ck_assert_uint_eq(stats().waiting, 2);
	ck_assert_uint_eq(sent_count, 0);
	tell_all();
	expect_stats(2, 0, 0);
}
END_TEST

/* --- the event ring ------------------------------------------------------ */

START_TEST(events_that_were_overwritten_are_counted_as_suppressed)
{
	struct ipm_failure f = failure(IPM_FAIL_PROPOSAL);
	given_room_for(64, 64, 8);
	ipm_fail(w, IPM_IKE_FAILURES, &f);
	tell_all();
	sent_count = 0;
	for (unsigned i = 0; i < 20; i++)
		ipm_fail(w, IPM_IKE_FAILURES, &f);
	tell_all();
	ck_assert_uint_eq(sent_count, 8);
	ck_assert_uint_eq(stats().suppressed, 12);
}
END_TEST

START_TEST(events_that_were_overwritten_before_the_first_one_was_told_are_counted_too)
{
	struct ipm_failure f = failure(IPM_FAIL_PROPOSAL);
	given_room_for(64, 64, 8);
	for (unsigned i = 0; i < 20; i++)
		ipm_fail(w, IPM_IKE_FAILURES, &f);
	tell_all();
	expect_stats(8, 12, 0);
}
END_TEST

START_TEST(a_segment_that_keeps_no_events_tells_nothing)
{
	given_room_for(64, 64, 0);
	everything_happens(w);
	tell_all();
	expect_stats(0, 0, 0);
}
END_TEST

/* --- the pace ------------------------------------------------------------ */

#define RATE  100
#define BURST 10 /* a tenth of a second's notifications */

/* A segment with 2,000 tunnels that ended at the same time. */
static void
given_2000_ends(enum ipm_reason reason)
{
	capacity.tunnels = 2000;
	capacity.history = 2048;
	capacity.events = 4096;
	w = given_segment();
	for (unsigned i = 0; i < 2000; i++)
		given_tunnel(w);
	rate_is(RATE);
	follow(w, NULL);
	for (uint32_t slot = 0; slot < 2000; slot++)
		ipm_tunnel_stop(w, slot, reason);
}

struct poll_point {
	uint64_t before_ns, after_ns;
	unsigned sent;
};

static struct poll_point
poll_once(void)
{
	struct poll_point point = { .before_ns = ipm_now_ns() };
	mib_notify_poll(notify);
	point.after_ns = ipm_now_ns();
	point.sent = sent_count;
	return point;
}

static double
seconds(uint64_t from_ns, uint64_t to_ns)
{
	return (double)(to_ns - from_ns) / (double)SECOND;
}

/*
 * Poll every few milliseconds for @p ns. Check at each poll that no event is lost, and that between any two polls no
 * more was sent than the rate allows. The sum must not be less than the rate either, except for pauses longer than the
 * burst: then the machine was busy.
 */
static void
poll_for(uint64_t ns, unsigned at_once, uint64_t due)
{
	static struct poll_point points[1000];
	unsigned n = 1;
	double least = 0;
	points[0] = (struct poll_point){ ipm_now_ns(), ipm_now_ns(), sent_count };
	while (n < MIB_COUNT(points) && points[n - 1].after_ns < points[0].before_ns + ns) {
		rest_ms(5);
		points[n] = poll_once();
		double pause = seconds(points[n - 1].after_ns, points[n].before_ns);
		least += pause < 0.1 ? pause * RATE : 0;
		for (unsigned from = 0; from < n; from++) {
			double time = seconds(points[from].before_ns, points[n].after_ns);
			unsigned got = points[n].sent - points[from].sent;
			ck_assert_msg(got <= time * RATE + BURST + at_once, "%u sent in %.3f s", got, time);
		}
		if (due)
			ck_assert_uint_eq(all_of(stats()), due);
		ck_assert_uint_eq(stats().sent, sent_count);
		n++;
	}
	ck_assert_msg(sent_count + at_once + 1 >= least, "only %u sent, expected %.0f", sent_count, least);
}

START_TEST(a_flood_is_told_at_the_set_pace_and_all_of_it_is_counted)
{
	given_2000_ends(IPM_REASON_OPERATOR);
	poll_for(1200 * MS, 1, 2000);
	ck_assert_uint_eq(stats().suppressed, 0);
	for (unsigned n = 0; n < sent_count; n++) {
		char below[32];
		snprintf(below, sizeof(below), "1.3.2.1.10.%u", n + 1);
		expect_count(n, 8, 1);
		expect_name(n, 0, below); /* each once, the oldest first */
	}
}
END_TEST

START_TEST(two_notifications_of_one_event_are_two_to_the_pace)
{
	given_2000_ends(IPM_REASON_PEER_LOST);
	poll_for(600 * MS, 2, 0);
	ck_assert_uint_eq(sent_count % 2, 0);
	ck_assert_uint_eq(stats().waiting, 2000 - sent_count / 2); /* events */
}
END_TEST

START_TEST(what_does_not_fit_the_ring_while_it_waits_is_suppressed_and_the_rest_goes_on)
{
	given_2000_ends(IPM_REASON_OPERATOR);
	poll_for(200 * MS, 1, 2000);
	unsigned told = sent_count;
	tunnels_come_and_go(w, 2000); /* 4,000 more events: the ring has 4,096 */
	mib_notify_poll(notify);
	ck_assert_uint_eq(all_of(stats()), 6000);
	poll_for(200 * MS, 1, 6000);
	ck_assert_uint_ge(stats().suppressed, 6000 - 4096 - told - BURST);
}
END_TEST

START_TEST(a_pause_does_not_save_up_for_a_burst)
{
	given_2000_ends(IPM_REASON_OPERATOR);
	mib_notify_poll(notify);
	unsigned before = sent_count;
	rest_ms(500);
	mib_notify_poll(notify);
	ck_assert_uint_le(sent_count - before, BURST);
	ck_assert_uint_ge(sent_count - before, BURST - 1);
}
END_TEST

START_TEST(one_notification_a_second_is_a_pace)
{
	given_2000_ends(IPM_REASON_OPERATOR);
	uint64_t began = ipm_now_ns();
	rate_is(1);
	follow(w, NULL); /* from here: nothing yet */
	struct ipm_failure f = failure(IPM_FAIL_NO_SA);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	while (sent_count < 2) {
		unsigned before = sent_count;
		mib_notify_poll(notify);
		ck_assert_uint_le(sent_count, before + 1);
		ck_assert_uint_le(sent_count, (ipm_now_ns() - began) / SECOND);
		ck_assert_uint_eq(all_of(stats()), 2);
		rest_ms(20);
	}
}
END_TEST

START_TEST(when_nothing_happens_nothing_is_told)
{
	for (unsigned i = 0; i < 10; i++) {
		rest_ms(2);
		mib_notify_poll(notify);
	}
	expect_stats(0, 0, 0);
}
END_TEST

/* --- segments ------------------------------------------------------------ */

START_TEST(what_happened_before_we_began_is_left_alone)
{
	w = given_segment();
	everything_happens(w);
	mib_notify_free(notify);
	notify = mib_notify_new(1000, NULL, collect, NULL);
	follow(w, NULL);
	tell_all();
	expect_stats(0, 0, 0);
	given_tunnel(w);
	tell_all();
	expect_numbers(7, 0);
}
END_TEST

START_TEST(a_segment_that_comes_later_is_told_from_its_beginning)
{
	w = given_segment();
	given_tunnel(w);
	follow(w, NULL);
	tell_all();
	expect_numbers(7, 0);
}
END_TEST

START_TEST(a_segment_that_is_followed_on_goes_on_where_it_was)
{
	given_tunnel(w);
	tell_all();
	given_tunnel(w);
	follow(w, NULL);
	tell_all();
	expect_numbers(7, 7, 0);
	expect_integer(1, 0, "1.3.2.1.9.2", 3600);
}
END_TEST

START_TEST(each_of_two_segments_that_are_followed_on_goes_on_where_it_was)
{
	struct ipm_writer *other = given_segment();
	follow(w, other);
	given_tunnel(w);
	given_tunnel(other);
	tell_all();
	given_tunnel(other);
	follow(w, other);
	tell_all();
	expect_numbers(7, 7, 7, 0);
	follow(w, NULL);
	ipm_writer_close(other);
}
END_TEST

START_TEST(a_segment_that_takes_anothers_place_is_told_from_its_beginning)
{
	char path[256];
	struct ipm_error err;
	struct ipm_segment *old, *new;
	tunnels_come_and_go(w, 2);
	snprintf(path, sizeof(path), "%s", ipm_segment_path(ipm_writer_segment(w)));
	ck_assert_int_eq(ipm_segment_attach(&old, path, &err), 0);
	mib_notify_serve(notify, (const struct ipm_segment *const *)&old, 1);
	from_now_on();
	ipm_writer_close(w);
	capacity.tunnels = 9; /* other capacities: a new file */
	struct ipm_writer_options opt = { .path = path, .name = "gw", .mode = 0640, .capacity = capacity };
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), 0);
	ck_assert(ipm_segment_stale(old));
	given_tunnel(w);
	ck_assert_int_eq(ipm_segment_attach(&new, path, &err), 0);
	mib_notify_serve(notify, (const struct ipm_segment *const *)&new, 1);
	ipm_segment_close(old);
	given_tunnel(w);
	tell_all();
	expect_numbers(7, 7, 0);
	expect_integer(0, 0, "1.3.2.1.9.3", 3600); /* and not what happened in the old one */
	mib_notify_serve(notify, NULL, 0);
	ipm_segment_close(new);
}
END_TEST

START_TEST(what_a_segment_that_is_gone_still_had_to_tell_is_suppressed)
{
	struct ipm_writer *other = given_segment();
	follow(w, other);
	tell_all();
	tunnels_come_and_go(other, 5);
	follow(w, NULL);
	ipm_writer_close(other);
	tell_all();
	expect_stats(0, 10, 0);
	tunnels_come_and_go(w, 1);
	follow(NULL, NULL);
	tell_all();
	expect_stats(0, 12, 0);
}
END_TEST

START_TEST(two_segments_are_told_both)
{
	struct ipm_writer *other = given_segment();
	follow(w, other);
	given_tunnel(w);
	tunnels_come_and_go(other, 3);
	given_tunnel(w);
	tell_all();
	expect_stats(8, 0, 0);
	follow(w, NULL);
	ipm_writer_close(other);
	expect_stats(8, 0, 0);
}
END_TEST

START_TEST(a_segment_in_trouble_does_not_silence_another)
{
	struct ipm_failure f = failure(IPM_FAIL_NO_SA);
	given_2000_ends(IPM_REASON_OPERATOR);
	rate_is(10); /* one at each poll */
	struct ipm_writer *other = given_segment();
	follow(w, other);
	for (unsigned i = 0; i < 10; i++) {
		tunnels_come_and_go(w, 20);
		ipm_fail(other, IPM_TUNNEL_FAILURES, &f);
		rest_ms(101);
		mib_notify_poll(notify);
	}
	unsigned told = 0;
	for (unsigned n = 0; n < sent_count; n++)
		told += sent[n].number == 13;
	ck_assert_uint_ge(told, 4);
	ck_assert_uint_eq(all_of(stats()), 410);
	follow(w, NULL);
	ipm_writer_close(other);
	ck_assert_uint_eq(all_of(stats()), 410);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mib_notify_pace");
	TCase *tc = tests_of(suite, "switches", given_a_followed_segment);
	tcase_add_test(tc, what_is_switched_off_is_counted_and_not_sent);
	tcase_add_test(tc, when_all_are_switched_off_all_are_counted_at_once_whatever_the_pace);
	tcase_add_test(tc, a_switch_is_asked_when_the_notification_is_told);
	tcase_add_test(tc, what_is_switched_off_counts_as_that_even_if_nothing_is_left_to_tell_of);
	tc = tests_of(suite, "late", given_a_followed_segment);
	tcase_add_test(tc, an_end_is_told_though_another_has_the_slot_by_now);
	tcase_add_test(tc, a_start_is_told_of_one_that_is_gone_as_the_history_knows_it);
	tcase_add_test(tc, a_start_is_told_of_one_that_is_held_by_now);
	tcase_add_test(tc, what_the_history_had_no_room_for_is_counted_as_suppressed);
	tcase_add_test(tc, an_early_end_that_cannot_be_told_any_more_is_two_notifications);
	tcase_add_test(tc, ends_of_ike_sas_and_failures_that_were_overwritten_are_suppressed);
	tcase_add_test(tc, what_waits_is_counted_while_there_is_nobody_to_send_to);
	tcase_add_test(tc, events_that_were_overwritten_are_counted_as_suppressed);
	tcase_add_test(tc, events_that_were_overwritten_before_the_first_one_was_told_are_counted_too);
	tcase_add_test(tc, a_segment_that_keeps_no_events_tells_nothing);
	tc = tests_of(suite, "pace", given_nothing);
	tcase_add_test(tc, a_flood_is_told_at_the_set_pace_and_all_of_it_is_counted);
	tcase_add_test(tc, two_notifications_of_one_event_are_two_to_the_pace);
	tcase_add_test(tc, what_does_not_fit_the_ring_while_it_waits_is_suppressed_and_the_rest_goes_on);
	tcase_add_test(tc, a_pause_does_not_save_up_for_a_burst);
	tcase_add_test(tc, one_notification_a_second_is_a_pace);
	tcase_add_test(tc, when_nothing_happens_nothing_is_told);
	tcase_add_test(tc, what_happened_before_we_began_is_left_alone);
	tcase_add_test(tc, a_segment_that_comes_later_is_told_from_its_beginning);
	tcase_add_test(tc, a_segment_in_trouble_does_not_silence_another);
	tc = tests_of(suite, "segments", given_a_followed_segment);
	tcase_add_test(tc, a_segment_that_is_followed_on_goes_on_where_it_was);
	tcase_add_test(tc, each_of_two_segments_that_are_followed_on_goes_on_where_it_was);
	tcase_add_test(tc, a_segment_that_takes_anothers_place_is_told_from_its_beginning);
	tcase_add_test(tc, what_a_segment_that_is_gone_still_had_to_tell_is_suppressed);
	tcase_add_test(tc, two_segments_are_told_both);
	return run_in_scratch("check_mib_notify_pace", suite);
}
