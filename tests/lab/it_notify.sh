#!/bin/bash
# Notifications: a real snmptrapd behind a real snmpd gets each notification soon after the event, once, with exactly
# the variables of the MIB. Disabled ones are not sent. Events during an absence of the master are reported when it is
# back. A flood is sent at the configured rate, with every suppressed notification counted, and polls are answered
# meanwhile.
#
# Not to be brought about here, and covered by tests/unit/agent/check_mib_notify.c: cikeSysFailure and cipSecSysFailure (charon out of
# resources), cipSecProtocolFailure and cipSecNoSa (ESP packets: no feed reports them yet).
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip swanctl openssl python3 unshare snmpd snmptrapd snmpset snmpbulkwalk "$CHARON"
lab_begin
# shellcheck disable=SC2034     # it is gateway.sh's
TRAPS=1
HOLD=$((3 * SLOW / 100))
RATE=100
RUN=run EXTRA=

configure() {
	cat > "$LAB/$1/ipsecmon.conf" <<-CONF
	run-dir = "$LAB/$1/$RUN"
	state-dir = "$LAB/$1/state"
	$EXTRA
	feed vici {
	    socket = "$LAB/$1/$VICI"
	    error-socket = "$LAB/$1/charon.enfy"
	    poll-interval = 1
	    hold-time = $HOLD
	}
	agentx { socket = "$LAB/$1/agentx"
	         notify-rate = $RATE }
	CONF
}
VICI=charon.vici

# switch TO [NUMBER]: of all notifications, or of one
switch() {
	local words=() n
	for n in ${2:-1 2 3 4 5 6 7 8 9 10 11 12 13}; do words+=("$FLOW_MIB.1.6.$n.0" i "$1"); done
	in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpset -v2c -c private -t 5 -r 0 127.0.0.1 "${words[@]}"
}

