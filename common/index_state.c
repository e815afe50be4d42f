/* SPDX-License-Identifier: ISC */
/* The next indexes, in a state file. */
#include "index_state.h"

#include <string.h>

#include "daemon.h"
#include "state.h"

#define RESERVE_LEAST 1000

/* The writer's own numbers, in the order of @p saved. */
static void
next_indexes(const struct index_state *s, uint32_t *next[3])
{
	struct ipm_totals *totals = ipm_writer_totals(s->writer);
	next[0] = &totals->next_ike;
	next[1] = &totals->next_tunnel;
	next[2] = &totals->next_map;
}

static void
save(struct index_state *s, uint32_t ahead)
{
	uint32_t *next[3], value[3];
	const struct state_key keys[] = { { "next-ike", 1, INT32_MAX, &value[0] },
					  { "next-tunnel", 1, INT32_MAX, &value[1] },
					  { "next-map", 1, INT32_MAX, &value[2] } };

	next_indexes(s, next);
	for (int i = 0; i < 3; i++) {
		s->saved[i] = *next[i];
		/* Close to the end of the range they begin again, as the writer's do. */
		value[i] = *next[i] <= INT32_MAX - ahead ? *next[i] + ahead
							 : ipm_segment_index_first(ipm_writer_segment(s->writer));
	}
	int rc = state_save(s->path, keys, sizeof(keys) / sizeof(keys[0]), s->group);
	if (rc < 0 && !s->failed)
		log_warn("%s: indexes cannot be saved, and may be assigned again after a reboot: %s", s->path,
			 strerror(-rc));
	s->failed = rc < 0;
}

void
index_state_open(struct index_state *s, struct ipm_writer *writer, const char *path, gid_t group)
{
	const struct ipm_segment *seg = ipm_writer_segment(writer);
	uint32_t first = ipm_segment_index_first(seg), *next[3], value[3] = { first, first, first };
	const struct state_key keys[] = { { "next-ike", first, INT32_MAX, &value[0] },
					  { "next-tunnel", first, INT32_MAX, &value[1] },
					  { "next-map", first, INT32_MAX, &value[2] } };

	*s = (struct index_state){ .writer = writer, .path = path, .group = group };
	s->reserve = 2 * ipm_segment_capacity(seg, IPM_TUNNELS) + RESERVE_LEAST;
	next_indexes(s, next);
	/* Are there none yet? */
	if (*next[0] == first && *next[1] == first && *next[2] == first &&
	    state_load(path, keys, sizeof(keys) / sizeof(keys[0])) == 0)
		for (int i = 0; i < 3; i++)
			*next[i] = value[i];
	ipm_writer_commit(writer);
	save(s, s->reserve);
}

void
index_state_keep(struct index_state *s)
{
	uint32_t *next[3];

	next_indexes(s, next);
	for (int i = 0; i < 3; i++)
		if (*next[i] - s->saved[i] > s->reserve / 2) { /* or smaller: they have wrapped */
			save(s, s->reserve);
			return;
		}
}

void
index_state_close(struct index_state *s)
{
	if (s->writer)
		save(s, 0);
	s->writer = NULL;
}
