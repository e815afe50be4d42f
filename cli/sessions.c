/* SPDX-License-Identifier: ISC */
#include "sessions.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <string.h>

const char *const cli_sort_keys[] = { "user", "group", "since", "in", "out", NULL };

/* ---- which sessions ---- */

bool
cli_name_asked(const char *name, size_t field, const char *asked, bool patterns)
{
	char copy[IPM_ID_MAX + 1];
	snprintf(copy, sizeof(copy), "%.*s", (int)strnlen(name, field), name);
	return !asked || strcmp(copy, asked) == 0 || (patterns && fnmatch(asked, copy, FNM_CASEFOLD) == 0);
}

static bool
matches(const struct cli_asked *asked, const struct ipm_session *session)
{
	return (!asked->index || asked->index == session->index) && (!asked->kind || asked->kind == session->kind) &&
	       (!asked->version || asked->version == session->version) &&
	       (!asked->remote.len || ipm_addr_same(&asked->remote, &session->remote)) &&
	       cli_name_asked(session->user, sizeof(session->user), asked->user, asked->patterns) &&
	       cli_name_asked(session->group, sizeof(session->group), asked->group, asked->patterns);
}

bool
cli_session_pick(const struct cli_segment *s, const void *record, uint64_t *group)
{
	(void)group;
	return matches(s->cli->asked, record);
}

bool
cli_session_ended_pick(const struct cli_segment *s, const void *record, uint64_t *group)
{
	const struct ipm_session_history *was = record;
	(void)group;
	return matches(s->cli->asked, &was->session);
}

bool
cli_address(struct cli *cli, const char *text, struct ipm_addr *out)
{
	*out = (struct ipm_addr){ .len = strchr(text, ':') ? 16 : 4 };
	if (inet_pton(out->len == 4 ? AF_INET : AF_INET6, text, out->bytes) == 1)
		return true;
	cli_fail(cli, "\"%s\" is not an IP address", text);
	return false;
}

bool
cli_some_feed_knows(struct cli *cli, uint64_t caps)
{
	bool known = false;
	for (size_t i = 0; i < cli->segments; i++) {
		struct ipm_walk walk;
		struct ipm_feed feed;
		ipm_walk_all(&walk, cli->segment[i].seg, IPM_FEEDS);
		while (cli_walk_next(cli, &walk, &feed))
			known |= feed.state == IPM_FEED_UP && (feed.caps & caps) != 0;
	}
	return known;
}

void
cli_sessions_none(struct cli *cli, bool filtered, const char *nobody, uint64_t caps)
{
	static const char unknown[] = "not known: no feed is up that can tell. With strongSwan, the vici feed can;\n"
				      "see \"ipsecmon show feeds\" and \"ipsecmon check\".";
	if (!cli_some_feed_knows(cli, caps))
		fprintf(cli->out, "%s\n", unknown);
	else if (!filtered)
		fprintf(cli->out, "%s\n", nobody);
	if (filtered)
		cli_fail(cli, "%s", nobody);
}

bool
cli_session_ike(struct cli *cli, const struct cli_segment *s, const struct ipm_session *session, struct ipm_ike_sa *out)
{
	return session->ike_index && cli_read(cli, s, IPM_IKE_SAS, session->ike_slot, out) &&
	       out->index == session->ike_index;
}

/* ---- JSON ---- */

const char *
cli_session_state(const struct ipm_session *session)
{
	static const char *const names[] = { "unknown", "up", "terminating", "held" };
	return names[session->state < 4 ? session->state : 0];
}

void
cli_json_volume(json_t *object, const char *key, const struct ipm_volume *v)
{
	json_t *o = json_object();
	out_json_u64(o, "octets", v->octets);
	out_json_u64(o, "pkts", v->pkts);
	out_json_u64(o, "drops", v->drops);
	json_object_set_new(object, key, o);
}

