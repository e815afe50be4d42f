/* SPDX-License-Identifier: ISC */
/**
 * @file agentx_frame.h  Where AgentX messages begin and end in a stream, so that one that is too long can be taken out.
 *
 * Net-SNMP's master and its library drop messages of more than 65536 octets without a word: a request is never
 * answered, and the master gives the session up. Here such a message is swallowed, and its header told, for an answer.
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
	uint8_t held[AGENTX_HEADER]; /* the beginning of a header that has not come in whole */
	size_t held_len;
	uint64_t pass, skip;           /* octets to come of the message: of one to hand on, of one to swallow */
	uint8_t header[AGENTX_HEADER]; /* of the one to swallow */
};

/** Put what was held back where the next octets are to be read behind it: how many octets that were. */
size_t agentx_frames_resume(struct agentx_frames *f, uint8_t *buf);

/**
 * Take what is too long out of @p len octets, with those of agentx_frames_resume() before them.
 *
 * @param too_big  called for each message that was too long, with its header, once all of it is swallowed
 * @return how many octets are left to hand on
 */
size_t agentx_frames_keep(struct agentx_frames *f, uint8_t *buf, size_t len,
			  void (*too_big)(void *arg, const uint8_t header[AGENTX_HEADER]), void *arg);

/** The answer to a request with this header: tooBig, of its first variable. */
void agentx_too_big(const uint8_t header[AGENTX_HEADER], uint8_t out[AGENTX_TOO_BIG_LEN]);

#endif
