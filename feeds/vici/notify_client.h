/* SPDX-License-Identifier: ISC */
/**
 * @file notify_client.h  Listen to charon's plugin error-notify, with a feed record of that name.
 *
 * A missing socket is normal: the plugin is not loaded. Unknown records are counted. After an error it connects again,
 * with growing pauses.
 *
 * Ownership: the callback's alert is valid until it returns.
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
 * Process what has come in. Charon writes an alert before it queues the VICI event that follows from it. To see them in
 * that order, call this before you process an event. @p client may be NULL.
 */
void notify_client_drain(struct notify_client *client);

#endif
