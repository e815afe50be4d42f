/* SPDX-License-Identifier: ISC */
/* show crypto map [tag NAME], show crypto dynamic-map [tag NAME]: the configured entries, up or down. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "acl_text.h"
#include "algo_names.h"
#include "cmd_table.h"
#include "out.h"
#include "units.h"
#include "values.h"

#define LIST_TRIES 8   /* the writer may change an access list while we walk it: then walk it again */
#define UP_TRIES   256 /* look for a tunnel that is up among this many tunnels of an entry */

/* Which entries to show. */
struct asked {
	const char *tag; /* NULL: entries of every map */
	bool dynamic;    /* templates only */
	size_t found;
};

/* An entry: just enough to sort entries and to list the interfaces of a map. */
struct entry {
	char name[IPM_NAME_MAX], ifname[16];
	uint32_t seq;
	struct cli_row row;
};

struct entries {
	struct entry *entry;
	size_t n, room;
};

struct access_list {
	struct ipm_access *access;
	size_t n, room;
};

static bool
pick_asked(const struct cli_segment *s, const void *record, uint64_t *group)
{
	const struct ipm_map_entry *map = record;
	struct asked *asked = s->cli->asked;
	(void)group;
	if (map->state == IPM_MAP_REMOVED || (asked->dynamic && map->kind != IPM_MAP_DYNAMIC) ||
	    (asked->tag && strcmp(asked->tag, map->name) != 0))
		return false;
	asked->found++;
	return true;
}

static int
by_access_index(const void *a, const void *b)
{
	const struct ipm_access *x = a, *y = b;
	return (x->index > y->index) - (x->index < y->index);
}

/* Read the access list. False when memory ran out or the list changed during the walk. */
static bool
access_walk(const struct cli_segment *s, const struct ipm_map_entry *map, struct access_list *list)
{
	struct ipm_access access;
	struct ipm_walk walk;
	int rc;

	list->n = 0;
	ipm_walk_access(&walk, s->seg, map);
	while ((rc = ipm_walk_next(&walk, &access)) > 0) {
		struct ipm_access *more = cli_grow(list->access, list->n, &list->room, sizeof(*more));
		if (!more)
			return false;
		list->access = more;
		list->access[list->n++] = access;
	}
	return rc == 0;
}

/* Read an entry and its access list, in order of index. False when the entry is gone. */
static bool
entry_read(struct cli *cli, const struct cli_row *row, struct ipm_map_entry *map, struct access_list *list)
{
	bool good = false;
	for (int i = 0; i < LIST_TRIES && !good; i++) {
		if (!cli_row_read(cli, row, map) || map->state == IPM_MAP_REMOVED)
			return false;
		good = access_walk(row->segment, map, list);
		cli->reads += list->n;
	}
	if (!good)
		cli->unread++; /* show the part that was read */
	if (list->n > 1)
		qsort(list->access, list->n, sizeof(*list->access), by_access_index);
	return true;
}

/* The peer of a tunnel that is up, or else the first configured peer. Length 0: unknown. */
static struct ipm_addr
current_peer(const struct cli_segment *s, const struct ipm_map_entry *map)
{
	struct ipm_tunnel t;
	struct ipm_walk walk;
	ipm_walk_tunnels(&walk, s->seg, map);
	for (int i = 0; i < UP_TRIES && map->tunnels_up && ipm_walk_next(&walk, &t) > 0; i++)
		if (t.state == IPM_TUNNEL_UP)
			return t.remote;
	return map->peers > 0 ? map->peer[0] : (struct ipm_addr){ .len = 0 };
}

/* The hard limit, or the soft limit when there is no hard one. SNMP shows the same. */
static uint64_t
life(uint64_t soft, uint64_t hard)
{
	return hard ? hard : soft;
}

/* ---- text ---- */

static int
by_name_and_seq(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int names = strcmp(x->name, y->name);
	if (names != 0)
		return names;
	if (x->row.segment != y->row.segment)
		return x->row.segment->ordinal < y->row.segment->ordinal ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (x->row.index > y->row.index) - (x->row.index < y->row.index);
}

static bool
same_map(const struct entry *a, const struct entry *b)
{
	return a->row.segment == b->row.segment && strcmp(a->name, b->name) == 0;
}

