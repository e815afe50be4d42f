/* SPDX-License-Identifier: ISC */
/* Crypto map entries, their tunnels, and the engines that run those. */
#include <check.h>
#include <errno.h>
#include <unistd.h>

#include "ipm_segment.h"
#include "ipm_writer.h"
#include "laws.h"
#include "scratch.h"

static char path[SCRATCH_PATH];
static struct ipm_writer_options opt;
static struct ipm_writer *w;
static struct ipm_segment *seg;
static uint64_t serial; /* serial of the last event that the test has seen */

static void
opens(void)
{
	struct ipm_error err;
	ck_assert_msg(ipm_writer_open(&w, &opt, &err) == 0, "%s", err.text);
	ck_assert_str_eq(err.text, "");
}

static void
given_a_gateway(void)
{
	struct ipm_error err;
	path_in_scratch(path);
	opt = (struct ipm_writer_options){ .path = path, .name = "gw", .mode = 0600 };
	opt.capacity = (struct ipm_capacity){ .tunnels = 16,
					      .selectors = 8,
					      .sas = 40,
					      .events = 64,
					      .history = 16,
					      .failures = 16,
					      .feeds = 2,
					      .maps = 8,
					      .access = 16,
					      .engines = 2,
					      .lanes = 1 };
	serial = 0;
	opens();
	ck_assert_int_eq(ipm_segment_attach(&seg, path, &err), 0);
}

static void
clean_up(void)
{
	ipm_segment_close(seg);
	ipm_writer_close(w);
	w = NULL;
	seg = NULL;
}

static uint32_t
given_entry(const char *name, const char *child)
{
	struct ipm_map_entry map = { .kind = IPM_MAP_STATIC, .seq = 10 };
	snprintf(map.name, sizeof(map.name), "%s", name);
	snprintf(map.child, sizeof(map.child), "%s", child);
	int slot = ipm_map_open(w, &map);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static uint32_t
given_tunnel(const char *conn, const char *name)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	snprintf(tunnel.conn, sizeof(tunnel.conn), "%s", conn);
	snprintf(tunnel.name, sizeof(tunnel.name), "%s", name);
	int slot = ipm_tunnel_start(w, &tunnel);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static uint32_t
given_sa(uint32_t tunnel, uint32_t engine)
{
	struct ipm_sa sa = {
		.direction = IPM_IN, .protocol = 50, .proposal = { .encr = IPM_ENCR_AES_GCM_16 }, .engine = engine
	};
	int slot = ipm_sa_start(w, tunnel, &sa);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static void
carries(uint32_t sa, uint64_t pkts)
{
	ipm_sa_count(w, sa, &(struct ipm_traffic){ .pkts = pkts, .octets = 100 * pkts, .raw_octets = 100 * pkts });
}

static struct ipm_map_entry
entry(uint32_t slot)
{
	struct ipm_map_entry map;
	ck_assert_int_eq(ipm_map_read(seg, slot, &map), 0);
	return map;
}

static void
expect_event(enum ipm_event_kind kind, uint32_t index, uint32_t reason)
{
	struct ipm_event event = { .serial = serial };
	do
		ck_assert_msg(ipm_event_next(seg, event.serial, &event) == 0, "no event %d of %u", (int)kind, index);
	while (event.kind != kind);
	ck_assert_uint_eq(event.index, index);
	ck_assert_uint_eq(event.reason, reason);
	serial = event.serial;
}

static void
expect_no_event(enum ipm_event_kind kind)
{
	struct ipm_event event = { .serial = serial };
	while (ipm_event_next(seg, event.serial, &event) == 0)
		ck_assert_int_ne(event.kind, kind);
}

/* --- up and down ------------------------------------------------------------------------------------------------ */

START_TEST(an_entry_is_down_until_a_tunnel_of_its_names_comes)
{
	uint32_t slot = given_entry("site", "net"), index = entry(slot).index;
	expect_event(IPM_EVENT_MAP_ADDED, index, IPM_MAP_ALONE);
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_DOWN);
	given_tunnel("site", "other");
	given_tunnel("other", "net");
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_DOWN);
	uint32_t tunnel = given_tunnel("site", "net");
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_UP);
	ck_assert_uint_eq(entry(slot).ups, 1);
	expect_event(IPM_EVENT_MAP_UP, index, 0);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_PEER_LOST);
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_DOWN);
	ck_assert_uint_eq(entry(slot).downs, 1);
	ck_assert_uint_eq(entry(slot).reason, IPM_REASON_PEER_LOST);
	ck_assert_uint_eq(entry(slot).index, index);
	expect_event(IPM_EVENT_MAP_DOWN, index, IPM_REASON_PEER_LOST);
}
END_TEST

