#!/bin/bash
# IKE on the wire: ipsecmond and tshark agree, message by message and count by count, on a file and live, with
# strongSwan's feed (a) and without it (b). A negotiation that stops at any message shows its state.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317,SC2016   # for wait_until and check, and their eval
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
REPLAY=${REPLAY:-$builddir/tests/lab/ike_replay}
need root tun ip ping swanctl python3 unshare snmpd snmpbulkwalk tshark dumpcap nft "$CHARON" "$IPSECMOND" \
	"$IPSECMON_AGENTX" "$IPSECMON" "$REPLAY"
lab_begin
gateways_up
declare -A OURS=([a]="10.9.0.1 10.9.1.1 10.9.2.1 10.9.5.1 10.9.6.1 10.9.6.3 10.9.7.1 fd09::1 fd09:3::1 fd09:4::1"
                 [b]="10.9.0.2 10.9.1.2 10.9.2.2 10.9.5.2 10.9.6.2 10.9.7.2 fd09::2 fd09:3::2 fd09:4::2")

# capture NODE NAME: what comes by on all interfaces of the node, into $LAB/NAME.pcap, until `captured NAME'
declare -A BEFORE CAPTURED
capture() {
	CAPTURED[$2]=$1
	BEFORE[$2]=$(wire_says "$1" events)
	start "$1" "capture-$2" dumpcap -q -P -i any -y LINUX_SLL2 -f udp -w "$LAB/$2.pcap"
	wait_until 10 test -s "$LAB/$2.pcap"
}
captured() {            # once it has all that ipsecmond has seen meanwhile
	wait_until 10 holds_all "$1"
	stop "capture-$1" INT
}
messages() { tshark -r "$LAB/$1.pcap" -Y isakmp 2> /dev/null | wc -l; }
holds_all() { [ $((BEFORE[$1] + $(messages "$1"))) = "$(wire_says "${CAPTURED[$1]}" events)" ] && [ "$(messages "$1")" -gt 0 ]; }

witness_says() { "$lab_python" "$LAB_HOME/ike_witness.py" "$@"; }

# replayed WHAT NAME NODE: the file, through our decoder and tracker, is what tshark says
replayed() {
	# shellcheck disable=SC2086
	"$REPLAY" "$LAB/$2.pcap" ${OURS[$3]} > "$LAB/$2.replay" 2>> "$LAB/replay.log"
	# shellcheck disable=SC2086
	check "$1: $(witness_says replay "$LAB/$2.pcap" "$LAB/$2.replay" ${OURS[$3]} | tail -n 1)" \
		witness_says replay "$LAB/$2.pcap" "$LAB/$2.replay" ${OURS[$3]}
}

# lived WHAT NAME NODE: what ipsecmond has counted since it began is what tshark finds in the file
lived() {
	local what=$1 name=$2 node=$3
	wait_until 5 all_seen "$node" "$(messages "$name")"
	cli "$node" show crypto isakmp sa --json > "$LAB/$name.sas"
	cli "$node" show crypto history --json > "$LAB/$name.history"
	walk "$node" "$LAB/$name.walk" $FLOW_MIB.1.2.1
	# shellcheck disable=SC2086
	check "$what: $(witness_says live "$LAB/$name.pcap" "$LAB/$name.sas" "$LAB/$name.history" "$LAB/$name.walk" ${OURS[$node]} |
		tail -n 1)" witness_says live "$LAB/$name.pcap" "$LAB/$name.sas" "$LAB/$name.history" "$LAB/$name.walk" ${OURS[$node]}
}
wire_says() {           # wire_says NODE KEY: of the feed ikewatch
	cli "$1" show feeds --json 2> /dev/null | "$lab_python" -c 'import json, sys
for feed in json.load(sys.stdin)["segments"][0]["feeds"]:
    if feed["name"] == "ikewatch":
        print(feed[sys.argv[1]])' "$2"
}
all_seen() { [ "$(wire_says "$1" events)" = "$2" ]; }
wire_is() { [ "$(wire_says "$1" state)" = "$2" ]; }

# state NODE REMOTE: of the IKE SAs with that peer, as an IOS hand reads them
state() { cli "$1" show crypto isakmp sa | awk -v peer="$2" '$1 == peer || $2 == peer { print $3 }' | sort -u | paste -sd ' '; }
state_is() { [ "$(state "$1" "$2")" = "$3" ]; }

# The wire alone does not tell b that charon has given up; what it has shown is forgotten here.
restart_b() {
	stop feed-b
	rm -f "$(segment b)"
	feed_up b
	wait_until 10 wire_is b up
}

