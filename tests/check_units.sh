#!/bin/sh
# SPDX-License-Identifier: ISC
# systemd accepts our units without a warning, they start installed programs, and `systemd-analyze security` finds
# them no more exposed than below. Exit status 1 when one of these is wrong, 77 without systemd.

export LC_ALL=C
top=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd) || exit 99
built=$(cd "${top_builddir:-.}" && pwd) || exit 99
status=0
fail()
{
	echo "FAIL: $*"
	status=1
}

command -v systemd-analyze >/dev/null || { echo "SKIPPED: no systemd-analyze"; exit 77; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# Each unit, and the highest exposure that it may have, in tenths of 10.
while read -r unit most; do
	[ -e "$built/contrib/systemd/$unit" ] || { echo "$unit: not built"; continue; }
	cp "$built/contrib/systemd/$unit" "$work/$unit" || exit 99
	program=$(sed -n 's/^ExecStart=\([^ ]*\) -f\( .*\)*$/\1/p' "$work/$unit")
	ours='Type=notify Restart=on-failure RestartSec=2 StartLimitIntervalSec=0 NoNewPrivileges=yes'
	ours="$ours ProtectSystem=strict SystemCallFilter=@system-service"
	case $program in
	*@* | '') fail "$unit: starts '$program'" ;;
	/usr/sbin/snmpd) ;;
	*)
		ours="$ours WatchdogSec="
		[ -x "$built/$(basename "$program")" ] || fail "$unit: $program is none of ours"
		;;
	esac
	# The program may not be installed yet.
	sed -i "s|^ExecStart=.*|ExecStart=/bin/true|" "$work/$unit"
	said=$(systemd-analyze verify --man=no "$work/$unit" 2>&1)
	[ -z "$said" ] || fail "$unit: $said"
	score=$(systemd-analyze security --offline=true --no-pager --threshold="$most" "$work/$unit" 2>&1) ||
		fail "$unit: more exposed than $most tenths
$score"
	echo "$score" | sed -n 's/.*Overall exposure level for \([^:]*\): \([^ ]*\) .*/\1: exposure \2 of 10/p'
	for setting in $ours; do
		grep -q "^$setting" "$work/$unit" || fail "$unit: no $setting"
	done
done <<-'END'
	ipsecmond.service 19
	ipsecmon-agentx.service 4
	ipsecmon-engine.service 14
	ipsecmon-persona.service 17
	ipsecmon-persona-agentx.service 4
END

[ -e "$work/ipsecmond.service" ] || { echo "SKIPPED: configured without units"; exit 77; }

# The drop-in fits the unit, and gives what it says.
mkdir "$work/ipsecmond.service.d" && cp "$top/contrib/systemd/netns.conf" "$work/ipsecmond.service.d/" || exit 99
said=$(systemd-analyze verify --man=no "$work/ipsecmond.service" 2>&1)
[ -z "$said" ] || fail "netns.conf: $said"
caps=$(cat "$work/ipsecmond.service" "$work"/ipsecmond.service.d/*.conf |
	sed -n 's/^CapabilityBoundingSet=//p' | tr '\n' ' ')
[ "$caps" = "CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_ADMIN " ] || fail "netns.conf: capabilities are $caps"

# The users and directories of a fresh machine. Only names: root is not needed.
if command -v systemd-sysusers >/dev/null && command -v systemd-tmpfiles >/dev/null; then
	for file in "$top"/contrib/systemd/*.sysusers "$top"/contrib/systemd/*.tmpfiles; do
		[ "$(grep -vc '^#' "$file")" -gt 0 ] || fail "$file: is empty"
	done
	mkdir -p "$work/root/etc" "$work/root/run" "$work/root/var/lib"
	said=$(systemd-sysusers --root="$work/root" "$top"/contrib/systemd/*.sysusers 2>&1)
	for user in ipsecmon ipsecmon-engine ipsecmon-persona; do
		grep -q "^$user:" "$work/root/etc/passwd" || fail "sysusers: no user $user: $said"
		grep -q "^$user:" "$work/root/etc/group" || fail "sysusers: no group $user: $said"
	done
fi

[ "$status" -ne 0 ] || echo "ok"
exit $status
