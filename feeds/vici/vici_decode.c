/* SPDX-License-Identifier: ISC */
/* The keys of messages and their forms are from strongSwan's vici_query.c (5.9.8 and 6.0). */
#include "vici_decode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "ipm_hash.h"
#include "vici_value.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Names and their numbers ---- */

static const struct vici_named ike_states[] = {
	{ "CREATED", VICI_IKE_CREATED },
	{ "CONNECTING", VICI_IKE_CONNECTING },
	{ "ESTABLISHED", VICI_IKE_ESTABLISHED },
	{ "PASSIVE", VICI_IKE_PASSIVE },
	{ "REKEYING", VICI_IKE_REKEYING },
	{ "REKEYED", VICI_IKE_REKEYED },
	{ "DELETING", VICI_IKE_DELETING },
	{ "DESTROYING", VICI_IKE_DESTROYING },
	{ NULL, 0 },
};

static const struct vici_named child_states[] = {
	{ "CREATED", VICI_CHILD_CREATED },       { "ROUTED", VICI_CHILD_ROUTED },
	{ "INSTALLING", VICI_CHILD_INSTALLING }, { "INSTALLED", VICI_CHILD_INSTALLED },
	{ "UPDATING", VICI_CHILD_UPDATING },     { "REKEYING", VICI_CHILD_REKEYING },
	{ "REKEYED", VICI_CHILD_REKEYED },       { "RETRYING", VICI_CHILD_RETRYING },
	{ "DELETING", VICI_CHILD_DELETING },     { "DELETED", VICI_CHILD_DELETED },
	{ "DESTROYING", VICI_CHILD_DESTROYING }, { NULL, 0 },
};

static const struct vici_named versions[] = {
	{ "1", 1 }, { "2", 2 }, { "IKEv1", 1 }, { "IKEv2", 2 }, { "IKEv1/2", 0 }, { NULL, 0 },
};

static const struct vici_named flags[] = {
	{ "yes", true }, { "1", true }, { "no", false }, { "0", false }, { NULL, 0 },
};

static const struct vici_named modes[] = {
	{ "TUNNEL", IPM_ENCAP_TUNNEL },
	{ "TRANSPORT", IPM_ENCAP_TRANSPORT },
	{ "TRANSPORT_PROXY", IPM_ENCAP_TRANSPORT }, /* Mobile IPv6 */
	{ "BEET", IPM_ENCAP_BEET },
	{ "IPTFS", IPM_ENCAP_TUNNEL }, /* RFC 9347: a tunnel with its traffic pattern hidden */
	{ NULL, 0 },
};

#define SHUNT 255 /* modes without SAs */

static const struct vici_named conn_modes[] = {
	{ "TUNNEL", IPM_ENCAP_TUNNEL },
	{ "TRANSPORT", IPM_ENCAP_TRANSPORT },
	{ "TRANSPORT_PROXY", IPM_ENCAP_TRANSPORT },
	{ "BEET", IPM_ENCAP_BEET },
	{ "IPTFS", IPM_ENCAP_TUNNEL },
	{ "PASS", SHUNT },
	{ "DROP", SHUNT },
	{ NULL, 0 },
};

static const struct vici_named protocols[] = {
	{ "ESP", IPPROTO_ESP },
	{ "AH", IPPROTO_AH },
	{ NULL, 0 },
};

static const struct vici_named auths[] = {
	{ "any", IPM_AUTH_UNKNOWN },
	{ "public key", IPM_AUTH_PUBKEY },
	{ "pre-shared key", IPM_AUTH_PSK },
	{ "EAP", IPM_AUTH_EAP },
	{ "XAuth", IPM_AUTH_UNKNOWN }, /* in the first round: the peer in IKEv1 hybrid mode */
	{ NULL, 0 },
};

