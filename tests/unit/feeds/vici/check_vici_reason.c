/* SPDX-License-Identifier: ISC */
/* Reasons for the end of SAs: the tables, records of error-notify, and the model. */

#include "failure_fixture.h"

/* --- why it ended -------------------------------------------------------- */

START_TEST(an_end_has_the_reason_that_charon_was_busy_with)
{
	const struct end_case *c = &end_cases[_i];
	const struct vici_retired known = { .replaced = c->replaced };
	struct vici_ike ike = { .state = c->state, .active = c->active, .passive = c->passive, .queued = c->queued };
	static struct vici_child child;
	child.life_time = c->life;
	enum ipm_reason reason = c->event == DOWN_IKE ? vici_ike_reason(&ike, &known)
						      : vici_child_reason(&ike, &known, &child, c->volume);
	ck_assert_msg(reason == c->reason, "%s: %d, not %d", c->what, reason, c->reason);
}
END_TEST

START_TEST(a_child_follows_its_ike_sa_whatever_it_was_doing)
{
	struct vici_ike ike = { .state = VICI_IKE_ESTABLISHED, .active = VICI_TASK_CHILD_DELETE };
	static struct vici_child child;
	for (int reason = IPM_REASON_UNKNOWN; reason <= IPM_REASON_SOURCE_LOST; reason++) {
		const struct vici_retired known = { .ended = true, .reason = (enum ipm_reason)reason };
		ck_assert_int_eq(vici_child_reason(&ike, &known, &child, true), reason);
	}
}
END_TEST

/* --- records of error-notify --------------------------------------------- */

static uint8_t record[NOTIFY_RECORD + 1];

static void
given_record(uint32_t type, const char *text, const char *name, const char *id, const char *ip)
{
	memset(record, 0, sizeof(record));
	for (int i = 0; i < 4; i++)
		record[i] = (uint8_t)(type >> (24 - 8 * i));
	memcpy(record + 4, text, strnlen(text, 384));
	memcpy(record + 388, name, strnlen(name, 64));
	memcpy(record + 452, id, strnlen(id, 256));
	memcpy(record + 708, ip, strnlen(ip, 60));
}

START_TEST(a_record_says_what_happened_with_whom)
{
	struct vici_alert alert;
	given_record(3, "peer authentication failed", "ikev2", "a.ikev2.lab", "10.9.0.1[4500]");
	ck_assert_int_eq(notify_decode(record, NOTIFY_RECORD, &alert), 0);
	ck_assert_int_eq(alert.kind, VICI_ALERT_PEER_AUTH_FAILED);
	ck_assert_int_eq(alert.source, VICI_ALERT_BY_NOTIFY);
	ck_assert_str_eq(alert.text, "peer authentication failed");
	ck_assert_str_eq(alert.conn, "ikev2");
	ck_assert_str_eq(alert.remote_id, "a.ikev2.lab");
	ck_assert_int_eq(alert.remote.len, 4);
	ck_assert_mem_eq(alert.remote.bytes, ((uint8_t[]){ 10, 9, 0, 1 }), 4);
	ck_assert_int_eq(alert.remote_port, 4500);
}
END_TEST

START_TEST(every_type_of_5_9_8_has_a_kind_of_its_own)
{
	uint64_t seen = 0;
	for (uint32_t type = 1; type <= 32; type++) {
		enum vici_alert_kind kind = vici_alert_by_notify(type);
		ck_assert_msg(kind != VICI_ALERT_UNKNOWN && !(seen & 1ull << kind), "type %u", type);
		seen |= 1ull << kind;
	}
	ck_assert_int_eq(vici_alert_by_notify(0), VICI_ALERT_UNKNOWN);
	ck_assert_int_eq(vici_alert_by_notify(33), VICI_ALERT_UNKNOWN);
	ck_assert_int_eq(vici_alert_by_notify(UINT32_MAX), VICI_ALERT_UNKNOWN);
}
END_TEST

START_TEST(every_kind_has_its_name_in_vici)
{
	for (int kind = 1; kind < VICI_ALERT_KINDS; kind++)
		ck_assert_int_eq(vici_alert_by_name(vici_alert_meaning((enum vici_alert_kind)kind)->name), kind);
	ck_assert_int_eq(vici_alert_by_name("cert"), VICI_ALERT_UNKNOWN);
	ck_assert_int_eq(vici_alert_by_name(""), VICI_ALERT_UNKNOWN);
}
END_TEST

