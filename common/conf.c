/* SPDX-License-Identifier: ISC */
/* To add a setting: a line in a table below, a field in struct conf, a paragraph in ipsecmon.conf(5). */
#include "conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define COUNT(array)            (sizeof(array) / sizeof((array)[0]))
#define KEYS(keys)              (keys), COUNT(keys)
#define FIELD(name)             offsetof(struct conf, name)
#define LIST(list, number, max) FIELD(list), (max), sizeof(struct conf_##list), FIELD(number)

#define CAPACITY_MAX            16777216
#define SOCKET_MAX              (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define DIRECTORY_MAX           (SOCKET_MAX - 27) /* control sockets are in run-dir: leave room for "/" and a name */
#define GROUP_MAX               32

/* clang-format off */
#define ROOT(field, type)     CONF_AT(conf, field, type)
#define CAPACITY(field)       CONF_AT(conf_capacity, field, uint32_t)
#define VICI(field, type)     CONF_AT(conf_vici, field, type)
#define XFRM(field, type)     CONF_AT(conf_xfrm, field, type)
#define IKEWATCH(field, type) CONF_AT(conf_ikewatch, field, type)
#define CONNECTION(field, type) CONF_AT(conf_connection, field, type)
#define AGENTX(field, type)   CONF_AT(conf_agentx, field, type)

static const struct conf_key root_keys[] = {
	/* name            type        min max            number text                   destination */
	{ "run-dir",       CONF_PATH,    0, DIRECTORY_MAX,     0, "/run/ipsecmon",      ROOT(run_dir, char *) },
	{ "state-dir",     CONF_PATH,    0, DIRECTORY_MAX,     0, "/var/lib/ipsecmon",  ROOT(state_dir, char *) },
	{ "group",         CONF_GROUP,   0, GROUP_MAX,         0, "",                   ROOT(group, char *) },
	{ "allow-destroy", CONF_BOOL,    0, 0,             false, NULL,                 ROOT(allow_destroy, bool) },
	{ "first-index",   CONF_NUMBER,  1, 2000000001,        1, NULL,                 ROOT(first_index, uint32_t) },
	{ "users",         CONF_CHOICE,  0, 0,                 0, "full|hash|none",     ROOT(users, uint32_t) },
};

static const struct conf_key capacity_keys[] = {
	{ "ike-sas",       CONF_NUMBER,  1, CAPACITY_MAX,  16384, NULL,                 CAPACITY(ike_sas) },
	{ "tunnels",       CONF_NUMBER,  1, CAPACITY_MAX,  16384, NULL,                 CAPACITY(tunnels) },
	{ "sas",           CONF_NUMBER,  1, CAPACITY_MAX,  65536, NULL,                 CAPACITY(sas) },
	{ "history",       CONF_NUMBER,  1, CAPACITY_MAX,   4096, NULL,                 CAPACITY(history) },
	{ "failures",      CONF_NUMBER,  1, CAPACITY_MAX,   4096, NULL,                 CAPACITY(failures) },
};

static const struct conf_key vici_keys[] = {
	{ "socket",        CONF_PATH,    0, SOCKET_MAX,        0, "/run/charon.vici",   VICI(socket, char *) },
	{ "error-socket",  CONF_PATH,    0, SOCKET_MAX,        0, "/run/charon.enfy",   VICI(error_socket, char *) },
	{ "poll-interval", CONF_NUMBER,  1, 3600,              5, NULL,                 VICI(poll_interval, uint32_t) },
	{ "hold-time",     CONF_NUMBER,  0, 86400,            30, NULL,                 VICI(hold_time, uint32_t) },
};

static const struct conf_key xfrm_keys[] = {
	{ "netns",         CONF_NETNS,   0, SOCKET_MAX,        0, "",                   XFRM(netns, char *) },
	{ "poll-interval", CONF_NUMBER,  1, 3600,              5, NULL,                 XFRM(poll_interval, uint32_t) },
};

static const struct conf_key ikewatch_keys[] = {
	{ "netns",         CONF_NETNS,   0, SOCKET_MAX,        0, "",                   IKEWATCH(netns, char *) },
};

