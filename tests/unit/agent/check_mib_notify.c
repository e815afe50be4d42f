/* SPDX-License-Identifier: ISC */
/* Events become notifications, with the right variables. */

#include "notify_fixture.h"

#define NO_LIMIT 2147483647u

/* --- IKE SAs and tunnels ------------------------------------------------- */

START_TEST(an_ike_sa_that_comes_up_tells_its_peer_and_how_long_it_may_live)
{
	uint32_t index = ipm_ike_peek(w, given_ike(w))->index;
	ck_assert_uint_eq(index, 1);
	tell_all();
	expect_numbers(1, 0);
	expect_count(0, 1, 3);
	expect_peer(0);
	expect_integer(0, 2, "1.2.3.1.15.1", 14400);
}
END_TEST

START_TEST(an_ike_sa_that_is_being_negotiated_is_told_when_it_is_up)
{
	struct ipm_ike_sa sa = ike_sa();
	sa.state = IPM_IKE_NEGOTIATING;
	uint32_t slot = ok(ipm_ike_start(w, &sa));
	tell_all();
	ck_assert_uint_eq(sent_count, 0);
	sa.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, slot, &sa);
	tell_all();
	expect_numbers(1, 0);
}
END_TEST

START_TEST(an_ike_sa_that_ends_tells_how_long_it_lasted_however_late_it_is_told)
{
	uint32_t slot = given_ike(w);
	from_now_on();
	ipm_ike_stop(w, slot, IPM_REASON_OPERATOR);
	rest_ms(50);
	tell_all();
	expect_numbers(2, 0);
	expect_count(0, 2, 3);
	expect_peer(0);
	expect_integer(0, 2, "1.2.3.1.16.1", ike_lasted(0));
}
END_TEST

START_TEST(a_tunnel_that_comes_up_tells_its_limits)
{
	given_tunnel(w);
	tell_all();
	expect_numbers(7, 0);
	expect_count(0, 7, 2);
	expect_integer(0, 0, "1.3.2.1.9.1", 3600);
	expect_integer(0, 1, "1.3.2.1.8.1", 4608000);
}
END_TEST

START_TEST(a_tunnel_without_limits_tells_that_it_has_none)
{
	struct ipm_tunnel t = tunnel();
	t.hard_ns = t.hard_octets = 0;
	ok(ipm_tunnel_start(w, &t));
	tell_all();
	expect_integer(0, 0, "1.3.2.1.9.1", NO_LIMIT);
	expect_integer(0, 1, "1.3.2.1.8.1", NO_LIMIT);
}
END_TEST

START_TEST(a_tunnel_that_ends_tells_how_long_it_lasted_however_late_it_is_told)
{
	uint32_t slot = given_tunnel(w);
	from_now_on();
	ipm_tunnel_stop(w, slot, IPM_REASON_PEER_DELETE);
	rest_ms(50);
	tell_all();
	expect_numbers(8, 0);
	expect_count(0, 8, 1);
	expect_integer(0, 0, "1.3.2.1.10.1", tunnel_lasted(0));
}
END_TEST

START_TEST(a_tunnel_that_ends_early_tells_so_beside_its_end_with_its_newest_sa)
{
	uint32_t slot = given_tunnel(w);
	given_sa_pair(w, slot);
	given_sa_pair(w, slot); /* rekeyed: the newest is 4 */
	from_now_on();
	ipm_tunnel_stop(w, slot, IPM_REASON_PEER_LOST);
	rest_ms(50);
	tell_all();
	expect_numbers(8, 11, 0);
	expect_count(0, 8, 1);
	expect_integer(0, 0, "1.3.2.1.10.1", tunnel_lasted(0));
	expect_count(1, 11, 2);
	expect_integer(1, 0, "1.3.2.1.10.1", tunnel_lasted(0));
	expect_integer(1, 1, "1.3.4.1.4.1.4", 2); /* esp */
}
END_TEST

