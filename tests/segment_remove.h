/* SPDX-License-Identifier: ISC */
/* Remove a segment and its lock. */
#ifndef SEGMENT_REMOVE_H
#define SEGMENT_REMOVE_H

#include <stdio.h>
#include <unistd.h>

static inline void
segment_remove(const char *path)
{
	char lock[256];
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(path);
	unlink(lock);
}

#endif
