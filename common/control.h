/* SPDX-License-Identifier: ISC */
/**
 * @file control.h  The control socket: how a writer of a segment is asked to change something.
 *
 * A Unix stream socket, "control" in the run directory; its path is in the segment's header. A client sends a
 * line and reads a line, as often as it likes; a line ends in one newline and has at most CONTROL_LINE_MAX octets
 * with it. Words are parted by one blank each; a number is of decimal digits only, without a zero before it.
 *
 *   history-size N         so many entries of the history rings are shown; 1 to their capacity
 *   failure-size N         likewise of the failure rings
 *   check-point            everything that is up is put into the history
 *   destroy ike INDEX      the IKE SA with this index is closed, and with it its tunnels
 *   destroy tunnel INDEX   the tunnel's CHILD_SAs are closed
 *   agent NAME PID SENT SUPPRESSED DISABLED WAITING
 *                          what a serving program says of itself (struct ipm_agent); NAME has 1 to 63 octets
 *   ping                   nothing
 *
 * The answer is "ok", "ok TEXT" or "error TEXT". It means that the thing was done; for destroy, that the IKE
 * daemon has taken it up. What cannot be understood is answered, and only a line that is too long ends the
 * conversation. A client that closes its socket before its turn has come takes its request back.
 *
 * Who may: root, the uid that the server runs as, and members of the group that the configuration names. Everybody
 * else gets "error not allowed".
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_LINE_MAX 256 /* octets, the newline is one of them */
#define CONTROL_NAME_MAX 64  /* of an agent, with its NUL */
#define CONTROL_LIMIT_MS 2000

enum control_verb {
	CONTROL_HISTORY_SIZE,
	CONTROL_FAILURE_SIZE,
	CONTROL_CHECK_POINT,
	CONTROL_DESTROY_IKE,
	CONTROL_DESTROY_TUNNEL,
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
 * Understand one line, without its newline. Any octets may come in.
 *
 * Errors:    -EINVAL, and @p why says what is wrong: a sentence that never needs freeing.
 * Threads:   pure.
 */
int control_parse(const char *line, size_t len, struct control_command *out, const char **why);

/**
 * Ask, and wait for the answer, for no longer than CONTROL_LIMIT_MS.
 *
 * @param request  one line, without its newline
 * @param answer   always a sentence or empty: what stands behind "ok" or "error", or what has gone wrong here
 * Errors:    0 for "ok"; -EREMOTEIO for "error"; -EPROTO for an answer that is none, -ETIMEDOUT, and what
 *            connect(2) and the like say, when nobody knows what the server did.
 */
int control_request(const char *socket_path, const char *request, char *answer, size_t size);
/** Likewise with another limit. */
int control_request_within(const char *socket_path, const char *request, unsigned limit_ms, char *answer, size_t size);

#endif
