/* SPDX-License-Identifier: ISC */
/* The reader's side of the model. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* No compiler may put anything between two fields, or the layout would depend on the machine. */
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
INDEXED(struct ipm_map);
INDEXED(struct ipm_access);
INDEXED(struct ipm_engine);
INDEXED(struct ipm_ike_history);
INDEXED(struct ipm_tunnel_history);
INDEXED(struct ipm_selector_history);
INDEXED(struct ipm_failure);

static const size_t record_size[IPM_SECTIONS] = {
	[IPM_TOTALS] = sizeof(struct ipm_totals),
	[IPM_FEEDS] = sizeof(struct ipm_feed),
	[IPM_IKE_SAS] = sizeof(struct ipm_ike_sa),
	[IPM_TUNNELS] = sizeof(struct ipm_tunnel),
	[IPM_SELECTORS] = sizeof(struct ipm_selector),
	[IPM_SAS] = sizeof(struct ipm_sa),
	[IPM_LANES] = sizeof(struct ipm_worker_line), /* and behind it all that it counts */
	[IPM_EVENTS] = sizeof(struct ipm_event),
	[IPM_SETTINGS] = sizeof(struct ipm_settings),
	[IPM_AGENTS] = sizeof(struct ipm_agent),
	[IPM_INTERFACES] = sizeof(struct ipm_interface),
	[IPM_MAPS] = sizeof(struct ipm_map),
	[IPM_ACCESS] = sizeof(struct ipm_access),
	[IPM_ENGINES] = sizeof(struct ipm_engine),
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
		const struct ipm_section *sec = &h->section[i];
		size_t least = record_size[i] + (ipm_kind_is_record(i) ? sizeof(struct ipm_record) : 0);
		size_t align = ipm_kind_is_record(i) ? 8 : IPM_CACHE_LINE;
		if (sec->kind != i || sec->stride < least || sec->stride % align || sec->offset % align ||
		    sec->offset < sizeof(*h)) {
			ipm_error_set(err, "%s: section %u is damaged", path, i);
			return -EPROTO;
		}
		if (sec->offset > size || (uint64_t)sec->capacity * sec->stride > size - sec->offset) {
			ipm_error_set(err, "%s: section %u reaches past the end of the file", path, i);
			return -EPROTO;
		}
	}
	if (h->section[IPM_TOTALS].capacity < 1 || h->section[IPM_SETTINGS].capacity < 1 ||
	    h->lanes > h->section[IPM_LANES].capacity ||
	    (h->lanes > 0 && h->section[IPM_LANES].stride < ipm_lane_size(h->section[IPM_SAS].capacity))) {
		ipm_error_set(err, "%s: sections do not fit together", path);
		return -EPROTO;
	}
	return 0;
}

int
ipm_geometry_take(struct ipm_segment *seg, struct ipm_error *err)
{
	struct ipm_header h; /* a copy: what is checked is what is used */
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

int
ipm_segment_attach(struct ipm_segment **out, const char *path, struct ipm_error *err)
{
	struct ipm_segment *seg = NULL;
	struct stat st;
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for what turns out to be a fifo */
	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = -errno;
		ipm_error_set(err, "%s: %s", path, strerror(-rc));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct ipm_header)) {
		rc = -EPROTO;
		ipm_error_set(err, "%s: %s", path,
			      S_ISREG(st.st_mode) ? "truncated: too short for a segment's header"
						  : "not a regular file");
		goto out;
	}
	seg = calloc(1, sizeof(*seg));
	if (!seg || !(seg->path = strdup(path))) {
		rc = -ENOMEM;
		ipm_error_set(err, "%s: out of memory", path);
		goto out;
	}
	seg->size = (size_t)st.st_size;
	seg->dev = st.st_dev;
	seg->ino = st.st_ino;
	seg->base = mmap(NULL, seg->size, PROT_READ, MAP_SHARED, fd, 0);
	if (seg->base == MAP_FAILED) {
		rc = -errno;
		seg->base = NULL;
		ipm_error_set(err, "%s: cannot map: %s", path, strerror(-rc));
		goto out;
	}
	seg->found = &seg->findings;
	rc = ipm_mapping_add(seg->base, seg->size, PROT_READ, seg->found);
	if (rc < 0)
		ipm_error_set(err, "%s: out of memory", path);
	else
		rc = ipm_geometry_take(seg, err);
	if (rc == 0) {
		char boot[40];
		ipm_boot_id(boot);
		if (strcmp(boot, ipm_header(seg)->boot_id) != 0) {
			rc = -ESTALE;
			ipm_error_set(err, "%s: from an earlier boot; ipsecmond has not run since", path);
		}
	}