static const struct conf_key connection_keys[] = {
	{ "session",       CONF_CHOICE,  0, 0,                 0, "automatic|remote-access|lan-to-lan", CONNECTION(session, uint32_t) },
};

static const struct conf_key agentx_keys[] = {
	{ "socket",        CONF_PATH,    0, SOCKET_MAX,        0, "/var/agentx/master", AGENTX(socket, char *) },
	{ "notify-rate",   CONF_NUMBER,  1, 10000,           100, NULL,                 AGENTX(notify_rate, uint32_t) },
	{ "old-failures",  CONF_BOOL,    0, 0,             false, NULL,                 AGENTX(old_failures, bool) },
	{ "peer-value",    CONF_CHOICE,  0, 0,                 0, "identity|address",   AGENTX(peer_value, uint32_t) },
	{ "peer-name",     CONF_CHOICE,  0, 0,                 0, "none|connection|identity", AGENTX(peer_name, uint32_t) },
};
/* clang-format on */

enum { XFRM_SECTION = 3, IKEWATCH_SECTION }; /* positions in the table below */

static const struct conf_section sections[] = {
	{ NULL, false, KEYS(root_keys), 0, 1, 0, 0 },
	{ "capacity", false, KEYS(capacity_keys), FIELD(capacity), 1, 0, 0 },
	{ "feed vici", false, KEYS(vici_keys), FIELD(vici), 1, 0, 0 },
	[XFRM_SECTION] = { "feed xfrm", false, KEYS(xfrm_keys), LIST(xfrm, xfrms, CONF_XFRM_MAX) },
	[IKEWATCH_SECTION] = { "feed ikewatch", false, KEYS(ikewatch_keys),
			       LIST(ikewatch, ikewatches, CONF_IKEWATCH_MAX) },
	{ "connection", true, KEYS(connection_keys), LIST(connection, connections, CONF_MANY) },
	{ "agentx", false, KEYS(agentx_keys), FIELD(agentx), 1, 0, 0 },
	/* These sections belong to ipsecmon-engine: engine/engine_conf.c. */
	{ .name = "engine", .max = 1 },
	{ .name = "endpoint", .named = true },
	{ .name = "tunnel", .named = true },
	{ .name = "generator", .named = true },
};

/* If the file has no feed section, turn on each feed once. */
static bool
feeds_enable(struct conf *conf)
{
	bool any = conf->vici.line || conf->xfrms || conf->ikewatches;
	conf->vici.enabled = !any || conf->vici.line;
	return any || (conf_append(conf, &sections[XFRM_SECTION]) && conf_append(conf, &sections[IKEWATCH_SECTION]));
}

struct conf *
conf_load_with(const char *path, const struct conf_part *own, char *error, size_t error_size)
{
	const char *file = path ? path : DEFAULT_CONF;
	struct conf *conf = calloc(1, sizeof(*conf));
	struct conf_part part[] = { { sections, COUNT(sections), conf }, { 0 } };

	snprintf(error, error_size, "%s: out of memory", file);
	if (!conf)
		return NULL;
	if (own)
		part[1] = *own;
	if (conf_parse(file, path == NULL, part, own ? 2 : 1, error, error_size) && feeds_enable(conf)) {
		error[0] = '\0';
		return conf;
	}
	conf_free(conf);
	return NULL;
}

struct conf *
conf_load(const char *path, char *error, size_t error_size)
{
	return conf_load_with(path, NULL, error, error_size);
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	conf_clear(&(struct conf_part){ sections, COUNT(sections), conf });
	free(conf);
}

uint32_t
conf_session(const struct conf *conf, const char *connection)
{
	for (uint32_t i = 0; i < conf->connections; i++)
		if (strcmp(conf->connection[i].name, connection) == 0)
			return conf->connection[i].session;
	return 0;
}

static char *
path_in(const char *dir, const char *name)
{
	char *path;
	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

char *
conf_run_path(const struct conf *conf, const char *name)
{
	return path_in(conf->run_dir, name);
}

char *
conf_state_path(const struct conf *conf, const char *name)
{
	return path_in(conf->state_dir, name);
}
