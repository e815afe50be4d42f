/* SPDX-License-Identifier: ISC */
/**
 * @file control.h  The control socket: requests to the writer of a segment.
 *
 * A Unix stream socket, "control" in the run directory. Its path is in the segment's header. A client sends a line and
 * reads a line, as often as it likes. A line ends in one newline and has at most CONTROL_LINE_MAX octets, including the
 * newline. Single blanks separate words. A number has decimal digits only and no leading zero.
 *
 *   history-size N         show this many entries of the history rings; 1 to their capacity
 *   failure-size N         show this many entries of the failure rings; likewise
 *   check-point            copy everything that is up into the history
 *   destroy ike INDEX      close the IKE SA with this index and its tunnels
 *   destroy tunnel INDEX   close the tunnel's CHILD_SAs
 *   destroy session INDEX  end the session: close its IKE SA and its tunnels
 *   agent NAME PID SENT SUPPRESSED DISABLED WAITING
 *                          store the report of a serving program (struct ipm_agent); NAME has 1 to 63 octets
 *   ping                   do nothing
 *
 * The answer is "ok", "ok TEXT" or "error TEXT". "ok" means that the request was carried out; for destroy, that the IKE
 * daemon has accepted it. Invalid requests get an error; only a line that is too long ends the connection. A client
 * that closes its socket withdraws the request that has not begun.
 *
 * Root, the server's user and members of the configured group may send requests. Everybody else gets "error not
 * allowed".
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_LINE_MAX 256 /* octets, including the newline */
#define CONTROL_NAME_MAX 64  /* of an agent, with its NUL */
#define CONTROL_LIMIT_MS 2000

enum control_verb {
	CONTROL_HISTORY_SIZE,
	CONTROL_FAILURE_SIZE,
	CONTROL_CHECK_POINT,
	CONTROL_DESTROY_IKE,
	CONTROL_DESTROY_TUNNEL,
	CONTROL_DESTROY_SESSION,
	CONTROL_AGENT,
	CONTROL_PING,
};

struct control_command {
	enum control_verb verb;
	uint32_t number; /* a size or an index, 1 to INT32_MAX; of an agent, its pid */
	char name[CONTROL_NAME_MAX];
	uint64_t sent, suppressed, disabled, waiting;
};

/**
 * Parse one line without its newline. It may contain any octets.
 *
 * Errors:    -EINVAL, and @p why is a sentence about the fault, which never needs freeing.
 * Threads:   pure.
 */
int control_parse(const char *line, size_t len, struct control_command *out, const char **why);

/**
 * Send a request, and wait for the answer for at most CONTROL_LIMIT_MS.
 *
 * @param request  one line, without its newline
 * @param answer   empty or a sentence: the text after "ok" or "error", or a description of a local error
 * Errors:    0 for "ok"; -EREMOTEIO for "error"; -EPROTO for an invalid answer; -ETIMEDOUT, and the errors of
 *            connect(2) and similar calls: it is not known what the server did.
 */
int control_request(const char *socket_path, const char *request, char *answer, size_t size);
/** Do the same with another limit. */
int control_request_within(const char *socket_path, const char *request, unsigned limit_ms, char *answer, size_t size);

#endif
