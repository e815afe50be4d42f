/* SPDX-License-Identifier: ISC */
/* The writer's side of the model: records, indexes, counts, and taking over what an earlier run left. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipm_writer_int.h"

/* --- records ------------------------------------------------------------------------------------------- */

void
ipm_record_begin(struct ipm_record *rec)
{
	uint32_t seq = atomic_load_explicit(&rec->seq, memory_order_relaxed);
	atomic_store_explicit(&rec->seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

void
ipm_record_end(struct ipm_record *rec)
{
	uint32_t seq = atomic_load_explicit(&rec->seq, memory_order_relaxed);
	atomic_store_explicit(&rec->seq, seq + 1, memory_order_release);
}

void
ipm_record_put(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, const void *payload)
{
	struct ipm_record *rec = ipm_record_at(&w->seg, kind, slot);
	ipm_word *to = ipm_payload(rec);
	const ipm_word *from = payload;
	bool anew = *(const uint32_t *)ipm_payload(rec) == 0;

	/* The index is in the first word: see sweep_torn(). A killed process needs only the compiler to keep the order.
	 */
	ipm_record_begin(rec);
	if (!anew)
		ipm_words_store(to, from, sizeof(*to));
	atomic_signal_fence(memory_order_seq_cst);
	ipm_words_store(to + 1, from + 1, ipm_record_size(kind) - sizeof(*to));
	atomic_signal_fence(memory_order_seq_cst);
	if (anew)
		ipm_words_store(to, from, sizeof(*to));
	ipm_record_end(rec);
}

void
ipm_totals_publish(struct ipm_writer *w)
{
	ipm_record_put(w, IPM_TOTALS, 0, &w->totals);
}

void
ipm_section_changed(struct ipm_writer *w, enum ipm_section_kind kind)
{
	atomic_fetch_add_explicit(&ipm_header(&w->seg)->section[kind].change, 1, memory_order_release);
}

int
ipm_queue_push(struct slot_queue *q, uint32_t slot)
{
	if (q->count == q->room) {
		uint32_t room = q->room ? q->room * 2 : 64;
		uint32_t *slots = malloc(room * sizeof(*slots));
		if (!slots)
			return -ENOMEM; /* the slot rests until the next start */
		for (uint32_t i = 0; i < q->count; i++)
			slots[i] = q->slot[(q->head + i) % q->room];
		free(q->slot);
		*q = (struct slot_queue){ .slot = slots, .count = q->count, .room = room };
	}
	q->slot[(q->head + q->count++) % q->room] = slot;
	return 0;
}

uint32_t
ipm_queue_pop(struct slot_queue *q)
{
	uint32_t slot = q->slot[q->head];
	q->head = (q->head + 1) % q->room;
	q->count--;
	return slot;
}

int
ipm_slot_take(struct ipm_writer *w, enum ipm_section_kind kind)
{
	struct ipm_section *sec = &ipm_header(&w->seg)->section[kind];
	uint32_t capacity = w->seg.section[kind].capacity;
	uint32_t used = atomic_load_explicit(&sec->used, memory_order_relaxed);
	uint32_t slot;

	if (w->free[kind].count > SLOTS_AT_REST) {
		slot = ipm_queue_pop(&w->free[kind]);
	} else if (used < capacity && ipm_room(w, kind, used + 1) == 0) {
		slot = used;
		atomic_store_explicit(&sec->used, used + 1, memory_order_release);
	} else if (w->free[kind].count > 0) {
		slot = ipm_queue_pop(&w->free[kind]);
	} else {
		return ipm_refuse(w, kind, used < capacity);
	}
	ipm_record_at(&w->seg, kind, slot)->generation++;
	return (int)slot;
}

void
ipm_slot_give(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	static const uint64_t nothing[IPM_RECORD_MAX / 8];
	_Static_assert(sizeof(nothing) >= sizeof(struct ipm_ike_sa) && sizeof(nothing) >= sizeof(struct ipm_map),
		       "room for the largest record");
	ipm_record_put(w, kind, slot, nothing);
	ipm_section_changed(w, kind);
	ipm_queue_push(&w->free[kind], slot);
}

static bool
index_in_use(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t index)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, kind); slot++)
		if (*(const uint32_t *)ipm_payload_at(w, kind, slot) == index)
			return true;
	return false;
}

#define REFUSED_REST_NS 60000000000u                          /* between two events of IPM_EVENT_SA_REFUSED */
#define NEXT_INDEXES    offsetof(struct ipm_totals, next_ike) /* two words at the end */
_Static_assert(NEXT_INDEXES % 8 == 0 && sizeof(struct ipm_totals) == NEXT_INDEXES + 16,
	       "a word by itself needs no sequence number");

uint32_t
ipm_index_take(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t *next)
{
	const struct ipm_segment *seg = &w->seg;
	uint32_t index;
	do {
		index = *next;
		if (index == seg->index_last)
			w->wrapped = true;
		*next = index == seg->index_last ? seg->index_first : index + 1;
	} while (w->wrapped && index_in_use(w, kind, index));
	/* Published at once, so that no index is given again when we die before the next commit. */
	ipm_words_store((char *)ipm_payload_at(w, IPM_TOTALS, 0) + NEXT_INDEXES, (char *)&w->totals + NEXT_INDEXES, 16);
	return index;
}

/* Tell the SA in slot @p at - 1, if there is one, who is beside it now: 0 leaves that side as it is, NOBODY clears it.
 */
#define NOBODY UINT32_MAX
static void
sa_neighbour(struct ipm_writer *w, uint32_t at, uint32_t next, uint32_t prev)
{
	if (at == 0)
		return;
	struct ipm_sa sa = *ipm_sa_peek(w, at - 1);
	if (next)
		sa.next = next == NOBODY ? 0 : next;
	if (prev)
		sa.prev = prev == NOBODY ? 0 : prev;
	ipm_record_put(w, IPM_SAS, at - 1, &sa);
}

/* --- the file -------------------------------------------------------------------------------------------- */

#define PAGE 4096 /* what sections begin on */

static uint64_t
align_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* A lane has pages of its own, so that no two workers write to the same one. */
static uint64_t
lane_stride(const struct ipm_capacity *cap)
{
	return align_up(ipm_lane_size(cap->lanes ? cap->sas : 0), PAGE);
}

/* Slots are given as int, and the section table has 32 bits for a capacity and for a stride. */
static bool
capacity_fits(const struct ipm_capacity *cap)
{
	return cap->ike_sas <= INT32_MAX && cap->tunnels <= INT32_MAX && cap->selectors <= INT32_MAX &&
	       cap->sas <= INT32_MAX && cap->feeds <= INT32_MAX && cap->interfaces <= INT32_MAX &&
	       cap->events <= INT32_MAX && cap->maps <= INT32_MAX && cap->access <= INT32_MAX &&
	       cap->engines <= INT32_MAX && (uint64_t)cap->sas * cap->lanes <= UINT32_MAX &&
	       lane_stride(cap) <= UINT32_MAX;
}

