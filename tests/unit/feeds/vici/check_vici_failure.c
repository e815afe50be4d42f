/* SPDX-License-Identifier: ISC */
/* Alerts and events that are one failure. */

#include "failure_fixture.h"

/* --- which failures there were ------------------------------------------- */

static uint64_t
seconds_ms(unsigned n)
{
	return n * 1000ull;
}

static void
negotiation_ends(uint32_t uid)
{
	ike_down(ike(uid, VICI_IKE_CONNECTING));
}

static struct ipm_failure
only_failure(enum ipm_section_kind ring)
{
	struct ipm_failure f;
	ck_assert_uint_eq(count(IPM_IKE_FAILURES) + count(IPM_TUNNEL_FAILURES), 1);
	ck_assert_int_eq(ipm_failure_read(seg, ring, 0, &f), 0);
	return f;
}

START_TEST(an_alert_alone_is_one_failure_half_a_second_later)
{
	const struct kind_case *c = &kind_cases[_i];
	ck_assert_uint_eq(COUNT(kind_cases), VICI_ALERT_KINDS);
	tell((struct vici_alert){ .kind = c->kind, .text = "x", .conn = "gw", .remote = addr(2), .remote_id = "peer" });
	after_ms(499);
	nothing_failed();
	after_ms(1);
	if (c->ring < 0) {
		nothing_failed();
		ck_assert_uint_eq(vici_failures_due(failures), 0);
		return;
	}
	struct ipm_failure f = only_failure((enum ipm_section_kind)c->ring);
	bool setup = c->ring == IPM_TUNNEL_FAILURES || c->kind == VICI_ALERT_PEER_INIT_UNREACHABLE ||
		     c->kind == VICI_ALERT_HALF_OPEN_TIMEOUT;
	ck_assert_uint_eq(f.reason, (uint32_t)c->reason);
	ck_assert_uint_eq(f.setup, setup);
	ck_assert_uint_eq(f.initiator, c->kind == VICI_ALERT_PEER_INIT_UNREACHABLE);
	ck_assert_uint_eq(f.time_ns, START);
	ck_assert_uint_eq(f.peer, 1);
	ck_assert_str_eq(f.text, "x");
	ck_assert_str_eq(f.conn, "gw");
	ck_assert_str_eq(f.remote_id, "peer");
}
END_TEST

/* Either may come first: they use two sockets. */
START_TEST(an_alert_and_the_end_of_its_negotiation_are_one_failure)
{
	static const int gaps[] = { 0, 1, 400, 499, 700, 1900 };
	int gap = gaps[_i / 2];
	bool alert_first = _i % 2 == 0;
	if (alert_first)
		alert(VICI_ALERT_PEER_AUTH_FAILED);
	else
		negotiation_ends(7);
	after_ms((uint64_t)gap);
	if (alert_first)
		negotiation_ends(7);
	else if (gap < 500)
		alert(VICI_ALERT_PEER_AUTH_FAILED);
	after_ms(3000);
	struct ipm_failure f = only_failure(IPM_IKE_FAILURES);
	bool tied = gap < 500; /* afterwards each was recorded unchanged */
	ck_assert_uint_eq(f.reason, alert_first || tied ? IPM_FAIL_AUTH : IPM_FAIL_OTHER);
	ck_assert_uint_eq(f.setup, !alert_first || tied);
	ck_assert_str_eq(f.text, alert_first || tied ? "peer-auth-failed" : "the negotiation ended");
	if (tied)
		ck_assert_str_eq(f.local_id, "us");
}
END_TEST

