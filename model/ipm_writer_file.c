/* SPDX-License-Identifier: ISC */
/* The file of a segment: its layout, the lock against a second writer, taking over and creating. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipm_layout.h"
#include "ipm_writer_int.h"

/* --- layout ------------------------------------------------------------------------------------------------ */

#define PAGE 4096 /* every section begins on a page */

static uint64_t
align_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* A lane has its own pages, so that no two workers write to the same page. */
static uint64_t
lane_stride(const struct ipm_capacity *cap)
{
	return align_up(ipm_lane_size(cap->lanes ? cap->sas : 0), PAGE);
}

#define SELECTORS_EACH 4 /* entries of the ring of selectors, for each entry of the ring of tunnels */

/* Do all numbers in the header have room in 32 bits? */
static bool
header_fits(const struct ipm_capacity *cap)
{
	return lane_stride(cap) <= UINT32_MAX && cap->history <= IPM_SLOTS_MAX / SELECTORS_EACH;
}

/* The header of a segment with these options. */
static void
layout(struct ipm_header *h, const struct ipm_writer_options *opt)
{
	const struct ipm_capacity *cap = &opt->capacity;
	const uint32_t capacity[IPM_SECTIONS] = {
		[IPM_TOTALS] = 1,
		[IPM_FEEDS] = cap->feeds,
		[IPM_IKE_SAS] = cap->ike_sas,
		[IPM_TUNNELS] = cap->tunnels,
		[IPM_SELECTORS] = cap->selectors,
		[IPM_SAS] = cap->sas,
		[IPM_LANES] = cap->lanes,
		[IPM_EVENTS] = cap->events,
		[IPM_SETTINGS] = 1,
		[IPM_AGENTS] = cap->agents,
		[IPM_INTERFACES] = cap->interfaces,
		[IPM_MAPS] = cap->maps,
		[IPM_ACCESS] = cap->access,
		[IPM_ENGINES] = cap->engines,
		[IPM_SESSIONS] = cap->sessions,
		[IPM_POOLS] = cap->pools,
		[IPM_IKE_HISTORY] = cap->history,
		[IPM_TUNNEL_HISTORY] = cap->history,
		[IPM_SELECTOR_HISTORY] = cap->history * SELECTORS_EACH,
		[IPM_IKE_FAILURES] = cap->failures,
		[IPM_TUNNEL_FAILURES] = cap->failures,
		[IPM_SESSION_HISTORY] = cap->sessions ? cap->history : 0,
		[IPM_LOGIN_FAILURES] = cap->sessions ? cap->failures : 0,
	};
	uint64_t offset = align_up(sizeof(*h), PAGE);

	memset(h, 0, sizeof(*h));
	memcpy(h->magic, IPM_MAGIC, sizeof(h->magic));
	h->abi = IPM_ABI;
	h->byte_order = IPM_BYTE_ORDER;
	ipm_boot_id(h->boot_id);
	snprintf(h->name, sizeof(h->name), "%s", opt->name);
	snprintf(h->control, sizeof(h->control), "%s", opt->control ? opt->control : "");
	h->sections = IPM_SECTIONS;
	h->lanes = cap->lanes;
	h->index_first = opt->index_first ? opt->index_first : 1;
	h->index_last = INT32_MAX;
	h->epoch = 1; /* 0 means offline */
	for (uint32_t i = 0; i < IPM_SECTIONS; i++) {
		struct ipm_section *sec = &h->section[i];
		sec->kind = i;
		sec->stride = (uint32_t)(ipm_kind_is_record(i) ? sizeof(struct ipm_record) + ipm_record_size(i)
							       : lane_stride(cap));
		sec->capacity = capacity[i];
		sec->offset = offset;
		offset = align_up(offset + (uint64_t)sec->capacity * sec->stride, PAGE);
	}
	h->size = offset;
}

/* Append what the segment says about its layout. The text and its octets are allocated. */
static char *
layout_describe(struct ipm_header *h, size_t *octets)
{
	struct ipm_layout *own = malloc(sizeof(*own));
	char *text = NULL;

	if (own) {
		ipm_layout_own(own, h);
		text = ipm_layout_print(own, octets);
		free(own);
	}
	if (text)
		h->size = align_up(h->size + *octets + sizeof(struct ipm_layout_end), PAGE);
	return text;
}

/* Has @p old the layout that these options would give? */
static bool
layout_same(const struct ipm_header *old, const struct ipm_header *wanted)
{
	for (uint32_t i = 0; i < IPM_SECTIONS; i++)
		if (old->section[i].capacity != wanted->section[i].capacity ||
		    old->section[i].stride != wanted->section[i].stride ||
		    old->section[i].offset != wanted->section[i].offset)
			return false;
	return old->size == wanted->size && old->lanes == wanted->lanes;
}

/* --- mapping ----------------------------------------------------------------------------------------------- */

