/* SPDX-License-Identifier: ISC */
/*
 * walk_client: an SNMPv2c load client for bench/walk.
 *
 * It speaks BER over UDP itself, so that it costs far less than the agent that it measures. It distrusts
 * every octet that it receives: an agent under test may be broken, and then its figures are worthless. A
 * wrong answer ends the run with status 1. So does a missing answer: nothing is lost on loopback, so there
 * are no retries.
 *
 *   bulk REPS OID...                 one GETBULK names all OIDs, until each column has left its subtree
 *   get PER_PDU TOTAL FILE|OID...    GETs of PER_PDU cells of the table columns named, TOTAL cells in all
 *
 * A poller that knows its tunnels asks for the same few columns of several tunnels at once. So a GET holds
 * PER_PDU / columns rows with all their columns (60 per PDU and 10 columns: 6 rows x 10 columns). --scatter
 * is the worst case: PER_PDU different rows, the columns in turn. The client learns the row indexes by
 * walking the first column before the clock starts. It shuffles them once, with a fixed seed, and uses them
 * in a circle: the rows of one PDU all differ, and no row is read twice before each was read once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "ber.h"
#include "units.h"

#define PDU_GET       0xa0
#define PDU_RESPONSE  0xa2
#define PDU_BULK      0xa5

#define COLUMNS_MAX   128
#define PER_PDU_MAX   1000
#define PROCESSES_MAX 8
#define LEARN_REPS    50

struct varbind {
	struct ber_in name;
	uint8_t type;
	struct ber_in value;
};

struct process {
	const char *name;
	clockid_t clock;
	uint64_t start_ns, used_ns;
};

struct client {
	int fd;
	const char *community, *label;
	int32_t request_id;
	uint64_t varbinds; /* cells of the requested columns */
	uint64_t received; /* cells beyond the end of a column in a GETBULK: they cost the agent as much */
	uint64_t pdus;
	struct ber_out out;
	uint8_t in[BER_DATAGRAM_MAX];
};

/* A column during a walk. */
struct column {
	struct ber_oid root, at;
	uint64_t rows;
	bool open;
};

/* The row part of cell names, one per row; the octets are in one pool. */
struct row_list {
	struct row {
		size_t offset, len;
	} * row;
	uint8_t *pool;
	size_t rows, rows_cap, used, pool_cap;
};

static void fail(const struct client *c, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));

static void
fail(const struct client *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "walk_client: %s: after %llu PDUs: ", c->label, (unsigned long long)c->pdus);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

/* ---- requests and answers ---- */

static void
request_begin(struct client *c)
{
	c->out.at = sizeof(c->out.octets);
}

/* Write a varbind. Its name is column and row; the row may be empty. The last varbind of a request is written first. */
static void
request_add(struct client *c, struct ber_in column, struct ber_in row)
{
	struct ber_out *o = &c->out;
	size_t end = o->at;

	ber_put_octet(o, 0);
	ber_put_octet(o, BER_NULL);
	size_t name_end = o->at;
	ber_put_octets(o, row.at, (size_t)(row.end - row.at));
	ber_put_octets(o, column.at, (size_t)(column.end - column.at));
	ber_put_header(o, BER_OID, name_end);
	ber_put_header(o, BER_SEQUENCE, end);
}

/* The two numbers are error-status and error-index of a GET, non-repeaters and max-repetitions of a GETBULK. */
static void
request_end(struct client *c, uint8_t pdu, int32_t field1, int32_t field2)
{
	struct ber_out *o = &c->out;
	size_t end = sizeof(o->octets);

	ber_put_header(o, BER_SEQUENCE, end);
	ber_put_integer(o, field2);
	ber_put_integer(o, field1);
	c->request_id = c->request_id == INT32_MAX ? 1 : c->request_id + 1;
	ber_put_integer(o, c->request_id);
	ber_put_header(o, pdu, end);
	size_t community_end = o->at;
	ber_put_octets(o, c->community, strlen(c->community));
	ber_put_header(o, BER_OCTETS, community_end);
	ber_put_integer(o, 1); /* version: SNMPv2c */
	ber_put_header(o, BER_SEQUENCE, end);
}

