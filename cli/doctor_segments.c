/* SPDX-License-Identifier: ISC */
/* ipsecmon check: the segments, their writers, feeds and agents. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "doctor.h"
#include "out.h"

#define AGENT_SILENT_NS 150000000000u /* an agent reports once a minute */
#define FEED_LATE_NS    10000000000u  /* added to three times the interval */

/* Totals over the segments examined so far. */
struct tally {
	unsigned asked, heard; /* asked: segments that agents can report to; heard: agents that have reported */
	uint32_t *first;       /* the first index of each segment; NULL: out of memory */
	int segments;
};

static void
look_at_writer(struct doctor *d, const char *what, const struct ipm_segment *seg)
{
	uint32_t pid = ipm_segment_writer(seg);
	uint64_t silence = ipm_segment_silence_ns(seg);
	char age[OUT_AGE_MAX];

	out_age(silence, age);
	if (!pid)
		doctor_tell(d, DOCTOR_FAIL, what, "start it: systemctl start ipsecmond, if it is that",
			    "its writer was stopped %s ago: the figures are that old", age);
	else if (silence > CLI_STALE_NS)
		doctor_tell(d, DOCTOR_FAIL, what, "it hangs or was killed: read its log; restart it",
			    "its writer (pid %" PRIu32 ") has been silent for %s: the figures are that old", pid, age);
	else
		doctor_tell(d, DOCTOR_OK, what, NULL, "its writer (pid %" PRIu32 ") was there %s ago", pid, age);
}

static void
look_at_rights(struct doctor *d, const char *what, const char *path)
{
	char owner[DOCTOR_OWNER_MAX];
	struct stat st;

	if (stat(path, &st) < 0)
		return; /* the file has just disappeared */
	doctor_owner(&st, owner);
	if (st.st_mode & S_IWOTH)
		doctor_tell(d, DOCTOR_FAIL, what, "chmod o-w it: whoever writes it can show anything",
			    "%s: everybody may write it", owner);
	else if (d->group != DOCTOR_NO_GROUP && (st.st_gid != d->group || !(st.st_mode & S_IRGRP)) &&
		 !(st.st_mode & S_IROTH))
		doctor_tell(d, DOCTOR_FAIL, what, "restart its writer, which gives it to the group in ipsecmon.conf",
			    "%s: the group '%s' cannot read it", owner, d->cli->conf->group);
	else if (st.st_mode & S_IROTH)
		doctor_tell(d, DOCTOR_WARN, what, "chmod o-r it if this should be secret",
			    "%s: everybody can read who your peers are", owner);
	else
		doctor_tell(d, DOCTOR_OK, what, NULL, "%s", owner);
}

static void
look_at_room(struct doctor *d, const char *what, const struct ipm_segment *seg)
{
	struct ipm_totals totals;
	if (ipm_totals_read(seg, &totals) == 0 && totals.records_refused)
		doctor_tell(d, DOCTOR_WARN, what, "raise capacity in ipsecmon.conf, and restart ipsecmond",
			    "%" PRIu64 " records were refused for lack of room", totals.records_refused);
}

/* A feed that declares what it knows, and knows no tunnels, only adds details to the records of other feeds. */
static bool
only_adds_to_others(const struct ipm_feed *feed)
{
	return feed->caps && !(feed->caps & IPM_CAP_TUNNELS);
}

/* This feed is down only because charon is missing, and charon has a finding of its own. */
static bool
wants_charon(const struct doctor *d, const struct ipm_feed *feed)
{
	const struct conf *conf = d->cli->conf;
	return d->charon && feed->state != IPM_FEED_UP &&
	       (strncmp(feed->source, conf->vici.socket, sizeof(feed->source)) == 0 ||
		strncmp(feed->source, conf->vici.error_socket, sizeof(feed->source)) == 0);
}

