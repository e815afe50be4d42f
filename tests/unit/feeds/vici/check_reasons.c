/* SPDX-License-Identifier: ISC */
/*
 * Why it ended and why it failed: the tables of vici_reason.h and vici_alert.h, records of error-notify, and which
 * alerts and events make one failure, in time that the tests give. Read back as any reader reads.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "laws.h"
#include "notify_decode.h"
#include "vici_failure.h"
#include "vici_reason.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MS           1000000ull
#define START        (100000 * MS)

/* --- why it ended ----------------------------------------------------------------------------------------------- */

enum { DOWN_IKE, DOWN_CHILD };

static const struct end_case {
	const char *what;
	int event;
	enum vici_ike_state state;
	uint16_t active, passive, queued;
	int64_t life;
	bool replaced, volume;
	enum ipm_reason reason;
} end_cases[] = {
	{ "IKE SA terminated here", DOWN_IKE, VICI_IKE_DELETING, VICI_TASK_IKE_DELETE, .reason = IPM_REASON_OPERATOR },
	{ "IKE SA deleted by the peer", DOWN_IKE, VICI_IKE_DELETING, 0, VICI_TASK_IKE_DELETE,
	  .reason = IPM_REASON_PEER_DELETE },
	{ "IKEv1 SA deleted by the peer", DOWN_IKE, VICI_IKE_DELETING, 0, VICI_TASK_INFORMATIONAL,
	  .reason = IPM_REASON_PEER_DELETE },
	{ "both sides delete it", DOWN_IKE, VICI_IKE_DELETING, VICI_TASK_IKE_DELETE, VICI_TASK_IKE_DELETE,
	  .reason = IPM_REASON_OPERATOR },
	{ "break before make", DOWN_IKE, VICI_IKE_DELETING, VICI_TASK_REAUTH, .reason = IPM_REASON_NORMAL },
	{ "the peer deletes what we authenticate again", DOWN_IKE, VICI_IKE_DELETING, VICI_TASK_REAUTH,
	  VICI_TASK_IKE_DELETE, .reason = IPM_REASON_NORMAL },
	{ "hard lifetime over, or replaced", DOWN_IKE, VICI_IKE_DELETING, VICI_TASK_IKE_DELETE, .replaced = true,
	  .reason = IPM_REASON_NORMAL },
	{ "DPD without an answer", DOWN_IKE, VICI_IKE_ESTABLISHED, VICI_TASK_DPD, .reason = IPM_REASON_PEER_LOST },
	{ "rekeying without an answer", DOWN_IKE, VICI_IKE_REKEYING, VICI_TASK_IKE_REKEY,
	  .reason = IPM_REASON_PEER_LOST },
	{ "replaced, but the peer died first", DOWN_IKE, VICI_IKE_ESTABLISHED, VICI_TASK_DPD, .replaced = true,
	  .reason = IPM_REASON_PEER_LOST },
	{ "INITIAL_CONTACT, or DPD of IKEv1", DOWN_IKE, VICI_IKE_ESTABLISHED, .reason = IPM_REASON_PEER_LOST },
	{ "a request that could not be served", DOWN_IKE, VICI_IKE_ESTABLISHED, 0, VICI_TASK_OTHER,
	  .reason = IPM_REASON_LOCAL_FAILURE },
	{ "deleted by nobody", DOWN_IKE, VICI_IKE_DELETING, .reason = IPM_REASON_UNKNOWN },
	{ "in a state that says nothing", DOWN_IKE, VICI_IKE_UNKNOWN, VICI_TASK_IKE_DELETE,
	  .reason = IPM_REASON_UNKNOWN },

	{ "child terminated here", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_CHILD_DELETE, .life = 4000,
	  .reason = IPM_REASON_OPERATOR },
	{ "child deleted by the peer", DOWN_CHILD, VICI_IKE_ESTABLISHED, 0, VICI_TASK_CHILD_DELETE, .life = 4000,
	  .reason = IPM_REASON_PEER_DELETE },
	{ "IKEv1 child deleted by the peer", DOWN_CHILD, VICI_IKE_ESTABLISHED, 0, VICI_TASK_INFORMATIONAL, .life = 4000,
	  .reason = IPM_REASON_PEER_DELETE },
	{ "lifetime over", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_CHILD_DELETE, .life = 0,
	  .reason = IPM_REASON_NORMAL },
	{ "lifetime over by a second's fraction", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_CHILD_DELETE, .life = 1,
	  .reason = IPM_REASON_NORMAL },
	{ "lifetime long over", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_CHILD_DELETE, .life = -7,
	  .reason = IPM_REASON_NORMAL },
	{ "two seconds left", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_CHILD_DELETE, .life = 2,
	  .reason = IPM_REASON_OPERATOR },
	{ "no lifetime", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_CHILD_DELETE, .life = VICI_UNSET,
	  .reason = IPM_REASON_OPERATOR },
	{ "lifetime over, and the peer was faster", DOWN_CHILD, VICI_IKE_ESTABLISHED, 0, VICI_TASK_CHILD_DELETE,
	  .life = 0, .reason = IPM_REASON_NORMAL },
	{ "volume used up", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_CHILD_DELETE, .life = 4000, .volume = true,
	  .reason = IPM_REASON_NORMAL },
	{ "IKEv1 children go before an IKE SA that is over", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_CHILD_DELETE,
	  0, VICI_TASK_IKE_DELETE, .life = 4000, .replaced = true, .reason = IPM_REASON_NORMAL },
	{ "IKEv1 children go before an IKE SA that is terminated", DOWN_CHILD, VICI_IKE_ESTABLISHED,
	  VICI_TASK_CHILD_DELETE, 0, VICI_TASK_IKE_DELETE, .life = 4000, .reason = IPM_REASON_OPERATOR },
	{ "the peer knows no such child", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_CHILD_REKEY, .life = 4000,
	  .reason = IPM_REASON_PEER_LOST },
	{ "children of an IKE SA whose peer deletes it", DOWN_CHILD, VICI_IKE_DELETING, 0, VICI_TASK_IKE_DELETE,
	  .life = 4000, .reason = IPM_REASON_PEER_DELETE },
	{ "children of an IKE SA that authenticates again", DOWN_CHILD, VICI_IKE_DELETING, VICI_TASK_REAUTH,
	  .life = 4000, .reason = IPM_REASON_NORMAL },
	{ "children of an IKE SA without an answer", DOWN_CHILD, VICI_IKE_ESTABLISHED, VICI_TASK_DPD, .life = 4000,
	  .reason = IPM_REASON_PEER_LOST },
	{ "IKEv1 authenticates again without an answer", DOWN_CHILD, VICI_IKE_CONNECTING, VICI_TASK_MAIN, .life = 4000,
	  .reason = IPM_REASON_PEER_LOST },
};

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

