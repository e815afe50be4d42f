/* SPDX-License-Identifier: ISC */
/* cikePeerTable: who is connected, by the identities of both ends. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_ike_sa
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(6, "cikePeerLocalAddr",         OCTETS,  mib_addr, local),
	COL(7, "cikePeerRemoteAddr",        OCTETS,  mib_addr, remote),
	COL(8, "cikePeerActiveTime",        INTEGER, mib_age,  created_ns),
	COL(9, "cikePeerActiveTunnelIndex", INTEGER, mib_u32,  index),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 2, 2, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_ike_sa *sa = cell->record;
	return view_peer_key(sa->local_id, sa->remote_id, sa->peer, key);
}

const struct mib_table view_ike_peer = {
	.name = "cikePeerTable",
	MIB_OID(oid),
	.record = IPM_IKE_SAS,
	.key = key,
	.shown = view_ike_shown,
	MIB_COLS(cols),
};
