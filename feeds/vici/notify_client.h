/* SPDX-License-Identifier: ISC */
/**
 * @file notify_client.h  Listens to charon's plugin error-notify, and keeps the feed record of that name.
 *
 * A socket that is not there is nothing special: the plugin is not loaded. What was not understood is counted.
 * After anything that goes wrong it connects again, with growing pauses.
 *
 * Ownership: the alert that the callback is given lives until it returns.
 * Threads:   the event loop's. The callback must not free the client.
 */
#ifndef NOTIFY_CLIENT_H
#define NOTIFY_CLIENT_H

#include "feed_ops.h"
#include "vici_alert.h"

struct notify_client;

typedef void notify_alert(void *arg, const struct vici_alert *alert);

/** Listen at vici.error_socket of the configuration. NULL: as feed_open(). */
struct notify_client *notify_client_open(struct feed_env *env, notify_alert *callback, void *arg);
/** @p client may be NULL. */
void notify_client_close(struct notify_client *client);

/**
 * Take in now what has come. Charon writes an alert before it queues the VICI event that follows from it: who calls
 * this before looking at an event sees them in that order. @p client may be NULL.
 */
void notify_client_drain(struct notify_client *client);

#endif
