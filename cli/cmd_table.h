/* SPDX-License-Identifier: ISC */
/**
 * @file cmd_table.h  The commands: one tree of words drives parsing, help and completion.
 *
 * As in IOS: case does not matter, a word may be shortened while it stays unique, a whole word wins over longer ones
 * that begin with it, and "?" asks what may stand in its place ("show cry?" what begins so).
 */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cli;
struct cmd_match;

typedef void cmd_run(struct cli *cli, const struct cmd_match *match);

/* What an argument's value may be one of. MAPS: also connections that have none; TAGS: crypto maps only. */
enum cmd_values { CMD_ANY, CMD_INTERFACES, CMD_MAPS, CMD_TAGS, CMD_DYNAMIC_MAPS, CMD_PEERS };

struct cmd_word {
	const char *word; /* NULL: the end of a list */
	const char *help;
	const struct cmd_word *next; /* what may follow, or NULL */
	cmd_run *run;                /* NULL: the command is not complete here */
	bool alone;                  /* it runs without configuration and segments, and finds its own */
	bool own_format;             /* it prints the same with and without --json */
	bool argument;               /* anything fits; word only names it, as "A.B.C.D" */
	enum cmd_values values;      /* of an argument */
};

enum cmd_result { CMD_RUN, CMD_HELP, CMD_INCOMPLETE, CMD_UNKNOWN, CMD_AMBIGUOUS };

#define CMD_ARGUMENTS_MAX 4

struct cmd_match {
	enum cmd_result result;
	const struct cmd_word *word; /* the last one that fitted, or NULL */
	const struct cmd_word *list; /* what may stand where matching ended, or NULL: nothing */
	int at;                      /* the word where it ended */
	const char *prefix;          /* what that word begins with */
	size_t prefix_len;
	const char *argument[CMD_ARGUMENTS_MAX]; /* in the order in which they came */
	size_t arguments;
};

extern const struct cmd_word cmd_root[];

void cmd_match(const struct cmd_word *root, int words, char *const *word, struct cmd_match *out);

/** What fits where the match ended, a line each. */
void cmd_list(FILE *f, const struct cmd_match *match);
/** Every command there is, a line each. */
void cmd_list_all(FILE *f, const struct cmd_word *root);
/** What is wrong with a command line that does not fit, and what would. */
void cmd_explain(FILE *f, char *const *word, const struct cmd_match *match);

cmd_run cmd_doctor, cmd_isakmp_sa, cmd_ipsec_sa, cmd_dropped, cmd_history, cmd_failures, cmd_feeds, cmd_notifications;
cmd_run cmd_ipsec_sa_interface, cmd_ipsec_sa_map, cmd_ipsec_sa_peer;
cmd_run cmd_export_librenms, cmd_connections, cmd_map, cmd_map_tag, cmd_dynamic_map, cmd_dynamic_map_tag;

#endif
