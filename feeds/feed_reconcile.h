/* SPDX-License-Identifier: ISC */
/**
 * @file feed_reconcile.h  How a feed brings the model in line with its source.
 *
 * A source is asked for a list of everything it has, again and again: each list is a round. Between rounds it tells of
 * changes by events. Three rules hold for every feed:
 *   - What a round did not confirm is gone. A feed whose lists may leave something out waits for several rounds.
 *   - What an event ended during a round stays ended, even if that round still lists it.
 *   - While a source is away, and until the hold time is over, what is known stays. It may come back with the same SAs.
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

/** Nobody waits longer than this, after the hold time, for a round that is coming in. */
#define FEED_ROUND_MAX_NS UINT64_C(60000000000)

struct feed_rounds {
	uint64_t number;        /* of the round that is coming in, or came in last */
	uint64_t away;          /* what no later round confirmed, the source may have lost while it was away */
	uint64_t hold_until_ns; /* 0: nothing is held */
	bool coming_in;
	bool complete; /* a round came in since the source was away */
	void *ended;   /* tree: the keys of what events ended during this round */
};

/** When a thing was confirmed. Zeros: in no round yet, and none has missed it. */
struct feed_seen {
	uint64_t round;
	uint32_t missed; /* rounds in a row that did not have it */
};

/* --- rounds ----------------------------------------------------------------------------------------------------- */

/** Begin a round. One that was coming in is given up: what it confirmed, this one has to confirm again. */
void feed_round_begin(struct feed_rounds *r);
/** The round has come in. Now sweep: look at each thing with feed_missed(). */
void feed_round_end(struct feed_rounds *r);
/** Free what rounds remember. */
void feed_rounds_free(struct feed_rounds *r);

/** The source has this thing: a list or an event says so. */
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

/** An event ended the thing with this key. It is remembered until the round has come in; between rounds it is not. */
void feed_ended_add(struct feed_rounds *r, const void *key, size_t size);
/** Has an event of this round ended it? */
bool feed_ended_has(const struct feed_rounds *r, const void *key, size_t size);
/** An event says that it is there again. */
void feed_ended_remove(struct feed_rounds *r, const void *key, size_t size);

/* --- hold time --------------------------------------------------------------------------------------------------- */

/**
 * The source has gone away: keep what is known until @p until_ns. If it goes away again before a round has come in,
 * the hold time is not prolonged.
 */
void feed_hold(struct feed_rounds *r, uint64_t until_ns);

static inline bool
feed_holds(const struct feed_rounds *r)
{
	return r->hold_until_ns != 0;
}

enum feed_hold_end {
	FEED_HOLD_GOES_ON, /* or there was none */
	FEED_HOLD_OVER,    /* let go of what is held */
	FEED_SOURCE_LOST,  /* likewise, and of everything else: the source has not come back */
};

/** Is the hold time over? Each is told once. It does not end while a round is coming in. */
enum feed_hold_end feed_expire(struct feed_rounds *r, uint64_t now_ns);

/* --- the records of one feed ------------------------------------------------------------------------------------ */

/**
 * From @p *slot on, the next record of this feed. False: there is none. The loop's body may end the record.
 *
 *     for (uint32_t slot = 0; feed_next_tunnel(writer, feed, &slot); slot++)
 */
bool feed_next_ike(const struct ipm_writer *w, uint32_t feed, uint32_t *slot);
bool feed_next_tunnel(const struct ipm_writer *w, uint32_t feed, uint32_t *slot);
/** An SA is of the feed whose tunnel it is in. */
bool feed_next_sa(const struct ipm_writer *w, uint32_t feed, uint32_t *slot);
/** Not those that were removed from the configuration. */
bool feed_next_map(const struct ipm_writer *w, uint32_t feed, uint32_t *slot);

/** End all tunnels and IKE SAs of this feed, and remove its crypto map entries. */
void feed_stop_all(struct ipm_writer *w, uint32_t feed, enum ipm_reason reason);

#endif
