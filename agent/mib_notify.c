/* SPDX-License-Identifier: ISC */
/* Events made into notifications: the queue, and those of CISCO-IPSEC-FLOW-MONITOR-MIB. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mib_convert.h"
#include "mib_notify_int.h"
#include "mib_set.h"
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

/* A segment that is followed, and how far. */
struct followed {
	const struct ipm_segment *seg;
	char path[256];
	uint64_t serial;
};

struct mib_notify {
	void (*send)(void *arg, const struct mib_notification *);
	void *arg;
	struct followed *seg;
	unsigned count, turn;
	struct mib *mib;
	double rate, tokens; /* a token is one notification */
	uint64_t began_ns;
	uint64_t filled_ns;
	struct mib_notify_stats stats;
};

/* --- varbinds ------------------------------------------------------------------------------------------------ */

static const struct mib_col *
column(const struct mib_table *table, unsigned id)
{
	for (unsigned c = 0; c < table->ncols; c++)
		if (table->cols[c].id == id)
			return &table->cols[c];
	return NULL;
}

void
mib_notify_cell(struct mib_notification *out, const struct mib_cell *cell, const struct mib_table *table, unsigned id,
		const mib_subid *key, unsigned key_len)
{
	struct mib_varbind *vb = &out->varbind[out->count];
	const struct mib_col *col = column(table, id);

	if (!col || out->count == MIB_VARBINDS_MAX)
		return;
	memcpy(vb->name, table->oid, table->oid_len * sizeof(*vb->name));
	vb->name[table->oid_len] = id;
	memcpy(vb->name + table->oid_len + 1, key, key_len * sizeof(*key));
	vb->name_len = table->oid_len + 1 + key_len;
	if (mib_col_value(col, cell, &vb->value))
		out->count++;
}

/* A cell of a table, of the row with this index, made from @p record by the column's own conversion. */
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

/* A time that has stopped: the last varbind's, in hundredths of a second. */
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

/* cipSecSpiProtocol of the tunnel's newest SA, which may be gone. */
static void
add_spi_protocol(struct mib_notification *out, const struct ipm_tunnel *tunnel)
{
	const struct ipm_sa sa = { .protocol = tunnel->protocol };
	const mib_subid key[2] = { tunnel->index, tunnel->next_sa > 1 ? tunnel->next_sa - 1 : 0 };
	add_cell(out, &view_sec_spi, 4, key, 2, &sa);
}

#define IKE_LIFE_TIME   15
#define IKE_ACTIVE_TIME 16
#define TUN_LIFE_SIZE   8
#define TUN_LIFE_TIME   9
#define TUN_ACTIVE_TIME 10

/* --- one event ------------------------------------------------------------------------------------------------- */

size_t
mib_notification_oid(const struct mib_notification *one, mib_subid *oid)
{
	static const mib_subid flow[] = { FLOW_MIB, 2, 0 }, cips[] = { CIPS_MIB, 2, 0 };
	static const mib_subid engine[] = { ACCELERATOR_MIB, 0 }, own[] = { IPSECMON_MIB, 0 };
	static const struct {
		const mib_subid *oid;
		size_t len;
	} prefix[MIB_NOTIFY_MODULES] = { [MIB_NOTIFY_FLOW] = { flow, MIB_COUNT(flow) },
					 [MIB_NOTIFY_CIPS] = { cips, MIB_COUNT(cips) },
					 [MIB_NOTIFY_ENGINE] = { engine, MIB_COUNT(engine) },
					 [MIB_NOTIFY_OWN] = { own, MIB_COUNT(own) } };
	size_t len = prefix[one->module].len;
	memcpy(oid, prefix[one->module].oid, len * sizeof(*oid));
	oid[len] = one->number;
	return len + 1;
}

/* Asked before anything is looked up: what is switched off costs nothing. */
bool
mib_notify_wanted(struct mib_notify *n, const struct mib_notification *out)
{
	static const uint32_t *const controls[MIB_NOTIFY_MODULES] = { [MIB_NOTIFY_FLOW] = mib_controls.notify,
								      [MIB_NOTIFY_CIPS] = mib_controls.cips,
								      [MIB_NOTIFY_ENGINE] = mib_controls.engine,
								      [MIB_NOTIFY_OWN] = mib_controls.own };
	if (controls[out->module][out->number - 1] == 1)
		return true;
	n->stats.disabled++;
	return false;
}

static bool
wanted(struct mib_notify *n, unsigned number)
{
	return mib_notify_wanted(n, &(struct mib_notification){ .number = number });
}