START_TEST(a_negotiation_that_nobody_explains_says_how_far_it_came)
{
	static const struct {
		uint8_t version;
		uint16_t active, passive, encr;
		enum ipm_failure_reason reason;
		const char *text;
	} cases[] = {
		{ 2, VICI_TASK_IKE_INIT | VICI_TASK_IKE_AUTH, 0, 0, IPM_FAIL_OTHER,
		  "the negotiation ended in IKE_SA_INIT" },
		{ 2, 0, VICI_TASK_IKE_AUTH | VICI_TASK_OTHER, 12, IPM_FAIL_OTHER, "the negotiation ended in IKE_AUTH" },
		/* Measured: the peer has no proposal in common with us, and we have none with the peer. */
		{ 1, VICI_TASK_MAIN, VICI_TASK_INFORMATIONAL, 0, IPM_FAIL_PROPOSAL,
		  "the negotiation ended in Main Mode, when the peer sent a notification" },
		{ 1, 0, 0, 0, IPM_FAIL_PROPOSAL, "the negotiation ended" },
		/* It rejected our identity. */
		{ 1, VICI_TASK_MAIN, VICI_TASK_INFORMATIONAL, 12, IPM_FAIL_AUTH,
		  "the negotiation ended in Main Mode, when the peer sent a notification" },
		{ 1, 0, VICI_TASK_MAIN, 12, IPM_FAIL_OTHER, "the negotiation ended in Main Mode" },
		{ 1, VICI_TASK_AGGRESSIVE, 0, 0, IPM_FAIL_OTHER, "the negotiation ended in Aggressive Mode" },
		{ 1, VICI_TASK_AGGRESSIVE, VICI_TASK_INFORMATIONAL, 0, IPM_FAIL_OTHER,
		  "the negotiation ended in Aggressive Mode, when the peer sent a notification" },
	};
	struct vici_ike sa = ike(3, VICI_IKE_CONNECTING);
	sa.version = cases[_i].version;
	sa.active = cases[_i].active;
	sa.passive = cases[_i].passive;
	sa.proposal.encr = cases[_i].encr;
	sa.initiator = sa.active != 0;
	strcpy(sa.local_id, "%any");
	strcpy(sa.remote_id, "%any");
	strcpy(sa.name, "(unnamed)");
	ike_down(sa);
	after_ms(500);
	struct ipm_failure f = only_failure(IPM_IKE_FAILURES);
	ck_assert_uint_eq(f.reason, cases[_i].reason);
	ck_assert_uint_eq(f.setup, 1);
	ck_assert_uint_eq(f.initiator, sa.active != 0);
	ck_assert_str_eq(f.text, cases[_i].text);
	ck_assert_str_eq(f.local_id, "10.9.0.1"); /* no identities are known */
	ck_assert_str_eq(f.remote_id, "10.9.0.2");
	ck_assert_str_eq(f.conn, "");
	ck_assert_int_eq(f.remote.len, 4);
}
END_TEST

/* --- IKEv1 with another key: what 5.9.8 says of it ----------------------- */

static struct vici_ike
half_open(uint32_t uid, bool initiator)
{
	struct vici_ike sa = ike(uid, VICI_IKE_CONNECTING);
	sa.version = 1;
	sa.initiator = initiator;
	sa.proposal.encr = IPM_ENCR_AES_CBC;
	*(initiator ? &sa.active : &sa.passive) = VICI_TASK_MAIN;
	strcpy(sa.remote_id, "%any");
	if (!initiator) {
		strcpy(sa.name, "(unnamed)");
		strcpy(sa.local_id, "%any");
	}
	return sa;
}

static void
ike_in_list(struct vici_ike sa)
{
	vici_failures_ike_seen(failures, &sa, now);
	vici_model_ike(model, &sa);
}

/* An alert of error-notify about the IKE SA, with the fields that it has. */
static struct vici_alert
alert_about(const struct vici_ike *sa, enum vici_alert_kind kind)
{
	struct vici_alert alert = { .kind = kind, .remote = sa->remote_host, .remote_port = sa->remote_port };
	vici_copy_name(alert.conn, sizeof(alert.conn), sa->name);
	snprintf(alert.text, sizeof(alert.text), "%s", vici_alert_meaning(kind)->name);
	return alert;
}

