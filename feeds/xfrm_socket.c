/* SPDX-License-Identifier: ISC */
/* Sockets to XFRM and routing, in whichever network namespace. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netlink.h"
#include "xfrm_socket.h"

#define EVENT_BUFFER (16 * 1024 * 1024) /* room for some 10,000 SAs that come at once */

/*
 * Not XFRMNLGRP_AEVENTS: as long as somebody listens to it, the kernel makes a message of every second packet of every
 * SA, on the way of the packet. What it would say is in the next dump.
 */
static const int xfrm_groups[] = { XFRMNLGRP_SA,      XFRMNLGRP_POLICY, XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE,
				   XFRMNLGRP_MAPPING, XFRMNLGRP_REPORT, XFRMNLGRP_MIGRATE };
static const int addr_groups[] = { RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR };

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

/* What has to happen inside of the namespace. */
struct opening {
	struct xfrm_sockets *s;
	int netns; /* -1: it is our own */
	const char *name;
	char *error;
	size_t error_size;
	int rc;
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
	if ((s->addrs = netlink_open(NETLINK_ROUTE)) < 0)
		return say(o, s->addrs, "cannot open a routing socket");
	if ((rc = SUBSCRIBE(s->addrs, addr_groups)) < 0)
		return say(o, rc, "cannot listen to addresses");
	s->stat = open("/proc/thread-self/net/xfrm_stat", O_RDONLY | O_CLOEXEC);
	return 0;
}

static void *
open_there(void *arg)
{
	struct opening *o = arg;
	if (setns(o->netns, CLONE_NEWNET) < 0) {
		o->rc = -errno;
		snprintf(o->error, o->error_size, "cannot enter the network namespace %s: %s%s", o->name,
			 strerror(errno), errno == EPERM ? ": the capability CAP_SYS_ADMIN is needed" : "");
	} else {
		o->rc = open_here(o);
	}
	return NULL;
}

static void
netns_path(const char *netns, char *out, size_t size)
{
	if (netns[0] == '\0')
		snprintf(out, size, "/proc/self/ns/net");
	else
		snprintf(out, size, "%s%s", netns[0] == '/' ? "" : "/run/netns/", netns);
}

int
xfrm_sockets_open(struct xfrm_sockets *s, const char *netns, char *error, size_t error_size)
{
	struct opening o = { .s = s, .netns = -1, .name = netns, .error = error, .error_size = error_size };
	char path[512];
	struct stat st = { 0 };

	*s = XFRM_SOCKETS_CLOSED;
	netns_path(netns, path, sizeof(path));
	o.netns = open(path, O_RDONLY | O_CLOEXEC);
	if (o.netns < 0 || fstat(o.netns, &st) < 0) {
		o.rc = -errno;
		snprintf(error, error_size, "%s: %s", path, strerror(errno));
	} else if (netns[0] == '\0') {
		o.rc = open_here(&o);
	} else {
		pthread_t thread;
		o.rc = -pthread_create(&thread, NULL, open_there, &o);
		if (o.rc == 0)
			pthread_join(thread, NULL);
		else
			snprintf(error, error_size, "cannot start a thread: %s", strerror(-o.rc));
	}
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	if (o.netns >= 0)
		close(o.netns);
	if (o.rc < 0)
		xfrm_sockets_close(s);
	return o.rc;
}

void
xfrm_sockets_close(struct xfrm_sockets *s)
{
	const int fds[] = { s->events, s->dumps, s->acts, s->route, s->addrs, s->stat };
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(s->local);
	*s = XFRM_SOCKETS_CLOSED;
}

bool
xfrm_sockets_current(const struct xfrm_sockets *s, const char *netns)
{
	char path[512];
	struct stat st;
	netns_path(netns, path, sizeof(path));
	return stat(path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino;
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

/* --- addresses ------------------------------------------------------------------------------------------------- */

static int
by_addr(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ipm_addr));
}

static void
learn_address(struct xfrm_sockets *s, const struct nlmsghdr *h, size_t *room)
{
	const struct nlattr *attr;
	struct ipm_addr addr = { 0 };

	/* IFA_LOCAL is our end of a point-to-point link, whose IFA_ADDRESS is the other. */
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
	if (s->locals == *room) {
		size_t more = *room ? *room * 2 : 64;
		struct ipm_addr *grown = realloc(s->local, more * sizeof(*grown));
		if (!grown)
			return;
		s->local = grown;
		*room = more;
	}
	s->local[s->locals++] = addr;
}

static void
read_addresses(struct xfrm_sockets *s)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ANSWER_MAX];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *all = mnl_nlmsg_put_extra_header(h, sizeof(*all));
	bool more = true;
	size_t room = 0;

	free(s->local);
	s->local = NULL;
	s->locals = 0;
	all->ifa_family = AF_UNSPEC;
	h->nlmsg_type = RTM_GETADDR;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	for (ssize_t got = netlink_ask(s->route, h, buf, sizeof(buf)); more && got > 0;
	     got = more ? netlink_receive(s->route, buf, sizeof(buf)) : 0) {
		int left = (int)got;
		for (h = (struct nlmsghdr *)buf; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			more = h->nlmsg_type == RTM_NEWADDR;
			if (more && mnl_nlmsg_get_payload_len(h) >= sizeof(*all))
				learn_address(s, h, &room);
		}
	}
	if (s->locals)
		qsort(s->local, s->locals, sizeof(*s->local), by_addr);
}

/* Has an address come or gone since this was asked last? */
static bool
addresses_changed(const struct xfrm_sockets *s)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ANSWER_MAX];
	bool changed = !s->local;
	ssize_t got;

	while ((got = netlink_receive(s->addrs, buf, sizeof(buf))) > 0 || got == -ENOBUFS || got == -ENOMSG)
		changed = true;
	return changed;
}

void
xfrm_learn_addresses(struct xfrm_sockets *s)
{
	if (addresses_changed(s))
		read_addresses(s);
}

bool
xfrm_is_local(const struct xfrm_sockets *s, const struct ipm_addr *addr)
{
	struct ipm_addr key = { .len = addr->len };

	memcpy(key.bytes, addr->bytes, sizeof(key.bytes));
	return s->locals && bsearch(&key, s->local, s->locals, sizeof(key), by_addr);
}
