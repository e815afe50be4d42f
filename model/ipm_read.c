/* SPDX-License-Identifier: ISC */
/*
 * Reading records: each copy is whole and consistent, and includes the counts in lanes and lists. A read takes a
 * bounded number of steps and a bounded time, whatever the segment contains.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "ipm_int.h"

/* --- one read ---------------------------------------------------------------------------------------------- */

/* One read, including everything read along lists. */
struct reading {
	const struct ipm_segment *seg;
	enum ipm_section_kind kind;
	uint64_t steps;    /* steps left along lists in this attempt */
	uint64_t since_ns; /* time of the first retry */
	uint32_t tries;
};

#define SILENT_NS 10000000000u /* a writer that is silent for this long is dead ... */
#define GONE_NS   2000000000u  /* ... or this long, if our pid namespace has no such process */

static bool
writer_gone(const struct ipm_segment *seg)
{
	uint32_t pid = ipm_segment_writer(seg);
	uint64_t silence = ipm_segment_silence_ns(seg);
	return pid == 0 || silence > SILENT_NS || (silence > GONE_NS && kill((pid_t)pid, 0) < 0 && errno == ESRCH);
}

#define TRIES_LEAST 16 /* for a record that keeps changing: one sum over many SAs may use up the patience */

/* May the record be read again? @p busy: its writer was changing it, and may need this CPU to finish. */
static bool
may_try_again(struct reading *r, bool busy)
{
	uint64_t now = ipm_now_ns();
	uint64_t limit = atomic_load_explicit(&r->seg->found->patience_ns, memory_order_relaxed);
	if (limit > IPM_READ_PATIENCE_NS)
		limit = IPM_READ_PATIENCE_NS;
	if (r->tries++ == 0)
		r->since_ns = now;
	if (now - r->since_ns >= limit && (busy || limit == 0 || r->tries > TRIES_LEAST))
		return false;
	if (busy) {
		if (r->tries == TRIES_LEAST && writer_gone(r->seg))
			return false;
		sched_yield();
	}
	return true;
}

/* End the read: subtract its waiting time from the patience for all reads. */
static int
reading_end(const struct reading *r, int rc)
{
	struct ipm_findings *found = r->seg->found;
	if (rc == -EAGAIN)
		atomic_fetch_add_explicit(&found->unread, 1, memory_order_relaxed);
	if (r->tries > 0) {
		uint64_t spent = ipm_now_ns() - r->since_ns;
		uint64_t left = atomic_load_explicit(&found->patience_ns, memory_order_relaxed);
		if (left != UINT64_MAX)
			ipm_segment_patience(r->seg, left > spent ? left - spent : 0);
	}
	return rc;
}

/* --- counts along lists ------------------------------------------------------------------------------------------- */

/*
 * These functions follow a list as they find it. The caller reads a torn list again. No record comes twice: each record
 * knows its predecessor and its owner. New records may come before the first one that the owner knows. A record of
 * another owner was left by a writer that died: the list ends there.
 */

static bool
step(struct reading *r)
{
	if (r->steps == 0)
		return false;
	r->steps--;
	return true;
}

/* Add the counts in the lanes of all SAs of the tunnel in @p slot. */
static int
tunnel_lanes(struct reading *r, uint32_t slot, struct ipm_tunnel *tunnel)
{
	const struct ipm_segment *seg = r->seg;
	uint32_t left = tunnel->sas, last = 0;

	for (uint32_t at = tunnel->sa_head; at > 0;) {
		struct ipm_sa sa;
		if (at > seg->section[IPM_SAS].capacity || left-- == 0 || !step(r))
			return -EPROTO;
		ipm_words_load(&sa, ipm_payload(ipm_record_at(seg, IPM_SAS, at - 1)),
			       offsetof(struct ipm_sa, installed_ns));
		if (sa.index == 0 || sa.tunnel_slot != slot || sa.tunnel_index != tunnel->index)
			return 0;
		if (last && (at == tunnel->sa_head || sa.prev != last))
			return -EPROTO;
		ipm_lanes_share(seg, at - 1, &sa, sa.direction == IPM_IN ? &tunnel->in : &tunnel->out);
		last = at;
		at = sa.next;
	}
	return 0;
}

