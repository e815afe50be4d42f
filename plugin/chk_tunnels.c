/* SPDX-License-Identifier: ISC */
/* Modes about tunnels: which are up or down, and how many there are. */
#include <string.h>

#include "chk_modes.h"

#define SHOWN_DOWN 5  /* report this many tunnels; with -v five times as many, as far as they fit */
#define AT_ONCE    16 /* rows in one request, with three cells each */

/* ipsecmonTunnelEntry */
enum { NAME, CHILD, KIND, ADMIN, OPER, AGE, FLAPS, REASON, FAILURE, FAIL_TEXT, FAIL_AGE, PEER, ACTIVE, CELLS };
static const uint32_t columns[CELLS] = { 2, 3, 4, 6, 7, 8, 10, 11, 13, 14, 15, 16, 19 };
enum { STATUS_UP = 1, STATUS_DOWN = 2, KIND_STATIC = 1, KIND_DYNAMIC = 2 };

bool
chk_tunnels_named(struct chk_check *check, struct chk_rows *rows)
{
	size_t all = 0;

	if (!check->device.own) {
		chk_say(check->result, CHK_UNKNOWN,
			"the device has no IPSECMON-MIB, in which tunnels have names: use -r with the peer's address");
		return true;
	}
	if (!chk_find_name(check->snmp, check->opt->name, rows, &all))
		return false;
	if (rows->no_memory)
		chk_say(check->result, CHK_UNKNOWN, "out of memory");
	if (rows->count == 0)
		chk_say(check->result, CHK_UNKNOWN,
			"no tunnel %s is configured among %zu: `ipsecmon show crypto map' on the gateway has their "
			"names",
			check->opt->name, all);
	return true;
}

/* "NAME", or "NAME/CHILD" if the child has another name */
static const char *
full_name(const struct chk_value *row, char *text, size_t size)
{
	if (row[CHILD].size == 0 || strcmp(row[NAME].text, row[CHILD].text) == 0)
		snprintf(text, size, "%.63s", row[NAME].text);
	else
		snprintf(text, size, "%.63s/%.63s", row[NAME].text, row[CHILD].text);
	return text;
}

/*
 * The text after "is down": " for 5 min 2 s: peer lost, last failure 3 s ago: authentication (AUTH_FAILED)". The MIB
 * numbers reasons from 2; 1 means none.
 */
static const char *
down_text(const struct chk_value *row, char *text, size_t size)
{
	char age[WORD_AGE_MAX];
	size_t len = 0;

	if (row[REASON].number == 1) /* never up: then the age is that of the configuration */
		len = (size_t)snprintf(text, size, ": it has never been up");
	else
		len = (size_t)snprintf(text, size, " for %s: %s", word_age(row[AGE].number / 100, age),
				       word_end_reason(row[REASON].number - 2));
	if (row[FAILURE].number > 1 && row[FAIL_AGE].kind != CHK_NONE && len < size)
		len += (size_t)snprintf(text + len, size - len, ", last failure %s ago: %s",
					word_age(row[FAIL_AGE].number / 100, age),
					word_failure(row[FAILURE].number - 2));
	if (row[FAILURE].number > 1 && row[FAIL_TEXT].size > 0 && len < size)
		snprintf(text + len, size - len, " (%s)", row[FAIL_TEXT].text);
	return text;
}

/* --- one tunnel --------------------------------------------------------------------------------------------------- */

/* Read a configured tunnel's row. False: no answer. If the row has disappeared, its cells are CHK_NONE. */
static bool
configured(struct chk_check *check, uint32_t index, struct chk_value *row)
{
	return chk_row(check->snmp, &chk_tunnel_table, index, columns, CELLS, row);
}

