# shellcheck shell=bash disable=SC2034      # some variables are for the stories
# The lab: two IPsec gateways, a and b, each in a network namespace with a real strongSwan charon and
# user-space ESP (kernel-libipsec), so that it works on any kernel that has /dev/net/tun.
#
# A story is a bash script that sources this file:
#
#     . "${srcdir:-.}/tests/lab/lab.sh"
#     need root ip ping swanctl python3            # skips (77) when one is missing
#     lab_begin
#     gateways_up                                  # namespaces, wire, addresses
#     connections ikev2 ikev1-main                 # swanctl.conf of both; see gateways/README
#     tweak a 'connections { ikev2 { dpd_delay = 1s } }'
#     both_up                                      # charon_up a, charon_up b, load a, load b
#     initiate a net
#     traffic 10.1.0.1 10.2.0.1 10 1000            # 10 packets of 1028 bytes in a tunnel, none lost
#     equal "a counted them" 10280 "$(witness a get child net bytes-out)"
#     start a feed ./ipsecmond ...                 # log in $LAB/feed.log, pid in ${PID[feed]}
#     wait_until 5 grep -q connected "$LAB/feed.log"
#     lab_end
#
# Everything is private to the run: files are under $LAB, names carry our pid, and what is ended is ended
# by its pid, so any number of labs can run at once.  LAB_KEEP=1 keeps $LAB.

set -u
LAB_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../speed.sh
. "$LAB_HOME/../speed.sh"
export SLOW=100         # how slow this machine is, in hundredths: from lab_begin on, and again when a limit is reached
CHARON=${CHARON:-/usr/lib/ipsec/charon}
LAB=                    # our directory, from lab_begin on
STATUS=0                # exit status of what `stop' ended last
declare -A PID=()       # of everything we started, by name
lab_namespaces=()
lab_passed=0 lab_failed=0

# The children of each connection, and the inner hosts at both ends of each child.
declare -A CHILDREN=([ikev2]="net net2" [ikev1-main]="main" [ikev1-aggr]="aggr" [ikev2-v6]="v6"
                     [ikev2-4in6]="4in6" [encap]="encap" [rw]="alice bob" [nobody]="nobody")
declare -A SRC=([net]=10.1.0.1 [net2]=10.1.10.1 [main]=10.1.1.1 [aggr]=10.1.2.1 [v6]=fd01:3::1
                [4in6]=10.1.4.1 [encap]=10.1.5.1 [alice]=10.1.6.1 [bob]=10.1.6.3)
declare -A DST=([net]=10.2.0.1 [net2]=10.2.10.1 [main]=10.2.1.1 [aggr]=10.2.2.1 [v6]=fd02:3::1
                [4in6]=10.2.4.1 [encap]=10.2.5.1 [alice]=10.2.6.1 [bob]=10.2.6.1)
# Every connection that can be up; `nobody' never is.
ALL_CONNECTIONS=(ikev2 ikev1-main ikev1-aggr ikev2-v6 ikev2-4in6 encap rw)

# ---- Telling --------------------------------------------------------------------------------------------------

say() { printf '# %s\n' "$*"; }                     # a remark between the ok lines

# The story cannot go on.  Not from a subshell: $(...) would only end that.
die() { printf 'FAILED: %s\n' "$*"; lab_failed=$((lab_failed + 1)); exit 1; }

pass() { lab_passed=$((lab_passed + 1)); printf 'ok - %s\n' "$1"; }
fail() { lab_failed=$((lab_failed + 1)); printf 'not ok - %s\n' "$1"; }

# check WHAT CMD...: CMD must succeed; what it printed is shown when it does not.
check() {
	local what=$1 output; shift
	if output=$("$@" 2>&1); then pass "$what"; return; fi
	fail "$what"
	printf '%s\n' "command: $*" "$output" | sed 's/^/#   /'
}

# equal WHAT EXPECTED GOT
equal() {
	if [ "$2" = "$3" ]; then pass "$1"; return; fi
	fail "$1"
	printf 'expected: %s\ngot:      %s\n' "$2" "$3" | sed 's/^/#   /'
}

# in_time TOOK LIMIT: both in milliseconds; the limit is that of an idle machine.
in_time() {
	local now
	[ "$1" -gt $(($2 * SLOW / 100)) ] || return 0
	now=$(slowness)         # it may have become busy
	[ "$now" -le "$SLOW" ] || SLOW=$now
	[ "$1" -le $(($2 * SLOW / 100)) ]
}

