/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: a segment of another layout version, in which somebody has changed something. A writer takes over what
 * it can, or begins afresh and says why. Either way it has a segment that is consistent enough to read and to write.
 *
 * The input is a list of patches over such a segment: where (16 bits; from the description backwards if the highest bit
 * of the next octet is set), how many octets (4 bits), and the octets. The description alone is also parsed from an
 * exact copy, where the address sanitizer sees each octet too far.
 *
 *   fuzz_layout -max_len=256 CORPUS...          (libFuzzer)
 *   fuzz_layout FILE...                         (with FUZZ_MAIN: runs these)
 *   fuzz_layout                                 (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_layout --corpus DIR                    (with FUZZ_MAIN: writes the corpus)
 */
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

#include "fuzz_image.h"
#include "fuzz_must.h"
#include "ipm_layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *image; /* of a valid segment, but for its version */
static size_t image_size;
static struct ipm_layout_end image_end;
static const struct ipm_capacity capacity = {
	3, 6, 5, 6, 2, 4, .maps = 3, .access = 3, .engines = 2, .history = 3, .failures = 2, .lanes = 2
};
static char dir[64], path[80];

static int
remove_one(const char *name, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(name);
}

static void
clean_up(void)
{
	nftw(dir, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

static void
make_image(void)
{
	image = make_segment(&capacity, &image_size);
	((struct ipm_header *)(void *)image)->abi++;
	memcpy(&image_end, image + image_size - sizeof(image_end), sizeof(image_end));
	snprintf(dir, sizeof(dir), "%s/fuzz_layout.XXXXXX", access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(dir))
		fail(dir);
	snprintf(path, sizeof(path), "%s/gw.model", dir);
	atexit(clean_up);
}

static void
patch(uint8_t *out, const uint8_t *data, size_t size)
{
	memcpy(out, image, image_size);
	while (size >= 3) {
		size_t at = data[0] | (size_t)data[1] << 8, n = data[2] & 15;
		size_t from = data[2] & 128 ? image_size - sizeof(image_end) - image_end.octets : 0;
		size_t room = data[2] & 128 ? image_end.octets + sizeof(image_end) : image_size;
		data += 3;
		size -= 3;
		if (n > size)
			n = size;
		if (at % room + n <= room)
			memcpy(out + from + at % room, data, n);
		data += n;
		size -= n;
	}
}

/* What the text tells is within the file, or it is refused. */
static void
parse_exactly(const uint8_t *segment)
{
	struct ipm_layout *l = malloc(sizeof(*l));
	char *text = malloc(image_end.octets);
	unsigned line;

	if (!l || !text)
		fail("malloc");
	memcpy(text, segment + image_size - sizeof(image_end) - image_end.octets, image_end.octets);
	bool good = ipm_layout_parse(l, text, image_end.octets, image_size, &line) == 0;
	must(line > 0, "the line is told");
	for (uint32_t i = 0; good && i < IPM_LAYOUT_SECTIONS; i++) {
		if (i < IPM_LAYOUT_COUNTS)
			must(l->section[i].offset + (uint64_t)l->section[i].stride * l->section[i].capacity <=
				     image_size,
			     "each section is within the file");
		for (uint32_t n = 0; n < l->section[i].fields; n++) {
			const struct ipm_field *field = &l->field[l->section[i].first + n];
			must(field->size > 0 && field->offset + field->size <= l->section[i].stride,
			     "each field is within its slot");
			must(strnlen(field->name, sizeof(field->name)) < sizeof(field->name), "each name has an end");
		}
	}
	free(text);
	free(l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipm_writer_options opt = { .path = path, .name = "gw", .mode = 0600, .capacity = capacity };
	struct ipm_segment *seg;
	struct ipm_writer *w;
	struct ipm_error err;
	static uint8_t *scratch;

	if (!image)
		make_image();
	if (!scratch && !(scratch = malloc(image_size)))
		fail("malloc");
	patch(scratch, data, size);
	parse_exactly(scratch);
	opt.capacity.tunnels -= size % 4; /* some records have to move */
	opt.capacity.history += size % 3;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, scratch, image_size) != (ssize_t)image_size || close(fd) != 0)
		fail(path);
	if (ipm_writer_open(&w, &opt, &err) < 0)
		fail(err.text);
	must(!err.text[0] || strncmp(err.text, path, strlen(path)) == 0, "a warning names the file");
	must(ipm_segment_attach(&seg, path, &err) == 0, "readers find a whole segment");
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++)
		for (uint32_t slot = 0; kind != IPM_LANES && slot < ipm_segment_used(seg, kind); slot++) {
			union ipm_any_record any;
			int rc = ipm_read(seg, kind, slot, &any);
			must(rc == 0 || rc == -ENOENT, "each record can be read, or there is none");
		}
	must(ipm_segment_state(seg, &err) == 0, "nothing in it is damaged");
	for (uint32_t slot = 0; slot < capacity.tunnels; slot++)
		ipm_tunnel_stop(w, slot, IPM_REASON_NORMAL);
	for (uint32_t slot = 0; slot < capacity.ike_sas; slot++)
		ipm_ike_stop(w, slot, IPM_REASON_NORMAL);
	must(ipm_tunnel_start(w, &(struct ipm_tunnel){ 0 }) >= 0, "the writer can go on");
	ipm_writer_commit(w);
	must(ipm_segment_state(seg, &err) == 0, "nothing in it is damaged then either");
	ipm_segment_close(seg);
	ipm_writer_close(w);
	return 0;
}

#ifdef FUZZ_MAIN
static size_t
put(uint8_t *out, size_t at, bool described, const void *octets, size_t n)
{
	out[0] = (uint8_t)at;
	out[1] = (uint8_t)(at >> 8);
	out[2] = (uint8_t)(n | (described ? 128 : 0));
	memcpy(out + 3, octets, n);
	return n + 3;
}

static size_t
mutation(uint8_t *out)
{
	static const char *const texts[] = { "0", "9", "99999", "\n",       " ",     "u", "i",
					     "t", "b", "-",     "section ", "end\n", "\0" };
	static const uint64_t nasty[] = { 0, 1, 7, UINT64_MAX, UINT32_MAX, 0x80000000u, 4096, 1ULL << 63 };
	size_t used = 0;

	for (uint32_t n = 1 + rnd(3); n > 0; n--) {
		const char *text = texts[rnd(sizeof(texts) / sizeof(texts[0]))];
		if (rnd(2))
			used += put(out + used, rnd((uint32_t)image_end.octets), true, text, *text ? strlen(text) : 1);
		else if (rnd(2))
			used += put(out + used, rnd(1064 / 4) * 4, false, &nasty[rnd(8)], rnd(2) ? 4 : 8);
		else
			used += put(out + used, rnd(1u << 16) / 4 * 4, false, &nasty[rnd(8)], rnd(2) ? 4 : 8);
	}
	return used;
}

static void
save(const char *name, const char *in, const uint8_t *octets, size_t n)
{
	char file[512];
	snprintf(file, sizeof(file), "%s/%s", in, name);
	FILE *f = fopen(file, "wb");
	if (!f || fwrite(octets, 1, n, f) != n || fclose(f) != 0)
		fail(file);
}

static int
make_corpus(const char *in)
{
	uint8_t out[64] = { 0 };
	static const uint32_t many = UINT32_MAX;
	save("valid", in, out, 0);
	save("other-text", in, out, put(out, 16, true, "2", 1));
	save("digit", in, out, put(out, 40, true, "9", 1));
	save("no-end", in, out, put(out, (size_t)image_end.octets, true, &many, 4));
	save("used", in, out, put(out, 304 + 3 * 40 + 12, false, &many, 4));
	save("boot", in, out, put(out, 40, false, &many, 4));
	return 0;
}

int
main(int argc, char **argv)
{
	static uint8_t octets[1 << 16];
	LLVMFuzzerTestOneInput(octets, 0);
	if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
		return make_corpus(argv[2]);
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (!f)
			fail(argv[i]);
		size_t n = fread(octets, 1, sizeof(octets), f);
		fclose(f);
		LLVMFuzzerTestOneInput(octets, n);
	}
	for (int i = 0; i < 3000 && argc == 1; i++)
		LLVMFuzzerTestOneInput(octets, mutation(octets));
	return 0;
}
#endif