/* --- records of error-notify ------------------------------------------------------------------------------------- */

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

/* --- which failures there were --------------------------------------------------------------------------------------
 */

static char dir[64], path[96];
static struct ipm_writer *writer;
static struct ipm_segment *seg;
static struct vici_model *model;
static struct vici_failures *failures;
static uint64_t now;

static void
gateway_setup(void)
{
	struct ipm_error err;
	strcpy(dir, "/tmp/reasons.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/gw.model", dir);
	struct ipm_writer_options opt = { .path = path,
					  .name = "gw",
					  .mode = 0600,
					  .capacity = { .ike_sas = 64,
							.tunnels = 64,
							.selectors = 64,
							.sas = 256,
							.feeds = 2,
							.maps = 4,
							.history = 128,
							.failures = 256,
							.events = 512 } };
	ck_assert_int_eq(ipm_writer_open(&writer, &opt, &err), 0);
	ck_assert_int_eq(ipm_segment_attach(&seg, path, &err), 0);
	int feed = ipm_feed_open(writer, "vici");
	model = vici_model_new(writer, (uint32_t)feed);
	failures = vici_failures_new(writer, model);
	ck_assert(model && failures);
	now = START;
}

static void
gateway_teardown(void)
{
	vici_failures_free(failures);
	vici_model_free(model);
	ipm_segment_close(seg);
	ipm_writer_close(writer);
	unlink(path);
	rmdir(dir);
}

