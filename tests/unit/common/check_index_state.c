/* SPDX-License-Identifier: ISC */
/* Indexes go on where those of the last boot ended. */
#include <fcntl.h>
#include <sys/stat.h>

#include "index_state.h"
#include "scratch.h"

#define NO_GROUP ((gid_t)-1)
#define RESERVE  (2 * 64 + 1000)

static char file[SCRATCH_PATH];
static struct ipm_writer *w;
static struct index_state state;

/* A new segment, as after a reboot. The state directory is the one that was there. */
static void
boot(void)
{
	w = writer_in_scratch((struct ipm_capacity){
		.ike_sas = 8, .tunnels = 64, .maps = 8, .feeds = 1, .events = 8, .history = 4, .failures = 4 });
	index_state_open(&state, w, file, NO_GROUP);
}

static void
given_a_state_directory(void)
{
	path_in_scratch(file);
	strcat(file, ".indexes");
	boot();
}

static uint32_t
next_tunnel(void)
{
	int slot = ipm_tunnel_start(w, &(struct ipm_tunnel){ 0 });
	ck_assert_int_ge(slot, 0);
	return ipm_tunnel_peek(w, (uint32_t)slot)->index;
}

static uint32_t
next_ike(void)
{
	int slot = ipm_ike_start(w, &(struct ipm_ike_sa){ 0 });
	ck_assert_int_ge(slot, 0);
	return ipm_ike_peek(w, (uint32_t)slot)->index;
}

static uint32_t
next_map(void)
{
	int slot = ipm_map_open(w, &(struct ipm_map_entry){ .name = "office" });
	ck_assert_int_ge(slot, 0);
	return ipm_map_peek(w, (uint32_t)slot)->index;
}

static void
tunnels_come_and_go(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ipm_tunnel_stop(w, (uint32_t)ipm_tunnel_start(w, &(struct ipm_tunnel){ 0 }), IPM_REASON_NORMAL);
}

static void
crash(void)
{
	ipm_writer_close(w); /* without index_state_close() */
}

START_TEST(the_first_indexes_are_those_of_the_segment)
{
	ck_assert_uint_eq(next_tunnel(), 1);
	ck_assert_uint_eq(next_ike(), 1);
	ck_assert_uint_eq(next_map(), 1);
	index_state_close(&state);
	ipm_writer_close(w);
}
END_TEST

START_TEST(after_a_clean_stop_and_a_reboot_each_index_is_the_next_one)
{
	tunnels_come_and_go(5);
	next_ike();
	next_map();
	next_ike();
	index_state_close(&state);
	ipm_writer_close(w);
	boot();
	ck_assert_uint_eq(next_tunnel(), 6);
	ck_assert_uint_eq(next_ike(), 3);
	ck_assert_uint_eq(next_map(), 2);
	index_state_close(&state);
	ipm_writer_close(w);
}
END_TEST

START_TEST(readers_see_at_once_where_indexes_go_on)
{
	struct ipm_totals totals;
	tunnels_come_and_go(5);
	index_state_close(&state);
	ipm_writer_close(w);
	boot();
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(w), &totals), 0);
	ck_assert_uint_eq(totals.next_tunnel, 6);
	crash();
}
END_TEST

START_TEST(after_a_crash_no_index_is_given_again)
{
	uint32_t last = 0;
	for (int round = 0; round < 20; round++) {
		uint32_t index = next_tunnel();
		ck_assert_uint_gt(index, last);
		tunnels_come_and_go(20);
		index_state_keep(&state);
		tunnels_come_and_go(RESERVE / 2 - 25); /* as many as there may be in a second */
		index_state_keep(&state);
		tunnels_come_and_go((uint32_t)round % 3 * 200);
		last = next_tunnel();
		crash();
		boot();
	}
	crash();
}
END_TEST

