/* SPDX-License-Identifier: ISC */
/* Outbound policies as crypto map entries. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_hash.h"
#include "feed.h"
#include "feed_map.h"
#include "feed_reconcile.h"
#include "xfrm_maps.h"

#define PAIRS_MAX 512 /* of an entry's access list: comparing them is quadratic */
#define NONE      UINT32_MAX

/* Policies that want the same SA. */
struct group {
	struct group *next;   /* in its bucket */
	struct group *doubt;  /* the next one to look at again */
	struct xfrm_rule key; /* only what identifies the SA matters */
	uint32_t slot;        /* of its entry; NONE */
	uint64_t born_ns;
	bool doubted;
	bool theirs; /* an IKE daemon's feed has named it once: it stays so */
};

/* A crypto map, and the sequence number of its last entry. */
struct peer {
	char name[IPM_NAME_MAX];
	uint32_t seq;
};

/* A line of another feed's access list. */
struct line {
	uint32_t next; /* + 1, in its bucket */
	uint32_t slot; /* of its entry */
	struct ipm_sel_side local, remote;
};

struct xfrm_maps {
	struct ipm_writer *w;
	uint32_t feed;
	const struct feed_host *host;
	const struct xfrm_policies *policies;
	struct xfrm_maps_ops ops;
	char prefix[24]; /* "xfrm", "xfrm@NETNS" */
	struct group **bucket;
	uint32_t buckets; /* a power of 2 */
	struct group *doubts;
	void *peers; /* tree */
	struct ipm_access *access;
	struct line *line; /* of other feeds' entries */
	uint32_t lines, *line_bucket, line_buckets;
	uint64_t maps_seen, access_seen; /* change counters when line was read */
	uint8_t key_type;
	bool complete, all;
	bool own; /* it is our own namespace */
};

/* --- groups -------------------------------------------------------------------------------------------------- */

static struct group **
bucket_of(const struct xfrm_maps *m, const struct xfrm_rule *rule)
{
	return &m->bucket[xfrm_peer_hash(rule->reqid, &rule->local, &rule->remote) & (m->buckets - 1)];
}

static struct group *
group_find(const struct xfrm_maps *m, const struct xfrm_rule *rule)
{
	struct group *g = *bucket_of(m, rule);
	while (g && !xfrm_rule_same(&g->key, rule))
		g = g->next;
	return g;
}

static void
group_doubt(struct xfrm_maps *m, struct group *g)
{
	if (g->doubted)
		return;
	g->doubted = true;
	g->doubt = m->doubts;
	m->doubts = g;
}

static void
group_free(struct xfrm_maps *m, struct group *g)
{
	struct group **at = bucket_of(m, &g->key);
	while (*at && *at != g)
		at = &(*at)->next;
	if (*at)
		*at = g->next;
	free(g);
}

void
xfrm_maps_changed(struct xfrm_maps *m, const struct xfrm_rule *rule, uint64_t now_ns)
{
	struct group *g = group_find(m, rule), **at = bucket_of(m, rule);

	if (!g) {
		if (!(g = calloc(1, sizeof(*g))))
			return; /* it has no entry then */
		g->key = *rule;
		g->slot = NONE;
		g->born_ns = now_ns;
		g->next = *at;
		*at = g;
	}
	group_doubt(m, g);
}

void
xfrm_maps_doubt(struct xfrm_maps *m)
{
	m->all = true;
}

void
xfrm_maps_complete(struct xfrm_maps *m)
{
	m->complete = true;
}

int
xfrm_maps_slot(const struct xfrm_maps *m, const struct xfrm_rule *rule)
{
	const struct group *g = group_find(m, rule);
	return g && g->slot != NONE ? (int)g->slot : -ENOENT;
}

/* --- names --------------------------------------------------------------------------------------------------- */

/* A text that is too long for a name ends in a hash of the whole text. */
static void
name_cut(const char *text, char *out, size_t size)
{
	size_t len = strlen(text);
	if (len < size)
		memcpy(out, text, len + 1);
	else
		snprintf(out, size, "%.*s~%08x", (int)(size - sizeof("~01234567")), text,
			 ipm_hash(IPM_HASH_BEGIN, text, len));
}

static void
addr_text(const struct ipm_addr *addr, char *out, socklen_t size)
{
	if (!addr->len || !inet_ntop(addr->len == 16 ? AF_INET6 : AF_INET, addr->bytes, out, size))
		snprintf(out, size, "any");
}

