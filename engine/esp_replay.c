/* SPDX-License-Identifier: ISC */
#include "esp_replay.h"

#include <string.h>

#define WORD_BITS 64u

void
esp_replay_init(struct esp_replay *r, uint32_t window, uint64_t top)
{
	uint32_t words = 1;

	/* A window that begins inside a word touches this many words. */
	while (words < window / WORD_BITS + 2)
		words *= 2;
	*r = (struct esp_replay){ .top = top, .window = window, .mask = words - 1 };
	/*
	 * Nobody knows which numbers before @top arrived. Mark them all: losing a packet harms less than accepting one
	 * twice.
	 */
	for (uint64_t back = 0; back < window && back < top; back++)
		esp_replay_mark(r, top - back);
}

bool
esp_replay_extend(const struct esp_replay *r, uint32_t low, uint64_t *seq)
{
	uint64_t begin = r->top - r->window + 1; /* wraps below 0 while the window is not full */

	*seq = begin + (uint32_t)(low - (uint32_t)begin);
	return r->top >= r->window - 1 || *seq < begin;
}

enum esp_drop
esp_replay_check(const struct esp_replay *r, uint64_t seq)
{
	if (r->window == 0)
		return ESP_OK;
	if (seq == 0) /* numbers start at 1 (RFC 4303 2.2) */
		return ESP_DROP_OLD;
	if (seq > r->top)
		return ESP_OK;
	if (r->top - seq >= r->window)
		return ESP_DROP_OLD;
	return r->bits[seq / WORD_BITS & r->mask] >> seq % WORD_BITS & 1 ? ESP_DROP_REPLAYED : ESP_OK;
}

void
esp_replay_mark(struct esp_replay *r, uint64_t seq)
{
	if (seq > r->top) {
		uint64_t word = r->top / WORD_BITS, ahead = seq / WORD_BITS - word;

		if (ahead > r->mask) /* further than the whole bitmap */
			memset(r->bits, 0, (r->mask + 1) * sizeof(r->bits[0]));
		else
			while (ahead-- > 0)
				r->bits[++word & r->mask] = 0;
		r->top = seq;
	}
	r->bits[seq / WORD_BITS & r->mask] |= UINT64_C(1) << seq % WORD_BITS;
}
