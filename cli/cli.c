/* SPDX-License-Identifier: ISC */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>

#include "clean.h"

static __attribute__((format(printf, 3, 0))) void
complain(struct cli *cli, const char *level, const char *format, va_list ap)
{
	char raw[2048], text[sizeof(raw)];
	vsnprintf(raw, sizeof(raw), format, ap);
	fflush(cli->out); /* keep the order if both streams go to the same place */
	fprintf(cli->err, "ipsecmon: %s%s\n", level, text_clean(raw, SIZE_MAX, text, sizeof(text)));
}

void
cli_fail(struct cli *cli, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	complain(cli, "", format, ap);
	va_end(ap);
	cli->status = 1;
}

void
cli_warn(struct cli *cli, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	complain(cli, "warning: ", format, ap);
	va_end(ap);
}
