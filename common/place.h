/* SPDX-License-Identifier: ISC */
/**
 * @file place.h  Open a daemon's segment as the configuration says: run-dir, group and capacities.
 *
 * Errors:    false; the error was logged.
 */
#ifndef PLACE_H
#define PLACE_H

#include <sys/types.h>

#include "conf.h"
#include "ipm_writer.h"

#define PLACE_NO_GROUP ((gid_t)-1)

/** The configured group, whose members may read segments and send requests; PLACE_NO_GROUP: none is configured. */
bool place_group(const struct conf *conf, gid_t *out);

/** Create the run directory for this group, if it does not exist. The mode of an existing one stays. */
bool place_run_dir(const struct conf *conf, gid_t group);

/**
 * Open a segment for writing, readable for the group.
 *
 * @param opt  what the configuration does not set: path, name, control, and the program's own capacities (ike_sas,
 *             feeds, interfaces, engines, lanes)
 */
bool place_segment(struct ipm_writer **out, const struct conf *conf, gid_t group, struct ipm_writer_options opt);

/** Refused records that were logged so far. */
struct place_refusals {
	uint64_t seen, told_ns;
	bool on;
};

/**
 * Log that records were refused since the last call, and why: at once, then at most once a minute. Call it after each
 * round over all SAs.
 */
void place_log_refused(const struct ipm_writer *w, struct place_refusals *r);

#endif