static int
map_file(struct ipm_writer *w, int fd, size_t size)
{
	struct stat st;
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	w->fd = fd; /* unmap_file() closes it, even after a failure */
	if (base == MAP_FAILED)
		return -errno;
	w->seg.base = base;
	w->seg.size = size;
	if (fstat(fd, &st) < 0)
		return -errno;
	w->seg.dev = st.st_dev;
	w->seg.ino = st.st_ino;
	return 0;
}

static void
unmap_file(struct ipm_writer *w)
{
	if (w->seg.base)
		munmap(w->seg.base, w->seg.size);
	if (w->fd >= 0)
		close(w->fd);
	memset(w->room, 0, sizeof(w->room));
	w->seg.base = NULL;
	w->fd = -1;
}

/* Tell readers that still map the old file. Don't change a file that is not a segment. */
static void
mark_replaced(void *base, size_t size)
{
	struct ipm_header *h = base;
	if (ipm_header_check(base, size, "", NULL) == 0)
		atomic_store(&h->replaced, 1);
}

/* --- lock -------------------------------------------------------------------------------------------------- */

/* Don't write or replace another user's file. */
static int
check_owner(const char *path, const struct stat *st, struct ipm_error *err)
{
	if (st->st_uid == geteuid())
		return 0;
	ipm_error_set(err, "%s: belongs to user %u, and this program runs as user %u: remove it, or run as that user",
		      path, st->st_uid, geteuid());
	return -EPERM;
}

/*
 * Keep other writers out. The lock is on a separate file that only its owner can open, because any reader could lock
 * the segment itself.
 */
static int
lock_path(struct ipm_writer *w, struct ipm_error *err)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat st;
	char *path;
	int rc = 0;

	if (asprintf(&path, "%s.lock", w->seg.path) < 0)
		return -ENOMEM;
	w->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (w->lock < 0) {
		rc = -errno;
		if (lstat(path, &st) < 0 || check_owner(path, &st, err) == 0)
			ipm_error_set(err, "%s: cannot be opened: %s", path, strerror(-rc));
	} else if (fstat(w->lock, &st) < 0) {
		rc = -errno;
	} else if ((rc = check_owner(path, &st, err)) == 0 && !S_ISREG(st.st_mode)) {
		rc = -EPERM;
		ipm_error_set(err, "%s: is not a regular file: remove it", path);
	} else if (rc == 0 && fcntl(w->lock, F_OFD_SETLK, &whole) < 0) {
		rc = errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
		ipm_error_set(err, "%s: %s", w->seg.path,
			      rc == -EBUSY ? "another process writes this segment" : strerror(-rc));
	}
	if (rc == 0 && (st.st_mode & 077) && fchmod(w->lock, 0600) < 0)
		rc = -errno;
	free(path);
	return rc;
}

/* --- taking over, creating ---------------------------------------------------------------------------------------- */

/* Continue with the segment that is mapped. -ESTALE: it is unmapped, but for @p w->old, the one with another layout. */
static int
take_mapped(struct ipm_writer *w, struct ipm_header *wanted, struct ipm_error *err)
{
	const struct ipm_header *old = ipm_header(&w->seg);
	bool readable = ipm_geometry_take(&w->seg, err) == 0;
	if (readable && strcmp(old->boot_id, wanted->boot_id) == 0 && layout_same(old, wanted) &&
	    ipm_range_keep(wanted, old->index_first, old->index_last))
		return 0;
	w->old.base = w->seg.base;
	w->old.size = w->seg.size;
	w->seg.base = NULL; /* the mapping stays */
	unmap_file(w);
	int rc = ipm_old_open(&w->old, wanted, w->seg.path, err);
	if (rc == -ESTALE)
		mark_replaced(w->old.base, w->old.size);
	if (rc < 0)
		ipm_old_close(&w->old);
	return rc == 0 ? -ESTALE : rc;
}

/*
 * Map the segment of an earlier run. -ENOENT: there is none. -ESTALE: the file cannot be taken over, and @p err says
 * why.
 */
