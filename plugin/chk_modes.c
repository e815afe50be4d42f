/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include "chk_modes.h"

const struct chk_mode chk_modes[] = {
	{ .name = "tunnel",
	  .help = "is the tunnel -n NAME[/CHILD] up, or one to the peer -r ADDRESS",
	  .ranges = "seconds that it has been up",
	  .takes_name = true,
	  .takes_peer = true,
	  .needs_one = true,
	  .knows = CHK_KNOWS_TUNNELS,
	  .run = chk_mode_tunnel },
	{ .name = "tunnels",
	  .help = "are all configured tunnels up",
	  .ranges = "how many are not (-c 0)",
	  .needs_own = true,
	  .knows = CHK_KNOWS_CONFIGURATION,
	  .critical = "0",
	  .run = chk_mode_tunnels },
	{ .name = "active",
	  .help = "IPsec tunnels, of all or to -r ADDRESS",
	  .ranges = "how many are up (-c 1:)",
	  .takes_peer = true,
	  .knows = CHK_KNOWS_TUNNELS,
	  .critical = "1:",
	  .run = chk_mode_active },
	{ .name = "ike",
	  .help = "IKE SAs, of all or with -r ADDRESS",
	  .ranges = "how many are up (-c 1:)",
	  .takes_peer = true,
	  .knows = CHK_KNOWS_IKE_SAS,
	  .critical = "1:",
	  .run = chk_mode_ike },
	{ .name = "traffic",
	  .help = "octets and packets of all, -n or -r",
	  .ranges = "octets a second, of either direction",
	  .takes_name = true,
	  .takes_peer = true,
	  .knows = CHK_KNOWS_TUNNEL_COUNTERS,
	  .run = chk_mode_traffic },
	{ .name = "errors",
	  .help = "failures of IKE of all, or set-ups of -n that failed",
	  .ranges = "failures a second, of each kind",
	  .takes_name = true,
	  .knows = CHK_KNOWS_FAILURES,
	  .run = chk_mode_errors },
	{ .name = "drops",
	  .help = "packets of all, -n or -r that were dropped, by reason",
	  .ranges = "packets a second, of each reason",
	  .takes_name = true,
	  .takes_peer = true,
	  .knows = CHK_KNOWS_TUNNEL_DROPS,
	  .run = chk_mode_drops },
	{ .name = "lifetime",
	  .help = "lifetime left of -n, or the least of all",
	  .ranges = "seconds",
	  .takes_name = true,
	  .needs_own = true,
	  .knows = CHK_KNOWS_TUNNELS,
	  .run = chk_mode_lifetime },
	{ .name = "sessions",
	  .help = "sessions of remote users",
	  .ranges = "how many there are",
	  .knows = CHK_KNOWS_SESSIONS,
	  .run = chk_mode_sessions },
	{ .name = "user",
	  .help = "is the remote user -n NAME connected, and from where",
	  .ranges = "how many sessions (-c 1:)",
	  .takes_name = true,
	  .needs_one = true,
	  .knows = CHK_KNOWS_SESSIONS,
	  .critical = "1:",
	  .run = chk_mode_user },
	{ .name = "logins",
	  .help = "logins of remote users that failed",
	  .ranges = "failures a second",
	  .knows = CHK_KNOWS_LOGIN_FAILURES,
	  .run = chk_mode_logins },
	{ .name = "pool",
	  .help = "address pools, all or -n",
	  .ranges = "percent in use (-c 95)",
	  .takes_name = true,
	  .needs_own = true,
	  .knows = CHK_KNOWS_POOLS,
	  .critical = "95",
	  .run = chk_mode_pool },
	{ .name = "feeds",
	  .help = "is ipsecmon itself healthy",
	  .ranges = "seconds for which a writer is silent (-c 10)",
	  .needs_own = true,
	  .critical = "10",
	  .run = chk_mode_feeds },
	{ .name = NULL },
};

const struct chk_mode *
chk_mode_find(const char *name)
{
	for (const struct chk_mode *mode = chk_modes; mode->name; mode++) {
		if (strcmp(mode->name, name) == 0)
			return mode;
	}
	return NULL;
}

/* Does the device serve what the mode needs, and is the data current? */
static bool
device_can_tell(struct chk_check *check, const struct chk_mode *mode)
{
	const struct chk_device *device = &check->device;
	struct chk_result *r = check->result;
	char text[WORD_AGE_MAX];

	if (!device->cisco && !device->own) {
		chk_say(r, CHK_UNKNOWN,
			"the device answers, but serves no IPsec here: is CISCO-IPSEC-FLOW-MONITOR-MIB in the view, "
			"or, with "
			"ipsecmon, what says `ipsecmon check' on the gateway?");
		return false;
	}
	if (mode->needs_own && !device->own) {
		chk_say(r, CHK_UNKNOWN,
			"the device has no IPSECMON-MIB (1.3.6.1.4.1.8072.9999.9999 if not configured otherwise), "
			"which mode %s needs: a "
			"Cisco device has none; with ipsecmon, is it in the view?",
			mode->name);
		return false;
	}
	if (!device->own || mode->run == chk_mode_feeds)
		return true;
	if (device->segments == 0) {
		chk_say(r, CHK_UNKNOWN, "the gateway has no data: is ipsecmond running? See -m feeds");
		return false;
	}
	if (!device->silence_known) {
		chk_say(r, CHK_UNKNOWN, "the device does not report the age of its figures");
		return false;
	}
	if (device->silence > CHK_SILENCE) {
		chk_say(r, CHK_UNKNOWN, "the gateway's figures are %s old: is ipsecmond running? See -m feeds",
			word_age((uint64_t)device->silence, text));
		return false;
	}
	if (mode->knows != 0 && (device->knows & mode->knows) == 0)
		chk_say(r, CHK_UNKNOWN, "no active feed on the gateway can know this: see -m feeds");
	return true;
}

bool
chk_run(struct chk_check *check, const struct chk_mode *mode)
{
	if (!chk_device_ask(check->snmp, &check->device))
		return false;
	return !device_can_tell(check, mode) || mode->run(check);
}
