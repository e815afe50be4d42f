/* SPDX-License-Identifier: ISC */
/**
 * @file netns.h  Open something in another network namespace.
 *
 * A namespace is a name in /run/netns, an absolute path, or "" for the program's own.
 *
 * Threads:   the caller's. A thread is started that enters the other namespace and ends. The program stays where it is.
 */
#ifndef NETNS_H
#define NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** The identity of a namespace. */
struct netns {
	dev_t dev;
	ino_t ino;
};

/**
 * Call @p open with @p arg in that namespace.
 *
 * Errors:    0 or a negative errno, with a sentence in @p error: from @p open, or from entering the namespace.
 */
int
netns_enter(const char *netns, struct netns *which, int (*open)(void *arg), void *arg, char *error, size_t error_size);

/** Does @p netns still name this namespace? */
bool netns_is(const char *netns, const struct netns *which);

#endif
