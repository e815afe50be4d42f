/* SPDX-License-Identifier: ISC */
/* ccaCapability, ccaGlobalStats, ccaProtocolStatsTable: all crypto engines together. */
#include <errno.h>
#include <string.h>

#include "mib_convert.h"
#include "mib_views.h"

struct engines {
	uint32_t active, inactive;
	uint32_t hardware;     /* TruthValue: one of them is */
	struct ipm_engine all; /* what all of them did */
};

#define ROW   engines
#define IPSEC 4 /* CAProtocolType */
static const struct mib_col capability_cols[] = {
	/* clang-format off */
	COL(1, "ccaSupportsHwCrypto",        INTEGER, mib_u32,      hardware),
	COL(2, "ccaSupportsModularHwCrypto", INTEGER, mib_false,    hardware),
	COL(3, "ccaMaxAccelerators",         INTEGER, mib_no_limit, hardware),
	COL(4, "ccaMaxCryptoThroughput",     GAUGE,   mib_zero,     hardware), /* cannot be determined */
	COL(5, "ccaMaxCryptoConnections",    GAUGE,   mib_zero,     hardware), /* likewise */
	/* clang-format on */
};
static const struct mib_col global_cols[] = {
	/* clang-format off */
	COL(1, "ccaGlobalNumActiveAccelerators",  GAUGE,     mib_u32,               active),
	COL(2, "ccaGlobalNumNonOperAccelerators", GAUGE,     mib_u32,               inactive),
	COL(3, "ccaGlobalInOctets",               COUNTER64, mib_engine_octets,     all),
	COL(4, "ccaGlobalOutOctets",              COUNTER64, mib_engine_octets,     all),
	COL(5, "ccaGlobalInPkts",                 COUNTER64, mib_engine_given_pkts, all),
	COL(6, "ccaGlobalOutPkts",                COUNTER64, mib_engine_pkts,       all),
	COL_DROP(7, "ccaGlobalOutErrPkts",             COUNTER64, mib_engine_bad_pkts,   all, ENGINE_BAD),
	/* clang-format on */
};
static const struct mib_col protocol_cols[] = {
	/* clang-format off */
	COL( 2, "ccaProtPktEncryptsReqs",       COUNTER64, mib_u64,           all.out.crypts),
	COL( 3, "ccaProtPktDecryptsReqs",       COUNTER64, mib_u64,           all.in.crypts),
	COL( 4, "ccaProtHmacCalcReqs",          COUNTER64, mib_engine_auths,  all),
	COL( 5, "ccaProtSaCreateReqs",          COUNTER64, mib_u64,           all.sas_created),
	COL( 6, "ccaProtSaRekeyReqs",           COUNTER64, mib_u64,           all.rekeys),
	COL( 7, "ccaProtSaDeleteReqs",          COUNTER64, mib_u64,           all.sas_deleted),
	COL( 8, "ccaProtPktEncapReqs",          COUNTER64, mib_u64,           all.out.pkts),
	COL( 9, "ccaProtPktDecapReqs",          COUNTER64, mib_u64,           all.in.pkts),
	COL(10, "ccaProtNextPhaseKeyAllocReqs", COUNTER64, mib_zero,          all), /* IPsec has no next phase */
	COL(11, "ccaProtRndGenReqs",            COUNTER64, mib_none,          all),
	COL_DROP(12, "ccaProtFailedReqs",            COUNTER64, mib_engine_failed, all, ENGINE_BAD | ENGINE_OTHER),
	/* clang-format on */
};
static const mib_subid capability_oid[] = { ACCELERATOR_MIB, 1, 1 };
static const mib_subid global_oid[] = { ACCELERATOR_MIB, 1, 2, 1 };
static const mib_subid protocol_oid[] = { ACCELERATOR_MIB, 1, 2, 3, 1, 1 };

static void
engine_add(struct engines *engines, const struct ipm_engine *one)
{
	if (one->disabled)
		engines->inactive++;
	else
		engines->active++;
	if (one->kind == IPM_ENGINE_HARDWARE)
		engines->hardware = 1;
	ipm_traffic_add(&engines->all.in, &one->in);
	ipm_traffic_add(&engines->all.out, &one->out);
	engines->all.sas_created += one->sas_created;
	engines->all.sas_deleted += one->sas_deleted;
	engines->all.rekeys += one->rekeys;
}

static bool
make(struct mib *mib, void *out)
{
	struct engines *engines = out;
	struct ipm_engine one;

	memset(engines, 0, sizeof(*engines));
	engines->hardware = 2;
	for (unsigned s = 1; s <= mib_segments(mib); s++)
		for (uint32_t slot = 0; slot < ipm_segment_used(mib_segment(mib, s), IPM_ENGINES); slot++) {
			int rc = ipm_engine_read(mib_segment(mib, s), slot, &one);
			if (rc == 0)
				engine_add(engines, &one);
			else if (rc == -EAGAIN)
				return false; /* a sum without it would go back */
		}
	return true;
}
_Static_assert(sizeof(struct engines) <= MIB_MADE_MAX, "the engines' sum can be made");

/* Only IPsec uses them. */
static unsigned
key(const struct mib_cell *cell, mib_subid *key)
{
	(void)cell;
	key[0] = IPSEC;
	return 1;
}

const struct mib_table view_cca_capability = {
	.name = "ccaCapability",
	MIB_OID(capability_oid),
	.make = make,
	MIB_COLS(capability_cols),
};
const struct mib_table view_cca_global = {
	.name = "ccaGlobalStats",
	MIB_OID(global_oid),
	.make = make,
	MIB_COLS(global_cols),
};
const struct mib_table view_cca_protocol = {
	.name = "ccaProtocolStatsTable",
	MIB_OID(protocol_oid),
	.make = make,
	.key = key,
	MIB_COLS(protocol_cols),
};
