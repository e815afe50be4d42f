/* SPDX-License-Identifier: ISC */
/* Sessions, failed logins and pools. */
#include "segment_fixture.h"

static void
given_a_place(void)
{
	given_a_directory();
}

static uint32_t
given_session(struct ipm_writer *w, uint32_t ike, const char *user)
{
	struct ipm_session session = { .ike_slot = ike, .ike_index = ipm_ike_peek(w, ike)->index, .has_user = 1 };
	snprintf(session.user, sizeof(session.user), "%s", user);
	int slot = ipm_session_open(w, &session);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

/* A tunnel that was negotiated with this IKE SA, with an inbound SA in @p sa. */
static uint32_t
given_child(struct ipm_writer *w, uint32_t ike, uint32_t *sa)
{
	struct ipm_tunnel tunnel = { .ike_slot = ike, .ike_index = ipm_ike_peek(w, ike)->index };
	int slot = ipm_tunnel_start(w, &tunnel);
	ck_assert_int_ge(slot, 0);
	*sa = given_sa(w, (uint32_t)slot, IPM_IN);
	return (uint32_t)slot;
}

static struct ipm_session
session_in(const struct ipm_writer *w, uint32_t slot)
{
	struct ipm_session session;
	ck_assert_int_eq(ipm_session_read(ipm_writer_segment(w), slot, &session), 0);
	return session;
}

static void
negotiated_by(struct ipm_writer *w, uint32_t tunnel_slot, uint32_t ike)
{
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, tunnel_slot);
	tunnel.ike_slot = ike;
	tunnel.ike_index = ipm_ike_peek(w, ike)->index;
	ck_assert_int_eq(ipm_tunnel_put(w, tunnel_slot, &tunnel), 0);
}

