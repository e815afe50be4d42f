#!/bin/bash
# Reasons of ends and failures: every cause is produced for real, and both gateways must report it, once, with the
# peer: a wrong key, nothing in common in both phases, a peer that is silent, dead, or back from the dead,
# certificates that are expired, revoked, of another CA or cannot be checked, and all ways to end in good order.
# shellcheck source-path=SCRIPTDIR source=gateway.sh
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip swanctl openssl snmpd python3 unshare "$CHARON"
lab_begin

POLL=1

# news NODE: what is new in the rings since `forget NODE', sorted, a line each:
#     ike CONNECTION: REASON
#     tunnel CHILD: REASON
#     ike failure CONNECTION LOCAL_ID REMOTE_ID init|resp|- REASON   (- when it is not of a set-up)
#     ipsec failure ...
# Failures are held back for half a second: `tell' waits.
NEWS='
import json, subprocess, sys
program, conf, seen, what = sys.argv[1:]
def ask(word):
    out = subprocess.run([program, "-c", conf, "show", "crypto", word, "--json"], capture_output=True, check=True)
    return json.loads(out.stdout)["segments"][0]
history, failures = ask("history"), ask("failures")
rows = [("i", r, "ike %s: %s" % (r["conn"], r["reason"])) for r in history["ike_history"]]
rows += [("t", r, "tunnel %s: %s" % (r["name"], r["reason"])) for r in history["tunnel_history"]]
for key, name in (("ike_failures", "ike"), ("tunnel_failures", "ipsec")):
    rows += [(key, r, "%s failure %s %s %s %s %s" % (name, r["conn"] or "-", r["local_id"] or "-", r["remote_id"] or "-",
             ("init" if r["initiator"] else "resp") if r["setup"] else "-", r["reason"])) for r in failures[key]]
last = {}
for kind, row, text in rows:
    last[kind] = max(last.get(kind, 0), row["index"])
if what == "forget":
    json.dump(last, open(seen, "w"))
elif what == "text":
    print("\n".join("%s: %s" % (text, row["text"]) for kind, row, text in rows if "text" in row))
else:
    old = json.load(open(seen))
    # An answer that overtakes the SA it is for, which charon then does not find: now and then, between two so near.
    print("\n".join(sorted(t for kind, row, t in rows if row["index"] > old.get(kind, 0) and not t.endswith("- no SA"))))
'
tell_ring() { "$lab_python" -c "$NEWS" "$IPSECMON" "$LAB/$1/ipsecmon.conf" "$LAB/$1/seen.json" "$2"; }
news() { tell_ring "$1" news; }
forget() { local node; for node in a b; do tell_ring $node forget; done; }

# strongSwan may come without IKEv1, as Debian's 6.1: what only IKEv1 does is left out then.
V1='' TUNNELS=1         # of net, and of main
! has_ikev1 || V1=yes TUNNELS=2

# Only VICI's alerts say of a CHILD_SA that it failed at the gateway that asked for it.
ASKED=resp
! has_alerts || ASKED=init

# told WHAT NODE LINE...: all that is new on NODE are these lines
told() {
	local what=$1 node=$2 expected; shift 2
	expected=$(printf '%s\n' "$@" | if [ -n "$V1" ]; then cat; else grep -vE 'ikev1-|^tunnel main:'; fi | sort)
	wait_softly "$node" "$expected"
	equal "$what: $node" "$expected" "$(news "$node")"
}
# Time for it all to arrive, and, where it is said at once, for what should not come.
wait_softly() {
	sleep 0.8
	try_for 4 news_are "$@"
}
# shellcheck disable=SC2317      # try_for calls it
news_are() { [ "$(news "$1")" = "$2" ]; }
# shellcheck disable=SC2317      # for `wait_until'
# listening NODE: the feed hears what error-notify says, and charon what the feed asks
listening() {
	cli "$1" show feeds --json 2> /dev/null | "$lab_python" -c 'import json, sys
feeds = {f["name"]: f["state"] for f in json.load(sys.stdin)["segments"][0]["feeds"]}
sys.exit(feeds != {"vici": "up", "error-notify": "up"})'
}
try() {
	[ -n "$V1" ] || [[ $1 != main && $1 != aggr ]] || return
	sw a --initiate --child "$1" --timeout "${2:-5}" > /dev/null 2>&1
}
end_main() { [ -z "$V1" ] || terminate a --ike ikev1-main; }
change() { tweak "$1" "$2"; load "$1"; }

