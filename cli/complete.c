/* SPDX-License-Identifier: ISC */
/* --complete: what may stand where the cursor is, for the shells. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "cmd_table.h"
#include "complete.h"

#define WORDS_MAX 16 /* no command has more */
#define VALUE_MAX 64

/* What is typed, and what of it is known by now. */
struct line {
	const char *conf_file; /* NULL: the default */
	char *word[WORDS_MAX]; /* without options, and without the one that is completed */
	int words;
	const char *prefix; /* of that one */
};

static const struct {
	const char *option, *help;
} options[] = {
	{ "-c", "read another configuration" },
	{ "--json", "JSON in place of text" },
	{ "--help", "say what there is" },
	{ "--version", "say the version" },
};

/* False: nothing may stand there that we know of. */
static bool
line_parse(int words, char **word, struct line *out)
{
	bool ended = false;

	*out = (struct line){ .prefix = words > 0 ? word[words - 1] : "" };
	for (int i = 0; i < words - 1; i++) {
		const char *text = word[i];
		if (ended || text[0] != '-') {
			if (out->words == WORDS_MAX)
				return false;
			out->word[out->words++] = word[i];
		} else if (strcmp(text, "-c") == 0) {
			if (++i == words - 1)
				return false; /* a file: the shell knows them */
			out->conf_file = word[i];
		} else if (strncmp(text, "-c", 2) == 0) {
			out->conf_file = text + 2;
		} else if (strcmp(text, "--") == 0) {
			ended = true;
		} else if (strcmp(text, "--json") != 0) {
			return false; /* -V, -h, and what is wrong: they want nothing behind them */
		}
	}
	return true;
}

/* ---- values: what commands take that is not one of our words ---- */

struct values {
	FILE *out;
	const char *prefix;
	char (*value)[VALUE_MAX];
	size_t n, room;
};

/* Names come from configurations and peers. What a shell could take for more than a word is left out. */
static bool
is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
		      (text[i] >= '0' && text[i] <= '9') || (text[i] && strchr("._:@%+=/,-", text[i]))))
			return false;
	return len > 0 && len < VALUE_MAX && text[0] != '-';
}

static void
add(struct values *v, const char *text, size_t field)
{
	size_t len = strnlen(text, field);
	if (!is_plain(text, len) || strlen(v->prefix) > len || memcmp(text, v->prefix, strlen(v->prefix)) != 0)
		return;
	void *bigger = cli_grow(v->value, v->n, &v->room, sizeof(*v->value));
	if (!bigger)
		return;
	v->value = bigger;
	memcpy(v->value[v->n], text, len);
	v->value[v->n++][len] = '\0';
}

static void
add_addr(struct values *v, const struct ipm_addr *a)
{
	char text[INET6_ADDRSTRLEN];
	if ((a->len == 4 && inet_ntop(AF_INET, a->bytes, text, sizeof(text))) ||
	    (a->len == 16 && inet_ntop(AF_INET6, a->bytes, text, sizeof(text))))
		add(v, text, sizeof(text));
}

static void
add_record(struct values *v, enum cmd_values kind, enum ipm_section_kind section, const union cli_record *record)
{
	if (section == IPM_INTERFACES)
		add(v, record->interface.name, sizeof(record->interface.name));
	else if (section == IPM_MAPS && (kind == CMD_MAPS || record->map.kind == IPM_MAP_DYNAMIC))
		add(v, record->map.name, sizeof(record->map.name));
	else if (section == IPM_TUNNELS && kind == CMD_MAPS)
		add(v, record->tunnel.conn, sizeof(record->tunnel.conn));
	else if (section == IPM_TUNNELS)
		add_addr(v, &record->tunnel.remote);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
print_values(struct cli *cli, enum cmd_values kind, const struct line *line, const char *help)
{
	static const struct {
		enum cmd_values kind;
		enum ipm_section_kind section;
	} from[] = { { CMD_INTERFACES, IPM_INTERFACES },
		     { CMD_MAPS, IPM_MAPS },
		     { CMD_MAPS, IPM_TUNNELS },
		     { CMD_DYNAMIC_MAPS, IPM_MAPS },
		     { CMD_PEERS, IPM_TUNNELS } };
	struct values v = { .out = cli->out, .prefix = line->prefix };

	for (size_t i = 0; i < cli->segments; i++)
		for (size_t k = 0; k < sizeof(from) / sizeof(from[0]); k++) {
			const struct cli_segment *s = &cli->segment[i];
			union cli_record record;
			for (uint32_t slot = 0;
			     from[k].kind == kind && slot < ipm_segment_used(s->seg, from[k].section); slot++)
				if (cli_read(cli, s, from[k].section, slot, &record))
					add_record(&v, kind, from[k].section, &record);
		}
	if (v.n > 0)
		qsort(v.value, v.n, sizeof(*v.value), by_text);
	for (size_t i = 0; i < v.n; i++)
		if (i == 0 || strcmp(v.value[i], v.value[i - 1]) != 0)
			fprintf(v.out, "%s\t%s\n", v.value[i], help);
	free(v.value);
}

/* Of what runs now; whatever is wrong with that is no matter for somebody who types. */
static void
complete_values(const struct line *line, const struct cmd_word *w, FILE *out)
{
	char error[512];
	struct cli cli = { .out = out, .err = fopen("/dev/null", "w"), .patience = CLI_PATIENCE };
	struct conf *conf = cli.err ? conf_load(line->conf_file, error, sizeof(error)) : NULL;

	if (conf) {
		cli.conf = conf;
		cli_segments_open(&cli);
		print_values(&cli, w->values, line, w->help);
		cli_segments_close(&cli);
		conf_free(conf);
	}
	if (cli.err)
		fclose(cli.err);
}

int
cli_complete(int words, char **word, FILE *out)
{
	struct line line;
	struct cmd_match match;

	if (!line_parse(words, word, &line))
		return 0;
	for (size_t i = 0; line.prefix[0] == '-' && i < sizeof(options) / sizeof(options[0]); i++)
		if (strncmp(options[i].option, line.prefix, strlen(line.prefix)) == 0)
			fprintf(out, "%s\t%s\n", options[i].option, options[i].help);
	cmd_match(cmd_root, line.words, line.word, &match);
	if (line.prefix[0] == '-' || (match.result != CMD_RUN && match.result != CMD_INCOMPLETE))
		return 0;
	for (const struct cmd_word *w = match.list; w && w->word; w++) {
		if (w->argument)
			complete_values(&line, w, out);
		else if (strncasecmp(w->word, line.prefix, strlen(line.prefix)) == 0)
			fprintf(out, "%s\t%s\n", w->word, w->help);
	}
	return 0;
}
