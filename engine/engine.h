/* SPDX-License-Identifier: ISC */
/**
 * @file engine.h  The main thread's part of the engine: tunnels, their SAs, and their records in the segment.
 *
 * A manually keyed tunnel is rekeyed make-before-break, without a message between the two ends. The current and the
 * next inbound key always have SAs. The outbound SA is replaced when it reaches a soft limit. The first
 * packet on the next inbound SA shows that the peer has switched; the previous SA stays for the overlap. When no key is
 * left, the last outbound SA ends at its hard limit, and so does the tunnel.
 *
 * Threads:   the main thread only. Workers count through the fast path.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "engine_worker.h"
#include "ipm_writer.h"
#include "place.h"

struct engine_tunnel {
	int slot;                   /* of its record; -1: it is not up */
	uint32_t map;               /* slot of its crypto map entry */
	uint32_t next_in, next_out; /* positions of the next keys */
	uint32_t current_in;        /* number of the inbound SA that the peer uses */
	struct engine_sa *in, *out; /* newest first; the worker is returning all but the first of out */
	bool over;                  /* its last outbound SA has ended */
	uint32_t known_in;          /* inbound keys up to the newest one that an earlier run used */
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
	uint64_t *unsent; /* by generator: unsent packets that the segment counts already */
	bool *reported;   /* by generator: its end was logged */
	uint64_t published_ns;
	bool killed; /* the earlier run was killed: its sequence numbers must not be used again */
	bool begun;  /* engine_begin() has succeeded: this run may end the segment's records */
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
 * End all tunnels, after the workers were closed. If engine_begin() failed, the records of a killed run stay for the
 * next run.
 */
void engine_end(struct engine *e);

#endif
