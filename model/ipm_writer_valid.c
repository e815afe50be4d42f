/* SPDX-License-Identifier: ISC */
/*
 * The values a record may have. Readers serve enumerations unchanged. So the writer replaces a 0 by the usual value, if
 * the field has one, and refuses values that readers don't know.
 */
#include <errno.h>
#include <netinet/in.h>

#include "ipm_writer_int.h"

/* Replace a 0. */
static void
supply(uint8_t *field, uint8_t otherwise)
{
	if (*field == 0)
		*field = otherwise;
}

int
ipm_ike_valid(struct ipm_writer *w, struct ipm_ike_sa *sa)
{
	supply(&sa->state, IPM_IKE_ESTABLISHED);
	if (sa->state > IPM_IKE_DELETING)
		return ipm_refuse_value(w, IPM_IKE_SAS, "state", sa->state);
	if (sa->mode > IPM_MODE_AGGRESSIVE)
		return ipm_refuse_value(w, IPM_IKE_SAS, "mode", sa->mode);
	if (sa->auth > IPM_AUTH_PUBKEY)
		return ipm_refuse_value(w, IPM_IKE_SAS, "auth", sa->auth);
	return 0;
}

int
ipm_session_valid(struct ipm_writer *w, struct ipm_session *s)
{
	supply(&s->state, IPM_SESSION_UP);
	supply(&s->kind, s->has_user || s->virtuals ? IPM_SESSION_REMOTE_ACCESS : IPM_SESSION_LAN_TO_LAN);
	if (s->kind > IPM_SESSION_LAN_TO_LAN)
		return ipm_refuse_value(w, IPM_SESSIONS, "kind", s->kind);
	if (s->state > IPM_SESSION_HELD)
		return ipm_refuse_value(w, IPM_SESSIONS, "state", s->state);
	if (s->user_is >= IPM_USER_COUNT)
		return ipm_refuse_value(w, IPM_SESSIONS, "user_is", s->user_is);
	if (s->auth > IPM_AUTH_PUBKEY)
		return ipm_refuse_value(w, IPM_SESSIONS, "auth", s->auth);
	if (s->virtuals > IPM_SESSION_ADDRS)
		return ipm_refuse_value(w, IPM_SESSIONS, "virtuals", s->virtuals);
	if (s->local_virtuals > IPM_SESSION_ADDRS)
		return ipm_refuse_value(w, IPM_SESSIONS, "local_virtuals", s->local_virtuals);
	return 0;
}

int
ipm_tunnel_valid(struct ipm_writer *w, struct ipm_tunnel *t)
{
	supply(&t->state, IPM_TUNNEL_UP);
	supply(&t->encap, IPM_ENCAP_TUNNEL);
	supply(&t->key_type, t->ike_index ? IPM_KEY_IKE : IPM_KEY_MANUAL);
	supply(&t->protocol, IPPROTO_ESP);
	if (t->state > IPM_TUNNEL_HELD)
		return ipm_refuse_value(w, IPM_TUNNELS, "state", t->state);
	if (t->encap > IPM_ENCAP_BEET)
		return ipm_refuse_value(w, IPM_TUNNELS, "encap", t->encap);
	if (t->key_type > IPM_KEY_MANUAL)
		return ipm_refuse_value(w, IPM_TUNNELS, "key_type", t->key_type);
	if (t->protocol != IPPROTO_ESP && t->protocol != IPPROTO_AH && t->protocol != IPPROTO_COMP)
		return ipm_refuse_value(w, IPM_TUNNELS, "protocol", t->protocol);
	return 0;
}

int
ipm_sa_valid(struct ipm_writer *w, struct ipm_sa *sa)
{
	supply(&sa->state, IPM_SA_ACTIVE);
	supply(&sa->protocol, IPPROTO_ESP);
	if (sa->direction != IPM_IN && sa->direction != IPM_OUT)
		return ipm_refuse_value(w, IPM_SAS, "direction", sa->direction);
	if (sa->state > IPM_SA_EXPIRING)
		return ipm_refuse_value(w, IPM_SAS, "state", sa->state);
	if (sa->protocol != IPPROTO_ESP && sa->protocol != IPPROTO_AH && sa->protocol != IPPROTO_COMP)
		return ipm_refuse_value(w, IPM_SAS, "protocol", sa->protocol);
	return 0;
}

int
ipm_map_valid(struct ipm_writer *w, struct ipm_map_entry *map)
{
	supply(&map->kind, IPM_MAP_STATIC);
	if (map->kind > IPM_MAP_DYNAMIC)
		return ipm_refuse_value(w, IPM_MAPS, "kind", map->kind);
	if (map->key_type > IPM_KEY_MANUAL)
		return ipm_refuse_value(w, IPM_MAPS, "key_type", map->key_type);
	if (map->encap > IPM_ENCAP_BEET)
		return ipm_refuse_value(w, IPM_MAPS, "encap", map->encap);
	if (map->pfs > IPM_PFS_YES)
		return ipm_refuse_value(w, IPM_MAPS, "pfs", map->pfs);
	if (map->auth > IPM_AUTH_PUBKEY)
		return ipm_refuse_value(w, IPM_MAPS, "auth", map->auth);
	if (map->peers > IPM_MAP_PEERS)
		return ipm_refuse_value(w, IPM_MAPS, "peers", map->peers);
	if (map->transforms > IPM_MAP_TRANSFORMS)
		return ipm_refuse_value(w, IPM_MAPS, "transforms", map->transforms);
	return 0;
}

int
ipm_engine_valid(struct ipm_writer *w, struct ipm_engine *engine)
{
	supply(&engine->kind, IPM_ENGINE_SOFTWARE);
	return engine->kind > IPM_ENGINE_HARDWARE ? ipm_refuse_value(w, IPM_ENGINES, "kind", engine->kind) : 0;
}

int
ipm_side_valid(struct ipm_writer *w, enum ipm_section_kind kind, struct ipm_sel_side *side)
{
	bool subnet = side->prefix || side->first.len == 0;
	bool single = side->last.len == 0 || ipm_addr_same(&side->first, &side->last);
	supply(&side->type, subnet ? IPM_SEL_SUBNET : single ? IPM_SEL_SINGLE : IPM_SEL_RANGE);
	return side->type > IPM_SEL_SUBNET ? ipm_refuse_value(w, kind, "type", side->type) : 0;
}