START_TEST(a_malformed_record_is_refused_and_leaves_no_trace)
{
	static const struct {
		uint32_t type;
		size_t len;
		const char *ip;
		int rc;
	} cases[] = {
		{ 3, NOTIFY_RECORD - 1, "", -EBADMSG },
		{ 3, NOTIFY_RECORD + 1, "", -EBADMSG },
		{ 3, 0, "", -EBADMSG },
		{ 0, NOTIFY_RECORD, "", -ENOENT },
		{ 33, NOTIFY_RECORD, "10.0.0.1[500]", -ENOENT },
		{ 0x03000000, NOTIFY_RECORD, "", -ENOENT },
		{ 3, NOTIFY_RECORD, "10.0.0.1[65536]", -EBADMSG },
		{ 3, NOTIFY_RECORD, "10.0.0.1[]", -EBADMSG },
		{ 3, NOTIFY_RECORD, "10.0.0.1[500", -EBADMSG },
		{ 3, NOTIFY_RECORD, "10.0.0.1[500]x", -EBADMSG },
		{ 3, NOTIFY_RECORD, "10.0.0[500]", -EBADMSG },
		{ 3, NOTIFY_RECORD, "[500]", -EBADMSG },
		{ 3, NOTIFY_RECORD, "0123:4567:89ab:cdef:0123:4567:89ab:cdef:0123:4567[500]", -EBADMSG },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vici_alert alert = { .uniqueid = 77 };
		given_record(cases[i].type, "text", "name", "id", cases[i].ip);
		ck_assert_int_eq(notify_decode(record, cases[i].len, &alert), cases[i].rc);
		ck_assert_int_eq(alert.uniqueid, 77);
	}
}
END_TEST

START_TEST(fields_without_an_end_and_unprintable_ones_are_made_text)
{
	struct vici_alert alert;
	given_record(7, "", "", "", "fd09::1[500]");
	memset(record + 4, 'x', 384);
	memset(record + 388, 'n', 64);
	memset(record + 452, 0xff, 256);
	ck_assert_int_eq(notify_decode(record, NOTIFY_RECORD, &alert), 0);
	ck_assert_uint_eq(strlen(alert.text), 384);
	ck_assert_uint_eq(strlen(alert.conn), 63);
	ck_assert_str_eq(alert.conn + 60, "...");
	ck_assert_int_eq(alert.remote_id[0], '?');
	ck_assert_int_eq(alert.remote.len, 16);
}
END_TEST

START_TEST(charons_words_for_nobody_are_empty)
{
	struct vici_alert alert;
	given_record(8, "text", "(unnamed)", "%any", "");
	ck_assert_int_eq(notify_decode(record, NOTIFY_RECORD, &alert), 0);
	ck_assert_str_eq(alert.conn, "");
	ck_assert_str_eq(alert.remote_id, "");
	ck_assert_int_eq(alert.remote.len, 0);
}
END_TEST

