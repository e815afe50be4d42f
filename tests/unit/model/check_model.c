/* SPDX-License-Identifier: ISC */
/* What the model promises: its files, its identities, its counts, and what a restart keeps. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipm_int.h"
#include "ipm_torture.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char path[SCRATCH_PATH]; /* of the segment, in a directory of the test's own */
static struct ipm_writer_options opt;
static struct ipm_error err;

static void
given_a_directory(void)
{
	path_in_scratch(path);
	opt = (struct ipm_writer_options){
		.path = path,
		.name = "gw.example.net",
		.control = "/run/ipsecmon/control",
		.mode = 0640,
		.capacity = { .ike_sas = 40,
			      .tunnels = 64,
			      .selectors = 128,
			      .sas = 256,
			      .feeds = 4,
			      .events = 64,
			      .agents = 2,
			      .history = 16,
			      .failures = 16 },
	};
}

/* --- helpers ----------------------------------------------------------------------------------------------- */

/* A writer on the test's segment, of which nothing had to be given up. */
static struct ipm_writer *
open_quietly(void)
{
	struct ipm_writer *w;
	int rc = ipm_writer_open(&w, &opt, &err);
	ck_assert_msg(rc == 0, "%d: %s", rc, err.text);
	ck_assert_str_eq(err.text, "");
	return w;
}

/* A writer that says @p why it could not keep all of what was there. */
static struct ipm_writer *
open_saying(const char *why)
{
	struct ipm_writer *w;
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), 0);
	ck_assert_msg(strstr(err.text, why), "\"%s\" does not say \"%s\"", err.text, why);
	ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "\"%s\" does not name the file", err.text);
	return w;
}

static struct ipm_segment *
attach(void)
{
	struct ipm_segment *seg;
	int rc = ipm_segment_attach(&seg, path, &err);
	ck_assert_msg(rc == 0, "%d: %s", rc, err.text);
	return seg;
}

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

static uint32_t
given_tunnel(struct ipm_writer *w)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .encap = IPM_ENCAP_TUNNEL, .protocol = 50 };
	int slot = ipm_tunnel_start(w, &tunnel);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static uint32_t
given_ike(struct ipm_writer *w, enum ipm_ike_state state)
{
	struct ipm_ike_sa sa = { .state = (uint8_t)state, .version = 2 };
	int slot = ipm_ike_start(w, &sa);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static uint32_t
given_sa(struct ipm_writer *w, uint32_t tunnel, enum ipm_direction direction)
{
	struct ipm_sa sa = { .direction = (uint8_t)direction, .protocol = 50, .state = IPM_SA_ACTIVE, .spi = 0xc0ffee };
	int slot = ipm_sa_start(w, tunnel, &sa);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static void
counts(struct ipm_writer *w, uint32_t sa, uint64_t pkts, uint64_t octets)
{
	struct ipm_traffic now = { .pkts = pkts, .octets = octets, .raw_octets = octets };
	ipm_sa_count(w, sa, &now);
}

static struct ipm_tunnel
tunnel_in(const struct ipm_writer *w, uint32_t slot)
{
	struct ipm_tunnel tunnel;
	ck_assert_int_eq(ipm_tunnel_read(ipm_writer_segment(w), slot, &tunnel), 0);
	return tunnel;
}

static struct ipm_sa
sa_in(const struct ipm_writer *w, uint32_t slot)
{
	struct ipm_sa sa;
	ck_assert_int_eq(ipm_sa_read(ipm_writer_segment(w), slot, &sa), 0);
	return sa;
}

static struct ipm_totals
totals_in(struct ipm_writer *w)
{
	struct ipm_totals totals;
	ipm_writer_commit(w);
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(w), &totals), 0);
	return totals;
}

/* 10.n.0.0/16 === 10.200.0.0/16 */
static struct ipm_selector
subnet(uint8_t n)
{
	struct ipm_selector sel = { .local = { .type = IPM_SEL_SUBNET, .prefix = 16, .port_last = 65535 } };
	sel.remote = sel.local;
	sel.local.first = (struct ipm_addr){ .len = 4, .bytes = { 10, n, 0, 0 } };
	sel.local.last = (struct ipm_addr){ .len = 4, .bytes = { 10, n, 255, 255 } };
	sel.remote.first = (struct ipm_addr){ .len = 4, .bytes = { 10, 200, 0, 0 } };
	sel.remote.last = (struct ipm_addr){ .len = 4, .bytes = { 10, 200, 255, 255 } };
	return sel;
}

/* The index of a tunnel's selector for 10.n.0.0/16; 0: it has none. */
static uint32_t
selector_index(const struct ipm_writer *w, uint32_t tunnel, uint8_t n)
{
	struct ipm_selector sel;
	for (uint32_t at = ipm_tunnel_peek(w, tunnel)->sel_head; at; at = sel.next) {
		ck_assert_int_eq(ipm_selector_read(ipm_writer_segment(w), at - 1, &sel), 0);
		ck_assert_uint_eq(sel.tunnel_index, ipm_tunnel_peek(w, tunnel)->index);
		if (sel.local.first.bytes[1] == n)
			return sel.index;
	}
	return 0;
}

/* Change the file behind everybody's back. */
static void
poke(uint64_t offset, const void *octets, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, octets, n, (off_t)offset), (ssize_t)n);
	close(fd);
}

static struct ipm_header
file_header(void)
{
	struct ipm_header h;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &h, sizeof(h), 0), sizeof(h));
	close(fd);
	return h;
}

static uint64_t
record_offset(enum ipm_section_kind kind, uint32_t slot)
{
	struct ipm_header h = file_header();
	return h.section[kind].offset + (uint64_t)slot * h.section[kind].stride;
}

/* As if the writer had died in the middle of this record. */
static void
tear(enum ipm_section_kind kind, uint32_t slot)
{
	uint32_t seq;
	uint64_t at = record_offset(kind, slot);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &seq, sizeof(seq), (off_t)at), sizeof(seq));
	close(fd);
	seq |= 1;
	poke(at, &seq, sizeof(seq));
}

/* The same while it came or went: without its index, which comes last and goes first. */
static void
tear_unnamed(enum ipm_section_kind kind, uint32_t slot)
{
	uint32_t none = 0;
	tear(kind, slot);
	poke(record_offset(kind, slot) + 8, &none, sizeof(none));
}

static void
given_a_segment(void)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	given_ike(w, IPM_IKE_ESTABLISHED);
	given_sa(w, tunnel, IPM_IN);
	ipm_writer_close(w);
}

/* --- attach ------------------------------------------------------------------------------------------------ */

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
	h.size = sizeof(h); /* even if it says that this is all there is */
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
other_boot(struct ipm_header *h)
{
	h->boot_id[0] = h->boot_id[0] == '0' ? '1' : '0';
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
	h->section[IPM_SAS].capacity += 4096 / sizeof(struct ipm_count); /* a lane may end in a page that has room */
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

static const struct {
	void (*damage)(struct ipm_header *h);
	int rc;
	const char *why;
} damages[] = {
	{ other_magic, -EPROTO, "not a model segment" },
	{ other_abi, -EPROTO, "layout version 5, this program reads 4" },
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
	{ largest_length_there_is, -EPROTO, "section 5 reaches past the end" },
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

START_TEST(every_damage_to_the_header_is_told_by_name_of_the_file)
{
	opt.capacity.lanes = 2;
	given_a_segment();
	struct ipm_header h = file_header();
	damages[_i].damage(&h);
	poke(0, &h, sizeof(h));
	expect_refused(damages[_i].rc, damages[_i].why);
}
END_TEST

START_TEST(a_writer_replaces_what_is_damaged_by_a_whole_new_one)
{
	opt.capacity.lanes = 2;
	given_a_segment();
	struct ipm_header h = file_header();
	damages[_i].damage(&h);
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
	opt.capacity.sas = 1u << 26; /* a lane would be longer than a stride can be */
	opt.capacity.lanes = 1;
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EINVAL);
	opt.capacity.lanes = 0;
	opt.capacity.tunnels = 1u << 31; /* slots are given as int */
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EINVAL);
}
END_TEST

/* --- reading ----------------------------------------------------------------------------------------------- */

START_TEST(a_record_that_its_writer_left_half_done_is_given_up_after_a_while)
{
	static const enum ipm_section_kind kinds[] = { IPM_TOTALS, IPM_IKE_SAS, IPM_TUNNELS, IPM_SAS };
	uint64_t room[256];
	given_a_segment();
	struct ipm_segment *seg = attach();
	ck_assert_int_eq(ipm_read(seg, kinds[_i], 0, room), 0);
	tear(kinds[_i], 0);
	memset(room, 0xa5, sizeof(room));
	uint64_t began = ipm_now_ns();
	ck_assert_int_eq(ipm_read(seg, kinds[_i], 0, room), -EAGAIN);
	ck_assert_uint_lt(ipm_now_ns() - began, 1000000000u);
	for (size_t i = 0; i < COUNT(room); i++)
		ck_assert_uint_eq(room[i], 0xa5a5a5a5a5a5a5a5u); /* untouched */
	ipm_segment_close(seg);
}
END_TEST

/* All that a segment holds, but for the times at which it was looked at. */
static uint64_t
all_that_is_read(const struct ipm_segment *seg)
{
	uint64_t hash = 1;
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++) {
		hash = hash * 31 + ipm_segment_capacity(seg, kind);
		for (uint32_t slot = 0; slot < ipm_segment_used(seg, kind); slot++) {
			uint64_t room[256] = { 0 };
			hash = hash * 31 + (uint32_t)ipm_read(seg, kind, slot, room);
			for (size_t i = 0; i < COUNT(room); i++)
				hash = hash * 31 + room[i];
		}
	}
	return hash;
}

START_TEST(a_header_that_changes_later_leads_no_reader_astray)
{
	static const uint64_t nasty[] = {
		0, 1, 0x1000, UINT32_MAX, 0x7fffffff, UINT64_MAX, UINT64_MAX - 7, 1ULL << 40
	};
	opt.capacity.lanes = 2;
	given_a_segment();
	struct ipm_segment *seg = attach();
	uint64_t before = all_that_is_read(seg);
	for (size_t n = 0; n < COUNT(nasty); n++) {
		struct ipm_header h = file_header();
		memcpy(h.magic, &nasty[n], sizeof(h.magic));
		h.abi = h.byte_order = h.sections = h.lanes = (uint32_t)nasty[n];
		h.index_first = h.index_last = (uint32_t)nasty[n];
		h.size = nasty[n];
		memset(h.name, 'x', sizeof(h.name));
		memset(h.control, 'x', sizeof(h.control));
		for (int i = 0; i < IPM_SECTIONS; i++) {
			h.section[i].kind = h.section[i].stride = h.section[i].capacity = (uint32_t)nasty[n];
			h.section[i].offset = nasty[n];
		}
		poke(0, &h, sizeof(h));
		char name[IPM_NAME_MAX], control[IPM_TEXT_MAX];
		ck_assert_uint_eq(all_that_is_read(seg), before);
		ck_assert_uint_eq(strlen(ipm_segment_name(seg, name)), sizeof(name) - 1);
		ck_assert_uint_eq(strlen(ipm_segment_control(seg, control)), sizeof(control) - 1);
		ck_assert_uint_eq(ipm_segment_index_first(seg), 1);
	}
	ipm_segment_close(seg);
}
END_TEST

START_TEST(a_slot_that_is_free_or_does_not_exist_holds_nothing)
{
	uint64_t room[256];
	given_a_segment();
	struct ipm_segment *seg = attach();
	for (enum ipm_section_kind kind = IPM_FEEDS; kind < IPM_SECTIONS; kind++) {
		uint32_t capacity = ipm_header(seg)->section[kind].capacity;
		uint32_t used = ipm_segment_used(seg, kind);
		if (kind != IPM_LANES && capacity > used) {
			ck_assert_int_eq(ipm_read(seg, kind, used, room), -ENOENT);
			ck_assert_int_eq(ipm_read(seg, kind, capacity - 1, room), -ENOENT);
		}
		ck_assert_int_eq(ipm_read(seg, kind, capacity, room), -ENOENT);
		ck_assert_int_eq(ipm_read(seg, kind, UINT32_MAX, room), -ENOENT);
	}
	ck_assert_int_eq(ipm_read(seg, IPM_TOTALS, 1, room), -ENOENT);
	ck_assert_int_eq(ipm_read(seg, IPM_LANES, 0, room), -ENOENT); /* lanes are no records */
	ck_assert_int_eq(ipm_read(seg, IPM_SECTIONS, 0, room), -ENOENT);
	ck_assert_uint_eq(ipm_record_size(IPM_SECTIONS), 0);
	ipm_segment_close(seg);
}
END_TEST

START_TEST(a_reader_of_slots_that_were_never_used_takes_no_memory)
{
	struct stat before, after;
	uint64_t room[4096 / 8];
	given_a_segment();
	struct ipm_segment *seg = attach();
	ck_assert_int_eq(stat(path, &before), 0);
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++)
		for (uint32_t slot = ipm_segment_used(seg, kind); slot < ipm_header(seg)->section[kind].capacity;
		     slot++)
			ck_assert_int_eq(ipm_read(seg, kind, slot, room), -ENOENT);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_int_eq(after.st_blocks, before.st_blocks);
	ipm_segment_close(seg);
}
END_TEST