SEEN=0 EVENT=0
forget() { SEEN=$(grep -c . "$LAB/traps.log"); EVENT=0; }       # what has come up to now
happened() { EVENT=${EPOCHREALTIME/,/.}; }                      # just now, or a moment ago
LATE=()         # by how many milliseconds the last one was, each time
# late: the last one of those that have come, behind the event
late() {
	LATE+=("$(tail -n 1 "$LAB/traps.log" | "$lab_python" -c 'import json, sys
print(round((json.loads(sys.stdin.read())["t"] - float(sys.argv[1])) * 1000))' "$EVENT")")
}
# told WHAT TEXT...: all that has come since `forget' is this; how far behind the event is looked at in the end
told() {
	local what=$1; shift
	check "$what" traps told "$SEEN" 0 "$@"
	[ "$EVENT" = 0 ] || [ $# = 0 ] || late
	forget
}
# event_of NODE EVENT UP: when charon told of it last, by its own witness
event_of() {
	"$lab_python" - "$LAB/events-$1.log" "$2" "$3" <<-'PYTHON'
	import json, sys
	at = [seen["t"] for seen in map(json.loads, open(sys.argv[1]))
	      if seen["event"] == sys.argv[2] and (seen["message"].get("up") == "yes") == (sys.argv[3] == "up")]
	print(at[-1] if at else 0)
	PYTHON
}

# peer LOCAL_ID REMOTE_ID LOCAL REMOTE [NUMBER]: the two variables that name one. Without an identity REMOTE_ID is its address.
peer() {
	local index type=2
	[[ $2 = *[!0-9.]* ]] || [ -z "$2" ] || type=1
	index="2:$1 $type:$2 ${5:-1}"
	printf 'cikePeerLocalAddr[%s]=%s; cikePeerRemoteAddr[%s]=%s' "$index" "$3" "$index" "$4"
}
IKEV2=$(peer a.ikev2.lab b.ikev2.lab 10.9.0.1 10.9.0.2)
MAIN=$(peer a.ikev1-main.lab b.ikev1-main.lab 10.9.1.1 10.9.1.2)
MOST=6000       # hundredths of a second that anything here lasts
ike_start() { printf 'cikeTunnelStart; %s; cikeTunLifeTime[%s]=%s' "$2" "$1" "$(value a "cikeTunLifeTime.$1")"; }
ike_stop() { printf 'cikeTunnelStop; %s; cikeTunActiveTime[%s]=%s' "$2" "$1" "${3:-0..$MOST}"; }
tun_start() { printf 'cipSecTunnelStart; cipSecTunLifeTime[%s]=%s; cipSecTunLifeSize[%s]=%s' \
	"$1" "$(value a "cipSecTunLifeTime.$1")" "$1" "$(value a "cipSecTunLifeSize.$1")"; }
tun_stop() { printf 'cipSecTunnelStop; cipSecTunActiveTime[%s]=%s' "$1" "${2:-0..$MOST}"; }
tun_early() { printf 'cipSecEarlyTunTerm; cipSecTunActiveTime[%s]=0..%s; cipSecSpiProtocol[%s 2]=2' "$1" "$MOST" "$1"; }
try() { sw a --initiate --child "$1" --timeout 30 > /dev/null 2>&1; }
change() { tweak "$1" "$2"; load "$1"; }
listening() {
	cli a show feeds --json 2> /dev/null | "$lab_python" -c 'import json, sys
feeds = [f["state"] for f in json.load(sys.stdin)["segments"][0]["feeds"]]
sys.exit(len(feeds) < 2 or set(feeds) != {"up"})'
}
# says KEY: of `show notifications'
says() {
	cli a show notifications --json 2> /dev/null | "$lab_python" -c 'import json, sys
agents = [agent for segment in json.load(sys.stdin)["segments"] for agent in segment["agents"]]
print(sum(agent[sys.argv[1]] for agent in agents))' "$1"
}
says_is() { [ "$(says "$1")" = "$2" ]; }
# disabled_since COUNT MORE: of what is switched off, so many more have been counted at the least; what the other MIBs tell
# of the same events is off all along, and counts, too.
disabled_since() { [ "$(says disabled)" -ge $(($1 + $2)) ]; }

# ---- Coming and going -------------------------------------------------------------------------------------------

gateways_up
connections ikev2 ikev1-main
CHARON_SETTINGS='retransmit_tries = 2'
both_up
snmpd_up a
trapd_up
feed_up a
wait_until 10 test -S "$LAB/a/agentx"
wait_until 10 test -s "$(segment a)"
agentx_up a
wait_until 10 served a
wait_until 15 listening
wait_until 5 says_is waiting 0
forget
disabled=$(says disabled)
initiate a net
told "all are off at first: nothing is sent"
wait_until 5 disabled_since "$disabled" 3
pass "and counted"
check "switch all on" switch 1
terminate a --ike ikev2
happened
told "an IKE SA and a tunnel that began when it was off end" "$(ike_stop 1 "$IKEV2")" "$(tun_stop 1)"

initiate a net
happened
told "an IKE SA and a tunnel begin" "$(ike_start 2 "$IKEV2")" "$(tun_start 2)"
initiate a net2         # of its limits in octets charon tells one, rekey_bytes
happened
told "a tunnel with limits begins" "cipSecTunnelStart; cipSecTunLifeTime[3]=4200; cipSecTunLifeSize[3]=488281"
initiate b main
happened
told "the peer begins" "$(ike_start 3 "$MAIN")" "$(tun_start 4)"
began=$(lab_ms)
terminate a --child net2
happened
told "a tunnel is terminated" "$(tun_stop 3 "1..$((($(lab_ms) - began) / 10 + 1000))")"
rekey_child a net
rekey_ike a ikev2
told "what is rekeyed is not told of"
terminate b --child net
happened
told "the peer deletes a tunnel" "$(tun_stop 2)"
initiate a net
happened
told "and another begins" "$(tun_start 5)"
terminate b --ike ikev1-main
happened
told "the peer deletes an IKE SA" "$(ike_stop 3 "$MAIN")" "$(tun_stop 4)"

check "switch the start of tunnels off" switch 2 7
disabled=$(says disabled)
initiate a net2
told "what is switched off is not sent"
wait_until 5 disabled_since "$disabled" 2
pass "but counted"
check "switch it on" switch 1 7

# ---- The peer is lost -------------------------------------------------------------------------------------------

change a 'connections { ikev2 { dpd_delay = 1s } }'
terminate a --ike ikev2
initiate a net
tunnel=$(index_of a tunnel net) ike=$(index_of a ike ikev2)
watch a
sleep 1
forget
charon_kill9 b
down() { [ "$(event_of a ike-updown down)" != 0 ]; }
wait_until 20 down
EVENT=$(event_of a ike-updown down)
told "the peer dies" "cikeProtocolFailure; $IKEV2" "$(ike_stop "$ike" "$IKEV2")" "$(tun_stop "$tunnel")" \
	"$(tun_early "$tunnel")"
charon_up b
load b
change a 'connections { ikev2 { dpd_delay = 0s } }'

# ---- Charon goes ------------------------------------------------------------------------------------------------

initiate a net
tunnel=$(index_of a tunnel net) ike=$(index_of a ike ikev2)
sleep 1
forget
charon_down a
happened
told "charon is stopped" "$(ike_stop "$ike" "$IKEV2")" "$(tun_stop "$tunnel")"
charon_up a
load a
wait_until 15 listening
initiate a net
tunnel=$(index_of a tunnel net) ike=$(index_of a ike ikev2)
sleep 1
forget
charon_kill9 a
told "charon is killed: for as long as its SAs are held nothing has ended"
charon_up a
load a
wait_until 15 listening
told "and ends behind the hold time" "$(ike_stop "$ike" "$IKEV2")" "$(tun_stop "$tunnel")" "$(tun_early "$tunnel")"

# ---- Failures ---------------------------------------------------------------------------------------------------

change b 'secrets { ike-ikev2 { secret = wrong } }'
try net
happened
told "a wrong key" "cikeProtocolFailure; $IKEV2"
change b 'secrets { ike-ikev2 { secret = "not a secret, a lab: ikev2" } }
connections { ikev2 { proposals = aes256-sha384-ecp384 } }'
try net
happened
told "no IKE proposal in common" "cikeProtocolFailure; $(peer a.ikev2.lab 10.9.0.2 10.9.0.1 10.9.0.2)"
change b 'connections { ikev2 { proposals = aes128-sha256-modp2048
                                children { net { local_ts = 10.77.0.0/24 } } } }'
