/* SPDX-License-Identifier: ISC */
/*
 * Notifications about remote users: their sessions (IPSECMON-MIB), and thresholds that are crossed
 * (CISCO-REMOTE-ACCESS-MONITOR-MIB).
 */
#include "mib_convert.h"
#include "mib_notify_int.h"
#include "mib_ras.h"
#include "mib_set.h"
#include "view_sessions.h"
#include "views.h"

/* ipsecmonNotifications */
enum { SESSION_START = 3, SESSION_STOP };
/* ciscoRasMonitorMIBNotifs */
enum { TOO_MANY_SESSIONS = 1, TOO_MANY_FAILED_AUTHS, TOO_HIGH_THROUGHPUT };

#define WATCH_NS NS_PER_SECOND

/* --- sessions --------------------------------------------------------------------------------------------------- */

/* The session of an event, now or as it was. */
static bool
find_session(const struct ipm_segment *seg, const struct ipm_event *event, struct ipm_session_history *was)
{
	struct ipm_walk walk;
	if (event->kind == IPM_EVENT_SESSION_STOP)
		return ipm_session_history_read(seg, event->slot, was) == 0 && was->index == event->index;
	*was = (struct ipm_session_history){ 0 };
	if (ipm_session_read(seg, event->slot, &was->session) == 0 && was->session.index == event->index)
		return true;
	ipm_walk_all(&walk, seg, IPM_SESSION_HISTORY);
	while (ipm_walk_next(&walk, was) > 0)
		if (was->session.index == event->index)
			return true;
	return false;
}

unsigned
mib_notify_tell_session(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event)
{
	/* User, Group, RemoteAddr, VirtualAddr; Stop also: Duration, InOctets, OutOctets, Reason */
	static const unsigned ids[] = { 2, 3, 4, 5, 6, 7, 8, 9 };
	bool stop = event->kind == IPM_EVENT_SESSION_STOP;
	struct mib_notification out = { .module = MIB_NOTIFY_OWN, .number = stop ? SESSION_STOP : SESSION_START };
	struct ipm_session_history was;
	if (!mib_notify_wanted(n, &out))
		return 0;
	if (!find_session(seg, event, &was))
		return 1;
	if (was.session.kind != IPM_SESSION_REMOTE_ACCESS)
		return 0;
	view_present_session(mib_notify_peers(n), seg, &was.session);
	const struct mib_cell cell = { .seg = seg, .record = &was, .now_ns = ipm_now_ns() };
	const mib_subid key = was.session.index;
	for (unsigned i = 0; i < (stop ? 8u : 4u); i++)
		mib_notify_cell(&out, &cell, &view_own_session, ids[i], &key, 1);
	mib_notify_send(n, &out);
	return 0;
}

/* --- thresholds --------------------------------------------------------------------------------------------------- */

static void
add_scalar(struct mib_notify *n, struct mib_notification *out, const struct mib_table *table, unsigned id)
{
	uint64_t record[MIB_MADE_MAX / 8];
	static const mib_subid zero = 0;
	if (table->make && !table->make(n->mib, record))
		return;
	const struct mib_cell cell = { .mib = n->mib, .record = table->local ? table->local : record };
	mib_notify_cell(out, &cell, table, id, &zero, 1);
}

static void
send_crossing(struct mib_notify *n, unsigned number)
{
	struct mib_notification out = { .module = MIB_NOTIFY_RAS, .number = number };
	if (number == TOO_MANY_SESSIONS) {
		add_scalar(n, &out, &view_ras_activity, 1); /* crasNumSessions */
		add_scalar(n, &out, &view_ras_activity, 3); /* crasNumUsers */
		add_scalar(n, &out, &view_ras_capacity, 1); /* crasMaxSessionsSupportable */
		add_scalar(n, &out, &view_ras_capacity, 2); /* crasMaxUsersSupportable */
	} else if (number == TOO_MANY_FAILED_AUTHS) {
		add_scalar(n, &out, &view_ras_failures, 2); /* crasNumDeclinedSessions */
	} else {
		add_scalar(n, &out, &view_ras_activity, 7); /* crasGlobalInOctets */
		add_scalar(n, &out, &view_ras_activity, 9); /* crasGlobalOutOctets */
	}
	add_scalar(n, &out, &view_ras_thresholds, number);
	mib_notify_send(n, &out);
}

/*
 * Does the value cross the threshold upwards? Once it has, it must fall by a twentieth of the threshold below it before
 * it can cross it again: a value that moves around the threshold causes one notification.
 */
static bool
crosses(struct mib_notify *n, unsigned number, uint64_t value)
{
	bool *above = &n->above[number - 1], was = *above;
	uint64_t most = mib_controls.ras_most[number - 1];
	*above = mib_controls.ras[number - 1] == 1 && most > 0 && (value > most || (was && value >= most - most / 20));
	return *above && !was;
}

/* Refused logins are counted from 0 again when the notification is sent. */
static bool
too_many_refused(const struct ipm_totals *totals)
{
	uint64_t declined = view_declined(totals), most = mib_controls.ras_most[TOO_MANY_FAILED_AUTHS - 1];
	if (declined < mib_ras.declined_before)
		mib_ras.declined_before = 0; /* a segment was replaced */
	return most > 0 && mib_controls.ras[TOO_MANY_FAILED_AUTHS - 1] == 1 &&
	       declined - mib_ras.declined_before >= most;
}

void
mib_notify_watch(struct mib_notify *n, uint64_t now_ns)
{
	struct ipm_totals totals;
	if (!n->mib || now_ns < n->watch_ns)
		return;
	mib_request_fresh(n->mib, 0);
	if (!mib_totals(n->mib, &totals))
		return;
	bool first = n->watch_ns == 0;
	n->watch_ns = now_ns + WATCH_NS;
	mib_load_add(&mib_ras.load, now_ns, totals.sessions_in.octets + totals.sessions_out.octets);
	for (unsigned s = 1; s <= mib_segments(n->mib); s++) /* count failures before they leave their ring */
		mib_group(n->mib, &view_group_fails, s, "");
	bool sessions = crosses(n, TOO_MANY_SESSIONS, totals.remote_access.active);
	bool load = crosses(n, TOO_HIGH_THROUGHPUT, mib_ras.load.known ? mib_ras.load.rate : 0);
	if (first) { /* what was so before the agent started has been told */
		mib_ras.declined_before = view_declined(&totals);
		return;
	}
	if (sessions)
		send_crossing(n, TOO_MANY_SESSIONS);
	if (load)
		send_crossing(n, TOO_HIGH_THROUGHPUT);
	if (too_many_refused(&totals)) {
		send_crossing(n, TOO_MANY_FAILED_AUTHS);
		mib_ras.declined_before = view_declined(&totals);
	}
}
