/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: a reader on a damaged segment.
 *
 * The input is a list of patches of a small valid segment: the place (16 bits), the number of octets (4 bits), and the
 * octets. The highest bit of the length octet selects the header or the whole file; a patch at 0xffff sets the file
 * size instead. Then the reader uses all its functions: on a heap copy of exactly that size, where the address
 * sanitizer detects reads beyond it, and on a file.
 *
 *   fuzz_segment -max_len=256 CORPUS...          (libFuzzer)
 *   fuzz_segment FILE...                         (with FUZZ_MAIN: runs these)
 *   fuzz_segment                                 (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_segment --corpus DIR                    (with FUZZ_MAIN: writes the corpus)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_image.h"
#include "fuzz_must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_SLOTS 64 /* of a section that claims to have more: so many from its start, and its last */

static uint8_t *image; /* of the valid segment */
static size_t image_size;
static int file = -1; /* a memfd */
static char file_path[32];

static void
make_image(void)
{
	image = make_segment(&(struct ipm_capacity){ 3, 6, 5, 6, 2, 4, .lanes = 2 }, &image_size);
	file = memfd_create("segment", MFD_CLOEXEC);
	if (file < 0)
		fail("memfd_create");
	snprintf(file_path, sizeof(file_path), "/proc/self/fd/%d", file);
}

/* Apply the input to the image. Return the number of octets that remain. */
static size_t
patch(uint8_t *out, const uint8_t *data, size_t size)
{
	size_t left = image_size;
	memcpy(out, image, image_size);
	while (size >= 3) {
		size_t at = data[0] | (size_t)data[1] << 8, n = data[2] & 15;
		size_t room = data[2] & 128 ? image_size : sizeof(struct ipm_header);
		data += 3;
		size -= 3;
		if (n > size)
			n = size;
		if (at == 0xffff && n >= 2)
			left = (data[0] | (size_t)data[1] << 8) % (image_size + 1);
		else if (at % room + n <= image_size)
			memcpy(out + at % room, data, n);
		data += n;
		size -= n;
	}
	return left;
}

static volatile size_t sink; /* visited records count as used */

static void
look_at(const char *text, size_t size)
{
	if (strnlen(text, size) == size)
		abort(); /* a reader would run past the end of it */
	sink += strlen(text);
}

static void
look_at_texts(enum ipm_section_kind kind, const void *rec)
{
	const struct ipm_feed *feed = rec;
	const struct ipm_ike_sa *ike = rec;
	const struct ipm_tunnel *tunnel = rec;
	if (kind == IPM_FEEDS) {
		look_at(feed->name, sizeof(feed->name));
		look_at(feed->source, sizeof(feed->source));
		look_at(feed->detail, sizeof(feed->detail));
		look_at(feed->error, sizeof(feed->error));
	} else if (kind == IPM_IKE_SAS) {
		look_at(ike->conn, sizeof(ike->conn));
		look_at(ike->local_id, sizeof(ike->local_id));
		look_at(ike->remote_id, sizeof(ike->remote_id));
	} else if (kind == IPM_TUNNELS) {
		look_at(tunnel->conn, sizeof(tunnel->conn));
		look_at(tunnel->name, sizeof(tunnel->name));
	}
}

static void
read_slot(const struct ipm_segment *seg, enum ipm_section_kind kind, uint32_t slot)
{
	uint64_t room[256];
	if (ipm_read(seg, kind, slot, room) < 0)
		return;
	if (kind == IPM_TUNNELS)
		sink += ipm_tunnel_ike_alive(seg, (const struct ipm_tunnel *)(const void *)room);
	look_at_texts(kind, room);
}

static void
read_all(const struct ipm_segment *seg)
{
	char name[IPM_NAME_MAX], control[IPM_TEXT_MAX];
	look_at(ipm_segment_name(seg, name), sizeof(name));
	look_at(ipm_segment_control(seg, control), sizeof(control));
	sink += ipm_segment_silence_ns(seg);
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++) {
		uint32_t capacity = ipm_segment_capacity(seg, kind);
		if (ipm_segment_used(seg, kind) > capacity)
			abort();
		sink += ipm_segment_change(seg, kind);
		for (uint32_t slot = 0; slot < capacity && slot < MOST_SLOTS; slot++)
			read_slot(seg, kind, slot);
		read_slot(seg, kind, capacity - 1);
		read_slot(seg, kind, capacity);
		read_slot(seg, kind, UINT32_MAX);
	}
	struct ipm_event event = { 0 };
	for (uint64_t serial = 0, n = 0; n < MOST_SLOTS; n++) {
		int rc = ipm_event_next(seg, serial, &event);
		if (rc < 0 && event.serial <= serial)
			break;
		serial = event.serial;
	}
	ipm_event_next(seg, UINT64_MAX, &event);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipm_error err;
	if (!image)
		make_image();

	static uint8_t *scratch;
	if (!scratch && !(scratch = malloc(image_size)))
		fail("malloc");
	size_t left = patch(scratch, data, size);

	/* Aligned like a mapping, and of exactly this length. */
	void *exact;
	if (posix_memalign(&exact, 4096, left ? left : 1))
		fail("posix_memalign");
	memcpy(exact, scratch, left);
	memset(&err, 0, sizeof(err));
	struct ipm_segment seg_there = { .base = exact, .size = left, .path = "gw.model" };
	int whole = ipm_geometry_take(&seg_there, &err);
	if (whole == 0) {
		read_all(&seg_there);
	} else if (strncmp(err.text, "gw.model: ", 10) != 0) {
		abort(); /* an error names the file */
	}
	free(exact);

	struct ipm_segment *seg;
	if (ftruncate(file, 0) < 0 || pwrite(file, scratch, left, 0) != (ssize_t)left)
		fail(file_path);
	int rc = ipm_segment_attach(&seg, file_path, &err);
	if (rc == 0) {
		read_all(seg);
		sink += ipm_segment_stale(seg);
		ipm_segment_close(seg);
	}
	if (rc == 0 && whole < 0)
		abort(); /* both ways have to agree */
	return 0;
}