static void
after_ms(uint64_t ms)
{
	now += ms * MS;
	vici_failures_run(failures, now);
}

static uint64_t
seconds_ms(unsigned n)
{
	return n * 1000ull;
}

static struct ipm_addr
addr(uint8_t last)
{
	return (struct ipm_addr){ .len = 4, .bytes = { 10, 9, 0, last } };
}

/* An IKE SA from 10.9.0.1 to 10.9.0.2. */
static struct vici_ike
ike(uint32_t uid, enum vici_ike_state state)
{
	struct vici_ike sa = { .name = "gw",
			       .uniqueid = uid,
			       .version = 2,
			       .state = state,
			       .local_host = addr(1),
			       .remote_host = addr(2),
			       .local_port = 4500,
			       .remote_port = 4500,
			       .local_id = "us",
			       .remote_id = "peer",
			       .spi_initiator = uid,
			       .established = 1,
			       .rekey_time = VICI_UNSET,
			       .reauth_time = VICI_UNSET };
	return sa;
}

static struct vici_alert
alert_of(enum vici_alert_kind kind)
{
	struct vici_alert alert = {
		.kind = kind, .conn = "gw", .remote_id = "peer", .remote = addr(2), .remote_port = 4500
	};
	snprintf(alert.text, sizeof(alert.text), "%s", vici_alert_meaning(kind)->name);
	return alert;
}

static void
tell(struct vici_alert alert)
{
	vici_failures_alert(failures, &alert, now);
}

static void
alert(enum vici_alert_kind kind)
{
	tell(alert_of(kind));
}

static void
by_vici(enum vici_alert_kind kind, uint32_t uid)
{
	struct vici_ike sa = ike(uid, VICI_IKE_CONNECTING);
	struct vici_alert told;
	vici_alert_fill(&told, vici_alert_meaning(kind)->name, &sa);
	tell(told);
}

static void
ike_up(struct vici_ike sa)
{
	vici_failures_ike_up(failures, &sa, now);
	vici_model_ike(model, &sa);
}

static void
ike_down(struct vici_ike sa)
{
	vici_failures_ike_down(failures, &sa, now);
	vici_model_ike_down(model, &sa);
}

static void
negotiation_ends(uint32_t uid)
{
	ike_down(ike(uid, VICI_IKE_CONNECTING));
}

static unsigned
count(enum ipm_section_kind ring)
{
	unsigned n = 0;
	struct ipm_failure f;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, ring); slot++)
		n += ipm_failure_read(seg, ring, slot, &f) == 0 && f.index;
	return n;
}

static struct ipm_failure
only(enum ipm_section_kind ring)
{
	struct ipm_failure f;
	ck_assert_uint_eq(count(IPM_IKE_FAILURES) + count(IPM_TUNNEL_FAILURES), 1);
	ck_assert_int_eq(ipm_failure_read(seg, ring, 0, &f), 0);
	return f;
}

static void
nothing_failed(void)
{
	ck_assert_uint_eq(count(IPM_IKE_FAILURES) + count(IPM_TUNNEL_FAILURES), 0);
}

