/* SPDX-License-Identifier: ISC */
/* IKE SAs as the wire shows them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "feed_failure.h"
#include "feed_reconcile.h"
#include "ike_phase.h"
#include "ike_track.h"

#define DIGESTS_KEPT   16 /* messages by which retransmissions are known */
#define EXCHANGES_KEPT 16 /* IKEv1: Quick Modes, whose message ids are in no order */
#define BUCKETS        4096

enum standing {
	HALF_OPEN, /* being negotiated; the record is ours */
	UP,        /* the record is ours or another feed's */
	UNKNOWN,   /* no record: counted here, until it is known whose it is */
	ENDED,     /* no record any more */
	STANDINGS
};

struct ike {
	struct ike *next;          /* of the bucket */
	struct ike *older, *newer; /* of those with this standing: by when they came to it */
	uint64_t spi_initiator, spi_responder;
	struct ipm_addr local, remote;
	uint16_t local_port, remote_port;
	uint8_t version;
	bool initiator; /* we began it */
	enum standing standing;
	uint32_t slot, index; /* of the record; index 0: none */
	uint32_t was;         /* ENDED: the index that it had */
	struct ike_progress progress;
	uint64_t first_ns, last_ns, last_in_ns, up_ns, ended_ns;
	uint64_t asked_ns; /* IKEv2: our oldest request that was not answered; 0: none */
	uint64_t rival_ns; /* when another one came up between the same two */
	bool returned;     /* the peer has answered us, or come back after our answer */
	bool answered;     /* we have sent something */
	bool ours_sealed;  /* we have sent something encrypted */
	bool rekeys;       /* IKEv2: a CREATE_CHILD_SA exchange was agreed upon, that may have made another IKE SA */
	uint64_t digest[DIGESTS_KEPT];
	unsigned digests;
	uint64_t next_request[2], next_response[2]; /* IKEv2, by direction: one more than the highest message id */
	uint32_t exchange[EXCHANGES_KEPT];
	unsigned exchanges;
	struct ipm_proposal proposal;
	uint8_t auth;
	uint32_t life_seconds;
	char *id[2]; /* IKEv1 in Aggressive Mode: the responder's, the initiator's; NULL: not known */
	struct ipm_ike_traffic in, out; /* of one that is unknown */
};

struct ike_track {
	struct ipm_writer *w;
	uint32_t feed;
	uint64_t seed; /* peers choose SPIs, and are not to know in which bucket they fall */
	struct ike *bucket[BUCKETS];
	struct {
		struct ike *oldest, *newest;
		uint32_t count;
	} of[STANDINGS];
	uint32_t half_open_max;
	bool daemon;
	uint64_t pushed_out;
	uint64_t failures_from_ns;
	unsigned failures;
};

static const struct ipm_ike_traffic nothing;

/* --- the table ------------------------------------------------------------------------------------------------ */

static struct ike **
bucket_of(struct ike_track *t, uint64_t spi_initiator)
{
	uint64_t hash = (spi_initiator ^ t->seed) * 0x9e3779b97f4a7c15u;
	return &t->bucket[(hash ^ hash >> 32) % BUCKETS];
}

static bool
between(const struct ike *ike, const struct ipm_addr *local, const struct ipm_addr *remote)
{
	return ipm_addr_same(&ike->local, local) && ipm_addr_same(&ike->remote, remote);
}

static struct ike *
ike_lookup(struct ike_track *t, const struct ike_datagram *d)
{
	struct ike *open = NULL;

	for (struct ike *ike = *bucket_of(t, d->msg->spi_initiator); ike; ike = ike->next) {
		if (ike->spi_initiator != d->msg->spi_initiator || ike->version != d->msg->major)
			continue;
		if (d->msg->spi_responder && ike->spi_responder == d->msg->spi_responder)
			return ike;
		/* The first message again, or its answer. */
		if ((d->msg->spi_responder == 0 || ike->spi_responder == 0) && between(ike, &d->local, &d->remote))
			open = ike;
	}
	return open;
}

static void
list_add(struct ike_track *t, struct ike *ike)
{
	ike->older = t->of[ike->standing].newest;
	ike->newer = NULL;
	if (ike->older)
		ike->older->newer = ike;
	else
		t->of[ike->standing].oldest = ike;
	t->of[ike->standing].newest = ike;
	t->of[ike->standing].count++;
}

