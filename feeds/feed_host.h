/* SPDX-License-Identifier: ISC */
/**
 * @file feed_host.h  Questions of the models about the network namespace of their SAs. Tests answer them without one.
 *
 * A question that is NULL has no answer.
 *
 * Errors:    false or 0: there is none, or it is not known.
 * Threads:   the feed's.
 */
#ifndef FEED_HOST_H
#define FEED_HOST_H

#include <stdbool.h>

#include "ipm_types.h"

struct feed_host {
	void *arg;
	uint32_t feed; /* slot of the feed that publishes the namespace's interfaces */
	/** Is this an address of this host? */
	bool (*is_local)(void *arg, const struct ipm_addr *addr);
	/** The interface for packets to this address: its ifindex, name and own address. */
	bool (*way_to)(void *arg, const struct ipm_addr *addr, struct ipm_interface *out);
	/** The interface that has this address. */
	bool (*with_addr)(void *arg, const struct ipm_addr *addr, struct ipm_interface *out);
	/** The XFRM interface with this id. */
	bool (*with_if_id)(void *arg, uint32_t if_id, struct ipm_interface *out);
	/** The interface with this ifindex. */
	bool (*with_index)(void *arg, uint32_t ifindex, struct ipm_interface *out);
	/** The id of this XFRM interface; 0: it is another kind of interface. */
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