START_TEST(it_stays_up_while_one_of_its_tunnels_is)
{
	uint32_t slot = given_entry("site", "net");
	uint32_t first = given_tunnel("site", "net"), second = given_tunnel("site", "net"),
		 third = given_tunnel("site", "net");
	expect_event(IPM_EVENT_MAP_UP, entry(slot).index, 0);
	ipm_tunnel_stop(w, second, IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, first, IPM_REASON_NORMAL);
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_UP);
	expect_no_event(IPM_EVENT_MAP_DOWN);
	ipm_tunnel_stop(w, third, IPM_REASON_NORMAL);
	ck_assert_uint_eq(entry(slot).tunnels, 0);
	expect_event(IPM_EVENT_MAP_DOWN, entry(slot).index, IPM_REASON_NORMAL);
}
END_TEST

START_TEST(a_held_tunnel_is_not_up)
{
	uint32_t slot = given_entry("site", "net"), at = given_tunnel("site", "net");
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, at);
	tunnel.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, at, &tunnel);
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_DOWN);
	tunnel.state = IPM_TUNNEL_UP;
	ipm_tunnel_put(w, at, &tunnel);
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_UP);
	ck_assert_uint_eq(entry(slot).ups, 2);
	tunnel.state = IPM_TUNNEL_HELD;
	ipm_tunnel_put(w, at, &tunnel);
	ipm_tunnel_stop(w, at, IPM_REASON_SOURCE_LOST);
	ck_assert_uint_eq(entry(slot).downs, 2);
}
END_TEST

START_TEST(entries_that_come_later_find_their_tunnels)
{
	uint32_t tunnel = given_tunnel("site", "net");
	uint32_t slot = given_entry("site", "net");
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_DOWN);
	ipm_maps_tie(w);
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_UP);
	ck_assert_uint_eq(ipm_tunnel_peek(w, tunnel)->map, slot + 1);
}
END_TEST

START_TEST(a_tunnel_that_gets_its_names_late_is_tied_then)
{
	uint32_t slot = given_entry("site", "net"), at = given_tunnel("", "");
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(w, at);
	strcpy(tunnel.conn, "site");
	strcpy(tunnel.name, "net");
	ipm_tunnel_put(w, at, &tunnel);
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_UP);
	ipm_tunnel_put(w, at, &tunnel);
	ck_assert_uint_eq(entry(slot).tunnels, 1);
}
END_TEST

/* --- counts ------------------------------------------------------------------------------------------------------- */

START_TEST(its_counts_outlive_its_tunnels)
{
	uint32_t slot = given_entry("site", "net");
	for (uint64_t round = 1; round <= 3; round++) {
		uint32_t tunnel = given_tunnel("site", "net"), sa = given_sa(tunnel, 0);
		carries(sa, 5);
		ipm_tunnel_refresh(w, tunnel);
		ck_assert_uint_eq(entry(slot).in.pkts, 5 * round);
		ck_assert_uint_eq(entry(slot).refreshes, round);
		ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
		ck_assert_uint_eq(entry(slot).in.pkts, 5 * round);
		ck_assert_uint_eq(entry(slot).in.octets, 500 * round);
		ck_assert_uint_eq(entry(slot).refreshes, round);
	}
}
END_TEST

