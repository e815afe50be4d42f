#!/bin/bash
# One of two segments gets random words in its header and records for $TEST_SECONDS (60), and is sometimes created
# again, while snmpd is walked and all commands run. Nothing crashes, every answer takes less than a second, and the
# other segment is always served. $TEST_SEED repeats a run.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
HOSTILE=$builddir/tests/lab/hostile
need root ip snmpd snmpget snmpbulkwalk "$IPSECMON_AGENTX" "$IPSECMON" "$HOSTILE"
seconds=${TEST_SECONDS:-60} seed=${TEST_SEED:-$((RANDOM * 3 + 1))}
lab_begin
gateways_up
mkdir -p "$LAB/a/run" "$LAB/a/state"
configure a
start a hostile "$(realpath "$HOSTILE")" "$LAB/a/run" "$seconds" "$seed"
wait_until 10 grep -q ready "$LAB/hostile.log"
snmpd_up a
wait_until 10 test -S "$LAB/a/agentx"
agentx_up a
agent=${PID[agentx-a]}
status=$FLOW_MIB.1.3.2.1.51
oids=()
for n in {1..20}; do oids+=("$status.$n"); done
good_served() { [ "$(snmp a snmpget "${oids[@]}" 2> /dev/null | grep -c ' = INTEGER: 1$')" = 20 ]; }
wait_until 10 good_served
commands=("isakmp sa" "ipsec sa" "map" "engine connections active" "engine connections dropped-packet" "history" "failures")

# Each of them takes notes, a line for each answer: MILLISECONDS, and 1 if it was as it should be.
probe() {
	local began
	while running hostile; do
		began=$(lab_ms)
		good_served
		printf '%d %d\n' $(($(lab_ms) - began)) $((! $?))
		sleep 0.1
	done > "$LAB/probes"
}
walks() {
	while running hostile; do
		SNMP_OPTION=-Cr25 snmp a snmpbulkwalk "$FLOW_MIB"
		SNMP_OPTION=-Cr25 snmp a snmpbulkwalk 1.3.6.1.4.1.9.10.62
	done > "$LAB/walked" 2>&1
}
shows() {
	local began n=0 json status
	while running hostile; do
		json=$([ $((n / ${#commands[@]} % 2)) = 0 ] || echo --json)
		began=$(lab_ms)
		# shellcheck disable=SC2086     # words
		timeout 60 "$IPSECMON" -c "$LAB/a/ipsecmon.conf" $json show crypto ${commands[n++ % ${#commands[@]}]} > "$LAB/shown" 2>> "$LAB/cli.log"
		status=$?
		printf '%d %d\n' $(($(lab_ms) - began)) $((status <= 1 && $(wc -c < "$LAB/shown") > 20))
		[ "$status" -le 1 ] || cp "$LAB/shown" "$LAB/shown.$status"
	done > "$LAB/shows"
}
readers=()
for reader in probe walks shows; do
	$reader &
	readers+=($!)
done
wait_until $((seconds + 20)) eval '! running hostile'
wait "${readers[@]}"
say "$(tail -n 1 "$LAB/hostile.log")"
# told FILE WHAT
told() {
	local worst all good
	read -r worst all good <<< "$(awk '{ if ($1 > worst) worst = $1; good += $2 } END { print worst + 0, NR, good + 0 }' "$1")"
	say "$2: $all, the slowest in $worst ms"
	check "$2: there were some" test "$all" -gt 10
	equal "$2: all as they should be" "$all" "$good"
	check "$2: none took a second" in_time "$worst" 1000
}
told "$LAB/probes" "polls of the other segment's tunnels"
told "$LAB/shows" "commands"
check "the agent is still the same" test "$(running agentx-a && echo "${PID[agentx-a]}")" = "$agent"
check "snmpd was walked meanwhile ($(wc -l < "$LAB/walked") cells)" test "$(wc -l < "$LAB/walked")" -gt 1000
check "the agent says which segment is damaged" grep -q 'evil.model: damaged' "$LAB/agentx-a.log"
check "the agent's log is no longer than that ($(wc -l < "$LAB/agentx-a.log") lines)" test "$(wc -l < "$LAB/agentx-a.log")" -lt $((seconds * 5))
story_end