static void
group_names(const struct xfrm_maps *m, const struct group *g, struct ipm_map_entry *map)
{
	char addr[INET6_ADDRSTRLEN], text[128];
	int len;

	addr_text(&g->key.remote, addr, sizeof(addr));
	snprintf(map->peer_text, sizeof(map->peer_text), "%s", addr);
	snprintf(text, sizeof(text), "%s-%s", m->prefix, addr);
	name_cut(text, map->name, sizeof(map->name));
	addr_text(&g->key.local, addr, sizeof(addr));
	len = g->key.reqid ? snprintf(text, sizeof(text), "reqid-%u-%s", g->key.reqid, addr)
			   : snprintf(text, sizeof(text), "any-%s", addr);
	if (g->key.if_id)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "-if-%u", g->key.if_id);
	if (g->key.mark || g->key.mark_mask)
		snprintf(text + len, sizeof(text) - (size_t)len, "-mark-%x/%x", g->key.mark, g->key.mark_mask);
	name_cut(text, map->child, sizeof(map->child));
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct peer *)a)->name, ((const struct peer *)b)->name);
}

/* The sequence number for the next entry of this map. */
static uint32_t
next_seq(struct xfrm_maps *m, const char *name)
{
	struct peer key = { .seq = 0 }, *peer, *const * found;

	snprintf(key.name, sizeof(key.name), "%s", name);
	found = tfind(&key, &m->peers, by_name);
	if (found) {
		peer = *found;
		return peer->seq += 10;
	}
	for (int slot = -1; (slot = ipm_map_next(m->w, name, slot)) >= 0;)
		if (ipm_map_peek(m->w, (uint32_t)slot)->seq > key.seq)
			key.seq = ipm_map_peek(m->w, (uint32_t)slot)->seq;
	key.seq += 10;
	peer = malloc(sizeof(*peer));
	if (peer) {
		*peer = key;
		if (!tsearch(peer, &m->peers, by_name))
			free(peer);
	}
	return key.seq;
}

/* --- what other feeds have configured ------------------------------------------------------------------------ */

/* An IKE daemon that has a feed is in our own namespace. */
static bool
is_theirs(const struct xfrm_maps *m, const struct ipm_map_entry *map)
{
	return m->own && map->index && map->state != IPM_MAP_REMOVED &&
	       (ipm_feed_peek(m->w, map->feed)->caps & IPM_CAP_IDENTITIES) != 0;
}

static uint32_t
pair_hash(const struct ipm_sel_side *local, const struct ipm_sel_side *remote)
{
	uint32_t hash = ipm_hash(ipm_hash(IPM_HASH_BEGIN, local, sizeof(*local)), remote, sizeof(*remote));
	return hash ^ hash >> 15;
}

static void
lines_read(struct xfrm_maps *m)
{
	const struct ipm_segment *seg = ipm_writer_segment(m->w);
	uint32_t used = ipm_segment_used(seg, IPM_ACCESS);
	struct ipm_walk walk;
	struct ipm_access access;

	free(m->line);
	free(m->line_bucket);
	for (m->line_buckets = 64; m->line_buckets < used;)
		m->line_buckets *= 2;
	m->line = calloc(used ? used : 1, sizeof(*m->line));
	m->line_bucket = calloc(m->line_buckets, sizeof(*m->line_bucket));
	m->lines = 0;
	ipm_walk_all(&walk, seg, IPM_ACCESS);
	while (m->line && m->line_bucket && ipm_walk_next(&walk, &access) > 0) {
		if (access.deny || !is_theirs(m, ipm_map_peek(m->w, access.map_slot)))
			continue;
		uint32_t *at = &m->line_bucket[pair_hash(&access.local, &access.remote) & (m->line_buckets - 1)];
		m->line[m->lines] = (struct line){
			.next = *at, .slot = access.map_slot, .local = access.local, .remote = access.remote
		};
		*at = ++m->lines;
	}
}

/* An entry without a peer's address fits any peer. */
static bool
peer_fits(const struct ipm_map_entry *map, const struct ipm_addr *remote)
{
	if (map->kind == IPM_MAP_DYNAMIC || map->peers == 0 || map->peer_learnt || remote->len == 0)
		return true;
	for (unsigned i = 0; i < map->peers; i++)
		if (ipm_addr_same(&map->peer[i], remote))
			return true;
	return false;
}

