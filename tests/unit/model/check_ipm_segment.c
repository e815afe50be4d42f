/* SPDX-License-Identifier: ISC */
/* Files that a reader refuses, and the fields of a header. */

#include "segment_fixture.h"

static void
expect_refused(int expected, const char *why)
{
	struct ipm_segment *seg;
	memset(&err, 0, sizeof(err));
	int rc = ipm_segment_attach(&seg, path, &err);
	ck_assert_msg(rc == expected, "expected %d, got %d: %s", expected, rc, err.text);
	ck_assert_ptr_null(seg);
	ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "\"%s\" does not name the file", err.text);
	ck_assert_msg(strstr(err.text, why), "\"%s\" does not say \"%s\"", err.text, why);
}

/* --- attach -------------------------------------------------------------- */

START_TEST(a_file_that_is_not_there_is_refused)
{
	expect_refused(-ENOENT, "No such file");
}
END_TEST

START_TEST(an_empty_file_is_refused)
{
	close(open(path, O_CREAT | O_WRONLY, 0600));
	expect_refused(-EPROTO, "truncated");
}
END_TEST

START_TEST(a_directory_is_refused)
{
	mkdir(path, 0700);
	expect_refused(-EPROTO, "not a regular file");
}
END_TEST

START_TEST(a_fifo_is_refused_and_not_waited_for)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	expect_refused(-EPROTO, "not a regular file");
}
END_TEST

START_TEST(a_segment_cut_short_anywhere_is_refused)
{
	given_a_segment();
	struct ipm_header h = file_header();
	for (int i = IPM_SECTIONS; i >= 0; i--) {
		for (int delta = 1; delta >= -1; delta--) {
			uint64_t size = (i == IPM_SECTIONS ? h.size : h.section[i].offset) + (uint64_t)delta;
			if (size == h.size)
				continue;
			ck_assert_int_eq(truncate(path, (off_t)size), 0);
			expect_refused(-EPROTO, "octets long");
		}
	}
	for (uint64_t size = 0; size < sizeof(h); size++) {
		ck_assert_int_eq(truncate(path, (off_t)size), 0);
		expect_refused(-EPROTO, "truncated");
		ck_assert_int_eq(ipm_header_check(&h, size, path, &err), -EPROTO); /* it stands alone too */
	}
}
END_TEST

START_TEST(a_segment_of_which_only_the_header_is_left_is_refused)
{
	given_a_segment();
	struct ipm_header h = file_header();
	ck_assert_int_eq(truncate(path, sizeof(h)), 0);
	expect_refused(-EPROTO, "octets long");
	h.size = sizeof(h); /* even if its header gives this size */
	poke(0, &h, sizeof(h));
	expect_refused(-EPROTO, "past the end");
}
END_TEST

static void
other_magic(struct ipm_header *h)
{
	h->magic[7]++;
}
static void
other_abi(struct ipm_header *h)
{
	h->abi++;
}
static void
other_order(struct ipm_header *h)
{
	h->byte_order = __builtin_bswap32(h->byte_order);
}
static void
other_size(struct ipm_header *h)
{
	h->size++;
}

