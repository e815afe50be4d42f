/* SPDX-License-Identifier: ISC */
/**
 * @file engine.h  The engine as its main thread sees it: tunnels, the SAs that they have, and what the segment says of
 * both.
 *
 * A tunnel that is keyed by hand is rekeyed make-before-break, with no word between the two ends: of its inbound keys
 * the one in use and the next one always have their SAs; the outbound SA makes room for the next one when it reaches a
 * soft limit. The first packet on the next inbound SA shows that the peer has gone on; the one before stays for the
 * overlap. When there are no more keys, the last outbound SA ends at its hard limit, and the tunnel with it.
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
	bool over;                  /* it had its last outbound SA */
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
 * Bring up what the plan has; what an earlier run left in the segment goes on. A tunnel whose keys that run may have
 * used up stays down. @p source: the configuration file.
 */
int engine_begin(struct engine *e, const char *source);

/** All there is to do now: SAs that come and go, and once a second what the segment says of them. */
void engine_tick(struct engine *e);

/** Log what each generator has done: all of them, or those whose end was not told. */
void engine_report(const struct engine *e, bool all);

/**
 * All tunnels end: the workers were closed. When engine_begin() failed, what a killed run left stays as it is, for the
 * next one.
 */
void engine_end(struct engine *e);

#endif
