/* SPDX-License-Identifier: ISC */
/*
 * The modes about remote users. The device is this test: it has a list of cells, in order, and answers in place of
 * chk_snmp.c.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "chk_modes.h"
#include "suite.h"

#define CELLS_MAX 64

struct cell {
	struct chk_oid oid;
	struct chk_value value;
};

static struct cell cells[CELLS_MAX];
static size_t cell_count;
static struct chk_options options;
static struct chk_snmp snmp;
static struct chk_result result;
static char printed[4096];

/* --- the device --------------------------------------------------------------------------------------------------- */

bool
chk_snmp_open(struct chk_snmp *s, const struct chk_options *opt)
{
	s->opt = opt;
	return true;
}

void
chk_snmp_close(struct chk_snmp *s)
{
	(void)s;
}

struct chk_oid
chk_oid_1(const struct chk_oid *base, uint32_t a)
{
	struct chk_oid oid = *base;
	oid.ids[oid.len++] = a;
	return oid;
}

struct chk_oid
chk_oid_2(const struct chk_oid *base, uint32_t a, uint32_t b)
{
	struct chk_oid oid = chk_oid_1(base, a);
	return chk_oid_1(&oid, b);
}

static bool
begins_with(const struct chk_oid *oid, const struct chk_oid *with)
{
	return oid->len >= with->len && memcmp(oid->ids, with->ids, with->len * sizeof(oid->ids[0])) == 0;
}

bool
chk_snmp_get(struct chk_snmp *s, const struct chk_oid *names, struct chk_value *values, size_t n)
{
	(void)s;
	for (size_t i = 0; i < n; i++) {
		values[i] = (struct chk_value){ 0 };
		for (size_t c = 0; c < cell_count; c++)
			if (cells[c].oid.len == names[i].len && begins_with(&cells[c].oid, &names[i]))
				values[i] = cells[c].value;
	}
	return true;
}

bool
chk_snmp_walk(struct chk_snmp *s, const struct chk_oid *column, chk_each *each, void *context)
{
	(void)s;
	for (size_t c = 0; c < cell_count; c++)
		if (begins_with(&cells[c].oid, column) && cells[c].oid.len > column->len &&
		    !each(context, cells[c].oid.ids + column->len, cells[c].oid.len - column->len, &cells[c].value))
			break;
	return true;
}

/* --- given -------------------------------------------------------------------------------------------------------- */

static void
set_up(void)
{
	cell_count = 0;
	options = (struct chk_options){ .host = "gateway" };
	snmp = (struct chk_snmp){ .opt = &options };
	result = (struct chk_result){ 0 };
}

static void
given(struct chk_oid oid, struct chk_value value)
{
	ck_assert_uint_lt(cell_count, CELLS_MAX);
	cells[cell_count++] = (struct cell){ oid, value };
}

static struct chk_value
number(uint64_t n)
{
	return (struct chk_value){ .kind = CHK_NUMBER, .number = n };
}

static struct chk_value
octets(const char *text, size_t size)
{
	struct chk_value value = { .kind = CHK_OCTETS, .size = size };
	memcpy(value.text, text, size);
	return value;
}

static void
given_scalar(const struct chk_oid *group, uint32_t object, uint64_t n)
{
	given(chk_oid_2(group, object, 0), number(n));
}

static void
given_totals(uint64_t sessions, uint64_t users)
{
	given_scalar(&chk_ras_activity, 1, sessions);
	given_scalar(&chk_ras_activity, 3, users);
	given_scalar(&chk_ras_activity, 4, 1);
	given_scalar(&chk_ras_failures, 1, 12);
}

static struct chk_oid
session_cell(uint32_t column, const char *user, uint32_t session)
{
	struct chk_oid oid = chk_oid_2(&chk_ras_session_table, column, (uint32_t)strlen(user));
	for (; *user; user++)
		oid = chk_oid_1(&oid, (unsigned char)*user);
	return chk_oid_1(&oid, session);
}

static void
given_session(const char *user, uint32_t session, uint64_t seconds)
{
	given(session_cell(2, user, session), octets("rw", 2));
	given(session_cell(6, user, session), number(seconds));
	given(session_cell(8, user, session), octets("\x0a\x03\x00\x01", 4));
	given(session_cell(10, user, session), octets("\xc0\x00\x02\x07", 4));
	given(session_cell(35, user, session), (struct chk_value){ .kind = CHK_NUMBER64, .number = 1500000 });
	given(session_cell(36, user, session), (struct chk_value){ .kind = CHK_NUMBER64, .number = 999 });
}

static void
given_pool(uint32_t index, const char *name, uint64_t size, uint64_t online)
{
	struct chk_oid column[] = { chk_oid_2(&chk_pool_table, 2, 1), chk_oid_2(&chk_pool_table, 4, 1),
				    chk_oid_2(&chk_pool_table, 5, 1), chk_oid_2(&chk_pool_table, 6, 1) };
	given(chk_oid_1(&column[0], index), octets(name, strlen(name)));
	given(chk_oid_1(&column[1], index), number(size));
	given(chk_oid_1(&column[2], index), number(online));
	given(chk_oid_1(&column[3], index), number(3));
}

/* --- expected ----------------------------------------------------------------------------------------------------- */

