/* SPDX-License-Identifier: ISC */
/* cipSecSpiTable: the SAs of each tunnel. */
#include "mib_convert.h"
#include "mib_views.h"

#define ROW ipm_sa
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "cipSecSpiDirection", INTEGER, mib_u8,           direction),
	COL(3, "cipSecSpiValue",     GAUGE,   mib_u32,          spi),
	COL(4, "cipSecSpiProtocol",  INTEGER, mib_spi_protocol, protocol),
	COL(5, "cipSecSpiStatus",    INTEGER, mib_u8,           state),
	/* clang-format on */
};
static const mib_subid oid[] = { FLOW_MIB, 1, 3, 4, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	const struct ipm_sa *sa = cell->record;
	key[0] = sa->tunnel_index;
	key[1] = sa->index;
	return 2;
}

static bool
shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_sa *sa = record;
	return view_tunnel_shown(seg, sa->tunnel_slot, sa->tunnel_index);
}

const struct mib_table view_sec_spi = {
	.name = "cipSecSpiTable",
	MIB_OID(oid),
	.record = IPM_SAS,
	.key = key,
	.shown = shown,
	MIB_COLS(cols),
};
