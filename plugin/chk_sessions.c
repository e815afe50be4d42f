/* SPDX-License-Identifier: ISC */
/* Modes about remote users: how many there are, whether one of them is connected, and pools of addresses. */
#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include "chk_modes.h"

/* The device answers, but has no CISCO-REMOTE-ACCESS-MONITOR-MIB, or knows no users. */
static void
say_unknown(struct chk_check *check)
{
	chk_say(check->result, CHK_UNKNOWN,
		"the device does not know its remote users: is CISCO-REMOTE-ACCESS-MONITOR-MIB in the view, and does a "
		"feed know users? See -m feeds");
}

/* --- sessions ----------------------------------------------------------------------------------------------------- */

bool
chk_mode_sessions(struct chk_check *check)
{
	enum { SESSIONS, USERS, GROUPS, FAILURES, COUNT };
	const struct chk_oid names[COUNT] = { chk_oid_2(&chk_ras_activity, 1, 0), chk_oid_2(&chk_ras_activity, 3, 0),
					      chk_oid_2(&chk_ras_activity, 4, 0), chk_oid_2(&chk_ras_failures, 1, 0) };
	struct chk_value values[COUNT];
	struct chk_result *r = check->result;

	if (!chk_snmp_get(check->snmp, names, values, COUNT))
		return false;
	if (!chk_is_number(&values[SESSIONS])) {
		say_unknown(check);
		return true;
	}
	unsigned long long sessions = values[SESSIONS].number;
	enum chk_state state = chk_limits_judge(&check->limits, (double)sessions);
	chk_say(r, state, "%llu %s%s", sessions, sessions == 1 ? "session" : "sessions",
		state == CHK_OK ? "" : ", outside the range");
	if (chk_is_number(&values[USERS]))
		chk_say(r, CHK_OK, "%llu user%s", (unsigned long long)values[USERS].number,
			values[USERS].number == 1 ? "" : "s");
	if (chk_is_number(&values[GROUPS]))
		chk_say(r, CHK_OK, "%llu group%s", (unsigned long long)values[GROUPS].number,
			values[GROUPS].number == 1 ? "" : "s");
	chk_perf(r, "sessions", (double)sessions, 0, "", &check->limits, 0, CHK_NO_END);
	if (chk_is_number(&values[USERS]))
		chk_perf(r, "users", (double)values[USERS].number, 0, "", NULL, 0, CHK_NO_END);
	if (chk_is_number(&values[FAILURES]))
		chk_perf_counter(r, "login_failures", values[FAILURES].number);
	return true;
}

/* --- user --------------------------------------------------------------------------------------------------------- */

#define SESSIONS_MAX 16   /* show at most this many sessions of a user */
#define USER_KEY_MAX 112u /* octets of a name that an OID of crasSessionTable has room for */

struct found {
	uint32_t index[SESSIONS_MAX];
	size_t count; /* of all sessions */
};

static bool
session_add(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct found *found = context;

	(void)value;
	if (len == 1 && found->count++ < SESSIONS_MAX)
		found->index[found->count - 1] = index[0];
	return true;
}

/* A column of crasSessionTable for the sessions of one user: the index is the length of the name, the name, a number.
 */
static struct chk_oid
user_column(uint32_t column, const char *user)
{
	struct chk_oid oid = chk_oid_1(&chk_ras_session_table, column);
	size_t len = strlen(user);

	if (len > USER_KEY_MAX)
		for (len = USER_KEY_MAX; len > USER_KEY_MAX - 4 && ((unsigned char)user[len] & 0xc0) == 0x80;)
			len--; /* between two characters of UTF-8 */
	oid.ids[oid.len++] = (uint32_t)len;
	for (size_t i = 0; i < len; i++)
		oid.ids[oid.len++] = (unsigned char)user[i];
	return oid;
}

static const char *
address(const struct chk_value *value, char out[INET6_ADDRSTRLEN])
{
	int family = value->size == 4 || value->size == 8 ? AF_INET : AF_INET6; /* 8, 20: with a zone */
	static const char none[4];

	if (value->kind != CHK_OCTETS || value->size < 4 || (value->size == 4 && memcmp(value->text, none, 4) == 0) ||
	    (family == AF_INET6 && value->size < 16) || !inet_ntop(family, value->text, out, INET6_ADDRSTRLEN))
		snprintf(out, INET6_ADDRSTRLEN, "-");
	return out;
}

