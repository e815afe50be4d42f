/* SPDX-License-Identifier: ISC */
/* AgentX through Net-SNMP, with a shortcut for Get and GetNext. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/library/large_fd_set.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "agentx_frame.h"
#include "daemon.h"
#include "mib_agentx.h"
#include "mib_health.h"
#include "mib_set.h"
#include "mib_table.h"
#include "service.h"

/* RFC 2741, 6.1: PDU types. Net-SNMP doesn't install its names for them. */
#define AGENTX_GET                5
#define AGENTX_GETNEXT            6
#define AGENTX_TESTSET            8
#define AGENTX_RESPONSE           18
#define AGENTX_PARSE_ERROR        266
#define AGENTX_NETWORK_BYTE_ORDER 0x10

#define PING_SECONDS              5 /* between two pings of the master */
#define MASTER_SECONDS            2 /* the library waits this long: a stuck master must not stall us for long */
#define TICK_NS                   1000000000u /* in units of ipm_now_ns() */
#define POLL_NS                   100000000u
#define UPTIME_NS                 10000000u  /* one unit of sysUpTime */
#define SET_DATA                  "ipsecmon" /* the key of a request's struct mib_write */

_Static_assert(sizeof(oid) == sizeof(mib_subid), "names are passed on as they are");

static struct {
	struct mib *mib;
	netsnmp_session *session; /* to the master; NULL: not connected */
	netsnmp_callback library; /* the session's callback before we replaced it */
	int (*receive)(netsnmp_transport *, void *, int, void **, int *); /* the library's function, called by ours */
	struct agentx_frames frames;
	bool passed_on;     /* the library got a message and has work to do */
	bool warned;        /* we have logged that there is no master */
	uint64_t master_ns; /* time when the master's sysUpTime was 0; 0: unknown */
} agentx;

/* --- the master's time --------------------------------------------------------------------------------------- */

/*
 * When the master's sysUpTime was 0, in ipm_now_ns() units. The library learns sysUpTime from each of the master's
 * answers (to Open, Register, and Ping every few seconds). Their delay and rounding make it vary by some hundredths, so
 * keep the first result: a TimeStamp is the same at each reading.
 */
static uint64_t
master_start_ns(void)
{
	uint64_t now = ipm_now_ns(), up = (uint64_t)netsnmp_get_agent_uptime() * UPTIME_NS;
	uint64_t began = now > up ? now - up : 1;

	/*
	 * Rounding in the master can make this up to two hundredths of a second too early. A slow answer can make it up
	 * to a second too late. A larger difference means that the clocks have drifted apart, as after a suspend.
	 */
	if (agentx.master_ns == 0 || began + 2 * UPTIME_NS < agentx.master_ns || began > agentx.master_ns + TICK_NS)
		agentx.master_ns = began;
	return agentx.master_ns;
}

/* --- values ------------------------------------------------------------------------------------------------- */

static void
varbind_set(netsnmp_variable_list *vb, const struct mib_value *value)
{
	switch (value->type) {
	case MIB_OCTETS:
		snmp_set_var_typed_value(vb, ASN_OCTET_STR, value->octets, value->len);
		break;
	case MIB_OBJECT: {
		uint32_t subids[sizeof(value->octets) / sizeof(uint32_t)];
		oid name[MIB_COUNT(subids)];
		size_t count = value->len / sizeof(*subids);
		memcpy(subids, value->octets, sizeof(subids));
		for (size_t i = 0; i < count && i < MIB_COUNT(subids); i++)
			name[i] = subids[i];
		snmp_set_var_typed_value(vb, ASN_OBJECT_ID, name, count * sizeof(*name));
		break;
	}
	case MIB_COUNTER64: {
		struct counter64 c = { .high = value->number >> 32, .low = value->number & UINT32_MAX };
		snmp_set_var_typed_value(vb, ASN_COUNTER64, &c, sizeof(c));
		break;
	}
	default:
		snmp_set_var_typed_integer(vb, (u_char)value->type, (long)value->number);
	}
}

/* --- sizes: RFC 2741, 5 --------------------------------------------------------------------------------------- */

