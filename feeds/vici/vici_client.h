/* SPDX-License-Identifier: ISC */
/**
 * @file vici_client.h  A connection to charon: requests in order, events as they come.
 *
 * Ownership: arguments of callbacks are valid until they return.
 * Errors:    any error ends the connection: ops.closed is called once with a sentence. Then the client may be freed or
 *            opened again.
 * Threads:   the event loop's. A callback must not free the client; ops.closed may.
 */
#ifndef VICI_CLIENT_H
#define VICI_CLIENT_H

#include <event2/event.h>

#include "vici_wire.h"

struct vici_client;

struct vici_client_ops {
	void (*connected)(void *arg);
	void (*closed)(void *arg, const char *why);
	void (*event)(void *arg, struct vici_slice name, struct vici_slice msg);
	unsigned answer_ms; /* how long charon may take to answer; 0: a minute */
};

/** The answer to a request. @p ok is false if charon does not know the command or event. */
typedef void vici_reply(void *arg, bool ok, struct vici_slice msg);

struct vici_client *
vici_client_new(struct event_base *base, const char *path, const struct vici_client_ops *ops, void *arg);
void vici_client_free(struct vici_client *client);

/** Start to connect. The outcome, at once or later, is ops.connected or ops.closed. */
void vici_client_open(struct vici_client *client);

/** Subscribe to an event. @p reply may be NULL. */
void vici_client_register(struct vici_client *client, const char *event, vici_reply *reply);

/** Send a command, with one key and value unless @p key is NULL. @p reply may be NULL. */
void vici_client_command(struct vici_client *client, const char *command, const char *key, const char *value,
			 vici_reply *reply);

/** The number of requests without an answer. */
unsigned vici_client_pending(const struct vici_client *client);

#endif
