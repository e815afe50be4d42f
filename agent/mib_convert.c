/* SPDX-License-Identifier: ISC */
/* From the model's units to the MIB's. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "mib_convert.h"

#define NO_LIMIT      2147483647u /* what an INTEGER of the MIB says for "no limit" */
#define NS_PER_SECOND 1000000000u
#define NS_PER_TICK   10000000u

uint64_t
mib_ticks(uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ticks = to_ns > from_ns ? (to_ns - from_ns) / NS_PER_TICK : 0;
	return ticks < INT32_MAX ? ticks : INT32_MAX;
}

bool
mib_u8(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = *(const uint8_t *)field;
	return true;
}

bool
mib_u32(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = *(const uint32_t *)field;
	return true;
}

bool
mib_index(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	return mib_u32(cell, field, out) && out->number != 0;
}

bool
mib_u64(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = *(const uint64_t *)field;
	return true;
}

bool
mib_u64_low(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = *(const uint64_t *)field & UINT32_MAX;
	return true;
}

bool
mib_u64_high(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = *(const uint64_t *)field >> 32;
	return true;
}

/* With IPComp not every feed knows them: octets without any are not known, unless a feed has counted IPComp's SA. */
static bool
raw_known(const struct ipm_traffic *t)
{
	return t->raw_octets != 0 || t->octets == 0 || t->comps != 0;
}

bool
mib_raw(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_traffic *t = field;
	return mib_u64(cell, &t->raw_octets, out) && raw_known(t);
}

bool
mib_raw_low(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_traffic *t = field;
	return mib_u64_low(cell, &t->raw_octets, out) && raw_known(t);
}

bool
mib_raw_high(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_traffic *t = field;
	return mib_u64_high(cell, &t->raw_octets, out) && raw_known(t);
}

bool
mib_addr(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_addr *addr = field;
	(void)cell;
	/* The MIB's type has 4 or 16 octets and no others: an address that is not known is 0.0.0.0. */
	out->len = addr->len == 16 ? 16 : 4;
	memcpy(out->octets, addr->bytes, out->len);
	if (addr->len == 0)
		memset(out->octets, 0, out->len);
	return true;
}

bool
mib_addr_known(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	return ((const struct ipm_addr *)field)->len != 0 && mib_addr(cell, field, out);
}

bool
mib_text(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->len = (uint32_t)strnlen(field, IPM_ID_MAX - 1);
	memcpy(out->octets, field, out->len);
	return true;
}

bool
mib_age(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	out->number = mib_ticks(*(const uint64_t *)field, cell->now_ns);
	return true;
}

/* RFC 2579: what happened before the master started happened at 0. */
bool
mib_moment(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	uint64_t when = *(const uint64_t *)field;
	out->number = when > cell->master_ns ? (when - cell->master_ns) / NS_PER_TICK & UINT32_MAX : 0;
	return true;
}

bool
mib_one(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	(void)field;
	out->number = 1;
	return true;
}

bool
mib_zero(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	(void)field;
	out->number = 0;
	return true;
}

bool
mib_empty(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	(void)field;
	out->len = 0;
	return true;
}

/* --- drops ------------------------------------------------------------------------------------------------ */

/* The MIB has one counter for both: a sequence number that was seen before, or that is too old to tell. */
static uint64_t
replays(const struct ipm_traffic *t)
{
	return t->drops[IPM_DROP_REPLAY] + t->drops[IPM_DROP_WINDOW];
}

bool
mib_in_drops(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_traffic *t = field;
	(void)cell;
	out->number = (ipm_traffic_drops(t) - replays(t)) & UINT32_MAX;
	return true;
}

bool
mib_out_drops(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = ipm_traffic_drops(field) & UINT32_MAX;
	return true;
}

static bool
drops_for(const struct ipm_traffic *t, enum ipm_drop why, struct mib_value *out)
{
	out->number = t->drops[why] & UINT32_MAX;
	return true;
}

bool
mib_replay_drops(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = replays(field) & UINT32_MAX;
	return true;
}

