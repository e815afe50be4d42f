/* SPDX-License-Identifier: ISC */
/* Modes that count: counters and their rates per second. */
#include <string.h>

#include "chk_modes.h"
#include "chk_rates.h"
#include "hash.h"

/*
 * SNMPv1 cannot carry 64-bit numbers. Two more objects hold their low and high halves. If low is 0, the object itself
 * has 32 bits.
 */
struct counted {
	const char *label;
	uint32_t column, low, high;
	bool may_lack; /* a gateway without a feed that knows the value lacks the object */
};

static const struct counted tunnel_traffic[] = {
	{ "in_octets", 27, 26, 28, false }, { "out_octets", 40, 39, 41, false },
	{ "in_pkts", 32, 0, 0, false },     { "out_pkts", 45, 0, 0, false },
	{ NULL, 0, 0, 0, false },
};
static const struct counted global_traffic[] = {
	{ "in_octets", 4, 3, 5, false }, { "out_octets", 17, 16, 18, false },
	{ "in_pkts", 9, 0, 0, false },   { "out_pkts", 22, 0, 0, false },
	{ NULL, 0, 0, 0, false },
};
static const struct counted own_traffic[] = {
	{ "in_octets", 31, 0, 0, false }, { "out_octets", 32, 0, 0, false }, { "in_pkts", 35, 0, 0, false },
	{ "out_pkts", 36, 0, 0, false },  { NULL, 0, 0, 0, false },
};
static const struct counted global_errors[] = {
	{ "init_fails", 20, 0, 0, true },     { "resp_fails", 21, 0, 0, true },
	{ "capacity_fails", 22, 0, 0, true }, { "auth_fails", 23, 0, 0, true },
	{ "decrypt_fails", 24, 0, 0, true },  { "hash_fails", 25, 0, 0, true },
	{ "no_sa_fails", 26, 0, 0, true },    { NULL, 0, 0, 0, false },
};
static const struct counted own_errors[] = {
	{ "failures", 12, 0, 0, false },
	{ NULL, 0, 0, 0, false },
};
static const struct counted tunnel_drops[] = {
	{ "in_drops", 33, 0, 0, true }, { "in_replay", 34, 0, 0, true }, { "in_auth", 36, 0, 0, true },
	{ "in_crypt", 38, 0, 0, true }, { "out_drops", 46, 0, 0, true }, { NULL, 0, 0, 0, false },
};
static const struct counted global_drops[] = {
	{ "in_drops", 10, 0, 0, true },  { "in_replay", 11, 0, 0, true }, { "in_auth", 13, 0, 0, true },
	{ "in_crypt", 15, 0, 0, true },  { "out_drops", 23, 0, 0, true }, { "out_auth", 25, 0, 0, true },
	{ "out_crypt", 27, 0, 0, true }, { "policy", 28, 0, 0, true },    { "no_sa", 29, 0, 0, true },
	{ "capacity", 30, 0, 0, true },  { NULL, 0, 0, 0, false },
};

static const struct counted login_errors[] = {
	{ "login_failures", 1, 0, 0, true },
	{ NULL, 0, 0, 0, false },
};

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* Add a row's value to the label's count. All rows share one count. */
static void
add(struct chk_sample *sample, const char *label, bool wide, uint64_t value)
{
	size_t i = 0;

	while (i < sample->count && strcmp(sample->counts[i].label, label) != 0)
		i++;
	if (i == CHK_COUNTS_MAX)
		return;
	if (i == sample->count) {
		snprintf(sample->counts[i].label, CHK_LABEL_MAX, "%s", label);
		sample->counts[i].wide = wide;
		sample->count++;
	}
	sample->counts[i].value += value;
	if (!wide)
		sample->counts[i].value &= UINT32_MAX;
}

/*
 * Read every object of the list from one row, or from scalars with row 0. *missing: the label of a required object that
 * the device lacks.
 */
static bool
read_list(struct chk_check *check, const struct chk_oid *table, uint32_t row, const struct counted *list,
	  struct chk_sample *sample, const char **missing)
{
	bool halves = check->opt->version == CHK_V1;
	struct chk_oid names[2 * CHK_COUNTS_MAX];
	struct chk_value values[2 * CHK_COUNTS_MAX];
	size_t n = 0;

	for (const struct counted *c = list; c->label; c++) {
		bool split = halves && c->low != 0;
		names[n++] = chk_oid_2(table, split ? c->low : c->column, row);
		if (split)
			names[n++] = chk_oid_2(table, c->high, row);
	}
	if (!chk_snmp_get(check->snmp, names, values, n))
		return false;
	n = 0;
	for (const struct counted *c = list; c->label; c++) {
		const struct chk_value *value = &values[n++], *high = halves && c->low != 0 ? &values[n++] : NULL;

		if (c->may_lack && value->kind == CHK_NONE && (!high || high->kind == CHK_NONE))
			continue;
		if (!chk_is_number(value) || (high && !chk_is_number(high)))
			*missing = c->label;
		else if (high)
			add(sample, c->label, true, high->number << 32 | value->number);
		else
			add(sample, c->label, value->kind == CHK_NUMBER64, value->number);
	}
	return true;
}

