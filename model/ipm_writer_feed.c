/* SPDX-License-Identifier: ISC */
/* Reports of programs about themselves: feeds and agents. Also the shared settings. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipm_writer_int.h"

/* --- feeds ------------------------------------------------------------------------------------------------- */

int
ipm_feed_open(struct ipm_writer *w, const char *name)
{
	struct ipm_feed feed = { 0 };

	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_FEEDS); slot++) {
		const struct ipm_feed *there = ipm_feed_peek(w, slot);
		if (there->index && strncmp(there->name, name, sizeof(there->name) - 1) == 0)
			return (int)slot;
	}
	int slot = ipm_slot_take(w, IPM_FEEDS);
	if (slot < 0)
		return slot;
	feed.index = (uint32_t)slot + 1;
	feed.state = IPM_FEED_DOWN;
	feed.since_ns = ipm_now_ns();
	snprintf(feed.name, sizeof(feed.name), "%s", name);
	ipm_feed_put(w, (uint32_t)slot, &feed);
	ipm_section_changed(w, IPM_FEEDS);
	return slot;
}

void
ipm_feed_put(struct ipm_writer *w, uint32_t slot, const struct ipm_feed *feed)
{
	_Static_assert(IPM_DROP_COUNT <= 16, "ipm_feed.drops has room for all reasons");
	struct ipm_feed put = *feed;
	put.caps &= ~(uint64_t)(IPM_CAP_TUNNEL_DROPS | IPM_CAP_GATEWAY_DROPS);
	if (put.drops & UINT32_MAX)
		put.caps |= IPM_CAP_TUNNEL_DROPS;
	if (put.drops >> 32)
		put.caps |= IPM_CAP_GATEWAY_DROPS;
	if (slot < ipm_segment_used(&w->seg, IPM_FEEDS))
		ipm_record_put(w, IPM_FEEDS, slot, &put);
}

/* --- agents ------------------------------------------------------------------------------------------------ */

int
ipm_agent_put(struct ipm_writer *w, const struct ipm_agent *agent)
{
	struct ipm_agent copy = *agent;
	int slot = -1;

	for (uint32_t i = 0; i < ipm_segment_used(&w->seg, IPM_AGENTS) && slot < 0; i++) {
		const struct ipm_agent *there = ipm_payload_at(w, IPM_AGENTS, i);
		if (there->index && strncmp(there->name, agent->name, sizeof(there->name) - 1) == 0)
			slot = (int)i;
	}
	if (slot < 0 && (slot = ipm_slot_take(w, IPM_AGENTS)) < 0)
		return slot;
	copy.index = (uint32_t)slot + 1;
	copy.updated_ns = ipm_now_ns();
	ipm_record_put(w, IPM_AGENTS, (uint32_t)slot, &copy);
	return slot;
}

/* --- settings ---------------------------------------------------------------------------------------------- */

int
ipm_settings_put(struct ipm_writer *w, const struct ipm_settings *settings)
{
	const struct ipm_segment *seg = &w->seg;

	if (settings->history_size < 1 || settings->history_size > seg->section[IPM_IKE_HISTORY].capacity ||
	    settings->history_size > seg->section[IPM_TUNNEL_HISTORY].capacity || settings->failure_size < 1 ||
	    settings->failure_size > seg->section[IPM_IKE_FAILURES].capacity ||
	    settings->failure_size > seg->section[IPM_TUNNEL_FAILURES].capacity)
		return -ERANGE;
	ipm_record_put(w, IPM_SETTINGS, 0, settings);
	for (enum ipm_section_kind ring = IPM_IKE_HISTORY; ring < IPM_SECTIONS; ring++)
		ipm_section_changed(w, ring);
	return 0;
}
