/* SPDX-License-Identifier: ISC */
/* Modes that need IPSECMON-MIB: remaining lifetimes, and ipsecmon's own health. */
#include <math.h>
#include <string.h>

#include "chk_modes.h"

/* --- lifetime ----------------------------------------------------------------------------------------------------- */

struct least {
	bool any, nonsense;
	double seconds;
	uint32_t index;
};

static bool
find_least(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct least *least = context;

	least->nonsense |= len != 1 || !chk_is_number(value);
	if (len == 1 && chk_is_number(value) && (!least->any || (double)value->number < least->seconds))
		*least = (struct least){ true, least->nonsense, (double)value->number, index[0] };
	return true;
}

enum { NAME, CHILD, OPER, TIME, TIME_LEFT, SIZE_LEFT, CELLS };
static const uint32_t lifetime_columns[CELLS] = { 2, 3, 7, 44, 45, 47 };

/* Find the tunnels of -n, or the tunnel with the shortest remaining lifetime. False: no answer. */
static bool
lifetime_rows(struct chk_check *check, struct chk_rows *rows)
{
	const struct chk_oid column = chk_oid_1(&chk_tunnel_table, 45);
	struct chk_result *r = check->result;
	struct least least = { .any = false };

	if (check->opt->name)
		return chk_tunnels_named(check, rows);
	if (!chk_snmp_walk(check->snmp, &column, find_least, &least))
		return false;
	if (least.nonsense)
		chk_say(r, CHK_UNKNOWN, "a lifetime that the device tells is no number");
	if (least.any)
		chk_rows_add(rows, least.index);
	else
		chk_say(r, CHK_UNKNOWN, "no active tunnel has a known lifetime");
	return true;
}

/* Compare a tunnel's remaining lifetime with the ranges. False: the lifetime is unknown. */
static bool
lifetime_judge(struct chk_check *check, const struct chk_value *row)
{
	struct chk_result *r = check->result;
	char text[WORD_AGE_MAX];

	if (!chk_is_number(&row[OPER])) {
		chk_say(r, CHK_UNKNOWN, "the tunnel ended during the check");
		return false;
	}
	if (row[OPER].number != 1) {
		chk_say(r, CHK_UNKNOWN, "%s/%s is down and has no SAs", row[NAME].text, row[CHILD].text);
		return false;
	}
	if (!chk_is_number(&row[TIME_LEFT])) {
		chk_say(r, CHK_UNKNOWN, "%s/%s has no known lifetime", row[NAME].text, row[CHILD].text);
		return false;
	}
	enum chk_state state = chk_limits_judge(&check->limits, (double)row[TIME_LEFT].number);
	chk_say(r, state, "the SAs of %s/%s live for another %s%s", row[NAME].text, row[CHILD].text,
		word_age(row[TIME_LEFT].number, text), state == CHK_OK ? "" : ", outside the range");
	return true;
}

bool
chk_mode_lifetime(struct chk_check *check)
{
	struct chk_result *r = check->result;
	struct chk_rows rows = { 0 };
	struct chk_value row[CELLS];
	bool good = lifetime_rows(check, &rows), none = true;

	for (size_t i = 0; good && i < rows.count; i++) {
		good = chk_row(check->snmp, &chk_tunnel_table, rows.index[i], lifetime_columns, CELLS, row);
		if (!good || !lifetime_judge(check, row))
			continue;
		if (none)
			chk_perf(r, "left", (double)row[TIME_LEFT].number, 0, "s", &check->limits, 0,
				 row[TIME].kind == CHK_NONE ? CHK_NO_END : (double)row[TIME].number);
		if (none && row[SIZE_LEFT].kind != CHK_NONE)
			chk_perf(r, "size_left", (double)row[SIZE_LEFT].number, 0, "KB", NULL, 0, CHK_NO_END);
		none = false;
	}
	chk_rows_free(&rows);
	return good;
}

/* --- feeds -------------------------------------------------------------------------------------------------------- */

#define SEGMENTS 64 /* check at most this many segments, and this many feeds */

struct places {
	uint32_t at[SEGMENTS][2];
	size_t count, left_out;
};

static bool
place_add(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct places *places = context;

	(void)value;
	if (places->count == SEGMENTS) {
		places->left_out++;
	} else if (len >= 1 && len <= 2) {
		places->at[places->count][0] = index[0];
		places->at[places->count++][1] = len == 2 ? index[1] : 0;
	}
	return true;
}

/* Rows beyond the limit were not checked: report UNKNOWN. */
static void
tell_left_out(struct chk_check *check, const struct places *places, const char *what)
{
	if (places->left_out > 0)
		chk_say(check->result, CHK_UNKNOWN, "%zu %s were not checked", places->left_out, what);
}

/* Columns of ipsecmonSegmentTable. */
enum { SEGMENT, SILENCE, CONFIGURED, UP, REFUSED, SEGMENT_COLUMNS };

/* Report a segment. Returns for how many seconds its writer has been silent; 0 if that is unknown. */
static double
segment(struct chk_check *check, const struct chk_value *row)
{
	char text[WORD_AGE_MAX];

	if (!chk_is_number(&row[SILENCE])) {
		chk_say(check->result, CHK_UNKNOWN, "it is not known how old segment %s is", row[SEGMENT].text);
		return 0;
	}
	double silence = (double)row[SILENCE].number / 100;
	enum chk_state state = chk_limits_judge(&check->limits, silence);
	word_age((uint64_t)silence, text);
	if (state != CHK_OK)
		chk_say(check->result, state, "nothing has written segment %s for %s: does ipsecmond run?",
			row[SEGMENT].text, text);
	chk_line(check->result, "segment %s: written %s ago, %llu tunnels configured, %llu up", row[SEGMENT].text, text,
		 (unsigned long long)row[CONFIGURED].number, (unsigned long long)row[UP].number);
	return silence;
}

