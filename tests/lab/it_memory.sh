#!/bin/bash
# With 10,000 IKE SAs and 10,000 tunnels, ipsecmond and ipsecmon-agentx together use less than 40 MB of memory, and for
# each session what doc/segment.md says: once after a charon (a fake one, because no machine has that many peers)
# reported them, a few polls, and a walk of the whole MIB; and once with a synthetic segment, if bench/ipsecmon-synth was
# built.
#
# It needs a build without sanitizers: in $PLAIN_BUILDDIR, or the programs themselves.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
if [ -n "${PLAIN_BUILDDIR:-}" ]; then
	builddir=$PLAIN_BUILDDIR
	IPSECMOND=$builddir/ipsecmond IPSECMON_AGENTX=$builddir/ipsecmon-agentx IPSECMON=$builddir/ipsecmon
fi
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip python3 snmpd snmpbulkwalk "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
# A program in a build tree may be a script, and the real one is beside it.
binary() { if [ -e "${1%/*}/.libs/${1##*/}" ]; then echo "${1%/*}/.libs/${1##*/}"; else echo "$1"; fi; }
for program in "$IPSECMOND" "$IPSECMON_AGENTX"; do
	! grep -qE '__(asan|tsan|ubsan)_' "$(binary "$program")" ||
		skip "$program has sanitizers in it, which need memory themselves; PLAIN_BUILDDIR names another build"
done
lab_begin
COUNT=10000
LIMIT=40000000                  # octets
SESSION=1080                    # octets of a session
# shellcheck disable=SC2034     # it is gateway.sh's
POLL=1
gateways_up
configure a

# memory NAME: Pss and Rss in kB.  Pss shares pages out among those who map them, so that the segment counts once. Of
# programs and libraries only what the process has changed: the rest is a matter of who else has them in use just now, and
# may be had from the file again.
memory() {
	awk -v program="$(readlink "/proc/${PID[$1]}/exe")" '
		/^[0-9a-f]+-[0-9a-f]+ / { text = $6 == program || $6 ~ /[.]so[.0-9]*$/ }
		(text && /^Anonymous:/) || (!text && /^Pss:/) { pss += $2 }
		/^Rss:/ { rss += $2 }
		END { print pss, rss }' "/proc/${PID[$1]}/smaps"
}
# both WHAT WRITER SESSIONS: asserted
both() {
	local what=$1 name pss rss sum=0 limit=$((LIMIT + $3 * SESSION))
	for name in "$2" agentx-a; do
		read -r pss rss <<< "$(memory "$name")"
		say "$what: $name: Pss $pss kB, Rss $rss kB"
		sum=$((sum + pss * 1024))
	done
	say "$what: together $((sum / 1000)) kB ($((sum / 1048576)) MiB)"
	check "$what: less than $((limit / 1000)) kB" test $sum -lt $limit
}
active() { is a cipSecGlobalActiveTunnels.0 "$1"; }
# walked WHAT OID: so that all that is made for a walk is there
walked() {
	local began; began=$(lab_ms)
	check "$1: a walk of $2" walk a "$LAB/a/walk" "$2"
	say "$1: $(wc -l < "$LAB/a/walk") cells in $(($(lab_ms) - began)) ms"
}
rows() { grep -c "^$FLOW_MIB\.$1\." "$LAB/a/walk"; }

# ---- All the way from a charon --------------------------------------------------------------------------------

start - fake "$lab_python" "$LAB_HOME/fake_charon.py" "$LAB/a/charon.vici" many $COUNT
wait_until 5 grep -q listening "$LAB/fake.log"
began=$(lab_ms)
monitor_up a
wait_until 60 active $COUNT
say "from a charon: all of it is there after $(($(lab_ms) - began)) ms"
walked "from a charon" $FLOW_MIB
equal "from a charon: rows of IKE SAs, tunnels, selectors, SAs" "$COUNT $COUNT $COUNT $((2 * COUNT))" \
	"$(rows 1.2.3.1.35) $(rows 1.3.2.1.51) $(rows 1.3.3.1.3) $(rows 1.3.4.1.5)"
lists() { [ "$(grep -c listed "$LAB/fake.log")" -ge "$1" ]; }
wait_until 60 lists $(($(grep -c listed "$LAB/fake.log") + 3))
both "from a charon" feed-a $COUNT
ticks() { awk '{ print $14 + $15 }' "/proc/${PID[$1]}/stat"; }
before=$(ticks feed-a)
wait_until 60 lists $(($(grep -c listed "$LAB/fake.log") + 4))
say "from a charon: ipsecmond needs $((($(ticks feed-a) - before) * 1000 / $(getconf CLK_TCK) / 4)) ms of CPU for a poll"
before=$(memory feed-a)
wait_until 60 lists $(($(grep -c listed "$LAB/fake.log") + 4))
say "from a charon: ipsecmond's Pss and Rss: $before, and $(memory feed-a) four polls later"
stop fake
wait_until 10 active $COUNT
both "from a charon, which has gone" feed-a $COUNT
stop feed-a
rm "$(segment a)"

# ---- A synthetic segment --------------------------------------------------------------------------------------

synth=$builddir/bench/ipsecmon-synth
if [ -x "$synth" ]; then
	start a synth "$(realpath "$synth")" -c "$LAB/a/ipsecmon.conf" -i $COUNT -t $COUNT -u 50
	wait_until 20 grep -q ready "$LAB/synth.log"
	wait_until 20 active $COUNT
	# A column of each table makes all its rows; the whole takes snmpd half a minute.
	for column in 1.2.3.1.35 1.3.2.1.51 1.3.3.1.3 1.3.4.1.5; do
		walked "a synthetic segment" $FLOW_MIB.$column
	done
	both "a synthetic segment" synth 0
else
	say "no $synth: not measured with a synthetic segment"
fi
story_end
