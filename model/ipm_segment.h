/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_segment.h  Attach to a model segment and read it.
 *
 * A segment is a file (*.model in the run directory). One process writes it, and any number of processes map it
 * read-only. Readers take no lock, never write, and need no privilege except to open the file.
 *
 * Errors:    0 or a negative errno. A function that takes @p err also puts a sentence there, which names the file and
 *            the fault.
 * Threads:   any thread may call any function here on the same segment at the same time, except ipm_segment_close().
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
#pragma GCC visibility push(default) /* the library exports exactly these functions */

/** The kinds of records in a segment, in the order of its section table. */
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
	IPM_SESSIONS,
	IPM_POOLS,
	IPM_IKE_HISTORY, /* from here on: rings of ended records and failures */
	IPM_TUNNEL_HISTORY,
	IPM_SELECTOR_HISTORY,
	IPM_IKE_FAILURES,
	IPM_TUNNEL_FAILURES,
	IPM_SESSION_HISTORY,
	IPM_LOGIN_FAILURES,
	IPM_SECTIONS
};

/** A mapped segment. */
struct ipm_segment;

/** A sentence about what went wrong. */
struct ipm_error {
	char text[256];
};

/**
 * Map the segment @p path read-only. Everything that readers trust is checked: magic, IPM_ABI, byte order, boot id,
 * and that every section lies within the file.
 *
 * Ownership: *out is the caller's; close it with ipm_segment_close().
 * Errors:    those of open(2) and mmap(2); -EPROTO: the file is not a segment, or it is truncated, damaged or of
 * another IPM_ABI; -ESTALE: the segment is from an earlier boot.
 */
int ipm_segment_attach(struct ipm_segment **out, const char *path, struct ipm_error *err);
void ipm_segment_close(struct ipm_segment *seg);

/** True when another file is at the segment's path now, or the file has become shorter: attach it again. */
bool ipm_segment_stale(const struct ipm_segment *seg);

/**
 * Is the segment intact, as far as its readers know? If not, it is no longer read: ipm_segment_used() is 0, and
 * functions that read a record return the error of this function.
 *
 * Errors:    0; -EPROTO: the segment is damaged; -ESTALE: the file was truncated while it was mapped, and
 *            ipm_segment_guard() has kept the program alive. @p err, unless NULL, gets a sentence that names the
 *            file.
 */
int ipm_segment_state(const struct ipm_segment *seg, struct ipm_error *err);

/**
 * From now on this process survives when somebody truncates a segment that it has mapped: the segment then reads as
 * zeros, and ipm_segment_state() is -ESTALE. Without this call such a read ends the process with SIGBUS. The same
 * holds for lanes that ipm_fast_attach() has mapped; later counts in them are lost.
 *
 * Errors:    0, or the error of sigaction(2).
 * Threads:   the call installs one handler of SIGBUS for the whole process. Make it before threads attach segments,
 *            and after you install a handler of your own, which gets the faults that are not in a segment. The
 *            handler runs in the thread that reads, on its alternate stack if it has one. Threads that read must
 *            not block SIGBUS.
 */
int ipm_segment_guard(void);

/**
 * Handle a SIGBUS as ipm_segment_guard() does, for programs with a handler of their own. @p addr is si_addr of a SIGBUS
 * whose si_code is BUS_ADRERR. False: it is in no segment. Async-signal-safe.
 */
bool ipm_segment_mend(const void *addr);

/**
 * Give back the memory of the pages that have been read so far. They are mapped again when they are read again.
 * Readers that go through a large segment once stay small this way. Don't call it for every record.
 */
void ipm_segment_release(const struct ipm_segment *seg);

/** The path that was given to ipm_segment_attach(). */
const char *ipm_segment_path(const struct ipm_segment *seg);

/** The name that the writer gave the segment, and the path of its control socket (empty: none). Both return @p out. */
const char *ipm_segment_name(const struct ipm_segment *seg, char out[IPM_NAME_MAX]);
const char *ipm_segment_control(const struct ipm_segment *seg, char out[IPM_TEXT_MAX]);

/** How many records of @p kind the segment has room for. */
uint32_t ipm_segment_capacity(const struct ipm_segment *seg, enum ipm_section_kind kind);

/** The first index of the segment's range. */
uint32_t ipm_segment_index_first(const struct ipm_segment *seg);