START_TEST(an_ah_tunnel_that_ends_early_is_told_as_ah)
{
	struct ipm_tunnel t = tunnel();
	t.protocol = 51;
	ipm_tunnel_stop(w, ok(ipm_tunnel_start(w, &t)), IPM_REASON_LOCAL_FAILURE);
	tell_all();
	expect_numbers(7, 8, 11, 0);
	expect_integer(2, 1, "1.3.4.1.4.1.0", 1); /* it never had an SA */
}
END_TEST

START_TEST(a_tunnel_ends_early_for_the_reasons_that_nobody_wanted)
{
	static const struct {
		enum ipm_reason reason;
		bool early;
	} reasons[] = {
		{ IPM_REASON_UNKNOWN, false },     { IPM_REASON_NORMAL, false },     { IPM_REASON_OPERATOR, false },
		{ IPM_REASON_PEER_DELETE, false }, { IPM_REASON_PEER_LOST, true },   { IPM_REASON_LOCAL_FAILURE, true },
		{ IPM_REASON_SEQ_ROLLOVER, true }, { IPM_REASON_SOURCE_LOST, true },
	};
	ck_assert_uint_eq(MIB_COUNT(reasons), IPM_REASON_CHECKPOINT); /* all reasons, except the one that is no end */
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		uint32_t slot = given_tunnel(w);
		from_now_on();
		ipm_tunnel_stop(w, slot, reasons[i].reason);
		tell_all();
		ck_assert_msg(sent_count == 1u + reasons[i].early, "reason %u: %u notifications", reasons[i].reason,
			      sent_count);
		ck_assert_uint_eq(sent[0].number, 8);
		if (reasons[i].early)
			ck_assert_uint_eq(sent[1].number, 11);
	}
}
END_TEST

START_TEST(an_ike_sa_that_ends_early_has_no_notification_of_that)
{
	ipm_ike_stop(w, given_ike(w), IPM_REASON_PEER_LOST);
	tell_all();
	expect_numbers(1, 2, 0);
}
END_TEST

START_TEST(notifications_are_in_the_order_of_what_happened)
{
	uint32_t ike = given_ike(w), one = given_tunnel(w), two = given_tunnel(w);
	struct ipm_failure f = failure(IPM_FAIL_PROPOSAL);
	ipm_fail(w, IPM_IKE_FAILURES, &f);
	ipm_tunnel_stop(w, one, IPM_REASON_NORMAL);
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, two, IPM_REASON_PEER_LOST);
	tell_all();
	expect_numbers(1, 7, 7, 5, 8, 2, 8, 11, 0);
	expect_stats(8, 0, 0);
}
END_TEST

START_TEST(a_rekey_and_a_check_point_are_told_to_nobody)
{
	uint32_t ike = given_ike(w), slot = given_tunnel(w);
	from_now_on();
	ipm_ike_refresh(w, ike);
	ipm_tunnel_refresh(w, slot);
	ipm_checkpoint(w);
	tell_all();
	ck_assert_uint_eq(sent_count, 0);
}
END_TEST

/* --- the index of a peer ------------------------------------------------- */

START_TEST(two_ike_sas_between_the_same_two_are_told_apart)
{
	given_ike(w);
	given_ike(w);
	tell_all();
	expect_octets(0, 0, "1.2.2.1.6." OF_PEER, "192.0.2.1");
	expect_octets(1, 0, "1.2.2.1.6.1.9.49.57.50.46.48.46.50.46.49.2.2.103.119.2", "192.0.2.1");
	expect_integer(1, 2, "1.2.3.1.15.2", 14400);
}
END_TEST

