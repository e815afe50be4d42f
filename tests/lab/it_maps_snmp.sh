#!/bin/bash
# Configured tunnels over SNMP: a tunnel that is down has a row; its row changes when it goes up or down, and a real
# snmptrapd behind a real snmpd gets the notification with the tunnel's names within a second. All objects of CISCO-
# IPSEC-MIB, CISCO-IPSEC-POLICY-MAP-MIB, CISCO-CRYPTO-ACCELERATOR-MIB and IPSECMON-MIB are served in order, with the
# types and ranges of the MIBs, and agree with each other and with the command line.
#
# The model's writer is bench/ipsecmon-synth, which does as it is told: no IKE daemon has a part in this.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
SYNTH=${SYNTH:-$builddir/bench/ipsecmon-synth}
[ -x "$SYNTH" ] || SYNTH=${PLAIN_BUILDDIR:-$builddir}/bench/ipsecmon-synth
if [ ! -x "$SYNTH" ] && [ -e "${SYNTH%/bench/*}/Makefile" ]; then
	make -s -C "${SYNTH%/bench/*}" bench/ipsecmon-synth > /dev/null 2>&1
fi
need root ip python3 snmpd snmptrapd snmpset snmpget snmpgetnext snmpbulkwalk "$IPSECMON_AGENTX" "$IPSECMON" "$SYNTH"
lab_begin
# shellcheck disable=SC2034     # it is gateway.sh's
TRAPS=1
OWN=1.3.6.1.4.1.8072.9999.9999 CIPS=1.3.6.1.4.1.9.10.62
conforms() { "$lab_python" "$LAB_HOME/conformance.py" "$@"; }

SEEN=0 EVENT=0
# told WHAT TEXT...: all that has come since the last one is this, and not more than a second behind the event
told() {
	local what=$1 until; shift
	until=$(awk "BEGIN { printf \"%.6f\", $EVENT + 1 }")
	check "$what" traps told "$SEEN" "$until" "$@"
	SEEN=$(grep -c . "$LAB/traps.log")
}
# tell LINE: the writer does it; the event is no later than its answer
tell() {
	local answers; answers=$(grep -c '^done$' "$LAB/synth.log")
	EVENT=${EPOCHREALTIME/,/.}
	printf '%s\n' "$*" >&7
	wait_until 5 answered "$answers"
}
answered() { [ "$(grep -c '^done$' "$LAB/synth.log")" -gt "$1" ]; }
switch() {              # switch TO OID...
	local to=$1 words=() oid; shift
	for oid in "$@"; do words+=("$oid" i "$to"); done
	in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpset -v2c -c private -t 5 -r 0 127.0.0.1 "${words[@]}"
}
own() {                 # own COLUMN INDEX: of ipsecmonTunnelTable
	in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpget -v2c -c public -t 2 -r 0 -Oqvt 127.0.0.1 "$OWN.1.4.1.$1.$2"
}
own_is() { [ "$(own "$1" "$2")" = "$3" ]; }
walk_all() {            # walk_all FILE: the four MIBs, and the tunnels that they speak of
	local mib
	: > "$1"
	for mib in 1.3.6.1.4.1.9.9.172 1.3.6.1.4.1.9.9.392 1.3.6.1.4.1.9.9.467 $CIPS $OWN; do
		walk a "$1.part" "$mib" || return
		cat "$1.part" >> "$1"
	done
}

# ---- A gateway with ten tunnels that are configured -------------------------------------------------------------

gateways_up
configure a
mkdir -p "$LAB/a/run"
mkfifo "$LAB/commands"
exec 7<> "$LAB/commands"
# shellcheck disable=SC2016
start a synth sh -c 'exec "$0" -c "$1" -i 8 -t 10 -m 10 -f < "$2"' "$SYNTH" "$LAB/a/ipsecmon.conf" "$LAB/commands"
wait_until 10 grep -q ready "$LAB/synth.log"
snmpd_up a
trapd_up
wait_until 10 test -S "$LAB/a/agentx"
agentx_up a
wait_until 10 served a
tell count 0
tell down 2
tell fail 2 "a wrong key"
tell count 0
sleep 1

check "a walk of all four MIBs" walk_all "$LAB/a/walk"
check "a GET of every instance" ask a snmpget "$LAB/a/walk" "$LAB/a/gets"
check "another walk" walk_all "$LAB/a/later"
check "every object is served, with the MIB's type and range, in order; no other is" conforms all "$LAB/a/walk"
say "$(conforms all "$LAB/a/walk" | tail -n 1), $(grep -c . "$LAB/a/walk") instances"
check "GET of every instance is what the walks say" conforms equal "$LAB/a/walk" "$LAB/a/gets" "$LAB/a/later"
# Behind the last one of a MIB may be something of snmpd's own.
nexts_follow() {
	local mib
	for mib in 1.3.6.1.4.1.9.9.172 1.3.6.1.4.1.9.9.392 1.3.6.1.4.1.9.9.467 $CIPS $OWN; do
		grep "^$mib\." "$LAB/a/walk" > "$LAB/a/part"
		ask a snmpgetnext "$LAB/a/part" "$LAB/a/nexts" || return
		cmp <(cut -d ' ' -f 1 "$LAB/a/part" | tail -n +2) <(cut -d ' ' -f 1 "$LAB/a/nexts" | head -n -1) || return
	done
}
check "GETNEXT of each instance is the one behind it" nexts_follow
walk a "$LAB/a/flow"
cat "$LAB/a/flow" "$LAB/a/walk" > "$LAB/a/both"
cli a show feeds --json > "$LAB/a/feeds"
check "maps, entries, tunnels, SAs, engines and feeds agree in all MIBs and on the command line" \
	conforms maps "$LAB/a/both" "$LAB/a/feeds"