static void
list_remove(struct ike_track *t, struct ike *ike)
{
	if (ike->older)
		ike->older->newer = ike->newer;
	else
		t->of[ike->standing].oldest = ike->newer;
	if (ike->newer)
		ike->newer->older = ike->older;
	else
		t->of[ike->standing].newest = ike->older;
	t->of[ike->standing].count--;
}

static void
stand(struct ike_track *t, struct ike *ike, enum standing standing)
{
	list_remove(t, ike);
	ike->standing = standing;
	list_add(t, ike);
}

static void
ike_free(struct ike *ike)
{
	free(ike->id[0]);
	free(ike->id[1]);
	free(ike);
}

static void
ike_forget(struct ike_track *t, struct ike *ike)
{
	struct ike **at = bucket_of(t, ike->spi_initiator);
	while (*at != ike)
		at = &(*at)->next;
	*at = ike->next;
	list_remove(t, ike);
	ike_free(ike);
}

static struct ike *
ike_new(struct ike_track *t, const struct ike *as)
{
	struct ike *ike = malloc(sizeof(*ike));
	struct ike **bucket = bucket_of(t, as->spi_initiator);

	if (!ike)
		return NULL;
	*ike = *as;
	ike->next = *bucket;
	*bucket = ike;
	list_add(t, ike);
	return ike;
}

/* --- records --------------------------------------------------------------------------------------------------- */

/* Its record; NULL: it has none, or has lost it. */
static const struct ipm_ike_sa *
record(struct ike_track *t, struct ike *ike)
{
	int slot = ipm_ike_find(t->w, ike->slot, ike->index);
	if (slot < 0)
		return NULL;
	ike->slot = (uint32_t)slot;
	ike->index = ipm_ike_peek(t->w, ike->slot)->index;
	return ipm_ike_peek(t->w, ike->slot);
}

/* Does the record tell of this IKE SA now, and not of one that has replaced it? */
static bool
is_current(const struct ike *ike, const struct ipm_ike_sa *sa)
{
	return sa->spi_initiator == ike->spi_initiator &&
	       (sa->spi_responder == ike->spi_responder || sa->spi_responder == 0);
}

/* Another feed's record of it: then it is up. */
static bool
find_record(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	int slot = ipm_ike_named(t->w, ike->spi_initiator, ike->spi_responder, -1);
	if (slot < 0 || ike->spi_responder == 0)
		return false;
	ike->slot = (uint32_t)slot;
	ike->index = ipm_ike_peek(t->w, ike->slot)->index;
	ike->up_ns = now_ns;
	stand(t, ike, UP);
	ipm_ike_count(t->w, slot, &ike->in, &ike->out);
	ike->in = ike->out = nothing;
	return true;
}

/* What is not known of the identities stays. */
static void
identify(const struct ike *ike, char *local_id, char *remote_id)
{
	if (ike->id[ike->initiator])
		snprintf(local_id, IPM_ID_MAX, "%s", ike->id[ike->initiator]);
	if (ike->id[!ike->initiator])
		snprintf(remote_id, IPM_ID_MAX, "%s", ike->id[!ike->initiator]);
}

/* Two records of it: what ours has counted joins the other feed's. */
static void
give_up_record(struct ike_track *t, const struct ike *ike)
{
	if (ike->spi_responder == 0 || ipm_ike_peek(t->w, ike->slot)->feed != t->feed)
		return;
	for (int at = -1; (at = ipm_ike_named(t->w, ike->spi_initiator, ike->spi_responder, at)) >= 0;)
		if (ipm_ike_peek(t->w, (uint32_t)at)->feed != t->feed) {
			ipm_ike_merge(t->w, ike->slot, (uint32_t)at);
			return;
		}
}

/* What the wire tells of it, for a record that is ours. */
static void
record_fill(const struct ike_track *t, const struct ike *ike, struct ipm_ike_sa *sa)
{
	sa->feed = t->feed;
	sa->version = ike->version;
	sa->mode = ike->progress.mode;
	sa->phase = ike->progress.phase;
	sa->initiator = ike->initiator;
	sa->local = ike->local;
	sa->remote = ike->remote;
	sa->local_port = ike->local_port;
	sa->remote_port = ike->remote_port;
	sa->spi_initiator = ike->spi_initiator;
	sa->spi_responder = ike->spi_responder;
	sa->proposal = ike->proposal;
	sa->auth = ike->auth;
	sa->hard_ns = ike->life_seconds * NS_PER_SECOND;
	identify(ike, sa->local_id, sa->remote_id);
}