START_TEST(another_configuration_leaves_what_happened)
{
	uint32_t slot = given_entry("site", "net"), tunnel = given_tunnel("site", "net");
	struct ipm_map_entry map = { .ifindex = 7 };
	carries(given_sa(tunnel, 0), 5);
	struct ipm_sa sent = { .direction = IPM_OUT, .protocol = 50 };
	carries((uint32_t)ipm_sa_start(w, tunnel, &sent), 6);
	ipm_tunnel_refresh(w, tunnel);
	struct ipm_map_entry before = entry(slot);
	ipm_map_put(w, slot, &map);
	struct ipm_map_entry after = entry(slot);
	ck_assert_uint_eq(after.ifindex, 7);
	ck_assert_uint_eq(after.index, before.index);
	ck_assert_uint_eq(after.state, IPM_MAP_UP);
	ck_assert_str_eq(after.name, "site");
	ck_assert_str_eq(after.child, "net");
	ck_assert_uint_eq(after.tunnels, 1);
	ck_assert_uint_eq(after.tunnels_up, 1);
	ck_assert_uint_eq(after.ups, 1);
	ck_assert_uint_eq(after.refreshes, 1);
	ck_assert_uint_eq(after.in.pkts, 5);
	ck_assert_uint_eq(after.created_ns, before.created_ns);
	ck_assert_uint_eq(after.since_ns, before.since_ns);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_OPERATOR);
	struct ipm_access access = { .deny = 1 };
	struct ipm_failure failure = { .reason = IPM_FAIL_AUTH, .conn = "site", .text = "no shared key found" };
	ck_assert_int_eq(ipm_map_permit(w, slot, &access, 1), 0);
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	before = entry(slot);
	ipm_map_put(w, slot, &map);
	after = entry(slot);
	ck_assert_mem_eq(&after, &before, sizeof(after));
	ck_assert_uint_eq(after.out.pkts, 6);
	ck_assert_uint_eq(after.failures, 1);
	ck_assert_uint_eq(after.state, IPM_MAP_DOWN);
	ck_assert_uint_eq(after.downs, 1);
	ck_assert_uint_eq(after.refreshes, 1);
	ck_assert_uint_eq(after.in.pkts, 5);
}
END_TEST

START_TEST(what_workers_count_late_reaches_entry_and_engine)
{
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "soft" }, read;
	struct ipm_worker me;
	uint32_t slot = given_entry("site", "net"), on = (uint32_t)ipm_engine_open(w, &engine);
	uint32_t tunnel = given_tunnel("site", "net"), sa = given_sa(tunnel, on + 1);
	ck_assert_int_ge(ipm_worker_join(ipm_writer_fast(w), &me), 0);
	ipm_lane_count(ipm_worker_lane(&me, sa), 3, 300);
	ck_assert_uint_eq(entry(slot).in.pkts, 3);
	ck_assert_int_eq(ipm_engine_read(seg, on, &read), 0);
	ck_assert_uint_eq(read.in.pkts, 3);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ipm_lane_count(ipm_worker_lane(&me, sa), 4, 400);
	ipm_writer_commit(w);
	ck_assert_uint_eq(entry(slot).in.pkts, 7);
	ck_assert_uint_eq(entry(slot).in.crypts, 7);
	ck_assert_int_eq(ipm_engine_read(seg, on, &read), 0);
	ck_assert_uint_eq(read.in.pkts, 7);
	ck_assert_uint_eq(read.sas, 0);
	ck_assert_uint_eq(read.sas_created, 1);
	ck_assert_uint_eq(read.sas_deleted, 1);
	ipm_worker_leave(&me);
}
END_TEST

START_TEST(a_failure_is_remembered_by_the_entries_that_are_not_up)
{
	uint32_t up = given_entry("site", "up"), down = given_entry("site", "down"), other = given_entry("else", "net");
	struct ipm_failure failure = { .reason = IPM_FAIL_AUTH, .conn = "site", .text = "no shared key found" };
	given_tunnel("site", "up");
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	ck_assert_uint_eq(entry(down).failure, IPM_FAIL_AUTH);
	ck_assert_uint_eq(entry(down).failures, 1);
	ck_assert_uint_ne(entry(down).failed_ns, 0);
	ck_assert_str_eq(entry(down).failure_text, "no shared key found");
	ck_assert_uint_eq(entry(up).failures, 0);
	ck_assert_uint_eq(entry(other).failures, 0);
}
END_TEST

