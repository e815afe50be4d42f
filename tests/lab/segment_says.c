/* SPDX-License-Identifier: ISC */
/*
 * What a segment says that no command shows: for stories, a line each.
 *
 *     segment_says SEGMENT
 *
 * event SERIAL up|down|added|removed|attached|detached MAP CHILD REASON
 * engine KIND SAS CREATED DELETED IN-PKTS OUT-PKTS NAME
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ipm_segment.h"

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
	struct ipm_map map;
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

int
main(int argc, char **argv)
{
	struct ipm_segment *seg;
	struct ipm_error err;
	if (argc != 2 || ipm_segment_attach(&seg, argv[1], &err) < 0) {
		fprintf(stderr, "%s\n", argc == 2 ? err.text : "usage: segment_says SEGMENT");
		return EXIT_FAILURE;
	}
	tell_events(seg);
	tell_engines(seg);
	ipm_segment_close(seg);
	return EXIT_SUCCESS;
}
