/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_writer.h  Make a model segment and keep it true.
 *
 * The identity rules live here, once for all feeds: who gets which index, what a rekey keeps, where the
 * counts of an SA go that is gone. A feed says what it saw; it never computes a tunnel's counters.
 *
 * Records are named by their slot. A slot is given to another record only after its own was retired, and
 * the one that has been free the longest goes first.
 *
 * Ownership: what the peek functions return lies in the segment: read it, copy it, change the copy, put
 *            the copy. The pointer is good until the record is retired.
 * Errors:    0 or a slot when not negative, else a negative errno. -ENOSPC: the section or the file system is
 *            full; -EINVAL: a field has a value that no reader could tell. Both are counted in
 *            ipm_totals.records_refused, ipm_writer_refused() has the reason, and neither is fatal. What was left 0
 *            and has a usual value gets it: a tunnel is up, in tunnel mode, with ESP, keyed by its IKE SA if it has
 *            one, else by hand; an SA is active and ESP.
 *            A slot may be any number, such as the (uint32_t) of an error that an earlier call returned: where there
 *            is no record, a call returns -ENOENT, or does nothing, and a peek function returns an empty record. Only
 *            the fast path (ipm_fast.h) checks nothing.
 * Threads:   one thread of one process; ipm_writer_open() holds a lock against a second one, see there.
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

struct ipm_capacity {
	uint32_t ike_sas, tunnels, selectors, sas, feeds, agents, interfaces, events;
	uint32_t maps, access, engines; /* crypto map entries, entries of their access lists, crypto engines */
	uint32_t history, failures;     /* entries of each ring; of selectors, four times as many */
	uint32_t lanes;                 /* for as many workers; 0 when counts come from a feed */
};

struct ipm_writer_options {
	const char *path;    /* of the segment */
	const char *name;    /* of the gateway, as readers show it */
	const char *control; /* path of the control socket, or NULL */
	struct ipm_capacity capacity;
	uint32_t mode;        /* of a file that has to be made, e.g. 0640 */
	uint32_t index_first; /* of tunnels and all else; 0 is 1. Another than the other segments of a gateway */
};

/**
 * Open the segment for writing. One that was left by an earlier run on the same boot, with the same capacities and
 * range of indexes, is taken over: indexes, totals and records stay. Records whose writer died in the middle of
 * them are dropped. Anything else is replaced by a new file.
 *
 * The lock is on "PATH.lock", which nobody else can open: a lock on the segment itself could be held by a reader. The
 * pages of records are reserved before they are used, so a full file system means refused records and no SIGBUS.
 *
 * The library refuses a caller that was compiled with the records of another IPM_ABI: ipm_writer_open() passes the
 * number of the headers that the caller includes.
 *
 * Errors:    -EPROTO when the caller's IPM_ABI is not the library's; -EBUSY when another process writes the segment;
 * -EPERM when the segment or its lock is another user's; -ENOSPC when the file system has no room for an empty segment;
 * what open(2), ftruncate(2), mmap(2) say.
 * @p err     is also filled in on success when something had to be given up; else it is empty.
 */
int
ipm_writer_open_abi(struct ipm_writer **out, unsigned abi, const struct ipm_writer_options *opt, struct ipm_error *err);

static inline int
ipm_writer_open(struct ipm_writer **out, const struct ipm_writer_options *opt, struct ipm_error *err)
{
	return ipm_writer_open_abi(out, IPM_ABI, opt, err);
}

void ipm_writer_close(struct ipm_writer *w);

/** The segment as a reader sees it; it lives as long as @p w. */
const struct ipm_segment *ipm_writer_segment(const struct ipm_writer *w);

/**
 * Publish totals and the heartbeat. Call it after every batch of changes, and once a second. What workers have
 * counted into SAs that are gone joins their tunnels and the totals here, at most 64 SAs at a time.
 */
void ipm_writer_commit(struct ipm_writer *w);

/** Why a record was refused last, as a sentence that names the file. False: none was. */
bool ipm_writer_refused(const struct ipm_writer *w, struct ipm_error *why);

/** Totals that a feed counts itself (failures). The rest of the struct is the writer's. */
struct ipm_totals *ipm_writer_totals(struct ipm_writer *w);

/** The slot of the feed named @p name, made when there is none. */
int ipm_feed_open(struct ipm_writer *w, const char *name);
const struct ipm_feed *ipm_feed_peek(const struct ipm_writer *w, uint32_t slot);
void ipm_feed_put(struct ipm_writer *w, uint32_t slot, const struct ipm_feed *feed);

