/* SPDX-License-Identifier: ISC */
/**
 * @file netlink.h  Open netlink sockets, and ask the kernel.
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

/** Open a non-blocking socket in the caller's network namespace. */
int netlink_open(int protocol);

/**
 * Receive messages from the kernel, and from nobody else.
 *
 * Returns:   octets; -EAGAIN: there is none; -ENOBUFS: the kernel dropped messages; -ENOMSG: another process sent this
 *            one, and it was discarded
 */
ssize_t netlink_receive(int fd, void *buf, size_t size);

/** Send a request. */
int netlink_send(int fd, const struct nlmsghdr *request);

/**
 * Send a request and receive the answer. The kernel has it ready before sending returns. @p request may lie in @p buf.
 * The rest of an earlier answer is skipped.
 *
 * Returns:   the octets of the message, which is at the start of @p buf; 0 for an acknowledgement; a negative errno.
 *            In a dump more messages may follow: netlink_receive().
 */
ssize_t netlink_ask(int fd, struct nlmsghdr *request, char *buf, size_t size);

#endif