/* A feed that is down is only a warning while @p another is up: perhaps nobody needs it. */
static void
look_at_feed(struct doctor *d, const struct ipm_feed *feed, bool another)
{
	char what[IPM_NAME_MAX + 8], age[OUT_AGE_MAX];
	uint64_t now = ipm_now_ns();
	uint64_t late = now > feed->updated_ns ? now - feed->updated_ns : 0;

	snprintf(what, sizeof(what), "feed %.*s", IPM_NAME_MAX, feed->name);
	if (feed->state != IPM_FEED_UP)
		doctor_tell(d, another || only_adds_to_others(feed) ? DOCTOR_WARN : DOCTOR_FAIL, what,
			    "ipsecmond(8), DIAGNOSTICS, explains the error; see also the log of its writer",
			    "down, %s: %.*s", out_since(now, feed->since_ns, age), IPM_TEXT_MAX,
			    feed->error[0] ? feed->error : "no reason given");
	else if (feed->interval_ns && feed->updated_ns && late > 3 * feed->interval_ns + FEED_LATE_NS)
		doctor_tell(d, DOCTOR_WARN, what, "its source is overloaded or hangs", "up, but last heard of %s ago",
			    out_age(late, age));
	else if (feed->rejected)
		doctor_tell(d, DOCTOR_WARN, what, "please report it, with the version of the source",
			    "up, but %" PRIu64 " messages were not understood; the last error: %.*s", feed->rejected,
			    IPM_TEXT_MAX, feed->error);
	else
		doctor_tell(d, DOCTOR_OK, what, NULL, "up, %.*s%s%.*s", IPM_TEXT_MAX, feed->source,
			    feed->detail[0] ? ", " : "", IPM_TEXT_MAX, feed->detail);
}

static void
look_at_feeds(struct doctor *d, const struct ipm_segment *seg)
{
	struct ipm_walk walk;
	struct ipm_feed feed;
	bool up = false;

	ipm_walk_all(&walk, seg, IPM_FEEDS);
	while (ipm_walk_next(&walk, &feed) > 0)
		up |= feed.state == IPM_FEED_UP && !only_adds_to_others(&feed);
	ipm_walk_all(&walk, seg, IPM_FEEDS);
	while (ipm_walk_next(&walk, &feed) > 0) {
		if (wants_charon(d, &feed))
			d->charon_alone |= !up;
		else
			look_at_feed(d, &feed, up);
	}
}

/* False: this segment takes no requests. */
static bool
look_at_control(struct doctor *d, const struct ipm_segment *seg)
{
	char answer[CONTROL_LINE_MAX], path[IPM_TEXT_MAX];
	struct stat st;

	if (!ipm_segment_control(seg, path)[0])
		return false;
	int rc = control_request(path, "ping", answer, sizeof(answer));
	bool allowed = rc != -EACCES && !(rc == -EREMOTEIO && strcmp(answer, "not allowed") == 0);
	if (rc == 0 && d->group != DOCTOR_NO_GROUP && stat(path, &st) == 0 &&
	    (st.st_gid != d->group || (st.st_mode & 060) != 060))
		doctor_tell(d, DOCTOR_FAIL, "control socket",
			    "restart ipsecmond, which gives it to the group in ipsecmon.conf",
			    "%s: not for the group '%s'", path, d->cli->conf->group);
	else if (rc == 0)
		doctor_tell(d, DOCTOR_OK, "control socket", NULL, "%s answers", path);
	else if (!allowed)
		doctor_tell(d, DOCTOR_WARN, "control socket", "the agent's user must be in the group; you need not",
			    "%s: you may not use it", path);
	else
		doctor_tell(d, DOCTOR_FAIL, "control socket", DOCTOR_START_IT, "%s: %s", path, answer);
	return true;
}

