/* SPDX-License-Identifier: ISC */
/* What the files of mib_notify share: the queue uses those that tell events, and they use mib_notify_build.c. */
#ifndef MIB_NOTIFY_INT_H
#define MIB_NOTIFY_INT_H

#include "mib_notify.h"
#include "mib_table.h"

/* A segment, and how far its events have been told. */
struct followed {
	const struct ipm_segment *seg;
	char path[256];
	uint64_t serial;
};

struct mib_notify {
	void (*send)(void *arg, const struct mib_notification *);
	void *arg;
	struct followed *seg;
	unsigned count, turn;
	struct mib *mib;
	double rate, tokens; /* a token is one notification */
	uint64_t began_ns;
	uint64_t filled_ns;
	struct mib_notify_stats stats;
	uint64_t watch_ns; /* next look at the thresholds; 0: there was none yet */
	bool above[3];     /* sessions, -, throughput: above its threshold */
};

/* --- mib_notify_build.c ----------------------------------------------------------------------------------------- */

/* Is the notification switched on? If not, it is counted as disabled. Ask before reading any record. */
bool mib_notify_wanted(struct mib_notify *n, const struct mib_notification *out);
const struct mib_peers *mib_notify_peers(const struct mib_notify *n);
void mib_notify_send(struct mib_notify *n, const struct mib_notification *out);

/* Add the cell of column @p id of the row with this index, as the column converts it. */
void mib_notify_cell(struct mib_notification *out, const struct mib_cell *cell, const struct mib_table *table,
		     unsigned id, const mib_subid *key, unsigned key_len);

/* --- mib_notify_ras.c: once a second, send the notifications of thresholds that were crossed --------------------- */

void mib_notify_watch(struct mib_notify *n, uint64_t now_ns);

/* --- mib_notify_flow.c, mib_notify_map.c, mib_notify_ras.c
 * ------------------------------------------------------------------- */

/* Send the notifications of an event. They return how many could not be sent because the record is gone. */
unsigned mib_notify_tell_flow(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event);
unsigned mib_notify_tell_session(struct mib_notify *n, const struct ipm_segment *seg, const struct ipm_event *event);
unsigned mib_notify_tell_map(struct mib_notify *n, struct mib *mib, const struct ipm_segment *seg, unsigned gateway,
			     const struct ipm_event *event);

#endif