# ---- Keys and proposals -----------------------------------------------------------------------------------------
gateways_up
connections ikev2 ikev1-main ikev1-aggr nobody
CHARON_PLUGINS=revocation
CHARON_SETTINGS="retransmit_tries = 2
half_open_timeout = $((4 * SLOW / 100))"
both_up
monitor_up a
monitor_up b
for node in a b; do wait_until 15 listening $node; done
ME="a.ikev2.lab b.ikev2.lab" YOU="b.ikev2.lab a.ikev2.lab"
YOU1="b.ikev1-main.lab a.ikev1-main.lab"
# Where a peer is that has not said who it is: in connection N
outer() { [ "$1" = a ] && echo "10.9.${2:-1}.1" || echo "10.9.${2:-1}.2"; }

forget
change b 'secrets { ike-ikev2 { secret = wrong } ike-ikev1-aggr { secret = wrong } }'
try net
told "wrong key, IKEv2" a "ike failure ikev2 $ME init authentication"
told "wrong key, IKEv2" b "ike failure ikev2 $YOU resp authentication"
change b 'secrets { ike-ikev2 { secret = "not a secret, a lab: ikev2" } }'

wrong_keys_ikev1() {
	local node them
	forget
	try aggr
	told "wrong key, Aggressive Mode" a "ike failure ikev1-aggr a.ikev1-aggr.lab b.ikev1-aggr.lab init authentication"
	told "wrong key, Aggressive Mode: nobody answers" b \
		"ike failure ikev1-aggr b.ikev1-aggr.lab a.ikev1-aggr.lab resp authentication"
	change b 'secrets { ike-ikev1-main { secret = wrong } }'
	for node in a b; do
		forget
		sw $node --initiate --child main --timeout 6 > /dev/null 2>&1
		sleep 5 # both give up, which is no other failure
		[ $node = a ] && them=b || them=a
		told "wrong key, Main Mode begun by $node" $node "ike failure ikev1-main $node.ikev1-main.lab $(outer "$them") init authentication"
		told "wrong key, Main Mode begun by $node" "$them" "ike failure - $(outer "$them") $(outer $node) resp authentication"
	done
	change b 'secrets { ike-ikev1-main { secret = "not a secret, a lab: ikev1-main" } }'
}
[ -z "$V1" ] || wrong_keys_ikev1

forget
change b 'connections { ikev2 { proposals = aes256-sha384-ecp384 }
                        ikev1-main { proposals = aes256-sha384-ecp384 } }'
try net
told "no IKE proposal, IKEv2" a "ike failure ikev2 a.ikev2.lab $(outer b 0) init no proposal or selectors in common"
told "no IKE proposal, IKEv2" b "ike failure - $(outer b 0) $(outer a 0) resp no proposal or selectors in common"
if [ -n "$V1" ]; then
	forget
	try main
	told "no IKE proposal, IKEv1" a "ike failure ikev1-main a.ikev1-main.lab $(outer b) init no proposal or selectors in common"
	told "no IKE proposal, IKEv1" b "ike failure - $(outer b) $(outer a) resp no proposal or selectors in common"
fi

forget
change b 'connections { ikev2 { proposals = aes128-sha256-modp2048
                                children { net { esp_proposals = aes256-sha512 } } }
                        ikev1-main { proposals = aes128-sha256-modp2048 } }'
try net
told "no ESP proposal" a "ipsec failure ikev2 $ME $ASKED no proposal or selectors in common"
told "no ESP proposal" b "ipsec failure ikev2 $YOU resp no proposal or selectors in common"
forget
terminate a --ike ikev2
told "an IKE SA without children is terminated" a "ike ikev2: operator request"
told "an IKE SA without children is terminated" b "ike ikev2: peer delete"
forget
change b 'connections { ikev2 { children { net { esp_proposals = aes128gcm16
                                                 local_ts = 10.77.0.0/24 } } } }'
try net
told "no common selectors" a "ipsec failure ikev2 $ME $ASKED no proposal or selectors in common"
told "no common selectors" b "ipsec failure ikev2 $YOU resp no proposal or selectors in common"
terminate a --ike ikev2
change b 'connections { ikev2 { children { net { local_ts = 10.2.0.0/24 } } } }'

# ---- Ends -------------------------------------------------------------------------------------------------------
try net; try main
wait_until 5 is b cipSecGlobalActiveTunnels.0 "$TUNNELS"
wait_until 5 is a cipSecGlobalActiveTunnels.0 "$TUNNELS"
forget
terminate a --child net
told "terminate a child" a "tunnel net: operator request"
told "terminate a child" b "tunnel net: peer delete"
try net
wait_until 5 is a cipSecGlobalActiveTunnels.0 "$TUNNELS"
forget
rekey_child a net
rekey_ike a ikev2
[ -z "$V1" ] || rekey_ike b ikev1-main
told "what is rekeyed has not ended" a
told "what is rekeyed has not ended" b
# Charon puts that off while a CHILD_SA that was rekeyed lingers.
# shellcheck disable=SC2317
settled() { [ "$(count "$1" child net DELETED)" = 0 ]; }
wait_until 10 settled a
rekey_ike a ikev2 --reauth
told "IKEv2 authenticates again" a "ike ikev2: normal" "tunnel net: normal"
told "IKEv2 authenticates again" b "ike ikev2: peer delete" "tunnel net: peer delete"
forget
terminate b --ike ikev2
end_main
told "terminate an IKE SA" a "ike ikev2: peer delete" "tunnel net: peer delete" \
	"ike ikev1-main: operator request" "tunnel main: operator request"
