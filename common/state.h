/* SPDX-License-Identifier: ISC */
/**
 * @file state.h  Settings that outlive the program: a small text file of "name = number" lines.
 *
 * The file is replaced as a whole: whatever happens, it is the old one or the new one. A "#" begins a comment.
 *
 * Errors:    0 or a negative errno; what is wrong with a file is logged here.
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
 * Read the values that the file has; the others stay as they are. A key that is not among @p keys is logged and
 * not taken.
 *
 * Errors:    -ENOENT: there is no file, or no directory; -EPERM: it is neither ours nor root's; -EBADMSG: it holds what
 * is not a setting, or a number out of range: no value was taken, the file is now called PATH.bad.
 */
int state_load(const char *path, const struct state_key *keys, size_t count);

/**
 * Write all values, and return when they are on the disk. A directory that is missing is made (not its parents):
 * 0750, or for @p group, unless that is (gid_t)-1, of this group and 0770.
 */
int state_save(const char *path, const struct state_key *keys, size_t count, gid_t group);

#endif
