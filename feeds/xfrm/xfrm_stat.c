/* SPDX-License-Identifier: ISC */
#include "xfrm_stat.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

const struct xfrm_stat_line xfrm_stat_lines[XFRM_STAT_COUNT] = {
#define XFRM_STAT_LINE(name, text, direction, reason, late) { text, direction, reason, late },
	XFRM_STATS(XFRM_STAT_LINE)
#undef XFRM_STAT_LINE
};

static bool
begins_with(const char *name, size_t len, enum xfrm_stat line)
{
	size_t size = strlen(xfrm_stat_lines[line].text);
	return len >= size && memcmp(name, xfrm_stat_lines[line].text, size) == 0;
}

/* XFRM_STAT_COUNT: none. */
static enum xfrm_stat
find_collector(const char *name, size_t len)
{
	if (begins_with(name, len, XFRM_STAT_IN_UNKNOWN))
		return XFRM_STAT_IN_UNKNOWN;
	return begins_with(name, len, XFRM_STAT_OUT_UNKNOWN) ? XFRM_STAT_OUT_UNKNOWN : XFRM_STAT_COUNT;
}

/* The line with this name, or the one that collects it; XFRM_STAT_COUNT: none. */
static enum xfrm_stat
find_line(const char *name, size_t len)
{
	for (enum xfrm_stat line = 0; line < XFRM_STAT_COUNT; line++)
		if (len == strlen(xfrm_stat_lines[line].text) && begins_with(name, len, line))
			return line;
	return find_collector(name, len);
}

enum xfrm_stat
xfrm_stat_collector(enum xfrm_stat line)
{
	return find_collector(xfrm_stat_lines[line].text, strlen(xfrm_stat_lines[line].text));
}

static size_t
span(const char *text, size_t len, const char *set)
{
	size_t n = 0;
	while (n < len && text[n] != '\0' && strchr(set, text[n]) != NULL)
		n++;
	return n;
}

/* Only digits, and within 64 bits. */
static bool
number(const char *text, size_t len, uint64_t *out)
{
	uint64_t n = 0;
	if (len == 0 || span(text, len, "0123456789") != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

static bool
take_line(const char *text, size_t len, uint64_t out[XFRM_STAT_COUNT])
{
	size_t name = 0;
	uint64_t n;
	while (name < len && text[name] != ' ' && text[name] != '\t')
		name++;
	size_t blanks = span(text + name, len - name, " \t");
	enum xfrm_stat line = find_line(text, name);
	if (line == XFRM_STAT_COUNT || blanks == 0 || !number(text + name + blanks, len - name - blanks, &n))
		return false;
	out[line] += n;
	return true;
}

int
xfrm_stat_parse(const char *text, size_t len, uint64_t out[XFRM_STAT_COUNT])
{
	int rc = 0;
	memset(out, 0, XFRM_STAT_COUNT * sizeof(*out));
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end != NULL ? (size_t)(end - text) : len;
		size_t step = line + (end != NULL);
		if (!take_line(text, line, out))
			rc = -EBADMSG;
		text += step;
		len -= step;
	}
	return rc;
}
