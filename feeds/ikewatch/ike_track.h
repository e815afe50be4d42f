/* SPDX-License-Identifier: ISC */
/**
 * @file ike_track.h  Attribute IKE messages on the wire to IKE SAs: count them there, and keep records of IKE SAs that
 *                    no other feed knows.
 *
 * Input:     decoded messages with their addresses and direction; time. No input or output but the model: tests use
 *            structs alone.
 *
 * Attribution. A message belongs to the IKE SA with its two SPIs (IKEv1: cookies). While the responder's SPI is not
 * known, it belongs to the IKE SA with the initiator's SPI between its addresses.
 *   - If another feed (strongSwan's) has a record of the IKE SA, counts and phase join that record. That feed reports
 *     its rekeys.
 *   - An IKE SA in negotiation gets a record of this feed's, until another feed takes it over, it comes up, or it was
 *     silent for IKE_HALF_OPEN_NS (IKE_OWN_OPEN_NS if we began it). It has no MIB index until it is up, because anybody
 *     can begin a negotiation.
 *   - An IKE SA that is up (see ike_phase.h) gets a record of this feed's unless another feed claims it: at once if no
 *     IKE daemon's feed is connected, else after IKE_GRACE_NS. ike_track_tick() says when it ends.
 *   - Messages with unknown SPIs are kept apart: their IKE SA may be older than we are, or another feed may report it
 *     in a moment. We send encrypted messages only for existing IKE SAs, so an outgoing one proves that it exists. If
 * it stays unknown, incoming messages are drops of the gateway.
 *
 * Every message counts once: an incoming one as a packet or a drop, an outgoing one as a packet. The counts are in the
 * record of the IKE SA, and later in the history. Those of failed negotiations and of unknown IKE SAs are in the totals
 * alone, which say how much that is (ike_rest_in, ike_rest_out).
 *
 * Bounds. The numbers of negotiations and of unknown IKE SAs are limited. Beyond that the oldest makes room, preferably
 * one whose peer has not answered. An IKE SA that is up never makes room.
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
#define IKE_OWN_OPEN_NS   (90 * NS_PER_SECOND) /* daemons retransmit after up to 76 s */
#define IKE_UNKNOWN_NS    (30 * NS_PER_SECOND)
#define IKE_ENDED_NS      (30 * NS_PER_SECOND) /* its last messages may still be on their way */
#define IKE_GRACE_NS      (10 * NS_PER_SECOND)
#define IKE_UNANSWERED_NS (180 * NS_PER_SECOND)
#define IKE_REPLACED_NS   (60 * NS_PER_SECOND)
#define IKE_UNCLAIMED_NS  (120 * NS_PER_SECOND)
#define IKE_SILENT_NS     (86400 * NS_PER_SECOND)
#define IKE_FAILURES_MAX  60 /* in a minute */

/** A message on the wire. */
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

/** Continues with the records that feed @p feed left in the segment. NULL: out of memory. */
struct ike_track *ike_track_new(struct ipm_writer *writer, uint32_t feed, uint64_t now_ns);
void ike_track_free(struct ike_track *t);

void ike_track_message(struct ike_track *t, const struct ike_datagram *d);

/** Is the feed of an IKE daemon connected that reports the IKE SAs here? Initially not. */
void ike_track_daemon(struct ike_track *t, bool connected);

/**
 * Time has passed: call it once a second. Deletes are encrypted, so this feed can't see them. It ends an IKE SA of its
 * own that is up when
 *   - it is IKEv1, and the negotiated lifetime is over;
 *   - it is IKEv2, and the peer has not answered a request for IKE_UNANSWERED_NS: the peer is lost;
 *   - another one came up between the same addresses and ports, and it was silent for IKE_REPLACED_NS since;
 *   - it was silent for IKE_SILENT_NS, or for IKE_UNCLAIMED_NS if an IKE daemon's feed is connected and does not report
 *     it.
 */
void ike_track_tick(struct ike_track *t, uint64_t now_ns);

/** An IKE SA, as this feed knows it. */
struct ike_track_view {
	uint32_t index;                /* of its record; 0: it has none */
	uint32_t slot;                 /* likewise */
	bool negotiating, up, unknown; /* none of these: it has ended */
	uint8_t phase;                 /* enum ipm_ike_phase */
};
/** Find the IKE SA with these SPIs. False: it is not known. */
bool ike_track_find(struct ike_track *t, uint64_t spi_initiator, uint64_t spi_responder, struct ike_track_view *out);

/** How many negotiations and unknown IKE SAs made room for others. */
uint64_t ike_track_pushed_out(const struct ike_track *t);

#endif
