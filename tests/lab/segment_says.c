/* SPDX-License-Identifier: ISC */
/*
 * Print contents of a segment that no command shows, for stories, a line each.
 *
 *     segment_says SEGMENT [laws]
 *
 * With `laws' it watches the laws of laws.h until it is ended: law 2 all the time, and four times a second all of them,
 * which may seem broken for a moment while the writer is at work. It tells of each look, "looks N", and of what is
 * broken.
 *
 * event SERIAL up|down|added|removed|attached|detached MAP CHILD REASON
 * engine KIND SAS CREATED DELETED IN-PKTS OUT-PKTS NAME
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "laws.h"

static const char *
kind_of(uint16_t kind)
{
	switch (kind) {
	case IPM_EVENT_MAP_ADDED:
		return "added";
	case IPM_EVENT_MAP_REMOVED:
		return "removed";
	case IPM_EVENT_MAP_UP:
		return "up";
	case IPM_EVENT_MAP_DOWN:
		return "down";
	case IPM_EVENT_MAP_ATTACHED:
		return "attached";
	case IPM_EVENT_MAP_DETACHED:
		return "detached";
	default:
		return NULL;
	}
}

static void
tell_events(const struct ipm_segment *seg)
{
	struct ipm_event event = { 0 };
	struct ipm_map_entry map;
	while (ipm_event_next(seg, event.serial, &event) == 0) {
		if (!kind_of(event.kind))
			continue;
		bool known = ipm_map_read(seg, event.slot, &map) == 0 && map.index == event.index;
		printf("event %" PRIu64 " %s %s %s %u\n", event.serial, kind_of(event.kind), known ? map.name : "-",
		       known ? map.child : "-", event.reason);
	}
}

static void
tell_engines(const struct ipm_segment *seg)
{
	static const char *const kinds[] = { "?", "software", "kernel", "hardware" };
	struct ipm_engine engine;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_ENGINES); slot++)
		if (ipm_engine_read(seg, slot, &engine) == 0)
			printf("engine %s %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n",
			       engine.kind <= IPM_ENGINE_HARDWARE ? kinds[engine.kind] : "?", engine.sas,
			       engine.sas_created, engine.sas_deleted, engine.in.pkts, engine.out.pkts, engine.name);
}

static void
pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* What is broken for as long as the writer needs to be done with it, which may be busy itself. */
static const char *
broken_for_good(struct laws *l, const struct ipm_segment *seg)
{
	const char *broken = NULL;
	for (int tries = 0; tries < 100; tries++) {
		laws_forget(l); /* what it has seen halfway is no measure */
		broken = laws_broken(l, seg);
		if (!broken)
			break;
		pause_ms(50);
	}
	return broken;
}

static _Noreturn void
watch_laws(const char *path)
{
	static struct laws live = { .live = true }, all;
	struct ipm_segment *seg;
	struct ipm_error err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned looks = 0;; pause_ms(50)) {
		if (ipm_segment_attach(&seg, path, &err) < 0)
			continue; /* its writer is about to make it */
		for (int i = 0; i < 5; i++, pause_ms(50)) {
			const char *broken = laws_broken(&live, seg);
			if (broken)
				printf("broken: %s\n", broken);
		}
		const char *broken = broken_for_good(&all, seg);
		if (broken)
			printf("broken: %s\n", broken);
		ipm_segment_close(seg);
		printf("looks %u\n", ++looks);
	}
}

int
main(int argc, char **argv)
{
	struct ipm_segment *seg;
	struct ipm_error err;
	if (argc == 3 && strcmp(argv[2], "laws") == 0)
		watch_laws(argv[1]);
	if (argc != 2 || ipm_segment_attach(&seg, argv[1], &err) < 0) {
		fprintf(stderr, "%s\n", argc == 2 ? err.text : "usage: segment_says SEGMENT [laws]");
		return EXIT_FAILURE;
	}
	tell_events(seg);
	tell_engines(seg);
	ipm_segment_close(seg);
	return EXIT_SUCCESS;
}
