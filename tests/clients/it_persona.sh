#!/bin/bash
# The Cisco persona: a second snmpd and a second agent beside the host's own, from the files that are installed. Whatever
# polls Cisco finds the tunnels there with an address and a user, sees the figures of the command line across rekeys and
# restarts, and nothing else about the host; and the host's snmpd answers as it did.
# shellcheck source-path=SCRIPTDIR source=../lab/gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/../lab/gateway.sh"
need root tun ip ping swanctl python3 unshare snmpd snmpget snmpset snmpbulkwalk "$CHARON"
lab_begin
pollers() { "$lab_python" "$srcdir/tests/clients/pollers.py" "$@"; }
# shellcheck disable=SC2034     # both are gateway.sh's
TRAPS=1 SNMPD_EXTRA="sysContact the host's own
extend-sh strongswan $IPSECMON -c $LAB/a/ipsecmon.conf export librenms | gzip | base64 -w 0"

gateways_up
connections ikev2 ikev1-main
both_up
establish net net2 main
monitor_up a
trapd_up

# ---- The persona, from contrib/ -------------------------------------------------------------------------------------

home=$LAB/persona
user=(-v3 -l authPriv -u ipsecmon -a SHA-256 -A "auth passphrase" -x AES -X "privacy passphrase" -t 2 -r 1)
at=127.0.0.1:1161
here() { sed "s,/run/ipsecmon-persona,$home/run,; s,/var/lib/ipsecmon/persona,$home/agent," "$srcdir/contrib/persona/$1"; }
mkdir -p "$home/etc" "$home/state" "$home/run"
here snmpd.conf > "$home/etc/snmpd.conf"
{ here ipsecmon.conf; printf 'run-dir = "%s"\n' "$LAB/a/run"; } > "$home/etc/ipsecmon.conf"
new_user() { printf '%s\n' "$@" | "$srcdir/contrib/persona/ipsecmon-persona-user" -d "$home/state"; }
check "a user is made by one command" new_user "auth passphrase" "privacy passphrase"
short() { ! new_user short "privacy passphrase" 2>&1; }
check "one with a short passphrase is not" short

# What the unit starts, where the lab is.
read -ra master < <(sed -n 's,^ExecStart=/usr/sbin/,,p' "$srcdir/contrib/systemd/ipsecmon-persona.service.in")
persona_up() {
	rm -f "$home/run/agentx"
	start a persona env SNMPCONFPATH="$home/etc:$home/state" SNMP_PERSISTENT_DIR="$home/state" MIBS= "${master[@]}"
	wait_until 10 test -S "$home/run/agentx"
}
persona_agent_up() { start a persona-agentx "$IPSECMON_AGENTX" -f -c "$home/etc/ipsecmon.conf"; }
# persona COMMAND WORD...: a Net-SNMP command that asks it
persona() {
	local command=$1; shift
	in_ns a env SNMPCONFPATH=/nonexistent SNMP_PERSISTENT_DIR="$home/client" MIBS= "$command" "${user[@]}" -On -Oe -Ox "$at" "$@"
}
persona_serves() { persona snmpget $FLOW_MIB.1.1.1.0 | grep -q 'INTEGER: 1$'; }

# host FILE: what the host's own snmpd answers, without the machine's processes and mounts, and what snmpd tells of itself
host() {
	local oid
	for oid in 1.3.6.1.2.1.1 1.3.6.1.2.1.2 1.3.6.1.2.1.31 1.3.6.1.4.1 1.3.6.1.6; do
		walk a "$1.part" $oid && cat "$1.part" || return
	done | grep -vE '^1\.3\.6\.1\.4\.1\.(2021|8072\.1)\.' > "$1"
}
check "the host's snmpd, before" host "$LAB/host.1"
traffic "${SRC[net]}" "${DST[net]}" 4 500
traffic "${SRC[main]}" "${DST[main]}" 4 500
rekey_child a net
rekey_child a main
sleep 1.2
check "and again" host "$LAB/host.2"
persona_up
persona_agent_up
wait_until 15 persona_serves

