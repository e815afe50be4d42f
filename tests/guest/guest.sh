# shellcheck shell=bash disable=SC2034,SC2119,SC2120      # some variables are for the stories, and so are arguments
# Stories about the kernel's IPsec: the lab's two gateways, in a User-Mode-Linux guest.  A story sources it in place of
# gateway.sh, which it brings along:
#
#     GUEST_OPTIONS=(-m 256M)                   # of run.sh, if the story needs others
#     . "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
#     need ip ping snmpd python3
#     lab_begin
#     guest_up 20                             # gateways_up, and the addresses of connection 20
#     recorder_up a                           # the kernel's own last words of each SA
#     monitor_up a                            # snmpd, ipsecmond with feed xfrm, ipsecmon-agentx
#     connections ikev2 ah; both_up; initiate a net
#     agrees a "one tunnel"                   # every cell of a walk is what the kernel says
#     story_end
#
# It is run like any other script: outside of a guest it does no more than to run itself in one (see run.sh).  The
# programs are those of $PLAIN_BUILDDIR, or of $builddir (the current directory): sanitizers do not work in a guest.

GUEST_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${IN_GUEST:-}" != yes ]; then
	builddir=$(realpath -e "${PLAIN_BUILDDIR:-${builddir:-.}}") || exit
	story=$(realpath "$0")
	exec "$GUEST_HOME/run.sh" -t "${TEST_LIMIT:-1200}" ${GUEST_OPTIONS[@]+"${GUEST_OPTIONS[@]}"} \
		-r "$builddir" -r "$GUEST_HOME/../.." -r "$(dirname "$story")" \
		-e IN_GUEST=yes -e builddir="$builddir" -e LAB_TAIL="${LAB_TAIL:-25}" -e TEST_SECONDS="${TEST_SECONDS:-}" "$BASH" "$story" "$@"
fi

# Not libtool's scripts: each start of a process takes a guest 50 ms.
export LD_LIBRARY_PATH=$builddir/.libs
for program in ipsecmond ipsecmon-agentx ipsecmon; do
	name=${program^^}
	[ ! -x "$builddir/.libs/$program" ] || declare "${name//-/_}=$builddir/.libs/$program"
done
# shellcheck source-path=SCRIPTDIR source=../lab/gateway.sh
. "$GUEST_HOME/../lab/gateway.sh"

# ESP is the kernel's.  It comes later in charon's section than lab.sh's, and counts.
CHARON_SETTINGS="load = random nonce openssl aes sha1 sha2 hmac gcm kdf pem pkcs1 x509 pubkey constraints"
CHARON_SETTINGS+=" kernel-netlink socket-default vici updown counters error-notify"
# Connections that only a kernel can have, of gateways/ here.  For `connections', "${KERNEL_CONNECTIONS[@]}".
KERNEL_CONNECTIONS=()
for name in esn transport beet ipcomp ah; do KERNEL_CONNECTIONS+=("../../guest/gateways/$name"); done
CHILDREN+=([esn]=esn [transport]=transport [beet]=beet [ipcomp]=ipcomp [ah]=ah)
SRC+=([esn]=10.1.20.1 [transport]=10.9.21.1 [beet]=10.1.22.1 [ipcomp]=10.1.23.1 [ah]=10.1.24.1)
DST+=([esn]=10.2.20.1 [transport]=10.9.21.2 [beet]=10.2.22.1 [ipcomp]=10.2.23.1 [ah]=10.2.24.1)

# guest_up [N...]: gateways_up, with the outer and inner addresses of connections N as well.  Every way leads over the
# wire: where there is no charon nobody makes routes, and charon makes none for a policy of one protocol.
guest_up() {
	local n node
	gateways_up
	for n in "$@"; do
		in_ns a ip addr add "10.9.$n.1/24" dev wire
		in_ns b ip addr add "10.9.$n.2/24" dev wire
		in_ns a ip addr add "10.1.$n.1/32" dev lo
		in_ns b ip addr add "10.2.$n.1/32" dev lo
	done
	for node in a:2 b:1; do
		in_ns ${node%:*} ip route add default via "10.9.0.${node#*:}"
		in_ns ${node%:*} ip route add default via "fd09::${node#*:}"
	done
}

# A node of ours has the feed of the kernel, and the one of charon where charon is.  $XFRM is what its section says.
XFRM="poll-interval = 1"
guest_configure() {     # guest_configure NODE [TEXT]
	if [ -e "$LAB/$1/charon.vici" ]; then
		configure "$1" "feed xfrm { $XFRM }"$'\n'"${2:-}"
	else
		cat > "$LAB/$1/ipsecmon.conf" <<-CONF
		run-dir = "$LAB/$1/run"
		state-dir = "$LAB/$1/state"
		feed xfrm { $XFRM }
		agentx { socket = "$LAB/$1/agentx" }
		${2:-}
		CONF
	fi
}

# feeds_of NODE: "NAME STATE", a line each
feeds_of() {
	cli "$1" show feeds --json | "$lab_python" -c 'import json, sys
for segment in json.load(sys.stdin)["segments"]:
    for feed in segment["feeds"]:
        print(feed["name"], feed["state"])'
}