static void
check_with(const char *mode_name, const char *name, const char *critical)
{
	const struct chk_mode *mode = chk_mode_find(mode_name);
	struct chk_check check = { .opt = &options, .snmp = &snmp, .result = &result };
	ck_assert_ptr_nonnull(mode);
	options.name = name;
	const char *range = critical ? critical : mode->critical;
	if (range)
		ck_assert(chk_range_parse(range, &check.limits.critical));
	result = (struct chk_result){ 0 };
	ck_assert(mode->run(&check));
	FILE *f = fmemopen(printed, sizeof(printed), "w");
	chk_print(f, &result);
	fclose(f);
}

static void
expect(enum chk_state state, const char *text)
{
	ck_assert_msg(result.state == state && strstr(printed, text), "expected %s and \"%s\" in\n%s",
		      chk_state_name(state), text, printed);
}

START_TEST(the_number_of_sessions_is_compared_with_the_ranges)
{
	given_totals(200, 198);
	check_with("sessions", NULL, NULL);
	expect(CHK_OK, "IPSEC OK - 200 sessions, 198 users, 1 group | sessions=200;;;0 users=198;;;0 "
		       "login_failures=12c");
	check_with("sessions", NULL, "150");
	expect(CHK_CRITICAL, "200 sessions, outside the range");
}
END_TEST

START_TEST(a_device_that_does_not_know_its_users_is_unknown_and_not_zero)
{
	static const char *const modes[] = { "sessions", "user" };
	for (size_t i = 0; i < 2; i++) {
		check_with(modes[i], "alice", NULL);
		expect(CHK_UNKNOWN, "the device does not know its remote users");
	}
	check_with("pool", NULL, NULL);
	expect(CHK_UNKNOWN, "the device reports no pool of addresses");
}
END_TEST

START_TEST(a_user_who_is_connected_is_shown_with_addresses_age_and_traffic)
{
	given_totals(1, 1);
	given_session("alice", 7, 7800);
	check_with("user", "alice", NULL);
	expect(CHK_OK, "alice is connected, from 192.0.2.7 as 10.3.0.1, group rw, for 2 h 10 min (since ");
	expect(CHK_OK, "in 1.5 MB, out 999 octets | sessions=1;;1:;0 connected=7800s;;;0 in_octets=1500000c");
}
END_TEST

START_TEST(a_user_who_is_not_connected_is_critical_and_can_be_wanted)
{
	given_totals(1, 1);
	given_session("alice2", 7, 7800);
	check_with("user", "alice", NULL);
	expect(CHK_CRITICAL, "alice is not connected | sessions=0;;1:;0");
	check_with("user", "alice", "0");
	expect(CHK_OK, "alice is not connected");
	check_with("user", "alice2", "0");
	expect(CHK_CRITICAL, "alice2 is connected");
}
END_TEST

START_TEST(a_user_connected_twice_has_two_lines)
{
	given_totals(2, 1);
	given_session("alice", 7, 10);
	given_session("alice", 9, 20);
	check_with("user", "alice", "1:1");
	expect(CHK_CRITICAL, "alice is connected 2 times");
	expect(CHK_CRITICAL, "\nalso from 192.0.2.7 as 10.3.0.1");
	expect(CHK_CRITICAL, "sessions=2;;1:1;0 connected=20s;;;0 in_octets=3000000c out_octets=1998c");
}
END_TEST

START_TEST(a_name_that_is_too_long_for_an_oid_is_cut_between_characters)
{
	char name[200] = "";
	while (strlen(name) < 111)
		strcat(name, "x");
	given_totals(1, 1);
	given_session(name, 7, 10);
	strcat(name, "\xc3\xbc and more");
	check_with("user", name, NULL);
	expect(CHK_OK, "is connected");
}
END_TEST

START_TEST(pools_are_judged_by_their_use_and_the_worst_comes_first)
{
	given_pool(1, "guests", 100, 10);
	given_pool(2, "users", 50, 49);
	check_with("pool", NULL, NULL);
	expect(CHK_CRITICAL, "IPSEC CRITICAL - pool users: 49 of 50 addresses in use (98 %), outside the range, pool "
			     "guests: 10 of 100 addresses in use (10 %)");
	expect(CHK_CRITICAL, "guests=10.0%;;95;0;100 users=98.0%;;95;0;100");
	check_with("pool", "guests", NULL);
	expect(CHK_OK, "pool guests: 10 in use, 3 kept for users who are away, 87 free");
	check_with("pool", "others", NULL);
	expect(CHK_UNKNOWN, "there is no pool others");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chk_sessions");
	TCase *tc = tcase_create("modes");
	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, the_number_of_sessions_is_compared_with_the_ranges);
	tcase_add_test(tc, a_device_that_does_not_know_its_users_is_unknown_and_not_zero);
	tcase_add_test(tc, a_user_who_is_connected_is_shown_with_addresses_age_and_traffic);
	tcase_add_test(tc, a_user_who_is_not_connected_is_critical_and_can_be_wanted);
	tcase_add_test(tc, a_user_connected_twice_has_two_lines);
	tcase_add_test(tc, a_name_that_is_too_long_for_an_oid_is_cut_between_characters);
	tcase_add_test(tc, pools_are_judged_by_their_use_and_the_worst_comes_first);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
