/* SPDX-License-Identifier: ISC */
/*
 * nullagent: the yardstick of bench/walk.
 *
 * An ordinary Net-SNMP AgentX subagent, written the way the Net-SNMP documentation tells one to:
 * netsnmp_enable_subagent(), one handler registration, agent_check_and_process(1) in a loop. It keeps
 * no data: every cell is computed from its own name. So it costs as much as AgentX and the library cost,
 * and a real subagent is judged by how little it adds.
 *
 * Do not make it faster. A faster main loop belongs in the agent that is compared with it.
 *
 *   root.COLUMN.ROW   Counter32   (COLUMN * ROW) mod 2^32,   COLUMN 1..COLS, ROW 1..ROWS
 *   root              1.3.6.1.4.1.8072.9999.9999.77.1   (Net-SNMP's own branch for experiments)
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLS_DEFAULT 51         /* cipSecTunnelTable has 51 columns */
#define ROWS_MAX     2147483647 /* an INTEGER index ends there */

static const oid root[] = { 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 77, 1 };
#define CELL_LEN (OID_LENGTH(root) + 2)

struct cell {
	oid col, row;
};

struct table {
	oid cols, rows;
};

static volatile sig_atomic_t stopping;

static void
on_stop_signal(int sig)
{
	(void)sig;
	stopping = 1;
}

static bool
table_has(const struct table *t, struct cell c)
{
	return c.col >= 1 && c.col <= t->cols && c.row >= 1 && c.row <= t->rows;
}

/*
 * Find the first cell at or after (inclusive) or strictly after a name; false at the end of the table. A master uses
 * an inclusive request for the start of a range (RFC 2741, 5.2): the name itself may be the answer.
 */
static bool
table_next(const struct table *t, const oid *name, size_t len, bool inclusive, struct cell *out)
{
	struct cell c = { 1, 1 };
	int order = snmp_oid_compare(name, SNMP_MIN(len, OID_LENGTH(root)), root, OID_LENGTH(root));

	if (order > 0)
		return false;
	if (order == 0 && len > OID_LENGTH(root) && name[OID_LENGTH(root)] >= 1) {
		c.col = name[OID_LENGTH(root)];
		if (len >= CELL_LEN) {
			c.row = name[OID_LENGTH(root) + 1];
			bool itself = inclusive && len == CELL_LEN && table_has(t, c);
			if (!itself && c.row >= t->rows) { /* compare before adding, to avoid an overflow */
				if (c.col >= t->cols)
					return false;
				c = (struct cell){ c.col + 1, 1 };
			} else if (!itself) {
				c.row++;
			}
		}
	}
	if (!table_has(t, c))
		return false;
	*out = c;
	return true;
}

static void
answer_next(const struct table *t, netsnmp_request_info *request)
{
	netsnmp_variable_list *vb = request->requestvb;
	oid name[CELL_LEN];
	struct cell c;

	if (!table_next(t, vb->name, vb->name_length, request->inclusive, &c))
		return; /* no answer: the library continues with the next subtree */
	memcpy(name, root, sizeof(root));
	name[OID_LENGTH(root)] = c.col;
	name[OID_LENGTH(root) + 1] = c.row;
	snmp_set_var_objid(vb, name, CELL_LEN);
	snmp_set_var_typed_integer(vb, ASN_COUNTER, (long)(uint32_t)(c.col * c.row));
}

static void
answer_get(const struct table *t, netsnmp_agent_request_info *info, netsnmp_request_info *request)
{
	netsnmp_variable_list *vb = request->requestvb;
	struct cell c = { 0, 0 };

	if (vb->name_length > OID_LENGTH(root))
		c.col = vb->name[OID_LENGTH(root)];
	if (vb->name_length == CELL_LEN)
		c.row = vb->name[OID_LENGTH(root) + 1];
	if (table_has(t, c))
		snmp_set_var_typed_integer(vb, ASN_COUNTER, (long)(uint32_t)(c.col * c.row));
	else if (c.col >= 1 && c.col <= t->cols)
		netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
	else
		netsnmp_set_request_error(info, request, SNMP_NOSUCHOBJECT);
}

