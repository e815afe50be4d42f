/* SPDX-License-Identifier: ISC */
/* Notifications of CISCO-IPSEC-FLOW-MONITOR-MIB for events of IKE SAs, tunnels and failures. */
#include <string.h>

#include "mib_convert.h"
#include "mib_notify_int.h"
#include "views.h"

/* cipSecMIBNotifications */
enum {
	IKE_TUNNEL_START = 1,
	IKE_TUNNEL_STOP,
	IKE_SYS_FAILURE,
	IKE_CERT_CRL_FAILURE,
	IKE_PROTOCOL_FAILURE,
	IKE_NO_SA,
	SEC_TUNNEL_START,
	SEC_TUNNEL_STOP,
	SEC_SYS_FAILURE,
	SEC_SET_UP_FAILURE,
	SEC_EARLY_TUN_TERM,
	SEC_PROTOCOL_FAILURE,
	SEC_NO_SA,
};

/* Columns of cikeTunnelTable and cipSecTunnelTable. */
#define IKE_LIFE_TIME   15
#define IKE_ACTIVE_TIME 16
#define TUN_LIFE_SIZE   8
#define TUN_LIFE_TIME   9
#define TUN_ACTIVE_TIME 10

/* --- cells ------------------------------------------------------------------------------------------------------- */

static void
add_cell(struct mib_notification *out, const struct mib_table *table, unsigned id, const mib_subid *key,
	 unsigned key_len, const void *record)
{
	const struct mib_cell cell = { .record = record, .now_ns = ipm_now_ns() };
	mib_notify_cell(out, &cell, table, id, key, key_len);
}

/* cikePeerLocalAddr and cikePeerRemoteAddr. */
static void
add_peer(struct mib_notification *out, const struct ipm_ike_sa *sa)
{
	mib_subid key[MIB_KEY_MAX];
	unsigned len = view_peer_key(sa->local_id, sa->remote_id, sa->peer, key);
	add_cell(out, &view_ike_peer, 6, key, len, sa);
	add_cell(out, &view_ike_peer, 7, key, len, sa);
}

/* Set the last varbind, a duration, to its final value. */
static void
set_lasted(struct mib_notification *out, uint64_t from_ns, uint64_t to_ns)
{
	out->varbind[out->count - 1].value.number = mib_ticks(from_ns, to_ns);
}

static void
add_ike(struct mib_notification *out, unsigned id, const struct ipm_ike_sa *sa)
{
	const mib_subid key = sa->index;
	add_cell(out, &view_ike_tunnel, id, &key, 1, sa);
}

static void
add_tunnel(struct mib_notification *out, unsigned id, const struct ipm_tunnel *tunnel)
{
	const mib_subid key = tunnel->index;
	add_cell(out, &view_sec_tunnel, id, &key, 1, tunnel);
}

/* cipSecSpiProtocol of the tunnel's newest SA. The SA may no longer exist. */
static void
add_spi_protocol(struct mib_notification *out, const struct ipm_tunnel *tunnel)
{
	const struct ipm_sa sa = { .protocol = tunnel->protocol };
	const mib_subid key[2] = { tunnel->index, tunnel->next_sa > 1 ? tunnel->next_sa - 1 : 0 };
	add_cell(out, &view_sec_spi, 4, key, 2, &sa);
}

/* --- one event ------------------------------------------------------------------------------------------------- */

static bool
wanted(struct mib_notify *n, unsigned number)
{
	return mib_notify_wanted(n, &(struct mib_notification){ .number = number });
}

/* Read the record, or its copy in the history. */
static bool
find_ike(const struct ipm_segment *seg, const struct ipm_event *event, struct ipm_ike_sa *sa)
{
	struct ipm_ike_history was;
	struct ipm_walk walk;
	if (ipm_ike_read(seg, event->slot, sa) == 0 && sa->index == event->index)
		return true;
	ipm_walk_all(&walk, seg, IPM_IKE_HISTORY);
	while (ipm_walk_next(&walk, &was) > 0)
		if (was.sa.index == event->index) {
			*sa = was.sa;
			return true;
		}
	return false;
}

