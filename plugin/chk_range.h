/* SPDX-License-Identifier: ISC */
/* Service states, and thresholds in the format of the Monitoring Plugins guidelines. This file does no I/O. */
#ifndef CHK_RANGE_H
#define CHK_RANGE_H

#include <stdbool.h>

enum chk_state { CHK_OK, CHK_WARNING, CHK_CRITICAL, CHK_UNKNOWN }; /* also the exit status */

const char *chk_state_name(enum chk_state state);

/* Parse a state's name, in any case, or its number. */
bool chk_state_parse(const char *text, enum chk_state *out);

/* Return the worse state. UNKNOWN is worse than WARNING, because it may hide a CRITICAL. */
enum chk_state chk_state_worse(enum chk_state a, enum chk_state b);

/*
 * "10": alert below 0 and above 10; "10:" below 10; "~:10" above 10; "10:20" outside; "@10:20" inside. Both ends belong
 * to the range.
 */
struct chk_range {
	bool set, inside; /* inside: alert in the range, not outside */
	double low, high;
	char text[64]; /* the original text: performance data repeat it */
};

/* False if @p text is not a range; then *out is unchanged. */
bool chk_range_parse(const char *text, struct chk_range *out);
bool chk_range_alerts(const struct chk_range *range, double value);

struct chk_limits {
	struct chk_range warning, critical;
};

enum chk_state chk_limits_judge(const struct chk_limits *limits, double value);

#endif
