/* SPDX-License-Identifier: ISC */
/**
 * @file ike_phase.h  How far the negotiation of an IKE SA has come, as far as the wire shows it.
 *
 * Input:     its messages, each once, in the order in which they came by; and time.
 * Output:    the phase, as IOS names it, and whether the IKE SA is up. What is encrypted cannot be read, so:
 *   - MM_KEY_AUTH and AG_AUTH say that both sides have sent what authenticates them, not that it was right;
 *   - an IKEv1 SA is up (QM_IDLE) with our first Quick Mode message, or with the peer's after our own last message
 *     of Main Mode, for we would not have sent those otherwise; without a Quick Mode (it may take over the tunnels of
 *     another one) with our first encrypted message a moment after that;
 *   - an IKEv2 SA is up (READY) a moment after an IKE_AUTH response that is too long for a mere error, unless another
 *     IKE_AUTH request (EAP) or an INFORMATIONAL exchange (it may be a refusal) comes in that moment.
 * Threads:   any; nothing is shared.
 */
#ifndef IKE_PHASE_H
#define IKE_PHASE_H

#include "ike_decode.h"

/*
 * An encrypted message of IKEv2 that is no longer than this has room for one notification and not for what an IKE_AUTH
 * response needs: 28 of header, 4 of SK, 16 of IV, 16 of a notification in blocks, 32 of integrity check.
 */
#define IKE_ONLY_NOTIFY_OCTETS 96
/*
 * Less than this cannot be a CREATE_CHILD_SA response that agrees: it has an SA payload of 36 octets and more, a nonce
 * of 20, and selectors of 48 or a Diffie-Hellman value of 40, in 28 + 4 + 8 of headers and IV, and 9 of padding length
 * and integrity check.
 */
#define IKE_AGREES_OCTETS 150
#define IKE_SETTLE_NS     1000000000ull /* so long after IKE_AUTH it is waited for a sign that it is not over */
#define IKE_DOUBT_NS      2000000000ull /* who still speaks so long after such a sign is up all the same */

struct ike_progress {
	uint8_t phase, mode; /* enum ipm_ike_phase, ipm_ike_mode */
	bool up;
	/* Which side has sent it: [0] the responder, [1] the initiator. */
	bool key[2], auth[2];
	uint32_t auth_id;     /* IKEv2: message id of the IKE_AUTH request that was answered last */
	uint64_t answered_ns; /* when, or, IKEv1, when both had sent what authenticates them */
	uint64_t
		doubted_ns; /* something was said that may be a refusal; IKEv1: or it goes on with XAUTH and the like */
	uint8_t refusal;    /* enum ipm_failure_reason: what was said in the clear; 0: nothing */
	bool answered_short;
};

/** Who sent a message, and when. */
struct ike_sender {
	bool initiator; /* of the IKE SA */
	bool us;
	size_t octets; /* of the message */
	uint64_t now_ns;
};

/** A message that is well-formed and no retransmission. */
void ike_progress_message(struct ike_progress *p, const struct ike_message *msg, const struct ike_sender *from);
/** Time has passed. True when the IKE SA has come up by that. */
bool ike_progress_time(struct ike_progress *p, uint64_t now_ns);

/** IKEv1: both have sent what authenticates them, and it is open whether it was right. */
bool ike_progress_waits(const struct ike_progress *p);
/** IKEv1: it is known from elsewhere that it is up. */
void ike_progress_adopt(struct ike_progress *p);

/** As IOS writes it: "MM_NO_STATE". "-": not known. */
const char *ike_phase_text(enum ipm_ike_phase phase);

#endif