/* The mode, and the phase of one that a daemon calls established, belong to its record as well. */
static void
record_of_other(const struct ike *ike, struct ipm_ike_sa *sa)
{
	if (ike->progress.mode)
		sa->mode = ike->progress.mode;
	/* A tunnel whose IKE SA was replaced has been in use. */
	if (sa->phase != IPM_PHASE_QM_IDLE && ike->progress.phase)
		sa->phase = ike->progress.phase;
	if (sa->version == 2 && sa->state != IPM_IKE_NEGOTIATING)
		sa->phase = IPM_PHASE_V2_READY;
}

static void
record_update(struct ike_track *t, struct ike *ike)
{
	const struct ipm_ike_sa *there = record(t, ike);
	if (!there || !is_current(ike, there))
		return;
	struct ipm_ike_sa sa = *there;
	if (sa.feed == t->feed)
		record_fill(t, ike, &sa);
	else
		record_of_other(ike, &sa);
	ipm_ike_put(t->w, ike->slot, &sa);
}

static void
record_start(struct ike_track *t, struct ike *ike, enum ipm_ike_state state)
{
	struct ipm_ike_sa sa = { .state = (uint8_t)state };

	record_fill(t, ike, &sa);
	sa.created_ns = ike->first_ns;
	if (state == IPM_IKE_ESTABLISHED)
		sa.created_ns = sa.established_ns = ike->up_ns;
	if (state == IPM_IKE_ESTABLISHED)
		ipm_ike_make_room(t->w);
	int slot = ipm_ike_start(t->w, &sa);
	if (slot < 0)
		return; /* counted in the totals all the same */
	ike->slot = (uint32_t)slot;
	ike->index = ipm_ike_peek(t->w, ike->slot)->index;
}

/* --- coming up, and ending --------------------------------------------------------------------------------------- */

static bool
is_ours(const struct ike_track *t, const struct ike *ike)
{
	return ike->standing == UP && ike->index && ipm_ike_peek(t->w, ike->slot)->index == ike->index &&
	       ipm_ike_peek(t->w, ike->slot)->feed == t->feed;
}

/*
 * One that is up and ours, between the same addresses, whose record goes on with @p ike: IKEv1 is rekeyed by another
 * negotiation, IKEv2 by an exchange within the old IKE SA, so that there is no IKE_SA_INIT.
 */
static struct ike *
predecessor(struct ike_track *t, const struct ike *ike)
{
	struct ike *found = NULL;

	if (ike->version == 2 && ike->progress.phase != IPM_PHASE_UNKNOWN)
		return NULL;
	for (struct ike *other = t->of[UP].oldest; other; other = other->newer)
		if (other != ike && other->version == ike->version && is_ours(t, other) &&
		    between(other, &ike->local, &ike->remote) && (ike->version == 1 || other->rekeys) &&
		    is_current(other, ipm_ike_peek(t->w, other->slot)))
			found = other;
	return found;
}

/* Those of ours between the same two that this one seems to have come for. */
static void
rivals(struct ike_track *t, const struct ike *ike)
{
	for (struct ike *other = t->of[UP].oldest; other; other = other->newer)
		if (other != ike && is_ours(t, other) && between(other, &ike->local, &ike->remote) &&
		    other->remote_port == ike->remote_port)
			other->rival_ns = ike->up_ns;
}

/* What the wire has not shown of this one, because it was made within another one. */
static void
inherit(struct ike *ike, const struct ipm_ike_sa *sa)
{
	if (ike->progress.phase == IPM_PHASE_UNKNOWN) {
		ike->progress.phase = sa->phase;
		ike->auth = sa->auth;
	}
}

static void
come_up(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	struct ike *before = predecessor(t, ike);
	struct ipm_ike_traffic in = ike->in, out = ike->out;

	ike->in = ike->out = nothing;
	ike->up_ns = now_ns;
	if (before) {
		if (record(t, ike))
			ipm_ike_merge(t->w, ike->slot, before->slot);
		ike->slot = before->slot;
		ike->index = before->index;
		stand(t, ike, UP);
		struct ipm_ike_sa sa = *ipm_ike_peek(t->w, ike->slot);
		inherit(ike, &sa);
		record_fill(t, ike, &sa);
		sa.established_ns = now_ns;
		ipm_ike_put(t->w, ike->slot, &sa);
		ipm_ike_refresh(t->w, ike->slot);
	} else if (record(t, ike)) {
		struct ipm_ike_sa sa = *ipm_ike_peek(t->w, ike->slot);
		stand(t, ike, UP);
		record_fill(t, ike, &sa);
		sa.state = IPM_IKE_ESTABLISHED;
		sa.created_ns = sa.established_ns = now_ns;
		ipm_ike_put(t->w, ike->slot, &sa);
		rivals(t, ike);
	} else {
		stand(t, ike, UP);
		record_start(t, ike, IPM_IKE_ESTABLISHED);
		rivals(t, ike);
	}
	ipm_ike_count(t->w, record(t, ike) ? (int)ike->slot : -1, &in, &out);
}