out:
	if (fd >= 0)
		close(fd);
	if (rc < 0) {
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
			      state == -ESTALE ? "was truncated while it was read: nothing of it is served"
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
	madvise(seg->base, seg->size, MADV_DONTNEED); /* of a shared mapping: the file keeps what is in it */
}

/* A text of the header, which a writer that takes the segment over may change: it ends, whatever is there. */
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
	return used < seg->section[kind].capacity ? used : seg->section[kind].capacity; /* the file may say anything */
}

uint64_t
ipm_segment_change(const struct ipm_segment *seg, enum ipm_section_kind kind)
{
	return atomic_load_explicit(&ipm_header(seg)->section[kind].change, memory_order_acquire);
}

void
ipm_traffic_add(struct ipm_traffic *sum, const struct ipm_traffic *more)
{
	sum->octets += more->octets;
	sum->pkts += more->pkts;
	sum->raw_octets += more->raw_octets;
	sum->crypts += more->crypts;
	sum->auths += more->auths;
	sum->comps += more->comps;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		sum->drops[i] += more->drops[i];
}

uint64_t
ipm_traffic_drops(const struct ipm_traffic *t)
{
	uint64_t sum = 0;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		sum += t->drops[i];
	return sum;
}

void
ipm_ike_traffic_add(struct ipm_ike_traffic *sum, const struct ipm_ike_traffic *more)
{
	sum->octets += more->octets;
	sum->pkts += more->pkts;
	sum->drops += more->drops;
	sum->notifies += more->notifies;
	sum->exchanges += more->exchanges;
	sum->exchange_invalids += more->exchange_invalids;
	sum->exchange_rejects += more->exchange_rejects;
	sum->sa_deletes += more->sa_deletes;
}

/* ESP with a cipher: RFC 2410's NULL (11) and RFC 4543's GMAC (21) only authenticate. */
static bool
sa_enciphers(const struct ipm_sa *sa)
{
	return sa->protocol == IPPROTO_ESP && sa->proposal.encr != 11 && sa->proposal.encr != 21;
}

/* AH, ESP with an integrity transform, and ESP whose cipher brings its own (AEAD). */
static bool
sa_authenticates(const struct ipm_sa *sa)
{
	return sa->protocol == IPPROTO_AH ||
	       (sa->protocol == IPPROTO_ESP && (sa->proposal.integ || ipm_is_aead(sa->proposal.encr)));
}

void
ipm_traffic_derive(const struct ipm_sa *sa, struct ipm_traffic *t)
{
	t->crypts = sa_enciphers(sa) ? t->pkts : 0;
	t->auths = sa_authenticates(sa) ? t->pkts + t->drops[IPM_DROP_AUTH] : 0;
}

bool
ipm_addr_same(const struct ipm_addr *a, const struct ipm_addr *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len <= sizeof(a->bytes) ? a->len : 0) == 0;
}

bool
ipm_is_aead(uint16_t encr)
{
	/* AES-CCM, AES-GCM, GMAC, Camellia-CCM, ChaCha20-Poly1305 and their implicit-IV forms (IANA) */
	return (encr >= 14 && encr <= 16) || (encr >= 18 && encr <= 21) || (encr >= 25 && encr <= 31);
}

void
ipm_traffic_share(const struct ipm_sa *sa, struct ipm_traffic *t)
{
	if (sa->bundled)
		t->octets = t->pkts = 0;
}

void
ipm_lanes_share(const struct ipm_segment *seg, uint32_t slot, const struct ipm_sa *sa, struct ipm_traffic *sum)
{
	struct ipm_traffic t = { 0 };
	ipm_lanes_sum(seg, slot, sa, &t);
	ipm_traffic_share(sa, &t);
	ipm_traffic_add(sum, &t);
}

static void
drops_add(const struct ipm_segment *seg, uint32_t slot, struct ipm_traffic *sum)
{
	for (uint32_t n = 0; n < seg->lanes; n++) {
		const struct ipm_drops *drops = ipm_lane_at(seg, slot, n).drops;
		for (int i = 0; i < IPM_DROP_COUNT; i++)
			sum->drops[i] += __atomic_load_n(&drops->pkts[i], __ATOMIC_RELAXED);
	}
}