/* False: out of memory. */
static bool
entry_add(struct entries *all, const struct ipm_map_entry *map, uint32_t slot, const struct cli_segment *s)
{
	struct entry *more = cli_grow(all->entry, all->n, &all->room, sizeof(*more));
	if (!more)
		return false;
	all->entry = more;
	more += all->n++;
	*more = (struct entry){ .row = { 0, IPM_MAPS, map->index, slot, s }, .seq = map->seq };
	memcpy(more->name, map->name, sizeof(more->name));
	memcpy(more->ifname, map->ifname, sizeof(more->ifname));
	return true;
}

static void
collect(struct cli *cli, struct entries *all)
{
	for (size_t i = 0; i < cli->segments; i++) {
		const struct cli_segment *s = &cli->segment[i];
		struct ipm_walk walk;
		struct ipm_map_entry map;
		uint64_t group;
		ipm_walk_all(&walk, s->seg, IPM_MAPS);
		while (cli_walk_next(cli, &walk, &map))
			if (pick_asked(s, &map, &group) && !entry_add(all, &map, walk.slot, s)) {
				cli_fail(cli, "out of memory: not everything is shown");
				return;
			}
	}
	if (all->n > 1)
		qsort(all->entry, all->n, sizeof(*all->entry), by_name_and_seq);
}

static const char *
number_or_dash(uint64_t n, char out[24])
{
	if (n)
		snprintf(out, 24, "%" PRIu64, n);
	else
		snprintf(out, 24, "-");
	return out;
}

/* Convert a limit into a larger unit. A limit below one unit becomes 1, not 0: 0 means no limit. */
static uint64_t
rounded(uint64_t limit, uint64_t unit)
{
	return limit && limit < unit ? 1 : limit / unit;
}

static bool
is_ipv6(const struct ipm_access *a)
{
	return a->local.first.len == 16 || a->remote.first.len == 16;
}

static void
print_access(FILE *f, const struct ipm_map_entry *map, const struct access_list *list)
{
	const char *headings[] = { "Extended IP", "IPv6" };
	char name[OUT_TEXT_MAX], text[ACL_TEXT_MAX];
	size_t families = 0;
	if (map->child[0])
		OUT_CLEAN(map->child, name);
	else
		OUT_CLEAN(map->name, name);
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		bool heading = false;
		for (size_t i = 0; i < list->n; i++) {
			const struct ipm_access *a = &list->access[i];
			if (is_ipv6(a) != ipv6)
				continue;
			if (!heading)
				fprintf(f, "        %s access list %s\n", headings[ipv6], name);
			heading = true;
			fprintf(f, "            access-list %s %s\n", name,
				acl_text_shown(a->deny, &a->local, &a->remote, text));
		}
		families += heading;
	}
	if (families == 0)
		fprintf(f, "        Extended IP access list %s\n", name);
}

static bool
is_any(const char *peer)
{
	return peer[0] == '\0' || strncmp(peer, "%any", 4) == 0;
}

static void
print_peers(FILE *f, const struct ipm_map_entry *map)
{
	char text[OUT_TEXT_MAX];
	size_t n = map->peers < IPM_MAP_PEERS ? map->peers : IPM_MAP_PEERS;
	if (map->peer_learnt && map->peer_text[0])
		n = 0; /* show the configured name, not the address it last resolved to */
	for (size_t i = 0; i < n; i++)
		fprintf(f, "        Peer = %s\n", out_addr(&map->peer[i], text));
	if (n == 0 && !is_any(map->peer_text))
		fprintf(f, "        Peer = %s\n", OUT_CLEAN(map->peer_text, text));
	else if (n == 0 && map->kind != IPM_MAP_DYNAMIC)
		fprintf(f, "        Peer = -\n");
}

/* IOS prints the names of transform sets here. We have no such names: print the contents as one word. */
static void
print_transforms(FILE *f, const struct ipm_map_entry *map)
{
	size_t n = map->transforms < IPM_MAP_TRANSFORMS ? map->transforms : IPM_MAP_TRANSFORMS;
	fprintf(f, "        Transform sets={ ");
	for (size_t i = 0; i < n; i++) {
		char text[ALGO_TRANSFORM_MAX];
		algo_transform(map->transform[i].protocol, &map->transform[i].proposal, text);
		for (char *c = text; *c; c++)
			if (*c == ' ')
				*c = c[1] >= '0' && c[1] <= '9' ? '-' : '+';
		fprintf(f, "%s, ", text);
	}
	fprintf(f, "%s}\n", n ? "" : "-, ");
}

