#!/bin/bash
# The engine against the kernel's ESP, which shares no code with it: each opens the packets of the other, with every
# transform, in both modes, both IP versions, with extended sequence numbers, and in UDP. Node a has SAs of the
# kernel; in b a program of ours seals echo requests, and opens the answers.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2016     # awk's
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
PEER=$builddir/tests/guest/esp_peer
need root ip python3 "$PEER"
lab_begin
guest_up
# The ends of SAs, and what is behind them. Not the wire's own addresses, whose neighbours are not to be protected.
lab_quiet "addresses" in_ns a ip -batch - <<-END
	addr add 10.9.40.1/32 dev lo
	addr add 10.1.40.1/32 dev lo
	addr add fd09:40::1/128 dev lo
	addr add fd01:40::1/128 dev lo
END
lab_quiet "addresses" in_ns b ip -batch - <<-END
	addr add 10.9.40.2/32 dev lo
	addr add 10.2.40.1/32 dev lo
	addr add fd09:40::2/128 dev lo
	addr add fd02:40::1/128 dev lo
END

# octets FIRST COUNT: a key of which no two octets are the same
octets() { local i; for ((i = 0; i < $2; i++)); do printf %02x $((($1 + i * 7) % 256)); done; }

HMAC=$(octets 3 32)
declare -A SUITE=() KEY=() KERNEL=()
# suite NAME OURS OCTETS: a transform, and as words of `ip xfrm' from the standard input
suite() {
	SUITE[$1]=$2 KEY[$1]=$(octets 101 "$3")
	[ "$3" -gt 0 ] || KEY[$1]=-
	KERNEL[$1]=$(sed "s/KEY/0x${KEY[$1]}/; s/HMAC/0x$HMAC/")
}
for bits in 128 192 256; do
	suite gcm-$bits gcm $((bits / 8 + 4)) <<< "aead rfc4106(gcm(aes)) KEY 128"
	suite cbc-$bits cbc $((bits / 8)) <<< "auth-trunc hmac(sha256) HMAC 128 enc cbc(aes) KEY"
done
suite chacha chacha 36 <<< "aead rfc7539esp(chacha20,poly1305) KEY 128"
suite null null 0 <<< "auth-trunc hmac(sha256) HMAC 128 enc ecb(cipher_null) \"\""

# sas SUITE MODE A B INNER_A INNER_B WORD...: the kernel's, and its policies, for $PROTO; WORDs of both SAs
sas() {
	local suite=$1 mode=$2 a=$3 b=$4 inner_a=$5 inner_b=$6; shift 6
	in_ns a ip -batch - <<-END
		xfrm state flush
		xfrm policy flush
		xfrm state add src $b dst $a proto esp spi 0x4001 reqid 40 mode $mode $* ${KERNEL[$suite]}
		xfrm state add src $a dst $b proto esp spi 0x4002 reqid 40 mode $mode $* ${KERNEL[$suite]}
		xfrm policy add src $inner_b dst $inner_a ${PROTO:-} dir in tmpl src $b dst $a proto esp reqid 40 mode $mode
		xfrm policy add src $inner_a dst $inner_b ${PROTO:-} dir out tmpl src $a dst $b proto esp reqid 40 mode $mode
	END
}

# talks SUITE OPTION...: of esp_peer; ends with its addresses
talks() {
	local suite=$1 integ=$HMAC options=(); shift
	[[ $suite = null || $suite = cbc-* ]] || integ=-
	while [[ ${1:-} = -* ]]; do options+=("$1"); shift; done
	in_ns b "$PEER" ${options[@]+"${options[@]}"} "${SUITE[$suite]}" "${KEY[$suite]}" "$integ" 0x4001 0x4002 "$@"
}

V4=(10.9.40.2 10.9.40.1) V6=(fd09:40::2 fd09:40::1) IN4=(10.2.40.1 10.1.40.1) IN6=(fd02:40::1 fd01:40::1)

