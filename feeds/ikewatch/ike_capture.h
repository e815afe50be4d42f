/* SPDX-License-Identifier: ISC */
/**
 * @file ike_capture.h  A capture of IKE on all interfaces of a network namespace, by libpcap.
 *
 * The kernel's filter passes UDP port 500, and port 4500 with the non-ESP marker: neither ESP nor keep-alives. A
 * capture on all interfaces includes new ones, so it never has to be opened again.
 *
 * Errors:    0 or a negative errno, with a sentence. After an error of ike_capture_read() the capture is over.
 * Threads:   the caller's.
 */
#ifndef IKE_CAPTURE_H
#define IKE_CAPTURE_H

#include "ike_watch.h"
#include "local_addrs.h"
#include "netns.h"

struct ike_capture;

typedef void ike_capture_frame(void *arg, const struct ike_frame *frame);

/** @p addrs is opened in the same namespace. It belongs to the caller, and is closed if this fails. */
int ike_capture_open(struct ike_capture **out, const char *netns, struct netns *which, struct local_addrs *addrs,
		     char *error, size_t error_size);
void ike_capture_close(struct ike_capture *c);

/** A descriptor to wait for: readable while there are frames. */
int ike_capture_fd(const struct ike_capture *c);

/** Read up to @p budget frames. Returns how many there were. */
int ike_capture_read(struct ike_capture *c, int budget, ike_capture_frame *frame, void *arg, char *error,
		     size_t error_size);

/** Frames that did not fit into the buffer since it was opened. */
uint64_t ike_capture_lost(struct ike_capture *c);

/** "libpcap version ..." */
const char *ike_capture_library(void);

/** Give up CAP_NET_RAW for good: only opening needs it. True if the program had it. */
bool ike_capture_give_up_privilege(void);

#endif
