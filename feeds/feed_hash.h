/* SPDX-License-Identifier: ISC */
/**
 * @file feed_hash.h  FNV-1a, for tables that nobody outside can fill at will.
 */
#ifndef FEED_HASH_H
#define FEED_HASH_H

#include <stddef.h>
#include <stdint.h>

#define FEED_HASH_BEGIN 2166136261u

static inline uint32_t
feed_hash(uint32_t hash, const void *data, size_t len)
{
	const uint8_t *octet = data;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ octet[i]) * 16777619u;
	return hash;
}

#endif