START_TEST(texts_end_even_in_a_damaged_record)
{
	struct ipm_feed feed;
	struct ipm_tunnel tunnel;
	struct ipm_ike_sa ike;
	char junk[1024];
	struct ipm_writer *w = open_quietly();
	given_tunnel(w);
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_feed_open(w, "vici");
	ipm_writer_close(w);
	memset(junk, 'x', sizeof(junk));
	poke(record_offset(IPM_FEEDS, 0) + 8, junk, sizeof(feed));
	poke(record_offset(IPM_TUNNELS, 0) + 8, junk, sizeof(tunnel));
	poke(record_offset(IPM_IKE_SAS, 0) + 8, junk, sizeof(ike));
	struct ipm_segment *seg = attach();
	ck_assert_int_eq(ipm_feed_read(seg, 0, &feed), 0);
	ck_assert_uint_eq(strnlen(feed.name, sizeof(feed.name)), sizeof(feed.name) - 1);
	ck_assert_uint_eq(strnlen(feed.source, sizeof(feed.source)), sizeof(feed.source) - 1);
	ck_assert_uint_eq(strnlen(feed.detail, sizeof(feed.detail)), sizeof(feed.detail) - 1);
	ck_assert_uint_eq(strnlen(feed.error, sizeof(feed.error)), sizeof(feed.error) - 1);
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), 0);
	ck_assert_uint_eq(strnlen(tunnel.conn, sizeof(tunnel.conn)), sizeof(tunnel.conn) - 1);
	ck_assert_uint_eq(strnlen(tunnel.name, sizeof(tunnel.name)), sizeof(tunnel.name) - 1);
	ck_assert_int_eq(ipm_ike_read(seg, 0, &ike), 0);
	ck_assert_uint_eq(strnlen(ike.conn, sizeof(ike.conn)), sizeof(ike.conn) - 1);
	ck_assert_uint_eq(strnlen(ike.local_id, sizeof(ike.local_id)), sizeof(ike.local_id) - 1);
	ck_assert_uint_eq(strnlen(ike.remote_id, sizeof(ike.remote_id)), sizeof(ike.remote_id) - 1);
	ipm_segment_close(seg);
}
END_TEST

static void
record_poke(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, size_t field, uint32_t value)
{
	memcpy((char *)ipm_payload(ipm_record_at(ipm_writer_segment(w), kind, slot)) + field, &value, sizeof(value));
}
#define POKE(kind, type, slot, field, value) record_poke(w, kind, slot, offsetof(struct type, field), value)

/* From a map by its tunnel to its SA, and each is on its list again and again: 2^64 steps. */
static void
circle_of_sas(struct ipm_writer *w)
{
	POKE(IPM_TUNNELS, ipm_tunnel, 0, sas, UINT32_MAX);
	POKE(IPM_SAS, ipm_sa, 0, next, 1);
}

static void
circle_of_two_sas(struct ipm_writer *w)
{
	POKE(IPM_TUNNELS, ipm_tunnel, 0, sas, UINT32_MAX);
	POKE(IPM_SAS, ipm_sa, 0, next, 2);
	POKE(IPM_SAS, ipm_sa, 0, prev, 2);
	POKE(IPM_SAS, ipm_sa, 1, prev, 1);
}

static void
circle_of_tunnels(struct ipm_writer *w)
{
	POKE(IPM_MAPS, ipm_map_entry, 0, tunnels, UINT32_MAX);
	POKE(IPM_TUNNELS, ipm_tunnel, 0, map_next, 1);
	circle_of_sas(w);
}

static void
sa_that_does_not_exist(struct ipm_writer *w)
{
	POKE(IPM_SAS, ipm_sa, 0, next, UINT32_MAX);
	POKE(IPM_TUNNELS, ipm_tunnel, 0, sas, 3);
}

static void
more_sas_than_are_counted(struct ipm_writer *w)
{
	POKE(IPM_TUNNELS, ipm_tunnel, 0, sas, 1);
}

/* A map with a tunnel, which has two SAs: slot 1 is the first of the list, slot 0 the last. */
static struct ipm_writer *
given_lists(void)
{
	struct ipm_map_entry map = { .kind = IPM_MAP_STATIC, .name = "gw", .child = "net" };
	opt.capacity.lanes = 1;
	opt.capacity.maps = 4;
	struct ipm_writer *w = open_quietly();
	ck_assert_int_eq(ipm_map_open(w, &map), 0);
	uint32_t tunnel = given_tunnel(w);
	ipm_tunnel_from(w, tunnel, 0);
	given_sa(w, tunnel, IPM_IN);
	given_sa(w, tunnel, IPM_OUT);
	return w;
}

START_TEST(a_list_without_an_end_takes_the_segment_out_of_service)
{
	static void (*const damage[])(struct ipm_writer * w) = { circle_of_sas, circle_of_two_sas, circle_of_tunnels,
								 sa_that_does_not_exist, more_sas_than_are_counted };
	struct ipm_writer *w = given_lists();
	struct ipm_segment *seg = attach();
	uint64_t room[256];
	ck_assert_int_eq(ipm_read(seg, IPM_MAPS, 0, room), 0);
	ck_assert_int_eq(ipm_segment_state(seg, &err), 0);
	damage[_i](w);
	uint64_t began = ipm_now_ns();
	ck_assert_int_eq(ipm_read(seg, IPM_MAPS, 0, room), -EPROTO);
	ck_assert_uint_lt(ipm_now_ns() - began, 1000000000u);
	ck_assert_int_eq(ipm_segment_state(seg, &err), -EPROTO);
	ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "\"%s\" does not name the file", err.text);
	ck_assert_int_eq(ipm_read(seg, IPM_TOTALS, 0, room), -EPROTO);
	ck_assert_uint_eq(ipm_segment_used(seg, IPM_SAS), 0);
	ck_assert(!ipm_segment_stale(seg)); /* it is the same file: there is no use in attaching it again */
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_list_is_walked_from_the_newest_to_the_oldest)
{
	struct ipm_writer *w = given_lists();
	struct ipm_segment *seg = attach();
	struct ipm_tunnel tunnel;
	struct ipm_map_entry map;
	struct ipm_sa sa;
	struct ipm_walk walk;
	ck_assert_int_eq(ipm_map_read(seg, 0, &map), 0);
	ipm_walk_tunnels(&walk, seg, &map);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 1);
	ck_assert_uint_eq(walk.slot, 0);
	ck_assert_int_eq(ipm_walk_next(&walk, &tunnel), 0);
	ipm_walk_sas(&walk, seg, &tunnel);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), 1);
	ck_assert_uint_eq(walk.slot, 1);
	ck_assert_uint_eq(sa.direction, IPM_OUT);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), 1);
	ck_assert_uint_eq(walk.slot, 0);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), 0);
	/* one that is not there any more when its turn comes */
	ipm_walk_sas(&walk, seg, &tunnel);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), 1);
	ipm_sa_stop(w, 0);
	ck_assert_int_eq(ipm_walk_next(&walk, &sa), -EAGAIN);
	ck_assert_int_eq(ipm_segment_state(seg, &err), 0);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_walk_along_a_circle_ends)
{
	struct ipm_selector sel = { .local.prefix = 8 };
	struct ipm_tunnel tunnel;
	struct ipm_walk walk;
	struct ipm_writer *w = given_lists();
	struct ipm_segment *seg = attach();
	int rc;
	ck_assert_int_eq(ipm_tunnel_select(w, 0, &sel, 1), 0);
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), 0);
	ipm_walk_selectors(&walk, seg, &tunnel);
	ck_assert_int_eq(ipm_walk_next(&walk, &sel), 1);
	ck_assert_int_eq(ipm_walk_next(&walk, &sel), 0);
	POKE(IPM_SELECTORS, ipm_selector, 0, next, 1);
	ipm_walk_selectors(&walk, seg, &tunnel);
	while ((rc = ipm_walk_next(&walk, &sel)) > 0)
		;
	ck_assert_int_ne(rc, 0);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

/* All of them took less time than the patience for each of them. */
static void
expect_less_than_patience(const struct ipm_segment *seg, uint32_t reads)
{
	struct ipm_tunnel tunnel;
	uint64_t began = ipm_now_ns();
	for (uint32_t i = 0; i < reads; i++)
		ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), -EAGAIN);
	ck_assert_uint_lt(ipm_now_ns() - began, (uint64_t)reads * IPM_READ_PATIENCE_NS / 2);
	ck_assert_uint_eq(ipm_segment_unread(seg), reads);
}

START_TEST(nobody_waits_for_a_writer_that_is_gone)
{
	struct ipm_writer *w = open_quietly();
	uint64_t long_ago = 1;
	uint32_t nobody = 0x7ffffffe; /* no pid is so large */
	given_tunnel(w);
	struct ipm_segment *seg = attach();
	tear(IPM_TUNNELS, 0);
	if (_i == 0)
		poke(offsetof(struct ipm_header, writer_pid), &(uint32_t){ 0 }, sizeof(uint32_t));
	if (_i == 1)
		poke(offsetof(struct ipm_header, heartbeat_ns), &long_ago, sizeof(long_ago));
	if (_i == 2) {
		uint64_t lately = ipm_now_ns() - 3000000000u;
		poke(offsetof(struct ipm_header, heartbeat_ns), &lately, sizeof(lately));
		poke(offsetof(struct ipm_header, writer_pid), &nobody, sizeof(nobody));
	}
	expect_less_than_patience(seg, 300);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(all_reads_together_wait_no_longer_than_they_may)
{
	struct ipm_writer *w = open_quietly();
	given_tunnel(w);
	struct ipm_segment *seg = attach();
	tear(IPM_TUNNELS, 0);
	ipm_segment_patience(seg, 100000000u);
	expect_less_than_patience(seg, 300);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_guarded_reader_survives_a_segment_that_is_truncated)
{
	given_a_segment();
	struct ipm_segment *seg = attach(), *other;
	char other_path[SCRATCH_PATH];
	uint64_t room[256];
	signal(SIGBUS, SIG_DFL); /* a sanitizer's handler would tell of the last line as an error */
	path_in_scratch(other_path);
	opt.path = other_path;
	given_a_segment();
	ck_assert_int_eq(ipm_segment_attach(&other, opt.path, &err), 0);
	ck_assert_int_eq(ipm_segment_guard(), 0);
	ck_assert_int_eq(ipm_segment_guard(), 0);
	ck_assert_int_eq(truncate(path, _i ? 0 : 4096), 0);
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++)
		ck_assert_int_lt(ipm_read(seg, kind, 0, room), 0);
	ck_assert_int_eq(ipm_segment_state(seg, &err), -ESTALE);
	ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "\"%s\" does not name the file", err.text);
	ck_assert(ipm_segment_stale(seg));
	ck_assert_int_eq(ipm_totals_read(other, (struct ipm_totals *)(void *)room), 0);
	ck_assert_int_eq(ipm_segment_state(other, &err), 0);
	ipm_segment_close(seg);
	ipm_segment_close(other);
	raise(SIGBUS); /* not ours: it ends the process as it would have */
}
END_TEST

START_TEST(a_guarded_worker_survives_a_segment_that_is_truncated)
{
	struct ipm_fast *fast;
	struct ipm_worker me;
	opt.capacity.lanes = 2;
	given_a_segment();
	ck_assert_int_eq(ipm_fast_attach(&fast, path, &err), 0);
	ck_assert_int_ge(ipm_worker_join(fast, &me), 0);
	ck_assert_int_eq(ipm_segment_guard(), 0);
	ck_assert_int_eq(truncate(path, 4096), 0);
	ipm_lane_count(ipm_worker_lane(&me, 0), 1, 100);
	ipm_worker_quiescent(&me);
	ck_assert(ipm_segment_stale(ipm_fast_segment(fast)));
	ipm_worker_leave(&me);
	ipm_fast_close(fast);
}
END_TEST

START_TEST(a_reader_sees_what_the_writer_put)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_segment *seg = attach();
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED, .spi_initiator = 0x1122334455667788, .uid = 7 };
	strcpy(ike.remote_id, "C=CH, O=Example, CN=peer");
	ck_assert_int_eq(ipm_ike_start(w, &ike), 0);
	struct ipm_ike_sa got;
	ck_assert_int_eq(ipm_ike_read(seg, 0, &got), 0);
	ck_assert_uint_eq(got.index, 1);
	ck_assert_uint_eq(got.spi_initiator, 0x1122334455667788);
	ck_assert_str_eq(got.remote_id, "C=CH, O=Example, CN=peer");
	ck_assert_uint_ne(got.created_ns, 0);
	ck_assert_uint_eq(ipm_segment_used(seg, IPM_IKE_SAS), 1);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(the_change_number_moves_with_the_set_and_not_with_the_counts)
{
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	uint64_t tunnels = ipm_segment_change(seg, IPM_TUNNELS), sas = ipm_segment_change(seg, IPM_SAS);
	uint32_t tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_IN);
	ck_assert_uint_gt(ipm_segment_change(seg, IPM_TUNNELS), tunnels);
	ck_assert_uint_gt(ipm_segment_change(seg, IPM_SAS), sas);
	tunnels = ipm_segment_change(seg, IPM_TUNNELS);
	sas = ipm_segment_change(seg, IPM_SAS);
	counts(w, sa, 10, 1000);
	ipm_writer_commit(w);
	ck_assert_uint_eq(ipm_segment_change(seg, IPM_TUNNELS), tunnels);
	ck_assert_uint_eq(ipm_segment_change(seg, IPM_SAS), sas);
	ipm_sa_stop(w, sa);
	ck_assert_uint_gt(ipm_segment_change(seg, IPM_SAS), sas);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ck_assert_uint_gt(ipm_segment_change(seg, IPM_TUNNELS), tunnels);
	ipm_writer_close(w);
}
END_TEST

