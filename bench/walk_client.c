/* SPDX-License-Identifier: ISC */
/*
 * walk_client: an SNMPv2c load client for bench/walk.
 *
 * It speaks BER over UDP itself, so that its own cost stays far below that of what it measures, and it
 * distrusts every octet it receives: an agent under test may be broken, and a figure taken from a broken
 * agent is worth nothing. Any answer that is not exactly what was asked for ends the run with status 1.
 * A request that is not answered does too: nothing is lost on loopback, so there are no retries.
 *
 *   bulk REPS OID...                 one GETBULK names all OIDs, until each column has left its subtree
 *   get PER_PDU TOTAL FILE|OID...    GETs of PER_PDU cells of the table columns named, TOTAL cells in all
 *
 * A poller that knows its tunnels asks for the same few columns of several of them at once, so a GET holds
 * PER_PDU / columns rows with all columns of each (60 per PDU and 10 columns: 6 rows x 10 columns). --scatter
 * is the unkind case: PER_PDU different rows, the columns in turn. The row indexes are not guessed: they are
 * learnt by walking the first column before the clock starts. They are shuffled once, with a fixed seed, and
 * used in a circle: the rows of one PDU all differ, and no row is read twice before each was read once.
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

#define PDU_GET         0xa0
#define PDU_RESPONSE    0xa2
#define PDU_BULK        0xa5

#define TAG_INTEGER     0x02
#define TAG_OCTETS      0x04
#define TAG_NULL        0x05
#define TAG_OID         0x06
#define TAG_SEQUENCE    0x30
#define TAG_IPADDRESS   0x40
#define TAG_COUNTER32   0x41
#define TAG_GAUGE32     0x42
#define TAG_TIMETICKS   0x43
#define TAG_OPAQUE      0x44
#define TAG_COUNTER64   0x46
#define TAG_NO_OBJECT   0x80
#define TAG_NO_INSTANCE 0x81
#define TAG_END_OF_VIEW 0x82

#define SUBIDS_MAX      128 /* RFC 3416, 4.1 */
#define OID_OCTETS_MAX  (SUBIDS_MAX * 5)
#define OID_TEXT_MAX    (SUBIDS_MAX * 11 + 1)
#define DATAGRAM_MAX    65536
#define COLUMNS_MAX     128
#define PER_PDU_MAX     1000
#define PROCESSES_MAX   8
#define LEARN_REPS      50

/* An OBJECT IDENTIFIER as it is on the wire, without tag and length: prefixes and equality are memcmp(). */
struct oid {
	size_t len;
	uint8_t octets[OID_OCTETS_MAX];
};

/* A part of a received datagram. Nothing reads beyond end. */
struct ber_in {
	const uint8_t *at, *end;
};

/* A datagram that is written from its end to its start, so that every length is known when it is due. */
struct ber_out {
	size_t at;
	uint8_t octets[DATAGRAM_MAX];
};

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
	uint64_t varbinds; /* cells of the columns asked for */
	uint64_t received; /* and what a GETBULK brought beyond their end: it cost the agent as much */
	uint64_t pdus;
	struct ber_out out;
	uint8_t in[DATAGRAM_MAX];
};

/* A column that is being walked. */
struct column {
	struct oid root, at;
	uint64_t rows;
	bool open;
};

/* The part of a cell's name behind the column, one for each row; the octets are in one pool. */
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

/* ---- object identifiers ---- */

static int
oid_append(struct oid *o, uint32_t subid)
{
	int groups = 1;

	while (groups < 5 && subid >> (7 * groups) != 0)
		groups++;
	if (o->len + (size_t)groups > sizeof(o->octets))
		return -EINVAL;
	while (groups-- > 0)
		o->octets[o->len++] = (uint8_t)((subid >> (7 * groups) & 0x7f) | (groups > 0 ? 0x80 : 0));
	return 0;
}