static size_t
oid_size(const oid *name, size_t len)
{
	static const oid internet[] = { 1, 3, 6, 1 }; /* this prefix and the next number take no space */
	bool prefix = len > 4 && memcmp(name, internet, sizeof(internet)) == 0 && name[4] > 0 && name[4] <= UINT8_MAX;
	return 4 + 4 * (prefix ? len - 5 : len);
}

static size_t
varbind_size(const netsnmp_variable_list *vb)
{
	size_t size = 4 + oid_size(vb->name, vb->name_length);
	switch (vb->type) {
	case ASN_OCTET_STR:
		return size + 4 + (vb->val_len + 3) / 4 * 4;
	case ASN_OBJECT_ID:
		return size + oid_size(vb->val.objid, vb->val_len / sizeof(oid));
	case ASN_COUNTER64:
		return size + 8;
	case SNMP_NOSUCHOBJECT:
	case SNMP_NOSUCHINSTANCE:
	case SNMP_ENDOFMIBVIEW:
		return size;
	default:
		return size + 4;
	}
}

/* --- the shortcut ------------------------------------------------------------------------------------------- */

static void
answer_get(netsnmp_variable_list *vb)
{
	struct mib_value value;
	switch (mib_get(agentx.mib, vb->name, vb->name_length, &value)) {
	case MIB_OK:
		varbind_set(vb, &value);
		break;
	case MIB_NO_OBJECT:
		snmp_set_var_typed_value(vb, SNMP_NOSUCHOBJECT, NULL, 0);
		break;
	default:
		snmp_set_var_typed_value(vb, SNMP_NOSUCHINSTANCE, NULL, 0);
	}
}

/* Answer a parsed SearchRange. The varbind's name is its start, the value its end, and the type means "include". */
static void
answer_getnext(netsnmp_variable_list *vb)
{
	struct mib_value value;
	oid next[MIB_NAME_MAX];
	size_t next_len;
	bool inclusive = vb->type == ASN_PRIV_INCL_RANGE;

	if (mib_next(agentx.mib, vb->name, vb->name_length, inclusive, vb->val.objid, vb->val_len / sizeof(oid), next,
		     &next_len, &value) != MIB_OK) {
		snmp_set_var_typed_value(vb, SNMP_ENDOFMIBVIEW, NULL, 0);
		return;
	}
	snmp_set_var_objid(vb, next, next_len);
	varbind_set(vb, &value);
}

static netsnmp_pdu *
response_to(const netsnmp_session *session, const netsnmp_pdu *pdu)
{
	netsnmp_pdu *response = snmp_pdu_create(AGENTX_RESPONSE);
	if (!response)
		return NULL;
	response->version = session->version;
	response->reqid = pdu->reqid;
	response->transid = pdu->transid;
	response->sessid = pdu->sessid;
	response->flags |= pdu->flags & AGENTX_NETWORK_BYTE_ORDER;
	response->errstat = response->errindex = 0;
	response->time = 0;
	return response;
}

static void
respond_error(netsnmp_pdu *response, long error)
{
	snmp_free_varbind(response->variables);
	response->variables = NULL;
	response->errstat = error;
	response->errindex = 1;
}

static bool
answer_request(netsnmp_session *session, netsnmp_pdu *pdu)
{
	netsnmp_pdu *response = response_to(session, pdu);
	size_t size = AGENTX_TOO_BIG_LEN; /* size of a response without variables */
	if (!response)
		return false;
	/* The response takes over the request's varbinds. */
	response->variables = pdu->variables;
	pdu->variables = NULL;

	mib_request(agentx.mib, master_start_ns());
	mib_health.requests++;
	for (netsnmp_variable_list *vb = response->variables; vb; vb = vb->next_variable) {
		if (pdu->command == AGENTX_GET)
			answer_get(vb);
		else
			answer_getnext(vb);
		size += varbind_size(vb);
	}
	if (size > AGENTX_MOST)
		respond_error(response, SNMP_ERR_TOOBIG);
	/* The library does this for each message: the master is alive, so the next ping can wait. */
	if (session->securityModel != SNMP_DEFAULT_SECMODEL)
		snmp_alarm_reset((unsigned)session->securityModel);
	if (!snmp_send(session, response))
		snmp_free_pdu(response);
	return true;
}

/*
 * The library treats a context as a C string and stores its length separately. A NUL in it makes the library read past
 * its end. A well-behaved master never sends a NUL.
 */
