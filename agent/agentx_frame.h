/* SPDX-License-Identifier: ISC */
/**
 * @file agentx_frame.h  Take AgentX messages that are too long out of a stream.
 *
 * Net-SNMP's master and its library silently drop messages of more than 65536 octets: a request is never answered, and
 * the master closes the session. Here such a message is removed, and its header reported, so that it can be answered.
 *
 * Threads:   the caller's.
 */
#ifndef AGENTX_FRAME_H
#define AGENTX_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define AGENTX_MOST        65536u /* octets of a message, with its header */
#define AGENTX_HEADER      20u    /* RFC 2741, 6.1 */
#define AGENTX_TOO_BIG_LEN 28u

/** All zeros at the beginning of a stream. */
struct agentx_frames {
	uint8_t held[AGENTX_HEADER]; /* an incomplete header */
	size_t held_len;
	uint64_t pass, skip;           /* octets left of a message to pass on, or to skip */
	uint8_t header[AGENTX_HEADER]; /* of the message to skip */
};

/** Put the octets that were held back at the start of @p buf; read the next ones behind them. Returns their number. */
size_t agentx_frames_resume(struct agentx_frames *f, uint8_t *buf);

/**
 * Remove messages that are too long from @p len octets, which include those of agentx_frames_resume().
 *
 * @param too_big  called with the header of each such message, when all of it has been removed
 * @return the number of octets left to pass on
 */
size_t agentx_frames_keep(struct agentx_frames *f, uint8_t *buf, size_t len,
			  void (*too_big)(void *arg, const uint8_t header[AGENTX_HEADER]), void *arg);

/** The answer to a request with this header: tooBig for its first variable. */
void agentx_too_big(const uint8_t header[AGENTX_HEADER], uint8_t out[AGENTX_TOO_BIG_LEN]);

#endif