/**
 * A new IKE SA: @p sa with the index, and created_ns when it is 0, filled in by the writer. One that is negotiated gets
 * a temporary number, IPM_IKE_UNNUMBERED or more, and its index when ipm_ike_put() makes it established.
 */
int ipm_ike_start(struct ipm_writer *w, const struct ipm_ike_sa *sa);
const struct ipm_ike_sa *ipm_ike_peek(const struct ipm_writer *w, uint32_t slot);
/**
 * The next IKE SA between these identities (as far as IPM_PEER_ID_MAX), behind slot @p after; -1: the first.
 * -ENOENT when there is no more.
 */
int ipm_ike_between(const struct ipm_writer *w, const char *local_id, const char *remote_id, int after);
/**
 * There is to be room for one that is established: if there is none, the oldest that is being negotiated goes. Whoever
 * keeps such records looks with ipm_ike_find() whether they are still there.
 */
void ipm_ike_make_room(struct ipm_writer *w);
/**
 * The next IKE SA that has these SPIs now, behind slot @p after; -1: the first. -ENOENT when there is no more.
 */
int ipm_ike_named(const struct ipm_writer *w, uint64_t spi_initiator, uint64_t spi_responder, int after);
/**
 * Where the IKE SA @p index is now, that was in @p slot: there, or in the record that it became one with. The record
 * has another index by then if it was established, or became one with another. -ENOENT.
 */
int ipm_ike_find(const struct ipm_writer *w, uint32_t slot, uint32_t index);
/** Change it. Index, refreshes and traffic are kept from the record whatever @p sa says. */
int ipm_ike_put(struct ipm_writer *w, uint32_t slot, const struct ipm_ike_sa *sa);
/** It was rekeyed: the record goes on, one refresh more. */
void ipm_ike_refresh(struct ipm_writer *w, uint32_t slot);
/** So much more came in and went out. @p slot: of the IKE SA; -1: one that has no record any more, or never had. */
void ipm_ike_count(struct ipm_writer *w, int slot, const struct ipm_ike_traffic *in, const struct ipm_ike_traffic *out);
/** The same of one that has ended, and was IKE SA @p index: its last messages, which count in its history, too. */
void ipm_ike_count_late(struct ipm_writer *w, uint32_t index, const struct ipm_ike_traffic *in,
			const struct ipm_ike_traffic *out);
/**
 * Two records are of one IKE SA, which two feeds reported, and @p from is gone. What it counted joins @p into, unless
 * it was established: then it goes into the history, as replaced, with what it counted.
 */
void ipm_ike_merge(struct ipm_writer *w, uint32_t from, uint32_t into);
/** It is gone. Tunnels that it made stay. */
void ipm_ike_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason);

int ipm_tunnel_start(struct ipm_writer *w, const struct ipm_tunnel *tunnel);
const struct ipm_tunnel *ipm_tunnel_peek(const struct ipm_writer *w, uint32_t slot);
/** Change it. Index, counts, SAs and selectors are kept from the record; if its names are a crypto map entry's, it is
 * tied to that. */
int ipm_tunnel_put(struct ipm_writer *w, uint32_t slot, const struct ipm_tunnel *tunnel);
void ipm_tunnel_refresh(struct ipm_writer *w, uint32_t slot);
/** It is gone, with its SAs and selectors. */
void ipm_tunnel_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason);

/** Make the tunnel's selectors these; ones that it already has keep their index. */
int ipm_tunnel_select(struct ipm_writer *w, uint32_t slot, const struct ipm_selector *sel, uint32_t n);

/**
 * A new SA of a tunnel. @p sa->count is where its source's own count stands when it begins, so it goes to nobody; 0
 * unless another SA of the tunnel has counted that much before and this one goes on from there.
 */
int ipm_sa_start(struct ipm_writer *w, uint32_t tunnel, const struct ipm_sa *sa);
/** The next SA with this protocol and SPI, in any tunnel, behind slot @p after; -1: the first. -ENOENT: no more. */
int ipm_sa_named(const struct ipm_writer *w, uint8_t protocol, uint32_t spi, int after);
const struct ipm_sa *ipm_sa_peek(const struct ipm_writer *w, uint32_t slot);
/** Change it. Index, tunnel, protocol, SPI, engine and count are kept from the record. */
int ipm_sa_put(struct ipm_writer *w, uint32_t slot, const struct ipm_sa *sa);
/**
 * It runs on this crypto engine, slot + 1; 0: which one is not known. What it has carried goes to this engine if none
 * was known before, unless its count did not start at 0; else it stays with the one before, which counts it as deleted.
 * A segment with lanes keeps an engine that is known.
 */