START_TEST(an_identity_is_part_of_an_index_as_far_as_54_octets)
{
	struct ipm_ike_sa sa = ike_sa();
	char expected[1024] = "1.2.2.1.6";
	memset(sa.local_id, 0, sizeof(sa.local_id));
	memset(sa.local_id, 'a', 54);
	memset(sa.remote_id, 'b', 200);
	strcat(expected, ".2.54");
	for (int i = 0; i < 54; i++)
		strcat(expected, ".97");
	strcat(expected, ".2.54");
	for (int i = 0; i < 54; i++)
		strcat(expected, ".98");
	strcat(expected, ".1");
	ok(ipm_ike_start(w, &sa));
	tell_all();
	expect_octets(0, 0, expected, "192.0.2.1");
	ck_assert_uint_le(sent[0].varbind[0].name_len, 128);
}
END_TEST

START_TEST(identities_of_all_kinds_are_addresses_or_names)
{
	struct ipm_ike_sa sa = ike_sa();
	strcpy(sa.local_id, "fd::1");
	strcpy(sa.remote_id, "a=\xc3\xa4");
	sa.local = address("fd00::1");
	sa.remote = address("fd00::2");
	ok(ipm_ike_start(w, &sa));
	tell_all();
	expect_octets(0, 0, "1.2.2.1.6.1.5.102.100.58.58.49.2.4.97.61.195.164.1", "fd00::1");
	expect_octets(0, 1, "1.2.2.1.7.1.5.102.100.58.58.49.2.4.97.61.195.164.1", "fd00::2");
}
END_TEST

START_TEST(a_peer_that_is_not_known_has_empty_names_and_no_address)
{
	struct ipm_failure f = { .reason = IPM_FAIL_NO_SA };
	ipm_fail(w, IPM_IKE_FAILURES, &f);
	tell_all();
	expect_count(0, 6, 2);
	expect_octets(0, 0, "1.2.2.1.6.2.0.2.0.0", "0.0.0.0");
	expect_octets(0, 1, "1.2.2.1.7.2.0.2.0.0", "0.0.0.0");
}
END_TEST

/* --- failures ------------------------------------------------------------ */

START_TEST(every_reason_of_a_failure_has_its_notification)
{
	ck_assert_uint_eq(MIB_COUNT(notification_of), IPM_FAIL_SEQ_ROLLOVER + 1);
	for (unsigned i = 0; i < MIB_COUNT(notification_of); i++) {
		struct ipm_failure f = failure(notification_of[i].reason), during = f;
		ck_assert_uint_eq(notification_of[i].reason, i);
		during.setup = 1;
		sent_count = 0;
		ipm_fail(w, IPM_IKE_FAILURES, &f);
		ipm_fail(w, IPM_IKE_FAILURES, &during);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &during);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
		tell_all();
		ck_assert_uint_eq(sent_count, 4);
		ck_assert_msg(sent[0].number == notification_of[i].ike && sent[1].number == notification_of[i].ike &&
				      sent[2].number == notification_of[i].setup &&
				      sent[3].number == notification_of[i].later,
			      "reason %u: %u %u %u %u, expected %u %u %u %u", i, sent[0].number, sent[1].number,
			      sent[2].number, sent[3].number, notification_of[i].ike, notification_of[i].ike,
			      notification_of[i].setup, notification_of[i].later);
	}
}
END_TEST

START_TEST(failures_of_ike_tell_the_peer)
{
	static const enum ipm_failure_reason reasons[] = { IPM_FAIL_CAPACITY, IPM_FAIL_CERT_EXPIRED, IPM_FAIL_AUTH,
							   IPM_FAIL_NO_SA };
	for (unsigned i = 0; i < MIB_COUNT(reasons); i++) {
		struct ipm_failure f = failure(reasons[i]);
		ipm_fail(w, IPM_IKE_FAILURES, &f);
	}
	tell_all();
	expect_numbers(3, 4, 5, 6, 0);
	for (unsigned n = 0; n < MIB_COUNT(reasons); n++) {
		expect_count(n, 3 + n, 2);
		expect_peer(n);
	}
}
END_TEST