told "terminate an IKE SA" b "ike ikev2: operator request" "tunnel net: operator request" \
	"ike ikev1-main: peer delete" "tunnel main: peer delete"
forget
change a 'connections { ikev2 { children { net { life_time = 4s
                                                 rekey_time = 0 } } } }'
try net
told "a lifetime is over" a "tunnel net: normal"
terminate a --ike ikev2
change a 'connections { ikev2 { children { net { life_time = 70m } } } }'

try net; try main
wait_until 5 is b cipSecGlobalActiveTunnels.0 "$TUNNELS"
forget
change b 'connections { ikev2 { dpd_delay = 1s } ikev1-main { dpd_delay = 1s
                                                              dpd_timeout = 6s } }'
terminate a --ike ikev2
end_main
try net; try main
wait_until 5 is b cipSecGlobalActiveTunnels.0 "$TUNNELS"
wait_softly b ""
forget
charon_kill9 a
wait_until 15 is b cipSecGlobalActiveTunnels.0 0
told "a dies" b "ike ikev2: peer lost" "tunnel net: peer lost" "ike ikev1-main: peer lost" "tunnel main: peer lost" \
	"ike failure ikev2 $YOU - peer lost" "ike failure ikev1-main $YOU1 - peer lost"
change b 'connections { ikev2 { dpd_delay = 60s } ikev1-main { dpd_delay = 60s
                                                               dpd_timeout = 180s } }'
charon_up a
load a
try net; try main
wait_until 5 is b cipSecGlobalActiveTunnels.0 "$TUNNELS"
forget
charon_kill9 a
charon_up a
load a
try net; try main
# An IKE SA of IKEv1 that is there again goes on: that is how IKEv1 rekeys.
told "a dies and comes back" b "ike ikev2: peer lost" "tunnel net: peer lost" "tunnel main: peer lost"
wait_until 15 listening a
wait_until 5 is a cipSecGlobalActiveTunnels.0 "$TUNNELS"
forget
charon_down a
told "a is shut down" b "ike ikev2: peer delete" "tunnel net: peer delete" "ike ikev1-main: peer delete" \
	"tunnel main: peer delete"
# charon ends its idle threads before it closes its SAs: now and then none is left to tell it through VICI.
if [ -n "$(news a)" ]; then
	told "a is shut down" a "ike ikev2: operator request" "tunnel net: operator request" \
		"ike ikev1-main: operator request" "tunnel main: operator request"
else
	equal "a is shut down: charon did not tell, and the feed says that it does not know" down "$(feed_says a state)"
fi

# Made before the break: the new one is up when the old one is deleted.
charon_up a 'retransmit_tries = 2
make_before_break = yes'
load a
wait_until 15 listening a
try net
wait_until 5 is a cipSecGlobalActiveTunnels.0 1
forget
rekey_ike a ikev2 --reauth
told "IKEv2 authenticates again, make before break" a "ike ikev2: normal" "tunnel net: normal"
terminate a --ike ikev2

forget
try nobody 10
told "nobody answers" a "ike failure nobody a.nobody.lab 10.9.7.99 init peer lost"
equal "and both addresses are known" "10.9.7.1 10.9.7.99" "$(cli a show crypto failures --json |
	"$lab_python" -c 'import json, sys
row = max(json.load(sys.stdin)["segments"][0]["ike_failures"], key=lambda row: row["index"]); print(row["local"], row["remote"])')"