# wait_until SECONDS CMD...: as soon as CMD succeeds; ends the story when it does not in three times the time: what has
# to be fast is measured, and `in_time'.
wait_until() {
	local seconds=$1 began output; shift
	began=$(lab_ms)
	until output=$("$@" 2>&1); do
		if ! in_time $(($(lab_ms) - began)) $((seconds * 3000)); then
			printf '%s\n' "$output" | tail -n 20 | sed 's/^/#   /'
			die "not within $seconds s, three times, at a speed of 100/$SLOW: $*"
		fi
		sleep 0.1
	done
}

# try_for SECONDS CMD...: the same, but it only fails
try_for() {
	local seconds=$1 began; shift
	began=$(lab_ms)
	until "$@"; do
		in_time $(($(lab_ms) - began)) $((seconds * 3000)) || return
		sleep 0.1
	done > /dev/null 2>&1
}

# lab_quiet WHAT CMD...: silent, unless it fails; then its last output is told and the story ends.
lab_quiet() {
	local what=$1 output; shift
	output=$("$@" 2>&1) && return
	printf '%s\n' "$output" | tail -n 15 | sed 's/^/#   /'
	die "$what"
}

lab_ms() { local now=${EPOCHREALTIME/[.,]/}; printf '%s' "${now%???}"; }

# ---- Beginning and ending -------------------------------------------------------------------------------------

# need THING...: a command, a file (with a slash), `root' or `tun'.  Skips the test when one is missing.
need() {
	local thing
	for thing in "$@"; do
		case $thing in
		root) [ "$(id -u)" = 0 ] || skip "not root" ;;
		tun)  [ -c /dev/net/tun ] || skip "no /dev/net/tun" ;;
		*/*)  [ -e "$thing" ] || skip "no $thing" ;;
		*)    command -v "$thing" > /dev/null || skip "no $thing" ;;
		esac
	done
}

skip() { printf 'SKIPPED: %s\n' "$*"; exit 77; }

lab_begin() {
	# Not $TMPDIR: the path of a Unix socket has 107 characters and no more.
	LAB=$(mktemp -d /tmp/ipm.XXXXXX) || exit 1
	chmod 0700 "$LAB"
	lab_python=$(python3 -c 'import sys; print(sys.executable)')        # python3 itself may be a slow wrapper
	SLOW=$(slowness)
	trap lab_cleanup EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

# Ends the story: the sum, and the exit status.
lab_end() {
	printf '%d passed, %d failed\n' "$lab_passed" "$lab_failed"
	[ "$lab_failed" = 0 ] && [ "$lab_passed" -gt 0 ]
	exit
}

lab_cleanup() {
	local status=$? name file
	trap '' HUP INT TERM
	trap - EXIT
	[ "$lab_failed" = 0 ] || [ "$status" != 0 ] || status=1
	for name in "${!PID[@]}"; do lab_signal TERM "$name"; done
	for name in "${!PID[@]}"; do lab_reap "$name" 30 || { lab_signal KILL "$name"; lab_reap "$name" 30; }; done
	if [ "$status" != 0 ] && [ "$status" != 77 ]; then
		for file in "$LAB"/*.log; do
			[ -s "$file" ] || continue
			printf '# ---- the end of %s\n' "${file##*/}"
			case ${file##*/} in
			events-*) "$lab_python" "$LAB_HOME/vici_witness.py" "$file" brief ;;
			*) cat "$file" ;;
			esac 2>&1 | tail -n "${LAB_TAIL:-25}" | cut -c 1-200 | sed 's/^/#   /'
		done
	fi
	for name in ${lab_namespaces[@]+"${lab_namespaces[@]}"}; do ip netns del "$name"; done
	if [ "${LAB_KEEP:-0}" = 1 ]; then say "kept: $LAB"; else rm -rf "$LAB"; fi
	exit "$status"
}

# ---- Processes ------------------------------------------------------------------------------------------------

namespace() { printf 'ipm-%s-%s' "$$" "$1"; }       # of a node

# in_ns NODE CMD...: in the node's namespace; NODE `-' is the host.
in_ns() {
	local node=$1; shift
	if [ "$node" = - ]; then "$@"; else ip netns exec "$(namespace "$node")" "$@"; fi
}

