/* SPDX-License-Identifier: ISC */
/* Segments for the tables, and expectations about rows. */
#ifndef MIB_SEGMENTS_H
#define MIB_SEGMENTS_H

#include <netinet/in.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ipm_int.h"
#include "mib_fixture.h"

#define GIB (1ull << 30)

/* --- helpers: segments --------------------------------------------------- */

/* The tables of CISCO-IPSEC-FLOW-MONITOR-MIB come first; check_views_map.c has the others. */
static inline unsigned
flow_view_count(void)
{
	static const mib_subid flow[] = { FLOW_MIB };
	unsigned t = 0;
	while (t < mib_view_count && memcmp(mib_views[t]->oid, flow, sizeof(flow)) == 0)
		t++;
	return t;
}

static inline void
given_tables(void)
{
	capacity = (struct ipm_capacity){ .ike_sas = 20,
					  .tunnels = 20,
					  .selectors = 40,
					  .sas = 40,
					  .feeds = 2,
					  .events = 4,
					  .history = 16,
					  .failures = 32 };
	mib = mib_new(mib_views, flow_view_count());
	ck_assert_ptr_nonnull(mib);
	master_ns = ipm_now_ns() - 10 * SECOND;
	w = NULL;
}

/* From a feed that knows everything, so that every column has cells. */
static inline struct ipm_writer *
given_knowing_segment(void)
{
	struct ipm_writer *made = given_segment();
	feed_knows(made, ALL_CAPS, UINT64_MAX);
	return made;
}

/* For most tests: serve one segment, which is still empty. */
static inline void
given_a_served_segment(void)
{
	given_tables();
	w = given_knowing_segment();
	serve(w);
}

static inline uint32_t
given_tunnel(struct ipm_writer *writer)
{
	struct ipm_tunnel tunnel = {
		.state = IPM_TUNNEL_UP, .encap = IPM_ENCAP_TUNNEL, .key_type = IPM_KEY_IKE, .protocol = 50
	};
	return ok(ipm_tunnel_start(writer, &tunnel));
}

static inline uint32_t
given_ike(struct ipm_writer *writer)
{
	struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED, .version = 2 };
	return ok(ipm_ike_start(writer, &sa));
}

static inline uint32_t
given_sa(struct ipm_writer *writer, uint32_t tunnel, uint32_t spi)
{
	struct ipm_sa sa = { .direction = IPM_IN, .protocol = 50, .state = IPM_SA_ACTIVE, .spi = spi };
	return ok(ipm_sa_start(writer, tunnel, &sa));
}

static inline void
given_selectors(struct ipm_writer *writer, uint32_t tunnel, uint16_t port, uint32_t n)
{
	struct ipm_selector sel[8];
	memset(sel, 0, sizeof(sel));
	for (uint32_t i = 0; i < n; i++) {
		sel[i].local.type = sel[i].remote.type = IPM_SEL_SINGLE;
		sel[i].local.port_first = sel[i].local.port_last = (uint16_t)(port + i);
	}
	ck_assert_int_eq(ipm_tunnel_select(writer, tunnel, sel, n), 0);
}

static inline void
tunnel_becomes(struct ipm_writer *writer, uint32_t slot, enum ipm_tunnel_state state)
{
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(writer, slot);
	tunnel.state = (uint8_t)state;
	ipm_tunnel_put(writer, slot, &tunnel);
}

static inline void
counts(struct ipm_writer *writer, uint32_t sa, uint64_t pkts, uint64_t octets)
{
	struct ipm_traffic now = { .pkts = pkts, .octets = octets, .raw_octets = octets };
	ipm_sa_count(writer, sa, &now);
}

/* --- helpers: names and values ------------------------------------------- */

/* Rows are not rebuilt for each request, so the next answer may still come from the old rows. */
static inline void
expect_soon(enum mib_result expected, const char *cell)
{
	struct mib_value value;
	uint64_t give_up = ipm_now_ns() + 20 * SECOND;
	do {
		mib_request(mib, master_ns);
		if (get(cell, &value) == expected)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	} while (ipm_now_ns() < give_up);
	ck_abort_msg("%s: still %d, expected %d", cell, (int)get(cell, &value), (int)expected);
}

static inline void
expect_row_soon(const char *cell)
{
	expect_soon(MIB_OK, cell);
}

static inline void
expect_no_row_soon(const char *cell)
{
	expect_soon(MIB_NO_INSTANCE, cell);
}

/* --- the published MIB --------------------------------------------------- */

struct object {
	char name[64], oid[64], kind[16], type[16], access[24], range[256], size[32], rest[256];
	struct name at;
};

static inline const struct object *
published(size_t *count)
{
	static struct object list[600];
	static size_t n;
	char path[512], line[1024];
	const char *top = getenv("top_srcdir");

	*count = n;
	if (n)
		return list;
	snprintf(path, sizeof(path), "%s/tests/data/CISCO-IPSEC-FLOW-MONITOR-MIB.objects", top ? top : ".");
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is not there", path);
	while (fgets(line, sizeof(line), file)) {
		struct object *o = &list[n];
		if (line[0] == '#')
			continue;
		ck_assert_uint_lt(n, MIB_COUNT(list));
		int got = sscanf(line, "%63s %63s %15s %15[^\t]\t%23s %255s %31s %255s", o->name, o->oid, o->kind,
				 o->type, o->access, o->range, o->size, o->rest);
		ck_assert_msg(got == 8, "%s: cannot read \"%s\"", path, line);
		name_add(&o->at, o->oid);
		n++;
	}
	fclose(file);
	ck_assert_uint_gt(n, 300);
	*count = n;
	return list;
}

/* Below FLOW_MIB; NULL: no published object has this name. */
static inline const char *
published_oid(const char *name)
{
	static const char flow_mib[] = "1.3.6.1.4.1.9.9.171.";
	size_t n;
	const struct object *list = published(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0 && strncmp(list[i].oid, flow_mib, strlen(flow_mib)) == 0)
			return list[i].oid + strlen(flow_mib);
	return NULL;
}

static inline struct mib_value
converted(mib_convert *convert, const void *record, const void *field)
{
	struct mib_cell cell = { .record = record, .now_ns = 100 * SECOND };
	struct mib_value value = { .type = MIB_INTEGER };
	if (!convert(&cell, field, &value))
		ck_abort_msg("there is no such cell");
	return value;
}

/* For conversions that only need their field. */
static inline uint64_t
number(mib_convert *convert, const void *field)
{
	return converted(convert, field, field).number;
}

/* Created by the IKE SA in this slot. */
static inline uint32_t
given_tunnel_of(uint32_t ike)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .ike_slot = ike };
	tunnel.ike_index = ipm_ike_peek(w, ike)->index;
	return ok(ipm_tunnel_start(w, &tunnel));
}

/* The cell in this row of a table without other indexes. */
static inline const char *
at_row(const char *column, uint32_t row)
{
	static char text[80];
	snprintf(text, sizeof(text), "%s.%u", column, row);
	return text;
}

/* --- the suite ----------------------------------------------------------- */

static inline TCase *
tests_of(Suite *s, const char *name, void (*setup)(void))
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, setup, tables_gone);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return tc;
}

#endif
