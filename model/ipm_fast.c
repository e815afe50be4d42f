/* SPDX-License-Identifier: ISC */
/* The worker's side of the fast path: mapping the lanes, taking one, giving it back. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipm_int.h"

/* --- processes ----------------------------------------------------------------------------------------------- */

/*
 * The start of process @p pid in clock ticks since boot. Pid and start together identify one process for good. 0: the
 * process has ended; 1: unknown.
 */
static uint32_t
process_start(uint32_t pid)
{
	char path[32], text[512], *at;
	unsigned long long start;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (got <= 0)
		return kill((pid_t)pid, 0) < 0 && errno == ESRCH ? 0 : 1;
	text[got] = '\0';
	at = strrchr(text, ')'); /* the name before it may contain anything; field 3 of proc(5) follows */
	if (!at || at[1] == '\0')
		return 1;
	if (at[2] == 'Z' || at[2] == 'X')
		return 0;
	for (int field = 3; field < 22 && at; field++)
		at = strchr(at + 2, ' ');
	if (!at)
		return 1;
	start = strtoull(at, NULL, 10);
	return (uint32_t)start > 1 ? (uint32_t)start : 2;
}

static uint64_t
process_self(void)
{
	uint32_t pid = (uint32_t)getpid();
	return (uint64_t)process_start(pid) << 32 | pid;
}

static bool
process_alive(uint64_t owner)
{
	uint32_t then = (uint32_t)(owner >> 32), now = process_start((uint32_t)owner);
	return now == then || (now != 0 && (now == 1 || then == 1)); /* if unsure, treat it as alive */
}

/* --- workers --------------------------------------------------------------------------------------------------- */

static uint64_t
line_owner(struct ipm_worker_line *line)
{
	return __atomic_load_n(&line->owner, __ATOMIC_ACQUIRE);
}

/* Take a lane that its @p owner has left (0), or whose owner's process has ended. */
static bool
line_take(struct ipm_worker_line *line, uint64_t owner, uint64_t self)
{
	if (owner != 0 && (owner == self || process_alive(owner)))
		return false;
	ipm_u64 expected = owner; /* only one of several takers succeeds */
	return __atomic_compare_exchange_n(&line->owner, &expected, self, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void
line_give(struct ipm_worker_line *line)
{
	__atomic_store_n(&line->quiescent, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&line->owner, 0, __ATOMIC_RELEASE);
}

static struct ipm_worker_line *
fast_line(const struct ipm_fast *fast, uint32_t lane)
{
	return (struct ipm_worker_line *)(void *)(fast->lanes + (size_t)lane * fast->seg->section[IPM_LANES].stride);
}

int
ipm_worker_join(const struct ipm_fast *fast, struct ipm_worker *worker)
{
	uint64_t self = process_self();

	for (uint32_t n = 0; n < fast->seg->lanes; n++) {
		struct ipm_worker_line *line = fast_line(fast, n);
		if (!line_take(line, line_owner(line), self))
			continue;
		*worker = (struct ipm_worker){ .lane = ipm_lane_of(line, fast->seg->section[IPM_SAS].capacity),
					       .epoch = &ipm_header(fast->seg)->epoch,
					       .line = line };
		ipm_worker_online(worker);
		return (int)n;
	}
	return -EBUSY;
}

void
ipm_worker_leave(struct ipm_worker *worker)
{
	line_give(worker->line);
	*worker = (struct ipm_worker){ 0 };
}

uint64_t
ipm_workers_oldest(const struct ipm_segment *seg)
{
	uint64_t oldest = UINT64_MAX;

	atomic_thread_fence(memory_order_seq_cst); /* see ipm_worker_online() */
	for (uint32_t n = 0; n < seg->lanes; n++) {
		uint64_t quiescent = __atomic_load_n(&ipm_worker_line_at(seg, n)->quiescent, __ATOMIC_ACQUIRE);
		if (quiescent != 0 && quiescent < oldest)
			oldest = quiescent;
	}
	return oldest;
}

void
ipm_workers_reap(const struct ipm_segment *seg, uint64_t epoch)
{
	uint64_t self = 0;
	for (uint32_t n = 0; n < seg->lanes; n++) {
		struct ipm_worker_line *line = ipm_worker_line_at(seg, n);
		uint64_t quiescent = __atomic_load_n(&line->quiescent, __ATOMIC_ACQUIRE);
		if (quiescent == 0 || quiescent >= epoch)
			continue;
		if (self == 0)
			self = process_self();
		/*
		 * Take the lane before clearing it, so that we don't wipe the words of its next owner. Skip a lane that
		 * its worker has just left: the worker must find a lane when it comes back.
		 */
		uint64_t owner = line_owner(line);
		if (owner != 0 && line_take(line, owner, self))
			line_give(line);
	}
}

/* --- mapping ----------------------------------------------------------------------------------------------------- */

static int
map_lanes(struct ipm_fast *fast, int fd)
{
	const struct ipm_segment *seg = fast->seg;
	size_t size = (size_t)seg->section[IPM_LANES].capacity * seg->section[IPM_LANES].stride;
	ptrdiff_t offset = seg->section[IPM_LANES].first - seg->base;

	if (offset % sysconf(_SC_PAGESIZE))
		return -EPROTO;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	if (at == MAP_FAILED)
		return -errno;
	fast->lanes = at;
	fast->size = size;
	return ipm_mapping_add(at, size, PROT_READ | PROT_WRITE, seg->found);
}

int
ipm_fast_attach(struct ipm_fast **out, const char *path, struct ipm_error *err)
{
	struct ipm_fast *fast = calloc(1, sizeof(*fast));
	struct stat st;
	int fd = -1, rc = -ENOMEM;

	*out = NULL;
	if (!fast) {
		ipm_error_set(err, "%s: out of memory", path);
		return rc;
	}
	rc = ipm_segment_attach(&fast->own, path, err);
	if (rc < 0)
		goto out;
	fast->seg = fast->own;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = -errno;
		ipm_error_set(err, "%s: cannot write its lanes: %s", path, strerror(-rc));
	} else if (st.st_dev != fast->seg->dev || st.st_ino != fast->seg->ino) {
		rc = -ESTALE;
		ipm_error_set(err, "%s: replaced meanwhile", path);
	} else if (fast->seg->lanes == 0) {
		rc = -ENOTSUP;
		ipm_error_set(err, "%s: has no lanes", path);
	} else if ((rc = map_lanes(fast, fd)) < 0) {
		ipm_error_set(err, "%s: cannot map its lanes: %s", path, strerror(-rc));
	}
out:
	if (fd >= 0)
		close(fd);
	if (rc < 0)
		ipm_fast_close(fast);
	else
		*out = fast;
	return rc;
}

void
ipm_fast_close(struct ipm_fast *fast)
{
	if (!fast)
		return;
	if (fast->size) {
		ipm_mapping_remove(fast->lanes);
		munmap(fast->lanes, fast->size);
	}
	ipm_segment_close(fast->own);
	free(fast);
}

const struct ipm_segment *
ipm_fast_segment(const struct ipm_fast *fast)
{
	return fast->seg;
}