static void
varbind_take(const struct client *c, struct ber_in *list, struct varbind *vb)
{
	struct ber_in both;

	if (ber_expect(list, BER_SEQUENCE, &both) != 0 || ber_expect(&both, BER_OID, &vb->name) != 0 ||
	    ber_get(&both, &vb->type, &vb->value) != 0 || both.at != both.end)
		fail(c, "a varbind is malformed");
	if (!ber_oid_is_valid(vb->name))
		fail(c, "a varbind's name is malformed");
	if (!ber_value_is_valid(vb->type, vb->value))
		fail(c, "%s has a malformed value of type 0x%02x", ber_oid_text(vb->name), vb->type);
}

/* Send the request in c->out, wait for its answer, return the answer's list of varbinds. */
static struct ber_in
exchange(struct client *c)
{
	size_t len = sizeof(c->out.octets) - c->out.at;
	struct ber_in in, message, community, pdu, list;
	int32_t version, id, status, index;
	uint8_t tag;

	if (send(c->fd, c->out.octets + c->out.at, len, 0) != (ssize_t)len)
		fail(c, "send: %s", strerror(errno));
	ssize_t got = recv(c->fd, c->in, sizeof(c->in), 0);
	if (got < 0)
		fail(c, errno == EAGAIN ? "no answer" : "recv: %s", strerror(errno));
	c->pdus++;
	in = (struct ber_in){ c->in, c->in + got };
	if (ber_expect(&in, BER_SEQUENCE, &message) != 0 || in.at != in.end ||
	    ber_get_integer(&message, &version) != 0 || ber_expect(&message, BER_OCTETS, &community) != 0 ||
	    ber_get(&message, &tag, &pdu) != 0 || message.at != message.end)
		fail(c, "the answer is not an SNMP message");
	if (version != 1 || (size_t)(community.end - community.at) != strlen(c->community) ||
	    memcmp(community.at, c->community, strlen(c->community)) != 0)
		fail(c, "the answer has another version or community");
	if (tag != PDU_RESPONSE || ber_get_integer(&pdu, &id) != 0 || ber_get_integer(&pdu, &status) != 0 ||
	    ber_get_integer(&pdu, &index) != 0 || ber_expect(&pdu, BER_SEQUENCE, &list) != 0 || pdu.at != pdu.end)
		fail(c, "the answer is not a response PDU");
	if (id != c->request_id)
		fail(c, "the answer has request-id %d, the request had %d", (int)id, (int)c->request_id);
	if (status != 0)
		fail(c, "error-status %d at index %d", (int)status, (int)index);
	return list;
}

/* ---- walking ---- */

struct walk {
	struct column column[COLUMNS_MAX];
	int columns, reps;
	uint64_t expect_rows;   /* 0: any number */
	struct row_list *learn; /* for the rows of the first column, or NULL */
};

static void
rows_add(const struct client *c, struct row_list *list, const uint8_t *octets, size_t len)
{
	if (list->rows == list->rows_cap) {
		list->rows_cap = list->rows_cap ? list->rows_cap * 2 : 1024;
		list->row = reallocarray(list->row, list->rows_cap, sizeof(*list->row));
	}
	if (list->pool_cap - list->used < len) {
		list->pool_cap = list->pool_cap * 2 + BER_OID_MAX;
		list->pool = realloc(list->pool, list->pool_cap);
	}
	if (list->row == NULL || list->pool == NULL)
		fail(c, "out of memory");
	memcpy(list->pool + list->used, octets, len);
	list->row[list->rows++] = (struct row){ list->used, len };
	list->used += len;
}

static void
column_end(const struct client *c, const struct walk *w, struct column *col)
{
	col->open = false;
	if (w->expect_rows != 0 && col->rows != w->expect_rows)
		fail(c, "column %s has %llu rows instead of %llu", ber_oid_text(ber_of_oid(&col->root)),
		     (unsigned long long)col->rows, (unsigned long long)w->expect_rows);
}

