/* SPDX-License-Identifier: ISC */
/**
 * @file mib_notify.h  Notifications: the segments' events, told to the SNMP master at a bounded pace.
 *
 * The event ring is the queue. Events are taken from it as fast as the rate allows; what the ring had to
 * overwrite before that, and what cannot be told any more, is counted as suppressed. Nothing is lost uncounted.
 * Nothing here knows AgentX: a notification is handed to a callback.
 *
 * Threads:   one for each struct mib_notify.
 */
#ifndef MIB_NOTIFY_H
#define MIB_NOTIFY_H

#include "mib_table.h"

struct mib_varbind {
	mib_subid name[MIB_NAME_MAX];
	size_t name_len;
	struct mib_value value;
};
#define MIB_VARBINDS_MAX 10

/** The modules that define them. */
enum mib_notify_module {
	MIB_NOTIFY_FLOW,   /* CISCO-IPSEC-FLOW-MONITOR-MIB: 1 to 13 under cipSecMIBNotifications */
	MIB_NOTIFY_CIPS,   /* CISCO-IPSEC-MIB: 1 to 7 under cipsMIBNotifications */
	MIB_NOTIFY_ENGINE, /* CISCO-CRYPTO-ACCELERATOR-MIB: 1 to 4 under ciscoCryAcceleratorMIBNotifs */
	MIB_NOTIFY_OWN,    /* IPSECMON-MIB: 1 and 2 under ipsecmonNotifications */
	MIB_NOTIFY_MODULES
};

struct mib_notification {
	enum mib_notify_module module;
	unsigned number;
	unsigned count;
	struct mib_varbind varbind[MIB_VARBINDS_MAX];
};

/** The name of a notification, MIB_NAME_MAX at most: the number of sub-identifiers. */
size_t mib_notification_oid(const struct mib_notification *one, mib_subid *oid);

struct mib_notify_stats {
	uint64_t sent, suppressed, disabled, waiting;
};

struct mib_notify;

/**
 * @param rate  notifications in a second
 * @param mib   what is asked for the sizes of crypto maps; it serves the same segments, in the same order
 */
struct mib_notify *
mib_notify_new(uint32_t rate, struct mib *mib, void (*send)(void *arg, const struct mib_notification *), void *arg);
void mib_notify_free(struct mib_notify *n);

/**
 * Follow these segments from now on. What one has told before it is followed for the first time is left alone.
 * They must live until the next call has returned: what one that is gone still had to tell is counted as suppressed.
 */
void mib_notify_serve(struct mib_notify *n, const struct ipm_segment *const *segs, unsigned count);

/** Send what there is and what the rate allows. Call it ten times a second while there is a master to send to. */
void mib_notify_poll(struct mib_notify *n);

struct mib_notify_stats mib_notify_stats(const struct mib_notify *n);

#endif