# case_of WHAT SUITE MODE ESN ENCAPSULATION OUTER_B OUTER_A [INNER_B INNER_A]
case_of() {
	local what=$1 suite=$2 mode=$3 esn=$4 encap=$5; shift 5
	local words=(replay-window 64) options=() zero=0.0.0.0
	[[ $1 != *:* ]] || zero=::
	[ "$mode" = tunnel ] || options+=(-t)
	if [ "$esn" = esn ]; then words+=(flag esn); options+=(-x); fi
	if [ "$esn" = wrap ]; then      # both ways the low half wraps in the middle
		words+=(replay-seq 0xfffffff8 replay-seq-hi 1 replay-oseq 0xfffffff8 replay-oseq-hi 1 flag esn)
		options+=(-x "-q$((0x1fffffff8))")
	fi
	if [ "$encap" = udp ]; then words+=(encap espinudp 4500 4500 "$zero"); options+=(-u); fi
	# The kernel would have all of a tunnel of one IP version.
	[[ ${3:-$1} = *:* && $1 != *:* ]] || [[ ${3:-$1} != *:* && $1 = *:* ]] && words+=(flag af-unspec)
	lab_quiet "the kernel's SAs" sas "$suite" "$mode" "$2" "$1" "${4:-$2}" "${3:-$1}" "${words[@]}"
	check "$suite, $what" talks "$suite" ${options[@]+"${options[@]}"} "$@"
}

for suite in gcm-128 gcm-192 gcm-256 chacha cbc-128 cbc-192 cbc-256 null; do
	case_of "tunnel" $suite tunnel no no "${V4[@]}" "${IN4[@]}"
	case_of "transport, ESN" $suite transport esn no "${V4[@]}"
	case_of "tunnel of IPv6, ESN whose low half wraps" $suite tunnel wrap no "${V6[@]}" "${IN6[@]}"
done
case_of "IPv6 in IPv4" gcm-128 tunnel no no "${V4[@]}" "${IN6[@]}"
case_of "IPv4 in IPv6" chacha tunnel no no "${V6[@]}" "${IN4[@]}"
case_of "transport of IPv6" cbc-128 transport no no "${V6[@]}"

# Sockets make the kernel take ESP out of UDP; others keep b's kernel from refusing it.
listen='import socket, sys, time
kept = []
for family in socket.AF_INET6, socket.AF_INET:
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if sys.argv[1] == "decap": s.setsockopt(socket.IPPROTO_UDP, 100, 2)     # UDP_ENCAP, UDP_ENCAP_ESPINUDP
    s.bind(("", 4500))
    kept.append(s)
print("listening", flush=True)
time.sleep(600)'
start a decap "$lab_python" -c "$listen" decap
start b deaf "$lab_python" -c "$listen" deaf
for name in decap deaf; do wait_until 10 grep -q listening "$LAB/$name.log"; done
for suite in gcm-256 cbc-256; do
	case_of "tunnel in UDP" $suite tunnel no udp "${V4[@]}" "${IN4[@]}"
	# The policy is not for the UDP around it, which the socket would have to bypass.
	PROTO="proto icmp" case_of "transport in UDP, ESN" $suite transport esn udp "${V4[@]}"
done

case_of "tunnel in UDP over IPv6" chacha tunnel no udp "${V6[@]}" "${IN4[@]}"

equal "the kernel has dropped nothing" "" "$(in_ns a awk '$2 > 0' /proc/net/xfrm_stat)"
check "a key that differs in its last octet does not open it" test "$(
	case_of x gcm-128 tunnel no no "${V4[@]}" "${IN4[@]}" > /dev/null
	KEY[gcm-128]=${KEY[gcm-128]%??}00
	talks gcm-128 -q16 "${V4[@]}" "${IN4[@]}" > /dev/null 2>&1
	stat_of a XfrmInStateProtoError)" -gt 0
story_end
