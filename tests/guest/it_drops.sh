#!/bin/bash
# Packets that the kernel drops, one kind at a time: the counter for that kind grows by the right number, and no other
# counter changes.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip ping python3 snmpd snmpbulkwalk "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
guest_up 20 21 33
acquires_end_after 2
recorder_up a
tunnel 20
guest_configure a
monitor_up a

forge() { in_ns b "$lab_python" "$GUEST_HOME/esp_forge.py" send 10.9.20.1 "$LAB/good" "$@"; }
start b capture "$lab_python" "$GUEST_HOME/esp_forge.py" capture wire 10.9.20.1 "$LAB/good"
wait_until 5 grep -q listening "$LAB/capture.log"
across 20 5 1000
wait_until 5 test -s "$LAB/good"
agrees a "nothing was dropped yet"

# moves WHAT STAT COUNT NAME... -- COMMAND...: the kernel's STAT grows by COUNT, and so does each object
moves() {
	local what=$1 stat=$2 count=$3 names=() before=() i; shift 3
	while [ "$1" != -- ]; do names+=("$1"); shift; done
	shift
	for i in "${!names[@]}"; do before[i]=$(value a "${names[i]}"); done
	local was; was=$(stat_of a "$stat")
	"$@" > /dev/null 2>&1
	wait_until 5 has_moved "$stat" $((was + count))
	wait_until 10 shows_all
	pass "$what: $count in $stat, ${names[*]}"
	agrees a "$what"
}
has_moved() { [ "$(stat_of a "$1")" = "$2" ]; }
shows_all() {           # of moves: names, before, count
	local i
	for i in "${!names[@]}"; do is a "${names[i]}" $((before[i] + count)) || return; done
}
row=$(walk a "$LAB/a/walk" && compare table "$LAB/a/walk" cipSecTunInPkts | cut -d ' ' -f 1)

moves "replayed packets" XfrmInStateSeqError 3 cipSecTunInReplayDropPkts."$row" cipSecGlobalInReplayDrops.0 \
	-- forge replayed 3
moves "corrupted packets" XfrmInStateProtoError 4 cipSecTunInAuthFails."$row" cipSecTunInDropPkts."$row" \
	cipSecGlobalInAuthFails.0 cipSecGlobalInDrops.0 -- forge corrupted 4
moves "truncated packets" XfrmInStateProtoError 2 cipSecGlobalInDrops.0 cipSecGlobalInDecryptFails.0 \
	-- forge truncated 2
moves "unknown SPIs" XfrmInNoStates 5 cipSecGlobalInDrops.0 cipSecGlobalNoSaFails.0 -- forge unknown 5
across 20 16 100        # the window, of 32 packets, goes past the good one
across 20 16 100
across 20 16 100
moves "packets behind the window" XfrmInStateSeqError 2 cipSecTunInReplayDropPkts."$row" cipSecGlobalInReplayDrops.0 \
	-- forge replayed 2

# ---- Policies -------------------------------------------------------------------------------------------------

# b sends in clear what a's policy wants protected.
xfrm a policy add src 10.2.21.0/24 dst 10.1.21.0/24 dir in \
	tmpl src 10.9.21.2 dst 10.9.21.1 proto esp reqid 21 mode tunnel
clear() { in_ns b ping -q -c "$1" -i 0.02 -W 1 -I 10.2.21.1 10.1.21.1; }
moves "packets that come in clear" XfrmInTmplMismatch 6 cipSecGlobalProtocolUseFails.0 -- clear 6
xfrm a policy update src 10.2.21.0/24 dst 10.1.21.0/24 dir in action block
moves "packets that a policy blocks" XfrmInPolBlock 4 cipSecGlobalProtocolUseFails.0 -- clear 4
xfrm a policy add src 10.1.21.0/24 dst 10.2.21.0/24 dir out action block
moves "packets that must not leave" XfrmOutPolBlock 3 cipSecGlobalOutDrops.0 cipSecGlobalProtocolUseFails.0 \
	-- in_ns a ping -q -c 3 -i 0.02 -W 1 -I 10.1.21.1 10.2.21.1

# ---- One packet, one count --------------------------------------------------------------------------------------

# The kernel decrypts these, the SA counts them, and then no policy wants them, or another one.
xfrm a policy delete src 10.2.20.0/24 dst 10.1.20.0/24 dir in
moves "packets that no policy wants after decryption" XfrmInNoPols 5 cipSecGlobalInPkts.0 cipSecTunInPkts."$row" \
	cipSecGlobalProtocolUseFails.0 -- in_ns b ping -q -c 5 -i 0.02 -W 1 -I 10.2.20.1 10.1.20.1
xfrm a policy add src 10.2.20.0/24 dst 10.1.20.0/24 dir in \
	tmpl src 10.9.20.2 dst 10.9.20.1 proto esp reqid 99 mode tunnel
moves "packets of an SA that the policy does not want" XfrmInTmplMismatch 5 cipSecGlobalInPkts.0 cipSecTunInPkts."$row" \
	cipSecGlobalProtocolUseFails.0 -- in_ns b ping -q -c 5 -i 0.02 -W 1 -I 10.2.20.1 10.1.20.1
equal "none of these is a drop" "$(($(stat_of a XfrmInStateProtoError) + $(stat_of a XfrmInNoStates)))" \
	"$(value a cipSecGlobalInDrops.0)"
rejected() {            # what the second list of the same command says of policy
	cli a show crypto engine connections dropped-packet | awk '/^Packets rejected/ { rejected = 1 }
		rejected && /no policy/ { print $1 }'
}
equal "the command line tells of them" \
	"$(($(stat_of a XfrmInNoPols) + $(stat_of a XfrmInTmplMismatch) + $(stat_of a XfrmInPolBlock)))" "$(rejected)"

# ---- No SA for what is to leave -------------------------------------------------------------------------------

# dropped: what `show crypto engine connections dropped-packet' counts on all interfaces
dropped() {
	cli a show crypto engine connections dropped-packet | awk '$NF ~ /^[0-9]+$/ { sum += $NF } END { print sum + 0 }'
}
none_larval() { ! xfrm a state | grep -q 10.9.33.99; }
no_states() { [ "$(dropped)" = "$(stat_of a XfrmOutNoStates)" ]; }
xfrm a policy add src 10.1.33.0/24 dst 10.2.33.0/24 dir out \
	tmpl src 10.9.33.1 dst 10.9.33.99 proto esp reqid 33 mode tunnel
before_no_states=$(stat_of a XfrmOutNoStates)
in_ns a ping -q -c 7 -i 0.05 -W 1 -I 10.1.33.1 10.2.33.1 > /dev/null
check "the kernel has asked for an SA in vain" test "$(stat_of a XfrmOutNoStates)" -gt "$before_no_states"
wait_until 10 none_larval
agrees a "packets without an SA"
wait_until 10 no_states
pass "the CLI tells of $(dropped) packets without an SA"
check "by interface and address" grep -qE '^wire +10\.[0-9.]+ +[0-9]+' \
	<(cli a show crypto engine connections dropped-packet)
story_end
