/* SPDX-License-Identifier: ISC */
/**
 * @file mib_notify.h  Notifications: send the segments' events to the SNMP master at a limited rate.
 *
 * The event ring is the queue. Events that the ring overwrote before the rate allowed them, and events whose record is
 * gone, are counted as suppressed. So nothing is lost uncounted. Nothing here knows AgentX: a callback sends the
 * notifications.
 *
 * Threads:   one for each struct mib_notify.
 */
#ifndef MIB_NOTIFY_H
#define MIB_NOTIFY_H

#include "mib.h"

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
	MIB_NOTIFY_OWN,    /* IPSECMON-MIB: 1 to 4 under ipsecmonNotifications */
	MIB_NOTIFY_RAS,    /* CISCO-REMOTE-ACCESS-MONITOR-MIB: 1 to 3 under ciscoRasMonitorMIBNotifs */
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
 * @param mib   for the sizes of crypto maps; serves the same segments, in the same order
 */
struct mib_notify *
mib_notify_new(uint32_t rate, struct mib *mib, void (*send)(void *arg, const struct mib_notification *), void *arg);
void mib_notify_free(struct mib_notify *n);

/**
 * Follow these segments from now on. Events from before the start of the agent are ignored. The segments must live
 * until the next call has returned: that call counts the waiting events of removed segments as suppressed.
 */
void mib_notify_serve(struct mib_notify *n, const struct ipm_segment *const *segs, unsigned count);

/** Send as many notifications as the rate allows. Call it ten times a second while there is a master. */
void mib_notify_poll(struct mib_notify *n);

struct mib_notify_stats mib_notify_stats(const struct mib_notify *n);

#endif