START_TEST(a_failure_that_names_its_entry_is_that_ones_alone)
{
	uint32_t one = given_entry("site", "one"), two = given_entry("site", "two");
	struct ipm_failure failure = { .reason = IPM_FAIL_PROPOSAL, .conn = "site", .map = two + 1 };
	ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
	ck_assert_uint_eq(entry(one).failures, 0);
	ck_assert_uint_eq(entry(two).failures, 1);
}
END_TEST

/* --- tunnels without names ---------------------------------------------------------------------------------------- */

START_TEST(a_feed_may_say_which_entry_a_tunnel_comes_from)
{
	uint32_t slot = given_entry("policy", "1"), tunnel = given_tunnel("", "");
	ipm_tunnel_from(w, tunnel, slot);
	ipm_tunnel_from(w, tunnel, slot);
	expect_event(IPM_EVENT_MAP_UP, entry(slot).index, 0);
	expect_no_event(IPM_EVENT_MAP_UP);
	ck_assert_uint_eq(entry(slot).tunnels, 1);
	ipm_maps_tie(w);
	ck_assert_uint_eq(ipm_tunnel_peek(w, tunnel)->map, slot + 1);
	ipm_map_remove(w, slot);
	ipm_tunnel_from(w, tunnel, slot);
	ck_assert_uint_eq(ipm_tunnel_peek(w, tunnel)->map, 0);
}
END_TEST

START_TEST(an_entry_that_has_the_tunnels_names_takes_it)
{
	uint32_t policy = given_entry("policy", "1"), tunnel = given_tunnel("site", "net");
	carries(given_sa(tunnel, 0), 3);
	ipm_tunnel_from(w, tunnel, policy);
	uint32_t named = given_entry("site", "net");
	ipm_maps_tie(w);
	ck_assert_uint_eq(ipm_tunnel_peek(w, tunnel)->map, named + 1);
	ck_assert_uint_eq(entry(named).state, IPM_MAP_UP);
	ck_assert_uint_eq(entry(named).in.pkts, 3);
	ck_assert_uint_eq(entry(policy).state, IPM_MAP_DOWN);
	ck_assert_uint_eq(entry(policy).in.pkts, 3); /* as it told before */
}
END_TEST

/* --- engines ------------------------------------------------------------------------------------------------------ */

static struct ipm_engine
engine(uint32_t slot)
{
	struct ipm_engine read;
	ck_assert_int_eq(ipm_engine_read(seg, slot, &read), 0);
	return read;
}

