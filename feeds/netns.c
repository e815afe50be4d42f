/* SPDX-License-Identifier: ISC */
/* Into a network namespace and out again. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"

struct visit {
	int fd;
	const char *name;
	int (*open)(void *arg);
	void *arg;
	char *error;
	size_t error_size;
	int rc;
};

static void *
enter_and_open(void *arg)
{
	struct visit *v = arg;
	if (setns(v->fd, CLONE_NEWNET) < 0) {
		v->rc = -errno;
		snprintf(v->error, v->error_size, "cannot enter the network namespace %s: %s%s", v->name,
			 strerror(errno), errno == EPERM ? ": the capability CAP_SYS_ADMIN is needed" : "");
	} else {
		v->rc = v->open(v->arg);
	}
	return NULL;
}

static void
path_of(const char *netns, char *out, size_t size)
{
	if (netns[0] == '\0')
		snprintf(out, size, "/proc/self/ns/net");
	else
		snprintf(out, size, "%s%s", netns[0] == '/' ? "" : "/run/netns/", netns);
}

int
netns_enter(const char *netns, struct netns *which, int (*open_there)(void *arg), void *arg, char *error,
	    size_t error_size)
{
	struct visit v = { .name = netns, .open = open_there, .arg = arg, .error = error, .error_size = error_size };
	char path[512];
	struct stat st = { 0 };

	path_of(netns, path, sizeof(path));
	v.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (v.fd < 0 || fstat(v.fd, &st) < 0) {
		v.rc = -errno;
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
	} else if (netns[0] == '\0') {
		v.rc = open_there(arg);
	} else {
		pthread_t thread;
		v.rc = -pthread_create(&thread, NULL, enter_and_open, &v);
		if (v.rc == 0)
			pthread_join(thread, NULL);
		else
			snprintf(error, error_size, "cannot start a thread: %s", strerror(-v.rc));
	}
	*which = (struct netns){ .dev = st.st_dev, .ino = st.st_ino };
	if (v.fd >= 0)
		close(v.fd);
	return v.rc;
}

bool
netns_is(const char *netns, const struct netns *which)
{
	char path[512];
	struct stat st;
	path_of(netns, path, sizeof(path));
	return stat(path, &st) == 0 && st.st_dev == which->dev && st.st_ino == which->ino;
}
