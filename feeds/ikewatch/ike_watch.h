/* SPDX-License-Identifier: ISC */
/**
 * @file ike_watch.h  Pass each captured IKE message on to the tracker, once.
 *
 * A capture on all interfaces sees a packet several times if interfaces are stacked (bridge, bond, VLAN). The same
 * message in the same direction on another interface within IKE_TWICE_NS is the same packet. A retransmission is on the
 * same interfaces, and later.
 *
 * Packets that are neither from nor to one of our addresses are not counted.
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
	uint64_t faults;      /* of these, malformed */
	uint64_t twice;       /* also seen on another interface */
	uint64_t foreign;     /* passing through */
	uint64_t other;       /* no IKE */
	uint64_t fragments;   /* later fragments: the first one counts */
	uint64_t broken;      /* malformed headers, or an unknown link layer */
	enum ike_fault fault; /* the last one */
};

struct ike_watch;

/** @p is_local: is the address ours? NULL: not known; then the frames' own direction counts. */
struct ike_watch *
ike_watch_new(struct ike_track *track, bool (*is_local)(void *arg, const struct ipm_addr *addr), void *arg);
void ike_watch_free(struct ike_watch *w);

void ike_watch_frame(struct ike_watch *w, const struct ike_frame *frame, uint64_t now_ns);

const struct ike_watch_counts *ike_watch_counts(const struct ike_watch *w);

#endif