static void
octets_text(const struct chk_value *value, char *out, size_t size)
{
	static const char *const units[] = { "octets", "kB", "MB", "GB", "TB" };
	double n = (double)value->number;
	size_t unit = 0;

	while (n >= 1000 && unit < 4) {
		n /= 1000;
		unit++;
	}
	if (chk_is_number(value))
		snprintf(out, size, "%.*f %s", unit == 0 || n >= 100 ? 0 : 1, n, units[unit]);
	else
		snprintf(out, size, "unknown");
}

enum { GROUP, DURATION, LOCAL, SOURCE, IN, OUT, SESSION_CELLS };

/* "from 192.0.2.7 as 10.3.0.1, group rw, for 2 h 10 min (since Dec 1 02:10), in 1.2 MB, out 34 MB" */
static void
session_text(const struct chk_value *row, char *out, size_t size)
{
	char source[INET6_ADDRSTRLEN], local[INET6_ADDRSTRLEN], age[WORD_AGE_MAX], in[32], sent[32], since[32] = "";
	time_t when = time(NULL) - (time_t)row[DURATION].number;
	struct tm tm;

	if (localtime_r(&when, &tm))
		strftime(since, sizeof(since), "%b %e %H:%M", &tm);
	octets_text(&row[IN], in, sizeof(in));
	octets_text(&row[OUT], sent, sizeof(sent));
	snprintf(out, size, "from %s as %s, group %s, for %s (since %s), in %s, out %s", address(&row[SOURCE], source),
		 address(&row[LOCAL], local), row[GROUP].size ? row[GROUP].text : "-",
		 word_age(row[DURATION].number, age), since, in, sent);
}

struct sums {
	uint64_t longest, in, out;
	size_t rows;
	bool octets; /* in and out are known, of all sessions */
};

/* Show one session. False: no answer. */
static bool
session_show(struct chk_check *check, uint32_t index, struct sums *sums)
{
	static const uint32_t columns[SESSION_CELLS] = { 2, 6, 8, 10, 35, 36 };
	struct chk_oid names[SESSION_CELLS];
	struct chk_value row[SESSION_CELLS];
	char text[400];

	for (size_t i = 0; i < SESSION_CELLS; i++) {
		names[i] = user_column(columns[i], check->opt->name);
		names[i] = chk_oid_1(&names[i], index);
	}
	if (!chk_snmp_get(check->snmp, names, row, SESSION_CELLS))
		return false;
	if (!chk_is_number(&row[DURATION]))
		return true; /* it has just ended */
	session_text(row, text, sizeof(text));
	if (sums->rows++ == 0)
		chk_say(check->result, CHK_OK, "%s", text);
	else
		chk_line(check->result, "also %s", text);
	sums->octets &= chk_is_number(&row[IN]) && chk_is_number(&row[OUT]);
	sums->in += row[IN].number;
	sums->out += row[OUT].number;
	if (row[DURATION].number > sums->longest)
		sums->longest = row[DURATION].number;
	return true;
}

static void
user_judge(struct chk_check *check, size_t sessions)
{
	struct chk_result *r = check->result;
	enum chk_state state = chk_limits_judge(&check->limits, (double)sessions);

	if (sessions == 0)
		chk_say(r, state, "%s is not connected", check->opt->name);
	else if (sessions == 1)
		chk_say(r, state, "%s is connected", check->opt->name);
	else
		chk_say(r, state, "%s is connected %zu times", check->opt->name, sessions);
}

bool
chk_mode_user(struct chk_check *check)
{
	const struct chk_oid known = chk_oid_2(&chk_ras_activity, 1, 0);
	const struct chk_oid column = user_column(6, check->opt->name);
	struct chk_result *r = check->result;
	struct sums sums = { .octets = true };
	struct found found = { .count = 0 };
	struct chk_value number;

	if (!chk_snmp_get(check->snmp, &known, &number, 1))
		return false;
	if (!chk_is_number(&number)) {
		say_unknown(check);
		return true;
	}
	if (!chk_snmp_walk(check->snmp, &column, session_add, &found))
		return false;
	user_judge(check, found.count);
	for (size_t i = 0; i < found.count && i < SESSIONS_MAX; i++)
		if (!session_show(check, found.index[i], &sums))
			return false;
	if (found.count > SESSIONS_MAX)
		chk_line(r, "and %zu sessions more", found.count - SESSIONS_MAX);
	chk_perf(r, "sessions", (double)found.count, 0, "", &check->limits, 0, CHK_NO_END);
	if (sums.rows > 0)
		chk_perf(r, "connected", (double)sums.longest, 0, "s", NULL, 0, CHK_NO_END);
	if (sums.rows > 0 && sums.octets && found.count <= SESSIONS_MAX) {
		chk_perf_counter(r, "in_octets", sums.in);
		chk_perf_counter(r, "out_octets", sums.out);
	}
	return true;
}

