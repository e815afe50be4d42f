/* SPDX-License-Identifier: ISC */
/** @file words.h  Words for numbers of the model and of IPSECMON-MIB. */
#ifndef WORDS_H
#define WORDS_H

#include <stdint.h>

/** The text of an enum ipm_reason or enum ipm_failure_reason; "unknown" for any other number. */
const char *word_end_reason(uint64_t reason);
const char *word_failure(uint64_t reason);

/** Key in JSON and performance data ("no_sa") and text of an enum ipm_drop; NULL for any other number. */
const char *word_drop_key(uint64_t why);
const char *word_drop(uint64_t why);

/** A duration: "12 s", "3 min 5 s", "2 h 10 min", "5 d 3 h". */
#define WORD_AGE_MAX 32
const char *word_age(uint64_t seconds, char out[WORD_AGE_MAX]);

#endif
