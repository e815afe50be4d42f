/* SPDX-License-Identifier: ISC */
/* ccaAcceleratorTable: each crypto engine. They do nothing but ESP, AH and IPComp: what else could be counted is 0. */
#include "mib_convert.h"
#include "mib_views.h"
#include "view_maps.h"

#define ROW      ipm_engine
#define LAST_ROW 50 /* ccaAcclIndex */
static const struct mib_col cols[] = {
	/* clang-format off */
	COL( 2, "ccaAcclEntPhysicalIndex",    INTEGER,   mib_zero,               index),
	COL( 3, "ccaAcclStatus",              INTEGER,   mib_engine_status,      disabled),
	COL( 4, "ccaAcclType",                INTEGER,   mib_engine_type,        kind),
	COL( 5, "ccaAcclVersion",             OCTETS,    mib_engine_version,     index),
	COL( 6, "ccaAcclSlot",                GAUGE,     mib_engine_slot,        index),
	COL( 7, "ccaAcclActiveTime",          TICKS,     mib_engine_active_time, index),
	COL( 8, "ccaAcclInPkts",              COUNTER64, mib_engine_given_pkts,  index),
	COL( 9, "ccaAcclOutPkts",             COUNTER64, mib_engine_pkts,        index),
	COL_DROP(10, "ccaAcclOutBadPkts",          COUNTER64, mib_engine_bad_pkts,    index, ENGINE_BAD),
	COL(11, "ccaAcclInOctets",            COUNTER64, mib_engine_octets,      index),
	COL(12, "ccaAcclOutOctets",           COUNTER64, mib_engine_octets,      index),
	COL(13, "ccaAcclHashOutboundPkts",    COUNTER64, mib_u64,                out.auths),
	COL(14, "ccaAcclHashOutboundOctets",  COUNTER64, mib_auth_octets,        out),
	COL(15, "ccaAcclHashInboundPkts",     COUNTER64, mib_u64,                in.auths),
	COL(16, "ccaAcclHashInboundOctets",   COUNTER64, mib_auth_octets,        in),
	COL(17, "ccaAcclEncryptPkts",         COUNTER64, mib_u64,                out.crypts),
	COL(18, "ccaAcclEncryptOctets",       COUNTER64, mib_crypt_octets,       out),
	COL(19, "ccaAcclDecryptPkts",         COUNTER64, mib_u64,                in.crypts),
	COL(20, "ccaAcclDecryptOctets",       COUNTER64, mib_crypt_octets,       in),
	COL(21, "ccaAcclTransformsTotal",     COUNTER64, mib_engine_transforms,  index),
	COL_DROP(22, "ccaAcclDropsPkts",           COUNTER64, mib_engine_drops,       index, ENGINE_OTHER),
	COL(23, "ccaAcclRandRequests",        COUNTER64, mib_none,               index),
	COL(24, "ccaAcclRandReqFails",        COUNTER64, mib_none,               index),
	COL(25, "ccaAcclDHKeysGenerated",     COUNTER64, mib_zero,               index),
	COL(26, "ccaAcclDHDerivedSecretKeys", COUNTER64, mib_zero,               index),
	COL(27, "ccaAcclRSAKeysGenerated",    COUNTER64, mib_zero,               index),
	COL(28, "ccaAcclRSASignings",         COUNTER64, mib_zero,               index),
	COL(29, "ccaAcclRSAVerifications",    COUNTER64, mib_zero,               index),
	COL(30, "ccaAcclRSAEncryptPkts",      COUNTER64, mib_zero,               index),
	COL(31, "ccaAcclRSAEncryptOctets",    COUNTER64, mib_zero,               index),
	COL(32, "ccaAcclRSADecryptPkts",      COUNTER64, mib_zero,               index),
	COL(33, "ccaAcclRSADecryptOctets",    COUNTER64, mib_zero,               index),
	COL(34, "ccaAcclDSAKeysGenerated",    COUNTER64, mib_zero,               index),
	COL(35, "ccaAcclDSASignings",         COUNTER64, mib_zero,               index),
	COL(36, "ccaAcclDSAVerifications",    COUNTER64, mib_zero,               index),
	COL(37, "ccaAcclOutboundSSLRecords",  COUNTER64, mib_zero,               index),
	COL(38, "ccaAcclInboundSSLRecords",   COUNTER64, mib_zero,               index),
	/* clang-format on */
};
static const mib_subid oid[] = { ACCELERATOR_MIB, 1, 2, 2, 1 };

static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = view_engine_number(cell);
	return key[0] <= LAST_ROW;
}

static unsigned
feeds(const struct mib_cell *cell, uint32_t *slots)
{
	slots[0] = ((const struct ipm_engine *)cell->record)->feed;
	return 1;
}

const struct mib_table view_cca_engine = {
	.name = "ccaAcceleratorTable",
	MIB_OID(oid),
	.record = IPM_ENGINES,
	.feeds = feeds,
	.key = key,
	MIB_COLS(cols),
};
