/* SPDX-License-Identifier: ISC */
/*
 * Functions of glibc that Debian's libcheck, libevent and libmnl want, for programs that link them with musl: the
 * variants that check sizes, and a few that are never called where a test runs in the process of its program
 * (CK_FORK=no).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

int __vfprintf_chk(FILE *file, int flag, const char *format, va_list args);
int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __vsnprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, va_list args);
int __snprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, ...);
void *__memcpy_chk(void *to, const void *from, size_t size, size_t room);
long __fdelt_chk(long fd);
uint32_t arc4random(void);
void arc4random_buf(void *out, size_t size);
void __longjmp_chk(jmp_buf env, int value);
void __pthread_register_cancel(void *buf);
void __pthread_unregister_cancel(void *buf);
void __pthread_unwind_next(void *buf);
void subunit_test_start(void);
void subunit_test_pass(void);
void subunit_test_fail(void);
void subunit_test_error(void);

int
__vfprintf_chk(FILE *file, int flag, const char *format, va_list args)
{
	(void)flag;
	return vfprintf(file, format, args);
}

int
__fprintf_chk(FILE *file, int flag, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int rc = __vfprintf_chk(file, flag, format, args);
	va_end(args);
	return rc;
}

int
__vsnprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, va_list args)
{
	(void)flag;
	if (size > room)
		abort();
	return vsnprintf(out, size, format, args);
}

int
__snprintf_chk(char *out, size_t size, int flag, size_t room, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int rc = __vsnprintf_chk(out, size, flag, room, format, args);
	va_end(args);
	return rc;
}

void *
__memcpy_chk(void *to, const void *from, size_t size, size_t room)
{
	if (size > room)
		abort();
	return memcpy(to, from, size);
}

long
__fdelt_chk(long fd)
{
	if (fd < 0 || fd >= 1024)
		abort();
	return fd / (long)(8 * sizeof(long));
}

void
arc4random_buf(void *out, size_t size)
{
	if (getrandom(out, size, 0) != (ssize_t)size)
		abort();
}

uint32_t
arc4random(void)
{
	uint32_t random;
	arc4random_buf(&random, sizeof(random));
	return random;
}

/* No thread is cancelled. */
void
__pthread_register_cancel(void *buf)
{
	(void)buf;
}

void
__pthread_unregister_cancel(void *buf)
{
	(void)buf;
}

#define NEVER_CALLED(head) \
	void head          \
	{                  \
		abort();   \
	}
NEVER_CALLED(__pthread_unwind_next(void *buf __attribute__((unused))))
NEVER_CALLED(__longjmp_chk(jmp_buf env __attribute__((unused)), int value __attribute__((unused))))
NEVER_CALLED(subunit_test_start(void))
NEVER_CALLED(subunit_test_pass(void))
NEVER_CALLED(subunit_test_fail(void))
NEVER_CALLED(subunit_test_error(void))
