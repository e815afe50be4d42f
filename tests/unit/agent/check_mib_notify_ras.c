/* SPDX-License-Identifier: ISC */
/* Notifications about remote users: sessions that start and stop, and thresholds that are crossed once. */
#include "mib_notify_int.h"
#include "mib_ras.h"
#include "notify_fixture.h"

static struct mib *mib;
static uint64_t now_ns; /* of the watch over thresholds */

static void
given_a_gateway(void)
{
	given_nothing();
	capacity.sessions = capacity.ike_sas = 64;
	capacity.pools = 1;
	w = given_segment();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	mib = mib_new(mib_views, mib_view_count);
	ck_assert_ptr_nonnull(mib);
	ck_assert_int_eq(mib_serve(mib, &seg, 1), 0);
	int slot = ipm_feed_open(w, "knowing");
	struct ipm_feed feed = *ipm_feed_peek(w, (uint32_t)slot);
	feed.state = IPM_FEED_UP;
	feed.caps = (UINT64_C(1) << IPM_CAP_COUNT) - 1;
	ipm_feed_put(w, (uint32_t)slot, &feed);
	mib_ras = (struct mib_ras){ 0 };
	for (unsigned i = 0; i < 3; i++) {
		mib_controls.ras[i] = ON;
		mib_controls.ras_most[i] = 0;
	}
	mib_controls.own[2] = mib_controls.own[3] = ON;
	switch_all(2);
	mib_notify_free(notify);
	notify = mib_notify_new(FAST, mib, collect, NULL);
	follow(w, NULL);
	now_ns = 1000 * SECOND;
}

static void
gateway_gone(void)
{
	all_gone();
	mib_free(mib);
}

/* A second passes. */
static unsigned
watch(void)
{
	unsigned before = sent_count;
	ipm_writer_commit(w);
	now_ns += SECOND;
	mib_notify_watch(notify, now_ns);
	return sent_count - before;
}

static uint32_t
given_session(enum ipm_session_kind kind, const char *user)
{
	uint32_t ike = given_ike(w);
	struct ipm_session session = { .kind = (uint8_t)kind,
				       .state = IPM_SESSION_UP,
				       .ike_slot = ike,
				       .ike_index = ipm_ike_peek(w, ike)->index,
				       .remote = address("198.51.100.7"),
				       .virtuals = 1,
				       .virtual_addr = { address("10.3.0.9") },
				       .started_ns = ipm_now_ns() - 60 * SECOND,
				       .group = "staff" };
	snprintf(session.user, sizeof(session.user), "%s", user);
	return ok(ipm_session_open(w, &session));
}

static void
session_ends(uint32_t slot)
{
	ipm_ike_stop(w, ipm_session_peek(w, slot)->ike_slot, IPM_REASON_PEER_LOST);
}

static void
logins_fail(unsigned count, enum ipm_login_reason reason)
{
	for (unsigned i = 0; i < count; i++)
		ipm_login_failed(w, &(struct ipm_login_failure){ .reason = (uint8_t)reason, .user = "eve" });
}

/* --- sessions ------------------------------------------------------------------------------------------------------
 */

static void
says(const struct mib_varbind *vb, const char *text)
{
	ck_assert_uint_eq(vb->value.len, strlen(text));
	ck_assert_mem_eq(vb->value.octets, text, strlen(text));
}

START_TEST(a_session_is_told_when_it_starts_and_when_it_stops)
{
	uint32_t session = given_session(IPM_SESSION_REMOTE_ACCESS, "alice");
	tell_all();
	ck_assert_uint_eq(sent_count, 1);
	ck_assert_int_eq(sent[0].module, MIB_NOTIFY_OWN);
	ck_assert_uint_eq(sent[0].number, 3);
	ck_assert_uint_eq(sent[0].count, 4);
	says(&sent[0].varbind[0], "alice");
	says(&sent[0].varbind[1], "staff");
	says(&sent[0].varbind[2], "198.51.100.7");
	says(&sent[0].varbind[3], "10.3.0.9");
	session_ends(session);
	tell_all();
	ck_assert_uint_eq(sent_count, 2);
	ck_assert_uint_eq(sent[1].number, 4);
	ck_assert_uint_eq(sent[1].count, 8);
	says(&sent[1].varbind[0], "alice");
	ck_assert_uint_eq(sent[1].varbind[4].value.number, 60);
	ck_assert_uint_eq(sent[1].varbind[7].value.number, IPM_REASON_PEER_LOST + 2);
}
END_TEST