/* --- identity ---------------------------------------------------------------------------------------------- */

START_TEST(indexes_start_at_1_and_grow)
{
	struct ipm_writer *w = open_quietly();
	for (uint32_t i = 1; i <= 5; i++) {
		ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, i);
		ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, i);
	}
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_index_is_not_given_twice)
{
	struct ipm_writer *w = open_quietly();
	for (uint32_t i = 1; i <= 100; i++) {
		uint32_t slot = given_tunnel(w);
		ck_assert_uint_eq(tunnel_in(w, slot).index, i);
		ipm_tunnel_stop(w, slot, IPM_REASON_NORMAL);
	}
	ipm_writer_close(w);
}
END_TEST

START_TEST(after_the_last_index_comes_the_first_that_is_free)
{
	struct ipm_writer *w = open_quietly();
	given_tunnel(w); /* 1 */
	uint32_t second = given_tunnel(w);
	given_tunnel(w); /* 3 */
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_writer_totals(w)->next_tunnel = 2147483646;
	ipm_writer_totals(w)->next_ike = 2147483647;
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 2147483646);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 2147483647);
	ipm_tunnel_stop(w, second, IPM_REASON_NORMAL);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 2);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 4);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 2147483647);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 2);
	ipm_writer_close(w);
	w = open_quietly(); /* and a writer that comes later knows that they wrapped */
	ipm_writer_totals(w)->next_tunnel = 2147483647;
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 5);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_tunnel_that_outlives_its_ike_sa_is_remembered_with_its_peer)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED, .version = 2, .local_id = "us", .remote_id = "them" };
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	struct ipm_tunnel_history past;
	int at = ipm_ike_start(w, &ike);
	ck_assert_int_ge(at, 0);
	tunnel.ike_slot = (uint32_t)at;
	tunnel.ike_index = ipm_ike_peek(w, (uint32_t)at)->index;
	int slot = ipm_tunnel_start(w, &tunnel);
	ck_assert_int_ge(slot, 0);
	ipm_ike_stop(w, (uint32_t)at, IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, (uint32_t)slot, IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_tunnel_history_read(ipm_writer_segment(w), 0, &past), 0);
	ck_assert_str_eq(past.local_id, "us");
	ck_assert_str_eq(past.remote_id, "them");
	ipm_writer_close(w);
}
END_TEST

START_TEST(indexes_are_of_the_range_that_the_writer_was_given)
{
	opt.index_first = 1000000001;
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_tunnel_history past;
	uint32_t tunnel = given_tunnel(w);
	ck_assert_uint_eq(tunnel_in(w, tunnel).index, 1000000001);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 1000000001);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_tunnel_history_read(seg, 0, &past), 0);
	ck_assert_uint_eq(past.index, 1000000001);
	ck_assert(ipm_ring_shown(seg, IPM_TUNNEL_HISTORY, 1000000001));
	ck_assert(!ipm_ring_shown(seg, IPM_TUNNEL_HISTORY, 1000000002));
	ck_assert(!ipm_ring_shown(seg, IPM_TUNNEL_HISTORY, 1));
	ipm_writer_totals(w)->next_tunnel = 2147483647;
	given_tunnel(w);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 1000000001);
	ipm_writer_close(w);

	opt.index_first = 1; /* these would be given out of turn */
	w = open_saying("starting afresh");
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_range_of_indexes_that_does_not_suffice_is_refused)
{
	struct ipm_writer *w;
	opt.index_first = 2147483647 - opt.capacity.history;
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -EINVAL);
	ck_assert(strstr(err.text, "indexes"));
}
END_TEST

START_TEST(a_slot_rests_before_it_is_used_again)
{
	struct ipm_writer *w = open_quietly();
	uint32_t first = given_tunnel(w);
	ipm_tunnel_stop(w, first, IPM_REASON_NORMAL);
	for (int i = 0; i < 16; i++) {
		uint32_t slot = given_tunnel(w);
		ck_assert_uint_ne(slot, first);
		ipm_tunnel_stop(w, slot, IPM_REASON_NORMAL);
	}
	ck_assert_uint_eq(given_tunnel(w), first); /* the longest free goes first */
	ck_assert_uint_eq(ipm_segment_used(ipm_writer_segment(w), IPM_TUNNELS), 17);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_reused_slot_has_another_generation)
{
	opt.capacity.tunnels = 1;
	struct ipm_writer *w = open_quietly();
	const struct ipm_record *rec = ipm_record_at(ipm_writer_segment(w), IPM_TUNNELS, 0);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	uint32_t before = rec->generation;
	given_tunnel(w);
	ck_assert_uint_eq(rec->generation, before + 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_tunnel_knows_whether_its_ike_sa_is_alive)
{
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED);
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .ike_slot = ike };
	ck_assert(!ipm_tunnel_ike_alive(seg, &tunnel)); /* keyed by hand: it never had one */
	tunnel.ike_index = ipm_ike_peek(w, ike)->index;
	ck_assert(ipm_tunnel_ike_alive(seg, &tunnel));
	struct ipm_ike_sa held = *ipm_ike_peek(w, ike);
	held.held = 1;
	ipm_ike_put(w, ike, &held);
	ck_assert(!ipm_tunnel_ike_alive(seg, &tunnel));
	held.held = 0;
	ipm_ike_put(w, ike, &held);
	ck_assert(ipm_tunnel_ike_alive(seg, &tunnel));
	ipm_ike_stop(w, ike, IPM_REASON_NORMAL);
	ck_assert(!ipm_tunnel_ike_alive(seg, &tunnel));
	tunnel.ike_slot = UINT32_MAX;
	ck_assert(!ipm_tunnel_ike_alive(seg, &tunnel));
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_a_put_may_not_change_stays)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_OUT);
	struct ipm_selector sel = subnet(1);
	ipm_tunnel_select(w, tunnel, &sel, 1);
	ipm_ike_refresh(w, ike);
	ipm_tunnel_refresh(w, tunnel);
	counts(w, sa, 10, 1000);

	ipm_ike_put(w, ike, &(struct ipm_ike_sa){ .index = 99, .state = IPM_IKE_ESTABLISHED, .version = 1 });
	ck_assert_uint_eq(ipm_ike_peek(w, ike)->index, 1);
	ck_assert_uint_eq(ipm_ike_peek(w, ike)->refreshes, 1);
	ck_assert_uint_eq(ipm_ike_peek(w, ike)->version, 1);

	ipm_tunnel_put(w, tunnel, &(struct ipm_tunnel){ .index = 99, .state = IPM_TUNNEL_UP, .reqid = 5, .sas = 7 });
	struct ipm_tunnel got = tunnel_in(w, tunnel);
	ck_assert_uint_eq(got.index, 1);
	ck_assert_uint_eq(got.refreshes, 1);
	ck_assert_uint_eq(got.sas, 1);
	ck_assert_uint_eq(got.reqid, 5);
	ck_assert_uint_eq(got.out.octets, 1000);
	ck_assert_uint_eq(selector_index(w, tunnel, 1), 1);

	ipm_sa_put(w, sa,
		   &(struct ipm_sa){ .index = 99, .tunnel_slot = 9, .direction = IPM_OUT, .spi = 0xbeef, .seq = 5 });
	struct ipm_sa got_sa = sa_in(w, sa);
	ck_assert_uint_eq(got_sa.index, 1);
	ck_assert_uint_eq(got_sa.tunnel_index, 1);
	ck_assert_uint_eq(got_sa.seq, 5);
	ck_assert_uint_eq(got_sa.spi, 0xc0ffee);
	ck_assert_uint_eq(got_sa.count.octets, 1000);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_feed_keeps_its_slot_by_its_name)
{
	struct ipm_writer *w = open_quietly();
	ck_assert_int_eq(ipm_feed_open(w, "vici"), 0);
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), 1);
	ck_assert_int_eq(ipm_feed_open(w, "vici"), 0);
	struct ipm_feed feed = *ipm_feed_peek(w, 1);
	ck_assert_uint_eq(feed.index, 2);
	ck_assert_uint_eq(feed.state, IPM_FEED_DOWN);
	feed.state = IPM_FEED_UP;
	ipm_feed_put(w, 1, &feed);
	ipm_writer_close(w);
	w = open_quietly();
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), 1);
	ck_assert_int_eq(ipm_feed_read(ipm_writer_segment(w), 1, &feed), 0);
	ck_assert_uint_eq(feed.state, IPM_FEED_UP);
	ipm_writer_close(w);
}
END_TEST

/* --- counts ------------------------------------------------------------------------------------------------ */

START_TEST(an_agent_keeps_its_slot_by_its_name)
{
	struct ipm_agent one = { .name = "one" }, two = { .name = "two" };
	opt.capacity.agents = 3;
	struct ipm_writer *w = open_quietly();
	for (int times = 0; times < 2; times++) {
		ck_assert_int_eq(ipm_agent_put(w, &one), 0);
		ck_assert_int_eq(ipm_agent_put(w, &two), 1);
	}
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_rekey_keeps_the_index_and_the_counts)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), out = given_sa(w, tunnel, IPM_OUT);
	counts(w, in, 10, 1000);
	counts(w, out, 20, 3000);

	uint32_t new_in = given_sa(w, tunnel, IPM_IN), new_out = given_sa(w, tunnel, IPM_OUT);
	ipm_tunnel_refresh(w, tunnel);
	counts(w, in, 11, 1100); /* both are in use for a moment */
	counts(w, new_in, 1, 50);
	counts(w, new_out, 2, 70);
	ipm_sa_stop(w, in);
	ipm_sa_stop(w, out);

	struct ipm_tunnel got = tunnel_in(w, tunnel);
	ck_assert_uint_eq(got.index, 1);
	ck_assert_uint_eq(got.refreshes, 1);
	ck_assert_uint_eq(got.sas, 2);
	ck_assert_uint_eq(got.sas_retired, 2);
	ck_assert_uint_eq(got.in.pkts, 12);
	ck_assert_uint_eq(got.in.octets, 1150);
	ck_assert_uint_eq(got.out.pkts, 22);
	ck_assert_uint_eq(got.out.octets, 3070);
	ck_assert_uint_eq(sa_in(w, new_in).index, 3); /* cipSecSpiIndex goes on */
	ck_assert_uint_eq(sa_in(w, new_out).index, 4);
	ck_assert_uint_eq(sa_in(w, new_out).count.octets, 70);
	struct ipm_sa gone;
	ck_assert_int_eq(ipm_sa_read(ipm_writer_segment(w), in, &gone), -ENOENT);
	ck_assert_uint_eq(totals_in(w).in.octets, 1150);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(sas_leave_their_tunnels_list_from_any_place)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), sa[5];
	static const int order[] = { 2, 0, 4, 1, 3 };
	for (int i = 0; i < 5; i++)
		sa[i] = given_sa(w, tunnel, IPM_IN);
	for (uint32_t i = 0; i < 5; i++) {
		ipm_sa_stop(w, sa[order[i]]);
		ck_assert_uint_eq(tunnel_in(w, tunnel).sas, 4 - i);
		expect_consistent(w);
	}
	ck_assert_uint_eq(tunnel_in(w, tunnel).sas_retired, 5);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_source_that_starts_again_from_zero_adds_what_it_counted_since)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_IN);
	counts(w, sa, 10, 1000);
	counts(w, sa, 4, 300); /* started again */
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.pkts, 14);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 1300);
	counts(w, sa, 5, 350);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.pkts, 15);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 1350);
	ck_assert_uint_eq(totals_in(w).in.octets, 1350);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_source_that_started_again_is_known_by_one_count_that_went_back)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_IN);
	counts(w, sa, 2, 3000);
	counts(w, sa, 20, 1200); /* 20 small ones since: more packets than before, fewer octets */
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.pkts, 22);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 4200);
	ipm_writer_close(w);
}
END_TEST

