/* SPDX-License-Identifier: ISC */
/* What the notifications promise: which event is told as what, exactly, how fast, and that none is lost uncounted. */
#include <arpa/inet.h>
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ipm_writer.h"
#include "mib_notify.h"
#include "mib_set.h"
#include "views.h"
#include "scratch.h"

#define SECOND   1000000000ull
#define MS       1000000ull
#define NO_LIMIT 2147483647u
#define ON       1
#define OFF      2
#define KINDS    13
#define FAST     10000 /* a second: no test that is not about the pace waits for it */

static struct mib_notify *notify;
static struct ipm_writer *w;
static struct ipm_capacity capacity;

/* What was sent. */
static struct mib_notification *sent;
static unsigned sent_count, sent_room;

/* --- helpers: what there is ---------------------------------------------------------------------------------- */

static void
collect(void *arg, const struct mib_notification *one)
{
	(void)arg;
	if (sent_count == sent_room) {
		sent_room = sent_room ? 2 * sent_room : 64;
		struct mib_notification *grown = realloc(sent, sent_room * sizeof(*sent));
		ck_assert_ptr_nonnull(grown);
		sent = grown;
	}
	sent[sent_count++] = *one;
}

static struct ipm_writer *
given_segment(void)
{
	char path[SCRATCH_PATH];
	struct ipm_error err;
	struct ipm_writer *made;

	path_in_scratch(path);
	struct ipm_writer_options opt = { .path = path, .name = "gw", .mode = 0640, .capacity = capacity };
	int rc = ipm_writer_open(&made, &opt, &err);
	ck_assert_msg(rc == 0, "%d: %s", rc, err.text);
	return made;
}

static void
follow(struct ipm_writer *one, struct ipm_writer *other)
{
	const struct ipm_segment *seg[2] = { one ? ipm_writer_segment(one) : NULL,
					     other ? ipm_writer_segment(other) : NULL };
	mib_notify_serve(notify, seg, other ? 2 : one ? 1 : 0);
}

static void
switch_all(uint32_t to)
{
	for (unsigned i = 0; i < KINDS; i++)
		mib_controls.notify[i] = to;
}

static void
rate_is(uint32_t rate)
{
	mib_notify_free(notify);
	notify = mib_notify_new(rate, NULL, collect, NULL);
	ck_assert_ptr_nonnull(notify);
}

/* No segment as yet: rooms may still be changed. */
static void
given_nothing(void)
{
	capacity = (struct ipm_capacity){ .ike_sas = 8,
					  .tunnels = 8,
					  .selectors = 8,
					  .sas = 16,
					  .feeds = 1,
					  .events = 256,
					  .history = 64,
					  .failures = 64 };
	sent = NULL;
	sent_count = sent_room = 0;
	w = NULL;
	switch_all(ON);
	rate_is(FAST);
}

static void
all_gone(void)
{
	mib_notify_free(notify);
	notify = NULL;
	ipm_writer_close(w);
	free(sent);
}

static void
given_a_followed_segment(void)
{
	given_nothing();
	w = given_segment();
	follow(w, NULL);
}

/* Another segment, with rings of these sizes. */
static void
given_room_for(uint32_t history, uint32_t failures, uint32_t events)
{
	follow(NULL, NULL);
	ipm_writer_close(w);
	capacity.history = history;
	capacity.failures = failures;
	capacity.events = events;
	w = given_segment();
	follow(w, NULL);
}

static void
rest_ms(unsigned ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000 * MS) };
	nanosleep(&time, NULL);
}

static struct mib_notify_stats
stats(void)
{
	return mib_notify_stats(notify);
}

/* Until nothing waits. */
static void
tell_all(void)
{
	uint64_t give_up = ipm_now_ns() + 20 * SECOND;
	do {
		rest_ms(1);
		mib_notify_poll(notify);
	} while (stats().waiting && ipm_now_ns() < give_up);
	ck_assert_uint_eq(stats().waiting, 0);
}