#ifdef FUZZ_MAIN
/* One patch of @p n octets at @p at. Returns its length. */
static size_t
put(uint8_t *out, size_t at, bool anywhere, const void *octets, size_t n)
{
	out[0] = (uint8_t)at;
	out[1] = (uint8_t)(at >> 8);
	out[2] = (uint8_t)(n | (anywhere ? 128 : 0));
	memcpy(out + 3, octets, n);
	return n + 3;
}

/* Mostly values that make sums and products overflow, on the boundaries of fields. */
static size_t
mutation(uint8_t *out)
{
	static const uint64_t nasty[] = {
		0,          1,           7,          8,          UINT64_MAX,     UINT64_MAX - 7,
		UINT32_MAX, 0x80000000u, 0x7fffffff, 0x10000000, 1ULL << 63,     4096,
		65536,      63,          64,         128,        0x100000000ULL, 40960
	};
	size_t used = 0;
	for (uint32_t n = 1 + rnd(3); n > 0; n--) {
		uint64_t value = rnd(4) ? nasty[rnd(sizeof(nasty) / sizeof(nasty[0]))] : rnd(1u << 16);
		if (rnd(16) == 0)
			used += put(out + used, 0xffff, false, &value, 2);
		else if (rnd(3))
			used += put(out + used, rnd(sizeof(struct ipm_header) / 4) * 4, false, &value, rnd(2) ? 4 : 8);
		else
			used += put(out + used, rnd((uint32_t)image_size / 4) * 4, true, &value, rnd(2) ? 4 : 8);
	}
	return used;
}

static void
save(const char *dir, const char *name, const uint8_t *octets, size_t n)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(octets, 1, n, f) != n || fclose(f) != 0)
		fail(path);
}

/* A file for each field of the section table and for each kind of record, as a starting point. */
static int
make_corpus(const char *dir)
{
	uint8_t out[64] = { 0 };
	char name[64];
	static const uint32_t half = 0x5555;
	save(dir, "valid", out, 0);
	save(dir, "cut", out, put(out, 0xffff, false, &half, 2));
	for (uint32_t i = 0; i < IPM_SECTIONS; i++) {
		size_t at = offsetof(struct ipm_header, section) + i * sizeof(struct ipm_section);
		const struct ipm_section *sec = &((const struct ipm_header *)(const void *)image)->section[i];
		static const uint64_t many = UINT64_MAX - 7;
		uint32_t odd = 1, more = sec->capacity + 1;
		snprintf(name, sizeof(name), "capacity-%u", i);
		save(dir, name, out, put(out, at + offsetof(struct ipm_section, capacity), false, &more, 4));
		snprintf(name, sizeof(name), "offset-%u", i);
		save(dir, name, out, put(out, at + offsetof(struct ipm_section, offset), false, &many, 8));
		snprintf(name, sizeof(name), "torn-%u", i);
		save(dir, name, out, put(out, (size_t)sec->offset, true, &odd, 4));
	}
	return 0;
}

static void
run_file(const char *path)
{
	static uint8_t octets[1 << 16];
	FILE *f = fopen(path, "rb");
	if (!f)
		fail(path);
	size_t n = fread(octets, 1, sizeof(octets), f);
	fclose(f);
	LLVMFuzzerTestOneInput(octets, n);
}

int
main(int argc, char **argv)
{
	uint8_t out[64] = { 0 };
	LLVMFuzzerTestOneInput(out, 0);
	if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
		return make_corpus(argv[2]);
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	for (int i = 0; i < 10000 && argc == 1; i++)
		LLVMFuzzerTestOneInput(out, mutation(out));
	return 0;
}
#endif
