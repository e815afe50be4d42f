/* SPDX-License-Identifier: ISC */
/* Sockets to XFRM and routing in a network namespace. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"
#include "xfrm_socket.h"

#define EVENT_BUFFER (16 * 1024 * 1024) /* room for some 10,000 SAs that come at once */

/*
 * Not XFRMNLGRP_AEVENTS: while somebody listens to it, the kernel makes a message for every second packet of every SA,
 * in the packet's path. The next dump has the same information.
 */
static const int xfrm_groups[] = { XFRMNLGRP_SA,      XFRMNLGRP_POLICY, XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE,
				   XFRMNLGRP_MAPPING, XFRMNLGRP_REPORT, XFRMNLGRP_MIGRATE };

/* --- opening ------------------------------------------------------------------------------------------------- */

static int
subscribe(int fd, const int *group, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group[i], sizeof(group[i])) < 0)
			return -errno;
	return 0;
}
#define SUBSCRIBE(fd, groups) subscribe(fd, groups, sizeof(groups) / sizeof((groups)[0]))

static void
make_room(int fd)
{
	int size = EVENT_BUFFER;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

/* The part that must run inside the namespace. */
struct opening {
	struct xfrm_sockets *s;
	char *error;
	size_t error_size;
};

static int
say(const struct opening *o, int rc, const char *what)
{
	const char *needs = rc == -EPERM || rc == -EACCES ? ": the capability CAP_NET_ADMIN is needed" : "";
	if (rc == -EPROTONOSUPPORT)
		needs = ": this kernel has no XFRM netlink (CONFIG_XFRM_USER)";
	snprintf(o->error, o->error_size, "%s: %s%s", what, strerror(-rc), needs);
	return rc;
}

static int
open_here(const struct opening *o)
{
	struct xfrm_sockets *s = o->s;
	int rc;

	if ((s->events = netlink_open(NETLINK_XFRM)) < 0)
		return say(o, s->events, "cannot open an XFRM socket");
	make_room(s->events);
	if ((rc = SUBSCRIBE(s->events, xfrm_groups)) < 0)
		return say(o, rc, "cannot listen to XFRM events");
	if ((s->dumps = netlink_open(NETLINK_XFRM)) < 0)
		return say(o, s->dumps, "cannot open an XFRM socket");
	if ((s->acts = netlink_open(NETLINK_XFRM)) < 0)
		return say(o, s->acts, "cannot open an XFRM socket");
	if ((s->route = netlink_open(NETLINK_ROUTE)) < 0)
		return say(o, s->route, "cannot open a routing socket");
	if ((rc = local_addrs_open(&s->addrs)) < 0)
		return say(o, rc, "cannot listen to addresses");
	s->stat = open("/proc/thread-self/net/xfrm_stat", O_RDONLY | O_CLOEXEC);
	return 0;
}

static int
open_in(void *arg)
{
	return open_here(arg);
}

int
xfrm_sockets_open(struct xfrm_sockets *s, const char *netns, char *error, size_t error_size)
{
	struct opening o = { .s = s, .error = error, .error_size = error_size };

	*s = XFRM_SOCKETS_CLOSED;
	int rc = netns_enter(netns, &s->netns, open_in, &o, error, error_size);
	if (rc < 0)
		xfrm_sockets_close(s);
	return rc;
}

void
xfrm_sockets_close(struct xfrm_sockets *s)
{
	const int fds[] = { s->events, s->dumps, s->acts, s->route, s->stat };
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	local_addrs_close(&s->addrs);
	*s = XFRM_SOCKETS_CLOSED;
}

bool
xfrm_sockets_current(const struct xfrm_sockets *s, const char *netns)
{
	return netns_is(netns, &s->netns);
}

/* --- talking ------------------------------------------------------------------------------------------------- */

int
xfrm_ask_dump(const struct xfrm_sockets *s, uint16_t type, uint32_t seq)
{
	char buf[MNL_NLMSG_HDRLEN];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = seq;
	return netlink_send(s->dumps, h);
}

int
xfrm_delete_sa(const struct xfrm_sockets *s, const struct xfrm_key *key, uint32_t mark, uint32_t mark_mask)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ANSWER_MAX];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct xfrm_usersa_id *id = mnl_nlmsg_put_extra_header(h, sizeof(*id));

	h->nlmsg_type = XFRM_MSG_DELSA;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	memcpy(&id->daddr, key->dst.bytes, key->dst.len);
	id->spi = htonl(key->spi);
	id->family = key->dst.len == 16 ? AF_INET6 : AF_INET;
	id->proto = key->protocol;
	if (mark || mark_mask) {
		const struct xfrm_mark value = { .v = mark, .m = mark_mask };
		mnl_attr_put(h, XFRMA_MARK, sizeof(value), &value);
	}
	ssize_t rc = netlink_ask(s->acts, h, buf, sizeof(buf));
	return rc > 0 ? 0 : (int)rc;
}

ssize_t
xfrm_read_stat(const struct xfrm_sockets *s, char *out, size_t size)
{
	if (s->stat < 0)
		return -ENOENT;
	ssize_t got = pread(s->stat, out, size, 0);
	return got < 0 ? -errno : got;
}
