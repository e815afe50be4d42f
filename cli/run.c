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

static void
usage(FILE *f)
{
	fprintf(f, "usage: ipsecmon [-c FILE] [--json] show ...\n"
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
	char error[512];
	if (match->word->alone) {
		match->word->run(cli, match);
		return;
	}
	cli->json = cli->json && !match->word->own_format;
	struct conf *conf = conf_load(cli->conf_file, error, sizeof(error));
	if (!conf) {
		cli_fail(cli, "%s", error);
		return;
	}
	cli->conf = conf;
	cli->now_ns = ipm_now_ns();
	cli_segments_open(cli);
	if (cli->json)
		fprintf(cli->out, "{\"schema\":%d,\"segments\":[", CLI_SCHEMA);
	if (cli->segments > 0)
		match->word->run(cli, match);
	if (cli->json)
		fputs("]}\n", cli->out);
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
	conf_free(conf);
	cli->conf = NULL;
}

/* False: the words are not a command. */
static bool
words_run(struct cli *cli, int words, char *const *word)
{
	struct cmd_match match;
	cmd_match(cmd_root, words, word, &match);
	if (match.result == CMD_HELP)
		cmd_list(cli->out, &match);
	else if (match.result == CMD_RUN)
		command_run(cli, &match);
	else
		cmd_explain(cli->err, word, &match);
	return match.result == CMD_HELP || match.result == CMD_RUN;
}

int
cli_run(int argc, char **argv, FILE *out, FILE *err)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
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
