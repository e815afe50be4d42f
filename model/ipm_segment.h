/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_segment.h  Attach to a model segment and read it.
 *
 * A segment is a file (`*.model` in the run directory) that one process writes and any number map
 * read-only. Readers take no lock, need no privilege but to open the file, and never write.
 *
 * Errors:    0 or a negative errno; a function that takes @p err also leaves a sentence there which
 *            names the file and says what is wrong with it.
 * Threads:   everything here may be called from any thread on the same segment at the same time, but
 *            for ipm_segment_close().
 */
#ifndef IPM_SEGMENT_H
#define IPM_SEGMENT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "ipm_types.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what is declared here is what the library exports */

/** What kinds of records a segment holds, in the order of its section table. */
enum ipm_section_kind {
	IPM_TOTALS,
	IPM_FEEDS,
	IPM_IKE_SAS,
	IPM_TUNNELS,
	IPM_SELECTORS,
	IPM_SAS,
	IPM_LANES,
	IPM_EVENTS,
	IPM_SETTINGS,
	IPM_AGENTS,
	IPM_INTERFACES,
	IPM_MAPS,
	IPM_ACCESS,
	IPM_ENGINES,
	IPM_IKE_HISTORY, /* from here on: rings of what has been */
	IPM_TUNNEL_HISTORY,
	IPM_SELECTOR_HISTORY,
	IPM_IKE_FAILURES,
	IPM_TUNNEL_FAILURES,
	IPM_SECTIONS
};

struct ipm_segment; /* a mapped segment */

/** Room for a sentence about what went wrong. */
struct ipm_error {
	char text[256];
};

/**
 * Map the segment @p path read-only and check all of it that a reader will trust: magic, ABI, byte
 * order, boot id, and for every section that it lies within the file.
 *
 * Ownership: *out is the caller's, to be given back with ipm_segment_close().
 * Errors:    what open(2) and mmap(2) say; -EPROTO for a file that is no segment, is truncated, of
 *            another version or damaged; -ESTALE for one of an earlier boot.
 */
int ipm_segment_attach(struct ipm_segment **out, const char *path, struct ipm_error *err);
void ipm_segment_close(struct ipm_segment *seg);

/** True when the file at the segment's path is no longer the one that is mapped, or is shorter: attach anew. */
bool ipm_segment_stale(const struct ipm_segment *seg);

/**
 * Is everything in order, as far as readers have found out? Once it is not, nothing is read from the segment any more:
 * ipm_segment_used() is 0, and what reads a record returns what this does.
 *
 * Errors:    0; -EPROTO: it is damaged; -ESTALE: the file was truncated while it was mapped, and ipm_segment_guard() is
 *            why the program lives. @p err, unless NULL, says so and names the file.
 */
int ipm_segment_state(const struct ipm_segment *seg, struct ipm_error *err);

/**
 * From now on this process survives a segment that is truncated while it is mapped: all that is mapped of it then reads
 * as zeros, and ipm_segment_state() says -ESTALE. Without this such a read ends the process with SIGBUS. The same goes
 * for what ipm_fast_attach() has mapped; what is counted there then is lost.
 *
 * Errors:    0, or what sigaction(2) says.
 * Threads:   it installs a handler of SIGBUS for the whole process, once; call it before there are threads that attach
 *            segments, after any handler of your own, which is called for what is not ours. The handler runs in the
 *            thread that reads, on its alternate stack if it has one. Keep SIGBUS unblocked in threads that read.
 */
int ipm_segment_guard(void);

/**
 * For programs with a handler of their own: what ipm_segment_guard()'s does. @p addr is si_addr of a SIGBUS whose
 * si_code is BUS_ADRERR. False: it is in no segment. Async-signal-safe.
 */
bool ipm_segment_mend(const void *addr);

/**
 * Give back the memory of what has been read so far; it comes again when it is read again. For readers that go through
 * a large segment once and want to stay small: cheap, but not for every record.
 */
void ipm_segment_release(const struct ipm_segment *seg);

const char *ipm_segment_path(const struct ipm_segment *seg);

/** The name that the writer gave the segment, and its control socket (empty: none). They return @p out. */
const char *ipm_segment_name(const struct ipm_segment *seg, char out[IPM_NAME_MAX]);
const char *ipm_segment_control(const struct ipm_segment *seg, char out[IPM_TEXT_MAX]);

/** Slots that there are for records of @p kind. */
uint32_t ipm_segment_capacity(const struct ipm_segment *seg, enum ipm_section_kind kind);

/** The first index of the range that the segment's indexes are from. */
uint32_t ipm_segment_index_first(const struct ipm_segment *seg);

