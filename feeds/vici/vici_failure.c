/* SPDX-License-Identifier: ISC */
/* Turn alerts and failed negotiations into failures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_failure.h"
#include "vici_failure.h"

#define CASES  128
#define TRACES 256
#define HALVES 64

/* A failure that is held back. */
struct fault {
	uint64_t first_ns; /* 0: free */
	enum vici_alert_class class;
	bool ended;                         /* there was an ike-updown */
	bool again;                         /* not the first try */
	uint64_t kinds[VICI_ALERT_SOURCES]; /* the alerts about it, a bit each */
	enum vici_alert_kind kind;          /* the most specific one */
	uint32_t uniqueid;
	uint16_t remote_port;
	bool has_initiator;
	enum vici_alert_kind hint; /* the alert to assume from its end if there is none */
	char text[IPM_TEXT_MAX * 4];
	struct ipm_failure entry;
};

/* Something that happened with a peer lately, to which later reports may refer. */
enum trace_kind { TRACE_NONE, TRACE_UP, TRACE_DOWN, TRACE_FAILED, TRACE_REPEATED };

struct trace {
	enum trace_kind kind;
	enum vici_alert_class class;
	bool ended;
	uint64_t at_ns;
	uint32_t uniqueid;
	uint16_t remote_port;
	struct ipm_failure who; /* what is known about the peer */
};

/* An IKE SA that is being negotiated. */
struct half {
	uint32_t uniqueid; /* 0: free */
	uint16_t remote_port;
	uint8_t version;
	bool initiator;
	bool agreed;      /* on a proposal: later messages may be encrypted */
	uint64_t seen_ns; /* when charon reported it last */
	uint64_t told_ns; /* when a wrong key was last recorded for it; 0: never */
	struct ipm_failure who;
};

struct vici_failures {
	struct ipm_writer *w;
	struct vici_model *model;
	struct fault faults[CASES];
	struct trace traces[TRACES]; /* a ring */
	unsigned next_trace;
	struct half halves[HALVES]; /* a ring */
	unsigned next_half;
};

/* --- who is who ------------------------------------------------------------------------------------------------- */

static bool
text_fits(const char *a, const char *b)
{
	return a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0;
}

