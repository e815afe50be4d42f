/* SPDX-License-Identifier: ISC */
/**
 * @file feed_host.h  What models ask of the network namespace that their SAs are in, so that they can be tested without
 * one. A question that is NULL has no answer.
 *
 * Errors:    false, or 0: there is none, or it cannot be told.
 * Threads:   the feed's.
 */
#ifndef FEED_HOST_H
#define FEED_HOST_H

#include <stdbool.h>

#include "ipm_types.h"

struct feed_host {
	void *arg;
	uint32_t feed; /* slot of the feed by which the namespace's interfaces are known */
	/** Is this an address of this host? */
	bool (*is_local)(void *arg, const struct ipm_addr *addr);
	/** ifindex, name and own address of the interface by which packets leave for there; */
	bool (*way_to)(void *arg, const struct ipm_addr *addr, struct ipm_interface *out);
	/** of the one that has this address; */
	bool (*with_addr)(void *arg, const struct ipm_addr *addr, struct ipm_interface *out);
	/** of the XFRM interface with this id; */
	bool (*with_if_id)(void *arg, uint32_t if_id, struct ipm_interface *out);
	/** of the one with this number. */
	bool (*with_index)(void *arg, uint32_t ifindex, struct ipm_interface *out);
	/** The id of an XFRM interface; 0: it is another kind. */
	uint32_t (*if_id)(void *arg, uint32_t ifindex);
};

static inline bool
feed_host_way_to(const struct feed_host *h, const struct ipm_addr *addr, struct ipm_interface *out)
{
	return addr->len && h->way_to && h->way_to(h->arg, addr, out);
}

static inline bool
feed_host_with_addr(const struct feed_host *h, const struct ipm_addr *addr, struct ipm_interface *out)
{
	return addr->len && h->with_addr && h->with_addr(h->arg, addr, out);
}

static inline bool
feed_host_with_if_id(const struct feed_host *h, uint32_t if_id, struct ipm_interface *out)
{
	return if_id && h->with_if_id && h->with_if_id(h->arg, if_id, out);
}

static inline bool
feed_host_with_index(const struct feed_host *h, uint32_t ifindex, struct ipm_interface *out)
{
	return ifindex && h->with_index && h->with_index(h->arg, ifindex, out);
}

static inline uint32_t
feed_host_if_id(const struct feed_host *h, uint32_t ifindex)
{
	return ifindex && h->if_id ? h->if_id(h->arg, ifindex) : 0;
}

#endif
