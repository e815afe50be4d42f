/* SPDX-License-Identifier: ISC */
/* Sessions: what VICI says of users and their addresses, the kind of a session, and what continues it. */
#include "vici_failure.h"
/* Both fixtures have one. */
#define seen message_seen
#include "vici_message_fixture.h"
#undef seen
#undef COUNT
#include "vici_model_fixture.h"
#include "vici_session.h"

/* --- what charon says ------------------------------------------------------------------------------------------- */

static struct vici_ike told;
static struct vici_conn configured;
static struct vici_pool pools[4];
static uint32_t pools_told;

static void
on_told_ike(void *arg, enum vici_role role, const struct vici_ike *ike_sa)
{
	(void)arg;
	(void)role;
	told = *ike_sa;
}

static void
on_told_conn(void *arg, const struct vici_conn *conn)
{
	(void)arg;
	configured = *conn;
}

static void
on_told_pool(void *arg, const struct vici_pool *pool)
{
	(void)arg;
	pools[pools_told++ % 4] = *pool;
}

static void
tells(enum vici_form form, const char *text, uint32_t bad)
{
	struct msg *m = message(text);
	struct vici_sink sink = { .ike = on_told_ike, .conn = on_told_conn };
	char error[128];
	ck_assert_int_eq(vici_decode(form, m->buf, m->len, &sink, error, sizeof(error)), 0);
	ck_assert_uint_eq(sink.bad_values, bad);
}

START_TEST(an_ike_sa_names_its_user_and_virtual_addresses)
{
	tells(VICI_FORM_SA,
	      "ra { uniqueid=1 state=ESTABLISHED remote-id=10.0.0.9 remote-eap-id=alice remote-xauth-id=carl "
	      "remote-vips=<10.77.0.1 fd00::1> local-vips=<10.1.1.1> }",
	      0);
	ck_assert_str_eq(told.eap_id, "alice");
	ck_assert_str_eq(told.xauth_id, "carl");
	ck_assert_uint_eq(told.remote_vips, 2);
	ck_assert_uint_eq(told.remote_vip[0].bytes[1], 77);
	ck_assert_uint_eq(told.remote_vip[1].len, 16);
	ck_assert_uint_eq(told.local_vips, 1);
	tells(VICI_FORM_SA, "ra { remote-vips=<1.1.1.1 nonsense 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5> }", 1);
	ck_assert_uint_eq(told.remote_vips, IPM_SESSION_ADDRS);
}
END_TEST

START_TEST(a_connection_says_how_a_user_authenticates)
{
	tells(VICI_FORM_CONN, "ra { remote_addrs=<%any> remote-1 { eap-type=EAP_MSCHAPV2 class=EAP } children { } }",
	      0);
	ck_assert_uint_eq(configured.user_is, IPM_USER_EAP);
	ck_assert_str_eq(configured.method, "eap-mschapv2");
	ck_assert_uint_eq(configured.remote_auth, IPM_AUTH_EAP);
	tells(VICI_FORM_CONN,
	      "xa { remote-1 { class='pre-shared key' } remote-2 { class=XAuth xauth=generic } children { } }", 0);
	ck_assert_uint_eq(configured.user_is, IPM_USER_XAUTH);
	ck_assert_str_eq(configured.method, "xauth-generic");
	ck_assert_uint_eq(configured.remote_auth, IPM_AUTH_PSK);
	tells(VICI_FORM_CONN, "s2s { remote-1 { class='public key' } children { } }", 0);
	ck_assert_uint_eq(configured.user_is, IPM_USER_UNKNOWN);
	ck_assert_str_eq(configured.method, "");
}
END_TEST

START_TEST(pools_have_a_size_and_leases)
{
	struct msg *m = message("users { base=10.77.0.0 size=254 online=2 offline=1 leases { } } "
				"old { base=%any size=many } ");
	struct vici_slice slice = { m->buf, m->len };
	pools_told = 0;
	ck_assert_uint_eq(vici_pools(slice, on_told_pool, NULL), 1);
	ck_assert_uint_eq(pools_told, 2);
	ck_assert_str_eq(pools[0].name, "users");
	ck_assert_uint_eq(pools[0].size, 254);
	ck_assert_uint_eq(pools[0].online, 2);
	ck_assert_uint_eq(pools[0].offline, 1);
	ck_assert_uint_eq(pools[1].base.len, 0);
}
END_TEST