static uint32_t
given_engine(const char *name)
{
	struct ipm_engine new = { .kind = IPM_ENGINE_KERNEL };
	snprintf(new.name, sizeof(new.name), "%s", name);
	int slot = ipm_engine_open(w, &new);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static void
given_no_lanes(void)
{
	clean_up();
	struct ipm_error err;
	unlink(path);
	opt.capacity.lanes = 0;
	opens();
	ck_assert_int_eq(ipm_segment_attach(&seg, path, &err), 0);
}

START_TEST(an_engine_that_is_told_late_has_what_its_sa_carried)
{
	given_no_lanes();
	uint32_t tunnel = given_tunnel("site", "net"), sa = given_sa(tunnel, 0), on = given_engine("kernel");
	carries(sa, 4);
	ipm_sa_engine(w, sa, on + 1);
	ipm_sa_engine(w, sa, on + 1);
	ck_assert_uint_eq(engine(on).in.pkts, 4);
	ck_assert_uint_eq(engine(on).sas, 1);
	ck_assert_uint_eq(engine(on).sas_created, 1);
	carries(sa, 6);
	ipm_sa_stop(w, sa);
	ck_assert_uint_eq(engine(on).in.pkts, 6);
	ck_assert_uint_eq(engine(on).sas, 0);
	ck_assert_uint_eq(engine(on).sas_deleted, 1);
}
END_TEST

START_TEST(what_an_sa_counted_before_it_was_ours_goes_to_no_engine)
{
	given_no_lanes();
	struct laws laws = { .unbroken = true };
	struct ipm_sa goes_on = { .direction = IPM_IN, .protocol = 50, .count = { .octets = 3000, .pkts = 30 } };
	uint32_t on = given_engine("kernel"), tunnel = given_tunnel("site", "net");
	carries(given_sa(tunnel, 0), 30);
	int sa = ipm_sa_start(w, tunnel, &goes_on);
	ck_assert_int_ge(sa, 0);
	ipm_sa_engine(w, (uint32_t)sa, on + 1);
	ck_assert_uint_eq(engine(on).in.pkts, 0);
	carries((uint32_t)sa, 36);
	ck_assert_uint_eq(engine(on).in.pkts, 6);
	ipm_sa_stop(w, (uint32_t)sa);
	ipm_writer_commit(w);
	const char *broken = laws_broken(&laws, seg);
	ck_assert_msg(!broken, "%s", broken);
	laws_forget(&laws);
}
END_TEST

START_TEST(an_sa_that_changes_its_engine_leaves_there_what_it_carried)
{
	given_no_lanes();
	uint32_t one = given_engine("one"), two = given_engine("two"), sa = given_sa(given_tunnel("s", "n"), one + 1);
	carries(sa, 4);
	ipm_sa_engine(w, sa, two + 1);
	carries(sa, 6);
	ck_assert_uint_eq(engine(one).in.pkts, 4);
	ck_assert_uint_eq(engine(one).sas, 0);
	ck_assert_uint_eq(engine(one).sas_deleted, 1);
	ck_assert_uint_eq(engine(two).in.pkts, 2);
	ck_assert_uint_eq(engine(two).sas, 1);
}
END_TEST

START_TEST(with_lanes_an_engine_that_is_known_stays)
{
	uint32_t one = given_engine("one"), two = given_engine("two"), sa = given_sa(given_tunnel("s", "n"), one + 1);
	ipm_sa_engine(w, sa, two + 1);
	ck_assert_uint_eq(engine(one).sas, 1);
	ck_assert_uint_eq(engine(two).sas, 0);
}
END_TEST

/* --- configuration --------------------------------------------------------------------------------------------------
 */

START_TEST(a_removed_entry_can_be_read_for_a_while_and_its_tunnels_stay)
{
	uint32_t slot = given_entry("site", "net"), index = entry(slot).index, tunnel = given_tunnel("site", "net");
	struct ipm_access access = { .local = { .type = IPM_SEL_SINGLE } };
	ck_assert_int_eq(ipm_map_permit(w, slot, &access, 1), 0);
	ipm_map_remove(w, slot);
	expect_event(IPM_EVENT_MAP_REMOVED, index, IPM_MAP_ALONE);
	ck_assert_uint_eq(entry(slot).state, IPM_MAP_REMOVED);
	ck_assert_str_eq(entry(slot).name, "site");
	ck_assert_int_eq(ipm_map_named(w, "site", "net"), -ENOENT);
	ck_assert_uint_eq(ipm_tunnel_peek(w, tunnel)->map, 0);
	ck_assert_int_eq(ipm_access_read(seg, 0, &access), -ENOENT);
	uint32_t again = given_entry("site", "net");
	ck_assert_uint_ne(entry(again).index, index);
	ipm_maps_tie(w);
	ck_assert_uint_eq(entry(again).state, IPM_MAP_UP);
	for (int i = 0; i < 100; i++) /* slots of removed entries are reused */
		ipm_map_remove(w, given_entry("brief", "net"));
	ck_assert_uint_eq(entry(again).state, IPM_MAP_UP);
}
END_TEST

START_TEST(a_full_section_refuses_and_says_so)
{
	char child[8];
	struct ipm_map_entry map = { .name = "site" };
	for (int i = 0; i < 8; i++) {
		snprintf(child, sizeof(child), "c%d", i);
		given_entry("site", child);
	}
	strcpy(map.child, "more");
	ck_assert_int_eq(ipm_map_open(w, &map), -ENOSPC);
	ck_assert_uint_eq(ipm_writer_totals(w)->records_refused, 1);
}
END_TEST

START_TEST(a_map_is_attached_once_to_an_interface)
{
	uint32_t first = given_entry("site", "a"), second = given_entry("site", "b");
	struct ipm_map_entry map = entry(first);
	map.ifindex = 7;
	ipm_map_put(w, first, &map);
	expect_event(IPM_EVENT_MAP_ATTACHED, entry(first).index, 0);
	ipm_map_put(w, second, &map);
	ipm_map_remove(w, first);
	expect_no_event(IPM_EVENT_MAP_ATTACHED);
	expect_no_event(IPM_EVENT_MAP_DETACHED);
	ipm_map_remove(w, second);
	expect_event(IPM_EVENT_MAP_DETACHED, entry(second).index, 0);
	struct ipm_event event;
	ck_assert_int_eq(ipm_event_next(seg, serial - 1, &event), 0);
	ck_assert_uint_eq(event.ifindex, 7);
}
END_TEST

START_TEST(an_access_list_keeps_what_stays)
{
	uint32_t slot = given_entry("site", "net");
	struct ipm_access list[3] = { 0 }, read;
	for (uint8_t i = 0; i < 3; i++)
		list[i].local.prefix = i;
	ck_assert_int_eq(ipm_map_permit(w, slot, list, 2), 0);
	ck_assert_int_eq(ipm_map_permit(w, slot, list + 1, 2), 0);
	uint32_t seen = 0;
	for (uint32_t at = entry(slot).access_head; at; at = read.next, seen++) {
		ck_assert_int_eq(ipm_access_read(seg, at - 1, &read), 0);
		ck_assert_uint_eq(read.index, read.local.prefix + 1u);
		ck_assert_uint_eq(read.map_index, entry(slot).index);
	}
	ck_assert_uint_eq(seen, 2);
}
END_TEST

/* --- the next run ---------------------------------------------------------------------------------------------------
 */

START_TEST(the_next_run_goes_on_with_them)
{
	uint32_t slot = given_entry("site", "net"), gone = given_entry("gone", "net");
	uint32_t tunnel = given_tunnel("site", "net"), sa = given_sa(tunnel, 0);
	struct ipm_access access[2] = { { .deny = 1 }, { .deny = 0 } };
	struct ipm_engine engine = { .kind = IPM_ENGINE_KERNEL, .name = "kernel" }, read;
	uint32_t on = (uint32_t)ipm_engine_open(w, &engine);
	given_sa(tunnel, on + 1);
	carries(sa, 9);
	ck_assert_int_eq(ipm_map_permit(w, slot, access, 2), 0);
	ipm_map_remove(w, gone);
	struct ipm_map_entry before = entry(slot), after;
	ipm_writer_close(w);
	opens();
	after = entry(slot);
	ck_assert_uint_eq(after.index, before.index);
	ck_assert_uint_eq(after.state, IPM_MAP_UP);
	ck_assert_uint_eq(after.ups, 1);
	ck_assert_uint_eq(after.in.pkts, 9);
	ck_assert_uint_eq(after.tunnels, 1);
	ck_assert_int_eq(ipm_map_named(w, "site", "net"), (int)slot);
	ck_assert_uint_eq(ipm_access_read(seg, after.access_head - 1, access), 0);
	ck_assert_int_eq(ipm_map_read(seg, gone, &after), -ENOENT);
	ck_assert_int_eq(ipm_engine_read(seg, on, &read), 0);
	ck_assert_uint_eq(read.sas, 1);
	ck_assert_uint_gt(entry(given_entry("new", "net")).index, before.index);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_NORMAL);
	ck_assert_uint_eq(entry(slot).in.pkts, 9);
	ck_assert_uint_eq(entry(slot).downs, 1);
}
END_TEST