/* Each of what is there at a time has an index of its own, and the next one too. */
static bool
indexes_suffice(const struct ipm_writer_options *opt)
{
	const struct ipm_capacity *cap = &opt->capacity;
	const uint32_t most[] = { cap->ike_sas, cap->tunnels, cap->maps, cap->history, cap->failures };

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++)
		if ((uint64_t)opt->index_first + most[i] >= INT32_MAX)
			return false;
	return true;
}

/* What the header of a segment with these options has to say. */
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
		[IPM_IKE_HISTORY] = cap->history,
		[IPM_TUNNEL_HISTORY] = cap->history,
		[IPM_SELECTOR_HISTORY] = cap->history * 4,
		[IPM_IKE_FAILURES] = cap->failures,
		[IPM_TUNNEL_FAILURES] = cap->failures,
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
	h->epoch = 1; /* 0 is no worker's */
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

/* Could the segment @p old have been made with the same options in this boot? */
static bool
layout_same(const struct ipm_header *old, const struct ipm_header *wanted)
{
	for (uint32_t i = 0; i < IPM_SECTIONS; i++)
		if (old->section[i].capacity != wanted->section[i].capacity ||
		    old->section[i].stride != wanted->section[i].stride ||
		    old->section[i].offset != wanted->section[i].offset)
			return false;
	return old->size == wanted->size && old->lanes == wanted->lanes && old->index_first == wanted->index_first &&
	       old->index_last == wanted->index_last;
}

static int
map_file(struct ipm_writer *w, int fd, size_t size)
{
	struct stat st;
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	w->fd = fd; /* ours, to be given back by unmap_file() in any case */
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

/* Readers that still map the old file learn that it is over; a file that is no segment is left as it is. */
static void
mark_replaced(void *base, size_t size)
{
	struct ipm_header *h = base;
	if (ipm_header_check(base, size, "", NULL) == 0)
		atomic_store(&h->replaced, 1);
}

/* What another user made is not ours to write to, or to replace. */
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
 * Keep other writers out. The lock is on a file of its own that only its owner can open: on the segment itself even a
 * reader could hold one.
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
		ipm_error_set(err, "%s: is no regular file: remove it", path);
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

/*
 * Map the segment of an earlier run. -ENOENT: there is none; -ESTALE: there is a file, but not one to go on
 * with, and @p err says why.
 */
static int
take_over(struct ipm_writer *w, const struct ipm_header *wanted, struct ipm_error *err)
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
		if (rc == 0 && ipm_geometry_take(&w->seg, err) < 0) {
			rc = -ESTALE;
		} else if (rc == 0 && strcmp(ipm_header(&w->seg)->boot_id, wanted->boot_id) != 0) {
			ipm_error_set(err, "%s: from an earlier boot: starting afresh", w->seg.path);
			rc = -ESTALE;
		} else if (rc == 0 && !layout_same(ipm_header(&w->seg), wanted)) {
			ipm_error_set(err, "%s: made with other capacities: starting afresh", w->seg.path);
			rc = -ESTALE;
		}
		if (rc == -ESTALE)
			mark_replaced(w->seg.base, w->seg.size);
		if (rc < 0)
			unmap_file(w);
		return rc;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Make a new segment beside the old name and move it there when it is whole. */
static int
make_new(struct ipm_writer *w, const struct ipm_header *wanted, const struct ipm_writer_options *opt,
	 struct ipm_error *err)
{
	char *temp = NULL;
	int rc, fd = -1;

	if (asprintf(&temp, "%s.new", w->seg.path) < 0)
		return -ENOMEM;
	unlink(temp);
	fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST) { /* a name that somebody else put there is in nobody's way */
		free(temp);
		if (asprintf(&temp, "%s.new.XXXXXX", w->seg.path) < 0)
			return -ENOMEM;
		fd = mkostemp(temp, O_CLOEXEC);
	}
	if (fd < 0 || ftruncate(fd, (off_t)wanted->size) < 0) {
		rc = -errno;
		goto out;
	}
	rc = map_file(w, fd, wanted->size);
	fd = -1; /* the writer's now */
	if (rc == 0)
		rc = ipm_room_header(w);
	if (rc == 0) {
		memcpy(w->seg.base, wanted, sizeof(*wanted));
		rc = ipm_geometry_take(&w->seg, err);
	}
	if (rc == 0)
		rc = ipm_room_open(w);
	if (rc < 0) {
		unmap_file(w);
		goto out;
	}
	atomic_store(&ipm_header(&w->seg)->section[IPM_TOTALS].used, 1);
	atomic_store(&ipm_header(&w->seg)->section[IPM_SETTINGS].used, 1);
	w->totals.next_ike = w->totals.next_tunnel = w->totals.next_map = wanted->index_first;
	if (fchmod(w->fd, opt->mode) < 0 || rename(temp, w->seg.path) < 0) {
		rc = -errno;
		unmap_file(w);
	}
out:
	if (rc < 0) {
		ipm_error_set(err, "%s: cannot make it: %s", w->seg.path, strerror(-rc));
		unlink(temp);
	}
	if (fd >= 0)
		close(fd);
	free(temp);
	return rc;
}

/* --- taking over --------------------------------------------------------------------------------------- */

bool
ipm_tunnel_is(const struct ipm_writer *w, uint32_t slot, uint32_t index)
{
	return index != 0 && slot < ipm_segment_used(&w->seg, IPM_TUNNELS) && ipm_tunnel_peek(w, slot)->index == index;
}

/*
 * An SA has left its tunnel, which has @p count of its lanes. Its slot is free, or, when it is @p held, waits until
 * no worker can hold it.
 */
static void
sa_leave(struct ipm_writer *w, uint32_t slot, const struct ipm_traffic *count, bool held)
{
	struct ipm_sa sa = *ipm_sa_peek(w, slot);

	if (!held) {
		ipm_slot_give(w, IPM_SAS, slot);
		return;
	}
	sa.index = sa.next = sa.prev = 0;
	sa.state = IPM_SA_RETIRED;
	sa.map = ipm_tunnel_is(w, sa.tunnel_slot, sa.tunnel_index) ? ipm_tunnel_peek(w, sa.tunnel_slot)->map : 0;
	sa.count = *count;
	ipm_record_put(w, IPM_SAS, slot, &sa);
	ipm_section_changed(w, IPM_SAS);
	ipm_drain_add(w, slot);
}