static const struct vici_named tasks[] = {
	{ "IKE_DELETE", VICI_TASK_IKE_DELETE },
	{ "ISAKMP_DELETE", VICI_TASK_IKE_DELETE },
	{ "CHILD_DELETE", VICI_TASK_CHILD_DELETE },
	{ "QUICK_DELETE", VICI_TASK_CHILD_DELETE },
	{ "INFORMATIONAL", VICI_TASK_INFORMATIONAL },
	{ "IKE_REAUTH", VICI_TASK_REAUTH },
	{ "IKE_REAUTH_COMPLETE", VICI_TASK_REAUTH_COMPLETE },
	{ "IKE_REKEY", VICI_TASK_IKE_REKEY },
	{ "CHILD_REKEY", VICI_TASK_CHILD_REKEY },
	{ "IKE_DPD", VICI_TASK_DPD },
	{ "ISAKMP_DPD", VICI_TASK_DPD },
	{ "IKE_INIT", VICI_TASK_IKE_INIT },
	{ "IKE_AUTH", VICI_TASK_IKE_AUTH },
	{ "MAIN_MODE", VICI_TASK_MAIN },
	{ "AGGRESSIVE_MODE", VICI_TASK_AGGRESSIVE },
	{ "XAUTH", VICI_TASK_XAUTH },
	{ NULL, 0 },
};

/* ---- Keys: which field of a struct a value goes to, and how ---- */

struct key {
	const char *key;
	bool (*take)(const struct key *key, struct vici_slice value, void *field); /* false: the field is unchanged */
	const struct vici_named *names;
	size_t offset, size; /* of the field */
	enum algo_type type; /* of a transform */
};

static void
store(uint64_t n, size_t size, void *field)
{
	if (size == sizeof(uint8_t))
		*(uint8_t *)field = (uint8_t)n;
	else if (size == sizeof(uint16_t))
		*(uint16_t *)field = (uint16_t)n;
	else if (size == sizeof(uint32_t))
		*(uint32_t *)field = (uint32_t)n;
	else
		*(uint64_t *)field = n;
}

static bool
take_number(const struct key *key, struct vici_slice value, unsigned int base, void *field)
{
	uint64_t n;
	bool ok = vici_number(value, base, UINT64_MAX >> (64 - 8 * key->size), &n);
	if (ok)
		store(n, key->size, field);
	return ok;
}

static bool
take_decimal(const struct key *key, struct vici_slice value, void *field)
{
	return take_number(key, value, 10, field);
}

static bool
take_hex(const struct key *key, struct vici_slice value, void *field)
{
	return take_number(key, value, 16, field);
}

/* Seconds until a moment, which are negative if it has passed. */
static bool
take_seconds(const struct key *key, struct vici_slice value, void *field)
{
	bool minus = value.len > 0 && value.at[0] == '-';
	uint64_t n;
	(void)key;
	if (!vici_number((struct vici_slice){ value.at + minus, value.len - minus }, 10, INT64_MAX, &n))
		return false;
	*(int64_t *)field = minus ? -(int64_t)n : (int64_t)n;
	return true;
}

static bool
take_named(const struct key *key, struct vici_slice value, void *field)
{
	const struct vici_named *known = vici_find_name(key->names, value);
	if (known != NULL)
		store(known->number, key->size, field);
	return known != NULL;
}

static bool
take_transform(const struct key *key, struct vici_slice value, void *field)
{
	store(vici_transform(key->type, value), key->size, field);
	return true;
}

static bool
take_name(const struct key *key, struct vici_slice value, void *field)
{
	vici_name(value, field, key->size);
	return true;
}

static bool
take_text(const struct key *key, struct vici_slice value, void *field)
{
	vici_text(value, field, key->size);
	return true;
}

/* An address; "%any" is none, and so is "%any6". */
static bool
take_addr(const struct key *key, struct vici_slice value, void *field)
{
	struct ipm_addr addr = { 0 };
	char text[INET6_ADDRSTRLEN];
	(void)key;
	if (!vici_is(value, "%any") && !vici_is(value, "%any6") &&
	    !(vici_string(value, text, sizeof(text)) && vici_addr(text, &addr)))
		return false;
	*(struct ipm_addr *)field = addr;
	return true;
}

#define KEY_AS(owner, key, how, names, type, field)                                                             \
	{                                                                                                       \
		key, take_##how, names, offsetof(struct owner, field), sizeof(((struct owner *)0)->field), type \
	}
#define KEY(owner, key, how, field)     KEY_AS(owner, key, how, NULL, 0, field)
#define NAMED(owner, key, names, field) KEY_AS(owner, key, named, names, 0, field)
#define ALGO(owner, key, type, field)   KEY_AS(owner, key, transform, NULL, ALGO_##type, field)

