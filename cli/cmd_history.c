/* SPDX-License-Identifier: ISC */
/* show crypto history, show crypto failures: past events, oldest first. */
#include <inttypes.h>
#include <string.h>

#include "cmd_table.h"
#include "out.h"

/* --- shared by both commands -------------------------------------------------------------------------------------- */

/* A ring: its heading, and how to print one of its entries as text and as JSON. */
struct ring {
	enum ipm_section_kind kind;
	const char *heading;
	void (*print)(struct cli *cli, const union ipm_any_record *record);
	struct out_json_list json;
};

static void
print_ring(struct cli *cli, const struct ring *ring)
{
	struct cli_rows rows = { 0 };
	cli_rows_collect_all(cli, &rows, ring->kind, NULL);
	fprintf(cli->out, "%s%s\n", ring->heading, rows.n ? "" : ": none");
	for (size_t i = 0; i < rows.n; i++) {
		union ipm_any_record record;
		if (cli_row_read(cli, &rows.row[i], &record))
			ring->print(cli, &record);
	}
	cli_rows_free(&rows);
}

static void
show_rings(struct cli *cli, const struct ring *phase1, const struct ring *phase2)
{
	if (cli->json) {
		const struct out_json_list lists[] = { phase1->json, phase2->json };
		out_json_segments(cli, lists, 2);
		return;
	}
	print_ring(cli, phase1);
	fputc('\n', cli->out);
	print_ring(cli, phase2);
}