/* Judge a configured tunnel. Returns for how many seconds it has been up; negative: it is not up. */
static double
judge(struct chk_check *check, const struct chk_value *row)
{
	char name[160], text[512], age[WORD_AGE_MAX];
	double seconds = (double)row[AGE].number / 100;
	enum chk_state state;

	full_name(row, name, sizeof(name));
	if (row[OPER].number == STATUS_UP && !chk_is_number(&row[AGE])) {
		chk_say(check->result, CHK_UNKNOWN, "%s is up, and the device does not report for how long", name);
		return -1;
	}
	if (row[OPER].number == STATUS_UP) {
		state = chk_limits_judge(&check->limits, seconds);
		chk_say(check->result, state, "%s is up for %s%s", name, word_age((uint64_t)seconds, age),
			state == CHK_OK ? "" : ", outside the range");
		return seconds;
	}
	if (row[ADMIN].number == STATUS_DOWN)
		chk_say(check->result, CHK_WARNING, "%s is configured to stay down", name);
	else
		chk_say(check->result, CHK_CRITICAL, "%s %s%s", name,
			row[KIND].number == KIND_DYNAMIC ? "has no peer" : "is down",
			down_text(row, text, sizeof(text)));
	return -1;
}

static bool
tunnel_by_name(struct chk_check *check)
{
	struct chk_rows rows = { 0 };
	unsigned up = 0;
	double age = -1;
	uint64_t flaps = 0;
	bool good = chk_tunnels_named(check, &rows);

	for (size_t i = 0; good && i < rows.count; i++) {
		struct chk_value row[CELLS];
		char name[160];
		double seconds;

		good = configured(check, rows.index[i], row);
		if (!good)
			break;
		if (!chk_is_number(&row[OPER])) {
			chk_say(check->result, CHK_UNKNOWN, "the tunnel ended during the check");
			continue;
		}
		seconds = judge(check, row);
		flaps += row[FLAPS].number;
		up += seconds >= 0;
		if (seconds >= 0 && (age < 0 || seconds < age))
			age = seconds;
		if (check->opt->verbose > 0)
			chk_line(check->result, "%s: peer %s, %llu up, went down %llu times",
				 full_name(row, name, sizeof(name)), row[PEER].size > 0 ? row[PEER].text : "not told",
				 (unsigned long long)row[ACTIVE].number, (unsigned long long)row[FLAPS].number);
	}
	if (good && rows.count > 0) {
		chk_perf(check->result, "up", up, 0, "", NULL, 0, (double)rows.count);
		if (age >= 0)
			chk_perf(check->result, "age", age, 0, "s", &check->limits, 0, CHK_NO_END);
		chk_perf_counter(check->result, "flaps", flaps);
	}
	chk_rows_free(&rows);
	return good;
}

/* No tunnel to the peer is up: report configured tunnels to it that are down, and why. */
static bool
why_no_peer(struct chk_check *check)
{
	struct chk_rows rows = { 0 };
	bool good = true;

	if (check->device.own)
		good = chk_find_configured_peer(check->snmp, &check->opt->peer, &rows);
	for (size_t i = 0; good && i < rows.count && i < SHOWN_DOWN; i++) {
		struct chk_value row[CELLS];
		char name[160], text[512];
		good = configured(check, rows.index[i], row);
		if (good && row[OPER].number == STATUS_DOWN)
			chk_say(check->result, CHK_CRITICAL, "%s is down%s", full_name(row, name, sizeof(name)),
				down_text(row, text, sizeof(text)));
	}
	chk_rows_free(&rows);
	return good;
}

static bool
tunnel_by_peer(struct chk_check *check)
{
	static const uint32_t active_time[] = { 10 };
	struct chk_rows rows = { 0 };
	struct chk_value value;
	double age = -1;
	char text[WORD_AGE_MAX];
	bool good = chk_find_peer(check->snmp, &chk_sec_table, 5, &check->opt->peer, &rows);
	enum chk_state state;

	for (size_t i = 0; good && i < rows.count; i++) {
		good = chk_row(check->snmp, &chk_sec_table, rows.index[i], active_time, 1, &value);
		if (good && chk_is_number(&value) && (age < 0 || (double)value.number / 100 < age))
			age = (double)value.number / 100;
	}
	if (good) {
		chk_perf(check->result, "up", (double)rows.count, 0, "", NULL, 0, CHK_NO_END);
		if (age >= 0) {
			state = chk_limits_judge(&check->limits, age);
			chk_say(check->result, state, "%zu %s to %s, the youngest is up for %s%s", rows.count,
				rows.count == 1 ? "tunnel" : "tunnels", check->opt->peer_text,
				word_age((uint64_t)age, text), state == CHK_OK ? "" : ", outside the range");
			chk_perf(check->result, "age", age, 0, "s", &check->limits, 0, CHK_NO_END);
		} else if (rows.count > 0) {
			chk_say(check->result, CHK_UNKNOWN, "the tunnel to %s ended during the check",
				check->opt->peer_text);
		} else {
			chk_say(check->result, CHK_CRITICAL, "no tunnel to %s is up", check->opt->peer_text);
			good = why_no_peer(check);
		}
	}
	chk_rows_free(&rows);
	return good;
}

