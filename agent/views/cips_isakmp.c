/* SPDX-License-Identifier: ISC */
/* cipsIsakmpGroup and cipsIsakmpPolicyTable: the configuration of IKE. */
#include <string.h>

#include "mib_convert.h"
#include "view_maps.h"
#include "views.h"

/* --- the gateway ------------------------------------------------------------------------------------------------ */

struct isakmp {
	uint32_t enabled; /* TruthValue */
	uint32_t policies;
};

#define ROW isakmp
static const struct mib_col isakmp_cols[] = {
	/* clang-format off */
	COL(      1, "cipsIsakmpEnabled",           INTEGER, mib_u32, enabled),
	COL_CONST(2, "cipsIsakmpIdentity",          INTEGER, 0), /* isakmpIdTypeUNKNOWN: each connection has its own */
	COL_NONE( 3, "cipsIsakmpKeepaliveInterval", INTEGER), /* likewise */
	COL(      4, "cipsNumIsakmpPolicies",       INTEGER, mib_u32, policies),
	/* clang-format on */
};

/* True if there are or were IKE SAs, or if an IKE daemon answers. */
static bool
has_ike(const struct ipm_segment *seg)
{
	const uint64_t daemon = IPM_CAP_IKE_SAS | IPM_CAP_CONFIGURATION; /* only an IKE daemon knows both */
	struct ipm_totals totals;
	struct ipm_feed feed;
	struct ipm_walk walk;
	if (ipm_totals_read(seg, &totals) == 0 && totals.ike_active + totals.ike_previous > 0)
		return true;
	ipm_walk_all(&walk, seg, IPM_FEEDS);
	while (ipm_walk_next(&walk, &feed) > 0)
		if ((feed.caps & daemon) == daemon && feed.state == IPM_FEED_UP)
			return true;
	return false;
}

static bool
make_isakmp(struct mib *mib, void *out)
{
	struct isakmp *isakmp = out;
	isakmp->policies = mib_rows(mib, &view_cips_policy);
	bool enabled = isakmp->policies > 0;
	for (unsigned s = 1; s <= mib_segments(mib) && !enabled; s++)
		enabled = has_ike(mib_segment(mib, s));
	isakmp->enabled = enabled ? TRUE_VALUE : FALSE_VALUE;
	return true;
}

const struct mib_table view_cips_isakmp = {
	.name = "cipsIsakmpGroup",
	MIB_OID(CIPS_MIB, 1, 1),
	.make = make_isakmp,
	MIB_COLS(isakmp_cols),
};

/* --- each connection -------------------------------------------------------------------------------------------- */

/* Read an IKE SA of the connection, for the negotiated values. False: there is none. */
static bool
policy_ike(const struct mib_cell *cell, const struct view_map_set *set, struct ipm_ike_sa *sa)
{
	return set->ike && ipm_ike_read(cell->seg, set->ike_slot, sa) == 0 && sa->index == set->ike &&
	       strcmp(sa->conn, set->name) == 0;
}

/* Read the crypto map entry that represents the connection. */
static bool
policy_map(const struct mib_cell *cell, const struct view_map_set *set, struct ipm_map_entry *map)
{
	return ipm_map_read(cell->seg, set->first_slot, map) == 0 && map->index == set->first;
}

MIB_CONVERT(encrypt, struct view_map_set)
{
	struct ipm_ike_sa sa;
	return policy_ike(cell, field, &sa) && mib_encrypt_algo(cell, &sa.proposal, out);
}

MIB_CONVERT(hash, struct view_map_set)
{
	struct ipm_ike_sa sa;
	return policy_ike(cell, field, &sa) && mib_ike_hash(cell, &sa.proposal, out);
}

MIB_CONVERT(group, struct view_map_set)
{
	struct ipm_ike_sa sa;
	return policy_ike(cell, field, &sa) && mib_dh_group(cell, &sa.proposal, out);
}

MIB_CONVERT(auth, struct view_map_set)
{
	struct ipm_map_entry map;
	return policy_map(cell, field, &map) && map.auth != IPM_AUTH_UNKNOWN && mib_ike_auth(cell, &map.auth, out);
}

MIB_CONVERT(life, struct view_map_set)
{
	struct ipm_map_entry map;
	return policy_map(cell, field, &map) && mib_limit(0, map.ike_ns, NS_PER_SECOND, 60, 86400, out);
}

#undef ROW
#define ROW view_map_set
static const struct mib_col policy_cols[] = {
	/* clang-format off */
	COL_REC(2, "cipsIsakmpPolEncr",     INTEGER, encrypt),
	COL_REC(3, "cipsIsakmpPolHash",     INTEGER, hash),
	COL_REC(4, "cipsIsakmpPolAuth",     INTEGER, auth),
	COL_REC(5, "cipsIsakmpPolGroup",    INTEGER, group),
	COL_REC(6, "cipsIsakmpPolLifetime", INTEGER, life),
	/* clang-format on */
};

static unsigned
policy_key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = view_policy_number(cell->record);
	return key[0] >= 1 && key[0] <= 65535; /* the range of cipsIsakmpPolPriority */
}

const struct mib_table view_cips_policy = {
	.name = "cipsIsakmpPolicyTable",
	MIB_OID(CIPS_MIB, 1, 1, 5, 1),
	.groups = &view_map_sets,
	.key = policy_key,
	MIB_COLS(policy_cols),
};