# start NODE NAME CMD...: in the background, output to $LAB/NAME.log (what is there already stays).
# The pid is CMD's own: `ip netns exec' becomes it.
start() {
	local node=$1 name=$2; shift 2
	if [ -n "${PID[$name]:-}" ]; then
		! running "$name" || die "start: $name runs already"
		lab_reap "$name" 0
	fi
	if [ "$node" = - ]; then
		( exec "$@" ) >> "$LAB/$name.log" 2>&1 &
	else
		( exec ip netns exec "$(namespace "$node")" "$@" ) >> "$LAB/$name.log" 2>&1 &
	fi
	PID[$name]=$!
}

# stop NAME [SIGNAL [SECONDS]]: TERM if none is named.  Waits; its exit status is in $STATUS.
stop() {
	local name=$1
	[ -n "${PID[$name]:-}" ] || die "stop: $name was not started"
	lab_signal "${2:-TERM}" "$name"
	lab_reap "$name" "$((${3:-30} * 10))" || die "$name still runs ${3:-30} s after SIG${2:-TERM}"
}

running() { kill -0 "${PID[$1]}" 2> /dev/null; }    # running NAME
log() { cat "$LAB/$1.log"; }                        # log NAME

lab_signal() { kill "-$1" "${PID[$2]}" 2> /dev/null; }

# lab_reap NAME TENTHS: waits for its end, forgets it.
lab_reap() {
	local pid=${PID[$1]} tenths=$2
	while kill -0 "$pid" 2> /dev/null; do
		[ "$((tenths -= 1))" -ge 0 ] || return 1
		sleep 0.1
	done
	wait "$pid"
	STATUS=$?
	unset "PID[$1]"
} 2> /dev/null          # bash would tell of a process that was killed

# ---- The two gateways -----------------------------------------------------------------------------------------

# Namespaces a and b, the wire between them, and all addresses of gateways/README.
gateways_up() {
	local node me n
	for node in a b; do
		lab_namespaces+=("$(namespace $node)")
		ip netns add "$(namespace $node)" || die "cannot add a network namespace"
		mkdir -p "$LAB/$node"
	done
	ip link add wire netns "$(namespace a)" type veth peer name wire netns "$(namespace b)" ||
		die "cannot add a veth pair"
	me=0
	for node in a b; do
		me=$((me + 1))
		{
			for n in 0 1 2 5 6 7; do printf 'addr add 10.9.%d.%d/24 dev wire\n' $n $me; done
			for n in 0 1 2 4 5 6 7; do printf 'addr add 10.%d.%d.1/32 dev lo\n' $me $n; done
			for n in 10.1 11.1 12.10; do printf 'addr add 10.%d.%s/32 dev lo\n' $me $n; done
			printf 'addr add fd09::%d/64 dev wire nodad\n' $me
			for n in 3 4; do printf 'addr add fd09:%d::%d/64 dev wire nodad\n' $n $me; done
			for n in : 3::; do printf 'addr add fd0%d:%s1/128 dev lo nodad\n' $me $n; done
			if [ $node = a ]; then      # the second road warrior
				printf 'addr add 10.9.6.3/24 dev wire\naddr add 10.1.6.3/32 dev lo\n'
			fi
			printf 'link set wire address 02:00:00:00:00:%02d\nlink set lo up\nlink set wire up\n' $me
			# IPv6 would take more than a second to find its neighbour on a new wire.
			for n in "" :3 :4; do
				printf 'neigh add fd09%s::%d lladdr 02:00:00:00:00:%02d dev wire\n' "$n" $((3 - me)) $((3 - me))
			done
		} > "$LAB/$node/addresses"
		ip -n "$(namespace $node)" -batch "$LAB/$node/addresses" || die "cannot configure $node"
	done
}

