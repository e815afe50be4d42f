/* SPDX-License-Identifier: ISC */
/**
 * @file engine_plan.h  The engine's configuration after its names were resolved and its values checked, and the keys of
 * its SAs.
 *
 * Ownership: a plan refers to its configuration, which must outlive it. engine_plan_free() wipes the remaining keys.
 * Errors:    a negative errno, and "FILE:LINE: what is wrong" in @p err.
 */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include <sys/socket.h>

#include "engine_conf.h"
#include "engine_keys.h"

#define PLAN_SIDES 8 /* subnets of one side of a tunnel */

struct plan_address {
	struct sockaddr_storage to;
	socklen_t len;
};

struct plan_tunnel {
	const struct conf_tunnel *conf;
	uint32_t endpoint;
	struct plan_address peer;
	struct ipm_proposal proposal;
	size_t encr_len; /* octets of the cipher key; the integrity key follows it */
	struct ipm_sel_side local[PLAN_SIDES], remote[PLAN_SIDES];
	uint32_t locals, remotes;
	struct engine_keys keys;
};

struct plan_generator {
	const struct conf_generator *conf;
	uint32_t tunnel;
};

struct engine_plan {
	const struct engine_conf *conf;
	struct plan_address *endpoint; /* these three arrays are as long as those in conf */
	struct plan_tunnel *tunnel;
	struct plan_generator *generator;
};

int engine_plan_make(const struct engine_conf *conf, const char *path, struct engine_plan *out, struct ipm_error *err);
void engine_plan_free(struct engine_plan *plan);

/** Is this address in one of the @p n subnets of a side? */
bool plan_side_has(const struct ipm_sel_side *side, uint32_t n, const uint8_t *address, uint8_t len);

#endif
