/* SPDX-License-Identifier: ISC */
/* The command line: options, then the words of a command. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cmd_table.h"
#include "complete.h"
#include "daemon.h"

enum { OPTION_SORT = 256, OPTION_USER, OPTION_GROUP, OPTION_ENDED, OPTION_FAILED, OPTION_POOLS };

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ "sort", required_argument, NULL, OPTION_SORT },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "group", required_argument, NULL, OPTION_GROUP },
	{ "ended", no_argument, NULL, OPTION_ENDED },
	{ "failed", no_argument, NULL, OPTION_FAILED },
	{ "pools", no_argument, NULL, OPTION_POOLS },
	{ NULL, 0, NULL, 0 },
};

static void
usage(FILE *f)
{
	fprintf(f, "usage: ipsecmon [-c FILE] [--json] show ...\n"
		   "       ipsecmon [-c FILE] [--json] sessions [OPTION]...\n"
		   "       ipsecmon [-c FILE] clear crypto session ...\n"
		   "       ipsecmon [-c FILE] [--json] check\n"
		   "       ipsecmon [-c FILE] export librenms\n"
		   "       ipsecmon [-V | -h]\n");
}

static void
help(FILE *f)
{
	fprintf(f, "ipsecmon: show the IPsec state of this gateway as Cisco IOS does\n\n");
	usage(f);
	fprintf(f,
		"  -c FILE        read FILE instead of\n"
		"                 %s\n"
		"  --json         print JSON instead of text\n"
		"  --sort KEY     sessions: by user, group, since, in or out\n"
		"  --user NAME    sessions: only this user's; a pattern may have * and ?\n"
		"  --group NAME   sessions: only this group's; likewise\n"
		"  --ended        sessions: those that have ended\n"
		"  --failed       sessions: logins that failed\n"
		"  --pools        sessions: pools of addresses, and how full they are\n"
		"  -V, --version  print the version\n"
		"  -h, --help     print this help\n\n"
		"Words may be shortened while they stay unique. A ? in place of a word lists what\n"
		"can stand there.\n\n",
		DEFAULT_CONF);
	cmd_list_all(f, cmd_root);
}

static void
command_run(struct cli *cli, const struct cmd_match *match)
{
	if (match->word->alone) {
		match->word->run(cli, match);
		return;
	}
	cli->json = cli->json && !match->word->own_format;
	if (!cli_open(cli))
		return;
	if (cli->json)
		fprintf(cli->out, "{\"schema\":%d,\"segments\":[", CLI_SCHEMA);
	if (cli->segments > 0)
		match->word->run(cli, match);
	if (cli->json)
		fputs("]}\n", cli->out);
	cli_close(cli);
}

static const char *
long_name(int c)
{
	for (const struct option *o = options; o->name; o++)
		if (o->val == c)
			return o->name;
	return NULL;
}

/* False: it is not an option of a list. */
static bool
list_option(struct cli_list *list, int c, const char *value)
{
	const char **const texts[] = { &list->sort, &list->user, &list->group };
	bool *const flags[] = { &list->ended, &list->failed, &list->pools };
	if (c < OPTION_SORT)
		return false;
	if (c <= OPTION_GROUP)
		*texts[c - OPTION_SORT] = value;
	else
		*flags[c - OPTION_ENDED] = true;
	list->option = long_name(c);
	return true;
}

/* False: the words are not a command. */
static bool
words_run(struct cli *cli, int words, char *const *word)
{
	struct cmd_match match;
	cmd_match(cmd_root, words, word, &match);
	if (match.result == CMD_HELP)
		cmd_list(cli->out, &match);
	else if (match.result == CMD_RUN && cli->list.option && !match.word->lists)
		fprintf(cli->err, "ipsecmon: only \"sessions\" takes --%s\n", cli->list.option);
	else if (match.result == CMD_RUN)
		command_run(cli, &match);
	else
		cmd_explain(cli->err, word, &match);
	if (match.result == CMD_RUN && cli->list.option && !match.word->lists)
		return false;
	return match.result == CMD_HELP || match.result == CMD_RUN;
}

int
cli_run(int argc, char **argv, FILE *out, FILE *err)
{
	struct cli cli = { .out = out, .err = err };
	if (argc > 1 && strcmp(argv[1], "--complete") == 0) /* another command line follows, not ours */
		return cli_complete(argc - 2, argv + 2, out);
	optind = 0; /* glibc: start over */
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":c:Vh", options, NULL)) != -1;) {
		switch (c) {
		case 'c':
			cli.conf_file = optarg;
			break;
		case 'j':
			cli.json = true;
			break;
		case 'V':
			fprintf(out, "ipsecmon %s\n", PACKAGE_VERSION);
			return fflush(out) ? 1 : 0;
		case 'h':
			help(out);
			return fflush(out) ? 1 : 0;
		default:
			if (list_option(&cli.list, c, optarg))
				break;
			if (c == ':' && optopt >= OPTION_SORT)
				fprintf(err, "ipsecmon: --%s needs a value\n", long_name(optopt));
			else
				option_explain(err, "ipsecmon", c, argv, "Vhj");
			usage(err);
			return 2;
		}
	}
	if (!words_run(&cli, argc - optind, argv + optind))
		return 2;
	if (fflush(out) != 0 || ferror(out)) {
		fprintf(err, "ipsecmon: cannot write: %s\n", strerror(errno));
		return 1;
	}
	return cli.status;
}
