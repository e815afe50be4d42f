/* SPDX-License-Identifier: ISC */
/* Match the words of a command line with a tree of commands, and list what fits. */
#include "cmd_table.h"

#include <string.h>
#include <strings.h>

static bool
fits(const struct cmd_word *w, const char *prefix, size_t len)
{
	return w->argument || strncasecmp(w->word, prefix, len) == 0;
}

void
cmd_match(const struct cmd_word *root, int words, char *const *word, struct cmd_match *out)
{
	*out = (struct cmd_match){ .list = root, .prefix = "" };
	for (out->at = 0; out->at < words; out->at++) {
		const char *text = word[out->at];
		const struct cmd_word *found = NULL, *exact = NULL;
		size_t hits = 0;
		out->prefix = text;
		out->prefix_len = strcspn(text, "?");
		if (text[out->prefix_len] == '?') {
			out->result = CMD_HELP;
			return;
		}
		for (const struct cmd_word *w = out->list; w && w->word; w++) {
			if (!fits(w, text, out->prefix_len))
				continue;
			if (!w->argument && strlen(w->word) == out->prefix_len)
				exact = w;
			found = w;
			hits++;
		}
		if (exact)
			found = exact;
		else if (hits != 1 || out->prefix_len == 0) {
			out->result = hits > 1 && out->prefix_len > 0 ? CMD_AMBIGUOUS : CMD_UNKNOWN;
			return;
		}
		if (found->argument && out->arguments < CMD_ARGUMENTS_MAX)
			out->argument[out->arguments++] = text;
		if (out->depth < CMD_DEPTH_MAX)
			out->path[out->depth++] = found;
		out->word = found;
		out->list = found->next;
	}
	out->prefix = "";
	out->prefix_len = 0;
	out->result = out->word && out->word->run ? CMD_RUN : CMD_INCOMPLETE;
}

bool
cmd_has(const struct cmd_match *match, const char *word)
{
	for (size_t i = 0; i < match->depth; i++)
		if (!match->path[i]->argument && strcmp(match->path[i]->word, word) == 0)
			return true;
	return false;
}

const char *
cmd_value(const struct cmd_match *match, const char *word)
{
	size_t argument = 0;
	for (size_t i = 0; i + 1 < match->depth; i++) {
		if (match->path[i]->argument)
			argument++;
		else if (strcmp(match->path[i]->word, word) == 0 && match->path[i + 1]->argument)
			return match->argument[argument];
	}
	return NULL;
}

/* Print a list of words with their help in one column. */
static void
list(FILE *f, const struct cmd_word *words, const char *prefix, size_t len)
{
	int width = 12;
	for (const struct cmd_word *w = words; w && w->word; w++)
		if (fits(w, prefix, len) && (int)strlen(w->word) > width)
			width = (int)strlen(w->word);
	for (const struct cmd_word *w = words; w && w->word; w++)
		if (fits(w, prefix, len))
			fprintf(f, "  %-*s %s\n", width, w->word, w->help);
}

void
cmd_list(FILE *f, const struct cmd_match *match)
{
	list(f, match->list, match->prefix, match->prefix_len);
	if (match->word && match->word->run && match->prefix_len == 0)
		fprintf(f, "  <cr>\n");
}

#define COMMAND_WIDTH 26 /* the help of a longer command goes to the next line */

/*
 * @p help is the help of the word before. An argument's line shows it, because it says more than the argument's own
 * help.
 */
static void
list_below(FILE *f, const struct cmd_word *words, const char *before, const char *help)
{
	for (const struct cmd_word *w = words; w && w->word; w++) {
		const char *says = w->argument ? help : w->help;
		char line[128];
		snprintf(line, sizeof(line), "%s%s%s", before, *before ? " " : "", w->word);
		if (w->unlisted)
			continue;
		if (w->run && strlen(line) > COMMAND_WIDTH)
			fprintf(f, "  %s\n  %-*s %s\n", line, COMMAND_WIDTH, "", says);
		else if (w->run)
			fprintf(f, "  %-*s %s\n", COMMAND_WIDTH, line, says);
		list_below(f, w->next, line, says);
	}
}

void
cmd_list_all(FILE *f, const struct cmd_word *root)
{
	list_below(f, root, "", "");
}

void
cmd_explain(FILE *f, char *const *word, const struct cmd_match *match)
{
	fprintf(f, "ipsecmon: ");
	if (match->result == CMD_INCOMPLETE && match->at == 0) {
		fprintf(f, "a command is missing; known commands:\n");
	} else {
		const char *fault = match->result == CMD_AMBIGUOUS ? "is ambiguous" : "is not known";
		if (match->result != CMD_INCOMPLETE)
			fprintf(f, "\"%s\" %s%s", match->prefix, fault, match->at ? " after " : "");
		for (int i = 0; i < match->at; i++)
			fprintf(f, "%s%s%s", i ? " " : "\"", word[i], i + 1 == match->at ? "\"" : "");
		if (match->result == CMD_INCOMPLETE)
			fprintf(f, " is incomplete; possible next words:\n");
		else if (match->result == CMD_AMBIGUOUS)
			fprintf(f, "; it fits\n");
		else if (match->list)
			fprintf(f, "; known:\n");
		else
			fprintf(f, ", after the end of the command\n");
	}
	list(f, match->list, match->prefix, match->result == CMD_AMBIGUOUS ? match->prefix_len : 0);
}
