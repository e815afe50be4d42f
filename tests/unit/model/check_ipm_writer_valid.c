/* SPDX-License-Identifier: ISC */
/* Wrong arguments to a writer: invalid slots, and records that no reader could present. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_writer.h"
#include "laws.h"
#include "scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char path[SCRATCH_PATH];
static struct ipm_writer *w;
static struct laws laws;

static void
begin(void)
{
	struct ipm_error err;
	path_in_scratch(path);
	const struct ipm_writer_options opt = { .path = path,
						.name = "gw",
						.mode = 0600,
						.capacity = { .ike_sas = 1,
							      .tunnels = 1,
							      .selectors = 2,
							      .sas = 1,
							      .maps = 1,
							      .access = 2,
							      .engines = 1,
							      .interfaces = 1,
							      .feeds = 1,
							      .events = 16,
							      .history = 4,
							      .failures = 4,
							      .lanes = 1 } };
	laws_forget(&laws);
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &err), 0);
}

static void
end(void)
{
	ipm_writer_commit(w);
	const char *broken = laws_broken(&laws, ipm_writer_segment(w));
	if (broken)
		ck_abort_msg("%s", broken);
	ipm_writer_close(w);
}

static void
expect_reason(const char *what)
{
	struct ipm_error why = { "" };
	ck_assert(ipm_writer_refused(w, &why));
	ck_assert_msg(strstr(why.text, what) && strstr(why.text, path), "\"%s\" does not say \"%s\"", why.text, what);
}

/* An errno used as a slot, the first slot that doesn't exist, and a free slot. */
static const uint32_t bad[] = { (uint32_t)-ENOSPC, (uint32_t)-1, 1u << 31, 4096, 1, 0 };

START_TEST(every_call_checks_the_slot_that_it_is_given)
{
	const uint32_t slot = bad[_i];
	struct ipm_traffic traffic = { .pkts = 5, .octets = 500 };
	struct ipm_ike_traffic ike_traffic = { .pkts = 1 };
	struct ipm_sa sa = { .direction = IPM_IN, .spi = 7 };
	struct ipm_selector sel = { .index = 1 };
	struct ipm_access access = { .index = 1 };

	ck_assert_uint_eq(ipm_feed_peek(w, slot)->index, 0);
	ck_assert_uint_eq(ipm_ike_peek(w, slot)->index, 0);
	ck_assert_uint_eq(ipm_tunnel_peek(w, slot)->index, 0);
	ck_assert_uint_eq(ipm_sa_peek(w, slot)->index, 0);
	ck_assert_uint_eq(ipm_map_peek(w, slot)->index, 0);
	ipm_feed_put(w, slot, &(struct ipm_feed){ .name = "x" });

	ck_assert_int_eq(ipm_ike_put(w, slot, &(struct ipm_ike_sa){ .version = 2 }), -ENOENT);
	ipm_ike_refresh(w, slot);
	ipm_ike_count(w, (int)slot, &ike_traffic, &ike_traffic);
	ipm_ike_merge(w, slot, slot);
	ipm_ike_merge(w, slot, slot + 1);
	ipm_ike_stop(w, slot, IPM_REASON_NORMAL);
	ck_assert_int_eq(ipm_ike_find(w, slot, 1), -ENOENT);
	ck_assert_int_eq(ipm_ike_between(w, "a", "b", (int)slot), -ENOENT);
	ck_assert_int_eq(ipm_ike_named(w, 1, 2, (int)slot), -ENOENT);

	ck_assert_int_eq(ipm_tunnel_put(w, slot, &(struct ipm_tunnel){ .sas = 9 }), -ENOENT);
	ipm_tunnel_refresh(w, slot);
	ck_assert_int_eq(ipm_tunnel_select(w, slot, &sel, 1), -ENOENT);
	ck_assert_int_eq(ipm_sa_start(w, slot, &sa), -ENOENT);
	ipm_tunnel_from(w, slot, slot);
	ipm_tunnel_stop(w, slot, IPM_REASON_NORMAL);

	ck_assert_int_eq(ipm_sa_named(w, 50, 7, (int)slot), -ENOENT);
	ck_assert_int_eq(ipm_sa_put(w, slot, &sa), -ENOENT);
	ipm_sa_engine(w, slot, 1);
	ipm_sa_count(w, slot, &traffic);
	ipm_sa_stop(w, slot);
	struct ipm_lane lane = ipm_sa_lane(w, slot, 0);
	ck_assert(slot < 1 || !lane.count);
	ck_assert_ptr_null(ipm_sa_lane(w, 0, slot == 0 ? 1 : slot).count);

	ck_assert_int_eq(ipm_map_put(w, slot, &(struct ipm_map_entry){ .seq = 10 }), -ENOENT);
	ck_assert_int_eq(ipm_map_permit(w, slot, &access, 1), -ENOENT);
	ck_assert_int_eq(ipm_map_next(w, "x", (int)slot), -ENOENT);
	ipm_map_remove(w, slot);
	ck_assert_int_eq(ipm_engine_put(w, slot, &(struct ipm_engine){ .disabled = 1 }), -ENOENT);

	ipm_dropped(w, IPM_IN, (enum ipm_drop)slot, slot < IPM_DROP_COUNT);
	ipm_dropped(w, (enum ipm_direction)slot, IPM_DROP_NO_SA, 1);
	ipm_fail(w, (enum ipm_section_kind)slot, &(struct ipm_failure){ .reason = IPM_FAIL_LOCAL });

	/* Nothing came of it. */
	ck_assert_uint_eq(ipm_writer_totals(w)->in.pkts, 0);
	ck_assert_uint_eq(ipm_writer_totals(w)->tunnels_previous + ipm_writer_totals(w)->ike_previous, 0);
	ck_assert_uint_eq(ipm_segment_used(ipm_writer_segment(w), IPM_TUNNELS), 0);
}
END_TEST

