/* SPDX-License-Identifier: ISC */
/**
 * @file links.h  The interfaces of a network namespace: which one has an address, which one leads to a peer.
 *
 * Answers are at most LINKS_FRESH_NS old. links_way_to() asks the kernel each time.
 *
 * Ownership: the socket is the caller's and outlives struct links.
 * Errors:    false: there is none, or it is not known.
 * Threads:   the caller's.
 */
#ifndef LINKS_H
#define LINKS_H

#include <stdbool.h>

#include "feed_host.h"
#include "local_addrs.h"

#define LINKS_FRESH_NS 1000000000ull

struct links;

/** @p route: a socket of rtnetlink in that namespace. NULL: out of memory. */
struct links *links_new(int route);
void links_free(struct links *l);

/** Each fills in ifindex, name, and, where there is one, an address. */
bool links_with_addr(struct links *l, const struct ipm_addr *addr, struct ipm_interface *out);
bool links_with_index(struct links *l, uint32_t ifindex, struct ipm_interface *out);
/** The XFRM interface with this id; there is none with 0. */
bool links_with_if_id(struct links *l, uint32_t if_id, struct ipm_interface *out);
/** The interface for packets to this address, and the source address they get. */
bool links_way_to(struct links *l, const struct ipm_addr *addr, struct ipm_interface *out);
/** Its id if it is an XFRM interface; else 0. */
uint32_t links_if_id(struct links *l, uint32_t ifindex);

/** Where links_host() looks. Each may be NULL, also for a while: then its questions have no answer. */
struct links_host {
	struct links *links;
	const struct local_addrs *addrs;
};

/** The host of a model whose SAs are in this namespace. @p of must outlive it. */
struct feed_host links_host(struct links_host *of, uint32_t feed);

#endif
