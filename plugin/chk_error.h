/* SPDX-License-Identifier: ISC */
/* Error text for the caller. */
#ifndef CHK_ERROR_H
#define CHK_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* Write the error text. Returns false, so the caller can return the result. */
__attribute__((format(printf, 3, 4))) static inline bool
chk_wrong(char *error, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return false;
}

#endif
