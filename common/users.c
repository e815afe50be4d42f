/* SPDX-License-Identifier: ISC */
/* How names of users leave the gateway. */
#include "users.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "daemon.h"
#include "state.h"

/* --- the hash ------------------------------------------------------------------------------------------------ */

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* Take in a word of the message. */
static void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t
users_hash(const uint64_t key[2], const void *data, size_t octets)
{
	/* The algorithm's own constants. */
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
			  key[1] ^ 0x7465646279746573 };
	const uint8_t *octet = data;
	uint64_t word = 0;
	for (size_t i = 0; i < octets; i++) {
		word |= (uint64_t)octet[i] << i % 8 * 8;
		if (i % 8 == 7) {
			sip_word(v, word);
			word = 0;
		}
	}
	sip_word(v, word | (uint64_t)octets << 56);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* --- the key ------------------------------------------------------------------------------------------------- */

#define KEY_WORDS 4

void
users_open(struct users *users, enum users_shown shown, const char *path, gid_t group)
{
	uint32_t word[KEY_WORDS];
	const struct state_key keys[KEY_WORDS] = {
		{ "key-1", 0, UINT32_MAX, &word[0] },
		{ "key-2", 0, UINT32_MAX, &word[1] },
		{ "key-3", 0, UINT32_MAX, &word[2] },
		{ "key-4", 0, UINT32_MAX, &word[3] },
	};
	*users = (struct users){ .shown = shown };
	if (shown != USERS_HASH)
		return;
	/* A file that lacks a part of the key leaves that part random. */
	int rc = getrandom(word, sizeof(word), 0) == (ssize_t)sizeof(word) ? state_load(path, keys, KEY_WORDS) : -EIO;
	if (rc == -ENOENT || rc == -EBADMSG)
		rc = state_save(path, keys, KEY_WORDS, group);
	if (rc < 0) {
		log_error("%s: there is no key for hashes of users, so no names of users are shown: %s", path,
			  strerror(-rc));
		users->shown = USERS_NONE;
		return;
	}
	for (size_t i = 0; i < 2; i++)
		users->key[i] = (uint64_t)word[2 * i + 1] << 32 | word[2 * i];
}

/* --- names --------------------------------------------------------------------------------------------------- */

void
users_show(const struct users *users, uint32_t session, char *name, size_t size)
{
	if (users->shown == USERS_FULL || name[0] == '\0')
		return;
	if (users->shown == USERS_HASH)
		snprintf(name, size, "u-%016" PRIx64, users_hash(users->key, name, strnlen(name, size)));
	else if (session)
		snprintf(name, size, "user-%" PRIu32, session);
	else
		name[0] = '\0';
}
