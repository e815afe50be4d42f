/* SPDX-License-Identifier: ISC */
/* Attribute IKE messages to IKE SAs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed_failure.h"
#include "feed_reconcile.h"
#include "ike_table.h"
#include "ike_track.h"

struct ike_track {
	struct ipm_writer *w;
	uint32_t feed;
	struct ike_table table;
	uint32_t half_open_max;
	bool daemon; /* another feed reports the IKE SAs here */
	uint64_t pushed_out;
	uint64_t failures_from_ns;
	unsigned failures;
};

static const struct ipm_ike_traffic nothing;

/* --- records --------------------------------------------------------------------------------------------------- */

/* Its record; NULL: it has none, or it has ended. */
static const struct ipm_ike_sa *
record_of(struct ike_track *t, struct ike *ike)
{
	int slot = ipm_ike_find(t->w, ike->slot, ike->index);
	if (slot < 0)
		return NULL;
	ike->slot = (uint32_t)slot;
	ike->index = ipm_ike_peek(t->w, ike->slot)->index;
	return ipm_ike_peek(t->w, ike->slot);
}

/* Does the record still show this IKE SA, and not its successor? */
static bool
is_current(const struct ike *ike, const struct ipm_ike_sa *sa)
{
	return sa->spi_initiator == ike->spi_initiator &&
	       (sa->spi_responder == ike->spi_responder || sa->spi_responder == 0);
}

/* Join another feed's record of it, if there is one: then it is up. */
static bool
find_record(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	int slot = ipm_ike_named(t->w, ike->spi_initiator, ike->spi_responder, -1);
	if (slot < 0 || ike->spi_responder == 0)
		return false;
	ike->slot = (uint32_t)slot;
	ike->index = ipm_ike_peek(t->w, ike->slot)->index;
	ike->up_ns = now_ns;
	ike_table_move(&t->table, ike, IKE_UP);
	ipm_ike_count(t->w, slot, &ike->in, &ike->out);
	ike->in = ike->out = nothing;
	return true;
}

/* Fill in the identities that are known. */
static void
fill_identities(const struct ike *ike, char *local_id, char *remote_id)
{
	if (ike->id[ike->initiator])
		snprintf(local_id, IPM_ID_MAX, "%s", ike->id[ike->initiator]);
	if (ike->id[!ike->initiator])
		snprintf(remote_id, IPM_ID_MAX, "%s", ike->id[!ike->initiator]);
}

/* If another feed has a record of it, too, merge ours into that. */
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

/* Fill a record of ours from the wire. */
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
	fill_identities(ike, sa->local_id, sa->remote_id);
}

/* Add to another feed's record what only the wire shows: mode and phase. */
static void
record_of_other(const struct ike *ike, struct ipm_ike_sa *sa)
{
	if (ike->progress.mode)
		sa->mode = ike->progress.mode;
	/* QM_IDLE stays: the tunnel was in use under the IKE SA before this one. */
	if (sa->phase != IPM_PHASE_QM_IDLE && ike->progress.phase)
		sa->phase = ike->progress.phase;
	if (sa->version == 2 && sa->state != IPM_IKE_NEGOTIATING)
		sa->phase = IPM_PHASE_V2_READY;
}

static void
record_update(struct ike_track *t, struct ike *ike)
{
	const struct ipm_ike_sa *there = record_of(t, ike);
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
		return; /* the totals count it all the same */
	ike->slot = (uint32_t)slot;
	ike->index = ipm_ike_peek(t->w, ike->slot)->index;
}

/* --- coming up, and ending --------------------------------------------------------------------------------------- */

static bool
is_ours(const struct ike_track *t, const struct ike *ike)
{
	return ike->standing == IKE_UP && ike->index && ipm_ike_peek(t->w, ike->slot)->index == ike->index &&
	       ipm_ike_peek(t->w, ike->slot)->feed == t->feed;
}

/*
 * An IKE SA of ours that is up between the same addresses, and whose record @p ike continues. IKEv1 rekeys by another
 * negotiation, IKEv2 by an exchange within the old IKE SA, without an IKE_SA_INIT.
 */
static struct ike *
predecessor(struct ike_track *t, const struct ike *ike)
{
	struct ike *found = NULL;

	if (ike->version == 2 && ike->progress.phase != IPM_PHASE_UNKNOWN)
		return NULL;
	for (struct ike *other = t->table.of[IKE_UP].oldest; other; other = other->newer)
		if (other != ike && other->version == ike->version && is_ours(t, other) &&
		    ike_between(other, &ike->local, &ike->remote) && (ike->version == 1 || other->rekeys) &&
		    is_current(other, ipm_ike_peek(t->w, other->slot)))
			found = other;
	return found;
}

