/* SPDX-License-Identifier: ISC */
/* What the tunnels of a crypto map entry show about it. */
#include <netinet/in.h>
#include <string.h>

#include "feed_map.h"

/*
 * A group proves PFS. The absence of a group proves that there is no PFS only if the SA had an exchange of its own: a
 * Quick Mode or a rekey. The first IKEv2 CHILD_SA shares the exchange of its IKE SA.
 */
static void
learn_pfs(struct ipm_map_entry *map, const struct ipm_tunnel *t)
{
	uint16_t group = t->in_sa.group;

	if (group == IPM_TRANSFORM_OTHER || (group == 0 && t->key_type != IPM_KEY_IKE))
		return;
	if (group) {
		map->pfs = IPM_PFS_YES;
		map->pfs_group = group;
	} else if (t->named_by && (map->ike_version == 1 || t->refreshes > 0)) {
		map->pfs = IPM_PFS_NO;
		map->pfs_group = 0;
	}
}

/* One transform for each protocol that packets go through. */
static void
learn_suite(struct ipm_map_entry *map, const struct ipm_tunnel *t)
{
	uint8_t n = 0;

	memset(map->transform, 0, sizeof(map->transform));
	if (t->protocol == IPPROTO_ESP || t->protocol == IPPROTO_AH)
		map->transform[n++] = (struct ipm_transform){ .protocol = t->protocol, .proposal = t->in_sa };
	if (t->protocol == IPPROTO_ESP && t->in_ah)
		map->transform[n++] =
			(struct ipm_transform){ .protocol = IPPROTO_AH, .proposal = { .integ = t->in_ah } };
	if (t->ipcomp)
		map->transform[n++] = (struct ipm_transform){ .protocol = IPPROTO_COMP };
	map->transforms = n;
}

void
feed_map_use(struct ipm_map_entry *map, const struct ipm_interface *interface)
{
	map->ifindex = interface->ifindex;
	memset(map->ifname, 0, sizeof(map->ifname));
	memcpy(map->ifname, interface->name, sizeof(map->ifname) - 1);
}

void
feed_map_show(struct ipm_writer *w, const struct feed_host *host, uint32_t slot)
{
	const struct ipm_map_entry *map = ipm_map_peek(w, slot);
	struct ipm_interface interface = { 0 };

	if (map->ifindex == 0)
		return;
	if (!feed_host_with_index(host, map->ifindex, &interface)) {
		interface.ifindex = map->ifindex;
		memcpy(interface.name, map->ifname, sizeof(interface.name));
	}
	interface.feed = host->feed;
	ipm_interface_open(w, &interface);
}

void
feed_map_learn(struct ipm_writer *w, const struct feed_host *host, uint32_t slot)
{
	const struct ipm_tunnel *t = ipm_tunnel_peek(w, slot);
	struct ipm_interface interface = { 0 };

	if (t->index == 0 || t->map == 0 || t->state != IPM_TUNNEL_UP || t->sas == 0)
		return;
	uint32_t at = t->map - 1;
	struct ipm_map_entry map = *ipm_map_peek(w, at);
	uint32_t ifindex = map.ifindex;

	map.protocol = t->protocol;
	map.ipcomp = t->ipcomp;
	if (map.encap == 0)
		map.encap = t->encap;
	learn_suite(&map, t);
	learn_pfs(&map, t);
	if (map.kind == IPM_MAP_STATIC && (map.peers == 0 || map.peer_learnt)) {
		map.peer[0] = t->remote;
		map.peers = map.peer_learnt = 1;
	}
	if (feed_host_with_if_id(host, t->if_id_out, &interface))
		feed_map_use(&map, &interface);
	ipm_map_put(w, at, &map);
	if (map.ifindex != ifindex)
		feed_map_show(w, host, at);
}

void
feed_map_learn_all(struct ipm_writer *w, const struct feed_host *host)
{
	uint32_t used = ipm_segment_used(ipm_writer_segment(w), IPM_TUNNELS);
	for (uint32_t slot = 0; slot < used; slot++)
		feed_map_learn(w, host, slot);
}