/* There is no record of it any more, whoever ended it. */
static void
end(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	stand(t, ike, ENDED);
	ike->was = ike->index;
	ike->index = 0;
	ike->ended_ns = now_ns;
}

/* The record says more than we know: another feed has taken it over, or ended it. */
static void
look(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	if (ike->standing == ENDED)
		return;
	if (ike->index == 0) {
		find_record(t, ike, now_ns);
		return;
	}
	if (ike->standing == HALF_OPEN && record(t, ike))
		give_up_record(t, ike);
	const struct ipm_ike_sa *sa = record(t, ike);
	if (!sa && !find_record(t, ike, now_ns)) {
		end(t, ike, now_ns);
	} else if (sa && ike->standing == HALF_OPEN && sa->state != IPM_IKE_NEGOTIATING) {
		stand(t, ike, UP);
		ike->up_ns = now_ns;
	}
}

/* --- failures ---------------------------------------------------------------------------------------------------- */

/*
 * A negotiation that came to nothing, where no IKE daemon tells of it: not one that only was not used since. Anybody
 * can begin one with us: of those that the peer has begun it counts if he came back, or we have told him no.
 */
static void
fail(struct ike_track *t, const struct ike *ike, uint64_t now_ns)
{
	if (t->daemon || ike_progress_waits(&ike->progress) ||
	    (!ike->initiator && !ike->returned && !ike->progress.refusal))
		return;
	if (now_ns - t->failures_from_ns >= 60 * NS_PER_SECOND) {
		t->failures_from_ns = now_ns;
		t->failures = 0;
	}
	if (t->failures++ >= IKE_FAILURES_MAX)
		return;
	struct ipm_failure f = { .time_ns = now_ns,
				 .local = ike->local,
				 .remote = ike->remote,
				 .initiator = ike->initiator,
				 .setup = 1,
				 .reason = ike->progress.refusal };
	if (!f.reason)
		f.reason = ike->initiator && ike->last_in_ns == 0 ? IPM_FAIL_PEER_LOST : IPM_FAIL_OTHER;
	identify(ike, f.local_id, f.remote_id);
	feed_failure_identify(&f);
	snprintf(f.text, sizeof(f.text), "seen on the wire: it ended in %s%s", ike_phase_text(ike->progress.phase),
		 ike->progress.answered_short ? ", answered with no more than a notification" : "");
	ipm_fail(t->w, IPM_IKE_FAILURES, &f);
}

static void
half_open_end(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	const struct ipm_ike_sa *sa = record(t, ike);
	if (sa && sa->feed == t->feed && sa->state == IPM_IKE_NEGOTIATING)
		ipm_ike_stop(t->w, ike->slot, IPM_REASON_UNKNOWN);
	fail(t, ike, now_ns);
	ike_forget(t, ike);
}

/* What came in for it was for nobody, unless it was there, but more than that is not known. */
static void
unknown_end(struct ike_track *t, struct ike *ike)
{
	const struct ipm_ike_traffic dropped = { .drops = ike->in.pkts + ike->in.drops };
	ipm_ike_count(t->w, -1, ike->ours_sealed ? &ike->in : &dropped, &ike->out);
	ike_forget(t, ike);
}

/* --- who is let in ------------------------------------------------------------------------------------------------ */

/* The one of this standing to go first: the oldest whose peer has not come back, if there is one. */
static struct ike *
least(struct ike_track *t, enum standing standing)
{
	for (struct ike *ike = t->of[standing].oldest; ike; ike = ike->newer)
		if (!ike->returned && !ike->initiator)
			return ike;
	return t->of[standing].oldest;
}

static void
make_room(struct ike_track *t, enum standing standing, uint64_t now_ns)
{
	if (t->of[standing].count < (standing == HALF_OPEN ? t->half_open_max : IKE_UNKNOWN_MAX))
		return;
	struct ike *ike = least(t, standing);
	t->pushed_out++;
	if (standing == HALF_OPEN)
		half_open_end(t, ike, now_ns);
	else
		unknown_end(t, ike);
}