/* Might a worker hold an SA? To be asked before its lanes are read, or what is counted in between is lost. */
static bool
workers_awake(const struct ipm_writer *w)
{
	return w->seg.lanes > 0 && ipm_workers_oldest(&w->seg) != UINT64_MAX;
}

/* Drop an SA, but not what its lanes hold: readers have seen it in the totals and in the tunnel. */
static void
sa_drop(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa sa = *ipm_sa_peek(w, slot);
	bool held = workers_awake(w);
	struct ipm_traffic count = { 0 }, share = { 0 };

	if (sa.direction == IPM_IN || sa.direction == IPM_OUT) {
		ipm_lanes_sum(&w->seg, slot, &sa, &count);
		share = count;
		ipm_traffic_share(&sa, &share);
		ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.in : &w->totals.out, &share);
	}
	if (ipm_tunnel_is(w, sa.tunnel_slot, sa.tunnel_index)) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sa.tunnel_slot);
		ipm_traffic_add(sa.direction == IPM_IN ? &tunnel.in : &tunnel.out, &share);
		tunnel.sas_retired++;
		ipm_record_put(w, IPM_TUNNELS, sa.tunnel_slot, &tunnel);
	} else if (!ipm_tunnel_late(w, &sa, &share)) {
		ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.rest_in : &w->totals.rest_out, &share);
	}
	ipm_engine_count(w, &sa, &share);
	sa_leave(w, slot, &count, held);
}

/* Is the SA in @p slot one that an earlier run stopped, and whose slot it had not given back? */
static bool
sa_retired(const struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(w, slot);
	return sa->index == 0 && sa->state == IPM_SA_RETIRED && w->seg.lanes > 0;
}

/* Other records name a feed by its slot, so it keeps it; all but its name is told anew anyway. */
static bool
feed_stands(const struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_feed *feed = ipm_feed_peek(w, slot);
	return feed->index == slot + 1 && feed->name[0] != '\0';
}

/*
 * Is a record that is half written there to stay? A new record gets its index last, and one that goes loses it first.
 * So this one was being changed: it is the same SA or crypto map entry, and each of its words is true, old or new.
 * Those of a data plane have to stay: it must know which keys an earlier run may have used, and its SAs are counted in
 * the lanes. Without lanes a feed tells of the SA anew, and octets and packets of two moments must not be taken over.
 */
static bool
torn_stands(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	if (kind == IPM_FEEDS)
		return feed_stands(w, slot);
	return w->seg.lanes > 0 && (kind == IPM_SAS || kind == IPM_MAPS) &&
	       *(const uint32_t *)ipm_payload_at(w, kind, slot) != 0;
}

/* Drop what was being written when the last writer died; what is free goes to the free slots. Returns how many. */
static uint32_t
sweep_torn(struct ipm_writer *w, enum ipm_section_kind kind)
{
	uint32_t torn = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, kind); slot++) {
		struct ipm_record *rec = ipm_record_at(&w->seg, kind, slot);
		if (atomic_load(&rec->seq) & 1) {
			atomic_fetch_add(&rec->seq, 1);
			if (torn_stands(w, kind, slot))
				continue;
			if (kind == IPM_SAS && sa_retired(w, slot)) { /* its count is true word by word */
				ipm_drain_add(w, slot);
				continue;
			}
			torn++;
			if (kind == IPM_SAS)
				sa_drop(w, slot);
			else
				ipm_slot_give(w, kind, slot);
		} else if (kind == IPM_SAS && sa_retired(w, slot)) {
			ipm_drain_add(w, slot);
		} else if (*(const uint32_t *)ipm_payload(rec) == 0) {
			ipm_queue_push(&w->free[kind], slot);
		}
	}
	return torn;
}

uint32_t
ipm_sub_next(uint32_t next, uint32_t index)
{
	if (index - next > INT32_MAX / 2) /* given before, maybe before a wrap */
		return next;
	return index == INT32_MAX ? 1 : index + 1;
}

/* Put @p sa into @p slot and at the head of its tunnel's list. */
static void
sa_link(struct ipm_writer *w, struct ipm_tunnel *tunnel, uint32_t slot, struct ipm_sa *sa)
{
	sa->next = tunnel->sa_head;
	sa->prev = 0;
	ipm_record_put(w, IPM_SAS, slot, sa);
	sa_neighbour(w, sa->next, 0, slot + 1);
	tunnel->sa_head = slot + 1;
	tunnel->sas++;
}

/* The list that @p tunnel, a copy of the record in @p slot, has. */
static struct owned_list
selectors_of(struct ipm_tunnel *tunnel, uint32_t slot)
{
	return (struct owned_list){ .kind = IPM_SELECTORS,
				    .owner_index = tunnel->index,
				    .owner_slot = slot,
				    .head = &tunnel->sel_head,
				    .next_index = &tunnel->next_sel };
}

/* A writer that died between an SA and its tunnel has counted in the SA only. */
static void
raise_to(struct ipm_traffic *sum, const struct ipm_traffic *part)
{
	uint64_t *all = (uint64_t *)sum;
	const uint64_t *least = (const uint64_t *)part;
	for (size_t i = 0; i < sizeof(*sum) / 8; i++)
		if (all[i] < least[i])
			all[i] = least[i];
}