void ipm_sa_engine(struct ipm_writer *w, uint32_t slot, uint32_t engine);
/**
 * The source's own count for this SA is now @p now. What is more than last time goes to the SA, its tunnel
 * and the totals. A source that starts again from zero adds what it counted since.
 */
void ipm_sa_count(struct ipm_writer *w, uint32_t slot, const struct ipm_traffic *now);
/**
 * It is gone; what it counted stays with its tunnel. Its slot is not used again while a worker may hold it, see
 * ipm_fast.h.
 */
void ipm_sa_stop(struct ipm_writer *w, uint32_t slot);

/** Packets were dropped, for which no SA is to be counted. */
void ipm_dropped(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts);
/** Packets have failed that an SA counts, or may count, as packets: they are not among the drops. */
void ipm_failed(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts);

/**
 * Packets were dropped on their way out of an interface, which is made when it is not known: by feed and ifindex;
 * its name and address are those of now. The totals are not touched.
 */
int
ipm_interface_dropped(struct ipm_writer *w, const struct ipm_interface *interface, enum ipm_drop why, uint64_t pkts);

/**
 * The crypto map entry with this name and child, made when there is none; of @p map are its configuration and feed.
 * Tunnels that are there already are tied to it by ipm_maps_tie(), and those that come by themselves.
 */
int ipm_map_open(struct ipm_writer *w, const struct ipm_map_entry *map);
const struct ipm_map_entry *ipm_map_peek(const struct ipm_writer *w, uint32_t slot);
/** Change its configuration. Index, names, state, counts and lists are kept from the record. */
int ipm_map_put(struct ipm_writer *w, uint32_t slot, const struct ipm_map_entry *map);
/** The next entry of the map @p name behind slot @p after; -1: the first one found. -ENOENT: no more. */
int ipm_map_next(const struct ipm_writer *w, const char *name, int after);
/** The entry with this name and child, or -ENOENT. */
int ipm_map_named(const struct ipm_writer *w, const char *name, const char *child);
/** Make its access list this; entries that it already has keep their index. */
int ipm_map_permit(struct ipm_writer *w, uint32_t slot, const struct ipm_access *access, uint32_t n);
/** It is not configured any more. Its tunnels stay, and belong to none. */
void ipm_map_remove(struct ipm_writer *w, uint32_t slot);
/** Tie tunnels by their names to entries that came later than they did; to be called when all entries are there. */
void ipm_maps_tie(struct ipm_writer *w);
/**
 * The tunnel comes from this entry: for a feed that knows so otherwise than by names. An entry that has the tunnel's
 * names takes it from there.
 */
void ipm_tunnel_from(struct ipm_writer *w, uint32_t tunnel, uint32_t map);

/** The crypto engine of this feed with this name, made when there is none. */
int ipm_engine_open(struct ipm_writer *w, const struct ipm_engine *engine);
/** Change what kind it is, its version, and whether it is disabled. */
int ipm_engine_put(struct ipm_writer *w, uint32_t slot, const struct ipm_engine *engine);

/**
 * An interface by feed and ifindex, made when it is not known; its name and address are those of now. Its drops are not
 * touched.
 */
int ipm_interface_open(struct ipm_writer *w, const struct ipm_interface *interface);

/**
 * Something failed: it is counted, kept in @p ring (IPM_IKE_FAILURES, IPM_TUNNEL_FAILURES) and told as an event. It is
 * the last failure of the entries of the crypto map @p failure->conn that are not up, or of that of them which
 * @p failure->map names.
 */
void ipm_fail(struct ipm_writer *w, enum ipm_section_kind ring, const struct ipm_failure *failure);

/** Put all that is up into the history, as it is now. */
void ipm_checkpoint(struct ipm_writer *w);

/** How much of the rings is shown: -ERANGE for 0 and for more than they hold. */
int ipm_settings_put(struct ipm_writer *w, const struct ipm_settings *settings);

/** What a serving program says of itself; it is known by its name. */
int ipm_agent_put(struct ipm_writer *w, const struct ipm_agent *agent);

/** The lanes, for workers that are threads of this process; NULL when there are none. It lives as long as @p w. */
const struct ipm_fast *ipm_writer_fast(const struct ipm_writer *w);

/**
 * Lane @p lane of an SA; NULL and NULL when there is none. For those who see to it themselves that nobody else counts
 * in this lane, and nobody at all when the SA is stopped; others are workers.
 */
struct ipm_lane ipm_sa_lane(struct ipm_writer *w, uint32_t slot, uint32_t lane);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
