/* SPDX-License-Identifier: ISC */
/**
 * @file xfrm_stat.h  /proc/net/xfrm_stat: what the kernel has dropped, gateway-wide, and what it is called here.
 *
 * Source:    the kernel's Documentation/networking/xfrm_proc.rst. A line that this list does not have is counted as
 *            IPM_DROP_OTHER, of the direction that its name begins with, so that no drop is lost with a newer kernel.
 * Units:     packets since the network namespace was made.
 * Threads:   no state.
 */
#ifndef XFRM_STAT_H
#define XFRM_STAT_H

#include <stddef.h>
#include <stdint.h>

#include "ipm_types.h"

/** The lines, in the kernel's order; the last two gather what is not known. */
#define XFRM_STATS(X)                                                      \
	X(IN_ERROR, "XfrmInError", IPM_IN, IPM_DROP_OTHER)                 \
	X(IN_BUFFER, "XfrmInBufferError", IPM_IN, IPM_DROP_CAPACITY)       \
	X(IN_HEADER, "XfrmInHdrError", IPM_IN, IPM_DROP_MALFORMED)         \
	X(IN_NO_STATES, "XfrmInNoStates", IPM_IN, IPM_DROP_NO_SA)          \
	X(IN_PROTO, "XfrmInStateProtoError", IPM_IN, IPM_DROP_CRYPT)       \
	X(IN_MODE, "XfrmInStateModeError", IPM_IN, IPM_DROP_POLICY)        \
	X(IN_SEQ, "XfrmInStateSeqError", IPM_IN, IPM_DROP_REPLAY)          \
	X(IN_EXPIRED, "XfrmInStateExpired", IPM_IN, IPM_DROP_EXPIRED)      \
	X(IN_MISMATCH, "XfrmInStateMismatch", IPM_IN, IPM_DROP_POLICY)     \
	X(IN_INVALID, "XfrmInStateInvalid", IPM_IN, IPM_DROP_EXPIRED)      \
	X(IN_TMPL, "XfrmInTmplMismatch", IPM_IN, IPM_DROP_POLICY)          \
	X(IN_NO_POLICY, "XfrmInNoPols", IPM_IN, IPM_DROP_POLICY)           \
	X(IN_BLOCK, "XfrmInPolBlock", IPM_IN, IPM_DROP_POLICY)             \
	X(IN_POLICY, "XfrmInPolError", IPM_IN, IPM_DROP_POLICY)            \
	X(OUT_ERROR, "XfrmOutError", IPM_OUT, IPM_DROP_OTHER)              \
	X(OUT_BUNDLE, "XfrmOutBundleGenError", IPM_OUT, IPM_DROP_OTHER)    \
	X(OUT_CHECK, "XfrmOutBundleCheckError", IPM_OUT, IPM_DROP_OTHER)   \
	X(OUT_NO_STATES, "XfrmOutNoStates", IPM_OUT, IPM_DROP_NO_SA)       \
	X(OUT_PROTO, "XfrmOutStateProtoError", IPM_OUT, IPM_DROP_CRYPT)    \
	X(OUT_MODE, "XfrmOutStateModeError", IPM_OUT, IPM_DROP_POLICY)     \
	X(OUT_SEQ, "XfrmOutStateSeqError", IPM_OUT, IPM_DROP_SEQUENCE)     \
	X(OUT_EXPIRED, "XfrmOutStateExpired", IPM_OUT, IPM_DROP_EXPIRED)   \
	X(OUT_BLOCK, "XfrmOutPolBlock", IPM_OUT, IPM_DROP_POLICY)          \
	X(OUT_DEAD, "XfrmOutPolDead", IPM_OUT, IPM_DROP_POLICY)            \
	X(OUT_POLICY, "XfrmOutPolError", IPM_OUT, IPM_DROP_POLICY)         \
	X(FWD_HEADER, "XfrmFwdHdrError", IPM_IN, IPM_DROP_MALFORMED)       \
	X(OUT_INVALID, "XfrmOutStateInvalid", IPM_OUT, IPM_DROP_EXPIRED)   \
	X(ACQUIRE, "XfrmAcquireError", IPM_IN, IPM_DROP_NOT_UP)            \
	X(OUT_DIRECTION, "XfrmOutStateDirError", IPM_OUT, IPM_DROP_POLICY) \
	X(IN_DIRECTION, "XfrmInStateDirError", IPM_IN, IPM_DROP_POLICY)    \
	X(IN_IPTFS, "XfrmInIptfsError", IPM_IN, IPM_DROP_MALFORMED)        \
	X(OUT_QUEUE, "XfrmOutNoQueueSpace", IPM_OUT, IPM_DROP_CAPACITY)    \
	X(IN_UNKNOWN, "XfrmIn", IPM_IN, IPM_DROP_OTHER)                    \
	X(OUT_UNKNOWN, "Xfrm", IPM_OUT, IPM_DROP_OTHER)

enum xfrm_stat {
#define XFRM_STAT_ENUM(name, text, direction, reason) XFRM_STAT_##name,
	XFRM_STATS(XFRM_STAT_ENUM)
#undef XFRM_STAT_ENUM
		XFRM_STAT_COUNT
};

struct xfrm_stat_line {
	const char *text;
	uint8_t direction; /* enum ipm_direction */
	uint8_t reason;    /* enum ipm_drop */
};
extern const struct xfrm_stat_line xfrm_stat_lines[XFRM_STAT_COUNT];

/**
 * Read the text of the file: a name and a number to a line, in any order. What is not there is 0.
 *
 * Errors:    -EBADMSG when a line is anything else; @p out has what was understood.
 */
int xfrm_stat_parse(const char *text, size_t len, uint64_t out[XFRM_STAT_COUNT]);

#endif