static uint32_t
ok(int slot)
{
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static struct ipm_addr
address(const char *text)
{
	struct ipm_addr addr = { .len = 4 };
	if (inet_pton(AF_INET, text, addr.bytes) == 1)
		return addr;
	addr.len = 16;
	ck_assert_msg(inet_pton(AF_INET6, text, addr.bytes) == 1, "%s is no address", text);
	return addr;
}

static struct ipm_ike_sa
ike_sa(void)
{
	return (struct ipm_ike_sa){ .state = IPM_IKE_ESTABLISHED,
				    .version = 2,
				    .local = address("192.0.2.1"),
				    .remote = address("198.51.100.7"),
				    .hard_ns = 14400 * SECOND,
				    .created_ns = ipm_now_ns() - 5 * SECOND,
				    .local_id = "192.0.2.1",
				    .remote_id = "gw" };
}
/* cikePeerLocalValue and so on of that, as an index */
#define OF_PEER "1.9.49.57.50.46.48.46.50.46.49.2.2.103.119.1"

static struct ipm_tunnel
tunnel(void)
{
	return (struct ipm_tunnel){ .state = IPM_TUNNEL_UP,
				    .encap = IPM_ENCAP_TUNNEL,
				    .key_type = IPM_KEY_IKE,
				    .protocol = 50,
				    .hard_ns = 3600 * SECOND,
				    .hard_octets = 4608000ull * 1024,
				    .created_ns = ipm_now_ns() - 7 * SECOND };
}

static uint32_t
given_ike(struct ipm_writer *writer)
{
	struct ipm_ike_sa sa = ike_sa();
	return ok(ipm_ike_start(writer, &sa));
}

static uint32_t
given_tunnel(struct ipm_writer *writer)
{
	struct ipm_tunnel t = tunnel();
	return ok(ipm_tunnel_start(writer, &t));
}

static void
given_sa_pair(struct ipm_writer *writer, uint32_t slot)
{
	for (uint8_t direction = IPM_IN; direction <= IPM_OUT; direction++) {
		struct ipm_sa sa = { .direction = direction, .protocol = 50, .state = IPM_SA_ACTIVE, .spi = 1 };
		ok(ipm_sa_start(writer, slot, &sa));
	}
}

/* So many tunnels come and go, which is two events each. */
static void
tunnels_come_and_go(struct ipm_writer *writer, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ipm_tunnel_stop(writer, given_tunnel(writer), IPM_REASON_OPERATOR);
}

static struct ipm_failure
failure(enum ipm_failure_reason reason)
{
	return (struct ipm_failure){ .reason = reason,
				     .local = address("192.0.2.1"),
				     .remote = address("198.51.100.7"),
				     .peer = 1,
				     .local_id = "192.0.2.1",
				     .remote_id = "gw" };
}

/* All that was told so far is of no interest. */
static void
from_now_on(void)
{
	tell_all();
	sent_count = 0;
}

/* --- helpers: what is expected --------------------------------------------------------------------------------- */

static const char *
name_text(const struct mib_varbind *vb)
{
	static char text[1024];
	size_t at = 0;
	for (size_t i = 0; i < vb->name_len; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%lu", i ? "." : "", vb->name[i]);
	return text;
}

/* Varbind @p i of notification @p n is called so, below ciscoIpSecFlowMonitorMIB. */
static const struct mib_varbind *
expect_name(unsigned n, unsigned i, const char *below)
{
	static const char mib[] = "1.3.6.1.4.1.9.9.171.";
	ck_assert_uint_lt(n, sent_count);
	ck_assert_uint_lt(i, sent[n].count);
	const struct mib_varbind *vb = &sent[n].varbind[i];
	const char *text = name_text(vb);
	ck_assert_msg(strncmp(text, mib, sizeof(mib) - 1) == 0 && strcmp(text + sizeof(mib) - 1, below) == 0,
		      "varbind %u of notification %u is %s, expected %s%s", i, n, text, mib, below);
	return vb;
}

static void
expect_octets(unsigned n, unsigned i, const char *below, const char *addr)
{
	const struct mib_varbind *vb = expect_name(n, i, below);
	struct ipm_addr expected = address(addr);
	ck_assert_int_eq(vb->value.type, MIB_OCTETS);
	ck_assert_uint_eq(vb->value.len, expected.len);
	ck_assert_mem_eq(vb->value.octets, expected.bytes, expected.len);
}

static void
expect_integer(unsigned n, unsigned i, const char *below, uint64_t number)
{
	const struct mib_varbind *vb = expect_name(n, i, below);
	ck_assert_int_eq(vb->value.type, MIB_INTEGER);
	ck_assert_uint_eq(vb->value.number, number);
}

static void
expect_count(unsigned n, unsigned number, unsigned varbinds)
{
	ck_assert_msg(n < sent_count, "%u notifications, expected more than %u", sent_count, n);
	ck_assert_uint_eq(sent[n].number, number);
	ck_assert_uint_eq(sent[n].count, varbinds);
}

static void
expect_peer(unsigned n)
{
	expect_octets(n, 0, "1.2.2.1.6." OF_PEER, "192.0.2.1");
	expect_octets(n, 1, "1.2.2.1.7." OF_PEER, "198.51.100.7");
}

/* These, in this order, and no others; 0 ends the list. */
static void
expect_numbers(unsigned first, ...)
{
	va_list list;
	unsigned n = 0;
	va_start(list, first);
	for (unsigned number = first; number; number = va_arg(list, unsigned), n++) {
		ck_assert_msg(n < sent_count, "only %u notifications, no %u", sent_count, number);
		ck_assert_msg(sent[n].number == number, "notification %u is %u, expected %u", n, sent[n].number,
			      number);
	}
	va_end(list);
	ck_assert_msg(sent_count == n, "%u notifications, expected %u", sent_count, n);
}

static void
expect_stats(uint64_t told, uint64_t suppressed, uint64_t disabled)
{
	struct mib_notify_stats now = stats();
	ck_assert_uint_eq(now.sent, told);
	ck_assert_uint_eq(now.suppressed, suppressed);
	ck_assert_uint_eq(now.disabled, disabled);
	ck_assert_uint_eq(now.waiting, 0);
	ck_assert_uint_eq(sent_count, told);
}

static uint64_t
all_of(struct mib_notify_stats s)
{
	return s.sent + s.suppressed + s.disabled + s.waiting;
}

/* How long it lasted, as its history says, in hundredths of a second. */
static uint64_t
ike_lasted(uint32_t slot)
{
	struct ipm_ike_history was;
	ck_assert_int_eq(ipm_ike_history_read(ipm_writer_segment(w), slot, &was), 0);
	return (was.ended_ns - was.sa.created_ns) / 10000000;
}

static uint64_t
tunnel_lasted(uint32_t slot)
{
	struct ipm_tunnel_history was;
	ck_assert_int_eq(ipm_tunnel_history_read(ipm_writer_segment(w), slot, &was), 0);
	return (was.ended_ns - was.tunnel.created_ns) / 10000000;
}

/* --- IKE SAs and tunnels ------------------------------------------------------------------------------------------ */

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
	ck_assert_uint_eq(MIB_COUNT(reasons), IPM_REASON_CHECKPOINT); /* all of them, but for the one that is no end */
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

/* --- the index of a peer --------------------------------------------------------------------------------------------
 */

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

/* --- failures ----------------------------------------------------------------------------------------------------- */

/* Every reason, what it is in IKE, and what in IPsec, while the tunnel is set up and later. */
static const struct {
	enum ipm_failure_reason reason;
	unsigned ike, setup, later;
} notification_of[] = {
	{ IPM_FAIL_OTHER, 5, 10, 12 },
	{ IPM_FAIL_PEER_DELETE, 5, 10, 12 },
	{ IPM_FAIL_PEER_LOST, 5, 10, 12 },
	{ IPM_FAIL_LOCAL, 3, 9, 9 },
	{ IPM_FAIL_AUTH, 5, 10, 12 },
	{ IPM_FAIL_HASH, 5, 10, 12 },
	{ IPM_FAIL_CRYPT, 5, 10, 12 },
	{ IPM_FAIL_INTERNAL, 3, 9, 9 },
	{ IPM_FAIL_CAPACITY, 3, 9, 9 },
	{ IPM_FAIL_PROPOSAL, 5, 10, 12 },
	{ IPM_FAIL_CERT_UNAVAILABLE, 4, 10, 12 },
	{ IPM_FAIL_CERT_INVALID, 4, 10, 12 },
	{ IPM_FAIL_CERT_EXPIRED, 4, 10, 12 },
	{ IPM_FAIL_CRL, 4, 10, 12 },
	{ IPM_FAIL_ENCODING, 5, 10, 12 },
	{ IPM_FAIL_NO_SA, 6, 13, 13 },
	{ IPM_FAIL_OPERATOR, 5, 10, 12 },
	{ IPM_FAIL_PROTOCOL_USE, 5, 10, 12 },
	{ IPM_FAIL_DECRYPT, 5, 10, 12 },
	{ IPM_FAIL_ENCRYPT, 5, 10, 12 },
	{ IPM_FAIL_IN_AUTH, 5, 10, 12 },
	{ IPM_FAIL_OUT_AUTH, 5, 10, 12 },
	{ IPM_FAIL_COMPRESSION, 5, 10, 12 },
	{ IPM_FAIL_SEQ_ROLLOVER, 5, 10, 12 },
};

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

/* A tunnel that has had two pairs of SAs, and a failure of it. */
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

/* --- what the MIB says ----------------------------------------------------------------------------------------------
 */

/* Everything that can happen, once. */
static void
everything_happens(struct ipm_writer *writer)
{
	static const enum ipm_failure_reason ike[] = { IPM_FAIL_LOCAL, IPM_FAIL_CRL, IPM_FAIL_HASH, IPM_FAIL_NO_SA };
	static const enum ipm_failure_reason sec[] = { IPM_FAIL_LOCAL, IPM_FAIL_PROPOSAL, IPM_FAIL_IN_AUTH,
						       IPM_FAIL_NO_SA };
	uint32_t slot = given_tunnel(writer);
	given_sa_pair(writer, slot);
	ipm_ike_stop(writer, given_ike(writer), IPM_REASON_NORMAL);
	ipm_tunnel_stop(writer, slot, IPM_REASON_PEER_LOST);
	for (unsigned i = 0; i < MIB_COUNT(ike); i++) {
		struct ipm_failure f = failure(ike[i]);
		ipm_fail(writer, IPM_IKE_FAILURES, &f);
		f = failure(sec[i]);
		f.setup = sec[i] == IPM_FAIL_PROPOSAL;
		ipm_fail(writer, IPM_TUNNEL_FAILURES, &f);
	}
}

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

/* --- switched off ---------------------------------------------------------------------------------------------------
 */

START_TEST(what_is_switched_off_is_counted_and_not_sent)
{
	for (unsigned off = 0; off < KINDS; off++) {
		uint64_t told = sent_count, disabled = stats().disabled;
		switch_all(ON);
		mib_controls.notify[off] = OFF;
		everything_happens(w);
		tell_all();
		ck_assert_uint_eq(sent_count, told + KINDS - 1);
		ck_assert_uint_eq(stats().disabled, disabled + 1);
		for (unsigned n = (unsigned)told; n < sent_count; n++)
			ck_assert_uint_ne(sent[n].number, off + 1);
	}
	expect_stats((uint64_t)KINDS * (KINDS - 1), 0, KINDS);
}
END_TEST

START_TEST(when_all_are_switched_off_all_are_counted_at_once_whatever_the_pace)
{
	switch_all(OFF);
	rate_is(1);
	follow(w, NULL);
	everything_happens(w);
	rest_ms(1100);
	mib_notify_poll(notify);
	expect_stats(0, 0, KINDS);
}
END_TEST

START_TEST(a_switch_is_asked_when_the_notification_is_told)
{
	switch_all(OFF);
	given_tunnel(w);
	switch_all(ON);
	tell_all();
	expect_numbers(7, 0);
}
END_TEST

START_TEST(what_is_switched_off_counts_as_that_even_if_nothing_is_left_to_tell_of)
{
	given_room_for(4, 64, 256);
	switch_all(OFF);
	tunnels_come_and_go(w, 100); /* 200 events, 4 entries of history */
	tell_all();
	expect_stats(0, 0, 200);
}
END_TEST

/* --- what is told late
 * ------------------------------------------------------------------------------------------------ */

START_TEST(an_end_is_told_though_another_has_the_slot_by_now)
{
	struct ipm_tunnel other = tunnel();
	capacity.tunnels = capacity.ike_sas = 1;
	given_room_for(64, 64, 256);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_PEER_LOST);
	ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
	other.protocol = 51;
	other.hard_ns = 60 * SECOND;
	given_sa_pair(w, ok(ipm_tunnel_start(w, &other)));
	struct ipm_ike_sa sa = ike_sa();
	strcpy(sa.remote_id, "another");
	sa.remote = address("203.0.113.1");
	ok(ipm_ike_start(w, &sa));
	tell_all();
	expect_numbers(7, 8, 11, 1, 2, 7, 1, 0);
	expect_integer(0, 0, "1.3.2.1.9.1", 3600);
	expect_integer(1, 0, "1.3.2.1.10.1", tunnel_lasted(0));
	expect_integer(2, 1, "1.3.4.1.4.1.0", 2);
	expect_peer(3);
	expect_integer(3, 2, "1.2.3.1.15.1", 14400);
	expect_peer(4);
	expect_integer(4, 2, "1.2.3.1.16.1", ike_lasted(0));
	expect_integer(5, 0, "1.3.2.1.9.2", 60);
	expect_octets(6, 1, "1.2.2.1.7.1.9.49.57.50.46.48.46.50.46.49.2.7.97.110.111.116.104.101.114.1", "203.0.113.1");
}
END_TEST

START_TEST(a_start_is_told_of_one_that_is_gone_as_the_history_knows_it)
{
	ipm_checkpoint(w); /* of nothing */
	ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	tunnels_come_and_go(w, 3);
	ck_assert_uint_eq(ipm_tunnel_peek(w, 0)->index, 0);
	tell_all();
	expect_numbers(1, 2, 7, 8, 7, 8, 7, 8, 7, 8, 0);
	expect_count(0, 1, 3);
	expect_peer(0);
	expect_integer(0, 2, "1.2.3.1.15.1", 14400);
	expect_integer(2, 0, "1.3.2.1.9.1", 3600);
	expect_integer(2, 1, "1.3.2.1.8.1", 4608000);
	expect_integer(8, 0, "1.3.2.1.9.4", 3600);
	expect_stats(10, 0, 0);
}
END_TEST

START_TEST(a_start_is_told_of_one_that_is_held_by_now)
{
	struct ipm_tunnel t = tunnel();
	uint32_t slot = ok(ipm_tunnel_start(w, &t));
	t.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, slot, &t);
	tell_all();
	expect_numbers(7, 0);
	expect_integer(0, 0, "1.3.2.1.9.1", 3600);
}
END_TEST