START_TEST(a_message_of_no_ike_sa_has_its_address_in_the_text)
{
	static const struct {
		const char *text;
		int len, port;
	} cases[] = {
		{ "received IKE message with unknown SPI from 10.9.0.2[4500]", 4, 4500 },
		{ "parsing IKE header from fd09:3::2[500] failed", 16, 500 },
		{ "parsing IKE message from nowhere failed", 0, 0 },
		{ "somebody from ", 0, 0 },
		{ "from 10.9.0.2[4500]", 0, 0 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vici_alert alert;
		given_record(25, cases[i].text, "", "", "");
		ck_assert_int_eq(notify_decode(record, NOTIFY_RECORD, &alert), 0);
		ck_assert_int_eq(alert.remote.len, cases[i].len);
		ck_assert_int_eq(alert.remote_port, cases[i].port);
	}
}
END_TEST

/* --- ends, in the model -------------------------------------------------- */

static struct vici_child *
child(uint32_t uid)
{
	static struct vici_child sa;
	memset(&sa, 0, sizeof(sa));
	strcpy(sa.name, "net");
	sa.uniqueid = sa.reqid = uid;
	sa.state = VICI_CHILD_INSTALLED;
	sa.protocol = 50;
	sa.spi_in = 0x1000 + uid;
	sa.spi_out = 0x2000 + uid;
	sa.has_counts = true;
	sa.rekey_time = sa.install_time = VICI_UNSET;
	sa.life_time = 4000;
	return &sa;
}

static uint32_t
tunnel_reason(void)
{
	struct ipm_tunnel_history was;
	ck_assert_uint_eq(ipm_segment_used(seg, IPM_TUNNEL_HISTORY), 1);
	ck_assert_int_eq(ipm_tunnel_history_read(seg, 0, &was), 0);
	return was.reason;
}

static uint32_t
ike_reason(uint32_t slot)
{
	struct ipm_ike_history was;
	ck_assert_int_eq(ipm_ike_history_read(seg, slot, &was), 0);
	return was.reason;
}

START_TEST(children_behind_their_ike_sa_end_for_its_reason)
{
	struct vici_ike sa = ike(7, VICI_IKE_ESTABLISHED);
	ike_up(sa);
	vici_model_child(model, &sa, child(1));
	alert(VICI_ALERT_IKE_SA_EXPIRED);
	sa.state = VICI_IKE_DELETING;
	sa.active = VICI_TASK_IKE_DELETE; /* by itself: OPERATOR */
	ike_down(sa);
	vici_model_child_down(model, &sa, child(1));
	ck_assert_uint_eq(ike_reason(0), IPM_REASON_NORMAL);
	ck_assert_uint_eq(tunnel_reason(), IPM_REASON_NORMAL);
}
END_TEST

START_TEST(of_two_the_older_one_is_replaced)
{
	struct vici_ike old = ike(7, VICI_IKE_ESTABLISHED), young = ike(8, VICI_IKE_ESTABLISHED);
	ike_up(old);
	if (_i == 1) {
		young.queued = VICI_TASK_REAUTH_COMPLETE; /* made before the break */
		ike_up(young);
	} else {
		ike_up(young);
		if (_i == 0)
			alert(VICI_ALERT_UNIQUE_REPLACE);
		else
			by_vici(VICI_ALERT_UNIQUE_REPLACE, 7);
	}
	old.state = young.state = VICI_IKE_DELETING;
	old.active = young.active = VICI_TASK_IKE_DELETE;
	ike_down(old);
	ike_down(young);
	ck_assert_uint_eq(ike_reason(0), IPM_REASON_NORMAL);
	ck_assert_uint_eq(ike_reason(1), IPM_REASON_OPERATOR);
}
END_TEST

START_TEST(an_alert_about_another_peer_replaces_nothing)
{
	struct vici_ike sa = ike(7, VICI_IKE_ESTABLISHED);
	struct vici_alert other = alert_of(VICI_ALERT_IKE_SA_EXPIRED);
	other.remote_port = 4501;
	ike_up(sa);
	tell(other);
	other = alert_of(VICI_ALERT_IKE_SA_EXPIRED);
	other.conn[0] = '\0';
	tell(other);
	by_vici(VICI_ALERT_IKE_SA_EXPIRED, 8);
	sa.state = VICI_IKE_DELETING;
	sa.active = VICI_TASK_IKE_DELETE;
	ike_down(sa);
	ck_assert_uint_eq(ike_reason(0), IPM_REASON_OPERATOR);
}
END_TEST

/* Up to four IKE SAs of one connection, each with a CHILD_SA: `unique = never', `replace', and both reauthentications.
 */
#define TWINS 4

static struct twins {
	uint64_t seed;
	uint32_t last; /* unique id given */
	struct vici_ike sa[TWINS];
	bool up[TWINS];
} twins;

static uint32_t
random_below(uint32_t below)
{
	twins.seed = twins.seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(twins.seed >> 33) % below;
}

static uint32_t
twins_up(void)
{
	uint32_t n = 0;
	for (size_t i = 0; i < TWINS; i++)
		n += twins.up[i];
	return n;
}

static void
twins_list(void)
{
	vici_model_list_begin(model);
	for (size_t i = 0; i < TWINS; i++) {
		if (!twins.up[i])
			continue;
		vici_model_ike(model, &twins.sa[i]);
		vici_model_child(model, &twins.sa[i], child(twins.sa[i].uniqueid));
	}
	vici_model_list_end(model);
}

static void
twin_comes(uint16_t queued)
{
	size_t at = 0;
	while (at < TWINS - 1 && twins.up[at])
		at++;
	if (twins.up[at])
		return;
	twins.sa[at] = ike(++twins.last, VICI_IKE_ESTABLISHED);
	twins.sa[at].queued = queued;
	twins.up[at] = true;
	ike_up(twins.sa[at]);
	if (random_below(3) == 0)
		twins_list();
	vici_model_child(model, &twins.sa[at], child(twins.last));
	twins.sa[at].queued = 0;
}

static void
twin_goes(uint16_t active, enum vici_alert_kind before)
{
	size_t at = random_below(TWINS);
	if (!twins.up[at])
		return;
	struct vici_ike sa = twins.sa[at];
	sa.active = active;
	sa.state = active ? VICI_IKE_DELETING : VICI_IKE_ESTABLISHED;
	twins.up[at] = false;
	if (before)
		alert(before);
	ike_down(sa);
	if (random_below(3) == 0)
		twins_list();
	vici_model_child_down(model, &sa, child(sa.uniqueid));
}

static unsigned
tunnels_up(void)
{
	unsigned n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel t;
		n += ipm_tunnel_read(seg, slot, &t) == 0 && t.state == IPM_TUNNEL_UP;
	}
	return n;
}

