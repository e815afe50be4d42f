/* SPDX-License-Identifier: ISC */
/* Expectations about the output of commands. */
#ifndef SHOW_FIXTURE_H
#define SHOW_FIXTURE_H

#include <stddef.h>

#include "ipm_int.h"
#include "acl_text.h"
#include "algo_names.h"
#include "cli_fixture.h"
#include "cmd_table.h"
#include "out.h"
#include "suite.h"

/* --- expected ------------------------------------------------------------ */

/* Set ages to 0, because the test takes time: "for 3 s", "3 s ago" are "for 0 s", "0 s ago". */
static inline void
ages_to_zero(char *text)
{
	char *to = text;
	for (const char *from = text; *from;) {
		size_t digits = strspn(from, "0123456789");
		bool age =
			digits &&
			((to - text > 4 && strncmp(to - 4, "for ", 4) == 0 && strncmp(from + digits, " s", 2) == 0) ||
			 strncmp(from + digits, " s ago", 6) == 0);
		if (age) {
			*to++ = '0';
			from += digits;
		} else {
			do
				*to++ = *from++;
			while (digits > 1 && --digits);
		}
	}
	*to = '\0';
}

static inline void
run_quietly(const char *line)
{
	int status = run(line);
	ages_to_zero(out);
	ck_assert_str_eq(err, "");
	ck_assert_int_eq(status, 0);
}

static inline json_t *
runs_json(const char *line)
{
	json_error_t why;
	run_quietly(line);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, &why);
	ck_assert_msg(j != NULL, "%s in %s", why.text, out);
	return j;
}

static inline void
expect_null(json_t *root, const char *where)
{
	ck_assert_msg(json_is_null(at(root, where)), "%s is not null", where);
}

/* Remove the indentation and repeated blanks, as in our copy of the reference. */
static inline const char *
squeeze_blanks(const char *line, size_t len, char copy[256])
{
	size_t n = 0;
	for (size_t i = 0; i < len && n < 255; i++)
		if (line[i] != ' ' || (n > 0 && copy[n - 1] != ' '))
			copy[n++] = line[i];
	while (n > 0 && copy[n - 1] == ' ')
		n--;
	copy[n] = '\0';
	return copy;
}

/* Our lines are those of the reference, in its order. Skip our lines that begin with one of @p extra. */
static inline void
expect_reference(const char *const *reference, size_t n, const char *const *extra)
{
	const char *from = out;
	for (size_t i = 0; i < n;) {
		char ours[256];
		size_t len = strcspn(from, "\n");
		ck_assert_msg(*from != '\0', "\"%s\" is missing in\n%s", reference[i], out);
		squeeze_blanks(from, len, ours);
		from += len + (from[len] == '\n');
		bool skip = ours[0] == '\0';
		for (const char *const *e = extra; *e; e++)
			skip = skip || strncmp(ours, *e, strlen(*e)) == 0;
		if (!skip)
			ck_assert_str_eq(ours, reference[i++]);
	}
}

#endif
