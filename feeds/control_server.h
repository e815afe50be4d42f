/* SPDX-License-Identifier: ISC */
/**
 * @file control_server.h  The serving side of the control socket (control.h): who may ask, lines in, lines out.
 *
 * What a request does is for its handler to say; it may do so later. No client can hold up the loop, or another
 * client: what is read and written is bounded, and whoever is slow is left.
 *
 * Threads:   the event loop's.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <event2/event.h>
#include <sys/types.h>

#include "control.h"

#define CONTROL_CLIENTS_MAX 16
#define CONTROL_SLOW_MS     5000  /* for a whole request to come in; for an answer to be taken */
#define CONTROL_HANDLER_MS  10000 /* for a handler */

struct control_server;
struct control_call; /* a request that waits for its answer */

/** Must lead to one control_answer(), in the handler or at any time later while the server lives. */
typedef void control_handler(void *arg, const struct control_command *command, struct control_call *call);

struct control_server_options {
	const char *path;
	gid_t group;      /* whose members may ask, too; (gid_t)-1: nobody else may */
	unsigned slow_ms; /* 0: CONTROL_SLOW_MS */
	control_handler *handler;
	void *arg;
};

/**
 * Listen at the path; a socket that an earlier run left there is replaced, anything else is not. The caller has made
 * sure that it is the only one to serve it.
 *
 * Ownership: *out is the caller's. Closing it removes the socket; calls that have not been answered are void, and
 *            must not be answered any more.
 * Errors:    what socket(2), bind(2), chown(2) say; -EEXIST when something else is at the path.
 */
int control_server_open(struct control_server **out, struct event_base *base, const struct control_server_options *opt);
void control_server_close(struct control_server *server);

/** "ok TEXT" or "error TEXT"; @p text may be empty. The client may have gone: then it goes nowhere. */
void control_answer(struct control_call *call, bool ok, const char *text);

#endif