START_TEST(reauthentication_and_duplicates_in_any_order_lose_nobody)
{
	static struct laws laws;
	struct ipm_map_entry map = { .name = "gw", .child = "net" };
	struct vici_alert stray = { .kind = VICI_ALERT_INVALID_IKE_SPI, .remote = addr(2), .remote_port = 4500 };

	twins = (struct twins){ .seed = 0x9e3779b97f4a7c15ull * (uint64_t)(_i + 1) };
	ck_assert_int_eq(ipm_map_open(writer, &map), 0);
	twin_comes(0);
	for (int step = 0; step < 200; step++) {
		switch (random_below(7)) {
		case 0:
			twin_comes(0); /* a duplicate, or the first */
			break;
		case 1:
			twin_comes(VICI_TASK_REAUTH_COMPLETE); /* made before the break */
			twin_goes(VICI_TASK_IKE_DELETE, VICI_ALERT_UNKNOWN);
			break;
		case 2:
			twin_goes(VICI_TASK_REAUTH, VICI_ALERT_UNKNOWN); /* broken before the new one is created */
			twin_comes(0);
			break;
		case 3:
			twin_comes(0);
			twin_goes(VICI_TASK_IKE_DELETE, VICI_ALERT_UNIQUE_REPLACE);
			break;
		case 4: /* the peer has deleted one of them and no longer answers there */
			if (twins_up() < 2)
				break;
			twin_goes(0, VICI_ALERT_RETRANSMIT_SEND_TIMEOUT);
			after_ms(600);
			break;
		case 5:
			if (twins_up() == 0)
				break;
			tell(stray);
			after_ms(600);
			break;
		default:
			twins_list();
		}
		if (random_below(2))
			after_ms(600);
		ipm_writer_commit(writer);
		const char *broken = laws_broken(&laws, seg);
		ck_assert_msg(!broken, "step %d: %s", step, broken);
		ck_assert_uint_eq(tunnels_up(), twins_up());
		ck_assert_int_eq(ipm_map_read(seg, 0, &map), 0);
		ck_assert_uint_eq(map.state == IPM_MAP_UP, twins_up() > 0);
		nothing_failed();
	}
	laws_forget(&laws);
}
END_TEST

START_TEST(volume_that_is_used_up_is_an_end_like_any_lifetime)
{
	struct vici_conn conn = { .name = "gw" };
	struct vici_conn_child limits = { .name = "net", .rekey_octets = 1000, .rekey_pkts = 10 };
	static const struct {
		uint64_t octets, pkts;
		enum ipm_reason reason;
	} cases[] = {
		{ 999, 9, IPM_REASON_OPERATOR },
		{ 1000, 9, IPM_REASON_NORMAL },
		{ 999, 10, IPM_REASON_NORMAL },
	};
	struct vici_ike sa = ike(7, VICI_IKE_ESTABLISHED);
	vici_model_conn(model, &conn);
	vici_model_conn_child(model, &conn, &limits);
	ike_up(sa);
	vici_model_child(model, &sa, child(1));
	struct vici_child *gone = child(1);
	gone->bytes_out = cases[_i].octets;
	gone->packets_out = cases[_i].pkts;
	sa.active = VICI_TASK_CHILD_DELETE;
	vici_model_child_down(model, &sa, gone);
	ck_assert_uint_eq(tunnel_reason(), cases[_i].reason);
}
END_TEST

START_TEST(what_vanishes_without_a_word_is_unknown)
{
	struct vici_ike sa = ike(7, VICI_IKE_ESTABLISHED);
	ike_up(sa);
	vici_model_child(model, &sa, child(1));
	for (int i = 0; i < 2; i++) {
		vici_model_list_begin(model);
		vici_model_list_end(model);
	}
	ck_assert_uint_eq(tunnel_reason(), IPM_REASON_UNKNOWN);
	ck_assert_uint_eq(ike_reason(0), IPM_REASON_UNKNOWN);
}
END_TEST

