/* SPDX-License-Identifier: ISC */
/**
 * @file vici_terminate.h  Have charon close SAs.
 *
 * Each time a conversation of its own: a list of 100,000 SAs that is under way must not delay it, and the feed's
 * conversation must not wait for it. Charon answers as soon as it has taken it up; that an SA is gone is told by
 * its events.
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
#define VICI_TERMINATE_MS  500 /* for charon's answer: who waits for ours has no more than 600 */

struct vici_terminator; /* the conversations that are under way */

/** @p why is empty when it has been done, else charon's words or a sentence. */
typedef void vici_terminated(void *arg, bool ok, const char *why);

struct vici_terminator *vici_terminator_new(struct event_base *base);
/** What is under way is given up; nobody is told. */
void vici_terminator_free(struct vici_terminator *t);

/**
 * Close the IKE SA, or the CHILD_SAs, with these unique ids. One that is gone already is no error, unless all are.
 *
 * @param path  of charon's VICI socket
 * Errors:    0: @p done will be called once, not before this returns. -E2BIG, -ENOMEM, or what connect(2) says:
 *            it will not be called.
 */
int vici_terminate(struct vici_terminator *t, const char *path, bool ike, const uint32_t *uids, size_t count,
		   vici_terminated *done, void *arg);

#endif
