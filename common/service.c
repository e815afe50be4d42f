/* SPDX-License-Identifier: ISC */
#include "service.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ipm_segment.h"

#define INTERVALS 3 /* report three times per limit: one late or lost report is harmless */

static struct {
	uint64_t interval_ns; /* 0: no watchdog */
	uint64_t told_ns;
} watchdog;

/* Convert a path, or "@NAME" in the abstract namespace, to an address. */
static int
address_of(const char *name, struct sockaddr_un *addr, socklen_t *size)
{
	size_t len = strlen(name);

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((name[0] != '/' && name[0] != '@') || len < 2)
		return -EINVAL;
	if (len >= sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	memcpy(addr->sun_path, name, len);
	if (name[0] == '@')
		addr->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

int
service_tell(const char *lines)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr;
	socklen_t size;

	if (!name || !*name)
		return 0;
	int rc = address_of(name, &addr, &size);
	if (rc < 0)
		return rc;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&addr, size) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* Parse a decimal number and nothing else. 0: not a number. */
static uint64_t
number(const char *text)
{
	char *end = NULL;
	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	return *end || errno ? 0 : n;
}

void
service_ready(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	uint64_t limit_us = number(getenv("WATCHDOG_USEC"));

	/* The variables may be for another process: our parent, or us before we went to the background. */
	if (pid && number(pid) != (uint64_t)getpid())
		limit_us = 0;
	watchdog.interval_ns = limit_us > UINT64_MAX / 1000 ? 0 : limit_us * 1000 / INTERVALS;
	watchdog.told_ns = ipm_now_ns();
	service_tell(watchdog.interval_ns ? "READY=1\nWATCHDOG=1" : "READY=1");
}

uint64_t
service_interval_ns(void)
{
	return watchdog.interval_ns;
}

void
service_alive(void)
{
	uint64_t now_ns = ipm_now_ns();
	if (watchdog.interval_ns == 0 || now_ns - watchdog.told_ns < watchdog.interval_ns)
		return;
	if (service_tell("WATCHDOG=1") == 0)
		watchdog.told_ns = now_ns;
}

void
service_stopping(void)
{
	service_tell("STOPPING=1");
}