# a has strongSwan's feed besides, b the wire alone.
configure a 'feed ikewatch { }'
configure b 'feed ikewatch { }'
sed -i '/^feed vici {/,/^}/d' "$LAB/b/ipsecmon.conf"
monitor_up a
monitor_up b
for node in a b; do wait_until 10 wire_is $node up; done
check "the capability to capture was given up" grep -q "CAP_NET_RAW was given up" "$LAB/feed-a.log"
has_raw() { [ $((0x$(awk '$1 == "CapPrm:" { print $2 }' "/proc/${PID[feed-$1]}/status") >> 13 & 1)) = 1 ]; }
check "the kernel says so, too" eval '! has_raw a && ! has_raw b'
equal "without strongSwan's feed there is one feed" ikewatch "$(cli b show feeds --json | "$lab_python" -c \
	'import json, sys; print(*[f["name"] for f in json.load(sys.stdin)["segments"][0]["feeds"]])')"

# ---- A day in the life ------------------------------------------------------------------------------------------

connections "${ALL_CONNECTIONS[@]}"
capture a day-a
capture b day-b
both_up
wait_until 10 eval '[ "$(feed_says a state)" = up ]'
all_up
for child in net main; do rekey_child a $child; done
# Every third message of b's gets lost: they are sent again.
in_ns b nft 'add table inet loss; add chain inet loss out { type filter hook output priority 0; }
	add rule inet loss out udp sport { 500, 4500 } numgen inc mod 3 == 0 counter drop'
rekey_child a net2
rekey_child b main
rekey_ike a ikev2
in_ns b nft delete table inet loss
for name in ikev1-main ikev1-aggr; do rekey_ike a $name; done
rekey_ike a ikev2-v6 --reauth
wait_until 10 up a child v6
terminate a --child encap
wait_until 5 gone b child encap
terminate b --ike ikev2-4in6
wait_until 5 gone a ike ikev2-4in6
wait_until 20 eval '[ "$(count a ike ikev1-main)$(count a ike ikev1-aggr)" = 11 ]'   # charon keeps the old ones for 10 s
wait_until 10 eval '[ "$(count a child net DELETED)" = 0 ]'
terminate a --ike ikev2
wait_until 5 gone b ike ikev2
equal "a knows of what is up as strongSwan does" "$(witness a get ike ikev1-main state)" "$(cli a show crypto isakmp sa --json |
	"$lab_python" -c 'import json, sys
for sa in json.load(sys.stdin)["segments"][0]["ike_sas"]:
    if sa["conn"] == "ikev1-main": print(sa["state"].upper())')"
# Negotiated again, and no Quick Mode behind it: the record goes on all the same.
for peer in 10.9.1.1 10.9.2.1; do wait_until 60 state_is b $peer QM_IDLE; done
pass "b, by the wire alone, goes on with the records of IKEv1 that was negotiated again"
captured day-a
captured day-b
for node in a b; do
	replayed "$node: a file of all that came by" day-$node $node
	lived "$node: live" day-$node $node
done
say "retransmissions: $(awk '$1 == "message"' "$LAB/day-a.replay" | cut -f 3-7,10- | sort | uniq -d | wc -l) messages came more than once"
check "some were sent again" test "$(awk -F '\t' '$1 == "message" { print $3, $4, $5, $7, $8, $10, $11 }' "$LAB/day-b.replay" |
	sort | uniq -d | wc -l)" -gt 0
sed 's/^message\t1\t\(.*\)\t[0-9]*\t\([0-9]*\)\t/message\t1\t\1\t9999\t\2\t/' "$LAB/day-a.replay" > "$LAB/wrong.replay"
# shellcheck disable=SC2086
check "a wrong octet is found" eval '! witness_says replay "$LAB/day-a.pcap" "$LAB/wrong.replay" ${OURS[a]}'
equal "a has no IKE SA that strongSwan has not" 0 "$(cli a show crypto isakmp sa --json | grep -c '"phase": "MM_\|"phase": "INIT\|"phase": "AUTH')"
mode() { cli a show crypto isakmp sa --json | "$lab_python" -c 'import json, sys
print(*[sa["mode"] for sa in json.load(sys.stdin)["segments"][0]["ike_sas"] if sa["conn"] == sys.argv[1]])' "$1"; }
equal "the wire tells the mode" "main aggressive" "$(mode ikev1-main) $(mode ikev1-aggr)"
equal "and the MIB says it" "1 2" "$(value a "cikeTunNegoMode.$(index_of a ike ikev1-main)") $(
	value a "cikeTunNegoMode.$(index_of a ike ikev1-aggr)")"

# ---- In fragments -----------------------------------------------------------------------------------------------

