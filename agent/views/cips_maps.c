/* SPDX-License-Identifier: ISC */
/* cipsIPsecGroup, cipsSysCapacityGroup, cipsTrapCntlGroup: crypto maps and the other parts of the configuration. */
#include "mib_convert.h"
#include "mib_set.h"
#include "view_maps.h"
#include "views.h"

/* --- scalars ---------------------------------------------------------------------------------------------------- */

struct globals {
	uint32_t static_sets, dynamic_sets, max_sas;
};

#define ROW globals
static const struct mib_col globals_cols[] = {
	/* clang-format off */
	COL_NONE( 1, "cipsSALifetime",              GAUGE), /* Linux has no lifetimes for all */
	COL_NONE( 2, "cipsSALifesize",              GAUGE),
	COL(      3, "cipsNumStaticCryptomapSets",  GAUGE, mib_u32, static_sets),
	COL_CONST(4, "cipsNumCETCryptomapSets",     GAUGE, 0), /* there is no CET ... */
	COL(      5, "cipsNumDynamicCryptomapSets", GAUGE, mib_u32, dynamic_sets),
	COL_CONST(6, "cipsNumTEDCryptomapSets",     GAUGE, 0), /* ... and no TED on Linux */
	/* clang-format on */
};
static const struct mib_col statistics_cols[] = {
	/* clang-format off */
	COL_CONST(1, "cipsNumTEDProbesReceived", COUNTER, 0),
	COL_CONST(2, "cipsNumTEDProbesSent",     COUNTER, 0),
	COL_CONST(3, "cipsNumTEDFailures",       COUNTER, 0),
	/* clang-format on */
};
static const struct mib_col capacity_cols[] = {
	/* clang-format off */
	COL(     1, "cipsMaxSAs",      INTEGER, mib_u32, max_sas),
	COL_NONE(2, "cips3DesCapable", INTEGER), /* no feed tells what the gateway could do */
	/* clang-format on */
};

static bool
make_globals(struct mib *mib, void *out)
{
	const uint32_t most = 65535; /* the range of cipsMaxSAs */
	struct globals *globals = out;
	uint64_t room = 0;
	for (unsigned s = 1; s <= mib_segments(mib); s++)
		room += ipm_segment_capacity(mib_segment(mib, s), IPM_SAS);
	globals->max_sas = room < most ? (uint32_t)room : most;
	globals->static_sets = mib_rows(mib, &view_cips_static_set);
	globals->dynamic_sets = mib_rows(mib, &view_cips_dynamic_set);
	return true;
}

const struct mib_table view_cips_globals = {
	.name = "cipsIPsecGlobals",
	MIB_OID(CIPS_MIB, 1, 2, 1),
	.make = make_globals,
	MIB_COLS(globals_cols),
};
const struct mib_table view_cips_statistics = {
	.name = "cipsIPsecStatistics",
	MIB_OID(CIPS_MIB, 1, 2, 2),
	.make = make_globals,
	MIB_COLS(statistics_cols),
};
const struct mib_table view_cips_capacity = {
	.name = "cipsSysCapacityGroup",
	MIB_OID(CIPS_MIB, 1, 3),
	.make = make_globals,
	MIB_COLS(capacity_cols),
};

/* --- crypto maps: a connection is one, and each of its children an entry ---------------------------------------- */

MIB_CONVERT(set_size, struct view_map_set)
{
	return mib_number(out, field->isakmp + field->manual + field->dynamic);
}

#undef ROW
#define ROW view_map_set
static const struct mib_col static_set_cols[] = {
	/* clang-format off */
	COL_REC(  2, "cipsStaticCryptomapSetSize",       GAUGE, set_size),
	COL(      3, "cipsStaticCryptomapSetNumIsakmp",  GAUGE, mib_u32, isakmp),
	COL(      4, "cipsStaticCryptomapSetNumManual",  GAUGE, mib_u32, manual),
	COL_CONST(5, "cipsStaticCryptomapSetNumCET",     GAUGE, 0),
	COL(      6, "cipsStaticCryptomapSetNumDynamic", GAUGE, mib_u32, dynamic),
	COL_CONST(7, "cipsStaticCryptomapSetNumDisc",    GAUGE, 0),
	COL(      8, "cipsStaticCryptomapSetNumSAs",     GAUGE, mib_u32, sas),
	/* clang-format on */
};

static unsigned
static_set_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct view_map_set *set = cell->record;
	return set->first ? view_name_key(set->name, key) : 0;
}

const struct mib_table view_cips_static_set = {
	.name = "cipsStaticCryptomapSetTable",
	MIB_OID(CIPS_MIB, 1, 2, 3, 1, 1),
	.groups = &view_map_sets,
	.key = static_set_key,
	MIB_COLS(static_set_cols),
};

/* --- templates for peers whose address is not known in advance; the crypto map of the same name links one -------- */

static const struct mib_col dynamic_set_cols[] = {
	/* clang-format off */
	COL(      2, "cipsDynamicCryptomapSetSize",     GAUGE, mib_u32, dynamic),
	COL_CONST(3, "cipsDynamicCryptomapSetNumAssoc", GAUGE, 1),
	/* clang-format on */
};

static unsigned
dynamic_set_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct view_map_set *set = cell->record;
	return set->dynamic ? view_name_key(set->name, key) : 0;
}

const struct mib_table view_cips_dynamic_set = {
	.name = "cipsDynamicCryptomapSetTable",
	MIB_OID(CIPS_MIB, 1, 2, 3, 2, 1),
	.groups = &view_map_sets,
	.key = dynamic_set_key,
	MIB_COLS(dynamic_set_cols),
};