/* Of the gateway, both ways. */
static bool
gateway_drops(const struct mib_cell *cell, enum ipm_drop why, struct mib_value *out)
{
	const struct ipm_totals *totals = cell->record;
	out->number =
		(totals->in.drops[why] + totals->out.drops[why] + totals->fails_in[why] + totals->fails_out[why]) &
		UINT32_MAX;
	return true;
}

bool
mib_policy_drops(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)field;
	return gateway_drops(cell, IPM_DROP_POLICY, out);
}

bool
mib_no_sa_drops(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)field;
	return gateway_drops(cell, IPM_DROP_NO_SA, out);
}

bool
mib_capacity_drops(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)field;
	return gateway_drops(cell, IPM_DROP_CAPACITY, out);
}

bool
mib_auth_fails(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	return drops_for(field, IPM_DROP_AUTH, out);
}

/* Of the gateway: those that are no drops, too. */
bool
mib_encrypt_fails(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_totals *totals = cell->record;
	(void)field;
	out->number = (totals->out.drops[IPM_DROP_CRYPT] + totals->fails_out[IPM_DROP_CRYPT]) & UINT32_MAX;
	return true;
}

bool
mib_crypt_fails(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	return drops_for(field, IPM_DROP_CRYPT, out);
}

/* --- algorithms: IANA's IKEv2 transform numbers to the MIB's enumerations ---------------------------------- */

#define ALGO_NONE  1
#define ALGO_OTHER 99

static unsigned
encrypt_algo(uint16_t encr)
{
	switch (encr) {
	case 11: /* ENCR_NULL */
	case 21: /* ENCR_NULL_AUTH_AES_GMAC */
		return ALGO_NONE;
	case 2: /* DES */
		return 2;
	case 3: /* 3DES */
		return 3;
	case 12: /* AES-CBC */
		return 4;
	case 13: /* AES-CTR */
		return 5;
	case 18:
	case 19:
	case 20: /* AES-GCM, three lengths of ICV */
	case 30: /* AES-GCM, implicit IV */
		return 6;
	case 14:
	case 15:
	case 16: /* AES-CCM, likewise */
	case 29: /* AES-CCM, implicit IV */
		return 7;
	case 28: /* ChaCha20-Poly1305 */
	case 31: /* likewise, implicit IV */
		return 8;
	case 23: /* Camellia-CBC */
		return 9;
	default: /* also what was not told: a cipher that is not known is not "none" */
		return ALGO_OTHER;
	}
}

static unsigned
auth_algo(uint16_t integ)
{
	switch (integ) {
	case 1: /* HMAC-MD5-96 */
	case 6: /* HMAC-MD5-128 */
		return 2;
	case 2: /* HMAC-SHA1-96 */
	case 7: /* HMAC-SHA1-160 */
		return 3;
	case 12: /* HMAC-SHA2-256-128 */
		return 4;
	case 13: /* HMAC-SHA2-384-192 */
		return 5;
	case 14: /* HMAC-SHA2-512-256 */
		return 6;
	case 5: /* AES-XCBC-96 */
		return 7;
	case 8: /* AES-CMAC-96 */
		return 8;
	default:
		return ALGO_OTHER;
	}
}

bool
mib_encrypt_algo(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_proposal *p = field;
	(void)cell;
	out->number = encrypt_algo(p->encr);
	return true;
}

bool
mib_dh_group(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_proposal *p = field;
	(void)cell;
	out->number = p->group == IPM_TRANSFORM_OTHER ? ALGO_OTHER : p->group + 1u; /* none(1) is group 0 */
	return true;
}

/* What an SA of the tunnel uses; a transform that the protocol does not have is none(1). */
static unsigned
tunnel_encrypt(const struct ipm_tunnel *tunnel, const struct ipm_proposal *p, uint16_t ah)
{
	(void)ah;
	return tunnel->protocol == IPPROTO_ESP ? encrypt_algo(p->encr) : ALGO_NONE;
}