for node in a b; do charon_down $node; done
for node in a b; do charon_up $node 'fragment_size = 280'; load $node; done
restart_b
wait_until 10 eval '[ "$(feed_says a state)" = up ]'
capture a fragments
initiate a net
initiate a main
initiate a aggr
wait_until 10 state_is b 10.9.1.1 QM_IDLE
captured fragments
replayed "in fragments" fragments a
check "there were fragments of IKEv1 and of IKEv2" eval \
	'grep -q "	132	" "$LAB/fragments.replay" && grep -q "	53	" "$LAB/fragments.replay"'
for node in a b; do charon_down $node; done

# ---- Halted at each message ---------------------------------------------------------------------------------------
# What a node drops on its way out neither node sees. Bits of the IKE header behind UDP's: next payload, exchange, flags.

for node in a b; do charon_up $node 'retransmit_tries = 10'; done
connections ikev2 ikev1-main ikev1-aggr nobody
for node in a b; do sw $node --load-all --clear --file "$LAB/$node/swanctl.conf" > /dev/null; done

halt() {                # halt NODE RULE...: drop these on their way out
	local node=$1 rule; shift
	in_ns "$node" nft 'add table inet halt; add chain inet halt out { type filter hook output priority 0; }'
	for rule in "$@"; do in_ns "$node" nft "add rule inet halt out $rule counter drop"; done
}
IKE500='udp sport 500 @th,208,8' IKE4500='udp sport 4500 @th,64,32 0 @th,240,8'
# halted WHAT CHILD IKE PEER-OF-A PEER-OF-B STATE-ON-A STATE-ON-B: - stands for what is not asked for
halted() {
	local what=$1 child=$2 ike=$3 of_a=$4 of_b=$5
	sw a --initiate --child "$child" --timeout 1 > /dev/null 2>&1
	[ "$6" = - ] || { wait_until 5 state_is a "$of_a" "$6"; pass "$what: a shows $6"; }
	[ "$7" = - ] || { wait_until 5 state_is b "$of_b" "$7"; pass "$what: b shows $7"; }
	{ cli a show crypto isakmp sa; cli b show crypto isakmp sa; } | sed 's/^/#   /'
	for node in a b; do
		in_ns $node nft delete table inet halt 2> /dev/null
		sw $node --terminate --ike "$ike" --force --timeout 2 > /dev/null 2>&1
		wait_until 10 gone $node ike "$ike"
	done
	wait_until 10 state_is a "$of_a" ""
	restart_b
}
restart_b

halt b "$IKE500 2 @th,192,8 1"
halted "Main Mode, nothing after message 1" main ikev1-main 10.9.1.2 10.9.1.1 MM_NO_STATE MM_NO_STATE
halt a "$IKE500 2 @th,192,8 4"
halted "Main Mode, nothing after message 2" main ikev1-main 10.9.1.2 10.9.1.1 MM_SA_SETUP MM_SA_SETUP
halt b "$IKE500 2 @th,192,8 4"
halted "Main Mode, nothing after message 3" main ikev1-main 10.9.1.2 10.9.1.1 MM_SA_SETUP MM_SA_SETUP
halt a "$IKE4500 2"
halted "Main Mode, nothing after message 4" main ikev1-main 10.9.1.2 10.9.1.1 MM_KEY_EXCH MM_KEY_EXCH
halt b "$IKE4500 2"
halted "Main Mode, nothing after message 5" main ikev1-main 10.9.1.2 10.9.1.1 MM_KEY_EXCH MM_KEY_EXCH
halt a "$IKE4500 32"
halted "Main Mode, nothing after message 6" main ikev1-main 10.9.1.2 10.9.1.1 MM_KEY_AUTH MM_KEY_AUTH
halted "Main Mode, not halted" main ikev1-main 10.9.1.2 10.9.1.1 QM_IDLE QM_IDLE
halt b "$IKE500 4"
halted "Aggressive Mode, nothing after message 1" aggr ikev1-aggr 10.9.2.2 10.9.2.1 AG_NO_STATE AG_NO_STATE
halt a "$IKE4500 4" "$IKE4500 32"
halted "Aggressive Mode, nothing after message 2" aggr ikev1-aggr 10.9.2.2 10.9.2.1 - AG_INIT_EXCH
halt a "$IKE4500 32"
halted "Aggressive Mode, nothing after message 3" aggr ikev1-aggr 10.9.2.2 10.9.2.1 AG_AUTH AG_AUTH
halted "Aggressive Mode, not halted" aggr ikev1-aggr 10.9.2.2 10.9.2.1 QM_IDLE QM_IDLE
halt b "$IKE500 34"
halted "IKEv2, IKE_SA_INIT not answered" net ikev2 10.9.0.2 10.9.0.1 INIT INIT
halt a "$IKE4500 35"
halted "IKEv2, no IKE_AUTH" net ikev2 10.9.0.2 10.9.0.1 AUTH AUTH
halt b "$IKE4500 35"
halted "IKEv2, IKE_AUTH not answered" net ikev2 10.9.0.2 10.9.0.1 AUTH AUTH
halted "IKEv2, not halted" net ikev2 10.9.0.2 10.9.0.1 READY READY
equal "what was not established is in no row and no total of the MIB" "0 0" "$(value a cikeGlobalActiveTunnels.0) $(
	walk a "$LAB/rows" $FLOW_MIB.1.2.3 && grep -c "^$FLOW_MIB.1.2.3.1.[0-9.]* [A-Z].* " "$LAB/rows")"