void
ipm_lanes_sum(const struct ipm_segment *seg, uint32_t slot, const struct ipm_sa *sa, struct ipm_traffic *sum)
{
	struct ipm_traffic t = { 0 };
	for (uint32_t n = 0; n < seg->lanes; n++) {
		const struct ipm_count *count = ipm_lane_at(seg, slot, n).count;
		t.octets += __atomic_load_n(&count->octets, __ATOMIC_RELAXED);
		t.pkts += __atomic_load_n(&count->pkts, __ATOMIC_RELAXED);
	}
	drops_add(seg, slot, &t);
	t.raw_octets = t.octets;
	ipm_traffic_derive(sa, &t);
	ipm_traffic_add(sum, &t);
}

/* Add what the lanes of the SA in @p slot hold; and its sequence number, if the workers tell it. */
static void
sa_lanes(const struct ipm_segment *seg, uint32_t slot, struct ipm_sa *sa)
{
	ipm_lanes_sum(seg, slot, sa, &sa->count);
	for (uint32_t n = 0; n < seg->lanes; n++) {
		uint64_t seq = __atomic_load_n(&ipm_lane_at(seg, slot, n).drops->seq, __ATOMIC_RELAXED);
		if (seq > sa->seq)
			sa->seq = seq;
	}
}

/* --- one read ---------------------------------------------------------------------------------------------- */

/* What it may still cost, with all that is read for it along lists. */
struct reading {
	const struct ipm_segment *seg;
	enum ipm_section_kind kind;
	uint64_t steps;    /* to records of lists, in one attempt */
	uint64_t since_ns; /* when it first had to try again */
	uint32_t tries;
};

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

#define SILENT_NS 10000000000u /* a writer is taken for dead that has been silent for so long ... */
#define GONE_NS   2000000000u  /* ... or for so long, when there is no such process in our pid namespace */

static bool
writer_gone(const struct ipm_segment *seg)
{
	uint32_t pid = ipm_segment_writer(seg);
	uint64_t silence = ipm_segment_silence_ns(seg);
	return pid == 0 || silence > SILENT_NS || (silence > GONE_NS && kill((pid_t)pid, 0) < 0 && errno == ESRCH);
}

#define TRIES_LEAST 16 /* of what keeps changing: to read the totals of many SAs may take as long as the patience */

/* May the record be looked at once more? @p busy: its writer was in the middle of it, and may need this CPU to go on.
 */
static bool
again(struct reading *r, bool busy)
{
	uint64_t now = ipm_now_ns();
	uint64_t limit = atomic_load_explicit(&r->seg->found->patience_ns, memory_order_relaxed);
	if (limit > IPM_READ_PATIENCE_NS)
		limit = IPM_READ_PATIENCE_NS;
	if (r->tries++ == 0)
		r->since_ns = now;
	if (now - r->since_ns >= limit && (busy || limit == 0 || r->tries > TRIES_LEAST))
		return false;
	if (busy) {
		if (r->tries == TRIES_LEAST && writer_gone(r->seg))
			return false;
		sched_yield();
	}
	return true;
}

/* It is over: what it cost in waiting is taken from the patience that there is for all. */
static int
reading_end(const struct reading *r, int rc)
{
	struct ipm_findings *found = r->seg->found;
	if (rc == -EAGAIN)
		atomic_fetch_add_explicit(&found->unread, 1, memory_order_relaxed);
	if (r->tries > 0) {
		uint64_t spent = ipm_now_ns() - r->since_ns;
		uint64_t left = atomic_load_explicit(&found->patience_ns, memory_order_relaxed);
		if (left != UINT64_MAX)
			ipm_segment_patience(r->seg, left > spent ? left - spent : 0);
	}
	return rc;
}

/* --- what a record has along a list -------------------------------------------------------------------------- */

/*
 * A list is walked as found, and what is torn is read again by the caller. Nothing is walked twice: each record knows
 * the one before it, and whose it is. In front of the first one there may be one that its owner does not know yet; and
 * one that is not its owner's is what a writer that died left behind: there the list ends.
 */

static bool
step(struct reading *r)
{
	if (r->steps == 0)
		return false;
	r->steps--;
	return true;
}