static uint64_t
lasted(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* --- history ------------------------------------------------------------------------------------------------------ */

/* "  3  conn-id 7  vpn  10.9.0.1 - 10.9.0.2  ended 5 s ago after 3 min 1 s: peer delete"; a tunnel has a flow_id */
static void
print_end(struct cli *cli, uint32_t index, const char *what, uint32_t active, const char *name,
	  const struct ipm_addr *local, const struct ipm_addr *remote, uint64_t from, uint64_t to, uint32_t reason)
{
	char a[OUT_ADDR_MAX], b[OUT_ADDR_MAX], ago[OUT_AGE_MAX], time[OUT_AGE_MAX];
	fprintf(cli->out, "%5" PRIu32 "  %s %" PRIu32 "  %s  %s - %s  ended %s ago after %s: %s\n", index, what, active,
		name, out_addr(local, a), out_addr(remote, b), out_age(lasted(to, cli->now_ns), ago),
		out_age(lasted(from, to), time), word_end_reason(reason));
}

static void
print_ike_end(struct cli *cli, const union ipm_any_record *record)
{
	const struct ipm_ike_history *was = &record->ike_history;
	char name[OUT_TEXT_MAX];
	print_end(cli, was->index, "conn-id", was->sa.index, OUT_CLEAN(was->sa.conn, name), &was->sa.local,
		  &was->sa.remote, was->sa.created_ns, was->ended_ns, was->reason);
}

static void
print_tunnel_end(struct cli *cli, const union ipm_any_record *record)
{
	const struct ipm_tunnel_history *was = &record->tunnel_history;
	char name[OUT_TEXT_MAX];
	print_end(cli, was->index, "flow_id", was->tunnel.index, OUT_CLEAN(was->tunnel.name, name), &was->tunnel.local,
		  &was->tunnel.remote, was->tunnel.created_ns, was->ended_ns, was->reason);
	fprintf(cli->out, "       in %" PRIu64 " pkts %" PRIu64 " octets, out %" PRIu64 " pkts %" PRIu64 " octets\n",
		was->tunnel.in.pkts, was->tunnel.in.octets, was->tunnel.out.pkts, was->tunnel.out.octets);
}

static json_t *
json_end(struct cli *cli, uint32_t index, uint32_t active, uint64_t from, uint64_t to, uint32_t reason)
{
	json_t *o = json_object();
	out_json_u64(o, "index", index);
	out_json_u64(o, "active_index", active);
	out_json_string(o, "reason", word_end_reason(reason));
	out_json_since(o, "ended_age", cli->now_ns, to);
	out_json_seconds(o, "lasted", (int64_t)lasted(from, to));
	return o;
}

static json_t *
json_ike_end(struct cli *cli, const struct cli_row *row)
{
	struct ipm_ike_history was;
	if (!cli_row_read(cli, row, &was))
		return NULL;
	json_t *o = json_end(cli, was.index, was.sa.index, was.sa.created_ns, was.ended_ns, was.reason);
	OUT_JSON_TEXT(o, "conn", was.sa.conn);
	out_json_addr(o, "local", &was.sa.local);
	OUT_JSON_TEXT(o, "local_id", was.sa.local_id);
	out_json_addr(o, "remote", &was.sa.remote);
	OUT_JSON_TEXT(o, "remote_id", was.sa.remote_id);
	out_json_u64(o, "refreshes", was.sa.refreshes);
	out_json_ike_traffic(o, "in", &was.sa.in);
	out_json_ike_traffic(o, "out", &was.sa.out);
	return o;
}

static json_t *
json_tunnel_end(struct cli *cli, const struct cli_row *row)
{
	struct ipm_tunnel_history was;
	if (!cli_row_read(cli, row, &was))
		return NULL;
	json_t *o = json_end(cli, was.index, was.tunnel.index, was.tunnel.created_ns, was.ended_ns, was.reason);
	OUT_JSON_TEXT(o, "conn", was.tunnel.conn);
	OUT_JSON_TEXT(o, "name", was.tunnel.name);
	out_json_addr(o, "local", &was.tunnel.local);
	out_json_addr(o, "remote", &was.tunnel.remote);
	out_json_u64(o, "ike_index", was.tunnel.ike_index);
	out_json_u64(o, "refreshes", was.tunnel.refreshes);
	out_json_traffic(o, "in", &was.tunnel.in);
	out_json_traffic(o, "out", &was.tunnel.out);
	return o;
}

void
cmd_history(struct cli *cli, const struct cmd_match *match)
{
	static const struct ring ike = { IPM_IKE_HISTORY,
					 "IKE SAs that have ended",
					 print_ike_end,
					 { .key = "ike_history", .kind = IPM_IKE_HISTORY, .row = json_ike_end } };
	static const struct ring tunnels = {
		IPM_TUNNEL_HISTORY,
		"IPsec tunnels that have ended",
		print_tunnel_end,
		{ .key = "tunnel_history", .kind = IPM_TUNNEL_HISTORY, .row = json_tunnel_end }
	};
	(void)match;
	show_rings(cli, &ike, &tunnels);
}

/* --- failures ----------------------------------------------------------------------------------------------------- */

static void
print_failure(struct cli *cli, const union ipm_any_record *record)
{
	const struct ipm_failure *f = &record->failure;
	char a[OUT_ADDR_MAX], b[OUT_ADDR_MAX], ago[OUT_AGE_MAX], name[OUT_TEXT_MAX], id[OUT_TEXT_MAX],
		text[OUT_TEXT_MAX];
	bool named = strcmp(f->remote_id, out_addr(&f->remote, b)) != 0; /* else the address identifies the peer */
	fprintf(cli->out, "%5" PRIu32 "  %s  %s - %s%s%s  %s ago: %s%s%s\n", f->index,
		f->conn[0] ? OUT_CLEAN(f->conn, name) : "-", out_addr(&f->local, a), b,
		named && f->remote_id[0] ? " " : "", named ? OUT_CLEAN(f->remote_id, id) : "",
		out_age(lasted(f->time_ns, cli->now_ns), ago), word_failure(f->reason), f->text[0] ? ": " : "",
		OUT_CLEAN(f->text, text));
}

static json_t *
json_failure(struct cli *cli, const struct cli_row *row)
{
	struct ipm_failure f;
	if (!cli_row_read(cli, row, &f))
		return NULL;
	json_t *o = json_object();
	out_json_u64(o, "index", f.index);
	out_json_string(o, "reason", word_failure(f.reason));
	out_json_since(o, "age", cli->now_ns, f.time_ns);
	OUT_JSON_TEXT(o, "conn", f.conn);
	out_json_addr(o, "local", &f.local);
	OUT_JSON_TEXT(o, "local_id", f.local_id);
	out_json_addr(o, "remote", &f.remote);
	OUT_JSON_TEXT(o, "remote_id", f.remote_id);
	out_json_bool(o, "initiator", f.initiator);
	out_json_bool(o, "setup", f.setup);
	OUT_JSON_TEXT(o, "text", f.text);
	return o;
}

void
cmd_failures(struct cli *cli, const struct cmd_match *match)
{
	static const struct ring ike = { IPM_IKE_FAILURES,
					 "IKE failures",
					 print_failure,
					 { .key = "ike_failures", .kind = IPM_IKE_FAILURES, .row = json_failure } };
	static const struct ring tunnels = {
		IPM_TUNNEL_FAILURES,
		"IPsec failures",
		print_failure,
		{ .key = "tunnel_failures", .kind = IPM_TUNNEL_FAILURES, .row = json_failure }
	};
	(void)match;
	show_rings(cli, &ike, &tunnels);
}