static unsigned
tunnel_ah_auth(const struct ipm_tunnel *tunnel, const struct ipm_proposal *p, uint16_t ah)
{
	if (tunnel->protocol == IPPROTO_AH)
		return auth_algo(p->integ);
	return ah ? auth_algo(ah) : ALGO_NONE;
}

static unsigned
tunnel_esp_auth(const struct ipm_tunnel *tunnel, const struct ipm_proposal *p, uint16_t ah)
{
	(void)ah;
	if (tunnel->protocol != IPPROTO_ESP)
		return ALGO_NONE;
	if (p->integ)
		return auth_algo(p->integ);
	if (ipm_is_aead(p->encr))
		return 9;
	/* Camellia-CTR is the last without integrity of its own; what is newer, or not told, may have it. */
	return p->encr > 0 && p->encr <= 24 ? ALGO_NONE : ALGO_OTHER;
}

#define TUNNEL_ALGO(name, function, sa, ah)                                              \
	bool name(const struct mib_cell *cell, const void *field, struct mib_value *out) \
	{                                                                                \
		const struct ipm_tunnel *tunnel = field;                                 \
		(void)cell;                                                              \
		out->number = function(tunnel, &tunnel->sa, tunnel->ah);                 \
		return true;                                                             \
	}
TUNNEL_ALGO(mib_in_encrypt, tunnel_encrypt, in_sa, in_ah)
TUNNEL_ALGO(mib_in_ah_auth, tunnel_ah_auth, in_sa, in_ah)
TUNNEL_ALGO(mib_in_esp_auth, tunnel_esp_auth, in_sa, in_ah)
TUNNEL_ALGO(mib_out_encrypt, tunnel_encrypt, out_sa, out_ah)
TUNNEL_ALGO(mib_out_ah_auth, tunnel_ah_auth, out_sa, out_ah)
TUNNEL_ALGO(mib_out_esp_auth, tunnel_esp_auth, out_sa, out_ah)

bool
mib_comp_algo(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	/* DEFLATE is what IPComp is used with; the MIB names it ldf. */
	out->number = *(const uint8_t *)field ? 2 : ALGO_NONE;
	return true;
}

bool
mib_ike_hash(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_proposal *p = field;
	(void)cell;
	switch (p->prf) {
	case 1: /* PRF-HMAC-MD5 */
		out->number = 2;
		break;
	case 2: /* PRF-HMAC-SHA1 */
		out->number = 3;
		break;
	case 5: /* PRF-HMAC-SHA2-256, -384, -512 */
	case 6:
	case 7:
		out->number = p->prf - 1u;
		break;
	default:
		out->number = ALGO_OTHER;
	}
	return true;
}

bool
mib_ike_auth(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	static const uint8_t number[] = { [IPM_AUTH_PSK] = 2,
					  [IPM_AUTH_RSA] = 3,
					  [IPM_AUTH_ECDSA] = 6,
					  [IPM_AUTH_EAP] = 7,
					  [IPM_AUTH_EDDSA] = 8,
					  [IPM_AUTH_PUBKEY] = ALGO_OTHER,
					  [IPM_AUTH_UNKNOWN] = ALGO_OTHER };
	uint8_t auth = *(const uint8_t *)field;
	(void)cell;
	out->number = auth < MIB_COUNT(number) ? number[auth] : ALGO_OTHER;
	return true;
}

bool
mib_ike_mode(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_ike_sa *sa = field;
	(void)cell;
	/* IKEv2 has no modes; like main mode, it always hides the identities. */
	if (sa->version == 2 || sa->mode == IPM_MODE_MAIN)
		out->number = 1;
	else
		out->number = sa->mode == IPM_MODE_AGGRESSIVE ? 2 : ALGO_OTHER;
	return true;
}

/* Charon prints a key ID as octets: eight of them look like an IPv6 address, in whose range there are none. */
static bool
is_octets(const char *id)
{
	for (size_t i = 2; i < 23; i += 3)
		if (strlen(id) != 23 || id[i] != ':')
			return false;
	return true;
}