static bool
line_has(const struct xfrm_maps *m, const struct xfrm_rule *rule)
{
	if (m->lines == 0)
		return false;
	uint32_t at = m->line_bucket[pair_hash(&rule->local_ts, &rule->remote_ts) & (m->line_buckets - 1)];
	for (; at; at = m->line[at - 1].next) {
		const struct line *line = &m->line[at - 1];
		if (memcmp(&line->local, &rule->local_ts, sizeof(line->local)) == 0 &&
		    memcmp(&line->remote, &rule->remote_ts, sizeof(line->remote)) == 0 &&
		    peer_fits(ipm_map_peek(m->w, line->slot), &rule->remote))
			return true;
	}
	return false;
}

/* --- entries ------------------------------------------------------------------------------------------------- */

static uint8_t
protocol_of(uint8_t protocols)
{
	return protocols & XFRM_RULE_ESP ? IPPROTO_ESP : protocols & XFRM_RULE_AH ? IPPROTO_AH : 0;
}

static void
map_fill(const struct xfrm_maps *m, const struct group *g, const struct xfrm_rule *rule, struct ipm_map_entry *map)
{
	struct ipm_interface interface = { 0 };

	map->feed = m->feed;
	map->kind = rule->remote.len ? IPM_MAP_STATIC : IPM_MAP_DYNAMIC;
	map->key_type = m->key_type;
	map->protocol = protocol_of(rule->protocols);
	map->ipcomp = (rule->protocols & XFRM_RULE_COMP) != 0;
	map->encap = rule->encaps & 1u << IPM_ENCAP_TUNNEL ? IPM_ENCAP_TUNNEL
		     : rule->encaps & 1u << IPM_ENCAP_BEET ? IPM_ENCAP_BEET
		     : rule->encaps                        ? IPM_ENCAP_TRANSPORT
							   : 0;
	map->local = rule->local;
	map->peers = rule->remote.len != 0;
	map->peer[0] = rule->remote;
	if (!feed_host_with_if_id(m->host, g->key.if_id, &interface) &&
	    !(g->key.if_id == 0 && (feed_host_with_addr(m->host, &rule->local, &interface) ||
				    feed_host_way_to(m->host, &rule->remote, &interface))))
		interface = (struct ipm_interface){ 0 };
	feed_map_use(map, &interface);
}

static void
group_remove(struct xfrm_maps *m, struct group *g)
{
	if (g->slot != NONE)
		ipm_map_remove(m->w, g->slot);
	g->slot = NONE;
}

/* Write the entry: from its first policy, and with the selectors of all. True: the entry is new. */
static bool
group_write(struct xfrm_maps *m, struct group *g, const struct xfrm_rule *first, uint32_t pairs)
{
	struct ipm_map_entry map = { 0 }, names = { 0 };
	uint32_t ifindex = 0;

	group_names(m, g, &names);
	int slot = ipm_map_named(m->w, names.name, names.child);
	if (slot >= 0) {
		map = *ipm_map_peek(m->w, (uint32_t)slot);
		ifindex = map.ifindex;
	} else {
		map.seq = next_seq(m, names.name);
	}
	memcpy(map.name, names.name, sizeof(map.name));
	memcpy(map.child, names.child, sizeof(map.child));
	memcpy(map.peer_text, names.peer_text, sizeof(map.peer_text));
	map_fill(m, g, first, &map);
	if (slot >= 0)
		ipm_map_put(m->w, (uint32_t)slot, &map);
	else
		slot = ipm_map_open(m->w, &map);
	if (slot < 0)
		return false;
	bool fresh = g->slot == NONE;
	g->slot = (uint32_t)slot;
	ipm_map_permit(m->w, g->slot, m->access, pairs);
	if (map.ifindex != ifindex)
		feed_map_show(m->w, m->host, g->slot);
	return fresh;
}

static bool
was_here(const struct xfrm_maps *m, const struct group *g)
{
	struct ipm_map_entry names = { 0 };
	group_names(m, g, &names);
	int slot = ipm_map_named(m->w, names.name, names.child);
	return slot >= 0 && ipm_map_peek(m->w, (uint32_t)slot)->feed == m->feed;
}

/* False: look at it again later. */
static bool
group_settle(struct xfrm_maps *m, struct group *g, uint64_t now_ns, uint64_t patience_ns)
{
	const struct xfrm_rule *first = NULL, *rule = NULL;
	bool covered = g->theirs;
	uint32_t n = 0;

	while ((rule = xfrm_policies_same(m->policies, &g->key, rule))) {
		if (!first || rule->index < first->index)
			first = rule;
		g->theirs |= m->ops.claimed(m->ops.arg, rule);
		covered |= g->theirs || line_has(m, rule);
		if (n < PAIRS_MAX)
			m->access[n++] = (struct ipm_access){ .local = rule->local_ts, .remote = rule->remote_ts };
	}
	if (!first) {
		group_remove(m, g);
		group_free(m, g);
		return true;
	}
	if (covered) {
		group_remove(m, g);
		return true;
	}
	if (g->slot == NONE && now_ns - g->born_ns < patience_ns && !was_here(m, g))
		return false;
	if (group_write(m, g, first, n))
		m->ops.made(m->ops.arg, first);
	return true;
}

