/* SPDX-License-Identifier: ISC */
/**
 * @file complete.h  What fits at the end of a command line that is not finished yet: contrib/completion/ asks.
 */
#ifndef COMPLETE_H
#define COMPLETE_H

#include <stdio.h>

/**
 * Print what may stand in the place of the last word, a line each: the word, a tab, what it means.
 *
 * Names of crypto maps and interfaces, and addresses of peers, are those of the segments that can be read. Nothing is
 * said of what cannot: somebody is typing.
 *
 * @param word  what has been typed behind "ipsecmon"; the last one, which may be empty, is to be completed
 * @return      the exit status
 */
int cli_complete(int words, char **word, FILE *out);

#endif
