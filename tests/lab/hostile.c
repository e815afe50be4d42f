/* SPDX-License-Identifier: ISC */
/*
 * Two segments for readers: a good one, and one that gets random words everywhere.
 *
 *     hostile RUN-DIR SECONDS SEED
 *
 * good.model has tunnels 1 to 20, whose counters grow. evil.model, with lists and lanes and everything, is made anew
 * every four seconds, for readers drop what they find damaged; in between its header and its records change at random.
 * Prints "ready", and in the end how much was written.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz_must.h"
#include "ipm_int.h"
#include "ipm_writer.h"

#define TUNNELS   20
#define ANEW_NS   4000000000u
#define HEADER_NS 2000000000u /* so long only records change: nobody attaches a segment with a bad header */
#define BURST     200         /* words between two pauses */
#define PAUSE_US  1000
#define COMMIT_NS 200000000u

static char good_path[256], evil_path[256];

static struct ipm_writer *
open_segment(const char *path, const char *name, uint32_t index_first)
{
	struct ipm_writer_options opt = { .path = path, .name = name, .mode = 0644, .index_first = index_first };
	struct ipm_writer *w;
	struct ipm_error err;
	opt.capacity = (struct ipm_capacity){ .ike_sas = 32,
					      .tunnels = 32,
					      .selectors = 64,
					      .sas = 128,
					      .feeds = 2,
					      .events = 64,
					      .agents = 2,
					      .maps = 32,
					      .access = 64,
					      .interfaces = 4,
					      .engines = 2,
					      .history = 16,
					      .failures = 16,
					      .lanes = 2 };
	if (ipm_writer_open(&w, &opt, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(EXIT_FAILURE);
	}
	return w;
}

/* Something of everything. */
static void
fill(struct ipm_writer *w)
{
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "engine", .version = "1" };
	struct ipm_interface uplink = { .ifindex = 2, .name = "eth0" };
	ipm_feed_open(w, "vici");
	ipm_engine_open(w, &engine);
	ipm_interface_dropped(w, &uplink, IPM_DROP_NOT_UP, 5);
	for (uint8_t i = 0; i < TUNNELS; i++) {
		struct ipm_addr a = { .len = 4, .bytes = { 192, 0, 2, i } };
		struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED, .version = 2, .local = a, .remote = a };
		struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .local = a, .remote = a };
		struct ipm_selector sel = { .local = { .type = IPM_SEL_SUBNET, .prefix = 24, .first = a, .last = a },
					    .remote = { .type = IPM_SEL_SUBNET, .prefix = 24, .first = a, .last = a } };
		struct ipm_access access = { .local = sel.local, .remote = sel.remote };
		struct ipm_failure failure = { .reason = IPM_FAIL_AUTH, .local = a, .remote = a };
		struct ipm_map_entry map = { .kind = IPM_MAP_STATIC, .seq = 10 };
		snprintf(map.name, sizeof(map.name), "gw%d", i / 4);
		snprintf(map.child, sizeof(map.child), "net%d", i);
		memcpy(ike.conn, map.name, sizeof(ike.conn));
		memcpy(tunnel.conn, map.name, sizeof(tunnel.conn));
		memcpy(tunnel.name, map.child, sizeof(tunnel.name));
		snprintf(ike.local_id, sizeof(ike.local_id), "us");
		snprintf(ike.remote_id, sizeof(ike.remote_id), "peer%d", i);
		int map_slot = ipm_map_open(w, &map), ike_slot = ipm_ike_start(w, &ike);
		if (map_slot < 0 || ike_slot < 0)
			exit(EXIT_FAILURE);
		tunnel.ike_slot = (uint32_t)ike_slot;
		tunnel.ike_index = ipm_ike_peek(w, tunnel.ike_slot)->index;
		int slot = ipm_tunnel_start(w, &tunnel);
		ipm_map_permit(w, (uint32_t)map_slot, &access, 1);
		ipm_tunnel_select(w, (uint32_t)slot, &sel, 1);
		for (uint8_t n = 0; n < 4; n++) {
			struct ipm_sa sa = { .direction = n % 2 ? IPM_IN : IPM_OUT, .protocol = 50, .spi = 256u + n };
			sa.proposal.encr = IPM_ENCR_AES_GCM_16;
			ipm_sa_start(w, (uint32_t)slot, &sa);
		}
		ipm_fail(w, i % 2 ? IPM_IKE_FAILURES : IPM_TUNNEL_FAILURES, &failure);
	}
	ipm_writer_commit(w);
}