START_TEST(a_main_mode_message_that_cannot_be_decrypted_is_another_key_on_either_side)
{
	bool initiator = _i;
	struct vici_ike sa = half_open(7, initiator);
	struct vici_alert parse = alert_about(&sa, VICI_ALERT_PARSE_ERROR_BODY);

	ck_assert(vici_failures_alert(failures, &parse, now)); /* a list would tell more */
	now += 20 * MS;
	ike_in_list(sa);
	after_ms(480);
	struct ipm_failure f = only_failure(IPM_IKE_FAILURES);
	ck_assert_uint_eq(f.reason, IPM_FAIL_AUTH);
	ck_assert_uint_eq(f.setup, 1);
	ck_assert_uint_eq(f.initiator, initiator);
	ck_assert_mem_eq(f.local.bytes, addr(1).bytes, 4);
	ck_assert_str_eq(f.local_id, initiator ? "us" : "10.9.0.1");
	ck_assert_str_eq(f.remote_id, "10.9.0.2");
	/* It retransmits, then gives up. */
	for (int i = 0; i < 3; i++) {
		ck_assert(!vici_failures_alert(failures, &parse, now));
		after_ms(1500);
		ike_in_list(sa);
	}
	after_ms(seconds_ms(40));
	if (initiator)
		tell(alert_about(&sa, VICI_ALERT_RETRANSMIT_SEND_TIMEOUT));
	tell(alert_about(&sa, initiator ? VICI_ALERT_PEER_INIT_UNREACHABLE : VICI_ALERT_HALF_OPEN_TIMEOUT));
	after_ms(500);
	only_failure(IPM_IKE_FAILURES);
	/* The next attempt is a new failure, within a minute or later. */
	sa = half_open(8, initiator);
	ike_in_list(sa);
	tell(parse);
	after_ms(500);
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), 2);
}
END_TEST

START_TEST(a_message_that_does_not_parse_has_nothing_to_do_with_the_key)
{
	struct vici_ike sa = half_open(7, true);
	switch (_i) {
	case 0:
		sa.version = 2;
		break;
	case 1:
		sa.proposal.encr = 0; /* nothing is encrypted yet */
		break;
	case 2:
		sa.state = VICI_IKE_ESTABLISHED;
		break;
	default:
		ike_in_list(sa); /* and gone since */
		now += seconds_ms(20) * MS;
	}
	if (_i < 3)
		ike_in_list(sa);
	tell(alert_about(&sa, VICI_ALERT_PARSE_ERROR_BODY));
	after_ms(500);
	ck_assert_uint_eq(only_failure(IPM_IKE_FAILURES).reason, IPM_FAIL_ENCODING);
}
END_TEST

START_TEST(a_peer_that_does_not_go_on_with_aggressive_mode_has_another_key)
{
	struct vici_ike sa = half_open(7, false);
	sa.passive = VICI_TASK_AGGRESSIVE;
	strcpy(sa.name, "gw");
	ike_in_list(sa);
	after_ms(3000);
	tell(alert_about(&sa, VICI_ALERT_PEER_INIT_UNREACHABLE));
	after_ms(500);
	ck_assert_uint_eq(only_failure(IPM_IKE_FAILURES).reason, IPM_FAIL_AUTH);
}
END_TEST

/* --- who it is that does not answer -------------------------------------- */

START_TEST(a_peer_that_never_answers_is_known_by_the_address_of_its_connection)
{
	struct vici_conn conn = { .name = "gw", .local_id = "us", .local = addr(1), .peer = { addr(2) }, .peers = 1 };
	struct vici_ike sa = half_open(7, true);
	struct vici_alert silent = alert_about(&sa, VICI_ALERT_PEER_INIT_UNREACHABLE);

	sa.version = 2;
	if (_i == 0)
		vici_model_conn(model, &conn); /* it started and ended between two lists */
	else
		ike_in_list(sa);
	if (_i == 2)
		silent.remote = (struct ipm_addr){ 0 };
	if (_i == 2)
		vici_model_conn(model, &conn);
	tell(silent);
	after_ms(500);
	struct ipm_failure f = only_failure(IPM_IKE_FAILURES);
	ck_assert_uint_eq(f.reason, IPM_FAIL_PEER_LOST);
	ck_assert(ipm_addr_same(&f.local, &conn.local));
	ck_assert(ipm_addr_same(&f.remote, &conn.peer[0]));
	ck_assert_str_eq(f.local_id, "us");
	ck_assert_str_eq(f.remote_id, "10.9.0.2");
}
END_TEST

