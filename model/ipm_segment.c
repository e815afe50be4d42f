/* SPDX-License-Identifier: ISC */
/* A mapped segment: the checks before a reader trusts it, and its header. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* No compiler may put padding between two fields, or the layout would depend on the machine. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include "ipm_types.h"
#pragma GCC diagnostic pop

#include "ipm_int.h"

#define WORDS(type) _Static_assert(sizeof(type) % 8 == 0, #type " moves in 64-bit words")
#define INDEXED(type)                                                                 \
	WORDS(type);                                                                  \
	_Static_assert(offsetof(type, index) == 0 && sizeof(((type *)0)->index) == 4, \
		       #type " begins with an index, "                                \
			     "which is 0 when its slot is free")
WORDS(struct ipm_totals);
INDEXED(struct ipm_feed);
INDEXED(struct ipm_ike_sa);
INDEXED(struct ipm_tunnel);
INDEXED(struct ipm_selector);
INDEXED(struct ipm_sa);
INDEXED(struct ipm_event);
WORDS(struct ipm_settings);
INDEXED(struct ipm_agent);
INDEXED(struct ipm_interface);
INDEXED(struct ipm_map_entry);
INDEXED(struct ipm_access);
INDEXED(struct ipm_engine);
INDEXED(struct ipm_ike_history);
INDEXED(struct ipm_tunnel_history);
INDEXED(struct ipm_selector_history);
INDEXED(struct ipm_failure);
INDEXED(struct ipm_session);
INDEXED(struct ipm_session_history);
INDEXED(struct ipm_login_failure);
INDEXED(struct ipm_pool);

static const size_t record_size[IPM_SECTIONS] = {
	[IPM_TOTALS] = sizeof(struct ipm_totals),
	[IPM_FEEDS] = sizeof(struct ipm_feed),
	[IPM_IKE_SAS] = sizeof(struct ipm_ike_sa),
	[IPM_TUNNELS] = sizeof(struct ipm_tunnel),
	[IPM_SELECTORS] = sizeof(struct ipm_selector),
	[IPM_SAS] = sizeof(struct ipm_sa),
	[IPM_LANES] = sizeof(struct ipm_worker_line), /* the counts follow */
	[IPM_EVENTS] = sizeof(struct ipm_event),
	[IPM_SETTINGS] = sizeof(struct ipm_settings),
	[IPM_AGENTS] = sizeof(struct ipm_agent),
	[IPM_INTERFACES] = sizeof(struct ipm_interface),
	[IPM_MAPS] = sizeof(struct ipm_map_entry),
	[IPM_ACCESS] = sizeof(struct ipm_access),
	[IPM_ENGINES] = sizeof(struct ipm_engine),
	[IPM_SESSIONS] = sizeof(struct ipm_session),
	[IPM_POOLS] = sizeof(struct ipm_pool),
	[IPM_SESSION_HISTORY] = sizeof(struct ipm_session_history),
	[IPM_LOGIN_FAILURES] = sizeof(struct ipm_login_failure),
	[IPM_IKE_HISTORY] = sizeof(struct ipm_ike_history),
	[IPM_TUNNEL_HISTORY] = sizeof(struct ipm_tunnel_history),
	[IPM_SELECTOR_HISTORY] = sizeof(struct ipm_selector_history),
	[IPM_IKE_FAILURES] = sizeof(struct ipm_failure),
	[IPM_TUNNEL_FAILURES] = sizeof(struct ipm_failure),
};

void
ipm_error_set(struct ipm_error *err, const char *format, ...)
{
	va_list ap;
	if (!err)
		return;
	va_start(ap, format);
	vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
}

uint64_t
ipm_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
ipm_boot_id(char out[40])
{
	memset(out, 0, 40);
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t got = read(fd, out, 36);
	if (got != 36)
		memset(out, 0, 40);
	close(fd);
}

size_t
ipm_record_size(enum ipm_section_kind kind)
{
	return (unsigned)kind < IPM_SECTIONS ? record_size[kind] : 0;
}

static int
section_check(const struct ipm_section *sec, uint32_t kind, size_t size, const char *path, struct ipm_error *err)
{
	size_t least = ipm_record_size(kind) + (ipm_kind_is_record(kind) ? sizeof(struct ipm_record) : 0);
	size_t align = ipm_kind_is_record(kind) ? 8 : IPM_CACHE_LINE;

	if (sec->kind != kind || sec->stride < least || sec->stride % align || sec->offset % align ||
	    sec->offset < sizeof(struct ipm_header) ||
	    sec->capacity > (kind == IPM_LANES ? IPM_LANES_MAX : IPM_SLOTS_MAX)) {
		ipm_error_set(err, "%s: section %u is damaged", path, kind);
		return -EPROTO;
	}
	if (sec->offset > size || (uint64_t)sec->capacity * sec->stride > size - sec->offset) {
		ipm_error_set(err, "%s: section %u reaches past the end of the file", path, kind);
		return -EPROTO;
	}
	return 0;
}

