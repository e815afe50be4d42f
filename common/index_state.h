/* SPDX-License-Identifier: ISC */
/**
 * @file index_state.h  Indexes that are not assigned again after a reboot.
 *
 * The segment stores the next indexes, but it goes with the boot. So they are also in the state directory, and a new
 * segment starts from there. The stored ones are ahead of those in use, so that the file is written once for many
 * indexes; after a clean stop it is exact. A machine that crashes skips some.
 *
 * Threads:   one.
 */
#ifndef INDEX_STATE_H
#define INDEX_STATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "ipm_writer.h"

struct index_state {
	struct ipm_writer *writer;
	const char *path;
	gid_t group;
	uint32_t reserve;  /* how far the file is ahead: more indexes than may be assigned between two calls */
	uint32_t saved[3]; /* the next indexes when they were saved */
	bool failed;       /* it was logged that they can't be saved */
};

/**
 * Start the indexes of a new segment where those of the last boot ended, before the first record. A segment that was
 * taken over knows better.
 *
 * Ownership: @p path is the caller's, and lives as long as @p state.
 * Errors:    logged. Then indexes begin as in the segment.
 */
void index_state_open(struct index_state *state, struct ipm_writer *writer, const char *path, gid_t group);
/** Save them again if many have been assigned. Call it every second: it costs nothing otherwise. */
void index_state_keep(struct index_state *state);
/** Save them exactly: no index will be assigned any more. Nothing happens if @p state was not opened. */
void index_state_close(struct index_state *state);

#endif