bool
chk_mode_tunnel(struct chk_check *check)
{
	return check->opt->name ? tunnel_by_name(check) : tunnel_by_peer(check);
}

/* --- all configured tunnels --------------------------------------------------------------------------------------- */

struct all {
	uint64_t sum;
	struct chk_rows down;
	size_t count, nonsense; /* count: rows; nonsense: rows whose answer is not a number */
};

static bool
add_up(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct all *all = context;
	(void)index;
	(void)len;
	all->nonsense += !chk_is_number(value);
	all->sum += value->number;
	return true;
}

static bool
oper_status(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct all *all = context;
	all->nonsense += len != 1 || !chk_is_number(value);
	if (len == 1) {
		all->count++;
		if (value->number != STATUS_UP)
			chk_rows_add(&all->down, index[0]);
	}
	return true;
}

/* Should a tunnel that is down be up? @p cell holds its kind and states. */
static bool
should_be_up(struct all *all, const struct chk_value *cell, size_t *idle)
{
	const struct chk_value *kind = cell, *admin = cell + 1, *oper = cell + 2;

	if (kind->kind == CHK_NONE && admin->kind == CHK_NONE && oper->kind == CHK_NONE)
		all->count--; /* the tunnel has disappeared */
	else if (!chk_is_number(kind) || !chk_is_number(admin) || !chk_is_number(oper))
		all->nonsense++;
	else if (kind->number == KIND_DYNAMIC || admin->number == STATUS_DOWN)
		++*idle;
	else
		return true;
	return false;
}

/* Add a line about a tunnel that is down. False: no answer. */
static bool
down_line(struct chk_check *check, uint32_t index)
{
	struct chk_value row[CELLS];
	char name[160], text[512];

	if (!configured(check, index, row))
		return false;
	if (row[OPER].kind != CHK_NONE)
		chk_line(check->result, "%s (peer %s) is down%s", full_name(row, name, sizeof(name)),
			 row[PEER].size > 0 ? row[PEER].text : "not told", down_text(row, text, sizeof(text)));
	return true;
}

/* Count the tunnels that are down although they should be up, and add a line for each. */
static bool
tell_down(struct chk_check *check, struct all *all, size_t *faults, size_t *idle)
{
	static const uint32_t short_columns[] = { 4, 6, 7 };
	const struct chk_rows *down = &all->down;
	struct chk_oid names[3 * AT_ONCE];
	struct chk_value cells[3 * AT_ONCE];
	size_t lines = check->opt->verbose > 0 ? 5 * SHOWN_DOWN : SHOWN_DOWN;

	for (size_t at = 0; at < down->count; at += AT_ONCE) {
		size_t n = down->count - at < AT_ONCE ? down->count - at : AT_ONCE;
		for (size_t i = 0; i < 3 * n; i++)
			names[i] = chk_oid_2(&chk_tunnel_table, short_columns[i % 3], down->index[at + i / 3]);
		if (!chk_snmp_get(check->snmp, names, cells, 3 * n))
			return false;
		for (size_t i = 0; i < n; i++)
			if (should_be_up(all, &cells[3 * i], idle) && ++*faults <= lines &&
			    !down_line(check, down->index[at + i]))
				return false;
	}
	if (*faults > lines)
		check->result->lines.left_out += (unsigned)(*faults - lines);
	return true;
}