static int read_record(struct reading *r, enum ipm_section_kind kind, uint32_t slot, void *out);

/* Add the counts of all tunnels of the crypto map entry in @p slot. */
static int
map_tunnels(struct reading *r, uint32_t slot, struct ipm_map_entry *map)
{
	uint32_t left = map->tunnels, last = 0;

	for (uint32_t at = map->tunnel_head; at > 0;) {
		struct ipm_tunnel tunnel;
		if (at > r->seg->section[IPM_TUNNELS].capacity || left-- == 0 || !step(r))
			return -EPROTO;
		int rc = read_record(r, IPM_TUNNELS, at - 1, &tunnel);
		if (rc < 0)
			return rc == -ENOENT ? 0 : rc;
		if (tunnel.map != slot + 1)
			return 0;
		if (last && (at == map->tunnel_head || tunnel.map_prev != last))
			return -EPROTO;
		ipm_traffic_add(&map->in, &tunnel.in);
		ipm_traffic_add(&map->out, &tunnel.out);
		map->refreshes += tunnel.refreshes;
		last = at;
		at = tunnel.map_next;
	}
	return 0;
}

/* Add the counts of all tunnels of the session in @p slot. */
static int
session_tunnels(struct reading *r, uint32_t slot, struct ipm_session *session)
{
	uint32_t left = session->tunnels, last = 0;

	for (uint32_t at = session->tunnel_head; at > 0;) {
		struct ipm_tunnel tunnel;
		struct ipm_volume in, out;
		if (at > r->seg->section[IPM_TUNNELS].capacity || left-- == 0 || !step(r))
			return -EPROTO;
		int rc = read_record(r, IPM_TUNNELS, at - 1, &tunnel);
		if (rc < 0)
			return rc == -ENOENT ? 0 : rc;
		if (tunnel.session != slot + 1)
			return 0;
		if (last && (at == session->tunnel_head || tunnel.session_prev != last))
			return -EPROTO;
		ipm_tunnel_session_share(&tunnel, &in, &out);
		ipm_volume_add(&session->in, &in);
		ipm_volume_add(&session->out, &out);
		last = at;
		at = tunnel.session_next;
	}
	return 0;
}

/* Add the counts in lanes and lists to @p copy, which holds the record as stored. */
static int
add_lanes_and_lists(struct reading *r, enum ipm_section_kind kind, uint32_t slot, union ipm_any_record *copy)
{
	const struct ipm_segment *seg = r->seg;
	if (kind == IPM_MAPS)
		return map_tunnels(r, slot, &copy->map);
	if (kind == IPM_SESSIONS)
		return session_tunnels(r, slot, &copy->session);
	if (seg->lanes == 0)
		return 0;
	if (kind == IPM_TUNNELS)
		return tunnel_lanes(r, slot, &copy->tunnel);
	if (kind == IPM_SAS)
		ipm_sa_lanes(seg, slot, &copy->sa);
	else if (kind == IPM_TOTALS)
		ipm_sas_lanes(seg, 0, &copy->totals.in, &copy->totals.out);
	else if (kind == IPM_ENGINES)
		ipm_sas_lanes(seg, slot + 1, &copy->engine.in, &copy->engine.out);
	return 0;
}

/* --- texts ------------------------------------------------------------------------------------------------- */

#define TEXT(type, field)                                                       \
	{                                                                       \
		offsetof(struct type, field), sizeof(((struct type *)0)->field) \
	}