START_TEST(crypts_and_auths_follow_from_packets_and_transforms)
{
	static const struct {
		uint8_t protocol;
		uint16_t encr, integ;
		uint64_t crypts, auths; /* of 10 packets, and 2 that failed the check */
	} cases[] = {
		{ 50, 12, 12, 10, 12 }, /* AES-CBC, HMAC-SHA2-256 */
		{ 50, 20, 0, 10, 12 },  /* AES-GCM */
		{ 50, 28, 0, 10, 12 },  /* ChaCha20-Poly1305 */
		{ 50, 12, 0, 10, 0 },   /* AES-CBC alone */
		{ 50, 11, 12, 0, 12 },  /* NULL */
		{ 50, 21, 0, 0, 12 },   /* GMAC */
		{ 51, 0, 12, 0, 12 },   /* AH */
		{ 108, 0, 0, 0, 0 },    /* IPComp */
	};
	opt.capacity.lanes = 2;
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	struct ipm_sa sa = { .direction = IPM_IN, .protocol = cases[_i].protocol };
	sa.proposal.encr = cases[_i].encr;
	sa.proposal.integ = cases[_i].integ;
	uint32_t slot = (uint32_t)ipm_sa_start(w, tunnel, &sa);
	struct ipm_traffic now = { .pkts = 4, .octets = 400, .crypts = 77, .auths = 77 }; /* not what a source says */
	now.drops[IPM_DROP_AUTH] = 1;
	ipm_sa_count(w, slot, &now);
	now.pkts = 7;
	ipm_sa_count(w, slot, &now);
	ipm_lane_count(ipm_sa_lane(w, slot, 1), 3, 300);
	ipm_lane_drop(ipm_sa_lane(w, slot, 0), IPM_DROP_AUTH, 1);
	for (int stopped = 0; stopped < 2; stopped++) {
		if (!stopped) {
			ck_assert_uint_eq(sa_in(w, slot).count.crypts, cases[_i].crypts);
			ck_assert_uint_eq(sa_in(w, slot).count.auths, cases[_i].auths);
		}
		ck_assert_uint_eq(tunnel_in(w, tunnel).in.crypts, cases[_i].crypts);
		ck_assert_uint_eq(tunnel_in(w, tunnel).in.auths, cases[_i].auths);
		ck_assert_uint_eq(totals_in(w).in.crypts, cases[_i].crypts);
		ck_assert_uint_eq(totals_in(w).in.auths, cases[_i].auths);
		if (!stopped)
			ipm_sa_stop(w, slot);
	}
	ipm_writer_close(w);
}
END_TEST

START_TEST(drops_are_counted_by_reason_and_direction)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), out = given_sa(w, tunnel, IPM_OUT);
	struct ipm_traffic now = { 0 };
	now.drops[IPM_DROP_REPLAY] = 3;
	now.drops[IPM_DROP_AUTH] = 5;
	ipm_sa_count(w, in, &now);
	now.drops[IPM_DROP_REPLAY] = 4;
	ipm_sa_count(w, in, &now);
	memset(&now, 0, sizeof(now));
	now.drops[IPM_DROP_OTHER] = 1;
	ipm_sa_count(w, out, &now);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	struct ipm_totals totals = totals_in(w);
	ck_assert_uint_eq(totals.in.drops[IPM_DROP_REPLAY], 4);
	ck_assert_uint_eq(totals.in.drops[IPM_DROP_AUTH], 5);
	ck_assert_uint_eq(totals.in.drops[IPM_DROP_OTHER], 0);
	ck_assert_uint_eq(totals.out.drops[IPM_DROP_OTHER], 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(counts_go_past_32_bits)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_OUT);
	counts(w, sa, 1, (3ULL << 32) + 5);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.octets, (3ULL << 32) + 5);
	counts(w, sa, 2, (3ULL << 32) + 6);
	ck_assert_uint_eq(totals_in(w).out.octets, (3ULL << 32) + 6);
	ipm_writer_close(w);
}
END_TEST

START_TEST(totals_keep_what_is_gone)
{
	struct ipm_writer *w = open_quietly();
	uint32_t ike = given_ike(w, IPM_IKE_ESTABLISHED), tunnel = given_tunnel(w), sa = given_sa(w, tunnel, IPM_IN);
	counts(w, sa, 10, 1000);
	struct ipm_totals totals = totals_in(w);
	ck_assert_uint_eq(totals.ike_active, 1);
	ck_assert_uint_eq(totals.tunnels_active, 1);
	ck_assert_uint_eq(totals.ike_previous + totals.tunnels_previous, 0);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_PEER_DELETE);
	ipm_ike_stop(w, ike, IPM_REASON_PEER_DELETE);
	totals = totals_in(w);
	ck_assert_uint_eq(totals.ike_active, 0);
	ck_assert_uint_eq(totals.tunnels_active, 0);
	ck_assert_uint_eq(totals.ike_previous, 1);
	ck_assert_uint_eq(totals.tunnels_previous, 1);
	ck_assert_uint_eq(totals.in.octets, 1000);
	ck_assert_uint_eq(totals.in.pkts, 10);
	ck_assert_int_eq(ipm_read(ipm_writer_segment(w), IPM_TUNNELS, tunnel, (uint64_t[256]){ 0 }), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(failures_that_a_feed_counts_are_published_by_a_commit)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_totals totals;
	ipm_writer_totals(w)->ike_auth_fails += 3;
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(w), &totals), 0);
	ck_assert_uint_eq(totals.ike_auth_fails, 0);
	ck_assert_uint_eq(totals_in(w).ike_auth_fails, 3);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_held_tunnel_leaves_the_gauge_and_comes_back)
{
	struct ipm_writer *w = open_quietly();
	uint32_t slot = given_tunnel(w);
	given_tunnel(w);
	counts(w, given_sa(w, slot, IPM_IN), 1, 100);
	struct ipm_tunnel tunnel = tunnel_in(w, slot);
	tunnel.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, slot, &tunnel);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 1);
	ck_assert_uint_eq(totals_in(w).tunnels_previous, 0);
	ipm_tunnel_put(w, slot, &tunnel); /* to say it twice changes nothing */
	ck_assert_uint_eq(totals_in(w).tunnels_active, 1);
	tunnel.state = IPM_TUNNEL_UP;
	ipm_tunnel_put(w, slot, &tunnel);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 2);
	ck_assert_uint_eq(tunnel_in(w, slot).index, 1);
	ck_assert_uint_eq(tunnel_in(w, slot).in.octets, 100);
	tunnel.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, slot, &tunnel);
	ipm_tunnel_stop(w, slot, IPM_REASON_SOURCE_LOST);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 1);
	ck_assert_uint_eq(totals_in(w).tunnels_previous, 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_ike_sa_counts_once_it_is_established)
{
	struct ipm_writer *w = open_quietly();
	uint32_t slot = given_ike(w, IPM_IKE_NEGOTIATING);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	struct ipm_ike_sa sa = *ipm_ike_peek(w, slot);
	sa.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_active, 1);
	sa.state = IPM_IKE_DELETING;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_active, 1);
	sa.held = 1;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	sa.held = 0;
	ipm_ike_put(w, slot, &sa);
	ipm_ike_stop(w, slot, IPM_REASON_NORMAL);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	ck_assert_uint_eq(totals_in(w).ike_previous, 1);
	ipm_ike_stop(w, given_ike(w, IPM_IKE_NEGOTIATING), IPM_REASON_LOCAL_FAILURE);
	ck_assert_uint_eq(totals_in(w).ike_previous, 1); /* it never was one */
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_negotiation_takes_no_index_until_it_is_established)
{
	struct ipm_writer *w = open_quietly();
	for (int i = 0; i < 10000; i++)
		ipm_ike_stop(w, given_ike(w, IPM_IKE_NEGOTIATING), IPM_REASON_UNKNOWN);
	uint32_t slot = given_ike(w, IPM_IKE_NEGOTIATING), other = given_ike(w, IPM_IKE_NEGOTIATING);
	uint32_t before = ipm_ike_peek(w, slot)->index, left = ipm_ike_peek(w, other)->index;
	ck_assert_uint_ge(before, IPM_IKE_UNNUMBERED);
	ck_assert_uint_ne(before, left);
	ck_assert_uint_eq(ipm_ike_index(ipm_ike_peek(w, slot)), 0);
	struct ipm_ike_sa sa = *ipm_ike_peek(w, slot);
	sa.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(ipm_ike_peek(w, slot)->index, 1);
	ck_assert_uint_eq(ipm_ike_index(ipm_ike_peek(w, slot)), 1);
	/* Who knows it by its temporary number finds it; the next run gives none that is in use. */
	ck_assert_int_eq(ipm_ike_find(w, slot, before), (int)slot);
	ck_assert_int_eq(ipm_ike_find(w, slot, left), -ENOENT);
	ipm_writer_close(w);
	w = open_quietly();
	ck_assert_uint_eq(ipm_ike_peek(w, other)->index, left);
	ck_assert_uint_gt(ipm_ike_peek(w, given_ike(w, IPM_IKE_NEGOTIATING))->index, left);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 2);
	ipm_writer_close(w);
}
END_TEST

static struct ipm_ike_sa
ike_in(struct ipm_writer *w, uint32_t slot)
{
	return *ipm_ike_peek(w, slot);
}

