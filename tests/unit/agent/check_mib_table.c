/* SPDX-License-Identifier: ISC */
/* The cells and their order, compared with the published MIB and with a naive search. */

#include "mib_gateway.h"

/* --- the published MIB --------------------------------------------------- */

/* The readable scalar or column with this OID; NULL: none. */
static const struct object *
published_at(const mib_subid *oid, size_t len)
{
	size_t n;
	const struct object *list = published(&n);
	for (size_t i = 0; i < n; i++) {
		if (list[i].at.len == len && memcmp(list[i].at.id, oid, len * sizeof(*oid)) == 0)
			return (strcmp(list[i].kind, "scalar") == 0 || strcmp(list[i].kind, "column") == 0) &&
					       strcmp(list[i].access, "not-accessible") != 0
				       ? &list[i]
				       : NULL;
	}
	return NULL;
}

static enum mib_type
type_named(const char *name)
{
	static const struct {
		const char *name;
		enum mib_type type;
	} types[] = { { "INTEGER", MIB_INTEGER },    { "OCTET STRING", MIB_OCTETS }, { "Counter32", MIB_COUNTER },
		      { "Gauge32", MIB_GAUGE },      { "Unsigned32", MIB_GAUGE },    { "TimeTicks", MIB_TICKS },
		      { "Counter64", MIB_COUNTER64 } };
	for (size_t i = 0; i < MIB_COUNT(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	ck_abort_msg("what is a %s?", name);
}

/* Is @p number in "1..5,9", or one of "up(1),down(2)"? */
static bool
in_range(const char *range, uint64_t number)
{
	char copy[256], *save = NULL;
	snprintf(copy, sizeof(copy), "%s", range);
	for (char *part = strtok_r(copy, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *label = strchr(part, '('), *dots = strstr(part, "..");
		uint64_t low = strtoull(label ? label + 1 : part, NULL, 10);
		uint64_t high = dots ? strtoull(dots + 2, NULL, 10) : low;
		if (number >= low && number <= high)
			return true;
	}
	return false;
}

/* Our additions to the published enumerations (doc/mibs.md, "More values"), by the end of the column's name. */
static bool
in_our_additions(const char *column, uint64_t number)
{
	static const struct {
		const char *end, *range;
	} ours[] = {
		{ "EncryptAlgo", "4..9,99" }, { "AuthAlgo", "4..9,99" },        { "HashAlgo", "4..6,99" },
		{ "AuthMethod", "6..8,99" },  { "DiffHellmanGrp", "4..38,99" }, { "EncapMode", "3" },
		{ "NegoMode", "99" },
	};
	for (size_t i = 0; i < MIB_COUNT(ours); i++) {
		size_t len = strlen(column), end = strlen(ours[i].end);
		if (len >= end && strcmp(column + len - end, ours[i].end) == 0 && in_range(ours[i].range, number))
			return true;
	}
	return false;
}

static mib_subid
last_column(const struct mib_table *table)
{
	return table->cols[table->ncols - 1].id;
}

START_TEST(tables_and_their_columns_are_in_the_order_of_their_oids)
{
	for (unsigned t = 0; t < mib_view_count; t++) {
		const struct mib_table *table = mib_views[t];
		struct name here = nothing, before = nothing;
		for (unsigned c = 1; c < table->ncols; c++)
			ck_assert_msg(table->cols[c - 1].id < table->cols[c].id, "%s before %s",
				      table->cols[c - 1].name, table->cols[c].name);
		if (t == 0)
			continue;
		memcpy(here.id, table->oid, (here.len = table->oid_len) * sizeof(here.id[0]));
		here.id[here.len++] = table->cols[0].id;
		memcpy(before.id, mib_views[t - 1]->oid, (before.len = mib_views[t - 1]->oid_len) * sizeof(here.id[0]));
		before.id[before.len++] = last_column(mib_views[t - 1]);
		ck_assert_msg(name_order(&before, &here) < 0, "%s does not begin behind the columns of %s", table->name,
			      mib_views[t - 1]->name);
	}
}
END_TEST

START_TEST(every_column_of_ours_is_published_under_its_name_number_and_type)
{
	for (unsigned t = 0; t < flow_view_count(); t++)
		for (unsigned c = 0; c < mib_views[t]->ncols; c++) {
			const struct mib_col *col = &mib_views[t]->cols[c];
			struct name name = name_of(col->name);
			const struct object *object = published_at(name.id, name.len);
			ck_assert_msg(object != NULL, "%s: nothing readable is published at %s", col->name,
				      name_text(&name));
			ck_assert_str_eq(object->name, col->name);
			ck_assert_msg(type_named(object->type) == (enum mib_type)col->type, "%s: type %d, expected %s",
				      col->name, col->type, object->type);
		}
}
END_TEST

START_TEST(every_published_object_is_there)
{
	size_t n, covered = 0;
	const struct object *list = published(&n);
	for (size_t i = 0; i < n; i++) {
		const struct name name = list[i].at;
		if (!published_at(name.id, name.len))
			continue;
		for (unsigned t = 0; t < mib_view_count; t++) {
			const struct mib_table *table = mib_views[t];
			if (name.len != table->oid_len + 1 ||
			    memcmp(name.id, table->oid, table->oid_len * sizeof(name.id[0])) != 0)
				continue;
			struct name ours = name_of(list[i].name); /* says so when there is none */
			ck_assert_msg(name_order(&name, &ours) == 0, "%s: published at %s, ours is at %s", list[i].name,
				      list[i].oid, name_text(&ours));
			covered++;
		}
	}
	ck_assert_uint_eq(covered, 343); /* all that can be read */
}
END_TEST

START_TEST(every_value_is_in_the_range_of_its_object)
{
	static struct cell found[MIB_COUNT(cells)];
	size_t n = walk(found, MIB_COUNT(found));
	for (size_t i = 0; i < n; i++) {
		size_t column = found[i].name.len; /* without the row's index, whose length varies */
		const struct object *object = NULL;
		while (!object && --column > 0)
			object = published_at(found[i].name.id, column);
		ck_assert_msg(object != NULL, "%s", name_text(&found[i].name));
		if (found[i].value.type == MIB_OCTETS)
			ck_assert_msg(in_range(object->size, found[i].value.len), "%s: %u octets, published are %s",
				      object->name, found[i].value.len, object->size);
		else if (strcmp(object->range, "-") != 0)
			ck_assert_msg(in_range(object->range, found[i].value.number) ||
					      in_our_additions(object->name, found[i].value.number),
				      "%s: %llu, published are %s", name_text(&found[i].name),
				      (unsigned long long)found[i].value.number, object->range);
		else if (found[i].value.type != MIB_COUNTER64)
			ck_assert_uint_le(found[i].value.number, UINT32_MAX);
	}
}
END_TEST

/* --- one list, three tests ----------------------------------------------- */

START_TEST(a_walk_gives_every_expected_cell_and_no_other)
{
	static struct cell found[MIB_COUNT(cells)];
	size_t n = walk(found, MIB_COUNT(found));
	for (size_t i = 0; i < n && i < cell_count; i++) {
		ck_assert_msg(name_order(&found[i].name, &cells[i].name) == 0, "%s, expected %s %s",
			      name_text(&found[i].name), cells[i].label, name_text(&cells[i].name));
		expect_value(&cells[i], &found[i].value);
	}
	ck_assert_uint_eq(n, cell_count);
}
END_TEST

START_TEST(get_of_every_cell_equals_what_the_walk_gave)
{
	static struct cell found[MIB_COUNT(cells)];
	size_t n = walk(found, MIB_COUNT(found));
	ck_assert_uint_eq(n, cell_count);
	for (size_t i = 0; i < n; i++) {
		struct mib_value value;
		memset(&value, 0xa5, sizeof(value));
		ck_assert_int_eq(mib_get(mib, found[i].name.id, found[i].name.len, &value), MIB_OK);
		expect_value(&cells[i], &value);
		expect_value(&found[i], &value);
	}
}
END_TEST

START_TEST(getnext_from_each_cell_gives_the_one_behind_it)
{
	for (size_t i = 0; i < cell_count; i++) {
		struct name found;
		struct mib_value value;
		mib_request(mib, master_ns);
		enum mib_result rc = next(&cells[i].name, false, &nothing, &found, &value);
		if (i + 1 == cell_count) {
			ck_assert_int_eq(rc, MIB_END);
			break;
		}
		ck_assert_int_eq(rc, MIB_OK);
		ck_assert_msg(name_order(&found, &cells[i + 1].name) == 0, "%s after %s, expected %s",
			      name_text(&found), name_text(&cells[i].name), name_text(&cells[i + 1].name));
		expect_value(&cells[i + 1], &value);
	}
}
END_TEST

/* The naive answer: search the list of all cells. NULL: none. */
static const struct cell *
naive_next(const struct name *from, bool inclusive, const struct name *end)
{
	for (size_t i = 0; i < cell_count; i++) {
		int order = name_order(&cells[i].name, from);
		if (order > 0 || (order == 0 && inclusive))
			return end->len && name_order(&cells[i].name, end) >= 0 ? NULL : &cells[i];
	}
	return NULL;
}

static void
expect_as_naive(const struct name *from, bool inclusive, const struct name *end)
{
	const struct cell *cell = naive_next(from, inclusive, end);
	struct name found;
	struct mib_value value;
	enum mib_result rc = next(from, inclusive, end, &found, &value);
	ck_assert_msg(rc == (cell ? MIB_OK : MIB_END), "%s%s to %s: result %d, expected %s", name_text(from),
		      inclusive ? " inclusive" : "", name_text(end), (int)rc,
		      cell ? name_text(&cell->name) : "the end");
	if (!cell)
		return;
	ck_assert_msg(name_order(&found, &cell->name) == 0, "%s%s to %s: %s, expected %s", name_text(from),
		      inclusive ? " inclusive" : "", name_text(end), name_text(&found), name_text(&cell->name));
	expect_value(cell, &value);
}

/* GET finds a name if and only if it is in the list. */
static void
expect_get_as_naive(const struct name *name)
{
	const struct cell *cell = naive_next(name, true, &nothing);
	struct mib_value value;
	enum mib_result rc = mib_get(mib, name->id, name->len, &value);
	if (cell && name_order(&cell->name, name) == 0) {
		ck_assert_int_eq(rc, MIB_OK);
		expect_value(cell, &value);
		return;
	}
	bool object = false;
	for (size_t i = 0; i < cell_count && !object; i++) {
		size_t column = cells[i].column;
		object = name->len >= column && memcmp(name->id, cells[i].name.id, column * sizeof(name->id[0])) == 0;
	}
	ck_assert_msg(rc == (object ? MIB_NO_INSTANCE : MIB_NO_OBJECT), "GET %s: %d", name_text(name), (int)rc);
}

START_TEST(getnext_from_every_prefix_gives_what_is_behind_it)
{
	for (size_t i = 0; i < cell_count; i++)
		for (size_t len = 0; len <= cells[i].name.len; len++) {
			struct name from = cells[i].name;
			from.len = len;
			mib_request(mib, master_ns);
			expect_as_naive(&from, false, &nothing);
			expect_as_naive(&from, true, &nothing);
		}
}
END_TEST

START_TEST(an_inclusive_range_begins_with_its_first_cell)
{
	for (size_t i = 0; i < cell_count; i++) {
		struct name found;
		struct mib_value value;
		ck_assert_int_eq(next(&cells[i].name, true, &nothing, &found, &value), MIB_OK);
		ck_assert_int_eq(name_order(&found, &cells[i].name), 0);
		expect_value(&cells[i], &value);
	}
}
END_TEST

START_TEST(the_end_of_a_range_is_not_part_of_it)
{
	for (size_t i = 0; i + 1 < cell_count; i++) {
		struct name found;
		struct mib_value value;
		ck_assert_int_eq(next(&cells[i].name, false, &cells[i + 1].name, &found, &value), MIB_END);
		ck_assert_int_eq(next(&cells[i].name, true, &cells[i].name, &found, &value), MIB_END);
		struct name behind = cells[i + 1].name;
		behind.id[behind.len++] = 0;
		ck_assert_int_eq(next(&cells[i].name, false, &behind, &found, &value), MIB_OK);
		ck_assert_int_eq(name_order(&found, &cells[i + 1].name), 0);
	}
}
END_TEST

static uint32_t
random_below(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13; /* xorshift: the same on every machine */
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 33) % below;
}

/* A name near that of a cell: shorter, longer, or with a different number. */
static struct name
made_up(uint64_t *seed)
{
	struct name name = cells[random_below(seed, (uint32_t)cell_count)].name;
	for (uint32_t changes = random_below(seed, 3); changes > 0; changes--) {
		/* mostly near the end, which has the column and row */
		uint32_t len = (uint32_t)name.len, span = len > 3 && random_below(seed, 4) ? 3 : len;
		size_t at = len - 1 - random_below(seed, span);
		switch (random_below(seed, 6)) {
		case 0:
			name.len = at + 1;
			break;
		case 1:
			name.id[name.len++] = random_below(seed, 4);
			break;
		case 2:
			name.id[at]++;
			break;
		case 3:
			name.id[at] -= name.id[at] > 0;
			break;
		case 4:
			name.id[at] = random_below(seed, 60);
			break;
		default:
			name.id[at] = random_below(seed, 2) ? UINT32_MAX : 65536 + name.id[at];
		}
	}
	return name;
}

START_TEST(getnext_and_get_of_made_up_names_answer_as_a_search_through_all_cells_does)
{
	uint64_t seed = 171;
	for (int i = 0; i < 20000; i++) {
		struct name from = made_up(&seed), end = made_up(&seed);
		if (random_below(&seed, 4) == 0)
			end = nothing;
		if (random_below(&seed, 4))
			mib_request(mib, master_ns);
		expect_as_naive(&from, random_below(&seed, 2), &end);
		expect_get_as_naive(&from);
	}
}
END_TEST

START_TEST(what_cannot_be_read_is_told_apart)
{
	struct mib_value value;
	struct name table = { { FLOW_MIB, 1, 3, 2 }, 12 }, entry = { { FLOW_MIB, 1, 3, 2, 1 }, 13 };
	struct name index = { { FLOW_MIB, 1, 3, 2, 1, 1, 1 }, 15 }, beyond = { { FLOW_MIB, 1, 3, 2, 1, 52, 1 }, 15 };
	ck_assert_int_eq(mib_get(mib, table.id, table.len, &value), MIB_NO_OBJECT);
	ck_assert_int_eq(mib_get(mib, entry.id, entry.len, &value), MIB_NO_OBJECT);
	ck_assert_int_eq(mib_get(mib, index.id, index.len, &value), MIB_NO_OBJECT);
	ck_assert_int_eq(mib_get(mib, beyond.id, beyond.len, &value), MIB_NO_OBJECT);
	ck_assert_int_eq(mib_get(mib, nothing.id, 0, &value), MIB_NO_OBJECT);
	expect_no_instance("cipSecTunStatus");
	expect_no_instance("cipSecTunStatus.3");
	expect_no_instance("cipSecTunStatus.1.1");
	expect_no_instance("cipSecTunIkeTunnelIndex.4");
	expect_no_instance("cipSecSpiStatus.1");
	expect_no_instance("cipSecMibLevel");
	expect_no_instance("cipSecMibLevel.1");
	expect_no_instance("cipSecMibLevel.0.0");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mib_table");
	TCase *tc = tests_of(suite, "published", given_a_gateway);
	tcase_add_test(tc, tables_and_their_columns_are_in_the_order_of_their_oids);
	tcase_add_test(tc, every_column_of_ours_is_published_under_its_name_number_and_type);
	tcase_add_test(tc, every_published_object_is_there);
	tcase_add_test(tc, every_value_is_in_the_range_of_its_object);
	tc = tests_of(suite, "cells", given_a_gateway_and_its_cells);
	tcase_add_test(tc, a_walk_gives_every_expected_cell_and_no_other);
	tcase_add_test(tc, get_of_every_cell_equals_what_the_walk_gave);
	tcase_add_test(tc, getnext_from_each_cell_gives_the_one_behind_it);
	tcase_add_test(tc, getnext_from_every_prefix_gives_what_is_behind_it);
	tcase_add_test(tc, an_inclusive_range_begins_with_its_first_cell);
	tcase_add_test(tc, the_end_of_a_range_is_not_part_of_it);
	tcase_add_test(tc, getnext_and_get_of_made_up_names_answer_as_a_search_through_all_cells_does);
	tcase_add_test(tc, what_cannot_be_read_is_told_apart);
	return run_in_scratch("check_mib_table", suite);
}
