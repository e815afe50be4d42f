/* SPDX-License-Identifier: ISC */
/**
 * @file mib_set.h  What can be SET: switches of the agent's own, and requests to the writer of a segment.
 *
 * A SET is tested as a whole, then done as a whole, and what was done of one that failed is undone. The errors of
 * a test are those of RFC 3416, 4.2.5, in the order that it gives:
 *   notWritable    the column is read-only or does not exist; it closes SAs, and allow-destroy is off
 *   wrongType, wrongLength, wrongValue (out of range, more than a ring holds, active(1) for a row's status)
 *   noCreation     there is no such row
 *   notWritable    the row's segment has no writer that could be asked
 * What fails while it is being done is commitFailed; what cannot be taken back then is undoFailed.
 *
 * Threads:   the one of the struct mib.
 */
#ifndef MIB_SET_H
#define MIB_SET_H

#include <sys/types.h>

#include "mib_table.h"

#define MIB_NOTIFICATIONS 13 /* of CISCO-IPSEC-FLOW-MONITOR-MIB */

/** The agent's own settings, in the MIBs' numbers: enabled(1), disabled(2). They outlive a restart. */
struct mib_controls {
	uint32_t notify[MIB_NOTIFICATIONS]; /* cipSecTrapCntl* */
	uint32_t cips[7];                   /* cipsCntl* */
	uint32_t engine[4];                 /* ccaNotifCntl*; true(1), false(2) */
	uint32_t own[2];                    /* ipsecmonNotify* */
};
#define MIB_CONTROLS (sizeof(struct mib_controls) / sizeof(uint32_t))
extern struct mib_controls mib_controls;

extern const struct mib_setter mib_set_notify;
extern const struct mib_setter mib_set_history_size, mib_set_failure_size, mib_set_check_point;
extern const struct mib_setter mib_set_ike_status, mib_set_tunnel_status;

#define MIB_SET_SEGMENTS 64

struct mib_set_options {
	const char *state_path; /* where mib_controls is kept; must outlive all */
	gid_t group;            /* whose members may use its directory; (gid_t)-1: the owner only */
	bool allow_destroy;
};

/** Read what was kept, if anything was. Call it once, before the first request. */
void mib_set_open(const struct mib_set_options *opt);

/** The segments that are served from now on: sizes and check points are for all that have a control socket. */
void mib_set_serve(const struct ipm_segment *const *segs, unsigned count);

/** SNMP error statuses (RFC 3416) that a SET can end in. */
enum mib_error {
	MIB_NO_ERROR = 0,
	MIB_WRONG_TYPE = 7,
	MIB_WRONG_LENGTH = 8,
	MIB_WRONG_VALUE = 10,
	MIB_NO_CREATION = 11,
	MIB_COMMIT_FAILED = 14,
	MIB_UNDO_FAILED = 15,
	MIB_NOT_WRITABLE = 17,
};

/** One variable of a SET, from its test until it is done or undone. */
struct mib_write {
	const mib_subid *name; /* the caller's */
	size_t len;
	uint8_t type;      /* as it came; enum mib_type */
	bool length_right; /* of the value, for its type */
	int64_t value;     /* of an INTEGER */
	/* Ours. */
	bool done;
	int32_t before;
	unsigned serving; /* which segments, when it was done */
	uint32_t sizes[MIB_SET_SEGMENTS];
};

/** Could it be done? Call mib_request() before each of these three. */
enum mib_error mib_write_test(struct mib *mib, const struct mib_write *write);

/**
 * Do all of them, those that cannot be undone after those that can. MIB_NO_ERROR, or MIB_COMMIT_FAILED with the
 * number of the one that failed in *which; then mib_write_undo() is to be called.
 */
enum mib_error mib_write_commit(struct mib *mib, struct mib_write *const *writes, size_t count, size_t *which);

/** Undo what was done, in the opposite order. MIB_NO_ERROR, or MIB_UNDO_FAILED when something had to stay done. */
enum mib_error mib_write_undo(struct mib *mib, struct mib_write *const *writes, size_t count, size_t *which);

#endif