static bool
find_tunnel(const struct ipm_segment *seg, const struct ipm_event *event, struct ipm_tunnel *tunnel)
{
	struct ipm_tunnel_history was;
	struct ipm_walk walk;
	if (ipm_tunnel_read(seg, event->slot, tunnel) == 0 && tunnel->index == event->index)
		return true;
	ipm_walk_all(&walk, seg, IPM_TUNNEL_HISTORY);
	while (ipm_walk_next(&walk, &was) > 0)
		if (was.tunnel.index == event->index) {
			*tunnel = was.tunnel;
			return true;
		}
	return false;
}

static unsigned
tell_ike_start(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event)
{
	struct mib_notification out = { .number = IKE_TUNNEL_START };
	struct ipm_ike_sa sa;
	if (!wanted(n, out.number))
		return 0;
	if (!find_ike(seg, event, &sa))
		return 1;
	view_present_ike(mib_notify_peers(n), seg, &sa);
	add_peer(&out, &sa);
	add_ike(&out, IKE_LIFE_TIME, &sa);
	mib_notify_send(n, &out);
	return 0;
}

static unsigned
tell_ike_stop(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event)
{
	struct mib_notification out = { .number = IKE_TUNNEL_STOP };
	struct ipm_ike_history was;
	if (!wanted(n, out.number))
		return 0;
	if (ipm_ike_history_read(seg, event->slot, &was) < 0 || was.index != event->index)
		return 1;
	view_present_ike_history(mib_notify_peers(n), seg, &was);
	add_peer(&out, &was.sa);
	add_ike(&out, IKE_ACTIVE_TIME, &was.sa);
	set_lasted(&out, was.sa.created_ns, was.ended_ns);
	mib_notify_send(n, &out);
	return 0;
}

static unsigned
tell_tunnel_start(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event)
{
	struct mib_notification out = { .number = SEC_TUNNEL_START };
	struct ipm_tunnel tunnel;
	if (!wanted(n, out.number))
		return 0;
	if (!find_tunnel(seg, event, &tunnel))
		return 1;
	add_tunnel(&out, TUN_LIFE_TIME, &tunnel);
	add_tunnel(&out, TUN_LIFE_SIZE, &tunnel);
	mib_notify_send(n, &out);
	return 0;
}

/* Did the tunnel end although nobody wanted it to? */
static bool
ended_early(uint16_t reason)
{
	return reason == IPM_REASON_PEER_LOST || reason == IPM_REASON_LOCAL_FAILURE ||
	       reason == IPM_REASON_SEQ_ROLLOVER || reason == IPM_REASON_SOURCE_LOST;
}

static unsigned
tell_tunnel_stop(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event)
{
	struct mib_notification stop = { .number = SEC_TUNNEL_STOP }, early = { .number = SEC_EARLY_TUN_TERM };
	struct ipm_tunnel_history was;
	bool tell_stop = wanted(n, stop.number), tell_early = ended_early(event->reason) && wanted(n, early.number);
	if (!tell_stop && !tell_early)
		return 0;
	if (ipm_tunnel_history_read(seg, event->slot, &was) < 0 || was.index != event->index)
		return (unsigned)tell_stop + tell_early;
	if (tell_stop) {
		add_tunnel(&stop, TUN_ACTIVE_TIME, &was.tunnel);
		set_lasted(&stop, was.tunnel.created_ns, was.ended_ns);
		mib_notify_send(n, &stop);
	}
	if (tell_early) {
		add_tunnel(&early, TUN_ACTIVE_TIME, &was.tunnel);
		set_lasted(&early, was.tunnel.created_ns, was.ended_ns);
		add_spi_protocol(&early, &was.tunnel);
		mib_notify_send(n, &early);
	}
	return 0;
}

/* The peer of a failure, in the form of an IKE SA. */
static struct ipm_ike_sa
failed_peer(const struct ipm_failure *failure)
{
	struct ipm_ike_sa sa = { .local = failure->local, .remote = failure->remote, .peer = failure->peer };
	memcpy(sa.local_id, failure->local_id, sizeof(sa.local_id));
	memcpy(sa.remote_id, failure->remote_id, sizeof(sa.remote_id));
	return sa;
}