/*
 * VICI tells no type of an identity. Charon prints an address the canonical way: what only parses as one is another
 * identity.
 */
static bool
is_address(const char *id)
{
	struct in6_addr addr;
	char text[INET6_ADDRSTRLEN];
	int family = strchr(id, ':') ? AF_INET6 : AF_INET;

	return inet_pton(family, id, &addr) == 1 && inet_ntop(family, &addr, text, sizeof(text)) &&
	       strcasecmp(text, id) == 0 && !is_octets(id);
}

bool
mib_peer_type(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = is_address(field) ? 1 : 2;
	return true;
}

/* --- lifetimes -------------------------------------------------------------------------------------------- */

/*
 * An SA's life in the MIB's unit, at least 1: its hard limit; where only the soft one is known, that one, for
 * then the SA is replaced; else "no limit".
 */
static uint32_t
life(uint64_t soft, uint64_t hard, uint64_t unit)
{
	uint64_t end = hard ? hard : soft, limit = end / unit;
	if (end == 0 || limit > NO_LIMIT)
		return NO_LIMIT;
	return limit == 0 ? 1 : (uint32_t)limit;
}

/* How long before its end the SA is refreshed: at least 1, as the MIB wants it. */
static uint32_t
threshold(uint64_t soft, uint64_t hard, uint64_t unit)
{
	uint64_t before = soft && hard > soft ? (hard - soft) / unit : 0;
	return before == 0 ? 1 : before > NO_LIMIT ? NO_LIMIT : (uint32_t)before;
}

bool
mib_ike_life(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_ike_sa *sa = field;
	(void)cell;
	out->number = life(sa->soft_ns, sa->hard_ns, NS_PER_SECOND);
	return true;
}

bool
mib_ike_threshold(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_ike_sa *sa = field;
	(void)cell;
	out->number = threshold(sa->soft_ns, sa->hard_ns, NS_PER_SECOND);
	return true;
}

bool
mib_tun_life_time(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_tunnel *t = field;
	(void)cell;
	out->number = life(t->soft_ns, t->hard_ns, NS_PER_SECOND);
	return true;
}

bool
mib_tun_life_size(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_tunnel *t = field;
	(void)cell;
	out->number = life(t->soft_octets, t->hard_octets, 1024);
	return true;
}

bool
mib_tun_time_threshold(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_tunnel *t = field;
	(void)cell;
	out->number = threshold(t->soft_ns, t->hard_ns, NS_PER_SECOND);
	return true;
}

bool
mib_tun_size_threshold(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_tunnel *t = field;
	(void)cell;
	out->number = threshold(t->soft_octets, t->hard_octets, 1024);
	return true;
}

bool
mib_tun_ike_alive(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	out->number = ipm_tunnel_ike_alive(cell->seg, field) ? 1 : 2; /* TruthValue */
	return true;
}

/* --- selectors -------------------------------------------------------------------------------------------- */

bool
mib_sel_type(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_sel_side *side = field;
	(void)cell;
	out->number = side->type;
	return true;
}

bool
mib_sel_addr1(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_sel_side *side = field;
	return mib_addr(cell, &side->first, out);
}

/* A subnet's mask, a range's end; for a single address, the address again. */
bool
mib_sel_addr2(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_sel_side *side = field;
	if (side->type != IPM_SEL_SUBNET)
		return mib_addr(cell, &side->last, out);
	out->len = side->first.len == 16 ? 16 : 4;
	for (uint32_t i = 0; i < out->len; i++) {
		int bits = side->prefix - 8 * (int)i;
		out->octets[i] = bits >= 8 ? 0xff : bits <= 0 ? 0 : (uint8_t)(0xff00 >> bits);
	}
	return true;
}

/* The MIB has room for one port: a range of them, and "any", is 0. */
bool
mib_sel_port(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_sel_side *side = field;
	(void)cell;
	out->number = side->port_first == side->port_last ? side->port_first : 0;
	return true;
}

