/* SPDX-License-Identifier: ISC */
/**
 * @file feed_reconcile.h  How a feed brings the model in line with its source.
 *
 * A feed asks its source for a list of everything, again and again: each list is a round. Between rounds, events report
 * changes. Three rules hold for every feed:
 *   - A thing that a round did not confirm is gone. A feed whose lists may be incomplete waits for several rounds.
 *   - A thing that an event ended during a round stays ended, even if that round still lists it.
 *   - While a source is away, its records stay until the hold time is over. It may come back with the same SAs.
 *
 * A feed keeps a struct feed_rounds for each kind of list, and a struct feed_seen with each thing that such a list
 * confirms. Both begin as zeros.
 *
 * Threads:   the caller's.
 */
#ifndef FEED_RECONCILE_H
#define FEED_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>

#include "ipm_writer.h"

/** After the hold time, wait at most this long for a round that is coming in. */
#define FEED_ROUND_MAX_NS UINT64_C(60000000000)

struct feed_rounds {
	uint64_t number;        /* of the current round, or of the last one */
	uint64_t away;          /* the last round before the source was away: see feed_doubtful() */
	uint64_t hold_until_ns; /* 0: nothing is held */
	bool coming_in;
	bool complete; /* a round came in since the source was away */
	void *ended;   /* tree: keys of things that events ended during this round */
};

/** When a thing was confirmed. Zeros: not yet. */
struct feed_seen {
	uint64_t round;
	uint32_t missed; /* rounds in a row without it */
};

/* --- rounds ----------------------------------------------------------------------------------------------------- */

/** Begin a round. An unfinished round is given up, and with it everything that it confirmed. */
void feed_round_begin(struct feed_rounds *r);
/** End a round. Afterwards call feed_missed() for each thing, to find what is gone. */
void feed_round_end(struct feed_rounds *r);
/** Free the memory of rounds. */
void feed_rounds_free(struct feed_rounds *r);

/** Confirm a thing: a list or an event has it. */
static inline void
feed_confirm(const struct feed_rounds *r, struct feed_seen *seen)
{
	seen->round = r->number;
	seen->missed = 0;
}

/** Has this round, or an event since it began, confirmed it? */
static inline bool
feed_confirmed(const struct feed_rounds *r, const struct feed_seen *seen)
{
	return seen->round == r->number;
}

/** May the source have lost it while it was away? Nothing has confirmed it since. */
static inline bool
feed_doubtful(const struct feed_rounds *r, const struct feed_seen *seen)
{
	return seen->round <= r->away;
}

/** At the end of a round, once for each thing: have @p enough rounds in a row missed it? */
bool feed_missed(const struct feed_rounds *r, struct feed_seen *seen, uint32_t enough);

/* --- what ended during a round ---------------------------------------------------------------------------------- */

/** Remember until the end of the round that an event ended the thing with this key. Between rounds, do nothing. */
void feed_ended_add(struct feed_rounds *r, const void *key, size_t size);
/** Has an event of this round ended it? */
bool feed_ended_has(const struct feed_rounds *r, const void *key, size_t size);
/** Forget that: an event says that it is there again. */
void feed_ended_remove(struct feed_rounds *r, const void *key, size_t size);

/* --- hold time --------------------------------------------------------------------------------------------------- */

/**
 * Begin the hold time, because the source has gone away. It ends at @p until_ns. If the source goes away again before a
 * round has come in, the first end counts.
 */
void feed_hold(struct feed_rounds *r, uint64_t until_ns);

static inline bool
feed_holds(const struct feed_rounds *r)
{
	return r->hold_until_ns != 0;
}

enum feed_hold_end {
	FEED_HOLD_GOES_ON, /* or there was none */
	FEED_HOLD_OVER,    /* end the held records */
	FEED_SOURCE_LOST,  /* end all records: the source has not come back */
};

/** Is the hold time over? The answer comes once. The hold time does not end while a round is coming in. */
enum feed_hold_end feed_expire(struct feed_rounds *r, uint64_t now_ns);

/* --- the records of one feed ------------------------------------------------------------------------------------ */

/**
 * Set @p *slot to the next record of this feed, from @p *slot on. False: there is none. The loop may end the record.
 *
 *     for (uint32_t slot = 0; feed_next_tunnel(writer, feed, &slot); slot++)
 */
bool feed_next_ike(const struct ipm_writer *w, uint32_t feed, uint32_t *slot);
bool feed_next_tunnel(const struct ipm_writer *w, uint32_t feed, uint32_t *slot);
/** The feed of an SA is the feed of its tunnel. */
bool feed_next_sa(const struct ipm_writer *w, uint32_t feed, uint32_t *slot);
/** Without the entries that were removed from the configuration. */
bool feed_next_map(const struct ipm_writer *w, uint32_t feed, uint32_t *slot);

/** End all tunnels and IKE SAs of this feed, and remove its crypto map entries. */
void feed_stop_all(struct ipm_writer *w, uint32_t feed, enum ipm_reason reason);

#endif
