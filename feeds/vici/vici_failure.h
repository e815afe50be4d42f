/* SPDX-License-Identifier: ISC */
/**
 * @file vici_failure.h  Turn alerts and failed negotiations into failures.
 *
 * A failure shows several times: charon raises one or more alerts, on one or two sockets, and most IKE SAs that never
 * came up have an ike-updown event on VICI, shortly before or after. Reports of one class about the same peer (address,
 * port, and whatever else both name) are held back for VICI_FAILURE_HOLD_NS and then recorded once:
 *   - The most specific alert is the reason: a certificate before "peer authentication failed".
 *   - The same kind of alert again, from the same source, is another failure.
 *   - Without an alert the reason is IPM_FAIL_OTHER, and the text has the phase of the negotiation.
 *   - Alerts about certificates are no failure if the IKE SA comes up all the same.
 *   - A message for an unknown IKE SA is no failure if the peer's IKE SA ended or failed just now, because the peer may
 *     not know yet. Else it counts once in VICI_FAILURE_REPEAT_NS per peer, as do messages that do not parse, because
 *     peers repeat both.
 *   - If charon tries again and again, only the first try counts.
 *   - If another IKE SA with the peer is up, silence on this one and messages for unknown ones are no failure:
 *     collisions, rekeys and duplicates leave them behind.
 *   - With IKEv1, the state has to say what charon does not: a Main Mode message that can't be decrypted means another
 *     pre-shared key, and what follows on that IKE SA is no failure of its own.
 *
 * No input or output but the model: tests use structs alone.
 * Times:     CLOCK_BOOTTIME in nanoseconds, given by the caller.
 * Threads:   the caller's.
 */
#ifndef VICI_FAILURE_H
#define VICI_FAILURE_H

#include "vici_alert.h"
#include "vici_model.h"

#define VICI_FAILURE_HOLD_NS   500000000ull
#define VICI_FAILURE_RECENT_NS 2000000000ull
#define VICI_FAILURE_REPEAT_NS 60000000000ull
/* How long charon retransmits by default before it gives up an IKE SA. */
#define VICI_FAILURE_SILENCE_NS 180000000000ull

struct vici_failures;

/** @p model knows the IKE SAs that are up, and learns which ones alerts retire. NULL: out of memory. */
struct vici_failures *vici_failures_new(struct ipm_writer *writer, struct vici_model *model);
void vici_failures_free(struct vici_failures *f);

/** True if the state of the IKE SA would explain it better: ask for a list before it is recorded. */
bool vici_failures_alert(struct vici_failures *f, const struct vici_alert *alert, uint64_t now_ns);

/** An IKE SA in a list or an event. If it is not up: who began it, and its phase. Others are ignored. */
void vici_failures_ike_seen(struct vici_failures *f, const struct vici_ike *ike, uint64_t now_ns);

/** An ike-updown event: it came up; or it went down: call that before the model learns of it. */
void vici_failures_ike_up(struct vici_failures *f, const struct vici_ike *ike, uint64_t now_ns);
void vici_failures_ike_down(struct vici_failures *f, const struct vici_ike *ike, uint64_t now_ns);

/** When to call vici_failures_run() next; 0: not needed. */
uint64_t vici_failures_due(const struct vici_failures *f);
/** Record what was held back long enough. True if something was recorded. */
bool vici_failures_run(struct vici_failures *f, uint64_t now_ns);
/** Record everything that is held back: charon has gone. */
void vici_failures_flush(struct vici_failures *f, uint64_t now_ns);

#endif
