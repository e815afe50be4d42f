/* SPDX-License-Identifier: ISC */
/**
 * @file netlink.h  Netlink sockets: opened, and asked.
 *
 * Errors:    0 or a negative errno.
 * Threads:   the caller's.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdbool.h>
#include <sys/types.h>

struct nlmsghdr;

#define NETLINK_ANSWER_MAX 32768

/** A socket that does not block, in the caller's network namespace. */
int netlink_open(int protocol);

/**
 * Messages from the kernel. What others send is not looked at.
 *
 * Returns:   octets; -EAGAIN: there is none; -ENOBUFS: the kernel had more than there was room for; -ENOMSG: somebody
 *            else sent one
 */
ssize_t netlink_receive(int fd, void *buf, size_t size);

/** Send a request. */
int netlink_send(int fd, const struct nlmsghdr *request);

/**
 * Send a request, and wait for the answer, which the kernel has ready before sending returns. @p request may lie in @p
 * buf. What is left of an earlier answer is passed over.
 *
 * Returns:   the octets of the message, which is at the start of @p buf; 0 for an acknowledgement; a negative errno.
 *            Of a dump more messages may follow: netlink_receive().
 */
ssize_t netlink_ask(int fd, struct nlmsghdr *request, char *buf, size_t size);

#endif
