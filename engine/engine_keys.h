/* SPDX-License-Identifier: ISC */
/**
 * @file engine_keys.h  Key files: the SAs of a tunnel that is keyed by hand.
 *
 * A line is "in SPI KEY" or "out SPI KEY". SPI is a number, decimal or with 0x; KEY is in hexadecimal digits, as long
 * as the suite wants: the cipher's key, an AEAD's salt behind it, the integrity key behind that. The first "in" and the
 * first "out" are the SAs to begin with, the next ones replace them. # begins a comment.
 *
 * Keys:      a file is refused if anybody but its owner may read or write it, or if its owner is neither we nor root.
 *            Keys are kept in memory that is locked, if the system allows it, and left out of core dumps.
 *            engine_key_wipe() cleanses a key as soon as its SA has it, engine_keys_free() the rest. Error texts name
 *            file and line, and quote nothing of the file.
 * Errors:    0 or a negative errno, and a sentence in @p err.
 */
#ifndef ENGINE_KEYS_H
#define ENGINE_KEYS_H

#include "ipm_segment.h"

#define ENGINE_KEYS_MAX 1024  /* of one direction */
#define ENGINE_KEY_MAX  128   /* octets */
#define ENGINE_FILE_MAX 65536 /* octets of a key file */

struct engine_key {
	uint32_t spi;
	uint32_t line;
	uint16_t len;
	uint64_t seq;    /* as far as an earlier run of the engine has come with it */
	uint8_t *octets; /* in those of struct engine_keys; NULL when it was wiped */
};

struct engine_keys {
	struct engine_key *in, *out;
	uint32_t ins, outs;
	uint8_t *octets;
	size_t room;
};

/** Memory for the keys of so many files; to be called once, before the first is read. */
void engine_keys_reserve(uint32_t files);

/**
 * Read a key file.
 *
 * @param key_len  octets of each key, as the suite wants
 */
int engine_keys_load(const char *path, size_t key_len, struct engine_keys *out, struct ipm_error *err);

/** The same of @p text, which is named @p path in errors. Pure, but for memory. */
int engine_keys_parse(const char *path, const char *text, size_t len, size_t key_len, struct engine_keys *out,
		      struct ipm_error *err);

void engine_key_wipe(struct engine_key *key);
void engine_keys_free(struct engine_keys *keys);

#endif
