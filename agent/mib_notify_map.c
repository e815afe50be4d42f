/* SPDX-License-Identifier: ISC */
/* Notifications of CISCO-IPSEC-, CISCO-CRYPTO-ACCELERATOR- and IPSECMON-MIB for events of crypto maps and engines. */
#include <string.h>

#include "mib_notify_int.h"
#include "mib_set.h"
#include "view_maps.h"
#include "views.h"

/* cipsMIBNotifications */
enum { POLICY_ADDED = 1, POLICY_DELETED, MAP_ADDED, MAP_DELETED, SET_ATTACHED, SET_DETACHED, TOO_MANY_SAS };
/* ciscoCryAcceleratorMIBNotifs; engines are never removed */
enum { ENGINE_INSERTED = 1, ENGINE_REMOVED, ENGINE_OPERATIONAL, ENGINE_DISABLED };
/* ipsecmonNotifications */
enum { TUNNEL_DOWN = 1, TUNNEL_UP };

/* An event and its origin. */
struct scene {
	struct mib_notify *n;
	struct mib *mib;
	const struct ipm_segment *seg;
	unsigned gateway;
	const struct ipm_event *event;
};

static struct mib_cell
cell_of(const struct scene *s, const void *record)
{
	return (struct mib_cell){
		.mib = s->mib, .seg = s->seg, .record = record, .now_ns = ipm_now_ns(), .gateway = s->gateway
	};
}

/* The event's entry. A removed entry stays readable for a while. */
static bool
find_map(const struct scene *s, struct ipm_map_entry *map)
{
	return ipm_map_read(s->seg, s->event->slot, map) == 0 && map->index == s->event->index;
}

/* --- CISCO-IPSEC-MIB ------------------------------------------------------------------------------------------ */

/* Add a scalar with its current value. */
static void
add_scalar(const struct scene *s, struct mib_notification *out, const struct mib_table *table, unsigned id)
{
	uint64_t record[MIB_MADE_MAX / 8];
	static const mib_subid zero = 0;
	if (!s->mib || !table->make(s->mib, record))
		return;
	struct mib_cell cell = cell_of(s, record);
	mib_notify_cell(out, &cell, table, id, &zero, 1);
}

/* Add columns of the entry's set, or zeros if the set is gone. */
static void
add_set(const struct scene *s, struct mib_notification *out, const struct ipm_map_entry *map, const unsigned *ids,
	unsigned count)
{
	static const struct view_map_set none;
	const struct view_map_set *set = mib_group(s->mib, &view_map_sets, s->gateway, map->name);
	struct mib_cell cell = cell_of(s, set ? set : &none);
	mib_subid key[MIB_KEY_MAX];
	unsigned len = view_name_key(map->name, key);
	for (unsigned i = 0; i < count; i++)
		mib_notify_cell(out, &cell, &view_cips_static_set, ids[i], key, len);
}

static unsigned
tell_policy(const struct scene *s, unsigned number)
{
	struct mib_notification out = { .module = MIB_NOTIFY_CIPS, .number = number };
	struct ipm_map_entry map;
	if (s->event->reason != IPM_MAP_ALONE)
		return 0;
	if (!find_map(s, &map))
		return mib_notify_wanted(s->n, &out);
	if (view_map_kind(&map) == VIEW_MAP_MANUAL || !mib_notify_wanted(s->n, &out))
		return 0;
	add_scalar(s, &out, &view_cips_isakmp, 4); /* cipsNumIsakmpPolicies */
	mib_notify_send(s->n, &out);
	return 0;
}

/* cipsStaticCryptomapSetSize, -NumIsakmp, -NumDynamic */
static const unsigned set_columns[] = { 2, 3, 6 };

static unsigned
tell_set(const struct scene *s, unsigned number)
{
	struct mib_notification out = { .module = MIB_NOTIFY_CIPS, .number = number };
	struct ipm_map_entry map;
	if (!mib_notify_wanted(s->n, &out))
		return 0;
	if (!find_map(s, &map))
		return 1;
	if (number == MAP_ADDED) {
		mib_subid key[MIB_KEY_MAX];
		struct mib_cell cell = cell_of(s, &map);
		unsigned len = view_name_key(map.name, key);
		key[len] = map.seq;
		mib_notify_cell(&out, &cell, &view_cips_map, 2, key, len + 1); /* cipsStaticCryptomapType */
	}
	add_set(s, &out, &map, set_columns, number == SET_ATTACHED ? 3 : 1);
	mib_notify_send(s->n, &out);
	return 0;
}