/* These lines are ours: IOS doesn't print them. */
static void
print_state(struct cli *cli, const struct cli_segment *s, const struct ipm_map_entry *map)
{
	char age[OUT_AGE_MAX], text[OUT_TEXT_MAX];
	FILE *f = cli->out;
	bool up = map->state == IPM_MAP_UP;
	uint64_t now_ns = cli_segment_now(s);
	fprintf(f, "        Status: %s", up ? "up" : "down");
	if (map->since_ns)
		fprintf(f, " for %s", out_age(now_ns > map->since_ns ? now_ns - map->since_ns : 0, age));
	if (now_ns < cli->now_ns)
		fprintf(f, " as of %s", out_since(cli->now_ns, now_ns, age));
	if (map->disabled)
		fprintf(f, ", disabled");
	if (up)
		fprintf(f, ", tunnels: %" PRIu32, map->tunnels_up);
	else if (map->downs == 0)
		fprintf(f, ", not up yet");
	else
		fprintf(f, ", ended: %s", word_end_reason(map->reason));
	fprintf(f, ", ups: %" PRIu32 ", downs: %" PRIu32 ", failures: %" PRIu32 "\n", map->ups, map->downs,
		map->failures);
	if (map->failed_ns)
		fprintf(f, "        Last failure: %s: %s%s%s\n", out_since(cli->now_ns, map->failed_ns, age),
			word_failure(map->failure), map->failure_text[0] ? ": " : "",
			OUT_CLEAN(map->failure_text, text));
}

/* The lines that entries and templates share. */
static void
print_body(struct cli *cli, const struct cli_segment *s, const struct ipm_map_entry *map,
	   const struct access_list *list)
{
	static const char pfs[] = { '-', 'N', 'Y' };
	char peer[OUT_ADDR_MAX], kilobytes[24], seconds[24], group[24];
	struct ipm_addr current = current_peer(s, map);
	FILE *f = cli->out;
	if (current.len == 0 && map->kind == IPM_MAP_DYNAMIC)
		snprintf(peer, sizeof(peer), "0.0.0.0"); /* IOS prints this when there is no peer */
	else
		out_addr(&current, peer);
	print_peers(f, map);
	print_access(f, map, list);
	fprintf(f, "        Current peer: %s\n", peer);
	fprintf(f, "        Security association lifetime: %s kilobytes/%s seconds\n",
		number_or_dash(rounded(life(map->soft_octets, map->hard_octets), 1024), kilobytes),
		number_or_dash(rounded(life(map->soft_ns, map->hard_ns), NS_PER_SECOND), seconds));
	fprintf(f, "        PFS (Y/N): %c\n", map->pfs < sizeof(pfs) ? pfs[map->pfs] : '-');
	if (map->pfs == IPM_PFS_YES)
		fprintf(f, "        DH group:  %s%s\n", map->pfs_group ? "group" : "",
			number_or_dash(map->pfs_group, group));
	print_transforms(f, map);
}

static const char *
keying_ios(uint8_t key_type)
{
	return key_type == IPM_KEY_MANUAL ? "ipsec-manual" : key_type == IPM_KEY_IKE ? "ipsec-isakmp" : "ipsec-unknown";
}

static void
print_entry(struct cli *cli, const struct cli_segment *s, const struct ipm_map_entry *map,
	    const struct access_list *list)
{
	char name[OUT_TEXT_MAX];
	OUT_CLEAN(map->name, name);
	fprintf(cli->out, "Crypto Map \"%s\" %" PRIu32 " %s\n", name, map->seq, keying_ios(map->key_type));
	if (map->kind == IPM_MAP_DYNAMIC)
		fprintf(cli->out, "        Dynamic map template tag: %s\n", name);
	else
		print_body(cli, s, map, list);
	print_state(cli, s, map);
}

static void
print_template(struct cli *cli, const struct cli_segment *s, const struct ipm_map_entry *map,
	       const struct access_list *list)
{
	char name[OUT_TEXT_MAX];
	fprintf(cli->out, "Crypto Map Template\"%s\" %" PRIu32 "\n", OUT_CLEAN(map->name, name), map->seq);
	print_body(cli, s, map, list);
	print_state(cli, s, map);
}

