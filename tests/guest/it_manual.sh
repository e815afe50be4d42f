#!/bin/bash
# SAs and policies added by hand, without any IKE daemon: every mode and bundle, marks, interface ids, and lifetimes
# that end them. Every cell of a walk agrees with the kernel.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip ping python3 snmpd snmpbulkwalk snmpset "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON" "$SEGMENT_SAYS"
lab_begin
guest_up 20 21 22 23 24 25 27 28 29 30 31 32
acquires_end_after 2
recorder_up a
recorder_up b

# ---- Modes and bundles ----------------------------------------------------------------------------------------

tunnel 20
manual esp 10.9.21.1 10.9.21.2 0x2101 reqid 21 mode transport replay-window 32 \
	auth-trunc 'hmac(sha512)' "$(key 64)" 256 enc 'cbc(camellia)' "$(key 32)"
protect 10.9.21.1 10.9.21.2 10.9.21.1/32 10.9.21.2/32 "proto esp reqid 21 mode transport"

for node in a b; do     # BEET: the inner addresses are the SA's
	xfrm $node state add src 10.9.22.1 dst 10.9.22.2 proto esp spi 0x2201 reqid 22 mode beet \
		auth 'hmac(sha1)' "$(key 20)" enc 'cbc(des3_ede)' "$(key 24)" sel src 10.1.22.1 dst 10.2.22.1
	xfrm $node state add src 10.9.22.2 dst 10.9.22.1 proto esp spi 0x2202 reqid 22 mode beet \
		auth 'hmac(sha1)' "$(key 20)" enc 'cbc(des3_ede)' "$(key 24)" sel src 10.2.22.1 dst 10.1.22.1
done
protect 10.9.22.1 10.9.22.2 10.1.22.1/32 10.2.22.1/32 "proto esp reqid 22 mode beet"

manual comp 10.9.23.1 10.9.23.2 0x2301 reqid 23 mode tunnel comp deflate
manual esp 10.9.23.1 10.9.23.2 0x2303 reqid 23 mode transport auth 'hmac(md5)' "$(key 16)" enc 'ecb(cipher_null)' ''
protect 10.9.23.1 10.9.23.2 10.1.23.0/24 10.2.23.0/24 \
	"proto comp reqid 23 mode tunnel" "proto esp reqid 23 mode transport"

manual esp 10.9.24.1 10.9.24.2 0x2401 reqid 24 mode tunnel replay-window 32 "${GCM[@]}"
manual ah 10.9.24.1 10.9.24.2 0x2403 reqid 24 mode transport replay-window 32 auth-trunc 'hmac(sha384)' "$(key 48)" 192
protect 10.9.24.1 10.9.24.2 10.1.24.0/24 10.2.24.0/24 \
	"proto esp reqid 24 mode tunnel" "proto ah reqid 24 mode transport"

manual ah 10.9.25.1 10.9.25.2 0x2501 reqid 25 mode tunnel auth-trunc 'hmac(sha256)' "$(key 32)" 128
protect 10.9.25.1 10.9.25.2 10.1.25.0/24 10.2.25.0/24 "proto ah reqid 25 mode tunnel"

manual esp fd09:3::1 fd09:3::2 0x2601 reqid 26 mode tunnel flag esn replay-window 64 \
	aead 'rfc7539esp(chacha20,poly1305)' "$(key 36)" 128
protect fd09:3::1 fd09:3::2 fd01:3::/64 fd02:3::/64 "proto esp reqid 26 mode tunnel"

# A mark only on what leaves a: the two directions of a tunnel may differ in it.
xfrm a state add src 10.9.27.1 dst 10.9.27.2 proto esp spi 0x2701 reqid 27 mode tunnel mark 7 mask 0xff "${GCM[@]}"
xfrm b state add src 10.9.27.1 dst 10.9.27.2 proto esp spi 0x2701 reqid 27 mode tunnel "${GCM[@]}"
for node in a b; do
	xfrm $node state add src 10.9.27.2 dst 10.9.27.1 proto esp spi 0x2702 reqid 27 mode tunnel "${GCM[@]}"
done
xfrm a policy add src 10.1.27.0/24 dst 10.2.27.0/24 dir out mark 7 mask 0xff \
	tmpl src 10.9.27.1 dst 10.9.27.2 proto esp reqid 27 mode tunnel
