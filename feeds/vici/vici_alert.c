/* SPDX-License-Identifier: ISC */
/* Charon's alerts. Names and numbers are from strongSwan's vici_query.c (6.0.3) and error_notify_msg.h (5.9.8). */
#include <stdio.h>
#include <string.h>

#include "vici_alert.h"

#define ROW(kind, name, notify, class, reason, rank) \
	[VICI_ALERT_##kind] = { name, notify, VICI_CLASS_##class, IPM_FAIL_##reason, rank }

static const struct vici_alert_meaning meanings[VICI_ALERT_KINDS] = {
	ROW(UNKNOWN, NULL, 0, NOTHING, OTHER, 0),
	ROW(RADIUS_NOT_RESPONDING, "radius-not-responding", 1, SETUP, LOCAL, 2),
	ROW(SHUTDOWN, "shutdown-signal", 0, NOTHING, OTHER, 0),
	ROW(LOCAL_AUTH_FAILED, "local-auth-failed", 2, SETUP, AUTH, 1),
	ROW(PEER_AUTH_FAILED, "peer-auth-failed", 3, SETUP, AUTH, 1),
	ROW(PEER_ADDR_FAILED, "peer-addr-failed", 23, SETUP, LOCAL, 1),
	ROW(PEER_INIT_UNREACHABLE, "peer-init-unreachable", 24, SILENCE, PEER_LOST, 2),
	ROW(INVALID_IKE_SPI, "invalid-ike-spi", 25, STRAY, NO_SA, 1),
	ROW(PARSE_ERROR_HEADER, "parse-error-header", 4, MESSAGE, ENCODING, 1),
	ROW(PARSE_ERROR_BODY, "parse-error-body", 5, MESSAGE, ENCODING, 1),
	ROW(RETRANSMIT_SEND, "retransmit-send", 20, NOTHING, OTHER, 0),
	ROW(RETRANSMIT_SEND_CLEARED, "retransmit-send-cleared", 21, NOTHING, OTHER, 0),
	ROW(RETRANSMIT_SEND_TIMEOUT, "retransmit-send-timeout", 6, SILENCE, PEER_LOST, 1),
	ROW(RETRANSMIT_RECEIVE, "retransmit-receive", 22, NOTHING, OTHER, 0),
	ROW(HALF_OPEN_TIMEOUT, "half-open-timeout", 7, SILENCE, PEER_LOST, 2),
	ROW(PROPOSAL_MISMATCH_IKE, "proposal-mismatch-ike", 8, SETUP, PROPOSAL, 2),
	ROW(PROPOSAL_MISMATCH_CHILD, "proposal-mismatch-child", 9, CHILD, PROPOSAL, 2),
	ROW(TS_MISMATCH, "ts-mismatch", 10, CHILD, PROPOSAL, 2),
	ROW(TS_NARROWED, "ts-narrowed", 26, NOTHING, OTHER, 0),
	ROW(INSTALL_CHILD_SA_FAILED, "install-child-sa-failed", 11, CHILD, INTERNAL, 2),
	ROW(INSTALL_CHILD_POLICY_FAILED, "install-child-policy-failed", 12, CHILD, INTERNAL, 2),
	ROW(UNIQUE_REPLACE, "unique-replace", 13, RETIRES, OTHER, 0),
	ROW(UNIQUE_KEEP, "unique-keep", 14, NOTHING, OTHER, 0),
	/* Follows the alert that says why, where there is one: that the peer finds our selectors unacceptable has none.
	 */
	ROW(KEEP_ON_CHILD_SA_FAILURE, "keep-on-child-sa-failure", 27, CHILD, PROPOSAL, 1),
	ROW(VIP_FAILURE, "vip-failure", 15, SETUP, LOCAL, 2),
	ROW(AUTHORIZATION_FAILED, "authorization-failed", 16, SETUP, AUTH, 2),
	ROW(IKE_SA_EXPIRED, "ike-sa-expired", 28, RETIRES, OTHER, 0),
	/* Charon goes on with peer-auth-failed when no certificate is good enough. */
	ROW(CERT_EXPIRED, "cert-expired", 17, SETUP, CERT_INVALID, 4),
	ROW(CERT_REVOKED, "cert-revoked", 18, SETUP, CERT_INVALID, 4),
	ROW(CERT_VALIDATION_FAILED, "cert-validation-failed", 29, SETUP, CRL, 3),
	ROW(CERT_NO_ISSUER, "cert-no-issuer", 19, SETUP, CERT_INVALID, 4),
	ROW(CERT_UNTRUSTED_ROOT, "cert-untrusted-root", 30, SETUP, CERT_INVALID, 4),
	ROW(CERT_EXCEEDED_PATH_LEN, "cert-exceeded-path-len", 31, SETUP, CERT_INVALID, 4),
	ROW(CERT_POLICY_VIOLATION, "cert-policy-violation", 32, SETUP, CERT_INVALID, 4),
};

const struct vici_alert_meaning *
vici_alert_meaning(enum vici_alert_kind kind)
{
	return &meanings[kind];
}

enum vici_alert_kind
vici_alert_by_name(const char *name)
{
	for (int kind = 0; kind < VICI_ALERT_KINDS; kind++)
		if (meanings[kind].name && strcmp(meanings[kind].name, name) == 0)
			return (enum vici_alert_kind)kind;
	return VICI_ALERT_UNKNOWN;
}

enum vici_alert_kind
vici_alert_by_notify(uint32_t number)
{
	for (int kind = 0; kind < VICI_ALERT_KINDS; kind++)
		if (meanings[kind].notify && meanings[kind].notify == number)
			return (enum vici_alert_kind)kind;
	return VICI_ALERT_UNKNOWN;
}

void
vici_copy_id(char *to, size_t size, const char *id)
{
	snprintf(to, size, "%s", strcmp(id, "%any") == 0 ? "" : id);
}

void
vici_copy_name(char *to, size_t size, const char *name)
{
	snprintf(to, size, "%s", strcmp(name, "(unnamed)") == 0 ? "" : name);
}

void
vici_alert_fill(struct vici_alert *alert, const char *type, const struct vici_ike *ike)
{
	*alert = (struct vici_alert){ .kind = vici_alert_by_name(type), .source = VICI_ALERT_BY_VICI };
	snprintf(alert->text, sizeof(alert->text), "%s", type);
	if (!ike)
		return;
	alert->uniqueid = ike->uniqueid;
	alert->has_initiator = true;
	alert->initiator = ike->initiator;
	alert->local = ike->local_host;
	alert->remote = ike->remote_host;
	alert->remote_port = ike->remote_port;
	vici_copy_name(alert->conn, sizeof(alert->conn), ike->name);
	vici_copy_id(alert->local_id, sizeof(alert->local_id), ike->local_id);
	vici_copy_id(alert->remote_id, sizeof(alert->remote_id), ike->remote_id);
}