/* A tunnel with its second pair of SAs, and a failure of the tunnel. */
static struct ipm_failure
given_a_failing_tunnel(enum ipm_failure_reason reason)
{
	struct ipm_failure f = failure(reason);
	uint32_t slot;
	given_tunnel(w);
	slot = given_tunnel(w);
	given_sa_pair(w, slot);
	given_sa_pair(w, slot);
	from_now_on();
	f.tunnel_index = ipm_tunnel_peek(w, slot)->index;
	f.time_ns = ipm_tunnel_peek(w, slot)->created_ns + 7250 * MS;
	return f;
}

START_TEST(a_failure_of_the_system_tells_peer_tunnel_and_sa)
{
	struct ipm_failure f = given_a_failing_tunnel(IPM_FAIL_CAPACITY);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	tell_all();
	expect_count(0, 9, 4);
	expect_peer(0);
	expect_integer(0, 2, "1.3.2.1.10.2", 725);
	expect_integer(0, 3, "1.3.4.1.4.2.4", 2);
}
END_TEST

START_TEST(a_failure_of_the_protocol_tells_tunnel_and_sa)
{
	struct ipm_failure f = given_a_failing_tunnel(IPM_FAIL_DECRYPT);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	tell_all();
	expect_count(0, 12, 2);
	expect_integer(0, 0, "1.3.2.1.10.2", 725);
	expect_integer(0, 1, "1.3.4.1.4.2.4", 2);
}
END_TEST

START_TEST(a_failure_of_a_tunnel_that_is_not_there_has_its_index)
{
	struct ipm_failure f = failure(IPM_FAIL_DECRYPT);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	f.tunnel_index = 77;
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	tell_all();
	expect_numbers(12, 12, 0);
	expect_integer(0, 0, "1.3.2.1.10.0", 0);
	expect_integer(0, 1, "1.3.4.1.4.0.0", 2);
	expect_integer(1, 0, "1.3.2.1.10.77", 0);
	expect_integer(1, 1, "1.3.4.1.4.77.0", 2);
}
END_TEST

START_TEST(a_tunnel_that_cannot_be_set_up_tells_the_peer)
{
	struct ipm_failure f = failure(IPM_FAIL_PROPOSAL);
	f.setup = 1;
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	tell_all();
	expect_count(0, 10, 2);
	expect_peer(0);
}
END_TEST

START_TEST(a_packet_for_no_sa_tells_nothing_more)
{
	struct ipm_failure f = failure(IPM_FAIL_NO_SA);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	tell_all();
	expect_count(0, 13, 0);
}
END_TEST

/* --- what the MIB says --------------------------------------------------- */

/* OID of an object of the published MIB; NULL: there is none. */
static bool
published_oid(FILE *file, const char *name, char *oid, size_t size)
{
	char line[1024];
	size_t len = strlen(name);
	rewind(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, name, len) == 0 && line[len] == '\t') {
			snprintf(oid, size, "%.*s", (int)strcspn(line + len + 1, "\t"), line + len + 1);
			return true;
		}
	return false;
}

/* The varbinds of notification @p n have, in this order, the objects of the list "a,b,c". */
static void
expect_objects(FILE *file, unsigned n, char *list)
{
	unsigned i = 0;
	for (char *save, *name = strtok_r(list, ",\n", &save); name && strcmp(name, "-") != 0;
	     name = strtok_r(NULL, ",\n", &save), i++) {
		char oid[128];
		ck_assert_msg(published_oid(file, name, oid, sizeof(oid)), "no object %s", name);
		ck_assert_uint_lt(i, sent[n].count);
		const char *got = name_text(&sent[n].varbind[i]);
		ck_assert_msg(strncmp(got, oid, strlen(oid)) == 0 && got[strlen(oid)] == '.',
			      "notification %u, varbind %u: %s, expected %s (%s)", sent[n].number, i, got, name, oid);
	}
	ck_assert_msg(sent[n].count == i, "notification %u: %u varbinds, expected %u", sent[n].number, sent[n].count,
		      i);
}