/* Note that this one may replace others of ours between the same peers. */
static void
mark_rivals(struct ike_track *t, const struct ike *ike)
{
	for (struct ike *other = t->table.of[IKE_UP].oldest; other; other = other->newer)
		if (other != ike && is_ours(t, other) && ike_between(other, &ike->local, &ike->remote) &&
		    other->remote_port == ike->remote_port)
			other->rival_ns = ike->up_ns;
}

/* It was negotiated within another IKE SA, where the wire does not show it: keep what that had. */
static void
inherit_phase(struct ike *ike, const struct ipm_ike_sa *sa)
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
		if (record_of(t, ike))
			ipm_ike_merge(t->w, ike->slot, before->slot);
		ike->slot = before->slot;
		ike->index = before->index;
		ike_table_move(&t->table, ike, IKE_UP);
		struct ipm_ike_sa sa = *ipm_ike_peek(t->w, ike->slot);
		inherit_phase(ike, &sa);
		record_fill(t, ike, &sa);
		sa.established_ns = now_ns;
		ipm_ike_put(t->w, ike->slot, &sa);
		ipm_ike_refresh(t->w, ike->slot);
	} else if (record_of(t, ike)) {
		struct ipm_ike_sa sa = *ipm_ike_peek(t->w, ike->slot);
		ike_table_move(&t->table, ike, IKE_UP);
		record_fill(t, ike, &sa);
		sa.state = IPM_IKE_ESTABLISHED;
		sa.created_ns = sa.established_ns = now_ns;
		ipm_ike_put(t->w, ike->slot, &sa);
		mark_rivals(t, ike);
	} else {
		ike_table_move(&t->table, ike, IKE_UP);
		record_start(t, ike, IPM_IKE_ESTABLISHED);
		mark_rivals(t, ike);
	}
	ipm_ike_count(t->w, record_of(t, ike) ? (int)ike->slot : -1, &in, &out);
}

/* Its record has ended. */
static void
become_ended(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	ike_table_move(&t->table, ike, IKE_ENDED);
	ike->was = ike->index;
	ike->index = 0;
	ike->ended_ns = now_ns;
}

/* Follow the record: another feed may have taken it over, or ended it. */
static void
check_record(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	if (ike->standing == IKE_ENDED)
		return;
	if (ike->index == 0) {
		find_record(t, ike, now_ns);
		return;
	}
	if (ike->standing == IKE_HALF_OPEN && record_of(t, ike))
		give_up_record(t, ike);
	const struct ipm_ike_sa *sa = record_of(t, ike);
	if (!sa && !find_record(t, ike, now_ns)) {
		become_ended(t, ike, now_ns);
	} else if (sa && ike->standing == IKE_HALF_OPEN && sa->state != IPM_IKE_NEGOTIATING) {
		ike_table_move(&t->table, ike, IKE_UP);
		ike->up_ns = now_ns;
	}
}

/* --- failures ---------------------------------------------------------------------------------------------------- */

/*
 * Record a failed negotiation if no IKE daemon's feed does. It is no failure if the IKE SA only was not used since.
 * Anybody can begin a negotiation with us: if the peer began it, it counts only if the peer answered or we refused.
 */
static void
tell_failure(struct ike_track *t, const struct ike *ike, uint64_t now_ns)
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
	fill_identities(ike, f.local_id, f.remote_id);
	feed_failure_identify(&f);
	snprintf(f.text, sizeof(f.text), "seen on the wire: it ended in %s%s", ike_phase_text(ike->progress.phase),
		 ike->progress.answered_short ? ", answered with no more than a notification" : "");
	ipm_fail(t->w, IPM_IKE_FAILURES, &f);
}

static void
half_open_end(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	const struct ipm_ike_sa *sa = record_of(t, ike);
	if (sa && sa->feed == t->feed && sa->state == IPM_IKE_NEGOTIATING)
		ipm_ike_stop(t->w, ike->slot, IPM_REASON_UNKNOWN);
	tell_failure(t, ike, now_ns);
	ike_table_remove(&t->table, ike);
}

/* Incoming messages for it were drops, unless our encrypted messages show that the IKE SA existed. */
static void
unknown_end(struct ike_track *t, struct ike *ike)
{
	const struct ipm_ike_traffic dropped = { .drops = ike->in.pkts + ike->in.drops };
	ipm_ike_count(t->w, -1, ike->ours_sealed ? &ike->in : &dropped, &ike->out);
	ike_table_remove(&t->table, ike);
}

/* --- who is let in ------------------------------------------------------------------------------------------------ */