xfrm a policy add src 10.2.27.0/24 dst 10.1.27.0/24 dir in \
	tmpl src 10.9.27.2 dst 10.9.27.1 proto esp reqid 27 mode tunnel
xfrm b policy add src 10.2.27.0/24 dst 10.1.27.0/24 dir out \
	tmpl src 10.9.27.2 dst 10.9.27.1 proto esp reqid 27 mode tunnel
xfrm b policy add src 10.1.27.0/24 dst 10.2.27.0/24 dir in \
	tmpl src 10.9.27.1 dst 10.9.27.2 proto esp reqid 27 mode tunnel

# Two that differ in nothing but the interface id.
for id in 7 8; do
	manual esp 10.9.28.1 10.9.28.2 0x28${id}1 reqid 28 mode tunnel if_id $id "${GCM[@]}"
	POLICY="if_id $id" protect 10.9.28.1 10.9.28.2 10.1.28.0/24 10.2.28.0/24 "proto esp reqid 28 mode tunnel"
done

# No reqid: told apart by their own selectors, and no policy.
for host in 1 2; do
	for node in a b; do
		xfrm $node state add src 10.9.29.1 dst 10.9.29.2 proto esp spi 0x29${host}1 mode tunnel \
			aead 'rfc4543(gcm(aes))' "$(key 20)" 128 sel src 10.1.29.$host dst 10.2.29.0/24 proto tcp dport 2$host
		xfrm $node state add src 10.9.29.2 dst 10.9.29.1 proto esp spi 0x29${host}2 mode tunnel \
			aead 'rfc4543(gcm(aes))' "$(key 20)" 128 sel src 10.2.29.0/24 dst 10.1.29.$host proto tcp sport 2$host
	done
done

guest_configure a 'allow-destroy = true'
guest_configure b
monitor_up a
monitor_up b
agrees a "SAs that were there first"
across 20 5 1000
traffic 10.9.21.1 10.9.21.2 6 900
across 22 7 800
across 23 8 700
across 23 3 30
across 24 9 600
across 25 10 500
traffic fd01:3::1 fd02:3::1 11 400
check "through the marked SA" in_ns a ping -q -c 12 -i 0.02 -W 2 -m 7 -s 300 -I 10.1.27.1 10.2.27.1
agrees a "traffic through all of them"
agrees b "traffic through all of them"

# ---- What policies are configured, and what encrypts -------------------------------------------------------------

# lines_told NODE: of the access lists of all entries, as many as there are outbound policies
lines_told() {
	[ "$(entries "$1" | awk '{ n += $4 } END { print n + 0 }')" = "$(xfrm "$1" policy list dir out | grep -c '^src')" ]
}
wait_until 10 lines_told a
pass "each outbound policy is in the access list of an entry"
equal "they are up" "" "$(entries a | grep -v ' up ')"
equal "a map for each peer" "$(xfrm a policy list dir out | sed -nE 's/.*tmpl src .* dst (.*)/xfrm-\1/p' | sort -u)" \
	"$(entries a | cut -d ' ' -f 1 | sort -u)"
equal "an entry for each interface id, in the order in which the kernel told of them" "10 20" \
	"$(for id in 7 8; do entry a xfrm-10.9.28.2 reqid-28-10.9.28.1-if-$id seq; done | sort -n | paste -sd ' ')"
check "and for a mark" entry_is a xfrm-10.9.27.2 reqid-27-10.9.27.1-mark-7/ff state up
equal "keyed by hand" manual "$(entry a xfrm-10.9.20.2 reqid-20-10.9.20.1 keying)"
equal "the interface is the one with the address" wire "$(entry a xfrm-10.9.20.2 reqid-20-10.9.20.1 interface)"
equal "its packets" "$(xfrm a state list reqid 20 | awk '/[0-9]+\(bytes\)/ && /packets/ { print $2 }' | head -n 1 | tr -dc 0-9)" \
	"$(entry a xfrm-10.9.20.2 reqid-20-10.9.20.1 out.pkts)"