# ---- The witness ----------------------------------------------------------------------------------------------

# xfrm NODE WORD...: ip -s xfrm
xfrm() { local node=$1; shift; in_ns "$node" ip -s xfrm "$@"; }

# stat_of NODE NAME: of /proc/net/xfrm_stat
# shellcheck disable=SC2016     # awk's
stat_of() { in_ns "$1" awk -v name="$2" '$1 == name { print $2 }' /proc/net/xfrm_stat; }

# recorder_up NODE: from now on, what the kernel says of each SA, in `log record-NODE'
recorder_up() {
	start "$1" "record-$1" "$lab_python" "$GUEST_HOME/xfrm_netlink.py" record
	wait_until 10 grep -q listening "$LAB/record-$1.log"
}

xfrm_witness() { "$lab_python" "$GUEST_HOME/xfrm_witness.py" "$@"; }

# snapshot NODE FILE: what `ip' and /proc say, and charon where it is
snapshot() {
	in_ns "$1" "$lab_python" "$GUEST_HOME/xfrm_witness.py" snapshot > "$2" || return
	if [ -n "${PID[charon-$1]:-}" ]; then
		witness "$1" > "$2.ikes" && witness "$1" list-conns > "$2.conns"
	fi
} 2> /dev/null

# compared NODE: a walk between two looks at the kernel
compared() {
	local dir=$LAB/$1
	snapshot "$1" "$dir/before" && walk "$1" "$dir/walk" && snapshot "$1" "$dir/after" || return
	xfrm_witness tables "$dir/walk" "$dir/before" "$dir/after" "$LAB/record-$1.log"
}

# agrees NODE WHAT [SECONDS]: within a few polls every cell is what the kernel says
agrees() {
	local began output; began=$(lab_ms)
	until output=$(compared "$1" 2>&1); do
		in_time $(($(lab_ms) - began)) $((${3:-15} * 2000)) && continue
		fail "$1: $2"
		printf '%s\n' "$output" | head -n 40 | sed 's/^/#   /'
		return
	done
	pass "$1: $2: $output"
}

# ---- SAs by hand ----------------------------------------------------------------------------------------------

key() { printf 0x; printf 'a5%.0s' $(seq "$1"); }        # key OCTETS: one that is no secret
GCM=(aead 'rfc4106(gcm(aes))' "$(key 20)" 128)

# manual PROTOCOL A B SPI WORD...: an SA from A to B and one with the next SPI back, on both gateways
manual() {
	local protocol=$1 a=$2 b=$3 spi=$4 node; shift 4
	for node in a b; do
		lab_quiet "an SA" xfrm $node state add src "$a" dst "$b" proto "$protocol" spi "$spi" "$@"
		lab_quiet "an SA" xfrm $node state add src "$b" dst "$a" proto "$protocol" spi $((spi + 1)) "$@"
	done
}

# protect A B INNER_A INNER_B TEMPLATE...: what goes from INNER_A to INNER_B and back is for SAs between A and B.  A
# template is such as "proto esp reqid 7 mode tunnel"; the first is of the innermost one.  $POLICY are more words.
protect() {
	local ends="$1 $2 $3 $4" template from to inner_from inner_to out in here there; shift 4
	for here in a b; do
		read -r from to inner_from inner_to <<< "$ends"
		[ $here = a ] || read -r to from inner_to inner_from <<< "$ends"
		there=$([ $here = a ] && echo b || echo a)
		out=() in=()
		for template; do
			# shellcheck disable=SC2206     # words
			out+=(tmpl src $from dst $to $template) in+=(tmpl src $from dst $to $template)
			# IPComp leaves small packets as they are.
			[[ $template != *comp* ]] || in+=(level use)
		done
		# shellcheck disable=SC2086     # words
		lab_quiet "a policy" xfrm $here policy add src "$inner_from" dst "$inner_to" dir out ${POLICY:-} "${out[@]}"
		# shellcheck disable=SC2086     # words
		lab_quiet "a policy" xfrm "$there" policy add src "$inner_from" dst "$inner_to" dir in ${POLICY:-} "${in[@]}"
	done
}

# tunnel N [WORD...]: a plain ESP tunnel between the inner networks N, of reqid N and the SPIs N * 256 + 1 and 2
tunnel() {
	local n=$1; shift
	[ $# -gt 0 ] || set -- "${GCM[@]}"
	manual esp "10.9.$n.1" "10.9.$n.2" $((n * 256 + 1)) reqid "$n" mode tunnel replay-window 32 "$@"
	protect "10.9.$n.1" "10.9.$n.2" "10.1.$n.0/24" "10.2.$n.0/24" "proto esp reqid $n mode tunnel"
}

# across N COUNT SIZE: `traffic' between the inner hosts N
across() { traffic "10.1.$1.1" "10.2.$1.1" "$2" "$3"; }

# A larval SA, which the kernel makes when it asks for one, lives for SECONDS.
acquires_end_after() { local node; for node in a b; do in_ns $node sysctl -qw net.core.xfrm_acq_expires="$1"; done; }