static bool
lanes_fit(const struct ipm_header *h)
{
	const struct ipm_section *lanes = &h->section[IPM_LANES];
	uint32_t sas = h->section[IPM_SAS].capacity;
	return h->lanes <= lanes->capacity && (uint64_t)h->lanes * sas <= UINT32_MAX &&
	       (h->lanes == 0 || lanes->stride >= ipm_lane_size(sas));
}

int
ipm_header_check(const struct ipm_header *h, size_t size, const char *path, struct ipm_error *err)
{
	if (size < sizeof(*h)) {
		ipm_error_set(err, "%s: truncated: %zu octets, a segment's header has %zu", path, size, sizeof(*h));
		return -EPROTO;
	}
	if (memcmp(h->magic, IPM_MAGIC, sizeof(h->magic)) != 0) {
		ipm_error_set(err, "%s: not a model segment", path);
		return -EPROTO;
	}
	if (h->byte_order != IPM_BYTE_ORDER) {
		ipm_error_set(err, "%s: written by a machine of another byte order", path);
		return -EPROTO;
	}
	if (h->abi != IPM_ABI) {
		ipm_error_set(err, "%s: layout version %u, this program reads %u: update the older of the two", path,
			      h->abi, IPM_ABI);
		return -EPROTO;
	}
	if (h->size != size) {
		ipm_error_set(err, "%s: %zu octets long, its header says %llu", path, size,
			      (unsigned long long)h->size);
		return -EPROTO;
	}
	if (h->sections != IPM_SECTIONS || !memchr(h->name, 0, sizeof(h->name)) ||
	    !memchr(h->control, 0, sizeof(h->control)) || !memchr(h->boot_id, 0, sizeof(h->boot_id))) {
		ipm_error_set(err, "%s: damaged header", path);
		return -EPROTO;
	}
	for (uint32_t i = 0; i < IPM_SECTIONS; i++) {
		int rc = section_check(&h->section[i], i, size, path, err);
		if (rc < 0)
			return rc;
	}
	if (h->section[IPM_TOTALS].capacity < 1 || h->section[IPM_SETTINGS].capacity < 1 || !lanes_fit(h)) {
		ipm_error_set(err, "%s: sections do not fit together", path);
		return -EPROTO;
	}
	return 0;
}

int
ipm_geometry_take(struct ipm_segment *seg, struct ipm_error *err)
{
	struct ipm_header h; /* a copy, so that nobody can change the header after the check */
	memcpy(&h, seg->base, seg->size < sizeof(h) ? seg->size : sizeof(h));
	int rc = ipm_header_check(&h, seg->size, seg->path, err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < IPM_SECTIONS; i++) {
		seg->section[i].first = seg->base + h.section[i].offset;
		seg->section[i].stride = h.section[i].stride;
		seg->section[i].capacity = h.section[i].capacity;
	}
	seg->lanes = h.lanes;
	seg->index_first = h.index_first;
	seg->index_last = h.index_last;
	seg->lane_drops = ipm_lane_drops(h.section[IPM_SAS].capacity);
	seg->found = &seg->findings;
	ipm_segment_patience(seg, UINT64_MAX);
	return 0;
}

/* Map the file open as @p fd. */
static int
map_file(struct ipm_segment *seg, int fd, struct ipm_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct ipm_header)) {
		ipm_error_set(err, "%s: %s", seg->path,
			      S_ISREG(st.st_mode) ? "truncated: too short for a segment's header"
						  : "not a regular file");
		return -EPROTO;
	}
	void *base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		int rc = -errno;
		ipm_error_set(err, "%s: cannot map: %s", seg->path, strerror(-rc));
		return rc;
	}
	seg->base = base;
	seg->size = (size_t)st.st_size;
	seg->dev = st.st_dev;
	seg->ino = st.st_ino;
	seg->found = &seg->findings;
	return ipm_mapping_add(seg->base, seg->size, PROT_READ, seg->found);
}

static int
boot_check(const struct ipm_segment *seg, struct ipm_error *err)
{
	char boot[40];
	ipm_boot_id(boot);
	if (strcmp(boot, ipm_header(seg)->boot_id) == 0)
		return 0;
	ipm_error_set(err, "%s: from an earlier boot; ipsecmond has not run since", seg->path);
	return -ESTALE;
}

