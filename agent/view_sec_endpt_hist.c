/* SPDX-License-Identifier: ISC */
/* cipSecEndPtHistTable: the traffic selectors of tunnels that have ended. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_selector_history
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 2, "cipSecEndPtHistTunIndex",       INTEGER, mib_u32,       selector.tunnel_index),
	COL( 3, "cipSecEndPtHistActiveIndex",    INTEGER, mib_u32,       selector.index),
	COL( 4, "cipSecEndPtHistLocalName",      OCTETS,  mib_empty,     selector.local),
	COL( 5, "cipSecEndPtHistLocalType",      INTEGER, mib_sel_type,  selector.local),
	COL( 6, "cipSecEndPtHistLocalAddr1",     OCTETS,  mib_sel_addr1, selector.local),
	COL( 7, "cipSecEndPtHistLocalAddr2",     OCTETS,  mib_sel_addr2, selector.local),
	COL( 8, "cipSecEndPtHistLocalProtocol",  INTEGER, mib_u8,        selector.local.protocol),
	COL( 9, "cipSecEndPtHistLocalPort",      INTEGER, mib_sel_port,  selector.local),
	COL(10, "cipSecEndPtHistRemoteName",     OCTETS,  mib_empty,     selector.remote),
	COL(11, "cipSecEndPtHistRemoteType",     INTEGER, mib_sel_type,  selector.remote),
	COL(12, "cipSecEndPtHistRemoteAddr1",    OCTETS,  mib_sel_addr1, selector.remote),
	COL(13, "cipSecEndPtHistRemoteAddr2",    OCTETS,  mib_sel_addr2, selector.remote),
	COL(14, "cipSecEndPtHistRemoteProtocol", INTEGER, mib_u8,        selector.remote.protocol),
	COL(15, "cipSecEndPtHistRemotePort",     INTEGER, mib_sel_port,  selector.remote),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 4, 3, 2, 1 };

static bool
shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_selector_history *entry = record;
	return ipm_ring_shown(seg, IPM_SELECTOR_HISTORY, entry->index);
}

const struct mib_table view_sec_endpt_hist = {
	.name = "cipSecEndPtHistTable",
	MIB_OID(oid),
	.record = IPM_SELECTOR_HISTORY,
	.key = view_index_key,
	.shown = shown,
	MIB_COLS(cols),
};
