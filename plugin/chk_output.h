/* SPDX-License-Identifier: ISC */
/*
 * The result of a check, and its output for a monitoring system: one line, performance data, further lines. Nagios
 * reads 8 KB, and the output stays below that. A piece that does not fit is left out completely, and the output says
 * so.
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
	unsigned left_out; /* pieces that did not fit */
	char text[2560];
};

struct chk_result {
	enum chk_state state;
	unsigned verbose;
	struct chk_text summary; /* the first line */
	struct chk_text lines;
	struct chk_text perf;
};

/*
 * Add a finding to the first line. The result becomes at least as bad as @p state. A finding worse than all earlier
 * ones goes first.
 */
void chk_say(struct chk_result *r, enum chk_state state, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Add a further line. */
void chk_line(struct chk_result *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define CHK_NO_END (-1.0) /* no minimum or maximum; none of our values is negative */

/* Add performance data with @p decimals decimals. @p limits may be NULL. */
void chk_perf(struct chk_result *r, const char *label, double value, unsigned decimals, const char *unit,
	      const struct chk_limits *limits, double min, double max);
/* Add a counter with all its digits. */
void chk_perf_counter(struct chk_result *r, const char *label, uint64_t value);

void chk_print(FILE *out, const struct chk_result *r);

#endif
