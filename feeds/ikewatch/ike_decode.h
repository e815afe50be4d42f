/* SPDX-License-Identifier: ISC */
/**
 * @file ike_decode.h  Decode an IKE message: IKEv1 (RFC 2408, 2409) and IKEv2 (RFC 7296).
 *
 * Source:    the UDP payload, without the non-ESP marker of port 4500 (RFC 3948).
 * Output:    the header and the payloads that are not encrypted. Nothing is remembered from one message to the next:
 *            ike_track.h decides what a message means for its IKE SA.
 * Errors:    0, or a fault; ike_fault_text() has a sentence for each. With every fault but IKE_FAULT_SHORT the header
 * is filled in, so that the IKE SA that the message claims to belong to is known. Keys:      Diffie-Hellman values,
 * nonces and everything encrypted are skipped, not copied. Threads:   any; nothing is shared.
 */
#ifndef IKE_DECODE_H
#define IKE_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "ipm_types.h"

#define IKE_HEADER_LEN 28
#define IKE_NOTIFY_MAX 16 /* types that are kept; further ones are only counted */
#define IKE_FAULTS(X)                                                                     \
	X(NONE, "it is well-formed")                                                      \
	X(SHORT, "shorter than an IKE header")                                            \
	X(VERSION, "neither IKEv1 nor IKEv2")                                             \
	X(LENGTH, "longer than its datagram, as its header says, or shorter than that")   \
	X(SPI, "no initiator's SPI")                                                      \
	X(PAYLOAD, "a payload reaches beyond the message, or is shorter than its header") \
	X(CHAIN, "an encrypted payload that is not the last")                             \
	X(SA, "a proposal or transform that does not fit its SA payload")                 \
	X(NOTIFY, "a notification that does not fit its payload")                         \
	X(DELETE, "a delete payload that does not hold what it says")                     \
	X(FRAGMENT, "a fragment with a number that cannot be")

enum ike_fault {
#define IKE_FAULT_ENUM(name, text) IKE_FAULT_##name,
	IKE_FAULTS(IKE_FAULT_ENUM)
#undef IKE_FAULT_ENUM
};

enum ike_exchange {
	IKE_V1_MAIN = 2, /* Identity Protection */
	IKE_V1_AGGRESSIVE = 4,
	IKE_V1_INFORMATIONAL = 5,
	IKE_V1_TRANSACTION = 6,
	IKE_V1_QUICK = 32,
	IKE_V2_SA_INIT = 34,
	IKE_V2_AUTH = 35,
	IKE_V2_CREATE_CHILD_SA = 36,
	IKE_V2_INFORMATIONAL = 37,
};

/* Bits for the payloads in a message. */
enum ike_payloads {
	IKE_HAS_SA = 1 << 0,
	IKE_HAS_KE = 1 << 1,
	IKE_HAS_ID = 1 << 2,
	IKE_HAS_HASH = 1 << 3, /* IKEv1 */
	IKE_HAS_NONCE = 1 << 4,
	IKE_HAS_NOTIFY = 1 << 5,
	IKE_HAS_DELETE = 1 << 6,
	IKE_HAS_VENDOR = 1 << 7,
	IKE_HAS_CERT = 1 << 8,
	IKE_HAS_OTHER = 1 << 9,
};

/* Notifications about a negotiation. */
enum ike_notify {
	IKE_N_INVALID_SPI = 4,         /* INVALID-COOKIE, INVALID_IKE_SPI */
	IKE_N_NO_PROPOSAL_CHOSEN = 14, /* both versions */
	IKE_N_INVALID_KE_PAYLOAD = 17,
	IKE_N_AUTHENTICATION_FAILED = 24,
	IKE_N_COOKIE = 16390,
};

struct ike_message {
	uint64_t spi_initiator, spi_responder; /* host order */
	uint8_t next_payload, major, minor, exchange;
	uint32_t message_id, length;  /* from the header */
	bool response;                /* IKEv2: the flag */
	bool by_initiator;            /* IKEv2: the flag: the initiator of the IKE SA sent it */
	bool encrypted;               /* IKEv1: the flag; IKEv2: an SK or SKF payload */
	bool truncated;               /* less was captured than sent: the fields below cover that part */
	uint16_t payloads;            /* enum ike_payloads */
	uint16_t fragment, fragments; /* SKF or IKEv1's, which has the total in the last one only; 0: no fragment */
	uint32_t notifies;            /* notification payloads */
	uint16_t notify[IKE_NOTIFY_MAX];
	uint32_t deletes; /* phase 2 SAs in delete payloads */
	/* From the SA payload: the number of proposals, and the first transform of each type in the first. */
	uint32_t proposals;
	struct ipm_proposal proposal;
	uint8_t auth;          /* enum ipm_auth: IKEv1's, with the first transform */
	uint32_t life_seconds; /* IKEv1: likewise; 0: none */
	char id[IPM_ID_MAX];   /* IKEv1: the identity, if its type has a text; else empty */
};

/** @p size octets at @p data were captured of a datagram of @p sent octets. */
enum ike_fault ike_decode(const uint8_t *data, size_t size, size_t sent, struct ike_message *out);

const char *ike_fault_text(enum ike_fault fault);

/** Is this one among the notifications that were kept? */
bool ike_has_notify(const struct ike_message *msg, uint16_t type);

#endif
