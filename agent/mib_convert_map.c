/* SPDX-License-Identifier: ISC */
/* Crypto maps and engines, in the units of CISCO-IPSEC-MIB, -IPSEC-POLICY-MAP-MIB and -CRYPTO-ACCELERATOR-MIB. */
#include <stdio.h>
#include <string.h>

#include "acl_text.h"
#include "mib_convert.h"
#include "view_maps.h"

#define NS_PER_SECOND 1000000000u
#define ALGO_OTHER    99
#define MINUS_ONE     UINT64_MAX

bool
mib_none(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	(void)field;
	(void)out;
	return false;
}

bool
mib_false(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	(void)field;
	out->number = 2; /* TruthValue */
	return true;
}

bool
mib_no_limit(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	(void)field;
	out->number = MINUS_ONE;
	return true;
}

/* --- crypto map entries ------------------------------------------------------------------------------------ */

bool
mib_map_type(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = view_map_kind(field);
	return true;
}

/* Who it is with now; while it is down, the first that is configured. */
bool
mib_map_peer(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	struct ipm_tunnel tunnel;
	if (map->kind == IPM_MAP_DYNAMIC)
		return false;
	if (view_map_tunnel(cell->seg, map, &tunnel) && tunnel.remote.len)
		return mib_addr(cell, &tunnel.remote, out);
	return map->peers && map->peer[0].len && mib_addr(cell, &map->peer[0], out);
}

bool
mib_map_pfs(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	(void)cell;
	if (map->pfs == IPM_PFS_UNKNOWN)
		return false;
	out->number = map->pfs == IPM_PFS_NO ? 1 : ALGO_OTHER;
	if (map->pfs == IPM_PFS_YES && map->pfs_group && map->pfs_group != IPM_TRANSFORM_OTHER)
		out->number = map->pfs_group + 1u;
	return true;
}

/* What has no limit, or none that is known, has no cell; the ends of the published range stand for what is beyond. */
static bool
limited(uint64_t soft, uint64_t hard, uint64_t unit, uint32_t least, uint32_t most, struct mib_value *out)
{
	uint64_t limit = (hard ? hard : soft) / unit;
	if (!soft && !hard)
		return false;
	out->number = limit < least ? least : limit > most ? most : limit;
	return true;
}

bool
mib_map_lifetime(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	(void)cell;
	return limited(map->soft_ns, map->hard_ns, NS_PER_SECOND, 120, 86400, out);
}

bool
mib_map_lifesize(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	(void)cell;
	return limited(map->soft_octets, map->hard_octets, 1024, 2560, 536870912, out);
}

bool
mib_set_size(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct view_map_set *set = cell->record;
	(void)field;
	out->number = set->isakmp + set->manual + set->dynamic;
	return true;
}

/* --- ISAKMP policies ----------------------------------------------------------------------------------------- */

/* The IKE SA that shows what is negotiated; false: there is none, or another one by now. */
static bool
policy_ike(const struct mib_cell *cell, struct ipm_ike_sa *sa)
{
	const struct view_map_set *set = cell->record;
	return set->ike && ipm_ike_read(cell->seg, set->ike_slot, sa) == 0 && sa->index == set->ike &&
	       strcmp(sa->conn, set->name) == 0;
}

/* The entry that speaks for the connection. */
static bool
policy_map(const struct mib_cell *cell, struct ipm_map *map)
{
	const struct view_map_set *set = cell->record;
	return ipm_map_read(cell->seg, set->first_slot, map) == 0 && map->index == set->first;
}

bool
mib_policy_encrypt(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_ike_sa sa;
	(void)field;
	return policy_ike(cell, &sa) && mib_encrypt_algo(cell, &sa.proposal, out);
}

bool
mib_policy_hash(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_ike_sa sa;
	(void)field;
	return policy_ike(cell, &sa) && mib_ike_hash(cell, &sa.proposal, out);
}

bool
mib_policy_group(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_ike_sa sa;
	(void)field;
	return policy_ike(cell, &sa) && mib_dh_group(cell, &sa.proposal, out);
}

bool
mib_policy_auth(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_map map;
	(void)field;
	return policy_map(cell, &map) && map.auth != IPM_AUTH_UNKNOWN && mib_ike_auth(cell, &map.auth, out);
}

bool
mib_policy_life(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_map map;
	(void)field;
	return policy_map(cell, &map) && limited(0, map.ike_ns, NS_PER_SECOND, 60, 86400, out);
}

bool
mib_ike_policy(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	out->number = view_policy_number(mib_group(cell->mib, &view_map_sets, cell->gateway, field));
	return out->number != 0;
}

/* --- where a tunnel came from -------------------------------------------------------------------------------- */

bool
mib_tun_map_name(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_map map;
	return view_tunnel_map(cell->seg, field, &map) && mib_name(cell, map.name, out);
}

bool
mib_tun_map_seq(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_map map;
	if (!view_tunnel_map(cell->seg, field, &map) || map.seq == 0)
		return false;
	out->number = map.seq;
	return true;
}