/* Tie SAs and selectors to their tunnels anew, and count what there is: nothing is taken on trust. */
static void
relink(struct ipm_writer *w)
{
	struct ipm_totals *t = &w->totals;
	const struct ipm_segment *seg = &w->seg;

	t->ike_active = t->tunnels_active = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++) {
		const struct ipm_ike_sa *sa = ipm_payload_at(w, IPM_IKE_SAS, slot);
		if (sa->index == 0)
			continue;
		if (sa->state != IPM_IKE_NEGOTIATING && !sa->held)
			t->ike_active++;
		if (sa->index >= t->next_ike && sa->index < IPM_IKE_UNNUMBERED)
			w->wrapped = true;
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel copy = *ipm_tunnel_peek(w, slot);
		if (copy.index == 0)
			continue;
		if (copy.state == IPM_TUNNEL_UP)
			t->tunnels_active++;
		if (copy.index >= t->next_tunnel)
			w->wrapped = true;
		copy.sa_head = copy.sel_head = copy.sas = 0;
		ipm_record_put(w, IPM_TUNNELS, slot, &copy);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_SAS); slot++) {
		struct ipm_sa sa = *ipm_sa_peek(w, slot);
		if (sa.index && ipm_tunnel_is(w, sa.tunnel_slot, sa.tunnel_index)) {
			struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sa.tunnel_slot);
			sa_link(w, &tunnel, slot, &sa);
			if (!sa.bundled)
				raise_to(sa.direction == IPM_IN ? &tunnel.in : &tunnel.out, &sa.count);
			tunnel.next_sa = ipm_sub_next(tunnel.next_sa, sa.index);
			ipm_record_put(w, IPM_TUNNELS, sa.tunnel_slot, &tunnel);
		} else if (sa.index) {
			sa_drop(w, slot);
		}
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_SELECTORS); slot++) {
		const struct ipm_selector *sel = ipm_payload_at(w, IPM_SELECTORS, slot);
		if (sel->index && ipm_tunnel_is(w, sel->tunnel_slot, sel->tunnel_index)) {
			struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sel->tunnel_slot);
			struct owned_list list = selectors_of(&tunnel, sel->tunnel_slot);
			ipm_list_relink(w, &list, slot);
			ipm_record_put(w, IPM_TUNNELS, sel->tunnel_slot, &tunnel);
		} else if (sel->index) {
			ipm_slot_give(w, IPM_SELECTORS, slot);
		}
	}
	if (t->next_ike < seg->index_first || t->next_ike > seg->index_last)
		t->next_ike = seg->index_first;
	if (t->next_tunnel < seg->index_first || t->next_tunnel > seg->index_last)
		t->next_tunnel = seg->index_first;
	if (t->next_map < seg->index_first || t->next_map > seg->index_last)
		t->next_map = seg->index_first;
	ipm_maps_relink(w);
	ipm_engines_relink(w);
}

/* The newest entry of a history, unless it is a checkpoint: its writer may have died before the row went. */
static const void *
last_end(const struct ipm_writer *w, enum ipm_section_kind ring)
{
	const struct ipm_section *sec = &ipm_header(&w->seg)->section[ring];
	if (sec->total == 0 || w->seg.section[ring].capacity == 0)
		return NULL;
	const struct {
		uint32_t index, reason;
	} *entry = ipm_payload_at(w, ring, (uint32_t)((sec->total - 1) % w->seg.section[ring].capacity));
	return entry->index && entry->reason != IPM_REASON_CHECKPOINT ? entry : NULL;
}

/* Finish what the earlier run was at: what is in the history has no row. */
static void
finish_ends(struct ipm_writer *w)
{
	const struct ipm_ike_history *ike = last_end(w, IPM_IKE_HISTORY);
	const struct ipm_tunnel_history *was = last_end(w, IPM_TUNNEL_HISTORY);

	for (uint32_t slot = 0; ike && slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++)
		if (ipm_ike_peek(w, slot)->index == ike->sa.index && ike->sa.index &&
		    ipm_ike_peek(w, slot)->created_ns == ike->sa.created_ns) /* else a later one, after a wrap */
			ipm_slot_give(w, IPM_IKE_SAS, slot);
	for (uint32_t slot = 0; was && slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++)
		if (ipm_tunnel_is(w, slot, was->tunnel.index) &&
		    ipm_tunnel_peek(w, slot)->created_ns == was->tunnel.created_ns) {
			ipm_map_inherit(w, ipm_tunnel_peek(w, slot));
			ipm_slot_give(w, IPM_TUNNELS, slot);
		}
}

/* Make the sum what is shown and the rest; what was lost with a half-written record joins the rest. */
static void
balance(void *sum, void *rest, const void *shown, size_t size)
{
	uint64_t *all = sum, *hidden = rest;
	const uint64_t *seen = shown;
	for (size_t i = 0; i < size / 8; i++)
		if (all[i] < seen[i] + hidden[i])
			all[i] = seen[i] + hidden[i];
		else
			hidden[i] = all[i] - seen[i];
}

/* Records were counted in since the last totals were published, or have been dropped. */
static void
balance_totals(struct ipm_writer *w)
{
	struct ipm_totals *t = &w->totals;
	struct ipm_traffic in = { 0 }, out = { 0 };
	struct ipm_ike_traffic ike_in = { 0 }, ike_out = { 0 };
	uint64_t ikes = 0, tunnels = 0;

	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_IKE_SAS); slot++) {
		ipm_ike_traffic_add(&ike_in, &ipm_ike_peek(w, slot)->in);
		ipm_ike_traffic_add(&ike_out, &ipm_ike_peek(w, slot)->out);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++) {
		ipm_traffic_add(&in, &ipm_tunnel_peek(w, slot)->in);
		ipm_traffic_add(&out, &ipm_tunnel_peek(w, slot)->out);
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_IKE_HISTORY); slot++) {
		const struct ipm_ike_history *was = ipm_payload_at(w, IPM_IKE_HISTORY, slot);
		if (was->index == 0 || was->reason == IPM_REASON_CHECKPOINT)
			continue;
		ipm_ike_traffic_add(&ike_in, &was->sa.in);
		ipm_ike_traffic_add(&ike_out, &was->sa.out);
		ikes++;
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNEL_HISTORY); slot++) {
		const struct ipm_tunnel_history *was = ipm_payload_at(w, IPM_TUNNEL_HISTORY, slot);
		if (was->index == 0 || was->reason == IPM_REASON_CHECKPOINT)
			continue;
		ipm_traffic_add(&in, &was->tunnel.in);
		ipm_traffic_add(&out, &was->tunnel.out);
		tunnels++;
	}
	balance(&t->in, &t->rest_in, &in, sizeof(in));
	balance(&t->out, &t->rest_out, &out, sizeof(out));
	balance(&t->ike_in, &t->ike_rest_in, &ike_in, sizeof(ike_in));
	balance(&t->ike_out, &t->ike_rest_out, &ike_out, sizeof(ike_out));
	if (t->ike_previous < ikes)
		t->ike_previous = ikes;
	if (t->tunnels_previous < tunnels)
		t->tunnels_previous = tunnels;
}

static void
recover(struct ipm_writer *w, const struct ipm_header *wanted, struct ipm_error *err)
{
	struct ipm_record *totals = ipm_record_at(&w->seg, IPM_TOTALS, 0);
	struct ipm_header *h = ipm_header(&w->seg);
	uint32_t torn = 0;

	if (h->epoch == 0)
		h->epoch = 1;
	atomic_store(&h->replaced, 0); /* whoever was to replace it did not get that far */
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++)
		atomic_store(&h->section[kind].used, ipm_segment_used(&w->seg, kind)); /* no more than there are */
	/* Each word of the totals is true by itself, old or new: a torn one is merely a moment older. */
	if (atomic_load(&totals->seq) & 1)
		atomic_fetch_add(&totals->seq, 1);
	ipm_words_load(&w->totals, ipm_payload(totals), sizeof(w->totals));
	for (enum ipm_section_kind kind = IPM_FEEDS; kind <= IPM_SAS; kind++)
		torn += sweep_torn(w, kind);
	for (enum ipm_section_kind kind = IPM_AGENTS; kind < IPM_IKE_HISTORY; kind++)
		torn += sweep_torn(w, kind);
	ipm_rings_recover(w);
	finish_ends(w);
	relink(w);
	balance_totals(w);
	if (torn)
		ipm_error_set(err, "%s: dropped %u record(s) that an earlier run left half written", w->seg.path, torn);
	memcpy(h->name, wanted->name, sizeof(h->name));
	memcpy(h->control, wanted->control, sizeof(h->control));
}