START_TEST(every_published_notification_is_sent_with_its_objects_in_their_order)
{
	char path[512], line[1024];
	const char *top = getenv("top_srcdir");
	unsigned found = 0;
	snprintf(path, sizeof(path), "%s/tests/data/CISCO-IPSEC-FLOW-MONITOR-MIB.objects", top ? top : ".");
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is not there", path);
	everything_happens(w);
	tell_all();
	ck_assert_uint_eq(sent_count, KINDS);
	while (fgets(line, sizeof(line), file)) {
		unsigned number, n = 0;
		char *list = strrchr(line, '\t');
		if (!strstr(line, "\tnotification\t"))
			continue;
		ck_assert_int_eq(sscanf(line, "%*s 1.3.6.1.4.1.9.9.171.2.0.%u", &number), 1);
		while (n < sent_count && sent[n].number != number)
			n++;
		ck_assert_msg(n < sent_count, "notification %u was not sent", number);
		long at = ftell(file);
		expect_objects(file, n, list + 1);
		fseek(file, at, SEEK_SET);
		found++;
	}
	fclose(file);
	ck_assert_uint_eq(found, KINDS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mib_notify");
	TCase *tc = tests_of(suite, "coming and going", given_a_followed_segment);
	tcase_add_test(tc, an_ike_sa_that_comes_up_tells_its_peer_and_how_long_it_may_live);
	tcase_add_test(tc, an_ike_sa_that_is_being_negotiated_is_told_when_it_is_up);
	tcase_add_test(tc, an_ike_sa_that_ends_tells_how_long_it_lasted_however_late_it_is_told);
	tcase_add_test(tc, a_tunnel_that_comes_up_tells_its_limits);
	tcase_add_test(tc, a_tunnel_without_limits_tells_that_it_has_none);
	tcase_add_test(tc, a_tunnel_that_ends_tells_how_long_it_lasted_however_late_it_is_told);
	tcase_add_test(tc, a_tunnel_that_ends_early_tells_so_beside_its_end_with_its_newest_sa);
	tcase_add_test(tc, an_ah_tunnel_that_ends_early_is_told_as_ah);
	tcase_add_test(tc, a_tunnel_ends_early_for_the_reasons_that_nobody_wanted);
	tcase_add_test(tc, an_ike_sa_that_ends_early_has_no_notification_of_that);
	tcase_add_test(tc, notifications_are_in_the_order_of_what_happened);
	tcase_add_test(tc, a_rekey_and_a_check_point_are_told_to_nobody);
	tc = tests_of(suite, "peers", given_a_followed_segment);
	tcase_add_test(tc, two_ike_sas_between_the_same_two_are_told_apart);
	tcase_add_test(tc, an_identity_is_part_of_an_index_as_far_as_54_octets);
	tcase_add_test(tc, identities_of_all_kinds_are_addresses_or_names);
	tcase_add_test(tc, a_peer_that_is_not_known_has_empty_names_and_no_address);
	tc = tests_of(suite, "failures", given_a_followed_segment);
	tcase_add_test(tc, every_reason_of_a_failure_has_its_notification);
	tcase_add_test(tc, failures_of_ike_tell_the_peer);
	tcase_add_test(tc, a_failure_of_the_system_tells_peer_tunnel_and_sa);
	tcase_add_test(tc, a_failure_of_the_protocol_tells_tunnel_and_sa);
	tcase_add_test(tc, a_failure_of_a_tunnel_that_is_not_there_has_its_index);
	tcase_add_test(tc, a_tunnel_that_cannot_be_set_up_tells_the_peer);
	tcase_add_test(tc, a_packet_for_no_sa_tells_nothing_more);
	tcase_add_test(tc, every_published_notification_is_sent_with_its_objects_in_their_order);
	return run_in_scratch("check_mib_notify", suite);
}