static unsigned
ike_failure_number(uint32_t reason)
{
	switch (reason) {
	case IPM_FAIL_LOCAL:
	case IPM_FAIL_INTERNAL:
	case IPM_FAIL_CAPACITY:
		return IKE_SYS_FAILURE;
	case IPM_FAIL_CERT_UNAVAILABLE:
	case IPM_FAIL_CERT_INVALID:
	case IPM_FAIL_CERT_EXPIRED:
	case IPM_FAIL_CRL:
		return IKE_CERT_CRL_FAILURE;
	case IPM_FAIL_NO_SA:
		return IKE_NO_SA;
	default:
		return IKE_PROTOCOL_FAILURE;
	}
}

static unsigned
tell_ike_failure(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event)
{
	struct mib_notification out = { .number = ike_failure_number(event->reason) };
	struct ipm_failure failure;
	if (!wanted(n, out.number))
		return 0;
	if (ipm_failure_read(seg, IPM_IKE_FAILURES, event->slot, &failure) < 0 || failure.index != event->index)
		return 1;
	view_present_failure(mib_notify_peers(n), seg, &failure);
	struct ipm_ike_sa sa = failed_peer(&failure);
	add_peer(&out, &sa);
	mib_notify_send(n, &out);
	return 0;
}

static unsigned
tunnel_failure_number(const struct ipm_failure *failure)
{
	switch (failure->reason) {
	case IPM_FAIL_LOCAL:
	case IPM_FAIL_INTERNAL:
	case IPM_FAIL_CAPACITY:
		return SEC_SYS_FAILURE;
	case IPM_FAIL_NO_SA:
		return SEC_NO_SA;
	default:
		return failure->setup ? SEC_SET_UP_FAILURE : SEC_PROTOCOL_FAILURE;
	}
}

/* The tunnel that a failure names. If the tunnel has ended, only its index is known. */
static struct ipm_tunnel
failed_tunnel(const struct ipm_segment *seg, const struct ipm_failure *failure)
{
	struct ipm_tunnel tunnel;
	struct ipm_walk walk;
	ipm_walk_all(&walk, seg, IPM_TUNNELS);
	while (failure->tunnel_index && ipm_walk_next(&walk, &tunnel) > 0)
		if (tunnel.index == failure->tunnel_index)
			return tunnel;
	return (struct ipm_tunnel){ .index = failure->tunnel_index, .created_ns = failure->time_ns, .protocol = 50 };
}

static unsigned
tell_tunnel_failure(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event)
{
	struct ipm_failure failure;
	if (ipm_failure_read(seg, IPM_TUNNEL_FAILURES, event->slot, &failure) < 0 || failure.index != event->index)
		return 1;
	struct mib_notification out = { .number = tunnel_failure_number(&failure) };
	if (!wanted(n, out.number))
		return 0;
	view_present_failure(mib_notify_peers(n), seg, &failure);
	struct ipm_ike_sa sa = failed_peer(&failure);
	struct ipm_tunnel tunnel = failed_tunnel(seg, &failure);
	if (out.number == SEC_SYS_FAILURE || out.number == SEC_SET_UP_FAILURE)
		add_peer(&out, &sa);
	if (out.number == SEC_SYS_FAILURE || out.number == SEC_PROTOCOL_FAILURE) {
		add_tunnel(&out, TUN_ACTIVE_TIME, &tunnel);
		set_lasted(&out, tunnel.created_ns, failure.time_ns);
		add_spi_protocol(&out, &tunnel);
	}
	mib_notify_send(n, &out);
	return 0;
}

unsigned
mib_notify_tell_flow(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event)
{
	switch (event->kind) {
	case IPM_EVENT_IKE_START:
		return tell_ike_start(n, seg, event);
	case IPM_EVENT_IKE_STOP:
		return tell_ike_stop(n, seg, event);
	case IPM_EVENT_TUNNEL_START:
		return tell_tunnel_start(n, seg, event);
	case IPM_EVENT_TUNNEL_STOP:
		return tell_tunnel_stop(n, seg, event);
	case IPM_EVENT_IKE_FAILURE:
		return tell_ike_failure(n, seg, event);
	case IPM_EVENT_TUNNEL_FAILURE:
		return tell_tunnel_failure(n, seg, event);
	default:
		return 0;
	}
}