/* The texts of each kind of record. */
static const struct text {
	uint16_t offset, size;
} texts[IPM_SECTIONS][6] = {
	[IPM_FEEDS] = { TEXT(ipm_feed, name), TEXT(ipm_feed, source), TEXT(ipm_feed, detail), TEXT(ipm_feed, error) },
	[IPM_IKE_SAS] = { TEXT(ipm_ike_sa, conn), TEXT(ipm_ike_sa, local_id), TEXT(ipm_ike_sa, remote_id) },
	[IPM_TUNNELS] = { TEXT(ipm_tunnel, conn), TEXT(ipm_tunnel, name) },
	[IPM_AGENTS] = { TEXT(ipm_agent, name) },
	[IPM_INTERFACES] = { TEXT(ipm_interface, name) },
	[IPM_MAPS] = { TEXT(ipm_map_entry, ifname), TEXT(ipm_map_entry, name), TEXT(ipm_map_entry, child),
		       TEXT(ipm_map_entry, peer_text), TEXT(ipm_map_entry, failure_text) },
	[IPM_ENGINES] = { TEXT(ipm_engine, name), TEXT(ipm_engine, version) },
	[IPM_SESSIONS] = { TEXT(ipm_session, group), TEXT(ipm_session, user), TEXT(ipm_session, method),
			   TEXT(ipm_session, peer_id), TEXT(ipm_session, client) },
	[IPM_SESSION_HISTORY] = { TEXT(ipm_session_history, session.group), TEXT(ipm_session_history, session.user),
				  TEXT(ipm_session_history, session.method), TEXT(ipm_session_history, session.peer_id),
				  TEXT(ipm_session_history, session.client) },
	[IPM_LOGIN_FAILURES] = { TEXT(ipm_login_failure, user), TEXT(ipm_login_failure, group),
				 TEXT(ipm_login_failure, text) },
	[IPM_POOLS] = { TEXT(ipm_pool, name) },
	[IPM_IKE_HISTORY] = { TEXT(ipm_ike_history, sa.conn), TEXT(ipm_ike_history, sa.local_id),
			      TEXT(ipm_ike_history, sa.remote_id) },
	[IPM_TUNNEL_HISTORY] = { TEXT(ipm_tunnel_history, tunnel.conn), TEXT(ipm_tunnel_history, tunnel.name),
				 TEXT(ipm_tunnel_history, local_id), TEXT(ipm_tunnel_history, remote_id) },
	[IPM_IKE_FAILURES] = { TEXT(ipm_failure, conn), TEXT(ipm_failure, text), TEXT(ipm_failure, local_id),
			       TEXT(ipm_failure, remote_id) },
	[IPM_TUNNEL_FAILURES] = { TEXT(ipm_failure, conn), TEXT(ipm_failure, text), TEXT(ipm_failure, local_id),
				  TEXT(ipm_failure, remote_id) },
};

/* Terminate every text, so that a damaged record cannot make readers run past its end. */
static void
end_texts(enum ipm_section_kind kind, void *record)
{
	for (const struct text *t = texts[kind]; t->size; t++)
		((char *)record)[t->offset + t->size - 1] = '\0';
}

/* --- records ----------------------------------------------------------------------------------------------- */

static int
read_record(struct reading *r, enum ipm_section_kind kind, uint32_t slot, void *out)
{
	const struct ipm_segment *seg = r->seg;
	struct ipm_record *rec = ipm_record_at(seg, kind, slot);
	int state = ipm_segment_state(seg, NULL), broken = 0;

	while (state == 0) {
		union ipm_any_record copy;
		copy.index = 0; /* for a kind without an index */
		uint32_t before = atomic_load_explicit(&rec->seq, memory_order_acquire);
		if (before & 1) {
			if (!may_try_again(r, true))
				return -EAGAIN;
			continue;
		}
		if (kind == r->kind) /* a list never holds records of its owner's kind */
			r->steps = (uint64_t)seg->section[IPM_TUNNELS].capacity + seg->section[IPM_SAS].capacity;
		ipm_words_load(&copy, ipm_payload(rec), ipm_record_size(kind));
		int rc = add_lanes_and_lists(r, kind, slot, &copy);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&rec->seq, memory_order_relaxed) != before) {
			if (!may_try_again(r, false))
				return -EAGAIN;
			continue;
		}
		if (rc == -EPROTO && ++broken < 3)
			continue;
		state = ipm_segment_state(seg, NULL); /* was the file truncated meanwhile? */
		if (rc < 0 || state < 0)
			return state < 0 ? state : rc == -EPROTO ? ipm_damaged(seg) : rc;
		if (kind != IPM_TOTALS && kind != IPM_SETTINGS && copy.index == 0)
			return -ENOENT;
		end_texts(kind, &copy);
		memcpy(out, &copy, ipm_record_size(kind));
		return 0;
	}
	return state;
}