equal "its sysDescr and sysObjectID" "Cisco Adaptive Security Appliance compatible: ipsecmon on Linux
.1.3.6.1.4.1.9.1.1614" "$(persona snmpget -Oqva 1.3.6.1.2.1.1.1.0 1.3.6.1.2.1.1.2.0 | tr -d '"')"
equal "the host's sysContact is not there" "" "$(persona snmpbulkwalk -Oqva 1.3.6.1.2.1.1.4 | grep host)"
walked() { persona snmpbulkwalk -Cr25 "$1" > "$2.raw" && lab_cells "$2.raw" > "$2"; }
check "a walk of all that it has" walked .1 "$LAB/persona.walk"
equal "nothing else is there" "" "$(grep -vE '^1\.3\.6\.1\.(2\.1\.[12]|2\.1\.25\.1\.1|2\.1\.31\.1\.[15]|6\.3\.10\.2\.1|4\.1\.9\.9\.(171|172|392|467)|4\.1\.9\.10\.62|4\.1\.8072\.9999\.9999)\.' "$LAB/persona.walk")"
interfaces() { sed -n 's/^1\.3\.6\.1\.2\.1\.2\.2\.1\.2\.//p' "$1"; }
equal "the interfaces are the real ones" "$(interfaces "$LAB/host.2")" "$(interfaces "$LAB/persona.walk")"
# unseen COMMAND...: it gets no value
unseen() { ! in_ns a env SNMPCONFPATH=/nonexistent MIBS= SNMP_PERSISTENT_DIR="$home/client" "$@" "$at" 1.3.6.1.2.1.1.1.0 2>&1 | grep -q 'STRING'; }
check "SNMPv2c has no answer" unseen snmpget -v2c -c public -t 0.5 -r 0
check "nor a user without privacy" unseen snmpget -v3 -l authNoPriv -u ipsecmon -a SHA-256 -A "auth passphrase" -t 1 -r 0
check "nor another passphrase" unseen snmpget "${user[@]}" -X "another passphrase" -t 0.5 -r 0
nothing_set() { persona snmpset "$FLOW_MIB.1.6.1.0" i 1 2>&1 | grep -E "noAccess|notWritable|noSuchName"; }
check "nothing can be set" nothing_set

# ---- The host's own snmpd --------------------------------------------------------------------------------------------

# Counters and clocks go on, and whatever moved while there was no persona may move. All else is the same, byte for byte.
same_host() {
	"$lab_python" - "$LAB/host.1" "$LAB/host.2" "$1" <<-'PYTHON'
	import sys
	one, two, now = ({line.split(" ")[0]: line for line in open(path)} for path in sys.argv[1:])
	def column(oid):
	    return ".".join(oid.split(".")[:13 if oid.startswith("1.3.6.1.4.1.8072.") else 14])
	moving = {column(oid) for oid in set(one) | set(two) if one.get(oid) != two.get(oid)}
	moving |= {column(oid) for oid in two if two[oid].split(" ")[1] in ("Counter32", "Counter64", "Timeticks")}
	kept = [oid for oid in two if column(oid) not in moving]
	wrong = [oid for oid in set(two) | set(now) if column(oid) not in moving and two.get(oid) != now.get(oid)]
	print("%d cells, %d of them are compared" % (len(two), len(kept)))
	sys.exit("\n".join("%r %r" % (two.get(oid), now.get(oid)) for oid in wrong[:20]) or len(kept) < 300)
	PYTHON
}
check "the host's snmpd, with a persona beside it" host "$LAB/host.3"
check "it answers byte for byte as before" same_host "$LAB/host.3"
say "$(same_host "$LAB/host.3")"

# ---- As pollers ask --------------------------------------------------------------------------------------------------

