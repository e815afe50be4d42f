/* SPDX-License-Identifier: ISC */
/* SAs: finding them, counting their traffic, and keeping their counts when they end. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "ipm_hash.h"
#include "ipm_writer_int.h"

/* --- by SPI ------------------------------------------------------------------------------------------------ */

static uint32_t
hash_spi(uint8_t protocol, uint32_t spi)
{
	return ipm_hash(ipm_hash(IPM_HASH_BEGIN, &spi, sizeof(spi)), &protocol, 1);
}

int
ipm_sa_named(const struct ipm_writer *w, uint8_t protocol, uint32_t spi, int after)
{
	uint32_t hash = hash_spi(protocol, spi), at = ipm_chain_next(&w->spis, hash, after);
	while (at && (ipm_sa_peek(w, at - 1)->spi != spi || ipm_sa_peek(w, at - 1)->protocol != protocol))
		at = ipm_chain_next(&w->spis, hash, (int)(at - 1));
	return at ? (int)(at - 1) : -ENOENT;
}

static void
spi_add(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(w, slot);
	ipm_chain_add(&w->spis, hash_spi(sa->protocol, sa->spi), slot);
}

static void
spi_remove(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(w, slot);
	ipm_chain_remove(&w->spis, hash_spi(sa->protocol, sa->spi), slot);
}

int
ipm_spis_open(struct ipm_writer *w)
{
	int rc = ipm_chains_open(&w->spis, w->seg.section[IPM_SAS].capacity);
	for (uint32_t slot = 0; rc == 0 && slot < ipm_segment_used(&w->seg, IPM_SAS); slot++)
		if (ipm_sa_peek(w, slot)->index)
			spi_add(w, slot);
	return rc;
}

/* --- the list of a tunnel ---------------------------------------------------------------------------------- */

/* Set the neighbours of the SA in slot @p at - 1, if there is one. 0 leaves a side unchanged; NOBODY clears it. */
#define NOBODY UINT32_MAX
static void
sa_neighbour(struct ipm_writer *w, uint32_t at, uint32_t next, uint32_t prev)
{
	if (at == 0)
		return;
	struct ipm_sa sa = *ipm_sa_peek(w, at - 1);
	if (next)
		sa.next = next == NOBODY ? 0 : next;
	if (prev)
		sa.prev = prev == NOBODY ? 0 : prev;
	ipm_record_put(w, IPM_SAS, at - 1, &sa);
}

/* Put @p sa into @p slot and at the head of its tunnel's list. */
static void
sa_link(struct ipm_writer *w, struct ipm_tunnel *tunnel, uint32_t slot, struct ipm_sa *sa)
{
	sa->next = tunnel->sa_head;
	sa->prev = 0;
	ipm_record_put(w, IPM_SAS, slot, sa);
	sa_neighbour(w, sa->next, 0, slot + 1);
	tunnel->sa_head = slot + 1;
	tunnel->sas++;
}

/* --- start -------------------------------------------------------------------------------------------------------- */

/* Clear by words, because a reader may still be reading the counts of the SA that had the slot before. */
static void
lanes_clear(struct ipm_writer *w, uint32_t slot)
{
	static const struct ipm_count no_count;
	static const struct ipm_drops no_drops;
	for (uint32_t n = 0; n < w->seg.lanes; n++) {
		struct ipm_lane lane = ipm_lane_at(&w->seg, slot, n);
		ipm_words_store(lane.count, &no_count, sizeof(no_count));
		ipm_words_store(lane.drops, &no_drops, sizeof(no_drops));
	}
}

#define REFUSED_REST_NS 60000000000u /* between two events of IPM_EVENT_SA_REFUSED */

/* The section is full: push an event, but not for each refused SA. */
static void
sa_refused(struct ipm_writer *w, uint32_t tunnel_slot, uint32_t tunnel_index)
{
	uint64_t now = ipm_now_ns();
	if (w->refused_ns && now - w->refused_ns < REFUSED_REST_NS)
		return;
	w->refused_ns = now;
	ipm_event_push(w, IPM_EVENT_SA_REFUSED, 0, tunnel_slot, tunnel_index);
}

