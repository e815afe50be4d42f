/* SPDX-License-Identifier: ISC */
/**
 * @file state.h  Settings that outlive the program: a small text file of "name = number" lines.
 *
 * A save replaces the whole file: after a crash it is the old one or the new one. A "#" begins a comment.
 *
 * Errors:    0 or a negative errno; faults of the file are logged here.
 * Threads:   one for each file.
 */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct state_key {
	const char *name; /* without blanks, '=' and '#' */
	uint32_t least, most;
	uint32_t *value;
};

/**
 * Read the values in the file; values that it lacks don't change. Keys that are not among @p keys are logged and
 * ignored.
 *
 * Errors:    -ENOENT: there is no file, or no directory; -EPERM: it belongs neither to this user nor to root; -EBADMSG:
 *            it has an invalid line, or a number out of range. Then no value was read, and the file is renamed to
 *            PATH.bad.
 */
int state_load(const char *path, const struct state_key *keys, size_t count);

/**
 * Write all values, and return when they are on the disk. A missing directory is created (not its parents) with mode
 * 0750, or with @p group and mode 0770, unless the group is (gid_t)-1.
 */
int state_save(const char *path, const struct state_key *keys, size_t count, gid_t group);

#endif
