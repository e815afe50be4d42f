/* SPDX-License-Identifier: ISC */
/* Sessions of remote users: who has a row, under which name, and what is counted. */
#include "mib_fixture.h"
#include "mib_ras.h"

#define TABLE_WALK 1000

static void
given_a_gateway(void)
{
	capacity = (struct ipm_capacity){ .ike_sas = 2 * TABLE_WALK,
					  .tunnels = 32,
					  .selectors = 8,
					  .sas = 32,
					  .feeds = 1,
					  .events = 64,
					  .history = 8,
					  .failures = 4,
					  .maps = 16,
					  .access = 8,
					  .engines = 1,
					  .sessions = 2 * TABLE_WALK,
					  .pools = 4 };
	master_ns = ipm_now_ns() - SECOND;
	mib = mib_new(mib_views, mib_view_count);
	ck_assert_ptr_nonnull(mib);
	mib_ras = (struct mib_ras){ 0 };
	w = given_segment();
	feed_knows(w, ALL_CAPS, UINT64_MAX);
	serve(w);
}

static void
look(void)
{
	serve(w);
	mib_request_fresh(mib, master_ns);
}

static void
users_are(enum users_shown shown)
{
	mib_show_peers(mib, (struct mib_peers){ .users = { .shown = shown, .key = { 1, 2 } } });
}

static uint32_t
given_ike(const char *identity, const char *group)
{
	struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED,
				 .version = 2,
				 .local = address("192.0.2.1"),
				 .remote = address("198.51.100.7"),
				 .local_id = "hub.example.net" };
	snprintf(sa.remote_id, sizeof(sa.remote_id), "%s", identity);
	snprintf(sa.conn, sizeof(sa.conn), "%s", group);
	return ok(ipm_ike_start(w, &sa));
}

static uint32_t
given_session(enum ipm_session_kind kind, const char *user, const char *group)
{
	uint32_t ike = given_ike(user, group);
	struct ipm_session session = { .kind = (uint8_t)kind,
				       .state = IPM_SESSION_UP,
				       .user_is = IPM_USER_EAP,
				       .has_user = 1,
				       .ike_slot = ike,
				       .ike_index = ipm_ike_peek(w, ike)->index,
				       .remote = address("198.51.100.7"),
				       .virtuals = 1,
				       .virtual_addr = { address("10.3.0.9") },
				       .started_ns = ipm_now_ns() - 90 * SECOND,
				       .method = "EAP_MSCHAPV2",
				       .client = "strongSwan 5.9.8" };
	snprintf(session.user, sizeof(session.user), "%s", user);
	snprintf(session.group, sizeof(session.group), "%s", group);
	return ok(ipm_session_open(w, &session));
}

static uint32_t
given_user(const char *user)
{
	return given_session(IPM_SESSION_REMOTE_ACCESS, user, "staff");
}

static void
given_failure(const char *user, const char *group, enum ipm_login_reason reason)
{
	struct ipm_login_failure failure = { .reason = (uint8_t)reason, .at_ns = ipm_now_ns() };
	snprintf(failure.user, sizeof(failure.user), "%s", user);
	snprintf(failure.group, sizeof(failure.group), "%s", group);
	ipm_login_failed(w, &failure);
}

static void
expect_text(const char *cell, const char *expected)
{
	struct mib_value value;
	enum mib_result rc = get(cell, &value);
	ck_assert_msg(rc == MIB_OK && value.len == strlen(expected) && memcmp(value.octets, expected, value.len) == 0,
		      "%s: result %d, \"%.*s\", expected \"%s\"", cell, (int)rc, (int)value.len,
		      (const char *)value.octets, expected);
}