START_TEST(what_the_history_had_no_room_for_is_counted_as_suppressed)
{
	given_room_for(4, 64, 256);
	tunnels_come_and_go(w, 10);
	tell_all();
	expect_numbers(7, 8, 7, 8, 7, 8, 7, 8, 0); /* of the last four */
	expect_integer(0, 0, "1.3.2.1.9.7", 3600);
	expect_integer(6, 0, "1.3.2.1.9.10", 3600);
	expect_stats(8, 12, 0);
}
END_TEST

START_TEST(an_early_end_that_cannot_be_told_any_more_is_two_notifications)
{
	given_room_for(4, 64, 256);
	mib_controls.notify[6] = OFF; /* cipSecTunnelStart */
	for (unsigned i = 0; i < 5; i++)
		ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_PEER_LOST);
	tell_all();
	expect_stats(8, 2, 5);
	sent_count = 0;
	mib_controls.notify[7] = OFF; /* cipSecTunnelStop */
	for (unsigned i = 0; i < 5; i++)
		ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_PEER_LOST);
	tell_all();
	expect_numbers(11, 11, 11, 11, 0);
	ck_assert_uint_eq(stats().suppressed, 3);
	ck_assert_uint_eq(stats().disabled, 15);
}
END_TEST

START_TEST(ends_of_ike_sas_and_failures_that_were_overwritten_are_suppressed)
{
	struct ipm_failure f = failure(IPM_FAIL_PROPOSAL);
	given_room_for(2, 3, 256);
	for (unsigned i = 0; i < 5; i++) {
		ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
		ipm_fail(w, IPM_IKE_FAILURES, &f);
		ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	}
	tell_all();
	/* Two IKE SAs with their start and end, three failures of each kind. */
	expect_stats(4 + 6, 6 + 4, 0);
}
END_TEST

