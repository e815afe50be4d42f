/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_writer.h  Write a model segment.
 *
 * This implements the rules of identity once for all feeds: the index of each record, the record that continues after a
 * rekey, and the counts of an SA after its end. A feed reports what it saw. It never computes the counters of a tunnel.
 *
 * The slot identifies a record until the record ends. Then the slot may get another record; the slot that has been free
 * for longest is used first.
 *
 * Ownership: a peek function returns a pointer into the segment, which is valid until the record ends. To change a
 *            record, change a copy and put the copy.
 * Errors:    0, a slot, or a negative errno. -ENOSPC: the section or the file system is full. -EINVAL: a field has
 *            a value that readers do not know. Both are counted in ipm_totals.records_refused, and
 *            ipm_writer_refused() has the reason; the writer continues. A field of 0 gets its usual value, if it has
 *            one: a tunnel is up, in tunnel mode, with ESP, and keyed by IKE if it has an IKE SA, else by hand; an
 *            SA is active and ESP. A slot may be any number, even the (uint32_t) of an error that an earlier call
 *            returned. If it has no record, a call returns -ENOENT or does nothing, and a peek function returns an
 *            empty record. Only the fast path (ipm_fast.h) checks nothing.
 * Threads:   one thread of one process. ipm_writer_open() takes a lock that keeps a second writer out.
 */
#ifndef IPM_WRITER_H
#define IPM_WRITER_H

#include "ipm_fast.h"
#include "ipm_segment.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library exports exactly these functions */

struct ipm_writer;

/** How many records of each kind a segment has room for: at most 2^27 of a kind, 2^12 lanes, 2^32 SAs times lanes. */
struct ipm_capacity {
	uint32_t ike_sas, tunnels, selectors, sas, feeds, agents, interfaces, events;
	uint32_t maps, access, engines; /* crypto map entries, entries of their access lists, crypto engines */
	uint32_t sessions, pools;       /* without sessions there are no rings of sessions and failed logins */
	uint32_t history, failures;     /* entries of each ring; the ring of selectors has four times as many */
	uint32_t lanes;                 /* one for each worker; 0: counts come from a feed */
};

/** The segment that ipm_writer_open() opens. */
struct ipm_writer_options {
	const char *path;    /* of the segment */
	const char *name;    /* of the gateway, for readers to show */
	const char *control; /* path of the control socket, or NULL */
	struct ipm_capacity capacity;
	uint32_t mode;        /* of a new file, e.g. 0640 */
	uint32_t index_first; /* the first index; 0 means 1. Each segment of a gateway needs its own range */
};

/**
 * Open the segment for writing. If an earlier run in this boot left one, it is taken over: indexes, totals and records
 * stay, and half-written records are dropped. It keeps its range of indexes, whatever index_first is. If it has other
 * capacities or another IPM_ABI, its records are copied into a new file, which readers find when it is complete; events
 * are not copied. Otherwise a new file replaces it.
 *
 * The lock is on PATH.lock, which only its owner can open: any reader could lock the segment itself. Pages are reserved
 * before they are used, so a full file system leads to refused records, and not to SIGBUS.
 *
 * Programs that were compiled for another IPM_ABI are refused. ipm_writer_open() passes the IPM_ABI of the headers
 * that the program includes.
 *
 * Errors:    -EPROTO: the program was compiled for another IPM_ABI; -EBUSY: another process writes the segment;
 *            -EPERM: the segment or its lock belongs to another user; -ENOSPC: the file system has no room for an
 *            empty segment; those of open(2), ftruncate(2) and mmap(2). On success, @p err says what was lost, or
 *            is empty.
 */
int
ipm_writer_open_abi(struct ipm_writer **out, unsigned abi, const struct ipm_writer_options *opt, struct ipm_error *err);

/** See ipm_writer_open_abi(). */
static inline int
ipm_writer_open(struct ipm_writer **out, const struct ipm_writer_options *opt, struct ipm_error *err)
{
	return ipm_writer_open_abi(out, IPM_ABI, opt, err);
}

/** Close the segment. The file stays, for readers and for the next run. */
void ipm_writer_close(struct ipm_writer *w);