int
ipm_segment_attach(struct ipm_segment **out, const char *path, struct ipm_error *err)
{
	struct ipm_error why = { "" };
	struct ipm_segment *seg = calloc(1, sizeof(*seg));
	int fd = -1, rc = -ENOMEM;

	if (!seg || !(seg->path = strdup(path)))
		goto out;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* O_NONBLOCK: opening a FIFO must not block */
	rc = fd < 0 ? -errno : map_file(seg, fd, &why);
	if (rc == 0)
		rc = ipm_geometry_take(seg, &why);
	if (rc == 0)
		rc = boot_check(seg, &why);
out:
	if (fd >= 0)
		close(fd);
	if (rc < 0) {
		if (why.text[0])
			ipm_error_set(err, "%s", why.text);
		else
			ipm_error_set(err, "%s: %s", path, strerror(-rc));
		ipm_segment_close(seg);
		seg = NULL;
	}
	*out = seg;
	return rc;
}

void
ipm_segment_close(struct ipm_segment *seg)
{
	if (!seg)
		return;
	if (seg->base) {
		ipm_mapping_remove(seg->base);
		munmap(seg->base, seg->size);
	}
	free(seg->path);
	free(seg);
}

bool
ipm_segment_stale(const struct ipm_segment *seg)
{
	struct stat st;
	if (ipm_segment_state(seg, NULL) == -ESTALE ||
	    atomic_load_explicit(&ipm_header(seg)->replaced, memory_order_relaxed))
		return true;
	return stat(seg->path, &st) < 0 || st.st_dev != seg->dev || st.st_ino != seg->ino ||
	       (uint64_t)st.st_size < seg->size;
}

int
ipm_segment_state(const struct ipm_segment *seg, struct ipm_error *err)
{
	int state = atomic_load_explicit(&seg->found->state, memory_order_relaxed);
	if (state)
		ipm_error_set(err, "%s: %s", seg->path,
			      state == -ESTALE ? "was truncated and is not served"
					       : "damaged, its lists have no end: nothing of it is served until its "
						 "writer makes it anew");
	return state;
}

int
ipm_damaged(const struct ipm_segment *seg)
{
	int sound = 0;
	atomic_compare_exchange_strong(&seg->found->state, &sound, -EPROTO);
	return -EPROTO;
}

void
ipm_segment_release(const struct ipm_segment *seg)
{
	madvise(seg->base, seg->size, MADV_DONTNEED); /* the mapping is shared: the file keeps its contents */
}

/* Copy a text from the header. Always terminate it: a writer that takes over the segment may change it meanwhile. */
static const char *
text_copy(const char *from, size_t size, char *out)
{
	memcpy(out, from, size);
	out[size - 1] = '\0';
	return out;
}

const char *
ipm_segment_name(const struct ipm_segment *seg, char out[IPM_NAME_MAX])
{
	return text_copy(ipm_header(seg)->name, IPM_NAME_MAX, out);
}

const char *
ipm_segment_control(const struct ipm_segment *seg, char out[IPM_TEXT_MAX])
{
	return text_copy(ipm_header(seg)->control, IPM_TEXT_MAX, out);
}

uint32_t
ipm_segment_capacity(const struct ipm_segment *seg, enum ipm_section_kind kind)
{
	return seg->section[kind].capacity;
}

uint32_t
ipm_segment_index_first(const struct ipm_segment *seg)
{
	return seg->index_first;
}

uint32_t
ipm_segment_writer(const struct ipm_segment *seg)
{
	return atomic_load_explicit(&ipm_header(seg)->writer_pid, memory_order_relaxed);
}

uint64_t
ipm_segment_event_serial(const struct ipm_segment *seg)
{
	return atomic_load_explicit(&ipm_header(seg)->event_serial, memory_order_acquire);
}

const char *
ipm_segment_path(const struct ipm_segment *seg)
{
	return seg->path;
}

uint64_t
ipm_segment_silence_ns(const struct ipm_segment *seg)
{
	uint64_t beat = atomic_load_explicit(&ipm_header(seg)->heartbeat_ns, memory_order_relaxed);
	uint64_t now = ipm_now_ns();
	return now > beat ? now - beat : 0;
}

uint32_t
ipm_segment_used(const struct ipm_segment *seg, enum ipm_section_kind kind)
{
	uint32_t used = atomic_load_explicit(&ipm_header(seg)->section[kind].used, memory_order_acquire);
	if (ipm_segment_state(seg, NULL) < 0)
		return 0;
	return used < seg->section[kind].capacity ? used
						  : seg->section[kind].capacity; /* a damaged file may say anything */
}

uint64_t
ipm_segment_change(const struct ipm_segment *seg, enum ipm_section_kind kind)
{
	return atomic_load_explicit(&ipm_header(seg)->section[kind].change, memory_order_acquire);
}

bool
ipm_addr_same(const struct ipm_addr *a, const struct ipm_addr *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len <= sizeof(a->bytes) ? a->len : 0) == 0;
}

void
ipm_segment_patience(const struct ipm_segment *seg, uint64_t ns)
{
	atomic_store_explicit(&seg->found->patience_ns, ns, memory_order_relaxed);
}

uint64_t
ipm_segment_unread(const struct ipm_segment *seg)
{
	return atomic_load_explicit(&seg->found->unread, memory_order_relaxed);
}