START_TEST(what_waits_is_counted_while_there_is_nobody_to_send_to)
{
	given_tunnel(w);
	given_ike(w);
	ck_assert_uint_eq(stats().waiting, 2);
	ck_assert_uint_eq(sent_count, 0);
	tell_all();
	expect_stats(2, 0, 0);
}
END_TEST

/* --- the event ring
 * ---------------------------------------------------------------------------------------------------- */

START_TEST(events_that_were_overwritten_are_counted_as_suppressed)
{
	struct ipm_failure f = failure(IPM_FAIL_PROPOSAL);
	given_room_for(64, 64, 8);
	ipm_fail(w, IPM_IKE_FAILURES, &f);
	tell_all();
	sent_count = 0;
	for (unsigned i = 0; i < 20; i++)
		ipm_fail(w, IPM_IKE_FAILURES, &f);
	tell_all();
	ck_assert_uint_eq(sent_count, 8);
	ck_assert_uint_eq(stats().suppressed, 12);
}
END_TEST

START_TEST(events_that_were_overwritten_before_the_first_one_was_told_are_counted_too)
{
	struct ipm_failure f = failure(IPM_FAIL_PROPOSAL);
	given_room_for(64, 64, 8);
	for (unsigned i = 0; i < 20; i++)
		ipm_fail(w, IPM_IKE_FAILURES, &f);
	tell_all();
	expect_stats(8, 12, 0);
}
END_TEST