static int
take_over(struct ipm_writer *w, struct ipm_header *wanted, struct ipm_error *err)
{
	struct stat st;
	int rc = 0;
	int fd = open(w->seg.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = -errno;
		if (fd >= 0 || lstat(w->seg.path, &st) < 0 || S_ISLNK(st.st_mode) ||
		    check_owner(w->seg.path, &st, err) == 0)
			ipm_error_set(err, "%s: %s", w->seg.path, strerror(-rc));
	} else if ((rc = check_owner(w->seg.path, &st, err)) < 0) {
	} else if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct ipm_header)) {
		rc = -ESTALE;
		ipm_error_set(err, "%s: not a whole segment", w->seg.path);
	} else {
		rc = map_file(w, fd, (size_t)st.st_size);
		return rc < 0 ? rc : take_mapped(w, wanted, err);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Open a file under a temporary name, w->temp. */
static int
open_new(struct ipm_writer *w)
{
	if (asprintf(&w->temp, "%s.new", w->seg.path) < 0) {
		w->temp = NULL;
		return -ENOMEM;
	}
	unlink(w->temp);
	int fd = open(w->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) { /* another file is in the way: use another name */
		free(w->temp);
		if (asprintf(&w->temp, "%s.new.XXXXXX", w->seg.path) < 0) {
			w->temp = NULL;
			return -ENOMEM;
		}
		fd = mkostemp(w->temp, O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

/* Map an empty segment, which readers cannot find yet. */
static int
make_new(struct ipm_writer *w, const struct ipm_header *wanted, const char *text, size_t octets, struct ipm_error *err)
{
	struct ipm_layout_end end = { .octets = octets, .magic = IPM_LAYOUT_MAGIC };
	int fd = open_new(w);
	if (fd < 0)
		return fd;
	if (ftruncate(fd, (off_t)wanted->size) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	int rc = map_file(w, fd, wanted->size);
	if (rc == 0)
		rc = ipm_room_ends(w, octets + sizeof(end));
	if (rc == 0) {
		memcpy(w->seg.base, wanted, sizeof(*wanted));
		memcpy(w->seg.base + w->seg.size - sizeof(end), &end, sizeof(end));
		memcpy(w->seg.base + w->seg.size - sizeof(end) - octets, text, octets);
		rc = ipm_geometry_take(&w->seg, err);
	}
	if (rc == 0)
		rc = ipm_room_open(w);
	if (rc < 0)
		return rc;
	atomic_store(&ipm_header(&w->seg)->section[IPM_TOTALS].used, 1);
	atomic_store(&ipm_header(&w->seg)->section[IPM_SETTINGS].used, 1);
	w->totals.next_ike = w->totals.next_tunnel = wanted->index_first;
	w->totals.next_map = w->totals.next_session = wanted->index_first;
	return 0;
}

/* Make a new segment, with the records of an earlier run if only their layout has changed. */
static int
replace(struct ipm_writer *w, const struct ipm_header *wanted, const char *text, size_t octets, struct ipm_error *err)
{
	uint32_t left_out = 0;
	int rc = make_new(w, wanted, text, octets, err);
	if (rc == 0 && w->old.base)
		rc = ipm_old_convert(w, &left_out);
	if (rc < 0)
		ipm_error_set(err, "%s: cannot create it: %s", w->seg.path, strerror(-rc));
	else if (left_out)
		ipm_error_set(err, "%s: too small for %u record(s) of an earlier run: left out", w->seg.path, left_out);
	return rc;
}

int
ipm_file_open(struct ipm_writer *w, const struct ipm_writer_options *opt, struct ipm_header *wanted, bool *fresh,
	      struct ipm_error *err)
{
	size_t octets = 0;

	layout(wanted, opt);
	if (!header_fits(&opt->capacity) || !ipm_range_suffices(wanted) ||
	    ipm_header_check(wanted, (size_t)wanted->size, w->seg.path, NULL) < 0) {
		ipm_error_set(err, "%s: capacities are too large for a segment, or for the indexes it may give",
			      w->seg.path);
		return -EINVAL;
	}
	uint32_t first = wanted->index_first;
	char *text = layout_describe(wanted, &octets);
	int rc = text ? lock_path(w, err) : -ENOMEM;
	if (rc == 0)
		rc = take_over(w, wanted, err);
	*fresh = (rc == -ENOENT || rc == -ESTALE) && !w->old.base;
	if (rc == -ENOENT || rc == -ESTALE)
		rc = replace(w, wanted, text, octets, err);
	if (rc == 0 && wanted->index_first != first && !err->text[0])
		ipm_error_set(err, "%s: its indexes continue from %u; those from %u are for a new segment", w->seg.path,
			      wanted->index_first, first);
	free(text);
	return rc;
}

int
ipm_file_publish(struct ipm_writer *w, uint32_t mode, struct ipm_error *err)
{
	if (!w->temp)
		return 0;
	if (fchmod(w->fd, mode) < 0 || rename(w->temp, w->seg.path) < 0) {
		int rc = -errno;
		ipm_error_set(err, "%s: cannot create it: %s", w->seg.path, strerror(-rc));
		return rc;
	}
	free(w->temp);
	w->temp = NULL;
	if (w->old.base)
		mark_replaced(w->old.base, w->old.size);
	ipm_old_close(&w->old);
	return 0;
}

void
ipm_file_close(struct ipm_writer *w)
{
	unmap_file(w);
	ipm_old_close(&w->old);
	if (w->temp)
		unlink(w->temp); /* it was not published */
	free(w->temp);
	if (w->lock >= 0)
		close(w->lock);
}
