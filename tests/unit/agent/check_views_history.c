/* SPDX-License-Identifier: ISC */
/* Tables of ended IKE SAs and tunnels, and of failures. */

#include "mib_segments.h"

/* --- what has been ------------------------------------------------------- */

#define TICK 10000000ull /* a hundredth of a second, in ns */

static void
tunnels_end(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
}

static void
history_shows(uint32_t size)
{
	struct ipm_settings settings = { .history_size = size, .failure_size = 32 };
	ck_assert_int_eq(ipm_settings_put(w, &settings), 0);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cipSecHistTableSize.0", size);
}

START_TEST(a_smaller_history_hides_the_oldest_and_a_larger_one_shows_them_again)
{
	tunnels_end(5);
	for (int i = 0; i < 3; i++)
		ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
	history_shows(2);
	expect_no_instance("cipSecTunHistTermReason.3");
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.4");
	expect_next("cipSecTunHistTermReason.4", "cipSecTunHistTermReason.5");
	expect_next("cikeTunHistTermReason", "cikeTunHistTermReason.2");
	history_shows(1);
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.5");
	history_shows(4);
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.2");
	history_shows(16);
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.1");
	expect_next("cikeTunHistTermReason", "cikeTunHistTermReason.1");
	expect_number("cipSecTunHistActiveIndex.1", 1);
	expect_number("cipSecTunHistActiveIndex.5", 5);
	tunnels_end(13); /* two more than it holds */
	expect_row_soon("cipSecTunHistTermReason.18");
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.3");
	expect_number("cipSecTunHistActiveIndex.3", 3);
	expect_number("cipSecTunHistActiveIndex.18", 18);
}
END_TEST

START_TEST(fewer_failures_hide_the_oldest_of_both_kinds_and_no_history)
{
	struct ipm_failure failure = { .reason = IPM_FAIL_NO_SA };
	tunnels_end(3);
	for (int i = 0; i < 3; i++) {
		ipm_fail(w, IPM_IKE_FAILURES, &failure);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
	}
	struct ipm_settings settings = { .history_size = 16, .failure_size = 1 };
	ck_assert_int_eq(ipm_settings_put(w, &settings), 0);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cipSecFailTableSize.0", 1);
	expect_next("cikeFailReason", "cikeFailReason.3");
	expect_next("cipSecFailReason", "cipSecFailReason.3");
	expect_next("cipSecTunHistTermReason", "cipSecTunHistTermReason.1");
}
END_TEST

START_TEST(behind_2147483647_the_index_of_the_history_is_1_again)
{
	ipm_header(ipm_writer_segment(w))->section[IPM_TUNNEL_HISTORY].total = INT32_MAX - 1;
	tunnels_end(2);
	serve(w);
	mib_request(mib, master_ns);
	expect_next("cipSecTunHistActiveIndex", "cipSecTunHistActiveIndex.1");
	expect_next("cipSecTunHistActiveIndex.1", "cipSecTunHistActiveIndex.2147483647");
	expect_number("cipSecTunHistActiveIndex.2147483647", 1);
	expect_number("cipSecTunHistActiveIndex.1", 2);
	history_shows(1);
	expect_no_instance("cipSecTunHistActiveIndex.2147483647"); /* the older one */
	expect_number("cipSecTunHistActiveIndex.1", 2);
	tunnels_end(1);
	history_shows(2);
	expect_next("cipSecTunHistActiveIndex", "cipSecTunHistActiveIndex.1");
	expect_next("cipSecTunHistActiveIndex.1", "cipSecTunHistActiveIndex.2");
	expect_no_instance("cipSecTunHistActiveIndex.2147483647");
	history_shows(3);
	expect_number("cipSecTunHistActiveIndex.2147483647", 1);
}
END_TEST

START_TEST(a_check_point_is_a_record_of_what_goes_on)
{
	uint32_t ike = given_ike(w), tunnel = given_tunnel(w);
	counts(w, given_sa(w, tunnel, 0x1001), 5, 500);
	given_selectors(w, tunnel, 80, 1);
	ok(ipm_ike_start(w, &(struct ipm_ike_sa){ .state = IPM_IKE_NEGOTIATING, .version = 2 }));
	tunnel_becomes(w, given_tunnel(w), IPM_TUNNEL_HELD);
	ipm_checkpoint(w);
	counts(w, 0, 6, 600);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cikeTunHistTermReason.1", 7);
	expect_number("cikeTunHistActiveIndex.1", 1);
	expect_number("cipSecTunHistTermReason.1", 7);
	expect_number("cipSecTunHistInOctets.1", 500);
	expect_number("cipSecTunInOctets.1", 600);
	expect_number("cipSecEndPtHistTunIndex.1", 1);
	expect_number("cipSecEndPtHistLocalPort.1", 80);
	expect_no_instance("cikeTunHistTermReason.2"); /* only what has a row */
	expect_no_instance("cipSecTunHistTermReason.2");
	expect_number("cikeGlobalPreviousTunnels.0", 0);
	expect_number("cipSecGlobalPreviousTunnels.0", 0);
	expect_number("cipSecHistCheckPoint.0", 1); /* ready for the next */
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	expect_row_soon("cipSecTunHistTermReason.2");
	expect_row_soon("cikeTunHistTermReason.2");
	expect_number("cipSecTunHistTermReason.1", 7);
	expect_number("cipSecTunHistTermReason.2", 2);
	expect_number("cipSecTunHistInOctets.2", 600);
	expect_number("cikeTunHistTermReason.2", 2);
}
END_TEST