START_TEST(a_segment_that_keeps_no_events_tells_nothing)
{
	given_room_for(64, 64, 0);
	everything_happens(w);
	tell_all();
	expect_stats(0, 0, 0);
}
END_TEST

/* --- the pace
 * ------------------------------------------------------------------------------------------------------------ */

#define RATE  100
#define BURST 10 /* what a tenth of a second brings */

/* A segment in which 2,000 tunnels have ended at once. */
static void
given_2000_ends(enum ipm_reason reason)
{
	capacity.tunnels = 2000;
	capacity.history = 2048;
	capacity.events = 4096;
	w = given_segment();
	for (unsigned i = 0; i < 2000; i++)
		given_tunnel(w);
	rate_is(RATE);
	follow(w, NULL);
	for (uint32_t slot = 0; slot < 2000; slot++)
		ipm_tunnel_stop(w, slot, reason);
}

struct poll_point {
	uint64_t at_ns;
	unsigned sent;
};

/*
 * Poll for that long, every few milliseconds, and check each time that nothing is lost and that in no time between
 * two polls more was sent than the rate allows. What is too little must be the fault of the machine: of what a pause
 * brings beyond the burst nothing is kept.
 */
static void
poll_for(uint64_t ns, unsigned at_once, uint64_t due)
{
	static struct poll_point points[1000];
	unsigned n = 0;
	double least = 0;
	uint64_t began = ipm_now_ns();
	points[n++] = (struct poll_point){ began, sent_count };
	while (n < MIB_COUNT(points) && points[n - 1].at_ns < began + ns) {
		rest_ms(5);
		mib_notify_poll(notify);
		points[n] = (struct poll_point){ ipm_now_ns(), sent_count };
		double gap = (double)(points[n].at_ns - points[n - 1].at_ns) / (double)SECOND;
		least += gap < 0.1 ? gap * RATE : 0;
		for (unsigned from = 0; from < n; from++) {
			double time = (double)(points[n].at_ns - points[from].at_ns) / (double)SECOND;
			unsigned got = points[n].sent - points[from].sent;
			/* The moment of a poll is taken behind it: a rest of its own time may be missing. */
			ck_assert_msg(got <= time * RATE + BURST + at_once, "%u sent in %.3f s", got, time);
		}
		if (due)
			ck_assert_uint_eq(all_of(stats()), due);
		ck_assert_uint_eq(stats().sent, sent_count);
		n++;
	}
	ck_assert_msg(sent_count + at_once + 1 >= least, "only %u sent, expected %.0f", sent_count, least);
}