try net
happened
ike=$(index_of a ike ikev2)
told "no traffic selectors in common: the IKE SA is there, the tunnel is not" "$(ike_start "$ike" "$IKEV2")" \
	"cipSecSetUpFailure; $IKEV2"
terminate a --ike ikev2
happened
told "the IKE SA ends" "$(ike_stop "$ike" "$IKEV2")"
sw b --initiate --child net --timeout 30 > /dev/null 2>&1
happened
ike=$(index_of a ike ikev2)
told "the peer wants what we do not" "$(ike_start "$ike" "$IKEV2")" "cipSecSetUpFailure; $IKEV2"
terminate a --ike ikev2
sleep 3         # a message for an IKE SA that has just ended is none of a stranger
forget

# A message for an IKE SA that never was: INFORMATIONAL, with an encrypted payload, from an address that has none.
in_ns b "$lab_python" -c '
import os, socket, struct
message = os.urandom(16) + struct.pack(">BBBBII", 46, 0x20, 37, 0x08, 1, 28 + 32) + struct.pack(">BBH", 0, 0, 32) + os.urandom(28)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("10.9.5.2", 5000))
sock.sendto(message, ("10.9.5.1", 500))'
happened
told "a message for an IKE SA that there is not" "cikeNoSa; $(peer "" 10.9.5.2 0.0.0.0 10.9.5.2)"

# A CA of our own, and a certificate of b that has expired.
certify() {
	local name
	mkdir -p "$LAB/ca"
	cd "$LAB/ca" || return
	cat > ca.cnf <<-CNF
	[ca]
	default_ca = d
	[d]
	database = index.txt
	serial = serial
	default_md = sha256
	policy = p
	unique_subject = no
	new_certs_dir = .
	copy_extensions = copy
	[p]
	O = optional
	CN = supplied
	CNF
	: > index.txt
	echo 01 > serial
	openssl ecparam -name prime256v1 -genkey -noout -out ca.key &&
		openssl req -x509 -new -key ca.key -subj /O=lab/CN=ca -days 10 -out ca.crt -addext keyUsage=critical,keyCertSign || return
	for name in a b; do
		if [ "$name" = b ]; then set -- -startdate 20200101000000Z -enddate 20210101000000Z; else set -- -days 10; fi
		openssl ecparam -name prime256v1 -genkey -noout -out "$name.key" &&
			openssl req -new -key "$name.key" -subj "/O=lab/CN=$name.cert.lab" \
				-addext "subjectAltName=DNS:$name.cert.lab" -out "$name.csr" &&
			openssl ca -batch -config ca.cnf -cert ca.crt -keyfile ca.key "$@" -in "$name.csr" -out "$name.crt" || return
	done
}
lab_quiet "no certificates" eval '(certify)'
for node in a b; do
	if [ $node = a ]; then me=1 you=2 other=b; else me=2 you=1 other=a; fi
	mkdir -p "$LAB/$node"/{x509,x509ca,x509ocsp,x509aa,x509ac,x509crl,pubkey,private,rsa,ecdsa,bliss,pkcs8,pkcs12}
	cp "$LAB/ca/ca.crt" "$LAB/$node/x509ca/"
	cp "$LAB/ca/$node.key" "$LAB/$node/private/"
	change $node "connections { cert { version = 2
	    local_addrs = 10.9.2.$me
	    remote_addrs = 10.9.2.$you
	    local { auth = pubkey
	            id = $node.cert.lab
	            certs = $LAB/ca/$node.crt }
	    remote { auth = pubkey
	             id = $other.cert.lab }
	    children { cert { local_ts = 10.$me.2.0/24
	                      remote_ts = 10.$you.2.0/24 } } } }"
