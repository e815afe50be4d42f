/* SPDX-License-Identifier: ISC */
/**
 * @file ike_watch.h  From captured frames to tracked IKE SAs: whose packets they are, each of them once.
 *
 * A capture on all interfaces sees one packet several times where interfaces are stacked (bridge, bond, VLAN). The same
 * message in the same direction that comes by on another interface within IKE_TWICE_NS is the same packet; a
 * retransmission comes by on the same ones again, and later.
 *
 * What is neither from nor to an address of ours passes through, and is not ours to count.
 *
 * Input:     frames; no input or output here but the model.
 * Threads:   the caller's.
 */
#ifndef IKE_WATCH_H
#define IKE_WATCH_H

#include "ike_packet.h"
#include "ike_track.h"

#define IKE_TWICE_NS 100000000ull

struct ike_frame {
	int link; /* DLT_... */
	const uint8_t *data;
	size_t size;       /* octets that were captured */
	uint64_t stamp_ns; /* when, by any clock */
};

struct ike_watch_counts {
	uint64_t messages;    /* IKE messages of ours */
	uint64_t faults;      /* of these, not well-formed */
	uint64_t twice;       /* seen on another interface, too */
	uint64_t foreign;     /* passing through */
	uint64_t other;       /* no IKE */
	uint64_t fragments;   /* later ones: part of a message that was counted with its first */
	uint64_t broken;      /* headers that do not fit, or a link layer that is not known */
	enum ike_fault fault; /* the last one */
};

struct ike_watch;

/** @p is_local: is the address ours? NULL: not known, and the frames themselves say which way they went. */
struct ike_watch *
ike_watch_new(struct ike_track *track, bool (*is_local)(void *arg, const struct ipm_addr *addr), void *arg);
void ike_watch_free(struct ike_watch *w);

void ike_watch_frame(struct ike_watch *w, const struct ike_frame *frame, uint64_t now_ns);

const struct ike_watch_counts *ike_watch_counts(const struct ike_watch *w);

#endif