static const struct kind_case {
	enum vici_alert_kind kind;
	int ring; /* -1: no failure */
	int reason;
} kind_cases[] = {
	{ VICI_ALERT_PEER_AUTH_FAILED, IPM_IKE_FAILURES, IPM_FAIL_AUTH },
	{ VICI_ALERT_LOCAL_AUTH_FAILED, IPM_IKE_FAILURES, IPM_FAIL_AUTH },
	{ VICI_ALERT_AUTHORIZATION_FAILED, IPM_IKE_FAILURES, IPM_FAIL_AUTH },
	{ VICI_ALERT_PROPOSAL_MISMATCH_IKE, IPM_IKE_FAILURES, IPM_FAIL_PROPOSAL },
	{ VICI_ALERT_PROPOSAL_MISMATCH_CHILD, IPM_TUNNEL_FAILURES, IPM_FAIL_PROPOSAL },
	{ VICI_ALERT_TS_MISMATCH, IPM_TUNNEL_FAILURES, IPM_FAIL_PROPOSAL },
	{ VICI_ALERT_PARSE_ERROR_HEADER, IPM_IKE_FAILURES, IPM_FAIL_ENCODING },
	{ VICI_ALERT_PARSE_ERROR_BODY, IPM_IKE_FAILURES, IPM_FAIL_ENCODING },
	{ VICI_ALERT_RETRANSMIT_SEND_TIMEOUT, IPM_IKE_FAILURES, IPM_FAIL_PEER_LOST },
	{ VICI_ALERT_HALF_OPEN_TIMEOUT, IPM_IKE_FAILURES, IPM_FAIL_PEER_LOST },
	{ VICI_ALERT_PEER_INIT_UNREACHABLE, IPM_IKE_FAILURES, IPM_FAIL_PEER_LOST },
	{ VICI_ALERT_CERT_EXPIRED, IPM_IKE_FAILURES, IPM_FAIL_CERT_INVALID },
	{ VICI_ALERT_CERT_REVOKED, IPM_IKE_FAILURES, IPM_FAIL_CERT_INVALID },
	{ VICI_ALERT_CERT_NO_ISSUER, IPM_IKE_FAILURES, IPM_FAIL_CERT_INVALID },
	{ VICI_ALERT_CERT_UNTRUSTED_ROOT, IPM_IKE_FAILURES, IPM_FAIL_CERT_INVALID },
	{ VICI_ALERT_CERT_EXCEEDED_PATH_LEN, IPM_IKE_FAILURES, IPM_FAIL_CERT_INVALID },
	{ VICI_ALERT_CERT_POLICY_VIOLATION, IPM_IKE_FAILURES, IPM_FAIL_CERT_INVALID },
	{ VICI_ALERT_CERT_VALIDATION_FAILED, IPM_IKE_FAILURES, IPM_FAIL_CRL },
	{ VICI_ALERT_INVALID_IKE_SPI, IPM_IKE_FAILURES, IPM_FAIL_NO_SA },
	{ VICI_ALERT_INSTALL_CHILD_SA_FAILED, IPM_TUNNEL_FAILURES, IPM_FAIL_INTERNAL },
	{ VICI_ALERT_INSTALL_CHILD_POLICY_FAILED, IPM_TUNNEL_FAILURES, IPM_FAIL_INTERNAL },
	{ VICI_ALERT_RADIUS_NOT_RESPONDING, IPM_IKE_FAILURES, IPM_FAIL_LOCAL },
	{ VICI_ALERT_VIP_FAILURE, IPM_IKE_FAILURES, IPM_FAIL_LOCAL },
	{ VICI_ALERT_PEER_ADDR_FAILED, IPM_IKE_FAILURES, IPM_FAIL_LOCAL },
	{ VICI_ALERT_KEEP_ON_CHILD_SA_FAILURE, IPM_TUNNEL_FAILURES, IPM_FAIL_PROPOSAL },
	{ VICI_ALERT_RETRANSMIT_SEND, -1, 0 },
	{ VICI_ALERT_RETRANSMIT_SEND_CLEARED, -1, 0 },
	{ VICI_ALERT_RETRANSMIT_RECEIVE, -1, 0 },
	{ VICI_ALERT_TS_NARROWED, -1, 0 },
	{ VICI_ALERT_UNIQUE_REPLACE, -1, 0 },
	{ VICI_ALERT_UNIQUE_KEEP, -1, 0 },
	{ VICI_ALERT_SHUTDOWN, -1, 0 },
	{ VICI_ALERT_IKE_SA_EXPIRED, -1, 0 },
	{ VICI_ALERT_UNKNOWN, -1, 0 },
};

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
	struct ipm_failure f = only((enum ipm_section_kind)c->ring);
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