done
try cert
happened
told "the peer's certificate has expired" "cikeCertCrlFailure; $(peer a.cert.lab b.cert.lab 10.9.2.1 10.9.2.2)"

# ---- No master --------------------------------------------------------------------------------------------------

change b 'connections { ikev2 { children { net { local_ts = 10.2.0.0/24 } } } }'
initiate a net
tunnel=$(index_of a tunnel net) ike=$(index_of a ike ikev2)
sleep 1
forget
stop snmpd-a
sleep 1
terminate a --ike ikev2
snmpd_up a
wait_until 20 served a
told "what happens without a master is told when there is one" "$(ike_stop "$ike" "$IKEV2")" "$(tun_stop "$tunnel")"
all_counted() { [ "$(says sent) $(says waiting)" = "$(grep -c . "$LAB/traps.log") 0" ]; }
wait_until 5 all_counted
pass "all that was sent has come"
equal "nothing was suppressed" 0 "$(says suppressed)"
mapfile -t LATE < <(printf '%d\n' "${LATE[@]}" | sort -n)
say "behind their events, in ms: ${LATE[*]}"
# Not all: a machine may be busy for a moment.
check "three of four came within a second of the event" in_time "${LATE[${#LATE[@]} * 3 / 4]}" 1000
say "$(traps count | paste -sd ' ')"
equal "all were well made" 0 "$(grep -cE '"number": 0|expected|not well made' "$LAB/traps.log")"
equal "all that can be brought about were" "1 2 4 5 6 7 8 10 11" "$(sed 's/.*"number": \([0-9]*\).*/\1/' "$LAB/traps.log" |
	sort -nu | paste -sd ' ')"

# ---- A flood ----------------------------------------------------------------------------------------------------

# 2,000 IKE SAs with a tunnel each come at once, and go at once: 4,000 notifications, and 6,000 more, of which the
# history has room for a part.  Each way there are 2,000 of sessions, too, which are off.  Meanwhile the MIB is polled.
stop agentx-a
stop feed-a
RATE=400 RUN=flood HOLD=1 VICI=fake.vici EXTRA='capacity { history = 700 }'
configure a
fake() {
	start - fake "$lab_python" "$LAB_HOME/fake_charon.py" "$LAB/a/fake.vici" many "$1"
	wait_until 5 test -S "$LAB/a/fake.vici"
}
fake 0
feed_up a
wait_until 10 test -s "$LAB/a/$RUN/gateway.model"
agentx_up a
wait_until 10 served a
forget
sum() { echo $(($(says sent) + $(says suppressed) + $(says disabled) + $(says waiting))); }
# flood WHAT DUE: until all of it is told; SNMP is asked all the time
flood() {
	local began asked worst=0 n=0 flooded; flooded=$(lab_ms)
	until [ "$(says waiting)" = 0 ] && [ "$(sum)" -ge "$2" ] && [ "$(says sent)" = "$(grep -c . "$LAB/traps.log")" ]; do
		began=$(lab_ms)
		snmp a snmpbulkwalk "$FLOW_MIB.1.3.1" > "$LAB/a/poll" 2>&1 || { cat "$LAB/a/poll"; fail "$1: a poll"; }
		asked=$(($(lab_ms) - began))
		n=$((n + 1))
		[ $asked -le $worst ] || worst=$asked
		in_time $(($(lab_ms) - flooded)) 120000 || break
	done
	equal "$1: all that is due is counted" "$2" "$(sum)"
	equal "$1: all that was sent has come" "$(says sent)" "$(grep -c . "$LAB/traps.log")"
	say "$1: sent $(says sent), suppressed $(says suppressed), $n polls, the slowest $worst ms"
	say "$1: $(traps pace "$SEEN" $RATE | head -n 1)"
	check "$1: not faster than the set pace, none twice" traps pace "$SEEN" $RATE
	check "$1: $n polls were answered within a second" in_time $worst 1000
	check "$1: there were some" test $n -gt 3
	say "$(traps count "$SEEN" | paste -sd ' ')"
	forget
}
: > "$LAB/traps.log"
SEEN=0
stop fake KILL
fake 2000
flood "2,000 come" 6000
equal "2,000 come: nothing is suppressed" 0 "$(says suppressed)"
stop fake KILL
all_lost() { is a cipSecGlobalActiveTunnels.0 0; }
wait_until 10 all_lost  # before another one says that they have gone: lost ones have one notification more
fake 0
flood "2,000 go" 14000
check "2,000 go: what the history had no room for is suppressed" test "$(says suppressed)" -gt 2000
story_end