# ---- Certificates -----------------------------------------------------------------------------------------------
# authority DIR: two CAs, and certificates of a and b: good, expired, revoked, of the other CA, self-signed
authority() {
	local ca name subject
	mkdir -p "$1"
	(
		cd "$1" || exit 1
		cat > ca.cnf <<-CNF
		[ca]
		default_ca = d
		[d]
		database = index.txt
		serial = serial
		crlnumber = crlnumber
		default_md = sha256
		default_crl_days = 30
		crl_extensions = crl
		policy = p
		unique_subject = no
		new_certs_dir = .
		copy_extensions = copy
		[p]
		O = optional
		CN = supplied
		[crl]
		authorityKeyIdentifier = keyid
		CNF
		: > index.txt
		echo 01 | tee serial > crlnumber
		for ca in ca other; do
			openssl ecparam -name prime256v1 -genkey -noout -out $ca.key
			openssl req -x509 -new -key $ca.key -subj "/O=lab/CN=$ca" -days 100 -out $ca.crt \
				-addext keyUsage=critical,keyCertSign,cRLSign
		done
		for name in a b b-expired b-revoked b-other b-self; do
			subject=${name%%-*}.cert.lab
			openssl ecparam -name prime256v1 -genkey -noout -out $name.key
			openssl req -new -key $name.key -subj "/O=lab/CN=$subject" -addext "subjectAltName=DNS:$subject" -out $name.csr
			case $name in
			*-expired) set -- -startdate 20200101000000Z -enddate 20210101000000Z ;;
			*) set -- -days 30 ;;
			esac
			case $name in *-other) ca=other ;; *) ca=ca ;; esac
			openssl ca -batch -config ca.cnf -cert $ca.crt -keyfile $ca.key "$@" -in $name.csr -out $name.crt
		done
		openssl req -x509 -new -key b-self.key -subj /O=lab/CN=b.cert.lab -addext subjectAltName=DNS:b.cert.lab \
			-days 10 -out b-self.crt
		openssl ca -batch -config ca.cnf -cert ca.crt -keyfile ca.key -revoke b-revoked.crt
		openssl ca -batch -config ca.cnf -cert ca.crt -keyfile ca.key -gencrl -out ca.crl
	) > "$1.log" 2>&1
	[ -s "$1/ca.crl" ] || { cat "$1.log"; die "no authority"; }
}

# certified NODE CERTIFICATE [REVOCATION]: the connection `cert', from now on the only one
certified() {
	local node=$1 name=$2 me=1 you=2 peer=b
	[ "$node" = a ] || { me=2 you=1 peer=a; }
	rm -f "$LAB/$node/private/"*
	cp "$LAB/ca/$name.key" "$LAB/$node/private/"
	cat > "$LAB/$node/swanctl.conf" <<-CONF
	connections { cert { version = 2
	                     local_addrs = 10.9.0.$me
	                     remote_addrs = 10.9.0.$you
	                     local { auth = pubkey
	                             id = $node.cert.lab
	                             certs = $LAB/ca/$name.crt }
	                     remote { auth = pubkey
	                              id = $peer.cert.lab
	                              revocation = ${3:-relaxed} }
	                     children { cert { local_ts = 10.$me.0.0/24
	                                       remote_ts = 10.$you.0.0/24 } } } }
	CONF
	sw "$node" --load-all --clear --file "$LAB/$node/swanctl.conf" > "$LAB/$node/load.log" 2>&1 ||
		{ cat "$LAB/$node/load.log"; die "load $node"; }
	sw "$node" --flush-certs > /dev/null
}

authority "$LAB/ca"
for node in a b; do
	mkdir -p "$LAB/$node"/{x509,x509ca,x509ocsp,x509aa,x509ac,x509crl,pubkey,private,rsa,ecdsa,bliss,pkcs8,pkcs12}
	cp "$LAB/ca/ca.crt" "$LAB/$node/x509ca/"
done
MEC="a.cert.lab b.cert.lab" YOUC="b.cert.lab a.cert.lab"
certified a a
certified b b
forget
try cert
told "revocation cannot be checked, and need not" a
told "revocation cannot be checked, and need not" b
terminate a --ike cert

# b believes that it is up until it hears that it is not.
peers_view=("ike cert: peer delete" "tunnel cert: peer delete" "ike failure cert $YOUC - authentication")
for case in b-expired b-other b-self; do
	certified b $case
	forget
	try cert
	told "the certificate $case" a "ike failure cert $MEC init peer certificate not valid"
	told "the certificate $case" b "${peers_view[@]}"
done
certified b b-revoked
cp "$LAB/ca/ca.crl" "$LAB/a/x509crl/"
certified a a
forget
try cert
told "the certificate b-revoked" a "ike failure cert $MEC init peer certificate not valid"
rm "$LAB/a/x509crl/"*
certified b b
certified a a strict
charon_down a
charon_up a
certified a a strict
wait_until 15 listening a
forget
try cert
told "revocation cannot be checked, and has to be" a "ike failure cert $MEC init revocation status"

# ---- The same in SNMP -------------------------------------------------------------------------------------------
walk a "$LAB/a/walk"
reasons() { awk -v at="1.3.6.1.4.1.9.9.171.1.$1.2." 'index($1, at) == 1 { print $3 }' "$LAB/a/walk" | sort -nu | paste -sd ' '; }
say "cikeTunHistTermReason $(reasons 4.2.1.1) cikeFailReason $(reasons 5.2.1.1)"
say "cipSecTunHistTermReason $(reasons 4.3.1.1) cipSecFailReason $(reasons 5.3.1.1)"
tell_ring a text | sed 's/^/#   /'
tell_ring b text | sed 's/^/#   /'
story_end