/* *refused: number of records, in all segments, that found no room. */
static bool
segments(struct chk_check *check, uint64_t *refused)
{
	static const uint32_t columns[SEGMENT_COLUMNS] = { 2, 3, 4, 5, 6 };
	const struct chk_oid silences = chk_oid_1(&chk_segment_table, 3);
	struct places places = { .count = 0 };
	struct chk_value row[SEGMENT_COLUMNS];
	double longest = 0;

	if (!chk_snmp_walk(check->snmp, &silences, place_add, &places))
		return false;
	for (size_t i = 0; i < places.count; i++) {
		if (!chk_row(check->snmp, &chk_segment_table, places.at[i][0], columns, SEGMENT_COLUMNS, row))
			return false;
		*refused += row[REFUSED].number;
		double silence = segment(check, row);
		if (silence > longest)
			longest = silence;
	}
	if (places.count == 0)
		chk_say(check->result, CHK_UNKNOWN, "the device does not report of its segments");
	tell_left_out(check, &places, "segments");
	chk_perf(check->result, "segments", (double)places.count, 0, "", NULL, 0, CHK_NO_END);
	chk_perf(check->result, "silence", longest, 2, "s", &check->limits, 0, CHK_NO_END);
	return true;
}

enum { FEED, SOURCE, STATE, STATE_AGE, ANSWER_AGE, INTERVAL, ERROR, FEED_CELLS };

static void
feed_judge(struct chk_check *check, const struct chk_value *row, size_t *up)
{
	uint64_t late = row[ANSWER_AGE].number / 100;
	const char *name = row[FEED].text, *source = row[SOURCE].text;
	char age[WORD_AGE_MAX];

	word_age(row[STATE_AGE].number / 100, age);
	chk_line(check->result, "feed %s (%s): %s for %s", name, source,
		 row[STATE].number == 3   ? "up"
		 : row[STATE].number == 2 ? "connecting"
					  : "down",
		 age);
	if (!chk_is_number(&row[STATE])) {
		chk_say(check->result, CHK_UNKNOWN, "the device does not report the state of feed %s", name);
	} else if (row[STATE].number != 3) {
		chk_say(check->result, CHK_CRITICAL, "feed %s (%s) is down for %s%s%s", name, source, age,
			row[ERROR].size > 0 ? ": " : "", row[ERROR].text);
	} else {
		++*up;
		/* Allow three intervals and ten seconds: a request or two may be lost. */
		if (row[INTERVAL].number > 0 && row[ANSWER_AGE].kind != CHK_NONE &&
		    (double)row[ANSWER_AGE].number / 100 > 3 * (double)row[INTERVAL].number + 10)
			chk_say(check->result, CHK_WARNING, "feed %s (%s) has not answered for %s", name, source,
				word_age(late, age));
	}
}

static bool
feeds(struct chk_check *check)
{
	static const uint32_t columns[FEED_CELLS] = { 2, 3, 5, 6, 7, 8, 14 };
	const struct chk_oid states = chk_oid_1(&chk_feed_table, 5);
	struct places places = { .count = 0 };
	size_t up = 0;

	if (!chk_snmp_walk(check->snmp, &states, place_add, &places))
		return false;
	for (size_t i = 0; i < places.count; i++) {
		struct chk_oid names[FEED_CELLS];
		struct chk_value row[FEED_CELLS];

		for (size_t c = 0; c < FEED_CELLS; c++) {
			names[c] = chk_oid_2(&chk_feed_table, columns[c], places.at[i][0]);
			names[c] = chk_oid_1(&names[c], places.at[i][1]);
		}
		if (!chk_snmp_get(check->snmp, names, row, FEED_CELLS))
			return false;
		feed_judge(check, row, &up);
	}
	if (places.count == 0)
		chk_say(check->result, CHK_CRITICAL, "there is no feed: nothing is known");
	else
		chk_say(check->result, up == places.count ? CHK_OK : CHK_CRITICAL, "%zu of %zu feeds are up", up,
			places.count);
	tell_left_out(check, &places, "feeds");
	chk_perf(check->result, "feeds_up", (double)up, 0, "", NULL, 0, (double)places.count);
	return true;
}

bool
chk_mode_feeds(struct chk_check *check)
{
	uint64_t refused = 0;

	if (check->device.segments == 0) {
		chk_say(check->result, CHK_CRITICAL,
			"no segment is served: ipsecmond does not run, or its segment cannot be read; `ipsecmon check' "
			"on the "
			"gateway tells");
		return true;
	}
	if (!segments(check, &refused))
		return false;
	if (!check->device.silence_known || check->device.silence > CHK_SILENCE) {
		chk_say(check->result, CHK_UNKNOWN, "the other figures are out of date");
		return true;
	}
	if (!feeds(check))
		return false;
	if (refused > 0)
		chk_say(check->result, CHK_WARNING, "%llu records were refused for lack of room",
			(unsigned long long)refused);
	return true;
}
