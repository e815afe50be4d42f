/* SPDX-License-Identifier: ISC */
/* Peers: shown by identity or address, with a name; none is lost. */
#include <time.h>

#include "mib_fixture.h"
#include "mib_notify.h"
#include "mib_set.h"

static struct mib_notification last; /* the notification sent last */

static void
given_a_segment(void)
{
	capacity = (struct ipm_capacity){ .ike_sas = 8,
					  .tunnels = 8,
					  .selectors = 8,
					  .sas = 8,
					  .feeds = 1,
					  .events = 64,
					  .history = 8,
					  .failures = 8,
					  .maps = 8,
					  .access = 8,
					  .engines = 1 };
	master_ns = ipm_now_ns() - SECOND;
	mib = mib_new(mib_views, mib_view_count);
	ck_assert_ptr_nonnull(mib);
	w = given_segment();
	serve(w);
}

static void
shown_as(bool by_address, enum mib_peer_name name)
{
	mib_show_peers(mib, (struct mib_peers){ .by_address = by_address, .name = name });
	serve(w);
	mib_request(mib, master_ns);
}

/* An IKE SA between 192.0.2.1 and this peer. */
static uint32_t
given_peer(const char *remote_id, const char *remote)
{
	struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED,
				 .version = 2,
				 .local = address("192.0.2.1"),
				 .remote = address(remote),
				 .local_id = "hub.example.net",
				 .conn = "branch" };
	snprintf(sa.remote_id, sizeof(sa.remote_id), "%s", remote_id);
	return ok(ipm_ike_start(w, &sa));
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

START_TEST(a_peer_is_its_identity_and_has_no_name_unless_this_is_configured)
{
	given_peer("west.example.net", "198.51.100.7");
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cikeTunRemoteType.1", 2);
	expect_text("cikeTunRemoteValue.1", "west.example.net");
	expect_text("cikeTunLocalValue.1", "hub.example.net");
	expect_text("cikeTunLocalName.1", "");
	expect_text("cikeTunRemoteName.1", "");
	expect_number("cikePeerActiveTunnelIndex.2.'hub.example.net'.2.'west.example.net'.1", 1);
}
END_TEST

START_TEST(by_address_its_value_type_and_index_are_those_of_the_address)
{
	uint32_t ike = given_peer("west.example.net", "198.51.100.7");
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .ike_slot = ike, .ike_index = 1 };
	ok(ipm_tunnel_start(w, &tunnel));
	given_peer("east.example.net", "2001:db8::7");
	shown_as(true, MIB_NAME_CONNECTION);
	expect_number("cikeTunLocalType.1", 1);
	expect_number("cikeTunRemoteType.1", 1);
	expect_text("cikeTunLocalValue.1", "192.0.2.1");
	expect_text("cikeTunRemoteValue.1", "198.51.100.7");
	expect_text("cikeTunRemoteValue.2", "2001:db8::7");
	expect_text("cikeTunLocalName.1", "branch");
	expect_text("cikeTunRemoteName.1", "branch");
	expect_number("cikePeerActiveTunnelIndex.1.'192.0.2.1'.1.'198.51.100.7'.1", 1);
	expect_number("cikePeerCorrIpSecTunIndex.1.'192.0.2.1'.1.'198.51.100.7'.1.1", 1);
}
END_TEST

START_TEST(peers_behind_one_address_keep_a_row_each_and_its_index)
{
	uint32_t alice = given_peer("alice@example.net", "198.51.100.7");
	given_peer("bob@example.net", "198.51.100.7");
	shown_as(true, MIB_NAME_IDENTITY);
	expect_number("cikePeerActiveTunnelIndex.1.'192.0.2.1'.1.'198.51.100.7'.1", 1);
	expect_number("cikePeerActiveTunnelIndex.1.'192.0.2.1'.1.'198.51.100.7'.2", 2);
	expect_text("cikeTunRemoteName.1", "alice@example.net");
	expect_text("cikeTunLocalName.2", "bob@example.net");
	ipm_ike_stop(w, alice, IPM_REASON_NORMAL);
	serve(w);
	mib_request(mib, master_ns);
	expect_no_instance("cikePeerActiveTunnelIndex.1.'192.0.2.1'.1.'198.51.100.7'.1");
	expect_number("cikePeerActiveTunnelIndex.1.'192.0.2.1'.1.'198.51.100.7'.2", 2);
}
END_TEST

