/* SPDX-License-Identifier: ISC */
/* Segments that the notifications follow, and the expected notifications. */
#ifndef NOTIFY_FIXTURE_H
#define NOTIFY_FIXTURE_H

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
#include "mib_table.h"
#include "views.h"
#include "scratch.h"

#define SECOND 1000000000ull
#define MS     1000000ull

#define ON     1

#define KINDS  13
#define FAST   10000 /* per second: only tests about the pace wait for it */

static struct mib_notify *notify;
static struct ipm_writer *w;
static struct ipm_capacity capacity;

/* What was sent. */
static struct mib_notification *sent;
static unsigned sent_count, sent_room;

/* --- helpers: what there is ---------------------------------------------- */

static inline void
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

static inline struct ipm_writer *
given_segment(void)
{
	return writer_in_scratch(capacity);
}

static inline void
follow(struct ipm_writer *one, struct ipm_writer *other)
{
	const struct ipm_segment *seg[2] = { one ? ipm_writer_segment(one) : NULL,
					     other ? ipm_writer_segment(other) : NULL };
	mib_notify_serve(notify, seg, other ? 2 : one ? 1 : 0);
}

static inline void
switch_all(uint32_t to)
{
	for (unsigned i = 0; i < KINDS; i++)
		mib_controls.notify[i] = to;
}

static inline void
rate_is(uint32_t rate)
{
	mib_notify_free(notify);
	notify = mib_notify_new(rate, NULL, collect, NULL);
	ck_assert_ptr_nonnull(notify);
}

/* No segment yet, so a test may still change capacities. */
static inline void
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

static inline void
all_gone(void)
{
	mib_notify_free(notify);
	notify = NULL;
	ipm_writer_close(w);
	free(sent);
}

static inline void
given_a_followed_segment(void)
{
	given_nothing();
	w = given_segment();
	follow(w, NULL);
}

static inline void
rest_ms(unsigned ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000 * MS) };
	nanosleep(&time, NULL);
}

static inline struct mib_notify_stats
stats(void)
{
	return mib_notify_stats(notify);
}

/* Send notifications until none is waiting. */
static inline void
tell_all(void)
{
	uint64_t give_up = ipm_now_ns() + 20 * SECOND;
	do {
		rest_ms(1);
		mib_notify_poll(notify);
	} while (stats().waiting && ipm_now_ns() < give_up);
	ck_assert_uint_eq(stats().waiting, 0);
}

static inline uint32_t
ok(int slot)
{
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static inline struct ipm_addr
address(const char *text)
{
	struct ipm_addr addr = { .len = 4 };
	if (inet_pton(AF_INET, text, addr.bytes) == 1)
		return addr;
	addr.len = 16;
	ck_assert_msg(inet_pton(AF_INET6, text, addr.bytes) == 1, "%s is no address", text);
	return addr;
}

static inline struct ipm_ike_sa
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

static inline struct ipm_tunnel
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

static inline uint32_t
given_ike(struct ipm_writer *writer)
{
	struct ipm_ike_sa sa = ike_sa();
	return ok(ipm_ike_start(writer, &sa));
}

static inline uint32_t
given_tunnel(struct ipm_writer *writer)
{
	struct ipm_tunnel t = tunnel();
	return ok(ipm_tunnel_start(writer, &t));
}

static inline void
given_sa_pair(struct ipm_writer *writer, uint32_t slot)
{
	for (uint8_t direction = IPM_IN; direction <= IPM_OUT; direction++) {
		struct ipm_sa sa = { .direction = direction, .protocol = 50, .state = IPM_SA_ACTIVE, .spi = 1 };
		ok(ipm_sa_start(writer, slot, &sa));
	}
}

static inline struct ipm_failure
failure(enum ipm_failure_reason reason)
{
	return (struct ipm_failure){ .reason = reason,
				     .local = address("192.0.2.1"),
				     .remote = address("198.51.100.7"),
				     .peer = 1,
				     .local_id = "192.0.2.1",
				     .remote_id = "gw" };
}

/* Ignore all notifications sent so far. */
static inline void
from_now_on(void)
{
	tell_all();
	sent_count = 0;
}

/* --- helpers: what is expected ------------------------------------------- */

static inline const char *
name_text(const struct mib_varbind *vb)
{
	static char text[1024];
	size_t at = 0;
	for (size_t i = 0; i < vb->name_len; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%lu", i ? "." : "", vb->name[i]);
	return text;
}

/* Varbind @p i of notification @p n has this name below ciscoIpSecFlowMonitorMIB. */
static inline const struct mib_varbind *
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

static inline void
expect_octets(unsigned n, unsigned i, const char *below, const char *addr)
{
	const struct mib_varbind *vb = expect_name(n, i, below);
	struct ipm_addr expected = address(addr);
	ck_assert_int_eq(vb->value.type, MIB_OCTETS);
	ck_assert_uint_eq(vb->value.len, expected.len);
	ck_assert_mem_eq(vb->value.octets, expected.bytes, expected.len);
}

static inline void
expect_integer(unsigned n, unsigned i, const char *below, uint64_t number)
{
	const struct mib_varbind *vb = expect_name(n, i, below);
	ck_assert_int_eq(vb->value.type, MIB_INTEGER);
	ck_assert_uint_eq(vb->value.number, number);
}

static inline void
expect_count(unsigned n, unsigned number, unsigned varbinds)
{
	ck_assert_msg(n < sent_count, "%u notifications, expected more than %u", sent_count, n);
	ck_assert_uint_eq(sent[n].number, number);
	ck_assert_uint_eq(sent[n].count, varbinds);
}

static inline void
expect_peer(unsigned n)
{
	expect_octets(n, 0, "1.2.2.1.6." OF_PEER, "192.0.2.1");
	expect_octets(n, 1, "1.2.2.1.7." OF_PEER, "198.51.100.7");
}

/* Exactly these notifications were sent, in this order; 0 ends the list. */
static inline void
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

static inline void
expect_stats(uint64_t told, uint64_t suppressed, uint64_t disabled)
{
	struct mib_notify_stats now = stats();
	ck_assert_uint_eq(now.sent, told);
	ck_assert_uint_eq(now.suppressed, suppressed);
	ck_assert_uint_eq(now.disabled, disabled);
	ck_assert_uint_eq(now.waiting, 0);
	ck_assert_uint_eq(sent_count, told);
}

/* Its duration according to its history, in hundredths of a second. */
static inline uint64_t
ike_lasted(uint32_t slot)
{
	struct ipm_ike_history was;
	ck_assert_int_eq(ipm_ike_history_read(ipm_writer_segment(w), slot, &was), 0);
	return (was.ended_ns - was.sa.created_ns) / 10000000;
}

static inline uint64_t
tunnel_lasted(uint32_t slot)
{
	struct ipm_tunnel_history was;
	ck_assert_int_eq(ipm_tunnel_history_read(ipm_writer_segment(w), slot, &was), 0);
	return (was.ended_ns - was.tunnel.created_ns) / 10000000;
}

/* Each reason with its value for IKE and for IPsec, during the setup of a tunnel and later. */
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

/* Each kind of event once. */
static inline void
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

/* --- all ----------------------------------------------------------------- */

static inline TCase *
tests_of(Suite *s, const char *name, void (*setup)(void))
{
	TCase *tc = tcase_create(name);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, all_gone);
	suite_add_tcase(s, tc);
	return tc;
}

#endif