/* The keys outside of all sections. */
struct root {
	bool up;                                 /* ike-updown, child-updown: only present if true */
	char alert[IPM_NAME_MAX];                /* of alert */
	struct ipm_addr local_host, remote_host; /* of ike-update: where the IKE SA moves to */
	uint16_t local_port, remote_port;
};

static const struct key root_keys[] = {
	NAMED(root, "up", flags, up),
	KEY(root, "type", text, alert),
	KEY(root, "local-host", addr, local_host),
	KEY(root, "local-port", decimal, local_port),
	KEY(root, "remote-host", addr, remote_host),
	KEY(root, "remote-port", decimal, remote_port),
	{ 0 },
};

static const struct key ike_keys[] = {
	KEY(vici_ike, "uniqueid", decimal, uniqueid),
	NAMED(vici_ike, "version", versions, version),
	NAMED(vici_ike, "state", ike_states, state),
	NAMED(vici_ike, "initiator", flags, initiator),
	NAMED(vici_ike, "nat-local", flags, nat_local),
	NAMED(vici_ike, "nat-remote", flags, nat_remote),
	KEY(vici_ike, "local-host", addr, local_host),
	KEY(vici_ike, "local-port", decimal, local_port),
	KEY(vici_ike, "local-id", text, local_id),
	KEY(vici_ike, "remote-host", addr, remote_host),
	KEY(vici_ike, "remote-port", decimal, remote_port),
	KEY(vici_ike, "remote-id", text, remote_id),
	KEY(vici_ike, "remote-eap-id", text, eap_id),
	KEY(vici_ike, "remote-xauth-id", text, xauth_id),
	KEY(vici_ike, "initiator-spi", hex, spi_initiator),
	KEY(vici_ike, "responder-spi", hex, spi_responder),
	ALGO(vici_ike, "encr-alg", ENCR, proposal.encr),
	KEY(vici_ike, "encr-keysize", decimal, proposal.encr_bits),
	ALGO(vici_ike, "integ-alg", INTEG, proposal.integ),
	KEY(vici_ike, "integ-keysize", decimal, proposal.integ_bits),
	ALGO(vici_ike, "prf-alg", PRF, proposal.prf),
	ALGO(vici_ike, "dh-group", GROUP, proposal.group),
	KEY(vici_ike, "established", seconds, established),
	KEY(vici_ike, "rekey-time", seconds, rekey_time),
	KEY(vici_ike, "reauth-time", seconds, reauth_time),
	{ 0 },
};

static const struct key child_keys[] = {
	KEY(vici_child, "name", name, name),
	KEY(vici_child, "uniqueid", decimal, uniqueid),
	KEY(vici_child, "reqid", decimal, reqid),
	NAMED(vici_child, "state", child_states, state),
	NAMED(vici_child, "mode", modes, encap),
	NAMED(vici_child, "protocol", protocols, protocol),
	NAMED(vici_child, "encap", flags, udp_encap),
	KEY(vici_child, "spi-in", hex, spi_in),
	KEY(vici_child, "spi-out", hex, spi_out),
	KEY(vici_child, "cpi-in", hex, cpi_in),
	KEY(vici_child, "cpi-out", hex, cpi_out),
	KEY(vici_child, "mark-in", hex, mark_in),
	KEY(vici_child, "mark-out", hex, mark_out),
	KEY(vici_child, "if-id-in", hex, if_id_in),
	KEY(vici_child, "if-id-out", hex, if_id_out),
	ALGO(vici_child, "encr-alg", ENCR, proposal.encr),
	KEY(vici_child, "encr-keysize", decimal, proposal.encr_bits),
	ALGO(vici_child, "integ-alg", INTEG, proposal.integ),
	KEY(vici_child, "integ-keysize", decimal, proposal.integ_bits),
	ALGO(vici_child, "dh-group", GROUP, proposal.group),
	NAMED(vici_child, "esn", flags, proposal.esn),
	KEY(vici_child, "bytes-in", decimal, bytes_in),
	KEY(vici_child, "packets-in", decimal, packets_in),
	KEY(vici_child, "bytes-out", decimal, bytes_out),
	KEY(vici_child, "packets-out", decimal, packets_out),
	KEY(vici_child, "rekey-time", seconds, rekey_time),
	KEY(vici_child, "life-time", seconds, life_time),
	KEY(vici_child, "install-time", seconds, install_time),
	{ 0 },
};

