/* SPDX-License-Identifier: ISC */
/* show crypto session, as on IOS; show vpn-sessiondb, as on an ASA. */
#include "session_fixture.h"

static void
given_one(void)
{
	given_users();
	given_carried(given_user("alice", "rw", "192.0.2.7", "10.3.0.1", 85), 115600, 46600);
}

/* ---- IOS ---- */

START_TEST(a_session_is_shown_as_on_ios)
{
	given_one();
	expect("show crypto session", "Crypto session current status\n"
				      "\n"
				      "Interface: -\n"
				      "Username: alice\n"
				      "Group: rw\n"
				      "Assigned address: 10.3.0.1\n"
				      "Session status: UP-ACTIVE\n"
				      "Peer: 192.0.2.7 port 4500\n"
				      "  Session ID: 1\n"
				      "  IKEv2 SA: local 192.0.2.1/500 remote 192.0.2.7/4500 Active\n"
				      "  IPSEC FLOW: permit ip 10.1.0.0/255.255.0.0 host 10.3.0.1\n"
				      "        Active SAs: 2, origin: -\n");
}
END_TEST

START_TEST(detail_adds_counters_and_lifetimes)
{
	given_one();
	ck_assert_int_eq(run("show crypto session detail"), 0);
	expect_line("Uptime: 00:01:25");
	expect_line("Peer: 192.0.2.7 port 4500 fvrf: (none) ivrf: (none)");
	expect_line("      Phase1_id: CN=laptop");
	expect_line("          Capabilities:C connid:1 lifetime:04:00:00");
	expect_line("        Inbound:  #pkts dec'ed 1156 drop 2 life (KB/Sec) KB Vol Rekey Disabled/3600");
	expect_line("        Outbound: #pkts enc'ed 466 drop 0 life (KB/Sec) 4607954/3600");
}
END_TEST

START_TEST(brief_has_a_line_for_each)
{
	given_one();
	expect("show crypto session brief",
	       "Status: A- Active, U - Up, D - Down, I - Idle, S - Standby, N - Negotiating\n"
	       "        K - No IKE\n"
	       "ivrf = (none)\n"
	       "Peer            I/F        Username         Group/Phase1_id    Uptime   Status\n"
	       "192.0.2.7       -          alice            rw                 00:01:25 UA\n");
}
END_TEST

START_TEST(filters_go_on_either_side_of_detail)
{
	given_one();
	given_user("bob", "admins", "192.0.2.8", "10.3.0.2", 61);
	static const char *const alice[] = { "show crypto session username alice",
					     "show crypto session detail remote 192.0.2.7",
					     "show crypto session group rw brief", "sh cry ses rem 192.0.2.7 det" };
	for (size_t i = 0; i < COUNT(alice); i++) {
		ck_assert_int_eq(run(alice[i]), 0);
		ck_assert_uint_ge(times("alice"), 1);
		expect_no_word("bob");
	}
	run("show crypto session brief username bob");
	expect_line("192.0.2.8       -          bob              admins             00:01:01 UI");
	ck_assert_int_eq(run("show crypto session username eve"), 1);
	ck_assert_str_eq(err, "ipsecmon: there is no such session\n");
	ck_assert_int_eq(run("show crypto session remote here"), 1);
	ck_assert_str_eq(err, "ipsecmon: \"here\" is not an IP address\n");
}
END_TEST

START_TEST(the_status_follows_the_ike_sa_and_the_tunnels)
{
	given_users();
	uint32_t alice = given_user("alice", "rw", "192.0.2.7", "10.3.0.1", 10);
	run("show crypto session");
	expect_line("Session status: UP-IDLE");
	given_carried(alice, 100, 100);
	struct ipm_session session = *ipm_session_peek(w, alice);
	struct ipm_ike_sa ike = *ipm_ike_peek(w, session.ike_slot);
	session.state = IPM_SESSION_HELD;
	ck_assert_int_eq(ipm_session_put(w, alice, &session), 0);
	run("show crypto session");
	expect_line("Session status: DOWN");
	ipm_ike_stop(w, session.ike_slot, IPM_REASON_NORMAL);
	session.state = IPM_SESSION_UP;
	ck_assert_uint_ne(ike.index, 0);
	run("show crypto session brief");
	expect_line("192.0.2.7       -          alice            rw                 00:00:10 D");
}
END_TEST

START_TEST(another_gateway_has_a_profile_and_no_user_name)
{
	given_users();
	given_session_with("CN=site-b", "site-b", "198.51.100.2", NULL, 10, 1);
	run("show crypto session");
	expect_line("Profile: site-b");
	expect_no_word("Username");
	expect_no_word("Assigned");
}
END_TEST

START_TEST(no_sessions_and_no_knowledge_are_told_apart)
{
	given_segment();
	ck_assert_int_eq(run("show crypto session"), 0);
	ck_assert_ptr_nonnull(strstr(out, "not known: no feed is up"));
	given_vici();
	expect("show crypto session", "Crypto session current status\nnobody is connected\n");
	json_t *j = runs_json("show crypto session --json");
	ck_assert_uint_eq(json_array_size(at(j, "segments.0.sessions")), 0);
	json_decref(j);
}
END_TEST

