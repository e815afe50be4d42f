/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_socket.h  The sockets to one network namespace's XFRM, and its addresses.
 *
 * Errors:    0 or a negative errno; open also leaves a sentence that says what is missing.
 * Threads:   the caller's. To open sockets in another namespace, a thread enters it and ends; the program stays in its
 *            own.
 */
#ifndef XFRM_SOCKET_H
#define XFRM_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "local_addrs.h"
#include "netns.h"
#include "xfrm_decode.h"

struct xfrm_sockets {
	int events; /* multicast: SA, POLICY, ACQUIRE, EXPIRE, MAPPING, REPORT, MIGRATE */
	int dumps;  /* answers to xfrm_ask_dump() */
	int acts;   /* requests that the kernel answers at once */
	int route;  /* the same for rtnetlink */
	int stat;   /* /proc/net/xfrm_stat; -1: this kernel has none */
	struct netns netns;
	struct local_addrs addrs; /* of the namespace */
};

#define XFRM_SOCKETS_CLOSED     \
	((struct xfrm_sockets){ \
		.events = -1, .dumps = -1, .acts = -1, .route = -1, .stat = -1, .addrs = LOCAL_ADDRS_CLOSED })

/** @p netns: a name in /run/netns, an absolute path, or "" for our own. */
int xfrm_sockets_open(struct xfrm_sockets *s, const char *netns, char *error, size_t error_size);
void xfrm_sockets_close(struct xfrm_sockets *s);

/** Does @p netns still name the namespace that the sockets are in? */
bool xfrm_sockets_current(const struct xfrm_sockets *s, const char *netns);

/** Ask for a dump of all SAs (XFRM_MSG_GETSA) or policies (XFRM_MSG_GETPOLICY). */
int xfrm_ask_dump(const struct xfrm_sockets *s, uint16_t type, uint32_t seq);

/** Delete an SA. -ESRCH: there is none. */
int xfrm_delete_sa(const struct xfrm_sockets *s, const struct xfrm_key *key, uint32_t mark, uint32_t mark_mask);

/** The text of xfrm_stat. Returns its length. */
ssize_t xfrm_read_stat(const struct xfrm_sockets *s, char *out, size_t size);

#endif