/** The process that writes the segment; 0: its writer has closed it. */
uint32_t ipm_segment_writer(const struct ipm_segment *seg);

/** Nanoseconds since the writer's last sign of life. */
uint64_t ipm_segment_silence_ns(const struct ipm_segment *seg);

/** The serial of the newest event; 0: there has been none. */
uint64_t ipm_segment_event_serial(const struct ipm_segment *seg);

/** Slots below this number may hold a record of @p kind; the others never have. */
uint32_t ipm_segment_used(const struct ipm_segment *seg, enum ipm_section_kind kind);

/** A number that grows whenever the set of records of @p kind changes. Counters don't change it. */
uint64_t ipm_segment_change(const struct ipm_segment *seg, enum ipm_section_kind kind);

/** How long a read waits for one record that the writer keeps changing, or has not finished. */
#define IPM_READ_PATIENCE_NS 20000000u

/**
 * From now on all reads of the segment together wait no longer than @p ns, until the next call. UINT64_MAX, the
 * default: each record has only its own limit. Programs that must answer in time need this.
 */
void ipm_segment_patience(const struct ipm_segment *seg, uint64_t ns);

/** How many reads have failed with -EAGAIN so far. The program doesn't show these records. */
uint64_t ipm_segment_unread(const struct ipm_segment *seg);

/**
 * Copy one record out of the segment, whole and consistent.
 *
 * Units:     see the record's comments. The traffic of tunnels, SAs and crypto engines includes the counts in lanes.
 * The traffic and refreshes of crypto map entries, and the traffic of sessions, include those of their tunnels.
 * Ownership: @p out is the caller's. It has room for ipm_record_size(kind) octets, and is untouched on error. Errors:
 * -ENOENT: the slot is free or does not exist. -EAGAIN: the record kept changing for IPM_READ_PATIENCE_NS, or its
 * writer stopped in the middle of a change; if the writer's process has ended, the call returns at once. -EPROTO,
 * -ESTALE: see ipm_segment_state(). Threads:   never blocks, never writes. A counter never goes back from one call to
 * the next. Two counters of one record may differ by a packet in flight.
 */
int ipm_read(const struct ipm_segment *seg, enum ipm_section_kind kind, uint32_t slot, void *out);

/** ipm_tunnel_read() and similar functions read one kind, so that the compiler checks the structure. */
#define IPM_READER(name, record, kind)                                                                        \
	static inline int ipm_##name##_read(const struct ipm_segment *seg, uint32_t slot, struct record *out) \
	{                                                                                                     \
		return ipm_read(seg, kind, slot, out);                                                        \
	}
IPM_READER(feed, ipm_feed, IPM_FEEDS)
IPM_READER(ike, ipm_ike_sa, IPM_IKE_SAS)
IPM_READER(tunnel, ipm_tunnel, IPM_TUNNELS)
IPM_READER(selector, ipm_selector, IPM_SELECTORS)
IPM_READER(sa, ipm_sa, IPM_SAS)
IPM_READER(agent, ipm_agent, IPM_AGENTS)
IPM_READER(interface, ipm_interface, IPM_INTERFACES)
IPM_READER(map, ipm_map_entry, IPM_MAPS)
IPM_READER(access, ipm_access, IPM_ACCESS)
IPM_READER(engine, ipm_engine, IPM_ENGINES)
IPM_READER(ike_history, ipm_ike_history, IPM_IKE_HISTORY)
IPM_READER(tunnel_history, ipm_tunnel_history, IPM_TUNNEL_HISTORY)
IPM_READER(selector_history, ipm_selector_history, IPM_SELECTOR_HISTORY)
IPM_READER(session, ipm_session, IPM_SESSIONS)
IPM_READER(session_history, ipm_session_history, IPM_SESSION_HISTORY)
IPM_READER(login_failure, ipm_login_failure, IPM_LOGIN_FAILURES)
IPM_READER(pool, ipm_pool, IPM_POOLS)
#undef IPM_READER

/** The totals and the settings have one slot; there are two rings of failures. */
static inline int
ipm_totals_read(const struct ipm_segment *seg, struct ipm_totals *out)
{
	return ipm_read(seg, IPM_TOTALS, 0, out);
}

/** See ipm_totals_read(). */
static inline int
ipm_settings_read(const struct ipm_segment *seg, struct ipm_settings *out)
{
	return ipm_read(seg, IPM_SETTINGS, 0, out);
}

