/* SPDX-License-Identifier: ISC */
/*
 * Sessions: a session follows its IKE SA, and a tunnel belongs to the session of the IKE SA that negotiated it. A
 * session stores what its ended tunnels counted. Readers add its other tunnels. What a tunnel counted belongs to one
 * session only: if it goes to another one, ipm_tunnel.past_in and past_out remember the part that stays behind.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipm_writer_int.h"

const struct ipm_session *
ipm_session_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_SESSIONS, slot);
}

/* --- totals ------------------------------------------------------------------------------------------------------- */

static bool
is_active(const struct ipm_session *session)
{
	return session->state != IPM_SESSION_HELD;
}

static struct ipm_session_totals *
totals_of(struct ipm_writer *w, uint8_t kind)
{
	return kind == IPM_SESSION_REMOTE_ACCESS ? &w->totals.remote_access : &w->totals.lan_to_lan;
}

static void
active_add(struct ipm_session_totals *t)
{
	t->active++;
	if (t->active <= t->peak)
		return;
	t->peak = t->active;
	t->peak_ns = ipm_now_ns();
}

/* Update the gauges and tell readers when a session gets or loses its row. */
static void
active_changed(struct ipm_writer *w, bool was, const struct ipm_session *now)
{
	if (was == is_active(now))
		return;
	if (was) {
		w->totals.sessions.active--;
		totals_of(w, now->kind)->active--;
	} else {
		active_add(&w->totals.sessions);
		active_add(totals_of(w, now->kind));
	}
	ipm_section_changed(w, IPM_SESSIONS);
}

/* --- tunnels ------------------------------------------------------------------------------------------------------ */

/* Set a neighbour of the tunnel in slot @p at - 1, if there is one. */
static void
tunnel_neighbour(struct ipm_writer *w, uint32_t at, uint32_t to, bool behind)
{
	if (at == 0)
		return;
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, at - 1);
	*(behind ? &tunnel.session_prev : &tunnel.session_next) = to;
	ipm_record_put(w, IPM_TUNNELS, at - 1, &tunnel);
}

/* Put the tunnel at the head of the session's list. */
static void
tie(struct ipm_writer *w, uint32_t session_slot, uint32_t slot)
{
	struct ipm_session session = *ipm_session_peek(w, session_slot);
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, slot);

	tunnel.session = session_slot + 1;
	tunnel.session_prev = 0;
	tunnel.session_next = session.tunnel_head;
	ipm_record_put(w, IPM_TUNNELS, slot, &tunnel);
	tunnel_neighbour(w, tunnel.session_next, slot + 1, true);
	session.tunnel_head = slot + 1;
	session.tunnels++;
	ipm_record_put(w, IPM_SESSIONS, session_slot, &session);
}

void
ipm_tunnel_leave(struct ipm_writer *w, uint32_t slot)
{
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, slot);
	struct ipm_volume in, out;

	if (tunnel.session == 0)
		return;
	uint32_t session_slot = tunnel.session - 1;
	struct ipm_record *rec = ipm_record_at(&w->seg, IPM_SESSIONS, session_slot);
	struct ipm_session session = *ipm_session_peek(w, session_slot);
	ipm_tunnel_session_share(&tunnel, &in, &out);
	/* Close the record to readers. Otherwise they could count the tunnel twice, or not at all. */
	ipm_record_begin(rec);
	ipm_volume_add(&session.in, &in);
	ipm_volume_add(&session.out, &out);
	session.tunnels--;
	session.tunnels_ended++;
	if (tunnel.session_prev == 0)
		session.tunnel_head = tunnel.session_next;
	tunnel_neighbour(w, tunnel.session_prev, tunnel.session_next, false);
	tunnel_neighbour(w, tunnel.session_next, tunnel.session_prev, true);
	tunnel.session = tunnel.session_next = tunnel.session_prev = 0;
	tunnel.past_in = ipm_traffic_volume(&tunnel.in);
	tunnel.past_out = ipm_traffic_volume(&tunnel.out);
	ipm_record_put(w, IPM_TUNNELS, slot, &tunnel);
	ipm_words_store(ipm_payload(rec), &session, sizeof(session));
	ipm_record_end(rec);
}

