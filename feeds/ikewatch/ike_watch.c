/* SPDX-License-Identifier: ISC */
/* Pass captured IKE messages on to the tracker. */
#include <stdlib.h>

#include "ike_watch.h"
#include "ipm_hash.h"

#define LATELY 1024 /* messages that are remembered, each in the place of the one before */

struct ike_watch {
	struct ike_track *track;
	bool (*is_local)(void *arg, const struct ipm_addr *addr);
	void *arg;
	struct {
		uint64_t digest, stamp_ns;
		uint32_t ifindex;
	} lately[LATELY];
	struct ike_watch_counts counts;
};

/* Its direction, if it is from or to us. */
static bool
direction_of(const struct ike_watch *w, const struct ike_packet *p, enum ipm_direction *direction)
{
	bool from_us = p->way == IKE_WAY_FROM_US, to_us = p->way == IKE_WAY_TO_US;

	if (w->is_local) {
		bool src = w->is_local(w->arg, &p->src), dst = w->is_local(w->arg, &p->dst);
		from_us = src && p->way != IKE_WAY_TO_US && p->way != IKE_WAY_TO_OTHERS;
		to_us = dst && p->way != IKE_WAY_FROM_US && p->way != IKE_WAY_TO_OTHERS;
	}
	*direction = from_us ? IPM_OUT : IPM_IN;
	return from_us || to_us;
}

/* Was it seen on another interface just now? */
static bool
seen_twice(struct ike_watch *w, const struct ike_packet *p, uint64_t hash, uint64_t stamp_ns)
{
	unsigned at = (unsigned)(hash % LATELY);

	if (w->lately[at].digest == hash && w->lately[at].ifindex != p->ifindex &&
	    stamp_ns - w->lately[at].stamp_ns < IKE_TWICE_NS)
		return true;
	w->lately[at].digest = hash;
	w->lately[at].ifindex = p->ifindex;
	w->lately[at].stamp_ns = stamp_ns;
	return false;
}

static void
on_message(struct ike_watch *w, const struct ike_packet *p, uint64_t stamp_ns, uint64_t now_ns)
{
	struct ike_datagram d = { .octets = (uint32_t)p->sent, .now_ns = now_ns };
	struct ike_message msg;

	if (!direction_of(w, p, &d.direction)) {
		w->counts.foreign++;
		return;
	}
	/* A peer that makes two messages collide only harms itself: the second one counts as a retransmission. */
	d.digest = ipm_hash64(IPM_HASH64_BEGIN + d.direction, p->message, p->size);
	uint64_t packet = ipm_hash64(ipm_hash64(d.digest, &p->src, sizeof(p->src)), &p->dst, sizeof(p->dst));
	if (seen_twice(w, p, packet, stamp_ns)) {
		w->counts.twice++;
		return;
	}
	bool out = d.direction == IPM_OUT;
	d.local = out ? p->src : p->dst;
	d.remote = out ? p->dst : p->src;
	d.local_port = out ? p->sport : p->dport;
	d.remote_port = out ? p->dport : p->sport;
	d.fault = ike_decode(p->message, p->size, p->sent, &msg);
	d.msg = &msg;
	w->counts.messages++;
	if (d.fault) {
		w->counts.faults++;
		w->counts.fault = d.fault;
	}
	ike_track_message(w->track, &d);
}

void
ike_watch_frame(struct ike_watch *w, const struct ike_frame *frame, uint64_t now_ns)
{
	struct ike_packet p;

	switch (ike_packet(frame->link, frame->data, frame->size, &p)) {
	case IKE_PACKET_IKE:
		on_message(w, &p, frame->stamp_ns, now_ns);
		break;
	case IKE_PACKET_OTHER:
		w->counts.other++;
		break;
	case IKE_PACKET_FRAGMENT:
		w->counts.fragments++;
		break;
	default:
		w->counts.broken++;
	}
}

struct ike_watch *
ike_watch_new(struct ike_track *track, bool (*is_local)(void *arg, const struct ipm_addr *addr), void *arg)
{
	struct ike_watch *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->track = track;
	w->is_local = is_local;
	w->arg = arg;
	return w;
}

void
ike_watch_free(struct ike_watch *w)
{
	free(w);
}

const struct ike_watch_counts *
ike_watch_counts(const struct ike_watch *w)
{
	return &w->counts;
}
