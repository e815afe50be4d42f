/* SPDX-License-Identifier: ISC */
/* The file of a segment: its writer, and a full file system. */
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>

#include "segment_fixture.h"

static void
given_a_large_directory(void)
{
	given_a_directory();
	opt.control = NULL;
	opt.capacity = (struct ipm_capacity){ .ike_sas = 40,
					      .tunnels = 512,
					      .selectors = 512,
					      .sas = 1024,
					      .maps = 8,
					      .engines = 2,
					      .feeds = 4,
					      .events = 4096,
					      .agents = 2,
					      .history = 1024,
					      .failures = 64 };
}

static int
start_tunnel(struct ipm_writer *w)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .encap = IPM_ENCAP_TUNNEL, .protocol = 50 };
	return ipm_tunnel_start(w, &tunnel);
}

static const char *
beside(const char *suffix)
{
	static char name[SCRATCH_PATH + 16];
	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return name;
}

START_TEST(a_program_that_was_compiled_for_another_layout_is_refused)
{
	struct ipm_writer *w;
	ck_assert_int_eq(ipm_writer_open_abi(&w, IPM_ABI + 1, &opt, &err), -EPROTO);
	ck_assert_ptr_null(w);
	ck_assert_str_eq(err.text,
			 "this program was compiled for layout version 6, libipsecmon has 5: compile it again");
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

/* --- who may write ------------------------------------------------------------------------------------------- */

START_TEST(a_readers_locks_do_not_keep_the_writer_out)
{
	struct flock whole = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	ipm_writer_close(open_quietly());
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &whole), 0); /* read access is enough for a read lock */
	ipm_writer_close(open_quietly());
	close(fd);
}
END_TEST

