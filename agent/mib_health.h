/* SPDX-License-Identifier: ISC */
/**
 * @file mib_health.h  The agent's own state, as ipsecmonAgent shows it.
 *
 * Threads:   the one of the struct mib.
 */
#ifndef MIB_HEALTH_H
#define MIB_HEALTH_H

#include <stdint.h>

#include "ipm_types.h"

struct mib_health {
	char version[IPM_NAME_MAX];
	uint64_t started_ns;
	uint64_t requests;                   /* answered Get and GetNext messages */
	uint64_t sent, suppressed, disabled; /* notifications */
	uint32_t waiting;                    /* events that were not told yet */
	uint32_t segments;                   /* served */
};
extern struct mib_health mib_health;

#endif
