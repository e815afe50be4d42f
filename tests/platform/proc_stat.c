/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into programs that qemu-user runs. It answers for /proc/PID/stat of the own process itself, by the path,
 * and gives each thread another start time than the kernel gives the process. A path that is relative to /proc reaches
 * the kernel.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int
open64(const char *path, int flags, ...)
{
	va_list more;
	va_start(more, flags);
	mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
	va_end(more);
	size_t len = strlen(path);
	if (strncmp(path, "/proc/", 6) != 0 || len < 5 || strcmp(path + len - 5, "/stat") != 0)
		return openat(AT_FDCWD, path, flags, mode);
	int proc = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = proc < 0 ? -1 : openat(proc, path + 6, flags);
	if (proc >= 0)
		close(proc);
	return fd;
}
