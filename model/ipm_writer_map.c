/* SPDX-License-Identifier: ISC */
/*
 * Crypto map entries: the configuration, and the tunnels of each entry. A tunnel belongs to the entry whose name and
 * child equal the tunnel's conn and name. When a tunnel ends, the entry keeps the tunnel's counts, so that the entry's
 * counts never go back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipm_hash.h"
#include "ipm_writer_int.h"

#define REMOVED_KEPT 64 /* removed entries that stay readable */

static bool
is_configured(const struct ipm_map_entry *map)
{
	return map->index != 0 && map->state != IPM_MAP_REMOVED;
}

static uint32_t
hash_name(const char *name)
{
	return ipm_hash_text(IPM_HASH_BEGIN, name);
}

static uint32_t
hash_names(const char *name, const char *child)
{
	return ipm_hash_text(hash_name(name), child);
}

static void
chains_add(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_map_entry *map = ipm_map_peek(w, slot);
	ipm_chain_add(&w->maps, hash_name(map->name), slot);
	ipm_chain_add(&w->entries, hash_names(map->name, map->child), slot);
}

int
ipm_map_next(const struct ipm_writer *w, const char *name, int after)
{
	uint32_t hash = hash_name(name), at = ipm_chain_next(&w->maps, hash, after);
	while (at && strcmp(ipm_map_peek(w, at - 1)->name, name) != 0)
		at = ipm_chain_next(&w->maps, hash, (int)(at - 1));
	return at ? (int)(at - 1) : -ENOENT;
}

int
ipm_map_named(const struct ipm_writer *w, const char *name, const char *child)
{
	uint32_t hash = hash_names(name, child), at = ipm_chain_next(&w->entries, hash, -1);
	while (at &&
	       (strcmp(ipm_map_peek(w, at - 1)->name, name) != 0 || strcmp(ipm_map_peek(w, at - 1)->child, child) != 0))
		at = ipm_chain_next(&w->entries, hash, (int)(at - 1));
	return at ? (int)(at - 1) : -ENOENT;
}

int
ipm_maps_open(struct ipm_writer *w)
{
	uint32_t capacity = w->seg.section[IPM_MAPS].capacity;
	int rc = ipm_chains_open(&w->maps, capacity);
	if (rc == 0)
		rc = ipm_chains_open(&w->entries, capacity);
	for (uint32_t slot = 0; rc == 0 && slot < ipm_segment_used(&w->seg, IPM_MAPS); slot++)
		if (is_configured(ipm_map_peek(w, slot)))
			chains_add(w, slot);
	return rc;
}

/* --- up and down ------------------------------------------------------------------------------------------------ */

/* Set the number of the entry's tunnels that are up. Update its state, and push an event if the state changes. */
static void
map_turn(struct ipm_writer *w, uint32_t slot, struct ipm_map_entry *map, uint32_t up, enum ipm_reason reason)
{
	bool was = map->tunnels_up > 0, is = up > 0;

	map->tunnels_up = up;
	if (was != is && map->state != IPM_MAP_REMOVED) {
		map->state = is ? IPM_MAP_UP : IPM_MAP_DOWN;
		map->since_ns = ipm_now_ns();
		map->reason = is ? 0 : reason;
		if (is)
			map->ups++;
		else
			map->downs++;
	}
	ipm_record_put(w, IPM_MAPS, slot, map);
	if (was != is && map->state != IPM_MAP_REMOVED)
		ipm_event_push(w, is ? IPM_EVENT_MAP_UP : IPM_EVENT_MAP_DOWN, is ? 0 : reason, slot, map->index);
}

void
ipm_map_moved(struct ipm_writer *w, uint32_t map_slot, bool up, enum ipm_reason reason)
{
	struct ipm_map_entry map = *ipm_map_peek(w, map_slot);
	map_turn(w, map_slot, &map, map.tunnels_up + (up ? 1 : -1u), reason);
}

