/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD of linux.uml, on machines whose registers are more than it knows (AMX: 11,008 octets of XSAVE, not
 * 2,696). The machine's kernel takes the registers of a process only as a whole; what linux.uml does not know stays as
 * it is in that process. Without this it cannot start its first process there: "fatal_sigsegv" in userspace().
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define XSAVE_MAX 65536

typedef long ptrace_call(enum __ptrace_request request, ...);

long
ptrace(enum __ptrace_request request, ...)
{
	static char all[XSAVE_MAX];
	static size_t enough = XSAVE_MAX; /* octets that are all of them */
	ptrace_call *real = (ptrace_call *)dlsym(RTLD_NEXT, "ptrace");
	va_list args;

	va_start(args, request);
	pid_t pid = va_arg(args, pid_t);
	void *addr = va_arg(args, void *), *data = va_arg(args, void *);
	va_end(args);
	if (request == PTRACE_SETREGSET && (long)addr == NT_X86_XSTATE) {
		const struct iovec *known = data;
		struct iovec whole = { .iov_base = all, .iov_len = sizeof(all) };
		if (known->iov_len < enough && real(PTRACE_GETREGSET, pid, addr, &whole) == 0) {
			enough = whole.iov_len;
			if (known->iov_len < enough) {
				memcpy(all, known->iov_base, known->iov_len);
				return real(request, pid, addr, &whole);
			}
		}
	}
	return real(request, pid, addr, data);
}