/* --- pool --------------------------------------------------------------------------------------------------------- */

#define POOLS_MAX 64 /* check at most this many */

struct pools {
	uint32_t at[POOLS_MAX][2];
	size_t count;
};

static bool
pool_add(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct pools *pools = context;

	(void)value;
	if (len == 2 && pools->count++ < POOLS_MAX) {
		pools->at[pools->count - 1][0] = index[0];
		pools->at[pools->count - 1][1] = index[1];
	}
	return true;
}

enum { POOL, SIZE, ONLINE, OFFLINE, POOL_CELLS };

/* Report a pool. The worst comes first, like all findings. */
static void
pool_judge(struct chk_check *check, const struct chk_value *row)
{
	struct chk_result *r = check->result;
	const char *name = row[POOL].text;

	if (!chk_is_number(&row[SIZE]) || !chk_is_number(&row[ONLINE])) {
		chk_say(r, CHK_UNKNOWN, "the device does not report the use of pool %s", name);
		return;
	}
	unsigned long long size = row[SIZE].number, online = row[ONLINE].number;
	double percent = size ? 100.0 * (double)online / (double)size : 100.0;
	enum chk_state state = chk_limits_judge(&check->limits, percent);
	chk_say(r, state, "pool %s: %llu of %llu addresses in use (%.0f %%)%s", name, online, size, percent,
		state == CHK_OK ? "" : ", outside the range");
	if (chk_is_number(&row[OFFLINE]))
		chk_line(r, "pool %s: %llu in use, %llu kept for users who are away, %llu free", name, online,
			 (unsigned long long)row[OFFLINE].number,
			 online + row[OFFLINE].number < size ? size - online - row[OFFLINE].number : 0);
	chk_perf(r, name, percent, 1, "%", &check->limits, 0, 100);
}

/* Read pool number @p i, and report it unless another one was asked for. *hits: how many were reported. */
static bool
pool_show(struct chk_check *check, const struct pools *pools, size_t i, size_t *hits)
{
	static const uint32_t columns[POOL_CELLS] = { 2, 4, 5, 6 };
	struct chk_oid names[POOL_CELLS];
	struct chk_value row[POOL_CELLS];

	for (size_t c = 0; c < POOL_CELLS; c++) {
		names[c] = chk_oid_2(&chk_pool_table, columns[c], pools->at[i][0]);
		names[c] = chk_oid_1(&names[c], pools->at[i][1]);
	}
	if (!chk_snmp_get(check->snmp, names, row, POOL_CELLS))
		return false;
	if (row[POOL].kind != CHK_OCTETS || (check->opt->name && strcmp(check->opt->name, row[POOL].text) != 0))
		return true;
	++*hits;
	pool_judge(check, row);
	return true;
}

bool
chk_mode_pool(struct chk_check *check)
{
	const struct chk_oid column = chk_oid_1(&chk_pool_table, 4);
	struct pools pools = { .count = 0 };
	size_t hits = 0;

	if (!chk_snmp_walk(check->snmp, &column, pool_add, &pools))
		return false;
	for (size_t i = 0; i < pools.count && i < POOLS_MAX; i++)
		if (!pool_show(check, &pools, i, &hits))
			return false;
	if (pools.count > POOLS_MAX)
		chk_say(check->result, CHK_UNKNOWN, "%zu pools were not checked", pools.count - POOLS_MAX);
	if (hits == 0 && check->opt->name)
		chk_say(check->result, CHK_UNKNOWN, "there is no pool %s", check->opt->name);
	else if (hits == 0)
		chk_say(check->result, CHK_UNKNOWN, "the device reports no pool of addresses");
	return true;
}
