#!/bin/bash
# The lab itself: all connections come up at the same time, every tunnel carries exactly its own packets, SAs are
# rekeyed and replaced, both sides report the same over VICI, and nothing is left behind.
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
need root tun ip ping swanctl python3 unshare "$CHARON"
lab_begin
began=$(lab_ms)
took() { say "$(($(lab_ms) - began)) ms: $*"; }

# counted NODE CHILD in|out: packets/octets
counted() { printf '%s/%s' "$(witness "$1" get child "$2" "packets-$3")" "$(witness "$1" get child "$2" "bytes-$3")"; }

gateways_up
connections "${ALL_CONNECTIONS[@]}"
both_up
took "both gateways answer"
watch a
watch b
all_up
took "all connections are up"
check "in less than 8 s" in_time $(($(lab_ms) - began)) 8000

children=()
# shellcheck disable=SC2153     # CHILDREN is in lab.sh
for name in "${ALL_CONNECTIONS[@]}"; do
	for child in ${CHILDREN[$name]}; do children+=("$child"); done
done
on_b() { case $1 in alice | bob) echo rw ;; *) echo "$1" ;; esac; }    # what b calls it

equal "a has all children" 9 "$(witness a tsv | grep -c '^child.*state=INSTALLED')"
equal "b has all children" 9 "$(witness b tsv | grep -c '^child.*state=INSTALLED')"
equal "b has both road warriors in one connection" 2 "$(count b ike rw ESTABLISHED)"
equal "the selectors of net2" "10.1.10.0/24[icmp] 10.1.11.1/32[udp/5001] 10.1.12.10..10.1.12.20" \
	"$(witness a get child net2 local-ts)"

# A different number of packets through every tunnel, so that none can be taken for another.
n=10
for child in "${children[@]}"; do
	n=$((n + 1))
	traffic "${SRC[$child]}" "${DST[$child]}" $n 1000
	[ "$child" = v6 ] && size=1048 || size=1028
	for way in in out; do
		equal "$child: a counted $way" "$n/$((n * size))" "$(counted a "$child" $way)"
		[ "$(on_b "$child")" = rw ] ||
			equal "$child: b counted $way" "$n/$((n * size))" "$(counted b "$child" $way)"
	done
done
equal "alice and bob: b counted in" "18 19" "$(witness b get child rw packets-in | sort -n | paste -sd ' ')"
traffic 10.1.12.10 10.2.12.10 5 500             # net2's range
equal "net2: another selector, the same SA" 17/$((12 * 1028 + 5 * 528)) "$(counted a net2 out)"
traffic 10.2.0.1 10.1.0.1 7 100 b
took "traffic went through all"

# Rekeying a CHILD_SA: another SA, and packets go on.
for child in net main; do
	old=$(newest a child $child INSTALLED)
	rekey_child a $child
	check "$child was rekeyed" test "$(newest a child $child INSTALLED)" -gt "$old"
	traffic "${SRC[$child]}" "${DST[$child]}" 3 1000
done
wait_until 5 grep -q '"child-rekey".*"net"' "$LAB/events-b.log"

# Rekeying an IKE SA: another uniqueid, and the same children.  IKEv1 makes a new one and keeps the old for 10 s.
for name in ikev2 ikev1-main ikev1-aggr; do
	old=$(newest a ike $name ESTABLISHED)
	child=${CHILDREN[$name]%% *}
	rekey_ike a $name
	check "$name was rekeyed" test "$(newest a ike $name ESTABLISHED)" -gt "$old"
	traffic "${SRC[$child]}" "${DST[$child]}" 3 1000
done
wait_until 5 grep -q '"ike-rekey".*"ikev2"' "$LAB/events-b.log"
rekey_ike a ikev2-v6 --reauth
wait_until 5 up a child v6
traffic "${SRC[v6]}" "${DST[v6]}" 3 1000
took "rekeyed"

# Ends: by us, by a signal, and by a crash that DPD finds.
terminate a --child encap
wait_until 5 gone b child encap
terminate b --ike ikev2-4in6
wait_until 5 gone a ike ikev2-4in6
charon_down b
equal "charon ends well" 0 "$STATUS"
wait_until 5 gone a ike ikev2
took "b went down"
wait_until 5 grep -q closed "$LAB/events-b.log"

charon_up b 'retransmit_tries = 1'
load b
watch b
tweak a 'connections { ikev2 { dpd_delay = 1s } }'
tweak b 'connections { ikev2 { dpd_delay = 1s } }'
load a
load b
initiate a net
charon_kill9 a
wait_until 20 gone b ike ikev2
took "b found a dead"

say "what a told:"
events a | sed 's/^/#   /'
say "what b told since it was started again:"
events b | sed 's/^/#   /'
lab_end
