/* SPDX-License-Identifier: ISC */
/* From the model to IPSECMON-MIB. */
#include <arpa/inet.h>
#include <string.h>

#include "algo_names.h"
#include "mib_convert.h"
#include "view_maps.h"

#define NS_PER_SECOND 1000000000u
#define NS_PER_TICK   10000000u

/* --- general ------------------------------------------------------------------------------------------------- */

static bool
text_of(const char *field, size_t size, struct mib_value *out)
{
	out->len = (uint32_t)strnlen(field, size - 1);
	memcpy(out->octets, field, out->len);
	return true;
}

bool
mib_name(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	return text_of(field, IPM_NAME_MAX, out);
}

bool
mib_words(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	return text_of(field, IPM_TEXT_MAX, out);
}

bool
mib_since(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	uint64_t when = *(const uint64_t *)field, age = cell->now_ns > when ? (cell->now_ns - when) / NS_PER_TICK : 0;
	out->number = age < UINT32_MAX ? age : UINT32_MAX;
	return when != 0;
}

static bool
seconds_of(uint64_t ns, struct mib_value *out)
{
	uint64_t seconds = ns / NS_PER_SECOND;
	out->number = seconds < UINT32_MAX ? seconds : UINT32_MAX;
	return true;
}

bool
mib_seconds(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	return seconds_of(*(const uint64_t *)field, out);
}

bool
mib_gateway(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)field;
	out->number = cell->gateway;
	return true;
}

bool
mib_drops(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = ipm_traffic_drops(field);
	return true;
}

bool
mib_drops_nth(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_traffic *t = field;
	out->number = cell->nth < IPM_DROP_COUNT ? t->drops[cell->nth] : 0;
	return true;
}

/* --- segments and feeds -------------------------------------------------------------------------------------- */

bool
mib_seg_name(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	char name[IPM_NAME_MAX];
	(void)field;
	return text_of(ipm_segment_name(cell->seg, name), IPM_NAME_MAX, out);
}

bool
mib_seg_silence(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	uint64_t silence = ipm_segment_silence_ns(cell->seg) / NS_PER_TICK;
	(void)field;
	out->number = silence < UINT32_MAX ? silence : UINT32_MAX;
	return true;
}

bool
mib_seg_configured(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct view_map_sum *sum = mib_group(cell->mib, &view_map_sums, cell->gateway, "");
	(void)field;
	out->number = sum ? sum->configured : 0;
	return true;
}

bool
mib_seg_up(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct view_map_sum *sum = mib_group(cell->mib, &view_map_sums, cell->gateway, "");
	(void)field;
	out->number = sum ? sum->up : 0;
	return true;
}

bool
mib_seg_events(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)field;
	out->number = ipm_segment_event_serial(cell->seg);
	return true;
}

/* BITS (RFC 2578, 7.1.4): the first one is the highest of the first octet. */
bool
mib_feed_caps(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	uint64_t caps = *(const uint64_t *)field;
	(void)cell;
	out->len = (IPM_CAP_COUNT + 7) / 8;
	memset(out->octets, 0, out->len);
	for (unsigned bit = 0; bit < IPM_CAP_COUNT; bit++)
		if (caps & UINT64_C(1) << bit)
			out->octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return caps != 0;
}

/* --- configured tunnels -------------------------------------------------------------------------------------- */

bool
mib_cfg_admin(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = *(const uint8_t *)field ? 2 : 1;
	return true;
}

bool
mib_cfg_oper(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	out->number = *(const uint8_t *)field == IPM_MAP_UP ? 1 : 2;
	return true;
}

/* none(1), then the numbers of enum ipm_reason from 2. */
bool
mib_cfg_reason(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	(void)cell;
	out->number = map->state == IPM_MAP_UP || map->downs == 0 ? 1
		      : map->reason < IPM_REASON_CHECKPOINT       ? map->reason + 2u
								  : IPM_REASON_UNKNOWN + 2u;
	return true;
}

/* none(1), then the numbers of enum ipm_failure_reason from 2. */
bool
mib_cfg_failure(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	(void)cell;
	out->number = map->failed_ns == 0                     ? 1
		      : map->failure <= IPM_FAIL_SEQ_ROLLOVER ? map->failure + 2u
							      : IPM_FAIL_OTHER + 2u;
	return true;
}

/* An address as text; empty when it is not known. */
static bool
addr_text(const struct ipm_addr *addr, struct mib_value *out)
{
	char text[INET6_ADDRSTRLEN];
	if (addr->len == 0 || !inet_ntop(addr->len == 16 ? AF_INET6 : AF_INET, addr->bytes, text, sizeof(text)))
		text[0] = '\0';
	return text_of(text, sizeof(text), out);
}

bool
mib_cfg_local(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	struct ipm_tunnel t;
	return addr_text(view_map_tunnel(cell->seg, map, &t) ? &t.local : &map->local, out);
}

bool
mib_cfg_remote(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	static const struct ipm_addr unknown;
	const struct ipm_map *map = field;
	struct ipm_tunnel t;
	if (view_map_tunnel(cell->seg, map, &t))
		return addr_text(&t.remote, out);
	return addr_text(map->peers ? &map->peer[0] : &unknown, out);
}

bool
mib_cfg_phase2(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_tunnel t;
	out->number = view_map_tunnel(cell->seg, field, &t) ? t.index : 0;
	return true;
}