/* Agents report through the control socket. An agent that may not use the socket is not heard. */
static void
look_at_agents(struct doctor *d, const struct ipm_segment *seg, struct tally *t)
{
	struct ipm_walk walk;
	struct ipm_agent agent;
	char age[OUT_AGE_MAX];
	uint64_t now = ipm_now_ns();

	ipm_walk_all(&walk, seg, IPM_AGENTS);
	while (ipm_walk_next(&walk, &agent) > 0) {
		t->heard++;
		out_since(now, agent.updated_ns, age);
		if (now > agent.updated_ns && now - agent.updated_ns > AGENT_SILENT_NS)
			doctor_tell(d, DOCTOR_FAIL, "agent",
				    "it has lost snmpd, or does not run: journalctl -u ipsecmon-agentx",
				    "%.*s (pid %" PRIu32 ") last reported %s", IPM_NAME_MAX, agent.name, agent.pid,
				    age);
		else
			doctor_tell(d, DOCTOR_OK, "agent", NULL,
				    "%.*s (pid %" PRIu32 ") is connected to snmpd, as it said %s", IPM_NAME_MAX,
				    agent.name, agent.pid, age);
	}
}

/* If two segments count from the same number, rows share indexes, and SNMP serves only one row of each index. */
static void
look_at_indexes(struct doctor *d, const char *what, const struct ipm_segment *seg, struct tally *t)
{
	uint32_t first = ipm_segment_index_first(seg);

	for (int i = 0; i < t->segments && t->first; i++)
		if (t->first[i] == first)
			doctor_tell(d, DOCTOR_FAIL, what,
				    "give one of them another first-index, stop it, remove its segment, and start it",
				    "it counts tunnels from %" PRIu32
				    ", as another segment does: of two with the same index only one is served",
				    first);
	if (t->first)
		t->first[t->segments++] = first;
}

static const char *
attach_advice(int rc)
{
	switch (rc) {
	case -EACCES:
		return "adduser YOU GROUP, and log in again; if you are in it: group in ipsecmon.conf, and start its "
		       "writer again";
	case -ESTALE:
		return DOCTOR_START_IT;
	default:
		return "start its writer again, of the same version as this program; it puts a new one in its place";
	}
}

static void
look_at_segment(struct doctor *d, const char *name, struct tally *t)
{
	char *path = conf_run_path(d->cli->conf, name), what[300];
	struct ipm_error error = { "out of memory" };
	struct ipm_segment *seg = NULL;
	int rc = path ? ipm_segment_attach(&seg, path, &error) : -ENOMEM;

	snprintf(what, sizeof(what), "segment %s", name);
	if (rc < 0) {
		doctor_tell(d, DOCTOR_FAIL, what, attach_advice(rc), "%s", error.text);
	} else {
		look_at_rights(d, what, path);
		look_at_writer(d, what, seg);
		look_at_room(d, what, seg);
		look_at_indexes(d, what, seg, t);
		look_at_feeds(d, seg);
		t->asked += look_at_control(d, seg);
		look_at_agents(d, seg, t);
	}
	ipm_segment_close(seg);
	free(path);
}

void
doctor_segments(struct doctor *d)
{
	struct dirent **entry = NULL;
	int n = scandir(d->cli->conf->run_dir, &entry, cli_is_segment, alphasort);
	struct tally t = { .first = n > 0 ? calloc((size_t)n, sizeof(*t.first)) : NULL };

	if (n <= 0)
		doctor_tell(d, DOCTOR_FAIL, "segments", DOCTOR_START_IT "; the same -c FILE for all programs",
			    "none in %s: ipsecmond does not run, or it has another run-dir", d->cli->conf->run_dir);
	for (int i = 0; i < n; i++) {
		look_at_segment(d, entry[i]->d_name, &t);
		free(entry[i]);
	}
	free(entry);
	free(t.first);
	if (t.heard == 0 && t.asked > 0)
		doctor_tell(
			d, DOCTOR_FAIL, "agent",
			"start it: systemctl start ipsecmon-agentx; if it runs, its user is not in the group, or snmpd "
			"does not let it in: journalctl -u ipsecmon-agentx",
			"none has reported a connection to snmpd");
}