START_TEST(a_check_point_is_of_all_that_goes_on)
{
	for (int i = 0; i < 3; i++) {
		given_ike(w);
		given_tunnel(w);
	}
	ipm_checkpoint(w);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cikeTunHistActiveIndex.1", 1);
	expect_number("cikeTunHistActiveIndex.2", 2);
	expect_number("cikeTunHistActiveIndex.3", 3);
	expect_number("cipSecTunHistActiveIndex.1", 1);
	expect_number("cipSecTunHistActiveIndex.2", 2);
	expect_number("cipSecTunHistActiveIndex.3", 3);
}
END_TEST

START_TEST(every_reason_to_end_has_its_number)
{
	static const struct {
		enum ipm_reason reason;
		unsigned ike, tunnel;
	} reasons[] = {
		{ IPM_REASON_UNKNOWN, 1, 1 },
		{ IPM_REASON_NORMAL, 2, 2 },
		{ IPM_REASON_OPERATOR, 3, 3 },
		{ IPM_REASON_PEER_DELETE, 4, 4 },
		{ IPM_REASON_PEER_LOST, 5, 5 },
		{ IPM_REASON_LOCAL_FAILURE, 6, 1 },
		{ IPM_REASON_SEQ_ROLLOVER, 1, 6 },
		{ IPM_REASON_SOURCE_LOST, 1, 1 },
		{ IPM_REASON_CHECKPOINT, 7, 7 },
		{ IPM_REASON_CHECKPOINT + 1, 1, 1 }, /* from a writer that is newer */
	};
	ck_assert_uint_eq(MIB_COUNT(reasons), IPM_REASON_CHECKPOINT + 2);
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		ck_assert_uint_eq(reasons[i].reason, i); /* none is left out */
		ipm_ike_stop(w, given_ike(w), reasons[i].reason);
		ipm_tunnel_stop(w, given_tunnel(w), reasons[i].reason);
	}
	serve(w);
	mib_request(mib, master_ns);
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		expect_number(at_row("cikeTunHistTermReason", i + 1), reasons[i].ike);
		expect_number(at_row("cipSecTunHistTermReason", i + 1), reasons[i].tunnel);
	}
}
END_TEST

START_TEST(every_reason_to_fail_has_its_number)
{
	static const struct {
		enum ipm_failure_reason reason;
		unsigned ike, tunnel;
	} reasons[] = {
		{ IPM_FAIL_OTHER, 1, 1 },
		{ IPM_FAIL_PEER_DELETE, 2, 13 },
		{ IPM_FAIL_PEER_LOST, 3, 14 },
		{ IPM_FAIL_LOCAL, 4, 2 },
		{ IPM_FAIL_AUTH, 5, 9 },
		{ IPM_FAIL_HASH, 6, 1 },
		{ IPM_FAIL_CRYPT, 7, 7 },
		{ IPM_FAIL_INTERNAL, 8, 2 },
		{ IPM_FAIL_CAPACITY, 9, 12 },
		{ IPM_FAIL_PROPOSAL, 10, 4 },
		{ IPM_FAIL_CERT_UNAVAILABLE, 11, 1 },
		{ IPM_FAIL_CERT_INVALID, 12, 1 },
		{ IPM_FAIL_CERT_EXPIRED, 13, 1 },
		{ IPM_FAIL_CRL, 14, 1 },
		{ IPM_FAIL_ENCODING, 15, 3 },
		{ IPM_FAIL_NO_SA, 16, 6 },
		{ IPM_FAIL_OPERATOR, 17, 16 },
		{ IPM_FAIL_PROTOCOL_USE, 1, 5 },
		{ IPM_FAIL_DECRYPT, 1, 7 },
		{ IPM_FAIL_ENCRYPT, 1, 8 },
		{ IPM_FAIL_IN_AUTH, 1, 9 },
		{ IPM_FAIL_OUT_AUTH, 1, 10 },
		{ IPM_FAIL_COMPRESSION, 1, 11 },
		{ IPM_FAIL_SEQ_ROLLOVER, 1, 15 },
		{ IPM_FAIL_SEQ_ROLLOVER + 1, 1, 1 }, /* from a writer that is newer */
	};
	ck_assert_uint_eq(MIB_COUNT(reasons), IPM_FAIL_SEQ_ROLLOVER + 2);
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		struct ipm_failure failure = { .reason = reasons[i].reason };
		ck_assert_uint_eq(reasons[i].reason, i); /* none is left out */
		ipm_fail(w, IPM_IKE_FAILURES, &failure);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
	}
	serve(w);
	mib_request(mib, master_ns);
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		expect_number(at_row("cikeFailReason", i + 1), reasons[i].ike);
		expect_number(at_row("cipSecFailReason", i + 1), reasons[i].tunnel);
	}
}
END_TEST

