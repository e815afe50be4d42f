/* SPDX-License-Identifier: ISC */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "chk_snmp.h"

#define MOST_IN_GET 50
#define LEAST_WAIT  0.05 /* seconds: less time is too short for an answer */

static double
now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

struct chk_oid
chk_oid_1(const struct chk_oid *base, uint32_t a)
{
	struct chk_oid name = *base;
	name.ids[name.len++] = a;
	return name;
}

struct chk_oid
chk_oid_2(const struct chk_oid *base, uint32_t a, uint32_t b)
{
	struct chk_oid name = chk_oid_1(base, a);
	return chk_oid_1(&name, b);
}

static void
unanswered(struct chk_snmp *s, bool timed_out, const char *why)
{
	s->timed_out = timed_out;
	if (timed_out)
		snprintf(s->error, sizeof(s->error), "%s does not answer", s->opt->host);
	else
		snprintf(s->error, sizeof(s->error), "%s: %s", s->opt->host, why ? why : "no answer");
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

/* Derive the SNMPv3 keys. False: this Net-SNMP lacks a protocol. */
static bool
keys_set(struct chk_snmp *s, netsnmp_session *session)
{
	const struct chk_options *opt = s->opt;
	int auth = usm_lookup_auth_type(opt->auth_proto), priv = usm_lookup_priv_type(opt->priv_proto);

	if (opt->level >= CHK_AUTH) {
		session->securityAuthProto = auth < 0 ? NULL : sc_get_auth_oid(auth, &session->securityAuthProtoLen);
		session->securityAuthKeyLen = USM_AUTH_KU_LEN;
		if (!session->securityAuthProto ||
		    generate_Ku(session->securityAuthProto, (u_int)session->securityAuthProtoLen,
				(const u_char *)opt->auth_pass, strlen(opt->auth_pass), session->securityAuthKey,
				&session->securityAuthKeyLen) != SNMPERR_SUCCESS) {
			snprintf(s->error, sizeof(s->error), "-a: no such protocol: %s", opt->auth_proto);
			return false;
		}
	}
	if (opt->level == CHK_AUTH_PRIV) {
		session->securityPrivProto = priv < 0 ? NULL : sc_get_priv_oid(priv, &session->securityPrivProtoLen);
		session->securityPrivKeyLen = USM_PRIV_KU_LEN;
		if (!session->securityPrivProto ||
		    generate_Ku(session->securityAuthProto, (u_int)session->securityAuthProtoLen,
				(const u_char *)opt->priv_pass, strlen(opt->priv_pass), session->securityPrivKey,
				&session->securityPrivKeyLen) != SNMPERR_SUCCESS) {
			snprintf(s->error, sizeof(s->error), "-x: no such protocol: %s", opt->priv_proto);
			return false;
		}
	}
	return true;
}

/* Ignore this machine's SNMP settings: no MIB modules, no configuration, no persistent files. */
static void
library_init(void)
{
	setenv("MIBS", "", 1);
	setenv("MIBDIRS", "", 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
	snmp_disable_log();
	init_snmp("check_ipsecmon");
}

/* Fill in the requester's credentials. False: this Net-SNMP lacks a protocol. */
static bool
credentials(struct chk_snmp *s, netsnmp_session *session)
{
	static const int levels[] = { [CHK_NO_AUTH] = SNMP_SEC_LEVEL_NOAUTH,
				      [CHK_AUTH] = SNMP_SEC_LEVEL_AUTHNOPRIV,
				      [CHK_AUTH_PRIV] = SNMP_SEC_LEVEL_AUTHPRIV };
	const struct chk_options *opt = s->opt;

	if (opt->version != CHK_V3) {
		session->version = opt->version == CHK_V1 ? SNMP_VERSION_1 : SNMP_VERSION_2c;
		session->community = (u_char *)opt->community;
		session->community_len = strlen(opt->community);
		return true;
	}
	session->version = SNMP_VERSION_3;
	session->securityName = (char *)opt->user;
	session->securityNameLen = strlen(opt->user);
	session->securityLevel = levels[opt->level];
	if (opt->context) {
		session->contextName = (char *)opt->context;
		session->contextNameLen = strlen(opt->context);
	}
	return keys_set(s, session);
}

bool
chk_snmp_open(struct chk_snmp *s, const struct chk_options *opt)
{
	netsnmp_session session;
	char peer[320];
	bool v6 = strchr(opt->host, ':') != NULL, good;

	*s = (struct chk_snmp){ .opt = opt, .deadline = now() + opt->timeout };
	library_init();
	snprintf(peer, sizeof(peer), v6 ? "udp6:[%s]:%u" : "udp:%s:%u", opt->host, opt->port);
	snmp_sess_init(&session);
	session.peername = peer;
	session.retries = (int)opt->retries;
	session.timeout = (long)(opt->timeout / (opt->retries + 1) * 1e6);
	if (!credentials(s, &session))
		return false;
	s->session = snmp_sess_open(&session);
	good = s->session != NULL;
	if (!good) {
		int lib_error = 0;
		char *why = NULL;
		snmp_error(&session, NULL, &lib_error, &why);
		unanswered(s, lib_error == SNMPERR_TIMEOUT, why);
		free(why);
	}
	explicit_bzero(session.securityAuthKey, sizeof(session.securityAuthKey));
	explicit_bzero(session.securityPrivKey, sizeof(session.securityPrivKey));
	return good;
}

void
chk_snmp_close(struct chk_snmp *s)
{
	if (s->session)
		snmp_sess_close(s->session);
	s->session = NULL;
	snmp_shutdown("check_ipsecmon");
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

/* Send @p pdu and free it. Returns the answer, which the caller must free; NULL: no answer. */
static netsnmp_pdu *
ask(struct chk_snmp *s, netsnmp_pdu *pdu)
{
	netsnmp_session *session = snmp_sess_session(s->session);
	netsnmp_pdu *answer = NULL;
	double left = s->deadline - now();
	char *why = NULL;
	int status, lib_error = 0;

	if (left < LEAST_WAIT) {
		snmp_free_pdu(pdu);
		s->timed_out = true;
		snprintf(s->error, sizeof(s->error), "no time left after %.0f s and %u requests", s->opt->timeout,
			 s->requests);
		return NULL;
	}
	if ((double)session->timeout * (session->retries + 1) > left * 1e6)
		session->timeout = (long)(left * 1e6 / (session->retries + 1));
	s->requests++;
	status = snmp_sess_synch_response(s->session, pdu, &answer);
	if (status == STAT_SUCCESS && answer)
		return answer;
	if (answer)
		snmp_free_pdu(answer);
	/* SNMPv3 first asks who the device is. If that fails, only the library's error says why. */
	snmp_sess_error(s->session, NULL, &lib_error, &why);
	unanswered(s, status == STAT_TIMEOUT || lib_error == SNMPERR_TIMEOUT, why);
	free(why);
	return NULL;
}

static struct chk_value
value_of(const netsnmp_variable_list *v)
{
	struct chk_value value = { 0 };

	switch (v->type) {
	case ASN_INTEGER:
		value.kind = *v->val.integer < 0 ? CHK_NONSENSE : CHK_NUMBER;
		value.number = value.kind == CHK_NUMBER ? (uint64_t)*v->val.integer : 0;
		break;
	case ASN_COUNTER:
	case ASN_GAUGE:
	case ASN_TIMETICKS:
	case ASN_UINTEGER:
		value.kind = CHK_NUMBER;
		value.number = (uint32_t)*v->val.integer;
		break;
	case ASN_COUNTER64:
		value.kind = CHK_NUMBER64;
		value.number = (uint64_t)(uint32_t)v->val.counter64->high << 32 | (uint32_t)v->val.counter64->low;
		break;
	case ASN_OCTET_STR:
	case ASN_IPADDRESS:
		value.kind = CHK_OCTETS;
		value.size = v->val_len < sizeof(value.text) ? v->val_len : sizeof(value.text) - 1;
		memcpy(value.text, v->val.string, value.size);
		value.text[value.size] = '\0';
		break;
	case SNMP_NOSUCHOBJECT:
	case SNMP_NOSUCHINSTANCE:
	case SNMP_ENDOFMIBVIEW:
	case ASN_NULL:
		break;
	default:
		value.kind = CHK_NONSENSE;
	}
	return value;
}

static void
put_name(netsnmp_pdu *pdu, const struct chk_oid *name)
{
	oid ids[CHK_OID_MAX];
	for (size_t i = 0; i < name->len; i++)
		ids[i] = name->ids[i];
	snmp_add_null_var(pdu, ids, name->len);
}

/* Does @p v have the name @p name? */
static bool
has_name(const netsnmp_variable_list *v, const struct chk_oid *name)
{
	if (v->name_length != name->len)
		return false;
	for (size_t i = 0; i < name->len; i++) {
		if (v->name[i] != name->ids[i])
			return false;
	}
	return true;
}

static bool
refused(struct chk_snmp *s, long status)
{
	snprintf(s->error, sizeof(s->error), "%s: %s", s->opt->host, snmp_errstring((int)status));
	return false;
}

/* Take the values of an answer. @p place: the number of the object that each of its @p n cells was asked for. */
static void
take_values(const netsnmp_pdu *answer, const struct chk_oid *names, const size_t *place, size_t n,
	    struct chk_value *values)
{
	const netsnmp_variable_list *v = answer->variables;
	for (size_t i = 0; i < n && v; i++, v = v->next_variable)
		if (has_name(v, &names[place[i]]))
			values[place[i]] = value_of(v);
}

/* GET with one request. If an object is missing, SNMPv1 rejects the whole request: ask again without that object. */
static bool
get_some(struct chk_snmp *s, const struct chk_oid *names, struct chk_value *values, size_t n)
{
	bool missing[MOST_IN_GET] = { false };

	for (;;) {
		netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET), *answer;
		size_t place[MOST_IN_GET], asked = 0;
		long status, at;

		for (size_t i = 0; i < n; i++) {
			values[i] = (struct chk_value){ 0 };
			if (!missing[i]) {
				put_name(pdu, &names[i]);
				place[asked++] = i;
			}
		}
		if (asked == 0) {
			snmp_free_pdu(pdu);
			return true;
		}
		answer = ask(s, pdu);
		if (!answer)
			return false;
		status = answer->errstat;
		at = answer->errindex;
		if (status == SNMP_ERR_NOERROR)
			take_values(answer, names, place, asked, values);
		snmp_free_pdu(answer);
		if (status == SNMP_ERR_NOERROR)
			return true;
		if (status == SNMP_ERR_TOOBIG && n > 1)
			return get_some(s, names, values, n / 2) &&
			       get_some(s, names + n / 2, values + n / 2, n - n / 2);
		if (status != SNMP_ERR_NOSUCHNAME || at < 1 || (size_t)at > asked)
			return refused(s, status);
		missing[place[at - 1]] = true;
	}
}

bool
chk_snmp_get(struct chk_snmp *s, const struct chk_oid *names, struct chk_value *values, size_t n)
{
	while (n > 0) {
		size_t some = n < MOST_IN_GET ? n : MOST_IN_GET;
		if (!get_some(s, names, values, some))
			return false;
		names += some;
		values += some;
		n -= some;
	}
	return true;
}

static bool
is_below(const netsnmp_variable_list *v, const struct chk_oid *column)
{
	if (v->name_length <= column->len || v->name_length > CHK_OID_MAX)
		return false;
	for (size_t i = 0; i < column->len; i++) {
		if (v->name[i] != column->ids[i])
			return false;
	}
	return true;
}

/* Each answer must come after the one before, or a walk could last for ever. */
static bool
is_behind(const netsnmp_variable_list *v, const struct chk_oid *last)
{
	for (size_t i = 0; i < v->name_length && i < last->len; i++) {
		if (v->name[i] != last->ids[i])
			return v->name[i] > last->ids[i];
	}
	return v->name_length > last->len;
}

/*
 * Take the cells of an answer and advance @p last. Returns 1: there may be more; 0: the end; -1: cells are out of
 * order.
 */
static int
take_answer(const netsnmp_pdu *answer, const struct chk_oid *column, struct chk_oid *last, chk_each *each,
	    void *context)
{
	for (const netsnmp_variable_list *v = answer->variables; v; v = v->next_variable) {
		if (v->type == SNMP_ENDOFMIBVIEW || v->type == SNMP_NOSUCHOBJECT || v->type == SNMP_NOSUCHINSTANCE)
			return 0;
		if (!is_behind(v, last))
			return -1;
		if (!is_below(v, column))
			return 0;
		last->len = v->name_length;
		for (size_t i = 0; i < last->len; i++)
			last->ids[i] = (uint32_t)v->name[i];
		struct chk_value value = value_of(v);
		if (!each(context, last->ids + column->len, last->len - column->len, &value))
			return 0;
	}
	return answer->variables != NULL;
}

bool
chk_snmp_walk(struct chk_snmp *s, const struct chk_oid *column, chk_each *each, void *context)
{
	struct chk_oid last = *column;
	unsigned bulk = s->opt->bulk;

	for (;;) {
		netsnmp_pdu *pdu = snmp_pdu_create(s->opt->version == CHK_V1 ? SNMP_MSG_GETNEXT : SNMP_MSG_GETBULK),
			    *answer;
		long status;

		if (s->opt->version != CHK_V1) {
			pdu->non_repeaters = 0;
			pdu->max_repetitions = bulk;
		}
		put_name(pdu, &last);
		answer = ask(s, pdu);
		if (!answer)
			return false;
		status = answer->errstat;
		int rc = status == SNMP_ERR_NOERROR ? take_answer(answer, column, &last, each, context) : 0;
		snmp_free_pdu(answer);
		if (rc < 0) {
			snprintf(s->error, sizeof(s->error), "%s: its answers are out of order", s->opt->host);
			return false;
		}
		if (status == SNMP_ERR_TOOBIG && bulk > 1) {
			bulk /= 2;
			continue;
		}
		if (status != SNMP_ERR_NOERROR && status != SNMP_ERR_NOSUCHNAME) /* SNMPv1: end of the MIB */
			return refused(s, status);
		if (rc == 0)
			return true;
	}
}
