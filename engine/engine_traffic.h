/* SPDX-License-Identifier: ISC */
/**
 * @file engine_traffic.h  What a generator sends: inner packets, when they are due, and what happens to them on the
 * way.
 *
 * Units:     octets of inner packets; now_ns is CLOCK_BOOTTIME in nanoseconds.
 * Threads:   a generator is its worker's; others may read its counts.
 */
#ifndef ENGINE_TRAFFIC_H
#define ENGINE_TRAFFIC_H

#include <stdatomic.h>

#include "engine_plan.h"

/** What is done to a sealed packet in place of sending it as it is: the key in the configuration, and in words. */
#define ENGINE_HARMS(X)                             \
	X(TAMPER, tamper, "tampered with")          \
	X(REPLAY, replay, "sent twice")             \
	X(LATE, late, "behind the window")          \
	X(DROP, drop, "lost on the way")            \
	X(WRONG_SPI, wrong_spi, "with a wrong SPI") \
	X(TRUNCATE, truncate, "truncated")

enum engine_harm {
#define ENGINE_HARM_ENUM(name, key, text) HARM_##name,
	ENGINE_HARMS(ENGINE_HARM_ENUM)
#undef ENGINE_HARM_ENUM
		HARM_COUNT,
	HARM_NONE = HARM_COUNT
};

#define ENGINE_WRONG_SPI       0xffffffffu /* which no key file may have for packets that come in: nobody has it */
#define ENGINE_LATE_BY(tunnel) ((tunnel)->conf->replay_window + 128u) /* packets that are sent meanwhile */
#define ENGINE_CUT_TO          20 /* octets of a truncated packet: less than any suite needs */

struct engine_generator {
	const struct plan_generator *plan;
	const struct plan_tunnel *tunnel;
	uint64_t began_ns;           /* 0: not yet */
	uint64_t made;               /* packets so far, whatever became of them */
	uint64_t period[HARM_COUNT]; /* one in so many; 0: never */
	uint32_t owed[HARM_COUNT];   /* harms whose turn has come; a packet takes one */
	bool holds;                  /* a packet that is to be late: one at a time */
	/* For others to read. */
	_Atomic uint64_t sent;   /* packets that were sealed */
	_Atomic uint64_t unsent; /* such as were due when the tunnel had no SA */
	_Atomic uint64_t harmed[HARM_COUNT];
	_Atomic bool finished;
};

void
engine_generator_init(struct engine_generator *g, const struct plan_generator *plan, const struct plan_tunnel *tunnel);

/** How many packets are due now, at most @p most. It begins with the first call. */
uint32_t engine_generator_due(struct engine_generator *g, uint64_t now_ns, uint32_t most);

/** Nanoseconds until the next one is due; UINT64_MAX: none will be. */
uint64_t engine_generator_wait(const struct engine_generator *g, uint64_t now_ns);

/** What is to happen to the next packet, which counts as made from then on. */
enum engine_harm engine_generator_next(struct engine_generator *g);

/**
 * Make an inner packet: UDP between the first hosts of the tunnel's subnets; in transport mode UDP alone.
 *
 * @param out   room for @p size octets
 * @param next  its protocol for ESP's trailer: 4, 41, or 17
 * @return      its octets: the generator's size
 */
size_t engine_packet_make(const struct engine_generator *g, uint8_t *out, uint8_t *next);

/** Is an inner packet one that the tunnel may bring? */
bool engine_packet_allowed(const struct plan_tunnel *tunnel, const uint8_t *packet, size_t len, uint8_t next);

/** Do harm to a sealed packet. */
void engine_packet_harm(enum engine_harm harm, uint8_t *esp, size_t *len);

#endif