/** See ipm_totals_read(). @p ring is IPM_IKE_FAILURES or IPM_TUNNEL_FAILURES. */
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
	struct ipm_session session;
	struct ipm_session_history session_history;
	struct ipm_login_failure login_failure;
	struct ipm_pool pool;
};

/** The index of an IKE SA in the MIBs; 0: it has none yet, because it is being negotiated. */
static inline uint32_t
ipm_ike_index(const struct ipm_ike_sa *sa)
{
	return sa->index < IPM_IKE_UNNUMBERED ? sa->index : 0;
}

/**
 * A walk over records: all of a kind, the entries that a ring shows, or a list of one record. Read only the members
 * @p slot and @p unread.
 *
 *     struct ipm_walk walk;
 *     struct ipm_sa sa;
 *     ipm_walk_sas(&walk, seg, &tunnel);
 *     while (ipm_walk_next(&walk, &sa) > 0)
 *             ... sa is the record in walk.slot
 *
 * Every walk ends, whatever the segment contains. A walk over a section reads each slot once that was in use at its
 * beginning. A walk along a list reads at most twice as many records as its section had, and 16 more.
 */
struct ipm_walk {
	const struct ipm_segment *seg;
	enum ipm_section_kind kind;
	bool along_list, along_session, shown_only;
	uint32_t owner, head, at, last; /* of a list */
	uint64_t position, left;        /* position: in a section, or among all entries that a ring has had */
	uint32_t slot;                  /* of the record that was read last */
	uint32_t unread;                /* records of a section that could not be read */
};

/** All records of a kind, in the order of their slots. */
void ipm_walk_all(struct ipm_walk *walk, const struct ipm_segment *seg, enum ipm_section_kind kind);
/** The newest entries of a ring, oldest first, as many as the settings say. */
void ipm_walk_ring(struct ipm_walk *walk, const struct ipm_segment *seg, enum ipm_section_kind ring);
/**
 * The SAs of a tunnel, its selectors, the tunnels and the access list of a crypto map entry, and the tunnels of a
 * session, newest first.
 */
void ipm_walk_sas(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_tunnel *of);
void ipm_walk_selectors(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_tunnel *of);
void ipm_walk_tunnels(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_map_entry *of);
void ipm_walk_access(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_map_entry *of);
void ipm_walk_session(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_session *of);

/**
 * Read the next record of the walk.
 *
 * Errors:    1: a record was read; 0: there are no more; -EPROTO, -ESTALE: see ipm_segment_state(). A walk over a
 *            section leaves out records that it cannot read, and counts them in @p walk->unread. A walk along a list
 *            returns -EAGAIN if the list has changed since its owner was read, or if a record cannot be read: read the
 *            owner again and start again, a few times. It returns -EPROTO for a list without an end, and so does
 *            ipm_segment_state() from then on.
 */
int ipm_walk_next(struct ipm_walk *walk, void *out);

/** Does the IKE SA that negotiated this tunnel still exist? */
bool ipm_tunnel_ike_alive(const struct ipm_segment *seg, const struct ipm_tunnel *tunnel);

/**
 * The next event after @p serial; after 0 it is the oldest.
 *
 * Errors:    -ENOENT: there is none yet; -EOVERFLOW: it has been overwritten. Then *out is the oldest remaining event,
 *            and its serial shows how many were missed.
 */
int ipm_event_next(const struct ipm_segment *seg, uint64_t serial, struct ipm_event *out);

/** Add @p more to @p sum. */
void ipm_traffic_add(struct ipm_traffic *sum, const struct ipm_traffic *more);
void ipm_ike_traffic_add(struct ipm_ike_traffic *sum, const struct ipm_ike_traffic *more);

/** Add @p more to @p sum. */
void ipm_volume_add(struct ipm_volume *sum, const struct ipm_volume *more);

/** Octets, packets and drops of @p t. */
struct ipm_volume ipm_traffic_volume(const struct ipm_traffic *t);

/** Dropped packets, whatever the reason. */
uint64_t ipm_traffic_drops(const struct ipm_traffic *t);

/** Are these the same address? */
bool ipm_addr_same(const struct ipm_addr *a, const struct ipm_addr *b);

/** Does this cipher (enum ipm_encr) protect integrity too? */
bool ipm_is_aead(uint16_t encr);

/** CLOCK_BOOTTIME, the clock of all times in a segment. */
uint64_t ipm_now_ns(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
