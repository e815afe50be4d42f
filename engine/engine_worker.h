/* SPDX-License-Identifier: ISC */
/**
 * @file engine_worker.h  The threads that open and seal packets.
 *
 * An SA belongs to one worker, and only this worker touches its struct esp_sa, so SAs need no locks. An inbound SA
 * belongs to worker number SPI modulo the number of workers; the kernel distributes packets by the same rule. An
 * outbound SA belongs to its tunnel's worker. The main thread gives an SA to its worker and asks for it back by
 * messages, which a worker reads between two bursts of packets. Once an SA has come back, nobody holds it any more:
 * rule 1 of ipm_fast.h.
 *
 * Errors:    0 or a negative errno.
 * Threads:   all functions are the main thread's.
 */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include <stdatomic.h>

#include "engine_traffic.h"
#include "esp.h"

struct engine_sa {
	struct esp_sa *esp; /* its worker's, while it has it */
	struct ipm_lane lane;
	const struct plan_tunnel *tunnel;
	uint32_t tunnel_at;         /* in the plan */
	uint32_t spi, slot, number; /* number: how many there were of its tunnel and direction before it */
	enum ipm_direction direction;
	struct engine_sa *next; /* of its worker's bucket, or of those that came back */
	/* For the main thread only. */
	struct engine_sa *sibling; /* of the same tunnel and direction, made before it */
	uint64_t first_ns;         /* when it was seen to be used; 0: not yet */
	uint64_t retire_ns;        /* when it is to go; 0: not known */
	bool leaving;              /* its worker was asked for it */
	/* Written by its worker. */
	_Atomic uint32_t life; /* enum esp_life */
	_Atomic bool used;     /* it has carried a packet */
};

struct engine_worker;

/** Sockets for each endpoint and worker. -EADDRINUSE: somebody has the address; @p err says which. */
int engine_workers_open(struct engine_worker ***out, const struct engine_plan *plan, const struct ipm_fast *fast,
			struct engine_generator *generators, int notify, struct ipm_error *err);

/** Start the threads. */
int engine_workers_start(struct engine_worker **workers, uint32_t n);

/** Stop the threads and free all sockets and memory. All SAs belong to the caller again. */
void engine_workers_close(struct engine_worker **workers, uint32_t n);

/** The lane of a worker, once it was started. */
uint32_t engine_worker_lane(const struct engine_worker *worker);

/** Which worker an SA is for. */
uint32_t engine_worker_of(enum ipm_direction direction, uint32_t tunnel_at, uint32_t spi, uint32_t workers);

/** Give it an SA; an outbound one takes the place of what its tunnel had, which comes back. -ENOMEM. */
int engine_worker_give(struct engine_worker *worker, struct engine_sa *sa);

/** Ask for an SA. It comes back through engine_worker_returned(). -ENOMEM. */
int engine_worker_take(struct engine_worker *worker, struct engine_sa *sa);

/** One SA that has come back, or NULL. */
struct engine_sa *engine_worker_returned(struct engine_worker *worker);

/** All inbound packets dropped so far that no SA could count. */
uint64_t engine_worker_dropped(const struct engine_worker *worker, enum ipm_drop why);

#endif