static int
oid_parse(const char *text, struct oid *o)
{
	uint32_t first = 0;

	o->len = 0;
	if (*text == '.')
		text++;
	for (int i = 0; i < SUBIDS_MAX; i++) {
		char *end;

		if (*text < '0' || *text > '9')
			return -EINVAL;
		errno = 0;
		unsigned long v = strtoul(text, &end, 10);
		if (errno != 0 || v > UINT32_MAX)
			return -EINVAL;
		if (i == 0) { /* the first two subids share one (X.690, 8.19.4) */
			if (v > 2)
				return -EINVAL;
			first = (uint32_t)v * 40;
		} else if (i == 1) {
			if (v > (first < 80 ? 39 : UINT32_MAX - 80) || oid_append(o, first + (uint32_t)v) != 0)
				return -EINVAL;
		} else if (oid_append(o, (uint32_t)v) != 0) {
			return -EINVAL;
		}
		if (*end == '\0')
			return i >= 1 ? 0 : -EINVAL;
		if (*end != '.')
			return -EINVAL;
		text = end + 1;
	}
	return -EINVAL;
}

/* Shortest encoding, 32-bit subids, whole: what the comparisons below rely on. */
static bool
oid_well_formed(struct ber_in o)
{
	unsigned subids = 0, octets = 0;

	if (o.at == o.end || o.end - o.at > OID_OCTETS_MAX)
		return false;
	for (; o.at < o.end; o.at++) {
		if (octets == 0 && *o.at == 0x80)
			return false;
		octets++;
		if (octets == 5 && o.at[-4] > 0x8f)
			return false;
		if ((*o.at & 0x80) == 0) {
			subids++;
			octets = 0;
		} else if (octets == 5) {
			return false;
		}
	}
	return octets == 0 && subids < SUBIDS_MAX;
}

static size_t
subid_octets(const uint8_t *p, const uint8_t *end)
{
	size_t n = 0;

	while (p + n < end && (p[n] & 0x80) != 0)
		n++;
	return p + n < end ? n + 1 : n;
}

/* Both well formed. A subid that needs more octets is the greater one; with equally many, memcmp() decides. */
static int
oid_compare(const struct oid *a, struct ber_in b)
{
	const uint8_t *p = a->octets, *p_end = p + a->len;

	while (p < p_end && b.at < b.end) {
		size_t n = subid_octets(p, p_end), m = subid_octets(b.at, b.end);
		if (n != m)
			return n < m ? -1 : 1;
		int order = memcmp(p, b.at, n);
		if (order != 0)
			return order;
		p += n;
		b.at += n;
	}
	return (p < p_end) - (b.at < b.end);
}

static bool
oid_is_below(const struct oid *root, struct ber_in name)
{
	return (size_t)(name.end - name.at) > root->len && memcmp(name.at, root->octets, root->len) == 0;
}

static bool
oid_equals(const struct oid *a, struct ber_in b)
{
	return (size_t)(b.end - b.at) == a->len && memcmp(a->octets, b.at, a->len) == 0;
}

static void
oid_set(struct oid *o, struct ber_in from)
{
	o->len = (size_t)(from.end - from.at);
	memcpy(o->octets, from.at, o->len);
}

/* For messages only; returns a static buffer. */
static const char *
oid_text(struct ber_in o)
{
	static char text[OID_TEXT_MAX + 16];
	size_t used = 0;
	bool first = true;

	while (o.at < o.end && used < sizeof(text) - 24) {
		uint64_t v = 0;
		size_t n = subid_octets(o.at, o.end);
		for (size_t i = 0; i < n; i++)
			v = v << 7 | (o.at[i] & 0x7f);
		if (first) {
			uint64_t top = v < 80 ? v / 40 : 2;
			used += (size_t)sprintf(text + used, "%llu", (unsigned long long)top);
			v -= top * 40;
		}
		used += (size_t)sprintf(text + used, ".%llu", (unsigned long long)v);
		first = false;
		o.at += n;
	}
	text[used] = '\0';
	return text;
}

static struct ber_in
oid_in(const struct oid *o)
{
	return (struct ber_in){ o->octets, o->octets + o->len };
}

/* ---- writing ---- */

