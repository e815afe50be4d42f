/* SPDX-License-Identifier: ISC */
/* The segments in run-dir, and their records in the order of display. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

#define SUFFIX ".model"

int
cli_is_segment(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
	       strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* same order in every locale */
}

const char *
cli_writer_state(const struct ipm_segment *seg)
{
	if (!ipm_segment_writer(seg))
		return "stopped";
	return ipm_segment_silence_ns(seg) > CLI_STALE_NS ? "silent" : "running";
}

uint64_t
cli_segment_now(const struct cli_segment *s)
{
	uint64_t silence = ipm_segment_silence_ns(s->seg), now_ns = s->cli->now_ns;
	return strcmp(cli_writer_state(s->seg), "running") == 0 || silence > now_ns ? now_ns : now_ns - silence;
}

/*
 * After the writer stopped, rows still say "up": warn about that. JSON output carries the state itself, so stderr is
 * enough.
 */
static void
segment_warn(struct cli *cli, const struct cli_segment *s)
{
	uint32_t pid = ipm_segment_writer(s->seg);
	char age[OUT_AGE_MAX], path[OUT_TEXT_MAX], text[OUT_TEXT_MAX + 128];
	if (strcmp(cli_writer_state(s->seg), "running") == 0)
		return;
	out_age(ipm_segment_silence_ns(s->seg), age);
	out_clean(ipm_segment_path(s->seg), SIZE_MAX, path);
	if (pid)
		snprintf(text, sizeof(text), "%s: its writer (pid %u) has been silent for %s: the figures are that old",
			 path, pid, age);
	else
		snprintf(text, sizeof(text), "%s: its writer was stopped %s ago: the figures are that old", path, age);
	if (cli->json)
		cli_warn(cli, "%s", text);
	else
		fprintf(cli->out, "%% slot %" PRIu32 ", %s\n", s->ordinal, text);
}

void
cli_segments_open(struct cli *cli)
{
	struct dirent **entry = NULL;
	const char *dir = cli->conf->run_dir;
	int n = scandir(dir, &entry, cli_is_segment, by_name);
	if (n < 0 && errno != ENOENT) {
		cli_fail(cli, "%s: %s", dir, strerror(errno));
		return;
	}
	if (n <= 0) {
		cli_fail(cli, "no segment in %s: ipsecmond does not run, or it has another run-dir", dir);
		free(entry);
		return;
	}
	cli->segment = calloc((size_t)n, sizeof(*cli->segment));
	for (int i = 0; i < n; i++) {
		struct ipm_segment *seg;
		struct ipm_error error = { "" };
		char *path = conf_run_path(cli->conf, entry[i]->d_name);
		int rc = path && cli->segment ? ipm_segment_attach(&seg, path, &error) : -ENOMEM;
		if (rc == 0) {
			cli->segment[cli->segments++] = (struct cli_segment){ cli, seg, (uint32_t)i };
			ipm_segment_patience(seg, CLI_PATIENCE_NS);
			segment_warn(cli, &cli->segment[cli->segments - 1]);
		} else if (error.text[0]) {
			cli_fail(cli, "%s", error.text);
		} else {
			cli_fail(cli, "%s/%s: %s", dir, entry[i]->d_name, strerror(-rc));
		}
		free(path);
		free(entry[i]);
	}
	free(entry);
}

void
cli_segments_close(struct cli *cli)
{
	for (size_t i = 0; i < cli->segments; i++)
		ipm_segment_close(cli->segment[i].seg);
	free(cli->segment);
	cli->segment = NULL;
	cli->segments = 0;
}

bool
cli_open(struct cli *cli)
{
	char error[512];
	cli->conf = conf_load(cli->conf_file, error, sizeof(error));
	if (!cli->conf) {
		cli_fail(cli, "%s", error);
		return false;
	}
	cli->now_ns = ipm_now_ns();
	cli_segments_open(cli);
	return true;
}