/*
 * Check one varbind of a bulk answer, for the column that asked for it. A column that has ended gets more varbinds
 * until the answer ends. They don't count as rows, but must be as correct as the others.
 */
static void
column_take(struct client *c, const struct walk *w, struct column *col, const struct varbind *vb)
{
	if (vb->type == BER_END_OF_VIEW) { /* repeats the name that was asked for (RFC 3416, 4.2.3) */
		if (!ber_oid_equals(&col->at, vb->name))
			fail(c, "endOfMibView for %s, which was not asked for", ber_oid_text(vb->name));
		if (col->open)
			column_end(c, w, col);
		return;
	}
	if (vb->type >= BER_NO_OBJECT)
		fail(c, "exception 0x%02x at %s inside a walk", vb->type, ber_oid_text(vb->name));
	if (ber_oid_compare(&col->at, vb->name) >= 0)
		fail(c, "%s is not after the name before it", ber_oid_text(vb->name));
	ber_oid_set(&col->at, vb->name);
	if (!col->open)
		return;
	if (!ber_oid_is_below(&col->root, vb->name)) {
		column_end(c, w, col);
		return;
	}
	col->rows++;
	c->varbinds++;
	if (w->expect_rows != 0 && col->rows > w->expect_rows)
		fail(c, "more than %llu rows: %s", (unsigned long long)w->expect_rows, ber_oid_text(vb->name));
	if (w->learn != NULL && col == &w->column[0])
		rows_add(c, w->learn, col->at.octets + col->root.len, col->at.len - col->root.len);
}

static void
walk_once(struct client *c, struct walk *w)
{
	static const struct ber_in no_row;
	struct column *asked[COLUMNS_MAX];
	int n;

	for (int i = 0; i < w->columns; i++) {
		w->column[i].at = w->column[i].root;
		w->column[i].rows = 0;
		w->column[i].open = true;
	}
	for (;;) {
		n = 0;
		for (int i = 0; i < w->columns; i++)
			if (w->column[i].open)
				asked[n++] = &w->column[i];
		if (n == 0)
			return;
		request_begin(c);
		for (int i = n - 1; i >= 0; i--)
			request_add(c, ber_of_oid(&asked[i]->at), no_row);
		request_end(c, PDU_BULK, 0, w->reps);

		/* The master may truncate the answer anywhere, but each answer must bring progress. */
		struct ber_in list = exchange(c);
		int64_t taken = 0;
		for (; list.at < list.end; taken++) {
			struct varbind vb = { 0 };

			varbind_take(c, &list, &vb);
			c->received++;
			if (taken >= (int64_t)n * w->reps)
				fail(c, "more varbinds than were asked for");
			column_take(c, w, asked[taken % n], &vb);
		}
		if (taken == 0)
			fail(c, "an empty answer");
	}
}

/* ---- GETs ---- */

struct gets {
	struct walk *walk; /* its columns */
	struct row_list rows;
	int per_pdu;
	bool scatter;
	size_t next; /* row */
};

