/* SPDX-License-Identifier: ISC */
/* crasSessionTable: the remote users who are connected, by name. */
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

#include "mib_convert.h"
#include "mib_set.h"
#include "view_sessions.h"
#include "views.h"

MIB_CONVERT(username, struct ipm_session)
{
	return view_session_user(field, out);
}

/* UserAuthenMethod. The gateway tells how users authenticate, and of servers behind it only that it is RADIUS. */
MIB_CONVERT(authen_method, struct ipm_session)
{
	enum { OTHER = 2, RADIUS = 3 };
	if (strcasestr(field->method, "radius"))
		return mib_number(out, RADIUS);
	return mib_number(out, OTHER) && (field->has_user || field->auth != IPM_AUTH_UNKNOWN);
}

MIB_CONVERT(duration, uint64_t)
{
	uint64_t age = cell->now_ns > *field ? cell->now_ns - *field : 0;
	return mib_seconds(cell, &age, out);
}

/* --- addresses -------------------------------------------------------------------------------------------------- */

MIB_CONVERT(addr_type, struct ipm_addr)
{
	return mib_number(out, view_addr_type(field));
}

static const struct ipm_addr *
virtual_addr(const struct ipm_session *session)
{
	static const struct ipm_addr none;
	return session->virtuals ? &session->virtual_addr[0] : &none;
}

MIB_CONVERT(local_type, struct ipm_session)
{
	return addr_type(cell, virtual_addr(field), out);
}

MIB_CONVERT(local_addr, struct ipm_session)
{
	return mib_addr(cell, virtual_addr(field), out);
}

/* cikeTunLocalType of its IKE SA, the first object of that row. */
MIB_CONVERT(protocol_element, struct ipm_session)
{
	const uint32_t row[] = { FLOW_MIB, 1, 2, 3, 1, 2, field->ike_index };
	static const uint32_t zero_dot_zero[] = { 0, 0 };
	struct ipm_ike_sa sa;
	bool shown = field->ike_index && ipm_ike_read(cell->seg, field->ike_slot, &sa) == 0 &&
		     sa.index == field->ike_index && view_ike_shown(cell->seg, &sa);
	return shown ? mib_object(out, row, MIB_COUNT(row)) : mib_object(out, zero_dot_zero, 2);
}

/* --- algorithms of the youngest tunnel --------------------------------------------------------------------------- */

/* SessionEncrAlgo has no number for younger ciphers than AES, and none for "other". */
MIB_CONVERT(encryption, struct ipm_session)
{
	struct ipm_tunnel tunnel;
	if (!view_session_tunnel(cell->seg, field, &tunnel) || !mib_in_encrypt(cell, &tunnel, out))
		return false;
	static const uint8_t number[] = { [ALGO_NONE] = 1, [2] = 2, [3] = 3, [4] = 9, [5] = 9, [6] = 9, [7] = 9 };
	if (out->number >= MIB_COUNT(number))
		return false;
	return mib_number(out, number[out->number]);
}

MIB_CONVERT(packet_auth, struct ipm_session)
{
	enum { NONE = 1, OTHER, HMAC_MD5, HMAC_SHA };
	struct ipm_tunnel tunnel;
	if (!view_session_tunnel(cell->seg, field, &tunnel))
		return false;
	bool ah = tunnel.protocol == IPPROTO_AH;
	if (!(ah ? mib_in_ah_auth(cell, &tunnel, out) : mib_in_esp_auth(cell, &tunnel, out)))
		return false;
	static const uint8_t number[] = { [ALGO_NONE] = NONE, [2] = HMAC_MD5, [3] = HMAC_SHA };
	return mib_number(out, out->number < MIB_COUNT(number) ? number[out->number] : OTHER);
}

MIB_CONVERT(compression, struct ipm_session)
{
	struct ipm_tunnel tunnel;
	return view_session_tunnel(cell->seg, field, &tunnel) && mib_number(out, tunnel.ipcomp ? 2 : 1);
}

/* --- the client's software, such as "strongSwan 5.9.8" ------------------------------------------------------------ */

/* The last word, if it begins with a digit; otherwise the end of the text. */
static const char *
client_version(const char *client)
{
	const char *space = strrchr(client, ' ');
	return space && isdigit((unsigned char)space[1]) ? space + 1 : client + strlen(client);
}

MIB_CONVERT(client_vendor, mib_long_text)
{
	const char *version = client_version(*field);
	size_t len = (size_t)(version - *field) - (*version && version > *field);
	return mib_string(out, *field, len + 1) && len > 0;
}