static void
no_boot(struct ipm_header *h)
{
	memset(h->boot_id, 0, sizeof(h->boot_id));
}
static void
fewer_sections(struct ipm_header *h)
{
	h->sections--;
}
static void
more_sections(struct ipm_header *h)
{
	h->sections = UINT32_MAX;
}
static void
sections_in_disorder(struct ipm_header *h)
{
	h->section[IPM_TUNNELS].kind = IPM_SAS;
}
static void
name_without_end(struct ipm_header *h)
{
	memset(h->name, 'x', sizeof(h->name));
}
static void
control_without_end(struct ipm_header *h)
{
	memset(h->control, 'x', sizeof(h->control));
}
static void
boot_without_end(struct ipm_header *h)
{
	memset(h->boot_id, 'x', sizeof(h->boot_id));
}
static void
section_past_the_end(struct ipm_header *h)
{
	h->section[IPM_SAS].offset = h->size + 8;
}
static void
section_one_too_long(struct ipm_header *h)
{
	struct ipm_section *sec = &h->section[IPM_EVENTS];
	sec->capacity = (uint32_t)((h->size - sec->offset) / sec->stride) + 1;
}
static void
offset_that_overflows(struct ipm_header *h)
{
	h->section[IPM_TUNNELS].offset = UINT64_MAX - 7;
}
static void
offset_and_length_that_overflow(struct ipm_header *h)
{
	struct ipm_section *sec = &h->section[IPM_TUNNELS];
	sec->offset = -(uint64_t)sec->capacity * sec->stride;
}
static void
length_that_overflows_32_bits(struct ipm_header *h)
{
	h->section[IPM_SAS].capacity = 1u << 20;
	h->section[IPM_SAS].stride = 1u << 12;
}
static void
largest_length_there_is(struct ipm_header *h)
{
	h->section[IPM_SAS].capacity = UINT32_MAX;
	h->section[IPM_SAS].stride = UINT32_MAX & ~7u;
}

/* Make the file sparse and long enough for a section of so many slots at its end. */
static void
section_at_the_end(struct ipm_header *h, enum ipm_section_kind kind, uint32_t capacity)
{
	struct ipm_section *sec = &h->section[kind];
	sec->offset = h->size;
	sec->capacity = capacity;
	h->size += (uint64_t)capacity * sec->stride;
	ck_assert_int_eq(truncate(path, (off_t)h->size), 0);
}
static void
more_slots_than_anybody_reads(struct ipm_header *h)
{
	section_at_the_end(h, IPM_EVENTS, IPM_SLOTS_MAX + 1);
}
static void
more_lanes_than_anybody_sums(struct ipm_header *h)
{
	section_at_the_end(h, IPM_LANES, IPM_LANES_MAX + 1);
	h->lanes = IPM_LANES_MAX + 1;
}
static void
more_counts_than_anybody_sums(struct ipm_header *h)
{
	h->section[IPM_LANES].stride = ((uint32_t)ipm_lane_size(1u << 20) + 4095u) & ~4095u;
	section_at_the_end(h, IPM_SAS, 1u << 20);
	section_at_the_end(h, IPM_LANES, 1u << 12);
	h->lanes = 1u << 12;
}
static void
section_in_the_header(struct ipm_header *h)
{
	h->section[IPM_FEEDS].offset = sizeof(*h) - 8;
}
static void
section_at_nothing(struct ipm_header *h)
{
	h->section[IPM_TOTALS].offset = 0;
}
static void
section_at_an_odd_place(struct ipm_header *h)
{
	h->section[IPM_TUNNELS].offset += 4;
}
static void
stride_too_short(struct ipm_header *h)
{
	h->section[IPM_TUNNELS].stride -= 8;
}
static void
stride_of_nothing(struct ipm_header *h)
{
	h->section[IPM_IKE_SAS].stride = 0;
}
static void
stride_that_is_odd(struct ipm_header *h)
{
	h->section[IPM_SELECTORS].stride += 1;
}
static void
no_totals(struct ipm_header *h)
{
	h->section[IPM_TOTALS].capacity = 0;
}
static void
more_lanes_than_there_are(struct ipm_header *h)
{
	h->lanes++;
}
static void
more_sas_than_lanes_have_room_for(struct ipm_header *h)
{
	h->section[IPM_SAS].capacity += 4096 / sizeof(struct ipm_count); /* a lane may end inside a page */
	h->section[IPM_SAS].offset = h->section[IPM_TOTALS].offset;
}
static void
lanes_between_cache_lines(struct ipm_header *h)
{
	h->section[IPM_LANES].offset += 8;
	h->section[IPM_LANES].capacity--;
	h->lanes = 0;
}
static void
lanes_that_end_between_cache_lines(struct ipm_header *h)
{
	h->section[IPM_LANES].stride -= 8;
}
static void
lanes_without_room(struct ipm_header *h)
{
	h->section[IPM_LANES].stride = IPM_CACHE_LINE;
}

/* A process of 32 bits cannot map such a file, and refuses it for its length. */
#define TOO_LARGE_FOR_32_BITS(text) (sizeof(size_t) < 8 ? "its header says" : (text))

