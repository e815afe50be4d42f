/* SPDX-License-Identifier: ISC */
/*
 * Walks over the records of a section, a ring or a list. Each record is read on its own. The list may change meanwhile.
 * A damaged list may have no end.
 */
#include <errno.h>

#include "ipm_int.h"

/* --- sections and rings ------------------------------------------------------------------------------------ */

void
ipm_walk_all(struct ipm_walk *walk, const struct ipm_segment *seg, enum ipm_section_kind kind)
{
	*walk = (struct ipm_walk){ .seg = seg, .kind = kind, .left = ipm_segment_used(seg, kind) };
}

void
ipm_walk_ring(struct ipm_walk *walk, const struct ipm_segment *seg, enum ipm_section_kind ring)
{
	uint64_t total = ipm_ring_total(seg, ring);
	uint32_t shown = ipm_ring_shown_most(seg, ring);
	if (shown > total)
		shown = (uint32_t)total;
	if (seg->index_first > seg->index_last) /* damaged: no entry can have a valid index */
		shown = 0;
	*walk = (struct ipm_walk){
		.seg = seg, .kind = ring, .shown_only = true, .position = total - shown, .left = shown
	};
}

/* Is this still the entry of @p position, and not a newer entry that replaced it? */
static bool
is_at(const struct ipm_walk *walk, uint64_t position, const void *record)
{
	const struct ipm_segment *seg = walk->seg;
	return !walk->shown_only ||
	       *(const uint32_t *)record == ipm_ring_index(position, seg->index_first, seg->index_last);
}

static int
next_of_section(struct ipm_walk *walk, void *out)
{
	uint32_t capacity = walk->seg->section[walk->kind].capacity;

	while (walk->left > 0) {
		uint64_t position = walk->position++;
		walk->left--;
		walk->slot = (uint32_t)(position % capacity);
		int rc = ipm_read(walk->seg, walk->kind, walk->slot, out);
		if (rc == 0 && is_at(walk, position, out))
			return 1;
		if (rc == -EAGAIN)
			walk->unread++;
		else if (rc < 0 && rc != -ENOENT)
			return rc;
	}
	return 0;
}

/* --- lists ---------------------------------------------------------------------------------------------------- */

static void
list_begin(struct ipm_walk *walk, const struct ipm_segment *seg, enum ipm_section_kind kind, uint32_t owner,
	   uint32_t head)
{
	/* A list that changes during the walk stays below this limit, unless the writer is as fast as this walk. */
	*walk = (struct ipm_walk){ .seg = seg,
				   .kind = kind,
				   .along_list = true,
				   .owner = owner,
				   .head = head,
				   .at = head,
				   .left = 2 * (uint64_t)ipm_segment_used(seg, kind) + 16 };
}

void
ipm_walk_sas(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_tunnel *of)
{
	list_begin(walk, seg, IPM_SAS, of->index, of->sa_head);
}

void
ipm_walk_selectors(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_tunnel *of)
{
	list_begin(walk, seg, IPM_SELECTORS, of->index, of->sel_head);
}

void
ipm_walk_tunnels(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_map_entry *of)
{
	list_begin(walk, seg, IPM_TUNNELS, 0, of->tunnel_head);
}

void
ipm_walk_access(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_map_entry *of)
{
	list_begin(walk, seg, IPM_ACCESS, of->index, of->access_head);
}

void
ipm_walk_session(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_session *of)
{
	list_begin(walk, seg, IPM_TUNNELS, 0, of->tunnel_head);
	walk->along_session = true;
}

/* The links of a record in its list. */
struct link {
	uint32_t owner, next, prev;
	bool backward; /* it has a prev */
};

static struct link
link_of(const struct ipm_walk *walk, const void *record)
{
	const struct ipm_sa *sa = record;
	const struct ipm_selector *sel = record;
	const struct ipm_tunnel *tunnel = record;
	const struct ipm_access *access = record;
	switch (walk->kind) {
	case IPM_SAS:
		return (struct link){ sa->tunnel_index, sa->next, sa->prev, true };
	case IPM_SELECTORS:
		return (struct link){ sel->tunnel_index, sel->next, 0, false };
	case IPM_TUNNELS:
		if (walk->along_session)
			return (struct link){ 0, tunnel->session_next, tunnel->session_prev, true };
		return (struct link){ 0, tunnel->map_next, tunnel->map_prev, true };
	default:
		return (struct link){ access->map_index, access->next, 0, false };
	}
}

static int
next_of_list(struct ipm_walk *walk, void *out)
{
	if (walk->at == 0)
		return 0;
	if (walk->left-- == 0)
		return ipm_damaged(walk->seg);
	int rc = ipm_read(walk->seg, walk->kind, walk->at - 1, out);
	if (rc < 0)
		return rc == -ENOENT ? -EAGAIN : rc;
	struct link link = link_of(walk, out);
	/* New records may have come before the first one since the owner was read. */
	if (link.owner != walk->owner ||
	    (walk->last && (walk->at == walk->head || (link.backward && link.prev != walk->last))))
		return -EAGAIN;
	walk->slot = walk->at - 1;
	walk->last = walk->at;
	walk->at = link.next;
	return 1;
}

int
ipm_walk_next(struct ipm_walk *walk, void *out)
{
	return walk->along_list ? next_of_list(walk, out) : next_of_section(walk, out);
}
