/* SPDX-License-Identifier: ISC */
/*
 * Space on the file system. A segment is sparse. If the file system is full, writing into a hole kills the process with
 * SIGBUS. So the writer reserves a slot's pages before the first use, and refuses the record if there are none.
 */
#include <errno.h>
#include <fcntl.h>

#include "ipm_store.h"

#define PAGE             4096
#define CHUNK            65536       /* octets reserved at a time, once a section has that many */
#define PUNCH_REST_NS    1000000000u /* between two attempts to free pages in holes */
#define OCTETS(from, to) ((uint64_t)((const uint8_t *)(to) - (const uint8_t *)(from)))

static int
allocate(const struct ipm_writer *w, int mode, uint64_t from, uint64_t to)
{
	int rc;
	if (from >= to)
		return 0;
	do
		rc = fallocate(w->fd, mode, (off_t)from, (off_t)(to - from));
	while (rc < 0 && errno == EINTR);
	/* A file system without this call is not tmpfs: go on without reserving. */
	return rc < 0 && errno != EOPNOTSUPP && errno != ENOSYS ? -ENOSPC : 0;
}

static uint64_t
offset_of(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	return OCTETS(w->seg.base, ipm_record_at(&w->seg, kind, slot));
}

/* Reserve slots @p from to @p to - 1, and for SAs their counts in the lanes. */
static int
reserve(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t from, uint32_t to)
{
	int rc = allocate(w, 0, offset_of(w, kind, from), offset_of(w, kind, to));
	for (uint32_t n = 0; rc == 0 && kind == IPM_SAS && n < w->seg.lanes; n++) {
		struct ipm_lane first = ipm_lane_at(&w->seg, from, n), end = ipm_lane_at(&w->seg, to, n);
		rc = allocate(w, 0, OCTETS(w->seg.base, first.count), OCTETS(w->seg.base, end.count));
		if (rc == 0)
			rc = allocate(w, 0, OCTETS(w->seg.base, first.drops), OCTETS(w->seg.base, end.drops));
	}
	return rc;
}

/*
 * A reader that looks at unused slots makes tmpfs allocate pages there. Give these pages back, so that no reader can
 * use up the writer's space for good.
 */
static void
empty_holes(struct ipm_writer *w)
{
	uint64_t now = ipm_now_ns();

	if (w->punched_ns && now - w->punched_ns < PUNCH_REST_NS)
		return;
	w->punched_ns = now;
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++) {
		if (!ipm_kind_is_record(kind))
			continue;
		uint64_t from = offset_of(w, kind, w->room[kind]);
		uint64_t to = offset_of(w, kind, w->seg.section[kind].capacity);
		allocate(w, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (from + PAGE - 1) / PAGE * PAGE,
			 to / PAGE * PAGE);
	}
}

int
ipm_room(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slots)
{
	uint32_t have = w->room[kind];

	if (slots <= have)
		return 0;
	/* Double the room while a section is small, then add chunks. Round up to whole pages. */
	uint64_t more =
		have < CHUNK / w->seg.section[kind].stride ? have * 2u : have + CHUNK / w->seg.section[kind].stride;
	if (more < slots)
		more = slots;
	more = (more * w->seg.section[kind].stride + PAGE - 1) / PAGE * PAGE / w->seg.section[kind].stride;
	if (more > w->seg.section[kind].capacity)
		more = w->seg.section[kind].capacity;
	int rc = reserve(w, kind, have, (uint32_t)more);
	if (rc < 0) {
		more = slots;
		empty_holes(w);
		rc = reserve(w, kind, have, slots);
	}
	if (rc == 0)
		w->room[kind] = (uint32_t)more;
	return rc;
}

int
ipm_room_ends(struct ipm_writer *w, size_t tail)
{
	int rc = allocate(w, 0, 0, sizeof(struct ipm_header));
	return rc == 0 ? allocate(w, 0, w->seg.size - tail, w->seg.size) : rc;
}

int
ipm_room_open(struct ipm_writer *w)
{
	static const enum ipm_section_kind whole[] = { IPM_TOTALS, IPM_SETTINGS, IPM_FEEDS, IPM_AGENTS };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(whole) / sizeof(whole[0]); i++)
		rc = ipm_room(w, whole[i], w->seg.section[whole[i]].capacity);
	for (uint32_t n = 0; rc == 0 && n < w->seg.lanes; n++) {
		uint64_t line = OCTETS(w->seg.base, ipm_worker_line_at(&w->seg, n));
		rc = allocate(w, 0, line, line + sizeof(struct ipm_worker_line));
	}
	for (enum ipm_section_kind kind = 0; rc == 0 && kind < IPM_SECTIONS; kind++)
		if (ipm_kind_is_record(kind))
			rc = ipm_room(w, kind, ipm_segment_used(&w->seg, kind));
	return rc;
}
