/* SPDX-License-Identifier: ISC */
/* A segment in a directory of the test's own and its writer. Functions that read it and that damage it. */
#ifndef SEGMENT_FIXTURE_H
#define SEGMENT_FIXTURE_H

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

static inline void
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
			      .failures = 16,
			      .sessions = 12,
			      .pools = 4 },
	};
}

/* --- helpers ------------------------------------------------------------- */

/* Open the writer of the test's segment. It must keep all records. */
static inline struct ipm_writer *
open_quietly(void)
{
	struct ipm_writer *w;
	int rc = ipm_writer_open(&w, &opt, &err);
	ck_assert_msg(rc == 0, "%d: %s", rc, err.text);
	ck_assert_str_eq(err.text, "");
	return w;
}

/* Open the writer. It must report @p why it could not keep all records. */
static inline struct ipm_writer *
open_saying(const char *why)
{
	struct ipm_writer *w;
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), 0);
	ck_assert_msg(strstr(err.text, why), "\"%s\" does not say \"%s\"", err.text, why);
	ck_assert_msg(strncmp(err.text, path, strlen(path)) == 0, "\"%s\" does not name the file", err.text);
	return w;
}

static inline struct ipm_segment *
attach(void)
{
	struct ipm_segment *seg;
	int rc = ipm_segment_attach(&seg, path, &err);
	ck_assert_msg(rc == 0, "%d: %s", rc, err.text);
	return seg;
}

static inline uint32_t
given_tunnel(struct ipm_writer *w)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .encap = IPM_ENCAP_TUNNEL, .protocol = 50 };
	int slot = ipm_tunnel_start(w, &tunnel);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static inline uint32_t
given_ike(struct ipm_writer *w, enum ipm_ike_state state)
{
	struct ipm_ike_sa sa = { .state = (uint8_t)state, .version = 2 };
	int slot = ipm_ike_start(w, &sa);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static inline uint32_t
given_sa(struct ipm_writer *w, uint32_t tunnel, enum ipm_direction direction)
{
	struct ipm_sa sa = { .direction = (uint8_t)direction, .protocol = 50, .state = IPM_SA_ACTIVE, .spi = 0xc0ffee };
	int slot = ipm_sa_start(w, tunnel, &sa);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static inline void
counts(struct ipm_writer *w, uint32_t sa, uint64_t pkts, uint64_t octets)
{
	struct ipm_traffic now = { .pkts = pkts, .octets = octets, .raw_octets = octets };
	ipm_sa_count(w, sa, &now);
}

static inline struct ipm_tunnel
tunnel_in(const struct ipm_writer *w, uint32_t slot)
{
	struct ipm_tunnel tunnel;
	ck_assert_int_eq(ipm_tunnel_read(ipm_writer_segment(w), slot, &tunnel), 0);
	return tunnel;
}

static inline struct ipm_sa
sa_in(const struct ipm_writer *w, uint32_t slot)
{
	struct ipm_sa sa;
	ck_assert_int_eq(ipm_sa_read(ipm_writer_segment(w), slot, &sa), 0);
	return sa;
}

static inline struct ipm_totals
totals_in(struct ipm_writer *w)
{
	struct ipm_totals totals;
	ipm_writer_commit(w);
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(w), &totals), 0);
	return totals;
}

/* 10.n.0.0/16 === 10.200.0.0/16 */
static inline struct ipm_selector
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
static inline uint32_t
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

/* Change the file without the writer. */
static inline void
poke(uint64_t offset, const void *octets, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, octets, n, (off_t)offset), (ssize_t)n);
	close(fd);
}

static inline struct ipm_header
file_header(void)
{
	struct ipm_header h;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &h, sizeof(h), 0), sizeof(h));
	close(fd);
	return h;
}

static inline uint64_t
record_offset(enum ipm_section_kind kind, uint32_t slot)
{
	struct ipm_header h = file_header();
	return h.section[kind].offset + (uint64_t)slot * h.section[kind].stride;
}

/* As if the writer had died in the middle of this record. */
static inline void
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

/* The same for a record that is being added or removed: it has no index, which is written last and erased first. */
static inline void
tear_unnamed(enum ipm_section_kind kind, uint32_t slot)
{
	uint32_t none = 0;
	tear(kind, slot);
	poke(record_offset(kind, slot) + 8, &none, sizeof(none));
}

static inline void
given_a_segment(void)
{
	struct ipm_writer *w = open_quietly();
	uint32_t tunnel = given_tunnel(w);
	given_ike(w, IPM_IKE_ESTABLISHED);
	given_sa(w, tunnel, IPM_IN);
	ipm_writer_close(w);
}

static inline void
other_boot(struct ipm_header *h)
{
	h->boot_id[0] = h->boot_id[0] == '0' ? '1' : '0';
}

/* --- lanes --------------------------------------------------------------- */

static inline TCase *
tests_of(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, given_a_directory, NULL);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return tc;
}

#endif
