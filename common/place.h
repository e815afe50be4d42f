/* SPDX-License-Identifier: ISC */
/**
 * @file place.h  Where a daemon keeps its segment, and who may read it: run-dir, group and capacities of the
 * configuration.
 *
 * Errors:    false, when it has been logged what is wrong.
 */
#ifndef PLACE_H
#define PLACE_H

#include <sys/types.h>

#include "conf.h"
#include "ipm_writer.h"

#define PLACE_NO_GROUP ((gid_t)-1)

/** The group of those who may read and ask: PLACE_NO_GROUP when the configuration has none. */
bool place_group(const struct conf *conf, gid_t *out);

/** The run directory is made, for this group, if it is not there; how wide it is open then is for whoever made it to
 * say. */
bool place_run_dir(const struct conf *conf, gid_t group);

/**
 * Open a segment for writing, readable for the group.
 *
 * @param opt  with what the configuration does not say: path, name, control, and those capacities that are the
 * program's own (ike_sas, feeds, interfaces, engines, lanes)
 */
bool place_segment(struct ipm_writer **out, const struct conf *conf, gid_t group, struct ipm_writer_options opt);

/** Refused records that were noticed so far. */
struct place_refusals {
	uint64_t seen, told_ns;
	bool on;
};

/**
 * Log that records were refused since the last call, and why: when it begins, and once a minute at most. To be called
 * after all SAs were looked at.
 */
void place_log_refused(const struct ipm_writer *w, struct place_refusals *r);

#endif
