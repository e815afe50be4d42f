/* SPDX-License-Identifier: ISC */
/* ipsecmon-agentx: serve the segments over SNMP. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "control.h"
#include "daemon.h"
#include "mib_agentx.h"
#include "mib_health.h"
#include "mib_set.h"
#include "mib_table.h"
#include "views.h"
#include "service.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif
#define SEGMENTS_MAX   MIB_SET_SEGMENTS
#define STATE_FILE     "agentx.state"
#define SECRET_FILE    "users.secret"

#define UNREAD_REST_NS 60000000000u /* between two warnings about records that cannot be read */

static volatile sig_atomic_t stop;

struct server {
	const struct conf *conf;
	struct mib *mib;
	struct mib_notify *notify;
	struct mib_notify_stats reported; /* the last report to the writers */
	uint64_t reported_ns;             /* time of the last report; 0: no report to a writer yet */
	uint64_t report_ns;               /* earliest time of the next report */
	struct ipm_segment *segs[SEGMENTS_MAX];
	unsigned count;
	struct ipm_segment *damaged[SEGMENTS_MAX]; /* not served; kept until their files are replaced */
	uint32_t damaged_by[SEGMENTS_MAX];         /* the writers at that time: another writer may repair them */
	unsigned damaged_count;
	uint64_t unread, unread_ns; /* failed reads of all segments, and the time of the last warning */
	char last_warning[sizeof(((struct ipm_error *)0)->text)]; /* log the same warning once */
};

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void
warn_once(struct server *server, const char *text)
{
	if (strcmp(server->last_warning, text) != 0)
		log_warn("%s", text);
	snprintf(server->last_warning, sizeof(server->last_warning), "%s", text);
}

static int
is_segment(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);
	return entry->d_name[0] != '.' && len > 6 && strcmp(entry->d_name + len - 6, ".model") == 0;
}

static bool
is_among(struct ipm_segment *const *segs, unsigned count, const char *path)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(ipm_segment_path(segs[i]), path) == 0)
			return true;
	return false;
}

static bool
is_attached(const struct server *server, const char *path)
{
	return is_among(server->segs, server->count, path) || is_among(server->damaged, server->damaged_count, path);
}

/* Drop segments that were replaced or removed, and stop serving damaged ones. */
static bool
detach_stale(struct server *server, struct ipm_segment **gone, unsigned *gone_count)
{
	unsigned kept = 0, kept_damaged = 0;
	bool changed = false;

	*gone_count = 0;
	for (unsigned i = 0; i < server->damaged_count; i++) {
		if (ipm_segment_stale(server->damaged[i]) ||
		    ipm_segment_writer(server->damaged[i]) != server->damaged_by[i]) {
			gone[(*gone_count)++] = server->damaged[i];
			continue;
		}
		server->damaged_by[kept_damaged] = server->damaged_by[i];
		server->damaged[kept_damaged++] = server->damaged[i];
	}
	server->damaged_count = kept_damaged;
	for (unsigned i = 0; i < server->count; i++) {
		struct ipm_error err;
		int state = ipm_segment_state(server->segs[i], &err);
		if (state < 0)
			log_error("%s", err.text);
		if (ipm_segment_stale(server->segs[i])) {
			gone[(*gone_count)++] = server->segs[i];
		} else if (state < 0) {
			server->damaged_by[server->damaged_count] = ipm_segment_writer(server->segs[i]);
			server->damaged[server->damaged_count++] = server->segs[i];
		} else {
			server->segs[kept++] = server->segs[i];
		}
	}
	changed = kept != server->count;
	server->count = kept;
	return changed;
}

/* Warn about records that could not be read and are missing in answers. */
static void
warn_of_unread(struct server *server)
{
	uint64_t unread = 0, now = ipm_now_ns();
	const struct ipm_segment *worst = NULL;

	for (unsigned i = 0; i < server->count; i++) {
		unread += ipm_segment_unread(server->segs[i]);
		if (!worst || ipm_segment_unread(server->segs[i]) > ipm_segment_unread(worst))
			worst = server->segs[i];
	}
	if (unread > server->unread && (server->unread_ns == 0 || now - server->unread_ns > UNREAD_REST_NS)) {
		log_warn("%s: records were left out of answers, %" PRIu64 " times so far: their writer is in the "
			 "middle of them, or died there",
			 ipm_segment_path(worst), ipm_segment_unread(worst));
		server->unread_ns = now;
		server->unread = unread;
	} else if (unread < server->unread) {
		server->unread = unread; /* a segment has disappeared */
	}
}