int
ipm_sa_start(struct ipm_writer *w, uint32_t tunnel_slot, const struct ipm_sa *sa)
{
	struct ipm_sa copy = *sa;
	int rc = ipm_sa_valid(w, &copy);
	if (rc < 0 || !ipm_slot_live(w, IPM_TUNNELS, tunnel_slot))
		return rc < 0 ? rc : -ENOENT;
	ipm_drain(w); /* otherwise retired SAs fill the section when SAs come and go fast */
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, tunnel_slot);
	int slot = ipm_slot_take(w, IPM_SAS);
	if (slot < 0) {
		sa_refused(w, tunnel_slot, tunnel.index);
		return slot;
	}
	lanes_clear(w, (uint32_t)slot);
	copy.index = tunnel.next_sa;
	copy.tunnel_index = tunnel.index;
	copy.tunnel_slot = tunnel_slot;
	copy.goes_on = sa->count.octets || sa->count.pkts;
	sa_link(w, &tunnel, (uint32_t)slot, &copy);
	spi_add(w, (uint32_t)slot);
	tunnel.next_sa = tunnel.next_sa == INT32_MAX ? 1 : tunnel.next_sa + 1;
	ipm_record_put(w, IPM_TUNNELS, tunnel_slot, &tunnel);
	ipm_section_changed(w, IPM_SAS);
	ipm_engine_began(w, &copy);
	return slot;
}

int
ipm_sa_put(struct ipm_writer *w, uint32_t slot, const struct ipm_sa *sa)
{
	const struct ipm_sa *old = ipm_sa_peek(w, slot);
	struct ipm_sa copy = *sa;

	if (!ipm_slot_live(w, IPM_SAS, slot))
		return -ENOENT;
	copy.index = old->index;
	copy.tunnel_index = old->tunnel_index;
	copy.tunnel_slot = old->tunnel_slot;
	copy.next = old->next;
	copy.prev = old->prev;
	copy.protocol = old->protocol;
	copy.spi = old->spi;
	copy.engine = old->engine;
	copy.goes_on = old->goes_on;
	copy.count = old->count;
	int rc = ipm_sa_valid(w, &copy);
	if (rc == 0 && memcmp(&copy, old, sizeof(copy)) != 0)
		ipm_record_put(w, IPM_SAS, slot, &copy);
	return rc;
}

/* --- counting ---------------------------------------------------------------------------------------------- */

void
ipm_sa_engine(struct ipm_writer *w, uint32_t slot, uint32_t engine)
{
	struct ipm_sa sa = *ipm_sa_peek(w, slot);
	struct ipm_traffic share = sa.count;
	bool told = ipm_engine_record(w, &sa) != NULL;
	/*
	 * Readers add the lanes' counts to the engine. If the SA moved to another engine, the old engine's counter
	 * would go back.
	 */
	if (sa.index == 0 || sa.engine == engine || (told && w->seg.lanes > 0))
		return;
	ipm_engine_ended(w, &sa);
	sa.engine = engine;
	ipm_record_put(w, IPM_SAS, slot, &sa);
	ipm_engine_began(w, &sa);
	ipm_traffic_share(&sa, &share);
	/* If the SA continues another SA's count, nobody knows which part is its own. */
	if (!told && !sa.goes_on)
		ipm_engine_count(w, &sa, &share);
}

/*
 * How much to add to a counter whose source moved from @p last to @p now. @p anew: the source restarted at 0 in
 * between.
 */
static uint64_t
growth(uint64_t last, uint64_t now, bool anew)
{
	return anew || now < last ? now : now - last;
}