static int
table_handler(netsnmp_mib_handler *handler, netsnmp_handler_registration *reg, netsnmp_agent_request_info *info,
	      netsnmp_request_info *requests)
{
	const struct table *t = handler->myvoid;

	(void)reg;
	for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
		if (r->processed)
			continue;
		switch (info->mode) {
		case MODE_GET:
			answer_get(t, info, r);
			break;
		case MODE_GETNEXT:
			answer_next(t, r);
			break;
		default: /* registered read-only: the library rejects a SET before it comes here */
			netsnmp_set_request_error(info, r, SNMP_ERR_GENERR);
			break;
		}
	}
	return SNMP_ERR_NOERROR;
}

static int
parse_count(const char *text, oid max, oid *out)
{
	char *end;

	errno = 0;
	unsigned long v = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || strchr(text, '-') != NULL || v < 1 || v > max)
		return -EINVAL;
	*out = v;
	return 0;
}

/* Print one line for the head of the report: how this program was built. */
static void
print_build(void)
{
#if defined(__clang__)
	printf("%s", __VERSION__);
#else
	printf("gcc %s", __VERSION__);
#endif
#if !defined(__OPTIMIZE__)
	printf(", not optimised");
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	printf(", sanitized");
#endif
	printf("; Net-SNMP library %s\n", netsnmp_get_version());
}

static int
usage(FILE *to, int status)
{
	fprintf(to,
		"usage: nullagent -x SOCKET -n ROWS [-c COLS]\n"
		"       nullagent -V\n"
		"An AgentX subagent that serves ROWS x COLS (default %d) computed Counter32 cells.\n"
		"  -x SOCKET  the AgentX address of the master (a path, or tcp:HOST:PORT)\n"
		"  -n ROWS    number of rows, 1 to %d\n"
		"  -c COLS    number of columns\n"
		"  -V         how this program was built\n",
		COLS_DEFAULT, ROWS_MAX);
	return status;
}

static bool
agent_open(struct table *table, const char *socket_path)
{
	snmp_enable_stderrlog();
	netsnmp_enable_subagent();
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, socket_path);
	/* Ignore the machine's snmp.conf, which could change the measurement, and leave no files behind. */
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	init_agent("nullagent");

	netsnmp_handler_registration *reg = netsnmp_create_handler_registration("nullTable", table_handler, root,
										OID_LENGTH(root), HANDLER_CAN_RONLY);
	if (reg == NULL)
		return false;
	reg->handler->myvoid = table;
	if (netsnmp_register_handler(reg) != MIB_REGISTERED_OK) {
		fprintf(stderr, "nullagent: the table could not be registered\n");
		return false;
	}
	init_snmp("nullagent");
	return true;
}

static void
serve(void)
{
	/* No SA_RESTART: a signal must end the library's select() at once. */
	struct sigaction stop = { .sa_handler = on_stop_signal };
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);

	while (!stopping)
		agent_check_and_process(1);
	snmp_shutdown("nullagent");
}

int
main(int argc, char **argv)
{
	static struct table table = { .cols = COLS_DEFAULT };
	const char *socket_path = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "x:n:c:Vh")) != -1) {
		switch (opt) {
		case 'x':
			socket_path = optarg;
			break;
		case 'n':
			if (parse_count(optarg, ROWS_MAX, &table.rows) != 0)
				return usage(stderr, 2);
			break;
		case 'c':
			if (parse_count(optarg, ROWS_MAX, &table.cols) != 0)
				return usage(stderr, 2);
			break;
		case 'V':
			print_build();
			return 0;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, 2);
		}
	}
	if (socket_path == NULL || table.rows == 0 || optind != argc)
		return usage(stderr, 2);

	if (!agent_open(&table, socket_path))
		return 1;
	serve();
	return 0;
}
