/* SPDX-License-Identifier: ISC */
/* show crypto engine connections active: IKE SAs, then each SA with its counters. */
#include <inttypes.h>

#include "algo_names.h"
#include "cmd_table.h"
#include "out.h"
#include "via.h"

#define ESP 50

struct connection {
	struct ipm_sa sa;
	struct ipm_tunnel tunnel; /* the tunnel of the SA */
	struct cli_via via;
};

/* Read the tunnel of c->sa, unless it is already there. False: the tunnel is gone. */
static bool
tunnel_read(struct cli *cli, const struct cli_segment *s, struct connection *c)
{
	struct ipm_tunnel *t = &c->tunnel;
	if (t->index != c->sa.tunnel_index) {
		if (!cli_read(cli, s, IPM_TUNNELS, c->sa.tunnel_slot, t))
			t->index = 0;
		if (t->index != c->sa.tunnel_index) {
			t->index = 0;
			return false;
		}
		c->via = cli_via(cli, cli->asked, s, t);
	}
	return t->state != IPM_TUNNEL_HELD;
}

static bool
pick_sa(const struct cli_segment *s, const void *record, uint64_t *group)
{
	const struct ipm_sa *sa = record;
	(void)s;
	*group = sa->tunnel_index;
	return true;
}

static const char *
ike_state(const struct ipm_ike_sa *sa)
{
	return sa->state == IPM_IKE_NEGOTIATING ? "alloc" : "set";
}

/* ---- text ---- */

static void
print_row(FILE *f, uint32_t id, const char *interface, const char *addr, const char *state, const char *algorithm,
	  uint64_t encrypt, uint64_t decrypt)
{
	fprintf(f, "%5" PRIu32 " %-20s %-15s %-6s %-23s %8" PRIu64 " %8" PRIu64 "\n", id, interface, addr, state,
		algorithm, encrypt, decrypt);
}

static void
print_ike(struct cli *cli)
{
	struct cli_rows rows = { 0 };
	cli_rows_collect_all(cli, &rows, IPM_IKE_SAS, NULL);
	for (size_t i = 0; i < rows.n; i++) {
		const struct cli_row *row = &rows.row[i];
		struct ipm_ike_sa sa;
		char algorithm[ALGO_TRANSFORM_MAX];
		if (cli_row_read(cli, row, &sa))
			print_row(cli->out, ipm_ike_index(&sa), "", "", ike_state(&sa),
				  algo_engine(ESP, &sa.proposal, algorithm), 0, 0);
	}
	cli_rows_free(&rows);
}

static void
print_sas(struct cli *cli, const struct cli_segment *s)
{
	struct connection c = { .tunnel = { .index = 0 } };
	struct ipm_walk walk;
	ipm_walk_all(&walk, s->seg, IPM_SAS);
	while (cli_walk_next(cli, &walk, &c.sa)) {
		char algorithm[ALGO_TRANSFORM_MAX], addr[OUT_ADDR_MAX], name[OUT_TEXT_MAX];
		if (!tunnel_read(cli, s, &c))
			continue;
		uint64_t pkts = c.sa.count.pkts;
		print_row(cli->out, OUT_CONN_ID + walk.slot, c.via.ifname[0] ? OUT_CLEAN(c.via.ifname, name) : "-",
			  out_addr(&c.tunnel.local, addr), "set", algo_engine(c.sa.protocol, &c.sa.proposal, algorithm),
			  c.sa.direction == IPM_OUT ? pkts : 0, c.sa.direction == IPM_IN ? pkts : 0);
	}
}

/* ---- JSON ---- */

static json_t *
json_ike(struct cli *cli, const struct cli_row *row)
{
	struct ipm_ike_sa sa;
	char algorithm[ALGO_TRANSFORM_MAX];
	if (!cli_row_read(cli, row, &sa))
		return NULL;
	json_t *o = json_object();
	out_json_limit(o, "id", ipm_ike_index(&sa));
	out_json_addr(o, "address", &sa.local);
	out_json_string(o, "state", ike_state(&sa));
	out_json_string(o, "algorithm", algo_engine(ESP, &sa.proposal, algorithm));
	return o;
}