static void
out_octets(struct ber_out *o, const void *p, size_t len)
{
	if (len == 0)
		return; /* p may be NULL then */
	if (len > o->at) {
		fprintf(stderr, "walk_client: the request does not fit into one datagram\n");
		exit(2);
	}
	o->at -= len;
	memcpy(o->octets + o->at, p, len);
}

static void
out_octet(struct ber_out *o, unsigned v)
{
	uint8_t b = (uint8_t)v;

	out_octets(o, &b, 1);
}

/* Put tag and length before all that was written since at was end. */
static void
out_close(struct ber_out *o, uint8_t tag, size_t end)
{
	size_t len = end - o->at;

	if (len < 0x80) {
		out_octet(o, (unsigned)len);
	} else {
		unsigned octets = 0;
		for (size_t rest = len; rest != 0; rest >>= 8, octets++)
			out_octet(o, rest & 0xff);
		out_octet(o, 0x80 | octets);
	}
	out_octet(o, tag);
}

/* Not negative: all that a request of ours holds. */
static void
out_integer(struct ber_out *o, int32_t v)
{
	size_t end = o->at;
	unsigned octet;

	do {
		octet = (unsigned)v & 0xff;
		out_octet(o, octet);
		v >>= 8;
	} while (v != 0 || (octet & 0x80) != 0);
	out_close(o, TAG_INTEGER, end);
}

static void
out_begin(struct client *c)
{
	c->out.at = sizeof(c->out.octets);
}

/* The name is column and row; the row may be empty. The last varbind of a request is written first. */
static void
out_varbind(struct client *c, struct ber_in column, struct ber_in row)
{
	struct ber_out *o = &c->out;
	size_t end = o->at;

	out_octet(o, 0);
	out_octet(o, TAG_NULL);
	size_t name_end = o->at;
	out_octets(o, row.at, (size_t)(row.end - row.at));
	out_octets(o, column.at, (size_t)(column.end - column.at));
	out_close(o, TAG_OID, name_end);
	out_close(o, TAG_SEQUENCE, end);
}

/* The fields are error-status and error-index of a GET, non-repeaters and max-repetitions of a GETBULK. */
static void
out_finish(struct client *c, uint8_t pdu, int32_t field1, int32_t field2)
{
	struct ber_out *o = &c->out;
	size_t end = sizeof(o->octets);

	out_close(o, TAG_SEQUENCE, end);
	out_integer(o, field2);
	out_integer(o, field1);
	c->request_id = c->request_id == INT32_MAX ? 1 : c->request_id + 1;
	out_integer(o, c->request_id);
	out_close(o, pdu, end);
	size_t community_end = o->at;
	out_octets(o, c->community, strlen(c->community));
	out_close(o, TAG_OCTETS, community_end);
	out_integer(o, 1); /* version: SNMPv2c */
	out_close(o, TAG_SEQUENCE, end);
}

/* ---- reading ---- */

/* Split off the next element. 0, or -EBADMSG when it does not fit into what it is in. */
static int
in_element(struct ber_in *in, uint8_t *tag, struct ber_in *content)
{
	if (in->end - in->at < 2 || (in->at[0] & 0x1f) == 0x1f) /* SNMP has no long tags */
		return -EBADMSG;
	*tag = in->at[0];
	size_t len = in->at[1];
	in->at += 2;
	if (len & 0x80) {
		size_t octets = len & 0x7f;
		if (octets < 1 || octets > 4 || (size_t)(in->end - in->at) < octets) /* 0: indefinite form */
			return -EBADMSG;
		for (len = 0; octets > 0; octets--)
			len = len << 8 | *in->at++;
	}
	if ((size_t)(in->end - in->at) < len)
		return -EBADMSG;
	*content = (struct ber_in){ in->at, in->at + len };
	in->at += len;
	return 0;
}

static int
in_expect(struct ber_in *in, uint8_t tag, struct ber_in *content)
{
	uint8_t got;

	return in_element(in, &got, content) == 0 && got == tag ? 0 : -EBADMSG;
}

