/* SPDX-License-Identifier: ISC */
/* Conversions from the model's units to the MIB's. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "mib_convert.h"

#define NO_LIMIT 2147483647u /* the INTEGER that the MIB uses for "no limit" */

bool
mib_none(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	(void)field;
	(void)out;
	return false;
}

bool
mib_string(struct mib_value *out, const char *text, size_t size)
{
	out->len = (uint32_t)strnlen(text, size - 1);
	memcpy(out->octets, text, out->len);
	return true;
}

bool
mib_object(struct mib_value *out, const uint32_t *subid, size_t count)
{
	out->len = (uint32_t)(count * sizeof(*subid));
	memcpy(out->octets, subid, out->len);
	return true;
}

/* --- numbers and texts ------------------------------------------------------------------------------------ */

MIB_CONVERT_DEFINE(mib_u8, uint8_t)
{
	return mib_number(out, *field);
}

MIB_CONVERT_DEFINE(mib_u32, uint32_t)
{
	return mib_number(out, *field);
}

MIB_CONVERT_DEFINE(mib_index, uint32_t)
{
	return mib_number(out, *field) && *field != 0;
}

MIB_CONVERT_DEFINE(mib_admin_status, uint8_t)
{
	return mib_number(out, *field ? 2 : 1);
}

MIB_CONVERT_DEFINE(mib_u64, uint64_t)
{
	return mib_number(out, *field);
}

MIB_CONVERT_DEFINE(mib_u64_low, uint64_t)
{
	return mib_number(out, *field & UINT32_MAX);
}

MIB_CONVERT_DEFINE(mib_u64_high, uint64_t)
{
	return mib_number(out, *field >> 32);
}

MIB_CONVERT_DEFINE(mib_id, mib_id_text)
{
	return mib_string(out, *field, sizeof(*field));
}

MIB_CONVERT_DEFINE(mib_name, mib_name_text)
{
	return mib_string(out, *field, sizeof(*field));
}

MIB_CONVERT_DEFINE(mib_text, mib_long_text)
{
	return mib_string(out, *field, sizeof(*field));
}

/* The MIB allows 4 or 16 octets only. An unknown address is 0.0.0.0. */
MIB_CONVERT_DEFINE(mib_addr, struct ipm_addr)
{
	out->len = field->len == 16 ? 16 : 4;
	if (field->len == 0)
		memset(out->octets, 0, out->len);
	else
		memcpy(out->octets, field->bytes, out->len);
	return true;
}

/* --- times ------------------------------------------------------------------------------------------------ */

static uint64_t
ticks_between(uint64_t from_ns, uint64_t to_ns, uint64_t most)
{
	uint64_t ticks = to_ns > from_ns ? (to_ns - from_ns) / NS_PER_TICK : 0;
	return ticks < most ? ticks : most;
}

uint64_t
mib_ticks(uint64_t from_ns, uint64_t to_ns)
{
	return ticks_between(from_ns, to_ns, INT32_MAX);
}

MIB_CONVERT_DEFINE(mib_age, uint64_t)
{
	return mib_number(out, mib_ticks(*field, cell->now_ns));
}

MIB_CONVERT_DEFINE(mib_since, uint64_t)
{
	return mib_number(out, ticks_between(*field, cell->now_ns, UINT32_MAX)) && *field != 0;
}

/* RFC 2579: events before the master started have time 0. */
MIB_CONVERT_DEFINE(mib_moment, uint64_t)
{
	return mib_number(out, *field > cell->master_ns ? (*field - cell->master_ns) / NS_PER_TICK & UINT32_MAX : 0);
}

MIB_CONVERT_DEFINE(mib_seconds, uint64_t)
{
	uint64_t seconds = *field / NS_PER_SECOND;
	return mib_number(out, seconds < UINT32_MAX ? seconds : UINT32_MAX);
}

/* --- traffic ---------------------------------------------------------------------------------------------- */

/*
 * With IPComp, not every feed knows octets before compression. A zero although octets were counted means unknown,
 * unless a feed counts IPComp SAs.
 */