/* Does it begin an IKE SA? */
static bool
begins(const struct ike_message *msg)
{
	if (msg->spi_responder || !(msg->payloads & IKE_HAS_SA))
		return false;
	if (msg->major == 1)
		return msg->exchange == IKE_V1_MAIN || msg->exchange == IKE_V1_AGGRESSIVE;
	return msg->exchange == IKE_V2_SA_INIT && !msg->response && msg->by_initiator;
}

static struct ike *
ike_admit(struct ike_track *t, const struct ike_datagram *d)
{
	const struct ike_message *msg = d->msg;
	bool begin = begins(msg);
	struct ike as = { .spi_initiator = msg->spi_initiator,
			  .spi_responder = msg->spi_responder,
			  .local = d->local,
			  .remote = d->remote,
			  .local_port = d->local_port,
			  .remote_port = d->remote_port,
			  .version = msg->major,
			  .standing = begin ? HALF_OPEN : UNKNOWN,
			  .first_ns = d->now_ns };

	if (!begin && msg->spi_responder == 0)
		return NULL; /* it neither begins an IKE SA nor is of one */
	as.initiator =
		begin ? d->direction == IPM_OUT : msg->major == 2 && msg->by_initiator == (d->direction == IPM_OUT);
	if (!begin) /* its suite was agreed upon out of our sight */
		as.proposal = (struct ipm_proposal){ .encr = IPM_TRANSFORM_OTHER,
						     .prf = IPM_TRANSFORM_OTHER,
						     .integ = IPM_TRANSFORM_OTHER,
						     .group = IPM_TRANSFORM_OTHER };
	make_room(t, as.standing, d->now_ns);
	struct ike *ike = ike_new(t, &as);
	if (ike && begin)
		record_start(t, ike, IPM_IKE_NEGOTIATING);
	else if (ike)
		find_record(t, ike, d->now_ns);
	return ike;
}

/* --- counting ------------------------------------------------------------------------------------------------------
 */

/* Has it been seen before? It has now. */
static bool
again(struct ike *ike, uint64_t digest)
{
	unsigned kept = ike->digests < DIGESTS_KEPT ? ike->digests : DIGESTS_KEPT;
	for (unsigned i = 0; i < kept; i++)
		if (ike->digest[i] == digest)
			return true;
	ike->digest[ike->digests++ % DIGESTS_KEPT] = digest;
	return false;
}

/* Is it of an exchange that is new? */
static bool
new_exchange(struct ike *ike, const struct ike_message *msg, int way)
{
	if (msg->major == 2) {
		bool first = msg->message_id >= ike->next_request[way];
		if (first)
			ike->next_request[way] = (uint64_t)msg->message_id + 1;
		return first;
	}
	unsigned kept = ike->exchanges < EXCHANGES_KEPT ? ike->exchanges : EXCHANGES_KEPT;
	for (unsigned i = 0; i < kept; i++)
		if (ike->exchange[i] == msg->message_id)
			return false;
	ike->exchange[ike->exchanges++ % EXCHANGES_KEPT] = msg->message_id;
	return true;
}

static bool
is_phase_2(const struct ike_message *msg)
{
	return msg->exchange == (msg->major == 1 ? IKE_V1_QUICK : IKE_V2_CREATE_CHILD_SA);
}

/* What a message that is no retransmission counts, beside itself; @p back is what the other direction counts. */
static void
count(struct ike *ike, const struct ike_datagram *d, struct ipm_ike_traffic *more, struct ipm_ike_traffic *back)
{
	const struct ike_message *msg = d->msg;
	int way = d->direction == IPM_OUT;

	if (is_phase_2(msg) && (d->fault || !msg->encrypted)) {
		more->exchange_invalids++;
		return;
	}
	if (d->fault)
		return;
	more->notifies += msg->notifies;
	more->sa_deletes += msg->deletes;
	if (msg->major == 2 && msg->response) {
		bool first = msg->message_id >= ike->next_response[way];
		if (!first)
			return;
		ike->next_response[way] = (uint64_t)msg->message_id + 1;
		if (!is_phase_2(msg) || msg->message_id >= ike->next_request[!way])
			return; /* of a request that was not seen */
		if (msg->fragment == 0 && d->octets < IKE_AGREES_OCTETS)
			back->exchange_rejects++;
		else
			ike->rekeys = true;
	} else if (msg->major == 2 || is_phase_2(msg)) {
		bool first = new_exchange(ike, msg, way);
		more->exchanges += first && is_phase_2(msg);
	}
}

