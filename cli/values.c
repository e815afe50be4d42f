/* SPDX-License-Identifier: ISC */
#include "values.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_MAX 20 /* names quoted in an error */

static void
add(struct cli_values *v, const char *text, size_t field)
{
	size_t len = strnlen(text, field);
	if (len == 0 || len >= VALUE_MAX)
		return;
	void *bigger = cli_grow(v->value, v->n, &v->room, sizeof(*v->value));
	if (!bigger)
		return;
	v->value = bigger;
	memcpy(v->value[v->n], text, len);
	v->value[v->n++][len] = '\0';
}

static void
add_addr(struct cli_values *v, const struct ipm_addr *a)
{
	char text[INET6_ADDRSTRLEN];
	if ((a->len == 4 && inet_ntop(AF_INET, a->bytes, text, sizeof(text))) ||
	    (a->len == 16 && inet_ntop(AF_INET6, a->bytes, text, sizeof(text))))
		add(v, text, sizeof(text));
}

static void
add_map(struct cli_values *v, enum cmd_values kind, const struct ipm_map_entry *map)
{
	if (map->state == IPM_MAP_REMOVED)
		return;
	if (kind == CMD_INTERFACES)
		add(v, map->ifname, sizeof(map->ifname));
	else if (kind != CMD_DYNAMIC_MAPS || map->kind == IPM_MAP_DYNAMIC)
		add(v, map->name, sizeof(map->name));
}

static void
add_session(struct cli_values *v, enum cmd_values kind, const struct ipm_session *session)
{
	char number[16];
	if (kind == CMD_USERS)
		add(v, session->user, sizeof(session->user));
	else if (kind == CMD_GROUPS)
		add(v, session->group, sizeof(session->group));
	else if (kind == CMD_SOURCES)
		add_addr(v, &session->remote);
	else if (snprintf(number, sizeof(number), "%" PRIu32, session->index) > 0)
		add(v, number, sizeof(number));
}

static void
add_record(struct cli_values *v, enum cmd_values kind, enum ipm_section_kind section,
	   const union ipm_any_record *record)
{
	if (section == IPM_INTERFACES)
		add(v, record->interface.name, sizeof(record->interface.name));
	else if (section == IPM_MAPS)
		add_map(v, kind, &record->map);
	else if (section == IPM_SESSIONS)
		add_session(v, kind, &record->session);
	else if (kind == CMD_MAPS)
		add(v, record->tunnel.conn, sizeof(record->tunnel.conn));
	else
		add_addr(v, &record->tunnel.remote);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

void
cli_values_collect(struct cli *cli, enum cmd_values kind, struct cli_values *out)
{
	static const struct {
		enum cmd_values kind;
		enum ipm_section_kind section;
	} from[] = { { CMD_INTERFACES, IPM_INTERFACES }, { CMD_INTERFACES, IPM_MAPS },  { CMD_MAPS, IPM_MAPS },
		     { CMD_MAPS, IPM_TUNNELS },          { CMD_TAGS, IPM_MAPS },        { CMD_DYNAMIC_MAPS, IPM_MAPS },
		     { CMD_PEERS, IPM_TUNNELS },         { CMD_USERS, IPM_SESSIONS },   { CMD_GROUPS, IPM_SESSIONS },
		     { CMD_SOURCES, IPM_SESSIONS },      { CMD_SESSIONS, IPM_SESSIONS } };
	size_t n = 0;

	*out = (struct cli_values){ 0 };
	for (size_t i = 0; i < cli->segments; i++)
		for (size_t k = 0; k < sizeof(from) / sizeof(from[0]); k++) {
			union ipm_any_record record;
			struct ipm_walk walk;
			if (from[k].kind != kind)
				continue;
			ipm_walk_all(&walk, cli->segment[i].seg, from[k].section);
			while (cli_walk_next(cli, &walk, &record))
				add_record(out, kind, from[k].section, &record);
		}
	if (out->n > 0)
		qsort(out->value, out->n, sizeof(*out->value), by_text);
	for (size_t i = 0; i < out->n; i++)
		if (n == 0 || strcmp(out->value[i], out->value[n - 1]) != 0)
			memmove(out->value[n++], out->value[i], VALUE_MAX);
	out->n = n;
}

void
cli_values_free(struct cli_values *values)
{
	free(values->value);
	*values = (struct cli_values){ 0 };
}

bool
cli_name_known(struct cli *cli, const char *what, const char *name, enum cmd_values kind)
{
	struct cli_values known;
	char list[NAMED_MAX * (VALUE_MAX + 2) + 32] = "none";
	size_t used = 0;
	bool found = false;

	cli_values_collect(cli, kind, &known);
	for (size_t i = 0; i < known.n && !found; i++)
		found = strcmp(known.value[i], name) == 0;
	for (size_t i = 0; i < known.n && i < NAMED_MAX; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", known.value[i]);
	if (known.n > NAMED_MAX)
		snprintf(list + used, sizeof(list) - used, " and %zu more", known.n - NAMED_MAX);
	if (!found)
		cli_fail(cli, "there is no %s \"%s\"; known: %s", what, name, list);
	cli_values_free(&known);
	return found;
}
