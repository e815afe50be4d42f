/* SPDX-License-Identifier: ISC */
/**
 * @file mib_ras.h  What the agent itself finds out about remote users: their traffic per second, and since when refused
 * logins are counted.
 *
 * Threads:   one.
 */
#ifndef MIB_RAS_H
#define MIB_RAS_H

#include <stdbool.h>
#include <stdint.h>

#define MIB_LOAD_EVERY_NS 5000000000u /* between two samples: feeds read counters about as often */
#define MIB_LOAD_SAMPLES  13          /* a minute */
#define MIB_LOAD_LEAST_NS 10000000000u

/** The remote users' traffic as an average over the last minute. */
struct mib_load {
	struct {
		uint64_t at_ns, octets;
	} sample[MIB_LOAD_SAMPLES]; /* the oldest is first */
	unsigned count;
	bool known;    /* samples cover MIB_LOAD_LEAST_NS at least */
	uint64_t rate; /* octets in a second, both ways */
};

struct mib_ras {
	struct mib_load load;
	uint64_t declined_before; /* refused logins that crasNumDeclinedSessions doesn't count any more */
};
extern struct mib_ras mib_ras;

/** Take a sample, if one is due: the remote users' octets so far. A lower number than before starts anew. */
void mib_load_add(struct mib_load *load, uint64_t now_ns, uint64_t octets);

#endif