START_TEST(a_flood_is_told_at_the_set_pace_and_all_of_it_is_counted)
{
	given_2000_ends(IPM_REASON_OPERATOR);
	poll_for(1200 * MS, 1, 2000);
	ck_assert_uint_le(sent_count, 135);
	ck_assert_uint_eq(stats().suppressed, 0);
	for (unsigned n = 0; n < sent_count; n++) {
		char below[32];
		snprintf(below, sizeof(below), "1.3.2.1.10.%u", n + 1);
		expect_count(n, 8, 1);
		expect_name(n, 0, below); /* each once, the oldest first */
	}
}
END_TEST

START_TEST(two_notifications_of_one_event_are_two_to_the_pace)
{
	given_2000_ends(IPM_REASON_PEER_LOST);
	poll_for(600 * MS, 2, 0);
	ck_assert_uint_eq(sent_count % 2, 0);
	ck_assert_uint_eq(stats().waiting, 2000 - sent_count / 2); /* events */
}
END_TEST

START_TEST(what_does_not_fit_the_ring_while_it_waits_is_suppressed_and_the_rest_goes_on)
{
	given_2000_ends(IPM_REASON_OPERATOR);
	poll_for(200 * MS, 1, 2000);
	unsigned told = sent_count;
	tunnels_come_and_go(w, 2000); /* 4,000 more events: the ring has 4,096 */
	mib_notify_poll(notify);
	ck_assert_uint_eq(all_of(stats()), 6000);
	poll_for(200 * MS, 1, 6000);
	ck_assert_uint_ge(stats().suppressed, 6000 - 4096 - told - BURST);
}
END_TEST

START_TEST(a_pause_does_not_save_up_for_a_burst)
{
	given_2000_ends(IPM_REASON_OPERATOR);
	mib_notify_poll(notify);
	unsigned before = sent_count;
	rest_ms(500);
	mib_notify_poll(notify);
	ck_assert_uint_le(sent_count - before, BURST);
	ck_assert_uint_ge(sent_count - before, BURST - 1);
}
END_TEST

START_TEST(one_notification_a_second_is_a_pace)
{
	given_2000_ends(IPM_REASON_OPERATOR);
	rate_is(1);
	uint64_t began = ipm_now_ns();
	follow(w, NULL); /* from here: nothing yet */
	struct ipm_failure f = failure(IPM_FAIL_NO_SA);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &f);
	while (ipm_now_ns() < began + 1500 * MS) {
		mib_notify_poll(notify);
		ck_assert_uint_le(sent_count, ipm_now_ns() < began + 1000 * MS ? 0 : 1);
		ck_assert_uint_eq(all_of(stats()), 2);
		rest_ms(20);
	}
	ck_assert_uint_eq(sent_count, 1);
}
END_TEST

START_TEST(when_nothing_happens_nothing_is_told)
{
	for (unsigned i = 0; i < 10; i++) {
		rest_ms(2);
		mib_notify_poll(notify);
	}
	expect_stats(0, 0, 0);
}
END_TEST

