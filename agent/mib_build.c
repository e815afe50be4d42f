/* SPDX-License-Identifier: ISC */
/* Code shared by building rows and building groups. */
#include <stdlib.h>
#include <time.h>

#include "mib_int.h"
#include "units.h"

bool
mib_grow(void **array, uint32_t *room, uint32_t need, size_t size)
{
	if (need <= *room)
		return true;
	uint32_t more = *room ? *room * 2 : 64;
	while (more < need)
		more *= 2;
	void *grown = realloc(*array, more * size);
	if (!grown)
		return false;
	*array = grown;
	*room = more;
	return true;
}

struct mib_cell
mib_cell_of(struct mib *mib, unsigned s, const void *record)
{
	return (struct mib_cell){
		.mib = mib, .seg = mib->segs[s].seg, .record = record, .now_ns = mib->now_ns, .gateway = s + 1
	};
}

/* CPU time, which on a busy machine is far less than the elapsed time. */
static uint64_t
worked_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

uint64_t
mib_change(const struct mib *mib, enum ipm_section_kind kind)
{
	uint64_t change = 0;
	for (unsigned s = 0; kind && s < mib->seg_count; s++)
		change += kind == IPM_EVENTS ? ipm_segment_event_serial(mib->segs[s].seg)
					     : ipm_segment_change(mib->segs[s].seg, kind);
	return change;
}

bool
mib_built_lately(const struct mib *mib, const struct built *built)
{
	return !mib->fresh && mib->now_ns - built->at_ns < 10 * built->cost_ns;
}

uint64_t
mib_build_begin(struct built *built, uint64_t change)
{
	built->change = change;
	built->busy = false;
	return worked_ns();
}

void
mib_build_end(struct built *built, uint64_t begun_ns)
{
	built->at_ns = ipm_now_ns();
	built->cost_ns = worked_ns() - begun_ns;
}