/* An access list has no name of its own: it is called as the child is whose it is. */
bool
mib_tun_acl(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_map map;
	return view_tunnel_map(cell->seg, field, &map) && mib_name(cell, map.child, out);
}

/* The tunnel's first pair of selectors. */
static bool
first_selector(const struct ipm_segment *seg, const struct ipm_tunnel *tunnel, struct ipm_selector *out)
{
	struct ipm_selector sel;
	struct ipm_walk walk;
	bool found = false;
	ipm_walk_selectors(&walk, seg, tunnel);
	while (ipm_walk_next(&walk, &sel) > 0) {
		if (!found || sel.index < out->index)
			*out = sel;
		found = true;
	}
	return found;
}

/* The first entry of the access list that is configured. */
static bool
first_access(const struct ipm_segment *seg, const struct ipm_map *map, struct ipm_access *out)
{
	struct ipm_access access;
	struct ipm_walk walk;
	bool found = false;
	ipm_walk_access(&walk, seg, map);
	while (ipm_walk_next(&walk, &access) > 0) {
		if (!found || access.index < out->index)
			*out = access;
		found = true;
	}
	return found;
}

/* What the tunnel was negotiated for; if that is not known, what is configured. */
bool
mib_tun_ace(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	char text[ACL_TEXT_MAX];
	struct ipm_access access;
	struct ipm_selector sel;
	struct ipm_map map;
	bool known = view_tunnel_map(cell->seg, field, &map);
	const char *name = known ? map.child : NULL;
	if (first_selector(cell->seg, field, &sel))
		return mib_text(cell, acl_text(name, false, &sel.local, &sel.remote, text), out);
	return known && first_access(cell->seg, &map, &access) &&
	       mib_text(cell, acl_text(name, access.deny, &access.local, &access.remote, text), out);
}

/* --- crypto engines ------------------------------------------------------------------------------------------ */

/* Those that the engine itself found to be bad. */
static uint64_t
bad(const struct ipm_traffic *t)
{
	return t->drops[IPM_DROP_AUTH] + t->drops[IPM_DROP_CRYPT];
}

#define ENGINE_SUM(name, what)                                                           \
	bool name(const struct mib_cell *cell, const void *field, struct mib_value *out) \
	{                                                                                \
		const struct ipm_engine *e = field;                                      \
		(void)cell;                                                              \
		out->number = (what);                                                    \
		return true;                                                             \
	}
ENGINE_SUM(mib_engine_pkts, e->in.pkts + e->out.pkts)
ENGINE_SUM(mib_engine_given_pkts, e->in.pkts + e->out.pkts + ipm_traffic_drops(&e->in) + ipm_traffic_drops(&e->out))
ENGINE_SUM(mib_engine_bad_pkts, bad(&e->in) + bad(&e->out))
ENGINE_SUM(mib_engine_drops, ipm_traffic_drops(&e->in) + ipm_traffic_drops(&e->out) - bad(&e->in) - bad(&e->out))
ENGINE_SUM(mib_engine_failed, ipm_traffic_drops(&e->in) + ipm_traffic_drops(&e->out))
ENGINE_SUM(mib_engine_octets, e->in.octets + e->out.octets)
ENGINE_SUM(mib_engine_auths, e->in.auths + e->out.auths)
ENGINE_SUM(mib_engine_transforms, e->in.auths + e->out.auths + e->in.crypts + e->out.crypts)

/* Octets are not counted by what was done with them: they are known if it was done with all. */
bool
mib_crypt_octets(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_traffic *t = field;
	(void)cell;
	out->number = t->octets;
	return t->crypts == t->pkts;
}

bool
mib_auth_octets(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_traffic *t = field;
	(void)cell;
	out->number = t->octets;
	return t->auths == t->pkts + t->drops[IPM_DROP_AUTH];
}

bool
mib_engine_status(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = *(const uint8_t *)field ? 3 : 2; /* ModuleOperType: disabled, ok */
	return true;
}

bool
mib_engine_type(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	uint8_t kind = *(const uint8_t *)field;
	(void)cell;
	/* CAModuleType: software, integrated, other; the kernel is software, too. */
	out->number = kind == IPM_ENGINE_SOFTWARE || kind == IPM_ENGINE_KERNEL ? 2
		      : kind == IPM_ENGINE_HARDWARE                            ? 3
									       : 1;
	return true;
}

bool
mib_engine_version(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_engine *engine = field;
	char text[IPM_NAME_MAX + IPM_TEXT_MAX + 1];
	snprintf(text, sizeof(text), "%s%s%s", engine->name, engine->version[0] ? " " : "", engine->version);
	return mib_text(cell, text, out);
}

bool
mib_engine_slot(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)field;
	out->number = view_engine_number(cell);
	return true;
}

/* 0 while it takes no SAs. */
bool
mib_engine_active_time(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_engine *engine = field;
	if (!engine->disabled)
		mib_since(cell, &engine->since_ns, out);
	return true;
}
