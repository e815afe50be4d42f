#!/bin/bash
# Two hundred remote users of one gateway: EAP, certificates, XAUTH with mode config, two of them connected twice, wrong
# passwords, unknown users, a pool that runs out. After every event, every cell of the session tables is what swanctl says.
# Rekeys, reauthentication and a change of address keep a session, its index and its counters. The events come in a
# random order.
#
#     it_sessions.sh [--seed S [EVENT...]]   this order, or these events only; else a fresh order, or that of $TEST_SEED
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by name
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip ping openssl swanctl python3 setpriv unshare snmpd snmpbulkwalk snmpset "$CHARON" "$IPSECMOND" \
	"$IPSECMON_AGENTX" "$IPSECMON" "${CHARON%/*}/plugins/libstrongswan-eap-mschapv2.so" \
	"${CHARON%/*}/plugins/libstrongswan-xauth-generic.so"
has_ikev1 || skip "charon has no IKEv1"
seed=${TEST_SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
[ "${1:-}" != --seed ] || seed=$2
wanted=("${@:3}")
lab_begin
# ---- The clients and their gateway --------------------------------------------------------------------------------

clients() { "$lab_python" "$LAB_HOME/session_clients.py" "$@"; }

# certificates: of one authority, for the gateway and for the group machines; they share a key, which takes less time
certificates() {
	local dir=$LAB/ca node name
	mkdir "$dir"
	for node in a b; do mkdir -p "$LAB/$node/"{x509,x509ca,private}; done
	openssl ecparam -name prime256v1 -genkey -noout -out "$dir/key.pem"
	openssl req -x509 -new -key "$dir/key.pem" -subj "/C=CH/O=Lab/CN=authority" -days 30 -out "$dir/ca.pem" 2>> "$LAB/ca.log"
	certificate gateway "/C=CH/O=Lab/CN=gateway" "subjectAltName=DNS:staff.gateway.lab,DNS:few.gateway.lab,DNS:machines.gateway.lab"
	for name in $(clients list machines); do
		certificate "$name" "/$(clients other user "$name" | sed 's,\, ,/,g')" ""
	done
	for node in a b; do
		cp "$dir/ca.pem" "$LAB/$node/x509ca"
		cp "$dir/key.pem" "$LAB/$node/private"
	done
	cp "$dir"/machine*.pem "$LAB/a/x509"
	cp "$dir/gateway.pem" "$LAB/b/x509"
}
certificate() {         # certificate NAME SUBJECT EXTENSIONS
	openssl req -new -key "$LAB/ca/key.pem" -subj "$2" 2>> "$LAB/ca.log" |
		openssl x509 -req -CA "$LAB/ca/ca.pem" -CAkey "$LAB/ca/key.pem" -CAcreateserial -days 30 \
			-extfile <(printf '%s\n' "$3") -out "$LAB/ca/$1.pem" 2>> "$LAB/ca.log" || die "no certificate for $1"
}

gateways_up
ip -n "$(namespace a)" -batch - <<< "$(for n in {20..39} 101 102; do echo "addr add 10.9.0.$n/24 dev wire"; done
	echo "addr add 10.51.0.1/32 dev lo")"
certificates
for node in a b; do clients conf $node > "$LAB/$node/swanctl.conf"; done
export CHARON_PLUGINS="pkcs8 eap-identity eap-mschapv2 eap-md5 md5 xauth-generic attr"
CHARON_SETTINGS="dos_protection = no
install_virtual_ip = yes"
charon_up a
charon_up b
for node in a b; do load $node; done

# ---- What is compared ---------------------------------------------------------------------------------------------

RAS=1.3.6.1.4.1.9.9.392 OWN=1.3.6.1.4.1.8072.9999.9999
mkdir "$LAB/seen"
touch "$LAB/seen/sent" "$LAB/seen/ended" "$LAB/seen/refreshed"
says() { [ -n "$(cli "$@")" ]; }
judge() { "$lab_python" "$LAB_HOME/session_witness.py" "$@"; }