#define ENTRIES_SHOWN 200 /* of each ring, until somebody wants more or less */

static void
settings_default(struct ipm_writer *w, const struct ipm_capacity *cap)
{
	struct ipm_settings settings;
	if (ipm_settings_read(&w->seg, &settings) == 0 && ipm_settings_put(w, &settings) == 0)
		return; /* what was set in an earlier run */
	settings.history_size = cap->history < ENTRIES_SHOWN ? cap->history : ENTRIES_SHOWN;
	settings.failure_size = cap->failures < ENTRIES_SHOWN ? cap->failures : ENTRIES_SHOWN;
	ipm_record_put(w, IPM_SETTINGS, 0, &settings);
}

/* Whatever of it was opened; NULL is allowed. */
static void
writer_free(struct ipm_writer *w)
{
	if (!w)
		return;
	ipm_chains_close(&w->peers);
	ipm_chains_close(&w->spis);
	ipm_ikes_close(w);
	ipm_chains_close(&w->maps);
	ipm_chains_close(&w->entries);
	ipm_drain_close(w);
	free(w->removed.slot);
	for (int i = 0; i < IPM_SECTIONS; i++)
		free(w->free[i].slot);
	unmap_file(w);
	if (w->lock >= 0)
		close(w->lock);
	free(w->seg.path);
	free(w);
}

int
ipm_writer_open(struct ipm_writer **out, const struct ipm_writer_options *opt, struct ipm_error *err)
{
	struct ipm_header wanted;
	struct ipm_writer *w = calloc(1, sizeof(*w));
	int rc = -ENOMEM;

	*out = NULL;
	err->text[0] = '\0';
	if (!w)
		goto out;
	w->fd = w->lock = -1;
	if (!(w->seg.path = strdup(opt->path)))
		goto out;
	if (!capacity_fits(&opt->capacity) || !indexes_suffice(opt)) {
		rc = -EINVAL;
		ipm_error_set(err, "%s: capacities are too large for a segment, or for the indexes it may give",
			      w->seg.path);
		goto out;
	}
	layout(&wanted, opt);
	rc = lock_path(w, err);
	if (rc == 0)
		rc = take_over(w, &wanted, err);
	bool fresh = rc == -ENOENT || rc == -ESTALE;
	if (fresh)
		rc = make_new(w, &wanted, opt, err);
	if (rc == 0)
		rc = ipm_drain_open(w);
	if (rc == 0 && !fresh && (rc = ipm_room_open(w)) < 0)
		ipm_error_set(err, "%s: no room left on its file system", w->seg.path);
	if (rc == 0 && !fresh)
		recover(w, &wanted, err);
	if (rc == 0)
		rc = ipm_peers_open(w);
	if (rc == 0)
		rc = ipm_spis_open(w);
	if (rc == 0)
		rc = ipm_ikes_open(w);
	if (rc == 0)
		rc = ipm_maps_open(w);
	if (rc < 0)
		goto out;
	settings_default(w, &opt->capacity);
	w->fast = (struct ipm_fast){ .seg = &w->seg, .lanes = (uint8_t *)ipm_worker_line_at(&w->seg, 0) };
	atomic_store(&ipm_header(&w->seg)->writer_pid, (uint32_t)getpid());
	ipm_writer_commit(w);
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++)
		ipm_section_changed(w, kind);
	*out = w;
	return 0;
out:
	if (rc == -ENOMEM || !err->text[0]) /* what stands there by now may be a warning */
		ipm_error_set(err, "%s: %s", opt->path, strerror(-rc));
	writer_free(w);
	return rc;
}

void
ipm_writer_close(struct ipm_writer *w)
{
	if (!w)
		return;
	ipm_writer_commit(w);
	atomic_store(&ipm_header(&w->seg)->writer_pid, 0);
	writer_free(w);
}

const struct ipm_segment *
ipm_writer_segment(const struct ipm_writer *w)
{
	return &w->seg;
}

void
ipm_writer_commit(struct ipm_writer *w)
{
	if (w->drain.count > 0) {
		ipm_workers_bury(&w->seg, __atomic_load_n(&ipm_header(&w->seg)->epoch, __ATOMIC_RELAXED));
		ipm_drain(w);
	}
	ipm_totals_publish(w);
	atomic_store_explicit(&ipm_header(&w->seg)->heartbeat_ns, ipm_now_ns(), memory_order_release);
}

struct ipm_totals *
ipm_writer_totals(struct ipm_writer *w)
{
	return &w->totals;
}

/* --- feeds ------------------------------------------------------------------------------------------------ */

int
ipm_feed_open(struct ipm_writer *w, const char *name)
{
	struct ipm_feed feed = { 0 };

	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_FEEDS); slot++) {
		const struct ipm_feed *there = ipm_feed_peek(w, slot);
		if (there->index && strncmp(there->name, name, sizeof(there->name) - 1) == 0)
			return (int)slot;
	}
	int slot = ipm_slot_take(w, IPM_FEEDS);
	if (slot < 0)
		return slot;
	feed.index = (uint32_t)slot + 1;
	feed.state = IPM_FEED_DOWN;
	feed.since_ns = ipm_now_ns();
	snprintf(feed.name, sizeof(feed.name), "%s", name);
	ipm_feed_put(w, (uint32_t)slot, &feed);
	ipm_section_changed(w, IPM_FEEDS);
	return slot;
}

const struct ipm_feed *
ipm_feed_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_FEEDS, slot);
}

void
ipm_feed_put(struct ipm_writer *w, uint32_t slot, const struct ipm_feed *feed)
{
	_Static_assert(IPM_DROP_COUNT <= 16, "ipm_feed.drops has room for all reasons");
	struct ipm_feed put = *feed;
	put.caps &= ~(uint64_t)(IPM_CAP_TUNNEL_DROPS | IPM_CAP_GATEWAY_DROPS);
	if (put.drops & UINT32_MAX)
		put.caps |= IPM_CAP_TUNNEL_DROPS;
	if (put.drops >> 32)
		put.caps |= IPM_CAP_GATEWAY_DROPS;
	if (slot < ipm_segment_used(&w->seg, IPM_FEEDS))
		ipm_record_put(w, IPM_FEEDS, slot, &put);
}

