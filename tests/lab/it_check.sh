#!/bin/bash
# ipsecmon check finds no fault on a gateway that serves, and names each part that is taken away.
# shellcheck source-path=SCRIPTDIR source=engines.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/engines.sh"
IPSECMOND=$(realpath "${IPSECMOND:-$builddir/ipsecmond}")
need python3 snmpd snmpbulkwalk snmpset snmptrapd "$IPSECMON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON_ENGINE"
lab_begin
engines_configure 0 50
export SNMPCONFPATH=$LAB        # of check, and of nothing that runs
group=$(id -gn)
chmod 0711 "$LAB"
chmod 0750 "$LAB/east"
sed -i 's/first-index = 1 }/}/' "$LAB/east.conf"        # ipsecmond is served beside it
printf 'group = "%s"\nfeed vici { socket = "%s/no.vici"\n            error-socket = "%s/no.enfy" }\n' "$group" "$LAB" "$LAB" \
	>> "$LAB/east.conf"

# finds LINE: one of the findings begins so. What was found is in $LAB/check.
finds() { cli east check > "$LAB/check" 2>&1; grep -qF -e "$1" "$LAB/check" || { cat "$LAB/check"; return 1; }; }
advises() { grep -A 1 -F -e "$1" "$LAB/check" | grep -q -F -e "-> $2"; }

check "before anything runs there is no segment" finds "FAIL segments: none in $LAB/east"
check "and it says how that is mended" advises "FAIL segments" "start it: systemctl start ipsecmond"
check "nor a master" finds "FAIL AgentX socket: $LAB/east/agentx: No such file or directory"

snmp_up
engines_up
start - ipsecmond "$IPSECMOND" -f -c "$LAB/east.conf"
wait_until 20 finds "ok   agent: ipsecmon-agentx"
pass "an agent that serves has said so, though there was nothing to tell"
check "a socket that the agent's group may not use" finds "FAIL AgentX socket: $LAB/east/agentx ($(id -un):$group 0755)"
check "and how that is mended" advises "FAIL AgentX socket" "set in snmpd.conf: agentXPerms 0660 0711"
chmod 0660 "$LAB/east/agentx"
wait_until 5 finds "ok   AgentX socket: $LAB/east/agentx"
cp "$LAB/check" "$LAB/well"
for line in "ok   configuration: $LAB/east.conf" "ok   group: $group" "ok   segment engine.model: its writer" \
	"ok   segment gateway.model: its writer" "ok   control socket: $LAB/east/control answers" \
	"ok   AgentX socket: $LAB/east/agentx" "ok   snmpd's views: $LAB/snmpd.conf: .1.3.6.1.4.1.9.9.171 is shown to rocommunity, rwcommunity" \
	"FAIL charon: $LAB/no.vici: No such file or directory"; do
	check "$line" grep -qF -e "$line" "$LAB/well"
done
equal "what is not in order is charon, who is not there" "" \
	"$(grep '^FAIL' "$LAB/well" | grep -v '^FAIL charon: ')"
equal "a community is not shown" "" "$(grep -wE 'public|private' "$LAB/well")"
wait_until 5 poll cipSecTunIndex
check "snmpd took no harm by being asked" poll cipSecTunStatus

lab_signal STOP snmpd
check "a master that hangs" finds "FAIL AgentX socket: $LAB/east/agentx"
check "is said to" grep -q "no answer within 2 s" "$LAB/check"
lab_signal CONT snmpd
wait_until 10 finds "ok   AgentX socket"
stop snmpd
check "a master that has gone" finds "FAIL AgentX socket"
lab_signal STOP ipsecmond
silent() { finds "FAIL segment gateway.model: its writer" && grep -q "has been silent for" "$LAB/check"; }
wait_until 20 silent
pass "a writer that hangs"
check "and a control socket that does not answer" grep -q "FAIL control socket: $LAB/east/control: Connection timed out" "$LAB/check"
lab_signal CONT ipsecmond
stop ipsecmond
check "a writer that was stopped" finds "FAIL segment gateway.model: its writer was stopped"
check "and the socket that it took along" grep -q "FAIL control socket: $LAB/east/control: No such file" "$LAB/check"
chmod 0600 "$LAB/east/engine.model"
check "a segment that the group cannot read" finds "FAIL segment engine.model: $(id -un):$group 0600: the group '$group' cannot read it"
printf 'rouser x priv .1.3.6.1.2.1.1\nmaster agentx\n' > "$LAB/snmpd.conf"
check "a view without the MIB" finds "FAIL snmpd's views"
check "JSON has the verdict" test "$(cli east check --json | "$lab_python" -c 'import json, sys
print(json.load(sys.stdin)["ok"])')" = False
lab_end