/* --- the rule --------------------------------------------------------------------------------------------------- */

START_TEST(a_user_a_virtual_address_or_any_peer_make_it_remote_access)
{
	struct vici_session_conn conn = { .user_is = IPM_USER_UNKNOWN };
	struct vici_ike sa = ike(1, "c");
	sa.initiator = false;
	ck_assert_int_eq(vici_session_kind(&conn, &sa), IPM_SESSION_LAN_TO_LAN);
	sa.remote_vips = 1;
	ck_assert_int_eq(vici_session_kind(&conn, &sa), IPM_SESSION_REMOTE_ACCESS);
	sa.remote_vips = 0;
	conn.user_is = IPM_USER_EAP;
	ck_assert_int_eq(vici_session_kind(&conn, &sa), IPM_SESSION_REMOTE_ACCESS);
	conn.user_is = IPM_USER_UNKNOWN;
	conn.any_peer = true;
	ck_assert_int_eq(vici_session_kind(&conn, &sa), IPM_SESSION_REMOTE_ACCESS);
	conn.setting = VICI_SESSION_LAN_TO_LAN;
	ck_assert_int_eq(vici_session_kind(&conn, &sa), IPM_SESSION_LAN_TO_LAN);
	conn = (struct vici_session_conn){ .setting = VICI_SESSION_REMOTE_ACCESS };
	ck_assert_int_eq(vici_session_kind(&conn, &sa), IPM_SESSION_REMOTE_ACCESS);
}
END_TEST

/* --- the model -------------------------------------------------------------------------------------------------- */

static void
given_a_gateway_with_users(void)
{
	gateway_begins((struct ipm_capacity){ .ike_sas = 64,
					      .tunnels = 128,
					      .selectors = 256,
					      .sas = 1024,
					      .sessions = 64,
					      .history = 64,
					      .failures = 16 });
}

/* A user's IKE SA, from this port, with this virtual address. */
static struct vici_ike
login(uint32_t uid, const char *user, uint16_t port, uint8_t vip)
{
	struct vici_ike sa = from_peer(ike(uid, "ra"), "phone", 9);
	sa.initiator = false;
	sa.remote_port = port;
	snprintf(sa.eap_id, sizeof(sa.eap_id), "%s", user);
	sa.remote_vips = vip != 0;
	if (vip)
		sa.remote_vip[0] = ip4(10, 77, 0, vip);
	return sa;
}

/* The session of this user that is not held, and how many there are. */
static uint32_t
sessions_of(const char *user, struct ipm_session *out)
{
	struct ipm_walk walk;
	struct ipm_session session;
	uint32_t n = 0;
	ipm_walk_all(&walk, seg, IPM_SESSIONS);
	while (ipm_walk_next(&walk, &session) > 0)
		if (strcmp(session.user, user) == 0 && session.state != IPM_SESSION_HELD) {
			*out = session;
			n++;
		}
	return n;
}

START_TEST(the_same_user_connected_twice_has_two_sessions)
{
	struct ipm_session session;
	tell_both(login(1, "alice", 4500, 1), child(1, "net", 1, 0x100));
	tell_both(login(2, "alice", 4500, 2), child(2, "net", 2, 0x200));
	tell_both(login(3, "bob", 4500, 3), child(3, "net", 3, 0x300));
	ck_assert_uint_eq(sessions_of("alice", &session), 2);
	ck_assert_uint_eq(sessions_of("bob", &session), 1);
	ck_assert_uint_eq(session.kind, IPM_SESSION_REMOTE_ACCESS);
	ck_assert_uint_eq(session.user_is, IPM_USER_EAP);
	ck_assert_str_eq(session.peer_id, "phone");
	ck_assert_uint_eq(session.tunnels, 1);
	ck_assert_uint_eq(totals().remote_access.active, 3);
}
END_TEST

