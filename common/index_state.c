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

static uint32_t
first_index(const struct index_state *s)
{
	return ipm_segment_index_first(ipm_writer_segment(s->writer));
}

/* What the file says: where the range of indexes begins, and the next ones. */
#define KEYS(first, next)                                                                                      \
	{                                                                                                      \
		{ "first-index", 1, INT32_MAX, first }, { "next-ike", 1, INT32_MAX, &(next)[0] },              \
			{ "next-tunnel", 1, INT32_MAX, &(next)[1] }, { "next-map", 1, INT32_MAX, &(next)[2] }, \
	}
#define KEY_COUNT 4

static void
save(struct index_state *s, uint32_t ahead)
{
	uint32_t *next[3], value[3], first = first_index(s);
	const struct state_key keys[KEY_COUNT] = KEYS(&first, value);

	next_indexes(s, next);
	for (int i = 0; i < 3; i++) {
		s->saved[i] = *next[i];
		/* Close to the end of the range they begin again, as the writer's do. */
		value[i] = *next[i] <= INT32_MAX - ahead ? *next[i] + ahead : first;
	}
	int rc = state_save(s->path, keys, KEY_COUNT, s->group);
	if (rc < 0 && !s->failed)
		log_warn("%s: indexes cannot be saved, and may be assigned again after a reboot: %s", s->path,
			 strerror(-rc));
	s->failed = rc < 0;
}

void
index_state_open(struct index_state *s, struct ipm_writer *writer, const char *path, gid_t group)
{
	uint32_t *next[3], value[3] = { 0 }, range = 0;
	const struct state_key keys[KEY_COUNT] = KEYS(&range, value);

	*s = (struct index_state){ .writer = writer, .path = path, .group = group };
	uint32_t first = first_index(s);
	s->reserve = 2 * ipm_segment_capacity(ipm_writer_segment(writer), IPM_TUNNELS) + RESERVE_LEAST;
	next_indexes(s, next);
	/* Are there none yet? With another first-index, they begin there. */
	if (*next[0] == first && *next[1] == first && *next[2] == first && state_load(path, keys, KEY_COUNT) == 0 &&
	    range == first)
		for (int i = 0; i < 3; i++)
			if (value[i] > first)
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
