/* SPDX-License-Identifier: ISC */
/* ipSecPolMapTable: which crypto map entry a tunnel came of, and what it protects. */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW ipm_tunnel
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "ipSecPolMapCryptoMapName", OCTETS,  mib_tun_map_name, index),
	COL(3, "ipSecPolMapCryptoMapNum",  INTEGER, mib_tun_map_seq,  index),
	COL(4, "ipSecPolMapAclString",     OCTETS,  mib_tun_acl,      index),
	COL(5, "ipSecPolMapAceString",     OCTETS,  mib_tun_ace,      index),
	/* clang-format on */
};
static const mib_subid oid[] = { POLICY_MAP_MIB, 1, 2, 1, 1 };

const struct mib_table view_pol_sec = {
	.name = "ipSecPolMapTable",
	MIB_OID(oid),
	.record = IPM_TUNNELS,
	.key = view_index_key,
	.shown = view_tunnel_up,
	MIB_COLS(cols),
};