/* --- messages ------------------------------------------------------------------------------------------------------
 */

/* Who sends it, of initiator and responder. */
static bool
from_initiator(const struct ike *ike, const struct ike_datagram *d)
{
	if (d->msg->major == 2)
		return d->msg->by_initiator;
	return ike->initiator == (d->direction == IPM_OUT);
}

/* What a well-formed message that is no retransmission tells of its IKE SA. */
static void
learn(struct ike *ike, const struct ike_datagram *d)
{
	const struct ike_message *msg = d->msg;
	const struct ike_sender from = { .initiator = from_initiator(ike, d),
					 .us = d->direction == IPM_OUT,
					 .octets = d->octets,
					 .now_ns = d->now_ns };
	bool agrees = !from.initiator && (msg->payloads & IKE_HAS_SA) && msg->spi_responder;

	/* IKEv1's fragments hide the SA payload, not the cookie. */
	if (ike->spi_responder == 0 && !from.initiator && (agrees || (msg->major == 1 && msg->fragment)))
		ike->spi_responder = msg->spi_responder;
	if (agrees && ike->standing == HALF_OPEN) {
		ike->proposal = msg->proposal;
		ike->auth = msg->auth;
		ike->life_seconds = msg->life_seconds;
	}
	if (msg->id[0] && ike->standing == HALF_OPEN && !ike->id[from.initiator])
		ike->id[from.initiator] = strdup(msg->id);
	ike_progress_message(&ike->progress, msg, &from);
}

/* It was heard of: when, and where the peer is now. */
static void
heard(struct ike *ike, const struct ike_datagram *d, bool repeated)
{
	bool in = d->direction == IPM_IN;

	if (in) {
		ike->returned |= ike->answered && !repeated && !d->fault;
		ike->last_in_ns = d->now_ns;
	} else {
		ike->answered = true;
		ike->ours_sealed |= d->msg->encrypted;
	}
	ike->last_ns = d->now_ns;
	if (d->msg->major == 2 && !in && !d->msg->response && !ike->asked_ns)
		ike->asked_ns = d->now_ns;
	if (in)
		ike->asked_ns = 0;
	if (!d->fault && !repeated) {
		ike->local = d->local;
		ike->remote = d->remote;
		ike->local_port = d->local_port;
		ike->remote_port = d->remote_port;
	}
}

/* Is it shown by now that it is up, and that no other feed will tell of it? */
static bool
may_come_up(const struct ike_track *t, const struct ike *ike, uint64_t now_ns)
{
	if (ike->standing == HALF_OPEN) {
		if (!ike->progress.up || !ike->spi_responder)
			return false;
		if (!t->daemon)
			return true;
		/* A daemon that refuses the peer in IKE_AUTH says so encrypted: another message has to follow later.
		 */
		return now_ns - ike->first_ns >= IKE_GRACE_NS && ike->last_ns - ike->first_ns >= IKE_GRACE_NS;
	}
	if (ike->standing != UNKNOWN || !ike->ours_sealed || ike->in.pkts == 0)
		return false;
	return !t->daemon || ike->last_ns - ike->first_ns >= IKE_GRACE_NS;
}

void
ike_track_message(struct ike_track *t, const struct ike_datagram *d)
{
	struct ike *ike = d->fault == IKE_FAULT_SHORT ? NULL : ike_lookup(t, d);
	struct ipm_ike_traffic more = { .octets = d->octets, .pkts = 1 }, back = { 0 };
	bool in = d->direction == IPM_IN;

	if (ike)
		look(t, ike, d->now_ns);
	/* Its last words are over, and yet it goes on: it may be there after all. */
	if (ike && ike->standing == ENDED && d->now_ns - ike->ended_ns >= IKE_GRACE_NS && d->msg->encrypted) {
		stand(t, ike, UNKNOWN);
		ike->first_ns = d->now_ns;
		ike->ours_sealed = false;
		find_record(t, ike, d->now_ns);
	}
	if (!ike && !d->fault)
		ike = ike_admit(t, d);
	if (in && (!ike || d->fault))
		more = (struct ipm_ike_traffic){ .drops = 1 };
	if (!ike) {
		ipm_ike_count(t->w, -1, in ? &more : &nothing, in ? &nothing : &more);
		return;
	}
	bool repeated = again(ike, d->digest);
	if (!repeated)
		count(ike, d, &more, &back);
	heard(ike, d, repeated);
	if (!d->fault && !repeated && ike->standing != ENDED)
		learn(ike, d);
	const struct ipm_ike_traffic *came = in ? &more : &back, *went = in ? &back : &more;
	if (ike->standing == UNKNOWN) {
		ipm_ike_traffic_add(&ike->in, came);
		ipm_ike_traffic_add(&ike->out, went);
	} else if (ike->standing == ENDED) {
		ipm_ike_count_late(t->w, ike->was, came, went);
	} else {
		ipm_ike_count(t->w, record(t, ike) ? (int)ike->slot : -1, came, went);
	}
	if (may_come_up(t, ike, d->now_ns))
		come_up(t, ike, d->now_ns);
	else
		record_update(t, ike);
}

