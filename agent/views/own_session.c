/* SPDX-License-Identifier: ISC */
/* IPSECMON-MIB: pools of virtual addresses, and what notifications say about sessions. */
#include <arpa/inet.h>

#include "mib_convert.h"
#include "view_sessions.h"
#include "views.h"

static bool
addr_text(const struct ipm_addr *addr, struct mib_value *out)
{
	char text[INET6_ADDRSTRLEN];
	if (addr->len == 0 || !inet_ntop(addr->len == 16 ? AF_INET6 : AF_INET, addr->bytes, text, sizeof(text)))
		text[0] = '\0';
	return mib_string(out, text, sizeof(text));
}

MIB_CONVERT(addr, struct ipm_addr)
{
	return addr_text(field, out);
}

/* --- pools -------------------------------------------------------------------------------------------------------- */

/* A pool of IPv6 may be larger than a Gauge32. */
MIB_CONVERT(addresses, uint64_t)
{
	return mib_number(out, *field < UINT32_MAX ? *field : UINT32_MAX);
}

#define ROW ipm_pool
static const struct mib_col pool_cols[] = {
	/* clang-format off */
	COL(2, "ipsecmonPoolName",    OCTETS, mib_name,  name),
	COL(3, "ipsecmonPoolBase",    OCTETS, addr,      base),
	COL(4, "ipsecmonPoolSize",    GAUGE,  addresses, size),
	COL(5, "ipsecmonPoolOnline",  GAUGE,  addresses, online),
	COL(6, "ipsecmonPoolOffline", GAUGE,  addresses, offline),
	/* clang-format on */
};

static unsigned
pool_key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = cell->gateway;
	key[1] = ((const struct ipm_pool *)cell->record)->index;
	return 2;
}

const struct mib_table view_own_pool = {
	.name = "ipsecmonPoolTable",
	MIB_OID(IPSECMON_MIB, 1, 8, 1),
	.record = IPM_POOLS,
	.key = pool_key,
	MIB_COLS(pool_cols),
};

/* --- sessions, in notifications only -------------------------------------------------------------------------------
 */

MIB_CONVERT(virtual_addr, struct ipm_session_history)
{
	static const struct ipm_addr none;
	return addr_text(field->session.virtuals ? &field->session.virtual_addr[0] : &none, out);
}

MIB_CONVERT(lasted, struct ipm_session_history)
{
	uint64_t ns = field->ended_ns > field->session.started_ns ? field->ended_ns - field->session.started_ns : 0;
	return mib_seconds(cell, &ns, out);
}

/* The numbers of enum ipm_reason from 2, as in ipsecmonTunnelDownReason. */
MIB_CONVERT(reason, uint32_t)
{
	return mib_number(out, (*field < IPM_REASON_CHECKPOINT ? *field : IPM_REASON_UNKNOWN) + 2u);
}

#undef ROW
#define ROW ipm_session_history
static const struct mib_col session_cols[] = {
	/* clang-format off */
	COL(    2, "ipsecmonSessionUser",        OCTETS,    mib_id,   session.user),
	COL(    3, "ipsecmonSessionGroup",       OCTETS,    mib_name, session.group),
	COL(    4, "ipsecmonSessionRemoteAddr",  OCTETS,    addr,     session.remote),
	COL_REC(5, "ipsecmonSessionVirtualAddr", OCTETS,    virtual_addr),
	COL_REC(6, "ipsecmonSessionDuration",    GAUGE,     lasted),
	COL(    7, "ipsecmonSessionInOctets",    COUNTER64, mib_u64,  session.in.octets),
	COL(    8, "ipsecmonSessionOutOctets",   COUNTER64, mib_u64,  session.out.octets),
	COL(    9, "ipsecmonSessionReason",      INTEGER,   reason,   reason),
	/* clang-format on */
};

/* Not among VIEWS, because only notifications have its objects. */
const struct mib_table view_own_session = {
	.name = "ipsecmonSessionTable",
	MIB_OID(IPSECMON_MIB, 1, 9, 1),
	.record = IPM_SESSION_HISTORY,
	.key = view_index_key,
	MIB_COLS(session_cols),
};