/** The process that writes the segment; 0: it was closed in good order. */
uint32_t ipm_segment_writer(const struct ipm_segment *seg);

/** Nanoseconds since the writer's last sign of life. */
uint64_t ipm_segment_silence_ns(const struct ipm_segment *seg);

/** The serial of the newest event; 0: there has been none. */
uint64_t ipm_segment_event_serial(const struct ipm_segment *seg);

/** Slots of @p kind that may hold a record: 0 to the value returned, less one. */
uint32_t ipm_segment_used(const struct ipm_segment *seg, enum ipm_section_kind kind);

/** A number that grows whenever the set of records of @p kind changes; counters do not move it. */
uint64_t ipm_segment_change(const struct ipm_segment *seg, enum ipm_section_kind kind);

#define IPM_READ_PATIENCE_NS 20000000u /* for one record that its writer keeps changing, or is in the middle of */

/**
 * Let all reads of the segment together wait no longer than @p ns from now on, until this is called again; UINT64_MAX:
 * no limit but that of each record, as in the beginning. For programs that have to answer in time.
 */
void ipm_segment_patience(const struct ipm_segment *seg, uint64_t ns);

/** Reads that gave up with -EAGAIN so far: what they were to read is missing from what was shown. */
uint64_t ipm_segment_unread(const struct ipm_segment *seg);

/**
 * Copy one record out of the segment, whole and consistent.
 *
 * Units:     as the record's own comments say. Traffic of tunnels, SAs and engines includes what is in the lanes,
 *            that of crypto map entries and its refreshes what their tunnels have.
 * Ownership: @p out is the caller's, and is untouched on error.
 * Errors:    -ENOENT: the slot is free or does not exist; -EAGAIN: the writer is in the middle of it and has not come
 * on for IPM_READ_PATIENCE_NS, or has died there, which is told at once when its process is gone; or it keeps changing
 * it; -EPROTO, -ESTALE: see ipm_segment_state(). Threads:   never blocks, never writes. A counter never goes back from
 * one call to the next; two counters of one record may differ by a packet in flight.
 */
int ipm_read(const struct ipm_segment *seg, enum ipm_section_kind kind, uint32_t slot, void *out);

/* The same for a kind that is known when the program is written. */
#define IPM_READER(name, type, kind)                                                                 \
	static inline int ipm_##name##_read(const struct ipm_segment *seg, uint32_t slot, type *out) \
	{                                                                                            \
		return ipm_read(seg, kind, slot, out);                                               \
	}
IPM_READER(feed, struct ipm_feed, IPM_FEEDS)
IPM_READER(ike, struct ipm_ike_sa, IPM_IKE_SAS)
IPM_READER(tunnel, struct ipm_tunnel, IPM_TUNNELS)
IPM_READER(selector, struct ipm_selector, IPM_SELECTORS)
IPM_READER(sa, struct ipm_sa, IPM_SAS)
IPM_READER(agent, struct ipm_agent, IPM_AGENTS)
IPM_READER(interface, struct ipm_interface, IPM_INTERFACES)
IPM_READER(map, struct ipm_map_entry, IPM_MAPS)
IPM_READER(access, struct ipm_access, IPM_ACCESS)
IPM_READER(engine, struct ipm_engine, IPM_ENGINES)
IPM_READER(ike_history, struct ipm_ike_history, IPM_IKE_HISTORY)
IPM_READER(tunnel_history, struct ipm_tunnel_history, IPM_TUNNEL_HISTORY)
IPM_READER(selector_history, struct ipm_selector_history, IPM_SELECTOR_HISTORY)
#undef IPM_READER

/* The totals and the settings have one slot; failures are in two rings. */
static inline int
ipm_totals_read(const struct ipm_segment *seg, struct ipm_totals *out)
{
	return ipm_read(seg, IPM_TOTALS, 0, out);
}

static inline int
ipm_settings_read(const struct ipm_segment *seg, struct ipm_settings *out)
{
	return ipm_read(seg, IPM_SETTINGS, 0, out);
}

static inline int
ipm_failure_read(const struct ipm_segment *seg, enum ipm_section_kind ring, uint32_t slot, struct ipm_failure *out)
{
	return ring == IPM_IKE_FAILURES || ring == IPM_TUNNEL_FAILURES ? ipm_read(seg, ring, slot, out) : -EINVAL;
}

/** Octets of a record of this kind, as ipm_read() copies it. */
size_t ipm_record_size(enum ipm_section_kind kind);