/* --- time ------------------------------------------------------------------------------------------------------------
 */

void
ike_track_daemon(struct ike_track *t, bool connected)
{
	t->daemon = connected;
}

/*
 * What a daemon calls established is so. An IKEv1 SA that goes on without a Quick Mode has the tunnels of another one.
 */
static void
settle(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	const struct ipm_ike_sa *sa = record(t, ike);

	if (!sa || sa->feed == t->feed || !is_current(ike, sa))
		return;
	if (ike_progress_waits(&ike->progress) && now_ns - ike->up_ns >= IKE_GRACE_NS) {
		ike_progress_adopt(&ike->progress);
		record_update(t, ike);
	} else if (sa->version == 2 && sa->phase != IPM_PHASE_V2_READY) {
		record_update(t, ike);
	}
}

/*
 * IKEv1 that negotiates again while the IKE SA before it is up takes over its tunnels, without a Quick Mode: it is up
 * when nobody has refused the other one.
 */
static void
succeed(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	struct ike_progress *p = &ike->progress;
	if (ike->standing == HALF_OPEN && ike_progress_waits(p) && !p->doubted_ns &&
	    now_ns - p->answered_ns >= IKE_GRACE_NS && predecessor(t, ike))
		ike_progress_adopt(p);
}

/* Why one that is ours to end is over; IPM_REASON_CHECKPOINT: it is not. */
static enum ipm_reason
over(const struct ike_track *t, const struct ike *ike, uint64_t now_ns)
{
	if (ike->version == 1 && ike->life_seconds && now_ns - ike->up_ns >= ike->life_seconds * NS_PER_SECOND)
		return IPM_REASON_NORMAL;
	if (ike->asked_ns && now_ns - ike->asked_ns >= IKE_UNANSWERED_NS)
		return IPM_REASON_PEER_LOST;
	if (ike->rival_ns && ike->last_ns <= ike->rival_ns && now_ns - ike->rival_ns >= IKE_REPLACED_NS)
		return IPM_REASON_NORMAL;
	if (now_ns - ike->last_ns >= (t->daemon ? IKE_UNCLAIMED_NS : IKE_SILENT_NS))
		return IPM_REASON_UNKNOWN;
	return IPM_REASON_CHECKPOINT;
}

static void
up_tick(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	settle(t, ike, now_ns);
	if (!is_ours(t, ike)) {
		/* One without a record is found again by its messages; one that was replaced has had its last ones. */
		const struct ipm_ike_sa *sa = record(t, ike);
		if ((!sa || !is_current(ike, sa)) && now_ns - ike->last_ns >= 10 * IKE_ENDED_NS)
			ike_forget(t, ike);
		return;
	}
	if (!is_current(ike, ipm_ike_peek(t->w, ike->slot))) { /* another one goes on with the record */
		if (now_ns - ike->last_ns >= 10 * IKE_ENDED_NS)
			ike_forget(t, ike);
		return;
	}
	enum ipm_reason reason = over(t, ike, now_ns);
	if (reason == IPM_REASON_CHECKPOINT)
		return;
	ipm_ike_stop(t->w, ike->slot, reason);
	end(t, ike, now_ns);
}