START_TEST(history_and_failures_show_it_the_same_way)
{
	ipm_ike_stop(w, given_peer("west.example.net", "198.51.100.7"), IPM_REASON_NORMAL);
	ipm_fail(w, IPM_IKE_FAILURES,
		 &(struct ipm_failure){ .reason = IPM_FAIL_AUTH,
					.time_ns = ipm_now_ns(),
					.local_id = "hub.example.net",
					.remote_id = "west.example.net",
					.local = address("192.0.2.1"),
					.remote = address("198.51.100.7") });
	ipm_fail(w, IPM_IKE_FAILURES,
		 &(struct ipm_failure){ .reason = IPM_FAIL_AUTH, .time_ns = ipm_now_ns(), .remote_id = "nowhere" });
	shown_as(true, MIB_NAME_CONNECTION);
	expect_number("cikeTunHistPeerRemoteType.1", 1);
	expect_text("cikeTunHistPeerRemoteValue.1", "198.51.100.7");
	expect_text("cikeTunHistLocalName.1", "branch");
	expect_number("cikeFailRemoteType.1", 1);
	expect_text("cikeFailLocalValue.1", "192.0.2.1");
	expect_text("cikeFailRemoteValue.1", "198.51.100.7");
	expect_text("cikeFailRemoteValue.2", "nowhere"); /* its address is not known */
}
END_TEST

START_TEST(the_policy_of_an_ike_sa_is_found_whatever_is_shown)
{
	struct ipm_map_entry map = {
		.kind = IPM_MAP_STATIC, .key_type = IPM_KEY_IKE, .name = "branch", .child = "net"
	};
	ok(ipm_map_open(w, &map));
	given_peer("west.example.net", "198.51.100.7");
	shown_as(true, MIB_NAME_NONE);
	expect_number("ikePolMapPolicyNum.1", 1);
}
END_TEST

static void
keep(void *arg, const struct mib_notification *out)
{
	(void)arg;
	last = *out;
}

START_TEST(notifications_name_the_row_that_is_shown)
{
	struct mib_notify *notify = mib_notify_new(100, mib, keep, NULL);
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct name expected = name_of("cikePeerLocalAddr.1.'192.0.2.1'.1.'198.51.100.7'.1");

	ck_assert_ptr_nonnull(notify);
	mib_notify_serve(notify, &seg, 1);
	for (unsigned i = 0; i < MIB_NOTIFICATIONS; i++)
		mib_controls.notify[i] = 1;
	shown_as(true, MIB_NAME_CONNECTION);
	given_peer("west.example.net", "198.51.100.7");
	ipm_writer_commit(w);
	for (unsigned tries = 0; last.count == 0 && tries < 1000; tries++) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		mib_notify_poll(notify);
	}
	ck_assert_uint_ge(last.count, 1);
	ck_assert_uint_eq(last.varbind[0].name_len, expected.len);
	ck_assert_mem_eq(last.varbind[0].name, expected.id, expected.len * sizeof(expected.id[0]));
	mib_notify_free(notify);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("views_peers");
	TCase *tc = tcase_create("peers");
	tcase_add_checked_fixture(tc, given_a_segment, tables_gone);
	tcase_add_test(tc, a_peer_is_its_identity_and_has_no_name_unless_this_is_configured);
	tcase_add_test(tc, by_address_its_value_type_and_index_are_those_of_the_address);
	tcase_add_test(tc, peers_behind_one_address_keep_a_row_each_and_its_index);
	tcase_add_test(tc, history_and_failures_show_it_the_same_way);
	tcase_add_test(tc, the_policy_of_an_ike_sa_is_found_whatever_is_shown);
	tcase_add_test(tc, notifications_name_the_row_that_is_shown);
	suite_add_tcase(s, tc);
	return run_in_scratch("check_views_peers", s);
}
