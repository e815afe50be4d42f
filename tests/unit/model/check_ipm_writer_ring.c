/* SPDX-License-Identifier: ISC */
/* The ring of events. */

#include "segment_fixture.h"

/* --- events -------------------------------------------------------------- */

START_TEST(events_come_in_the_order_in_which_things_happened)
{
	static const uint16_t kinds[] = { IPM_EVENT_IKE_START, IPM_EVENT_TUNNEL_START, IPM_EVENT_TUNNEL_STOP,
					  IPM_EVENT_IKE_STOP };
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_event event;
	ck_assert_int_eq(ipm_event_next(seg, 0, &event), -ENOENT);
	uint32_t ike = given_ike(w, IPM_IKE_NEGOTIATING);
	struct ipm_ike_sa up = *ipm_ike_peek(w, ike);
	up.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, ike, &up);
	struct ipm_tunnel made = { .state = IPM_TUNNEL_UP, .ike_index = 1, .ike_slot = ike };
	int tunnel = ipm_tunnel_start(w, &made);
	ipm_ike_refresh(w, ike); /* a rekey is no event */
	ipm_tunnel_refresh(w, (uint32_t)tunnel);
	ipm_tunnel_stop(w, (uint32_t)tunnel, IPM_REASON_PEER_LOST);
	ipm_ike_stop(w, ike, IPM_REASON_OPERATOR);
	uint64_t serial = 0, time = 0;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		ck_assert_int_eq(ipm_event_next(seg, serial, &event), 0);
		ck_assert_uint_eq(event.serial, serial + 1);
		ck_assert_uint_eq(event.kind, kinds[i]);
		ck_assert_uint_ge(event.time_ns, time);
		ck_assert_uint_eq(event.index, 1); /* slot of the record, or of its history after its end */
		serial = event.serial;
		time = event.time_ns;
	}
	ck_assert_uint_eq(event.reason, IPM_REASON_OPERATOR);
	ck_assert_int_eq(ipm_event_next(seg, serial, &event), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_reader_who_was_too_slow_for_the_events_is_told)
{
	opt.capacity.events = 4;
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_event event;
	for (int i = 0; i < 10; i++)
		given_tunnel(w);
	ck_assert_int_eq(ipm_event_next(seg, 0, &event), 0); /* asks for the oldest event and gets it */
	ck_assert_uint_eq(event.serial, 7);
	ck_assert_int_eq(ipm_event_next(seg, 2, &event), -EOVERFLOW);
	ck_assert_uint_eq(event.serial, 7);
	ck_assert_uint_eq(event.index, 7);
	ck_assert_int_eq(ipm_event_next(seg, 6, &event), 0);
	ck_assert_int_eq(ipm_event_next(seg, 7, &event), 0);
	ck_assert_uint_eq(event.serial, 8);
	ck_assert_int_eq(ipm_event_next(seg, 10, &event), -ENOENT);
	ck_assert_int_eq(ipm_event_next(seg, UINT64_MAX - 1, &event), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_event_that_was_being_overwritten_when_the_writer_died_is_passed_over)
{
	opt.capacity.events = 4;
	struct ipm_writer *w = open_quietly();
	struct ipm_event event;
	for (int i = 0; i < 10; i++)
		given_tunnel(w);
	ipm_writer_close(w);
	/* serial 11 was on its way into slot 2, which holds serial 7; its first words have arrived */
	uint64_t serial = 11;
	tear(IPM_EVENTS, 2);
	poke(record_offset(IPM_EVENTS, 2) + 8 + offsetof(struct ipm_event, serial), &serial, sizeof(serial));
	struct ipm_segment *seg = attach();
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(ipm_event_next(seg, 0, &event), 0);
		ck_assert_uint_eq(event.serial, 8);
		ck_assert_int_eq(ipm_event_next(seg, 6, &event), -EOVERFLOW);
		ck_assert_uint_eq(event.serial, 8);
		ck_assert_int_eq(ipm_event_next(seg, 10, &event), -ENOENT);
		if (i == 0)
			w = open_quietly(); /* the same after another run has taken over */
	}
	given_tunnel(w);
	ck_assert_int_eq(ipm_event_next(seg, 10, &event), 0);
	ck_assert_uint_eq(event.serial, 11);
	ck_assert_uint_eq(event.index, 11);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

/*
 * The first word of most records is their index, and 0 means a free slot. In an event it is half of the serial, which
 * may be 0.
 */
START_TEST(an_event_is_read_whatever_half_of_its_serial_is_zero)
{
	ipm_writer_close(open_quietly());
	uint64_t newest = UINT32_MAX;
	poke(offsetof(struct ipm_header, event_serial), &newest, sizeof(newest));
	struct ipm_writer *w = open_quietly();
	struct ipm_event event;
	given_tunnel(w);
	ck_assert_int_eq(ipm_event_next(ipm_writer_segment(w), newest, &event), 0);
	ck_assert_uint_eq(event.serial, newest + 1);
	ck_assert_uint_eq(event.index, 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_segment_without_room_for_events_does_without)
{
	opt.capacity.events = 0;
	struct ipm_writer *w = open_quietly();
	struct ipm_event event;
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_event_next(ipm_writer_segment(w), 0, &event), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_writer_ring");
	TCase *tc = tests_of(suite, "events");
	tcase_add_test(tc, events_come_in_the_order_in_which_things_happened);
	tcase_add_test(tc, a_reader_who_was_too_slow_for_the_events_is_told);
	tcase_add_test(tc, an_event_that_was_being_overwritten_when_the_writer_died_is_passed_over);
	tcase_add_test(tc, an_event_is_read_whatever_half_of_its_serial_is_zero);
	tcase_add_test(tc, a_segment_without_room_for_events_does_without);
	return run_in_scratch("check_ipm_writer_ring", suite);
}