static bool
raw_known(const struct ipm_traffic *t)
{
	return t->raw_octets != 0 || t->octets == 0 || t->comps != 0;
}

MIB_CONVERT_DEFINE(mib_raw, struct ipm_traffic)
{
	return mib_number(out, field->raw_octets) && raw_known(field);
}

MIB_CONVERT_DEFINE(mib_raw_low, struct ipm_traffic)
{
	return mib_number(out, field->raw_octets & UINT32_MAX) && raw_known(field);
}

MIB_CONVERT_DEFINE(mib_raw_high, struct ipm_traffic)
{
	return mib_number(out, field->raw_octets >> 32) && raw_known(field);
}

/* The MIB has one counter for repeated sequence numbers and for numbers too old to check. */
static uint64_t
replay_drops(const struct ipm_traffic *t)
{
	return t->drops[IPM_DROP_REPLAY] + t->drops[IPM_DROP_WINDOW];
}

MIB_CONVERT_DEFINE(mib_in_drops, struct ipm_traffic)
{
	return mib_number(out, (ipm_traffic_drops(field) - replay_drops(field)) & UINT32_MAX);
}

MIB_CONVERT_DEFINE(mib_replay_drops, struct ipm_traffic)
{
	return mib_number(out, replay_drops(field) & UINT32_MAX);
}

MIB_CONVERT_DEFINE(mib_out_drops, struct ipm_traffic)
{
	return mib_number(out, ipm_traffic_drops(field) & UINT32_MAX);
}

MIB_CONVERT_DEFINE(mib_auth_fails, struct ipm_traffic)
{
	return mib_number(out, field->drops[IPM_DROP_AUTH] & UINT32_MAX);
}

MIB_CONVERT_DEFINE(mib_crypt_fails, struct ipm_traffic)
{
	return mib_number(out, field->drops[IPM_DROP_CRYPT] & UINT32_MAX);
}

/* --- algorithms: IANA's IKEv2 transform numbers to the MIB's enumerations ---------------------------------- */

static unsigned
encrypt_algo(uint16_t encr)
{
	switch (encr) {
	case IPM_ENCR_NULL:
	case IPM_ENCR_NULL_AUTH_AES_GMAC:
		return ALGO_NONE;
	case IPM_ENCR_DES:
		return 2;
	case IPM_ENCR_3DES:
		return 3;
	case IPM_ENCR_AES_CBC:
		return 4;
	case IPM_ENCR_AES_CTR:
		return 5;
	case IPM_ENCR_AES_GCM_8:
	case IPM_ENCR_AES_GCM_12:
	case IPM_ENCR_AES_GCM_16:
	case IPM_ENCR_AES_GCM_16_IIV:
		return 6;
	case IPM_ENCR_AES_CCM_8:
	case IPM_ENCR_AES_CCM_12:
	case IPM_ENCR_AES_CCM_16:
	case IPM_ENCR_AES_CCM_8_IIV:
		return 7;
	case IPM_ENCR_CHACHA20_POLY1305:
	case IPM_ENCR_CHACHA20_POLY1305_IIV:
		return 8;
	case IPM_ENCR_CAMELLIA_CBC:
		return 9;
	default: /* also for 0: an unknown cipher is not "none" */
		return ALGO_OTHER;
	}
}

static unsigned
auth_algo(uint16_t integ)
{
	switch (integ) {
	case IPM_INTEG_HMAC_MD5_96:
	case IPM_INTEG_HMAC_MD5_128:
		return 2;
	case IPM_INTEG_HMAC_SHA1_96:
	case IPM_INTEG_HMAC_SHA1_160:
		return 3;
	case IPM_INTEG_HMAC_SHA2_256_128:
		return 4;
	case IPM_INTEG_HMAC_SHA2_384_192:
		return 5;
	case IPM_INTEG_HMAC_SHA2_512_256:
		return 6;
	case IPM_INTEG_AES_XCBC_96:
		return 7;
	case IPM_INTEG_AES_CMAC_96:
		return 8;
	default:
		return ALGO_OTHER;
	}
}