static void
refuse_context(netsnmp_session *session, const netsnmp_pdu *pdu)
{
	bool request = pdu->command >= AGENTX_GET && pdu->command <= AGENTX_TESTSET;
	netsnmp_pdu *response = request ? response_to(session, pdu) : NULL;
	if (!response)
		return;
	respond_error(response, AGENTX_PARSE_ERROR);
	if (!snmp_send(session, response))
		snmp_free_pdu(response);
}

static int
on_message(int op, netsnmp_session *session, int reqid, netsnmp_pdu *pdu, void *magic)
{
	if (op == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu->community_len > 0 &&
	    memchr(pdu->community, '\0', pdu->community_len)) {
		refuse_context(session, pdu);
		return 1;
	}
	/* We serve only the default context; the library answers for others. */
	if (op == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu->community_len == 0 &&
	    (pdu->command == AGENTX_GET || pdu->command == AGENTX_GETNEXT) && answer_request(session, pdu))
		return 1;
	agentx.passed_on = true;
	return agentx.library(op, session, reqid, pdu, magic);
}

/* --- messages that are too long ------------------------------------------------------------------------------ */

/* Answer for the library: it never sees such a message. */
static void
on_too_big(void *arg, const uint8_t header[AGENTX_HEADER])
{
	const netsnmp_transport *transport = arg;
	uint8_t out[AGENTX_TOO_BIG_LEN];
	if (header[1] < AGENTX_GET || header[1] > AGENTX_TESTSET)
		return;
	agentx_too_big(header, out);
	if (send(transport->sock, out, sizeof(out), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_warn("cannot answer a request that is too big: %s", strerror(errno));
}

static int
on_receive(netsnmp_transport *transport, void *buf, int size, void **opaque, int *opaque_len)
{
	size_t held = agentx_frames_resume(&agentx.frames, buf);
	int got = agentx.receive(transport, (uint8_t *)buf + held, size - (int)held, opaque, opaque_len);
	if (got <= 0)
		return got;
	got = (int)agentx_frames_keep(&agentx.frames, buf, held + (size_t)got, on_too_big, transport);
	if (got == 0) /* nothing to pass on yet, but not the end of the stream */
		transport->flags |= NETSNMP_TRANSPORT_FLAG_EMPTY_PKT;
	return got;
}

/* --- through the library: SET, and GETs when the objects are served from within snmpd ---------------------------- */

/* Handle the first test. Each request keeps its struct mib_write until the SET ends. */
static void
set_test(netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	for (netsnmp_request_info *r = requests; r; r = r->next) {
		const netsnmp_variable_list *vb = r->requestvb;
		struct mib_write *write = calloc(1, sizeof(*write));
		if (!write) {
			netsnmp_set_request_error(info, r, SNMP_ERR_RESOURCEUNAVAILABLE);
			return;
		}
		netsnmp_request_add_list_data(r, netsnmp_create_data_list(SET_DATA, write, free));
		write->name = vb->name;
		write->len = vb->name_length;
		write->type = vb->type;
		write->length_right = vb->val_len == sizeof(*vb->val.integer);
		if ((vb->type == ASN_INTEGER || vb->type == ASN_UNSIGNED) && write->length_right)
			write->value = vb->type == ASN_INTEGER ? *vb->val.integer : (int64_t)(uint32_t)*vb->val.integer;
		enum mib_error error = mib_write_test(agentx.mib, write);
		if (error) {
			netsnmp_set_request_error(info, r, (int)error);
			return;
		}
	}
}

static void
set_commit_or_undo(netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	enum mib_error error = info->mode == MODE_SET_UNDO ? MIB_UNDO_FAILED : MIB_COMMIT_FAILED;
	size_t count = 0, which = 0;

	for (netsnmp_request_info *r = requests; r; r = r->next)
		count++;
	struct mib_write **writes = calloc(count ? count : 1, sizeof(struct mib_write *));
	netsnmp_request_info *r = requests;
	for (size_t i = 0; writes && i < count; i++, r = r->next) {
		writes[i] = netsnmp_request_get_list_data(r, SET_DATA);
		if (!writes[i])
			break;
		writes[i]->name = r->requestvb->name;
	}
	if (writes && !r)
		error = info->mode == MODE_SET_UNDO ? mib_write_undo(agentx.mib, writes, count, &which)
						    : mib_write_commit(agentx.mib, writes, count, &which);
	free(writes);
	if (error) {
		for (r = requests; r && which > 0; which--)
			r = r->next;
		if (r)
			netsnmp_set_request_error(info, r, (int)error);
	}
}

static void
answer_next(netsnmp_request_info *r)
{
	netsnmp_variable_list *vb = r->requestvb;
	struct mib_value value;
	oid next[MIB_NAME_MAX];
	size_t next_len;

	if (mib_next(agentx.mib, vb->name, vb->name_length, r->inclusive, NULL, 0, next, &next_len, &value) == MIB_OK) {
		snmp_set_var_objid(vb, next, next_len);
		varbind_set(vb, &value);
	}
}

static int
on_request(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration, netsnmp_agent_request_info *info,
	   netsnmp_request_info *requests)
{
	(void)handler;
	(void)registration;
	mib_request(agentx.mib, master_start_ns());
	switch (info->mode) {
	case MODE_GET:
	case MODE_GETNEXT:
		for (netsnmp_request_info *r = requests; r; r = r->next) {
			if (r->processed)
				continue;
			if (info->mode == MODE_GET)
				answer_get(r->requestvb);
			else
				answer_next(r);
		}
		break;
	case MODE_SET_RESERVE1:
		set_test(info, requests);
		break;
	case MODE_SET_ACTION:
	case MODE_SET_UNDO:
		set_commit_or_undo(info, requests);
		break;
	default: /* RESERVE2, COMMIT, FREE: the library frees the requests' data */
		break;
	}
	return SNMP_ERR_NOERROR;
}

/* --- connecting and disconnecting --------------------------------------------------------------------------------- */

static int
on_connect(int major, int minor, void *server, void *client)
{
	(void)major;
	(void)minor;
	(void)client;
	agentx.session = server;
	agentx.library = agentx.session->callback;
	agentx.session->callback = on_message;
	netsnmp_transport *transport = snmp_sess_transport(snmp_sess_pointer(agentx.session));
	agentx.receive = transport->f_recv;
	transport->f_recv = on_receive;
	memset(&agentx.frames, 0, sizeof(agentx.frames));
	agentx.warned = false;
	agentx.master_ns = 0; /* this may be another master */
	log_info("connected to the SNMP master agent");
	return 0;
}

static int
on_disconnect(int major, int minor, void *server, void *client)
{
	(void)major;
	(void)minor;
	(void)server;
	(void)client;
	agentx.session = NULL;
	log_warn("the SNMP master agent has gone; trying again every %d s", PING_SECONDS);
	return 0;
}

static int
on_log(int major, int minor, void *server, void *client)
{
	const struct snmp_log_message *message = server;
	(void)major;
	(void)minor;
	(void)client;
	size_t len = message->msg ? strcspn(message->msg, "\n") : 0;
	if (len == 0)
		return 0;
	/* The library logs each failed attempt to reach the master. Log only the first. */
	if (!agentx.session && agentx.warned)
		return 0;
	agentx.warned = !agentx.session;
	if (message->priority <= LOG_ERR)
		log_error("%.*s", (int)len, message->msg);
	else if (message->priority == LOG_WARNING)
		log_warn("%.*s", (int)len, message->msg);
	return 0;
}

/* --- the loop -------------------------------------------------------------------------------------------------- */

/* Let the library finish all pending work without waiting. */
static void
library_round(void)
{
	netsnmp_large_fd_set fds;

	for (bool more = true; more;) {
		int count = 0, block = 0;
		struct timeval now = { 0 };
		netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
		NETSNMP_LARGE_FD_ZERO(&fds);
		snmp_select_info2(&count, &fds, &now, &block);
		now = (struct timeval){ 0 };
		more = netsnmp_large_fd_set_select(count, &fds, NULL, NULL, &now) > 0;
		if (more)
			snmp_read2(&fds);
		netsnmp_large_fd_set_cleanup(&fds);
		netsnmp_check_outstanding_agent_requests();
	}
	snmp_timeout();
	run_alarms();
	netsnmp_check_outstanding_agent_requests();
	agentx.passed_on = false;
}

bool
agentx_connected(void)
{
	return agentx.session != NULL;
}

void
agentx_notify(void *arg, const struct mib_notification *notification)
{
	static const oid trap_oid[] = { 1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0 }; /* snmpTrapOID.0 (RFC 3418) */
	oid name[MIB_NAME_MAX];
	size_t len = mib_notification_oid(notification, name);
	netsnmp_variable_list *list = NULL;

	(void)arg;
	snmp_varlist_add_variable(&list, trap_oid, OID_LENGTH(trap_oid), ASN_OBJECT_ID, name, len * sizeof(name[0]));
	for (unsigned i = 0; i < notification->count; i++) {
		const struct mib_varbind *from = &notification->varbind[i];
		netsnmp_variable_list *vb =
			snmp_varlist_add_variable(&list, from->name, from->name_len, ASN_NULL, NULL, 0);
		if (vb)
			varbind_set(vb, &from->value);
	}
	send_v2trap(list);
	snmp_free_varbind(list);
}

void
agentx_flush(void)
{
	library_round();
}

/* Read one message from the master. */
static void
session_read(netsnmp_large_fd_set *fds, int fd)
{
	NETSNMP_LARGE_FD_SET(fd, fds);
	snmp_sess_read2(snmp_sess_pointer(agentx.session), fds);
	NETSNMP_LARGE_FD_CLR(fd, fds);
}

static int
session_fd(void)
{
	netsnmp_transport *transport = agentx.session ? snmp_sess_transport(snmp_sess_pointer(agentx.session)) : NULL;
	return transport ? transport->sock : -1;
}

static int
library_open(const struct agentx_options *opt)
{
	netsnmp_enable_subagent();
	snmp_disable_stderrlog();
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, opt->socket);
	/* Skip Net-SNMP's configuration files and MIBs: we don't need them. */
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_ALARM_DONT_USE_SIG, 1);
	setenv("MIBS", "", 1);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connect, NULL);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_disconnect, NULL);
	if (init_agent("ipsecmon-agentx") != 0)
		return -EIO;
	/* Set these after init_agent(): it sets its own defaults, such as a ping every 15 s. */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, PING_SECONDS);
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_TIMEOUT, MASTER_SECONDS * ONE_SEC);
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_RETRIES, 0);
	for (unsigned i = 0; i < opt->module_count; i++) {
		const struct mib_module *module = &opt->modules[i];
		netsnmp_handler_registration *registration = netsnmp_create_handler_registration(
			module->name, on_request, module->oid, module->oid_len, HANDLER_CAN_RWRITE);
		if (!registration || netsnmp_register_handler(registration) != MIB_REGISTERED_OK)
			return -ENOMEM;
	}
	init_snmp("ipsecmon-agentx");
	if (!agentx.session)
		log_warn("no SNMP master agent at %s yet; trying again every %d s", opt->socket, PING_SECONDS);
	agentx.warned = !agentx.session;
	return 0;
}

