/* SPDX-License-Identifier: ISC */
/* clear crypto session {username NAME | remote ADDRESS | group NAME | id N}: asks the writer of their segment. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_table.h"
#include "control.h"
#include "sessions.h"

/* Exit statuses, beside 0 and those of every command. */
enum { CLEAR_NONE = 3, CLEAR_NOT_ALLOWED, CLEAR_NOT_RUNNING };

struct clear {
	struct cli *cli;
	struct cli_asked asked;
	char what[128]; /* as the user asked: "user alice" */
	size_t closed;
	int status; /* of the first session that could not be closed; 0: none */
};

static void
failed(struct clear *c, int status, uint32_t index, const char *why)
{
	cli_fail(c->cli, "session %" PRIu32 ": %s", index, why);
	if (c->status == 0)
		c->status = status;
}

static int
status_of(int rc, const char *answer)
{
	if (rc == -EREMOTEIO && strncmp(answer, "not allowed", 11) == 0)
		return CLEAR_NOT_ALLOWED;
	if (rc == -EREMOTEIO && strncmp(answer, "there is no such", 16) == 0)
		return CLEAR_NONE;
	if (rc == -EACCES || rc == -EPERM)
		return CLEAR_NOT_ALLOWED;
	return rc == -ENOENT || rc == -ECONNREFUSED ? CLEAR_NOT_RUNNING : 1;
}

/* What to do about a refusal, unless the answer says it. */
static const char *
advice(int status, const char *answer)
{
	if (status == CLEAR_NOT_ALLOWED && !strchr(answer, ':'))
		return ": root may, and members of the group in ipsecmon.conf";
	return status == CLEAR_NOT_RUNNING ? ": does ipsecmond run?" : "";
}

/* False: the rest would be refused, too. */
static bool
close_session(struct clear *c, const struct cli_segment *s, const struct ipm_session *session)
{
	char socket[IPM_TEXT_MAX], request[CONTROL_LINE_MAX], answer[CONTROL_LINE_MAX], why[CONTROL_LINE_MAX + 128];
	char user[OUT_TEXT_MAX], from[OUT_ADDR_MAX];
	if (ipm_segment_control(s->seg, socket)[0] == '\0') {
		failed(c, 1, session->index, "its segment has no control socket: its writer cannot close sessions");
		return true;
	}
	snprintf(request, sizeof(request), "destroy session %" PRIu32, session->index);
	int rc = control_request(socket, request, answer, sizeof(answer));
	if (rc == 0) {
		c->closed++;
		fprintf(c->cli->out, "session %" PRIu32 " closed: %s from %s\n", session->index,
			session->user[0] ? OUT_CLEAN(session->user, user) : "-", out_addr(&session->remote, from));
		return true;
	}
	int status = status_of(rc, answer);
	snprintf(why, sizeof(why), "%s%s", answer, advice(status, answer));
	failed(c, status, session->index, why);
	return status != CLEAR_NOT_ALLOWED && status != CLEAR_NOT_RUNNING;
}

static void
close_all(struct clear *c)
{
	struct cli *cli = c->cli;
	struct cli_rows rows = { 0 };
	struct ipm_session session;
	bool go_on = true;
	cli->asked = &c->asked;
	cli_rows_collect_all(cli, &rows, IPM_SESSIONS, cli_session_pick);
	if (rows.n == 0 && !cli_some_feed_knows(cli, IPM_CAP_SESSIONS))
		cli_fail(cli, "%s: sessions are not known: no feed is up that can tell", c->what);
	else if (rows.n == 0)
		cli_fail(cli, "%s: there is no such session", c->what);
	for (size_t i = 0; i < rows.n && go_on; i++)
		if (cli_row_read(cli, &rows.row[i], &session))
			go_on = close_session(c, rows.row[i].segment, &session);
	if (rows.n == 0)
		c->status = CLEAR_NONE;
	else if (rows.n > 1)
		fprintf(cli->out, "%s: %zu of %zu sessions closed\n", c->what, c->closed, rows.n);
	cli_rows_free(&rows);
}

/* False: the words name no session, which has been reported. */
static bool
asked_parse(struct clear *c, const struct cmd_match *match)
{
	const char *remote = cmd_value(match, "remote"), *id = cmd_value(match, "id");
	char text[OUT_TEXT_MAX];
	c->asked = (struct cli_asked){ .user = cmd_value(match, "username"), .group = cmd_value(match, "group") };
	snprintf(c->what, sizeof(c->what), "%s %.100s",
		 c->asked.user    ? "user"
		 : c->asked.group ? "group"
		 : remote         ? "peer"
				  : "session",
		 out_clean(match->argument[0], SIZE_MAX, text));
	if (remote)
		return cli_address(c->cli, remote, &c->asked.remote);
	if (id) {
		char *end;
		unsigned long n = strtoul(id, &end, 10);
		if (id[0] < '0' || id[0] > '9' || *end || n == 0 || n > INT32_MAX) {
			cli_fail(c->cli, "\"%s\" is not the number of a session", id);
			return false;
		}
		c->asked.index = (uint32_t)n;
	}
	return true;
}

void
cmd_clear_session(struct cli *cli, const struct cmd_match *match)
{
	struct clear c = { .cli = cli };
	cli->json = false;
	if (!asked_parse(&c, match) || !cli_open(cli))
		return;
	if (cli->segments == 0)
		c.status = CLEAR_NOT_RUNNING; /* cli_open() has reported it */
	else
		close_all(&c);
	cli_close(cli);
	if (c.status)
		cli->status = c.status;
}
