#!/bin/bash
# Under constant traffic, ten CHILD_SAs and six IKE SAs are rekeyed, by either side, with IKEv1 and IKEv2. Each tunnel
# and each IKE SA keeps its index, refreshes are counted exactly, no counter that a poller sees goes back, and at the
# end the sums are those that charon itself reported for all its SAs.
#
# These sums may be less than the packets sent. At a rekey, charon reads the counters of the old outbound SA a moment
# before packets stop using it. VICI doesn't report the packets in between, and a busy machine has more of them. So
# rekeys without traffic follow, and then every packet is accounted for. Finally both sides rekey at the same moment.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip ping swanctl python3 unshare snmpd snmpbulkwalk "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
# shellcheck disable=SC2034     # it is gateway.sh's
POLL=5                          # what users have
gateways_up
connections ikev2 ikev1-main
both_up
establish net main
monitor_up a
monitor_up b
began=$(lab_ms)

# ---- In the background: traffic, and a poller -----------------------------------------------------------------

declare -A SIZE=([net]=1000 [main]=500)
# stream CHILD: echo requests in batches, each of which waits for its last answer, until $LAB/enough is there
stream() {
	until [ -e "$LAB/enough" ]; do
		in_ns a ping -q -n -c 25 -i 0.01 -W 2 -s "${SIZE[$1]}" -I "${SRC[$1]}" "${DST[$1]}"
	done > "$LAB/ping-$1.log" 2>&1
}
# pings CHILD: how many were sent, and how many were answered
pings() { awk '/packets transmitted/ { sent += $1; back += $4 } END { print sent + 0, back + 0 }' "$LAB/ping-$1.log"; }

poller() {
	local n=0 node
	until [ -e "$LAB/enough-polls" ]; do
		n=$((n + 1))
		for node in a b; do
			walk $node "$LAB/polls/$node.$(printf '%05d' $n)" || echo "$node $n" >> "$LAB/polls/failed"
			[ $((n % 8)) != 0 ] || witness $node > "$LAB/polls/$node.witness.$n"
		done
	done
}

mkdir "$LAB/polls"
poller & PID[poller]=$!
stream net & PID[net]=$!
stream main & PID[main]=$!

declare -A INDEX
for node in a b; do
	for child in net main; do INDEX[$node $child]=$(index_of $node tunnel $child); done
	for ike in ikev2 ikev1-main; do INDEX[$node $ike]=$(index_of $node ike $ike); done
done

# ---- Rekeying -------------------------------------------------------------------------------------------------
# A rekey of IKEv1 keeps the old IKE SA for ten seconds, and `swanctl --rekey' would take that one, too.

alone() { [ "$(count a ike "$1")" = 1 ] && [ "$(count b ike "$1")" = 1 ]; }
ike_rekey() {           # NODE CONNECTION
	wait_until 15 alone "$2"
	rekey_ike "$1" "$2"
}

rekey_child a net
ike_rekey a ikev1-main
rekey_child b main
rekey_child b net
ike_rekey a ikev2
rekey_child a main
rekey_child a net
ike_rekey b ikev1-main
rekey_child b main
ike_rekey b ikev2
rekey_child b net
rekey_child a main
rekey_child a net
ike_rekey a ikev1-main
ike_rekey a ikev2
rekey_child b main

enough_traffic() { [ "$(sent net)" -gt 300 ] && [ "$(sent main)" -gt 300 ]; }
sent() { pings "$1" | cut -d ' ' -f 1; }
wait_until 60 enough_traffic
touch "$LAB/enough"
wait "${PID[net]}" "${PID[main]}"
unset "PID[net]" "PID[main]"
say "rekeyed in $(($(lab_ms) - began)) ms"
read -r net_sent net_back <<< "$(pings net)"
read -r main_sent main_back <<< "$(pings main)"
say "net: $net_sent sent, $net_back answered; main: $main_sent sent, $main_back answered"

# ---- The sums -------------------------------------------------------------------------------------------------

# said NODE CHILD: packets and octets, in and out, of all its CHILD_SAs as charon says
said() {
	local size=$((SIZE[$2] + 28)) in out
	witness "$1" > "$LAB/polls/$1.witness.last"
	read -r in out <<< "$(compare total "$2" "$LAB/charon-$1.log" "$LAB/polls/$1.witness."*)"
	echo $((in / size)) "$in" $((out / size)) "$out"
}
# counted NODE CHILD: the same as SNMP says
counted() {
	local name
	for name in In{Pkts,Octets} Out{Pkts,Octets}; do value "$1" "cipSecTun$name.${INDEX[$1 $2]}" || echo none; done |
		paste -sd ' '
}
agree() { [ "$(counted "$1" "$2")" = "$(said "$1" "$2")" ]; }
# some_of SENT COUNTED: no more than were sent; that it is what charon saw was looked at before
some_of() { [ "$2" -le "$1" ] && [ "$2" -gt 0 ]; }