static int
in_integer(struct ber_in *in, int32_t *out)
{
	struct ber_in content;

	if (in_expect(in, TAG_INTEGER, &content) != 0 || content.at == content.end || content.end - content.at > 4)
		return -EBADMSG;
	uint32_t v = *content.at & 0x80 ? UINT32_MAX : 0;
	while (content.at < content.end)
		v = v << 8 | *content.at++;
	*out = (int32_t)v;
	return 0;
}

/* Is this a value that SNMPv2c can carry, with a length its type can have? */
static bool
value_well_formed(uint8_t type, struct ber_in value)
{
	size_t len = (size_t)(value.end - value.at);

	switch (type) {
	case TAG_INTEGER:
		return len >= 1 && len <= 4;
	case TAG_COUNTER32:
	case TAG_GAUGE32:
	case TAG_TIMETICKS: /* unsigned: a fifth octet may only be the sign */
		return len >= 1 && (len <= 4 || (len == 5 && value.at[0] == 0));
	case TAG_COUNTER64:
		return len >= 1 && (len <= 8 || (len == 9 && value.at[0] == 0));
	case TAG_OCTETS:
	case TAG_OPAQUE:
		return true;
	case TAG_IPADDRESS:
		return len == 4;
	case TAG_OID:
		return oid_well_formed(value);
	case TAG_NO_OBJECT:
	case TAG_NO_INSTANCE:
	case TAG_END_OF_VIEW:
		return len == 0;
	default:
		return false;
	}
}

static void
in_varbind(const struct client *c, struct ber_in *list, struct varbind *vb)
{
	struct ber_in both;

	if (in_expect(list, TAG_SEQUENCE, &both) != 0 || in_expect(&both, TAG_OID, &vb->name) != 0 ||
	    in_element(&both, &vb->type, &vb->value) != 0 || both.at != both.end)
		fail(c, "a varbind is malformed");
	if (!oid_well_formed(vb->name))
		fail(c, "a varbind's name is malformed");
	if (!value_well_formed(vb->type, vb->value))
		fail(c, "%s has a malformed value of type 0x%02x", oid_text(vb->name), vb->type);
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
	if (in_expect(&in, TAG_SEQUENCE, &message) != 0 || in.at != in.end || in_integer(&message, &version) != 0 ||
	    in_expect(&message, TAG_OCTETS, &community) != 0 || in_element(&message, &tag, &pdu) != 0 ||
	    message.at != message.end)
		fail(c, "the answer is not an SNMP message");
	if (version != 1 || (size_t)(community.end - community.at) != strlen(c->community) ||
	    memcmp(community.at, c->community, strlen(c->community)) != 0)
		fail(c, "the answer has another version or community");
	if (tag != PDU_RESPONSE || in_integer(&pdu, &id) != 0 || in_integer(&pdu, &status) != 0 ||
	    in_integer(&pdu, &index) != 0 || in_expect(&pdu, TAG_SEQUENCE, &list) != 0 || pdu.at != pdu.end)
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
	struct row_list *learn; /* where the rows of the first column are kept, or NULL */
};

