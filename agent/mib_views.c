/* SPDX-License-Identifier: ISC */
/* The list of all views, and what several of them need. */
#include <errno.h>
#include <string.h>

#include "mib_convert.h"
#include "mib_views.h"

const struct mib_table *const mib_views[] = {
	&view_levels,          &view_ike_global,       &view_ike_peer,    &view_ike_tunnel,   &view_ike_peer_corr,
	&view_ike_gateway,     &view_sec_global,       &view_sec_tunnel,  &view_sec_endpt,    &view_sec_spi,
	&view_sec_gateway,     &view_hist_cntl,        &view_ike_hist,    &view_sec_hist,     &view_sec_endpt_hist,
	&view_fail_cntl,       &view_ike_fail,         &view_sec_fail,    &view_trap_cntl,    &view_pol_ike,
	&view_pol_sec,         &view_cca_capability,   &view_cca_global,  &view_cca_engine,   &view_cca_protocol,
	&view_cca_notif_cntl,  &view_cips_isakmp,      &view_cips_policy, &view_cips_globals, &view_cips_statistics,
	&view_cips_static_set, &view_cips_dynamic_set, &view_cips_map,    &view_cips_map_if,  &view_cips_capacity,
	&view_cips_trap_cntl,  &view_own_agent,        &view_own_segment, &view_own_feed,     &view_own_tunnel,
	&view_own_drop,        &view_own_engine,       &view_own_notify,
};
const unsigned mib_view_count = MIB_COUNT(mib_views);

static const mib_subid flow[] = { FLOW_MIB }, policy_map[] = { POLICY_MAP_MIB };
static const mib_subid accelerator[] = { ACCELERATOR_MIB }, cips[] = { CIPS_MIB }, own[] = { IPSECMON_MIB };
const struct mib_module mib_modules[MIB_MODULES] = {
	{ "CISCO-IPSEC-FLOW-MONITOR-MIB", flow, MIB_COUNT(flow) },
	{ "CISCO-IPSEC-POLICY-MAP-MIB", policy_map, MIB_COUNT(policy_map) },
	{ "CISCO-CRYPTO-ACCELERATOR-MIB", accelerator, MIB_COUNT(accelerator) },
	{ "CISCO-IPSEC-MIB", cips, MIB_COUNT(cips) },
	{ "IPSECMON-MIB", own, MIB_COUNT(own) },
};

bool
view_ike_shown(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_ike_sa *sa = record;
	(void)seg;
	return sa->state != IPM_IKE_NEGOTIATING && !sa->held;
}

bool
view_tunnel_up(const struct ipm_segment *seg, const void *record)
{
	const struct ipm_tunnel *tunnel = record;
	(void)seg;
	return tunnel->state == IPM_TUNNEL_UP;
}

bool
view_tunnel_shown(const struct ipm_segment *seg, uint32_t slot, uint32_t index)
{
	struct ipm_tunnel tunnel;
	int rc = ipm_tunnel_read(seg, slot, &tunnel);
	if (rc == -EAGAIN) /* being written, so it is there; if it goes or is held, that is a change of its own */
		return true;
	return rc == 0 && tunnel.index == index && view_tunnel_up(seg, &tunnel);
}

unsigned
view_tunnel_feeds(const struct ipm_tunnel *tunnel, uint32_t *slots)
{
	slots[0] = tunnel->feed;
	slots[1] = tunnel->named_by - 1;
	return tunnel->named_by ? 2 : 1;
}

unsigned
view_index_key(const struct mib_cell *cell, mib_subid *key)
{
	key[0] = *(const uint32_t *)cell->record;
	return 1;
}

static unsigned
identity_key(const char *id, mib_subid *key)
{
	struct mib_value type;
	unsigned len = (unsigned)strnlen(id, IPM_PEER_ID_MAX);

	mib_peer_type(NULL, id, &type);
	key[0] = type.number;
	key[1] = len;
	for (unsigned i = 0; i < len; i++)
		key[2 + i] = (uint8_t)id[i];
	return 2 + len;
}

unsigned
view_peer_key(const char *local_id, const char *remote_id, uint32_t number, mib_subid *key)
{
	unsigned len = identity_key(local_id, key);
	len += identity_key(remote_id, key + len);
	key[len] = number;
	return len + 1;
}