/* --- crypto map entries, up or not; a template is an entry of type dynamic -------------------------------------- */

MIB_CONVERT(map_type, struct ipm_map_entry)
{
	return mib_number(out, view_map_kind(field));
}

/* The current peer. While the tunnel is down, the first configured peer. */
MIB_CONVERT(map_peer, struct ipm_map_entry)
{
	struct ipm_tunnel tunnel;
	if (field->kind == IPM_MAP_DYNAMIC)
		return false;
	if (view_map_tunnel(cell->seg, field, &tunnel) && tunnel.remote.len)
		return mib_addr(cell, &tunnel.remote, out);
	return field->peers && field->peer[0].len && mib_addr(cell, &field->peer[0], out);
}

MIB_CONVERT(map_pfs, struct ipm_map_entry)
{
	if (field->pfs == IPM_PFS_UNKNOWN)
		return false;
	if (field->pfs == IPM_PFS_YES && field->pfs_group && field->pfs_group != IPM_TRANSFORM_OTHER)
		return mib_number(out, field->pfs_group + 1u);
	return mib_number(out, field->pfs == IPM_PFS_NO ? 1 : ALGO_OTHER);
}

MIB_CONVERT(map_lifetime, struct ipm_map_entry)
{
	return mib_limit(field->soft_ns, field->hard_ns, NS_PER_SECOND, 120, 86400, out);
}

MIB_CONVERT(map_lifesize, struct ipm_map_entry)
{
	return mib_limit(field->soft_octets, field->hard_octets, 1024, 2560, 536870912, out);
}

#undef ROW
#define ROW ipm_map_entry
static const struct mib_col map_cols[] = {
	/* clang-format off */
	COL_REC(  2, "cipsStaticCryptomapType",      INTEGER, map_type),
	COL(      3, "cipsStaticCryptomapDescr",     OCTETS,  mib_name, child),
	COL_REC(  4, "cipsStaticCryptomapPeer",      OCTETS,  map_peer),
	COL(      5, "cipsStaticCryptomapNumPeers",  INTEGER, mib_u8,   peers),
	COL_REC(  6, "cipsStaticCryptomapPfs",       INTEGER, map_pfs),
	COL_REC(  7, "cipsStaticCryptomapLifetime",  INTEGER, map_lifetime),
	COL_REC(  8, "cipsStaticCryptomapLifesize",  INTEGER, map_lifesize),
	COL_CONST(9, "cipsStaticCryptomapLevelHost", INTEGER, FALSE_VALUE), /* Linux has no SAs of single hosts */
	/* clang-format on */
};

static unsigned
map_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_map_entry *map = cell->record;
	unsigned len = view_name_key(map->name, key);
	key[len] = map->seq;
	return map->seq <= 65535 ? len + 1 : 0; /* the range of cipsStaticCryptomapPriority */
}

const struct mib_table view_cips_map = {
	.name = "cipsStaticCryptomapTable",
	MIB_OID(CIPS_MIB, 1, 2, 3, 3, 1),
	.record = IPM_MAPS,
	.key = map_key,
	.shown = view_map_shown,
	MIB_COLS(map_cols),
};

/* --- which interfaces use a crypto map; entries of one interface make one row ----------------------------------- */

static const struct mib_col map_if_cols[] = {
	/* clang-format off */
	COL_NONE( 1, "cipsCryptomapSetIfVirtual", INTEGER), /* what kind of interface it is, is not known */
	COL_CONST(2, "cipsCryptomapSetIfStatus",  INTEGER, 1), /* attached */
	/* clang-format on */
};

static unsigned
map_if_key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_map_entry *map = cell->record;
	if (map->ifindex == 0 || map->ifindex > INT32_MAX)
		return 0;
	key[0] = map->ifindex;
	return 1 + view_name_key(map->name, key + 1);
}

const struct mib_table view_cips_map_if = {
	.name = "cipsCryptomapSetIfTable",
	MIB_OID(CIPS_MIB, 1, 2, 3, 4, 1),
	.record = IPM_MAPS,
	.key = map_if_key,
	.shown = view_map_shown,
	MIB_COLS(map_if_cols),
};

/* --- which notifications are sent ------------------------------------------------------------------------------- */

#undef ROW
#define ROW mib_controls
static const struct mib_col trap_cols[] = {
	/* clang-format off */
	COL(1, "cipsCntlIsakmpPolicyAdded",    INTEGER, mib_u32, cips[0], .set = &mib_set_notify),
	COL(2, "cipsCntlIsakmpPolicyDeleted",  INTEGER, mib_u32, cips[1], .set = &mib_set_notify),
	COL(3, "cipsCntlCryptomapAdded",       INTEGER, mib_u32, cips[2], .set = &mib_set_notify),
	COL(4, "cipsCntlCryptomapDeleted",     INTEGER, mib_u32, cips[3], .set = &mib_set_notify),
	COL(5, "cipsCntlCryptomapSetAttached", INTEGER, mib_u32, cips[4], .set = &mib_set_notify),
	COL(6, "cipsCntlCryptomapSetDetached", INTEGER, mib_u32, cips[5], .set = &mib_set_notify),
	COL(7, "cipsCntlTooManySAs",           INTEGER, mib_u32, cips[6], .set = &mib_set_notify),
	/* clang-format on */
};

const struct mib_table view_cips_trap_cntl = {
	.name = "cipsTrapCntlGroup",
	MIB_OID(CIPS_MIB, 1, 4),
	.local = &mib_controls,
	MIB_COLS(trap_cols),
};
