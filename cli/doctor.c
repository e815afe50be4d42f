/* SPDX-License-Identifier: ISC */
#include "doctor.h"

#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>

#include "out.h"

static const char *const levels[] = { "ok", "warn", "FAIL" };

/* Wrap the advice at 80 columns. Only a single long word may exceed that. */
static void
print_advice(FILE *f, const char *advice)
{
	size_t column = strlen("     ->");
	fprintf(f, "     ->");
	for (size_t len; *advice; advice += len + (advice[len] == ' ')) {
		len = strcspn(advice, " ");
		bool wraps = column + 1 + len > 80;
		fprintf(f, "%s%.*s", wraps ? "\n        " : " ", (int)len, advice);
		column = wraps ? 8 + len : column + 1 + len;
	}
	fputc('\n', f);
}

void
doctor_tell(struct doctor *d, enum doctor_level level, const char *what, const char *advice, const char *format, ...)
{
	char detail[1024], clean[OUT_TEXT_MAX], about[OUT_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(detail, sizeof(detail), format, ap);
	va_end(ap);
	out_clean(detail, sizeof(detail), clean);
	out_clean(what, SIZE_MAX, about);
	d->count[level]++;
	if (d->findings) {
		json_t *o = json_object();
		out_json_string(o, "level", levels[level]);
		out_json_string(o, "what", about);
		out_json_string(o, "detail", clean);
		out_json_string(o, "advice", level == DOCTOR_OK ? NULL : advice);
		json_array_append_new(d->findings, o);
		return;
	}
	fprintf(d->cli->out, "%-4s %s: %s\n", levels[level], about, clean);
	if (level != DOCTOR_OK && advice)
		print_advice(d->cli->out, advice);
}

const char *
doctor_owner(const struct stat *st, char out[DOCTOR_OWNER_MAX])
{
	const struct passwd *user = getpwuid(st->st_uid);
	const struct group *group = getgrgid(st->st_gid);
	char uid[16], gid[16];

	snprintf(uid, sizeof(uid), "%lu", (unsigned long)st->st_uid);
	snprintf(gid, sizeof(gid), "%lu", (unsigned long)st->st_gid);
	snprintf(out, DOCTOR_OWNER_MAX, "%.32s:%.32s %04o", user ? user->pw_name : uid, group ? group->gr_name : gid,
		 (unsigned)st->st_mode & 07777);
	return out;
}
