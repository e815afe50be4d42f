/* SPDX-License-Identifier: ISC */
/**
 * @file clean.h  Make text from outside (peers, files, devices, the command line) safe for terminals, logs and JSON.
 *
 * All programs print such text through this function.
 */
#ifndef CLEAN_H
#define CLEAN_H

#include <stddef.h>

/**
 * Copy @p text, which ends at a NUL or after @p field octets, into @p out as UTF-8 without control characters.
 * A question mark replaces each other octet. A text that does not fit is cut between two characters.
 *
 * @param size  of @p out, at least 1
 * @return      @p out
 */
const char *text_clean(const char *text, size_t field, char *out, size_t size);

#endif