START_TEST(a_negotiation_that_may_come_to_nothing_is_looked_at_while_it_is_there)
{
	struct vici_ike sa = half_open(7, false), up = ike(8, VICI_IKE_ESTABLISHED);
	struct vici_alert again = alert_about(&sa, VICI_ALERT_RETRANSMIT_SEND);
	struct vici_alert dpd = alert_about(&up, VICI_ALERT_RETRANSMIT_SEND);

	ck_assert(vici_failures_alert(failures, &again, now));
	ike_in_list(sa);
	ck_assert(!vici_failures_alert(failures, &again, now)); /* it has been */
	ck_assert(!vici_failures_alert(failures, &dpd, now));
	vici_failures_flush(failures, now);
	ike_up(up);
	ck_assert(!vici_failures_alert(failures, &dpd, now)); /* it is up */
}
END_TEST

START_TEST(what_duplicates_and_rekeys_leave_behind_is_no_failure_while_the_connection_is_up)
{
	static const enum vici_alert_kind kinds[] = { VICI_ALERT_RETRANSMIT_SEND_TIMEOUT, VICI_ALERT_INVALID_IKE_SPI };
	struct vici_ike first = ike(7, VICI_IKE_ESTABLISHED), second = ike(8, VICI_IKE_ESTABLISHED);
	struct vici_alert told = alert_of(kinds[_i % 2]);
	bool other_peer = _i >= 2;

	if (kinds[_i % 2] == VICI_ALERT_INVALID_IKE_SPI)
		told = (struct vici_alert){ .kind = kinds[_i % 2], .remote = addr(2), .remote_port = 4500 };
	if (other_peer)
		second.remote_host = addr(3);
	ike_up(first);
	ike_up(second);
	first.active = VICI_TASK_IKE_DELETE;
	ike_down(first);
	after_ms(seconds_ms(30));
	tell(told);
	after_ms(500);
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), other_peer);
	ike_down(second);
	after_ms(seconds_ms(90));
	tell(told);
	after_ms(500);
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), other_peer + 1u);
}
END_TEST

START_TEST(what_is_wrong_with_a_certificate_says_more_than_that_authentication_failed)
{
	enum vici_alert_kind kinds[] = { VICI_ALERT_PEER_AUTH_FAILED, VICI_ALERT_CERT_REVOKED };
	alert(kinds[_i]);
	alert(kinds[1 - _i]);
	negotiation_ends(7);
	after_ms(500);
	struct ipm_failure f = only_failure(IPM_IKE_FAILURES);
	ck_assert_uint_eq(f.reason, IPM_FAIL_CERT_INVALID);
	ck_assert_str_eq(f.text, "cert-revoked");
}
END_TEST

START_TEST(complaints_about_certificates_are_nothing_when_the_ike_sa_comes_up)
{
	if (_i == 0)
		alert(VICI_ALERT_CERT_VALIDATION_FAILED);
	ike_up(ike(7, VICI_IKE_ESTABLISHED));
	if (_i == 1)
		alert(VICI_ALERT_CERT_VALIDATION_FAILED);
	after_ms(1000);
	nothing_failed();
}
END_TEST

START_TEST(the_peers_dislike_of_us_is_not_about_its_certificate)
{
	static const enum vici_alert_kind kinds[] = { VICI_ALERT_CERT_VALIDATION_FAILED, VICI_ALERT_LOCAL_AUTH_FAILED };
	ike_up(ike(7, VICI_IKE_ESTABLISHED));
	alert(kinds[_i]);
	alert(kinds[1 - _i]);
	after_ms(1000);
	ck_assert_uint_eq(only_failure(IPM_IKE_FAILURES).reason, IPM_FAIL_AUTH);
}
END_TEST

