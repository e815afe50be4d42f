/* SPDX-License-Identifier: ISC */
/* Service states, and thresholds as the Monitoring Plugins guidelines write them. No input or output. */
#ifndef CHK_RANGE_H
#define CHK_RANGE_H

#include <stdbool.h>

enum chk_state { CHK_OK, CHK_WARNING, CHK_CRITICAL, CHK_UNKNOWN }; /* the exit status, too */

const char *chk_state_name(enum chk_state state);

/* A state by its name, in any case, or its number. */
bool chk_state_parse(const char *text, enum chk_state *out);

/* The worse of two: what is not known is worse than a warning, because it may be critical. */
enum chk_state chk_state_worse(enum chk_state a, enum chk_state b);

/*
 * "10": alert below 0 and above 10; "10:" below 10; "~:10" above 10; "10:20" outside; "@10:20" inside. Ends belong to
 * the range.
 */
struct chk_range {
	bool set, inside; /* inside: alert in the range, not outside */
	double low, high;
	char text[64]; /* as it was given: performance data repeat it */
};

/* False, and *out untouched, when @p text is no range. */
bool chk_range_parse(const char *text, struct chk_range *out);
bool chk_range_alerts(const struct chk_range *range, double value);

struct chk_limits {
	struct chk_range warning, critical;
};

enum chk_state chk_limits_judge(const struct chk_limits *limits, double value);

#endif
