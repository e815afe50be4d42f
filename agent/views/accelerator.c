/* SPDX-License-Identifier: ISC */
/*
 * CISCO-CRYPTO-ACCELERATOR-MIB: crypto engines, all together and each one. Engines only process ESP, AH and IPComp:
 * other counters are 0.
 */
#include <stdio.h>
#include <string.h>

#include "mib_convert.h"
#include "mib_set.h"
#include "view_maps.h"
#include "views.h"

/* The drops of an engine: packets that the engine itself found to be bad, and all others. */
#define DROPS_BAD    (IPM_DROPPED(AUTH) | IPM_DROPPED(CRYPT))
#define ENGINE_BAD   (SA_DROPS(IN, DROPS_BAD) | SA_DROPS(OUT, DROPS_BAD))
#define ENGINE_OTHER (SA_DROPS(IN, IPM_DROPPED_ANY & ~DROPS_BAD) | SA_DROPS(OUT, IPM_DROPPED_ANY & ~DROPS_BAD))

static uint64_t
all_drops(const struct ipm_engine *e)
{
	return ipm_traffic_drops(&e->in) + ipm_traffic_drops(&e->out);
}

static uint64_t
bad_drops(const struct ipm_engine *e)
{
	return e->in.drops[IPM_DROP_AUTH] + e->in.drops[IPM_DROP_CRYPT] + e->out.drops[IPM_DROP_AUTH] +
	       e->out.drops[IPM_DROP_CRYPT];
}

MIB_CONVERT(in_pkts, struct ipm_engine)
{
	return mib_number(out, field->in.pkts + field->out.pkts + all_drops(field));
}

MIB_CONVERT(out_pkts, struct ipm_engine)
{
	return mib_number(out, field->in.pkts + field->out.pkts);
}

MIB_CONVERT(bad_pkts, struct ipm_engine)
{
	return mib_number(out, bad_drops(field));
}

MIB_CONVERT(other_drops, struct ipm_engine)
{
	return mib_number(out, all_drops(field) - bad_drops(field));
}

MIB_CONVERT(failed_pkts, struct ipm_engine)
{
	return mib_number(out, all_drops(field));
}

MIB_CONVERT(octets, struct ipm_engine)
{
	return mib_number(out, field->in.octets + field->out.octets);
}

MIB_CONVERT(auths, struct ipm_engine)
{
	return mib_number(out, field->in.auths + field->out.auths);
}

MIB_CONVERT(transforms, struct ipm_engine)
{
	return mib_number(out, field->in.auths + field->out.auths + field->in.crypts + field->out.crypts);
}

/* Octets are not counted per operation. They are known only if every packet had the operation. */
MIB_CONVERT(crypt_octets, struct ipm_traffic)
{
	return mib_number(out, field->octets) && field->crypts == field->pkts;
}

MIB_CONVERT(auth_octets, struct ipm_traffic)
{
	return mib_number(out, field->octets) && field->auths == field->pkts + field->drops[IPM_DROP_AUTH];
}

/* --- all engines ------------------------------------------------------------------------------------------------ */

struct engines {
	uint32_t active, inactive;
	uint32_t hardware;     /* TruthValue: at least one is */
	struct ipm_engine all; /* the sums of their counters */
};
_Static_assert(sizeof(struct engines) <= MIB_MADE_MAX, "the sum over the engines can be computed");

#define ROW engines
static const struct mib_col capability_cols[] = {
	/* clang-format off */
	COL(      1, "ccaSupportsHwCrypto",        INTEGER, mib_u32, hardware),
	COL_CONST(2, "ccaSupportsModularHwCrypto", INTEGER, FALSE_VALUE),
	COL_CONST(3, "ccaMaxAccelerators",         INTEGER, -1),
	COL_CONST(4, "ccaMaxCryptoThroughput",     GAUGE,   0), /* cannot be determined */
	COL_CONST(5, "ccaMaxCryptoConnections",    GAUGE,   0), /* likewise */
	/* clang-format on */
};
static const struct mib_col global_cols[] = {
	/* clang-format off */
	COL(1, "ccaGlobalNumActiveAccelerators",  GAUGE,     mib_u32,  active),
	COL(2, "ccaGlobalNumNonOperAccelerators", GAUGE,     mib_u32,  inactive),
	COL(3, "ccaGlobalInOctets",               COUNTER64, octets,   all),
	COL(4, "ccaGlobalOutOctets",              COUNTER64, octets,   all),
	COL(5, "ccaGlobalInPkts",                 COUNTER64, in_pkts,  all),
	COL(6, "ccaGlobalOutPkts",                COUNTER64, out_pkts, all),
	COL(7, "ccaGlobalOutErrPkts",             COUNTER64, bad_pkts, all, .drops = ENGINE_BAD),
	/* clang-format on */
};
static const struct mib_col protocol_cols[] = {
	/* clang-format off */
	COL(       2, "ccaProtPktEncryptsReqs",       COUNTER64, mib_u64,     all.out.crypts),
	COL(       3, "ccaProtPktDecryptsReqs",       COUNTER64, mib_u64,     all.in.crypts),
	COL(       4, "ccaProtHmacCalcReqs",          COUNTER64, auths,       all),
	COL(       5, "ccaProtSaCreateReqs",          COUNTER64, mib_u64,     all.sas_created),
	COL(       6, "ccaProtSaRekeyReqs",           COUNTER64, mib_u64,     all.rekeys),
	COL(       7, "ccaProtSaDeleteReqs",          COUNTER64, mib_u64,     all.sas_deleted),
	COL(       8, "ccaProtPktEncapReqs",          COUNTER64, mib_u64,     all.out.pkts),
	COL(       9, "ccaProtPktDecapReqs",          COUNTER64, mib_u64,     all.in.pkts),
	COL_CONST(10, "ccaProtNextPhaseKeyAllocReqs", COUNTER64, 0), /* IPsec has no next phase */
	COL_NONE( 11, "ccaProtRndGenReqs",            COUNTER64),
	COL(      12, "ccaProtFailedReqs",            COUNTER64, failed_pkts, all, .drops = ENGINE_BAD | ENGINE_OTHER),
	/* clang-format on */
};