/* Which comes first is chance: the two come through two sockets. */
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
	struct ipm_failure f = only(IPM_IKE_FAILURES);
	bool tied = gap < 500; /* behind that each was recorded as it was */
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
		/* It did not like who we said we are. */
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
	struct ipm_failure f = only(IPM_IKE_FAILURES);
	ck_assert_uint_eq(f.reason, cases[_i].reason);
	ck_assert_uint_eq(f.setup, 1);
	ck_assert_uint_eq(f.initiator, sa.active != 0);
	ck_assert_str_eq(f.text, cases[_i].text);
	ck_assert_str_eq(f.local_id, "10.9.0.1"); /* nobody has said who they are */
	ck_assert_str_eq(f.remote_id, "10.9.0.2");
	ck_assert_str_eq(f.conn, "");
	ck_assert_int_eq(f.remote.len, 4);
}
END_TEST

/* --- IKEv1 with another key: what 5.9.8 says of it ---------------------------------------------------------------- */

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
listed(struct vici_ike sa)
{
	vici_failures_ike_seen(failures, &sa, now);
	vici_model_ike(model, &sa);
}

/* An alert of error-notify about the IKE SA, as far as that tells. */
static struct vici_alert
about(const struct vici_ike *sa, enum vici_alert_kind kind)
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
	struct vici_alert parse = about(&sa, VICI_ALERT_PARSE_ERROR_BODY);

	ck_assert(vici_failures_alert(failures, &parse, now)); /* a list would tell more */
	now += 20 * MS;
	listed(sa);
	after_ms(480);
	struct ipm_failure f = only(IPM_IKE_FAILURES);
	ck_assert_uint_eq(f.reason, IPM_FAIL_AUTH);
	ck_assert_uint_eq(f.setup, 1);
	ck_assert_uint_eq(f.initiator, initiator);
	ck_assert_mem_eq(f.local.bytes, addr(1).bytes, 4);
	ck_assert_str_eq(f.local_id, initiator ? "us" : "10.9.0.1");
	ck_assert_str_eq(f.remote_id, "10.9.0.2");
	/* It is sent again and again, and then given up. */
	for (int i = 0; i < 3; i++) {
		ck_assert(!vici_failures_alert(failures, &parse, now));
		after_ms(1500);
		listed(sa);
	}
	after_ms(seconds_ms(40));
	if (initiator)
		tell(about(&sa, VICI_ALERT_RETRANSMIT_SEND_TIMEOUT));
	tell(about(&sa, initiator ? VICI_ALERT_PEER_INIT_UNREACHABLE : VICI_ALERT_HALF_OPEN_TIMEOUT));
	after_ms(500);
	only(IPM_IKE_FAILURES);
	/* The next attempt is another one, within a minute or not. */
	sa = half_open(8, initiator);
	listed(sa);
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
		listed(sa); /* and gone since */
		now += seconds_ms(20) * MS;
	}
	if (_i < 3)
		listed(sa);
	tell(about(&sa, VICI_ALERT_PARSE_ERROR_BODY));
	after_ms(500);
	ck_assert_uint_eq(only(IPM_IKE_FAILURES).reason, IPM_FAIL_ENCODING);
}
END_TEST

START_TEST(a_peer_that_does_not_go_on_with_aggressive_mode_has_another_key)
{
	struct vici_ike sa = half_open(7, false);
	sa.passive = VICI_TASK_AGGRESSIVE;
	strcpy(sa.name, "gw");
	listed(sa);
	after_ms(3000);
	tell(about(&sa, VICI_ALERT_PEER_INIT_UNREACHABLE));
	after_ms(500);
	ck_assert_uint_eq(only(IPM_IKE_FAILURES).reason, IPM_FAIL_AUTH);
}
END_TEST

/* --- who it is that does not answer --------------------------------------------------------------------------------
 */