# ---- What goes wrong ------------------------------------------------------------------------------------------------

ip -n "$(namespace a)" neigh add 10.9.7.99 lladdr 02:00:00:00:00:99 dev wire     # or nothing of it is ever on the wire
for node in a b; do charon_down $node; done
for node in a b; do charon_up $node 'retransmit_tries = 2'; load $node; done
tweak b 'secrets { ike-ikev2 { secret = wrong } }
         connections { ikev1-main { proposals = aes256-sha384-ecp384 } }'
load b
stop feed-a
rm -f "$(segment a)" "$(segment b)"
feed_up a
restart_b
for node in a b; do wait_until 10 wire_is $node up; done
wait_until 10 eval '[ "$(feed_says a state)" = up ]'
capture a wrong
try() { sw a --initiate --child "$1" --timeout 10 > /dev/null 2>&1; }
try net
try main
try nobody &
trying=$!
wait_until 5 state_is a 10.9.7.99 INIT
pass "a peer that is silent: INIT"
wait $trying
failures() {    # failures NODE: reason, and which side, of each
	cli "$1" show crypto failures --json 2> /dev/null | "$lab_python" -c 'import json, sys
for f in json.load(sys.stdin)["segments"][0]["ike_failures"]:
    print("%s %s %s" % (f["remote"], "init" if f["initiator"] else "resp", f["reason"]))' | sort | paste -sd ,
}
failed() { [ "$(failures "$1")" = "$2" ]; }
b_failed="10.9.0.1 resp other,10.9.1.1 resp no proposal or selectors in common"
wait_until 60 failed b "$b_failed"
pass "b, by the wire alone: a refusal that was encrypted, and one that was not: $b_failed"
equal "b counts them" "0 2" "$(value b cikeGlobalInitTunnelFails.0) $(value b cikeGlobalRespTunnelFails.0)"
wait_until 20 eval '[ "$(value a cikeGlobalInitTunnelFails.0)" = 3 ]'
pass "a, by strongSwan's word: 3 failures, each of them once"
wait_until 10 eval '[ -z "$(state a 10.9.7.99)$(state a 10.9.0.2)$(state a 10.9.1.2)" ]'
pass "a shows none of them any more"
wait_until 60 eval '[ -z "$(state b 10.9.0.1)$(state b 10.9.1.1)" ]'
pass "b neither, after a while"
captured wrong
replayed "what went wrong, in a file" wrong a
totals() { local n; for n in 3 4 11 12; do awk -v oid="$FLOW_MIB.1.2.1.$n.0" '$1 == oid { print $3 }' "$LAB/totals"; done | paste -sd ' '; }
walk a "$LAB/totals" $FLOW_MIB.1.2.1
equal "all of it is in the totals: octets and packets, in and out" "$(awk -F '\t' '$1 == "totals" { print $2, $3, $10, $11 }' \
	"$LAB/wrong.replay")" "$(totals)"

# A dead peer, found out by a.
tweak b 'secrets { ike-ikev2 { secret = "not a secret, a lab: ikev2" } }'
tweak a 'connections { ikev2 { dpd_delay = 1s } }'
for node in a b; do load $node; done
capture a dead
before=$(value a cikeGlobalOutPkts.0)
initiate a net
charon_kill9 b
wait_until 20 gone a ike ikev2
captured dead
equal "a dead peer: what was sent again is a packet each time" "$(tshark -r "$LAB/dead.pcap" -Y "isakmp && ip.src == 10.9.0.1" \
	2> /dev/null | wc -l)" "$(($(value a cikeGlobalOutPkts.0) - before))"
lost() { cli a show crypto history --json | "$lab_python" -c 'import json, sys
row = json.load(sys.stdin)["segments"][0]["ike_history"][-1]
print(row["reason"], row["out"]["pkts"], row["out"]["exchanges"])'; }
equal "and the history says so" "peer lost $(tshark -r "$LAB/dead.pcap" -Y "isakmp && ip.src == 10.9.0.1" 2> /dev/null | wc -l) 0" "$(lost)"
equal "nothing was lost on its way to us" "0 0 0" "$(wire_says a overruns) $(wire_says b overruns) $(wire_says a rejected)"
story_end
