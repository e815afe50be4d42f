/* SPDX-License-Identifier: ISC */
/* Key files, plans, and engines in this process. */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"
#include "laws.h"
#include "scratch.h"

#define KEY_20 "000102030405060708090a0b0c0d0e0f10111213"

static struct ipm_error err;

/* A file in scratch, with this text and mode. */
static inline const char *
given_file(const char *name, const char *text, mode_t mode)
{
	static char path[4][SCRATCH_PATH];
	static unsigned turn;
	char *out = path[turn++ % 4];
	snprintf(out, SCRATCH_PATH, "%s/%s", scratch, name);
	unlink(out);
	int fd = open(out, O_WRONLY | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
	return out;
}

#endif
