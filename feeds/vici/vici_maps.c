/* SPDX-License-Identifier: ISC */
/* Charon's connections and children as crypto map entries. */
#include <stdlib.h>
#include <string.h>

#include "feed_map.h"
#include "feed_reconcile.h"
#include "vici_maps.h"
#include "units.h"

#define PAIRS_MAX 512 /* of an entry's access list: comparing them is quadratic */

struct vici_maps {
	struct ipm_writer *w;
	uint32_t feed;
	struct feed_host host;
	struct feed_rounds lists;  /* of connections */
	struct feed_seen *seen;    /* by slot of an entry */
	uint32_t seq;              /* of the last child of the connection */
	struct ipm_access *access; /* room for PAIRS_MAX */
};

/* --- access lists -------------------------------------------------------------------------------------------- */

static struct ipm_sel_side
side_of(const struct ipm_addr *addr)
{
	return (struct ipm_sel_side){
		.type = IPM_SEL_SINGLE, .prefix = (uint8_t)(addr->len * 8), .first = *addr, .last = *addr
	};
}

static struct ipm_sel_side
side_any(uint8_t len)
{
	struct ipm_sel_side side = { .type = IPM_SEL_SUBNET, .first.len = len, .last.len = len };
	memset(side.last.bytes, 0xff, len);
	return side;
}

/*
 * "dynamic" stands for the configured address of that side or, without one, for any address of the other side's family.
 */
static struct ipm_sel_side
resolved(const struct ipm_sel_side *ts, const struct ipm_addr *own, const struct ipm_sel_side *other, uint8_t family)
{
	if (ts->type)
		return *ts;
	struct ipm_sel_side side = own->len ? side_of(own) : side_any(other->type ? other->first.len : family);
	side.protocol = ts->protocol;
	side.port_first = ts->port_first;
	side.port_last = ts->port_last;
	return side;
}

static uint32_t
access_fill(struct vici_maps *m, const struct vici_conn *conn, const struct vici_conn_child *child)
{
	static const struct ipm_addr any;
	const struct ipm_addr *peer = conn->peers == 1 && !conn->peer_named ? &conn->peer[0] : &any;
	uint8_t family = conn->local.len ? conn->local.len : conn->peers ? conn->peer[0].len : 4;
	uint32_t n = 0;

	for (uint32_t l = 0; l < child->local_count; l++)
		for (uint32_t r = 0; r < child->remote_count && n < PAIRS_MAX; r++) {
			const struct ipm_sel_side *local_ts = &child->local_ts[l], *remote_ts = &child->remote_ts[r];
			struct ipm_access pair = { .local = resolved(local_ts, &conn->local, remote_ts, family),
						   .remote = resolved(remote_ts, peer, local_ts, family) };
			if (vici_ts_pair(&pair.local, &pair.remote))
				m->access[n++] = pair;
		}
	return n;
}

/* --- entries ------------------------------------------------------------------------------------------------- */

static uint64_t
seconds_ns(uint64_t seconds)
{
	return seconds < UINT64_MAX / NS_PER_SECOND ? seconds * NS_PER_SECOND : 0;
}

uint64_t
vici_conn_ike_ns(const struct vici_conn *conn)
{
	uint64_t rekey = conn->ike_rekey_s, reauth = conn->ike_reauth_s;
	return seconds_ns(rekey && (!reauth || rekey < reauth) ? rekey : reauth);
}

/*
 * The interface with our own address, or the one that leads to the peer. Charon's list doesn't name XFRM interfaces:
 * keep one that a tunnel has shown.
 */
static void
interface_fill(const struct vici_maps *m, struct ipm_map_entry *map)
{
	struct ipm_interface interface = { 0 };

	if (feed_host_if_id(&m->host, map->ifindex))
		return;
	if (!feed_host_with_addr(&m->host, &map->local, &interface) &&
	    !(map->local.len == 0 && map->peers && feed_host_way_to(&m->host, &map->peer[0], &interface)))
		interface = (struct ipm_interface){ 0 };
	feed_map_use(map, &interface);
}

