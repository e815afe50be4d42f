#!/bin/bash
# One ipsecmond for two network namespaces: it shows the SAs of both, and each namespace may disappear and come back.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip ping python3 snmpd snmpbulkwalk "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
guest_up 20 21
tunnel 20
manual esp 10.9.21.1 10.9.21.2 0x2101 reqid 21 mode tunnel "${GCM[@]}"
third=$(namespace c)
lab_namespaces+=("$third")
ip netns add "$third"
ip -n "$third" xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x7701 reqid 77 mode tunnel "${GCM[@]}"

# The feeds are b's and the third's; ipsecmond itself and all else are in a, whose SAs nobody asks for.
cat > "$LAB/a/ipsecmon.conf" <<-CONF
	run-dir = "$LAB/a/run"
	state-dir = "$LAB/a/state"
	feed xfrm {
	    netns = "$(namespace b)"
	    poll-interval = 1
	}
	feed xfrm {
	    netns = "/run/netns/$third"
	    poll-interval = 1
	}
	agentx { socket = "$LAB/a/agentx" }
CONF
monitor_up a
wait_until 10 is a cipSecGlobalActiveTunnels.0 3

spis() {
	walk a "$LAB/a/walk" && compare table "$LAB/a/walk" cipSecSpiValue | cut -d ' ' -f 2 | sort -n | paste -sd ' '
}
equal "the SAs of both" "5121 5122 8449 8450 30465" "$(spis)"
local_addresses() { compare table "$LAB/a/walk" cipSecTunLocalAddr | cut -d ' ' -f 2 | sort | paste -sd ' '; }
check "local is what is local there" grep -q "0a091402 0a091502" <(local_addresses)
equal "feeds" "$(printf '%s up\n' "xfrm $(namespace b)" "xfrm /run/netns/$third" | sort)" "$(feeds_of a | sort)"

across 20 7 1000
counted() { [ "$(value a cipSecGlobalInPkts.0) $(value a cipSecGlobalHcOutOctets.0)" = "7 7196" ]; }
wait_until 10 counted
pass "traffic there is counted"

ip -n "$third" xfrm state flush
wait_until 5 is a cipSecGlobalActiveTunnels.0 2
pass "SAs of one that are flushed go, the others stay: $(spis)"

# A namespace that is gone, and one of the same name.
ip netns del "$third"
ip netns add "$third"
ip -n "$third" xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x7702 reqid 77 mode tunnel "${GCM[@]}"
wait_until 60 is a cipSecGlobalActiveTunnels.0 3
equal "the SAs of another namespace of that name are found" "5121 5122 8449 8450 30466" "$(spis)"
story_end
