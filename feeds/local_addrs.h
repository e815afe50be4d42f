/* SPDX-License-Identifier: ISC */
/**
 * @file local_addrs.h  The addresses of a network namespace, kept up to date.
 *
 * Errors:    0 or a negative errno.
 * Threads:   the caller's. The thread that opens it must be in the namespace.
 */
#ifndef LOCAL_ADDRS_H
#define LOCAL_ADDRS_H

#include <stdbool.h>
#include <stddef.h>

#include "ipm_types.h"

struct local_addrs {
	int news; /* multicast of rtnetlink: addresses that come and go */
	int ask;
	struct ipm_addr *addr; /* in order; NULL: not read yet */
	size_t count, room;
};

#define LOCAL_ADDRS_CLOSED            \
	{                             \
		.news = -1, .ask = -1 \
	}

int local_addrs_open(struct local_addrs *l);
void local_addrs_close(struct local_addrs *l);

/** Read them again if they have changed. */
void local_addrs_learn(struct local_addrs *l);
/** Is it one of them? */
bool local_addrs_have(const struct local_addrs *l, const struct ipm_addr *addr);

#endif