void
ipm_map_failed(struct ipm_writer *w, const struct ipm_failure *failure)
{
	if (!failure->conn[0])
		return;
	for (int slot = -1; (slot = ipm_map_next(w, failure->conn, slot)) >= 0;) {
		struct ipm_map_entry map = *ipm_map_peek(w, (uint32_t)slot);
		if (map.state == IPM_MAP_UP || (failure->map && failure->map != (uint32_t)slot + 1))
			continue;
		map.failures++;
		map.failure = failure->reason;
		map.failed_ns = failure->time_ns;
		snprintf(map.failure_text, sizeof(map.failure_text), "%s", failure->text);
		ipm_record_put(w, IPM_MAPS, (uint32_t)slot, &map);
	}
}

/* --- tunnels ------------------------------------------------------------------------------------------------------ */

/* Set a neighbour of the tunnel in slot @p at - 1, if there is one. */
static void
tunnel_neighbour(struct ipm_writer *w, uint32_t at, uint32_t next, uint32_t prev, bool behind)
{
	if (at == 0)
		return;
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, at - 1);
	if (behind)
		tunnel.map_prev = prev;
	else
		tunnel.map_next = next;
	ipm_record_put(w, IPM_TUNNELS, at - 1, &tunnel);
}

/* Put the tunnel at the head of the entry's list. */
static void
tie(struct ipm_writer *w, uint32_t map_slot, struct ipm_map_entry *map, uint32_t slot)
{
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, slot);

	tunnel.map = map_slot + 1;
	tunnel.map_prev = 0;
	tunnel.map_next = map->tunnel_head;
	ipm_record_put(w, IPM_TUNNELS, slot, &tunnel);
	tunnel_neighbour(w, tunnel.map_next, 0, slot + 1, true);
	map->tunnel_head = slot + 1;
	map->tunnels++;
}

void
ipm_tunnel_untie(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason)
{
	struct ipm_tunnel tunnel;
	uint32_t map_slot = ipm_tunnel_peek(w, slot)->map - 1;

	if (ipm_tunnel_peek(w, slot)->map == 0)
		return;
	struct ipm_record *rec = ipm_record_at(&w->seg, IPM_MAPS, map_slot);
	struct ipm_map_entry map = *ipm_map_peek(w, map_slot);
	/* Close the record to readers. Otherwise they could count the tunnel twice, or not at all. */
	ipm_record_begin(rec);
	if (ipm_tunnel_read(&w->seg, slot, &tunnel) < 0)
		tunnel = *ipm_tunnel_peek(w, slot);
	ipm_traffic_add(&map.in, &tunnel.in);
	ipm_traffic_add(&map.out, &tunnel.out);
	map.refreshes += tunnel.refreshes;
	map.tunnels--;
	if (tunnel.map_prev == 0)
		map.tunnel_head = tunnel.map_next;
	tunnel_neighbour(w, tunnel.map_prev, tunnel.map_next, 0, false);
	tunnel_neighbour(w, tunnel.map_next, 0, tunnel.map_prev, true);
	struct ipm_tunnel alone = *ipm_tunnel_peek(w, slot);
	alone.map = alone.map_next = alone.map_prev = 0;
	ipm_record_put(w, IPM_TUNNELS, slot, &alone);
	ipm_words_store(ipm_payload(rec), &map, sizeof(map));
	ipm_record_end(rec);
	if (alone.state == IPM_TUNNEL_UP)
		map_turn(w, map_slot, &map, map.tunnels_up - 1, reason);
}

void
ipm_tunnel_from(struct ipm_writer *w, uint32_t slot, uint32_t map_slot)
{
	const struct ipm_tunnel *tunnel = ipm_tunnel_peek(w, slot);

	if (tunnel->index == 0 || tunnel->map == map_slot + 1 || !is_configured(ipm_map_peek(w, map_slot)))
		return;
	if (tunnel->map)
		ipm_tunnel_untie(w, slot, IPM_REASON_UNKNOWN);
	struct ipm_map_entry map = *ipm_map_peek(w, map_slot);
	tie(w, map_slot, &map, slot);
	if (tunnel->sas) /* the SAs belong to the entry now */
		ipm_section_changed(w, IPM_SAS);
	map_turn(w, map_slot, &map, map.tunnels_up + (tunnel->state == IPM_TUNNEL_UP), 0);
}

