/* SPDX-License-Identifier: ISC */
/*
 * A fuzz target as a program of its own, for `make check': it runs the files that it is given, or mutations from a
 * fixed seed, or writes its corpus (--corpus DIR).
 *
 * Included under FUZZ_MAIN, by a file that says how many seeds it has (FUZZ_SEEDS) and makes them and their mutations.
 * When files have to be brought into this machine's byte order, FUZZ_TO_HOST(octets, n) does it.
 * Where the seeds are an array of texts it only says which one (FUZZ_TEXTS), and makes the mutations.
 */
#ifndef FUZZ_MAIN_H
#define FUZZ_MAIN_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fuzz_must.h"

#define FUZZ_ROOM (1u << 20) /* octets */
#ifndef FUZZ_MUTATIONS
#define FUZZ_MUTATIONS 200000
#endif

/* Seed @p n, and a mutation of any of them, in @p out, which has FUZZ_ROOM. They return how long it is. */
static size_t fuzz_seed(uint32_t n, uint8_t *out);
static size_t fuzz_mutation(uint8_t *out);

#ifdef FUZZ_TEXTS
#define FUZZ_SEEDS ((uint32_t)(sizeof(FUZZ_TEXTS) / sizeof((FUZZ_TEXTS)[0])))

static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	size_t len = strlen(FUZZ_TEXTS[n]);
	memcpy(out, FUZZ_TEXTS[n], len);
	return len;
}
#endif

static int
make_corpus(const char *dir, uint8_t *octets)
{
	for (uint32_t n = 0; n < FUZZ_SEEDS; n++) {
		char path[512];
		size_t len = fuzz_seed(n, octets);
		snprintf(path, sizeof(path), "%s/seed-%u", dir, n);
		FILE *f = fopen(path, "wb");
		if (!f || fwrite(octets, 1, len, f) != len || fclose(f) != 0) {
			perror(path);
			return 1;
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static uint8_t octets[FUZZ_ROOM];
	if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
		return make_corpus(argv[2], octets);
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (!f) {
			perror(argv[i]);
			return 1;
		}
		size_t n = fread(octets, 1, sizeof(octets), f);
		fclose(f);
#ifdef FUZZ_TO_HOST
		FUZZ_TO_HOST(octets, n);
#endif
		LLVMFuzzerTestOneInput(octets, n);
	}
	for (int i = 0; i < FUZZ_MUTATIONS && argc == 1; i++)
		LLVMFuzzerTestOneInput(octets, fuzz_mutation(octets));
	return 0;
}

#endif
