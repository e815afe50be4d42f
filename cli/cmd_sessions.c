/* SPDX-License-Identifier: ISC */
/* ipsecmon sessions: a line for each user who is connected; --ended, --failed and --pools. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_table.h"
#include "sessions.h"

/* ---- a table whose columns are as wide as their widest cell ---- */

#define CELLS_MAX 8

struct table {
	const char *heads[CELLS_MAX];
	bool right[CELLS_MAX]; /* numbers: aligned to the right */
	size_t cells;
	char *(*row)[CELLS_MAX];
	size_t rows, room;
};

/* Characters, not octets: user names may be UTF-8. */
static int
width_of(const char *text)
{
	int n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

/* Add a row of @p cells texts, which are copied. */
static void
table_add(struct cli *cli, struct table *t, const char *const *cell)
{
	void *bigger = cli_grow(t->row, t->rows, &t->room, sizeof(*t->row));
	if (!bigger) {
		cli_fail(cli, "out of memory: not everything is shown");
		return;
	}
	t->row = bigger;
	for (size_t i = 0; i < t->cells; i++)
		t->row[t->rows][i] = strdup(cell[i][0] ? cell[i] : "-");
	t->rows++;
}

/* A text that is wider than its column takes the room of the gaps behind it. */
static void
print_row(FILE *f, const struct table *t, const int *width, const char *const *cell)
{
	int late = 0;
	for (size_t i = 0; i < t->cells; i++) {
		const char *text = cell[i] ? cell[i] : "?"; /* strdup() found no memory */
		int gap = width[i] - width_of(text) - late;
		late = gap < 0 ? -gap : 0;
		gap += late;
		if (t->right[i])
			fprintf(f, "%*s%s", gap, "", text);
		else
			fprintf(f, "%s%*s", text, i + 1 < t->cells ? gap : 0, "");
		fputs(i + 1 < t->cells ? " " : "\n", f);
	}
}

/* One long name must not push the other columns of all users out of the window. */
#define COLUMN_MAX 30

/* Print and free the table. @p none: why it may be empty; see cli_sessions_none(). */
static void
table_print(struct cli *cli, struct table *t, const char *none, uint64_t caps)
{
	int width[CELLS_MAX];
	if (t->rows == 0) {
		cli_sessions_none(cli, cli->list.user || cli->list.group, none, caps);
		return;
	}
	for (size_t i = 0; i < t->cells; i++) {
		width[i] = width_of(t->heads[i]);
		for (size_t n = 0; n < t->rows; n++) {
			int w = t->row[n][i] ? width_of(t->row[n][i]) : 1;
			if (w > width[i])
				width[i] = w < COLUMN_MAX ? w : COLUMN_MAX;
		}
	}
	print_row(cli->out, t, width, t->heads);
	for (size_t n = 0; n < t->rows; n++) {
		print_row(cli->out, t, width, (const char *const *)t->row[n]);
		for (size_t i = 0; i < t->cells; i++)
			free(t->row[n][i]);
	}
	free(t->row);
}

/* ---- cells ---- */

static uint64_t
between(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? to_ns - from_ns : 0;
}

/* The address that the user has here. A user with several: the first, and how many more. */
static const char *
address_text(const struct ipm_session *session, char out[OUT_ADDR_MAX + 16])
{
	char first[OUT_ADDR_MAX];
	if (session->virtuals == 0)
		return "-";
	out_addr(&session->virtual_addr[0], first);
	if (session->virtuals == 1)
		snprintf(out, OUT_ADDR_MAX + 16, "%s", first);
	else
		snprintf(out, OUT_ADDR_MAX + 16, "%s+%d", first, session->virtuals - 1);
	return out;
}

/* ---- order ---- */

struct sort_key {
	char text[IPM_ID_MAX];
	uint64_t number;
	size_t row;
};

static int
by_key(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	int rc = strcmp(x->text, y->text);
	if (rc == 0)
		rc = (x->number > y->number) - (x->number < y->number);
	return rc ? rc : (x->row > y->row) - (x->row < y->row);
}

static void
key_of(const char *sort, const struct ipm_session *session, struct sort_key *out)
{
	if (strcmp(sort, "user") == 0)
		snprintf(out->text, sizeof(out->text), "%.*s", IPM_ID_MAX - 1, session->user);
	else if (strcmp(sort, "group") == 0)
		snprintf(out->text, sizeof(out->text), "%.*s", IPM_NAME_MAX, session->group);
	else if (strcmp(sort, "in") == 0)
		out->number = UINT64_MAX - session->in.octets;
	else if (strcmp(sort, "out") == 0)
		out->number = UINT64_MAX - session->out.octets;
	else
		out->number = session->started_ns;
}

/* Names in the order of the alphabet, the longest connected first, and the most traffic first. */
static void
rows_order(struct cli *cli, struct cli_rows *rows, const char *sort)
{
	struct sort_key *key = rows->n ? calloc(rows->n, sizeof(*key)) : NULL;
	struct ipm_session session;
	for (size_t i = 0; key && i < rows->n; i++) {
		key[i].row = i;
		if (cli_row_read(cli, &rows->row[i], &session))
			key_of(sort, &session, &key[i]);
	}
	if (key)
		qsort(key, rows->n, sizeof(*key), by_key);
	for (size_t i = 0; key && i < rows->n; i++)
		rows->row[key[i].row].group = i;
	free(key);
	cli_rows_sort(rows);
}

/* ---- who is connected ---- */

static void
session_add(struct cli *cli, struct table *t, const struct cli_row *row, const struct ipm_session *session)
{
	char user[OUT_TEXT_MAX], group[OUT_TEXT_MAX], source[OUT_ADDR_MAX], address[OUT_ADDR_MAX + 16];
	char age[OUT_AGE_MAX], in[OUT_SHORT_MAX], out[OUT_SHORT_MAX];
	static const char *const states[] = { "?", "up", "ends", "held" };
	const char *const cell[CELLS_MAX] = {
		OUT_CLEAN(session->user, user),
		OUT_CLEAN(session->group, group),
		out_addr(&session->remote, source),
		address_text(session, address),
		out_age_short(between(session->started_ns, cli_segment_now(row->segment)), age),
		out_octets_short(session->in.octets, in),
		out_octets_short(session->out.octets, out),
		states[session->state < 4 ? session->state : 0],
	};
	table_add(cli, t, cell);
}

static void
print_sessions(struct cli *cli)
{
	struct table t = { .heads = { "User", "Group", "Source", "Address", "For", "In", "Out", "State" },
			   .right = { [4] = true, [5] = true, [6] = true },
			   .cells = 8 };
	struct cli_rows rows = { 0 };
	struct ipm_session session;
	size_t held = 0;
	cli_rows_collect_all(cli, &rows, IPM_SESSIONS, cli_session_pick);
	if (cli->list.sort)
		rows_order(cli, &rows, cli->list.sort);
	for (size_t i = 0; i < rows.n; i++)
		if (cli_row_read(cli, &rows.row[i], &session)) {
			session_add(cli, &t, &rows.row[i], &session);
			held += session.state == IPM_SESSION_HELD;
		}
	table_print(cli, &t,
		    cli->list.user || cli->list.group ? "nobody with this name is connected" : "nobody is connected",
		    IPM_CAP_SESSIONS);
	if (held)
		fprintf(cli->out, "held: not up now, and its figures are kept for a while in case it returns.\n");
	cli_rows_free(&rows);
}

/* ---- who was connected ---- */

static void
print_ended(struct cli *cli)
{
	struct table t = { .heads = { "User", "Group", "Source", "For", "In", "Out", "Ended", "Reason" },
			   .right = { [3] = true, [4] = true, [5] = true, [6] = true },
			   .cells = 8 };
	struct cli_rows rows = { 0 };
	struct ipm_session_history was;
	cli_rows_collect_all(cli, &rows, IPM_SESSION_HISTORY, cli_session_ended_pick);
	for (size_t i = 0; i < rows.n; i++) {
		char user[OUT_TEXT_MAX], group[OUT_TEXT_MAX], source[OUT_ADDR_MAX];
		char age[OUT_AGE_MAX], in[OUT_SHORT_MAX], out[OUT_SHORT_MAX], ago[OUT_AGE_MAX + 4], text[OUT_AGE_MAX];
		if (!cli_row_read(cli, &rows.row[i], &was))
			continue;
		snprintf(ago, sizeof(ago), "%s ago", out_age_short(between(was.ended_ns, cli->now_ns), text));
		const char *const cell[CELLS_MAX] = {
			OUT_CLEAN(was.session.user, user),
			OUT_CLEAN(was.session.group, group),
			out_addr(&was.session.remote, source),
			out_age_short(between(was.session.started_ns, was.ended_ns), age),
			out_octets_short(was.session.in.octets, in),
			out_octets_short(was.session.out.octets, out),
			ago,
			word_end_reason(was.reason),
		};
		table_add(cli, &t, cell);
	}
	table_print(cli, &t, "no session has ended", IPM_CAP_SESSIONS);
	cli_rows_free(&rows);
}

/* ---- logins that failed ---- */

static const struct {
	const char *key, *text;
} login_words[] = {
#define LOGIN_WORDS(name, key, text) [IPM_LOGIN_##name] = { (key), (text) },
	IPM_LOGIN_FAILS(LOGIN_WORDS)
#undef LOGIN_WORDS
};

static bool
pick_failure(const struct cli_segment *s, const void *record, uint64_t *group)
{
	const struct ipm_login_failure *f = record;
	const struct cli_asked *asked = s->cli->asked;
	(void)group;
	return cli_name_asked(f->user, sizeof(f->user), asked->user, asked->patterns) &&
	       cli_name_asked(f->group, sizeof(f->group), asked->group, asked->patterns);
}

static size_t
login_reason(const struct ipm_login_failure *f)
{
	return f->reason < IPM_LOGIN_COUNT ? f->reason : (size_t)IPM_LOGIN_OTHER;
}

static void
print_failed(struct cli *cli)
{
	struct table t = { .heads = { "User", "Group", "Source", "When", "Reason" },
			   .right = { [3] = true },
			   .cells = 5 };
	struct cli_rows rows = { 0 };
	struct ipm_login_failure f;
	cli_rows_collect_all(cli, &rows, IPM_LOGIN_FAILURES, pick_failure);
	for (size_t i = 0; i < rows.n; i++) {
		char user[OUT_TEXT_MAX], group[OUT_TEXT_MAX], source[OUT_ADDR_MAX], ago[OUT_AGE_MAX + 4],
			text[OUT_AGE_MAX], why[64];
		if (!cli_row_read(cli, &rows.row[i], &f))
			continue;
		snprintf(ago, sizeof(ago), "%s ago", out_age_short(between(f.at_ns, cli->now_ns), text));
		const char *reason = login_words[login_reason(&f)].text;
		snprintf(why, sizeof(why), "%.*s", (int)strcspn(reason, ":"), reason);
		const char *const cell[CELLS_MAX] = { OUT_CLEAN(f.user, user), OUT_CLEAN(f.group, group),
						      out_addr(&f.remote, source), ago, why };
		table_add(cli, &t, cell);
	}
	table_print(cli, &t, "no login has failed", IPM_CAP_LOGIN_FAILURES);
	cli_rows_free(&rows);
}

static json_t *
json_failed(struct cli *cli, const struct cli_row *row)
{
	struct ipm_login_failure f;
	if (!cli_row_read(cli, row, &f))
		return NULL;
	json_t *o = json_object();
	out_json_u64(o, "index", f.index);
	out_json_string(o, "reason", login_words[login_reason(&f)].key);
	out_json_since(o, "age", cli->now_ns, f.at_ns);
	OUT_JSON_TEXT(o, "user", f.user);
	OUT_JSON_TEXT(o, "group", f.group);
	out_json_addr(o, "local", &f.local);
	out_json_addr(o, "remote", &f.remote);
	out_json_u64(o, "remote_port", f.remote_port);
	out_json_limit(o, "session", f.session);
	OUT_JSON_TEXT(o, "text", f.text);
	return o;
}

/* Failed logins by reason, since ipsecmond began to count. */
static void
json_failed_head(struct cli *cli, const struct cli_segment *s, json_t *head)
{
	struct ipm_totals totals = { .ike_active = 0 };
	json_t *o = json_object();
	out_json_bool(head, "login_failures_known", cli_some_feed_knows(cli, IPM_CAP_LOGIN_FAILURES));
	if (ipm_totals_read(s->seg, &totals) < 0)
		cli->unread++;
	for (size_t i = 0; i < IPM_LOGIN_COUNT; i++)
		out_json_u64(o, login_words[i].key, totals.login_fails[i]);
	json_object_set_new(head, "login_fails", o);
}

/* ---- pools ---- */

static uint64_t
pool_free(const struct ipm_pool *pool)
{
	uint64_t used = pool->online + pool->offline;
	return used < pool->size ? pool->size - used : 0;
}

static double
pool_percent(const struct ipm_pool *pool)
{
	return pool->size ? 100.0 * (double)pool->online / (double)pool->size : 0;
}

static void
print_pools(struct cli *cli)
{
	struct table t = { .heads = { "Pool", "Base", "Size", "Online", "Offline", "Free", "Used" },
			   .right = { [2] = true, [3] = true, [4] = true, [5] = true, [6] = true },
			   .cells = 7 };
	struct cli_rows rows = { 0 };
	struct ipm_pool pool;
	cli_rows_collect_all(cli, &rows, IPM_POOLS, NULL);
	for (size_t i = 0; i < rows.n; i++) {
		char name[OUT_TEXT_MAX], base[OUT_ADDR_MAX], size[24], online[24], offline[24], left[24],
			used[24] = "-";
		if (!cli_row_read(cli, &rows.row[i], &pool))
			continue;
		snprintf(size, sizeof(size), "%" PRIu64, pool.size);
		snprintf(online, sizeof(online), "%" PRIu64, pool.online);
		snprintf(offline, sizeof(offline), "%" PRIu64, pool.offline);
		snprintf(left, sizeof(left), "%" PRIu64, pool_free(&pool));
		if (pool.size)
			snprintf(used, sizeof(used), "%.0f%%", pool_percent(&pool));
		const char *const cell[CELLS_MAX] = {
			OUT_CLEAN(pool.name, name), out_addr(&pool.base, base), size, online, offline, left, used
		};
		table_add(cli, &t, cell);
	}
	table_print(cli, &t, "no pool is configured", IPM_CAP_POOLS);
	cli_rows_free(&rows);
}

static json_t *
json_pool(struct cli *cli, const struct cli_row *row)
{
	struct ipm_pool pool;
	if (!cli_row_read(cli, row, &pool))
		return NULL;
	json_t *o = json_object();
	out_json_u64(o, "index", pool.index);
	OUT_JSON_TEXT(o, "name", pool.name);
	out_json_addr(o, "base", &pool.base);
	out_json_u64(o, "size", pool.size);
	out_json_u64(o, "online", pool.online);
	out_json_u64(o, "offline", pool.offline);
	return o;
}

static void
json_pools_head(struct cli *cli, const struct cli_segment *s, json_t *head)
{
	(void)s;
	out_json_bool(head, "pools_known", cli_some_feed_knows(cli, IPM_CAP_POOLS));
}

/* ---- the command ---- */

static const struct list {
	struct out_json_list json;
	void (*print)(struct cli *cli);
} sessions = { { .key = "sessions",
		 .kind = IPM_SESSIONS,
		 .pick = cli_session_pick,
		 .row = cli_session_json,
		 .head = cli_sessions_json_head },
	       print_sessions },
  ended = { { .key = "session_history",
	      .kind = IPM_SESSION_HISTORY,
	      .pick = cli_session_ended_pick,
	      .row = cli_session_ended_json,
	      .head = cli_sessions_json_head },
	    print_ended },
  failed = { { .key = "login_failures",
	       .kind = IPM_LOGIN_FAILURES,
	       .pick = pick_failure,
	       .row = json_failed,
	       .head = json_failed_head },
	     print_failed },
  pools = { { .key = "pools", .kind = IPM_POOLS, .row = json_pool, .head = json_pools_head }, print_pools };

/* False: the options do not fit together, which has been reported. */
static bool
options_good(struct cli *cli)
{
	const struct cli_list *list = &cli->list;
	size_t key = 0;
	while (list->sort && cli_sort_keys[key] && strcmp(cli_sort_keys[key], list->sort) != 0)
		key++;
	if (list->ended + list->failed + list->pools > 1)
		cli_fail(cli, "--ended, --failed, --pools: one of them");
	else if (list->pools && (list->user || list->group))
		cli_fail(cli, "--pools shows all pools: leave out --user and --group");
	else if (list->sort && (list->ended || list->failed || list->pools))
		cli_fail(cli, "--sort is for sessions that are up: the others are shown oldest first");
	else if (list->sort && !cli_sort_keys[key])
		cli_fail(cli, "--sort %s: user, group, since, in or out is expected", list->sort);
	else
		return true;
	cli->status = 2;
	return false;
}

static void
show(struct cli *cli, struct cli_asked *asked, const struct list *list)
{
	cli->asked = asked;
	if (cli->json)
		out_json_segments(cli, &list->json, 1);
	else
		list->print(cli);
}

void
cmd_sessions(struct cli *cli, const struct cmd_match *match)
{
	const struct list *list = cli->list.ended    ? &ended
				  : cli->list.failed ? &failed
				  : cli->list.pools  ? &pools
						     : &sessions;
	(void)match;
	if (options_good(cli))
		show(cli, &(struct cli_asked){ .user = cli->list.user, .group = cli->list.group, .patterns = true },
		     list);
}
