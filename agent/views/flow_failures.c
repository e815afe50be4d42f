/* SPDX-License-Identifier: ISC */
/* cipSecFailures: past failures. */
#include "mib_convert.h"
#include "mib_set.h"
#include "views.h"

/* --- how many are kept ------------------------------------------------------------------------------------------ */

#define ROW ipm_settings
static const struct mib_col cntl_cols[] = {
	/* clang-format off */
	COL(1, "cipSecFailTableSize", INTEGER, mib_u32, failure_size, .set = &mib_set_failure_size),
	/* clang-format on */
};

const struct mib_table view_fail_cntl = {
	.name = "cipSecFailGlobalCntl",
	MIB_OID(FLOW_MIB, 1, 5, 1, 1),
	.record = IPM_SETTINGS,
	MIB_COLS(cntl_cols),
};

static bool
fail_reason(uint32_t reason, const uint8_t *number, size_t count, struct mib_value *out)
{
	return mib_number(out, reason < count && number[reason] ? number[reason] : 1);
}

MIB_CONVERT(addr_known, struct ipm_addr)
{
	return field->len != 0 && mib_addr(cell, field, out);
}

static uint64_t
failed_at(const void *record)
{
	return ((const struct ipm_failure *)record)->time_ns;
}

/* --- IKE -------------------------------------------------------------------------------------------------------- */

MIB_CONVERT(ike_reason, uint32_t) /* enum ipm_failure_reason */
{
	static const uint8_t number[] = {
		[IPM_FAIL_PEER_DELETE] = 2,   [IPM_FAIL_PEER_LOST] = 3,
		[IPM_FAIL_LOCAL] = 4,         [IPM_FAIL_AUTH] = 5,
		[IPM_FAIL_HASH] = 6,          [IPM_FAIL_CRYPT] = 7,
		[IPM_FAIL_INTERNAL] = 8,      [IPM_FAIL_CAPACITY] = 9,
		[IPM_FAIL_PROPOSAL] = 10,     [IPM_FAIL_CERT_UNAVAILABLE] = 11,
		[IPM_FAIL_CERT_INVALID] = 12, [IPM_FAIL_CERT_EXPIRED] = 13,
		[IPM_FAIL_CRL] = 14,          [IPM_FAIL_ENCODING] = 15,
		[IPM_FAIL_NO_SA] = 16,        [IPM_FAIL_OPERATOR] = 17,
	};
	return fail_reason(*field, number, MIB_COUNT(number), out);
}

#undef ROW
#define ROW ipm_failure
static const struct mib_col ike_cols[] = {
	/* clang-format off */
	COL(2, "cikeFailReason",      INTEGER, ike_reason,  reason),
	COL(3, "cikeFailTime",        TICKS,   mib_moment,  time_ns),
	COL(4, "cikeFailLocalType",   INTEGER, mib_id_type, local_id),
	COL(5, "cikeFailLocalValue",  OCTETS,  mib_id,      local_id),
	COL(6, "cikeFailRemoteType",  INTEGER, mib_id_type, remote_id),
	COL(7, "cikeFailRemoteValue", OCTETS,  mib_id,      remote_id),
	COL(8, "cikeFailLocalAddr",   OCTETS,  addr_known,  local),
	COL(9, "cikeFailRemoteAddr",  OCTETS,  addr_known,  remote),
	/* clang-format on */
};

const struct mib_table view_ike_fail = {
	.name = "cikeFailTable",
	MIB_OID(FLOW_MIB, 1, 5, 2, 1, 1),
	.record = IPM_IKE_FAILURES,
	.present = view_present_failure,
	.key = view_index_key,
	.when = failed_at,
	MIB_COLS(ike_cols),
};

/* --- IPsec ------------------------------------------------------------------------------------------------------ */

MIB_CONVERT(tunnel_reason, uint32_t) /* enum ipm_failure_reason */
{
	static const uint8_t number[] = {
		[IPM_FAIL_INTERNAL] = 2,      [IPM_FAIL_ENCODING] = 3,     [IPM_FAIL_PROPOSAL] = 4,
		[IPM_FAIL_PROTOCOL_USE] = 5,  [IPM_FAIL_NO_SA] = 6,        [IPM_FAIL_DECRYPT] = 7,
		[IPM_FAIL_CRYPT] = 7,         [IPM_FAIL_ENCRYPT] = 8,      [IPM_FAIL_IN_AUTH] = 9,
		[IPM_FAIL_AUTH] = 9,          [IPM_FAIL_OUT_AUTH] = 10,    [IPM_FAIL_COMPRESSION] = 11,
		[IPM_FAIL_CAPACITY] = 12,     [IPM_FAIL_PEER_DELETE] = 13, [IPM_FAIL_PEER_LOST] = 14,
		[IPM_FAIL_SEQ_ROLLOVER] = 15, [IPM_FAIL_OPERATOR] = 16,    [IPM_FAIL_LOCAL] = 2,
	};
	return fail_reason(*field, number, MIB_COUNT(number), out);
}

/* An INTEGER ends at 2147483647, but half of all SPIs are higher: charon's are 0xc... */
MIB_CONVERT(spi, uint32_t)
{
	return mib_index(cell, field, out) && *field <= INT32_MAX;
}

static const struct mib_col tunnel_cols[] = {
	/* clang-format off */
	COL(2, "cipSecFailReason",      INTEGER, tunnel_reason, reason),
	COL(3, "cipSecFailTime",        TICKS,   mib_moment,    time_ns),
	COL(4, "cipSecFailTunnelIndex", INTEGER, mib_index,     tunnel_index),
	COL(5, "cipSecFailSaSpi",       INTEGER, spi,           spi),
	COL(6, "cipSecFailPktSrcAddr",  OCTETS,  addr_known,    packet_src),
	COL(7, "cipSecFailPktDstAddr",  OCTETS,  addr_known,    packet_dst),
	/* clang-format on */
};

const struct mib_table view_sec_fail = {
	.name = "cipSecFailTable",
	MIB_OID(FLOW_MIB, 1, 5, 3, 1, 1),
	.record = IPM_TUNNEL_FAILURES,
	.key = view_index_key,
	.when = failed_at,
	MIB_COLS(tunnel_cols),
};