/** Room for a record of any kind. */
union ipm_any_record {
	uint32_t index; /* the first field of every record but the totals and the settings */
	struct ipm_totals totals;
	struct ipm_feed feed;
	struct ipm_ike_sa ike;
	struct ipm_tunnel tunnel;
	struct ipm_selector selector;
	struct ipm_sa sa;
	struct ipm_event event;
	struct ipm_settings settings;
	struct ipm_agent agent;
	struct ipm_interface interface;
	struct ipm_map_entry map;
	struct ipm_access access;
	struct ipm_engine engine;
	struct ipm_ike_history ike_history;
	struct ipm_tunnel_history tunnel_history;
	struct ipm_selector_history selector_history;
	struct ipm_failure failure;
};

/** Is the entry @p index of a ring among the newest that the settings want shown? */
bool ipm_ring_shown(const struct ipm_segment *seg, enum ipm_section_kind ring, uint32_t index);

/** The index that an IKE SA has in the MIBs; 0: none yet, it is being negotiated. */
static inline uint32_t
ipm_ike_index(const struct ipm_ike_sa *sa)
{
	return sa->index < IPM_IKE_UNNUMBERED ? sa->index : 0;
}

/**
 * A walk over records: all of a kind, what a ring shows, or a list of one record. The members but @p slot and @p unread
 * belong to the functions below.
 *
 *     struct ipm_walk walk;
 *     struct ipm_sa sa;
 *     ipm_walk_sas(&walk, seg, &tunnel);
 *     while (ipm_walk_next(&walk, &sa) > 0)
 *             ... sa is the record in walk.slot
 *
 * Every walk ends, whatever the segment contains: a walk over a section reads each slot once that was in use when it
 * began, and a walk along a list reads at most twice as many records as its section had then, and 16 more.
 */
struct ipm_walk {
	const struct ipm_segment *seg;
	enum ipm_section_kind kind;
	bool along_list, shown_only;
	uint32_t owner, head, at, last; /* of a list */
	uint64_t position, left;        /* position: in a section, or in all that a ring has ever had */
	uint32_t slot;                  /* of the record that was read last */
	uint32_t unread;                /* records of a section that could not be read, and were left out */
};

/** All records of a kind, in the order of their slots. */
void ipm_walk_all(struct ipm_walk *walk, const struct ipm_segment *seg, enum ipm_section_kind kind);
/** The entries of a ring that the settings want shown, oldest first. */
void ipm_walk_ring(struct ipm_walk *walk, const struct ipm_segment *seg, enum ipm_section_kind ring);
/** The SAs of a tunnel, its selectors, and the tunnels and the access list of a crypto map entry, newest first. */
void ipm_walk_sas(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_tunnel *of);
void ipm_walk_selectors(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_tunnel *of);
void ipm_walk_tunnels(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_map_entry *of);
void ipm_walk_access(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_map_entry *of);

/**
 * Read the next record of the walk.
 *
 * Errors:    1; 0: that was all; -EPROTO, -ESTALE: see ipm_segment_state(). A walk over a section leaves out what it
 *            cannot read, and counts it in @p walk->unread. A walk along a list says -EAGAIN when the list has changed
 *            since its owner was read, or a record of it cannot be read: read the owner again and begin anew, a few
 *            times. It says -EPROTO for a list without an end; ipm_segment_state() says so from then on.
 */
int ipm_walk_next(struct ipm_walk *walk, void *out);

/** Does the IKE SA that made this tunnel still exist? */
bool ipm_tunnel_ike_alive(const struct ipm_segment *seg, const struct ipm_tunnel *tunnel);

/**
 * The next event after @p serial (0: the oldest there is).
 *
 * Errors:    -ENOENT: none yet; -EOVERFLOW: it has been overwritten, *out is the oldest that is left and
 *            its serial tells how many were missed.
 */
int ipm_event_next(const struct ipm_segment *seg, uint64_t serial, struct ipm_event *out);

/** Add what one has counted to a sum. */
void ipm_traffic_add(struct ipm_traffic *sum, const struct ipm_traffic *more);
void ipm_ike_traffic_add(struct ipm_ike_traffic *sum, const struct ipm_ike_traffic *more);

/** Packets that were dropped, for whatever reason. */
uint64_t ipm_traffic_drops(const struct ipm_traffic *t);

bool ipm_addr_same(const struct ipm_addr *a, const struct ipm_addr *b);

/** Does this cipher (an IANA transform number) authenticate what it enciphers? */
bool ipm_is_aead(uint16_t encr);

/** CLOCK_BOOTTIME, in which all times of a segment are given. */
uint64_t ipm_now_ns(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
