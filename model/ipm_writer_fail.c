/* SPDX-License-Identifier: ISC */
/* Failures, and packets dropped without an SA. */
#include <errno.h>
#include <string.h>

#include "ipm_writer_int.h"

/* --- failures ---------------------------------------------------------------------------------------------- */

static void
count_ike_failure(struct ipm_totals *t, const struct ipm_failure *f)
{
	switch (f->reason) {
	case IPM_FAIL_AUTH:
	case IPM_FAIL_CERT_UNAVAILABLE:
	case IPM_FAIL_CERT_INVALID:
	case IPM_FAIL_CERT_EXPIRED:
	case IPM_FAIL_CRL:
		t->ike_auth_fails++;
		break;
	case IPM_FAIL_HASH:
		t->ike_hash_fails++;
		break;
	case IPM_FAIL_CRYPT:
		t->ike_decrypt_fails++;
		break;
	case IPM_FAIL_CAPACITY:
		t->ike_capacity_fails++;
		break;
	case IPM_FAIL_NO_SA:
		t->ike_no_sa_fails++;
		break;
	default:
		break;
	}
	if (f->setup && f->initiator)
		t->ike_init_fails++;
	else if (f->setup)
		t->ike_resp_fails++;
}

void
ipm_fail(struct ipm_writer *w, enum ipm_section_kind ring, const struct ipm_failure *failure)
{
	struct ipm_failure entry = *failure;
	bool ike = ring == IPM_IKE_FAILURES;

	if (ring != IPM_IKE_FAILURES && ring != IPM_TUNNEL_FAILURES)
		return;
	if (entry.time_ns == 0)
		entry.time_ns = ipm_now_ns();
	if (ike)
		count_ike_failure(&w->totals, failure);
	ipm_map_failed(w, &entry);
	if (!ipm_ring_room(w, ring))
		return;
	entry.index = ipm_ring_next(w, ring);
	uint32_t slot = ipm_ring_push(w, ring, &entry);
	ipm_event_push(w, ike ? IPM_EVENT_IKE_FAILURE : IPM_EVENT_TUNNEL_FAILURE, entry.reason, slot, entry.index);
}

/* --- packets without an SA --------------------------------------------------------------------------------- */

void
ipm_dropped(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts)
{
	bool in = direction == IPM_IN;
	if ((unsigned)why >= IPM_DROP_COUNT || (!in && direction != IPM_OUT))
		return;
	(in ? &w->totals.in : &w->totals.out)->drops[why] += pkts;
	(in ? &w->totals.rest_in : &w->totals.rest_out)->drops[why] += pkts;
}

void
ipm_failed(struct ipm_writer *w, enum ipm_direction direction, enum ipm_drop why, uint64_t pkts)
{
	(direction == IPM_IN ? w->totals.fails_in : w->totals.fails_out)[why] += pkts;
}

static int
interface_find(const struct ipm_writer *w, const struct ipm_interface *wanted)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_INTERFACES); slot++) {
		const struct ipm_interface *there = ipm_payload_at(w, IPM_INTERFACES, slot);
		if (there->index && there->feed == wanted->feed && there->ifindex == wanted->ifindex)
			return (int)slot;
	}
	return -ENOENT;
}

int
ipm_interface_dropped(struct ipm_writer *w, const struct ipm_interface *interface, enum ipm_drop why, uint64_t pkts)
{
	struct ipm_interface copy = *interface;
	int slot = interface_find(w, interface);
	bool found = slot >= 0;

	if ((unsigned)why >= IPM_DROP_COUNT)
		return -EINVAL;
	if (!found && (slot = ipm_slot_take(w, IPM_INTERFACES)) < 0)
		return slot;
	const struct ipm_interface *there = ipm_payload_at(w, IPM_INTERFACES, (uint32_t)slot);
	copy.index = (uint32_t)slot + 1;
	memcpy(copy.drops, there->drops, sizeof(copy.drops)); /* a free slot holds zeros */
	copy.drops[why] += pkts;
	ipm_record_put(w, IPM_INTERFACES, (uint32_t)slot, &copy);
	if (!found)
		ipm_section_changed(w, IPM_INTERFACES);
	return slot;
}

int
ipm_interface_open(struct ipm_writer *w, const struct ipm_interface *interface)
{
	return ipm_interface_dropped(w, interface, IPM_DROP_OTHER, 0);
}