say "$(conforms maps "$LAB/a/both" "$LAB/a/feeds")"
equal "the tunnel that is down is a row, with its name, state, reason and last failure" \
	'"site-000002" 2 6 6 "a wrong key"' "$(own 2 3) $(own 7 3) $(own 11 3) $(own 13 3) $(own 14 3)"

# ---- Up and down ------------------------------------------------------------------------------------------------

SEEN=$(grep -c . "$LAB/traps.log")
told "all are off at first: nothing is sent"
check "switch all on" switch 1 $OWN.1.7.{1,2}.0 $CIPS.1.4.{1,2,3,4,5,6,7}.0 1.3.6.1.4.1.9.9.467.1.3.{1,2,3,4}.0
name() { printf "ipsecmonTunnelName[%s]='%s'; ipsecmonTunnelChild[%s]='%s'; ipsecmonTunnelPeer[%s]='%s'; ipsecmonTunnelRemoteAddr[%s]='%s'" \
	"$1" "$2" "$1" "$3" "$1" "$4" "$1" "$5"; }
SITE2=$(name 3 site-000002 net-0 "" 192.0.2.4)
tell up 2
told "a tunnel comes up" "ipsecmonTunnelUp; $SITE2; ipsecmonTunnelPhase2Index[3]=11; ipsecmonTunnelUps[3]=2"
wait_until 2 own_is 7 3 1
pass "its row says so"
tell down 2
told "a tunnel goes down" "ipsecmonTunnelDown; $SITE2; ipsecmonTunnelDownReason[3]=6; ipsecmonTunnelLastFailure[3]=6; ipsecmonTunnelLastFailText[3]='a wrong key'; ipsecmonTunnelFlaps[3]=2"
wait_until 2 own_is 7 3 2
pass "its row says so"
check "switch up off" switch 2 $OWN.1.7.2.0
tell up 2
told "what is switched off is not sent"
check "switch it on" switch 1 $OWN.1.7.2.0

# ---- What is configured -----------------------------------------------------------------------------------------

tell remove 4
told "a connection is not configured any more: its tunnel stays" \
	"cipsCryptomapSetDetached; cipsStaticCryptomapSetSize[site-000004]=0" \
	"cipsCryptomapDeleted; cipsStaticCryptomapSetSize[site-000004]=0" "cipsIsakmpPolicyDeleted; cipsNumIsakmpPolicies.0=7"
gone() { own 7 5 | grep -q "No Such Instance"; }
wait_until 2 gone
pass "it has no row"
tell add 4
told "it is configured again, under another index, and its tunnel is up" \
	"cipsCryptomapAdded; cipsStaticCryptomapType[site-000004 10]=2; cipsStaticCryptomapSetSize[site-000004]=1" \
	"cipsIsakmpPolicyAdded; cipsNumIsakmpPolicies.0=8" \
	"cipsCryptomapSetAttached; cipsStaticCryptomapSetSize[site-000004]=1; cipsStaticCryptomapSetNumIsakmp[site-000004]=1; cipsStaticCryptomapSetNumDynamic[site-000004]=0" \
	"ipsecmonTunnelUp; $(name 11 site-000004 net-0 "" 192.0.2.6); ipsecmonTunnelPhase2Index[11]=5; ipsecmonTunnelUps[11]=1"
tell detach 3
told "an interface does not use a map any more" "cipsCryptomapSetDetached; cipsStaticCryptomapSetSize[site-000003]=1"
tell attach 3
told "and uses it again" "cipsCryptomapSetAttached; cipsStaticCryptomapSetSize[site-000003]=1; cipsStaticCryptomapSetNumIsakmp[site-000003]=1; cipsStaticCryptomapSetNumDynamic[site-000003]=0"
tell engine 1
told "an engine is disabled" "ciscoCryAccelDisabled; ccaAcclSlot[1]=1; ccaAcclStatus[1]=3; ccaAcclActiveTime[1]=0"
tell engine 0
told "and takes SAs again" "ciscoCryAccelOperational; ccaAcclSlot[1]=1"
equal "all were well made" 0 "$(grep -cE '"number": 0|expected|not well made' "$LAB/traps.log")"

# ---- Everything still agrees, and what was set outlives a restart -------------------------------------------------

walk_all "$LAB/a/walk"
walk a "$LAB/a/flow"
cat "$LAB/a/flow" "$LAB/a/walk" > "$LAB/a/both"
check "maps, entries, tunnels, SAs and engines still agree" conforms maps "$LAB/a/both" "$LAB/a/feeds"
stop agentx-a
agentx_up a
wait_until 10 served a
SEEN=$(grep -c . "$LAB/traps.log")
tell down 3
told "what was switched on is on when the agent was started again" \
	"ipsecmonTunnelDown; $(name 4 site-000003 net-0 "" 192.0.2.5); ipsecmonTunnelDownReason[4]=6; ipsecmonTunnelLastFailure[4]=1; ipsecmonTunnelLastFailText[4]=''; ipsecmonTunnelFlaps[4]=1"
say "$(traps count | paste -sd ' ')"
exec 7>&-
story_end