static const struct key conn_keys[] = {
	NAMED(vici_conn, "version", versions, version),
	KEY(vici_conn, "rekey_time", decimal, ike_rekey_s),
	KEY(vici_conn, "reauth_time", decimal, ike_reauth_s),
	{ 0 },
};

/* How the peer must authenticate in one round. */
struct remote_round {
	uint8_t auth, user_is;
	char type[IPM_NAME_MAX];
};

static const struct key remote_keys[] = {
	NAMED(remote_round, "class", auths, auth),
	KEY(remote_round, "eap-type", text, type),
	KEY(remote_round, "xauth", text, type),
	{ 0 },
};

static const struct key local_keys[] = {
	KEY(vici_conn, "id", text, local_id),
	{ 0 },
};

static const struct key conn_child_keys[] = {
	NAMED(vici_conn_child, "mode", conn_modes, encap),
	KEY(vici_conn_child, "rekey_time", decimal, rekey_s),
	KEY(vici_conn_child, "rekey_bytes", decimal, rekey_octets),
	KEY(vici_conn_child, "rekey_packets", decimal, rekey_pkts),
	{ 0 },
};

/* ---- Messages ---- */

/* Step to the next element of the current section; false at its end. Leave inner sections with vici_leave(). */
static bool
step(struct vici_parser *p, struct vici_element *e)
{
	return vici_next(p, e) == 0 && e->kind != VICI_SECTION_END && e->kind != VICI_END;
}

static void
take(const struct key *keys, const struct vici_element *e, void *owner, uint32_t *bad)
{
	while (keys->key != NULL && !vici_is(e->name, keys->key))
		keys++;
	if (keys->key != NULL && !keys->take(keys, e->value, (char *)owner + keys->offset))
		++*bad;
}

/* Take the keys of a section and leave it. */
static void
take_section(struct vici_parser *p, const struct key *keys, void *owner, uint32_t *bad)
{
	struct vici_element e;
	while (step(p, &e)) {
		if (e.kind == VICI_KEY_VALUE)
			take(keys, &e, owner, bad);
		else if (e.kind == VICI_SECTION_START)
			vici_leave(p);
	}
}

/* The side of a rekey that a section within an SA's section has; VICI_CURRENT: none. */
static enum vici_role
side_of(struct vici_slice name)
{
	return vici_is(name, "old") ? VICI_OLD : vici_is(name, "new") ? VICI_NEW : VICI_CURRENT;
}

static void
ts_list(struct vici_parser *p, struct ipm_sel_side *ts, uint32_t *count, bool dynamic, uint32_t *bad)
{
	struct vici_element e;
	char text[192];
	*count = 0;
	while (step(p, &e) && e.kind == VICI_LIST_ITEM) {
		int rc = -EINVAL;
		if (*count < VICI_TS_MAX && vici_string(e.value, text, sizeof(text)))
			rc = vici_parse_conn_ts(text, &ts[*count]);
		*count += rc == 0 || (dynamic && rc == -ENODATA);
		*bad += rc == -EINVAL;
	}
}

/* The section has the keys of an SA or, in a child-rekey, sections "old" and "new" with those of two SAs. */
static void
child_section(struct vici_parser *p, struct vici_slice name, enum vici_role role, const struct vici_ike *ike,
	      struct vici_sink *sink)
{
	struct vici_child child;
	struct vici_element e;
	bool rekey = false;
	/* Not the selectors: beyond their count they may be undefined. */
	memset(&child, 0, offsetof(struct vici_child, local_ts));
	vici_name(name, child.name, sizeof(child.name));
	child.rekey_time = child.life_time = child.install_time = VICI_UNSET;
	child.bytes_in = child.packets_in = child.bytes_out = child.packets_out = UINT64_MAX;
	while (step(p, &e)) {
		enum vici_role side = side_of(e.name);
		if (e.kind == VICI_KEY_VALUE) {
			take(child_keys, &e, &child, &sink->bad_values);
		} else if (e.kind == VICI_LIST_START && vici_is(e.name, "local-ts")) {
			ts_list(p, child.local_ts, &child.local_count, false, &sink->bad_values);
		} else if (e.kind == VICI_LIST_START && vici_is(e.name, "remote-ts")) {
			ts_list(p, child.remote_ts, &child.remote_count, false, &sink->bad_values);
		} else if (e.kind == VICI_SECTION_START && role == VICI_CURRENT && side != VICI_CURRENT) {
			child_section(p, name, side, ike, sink);
			rekey = true;
		} else if (e.kind == VICI_SECTION_START) {
			vici_leave(p);
		}
	}
	uint64_t *counts[] = { &child.bytes_in, &child.packets_in, &child.bytes_out, &child.packets_out };
	child.has_counts = true;
	for (size_t i = 0; i < COUNT(counts); i++) {
		if (*counts[i] == UINT64_MAX) {
			*counts[i] = 0;
			child.has_counts = false;
		}
	}
	if (!rekey && sink->child != NULL)
		sink->child(sink->arg, role, ike, &child);
}