void
ipm_sa_count(struct ipm_writer *w, uint32_t slot, const struct ipm_traffic *now)
{
	struct ipm_sa sa = *ipm_sa_peek(w, slot);
	bool anew = now->octets < sa.count.octets || now->pkts < sa.count.pkts; /* the source has restarted */
	struct ipm_traffic count = *now, more = { .octets = growth(sa.count.octets, now->octets, anew),
						  .pkts = growth(sa.count.pkts, now->pkts, anew),
						  .raw_octets = growth(sa.count.raw_octets, now->raw_octets, anew) };

	if (sa.index == 0)
		return;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		more.drops[i] = growth(sa.count.drops[i], now->drops[i], anew);
	ipm_traffic_derive(&sa, &more);
	ipm_traffic_derive(&sa, &count);
	count.comps = sa.protocol == IPPROTO_COMP;
	more.comps = count.comps - sa.count.comps;
	if (memcmp(&sa.count, &count, sizeof(count)) == 0)
		return;
	sa.count = count;
	ipm_record_put(w, IPM_SAS, slot, &sa);
	ipm_traffic_share(&sa, &more);
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sa.tunnel_slot);
	ipm_traffic_add(sa.direction == IPM_IN ? &tunnel.in : &tunnel.out, &more);
	ipm_record_put(w, IPM_TUNNELS, sa.tunnel_slot, &tunnel);
	ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.in : &w->totals.out, &more);
	ipm_session_count(w, &tunnel, sa.direction, &more);
	ipm_engine_count(w, &sa, &more);
}

struct ipm_lane
ipm_sa_lane(struct ipm_writer *w, uint32_t slot, uint32_t lane)
{
	return lane < w->seg.lanes && slot < w->seg.section[IPM_SAS].capacity ? ipm_lane_at(&w->seg, slot, lane)
									      : (struct ipm_lane){ 0 };
}

/* --- end ---------------------------------------------------------------------------------------------------------- */

/*
 * Finish an SA that has left its tunnel. @p count: the part of its lanes already added to the tunnel. Free the slot, or
 * queue it until no worker can hold the SA.
 */
static void
sa_leave(struct ipm_writer *w, uint32_t slot, const struct ipm_traffic *count, bool held)
{
	struct ipm_sa sa = *ipm_sa_peek(w, slot);

	if (!held) {
		ipm_slot_give(w, IPM_SAS, slot);
		return;
	}
	sa.index = sa.next = sa.prev = 0;
	sa.state = IPM_SA_RETIRED;
	sa.map = ipm_slot_holds(w, IPM_TUNNELS, sa.tunnel_slot, sa.tunnel_index)
			 ? ipm_tunnel_peek(w, sa.tunnel_slot)->map
			 : 0;
	sa.count = *count;
	ipm_record_put(w, IPM_SAS, slot, &sa);
	ipm_section_changed(w, IPM_SAS);
	ipm_drain_add(w, slot);
}

/* Could a worker hold an SA? Ask before reading its lanes, or counts in between are lost. */
static bool
workers_online(const struct ipm_writer *w)
{
	return w->seg.lanes > 0 && ipm_workers_oldest(&w->seg) != UINT64_MAX;
}

/* Remove an SA from its tunnel's list. @p tunnel is a copy of the tunnel. */
static void
sa_unlink(struct ipm_writer *w, struct ipm_tunnel *tunnel, const struct ipm_sa *sa)
{
	if (sa->prev == 0)
		tunnel->sa_head = sa->next;
	sa_neighbour(w, sa->prev, sa->next ? sa->next : NOBODY, 0);
	sa_neighbour(w, sa->next, 0, sa->prev ? sa->prev : NOBODY);
	tunnel->sas--;
	tunnel->sas_retired++;
}

/* Add the last counts of an SA to its engine. @p rec is closed to readers, and is opened again. NULL: no engine. */
static void
engine_settle(struct ipm_record *rec, const struct ipm_sa *sa, const struct ipm_traffic *share)
{
	if (!rec)
		return;
	struct ipm_engine engine = *(const struct ipm_engine *)ipm_payload(rec);
	ipm_traffic_add(sa->direction == IPM_IN ? &engine.in : &engine.out, share);
	engine.sas--;
	engine.sas_deleted++;
	ipm_words_store(ipm_payload(rec), &engine, sizeof(engine));
	ipm_record_end(rec);
}