/* Which one makes room: the oldest whose peer has not answered, else the oldest. */
static struct ike *
first_to_go(struct ike_track *t, enum ike_standing standing)
{
	for (struct ike *ike = t->table.of[standing].oldest; ike; ike = ike->newer)
		if (!ike->returned && !ike->initiator)
			return ike;
	return t->table.of[standing].oldest;
}

static void
make_room(struct ike_track *t, enum ike_standing standing, uint64_t now_ns)
{
	if (t->table.of[standing].count < (standing == IKE_HALF_OPEN ? t->half_open_max : IKE_UNKNOWN_MAX))
		return;
	struct ike *ike = first_to_go(t, standing);
	t->pushed_out++;
	if (standing == IKE_HALF_OPEN)
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
			  .standing = begin ? IKE_HALF_OPEN : IKE_UNKNOWN,
			  .first_ns = d->now_ns };

	if (!begin && msg->spi_responder == 0)
		return NULL; /* it neither begins an IKE SA nor belongs to one */
	as.initiator =
		begin ? d->direction == IPM_OUT : msg->major == 2 && msg->by_initiator == (d->direction == IPM_OUT);
	if (!begin) /* we did not see the negotiation of its suite */
		as.proposal = (struct ipm_proposal){ .encr = IPM_TRANSFORM_OTHER,
						     .prf = IPM_TRANSFORM_OTHER,
						     .integ = IPM_TRANSFORM_OTHER,
						     .group = IPM_TRANSFORM_OTHER };
	make_room(t, as.standing, d->now_ns);
	struct ike *ike = ike_table_add(&t->table, &as);
	if (ike && begin)
		record_start(t, ike, IPM_IKE_NEGOTIATING);
	else if (ike)
		find_record(t, ike, d->now_ns);
	return ike;
}

/* --- counting -------------------------------------------------------------------------------------------------- */

/* Was this message seen before? Remember it. */
static bool
is_retransmission(struct ike *ike, uint64_t digest)
{
	unsigned kept = ike->digests < IKE_DIGESTS_KEPT ? ike->digests : IKE_DIGESTS_KEPT;
	for (unsigned i = 0; i < kept; i++)
		if (ike->digest[i] == digest)
			return true;
	ike->digest[ike->digests++ % IKE_DIGESTS_KEPT] = digest;
	return false;
}

/* Does it begin a new exchange? */
static bool
new_exchange(struct ike *ike, const struct ike_message *msg, int way)
{
	if (msg->major == 2) {
		bool first = msg->message_id >= ike->next_request[way];
		if (first)
			ike->next_request[way] = (uint64_t)msg->message_id + 1;
		return first;
	}
	unsigned kept = ike->exchanges < IKE_EXCHANGES_KEPT ? ike->exchanges : IKE_EXCHANGES_KEPT;
	for (unsigned i = 0; i < kept; i++)
		if (ike->exchange[i] == msg->message_id)
			return false;
	ike->exchange[ike->exchanges++ % IKE_EXCHANGES_KEPT] = msg->message_id;
	return true;
}

static bool
is_phase_2(const struct ike_message *msg)
{
	return msg->exchange == (msg->major == 1 ? IKE_V1_QUICK : IKE_V2_CREATE_CHILD_SA);
}

/* Count what a message means, unless it is a retransmission. @p back is for the other direction. */
static void
count_message(struct ike *ike, const struct ike_datagram *d, struct ipm_ike_traffic *more, struct ipm_ike_traffic *back)
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
			return; /* we did not see its request */
		if (msg->fragment == 0 && d->octets < IKE_AGREES_OCTETS)
			back->exchange_rejects++;
		else
			ike->rekeys = true;
	} else if (msg->major == 2 || is_phase_2(msg)) {
		bool first = new_exchange(ike, msg, way);
		more->exchanges += first && is_phase_2(msg);
	}
}

/* --- messages -------------------------------------------------------------------------------------------------- */

/* Did the initiator of the IKE SA send it? */
static bool
from_initiator(const struct ike *ike, const struct ike_datagram *d)
{
	if (d->msg->major == 2)
		return d->msg->by_initiator;
	return ike->initiator == (d->direction == IPM_OUT);
}