static void
children_section(struct vici_parser *p, const struct vici_ike *ike, struct vici_sink *sink)
{
	struct vici_element e;
	while (step(p, &e)) {
		if (e.kind == VICI_SECTION_START)
			child_section(p, e.name, VICI_CURRENT, ike, sink);
	}
}

static void
move_hosts(struct vici_ike *ike, const struct root *to)
{
	if (to->local_host.len != 0) {
		ike->local_host = to->local_host;
		ike->local_port = to->local_port;
	}
	if (to->remote_host.len != 0) {
		ike->remote_host = to->remote_host;
		ike->remote_port = to->remote_port;
	}
}

/* The field for this list of tasks; NULL: it is another list. */
static uint16_t *
tasks_field(struct vici_ike *ike, struct vici_slice name)
{
	return vici_is(name, "tasks-active")    ? &ike->active
	       : vici_is(name, "tasks-passive") ? &ike->passive
	       : vici_is(name, "tasks-queued")  ? &ike->queued
						: NULL;
}

static void
task_list(struct vici_parser *p, uint16_t *bits)
{
	struct vici_element e;
	while (step(p, &e) && e.kind == VICI_LIST_ITEM) {
		const struct vici_named *known = vici_find_name(tasks, e.value);
		*bits |= known != NULL ? known->number : VICI_TASK_OTHER;
	}
}

/* Virtual addresses. What there is no room for is left out. */
static void
vip_list(struct vici_parser *p, struct ipm_addr vip[IPM_SESSION_ADDRS], uint8_t *count, uint32_t *bad)
{
	struct vici_element e;
	*count = 0;
	while (step(p, &e) && e.kind == VICI_LIST_ITEM) {
		struct ipm_addr addr = { 0 };
		char text[INET6_ADDRSTRLEN];
		bool good = vici_string(e.value, text, sizeof(text)) && vici_addr(text, &addr);
		*bad += !good;
		if (good && *count < IPM_SESSION_ADDRS)
			vip[(*count)++] = addr;
	}
}

static void
ike_section(struct vici_parser *p, struct vici_slice name, enum vici_role role, const struct root *root,
	    struct vici_sink *sink)
{
	struct vici_ike ike = { .established = VICI_UNSET, .rekey_time = VICI_UNSET, .reauth_time = VICI_UNSET };
	struct vici_parser children = *p;
	struct vici_element e;
	bool rekey = false;
	vici_name(name, ike.name, sizeof(ike.name));
	while (step(p, &e)) {
		enum vici_role side = side_of(e.name);
		if (e.kind == VICI_KEY_VALUE) {
			take(ike_keys, &e, &ike, &sink->bad_values);
		} else if (e.kind == VICI_LIST_START && tasks_field(&ike, e.name) != NULL) {
			task_list(p, tasks_field(&ike, e.name));
		} else if (e.kind == VICI_LIST_START && vici_is(e.name, "remote-vips")) {
			vip_list(p, ike.remote_vip, &ike.remote_vips, &sink->bad_values);
		} else if (e.kind == VICI_LIST_START && vici_is(e.name, "local-vips")) {
			vip_list(p, ike.local_vip, &ike.local_vips, &sink->bad_values);
		} else if (e.kind == VICI_SECTION_START && role == VICI_CURRENT && side != VICI_CURRENT) {
			ike_section(p, name, side, root, sink);
			rekey = true;
		} else if (e.kind == VICI_SECTION_START) {
			vici_leave(p);
		}
	}
	if (rekey)
		return;
	move_hosts(&ike, root);
	if (sink->ike != NULL)
		sink->ike(sink->arg, role, &ike);
	while (step(&children, &e)) {
		if (e.kind == VICI_SECTION_START && vici_is(e.name, "child-sas"))
			children_section(&children, &ike, sink);
		else if (e.kind == VICI_SECTION_START)
			vici_leave(&children);
	}
}

