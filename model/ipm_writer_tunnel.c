/* SPDX-License-Identifier: ISC */
/* Tunnels and their selectors. */
#include <errno.h>
#include <string.h>

#include "ipm_writer_int.h"

int
ipm_tunnel_start(struct ipm_writer *w, const struct ipm_tunnel *tunnel)
{
	struct ipm_tunnel copy = *tunnel;
	int rc = ipm_tunnel_valid(w, &copy), slot = rc < 0 ? rc : ipm_slot_take(w, IPM_TUNNELS);
	if (slot < 0)
		return slot;
	copy.index = ipm_index_take(w, IPM_TUNNELS, &w->totals.next_tunnel);
	copy.refreshes = copy.sas = copy.sas_retired = copy.sa_head = copy.sel_head = 0;
	copy.map = copy.map_next = copy.map_prev = 0;
	copy.session = copy.session_next = copy.session_prev = 0;
	copy.next_sa = copy.next_sel = 1;
	if (copy.created_ns == 0)
		copy.created_ns = ipm_now_ns();
	memset(&copy.in, 0, sizeof(copy.in));
	memset(&copy.out, 0, sizeof(copy.out));
	memset(&copy.past_in, 0, sizeof(copy.past_in));
	memset(&copy.past_out, 0, sizeof(copy.past_out));
	ipm_record_put(w, IPM_TUNNELS, (uint32_t)slot, &copy);
	ipm_section_changed(w, IPM_TUNNELS);
	if (copy.state == IPM_TUNNEL_UP)
		w->totals.tunnels_active++;
	ipm_event_push(w, IPM_EVENT_TUNNEL_START, 0, (uint32_t)slot, copy.index);
	ipm_tunnel_tie(w, (uint32_t)slot);
	ipm_tunnel_follow(w, (uint32_t)slot);
	return slot;
}

/* Restore the fields that only the writer sets. */
static void
keep_own_fields(struct ipm_tunnel *tunnel, const struct ipm_tunnel *old)
{
	tunnel->index = old->index;
	tunnel->refreshes = old->refreshes;
	tunnel->sas = old->sas;
	tunnel->sas_retired = old->sas_retired;
	tunnel->next_sa = old->next_sa;
	tunnel->next_sel = old->next_sel;
	tunnel->sa_head = old->sa_head;
	tunnel->sel_head = old->sel_head;
	tunnel->map = old->map;
	tunnel->map_next = old->map_next;
	tunnel->map_prev = old->map_prev;
	tunnel->session = old->session;
	tunnel->session_next = old->session_next;
	tunnel->session_prev = old->session_prev;
	tunnel->past_in = old->past_in;
	tunnel->past_out = old->past_out;
	tunnel->in = old->in;
	tunnel->out = old->out;
}

int
ipm_tunnel_put(struct ipm_writer *w, uint32_t slot, const struct ipm_tunnel *tunnel)
{
	const struct ipm_tunnel *old = ipm_tunnel_peek(w, slot);
	struct ipm_tunnel copy = *tunnel;

	if (!ipm_slot_live(w, IPM_TUNNELS, slot))
		return -ENOENT;
	int rc = ipm_tunnel_valid(w, &copy);
	if (rc < 0)
		return rc;
	keep_own_fields(&copy, old);
	if (memcmp(&copy, old, sizeof(copy)) == 0) {
		ipm_tunnel_follow(w, slot); /* its IKE SA may have another session */
		return 0;
	}
	bool renamed = strcmp(copy.conn, old->conn) != 0 || strcmp(copy.name, old->name) != 0;
	bool was_up = old->state == IPM_TUNNEL_UP, is_up = copy.state == IPM_TUNNEL_UP;
	ipm_record_put(w, IPM_TUNNELS, slot, &copy);
	if (was_up != is_up) {
		w->totals.tunnels_active += is_up ? 1 : -1;
		ipm_section_changed(w, IPM_TUNNELS);
		ipm_section_changed(w, IPM_SELECTORS); /* their rows come and go with the tunnel */
		ipm_section_changed(w, IPM_SAS);
		if (copy.map)
			ipm_map_moved(w, copy.map - 1, is_up, (enum ipm_reason)copy.verdict);
	}
	if (renamed)
		ipm_tunnel_tie(w, slot);
	ipm_tunnel_follow(w, slot);
	return 0;
}

