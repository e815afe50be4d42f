/* SPDX-License-Identifier: ISC */
/* Remove AgentX messages that are too long from a stream. */
#include "agentx_frame.h"

#include <string.h>

#define FLAGS              2 /* offsets into the header */
#define PAYLOAD_LEN        16
#define NETWORK_BYTE_ORDER 0x10
#define RESPONSE           18
#define TOO_BIG            1 /* RFC 3416 */

static uint32_t
get32(const uint8_t *p, uint8_t flags)
{
	if (flags & NETWORK_BYTE_ORDER)
		return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

size_t
agentx_frames_resume(struct agentx_frames *f, uint8_t *buf)
{
	size_t len = f->held_len;
	memcpy(buf, f->held, len);
	f->held_len = 0;
	return len;
}

static size_t
smaller(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

size_t
agentx_frames_keep(struct agentx_frames *f, uint8_t *buf, size_t len,
		   void (*too_big)(void *arg, const uint8_t header[AGENTX_HEADER]), void *arg)
{
	size_t at = 0, kept = 0;

	while (at < len) {
		if (f->skip == 0 && f->pass == 0) {
			if (len - at < AGENTX_HEADER) {
				f->held_len = len - at;
				memcpy(f->held, buf + at, f->held_len);
				break;
			}
			uint64_t all = AGENTX_HEADER + (uint64_t)get32(buf + at + PAYLOAD_LEN, buf[at + FLAGS]);
			*(all > AGENTX_MOST ? &f->skip : &f->pass) = all;
			memcpy(f->header, buf + at, AGENTX_HEADER);
		}
		size_t n = smaller(f->skip ? f->skip : f->pass, len - at);
		if (f->skip) {
			f->skip -= n;
			if (f->skip == 0)
				too_big(arg, f->header);
		} else {
			f->pass -= n;
			memmove(buf + kept, buf + at, n);
			kept += n;
		}
		at += n;
	}
	return kept;
}

void
agentx_too_big(const uint8_t header[AGENTX_HEADER], uint8_t out[AGENTX_TOO_BIG_LEN])
{
	const uint8_t order = header[FLAGS] & NETWORK_BYTE_ORDER;

	memset(out, 0, AGENTX_TOO_BIG_LEN);
	memcpy(out, header, PAYLOAD_LEN); /* version, session, transaction, packet */
	out[1] = RESPONSE;
	out[FLAGS] = order;
	out[3] = 0;
	out[PAYLOAD_LEN + (order ? 3 : 0)] = AGENTX_TOO_BIG_LEN - AGENTX_HEADER;
	/* res.sysUpTime is 0. res.error and res.index are two octets each. */
	out[24 + (order ? 1 : 0)] = TOO_BIG;
	out[26 + (order ? 1 : 0)] = 1;
}