/* xorshift64*: each run has the same rows in the same order, on each machine. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static void
rows_shuffle(struct row_list *list, uint64_t seed)
{
	for (size_t i = list->rows; i > 1; i--) {
		size_t j = (size_t)((next_random(&seed) >> 11) % i);
		struct row keep = list->row[i - 1];
		list->row[i - 1] = list->row[j];
		list->row[j] = keep;
	}
}

static void
get_once(struct client *c, struct gets *g)
{
	const struct walk *w = g->walk;
	int rows = g->scatter ? g->per_pdu : g->per_pdu / w->columns;
	struct {
		const struct ber_oid *column;
		struct ber_in row;
	} cell[PER_PDU_MAX];

	for (int i = 0; i < g->per_pdu; i++) {
		size_t nth = (size_t)(g->scatter ? i : i / w->columns);
		struct row r = g->rows.row[(g->next + nth) % g->rows.rows];
		cell[i].column = &w->column[i % w->columns].root;
		cell[i].row = (struct ber_in){ g->rows.pool + r.offset, g->rows.pool + r.offset + r.len };
	}
	g->next = (g->next + (size_t)rows) % g->rows.rows;
	request_begin(c);
	for (int i = g->per_pdu - 1; i >= 0; i--)
		request_add(c, ber_of_oid(cell[i].column), cell[i].row);
	request_end(c, PDU_GET, 0, 0);

	struct ber_in list = exchange(c);
	for (int i = 0; i < g->per_pdu; i++) {
		struct varbind vb = { 0 };

		if (list.at == list.end)
			fail(c, "%d varbinds instead of %d", i, g->per_pdu);
		varbind_take(c, &list, &vb);
		size_t col_len = cell[i].column->len, row_len = (size_t)(cell[i].row.end - cell[i].row.at);
		if ((size_t)(vb.name.end - vb.name.at) != col_len + row_len ||
		    memcmp(vb.name.at, cell[i].column->octets, col_len) != 0 ||
		    memcmp(vb.name.at + col_len, cell[i].row.at, row_len) != 0)
			fail(c, "varbind %d is %s, which was not asked for there", i + 1, ber_oid_text(vb.name));
		if (vb.type >= BER_NO_OBJECT)
			fail(c, "exception 0x%02x for %s", vb.type, ber_oid_text(vb.name));
		c->received++;
		c->varbinds++;
	}
	if (list.at != list.end)
		fail(c, "more varbinds than were asked for");
}

/* ---- the measurement ---- */

static uint64_t
clock_ns(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) != 0) {
		fprintf(stderr, "walk_client: a measured process is gone\n");
		exit(1);
	}
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

/*
 * The CPU clock of another process: its time on CPUs in ns. /proc/PID/task/TID/schedstat has the same, but this is
 * one call for all threads, and includes threads that have ended.
 */
static int
process_parse(char *text, struct process *p)
{
	char *eq = strchr(text, '='), *end;

	if (eq == NULL || eq == text)
		return -EINVAL;
	*eq = '\0';
	long pid = strtol(eq + 1, &end, 10);
	if (end == eq + 1 || *end != '\0' || pid < 1 || pid > INT32_MAX)
		return -EINVAL;
	p->name = text;
	return clock_getcpuclockid((pid_t)pid, &p->clock) == 0 ? 0 : -ESRCH;
}

/*
 * Divide by the varbinds received. With 100 rows and 50 repetitions, every third varbind of a walk lies after the end
 * of its column. Divided by rows alone, a small table would seem half as expensive again as a large one.
 */
static void
report(const struct client *c, const struct process *p, int processes, uint64_t wall_ns, uint64_t own_ns)
{
	double n = c->received ? (double)c->received : 1;

	printf("label=%s varbinds=%llu received=%llu pdus=%llu wall_s=%.6f per_s=%.0f", c->label,
	       (unsigned long long)c->varbinds, (unsigned long long)c->received, (unsigned long long)c->pdus,
	       (double)wall_ns * 1e-9, n * 1e9 / (double)(wall_ns ? wall_ns : 1));
	for (int i = 0; i < processes; i++)
		printf(" cpu_us.%s=%.4f", p[i].name, (double)p[i].used_ns / n * 1e-3);
	printf(" cpu_us.client=%.4f\n", (double)own_ns / n * 1e-3);
}

/* ---- command line ---- */

static int
parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || strchr(text, '-') != NULL || v < min || v > max)
		return -EINVAL;
	*out = v;
	return 0;
}

static int
walk_add_column(struct walk *w, const char *text)
{
	if (w->columns == COLUMNS_MAX || ber_oid_parse(text, &w->column[w->columns].root) != 0)
		return -EINVAL;
	w->columns++;
	return 0;
}