static void
conn_child_section(struct vici_parser *p, struct vici_slice name, const struct vici_conn *conn, struct vici_sink *sink)
{
	struct vici_conn_child child;
	struct vici_element e;

	memset(&child, 0, offsetof(struct vici_conn_child, local_ts));
	vici_name(name, child.name, sizeof(child.name));
	while (step(p, &e)) {
		if (e.kind == VICI_KEY_VALUE)
			take(conn_child_keys, &e, &child, &sink->bad_values);
		else if (e.kind == VICI_LIST_START && vici_is(e.name, "local-ts"))
			ts_list(p, child.local_ts, &child.local_count, true, &sink->bad_values);
		else if (e.kind == VICI_LIST_START && vici_is(e.name, "remote-ts"))
			ts_list(p, child.remote_ts, &child.remote_count, true, &sink->bad_values);
		else if (e.kind == VICI_SECTION_START)
			vici_leave(p);
	}
	child.shunt = child.encap == SHUNT;
	if (child.shunt)
		child.encap = 0;
	if (sink->conn_child != NULL)
		sink->conn_child(sink->arg, conn, &child);
}

static void
conn_children_section(struct vici_parser *p, const struct vici_conn *conn, struct vici_sink *sink)
{
	struct vici_element e;
	while (step(p, &e)) {
		if (e.kind == VICI_SECTION_START)
			conn_child_section(p, e.name, conn, sink);
	}
}

/* "10.0.0.1"; not "%any", "10.0.0.0/24", "10.0.0.1-10.0.0.9", "gw.example.net". */
static bool
host_addr(struct vici_slice value, struct ipm_addr *out)
{
	char text[INET6_ADDRSTRLEN];
	return vici_string(value, text, sizeof(text)) && vici_addr(text, out);
}

static bool
is_host_name(struct vici_slice value)
{
	/* Names may contain a '-', too, but a range begins with an address. */
	const uint8_t *dash = value.len ? memchr(value.at, '-', value.len) : NULL;
	struct ipm_addr addr;
	return value.len > 0 && value.at[0] != '%' && memchr(value.at, '/', value.len) == NULL &&
	       !host_addr(value, &addr) &&
	       !(dash && host_addr((struct vici_slice){ value.at, (size_t)(dash - value.at) }, &addr));
}

static void
local_hosts(struct vici_parser *p, struct vici_conn *conn)
{
	struct vici_element e;
	struct ipm_addr addr;
	while (step(p, &e) && e.kind == VICI_LIST_ITEM)
		if (conn->local.len == 0 && host_addr(e.value, &addr))
			conn->local = addr;
}

static void
remote_hosts(struct vici_parser *p, struct vici_conn *conn)
{
	char all[IPM_TEXT_MAX * 2] = "";
	struct vici_element e;
	struct ipm_addr addr;
	size_t len = 0;

	while (step(p, &e) && e.kind == VICI_LIST_ITEM) {
		if (host_addr(e.value, &addr) && conn->peers < IPM_MAP_PEERS)
			conn->peer[conn->peers++] = addr;
		conn->peer_named |= is_host_name(e.value);
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%.*s", len ? "," : "",
					(int)(e.value.len < sizeof(all) ? e.value.len : sizeof(all)),
					(const char *)e.value.at);
		if (len >= sizeof(all))
			len = sizeof(all) - 1;
	}
	vici_text((struct vici_slice){ (const uint8_t *)all, len }, conn->peer_text, sizeof(conn->peer_text));
}

static bool
begins(struct vici_slice name, const char *prefix)
{
	return name.len >= strlen(prefix) && memcmp(name.at, prefix, strlen(prefix)) == 0;
}

