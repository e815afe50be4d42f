/* SPDX-License-Identifier: ISC */
/* Our own addresses, from rtnetlink. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "local_addrs.h"

#define ANSWER_MAX 32768

static int
open_socket(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	int rc = -errno;
	close(fd);
	return rc;
}

int
local_addrs_open(struct local_addrs *l)
{
	static const int groups[] = { RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };

	*l = (struct local_addrs)LOCAL_ADDRS_CLOSED;
	if ((l->news = open_socket()) < 0)
		return l->news;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (setsockopt(l->news, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0)
			return -errno;
	l->ask = open_socket();
	return l->ask < 0 ? l->ask : 0;
}

void
local_addrs_close(struct local_addrs *l)
{
	if (l->news >= 0)
		close(l->news);
	if (l->ask >= 0)
		close(l->ask);
	free(l->addr);
	*l = (struct local_addrs)LOCAL_ADDRS_CLOSED;
}

static int
by_addr(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ipm_addr));
}

static void
learn_one(struct local_addrs *l, struct nlmsghdr *h)
{
	struct ipm_addr addr = { 0 };
	int left = (int)IFA_PAYLOAD(h);

	/* IFA_LOCAL is our end of a point-to-point link, whose IFA_ADDRESS is the other. */
	for (struct rtattr *a = IFA_RTA((struct ifaddrmsg *)NLMSG_DATA(h)); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		size_t len = RTA_PAYLOAD(a);
		if ((a->rta_type == IFA_LOCAL || (a->rta_type == IFA_ADDRESS && addr.len == 0)) &&
		    (len == 4 || len == 16)) {
			addr.len = (uint8_t)len;
			memcpy(addr.bytes, RTA_DATA(a), len);
		}
	}
	if (addr.len == 0)
		return;
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct ipm_addr *grown = realloc(l->addr, room * sizeof(*grown));
		if (!grown)
			return;
		l->addr = grown;
		l->room = room;
	}
	l->addr[l->count++] = addr;
}

/* From the kernel only; 0: there is none. */
static ssize_t
receive(int fd, void *buf, size_t size, bool *lost)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t len = sizeof(from);
		ssize_t got = recvfrom(fd, buf, size, MSG_DONTWAIT, (struct sockaddr *)&from, &len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == ENOBUFS) {
			*lost = true;
			continue;
		}
		if (got <= 0)
			return 0;
		if (len == sizeof(from) && from.nl_pid == 0)
			return got;
	}
}

/* Has an address come or gone since this was asked last? */
static bool
changed(const struct local_addrs *l)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_MAX];
	bool any = !l->addr;

	while (receive(l->news, buf, sizeof(buf), &any) > 0)
		any = true;
	return any;
}

void
local_addrs_learn(struct local_addrs *l)
{
	static uint32_t last;
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg all;
	} request = { .h = { .nlmsg_len = sizeof(request),
			     .nlmsg_type = RTM_GETADDR,
			     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			     .nlmsg_seq = ++last } };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_Alignas(struct nlmsghdr) char buf[ANSWER_MAX];
	bool more = true, lost = false;
	ssize_t got;

	if (l->news < 0 || l->ask < 0 || !changed(l) ||
	    sendto(l->ask, &request, sizeof(request), 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return;
	l->count = 0;
	while (more && (got = receive(l->ask, buf, sizeof(buf), &lost)) > 0) {
		int left = (int)got;
		for (struct nlmsghdr *h = (struct nlmsghdr *)buf; NLMSG_OK(h, (unsigned)left);
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_seq != last)
				continue;
			more = h->nlmsg_type == RTM_NEWADDR;
			if (more && h->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifaddrmsg)))
				learn_one(l, h);
		}
	}
	if (l->count)
		qsort(l->addr, l->count, sizeof(*l->addr), by_addr);
}

bool
local_addrs_have(const struct local_addrs *l, const struct ipm_addr *addr)
{
	struct ipm_addr key = { .len = addr->len };

	memcpy(key.bytes, addr->bytes, sizeof(key.bytes));
	return l->count && bsearch(&key, l->addr, l->count, sizeof(key), by_addr);
}