/* --- segments
 * ------------------------------------------------------------------------------------------------------------ */

START_TEST(what_happened_before_we_began_is_left_alone)
{
	w = given_segment();
	everything_happens(w);
	mib_notify_free(notify);
	notify = mib_notify_new(1000, NULL, collect, NULL);
	follow(w, NULL);
	tell_all();
	expect_stats(0, 0, 0);
	given_tunnel(w);
	tell_all();
	expect_numbers(7, 0);
}
END_TEST

START_TEST(a_segment_that_comes_later_is_told_from_its_beginning)
{
	w = given_segment();
	given_tunnel(w);
	follow(w, NULL);
	tell_all();
	expect_numbers(7, 0);
}
END_TEST

START_TEST(a_segment_that_is_followed_on_goes_on_where_it_was)
{
	given_tunnel(w);
	tell_all();
	given_tunnel(w);
	follow(w, NULL);
	tell_all();
	expect_numbers(7, 7, 0);
	expect_integer(1, 0, "1.3.2.1.9.2", 3600);
}
END_TEST

START_TEST(each_of_two_segments_that_are_followed_on_goes_on_where_it_was)
{
	struct ipm_writer *other = given_segment();
	follow(w, other);
	given_tunnel(w);
	given_tunnel(other);
	tell_all();
	given_tunnel(other);
	follow(w, other);
	tell_all();
	expect_numbers(7, 7, 7, 0);
	follow(w, NULL);
	ipm_writer_close(other);
}
END_TEST

START_TEST(a_segment_that_takes_anothers_place_is_told_from_its_beginning)
{
	char path[256];
	struct ipm_error err;
	struct ipm_segment *old, *new;
	tunnels_come_and_go(w, 2);
	snprintf(path, sizeof(path), "%s", ipm_segment_path(ipm_writer_segment(w)));
	ck_assert_int_eq(ipm_segment_attach(&old, path, &err), 0);
	mib_notify_serve(notify, (const struct ipm_segment *const *)&old, 1);
	from_now_on();
	ipm_writer_close(w);
	capacity.tunnels = 9; /* other capacities: a new file */
	struct ipm_writer_options opt = { .path = path, .name = "gw", .mode = 0640, .capacity = capacity };
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), 0);
	ck_assert(ipm_segment_stale(old));
	given_tunnel(w);
	ck_assert_int_eq(ipm_segment_attach(&new, path, &err), 0);
	mib_notify_serve(notify, (const struct ipm_segment *const *)&new, 1);
	ipm_segment_close(old);
	given_tunnel(w);
	tell_all();
	expect_numbers(7, 7, 0);
	expect_integer(0, 0, "1.3.2.1.9.1", 3600);
	mib_notify_serve(notify, NULL, 0);
	ipm_segment_close(new);
}
END_TEST

START_TEST(what_a_segment_that_is_gone_still_had_to_tell_is_suppressed)
{
	struct ipm_writer *other = given_segment();
	follow(w, other);
	tell_all();
	tunnels_come_and_go(other, 5);
	follow(w, NULL);
	ipm_writer_close(other);
	tell_all();
	expect_stats(0, 10, 0);
	tunnels_come_and_go(w, 1);
	follow(NULL, NULL);
	tell_all();
	expect_stats(0, 12, 0);
}
END_TEST

START_TEST(two_segments_are_told_both)
{
	struct ipm_writer *other = given_segment();
	follow(w, other);
	given_tunnel(w);
	tunnels_come_and_go(other, 3);
	given_tunnel(w);
	tell_all();
	expect_stats(8, 0, 0);
	follow(w, NULL);
	ipm_writer_close(other);
	expect_stats(8, 0, 0);
}
END_TEST

START_TEST(a_segment_in_trouble_does_not_silence_another)
{
	struct ipm_failure f = failure(IPM_FAIL_NO_SA);
	given_2000_ends(IPM_REASON_OPERATOR);
	rate_is(10); /* one at each poll */
	struct ipm_writer *other = given_segment();
	follow(w, other);
	for (unsigned i = 0; i < 10; i++) {
		tunnels_come_and_go(w, 20);
		ipm_fail(other, IPM_TUNNEL_FAILURES, &f);
		rest_ms(101);
		mib_notify_poll(notify);
	}
	unsigned told = 0;
	for (unsigned n = 0; n < sent_count; n++)
		told += sent[n].number == 13;
	ck_assert_uint_ge(told, 4);
	ck_assert_uint_eq(all_of(stats()), 410);
	follow(w, NULL);
	ipm_writer_close(other);
	ck_assert_uint_eq(all_of(stats()), 410);
}
END_TEST