/* Add what the lanes of the SAs of the tunnel in @p slot hold. */
static int
tunnel_lanes(struct reading *r, uint32_t slot, struct ipm_tunnel *tunnel)
{
	const struct ipm_segment *seg = r->seg;
	uint32_t left = tunnel->sas, last = 0;

	for (uint32_t at = tunnel->sa_head; at > 0;) {
		struct ipm_sa sa;
		if (at > seg->section[IPM_SAS].capacity || left-- == 0 || !step(r))
			return -EPROTO;
		ipm_words_load(&sa, ipm_payload(ipm_record_at(seg, IPM_SAS, at - 1)),
			       offsetof(struct ipm_sa, installed_ns));
		if (sa.index == 0 || sa.tunnel_slot != slot || sa.tunnel_index != tunnel->index)
			return 0;
		if (last && (at == tunnel->sa_head || sa.prev != last))
			return -EPROTO;
		ipm_lanes_share(seg, at - 1, &sa, sa.direction == IPM_IN ? &tunnel->in : &tunnel->out);
		last = at;
		at = sa.next;
	}
	return 0;
}

static int read_record(struct reading *r, enum ipm_section_kind kind, uint32_t slot, void *out);

/* Add what the tunnels of the crypto map entry in @p slot have. */
static int
map_tunnels(struct reading *r, uint32_t slot, struct ipm_map *map)
{
	uint32_t left = map->tunnels, last = 0;

	for (uint32_t at = map->tunnel_head; at > 0;) {
		struct ipm_tunnel tunnel;
		if (at > r->seg->section[IPM_TUNNELS].capacity || left-- == 0 || !step(r))
			return -EPROTO;
		int rc = read_record(r, IPM_TUNNELS, at - 1, &tunnel);
		if (rc < 0)
			return rc == -ENOENT ? 0 : rc;
		if (tunnel.map != slot + 1)
			return 0;
		if (last && (at == map->tunnel_head || tunnel.map_prev != last))
			return -EPROTO;
		ipm_traffic_add(&map->in, &tunnel.in);
		ipm_traffic_add(&map->out, &tunnel.out);
		map->refreshes += tunnel.refreshes;
		last = at;
		at = tunnel.map_next;
	}
	return 0;
}

/*
 * So many SAs' packets and octets are read in one go, lane by lane: each cache line is taken from its worker once, and
 * not once for each of the SAs on it.
 */
#define TOGETHER 1024

struct gathered {
	struct {
		uint64_t octets, pkts;
	} count[TOGETHER];
	bool live[TOGETHER]; /* there is an SA that they are of */
};

static void
gather(const struct ipm_segment *seg, uint32_t first, uint32_t n, struct gathered *g)
{
	for (uint32_t i = 0; i < n; i++) {
		struct ipm_sa sa;
		ipm_words_load(&sa, ipm_payload(ipm_record_at(seg, IPM_SAS, first + i)), 8);
		g->live[i] = sa.index != 0;
	}
	atomic_thread_fence(memory_order_acquire); /* a new SA's lanes were emptied before it was there */
	memset(g->count, 0, n * sizeof(g->count[0]));
	for (uint32_t k = 0; k < seg->lanes; k++) {
		const struct ipm_count *count = ipm_lane_at(seg, first, k).count;
		for (uint32_t i = 0; i < n; i++) {
			g->count[i].octets += __atomic_load_n(&count[i].octets, __ATOMIC_RELAXED);
			g->count[i].pkts += __atomic_load_n(&count[i].pkts, __ATOMIC_RELAXED);
		}
	}
}

/* Add what the lanes of all SAs hold, or of those that the engine in slot @p engine - 1 has. */
static void
sas_lanes(const struct ipm_segment *seg, uint32_t engine, struct ipm_traffic *in, struct ipm_traffic *out)
{
	uint32_t used = ipm_segment_used(seg, IPM_SAS);
	for (uint32_t first = 0; first < used; first += TOGETHER) {
		uint32_t n = used - first < TOGETHER ? used - first : TOGETHER;
		struct gathered g;
		gather(seg, first, n, &g);
		for (uint32_t i = 0; i < n; i++) {
			struct ipm_sa sa;
			struct ipm_traffic t = { .octets = g.count[i].octets, .pkts = g.count[i].pkts };
			if (!g.live[i])
				continue;
			ipm_words_load(&sa, ipm_payload(ipm_record_at(seg, IPM_SAS, first + i)),
				       offsetof(struct ipm_sa, installed_ns));
			if (engine && sa.engine != engine)
				continue;
			drops_add(seg, first + i, &t);
			t.raw_octets = t.octets;
			ipm_traffic_derive(&sa, &t);
			ipm_traffic_share(&sa, &t);
			ipm_traffic_add(sa.direction == IPM_IN ? in : out, &t);
		}
	}
}

