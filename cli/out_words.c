/* SPDX-License-Identifier: ISC */
/* Words for what the model has as numbers, the same in text and in JSON. */
#include "out.h"

#define NAME_OF(table, n) ((n) < sizeof(table) / sizeof((table)[0]) && (table)[n] ? (table)[n] : "unknown")

const char *
out_end_reason(uint32_t reason)
{
	static const char *const names[] = {
		[IPM_REASON_UNKNOWN] = "unknown",
		[IPM_REASON_NORMAL] = "normal",
		[IPM_REASON_OPERATOR] = "operator request",
		[IPM_REASON_PEER_DELETE] = "peer delete",
		[IPM_REASON_PEER_LOST] = "peer lost",
		[IPM_REASON_LOCAL_FAILURE] = "local failure",
		[IPM_REASON_SEQ_ROLLOVER] = "sequence numbers used up",
		[IPM_REASON_SOURCE_LOST] = "source lost",
		[IPM_REASON_CHECKPOINT] = "check point",
	};
	return NAME_OF(names, reason);
}

const char *
out_failure_reason(uint32_t reason)
{
	static const char *const names[] = {
		[IPM_FAIL_OTHER] = "other",
		[IPM_FAIL_PEER_DELETE] = "peer delete",
		[IPM_FAIL_PEER_LOST] = "peer lost",
		[IPM_FAIL_LOCAL] = "local failure",
		[IPM_FAIL_AUTH] = "authentication",
		[IPM_FAIL_HASH] = "hash",
		[IPM_FAIL_CRYPT] = "decryption",
		[IPM_FAIL_INTERNAL] = "internal error",
		[IPM_FAIL_CAPACITY] = "system capacity",
		[IPM_FAIL_PROPOSAL] = "no proposal or selectors in common",
		[IPM_FAIL_CERT_UNAVAILABLE] = "peer certificate unavailable",
		[IPM_FAIL_CERT_INVALID] = "peer certificate not valid",
		[IPM_FAIL_CERT_EXPIRED] = "local certificate expired",
		[IPM_FAIL_CRL] = "revocation status",
		[IPM_FAIL_ENCODING] = "malformed message",
		[IPM_FAIL_NO_SA] = "no SA",
		[IPM_FAIL_OPERATOR] = "operator request",
		[IPM_FAIL_PROTOCOL_USE] = "protocol use",
		[IPM_FAIL_DECRYPT] = "decryption",
		[IPM_FAIL_ENCRYPT] = "encryption",
		[IPM_FAIL_IN_AUTH] = "inbound authentication",
		[IPM_FAIL_OUT_AUTH] = "outbound authentication",
		[IPM_FAIL_COMPRESSION] = "compression",
		[IPM_FAIL_SEQ_ROLLOVER] = "sequence numbers used up",
	};
	return NAME_OF(names, reason);
}

const char *
out_protocol(uint8_t protocol)
{
	return protocol == 50 ? "esp" : protocol == 51 ? "ah" : protocol == 108 ? "ipcomp" : NULL;
}

const char *
out_encap(uint8_t encap)
{
	static const char *const names[] = { NULL, "tunnel", "transport", "beet" };
	return encap < 4 ? names[encap] : NULL;
}

const char *
out_auth(uint8_t auth)
{
	static const char *const names[] = { NULL, "psk", "rsa", "ecdsa", "eddsa", "eap", "pubkey" };
	return auth < 7 ? names[auth] : NULL;
}
