/* SPDX-License-Identifier: ISC */
/* cipSecEndPtTable: the traffic selectors of each tunnel. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_selector
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 2, "cipSecEndPtLocalName",      OCTETS,  mib_empty,     local),
	COL( 3, "cipSecEndPtLocalType",      INTEGER, mib_sel_type,  local),
	COL( 4, "cipSecEndPtLocalAddr1",     OCTETS,  mib_sel_addr1, local),
	COL( 5, "cipSecEndPtLocalAddr2",     OCTETS,  mib_sel_addr2, local),
	COL( 6, "cipSecEndPtLocalProtocol",  INTEGER, mib_u8,        local.protocol),
	COL( 7, "cipSecEndPtLocalPort",      INTEGER, mib_sel_port,  local),
	COL( 8, "cipSecEndPtRemoteName",     OCTETS,  mib_empty,     remote),
	COL( 9, "cipSecEndPtRemoteType",     INTEGER, mib_sel_type,  remote),
	COL(10, "cipSecEndPtRemoteAddr1",    OCTETS,  mib_sel_addr1, remote),
	COL(11, "cipSecEndPtRemoteAddr2",    OCTETS,  mib_sel_addr2, remote),
	COL(12, "cipSecEndPtRemoteProtocol", INTEGER, mib_u8,        remote.protocol),
	COL(13, "cipSecEndPtRemotePort",     INTEGER, mib_sel_port,  remote),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 3, 3, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_selector *sel = cell->record;
	key[0] = sel->tunnel_index;
	key[1] = sel->index;
	return 2;
}

static bool
shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_selector *sel = record;
	return view_tunnel_shown(seg, sel->tunnel_slot, sel->tunnel_index);
}

const struct mib_table view_sec_endpt = {
	.name = "cipSecEndPtTable",
	MIB_OID(oid),
	.record = IPM_SELECTORS,
	.key = key,
	.shown = shown,
	MIB_COLS(cols),
};
