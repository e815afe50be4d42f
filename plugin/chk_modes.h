/* SPDX-License-Identifier: ISC */
/* The modes: what the plugin can check. */
#ifndef CHK_MODES_H
#define CHK_MODES_H

#include "chk_device.h"
#include "chk_output.h"

struct chk_check {
	const struct chk_options *opt;
	struct chk_limits limits; /* from the options; without ranges there, the mode's own */
	struct chk_snmp *snmp;
	struct chk_device device;
	struct chk_result *result;
};

struct chk_mode {
	const char *name;
	const char *help;   /* what it checks */
	const char *ranges; /* the value its ranges apply to */
	bool takes_name, takes_peer;
	bool needs_own, needs_one;            /* needs IPSECMON-MIB; needs -n or -r */
	uint32_t knows;                       /* capabilities: some feed must have at least one; 0: none needed */
	const char *critical;                 /* default range; NULL: none */
	bool (*run)(struct chk_check *check); /* false: no answer, see snmp->error */
};

extern const struct chk_mode chk_modes[]; /* ends with a nameless mode */

const struct chk_mode *chk_mode_find(const char *name);

/* Ask the device what it serves, then check it. False: no answer, see snmp->error. */
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
bool chk_mode_sessions(struct chk_check *check);
bool chk_mode_logins(struct chk_check *check);
bool chk_mode_user(struct chk_check *check);
bool chk_mode_pool(struct chk_check *check);

/* Find the configured tunnels of -n. If there are none, report UNKNOWN. */
bool chk_tunnels_named(struct chk_check *check, struct chk_rows *rows);

#endif