/* Remove entries of an earlier run that have no policy. */
static void
remove_stale_entries(struct xfrm_maps *m)
{
	uint32_t used = ipm_segment_used(ipm_writer_segment(m->w), IPM_MAPS);
	uint8_t *ours = calloc(used ? used : 1, 1);

	for (uint32_t i = 0; ours && i < m->buckets; i++)
		for (const struct group *g = m->bucket[i]; g; g = g->next)
			if (g->slot != NONE)
				ours[g->slot] = 1;
	for (uint32_t slot = 0; ours && feed_next_map(m->w, m->feed, &slot); slot++)
		if (!ours[slot])
			ipm_map_remove(m->w, slot);
	free(ours);
}

/* If another feed has changed its entries since the last look, read them again. */
static void
reread_other_feeds(struct xfrm_maps *m)
{
	const struct ipm_segment *seg = ipm_writer_segment(m->w);
	uint64_t maps = ipm_segment_change(seg, IPM_MAPS), access = ipm_segment_change(seg, IPM_ACCESS);

	if (maps == m->maps_seen && access == m->access_seen)
		return;
	lines_read(m);
	m->all = true;
}

void
xfrm_maps_settle(struct xfrm_maps *m, uint64_t now_ns, uint64_t patience_ns, uint8_t key_type)
{
	const struct ipm_segment *seg = ipm_writer_segment(m->w);

	reread_other_feeds(m);
	m->all |= m->key_type != key_type;
	m->key_type = key_type;
	for (uint32_t i = 0; m->all && i < m->buckets; i++)
		for (struct group *g = m->bucket[i]; g; g = g->next)
			group_doubt(m, g);
	m->all = false;
	struct group *doubts = m->doubts;
	m->doubts = NULL;
	for (struct group *g = doubts, *next; g; g = next) {
		next = g->doubt;
		g->doubted = false;
		if (!group_settle(m, g, now_ns, patience_ns))
			group_doubt(m, g);
	}
	if (m->complete)
		remove_stale_entries(m);
	m->complete = false;
	m->maps_seen = ipm_segment_change(seg, IPM_MAPS); /* ignore our own changes */
	m->access_seen = ipm_segment_change(seg, IPM_ACCESS);
}

/* --- coming and going ---------------------------------------------------------------------------------------- */

/* "xfrm", or "xfrm@" and the last part of the namespace's path. */
static void
prefix_fill(struct xfrm_maps *m)
{
	const char *netns = feed_record_netns(ipm_feed_peek(m->w, m->feed));
	char tail[sizeof(m->prefix) - sizeof("xfrm@") + 1];

	m->own = !netns[0];
	if (m->own) {
		snprintf(m->prefix, sizeof(m->prefix), "xfrm");
		return;
	}
	const char *slash = strrchr(netns, '/');
	name_cut(slash ? slash + 1 : netns, tail, sizeof(tail));
	snprintf(m->prefix, sizeof(m->prefix), "xfrm@%s", tail);
}

struct xfrm_maps *
xfrm_maps_new(struct ipm_writer *writer, uint32_t feed, const struct feed_host *host,
	      const struct xfrm_policies *policies, const struct xfrm_maps_ops *ops)
{
	uint32_t maps = ipm_segment_capacity(ipm_writer_segment(writer), IPM_MAPS);
	struct xfrm_maps *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->w = writer;
	m->feed = feed;
	m->host = host;
	m->policies = policies;
	m->ops = *ops;
	prefix_fill(m);
	for (m->buckets = 64; m->buckets < maps;)
		m->buckets *= 2;
	m->bucket = calloc(m->buckets, sizeof(*m->bucket));
	m->access = calloc(PAIRS_MAX, sizeof(*m->access));
	if (m->bucket && m->access)
		return m;
	xfrm_maps_free(m);
	return NULL;
}

void
xfrm_maps_free(struct xfrm_maps *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; m->bucket && i < m->buckets; i++)
		for (struct group *g = m->bucket[i], *next; g; g = next) {
			next = g->next;
			free(g);
		}
	tdestroy(m->peers, free);
	free(m->bucket);
	free(m->access);
	free(m->line);
	free(m->line_bucket);
	free(m);
}
