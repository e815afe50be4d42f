#!/bin/bash
# A real Nagios asks a gateway with check_ipsecmon, by the services of contrib/nagios as they are: all become OK; a
# tunnel that goes down makes its own service and "IPsec tunnels" CRITICAL, with the reason, and no other; ipsecmond
# gone makes "IPsec feeds" CRITICAL and the others UNKNOWN; snmpd gone makes all UNKNOWN; and each time all is well
# again when it is. What the gateway tells by itself comes through a real snmptrapd and to-nagios, and changes the
# passive services. Icinga 2 reads its definitions.
#
# The plugin by itself says what charon itself says, the same over SNMPv1, v2c and v3, and what
# needs no names from a device that shows CISCO-IPSEC-FLOW-MONITOR-MIB alone; and it is quick with 10000 tunnels.
# shellcheck source-path=SCRIPTDIR source=../lab/gateway.sh disable=SC2317,SC2016,SC2053   # called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/../lab/gateway.sh"
PLUGIN=$(realpath "${CHECK_IPSECMON:-$builddir/check_ipsecmon}")
need root tun ip ping swanctl python3 snmpd snmptrapd snmpset snmpbulkwalk nagios4 /etc/nagios4/objects/templates.cfg \
	"$CHARON" "$PLUGIN" "$SYNTH" "$IPSECMON_AGENTX"
lab_begin
OWN=1.3.6.1.4.1.8072.9999.9999
# shellcheck disable=SC2034     # it is gateway.sh's
TRAPS=1
# What a poller of a Cisco device sees, and a user of SNMPv3.
# shellcheck disable=SC2034     # it is gateway.sh's
SNMPD_EXTRA="view cisco included .1.3.6.1
view cisco excluded .$OWN
rocommunity cisco 127.0.0.1 -V cisco
createUser ipsecmon SHA-256 \"auth passphrase\" AES \"privacy passphrase\"
rouser ipsecmon priv"

# ---- A gateway ------------------------------------------------------------------------------------------------------

# Nagios is not root, and has its own folder in here.
chmod 0711 "$LAB"
nagios=$LAB/nagios
install -d -o nagios -g nagios -m 0755 "$nagios" "$nagios/plugins" "$nagios/results" "$nagios/looks"
install -m 0755 "$PLUGIN" "$nagios/plugins/check_ipsecmon"
# readme WORD: the command of its README that begins so, in this lab
readme() {
	sed -n "s/^       \($1 .*\)/\1/p" "$srcdir/contrib/nagios/README.md" |
		sed "s|/etc/nagios4/ipsecmon.credentials|$nagios/credentials|; s|/etc/nagios4|$nagios|"
}
for word in install printf; do check "README: $(readme $word)" sh -c "$(readme $word)"; done

gateways_up
connections ikev2 ikev1-main
both_up
monitor_up a
initiate a net
initiate a net2
initiate a main
set_own() {             # set_own VALUE OID...
	local words=() oid value=$1; shift
	for oid in "$@"; do words+=("$oid" i "$value"); done
	in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpset -v2c -c private -t 5 -r 0 127.0.0.1 "${words[@]}"
}

# ---- The plugin by itself ---------------------------------------------------------------------------------------------

declare -A asked=([1]="-P 1" [2c]="-P 2c" [3]="-P 3 -U ipsecmon -a SHA-256 -x AES -f $nagios/credentials"
	[cisco]="-C cisco")
# plugin HOW WORD...: its answer; times are T, of which no two are alike
plugin() {
	local how=$1 status options; shift
	read -ra options <<< "${asked[$how]}"
	in_ns "${NODE:-a}" "$PLUGIN" -H 127.0.0.1 "${options[@]}" --state-dir "$LAB/looks-$how" "$@" > "$LAB/answer" 2>> "$LAB/plugin.log"
	status=$?
	sed -E 's/[0-9]+ (s|min|h)\b/T/g; s/\b(age|left|silence)=[0-9.]+s/\1=T/g' "$LAB/answer"
	return $status
}
plugin_is() { [[ $(plugin "${@:2}") = $1 ]]; }         # plugin_is PATTERN HOW WORD...
# expect WHAT STATUS PATTERN HOW WORD...
expect() {
	local what=$1 status=$2 pattern=$3 got answer; shift 3
	answer=$(plugin "$@")
	got=$?
	if [ $got = "$status" ] && [[ $answer = $pattern ]]; then pass "$what"; return; fi
	fail "$what"
	printf '#   expected %d: %s\n#   got %d: %s\n' "$status" "$pattern" $got "$answer"
}

