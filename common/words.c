/* SPDX-License-Identifier: ISC */
#include "words.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "ipm_types.h"

#define NAME_OF(table, n) ((n) < sizeof(table) / sizeof((table)[0]) && (table)[n] ? (table)[n] : "unknown")

const char *
word_end_reason(uint64_t reason)
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
word_failure(uint64_t reason)
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
word_drop_key(uint64_t why)
{
	static const char *const keys[] = {
#define DROP_KEY(name, key, text) key,
		IPM_DROPS(DROP_KEY)
#undef DROP_KEY
	};
	return why < IPM_DROP_COUNT ? keys[why] : NULL;
}

const char *
word_drop(uint64_t why)
{
	static const char *const words[] = {
#define DROP_TEXT(name, key, text) text,
		IPM_DROPS(DROP_TEXT)
#undef DROP_TEXT
	};
	return why < IPM_DROP_COUNT ? words[why] : NULL;
}

const char *
word_age(uint64_t s, char out[WORD_AGE_MAX])
{
	if (s < 60)
		snprintf(out, WORD_AGE_MAX, "%" PRIu64 " s", s);
	else if (s < 3600)
		snprintf(out, WORD_AGE_MAX, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, WORD_AGE_MAX, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
	else
		snprintf(out, WORD_AGE_MAX, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s / 3600 % 24);
	return out;
}