static void
ike_tick(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	look(t, ike, now_ns);
	ike_progress_time(&ike->progress, now_ns);
	succeed(t, ike, now_ns);
	if (may_come_up(t, ike, now_ns)) {
		come_up(t, ike, now_ns);
		return;
	}
	switch (ike->standing) {
	case HALF_OPEN:
		record_update(t, ike);
		if (now_ns - ike->last_ns >=
		    (ike->initiator && !ike->progress.refusal ? IKE_OWN_OPEN_NS : IKE_HALF_OPEN_NS))
			half_open_end(t, ike, now_ns);
		break;
	case UP:
		up_tick(t, ike, now_ns);
		break;
	case UNKNOWN:
		if (now_ns - ike->last_ns >= IKE_UNKNOWN_NS)
			unknown_end(t, ike);
		break;
	default:
		if (now_ns - ike->last_ns >= IKE_ENDED_NS && now_ns - ike->ended_ns >= IKE_ENDED_NS)
			ike_forget(t, ike);
	}
}

void
ike_track_tick(struct ike_track *t, uint64_t now_ns)
{
	/* One that comes to another standing in this has had its turn: looking at it once more does no harm. */
	for (int standing = 0; standing < STANDINGS; standing++)
		for (struct ike *ike = t->of[standing].oldest, *newer; ike; ike = newer) {
			newer = ike->newer;
			ike_tick(t, ike, now_ns);
		}
}

bool
ike_track_find(struct ike_track *t, uint64_t spi_initiator, uint64_t spi_responder, struct ike_track_view *out)
{
	for (struct ike *ike = *bucket_of(t, spi_initiator); ike; ike = ike->next)
		if (ike->spi_initiator == spi_initiator && ike->spi_responder == spi_responder) {
			bool there = record(t, ike) != NULL;
			*out = (struct ike_track_view){ .index = there ? ike->index : 0,
							.slot = ike->slot,
							.negotiating = ike->standing == HALF_OPEN,
							.up = ike->standing == UP,
							.unknown = ike->standing == UNKNOWN,
							.phase = ike->progress.phase };
			return true;
		}
	return false;
}

uint64_t
ike_track_pushed_out(const struct ike_track *t)
{
	return t->pushed_out;
}

/* --- coming and going
 * --------------------------------------------------------------------------------------------------- */

static void
take_up(struct ike_track *t, uint32_t slot, uint64_t now_ns)
{
	const struct ipm_ike_sa *sa = ipm_ike_peek(t->w, slot);
	struct ike as = { .spi_initiator = sa->spi_initiator,
			  .spi_responder = sa->spi_responder,
			  .local = sa->local,
			  .remote = sa->remote,
			  .local_port = sa->local_port,
			  .remote_port = sa->remote_port,
			  .version = sa->version,
			  .initiator = sa->initiator,
			  .standing = sa->state == IPM_IKE_NEGOTIATING ? HALF_OPEN : UP,
			  .slot = slot,
			  .index = sa->index,
			  .progress = { .phase = sa->phase, .mode = sa->mode },
			  .first_ns = sa->created_ns,
			  .last_ns = now_ns,
			  .up_ns = sa->established_ns,
			  .returned = true,
			  .proposal = sa->proposal,
			  .auth = sa->auth,
			  .life_seconds = (uint32_t)(sa->hard_ns / NS_PER_SECOND) };

	as.progress.up = as.standing == UP;
	as.progress.key[0] = as.progress.key[1] = sa->phase == IPM_PHASE_MM_KEY_EXCH;
	if (!ike_new(t, &as))
		ipm_ike_stop(t->w, slot, IPM_REASON_UNKNOWN);
}

struct ike_track *
ike_track_new(struct ipm_writer *writer, uint32_t feed, uint64_t now_ns)
{
	const struct ipm_segment *seg = ipm_writer_segment(writer);
	uint32_t capacity = ipm_segment_capacity(seg, IPM_IKE_SAS);
	struct ike_track *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->w = writer;
	t->feed = feed;
	t->failures_from_ns = now_ns;
	t->half_open_max = capacity / 4 < IKE_HALF_OPEN_MAX ? capacity / 4 : IKE_HALF_OPEN_MAX;
	if (t->half_open_max == 0)
		t->half_open_max = 1;
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = now_ns;
	for (uint32_t slot = 0; feed_next_ike(writer, feed, &slot); slot++)
		take_up(t, slot, now_ns);
	return t;
}

void
ike_track_free(struct ike_track *t)
{
	if (!t)
		return;
	while (t->of[UNKNOWN].oldest) /* or nobody has counted what it has */
		unknown_end(t, t->of[UNKNOWN].oldest);
	for (int standing = 0; standing < STANDINGS; standing++)
		for (struct ike *ike = t->of[standing].oldest, *newer; ike; ike = newer) {
			newer = ike->newer;
			ike_free(ike);
		}
	free(t);
}
