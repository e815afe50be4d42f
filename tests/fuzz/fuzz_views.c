/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: SNMP tables and notifications of a damaged segment.
 *
 * The input is a list of patches of a small valid segment: the place (16 bits, in words of 4), the number of octets (4
 * bits), and the octets. All tables are walked, and all events become notifications. With FUZZ_CHANGING a thread
 * applies and reverts the patches meanwhile, so that the segment changes under its reader.
 *
 *   fuzz_views -max_len=256 CORPUS...         (libFuzzer)
 *   fuzz_views FILE...                      (with FUZZ_MAIN: runs these)
 *   fuzz_views                              (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_views --corpus DIR                 (with FUZZ_MAIN: writes the corpus)
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_image.h"
#include "fuzz_must.h"
#include "mib_notify.h"
#include "mib_set.h"
#include "mib_table.h"
#include "views.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_CELLS 20000 /* of a walk; the valid segment has far fewer */

static uint8_t *image, *mapped; /* the valid segment, and the file */
static size_t image_size;
static char file_path[32];
static struct ipm_segment *valid;

static void
make_image(void)
{
	const struct ipm_capacity capacity = { .ike_sas = 3,
					       .tunnels = 4,
					       .selectors = 6,
					       .sas = 6,
					       .feeds = 2,
					       .events = 32,
					       .agents = 1,
					       .maps = 2,
					       .access = 2,
					       .interfaces = 1,
					       .engines = 1,
					       .history = 3,
					       .failures = 3,
					       .lanes = 2,
					       .sessions = 2,
					       .pools = 1 };
	struct ipm_error err;

	image = make_segment(&capacity, &image_size);
	((struct ipm_header *)(void *)image)->writer_pid = 0; /* nobody is to be waited for */
	int file = memfd_create("segment", MFD_CLOEXEC);
	if (file < 0 || pwrite(file, image, image_size, 0) != (ssize_t)image_size)
		fail("memfd_create");
	mapped = mmap(NULL, image_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	snprintf(file_path, sizeof(file_path), "/proc/self/fd/%d", file);
	if (mapped == MAP_FAILED || ipm_segment_attach(&valid, file_path, &err) < 0)
		fail(file_path);
}

static void
patch(const uint8_t *data, size_t size)
{
	while (size >= 3) {
		size_t at = (data[0] | (size_t)data[1] << 8) * 4, n = data[2] & 15;
		size_t room = data[2] & 128 ? image_size : sizeof(struct ipm_header);
		data += 3;
		size -= 3;
		if (n > size)
			n = size;
		if (at % room + n <= image_size)
			memcpy(mapped + at % room, data, n);
		data += n;
		size -= n;
	}
}

static volatile size_t sink; /* visited records count as used */

static void
look_at(const struct mib_value *value)
{
	must(value->len <= sizeof(value->octets), "a value fits");
	for (uint32_t i = 0; i < value->len; i++)
		sink += value->octets[i];
	sink += value->number;
}

/* Walk all cells. Return how many there are. */
static int
walk(struct mib *mib)
{
	mib_subid name[MIB_NAME_MAX] = { 1 };
	size_t len = 1;
	int cells = 0;
	for (; cells < MOST_CELLS; cells++) {
		mib_subid next[MIB_NAME_MAX];
		size_t next_len = 0;
		struct mib_value value;
		if (cells % 50 == 0)
			mib_request(mib, 1);
		if (mib_next(mib, name, len, false, NULL, 0, next, &next_len, &value) != MIB_OK)
			return cells;
		must(next_len > 0 && next_len <= MIB_NAME_MAX, "a name fits");
		size_t least = len < next_len ? len : next_len, i = 0;
		while (i < least && next[i] == name[i])
			i++;
		must(i == least ? next_len > len : next[i] > name[i], "names grow");
		look_at(&value);
		mib_get(mib, next, next_len, &value);
		memcpy(name, next, next_len * sizeof(*next));
		len = next_len;
	}
	must(0, "a walk ends");
	return cells;
}

static void
sent(void *arg, const struct mib_notification *one)
{
	++*(int *)arg;
	must(one->count <= MIB_VARBINDS_MAX, "varbinds fit");
	for (unsigned i = 0; i < one->count; i++)
		look_at(&one->varbind[i].value);
}

static void
serve(const struct ipm_segment *seg, bool sound)
{
	int cells, notifications = 0;
	struct mib *mib = mib_new(mib_views, mib_view_count);
	struct mib_notify *notify = mib_notify_new(UINT32_MAX, mib, sent, &notifications);
	if (!mib || !notify)
		fail("malloc");
	for (size_t i = 0; i < sizeof(mib_controls.notify) / sizeof(mib_controls.notify[0]); i++)
		mib_controls.notify[i] = 1;
	mib_request(mib, 1);
	mib_serve(mib, (const struct ipm_segment *const *)&valid, 1);
	mib_notify_serve(notify, (const struct ipm_segment *const *)&valid, 1);
	/* Another segment takes its place: all its events become notifications. */
	mib_serve(mib, &seg, 1);
	mib_notify_serve(notify, &seg, 1);
	cells = walk(mib);
	for (int i = 0; i < 3; i++)
		mib_notify_poll(notify);
	walk(mib);
	must(!sound || (cells > 300 && notifications > 5), "a sound segment has cells and notifications");
	mib_notify_free(notify);
	mib_free(mib);
}

#ifdef FUZZ_CHANGING
struct change {
	const uint8_t *data;
	size_t size;
	_Atomic int over;
};

static void *
keep_changing(void *arg)
{
	struct change *change = arg;
	while (!change->over) {
		patch(change->data, change->size);
		sched_yield();
		memcpy(mapped, image, image_size);
		sched_yield();
	}
	return NULL;
}
#endif

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipm_segment *seg;
	struct ipm_error err;
	if (!image)
		make_image();
	memcpy(mapped, image, image_size);
#ifdef FUZZ_CHANGING
	struct change change = { .data = data, .size = size };
	pthread_t thread;
	if (ipm_segment_attach(&seg, file_path, &err) < 0)
		fail(err.text);
	if (pthread_create(&thread, NULL, keep_changing, &change) != 0)
		fail("pthread_create");
	serve(seg, size == 0);
	change.over = 1;
	pthread_join(thread, NULL);
	ipm_segment_close(seg);
#else
	patch(data, size);
	if (ipm_segment_attach(&seg, file_path, &err) < 0)
		return 0;
	serve(seg, size == 0);
	ipm_segment_close(seg);
#endif
	return 0;
}

#ifdef FUZZ_MAIN
#define FUZZ_SEEDS     (IPM_SECTIONS + 1)
#define FUZZ_MUTATIONS 3000
static size_t fuzz_seed(uint32_t n, uint8_t *out);
static size_t fuzz_mutation(uint8_t *out);
#include "fuzz_main.h"

/* One patch of @p n octets at @p at, a multiple of 4. Returns its length. */
static size_t
put(uint8_t *out, size_t at, const void *octets, size_t n)
{
	out[0] = (uint8_t)(at / 4);
	out[1] = (uint8_t)(at / 4 >> 8);
	out[2] = (uint8_t)(n | 128);
	memcpy(out + 3, octets, n);
	return n + 3;
}

/* A patch of a record of each kind. */
static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	uint32_t many = UINT32_MAX;
	if (!image)
		make_image();
	if (n == IPM_SECTIONS)
		return 0;
	return put(out, (size_t)((const struct ipm_header *)(const void *)image)->section[n].offset + 12, &many, 4);
}

/* Mostly critical numbers, on the boundaries of fields. */
static size_t
fuzz_mutation(uint8_t *out)
{
	static const uint32_t nasty[] = { 0, 1, 2, 3, 4, 7, 32, 64, 255, 4096, 0x7fffffff, 0x80000000, UINT32_MAX };
	size_t used = 0;
	if (!image)
		make_image();
	for (uint32_t n = 1 + rnd(4); n > 0; n--) {
		uint32_t value =
			rnd(4) ? nasty[rnd(sizeof(nasty) / sizeof(nasty[0]))] : rnd(1u << 16) << 16 | rnd(1u << 16);
		enum ipm_section_kind kind = rnd(IPM_SECTIONS);
		const struct ipm_section *sec = &((const struct ipm_header *)(const void *)image)->section[kind];
		size_t at = sec->offset + (size_t)rnd(sec->capacity) * sec->stride;
		if (rnd(5) == 0)
			used += put(out + used, rnd(sizeof(struct ipm_header) / 4) * 4, &value, 4);
		else
			used += put(out + used, at + rnd((uint32_t)ipm_record_size(kind) / 4 + 2) * 4, &value, 4);
	}
	return used;
}
#endif
