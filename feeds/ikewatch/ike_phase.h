/* SPDX-License-Identifier: ISC */
/**
 * @file ike_phase.h  The phase of an IKE SA's negotiation, as far as the wire shows it.
 *
 * Input:     its messages, each once, in the order on the wire; and time.
 * Output:    the phase, as IOS names it, and whether the IKE SA is up. Encrypted messages can't be read, so:
 *   - MM_KEY_AUTH and AG_AUTH mean that both sides have sent their authentication, not that it was valid.
 *   - An IKEv1 SA is up (QM_IDLE) with our first Quick Mode message, or with the peer's after our last message of Main
 *     Mode, because we would not have sent those otherwise. Without a Quick Mode (it may take over the tunnels of
 *     another IKE SA), it is up with our first encrypted message a moment after the authentication.
 *   - An IKEv2 SA is up (READY) a moment after an IKE_AUTH response that is too long for a mere error, unless another
 *     IKE_AUTH request (EAP) or an INFORMATIONAL exchange (it may be a refusal) follows in that moment.
 * Threads:   any; nothing is shared.
 */
#ifndef IKE_PHASE_H
#define IKE_PHASE_H

#include "ike_decode.h"

/*
 * An encrypted message of IKEv2 up to this size has room for a notification, but not for a whole IKE_AUTH response:
 * header 28, SK 4, IV 16, a notification in blocks 16, integrity check 32.
 */
#define IKE_ONLY_NOTIFY_OCTETS 96
/*
 * A successful CREATE_CHILD_SA response is not shorter than this: an SA payload of at least 36 octets, a nonce of 20,
 * selectors of 48 or a Diffie-Hellman value of 40, headers and IV of 28 + 4 + 8, padding length and integrity check
 * of 9.
 */
#define IKE_AGREES_OCTETS 150
#define IKE_SETTLE_NS     1000000000ull /* how long after IKE_AUTH to wait for a sign that it is not over */
#define IKE_DOUBT_NS      2000000000ull /* a side that still sends this long after such a sign is up all the same */

struct ike_progress {
	uint8_t phase, mode; /* enum ipm_ike_phase, ipm_ike_mode */
	bool up;
	/* Which side has sent it: [0] the responder, [1] the initiator. */
	bool key[2], auth[2];
	uint32_t auth_id;     /* IKEv2: message id of the last IKE_AUTH request with an answer */
	uint64_t answered_ns; /* when it was answered; IKEv1: when both had sent their authentication */
	uint64_t doubted_ns;  /* when a message may have been a refusal; IKEv1: or the beginning of XAUTH or the like */
	uint8_t refusal;      /* enum ipm_failure_reason of a refusal in the clear; 0: none */
	bool answered_short;
};

/** Who sent a message, and when. */
struct ike_sender {
	bool initiator; /* of the IKE SA */
	bool us;
	size_t octets; /* of the message */
	uint64_t now_ns;
};

/** Process a message that is well-formed and no retransmission. */
void ike_progress_message(struct ike_progress *p, const struct ike_message *msg, const struct ike_sender *from);
/** Time has passed. True if the IKE SA has come up by that. */
bool ike_progress_time(struct ike_progress *p, uint64_t now_ns);

/** IKEv1: both sides have sent their authentication, and it is not known whether it was valid. */
bool ike_progress_waits(const struct ike_progress *p);
/** IKEv1: another source says that it is up. */
void ike_progress_adopt(struct ike_progress *p);

/** The name of the phase in IOS, such as "MM_NO_STATE". "-": not known. */
const char *ike_phase_text(enum ipm_ike_phase phase);

#endif