/* List each interface of the map once. @p entry holds the map's entries. */
static void
print_interfaces(FILE *f, const struct entry *entry, size_t n)
{
	char text[OUT_TEXT_MAX];
	fprintf(f, "        Interfaces using crypto map %s:\n", OUT_CLEAN(entry->name, text));
	for (size_t i = 0; i < n; i++) {
		bool before = entry[i].ifname[0] == '\0';
		for (size_t k = i; k > 0 && !before; k--)
			before = strcmp(entry[k - 1].ifname, entry[i].ifname) == 0;
		if (!before)
			fprintf(f, "                %s\n", OUT_CLEAN(entry[i].ifname, text));
	}
}

static void
print_text(struct cli *cli, const struct asked *asked)
{
	struct entries all = { 0 };
	struct access_list list = { 0 };
	collect(cli, &all);
	for (size_t i = 0, first = 0; i < all.n; i++) {
		const struct entry *e = &all.entry[i];
		struct ipm_map_entry map;
		if (entry_read(cli, &e->row, &map, &list)) {
			if (asked->dynamic)
				print_template(cli, e->row.segment, &map, &list);
			else
				print_entry(cli, e->row.segment, &map, &list);
		}
		bool last = i + 1 == all.n || !same_map(e, e + 1);
		if (last && !asked->dynamic)
			print_interfaces(cli->out, &all.entry[first], i + 1 - first);
		if (last)
			first = i + 1;
		if (i + 1 < all.n)
			fputc('\n', cli->out);
	}
	if (all.n == 0 && !asked->tag)
		fprintf(cli->out, "none\n");
	free(list.access);
	free(all.entry);
}

/* ---- JSON ---- */

static json_t *
json_peers(const struct ipm_map_entry *map)
{
	json_t *peers = json_array();
	for (size_t i = 0; i < map->peers && i < IPM_MAP_PEERS; i++) {
		json_t *o = json_object();
		out_json_addr(o, "peer", &map->peer[i]);
		json_array_append(peers, json_object_get(o, "peer"));
		json_decref(o);
	}
	return peers;
}