/**
 * The segment as a reader sees it. It lives as long as @p w. The writer may walk its records with ipm_walk_next(), and
 * change the one that it has just read.
 */
const struct ipm_segment *ipm_writer_segment(const struct ipm_writer *w);

/**
 * Publish totals and heartbeat. Call it after each batch of changes, and once a second. It also adds late counts of
 * workers in ended SAs to tunnels and totals, for at most 64 SAs per call.
 */
void ipm_writer_commit(struct ipm_writer *w);

/** Why the last refused record was refused, as a sentence that names the file. False: no record was refused. */
bool ipm_writer_refused(const struct ipm_writer *w, struct ipm_error *why);

/**
 * The totals for the next ipm_writer_commit(). A feed may only add to the counters of failures and refusals. Before the
 * first record of a new segment, the next indexes may be set, to continue those of an earlier one.
 */
struct ipm_totals *ipm_writer_totals(struct ipm_writer *w);

/** The slot of the feed @p name. The record is created if there is none. */
int ipm_feed_open(struct ipm_writer *w, const char *name);
const struct ipm_feed *ipm_feed_peek(const struct ipm_writer *w, uint32_t slot);
void ipm_feed_put(struct ipm_writer *w, uint32_t slot, const struct ipm_feed *feed);

/**
 * Add an IKE SA. The writer sets its index, and created_ns if that is 0. During negotiation it has a temporary index,
 * IPM_IKE_UNNUMBERED or more; it gets a real one when ipm_ike_put() makes it established.
 */
int ipm_ike_start(struct ipm_writer *w, const struct ipm_ike_sa *sa);
const struct ipm_ike_sa *ipm_ike_peek(const struct ipm_writer *w, uint32_t slot);
/**
 * The next IKE SA between these identities (as far as IPM_PEER_ID_MAX) after slot @p after; -1: the first. -ENOENT:
 * there are no more.
 */
int ipm_ike_between(const struct ipm_writer *w, const char *local_id, const char *remote_id, int after);
/**
 * Make room for an established IKE SA: if the section is full, the oldest negotiation ends. Feeds with negotiations
 * check with ipm_ike_find() whether their records still exist.
 */
void ipm_ike_make_room(struct ipm_writer *w);
/** The next IKE SA with these SPIs, after slot @p after; -1: the first. -ENOENT: there are no more. */
int ipm_ike_named(const struct ipm_writer *w, uint64_t spi_initiator, uint64_t spi_responder, int after);
/**
 * The slot of the IKE SA that was in @p slot with this @p index: the same slot, or the one of the record that it was
 * merged into, or -ENOENT. The index has changed if the IKE SA was established or merged since.
 */
int ipm_ike_find(const struct ipm_writer *w, uint32_t slot, uint32_t index);
/** Change an IKE SA. The record keeps its index, refreshes and traffic. */
int ipm_ike_put(struct ipm_writer *w, uint32_t slot, const struct ipm_ike_sa *sa);
/** Count a rekey of an IKE SA. */
void ipm_ike_refresh(struct ipm_writer *w, uint32_t slot);
/** Add @p in and @p out to the IKE SA's traffic. @p slot -1: the IKE SA has no record; add to the totals only. */
void ipm_ike_count(struct ipm_writer *w, int slot, const struct ipm_ike_traffic *in, const struct ipm_ike_traffic *out);
/** Add the last messages of IKE SA @p index, which has ended, to its history and to the totals. */
void ipm_ike_count_late(struct ipm_writer *w, uint32_t index, const struct ipm_ike_traffic *in,
			const struct ipm_ike_traffic *out);
/**
 * Merge two records of one IKE SA that two feeds have reported: @p from ends, and @p into gets its counts. If @p from
 * was established, it goes into the history as replaced, and keeps its counts.
 */
void ipm_ike_merge(struct ipm_writer *w, uint32_t from, uint32_t into);
/** End an IKE SA, and its session unless that is held. Its tunnels stay. */
void ipm_ike_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason);