bool
mib_spi_protocol(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	switch (*(const uint8_t *)field) {
	case IPPROTO_AH:
		out->number = 1;
		return true;
	case IPPROTO_ESP:
		out->number = 2;
		return true;
	case IPPROTO_COMP:
		out->number = 3;
		return true;
	default:
		return false;
	}
}

/* --- history and failures --------------------------------------------------------------------------------- */

static bool
lasted(uint64_t from, uint64_t to, struct mib_value *out)
{
	out->number = mib_ticks(from, to);
	return true;
}

bool
mib_ike_lasted(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_ike_history *was = field;
	(void)cell;
	return lasted(was->sa.created_ns, was->ended_ns, out);
}

bool
mib_tun_lasted(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_tunnel_history *was = field;
	(void)cell;
	return lasted(was->tunnel.created_ns, was->ended_ns, out);
}

bool
mib_ike_sas(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_ike_sa *sa = field;
	(void)cell;
	out->number = sa->refreshes + 1u;
	return true;
}

bool
mib_tun_sas(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_tunnel *tunnel = field;
	(void)cell;
	out->number = tunnel->sas + tunnel->sas_retired;
	return true;
}

/* cikeTunHistTermReason and cipSecTunHistTermReason differ in what 6 means. */
static unsigned
term_reason(uint32_t reason, enum ipm_reason six)
{
	switch (reason) {
	case IPM_REASON_NORMAL:
		return 2;
	case IPM_REASON_OPERATOR:
		return 3;
	case IPM_REASON_PEER_DELETE:
		return 4;
	case IPM_REASON_PEER_LOST:
		return 5;
	case IPM_REASON_CHECKPOINT:
		return 7;
	default:
		return reason == six ? 6 : 1;
	}
}

bool
mib_ike_reason(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_ike_history *was = field;
	(void)cell;
	out->number = term_reason(was->reason, IPM_REASON_LOCAL_FAILURE);
	return true;
}

bool
mib_tun_reason(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_tunnel_history *was = field;
	(void)cell;
	out->number = term_reason(was->reason, IPM_REASON_SEQ_ROLLOVER);
	return true;
}

static bool
fail_reason(const void *field, const uint8_t *number, size_t count, struct mib_value *out)
{
	uint32_t reason = *(const uint32_t *)field;
	out->number = reason < count && number[reason] ? number[reason] : 1;
	return true;
}

bool
mib_ike_fail_reason(const struct mib_cell *cell, const void *field, struct mib_value *out)
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
	(void)cell;
	return fail_reason(field, number, MIB_COUNT(number), out);
}

bool
mib_tun_fail_reason(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	static const uint8_t number[] = {
		[IPM_FAIL_INTERNAL] = 2,      [IPM_FAIL_ENCODING] = 3,     [IPM_FAIL_PROPOSAL] = 4,
		[IPM_FAIL_PROTOCOL_USE] = 5,  [IPM_FAIL_NO_SA] = 6,        [IPM_FAIL_DECRYPT] = 7,
		[IPM_FAIL_CRYPT] = 7,         [IPM_FAIL_ENCRYPT] = 8,      [IPM_FAIL_IN_AUTH] = 9,
		[IPM_FAIL_AUTH] = 9,          [IPM_FAIL_OUT_AUTH] = 10,    [IPM_FAIL_COMPRESSION] = 11,
		[IPM_FAIL_CAPACITY] = 12,     [IPM_FAIL_PEER_DELETE] = 13, [IPM_FAIL_PEER_LOST] = 14,
		[IPM_FAIL_SEQ_ROLLOVER] = 15, [IPM_FAIL_OPERATOR] = 16,    [IPM_FAIL_LOCAL] = 2,
	};
	(void)cell;
	return fail_reason(field, number, MIB_COUNT(number), out);
}

/* The published range ends at 2147483647, where half of all SPIs begin: charon's are 0xc... */
bool
mib_fail_spi(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	return mib_index(cell, field, out) && out->number <= INT32_MAX;
}