START_TEST(an_ike_sa_is_found_by_the_spis_that_it_has_now)
{
	struct ipm_writer *w = open_quietly();
	uint32_t first = given_ike(w, IPM_IKE_NEGOTIATING), second = given_ike(w, IPM_IKE_ESTABLISHED);
	struct ipm_ike_sa sa = ike_in(w, first);
	sa.spi_initiator = 7;
	ipm_ike_put(w, first, &sa);
	ck_assert_int_eq(ipm_ike_named(w, 7, 0, -1), (int)first);
	sa.spi_responder = 8;
	ipm_ike_put(w, first, &sa);
	ck_assert_int_eq(ipm_ike_named(w, 7, 0, -1), -ENOENT);
	ck_assert_int_eq(ipm_ike_named(w, 7, 8, -1), (int)first);
	ck_assert_int_eq(ipm_ike_named(w, 8, 7, -1), -ENOENT);
	sa = ike_in(w, second);
	sa.spi_initiator = 7;
	sa.spi_responder = 8;
	ipm_ike_put(w, second, &sa);
	int one = ipm_ike_named(w, 7, 8, -1), other = ipm_ike_named(w, 7, 8, one);
	ck_assert_int_eq(one + other, (int)(first + second));
	ck_assert_int_eq(ipm_ike_named(w, 7, 8, other), -ENOENT);
	ipm_writer_close(w);

	w = open_quietly(); /* another run finds it likewise */
	ipm_ike_stop(w, second, IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_ike_named(w, 7, 8, -1), (int)first);
	ck_assert_int_eq(ipm_ike_named(w, 7, 8, (int)first), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(ike_messages_count_for_their_ike_sa_and_the_gateway)
{
	struct ipm_writer *w = open_quietly();
	uint32_t slot = given_ike(w, IPM_IKE_ESTABLISHED);
	const struct ipm_ike_traffic in = { 100, 1, 2, 3, 4, 5, 6, 7 }, out = { .octets = 1000, .pkts = 10 };
	ipm_ike_count(w, (int)slot, &in, &out);
	ipm_ike_count(w, (int)slot, &in, &out);
	ipm_ike_count(w, -1, &in, &out); /* of one that has no record */
	struct ipm_ike_sa sa = ike_in(w, slot);
	ck_assert_mem_eq(&sa.in, &((struct ipm_ike_traffic){ 200, 2, 4, 6, 8, 10, 12, 14 }), sizeof(sa.in));
	ck_assert_uint_eq(sa.out.octets, 2000);
	ck_assert_uint_eq(totals_in(w).ike_in.sa_deletes, 21);
	ck_assert_uint_eq(totals_in(w).ike_out.pkts, 30);
	ipm_writer_close(w);
}
END_TEST

START_TEST(two_records_of_one_ike_sa_become_one)
{
	struct ipm_writer *w = open_quietly();
	uint32_t watched = given_ike(w, IPM_IKE_NEGOTIATING), told = given_ike(w, IPM_IKE_ESTABLISHED);
	uint32_t index = ike_in(w, watched).index;
	const struct ipm_ike_traffic in = { .octets = 100, .pkts = 1 }, out = { .octets = 1000, .pkts = 10 };
	ipm_ike_count(w, (int)watched, &in, &out);
	ipm_ike_count(w, (int)told, &in, &out);
	ck_assert_int_eq(ipm_ike_find(w, watched, index), (int)watched);
	ipm_ike_merge(w, watched, told);
	ck_assert_uint_eq(ike_in(w, told).in.octets, 200);
	ck_assert_uint_eq(ike_in(w, told).out.pkts, 20);
	ck_assert_uint_eq(totals_in(w).ike_in.octets, 200);
	ck_assert_uint_eq(totals_in(w).ike_active, 1);
	ck_assert_uint_eq(totals_in(w).ike_previous, 0);
	/* Who still holds the old one is told where it is. */
	ck_assert_int_eq(ipm_ike_find(w, watched, index), (int)told);
	ck_assert_int_eq(ipm_ike_find(w, watched, index + 1), -ENOENT);
	ipm_ike_stop(w, told, IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_ike_find(w, watched, index), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_ike_sa_is_not_merged_with_one_that_is_gone)
{
	struct ipm_writer *w = open_quietly();
	uint32_t there = given_ike(w, IPM_IKE_ESTABLISHED), gone = given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_ike_stop(w, gone, IPM_REASON_NORMAL);
	struct ipm_ike_sa before = ike_in(w, there);
	ipm_ike_merge(w, there, gone);
	ipm_ike_merge(w, gone, there);
	ck_assert_uint_eq(ike_in(w, there).index, before.index);
	ck_assert_uint_eq(ike_in(w, gone).index, 0);
	ck_assert_uint_eq(totals_in(w).ike_active, 1);
	ck_assert_uint_eq(totals_in(w).ike_previous, 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(one_that_is_negotiated_makes_room_for_one_that_is_established)
{
	opt.capacity.ike_sas = 3;
	struct ipm_writer *w = open_quietly();
	uint32_t up = given_ike(w, IPM_IKE_ESTABLISHED);
	struct ipm_ike_sa young = { .state = IPM_IKE_NEGOTIATING, .created_ns = 2 }, old = young;
	old.created_ns = 1;
	uint32_t younger = (uint32_t)ipm_ike_start(w, &young), older = (uint32_t)ipm_ike_start(w, &old);
	uint32_t gone = ike_in(w, older).index;
	ipm_ike_make_room(w);
	ck_assert_int_eq(ipm_ike_find(w, older, gone), -ENOENT);
	ck_assert_uint_ne(ike_in(w, younger).index, 0);
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_ike_make_room(w);
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_ike_make_room(w); /* what is established stays */
	ck_assert_uint_ne(ike_in(w, up).index, 0);
	ck_assert_uint_eq(totals_in(w).ike_active, 3);
	ck_assert_uint_eq(totals_in(w).records_refused, 0);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_ike_sa_that_we_began_counts_as_initiated_when_it_is_established)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_ike_sa sa = { .state = IPM_IKE_NEGOTIATING, .initiator = 1 };
	uint32_t slot = (uint32_t)ipm_ike_start(w, &sa);
	ck_assert_uint_eq(totals_in(w).ike_initiated, 0);
	sa = ike_in(w, slot);
	sa.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, slot, &sa);
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_initiated, 1);
	ipm_ike_start(w, &sa);
	ck_assert_uint_eq(totals_in(w).ike_initiated, 2);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_checkpoint_has_every_ike_sa_and_tunnel_that_is_up)
{
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_ike_history ike;
	struct ipm_tunnel_history tunnel;
	uint32_t ikes[2] = { given_ike(w, IPM_IKE_ESTABLISHED) }, tunnels[2] = { given_tunnel(w) };
	given_ike(w, IPM_IKE_NEGOTIATING);
	ikes[1] = given_ike(w, IPM_IKE_ESTABLISHED);
	tunnels[1] = given_tunnel(w);
	ipm_checkpoint(w);
	for (uint32_t at = 0; at < 2; at++) {
		ck_assert_int_eq(ipm_ike_history_read(seg, at, &ike), 0);
		ck_assert_int_eq(ike.reason, IPM_REASON_CHECKPOINT);
		ck_assert_uint_eq(ike.sa.index, ike_in(w, ikes[at]).index);
		ck_assert_int_eq(ipm_tunnel_history_read(seg, at, &tunnel), 0);
		ck_assert_int_eq(tunnel.reason, IPM_REASON_CHECKPOINT);
		ck_assert_uint_eq(tunnel.tunnel.index, tunnel_in(w, tunnels[at]).index);
	}
	ck_assert_int_lt(ipm_ike_history_read(seg, 2, &ike), 0);
	ck_assert_int_lt(ipm_tunnel_history_read(seg, 2, &tunnel), 0);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_ike_sa_given_up_before_it_was_established_is_never_shown_nor_announced)
{
	struct ipm_writer *w = open_quietly();
	struct ipm_event event;
	uint32_t slot = given_ike(w, IPM_IKE_NEGOTIATING);
	struct ipm_ike_sa sa = *ipm_ike_peek(w, slot);
	sa.state = IPM_IKE_DELETING;
	ipm_ike_put(w, slot, &sa);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	ipm_ike_stop(w, slot, IPM_REASON_LOCAL_FAILURE);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	ck_assert_uint_eq(totals_in(w).ike_previous, 0);
	ck_assert_int_eq(ipm_event_next(ipm_writer_segment(w), 0, &event), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

/* --- selectors --------------------------------------------------------------------------------------------- */

START_TEST(selectors_that_stay_keep_their_index)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	struct ipm_selector first[] = { subnet(1), subnet(2), subnet(3) };
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, first, 3), 0);
	uint32_t one = selector_index(w, tunnel, 1), three = selector_index(w, tunnel, 3);
	ck_assert_uint_ne(one, 0);
	ck_assert_uint_ne(three, 0);
	uint64_t change = ipm_segment_change(ipm_writer_segment(w), IPM_SELECTORS);

	struct ipm_selector again[] = { subnet(3), subnet(1), subnet(2) };
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, again, 3), 0);
	ck_assert_uint_eq(ipm_segment_change(ipm_writer_segment(w), IPM_SELECTORS), change); /* nothing new in that */
	ck_assert_uint_eq(selector_index(w, tunnel, 1), one);

	struct ipm_selector next[] = { subnet(4), subnet(3), subnet(1) };
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, next, 3), 0);
	ck_assert_uint_gt(ipm_segment_change(ipm_writer_segment(w), IPM_SELECTORS), change);
	ck_assert_uint_eq(selector_index(w, tunnel, 1), one);
	ck_assert_uint_eq(selector_index(w, tunnel, 3), three);
	ck_assert_uint_eq(selector_index(w, tunnel, 2), 0);
	ck_assert_uint_eq(selector_index(w, tunnel, 4), 4); /* a new one has a new index */
	expect_consistent(w);

	struct ipm_selector other_ports = subnet(1);
	other_ports.remote.port_last = 1023;
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, &other_ports, 1), 0);
	ck_assert_uint_eq(selector_index(w, tunnel, 1), 5); /* other ports: another selector */
	ck_assert_uint_eq(expect_readable(ipm_writer_segment(w), IPM_SELECTORS, false), 1);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ck_assert_uint_eq(expect_readable(ipm_writer_segment(w), IPM_SELECTORS, false), 0);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_selector_given_twice_is_kept_once)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), other = given_tunnel(w);
	struct ipm_selector sel[] = { subnet(1), subnet(1), subnet(2), subnet(1) };
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, sel, 4), 0);
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, sel, 4), 0);
	ck_assert_uint_eq(expect_readable(ipm_writer_segment(w), IPM_SELECTORS, false), 2);
	ck_assert_int_eq(ipm_tunnel_select(w, other, sel, 1), 0); /* another tunnel has its own */
	ck_assert_uint_eq(selector_index(w, other, 1), 1);
	ck_assert_uint_eq(expect_readable(ipm_writer_segment(w), IPM_SELECTORS, false), 3);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

/* --- events ------------------------------------------------------------------------------------------------ */

START_TEST(events_come_in_the_order_in_which_things_happened)
{
	static const uint16_t kinds[] = { IPM_EVENT_IKE_START, IPM_EVENT_TUNNEL_START, IPM_EVENT_TUNNEL_STOP,
					  IPM_EVENT_IKE_STOP };
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_event event;
	ck_assert_int_eq(ipm_event_next(seg, 0, &event), -ENOENT);
	uint32_t ike = given_ike(w, IPM_IKE_NEGOTIATING);
	struct ipm_ike_sa up = *ipm_ike_peek(w, ike);
	up.state = IPM_IKE_ESTABLISHED;
	ipm_ike_put(w, ike, &up);
	struct ipm_tunnel made = { .state = IPM_TUNNEL_UP, .ike_index = 1, .ike_slot = ike };
	int tunnel = ipm_tunnel_start(w, &made);
	ipm_ike_refresh(w, ike); /* a rekey is no event */
	ipm_tunnel_refresh(w, (uint32_t)tunnel);
	ipm_tunnel_stop(w, (uint32_t)tunnel, IPM_REASON_PEER_LOST);
	ipm_ike_stop(w, ike, IPM_REASON_OPERATOR);
	uint64_t serial = 0, time = 0;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		ck_assert_int_eq(ipm_event_next(seg, serial, &event), 0);
		ck_assert_uint_eq(event.serial, serial + 1);
		ck_assert_uint_eq(event.kind, kinds[i]);
		ck_assert_uint_ge(event.time_ns, time);
		ck_assert_uint_eq(event.index, 1); /* of the record, and of its history when it has ended */
		serial = event.serial;
		time = event.time_ns;
	}
	ck_assert_uint_eq(event.reason, IPM_REASON_OPERATOR);
	ck_assert_int_eq(ipm_event_next(seg, serial, &event), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_reader_who_was_too_slow_for_the_events_is_told)
{
	opt.capacity.events = 4;
	struct ipm_writer *w = open_quietly();
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_event event;
	for (int i = 0; i < 10; i++)
		given_tunnel(w);
	ck_assert_int_eq(ipm_event_next(seg, 0, &event), 0); /* wants the oldest there is, and gets it */
	ck_assert_uint_eq(event.serial, 7);
	ck_assert_int_eq(ipm_event_next(seg, 2, &event), -EOVERFLOW);
	ck_assert_uint_eq(event.serial, 7);
	ck_assert_uint_eq(event.index, 7);
	ck_assert_int_eq(ipm_event_next(seg, 6, &event), 0);
	ck_assert_int_eq(ipm_event_next(seg, 7, &event), 0);
	ck_assert_uint_eq(event.serial, 8);
	ck_assert_int_eq(ipm_event_next(seg, 10, &event), -ENOENT);
	ck_assert_int_eq(ipm_event_next(seg, UINT64_MAX - 1, &event), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_event_that_was_being_overwritten_when_the_writer_died_is_passed_over)
{
	opt.capacity.events = 4;
	struct ipm_writer *w = open_quietly();
	struct ipm_event event;
	for (int i = 0; i < 10; i++)
		given_tunnel(w);
	ipm_writer_close(w);
	/* serial 11 was on its way into slot 2, which holds serial 7; its first words have arrived */
	uint64_t serial = 11;
	tear(IPM_EVENTS, 2);
	poke(record_offset(IPM_EVENTS, 2) + 8 + offsetof(struct ipm_event, serial), &serial, sizeof(serial));
	struct ipm_segment *seg = attach();
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(ipm_event_next(seg, 0, &event), 0);
		ck_assert_uint_eq(event.serial, 8);
		ck_assert_int_eq(ipm_event_next(seg, 6, &event), -EOVERFLOW);
		ck_assert_uint_eq(event.serial, 8);
		ck_assert_int_eq(ipm_event_next(seg, 10, &event), -ENOENT);
		if (i == 0)
			w = open_quietly(); /* the same when another run has taken over */
	}
	given_tunnel(w);
	ck_assert_int_eq(ipm_event_next(seg, 10, &event), 0);
	ck_assert_uint_eq(event.serial, 11);
	ck_assert_uint_eq(event.index, 11);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

/* Where the low half of a serial comes second, so do all events: it must not be taken for the index of a free slot. */
START_TEST(an_event_is_read_whatever_half_of_its_serial_is_zero)
{
	ipm_writer_close(open_quietly());
	uint64_t newest = UINT32_MAX;
	poke(offsetof(struct ipm_header, event_serial), &newest, sizeof(newest));
	struct ipm_writer *w = open_quietly();
	struct ipm_event event;
	given_tunnel(w);
	ck_assert_int_eq(ipm_event_next(ipm_writer_segment(w), newest, &event), 0);
	ck_assert_uint_eq(event.serial, newest + 1);
	ck_assert_uint_eq(event.index, 1);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_segment_without_room_for_events_does_without)
{
	opt.capacity.events = 0;
	struct ipm_writer *w = open_quietly();
	struct ipm_event event;
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_event_next(ipm_writer_segment(w), 0, &event), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

/* --- full -------------------------------------------------------------------------------------------------- */

START_TEST(what_a_full_section_cannot_take_is_counted_and_everything_else_goes_on)
{
	opt.capacity =
		(struct ipm_capacity){ .ike_sas = 2, .tunnels = 2, .selectors = 2, .sas = 3, .feeds = 1, .events = 8 };
	struct ipm_writer *w = open_quietly();
	struct ipm_tunnel up = { .state = IPM_TUNNEL_UP };
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED };
	struct ipm_sa sa = { .direction = IPM_IN };
	struct ipm_selector sel[] = { subnet(1), subnet(2), subnet(3) };
	uint32_t first = given_tunnel(w), second = given_tunnel(w);
	given_ike(w, IPM_IKE_ESTABLISHED);
	given_ike(w, IPM_IKE_ESTABLISHED);
	uint32_t counted = given_sa(w, first, IPM_IN);
	given_sa(w, first, IPM_IN);
	given_sa(w, second, IPM_IN);
	ipm_feed_open(w, "vici");

	ck_assert_int_eq(ipm_tunnel_start(w, &up), -ENOSPC);
	ck_assert_int_eq(ipm_ike_start(w, &ike), -ENOSPC);
	ck_assert_int_eq(ipm_sa_start(w, second, &sa), -ENOSPC);
	ck_assert_int_eq(ipm_tunnel_select(w, first, sel, 3), -ENOSPC);
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), -ENOSPC);
	ck_assert_uint_eq(totals_in(w).records_refused, 5);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 2);
	ck_assert_uint_eq(totals_in(w).ike_active, 2);
	expect_consistent(w);

	counts(w, counted, 10, 1000);
	ck_assert_uint_eq(tunnel_in(w, first).in.octets, 1000);
	ipm_tunnel_stop(w, first, IPM_REASON_NORMAL); /* room again, at once: nothing else is left */
	ck_assert_uint_eq(given_tunnel(w), first);
	ck_assert_uint_eq(tunnel_in(w, first).index, 3); /* the refused one took no index */
	ck_assert_uint_eq(tunnel_in(w, first).in.octets, 0);
	ck_assert_int_ge(ipm_sa_start(w, second, &sa), 0);
	ck_assert_int_eq(ipm_tunnel_select(w, second, sel, 2), 0);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

