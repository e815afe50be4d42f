/* SPDX-License-Identifier: ISC */
/**
 * @file feed_failure.h  The identities in a failure record.
 */
#ifndef FEED_FAILURE_H
#define FEED_FAILURE_H

#include <arpa/inet.h>

#include "ipm_types.h"

static inline void
feed_failure_identify_by(char id[IPM_ID_MAX], const struct ipm_addr *addr)
{
	if (id[0] == '\0' && addr->len)
		inet_ntop(addr->len == 16 ? AF_INET6 : AF_INET, addr->bytes, id, IPM_ID_MAX);
}

/** A peer whose identity is not known is identified by its address. */
static inline void
feed_failure_identify(struct ipm_failure *failure)
{
	feed_failure_identify_by(failure->local_id, &failure->local);
	feed_failure_identify_by(failure->remote_id, &failure->remote);
}

#endif
