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

#include <stdbool.h>
#include <stddef.h>

#include "ipm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

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
 * For a reader's SIGBUS handler: when the file was truncated, and that is why @p addr (si_addr) cannot be read,
 * put a page of zeros there, which says that there are no records. False: @p addr is not in this segment.
 * Async-signal-safe.
 */
bool ipm_segment_mend(const struct ipm_segment *seg, const void *addr);

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

#define IPM_READ_TRIES 10000 /* of a record that its writer keeps changing */
#define IPM_READ_STUCK 500   /* of one that is always found in the same mid-write: its writer has died */

/**
 * Copy one record out of the segment, whole and consistent.
 *
 * Units:     as the record's own comments say. Traffic of tunnels, SAs and engines includes what is in the lanes,
 *            that of crypto map entries and its refreshes what their tunnels have.
 * Ownership: @p out is the caller's, and is untouched on error.
 * Errors:    -ENOENT: the slot is free or does not exist; -EAGAIN: the writer died in the middle of it, or
 *            changed it under each of IPM_READ_TRIES attempts.
 * Threads:   never blocks, never writes. A counter never goes back from one call to the next; two
 *            counters of one record may differ by a packet in flight.
 */
int ipm_totals_read(const struct ipm_segment *seg, struct ipm_totals *out);
int ipm_feed_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_feed *out);
int ipm_ike_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_ike_sa *out);
int ipm_tunnel_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_tunnel *out);
int ipm_selector_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_selector *out);
int ipm_sa_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_sa *out);
int ipm_settings_read(const struct ipm_segment *seg, struct ipm_settings *out);
int ipm_agent_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_agent *out);
int ipm_interface_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_interface *out);
int ipm_map_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_map *out);
int ipm_access_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_access *out);
int ipm_engine_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_engine *out);
int ipm_ike_history_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_ike_history *out);
int ipm_tunnel_history_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_tunnel_history *out);
int ipm_selector_history_read(const struct ipm_segment *seg, uint32_t slot, struct ipm_selector_history *out);
int ipm_failure_read(const struct ipm_segment *seg, enum ipm_section_kind ring, uint32_t slot, struct ipm_failure *out);

/** Is the entry @p index of a ring among the newest that the settings want shown? */
bool ipm_ring_shown(const struct ipm_segment *seg, enum ipm_section_kind ring, uint32_t index);

/** The same for a kind that is known only when running; @p out must have room for ipm_record_size(kind). */
int ipm_read(const struct ipm_segment *seg, enum ipm_section_kind kind, uint32_t slot, void *out);
size_t ipm_record_size(enum ipm_section_kind kind);

/** The index that an IKE SA has in the MIBs; 0: none yet, it is being negotiated. */
static inline uint32_t
ipm_ike_index(const struct ipm_ike_sa *sa)
{
	return sa->index < IPM_IKE_UNNUMBERED ? sa->index : 0;
}

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

#ifdef __cplusplus
}
#endif
#endif
