/* SPDX-License-Identifier: ISC */
/* The tree of commands. */
#include "cmd_table.h"

static const struct cmd_word isakmp_words[] = {
	{ .word = "sa", .help = "IKE SAs, of IKEv1 and IKEv2", .run = cmd_isakmp_sa },
	{ 0 },
};

static const struct cmd_word ipsec_interface_words[] = {
	{ .word = "NAME",
	  .help = "an interface",
	  .argument = true,
	  .values = CMD_INTERFACES,
	  .run = cmd_ipsec_sa_interface },
	{ 0 },
};

static const struct cmd_word ipsec_map_words[] = {
	{ .word = "NAME", .help = "a crypto map", .argument = true, .values = CMD_MAPS, .run = cmd_ipsec_sa_map },
	{ 0 },
};

static const struct cmd_word ipsec_peer_words[] = {
	{ .word = "ADDRESS", .help = "IPv4 or IPv6", .argument = true, .values = CMD_PEERS, .run = cmd_ipsec_sa_peer },
	{ 0 },
};

static const struct cmd_word ipsec_sa_words[] = {
	{ .word = "interface", .help = "only those of an interface", .next = ipsec_interface_words },
	{ .word = "map", .help = "only those of a crypto map", .next = ipsec_map_words },
	{ .word = "peer", .help = "only those with a peer", .next = ipsec_peer_words },
	{ 0 },
};

static const struct cmd_word ipsec_words[] = {
	{ .word = "sa",
	  .help = "tunnels with their selectors, counters and SAs",
	  .run = cmd_ipsec_sa,
	  .next = ipsec_sa_words },
	{ 0 },
};

static const struct cmd_word map_tag_words[] = {
	{ .word = "NAME", .help = "a crypto map", .argument = true, .values = CMD_TAGS, .run = cmd_map_tag },
	{ 0 },
};

static const struct cmd_word map_words[] = {
	{ .word = "tag", .help = "one of them", .next = map_tag_words },
	{ 0 },
};

static const struct cmd_word dynamic_map_tag_words[] = {
	{ .word = "NAME",
	  .help = "a template",
	  .argument = true,
	  .values = CMD_DYNAMIC_MAPS,
	  .run = cmd_dynamic_map_tag },
	{ 0 },
};

static const struct cmd_word dynamic_map_words[] = {
	{ .word = "tag", .help = "one of them", .next = dynamic_map_tag_words },
	{ 0 },
};

static const struct cmd_word connections_words[] = {
	{ .word = "active", .help = "SAs and their packets", .run = cmd_connections },
	{ .word = "dropped-packet", .help = "dropped packets by reason", .run = cmd_dropped },
	{ 0 },
};

static const struct cmd_word engine_words[] = {
	{ .word = "connections", .help = "SAs and drops of the crypto engines", .next = connections_words },
	{ 0 },
};

/* IOS takes "detail" on either side of the filter. The list of all commands has only one of both. */
static const struct cmd_word session_layout_after[] = {
	{ .word = "brief", .help = "one line per session", .run = cmd_session, .unlisted = true },
	{ .word = "detail", .help = "with counters and lifetimes", .run = cmd_session, .unlisted = true },
	{ 0 },
};

#define SESSION_FILTER(placeholder, says, names, after) \
	{                                               \
		{ .word = (placeholder),                \
		  .help = (says),                       \
		  .argument = true,                     \
		  .values = (names),                    \
		  .run = cmd_session,                   \
		  .next = (after),                      \
		  .unlisted = (after) == NULL },        \
			{ 0 },                          \
	}

static const struct cmd_word session_user[] = SESSION_FILTER("NAME", "a user", CMD_USERS, session_layout_after);
static const struct cmd_word session_remote[] =
	SESSION_FILTER("ADDRESS", "IPv4 or IPv6", CMD_SOURCES, session_layout_after);
static const struct cmd_word session_group[] = SESSION_FILTER("NAME", "a group", CMD_GROUPS, session_layout_after);
static const struct cmd_word session_user_last[] = SESSION_FILTER("NAME", "a user", CMD_USERS, NULL);
static const struct cmd_word session_remote_last[] = SESSION_FILTER("ADDRESS", "IPv4 or IPv6", CMD_SOURCES, NULL);
static const struct cmd_word session_group_last[] = SESSION_FILTER("NAME", "a group", CMD_GROUPS, NULL);

static const struct cmd_word session_filter_words[] = {
	{ .word = "group", .help = "only those of a group", .next = session_group_last },
	{ .word = "remote", .help = "only those from an address", .next = session_remote_last },
	{ .word = "username", .help = "only those of a user", .next = session_user_last },
	{ 0 },
};

static const struct cmd_word session_words[] = {
	{ .word = "brief", .help = "one line per session", .run = cmd_session, .next = session_filter_words },
	{ .word = "detail", .help = "with counters and lifetimes", .run = cmd_session, .next = session_filter_words },
	{ .word = "group", .help = "only those of a group", .next = session_group },
	{ .word = "remote", .help = "only those from an address", .next = session_remote },
	{ .word = "username", .help = "only those of a user", .next = session_user },
	{ 0 },
};