/* Warn about a second segment with the same first index: if rows have the same index, only the first is served. */
static void
warn_of_indexes(const struct server *server, const struct ipm_segment *seg)
{
	uint32_t first = ipm_segment_index_first(seg);
	char name[IPM_NAME_MAX], other[IPM_NAME_MAX];

	for (unsigned i = 0; i < server->count; i++) {
		if (ipm_segment_index_first(server->segs[i]) == first)
			log_warn("%s and %s both count tunnels from %" PRIu32 ": of two with the same index only one "
				 "is served; give one of them another first-index and a new segment",
				 ipm_segment_name(server->segs[i], other), ipm_segment_name(seg, name), first);
	}
}

static bool
attach_new(struct server *server)
{
	struct dirent **names = NULL;
	bool changed = false;
	int n = scandir(server->conf->run_dir, &names, is_segment, alphasort);

	if (n < 0) {
		struct ipm_error err;
		snprintf(err.text, sizeof(err.text), "%s: %s", server->conf->run_dir, strerror(errno));
		warn_once(server, err.text);
		return false;
	}
	for (int i = 0; i < n; i++) {
		char *path = conf_run_path(server->conf, names[i]->d_name);
		struct ipm_error err;
		free(names[i]);
		if (path && server->count + server->damaged_count < SEGMENTS_MAX && !is_attached(server, path)) {
			if (ipm_segment_attach(&server->segs[server->count], path, &err) == 0) {
				log_info("serving %s", path);
				warn_of_indexes(server, server->segs[server->count]);
				server->count++;
				changed = true;
			} else {
				warn_once(server, err.text);
			}
		}
		free(path);
	}
	free(names);
	return changed;
}

/* Attach new segments and drop those that were replaced or removed. This can happen at any time. */
static void
refresh_segments(void *arg)
{
	struct server *server = arg;
	struct ipm_segment *gone[SEGMENTS_MAX];
	unsigned gone_count;
	bool changed = detach_stale(server, gone, &gone_count);

	changed |= attach_new(server);
	if (changed && mib_serve(server->mib, (const struct ipm_segment *const *)server->segs, server->count) < 0) {
		warn_once(server, "out of memory");
		server->count = 0; /* serve nothing until the next tick */
		mib_set_serve(NULL, 0);
		mib_notify_serve(server->notify, NULL, 0);
		return;
	}
	if (changed) {
		mib_set_serve((const struct ipm_segment *const *)server->segs, server->count);
		mib_notify_serve(server->notify, (const struct ipm_segment *const *)server->segs, server->count);
	}
	if (changed && server->count) {
		server->last_warning[0] = '\0';
		server->reported_ns = 0;
	}
	for (unsigned i = 0; i < gone_count; i++)
		ipm_segment_close(gone[i]);
	warn_of_unread(server);
}

/* The group that gets the state directory if we create it. */
static gid_t
group_id(const struct conf *conf)
{
	const struct group *group = conf->group[0] ? getgrnam(conf->group) : NULL;
	return group ? group->gr_gid : (gid_t)-1;
}

/*
 * Reports to the writers: notification counts at most once a second, for `ipsecmon show notifications'. While there is
 * a master, one report a minute also shows `ipsecmon check' that the agent is alive. After a writer doesn't answer, the
 * next report comes later.
 */
#define REPORT_NS       1000000000u
#define REPORT_ALIVE_NS 60000000000u
#define REPORT_LIMIT_MS 200
#define REPORT_REST_NS  30000000000u

static void
report_to_writers(struct server *server)
{
	struct mib_notify_stats stats = mib_notify_stats(server->notify);
	char request[CONTROL_LINE_MAX], answer[CONTROL_LINE_MAX];
	uint64_t now = ipm_now_ns();

	bool same = memcmp(&stats, &server->reported, sizeof(stats)) == 0;
	if (now < server->report_ns || (same && server->reported_ns && now - server->reported_ns < REPORT_ALIVE_NS))
		return;
	snprintf(request, sizeof(request), "agent ipsecmon-agentx %ld %llu %llu %llu %llu", (long)getpid(),
		 (unsigned long long)stats.sent, (unsigned long long)stats.suppressed,
		 (unsigned long long)stats.disabled, (unsigned long long)stats.waiting);
	if (stats.suppressed > server->reported.suppressed)
		log_warn("%llu notifications were suppressed so far: events came faster than notify-rate for too long",
			 (unsigned long long)stats.suppressed);
	server->reported = stats;
	server->reported_ns = now;
	server->report_ns = now + REPORT_NS;
	for (unsigned i = 0; i < server->count; i++) {
		char control[IPM_TEXT_MAX];
		if (ipm_segment_control(server->segs[i], control)[0] &&
		    control_request_within(control, request, REPORT_LIMIT_MS, answer, sizeof(answer)) < 0) {
			server->report_ns = now + REPORT_REST_NS;
			server->reported_ns = 0;
		}
	}
}