static unsigned
tell_refused(const struct scene *s)
{
	struct mib_notification out = { .module = MIB_NOTIFY_CIPS, .number = TOO_MANY_SAS };
	if (!mib_notify_wanted(s->n, &out))
		return 0;
	add_scalar(s, &out, &view_cips_capacity, 1); /* cipsMaxSAs */
	mib_notify_send(s->n, &out);
	return 0;
}

/* --- CISCO-CRYPTO-ACCELERATOR-MIB ----------------------------------------------------------------------------- */

static unsigned
tell_engine(const struct scene *s, unsigned number)
{
	struct mib_notification out = { .module = MIB_NOTIFY_ENGINE, .number = number };
	struct ipm_engine engine;
	if (!mib_notify_wanted(s->n, &out))
		return 0;
	if (ipm_engine_read(s->seg, s->event->slot, &engine) < 0 || engine.index != s->event->index)
		return 1;
	if (number == ENGINE_DISABLED)
		engine.disabled = 1; /* it was disabled at the time of the event */
	struct mib_cell cell = cell_of(s, &engine);
	const mib_subid key = view_engine_number(&cell);
	mib_notify_cell(&out, &cell, &view_cca_engine, 6, &key, 1); /* ccaAcclSlot */
	if (number == ENGINE_DISABLED) {
		mib_notify_cell(&out, &cell, &view_cca_engine, 3, &key, 1); /* ccaAcclStatus */
		mib_notify_cell(&out, &cell, &view_cca_engine, 7, &key, 1); /* ccaAcclActiveTime */
	}
	mib_notify_send(s->n, &out);
	return 0;
}

/* --- IPSECMON-MIB --------------------------------------------------------------------------------------------- */

static unsigned
tell_tunnel(const struct scene *s, unsigned number)
{
	/* Name, Child, Peer, RemoteAddr; Down: DownReason, LastFailure, LastFailText, Flaps; Up: Phase2Index, Ups */
	static const unsigned down[] = { 2, 3, 16, 18, 11, 13, 14, 10 }, up[] = { 2, 3, 16, 18, 20, 9 };
	struct mib_notification out = { .module = MIB_NOTIFY_OWN, .number = number };
	struct ipm_map_entry map;
	if (!mib_notify_wanted(s->n, &out))
		return 0;
	if (!find_map(s, &map))
		return 1;
	if (number == TUNNEL_DOWN) { /* the state at the time of the event; the tunnel may be up again */
		map.state = IPM_MAP_DOWN;
		map.reason = s->event->reason;
		map.tunnels_up = 0;
	}
	struct mib_cell cell = cell_of(s, &map);
	const mib_subid key = map.index;
	for (unsigned i = 0; i < (number == TUNNEL_DOWN ? MIB_COUNT(down) : MIB_COUNT(up)); i++)
		mib_notify_cell(&out, &cell, &view_own_tunnel, number == TUNNEL_DOWN ? down[i] : up[i], &key, 1);
	mib_notify_send(s->n, &out);
	return 0;
}

unsigned
mib_notify_tell_map(struct mib_notify *n, struct mib *mib, const struct ipm_segment *seg, unsigned gateway,
		    const struct ipm_event *event)
{
	const struct scene s = { n, mib, seg, gateway, event };

	if (mib)
		mib_request_fresh(mib, 0);
	switch (event->kind) {
	case IPM_EVENT_MAP_ADDED:
		return tell_set(&s, MAP_ADDED) + tell_policy(&s, POLICY_ADDED);
	case IPM_EVENT_MAP_REMOVED:
		return tell_set(&s, MAP_DELETED) + tell_policy(&s, POLICY_DELETED);
	case IPM_EVENT_MAP_ATTACHED:
		return tell_set(&s, SET_ATTACHED);
	case IPM_EVENT_MAP_DETACHED:
		return tell_set(&s, SET_DETACHED);
	case IPM_EVENT_MAP_UP:
		return tell_tunnel(&s, TUNNEL_UP);
	case IPM_EVENT_MAP_DOWN:
		return tell_tunnel(&s, TUNNEL_DOWN);
	case IPM_EVENT_SA_REFUSED:
		return tell_refused(&s);
	case IPM_EVENT_ENGINE_ADDED:
		return tell_engine(&s, ENGINE_INSERTED);
	case IPM_EVENT_ENGINE_UP:
		return tell_engine(&s, ENGINE_OPERATIONAL);
	case IPM_EVENT_ENGINE_DOWN:
		return tell_engine(&s, ENGINE_DISABLED);
	default:
		return 0;
	}
}