/* Learn from a well-formed message that is no retransmission. */
static void
learn_from(struct ike *ike, const struct ike_datagram *d)
{
	const struct ike_message *msg = d->msg;
	const struct ike_sender from = { .initiator = from_initiator(ike, d),
					 .us = d->direction == IPM_OUT,
					 .octets = d->octets,
					 .now_ns = d->now_ns };
	bool agrees = !from.initiator && (msg->payloads & IKE_HAS_SA) && msg->spi_responder;

	/* IKEv1 fragments hide the SA payload, but not the cookie. */
	if (ike->spi_responder == 0 && !from.initiator && (agrees || (msg->major == 1 && msg->fragment)))
		ike->spi_responder = msg->spi_responder;
	if (agrees && ike->standing == IKE_HALF_OPEN) {
		ike->proposal = msg->proposal;
		ike->auth = msg->auth;
		ike->life_seconds = msg->life_seconds;
	}
	if (msg->id[0] && ike->standing == IKE_HALF_OPEN && !ike->id[from.initiator])
		ike->id[from.initiator] = strdup(msg->id);
	ike_progress_message(&ike->progress, msg, &from);
}

/* Note when a message was seen, and the addresses of the peers now. */
static void
note_message(struct ike *ike, const struct ike_datagram *d, bool repeated)
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

/* Does the wire prove that it is up, and has no other feed reported it in time? */
static bool
may_come_up(const struct ike_track *t, const struct ike *ike, uint64_t now_ns)
{
	if (ike->standing == IKE_HALF_OPEN) {
		if (!ike->progress.up || !ike->spi_responder)
			return false;
		if (!t->daemon)
			return true;
		/* A refusal in IKE_AUTH is encrypted: wait for another, later message. */
		return now_ns - ike->first_ns >= IKE_GRACE_NS && ike->last_ns - ike->first_ns >= IKE_GRACE_NS;
	}
	if (ike->standing != IKE_UNKNOWN || !ike->ours_sealed || ike->in.pkts == 0)
		return false;
	return !t->daemon || ike->last_ns - ike->first_ns >= IKE_GRACE_NS;
}

/* The IKE SA that the message belongs to; NULL: it is not known. */
static struct ike *
lookup(struct ike_track *t, const struct ike_datagram *d)
{
	struct ike *open = NULL;

	for (struct ike *ike = *ike_table_bucket(&t->table, d->msg->spi_initiator); ike; ike = ike->next) {
		if (ike->spi_initiator != d->msg->spi_initiator || ike->version != d->msg->major)
			continue;
		if (d->msg->spi_responder && ike->spi_responder == d->msg->spi_responder)
			return ike;
		/* The first message once more, or its answer. */
		if ((d->msg->spi_responder == 0 || ike->spi_responder == 0) && ike_between(ike, &d->local, &d->remote))
			open = ike;
	}
	return open;
}