static void
json_addresses(json_t *object, const char *key, const struct ipm_addr *addr, size_t n)
{
	json_t *list = json_array(), *holder = json_object();
	for (size_t i = 0; i < n && i < IPM_SESSION_ADDRS; i++) {
		out_json_addr(holder, "address", &addr[i]);
		json_array_append(list, json_object_get(holder, "address"));
	}
	json_decref(holder);
	json_object_set_new(object, key, list);
}

static json_t *
json_session(const struct ipm_session *session)
{
	static const char *const kinds[] = { NULL, "remote_access", "lan_to_lan" };
	static const char *const users[] = { NULL, "eap", "xauth", "certificate", "identity" };
	json_t *o = json_object();
	out_json_u64(o, "index", session->index);
	out_json_string(o, "kind", session->kind < 3 ? kinds[session->kind] : NULL);
	OUT_JSON_TEXT(o, "user", session->user);
	out_json_string(o, "user_is", session->user_is < 5 ? users[session->user_is] : NULL);
	OUT_JSON_TEXT(o, "user_auth", session->method);
	out_json_string(o, "auth", out_auth(session->auth));
	OUT_JSON_TEXT(o, "group", session->group);
	OUT_JSON_TEXT(o, "peer_id", session->peer_id);
	out_json_addr(o, "local", &session->local);
	out_json_u64(o, "local_port", session->local_port);
	out_json_addr(o, "remote", &session->remote);
	out_json_u64(o, "remote_port", session->remote_port);
	json_addresses(o, "addresses", session->virtual_addr, session->virtuals);
	json_addresses(o, "local_addresses", session->local_virtual, session->local_virtuals);
	OUT_JSON_TEXT(o, "client", session->client);
	out_json_u64(o, "version", session->version);
	out_json_u64(o, "ike_index", session->ike_index);
	out_json_u64(o, "refreshes", session->refreshes);
	out_json_u64(o, "tunnels", session->tunnels);
	out_json_u64(o, "tunnels_ended", session->tunnels_ended);
	cli_json_volume(o, "in", &session->in);
	cli_json_volume(o, "out", &session->out);
	return o;
}

json_t *
cli_session_json(struct cli *cli, const struct cli_row *row)
{
	struct ipm_session session;
	if (!cli_row_read(cli, row, &session))
		return NULL;
	json_t *o = json_session(&session);
	out_json_string(o, "state", cli_session_state(&session));
	out_json_since(o, "age", cli->now_ns, session.started_ns);
	return o;
}

json_t *
cli_session_ended_json(struct cli *cli, const struct cli_row *row)
{
	struct ipm_session_history was;
	if (!cli_row_read(cli, row, &was))
		return NULL;
	json_t *o = json_session(&was.session);
	uint64_t from = was.session.started_ns;
	out_json_u64(o, "index", was.index);
	out_json_u64(o, "active_index", was.session.index);
	out_json_string(o, "reason", word_end_reason(was.reason));
	out_json_since(o, "ended_age", cli->now_ns, was.ended_ns);
	out_json_seconds(o, "lasted", was.ended_ns > from ? (int64_t)(was.ended_ns - from) : 0);
	return o;
}

static void
json_totals(json_t *object, const char *key, const struct ipm_session_totals *totals)
{
	json_t *o = json_object();
	out_json_u64(o, "active", totals->active);
	out_json_u64(o, "cumulative", totals->total);
	out_json_u64(o, "peak", totals->peak);
	json_object_set_new(object, key, o);
}

void
cli_sessions_json_head(struct cli *cli, const struct cli_segment *s, json_t *head)
{
	struct ipm_totals totals = { .ike_active = 0 };
	json_t *o = json_object();
	out_json_bool(head, "sessions_known", cli_some_feed_knows(cli, IPM_CAP_SESSIONS));
	if (ipm_totals_read(s->seg, &totals) < 0)
		cli->unread++;
	json_totals(o, "all", &totals.sessions);
	json_totals(o, "remote_access", &totals.remote_access);
	json_totals(o, "lan_to_lan", &totals.lan_to_lan);
	json_object_set_new(head, "session_totals", o);
}