struct drops {
	struct chk_sample *sample;
	const char *way;
	size_t count;
};

static bool
drop(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct drops *drops = context;
	const char *key = len == 1 ? word_drop_key(index[0] - UINT64_C(1)) : NULL;
	char label[CHK_LABEL_MAX];

	if (key && chk_is_number(value)) {
		snprintf(label, sizeof(label), "%s_%s", drops->way, key);
		add(drops->sample, label, value->kind == CHK_NUMBER64, value->number);
		drops->count++;
	}
	return true;
}

/* Read a configured tunnel's drops, one count for each known reason. */
static bool
read_reasons(struct chk_check *check, uint32_t row, struct chk_sample *sample, const char **missing)
{
	const struct chk_oid in = chk_oid_2(&chk_drop_table, 2, row), out = chk_oid_2(&chk_drop_table, 3, row);
	struct drops ins = { .sample = sample, .way = "in" }, outs = { .sample = sample, .way = "out" };

	if (!chk_snmp_walk(check->snmp, &in, drop, &ins) || !chk_snmp_walk(check->snmp, &out, drop, &outs))
		return false;
	if (ins.count + outs.count == 0)
		*missing = "ipsecmonDropTable";
	return true;
}

/* --- reporting ---------------------------------------------------------------------------------------------------- */