bool
mib_cfg_phase1(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_tunnel t;
	out->number = view_map_tunnel(cell->seg, field, &t) && ipm_tunnel_ike_alive(cell->seg, &t) ? t.ike_index : 0;
	return true;
}

/* What is in use; while it is down, what is configured. */
bool
mib_cfg_ike_version(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	struct ipm_ike_sa sa;
	struct ipm_tunnel t;
	out->number = map->ike_version;
	if (view_map_tunnel(cell->seg, map, &t) && ipm_tunnel_ike_alive(cell->seg, &t) &&
	    ipm_ike_read(cell->seg, t.ike_slot, &sa) == 0 && sa.index == t.ike_index)
		out->number = sa.version;
	return true;
}

/* What is in use; while it is down, the first choice. */
bool
mib_cfg_transform(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	char text[ALGO_TRANSFORM_MAX];
	struct ipm_tunnel t;
	if (view_map_tunnel(cell->seg, map, &t))
		algo_transform(t.protocol, &t.out_sa, text);
	else if (map->transforms)
		algo_transform(map->transform[0].protocol, &map->transform[0].proposal, text);
	else
		return false;
	return text_of(text, sizeof(text), out);
}

static bool
algo_text(enum algo_type type, uint16_t number, uint16_t bits, struct mib_value *out)
{
	char text[ALGO_NAME_MAX];
	return algo_name(type, number, bits, text) && text_of(text, sizeof(text), out);
}

#define CFG_ALGO(name, type, number, bits)                                                          \
	bool name(const struct mib_cell *cell, const void *field, struct mib_value *out)            \
	{                                                                                           \
		struct ipm_tunnel t;                                                                \
		return view_map_tunnel(cell->seg, field, &t) && algo_text(type, number, bits, out); \
	}
CFG_ALGO(mib_cfg_in_encr, ALGO_ENCR, t.in_sa.encr, t.in_sa.encr_bits)
CFG_ALGO(mib_cfg_out_encr, ALGO_ENCR, t.out_sa.encr, t.out_sa.encr_bits)
CFG_ALGO(mib_cfg_in_integ, ALGO_INTEG, t.in_sa.integ, t.in_sa.integ_bits)
CFG_ALGO(mib_cfg_out_integ, ALGO_INTEG, t.out_sa.integ, t.out_sa.integ_bits)
CFG_ALGO(mib_cfg_group, ALGO_GROUP, t.out_sa.group, 0)

static bool
spi(const struct mib_cell *cell, const struct ipm_map *map, enum ipm_direction direction, struct mib_value *out)
{
	struct ipm_tunnel t;
	struct ipm_sa sa;
	if (!view_map_tunnel(cell->seg, map, &t) || !view_tunnel_sa(cell->seg, &t, direction, &sa))
		return false;
	out->number = sa.spi;
	return true;
}

bool
mib_cfg_in_spi(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	return spi(cell, field, IPM_IN, out);
}

bool
mib_cfg_out_spi(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	return spi(cell, field, IPM_OUT, out);
}

/* --- lifetimes: the hard limit, or else the soft one; what has no limit has no cell ------------------------------ */

static uint64_t
limit(uint64_t soft, uint64_t hard)
{
	return hard ? hard : soft;
}

bool
mib_cfg_life_time(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	struct ipm_tunnel t;
	uint64_t ns =
		view_map_tunnel(cell->seg, map, &t) ? limit(t.soft_ns, t.hard_ns) : limit(map->soft_ns, map->hard_ns);
	return ns && seconds_of(ns, out);
}

bool
mib_cfg_time_left(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_tunnel t;
	if (!view_map_tunnel(cell->seg, field, &t) || !limit(t.soft_ns, t.hard_ns) || !t.installed_ns)
		return false;
	uint64_t end = t.installed_ns + limit(t.soft_ns, t.hard_ns);
	return seconds_of(end > cell->now_ns ? end - cell->now_ns : 0, out);
}

static bool
kilobytes_of(uint64_t octets, struct mib_value *out)
{
	out->number = octets / 1024 < UINT32_MAX ? octets / 1024 : UINT32_MAX;
	return true;
}

bool
mib_cfg_life_size(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	const struct ipm_map *map = field;
	struct ipm_tunnel t;
	uint64_t octets = view_map_tunnel(cell->seg, map, &t) ? limit(t.soft_octets, t.hard_octets)
							      : limit(map->soft_octets, map->hard_octets);
	return octets && kilobytes_of(octets, out);
}

/* Of the direction that has less left. */
bool
mib_cfg_size_left(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	struct ipm_tunnel t;
	struct ipm_sa sa;
	uint64_t least = 0;
	bool found = false;
	if (!view_map_tunnel(cell->seg, field, &t))
		return false;
	for (int direction = IPM_IN; direction <= IPM_OUT; direction++) {
		if (!view_tunnel_sa(cell->seg, &t, (enum ipm_direction)direction, &sa))
			continue;
		uint64_t end = limit(sa.soft_octets, sa.hard_octets);
		uint64_t left = end > sa.count.octets ? end - sa.count.octets : 0;
		if (end && (!found || left < least))
			least = left;
		found |= end != 0;
	}
	return found && kilobytes_of(least, out);
}

bool
mib_cfg_ike_life(const struct mib_cell *cell, const void *field, struct mib_value *out)
{
	(void)cell;
	uint64_t ns = *(const uint64_t *)field;
	return ns && seconds_of(ns, out);
}