void
mib_notify_send(struct mib_notify *n, const struct mib_notification *out)
{
	n->send(n->arg, out);
	n->stats.sent++;
	n->tokens -= 1;
}

static void
send(struct mib_notify *n, const struct mib_notification *out)
{
	mib_notify_send(n, out);
}

/* What became of the record is in the history by now, if it is not there any more. */
static bool
find_ike(const struct ipm_segment *seg, const struct ipm_event *event, struct ipm_ike_sa *sa)
{
	struct ipm_ike_history was;
	if (ipm_ike_read(seg, event->slot, sa) == 0 && sa->index == event->index)
		return true;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_IKE_HISTORY); slot++)
		if (ipm_ike_history_read(seg, slot, &was) == 0 && was.sa.index == event->index) {
			*sa = was.sa;
			return true;
		}
	return false;
}

static bool
find_tunnel(const struct ipm_segment *seg, const struct ipm_event *event, struct ipm_tunnel *tunnel)
{
	struct ipm_tunnel_history was;
	if (ipm_tunnel_read(seg, event->slot, tunnel) == 0 && tunnel->index == event->index)
		return true;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNEL_HISTORY); slot++)
		if (ipm_tunnel_history_read(seg, slot, &was) == 0 && was.tunnel.index == event->index) {
			*tunnel = was.tunnel;
			return true;
		}
	return false;
}

/* The tell functions return how many notifications there is nothing left to tell of. */

static unsigned
tell_ike_start(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event)
{
	struct mib_notification out = { .number = IKE_TUNNEL_START };
	struct ipm_ike_sa sa;
	if (!wanted(n, out.number))
		return 0;
	if (!find_ike(seg, event, &sa))
		return 1;
	add_peer(&out, &sa);
	add_ike(&out, IKE_LIFE_TIME, &sa);
	send(n, &out);
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
	add_peer(&out, &was.sa);
	add_ike(&out, IKE_ACTIVE_TIME, &was.sa);
	set_lasted(&out, was.sa.created_ns, was.ended_ns);
	send(n, &out);
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
	send(n, &out);
	return 0;
}

/* A tunnel ended early when nobody wanted it to end. */
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
		send(n, &stop);
	}
	if (tell_early) {
		add_tunnel(&early, TUN_ACTIVE_TIME, &was.tunnel);
		set_lasted(&early, was.tunnel.created_ns, was.ended_ns);
		add_spi_protocol(&early, &was.tunnel);
		send(n, &early);
	}
	return 0;
}

/* The peer of a failure, as if it had an IKE SA. */
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
	struct ipm_ike_sa sa = failed_peer(&failure);
	add_peer(&out, &sa);
	send(n, &out);
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

