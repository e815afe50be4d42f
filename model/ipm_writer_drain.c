/* SPDX-License-Identifier: ISC */
/*
 * SAs that were stopped while workers could still hold them. Such a record has index 0, so it has no row. Its state is
 * IPM_SA_RETIRED: a writer that takes over the segment sees that the slot is not free. Its count is the part of its
 * lanes already added to its tunnel and the totals.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_writer_int.h"

#define DRAIN_MOST 64 /* SAs per call */

int
ipm_drain_open(struct ipm_writer *w)
{
	if (w->seg.lanes == 0)
		return 0;
	w->drain.sa = calloc((size_t)w->seg.section[IPM_SAS].capacity + 1, sizeof(*w->drain.sa));
	return w->drain.sa ? 0 : -ENOMEM;
}

void
ipm_drain_close(struct ipm_writer *w)
{
	free(w->drain.sa);
}

/* Append to the queue, which is linked by slot + 1. */
static void
drain_push(struct ipm_writer *w, uint32_t slot)
{
	struct drain *d = &w->drain;
	d->sa[slot].next = 0;
	if (d->last)
		d->sa[d->last - 1].next = slot + 1;
	else
		d->first = slot + 1;
	d->last = slot + 1;
	d->count++;
}

static uint32_t
drain_pop(struct ipm_writer *w)
{
	struct drain *d = &w->drain;
	uint32_t slot = d->first - 1;
	d->first = d->sa[slot].next;
	if (!d->first)
		d->last = 0;
	d->count--;
	return slot;
}

void
ipm_drain_add(struct ipm_writer *w, uint32_t slot)
{
	ipm_u64 *epoch = &ipm_header(&w->seg)->epoch;
	uint64_t now = __atomic_load_n(epoch, __ATOMIC_RELAXED) + 1;
	w->drain.sa[slot].epoch = now;
	drain_push(w, slot);
	__atomic_store_n(epoch, now, __ATOMIC_RELEASE);
}

static uint64_t
catch_up(uint64_t *have, uint64_t now)
{
	uint64_t more = now > *have ? now - *have : 0; /* a half-written record may hold anything */
	*have = now;
	return more;
}

/* The counts in the lanes of an SA, @p now, that @p have does not include yet. Update @p have. */
static struct ipm_traffic
traffic_late(struct ipm_traffic *have, const struct ipm_traffic *now)
{
	struct ipm_traffic more = { .octets = catch_up(&have->octets, now->octets),
				    .pkts = catch_up(&have->pkts, now->pkts),
				    .raw_octets = catch_up(&have->raw_octets, now->raw_octets),
				    .crypts = catch_up(&have->crypts, now->crypts),
				    .auths = catch_up(&have->auths, now->auths) };
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		more.drops[i] = catch_up(&have->drops[i], now->drops[i]);
	return more;
}

/* Add late counts to the totals and to the tunnel, or to the tunnel's history if it has ended. */
static void
sa_catch_up(struct ipm_writer *w, uint32_t slot)
{
	struct ipm_sa sa = *ipm_sa_peek(w, slot);
	struct ipm_traffic now = { 0 };

	ipm_lanes_sum(&w->seg, slot, &sa, &now);
	struct ipm_traffic more = traffic_late(&sa.count, &now);
	ipm_traffic_share(&sa, &more);
	if (memcmp(&more, &(struct ipm_traffic){ 0 }, sizeof(more)) == 0)
		return;
	ipm_record_put(w, IPM_SAS, slot, &sa);
	if (ipm_slot_holds(w, IPM_TUNNELS, sa.tunnel_slot, sa.tunnel_index)) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sa.tunnel_slot);
		ipm_traffic_add(sa.direction == IPM_IN ? &tunnel.in : &tunnel.out, &more);
		ipm_record_put(w, IPM_TUNNELS, sa.tunnel_slot, &tunnel);
	} else {
		ipm_map_late(w, &sa, &more);
		if (!ipm_tunnel_late(w, &sa, &more))
			ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.rest_in : &w->totals.rest_out, &more);
	}
	ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.in : &w->totals.out, &more);
	ipm_engine_count(w, &sa, &more);
}

void
ipm_drain(struct ipm_writer *w)
{
	uint32_t most = w->drain.count < DRAIN_MOST ? w->drain.count : DRAIN_MOST;
	if (most == 0)
		return;
	/* Read this before the lanes: then the lanes include everything a worker counted before it was quiescent. */
	uint64_t oldest = ipm_workers_oldest(&w->seg);
	for (uint32_t i = 0; i < most; i++) {
		uint32_t slot = drain_pop(w);
		sa_catch_up(w, slot);
		if (w->drain.sa[slot].epoch <= oldest)
			ipm_slot_give(w, IPM_SAS, slot);
		else
			drain_push(w, slot);
	}
}
