/* SPDX-License-Identifier: ISC */
/* The example feed of feeds/README.md, built from that page and run against the model. */
#include <check.h>

#include "feed.h"

#define INDEXES 64
#include "model_fixture.h"

static struct conf conf;
static struct feed_env env;
static char dir[SCRATCH_PATH];

/* --- the gateway ------------------------------------------------------------------------------------------------ */

static void
feed_starts(void)
{
	ck_assert(feed_list[0] && !feed_list[1]);
	ck_assert_uint_eq(feed_list[0]->count(&conf), 1);
	ck_assert_ptr_nonnull(feed_open(&env, feed_list[0], 0));
}

static void
source_says(const char *text)
{
	char name[SCRATCH_PATH + 8], fresh[SCRATCH_PATH + 16];
	snprintf(name, sizeof(name), "%s/toy", dir);
	snprintf(fresh, sizeof(fresh), "%s.new", name);
	if (!text) {
		unlink(name);
		return;
	}
	FILE *file = fopen(fresh, "w");
	ck_assert(file && fputs(text, file) >= 0 && fclose(file) == 0 && rename(fresh, name) == 0);
}

static void
writer_opens(void)
{
	writer_opens_for("toy");
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	conf.run_dir = dir;
	source_says("a 192.0.2.1 1001 10 1000\nb 192.0.2.2 1002 0 0\n");
	env = (struct feed_env){ .base = event_base_new(), .writer = writer, .conf = &conf };
	feed_starts();
}

static void
writer_closes(void)
{
	while (env.feeds)
		feed_close(env.feeds);
	event_base_free(env.base);
	ipm_writer_close(writer);
}

static void
given_a_gateway(void)
{
	gateway_begins((struct ipm_capacity){ .ike_sas = 4, .tunnels = 8, .selectors = 8, .sas = 16 });
}

static bool
tunnel_is(const char *name, struct ipm_tunnel *out)
{
	return tunnels_in(IPM_TUNNEL_UP, name, out) == 1;
}

/* Let the feed work until there are this many tunnels, and the tunnel with this name has counted this many packets. */
static struct ipm_tunnel
until(uint32_t tunnels, const char *name, uint64_t pkts)
{
	const uint64_t patience = ipm_now_ns() + 30 * UINT64_C(1000000000);
	struct ipm_tunnel t, all;

	while (tunnels_in(IPM_TUNNEL_UP, NULL, &all) != tunnels || !tunnel_is(name, &t) || t.in.pkts != pkts) {
		ck_assert_msg(ipm_now_ns() < patience, "%s: not so after 30 s", name);
		event_base_loop(env.base, EVLOOP_ONCE);
		expect_laws();
	}
	return t;
}

START_TEST(what_the_source_lists_is_in_the_model)
{
	struct ipm_feed record;
	struct ipm_tunnel a = until(2, "a", 10);
	ck_assert_uint_eq(a.in.octets, 1000);
	ck_assert_int_eq(ipm_feed_read(seg, 0, &record), 0);
	ck_assert_str_eq(record.name, "toy");
	ck_assert_int_eq(record.state, IPM_FEED_UP);
	ck_assert_uint_eq(record.caps, IPM_CAP_TUNNELS | IPM_CAP_TUNNEL_COUNTERS);
}
END_TEST

START_TEST(a_rekey_keeps_index_and_counters)
{
	struct ipm_tunnel before = until(2, "a", 10);
	source_says("a 192.0.2.1 2001 5 500\nb 192.0.2.2 1002 0 0\n");
	struct ipm_tunnel now = until(2, "a", 15);
	ck_assert_uint_eq(now.index, before.index);
	ck_assert_uint_eq(now.refreshes, 1);
	ck_assert_uint_eq(now.in.octets, 1500);
}
END_TEST

START_TEST(what_the_source_no_longer_lists_is_history)
{
	struct ipm_totals sum;
	until(2, "a", 10);
	source_says("a 192.0.2.1 1001 11 1100\nnonsense\n");
	until(1, "a", 11);
	ck_assert_int_eq(ipm_totals_read(seg, &sum), 0);
	ck_assert_uint_eq(sum.in.pkts, 11);
	ck_assert_uint_eq(env.feeds->record.rejected > 0, 1);
}
END_TEST