static void
expect_octets(const char *cell, const struct ipm_addr *addr)
{
	struct mib_value value;
	ck_assert_int_eq(get(cell, &value), MIB_OK);
	ck_assert_uint_eq(value.len, addr->len);
	ck_assert_mem_eq(value.octets, addr->bytes, addr->len);
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

START_TEST(a_session_is_found_by_its_user)
{
	const struct ipm_addr from = address("198.51.100.7"), has = address("10.3.0.9");
	given_user("alice");
	look();
	expect_text("crasUsername.'alice'.1", "alice");
	expect_text("crasGroup.'alice'.1", "staff");
	expect_number("crasSessionIndex.'alice'.1", 1);
	expect_number("crasAuthenMethod.'alice'.1", 2);
	expect_no_instance("crasAuthorMethod.'alice'.1");
	expect_number("crasSessionDuration.'alice'.1", 90);
	expect_number("crasLocalAddressType.'alice'.1", 1);
	expect_octets("crasLocalAddress.'alice'.1", &has);
	expect_octets("crasISPAddress.'alice'.1", &from);
	expect_number("crasSessionProtocol.'alice'.1", 2);
	expect_text("crasClientVendorString.'alice'.1", "strongSwan");
	expect_text("crasClientVersionString.'alice'.1", "5.9.8");
	expect_number("crasSessionState.'alice'.1", 2);
	expect_no_instance("crasSessionEncryptionAlgo.'alice'.1"); /* it has no tunnel */
}
END_TEST

START_TEST(its_protocol_element_is_its_ike_sa)
{
	static const uint32_t row[] = { FLOW_MIB, 1, 2, 3, 1, 2, 1 };
	struct mib_value value;
	given_user("alice");
	look();
	ck_assert_int_eq(get("crasProtocolElement.'alice'.1", &value), MIB_OK);
	ck_assert_uint_eq(value.type, MIB_OBJECT);
	ck_assert_uint_eq(value.len, sizeof(row));
	ck_assert_mem_eq(value.octets, row, sizeof(row));
}
END_TEST

START_TEST(a_user_who_is_connected_twice_has_two_rows_and_counts_once)
{
	given_user("alice");
	given_user("alice");
	given_session(IPM_SESSION_REMOTE_ACCESS, "alice", "guests");
	given_user("bob");
	look();
	expect_number("crasSessionState.'alice'.1", 2);
	expect_next("crasGroup.'alice'.1", "crasGroup.'alice'.2");
	expect_number("crasNumSessions.0", 4);
	expect_number("crasNumUsers.0", 2);
	expect_number("crasNumGroups.0", 2);
	expect_number("crasActGrNumUsers.'staff'", 2);
	expect_number("crasActGrNumUsers.'guests'", 1);
}
END_TEST

START_TEST(another_gateway_is_no_user)
{
	given_session(IPM_SESSION_LAN_TO_LAN, "west.example.net", "branch");
	given_user("alice");
	look();
	expect_no_instance("crasGroup.'west.example.net'.1");
	expect_number("crasNumSessions.0", 1);
	expect_number("crasNumUsers.0", 1);
	expect_number("crasIPSecNumSessions.0", 1);
	expect_number("crasL2LNumSessions.0", 1);
	expect_number("crasSVCNumSessions.0", 0);
	expect_no_instance("crasActGrNumUsers.'branch'");
}
END_TEST

START_TEST(a_name_without_room_is_cut_before_a_character)
{
	char user[IPM_ID_MAX] = "", cell[512];
	for (int i = 0; i < 60; i++)
		strcat(user, "\xc3\xbc"); /* u with two dots: 120 octets */
	given_user(user);
	user[0] = 'x'; /* now the 112th octet is the first one of a character */
	memmove(user + 1, user + 2, strlen(user + 2) + 1);
	given_user(user);
	given_user("");
	look();
	snprintf(cell, sizeof(cell), "crasSessionState.'%.112s'.1", ipm_session_peek(w, 0)->user);
	expect_number(cell, 2);
	snprintf(cell, sizeof(cell), "crasSessionState.'%.111s'.2", user);
	expect_number(cell, 2);
	expect_number("crasSessionState.''.3", 2);
}
END_TEST

START_TEST(two_long_names_with_the_same_beginning_have_a_row_each)
{
	char user[IPM_ID_MAX];
	memset(user, 'x', 200);
	user[200] = '\0';
	given_user(user);
	user[199] = 'y';
	given_user(user);
	look();
	ck_assert_uint_eq(mib_rows(mib, &view_ras_session), 2);
	expect_number("crasNumUsers.0", 2);
}
END_TEST

START_TEST(a_walk_finds_every_session_once_in_order)
{
	char user[32];
	for (int i = 0; i < TABLE_WALK; i++) {
		snprintf(user, sizeof(user), "user%d", i * 7919 % TABLE_WALK);
		given_user(user);
	}
	look();
	struct name at = name_of("crasGroup"), end = name_of("crasSessionIndex"), found;
	struct mib_value value;
	int rows = 0;
	while (next(&at, false, &end, &found, &value) == MIB_OK) {
		ck_assert_int_lt(name_order(&at, &found), 0);
		at = found;
		rows++;
	}
	ck_assert_int_eq(rows, TABLE_WALK);
}
END_TEST

START_TEST(scalars_behind_the_tables_are_found)
{
	given_user("alice");
	look();
	expect_next("crasSessionState.'alice'.1", "crasActGrNumUsers.'staff'");
	expect_next("crasActGrNumUsers.'staff'", "crasEmailNumSessions.0");
	expect_next("crasEmailNumSessions", "crasEmailNumSessions.0");
	expect_next("crasNumPeakSessions.0", "crasNumTotalFailures.0");
	expect_next("crasNumSessions", "crasNumSessions.0");
}
END_TEST

/* --- totals ------------------------------------------------------------------------------------------------------- */

START_TEST(totals_and_peak_outlive_sessions)
{
	uint32_t first = given_user("alice");
	given_user("bob");
	ipm_session_stop(w, first, IPM_REASON_PEER_DELETE);
	look();
	expect_number("crasNumSessions.0", 1);
	expect_number("crasNumPrevSessions.0", 1);
	expect_number("crasIPSecCumulateSessions.0", 2);
	expect_number("crasIPSecPeakConcurrentSessions.0", 2);
	expect_number("crasNumPeakSessions.0", 2);
	expect_no_instance("crasGroup.'alice'.1");
}
END_TEST

START_TEST(the_bandwidth_is_an_average_and_absent_at_first)
{
	look();
	expect_no_instance("crasGlobalBwUsage.0");
	mib_load_add(&mib_ras.load, 1 * SECOND, 1000000);
	mib_load_add(&mib_ras.load, 2 * SECOND, 9000000); /* too early: no sample */
	mib_load_add(&mib_ras.load, 6 * SECOND, 11000000);
	expect_no_instance("crasGlobalBwUsage.0");
	mib_load_add(&mib_ras.load, 11 * SECOND, 41000000);
	expect_number("crasGlobalBwUsage.0", 4);
	for (unsigned i = 0; i < 20; i++)
		mib_load_add(&mib_ras.load, (16 + 5 * i) * SECOND, 41000000);
	expect_number("crasGlobalBwUsage.0", 0);
	mib_load_add(&mib_ras.load, 200 * SECOND, 5); /* another segment */
	expect_no_instance("crasGlobalBwUsage.0");
}
END_TEST

/* --- failures ------------------------------------------------------------------------------------------------------
 */

START_TEST(failed_logins_have_rows_and_are_counted_by_group)
{
	given_failure("alice", "staff", IPM_LOGIN_AUTH);
	given_failure("bob", "staff", IPM_LOGIN_NO_ADDRESS);
	given_failure("eve", "guests", IPM_LOGIN_REFUSED);
	look();
	expect_text("crasSessFailUsername.1", "alice");
	expect_text("crasSessFailGroupname.3", "guests");
	expect_number("crasSessFailType.1", 1);
	expect_number("crasSessFailReason.1", 3);
	expect_number("crasSessFailReason.2", 5);
	expect_number("crasSessFailReason.3", 4);
	expect_no_instance("crasSessFailSessionIndex.1");
	expect_no_instance("crasSessFailISPAddr.1"); /* not known */
	expect_number("crasFailLastFailIndex.0", 3);
	expect_number("crasNumTotalFailures.0", 3);
	expect_number("crasNumDeclinedSessions.0", 2);
	expect_number("crasNumSetupFailInsufResources.0", 1);
	expect_number("crasGrpFailNumFailAuths.'staff'", 1);
	expect_number("crasGrpFailNumResourceFailures.'staff'", 1);
	expect_number("crasGrpFailNumDeclined.'guests'", 1);
}
END_TEST

START_TEST(counts_of_groups_stay_when_failures_leave_the_ring)
{
	for (int i = 1; i <= 20; i++) {
		given_failure("alice", "staff", IPM_LOGIN_AUTH);
		ipm_writer_commit(w);
		mib_request_fresh(mib, master_ns);
		expect_number("crasGrpFailNumFailAuths.'staff'", (uint64_t)i);
	}
	expect_number("crasFailLastFailIndex.0", 20);
}
END_TEST

START_TEST(a_lost_session_is_an_aborted_one)
{
	ipm_session_stop(w, given_user("alice"), IPM_REASON_PEER_LOST);
	ipm_session_stop(w, given_user("bob"), IPM_REASON_OPERATOR);
	ipm_session_stop(w, given_session(IPM_SESSION_LAN_TO_LAN, "west", "branch"), IPM_REASON_PEER_LOST);
	look();
	expect_number("crasNumAbortedSessions.0", 1);
	expect_number("crasGrpFailNumTerminatedOther.'staff'", 1);
	expect_number("crasGrpFailNumTerminatedMgmt.'staff'", 1);
	expect_no_instance("crasGrpFailNumTerminatedOther.'branch'");
}
END_TEST

START_TEST(before_the_first_failure_there_is_no_last_one)
{
	look();
	expect_no_instance("crasFailLastFailIndex.0");
	expect_number("crasNumTotalFailures.0", 0);
	expect_no_instance("crasNumDisabledAccounts.0");
}
END_TEST

/* --- pools ----------------------------------------------------------------------------------------------------------
 */

START_TEST(a_pool_tells_how_many_addresses_are_left)
{
	const struct ipm_pool pool = {
		.name = "staff", .base = address("10.3.0.1"), .size = 254, .online = 200, .offline = 4
	};
	ck_assert_int_ge(ipm_pool_put(w, &pool), 0);
	look();
	expect_text("ipsecmonPoolName.1.1", "staff");
	expect_text("ipsecmonPoolBase.1.1", "10.3.0.1");
	expect_number("ipsecmonPoolSize.1.1", 254);
	expect_number("ipsecmonPoolOnline.1.1", 200);
	expect_number("ipsecmonPoolOffline.1.1", 4);
}
END_TEST

/* --- privacy ---------------------------------------------------------------------------------------------------------
 */

START_TEST(without_names_a_user_is_the_number_of_the_session)
{
	given_user("alice");
	given_failure("eve", "staff", IPM_LOGIN_AUTH);
	users_are(USERS_NONE);
	look();
	expect_number("crasSessionState.'user-1'.1", 2);
	expect_no_instance("crasSessionState.'alice'.1");
	expect_text("crasSessFailUsername.1", "");
	expect_text("cikeTunRemoteValue.1", "user-1");
	expect_number("cikePeerActiveTunnelIndex.2.'hub.example.net'.2.'user-1'.1", 1);
}
END_TEST

START_TEST(a_hash_is_the_same_in_all_tables)
{
	char hash[32] = "alice", cell[128];
	const struct users users = { .shown = USERS_HASH, .key = { 1, 2 } };
	users_show(&users, 1, hash, sizeof(hash));
	given_user("alice");
	given_failure("alice", "staff", IPM_LOGIN_AUTH);
	users_are(USERS_HASH);
	look();
	snprintf(cell, sizeof(cell), "crasSessionState.'%s'.1", hash);
	expect_number(cell, 2);
	expect_text("crasSessFailUsername.1", hash);
	expect_text("cikeTunRemoteValue.1", hash);
	snprintf(cell, sizeof(cell), "cikePeerActiveTunnelIndex.2.'hub.example.net'.2.'%s'.1", hash);
	expect_number(cell, 1);
}
END_TEST

START_TEST(another_gateway_keeps_its_name_and_what_has_ended_does_not)
{
	given_session(IPM_SESSION_LAN_TO_LAN, "west.example.net", "branch");
	uint32_t ike = given_ike("alice", "staff"); /* its session is not known */
	users_are(USERS_NONE);
	look();
	expect_text("cikeTunRemoteValue.1", "west.example.net");
	expect_text("cikeTunRemoteValue.2", "");
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	look();
	expect_text("cikeTunHistPeerRemoteValue.1", "");
}
END_TEST

START_TEST(words_that_may_quote_a_user_are_not_shown)
{
	uint32_t map = ok(ipm_map_open(w, &(struct ipm_map_entry){ .name = "staff", .child = "net" }));
	struct ipm_failure failure = { .reason = IPM_FAIL_AUTH,
				       .time_ns = ipm_now_ns(),
				       .map = map + 1,
				       .conn = "staff",
				       .remote_id = "alice",
				       .text = "'alice' has a wrong password" };
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	look();
	expect_text("cikeFailRemoteValue.1", "alice");
	users_are(USERS_NONE);
	look();
	expect_text("cikeFailRemoteValue.1", "");
	expect_text("ipsecmonTunnelLastFailText.1", "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sessions");
	TCase *t = tcase_create("sessions");
	tcase_add_checked_fixture(t, given_a_gateway, tables_gone);
	tcase_add_test(t, a_session_is_found_by_its_user);
	tcase_add_test(t, its_protocol_element_is_its_ike_sa);
	tcase_add_test(t, a_user_who_is_connected_twice_has_two_rows_and_counts_once);
	tcase_add_test(t, another_gateway_is_no_user);
	tcase_add_test(t, a_name_without_room_is_cut_before_a_character);
	tcase_add_test(t, two_long_names_with_the_same_beginning_have_a_row_each);
	tcase_add_test(t, a_walk_finds_every_session_once_in_order);
	tcase_add_test(t, scalars_behind_the_tables_are_found);
	tcase_add_test(t, totals_and_peak_outlive_sessions);
	tcase_add_test(t, the_bandwidth_is_an_average_and_absent_at_first);
	tcase_add_test(t, failed_logins_have_rows_and_are_counted_by_group);
	tcase_add_test(t, counts_of_groups_stay_when_failures_leave_the_ring);
	tcase_add_test(t, a_lost_session_is_an_aborted_one);
	tcase_add_test(t, before_the_first_failure_there_is_no_last_one);
	tcase_add_test(t, a_pool_tells_how_many_addresses_are_left);
	tcase_add_test(t, without_names_a_user_is_the_number_of_the_session);
	tcase_add_test(t, a_hash_is_the_same_in_all_tables);
	tcase_add_test(t, another_gateway_keeps_its_name_and_what_has_ended_does_not);
	tcase_add_test(t, words_that_may_quote_a_user_are_not_shown);
	suite_add_tcase(s, t);
	return run_in_scratch("check_views_sessions", s);
}