START_TEST(nobody_else_can_open_the_file_that_is_locked)
{
	struct stat st;
	struct ipm_writer *w = open_quietly();
	ck_assert_int_eq(stat(beside(".lock"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ipm_writer_close(w);
	ck_assert_int_eq(chmod(beside(".lock"), 0644), 0);
	ipm_writer_close(open_quietly());
	ck_assert_int_eq(stat(beside(".lock"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

#define STRANGER 65534

START_TEST(what_another_user_put_there_is_refused_by_that_users_name)
{
	static const char *const suffix[] = { "", ".lock" };
	struct ipm_writer *w;
	struct stat st;

	if (geteuid() != 0)
		return; /* cannot give files away */
	ipm_writer_close(open_quietly());
	const char *name = beside(suffix[_i]);
	ck_assert_int_eq(chown(name, STRANGER, (gid_t)-1), 0);
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EPERM);
	ck_assert_msg(strstr(err.text, name) && strstr(err.text, "user 65534"), "%s", err.text);
	ck_assert_int_eq(stat(name, &st), 0);
	ck_assert_uint_eq(st.st_uid, STRANGER); /* it is left as it is */
}
END_TEST

/* A directory cannot be opened for writing. The message names the other user that owns it. */
START_TEST(a_directory_of_another_user_is_refused_by_that_users_name)
{
	struct ipm_writer *w;

	if (geteuid() != 0)
		return; /* cannot give files away */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chown(path, STRANGER, (gid_t)-1), 0);
	ck_assert_int_lt(ipm_writer_open(&w, &opt, &err), 0);
	ck_assert_msg(strstr(err.text, "user 65534"), "%s", err.text);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(links_in_the_place_of_segment_and_lock_are_not_followed)
{
	static const char *const suffix[] = { "", ".lock" };
	char elsewhere[SCRATCH_PATH + 16];
	struct ipm_writer *w;

	snprintf(elsewhere, sizeof(elsewhere), "%s.elsewhere", path);
	close(open(elsewhere, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(symlink(elsewhere, beside(suffix[_i])), 0);
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -ELOOP);
	ck_assert(strstr(err.text, beside(suffix[_i])));
	struct stat st;
	ck_assert_int_eq(stat(elsewhere, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
}
END_TEST

START_TEST(a_name_in_the_way_of_the_new_file_stops_nobody)
{
	struct stat st;
	ck_assert_int_eq(mkdir(beside(".new"), 0700), 0);
	ck_assert_int_eq(mkdir(beside(".new/inside"), 0700), 0);
	struct ipm_writer *w = open_quietly();
	ck_assert_int_ge(start_tunnel(w), 0);
	ipm_writer_close(w);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
}
END_TEST

/* --- a full file system -------------------------------------------------------------------------------------- */

static char directory[SCRATCH_PATH];

/* Mount a tmpfs of @p kib KiB on the segment's directory, visible to this process only. False: not allowed here. */
static bool
given_room(unsigned kib)
{
	char size[32];
	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	snprintf(directory, sizeof(directory), "%s", path);
	*strrchr(directory, '/') = '\0';
	snprintf(size, sizeof(size), "size=%uk", kib);
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", directory, "tmpfs", 0, size) == 0;
}

static void
now_room_is(unsigned kib)
{
	char size[32];
	snprintf(size, sizeof(size), "size=%uk", kib);
	ck_assert_int_eq(mount("none", directory, "tmpfs", MS_REMOUNT, size), 0);
}

static void
room_ends(void)
{
	umount2(directory, MNT_DETACH);
}

/* Another file takes the rest of the space. */
static void
fill(void)
{
	static const char page[4096] = { 1 };
	int fd = open(beside(".fill"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	while (write(fd, page, sizeof(page)) > 0)
		;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
}

START_TEST(without_room_for_an_empty_segment_there_is_an_error_and_no_signal)
{
	struct ipm_writer *w;
	struct stat filled;
	int rc;
	opt.capacity.lanes = _i ? 2 : 0;
	if (!given_room(256))
		return;
	fill();
	ck_assert_int_eq(stat(beside(".fill"), &filled), 0);
	for (off_t room = 0; (rc = ipm_writer_open(&w, &opt, &err)) < 0; room += 4096) {
		ck_assert_int_eq(rc, -ENOSPC);
		ck_assert_msg(strstr(err.text, path) && strstr(err.text, "No space left"), "%s", err.text);
		ck_assert_int_lt(access(path, F_OK), 0);
		ck_assert_int_lt(access(beside(".new"), F_OK), 0);
		ck_assert_int_ge(filled.st_size, room + 4096);
		ck_assert_int_eq(truncate(beside(".fill"), filled.st_size - room - 4096), 0);
	}
	ipm_writer_close(w);
	room_ends();
}
END_TEST

/* A new tmpfs reuses the inode numbers of the earlier one. */
START_TEST(a_segment_on_another_file_system_is_another_segment)
{
	struct ipm_segment *old, *now;
	if (!given_room(256))
		return;
	ipm_writer_close(open_quietly());
	ck_assert_int_eq(ipm_segment_attach(&old, path, &err), 0);
	ck_assert(!ipm_segment_stale(old));
	ck_assert_int_eq(mount("none", directory, "tmpfs", 0, "size=256k"), 0);
	ipm_writer_close(open_quietly());
	ck_assert(ipm_segment_stale(old));
	ck_assert_int_eq(ipm_segment_attach(&now, path, &err), 0);
	ck_assert(!ipm_segment_stale(now));
	ipm_segment_close(now);
	ipm_segment_close(old);
	room_ends();
	room_ends();
}
END_TEST

START_TEST(when_the_file_system_is_full_records_are_refused_and_all_else_goes_on)
{
	struct torture t = { .seed = 362436069u + (uint64_t)_i };
	opt.capacity.lanes = _i % 2 ? 2 : 0;
	if (!given_room(220 + 40 * (unsigned)_i))
		return;
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "software" };
	for (int run = 0; run < 3; run++) {
		t.w = open_quietly(); /* also with a segment that an earlier run left in a full file system */
		ipm_engine_open(t.w, &engine);
		if (run == 0)
			fill();
		t.works = opt.capacity.lanes && ipm_worker_join(ipm_writer_fast(t.w), &t.worker) >= 0;
		torture_adopt(&t);
		for (int i = 0; i < 1500; i++) {
			torture_step(&t);
			if (i % 16 == 0)
				expect_laws(&t);
		}
		expect_consistent(t.w);
		if (t.works)
			ipm_worker_leave(&t.worker);
		if (run < 2) {
			ck_assert_uint_gt(ipm_writer_totals(t.w)->records_refused, 0);
			ck_assert(ipm_writer_refused(t.w, &err));
			ck_assert_msg(strstr(err.text, path) && strstr(err.text, "file system"), "%s", err.text);
		}
		if (run == 1) { /* room again: the writer continues by itself */
			now_room_is(8192);
			uint64_t refused = ipm_writer_totals(t.w)->records_refused;
			uint32_t used = ipm_segment_used(ipm_writer_segment(t.w), IPM_TUNNELS);
			for (uint32_t i = 0; i < 64; i++)
				ck_assert_int_ge(start_tunnel(t.w), 0);
			ck_assert_uint_gt(ipm_segment_used(ipm_writer_segment(t.w), IPM_TUNNELS), used);
			ck_assert_uint_eq(ipm_writer_totals(t.w)->records_refused, refused);
			expect_laws(&t);
		}
		ipm_writer_close(t.w);
	}
	laws_forget(&t.laws);
	room_ends();
}
END_TEST

START_TEST(no_reader_can_use_up_the_writers_room)
{
	int status;
	if (!given_room(1024))
		return;
	struct ipm_writer *w = open_quietly();
	pid_t pid = fork();
	if (pid == 0) { /* reading a hole makes tmpfs allocate a page */
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		off_t size = lseek(fd, 0, SEEK_END);
		const volatile uint8_t *all = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
		signal(SIGBUS, SIG_DFL);
		uint8_t sum = 0;
		for (off_t at = size; at > 0; at -= 4096)
			sum += all[at - 1];
		_exit(sum == 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS); /* it did fill it */
	for (int i = 0; i < 100; i++)
		ck_assert_int_ge(start_tunnel(w), 0);
	ck_assert_uint_eq(ipm_writer_totals(w)->records_refused, 0);
	ipm_writer_close(w);
	room_ends();
}
END_TEST

START_TEST(reservations_do_not_make_an_idle_segment_large)
{
	struct stat st;
	opt.capacity = (struct ipm_capacity){ .ike_sas = 100000,
					      .tunnels = 100000,
					      .selectors = 200000,
					      .sas = 400000,
					      .maps = 100000,
					      .feeds = 16,
					      .agents = 16,
					      .events = 4096,
					      .history = 1000,
					      .failures = 1000 };
	struct ipm_writer *w = open_quietly();
	int tunnel = start_tunnel(w);
	struct ipm_sa sa = { .direction = IPM_IN, .protocol = 50, .state = IPM_SA_ACTIVE, .spi = 7 };
	ck_assert_int_ge(ipm_sa_start(w, (uint32_t)tunnel, &sa), 0);
	ipm_writer_close(w);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_lt(st.st_blocks * 512, 160 << 10);
	ipm_writer_close(open_quietly()); /* nor does a restart */
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_lt(st.st_blocks * 512, 192 << 10);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("segment file");
	TCase *tc = tcase_create("who may write");
	tcase_add_checked_fixture(tc, given_a_large_directory, NULL);
	tcase_add_test(tc, a_program_that_was_compiled_for_another_layout_is_refused);
	tcase_add_test(tc, a_readers_locks_do_not_keep_the_writer_out);
	tcase_add_test(tc, nobody_else_can_open_the_file_that_is_locked);
	tcase_add_loop_test(tc, what_another_user_put_there_is_refused_by_that_users_name, 0, 2);
	tcase_add_test(tc, a_directory_of_another_user_is_refused_by_that_users_name);
	tcase_add_loop_test(tc, links_in_the_place_of_segment_and_lock_are_not_followed, 0, 2);
	tcase_add_test(tc, a_name_in_the_way_of_the_new_file_stops_nobody);
	suite_add_tcase(s, tc);

	tc = tcase_create("a full file system");
	tcase_add_checked_fixture(tc, given_a_large_directory, NULL);
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, without_room_for_an_empty_segment_there_is_an_error_and_no_signal, 0, 2);
	tcase_add_test(tc, a_segment_on_another_file_system_is_another_segment);
	tcase_add_loop_test(tc, when_the_file_system_is_full_records_are_refused_and_all_else_goes_on, 0, 4);
	tcase_add_test(tc, no_reader_can_use_up_the_writers_room);
	tcase_add_test(tc, reservations_do_not_make_an_idle_segment_large);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return run_in_scratch("check_ipm_writer_file", suite());
}
