/* SPDX-License-Identifier: ISC */
/* ipsecmonEngineTable: crypto engines by their names; their counts are in ccaAcceleratorTable. */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW ipm_engine
static const struct mib_col cols[] = {
	/* clang-format off */
	COL(2, "ipsecmonEngineName",    OCTETS,  mib_name,       name),
	COL(3, "ipsecmonEngineKind",    INTEGER, mib_u8,         kind),
	COL(4, "ipsecmonEngineVersion", OCTETS,  mib_words,      version),
	COL(5, "ipsecmonEngineStatus",  INTEGER, mib_cfg_admin,  disabled),
	COL(6, "ipsecmonEngineSas",     GAUGE,   mib_u32,        sas),
	/* clang-format on */
};
static const mib_subid oid[] = { IPSECMON_MIB, 1, 6, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = view_engine_number(cell);
	return 1;
}

const struct mib_table view_own_engine = {
	.name = "ipsecmonEngineTable",
	MIB_OID(oid),
	.record = IPM_ENGINES,
	.key = key,
	MIB_COLS(cols),
};
