/* SPDX-License-Identifier: ISC */
/**
 * @file vici_alert.h  Charon's alerts, and what each of them means for us.
 *
 * There are two sources: the plugin error-notify (5.9 and later, with a socket of its own, see notify_decode.h) has a
 * sentence; the VICI event "alert" (6.0.3 and later) has the IKE SA. Both become a struct vici_alert.
 *
 * Threads:   pure functions and constant tables.
 */
#ifndef VICI_ALERT_H
#define VICI_ALERT_H

#include "ipm_segment.h"
#include "vici_decode.h"

enum vici_alert_kind {
	VICI_ALERT_UNKNOWN,
	VICI_ALERT_RADIUS_NOT_RESPONDING,
	VICI_ALERT_SHUTDOWN,
	VICI_ALERT_LOCAL_AUTH_FAILED,
	VICI_ALERT_PEER_AUTH_FAILED,
	VICI_ALERT_PEER_ADDR_FAILED,
	VICI_ALERT_PEER_INIT_UNREACHABLE,
	VICI_ALERT_INVALID_IKE_SPI,
	VICI_ALERT_PARSE_ERROR_HEADER,
	VICI_ALERT_PARSE_ERROR_BODY,
	VICI_ALERT_RETRANSMIT_SEND,
	VICI_ALERT_RETRANSMIT_SEND_CLEARED,
	VICI_ALERT_RETRANSMIT_SEND_TIMEOUT,
	VICI_ALERT_RETRANSMIT_RECEIVE,
	VICI_ALERT_HALF_OPEN_TIMEOUT,
	VICI_ALERT_PROPOSAL_MISMATCH_IKE,
	VICI_ALERT_PROPOSAL_MISMATCH_CHILD,
	VICI_ALERT_TS_MISMATCH,
	VICI_ALERT_TS_NARROWED,
	VICI_ALERT_INSTALL_CHILD_SA_FAILED,
	VICI_ALERT_INSTALL_CHILD_POLICY_FAILED,
	VICI_ALERT_UNIQUE_REPLACE,
	VICI_ALERT_UNIQUE_KEEP,
	VICI_ALERT_KEEP_ON_CHILD_SA_FAILURE,
	VICI_ALERT_VIP_FAILURE,
	VICI_ALERT_AUTHORIZATION_FAILED,
	VICI_ALERT_IKE_SA_EXPIRED,
	VICI_ALERT_CERT_EXPIRED,
	VICI_ALERT_CERT_REVOKED,
	VICI_ALERT_CERT_VALIDATION_FAILED,
	VICI_ALERT_CERT_NO_ISSUER,
	VICI_ALERT_CERT_UNTRUSTED_ROOT,
	VICI_ALERT_CERT_EXCEEDED_PATH_LEN,
	VICI_ALERT_CERT_POLICY_VIOLATION,
	VICI_ALERT_KINDS
};

/** What an alert is about: only alerts of the same class can be about the same failure. */
enum vici_alert_class {
	VICI_CLASS_NOTHING, /* no failure */
	VICI_CLASS_RETIRES, /* no failure: the IKE SA will end with NORMAL */
	VICI_CLASS_SETUP,   /* an IKE SA that is being negotiated */
	VICI_CLASS_MESSAGE, /* a message that does not parse */
	VICI_CLASS_STRAY,   /* a message for an IKE SA that is not there */
	VICI_CLASS_SILENCE, /* a peer that does not answer */
	VICI_CLASS_CHILD,   /* a CHILD_SA that is being negotiated; goes to IPM_TUNNEL_FAILURES, all others to
			       IPM_IKE_FAILURES */
};

struct vici_alert_meaning {
	const char *name; /* in VICI; NULL: VICI does not have it */
	uint8_t notify;   /* number in error-notify; 0: none */
	uint8_t alert_class;
	uint8_t reason; /* enum ipm_failure_reason */
	uint8_t rank;   /* of several alerts about one failure, the highest rank is the reason */
};

/** The meaning of @p kind, which must be in range. */
const struct vici_alert_meaning *vici_alert_meaning(enum vici_alert_kind kind);

/** The alert with this name or number. VICI_ALERT_UNKNOWN: there is none. */
enum vici_alert_kind vici_alert_by_name(const char *name);
enum vici_alert_kind vici_alert_by_notify(uint32_t number);

enum vici_alert_source { VICI_ALERT_BY_NOTIFY, VICI_ALERT_BY_VICI, VICI_ALERT_SOURCES };

/** An alert. What its source does not have is 0 or empty. */
struct vici_alert {
	enum vici_alert_kind kind;
	enum vici_alert_source source;
	uint32_t uniqueid; /* of the IKE SA */
	bool has_initiator, initiator;
	struct ipm_addr local, remote;
	uint16_t remote_port;
	char conn[IPM_NAME_MAX], text[IPM_TEXT_MAX * 4];
	char local_id[IPM_ID_MAX], remote_id[IPM_ID_MAX];
};

/** Fill in an alert of VICI: the type, and the IKE SA if the event has one, else NULL. */
void vici_alert_fill(struct vici_alert *alert, const char *type, const struct vici_ike *ike);

/** Copy an identity or a name into a record: charon's "%any" and "(unnamed)" become empty. */
void vici_copy_id(char *to, size_t size, const char *id);
void vici_copy_name(char *to, size_t size, const char *name);

#endif
