/* SPDX-License-Identifier: ISC */
/* show feeds. */
#include "show_fixture.h"

static void
given_feed(void)
{
	int slot = ipm_feed_open(w, "vici");
	ck_assert_int_ge(slot, 0);
	struct ipm_feed feed = *ipm_feed_peek(w, (uint32_t)slot);
	uint64_t now = ipm_now_ns() + 3600u * (uint64_t)SECOND; /* as above: ages are 0 */
	feed.state = IPM_FEED_UP;
	strcpy(feed.source, "/run/charon.vici");
	strcpy(feed.detail, "strongSwan 5.9.8");
	feed.since_ns = feed.updated_ns = feed.errored_ns = now;
	feed.interval_ns = 5u * (uint64_t)SECOND;
	feed.connects = 2;
	feed.errors = 1;
	feed.events = 17;
	strcpy(feed.error, "the socket was closed");
	ipm_feed_put(w, (uint32_t)slot, &feed);
}

START_TEST(feeds_say_how_they_are)
{
	char head[256];
	given_segment();
	given_feed();
	given_site_b();
	ck_assert_int_eq(run("show feeds"), 0);
	snprintf(head, sizeof(head), "segment gateway (%s)", segment_file);
	expect_line(head);
	snprintf(head, sizeof(head), "  writer running (pid %d), heartbeat 0 s ago", (int)getpid());
	expect_line(head);
	expect_line("  capacity used: IKE SAs 0 of 8, tunnels 1 of 512, selectors 1 of 600,\n"
		    "    SAs 2 of 1100, feeds 1 of 4");
	ck_assert_ptr_nonnull(strstr(out, "  feed vici: up for 0 s\n"
					  "    source: /run/charon.vici (strongSwan 5.9.8)\n"
					  "    last update: 0 s ago, asked every 5 s\n"
					  "    connects: 2, events: 17, errors: 1, rejected: 0\n"
					  "    last error: 0 s ago: the socket was closed\n"));
}
END_TEST

START_TEST(json_of_feeds)
{
	given_segment();
	given_feed();
	json_t *j = runs_json("show feeds --json");
	expect_text(j, "segments.0.feeds.0.name", "vici");
	expect_text(j, "segments.0.feeds.0.state", "up");
	expect_int(j, "segments.0.feeds.0.interval", 5);
	expect_int(j, "segments.0.feeds.0.events", 17);
	expect_text(j, "segments.0.feeds.0.error", "the socket was closed");
	expect_int(j, "segments.0.sections.tunnels.capacity", 512);
	expect_int(j, "segments.0.sections.feeds.used", 1);
	json_decref(j);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cmd_feeds");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, feeds_say_how_they_are);
	tcase_add_test(tc, json_of_feeds);
	return run_suite(suite);
}
