/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_writer.h  Write a model segment.
 *
 * The rules of identity are implemented here, once for all feeds: which record gets which index, what a rekey
 * keeps, and where the counts of an SA go when the SA ends. A feed reports what it saw. It never computes the
 * counters of a tunnel.
 *
 * A record is named by its slot. A slot gets another record only after its own has ended, and the slot that has been
 * free for longest is used first.
 *
 * Ownership: what a peek function returns lies in the segment. Read it, or copy it, change the copy and put the
 *            copy. The pointer is valid until the record ends.
 * Errors:    0, a slot, or a negative errno. -ENOSPC: the section or the file system is full. -EINVAL: a field has
 *            a value that readers do not know. Both are counted in ipm_totals.records_refused, and
 *            ipm_writer_refused() has the reason; the writer goes on. A field that is 0 and has a usual value gets
 *            that: a tunnel is up, in tunnel mode, with ESP, and keyed by its IKE SA if it has one, else by hand;
 *            an SA is active and ESP. A slot may be any number, even the (uint32_t) of an error that an earlier
 *            call returned. If it has no record, a call returns -ENOENT or does nothing, and a peek function
 *            returns an empty record. Only the fast path (ipm_fast.h) checks nothing.
 * Threads:   one thread of one process. ipm_writer_open() takes a lock that keeps a second writer out.
 */
#ifndef IPM_WRITER_H
#define IPM_WRITER_H

#include "ipm_fast.h"
#include "ipm_segment.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what is declared here is what the library exports */

struct ipm_writer;

/** How many records of each kind a segment has room for. */
struct ipm_capacity {
	uint32_t ike_sas, tunnels, selectors, sas, feeds, agents, interfaces, events;
	uint32_t maps, access, engines; /* crypto map entries, entries of their access lists, crypto engines */
	uint32_t history, failures;     /* entries of each ring; of selectors, four times as many */
	uint32_t lanes;                 /* one for each worker; 0 when counts come from a feed */
};

/** What ipm_writer_open() makes. */
struct ipm_writer_options {
	const char *path;    /* of the segment */
	const char *name;    /* of the gateway, as readers show it */
	const char *control; /* path of the control socket, or NULL */
	struct ipm_capacity capacity;
	uint32_t mode;        /* of a new file, e.g. 0640 */
	uint32_t index_first; /* where all indexes begin; 0 is 1. Each segment of a gateway has its own range */
};

/**
 * Open the segment for writing. If an earlier run in this boot left one with the same capacities and range of
 * indexes, it is taken over: indexes, totals and records stay, and records that were half written are dropped.
 * Anything else is replaced by a new file.
 *
 * The lock is on PATH.lock, which only its owner can open: a reader could hold a lock on the segment itself. Pages
 * are reserved before they are used, so that a full file system means refused records, and not SIGBUS.
 *
 * A program that was compiled for another IPM_ABI is refused. ipm_writer_open() passes the IPM_ABI of the headers
 * that the program includes.
 *
 * Errors:    -EPROTO: the program was compiled for another IPM_ABI; -EBUSY: another process writes the segment;
 *            -EPERM: the segment or its lock belongs to another user; -ENOSPC: the file system has no room for an
 *            empty segment; those of open(2), ftruncate(2) and mmap(2). On success, @p err says what had to be
 *            given up, or is empty.
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
 * Publish totals and heartbeat. Call it after each batch of changes, and once a second. It also adds what workers
 * have counted into SAs that have ended to their tunnels and to the totals, for at most 64 SAs at a time.
 */
void ipm_writer_commit(struct ipm_writer *w);

/** Why the last refused record was refused, as a sentence that names the file. False: no record was refused. */
bool ipm_writer_refused(const struct ipm_writer *w, struct ipm_error *why);

/** Totals that a feed counts itself (failures). The rest of the structure is the writer's. */
struct ipm_totals *ipm_writer_totals(struct ipm_writer *w);

/** The slot of the feed @p name, which is made if there is none. */
int ipm_feed_open(struct ipm_writer *w, const char *name);
const struct ipm_feed *ipm_feed_peek(const struct ipm_writer *w, uint32_t slot);
void ipm_feed_put(struct ipm_writer *w, uint32_t slot, const struct ipm_feed *feed);

/**
 * A new IKE SA: @p sa. The writer sets its index, and created_ns if that is 0. While it is negotiated it has a
 * temporary index, IPM_IKE_UNNUMBERED or more; it gets its own when ipm_ike_put() makes it established.
 */
