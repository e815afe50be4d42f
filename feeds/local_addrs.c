/* SPDX-License-Identifier: ISC */
/* Our own addresses, from rtnetlink. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "local_addrs.h"
#include "netlink.h"

int
local_addrs_open(struct local_addrs *l)
{
	static const int groups[] = { RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };

	*l = (struct local_addrs)LOCAL_ADDRS_CLOSED;
	if ((l->news = netlink_open(NETLINK_ROUTE)) < 0)
		return l->news;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (setsockopt(l->news, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0)
			return -errno;
	l->ask = netlink_open(NETLINK_ROUTE);
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
learn_one(struct local_addrs *l, const struct nlmsghdr *h)
{
	const struct nlattr *attr;
	struct ipm_addr addr = { 0 };

	/* On a point-to-point link, IFA_LOCAL is our end and IFA_ADDRESS the other. */
	mnl_attr_for_each(attr, h, sizeof(struct ifaddrmsg))
	{
		uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);
		if ((type == IFA_LOCAL || (type == IFA_ADDRESS && addr.len == 0)) && (len == 4 || len == 16)) {
			addr.len = (uint8_t)len;
			memcpy(addr.bytes, mnl_attr_get_payload(attr), len);
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

/* Has an address come or gone since the last call? */
static bool
have_changed(const struct local_addrs *l)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ANSWER_MAX];
	bool any = !l->addr;
	ssize_t got;

	while ((got = netlink_receive(l->news, buf, sizeof(buf))) > 0 || got == -ENOBUFS || got == -ENOMSG)
		any = true;
	return any;
}

void
local_addrs_learn(struct local_addrs *l)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ANSWER_MAX];
	bool more = true;

	if (l->news < 0 || l->ask < 0 || !have_changed(l))
		return;
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *all = mnl_nlmsg_put_extra_header(h, sizeof(*all));
	all->ifa_family = AF_UNSPEC;
	h->nlmsg_type = RTM_GETADDR;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	l->count = 0;
	for (ssize_t got = netlink_ask(l->ask, h, buf, sizeof(buf)); more && got > 0;
	     got = more ? netlink_receive(l->ask, buf, sizeof(buf)) : 0) {
		int left = (int)got;
		for (h = (struct nlmsghdr *)buf; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			more = h->nlmsg_type == RTM_NEWADDR;
			if (more && mnl_nlmsg_get_payload_len(h) >= sizeof(*all))
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