int
ipm_read(const struct ipm_segment *seg, enum ipm_section_kind kind, uint32_t slot, void *out)
{
	if ((unsigned)kind >= IPM_SECTIONS || !ipm_kind_is_record(kind))
		return -ENOENT;
	/* Don't touch slots that were never used: tmpfs would allocate pages for them. */
	if (slot >= ipm_segment_used(seg, kind)) {
		int state = ipm_segment_state(seg, NULL);
		return state < 0 ? state : -ENOENT;
	}
	struct reading r = { .seg = seg, .kind = kind };
	return reading_end(&r, read_record(&r, kind, slot, out));
}

bool
ipm_tunnel_ike_alive(const struct ipm_segment *seg, const struct ipm_tunnel *tunnel)
{
	struct ipm_ike_sa sa;
	return tunnel->ike_index != 0 && ipm_ike_read(seg, tunnel->ike_slot, &sa) == 0 &&
	       sa.index == tunnel->ike_index && !sa.held;
}

/* --- rings ------------------------------------------------------------------------------------------------- */

uint64_t
ipm_ring_total(const struct ipm_segment *seg, enum ipm_section_kind ring)
{
	return atomic_load_explicit(&ipm_header(seg)->section[ring].total, memory_order_acquire);
}

uint32_t
ipm_ring_shown_most(const struct ipm_segment *seg, enum ipm_section_kind ring)
{
	uint32_t capacity = seg->section[ring].capacity;
	struct ipm_settings settings;

	if (ring < IPM_IKE_HISTORY || ipm_settings_read(seg, &settings) < 0)
		return 0;
	bool failures = ring == IPM_IKE_FAILURES || ring == IPM_TUNNEL_FAILURES || ring == IPM_LOGIN_FAILURES;
	uint32_t most = failures ? settings.failure_size : settings.history_size;
	return most < capacity ? most : capacity;
}

int
ipm_event_next(const struct ipm_segment *seg, uint64_t serial, struct ipm_event *out)
{
	uint32_t capacity = seg->section[IPM_EVENTS].capacity;
	uint64_t newest = ipm_segment_event_serial(seg);
	uint64_t want = serial + 1;
	bool missed = false;
	struct reading r = { .seg = seg, .kind = IPM_EVENTS };

	for (uint64_t left = 2 * (uint64_t)capacity + TRIES_LEAST; left > 0; left--) {
		struct ipm_event event = { .serial = 0 };
		if (want > newest || capacity == 0)
			return reading_end(&r, -ENOENT);
		if (newest - want >= capacity) {
			missed = serial > 0;
			want = newest - capacity + 1;
		}
		int rc = read_record(&r, IPM_EVENTS, (uint32_t)((want - 1) % capacity), &event);
		if (rc == 0 && event.serial == want) {
			*out = event;
			return reading_end(&r, missed ? -EOVERFLOW : 0);
		}
		if (rc == -EPROTO || rc == -ESTALE)
			return rc;
		uint64_t now = ipm_segment_event_serial(seg);
		if (now == newest) { /* the oldest entry is being overwritten, or was when the writer died */
			missed = serial > 0;
			want++;
		}
		newest = now;
	}
	return reading_end(&r, -EAGAIN);
}