START_TEST(a_moment_is_told_in_the_masters_time_and_is_0_when_it_was_before_its_start)
{
	static const struct {
		int64_t ns; /* since the master's start */
		uint32_t ticks;
	} moments[] = {
		{ -3600 * (int64_t)SECOND, 0 },
		{ -1, 0 },
		{ 0, 0 },
		{ TICK - 1, 0 },
		{ TICK, 1 },
		{ 123 * TICK + 4, 123 },
		{ 7 * (int64_t)SECOND, 700 },
		{ 900 * (int64_t)SECOND, 90000 }, /* even if that is to come */
	};
	master_ns += 3601 * SECOND; /* an hour earlier must not be before the machine's start */
	for (unsigned i = 0; i < MIB_COUNT(moments); i++) {
		uint64_t when = master_ns + (uint64_t)moments[i].ns;
		struct ipm_failure failure = { .reason = IPM_FAIL_NO_SA, .time_ns = when };
		struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED, .version = 2, .created_ns = when };
		struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .created_ns = when };
		ipm_fail(w, IPM_IKE_FAILURES, &failure);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
		ipm_ike_stop(w, ok(ipm_ike_start(w, &sa)), IPM_REASON_NORMAL);
		ipm_tunnel_stop(w, ok(ipm_tunnel_start(w, &tunnel)), IPM_REASON_NORMAL);
	}
	serve(w);
	mib_show_old(mib, true);
	for (int later = 0; later < 2; later++) { /* the answer stays */
		mib_request(mib, master_ns);
		for (unsigned i = 0; i < MIB_COUNT(moments); i++) {
			expect_number(at_row("cikeFailTime", i + 1), moments[i].ticks);
			expect_number(at_row("cipSecFailTime", i + 1), moments[i].ticks);
			expect_number(at_row("cikeTunHistStartTime", i + 1), moments[i].ticks);
			expect_number(at_row("cipSecTunHistStartTime", i + 1), moments[i].ticks);
		}
		nanosleep(&(struct timespec){ .tv_nsec = 2 * TICK }, NULL);
	}
	mib_request(mib, master_ns + 200 * SECOND); /* the master was started anew */
	expect_number("cikeFailTime.7", 0);
	expect_number("cikeFailTime.8", 70000);
}
END_TEST

static void
failed_at(uint64_t when_ns)
{
	struct ipm_failure failure = { .reason = IPM_FAIL_NO_SA, .time_ns = when_ns };
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
}

START_TEST(a_failure_from_before_the_masters_start_has_no_row_and_no_other_moves)
{
	failed_at(master_ns - SECOND);
	failed_at(master_ns);
	failed_at(master_ns + 2 * SECOND);
	serve(w);
	mib_request(mib, master_ns);
	expect_no_instance("cikeFailReason.1");
	expect_no_instance("cipSecFailReason.1");
	expect_number("cikeFailTime.2", 0);
	expect_number("cikeFailTime.3", 200);
	expect_next("cikeFailReason", "cikeFailReason.2");
	expect_next("cikeFailReason.1", "cikeFailReason.2");
	expect_next("cikeFailReason.2", "cikeFailReason.3");
	expect_next("cipSecFailReason", "cipSecFailReason.2");
	expect_number("cipSecFailTableSize.0", 32); /* counts all entries, with or without a row */

	mib_request(mib, master_ns + SECOND); /* the master restarted: this shows at once */
	expect_no_instance("cikeFailReason.2");
	expect_next("cikeFailReason", "cikeFailReason.3");
	expect_number("cikeFailTime.3", 100);

	mib_request(mib, master_ns + 3 * SECOND); /* and again */
	expect_no_instance("cikeFailReason.3");
	expect_no_instance("cipSecFailReason.3");
	failed_at(master_ns + 4 * SECOND);
	expect_row_soon("cikeFailReason.4");
}
END_TEST

