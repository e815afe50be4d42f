/* SPDX-License-Identifier: ISC */
/* show notifications: what the agents have sent to the SNMP master, according to their own reports. */
#include <inttypes.h>

#include "cmd_table.h"
#include "out.h"

static void
print_agent(struct cli *cli, const struct ipm_agent *agent)
{
	char name[OUT_TEXT_MAX], age[OUT_AGE_MAX];
	fprintf(cli->out, "agent %s (pid %" PRIu32 "), reported %s\n", OUT_CLEAN(agent->name, name), agent->pid,
		out_since(cli->now_ns, agent->updated_ns, age));
	fprintf(cli->out,
		"  notifications sent: %" PRIu64 ", suppressed: %" PRIu64 ", switched off: %" PRIu64
		", waiting: %" PRIu64 "\n",
		agent->sent, agent->suppressed, agent->disabled, agent->waiting);
}

/* An agent reports through the control socket of a segment's writer. Skip segments without a control socket. */
static bool
can_be_told(const struct cli_segment *s)
{
	char control[IPM_TEXT_MAX];
	return ipm_segment_control(s->seg, control)[0] != '\0';
}

static void
print_text(struct cli *cli)
{
	struct cli_rows rows = { 0 };
	char given[IPM_NAME_MAX], name[OUT_TEXT_MAX];
	bool any = false;
	cli_rows_collect_all(cli, &rows, IPM_AGENTS, NULL);
	for (size_t i = 0; i < rows.n; i++) {
		struct ipm_agent agent;
		if (cli_row_read(cli, &rows.row[i], &agent))
			print_agent(cli, &agent);
	}
	for (size_t i = 0; i < cli->segments; i++) {
		any |= can_be_told(&cli->segment[i]);
		if (!can_be_told(&cli->segment[i]))
			fprintf(cli->out,
				"segment %s: agents cannot report to its writer, which has no control socket.\n"
				"  Ask the agent over SNMP: ipsecmonAgentSent, ipsecmonAgentSuppressed\n",
				out_clean(ipm_segment_name(cli->segment[i].seg, given), sizeof(given), name));
	}
	if (rows.n == 0 && any)
		fprintf(cli->out, "no agent has reported yet\n");
	cli_rows_free(&rows);
}

static void
json_head(struct cli *cli, const struct cli_segment *s, json_t *head)
{
	(void)cli;
	out_json_bool(head, "agents_report", can_be_told(s));
}

static json_t *
json_agent(struct cli *cli, const struct cli_row *row)
{
	struct ipm_agent agent;
	if (!cli_row_read(cli, row, &agent))
		return NULL;
	json_t *o = json_object();
	OUT_JSON_TEXT(o, "name", agent.name);
	out_json_u64(o, "pid", agent.pid);
	out_json_since(o, "report_age", cli->now_ns, agent.updated_ns);
	out_json_u64(o, "sent", agent.sent);
	out_json_u64(o, "suppressed", agent.suppressed);
	out_json_u64(o, "disabled", agent.disabled);
	out_json_u64(o, "waiting", agent.waiting);
	return o;
}

void
cmd_notifications(struct cli *cli, const struct cmd_match *match)
{
	static const struct out_json_list list = {
		.key = "agents", .kind = IPM_AGENTS, .row = json_agent, .head = json_head
	};
	(void)match;
	if (cli->json)
		out_json_segments(cli, &list, 1);
	else
		print_text(cli);
}