wait_until 15 plugin_is "IPSEC OK - 0 of 3 tunnels are down | configured=3;;;0 up=3;;;0;3 down=0;;0;0;3" 2c -m tunnels
pass "all that is configured is up"
traffic 10.1.0.1 10.2.0.1 10 1000
counted() { [[ $(plugin 2c -m traffic -n ikev2/net) = *" in_octets=$(witness a get child net bytes-in)c out_octets=$(witness a get child net bytes-out)c "* ]]; }
wait_until 10 counted
pass "it counted what charon counted"
for how in 1 2c 3; do
	rm -rf "$LAB/looks-$how"
	expect "v$how: a tunnel by its name, all its children" 0 \
		"IPSEC OK - ikev2/net is up for T, ikev2/net2 is up for T | up=2;;;0;2 age=T;;;0 flaps=0c" $how -m tunnel -n ikev2
	expect "v$how: one child" 0 "IPSEC OK - ikev2/net2 is up for T | up=1;;;0;1 age=T;;;0 flaps=0c" $how -m tunnel -n ikev2/net2
	expect "v$how: one that is not configured" 3 "IPSEC UNKNOWN - no tunnel nobody is configured among 3: *" $how -m tunnel -n nobody
	expect "v$how: those of a peer" 0 "IPSEC OK - 2 tunnels to 10.9.0.2, the youngest is up for T | up=2;;;0 age=T;;;0" $how -m tunnel -r 10.9.0.2
	expect "v$how: a peer that has none" 2 "IPSEC CRITICAL - no tunnel to 10.9.0.9 is up | up=0;;;0" $how -m tunnel -r 10.9.0.9
	expect "v$how: all" 0 "IPSEC OK - 0 of 3 tunnels are down | configured=3;;;0 up=3;;;0;3 down=0;;0;0;3" $how -m tunnels
	expect "v$how: how many are up" 0 "IPSEC OK - $(count a child net INSTALLED) IPsec tunnel with 10.9.1.2 is up | active=1;;1:;0" $how -m active -r 10.9.1.2
	expect "v$how: IKE SAs" 0 "IPSEC OK - 2 IKE SAs are up | active=2;;1:;0" $how -m ike
	expect "v$how: too few" 2 "IPSEC CRITICAL - 2 IKE SAs are up | active=2;4:;3:;0" $how -m ike -w 4: -c 3:
	expect "v$how: a first look has no rates" 3 "IPSEC UNKNOWN - no rates yet; *: this is the first check | in_octets=$(witness a get child net bytes-in)c *" \
		$how -m traffic -n ikev2/net
	expect "v$how: failures, whose first look it is, too" 3 "IPSEC UNKNOWN - no rates yet; * | init_fails=0c resp_fails=0c auth_fails=0c no_sa_fails=0c" $how -m errors
	expect "v$how: what no feed can know is not known" 3 "IPSEC UNKNOWN - no active feed on the gateway can know this: *" $how -m drops
	expect "v$how: lifetimes" 0 "IPSEC OK - the SAs of ikev2/net live for another T* | left=T;;60:;0;*" $how -m lifetime -n ikev2/net -c 60:
	expect "v$how: feeds" 0 "IPSEC OK - 2 of 2 feeds are up | segments=1;;;0 silence=T;;10;0 feeds_up=2;;;0;2
segment * T ago, 3 tunnels configured, 3 up
feed vici *: up for T
feed error-notify *: up for T" $how -m feeds
done
expect "v3: a wrong passphrase" 3 "IPSEC UNKNOWN - *Authentication failure*" 3 -m ike -A "another phrase" -t 5

