/* SPDX-License-Identifier: ISC */
/* cikePeerCorrTable: which tunnels belong to whom. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_tunnel
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(7, "cikePeerCorrIpSecTunIndex", INTEGER, mib_u32, index),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 2, 4, 1 };

/* The peer's index, and the tunnel's for a sequence number: it is unique, and stays when another tunnel ends. */
static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_tunnel *tunnel = cell->record;
	struct ipm_ike_sa sa;
	if (!ipm_tunnel_ike_alive(cell->seg, tunnel) || ipm_ike_read(cell->seg, tunnel->ike_slot, &sa) < 0)
		return 0;
	unsigned len = view_peer_key(sa.local_id, sa.remote_id, sa.peer, key);
	key[len] = tunnel->index;
	return len + 1;
}

const struct mib_table view_ike_peer_corr = {
	.name = "cikePeerCorrTable",
	MIB_OID(oid),
	.record = IPM_TUNNELS,
	.also = IPM_IKE_SAS,
	.key = key,
	.shown = view_tunnel_up,
	MIB_COLS(cols),
};