# look: what swanctl, SNMP and ipsecmon say, without traffic; $RAS only
look() {
	sw b --list-sas --pretty > "$LAB/seen/before" && walk b "$LAB/seen/ras" "$RAS" && walk b "$LAB/seen/own" "$OWN" &&
		cli b sessions --json > "$LAB/seen/sessions.json" && sw b --list-pools --pretty > "$LAB/seen/pools" &&
		sw b --list-sas --pretty > "$LAB/seen/after"
}
# agrees: every cell is what swanctl says, within a few seconds
agrees() {
	local until=$(($(lab_ms) + 15000 * SLOW / 100)) said
	until look && said=$(judge compare "$LAB/seen"); do
		if [ "$(lab_ms)" -gt "$until" ]; then
			printf '%s\n' "$said"
			return 1
		fi
		sleep 0.3
	done
	echo "${said##*$'\n'}" >> "$LAB/seen/cells"
}
# pollers_agree: as monitoring systems ask for the sessions of a Cisco
pollers_agree() {
	judge expected "$LAB/seen" > "$LAB/seen/expected" &&
		SNMP_PERSISTENT_DIR=$LAB/seen in_ns b "$lab_python" "$srcdir/tests/clients/pollers.py" sessions "$LAB/seen/expected" \
			-- -v2c -c public 127.0.0.1
}
index_of_user() { judge index "$LAB/seen" "$1"; }
user() { clients other user "$1"; }
vip() { witness a get ike "$1" local-vips ESTABLISHED | tail -n 1 | cut -d ' ' -f 1; }

# talk CLIENT...: each gets a random number of packets through, and as many answers
talk() {
	local client at n size
	for client in "$@"; do
		at=$(vip "$client") n=$((RANDOM % 15 + 1)) size=$((RANDOM % 1000 + 100))
		traffic "$at" 10.2.0.1 $n $size
		printf '%s %d %d\n' "$at" $n $((n * (size + 28))) >> "$LAB/seen/sent"
	done
}
# kept WHAT CLIENT: its session has the index that it had before, and its counters; then packets are added to them
kept() {
	check "$1: every cell" agrees
	equal "$1: the session has its index" "$before" "$(index_of_user "$(user "$2")")"
	talk "$2"
	check "$1: and goes on counting" agrees
}
gone_client() {         # gone_client CLIENT VIP: its counters went with it, but its group keeps them
	sed -n "s/^$2 /$(clients other group "$1") /p" "$LAB/seen/sent" >> "$LAB/seen/ended"
	sed -i "/^$2 /d" "$LAB/seen/sent"
}
# some GROUP [N]: that many clients of it by chance, in $some; not in a subshell, whose chance is not the seed's
some() {
	local chance=$RANDOM
	mapfile -t some < <(clients list "$1" "$chance" | grep -v -e '^mobile' -e '^alice' -e '^bob' | head -n "${2:-1}")
}
refreshed() { user "$1" >> "$LAB/seen/refreshed"; }

# ---- What happens -------------------------------------------------------------------------------------------------

