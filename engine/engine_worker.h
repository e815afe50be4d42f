/* SPDX-License-Identifier: ISC */
/**
 * @file engine_worker.h  The threads that encrypt and decrypt packets.
 *
 * An SA belongs to one worker, and only this worker touches its struct esp_sa, so SAs need no locks. An inbound SA
 * belongs to worker number SPI modulo the number of workers; the kernel distributes packets by the same rule. An
 * outbound SA belongs to its tunnel's worker. The main thread gives an SA to its worker and asks for it back by
 * messages, which a worker reads between two bursts of packets. Once an SA has come back, nobody holds it any more:
 * rule 1 of ipm_fast.h.
 *
 * Errors:    0 or a negative errno.
 * Threads:   only the main thread calls these functions.
 */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include <stdatomic.h>

#include "engine_traffic.h"
#include "esp.h"

struct engine_sa {
	struct esp_sa *esp; /* for its worker only, while the worker has the SA */
	struct ipm_lane lane;
	const struct plan_tunnel *tunnel;
	uint32_t tunnel_at;         /* in the plan */
	uint32_t spi, slot, number; /* number: 0 for the first SA of its tunnel and direction */
	enum ipm_direction direction;
	struct engine_sa *next; /* in its worker's bucket, or among the returned SAs */
	/* For the main thread only. */
	struct engine_sa *sibling; /* the SA before it, of the same tunnel and direction */
	uint64_t first_ns;         /* when its first packet was noticed; 0: no packet yet */
	uint64_t retire_ns;        /* when to stop it; 0: not known */
	bool leaving;              /* its worker was told to return it */
	/* Written by its worker. */
	_Atomic uint32_t life; /* enum esp_life */
	_Atomic bool used;     /* it has carried a packet */
};

struct engine_worker;

/** Open a socket for each endpoint and worker. -EADDRINUSE: @p err names the address. */
int engine_workers_open(struct engine_worker ***out, const struct engine_plan *plan, const struct ipm_fast *fast,
			struct engine_generator *generators, int notify, struct ipm_error *err);

/** Start the threads. */
int engine_workers_start(struct engine_worker **workers, uint32_t n);

/** Stop the threads and free all sockets and memory. All SAs belong to the caller again. */
void engine_workers_close(struct engine_worker **workers, uint32_t n);

/** The lane of a worker that was started. */
uint32_t engine_worker_lane(const struct engine_worker *worker);

/** The number of the worker to which an SA belongs. */
uint32_t engine_worker_of(enum ipm_direction direction, uint32_t tunnel_at, uint32_t spi, uint32_t workers);

/** Give it an SA. An outbound SA replaces its tunnel's current one, which the worker returns. -ENOMEM. */
int engine_worker_give(struct engine_worker *worker, struct engine_sa *sa);

/** Ask for an SA back. engine_worker_returned() returns it later. -ENOMEM. */
int engine_worker_take(struct engine_worker *worker, struct engine_sa *sa);

/** An SA that the worker has given back, or NULL. */
struct engine_sa *engine_worker_returned(struct engine_worker *worker);

/** Inbound packets dropped so far that belong to no SA. */
uint64_t engine_worker_dropped(const struct engine_worker *worker, enum ipm_drop why);

#endif