void
ipm_tunnel_refresh(struct ipm_writer *w, uint32_t slot)
{
	struct ipm_tunnel copy = *ipm_tunnel_peek(w, slot);
	if (copy.index == 0)
		return;
	copy.refreshes++;
	ipm_record_put(w, IPM_TUNNELS, slot, &copy);
	ipm_engine_rekeyed(w, &copy);
}

void
ipm_tunnel_stop(struct ipm_writer *w, uint32_t slot, enum ipm_reason reason)
{
	const struct ipm_tunnel *tunnel = ipm_tunnel_peek(w, slot);

	if (tunnel->index == 0)
		return;
	while (tunnel->sa_head)
		ipm_sa_stop(w, tunnel->sa_head - 1);
	if (tunnel->state == IPM_TUNNEL_UP)
		w->totals.tunnels_active--;
	w->totals.tunnels_previous++;
	ipm_tunnel_remember(w, tunnel, reason);
	ipm_tunnel_untie(w, slot, reason);
	ipm_tunnel_leave(w, slot);
	ipm_tunnel_select(w, slot, NULL, 0);
	ipm_slot_give(w, IPM_TUNNELS, slot);
}

/* --- selectors --------------------------------------------------------------------------------------------- */

/* The selector list of @p tunnel, which is a copy of the record in @p slot. */
static struct owned_list
selectors_of(struct ipm_tunnel *tunnel, uint32_t slot)
{
	return (struct owned_list){ .kind = IPM_SELECTORS,
				    .owner_index = tunnel->index,
				    .owner_slot = slot,
				    .head = &tunnel->sel_head,
				    .next_index = &tunnel->next_sel };
}

int
ipm_tunnel_select(struct ipm_writer *w, uint32_t slot, const struct ipm_selector *sel, uint32_t n)
{
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, slot);
	struct owned_list list = selectors_of(&tunnel, slot);
	bool changed;

	if (tunnel.index == 0)
		return -ENOENT;
	int rc = ipm_list_set(w, &list, sel, n, &changed);

	if (changed) {
		ipm_record_put(w, IPM_TUNNELS, slot, &tunnel);
		ipm_section_changed(w, IPM_SELECTORS);
	}
	return rc;
}

/* --- after an earlier run ---------------------------------------------------------------------------------------- */

void
ipm_tunnels_relink(struct ipm_writer *w)
{
	w->totals.tunnels_active = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, slot);
		if (tunnel.index == 0)
			continue;
		if (tunnel.state == IPM_TUNNEL_UP)
			w->totals.tunnels_active++;
		if (tunnel.index >= w->totals.next_tunnel)
			w->wrapped = true;
		tunnel.sa_head = tunnel.sel_head = tunnel.sas = 0;
		ipm_record_put(w, IPM_TUNNELS, slot, &tunnel);
	}
}

void
ipm_selectors_relink(struct ipm_writer *w)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_SELECTORS); slot++) {
		const struct ipm_selector *sel = ipm_payload_at(w, IPM_SELECTORS, slot);
		if (sel->index && ipm_slot_holds(w, IPM_TUNNELS, sel->tunnel_slot, sel->tunnel_index)) {
			struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, sel->tunnel_slot);
			struct owned_list list = selectors_of(&tunnel, sel->tunnel_slot);
			ipm_list_relink(w, &list, slot);
			ipm_record_put(w, IPM_TUNNELS, sel->tunnel_slot, &tunnel);
		} else if (sel->index) {
			ipm_slot_give(w, IPM_SELECTORS, slot);
		}
	}
}