/* --- IKE SAs ----------------------------------------------------------------------------------------------- */

/* An IKE SA counts as active, and has a row, once it has been established. */
static bool
ike_shown(const struct ipm_ike_sa *sa)
{
	return sa->state != IPM_IKE_NEGOTIATING && !sa->held;
}

/* Keep the gauge right, tell readers and listeners, when an IKE SA becomes or ceases to be shown. */
static void
ike_transition(struct ipm_writer *w, bool was, const struct ipm_ike_sa *now)
{
	if (was == ike_shown(now))
		return;
	if (was)
		w->totals.ike_active--;
	else
		w->totals.ike_active++;
	ipm_section_changed(w, IPM_IKE_SAS);
}

int
ipm_ike_start(struct ipm_writer *w, const struct ipm_ike_sa *sa)
{
	struct ipm_ike_sa copy = *sa;
	int rc = ipm_ike_valid(w, &copy), slot = rc < 0 ? rc : ipm_slot_take(w, IPM_IKE_SAS);
	if (slot < 0)
		return slot;
	bool is_up = copy.state != IPM_IKE_NEGOTIATING;
	copy.index = is_up ? ipm_index_take(w, IPM_IKE_SAS, &w->totals.next_ike) : ipm_ike_unnumbered(w);
	copy.refreshes = 0;
	if (copy.created_ns == 0)
		copy.created_ns = ipm_now_ns();
	memset(&copy.in, 0, sizeof(copy.in));
	memset(&copy.out, 0, sizeof(copy.out));
	copy.peer = is_up ? ipm_peer_number(w, &copy) : 0;
	ipm_record_put(w, IPM_IKE_SAS, (uint32_t)slot, &copy);
	if (is_up)
		ipm_peer_add(w, (uint32_t)slot);
	ipm_ike_link(w, (uint32_t)slot);
	ipm_section_changed(w, IPM_IKE_SAS);
	ike_transition(w, false, &copy);
	if (copy.initiator && is_up)
		w->totals.ike_initiated++;
	if (ike_shown(&copy))
		ipm_event_push(w, IPM_EVENT_IKE_START, 0, (uint32_t)slot, copy.index);
	return slot;
}

const struct ipm_ike_sa *
ipm_ike_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_IKE_SAS, slot);
}

int
ipm_ike_put(struct ipm_writer *w, uint32_t slot, const struct ipm_ike_sa *sa)
{
	const struct ipm_ike_sa *old = ipm_ike_peek(w, slot);
	struct ipm_ike_sa copy = *sa;
	bool was_shown = ike_shown(old), was_up = old->state != IPM_IKE_NEGOTIATING;

	if (!ipm_slot_live(w, IPM_IKE_SAS, slot))
		return -ENOENT;
	int rc = ipm_ike_valid(w, &copy);
	if (rc < 0)
		return rc;
	bool other_peer = strcmp(copy.local_id, old->local_id) != 0 || strcmp(copy.remote_id, old->remote_id) != 0;

	copy.index = old->index;
	copy.refreshes = old->refreshes;
	copy.peer = old->peer;
	copy.in = old->in;
	copy.out = old->out;
	if (!was_up && copy.state == IPM_IKE_DELETING)
		copy.state = IPM_IKE_NEGOTIATING; /* given up before it was one: it gets no row now, and no event */
	if (memcmp(&copy, old, sizeof(copy)) == 0)
		return 0;
	bool other_spis = copy.spi_initiator != old->spi_initiator || copy.spi_responder != old->spi_responder;
	bool is_up = copy.state != IPM_IKE_NEGOTIATING;
	if (was_up && (other_peer || !is_up))
		ipm_peer_remove(w, slot);
	if (is_up && (other_peer || !was_up))
		copy.peer = ipm_peer_number(w, &copy);
	else if (!is_up)
		copy.peer = 0;
	if (is_up)
		ipm_ike_number(w, slot, &copy);
	if (other_spis)
		ipm_ike_unlink(w, slot);
	ipm_record_put(w, IPM_IKE_SAS, slot, &copy);
	if (other_spis)
		ipm_ike_link(w, slot);
	if (is_up && (other_peer || !was_up)) {
		ipm_peer_add(w, slot);
		ipm_section_changed(w, IPM_IKE_SAS); /* it has another index in cikePeerTable now */
	}
	ike_transition(w, was_shown, &copy);
	if (!was_up && copy.state == IPM_IKE_ESTABLISHED) {
		if (copy.initiator)
			w->totals.ike_initiated++;
		ipm_event_push(w, IPM_EVENT_IKE_START, 0, (uint32_t)slot, copy.index);
	}
	return 0;
}

void
ipm_ike_refresh(struct ipm_writer *w, uint32_t slot)
{
	struct ipm_ike_sa copy = *ipm_ike_peek(w, slot);
	if (copy.index == 0)
		return;
	copy.refreshes++;
	ipm_record_put(w, IPM_IKE_SAS, slot, &copy);
}

void
ipm_ike_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason)
{
	struct ipm_ike_sa copy = *ipm_ike_peek(w, slot);
	bool was_up = copy.state != IPM_IKE_NEGOTIATING;

	if (copy.index == 0)
		return;
	if (ike_shown(&copy))
		w->totals.ike_active--;
	if (was_up) {
		w->totals.ike_previous++;
		ipm_ike_remember(w, &copy, reason);
	} else {
		ipm_ike_traffic_add(&w->totals.ike_rest_in, &copy.in);
		ipm_ike_traffic_add(&w->totals.ike_rest_out, &copy.out);
	}
	if (was_up)
		ipm_peer_remove(w, slot);
	ipm_ike_unlink(w, slot);
	ipm_slot_give(w, IPM_IKE_SAS, slot);
}

/* --- tunnels ------------------------------------------------------------------------------------------------ */

int
ipm_tunnel_start(struct ipm_writer *w, const struct ipm_tunnel *tunnel)
{
	struct ipm_tunnel copy = *tunnel;
	int rc = ipm_tunnel_valid(w, &copy), slot = rc < 0 ? rc : ipm_slot_take(w, IPM_TUNNELS);
	if (slot < 0)
		return slot;
	copy.index = ipm_index_take(w, IPM_TUNNELS, &w->totals.next_tunnel);
	copy.refreshes = copy.sas = copy.sas_retired = copy.sa_head = copy.sel_head = 0;
	copy.map = copy.map_next = copy.map_prev = 0;
	copy.next_sa = copy.next_sel = 1;
	if (copy.created_ns == 0)
		copy.created_ns = ipm_now_ns();
	memset(&copy.in, 0, sizeof(copy.in));
	memset(&copy.out, 0, sizeof(copy.out));
	ipm_record_put(w, IPM_TUNNELS, (uint32_t)slot, &copy);
	ipm_section_changed(w, IPM_TUNNELS);
	if (copy.state == IPM_TUNNEL_UP)
		w->totals.tunnels_active++;
	ipm_event_push(w, IPM_EVENT_TUNNEL_START, 0, (uint32_t)slot, copy.index);
	ipm_tunnel_tie(w, (uint32_t)slot);
	return slot;
}

