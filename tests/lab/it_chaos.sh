#!/bin/bash
# Processes, charon too, are killed with SIGKILL at random moments, one or two at a time, in the middle of rekeys,
# under constant traffic. Within ten seconds everything is back, under the same indexes. A poller walks all the time:
# no counter goes back, no index is used twice, no sum is less than its parts. A receiver gets no notification twice.
# Runs for $TEST_SECONDS; $TEST_SEED repeats a run, as far as timing allows.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip ping swanctl python3 unshare snmpd snmptrapd snmpset snmpbulkwalk "$CHARON" "$IPSECMOND" \
	"$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
# shellcheck disable=SC2034     # they are gateway.sh's
TRAPS=1 HOLD=$((60 * SLOW / 100))
seconds=${TEST_SECONDS:-90}
SEED=${TEST_SEED:-$((EPOCHSECONDS % 32768))}
say "seed $SEED, $seconds s"
RANDOM=$SEED
gateways_up
connections ikev2 ikev1-main
both_up
monitor_up a
trapd_up
switch_on() {
	local words=() n
	for n in {1..13}; do words+=("$FLOW_MIB.1.6.$n.0" i 1); done
	in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpset -v2c -c private -t 5 -r 0 127.0.0.1 "${words[@]}"
}
check "switch notifications on" switch_on
establish net main
active() { is a cipSecGlobalActiveTunnels.0 "$1"; }
wait_until 10 active 2
net=$(index_of a tunnel net) main=$(index_of a tunnel main)
ikev2=$(index_of a ike ikev2) ikev1=$(index_of a ike ikev1-main)

# ---- Traffic, and a poller --------------------------------------------------------------------------------------

stream() {              # stream CHILD: until $LAB/enough is there
	until [ -e "$LAB/enough" ]; do
		in_ns a ping -q -n -c 25 -i 0.02 -W 1 -s 500 -I "${SRC[$1]}" "${DST[$1]}" || sleep 0.1
	done > /dev/null 2>&1
}
poller() {              # walks that were not answered, or with nobody to serve anything, do not count
	local n=0 file
	until [ -e "$LAB/enough" ]; do
		n=$((n + 1))
		file=$LAB/polls/$(printf '%06d' $n)
		{ walk a "$file" && grep -q Counter64 "$file"; } || { rm -f "$file"; sleep 0.1; }
		rm -f "$file.raw"
	done
}
mkdir "$LAB/polls"
poller & PID[poller]=$!
stream net & PID[net]=$!
stream main & PID[main]=$!

# ---- Chaos ------------------------------------------------------------------------------------------------------

up_again() {            # up_again NAME
	case $1 in
	snmpd-a) snmpd_up a ;;
	feed-a) feed_up a ;;
	agentx-a) wait_until 10 test -S "$LAB/a/agentx"; agentx_up a ;;
	charon-a) charon_up a; load a; establish net main ;;
	esac
}
# all_back: served, known, under the same indexes, and counting
all_back() {
	local before
	active 2 && [ "$(index_of a tunnel net) $(index_of a tunnel main) $(index_of a ike ikev2) $(
		index_of a ike ikev1-main)" = "$net $main $ikev2 $ikev1" ] || return
	before=$(value a "cipSecTunInPkts.$net") && [ -n "$before" ] && wait_until 10 more_than "$before"
}
more_than() { [ "$(value a "cipSecTunInPkts.$net")" -gt "$1" ]; }

names=(snmpd-a feed-a agentx-a charon-a)
kills=0 slowest=0 slow=0
end=$((EPOCHSECONDS + seconds))
while [ "$EPOCHSECONDS" -lt $end ]; do
	victims=("${names[RANDOM % 4]}")
	other=${names[RANDOM % 4]}
	[ $((RANDOM % 3)) != 0 ] || [ "$other" = "${victims[0]}" ] || victims+=("$other")
	if [ $((RANDOM % 2)) = 0 ]; then
		child=$([ $((RANDOM % 2)) = 0 ] && echo net || echo main)
		sw a --rekey --child "$child" > /dev/null 2>&1 &
		rekey=$!
		sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
	else
		rekey=
		sleep "$((RANDOM % 2)).$((RANDOM % 10))"
	fi
	for name in "${victims[@]}"; do stop "$name" KILL; kills=$((kills + 1)); done
	[ -z "$rekey" ] || wait "$rekey"
	[ $((RANDOM % 3)) != 0 ] || sleep "$((RANDOM % 2)).$((RANDOM % 10))"
	began=$(lab_ms)
	for name in "${victims[@]}"; do up_again "$name"; done
	wait_until 20 all_back
	took=$(($(lab_ms) - began))
	[ $took -le $slowest ] || slowest=$took
	in_time $took 10000 || { slow=$((slow + 1)); say "${victims[*]}: back after $took ms"; }
done
say "$kills processes were killed; the slowest was back after $slowest ms"
check "some were" test $kills -gt 2
equal "all were back within ten seconds" 0 $slow

touch "$LAB/enough"
wait "${PID[poller]}" "${PID[net]}" "${PID[main]}"
unset "PID[poller]" "PID[net]" "PID[main]"

# ---- What was seen ------------------------------------------------------------------------------------------------

quiet() { walk a "$LAB/a/walk" && compare sums "$LAB/a/walk"; }
try_for 10 quiet        # the last poll of ipsecmond
check "totals are rows and history, and 32 bits those of 64" compare sums "$LAB/a/walk"
cp "$LAB/a/walk" "$LAB/polls/999999"
check "there were walks" test "$(find "$LAB/polls" -name '??????' | wc -l)" -gt 5
say "$(compare stable "$LAB/polls/"?????? | tail -n 1)"
check "no counter went back" compare stable "$LAB/polls/"??????
check "no index was given twice, no sum is less than its parts" compare laws "$LAB/polls/"??????
say "$(traps count | paste -sd ' ')"
equal "all notifications were well made" 0 "$(grep -cE '"number": 0|expected|not well made' "$LAB/traps.log")"
twice() { sed -nE 's/.*"text": "(c[a-zA-Z]+Tunnel(Start|Stop); [a-zA-Z]*Tun[a-zA-Z]*\[[0-9]+\]).*/\1/p' "$LAB/traps.log" | sort | uniq -d; }
equal "no tunnel was told of twice" "" "$(twice)"
story_end
