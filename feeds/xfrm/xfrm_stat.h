/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_stat.h  /proc/net/xfrm_stat: the kernel's drop counters, and the reasons they stand for.
 *
 * Source:    the kernel's Documentation/networking/xfrm_proc.rst. A line that this list does not have is counted as
 *            IPM_DROP_OTHER, of the direction that its name begins with, so that no drop is lost with a newer kernel.
 * Late:      the kernel checks policy, removes the inner header and encrypts after the SA has counted the packet. The
 *            line only says that it failed, and for policy not even whether an SA was involved. A packet counts once,
 *            so these are ipm_totals' fails_in and fails_out, not drops.
 * Units:     packets since the network namespace was made.
 * Threads:   no state.
 */
#ifndef XFRM_STAT_H
#define XFRM_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipm_types.h"

/**
 * The lines. A line keeps its place for good, because counts by place outlive a version (struct xfrm_kept): new ones go
 * to the end. IN_UNKNOWN and OUT_UNKNOWN collect lines that the list doesn't have, by the word they begin with.
 */
#define XFRM_STATS(X)                                                             \
	X(IN_ERROR, "XfrmInError", IPM_IN, IPM_DROP_OTHER, false)                 \
	X(IN_BUFFER, "XfrmInBufferError", IPM_IN, IPM_DROP_CAPACITY, false)       \
	X(IN_HEADER, "XfrmInHdrError", IPM_IN, IPM_DROP_MALFORMED, false)         \
	X(IN_NO_STATES, "XfrmInNoStates", IPM_IN, IPM_DROP_NO_SA, false)          \
	X(IN_PROTO, "XfrmInStateProtoError", IPM_IN, IPM_DROP_CRYPT, false)       \
	X(IN_MODE, "XfrmInStateModeError", IPM_IN, IPM_DROP_POLICY, true)         \
	X(IN_SEQ, "XfrmInStateSeqError", IPM_IN, IPM_DROP_REPLAY, false)          \
	X(IN_EXPIRED, "XfrmInStateExpired", IPM_IN, IPM_DROP_EXPIRED, false)      \
	X(IN_MISMATCH, "XfrmInStateMismatch", IPM_IN, IPM_DROP_POLICY, true)      \
	X(IN_INVALID, "XfrmInStateInvalid", IPM_IN, IPM_DROP_EXPIRED, false)      \
	X(IN_TMPL, "XfrmInTmplMismatch", IPM_IN, IPM_DROP_POLICY, true)           \
	X(IN_NO_POLICY, "XfrmInNoPols", IPM_IN, IPM_DROP_POLICY, true)            \
	X(IN_BLOCK, "XfrmInPolBlock", IPM_IN, IPM_DROP_POLICY, true)              \
	X(IN_POLICY, "XfrmInPolError", IPM_IN, IPM_DROP_POLICY, true)             \
	X(OUT_ERROR, "XfrmOutError", IPM_OUT, IPM_DROP_OTHER, false)              \
	X(OUT_BUNDLE, "XfrmOutBundleGenError", IPM_OUT, IPM_DROP_OTHER, false)    \
	X(OUT_CHECK, "XfrmOutBundleCheckError", IPM_OUT, IPM_DROP_OTHER, false)   \
	X(OUT_NO_STATES, "XfrmOutNoStates", IPM_OUT, IPM_DROP_NO_SA, false)       \
	X(OUT_PROTO, "XfrmOutStateProtoError", IPM_OUT, IPM_DROP_CRYPT, true)     \
	X(OUT_MODE, "XfrmOutStateModeError", IPM_OUT, IPM_DROP_POLICY, false)     \
	X(OUT_SEQ, "XfrmOutStateSeqError", IPM_OUT, IPM_DROP_SEQUENCE, false)     \
	X(OUT_EXPIRED, "XfrmOutStateExpired", IPM_OUT, IPM_DROP_EXPIRED, false)   \
	X(OUT_BLOCK, "XfrmOutPolBlock", IPM_OUT, IPM_DROP_POLICY, false)          \
	X(OUT_DEAD, "XfrmOutPolDead", IPM_OUT, IPM_DROP_POLICY, false)            \
	X(OUT_POLICY, "XfrmOutPolError", IPM_OUT, IPM_DROP_POLICY, false)         \
	X(FWD_HEADER, "XfrmFwdHdrError", IPM_IN, IPM_DROP_MALFORMED, false)       \
	X(OUT_INVALID, "XfrmOutStateInvalid", IPM_OUT, IPM_DROP_EXPIRED, false)   \
	X(ACQUIRE, "XfrmAcquireError", IPM_IN, IPM_DROP_NOT_UP, false)            \
	X(OUT_DIRECTION, "XfrmOutStateDirError", IPM_OUT, IPM_DROP_POLICY, false) \
	X(IN_DIRECTION, "XfrmInStateDirError", IPM_IN, IPM_DROP_POLICY, false)    \
	X(IN_IPTFS, "XfrmInIptfsError", IPM_IN, IPM_DROP_MALFORMED, true)         \
	X(OUT_QUEUE, "XfrmOutNoQueueSpace", IPM_OUT, IPM_DROP_CAPACITY, false)    \
	X(IN_UNKNOWN, "XfrmIn", IPM_IN, IPM_DROP_OTHER, false)                    \
	X(OUT_UNKNOWN, "Xfrm", IPM_OUT, IPM_DROP_OTHER, false)

enum xfrm_stat {
#define XFRM_STAT_ENUM(name, text, direction, reason, late) XFRM_STAT_##name,
	XFRM_STATS(XFRM_STAT_ENUM)
#undef XFRM_STAT_ENUM
		XFRM_STAT_COUNT
};

struct xfrm_stat_line {
	const char *text;
	uint8_t direction; /* enum ipm_direction */
	uint8_t reason;    /* enum ipm_drop */
	bool late;         /* an SA may have counted the packet before: it does not count as dropped */
};
extern const struct xfrm_stat_line xfrm_stat_lines[XFRM_STAT_COUNT];

/** The line that collects this one in a version that does not know it. */
enum xfrm_stat xfrm_stat_collector(enum xfrm_stat line);

/**
 * Parse the text of the file: a name and a number per line, in any order. Missing lines are 0.
 *
 * Errors:    -EBADMSG: a line is something else; @p out has the others.
 */
int xfrm_stat_parse(const char *text, size_t len, uint64_t out[XFRM_STAT_COUNT]);

#endif