/* Report the tunnels that are down: @p faults of all should be up, @p idle need not. */
static void
tell_all(struct chk_check *check, const struct all *all, size_t faults, size_t idle)
{
	struct chk_result *r = check->result;
	enum chk_state state = chk_limits_judge(&check->limits, (double)faults);

	chk_say(r, all->down.no_memory ? CHK_UNKNOWN : state, "%zu of %zu tunnels are down", faults, all->count);
	/* Repeat the first detail line on the first line, as far as it fits. */
	if (faults > 0) {
		size_t len = strcspn(r->lines.text, "\n");
		chk_say(r, state, "%.*s", (int)(len < 512 ? len : 512), r->lines.text);
	}
	if (idle > 0)
		chk_say(r, CHK_OK, "%zu templates without a peer, or configured to stay down", idle);
	chk_perf(r, "configured", (double)all->count, 0, "", NULL, 0, CHK_NO_END);
	chk_perf(r, "up", (double)(all->count - all->down.count), 0, "", NULL, 0, (double)all->count);
	chk_perf(r, "down", (double)faults, 0, "", &check->limits, 0, (double)all->count);
}

bool
chk_mode_tunnels(struct chk_check *check)
{
	const struct chk_oid configured_column = chk_oid_1(&chk_segment_table, 4),
			     up_column = chk_oid_1(&chk_segment_table, 5);
	const struct chk_oid oper_column = chk_oid_1(&chk_tunnel_table, 7);
	struct all count = { 0 }, up = { 0 }, all = { 0 };
	size_t faults = 0, idle = 0;
	struct chk_result *r = check->result;
	bool good = chk_snmp_walk(check->snmp, &configured_column, add_up, &count) &&
		    chk_snmp_walk(check->snmp, &up_column, add_up, &up);

	if (!good)
		return false;
	all.count = count.sum;
	/* If all tunnels are up, skip reading each row. */
	if (up.sum != count.sum) {
		all.count = 0;
		good = chk_snmp_walk(check->snmp, &oper_column, oper_status, &all) &&
		       tell_down(check, &all, &faults, &idle);
	}
	all.nonsense += count.nonsense + up.nonsense;
	if (good && all.nonsense > 0)
		chk_say(r, CHK_UNKNOWN, "the device does not report the state of all tunnels");
	if (good && all.count == 0)
		chk_say(r, CHK_UNKNOWN, "no tunnel is configured on the gateway, so there is nothing to check");
	else if (good)
		tell_all(check, &all, faults, idle);
	chk_rows_free(&all.down);
	return good;
}

/* --- how many ----------------------------------------------------------------------------------------------------- */

static bool
how_many(struct chk_check *check, const struct chk_oid *global, const struct chk_oid *table, uint32_t address,
	 const char *what)
{
	struct chk_result *r = check->result;
	struct chk_rows rows = { 0 };
	struct chk_value value;
	const struct chk_oid name = chk_oid_2(global, 1, 0);
	enum chk_state state;
	double n;

	if (check->opt->peer_text) {
		bool good = chk_find_peer(check->snmp, table, address, &check->opt->peer, &rows);
		n = (double)rows.count;
		chk_rows_free(&rows);
		if (!good)
			return false;
	} else {
		if (!chk_snmp_get(check->snmp, &name, &value, 1))
			return false;
		if (!chk_is_number(&value)) {
			chk_say(r, CHK_UNKNOWN, "the device does not report how many %ss there are", what);
			return true;
		}
		n = (double)value.number;
	}
	state = chk_limits_judge(&check->limits, n);
	chk_say(r, state, "%.0f %s%s%s%s %s up", n, what, n == 1 ? "" : "s", check->opt->peer_text ? " with " : "",
		check->opt->peer_text ? check->opt->peer_text : "", n == 1 ? "is" : "are");
	chk_perf(r, "active", n, 0, "", &check->limits, 0, CHK_NO_END);
	return true;
}

bool
chk_mode_active(struct chk_check *check)
{
	return how_many(check, &chk_sec_global, &chk_sec_table, 5, "IPsec tunnel");
}

bool
chk_mode_ike(struct chk_check *check)
{
	return how_many(check, &chk_ike_global, &chk_ike_table, 8, "IKE SA");
}
