#!/bin/bash
# Random SAs and policies in the kernel: of each kind, updated, rekeyed, overlapping, deleted, flushed, expired, with
# bad packets and restarts of ipsecmond in between. After each round every cell of a walk and of the command line's
# JSON agrees with the kernel (xfrm_random.py).
#
#     it_random.sh [--seed S | --seeds N]     one seed, or N fresh ones; else as many as $TEST_SECONDS allow (90), and one
# With $TEST_SEED the seeds are not fresh: they follow from it.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2034      # GUEST_OPTIONS is guest.sh's
seconds=${TEST_SECONDS:-90}
case ${1:-} in
--seeds) seconds=$((${2:-1} * 120)) ;;
esac
GUEST_OPTIONS=(-t "${TEST_LIMIT:-$((seconds * 2 + 1200))}" -e "TEST_SECONDS=$seconds" -e "TEST_SEED=${TEST_SEED:-}")
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip python3 snmpd snmpbulkwalk "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
gateways_up
for node in a:1:2 b:2:1; do
	IFS=: read -r name me peer <<< "$node"
	lab_quiet "addresses" in_ns "$name" ip -batch - <<-END
		$(for n in {40..45}; do
			printf 'addr add 10.9.%d.%d/24 dev wire\naddr add fd09:%d::%d/64 dev wire nodad\n' "$n" "$me" "$n" "$me"
			printf 'neigh add 10.9.%d.%d lladdr 02:00:00:00:00:%02d dev wire\n' "$n" "$peer" "$peer"
			printf 'neigh add fd09:%d::%d lladdr 02:00:00:00:00:%02d dev wire\n' "$n" "$peer" "$peer"
		done
		for n in {80..91}; do
			printf 'addr add 10.%d.%d.1/32 dev lo\naddr add fd0%d:%d::1/128 dev lo nodad\n' "$me" "$n" "$me" "$n"
			printf 'route add 10.%d.%d.0/24 via 10.9.%d.%d\n' "$peer" "$n" $((n / 2)) "$peer"
			printf 'route add fd0%d:%d::/64 via fd09:%d::%d\n' "$peer" "$n" $((n / 2)) "$peer"
		done)
	END
done
acquires_end_after 2
guest_configure a 'capacity { history = 40 }'     # a walk of more would take most of the time
snmpd_up a
agentx_up a
# The generator starts and stops ipsecmond itself.
random() {
	"$lab_python" "$GUEST_HOME/xfrm_random.py" --a "$(namespace a)" --b "$(namespace b)" --dir "$LAB/a" \
		--conf "$LAB/a/ipsecmon.conf" --ipsecmond "$IPSECMOND" --ipsecmon "$IPSECMON" --seconds "$seconds" "$@"
}
random "$@"
equal "the generator ends well" 0 $?
cat "$LAB/a/ipsecmond.log" > "$LAB/feed-a.log"
story_end
