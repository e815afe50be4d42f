/* SPDX-License-Identifier: ISC */
/**
 * @file mib_agentx.h  Serve a struct mib through Net-SNMP's AgentX subagent library.
 *
 * Get and GetNext are answered as soon as the library has parsed the PDU, before it would hand them to its
 * internal agent through a pipe: that is more than half of what a request costs a subagent. Everything else
 * (Open, Register, Ping, Set, notifications) is the library's.
 *
 * Threads:   one agentx for each process; Net-SNMP's state is global.
 */
#ifndef MIB_AGENTX_H
#define MIB_AGENTX_H

#include <signal.h>

#include "mib_notify.h"
#include "mib_table.h"

struct agentx_options {
	const char *socket;               /* of the master: a path or a Net-SNMP transport address */
	const struct mib_module *modules; /* the subtrees to register */
	unsigned module_count;
	void (*tick)(void *); /* called once a second, and before the first request */
	void *tick_arg;
	void (*poll)(void *); /* called at least ten times a second; NULL: nobody wants it */
	void *poll_arg;
};

/**
 * Register with the master and serve until *stop is set. A master that is not there, or goes away, is waited
 * for: the library tries again every few seconds.
 *
 * @return 0 after *stop, or a negative errno when the library could not be set up
 */
int agentx_serve(struct mib *mib, const struct agentx_options *opt, volatile sig_atomic_t *stop);

/** For tick and poll: is there a master, and make what was handed to the library go out to it. */
bool agentx_connected(void);
void agentx_flush(void);

/** Hand a notification to the library, for the master to send. For mib_notify_new(); @p arg is not used. */
void agentx_notify(void *arg, const struct mib_notification *notification);

/**
 * When the master's sysUpTime was 0, in ipm_now_ns() units. The library takes sysUpTime from each answer that the
 * master gives it (Open, Register, Ping every few seconds). What an answer needed to get here, and its rounding,
 * make this waver by some hundredths; what was found first stays, so that a TimeStamp is the same at each reading.
 */
uint64_t agentx_master_ns(void);

#endif