# Nothing moves while they ask: IKE and traffic are silent, and ipsecmond has looked since.
settled() {
	local before; before=$(cli a show crypto ipsec sa --json | grep -o '"octets": [0-9]*')
	sleep 1.1
	[ "$before" = "$(cli a show crypto ipsec sa --json | grep -o '"octets": [0-9]*')" ]
}
polls() { SNMP_PERSISTENT_DIR=$home/client in_ns a "$lab_python" "$srcdir/tests/clients/pollers.py" all "$1" -- "${user[@]}" "$at"; }
# agree NAME: what all pollers have now, and the command line
agree() {
	wait_until 10 settled
	check "all pollers ask, $1" polls "$LAB/$1"
	cli a show crypto isakmp sa --json > "$LAB/ike.json"
	cli a show crypto ipsec sa --json > "$LAB/sec.json"
	check "their figures are the command line's, $1" pollers match "$LAB/$1" "$LAB/ike.json" "$LAB/sec.json"
}
agree first
detects() { "$lab_python" -c 'import json, sys
seen = json.load(open(sys.argv[1]))
print(seen["librenms"]["os"], seen["observium"]["os"], seen["checkmk"]["detected"], seen["nwc"]["class"], seen["nwc"]["status"],
      seen["netdata"]["profile"], seen["datadog"]["profile"])' "$1"; }
equal "each takes it for a Cisco" "asa asa True ASA OK cisco-asa cisco-asa" "$(detects "$LAB/first")"
pollers keys "$LAB/first" | sort > "$LAB/first.keys"
sed 's/^/# /' "$LAB/first.keys"

traffic "${SRC[net]}" "${DST[net]}" 20 1000
traffic "${SRC[main]}" "${DST[main]}" 10 500
rekey_child a net
rekey_ike b ikev2
traffic "${SRC[net]}" "${DST[net]}" 10 1000
agree rekeyed
check "no counter fell through rekeys, and they move" pollers rates "$LAB/first" "$LAB/rekeyed"
equal "lifetimes of IKE SAs are those configured, rekeyed or not" "14400 14400" \
	"$(persona snmpbulkwalk -Oqv "$FLOW_MIB.1.2.3.1.15" | xargs)"
equal "tunnels have their keys still" "$(< "$LAB/first.keys")" "$(pollers keys "$LAB/rekeyed" | sort)"

# As LibreNMS reads its application "strongswan": an `extend' of the host's own snmpd
application() {
	in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpget -v2c -c public -OqvU 127.0.0.1 \
		1.3.6.1.4.1.8072.1.3.2.3.1.2.10.115.116.114.111.110.103.115.119.97.110 | tr -d '"\n' | base64 -d | gunzip
}
connections_say() { cli a show crypto map --json | "$lab_python" -c 'import json, sys
sums = {}
for row in (row for segment in json.load(sys.stdin)["segments"] for row in segment["maps"]):
    one = sums.setdefault(row["name"], [0, 0, 0, 0, 0])
    for at, number in enumerate((row["tunnels_up"], row["in"]["octets"], row["out"]["octets"], row["in"]["pkts"], row["out"]["pkts"])):
        one[at] += number
for name, one in sorted(sums.items()):
    print(name, int(one[0] > 0), *one)'; }
exported() { application | "$lab_python" -c 'import json, sys
seen = json.load(sys.stdin)
for t in sorted(seen["data"]["tunnels"], key=lambda t: t["name"]):
    print(t["name"], *(t[key] for key in ("state", "children", "bytes_in", "bytes_out", "pkts_in", "pkts_out")))'; }
equal "LibreNMS's application has the figures of each connection" "$(connections_say)" "$(exported)"
say "$(exported | head -n 1)"

# ---- Down, and back; one notification for it --------------------------------------------------------------------------

COMMUNITY=private check "the host's agent sends notifications" snmp a snmpset $FLOW_MIB.1.6.8.0 i 1
switch() { sed -n "s/^.*\.9\.9\.171\.1\.6\.8\.0 = INTEGER: //p"; }
equal "which are off in the persona still" 2 "$(persona snmpget $FLOW_MIB.1.6.8.0 | switch)"
terminate a --ike ikev1-main
no_main() { ! cli a show crypto isakmp sa | grep -q 10.9.1.2; }
wait_until 10 no_main
agree down
# Our own plugin for Checkmk asks the host's own snmpd, and has a service for what is down.
own_check() { SNMP_PERSISTENT_DIR=$home/client in_ns a "$lab_python" "$srcdir/tests/clients/checkmk.py" "$srcdir/contrib/checkmk/ipsecmon_tunnels.py" -- -v2c -c public 127.0.0.1; }
own_check > "$LAB/own" 2>&1
equal "contrib/checkmk has each tunnel by name, up or down" "ikev1-main/main 2
ikev2/net 0
ikev2/net2 0" "$(cut -d ' ' -f 1,2 "$LAB/own")"
equal "with its traffic" "if_in_octets if_out_octets" "$(sed -n 's/^ikev2.net 0 //p' "$LAB/own" | xargs -n 1 | grep '^if_' | xargs)"
gone=$(comm -23 "$LAB/first.keys" <(pollers keys "$LAB/down" | sort))
equal "each poller misses what is down" "centreon checkmk datadog librenms netdata nwc observium" \
	"$(cut -d ' ' -f 1 <<< "$gone" | sort -u | xargs)"
initiate a main
wait_until 5 up a child main
agree back
still() { comm -12 "$LAB/first.keys" <(pollers keys "$1" | sort) | cut -d ' ' -f 1 | sort -u | xargs; }
equal "and has it again" "$(cut -d ' ' -f 1 "$LAB/first.keys" | grep -v -e netdata -e datadog | sort | uniq -c)" \
	"$(pollers keys "$LAB/back" | cut -d ' ' -f 1 | grep -v -e netdata -e datadog | sort | uniq -c)"
say "those with a key that was there: $(still "$LAB/back")"
stops() { [ "$(grep -c '"cipSecTunnelStop;' "$LAB/traps.log")" = "$1" ]; }
wait_until 5 stops 1
pass "one notification was sent when the tunnel went down, not two"

# ---- Restarts ---------------------------------------------------------------------------------------------------------

pollers keys "$LAB/back" | sort > "$LAB/back.keys"
for what in persona persona-agentx feed-a; do
	stop "$what"
	equal "$what ends well" 0 "$STATUS"
	case $what in
	persona) persona_up ;;
	persona-agentx) persona_agent_up ;;
	feed-a) # another range of indexes is for another segment
		echo "first-index = 2000000001" >> "$LAB/a/ipsecmon.conf"
		feed_up a ;;
	esac
	wait_until 15 persona_serves
	agree "restarted-$what"
	equal "after a restart of $what, nobody misses anything" "$(< "$LAB/back.keys")" "$(pollers keys "$LAB/restarted-$what" | sort)"
	equal "and nobody raises an alarm" "OK" "$(detects "$LAB/restarted-$what" | cut -d ' ' -f 5)"
	check "or reports a reboot of the gateway" pollers uptimes "$LAB/back" "$LAB/restarted-$what"
done

stop feed-a
equal "feed-a ends well" 0 "$STATUS"
rm "$(segment a)"
feed_up a
# has NUMBER: so many lines of a walk have tunnel 1 for a script that searches for its index as text
has() { [ "$(persona snmpbulkwalk "$FLOW_MIB.1.3.2.1.51" | grep -c "171\.1\.3\.2\.1\.51\.$1")" = "$2" ]; }
check "in a new segment, the first index is the configured one" wait_until 15 has 2000000001 1
check "and none is the beginning of another" has 2 3
check "another passphrase replaces the first" new_user "another passphrase" "privacy passphrase"
equal "the file has it once" 1 "$(grep -c '^createUser ipsecmon ' "$home/state/snmpd.conf")"
equal "and the old keys are gone" 0 "$(grep -c '^usmUser.*"ipsecmon"' "$home/state/snmpd.conf")"

for what in persona-agentx persona; do
	stop $what
	equal "$what ends well" 0 "$STATUS"
done
story_end
