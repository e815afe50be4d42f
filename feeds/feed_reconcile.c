/* SPDX-License-Identifier: ISC */
/* Rounds, hold time, and sweeping what was not confirmed. */
#include "feed_reconcile.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* --- rounds ----------------------------------------------------------------------------------------------------- */

void
feed_round_begin(struct feed_rounds *r)
{
	r->number++;
	r->coming_in = true;
}

void
feed_round_end(struct feed_rounds *r)
{
	r->coming_in = false;
	r->complete = true;
	feed_rounds_free(r);
}

bool
feed_missed(const struct feed_rounds *r, struct feed_seen *seen, uint32_t enough)
{
	seen->missed = feed_confirmed(r, seen) ? 0 : seen->missed + 1;
	return seen->missed >= enough;
}

/* --- what ended during a round ---------------------------------------------------------------------------------- */

struct ended {
	size_t size;
	const void *key; /* in a node of the tree, behind it */
};

static int
by_key(const void *a, const void *b)
{
	const struct ended *x = a, *y = b;
	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return memcmp(x->key, y->key, x->size);
}

void
feed_ended_add(struct feed_rounds *r, const void *key, size_t size)
{
	if (!r->coming_in || feed_ended_has(r, key, size))
		return;
	struct ended *node = malloc(sizeof(*node) + size);
	if (!node)
		return; /* the next round has it right */
	node->size = size;
	node->key = memcpy(node + 1, key, size);
	if (!tsearch(node, &r->ended, by_key))
		free(node);
}

bool
feed_ended_has(const struct feed_rounds *r, const void *key, size_t size)
{
	const struct ended sought = { size, key };
	return tfind(&sought, &r->ended, by_key) != NULL;
}

void
feed_ended_remove(struct feed_rounds *r, const void *key, size_t size)
{
	const struct ended sought = { size, key };
	struct ended *const *found = tfind(&sought, &r->ended, by_key);
	if (!found)
		return;
	struct ended *node = *found;
	tdelete(node, &r->ended, by_key);
	free(node);
}

void
feed_rounds_free(struct feed_rounds *r)
{
	tdestroy(r->ended, free);
	r->ended = NULL;
}

/* --- hold time --------------------------------------------------------------------------------------------------- */

void
feed_hold(struct feed_rounds *r, uint64_t until_ns)
{
	if (!feed_holds(r) || r->complete)
		r->hold_until_ns = until_ns;
	r->away = r->number++;
	r->coming_in = r->complete = false;
}

enum feed_hold_end
feed_expire(struct feed_rounds *r, uint64_t now_ns)
{
	if (!feed_holds(r) || now_ns < r->hold_until_ns)
		return FEED_HOLD_GOES_ON;
	if (r->coming_in && now_ns - r->hold_until_ns < FEED_ROUND_MAX_NS)
		return FEED_HOLD_GOES_ON;
	r->hold_until_ns = 0;
	return r->complete ? FEED_HOLD_OVER : FEED_SOURCE_LOST;
}

/* --- the records of one feed ------------------------------------------------------------------------------------ */

static uint32_t
used(const struct ipm_writer *w, enum ipm_section_kind section)
{
	return ipm_segment_used(ipm_writer_segment(w), section);
}

bool
feed_next_ike(const struct ipm_writer *w, uint32_t feed, uint32_t *slot)
{
	for (; *slot < used(w, IPM_IKE_SAS); ++*slot) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(w, *slot);
		if (sa->index && sa->feed == feed)
			return true;
	}
	return false;
}

bool
feed_next_tunnel(const struct ipm_writer *w, uint32_t feed, uint32_t *slot)
{
	for (; *slot < used(w, IPM_TUNNELS); ++*slot) {
		const struct ipm_tunnel *tunnel = ipm_tunnel_peek(w, *slot);
		if (tunnel->index && tunnel->feed == feed)
			return true;
	}
	return false;
}

bool
feed_next_sa(const struct ipm_writer *w, uint32_t feed, uint32_t *slot)
{
	for (; *slot < used(w, IPM_SAS); ++*slot) {
		const struct ipm_sa *sa = ipm_sa_peek(w, *slot);
		if (sa->index && ipm_tunnel_peek(w, sa->tunnel_slot)->feed == feed)
			return true;
	}
	return false;
}

bool
feed_next_map(const struct ipm_writer *w, uint32_t feed, uint32_t *slot)
{
	for (; *slot < used(w, IPM_MAPS); ++*slot) {
		const struct ipm_map_entry *map = ipm_map_peek(w, *slot);
		if (map->index && map->state != IPM_MAP_REMOVED && map->feed == feed)
			return true;
	}
	return false;
}

void
feed_stop_all(struct ipm_writer *w, uint32_t feed, enum ipm_reason reason)
{
	for (uint32_t slot = 0; feed_next_tunnel(w, feed, &slot); slot++)
		ipm_tunnel_stop(w, slot, reason);
	for (uint32_t slot = 0; feed_next_ike(w, feed, &slot); slot++)
		ipm_ike_stop(w, slot, reason);
	for (uint32_t slot = 0; feed_next_map(w, feed, &slot); slot++)
		ipm_map_remove(w, slot);
}