static const struct {
	void (*damage)(struct ipm_header *h);
	int rc;
	const char *why;
} damages[] = {
	{ other_magic, -EPROTO, "not a model segment" },
	{ other_abi, -EPROTO, "layout version 6, this program reads 5" },
	{ other_order, -EPROTO, "byte order" },
	{ other_size, -EPROTO, "its header says" },
	{ other_boot, -ESTALE, "earlier boot" },
	{ no_boot, -ESTALE, "earlier boot" },
	{ fewer_sections, -EPROTO, "damaged header" },
	{ more_sections, -EPROTO, "damaged header" },
	{ sections_in_disorder, -EPROTO, "section 3 is damaged" },
	{ name_without_end, -EPROTO, "damaged header" },
	{ control_without_end, -EPROTO, "damaged header" },
	{ boot_without_end, -EPROTO, "damaged header" },
	{ section_past_the_end, -EPROTO, "section 5 reaches past the end" },
	{ section_one_too_long, -EPROTO, "section 7 reaches past the end" },
	{ offset_that_overflows, -EPROTO, "section 3 reaches past the end" },
	{ offset_and_length_that_overflow, -EPROTO, "section 3 reaches past the end" },
	{ length_that_overflows_32_bits, -EPROTO, "section 5 reaches past the end" },
	{ largest_length_there_is, -EPROTO, "section 5 is damaged" },
	{ more_slots_than_anybody_reads, -EPROTO, TOO_LARGE_FOR_32_BITS("section 7 is damaged") },
	{ more_lanes_than_anybody_sums, -EPROTO, "section 6 is damaged" },
	{ more_counts_than_anybody_sums, -EPROTO, TOO_LARGE_FOR_32_BITS("do not fit together") },
	{ section_in_the_header, -EPROTO, "section 1 is damaged" },
	{ section_at_nothing, -EPROTO, "section 0 is damaged" },
	{ section_at_an_odd_place, -EPROTO, "section 3 is damaged" },
	{ stride_too_short, -EPROTO, "section 3 is damaged" },
	{ stride_of_nothing, -EPROTO, "section 2 is damaged" },
	{ stride_that_is_odd, -EPROTO, "section 4 is damaged" },
	{ no_totals, -EPROTO, "do not fit together" },
	{ more_lanes_than_there_are, -EPROTO, "do not fit together" },
	{ more_sas_than_lanes_have_room_for, -EPROTO, "do not fit together" },
	{ lanes_between_cache_lines, -EPROTO, "section 6 is damaged" },
	{ lanes_that_end_between_cache_lines, -EPROTO, "section 6 is damaged" },
	{ lanes_without_room, -EPROTO, "do not fit together" },
};

/* An emulated processor, or one with fewer bits of addresses, has no room for a file of hundreds of gigabytes. */
static bool
can_be_mapped(void)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	if ((uint64_t)st.st_size > SIZE_MAX) {
		close(fd);
		return true; /* it is refused before */
	}
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return false;
	munmap(at, (size_t)st.st_size);
	return true;
}

START_TEST(every_damage_to_the_header_is_told_by_name_of_the_file)
{
	opt.capacity.lanes = 2;
	given_a_segment();
	struct ipm_header h = file_header();
	damages[_i].damage(&h);
	poke(0, &h, sizeof(h));
	if (can_be_mapped())
		expect_refused(damages[_i].rc, damages[_i].why);
}
END_TEST

