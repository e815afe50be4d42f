/* SPDX-License-Identifier: ISC */
/* The replay window and extended sequence numbers. */

#include "esp_fixture.h"

static uint32_t
rnd(uint32_t below)
{
	static uint64_t seed = 88172645463325252u;
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

/* --- The replay window --------------------------------------------------- */

static const uint32_t windows[] = { 1, 2, 31, 32, 63, 64, 65, 127, 128, 1000, 1024, 4033, 4095, 4096 };

/* The window as RFC 4303 describes it, with a flag per sequence number. */
#define REMEMBERED 16384u
static struct {
	uint64_t top, seen[REMEMBERED];
} model;

static enum esp_drop
model_check(uint32_t window, uint64_t seq)
{
	if (seq == 0 || (seq <= model.top && model.top - seq >= window))
		return ESP_DROP_OLD;
	return model.seen[seq % REMEMBERED] == seq ? ESP_DROP_REPLAYED : ESP_OK;
}

/* Appendix A2.2, case by case. */
static bool
model_extend(uint32_t window, uint32_t low, uint64_t *seq)
{
	uint32_t top_low = (uint32_t)model.top, high = (uint32_t)(model.top >> 32);
	if (top_low >= window - 1) {
		if (low < top_low - window + 1)
			high++;
	} else if (low >= top_low - window + 1) {
		if (high == 0)
			return false;
		high--;
	}
	*seq = (uint64_t)high << 32 | low;
	return true;
}

START_TEST(any_order_of_packets_is_judged_as_one_by_one)
{
	static const uint64_t begins[] = { 0, 1, 5000, 0xfffffff0, 0xfffff000, 0x1fffff800, 0x7ffffffffffff000 };
	static struct esp_replay r;
	uint32_t window = windows[_i], accepted = 0, others = 0;

	for (size_t b = 0; b < COUNT(begins); b++) {
		memset(&model, 0, sizeof(model));
		model.top = begins[b];
		for (uint64_t seq = model.top; seq > 0 && model.top - seq < window; seq--)
			model.seen[seq % REMEMBERED] = seq;
		esp_replay_init(&r, window, begins[b]);
		for (int i = 0; i < 30000; i++) {
			/* Numbers near the window's ends, inside it, ahead of it, and sometimes far away. */
			uint64_t near = rnd(3) ? model.top : model.top - window, seq, expected_seq = 0;
			uint32_t low = (uint32_t)near + rnd(10) - 5;
			switch (rnd(16)) {
			case 0:
				low = (uint32_t)model.top + rnd(2 * window);
				break;
			case 1:
			case 2:
				low = (uint32_t)model.top - rnd(window + 2);
				break;
			case 3:
				if (rnd(100) == 0)
					low = (uint32_t)model.top + rnd(1u << 20);
				break;
			}
			/* Not ck_assert(), which writes to its parent even if it holds. */
			bool expected = model_extend(window, low, &expected_seq);
			if (esp_replay_extend(&r, low, &seq) != expected || (expected && seq != expected_seq))
				ck_abort_msg("%#x behind %#jx is not %#jx", low, (uintmax_t)model.top, (uintmax_t)seq);
			if (!expected)
				continue;
			enum esp_drop why = model_check(window, seq);
			if (esp_replay_check(&r, seq) != why)
				ck_abort_msg("%#jx behind %#jx: not '%s'", (uintmax_t)seq, (uintmax_t)model.top,
					     esp_drop_text(why));
			if (why != ESP_OK || rnd(8) == 0) { /* a forgery */
				others++;
				continue;
			}
			accepted++;
			esp_replay_mark(&r, seq);
			model.seen[seq % REMEMBERED] = seq;
			if (seq > model.top)
				model.top = seq;
			if (r.top != model.top)
				ck_abort_msg("%#jx is not the top", (uintmax_t)r.top);
		}
		if (begins[b] > 0xffff && begins[b] < 0x1ffff0000)
			ck_assert_uint_gt(model.top, 0xffffffff); /* the wrap was there */
	}
	ck_assert_uint_gt(accepted, 1000);
	ck_assert_uint_gt(others, 1000);
}
END_TEST

START_TEST(the_high_half_is_what_the_window_makes_it)
{
	static const struct {
		uint64_t top;
		uint32_t low;
		uint64_t seq; /* 0: none */
	} cases[] = {
		{ 0, 1, 1 },
		{ 0, 0xffffffc0, 0xffffffc0 },
		{ 0, 0xffffffc1, 0 }, /* before the first, by a window's length less 1 */
		{ 0, 0xffffffff, 0 },
		{ 0x1ffffffff, 0, 0x200000000 },
		{ 0x1ffffffff, 0xffffffff, 0x1ffffffff },
		{ 0x1ffffffff, 0xffffffc0, 0x1ffffffc0 },
		{ 0x1ffffffff, 0xffffffbf, 0x2ffffffbf },
		{ 0x200000000, 0xffffffff, 0x1ffffffff },
		{ 0x20000003e, 0xffffffff, 0x1ffffffff },
		{ 0x20000003f, 0xffffffff, 0x2ffffffff },
		{ UINT64_MAX, 0xffffffff, UINT64_MAX },
	};
	static struct esp_replay r;
	uint64_t seq;

	esp_replay_init(&r, 64, cases[_i].top);
	ck_assert_int_eq(esp_replay_extend(&r, cases[_i].low, &seq), cases[_i].seq != 0);
	if (cases[_i].seq != 0)
		ck_assert_uint_eq(seq, cases[_i].seq);
}
END_TEST

START_TEST(packets_across_the_wrap_of_the_low_half_are_opened_in_any_order)
{
	struct esp_conf conf = conf_of(_i);
	uint8_t *esp[64];
	size_t size[64];

	conf.proposal.esn = 1;
	conf.seq = 0x1ffffffe0;
	pair(conf);
	for (size_t i = 0; i < COUNT(esp); i++)
		esp[i] = sealed(key, i, &size[i]);
	for (size_t i = COUNT(esp); i > 0; i--)
		ck_assert_int_eq(opened(esp[i - 1], size[i - 1]), ESP_OK);
	for (size_t i = 0; i < COUNT(esp); i++) {
		expect_drop(esp[i], size[i], ESP_DROP_REPLAYED);
		free(esp[i]);
	}
	ck_assert_uint_eq(esp_sa_seq(receiver), 0x200000020);
	unpair();
}
END_TEST

START_TEST(an_sa_that_goes_on_takes_all_of_its_window_for_seen)
{
	struct esp_conf conf = conf_of(_i);
	uint8_t *esp[200], out[256], next;
	size_t size[200], len = sizeof(out);

	conf.proposal.esn = (uint8_t)(_i % 2);
	pair(conf);
	for (size_t i = 0; i < COUNT(esp); i++)
		esp[i] = sealed(key, 32, &size[i]);
	/* The highest number of an earlier run was 190. It is unknown which earlier ones were received. */
	conf.direction = IPM_IN;
	conf.replay_window = 128;
	conf.seq = 190;
	struct esp_sa *again = sa_new(&conf);
	for (size_t i = COUNT(esp); i > 0; i--, len = sizeof(out)) {
		enum esp_drop why = esp_open(again, NOW, esp[i - 1], size[i - 1], out, &len, &next);
		if (i > 190)
			ck_assert_int_eq(why, ESP_OK);
		else
			ck_assert_int_ne(why, ESP_OK);
		free(esp[i - 1]);
	}
	ck_assert_uint_eq(esp_sa_pkts(again), 10);
	esp_sa_free(again);
	unpair();
}
END_TEST

START_TEST(without_a_window_nothing_is_seen_before)
{
	struct esp_conf conf = conf_of(GCM_SUITE);
	uint8_t payload[64], out[256], next;
	size_t size, len = sizeof(out);

	fill(payload, sizeof(payload));
	pair(conf);
	conf.direction = IPM_IN;
	struct esp_sa *sa = sa_new(&conf);
	uint8_t *esp = sealed(payload, sizeof(payload), &size);
	for (int i = 0; i < 3; i++, len = sizeof(out))
		ck_assert_int_eq(esp_open(sa, NOW, esp, size, out, &len, &next), ESP_OK);
	free(esp);
	esp_sa_free(sa);
	unpair();
}
END_TEST

int
main(void)
{
	if (CRYPTO_set_mem_functions(watched_malloc, watched_realloc, watched_free) != 1)
		return EXIT_FAILURE;
	Suite *suite = suite_create("esp_replay");
	TCase *tc = tcase_create("replay");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, any_order_of_packets_is_judged_as_one_by_one, 0, COUNT(windows));
	tcase_add_loop_test(tc, the_high_half_is_what_the_window_makes_it, 0, 12);
	tcase_add_loop_test(tc, packets_across_the_wrap_of_the_low_half_are_opened_in_any_order, 0, SUITES);
	tcase_add_loop_test(tc, an_sa_that_goes_on_takes_all_of_its_window_for_seen, 0, SUITES);
	tcase_add_test(tc, without_a_window_nothing_is_seen_before);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