static void
engine_add(struct engines *engines, const struct ipm_engine *one)
{
	if (one->disabled)
		engines->inactive++;
	else
		engines->active++;
	if (one->kind == IPM_ENGINE_HARDWARE)
		engines->hardware = TRUE_VALUE;
	ipm_traffic_add(&engines->all.in, &one->in);
	ipm_traffic_add(&engines->all.out, &one->out);
	engines->all.sas_created += one->sas_created;
	engines->all.sas_deleted += one->sas_deleted;
	engines->all.rekeys += one->rekeys;
}

static bool
sum_engines(struct mib *mib, void *out)
{
	struct engines *engines = out;
	struct ipm_engine one;
	struct ipm_walk walk;

	memset(engines, 0, sizeof(*engines));
	engines->hardware = FALSE_VALUE;
	for (unsigned s = 1; s <= mib_segments(mib); s++) {
		ipm_walk_all(&walk, mib_segment(mib, s), IPM_ENGINES);
		while (ipm_walk_next(&walk, &one) > 0)
			engine_add(engines, &one);
		if (walk.unread)
			return false; /* a sum without it would go back */
	}
	return true;
}

/* Only IPsec uses the engines. */
static unsigned
protocol_key(const struct mib_cell *cell, mib_subid *key)
{
	(void)cell;
	key[0] = 4; /* CAProtocolType: ipsec */
	return 1;
}

const struct mib_table view_cca_capability = {
	.name = "ccaCapability",
	MIB_OID(ACCELERATOR_MIB, 1, 1),
	.make = sum_engines,
	MIB_COLS(capability_cols),
};
const struct mib_table view_cca_global = {
	.name = "ccaGlobalStats",
	MIB_OID(ACCELERATOR_MIB, 1, 2, 1),
	.make = sum_engines,
	MIB_COLS(global_cols),
};
const struct mib_table view_cca_protocol = {
	.name = "ccaProtocolStatsTable",
	MIB_OID(ACCELERATOR_MIB, 1, 2, 3, 1, 1),
	.make = sum_engines,
	.key = protocol_key,
	MIB_COLS(protocol_cols),
};

/* --- each engine ------------------------------------------------------------------------------------------------ */

MIB_CONVERT(status, uint8_t) /* ipm_engine.disabled */
{
	return mib_number(out, *field ? 3 : 2); /* ModuleOperType: disabled, ok */
}

/* CAModuleType: software, integrated, other. The kernel counts as software. */
MIB_CONVERT(type, uint8_t)
{
	return mib_number(out, *field == IPM_ENGINE_SOFTWARE || *field == IPM_ENGINE_KERNEL ? 2
			       : *field == IPM_ENGINE_HARDWARE                              ? 3
											    : 1);
}

MIB_CONVERT(version, struct ipm_engine)
{
	char text[IPM_NAME_MAX + IPM_TEXT_MAX + 1];
	snprintf(text, sizeof(text), "%s%s%s", field->name, field->version[0] ? " " : "", field->version);
	return mib_string(out, text, sizeof(text));
}

MIB_CONVERT(slot, struct ipm_engine)
{
	return mib_number(out, view_engine_number(cell));
}

/* 0 while the engine takes no SAs. */
MIB_CONVERT(active_time, struct ipm_engine)
{
	if (!field->disabled)
		mib_since(cell, &field->since_ns, out);
	return true;
}