START_TEST(a_source_that_comes_back_in_time_has_lost_nothing)
{
	struct ipm_tunnel before = until(2, "a", 10);
	source_says(NULL);
	while (env.feeds->record.state == IPM_FEED_UP)
		event_base_loop(env.base, EVLOOP_ONCE);
	expect_tunnels(2);
	source_says("a 192.0.2.1 1001 12 1200\nb 192.0.2.2 1002 0 0\n");
	ck_assert_uint_eq(until(2, "a", 12).index, before.index);
}
END_TEST

START_TEST(a_source_that_stays_away_has_lost_everything)
{
	struct ipm_tunnel t;
	until(2, "a", 10);
	source_says(NULL);
	while (tunnels_in(IPM_TUNNEL_UP, NULL, &t) > 0) {
		event_base_loop(env.base, EVLOOP_ONCE);
		expect_laws();
	}
	ck_assert_str_ne(env.feeds->record.error, "");
}
END_TEST

START_TEST(the_next_run_goes_on_with_its_tunnels)
{
	struct ipm_tunnel before = until(2, "a", 10);
	feed_close(env.feeds);
	source_says("a 192.0.2.1 1001 13 1300\n");
	feed_starts();
	ck_assert_uint_eq(until(1, "a", 13).index, before.index);
}
END_TEST

/* --- the page --------------------------------------------------------------------------------------------------- */

static const char *
top_srcdir(void)
{
	const char *top = getenv("top_srcdir");
	return top ? top : ".";
}

/* Replace "toy" by "vici" in @p line, in capitals too. */
static void
as_vici(const char *line, char *out, size_t size)
{
	size_t n = 0;
	while (*line && n + 5 < size) {
		if (strncmp(line, "toy", 3) == 0 || strncmp(line, "TOY", 3) == 0) {
			memcpy(out + n, line[0] == 't' ? "vici" : "VICI", 4);
			n += 4;
			line += 3;
		} else {
			out[n++] = *line++;
		}
	}
	out[n] = '\0';
	char *text = strstr(out, "[leave out"); /* this line differs in each feed */
	if (text)
		*text = '\0';
}

static bool
file_has(const char *name, const char *text)
{
	char full[512], line[512];
	bool found = false;

	snprintf(full, sizeof(full), "%s/%s", top_srcdir(), name);
	FILE *file = fopen(full, "r");
	ck_assert_msg(file != NULL, "%s", full);
	while (!found && fgets(line, sizeof(line), file))
		found = strncmp(line, text, strcspn(text, "\n")) == 0;
	fclose(file);
	return found;
}

START_TEST(the_page_adds_to_other_files_what_a_real_feed_has_there)
{
	char page[512], line[512], name[64] = "", real[512];
	int others = 0, lines = 0;

	snprintf(page, sizeof(page), "%s/feeds/README.md", top_srcdir());
	FILE *file = fopen(page, "r");
	ck_assert_msg(file != NULL, "%s", page);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "```", 3) == 0) {
			name[0] = '\0';
			sscanf(line, "```%*s %63s", name);
			others += name[0] && strncmp(name, "feeds/toy/", 10) != 0;
		} else if (name[0] && strncmp(name, "feeds/toy/", 10) != 0) {
			as_vici(line, real, sizeof(real));
			ck_assert_msg(file_has(name, real), "%s has no line: %s", name, real);
			lines++;
		}
	}
	fclose(file);
	ck_assert_int_ge(lines, 5);
	ck_assert_int_le(others + 2, 4); /* and two of the configuration */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("feed_recipe");
	TCase *tc = tcase_create("feed"), *page = tcase_create("page");

	tcase_add_checked_fixture(tc, given_a_gateway, gateway_ends);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_the_source_lists_is_in_the_model);
	tcase_add_test(tc, a_rekey_keeps_index_and_counters);
	tcase_add_test(tc, what_the_source_no_longer_lists_is_history);
	tcase_add_test(tc, a_source_that_comes_back_in_time_has_lost_nothing);
	tcase_add_test(tc, a_source_that_stays_away_has_lost_everything);
	tcase_add_test(tc, the_next_run_goes_on_with_its_tunnels);
	suite_add_tcase(suite, tc);
	tcase_add_test(page, the_page_adds_to_other_files_what_a_real_feed_has_there);
	suite_add_tcase(suite, page);
	return run_in_scratch("check_feed_recipe", suite);
}