/* --- taking over ------------------------------------------------------------------------------------------- */

START_TEST(a_second_writer_is_told_that_there_is_one)
{
	struct ipm_writer *w = open_quietly(), *second;
	given_tunnel(w);
	ck_assert_int_eq(ipm_writer_open(&second, &opt, &err), -EBUSY);
	ck_assert_ptr_null(second);
	ck_assert(strstr(err.text, path) && strstr(err.text, "another process"));
	opt.capacity.tunnels++; /* not even if it would make another file of it */
	ck_assert_int_eq(ipm_writer_open(&second, &opt, &err), -EBUSY);
	struct ipm_segment *seg = attach();
	ck_assert(!ipm_segment_stale(seg));
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_symbolic_link_is_not_followed)
{
	struct ipm_writer *w;
	ck_assert_int_eq(symlink("/nowhere/at/all", path), 0);
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -ELOOP);
	ck_assert(strstr(err.text, path));
}
END_TEST

/* The address space in use, in octets. */
static rlim_t
address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

START_TEST(when_memory_is_short_the_error_says_so)
{
	struct rlimit before, limit;
	struct ipm_writer *w = NULL;
	int failed = 0, rc = -1;
#ifdef __SANITIZE_ADDRESS__
	return; /* AddressSanitizer reserves more address space than any limit */
#endif
	opt.capacity.tunnels = opt.capacity.sas = 65536;
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
	/* A little more each time, so that each allocation in turn is the one that fails; then the same at a takeover.
	 */
	for (int takeover = 0; takeover < 2; takeover++) {
		rc = -1;
		for (rlim_t more = 0; rc != 0; more += 256 * 1024) {
			limit = before;
			limit.rlim_cur = address_space() + more;
			ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
			memset(&err, 'x', sizeof(err));
			rc = ipm_writer_open(&w, &opt, &err);
			ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
			if (rc == 0)
				break;
			failed++;
			ck_assert_int_eq(rc, -ENOMEM);
			ck_assert_msg(strstr(err.text, "gw.model: ") && strstr(err.text, strerror(ENOMEM)),
				      "the error is \"%s\"", err.text);
		}
		ipm_writer_close(w);
	}
	ck_assert_int_gt(failed, 1);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_told)
{
	struct ipm_writer *w;
	char nowhere[160];
	snprintf(nowhere, sizeof(nowhere), "%s.d/gw.model", path);
	opt.path = nowhere;
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), -ENOENT);
	ck_assert_ptr_null(w);
	ck_assert(strstr(err.text, nowhere));
}
END_TEST

/* Two tunnels (the first one with a rekey behind it), an IKE SA, a feed. */
static void
given_some_history(struct ipm_writer *w)
{
	uint32_t first = given_tunnel(w), old = given_sa(w, first, IPM_IN);
	struct ipm_selector sel[] = { subnet(1), subnet(2) };
	given_ike(w, IPM_IKE_ESTABLISHED);
	ipm_feed_open(w, "vici");
	ipm_tunnel_select(w, first, sel, 2);
	counts(w, old, 10, 1000);
	given_sa(w, first, IPM_IN);  /* slot 1, index 2 */
	given_sa(w, first, IPM_OUT); /* slot 2, index 3 */
	ipm_tunnel_refresh(w, first);
	ipm_sa_stop(w, old);
	counts(w, 1, 5, 500);
	uint32_t second = given_tunnel(w);
	given_sa(w, second, IPM_IN); /* slot 3 */
	ipm_tunnel_select(w, second, sel, 1);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL); /* index 3 is used up */
	ipm_writer_commit(w);
}

static void
expect_that_history(struct ipm_writer *w)
{
	struct ipm_tunnel first = tunnel_in(w, 0);
	ck_assert_uint_eq(first.index, 1);
	ck_assert_uint_eq(first.refreshes, 1);
	ck_assert_uint_eq(first.sas, 2);
	ck_assert_uint_eq(first.sas_retired, 1);
	ck_assert_uint_eq(first.in.octets, 1500);
	ck_assert_uint_eq(selector_index(w, 0, 1), 1);
	ck_assert_uint_eq(selector_index(w, 0, 2), 2);
	ck_assert_uint_eq(selector_index(w, 1, 1), 1);
	ck_assert_uint_eq(sa_in(w, 1).index, 2);
	ck_assert_uint_eq(sa_in(w, 1).count.octets, 500);
	struct ipm_totals totals = totals_in(w);
	ck_assert_uint_eq(totals.tunnels_active, 2);
	ck_assert_uint_eq(totals.tunnels_previous, 1);
	ck_assert_uint_eq(totals.ike_active, 1);
	ck_assert_uint_eq(totals.in.octets, 1500);
	ck_assert_int_eq(ipm_feed_open(w, "vici"), 0);
	expect_consistent(w);
	counts(w, 1, 6, 600); /* the source counted on meanwhile */
	ck_assert_uint_eq(tunnel_in(w, 0).in.octets, 1600);
	ck_assert_uint_eq(sa_in(w, given_sa(w, 0, IPM_IN)).index, 4);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 4);
	struct ipm_event event;
	ck_assert_int_eq(ipm_event_next(ipm_writer_segment(w), 5, &event), 0);
	ck_assert_uint_eq(event.index, 4);
}

START_TEST(a_restart_keeps_records_indexes_and_totals)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	struct ipm_segment *seg = attach();
	ipm_writer_close(w);
	opt.name = "renamed.example.net";
	opt.control = NULL;
	w = open_quietly();
	ck_assert(!ipm_segment_stale(seg)); /* readers stay where they are */
	ck_assert_str_eq(ipm_header(seg)->name, "renamed.example.net");
	ck_assert_str_eq(ipm_header(seg)->control, "");
	expect_that_history(w);
	struct ipm_tunnel tunnel;
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), 0);
	ck_assert_uint_eq(tunnel.in.octets, 1600);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

/* A process that opens the segment, does @p work, and is gone without a word. */
static void
in_a_process_that_dies(void (*work)(struct ipm_writer *w))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		struct ipm_writer *w;
		if (ipm_writer_open(&w, &opt, &err) < 0)
			_exit(1);
		work(w);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(a_writer_that_was_killed_between_two_records_leaves_everything)
{
	in_a_process_that_dies(given_some_history);
	struct ipm_segment *seg = attach();
	ck_assert_uint_ne(ipm_header(seg)->writer_pid, 0);
	struct ipm_writer *w = open_quietly();
	ck_assert(!ipm_segment_stale(seg));
	ck_assert_uint_eq(ipm_header(seg)->writer_pid, (uint32_t)getpid());
	expect_that_history(w);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

static void
tunnels_without_a_commit(struct ipm_writer *w)
{
	ipm_writer_commit(w);
	uint32_t first = given_tunnel(w);
	given_tunnel(w);
	ipm_tunnel_stop(w, first, IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	ipm_ike_stop(w, given_ike(w, IPM_IKE_ESTABLISHED), IPM_REASON_NORMAL);
}

START_TEST(indexes_given_since_the_last_commit_are_not_given_again)
{
	in_a_process_that_dies(tunnels_without_a_commit);
	struct ipm_writer *w = open_quietly();
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 4);
	ck_assert_uint_eq(ipm_ike_peek(w, given_ike(w, IPM_IKE_ESTABLISHED))->index, 2);
	ipm_writer_close(w);
}
END_TEST

START_TEST(sub_indexes_given_by_a_writer_that_died_are_not_given_again)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	struct ipm_selector sel[] = { subnet(1), subnet(2), subnet(3) };
	ipm_tunnel_select(w, tunnel, sel, 2);
	given_sa(w, tunnel, IPM_IN);
	ipm_writer_close(w);
	/* as if it had died when the SA and the selectors were there and their tunnel did not know of them yet */
	uint64_t at = record_offset(IPM_TUNNELS, tunnel) + 8;
	static const uint32_t nothing = 0, one = 1;
	poke(at + offsetof(struct ipm_tunnel, sa_head), &nothing, 4);
	poke(at + offsetof(struct ipm_tunnel, sel_head), &nothing, 4);
	poke(at + offsetof(struct ipm_tunnel, sas), &nothing, 4);
	poke(at + offsetof(struct ipm_tunnel, next_sa), &one, 4);
	poke(at + offsetof(struct ipm_tunnel, next_sel), &one, 4);
	w = open_quietly();
	ck_assert_uint_eq(tunnel_in(w, tunnel).sas, 1);
	ck_assert_uint_eq(sa_in(w, given_sa(w, tunnel, IPM_OUT)).index, 2);
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, sel, 3), 0);
	ck_assert_uint_eq(selector_index(w, tunnel, 2), 2);
	ck_assert_uint_eq(selector_index(w, tunnel, 3), 3);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_half_written_tunnel_is_dropped_with_its_sas_and_selectors)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	ipm_writer_close(w);
	tear(IPM_TUNNELS, 0);
	w = open_saying("dropped 1 record");
	const struct ipm_segment *seg = ipm_writer_segment(w);
	struct ipm_tunnel gone;
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &gone), -ENOENT);
	ck_assert_uint_eq(expect_readable(seg, IPM_SAS, false), 1);
	ck_assert_uint_eq(expect_readable(seg, IPM_SELECTORS, false), 1);
	ck_assert_uint_eq(tunnel_in(w, 1).index, 2); /* the other one is as it was */
	ck_assert_uint_eq(tunnel_in(w, 1).sas, 1);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 1);
	ck_assert_uint_eq(totals_in(w).in.octets, 1500); /* what was carried was carried */
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 4);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_map_that_was_going_is_dropped_with_its_access_list)
{
	struct ipm_map_entry one = { .kind = IPM_MAP_STATIC, .name = "gw", .child = "one" }, two = one;
	struct ipm_access rules[2] = { { .deny = 1 }, { .deny = 0 } }, read;
	opt.capacity.maps = 4;
	opt.capacity.access = 8;
	snprintf(two.child, sizeof(two.child), "two");
	struct ipm_writer *w = open_quietly();
	uint32_t torn = (uint32_t)ipm_map_open(w, &one), whole = (uint32_t)ipm_map_open(w, &two);
	ck_assert_int_eq(ipm_map_permit(w, torn, rules, 2), 0);
	ck_assert_int_eq(ipm_map_permit(w, whole, rules, 1), 0);
	ipm_writer_close(w);
	tear_unnamed(IPM_MAPS, torn);
	w = open_saying("dropped 1 record");
	const struct ipm_segment *seg = ipm_writer_segment(w);
	ck_assert_int_eq(ipm_map_read(seg, torn, &one), -ENOENT);
	ck_assert_uint_eq(expect_readable(seg, IPM_ACCESS, false), 1);
	ck_assert_int_eq(ipm_map_read(seg, whole, &two), 0);
	ck_assert_int_eq(ipm_access_read(seg, two.access_head - 1, &read), 0);
	ck_assert_uint_eq(read.map_slot, whole);
	ipm_writer_close(w);
}
END_TEST

START_TEST(half_written_records_are_dropped_and_what_is_around_them_stays)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	ipm_writer_close(w);
	tear_unnamed(IPM_SAS, 1);
	tear(IPM_SELECTORS, 0);
	tear(IPM_IKE_SAS, 0);
	w = open_saying("dropped 3 record");
	ck_assert_uint_eq(tunnel_in(w, 0).index, 1);
	ck_assert_uint_eq(tunnel_in(w, 0).sas, 1);
	ck_assert_uint_eq(tunnel_in(w, 0).sas_retired, 2);
	ck_assert_uint_eq(tunnel_in(w, 0).in.octets, 1500);
	ck_assert_uint_eq(selector_index(w, 0, 1), 0);
	ck_assert_uint_eq(selector_index(w, 0, 2), 2);
	ck_assert_uint_eq(totals_in(w).ike_active, 0);
	ck_assert_uint_eq(totals_in(w).tunnels_active, 2);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_half_written_entry_of_a_ring_is_dropped)
{
	static const enum ipm_section_kind rings[] = { IPM_EVENTS,           IPM_IKE_HISTORY,  IPM_TUNNEL_HISTORY,
						       IPM_SELECTOR_HISTORY, IPM_IKE_FAILURES, IPM_TUNNEL_FAILURES };
	struct ipm_selector sel = subnet(1);
	struct ipm_failure failure = { .reason = IPM_FAIL_AUTH };
	uint64_t room[256];
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	ck_assert_int_eq(ipm_tunnel_select(w, tunnel, &sel, 1), 0);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ipm_ike_stop(w, given_ike(w, IPM_IKE_ESTABLISHED), IPM_REASON_NORMAL);
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
	ck_assert_int_eq(ipm_read(ipm_writer_segment(w), rings[_i], 0, room), 0);
	ipm_writer_close(w);
	tear(rings[_i], 0);
	w = open_quietly();
	ck_assert_int_eq(ipm_read(ipm_writer_segment(w), rings[_i], 0, room), -ENOENT);
	ipm_writer_close(w);
}
END_TEST