START_TEST(a_writer_replaces_what_is_damaged_by_a_whole_new_one)
{
	opt.capacity.lanes = 2;
	given_a_segment();
	struct ipm_header h = file_header();
	damages[_i].damage(&h);
	if (h.abi != IPM_ABI || !can_be_mapped())
		return; /* another version is no damage: see check_ipm_writer_old */
	poke(0, &h, sizeof(h));
	struct ipm_writer *w = open_saying("");
	ck_assert_str_ne(err.text, "");
	struct ipm_segment *seg = attach();
	ck_assert_uint_eq(ipm_segment_used(seg, IPM_TUNNELS), 0);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 1);
	expect_consistent(w);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(the_header_tells_who_writes_and_that_he_is_alive)
{
	uint64_t before = ipm_now_ns();
	struct ipm_writer *w = open_quietly();
	struct ipm_segment *seg = attach();
	const struct ipm_header *h = ipm_header(seg);
	ck_assert_str_eq(h->name, "gw.example.net");
	ck_assert_str_eq(h->control, "/run/ipsecmon/control");
	ck_assert_str_eq(ipm_segment_path(seg), path);
	ck_assert_uint_eq(h->writer_pid, (uint32_t)getpid());
	ck_assert_uint_ge(h->heartbeat_ns, before);
	ck_assert_uint_lt(ipm_segment_silence_ns(seg), 60000000000u);
	ck_assert(!ipm_segment_stale(seg));
	ipm_writer_close(w);
	ck_assert_uint_eq(h->writer_pid, 0);
	ck_assert(!ipm_segment_stale(seg));
	unlink(path);
	ck_assert(ipm_segment_stale(seg));
	ipm_segment_close(seg);
}
END_TEST

START_TEST(a_new_file_has_the_permissions_that_were_asked_for)
{
	static const uint32_t modes[] = { 0600, 0640, 0644 };
	struct stat st;
	umask(077);
	opt.mode = modes[_i];
	ipm_writer_close(open_quietly());
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, modes[_i]);
}
END_TEST

START_TEST(capacity_costs_address_space_and_not_memory)
{
	struct stat st;
	opt.capacity = (struct ipm_capacity){
		.ike_sas = 100000, .tunnels = 100000, .selectors = 200000, .sas = 400000, .feeds = 4, .events = 4096
	};
	ipm_writer_close(open_quietly());
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_gt(st.st_size, 100 << 20);
	ck_assert_int_lt(st.st_blocks * 512, 256 << 10);
}
END_TEST

START_TEST(capacities_that_no_segment_can_have_are_refused)
{
	struct ipm_writer *w;
	opt.capacity.sas = 1u << 20;
	opt.capacity.lanes = 1u << 12; /* 2^32 lanes: 0 in 32 bits */
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EINVAL);
	ck_assert_ptr_null(w);
	ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "%s", err.text);
	opt.capacity.sas = 1u << 26; /* a lane would be longer than the largest stride */
	opt.capacity.lanes = 1;
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EINVAL);
	opt.capacity.lanes = 0;
	opt.capacity.tunnels = 1u << 31; /* slots are given as int */
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EINVAL);
	opt.capacity.tunnels = 8;
	opt.capacity.events = IPM_SLOTS_MAX + 1; /* no reader would take it */
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EINVAL);
	opt.capacity.events = 16;
	opt.capacity.history = 1u << 30; /* four times as many selectors: 0 in 32 bits */
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EINVAL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ipm_segment");
	TCase *tc = tests_of(suite, "attach");
	tcase_add_test(tc, a_file_that_is_not_there_is_refused);
	tcase_add_test(tc, an_empty_file_is_refused);
	tcase_add_test(tc, a_directory_is_refused);
	tcase_add_test(tc, a_fifo_is_refused_and_not_waited_for);
	tcase_add_test(tc, a_segment_cut_short_anywhere_is_refused);
	tcase_add_test(tc, a_segment_of_which_only_the_header_is_left_is_refused);
	tcase_add_loop_test(tc, every_damage_to_the_header_is_told_by_name_of_the_file, 0, COUNT(damages));
	tcase_add_loop_test(tc, a_writer_replaces_what_is_damaged_by_a_whole_new_one, 0, COUNT(damages));
	tcase_add_test(tc, the_header_tells_who_writes_and_that_he_is_alive);
	tcase_add_loop_test(tc, a_new_file_has_the_permissions_that_were_asked_for, 0, 3);
	tcase_add_test(tc, capacity_costs_address_space_and_not_memory);
	tcase_add_test(tc, capacities_that_no_segment_can_have_are_refused);
	return run_in_scratch("check_ipm_segment", suite);
}