START_TEST(an_error_that_is_passed_on_like_a_slot_does_no_harm)
{
	struct ipm_tunnel t = { .state = IPM_TUNNEL_UP };
	struct ipm_sa sa = { .direction = IPM_IN, .spi = 5 };
	struct ipm_traffic now = { .pkts = 5 };
	int first = ipm_tunnel_start(w, &t), second = ipm_tunnel_start(w, &t);
	ck_assert_int_eq(second, -ENOSPC);
	expect_reason("full: it has room for 1 tunnels");
	int one = ipm_sa_start(w, (uint32_t)first, &sa), two = ipm_sa_start(w, (uint32_t)first, &sa);
	ck_assert_int_eq(two, -ENOSPC);
	ck_assert_int_eq(ipm_sa_start(w, (uint32_t)second, &sa), -ENOENT);
	ipm_sa_count(w, (uint32_t)two, &now);
	ipm_sa_stop(w, (uint32_t)two);
	ipm_tunnel_refresh(w, (uint32_t)second);
	ipm_tunnel_stop(w, (uint32_t)second, IPM_REASON_NORMAL);
	ck_assert_uint_eq(ipm_sa_peek(w, (uint32_t)one)->spi, 5);
	ck_assert_uint_eq(ipm_tunnel_peek(w, (uint32_t)first)->refreshes, 0);
	ipm_sa_stop(w, (uint32_t)one);
	ipm_sa_stop(w, (uint32_t)one); /* nor what has ended already */
	ipm_tunnel_stop(w, (uint32_t)first, IPM_REASON_NORMAL);
	ipm_tunnel_stop(w, (uint32_t)first, IPM_REASON_NORMAL);
	ck_assert_uint_eq(ipm_writer_totals(w)->tunnels_previous, 1);
}
END_TEST

START_TEST(what_is_left_0_gets_its_usual_value)
{
	struct ipm_tunnel t = { .reqid = 1 };
	struct ipm_sa sa = { .direction = IPM_OUT, .spi = 5 };
	int slot = ipm_tunnel_start(w, &t);
	const struct ipm_tunnel *now = ipm_tunnel_peek(w, (uint32_t)slot);
	ck_assert_uint_eq(now->state, IPM_TUNNEL_UP);
	ck_assert_uint_eq(now->encap, IPM_ENCAP_TUNNEL);
	ck_assert_uint_eq(now->protocol, 50);
	ck_assert_uint_eq(now->key_type, IPM_KEY_MANUAL);
	t.ike_index = 9;
	ck_assert_int_eq(ipm_tunnel_put(w, (uint32_t)slot, &t), 0);
	ck_assert_uint_eq(now->key_type, IPM_KEY_IKE);
	const struct ipm_sa *its = ipm_sa_peek(w, (uint32_t)ipm_sa_start(w, (uint32_t)slot, &sa));
	ck_assert_uint_eq(its->state, IPM_SA_ACTIVE);
	ck_assert_uint_eq(its->protocol, 50);
	ck_assert_uint_eq(ipm_ike_peek(w, (uint32_t)ipm_ike_start(w, &(struct ipm_ike_sa){ .version = 2 }))->state,
			  IPM_IKE_ESTABLISHED);

	struct ipm_selector sel[2] = { { .local = { .prefix = 24, .first = { .len = 4 }, .last = { .len = 4 } } } },
			    got;
	sel[1].local.first = sel[1].local.last = (struct ipm_addr){ .len = 4, .bytes = { 192, 0, 2, 1 } };
	ck_assert_int_eq(ipm_tunnel_select(w, (uint32_t)slot, sel, 2), 0);
	uint64_t changed = ipm_segment_change(ipm_writer_segment(w), IPM_SELECTORS);
	ck_assert_int_eq(ipm_tunnel_select(w, (uint32_t)slot, sel, 2), 0); /* and the same is the same */
	ck_assert_uint_eq(ipm_segment_change(ipm_writer_segment(w), IPM_SELECTORS), changed);
	ck_assert_int_eq(ipm_selector_read(ipm_writer_segment(w), 0, &got), 0);
	ck_assert_uint_eq(got.local.type, IPM_SEL_SUBNET);
	ck_assert_int_eq(ipm_selector_read(ipm_writer_segment(w), 1, &got), 0);
	ck_assert_uint_eq(got.local.type, IPM_SEL_SINGLE);
}
END_TEST

