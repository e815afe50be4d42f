/* SPDX-License-Identifier: ISC */
/* ikePolMapTable: which ISAKMP policy an IKE SA came from. */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW ipm_ike_sa
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "ikePolMapPolicyNum", INTEGER, mib_ike_policy, conn),
	/* clang-format on */
};
static const mib_subid oid[] = { POLICY_MAP_MIB, 1, 1, 1, 1 };

const struct mib_table view_pol_ike = {
	.name = "ikePolMapTable",
	MIB_OID(oid),
	.record = IPM_IKE_SAS,
	.key = view_index_key,
	.shown = view_ike_shown,
	MIB_COLS(cols),
};
