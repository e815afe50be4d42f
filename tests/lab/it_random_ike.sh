#!/bin/bash
# Two real charons do what a seeded generator chooses: rekeys by either side or both at once, reauthentication,
# duplicates, MOBIKE, unloading, wrong keys, no common proposal, lost packets, kill -9, restarts of ipsecmond. After
# every step ipsecmon shows the same as charon's own list, cell by cell, the laws hold, and SAs that were only rekeyed
# have neither ended nor failed.
#
#     it_random_ike.sh [--seed S | --seeds N]      one seed, or N fresh ones; else as many as $TEST_SECONDS allow (120)
# With $TEST_SEED the seeds are not fresh: that one and those after it.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by name
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip nft ping swanctl python3 unshare "$CHARON" "$IPSECMOND" "$IPSECMON" "$SEGMENT_SAYS"

seeds=0 seed=
case ${1:-} in
--seed) seed=$2 seeds=1 TEST_SEED="" ;;
--seeds) seeds=$2 ;;
esac
: "${STEPS:=8}"
lab_begin
began=$(lab_ms)
cells=0 steps=0 done_seeds=0

random() { lab_random=$((RANDOM % $1)); }                            # random N: 0 to N - 1, in $lab_random
pick() { random $#; picked=${*:lab_random + 1:1}; }                  # pick WORD...: one of them, in $picked

# ---- What is compared -------------------------------------------------------------------------------------------

judge() { "$lab_python" "$LAB_HOME/random_ike.py" "$@"; }
judge_node() { judge "$2" "$LAB/$1/mark.json" "$IPSECMON" "$LAB/$1/ipsecmon.conf" "${@:3}"; }

# agrees NODE: what is shown is what charon says, within a minute. An IKE SA that the wire showed while charon was away may
# stay for two (IKE_UNCLAIMED_NS).
agrees() {
	local until=$(($(lab_ms) + 60000)) said
	! grep -q ikewatch "$LAB/$1/ipsecmon.conf" || until=$((until + 90000))
	until said=$(judge agree "$LAB/$1/charon.vici" "$IPSECMON" "$LAB/$1/ipsecmon.conf" 2>&1); do
		if [ "$(lab_ms)" -gt "$until" ]; then
			printf '%s\n' "$said" | tail -n 20
			return 1
		fi
		sleep 0.3
	done
	cells=$((cells + said))
}

# lawful NODE: all laws were looked at since it `looks', and none was broken
declare -A looks
looks() { grep -c '^looks' "$LAB/laws-$1.log"; }
looked() { [ "$(looks "$1")" -gt $((looks[$1] + 1)) ]; }
lawful() {
	wait_until 60 looked "$1"
	! grep '^broken' "$LAB/laws-$1.log"
}

declare -A offset logged
mark() {
	local node
	for node in a b; do
		judge_node $node mark
		offset[$node]=$(stat -c %s "$LAB/events-$node.log")
		logged[$node]=$(stat -c %s "$LAB/charon-$node.log")
	done
}

# gave_up NODE: its charon logs that it has, since the mark. When reauthentication breaks before it makes, the peer is lost.
gave_up() {
	[ "$make_before_break" = no ] && tail -c "+$((logged[$1] + 1))" "$LAB/charon-$1.log" | grep -q 'giving up after'
}

# ---- What is done -----------------------------------------------------------------------------------------------
# Each step sets $strict to 1 when nothing may end or fail, and $failing to a reason that both sides have to tell.

declare -A OF=([net]=ikev2 [net2]=ikev2 [main]=ikev1-main [aggr]=ikev1-aggr)
other() { [ "$1" = a ] && echo b || echo a; }
quiet() { "$@" > /dev/null 2>&1; }
at_once() {             # at_once COMMAND: on both nodes, `NODE' in it is each
	local node pids=()
	for node in a b; do quiet sw "$node" "$@" & pids+=($!); done
	wait "${pids[@]}"
}
a_child() { pick net net net2 main aggr; child=$picked; pick a b; node=$picked; }
bring_up() { up "$1" child "$2" || quiet sw "$1" --initiate --child "$2" --timeout 10; }
single() { [ "$(count a child "$1" INSTALLED) $(count b child "$1" INSTALLED)" = "1 1" ]; }

do_initiate() { bring_up "$node" "$child"; }
do_rekey_child() { bring_up "$node" "$child"; strictly; quiet sw "$node" --rekey --child "$child"; }
do_rekey_child_both() { bring_up "$node" "$child"; strictly; at_once --rekey --child "$child"; }
do_rekey_ike() { bring_up "$node" "$child"; strictly; quiet sw "$node" --rekey --ike "${OF[$child]}"; }
do_rekey_ike_both() { bring_up "$node" "$child"; strictly; at_once --rekey --ike "${OF[$child]}"; }
do_rekey_all_both() {
	bring_up "$node" "$child"; strictly
	quiet sw "$node" --rekey --ike "${OF[$child]}" & local pid=$!
	at_once --rekey --child "$child"
	wait "$pid"
}
do_reauth() { bring_up "$node" "$child"; quiet sw "$node" --rekey --ike "${OF[$child]}" --reauth; }
do_reauth_both() { bring_up "$node" "$child"; at_once --rekey --ike "${OF[$child]}" --reauth; }
do_duplicate() {
	bring_up "$node" "$child"
	at_once --initiate --child "$child" --timeout 5
}
do_duplicate_ike() {
	bring_up "$node" "$child"
	at_once --initiate --ike "${OF[$child]}" --timeout 5
}
do_terminate_child() { quiet sw "$node" --terminate --child "$child" --timeout 5; }
do_terminate_ike() { quiet sw "$node" --terminate --ike "${OF[$child]}" --timeout 5; }
do_terminate_both() { at_once --terminate --ike "${OF[$child]}" --timeout 5; }
do_traffic() {
	bring_up "$node" "$child"
	quiet in_ns a ping -q -n -c 20 -i 0.02 -W 1 -I "${SRC[$child]}" "${DST[$child]}"
}
do_unload() {
	bring_up "$node" "$child"
	# shellcheck disable=SC2016
	quiet "$lab_python" "$LAB_HOME/vici_witness.py" "$LAB/$node/charon.vici" unload-conn "name=${OF[$child]}"
	sleep 1
	load "$node"
}

# within SECONDS COMMAND...: it succeeds by then
within() {
	local until=$(($(lab_ms) + $1 * 1000)); shift
	until "$@"; do
		[ "$(lab_ms)" -lt "$until" ] || return 1
		sleep 0.3
	done
}
# both_know: no side keeps an IKE SA that the other has given up. Where that takes too long, what is said of it later is true.
both_know() { within 40 judge same "$LAB/a/charon.vici" "$LAB/b/charon.vici" || unjudged="no SA|peer lost"; }
# both_say REASON: in a failure since the step began
both_say() {
	local node
	for node in a b; do judge_node "$node" failures | grep -qE "($1)\$" || return; done
}

# fails_with REASON TEXT: with TEXT in b's swanctl.conf, a negotiation that NODE begins fails, and both sides say why
fails_with() {
	local conf=$LAB/b/swanctl.conf
	quiet sw a --terminate --ike "${OF[$child]}" --timeout 5
	quiet sw b --terminate --ike "${OF[$child]}" --timeout 5 --force
	sleep 1
	mark
	cp "$conf" "$conf.kept"
	tweak b "$2"; load b
	quiet sw "$node" --initiate --child "$child" --timeout 6
	within 15 both_say "$1"
	failing=$1
	mv "$conf.kept" "$conf"
	quiet sw b --load-all --clear --file "$conf"
}
do_wrong_key() {
	local reason=authentication
	# Who answers Aggressive Mode hears nothing more; it is the key only if a poll saw the IKE SA (doc/mapping.md).
	[ "$child" != aggr ] || reason="authentication|peer lost"
	fails_with "$reason" "secrets { ike-${OF[$child]} { secret = wrong } }"
	sleep 4 # what is half open is given up
}
do_no_proposal() {
	[ "$child" != aggr ] || child=main      # Aggressive Mode answers everything with the same kind of notification
	fails_with "no proposal or selectors in common" \
		"connections { ${OF[$child]} { proposals = camellia256-sha384-ecp384 } }"
}
do_no_selectors() {
	case $child in main | aggr) child=net ;; esac         # charon tells nobody of those of IKEv1
	fails_with "no proposal or selectors in common" \
		"connections { ikev2 { children { $child { local_ts = 10.77.0.0/24
		 remote_ts = 10.78.0.0/24 } } } }"
	quiet sw a --terminate --ike ikev2 --timeout 5
}
# lossy N: of ten packets of IKE that come to NODE so many get lost; 0: none any more
lossy() {
	local some="numgen random mod 10 < $1"
	[ "$1" -lt 10 ] || some=""
	quiet in_ns "$node" nft delete table inet lossy
	[ "$1" = 0 ] || in_ns "$node" nft -f - <<-NFT
		table inet lossy {
		  chain in { type filter hook input priority 0; udp dport { 500, 4500 } $some drop; }
		}
	NFT
}
do_loss() {
	bring_up "$node" "$child"
	lossy 4
	quiet sw "$node" --rekey --child "$child"
	quiet sw "$(other "$node")" --rekey --ike "${OF[$child]}"
	sleep 3
	lossy 0
	both_know
}
do_dead() {             # a peer that hears nothing for longer than it is waited for
	bring_up "$node" "$child"
	lossy 10
	sleep 6
	lossy 0
	both_know
}
do_mobike() {
	local address=10.9.0.1
	[ "$node" = a ] || address=10.9.0.2
	bring_up "$node" net
	in_ns "$node" ip addr del "$address/24" dev wire
	sleep 2
	in_ns "$node" ip addr add "$address/24" dev wire
	both_know
}
do_kill_charon() {
	unjudged="no SA"        # for as long as the peer still writes to IKE SAs that died with this charon
	bring_up "$node" "$child"
	charon_kill9 "$node"
	stop "events-$node" TERM
	charon_up "$node"
	load "$node"
	start - "events-$node" "$lab_python" "$LAB_HOME/vici_witness.py" "$LAB/$node/charon.vici" monitor
	both_know
}
do_restart_charon() {
	bring_up "$node" "$child"
	charon_down "$node"
	stop "events-$node" TERM
	charon_up "$node"
	load "$node"
	start - "events-$node" "$lab_python" "$LAB_HOME/vici_witness.py" "$LAB/$node/charon.vici" monitor
	both_know
}
do_restart_daemon() {
	pick TERM KILL
	stop "feed-$node" "$picked"
	quiet sw "$(other "$node")" --rekey --child "$child"
	feed_up "$node"
}