START_TEST(a_value_that_no_reader_could_tell_is_refused_with_a_reason)
{
	struct ipm_tunnel t = { .state = IPM_TUNNEL_UP };
	int slot = ipm_tunnel_start(w, &t);
	const struct {
		struct ipm_tunnel tunnel;
		const char *why;
	} tunnels[] = { { { .state = 9 }, "tunnels was refused: its state is 9" },
			{ { .encap = 77 }, "its encap is 77" },
			{ { .key_type = 3 }, "its key_type is 3" },
			{ { .protocol = 17 }, "its protocol is 17" } };
	for (size_t i = 0; i < COUNT(tunnels); i++) {
		struct ipm_tunnel before = *ipm_tunnel_peek(w, (uint32_t)slot);
		uint64_t refused = ipm_writer_totals(w)->records_refused;
		ck_assert_int_eq(ipm_tunnel_put(w, (uint32_t)slot, &tunnels[i].tunnel), -EINVAL);
		expect_reason(tunnels[i].why);
		ck_assert_int_eq(ipm_tunnel_start(w, &tunnels[i].tunnel), -EINVAL);
		ck_assert_uint_eq(ipm_writer_totals(w)->records_refused, refused + 2);
		ck_assert_mem_eq(ipm_tunnel_peek(w, (uint32_t)slot), &before, sizeof(before));
	}
	const struct {
		struct ipm_sa sa;
		const char *why;
	} sas[] = { { { .spi = 1 }, "SAs was refused: its direction is 0" },
		    { { .direction = 3 }, "its direction is 3" },
		    { { .direction = IPM_IN, .protocol = 6 }, "its protocol is 6" },
		    { { .direction = IPM_IN, .state = IPM_SA_RETIRED }, "its state is 3" } };
	for (size_t i = 0; i < COUNT(sas); i++) {
		ck_assert_int_eq(ipm_sa_start(w, (uint32_t)slot, &sas[i].sa), -EINVAL);
		expect_reason(sas[i].why);
	}
	ck_assert_int_eq(ipm_ike_start(w, &(struct ipm_ike_sa){ .state = 4 }), -EINVAL);
	ck_assert_int_eq(ipm_ike_start(w, &(struct ipm_ike_sa){ .auth = 40 }), -EINVAL);
	ck_assert_int_eq(ipm_ike_start(w, &(struct ipm_ike_sa){ .mode = 4 }), -EINVAL);
	ck_assert_int_eq(ipm_map_open(w, &(struct ipm_map_entry){ .name = "a", .peers = IPM_MAP_PEERS + 1 }), -EINVAL);
	ck_assert_int_eq(ipm_map_open(w, &(struct ipm_map_entry){ .name = "a", .transforms = 200 }), -EINVAL);
	ck_assert_int_eq(ipm_map_open(w, &(struct ipm_map_entry){ .name = "a", .kind = 3 }), -EINVAL);
	ck_assert_int_eq(ipm_engine_open(w, &(struct ipm_engine){ .name = "a", .kind = 9 }), -EINVAL);
	struct ipm_selector sel = { .local = { .type = 4 } };
	ck_assert_int_eq(ipm_tunnel_select(w, (uint32_t)slot, &sel, 1), -EINVAL);
	expect_reason("traffic selectors was refused: its type is 4");
	ck_assert_uint_eq(ipm_segment_used(ipm_writer_segment(w), IPM_SAS), 0);
	ck_assert_uint_eq(ipm_segment_used(ipm_writer_segment(w), IPM_MAPS), 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("what a writer is told wrongly");
	TCase *tc = tcase_create("refused");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(tc, every_call_checks_the_slot_that_it_is_given, 0, COUNT(bad));
	tcase_add_test(tc, an_error_that_is_passed_on_like_a_slot_does_no_harm);
	tcase_add_test(tc, what_is_left_0_gets_its_usual_value);
	tcase_add_test(tc, a_value_that_no_reader_could_tell_is_refused_with_a_reason);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return run_in_scratch("check_ipm_writer_valid", suite());
}