const struct ipm_tunnel *
ipm_tunnel_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_TUNNELS, slot);
}

int
ipm_tunnel_put(struct ipm_writer *w, uint32_t slot, const struct ipm_tunnel *tunnel)
{
	const struct ipm_tunnel *old = ipm_tunnel_peek(w, slot);
	struct ipm_tunnel copy = *tunnel;

	if (!ipm_slot_live(w, IPM_TUNNELS, slot))
		return -ENOENT;
	int rc = ipm_tunnel_valid(w, &copy);
	if (rc < 0)
		return rc;
	copy.index = old->index;
	copy.refreshes = old->refreshes;
	copy.sas = old->sas;
	copy.sas_retired = old->sas_retired;
	copy.next_sa = old->next_sa;
	copy.next_sel = old->next_sel;
	copy.sa_head = old->sa_head;
	copy.sel_head = old->sel_head;
	copy.map = old->map;
	copy.map_next = old->map_next;
	copy.map_prev = old->map_prev;
	copy.in = old->in;
	copy.out = old->out;
	if (memcmp(&copy, old, sizeof(copy)) == 0)
		return 0;
	bool renamed = strcmp(copy.conn, old->conn) != 0 || strcmp(copy.name, old->name) != 0;
	bool was_up = old->state == IPM_TUNNEL_UP, is_up = copy.state == IPM_TUNNEL_UP;
	ipm_record_put(w, IPM_TUNNELS, slot, &copy);
	if (was_up != is_up) {
		w->totals.tunnels_active += is_up ? 1 : -1;
		ipm_section_changed(w, IPM_TUNNELS);
		ipm_section_changed(w, IPM_SELECTORS); /* their rows come and go with it */
		ipm_section_changed(w, IPM_SAS);
		if (copy.map)
			ipm_map_moved(w, copy.map - 1, is_up, (enum ipm_reason)copy.verdict);
	}
	if (renamed)
		ipm_tunnel_tie(w, slot);
	return 0;
}

void
ipm_tunnel_refresh(struct ipm_writer *w, uint32_t slot)
{
	struct ipm_tunnel copy = *ipm_tunnel_peek(w, slot);
	if (copy.index == 0)
		return;
	copy.refreshes++;
	ipm_record_put(w, IPM_TUNNELS, slot, &copy);
	ipm_engine_rekeyed(w, &copy);
}

void
ipm_tunnel_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason)
{
	const struct ipm_tunnel *tunnel = ipm_tunnel_peek(w, slot);

	if (tunnel->index == 0)
		return;
	while (tunnel->sa_head)
		ipm_sa_stop(w, tunnel->sa_head - 1);
	if (tunnel->state == IPM_TUNNEL_UP)
		w->totals.tunnels_active--;
	w->totals.tunnels_previous++;
	ipm_tunnel_remember(w, tunnel, reason);
	ipm_tunnel_untie(w, slot, reason);
	ipm_tunnel_select(w, slot, NULL, 0);
	ipm_slot_give(w, IPM_TUNNELS, slot);
}

/* --- selectors ----------------------------------------------------------------------------------------------- */

int
ipm_tunnel_select(struct ipm_writer *w, uint32_t slot, const struct ipm_selector *sel, uint32_t n)
{
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, slot);
	struct owned_list list = selectors_of(&tunnel, slot);
	bool changed;

	if (tunnel.index == 0)
		return -ENOENT;
	int rc = ipm_list_set(w, &list, sel, n, &changed);

	if (changed) {
		ipm_record_put(w, IPM_TUNNELS, slot, &tunnel);
		ipm_section_changed(w, IPM_SELECTORS);
	}
	return rc;
}

/* --- SAs -------------------------------------------------------------------------------------------------- */

/* By words, as a reader may still be in what the SA before it counted. */
static void
lanes_clear(struct ipm_writer *w, uint32_t slot)
{
	static const struct ipm_count no_count;
	static const struct ipm_drops no_drops;
	for (uint32_t n = 0; n < w->seg.lanes; n++) {
		struct ipm_lane lane = ipm_lane_at(&w->seg, slot, n);
		ipm_words_store(lane.count, &no_count, sizeof(no_count));
		ipm_words_store(lane.drops, &no_drops, sizeof(no_drops));
	}
}

#define REFUSED_REST_NS 60000000000u /* between two events of IPM_EVENT_SA_REFUSED */

/* There is no room for one more: told now and then, not for each. */
static void
sa_refused(struct ipm_writer *w, uint32_t tunnel_slot, uint32_t tunnel_index)
{
	uint64_t now = ipm_now_ns();
	if (w->refused_ns && now - w->refused_ns < REFUSED_REST_NS)
		return;
	w->refused_ns = now;
	ipm_event_push(w, IPM_EVENT_SA_REFUSED, 0, tunnel_slot, tunnel_index);
}

int
ipm_sa_start(struct ipm_writer *w, uint32_t tunnel_slot, const struct ipm_sa *sa)
{
	struct ipm_sa copy = *sa;
	int rc = ipm_sa_valid(w, &copy);
	if (rc < 0 || !ipm_slot_live(w, IPM_TUNNELS, tunnel_slot))
		return rc < 0 ? rc : -ENOENT;
	ipm_drain(w); /* or SAs that come and go fast would fill the section with those that wait */
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, tunnel_slot);
	int slot = ipm_slot_take(w, IPM_SAS);
	if (slot < 0) {
		sa_refused(w, tunnel_slot, tunnel.index);
		return slot;
	}
	lanes_clear(w, (uint32_t)slot);
	copy.index = tunnel.next_sa;
	copy.tunnel_index = tunnel.index;
	copy.tunnel_slot = tunnel_slot;
	copy.goes_on = sa->count.octets || sa->count.pkts;
	sa_link(w, &tunnel, (uint32_t)slot, &copy);
	ipm_spi_add(w, (uint32_t)slot);
	tunnel.next_sa = tunnel.next_sa == INT32_MAX ? 1 : tunnel.next_sa + 1;
	ipm_record_put(w, IPM_TUNNELS, tunnel_slot, &tunnel);
	ipm_section_changed(w, IPM_SAS);
	ipm_engine_began(w, &copy);
	return slot;
}

