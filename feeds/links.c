/* SPDX-License-Identifier: ISC */
/* Interfaces, their addresses, and routes. */
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ipm_segment.h"
#include "links.h"
#include "netlink.h"

struct link {
	uint32_t ifindex, if_id; /* if_id 0: no XFRM interface */
	char name[16];
};

struct address {
	struct ipm_addr addr;
	uint32_t ifindex;
};

struct links {
	int route;
	uint64_t read_ns;
	struct link *link, *xfrm;    /* by ifindex; those with an if_id, by that */
	struct address *addr, *main; /* by address; by ifindex, the first of each */
	size_t links, xfrms, addrs;
};

/* --- lists that grow ----------------------------------------------------------------------------------------- */

/* Room for one more element of @p size octets after @p count others. NULL: out of memory; the list is unchanged. */
static void *
grow_list(void **list, size_t count, size_t size)
{
	if (count == 0 || (count >= 64 && (count & (count - 1)) == 0)) {
		void *more = realloc(*list, (count ? count * 2 : 64) * size);
		if (!more)
			return NULL;
		*list = more;
	}
	return (char *)*list + count * size;
}

static int
by_ifindex(const void *a, const void *b)
{
	const struct link *x = a, *y = b;
	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

static int
by_if_id(const void *a, const void *b)
{
	const struct link *x = a, *y = b;
	return (x->if_id > y->if_id) - (x->if_id < y->if_id);
}

static int
by_addr(const void *a, const void *b)
{
	return memcmp(&((const struct address *)a)->addr, &((const struct address *)b)->addr, sizeof(struct ipm_addr));
}

static int
by_owner(const void *a, const void *b)
{
	const struct address *x = a, *y = b;
	return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

/* --- what the kernel says ------------------------------------------------------------------------------------ */

/* The id of an XFRM interface, from IFLA_LINKINFO; 0: it is another kind. */
static uint32_t
xfrm_if_id(const struct nlattr *info)
{
	const struct nlattr *attr, *data = NULL;
	bool xfrm = false;

	mnl_attr_for_each_nested(attr, info)
	{
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND && mnl_attr_validate(attr, MNL_TYPE_STRING) >= 0)
			xfrm = mnl_attr_get_payload_len(attr) >= 4 &&
			       memcmp(mnl_attr_get_payload(attr), "xfrm", 4) == 0;
		else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
			data = attr;
	}
	if (!xfrm || !data)
		return 0;
	mnl_attr_for_each_nested(attr, data) if (mnl_attr_get_type(attr) == IFLA_XFRM_IF_ID &&
						 mnl_attr_get_payload_len(attr) ==
							 sizeof(uint32_t)) return mnl_attr_get_u32(attr);
	return 0;
}

static void
learn_link(struct links *l, const struct nlmsghdr *h)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(h);
	const struct nlattr *attr;
	struct link link = { .ifindex = (uint32_t)info->ifi_index }, *at;

	mnl_attr_for_each(attr, h, sizeof(*info))
	{
		if (mnl_attr_get_type(attr) == IFLA_IFNAME && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(link.name, sizeof(link.name), "%s", mnl_attr_get_str(attr));
		else if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			link.if_id = xfrm_if_id(attr);
	}
	if ((at = grow_list((void **)&l->link, l->links, sizeof(*at)))) {
		*at = link;
		l->links++;
	}
	if (link.if_id && (at = grow_list((void **)&l->xfrm, l->xfrms, sizeof(*at)))) {
		*at = link;
		l->xfrms++;
	}
}

static void
learn_address(struct links *l, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(h);
	const struct nlattr *attr;
	struct address address = { .ifindex = info->ifa_index }, *at;

	/* On a point-to-point link, IFA_LOCAL is our end and IFA_ADDRESS the other. */
	mnl_attr_for_each(attr, h, sizeof(*info))
	{
		uint16_t type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);
		if ((type == IFA_LOCAL || (type == IFA_ADDRESS && address.addr.len == 0)) && (len == 4 || len == 16)) {
			address.addr.len = (uint8_t)len;
			memcpy(address.addr.bytes, mnl_attr_get_payload(attr), len);
		}
	}
	if (address.addr.len && (at = grow_list((void **)&l->addr, l->addrs, sizeof(*at)))) {
		*at = address;
		l->addrs++;
	}
}