declare -A BEFORE               # the packets in and out of "NODE CHILD"
for node in a b; do
	for child in net main; do
		try_for 12 agree $node $child
		equal "$node: $child counted what charon says" "$(said $node $child)" "$(counted $node $child)"
		read -r in _ out _ <<< "$(counted $node $child)"
		BEFORE[$node $child]="$in $out"
		if [ $child = net ]; then sent=$net_sent back=$net_back; else sent=$main_sent back=$main_back; fi
		say "$node: $child: $sent sent, $back answered, in $in, out $out"
		check "$node: $child counted no packet that was not sent" some_of "$sent" "$out"
		check "$node: $child counted no packet that did not come back" some_of "$sent" "$in"
	done
	equal "$node: the gateway's sums are those of its tunnels" \
		"$(for child in net main; do counted $node $child; done | awk '
			{ for (i = 1; i <= 4; i++) sum[i] += $i } END { print sum[1], sum[2], sum[3], sum[4] }')" \
		"$(for name in In{Pkts,Octets} Out{Pkts,Octets}; do value $node "cipSecGlobal$name.0"; done | paste -sd ' ')"
	equal "$node: 64 bits and 32 say the same" \
		"$(for child in net main; do
			read -r _ in _ out <<< "$(counted $node $child)"; echo "$in $out"; done | paste -sd ' ')" \
		"$(for child in net main; do
			value $node "cipSecTunHcInOctets.${INDEX[$node $child]}"
			value $node "cipSecTunHcOutOctets.${INDEX[$node $child]}"; done | paste -sd ' ')"
done

# ---- Not a packet too many or too few, when none is on its way ------------------------------------------------

exactly() {             # NODE CHILD PACKETS: that many since BEFORE, each way
	local in out in_before out_before
	read -r in _ out _ <<< "$(counted "$1" "$2")"
	read -r in_before out_before <<< "${BEFORE[$1 $2]}"
	[ "$in $out" = "$((in_before + $3)) $((out_before + $3))" ]
}
for node in a b; do
	for child in net main; do
		traffic "${SRC[$child]}" "${DST[$child]}" 10 "${SIZE[$child]}"
		rekey_child $node $child
		traffic "${SRC[$child]}" "${DST[$child]}" 13 "${SIZE[$child]}"
	done
done
for node in a b; do
	for child in net main; do
		wait_until 12 exactly $node $child 46
		pass "$node: $child: every packet is accounted for"
	done
done
wait_until 15 alone ikev1-main

many_walks() { [ "$(find "$LAB/polls" -name 'a.?????' | wc -l)" -gt 50 ]; }
wait_until 60 many_walks
touch "$LAB/enough-polls"
wait "${PID[poller]}"
unset "PID[poller]"

for node in a b; do
	for child in net main; do
		equal "$node: $child keeps its index" "${INDEX[$node $child]}" "$(index_of $node tunnel $child)"
	done
	for ike in ikev2 ikev1-main; do
		equal "$node: $ike keeps its index" "${INDEX[$node $ike]}" "$(index_of $node ike $ike)"
	done
	equal "$node: refreshes of net, main, ikev2, ikev1-main" "7 7 3 3" "$(
		for name in cipSecTunTotalRefreshes."${INDEX[$node net]}" cipSecTunTotalRefreshes."${INDEX[$node main]}" \
			cikeTunTotalRefreshes."${INDEX[$node ikev2]}" cikeTunTotalRefreshes."${INDEX[$node ikev1-main]}"; do
			value $node "$name" || echo none
		done | paste -sd ' ')"
	equal "$node: active and previous tunnels, active and previous IKE SAs" "2 0 2 0" "$(
		for name in cipSec cike; do
			value $node ${name}GlobalActiveTunnels.0
			value $node ${name}GlobalPreviousTunnels.0
		done | paste -sd ' ')"
	say "$node: $(compare stable "$LAB/polls/$node."????? | tail -n 1)"
	check "$node: no poller saw a counter get smaller" compare stable "$LAB/polls/$node."?????
	check "$node: no poller saw a tunnel or an IKE SA come or go" compare constant "$LAB/polls/$node."?????
done
check "every walk was answered" test ! -e "$LAB/polls/failed"
# ---- Both sides at the same moment ----------------------------------------------------------------------------
# Answers are late, so the requests cross. When b's CHILD_SA loses, b deletes it before it answers a's request: until then
# a has only one that charon calls REKEYED. Who loses is chance.

judge() { "$lab_python" "$LAB_HOME/random_ike.py" "$1" "$LAB/$2/mark.json" "$IPSECMON" "$LAB/$2/ipsecmon.conf" "${@:3}"; }
for node in a b; do charon_down $node; done
charon_up a 'receive_delay = 300
receive_delay_type = 36
receive_delay_response = no'
charon_up b 'receive_delay = 100
receive_delay_type = 36
receive_delay_response = no
send_delay = 1500
send_delay_type = 36
send_delay_request = no'
# The second is what strongSwan 6 says.
crossed() { log charon-a | grep -cE 'detected (CHILD_REKEY collision with CHILD_REKEY|rekey collision for CHILD_SA)'; }
for node in a b; do load $node; watch $node; done
initiate a net
alone_with_one() { [ "$(count "$1" child net)" = 1 ] && [ "$(index_of "$1" tunnel net | wc -l)" = 1 ]; }
for node in a b; do wait_until 30 alone_with_one $node; done
for node in a b; do judge mark $node; done
for ((n = 0; n < 6; n++)); do
	for node in a b; do sw $node --rekey --child net > /dev/null 2>&1 & PID[rekey-$node]=$!; done
	wait "${PID[rekey-a]}" "${PID[rekey-b]}"
	unset "PID[rekey-a]" "PID[rekey-b]"
	for node in a b; do wait_until 30 alone_with_one $node; done
done
say "$(crossed) of 6 crossed"
check "rekeys crossed each other" test "$(crossed)" -gt 0
for node in a b; do
	check "$node: a collision takes nothing down, and is one refresh" judge since $node "$LAB/events-$node.log" 0
done
story_end
