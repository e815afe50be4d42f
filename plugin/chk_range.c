/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chk_range.h"

static const char *const names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
#define STATES ((int)(sizeof(names) / sizeof(names[0])))

const char *
chk_state_name(enum chk_state state)
{
	return names[state];
}

bool
chk_state_parse(const char *text, enum chk_state *out)
{
	for (int i = 0; i < STATES; i++) {
		if (strcasecmp(text, names[i]) == 0 || (text[0] == '0' + i && text[1] == '\0')) {
			*out = (enum chk_state)i;
			return true;
		}
	}
	return false;
}

enum chk_state
chk_state_worse(enum chk_state a, enum chk_state b)
{
	static const int badness[] = { [CHK_OK] = 0, [CHK_WARNING] = 1, [CHK_UNKNOWN] = 2, [CHK_CRITICAL] = 3 };
	return badness[a] >= badness[b] ? a : b;
}

/* Parse a decimal number and move *text behind it. strtod() alone would also accept "inf", "0x10" and blanks. */
static bool
number(const char **text, double *out)
{
	const char *p = *text;
	char *end;

	if (*p == '-' || *p == '+')
		p++;
	if (!isdigit((unsigned char)*p) && *p != '.')
		return false;
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		return false;
	*out = strtod(*text, &end);
	if (end == *text || !isfinite(*out))
		return false;
	*text = end;
	return true;
}

bool
chk_range_parse(const char *text, struct chk_range *out)
{
	struct chk_range range = { .set = true, .low = 0, .high = INFINITY };
	const char *p = text;

	if (strlen(text) >= sizeof(range.text))
		return false;
	if (*p == '@') {
		range.inside = true;
		p++;
	}
	if (!strchr(p, ':')) {
		if (!number(&p, &range.high))
			return false;
	} else {
		bool from_zero = *p == ':';
		if (*p == '~') {
			range.low = -INFINITY;
			p++;
		} else if (!from_zero && !number(&p, &range.low)) {
			return false;
		}
		if (*p++ != ':')
			return false;
		if (*p == '\0' ? from_zero : !number(&p, &range.high))
			return false;
	}
	if (*p != '\0' || range.low > range.high)
		return false;
	snprintf(range.text, sizeof(range.text), "%s", text);
	*out = range;
	return true;
}

bool
chk_range_alerts(const struct chk_range *range, double value)
{
	bool within = value >= range->low && value <= range->high;
	return range->set && within == range->inside;
}

enum chk_state
chk_limits_judge(const struct chk_limits *limits, double value)
{
	if (chk_range_alerts(&limits->critical, value))
		return CHK_CRITICAL;
	if (chk_range_alerts(&limits->warning, value))
		return CHK_WARNING;
	return CHK_OK;
}