/* The name includes the ranges: two services that differ only in their ranges must not share a saved sample. */
static void
name_sample(const struct chk_check *check, struct chk_sample *sample)
{
	const struct chk_options *opt = check->opt;

	snprintf(sample->what, sizeof(sample->what), "%s %u %d %s %s %s %s", opt->host, opt->port, (int)opt->version,
		 opt->mode, check->limits.warning.text, check->limits.critical.text,
		 opt->name        ? opt->name
		 : opt->peer_text ? opt->peer_text
				  : "");
	for (char *p = sample->what; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
}

static void
rate_text(const struct chk_count *c, char *text, size_t size)
{
	static const char *const units[] = { "", "k", "M", "G", "T" };
	double rate = c->rate;
	size_t unit = 0;

	while (rate >= 1000 && unit < 4) {
		rate /= 1000;
		unit++;
	}
	snprintf(text, size, "%s %.*f%s/s", c->label, rate == 0 ? 0 : rate < 10 ? 2 : 1, rate, units[unit]);
}

/*
 * Report a rate. Compare it with the ranges if it is @p judged. @p zero: show a rate of 0 on the first line, too.
 * Returns true if the rate is on the first line.
 */
static bool
tell_count(struct chk_check *check, const struct chk_count *c, bool judged, bool zero)
{
	enum chk_state state = judged ? chk_limits_judge(&check->limits, c->rate) : CHK_OK;
	char label[CHK_LABEL_MAX + 8], text[64];

	rate_text(c, text, sizeof(text));
	if (state != CHK_OK)
		chk_say(check->result, state, "%s is outside the range", text);
	else if (zero || c->rate > 0)
		chk_say(check->result, CHK_OK, "%s", text);
	snprintf(label, sizeof(label), "%s_per_s", c->label);
	chk_perf(check->result, label, c->rate, 3, "", judged ? &check->limits : NULL, 0, CHK_NO_END);
	return state != CHK_OK || zero || c->rate > 0;
}

/*
 * Report the counts of @p sample and their rates since the last check. Compare the first @p judged rates with the
 * ranges. If there are no rates yet, report UNKNOWN and say so.
 */
static void
tell(struct chk_check *check, struct chk_sample *sample, size_t judged)
{
	struct chk_result *r = check->result;
	const char *why = NULL;
	char error[CHK_ERROR_MAX], age[WORD_AGE_MAX];
	double elapsed = 0;
	unsigned shown = 0;

	sample->uptime_known = check->device.uptime_known;
	sample->uptime = check->device.uptime;
	name_sample(check, sample);
	if (!chk_rates_keep(check->opt->state_dir, sample, &elapsed, &why, error, sizeof(error))) {
		chk_say(r, CHK_UNKNOWN, "no rates, because the counters cannot be saved: %s", error);
		why = "";
	} else if (why) {
		chk_say(r, CHK_UNKNOWN, "no rates yet; the next check has them: %s", why);
	}
	for (size_t i = 0; !why && i < sample->count; i++)
		shown += tell_count(check, &sample->counts[i], i < judged, judged < sample->count);
	if (!why)
		chk_say(r, CHK_OK, "%sover the last %s", shown == 0 ? "none " : "", word_age((uint64_t)elapsed, age));
	for (size_t i = 0; i < sample->count; i++)
		chk_perf_counter(r, sample->counts[i].label, sample->counts[i].value);
}

/* --- the modes ---------------------------------------------------------------------------------------------------- */

/* A mode's counters: for all tunnels together, for a tunnel found by its peer, and for a configured tunnel. */
struct source {
	const struct counted *all, *peer, *named;
	const struct chk_oid *all_at; /* peer: in cipSecTunnelTable; named: in ipsecmonTunnelTable */
	bool by_reason;               /* read configured tunnels from ipsecmonDropTable */
	size_t judged;                /* compare this many counts, from the first, with the ranges */
};

/*
 * Counters of configured tunnels have 64 bits, and SNMPv1 cannot carry them. Use the counters of the tunnel that is up,
 * from cipSecTunnelTable.
 */
static bool
use_live_tunnels(struct chk_check *check, struct chk_rows *rows)
{
	static const uint32_t phase2[] = { 20 };
	size_t up = 0;

	for (size_t i = 0; i < rows->count; i++) {
		struct chk_value value;
		if (!chk_row(check->snmp, &chk_tunnel_table, rows->index[i], phase2, 1, &value))
			return false;
		if (value.number != 0)
			rows->index[up++] = (uint32_t)value.number;
	}
	if (up < rows->count)
		chk_say(check->result, CHK_UNKNOWN, "%s is down, and SNMPv1 has no counters for them: use -P 2c or 3",
			check->opt->name);
	rows->count = up;
	return true;
}

static bool
read_rows(struct chk_check *check, const struct source *source, const struct chk_rows *rows, bool own,
	  struct chk_sample *sample, const char **missing)
{
	/* A mode without such a list has no option for it. */
	const struct counted *list = own ? source->named : source->peer;
	const struct chk_oid *table = own ? &chk_tunnel_table : &chk_sec_table;

	sample->rows = IPM_HASH64_BEGIN;
	for (size_t i = 0; i < rows->count; i++) {
		uint32_t row = rows->index[i];

		sample->rows = ipm_hash64(sample->rows, &row, sizeof(row));
		if (own && source->by_reason ? !read_reasons(check, row, sample, missing)
					     : !list || !read_list(check, table, row, list, sample, missing))
			return false;
	}
	return true;
}

static bool
count(struct chk_check *check, const struct source *source)
{
	struct chk_result *r = check->result;
	struct chk_rows rows = { 0 };
	struct chk_sample sample = { 0 };
	const char *missing = NULL;
	bool good, own = check->opt->name != NULL;

	if (own) {
		good = chk_tunnels_named(check, &rows);
		if (good && check->opt->version == CHK_V1 && source->peer && rows.count > 0) {
			good = use_live_tunnels(check, &rows);
			own = false;
		}
		good = good && read_rows(check, source, &rows, own, &sample, &missing);
	} else if (check->opt->peer_text) {
		good = chk_find_peer(check->snmp, &chk_sec_table, 5, &check->opt->peer, &rows) &&
		       read_rows(check, source, &rows, false, &sample, &missing);
		if (good && rows.count == 0)
			chk_say(r, CHK_UNKNOWN, "no tunnel to %s is up, so there is nothing to count",
				check->opt->peer_text);
	} else {
		good = read_list(check, source->all_at, 0, source->all, &sample, &missing);
	}
	if (good) {
		chk_sample_stamp(&sample);
		if (missing)
			chk_say(r, CHK_UNKNOWN, "the device does not report %s", missing);
		else if (sample.count > 0)
			tell(check, &sample, source->judged);
		else if (rows.count > 0 || (!check->opt->name && !check->opt->peer_text))
			chk_say(r, CHK_UNKNOWN, "the device does not report any");
	}
	chk_rows_free(&rows);
	return good;
}

bool
chk_mode_traffic(struct chk_check *check)
{
	static const struct source source = { .all = global_traffic,
					      .peer = tunnel_traffic,
					      .named = own_traffic,
					      .all_at = &chk_sec_global,
					      .judged = 2 };
	return count(check, &source);
}

bool
chk_mode_errors(struct chk_check *check)
{
	static const struct source source = {
		.all = global_errors, .named = own_errors, .all_at = &chk_ike_global, .judged = CHK_COUNTS_MAX
	};
	return count(check, &source);
}

bool
chk_mode_drops(struct chk_check *check)
{
	static const struct source source = { .all = global_drops,
					      .peer = tunnel_drops,
					      .all_at = &chk_sec_global,
					      .by_reason = true,
					      .judged = CHK_COUNTS_MAX };
	return count(check, &source);
}

bool
chk_mode_logins(struct chk_check *check)
{
	static const struct source source = { .all = login_errors,
					      .all_at = &chk_ras_failures,
					      .judged = CHK_COUNTS_MAX };
	return count(check, &source);
}