/* Our side of an authentication round, with the first of its certificates. */
static void
local_section(struct vici_parser *p, struct vici_conn *conn, uint32_t *bad)
{
	struct vici_element e;
	while (step(p, &e)) {
		if (e.kind == VICI_KEY_VALUE) {
			take(local_keys, &e, conn, bad);
		} else if (e.kind == VICI_LIST_START && vici_is(e.name, "certs")) {
			while (step(p, &e) && e.kind == VICI_LIST_ITEM)
				if (conn->local_cert[0] == '\0')
					vici_text(e.value, conn->local_cert, sizeof(conn->local_cert));
		} else if (e.kind == VICI_SECTION_START) {
			vici_leave(p);
		}
	}
}

/* "EAP_MSCHAPV2" becomes "eap-mschapv2", and XAUTH "generic" "xauth-generic". */
static void
method_fill(struct vici_conn *conn, const struct remote_round *round)
{
	bool xauth = conn->user_is == IPM_USER_XAUTH, prefixed = strncmp(round->type, "EAP_", 4) == 0;
	const char *type = prefixed ? round->type + 4 : round->type;

	snprintf(conn->method, sizeof(conn->method), "%s%s%.40s", xauth ? "xauth" : "eap", type[0] ? "-" : "", type);
	for (char *c = conn->method; *c; c++) {
		if (*c == '_')
			*c = '-';
		else if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	}
}

/* A round of the peer's authentication: the first one is that of the peer, EAP and XAUTH that of a user. */
static void
remote_section(struct vici_parser *p, struct vici_conn *conn, bool first, uint32_t *bad)
{
	struct remote_round round = { .auth = IPM_AUTH_UNKNOWN };
	struct vici_parser again = *p;
	struct vici_element e;

	take_section(p, remote_keys, &round, bad);
	while (step(&again, &e)) {
		if (e.kind == VICI_SECTION_START)
			vici_leave(&again);
		else if (e.kind == VICI_KEY_VALUE && vici_is(e.name, "class") && vici_is(e.value, "XAuth"))
			round.user_is = IPM_USER_XAUTH;
	}
	if (round.auth == IPM_AUTH_EAP)
		round.user_is = IPM_USER_EAP;
	if (first)
		conn->remote_auth = round.auth;
	if (round.user_is == IPM_USER_UNKNOWN || conn->user_is != IPM_USER_UNKNOWN)
		return;
	conn->user_is = round.user_is;
	method_fill(conn, &round);
}

static void
conn_section(struct vici_parser *p, struct vici_slice name, struct vici_sink *sink)
{
	struct vici_conn conn = { .version = 0 };
	struct vici_parser children = *p;
	struct vici_element e;
	bool first_remote = true, first_local = true;
	vici_name(name, conn.name, sizeof(conn.name));
	while (step(p, &e)) {
		if (e.kind == VICI_KEY_VALUE) {
			take(conn_keys, &e, &conn, &sink->bad_values);
		} else if (e.kind == VICI_LIST_START && vici_is(e.name, "local_addrs")) {
			local_hosts(p, &conn);
		} else if (e.kind == VICI_LIST_START && vici_is(e.name, "remote_addrs")) {
			remote_hosts(p, &conn);
		} else if (e.kind == VICI_SECTION_START && begins(e.name, "remote")) {
			remote_section(p, &conn, first_remote, &sink->bad_values);
			first_remote = false;
		} else if (e.kind == VICI_SECTION_START && first_local && begins(e.name, "local")) {
			local_section(p, &conn, &sink->bad_values);
			first_local = false;
		} else if (e.kind == VICI_SECTION_START) {
			vici_leave(p);
		}
	}
	if (sink->conn != NULL)
		sink->conn(sink->arg, &conn);
	while (step(&children, &e)) {
		if (e.kind == VICI_SECTION_START && vici_is(e.name, "children"))
			conn_children_section(&children, &conn, sink);
		else if (e.kind == VICI_SECTION_START)
			vici_leave(&children);
	}
}