int
agentx_serve(struct mib *mib, const struct agentx_options *opt, volatile sig_atomic_t *stop)
{
	netsnmp_large_fd_set fds;
	uint64_t tick = 0, next_poll = opt->poll ? 0 : UINT64_MAX;

	agentx.mib = mib;
	opt->tick(opt->tick_arg);
	int rc = library_open(opt);
	if (rc < 0)
		return rc;
	netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
	NETSNMP_LARGE_FD_ZERO(&fds);
	daemon_ready();
	while (!*stop) {
		struct pollfd ready = { .fd = session_fd(), .events = POLLIN };
		uint64_t now = ipm_now_ns();
		uint64_t wake = tick < next_poll ? tick : next_poll;
		int wait_ms = wake > now ? (int)((wake - now) / 1000000 + 1) : 0;

		if (poll(&ready, 1, wait_ms) > 0)
			session_read(&fds, ready.fd);
		if (agentx.passed_on)
			library_round();
		if (ipm_now_ns() >= tick) {
			library_round();
			opt->tick(opt->tick_arg);
			tick = ipm_now_ns() + TICK_NS;
		}
		if (opt->poll && ipm_now_ns() >= next_poll) {
			opt->poll(opt->poll_arg);
			next_poll = ipm_now_ns() + POLL_NS;
		}
	}
	service_stopping();
	netsnmp_large_fd_set_cleanup(&fds);
	snmp_shutdown("ipsecmon-agentx");
	shutdown_agent();
	return 0;
}
