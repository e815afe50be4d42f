/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: answers of a device to check_ipsecmon. A device with all tables replaces the session of Net-SNMP. It
 * lies where the fuzzer wants: cells of another type, negative, missing or with another name, errors, and answers that
 * are truncated or out of order. Every mode ends with one result in the form of the guidelines, and never with OK if a
 * deciding value was no number.
 *
 *   fuzz_device CORPUS...        (libFuzzer)
 *   fuzz_device FILE...          (with FUZZ_MAIN: runs these)
 *   fuzz_device                  (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_device --corpus DIR     (with FUZZ_MAIN: writes the corpus)
 */
#include <config.h>

#include <arpa/inet.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "chk_modes.h"
#include "chk_rates.h"
#include "fuzz_must.h"

#define WORLD        16 /* octets for the state of the device */
#define REQUESTS_MAX 400
#define ROWS_MAX     6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what the fuzzer says ---- */

static const uint8_t *data_at;
static size_t data_left;
static uint8_t world[WORLD];

static uint8_t
next(void)
{
	if (data_left == 0)
		return 0;
	data_left--;
	return *data_at++;
}

/* ---- the device ---- */

enum table { IKE_GLOBAL, SEC_GLOBAL, IKE_TABLE, SEC_TABLE, AGENT, SEGMENTS, FEEDS, TUNNELS, DROPS, TABLES };

static const struct {
	const struct chk_oid *at;
	unsigned index;    /* numbers */
	const char *texts; /* its columns that are text */
} tables[TABLES] = {
	[IKE_GLOBAL] = { &chk_ike_global, 1, "" },
	[SEC_GLOBAL] = { &chk_sec_global, 1, "" },
	[IKE_TABLE] = { &chk_ike_table, 1, "\10" },
	[SEC_TABLE] = { &chk_sec_table, 1, "\5" },
	[AGENT] = { &chk_agent, 1, "" },
	[SEGMENTS] = { &chk_segment_table, 1, "\2" },
	[FEEDS] = { &chk_feed_table, 2, "\2\3\16\20" },
	[TUNNELS] = { &chk_tunnel_table, 1, "\2\3\16\20\22" },
	[DROPS] = { &chk_drop_table, 2, "" },
};

/* Deciding cells, by mode: such a cell must be a number, or the result is not OK. */
static const struct {
	const char *mode;
	enum table table;
	const char *columns;
} evidence[] = {
	{ "tunnel", TUNNELS, "\7\10" },
	{ "tunnels", TUNNELS, "\4\6\7" },
	{ "tunnels", SEGMENTS, "\4\5" },
	{ "active", SEC_GLOBAL, "\1" },
	{ "ike", IKE_GLOBAL, "\1" },
	{ "lifetime", TUNNELS, "\7\55" },
	{ "feeds", SEGMENTS, "\3" },
	{ "feeds", FEEDS, "\5" },
	{ "traffic", SEC_GLOBAL, "\4\11\21\26" },
	{ "errors", IKE_GLOBAL, "\24\25\27\32" },
	{ "drops", SEC_GLOBAL, "\12\13\15\17\27\33\34\35\36" },
};

static const char *mode_name;
static bool own, lied; /* it has IPSECMON-MIB; a deciding value was no number */
static unsigned requests;
static bool walks;  /* the request names a column, not a row */
static bool looked; /* this is the second look */

static unsigned
rows_of(enum table table)
{
	return table == IKE_GLOBAL || table == SEC_GLOBAL || table == AGENT ? 1 : world[table] % ROWS_MAX;
}

static bool
is_evidence(enum table table, uint32_t column)
{
	if (own && table == SEGMENTS && column == 3)
		return true;
	for (size_t i = 0; i < sizeof(evidence) / sizeof(evidence[0]); i++)
		if (strcmp(evidence[i].mode, mode_name) == 0 && evidence[i].table == table && column < 64 &&
		    strchr(evidence[i].columns, (int)column))
			return true;
	return false;
}

static long
number_at(enum table table, uint32_t column, uint32_t row)
{
	uint8_t octet = world[(column * 5 + row) % WORLD];
	if (table == AGENT)
		return rows_of(SEGMENTS);
	if (table == SEGMENTS)
		return column == 3 ? octet : rows_of(TUNNELS);
	if (table == FEEDS && column == 5)
		return octet < 200 ? 3 : octet % 4;
	if (table == TUNNELS && (column == 7 || column == 6))
		return octet < 200 ? 1 : 2;
	return octet;
}

static void
put_text(netsnmp_variable_list *v, u_char type, const void *text, size_t len)
{
	snmp_set_var_typed_value(v, type, text, len);
}

static void
put_number(netsnmp_variable_list *v, u_char type, long number)
{
	struct counter64 wide = { .high = world[0] & 1, .low = (u_long)number };
	if (type == ASN_COUNTER64)
		snmp_set_var_typed_value(v, type, &wide, sizeof(wide));
	else
		snmp_set_var_typed_value(v, type, &number, sizeof(number));
}

/* The real cell, or the fuzzer's. */
static void
answer_cell(netsnmp_variable_list *v, enum table table, uint32_t column, uint32_t row)
{
	static const u_char types[] = { ASN_INTEGER, ASN_GAUGE, ASN_TIMETICKS, ASN_COUNTER64 };
	static const uint8_t address[] = { 192, 0, 2, 2 };
	uint8_t lie = next(), how = lie >= 200 ? next() : 0;
	bool text = column < 64 && column > 0 && strchr(tables[table].texts, (int)column);
	char nonsense[300];

	if (lie < 200 && text) {
		const char *is = column == 2 ? "net" : column == 3 ? "child" : "192.0.2.2";
		bool octets = table == IKE_TABLE || table == SEC_TABLE || (table == FEEDS && column == 16);
		if (table == FEEDS && column == 16)
			put_text(v, ASN_OCTET_STR, "\xff\xff\xff", 3);
		else
			put_text(v, ASN_OCTET_STR, octets ? (const void *)address : is, octets ? 4 : strlen(is));
		return;
	}
	if (lie < 200) {
		put_number(v, types[(column + row) % 3], number_at(table, column, row));
		return;
	}
	/* For feeds, a walk finds the rows, and GETs read them. */
	lied |= lie < 230 && is_evidence(table, column) && !(walks && strcmp(mode_name, "feeds") == 0);
	memset(nonsense, how, sizeof(nonsense));
	if (lie < 210)
		put_text(v, ASN_OCTET_STR, nonsense, how + 1u);
	else if (lie < 215)
		put_text(v, ASN_OCTET_STR, "", 0);
	else if (lie < 220)
		put_text(v, ASN_OCTET_STR, "1|\x1b[2J\nOK | a=1", 15);
	else if (lie < 225)
		put_number(v, ASN_INTEGER, -(long)how - 1);
	else if (lie < 230)
		put_text(v, ASN_IPADDRESS, address, 4);
	else if (lie < 240)
		v->type = how & 1 ? SNMP_NOSUCHINSTANCE : SNMP_NOSUCHOBJECT;
	else if (lie < 245)
		put_number(v, types[how % 4], (long)how << 24);
	else if (lie < 250)
		put_number(v, ASN_COUNTER64, how);
	else if (v->name_length > 0)
		v->name[v->name_length - 1] += how;
}

/* Find the cell. False: it is none of ours. */
static bool
cell_at(const netsnmp_variable_list *v, enum table *table, uint32_t *column, uint32_t *row)
{
	for (int t = 0; t < TABLES; t++) {
		const struct chk_oid *at = tables[t].at;
		size_t i = 0;
		while (i < at->len && i < v->name_length && v->name[i] == at->ids[i])
			i++;
		if (i < at->len || v->name_length <= i)
			continue;
		*table = (enum table)t;
		*column = (uint32_t)v->name[i];
		*row = v->name_length > i + 1 ? (uint32_t)v->name[v->name_length - 1] : 0;
		return true;
	}
	return false;
}

static bool
has_table(enum table table)
{
	return table < AGENT ? world[14] < 240 : own;
}

static void
answer_get(netsnmp_variable_list *v)
{
	enum table table;
	uint32_t column, row;
	if (!cell_at(v, &table, &column, &row)) { /* sysUpTime, the level of the MIB */
		if (v->name_length > 8 && world[14] >= 240)
			v->type = SNMP_NOSUCHOBJECT;
		else
			put_number(v, ASN_TIMETICKS, looked ? 12000 : 6000); /* a minute later */
	} else if (!has_table(table)) {
		v->type = SNMP_NOSUCHOBJECT;
	} else {
		answer_cell(v, table, column, row);
	}
}

/* The rows of a column after the requested one, and the cell after the last row. */
static void
answer_walk(netsnmp_pdu *answer, const netsnmp_variable_list *from, long repetitions)
{
	enum table table = TABLES;
	uint32_t column = 0, row = 0;
	bool known = cell_at(from, &table, &column, &row) && has_table(table);
	for (long n = 0; n < repetitions && n < 50; n++) {
		oid name[CHK_OID_MAX];
		size_t len = 0;
		if (!known || row >= rows_of(table)) {
			netsnmp_variable_list *v = snmp_add_null_var(answer, from->name, from->name_length);
			v->type = SNMP_ENDOFMIBVIEW;
			return;
		}
		row++;
		for (; len < tables[table].at->len; len++)
			name[len] = tables[table].at->ids[len];
		name[len++] = column;
		if (tables[table].index == 2) {
			name[len] = table == DROPS ? from->name[len] : 1; /* of a requested row; of a segment */
			len++;
		}
		name[len++] = row;
		netsnmp_variable_list *v = snmp_add_null_var(answer, name, len);
		answer_cell(v, table, column, row);
		if (v->type == SNMP_NOSUCHOBJECT || v->type == SNMP_NOSUCHINSTANCE)
			return; /* later cells are ignored */
	}
}

/* In place of Net-SNMP's. */
netsnmp_session *
snmp_sess_session(void *session)
{
	return session;
}

void
snmp_sess_error(void *session, int *system_error, int *error, char **text)
{
	(void)session;
	(void)system_error;
	*error = next() & 1 ? SNMPERR_TIMEOUT : SNMPERR_GENERR;
	*text = strdup("broken");
}

int
snmp_sess_synch_response(void *session, netsnmp_pdu *pdu, netsnmp_pdu **answer)
{
	uint8_t fate = next();
	(void)session;
	*answer = NULL;
	if (++requests > REQUESTS_MAX || fate >= 250) {
		snmp_free_pdu(pdu);
		return fate & 1 ? STAT_TIMEOUT : STAT_ERROR;
	}
	netsnmp_pdu *a = snmp_pdu_create(SNMP_MSG_RESPONSE);
	a->errstat = SNMP_ERR_NOERROR;
	if (fate >= 240) {
		a->errstat = next() % 20;
		a->errindex = next();
	}
	walks = pdu->command != SNMP_MSG_GET;
	if (a->errstat != SNMP_ERR_NOERROR) {
		/* Nobody looks at the rest. */
	} else if (!walks) {
		unsigned cut = fate >= 230 ? next() : 1000;
		for (netsnmp_variable_list *v = pdu->variables; v && cut > 0; v = v->next_variable, cut--)
			answer_get(snmp_add_null_var(a, v->name, v->name_length));
	} else {
		answer_walk(a, pdu->variables, pdu->command == SNMP_MSG_GETNEXT ? 1 : pdu->max_repetitions);
	}
	snmp_free_pdu(pdu);
	*answer = a;
	return STAT_SUCCESS;
}

/* ---- the last look, without a file: a minute ago ---- */

static struct chk_sample before;

void
chk_sample_stamp(struct chk_sample *sample)
{
	strcpy(sample->boot, "boot");
	sample->time = looked ? 160 : 100;
}

bool
chk_rates_keep(const char *dir, struct chk_sample *now, double *elapsed, const char **why, char *error, size_t size)
{
	(void)dir, (void)error, (void)size;
	*elapsed = looked ? now->time - before.time : 0;
	*why = looked ? chk_rates_between(&before, now) : "this is the first check";
	before = *now;
	looked = true;
	return true;
}

/* ---- the check ---- */

static void
result_has_its_form(const struct chk_result *result)
{
	char text[16384];
	FILE *f = fmemopen(text, sizeof(text), "w");
	if (!f)
		abort();
	chk_print(f, result);
	long len = ftell(f);
	fclose(f);
	must(result->state <= CHK_UNKNOWN, "a state");
	must(len > 0 && len < 8192, "as much as a monitoring system reads");
	must(strncmp(text, "IPSEC ", 6) == 0 && result->summary.len > 0, "a first line that says something");
	for (long i = 0; i < len; i++)
		must((unsigned char)text[i] >= ' ' || text[i] == '\n', "no control characters");
	must(text[strcspn(text, "|")] == '\0' || !strchr(strchr(text, '|') + 1, '|'), "performance data once");
}

static void
look_once(const struct chk_options *opt)
{
	static netsnmp_session session;
	static struct chk_result result;
	struct chk_snmp snmp = { .opt = opt, .session = &session, .deadline = 1e12 };
	struct chk_check check = { .opt = opt, .snmp = &snmp, .result = &result };
	const struct chk_mode *mode = chk_mode_find(opt->mode);

	session.timeout = 1000000;
	memset(&result, 0, sizeof(result));
	check.limits = opt->limits;
	if (mode->critical && !opt->limits.critical.set)
		(void)chk_range_parse(mode->critical, &check.limits.critical);
	if (!chk_run(&check, mode))
		chk_say(&result, snmp.timed_out ? opt->timeout_state : CHK_UNKNOWN, "%s", snmp.error);
	result_has_its_form(&result);
	if (result.state == CHK_OK && lied)
		fprintf(stderr, "-m %s: %s\n", opt->mode, result.summary.text);
	must(result.state != CHK_OK || !lied, "no OK from nonsense");
	must(result.state != CHK_OK || has_table(TUNNELS) || has_table(SEC_TABLE), "no OK from nothing");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chk_options opt = { .host = "device", .bulk = 10, .timeout = 10, .timeout_state = CHK_UNKNOWN };
	unsigned modes = 0;

	data_at = data;
	data_left = size;
	uint8_t how = next(), name = next();
	for (size_t i = 0; i < WORLD; i++)
		world[i] = next();
	while (chk_modes[modes].name)
		modes++;
	const struct chk_mode *mode = &chk_modes[how % modes];
	opt.mode = mode_name = mode->name;
	opt.version = how & 0x40 ? CHK_V1 : CHK_V2C;
	opt.verbose = how >> 7;
	own = !(name & 0x10);
	if (mode->takes_name && (name & 1))
		opt.name = name & 2 ? "net" : "net/child";
	else if (mode->takes_peer && ((name & 4) || mode->needs_one)) {
		opt.peer_text = "192.0.2.2";
		(void)chk_peer_parse(opt.peer_text, &opt.peer);
	} else if (mode->needs_one)
		opt.name = "net";
	if (name & 8) /* all is well */
		(void)chk_range_parse("0:", &opt.limits.critical);
	looked = false;
	for (int i = 0; i < 2; i++) {
		lied = false;
		requests = 0;
		look_once(&opt);
	}
	return 0;
}

#ifdef FUZZ_MAIN
#define FUZZ_SEEDS     40u
#define FUZZ_MUTATIONS 100000
#include "fuzz_main.h"

/* A healthy device, checked in some mode. */
static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	memset(out, 0, 64);
	out[0] = (uint8_t)(n % 9 + (n & 16 ? 0x80 : 0) + (n & 32 ? 0x40 : 0));
	out[1] = (uint8_t)(n / 9 % 8);
	for (int i = 0; i < WORLD; i++)
		out[2 + i] = (uint8_t)(1 + i % 5);
	return 64;
}

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	memset(out + len, 0, 100);
	len += rnd(100);
	out[0] = (uint8_t)rnd(256);
	out[1] = (uint8_t)rnd(32);
	for (uint32_t n = rnd(10); n > 0; n--)
		out[2 + rnd((uint32_t)len - 2)] = (uint8_t)(rnd(3) ? 200 + rnd(50) : rnd(256));
	return len;
}
#endif