MIB_CONVERT(client_release, mib_long_text)
{
	const char *version = client_version(*field);
	return mib_string(out, version, strlen(version) + 1) && *version;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

MIB_CONVERT(state, uint8_t)
{
	return mib_number(out, *field == IPM_SESSION_TERMINATING ? 3 : 2);
}

#define ROW ipm_session
static const struct mib_col session_cols[] = {
	/* clang-format off */
	/* The objects of the index are not-accessible in the MIB, but ASAs serve them, and pollers discover users there. */
	COL_REC(   1, "crasUsername",               OCTETS,    username),
	COL(       2, "crasGroup",                  OCTETS,    mib_name,         group),
	COL(       3, "crasSessionIndex",           INTEGER,   mib_u32,          index),
	COL_REC(   4, "crasAuthenMethod",           INTEGER,   authen_method),
	COL_NONE(  5, "crasAuthorMethod",           INTEGER),
	COL(       6, "crasSessionDuration",        COUNTER,   duration,         started_ns),
	COL_REC(   7, "crasLocalAddressType",       INTEGER,   local_type),
	COL_REC(   8, "crasLocalAddress",           OCTETS,    local_addr),
	COL(       9, "crasISPAddressType",         INTEGER,   addr_type,        remote),
	COL(      10, "crasISPAddress",             OCTETS,    mib_addr,         remote),
	COL_CONST(11, "crasSessionProtocol",        INTEGER,   2),
	COL_REC(  12, "crasProtocolElement",        OBJECT,    protocol_element),
	COL_REC(  13, "crasSessionEncryptionAlgo",  INTEGER,   encryption),
	COL_REC(  14, "crasSessionPktAuthenAlgo",   INTEGER,   packet_auth),
	COL_REC(  15, "crasSessionCompressionAlgo", INTEGER,   compression),
	COL_NONE( 16, "crasHeartbeatInterval",      GAUGE),
	COL(      17, "crasClientVendorString",     OCTETS,    client_vendor,    client),
	COL(      18, "crasClientVersionString",    OCTETS,    client_release,   client),
	COL_NONE( 19, "crasClientOSVendorString",   OCTETS),
	COL_NONE( 20, "crasClientOSVersionString",  OCTETS),
	COL_NONE( 21, "crasPrimWINSServerAddrType", INTEGER),
	COL_NONE( 22, "crasPrimWINSServer",         OCTETS),
	COL_NONE( 23, "crasSecWINSServerAddrType",  INTEGER),
	COL_NONE( 24, "crasSecWINSServer",          OCTETS),
	COL_NONE( 25, "crasPrimDNSServerAddrType",  INTEGER),
	COL_NONE( 26, "crasPrimDNSServer",          OCTETS),
	COL_NONE( 27, "crasSecDNSServerAddrType",   INTEGER),
	COL_NONE( 28, "crasSecDNSServer",           OCTETS),
	COL_NONE( 29, "crasDHCPServerAddrType",     INTEGER),
	COL_NONE( 30, "crasDHCPServer",             OCTETS),
	COL(      31, "crasSessionInPkts",          COUNTER64, mib_u64,          in.pkts),
	COL(      32, "crasSessionOutPkts",         COUNTER64, mib_u64,          out.pkts),
	COL(      33, "crasSessionInDropPkts",      COUNTER64, mib_u64,          in.drops,  .drops = SA_DROPS(IN, IPM_DROPPED_ANY)),
	COL(      34, "crasSessionOutDropPkts",     COUNTER64, mib_u64,          out.drops, .drops = SA_DROPS(OUT, IPM_DROPPED_ANY)),
	COL(      35, "crasSessionInOctets",        COUNTER64, mib_u64,          in.octets),
	COL(      36, "crasSessionOutOctets",       COUNTER64, mib_u64,          out.octets),
	COL(      37, "crasSessionState",           INTEGER,   state,            state,     .set = &mib_set_session_state),
	/* clang-format on */
};

/* Drops are told by the feeds of the tunnel. Without a tunnel, any feed may have counted earlier ones. */
static unsigned
session_feeds(const struct mib_cell *cell, uint32_t *slots)
{
	struct ipm_tunnel tunnel;
	return view_session_tunnel(cell->seg, cell->record, &tunnel) ? view_tunnel_feeds(&tunnel, slots) : 0;
}

const struct mib_table view_ras_session = {
	.name = "crasSessionTable",
	MIB_OID(RAS_MIB, 1, 3, 21, 1),
	.record = IPM_SESSIONS,
	.feeds = session_feeds,
	.present = view_present_session,
	.key = view_session_key,
	.shown = view_session_shown,
	MIB_COLS(session_cols),
};