/* Read an argument: an OID, or the name of a file with one OID per line and # for comments. */
static int
walk_add_columns(struct walk *w, const char *arg)
{
	char line[BER_OID_TEXT_MAX];
	int rc = 0;

	if (*arg == '.' ? arg[1] >= '0' && arg[1] <= '9' : *arg >= '0' && *arg <= '9')
		return walk_add_column(w, arg);
	FILE *f = strcmp(arg, "-") == 0 ? stdin : fopen(arg, "r");
	if (f == NULL)
		return -errno;
	while (rc == 0 && fgets(line, sizeof(line), f) != NULL) {
		char *text = line + strspn(line, " \t");
		text[strcspn(text, " \t\r\n#")] = '\0';
		if (*text != '\0')
			rc = walk_add_column(w, text);
	}
	if (f != stdin)
		fclose(f);
	return rc;
}

static int
usage(FILE *to, int status)
{
	fputs("usage: walk_client [OPTION]... bulk REPS FILE|OID...\n"
	      "       walk_client [OPTION]... get PER_PDU TOTAL FILE|OID...\n"
	      "An SNMPv2c load client for an agent on 127.0.0.1. The OIDs are table columns;\n"
	      "FILE has one on each line, - is standard input.\n"
	      "  -p, --port PORT        UDP port (161)\n"
	      "  -C, --community NAME   (public)\n"
	      "  -P, --process NAME=PID report the CPU time of this process; may be repeated\n"
	      "  -l, --label TEXT       begin the report with it\n"
	      "  -m, --min VARBINDS     bulk: walk again until so many were fetched\n"
	      "  -e, --expect ROWS      a walked column must have exactly so many rows\n"
	      "  -s, --scatter          get: PER_PDU different rows instead of whole rows\n"
	      "  -S, --seed NUMBER      get: another order of rows (1)\n"
	      "  -t, --timeout SECONDS  for one answer (10); there are no retries\n"
	      "Status: 0; 1 when an answer was missing or wrong; 2 for a wrong command line.\n",
	      to);
	return status;
}

static int
client_open(struct client *c, uint16_t port, time_t timeout_s)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval limit = { .tv_sec = timeout_s };

	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return -errno;
	return 0;
}

/* Settings from the command line. */
struct job {
	struct client client;
	struct walk walk;
	struct gets gets;
	struct process process[PROCESSES_MAX];
	int processes;
	uint64_t port, timeout_s, seed;
	uint64_t min, total; /* cells, of a walk and of GETs */
	bool get;
};

static int
process_add(struct job *job, char *text)
{
	int rc = job->processes < PROCESSES_MAX ? process_parse(text, &job->process[job->processes]) : -E2BIG;

	if (rc != 0) {
		fprintf(stderr, "walk_client: process %s: %s\n", text, strerror(-rc));
		return 2;
	}
	job->processes++;
	return 0;
}

/* 0, or the exit status for a wrong option. */
static int
option(struct job *job, int opt, char *arg)
{
	switch (opt) {
	case 'p':
		return parse_number(arg, 1, 65535, &job->port) ? usage(stderr, 2) : 0;
	case 'C':
		job->client.community = arg;
		return 0;
	case 'P':
		return process_add(job, arg);
	case 'l':
		job->client.label = arg;
		return 0;
	case 'm':
		return parse_number(arg, 1, UINT32_MAX, &job->min) ? usage(stderr, 2) : 0;
	case 'e':
		return parse_number(arg, 1, UINT32_MAX, &job->walk.expect_rows) ? usage(stderr, 2) : 0;
	case 's':
		job->gets.scatter = true;
		return 0;
	case 'S':
		return parse_number(arg, 1, UINT64_MAX, &job->seed) ? usage(stderr, 2) : 0;
	case 't':
		return parse_number(arg, 1, 3600, &job->timeout_s) ? usage(stderr, 2) : 0;
	default:
		return usage(stderr, 2);
	}
}