START_TEST(a_peer_that_never_answers_is_known_by_the_address_of_its_connection)
{
	struct vici_conn conn = { .name = "gw", .local_id = "us", .local = addr(1), .peer = { addr(2) }, .peers = 1 };
	struct vici_ike sa = half_open(7, true);
	struct vici_alert silent = about(&sa, VICI_ALERT_PEER_INIT_UNREACHABLE);

	sa.version = 2;
	if (_i == 0)
		vici_model_conn(model, &conn); /* it came and went between two lists */
	else
		listed(sa);
	if (_i == 2)
		silent.remote = (struct ipm_addr){ 0 };
	if (_i == 2)
		vici_model_conn(model, &conn);
	tell(silent);
	after_ms(500);
	struct ipm_failure f = only(IPM_IKE_FAILURES);
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
	struct vici_alert again = about(&sa, VICI_ALERT_RETRANSMIT_SEND);
	struct vici_alert dpd = about(&up, VICI_ALERT_RETRANSMIT_SEND);

	ck_assert(vici_failures_alert(failures, &again, now));
	listed(sa);
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
	struct ipm_failure f = only(IPM_IKE_FAILURES);
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
	ck_assert_uint_eq(only(IPM_IKE_FAILURES).reason, IPM_FAIL_AUTH);
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
	ck_assert_uint_eq(only(IPM_IKE_FAILURES).reason, _i < 2 ? IPM_FAIL_CERT_EXPIRED : IPM_FAIL_CERT_INVALID);
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
	ck_assert_uint_eq(only(IPM_IKE_FAILURES).reason, IPM_FAIL_AUTH);
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
	struct ipm_failure f = only(IPM_IKE_FAILURES);
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
	ck_assert_uint_eq(only(IPM_IKE_FAILURES).initiator, 0);
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
	struct ipm_failure f = only(IPM_IKE_FAILURES);
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
	struct ipm_failure f = only(IPM_TUNNEL_FAILURES);
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
	ck_assert_uint_eq(only(IPM_IKE_FAILURES).reason, IPM_FAIL_AUTH);
	ck_assert_uint_eq(vici_failures_due(failures), 0);
}
END_TEST

/* --- ends, in the model ----------------------------------------------------------------------------------------------
 */

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
roll(uint32_t below)
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
	if (roll(3) == 0)
		twins_list();
	vici_model_child(model, &twins.sa[at], child(twins.last));
	twins.sa[at].queued = 0;
}

