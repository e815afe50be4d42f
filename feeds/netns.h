/* SPDX-License-Identifier: ISC */
/**
 * @file netns.h  Open something in another network namespace.
 *
 * A name in /run/netns, an absolute path, or "" for the program's own.
 *
 * Threads:   the caller's. For another namespace a thread is started that enters it and ends; the program stays where
 * it is.
 */
#ifndef NETNS_H
#define NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** Which namespace it was: by these it is known again. */
struct netns {
	dev_t dev;
	ino_t ino;
};

/**
 * Have @p open called in there, with @p arg. 0 or a negative errno: @p open's, which has left a sentence then, or that
 * of entering, with a sentence in @p error.
 */
int
netns_enter(const char *netns, struct netns *which, int (*open)(void *arg), void *arg, char *error, size_t error_size);

/** Is the namespace that @p netns names now this one? */
bool netns_is(const char *netns, const struct netns *which);

#endif