void
cli_close(struct cli *cli)
{
	if (cli->unread == 1)
		cli_fail(cli, "1 record could not be read: its writer was changing it, or died doing so");
	else if (cli->unread)
		cli_fail(cli, "%zu records could not be read: their writer was changing them, or died doing so",
			 cli->unread);
	for (size_t i = 0; i < cli->segments; i++) {
		struct ipm_error damage;
		if (ipm_segment_state(cli->segment[i].seg, &damage) < 0)
			cli_fail(cli, "%s", damage.text);
	}
	cli_segments_close(cli);
	conf_free(cli->conf);
	cli->conf = NULL;
}

/* Count a read. Every CLI_RELEASE reads, return the memory of the pages read before. */
static void
reads_count(struct cli *cli, const struct ipm_segment *seg)
{
	if (++cli->reads >= CLI_RELEASE) {
		cli->reads = 0;
		ipm_segment_release(seg);
	}
}

bool
cli_read(struct cli *cli, const struct cli_segment *s, enum ipm_section_kind kind, uint32_t slot, void *out)
{
	reads_count(cli, s->seg);
	int rc = ipm_read(s->seg, kind, slot, out);
	if (rc == -EAGAIN)
		cli->unread++;
	return rc == 0;
}

bool
cli_walk_next(struct cli *cli, struct ipm_walk *walk, void *out)
{
	uint32_t unread = walk->unread;
	reads_count(cli, walk->seg);
	int rc = ipm_walk_next(walk, out);
	cli->unread += walk->unread - unread;
	return rc > 0;
}

bool
cli_row_read(struct cli *cli, const struct cli_row *row, void *out)
{
	return cli_read(cli, row->segment, row->kind, row->slot, out) &&
	       ((const union ipm_any_record *)out)->index == row->index;
}

static bool
is_ring(enum ipm_section_kind kind)
{
	return kind == IPM_IKE_HISTORY || kind == IPM_TUNNEL_HISTORY || kind == IPM_IKE_FAILURES ||
	       kind == IPM_TUNNEL_FAILURES || kind == IPM_SESSION_HISTORY || kind == IPM_LOGIN_FAILURES;
}

void
cli_rows_collect(struct cli *cli, struct cli_rows *rows, const struct cli_segment *s, enum ipm_section_kind kind,
		 cli_pick *pick)
{
	union ipm_any_record record;
	struct ipm_walk walk;

	if (is_ring(kind))
		ipm_walk_ring(&walk, s->seg, kind);
	else
		ipm_walk_all(&walk, s->seg, kind);
	while (cli_walk_next(cli, &walk, &record)) {
		uint64_t group = 0;
		if (pick && !pick(s, &record, &group))
			continue;
		struct cli_row *row = cli_grow(rows->row, rows->n, &rows->room, sizeof(*row));
		if (!row) {
			cli_fail(cli, "out of memory: not everything is shown");
			return;
		}
		rows->row = row;
		rows->row[rows->n++] = (struct cli_row){ group, kind, record.index, walk.slot, s };
	}
}

static int
by_group_and_index(const void *a, const void *b)
{
	const struct cli_row *x = a, *y = b;
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (x->segment->ordinal > y->segment->ordinal) - (x->segment->ordinal < y->segment->ordinal);
}

void
cli_rows_sort(struct cli_rows *rows)
{
	if (rows->n > 1)
		qsort(rows->row, rows->n, sizeof(*rows->row), by_group_and_index);
}

void
cli_rows_collect_all(struct cli *cli, struct cli_rows *rows, enum ipm_section_kind kind, cli_pick *pick)
{
	for (size_t i = 0; i < cli->segments; i++)
		cli_rows_collect(cli, rows, &cli->segment[i], kind, pick);
	cli_rows_sort(rows);
}

void *
cli_grow(void *array, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return array;
	size_t more = *room ? *room * 2 : 8;
	void *bigger = realloc(array, more * size);
	if (bigger)
		*room = more;
	return bigger;
}

void
cli_rows_free(struct cli_rows *rows)
{
	free(rows->row);
	*rows = (struct cli_rows){ 0 };
}