START_TEST(half_written_totals_are_taken_as_they_are)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	ipm_writer_close(w);
	tear(IPM_TOTALS, 0);
	w = open_quietly();
	expect_that_history(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_half_written_feed_keeps_its_slot_since_records_name_it)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), 1);
	ipm_writer_close(w);
	tear(IPM_FEEDS, 0);
	w = open_quietly();
	ck_assert_int_eq(ipm_feed_open(w, "vici"), 0);
	ck_assert_int_eq(ipm_feed_open(w, "xfrm"), 1);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(other_capacities_make_a_new_segment_and_readers_are_told)
{
	struct ipm_writer *w = open_quietly();
	given_some_history(w);
	struct ipm_segment *old = attach(), *seg;
	struct ipm_tunnel tunnel;
	ipm_writer_close(w);
	opt.capacity.tunnels += 1;
	ck_assert(!ipm_segment_stale(old));
	w = open_saying("other capacities");
	ck_assert(ipm_segment_stale(old));
	ck_assert_int_eq(ipm_tunnel_read(old, 0, &tunnel), 0); /* the old mapping can still be read */
	seg = attach();
	ck_assert(!ipm_segment_stale(seg));
	ck_assert_uint_eq(ipm_header(seg)->section[IPM_TUNNELS].capacity, opt.capacity.tunnels);
	ck_assert_int_eq(ipm_tunnel_read(seg, 0, &tunnel), -ENOENT);
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 1);
	char beside[160];
	snprintf(beside, sizeof(beside), "%s.new", path);
	ck_assert_int_lt(access(beside, F_OK), 0); /* nothing is left lying about */
	ipm_segment_close(old);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

/* Even when somebody puts the old file back. */
START_TEST(readers_of_a_replaced_file_are_told_by_the_file_itself)
{
	char kept[SCRATCH_PATH];
	given_a_segment();
	struct ipm_segment *old = attach();
	path_in_scratch(kept);
	ck_assert_int_eq(link(path, kept), 0);
	opt.capacity.tunnels += 1;
	ipm_writer_close(open_saying("other capacities"));
	ck_assert_int_eq(rename(kept, path), 0);
	ck_assert(ipm_segment_stale(old));
	ipm_segment_close(old);
}
END_TEST

START_TEST(a_segment_of_another_boot_is_replaced_and_readers_are_told)
{
	given_a_segment();
	struct ipm_segment *old = attach();
	struct ipm_header h = file_header();
	other_boot(&h);
	poke(0, &h, sizeof(h));
	struct ipm_writer *w = open_saying("earlier boot");
	ck_assert(ipm_segment_stale(old));
	ck_assert_uint_eq(ipm_segment_used(ipm_writer_segment(w), IPM_TUNNELS), 0);
	ipm_segment_close(old);
	ipm_writer_close(w);
}
END_TEST

START_TEST(a_writer_that_died_before_its_new_file_was_whole_leaves_no_trace)
{
	given_a_segment();
	char beside[160];
	snprintf(beside, sizeof(beside), "%s.new", path);
	close(open(beside, O_CREAT | O_WRONLY, 0600));
	uint32_t told = 1;
	poke(offsetof(struct ipm_header, replaced), &told, sizeof(told));
	struct ipm_writer *w = open_quietly(); /* with the old capacities again */
	struct ipm_segment *seg = attach();
	ck_assert(!ipm_segment_stale(seg));
	ck_assert_uint_eq(tunnel_in(w, 0).index, 1);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_a_header_says_in_excess_is_not_taken_over)
{
	given_a_segment();
	struct ipm_header h = file_header();
	h.section[IPM_TUNNELS].used = UINT32_MAX;
	h.section[IPM_SAS].used = UINT32_MAX;
	poke(0, &h, sizeof(h));
	struct ipm_writer *w = open_quietly();
	given_tunnel(w);
	given_sa(w, 0, IPM_IN);
	expect_consistent(w);
	ipm_writer_close(w);

	h = file_header();
	h.index_first = h.index_last = 0;
	poke(0, &h, sizeof(h));
	w = open_saying("");
	ck_assert_uint_eq(tunnel_in(w, given_tunnel(w)).index, 1);
	ipm_writer_close(w);
}
END_TEST

/* --- killed anywhere --------------------------------------------------------------------------------------- */

/* What a poller saw of the tunnels and the totals. */
struct seen {
	uint32_t newest;
	uint32_t index[TORTURE_TUNNELS * 4];
	uint64_t octets[TORTURE_TUNNELS * 4], pkts[TORTURE_TUNNELS * 4];
	uint64_t total_octets, total_pkts;
};

/* Look again: nothing may have gone back under the same index. @p steady: no writer is at work. */
static void
look(const struct ipm_segment *seg, struct seen *seen, bool steady)
{
	struct ipm_totals totals;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel tunnel;
		int rc = ipm_tunnel_read(seg, slot, &tunnel);
		if (rc < 0) {
			MUST(rc == -ENOENT || !steady);
			continue;
		}
		MUST(tunnel.out.octets == OUT_RULE * tunnel.out.pkts);
		MUST(tunnel.in.octets == IN_RULE * tunnel.in.pkts);
		if (tunnel.index == seen->index[slot]) {
			MUST(tunnel.out.octets >= seen->octets[slot]);
			MUST(tunnel.in.pkts >= seen->pkts[slot]);
		}
		seen->index[slot] = tunnel.index;
		seen->octets[slot] = tunnel.out.octets;
		seen->pkts[slot] = tunnel.in.pkts;
		if (tunnel.index > seen->newest)
			seen->newest = tunnel.index;
	}
	if (ipm_totals_read(seg, &totals) == 0) {
		MUST(totals.out.octets >= seen->total_octets);
		MUST(totals.in.pkts >= seen->total_pkts);
		seen->total_octets = totals.out.octets;
		seen->total_pkts = totals.in.pkts;
	}
}

START_TEST(a_writer_that_is_killed_anywhere_leaves_a_segment_to_go_on_with)
{
	struct seen seen = { 0 };
	struct torture t = { .seed = 88172645463325252u + (uint64_t)_i };
	opt.capacity.tunnels = TORTURE_TUNNELS * 4;
	opt.capacity.maps = 8;
	ipm_writer_close(open_quietly());
	struct ipm_segment *seg = attach();

	for (int round = 0; round < 60; round++) {
		int status, going[2];
		uint8_t go;
		ck_assert_int_eq(pipe(going), 0);
		pid_t pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL); /* nor may it outlive the test */
			if (ipm_writer_open(&t.w, &opt, &err) < 0 || write(going[1], "!", 1) != 1)
				_exit(1);
			torture_adopt(&t);
			for (;;)
				torture_step(&t);
		}
		ck_assert_int_eq(read(going[0], &go, 1), 1);
		usleep(torture_random(&t, 2000));
		look(seg, &seen, false);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
		close(going[0]);
		close(going[1]);
		look(seg, &seen, false);

		ck_assert_int_eq(ipm_writer_open(&t.w, &opt, &err), 0);
		ck_assert(err.text[0] == '\0' || strstr(err.text, "half written"));
		expect_consistent(t.w);
		expect_laws(&t);
		look(seg, &seen, true);
		uint32_t slot = given_tunnel(t.w);
		ck_assert_uint_gt(ipm_tunnel_peek(t.w, slot)->index, seen.newest);
		ipm_tunnel_stop(t.w, slot, IPM_REASON_NORMAL);
		torture_adopt(&t);
		for (int i = 0; i < 200; i++)
			torture_step(&t);
		expect_consistent(t.w);
		expect_laws(&t);
		ipm_writer_close(t.w);
	}
	laws_forget(&t.laws);
	ck_assert(!ipm_segment_stale(seg));
	ipm_segment_close(seg);
}
END_TEST

START_TEST(whatever_a_feed_does_the_segment_is_in_order_between_two_calls)
{
	struct seen seen = { 0 };
	struct torture t = { .seed = 2463534242u + (uint64_t)_i * 977, .laws = { .unbroken = true } };
	opt.capacity.tunnels = TORTURE_TUNNELS * (_i % 2 ? 4 : 1) - 8 * (_i % 2 == 0); /* also when it is often full */
	opt.capacity.sas = _i % 2 ? 256 : 80;
	opt.capacity.selectors = _i % 2 ? 256 : 40;
	opt.capacity.ike_sas = 6;
	opt.capacity.maps = 8;
	opt.capacity.engines = 2;
	opt.capacity.lanes = _i != 2;
	opt.capacity.history = _i ? 1u << (5 * _i) : 0; /* none, one that drops entries, one that keeps them all */
	t.w = open_quietly();
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "software" };
	ck_assert_int_ge(ipm_engine_open(t.w, &engine), 0);
	t.works = _i != 2 && ipm_worker_join(ipm_writer_fast(t.w), &t.worker) >= 0;
	for (int i = 0; i < 4000; i++) {
		torture_step(&t);
		expect_laws(&t);
		if (i % 8 == 0) {
			expect_consistent(t.w);
			look(ipm_writer_segment(t.w), &seen, true);
		}
	}
	ck_assert_uint_eq(totals_in(t.w).tunnels_previous, t.stopped);
	laws_forget(&t.laws);
	ipm_writer_close(t.w);
}
END_TEST

/* --- lanes ------------------------------------------------------------------------------------------------- */

START_TEST(what_the_lanes_hold_shows_in_the_sa_its_tunnel_and_the_totals)
{
	opt.capacity.lanes = 3;
	struct ipm_writer *w = open_quietly();
	struct ipm_segment *seg = attach();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), out = given_sa(w, tunnel, IPM_OUT);
	given_sa(w, given_tunnel(w), IPM_IN);
	ipm_lane_count(ipm_sa_lane(w, in, 0), 1, 100);
	ipm_lane_count(ipm_sa_lane(w, in, 2), 2, 50);
	ipm_lane_drop(ipm_sa_lane(w, in, 1), IPM_DROP_REPLAY, 4);
	ipm_lane_count(ipm_sa_lane(w, out, 1), 7, 7000);
	ck_assert_ptr_null(ipm_sa_lane(w, in, 3).count);
	counts(w, in, 10, 1000); /* a feed may count the same SA */

	struct ipm_sa sa;
	ck_assert_int_eq(ipm_sa_read(seg, in, &sa), 0);
	ck_assert_uint_eq(sa.count.pkts, 13);
	ck_assert_uint_eq(sa.count.octets, 1150);
	ck_assert_uint_eq(sa.count.raw_octets, 1150);
	ck_assert_uint_eq(sa.count.drops[IPM_DROP_REPLAY], 4);
	struct ipm_tunnel got;
	ck_assert_int_eq(ipm_tunnel_read(seg, tunnel, &got), 0);
	ck_assert_uint_eq(got.in.octets, 1150);
	ck_assert_uint_eq(got.in.drops[IPM_DROP_REPLAY], 4);
	ck_assert_uint_eq(got.out.pkts, 7);
	ck_assert_uint_eq(got.out.octets, 7000);
	ck_assert_uint_eq(totals_in(w).in.octets, 1150);
	ck_assert_uint_eq(totals_in(w).out.octets, 7000);
	ck_assert_uint_eq(tunnel_in(w, 1).in.octets, 0);
	ipm_segment_close(seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_the_lanes_held_stays_when_the_sa_is_gone)
{
	opt.capacity.lanes = 2;
	opt.capacity.sas = 2;
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), out = given_sa(w, tunnel, IPM_OUT);
	ipm_lane_count(ipm_sa_lane(w, in, 0), 1, 100);
	ipm_lane_count(ipm_sa_lane(w, out, 1), 2, 3000);
	ipm_lane_drop(ipm_sa_lane(w, out, 1), IPM_DROP_CAPACITY, 1);
	ipm_sa_stop(w, out);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.octets, 3000);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.drops[IPM_DROP_CAPACITY], 1);
	ck_assert_uint_eq(totals_in(w).out.octets, 3000);

	uint32_t again = given_sa(w, tunnel, IPM_OUT);
	ck_assert_uint_eq(again, out); /* the only slot there is */
	ck_assert_uint_eq(sa_in(w, again).count.octets, 0);
	ck_assert_uint_eq(sa_in(w, again).count.drops[IPM_DROP_CAPACITY], 0);
	ck_assert_uint_eq(ipm_sa_lane(w, again, 1).count->octets, 0);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.octets, 3000);
	ipm_lane_count(ipm_sa_lane(w, again, 0), 1, 5);
	ck_assert_uint_eq(tunnel_in(w, tunnel).out.octets, 3005);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ck_assert_uint_eq(totals_in(w).out.octets, 3005);
	ck_assert_uint_eq(totals_in(w).in.octets, 100);
	ipm_writer_close(w);
}
END_TEST

/*
 * A reader at the worst moment: a section is made read-only in the writer's mapping, so that the writer's first
 * store to it stops in a signal handler, which reads through a mapping of its own.
 */
static struct {
	struct ipm_segment *seg;
	void *section;
	size_t size;
	uint32_t tunnel;
	int stores;         /* that were caught */
	uint64_t in, total; /* the least octets that were seen, of the tunnel and of the gateway */
} peep;