/* Parse the arguments after the options. Returns 0 or the exit status. */
static int
arguments(struct job *job, int argc, char **argv)
{
	uint64_t number;

	job->get = argc >= 4 && strcmp(argv[0], "get") == 0;
	if (!job->get && (argc < 3 || strcmp(argv[0], "bulk") != 0))
		return usage(stderr, 2);
	if (parse_number(argv[1], 1, job->get ? PER_PDU_MAX : 10000, &number) != 0 ||
	    (job->get && parse_number(argv[2], 1, UINT32_MAX, &job->total) != 0))
		return usage(stderr, 2);
	for (int i = job->get ? 3 : 2; i < argc; i++) {
		int rc = walk_add_columns(&job->walk, argv[i]);
		if (rc != 0) {
			fprintf(stderr, "walk_client: columns %s: %s\n", argv[i], strerror(-rc));
			return 2;
		}
	}
	if (job->walk.columns == 0)
		return usage(stderr, 2);
	job->walk.reps = job->get ? LEARN_REPS : (int)number;
	job->gets.per_pdu = (int)number;
	if (job->get && !job->gets.scatter && job->gets.per_pdu % job->walk.columns != 0) {
		fprintf(stderr, "walk_client: %d cells are not whole rows of %d columns\n", job->gets.per_pdu,
			job->walk.columns);
		return 2;
	}
	return 0;
}

/* Walk the first column to learn which rows there are. */
static void
learn_rows(struct job *job)
{
	struct gets *gets = &job->gets;
	int columns = job->walk.columns;

	gets->walk = &job->walk;
	job->walk.learn = &gets->rows;
	job->walk.columns = 1;
	walk_once(&job->client, &job->walk);
	job->walk.columns = columns;
	if (gets->rows.rows < (size_t)(gets->scatter ? gets->per_pdu : gets->per_pdu / columns))
		fail(&job->client, "the table has only %zu rows", gets->rows.rows);
	rows_shuffle(&gets->rows, job->seed);
	job->client.varbinds = job->client.received = job->client.pdus = 0;
}

static void
measure(struct job *job)
{
	struct client *c = &job->client;

	for (int i = 0; i < job->processes; i++)
		job->process[i].start_ns = clock_ns(job->process[i].clock);
	uint64_t own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID), wall_ns = clock_ns(CLOCK_MONOTONIC);
	if (job->get) {
		while (c->varbinds < job->total)
			get_once(c, &job->gets);
	} else {
		do {
			walk_once(c, &job->walk);
			if (c->varbinds == 0)
				fail(c, "the table is empty");
		} while (c->varbinds < job->min);
	}
	wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns;
	own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own_ns;
	for (int i = 0; i < job->processes; i++)
		job->process[i].used_ns = clock_ns(job->process[i].clock) - job->process[i].start_ns;
	report(c, job->process, job->processes, wall_ns, own_ns);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "community", required_argument, NULL, 'C' },
		{ "process", required_argument, NULL, 'P' },
		{ "label", required_argument, NULL, 'l' },
		{ "min", required_argument, NULL, 'm' },
		{ "expect", required_argument, NULL, 'e' },
		{ "scatter", no_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'S' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static struct job job = { .client = { .community = "public", .label = "-", .request_id = 1000 },
				  .port = 161,
				  .timeout_s = 10,
				  .min = 1,
				  .seed = 1 };
	int status = 0;

	for (int opt; status == 0 && (opt = getopt_long(argc, argv, "+p:C:P:l:m:e:sS:t:h", longs, NULL)) != -1;) {
		if (opt == 'h')
			return usage(stdout, 0);
		status = option(&job, opt, optarg);
	}
	if (status == 0)
		status = arguments(&job, argc - optind, argv + optind);
	if (status != 0)
		return status;
	int rc = client_open(&job.client, (uint16_t)job.port, (time_t)job.timeout_s);
	if (rc != 0)
		fail(&job.client, "socket: %s", strerror(-rc));
	if (job.get)
		learn_rows(&job);
	measure(&job);
	free(job.gets.rows.row);
	free(job.gets.rows.pool);
	return 0;
}
