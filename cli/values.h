/* SPDX-License-Identifier: ISC */
/** @file values.h The names and addresses in the segments: to complete a word, and to list known names in errors. */
#ifndef VALUES_H
#define VALUES_H

#include "cli.h"
#include "cmd_table.h"

#define VALUE_MAX 64

/* Raw values from the segments: clean them before printing. */
struct cli_values {
	char (*value)[VALUE_MAX];
	size_t n, room;
};

/** Collect all values of a kind, sorted, without duplicates. */
void cli_values_collect(struct cli *cli, enum cmd_values kind, struct cli_values *out);
void cli_values_free(struct cli_values *values);

/** Is there a @p what with this name? If not, cli_fail() lists the known names. */
bool cli_name_known(struct cli *cli, const char *what, const char *name, enum cmd_values kind);

#endif
