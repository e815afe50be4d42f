/* SPDX-License-Identifier: ISC */
/* --complete: for shells, the words that are possible at the cursor. */
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "cmd_table.h"
#include "complete.h"
#include "sessions.h"
#include "values.h"

#define WORDS_MAX 16 /* no command has more */

struct option_word {
	const char *option, *help;
	bool alone;              /* nothing may follow */
	bool lists;              /* only for commands that list */
	bool value;              /* a word follows, */
	enum cmd_values values;  /* one of these names, */
	const char *const *keys; /* or one of these */
};

static const struct option_word options[] = {
	{ .option = "-c", .help = "read another configuration", .value = true },
	{ .option = "--json", .help = "JSON instead of text" },
	{ .option = "--help", .help = "print help", .alone = true },
	{ .option = "--version", .help = "print the version", .alone = true },
	{ .option = "--sort", .help = "in this order", .lists = true, .value = true, .keys = cli_sort_keys },
	{ .option = "--user", .help = "only those of a user", .lists = true, .value = true, .values = CMD_USERS },
	{ .option = "--group", .help = "only those of a group", .lists = true, .value = true, .values = CMD_GROUPS },
	{ .option = "--ended", .help = "sessions that have ended", .lists = true },
	{ .option = "--failed", .help = "logins that failed", .lists = true },
	{ .option = "--pools", .help = "pools of addresses", .lists = true },
	{ .option = NULL },
};

/* The typed words, and the part understood so far. */
struct line {
	const char *conf_file; /* NULL: the default */
	char *word[WORDS_MAX]; /* without options and without the word being completed */
	int words;
	const char *prefix;                 /* the word being completed */
	const struct option_word *value_of; /* it is the value of this option */
};

static const struct option_word *
option_find(const char *text)
{
	const struct option_word *o = options;
	while (o->option && strcmp(o->option, text) != 0)
		o++;
	return o->option ? o : NULL;
}

/* False: we have nothing to offer. */
static bool
line_parse(int words, char **word, struct line *out)
{
	bool ended = false;

	*out = (struct line){ .prefix = words > 0 ? word[words - 1] : "" };
	for (int i = 0; i < words - 1; i++) {
		const char *text = word[i];
		const struct option_word *o = option_find(text);
		if (ended || text[0] != '-') {
			if (out->words == WORDS_MAX)
				return false;
			out->word[out->words++] = word[i];
		} else if (strcmp(text, "--") == 0) {
			ended = true;
		} else if (!o && strncmp(text, "-c", 2) == 0) {
			out->conf_file = text + 2;
		} else if (!o || o->alone) {
			return false;
		} else if (o->value) {
			out->value_of = ++i == words - 1 ? o : NULL;
			if (strcmp(text, "-c") == 0)
				out->conf_file = word[i];
		}
	}
	return true;
}

/* Names come from configurations and peers. Skip names that a shell could take for more than a word. */
static bool
is_plain(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
		      strchr("._:@%+=/,-", *c)))
			return false;
	return text[0] != '-';
}

static void
print_values(struct cli *cli, enum cmd_values kind, const struct line *line, const char *help)
{
	struct cli_values v;
	cli_values_collect(cli, kind, &v);
	for (size_t i = 0; i < v.n; i++)
		if (is_plain(v.value[i]) && strncmp(v.value[i], line->prefix, strlen(line->prefix)) == 0)
			fprintf(cli->out, "%s\t%s\n", v.value[i], help);
	cli_values_free(&v);
}

/* Offer names from the running segments. Hide errors: they would disturb somebody who is typing. */
static void
complete_values(const struct line *line, enum cmd_values values, const char *help, FILE *out)
{
	struct cli cli = { .out = out, .err = fopen("/dev/null", "w"), .conf_file = line->conf_file };

	if (cli.err && cli_open(&cli)) {
		print_values(&cli, values, line, help);
		cli_close(&cli);
	}
	if (cli.err)
		fclose(cli.err);
}

static bool
begins(const char *word, const struct line *line)
{
	return strncasecmp(word, line->prefix, strlen(line->prefix)) == 0;
}

/* The value of an option. The shell completes a file name. */
static void
complete_option_value(const struct line *line, FILE *out)
{
	const struct option_word *o = line->value_of;

	for (const char *const *key = o->keys; key && *key; key++)
		if (begins(*key, line))
			fprintf(out, "%s\t%s\n", *key, o->help);
	if (o->values != CMD_ANY)
		complete_values(line, o->values, o->help, out);
}

static void
complete_word(const struct line *line, const struct cmd_match *match, FILE *out)
{
	for (const struct cmd_word *w = match->list; w && w->word; w++) {
		if (w->argument)
			complete_values(line, w->values, w->help, out);
		else if (begins(w->word, line))
			fprintf(out, "%s\t%s\n", w->word, w->help);
	}
}

int
cli_complete(int words, char **word, FILE *out)
{
	struct line line;
	struct cmd_match match;

	if (!line_parse(words, word, &line))
		return 0;
	if (line.value_of) {
		complete_option_value(&line, out);
		return 0;
	}
	cmd_match(cmd_root, line.words, line.word, &match);
	bool lists = match.result == CMD_RUN && match.word->lists;
	for (const struct option_word *o = options; line.prefix[0] == '-' && o->option; o++)
		if ((lists || !o->lists) && strncmp(o->option, line.prefix, strlen(line.prefix)) == 0)
			fprintf(out, "%s\t%s\n", o->option, o->help);
	if (line.prefix[0] != '-' && (match.result == CMD_RUN || match.result == CMD_INCOMPLETE))
		complete_word(&line, &match, out);
	return 0;
}