/* --- tasks in messages --------------------------------------------------- */

static void
keep_ike(void *arg, enum vici_role role, const struct vici_ike *sa)
{
	(void)role;
	*(struct vici_ike *)arg = *sa;
}

START_TEST(tasks_are_bits_in_three_lists)
{
	struct vici_ike got;
	struct vici_sink sink = { .arg = &got, .ike = keep_ike };
	uint8_t msg[512];
	size_t len = 0;
	char error[128];
	static const struct {
		const char *list, *items[6];
	} lists[] = {
		{ "tasks-active", { "IKE_DELETE", "QUICK_DELETE", "IKE_REAUTH", "IKE_DPD" } },
		{ "tasks-passive", { "ISAKMP_DELETE", "CHILD_DELETE", "INFORMATIONAL", "ISAKMP_DPD" } },
		{ "tasks-queued", { "IKE_REKEY", "CHILD_CREATE", "" } },
		{ "tasks-dreamt", { "IKE_DELETE" } },
	};
	msg[len++] = VICI_SECTION_START;
	msg[len++] = 1;
	msg[len++] = 'x';
	for (size_t i = 0; i < COUNT(lists); i++) {
		msg[len++] = VICI_LIST_START;
		msg[len] = (uint8_t)strlen(lists[i].list);
		memcpy(msg + len + 1, lists[i].list, msg[len]);
		len += 1u + msg[len];
		for (int j = 0; lists[i].items[j]; j++) {
			msg[len++] = VICI_LIST_ITEM;
			msg[len++] = 0;
			msg[len] = (uint8_t)strlen(lists[i].items[j]);
			memcpy(msg + len + 1, lists[i].items[j], msg[len]);
			len += 1u + msg[len];
		}
		msg[len++] = VICI_LIST_END;
	}
	msg[len++] = VICI_SECTION_END;
	ck_assert_int_eq(vici_decode(VICI_FORM_SA, msg, len, &sink, error, sizeof(error)), 0);
	ck_assert_uint_eq(got.active, VICI_TASK_IKE_DELETE | VICI_TASK_CHILD_DELETE | VICI_TASK_REAUTH | VICI_TASK_DPD);
	ck_assert_uint_eq(got.passive,
			  VICI_TASK_IKE_DELETE | VICI_TASK_CHILD_DELETE | VICI_TASK_INFORMATIONAL | VICI_TASK_DPD);
	ck_assert_uint_eq(got.queued, VICI_TASK_IKE_REKEY | VICI_TASK_OTHER);
	ck_assert_uint_eq(sink.bad_values, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vici_reason");
	TCase *tc = tcase_create("ends");
	tcase_add_loop_test(tc, an_end_has_the_reason_that_charon_was_busy_with, 0, COUNT(end_cases));
	tcase_add_test(tc, a_child_follows_its_ike_sa_whatever_it_was_doing);
	tcase_add_test(tc, tasks_are_bits_in_three_lists);
	suite_add_tcase(suite, tc);
	tc = tcase_create("records");
	tcase_add_test(tc, a_record_says_what_happened_with_whom);
	tcase_add_test(tc, every_type_of_5_9_8_has_a_kind_of_its_own);
	tcase_add_test(tc, every_kind_has_its_name_in_vici);
	tcase_add_test(tc, a_malformed_record_is_refused_and_leaves_no_trace);
	tcase_add_test(tc, fields_without_an_end_and_unprintable_ones_are_made_text);
	tcase_add_test(tc, charons_words_for_nobody_are_empty);
	tcase_add_test(tc, a_message_of_no_ike_sa_has_its_address_in_the_text);
	suite_add_tcase(suite, tc);
	tc = tcase_create("failures");
	tcase_add_checked_fixture(tc, gateway_setup, gateway_teardown);
	tcase_add_test(tc, children_behind_their_ike_sa_end_for_its_reason);
	tcase_add_loop_test(tc, of_two_the_older_one_is_replaced, 0, 3);
	tcase_add_test(tc, an_alert_about_another_peer_replaces_nothing);
	tcase_add_loop_test(tc, reauthentication_and_duplicates_in_any_order_lose_nobody, 0, 16);
	tcase_add_loop_test(tc, volume_that_is_used_up_is_an_end_like_any_lifetime, 0, 3);
	tcase_add_test(tc, what_vanishes_without_a_word_is_unknown);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