static void
rows_add(const struct client *c, struct row_list *list, const uint8_t *octets, size_t len)
{
	if (list->rows == list->rows_cap) {
		list->rows_cap = list->rows_cap ? list->rows_cap * 2 : 1024;
		list->row = reallocarray(list->row, list->rows_cap, sizeof(*list->row));
	}
	if (list->pool_cap - list->used < len) {
		list->pool_cap = list->pool_cap * 2 + OID_OCTETS_MAX;
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
		fail(c, "column %s has %llu rows instead of %llu", oid_text(oid_in(&col->root)),
		     (unsigned long long)col->rows, (unsigned long long)w->expect_rows);
}

/*
 * One varbind of a bulk answer, for the column that asked for it. A column that has left its subtree gets
 * more of them until the answer is over; they do not count as rows but must be as sane as the others.
 */
static void
column_take(struct client *c, const struct walk *w, struct column *col, const struct varbind *vb)
{
	if (vb->type == TAG_END_OF_VIEW) { /* repeats the name that was asked for (RFC 3416, 4.2.3) */
		if (!oid_equals(&col->at, vb->name))
			fail(c, "endOfMibView for %s, which was not asked for", oid_text(vb->name));
		if (col->open)
			column_end(c, w, col);
		return;
	}
	if (vb->type >= TAG_NO_OBJECT)
		fail(c, "exception 0x%02x at %s inside a walk", vb->type, oid_text(vb->name));
	if (oid_compare(&col->at, vb->name) >= 0)
		fail(c, "%s is not after the name before it", oid_text(vb->name));
	oid_set(&col->at, vb->name);
	if (!col->open)
		return;
	if (!oid_is_below(&col->root, vb->name)) {
		column_end(c, w, col);
		return;
	}
	col->rows++;
	c->varbinds++;
	if (w->expect_rows != 0 && col->rows > w->expect_rows)
		fail(c, "more than %llu rows: %s", (unsigned long long)w->expect_rows, oid_text(vb->name));
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
		out_begin(c);
		for (int i = n - 1; i >= 0; i--)
			out_varbind(c, oid_in(&asked[i]->at), no_row);
		out_finish(c, PDU_BULK, 0, w->reps);

		/* The master may cut the answer short anywhere, but it has to bring us further. */
		struct ber_in list = exchange(c);
		int64_t taken = 0;
		for (; list.at < list.end; taken++) {
			struct varbind vb = { 0 };

			in_varbind(c, &list, &vb);
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

/* xorshift64*: the same rows in the same order in each run, on each machine. */
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
		const struct oid *column;
		struct ber_in row;
	} cell[PER_PDU_MAX];

	for (int i = 0; i < g->per_pdu; i++) {
		size_t nth = (size_t)(g->scatter ? i : i / w->columns);
		struct row r = g->rows.row[(g->next + nth) % g->rows.rows];
		cell[i].column = &w->column[i % w->columns].root;
		cell[i].row = (struct ber_in){ g->rows.pool + r.offset, g->rows.pool + r.offset + r.len };
	}
	g->next = (g->next + (size_t)rows) % g->rows.rows;
	out_begin(c);
	for (int i = g->per_pdu - 1; i >= 0; i--)
		out_varbind(c, oid_in(cell[i].column), cell[i].row);
	out_finish(c, PDU_GET, 0, 0);

	struct ber_in list = exchange(c);
	for (int i = 0; i < g->per_pdu; i++) {
		struct varbind vb = { 0 };

		if (list.at == list.end)
			fail(c, "%d varbinds instead of %d", i, g->per_pdu);
		in_varbind(c, &list, &vb);
		size_t col_len = cell[i].column->len, row_len = (size_t)(cell[i].row.end - cell[i].row.at);
		if ((size_t)(vb.name.end - vb.name.at) != col_len + row_len ||
		    memcmp(vb.name.at, cell[i].column->octets, col_len) != 0 ||
		    memcmp(vb.name.at + col_len, cell[i].row.at, row_len) != 0)
			fail(c, "varbind %d is %s, which was not asked for there", i + 1, oid_text(vb.name));
		if (vb.type >= TAG_NO_OBJECT)
			fail(c, "exception 0x%02x for %s", vb.type, oid_text(vb.name));
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
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/*
 * The CPU clock of another process: on-CPU time in ns, as in /proc/PID/task/TID/schedstat, but one call for all
 * threads, and those that ended meanwhile stay counted.
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
 * Per varbind means per varbind received. With 100 rows and 50 repetitions every third varbind of a walk lies behind
 * the end of its column; divided by the rows alone, a small table would look half as dear again as a large one.
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
	if (w->columns == COLUMNS_MAX || oid_parse(text, &w->column[w->columns].root) != 0)
		return -EINVAL;
	w->columns++;
	return 0;
}

/* An argument that starts like an OID is one; any other names a file with one OID on each line, # for comments. */
static int
walk_add_columns(struct walk *w, const char *arg)
{
	char line[OID_TEXT_MAX];
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
	static struct client c = { .community = "public", .label = "-", .request_id = 1000 };
	static struct walk walk;
	static struct gets gets;
	struct process process[PROCESSES_MAX];
	uint64_t port = 161, timeout_s = 10, min = 1, seed = 1, total = 0, number;
	int processes = 0, opt, rc;
	bool ok = true;

	while ((opt = getopt_long(argc, argv, "+p:C:P:l:m:e:sS:t:h", longs, NULL)) != -1) {
		switch (opt) {
		case 'p':
			ok &= parse_number(optarg, 1, 65535, &port) == 0;
			break;
		case 'C':
			c.community = optarg;
			break;
		case 'P':
			rc = processes < PROCESSES_MAX ? process_parse(optarg, &process[processes]) : -E2BIG;
			if (rc != 0) {
				fprintf(stderr, "walk_client: process %s: %s\n", optarg, strerror(-rc));
				return 2;
			}
			processes++;
			break;
		case 'l':
			c.label = optarg;
			break;
		case 'm':
			ok &= parse_number(optarg, 1, UINT32_MAX, &min) == 0;
			break;
		case 'e':
			ok &= parse_number(optarg, 1, UINT32_MAX, &walk.expect_rows) == 0;
			break;
		case 's':
			gets.scatter = true;
			break;
		case 'S':
			ok &= parse_number(optarg, 1, UINT64_MAX, &seed) == 0;
			break;
		case 't':
			ok &= parse_number(optarg, 1, 3600, &timeout_s) == 0;
			break;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, 2);
		}
	}
	argc -= optind;
	argv += optind;
	bool get = argc >= 4 && strcmp(argv[0], "get") == 0;
	if (!ok || (!get && (argc < 3 || strcmp(argv[0], "bulk") != 0)))
		return usage(stderr, 2);
	if (parse_number(argv[1], 1, get ? PER_PDU_MAX : 10000, &number) != 0 ||
	    (get && parse_number(argv[2], 1, UINT32_MAX, &total) != 0))
		return usage(stderr, 2);
	for (int i = get ? 3 : 2; i < argc; i++) {
		rc = walk_add_columns(&walk, argv[i]);
		if (rc != 0) {
			fprintf(stderr, "walk_client: columns %s: %s\n", argv[i], strerror(-rc));
			return 2;
		}
	}
	if (walk.columns == 0)
		return usage(stderr, 2);
	rc = client_open(&c, (uint16_t)port, (time_t)timeout_s);
	if (rc != 0)
		fail(&c, "socket: %s", strerror(-rc));

	if (get) {
		int columns = walk.columns;

		gets.walk = &walk;
		gets.per_pdu = (int)number;
		if (!gets.scatter && gets.per_pdu % columns != 0) {
			fprintf(stderr, "walk_client: %d cells are not whole rows of %d columns\n", gets.per_pdu,
				columns);
			return 2;
		}
		walk.reps = LEARN_REPS;
		walk.learn = &gets.rows;
		walk.columns = 1;
		walk_once(&c, &walk);
		walk.columns = columns;
		if (gets.rows.rows < (size_t)(gets.scatter ? gets.per_pdu : gets.per_pdu / columns))
			fail(&c, "the table has only %zu rows", gets.rows.rows);
		rows_shuffle(&gets.rows, seed);
		c.varbinds = c.received = c.pdus = 0;
	} else {
		walk.reps = (int)number;
	}

	for (int i = 0; i < processes; i++)
		process[i].start_ns = clock_ns(process[i].clock);
	uint64_t own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID), wall_ns = clock_ns(CLOCK_MONOTONIC);
	if (get) {
		while (c.varbinds < total)
			get_once(&c, &gets);
	} else {
		do {
			walk_once(&c, &walk);
			if (c.varbinds == 0)
				fail(&c, "the table is empty");
		} while (c.varbinds < min);
	}
	wall_ns = clock_ns(CLOCK_MONOTONIC) - wall_ns;
	own_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own_ns;
	for (int i = 0; i < processes; i++)
		process[i].used_ns = clock_ns(process[i].clock) - process[i].start_ns;

	report(&c, process, processes, wall_ns, own_ns);
	free(gets.rows.row);
	free(gets.rows.pool);
	return 0;
}
