/* SPDX-License-Identifier: ISC */
/*
 * The scratch directory of a test program, for the segments of its tests. main() creates and removes it, so even a
 * failing test leaves nothing behind.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipm_writer.h"
#include "suite.h"

#define SCRATCH_PATH 128 /* octets of a path in it */

static char scratch[80];

/* Return the path for a segment in a new directory. */
static inline void
path_in_scratch(char path[SCRATCH_PATH])
{
	snprintf(path, SCRATCH_PATH - 16, "%s/XXXXXX", scratch);
	ck_assert_ptr_nonnull(mkdtemp(path));
	strcat(path, "/gw.model");
}

/* Open the writer of a new segment in a directory of its own. */
static inline struct ipm_writer *
writer_in_scratch(struct ipm_capacity capacity)
{
	char path[SCRATCH_PATH];
	struct ipm_error err;
	struct ipm_writer *made;

	path_in_scratch(path);
	struct ipm_writer_options opt = { .path = path, .name = "gw", .mode = 0640, .capacity = capacity };
	int rc = ipm_writer_open(&made, &opt, &err);
	ck_assert_msg(rc == 0, "%d: %s", rc, err.text);
	return made;
}

static int
remove_one(const char *name, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(name);
}

/* Run the suite of @p program with a scratch directory. Returns the exit status. */
static int
run_in_scratch(const char *program, Suite *suite)
{
	const char *tmp = getenv("TMPDIR");
	if (!tmp || strlen(tmp) > 40)
		tmp = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp"; /* a segment's place is on tmpfs */
	snprintf(scratch, sizeof(scratch), "%s/%s.XXXXXX", tmp, program);
	if (!mkdtemp(scratch)) {
		perror(scratch);
		return EXIT_FAILURE;
	}
	int status = run_suite(suite);
	nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}

#endif