START_TEST(failures_from_before_the_masters_start_have_rows_if_they_are_wanted)
{
	failed_at(master_ns - SECOND);
	serve(w);
	mib_request(mib, master_ns);
	expect_no_instance("cikeFailReason.1");
	mib_show_old(mib, true);
	mib_request(mib, master_ns);
	expect_number("cikeFailTime.1", 0);
	expect_number("cipSecFailTime.1", 0);
}
END_TEST

START_TEST(what_ended_before_the_masters_start_stays_in_the_history)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	ipm_tunnel_stop(w, ok(ipm_tunnel_start(w, &tunnel)), IPM_REASON_NORMAL);
	serve(w);
	mib_request(mib, ipm_now_ns() + SECOND);
	expect_number("cipSecTunHistTermReason.1", 2);
	expect_number("cipSecTunHistStartTime.1", 0);
}
END_TEST

START_TEST(an_spi_that_the_mib_has_no_room_for_has_no_cell_and_the_row_has_the_others)
{
	static const struct {
		uint32_t spi;
		bool there;
	} spis[] = {
		{ 0, false },          { 1, true },           { 0x7fffffff, true },
		{ 0x80000000, false }, { 0xc0000001, false }, { 0xffffffff, false },
	};
	for (unsigned i = 0; i < MIB_COUNT(spis); i++)
		ipm_fail(w, IPM_TUNNEL_FAILURES, &(struct ipm_failure){ .reason = IPM_FAIL_NO_SA, .spi = spis[i].spi });
	serve(w);
	mib_request(mib, master_ns);
	for (unsigned i = 0; i < MIB_COUNT(spis); i++) {
		if (spis[i].there)
			expect_number(at_row("cipSecFailSaSpi", i + 1), spis[i].spi);
		else
			expect_no_instance(at_row("cipSecFailSaSpi", i + 1));
		expect_number(at_row("cipSecFailReason", i + 1), 6);
	}
}
END_TEST

START_TEST(where_there_is_no_tunnel_and_no_ike_sa_there_is_no_cell_for_its_index)
{
	ipm_fail(w, IPM_TUNNEL_FAILURES, &(struct ipm_failure){ .reason = IPM_FAIL_NO_SA });
	ipm_fail(w, IPM_TUNNEL_FAILURES, &(struct ipm_failure){ .reason = IPM_FAIL_IN_AUTH, .tunnel_index = 9 });
	uint32_t manual = given_tunnel(w), of_ike = given_tunnel_of(given_ike(w));
	ipm_tunnel_stop(w, manual, IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, of_ike, IPM_REASON_NORMAL);
	serve(w);
	mib_request(mib, master_ns);
	expect_no_instance("cipSecFailTunnelIndex.1");
	expect_number("cipSecFailTunnelIndex.2", 9);
	expect_next("cipSecFailTunnelIndex", "cipSecFailTunnelIndex.2");
	expect_next("cipSecFailTime.2", "cipSecFailTunnelIndex.2");
	expect_number("cipSecFailReason.1", 6); /* the row is there */
	expect_no_instance("cipSecTunHistIkeTunnelIndex.1");
	expect_number("cipSecTunHistIkeTunnelIndex.2", 1);
	expect_next("cipSecTunHistActiveIndex.2", "cipSecTunHistIkeTunnelIndex.2");
	expect_number("cipSecTunHistKeyType.1", 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("views_history");
	TCase *tc = tests_of(suite, "what has been", given_a_served_segment);
	tcase_add_test(tc, a_smaller_history_hides_the_oldest_and_a_larger_one_shows_them_again);
	tcase_add_test(tc, fewer_failures_hide_the_oldest_of_both_kinds_and_no_history);
	tcase_add_test(tc, behind_2147483647_the_index_of_the_history_is_1_again);
	tcase_add_test(tc, a_check_point_is_a_record_of_what_goes_on);
	tcase_add_test(tc, a_check_point_is_of_all_that_goes_on);
	tcase_add_test(tc, every_reason_to_end_has_its_number);
	tcase_add_test(tc, every_reason_to_fail_has_its_number);
	tcase_add_test(tc, a_moment_is_told_in_the_masters_time_and_is_0_when_it_was_before_its_start);
	tcase_add_test(tc, a_failure_from_before_the_masters_start_has_no_row_and_no_other_moves);
	tcase_add_test(tc, failures_from_before_the_masters_start_have_rows_if_they_are_wanted);
	tcase_add_test(tc, what_ended_before_the_masters_start_stays_in_the_history);
	tcase_add_test(tc, an_spi_that_the_mib_has_no_room_for_has_no_cell_and_the_row_has_the_others);
	tcase_add_test(tc, where_there_is_no_tunnel_and_no_ike_sa_there_is_no_cell_for_its_index);
	return run_in_scratch("check_views_history", suite);
}
