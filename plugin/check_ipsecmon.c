/* SPDX-License-Identifier: ISC */
/* check_ipsecmon: a plugin for Nagios, Icinga and other programs that run Monitoring Plugins. See check_ipsecmon(1). */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <signal.h>

#include "chk_modes.h"
#include "chk_options.h"
#include "chk_output.h"
#include "chk_snmp.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

static struct chk_options options;

static int
help(void)
{
	printf("check_ipsecmon " PACKAGE_VERSION ": check the IPsec of a gateway over SNMP\n\n"
	       "usage: check_ipsecmon -H HOST -m MODE [OPTION]...\n\nModes:\n");
	for (const struct chk_mode *mode = chk_modes; mode->name; mode++)
		printf("  %-9s %s%s\n            ranges: %s\n", mode->name, mode->help,
		       mode->needs_own ? " (not with Cisco devices)" : "", mode->ranges);
	printf("\nWhat is checked:\n"
	       "  -n, --name NAME          tunnels of the connection NAME, or NAME/CHILD\n"
	       "                           (not with Cisco devices); a user, or a pool\n"
	       "  -r, --peer ADDRESS       tunnels to this peer\n"
	       "  -w, --warning RANGE      [@][START:][END], as with all monitoring plugins\n"
	       "  -c, --critical RANGE\n"
	       "\nHow it is asked:\n"
	       "  -H, --hostname HOST      name or address\n"
	       "  -p, --port PORT          161\n"
	       "  -P, --protocol VERSION   1, 2c (default), 3\n"
	       "  -C, --community WORD     public\n"
	       "  -L, --seclevel LEVEL     noAuthNoPriv, authNoPriv, authPriv (default)\n"
	       "  -U, --secname USER\n"
	       "  -a, --authproto NAME     MD5, SHA (default), SHA-224, -256, -384, -512\n"
	       "  -A, --authpasswd PHRASE  better: $CHECK_IPSECMON_AUTH, or -f\n"
	       "  -x, --privproto NAME     DES, AES (default), AES-192, AES-256\n"
	       "  -X, --privpasswd PHRASE  better: $CHECK_IPSECMON_PRIV, or -f\n"
	       "  -N, --context NAME\n"
	       "  -f, --credentials FILE   lines community = WORD, auth = PHRASE, priv = PHRASE\n"
	       "  -t, --timeout SECONDS[:STATE]\n                           for all requests together: 10:UNKNOWN\n"
	       "  -e, --retries N          3\n"
	       "      --bulk N             rows in one answer: 40\n"
	       "      --state-dir DIR      for previous counters: /var/tmp/check_ipsecmon-UID\n"
	       "\n  -v, --verbose            more lines; -vv: number of requests\n"
	       "  -V, --version\n"
	       "  -h, --help\n");
	return CHK_UNKNOWN;
}

static int
end(const struct chk_result *result)
{
	chk_print(stdout, result);
	return fflush(stdout) == 0 ? (int)result->state : CHK_UNKNOWN;
}

/* Printed when something blocks that Net-SNMP's time-out doesn't cover, a resolver for example. */
static char too_late_text[64];

static void
too_late(int signal)
{
	(void)signal;
	if (write(STDOUT_FILENO, too_late_text, strlen(too_late_text)) < 0)
		_exit(CHK_UNKNOWN);
	_exit((int)options.timeout_state);
}

/* Refuse options that the mode doesn't support. */
static bool
fits(const struct chk_options *opt, const struct chk_mode *mode, struct chk_result *result)
{
	const char *wrong = NULL;

	if (opt->name && !mode->takes_name)
		wrong = "has no -n";
	else if (opt->peer_text && !mode->takes_peer)
		wrong = "has no -r";
	else if (mode->needs_one && !opt->name && !opt->peer_text)
		wrong = mode->takes_peer ? "needs -n NAME or -r ADDRESS" : "needs -n NAME";
	if (wrong)
		chk_say(result, CHK_UNKNOWN, "mode %s %s", mode->name, wrong);
	return !wrong;
}

int
main(int argc, char **argv)
{
	static struct chk_result result;
	struct chk_snmp snmp;
	struct chk_check check = { .opt = &options, .snmp = &snmp, .result = &result };
	const struct chk_mode *mode;
	char error[CHK_ERROR_MAX];

	switch (chk_options_parse(argc, argv, &options, error, sizeof(error))) {
	case CHK_HELP:
		return help();
	case CHK_SHOW_VERSION:
		printf("check_ipsecmon " PACKAGE_VERSION "\n");
		return CHK_UNKNOWN;
	case CHK_WRONG:
		chk_say(&result, CHK_UNKNOWN, "%s; see --help", error);
		return end(&result);
	case CHK_RUN:
		break;
	}
	mode = chk_mode_find(options.mode);
	if (!mode) {
		chk_say(&result, CHK_UNKNOWN, "-m %s: no such mode; see --help", options.mode);
		return end(&result);
	}
	if (!fits(&options, mode, &result))
		return end(&result);
	check.limits = options.limits;
	if (!check.limits.warning.set && !check.limits.critical.set && mode->critical)
		(void)chk_range_parse(mode->critical, &check.limits.critical);
	snprintf(too_late_text, sizeof(too_late_text), "IPSEC %s - no answer in time\n",
		 chk_state_name(options.timeout_state));
	signal(SIGALRM, too_late);
	alarm((unsigned)options.timeout + 1);
	if (!chk_snmp_open(&snmp, &options) || !chk_run(&check, mode))
		chk_say(&result, snmp.timed_out ? options.timeout_state : CHK_UNKNOWN, "%s", snmp.error);
	if (options.verbose > 1)
		chk_line(&result, "%u requests", snmp.requests);
	chk_snmp_close(&snmp);
	return end(&result);
}
