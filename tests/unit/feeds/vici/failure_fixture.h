/* SPDX-License-Identifier: ISC */
/* A gateway, charon's messages about failures at times that the tests set, and the recorded failures. */
#ifndef FAILURE_FIXTURE_H
#define FAILURE_FIXTURE_H

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
#include "suite.h"
#include "segment_remove.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MS           1000000ull
#define START        (100000 * MS)

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

static char dir[64], path[96];
static struct ipm_writer *writer;
static struct ipm_segment *seg;
static struct vici_model *model;
static struct vici_failures *failures;
static uint64_t now;

static inline void
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

static inline void
gateway_teardown(void)
{
	vici_failures_free(failures);
	vici_model_free(model);
	ipm_segment_close(seg);
	ipm_writer_close(writer);
	segment_remove(path);
	rmdir(dir);
}

static inline void
after_ms(uint64_t ms)
{
	now += ms * MS;
	vici_failures_run(failures, now);
}

static inline struct ipm_addr
addr(uint8_t last)
{
	return (struct ipm_addr){ .len = 4, .bytes = { 10, 9, 0, last } };
}

/* An IKE SA from 10.9.0.1 to 10.9.0.2. */
static inline struct vici_ike
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

static inline struct vici_alert
alert_of(enum vici_alert_kind kind)
{
	struct vici_alert alert = {
		.kind = kind, .conn = "gw", .remote_id = "peer", .remote = addr(2), .remote_port = 4500
	};
	snprintf(alert.text, sizeof(alert.text), "%s", vici_alert_meaning(kind)->name);
	return alert;
}

static inline void
tell(struct vici_alert alert)
{
	vici_failures_alert(failures, &alert, now);
}

static inline void
alert(enum vici_alert_kind kind)
{
	tell(alert_of(kind));
}

static inline void
by_vici(enum vici_alert_kind kind, uint32_t uid)
{
	struct vici_ike sa = ike(uid, VICI_IKE_CONNECTING);
	struct vici_alert told;
	vici_alert_fill(&told, vici_alert_meaning(kind)->name, &sa);
	tell(told);
}

static inline void
ike_up(struct vici_ike sa)
{
	vici_failures_ike_up(failures, &sa, now);
	vici_model_ike(model, &sa);
}

static inline void
ike_down(struct vici_ike sa)
{
	vici_failures_ike_down(failures, &sa, now);
	vici_model_ike_down(model, &sa);
}

static inline unsigned
count(enum ipm_section_kind ring)
{
	unsigned n = 0;
	struct ipm_failure f;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, ring); slot++)
		n += ipm_failure_read(seg, ring, slot, &f) == 0 && f.index;
	return n;
}

static inline void
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

#endif