/* The IKE SAs of a message. In an alert they are one level deeper. */
static void
sa_sections(struct vici_parser *p, const struct root *root, struct vici_sink *sink)
{
	struct vici_element e;
	while (step(p, &e)) {
		if (e.kind != VICI_SECTION_START)
			continue;
		if (root->alert[0] != '\0' && p->depth == 1 && vici_is(e.name, "ike-sa"))
			sa_sections(p, root, sink);
		else
			ike_section(p, e.name, VICI_CURRENT, root, sink);
	}
}

static void
conn_sections(struct vici_parser *p, struct vici_sink *sink)
{
	struct vici_element e;
	while (step(p, &e)) {
		if (e.kind == VICI_SECTION_START)
			conn_section(p, e.name, sink);
	}
}

/* Check the whole message, and take the keys outside of all sections. */
static int
scan_message(struct vici_parser p, struct root *root, uint32_t *bad, char *error, size_t error_size)
{
	struct vici_element e;
	int rc;
	while ((rc = vici_next(&p, &e)) == 0 && e.kind != VICI_END) {
		if (p.depth == 0 && e.kind == VICI_KEY_VALUE)
			take(root_keys, &e, root, bad);
	}
	if (rc != 0)
		snprintf(error, error_size, "%s, at octet %zu of %zu", p.why, p.pos, p.len);
	return rc;
}

int
vici_decode(enum vici_form form, const uint8_t *msg, size_t len, struct vici_sink *sink, char *error, size_t error_size)
{
	struct vici_parser p = vici_parse((struct vici_slice){ msg, len });
	struct root root = { .up = false };
	uint32_t bad = 0;
	int rc = scan_message(p, &root, &bad, error, error_size);
	if (rc != 0)
		return rc;
	sink->up = root.up;
	memcpy(sink->alert, root.alert, sizeof(sink->alert));
	sink->bad_values += bad;
	if (form == VICI_FORM_CONN)
		conn_sections(&p, sink);
	else
		sa_sections(&p, &root, sink);
	return 0;
}

/* ---- Replies ---- */

/* Step to the next item of the list @p name outside of all sections. @p in: we are in it already. */
static bool
next_item(struct vici_parser *p, const char *name, bool *in, struct vici_element *e)
{
	while (vici_next(p, e) == 0 && e->kind != VICI_END) {
		if (e->kind == VICI_LIST_START)
			*in = p->depth == 0 && vici_is(e->name, name);
		else if (e->kind == VICI_LIST_ITEM && *in)
			return true;
	}
	return false;
}

uint64_t
vici_list_hash(struct vici_slice msg, const char *list, size_t *octets)
{
	struct vici_parser p = vici_parse(msg);
	struct vici_element e;
	bool in = false;
	uint64_t hash = IPM_HASH64_BEGIN;

	*octets = 0;
	while (next_item(&p, list, &in, &e)) {
		uint64_t len = e.value.len;
		hash = ipm_hash64(ipm_hash64(hash, &len, sizeof(len)), e.value.at, e.value.len);
		*octets += e.value.len;
	}
	return hash;
}

static const struct key pool_keys[] = {
	KEY(vici_pool, "base", addr, base),
	KEY(vici_pool, "size", decimal, size),
	KEY(vici_pool, "online", decimal, online),
	KEY(vici_pool, "offline", decimal, offline),
	{ 0 },
};

uint32_t
vici_pools(struct vici_slice msg, void (*each)(void *arg, const struct vici_pool *pool), void *arg)
{
	struct vici_parser p = vici_parse(msg);
	struct vici_element e;
	uint32_t bad = 0;

	while (step(&p, &e)) {
		if (e.kind != VICI_SECTION_START)
			continue;
		struct vici_pool pool = { .size = 0 };
		vici_name(e.name, pool.name, sizeof(pool.name));
		take_section(&p, pool_keys, &pool, &bad);
		if (!p.why)
			each(arg, &pool);
	}
	return bad;
}

enum vici_esp
vici_esp_of(struct vici_slice msg)
{
	struct vici_parser p = vici_parse(msg);
	struct vici_element e;
	bool in = false;

	while (next_item(&p, "plugins", &in, &e)) {
		if (vici_is(e.value, "kernel-libipsec"))
			return VICI_ESP_LIBIPSEC;
		if (vici_is(e.value, "kernel-netlink") || vici_is(e.value, "kernel-pfkey"))
			return VICI_ESP_KERNEL;
	}
	return VICI_ESP_UNKNOWN;
}