/* Ask for a dump of @p type, and call @p learn with each message of the type @p wanted. */
static void
dump(struct links *l, uint16_t type, uint16_t wanted, size_t fixed,
     void (*learn)(struct links *, const struct nlmsghdr *))
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ANSWER_MAX];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	bool more = true;

	mnl_nlmsg_put_extra_header(h, fixed); /* all 0: AF_UNSPEC */
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	for (ssize_t got = netlink_ask(l->route, h, buf, sizeof(buf)); more && got > 0;
	     got = more ? netlink_receive(l->route, buf, sizeof(buf)) : 0) {
		int left = (int)got;
		for (h = (struct nlmsghdr *)buf; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			more = h->nlmsg_type == wanted;
			if (more && mnl_nlmsg_get_payload_len(h) >= fixed)
				learn(l, h);
		}
	}
}

static void
read_all(struct links *l)
{
	l->links = l->xfrms = l->addrs = 0;
	dump(l, RTM_GETLINK, RTM_NEWLINK, sizeof(struct ifinfomsg), learn_link);
	dump(l, RTM_GETADDR, RTM_NEWADDR, sizeof(struct ifaddrmsg), learn_address);
	struct address *copy = l->addrs ? realloc(l->main, l->addrs * sizeof(*copy)) : NULL;
	if (copy) {
		l->main = copy;
		memcpy(copy, l->addr, l->addrs * sizeof(*copy));
		qsort(copy, l->addrs, sizeof(*copy), by_owner);
	} else {
		l->addrs = 0;
	}
	if (l->links)
		qsort(l->link, l->links, sizeof(*l->link), by_ifindex);
	if (l->xfrms)
		qsort(l->xfrm, l->xfrms, sizeof(*l->xfrm), by_if_id);
	if (l->addrs)
		qsort(l->addr, l->addrs, sizeof(*l->addr), by_addr);
	l->read_ns = ipm_now_ns();
}

static void
refresh(struct links *l)
{
	if (l->read_ns == 0 || ipm_now_ns() - l->read_ns > LINKS_FRESH_NS)
		read_all(l);
}

/* --- what is asked ------------------------------------------------------------------------------------------- */

struct links *
links_new(int route)
{
	struct links *l = calloc(1, sizeof(*l));
	if (l)
		l->route = route;
	return l;
}

void
links_free(struct links *l)
{
	if (!l)
		return;
	free(l->link);
	free(l->xfrm);
	free(l->addr);
	free(l->main);
	free(l);
}

static const struct link *
link_find(const struct links *l, uint32_t ifindex)
{
	const struct link key = { .ifindex = ifindex };
	return l->links ? bsearch(&key, l->link, l->links, sizeof(key), by_ifindex) : NULL;
}

bool
links_with_index(struct links *l, uint32_t ifindex, struct ipm_interface *out)
{
	refresh(l);
	const struct link *link = link_find(l, ifindex);
	const struct address key = { .ifindex = ifindex };
	if (!link)
		return false;
	*out = (struct ipm_interface){ .ifindex = ifindex };
	memcpy(out->name, link->name, sizeof(out->name));
	const struct address *addr = l->addrs ? bsearch(&key, l->main, l->addrs, sizeof(key), by_owner) : NULL;
	if (addr)
		out->addr = addr->addr;
	return true;
}

bool
links_with_addr(struct links *l, const struct ipm_addr *addr, struct ipm_interface *out)
{
	struct address key = { .addr.len = addr->len };
	refresh(l);
	memcpy(key.addr.bytes, addr->bytes, sizeof(key.addr.bytes));
	const struct address *found = l->addrs ? bsearch(&key, l->addr, l->addrs, sizeof(key), by_addr) : NULL;
	if (!found || !links_with_index(l, found->ifindex, out))
		return false;
	out->addr = *addr;
	return true;
}