static const struct cmd_word crypto_words[] = {
	{ .word = "dynamic-map",
	  .help = "templates, for peers with unknown addresses",
	  .run = cmd_dynamic_map,
	  .next = dynamic_map_words },
	{ .word = "engine", .help = "crypto engines", .next = engine_words },
	{ .word = "failures", .help = "failed IKE SAs and tunnels, with reasons", .run = cmd_failures },
	{ .word = "history", .help = "ended IKE SAs and tunnels, with reasons", .run = cmd_history },
	{ .word = "ipsec", .help = "IPsec: phase 2", .next = ipsec_words },
	{ .word = "isakmp", .help = "IKE: phase 1", .next = isakmp_words },
	{ .word = "map", .help = "configured tunnels, up or down", .run = cmd_map, .next = map_words },
	{ .word = "session", .help = "who is connected", .run = cmd_session, .next = session_words },
	{ 0 },
};

#define SESSIONDB_TYPES(hidden)                                                                                       \
	{ .word = "l2l", .help = "other gateways", .run = cmd_sessiondb, .unlisted = (hidden) },                      \
		{ .word = "ra-ikev1-ipsec", .help = "users with IKEv1", .run = cmd_sessiondb, .unlisted = (hidden) }, \
		{ .word = "ra-ikev2-ipsec", .help = "users with IKEv2", .run = cmd_sessiondb, .unlisted = (hidden) }, \
	{                                                                                                             \
		.word = "remote", .help = "users", .run = cmd_sessiondb, .unlisted = (hidden)                         \
	}

static const struct cmd_word sessiondb_detail_words[] = { SESSIONDB_TYPES(true), { 0 } };

static const struct cmd_word sessiondb_words[] = {
	{ .word = "detail", .help = "with their IKE SAs and tunnels", .next = sessiondb_detail_words },
	SESSIONDB_TYPES(false),
	{ 0 },
};

static const struct cmd_word clear_user[] = {
	{ .word = "NAME",
	  .help = "a user",
	  .argument = true,
	  .values = CMD_USERS,
	  .run = cmd_clear_session,
	  .alone = true },
	{ 0 },
};

static const struct cmd_word clear_remote[] = {
	{ .word = "ADDRESS",
	  .help = "IPv4 or IPv6",
	  .argument = true,
	  .values = CMD_SOURCES,
	  .run = cmd_clear_session,
	  .alone = true },
	{ 0 },
};

static const struct cmd_word clear_group[] = {
	{ .word = "NAME",
	  .help = "a group",
	  .argument = true,
	  .values = CMD_GROUPS,
	  .run = cmd_clear_session,
	  .alone = true },
	{ 0 },
};

static const struct cmd_word clear_id[] = {
	{ .word = "N",
	  .help = "the session's number",
	  .argument = true,
	  .values = CMD_SESSIONS,
	  .run = cmd_clear_session,
	  .alone = true },
	{ 0 },
};

static const struct cmd_word clear_session_words[] = {
	{ .word = "group", .help = "close the sessions of a group", .next = clear_group },
	{ .word = "id", .help = "close one session", .next = clear_id },
	{ .word = "remote", .help = "close the sessions from an address", .next = clear_remote },
	{ .word = "username", .help = "close the sessions of a user", .next = clear_user },
	{ 0 },
};

static const struct cmd_word clear_crypto_words[] = {
	{ .word = "session", .help = "sessions of users and gateways", .next = clear_session_words },
	{ 0 },
};

static const struct cmd_word clear_words[] = {
	{ .word = "crypto", .help = "IKE and IPsec", .next = clear_crypto_words },
	{ 0 },
};

static const struct cmd_word show_words[] = {
	{ .word = "crypto", .help = "IKE and IPsec", .next = crypto_words },
	{ .word = "feeds", .help = "sources of the figures, and their age", .run = cmd_feeds },
	{ .word = "notifications",
	  .help = "SNMP notifications sent, suppressed and waiting",
	  .run = cmd_notifications },
	{ .word = "vpn-sessiondb",
	  .help = "sessions as on an ASA; alone, how many there are",
	  .run = cmd_sessiondb_summary,
	  .next = sessiondb_words },
	{ 0 },
};

static const struct cmd_word export_words[] = {
	{ .word = "librenms",
	  .help = "JSON for LibreNMS's application strongswan",
	  .run = cmd_export_librenms,
	  .own_format = true },
	{ 0 },
};

const struct cmd_word cmd_root[] = {
	{ .word = "check",
	  .help = "check the whole chain, from the SAs to the poller",
	  .run = cmd_doctor,
	  .alone = true },
	{ .word = "clear", .help = "close sessions", .next = clear_words },
	{ .word = "export", .help = "print the IPsec state for another program", .next = export_words },
	{ .word = "sessions", .help = "who is connected, a line for each", .run = cmd_sessions, .lists = true },
	{ .word = "show", .help = "show the IPsec state", .next = show_words },
	{ 0 },
};
