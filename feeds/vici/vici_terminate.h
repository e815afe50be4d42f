/* SPDX-License-Identifier: ISC */
/**
 * @file vici_terminate.h  Have charon close SAs.
 *
 * Each request has its own connection, so that a list of 100,000 SAs can't delay it, and the feed's own connection does
 * not wait for it. Charon answers when it has accepted the request. Its events show when the SA is gone.
 *
 * Threads:   the event loop's.
 */
#ifndef VICI_TERMINATE_H
#define VICI_TERMINATE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VICI_TERMINATE_MAX 16  /* SAs at once */
#define VICI_TERMINATE_MS  500 /* for charon's answer: our own client waits 600 */

struct vici_terminator; /* the requests without an answer */

/** @p why is empty on success, else charon's message or a sentence. */
typedef void vici_terminated(void *arg, bool ok, const char *why);

struct vici_terminator *vici_terminator_new(struct event_base *base);
/** Give up requests without an answer, and call nobody. */
void vici_terminator_free(struct vici_terminator *t);

/**
 * Close the IKE SA, or the CHILD_SAs, with these unique ids. It is an error only if all of them are gone already.
 *
 * @param path  of charon's VICI socket
 * Errors:    0: @p done will be called once, after this returns. -E2BIG, -ENOMEM, or an error of connect(2): it will
 *            not be called.
 */
int vici_terminate(struct vici_terminator *t, const char *path, bool ike, const uint32_t *uids, size_t count,
		   vici_terminated *done, void *arg);

#endif
