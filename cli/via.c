/* SPDX-License-Identifier: ISC */
#include "via.h"

#include <stdlib.h>
#include <string.h>

struct via_segment {
	struct cli_via *map; /* by slot */
	uint32_t maps;
	struct ipm_interface *interface;
	size_t interfaces, room;
};

static void
interfaces_read(struct cli *cli, const struct cli_segment *s, struct via_segment *v)
{
	struct ipm_interface interface;
	struct ipm_walk walk;
	ipm_walk_all(&walk, s->seg, IPM_INTERFACES);
	while (cli_walk_next(cli, &walk, &interface)) {
		struct ipm_interface *more = cli_grow(v->interface, v->interfaces, &v->room, sizeof(*more));
		if (!more)
			return;
		v->interface = more;
		if (interface.name[0])
			v->interface[v->interfaces++] = interface;
	}
}

/* What we remember of a segment. NULL: out of memory. */
static struct via_segment *
segment_of(struct cli *cli, struct cli_vias *vias, const struct cli_segment *s)
{
	bool first = vias->segment == NULL;
	if (first)
		vias->segment = calloc(cli->segments, sizeof(*vias->segment));
	if (!vias->segment)
		return NULL;
	if (first)
		for (size_t i = 0; i < cli->segments; i++) {
			struct via_segment *v = &vias->segment[i];
			uint32_t used = ipm_segment_used(cli->segment[i].seg, IPM_MAPS);
			v->map = used ? calloc(used, sizeof(*v->map)) : NULL;
			v->maps = v->map ? used : 0;
			interfaces_read(cli, &cli->segment[i], v);
		}
	return &vias->segment[s - cli->segment];
}

static void
entry_read(struct cli *cli, const struct cli_segment *s, uint32_t slot, struct cli_via *out)
{
	struct ipm_map_entry map;
	out->known = true;
	if (!cli_read(cli, s, IPM_MAPS, slot, &map) || map.state == IPM_MAP_REMOVED)
		return;
	out->map_index = map.index;
	out->map_seq = map.seq;
	out->map_kind = map.kind;
	memcpy(out->ifname, map.ifname, sizeof(out->ifname));
	memcpy(out->tag, map.name, sizeof(out->tag));
}

static void
interface_by_address(const struct via_segment *v, const struct ipm_tunnel *t, struct cli_via *out)
{
	for (size_t i = 0; i < v->interfaces && t->local.len; i++) {
		const struct ipm_interface *interface = &v->interface[i];
		bool same_place = interface->feed == t->feed || interface->feed + 1 == t->named_by;
		if (same_place && ipm_addr_same(&interface->addr, &t->local)) {
			memcpy(out->ifname, interface->name, sizeof(out->ifname));
			return;
		}
	}
}

struct cli_via
cli_via(struct cli *cli, struct cli_vias *vias, const struct cli_segment *s, const struct ipm_tunnel *t)
{
	struct cli_via via = { 0 };
	struct via_segment *v = segment_of(cli, vias, s);
	if (v && t->map && t->map <= v->maps) {
		struct cli_via *entry = &v->map[t->map - 1];
		if (!entry->known)
			entry_read(cli, s, t->map - 1, entry);
		via = *entry;
	}
	if (!via.tag[0])
		memcpy(via.tag, t->conn, sizeof(via.tag));
	if (v && !via.ifname[0])
		interface_by_address(v, t, &via);
	return via;
}

void
cli_vias_free(const struct cli *cli, struct cli_vias *vias)
{
	for (size_t i = 0; vias->segment && i < cli->segments; i++) {
		free(vias->segment[i].map);
		free(vias->segment[i].interface);
	}
	free(vias->segment);
	vias->segment = NULL;
}
