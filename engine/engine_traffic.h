/* SPDX-License-Identifier: ISC */
/**
 * @file engine_traffic.h  Traffic generators: when a packet is due, its contents, and damage on purpose.
 *
 * Units:     octets of inner packets; now_ns is CLOCK_BOOTTIME in nanoseconds.
 * Threads:   a generator belongs to its worker. Other threads may read its counts.
 */
#ifndef ENGINE_TRAFFIC_H
#define ENGINE_TRAFFIC_H

#include <stdatomic.h>

#include "engine_plan.h"

/** The ways to damage an encrypted packet: name, key in the configuration, and text. */
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

#define ENGINE_WRONG_SPI       0xffffffffu                            /* key files must not have it: no SA uses it */
#define ENGINE_LATE_BY(tunnel) ((tunnel)->conf->replay_window + 128u) /* packets sent before a late one */
#define ENGINE_CUT_TO          20 /* octets of a truncated packet: too few for any suite */

struct engine_generator {
	const struct plan_generator *plan;
	const struct plan_tunnel *tunnel;
	uint64_t began_ns;           /* 0: not yet */
	uint64_t made;               /* packets so far, sent or not */
	uint64_t period[HARM_COUNT]; /* damage every period-th packet; 0: none */
	uint32_t owed[HARM_COUNT];   /* kinds of damage that are due; each packet gets one */
	bool holds;                  /* it holds back one packet, to send it late */
	/* Other threads read these. */
	_Atomic uint64_t sent;   /* packets that were encrypted */
	_Atomic uint64_t unsent; /* packets that were due while the tunnel had no SA */
	_Atomic uint64_t harmed[HARM_COUNT];
	_Atomic bool finished;
};

void
engine_generator_init(struct engine_generator *g, const struct plan_generator *plan, const struct plan_tunnel *tunnel);

/** How many packets are due now, at most @p most. The generator starts with the first call. */
uint32_t engine_generator_due(struct engine_generator *g, uint64_t now_ns, uint32_t most);

/** Nanoseconds until the next packet is due; UINT64_MAX: there are no more. */
uint64_t engine_generator_wait(const struct engine_generator *g, uint64_t now_ns);

/** Count the next packet as made, and choose its damage. */
enum engine_harm engine_generator_next(struct engine_generator *g);

/**
 * Make an inner packet: UDP between the first hosts of the tunnel's subnets. In transport mode it has no IP header.
 *
 * @param out   room for @p size octets
 * @param next  its protocol, for ESP's trailer: 4, 41, or 17
 * @return      its length: the generator's size
 */
size_t engine_packet_make(const struct engine_generator *g, uint8_t *out, uint8_t *next);

/** Do the tunnel's selectors allow this inner packet? */
bool engine_packet_allowed(const struct plan_tunnel *tunnel, const uint8_t *packet, size_t len, uint8_t next);

/** Damage an encrypted packet. */
void engine_packet_harm(enum engine_harm harm, uint8_t *esp, size_t *len);

#endif
