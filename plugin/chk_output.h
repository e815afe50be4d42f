/* SPDX-License-Identifier: ISC */
/*
 * What a check has found, and how a monitoring system is told: one line, performance data, further lines. All of it
 * stays below the 8 KB that Nagios reads; what does not fit is left out whole, and said to be.
 */
#ifndef CHK_OUTPUT_H
#define CHK_OUTPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "chk_range.h"
#include "words.h"

struct chk_text {
	size_t len;
	unsigned left_out; /* pieces for which there was no room */
	char text[2560];
};

struct chk_result {
	enum chk_state state;
	unsigned verbose;
	struct chk_text summary; /* the first line */
	struct chk_text lines;
	struct chk_text perf;
};

/* A finding of the first line; the result is at least as bad as @p state. What is worse than all before it comes first.
 */
void chk_say(struct chk_result *r, enum chk_state state, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A further line. */
void chk_line(struct chk_result *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define CHK_NO_END (-1.0) /* no minimum, no maximum; none of ours is below 0 */

/* @p decimals of @p value; @p limits may be NULL. */
void chk_perf(struct chk_result *r, const char *label, double value, unsigned decimals, const char *unit,
	      const struct chk_limits *limits, double min, double max);
/* A counter, exact to its last digit. */
void chk_perf_counter(struct chk_result *r, const char *label, uint64_t value);

void chk_print(FILE *out, const struct chk_result *r);

#endif
