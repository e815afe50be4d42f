/* SPDX-License-Identifier: ISC */
/**
 * @file esp_replay.h  The anti-replay window of an inbound SA, and what a 32-bit sequence number stands for.
 *
 * A ring of bits, one for each sequence number, that moves in whole words (RFC 6479): it has at least one word more
 * than the window, so that going ahead clears words and never shifts any.
 *
 * Units:   the window is in packets.
 * Threads: no locks: one thread at a time.
 */
#ifndef ESP_REPLAY_H
#define ESP_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "esp.h"

#define ESP_REPLAY_WORDS (2 * ESP_WINDOW_MAX / 64) /* a power of two, and more than the largest window needs */

struct esp_replay {
	uint64_t top;    /* highest sequence number that was authentic; 0: none yet */
	uint32_t window; /* 0: nothing is ever too old or seen before */
	uint32_t mask;   /* words in use, less 1 */
	uint64_t bits[ESP_REPLAY_WORDS];
};

/** Start with @p top as the highest received, and all before it as seen. @p window is at most ESP_WINDOW_MAX. */
void esp_replay_init(struct esp_replay *r, uint32_t window, uint64_t top);

/**
 * The 64-bit sequence number whose low half a packet carries (RFC 4303 appendix A2.2): the only one not before the
 * window and less than 2^32 ahead of its begin.
 *
 * @return false: it would be before the first one ever
 */
bool esp_replay_extend(const struct esp_replay *r, uint32_t low, uint64_t *seq);

/** ESP_OK, ESP_DROP_REPLAYED or ESP_DROP_OLD. Changes nothing: the packet may still be a forgery. */
enum esp_drop esp_replay_check(const struct esp_replay *r, uint64_t seq);

/** Remember a sequence number that passed esp_replay_check() and turned out to be authentic. */
void esp_replay_mark(struct esp_replay *r, uint64_t seq);

#endif
