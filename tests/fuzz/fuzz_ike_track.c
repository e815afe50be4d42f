/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: the tracker of IKE SAs as a state machine. An input is a sequence of choices, an octet each, of the
 * next step in tests/ike_machine.h. The laws are checked after each step.
 *
 *   fuzz_ike_track CORPUS...      (libFuzzer)
 *   fuzz_ike_track FILE...        (with FUZZ_MAIN: runs these)
 *   fuzz_ike_track                (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_ike_track --corpus DIR   (with FUZZ_MAIN: writes the corpus)
 */
#include "fuzz_must.h"
#include "ike_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 300

struct choices {
	const uint8_t *data;
	size_t left;
};

static uint32_t
choose(void *arg, uint32_t below)
{
	struct choices *c = arg;
	if (c->left == 0)
		return 0;
	c->left--;
	return *c->data++ % below;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine m;
	struct choices c = { data, size };
	char path[] = "/dev/shm/fuzz_ike_track.XXXXXX";
	int fd = mkstemp(path);
	must(fd >= 0, "there is a temporary file");
	close(fd);
	unlink(path);
	machine_begins(&m, path, choose, &c);
	for (int step = 0; step < STEPS && c.left > 0 && !m.broken; step++)
		machine_step(&m);
	machine_settles(&m);
	must(!m.broken, m.broken ? m.broken : "the laws hold");
	machine_ends(&m);
	return 0;
}

#ifdef FUZZ_MAIN
#define FUZZ_SEEDS     4
#define FUZZ_MUTATIONS 500
#include "fuzz_main.h"

static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	size_t len = 200 * (n + 1);
	uint32_t octet = n + 1;
	for (size_t i = 0; i < len; i++) {
		octet = octet * 1664525u + 1013904223u;
		out[i] = (uint8_t)(octet >> 24);
	}
	return len;
}

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	for (uint32_t n = rnd(100); n > 0; n--)
		out[rnd((uint32_t)len)] = (uint8_t)rnd(256);
	return len;
}
#endif