static void
peers_fill(struct ipm_map_entry *map, const struct vici_conn *conn)
{
	bool kept = map->peer_learnt && conn->peers == 0 && conn->peer_named &&
		    strncmp(map->peer_text, conn->peer_text, sizeof(map->peer_text)) == 0;

	memcpy(map->peer_text, conn->peer_text, sizeof(map->peer_text));
	if (kept)
		return;
	map->peer_learnt = 0;
	map->peers = conn->peers;
	memcpy(map->peer, conn->peer, sizeof(map->peer));
}

/* Copy the configuration, but keep what its tunnels have shown. */
static void
map_fill(struct vici_maps *m, struct ipm_map_entry *map, const struct vici_conn *conn,
	 const struct vici_conn_child *child)
{
	map->feed = m->feed;
	map->seq = m->seq;
	map->kind = conn->peers || conn->peer_named ? IPM_MAP_STATIC : IPM_MAP_DYNAMIC;
	map->key_type = IPM_KEY_IKE;
	map->ike_version = conn->version;
	map->encap = child->encap ? child->encap : map->encap;
	map->auth = conn->remote_auth;
	map->local = conn->local;
	peers_fill(map, conn);
	map->ike_ns = vici_conn_ike_ns(conn);
	map->soft_ns = seconds_ns(child->rekey_s);
	map->soft_octets = child->rekey_octets;
	map->soft_pkts = child->rekey_pkts;
	interface_fill(m, map);
}

void
vici_maps_child(struct vici_maps *m, const struct vici_conn *conn, const struct vici_conn_child *child)
{
	struct ipm_map_entry map = { 0 };

	if (child->shunt)
		return;
	m->seq += 10;
	int slot = ipm_map_named(m->w, conn->name, child->name);
	uint32_t ifindex = 0;
	if (slot >= 0) {
		if (feed_confirmed(&m->lists, &m->seen[slot]))
			return; /* two names became equal when they were cut: the first one keeps the entry */
		map = *ipm_map_peek(m->w, (uint32_t)slot);
		ifindex = map.ifindex;
	}
	memcpy(map.name, conn->name, sizeof(map.name));
	memcpy(map.child, child->name, sizeof(map.child));
	map_fill(m, &map, conn, child);
	if (slot >= 0)
		ipm_map_put(m->w, (uint32_t)slot, &map);
	else
		slot = ipm_map_open(m->w, &map);
	if (slot < 0)
		return;
	feed_confirm(&m->lists, &m->seen[slot]);
	if (map.ifindex != ifindex)
		feed_map_show(m->w, &m->host, (uint32_t)slot);
	ipm_map_permit(m->w, (uint32_t)slot, m->access, access_fill(m, conn, child));
}

void
vici_maps_conn(struct vici_maps *m, const struct vici_conn *conn)
{
	(void)conn;
	m->seq = 0;
}

/* --- lists --------------------------------------------------------------------------------------------------- */

void
vici_maps_begin(struct vici_maps *m)
{
	feed_round_begin(&m->lists);
}

void
vici_maps_end(struct vici_maps *m, bool whole)
{
	feed_round_end(&m->lists);
	for (uint32_t slot = 0; whole && feed_next_map(m->w, m->feed, &slot); slot++)
		if (!feed_confirmed(&m->lists, &m->seen[slot]))
			ipm_map_remove(m->w, slot);
	ipm_maps_tie(m->w);
	feed_map_learn_all(m->w, &m->host);
}

struct vici_maps *
vici_maps_new(struct ipm_writer *writer, uint32_t feed, const struct feed_host *host)
{
	uint32_t maps = ipm_segment_capacity(ipm_writer_segment(writer), IPM_MAPS);
	struct vici_maps *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->w = writer;
	m->feed = feed;
	m->host = *host;
	m->seen = calloc(maps ? maps : 1, sizeof(*m->seen));
	m->access = calloc(PAIRS_MAX, sizeof(*m->access));
	if (m->seen && m->access)
		return m;
	vici_maps_free(m);
	return NULL;
}

void
vici_maps_free(struct vici_maps *m)
{
	if (!m)
		return;
	feed_rounds_free(&m->lists);
	free(m->seen);
	free(m->access);
	free(m);
}