# Nothing may end from here on, if there is one CHILD_SA of each side to be rekeyed.
strictly() {
	local node
	single "$child" || return
	[ "$(count a ike "${OF[$child]}") $(count b ike "${OF[$child]}")" = "1 1" ] || return
	for node in a b; do agrees "$node" || return; done
	mark
	strict=1
}

OPS=(initiate initiate rekey_child rekey_child_both rekey_child_both rekey_ike rekey_ike_both rekey_all_both reauth reauth_both
	duplicate duplicate_ike terminate_child terminate_ike terminate_both traffic traffic unload wrong_key no_proposal
	no_selectors loss dead kill_charon restart_charon restart_daemon)

step() {
	local op=$1 node child strict=0 failing="" told
	a_child
	say "$((steps += 1)): $op $child on $node"
	mark
	"do_$op"
	for node in a b; do looks[$node]=$(looks $node); done
	for node in a b; do
		check "seed $seed: $op $child: $node shows what charon says" agrees $node
		check "seed $seed: $op $child: $node keeps the laws" lawful $node
		if [ $strict = 1 ]; then
			check "seed $seed: $op $child: $node: what was rekeyed has neither ended nor failed" \
				judge_node $node since "$LAB/events-$node.log" "${offset[$node]}" ${unjudged:+"$unjudged"}
		elif [ -n "$failing" ]; then
			told=$(judge_node $node failures)
			check "seed $seed: $op $child: $node says: $failing" grep -qE "($failing)\$" <<< "$told"
		elif [[ $op = duplicate* || $op = reauth* ]]; then
			told=$(judge_node $node failures)
			[[ $op != reauth* ]] || ! gave_up $node || told=$(grep -v "peer lost$" <<< "$told")
			check "seed $seed: $op $child: $node: nobody was lost" \
				test -z "$(grep -E "^ike ${OF[$child]} peer lost|no SA" <<< "$told" | grep -vE "${unjudged:-nothing}")"
		fi
	done
}