static bool
same_host(const struct ipm_addr *a, const struct ipm_addr *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* Is it the same peer: the same known address, and no contradiction in the rest? */
static bool
same_peer(const struct ipm_failure *a, uint16_t a_port, const struct ipm_failure *b, uint16_t b_port)
{
	return a->remote.len != 0 && same_host(&a->remote, &b->remote) &&
	       (a_port == 0 || b_port == 0 || a_port == b_port) && text_fits(a->conn, b->conn) &&
	       text_fits(a->remote_id, b->remote_id);
}

static bool
same_sa(uint32_t a, uint32_t b)
{
	return a == 0 || b == 0 || a == b;
}

/* Fill the gaps in @p to from @p from. */
static void
fill_gaps(struct ipm_failure *to, const struct ipm_failure *from)
{
	if (to->local.len == 0)
		to->local = from->local;
	if (to->remote.len == 0)
		to->remote = from->remote;
	if (to->peer == 0)
		to->peer = from->peer;
	vici_fill_text(to->conn, sizeof(to->conn), from->conn);
	vici_fill_text(to->local_id, sizeof(to->local_id), from->local_id);
	vici_fill_text(to->remote_id, sizeof(to->remote_id), from->remote_id);
}

static void
who_of_ike(struct ipm_failure *who, const struct vici_ike *ike)
{
	*who = (struct ipm_failure){ .local = ike->local_host, .remote = ike->remote_host };
	vici_copy_name(who->conn, sizeof(who->conn), ike->name);
	vici_copy_id(who->local_id, sizeof(who->local_id), ike->local_id);
	vici_copy_id(who->remote_id, sizeof(who->remote_id), ike->remote_id);
}

/* --- traces ----------------------------------------------------------------------------------------------------- */

static struct trace *
trace_add(struct vici_failures *f, enum trace_kind kind, const struct ipm_failure *who, uint16_t port, uint64_t now_ns)
{
	struct trace *t = &f->traces[f->next_trace++ % TRACES];
	*t = (struct trace){ .kind = kind, .at_ns = now_ns, .remote_port = port, .who = *who };
	return t;
}

static uint64_t
distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* The youngest trace of this kind and peer within @p within_ns of @p at_ns. */
static struct trace *
trace_find(struct vici_failures *f, enum trace_kind kind, const struct fault *of, uint64_t at_ns, uint64_t within_ns)
{
	for (unsigned back = 1; back <= TRACES && back <= f->next_trace; back++) {
		struct trace *t = &f->traces[(f->next_trace - back) % TRACES];
		if (t->kind == kind && distance(t->at_ns, at_ns) <= within_ns && same_sa(t->uniqueid, of->uniqueid) &&
		    same_peer(&t->who, t->remote_port, &of->entry, of->remote_port))
			return t;
	}
	return NULL;
}

/* Was a message of this class from this host recorded lately? Ignore ports, which NAT changes. */
static bool
was_recorded_lately(struct vici_failures *f, const struct fault *fault, uint64_t now_ns)
{
	for (unsigned i = 0; i < TRACES; i++) {
		struct trace *t = &f->traces[i];
		if (t->kind == TRACE_REPEATED && t->class == fault->class && fault->entry.remote.len &&
		    same_host(&t->who.remote, &fault->entry.remote) && now_ns - t->at_ns < VICI_FAILURE_REPEAT_NS)
			return true;
	}
	return false;
}

static struct half *
find_negotiation(struct vici_failures *f, const struct fault *about)
{
	struct half *found = NULL;
	for (unsigned i = 0; i < HALVES; i++) {
		struct half *at = &f->halves[i];
		if (at->uniqueid && at->seen_ns + VICI_FAILURE_SILENCE_NS >= about->first_ns &&
		    same_sa(at->uniqueid, about->uniqueid) &&
		    same_peer(&at->who, at->remote_port, &about->entry, about->remote_port) &&
		    (!found || at->seen_ns > found->seen_ns))
			found = at;
	}
	return found;
}

/* --- recording -------------------------------------------------------------------------------------------------- */

static bool
is_about_certificate(enum vici_alert_kind kind)
{
	return kind >= VICI_ALERT_CERT_EXPIRED;
}

/* Are there only complaints about certificates? Another certificate may have been good enough. */
static bool
has_only_certificates(const struct fault *fault)
{
	uint64_t kinds = fault->kinds[VICI_ALERT_BY_NOTIFY] | fault->kinds[VICI_ALERT_BY_VICI];
	return kinds != 0 && kinds >> VICI_ALERT_CERT_EXPIRED << VICI_ALERT_CERT_EXPIRED == kinds;
}

/*
 * In IKEv1's Main Mode, the keys are derived from the pre-shared key. If the peer has another one, its first encrypted
 * message does not parse.
 */
static struct half *
find_wrong_key(struct vici_failures *f, const struct fault *fault)
{
	struct half *half = fault->kind == VICI_ALERT_PARSE_ERROR_BODY ? find_negotiation(f, fault) : NULL;
	bool fresh = half && half->seen_ns + VICI_FAILURE_RECENT_NS >= fault->first_ns;
	return fresh && half->version == 1 && half->agreed ? half : NULL;
}

static bool
is_no_failure(struct vici_failures *f, const struct fault *fault, uint64_t now_ns)
{
	if (fault->again)
		return true;
	if (fault->ended)
		return false;
	if (fault->class == VICI_CLASS_SILENCE) {
		const struct half *half = fault->entry.setup ? find_negotiation(f, fault) : NULL;
		if (half && half->told_ns && now_ns - half->told_ns < VICI_FAILURE_SILENCE_NS)
			return true; /* the peer can't decrypt ours either, so it is silent */
		/* It was a duplicate, or left over from a rekey: the connection is up. */
		return f->model && vici_model_reaches(f->model, &fault->entry);
	}
	if (has_only_certificates(fault))
		return trace_find(f, TRACE_UP, fault, fault->first_ns, VICI_FAILURE_HOLD_NS) != NULL;
	if (fault->class == VICI_CLASS_CHILD && fault->kind == VICI_ALERT_KEEP_ON_CHILD_SA_FAILURE) {
		const struct trace *t = trace_find(f, TRACE_FAILED, fault, fault->first_ns, VICI_FAILURE_RECENT_NS);
		return t && t->class == VICI_CLASS_CHILD;
	}
	if (fault->class == VICI_CLASS_STRAY) {
		for (unsigned i = 0; i < CASES; i++) /* one is still held back */
			if (f->faults[i].first_ns && f->faults[i].class == VICI_CLASS_SETUP &&
			    same_peer(&f->faults[i].entry, f->faults[i].remote_port, &fault->entry, fault->remote_port))
				return true;
		if (trace_find(f, TRACE_DOWN, fault, fault->first_ns, VICI_FAILURE_RECENT_NS) ||
		    trace_find(f, TRACE_FAILED, fault, fault->first_ns, VICI_FAILURE_RECENT_NS))
			return true;
	}
	if (fault->class == VICI_CLASS_STRAY || fault->class == VICI_CLASS_MESSAGE)
		return was_recorded_lately(f, fault, now_ns) ||
		       (fault->class == VICI_CLASS_STRAY && f->model && vici_model_reaches(f->model, &fault->entry));
	return false;
}

/* Does the alert complain about our own certificate? Its subject is in quotes. */
static bool
is_about_our_certificate(struct vici_failures *f, const struct fault *fault)
{
	const char *from = strchr(fault->text, '\''), *to = strrchr(fault->text, '\'');
	char subject[IPM_ID_MAX];

	if (!from || to == from || (size_t)(to - from) > sizeof(subject))
		return false;
	snprintf(subject, sizeof(subject), "%.*s", (int)(to - from - 1), from + 1);
	return strcmp(subject, fault->entry.local_id) == 0 ||
	       (f->model && vici_model_is_own(f->model, fault->entry.conn, subject));
}

/* If charon raised no fitting alert, find the one that describes the failure. */
static void
find_better_alert(struct vici_failures *f, struct fault *fault, uint64_t now_ns)
{
	struct half *half = find_wrong_key(f, fault);

	if (fault->kind == VICI_ALERT_UNKNOWN)
		fault->kind = fault->hint;
	if (half) {
		fill_gaps(&fault->entry, &half->who);
		fault->again |= half->told_ns != 0;
		half->told_ns = now_ns;
		fault->class = VICI_CLASS_SETUP;
		fault->kind = VICI_ALERT_PEER_AUTH_FAILED;
		fault->uniqueid = half->uniqueid;
		fault->entry.setup = 1;
		fault->entry.initiator = half->initiator;
		snprintf(fault->text, sizeof(fault->text), "cannot decrypt the peer's Main Mode message: another key");
		return;
	}
	half = fault->kind == VICI_ALERT_PEER_INIT_UNREACHABLE ? find_negotiation(f, fault) : NULL;
	if (half && half->version == 1 && !half->initiator) { /* only Aggressive Mode retransmits an answer */
		fault->kind = VICI_ALERT_PEER_AUTH_FAILED;
		snprintf(fault->text, sizeof(fault->text),
			 "no answer to our part of Aggressive Mode: the peer has another key, or is gone");
	}
}

/* Why a login failed; IPM_LOGIN_COUNT: this was no login. */
static enum ipm_login_reason
login_reason(enum vici_alert_kind kind)
{
	switch (kind) {
	case VICI_ALERT_VIP_FAILURE:
		return IPM_LOGIN_NO_ADDRESS;
	case VICI_ALERT_PEER_AUTH_FAILED:
		return IPM_LOGIN_AUTH;
	case VICI_ALERT_AUTHORIZATION_FAILED:
		return IPM_LOGIN_REFUSED;
	case VICI_ALERT_HALF_OPEN_TIMEOUT:
		return IPM_LOGIN_UNFINISHED;
	case VICI_ALERT_RADIUS_NOT_RESPONDING:
	case VICI_ALERT_UNKNOWN:
		return IPM_LOGIN_OTHER;
	default:
		return is_about_certificate(kind) ? IPM_LOGIN_CERTIFICATE : IPM_LOGIN_COUNT;
	}
}

/*
 * The failure of a user who wanted to connect. Charon tells the IKE identity only. With EAP it is often the user's
 * name, too. With XAUTH it is that of a group, and says nothing about the user.
 */
static void
login_failed(struct vici_failures *f, const struct fault *fault)
{
	const struct ipm_failure *entry = &fault->entry;
	enum ipm_login_reason reason = login_reason(fault->kind);
	enum ipm_user_is user_is;

	if (reason == IPM_LOGIN_COUNT || fault->class == VICI_CLASS_CHILD ||
	    (fault->has_initiator && entry->initiator) || !f->model ||
	    !vici_model_has_logins(f->model, entry->conn, &user_is))
		return;
	struct ipm_login_failure login = { .reason = (uint8_t)reason,
					   .feed = vici_model_feed(f->model),
					   .at_ns = entry->time_ns,
					   .local = entry->local,
					   .remote = entry->remote,
					   .remote_port = fault->remote_port };
	if (user_is != IPM_USER_XAUTH && entry->remote_id[0]) {
		login.user_is = IPM_USER_IDENTITY;
		snprintf(login.user, sizeof(login.user), "%s", entry->remote_id);
	}
	snprintf(login.group, sizeof(login.group), "%s", entry->conn);
	snprintf(login.text, sizeof(login.text), "%s", entry->text);
	ipm_login_failed(f->w, &login);
}

static void
record_failure(struct vici_failures *f, struct fault *fault, uint64_t now_ns)
{
	struct ipm_failure *entry = &fault->entry;
	bool child = fault->class == VICI_CLASS_CHILD;

	find_better_alert(f, fault, now_ns);
	if (!is_no_failure(f, fault, now_ns)) {
		struct vici_slice text = { (const uint8_t *)fault->text, strlen(fault->text) };
		entry->reason = vici_alert_meaning(fault->kind)->reason;
		if (fault->kind == VICI_ALERT_CERT_EXPIRED && is_about_our_certificate(f, fault))
			entry->reason = IPM_FAIL_CERT_EXPIRED;
		entry->time_ns = fault->first_ns;
		vici_text(text, entry->text, sizeof(entry->text));
		if (f->model)
			vici_model_identify(f->model, entry);
		if (entry->peer == 0)
			entry->peer = 1;
		struct ipm_failure named = *entry;
		feed_failure_identify(&named);
		ipm_fail(f->w, child ? IPM_TUNNEL_FAILURES : IPM_IKE_FAILURES, &named);
		login_failed(f, fault);
		struct trace *t = trace_add(f, TRACE_FAILED, entry, fault->remote_port, fault->first_ns);
		t->class = fault->class;
		t->ended = fault->ended;
		t->uniqueid = fault->uniqueid;
		if (fault->class == VICI_CLASS_STRAY || fault->class == VICI_CLASS_MESSAGE)
			trace_add(f, TRACE_REPEATED, entry, 0, fault->first_ns)->class = fault->class;
	}
	fault->first_ns = 0;
}

/* Room for another one. If there is none, record the oldest now. */
static struct fault *
fault_new(struct vici_failures *f, enum vici_alert_class class, uint64_t now_ns)
{
	struct fault *oldest = NULL, *found = NULL;
	for (unsigned i = 0; i < CASES && !found; i++) {
		if (f->faults[i].first_ns == 0)
			found = &f->faults[i];
		else if (!oldest || f->faults[i].first_ns < oldest->first_ns)
			oldest = &f->faults[i];
	}
	if (!found) {
		record_failure(f, oldest, now_ns);
		found = oldest;
	}
	*found = (struct fault){ .first_ns = now_ns, .class = class };
	return found;
}

/* --- alerts ------------------------------------------------------------------------------------------------------ */

/* "..., try 3" */
static bool
is_another_try(const struct vici_alert *alert)
{
	const char *number = strstr(alert->text, ", try ");
	return number && strtoul(number + strlen(", try "), NULL, 10) > 1;
}

/* The oldest failure held back that this alert may be about. */
static struct fault *
fault_of_alert(struct vici_failures *f, const struct fault *alert, enum vici_alert_kind kind,
	       enum vici_alert_source source)
{
	/* Charon complains about every certificate that it tries. */
	bool once = !is_about_certificate(kind);
	struct fault *found = NULL;
	for (unsigned i = 0; i < CASES; i++) {
		struct fault *at = &f->faults[i];
		/* The end of a negotiation fits two classes, if no alert has named one yet. */
		bool class_fits = at->class == alert->class ||
				  (at->ended && at->kind == VICI_ALERT_UNKNOWN && alert->class == VICI_CLASS_MESSAGE);
		/* Alerts about the peer's certificate don't explain why the peer refused us. */
		bool other_way = (kind == VICI_ALERT_LOCAL_AUTH_FAILED && has_only_certificates(at)) ||
				 (is_about_certificate(kind) && at->kind == VICI_ALERT_LOCAL_AUTH_FAILED);
		if (at->first_ns && class_fits && !other_way && !(once && at->kinds[source] & 1ull << kind) &&
		    same_sa(at->uniqueid, alert->uniqueid) &&
		    same_peer(&at->entry, at->remote_port, &alert->entry, alert->remote_port) &&
		    (!found || at->first_ns < found->first_ns))
			found = at;
	}
	return found;
}

/* Did we begin it? With IKEv1, the responder retransmits, too. */
static bool
is_initiator(struct vici_failures *f, const struct fault *about)
{
	const struct half *half = find_negotiation(f, about);
	return !half || half->initiator;
}

static void
add_alert(struct vici_failures *f, struct fault *fault, const struct vici_alert *alert, const struct fault *about)
{
	const struct vici_alert_meaning *meaning = vici_alert_meaning(alert->kind);
	bool louder = meaning->rank > vici_alert_meaning(fault->kind)->rank;
	/* The sentence of error-notify says more than VICI's name. */
	bool words = alert->kind == fault->kind && alert->source == VICI_ALERT_BY_NOTIFY;

	if (louder)
		fault->kind = alert->kind;
	if (louder || words)
		snprintf(fault->text, sizeof(fault->text), "%s", alert->text);
	fault->kinds[alert->source] |= 1ull << alert->kind;
	fault->again |= is_another_try(alert);
	if (fault->uniqueid == 0)
		fault->uniqueid = alert->uniqueid;
	if (fault->remote_port == 0)
		fault->remote_port = alert->remote_port;
	if (!fault->has_initiator && alert->has_initiator) {
		fault->has_initiator = true;
		fault->entry.initiator = alert->initiator;
	}
	/* Charon raises both only before the IKE SA is up, and the latter only as responder. */
	if (alert->kind == VICI_ALERT_PEER_INIT_UNREACHABLE || alert->kind == VICI_ALERT_HALF_OPEN_TIMEOUT) {
		fault->entry.setup = 1;
		if (!fault->has_initiator)
			fault->entry.initiator =
				alert->kind == VICI_ALERT_PEER_INIT_UNREACHABLE && is_initiator(f, about);
	}
	if (meaning->alert_class == VICI_CLASS_CHILD)
		fault->entry.setup = 1;
	/* The same IKE SA in another try. Without a sentence, its number shows that. */
	if (alert->kind == VICI_ALERT_PEER_INIT_UNREACHABLE && fault->uniqueid) {
		const struct trace *t = trace_find(f, TRACE_FAILED, fault, fault->first_ns, UINT64_MAX);
		fault->again |= t && t->class == VICI_CLASS_SILENCE && t->uniqueid == fault->uniqueid;
	}
	fill_gaps(&fault->entry, &about->entry);
}

bool
vici_failures_alert(struct vici_failures *f, const struct vici_alert *alert, uint64_t now_ns)
{
	enum vici_alert_class class = (enum vici_alert_class)vici_alert_meaning(alert->kind)->alert_class;
	struct fault about = { .class = class, .uniqueid = alert->uniqueid, .remote_port = alert->remote_port };
	const struct trace *gone;

	about.entry.local = alert->local;
	about.entry.remote = alert->remote;
	snprintf(about.entry.conn, sizeof(about.entry.conn), "%s", alert->conn);
	snprintf(about.entry.local_id, sizeof(about.entry.local_id), "%s", alert->local_id);
	snprintf(about.entry.remote_id, sizeof(about.entry.remote_id), "%s", alert->remote_id);
	if (class == VICI_CLASS_NOTHING) /* a negotiation that no list has had, and that may fail */
		return alert->kind == VICI_ALERT_RETRANSMIT_SEND && !find_negotiation(f, &about) &&
		       !(f->model && vici_model_reaches(f->model, &about.entry));
	if (class == VICI_CLASS_RETIRES) {
		if (f->model)
			vici_model_ike_retires(f->model, alert->uniqueid, &about.entry, alert->remote_port);
		return false;
	}
	struct fault *fault = fault_of_alert(f, &about, alert->kind, alert->source);
	if (!fault)
		fault = fault_new(f, class, now_ns);
	add_alert(f, fault, alert, &about);
	/* Identify the peer while the IKE SA exists, or has just gone. */
	if (class != VICI_CLASS_STRAY && class != VICI_CLASS_MESSAGE) {
		const struct half *half = find_negotiation(f, fault);
		if (half)
			fill_gaps(&fault->entry, &half->who);
		if (f->model)
			vici_model_identify(f->model, &fault->entry);
		gone = trace_find(f, TRACE_DOWN, fault, now_ns, VICI_FAILURE_RECENT_NS);
		if (gone)
			fill_gaps(&fault->entry, &gone->who);
	}
	return alert->kind == VICI_ALERT_PARSE_ERROR_BODY && !find_wrong_key(f, fault);
}

/* --- ike-updown --------------------------------------------------------------------------------------------------- */

/* The phase of a negotiation that failed for an unknown reason. */
static void
describe_phase(const struct vici_ike *ike, char *text, size_t size)
{
	uint16_t tasks = ike->active | ike->passive;
	const char *where = tasks & VICI_TASK_IKE_INIT     ? " in IKE_SA_INIT"
			    : tasks & VICI_TASK_IKE_AUTH   ? " in IKE_AUTH"
			    : tasks & VICI_TASK_XAUTH      ? " in XAUTH"
			    : tasks & VICI_TASK_MAIN       ? " in Main Mode"
			    : tasks & VICI_TASK_AGGRESSIVE ? " in Aggressive Mode"
							   : "";
	/* IKEv1 has a separate exchange for errors. */
	bool told = ike->version == 1 && ike->active && (ike->passive & VICI_TASK_INFORMATIONAL);
	snprintf(text, size, "the negotiation ended%s%s", where, told ? ", when the peer sent a notification" : "");
}

/*
 * IKEv1 sends errors as notifications, which charon does not report. If the answer to our first Main Mode message is an
 * error, no proposal was acceptable. A later error follows the authentication. A responder that accepts no proposal
 * forgets the IKE SA at once.
 */
static enum vici_alert_kind
alert_from_phase(const struct vici_ike *ike)
{
	bool agreed = ike->proposal.encr != 0, told = ike->passive & VICI_TASK_INFORMATIONAL;

	if (ike->version == 1 && !ike->initiator && (ike->active & VICI_TASK_XAUTH))
		return VICI_ALERT_PEER_AUTH_FAILED; /* the user's name or password is wrong: charon raises no alert */
	if (ike->version != 1 || (ike->initiator && !(told && ike->active & VICI_TASK_MAIN)))
		return VICI_ALERT_UNKNOWN;
	if (!agreed)
		return VICI_ALERT_PROPOSAL_MISMATCH_IKE;
	return ike->initiator ? VICI_ALERT_LOCAL_AUTH_FAILED : VICI_ALERT_UNKNOWN;
}

void
vici_failures_ike_seen(struct vici_failures *f, const struct vici_ike *ike, uint64_t now_ns)
{
	struct half *half = NULL;

	if (ike->state != VICI_IKE_CONNECTING || ike->uniqueid == 0)
		return;
	for (unsigned i = 0; i < HALVES && !half; i++)
		if (f->halves[i].uniqueid == ike->uniqueid)
			half = &f->halves[i];
	if (!half) {
		half = &f->halves[f->next_half++ % HALVES];
		half->told_ns = 0;
	}
	half->uniqueid = ike->uniqueid;
	half->remote_port = ike->remote_port;
	half->version = ike->version;
	half->initiator = ike->initiator;
	half->agreed = ike->proposal.encr != 0;
	half->seen_ns = now_ns;
	who_of_ike(&half->who, ike);
}

void
vici_failures_ike_up(struct vici_failures *f, const struct vici_ike *ike, uint64_t now_ns)
{
	struct ipm_failure who;
	who_of_ike(&who, ike);
	trace_add(f, TRACE_UP, &who, ike->remote_port, now_ns)->uniqueid = ike->uniqueid;
	for (unsigned i = 0; i < HALVES; i++)
		if (f->halves[i].uniqueid == ike->uniqueid)
			f->halves[i].uniqueid = 0;
}

/* A failure that is held back, or was recorded just now, and whose negotiation has not ended yet. */
static struct fault *
fault_of_end(struct vici_failures *f, const struct fault *end)
{
	struct fault *found = NULL;
	for (unsigned i = 0; i < CASES; i++) {
		struct fault *at = &f->faults[i];
		if (at->first_ns && !at->ended && (at->class == VICI_CLASS_SETUP || at->class == VICI_CLASS_MESSAGE) &&
		    same_sa(at->uniqueid, end->uniqueid) &&
		    same_peer(&at->entry, at->remote_port, &end->entry, end->remote_port) &&
		    (!found || at->first_ns < found->first_ns))
			found = at;
	}
	return found;
}

static void
negotiation_ended(struct vici_failures *f, const struct vici_ike *ike, const struct fault *end, uint64_t now_ns)
{
	struct trace *recent = trace_find(f, TRACE_FAILED, end, now_ns, VICI_FAILURE_RECENT_NS);
	struct fault *fault = fault_of_end(f, end);
	struct half *half = find_negotiation(f, end);

	if (half && half->told_ns && !fault)
		return; /* recorded long ago */

	if (!fault && recent && recent->class == VICI_CLASS_SETUP && !recent->ended) {
		recent->ended = true; /* recorded without its end */
		return;
	}
	if (!fault) {
		fault = fault_new(f, VICI_CLASS_SETUP, now_ns);
		describe_phase(ike, fault->text, sizeof(fault->text));
	}
	fault->hint = alert_from_phase(ike);
	fault->ended = true;
	fault->uniqueid = ike->uniqueid;
	fault->remote_port = ike->remote_port;
	fault->has_initiator = true;
	fault->entry.initiator = ike->initiator;
	fault->entry.setup = 1;
	fill_gaps(&fault->entry, &end->entry);
}

void
vici_failures_ike_down(struct vici_failures *f, const struct vici_ike *ike, uint64_t now_ns)
{
	struct fault end = { .uniqueid = ike->uniqueid, .remote_port = ike->remote_port };

	who_of_ike(&end.entry, ike);
	if (ike->state == VICI_IKE_CONNECTING) {
		negotiation_ended(f, ike, &end, now_ns);
		return;
	}
	if (f->model)
		vici_model_identify(f->model, &end.entry);
	trace_add(f, TRACE_DOWN, &end.entry, ike->remote_port, now_ns)->uniqueid = ike->uniqueid;
	/* Identify the peer of failures that are held back. */
	for (unsigned i = 0; i < CASES; i++) {
		struct fault *at = &f->faults[i];
		if (at->first_ns && at->class == VICI_CLASS_SILENCE && same_sa(at->uniqueid, end.uniqueid) &&
		    same_peer(&at->entry, at->remote_port, &end.entry, end.remote_port)) {
			fill_gaps(&at->entry, &end.entry);
			at->entry.initiator = ike->initiator;
		}
	}
}

/* --- time ----------------------------------------------------------------------------------------------------------
 */

uint64_t
vici_failures_due(const struct vici_failures *f)
{
	uint64_t due = 0;
	for (unsigned i = 0; i < CASES; i++) {
		uint64_t first = f->faults[i].first_ns;
		if (first && (due == 0 || first + VICI_FAILURE_HOLD_NS < due))
			due = first + VICI_FAILURE_HOLD_NS;
	}
	return due;
}

/* The oldest first, to keep the ring in order. */
bool
vici_failures_run(struct vici_failures *f, uint64_t now_ns)
{
	bool any = false;
	for (;;) {
		struct fault *oldest = NULL;
		for (unsigned i = 0; i < CASES; i++)
			if (f->faults[i].first_ns && (!oldest || f->faults[i].first_ns < oldest->first_ns))
				oldest = &f->faults[i];
		if (!oldest || now_ns < oldest->first_ns + VICI_FAILURE_HOLD_NS)
			return any;
		record_failure(f, oldest, now_ns);
		any = true;
	}
}

void
vici_failures_flush(struct vici_failures *f, uint64_t now_ns)
{
	vici_failures_run(f, now_ns + VICI_FAILURE_HOLD_NS);
	/* Another charon numbers its IKE SAs from 1 again. */
	for (unsigned i = 0; i < TRACES; i++)
		f->traces[i].uniqueid = 0;
	memset(f->halves, 0, sizeof(f->halves));
}

struct vici_failures *
vici_failures_new(struct ipm_writer *writer, struct vici_model *model)
{
	struct vici_failures *f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->w = writer;
	f->model = model;
	return f;
}

void
vici_failures_free(struct vici_failures *f)
{
	free(f);
}
