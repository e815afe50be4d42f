/* SPDX-License-Identifier: ISC */
/* CISCO-IPSEC-POLICY-MAP-MIB: the configuration that IKE SAs and tunnels came from. */
#include "acl_text.h"
#include "mib_convert.h"
#include "view_maps.h"
#include "views.h"

/* --- ISAKMP policies of IKE SAs --------------------------------------------------------------------------------- */

MIB_CONVERT(policy_number, mib_name_text) /* by the connection's name */
{
	uint32_t number = view_policy_number(mib_group(cell->mib, &view_map_sets, cell->gateway, *field));
	return mib_number(out, number) && number != 0;
}

#define ROW ipm_ike_sa
static const struct mib_col ike_cols[] = {
	/* clang-format off */
	COL(2, "ikePolMapPolicyNum", INTEGER, policy_number, conn),
	/* clang-format on */
};

const struct mib_table view_pol_ike = {
	.name = "ikePolMapTable",
	MIB_OID(POLICY_MAP_MIB, 1, 1, 1, 1),
	.record = IPM_IKE_SAS,
	.key = view_index_key,
	.shown = view_ike_shown,
	MIB_COLS(ike_cols),
};

/* --- crypto map entries of tunnels, and what they protect ------------------------------------------------------- */

MIB_CONVERT(map_name, struct ipm_tunnel)
{
	struct ipm_map_entry map;
	return view_tunnel_map(cell->seg, field, &map) && mib_string(out, map.name, sizeof(map.name));
}

MIB_CONVERT(map_number, struct ipm_tunnel)
{
	struct ipm_map_entry map;
	return view_tunnel_map(cell->seg, field, &map) && mib_number(out, map.seq) && map.seq != 0;
}

/* An access list has no name of its own: use the name of its child. */
MIB_CONVERT(acl_name, struct ipm_tunnel)
{
	struct ipm_map_entry map;
	return view_tunnel_map(cell->seg, field, &map) && mib_string(out, map.child, sizeof(map.child));
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

/* Read the first entry of the configured access list. */
static bool
first_access(const struct ipm_segment *seg, const struct ipm_map_entry *map, struct ipm_access *out)
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

/* The negotiated selectors. If they are unknown, the configured ones. */
MIB_CONVERT(acl_entry, struct ipm_tunnel)
{
	char text[ACL_TEXT_MAX];
	struct ipm_access access;
	struct ipm_selector sel;
	struct ipm_map_entry map;
	bool known = view_tunnel_map(cell->seg, field, &map);
	const char *name = known ? map.child : NULL;
	if (first_selector(cell->seg, field, &sel))
		return mib_string(out, acl_text(name, false, &sel.local, &sel.remote, text), sizeof(text));
	return known && first_access(cell->seg, &map, &access) &&
	       mib_string(out, acl_text(name, access.deny, &access.local, &access.remote, text), sizeof(text));
}

#undef ROW
#define ROW ipm_tunnel
static const struct mib_col tunnel_cols[] = {
	/* clang-format off */
	COL_REC(2, "ipSecPolMapCryptoMapName", OCTETS,  map_name),
	COL_REC(3, "ipSecPolMapCryptoMapNum",  INTEGER, map_number),
	COL_REC(4, "ipSecPolMapAclString",     OCTETS,  acl_name),
	COL_REC(5, "ipSecPolMapAceString",     OCTETS,  acl_entry),
	/* clang-format on */
};

const struct mib_table view_pol_sec = {
	.name = "ipSecPolMapTable",
	MIB_OID(POLICY_MAP_MIB, 1, 2, 1, 1),
	.record = IPM_TUNNELS,
	.key = view_index_key,
	.shown = view_tunnel_up,
	MIB_COLS(tunnel_cols),
};