# ---- A seed -----------------------------------------------------------------------------------------------------

run_seed() {
	local node extra settings mobike make_before_break name unjudged=""
	RANDOM=$seed
	pick "" "feed xfrm { }" "feed ikewatch { }" "feed xfrm { }
feed ikewatch { }"
	extra=$picked
	pick yes no; mobike=$picked
	# shellcheck disable=SC2034     # gateway.sh's
	CHARON_SETTINGS="retransmit_tries = 2
half_open_timeout = 4"
	pick yes no; make_before_break=$picked
	CHARON_SETTINGS+="
make_before_break = $make_before_break"
	say "seed $seed: ${extra//$'\n'/ } mobike $mobike, make before break $make_before_break"
	connections ikev2 ikev1-main ikev1-aggr
	for node in a b; do
		for name in ikev2 ikev1-main ikev1-aggr; do
			pick no replace never keep
			tweak $node "connections { $name { unique = $picked
			dpd_delay = 2s
			dpd_timeout = 6s } }"
		done
		[ "$mobike" = no ] || tweak $node 'connections { ikev2 { mobike = yes } }'
	done
	settings=${CHARON_SETTINGS}
	random 3        # where answers are slow, rekeys cross
	if [ "$lab_random" = 0 ]; then
		charon_up a "$settings