START_TEST(the_file_is_written_only_when_many_have_been_given)
{
	struct stat before, after;
	ck_assert_int_eq(stat(file, &before), 0);
	tunnels_come_and_go(RESERVE / 2);
	index_state_keep(&state);
	ck_assert_int_eq(stat(file, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	tunnels_come_and_go(1);
	index_state_keep(&state);
	ck_assert_int_eq(stat(file, &after), 0);
	ck_assert_uint_ne(before.st_ino, after.st_ino);
	ck_assert_uint_eq(after.st_mode & 07777, 0600);
	crash();
}
END_TEST

START_TEST(a_segment_that_was_taken_over_knows_better)
{
	next_tunnel();
	index_state_close(&state);
	next_tunnel();
	index_state_open(&state, w, file, NO_GROUP);
	ck_assert_uint_eq(next_tunnel(), 3);
	crash();
}
END_TEST

START_TEST(at_the_end_of_the_range_indexes_begin_again)
{
	ipm_writer_totals(w)->next_tunnel = INT32_MAX - 10;
	index_state_keep(&state);
	ck_assert_uint_eq(state.saved[1], INT32_MAX - 10);
	crash();
	boot();
	ck_assert_uint_eq(next_tunnel(), 1);
	ipm_writer_totals(w)->next_tunnel = INT32_MAX;
	index_state_keep(&state);
	next_tunnel();
	ck_assert_uint_lt(next_tunnel(), 4);
	index_state_keep(&state); /* they have wrapped: the file says so */
	ck_assert_uint_lt(state.saved[1], 5);
	crash();
}
END_TEST

START_TEST(with_another_first_index_they_begin_there)
{
	char path[SCRATCH_PATH];
	struct ipm_error err;
	tunnels_come_and_go(5);
	index_state_close(&state);
	ipm_writer_close(w);
	path_in_scratch(path);
	struct ipm_writer_options opt = { .path = path,
					  .name = "gw",
					  .mode = 0600,
					  .index_first = 1001,
					  .capacity = { .ike_sas = 8, .tunnels = 64, .maps = 8 } };
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), 0);
	index_state_open(&state, w, file, NO_GROUP);
	ck_assert_uint_eq(next_tunnel(), 1001);
	index_state_close(&state);
	ipm_writer_close(w);
	boot();
	ck_assert_uint_eq(next_tunnel(), 1);
	crash();
}
END_TEST

static const char *const bad[] = { "next-tunnel = 0\n", "next-tunnel = 2147483648\n", "next-tunnel\n", "\1\2\3" };

START_TEST(a_damaged_file_is_put_aside_and_indexes_begin_anew)
{
	char aside[SCRATCH_PATH + 8];
	crash();
	int fd = open(file, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, bad[_i], strlen(bad[_i])), (ssize_t)strlen(bad[_i]));
	close(fd);
	boot();
	ck_assert_uint_eq(next_tunnel(), 1);
	snprintf(aside, sizeof(aside), "%s.bad", file);
	ck_assert_int_eq(access(aside, F_OK), 0);
	crash();
}
END_TEST

START_TEST(a_directory_that_cannot_be_written_is_no_reason_to_stop)
{
	crash();
	strcpy(file, "/proc/no/indexes");
	boot();
	ck_assert(state.failed); /* it was logged once */
	ck_assert_uint_eq(next_tunnel(), 1);
	tunnels_come_and_go(RESERVE);
	index_state_keep(&state);
	index_state_close(&state);
	index_state_close(&state); /* nothing happens */
	ipm_writer_close(w);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("index_state");
	TCase *tc = tcase_create("indexes");
	tcase_add_checked_fixture(tc, given_a_state_directory, NULL);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, the_first_indexes_are_those_of_the_segment);
	tcase_add_test(tc, after_a_clean_stop_and_a_reboot_each_index_is_the_next_one);
	tcase_add_test(tc, readers_see_at_once_where_indexes_go_on);
	tcase_add_test(tc, after_a_crash_no_index_is_given_again);
	tcase_add_test(tc, the_file_is_written_only_when_many_have_been_given);
	tcase_add_test(tc, a_segment_that_was_taken_over_knows_better);
	tcase_add_test(tc, at_the_end_of_the_range_indexes_begin_again);
	tcase_add_test(tc, with_another_first_index_they_begin_there);
	tcase_add_loop_test(tc, a_damaged_file_is_put_aside_and_indexes_begin_anew, 0, 4);
	tcase_add_test(tc, a_directory_that_cannot_be_written_is_no_reason_to_stop);
	return run_in_scratch("check_index_state", suite);
}
