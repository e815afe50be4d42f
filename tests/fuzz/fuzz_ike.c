/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: captured frames. An input is a sequence of frames: a link type (one octet, an index), a length (two
 * octets, limited to the rest of the input), the frame. They take the way of real frames into a model, which is
 * checked after each one.
 *
 *   fuzz_ike CORPUS...            (libFuzzer)
 *   fuzz_ike FILE...              (with FUZZ_MAIN: runs these)
 *   fuzz_ike                      (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_ike --corpus DIR         (with FUZZ_MAIN: writes the corpus)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_must.h"
#include "ike_watch.h"
#include "segment_remove.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int links[] = { 1, 101, 113, 276, 0 };
#define LINKS (sizeof(links) / sizeof(links[0]))

static struct ipm_writer *writer;
static uint32_t feed;

static void
given_a_gateway(void)
{
	char path[] = "/tmp/fuzz_ike.XXXXXX";
	struct ipm_writer_options opt = {
		.path = path,
		.name = "fuzz",
		.capacity = { .ike_sas = 64, .feeds = 1, .history = 8, .failures = 8, .events = 8 },
		.mode = 0600
	};
	struct ipm_error err;
	if (writer)
		return;
	int fd = mkstemp(path);
	must(fd >= 0, "there is a temporary file");
	close(fd);
	unlink(path);
	must(ipm_writer_open(&writer, &opt, &err) == 0, "the segment can be made");
	segment_remove(path);
	feed = (uint32_t)ipm_feed_open(writer, "ikewatch");
}

static bool
is_local(void *arg, const struct ipm_addr *addr)
{
	(void)arg;
	return addr->bytes[addr->len - 1] & 1;
}

static uint64_t
sum(const struct ipm_ike_traffic *t)
{
	return t->octets + t->pkts + t->drops + t->notifies + t->exchanges + t->exchange_invalids +
	       t->exchange_rejects + t->sa_deletes;
}

/* The totals include the counters of the records. */
static void
must_add_up(uint64_t *before)
{
	const struct ipm_totals *t = ipm_writer_totals(writer);
	uint64_t all = sum(&t->ike_in) + sum(&t->ike_out), of_records = 0;
	uint32_t up = 0;

	for (uint32_t slot = 0; slot < ipm_segment_used(ipm_writer_segment(writer), IPM_IKE_SAS); slot++) {
		const struct ipm_ike_sa *sa = ipm_ike_peek(writer, slot);
		if (!sa->index)
			continue;
		of_records += sum(&sa->in) + sum(&sa->out);
		up += sa->state != IPM_IKE_NEGOTIATING;
		must(sa->phase <= IPM_PHASE_V2_READY, "a phase is a phase");
		must(sa->version == 1 || sa->version == 2, "a version is a version");
	}
	must(of_records <= all, "totals have what the records have");
	must(all >= *before, "counters do not go back");
	must(up == t->ike_active, "the gauge is right");
	*before = all;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	given_a_gateway();
	uint64_t now = NS_PER_SECOND, before = 0;
	struct ike_track *track = ike_track_new(writer, feed, now);
	struct ike_watch *watch = ike_watch_new(track, is_local, NULL);
	must(track && watch, "there is memory");
	must_add_up(&before);
	while (size >= 3) {
		const int link = links[data[0] % LINKS];
		size_t len = (size_t)data[1] << 8 | data[2];
		if (len > size - 3)
			len = size - 3;
		/* Allocate exactly the length, so that the address sanitizer detects reads beyond it. */
		uint8_t *frame = malloc(len ? len : 1);
		must(frame != NULL, "there is memory");
		memcpy(frame, data + 3, len);
		const struct ike_frame f = { .link = link, .data = frame, .size = len, .stamp_ns = now };
		ike_track_daemon(track, data[0] & 0x80);
		ike_watch_frame(watch, &f, now);
		free(frame);
		must_add_up(&before);
		now += NS_PER_SECOND / 3;
		ike_track_tick(track, now);
		data += 3 + len;
		size -= 3 + len;
	}
	for (int i = 0; i < 4; i++)
		ike_track_tick(track, now += IKE_SILENT_NS);
	must_add_up(&before);
	must(ipm_writer_totals(writer)->ike_active == 0, "everything ends");
	ike_watch_free(watch);
	ike_track_free(track);
	return 0;
}

#ifdef FUZZ_MAIN
/* A negotiation: IKE_SA_INIT in both directions, IKE_AUTH, an exchange; Main Mode; other messages. */
static size_t
frame_of(uint8_t *out, unsigned version, unsigned exchange, unsigned flags, bool in, bool answered, unsigned id,
	 size_t body)
{
	static const uint8_t sa[] = { 0, 0, 0, 44, 1, 1, 0, 3, 3, 0, 0, 12, 1, 0,  0, 12, 0x80, 14, 1, 0, 3, 0,
				      0, 8, 2, 0,  0, 5, 0, 0, 0, 8, 4, 0,  0, 14, 0, 0,  0,    0,  0, 0, 0, 0 };
	bool clear = version == 1 ? !(flags & 1) : exchange == 34;
	size_t len = 28 + (clear ? 4 + sizeof(sa) : 4 + body), at = 3;
	unsigned ip = (unsigned)(20 + 8 + len);

	memset(out, 0, 3 + ip);
	out[0] = 1;
	out[1] = (uint8_t)(ip >> 8);
	out[2] = (uint8_t)ip;
	uint8_t *p = out + at;
	p[0] = 0x45;
	p[2] = (uint8_t)(ip >> 8);
	p[3] = (uint8_t)ip;
	p[9] = 17;
	p[12] = p[16] = 10;
	p[15] = in ? 2 : 1;
	p[19] = in ? 1 : 2;
	p += 20;
	p[0] = p[2] = 1;
	p[1] = p[3] = 0xf4;
	p[4] = (uint8_t)((len + 8) >> 8);
	p[5] = (uint8_t)(len + 8);
	p += 8;
	p[7] = 7;
	p[15] = answered ? 8 : 0;
	p[16] = (uint8_t)(clear ? version == 1 ? 1 : 33 : version == 1 ? 8 : 46);
	p[17] = (uint8_t)(version << 4);
	p[18] = (uint8_t)exchange;
	p[19] = (uint8_t)flags;
	p[23] = (uint8_t)id;
	p[26] = (uint8_t)(len >> 8);
	p[27] = (uint8_t)len;
	p[30] = (uint8_t)((len - 28) >> 8);
	p[31] = (uint8_t)(len - 28);
	if (clear)
		memcpy(p + 32, sa, sizeof(sa));
	return 3 + ip;
}

#define FUZZ_SEEDS 3

static size_t fuzz_seed(uint32_t n, uint8_t *out);
#include "fuzz_main.h"

static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	size_t len = 0;
	switch (n) {
	case 0:
		len += frame_of(out + len, 2, 34, 0x08, true, false, 0, 0);
		len += frame_of(out + len, 2, 34, 0x20, false, true, 0, 0);
		len += frame_of(out + len, 2, 35, 0x08, true, true, 1, 200);
		len += frame_of(out + len, 2, 35, 0x20, false, true, 1, 200);
		len += frame_of(out + len, 2, 36, 0x08, true, true, 2, 200);
		len += frame_of(out + len, 2, 36, 0x20, false, true, 2, 40);
		break;
	case 1:
		len += frame_of(out + len, 1, 2, 0, false, false, 0, 0);
		len += frame_of(out + len, 1, 2, 0, true, true, 0, 0);
		len += frame_of(out + len, 1, 2, 1, false, true, 0, 60);
		len += frame_of(out + len, 1, 32, 1, false, true, 9, 100);
		len += frame_of(out + len, 1, 5, 1, true, true, 4, 60);
		break;
	default:
		len += frame_of(out + len, 2, 37, 0x08, true, true, 5, 60);
		len += frame_of(out + len, 2, 37, 0x20, false, true, 5, 60);
		len += frame_of(out + len, 3, 37, 0x20, false, true, 5, 60);
	}
	return len;
}

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	for (uint32_t n = rnd(8); n > 0; n--)
		out[rnd((uint32_t)len)] = (uint8_t)(rnd(2) ? (int)rnd(256) : "\0\1\2\10\40\41\56\377"[rnd(8)]);
	return rnd(8) ? len : rnd((uint32_t)len + 1);
}
#endif
