/* SPDX-License-Identifier: ISC */
#include "place.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"

#define AGENTS_MAX        16
#define EVENTS_PER_TUNNEL 4 /* when all start at once, each causes this many: for its entry, IKE SA, tunnel and end */
#define EVENTS_ANYWAY     4096
#define REFUSED_REST_NS   60000000000u

bool
place_group(const struct conf *conf, gid_t *out)
{
	*out = PLACE_NO_GROUP;
	if (!conf->group[0])
		return true;
	const struct group *group = getgrnam(conf->group);
	if (!group) {
		log_error("group: there is no group '%s' on this machine", conf->group);
		return false;
	}
	*out = group->gr_gid;
	return true;
}

bool
place_run_dir(const struct conf *conf, gid_t group)
{
	const char *dir = conf->run_dir;
	if (mkdir(dir, 0750) < 0) {
		if (errno == EEXIST)
			return true;
		log_error("%s: %s", dir, strerror(errno));
		return false;
	}
	if (group != PLACE_NO_GROUP && chown(dir, (uid_t)-1, group) < 0) {
		log_error("%s: cannot be given to the group %s: %s", dir, conf->group, strerror(errno));
		return false;
	}
	return true;
}

bool
place_segment(struct ipm_writer **out, const struct conf *conf, gid_t group, struct ipm_writer_options opt)
{
	struct ipm_error err;

	opt.mode = 0600; /* private until the group is set */
	opt.capacity.tunnels = opt.capacity.maps = conf->capacity.tunnels;
	opt.capacity.sas = opt.capacity.selectors = opt.capacity.access = conf->capacity.sas;
	opt.capacity.sessions = opt.capacity.ike_sas;
	opt.capacity.history = conf->capacity.history;
	opt.capacity.failures = conf->capacity.failures;
	opt.capacity.agents = AGENTS_MAX;
	opt.capacity.events = EVENTS_ANYWAY + conf->capacity.tunnels * EVENTS_PER_TUNNEL;
	if (ipm_writer_open(out, &opt, &err) < 0) {
		log_error("%s", err.text);
		return false;
	}
	if (err.text[0])
		log_warn("%s", err.text);
	/*
	 * Always set group and mode: a segment taken over from an earlier run may have those of another configuration.
	 */
	if (chown(opt.path, (uid_t)-1, group) == 0 && chmod(opt.path, group == PLACE_NO_GROUP ? 0600 : 0640) == 0)
		return true;
	log_error("%s: cannot be given to the group: %s", opt.path, strerror(errno));
	return false;
}

void
place_log_refused(const struct ipm_writer *w, struct place_refusals *r)
{
	struct ipm_totals totals;
	struct ipm_error why;
	uint64_t now = ipm_now_ns();

	if (ipm_totals_read(ipm_writer_segment(w), &totals) < 0)
		return;
	bool more = totals.records_refused > r->seen, begins = more && !r->on;
	r->seen = totals.records_refused;
	r->on = more;
	if (!begins || (r->told_ns && now - r->told_ns < REFUSED_REST_NS) || !ipm_writer_refused(w, &why))
		return;
	r->told_ns = now;
	log_warn("some records are not shown: %s", why.text);
}
