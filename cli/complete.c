/* SPDX-License-Identifier: ISC */
/* --complete: for shells, the words that are possible at the cursor. */
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "cmd_table.h"
#include "complete.h"
#include "values.h"

#define WORDS_MAX 16 /* no command has more */

/* The typed words, and the part understood so far. */
struct line {
	const char *conf_file; /* NULL: the default */
	char *word[WORDS_MAX]; /* without options and without the word being completed */
	int words;
	const char *prefix; /* the word being completed */
};

static const struct {
	const char *option, *help;
} options[] = {
	{ "-c", "read another configuration" },
	{ "--json", "JSON instead of text" },
	{ "--help", "print help" },
	{ "--version", "print the version" },
};

/* False: we have nothing to offer. */
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
				return false; /* a file name: the shell completes it */
			out->conf_file = word[i];
		} else if (strncmp(text, "-c", 2) == 0) {
			out->conf_file = text + 2;
		} else if (strcmp(text, "--") == 0) {
			ended = true;
		} else if (strcmp(text, "--json") != 0) {
			return false; /* -V, -h and invalid options: nothing may follow */
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
complete_values(const struct line *line, const struct cmd_word *w, FILE *out)
{
	char error[512];
	struct cli cli = { .out = out, .err = fopen("/dev/null", "w") };
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
