/* SPDX-License-Identifier: ISC */
/* Open netlink sockets, and ask the kernel. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

int
netlink_open(int protocol)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	int rc = -errno;
	close(fd);
	return rc;
}

ssize_t
netlink_receive(int fd, void *buf, size_t size)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t got;

	do
		got = recvmsg(fd, &msg, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (msg.msg_namelen != sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid != 0)
		return -ENOMSG;
	return msg.msg_flags & MSG_TRUNC ? -ENOBUFS : got;
}

int
netlink_send(int fd, const struct nlmsghdr *request)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	return sendto(fd, request, request->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0 ? -errno : 0;
}

ssize_t
netlink_ask(int fd, struct nlmsghdr *request, char *buf, size_t size)
{
	static uint32_t last;
	request->nlmsg_seq = ++last;
	int rc = netlink_send(fd, request);
	if (rc < 0)
		return rc;
	for (;;) {
		ssize_t got = netlink_receive(fd, buf, size);
		const struct nlmsghdr *answer = (const struct nlmsghdr *)buf;
		if (got == -ENOMSG)
			continue;
		if (got < 0)
			return got;
		if (!mnl_nlmsg_ok(answer, (int)got) || answer->nlmsg_seq != last)
			continue;
		if (answer->nlmsg_type != NLMSG_ERROR)
			return got;
		if (mnl_nlmsg_get_payload_len(answer) < sizeof(struct nlmsgerr))
			return -EBADMSG;
		return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(answer))->error;
	}
}
