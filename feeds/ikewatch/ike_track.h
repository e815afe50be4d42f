/* SPDX-License-Identifier: ISC */
/**
 * @file ike_track.h  Which IKE SA a message belongs to, what it counts there, and what the model is told of IKE SAs
 *                    that the wire shows.
 *
 * Input:     messages, decoded, with their addresses and direction; time. No input or output here but the model: it can
 *            be tested with structs alone.
 *
 * Attribution. A message belongs to the IKE SA with its two SPIs (IKEv1: cookies); while the responder's is not known,
 * to the one with the initiator's SPI between these addresses.
 *   - Where another feed, strongSwan's, has a record of that IKE SA, the counts and the phase join it; a rekey that the
 *     record outlives is that feed's to tell.
 *   - One that is being negotiated gets a record of this feed's, until another feed takes it over, it comes up, or
 *     nothing was heard of it for IKE_HALF_OPEN_NS (IKE_OWN_OPEN_NS if we began it). It has no index of the MIB until
 *     it is up, for anybody can begin one.
 *   - One that is up, as ike_phase.h says, is this feed's where no other feed claims it: at once when no IKE daemon's
 *     feed is connected, else after IKE_GRACE_NS. It ends with what ike_track_tick() says.
 *   - What names SPIs of which nothing is known is kept apart: it may be of an IKE SA that another feed will tell of in
 *     a moment, or that is older than we are. We send encrypted messages only for IKE SAs that there are, so that shows
 *     it. Of what stays unknown, what came in is a drop of the gateway's.
 *
 * Every message is counted once: what came in as a packet or as a drop, what went out as a packet. It is in the record
 * of its IKE SA, and with that in the history; of a negotiation that came to nothing and of what stays unknown it is in
 * the totals alone, which tell how much that is (ike_rest_in, ike_rest_out).
 *
 * Bounds. So many IKE SAs are being negotiated at the most, and so many are unknown; of those the oldest makes room,
 * and first of them one whose peer has not come back. One that is up never does.
 *
 * Threads:   the caller's.
 */
#ifndef IKE_TRACK_H
#define IKE_TRACK_H

#include "ike_decode.h"
#include "ipm_writer.h"
#include "units.h"

#define IKE_HALF_OPEN_MAX 1024 /* and no more than a quarter of the segment's IKE SAs */
#define IKE_UNKNOWN_MAX   1024
#define IKE_HALF_OPEN_NS  (30 * NS_PER_SECOND)
#define IKE_OWN_OPEN_NS   (90 * NS_PER_SECOND) /* daemons repeat themselves after up to 76 s */
#define IKE_UNKNOWN_NS    (30 * NS_PER_SECOND)
#define IKE_ENDED_NS      (30 * NS_PER_SECOND) /* its last messages may still be on their way */
#define IKE_GRACE_NS      (10 * NS_PER_SECOND)
#define IKE_UNANSWERED_NS (180 * NS_PER_SECOND)
#define IKE_REPLACED_NS   (60 * NS_PER_SECOND)
#define IKE_UNCLAIMED_NS  (120 * NS_PER_SECOND)
#define IKE_SILENT_NS     (86400 * NS_PER_SECOND)
#define IKE_FAILURES_MAX  60 /* in a minute */

/** A message as it came by. */
struct ike_datagram {
	const struct ike_message *msg;
	enum ike_fault fault;
	enum ipm_direction direction;
	struct ipm_addr local, remote;
	uint16_t local_port, remote_port;
	uint32_t octets; /* of the message */
	uint64_t digest; /* of the message: the same for a retransmission */
	uint64_t now_ns;
};

struct ike_track;

/** Takes up the records that feed @p feed left in the segment. NULL: out of memory. */
struct ike_track *ike_track_new(struct ipm_writer *writer, uint32_t feed, uint64_t now_ns);
void ike_track_free(struct ike_track *t);

void ike_track_message(struct ike_track *t, const struct ike_datagram *d);

/** Is the feed of an IKE daemon connected, that tells of the IKE SAs here? Not at first. */
void ike_track_daemon(struct ike_track *t, bool connected);

/**
 * Time has passed: call it once a second. An IKE SA of this feed's own that is up ends here when
 *   - it is IKEv1, and the lifetime that was agreed upon is over;
 *   - it is IKEv2, and has owed us an answer for IKE_UNANSWERED_NS: the peer is lost;
 *   - another one came up between the same addresses and ports, and it was silent for IKE_REPLACED_NS since;
 *   - it was silent for IKE_SILENT_NS, or, where an IKE daemon's feed is connected and does not tell of it, for
 *     IKE_UNCLAIMED_NS.
 * Deletes are encrypted, and not seen.
 */
void ike_track_tick(struct ike_track *t, uint64_t now_ns);

/** What is known of the IKE SA with these SPIs. */
struct ike_track_view {
	uint32_t index;                /* of its record; 0: it has none */
	uint32_t slot;                 /* likewise */
	bool negotiating, up, unknown; /* none of them: it has ended */
	uint8_t phase;                 /* enum ipm_ike_phase */
};
/** False: it is not known. */
bool ike_track_find(struct ike_track *t, uint64_t spi_initiator, uint64_t spi_responder, struct ike_track_view *out);

/** What makes room for another one, and so is not shown, has happened so often. */
uint64_t ike_track_pushed_out(const struct ike_track *t);

#endif