static json_t *
json_access(const struct access_list *list)
{
	json_t *all = json_array();
	for (size_t i = 0; i < list->n; i++) {
		json_t *o = json_object();
		out_json_u64(o, "index", list->access[i].index);
		out_json_string(o, "action", list->access[i].deny ? "deny" : "permit");
		json_object_set_new(o, "local", out_json_side(&list->access[i].local));
		json_object_set_new(o, "remote", out_json_side(&list->access[i].remote));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *
json_transforms(const struct ipm_map_entry *map)
{
	json_t *all = json_array();
	for (size_t i = 0; i < map->transforms && i < IPM_MAP_TRANSFORMS; i++) {
		char text[ALGO_TRANSFORM_MAX];
		json_t *o = json_object();
		out_json_string(o, "protocol", out_protocol(map->transform[i].protocol));
		out_json_string(o, "transform",
				algo_transform(map->transform[i].protocol, &map->transform[i].proposal, text));
		out_json_proposal(o, "proposal", &map->transform[i].proposal);
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *
json_failure(const struct cli *cli, const struct ipm_map_entry *map)
{
	if (!map->failed_ns)
		return json_null();
	json_t *o = json_object();
	out_json_string(o, "reason", word_failure(map->failure));
	OUT_JSON_TEXT(o, "text", map->failure_text);
	out_json_since(o, "age", cli->now_ns, map->failed_ns);
	return o;
}

static void
json_state(const struct cli *cli, json_t *o, const struct ipm_map_entry *map)
{
	bool ended = map->state == IPM_MAP_DOWN && map->downs > 0;
	out_json_string(o, "state", map->state == IPM_MAP_UP ? "up" : "down");
	out_json_since(o, "state_age", cli->now_ns, map->since_ns);
	out_json_string(o, "down_reason", ended ? word_end_reason(map->reason) : NULL);
	out_json_bool(o, "disabled", map->disabled);
	out_json_u64(o, "tunnels", map->tunnels);
	out_json_u64(o, "tunnels_up", map->tunnels_up);
	out_json_u64(o, "ups", map->ups);
	out_json_u64(o, "downs", map->downs);
	out_json_u64(o, "refreshes", map->refreshes);
	out_json_u64(o, "failures", map->failures);
	json_object_set_new(o, "last_failure", json_failure(cli, map));
	out_json_since(o, "age", cli->now_ns, map->created_ns);
}

/* How the tunnels are keyed, and with which peer. */
static void
json_peer(json_t *o, const struct cli_segment *s, const struct ipm_map_entry *map)
{
	struct ipm_addr current = current_peer(s, map);
	out_json_string(o, "keying",
			map->key_type == IPM_KEY_MANUAL ? "manual"
			: map->key_type == IPM_KEY_IKE  ? "ike"
							: NULL);
	out_json_limit(o, "ike_version", map->ike_version);
	out_json_string(o, "auth", out_auth(map->auth));
	out_json_string(o, "protocol", out_protocol(map->protocol));
	out_json_string(o, "encap", out_encap(map->encap));
	out_json_bool(o, "ipcomp", map->ipcomp);
	out_json_addr(o, "local", &map->local);
	json_object_set_new(o, "peers", json_peers(map));
	OUT_JSON_TEXT(o, "peer_text", map->peer_text);
	out_json_bool(o, "peer_learnt", map->peer_learnt);
	out_json_addr(o, "current_peer", &current);
	OUT_JSON_TEXT(o, "interface", map->ifname);
	out_json_limit(o, "ifindex", map->ifindex);
}

static json_t *
json_entry(struct cli *cli, const struct cli_row *row)
{
	struct access_list list = { 0 };
	struct ipm_map_entry map;
	if (!entry_read(cli, row, &map, &list)) {
		free(list.access);
		return NULL;
	}
	json_t *o = json_object();
	out_json_u64(o, "index", map.index);
	OUT_JSON_TEXT(o, "name", map.name);
	out_json_u64(o, "seq", map.seq);
	OUT_JSON_TEXT(o, "child", map.child);
	out_json_bool(o, "dynamic", map.kind == IPM_MAP_DYNAMIC);
	json_state(cli, o, &map);
	json_peer(o, row->segment, &map);
	json_object_set_new(o, "pfs", map.pfs == IPM_PFS_UNKNOWN ? json_null() : json_boolean(map.pfs == IPM_PFS_YES));
	out_json_limit(o, "pfs_group", map.pfs_group);
	out_json_seconds(o, "ike_lifetime", map.ike_ns ? (int64_t)map.ike_ns : -1);
	uint64_t life_ns = life(map.soft_ns, map.hard_ns);
	out_json_seconds(o, "lifetime", life_ns ? (int64_t)life_ns : -1);
	out_json_limit(o, "lifetime_octets", life(map.soft_octets, map.hard_octets));
	out_json_limit(o, "lifetime_pkts", life(map.soft_pkts, map.hard_pkts));
	json_object_set_new(o, "access_list", json_access(&list));
	json_object_set_new(o, "transforms", json_transforms(&map));
	out_json_traffic(o, "in", &map.in);
	out_json_traffic(o, "out", &map.out);
	free(list.access);
	return o;
}

/* ---- the commands ---- */

static void
show(struct cli *cli, struct asked *asked)
{
	const struct out_json_list list = {
		.key = asked->dynamic ? "dynamic_maps" : "maps", .kind = IPM_MAPS, .pick = pick_asked, .row = json_entry
	};
	cli->asked = asked;
	if (cli->json)
		out_json_segments(cli, &list, 1);
	else
		print_text(cli, asked);
	if (asked->tag && asked->found == 0)
		cli_name_known(cli, asked->dynamic ? "dynamic crypto map" : "crypto map", asked->tag,
			       asked->dynamic ? CMD_DYNAMIC_MAPS : CMD_TAGS);
}

void
cmd_map(struct cli *cli, const struct cmd_match *match)
{
	(void)match;
	show(cli, &(struct asked){ .dynamic = false });
}

void
cmd_map_tag(struct cli *cli, const struct cmd_match *match)
{
	show(cli, &(struct asked){ .tag = match->argument[0] });
}

void
cmd_dynamic_map(struct cli *cli, const struct cmd_match *match)
{
	(void)match;
	show(cli, &(struct asked){ .dynamic = true });
}

void
cmd_dynamic_map_tag(struct cli *cli, const struct cmd_match *match)
{
	show(cli, &(struct asked){ .tag = match->argument[0], .dynamic = true });
}