/* The tunnel that a failure names; one that is not there any more has only its index. */
static struct ipm_tunnel
failed_tunnel(const struct ipm_segment *seg, const struct ipm_failure *failure)
{
	struct ipm_tunnel tunnel;
	for (uint32_t slot = 0; failure->tunnel_index && slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
		if (ipm_tunnel_read(seg, slot, &tunnel) == 0 && tunnel.index == failure->tunnel_index)
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
	struct ipm_ike_sa sa = failed_peer(&failure);
	struct ipm_tunnel tunnel = failed_tunnel(seg, &failure);
	if (out.number == SEC_SYS_FAILURE || out.number == SEC_SET_UP_FAILURE)
		add_peer(&out, &sa);
	if (out.number == SEC_SYS_FAILURE || out.number == SEC_PROTOCOL_FAILURE) {
		add_tunnel(&out, TUN_ACTIVE_TIME, &tunnel);
		set_lasted(&out, tunnel.created_ns, failure.time_ns);
		add_spi_protocol(&out, &tunnel);
	}
	send(n, &out);
	return 0;
}

static void
tell(struct mib_notify *n, const struct ipm_segment *seg, unsigned gateway, const struct ipm_event *event)
{
	unsigned lost = 0;
	switch (event->kind) {
	case IPM_EVENT_IKE_START:
		lost = tell_ike_start(n, seg, event);
		break;
	case IPM_EVENT_IKE_STOP:
		lost = tell_ike_stop(n, seg, event);
		break;
	case IPM_EVENT_TUNNEL_START:
		lost = tell_tunnel_start(n, seg, event);
		break;
	case IPM_EVENT_TUNNEL_STOP:
		lost = tell_tunnel_stop(n, seg, event);
		break;
	case IPM_EVENT_IKE_FAILURE:
		lost = tell_ike_failure(n, seg, event);
		break;
	case IPM_EVENT_TUNNEL_FAILURE:
		lost = tell_tunnel_failure(n, seg, event);
		break;
	default:
		lost = mib_notify_tell_map(n, n->mib, seg, gateway, event);
		break;
	}
	n->stats.suppressed += lost;
}

/* --- the queue ---------------------------------------------------------------------------------------------------- */

static void
fill_tokens(struct mib_notify *n)
{
	uint64_t now = ipm_now_ns();
	double most = n->rate / 10 > 1 ? n->rate / 10 : 1; /* what a tenth of a second brings: no bursts beyond it */
	n->tokens += n->rate * (double)(now - n->filled_ns) / 1e9;
	if (n->tokens > most)
		n->tokens = most;
	n->filled_ns = now;
}

static uint64_t
waiting(const struct followed *f)
{
	uint64_t newest = ipm_segment_event_serial(f->seg);
	return newest > f->serial ? newest - f->serial : 0;
}

/* False: there is none now. */
static bool
tell_next(struct mib_notify *n, struct followed *f)
{
	struct ipm_event event;
	int rc = ipm_event_next(f->seg, f->serial, &event);
	if (rc < 0 && rc != -EOVERFLOW)
		return false;
	n->stats.suppressed += event.serial - f->serial - 1; /* the ring had no room for those in between */
	f->serial = event.serial;
	tell(n, f->seg, (unsigned)(f - n->seg) + 1, &event);
	return true;
}

void
mib_notify_poll(struct mib_notify *n)
{
	bool more = true;

	fill_tokens(n);
	for (unsigned i = 0; i < n->count; i++)
		ipm_segment_patience(n->seg[i].seg, MIB_PATIENCE_NS);
	while (more && n->tokens >= 1) {
		more = false;
		/* One of each in turn, and the next one goes on: a segment in trouble does not silence the others. */
		for (unsigned i = 0; i < n->count && n->tokens >= 1; i++)
			more |= tell_next(n, &n->seg[n->turn++ % n->count]);
	}
}

/* The serial of the last event that is from before we began: to tell of it was not for us. */
static uint64_t
told_before(const struct mib_notify *n, const struct ipm_segment *seg)
{
	struct ipm_event event = { 0 };
	uint64_t serial = 0;
	/* Twice, as they may go on while we look; one that makes more is not to be waited for. */
	for (uint64_t left = 2 * (uint64_t)ipm_segment_capacity(seg, IPM_EVENTS) + 1; left > 0; left--) {
		int rc = ipm_event_next(seg, serial, &event);
		if ((rc < 0 && rc != -EOVERFLOW) || event.time_ns >= n->began_ns)
			return serial;
		serial = event.serial;
	}
	return serial;
}

void
mib_notify_serve(struct mib_notify *n, const struct ipm_segment *const *segs, unsigned count)
{
	struct followed *now = count ? calloc(count, sizeof(*now)) : NULL;
	if (!now)
		count = 0;
	for (unsigned i = 0; i < count; i++) {
		now[i].seg = segs[i];
		snprintf(now[i].path, sizeof(now[i].path), "%s", ipm_segment_path(segs[i]));
		now[i].serial = told_before(n, segs[i]);
		for (unsigned old = 0; old < n->count; old++)
			if (strcmp(n->seg[old].path, now[i].path) == 0)
				/* The same one again, or one that took its place and begins at 1. */
				now[i].serial = n->seg[old].seg == segs[i] ? n->seg[old].serial : 0;
	}
	/* What one that is gone had not been asked for yet. */
	for (unsigned old = 0; old < n->count; old++) {
		bool kept = false;
		for (unsigned i = 0; i < count; i++)
			kept |= segs[i] == n->seg[old].seg;
		if (!kept)
			n->stats.suppressed += waiting(&n->seg[old]);
	}
	free(n->seg);
	n->seg = now;
	n->count = count;
}

struct mib_notify_stats
mib_notify_stats(const struct mib_notify *n)
{
	struct mib_notify_stats stats = n->stats;
	for (unsigned s = 0; s < n->count; s++)
		stats.waiting += waiting(&n->seg[s]); /* also while nobody polls, for want of a master */
	return stats;
}

struct mib_notify *
mib_notify_new(uint32_t rate, struct mib *mib, void (*send_one)(void *arg, const struct mib_notification *), void *arg)
{
	struct mib_notify *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->rate = rate;
	n->mib = mib;
	n->send = send_one;
	n->arg = arg;
	n->began_ns = n->filled_ns = ipm_now_ns();
	return n;
}

void
mib_notify_free(struct mib_notify *n)
{
	if (!n)
		return;
	free(n->seg);
	free(n);
}