START_TEST(another_gateway_is_not_told)
{
	session_ends(given_session(IPM_SESSION_LAN_TO_LAN, "west"));
	tell_all();
	ck_assert_uint_eq(sent_count, 0);
}
END_TEST

START_TEST(a_session_that_is_gone_already_is_told_from_the_history)
{
	session_ends(given_session(IPM_SESSION_REMOTE_ACCESS, "alice"));
	tell_all();
	ck_assert_uint_eq(sent_count, 2);
	says(&sent[0].varbind[0], "alice");
}
END_TEST

START_TEST(notifications_show_users_as_the_tables_do)
{
	mib_show_peers(mib, (struct mib_peers){ .users = { .shown = USERS_NONE } });
	given_session(IPM_SESSION_REMOTE_ACCESS, "alice");
	tell_all();
	says(&sent[0].varbind[0], "user-1");
}
END_TEST

/* --- thresholds ------------------------------------------------------------------------------------------------------
 */

START_TEST(too_many_sessions_are_told_once_until_they_fall_well_below)
{
	uint32_t slot[64];
	mib_controls.own[2] = mib_controls.own[3] = 2;
	mib_controls.ras_most[0] = 40;
	ck_assert_uint_eq(watch(), 0);
	for (unsigned i = 0; i < 40; i++)
		slot[i] = given_session(IPM_SESSION_REMOTE_ACCESS, "alice");
	ck_assert_uint_eq(watch(), 0); /* not more than 40 */
	slot[40] = given_session(IPM_SESSION_REMOTE_ACCESS, "bob");
	ck_assert_uint_eq(watch(), 1);
	ck_assert_int_eq(sent[0].module, MIB_NOTIFY_RAS);
	ck_assert_uint_eq(sent[0].number, 1);
	ck_assert_uint_eq(sent[0].count, 5);
	ck_assert_uint_eq(sent[0].varbind[0].value.number, 41);
	ck_assert_uint_eq(sent[0].varbind[1].value.number, 2);
	ck_assert_uint_eq(sent[0].varbind[4].value.number, 40);
	ck_assert_uint_eq(watch(), 0);
	for (unsigned i = 40; i >= 38; i--) /* 38 are left: not below 40 - 40 / 20 */
		session_ends(slot[i]);
	ck_assert_uint_eq(watch(), 0);
	for (unsigned i = 38; i <= 40; i++)
		slot[i] = given_session(IPM_SESSION_REMOTE_ACCESS, "bob");
	ck_assert_uint_eq(watch(), 0);
	for (unsigned i = 40; i >= 37; i--)
		session_ends(slot[i]);
	ck_assert_uint_eq(watch(), 0);
	for (unsigned i = 37; i <= 40; i++)
		slot[i] = given_session(IPM_SESSION_REMOTE_ACCESS, "bob");
	ck_assert_uint_eq(watch(), 1);
}
END_TEST

START_TEST(what_was_above_when_the_agent_started_is_not_told)
{
	mib_controls.ras_most[0] = 1;
	mib_controls.ras_most[1] = 2;
	given_session(IPM_SESSION_REMOTE_ACCESS, "alice");
	given_session(IPM_SESSION_REMOTE_ACCESS, "bob");
	logins_fail(5, IPM_LOGIN_AUTH);
	ck_assert_uint_eq(watch(), 0);
	ck_assert_uint_eq(watch(), 0);
}
END_TEST