/**
 * The session of the established IKE SA in @p session->ike_slot with @p session->ike_index, created if there is none,
 * with the values of @p session. The writer sets its index, and started_ns if that is 0. A kind of 0 becomes remote
 * access if there is a user or a virtual address, otherwise LAN-to-LAN. Tunnels of this IKE SA belong to the session
 * from their next ipm_tunnel_start() or ipm_tunnel_put() on; they bring what they counted before.
 *
 * Errors:    -ENOENT: there is no such IKE SA; -EOPNOTSUPP: the segment has no sessions. One with lanes never does.
 */
int ipm_session_open(struct ipm_writer *w, const struct ipm_session *session);
const struct ipm_session *ipm_session_peek(const struct ipm_writer *w, uint32_t slot);
/**
 * Change a session. The record keeps its index, kind, start, refreshes, counts and tunnels. If it names another IKE SA
 * than before, that has replaced the earlier one, and counts as a refresh. The state IPM_SESSION_HELD keeps the session
 * when its IKE SA ends, for ipm_session_put() with the next one.
 */
int ipm_session_put(struct ipm_writer *w, uint32_t slot, const struct ipm_session *session);
/** End a session. Its tunnels stay, and belong to no session. ipm_ike_stop() ends the session of an IKE SA, too. */
void ipm_session_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason);

/** Report a failed login: count it, add it to the ring, and announce it as an event. */
void ipm_login_failed(struct ipm_writer *w, const struct ipm_login_failure *failure);

/** Store a pool. Feed and name identify it; it is created if it is not known. */
int ipm_pool_put(struct ipm_writer *w, const struct ipm_pool *pool);
/** Remove a pool that is no longer configured. */
void ipm_pool_remove(struct ipm_writer *w, uint32_t slot);

/** Add a tunnel. The writer sets its index, and created_ns if that is 0. */
int ipm_tunnel_start(struct ipm_writer *w, const struct ipm_tunnel *tunnel);
const struct ipm_tunnel *ipm_tunnel_peek(const struct ipm_writer *w, uint32_t slot);
/**
 * Change a tunnel. The record keeps its index, counts, SAs and selectors. If a crypto map entry has its names, the
 * tunnel belongs to that entry from now on.
 */
int ipm_tunnel_put(struct ipm_writer *w, uint32_t slot, const struct ipm_tunnel *tunnel);
/** Count a rekey of a tunnel. */
void ipm_tunnel_refresh(struct ipm_writer *w, uint32_t slot);
/** End a tunnel with its SAs and selectors. */
void ipm_tunnel_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason);

/** Set the tunnel's selectors. Selectors that it already has keep their index. */
int ipm_tunnel_select(struct ipm_writer *w, uint32_t slot, const struct ipm_selector *sel, uint32_t n);

/**
 * Add an SA to a tunnel. @p sa->count is where the source's count begins: this part is not added to the tunnel. It is 0
 * unless the SA continues the count of another SA of the tunnel.
 */
int ipm_sa_start(struct ipm_writer *w, uint32_t tunnel, const struct ipm_sa *sa);
/**
 * The next SA with this protocol and SPI, in any tunnel, after slot @p after; -1: the first. -ENOENT: there are no
 * more.
 */
int ipm_sa_named(const struct ipm_writer *w, uint8_t protocol, uint32_t spi, int after);
const struct ipm_sa *ipm_sa_peek(const struct ipm_writer *w, uint32_t slot);
/** Change an SA. The record keeps its index, tunnel, protocol, SPI, crypto engine and count. */
int ipm_sa_put(struct ipm_writer *w, uint32_t slot, const struct ipm_sa *sa);
/**
 * Set the crypto engine of an SA: slot + 1; 0: not known. If its engine was not known before and its count started at
 * 0, the engine gets its traffic so far. If it moves from another engine, that engine keeps the traffic and counts the
 * SA as deleted. In a segment with lanes an SA can't move from a known engine.
 */
void ipm_sa_engine(struct ipm_writer *w, uint32_t slot, uint32_t engine);
/**
 * Report the source's count for this SA, @p now. The growth since the last call is added to the SA, its tunnel and the
 * totals. If the source has restarted at zero, the growth is all of @p now.
 */
void ipm_sa_count(struct ipm_writer *w, uint32_t slot, const struct ipm_traffic *now);
/**
 * End an SA. Its tunnel keeps its counts. Its slot is not used again while a worker may hold the SA: see ipm_fast.h.
 */
