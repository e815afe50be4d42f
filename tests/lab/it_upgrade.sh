#!/bin/bash
# ipsecmond and its agent are updated to another layout of the segment, and back, and `capacity' changes, while a poller
# walks all the time. Every tunnel keeps its row, no counter ever falls, the history stays, and there are no rows only
# for the seconds of a restart. It doesn't matter whether ipsecmond ended in good order or was killed.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
. "$(dirname "${BASH_SOURCE[0]}")/poller.sh"
need root tun ip ping swanctl python3 gcc make awk snmpd snmpbulkwalk "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
[ -x "$srcdir/configure" ] || skip "no configure script"
lab_begin
NEW=$(dirname "$IPSECMOND") OLD=$LAB/other
# version DIR: start the programs that are there from now on
version() { IPSECMOND=$1/ipsecmond IPSECMON_AGENTX=$1/ipsecmon-agentx IPSECMON=$1/ipsecmon; }

# The same programs with another layout: six kinds of records, and parts of others, are longer and begin differently.
other_version() {
	local cc=gcc
	! command -v ccache > /dev/null || cc='ccache gcc'
	mkdir "$LAB/other"
	(cd "$srcdir" && tar cf - --exclude=.git --exclude=./build --exclude=./autom4te.cache .) | tar xf - -C "$LAB/other"
	cd "$LAB/other" || return
	awk '/^#define IPM_ABI / { print "#define IPM_ABI 3u"; next }
		/^struct ipm_(totals|ike_sa|tunnel|sa|map_entry|traffic|tunnel_history) \{/ { within = 1 }
		within && /^\tipm_u64 / { print "\tipm_u64 of_that_version;"; within = 0; n++ }
		/^};/ { within = 0 } { print } END { exit n != 7 }' \
		"$srcdir/model/ipm_types.h" > model/ipm_types.h &&
		./configure CC="$cc" CFLAGS=-O0 --without-engine > "$LAB/other.log" 2>&1 &&
		make ipsecmond ipsecmon-agentx ipsecmon >> "$LAB/other.log" 2>&1 &&
		rm -r tests      # its scripts have the words that a failed run is searched for
}
check "a version with another layout" eval '(other_version)'

gateways_up
connections ikev2 ikev1-main
both_up
establish net main
initiate a net2
version "$OLD"
monitor_up a
traffic "${SRC[net]}" "${DST[net]}" 20 1000
traffic "${SRC[main]}" "${DST[main]}" 10 500
rekey_child a net
net=$(index_of a tunnel net) main=$(index_of a tunnel main)
terminate a --child net2        # one that has ended, for the history
wait_until 5 is a cipSecGlobalPreviousTunnels.0 1
initiate a net2
net2=$(index_of a tunnel net2) ike=$(index_of a ike ikev2)

# ---- The poller -------------------------------------------------------------------------------------------------

wait_until 5 is a cipSecGlobalActiveTunnels.0 3
polling_begin

# now_runs WHAT DIR [SIGNAL]: ipsecmond is ended, traffic goes on, and the programs there start
now_runs() {
	local began before=$IPSECMON_AGENTX
	stop feed-a "${3:-TERM}"
	traffic "${SRC[net]}" "${DST[net]}" 4 1000
	version "$2"
	began=$(lab_ms)
	feed_up a
	wait_until 20 test -s "$(segment a)"
	if [ "$before" != "$IPSECMON_AGENTX" ]; then
		stop agentx-a
		agentx_up a
	fi
	traffic "${SRC[net]}" "${DST[net]}" 3 1000
	traffic "${SRC[main]}" "${DST[main]}" 5 500
	sent=$((sent + 7)) sent_main=$((sent_main + 5))
	wait_until 20 is a "cipSecTunInPkts.$net" $sent
	wait_until 20 is a "cipSecTunInPkts.$main" $sent_main
	say "$1: recovered in $(($(lab_ms) - began)) ms"
	equal "$1: the indexes are what they were" "1 1 1 1" "$(value a "cipSecTunStatus.$net") $(
		value a "cipSecTunStatus.$net2") $(value a "cipSecTunStatus.$main") $(value a "cikeTunStatus.$ike")"
	equal "$1: active, ended, in the history" "3 1 $gone" "$(value a cipSecGlobalActiveTunnels.0) $(
		value a cipSecGlobalPreviousTunnels.0) $(value a cipSecTunHistActiveIndex.1)"
	equal "$1: the rekey is still counted" 1 "$(value a "cipSecTunTotalRefreshes.$net")"
	walked_again
}
sent=20 sent_main=10 gone=$(value a cipSecTunHistActiveIndex.1)
check "the tunnel in the history had another index" test "$gone" -ne "$net2"
walked_again