START_TEST(a_session_counts_through_rekeys_and_follows_a_moving_peer)
{
	struct vici_ike a = login(1, "alice", 4500, 1), b = login(5, "alice", 4500, 1);
	struct vici_child sa = child(1, "net", 1, 0x100), next = child(2, "net", 1, 0x200);
	struct ipm_session session;

	tell_both(a, with_packets(sa, 3, 2));
	child_rekey(a, with_packets(sa, 4, 2), next);
	tell_child(a, with_packets(next, 10, 0));
	ike_rekey(a, b);
	b.remote_host = ip4(198, 51, 100, 7);
	tell_both(b, with_packets(next, 20, 5));
	ck_assert_uint_eq(sessions_of("alice", &session), 1);
	ck_assert_uint_eq(session.index, 1);
	ck_assert_uint_eq(session.in.pkts, 24);
	ck_assert_uint_eq(session.out.pkts, 7);
	ck_assert_uint_eq(session.refreshes, 1);
	ck_assert_uint_eq(session.remote.bytes[0], 198);
}
END_TEST

START_TEST(a_reauthentication_continues_the_session_break_before_make)
{
	struct vici_ike a = login(1, "alice", 4500, 1), b = login(2, "alice", 4501, 1);
	struct ipm_session session;

	tell_both(a, with_packets(child(1, "net", 1, 0x100), 3, 2));
	a.passive = VICI_TASK_IKE_DELETE;
	ike_down(a);
	child_down(a, with_packets(child(1, "net", 1, 0x100), 4, 2));
	ck_assert_uint_eq(sessions_of("alice", &session), 0);
	tell_both(b, with_packets(child(2, "net", 1, 0x200), 1, 1));
	ck_assert_uint_eq(sessions_of("alice", &session), 1);
	ck_assert_uint_eq(session.index, 1);
	ck_assert_uint_eq(session.in.pkts, 5);
	ck_assert_uint_eq(session.refreshes, 1);
	ck_assert_uint_eq(totals().sessions.total, 1);
}
END_TEST

START_TEST(a_reauthentication_continues_the_session_make_before_break)
{
	struct vici_ike a = login(1, "alice", 4500, 1), b = login(2, "alice", 4500, 1);
	struct ipm_session session;

	tell_both(a, with_packets(child(1, "net", 1, 0x100), 3, 2));
	tell_both(b, with_packets(child(2, "net", 2, 0x200), 1, 1));
	tell_ike(a); /* a list still has it */
	ck_assert_uint_eq(sessions_of("alice", &session), 1);
	a.passive = VICI_TASK_IKE_DELETE;
	ike_down(a);
	child_down(a, with_packets(child(1, "net", 1, 0x100), 4, 2));
	ck_assert_uint_eq(sessions_of("alice", &session), 1);
	ck_assert_uint_eq(session.index, 1);
	ck_assert_uint_eq(session.in.pkts, 5);
	ck_assert_uint_eq(totals().sessions.total, 1);
}
END_TEST

START_TEST(a_session_that_does_not_come_back_is_over_with_its_reason)
{
	struct vici_ike a = login(1, "alice", 4500, 1), b = login(2, "bob", 4500, 2);
	struct ipm_session_history was;

	tell_ike(a);
	tell_ike(b);
	a.passive = VICI_TASK_IKE_DELETE;
	ike_down(a);
	ck_assert_int_eq(ipm_session_history_read(seg, 0, &was), -ENOENT);
	vici_model_expire(model, ipm_now_ns() + 4000000000u);
	ck_assert_int_eq(ipm_session_history_read(seg, 0, &was), 0);
	ck_assert_uint_eq(was.reason, IPM_REASON_PEER_DELETE);
	ck_assert_str_eq(was.session.user, "alice");
	b.active = VICI_TASK_IKE_DELETE; /* terminated here: nobody waits */
	ike_down(b);
	ck_assert_int_eq(ipm_session_history_read(seg, 1, &was), 0);
	ck_assert_uint_eq(was.reason, IPM_REASON_OPERATOR);
}
END_TEST

START_TEST(sessions_survive_a_restart_of_ipsecmond_and_of_charon)
{
	struct vici_ike a = login(1, "alice", 4500, 1);
	struct ipm_session session;

	tell_both(a, with_packets(child(1, "net", 1, 0x100), 3, 2));
	daemon_restarts();
	LIST_TWICE(tell_both(a, with_packets(child(1, "net", 1, 0x100), 5, 2)));
	ck_assert_uint_eq(sessions_of("alice", &session), 1);
	ck_assert_uint_eq(session.index, 1);
	ck_assert_uint_eq(session.in.pkts, 5);
	charon_is_away();
	LIST_TWICE((void)0);
	ck_assert_uint_eq(sessions_of("alice", &session), 0);
	LIST_TWICE(tell_both(of_another_charon(a), child(1, "net", 1, 0x500)));
	ck_assert_uint_eq(sessions_of("alice", &session), 1);
	ck_assert_uint_eq(session.index, 1);
}
END_TEST

