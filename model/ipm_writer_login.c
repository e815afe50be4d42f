/* SPDX-License-Identifier: ISC */
/* Logins that failed, and the pools of virtual addresses. */
#include <errno.h>
#include <string.h>

#include "ipm_writer_int.h"

void
ipm_login_failed(struct ipm_writer *w, const struct ipm_login_failure *failure)
{
	struct ipm_login_failure entry = *failure;

	if (entry.reason >= IPM_LOGIN_COUNT)
		entry.reason = IPM_LOGIN_OTHER;
	if (entry.user_is >= IPM_USER_COUNT)
		entry.user_is = IPM_USER_UNKNOWN;
	if (entry.at_ns == 0)
		entry.at_ns = ipm_now_ns();
	w->totals.login_fails[entry.reason]++;
	if (!ipm_ring_room(w, IPM_LOGIN_FAILURES))
		return;
	entry.index = ipm_ring_next(w, IPM_LOGIN_FAILURES);
	uint32_t slot = ipm_ring_push(w, IPM_LOGIN_FAILURES, &entry);
	ipm_event_push(w, IPM_EVENT_LOGIN_FAILURE, entry.reason, slot, entry.index);
}

int
ipm_pool_put(struct ipm_writer *w, const struct ipm_pool *pool)
{
	struct ipm_pool copy = *pool;
	int slot = -1;

	copy.name[sizeof(copy.name) - 1] = '\0';
	for (uint32_t i = 0; i < ipm_segment_used(&w->seg, IPM_POOLS) && slot < 0; i++) {
		const struct ipm_pool *there = ipm_payload_at(w, IPM_POOLS, i);
		if (there->index && there->feed == copy.feed && strcmp(there->name, copy.name) == 0)
			slot = (int)i;
	}
	bool found = slot >= 0;
	if (!found && (slot = ipm_slot_take(w, IPM_POOLS)) < 0)
		return slot;
	copy.index = (uint32_t)slot + 1;
	ipm_record_put(w, IPM_POOLS, (uint32_t)slot, &copy);
	if (!found)
		ipm_section_changed(w, IPM_POOLS);
	return slot;
}

void
ipm_pool_remove(struct ipm_writer *w, uint32_t slot)
{
	if (ipm_slot_live(w, IPM_POOLS, slot))
		ipm_slot_give(w, IPM_POOLS, slot);
}
