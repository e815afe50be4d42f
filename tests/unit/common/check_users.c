/* SPDX-License-Identifier: ISC */
/* How names of users leave the gateway. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "users.h"

#define NO_GROUP ((gid_t)-1)

static char file[SCRATCH_PATH];

static const char *
shown(const struct users *users, uint32_t session, const char *name)
{
	static char out[256];
	snprintf(out, sizeof(out), "%s", name);
	users_show(users, session, out, sizeof(out));
	return out;
}

static void
given_a_state_directory(void)
{
	path_in_scratch(file);
	strcat(file, ".secret");
	unlink(file);
}

/* The algorithm's published test: the key 00 01 ... 0f, and the octets 00 01 ... */
START_TEST(hashes_are_siphash)
{
	static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t data[15];
	for (uint8_t i = 0; i < sizeof(data); i++)
		data[i] = i;
	ck_assert_uint_eq(users_hash(key, data, 0), 0x726fdb47dd0e0e31);
	ck_assert_uint_eq(users_hash(key, data, 15), 0xa129ca6149be45e5);
}
END_TEST

START_TEST(full_shows_the_name)
{
	struct users users;
	users_open(&users, USERS_FULL, file, NO_GROUP);
	ck_assert_str_eq(shown(&users, 7, "alice"), "alice");
	ck_assert_int_ne(access(file, F_OK), 0); /* it needs no key */
}
END_TEST

START_TEST(none_shows_the_session)
{
	struct users users;
	users_open(&users, USERS_NONE, file, NO_GROUP);
	ck_assert_str_eq(shown(&users, 7, "alice"), "user-7");
	ck_assert_str_eq(shown(&users, 0, "alice"), "");
	ck_assert_str_eq(shown(&users, 7, ""), "");
}
END_TEST

START_TEST(a_user_has_one_hash_in_all_sessions_and_after_a_restart)
{
	struct users users, again;
	char first[256];
	users_open(&users, USERS_HASH, file, NO_GROUP);
	snprintf(first, sizeof(first), "%s", shown(&users, 7, "alice"));
	ck_assert_uint_eq(strlen(first), 18);
	ck_assert_ptr_null(strstr(first, "alice"));
	ck_assert_str_eq(shown(&users, 8, "alice"), first);
	ck_assert_str_ne(shown(&users, 7, "bob"), first);
	users_open(&again, USERS_HASH, file, NO_GROUP);
	ck_assert_str_eq(shown(&again, 7, "alice"), first);
	ck_assert_str_eq(shown(&again, 7, ""), "");
}
END_TEST

START_TEST(another_installation_has_another_hash)
{
	struct users users, other;
	char first[256];
	users_open(&users, USERS_HASH, file, NO_GROUP);
	snprintf(first, sizeof(first), "%s", shown(&users, 7, "alice"));
	unlink(file);
	users_open(&other, USERS_HASH, file, NO_GROUP);
	ck_assert_str_ne(shown(&other, 7, "alice"), first);
}
END_TEST

START_TEST(only_the_owner_can_read_the_key)
{
	struct users users;
	struct stat st;
	users_open(&users, USERS_HASH, file, NO_GROUP);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(without_a_key_no_name_is_shown)
{
	struct users users;
	users_open(&users, USERS_HASH, "/proc/no/such/directory/users.secret", NO_GROUP);
	ck_assert_str_eq(shown(&users, 7, "alice"), "user-7");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("users");
	TCase *tc = tcase_create("names");
	tcase_add_checked_fixture(tc, given_a_state_directory, NULL);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, hashes_are_siphash);
	tcase_add_test(tc, full_shows_the_name);
	tcase_add_test(tc, none_shows_the_session);
	tcase_add_test(tc, a_user_has_one_hash_in_all_sessions_and_after_a_restart);
	tcase_add_test(tc, another_installation_has_another_hash);
	tcase_add_test(tc, only_the_owner_can_read_the_key);
	tcase_add_test(tc, without_a_key_no_name_is_shown);
	return run_in_scratch("check_users", suite);
}