sas_on() { says "$1" | awk -v name="$2" '$1 == "engine" && $NF == name { print $2, $3 }'; }
equal "all SAs are on the kernel" "kernel $(xfrm a state list | grep -cE '^[[:space:]]*proto (esp|ah|comp)')" "$(sas_on a kernel)"
index_20=$(entry a xfrm-10.9.20.2 reqid-20-10.9.20.1 index)
stop feed-a
feed_up a
wait_until 10 entry_is a xfrm-10.9.20.2 reqid-20-10.9.20.1 index "$index_20"
wait_until 10 lines_told a
equal "after a restart they are the same" "up 1" \
	"$(entry a xfrm-10.9.20.2 reqid-20-10.9.20.1 state) $(entry a xfrm-10.9.20.2 reqid-20-10.9.20.1 ups)"

# ---- Lifetimes ------------------------------------------------------------------------------------------------

before=$(value a cipSecGlobalActiveTunnels.0)
active() { is a cipSecGlobalActiveTunnels.0 $((before + $1)); }
# The kernel looks at a limit before it counts a packet.  Only a has any: b's would end before a sees its last packet.
limits=("limit packet-soft 5 limit packet-hard 10 limit time-soft 4000 limit time-hard 5000"
	"limit byte-soft 3000 limit byte-hard 9000")
for node in a b; do
	# shellcheck disable=SC2086     # words
	xfrm $node state add src 10.9.30.1 dst 10.9.30.2 proto esp spi 0x3001 reqid 30 mode tunnel "${GCM[@]}" ${limits[0]}
	# shellcheck disable=SC2086
	xfrm $node state add src 10.9.30.2 dst 10.9.30.1 proto esp spi 0x3002 reqid 30 mode tunnel "${GCM[@]}" ${limits[1]}
	limits=("" "")
done
protect 10.9.30.1 10.9.30.2 10.1.30.0/24 10.2.30.0/24 "proto esp reqid 30 mode tunnel"
tunnel 31 "${GCM[@]}" limit time-hard 3000 limit time-soft 2000 limit byte-hard 20000000 limit byte-soft 10000000
wait_until 5 active 2
across 30 2 1000
agrees a "limits, of which none is reached"
across 30 4 1000
agrees a "soft limits are reached"
in_ns a ping -q -c 12 -i 0.02 -W 1 -s 1000 -I 10.1.30.1 10.2.30.1 > /dev/null
wait_until 10 active 1
agrees a "hard limits in packets and octets end a tunnel"
tunnel 32 "${GCM[@]}" limit time-soft 4 limit time-hard 12
wait_until 5 active 2
wait_until 15 active 1
agrees a "a hard limit in seconds ends a tunnel"

for node in a b; do xfrm $node state deleteall reqid 20; done
wait_until 5 active 0
wait_until 1 entry_is a xfrm-10.9.20.2 reqid-20-10.9.20.1 state down
pass "the entry of a policy without SAs is down"
equal "and that was told once" 1 "$(told a down xfrm-10.9.20.2 reqid-20-10.9.20.1)"
xfrm a policy delete src 10.1.20.0/24 dst 10.2.20.0/24 dir out
wait_until 5 no_entry a xfrm-10.9.20.2 reqid-20-10.9.20.1
pass "without the policy there is none"
agrees a "deleted ones have gone"
agrees b "deleted ones have gone"
# No IKE daemon knows these: to destroy one is to delete its SAs from the kernel.
walk a "$LAB/a/walk"
index=$(compare table "$LAB/a/walk" cipSecTunRemoteAddr | sed -n 's/ 0a091502$//p')
check "SET of destroy" in_ns a snmpset -v2c -c private -m '' -M '' 127.0.0.1 ".$FLOW_MIB.1.3.2.1.51.$index" i 2
wait_until 5 active -1
equal "its SAs are no longer in the kernel" "" "$(xfrm a state list reqid 21)"
agrees a "the others are"
for node in a b; do xfrm $node state flush; done
wait_until 5 is a cipSecGlobalActiveTunnels.0 0
shown_rows() {          # of the tables of tunnels, selectors and SAs
	local table
	for table in 2 3 4; do snmp a snmpbulkwalk $FLOW_MIB.1.3.$table; done | grep -c "^\.$FLOW_MIB\.1\.3\.[234]\."
}
equal "flushed ones have gone" 0 "$(shown_rows)"
story_end
