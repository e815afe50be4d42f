/* SPDX-License-Identifier: ISC */
/* Lists of records: each is read by itself, and the list may change meanwhile, or be a damaged one without an end. */
#include <errno.h>

#include "ipm_int.h"

static void
walk_begin(struct ipm_walk *walk, const struct ipm_segment *seg, enum ipm_section_kind kind, uint32_t owner,
	   uint32_t head)
{
	/* A list that changes under the walk is no longer than this either, or the writer would work as fast as we do.
	 */
	*walk = (struct ipm_walk){ .seg = seg,
				   .kind = kind,
				   .owner = owner,
				   .head = head,
				   .at = head,
				   .left = 2 * (uint64_t)ipm_segment_used(seg, kind) + 16 };
}

void
ipm_walk_sas(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_tunnel *of)
{
	walk_begin(walk, seg, IPM_SAS, of->index, of->sa_head);
}

void
ipm_walk_selectors(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_tunnel *of)
{
	walk_begin(walk, seg, IPM_SELECTORS, of->index, of->sel_head);
}

void
ipm_walk_tunnels(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_map *of)
{
	walk_begin(walk, seg, IPM_TUNNELS, 0, of->tunnel_head);
}

void
ipm_walk_access(struct ipm_walk *walk, const struct ipm_segment *seg, const struct ipm_map *of)
{
	walk_begin(walk, seg, IPM_ACCESS, of->index, of->access_head);
}

/* How a record hangs on its list. */
struct link {
	uint32_t owner, next, prev;
	bool backward; /* it has a prev */
};

static struct link
link_of(enum ipm_section_kind kind, const void *record)
{
	const struct ipm_sa *sa = record;
	const struct ipm_selector *sel = record;
	const struct ipm_tunnel *tunnel = record;
	const struct ipm_access *access = record;
	switch (kind) {
	case IPM_SAS:
		return (struct link){ sa->tunnel_index, sa->next, sa->prev, true };
	case IPM_SELECTORS:
		return (struct link){ sel->tunnel_index, sel->next, 0, false };
	case IPM_TUNNELS:
		return (struct link){ 0, tunnel->map_next, tunnel->map_prev, true };
	default:
		return (struct link){ access->map_index, access->next, 0, false };
	}
}

int
ipm_walk_next(struct ipm_walk *walk, void *out)
{
	if (walk->at == 0)
		return 0;
	if (walk->left-- == 0)
		return ipm_damaged(walk->seg);
	int rc = ipm_read(walk->seg, walk->kind, walk->at - 1, out);
	if (rc < 0)
		return rc == -ENOENT ? -EAGAIN : rc;
	struct link link = link_of(walk->kind, out);
	/* What is in front of the first one may have come since its owner was read. */
	if (link.owner != walk->owner ||
	    (walk->last && (walk->at == walk->head || (link.backward && link.prev != walk->last))))
		return -EAGAIN;
	walk->slot = walk->at - 1;
	walk->last = walk->at;
	walk->at = link.next;
	return 1;
}