/* --- what those who tell of it need to know ----------------------------------------------------------------------- */

START_TEST(an_event_tells_whether_the_map_came_or_went_with_its_entry)
{
	uint32_t one = given_entry("site", "a");
	expect_event(IPM_EVENT_MAP_ADDED, entry(one).index, IPM_MAP_ALONE);
	uint32_t two = given_entry("site", "b");
	expect_event(IPM_EVENT_MAP_ADDED, entry(two).index, IPM_MAP_OTHERS);
	uint32_t first = entry(one).index, second = entry(two).index;
	ipm_map_remove(w, one);
	expect_event(IPM_EVENT_MAP_REMOVED, first, IPM_MAP_OTHERS);
	ipm_map_remove(w, two);
	expect_event(IPM_EVENT_MAP_REMOVED, second, IPM_MAP_ALONE);
}
END_TEST

START_TEST(an_engine_that_comes_and_turns_is_told)
{
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "esp" };
	uint32_t slot = (uint32_t)ipm_engine_open(w, &engine);
	expect_event(IPM_EVENT_ENGINE_ADDED, slot + 1, 0);
	expect_event(IPM_EVENT_ENGINE_UP, slot + 1, 0);
	ipm_engine_put(w, slot, &engine);
	expect_no_event(IPM_EVENT_ENGINE_UP);
	engine.disabled = 1;
	ipm_engine_put(w, slot, &engine);
	expect_event(IPM_EVENT_ENGINE_DOWN, slot + 1, 0);
	engine.disabled = 0;
	ck_assert_int_eq(ipm_engine_open(w, &engine), (int)slot);
	expect_event(IPM_EVENT_ENGINE_UP, slot + 1, 0);
	expect_no_event(IPM_EVENT_ENGINE_ADDED);
}
END_TEST