static void
text_end(char *text, size_t size)
{
	text[size - 1] = '\0';
}
#define TEXT_END(text) text_end(text, sizeof(text))

static void
ike_texts_end(struct ipm_ike_sa *sa)
{
	TEXT_END(sa->conn);
	TEXT_END(sa->local_id);
	TEXT_END(sa->remote_id);
}

static void
tunnel_texts_end(struct ipm_tunnel *tunnel)
{
	TEXT_END(tunnel->conn);
	TEXT_END(tunnel->name);
}

/* End every text, so that a damaged record cannot send its reader past the end of it. */
static void
texts_end(enum ipm_section_kind kind, union ipm_any_record *rec)
{
	switch (kind) {
	case IPM_FEEDS:
		TEXT_END(rec->feed.name);
		TEXT_END(rec->feed.source);
		TEXT_END(rec->feed.detail);
		TEXT_END(rec->feed.error);
		break;
	case IPM_IKE_SAS:
		ike_texts_end(&rec->ike);
		break;
	case IPM_TUNNELS:
		tunnel_texts_end(&rec->tunnel);
		break;
	case IPM_AGENTS:
		TEXT_END(rec->agent.name);
		break;
	case IPM_INTERFACES:
		TEXT_END(rec->interface.name);
		break;
	case IPM_MAPS:
		TEXT_END(rec->map.ifname);
		TEXT_END(rec->map.name);
		TEXT_END(rec->map.child);
		TEXT_END(rec->map.peer_text);
		TEXT_END(rec->map.failure_text);
		break;
	case IPM_ENGINES:
		TEXT_END(rec->engine.name);
		TEXT_END(rec->engine.version);
		break;
	case IPM_IKE_HISTORY:
		ike_texts_end(&rec->ike_history.sa);
		break;
	case IPM_TUNNEL_HISTORY:
		tunnel_texts_end(&rec->tunnel_history.tunnel);
		TEXT_END(rec->tunnel_history.local_id);
		TEXT_END(rec->tunnel_history.remote_id);
		break;
	case IPM_IKE_FAILURES:
	case IPM_TUNNEL_FAILURES:
		TEXT_END(rec->failure.conn);
		TEXT_END(rec->failure.text);
		TEXT_END(rec->failure.local_id);
		TEXT_END(rec->failure.remote_id);
		break;
	default:
		break;
	}
}

/* Add to @p copy, a record as it is, what lanes and lists have of it. */
static int
complete(struct reading *r, enum ipm_section_kind kind, uint32_t slot, union ipm_any_record *copy)
{
	const struct ipm_segment *seg = r->seg;
	if (kind == IPM_MAPS)
		return map_tunnels(r, slot, &copy->map);
	if (seg->lanes == 0)
		return 0;
	if (kind == IPM_TUNNELS)
		return tunnel_lanes(r, slot, &copy->tunnel);
	if (kind == IPM_SAS)
		sa_lanes(seg, slot, &copy->sa);
	else if (kind == IPM_TOTALS)
		sas_lanes(seg, 0, &copy->totals.in, &copy->totals.out);
	else if (kind == IPM_ENGINES)
		sas_lanes(seg, slot + 1, &copy->engine.in, &copy->engine.out);
	return 0;
}

static int
read_record(struct reading *r, enum ipm_section_kind kind, uint32_t slot, void *out)
{
	const struct ipm_segment *seg = r->seg;
	struct ipm_record *rec = ipm_record_at(seg, kind, slot);
	int state = ipm_segment_state(seg, NULL), broken = 0;

	while (state == 0) {
		union ipm_any_record copy;
		uint32_t before = atomic_load_explicit(&rec->seq, memory_order_acquire);
		if (before & 1) {
			if (!again(r, true))
				return -EAGAIN;
			continue;
		}
		if (kind == r->kind) /* no record has one of its own kind on a list */
			r->steps = (uint64_t)seg->section[IPM_TUNNELS].capacity + seg->section[IPM_SAS].capacity;
		ipm_words_load(&copy, ipm_payload(rec), record_size[kind]);
		int rc = complete(r, kind, slot, &copy);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&rec->seq, memory_order_relaxed) != before) {
			if (!again(r, false))
				return -EAGAIN;
			continue;
		}
		if (rc == -EPROTO && ++broken < 3)
			continue;
		state = ipm_segment_state(seg, NULL); /* zeros have taken its place meanwhile? */
		if (rc < 0 || state < 0)
			return state < 0 ? state : rc == -EPROTO ? ipm_damaged(seg) : rc;
		if (kind != IPM_TOTALS && kind != IPM_SETTINGS && copy.index == 0)
			return -ENOENT;
		texts_end(kind, &copy);
		memcpy(out, &copy, record_size[kind]);
		return 0;
	}
	return state;
}