#undef ROW
#define ROW ipm_engine
static const struct mib_col engine_cols[] = {
	/* clang-format off */
	COL_CONST( 2, "ccaAcclEntPhysicalIndex",    INTEGER,   0),
	COL(       3, "ccaAcclStatus",              INTEGER,   status,       disabled),
	COL(       4, "ccaAcclType",                INTEGER,   type,         kind),
	COL_REC(   5, "ccaAcclVersion",             OCTETS,    version),
	COL_REC(   6, "ccaAcclSlot",                GAUGE,     slot),
	COL_REC(   7, "ccaAcclActiveTime",          TICKS,     active_time),
	COL_REC(   8, "ccaAcclInPkts",              COUNTER64, in_pkts),
	COL_REC(   9, "ccaAcclOutPkts",             COUNTER64, out_pkts),
	COL_REC(  10, "ccaAcclOutBadPkts",          COUNTER64, bad_pkts,     .drops = ENGINE_BAD),
	COL_REC(  11, "ccaAcclInOctets",            COUNTER64, octets),
	COL_REC(  12, "ccaAcclOutOctets",           COUNTER64, octets),
	COL(      13, "ccaAcclHashOutboundPkts",    COUNTER64, mib_u64,      out.auths),
	COL(      14, "ccaAcclHashOutboundOctets",  COUNTER64, auth_octets,  out),
	COL(      15, "ccaAcclHashInboundPkts",     COUNTER64, mib_u64,      in.auths),
	COL(      16, "ccaAcclHashInboundOctets",   COUNTER64, auth_octets,  in),
	COL(      17, "ccaAcclEncryptPkts",         COUNTER64, mib_u64,      out.crypts),
	COL(      18, "ccaAcclEncryptOctets",       COUNTER64, crypt_octets, out),
	COL(      19, "ccaAcclDecryptPkts",         COUNTER64, mib_u64,      in.crypts),
	COL(      20, "ccaAcclDecryptOctets",       COUNTER64, crypt_octets, in),
	COL_REC(  21, "ccaAcclTransformsTotal",     COUNTER64, transforms),
	COL_REC(  22, "ccaAcclDropsPkts",           COUNTER64, other_drops,  .drops = ENGINE_OTHER),
	COL_NONE( 23, "ccaAcclRandRequests",        COUNTER64),
	COL_NONE( 24, "ccaAcclRandReqFails",        COUNTER64),
	COL_CONST(25, "ccaAcclDHKeysGenerated",     COUNTER64, 0),
	COL_CONST(26, "ccaAcclDHDerivedSecretKeys", COUNTER64, 0),
	COL_CONST(27, "ccaAcclRSAKeysGenerated",    COUNTER64, 0),
	COL_CONST(28, "ccaAcclRSASignings",         COUNTER64, 0),
	COL_CONST(29, "ccaAcclRSAVerifications",    COUNTER64, 0),
	COL_CONST(30, "ccaAcclRSAEncryptPkts",      COUNTER64, 0),
	COL_CONST(31, "ccaAcclRSAEncryptOctets",    COUNTER64, 0),
	COL_CONST(32, "ccaAcclRSADecryptPkts",      COUNTER64, 0),
	COL_CONST(33, "ccaAcclRSADecryptOctets",    COUNTER64, 0),
	COL_CONST(34, "ccaAcclDSAKeysGenerated",    COUNTER64, 0),
	COL_CONST(35, "ccaAcclDSASignings",         COUNTER64, 0),
	COL_CONST(36, "ccaAcclDSAVerifications",    COUNTER64, 0),
	COL_CONST(37, "ccaAcclOutboundSSLRecords",  COUNTER64, 0),
	COL_CONST(38, "ccaAcclInboundSSLRecords",   COUNTER64, 0),
	/* clang-format on */
};

static unsigned
engine_key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = view_engine_number(cell);
	return key[0] <= 50; /* the range of ccaAcclIndex */
}

static unsigned
engine_feeds(const struct mib_cell *cell, uint32_t *slots)
{
	slots[0] = ((const struct ipm_engine *)cell->record)->feed;
	return 1;
}

const struct mib_table view_cca_engine = {
	.name = "ccaAcceleratorTable",
	MIB_OID(ACCELERATOR_MIB, 1, 2, 2, 1),
	.record = IPM_ENGINES,
	.feeds = engine_feeds,
	.key = engine_key,
	MIB_COLS(engine_cols),
};

/* --- which notifications are sent ------------------------------------------------------------------------------- */

#undef ROW
#define ROW mib_controls
static const struct mib_col notif_cols[] = {
	/* clang-format off */
	COL(1, "ccaNotifCntlAcclInserted",    INTEGER, mib_u32, engine[0], .set = &mib_set_notify),
	COL(2, "ccaNotifCntlAcclRemoved",     INTEGER, mib_u32, engine[1], .set = &mib_set_notify),
	COL(3, "ccaNotifCntlAcclOperational", INTEGER, mib_u32, engine[2], .set = &mib_set_notify),
	COL(4, "ccaNotifCntlAcclDisabled",    INTEGER, mib_u32, engine[3], .set = &mib_set_notify),
	/* clang-format on */
};

const struct mib_table view_cca_notif_cntl = {
	.name = "ccaAcNotifCntl",
	MIB_OID(ACCELERATOR_MIB, 1, 3),
	.local = &mib_controls,
	MIB_COLS(notif_cols),
};
