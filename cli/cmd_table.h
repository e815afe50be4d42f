/* SPDX-License-Identifier: ISC */
/**
 * @file cmd_table.h  The commands: one tree of words for parsing, help and completion.
 *
 * The rules are those of IOS. Case doesn't matter. A word may be shortened while it stays unique; a complete word
 * wins over longer words that begin with it. "?" lists the words that fit at its place; "show cry?" lists those that
 * begin with "cry".
 */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cli;
struct cmd_match;

typedef void cmd_run(struct cli *cli, const struct cmd_match *match);

/* The names that an argument may have. MAPS: connections without a crypto map, too; TAGS: only crypto maps. */
enum cmd_values {
	CMD_ANY,
	CMD_INTERFACES,
	CMD_MAPS,
	CMD_TAGS,
	CMD_DYNAMIC_MAPS,
	CMD_PEERS,
	CMD_USERS,
	CMD_GROUPS,
	CMD_SOURCES,
	CMD_SESSIONS,
};

struct cmd_word {
	const char *word; /* NULL: the end of a list */
	const char *help;
	const struct cmd_word *next; /* what may follow, or NULL */
	cmd_run *run;                /* NULL: more words must follow */
	bool alone;                  /* the command reads configuration and segments itself */
	bool own_format;             /* --json changes nothing */
	bool unlisted;               /* the same words in another order: not in the list of all commands */
	bool lists;                  /* it takes the options of struct cli_list */
	bool argument;               /* any word fits; .word is a placeholder, such as "A.B.C.D" */
	enum cmd_values values;      /* of an argument */
};

enum cmd_result { CMD_RUN, CMD_HELP, CMD_INCOMPLETE, CMD_UNKNOWN, CMD_AMBIGUOUS };

#define CMD_ARGUMENTS_MAX 4
#define CMD_DEPTH_MAX     8 /* no command has more words */

struct cmd_match {
	enum cmd_result result;
	const struct cmd_word *word; /* the last word that matched, or NULL */
	const struct cmd_word *list; /* words that may follow where matching ended; NULL: none */
	int at;                      /* the word where it ended */
	const char *prefix;          /* the beginning of that word */
	size_t prefix_len;
	const char *argument[CMD_ARGUMENTS_MAX]; /* in the order of the command line */
	size_t arguments;
	const struct cmd_word *path[CMD_DEPTH_MAX]; /* the words that matched */
	size_t depth;
};

extern const struct cmd_word cmd_root[];

void cmd_match(const struct cmd_word *root, int words, char *const *word, struct cmd_match *out);

/** Is @p word one of the words of the command line? */
bool cmd_has(const struct cmd_match *match, const char *word);
/** The argument behind @p word; NULL: the command line has no such word. */
const char *cmd_value(const struct cmd_match *match, const char *word);

/** Print the words that fit where matching ended, a line each. */
void cmd_list(FILE *f, const struct cmd_match *match);
/** Print every command, a line each. */
void cmd_list_all(FILE *f, const struct cmd_word *root);
/** Print why a command line is wrong, and which words fit. */
void cmd_explain(FILE *f, char *const *word, const struct cmd_match *match);

cmd_run cmd_doctor, cmd_isakmp_sa, cmd_ipsec_sa, cmd_dropped, cmd_history, cmd_failures, cmd_feeds, cmd_notifications;
cmd_run cmd_ipsec_sa_interface, cmd_ipsec_sa_map, cmd_ipsec_sa_peer;
cmd_run cmd_session, cmd_sessiondb, cmd_sessiondb_summary, cmd_sessions, cmd_clear_session;
cmd_run cmd_export_librenms, cmd_connections, cmd_map, cmd_map_tag, cmd_dynamic_map, cmd_dynamic_map_tag;

#endif