START_TEST(the_traffic_of_a_session_is_that_of_its_tunnels_and_those_that_ended)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), session = given_session(w, ike, "alice"), sa[2];
	uint32_t first = given_child(w, ike, &sa[0]);
	given_child(w, ike, &sa[1]);

	counts(w, sa[0], 10, 1000);
	counts(w, sa[1], 1, 100);
	ck_assert_uint_eq(session_in(w, session).in.octets, 1100);
	ck_assert_uint_eq(session_in(w, session).tunnels, 2);
	ipm_tunnel_stop(w, first, IPM_REASON_NORMAL);
	counts(w, sa[1], 5, 500);
	ck_assert_uint_eq(session_in(w, session).in.octets, 1500);
	ck_assert_uint_eq(session_in(w, session).in.pkts, 15);
	ck_assert_uint_eq(session_in(w, session).tunnels, 1);
	ck_assert_uint_eq(session_in(w, session).tunnels_ended, 1);
	ck_assert_uint_eq(totals_in(w).sessions_in.octets, 1500);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_tunnel_that_joins_brings_what_it_counted_before)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_IN);
	counts(w, sa, 10, 1000);
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), session = given_session(w, ike, "alice");
	ck_assert_uint_eq(session_in(w, session).in.octets, 0);

	negotiated_by(w, tunnel, ike);
	ck_assert_uint_eq(session_in(w, session).in.octets, 1000);
	ck_assert_uint_eq(totals_in(w).sessions_in.octets, 1000);
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_a_tunnel_counts_belongs_to_one_session_only)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike[2] = { given_ike(w, IPM_IKE_ESTABLISHED), given_ike(w, IPM_IKE_ESTABLISHED) }, sa;
	uint32_t session[2] = { given_session(w, ike[0], "alice"), given_session(w, ike[1], "bob") };
	uint32_t tunnel = given_child(w, ike[0], &sa);

	counts(w, sa, 10, 1000);
	negotiated_by(w, tunnel, ike[1]);
	counts(w, sa, 12, 1200);
	ck_assert_uint_eq(session_in(w, session[0]).in.octets, 1000);
	ck_assert_uint_eq(session_in(w, session[1]).in.octets, 200);
	ipm_session_stop(w, session[1], IPM_REASON_OPERATOR);
	counts(w, sa, 15, 1500);
	ck_assert_uint_eq(totals_in(w).sessions_in.octets, 1200);
	uint32_t third = given_ike(w, IPM_IKE_ESTABLISHED), late = given_session(w, third, "carol");
	negotiated_by(w, tunnel, third);
	ck_assert_uint_eq(session_in(w, late).in.octets, 300);
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_a_half_written_ended_session_carried_is_in_the_rest)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), session = given_session(w, ike, "alice"), sa;
	given_child(w, ike, &sa);
	counts(w, sa, 10, 1000);
	ipm_session_stop(w, session, IPM_REASON_OPERATOR);
	ipm_writer_close(w);
	tear(IPM_SESSION_HISTORY, 0);
	w = open_quietly();
	ck_assert_uint_eq(totals_in(w).sessions_in.octets, 1000);
	ck_assert_uint_eq(totals_in(w).sessions_rest_in.octets, 1000);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_session_survives_a_rekey_and_a_reauthentication_of_its_ike_sa)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), slot = given_session(w, ike, "alice"), sa;
	uint32_t index = ipm_session_peek(w, slot)->index;
	given_child(w, ike, &sa);
	counts(w, sa, 1, 100);

	ipm_ike_refresh(w, ike);
	ck_assert_uint_eq(session_in(w, slot).refreshes, 1);
	/* The old IKE SA ends before the new one is there. */
	struct ipm_session session = *ipm_session_peek(w, slot);
	session.state = IPM_SESSION_HELD;
	ck_assert_int_eq(ipm_session_put(w, slot, &session), 0);
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	ck_assert_uint_eq(totals_in(w).sessions.active, 0);
	uint32_t next = given_ike(w, IPM_IKE_ESTABLISHED);
	session.state = IPM_SESSION_UP;
	session.ike_slot = next;
	session.ike_index = ipm_ike_peek(w, next)->index;
	ck_assert_int_eq(ipm_session_put(w, slot, &session), 0);
	ck_assert_uint_eq(session_in(w, slot).index, index);
	ck_assert_uint_eq(session_in(w, slot).refreshes, 2);
	ck_assert_uint_eq(session_in(w, slot).in.octets, 100);
	ck_assert_uint_eq(ipm_ike_peek(w, next)->session, slot + 1);
	ck_assert_uint_eq(totals_in(w).sessions.total, 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_session_ends_with_its_ike_sa_and_becomes_history)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), slot = given_session(w, ike, "alice"), sa;
	struct ipm_session_history was;
	given_child(w, ike, &sa);
	counts(w, sa, 1, 100);

	ipm_ike_stop(w, ike, IPM_REASON_PEER_DELETE);
	ck_assert_uint_eq(ipm_session_peek(w, slot)->index, 0);
	ck_assert_int_eq(ipm_session_history_read(ipm_writer_segment(w), 0, &was), 0);
	ck_assert_uint_eq(was.reason, IPM_REASON_PEER_DELETE);
	ck_assert_str_eq(was.session.user, "alice");
	ck_assert_uint_eq(was.session.in.octets, 100);
	ck_assert_uint_eq(totals_in(w).sessions.active, 0);
	ck_assert_uint_eq(totals_in(w).sessions.total, 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(totals_count_sessions_by_kind_and_remember_the_peak)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike[3];
	for (int i = 0; i < 3; i++) {
		ike[i] = given_ike(w, IPM_IKE_ESTABLISHED);
		struct ipm_session session = { .ike_slot = ike[i], .ike_index = ipm_ike_peek(w, ike[i])->index };
		session.virtuals = i < 2;
		ck_assert_int_ge(ipm_session_open(w, &session), 0);
	}
	ipm_ike_stop(w, ike[0], IPM_REASON_NORMAL);
	struct ipm_totals t = totals_in(w);
	ck_assert_uint_eq(t.sessions.active, 2);
	ck_assert_uint_eq(t.sessions.total, 3);
	ck_assert_uint_eq(t.sessions.peak, 3);
	ck_assert_uint_eq(t.remote_access.active, 1);
	ck_assert_uint_eq(t.remote_access.peak, 2);
	ck_assert_uint_eq(t.lan_to_lan.total, 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(sessions_and_their_tunnels_are_taken_over_by_the_next_writer)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), slot = given_session(w, ike, "alice"), sa[2];
	uint32_t first = given_child(w, ike, &sa[0]);
	given_child(w, ike, &sa[1]);
	counts(w, sa[0], 10, 1000);
	counts(w, sa[1], 1, 100);
	ipm_tunnel_stop(w, first, IPM_REASON_NORMAL);
	struct ipm_session before = session_in(w, slot);
	ipm_writer_close(w);

	w = open_quietly();
	struct ipm_session after = session_in(w, slot);
	ck_assert_mem_eq(&after, &before, sizeof(before));
	ck_assert_uint_eq(totals_in(w).sessions.active, 1);
	struct ipm_tunnel tunnel;
	struct ipm_walk walk;
	ipm_walk_session(&walk, ipm_writer_segment(w), &after);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 1);
	ck_assert_uint_eq(tunnel.in.octets, 100);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 0);
	ipm_writer_close(w);
}
END_TEST

