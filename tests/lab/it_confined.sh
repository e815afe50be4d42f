#!/bin/bash
# The units allow enough: no daemon makes a system call that its SystemCallFilter= refuses, while it starts, serves,
# gets SETs, loses its peers, and ends.
# shellcheck source-path=SCRIPTDIR source=engines.sh disable=SC2317,SC2016      # functions are called by wait_until; awk's dollars
builddir=${PLAIN_BUILDDIR:-${builddir:-.}}      # sanitizers make calls of their own
unset IPSECMON IPSECMOND IPSECMON_AGENTX IPSECMON_ENGINE
. "$(dirname "${BASH_SOURCE[0]}")/engines.sh"
IPSECMOND=$(realpath "$builddir/ipsecmond")
need python3 strace systemd-analyze snmpd snmpbulkwalk snmpset snmptrapd "$IPSECMON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON_ENGINE"
lab_begin
engines_configure 300 300

# allowed UNIT: the calls of its filter, one a line; sets are made of sets
members() { systemd-analyze syscall-filter --no-pager "$1" | awk 'NR > 1 && $1 !~ /^#/ { print $1 }'; }
expand() {
	local one more
	for one in "$@"; do
		case $one in
		@*) mapfile -t more < <(members "$one"); expand "${more[@]}" ;;
		*) printf '%s\n' "$one" ;;
		esac
	done
}
allowed() {
	local line word
	: > "$LAB/allowed"
	while read -r line; do
		for word in ${line#\~}; do
			expand "$word" | sort -u > "$LAB/set"
			case $line in
			~*) sort -u "$LAB/allowed" | comm -23 - "$LAB/set" > "$LAB/left" && mv "$LAB/left" "$LAB/allowed" ;;
			*)  cat "$LAB/set" >> "$LAB/allowed" ;;
			esac
		done
	done < <(sed -n 's/^SystemCallFilter=//p' "$srcdir/contrib/systemd/$1.service.in")
	sort -u "$LAB/allowed"
}

# traced NAME PROGRAM ARGUMENT...: it is NAME's process that is ended by `stop', not strace
traced() { local name=$1; shift; start - "$name" strace -D -f -qq -o "$LAB/calls-$name" "$@"; }

# filtered NAME UNIT EXPECTED: the calls that were made and would be refused
filtered() {
	sed -n 's/^[0-9]* *\([a-z][a-z0-9_]*\)(.*/\1/p' "$LAB/calls-$1" | sort -u > "$LAB/made"
	check "$1: calls were seen" test "$(wc -l < "$LAB/made")" -gt 20
	equal "$1: what its unit refuses" "$3" "$(comm -23 "$LAB/made" <(allowed "$2") | grep -vx execve | tr '\n' ' ')"
}

real=$IPSECMON_AGENTX
IPSECMON_AGENTX=$LAB/agentx.traced       # by snmp_up
printf '#!/bin/sh\nexec strace -D -f -qq -o %s/calls-agentx %s "$@"\n' "$LAB" "$real" > "$IPSECMON_AGENTX"
chmod +x "$IPSECMON_AGENTX"
printf 'group = "%s"\nallow-destroy = true\nfeed vici { }\nfeed xfrm { }\nfeed ikewatch { }\n' "$(id -gn)" >> "$LAB/east.conf"
traced ipsecmond "$IPSECMOND" -f -c "$LAB/east.conf"
wait_until 20 test -S "$LAB/east/control"
snmp_up
traced engine-west "$IPSECMON_ENGINE" -f -c "$LAB/west.conf"
wait_until 20 test -s "$LAB/west/engine.model"
traced engine-east "$IPSECMON_ENGINE" -f -c "$LAB/east.conf"
wait_until 60 engines_done
walks() { [ "$(poll cipSecTunStatus | grep -c active)" = 6 ]; }
wait_until 10 walks
lab_quiet "SET of a size" snmpset -v2c -c private -M "$mibs" -m CISCO-IPSEC-FLOW-MONITOR-MIB "127.0.0.1:$SNMP_PORT" cipSecHistTableSize.0 i 100
cli east check > "$LAB/check"
stop snmpd
gone() { grep -q "master agent has gone" "$LAB/agentx.log"; }
wait_until 10 gone
for name in agentx engine-east engine-west ipsecmond; do stop "$name"; equal "$name ends well" 0 "$STATUS"; done
check "the filters are understood" awk '$1 == "read" { read = 1 } $1 == "mount" { mount = 1 } END { exit !read || mount }' <(allowed ipsecmond)
check "the agent may not even give files away" awk '$1 == "chown" { exit 1 }' <(allowed ipsecmon-agentx)
filtered ipsecmond ipsecmond ""
filtered agentx ipsecmon-agentx ""
filtered engine-east ipsecmon-engine ""
lab_end
