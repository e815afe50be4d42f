/* SPDX-License-Identifier: ISC */
/* Shared by the reader's and the writer's side of the model. Not installed. */
#ifndef IPM_INT_H
#define IPM_INT_H

#include <stdatomic.h>

#include "ipm_fast.h"
#include "ipm_segment.h"

_Static_assert(sizeof(struct ipm_worker_line) == IPM_CACHE_LINE, "the counts begin on a cache line");
_Static_assert(IPM_CACHE_LINE % sizeof(struct ipm_count) == 0, "no count lies on two cache lines");

/* Every record except a lane begins with this. While @p seq is odd, the writer is changing the record. */
struct ipm_record {
	_Atomic uint32_t seq;
	uint32_t generation; /* grows with each new record in the slot */
};

struct ipm_section {
	uint32_t kind;
	uint32_t stride;         /* octets from one record to the next, struct ipm_record included */
	uint32_t capacity;       /* slots */
	_Atomic uint32_t used;   /* slots below this one have been in use */
	ipm_u64 offset;          /* of slot 0, from the start of the file */
	_Atomic uint64_t change; /* grows when a record comes, goes, or is shown or hidden */
	_Atomic uint64_t total;  /* of a ring: entries ever pushed */
};

/*
 * Readers look at every slot and every lane. These limits keep them from doing that for hours in a damaged segment.
 * They are above the largest capacities that can be configured.
 */
#define IPM_SLOTS_MAX  (1u << 27)
#define IPM_LANES_MAX  (1u << 12)

#define IPM_MAGIC      "IPSECMON"
#define IPM_BYTE_ORDER 0x01020304u

/* The first octets of a segment. */
struct ipm_header {
	char magic[8];
	uint32_t abi;
	uint32_t byte_order; /* IPM_BYTE_ORDER as the writer stores it */
	ipm_u64 size;        /* of the file, in octets */
	char boot_id[40];    /* /proc/sys/kernel/random/boot_id: a segment lives no longer than the boot */
	char name[IPM_NAME_MAX];
	char control[IPM_TEXT_MAX]; /* the writer's control socket; empty: it has none */
	uint32_t sections;
	uint32_t lanes;                   /* for workers, see ipm_fast.h */
	uint32_t index_first, index_last; /* the range of this segment's indexes */
	_Atomic uint32_t writer_pid;      /* 0: the writer has closed the segment */
	_Atomic uint32_t replaced;        /* 1: another file has this file's name now */
	_Atomic uint64_t heartbeat_ns;    /* the writer's last sign of life */
	_Atomic uint64_t event_serial;    /* of the newest event */
	ipm_u64 epoch;                    /* grows with each SA that is stopped while workers may hold it */
	struct ipm_section section[IPM_SECTIONS];
};

/* The same on every machine. */
_Static_assert(sizeof(struct ipm_record) == 8 && sizeof(struct ipm_section) == 40, "no padding");
_Static_assert(offsetof(struct ipm_header, heartbeat_ns) == 280 && offsetof(struct ipm_header, section) == 304 &&
		       sizeof(struct ipm_header) == 304 + IPM_SECTIONS * sizeof(struct ipm_section),
	       "no padding");

/* What readers found out about a segment, in all threads of this process. */
struct ipm_findings {
	_Atomic int state;            /* 0; -EPROTO: damaged; -ESTALE: truncated */
	_Atomic uint64_t unread;      /* reads that gave up */
	_Atomic uint64_t patience_ns; /* the time that reads may still wait */
};

/*
 * A mapped segment. Its geometry is checked and copied at attach and never read from the file again, because anybody
 * who can write the file may change the header later.
 */
struct ipm_segment {
	uint8_t *base;
	size_t size;
	uint64_t dev, ino;
	char *path;
	struct {
		uint8_t *first; /* slot 0 */
		uint32_t stride, capacity;
	} section[IPM_SECTIONS];
	uint32_t lanes, index_first, index_last;
	uint64_t lane_drops;                  /* offset of the drops in a lane */
	struct ipm_findings findings, *found; /* found: the same, for functions that get a const segment */
};

struct ipm_fast {
	const struct ipm_segment *seg;
	struct ipm_segment *own; /* the same as seg, if ipm_fast_attach() attached it; NULL: the writer's */
	uint8_t *lanes;          /* writable */
	size_t size;             /* of the lanes' mapping; 0: the mapping is the writer's */
};

__attribute__((format(printf, 2, 3))) void ipm_error_set(struct ipm_error *err, const char *format, ...);

/* The kernel's boot id; empty without /proc. */
void ipm_boot_id(char out[40]);

/* Is @p header the header of a segment with @p size octets? */
int ipm_header_check(const struct ipm_header *header, size_t size, const char *path, struct ipm_error *err);

/* Check the header at seg->base, and copy the geometry from it. */
int ipm_geometry_take(struct ipm_segment *seg, struct ipm_error *err);

/* Mark the segment as damaged: a list has no end, or two owners. It is no longer read. Returns -EPROTO. */
int ipm_damaged(const struct ipm_segment *seg);

/* ipm_guard.c: mappings that become zeros when their file is truncated. */
int ipm_mapping_add(void *base, size_t size, int prot, struct ipm_findings *found);
void ipm_mapping_remove(const void *base);

static inline struct ipm_header *
ipm_header(const struct ipm_segment *seg)
{
	return (struct ipm_header *)seg->base;
}

