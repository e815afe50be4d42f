/* SPDX-License-Identifier: ISC */
/**
 * @file users.h  How names of users leave the gateway: the setting "users" of ipsecmon.conf(5).
 *
 * A hash is SipHash-2-4 with a key of this installation. The same user has the same hash in all tables, and after a
 * restart. Without the key, nobody can try names until one matches.
 *
 * Threads:   any; users_open() only once.
 */
#ifndef USERS_H
#define USERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** In the order of the configuration's choices. */
enum users_shown { USERS_FULL, USERS_HASH, USERS_NONE };

struct users {
	enum users_shown shown;
	uint64_t key[2];
};

/**
 * Show users as @p shown says. The key of hashes is read from @p path, or made and saved there; @p group as for
 * state_save(). If there is no key and none can be saved, no names are shown: an error is logged.
 */
void users_open(struct users *users, enum users_shown shown, const char *path, gid_t group);

/**
 * Replace the user's name in @p name, @p size octets, by what is shown: the name itself, "u-" and 16 hexadecimal
 * digits, or "user-" and @p session. An empty name stays empty. So does one without a session (0) if no names are
 * shown.
 */
void users_show(const struct users *users, uint32_t session, char *name, size_t size);

/** SipHash-2-4. */
uint64_t users_hash(const uint64_t key[2], const void *data, size_t octets);

#endif
