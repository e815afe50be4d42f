/* SPDX-License-Identifier: ISC */
/**
 * @file vici_failure.h  Which failures there were: alerts and ended negotiations, tied together in time.
 *
 * One failure shows itself several times: charon raises one alert or more, on one socket or two, and, for most IKE
 * SAs that never came up, an ike-updown on VICI, a moment before or behind. What is about the same peer (address and
 * port, and what else both tell of it) and of one class is held back for VICI_FAILURE_HOLD_NS and then recorded once:
 *   - of several alerts the one that says most is the reason: a certificate before "peer authentication failed";
 *   - the same kind of alert again, from the same source, is another failure;
 *   - without an alert the reason is IPM_FAIL_OTHER, and the text says how far it had come;
 *   - alerts about certificates are nothing when the IKE SA comes up all the same;
 *   - a message for no IKE SA is nothing when it comes from a peer whose IKE SA ended or failed just now: it did not
 *     know yet; else it counts once in VICI_FAILURE_REPEAT_NS per peer, like messages that do not parse, for both are
 *     sent again and again;
 *   - of a peer that is tried again and again only the first try counts;
 *   - a peer that does not answer on one IKE SA, or sends a message for one that is not there, is nothing while another
 *     IKE SA with it is up: it is what collisions, rekeys and duplicates leave behind;
 *   - what charon does not say of IKEv1, its state does: a message that cannot be decrypted, in Main Mode, is another
 *     pre-shared key, and what follows of that IKE SA is no failure of its own.
 *
 * No input or output here but the model: it can be tested with structs alone.
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
/* For so long charon tries in vain to go on with an IKE SA, as it is configured by default. */
#define VICI_FAILURE_SILENCE_NS 180000000000ull

struct vici_failures;

/** @p model tells the identities of IKE SAs that are up, and what of them alerts retire. NULL: out of memory. */
struct vici_failures *vici_failures_new(struct ipm_writer *writer, struct vici_model *model);
void vici_failures_free(struct vici_failures *f);

/** True when the state of the IKE SA would say more about it: ask for a list before it is recorded. */
bool vici_failures_alert(struct vici_failures *f, const struct vici_alert *alert, uint64_t now_ns);

/** An IKE SA that is not up, in a list or an event: which side began it, and how far it has come. Others are ignored.
 */
void vici_failures_ike_seen(struct vici_failures *f, const struct vici_ike *ike, uint64_t now_ns);

/** An ike-updown: it came up; or it went down, before the model is told. */
void vici_failures_ike_up(struct vici_failures *f, const struct vici_ike *ike, uint64_t now_ns);
void vici_failures_ike_down(struct vici_failures *f, const struct vici_ike *ike, uint64_t now_ns);

/** When to call vici_failures_run() next; 0: there is nothing to wait for. */
uint64_t vici_failures_due(const struct vici_failures *f);
/** Record what was held back for long enough. True when something was recorded. */
bool vici_failures_run(struct vici_failures *f, uint64_t now_ns);
/** Record all that is held back: charon has gone. */
void vici_failures_flush(struct vici_failures *f, uint64_t now_ns);

#endif