void
ipm_tunnel_tie(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_tunnel *tunnel = ipm_tunnel_peek(w, slot);
	int found = tunnel->conn[0] ? ipm_map_named(w, tunnel->conn, tunnel->name) : -ENOENT;
	if (found >= 0)
		ipm_tunnel_from(w, slot, (uint32_t)found);
}

void
ipm_maps_tie(struct ipm_writer *w)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++)
		if (ipm_tunnel_peek(w, slot)->index)
			ipm_tunnel_tie(w, slot);
}

void
ipm_map_inherit(struct ipm_writer *w, const struct ipm_tunnel *tunnel)
{
	if (tunnel->map == 0 || tunnel->map > ipm_segment_used(&w->seg, IPM_MAPS) ||
	    !is_configured(ipm_map_peek(w, tunnel->map - 1)))
		return;
	struct ipm_map_entry map = *ipm_map_peek(w, tunnel->map - 1);
	ipm_traffic_add(&map.in, &tunnel->in);
	ipm_traffic_add(&map.out, &tunnel->out);
	map.refreshes += tunnel->refreshes;
	ipm_record_put(w, IPM_MAPS, tunnel->map - 1, &map);
}

void
ipm_map_late(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more)
{
	if (sa->map == 0 || sa->map > ipm_segment_used(&w->seg, IPM_MAPS) ||
	    !is_configured(ipm_map_peek(w, sa->map - 1)))
		return;
	struct ipm_map_entry map = *ipm_map_peek(w, sa->map - 1);
	ipm_traffic_add(sa->direction == IPM_IN ? &map.in : &map.out, more);
	ipm_record_put(w, IPM_MAPS, sa->map - 1, &map);
}

/* --- access lists ------------------------------------------------------------------------------------------------- */

/* The access list of @p map, which is a copy of the record in @p slot. */
static struct owned_list
access_of(struct ipm_map_entry *map, uint32_t slot)
{
	return (struct owned_list){ .kind = IPM_ACCESS,
				    .owner_index = map->index,
				    .owner_slot = slot,
				    .head = &map->access_head,
				    .next_index = &map->access_next };
}

int
ipm_map_permit(struct ipm_writer *w, uint32_t slot, const struct ipm_access *access, uint32_t n)
{
	struct ipm_map_entry map = *ipm_map_peek(w, slot);
	struct owned_list list = access_of(&map, slot);
	bool changed;

	if (map.index == 0)
		return -ENOENT;
	int rc = ipm_list_set(w, &list, access, n, &changed);

	if (changed) {
		ipm_record_put(w, IPM_MAPS, slot, &map);
		ipm_section_changed(w, IPM_ACCESS);
	}
	return rc;
}

/* --- entries ------------------------------------------------------------------------------------------------------ */

/* Does another entry of the same map use the interface? */
static bool
interface_shared(const struct ipm_writer *w, uint32_t slot, const char *name, uint32_t ifindex)
{
	for (int other = -1; (other = ipm_map_next(w, name, other)) >= 0;)
		if ((uint32_t)other != slot && ipm_map_peek(w, (uint32_t)other)->ifindex == ifindex)
			return true;
	return false;
}

static void
interface_turn(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t slot, uint32_t ifindex)
{
	const struct ipm_map_entry *map = ipm_map_peek(w, slot);
	if (ifindex && !interface_shared(w, slot, map->name, ifindex))
		ipm_event_on(w, kind, slot, map->index, ifindex);
}