expect "what does not answer is what -t says" 2 "IPSEC CRITICAL - 127.0.0.1 does not answer" 2c -p 1169 -m ike -t 1:critical -e 0
# The examples of the man page, in this lab.
mapfile -t examples < <(sed -n '/^\.Sh EXAMPLES/,$ { /^\.Bd/,/^\.Ed/ { /^check_/p } }' "$srcdir/doc/check_ipsecmon.1")
equal "so many examples" 3 ${#examples[@]}
for example in "${examples[@]}"; do
	line=$(sed "s/gw1/127.0.0.1/; s/cisco1/127.0.0.1 -C cisco/; s/192.0.2.1/10.9.0.2/; s/site-1/ikev2/; s|/etc/nagios4/ipsecmon.c|$nagios/c|" <<< "$example")
	answer=$(in_ns a sh -c "${PLUGIN%/*}/$line --state-dir $LAB/looks-examples")
	check "$example: $answer" grep -Eq "^IPSEC (OK|UNKNOWN - no rates yet)" <<< "$answer"
done

# A rate is what came since the last look over the time between, which is measured here as well.
looked() { plugin 2c -m traffic -n ikev2/net -w 1: -c 0:; }
looked > /dev/null
began=$(lab_ms) before=$(witness a get child net bytes-out)
traffic 10.1.0.1 10.2.0.1 20 1000
after=$(witness a get child net bytes-out)
wait_until 10 is a "cipSecTunHcOutOctets.$(index_of a tunnel net)" "$after"
waited() { [ $(($(lab_ms) - began)) -gt 1500 ]; }
wait_until 5 waited
within() { [ $(($3 * 100)) -ge $(($2 * (100 - $1))) ] && [ $(($3 * 100)) -le $(($2 * (100 + $1))) ]; }   # within PERCENT WANT GOT
first=$(looked)
took=$(($(lab_ms) - began))
rate=$(sed -n 's/.* out_octets_per_s=\([0-9]*\)\..*/\1/p' <<< "$first")
check "$((after - before)) octets in $took ms are about $rate octets a second" \
	within 25 $((after - before)) $((rate * took / 1000))
began=$(lab_ms)
wait_until 5 waited
expect "traffic that has stopped is out of the range" 1 \
	"IPSEC WARNING - in_octets 0/s is outside the range, out_octets 0/s is outside the range, *over the last T | in_octets_per_s=0.000;1:;0:;0 *" \
	2c -m traffic -n ikev2/net -w 1: -c 0:

# A device that shows Cisco's MIB and nothing of ours.
check "the view hides IPSECMON-MIB" bash -c '! grep -q Counter "$1"' - <(COMMUNITY=cisco snmp a snmpbulkwalk $OWN)
expect "Cisco: a tunnel by its peer" 0 "IPSEC OK - 1 tunnel to 10.9.1.2, the youngest is up for T | up=1;;;0 age=T;;;0" cisco -m tunnel -r 10.9.1.2
expect "Cisco: a peer that has none" 2 "IPSEC CRITICAL - no tunnel to 10.9.0.9 is up | up=0;;;0" cisco -m tunnel -r 10.9.0.9
expect "Cisco: how many are up" 0 "IPSEC OK - 3 IPsec tunnels are up | active=3;;1:;0" cisco -m active
expect "Cisco: IKE SAs" 0 "IPSEC OK - 1 IKE SA with 10.9.0.2 is up | active=1;;1:;0" cisco -m ike -r 10.9.0.2
for mode in traffic errors "traffic -r 10.9.0.2"; do
	# shellcheck disable=SC2086     # words are meant
	expect "Cisco: $mode, a first look" 3 "IPSEC UNKNOWN - no rates yet; * | *=[0-9]*c" cisco -m $mode
done
for mode in drops "drops -r 10.9.0.2"; do
	# shellcheck disable=SC2086
	expect "Cisco: $mode, which strongSwan alone does not tell" 3 "IPSEC UNKNOWN - the device does not report any" cisco -m $mode
done
began=$(lab_ms)
wait_until 5 waited
for mode in traffic errors "traffic -r 10.9.0.2"; do
	# shellcheck disable=SC2086
	expect "Cisco: $mode, the next one" 0 "IPSEC OK - *over the last T | *_per_s=*" cisco -m $mode
done
for mode in tunnels feeds lifetime "tunnel -n ikev2"; do
	# shellcheck disable=SC2086
	expect "Cisco: $mode is not known there" 3 "IPSEC UNKNOWN - the device has no IPSECMON-MIB*" cisco -m $mode
done

# Ten thousand tunnels, on the other node.
configure b
synth_up b -i 1000 -t 10000 -m 10000 -f
quick() {               # quick WHAT PATTERN WORD...
	local what=$1 pattern=$2 began; shift 2
	began=$(lab_ms)
	NODE=b expect "10000 tunnels: $what" 0 "$pattern" 2c -vv "$@"
	say "$what: $(($(lab_ms) - began)) ms, $(grep requests "$LAB/answer")"
}
quick "all that is configured" "IPSEC OK - 0 of 10000 tunnels are down *" -m tunnels
quick "one by its name" "IPSEC OK - site-000999/net-9 is up *" -m tunnel -n site-000999/net-9
quick "one by its peer" "IPSEC OK - 20 tunnels to *" -m tunnel -r 192.0.2.77
quick "the least lifetime" "IPSEC OK - *" -m lifetime
monitor_down b
stop synth

# ---- Nagios -----------------------------------------------------------------------------------------------------------

# gateway.cfg with the gateway of this lab, and the tunnels that it has; everything else as it is.
awk -v options="-P 3 -U ipsecmon -a SHA-256 -x AES -f $nagios/credentials -t 5 --state-dir $nagios/looks" '
	$1 == "address" { sub(/192\.0\.2\.1/, "127.0.0.1") }
	$1 == "_IPSECMON" { sub(/-P 3.*/, options) }
	{ gsub(/site-1/, "ikev2"); print }
	/^define service/ { on = 1 }
	on && !/^#/ { service = service $0 "\n" }
	on && /^}/ { on = 0; last = service; service = "" }
	END { gsub(/ikev2/, "ikev1-main", last); print last }' "$srcdir/contrib/nagios/gateway.cfg" > "$nagios/gateway.cfg"