void
ike_track_message(struct ike_track *t, const struct ike_datagram *d)
{
	struct ike *ike = d->fault == IKE_FAULT_SHORT ? NULL : lookup(t, d);
	struct ipm_ike_traffic more = { .octets = d->octets, .pkts = 1 }, back = { 0 };
	bool in = d->direction == IPM_IN;

	if (ike)
		check_record(t, ike, d->now_ns);
	/* It has ended, but encrypted messages continue: it may still exist. */
	if (ike && ike->standing == IKE_ENDED && d->now_ns - ike->ended_ns >= IKE_GRACE_NS && d->msg->encrypted) {
		ike_table_move(&t->table, ike, IKE_UNKNOWN);
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
	bool repeated = is_retransmission(ike, d->digest);
	if (!repeated)
		count_message(ike, d, &more, &back);
	note_message(ike, d, repeated);
	if (!d->fault && !repeated && ike->standing != IKE_ENDED)
		learn_from(ike, d);
	const struct ipm_ike_traffic *came = in ? &more : &back, *went = in ? &back : &more;
	if (ike->standing == IKE_UNKNOWN) {
		ipm_ike_traffic_add(&ike->in, came);
		ipm_ike_traffic_add(&ike->out, went);
	} else if (ike->standing == IKE_ENDED) {
		ipm_ike_count_late(t->w, ike->was, came, went);
	} else {
		ipm_ike_count(t->w, record_of(t, ike) ? (int)ike->slot : -1, came, went);
	}
	if (may_come_up(t, ike, d->now_ns))
		come_up(t, ike, d->now_ns);
	else
		record_update(t, ike);
}

/* --- time ------------------------------------------------------------------------------------------------------ */

void
ike_track_daemon(struct ike_track *t, bool connected)
{
	t->daemon = connected;
}

/* Another feed says that it is established. An IKEv1 SA without a Quick Mode has taken over another one's tunnels. */
static void
settle_phase(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	const struct ipm_ike_sa *sa = record_of(t, ike);

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
 * An IKEv1 SA that is negotiated while its predecessor is up takes over the tunnels without a Quick Mode: it is up if
 * neither side has refused.
 */
static void
adopt_successor(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	struct ike_progress *p = &ike->progress;
	if (ike->standing == IKE_HALF_OPEN && ike_progress_waits(p) && !p->doubted_ns &&
	    now_ns - p->answered_ns >= IKE_GRACE_NS && predecessor(t, ike))
		ike_progress_adopt(p);
}

/* Why an IKE SA of ours is over; IPM_REASON_CHECKPOINT: it is not. */
static enum ipm_reason
end_reason(const struct ike_track *t, const struct ike *ike, uint64_t now_ns)
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
	settle_phase(t, ike, now_ns);
	if (!is_ours(t, ike)) {
		/* Without a record, its messages would bring it back. If it was replaced, its last messages are over.
		 */
		const struct ipm_ike_sa *sa = record_of(t, ike);
		if ((!sa || !is_current(ike, sa)) && now_ns - ike->last_ns >= 10 * IKE_ENDED_NS)
			ike_table_remove(&t->table, ike);
		return;
	}
	if (!is_current(ike, ipm_ike_peek(t->w, ike->slot))) { /* another one continues the record */
		if (now_ns - ike->last_ns >= 10 * IKE_ENDED_NS)
			ike_table_remove(&t->table, ike);
		return;
	}
	enum ipm_reason reason = end_reason(t, ike, now_ns);
	if (reason == IPM_REASON_CHECKPOINT)
		return;
	ipm_ike_stop(t->w, ike->slot, reason);
	become_ended(t, ike, now_ns);
}

static void
ike_tick(struct ike_track *t, struct ike *ike, uint64_t now_ns)
{
	check_record(t, ike, now_ns);
	ike_progress_time(&ike->progress, now_ns);
	adopt_successor(t, ike, now_ns);
	if (may_come_up(t, ike, now_ns)) {
		come_up(t, ike, now_ns);
		return;
	}
	switch (ike->standing) {
	case IKE_HALF_OPEN:
		record_update(t, ike);
		if (now_ns - ike->last_ns >=
		    (ike->initiator && !ike->progress.refusal ? IKE_OWN_OPEN_NS : IKE_HALF_OPEN_NS))
			half_open_end(t, ike, now_ns);
		break;
	case IKE_UP:
		up_tick(t, ike, now_ns);
		break;
	case IKE_UNKNOWN:
		if (now_ns - ike->last_ns >= IKE_UNKNOWN_NS)
			unknown_end(t, ike);
		break;
	default:
		if (now_ns - ike->last_ns >= IKE_ENDED_NS && now_ns - ike->ended_ns >= IKE_ENDED_NS)
			ike_table_remove(&t->table, ike);
	}
}

void
ike_track_tick(struct ike_track *t, uint64_t now_ns)
{
	/* If a tick moves it to another standing, it may have two ticks, which does no harm. */
	for (int standing = 0; standing < IKE_STANDINGS; standing++)
		for (struct ike *ike = t->table.of[standing].oldest, *newer; ike; ike = newer) {
			newer = ike->newer;
			ike_tick(t, ike, now_ns);
		}
}

bool
ike_track_find(struct ike_track *t, uint64_t spi_initiator, uint64_t spi_responder, struct ike_track_view *out)
{
	for (struct ike *ike = *ike_table_bucket(&t->table, spi_initiator); ike; ike = ike->next)
		if (ike->spi_initiator == spi_initiator && ike->spi_responder == spi_responder) {
			bool there = record_of(t, ike) != NULL;
			*out = (struct ike_track_view){ .index = there ? ike->index : 0,
							.slot = ike->slot,
							.negotiating = ike->standing == IKE_HALF_OPEN,
							.up = ike->standing == IKE_UP,
							.unknown = ike->standing == IKE_UNKNOWN,
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

/* --- coming and going ------------------------------------------------------------------------------------------ */

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
			  .standing = sa->state == IPM_IKE_NEGOTIATING ? IKE_HALF_OPEN : IKE_UP,
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

	as.progress.up = as.standing == IKE_UP;
	as.progress.key[0] = as.progress.key[1] = sa->phase == IPM_PHASE_MM_KEY_EXCH;
	if (!ike_table_add(&t->table, &as))
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
	ike_table_seed(&t->table, now_ns);
	for (uint32_t slot = 0; feed_next_ike(writer, feed, &slot); slot++)
		take_up(t, slot, now_ns);
	return t;
}

void
ike_track_free(struct ike_track *t)
{
	if (!t)
		return;
	while (t->table.of[IKE_UNKNOWN].oldest) /* to count its messages */
		unknown_end(t, t->table.of[IKE_UNKNOWN].oldest);
	ike_table_free(&t->table);
	free(t);
}
