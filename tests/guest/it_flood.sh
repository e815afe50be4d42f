#!/bin/bash
# Thousands of SAs are added and deleted per second, more than ipsecmond can follow. Whatever it missed, afterwards
# SNMP shows the SAs of the kernel, and keeps doing so.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
FLOOD=$builddir/tests/guest/flood
need root ip python3 snmpd snmpbulkwalk "$FLOOD" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
guest_up 20
guest_configure a
monitor_up a

same_sas() {
	snapshot a "$LAB/a/snap" && walk a "$LAB/a/walk" && xfrm_witness spis "$LAB/a/walk" "$LAB/a/snap"
}
flooded() {             # RATE SECONDS LEAVE
	local began said
	said=$(in_ns a "$FLOOD" "$@")
	say "$said"
	began=$(lab_ms)
	wait_until 30 same_sas
	pass "$1 adds and deletes in a second for $2 s: $3 SAs left, shown $((($(lab_ms) - began) / 1000)) s later"
}
flooded 5000 10 500
xfrm a state flush
wait_until 10 is a cipSecGlobalActiveTunnels.0 0
pass "all of them are gone"
flooded 50000 2 1000    # as fast as the kernel can
xfrm a state flush
wait_until 10 is a cipSecGlobalActiveTunnels.0 0
tunnel 20
wait_until 5 is a cipSecGlobalActiveTunnels.0 1
pass "a tunnel appears as ever"
say "$(cli a show feeds | tail -n 5 | paste -sd ' ' | tr -s ' ')"
check "the feed is connected" grep -q '^xfrm up' <(feeds_of a)
story_end