void
ipm_sa_stop(struct ipm_writer *w, uint32_t slot)
{
	if (!ipm_slot_live(w, IPM_SAS, slot))
		return;
	const struct ipm_sa sa = *ipm_sa_peek(w, slot);
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sa.tunnel_slot);
	struct ipm_record *tunnel_rec = ipm_record_at(&w->seg, IPM_TUNNELS, sa.tunnel_slot);
	struct ipm_record *totals_rec = ipm_record_at(&w->seg, IPM_TOTALS, 0);
	struct ipm_record *engine_rec = ipm_engine_record(w, &sa);
	struct ipm_traffic count = { 0 };
	bool held = workers_online(w);

	/*
	 * Move the counts of the lanes to the tunnel, the totals and the engine. Close all three to readers meanwhile.
	 * Otherwise a reader could find the counts twice, or not at all.
	 */
	ipm_record_begin(totals_rec);
	ipm_record_begin(tunnel_rec);
	if (engine_rec)
		ipm_record_begin(engine_rec);
	ipm_lanes_sum(&w->seg, slot, &sa, &count);
	struct ipm_traffic share = count;
	ipm_traffic_share(&sa, &share);
	ipm_traffic_add(sa.direction == IPM_IN ? &tunnel.in : &tunnel.out, &share);
	ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.in : &w->totals.out, &share);
	sa_unlink(w, &tunnel, &sa);
	spi_remove(w, slot);
	sa_leave(w, slot, &count, held);
	ipm_words_store(ipm_payload(tunnel_rec), &tunnel, sizeof(tunnel));
	ipm_words_store(ipm_payload(totals_rec), &w->totals, sizeof(w->totals));
	engine_settle(engine_rec, &sa, &share);
	ipm_record_end(tunnel_rec);
	ipm_record_end(totals_rec);
}

/* --- after an earlier run ---------------------------------------------------------------------------------- */

void
ipm_sa_drop(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa sa = *ipm_sa_peek(w, slot);
	bool held = workers_online(w);
	struct ipm_traffic count = { 0 }, share = { 0 };

	if (sa.direction == IPM_IN || sa.direction == IPM_OUT) {
		ipm_lanes_sum(&w->seg, slot, &sa, &count);
		share = count;
		ipm_traffic_share(&sa, &share);
		ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.in : &w->totals.out, &share);
	}
	if (ipm_slot_holds(w, IPM_TUNNELS, sa.tunnel_slot, sa.tunnel_index)) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sa.tunnel_slot);
		ipm_traffic_add(sa.direction == IPM_IN ? &tunnel.in : &tunnel.out, &share);
		tunnel.sas_retired++;
		ipm_record_put(w, IPM_TUNNELS, sa.tunnel_slot, &tunnel);
	} else if (!ipm_tunnel_late(w, &sa, &share)) {
		ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.rest_in : &w->totals.rest_out, &share);
	}
	ipm_engine_count(w, &sa, &share);
	sa_leave(w, slot, &count, held);
}

/* Raise @p sum to @p part: a writer that died between updating an SA and its tunnel counted in the SA only. */
static void
raise_to(struct ipm_traffic *sum, const struct ipm_traffic *part)
{
	uint64_t *all = (uint64_t *)sum;
	const uint64_t *least = (const uint64_t *)part;
	for (size_t i = 0; i < sizeof(*sum) / 8; i++)
		if (all[i] < least[i])
			all[i] = least[i];
}

void
ipm_sas_relink(struct ipm_writer *w)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_SAS); slot++) {
		struct ipm_sa sa = *ipm_sa_peek(w, slot);
		if (sa.index == 0)
			continue;
		if (!ipm_slot_holds(w, IPM_TUNNELS, sa.tunnel_slot, sa.tunnel_index)) {
			ipm_sa_drop(w, slot);
			continue;
		}
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sa.tunnel_slot);
		sa_link(w, &tunnel, slot, &sa);
		if (!sa.bundled)
			raise_to(sa.direction == IPM_IN ? &tunnel.in : &tunnel.out, &sa.count);
		tunnel.next_sa = ipm_sub_next(tunnel.next_sa, sa.index);
		ipm_record_put(w, IPM_TUNNELS, sa.tunnel_slot, &tunnel);
	}
}