int ipm_ike_start(struct ipm_writer *w, const struct ipm_ike_sa *sa);
const struct ipm_ike_sa *ipm_ike_peek(const struct ipm_writer *w, uint32_t slot);
/**
 * The next IKE SA between these identities (as far as IPM_PEER_ID_MAX) after slot @p after; -1: the first. -ENOENT:
 * there are no more.
 */
int ipm_ike_between(const struct ipm_writer *w, const char *local_id, const char *remote_id, int after);
/**
 * Make room for an established IKE SA: if there is none, the oldest one that is being negotiated ends. A feed that
 * keeps such records asks ipm_ike_find() whether they are still there.
 */
void ipm_ike_make_room(struct ipm_writer *w);
/** The next IKE SA that has these SPIs now, after slot @p after; -1: the first. -ENOENT: there are no more. */
int ipm_ike_named(const struct ipm_writer *w, uint64_t spi_initiator, uint64_t spi_responder, int after);
/**
 * Where the IKE SA @p index is now that was in @p slot: there, or in the record that it was merged into, or
 * -ENOENT. The record has another index if it has been established since, or merged.
 */
int ipm_ike_find(const struct ipm_writer *w, uint32_t slot, uint32_t index);
/** Change it. The record keeps its index, refreshes and traffic, whatever @p sa says. */
int ipm_ike_put(struct ipm_writer *w, uint32_t slot, const struct ipm_ike_sa *sa);
/** It was rekeyed: the same record, with one refresh more. */
void ipm_ike_refresh(struct ipm_writer *w, uint32_t slot);
/** This much more came in and went out. @p slot is the IKE SA's; -1: it has no record any more, or never had one. */
void ipm_ike_count(struct ipm_writer *w, int slot, const struct ipm_ike_traffic *in, const struct ipm_ike_traffic *out);
/** The same for the last messages of IKE SA @p index, which has ended: they also count in its history. */
void ipm_ike_count_late(struct ipm_writer *w, uint32_t index, const struct ipm_ike_traffic *in,
			const struct ipm_ike_traffic *out);
/**
 * Two feeds have reported the same IKE SA, so it has two records. @p from goes. What it counted is added to @p
 * into. If @p from was established, it goes into the history instead, as replaced, with what it counted.
 */
void ipm_ike_merge(struct ipm_writer *w, uint32_t from, uint32_t into);
/** It has ended. Its tunnels stay. */
void ipm_ike_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason);

/** A new tunnel: @p tunnel. The writer sets its index, and created_ns if that is 0. */
int ipm_tunnel_start(struct ipm_writer *w, const struct ipm_tunnel *tunnel);
const struct ipm_tunnel *ipm_tunnel_peek(const struct ipm_writer *w, uint32_t slot);
/**
 * Change it. The record keeps its index, counts, SAs and selectors. If a crypto map entry has its names, the tunnel
 * belongs to that entry from now on.
 */
int ipm_tunnel_put(struct ipm_writer *w, uint32_t slot, const struct ipm_tunnel *tunnel);
/** It was rekeyed: the same record, with one refresh more. */
void ipm_tunnel_refresh(struct ipm_writer *w, uint32_t slot);
/** It has ended, with its SAs and selectors. */
void ipm_tunnel_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason);

/** Make these the tunnel's selectors. Those that it already has keep their index. */
int ipm_tunnel_select(struct ipm_writer *w, uint32_t slot, const struct ipm_selector *sel, uint32_t n);

/**
 * A new SA of a tunnel. @p sa->count is its source's own count at this moment, which is added to nothing. It is 0,
 * unless the SA goes on from the count of another SA of the tunnel.
 */
int ipm_sa_start(struct ipm_writer *w, uint32_t tunnel, const struct ipm_sa *sa);
/**
 * The next SA with this protocol and SPI, in any tunnel, after slot @p after; -1: the first. -ENOENT: there are no
 * more.
 */
int ipm_sa_named(const struct ipm_writer *w, uint8_t protocol, uint32_t spi, int after);
const struct ipm_sa *ipm_sa_peek(const struct ipm_writer *w, uint32_t slot);
/** Change it. The record keeps its index, tunnel, protocol, SPI, crypto engine and count. */
int ipm_sa_put(struct ipm_writer *w, uint32_t slot, const struct ipm_sa *sa);
/**
 * It runs on this crypto engine, slot + 1; 0: not known on which. If its engine was not known before, what it has
 * carried is added to this engine, unless its count did not start at 0. Otherwise that stays with the engine
 * before, which counts the SA as deleted. In a segment with lanes an SA keeps an engine that is known.
 */