START_TEST(sas_that_there_is_no_room_for_are_told_once_in_a_while)
{
	uint32_t tunnel = given_tunnel("site", "net");
	for (uint32_t i = 0; i < opt.capacity.sas; i++)
		given_sa(tunnel, 0);
	expect_no_event(IPM_EVENT_SA_REFUSED);
	struct ipm_sa sa = { .direction = IPM_IN, .protocol = 50 };
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(ipm_sa_start(w, tunnel, &sa), -ENOSPC);
	struct ipm_tunnel read;
	ck_assert_int_eq(ipm_tunnel_read(seg, tunnel, &read), 0);
	expect_event(IPM_EVENT_SA_REFUSED, read.index, 0);
	expect_no_event(IPM_EVENT_SA_REFUSED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("maps");
	TCase *tc = tcase_create("entries");
	tcase_add_checked_fixture(tc, given_a_gateway, clean_up);
	tcase_add_test(tc, an_entry_is_down_until_a_tunnel_of_its_names_comes);
	tcase_add_test(tc, it_stays_up_while_one_of_its_tunnels_is);
	tcase_add_test(tc, a_held_tunnel_is_not_up);
	tcase_add_test(tc, entries_that_come_later_find_their_tunnels);
	tcase_add_test(tc, a_tunnel_that_gets_its_names_late_is_tied_then);
	tcase_add_test(tc, its_counts_outlive_its_tunnels);
	tcase_add_test(tc, another_configuration_leaves_what_happened);
	tcase_add_test(tc, what_workers_count_late_reaches_entry_and_engine);
	tcase_add_test(tc, a_failure_is_remembered_by_the_entries_that_are_not_up);
	tcase_add_test(tc, a_failure_that_names_its_entry_is_that_ones_alone);
	tcase_add_test(tc, a_feed_may_say_which_entry_a_tunnel_comes_from);
	tcase_add_test(tc, an_entry_that_has_the_tunnels_names_takes_it);
	tcase_add_test(tc, an_engine_that_is_told_late_has_what_its_sa_carried);
	tcase_add_test(tc, what_an_sa_counted_before_it_was_ours_goes_to_no_engine);
	tcase_add_test(tc, an_sa_that_changes_its_engine_leaves_there_what_it_carried);
	tcase_add_test(tc, with_lanes_an_engine_that_is_known_stays);
	tcase_add_test(tc, a_removed_entry_can_be_read_for_a_while_and_its_tunnels_stay);
	tcase_add_test(tc, a_full_section_refuses_and_says_so);
	tcase_add_test(tc, a_map_is_attached_once_to_an_interface);
	tcase_add_test(tc, an_access_list_keeps_what_stays);
	tcase_add_test(tc, the_next_run_goes_on_with_them);
	tcase_add_test(tc, an_event_tells_whether_the_map_came_or_went_with_its_entry);
	tcase_add_test(tc, an_engine_that_comes_and_turns_is_told);
	tcase_add_test(tc, sas_that_there_is_no_room_for_are_told_once_in_a_while);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_ipm_writer_map", suite);
}