/* ---- ASA ---- */

START_TEST(remote_users_are_shown_as_on_an_asa)
{
	given_one();
	setenv("TZ", "UTC", 1);
	ck_assert_int_eq(run("show vpn-sessiondb ra-ikev2-ipsec"), 0);
	static const char begins[] = "Session Type: IKEv2 IPsec Remote-Access\n"
				     "\n"
				     "Username     : alice                  Index        : 1\n"
				     "Assigned IP  : 10.3.0.1               Public IP    : 192.0.2.7\n"
				     "Protocol     : IKEv2 IPsec\n"
				     "Encryption   : IKEv2: (1)AES256  IPsec: (1)AES256\n"
				     "Hashing      : IKEv2: (1)SHA256  IPsec: (1)SHA256\n"
				     "Bytes Tx     : 46600                  Bytes Rx     : 115600\n"
				     "Tunnel Group : rw\n"
				     "Login Time   : ";
	ck_assert_int_eq(strncmp(out, begins, sizeof(begins) - 1), 0);
	expect_line("Duration     : 0h:01m:25s");
	ck_assert_ptr_nonnull(strstr(out, " UTC "));
	expect("show vpn-sessiondb l2l", "INFO: There are presently no active sessions of the type specified\n");
	expect("show vpn-sessiondb ra-ikev1-ipsec",
	       "INFO: There are presently no active sessions of the type specified\n");
	ck_assert_int_eq(run("show vpn-sessiondb remote"), 0);
	expect_line("Session Type: IPsec Remote-Access");
}
END_TEST

START_TEST(detail_lists_the_ike_sa_and_each_tunnel)
{
	given_one();
	ck_assert_int_eq(run("show vpn-sessiondb detail ra-ikev2-ipsec"), 0);
	expect_line("Session Type: IKEv2 IPsec Remote-Access Detailed");
	expect_line("IKEv2 Tunnels: 1");
	expect_line("IPsec Tunnels: 1");
	expect_line("  Tunnel ID    : 1.1");
	expect_line("  UDP Src Port : 4500                   UDP Dst Port : 500");
	expect_line("  Rem Auth Mode: EAP_MSCHAPV2");
	expect_line("  Rekey Int (T): 14400 Seconds          Rekey Left(T): 14400 Seconds");
	expect_line("  D/H Group    : MODP_2048");
	expect_line("  Tunnel ID    : 1.2");
	expect_line("  Local Addr   : 10.1.0.0/255.255.0.0/0/0");
	expect_line("  Remote Addr  : 10.3.0.1/255.255.255.255/0/0");
	expect_line("  Encapsulation: Tunnel");
	expect_line("  Bytes Tx     : 46600                  Bytes Rx     : 115600");
	expect_line("  Pkts Tx      : 466                    Pkts Rx      : 1156");
}
END_TEST

START_TEST(another_gateway_is_a_lan_to_lan_session)
{
	given_users();
	given_session_with("CN=site-b", "site-b", "198.51.100.2", NULL, 61, 1);
	ck_assert_int_eq(run("show vpn-sessiondb l2l"), 0);
	expect_line("Session Type: LAN-to-LAN");
	expect_line("Connection   : site-b");
	expect_line("Index        : 1                      IP Addr      : 198.51.100.2");
	expect_line("Encryption   : IKEv1: (1)AES256");
	expect_line("Duration     : 0h:01m:01s");
}
END_TEST

START_TEST(alone_it_says_how_many_there_are)
{
	given_one();
	given_session_with("CN=site-b", "site-b", "198.51.100.2", NULL, 61, 1);
	ipm_session_stop(w, given_user("bob", "rw", "192.0.2.8", "10.3.0.2", 10), IPM_REASON_NORMAL);
	ck_assert_int_eq(run("show vpn-sessiondb"), 0);
	expect_line("                              Active : Cumulative : Peak Concur");
	expect_line("IPsec Remote Access         :      1 :          2 :           2");
	expect_line("Site-to-Site VPN            :      1 :          1 :           1");
	expect_line("Total                       :      2 :          3 :           3");
	json_t *j = runs_json("show vpn-sessiondb --json");
	expect_int(j, "segments.0.session_totals.remote_access.active", 1);
	json_decref(j);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd_session");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, a_session_is_shown_as_on_ios);
	tcase_add_test(tc, detail_adds_counters_and_lifetimes);
	tcase_add_test(tc, brief_has_a_line_for_each);
	tcase_add_test(tc, filters_go_on_either_side_of_detail);
	tcase_add_test(tc, the_status_follows_the_ike_sa_and_the_tunnels);
	tcase_add_test(tc, another_gateway_has_a_profile_and_no_user_name);
	tcase_add_test(tc, no_sessions_and_no_knowledge_are_told_apart);
	tcase_add_test(tc, remote_users_are_shown_as_on_an_asa);
	tcase_add_test(tc, detail_lists_the_ike_sa_and_each_tunnel);
	tcase_add_test(tc, another_gateway_is_a_lan_to_lan_session);
	tcase_add_test(tc, alone_it_says_how_many_there_are);
	return run_suite(suite);
}
