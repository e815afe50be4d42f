/* SPDX-License-Identifier: ISC */
/** @file complete.h Complete a command line: for the shells' completion in contrib/completion/. */
#ifndef COMPLETE_H
#define COMPLETE_H

#include <stdio.h>

/**
 * Print the words that may replace the last word, a line each: the word, a tab, its help.
 *
 * Names of crypto maps and interfaces and addresses of peers come from the readable segments. Errors are not printed,
 * because they would disturb somebody who is typing.
 *
 * @param word  the words typed after "ipsecmon"; complete the last one, which may be empty
 * @return      the exit status
 */
int cli_complete(int words, char **word, FILE *out);

#endif