void ipm_sa_stop(struct ipm_writer *w, uint32_t slot);

/** Count dropped packets that belong to no SA. */
void ipm_dropped(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts);
/** Count failures of packets that an SA counts, or may count, as packets, so that they are not drops. */
void ipm_failed(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts);

/**
 * Count packets that were dropped on their way out of an interface. Feed and ifindex identify it; it is created if it
 * is not known. Its name and address are set. The totals don't change.
 */
int
ipm_interface_dropped(struct ipm_writer *w, const struct ipm_interface *interface, enum ipm_drop why, uint64_t pkts);

/**
 * The crypto map entry with this name and child, created if there is none, with the configuration and feed of @p map. A
 * later tunnel with the same names belongs to the entry. ipm_maps_tie() finds the tunnels that started before.
 */
int ipm_map_open(struct ipm_writer *w, const struct ipm_map_entry *map);
const struct ipm_map_entry *ipm_map_peek(const struct ipm_writer *w, uint32_t slot);
/** Change the configuration of an entry. The record keeps its index, names, state, counts and lists. */
int ipm_map_put(struct ipm_writer *w, uint32_t slot, const struct ipm_map_entry *map);
/** The next entry of the crypto map @p name after slot @p after; -1: the first. -ENOENT: there are no more. */
int ipm_map_next(const struct ipm_writer *w, const char *name, int after);
/** The entry with this name and child, or -ENOENT. */
int ipm_map_named(const struct ipm_writer *w, const char *name, const char *child);
/** Set the access list of an entry. Lines that it already has keep their index. */
int ipm_map_permit(struct ipm_writer *w, uint32_t slot, const struct ipm_access *access, uint32_t n);
/** Remove an entry that is no longer configured. Its tunnels stay, and belong to no entry. */
void ipm_map_remove(struct ipm_writer *w, uint32_t slot);
/** Tie tunnels to entries that were added later. Call it after adding entries. */
void ipm_maps_tie(struct ipm_writer *w);
/**
 * Tie a tunnel to an entry that has other names, because the feed knows that it belongs there. If another entry has the
 * tunnel's names, the tunnel goes to that one.
 */
void ipm_tunnel_from(struct ipm_writer *w, uint32_t tunnel, uint32_t map);

/** The crypto engine of this feed with this name, created if there is none. */
int ipm_engine_open(struct ipm_writer *w, const struct ipm_engine *engine);
/** Change kind, version and disabled of a crypto engine. */
int ipm_engine_put(struct ipm_writer *w, uint32_t slot, const struct ipm_engine *engine);

/**
 * The interface with this feed and ifindex, created if it is not known. Its name and address are set. Its drops don't
 * change.
 */
int ipm_interface_open(struct ipm_writer *w, const struct ipm_interface *interface);

/**
 * Report a failure: count it, add it to @p ring (IPM_IKE_FAILURES or IPM_TUNNEL_FAILURES), and announce it as an event.
 * It becomes the last failure of the crypto map entry @p failure->map, or of all entries of the map @p failure->conn,
 * except those that are up.
 */
void ipm_fail(struct ipm_writer *w, enum ipm_section_kind ring, const struct ipm_failure *failure);

/** Copy all IKE SAs and tunnels that are up into the history, as they are now. */
void ipm_checkpoint(struct ipm_writer *w);

/** Set how many entries of the rings readers show. -ERANGE: 0, or more than a ring holds. */
int ipm_settings_put(struct ipm_writer *w, const struct ipm_settings *settings);

/** Store the report of a program that serves the segment. Its name identifies it. */
int ipm_agent_put(struct ipm_writer *w, const struct ipm_agent *agent);

/** The lanes, for workers in this process; NULL: there are none. They live as long as @p w. */
const struct ipm_fast *ipm_writer_fast(const struct ipm_writer *w);

/**
 * Lane @p lane of an SA; NULL and NULL: it does not exist. The caller ensures that nobody else counts in this lane, and
 * that nobody counts after the SA is stopped. If you can't, use workers: see ipm_fast.h.
 */
struct ipm_lane ipm_sa_lane(struct ipm_writer *w, uint32_t slot, uint32_t lane);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