START_TEST(our_own_certificate_that_expired_is_ours)
{
	struct vici_conn conn = { .name = "gw", .local_id = "us", .local_cert = "O=lab, CN=us" };
	static const char *const texts[] = {
		"certificate expired: 'O=lab, CN=us' (valid from then to now)",
		"certificate expired: 'us'",
		"certificate expired: 'O=lab, CN=peer' (valid from then to now)",
		"certificate expired: '",
		"certificate expired",
		"certificate expired: ''",
	};
	vici_model_conn(model, &conn);
	struct vici_alert told = alert_of(VICI_ALERT_CERT_EXPIRED);
	strcpy(told.text, texts[_i]);
	tell(told);
	after_ms(500);
	ck_assert_uint_eq(only_failure(IPM_IKE_FAILURES).reason,
			  _i < 2 ? IPM_FAIL_CERT_EXPIRED : IPM_FAIL_CERT_INVALID);
}
END_TEST

START_TEST(two_peers_have_two_failures)
{
	struct vici_alert other = alert_of(VICI_ALERT_PEER_AUTH_FAILED);
	switch (_i) {
	case 0:
		other.remote = addr(3);
		break;
	case 1:
		other.remote_port = 31000; /* both behind one address */
		break;
	default:
		strcpy(other.remote_id, "somebody else");
	}
	alert(VICI_ALERT_PEER_AUTH_FAILED);
	tell(other);
	after_ms(500);
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), 2);
}
END_TEST

START_TEST(two_attempts_of_one_peer_are_two_failures)
{
	alert(VICI_ALERT_PEER_AUTH_FAILED);
	negotiation_ends(7);
	after_ms(100);
	alert(VICI_ALERT_PEER_AUTH_FAILED);
	negotiation_ends(8);
	after_ms(1000);
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), 2);
	struct ipm_failure f[2];
	for (uint32_t i = 0; i < 2; i++) {
		ipm_failure_read(seg, IPM_IKE_FAILURES, i, &f[i]);
		ck_assert_uint_eq(f[i].reason, IPM_FAIL_AUTH);
		ck_assert_uint_eq(f[i].setup, 1);
	}
	ck_assert_uint_eq(f[1].time_ns - f[0].time_ns, 100 * MS);
}
END_TEST

START_TEST(a_charon_that_tells_it_both_ways_tells_one_failure)
{
	if (_i == 0)
		alert(VICI_ALERT_PEER_AUTH_FAILED);
	by_vici(VICI_ALERT_PEER_AUTH_FAILED, 7);
	if (_i == 1)
		alert(VICI_ALERT_PEER_AUTH_FAILED);
	negotiation_ends(7);
	after_ms(500);
	ck_assert_uint_eq(only_failure(IPM_IKE_FAILURES).reason, IPM_FAIL_AUTH);
}
END_TEST

START_TEST(of_a_peer_that_is_tried_again_and_again_the_first_try_counts)
{
	for (int i = 1; i <= 4; i++) {
		if (_i == 0) {
			struct vici_alert told = alert_of(VICI_ALERT_PEER_INIT_UNREACHABLE);
			snprintf(told.text, sizeof(told.text), "peer did not respond to initial message, try %d", i);
			alert(VICI_ALERT_RETRANSMIT_SEND_TIMEOUT);
			tell(told);
		} else {
			by_vici(VICI_ALERT_RETRANSMIT_SEND_TIMEOUT, 7);
			by_vici(VICI_ALERT_PEER_INIT_UNREACHABLE, 7);
		}
		after_ms(165000);
	}
	struct ipm_failure f = only_failure(IPM_IKE_FAILURES);
	ck_assert_uint_eq(f.reason, IPM_FAIL_PEER_LOST);
	ck_assert_uint_eq(f.setup, 1);
}
END_TEST

START_TEST(the_side_that_did_not_begin_may_be_left_waiting_too)
{
	struct vici_ike half = ike(9, VICI_IKE_CONNECTING);
	vici_failures_ike_seen(failures, &half, now);
	alert(VICI_ALERT_PEER_INIT_UNREACHABLE);
	after_ms(500);
	ck_assert_uint_eq(only_failure(IPM_IKE_FAILURES).initiator, 0);
}
END_TEST

