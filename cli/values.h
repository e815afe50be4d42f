/* SPDX-License-Identifier: ISC */
/** @file values.h  The names and addresses that the segments have: to complete a word, and to say which are known. */
#ifndef VALUES_H
#define VALUES_H

#include "cli.h"
#include "cmd_table.h"

#define VALUE_MAX 64

/* As they are in the segments: not fit for printing. */
struct cli_values {
	char (*value)[VALUE_MAX];
	size_t n, room;
};

/** All of a kind, sorted, each once. */
void cli_values_collect(struct cli *cli, enum cmd_values kind, struct cli_values *out);
void cli_values_free(struct cli_values *values);

/** Is there a @p what of this name? If not, cli_fail() says which there are. */
bool cli_name_known(struct cli *cli, const char *what, const char *name, enum cmd_values kind);

#endif