void ipm_sa_engine(struct ipm_writer *w, uint32_t slot, uint32_t engine);
/**
 * The source's own count for this SA is @p now. The difference to the last call is added to the SA, its tunnel and
 * the totals. When the source has started again from zero, that is all it has counted since.
 */
void ipm_sa_count(struct ipm_writer *w, uint32_t slot, const struct ipm_traffic *now);
/**
 * It has ended. What it counted stays with its tunnel. Its slot is not used again while a worker may hold the SA: see
 * ipm_fast.h.
 */
void ipm_sa_stop(struct ipm_writer *w, uint32_t slot);

/** Packets were dropped that belong to no SA. */
void ipm_dropped(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts);
/** Packets have failed that an SA counts, or may count, as packets: they are not drops. */
void ipm_failed(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts);

/**
 * Packets were dropped on their way out of an interface, which is made if it is not known. Its feed and ifindex say
 * which it is; name and address are set. The totals are not changed.
 */
int
ipm_interface_dropped(struct ipm_writer *w, const struct ipm_interface *interface, enum ipm_drop why, uint64_t pkts);

/**
 * The crypto map entry with this name and child, which is made if there is none. Configuration and feed are those
 * of @p map. A tunnel that starts later belongs to the entry by its names; ipm_maps_tie() finds those that started
 * before.
 */
int ipm_map_open(struct ipm_writer *w, const struct ipm_map_entry *map);
const struct ipm_map_entry *ipm_map_peek(const struct ipm_writer *w, uint32_t slot);
/** Change its configuration. The record keeps its index, names, state, counts and lists. */
int ipm_map_put(struct ipm_writer *w, uint32_t slot, const struct ipm_map_entry *map);
/** The next entry of the crypto map @p name after slot @p after; -1: the first. -ENOENT: there are no more. */
int ipm_map_next(const struct ipm_writer *w, const char *name, int after);
/** The entry with this name and child, or -ENOENT. */
int ipm_map_named(const struct ipm_writer *w, const char *name, const char *child);
/** Make this its access list. Entries that it already has keep their index. */
int ipm_map_permit(struct ipm_writer *w, uint32_t slot, const struct ipm_access *access, uint32_t n);
/** It is not configured any more. Its tunnels stay, and belong to no entry. */
void ipm_map_remove(struct ipm_writer *w, uint32_t slot);
/** Find the entries of tunnels that started before their entry came. Call it when all entries are there. */
void ipm_maps_tie(struct ipm_writer *w);
/**
 * The tunnel belongs to this entry: for a feed that knows so, and not by the names. If another entry has the tunnel's
 * names, the tunnel goes to that one.
 */
void ipm_tunnel_from(struct ipm_writer *w, uint32_t tunnel, uint32_t map);

/** The crypto engine of this feed with this name, which is made if there is none. */
int ipm_engine_open(struct ipm_writer *w, const struct ipm_engine *engine);
/** Change its kind, its version, and whether it is disabled. */
int ipm_engine_put(struct ipm_writer *w, uint32_t slot, const struct ipm_engine *engine);

/**
 * The interface with this feed and ifindex, which is made if it is not known. Its name and address are set; its
 * drops are not changed.
 */
int ipm_interface_open(struct ipm_writer *w, const struct ipm_interface *interface);

/**
 * Something has failed. It is counted, added to @p ring (IPM_IKE_FAILURES or IPM_TUNNEL_FAILURES) and reported as an
 * event. It becomes the last failure of the entries of the crypto map @p failure->conn that are not up, or of the one
 * that @p failure->map names.
 */
void ipm_fail(struct ipm_writer *w, enum ipm_section_kind ring, const struct ipm_failure *failure);

/** Copy everything that is up into the history, as it is now. */
void ipm_checkpoint(struct ipm_writer *w);

/** How many entries of the rings readers show. -ERANGE: 0, or more than a ring holds. */
int ipm_settings_put(struct ipm_writer *w, const struct ipm_settings *settings);

/** What a program that serves the segment reports about itself. Its name says which it is. */
int ipm_agent_put(struct ipm_writer *w, const struct ipm_agent *agent);

/** The lanes, for workers that are threads of this process; NULL: there are none. They live as long as @p w. */
const struct ipm_fast *ipm_writer_fast(const struct ipm_writer *w);

/**
 * Lane @p lane of an SA; NULL and NULL: it does not exist. This is for callers who make sure themselves that nobody
 * else counts in the lane, and nobody at all when the SA is stopped. All others are workers: see ipm_fast.h.
 */
struct ipm_lane ipm_sa_lane(struct ipm_writer *w, uint32_t slot, uint32_t lane);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