# ---- Updates ----------------------------------------------------------------------------------------------------

abi() { od -An -tu4 -j8 -N4 "$(segment a)" | tr -d ' '; }
equal "the version with another layout wrote the segment" 3 "$(abi)"
now_runs "after the update" "$NEW"
check "after the update, the layout is another one" test "$(abi)" -ne 3
check "ipsecmond took the segment over without a warning" eval '! log feed-a | grep -i warning'

configure a 'capacity { tunnels = 7  ike-sas = 9  sas = 40  history = 5  failures = 5 }'
now_runs "with a smaller capacity" "$NEW"
configure a 'capacity { tunnels = 30000  sas = 90000 }'
now_runs "with a larger capacity, after a kill" "$NEW" KILL

now_runs "after the way back" "$OLD"
equal "after the way back, the layout is the first one" 3 "$(abi)"
now_runs "after a kill and the update" "$NEW" KILL

# What comes now has a new index, and what goes is remembered.
terminate a --child net2
wait_until 5 is a cipSecGlobalPreviousTunnels.0 2
equal "the history goes on" "$net2" "$(value a cipSecTunHistActiveIndex.2)"
initiate a net2
wait_until 5 is a cipSecGlobalActiveTunnels.0 3
again=$(index_of a tunnel net2)
check "a new tunnel has an index that none had before" test "$again" -gt "$main" -a "$again" -gt "$net2"
walked_again

# ---- What the poller saw ----------------------------------------------------------------------------------------

polling_end
equal "no walk had the row of another tunnel" "" "$(strangers "$net" "$net2" "$main" "$again")"
gap=$(gap 3)
say "the poller was without rows for $gap ms at most"
check "there were no rows only for the seconds of a restart" in_time "$gap" 10000

# ---- A reboot ---------------------------------------------------------------------------------------------------

# The segment is of another boot, and the state directory is the one that was there: totals and the history begin, and
# no index is given again.
stop feed-a
check "a segment of another boot" "$lab_python" -c 'import sys
boot = open("/proc/sys/kernel/random/boot_id", "rb").read().strip()
data = open(sys.argv[1], "rb").read()
open(sys.argv[1], "r+b").write(data.replace(boot, boot[::-1]))
sys.exit(boot not in data)' "$(segment a)"
feed_up a
wait_until 20 is a cipSecGlobalPreviousTunnels.0 0      # until then the agent serves the old one
wait_until 20 is a cipSecGlobalActiveTunnels.0 3
check "ipsecmond says that it is of another boot" grep -q "from an earlier boot: starting afresh" "$LAB/feed-a.log"
equal "after a reboot: the history is empty" "" "$(value a cipSecTunHistActiveIndex.1 | grep -v 'No Such')"
least=$(for name in net net2 main; do index_of a tunnel $name; done | sort -n | head -n 1)
check "after a reboot: no index is given again" test "$least" -gt "$again" -a "$least" -gt "$main"
terminate a --child net2
wait_until 5 is a cipSecGlobalPreviousTunnels.0 1
check "after a reboot: the history begins at 1" test "$(value a cipSecTunHistActiveIndex.1)" -ge "$least"
story_end