at_first() {            # at_first CLIENT: some traffic, and its index in $before
	talk "$1"
	check "$event: $1 has traffic" agrees
	before=$(index_of_user "$(user "$1")")
}
do_rekey_child() {
	local client clients
	some staff; clients=("${some[@]}")
	some legacy
	for client in "${clients[@]}" "${some[@]}"; do
		at_first "$client"
		rekey_child a "$client"
		refreshed "$client"
		kept "$client" "$client"
	done
}
do_rekey_ike() {
	local client; some machines; client=${some[0]}
	at_first "$client"
	rekey_ike a "$client"
	refreshed "$client"
	kept "$client" "$client"
}
do_reauth() {
	local client; some staff; client=${some[0]}
	at_first "$client"
	rekey_ike a "$client" --reauth
	refreshed "$client"
	kept "$client" "$client"
}
do_reauth_ikev1() {
	local client; some legacy; client=${some[0]}
	at_first "$client"
	rekey_ike a "$client"
	refreshed "$client"
	kept "$client" "$client"
}
do_move() {
	at_first mobile
	in_ns a ip addr del 10.9.0.101/24 dev wire
	# Where charon cannot move a CHILD_SA (kernel-libipsec), it rekeys it.
	moved() { ! witness b get ike staff remote-host | grep -q '^10.9.0.101$'; }
	wait_until 20 moved
	refreshed mobile
	kept mobile mobile
}
do_twice() {            # one of alice's sessions ends, the other stays
	local left at
	talk alice-1 alice-2
	at=$(vip alice-1)
	check "alice is there twice" agrees
	equal "alice has two sessions" 2 "$(index_of_user alice | wc -l)"
	left=$(index_of_user alice)
	terminate a --ike alice-1
	gone_client alice-1 "$at"
	check "alice is there once" agrees
	check "the other session is the one that stays" grep -qxF "$(index_of_user alice)" <<< "$left"
	clients connect "$LAB/a/charon.vici" alice-1
	check "and twice again" agrees
}
do_leave() {
	local client at
	some staff 5
	for client in "${some[@]}"; do
		talk "$client"
		at=$(vip "$client")
		terminate a --ike "$client"
		gone_client "$client" "$at"
	done
	check "five users have left" agrees
	check "pollers see them leave" pollers_agree
	clients connect "$LAB/a/charon.vici" "${some[@]}"
	check "they are back" agrees
	check "pollers see them come" pollers_agree
}
# refuse CLIENT FAILURE: it does not get in, and this is told
refuse() {
	local line=$2 known; known=$(judge failures "$LAB/seen" | wc -l)
	clients connect "$LAB/a/charon.vici" "$1"
	is_told() { look && judge failures "$LAB/seen" | tail -n "+$((known + 1))" | grep -qxF "$line"; }
	if try_for 5 is_told; then pass "$event: $1: the failure has user, group, reason, source"; else
		fail "$event: $1: the failure has user, group, reason, source"
		judge failures "$LAB/seen" | tail -n 3 | sed 's/^/#   /'
	fi
}
do_wrong() {
	# error-notify names a user of EAP by the identity of IKE.
	refuse wrong-eap "wrong-eap.client.lab few authenticationFailure 10.9.0.21 setup"
	refuse unknown-eap "unknown-eap.client.lab few authenticationFailure 10.9.0.22 setup"
	# Of XAUTH, charon names no user.
	refuse wrong-xauth " legacy authenticationFailure 10.9.0.23 setup"
	refuse unknown-xauth " legacy authenticationFailure 10.9.0.24 setup"
	check "wrong passwords leave the others alone" agrees
}
do_exhaust() {
	refuse few5 "few5 few sysCapExceeded 10.9.0.25 setup"
	terminate a --ike few5
	check "no address is left for one more" agrees
}
do_restart() {
	stop feed-b
	equal "ipsecmond ends well" 0 "$STATUS"
	feed_up b
	check "after a restart of ipsecmond" agrees
}
# ended CLIENT: its session is away within two seconds
ended() {
	local began; began=$(lab_ms)
	gone_now() { ! snmp b snmpget "$1" | grep -q INTEGER; }
	try_for 2 gone_now "$1"
	check "$event: within 2 s ($(($(lab_ms) - began)) ms)" in_time $(($(lab_ms) - began)) 2000
}
state_of() { printf '%s.3.21.1.37.%s.%s' "$RAS.1" "$(judge instance "$(user "$1")")" "$(index_of_user "$(user "$1")")"; }
do_set() {
	local client at oid; some staff; client=${some[0]}
	at=$(vip "$client") oid=$(state_of "$client")
	check "public may not" refused_set public "$oid"
	COMMUNITY=private snmp b snmpset "$oid" i 3 > "$LAB/b/set.log" 2>&1 || fail "SET: $(cat "$LAB/b/set.log")"
	ended "$oid"
	gone_client "$client" "$at"
	wait_until 10 gone a ike "$client"
	check "it has ended, and no other" agrees
	clients connect "$LAB/a/charon.vici" "$client"
	check "and is back" agrees
}
refused_set() { ! COMMUNITY=$1 snmp b snmpset "$2" i 3 2> "$LAB/b/set.log"; }
do_clear() {
	local client at oid; some machines; client=${some[0]}
	at=$(vip "$client") oid=$(state_of "$client")
	check "nobody may not" not_for_nobody clear crypto session username "$(user "$client")"
	lab_quiet "clear" cli b clear crypto session username "$(user "$client")"
	ended "$oid"
	gone_client "$client" "$at"
	wait_until 10 gone a ike "$client"
	check "it has ended, and no other" agrees
	clients connect "$LAB/a/charon.vici" "$client"
	check "and is back" agrees
}
not_for_nobody() { ! setpriv --reuid=nobody --regid=nogroup --clear-groups "$IPSECMON" -c "$LAB/b/ipsecmon.conf" "$@"; }