/* Copy the fields that a feed may set from @p from to @p map. */
static void
map_configure(struct ipm_map_entry *map, const struct ipm_map_entry *from)
{
	struct ipm_map_entry copy = *from;

	copy.index = map->index;
	copy.state = map->state;
	copy.access_head = map->access_head;
	copy.access_next = map->access_next;
	copy.tunnel_head = map->tunnel_head;
	copy.tunnels = map->tunnels;
	copy.tunnels_up = map->tunnels_up;
	copy.ups = map->ups;
	copy.downs = map->downs;
	copy.refreshes = map->refreshes;
	copy.failures = map->failures;
	copy.failure = map->failure;
	copy.failed_ns = map->failed_ns;
	copy.created_ns = map->created_ns;
	copy.since_ns = map->since_ns;
	copy.reason = map->reason;
	copy.in = map->in;
	copy.out = map->out;
	memcpy(copy.name, map->name, sizeof(copy.name));
	memcpy(copy.child, map->child, sizeof(copy.child));
	memcpy(copy.failure_text, map->failure_text, sizeof(copy.failure_text));
	*map = copy;
}

int
ipm_map_put(struct ipm_writer *w, uint32_t slot, const struct ipm_map_entry *map)
{
	const struct ipm_map_entry *old = ipm_map_peek(w, slot);
	struct ipm_map_entry copy = *old;
	uint32_t ifindex = old->ifindex;

	if (old->index == 0)
		return -ENOENT;
	map_configure(&copy, map);
	int rc = ipm_map_valid(w, &copy);
	if (rc < 0 || memcmp(&copy, old, sizeof(copy)) == 0)
		return rc;
	bool moved = copy.ifindex != ifindex;
	bool shown = copy.kind != old->kind || copy.seq != old->seq || copy.key_type != old->key_type;
	ipm_record_put(w, IPM_MAPS, slot, &copy);
	if (moved || shown) /* the entry has other rows now */
		ipm_section_changed(w, IPM_MAPS);
	if (moved) {
		interface_turn(w, IPM_EVENT_MAP_DETACHED, slot, ifindex);
		interface_turn(w, IPM_EVENT_MAP_ATTACHED, slot, copy.ifindex);
	}
	return 0;
}

static int
map_slot_take(struct ipm_writer *w)
{
	const struct ipm_section *sec = &ipm_header(&w->seg)->section[IPM_MAPS];
	bool full = atomic_load(&sec->used) == w->seg.section[IPM_MAPS].capacity && w->free[IPM_MAPS].count == 0;
	if (w->removed.count > 0 && (full || w->removed.count > REMOVED_KEPT))
		ipm_slot_give(w, IPM_MAPS, ipm_queue_pop(&w->removed));
	return ipm_slot_take(w, IPM_MAPS);
}

int
ipm_map_open(struct ipm_writer *w, const struct ipm_map_entry *map)
{
	struct ipm_map_entry copy = { 0 };
	int slot = ipm_map_named(w, map->name, map->child);

	if (slot >= 0) {
		int rc = ipm_map_put(w, (uint32_t)slot, map);
		return rc < 0 ? rc : slot;
	}
	map_configure(&copy, map);
	int rc = ipm_map_valid(w, &copy);
	if (rc < 0 || (slot = map_slot_take(w)) < 0)
		return rc < 0 ? rc : slot;
	memcpy(copy.name, map->name, sizeof(copy.name) - 1);
	memcpy(copy.child, map->child, sizeof(copy.child) - 1);
	copy.index = ipm_index_take(w, IPM_MAPS, &w->totals.next_map);
	copy.state = IPM_MAP_DOWN;
	copy.access_next = 1;
	copy.created_ns = copy.since_ns = ipm_now_ns();
	bool alone = ipm_map_next(w, copy.name, -1) < 0;
	ipm_record_put(w, IPM_MAPS, (uint32_t)slot, &copy);
	chains_add(w, (uint32_t)slot);
	ipm_section_changed(w, IPM_MAPS);
	ipm_event_push(w, IPM_EVENT_MAP_ADDED, alone ? IPM_MAP_ALONE : IPM_MAP_OTHERS, (uint32_t)slot, copy.index);
	interface_turn(w, IPM_EVENT_MAP_ATTACHED, (uint32_t)slot, copy.ifindex);
	return slot;
}

