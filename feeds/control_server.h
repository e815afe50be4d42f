/* SPDX-License-Identifier: ISC */
/**
 * @file control_server.h  The server of the control socket (control.h): who may ask, lines in, lines out.
 *
 * The handler of a request may answer later. No client can block the loop or another client: reading and writing are
 * bounded, and slow clients are disconnected.
 *
 * Threads:   the event loop's.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <event2/event.h>
#include <sys/types.h>

#include "control.h"

#define CONTROL_CLIENTS_MAX 16
#define CONTROL_SLOW_MS     5000  /* to send a whole request; to read an answer */
#define CONTROL_HANDLER_MS  10000 /* for the handler to answer */

struct control_server;
struct control_call; /* a request that waits for its answer */

/** Leads to exactly one control_answer(), in the handler or later, while the server lives. */
typedef void control_handler(void *arg, const struct control_command *command, struct control_call *call);

struct control_server_options {
	const char *path;
	gid_t group;      /* its members may ask, too; (gid_t)-1: only root and our own user */
	unsigned slow_ms; /* 0: CONTROL_SLOW_MS */
	control_handler *handler;
	void *arg;
};

/**
 * Listen at the path. A socket from an earlier run is replaced, anything else is not. The caller makes sure that no
 * other server uses the path.
 *
 * Ownership: *out is the caller's. Closing it removes the socket and ends all calls: don't answer them any more.
 * Errors:    those of socket(2), bind(2), chown(2); -EEXIST when something else is at the path.
 */
int control_server_open(struct control_server **out, struct event_base *base, const struct control_server_options *opt);
void control_server_close(struct control_server *server);

/** Answer "ok TEXT" or "error TEXT"; @p text may be empty. If the client has gone, nothing happens. */
void control_answer(struct control_call *call, bool ok, const char *text);

#endif