/* The record in @p slot, which the caller has checked against the capacity. */
static inline struct ipm_record *
ipm_record_at(const struct ipm_segment *seg, enum ipm_section_kind kind, uint32_t slot)
{
	return (struct ipm_record *)(void *)(seg->section[kind].first + (size_t)slot * seg->section[kind].stride);
}

static inline void *
ipm_payload(struct ipm_record *rec)
{
	return rec + 1;
}

/* Index of ring entry number @p total (0-based). Indexes are from @p first to @p last. */
static inline uint32_t
ipm_ring_index(uint64_t total, uint32_t first, uint32_t last)
{
	return (uint32_t)(total % ((uint64_t)last - first + 1)) + first;
}

/* Number of entries ever pushed to a ring, and number of entries that readers show at most. */
uint64_t ipm_ring_total(const struct ipm_segment *seg, enum ipm_section_kind ring);
uint32_t ipm_ring_shown_most(const struct ipm_segment *seg, enum ipm_section_kind ring);

/* In a lane for @p sas SAs: the offset of the drops, and the length of the lane. */
static inline uint64_t
ipm_lane_drops(uint32_t sas)
{
	const uint64_t in_a_line = IPM_CACHE_LINE / sizeof(struct ipm_count);
	return sizeof(struct ipm_worker_line) + (sas + in_a_line - 1) / in_a_line * IPM_CACHE_LINE;
}

static inline uint64_t
ipm_lane_size(uint32_t sas)
{
	return ipm_lane_drops(sas) + sas * (uint64_t)sizeof(struct ipm_drops);
}

/* The lane that begins with @p line, for the SA in slot 0. */
static inline struct ipm_lane
ipm_lane_of(struct ipm_worker_line *line, uint32_t sas)
{
	return (struct ipm_lane){ (struct ipm_count *)(void *)(line + 1),
				  (struct ipm_drops *)(void *)((char *)line + ipm_lane_drops(sas)) };
}

static inline struct ipm_worker_line *
ipm_worker_line_at(const struct ipm_segment *seg, uint32_t lane)
{
	return (struct ipm_worker_line *)(void *)(seg->section[IPM_LANES].first +
						  (size_t)lane * seg->section[IPM_LANES].stride);
}

static inline struct ipm_lane
ipm_lane_at(const struct ipm_segment *seg, uint32_t sa, uint32_t lane)
{
	char *line = (char *)ipm_worker_line_at(seg, lane);
	return (struct ipm_lane){ (struct ipm_count *)(void *)(line + sizeof(struct ipm_worker_line)) + sa,
				  (struct ipm_drops *)(void *)(line + seg->lane_drops) + sa };
}

/* Lanes are not records: they have no sequence number and begin on cache lines. */
static inline bool
ipm_kind_is_record(enum ipm_section_kind kind)
{
	return kind != IPM_LANES;
}

/*
 * The oldest epoch in which an online worker was quiescent; UINT64_MAX: no worker is online. Lanes that are read after
 * this call contain everything that the workers counted before.
 */
uint64_t ipm_workers_oldest(const struct ipm_segment *seg);

/* Reclaim the lanes of workers that have not been quiescent since @p epoch and whose process has ended. */
void ipm_workers_reap(const struct ipm_segment *seg, uint64_t epoch);

/* Add the counts in the lanes of the SA in @p slot. */
void ipm_lanes_sum(const struct ipm_segment *seg, uint32_t slot, const struct ipm_sa *sa, struct ipm_traffic *sum);

/* Add only the part of these counts that its tunnel and the totals get. */
void ipm_lanes_share(const struct ipm_segment *seg, uint32_t slot, const struct ipm_sa *sa, struct ipm_traffic *sum);

/* Add the counts in the lanes of the SA in @p slot to @p sa, and its sequence number if workers report it. */
void ipm_sa_lanes(const struct ipm_segment *seg, uint32_t slot, struct ipm_sa *sa);

/* Add the counts in the lanes of all SAs, or only of the SAs of the engine in slot @p engine - 1. */
void ipm_sas_lanes(const struct ipm_segment *seg, uint32_t engine, struct ipm_traffic *in, struct ipm_traffic *out);

/* Reduce the counts of an SA to the part that its tunnel and the totals get. */
void ipm_traffic_share(const struct ipm_sa *sa, struct ipm_traffic *t);

/* The part of a tunnel's counts that its session gets. */
void ipm_tunnel_session_share(const struct ipm_tunnel *tunnel, struct ipm_volume *in, struct ipm_volume *out);

/* Set the counts that follow from the packets and the SA's transforms. */
void ipm_traffic_derive(const struct ipm_sa *sa, struct ipm_traffic *t);

/*
 * A record is copied in atomic 64-bit words, so that writer and readers may use it at the same time without a data
 * race. The sequence number tells a reader whether the words belong together.
 */
typedef uint64_t __attribute__((may_alias)) ipm_word; /* a word of a record, across its fields */

static inline void
ipm_words_load(void *dst, const void *src, size_t octets)
{
	ipm_word *d = dst;
	const ipm_word *s = src;
	for (size_t i = 0; i < octets / 8; i++)
		d[i] = __atomic_load_n(&s[i], __ATOMIC_RELAXED);
}

static inline void
ipm_words_store(void *dst, const void *src, size_t octets)
{
	ipm_word *d = dst;
	const ipm_word *s = src;
	for (size_t i = 0; i < octets / 8; i++)
		__atomic_store_n(&d[i], s[i], __ATOMIC_RELAXED);
}

#endif
