/* SPDX-License-Identifier: ISC */
/**
 * @file esp_replay.h  The anti-replay window of an inbound SA, and 64-bit sequence numbers.
 *
 * A ring of bits, one for each sequence number, that moves in whole words (RFC 6479). It has at least one word more
 * than the window, so that moving ahead clears words and shifts none.
 *
 * Units:   the window is in packets.
 * Threads: one at a time; there are no locks.
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
	uint32_t mask;   /* words in use minus 1 */
	uint64_t bits[ESP_REPLAY_WORDS];
};

/** Start with @p top as the highest number received, and all before it as seen. @p window is at most ESP_WINDOW_MAX. */
void esp_replay_init(struct esp_replay *r, uint32_t window, uint64_t top);

/**
 * Find the 64-bit sequence number from the low half in a packet (RFC 4303 appendix A2.2). It is less than 2^32 after
 * the beginning of the window.
 *
 * @return false: it would come before number 0
 */
bool esp_replay_extend(const struct esp_replay *r, uint32_t low, uint64_t *seq);

/** ESP_OK, ESP_DROP_REPLAYED or ESP_DROP_OLD. The window does not change: the packet may still be forged. */
enum esp_drop esp_replay_check(const struct esp_replay *r, uint64_t seq);

/** Remember the number of an authentic packet that passed esp_replay_check(). */
void esp_replay_mark(struct esp_replay *r, uint64_t seq);

#endif