receive_delay = 300
receive_delay_type = 36
receive_delay_response = no"
		charon_up b "$settings
receive_delay = 100
receive_delay_type = 36
receive_delay_response = no
send_delay = 1500
send_delay_type = 36
send_delay_request = no"
		say "seed $seed: slow answers"
	else
		charon_up a
		charon_up b
	fi
	for node in a b; do
		load $node
		rm -rf "$LAB/$node/run" "$LAB/$node/state" "$LAB/laws-$node.log" "$LAB/events-$node.log"
		configure $node "$extra"
		feed_up $node
		watch $node
		wait_until 20 test -s "$(segment $node)"
		start - "laws-$node" "$SEGMENT_SAYS" "$(segment $node)" laws
	done
	for ((n = 0; n < STEPS; n++)); do
		[ "$seeds" != 0 ] || [ $n -lt 3 ] || ! time_is_over || break
		if [ "$mobike" = yes ]; then pick "${OPS[@]}" mobike mobike; else pick "${OPS[@]}"; fi
		step "$picked"
	done
	for node in a b; do
		stop "laws-$node"
		stop "feed-$node"
		equal "seed $seed: ipsecmond on $node ends well" 0 "$STATUS"
		charon_down $node
		[ -z "${PID[events-$node]:-}" ] || stop "events-$node"
	done
	done_seeds=$((done_seeds + 1))
}

gateways_up
enough() {
	[ "$seeds" = 0 ] || { [ $done_seeds -ge "$seeds" ]; return; }
	[ $done_seeds -gt 0 ] && time_is_over
}
time_is_over() { [ $(($(lab_ms) - began)) -ge $((${TEST_SECONDS:-120} * 1000)) ]; }
first=$seed
until enough; do
	if [ -n "${TEST_SEED:-}" ]; then
		seed=$((TEST_SEED + done_seeds))
	else
		seed=${first:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
	fi
	run_seed
done
say "$(cat "$LAB"/charon-?.log | grep -cE 'detected (.*_REKEY collision with .*_REKEY|rekey collision for CHILD_SA)') rekeys crossed each other"
say "$done_seeds seeds, $steps steps, $cells cells, in $((($(lab_ms) - began) / 1000)) s"
check "no sanitizer has found anything" sanitizers_silent
lab_end
