#!/bin/bash
# Ten thousand tunnels in a kernel are served, with less than a kilobyte per SA. Lines that begin with "# figure:"
# tell bench/feeds how long that takes and what reading the counters costs: times are not tested.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317      # functions are called by wait_until
GUEST_OPTIONS=(-m 400M)
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip python3 snmpd snmpget "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
guest_up
PAIRS=10000

# A file for each 1,000: what `ip -batch' has read it keeps.
awk -v pairs=$PAIRS -v dir="$LAB" 'BEGIN {
	for (n = 0; n < pairs; n++) {
		peer = sprintf("10.%d.%d.%d", 100 + n / 65536, n / 256 % 256, n % 256)
		words = sprintf("reqid %d mode tunnel replay-window 32 aead rfc4106(gcm(aes)) 0x%040x 128", n + 1, n + 1)
		file = sprintf("%s/batch.%03d", dir, n / 1000)
		printf "xfrm state add src 192.0.2.1 dst %s proto esp spi 0x%x %s\n", peer, 65536 + n, words > file
		printf "xfrm state add src %s dst 192.0.2.1 proto esp spi 0x%x %s\n", peer, 1048576 + n, words > file
	}
}'
in_ns a ip addr add 192.0.2.1/32 dev lo
for batch in "$LAB"/batch.*; do in_ns a ip -batch "$batch" || die "ip -batch"; done
say "SAs in the kernel: $(xfrm a state count)"

snmpd_up a
guest_configure a
wait_until 10 test -S "$LAB/a/agentx"
# The guest reads programs slowly from the machine's disk, once.
{ "$IPSECMOND" -h; "$IPSECMON" -h; } > /dev/null 2>&1
began=$(lab_ms)
feed_up a
# active: tunnels in the segment, as the CLI has them: it needs nobody else
active() { cli a show feeds | sed -nE 's/.*tunnels ([0-9]+) of.*/\1/p'; }
all_there() { [ "$(active)" = $PAIRS ]; }
try_for 30 all_there || die "$(active) tunnels"
took=$(($(lab_ms) - began))
pass "all of them are in the segment"
read_ms=$(sed -nE 's/.*xfrm: [0-9]+ SAs, read in ([0-9]+) ms.*/\1/p' "$LAB/feed-a.log")
say "figure: all rows are there $read_ms ms after the dump was asked for, $took ms after ipsecmond was started"
agentx_up a
wait_until 20 is a cipSecGlobalActiveTunnels.0 $PAIRS
pass "and served over SNMP"

# What is resident of ipsecmond, the segment included, that it shares with readers
pss=$(awk '$1 == "Pss:" { print $2 }' "/proc/${PID[feed-a]}/smaps_rollup")
check "less than 1 KB for each SA" test "$pss" -lt $((2 * PAIRS))
say "figure: $((pss * 1024 / (2 * PAIRS))) octets of memory for each SA, the segment included"

ticks() { awk '{ print $14 + $15 }' "/proc/${PID[feed-a]}/stat"; }
# One poll a second, and an idle ipsecmond does nothing else.
before=$(ticks) from=$(lab_ms)
ten_seconds() { [ $(($(lab_ms) - from)) -ge 10000 ]; }
wait_until 20 ten_seconds
per_poll=$((($(ticks) - before) * 1000 / $(getconf CLK_TCK) / 10))
young() { cli a show feeds --json | grep -q '"update_age": [01],'; }
wait_until 5 young
pass "it goes on polling every second"
TIMEFORMAT='%U %S'
ip_takes=$( { time xfrm a state > /dev/null; } 2>&1 | awk '{ printf "%d", ($1 + $2) * 1000 }')
say "figure: CPU of a poll $per_poll ms, of \`ip -s xfrm state > /dev/null' $ip_takes ms: $(awk -v a=$per_poll -v b="$ip_takes" \
	'BEGIN { printf "%.2f", a / b }')"
story_end
