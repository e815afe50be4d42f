/* SPDX-License-Identifier: ISC */
/*
 * cipsIsakmpPolicyTable: how IKE is done for each connection. What is negotiated is known from an IKE SA of it; while
 * there is none, those columns have no instance.
 */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW      view_map_set
#define LAST_ROW 65535 /* cipsIsakmpPolPriority */
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "cipsIsakmpPolEncr",     INTEGER, mib_policy_encrypt, name),
	COL(3, "cipsIsakmpPolHash",     INTEGER, mib_policy_hash,    name),
	COL(4, "cipsIsakmpPolAuth",     INTEGER, mib_policy_auth,    name),
	COL(5, "cipsIsakmpPolGroup",    INTEGER, mib_policy_group,   name),
	COL(6, "cipsIsakmpPolLifetime", INTEGER, mib_policy_life,    name),
	/* clang-format on */
};
static const mib_subid oid[] = { CIPS_MIB, 1, 1, 5, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = view_policy_number(cell->record);
	return key[0] >= 1 && key[0] <= LAST_ROW;
}

const struct mib_table view_cips_policy = {
	.name = "cipsIsakmpPolicyTable",
	MIB_OID(oid),
	.groups = &view_map_sets,
	.key = key,
	MIB_COLS(cols),
};
