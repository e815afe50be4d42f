/* SPDX-License-Identifier: ISC */
/* What can be checked. */
#ifndef CHK_MODES_H
#define CHK_MODES_H

#include "chk_device.h"
#include "chk_output.h"

struct chk_check {
	const struct chk_options *opt;
	struct chk_limits limits; /* of the options, or the mode's own when there are none */
	struct chk_snmp *snmp;
	struct chk_device device;
	struct chk_result *result;
};

struct chk_mode {
	const char *name;
	const char *help;   /* what it checks */
	const char *ranges; /* what its ranges are about */
	bool takes_name, takes_peer;
	bool needs_own, needs_one;            /* IPSECMON-MIB; -n or -r */
	uint32_t knows;                       /* what a feed must know, or nothing is known; 0: no matter */
	const char *critical;                 /* the range when none is given; NULL: none */
	bool (*run)(struct chk_check *check); /* false: no answer, see snmp->error */
};

extern const struct chk_mode chk_modes[]; /* ends with one that has no name */

const struct chk_mode *chk_mode_find(const char *name);

/* Asks the device what it has, and checks it. False: no answer, see snmp->error. */
bool chk_run(struct chk_check *check, const struct chk_mode *mode);

bool chk_mode_tunnel(struct chk_check *check);
bool chk_mode_tunnels(struct chk_check *check);
bool chk_mode_active(struct chk_check *check);
bool chk_mode_ike(struct chk_check *check);
bool chk_mode_traffic(struct chk_check *check);
bool chk_mode_errors(struct chk_check *check);
bool chk_mode_drops(struct chk_check *check);
bool chk_mode_lifetime(struct chk_check *check);
bool chk_mode_feeds(struct chk_check *check);

/* The configured tunnels of -n; none is a finding: UNKNOWN. */
bool chk_tunnels_named(struct chk_check *check, struct chk_rows *rows);

#endif
