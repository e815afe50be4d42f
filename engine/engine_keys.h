/* SPDX-License-Identifier: ISC */
/**
 * @file engine_keys.h  Key files: the SAs of a tunnel that is keyed by hand.
 *
 * A line is "in SPI KEY" or "out SPI KEY". SPI is a number, decimal or with 0x. KEY is in hexadecimal digits: the
 * cipher's key, then an AEAD's salt or the integrity key, as long as the suite needs. The tunnel starts with the first
 * "in" and the first "out"; later lines are for rekeys. # begins a comment.
 *
 * Keys:      a file is refused if anybody but its owner may read or write it, or if its owner is neither this user nor
 *            root. Keys are in locked memory, if the system allows it, and not in core dumps. engine_key_wipe() wipes
 *            a key once its SA has a copy; engine_keys_free() wipes the rest. Error texts name file and line, and never
 *            quote the file.
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
	uint64_t seq;    /* the highest sequence number that an earlier run used with it */
	uint8_t *octets; /* in engine_keys.octets; NULL: wiped */
};

struct engine_keys {
	struct engine_key *in, *out;
	uint32_t ins, outs;
	uint8_t *octets;
	size_t room;
};

/** Allocate memory for the keys of this many files. Call it once, before reading the first file. */
void engine_keys_reserve(uint32_t files);

/**
 * Read a key file.
 *
 * @param key_len  octets of each key, as the suite needs
 */
int engine_keys_load(const char *path, size_t key_len, struct engine_keys *out, struct ipm_error *err);

/** Parse @p text, the contents of the key file @p path. It does nothing but allocate memory for keys. */
int engine_keys_parse(const char *path, const char *text, size_t len, size_t key_len, struct engine_keys *out,
		      struct ipm_error *err);

void engine_key_wipe(struct engine_key *key);
void engine_keys_free(struct engine_keys *keys);

#endif
