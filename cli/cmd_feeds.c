/* SPDX-License-Identifier: ISC */
/* show feeds */
#include <inttypes.h>

#include "cmd_table.h"
#include "out.h"

static const struct {
	enum ipm_section_kind kind;
	const char *name, *key;
} sections[] = {
	{ IPM_IKE_SAS, "IKE SAs", "ike_sas" },
	{ IPM_TUNNELS, "tunnels", "tunnels" },
	{ IPM_SELECTORS, "selectors", "selectors" },
	{ IPM_SAS, "SAs", "sas" },
	{ IPM_FEEDS, "feeds", "feeds" },
};
#define SECTION_COUNT (sizeof(sections) / sizeof(sections[0]))

static const char *
state_name(uint8_t state)
{
	static const char *const names[] = { "unknown", "down", "connecting", "up" };
	return names[state < 4 ? state : 0];
}

/* Count slots that hold a record now. ipm_segment_used() would include slots that are free again. */
static uint32_t
records(struct cli *cli, const struct cli_segment *s, enum ipm_section_kind kind)
{
	union ipm_any_record record;
	struct ipm_walk walk;
	uint32_t n = 0;
	ipm_walk_all(&walk, s->seg, kind);
	while (cli_walk_next(cli, &walk, &record))
		n++;
	return n;
}

static uint64_t
refused(const struct cli_segment *s)
{
	struct ipm_totals totals;
	return ipm_totals_read(s->seg, &totals) == 0 ? totals.records_refused : 0;
}

static void
print_segment(struct cli *cli, const struct cli_segment *s)
{
	uint32_t pid = ipm_segment_writer(s->seg);
	char given[IPM_NAME_MAX], name[OUT_TEXT_MAX], path[OUT_TEXT_MAX], age[OUT_AGE_MAX], writer[32] = "";
	if (pid)
		snprintf(writer, sizeof(writer), " (pid %" PRIu32 ")", pid);
	fprintf(cli->out, "segment %s (%s)\n", out_clean(ipm_segment_name(s->seg, given), sizeof(given), name),
		out_clean(ipm_segment_path(s->seg), SIZE_MAX, path));
	fprintf(cli->out, "  writer %s%s, heartbeat %s ago\n", cli_writer_state(s->seg), writer,
		out_age(ipm_segment_silence_ns(s->seg), age));
	fprintf(cli->out, "  capacity used:");
	for (size_t i = 0; i < SECTION_COUNT; i++)
		fprintf(cli->out, "%s%s %" PRIu32 " of %" PRIu32,
			i == 3 ? ",\n    "
			: i    ? ", "
			       : " ",
			sections[i].name, records(cli, s, sections[i].kind),
			ipm_segment_capacity(s->seg, sections[i].kind));
	fputc('\n', cli->out);
	uint64_t lost = refused(s);
	if (lost)
		fprintf(cli->out, "  capacity refused: %" PRIu64 " records (see capacity in ipsecmon.conf)\n", lost);
}

static void
print_feed(struct cli *cli, const struct cli_segment *s, const struct ipm_feed *feed)
{
	uint64_t now_ns = cli_segment_now(s);
	char text[OUT_TEXT_MAX], age[OUT_AGE_MAX];
	FILE *f = cli->out;
	fprintf(f, "  feed %s: %s", OUT_CLEAN(feed->name, text), state_name(feed->state));
	if (feed->since_ns)
		fprintf(f, " for %s", out_age(now_ns > feed->since_ns ? now_ns - feed->since_ns : 0, age));
	if (now_ns < cli->now_ns)
		fprintf(f, " as of %s", out_since(cli->now_ns, now_ns, age));
	fprintf(f, "\n    source: %s", feed->source[0] ? OUT_CLEAN(feed->source, text) : "-");
	if (feed->detail[0])
		fprintf(f, " (%s)", OUT_CLEAN(feed->detail, text));
	fprintf(f, "\n    last update: %s", out_since(cli->now_ns, feed->updated_ns, age));
	if (feed->interval_ns)
		fprintf(f, ", asked every %s", out_age(feed->interval_ns, age));
	fprintf(f, "\n    connects: %" PRIu64 ", events: %" PRIu64 ", errors: %" PRIu64 ", rejected: %" PRIu64,
		feed->connects, feed->events, feed->errors, feed->rejected);
	if (feed->overruns)
		fprintf(f, ", overruns: %" PRIu64, feed->overruns);
	fputc('\n', f);
	if (feed->error[0])
		fprintf(f, "    last error: %s: %s\n", out_since(cli->now_ns, feed->errored_ns, age),
			OUT_CLEAN(feed->error, text));
}

static void
print_text(struct cli *cli)
{
	for (size_t i = 0; i < cli->segments; i++) {
		struct cli_rows rows = { 0 };
		if (i > 0)
			fputc('\n', cli->out);
		print_segment(cli, &cli->segment[i]);
		cli_rows_collect(cli, &rows, &cli->segment[i], IPM_FEEDS, NULL);
		cli_rows_sort(&rows);
		for (size_t n = 0; n < rows.n; n++) {
			struct ipm_feed feed;
			if (cli_row_read(cli, &rows.row[n], &feed))
				print_feed(cli, &cli->segment[i], &feed);
		}
		if (rows.n == 0)
			fprintf(cli->out, "  feeds: none\n");
		cli_rows_free(&rows);
	}
}

static void
json_head(struct cli *cli, const struct cli_segment *s, json_t *head)
{
	json_t *all = json_object();
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		json_t *one = json_object();
		out_json_u64(one, "used", records(cli, s, sections[i].kind));
		out_json_u64(one, "capacity", ipm_segment_capacity(s->seg, sections[i].kind));
		json_object_set_new(all, sections[i].key, one);
	}
	json_object_set_new(head, "sections", all);
	out_json_u64(head, "records_refused", refused(s));
}

static json_t *
json_feed(struct cli *cli, const struct cli_row *row)
{
	struct ipm_feed feed;
	if (!cli_row_read(cli, row, &feed))
		return NULL;
	json_t *o = json_object();
	OUT_JSON_TEXT(o, "name", feed.name);
	out_json_string(o, "state", state_name(feed.state));
	out_json_since(o, "state_age", cli->now_ns, feed.since_ns);
	OUT_JSON_TEXT(o, "source", feed.source);
	OUT_JSON_TEXT(o, "detail", feed.detail);
	out_json_since(o, "update_age", cli->now_ns, feed.updated_ns);
	out_json_seconds(o, "interval", feed.interval_ns ? (int64_t)feed.interval_ns : -1);
	out_json_u64(o, "connects", feed.connects);
	out_json_u64(o, "events", feed.events);
	out_json_u64(o, "errors", feed.errors);
	out_json_u64(o, "rejected", feed.rejected);
	out_json_u64(o, "overruns", feed.overruns);
	OUT_JSON_TEXT(o, "error", feed.error);
	out_json_since(o, "error_age", cli->now_ns, feed.errored_ns);
	return o;
}

void
cmd_feeds(struct cli *cli, const struct cmd_match *match)
{
	static const struct out_json_list list = {
		.key = "feeds", .kind = IPM_FEEDS, .row = json_feed, .head = json_head
	};
	(void)match;
	if (cli->json)
		out_json_segments(cli, &list, 1);
	else
		print_text(cli);
}
