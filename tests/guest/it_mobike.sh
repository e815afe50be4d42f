#!/bin/bash
# A gateway moves to another address: charon replaces SAs by new ones with the same SPIs and counters. The tunnel
# keeps its index, no packet is counted twice or lost, and no rekey is counted.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip ping swanctl python3 unshare snmpd snmpbulkwalk "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
guest_up
# One address, or charon would try them all against each other.
for node in a:1 b:2; do
	in_ns ${node%:*} ip addr flush dev wire
	in_ns ${node%:*} ip addr add "10.9.0.${node#*:}/24" dev wire
	in_ns ${node%:*} ip route replace default via "10.9.0.$((3 - ${node#*:}))"
done
connections ikev2
for node in a b; do tweak $node 'connections { ikev2 { mobike = yes } }'; done
in_ns a sysctl -qw net.ipv4.conf.wire.promote_secondaries=1     # or the new address went with the old one
both_up
for node in a b; do
	guest_configure $node
	monitor_up $node
done
initiate a net
traffic "${SRC[net]}" "${DST[net]}" 7 1000
for node in a b; do wait_until 10 is $node cipSecGlobalOutPkts.0 7; done
index=$(index_of a tunnel net)

in_ns a ip addr add 10.9.0.11/24 dev wire
in_ns a ip addr del 10.9.0.1/24 dev wire
moved() { xfrm "$1" state | grep -q '10\.9\.0\.11' && ! xfrm "$1" state | grep -q '10\.9\.0\.1\b'; }
for node in a b; do wait_until 30 moved $node; done
pass "the kernels have the SAs under the new address"
in_ns a ip route replace default via 10.9.0.2
traffic "${SRC[net]}" "${DST[net]}" 5 1000

for node in a b; do
	at() { printf '%s' "$(value $node "$1.$index")"; }
	wait_until 10 is $node "cipSecTunOutPkts.$index" 12
	equal "$node: packets and octets, in and out" "12 12336 12 12336" \
		"$(at cipSecTunInPkts) $(at cipSecTunHcInOctets) $(at cipSecTunOutPkts) $(at cipSecTunHcOutOctets)"
	equal "$node: totals" "12 12" "$(value $node cipSecGlobalInPkts.0) $(value $node cipSecGlobalOutPkts.0)"
	equal "$node: refreshes, and tunnels that there were" "0 0" "$(at cipSecTunTotalRefreshes) $(value $node cipSecGlobalPreviousTunnels.0)"
done
equal "a: its new address" 0a09000b "$(walk a "$LAB/a/walk" && compare table "$LAB/a/walk" cipSecTunLocalAddr | cut -d ' ' -f 2)"
equal "b: the peer's new address" 0a09000b "$(walk b "$LAB/b/walk" && compare table "$LAB/b/walk" cipSecTunRemoteAddr | cut -d ' ' -f 2)"
equal "a: it still has its name" "$index" "$(index_of a tunnel net)"
story_end