const struct ipm_sa *
ipm_sa_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_SAS, slot);
}

int
ipm_sa_put(struct ipm_writer *w, uint32_t slot, const struct ipm_sa *sa)
{
	const struct ipm_sa *old = ipm_sa_peek(w, slot);
	struct ipm_sa copy = *sa;

	if (!ipm_slot_live(w, IPM_SAS, slot))
		return -ENOENT;
	copy.index = old->index;
	copy.tunnel_index = old->tunnel_index;
	copy.tunnel_slot = old->tunnel_slot;
	copy.next = old->next;
	copy.prev = old->prev;
	copy.protocol = old->protocol;
	copy.spi = old->spi;
	copy.engine = old->engine;
	copy.goes_on = old->goes_on;
	copy.count = old->count;
	int rc = ipm_sa_valid(w, &copy);
	if (rc == 0 && memcmp(&copy, old, sizeof(copy)) != 0)
		ipm_record_put(w, IPM_SAS, slot, &copy);
	return rc;
}

void
ipm_sa_engine(struct ipm_writer *w, uint32_t slot, uint32_t engine)
{
	struct ipm_sa sa = *ipm_sa_peek(w, slot);
	struct ipm_traffic share = sa.count;
	bool told = ipm_engine_record(w, &sa) != NULL;
	/* What the lanes hold is the engine's, for readers: with the SA it would go back there. */
	if (sa.index == 0 || sa.engine == engine || (told && w->seg.lanes > 0))
		return;
	ipm_engine_ended(w, &sa);
	sa.engine = engine;
	ipm_record_put(w, IPM_SAS, slot, &sa);
	ipm_engine_began(w, &sa);
	ipm_traffic_share(&sa, &share);
	/* Some of the count belongs to nobody, or to another SA's engine; nobody knows how much by now. */
	if (!told && !sa.goes_on)
		ipm_engine_count(w, &sa, &share);
}

/* What to add so that a counter which stood at @p last follows its source, now at @p now. @p anew: it was at 0 since.
 */
static uint64_t
growth(uint64_t last, uint64_t now, bool anew)
{
	return anew || now < last ? now : now - last;
}

void
ipm_sa_count(struct ipm_writer *w, uint32_t slot, const struct ipm_traffic *now)
{
	struct ipm_sa sa = *ipm_sa_peek(w, slot);
	bool anew = now->octets < sa.count.octets || now->pkts < sa.count.pkts; /* then all of it starts again */
	struct ipm_traffic count = *now, more = { .octets = growth(sa.count.octets, now->octets, anew),
						  .pkts = growth(sa.count.pkts, now->pkts, anew),
						  .raw_octets = growth(sa.count.raw_octets, now->raw_octets, anew) };

	if (sa.index == 0)
		return;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		more.drops[i] = growth(sa.count.drops[i], now->drops[i], anew);
	ipm_traffic_derive(&sa, &more);
	ipm_traffic_derive(&sa, &count);
	count.comps = sa.protocol == IPPROTO_COMP;
	more.comps = count.comps - sa.count.comps;
	if (memcmp(&sa.count, &count, sizeof(count)) == 0)
		return;
	sa.count = count;
	ipm_record_put(w, IPM_SAS, slot, &sa);
	ipm_traffic_share(&sa, &more);
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sa.tunnel_slot);
	ipm_traffic_add(sa.direction == IPM_IN ? &tunnel.in : &tunnel.out, &more);
	ipm_record_put(w, IPM_TUNNELS, sa.tunnel_slot, &tunnel);
	ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.in : &w->totals.out, &more);
	ipm_engine_count(w, &sa, &more);
}

void
ipm_sa_stop(struct ipm_writer *w, uint32_t slot)
{
	if (!ipm_slot_live(w, IPM_SAS, slot))
		return;
	const struct ipm_sa sa = *ipm_sa_peek(w, slot);
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sa.tunnel_slot);
	struct ipm_record *tunnel_rec = ipm_record_at(&w->seg, IPM_TUNNELS, sa.tunnel_slot);
	struct ipm_record *totals_rec = ipm_record_at(&w->seg, IPM_TOTALS, 0);
	struct ipm_record *engine_rec = ipm_engine_record(w, &sa);
	struct ipm_traffic count = { 0 };
	bool held = workers_awake(w);

	/*
	 * What the lanes hold moves to the tunnel, to the totals and to the engine. All are closed to readers while it
	 * does, or one of them would find it in both places, or in neither.
	 */
	ipm_record_begin(totals_rec);
	ipm_record_begin(tunnel_rec);
	if (engine_rec)
		ipm_record_begin(engine_rec);
	ipm_lanes_sum(&w->seg, slot, &sa, &count);
	struct ipm_traffic share = count;
	ipm_traffic_share(&sa, &share);
	ipm_traffic_add(sa.direction == IPM_IN ? &tunnel.in : &tunnel.out, &share);
	ipm_traffic_add(sa.direction == IPM_IN ? &w->totals.in : &w->totals.out, &share);
	if (sa.prev == 0)
		tunnel.sa_head = sa.next;
	sa_neighbour(w, sa.prev, sa.next ? sa.next : NOBODY, 0);
	sa_neighbour(w, sa.next, 0, sa.prev ? sa.prev : NOBODY);
	tunnel.sas--;
	tunnel.sas_retired++;
	ipm_spi_remove(w, slot);
	sa_leave(w, slot, &count, held);
	ipm_words_store(ipm_payload(tunnel_rec), &tunnel, sizeof(tunnel));
	ipm_words_store(ipm_payload(totals_rec), &w->totals, sizeof(w->totals));
	if (engine_rec) {
		struct ipm_engine engine = *(const struct ipm_engine *)ipm_payload(engine_rec);
		ipm_traffic_add(sa.direction == IPM_IN ? &engine.in : &engine.out, &share);
		engine.sas--;
		engine.sas_deleted++;
		ipm_words_store(ipm_payload(engine_rec), &engine, sizeof(engine));
		ipm_record_end(engine_rec);
	}
	ipm_record_end(tunnel_rec);
	ipm_record_end(totals_rec);
}

const struct ipm_fast *
ipm_writer_fast(const struct ipm_writer *w)
{
	return w->seg.lanes > 0 ? &w->fast : NULL;
}

struct ipm_lane
ipm_sa_lane(struct ipm_writer *w, uint32_t slot, uint32_t lane)
{
	return lane < w->seg.lanes && slot < w->seg.section[IPM_SAS].capacity ? ipm_lane_at(&w->seg, slot, lane)
									      : (struct ipm_lane){ 0 };
}