static json_t *
json_sa(struct cli *cli, const struct cli_row *row)
{
	struct connection c = { .tunnel = { .index = 0 } };
	char algorithm[ALGO_TRANSFORM_MAX], spi[16];
	if (!cli_row_read(cli, row, &c.sa) || !tunnel_read(cli, row->segment, &c))
		return NULL;
	json_t *o = json_object();
	snprintf(spi, sizeof(spi), "0x%08" PRIx32, c.sa.spi);
	out_json_u64(o, "id", OUT_CONN_ID + row->slot);
	out_json_u64(o, "tunnel_index", c.tunnel.index);
	out_json_u64(o, "sa_index", c.sa.index);
	OUT_JSON_TEXT(o, "conn", c.tunnel.conn);
	OUT_JSON_TEXT(o, "name", c.tunnel.name);
	OUT_JSON_TEXT(o, "interface", c.via.ifname);
	out_json_addr(o, "address", &c.tunnel.local);
	out_json_string(o, "state", "set");
	out_json_string(o, "direction", c.sa.direction == IPM_IN ? "in" : "out");
	out_json_string(o, "protocol", out_protocol(c.sa.protocol));
	out_json_string(o, "spi", spi);
	out_json_string(o, "algorithm", algo_engine(c.sa.protocol, &c.sa.proposal, algorithm));
	out_json_limit(o, "engine", c.sa.engine);
	out_json_u64(o, "pkts", c.sa.count.pkts);
	return o;
}

static json_t *
json_engine(struct cli *cli, const struct cli_row *row)
{
	static const char *const kinds[] = { NULL, "software", "kernel", "hardware" };
	struct ipm_engine engine;
	if (!cli_row_read(cli, row, &engine))
		return NULL;
	json_t *o = json_object();
	out_json_u64(o, "index", engine.index);
	OUT_JSON_TEXT(o, "name", engine.name);
	out_json_string(o, "kind", engine.kind < 4 ? kinds[engine.kind] : NULL);
	OUT_JSON_TEXT(o, "version", engine.version);
	out_json_bool(o, "disabled", engine.disabled);
	out_json_since(o, "state_age", cli->now_ns, engine.since_ns);
	out_json_u64(o, "sas", engine.sas);
	out_json_u64(o, "sas_created", engine.sas_created);
	out_json_u64(o, "sas_deleted", engine.sas_deleted);
	out_json_u64(o, "rekeys", engine.rekeys);
	out_json_traffic(o, "in", &engine.in);
	out_json_traffic(o, "out", &engine.out);
	return o;
}

static void
show(struct cli *cli, struct cli_vias *vias)
{
	static const struct out_json_list lists[] = {
		{ .key = "engines", .kind = IPM_ENGINES, .row = json_engine },
		{ .key = "ike_connections", .kind = IPM_IKE_SAS, .row = json_ike },
		{ .key = "connections", .kind = IPM_SAS, .pick = pick_sa, .grouped = true, .row = json_sa },
	};
	cli->asked = vias;
	if (cli->json) {
		out_json_segments(cli, lists, 3);
	} else {
		fprintf(cli->out, "%5s %-20s %-15s %-6s %-23s %8s %8s\n", "ID", "Interface", "IP-Address", "State",
			"Algorithm", "Encrypt", "Decrypt");
		print_ike(cli);
		for (size_t i = 0; i < cli->segments; i++)
			print_sas(cli, &cli->segment[i]);
	}
	cli_vias_free(cli, vias);
}

void
cmd_connections(struct cli *cli, const struct cmd_match *match)
{
	(void)match;
	show(cli, &(struct cli_vias){ NULL });
}
