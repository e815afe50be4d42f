/* SPDX-License-Identifier: ISC */
/* check: look at the whole chain, from the configuration to the poller's view, and say what to do about each fault. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cmd_table.h"
#include "control.h"
#include "doctor.h"
#include "out.h"

#define NO_GROUP        ((gid_t)-1)
#define AGENT_SILENT_NS 150000000000u /* an agent reports once a minute */
#define FEED_LATE_NS    10000000000u  /* above three times the interval */

#define START_IT        "start it: systemctl start ipsecmond; why it does not: journalctl -u ipsecmond"

static const char *const levels[] = { "ok", "warn", "FAIL" };

/* In lines of no more than 80 columns, as far as its words are not longer. */
static void
print_advice(FILE *f, const char *advice)
{
	size_t column = strlen("     ->");
	fprintf(f, "     ->");
	for (size_t len; *advice; advice += len + (advice[len] == ' ')) {
		len = strcspn(advice, " ");
		bool wraps = column + 1 + len > 80;
		fprintf(f, "%s%.*s", wraps ? "\n        " : " ", (int)len, advice);
		column = wraps ? 8 + len : column + 1 + len;
	}
	fputc('\n', f);
}

void
doctor_tell(struct doctor *d, enum doctor_level level, const char *what, const char *advice, const char *format, ...)
{
	char detail[1024], clean[OUT_TEXT_MAX], about[OUT_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(detail, sizeof(detail), format, ap);
	va_end(ap);
	out_clean(detail, sizeof(detail), clean);
	out_clean(what, SIZE_MAX, about);
	d->count[level]++;
	if (d->findings) {
		json_t *o = json_object();
		out_json_string(o, "level", levels[level]);
		out_json_string(o, "what", about);
		out_json_string(o, "detail", clean);
		out_json_string(o, "advice", level == DOCTOR_OK ? NULL : advice);
		json_array_append_new(d->findings, o);
		return;
	}
	fprintf(d->cli->out, "%-4s %s: %s\n", levels[level], about, clean);
	if (level != DOCTOR_OK && advice)
		print_advice(d->cli->out, advice);
}

const char *
doctor_owner(const struct stat *st, char out[DOCTOR_OWNER_MAX])
{
	const struct passwd *user = getpwuid(st->st_uid);
	const struct group *group = getgrgid(st->st_gid);
	char uid[16], gid[16];

	snprintf(uid, sizeof(uid), "%lu", (unsigned long)st->st_uid);
	snprintf(gid, sizeof(gid), "%lu", (unsigned long)st->st_gid);
	snprintf(out, DOCTOR_OWNER_MAX, "%.32s:%.32s %04o", user ? user->pw_name : uid, group ? group->gr_name : gid,
		 (unsigned)st->st_mode & 07777);
	return out;
}

/* ---- the configuration, and who may read ---- */

static bool
in_group(gid_t group)
{
	gid_t groups[256];
	int n = getgroups((int)(sizeof(groups) / sizeof(groups[0])), groups);
	if (getegid() == group)
		return true;
	for (int i = 0; i < n; i++)
		if (groups[i] == group)
			return true;
	return false;
}

static void
look_at_group(struct doctor *d)
{
	const char *name = d->cli->conf->group;
	const struct group *group = *name ? getgrnam(name) : NULL;

	d->group = group ? group->gr_gid : NO_GROUP;
	if (!*name)
		doctor_tell(d, DOCTOR_WARN, "group",
			    "write group = \"ipsecmon\" in ipsecmon.conf, and start ipsecmond again",
			    "none is configured: an agent that is not root can neither read nor ask");
	else if (!group)
		doctor_tell(d, DOCTOR_FAIL, "group", "make it: systemd-sysusers, or addgroup --system",
			    "there is no group '%s' on this machine", name);
	else if (geteuid() != 0 && !in_group(d->group))
		doctor_tell(d, DOCTOR_WARN, "group", "adduser YOU GROUP, and log in again; or ask as root",
			    "you are not in '%s': what follows is how it looks to you", name);
	else
		doctor_tell(d, DOCTOR_OK, "group", NULL, "%s", name);
}

static struct conf *
look_at_conf(struct doctor *d)
{
	const char *path = d->cli->conf_file ? d->cli->conf_file : DEFAULT_CONF;
	char error[512];
	struct conf *conf = conf_load(d->cli->conf_file, error, sizeof(error));

	if (!conf) {
		doctor_tell(d, DOCTOR_FAIL, "configuration",
			    "correct that; ipsecmon.conf(5) has all keys. Nothing else was looked at", "%s", error);
		return NULL;
	}
	if (access(path, F_OK) < 0)
		doctor_tell(d, DOCTOR_OK, "configuration", NULL, "no %s: everything is at its default", path);
	else
		doctor_tell(d, DOCTOR_OK, "configuration", NULL, "%s", path);
	d->cli->conf = conf;
	look_at_group(d);
	return conf;
}

/* False: nothing in it can be looked at. */
static bool
look_at_run_dir(struct doctor *d)
{
	const char *dir = d->cli->conf->run_dir;
	char owner[DOCTOR_OWNER_MAX];
	struct statfs fs;
	struct stat st;

	if (stat(dir, &st) < 0) {
		doctor_tell(d, DOCTOR_FAIL, "run directory",
			    errno == ENOENT ? "ipsecmond makes it, or systemd-tmpfiles --create: " START_IT
					    : "ask as root, or from the group",
			    "%s: %s", dir, strerror(errno));
		return false;
	}
	doctor_owner(&st, owner);
	if (!S_ISDIR(st.st_mode)) {
		doctor_tell(d, DOCTOR_FAIL, "run directory", "remove it, and start ipsecmond", "%s is no directory",
			    dir);
		return false;
	}
	if (access(dir, R_OK | X_OK) < 0) {
		doctor_tell(d, DOCTOR_FAIL, "run directory", "adduser YOU GROUP, and log in again; or ask as root",
			    "%s (%s): %s", dir, owner, strerror(errno));
		return false;
	}
	if (st.st_mode & S_IWOTH)
		doctor_tell(d, DOCTOR_FAIL, "run directory", "chmod o-w it: whoever writes there can show anything",
			    "%s (%s): everybody may write", dir, owner);
	else if (d->group != NO_GROUP && (st.st_gid != d->group || (st.st_mode & 050) != 050) &&
		 (st.st_mode & 05) != 05)
		doctor_tell(d, DOCTOR_FAIL, "run directory",
			    "give it to the group, with mode 0750: systemd-tmpfiles --create does",
			    "%s (%s): the group '%s' cannot read it", dir, owner, d->cli->conf->group);
	else if (statfs(dir, &fs) == 0 && fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
		doctor_tell(d, DOCTOR_WARN, "run directory",
			    "choose one on a tmpfs: a segment is memory, and written often", "%s (%s): not on a tmpfs",
			    dir, owner);
	else
		doctor_tell(d, DOCTOR_OK, "run directory", NULL, "%s (%s)", dir, owner);
	return true;
}

/* ---- segments ---- */

static void
look_at_writer(struct doctor *d, const char *what, const struct ipm_segment *seg)
{
	uint32_t pid = ipm_segment_writer(seg);
	uint64_t silence = ipm_segment_silence_ns(seg);
	char age[OUT_AGE_MAX];

	out_age(silence, age);
	if (!pid)
		doctor_tell(d, DOCTOR_FAIL, what, "start it again: systemctl start ipsecmond, if it is that",
			    "its writer was stopped %s ago: the figures are that old", age);
	else if (silence > CLI_STALE_NS)
		doctor_tell(d, DOCTOR_FAIL, what, "it hangs, or was killed: its log says more; start it again",
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
		return; /* it was there a moment ago */
	doctor_owner(&st, owner);
	if (st.st_mode & S_IWOTH)
		doctor_tell(d, DOCTOR_FAIL, what, "chmod o-w it: whoever writes it can show anything",
			    "%s: everybody may write it", owner);
	else if (d->group != NO_GROUP && (st.st_gid != d->group || !(st.st_mode & S_IRGRP)) && !(st.st_mode & S_IROTH))
		doctor_tell(d, DOCTOR_FAIL, what,
			    "start its writer again: it gives it to the group that ipsecmon.conf has then",
			    "%s: the group '%s' cannot read it", owner, d->cli->conf->group);
	else if (st.st_mode & S_IROTH)
		doctor_tell(d, DOCTOR_WARN, what, "chmod o-r it, if that is not for everybody to know",
			    "%s: everybody can read who your peers are", owner);
	else
		doctor_tell(d, DOCTOR_OK, what, NULL, "%s", owner);
}

static void
look_at_room(struct doctor *d, const char *what, const struct ipm_segment *seg)
{
	struct ipm_totals totals;
	if (ipm_totals_read(seg, &totals) == 0 && totals.records_refused)
		doctor_tell(d, DOCTOR_WARN, what, "raise capacity in ipsecmon.conf, and start ipsecmond again",
			    "%" PRIu64 " records found no room, and are not shown", totals.records_refused);
}

/* A configuration that names a feed has only those that it names. */
#define START_CHARON                                                                                         \
	"start strongSwan with its plugin vici (package strongswan-swanctl), or say where its socket is: "   \
	"feed vici { socket = ... }; without strongSwan write feed xfrm { } and feed ikewatch { } into the " \
	"configuration, and no feed vici"

static const char *
feed_advice(const struct ipm_feed *feed)
{
	if (strcmp(feed->name, "vici") == 0)
		return START_CHARON;
	if (strcmp(feed->name, "error-notify") == 0)
		return "have charon load its plugin error-notify (package libcharon-extra-plugins); without it "
		       "failures "
		       "have no reason";
	if (strncmp(feed->name, "xfrm", 4) == 0)
		return "it wants a kernel with XFRM, and CAP_NET_ADMIN; CAP_SYS_ADMIN too for another network "
		       "namespace";
	if (strncmp(feed->name, "ikewatch", 8) == 0)
		return "it wants CAP_NET_RAW, to open its capture; without it IKE messages are not counted";
	return "its source, or the log of its writer, says more";
}

/* Those that tell more of what others know, and nothing without them. */
static bool
only_adds(const struct ipm_feed *feed)
{
	return strcmp(feed->name, "error-notify") == 0 || strncmp(feed->name, "ikewatch", 8) == 0;
}

/* Down for no other reason than that charon is not there, which is a finding of its own. */
static bool
wants_charon(const struct doctor *d, const struct ipm_feed *feed)
{
	const struct conf *conf = d->cli->conf;
	return d->charon && feed->state != IPM_FEED_UP &&
	       (strncmp(feed->source, conf->vici.socket, sizeof(feed->source)) == 0 ||
		strncmp(feed->source, conf->vici.error_socket, sizeof(feed->source)) == 0);
}

/* One that is down may be one that nobody needs, as long as another is up. */
static void
look_at_feed(struct doctor *d, const struct ipm_feed *feed, bool another)
{
	char what[IPM_NAME_MAX + 8], age[OUT_AGE_MAX];
	uint64_t now = ipm_now_ns();
	uint64_t late = now > feed->updated_ns ? now - feed->updated_ns : 0;

	snprintf(what, sizeof(what), "feed %.*s", IPM_NAME_MAX, feed->name);
	if (feed->state != IPM_FEED_UP)
		doctor_tell(d, another || only_adds(feed) ? DOCTOR_WARN : DOCTOR_FAIL, what, feed_advice(feed),
			    "down, %s: %.*s", out_since(now, feed->since_ns, age), IPM_TEXT_MAX,
			    feed->error[0] ? feed->error : "it has not said why");
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
	uint32_t used = ipm_segment_used(seg, IPM_FEEDS);
	struct ipm_feed feed;
	bool up = false;

	for (uint32_t slot = 0; slot < used; slot++)
		up |= ipm_feed_read(seg, slot, &feed) == 0 && feed.state == IPM_FEED_UP && !only_adds(&feed);
	for (uint32_t slot = 0; slot < used; slot++) {
		if (ipm_feed_read(seg, slot, &feed) < 0)
			continue;
		if (wants_charon(d, &feed))
			d->charon_alone |= !up;
		else
			look_at_feed(d, &feed, up);
	}
}

/* False: it cannot be asked for anything. */
static bool
look_at_control(struct doctor *d, const struct ipm_segment *seg)
{
	char answer[CONTROL_LINE_MAX], path[IPM_TEXT_MAX];
	struct stat st;

	if (!ipm_segment_control(seg, path)[0])
		return false;
	int rc = control_request(path, "ping", answer, sizeof(answer));
	bool allowed = rc != -EACCES && !(rc == -EREMOTEIO && strcmp(answer, "not allowed") == 0);
	if (rc == 0 && d->group != NO_GROUP && stat(path, &st) == 0 &&
	    (st.st_gid != d->group || (st.st_mode & 060) != 060))
		doctor_tell(d, DOCTOR_FAIL, "control socket",
			    "start ipsecmond again: it gives it to the group that ipsecmon.conf has then",
			    "%s: not for the group '%s'", path, d->cli->conf->group);
	else if (rc == 0)
		doctor_tell(d, DOCTOR_OK, "control socket", NULL, "%s answers", path);
	else if (!allowed)
		doctor_tell(d, DOCTOR_WARN, "control socket", "the agent's user must be in the group; you need not",
			    "%s: you may not use it", path);
	else
		doctor_tell(d, DOCTOR_FAIL, "control socket", START_IT, "%s: %s", path, answer);
	return true;
}

/* What agents say of themselves comes through the control socket: those who may not use it are not heard. */
static void
look_at_agents(struct doctor *d, const struct ipm_segment *seg, unsigned *heard)
{
	uint32_t used = ipm_segment_used(seg, IPM_AGENTS);
	struct ipm_agent agent;
	char age[OUT_AGE_MAX];
	uint64_t now = ipm_now_ns();

	for (uint32_t slot = 0; slot < used; slot++) {
		if (ipm_agent_read(seg, slot, &agent) < 0)
			continue;
		++*heard;
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

/* @p firsts of the segments before it: of two that count from the same number, SNMP serves one row of each index. */
static void
look_at_indexes(struct doctor *d, const char *what, const struct ipm_segment *seg, uint32_t *firsts, int count)
{
	uint32_t first = ipm_segment_index_first(seg);

	for (int i = 0; i < count; i++)
		if (firsts[i] == first)
			doctor_tell(d, DOCTOR_FAIL, what,
				    "give one of them another: engine { first-index = ... }, and start it again",
				    "it counts tunnels from %" PRIu32
				    ", as another segment does: of two with the same index only one is served",
				    first);
	firsts[count] = first;
}

static const char *
attach_advice(int rc)
{
	switch (rc) {
	case -EACCES:
		return "adduser YOU GROUP, and log in again; if you are in it: group in ipsecmon.conf, and start its "
		       "writer again";
	case -ESTALE:
		return START_IT;
	default:
		return "start its writer again, of the same version as this program; it puts a new one in its place";
	}
}

static void
look_at_segments(struct doctor *d)
{
	struct dirent **entry = NULL;
	int n = scandir(d->cli->conf->run_dir, &entry, cli_is_segment, alphasort);
	unsigned heard = 0, asked = 0;
	uint32_t *firsts = n > 0 ? calloc((size_t)n, sizeof(*firsts)) : NULL;
	int count = 0;

	if (n <= 0)
		doctor_tell(d, DOCTOR_FAIL, "segments", START_IT "; the same -c FILE for all programs",
			    "none in %s: ipsecmond does not run, or it has another run-dir", d->cli->conf->run_dir);
	for (int i = 0; i < n; i++) {
		char *path = conf_run_path(d->cli->conf, entry[i]->d_name), what[300];
		struct ipm_error error = { "out of memory" };
		struct ipm_segment *seg = NULL;
		int rc = path ? ipm_segment_attach(&seg, path, &error) : -ENOMEM;
		snprintf(what, sizeof(what), "segment %s", entry[i]->d_name);
		if (rc < 0) {
			doctor_tell(d, DOCTOR_FAIL, what, attach_advice(rc), "%s", error.text);
		} else {
			look_at_rights(d, what, path);
			look_at_writer(d, what, seg);
			look_at_room(d, what, seg);
			if (firsts)
				look_at_indexes(d, what, seg, firsts, count++);
			look_at_feeds(d, seg);
			asked += look_at_control(d, seg);
			look_at_agents(d, seg, &heard);
		}
		ipm_segment_close(seg);
		free(path);
		free(entry[i]);
	}
	free(entry);
	free(firsts);
	if (heard == 0 && asked > 0)
		doctor_tell(
			d, DOCTOR_FAIL, "agent",
			"start it: systemctl start ipsecmon-agentx; if it runs, its user is not in the group, or snmpd "
			"does not let it in: journalctl -u ipsecmon-agentx",
			"none has said that it is connected to snmpd");
}

/* ---- charon ---- */

/* Before the feeds are looked at: 0 or an errno. */
static int
charon_try(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr.sun_path))
		return ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = fd >= 0 && connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0 ? 0 : errno;
	if (fd >= 0)
		close(fd);
	/* A queue that is full, and a user who may not: somebody is there. */
	return rc == EAGAIN || rc == EACCES ? 0 : rc;
}

static void
look_at_charon(struct doctor *d)
{
	const char *path = d->cli->conf->vici.socket;
	char owner[DOCTOR_OWNER_MAX];
	struct stat st;

	if (!d->cli->conf->vici.enabled)
		return;
	if (d->charon == ENOENT || stat(path, &st) < 0) {
		doctor_tell(d, d->charon_alone ? DOCTOR_FAIL : DOCTOR_WARN, "charon", START_CHARON, "%s: %s", path,
			    strerror(d->charon ? d->charon : errno));
		return;
	}
	doctor_owner(&st, owner);
	if (st.st_mode & S_IWOTH)
		doctor_tell(d, DOCTOR_FAIL, "charon", "chmod o-w it, and look into strongswan.conf for who did that",
			    "%s (%s): everybody can control charon", path, owner);
	else if (d->charon)
		doctor_tell(d, DOCTOR_FAIL, "charon", "it is left from a charon that has died: start strongSwan",
			    "%s (%s): %s", path, owner, strerror(d->charon));
	else if (access(path, W_OK) == 0)
		doctor_tell(d, DOCTOR_OK, "charon", NULL, "%s (%s) can be connected to", path, owner);
	else
		doctor_tell(d, DOCTOR_OK, "charon", NULL, "%s (%s) is there; you may not connect, and need not", path,
			    owner);
}

void
cmd_check(struct cli *cli, const struct cmd_match *match)
{
	struct doctor d = { .cli = cli, .findings = cli->json ? json_array() : NULL, .group = NO_GROUP };
	struct conf *conf = look_at_conf(&d);

	(void)match;
	if (conf) {
		d.charon = conf->vici.enabled ? charon_try(conf->vici.socket) : 0;
		if (look_at_run_dir(&d))
			look_at_segments(&d);
		look_at_charon(&d);
		doctor_agentx(&d);
		doctor_views(&d);
		cli->conf = NULL;
		conf_free(conf);
	}
	if (cli->json) {
		json_t *all = json_object();
		out_json_u64(all, "schema", CLI_SCHEMA);
		out_json_bool(all, "ok", d.count[DOCTOR_FAIL] == 0);
		json_object_set_new(all, "findings", d.findings);
		json_dumpf(all, cli->out, JSON_INDENT(1));
		fputc('\n', cli->out);
		json_decref(all);
	} else {
		fprintf(cli->out, "%u ok, %u warnings, %u failed\n", d.count[DOCTOR_OK], d.count[DOCTOR_WARN],
			d.count[DOCTOR_FAIL]);
	}
	if (d.count[DOCTOR_FAIL])
		cli->status = 1;
}
