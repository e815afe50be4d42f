#!/bin/bash
# What kernels newer than Debian 12's have: SAs that say their direction, SAs of one processor, and more lines in xfrm_stat.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip ping python3 snmpd snmpbulkwalk "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
grep -q '^XfrmInStateDirError' /proc/net/xfrm_stat || skip "Linux $(uname -r) has no SAs with a direction"
ip xfrm state help 2>&1 | grep -q ' dir ' || skip "this ip knows no direction of SAs"
lab_begin
guest_up 20 21 22
acquires_end_after 2
recorder_up a
guest_configure a
monitor_up a
say "Linux $(uname -r), $(ip -V)"

# directed N SPI [WORD...]: an SA from a to b and one with the next SPI back, with their directions
directed() {
	local n=$1 spi=$2 node in out; shift 2
	for node in a b; do
		out=(src "10.9.$n.1" dst "10.9.$n.2" proto esp spi "$spi") in=(src "10.9.$n.2" dst "10.9.$n.1" proto esp spi $((spi + 1)))
		[ $node = a ] || { local swap=("${out[@]}"); out=("${in[@]}"); in=("${swap[@]}"); }
		lab_quiet "an SA" xfrm $node state add "${out[@]}" reqid "$n" mode tunnel "${GCM[@]}" dir out "$@"
		lab_quiet "an SA" xfrm $node state add "${in[@]}" reqid "$n" mode tunnel replay-window 32 "${GCM[@]}" dir in "$@"
	done
}

# directed_by_cpu: an SA pair for all processors, and one for the first; false if the kernel knows no such SAs
directed_by_cpu() {
	xfrm a state add src 10.99.0.3 dst 10.99.0.4 proto esp spi 0x9903 reqid 99 mode tunnel "${GCM[@]}" dir out pcpu-num 0 || return
	directed 22 0x2201
	directed 22 0x2203 pcpu-num 0
	protect 10.9.22.1 10.9.22.2 10.1.22.0/24 10.2.22.0/24 "proto esp reqid 22 mode tunnel"
}

# ---- Directions ----------------------------------------------------------------------------------------------------

directed 20 0x2001
protect 10.9.20.1 10.9.20.2 10.1.20.0/24 10.2.20.0/24 "proto esp reqid 20 mode tunnel"
across 20 5 1000
agrees a "SAs with a direction"

# An SA between addresses that are no host's here, without a policy: only the kernel can say.
lab_quiet "an SA" xfrm a state add src 10.99.0.1 dst 10.99.0.2 proto esp spi 0x9901 reqid 99 mode tunnel replay-window 32 "${GCM[@]}" dir in
lab_quiet "an SA" xfrm a state add src 10.99.0.2 dst 10.99.0.1 proto esp spi 0x9902 reqid 99 mode tunnel "${GCM[@]}" dir out
directions() {
	cli a show crypto ipsec sa --json | "$lab_python" -c 'import json, sys
print(" ".join(sorted(sa["spi"] + ":" + sa["direction"] for segment in json.load(sys.stdin)["segments"]
    for tunnel in segment["tunnels"] for sa in tunnel["sas"] if sa["spi"].startswith("0x000099"))))'
}
directions_are() { [ "$(directions)" = "$1" ]; }
wait_until 10 directions_are "0x00009901:in 0x00009902:out"
pass "the kernel tells the direction of SAs that nothing else tells it of"

# ---- SAs of one processor ------------------------------------------------------------------------------------------

# The kernel asks for them beside the one that serves all; they come and go while that one stays.
if ip xfrm state help 2>&1 | grep -q pcpu-num && directed_by_cpu; then
	across 22 5 1000
	agrees a "an SA of a processor beside the one of all"
	for node in a b; do
		xfrm $node state delete src 10.9.22.1 dst 10.9.22.2 proto esp spi 0x2203
		xfrm $node state delete src 10.9.22.2 dst 10.9.22.1 proto esp spi 0x2204
	done
	across 22 5 1000
	agrees a "and after it has gone"
else
	say "Linux $(uname -r) has no SAs of one processor"
fi

# ---- New lines -----------------------------------------------------------------------------------------------------

# moves WHAT LINE COUNT OBJECT COMMAND...: the kernel's LINE grows by COUNT, and so does OBJECT: no packet counts twice
moves() {
	local what=$1 line=$2 count=$3 object=$4 was before policy; shift 4
	was=$(stat_of a "$line") before=$(value a "$object") policy=$(value a cipSecGlobalProtocolUseFails.0)
	"$@" > /dev/null 2>&1
	equal "$what: $line" $((was + count)) "$(stat_of a "$line")"
	wait_until 5 is a cipSecGlobalProtocolUseFails.0 $((policy + count))
	equal "$what: $object" $((before + count)) "$(value a "$object")"
}
pings() { in_ns "$1" ping -q -c "$4" -i 0.02 -W 1 -I "$2" "$3"; }
# turned FROM TO SPI [WORD...]: the SA has another direction from now on
turned() {
	local sa=(src "$1" dst "$2" proto esp spi "$3"); shift 3
	lab_quiet "delete" xfrm a state delete "${sa[@]}"
	lab_quiet "an SA" xfrm a state add "${sa[@]}" reqid 21 mode tunnel "${GCM[@]}" "$@"
}

directed 21 0x2101
protect 10.9.21.1 10.9.21.2 10.1.21.0/24 10.2.21.0/24 "proto esp reqid 21 mode tunnel"
turned 10.9.21.2 10.9.21.1 0x2102 dir out
moves "packets for an outbound SA" XfrmInStateDirError 4 cipSecGlobalInDrops.0 pings b 10.2.21.1 10.1.21.1 4
turned 10.9.21.2 10.9.21.1 0x2102 dir in replay-window 32
turned 10.9.21.1 10.9.21.2 0x2101 dir in replay-window 32
moves "packets from an inbound SA" XfrmOutStateDirError 3 cipSecGlobalOutDrops.0 pings a 10.1.21.1 10.2.21.1 3
story_end