void
ipm_map_remove(struct ipm_writer *w, uint32_t slot)
{
	struct ipm_map_entry map = *ipm_map_peek(w, slot);

	if (!is_configured(&map))
		return;
	map.state = IPM_MAP_REMOVED;
	map.since_ns = ipm_now_ns();
	ipm_record_put(w, IPM_MAPS, slot, &map);
	while (ipm_map_peek(w, slot)->tunnel_head)
		ipm_tunnel_untie(w, ipm_map_peek(w, slot)->tunnel_head - 1, IPM_REASON_UNKNOWN);
	ipm_map_permit(w, slot, NULL, 0);
	ipm_chain_remove(&w->maps, hash_name(map.name), slot);
	ipm_chain_remove(&w->entries, hash_names(map.name, map.child), slot);
	ipm_section_changed(w, IPM_MAPS);
	interface_turn(w, IPM_EVENT_MAP_DETACHED, slot, map.ifindex);
	bool alone = ipm_map_next(w, map.name, -1) < 0;
	ipm_event_push(w, IPM_EVENT_MAP_REMOVED, alone ? IPM_MAP_ALONE : IPM_MAP_OTHERS, slot, map.index);
	ipm_queue_push(&w->removed, slot); /* if this fails, the record stays until the next start */
}

/* --- after an earlier run ----------------------------------------------------------------------------------------- */

static void
relink_access(struct ipm_writer *w)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_ACCESS); slot++) {
		const struct ipm_access *access = ipm_payload_at(w, IPM_ACCESS, slot);
		if (access->index && ipm_slot_holds(w, IPM_MAPS, access->map_slot, access->map_index)) {
			struct ipm_map_entry map = *ipm_map_peek(w, access->map_slot);
			struct owned_list list = access_of(&map, access->map_slot);
			ipm_list_relink(w, &list, slot);
			ipm_record_put(w, IPM_MAPS, access->map_slot, &map);
		} else if (access->index) {
			ipm_slot_give(w, IPM_ACCESS, slot);
		}
	}
}

static void
relink_tunnels(struct ipm_writer *w)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, slot);
		uint32_t at = tunnel.map;
		if (tunnel.index == 0 || at == 0)
			continue;
		tunnel.map = tunnel.map_next = tunnel.map_prev = 0;
		ipm_record_put(w, IPM_TUNNELS, slot, &tunnel);
		if (at > ipm_segment_used(&w->seg, IPM_MAPS) || !is_configured(ipm_map_peek(w, at - 1)))
			continue;
		struct ipm_map_entry map = *ipm_map_peek(w, at - 1);
		tie(w, at - 1, &map, slot);
		map.tunnels_up += tunnel.state == IPM_TUNNEL_UP;
		ipm_record_put(w, IPM_MAPS, at - 1, &map);
	}
}

void
ipm_maps_relink(struct ipm_writer *w)
{
	uint32_t used = ipm_segment_used(&w->seg, IPM_MAPS);

	for (uint32_t slot = 0; slot < used; slot++) {
		struct ipm_map_entry map = *ipm_map_peek(w, slot);
		if (map.index && map.state == IPM_MAP_REMOVED) {
			ipm_slot_give(w, IPM_MAPS, slot);
			continue;
		}
		map.access_head = map.tunnel_head = map.tunnels = map.tunnels_up = 0;
		if (map.index)
			ipm_record_put(w, IPM_MAPS, slot, &map);
	}
	relink_access(w);
	relink_tunnels(w);
	for (uint32_t slot = 0; slot < used; slot++) {
		struct ipm_map_entry map = *ipm_map_peek(w, slot);
		bool up = map.tunnels_up > 0;
		if (map.index == 0 || up == (map.state == IPM_MAP_UP))
			continue;
		map.tunnels_up = !up; /* the state when the earlier run ended */
		map_turn(w, slot, &map, up, IPM_REASON_UNKNOWN);
	}
}