/* Slot + 1 of the session of this tunnel's IKE SA; 0: that has none, or has ended. */
static uint32_t
session_of(const struct ipm_writer *w, const struct ipm_tunnel *tunnel)
{
	return ipm_slot_holds(w, IPM_IKE_SAS, tunnel->ike_slot, tunnel->ike_index)
		       ? ipm_ike_peek(w, tunnel->ike_slot)->session
		       : 0;
}

void
ipm_tunnel_follow(struct ipm_writer *w, uint32_t slot)
{
	struct ipm_volume in, out;
	const struct ipm_tunnel *tunnel = ipm_tunnel_peek(w, slot);
	uint32_t session = session_of(w, tunnel);

	if (session == 0 || session == tunnel->session)
		return;
	ipm_tunnel_leave(w, slot);
	ipm_tunnel_session_share(tunnel, &in, &out);
	ipm_volume_add(&w->totals.sessions_in, &in);
	ipm_volume_add(&w->totals.sessions_out, &out);
	tie(w, session - 1, slot);
}

void
ipm_session_count(struct ipm_writer *w, const struct ipm_tunnel *tunnel, enum ipm_direction direction,
		  const struct ipm_traffic *more)
{
	struct ipm_volume volume = ipm_traffic_volume(more);
	if (tunnel->session)
		ipm_volume_add(direction == IPM_IN ? &w->totals.sessions_in : &w->totals.sessions_out, &volume);
}

/* --- IKE SAs ------------------------------------------------------------------------------------------------------ */

static void
ike_set(struct ipm_writer *w, uint32_t slot, uint32_t index, uint32_t session)
{
	if (!ipm_slot_holds(w, IPM_IKE_SAS, slot, index))
		return;
	struct ipm_ike_sa sa = *ipm_ike_peek(w, slot);
	sa.session = session;
	ipm_record_put(w, IPM_IKE_SAS, slot, &sa);
}

/* May a session be that of the IKE SA that it names? */
static bool
ike_suits(const struct ipm_writer *w, const struct ipm_session *session, uint32_t slot)
{
	const struct ipm_ike_sa *sa = ipm_ike_peek(w, session->ike_slot);
	return session->ike_index < IPM_IKE_UNNUMBERED &&
	       ipm_slot_holds(w, IPM_IKE_SAS, session->ike_slot, session->ike_index) &&
	       (sa->session == 0 || sa->session == slot + 1);
}

void
ipm_session_refresh(struct ipm_writer *w, uint32_t slot)
{
	if (!ipm_slot_live(w, IPM_SESSIONS, slot))
		return;
	struct ipm_session copy = *ipm_session_peek(w, slot);
	copy.refreshes++;
	ipm_record_put(w, IPM_SESSIONS, slot, &copy);
}

void
ipm_session_ike_ends(struct ipm_writer *w, uint32_t ike_slot, enum ipm_reason reason)
{
	uint32_t at = ipm_ike_peek(w, ike_slot)->session;
	if (at && is_active(ipm_session_peek(w, at - 1)))
		ipm_session_stop(w, at - 1, reason);
}

void
ipm_session_ike_merges(struct ipm_writer *w, uint32_t from, uint32_t into)
{
	uint32_t at = ipm_ike_peek(w, from)->session;
	if (at == 0 || ipm_ike_peek(w, into)->session || ipm_ike_peek(w, into)->index >= IPM_IKE_UNNUMBERED)
		return;
	struct ipm_session copy = *ipm_session_peek(w, at - 1);
	ike_set(w, from, copy.ike_index, 0);
	copy.ike_slot = into;
	copy.ike_index = ipm_ike_peek(w, into)->index;
	ipm_record_put(w, IPM_SESSIONS, at - 1, &copy);
	ike_set(w, into, copy.ike_index, at);
}