/* Mostly numbers that are just right to be wrong. */
static uint32_t
word(void)
{
	static const uint32_t nasty[] = { 0, 1, 2, 3, 7, 8, 20, 31, 32, 64, 4096, 0x7fffffff, 0x80000000, UINT32_MAX };
	return rnd(2) ? nasty[rnd(sizeof(nasty) / sizeof(nasty[0]))] : rnd(1u << 16) << 16 | rnd(1u << 16);
}

/* A segment in the place of the one there was; its writer seems to live. Returns it mapped. */
static uint32_t *
evil_anew(size_t *size)
{
	unlink(evil_path);
	struct ipm_writer *w = open_segment(evil_path, "evil", 1000001);
	fill(w);
	*size = ipm_writer_segment(w)->size;
	ipm_writer_close(w);
	int fd = open(evil_path, O_RDWR | O_CLOEXEC);
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		perror(evil_path);
		exit(EXIT_FAILURE);
	}
	close(fd);
	((struct ipm_header *)at)->writer_pid = (uint32_t)getpid();
	return at;
}

/* To a record, or to the header. */
static void
scribble(uint32_t *at, const struct ipm_segment *geometry, bool header)
{
	enum ipm_section_kind kind = rnd(IPM_SECTIONS);
	size_t words = sizeof(struct ipm_header) / 4;
	uint32_t *to = at;
	if (!header || rnd(4)) {
		uint32_t capacity = geometry->section[kind].capacity;
		if (capacity == 0)
			return;
		to += (size_t)(geometry->section[kind].first - geometry->base) / 4 +
		      (size_t)rnd(capacity) * geometry->section[kind].stride / 4;
		words = ipm_record_size(kind) / 4 + 2;
	}
	__atomic_store_n(to + rnd((uint32_t)words), word(), __ATOMIC_RELAXED);
}

int
main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: hostile RUN-DIR SECONDS SEED\n");
		return EXIT_FAILURE;
	}
	snprintf(good_path, sizeof(good_path), "%s/good.model", argv[1]);
	snprintf(evil_path, sizeof(evil_path), "%s/evil.model", argv[1]);
	for (unsigned long seed = strtoul(argv[3], NULL, 10) % 100000; seed > 0; seed--)
		rnd(2);
	struct ipm_writer *good = open_segment(good_path, "good", 1);
	fill(good);
	uint64_t until = ipm_now_ns() + strtoul(argv[2], NULL, 10) * 1000000000u, anew = 0, commit = 0, writes = 0;
	uint32_t *evil = NULL, segments = 0;
	struct ipm_segment geometry = { .base = NULL };
	size_t size = 0;
	for (uint64_t now = ipm_now_ns(); now < until; now = ipm_now_ns()) {
		if (now >= anew) {
			if (evil)
				munmap(evil, size);
			evil = evil_anew(&size);
			geometry = (struct ipm_segment){ .base = (uint8_t *)evil, .size = size, .path = evil_path };
			if (ipm_geometry_take(&geometry, NULL) < 0)
				return EXIT_FAILURE;
			if (segments++ == 0) {
				puts("ready");
				fflush(stdout);
			}
			anew = now + ANEW_NS;
		}
		if (now >= commit) {
			ipm_lane_count(ipm_sa_lane(good, 0, 0), 1, 1000);
			ipm_writer_commit(good);
			commit = now + COMMIT_NS;
		}
		for (int n = 0; n < BURST; n++, writes++)
			scribble(evil, &geometry, now + ANEW_NS > anew + HEADER_NS);
		usleep(PAUSE_US);
	}
	printf("seed %s: %llu writes to %u segments\n", argv[3], (unsigned long long)writes, segments);
	ipm_writer_close(good);
	return EXIT_SUCCESS;
}