static void
peep_now(int sig)
{
	struct ipm_tunnel tunnel;
	struct ipm_totals totals;
	(void)sig;
	if (mprotect(peep.section, peep.size, PROT_READ | PROT_WRITE) < 0)
		abort();
	peep.stores++;
	if (ipm_tunnel_read(peep.seg, peep.tunnel, &tunnel) == 0 && tunnel.in.octets < peep.in)
		peep.in = tunnel.in.octets;
	if (ipm_totals_read(peep.seg, &totals) == 0 && totals.in.octets < peep.total)
		peep.total = totals.in.octets;
}

START_TEST(no_reader_ever_finds_the_counts_of_a_leaving_sa_nowhere)
{
	static const enum ipm_section_kind kinds[] = { IPM_TOTALS, IPM_TUNNELS, IPM_SAS };
	opt.capacity.lanes = 2;
	struct ipm_writer *w = open_quietly();
	peep.tunnel = given_tunnel(w);
	uint32_t in = given_sa(w, peep.tunnel, IPM_IN);
	counts(w, in, 1, 100);
	ipm_lane_count(ipm_sa_lane(w, in, 1), 2, 3000);
	ipm_writer_commit(w);
	peep.seg = attach();
	peep.in = peep.total = UINT64_MAX;
	const struct ipm_section *sec = &ipm_header(peep.seg)->section[kinds[_i]];
	peep.section = ipm_writer_segment(w)->base + sec->offset;
	peep.size = (size_t)sec->stride * sec->capacity;
	struct sigaction action = { .sa_handler = peep_now }, before[2];
	sigaction(SIGSEGV, &action, &before[0]);
	sigaction(SIGBUS, &action, &before[1]);
	if (mprotect(peep.section, peep.size, PROT_READ) == 0) /* else pages are larger than sections' boundaries */
		ipm_sa_stop(w, in);
	sigaction(SIGSEGV, &before[0], NULL);
	sigaction(SIGBUS, &before[1], NULL);
	if (sysconf(_SC_PAGESIZE) == 4096)
		ck_assert_int_eq(peep.stores, 1);
	ck_assert_uint_ge(peep.in, 3100); /* or it could not be read, which is as good */
	ck_assert_uint_ge(peep.total, 3100);
	ipm_segment_close(peep.seg);
	ipm_writer_close(w);
}
END_TEST

START_TEST(lanes_survive_a_restart)
{
	opt.capacity.lanes = 2;
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN);
	ipm_lane_count(ipm_sa_lane(w, in, 0), 1, 100);
	ipm_writer_close(w);
	w = open_quietly();
	ck_assert_uint_eq(sa_in(w, in).count.octets, 100);
	ipm_lane_count(ipm_sa_lane(w, in, 1), 1, 11);
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 111);
	ck_assert_uint_eq(totals_in(w).in.octets, 111);
	ipm_writer_close(w);
}
END_TEST

START_TEST(what_the_lanes_of_a_dropped_sa_held_is_not_lost)
{
	opt.capacity.lanes = 2;
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN), other = given_tunnel(w);
	uint32_t out = given_sa(w, other, IPM_OUT);
	ipm_lane_count(ipm_sa_lane(w, in, 0), 1, 100);
	ipm_lane_count(ipm_sa_lane(w, out, 1), 2, 3000);
	ipm_writer_close(w);
	tear_unnamed(IPM_SAS, in); /* half written itself */
	tear(IPM_TUNNELS, other);  /* gone with its tunnel */
	w = open_saying("dropped 2 record");
	ck_assert_uint_eq(tunnel_in(w, tunnel).in.octets, 100);
	ck_assert_uint_eq(tunnel_in(w, tunnel).sas, 0);
	ck_assert_uint_eq(totals_in(w).in.octets, 100);
	ck_assert_uint_eq(totals_in(w).out.octets, 3000);
	ck_assert_uint_eq(totals_in(w).out.pkts, 2);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

START_TEST(an_sa_or_a_map_entry_that_was_being_changed_is_still_there)
{
	opt.capacity.lanes = 1;
	opt.capacity.maps = 2;
	struct ipm_writer *w = open_quietly();
	int map = ipm_map_open(w, &(struct ipm_map_entry){ .kind = IPM_MAP_STATIC, .name = "site", .child = "a" });
	ck_assert_int_ge(map, 0);
	uint32_t tunnel = given_tunnel(w), in = given_sa(w, tunnel, IPM_IN);
	uint32_t spi = ipm_sa_peek(w, in)->spi;
	ipm_lane_seq(ipm_sa_lane(w, in, 0), 77);
	ipm_writer_close(w);
	tear(IPM_SAS, in);
	tear(IPM_MAPS, (uint32_t)map);
	w = open_quietly();
	ck_assert_uint_eq(sa_in(w, in).spi, spi);
	ck_assert_uint_eq(sa_in(w, in).seq, 77);
	ck_assert_uint_eq(tunnel_in(w, tunnel).sas, 1);
	ck_assert_int_eq(
		ipm_map_open(w, &(struct ipm_map_entry){ .kind = IPM_MAP_STATIC, .name = "site", .child = "a" }), map);
	expect_consistent(w);
	ipm_writer_close(w);
}
END_TEST

/* ----------------------------------------------------------------------------------------------------------- */

static TCase *
given(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, given_a_directory, NULL);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return tc;
}

static Suite *
model_suite(void)
{
	Suite *s = suite_create("model");
	TCase *tc = given(s, "attach");
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

	tc = given(s, "read");
	tcase_add_loop_test(tc, a_record_that_its_writer_left_half_done_is_given_up_after_a_while, 0, 4);
	tcase_add_test(tc, a_header_that_changes_later_leads_no_reader_astray);
	tcase_add_test(tc, a_slot_that_is_free_or_does_not_exist_holds_nothing);
	tcase_add_test(tc, a_reader_of_slots_that_were_never_used_takes_no_memory);
	tcase_add_test(tc, texts_end_even_in_a_damaged_record);
	tcase_add_loop_test(tc, a_list_without_an_end_takes_the_segment_out_of_service, 0, 5);
	tcase_add_test(tc, a_list_is_walked_from_the_newest_to_the_oldest);
	tcase_add_test(tc, a_walk_along_a_circle_ends);
	tcase_add_loop_test(tc, nobody_waits_for_a_writer_that_is_gone, 0, 3);
	tcase_add_test(tc, all_reads_together_wait_no_longer_than_they_may);
	tcase_add_loop_test_raise_signal(tc, a_guarded_reader_survives_a_segment_that_is_truncated, SIGBUS, 0, 2);
	tcase_add_test(tc, a_guarded_worker_survives_a_segment_that_is_truncated);
	tcase_add_test(tc, a_reader_sees_what_the_writer_put);
	tcase_add_test(tc, the_change_number_moves_with_the_set_and_not_with_the_counts);

	tc = given(s, "identity");
	tcase_add_test(tc, indexes_start_at_1_and_grow);
	tcase_add_test(tc, an_index_is_not_given_twice);
	tcase_add_test(tc, after_the_last_index_comes_the_first_that_is_free);
	tcase_add_test(tc, a_tunnel_that_outlives_its_ike_sa_is_remembered_with_its_peer);
	tcase_add_test(tc, indexes_are_of_the_range_that_the_writer_was_given);
	tcase_add_test(tc, a_range_of_indexes_that_does_not_suffice_is_refused);
	tcase_add_test(tc, a_slot_rests_before_it_is_used_again);
	tcase_add_test(tc, a_reused_slot_has_another_generation);
	tcase_add_test(tc, a_tunnel_knows_whether_its_ike_sa_is_alive);
	tcase_add_test(tc, what_a_put_may_not_change_stays);
	tcase_add_test(tc, a_feed_keeps_its_slot_by_its_name);

	tc = given(s, "counts");
	tcase_add_test(tc, an_agent_keeps_its_slot_by_its_name);
	tcase_add_test(tc, a_rekey_keeps_the_index_and_the_counts);
	tcase_add_test(tc, sas_leave_their_tunnels_list_from_any_place);
	tcase_add_test(tc, a_source_that_starts_again_from_zero_adds_what_it_counted_since);
	tcase_add_test(tc, a_source_that_started_again_is_known_by_one_count_that_went_back);
	tcase_add_loop_test(tc, crypts_and_auths_follow_from_packets_and_transforms, 0, 8);
	tcase_add_test(tc, drops_are_counted_by_reason_and_direction);
	tcase_add_test(tc, counts_go_past_32_bits);
	tcase_add_test(tc, totals_keep_what_is_gone);
	tcase_add_test(tc, failures_that_a_feed_counts_are_published_by_a_commit);
	tcase_add_test(tc, a_held_tunnel_leaves_the_gauge_and_comes_back);
	tcase_add_test(tc, an_ike_sa_counts_once_it_is_established);
	tcase_add_test(tc, a_negotiation_takes_no_index_until_it_is_established);
	tcase_add_test(tc, an_ike_sa_is_found_by_the_spis_that_it_has_now);
	tcase_add_test(tc, ike_messages_count_for_their_ike_sa_and_the_gateway);
	tcase_add_test(tc, two_records_of_one_ike_sa_become_one);
	tcase_add_test(tc, an_ike_sa_is_not_merged_with_one_that_is_gone);
	tcase_add_test(tc, one_that_is_negotiated_makes_room_for_one_that_is_established);
	tcase_add_test(tc, an_ike_sa_that_we_began_counts_as_initiated_when_it_is_established);
	tcase_add_test(tc, a_checkpoint_has_every_ike_sa_and_tunnel_that_is_up);
	tcase_add_test(tc, an_ike_sa_given_up_before_it_was_established_is_never_shown_nor_announced);

	tc = given(s, "selectors");
	tcase_add_test(tc, selectors_that_stay_keep_their_index);
	tcase_add_test(tc, a_selector_given_twice_is_kept_once);

	tc = given(s, "events");
	tcase_add_test(tc, events_come_in_the_order_in_which_things_happened);
	tcase_add_test(tc, a_reader_who_was_too_slow_for_the_events_is_told);
	tcase_add_test(tc, an_event_that_was_being_overwritten_when_the_writer_died_is_passed_over);
	tcase_add_test(tc, an_event_is_read_whatever_half_of_its_serial_is_zero);
	tcase_add_test(tc, a_segment_without_room_for_events_does_without);

	tc = given(s, "full");
	tcase_add_test(tc, what_a_full_section_cannot_take_is_counted_and_everything_else_goes_on);

	tc = given(s, "taking over");
	tcase_add_test(tc, a_second_writer_is_told_that_there_is_one);
	tcase_add_test(tc, a_symbolic_link_is_not_followed);
	tcase_add_test(tc, a_directory_that_is_not_there_is_told);
	tcase_add_test(tc, when_memory_is_short_the_error_says_so);
	tcase_add_test(tc, a_restart_keeps_records_indexes_and_totals);
	tcase_add_test(tc, a_writer_that_was_killed_between_two_records_leaves_everything);
	tcase_add_test(tc, indexes_given_since_the_last_commit_are_not_given_again);
	tcase_add_test(tc, sub_indexes_given_by_a_writer_that_died_are_not_given_again);
	tcase_add_test(tc, a_half_written_tunnel_is_dropped_with_its_sas_and_selectors);
	tcase_add_test(tc, a_map_that_was_going_is_dropped_with_its_access_list);
	tcase_add_test(tc, half_written_records_are_dropped_and_what_is_around_them_stays);
	tcase_add_loop_test(tc, a_half_written_entry_of_a_ring_is_dropped, 0, 6);
	tcase_add_test(tc, half_written_totals_are_taken_as_they_are);
	tcase_add_test(tc, a_half_written_feed_keeps_its_slot_since_records_name_it);
	tcase_add_test(tc, other_capacities_make_a_new_segment_and_readers_are_told);
	tcase_add_test(tc, readers_of_a_replaced_file_are_told_by_the_file_itself);
	tcase_add_test(tc, a_segment_of_another_boot_is_replaced_and_readers_are_told);
	tcase_add_test(tc, a_writer_that_died_before_its_new_file_was_whole_leaves_no_trace);
	tcase_add_test(tc, what_a_header_says_in_excess_is_not_taken_over);

	tc = given(s, "killed anywhere");
	tcase_add_loop_test(tc, a_writer_that_is_killed_anywhere_leaves_a_segment_to_go_on_with, 0, 2);
	tcase_add_loop_test(tc, whatever_a_feed_does_the_segment_is_in_order_between_two_calls, 0, 4);

	tc = given(s, "lanes");
	tcase_add_test(tc, what_the_lanes_hold_shows_in_the_sa_its_tunnel_and_the_totals);
	tcase_add_test(tc, what_the_lanes_held_stays_when_the_sa_is_gone);
	tcase_add_loop_test(tc, no_reader_ever_finds_the_counts_of_a_leaving_sa_nowhere, 0, 3);
	tcase_add_test(tc, lanes_survive_a_restart);
	tcase_add_test(tc, what_the_lanes_of_a_dropped_sa_held_is_not_lost);
	tcase_add_test(tc, an_sa_or_a_map_entry_that_was_being_changed_is_still_there);
	return s;
}

int
main(void)
{
	return run_in_scratch("check_model", model_suite());
}
