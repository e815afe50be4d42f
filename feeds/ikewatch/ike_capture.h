/* SPDX-License-Identifier: ISC */
/**
 * @file ike_capture.h  A capture of IKE on all interfaces of a network namespace, by libpcap.
 *
 * The kernel passes on UDP port 500, and of port 4500 what begins with the non-ESP marker; no ESP, no keep-alives. A
 * capture on all interfaces outlives those that go and sees those that come, so it needs no opening anew.
 *
 * Errors:    0 or a negative errno, with a sentence; the one of ike_capture_read() says that the capture is over.
 * Threads:   the caller's.
 */
#ifndef IKE_CAPTURE_H
#define IKE_CAPTURE_H

#include "ike_watch.h"
#include "local_addrs.h"
#include "netns.h"

struct ike_capture;

typedef void ike_capture_frame(void *arg, const struct ike_frame *frame);

/** @p addrs is opened in the same namespace. It is the caller's, and closed when this fails. */
int ike_capture_open(struct ike_capture **out, const char *netns, struct netns *which, struct local_addrs *addrs,
		     char *error, size_t error_size);
void ike_capture_close(struct ike_capture *c);

/** To wait for; readable as long as there are frames. */
int ike_capture_fd(const struct ike_capture *c);

/** No more than @p budget frames. Returns how many there were. */
int ike_capture_read(struct ike_capture *c, int budget, ike_capture_frame *frame, void *arg, char *error,
		     size_t error_size);

/** Frames that there was no room for, since it was opened. */
uint64_t ike_capture_lost(struct ike_capture *c);

/** "libpcap version ..." */
const char *ike_capture_library(void);

/**
 * Opening needs CAP_NET_RAW, and nothing else here does: give it up for good. True when the program had it.
 */
bool ike_capture_give_up_privilege(void);

#endif
