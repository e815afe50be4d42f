#!/bin/bash
# Under constant traffic, CHILD_SAs and IKE SAs are rekeyed by either side. Tunnels keep their indexes, no counter
# goes back, and at the end each tunnel has counted every packet of all its SAs: as many as the kernel last reported
# for them, and as many as were sent.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317,SC2154    # wait_until calls; PID is lab.sh's
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip ping swanctl python3 unshare snmpd snmpbulkwalk "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
guest_up
for node in a b; do recorder_up $node; done
connections ikev2 ikev1-main
both_up
establish net main
for node in a b; do
	guest_configure $node
	monitor_up $node
done

stream() {              # stream CHILD: batches of echo requests, until $LAB/enough is there
	until [ -e "$LAB/enough" ]; do
		in_ns a ping -q -n -c 25 -i 0.02 -W 2 -s 1000 -I "${SRC[$1]}" "${DST[$1]}"
	done > "$LAB/ping-$1.log" 2>&1
}
poller() {
	local n=0
	until [ -e "$LAB/enough" ]; do
		n=$((n + 1))
		walk a "$LAB/polls/$(printf '%05d' $n)" || touch "$LAB/polls/failed"
	done
}
# pings: how many were sent, and how many were answered, through both
pings() { awk '/packets transmitted/ { sent += $1; back += $4 } END { print sent, back }' "$LAB"/ping-*.log; }
declare -A INDEX
for child in net main; do INDEX[$child]=$(index_of a tunnel $child); done
mkdir "$LAB/polls"
poller & PID[poller]=$!
stream net & PID[net]=$!
stream main & PID[main]=$!

rekey_child a net
rekey_child b main
rekey_child b net
rekey_ike a ikev2
rekey_child a main
rekey_child a net
rekey_ike b ikev1-main
rekey_child b net
rekey_child b main
touch "$LAB/enough"
wait "${PID[poller]}" "${PID[net]}" "${PID[main]}"
unset "PID[poller]" "PID[net]" "PID[main]"

old_gone() { [ "$(count "$1" child net)" = 1 ]; }         # IKEv1 leaves them there until their time is over
for node in a b; do
	wait_until 20 old_gone $node
	agrees $node "after seven rekeys of CHILD_SAs and two of IKE SAs"
done
read -r sent back <<< "$(pings)"
snapshot a "$LAB/a/snap"
equal "a: packets and octets of all SAs, in and out, and how many SAs" \
	"$back $((back * 1028)) $sent $((sent * 1028)) 18" "$(xfrm_witness totals "$LAB/record-a.log" "$LAB/a/snap")"
equal "a: SNMP has counted every packet" "$back $sent" \
	"$(value a cipSecGlobalInPkts.0) $(value a cipSecGlobalOutPkts.0)"
for child in net main; do equal "a: $child keeps its index" "${INDEX[$child]}" "$(index_of a tunnel $child)"; done
equal "a: refreshes" "4 3" \
	"$(value a "cipSecTunTotalRefreshes.${INDEX[net]}") $(value a "cipSecTunTotalRefreshes.${INDEX[main]}")"
check "no counter went back: $(compare stable "$LAB/polls/"????? | tail -n 1)" compare stable "$LAB/polls/"?????
check "no tunnel came or went" compare constant "$LAB/polls/"?????
check "every walk was answered" test ! -e "$LAB/polls/failed"
story_end