/* --- all
 * ------------------------------------------------------------------------------------------------------------------ */

static TCase *
given(Suite *s, const char *name, void (*setup)(void))
{
	TCase *tc = tcase_create(name);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, all_gone);
	suite_add_tcase(s, tc);
	return tc;
}

static Suite *
notify_suite(void)
{
	Suite *s = suite_create("notify");
	TCase *tc = given(s, "coming and going", given_a_followed_segment);
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

	tc = given(s, "peers", given_a_followed_segment);
	tcase_add_test(tc, two_ike_sas_between_the_same_two_are_told_apart);
	tcase_add_test(tc, an_identity_is_part_of_an_index_as_far_as_54_octets);
	tcase_add_test(tc, identities_of_all_kinds_are_addresses_or_names);
	tcase_add_test(tc, a_peer_that_is_not_known_has_empty_names_and_no_address);

	tc = given(s, "failures", given_a_followed_segment);
	tcase_add_test(tc, every_reason_of_a_failure_has_its_notification);
	tcase_add_test(tc, failures_of_ike_tell_the_peer);
	tcase_add_test(tc, a_failure_of_the_system_tells_peer_tunnel_and_sa);
	tcase_add_test(tc, a_failure_of_the_protocol_tells_tunnel_and_sa);
	tcase_add_test(tc, a_failure_of_a_tunnel_that_is_not_there_has_its_index);
	tcase_add_test(tc, a_tunnel_that_cannot_be_set_up_tells_the_peer);
	tcase_add_test(tc, a_packet_for_no_sa_tells_nothing_more);
	tcase_add_test(tc, every_published_notification_is_sent_with_its_objects_in_their_order);

	tc = given(s, "switches", given_a_followed_segment);
	tcase_add_test(tc, what_is_switched_off_is_counted_and_not_sent);
	tcase_add_test(tc, when_all_are_switched_off_all_are_counted_at_once_whatever_the_pace);
	tcase_add_test(tc, a_switch_is_asked_when_the_notification_is_told);
	tcase_add_test(tc, what_is_switched_off_counts_as_that_even_if_nothing_is_left_to_tell_of);

	tc = given(s, "late", given_a_followed_segment);
	tcase_add_test(tc, an_end_is_told_though_another_has_the_slot_by_now);
	tcase_add_test(tc, a_start_is_told_of_one_that_is_gone_as_the_history_knows_it);
	tcase_add_test(tc, a_start_is_told_of_one_that_is_held_by_now);
	tcase_add_test(tc, what_the_history_had_no_room_for_is_counted_as_suppressed);
	tcase_add_test(tc, an_early_end_that_cannot_be_told_any_more_is_two_notifications);
	tcase_add_test(tc, ends_of_ike_sas_and_failures_that_were_overwritten_are_suppressed);
	tcase_add_test(tc, what_waits_is_counted_while_there_is_nobody_to_send_to);
	tcase_add_test(tc, events_that_were_overwritten_are_counted_as_suppressed);
	tcase_add_test(tc, events_that_were_overwritten_before_the_first_one_was_told_are_counted_too);
	tcase_add_test(tc, a_segment_that_keeps_no_events_tells_nothing);

	tc = given(s, "pace", given_nothing);
	tcase_add_test(tc, a_flood_is_told_at_the_set_pace_and_all_of_it_is_counted);
	tcase_add_test(tc, two_notifications_of_one_event_are_two_to_the_pace);
	tcase_add_test(tc, what_does_not_fit_the_ring_while_it_waits_is_suppressed_and_the_rest_goes_on);
	tcase_add_test(tc, a_pause_does_not_save_up_for_a_burst);
	tcase_add_test(tc, one_notification_a_second_is_a_pace);
	tcase_add_test(tc, when_nothing_happens_nothing_is_told);
	tcase_add_test(tc, what_happened_before_we_began_is_left_alone);
	tcase_add_test(tc, a_segment_that_comes_later_is_told_from_its_beginning);
	tcase_add_test(tc, a_segment_in_trouble_does_not_silence_another);

	tc = given(s, "segments", given_a_followed_segment);
	tcase_add_test(tc, a_segment_that_is_followed_on_goes_on_where_it_was);
	tcase_add_test(tc, each_of_two_segments_that_are_followed_on_goes_on_where_it_was);
	tcase_add_test(tc, a_segment_that_takes_anothers_place_is_told_from_its_beginning);
	tcase_add_test(tc, what_a_segment_that_is_gone_still_had_to_tell_is_suppressed);
	tcase_add_test(tc, two_segments_are_told_both);
	return s;
}

int
main(void)
{
	return run_in_scratch("check_mib_notify", notify_suite());
}
