/* SPDX-License-Identifier: ISC */
/* show crypto engine connections dropped-packet: packets dropped because no SA was up yet, and all drops by reason. */
#include <inttypes.h>

#include "cmd_table.h"
#include "out.h"

static void
print_interfaces(struct cli *cli)
{
	struct cli_rows rows = { 0 };
	cli_rows_collect_all(cli, &rows, IPM_INTERFACES, NULL);
	fprintf(cli->out, "Packets dropped because of connection not established:\n");
	fprintf(cli->out, "%-20s %-15s %s\n", "Interface", "IP-Address", "Drop Count");
	for (size_t i = 0; i < rows.n; i++) {
		struct ipm_interface interface;
		char name[OUT_TEXT_MAX], addr[OUT_ADDR_MAX];
		if (!cli_row_read(cli, &rows.row[i], &interface) || interface.drops[IPM_DROP_NOT_UP] == 0)
			continue;
		fprintf(cli->out, "%-20s %-15s %" PRIu64 "\n",
			interface.name[0] ? OUT_CLEAN(interface.name, name) : "-", out_addr(&interface.addr, addr),
			interface.drops[IPM_DROP_NOT_UP]);
	}
	cli_rows_free(&rows);
}

static bool
print_list(struct cli *cli, const uint64_t in[IPM_DROP_COUNT], const uint64_t out[IPM_DROP_COUNT], const char *title)
{
	bool any = false;
	for (int why = 0; why < IPM_DROP_COUNT; why++) {
		if (!in[why] && !out[why])
			continue;
		if (!any)
			fprintf(cli->out, "\n%s:\n%10s %10s   Reason\n", title, "In", "Out");
		fprintf(cli->out, "%10" PRIu64 " %10" PRIu64 "   %s\n", in[why], out[why], word_drop((uint64_t)why));
		any = true;
	}
	return any;
}

/* IOS doesn't print these lists. Skip reasons without drops. */
static void
print_reasons(struct cli *cli)
{
	static const char dropped[] = "Packets dropped in all, by reason";
	uint64_t in[IPM_DROP_COUNT] = { 0 }, out[IPM_DROP_COUNT] = { 0 };
	uint64_t fails_in[IPM_DROP_COUNT] = { 0 }, fails_out[IPM_DROP_COUNT] = { 0 };

	for (size_t i = 0; i < cli->segments; i++) {
		struct ipm_totals totals;
		if (ipm_totals_read(cli->segment[i].seg, &totals) < 0) {
			cli->unread++;
			continue;
		}
		for (int why = 0; why < IPM_DROP_COUNT; why++) {
			in[why] += totals.in.drops[why];
			out[why] += totals.out.drops[why];
			fails_in[why] += totals.fails_in[why];
			fails_out[why] += totals.fails_out[why];
		}
	}
	if (!print_list(cli, in, out, dropped))
		fprintf(cli->out, "\n%s:\n%10s %10s   Reason\n%10s %10s   none\n", dropped, "In", "Out", "-", "-");
	print_list(cli, fails_in, fails_out, "Packets rejected after an SA had counted them, or in clear");
}

static json_t *
json_interface(struct cli *cli, const struct cli_row *row)
{
	struct ipm_interface interface;
	if (!cli_row_read(cli, row, &interface))
		return NULL;
	json_t *o = json_object();
	OUT_JSON_TEXT(o, "name", interface.name);
	out_json_u64(o, "ifindex", interface.ifindex);
	out_json_addr(o, "address", &interface.addr);
	out_json_drops(o, "drops", interface.drops);
	return o;
}

static void
json_head(struct cli *cli, const struct cli_segment *s, json_t *head)
{
	struct ipm_totals totals;
	if (ipm_totals_read(s->seg, &totals) < 0) {
		cli->unread++;
		return;
	}
	out_json_drops(head, "drops_in", totals.in.drops);
	out_json_drops(head, "drops_out", totals.out.drops);
	out_json_drops(head, "fails_in", totals.fails_in);
	out_json_drops(head, "fails_out", totals.fails_out);
}

void
cmd_dropped(struct cli *cli, const struct cmd_match *match)
{
	static const struct out_json_list list = {
		.key = "interfaces", .kind = IPM_INTERFACES, .row = json_interface, .head = json_head
	};
	(void)match;
	if (cli->json) {
		out_json_segments(cli, &list, 1);
		return;
	}
	print_interfaces(cli);
	print_reasons(cli);
}
