/* SPDX-License-Identifier: ISC */
/* Segments with crypto map entries, read through the tables. */
#ifndef MAP_FIXTURE_H
#define MAP_FIXTURE_H

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "acl_text.h"
#include "mib_fixture.h"
#include "mib_health.h"
#include "view_maps.h"

/* --- helpers: segments --------------------------------------------------- */

static inline void
given_tables(void)
{
	capacity = (struct ipm_capacity){ .ike_sas = 8,
					  .tunnels = 8,
					  .selectors = 8,
					  .sas = 16,
					  .feeds = 2,
					  .events = 64,
					  .history = 4,
					  .failures = 4,
					  .maps = 8,
					  .access = 8,
					  .engines = 3 };
	mib = mib_new(mib_views, mib_view_count);
	ck_assert_ptr_nonnull(mib);
	master_ns = ipm_now_ns() - 10 * SECOND;
	mib_health = (struct mib_health){ .version = "1.2.3", .started_ns = ipm_now_ns() - 7 * SECOND };
	w = NULL;
}

static inline void
given_a_served_segment(void)
{
	given_tables();
	w = given_segment();
	serve(w);
}

static inline uint32_t
given_map(struct ipm_writer *writer, const char *name, const char *child, uint32_t seq)
{
	struct ipm_map_entry map = { .kind = IPM_MAP_STATIC, .key_type = IPM_KEY_IKE, .seq = seq };
	snprintf(map.name, sizeof(map.name), "%s", name);
	snprintf(map.child, sizeof(map.child), "%s", child);
	return ok(ipm_map_open(writer, &map));
}

static inline uint32_t
given_tunnel(struct ipm_writer *writer, const char *conn, const char *child)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	snprintf(tunnel.conn, sizeof(tunnel.conn), "%s", conn);
	snprintf(tunnel.name, sizeof(tunnel.name), "%s", child);
	return ok(ipm_tunnel_start(writer, &tunnel));
}

/* A table's rows, by its entry's first column that can be read. */
#define ROWS_MAX 5

struct cell {
	const char *label;
	struct name name;
	struct mib_value value;
	uint64_t less, more; /* tolerance */
};

/* After CISCO-IPSEC-FLOW-MONITOR-MIB */
static const struct name behind_flow = { { POLICY_MAP_MIB }, 9 };

/* --- the suite ----------------------------------------------------------- */

static inline TCase *
tests_of(Suite *s, const char *name, void (*setup)(void))
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, setup, tables_gone);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	return tc;
}

#endif
