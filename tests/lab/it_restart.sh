#!/bin/bash
# Every part of the monitor, and everything that it depends on, stops and comes back, in good order or killed. The
# monitor recovers by itself in less than ten seconds, live tunnels keep their indexes and totals, and `show feeds'
# tells the truth meanwhile.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip ping swanctl python3 unshare snmpd snmpbulkwalk "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
# shellcheck disable=SC2034     # it is gateway.sh's
HOLD=$((12 * SLOW / 100))
gateways_up
connections ikev2 ikev1-main
both_up
establish net main
initiate a net2
monitor_up a
traffic "${SRC[net]}" "${DST[net]}" 20 1000
traffic "${SRC[main]}" "${DST[main]}" 10 500
net=$(index_of a tunnel net) net2=$(index_of a tunnel net2) main=$(index_of a tunnel main)
ikev2=$(index_of a ike ikev2) ikev1=$(index_of a ike ikev1-main)
wait_until 5 is a "cipSecTunInPkts.$net" 20
wait_until 5 is a "cipSecTunInPkts.$main" 10

mkdir "$LAB/walks"
# snapshot: another walk; all of them are compared at the end.  rows COLUMN: of the last one, how many
snapshot() { walk a "$LAB/walk" && cp "$LAB/walk" "$LAB/walks/$(lab_ms)"; }
rows() { compare table "$LAB/walk" "$1" | grep -c .; }

# recovered WHAT SINCE: in how many milliseconds
recovered() {
	local took=$(($(lab_ms) - $2))
	say "$1: recovered in $took ms"
	check "$1: recovered in less than 10 s" in_time $took 10000
}
# the_same WHAT: three tunnels and two IKE SAs, with the indexes that they had
the_same() {
	equal "$1: the indexes are what they were" "$net $net2 $main $ikev2 $ikev1" "$(
		for name in net net2 main; do index_of a tunnel $name; done | paste -sd ' ') $(
		for name in ikev2 ikev1-main; do index_of a ike $name; done | paste -sd ' ')"
	check "$1: a walk" snapshot
	equal "$1: all of them are shown" "3 2 3 2" "$(value a cipSecGlobalActiveTunnels.0) $(
		value a cikeGlobalActiveTunnels.0) $(rows cipSecTunStatus) $(rows cikeTunStatus)"
}
active() { is a cipSecGlobalActiveTunnels.0 "$1"; }
feed_is() { [ "$(feed_says a state)" = "$1" ]; }
the_same "at first"

# ---- snmpd ----------------------------------------------------------------------------------------------------

for signal in TERM KILL; do
	stop snmpd-a $signal
	began=$(lab_ms)
	snmpd_up a
	wait_until 20 served a
	recovered "snmpd was restarted after SIG$signal" "$began"
	the_same "snmpd was restarted after SIG$signal"
done
equal "the subagent is the one that it was" 2 "$(log agentx-a | grep -c 'SNMP master agent has gone')"

# ---- ipsecmon-agentx ------------------------------------------------------------------------------------------

stop agentx-a KILL
began=$(lab_ms)
agentx_up a
wait_until 20 served a
recovered "ipsecmon-agentx was killed" "$began"
the_same "ipsecmon-agentx was killed"

stop snmpd-a
wait_until 5 grep -q 'SNMP master agent has gone' "$LAB/agentx-a.log"
stop agentx-a
equal "without a master, ipsecmon-agentx ends well" 0 "$STATUS"
agentx_up a                             # without a master
wait_until 5 grep -q 'no SNMP master agent' "$LAB/agentx-a.log"
check "ipsecmon-agentx waits for its master" running agentx-a
began=$(lab_ms)
snmpd_up a
wait_until 20 served a
recovered "snmpd came after ipsecmon-agentx" "$began"
the_same "snmpd came after ipsecmon-agentx"

# ---- ipsecmond ------------------------------------------------------------------------------------------------

stop feed-a KILL
beat=$(lab_ms)
traffic "${SRC[net]}" "${DST[net]}" 7 1000
rekey_child a net
traffic "${SRC[net]}" "${DST[net]}" 5 1000
check "without ipsecmond, what was known is served" snapshot
equal "without ipsecmond, counters stand" "20 0" \
	"$(value a "cipSecTunInPkts.$net") $(value a "cipSecTunTotalRefreshes.$net")"
began=$(lab_ms)
feed_up a
wait_until 20 is a "cipSecTunInPkts.$net" 32
recovered "ipsecmond was killed" "$began"
the_same "ipsecmond was killed"
equal "ipsecmond was killed: a rekey and packets meanwhile are counted" "32 32 1" "$(value a "cipSecTunInPkts.$net") $(
	value a "cipSecTunOutPkts.$net") $(value a "cipSecTunTotalRefreshes.$net")"