START_TEST(a_dead_peer_is_known_by_the_ike_sa_that_it_left)
{
	struct vici_ike sa = ike(7, VICI_IKE_ESTABLISHED);
	ike_up(sa);
	sa.active = VICI_TASK_DPD;
	sa.initiator = true;
	if (_i == 0)
		alert(VICI_ALERT_RETRANSMIT_SEND_TIMEOUT);
	ike_down(sa);
	if (_i == 1)
		alert(VICI_ALERT_RETRANSMIT_SEND_TIMEOUT);
	after_ms(500);
	struct ipm_failure f = only_failure(IPM_IKE_FAILURES);
	struct ipm_ike_history was;
	ck_assert_uint_eq(f.reason, IPM_FAIL_PEER_LOST);
	ck_assert_uint_eq(f.setup, 0);
	ck_assert_str_eq(f.local_id, "us");
	ck_assert_mem_eq(f.local.bytes, addr(1).bytes, 4);
	ck_assert_int_eq(ipm_ike_history_read(seg, 0, &was), 0);
	ck_assert_uint_eq(was.reason, IPM_REASON_PEER_LOST);
	ck_assert_uint_eq(f.peer, was.sa.peer);
}
END_TEST

START_TEST(a_failure_bears_the_number_of_the_peer_that_is_up)
{
	struct vici_ike other = ike(7, VICI_IKE_ESTABLISHED), sa = ike(8, VICI_IKE_ESTABLISHED);
	other.remote_host = addr(3); /* the same identity at another address has number 1 */
	ike_up(other);
	ike_up(sa);
	alert(VICI_ALERT_TS_MISMATCH);
	after_ms(500);
	struct ipm_failure f = only_failure(IPM_TUNNEL_FAILURES);
	ck_assert_uint_eq(f.peer, 2);
	ck_assert_str_eq(f.local_id, "us");
	ck_assert_str_eq(f.remote_id, "peer");
}
END_TEST

START_TEST(charon_keeps_the_ike_sa_for_a_reason_that_is_told_already)
{
	static const int gaps[] = { 0, 100, 600, 1900, 2600 };
	alert(VICI_ALERT_TS_MISMATCH);
	after_ms((uint64_t)gaps[_i]);
	alert(VICI_ALERT_KEEP_ON_CHILD_SA_FAILURE);
	after_ms(1000);
	ck_assert_uint_eq(count(IPM_TUNNEL_FAILURES), gaps[_i] <= 2000 ? 1 : 2);
}
END_TEST

START_TEST(messages_that_are_sent_again_and_again_count_once_a_minute)
{
	enum vici_alert_kind kinds[] = { VICI_ALERT_PARSE_ERROR_BODY, VICI_ALERT_INVALID_IKE_SPI };
	for (int second = 0; second < 59; second++) {
		struct vici_alert told = { .kind = kinds[_i], .remote = addr(2), .remote_port = 500 };
		tell(told);
		after_ms(1000);
	}
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), 1);
	tell((struct vici_alert){ .kind = kinds[_i], .remote = addr(9), .remote_port = 500 });
	after_ms(2000);
	tell((struct vici_alert){ .kind = kinds[_i], .remote = addr(2), .remote_port = 500 });
	after_ms(2000);
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), 3);
}
END_TEST

START_TEST(a_late_answer_to_an_ike_sa_that_is_gone_is_nothing)
{
	struct vici_alert late = { .kind = VICI_ALERT_INVALID_IKE_SPI, .remote = addr(2), .remote_port = 4500 };
	struct vici_ike sa = ike(7, VICI_IKE_ESTABLISHED);
	if (_i == 0) {
		ike_up(sa);
		sa.state = VICI_IKE_DELETING;
		sa.active = VICI_TASK_IKE_DELETE;
		ike_down(sa);
	} else {
		alert(VICI_ALERT_PEER_AUTH_FAILED);
		negotiation_ends(7);
	}
	tell(late);
	after_ms(1000);
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), (unsigned)_i);
	after_ms(5000);
	tell(late);
	after_ms(1000);
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), (unsigned)_i + 1);
}
END_TEST

