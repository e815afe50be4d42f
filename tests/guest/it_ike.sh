#!/bin/bash
# Every kind of SA that strongSwan creates in a kernel: after traffic through all of them, every cell of a walk on
# either side agrees with the kernel and charon.
# shellcheck source-path=SCRIPTDIR source=guest.sh
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip ping swanctl python3 unshare snmpd snmpbulkwalk "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON" \
	"$SEGMENT_SAYS"
lab_begin
guest_up 20 21 22 23 24
for node in a b; do recorder_up $node; done
connections "${ALL_CONNECTIONS[@]}" "${KERNEL_CONNECTIONS[@]}"
both_up
for node in a b; do
	guest_configure $node
	monitor_up $node
done
agrees a "nothing is shown of nothing"

n=3
for child in net net2 main aggr v6 4in6 encap alice bob esn transport beet ipcomp ah; do
	initiate a $child
	n=$((n + 1))
	traffic "${SRC[$child]}" "${DST[$child]}" $n $((400 + 10 * n))
done
agrees a "all of them are up"
agrees b "all of them are up"
for node in a b; do
	check "$node: IKE SAs as charon has them" xfrm_witness ikes "$LAB/$node/"{walk,before,after}
done
equal "feeds" "vici up xfrm up" "$(feeds_of a | grep -v error | sort | paste -sd ' ')"

# The kernel has a policy of each of them; what charon has configured is told once.
conns=$(witness a list-conns | "$lab_python" -c 'import json, sys
print(sum(len(conn["children"]) for message in json.load(sys.stdin) for conn in message.values()))')
equal "an entry for each child that charon has, and none for its policies" "$conns 0" \
	"$(entries a | grep -c .) $(entries a | grep -c ^xfrm)"
equal "all of them are up" "" "$(entries a | grep -v ' up ')"
sleep 3
equal "nor later" 0 "$(entries a | grep -c ^xfrm)"
on_kernel() { says a | awk '$1 == "engine" && $NF == "kernel" { print $3 }'; }
equal "SAs are on the kernel" "$(xfrm a state list | grep -cE '^[[:space:]]*proto (esp|ah|comp)')" "$(on_kernel)"

# Longer than what IPComp leaves alone, and one way only.
traffic "${SRC[ipcomp]}" "${DST[ipcomp]}" 5 1300
in_ns b ping -q -c 3 -i 0.01 -w 1 -s 100 -I 10.2.24.1 10.1.24.77 > /dev/null
for child in transport net; do terminate a --child $child; done
agrees a "two have gone"
agrees b "two have gone"
story_end