printf '$USER1$=%s\n' "$nagios/plugins" > "$nagios/resource.cfg"
cat > "$nagios/nagios.cfg" <<-CONF
	log_file=$nagios/nagios.log
	cfg_file=/etc/nagios4/objects/commands.cfg
	cfg_file=/etc/nagios4/objects/contacts.cfg
	cfg_file=/etc/nagios4/objects/timeperiods.cfg
	cfg_file=/etc/nagios4/objects/templates.cfg
	cfg_file=$nagios/ipsecmon.cfg
	cfg_file=$nagios/gateway.cfg
	resource_file=$nagios/resource.cfg
	object_cache_file=$nagios/objects.cache
	precached_object_file=$nagios/objects.precache
	status_file=$nagios/status.dat
	temp_file=$nagios/nagios.tmp
	temp_path=$nagios
	lock_file=$nagios/nagios.pid
	command_file=$nagios/nagios.cmd
	query_socket=$nagios/nagios.qh
	check_result_path=$nagios/results
	state_retention_file=$nagios/retention.dat
	retain_state_information=0
	nagios_user=nagios
	nagios_group=nagios
	check_external_commands=1
	event_broker_options=0
	enable_notifications=0
	check_for_updates=0
	check_workers=2
	interval_length=2
	status_update_interval=2
	check_result_reaper_frequency=1
	service_inter_check_delay_method=n
	host_inter_check_delay_method=n
	enable_flap_detection=0
	service_check_timeout=20
	log_passive_checks=1
	log_service_retries=1
	illegal_macro_output_chars=\`~\$&|'"<>
CONF
cp "$srcdir/contrib/nagios/ipsecmon.cfg" "$nagios/ipsecmon.cfg"
chown -R nagios:nagios "$nagios"
check "README: $(readme nagios4)" bash -c "$(readme nagios4) > $nagios/said"
equal "it has nothing to object" "Total Warnings: 0 Total Errors:   0" "$(grep ^Total "$nagios/said" | paste -sd ' ')"
# The services for remote users fit them, too.
{ cat "$nagios/nagios.cfg"; echo "cfg_file=$(realpath "$srcdir/contrib/nagios/users.cfg")"; } > "$LAB/users.nagios.cfg"
check "users.cfg is read beside them" nagios4 -v "$LAB/users.nagios.cfg"
# What a sanitizer finds in a plugin that Nagios runs is in a file of its own.
start a nagios env ASAN_OPTIONS="${ASAN_OPTIONS:-}:log_path=$nagios/sanitizer" nagios4 "$nagios/nagios.cfg"

# service NAME [KEY]: of status.dat: the state, or what else is named
service() {
	awk -v name="$1" -v key="${2:-current_state}" '
		/^servicestatus / { on = 1; split("", seen) }
		on && (at = index($0, "=")) { seen[substr($0, 2, at - 2)] = substr($0, at + 1) }
		/^\t}/ { if (on && seen["service_description"] == name && seen["has_been_checked"] == 1) print seen[key]; on = 0 }
	' "$nagios/status.dat" 2> /dev/null
}
# states WORD...: of tunnels, feeds, traffic, tunnel ikev2, tunnel ikev1-main
all_services=("IPsec tunnels" "IPsec feeds" "IPsec traffic" "IPsec tunnel ikev2" "IPsec tunnel ikev1-main")
states() { local name; for name in "${all_services[@]}"; do printf '%s ' "$(service "$name")"; done; }
states_are() { states; [ "$(states)" = "$1 " ]; }
wait_until 60 states_are "0 0 0 0 0"
pass "all services are OK"
equal "the tunnel's says so" "IPSEC OK - ikev2/net is up" "$(service "IPsec tunnel ikev2" plugin_output | sed 's/ for .*//')"
check "it has performance data" grep -q "^up=2;;;0;2 age=[0-9]*s;;;0 flaps=0c$" <(service "IPsec tunnel ikev2" performance_data)

output_is() { [[ $(service "$1" plugin_output) = $2 ]]; }       # output_is NAME PATTERN

# ---- Told by the gateway ------------------------------------------------------------------------------------------------

handler_up "$srcdir/contrib/snmptrapd/to-nagios $nagios/nagios.cmd $nagios/objects.cache" -On
check "switch notifications on" set_own 1 $OWN.1.7.{1,2}.0 $FLOW_MIB.1.6.8.0
told_nagios() { grep -oE "PROCESS_SERVICE_CHECK_RESULT;gw1;$1.*" "$nagios/nagios.log"; }
order() { printf '[%d] %s\n' "$EPOCHSECONDS" "$*" > "$nagios/nagios.cmd"; }       # order COMMAND: of Nagios

# ---- A tunnel goes down ---------------------------------------------------------------------------------------------------

alerts=$(grep -c "SERVICE ALERT" "$nagios/nagios.log")
terminate a --ike ikev1-main
wait_until 20 states_are "2 0 0 0 2"
pass "a tunnel goes down: its own service and that of all tunnels are CRITICAL, no other is"
reason() { service "IPsec tunnel ikev1-main" plugin_output | grep -E "IPSEC CRITICAL - ikev1-main/main is down for [0-9]+ s: operator request"; }
wait_until 10 reason
pass "with the reason in the text: $(reason)"
check "that of all tunnels names it" grep -q "^IPSEC CRITICAL - 1 of 3 tunnels are down, ikev1-main/main (peer 10.9.1.2) is down for [0-9]* s: operator request" \
	<(service "IPsec tunnels" plugin_output)
wait_until 10 told_nagios "IPsec tunnel ikev1-main;2;CRITICAL - tunnel ikev1-main/main to 10.9.1.2 is down: "
pass "the gateway told so by itself: $(told_nagios "IPsec tunnel ikev1-main;2" | tail -n 1)"
wait_until 10 told_nagios "IPsec notifications;"
pass "and what is of no tunnel's name: $(told_nagios "IPsec notifications" | tail -n 1 | cut -c 1-160)"
wait_until 10 output_is "IPsec notifications" "OK - cipSecTunnelStop: *"
pass "which its passive service shows"
equal "nothing else alerted" "IPsec tunnel ikev1-main
IPsec tunnels" "$(grep "SERVICE ALERT" "$nagios/nagios.log" | tail -n +$((alerts + 1)) | cut -d ';' -f 2 | sort -u)"
initiate a main
wait_until 20 states_are "0 0 0 0 0"
pass "it comes up: all are OK"
wait_until 10 told_nagios "IPsec tunnel ikev1-main;0;OK - tunnel ikev1-main/main to 10.9.1.2 is up"
pass "which the gateway told, too"

# Nagios does not ask any more, and is told.
order "DISABLE_SVC_CHECK;gw1;IPsec tunnel ikev1-main"
inactive() { [ "$(service "IPsec tunnel ikev1-main" active_checks_enabled)" = 0 ]; }
wait_until 10 inactive
terminate a --ike ikev1-main
wait_until 10 output_is "IPsec tunnel ikev1-main" "CRITICAL - tunnel ikev1-main/main to 10.9.1.2 is down: operator*"
equal "told alone, the service of the tunnel is CRITICAL" 2 "$(service "IPsec tunnel ikev1-main")"
initiate a main
wait_until 10 output_is "IPsec tunnel ikev1-main" "OK - tunnel ikev1-main/main to 10.9.1.2 is up*"
equal "and OK" 0 "$(service "IPsec tunnel ikev1-main")"
order "ENABLE_SVC_CHECK;gw1;IPsec tunnel ikev1-main"
wait_until 20 output_is "IPsec tunnel ikev1-main" "IPSEC OK - *"

# ---- ipsecmond, and snmpd ----------------------------------------------------------------------------------------------

stop feed-a
wait_until 40 states_are "3 2 3 3 3"
pass "ipsecmond has stopped: feeds are CRITICAL, and what they showed is not known any more"
say "$(service "IPsec feeds" plugin_output)"
say "$(service "IPsec tunnels" plugin_output)"
feed_up a
wait_until 40 states_are "0 0 0 0 0"
pass "it runs again: all are OK"
stop snmpd-a
wait_until 60 states_are "3 3 3 3 3"
pass "snmpd has stopped: nothing is known"
equal "which the text says" "IPSEC UNKNOWN - 127.0.0.1 does not answer" "$(service "IPsec tunnels" plugin_output)"
snmpd_up a
wait_until 60 states_are "0 0 0 0 0"
pass "it runs again: all are OK"
stop snmptrapd
stop nagios
check "no sanitizer found anything in the plugins that Nagios ran" bash -c '! ls "$1"/sanitizer.* 2> /dev/null' - "$nagios"

# ---- Icinga 2 -----------------------------------------------------------------------------------------------------------

if command -v icinga2 > /dev/null; then
	# The host is that of the head of the file.
	{
		printf '%s\n' 'include <itl>' 'include <plugins>' "const PluginDir = \"$nagios/plugins\"" \
			'template Host "generic-host" { check_command = "hostalive" }'
		sed -n 's/^ \*     //p' "$srcdir/contrib/nagios/ipsecmon-icinga2.conf"
		cat "$srcdir/contrib/nagios/ipsecmon-icinga2.conf"
	} > "$LAB/icinga2.conf"
	check "Icinga 2 reads its definitions" bash -c 'icinga2 daemon -C -c "$1" -D CacheDir="$2" -D DataDir="$2" -D LogDir="$2" -D InitRunDir="$2" -D VarsPath="$2/vars" -D ObjectsPath="$2/objects" > "$2/said"' - "$LAB/icinga2.conf" "$nagios"
	equal "and makes of the host" "5 Services" "$(grep -o '[0-9]* Services' "$nagios/said")"
fi
story_end