static void
update_health(const struct server *server)
{
	struct mib_notify_stats stats = mib_notify_stats(server->notify);
	mib_health.sent = stats.sent;
	mib_health.suppressed = stats.suppressed;
	mib_health.disabled = stats.disabled;
	mib_health.waiting = stats.waiting < UINT32_MAX ? (uint32_t)stats.waiting : UINT32_MAX;
	mib_health.segments = server->count;
}

/* Runs ten times a second: tell systemd that we are alive, and send notifications while there is a master. */
static void
poll_notifications(void *arg)
{
	struct server *server = arg;
	service_alive();
	update_health(server);
	if (!agentx_connected())
		return;
	uint64_t sent = mib_notify_stats(server->notify).sent;
	mib_notify_poll(server->notify);
	if (mib_notify_stats(server->notify).sent != sent)
		agentx_flush();
	report_to_writers(server);
}

static void
handle_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal }; /* no SA_RESTART: poll() must return */
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	ipm_segment_guard();
}

/* Returns 0 after a signal, or a negative errno. */
static int
serve(struct server *server, const char *state_path, const char *secret_path)
{
	const struct conf *conf = server->conf;
	struct agentx_options agentx = {
		.socket = conf->agentx.socket,
		.modules = mib_modules,
		.module_count = MIB_MODULES,
		.tick = refresh_segments,
		.tick_arg = server,
		.poll = poll_notifications,
		.poll_arg = server,
	};
	server->mib = mib_new(mib_views, mib_view_count);
	server->notify = mib_notify_new(conf->agentx.notify_rate, server->mib, agentx_notify, NULL);
	if (!server->mib || !server->notify || !state_path || !secret_path)
		return -ENOMEM;
	mib_show_old(server->mib, conf->agentx.old_failures);
	struct mib_peers as = { .by_address = conf->agentx.peer_value, .name = conf->agentx.peer_name };
	users_open(&as.users, (enum users_shown)conf->users, secret_path, group_id(conf));
	mib_show_peers(server->mib, as);
	mib_set_open(server->mib, &(struct mib_set_options){ .state_path = state_path,
							     .group = group_id(conf),
							     .allow_destroy = conf->allow_destroy });
	return agentx_serve(server->mib, &agentx, &stop);
}

static void
server_close(struct server *server)
{
	mib_notify_free(server->notify);
	mib_free(server->mib);
	for (unsigned i = 0; i < server->count; i++)
		ipm_segment_close(server->segs[i]);
	for (unsigned i = 0; i < server->damaged_count; i++)
		ipm_segment_close(server->damaged[i]);
}

int
main(int argc, char **argv)
{
	struct daemon_options opt;
	struct server server = { 0 };
	char error[512];

	daemon_options(argc, argv, "ipsecmon-agentx", "Serve the IPsec state of this gateway over SNMP (AgentX).",
		       &opt);
	struct conf *conf = conf_load(opt.conf_file, error, sizeof(error));
	log_open("ipsecmon-agentx", true); /* configuration errors go to the terminal */
	if (!conf) {
		log_error("%s", error);
		return EXIT_FAILURE;
	}
	daemon_start(&opt);
	log_open("ipsecmon-agentx", opt.foreground);
	handle_signals();
	snprintf(mib_health.version, sizeof(mib_health.version), "%s", PACKAGE_VERSION);
	mib_health.started_ns = ipm_now_ns();

	char *state_path = conf_state_path(conf, STATE_FILE), *secret_path = conf_state_path(conf, SECRET_FILE);
	server.conf = conf;
	int rc = serve(&server, state_path, secret_path);
	if (rc < 0)
		log_error("cannot serve: %s", strerror(-rc));
	server_close(&server);
	free(state_path);
	free(secret_path);
	conf_free(conf);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