static void
twin_goes(uint16_t active, enum vici_alert_kind before)
{
	size_t at = roll(TWINS);
	if (!twins.up[at])
		return;
	struct vici_ike sa = twins.sa[at];
	sa.active = active;
	sa.state = active ? VICI_IKE_DELETING : VICI_IKE_ESTABLISHED;
	twins.up[at] = false;
	if (before)
		alert(before);
	ike_down(sa);
	if (roll(3) == 0)
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
		switch (roll(7)) {
		case 0:
			twin_comes(0); /* a duplicate, or the first */
			break;
		case 1:
			twin_comes(VICI_TASK_REAUTH_COMPLETE); /* made before the break */
			twin_goes(VICI_TASK_IKE_DELETE, VICI_ALERT_UNKNOWN);
			break;
		case 2:
			twin_goes(VICI_TASK_REAUTH, VICI_ALERT_UNKNOWN); /* broken before the new one is made */
			twin_comes(0);
			break;
		case 3:
			twin_comes(0);
			twin_goes(VICI_TASK_IKE_DELETE, VICI_ALERT_UNIQUE_REPLACE);
			break;
		case 4: /* the peer has deleted one of them, and does not answer there any more */
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
		if (roll(2))
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

/* --- tasks in messages
 * ------------------------------------------------------------------------------------------------- */

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
	Suite *suite = suite_create("reasons");
	TCase *ends = tcase_create("ends"), *records = tcase_create("records"), *fails = tcase_create("failures");

	tcase_add_loop_test(ends, an_end_has_the_reason_that_charon_was_busy_with, 0, COUNT(end_cases));
	tcase_add_test(ends, a_child_follows_its_ike_sa_whatever_it_was_doing);
	tcase_add_test(ends, tasks_are_bits_in_three_lists);
	suite_add_tcase(suite, ends);

	tcase_add_test(records, a_record_says_what_happened_with_whom);
	tcase_add_test(records, every_type_of_5_9_8_has_a_kind_of_its_own);
	tcase_add_test(records, every_kind_has_its_name_in_vici);
	tcase_add_test(records, a_malformed_record_is_refused_and_leaves_no_trace);
	tcase_add_test(records, fields_without_an_end_and_unprintable_ones_are_made_text);
	tcase_add_test(records, charons_words_for_nobody_are_empty);
	tcase_add_test(records, a_message_of_no_ike_sa_has_its_address_in_the_text);
	suite_add_tcase(suite, records);

	tcase_add_checked_fixture(fails, gateway_setup, gateway_teardown);
	tcase_add_loop_test(fails, an_alert_alone_is_one_failure_half_a_second_later, 0, COUNT(kind_cases));
	tcase_add_loop_test(fails, an_alert_and_the_end_of_its_negotiation_are_one_failure, 0, 12);
	tcase_add_loop_test(fails, a_negotiation_that_nobody_explains_says_how_far_it_came, 0, 8);
	tcase_add_loop_test(fails, a_main_mode_message_that_cannot_be_decrypted_is_another_key_on_either_side, 0, 2);
	tcase_add_loop_test(fails, a_message_that_does_not_parse_has_nothing_to_do_with_the_key, 0, 4);
	tcase_add_test(fails, a_peer_that_does_not_go_on_with_aggressive_mode_has_another_key);
	tcase_add_loop_test(fails, a_peer_that_never_answers_is_known_by_the_address_of_its_connection, 0, 3);
	tcase_add_test(fails, a_negotiation_that_may_come_to_nothing_is_looked_at_while_it_is_there);
	tcase_add_loop_test(fails, what_duplicates_and_rekeys_leave_behind_is_no_failure_while_the_connection_is_up, 0,
			    4);
	tcase_add_loop_test(fails, what_is_wrong_with_a_certificate_says_more_than_that_authentication_failed, 0, 2);
	tcase_add_loop_test(fails, complaints_about_certificates_are_nothing_when_the_ike_sa_comes_up, 0, 2);
	tcase_add_loop_test(fails, the_peers_dislike_of_us_is_not_about_its_certificate, 0, 2);
	tcase_add_loop_test(fails, our_own_certificate_that_expired_is_ours, 0, 6);
	tcase_add_loop_test(fails, two_peers_have_two_failures, 0, 3);
	tcase_add_test(fails, two_attempts_of_one_peer_are_two_failures);
	tcase_add_loop_test(fails, a_charon_that_tells_it_both_ways_tells_one_failure, 0, 2);
	tcase_add_loop_test(fails, of_a_peer_that_is_tried_again_and_again_the_first_try_counts, 0, 2);
	tcase_add_test(fails, the_side_that_did_not_begin_may_be_left_waiting_too);
	tcase_add_loop_test(fails, a_dead_peer_is_known_by_the_ike_sa_that_it_left, 0, 2);
	tcase_add_test(fails, a_failure_bears_the_number_of_the_peer_that_is_up);
	tcase_add_loop_test(fails, charon_keeps_the_ike_sa_for_a_reason_that_is_told_already, 0, 5);
	tcase_add_loop_test(fails, messages_that_are_sent_again_and_again_count_once_a_minute, 0, 2);
	tcase_add_loop_test(fails, a_late_answer_to_an_ike_sa_that_is_gone_is_nothing, 0, 2);
	tcase_add_test(fails, a_flood_is_recorded_to_the_last_and_in_order);
	tcase_add_test(fails, what_is_held_back_is_recorded_when_charon_goes);
	tcase_add_test(fails, children_behind_their_ike_sa_end_for_its_reason);
	tcase_add_loop_test(fails, of_two_the_older_one_is_replaced, 0, 3);
	tcase_add_test(fails, an_alert_about_another_peer_replaces_nothing);
	tcase_add_loop_test(fails, reauthentication_and_duplicates_in_any_order_lose_nobody, 0, 16);
	tcase_add_loop_test(fails, volume_that_is_used_up_is_an_end_like_any_lifetime, 0, 3);
	tcase_add_test(fails, what_vanishes_without_a_word_is_unknown);
	suite_add_tcase(suite, fails);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
