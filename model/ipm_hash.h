/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_hash.h  FNV-1a, the hash function of all tables in memory. Not installed.
 *
 * Anybody who chooses the keys can make them collide: a table whose keys come from outside needs a bound.
 */
#ifndef IPM_HASH_H
#define IPM_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define IPM_HASH_BEGIN 2166136261u

/** Continue @p hash with these octets. Begin with IPM_HASH_BEGIN. */
static inline uint32_t
ipm_hash(uint32_t hash, const void *data, size_t octets)
{
	const uint8_t *octet = (const uint8_t *)data;
	for (size_t i = 0; i < octets; i++)
		hash = (hash ^ octet[i]) * 16777619u;
	return hash;
}

#define IPM_HASH64_BEGIN 14695981039346656037u

/** The same with 64 bits, for hashes that are compared in place of their keys. */
static inline uint64_t
ipm_hash64(uint64_t hash, const void *data, size_t octets)
{
	const uint8_t *octet = (const uint8_t *)data;
	for (size_t i = 0; i < octets; i++)
		hash = (hash ^ octet[i]) * 1099511628211u;
	return hash;
}

/** ipm_hash() for a text. Its NUL counts, so that "a", "bc" and "ab", "c" differ. */
static inline uint32_t
ipm_hash_text(uint32_t hash, const char *text)
{
	return ipm_hash(hash, text, strlen(text) + 1);
}

#endif
