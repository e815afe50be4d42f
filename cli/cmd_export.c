/* SPDX-License-Identifier: ISC */
/*
 * export librenms: print the connections in the format of LibreNMS's application "strongswan", for an `extend' of
 * snmpd. Counters come from the crypto map entries. These never fall while a connection is configured, so no state file
 * is needed.
 */
#include <string.h>

#include "cmd_table.h"
#include "ipm_hash.h"
#include "out.h"

/* Group the entries of a connection, so that they are neighbours. */
static bool
pick_entry(const struct cli_segment *s, const void *record, uint64_t *group)
{
	const struct ipm_map_entry *map = record;
	*group = ipm_hash64(IPM_HASH64_BEGIN, map->name, strnlen(map->name, sizeof(map->name)));
	*group = ipm_hash64(*group, &s->ordinal, sizeof(s->ordinal));
	return map->state != IPM_MAP_REMOVED && map->name[0] != '\0';
}

/* Add one more entry of the connection to @p sum. */
static void
entry_add(struct ipm_map_entry *sum, const struct ipm_map_entry *map)
{
	sum->in.octets += map->in.octets;
	sum->in.pkts += map->in.pkts;
	sum->out.octets += map->out.octets;
	sum->out.pkts += map->out.pkts;
	sum->ups += map->ups;
	sum->tunnels_up += map->tunnels_up;
}

static json_t *
connection_json(const struct ipm_map_entry *sum, uint32_t entries_up)
{
	json_t *o = json_object();
	OUT_JSON_TEXT(o, "name", sum->name);
	out_json_string(o, "descr", "");
	if (sum->peers > 0)
		out_json_addr(o, "peer", &sum->peer[0]);
	else
		OUT_JSON_TEXT(o, "peer", sum->peer_text);
	out_json_u64(o, "ikev", sum->ike_version);
	out_json_u64(o, "state", sum->tunnels_up > 0);
	out_json_u64(o, "children", sum->tunnels_up);
	out_json_u64(o, "bytes_in", sum->in.octets);
	out_json_u64(o, "bytes_out", sum->out.octets);
	out_json_u64(o, "pkts_in", sum->in.pkts);
	out_json_u64(o, "pkts_out", sum->out.pkts);
	out_json_u64(o, "reestablishes", sum->ups - entries_up); /* the first time each entry came up doesn't count */
	return o;
}

/* Return all connections. Add up the rekeys of their tunnels in @p rekeys. */
static json_t *
connections_json(struct cli *cli, uint64_t *rekeys)
{
	struct cli_rows rows = { 0 };
	struct ipm_map_entry sum = { 0 }, map;
	json_t *list = json_array();
	uint32_t entries_up = 0;

	cli_rows_collect_all(cli, &rows, IPM_MAPS, pick_entry);
	for (size_t i = 0; i < rows.n; i++) {
		if (!cli_row_read(cli, &rows.row[i], &map))
			continue;
		if (sum.index != 0 && i > 0 && rows.row[i].group == rows.row[i - 1].group) {
			entry_add(&sum, &map);
		} else {
			if (sum.index != 0)
				json_array_append_new(list, connection_json(&sum, entries_up));
			sum = map;
			entries_up = 0;
		}
		entries_up += map.ups > 0;
		*rekeys += map.refreshes;
	}
	if (sum.index != 0)
		json_array_append_new(list, connection_json(&sum, entries_up));
	cli_rows_free(&rows);
	return list;
}

void
cmd_export_librenms(struct cli *cli, const struct cmd_match *match)
{
	uint64_t rekeys = 0;
	json_t *root = json_object(), *data = json_object(), *global = json_object();

	(void)match;
	json_object_set_new(data, "tunnels", connections_json(cli, &rekeys));
	out_json_u64(global, "child_rekey", rekeys);
	json_object_set_new(data, "global", global);
	out_json_u64(root, "version", 1);
	out_json_u64(root, "error", 0);
	out_json_string(root, "errorString", "");
	json_object_set_new(root, "data", data);
	json_dumpf(root, cli->out, JSON_COMPACT);
	fputc('\n', cli->out);
	json_decref(root);
}