# charon_up NODE [SETTINGS]: SETTINGS is text for the charon section of strongswan.conf, such as
# 'retransmit_tries = 2'; what it sets again is changed.  $CHARON_SETTINGS is what it is when none is given, and
# $CHARON_PLUGINS names further plugins.  Its log is `log charon-NODE'.
charon_up() {
	local node=$1 settings=${2:-${CHARON_SETTINGS:-}} dir=$LAB/$1
	cat > "$dir/strongswan.conf" <<-CONF
	charon {
	  # kernel-libipsec before kernel-netlink: the first that can do ESP does it.
	  load = random nonce openssl aes sha1 sha2 hmac gcm kdf pem pkcs1 x509 pubkey constraints kernel-libipsec kernel-netlink socket-default vici updown counters error-notify ${CHARON_PLUGINS:-}
	  # libipsec occupies four, IKE five, each waiting swanctl one; the default 16 starve when all connect at once.
	  threads = 40
	  # Aggressive mode needs it: a responder may take up the first quick mode message before the third of
	  # aggressive mode, and drops it then.  A silent peer is given up after 20 s.
	  retransmit_timeout = $((SLOW / 200)).$((SLOW / 2 % 100 / 10))
	  i_dont_care_about_security_and_use_aggressive_mode_psk = yes
	  install_virtual_ip = no
	  plugins { vici { socket = unix://$dir/charon.vici }
	            error-notify { socket = unix://$dir/charon.enfy } }
	  filelog { stderr { default = 1
	                     ike_name = yes
	                     time_format = %T
	                     time_add_ms = yes
	                     flush_line = yes } }
	  $settings
	}
	swanctl { load = random openssl pem pkcs1 x509 }
	CONF
	rm -f "$dir/charon.vici" "$dir/charon.enfy"     # a killed one leaves them
	# A /run of its own, for charon.pid.
	# shellcheck disable=SC2016
	start "$node" "charon-$node" env STRONGSWAN_CONF="$dir/strongswan.conf" \
		unshare -m sh -c 'mount -t tmpfs tmpfs /run && exec "$0"' "$CHARON"
	wait_until 10 lab_charon_answers "$node"
}

# has_ikev1: charon was built with it
has_ikev1() { grep -qa main_mode_create "${CHARON%/*}/libcharon.so.0"; }

# has_alerts: charon tells alerts through VICI: strongSwan 6.0.3 and later
has_alerts() { grep -qa alert_names "${CHARON%/*}/plugins/libstrongswan-vici.so"; }

lab_charon_answers() { running "charon-$1" && [ -S "$LAB/$1/charon.vici" ] && sw "$1" --stats; }

charon_down() { stop "charon-$1" "${2:-TERM}"; }    # charon_down NODE [SIGNAL]
charon_kill9() { stop "charon-$1" KILL; }           # charon_kill9 NODE: the peer is told nothing

# sw NODE --COMMAND ...: swanctl
sw() {
	local node=$1 command=$2; shift 2
	STRONGSWAN_CONF=$LAB/$node/strongswan.conf swanctl "$command" --uri "unix://$LAB/$node/charon.vici" "$@"
}

# connections NAME...: both nodes get these, and only these, in their swanctl.conf; `load' makes them known.
connections() {
	local node peer me name file
	for node in a b; do
		if [ $node = a ]; then peer=b me=1; else peer=a me=2; fi
		{
			cat "$LAB_HOME/gateways/defaults.conf"
			for name in "$@"; do
				file=$LAB_HOME/gateways/$name.$node.conf
				[ -e "$file" ] || file=$LAB_HOME/gateways/$name.conf
				sed "s/@ME@/$node/g; s/@PEER@/$peer/g; s/@M@/$me/g; s/@P@/$((3 - me))/g" "$file" ||
					die "no connection $name"
			done
		} > "$LAB/$node/swanctl.conf"
	done
}

# tweak NODE TEXT: more swanctl.conf; what it sets again is changed, the rest stays.
tweak() { printf '%s\n' "$2" >> "$LAB/$1/swanctl.conf"; }

# load NODE: swanctl.conf as it is now
load() {
	lab_quiet "load $1" sw "$1" --load-all --file "$LAB/$1/swanctl.conf"
}

# both_up: a charon on a and b, loaded
both_up() {
	charon_up a
	charon_up b
	load a
	load b
}

# ---- Doing things ---------------------------------------------------------------------------------------------
# Each names a CHILD or an IKE connection of gateways/README, as NODE knows it, and ends the story if it fails.

# initiate NODE CHILD [IKE]
initiate() {
	lab_quiet "initiate $2 on $1" sw "$1" --initiate --child "$2" ${3:+--ike "$3"} --timeout 30
}

# establish CHILD...: from a, all at the same time
establish() {
	local child pids=() pid
	for child in "$@"; do
		sw a --initiate --child "$child" --timeout 30 > "$LAB/a/initiate-$child" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		if ! wait "$pid"; then
			tail -n 15 "$LAB/a/initiate-$1" | sed 's/^/#   /'
			die "initiate $1 on a"
		fi
		shift
	done
}

# all_up: every connection, every child
all_up() {
	local name children=()
	# The first child of an IKE SA makes it; a second one at the same time could make a second.
	for name in "${ALL_CONNECTIONS[@]}"; do
		if [ "$name" = rw ]; then children+=(alice bob); else children+=("${CHILDREN[$name]%% *}"); fi
	done
	establish "${children[@]}"
	establish net2
}

# traffic SRC DST COUNT SIZE [NODE]: COUNT echo requests from NODE (a), and as many answers.  A packet in the
# tunnel has SIZE + 28 octets (IPv6: + 48); up to SIZE 1372 (IPv6: 1352) it is one packet.
# In bursts, because after its last packet ping waits for no longer than an interval (5 s) or two round trips.
traffic() {
	local left=$3 n output
	while [ "$left" -gt 0 ]; do
		n=$((left < 16 ? left : 16))
		left=$((left - n))
		output=$(in_ns "${5:-a}" ping -q -n -c $n -l $n -i 5 -s "$4" -W 10 -I "$1" "$2" 2>&1)
		case $output in
		*"$n packets transmitted, $n received,"*) ;;
		*) printf '%s\n' "$output" | sed 's/^/#   /'; die "packets lost from $1 to $2" ;;
		esac
	done
}

# rekey_child NODE CHILD and rekey_ike NODE IKE [--reauth]: until NODE has a new one.  IKEv1 can only
# reauthenticate.  The old one may still be there, and the peer may be a moment behind.
rekey_child() {
	local before; before=$(newest "$1" child "$2" INSTALLED)
	lab_quiet "rekey child $2 on $1" sw "$1" --rekey --child "$2"
	wait_until 10 lab_is_newer "$before" "$1" child "$2" INSTALLED
}
rekey_ike() {
	local before; before=$(newest "$1" ike "$2" ESTABLISHED)
	lab_quiet "rekey ike $2 on $1" sw "$1" --rekey --ike "$2" ${3:+"$3"}
	wait_until 10 lab_is_newer "$before" "$1" ike "$2" ESTABLISHED
}
lab_is_newer() { local before=$1 now; shift; now=$(newest "$@"); [ -n "$now" ] && [ "$now" -gt "${before:-0}" ]; }

# terminate NODE --ike NAME | --child NAME
terminate() { lab_quiet "terminate $2 $3 on $1" sw "$1" --terminate "${@:2}" --timeout 30; }

# ---- The witness ----------------------------------------------------------------------------------------------
# What charon itself says, by code that is not the project's.

# witness NODE [COMMAND...]: see vici_witness.py
witness() {
	local node=$1; shift
	"$lab_python" "$LAB_HOME/vici_witness.py" "$LAB/$node/charon.vici" "$@"
}

vici_raw() { sw "$1" --list-sas --raw; }            # vici_raw NODE: the same in swanctl's own notation

# newest NODE ike|child NAME [STATE]: the uniqueid of the youngest
newest() { witness "$1" get "$2" "$3" uniqueid ${4:+"$4"} | tail -n 1; }

# count NODE ike|child NAME [STATE]: how many there are
count() { witness "$1" get "$2" "$3" uniqueid ${4:+"$4"} | grep -c .; }

# up NODE ike|child NAME, gone NODE ike|child NAME: for `wait_until'
up() { [ "$(count "$@" "$([ "$2" = ike ] && echo ESTABLISHED || echo INSTALLED)")" -gt 0 ]; }
gone() { [ "$(count "$@")" = 0 ]; }

# watch NODE: charon's events from now on, as JSON lines in `log events-NODE'; it ends with charon.
watch() {
	local name=events-$1
	rm -f "$LAB/$name.log"
	start - "$name" "$lab_python" "$LAB_HOME/vici_witness.py" "$LAB/$1/charon.vici" monitor
	wait_until 5 grep -q listening "$LAB/$name.log"
}
events() { "$lab_python" "$LAB_HOME/vici_witness.py" "$LAB/events-$1.log" brief; }  # events NODE: a short line each