START_TEST(a_flood_is_recorded_to_the_last_and_in_order)
{
	for (unsigned i = 0; i < 200; i++) {
		struct vici_alert told = alert_of(VICI_ALERT_PEER_AUTH_FAILED);
		told.remote.bytes[2] = (uint8_t)i;
		tell(told);
		now += MS;
	}
	after_ms(1000);
	ck_assert_uint_eq(count(IPM_IKE_FAILURES), 200);
	uint64_t before = 0;
	for (uint32_t slot = 0; slot < 200; slot++) {
		struct ipm_failure f;
		ck_assert_int_eq(ipm_failure_read(seg, IPM_IKE_FAILURES, slot, &f), 0);
		ck_assert_uint_gt(f.time_ns, before);
		before = f.time_ns;
	}
}
END_TEST

START_TEST(what_is_held_back_is_recorded_when_charon_goes)
{
	alert(VICI_ALERT_PEER_AUTH_FAILED);
	vici_failures_flush(failures, now);
	ck_assert_uint_eq(only_failure(IPM_IKE_FAILURES).reason, IPM_FAIL_AUTH);
	ck_assert_uint_eq(vici_failures_due(failures), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vici_failure");
	TCase *tc = tcase_create("failures");
	tcase_add_checked_fixture(tc, gateway_setup, gateway_teardown);
	tcase_add_loop_test(tc, an_alert_alone_is_one_failure_half_a_second_later, 0, COUNT(kind_cases));
	tcase_add_loop_test(tc, an_alert_and_the_end_of_its_negotiation_are_one_failure, 0, 12);
	tcase_add_loop_test(tc, a_negotiation_that_nobody_explains_says_how_far_it_came, 0, 8);
	tcase_add_loop_test(tc, a_main_mode_message_that_cannot_be_decrypted_is_another_key_on_either_side, 0, 2);
	tcase_add_loop_test(tc, a_message_that_does_not_parse_has_nothing_to_do_with_the_key, 0, 4);
	tcase_add_test(tc, a_peer_that_does_not_go_on_with_aggressive_mode_has_another_key);
	tcase_add_loop_test(tc, a_peer_that_never_answers_is_known_by_the_address_of_its_connection, 0, 3);
	tcase_add_test(tc, a_negotiation_that_may_come_to_nothing_is_looked_at_while_it_is_there);
	tcase_add_loop_test(tc, what_duplicates_and_rekeys_leave_behind_is_no_failure_while_the_connection_is_up, 0, 4);
	tcase_add_loop_test(tc, what_is_wrong_with_a_certificate_says_more_than_that_authentication_failed, 0, 2);
	tcase_add_loop_test(tc, complaints_about_certificates_are_nothing_when_the_ike_sa_comes_up, 0, 2);
	tcase_add_loop_test(tc, the_peers_dislike_of_us_is_not_about_its_certificate, 0, 2);
	tcase_add_loop_test(tc, our_own_certificate_that_expired_is_ours, 0, 6);
	tcase_add_loop_test(tc, two_peers_have_two_failures, 0, 3);
	tcase_add_test(tc, two_attempts_of_one_peer_are_two_failures);
	tcase_add_loop_test(tc, a_charon_that_tells_it_both_ways_tells_one_failure, 0, 2);
	tcase_add_loop_test(tc, of_a_peer_that_is_tried_again_and_again_the_first_try_counts, 0, 2);
	tcase_add_test(tc, the_side_that_did_not_begin_may_be_left_waiting_too);
	tcase_add_loop_test(tc, a_dead_peer_is_known_by_the_ike_sa_that_it_left, 0, 2);
	tcase_add_test(tc, a_failure_bears_the_number_of_the_peer_that_is_up);
	tcase_add_loop_test(tc, charon_keeps_the_ike_sa_for_a_reason_that_is_told_already, 0, 5);
	tcase_add_loop_test(tc, messages_that_are_sent_again_and_again_count_once_a_minute, 0, 2);
	tcase_add_loop_test(tc, a_late_answer_to_an_ike_sa_that_is_gone_is_nothing, 0, 2);
	tcase_add_test(tc, a_flood_is_recorded_to_the_last_and_in_order);
	tcase_add_test(tc, what_is_held_back_is_recorded_when_charon_goes);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