START_TEST(the_xauth_users_of_a_group_are_no_rekeys_of_each_other)
{
	struct vici_ike a = login(1, "", 4500, 0), b = login(2, "", 4500, 0);
	struct ipm_session session;
	a.version = b.version = 1;
	snprintf(a.xauth_id, sizeof(a.xauth_id), "carl");
	snprintf(b.xauth_id, sizeof(b.xauth_id), "dora");
	tell_ike(a);
	tell_ike(b);
	ck_assert_uint_eq(sessions_of("carl", &session), 1);
	ck_assert_uint_eq(sessions_of("dora", &session), 1);
	ck_assert_uint_eq(rows(IPM_IKE_SAS), 2);
}
END_TEST

/* --- failed logins ---------------------------------------------------------------------------------------------- */

START_TEST(a_login_that_failed_has_its_reason_and_source)
{
	struct vici_conn conn = { .name = "ra", .user_is = IPM_USER_EAP };
	struct vici_failures *f = vici_failures_new(writer, model);
	struct vici_alert alert = { .kind = VICI_ALERT_PEER_AUTH_FAILED, .conn = "ra", .remote_id = "mallory" };
	struct ipm_login_failure failure;

	vici_model_conn(model, &conn);
	alert.remote = ip4(192, 0, 2, 9);
	vici_failures_alert(f, &alert, 1);
	alert.kind = VICI_ALERT_VIP_FAILURE;
	snprintf(alert.remote_id, sizeof(alert.remote_id), "bob");
	vici_failures_alert(f, &alert, 2);
	snprintf(alert.conn, sizeof(alert.conn), "s2s"); /* not a user's */
	snprintf(alert.remote_id, sizeof(alert.remote_id), "branch");
	vici_failures_alert(f, &alert, 3);
	vici_failures_flush(f, 4);
	vici_failures_free(f);
	ck_assert_uint_eq(ipm_segment_used(seg, IPM_LOGIN_FAILURES), 2);
	ck_assert_int_eq(ipm_login_failure_read(seg, 0, &failure), 0);
	ck_assert_uint_eq(failure.reason, IPM_LOGIN_AUTH);
	ck_assert_str_eq(failure.user, "mallory");
	ck_assert_str_eq(failure.group, "ra");
	ck_assert_uint_eq(failure.remote.bytes[3], 9);
	ck_assert_int_eq(ipm_login_failure_read(seg, 1, &failure), 0);
	ck_assert_uint_eq(failure.reason, IPM_LOGIN_NO_ADDRESS);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("vici_session");
	TCase *tc = tcase_create("decode");
	tcase_add_test(tc, an_ike_sa_names_its_user_and_virtual_addresses);
	tcase_add_test(tc, a_connection_says_how_a_user_authenticates);
	tcase_add_test(tc, pools_have_a_size_and_leases);
	tcase_add_test(tc, a_user_a_virtual_address_or_any_peer_make_it_remote_access);
	suite_add_tcase(s, tc);
	tc = tcase_create("model");
	tcase_add_checked_fixture(tc, given_a_gateway_with_users, NULL);
	tcase_add_test(tc, the_same_user_connected_twice_has_two_sessions);
	tcase_add_test(tc, a_session_counts_through_rekeys_and_follows_a_moving_peer);
	tcase_add_test(tc, a_reauthentication_continues_the_session_break_before_make);
	tcase_add_test(tc, a_reauthentication_continues_the_session_make_before_break);
	tcase_add_test(tc, a_session_that_does_not_come_back_is_over_with_its_reason);
	tcase_add_test(tc, sessions_survive_a_restart_of_ipsecmond_and_of_charon);
	tcase_add_test(tc, the_xauth_users_of_a_group_are_no_rekeys_of_each_other);
	tcase_add_test(tc, a_login_that_failed_has_its_reason_and_source);
	suite_add_tcase(s, tc);
	return run_in_scratch("check_vici_session", s);
}