START_TEST(without_a_threshold_or_a_switch_nothing_is_told)
{
	watch();
	given_session(IPM_SESSION_REMOTE_ACCESS, "alice");
	logins_fail(5, IPM_LOGIN_AUTH);
	ck_assert_uint_eq(watch(), 0);
	mib_controls.ras[0] = mib_controls.ras[1] = 2;
	mib_controls.ras_most[0] = 0;
	mib_controls.ras_most[1] = 1;
	ck_assert_uint_eq(watch(), 0);
	mib_controls.ras[1] = ON; /* told as soon as it is switched on */
	ck_assert_uint_eq(watch(), 1);
}
END_TEST

START_TEST(refused_logins_are_counted_anew_from_each_notification)
{
	mib_controls.ras_most[1] = 3;
	watch();
	logins_fail(2, IPM_LOGIN_AUTH);
	logins_fail(9, IPM_LOGIN_NO_ADDRESS); /* not refused */
	ck_assert_uint_eq(watch(), 0);
	logins_fail(1, IPM_LOGIN_REFUSED);
	ck_assert_uint_eq(watch(), 1);
	ck_assert_uint_eq(sent[0].number, 2);
	ck_assert_uint_eq(sent[0].count, 2);
	ck_assert_uint_eq(sent[0].varbind[0].value.number, 3);
	ck_assert_uint_eq(sent[0].varbind[1].value.number, 3);
	ck_assert_uint_eq(watch(), 0);
	logins_fail(2, IPM_LOGIN_AUTH);
	ck_assert_uint_eq(watch(), 0);
	logins_fail(1, IPM_LOGIN_AUTH);
	ck_assert_uint_eq(watch(), 1);
}
END_TEST

START_TEST(high_throughput_is_an_average)
{
	mib_controls.own[2] = mib_controls.own[3] = 2;
	mib_controls.ras_most[2] = 1000;
	uint32_t session = given_session(IPM_SESSION_REMOTE_ACCESS, "alice");
	struct ipm_tunnel t = tunnel();
	t.ike_slot = ipm_session_peek(w, session)->ike_slot;
	t.ike_index = ipm_session_peek(w, session)->ike_index;
	uint32_t slot = ok(ipm_tunnel_start(w, &t));
	uint32_t sa = ok(ipm_sa_start(w, slot, &(struct ipm_sa){ .direction = IPM_IN, .spi = 1, .protocol = 50 }));
	unsigned told = 0;
	for (uint64_t second = 1; second <= 60; second++) { /* 3000 octets in a second, from second 20 to 40 */
		uint64_t octets = second < 20 ? 0 : second < 40 ? (second - 20) * 3000 : 60000;
		ipm_sa_count(w, sa, &(struct ipm_traffic){ .octets = octets, .pkts = second });
		told += watch();
	}
	ck_assert_uint_eq(told, 1);
	ck_assert_uint_eq(sent[0].number, 3);
	ck_assert_uint_eq(sent[0].count, 3);
	ck_assert_uint_eq(sent[0].varbind[2].value.number, 1000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("notifications about users");
	TCase *t = tcase_create("users");
	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, given_a_gateway, gateway_gone);
	tcase_add_test(t, a_session_is_told_when_it_starts_and_when_it_stops);
	tcase_add_test(t, another_gateway_is_not_told);
	tcase_add_test(t, a_session_that_is_gone_already_is_told_from_the_history);
	tcase_add_test(t, notifications_show_users_as_the_tables_do);
	tcase_add_test(t, too_many_sessions_are_told_once_until_they_fall_well_below);
	tcase_add_test(t, what_was_above_when_the_agent_started_is_not_told);
	tcase_add_test(t, without_a_threshold_or_a_switch_nothing_is_told);
	tcase_add_test(t, refused_logins_are_counted_anew_from_each_notification);
	tcase_add_test(t, high_throughput_is_an_average);
	suite_add_tcase(s, t);
	return run_in_scratch("check_mib_notify_ras", s);
}