/* --- sessions ----------------------------------------------------------------------------------------------------- */

int
ipm_session_open(struct ipm_writer *w, const struct ipm_session *session)
{
	struct ipm_session copy = *session;
	uint32_t there = ipm_ike_peek(w, session->ike_slot)->session;

	/* With lanes, nobody would add them to the totals of sessions. */
	if (w->seg.lanes > 0 || w->seg.section[IPM_SESSIONS].capacity == 0)
		return -EOPNOTSUPP;
	if (!ike_suits(w, session, there - 1))
		return -ENOENT;
	if (there) {
		int rc = ipm_session_put(w, there - 1, session);
		return rc < 0 ? rc : (int)(there - 1);
	}
	int rc = ipm_session_valid(w, &copy), slot = rc < 0 ? rc : ipm_slot_take(w, IPM_SESSIONS);
	if (slot < 0)
		return slot;
	copy.index = ipm_index_take(w, IPM_SESSIONS, &w->totals.next_session);
	copy.refreshes = copy.tunnels = copy.tunnels_ended = copy.tunnel_head = 0;
	memset(&copy.in, 0, sizeof(copy.in));
	memset(&copy.out, 0, sizeof(copy.out));
	if (copy.started_ns == 0)
		copy.started_ns = ipm_now_ns();
	ipm_record_put(w, IPM_SESSIONS, (uint32_t)slot, &copy);
	ike_set(w, copy.ike_slot, copy.ike_index, (uint32_t)slot + 1);
	w->totals.sessions.total++;
	totals_of(w, copy.kind)->total++;
	active_changed(w, false, &copy);
	ipm_totals_publish(w);
	ipm_event_push(w, IPM_EVENT_SESSION_START, 0, (uint32_t)slot, copy.index);
	return slot;
}

/* Restore the fields that only the writer sets. */
static void
keep_own_fields(struct ipm_session *session, const struct ipm_session *old)
{
	session->index = old->index;
	session->kind = old->kind;
	session->refreshes = old->refreshes;
	session->tunnels = old->tunnels;
	session->tunnels_ended = old->tunnels_ended;
	session->tunnel_head = old->tunnel_head;
	session->started_ns = old->started_ns;
	session->in = old->in;
	session->out = old->out;
}

int
ipm_session_put(struct ipm_writer *w, uint32_t slot, const struct ipm_session *session)
{
	const struct ipm_session *old = ipm_session_peek(w, slot);
	struct ipm_session copy = *session;

	if (!ipm_slot_live(w, IPM_SESSIONS, slot))
		return -ENOENT;
	keep_own_fields(&copy, old);
	int rc = ipm_session_valid(w, &copy);
	if (rc < 0)
		return rc;
	bool moved = copy.ike_index != old->ike_index, was = is_active(old);
	if (moved && !ike_suits(w, &copy, slot))
		return -ENOENT;
	if (memcmp(&copy, old, sizeof(copy)) == 0)
		return 0;
	/* Its rows in other tables are sorted by these. */
	bool renamed = strcmp(copy.user, old->user) != 0 || strcmp(copy.group, old->group) != 0;
	if (moved) {
		copy.refreshes++;
		ike_set(w, old->ike_slot, old->ike_index, 0);
		ike_set(w, copy.ike_slot, copy.ike_index, slot + 1);
	}
	ipm_record_put(w, IPM_SESSIONS, slot, &copy);
	if (renamed)
		ipm_section_changed(w, IPM_SESSIONS);
	active_changed(w, was, &copy);
	return 0;
}

static void
drop_out(struct ipm_writer *w, const struct ipm_session_history *entry)
{
	if (entry->index == 0)
		return;
	ipm_volume_add(&w->totals.sessions_rest_in, &entry->session.in);
	ipm_volume_add(&w->totals.sessions_rest_out, &entry->session.out);
}