stop feed-a KILL
beat=$(lab_ms)
heartbeat() {
	cli a show feeds --json 2> /dev/null |
		"$lab_python" -c 'import json, sys; print(json.load(sys.stdin)["segments"][0]["heartbeat_age"])'
}
silent_for() { [ "$(heartbeat)" -ge "$1" ]; }
wait_until 15 silent_for 11
cli a show feeds > "$LAB/a/feeds"
say "11 s after ipsecmond was killed: $(head -n 1 "$LAB/a/feeds")"
check "show feeds says how old the figures are" grep -qE "silent for [1-9][0-9] s: the figures are that old" "$LAB/a/feeds"
check "show feeds names the silent writer" grep -q "writer silent (pid [0-9]*), heartbeat [1-9][0-9] s ago" "$LAB/a/feeds"
check "it has not been longer than that" test "$(heartbeat)" -le $((($(lab_ms) - beat) / 1000 + 2))
feed_up a
wait_until 10 feed_is up
the_same "ipsecmond was killed for longer"

stop feed-a
equal "ipsecmond ends well" 0 "$STATUS"
began=$(lab_ms)
feed_up a
wait_until 20 feed_is up
recovered "ipsecmond was restarted" "$began"
the_same "ipsecmond was restarted"

# ---- charon ---------------------------------------------------------------------------------------------------

# Down, and back with no SAs: what is not there is not shown, but its index is kept for the hold time.
charon_kill9 a
killed=$(lab_ms)
wait_until 5 feed_is down
recovered "charon was killed, and it is known" "$killed"
check "what was known is still served" active 3
aged() { [ "$(feed_says a state_age)" -ge 2 ]; }
wait_until 5 aged
cli a show feeds | sed -n '/feed vici/,$p' > "$LAB/a/feeds"
sed 's/^/#   /' "$LAB/a/feeds"
check "show feeds: down, for how long, and why" grep -Pzq "feed vici: down for \d+ s\n(.*\n)*.*last error: \d+ s ago: .+\n" "$LAB/a/feeds"
check "show feeds: since when" test "$(feed_says a state_age)" -le $((($(lab_ms) - killed) / 1000))
charon_up a
began=$(lab_ms)
wait_until 10 feed_is up
wait_until 10 active 0
recovered "charon is back and says that all is gone" "$began"
snapshot
equal "there is no row of a tunnel or an IKE SA that is gone" "0 0 0 0" \
	"$(rows cipSecTunStatus) $(rows cikeTunStatus) $(rows cipSecSpiStatus) $(rows cipSecEndPtLocalType)"
equal "nor in the CLI" "0 0" "$(cli a show crypto ipsec sa | grep -c 'current_peer') $(index_of a ike ikev2 | grep -c .)"
equal "they have not ended yet" "0 0" "$(value a cipSecGlobalPreviousTunnels.0) $(value a cikeGlobalPreviousTunnels.0)"
load a
began=$(lab_ms)
initiate a net
initiate a main
wait_until 10 active 2
recovered "two of three tunnels were made again" "$began"
equal "they have the indexes that they had" "$net $main $ikev2 $ikev1" \
	"$(index_of a tunnel net) $(index_of a tunnel main) $(index_of a ike ikev2) $(index_of a ike ikev1-main)"
traffic "${SRC[net]}" "${DST[net]}" 4 1000
wait_until 5 is a "cipSecTunInPkts.$net" 36
pass "their counters go on"
snapshot
wait_until $((HOLD + 5)) is a cipSecGlobalPreviousTunnels.0 1
pass "the one that did not come back has ended after the hold time"
equal "and left the other two alone" "2 2 0" "$(value a cipSecGlobalActiveTunnels.0) $(
	value a cikeGlobalActiveTunnels.0) $(value a cikeGlobalPreviousTunnels.0)"
snapshot

# Back before anyone looked: re-established by the configuration itself.
tweak a 'connections { ikev2 { children { net { start_action = start } } }
                       ikev1-main { children { main { start_action = start } } } }'
charon_kill9 a
began=$(lab_ms)
charon_up a
load a
both() { [ "$(index_of a tunnel net) $(index_of a tunnel main)" = "$net $main" ] && feed_is up && up a child net &&
	[ "$(cli a show crypto ipsec sa --json | grep -o "\"0x$(witness a get child net spi-in)\"" | wc -l)" = 1 ]; }
wait_until 20 both
recovered "charon was killed and started its connections again" "$began"
snapshot
check "no less than before" test "$(value a "cipSecTunInPkts.$net")" -ge 36

# ---- ipsecmond without charon ---------------------------------------------------------------------------------

stop feed-a
charon_down a
feed_up a
wait_until 5 feed_is down
cli a show feeds | sed -n '/feed vici/,$p' | sed 's/^/#   /'
check "without charon: ipsecmond waits for it" running feed-a
check "without charon: show feeds names the socket and the reason" grep -qE \
	"$LAB/a/charon.vici: (No such file|Connection refused)" <<< "$(feed_says a error)"
charon_up a
load a
began=$(lab_ms)
wait_until 20 both
recovered "charon came after ipsecmond" "$began"
snapshot
check "no counter of a tunnel or of the gateway has ever got smaller" compare stable "$LAB/walks/"*
say "$(compare stable "$LAB/walks/"* | tail -n 1)"
story_end
