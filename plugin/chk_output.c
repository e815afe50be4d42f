/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <string.h>

#include "chk_output.h"
#include "clean.h"

/* Replace characters in the device's text that would end the line or begin performance data. */
static void
clean_piece(const char *text, char *out, size_t size)
{
	text_clean(text, SIZE_MAX, out, size);
	for (char *bar = out; (bar = strchr(bar, '|'));)
		*bar = '/';
}

/* Add a piece, separated by @p between. @p first: put it before all other pieces. */
static void
add(struct chk_text *t, bool first, const char *between, const char *piece)
{
	size_t gap = t->len == 0 ? 0 : strlen(between), len = strlen(piece);

	if (t->len + gap + len >= sizeof(t->text)) {
		t->left_out++;
		return;
	}
	if (first) {
		memmove(t->text + len + gap, t->text, t->len + 1);
		memcpy(t->text, piece, len);
		memcpy(t->text + len, between, gap);
	} else {
		memcpy(t->text + t->len, between, gap);
		memcpy(t->text + t->len + gap, piece, len + 1);
	}
	t->len += gap + len;
	t->text[t->len] = '\0';
}

void
chk_say(struct chk_result *r, enum chk_state state, const char *format, ...)
{
	char raw[768], piece[768];
	bool worse = state != r->state && chk_state_worse(state, r->state) == state;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	clean_piece(raw, piece, sizeof(piece));
	add(&r->summary, worse, ", ", piece); /* no semicolon: Nagios turns ; into : */
	r->state = chk_state_worse(r->state, state);
}

void
chk_line(struct chk_result *r, const char *format, ...)
{
	char raw[512], piece[512];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	clean_piece(raw, piece, sizeof(piece));
	add(&r->lines, false, "\n", piece);
}

static void
perf_item(struct chk_result *r, const char *label, const char *rest)
{
	char raw[512], piece[512], quoted[160];
	size_t at = 0;
	bool quote = strpbrk(label, " ='") != NULL;

	if (quote)
		quoted[at++] = '\'';
	for (; *label != '\0' && at < sizeof(quoted) - 4; label++) {
		if (*label == '\'')
			quoted[at++] = '\'';
		quoted[at++] = *label;
	}
	if (quote)
		quoted[at++] = '\'';
	quoted[at] = '\0';
	snprintf(raw, sizeof(raw), "%s=%s", quoted, rest);
	clean_piece(raw, piece, sizeof(piece));
	add(&r->perf, false, " ", piece);
}

void
chk_perf(struct chk_result *r, const char *label, double value, unsigned decimals, const char *unit,
	 const struct chk_limits *limits, double min, double max)
{
	char rest[320];
	size_t len = (size_t)snprintf(rest, sizeof(rest), "%.*f%s;%s;%s", (int)decimals, value, unit,
				      limits && limits->warning.set ? limits->warning.text : "",
				      limits && limits->critical.set ? limits->critical.text : "");

	if (min > CHK_NO_END)
		len += (size_t)snprintf(rest + len, sizeof(rest) - len, ";%.0f", min);
	if (max > CHK_NO_END)
		len += (size_t)snprintf(rest + len, sizeof(rest) - len, "%s;%.0f", min > CHK_NO_END ? "" : ";", max);
	while (rest[len - 1] == ';')
		rest[--len] = '\0';
	perf_item(r, label, rest);
}

void
chk_perf_counter(struct chk_result *r, const char *label, uint64_t value)
{
	char rest[32];
	snprintf(rest, sizeof(rest), "%lluc", (unsigned long long)value);
	perf_item(r, label, rest);
}

void
chk_print(FILE *out, const struct chk_result *r)
{
	fprintf(out, "IPSEC %s - %s", chk_state_name(r->state), r->summary.text);
	if (r->summary.left_out > 0)
		fprintf(out, ", and %u more", r->summary.left_out);
	if (r->perf.len > 0)
		fprintf(out, " | %s", r->perf.text);
	fputc('\n', out);
	if (r->lines.len > 0)
		fprintf(out, "%s\n", r->lines.text);
	if (r->lines.left_out > 0)
		fprintf(out, "and %u lines more\n", r->lines.left_out);
}