START_TEST(only_an_established_ike_sa_has_a_session)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_NEGOTIATING);
	struct ipm_session session = { .ike_slot = ike, .ike_index = ipm_ike_peek(w, ike)->index };
	ck_assert_int_eq(ipm_session_open(w, &session), -ENOENT);
	session.ike_index = 77;
	ck_assert_int_eq(ipm_session_open(w, &session), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(failed_logins_are_counted_by_reason_and_kept)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_login_failure failure = { .reason = IPM_LOGIN_NO_ADDRESS, .user = "mallory" }, got;

	for (int i = 0; i < 20; i++)
		ipm_login_failed(w, &failure);
	ck_assert_uint_eq(totals_in(w).login_fails[IPM_LOGIN_NO_ADDRESS], 20);
	struct ipm_walk walk;
	uint32_t n = 0;
	for (ipm_walk_ring(&walk, ipm_writer_segment(w), IPM_LOGIN_FAILURES); ipm_walk_next(&walk, &got) > 0; n++)
		ck_assert_str_eq(got.user, "mallory");
	ck_assert_uint_eq(n, 16);
	ck_assert_uint_eq(got.index, 20);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_pool_is_known_by_its_feed_and_its_name)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_pool pool = { .feed = 1, .size = 254, .online = 3, .name = "users" }, got;

	int slot = ipm_pool_put(w, &pool);
	pool.online = 4;
	ck_assert_int_eq(ipm_pool_put(w, &pool), slot);
	ck_assert_int_eq(ipm_pool_read(ipm_writer_segment(w), (uint32_t)slot, &got), 0);
	ck_assert_uint_eq(got.online, 4);
	pool.feed = 2;
	ck_assert_int_ne(ipm_pool_put(w, &pool), slot);
	ipm_pool_remove(w, (uint32_t)slot);
	ck_assert_int_eq(ipm_pool_read(ipm_writer_segment(w), (uint32_t)slot, &got), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ipm_writer_session");
	TCase *tc = tcase_create("sessions");
	tcase_add_checked_fixture(tc, given_a_place, NULL);
	suite_add_tcase(s, tc);
	tcase_add_test(tc, the_traffic_of_a_session_is_that_of_its_tunnels_and_those_that_ended);
	tcase_add_test(tc, a_tunnel_that_joins_brings_what_it_counted_before);
	tcase_add_test(tc, what_a_tunnel_counts_belongs_to_one_session_only);
	tcase_add_test(tc, what_a_half_written_ended_session_carried_is_in_the_rest);
	tcase_add_test(tc, a_session_survives_a_rekey_and_a_reauthentication_of_its_ike_sa);
	tcase_add_test(tc, a_session_ends_with_its_ike_sa_and_becomes_history);
	tcase_add_test(tc, totals_count_sessions_by_kind_and_remember_the_peak);
	tcase_add_test(tc, sessions_and_their_tunnels_are_taken_over_by_the_next_writer);
	tcase_add_test(tc, only_an_established_ike_sa_has_a_session);
	tcase_add_test(tc, failed_logins_are_counted_by_reason_and_kept);
	tcase_add_test(tc, a_pool_is_known_by_its_feed_and_its_name);
	return run_in_scratch("check_ipm_writer_session", s);
}