# ---- The story ----------------------------------------------------------------------------------------------------

RANDOM=$seed
say "seed $seed"
configure b
monitor_up b
began=$(lab_ms)
# shellcheck disable=SC2046
clients connect "$LAB/a/charon.vici" $(clients list "" "$seed") site
all_there() { [ "$(witness b tsv | grep -c '^child.*state=INSTALLED')" = 201 ]; }
wait_until 30 all_there
say "200 clients and a site are connected after $(($(lab_ms) - began)) ms"
check "every cell of 200 sessions" agrees
check "pollers have the right numbers" pollers_agree
equal "alice and bob are there twice" "2 2" "$(index_of_user alice | wc -l) $(index_of_user bob | wc -l)"
# doc/sessions.md; do_clear has the one that is not asked here
while read -r command; do
	# shellcheck disable=SC2086     # words
	check "ipsecmon $command" says b $command
done < <(sed -n 's/^    ipsecmon //p' "$srcdir/doc/sessions.md" | grep -v '^clear ')
equal "a line for each user, and the site" 201 "$(cli b sessions | grep -c '10\.9\.0\.')"
equal "both sessions of alice" 2 "$(cli b show crypto session username alice detail | grep -c '^Username: alice$')"
some staff; client=${some[0]}
check "SET, when destroying is not allowed" refused_set private "$(state_of "$client")"
check "and the session is still there" up a ike "$client"
stop agentx-b
stop feed-b
configure b "allow-destroy = true"
feed_up b
agentx_up b
wait_until 15 served b
check "the same after a restart" agrees

mapfile -t events < <(printf '%s\n' rekey_child rekey_ike reauth reauth_ikev1 move twice leave wrong exhaust restart set clear |
	shuf --random-source=<(yes "$seed"))
[ ${#wanted[@]} = 0 ] || events=("${wanted[@]}")
for event in "${events[@]}"; do
	say "$event"
	"do_$event"
done

# ---- Sums ---------------------------------------------------------------------------------------------------------

for group in staff machines legacy; do
	some $group 4
	talk "${some[@]}"
done
traffic 10.51.0.1 10.2.1.1 7 200
check "with more traffic" agrees
# What sessions have and had, with the site's, is what all tunnels have ever carried.
column() { awk -v oid="$2" 'index($1, oid ".") == 1 { sum += $3 } END { printf "%d\n", sum }' "$1"; }
octets() { awk '{ sum += $3 } END { printf "%d\n", sum }' "$@"; }
walk b "$LAB/seen/flow" "$FLOW_MIB.1.3.1"
for pair in 35:4 36:17; do
	equal "octets of sessions are those that were sent (column ${pair%:*})" "$(octets "$LAB/seen/sent")" \
		"$(column "$LAB/seen/ras" "$RAS.1.3.21.1.${pair%:*}")"
	equal "with those of ended sessions and the site, they are the gateway's" \
		"$(($(octets "$LAB/seen/sent" "$LAB/seen/ended") + 7 * 228))" "$(column "$LAB/seen/flow" "$FLOW_MIB.1.3.1.${pair#*:}")"
done
say "$(awk '{ sum += $1 } END { print sum }' "$LAB/seen/cells") cells"
story_end