bool
links_with_if_id(struct links *l, uint32_t if_id, struct ipm_interface *out)
{
	const struct link key = { .if_id = if_id };
	refresh(l);
	const struct link *found = if_id && l->xfrms ? bsearch(&key, l->xfrm, l->xfrms, sizeof(key), by_if_id) : NULL;
	return found && links_with_index(l, found->ifindex, out);
}

uint32_t
links_if_id(struct links *l, uint32_t ifindex)
{
	refresh(l);
	const struct link *link = link_find(l, ifindex);
	return link ? link->if_id : 0;
}

static bool
route_to(int fd, const struct ipm_addr *addr, struct ipm_interface *out)
{
	_Alignas(struct nlmsghdr) char buf[NETLINK_ANSWER_MAX];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct rtmsg *rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));
	const struct nlattr *attr;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	rt->rtm_family = addr->len == 16 ? AF_INET6 : AF_INET;
	rt->rtm_dst_len = (uint8_t)(addr->len * 8);
	mnl_attr_put(h, RTA_DST, addr->len, addr->bytes);
	if (netlink_ask(fd, h, buf, sizeof(buf)) < (ssize_t)MNL_NLMSG_HDRLEN)
		return false;
	h = (struct nlmsghdr *)buf;
	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(*rt))
		return false;
	*out = (struct ipm_interface){ 0 };
	mnl_attr_for_each(attr, h, sizeof(*rt))
	{
		uint16_t len = mnl_attr_get_payload_len(attr);
		if (mnl_attr_get_type(attr) == RTA_OIF && len == sizeof(uint32_t)) {
			out->ifindex = mnl_attr_get_u32(attr);
		} else if (mnl_attr_get_type(attr) == RTA_PREFSRC && (len == 4 || len == 16)) {
			out->addr.len = (uint8_t)len;
			memcpy(out->addr.bytes, mnl_attr_get_payload(attr), len);
		}
	}
	return out->ifindex != 0;
}

bool
links_way_to(struct links *l, const struct ipm_addr *addr, struct ipm_interface *out)
{
	struct ipm_interface link;
	if (!addr->len || !route_to(l->route, addr, out))
		return false;
	if (links_with_index(l, out->ifindex, &link))
		memcpy(out->name, link.name, sizeof(out->name));
	return true;
}

/* --- as a model's host ----------------------------------------------------------------------------------------- */

static bool
is_local(void *arg, const struct ipm_addr *addr)
{
	const struct links_host *of = arg;
	return of->addrs && local_addrs_have(of->addrs, addr);
}

static bool
way_to(void *arg, const struct ipm_addr *addr, struct ipm_interface *out)
{
	const struct links_host *of = arg;
	return of->links && links_way_to(of->links, addr, out);
}

static bool
with_addr(void *arg, const struct ipm_addr *addr, struct ipm_interface *out)
{
	const struct links_host *of = arg;
	return of->links && links_with_addr(of->links, addr, out);
}

static bool
with_if_id(void *arg, uint32_t if_id, struct ipm_interface *out)
{
	const struct links_host *of = arg;
	return of->links && links_with_if_id(of->links, if_id, out);
}

static bool
with_index(void *arg, uint32_t ifindex, struct ipm_interface *out)
{
	const struct links_host *of = arg;
	return of->links && links_with_index(of->links, ifindex, out);
}

static uint32_t
if_id(void *arg, uint32_t ifindex)
{
	const struct links_host *of = arg;
	return of->links ? links_if_id(of->links, ifindex) : 0;
}

struct feed_host
links_host(struct links_host *of, uint32_t feed)
{
	return (struct feed_host){ .arg = of,
				   .feed = feed,
				   .is_local = is_local,
				   .way_to = way_to,
				   .with_addr = with_addr,
				   .with_if_id = with_if_id,
				   .with_index = with_index,
				   .if_id = if_id };
}
