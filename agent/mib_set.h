/* SPDX-License-Identifier: ISC */
/**
 * @file mib_set.h  SET: switches of the agent, and requests to the writers of segments.
 *
 * All variables of a SET are tested, then all are committed; if one fails, those before it are undone. A test fails
 * with the errors of RFC 3416, 4.2.5, in this order: notWritable    the column is read-only or doesn't exist; or it
 * closes SAs, and allow-destroy is off wrongType, wrongLength, wrongValue (out of range, more than a ring holds,
 * active(1) for a row's status) noCreation     the row doesn't exist notWritable    the writer of the row's segment
 * takes no requests A commit that fails is commitFailed; if it can't be undone either, undoFailed.
 *
 * Threads:   the one of the struct mib.
 */
#ifndef MIB_SET_H
#define MIB_SET_H

#include <sys/types.h>

#include "mib.h"

#define MIB_NOTIFICATIONS 13 /* of CISCO-IPSEC-FLOW-MONITOR-MIB */

/** The agent's own settings, in the MIBs' numbers. They outlive a restart. Switches are enabled(1), disabled(2). */
struct mib_controls {
	uint32_t notify[MIB_NOTIFICATIONS]; /* cipSecTrapCntl* */
	uint32_t cips[7];                   /* cipsCntl* */
	uint32_t engine[4];                 /* ccaNotifCntl*; true(1), false(2) */
	uint32_t own[4];                    /* ipsecmonNotify* */
	uint32_t ras[3];                    /* crasCntl*; true(1), false(2) */
	uint32_t ras_most[3];               /* crasThrMax*; 0: no threshold */
};
#define MIB_CONTROLS (sizeof(struct mib_controls) / sizeof(uint32_t))
extern struct mib_controls mib_controls;

extern const struct mib_setter mib_set_notify, mib_set_threshold, mib_set_threshold32;
extern const struct mib_setter mib_set_history_size, mib_set_failure_size, mib_set_check_point;
extern const struct mib_setter mib_set_ike_status, mib_set_tunnel_status, mib_set_session_state;

#define MIB_SET_SEGMENTS 64

struct mib_set_options {
	const char *state_path; /* the file that mib_controls is saved to; must outlive all SETs */
	gid_t group;            /* its members may use the file's directory; (gid_t)-1: only the owner may */
	bool allow_destroy;
};

/** Load the saved settings of the columns of @p mib. Call it once, before the first request. */
void mib_set_open(const struct mib *mib, const struct mib_set_options *opt);

/** Serve these segments from now on. Sizes and check points apply to all that have a control socket. */
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
	uint8_t type;      /* as received; enum mib_type */
	bool length_right; /* the value has the length of its type */
	int64_t value;     /* of an INTEGER */
	/* Ours. */
	bool done;
	int64_t before;
	unsigned serving; /* which segments were served when it was committed */
	uint32_t sizes[MIB_SET_SEGMENTS];
};

/** Test one variable. Call mib_request() before each of these three functions. */
enum mib_error mib_write_test(struct mib *mib, const struct mib_write *write);

/**
 * Commit all variables, those that cannot be undone last. MIB_NO_ERROR; or MIB_COMMIT_FAILED with the number of the
 * variable that failed in *which: then call mib_write_undo().
 */
enum mib_error mib_write_commit(struct mib *mib, struct mib_write *const *writes, size_t count, size_t *which);

/** Undo what was committed, in reverse order. MIB_NO_ERROR, or MIB_UNDO_FAILED with the variable in *which. */
enum mib_error mib_write_undo(struct mib *mib, struct mib_write *const *writes, size_t count, size_t *which);

#endif
