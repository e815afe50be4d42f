/* SPDX-License-Identifier: ISC */
/**
 * @file engine.h  The main thread's view of the engine: tunnels, their SAs, and what the segment says about both.
 *
 * A manually keyed tunnel is rekeyed make-before-break, without a message between the two ends. Of its inbound keys,
 * the current one and the next one always have SAs. The outbound SA is replaced when it reaches a soft limit. The first
 * packet on the next inbound SA shows that the peer has switched; the previous SA stays for the overlap. When no key is
 * left, the last outbound SA ends at its hard limit, and so does the tunnel.
 *
 * Threads:   the main thread's. Counting is the workers', through the fast path.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "engine_worker.h"
#include "ipm_writer.h"
#include "place.h"

struct engine_tunnel {
	int slot;                   /* of its record; -1: it is not up */
	uint32_t map;               /* slot of its crypto map entry */
	uint32_t next_in, next_out; /* which of its keys is next */
	uint32_t current_in;        /* number of the inbound SA that the peer uses */
	struct engine_sa *in, *out; /* newest first; of out, the others are on their way back */
	bool over;                  /* its last outbound SA has ended */
	uint32_t known_in;          /* so many of its inbound keys had SAs in an earlier run, or came before those */
};

struct engine {
	const struct engine_conf *conf;
	struct engine_plan plan;
	struct ipm_writer *writer;
	struct engine_worker **workers;
	struct engine_generator *generator;
	struct engine_tunnel *tunnel;
	struct ipm_interface *interface; /* of each endpoint */
	uint32_t feed, row;              /* slots of the feed and of the crypto engine */
	uint64_t dropped[IPM_DROP_COUNT];
	uint64_t *unsent; /* of each generator: what the segment has */
	bool *reported;   /* likewise: its end was told */
	uint64_t published_ns;
	bool killed; /* the earlier run did not end by itself: its keys may not be used again from their beginning */
	bool begun;  /* what is in the segment is ours to end */
	struct place_refusals refused;
};

/**
 * Bring up the tunnels of the plan, or continue those that an earlier run left in the segment. A tunnel stays down if
 * that run may have used up its keys. @p source: the configuration file.
 */
int engine_begin(struct engine *e, const char *source);

/** Start and end SAs that are due; once a second, update the segment. */
void engine_tick(struct engine *e);

/** Log the results of all generators, or only of those whose end was not logged yet. */
void engine_report(const struct engine *e, bool all);

/**
 * End all tunnels, after the workers were closed. If engine_begin() failed, what a killed run left stays for the next
 * run.
 */
void engine_end(struct engine *e);

#endif