MIB_CONVERT_DEFINE(mib_encrypt_algo, struct ipm_proposal)
{
	return mib_number(out, encrypt_algo(field->encr));
}

MIB_CONVERT_DEFINE(mib_dh_group, struct ipm_proposal)
{
	return mib_number(out,
			  field->group == IPM_TRANSFORM_OTHER ? ALGO_OTHER : field->group + 1u); /* none(1): group 0 */
}

/* The transform that an SA of the tunnel uses. A transform that the tunnel's protocol lacks is none(1). */
static unsigned
tunnel_encrypt(const struct ipm_tunnel *tunnel, const struct ipm_proposal *p)
{
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
tunnel_esp_auth(const struct ipm_tunnel *tunnel, const struct ipm_proposal *p)
{
	if (tunnel->protocol != IPPROTO_ESP)
		return ALGO_NONE;
	if (p->integ)
		return auth_algo(p->integ);
	if (ipm_is_aead(p->encr))
		return 9;
	/* IPM_ENCR_CAMELLIA_CTR is the last cipher without integrity. Newer or unknown ciphers may have it. */
	return p->encr > 0 && p->encr <= IPM_ENCR_CAMELLIA_CTR ? ALGO_NONE : ALGO_OTHER;
}

MIB_CONVERT_DEFINE(mib_in_encrypt, struct ipm_tunnel)
{
	return mib_number(out, tunnel_encrypt(field, &field->in_sa));
}

MIB_CONVERT_DEFINE(mib_in_ah_auth, struct ipm_tunnel)
{
	return mib_number(out, tunnel_ah_auth(field, &field->in_sa, field->in_ah));
}

MIB_CONVERT_DEFINE(mib_in_esp_auth, struct ipm_tunnel)
{
	return mib_number(out, tunnel_esp_auth(field, &field->in_sa));
}

MIB_CONVERT_DEFINE(mib_out_encrypt, struct ipm_tunnel)
{
	return mib_number(out, tunnel_encrypt(field, &field->out_sa));
}

MIB_CONVERT_DEFINE(mib_out_ah_auth, struct ipm_tunnel)
{
	return mib_number(out, tunnel_ah_auth(field, &field->out_sa, field->out_ah));
}

MIB_CONVERT_DEFINE(mib_out_esp_auth, struct ipm_tunnel)
{
	return mib_number(out, tunnel_esp_auth(field, &field->out_sa));
}

MIB_CONVERT_DEFINE(mib_comp_algo, uint8_t)
{
	return mib_number(out, *field ? 2 : ALGO_NONE); /* IPComp means DEFLATE; the MIB's name is ldf */
}

MIB_CONVERT_DEFINE(mib_ike_hash, struct ipm_proposal)
{
	switch (field->prf) {
	case IPM_PRF_HMAC_MD5:
		return mib_number(out, 2);
	case IPM_PRF_HMAC_SHA1:
		return mib_number(out, 3);
	case IPM_PRF_HMAC_SHA2_256:
	case IPM_PRF_HMAC_SHA2_384:
	case IPM_PRF_HMAC_SHA2_512:
		return mib_number(out, field->prf - 1u);
	default:
		return mib_number(out, ALGO_OTHER);
	}
}

MIB_CONVERT_DEFINE(mib_ike_auth, uint8_t)
{
	static const uint8_t number[] = { [IPM_AUTH_PSK] = 2,
					  [IPM_AUTH_RSA] = 3,
					  [IPM_AUTH_ECDSA] = 6,
					  [IPM_AUTH_EAP] = 7,
					  [IPM_AUTH_EDDSA] = 8,
					  [IPM_AUTH_PUBKEY] = ALGO_OTHER,
					  [IPM_AUTH_UNKNOWN] = ALGO_OTHER };
	return mib_number(out, *field < MIB_COUNT(number) ? number[*field] : ALGO_OTHER);
}

/* --- IKE SAs and tunnels ------------------------------------------------------------------------------------ */

/* IKEv2 has no modes. Like main mode, it always protects the identities. */
MIB_CONVERT_DEFINE(mib_ike_mode, struct ipm_ike_sa)
{
	if (field->version == 2 || field->mode == IPM_MODE_MAIN)
		return mib_number(out, 1);
	return mib_number(out, field->mode == IPM_MODE_AGGRESSIVE ? 2 : ALGO_OTHER);
}

/* Charon prints a key ID as octets. Eight octets look like an IPv6 address, but no such address is in use. */
static bool
is_octets(const char *id)
{
	for (size_t i = 2; i < 23; i += 3)
		if (strlen(id) != 23 || id[i] != ':')
			return false;
	return true;
}

/*
 * VICI doesn't report the type of an identity. Charon prints addresses in canonical form. So a text that parses as an
 * address but is not canonical is another kind of identity.
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

unsigned
mib_identity_type(const char *id)
{
	return is_address(id) ? 1 : 2;
}

MIB_CONVERT_DEFINE(mib_id_type, mib_id_text)
{
	return mib_number(out, mib_identity_type(*field));
}

/*
 * An SA's lifetime in the MIB's unit, at least 1. This is the hard limit. If only the soft limit is known, use it: the
 * SA is replaced then. Without limits: "no limit".
 */
static uint32_t
life_or_no_limit(uint64_t soft, uint64_t hard, uint64_t unit)
{
	uint64_t end = hard ? hard : soft, limit = end / unit;
	if (end == 0 || limit > NO_LIMIT)
		return NO_LIMIT;
	return limit == 0 ? 1 : (uint32_t)limit;
}

MIB_CONVERT_DEFINE(mib_ike_life, struct ipm_ike_sa)
{
	return mib_number(out, life_or_no_limit(field->soft_ns, field->hard_ns, NS_PER_SECOND));
}

MIB_CONVERT_DEFINE(mib_tun_life_time, struct ipm_tunnel)
{
	return mib_number(out, life_or_no_limit(field->soft_ns, field->hard_ns, NS_PER_SECOND));
}

MIB_CONVERT_DEFINE(mib_tun_life_size, struct ipm_tunnel)
{
	return mib_number(out, life_or_no_limit(field->soft_octets, field->hard_octets, 1024));
}

bool
mib_threshold(uint64_t soft, uint64_t hard, uint64_t unit, struct mib_value *out)
{
	uint64_t before = soft && hard > soft ? (hard - soft) / unit : 0;
	return mib_number(out, before == 0 ? 1 : before > NO_LIMIT ? NO_LIMIT : before);
}

bool
mib_limit(uint64_t soft, uint64_t hard, uint64_t unit, uint32_t least, uint32_t most, struct mib_value *out)
{
	uint64_t limit = (hard ? hard : soft) / unit;
	return mib_number(out, limit < least ? least : limit > most ? most : limit) && (soft || hard);
}

/* --- selectors -------------------------------------------------------------------------------------------- */

MIB_CONVERT_DEFINE(mib_sel_type, struct ipm_sel_side)
{
	return mib_number(out, field->type);
}

MIB_CONVERT_DEFINE(mib_sel_addr1, struct ipm_sel_side)
{
	return mib_addr(cell, &field->first, out);
}

/* The mask of a subnet or the end of a range. For a single address, repeat the address. */
MIB_CONVERT_DEFINE(mib_sel_addr2, struct ipm_sel_side)
{
	if (field->type != IPM_SEL_SUBNET)
		return mib_addr(cell, &field->last, out);
	out->len = field->first.len == 16 ? 16 : 4;
	for (uint32_t i = 0; i < out->len; i++) {
		int bits = field->prefix - 8 * (int)i;
		out->octets[i] = bits >= 8 ? 0xff : bits <= 0 ? 0 : (uint8_t)(0xff00 >> bits);
	}
	return true;
}

/* The MIB has room for one port. A range of ports, and "any", is 0. */
MIB_CONVERT_DEFINE(mib_sel_port, struct ipm_sel_side)
{
	return mib_number(out, field->port_first == field->port_last ? field->port_first : 0);
}
