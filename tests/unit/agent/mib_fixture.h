/* SPDX-License-Identifier: ISC */
/* Read the MIB's tables over the test's segments, by the names of columns and without an SNMP master. */
#ifndef MIB_FIXTURE_H
#define MIB_FIXTURE_H

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_writer.h"
#include "mib_convert.h"
#include "mib_table.h"
#include "views.h"
#include "scratch.h"

#define SECOND 1000000000ull

static struct mib *mib;
static struct ipm_writer *w; /* of the only segment of most tests */
static struct ipm_capacity capacity;
static uint64_t master_ns; /* when the master started */

static inline void
tables_gone(void)
{
	mib_free(mib);
	ipm_writer_close(w);
}

/* A segment in a directory of its own, with the current capacities. */
static inline struct ipm_writer *
given_segment(void)
{
	return writer_in_scratch(capacity);
}

/* Set the capabilities of its feed, which is in slot 0. */
static inline void
feed_knows(struct ipm_writer *writer, uint64_t caps, uint64_t drops)
{
	int slot = ipm_feed_open(writer, "knowing");
	ck_assert_int_eq(slot, 0);
	struct ipm_feed feed = *ipm_feed_peek(writer, 0);
	feed.state = IPM_FEED_UP;
	feed.caps = caps;
	feed.drops = drops;
	ipm_feed_put(writer, 0, &feed);
}

#define ALL_CAPS ((UINT64_C(1) << IPM_CAP_COUNT) - 1)

static inline void
serve(struct ipm_writer *only)
{
	const struct ipm_segment *seg = ipm_writer_segment(only);
	ipm_writer_commit(only);
	ck_assert_int_eq(mib_serve(mib, &seg, 1), 0);
}

static inline uint32_t
ok(int slot)
{
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static inline struct ipm_addr
address(const char *text)
{
	struct ipm_addr addr = { .len = 4 };
	if (inet_pton(AF_INET, text, addr.bytes) == 1)
		return addr;
	addr.len = 16;
	ck_assert_msg(inet_pton(AF_INET6, text, addr.bytes) == 1, "%s is no address", text);
	return addr;
}

/* --- names and values --------------------------------------------------------------------------------------------- */

struct name {
	mib_subid id[MIB_NAME_MAX];
	size_t len;
};

/* "7.'abc'.10": a text is its length and its characters. */
static inline void
name_add(struct name *name, const char *index)
{
	while (*index) {
		const char *end;
		if (*index == '\'') {
			const char *close = strchr(index + 1, '\'');
			ck_assert_ptr_nonnull(close);
			ck_assert_uint_lt(name->len + (size_t)(close - index), MIB_NAME_MAX);
			name->id[name->len++] = (mib_subid)(close - index - 1);
			while (++index < close)
				name->id[name->len++] = (uint8_t)*index;
			end = index + 1;
		} else {
			ck_assert_uint_lt(name->len, MIB_NAME_MAX);
			char *behind;
			name->id[name->len++] = strtoul(index, &behind, 10);
			end = behind;
			ck_assert_msg(end > index, "\"%s\" is no OID", index);
		}
		ck_assert_msg(*end == '.' || *end == '\0', "\"%s\" is no OID", index);
		index = *end ? end + 1 : end;
	}
}

static inline const struct mib_table *
table_of(const char *column, size_t len, const struct mib_col **col)
{
	for (unsigned t = 0; t < mib_view_count; t++)
		for (unsigned c = 0; c < mib_views[t]->ncols; c++) {
			*col = &mib_views[t]->cols[c];
			if (strlen((*col)->name) == len && memcmp((*col)->name, column, len) == 0)
				return mib_views[t];
		}
	ck_abort_msg("no table has a column %s", column);
}

/* The conversion of the column with this name. */
static inline mib_convert *
conversion_of(const char *column)
{
	const struct mib_col *col;
	table_of(column, strlen(column), &col);
	return col->convert;
}

/* "ipsecmonTunnelUps.7" */
static inline struct name
name_of(const char *cell)
{
	const struct mib_col *col;
	const struct mib_table *table = table_of(cell, strcspn(cell, "."), &col);
	struct name name = { .len = table->oid_len };
	memcpy(name.id, table->oid, name.len * sizeof(name.id[0]));
	name.id[name.len++] = col->id;
	if (strchr(cell, '.'))
		name_add(&name, strchr(cell, '.') + 1);
	return name;
}

static inline const char *
name_text(const struct name *name)
{
	static char text[4][1024]; /* several of them in one message */
	static unsigned turn;
	char *out = text[turn++ % 4];
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < name->len; i++)
		at += (size_t)snprintf(out + at, sizeof(text[0]) - at, ".%lu", name->id[i]);
	return out;
}

static inline int
name_order(const struct name *a, const struct name *b)
{
	for (size_t i = 0; i < a->len && i < b->len; i++)
		if (a->id[i] != b->id[i])
			return a->id[i] < b->id[i] ? -1 : 1;
	return a->len == b->len ? 0 : a->len < b->len ? -1 : 1;
}

static inline enum mib_result
get(const char *cell, struct mib_value *value)
{
	struct name name = name_of(cell);
	memset(value, 0xa5, sizeof(*value));
	return mib_get(mib, name.id, name.len, value);
}

static inline enum mib_result
next(const struct name *name, bool inclusive, const struct name *end, struct name *found, struct mib_value *value)
{
	memset(found, 0xa5, sizeof(*found));
	memset(value, 0xa5, sizeof(*value));
	return mib_next(mib, name->id, name->len, inclusive, end->id, end->len, found->id, &found->len, value);
}

static inline void
expect_number(const char *cell, uint64_t expected)
{
	struct mib_value value;
	enum mib_result rc = get(cell, &value);
	ck_assert_msg(rc == MIB_OK, "%s: result %d, expected %llu", cell, (int)rc, (unsigned long long)expected);
	ck_assert_msg(value.number == expected, "%s: %llu, expected %llu", cell, (unsigned long long)value.number,
		      (unsigned long long)expected);
}

static inline void
expect_no_instance(const char *cell)
{
	struct mib_value value;
	enum mib_result rc = get(cell, &value);
	ck_assert_msg(rc == MIB_NO_INSTANCE, "%s: result %d, value %llu, expected that there is none", cell, (int)rc,
		      (unsigned long long)value.number);
}

static inline void
expect_next(const char *cell, const char *expected)
{
	struct name from = name_of(cell), to = name_of(expected), found;
	struct mib_value value;
	enum mib_result rc = next(&from, false, &(struct name){ 0 }, &found, &value);
	ck_assert_msg(rc == MIB_OK && name_order(&found, &to) == 0, "next to %s: result %d, %s, expected %s %s", cell,
		      (int)rc, name_text(&found), expected, name_text(&to));
}

#endif
