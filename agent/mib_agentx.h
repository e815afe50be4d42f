/* SPDX-License-Identifier: ISC */
/**
 * @file mib_agentx.h  Serve a struct mib through Net-SNMP's AgentX subagent library.
 *
 * Get and GetNext are answered as soon as the library has parsed the PDU, instead of passing them through a pipe to the
 * library's internal agent, which is more than half of a subagent's cost per request. Everything else (Open, Register,
 * Ping, Set, notifications) is left to the library.
 *
 * Threads:   one agentx for each process; Net-SNMP's state is global.
 */
#ifndef MIB_AGENTX_H
#define MIB_AGENTX_H

#include <signal.h>

#include "mib_notify.h"

struct agentx_options {
	const char *socket;               /* of the master: a path or a Net-SNMP transport address */
	const struct mib_module *modules; /* the subtrees to register */
	unsigned module_count;
	void (*tick)(void *); /* called once a second, and before the first request */
	void *tick_arg;
	void (*poll)(void *); /* called at least ten times a second; NULL: not needed */
	void *poll_arg;
};

/**
 * Register with the master and serve until *stop is set. While there is no master, the library tries to connect every
 * few seconds.
 *
 * @return 0 after *stop, or a negative errno when the library could not be set up
 */
int agentx_serve(struct mib *mib, const struct agentx_options *opt, volatile sig_atomic_t *stop);

/** For tick and poll: is there a master? Send it what the library holds for it. */
bool agentx_connected(void);
void agentx_flush(void);

/** Hand a notification to the library, for the master to send. For mib_notify_new(); @p arg is not used. */
void agentx_notify(void *arg, const struct mib_notification *notification);

#endif