int
ipm_read(const struct ipm_segment *seg, enum ipm_section_kind kind, uint32_t slot, void *out)
{
	if ((unsigned)kind >= IPM_SECTIONS || !ipm_kind_is_record(kind))
		return -ENOENT;
	/* What lies behind them is not touched: a file system in memory would make pages for it. */
	if (slot >= ipm_segment_used(seg, kind)) {
		int state = ipm_segment_state(seg, NULL);
		return state < 0 ? state : -ENOENT;
	}
	struct reading r = { .seg = seg, .kind = kind };
	return reading_end(&r, read_record(&r, kind, slot, out));
}

uint64_t
ipm_ring_total(const struct ipm_segment *seg, enum ipm_section_kind ring)
{
	return atomic_load_explicit(&ipm_header(seg)->section[ring].total, memory_order_acquire);
}

uint32_t
ipm_ring_shown_most(const struct ipm_segment *seg, enum ipm_section_kind ring)
{
	uint32_t capacity = seg->section[ring].capacity;
	struct ipm_settings settings;

	if (ring < IPM_IKE_HISTORY || ipm_settings_read(seg, &settings) < 0)
		return 0;
	bool failures = ring == IPM_IKE_FAILURES || ring == IPM_TUNNEL_FAILURES;
	uint32_t most = failures ? settings.failure_size : settings.history_size;
	return most < capacity ? most : capacity;
}

bool
ipm_ring_shown(const struct ipm_segment *seg, enum ipm_section_kind ring, uint32_t index)
{
	uint64_t total = ipm_ring_total(seg, ring);
	uint32_t first = seg->index_first, last = seg->index_last;

	if (total == 0 || index == 0 || index < first || index > last)
		return false;
	uint32_t newest = ipm_ring_index(total - 1, first, last);
	uint32_t age = newest >= index ? newest - index : newest - first + (last - index) + 1;
	return age < ipm_ring_shown_most(seg, ring) && age < total;
}

bool
ipm_tunnel_ike_alive(const struct ipm_segment *seg, const struct ipm_tunnel *tunnel)
{
	struct ipm_ike_sa sa;
	return tunnel->ike_index != 0 && ipm_ike_read(seg, tunnel->ike_slot, &sa) == 0 &&
	       sa.index == tunnel->ike_index && !sa.held;
}

int
ipm_event_next(const struct ipm_segment *seg, uint64_t serial, struct ipm_event *out)
{
	uint32_t capacity = seg->section[IPM_EVENTS].capacity;
	uint64_t newest = ipm_segment_event_serial(seg);
	uint64_t want = serial + 1;
	bool missed = false;
	struct reading r = { .seg = seg, .kind = IPM_EVENTS };

	for (uint64_t left = 2 * (uint64_t)capacity + TRIES_LEAST; left > 0; left--) {
		struct ipm_event event;
		if (want > newest || capacity == 0)
			return reading_end(&r, -ENOENT);
		if (newest - want >= capacity) {
			missed = serial > 0;
			want = newest - capacity + 1;
		}
		int rc = read_record(&r, IPM_EVENTS, (uint32_t)((want - 1) % capacity), &event);
		if (rc == 0 && event.serial == want) {
			*out = event;
			return reading_end(&r, missed ? -EOVERFLOW : 0);
		}
		if (rc == -EPROTO || rc == -ESTALE)
			return rc;
		uint64_t now = ipm_segment_event_serial(seg);
		if (now == newest) { /* the oldest gives way to one not announced yet, or did when the writer died */
			missed = serial > 0;
			want++;
		}
		newest = now;
	}
	return reading_end(&r, -EAGAIN);
}
