#!/bin/bash
# Every cell that SNMP shows of two gateways with all their tunnels up agrees with charon, on the initiator and on the
# responder. GET, GETNEXT and the command line agree with the walk.
# shellcheck source-path=SCRIPTDIR source=gateway.sh
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip ping swanctl python3 unshare snmpd snmpbulkwalk "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
gateways_up
connections "${ALL_CONNECTIONS[@]}"
both_up
all_up
monitor_up a
monitor_up b

# A different number of packets, of a different size, through every tunnel and each way.
n=3
# shellcheck disable=SC2153     # CHILDREN is in lab.sh
for name in "${ALL_CONNECTIONS[@]}"; do
	for child in ${CHILDREN[$name]}; do
		n=$((n + 1))
		traffic "${SRC[$child]}" "${DST[$child]}" $n $((400 + 10 * n))
	done
done
traffic 10.1.12.10 10.2.12.10 2 100             # net2's range
# One way only, so that "in" and "out" differ: echo requests to an address that answers nothing.
in_ns a ip addr add 10.1.0.9/32 dev lo
in_ns b ping -q -c 3 -i 0.01 -w 1 -s 100 -I 10.2.0.1 10.1.0.77 > /dev/null

# What there is between two polls is not shown yet: wait until the counters are those of now, and no packet moves.
# shellcheck disable=SC2317     # it is called, by wait_until
settled() {
	witness "$1" > "$LAB/$1/before" && walk "$1" "$LAB/$1/walk" && compare counters "$LAB/$1/walk" "$LAB/$1/before"
}
for node in a b; do
	wait_until $((2 * POLL + 3)) settled $node
	witness $node list-conns > "$LAB/$node/conns"
	check "$node: walk" walk $node "$LAB/$node/walk"
	cli $node show crypto isakmp sa --json > "$LAB/$node/isakmp"
	cli $node show crypto ipsec sa --json > "$LAB/$node/ipsec"
	witness $node > "$LAB/$node/after"

	say "$node: $(compare tables "$LAB/$node/"{walk,before,conns,after} | tail -n 1)"
	check "$node: every cell of the walk is what charon says" compare tables "$LAB/$node/"{walk,before,conns,after}
	check "$node: the command line says what charon says" \
		compare cli "$LAB/$node/"{isakmp,ipsec,walk,before,after}
	check "$node: GET of every instance" ask $node snmpget "$LAB/$node/walk" "$LAB/$node/gets"
	check "$node: GET equals the walk" compare same "$LAB/$node/"{walk,gets}
	check "$node: GETNEXT of every instance" ask $node snmpgetnext "$LAB/$node/walk" "$LAB/$node/nexts"
	check "$node: GETNEXT equals the walk" compare next "$LAB/$node/"{walk,nexts}
done
equal "a and b have all tunnels" "9 9" "$(value a cipSecGlobalActiveTunnels.0) $(value b cipSecGlobalActiveTunnels.0)"
check "in and out were told apart" test \
	"$(value a "cipSecTunInPkts.$(index_of a tunnel net)")" -gt "$(value a "cipSecTunOutPkts.$(index_of a tunnel net)")"
story_end