static void
session_remember(struct ipm_writer *w, const struct ipm_session *session, enum ipm_reason reason)
{
	struct ipm_session_history entry = {
		.index = 1, .reason = reason, .ended_ns = ipm_now_ns(), .session = *session
	};
	if (!ipm_ring_room(w, IPM_SESSION_HISTORY)) {
		drop_out(w, &entry);
		return;
	}
	struct ipm_session_history oldest =
		*(const struct ipm_session_history *)ipm_ring_oldest(w, IPM_SESSION_HISTORY);
	entry.index = ipm_ring_next(w, IPM_SESSION_HISTORY);
	uint32_t slot = ipm_ring_push(w, IPM_SESSION_HISTORY, &entry);
	drop_out(w, &oldest);
	ipm_totals_publish(w);
	ipm_event_push(w, IPM_EVENT_SESSION_STOP, reason, slot, entry.index);
}

void
ipm_session_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason)
{
	const struct ipm_session *session = ipm_session_peek(w, slot);

	if (!ipm_slot_live(w, IPM_SESSIONS, slot))
		return;
	while (session->tunnel_head)
		ipm_tunnel_leave(w, session->tunnel_head - 1);
	struct ipm_session gone = *session;
	if (is_active(&gone)) {
		w->totals.sessions.active--;
		totals_of(w, gone.kind)->active--;
	}
	session_remember(w, &gone, reason);
	ike_set(w, gone.ike_slot, gone.ike_index, 0);
	ipm_slot_give(w, IPM_SESSIONS, slot);
}

/* --- after an earlier run ----------------------------------------------------------------------------------------- */

void
ipm_session_inherit(struct ipm_writer *w, const struct ipm_tunnel *tunnel)
{
	struct ipm_volume in, out;
	if (tunnel->session == 0 || !ipm_slot_live(w, IPM_SESSIONS, tunnel->session - 1))
		return;
	struct ipm_session session = *ipm_session_peek(w, tunnel->session - 1);
	ipm_tunnel_session_share(tunnel, &in, &out);
	ipm_volume_add(&session.in, &in);
	ipm_volume_add(&session.out, &out);
	session.tunnels_ended++;
	ipm_record_put(w, IPM_SESSIONS, tunnel->session - 1, &session);
}

static void
relink_tunnels(struct ipm_writer *w)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, slot);
		uint32_t at = tunnel.session;
		if (tunnel.index == 0 || at == 0)
			continue;
		bool stays = ipm_slot_live(w, IPM_SESSIONS, at - 1);
		tunnel.session = tunnel.session_next = tunnel.session_prev = 0;
		if (!stays) {
			tunnel.past_in = ipm_traffic_volume(&tunnel.in);
			tunnel.past_out = ipm_traffic_volume(&tunnel.out);
		}
		ipm_record_put(w, IPM_TUNNELS, slot, &tunnel);
		if (stays)
			tie(w, at - 1, slot);
	}
}

/* An IKE SA has a session if both say so. */
static void
relink_ikes(struct ipm_writer *w)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(w, slot);
		if (sa->index && sa->session)
			ike_set(w, slot, sa->index, 0);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_SESSIONS); slot++) {
		const struct ipm_session *session = ipm_session_peek(w, slot);
		if (session->index == 0)
			continue;
		if (ike_suits(w, session, slot))
			ike_set(w, session->ike_slot, session->ike_index, slot + 1);
		else if (is_active(session))
			ipm_session_stop(w, slot, IPM_REASON_UNKNOWN);
	}
}

void
ipm_sessions_relink(struct ipm_writer *w)
{
	struct ipm_totals *t = &w->totals;

	t->sessions.active = t->remote_access.active = t->lan_to_lan.active = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_SESSIONS); slot++) {
		struct ipm_session session = *ipm_session_peek(w, slot);
		if (session.index == 0)
			continue;
		if (session.index >= t->next_session)
			w->wrapped = true;
		session.tunnel_head = session.tunnels = 0;
		ipm_record_put(w, IPM_SESSIONS, slot, &session);
		active_changed(w, false, &session);
	}
	relink_tunnels(w);
	relink_ikes(w);
}
