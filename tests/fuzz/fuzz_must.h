/* SPDX-License-Identifier: ISC */
/* What fuzz targets share: a promise that ends the program when it is broken, and numbers to make mutations of. */
#ifndef FUZZ_MUST_H
#define FUZZ_MUST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline void
must(int holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "broken promise: %s\n", what);
		abort();
	}
}

/* A number less than @p below, the same in each run. */
static inline uint32_t
rnd(uint32_t below)
{
	static uint64_t state = 88172645463325252u;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

#endif
