/* SPDX-License-Identifier: ISC */
/**
 * @file mib_health.h  What the agent tells of itself.
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
	uint64_t requests;                   /* Get and GetNext messages that were answered */
	uint64_t sent, suppressed, disabled; /* notifications */
	uint32_t waiting;                    /* events that it has not come to yet */
	uint32_t segments;                   /* that are served */
};
extern struct mib_health mib_health;

#endif
