#!/bin/bash
# Notifications reach those who wait for them: a real snmptrapd, set up by the samples of contrib/snmptrapd, behind the
# real snmpd of a gateway, set up by contrib/snmpd, as SNMPv2c traps and informs and as SNMPv3 traps and informs. A tunnel
# goes down and comes up; the log says so in one line, and the handlers tell Zabbix (a file) and Nagios (a pipe). Informs
# are acknowledged, and sent again while nobody does. What a name or a text has in it is text everywhere.
#
# Hostile texts are meant as they are, and functions are called by name:
# shellcheck source-path=SCRIPTDIR source=../lab/gateway.sh disable=SC1003,SC2016,SC2317
. "$(dirname "${BASH_SOURCE[0]}")/../lab/gateway.sh"
need root tun ip swanctl python3 snmpd snmptrapd snmptrap snmpset snmpget snmptranslate tshark "$CHARON"
lab_begin
SECRET=a-community
USER_LINE='ipsecmon-traps SHA-256 "auth passphrase" AES "privacy passphrase"'
HANDLERS=$srcdir/contrib/snmptrapd
MODULES=$(realpath "$builddir")/mibs:$srcdir/mibs:$srcdir/mibs/base
RECEIVER=$LAB/receiver ZABBIX=$LAB/receiver/zabbix NAGIOS=$LAB/receiver/nagios.cmd

# ---- The gateway's snmpd and the receiver's snmptrapd, by the samples --------------------------------------------
# Each has its configuration in a folder and its persistent file in another, as /etc/snmp and /var/lib/snmp.

# snmpd_up NODE: with the line of the sample that begins with # and $SINK, and what reaches a poller of the lab
snmpd_up() {
	mkdir -p "$LAB/$1/etc" "$LAB/$1/var"
	sed "s|^agentXSocket .*|agentXSocket $LAB/$1/agentx|; /^agentXPerms/d; ${SINK:+s|^#\($SINK .*\)|\1|}
		s|192[.]0[.]2[.]10|127.0.0.1:$TRAP_PORT|; s|COMMUNITY|$SECRET|; s|ENGINEID|${RECEIVER_ENGINE:-}|" \
		"$srcdir/contrib/snmpd/ipsecmon.conf" > "$LAB/$1/etc/snmpd.conf"
	printf '%s\n' 'agentaddress udp:127.0.0.1:161' 'dontLogTCPWrappersConnects yes' 'rocommunity public 127.0.0.1' \
		'rwcommunity private 127.0.0.1' >> "$LAB/$1/etc/snmpd.conf"
	rm -f "$LAB/$1/agentx"
	start "$1" "snmpd-$1" env SNMP_PERSISTENT_DIR="$LAB/$1/var" SNMPCONFPATH="$LAB/$1/etc:$LAB/$1/var" MIBS= \
		snmpd -f -Lo -I -smux
	wait_until 10 test -S "$LAB/$1/agentx"
}

# trapd_up [SED]: the sample, with SED on it
trapd_up() {
	local said
	mkdir -p "$RECEIVER/etc" "$RECEIVER/var"
	sed "s|^#\(traphandle .*\)|\1|; s|^#\(authCommunity .*\)|\1|; s|COMMUNITY 192.*|$SECRET|
		s|/usr/share/ipsecmon/snmptrapd|$HANDLERS|; s|/var/log/zabbix-traps/snmptrap.log|$ZABBIX|
		s|/var/lib/nagios4/rw/nagios.cmd|$NAGIOS|; s|/var/lib/nagios4/objects.cache|$RECEIVER/objects.cache|
		${1:-}" "$HANDLERS/snmptrapd.conf" > "$RECEIVER/etc/snmptrapd.local.conf"
	said=$(lines trapd)
	start a trapd env -u MIBS SNMP_PERSISTENT_DIR="$RECEIVER/var" SNMPCONFPATH="$RECEIVER/etc:$RECEIVER/var" \
		MIBDIRS="$MODULES" snmptrapd -LOw -f -n "udp:127.0.0.1:$TRAP_PORT" "udp6:[::1]:$TRAP_PORT"
	wait_until 10 new_in trapd "$said" "NET-SNMP version"
}
WITHOUT_MODULES='/^.snmp. mibs/d; /^# /d; 1i[snmp] mibs :'

lines() { if [ -e "$LAB/$1.log" ]; then grep -c '' "$LAB/$1.log"; else echo 0; fi; }
new_in() { tail -n "+$(($2 + 1))" "$LAB/$1.log" | grep -E "$3"; }      # new_in LOG LINE REGEX: behind that line
count_in() { tail -n "+$(($2 + 1))" "$LAB/$1.log" | grep -cE "$3"; }
engine_of() { sed -n 's/^oldEngineID //p' "$1"; }

# The last record of Zabbix's file; all of them in one line each, its lines parted by tabs
records() { awk '/ ZBXTRAP / { if (n++) printf "\n" } { printf "%s\t", $0 } END { if (n) printf "\n" }' "$ZABBIX"; }
record_like() { records | grep -E "$1"; }

# object NAME: of the first tunnel
object() {
	in_ns a env SNMPCONFPATH=/nonexistent MIBDIRS="$MODULES" snmpget -v2c -c public -m IPSECMON-MIB -Oqv 127.0.0.1 \
		"IPSECMON-MIB::$1.$(entry a ikev2 net index)" 2>> "$LAB/a/snmp.err"
}

# ---- What the handlers know is what the modules say --------------------------------------------------------------

mkdir -p "$RECEIVER"
known() {
	awk -f "$HANDLERS/notification.awk" -f /dev/stdin <<-'END'
	BEGIN {
		for (i in trap_name)
			if (i ~ /^[.]1[.]3[.]6[.]1[.]4[.]1[.]9[.]/)
				print i, module[trap_name[i]] "::" trap_name[i]
		for (i in own_trap)
			print "0." i, "IPSECMON-MIB::" own_trap[i]
		for (i in own_object)
			print "1.4.1." i, "IPSECMON-MIB::" own_object[i]
		for (i in value_word) {
			split(i, part, SUBSEP)
			print part[1], part[2], value_word[i] | "sort > '" ENVIRON["WORDS"] "'"
		}
	}
	END
}
export WORDS=$RECEIVER/words
known | sort > "$RECEIVER/known"
MIBDIRS=$MODULES snmptranslate -m IPSECMON-MIB -On IPSECMON-MIB::ipsecmonMIB > "$RECEIVER/own"
cut -d ' ' -f 2 "$RECEIVER/known" | MIBDIRS=$MODULES xargs snmptranslate -On -m \
	IPSECMON-MIB:CISCO-IPSEC-FLOW-MONITOR-MIB:CISCO-IPSEC-MIB:CISCO-CRYPTO-ACCELERATOR-MIB:CISCO-REMOTE-ACCESS-MONITOR-MIB | grep . |
	sed "s/^$(sed 's/[.]/[.]/g' "$RECEIVER/own")[.]//" > "$RECEIVER/translated"
check "the OIDs of 39 names are those of the modules" \
	diff <(cut -d ' ' -f 1 "$RECEIVER/known") "$RECEIVER/translated"
equal "of so many" 39 "$(grep -c . "$RECEIVER/translated")"
check "and what numbers stand for" diff "$WORDS" <(
	for object in ipsecmonTunnelDownReason ipsecmonTunnelLastFailure; do
		sed -n "/^$object OBJECT-TYPE/,/}/s/^ *\([A-Za-z]*\)(\([0-9]*\)).*/$object \2 \1/p" \
			"$(realpath "$builddir")/mibs/IPSECMON-MIB.txt"
	done | sort)

# ---- The machines ------------------------------------------------------------------------------------------------

gateways_up
connections ikev2
both_up

# As Nagios writes it, but for what nobody asks for
objects() {
	local host address service
	while IFS=, read -r host address service; do
		[ -z "$address" ] || printf 'define %s {\n\thost_name\t%s\n\talias\t%s\n\taddress\t%s\n\tcheck_period\t24x7\n\t}\n\n' \
			host "$host" "$host" "$address"
		[ -z "$service" ] || printf 'define %s {\n\thost_name\t%s\n\tservice_description\t%s\n\tcheck_period\t24x7\n\t}\n\n' \
			service "$host" "$service"
	done
}
objects > "$RECEIVER/objects.cache" <<-'END'
other,127.0.0.11,
gateway,127.0.0.1,
gateway-6,::1,
gateway,,IPsec notifications
gateway,,IPsec tunnel ikev2
gateway,,IPsec tunnel site
gateway,,IPsec tunnel site/b
gateway,,IPsec tunnel zürich
gateway-6,,IPsec notifications
other,,IPsec notifications
other,,IPsec tunnel ikev2
END
mkfifo "$NAGIOS"
nagios_up() { start - nagios bash -c 'exec cat <> "$1"' nagios "$NAGIOS"; }
nagios_up
: > "$ZABBIX"

# The users of SNMPv3, by the steps of README.md: both stopped, each with the engine that counts
trapd_up
snmpd_up a
stop trapd
stop snmpd-a
GATEWAY_ENGINE=$(engine_of "$LAB/a/var/snmpd.conf") RECEIVER_ENGINE=$(engine_of "$RECEIVER/var/snmptrapd.conf")
check "both have an engine ID" test -n "$GATEWAY_ENGINE" -a -n "$RECEIVER_ENGINE"
printf '%s\n' "createUser $USER_LINE" "createUser -e $RECEIVER_ENGINE $USER_LINE" >> "$LAB/a/var/snmpd.conf"
printf '%s\n' "createUser -e $GATEWAY_ENGINE $USER_LINE" "createUser $USER_LINE" >> "$RECEIVER/var/snmptrapd.conf"

feed_up a
wait_until 10 test -s "$(segment a)"
start a wire tshark -l -n -i lo -f "udp port $TRAP_PORT or udp port 9" -T fields -e udp.srcport -e udp.dstport
wait_until 20 grep -qs "Capturing on" "$LAB/wire.log"

# ---- Four ways ---------------------------------------------------------------------------------------------------

# told WORD STATE EVENT: all three of them know that the tunnel went down or came up
told() {
	local what=$1 state=$2 event=$3 reason='' words
	if [ "$state" = CRITICAL ]; then
		reason=$(object ipsecmonTunnelDownReason)
		words="is down: $reason; went down [0-9]+ times?"
	else
		words='is up; came up [0-9]+ times?'
	fi
	if [ "$modules" = with ]; then
		wait_until 10 new_in trapd "$at_log" "$event"
		check "$what: the log says it in one line, by name" new_in trapd "$at_log" "^20[0-9-]+ [0-9:]+ UDP: .127[.]0[.]0[.]1.*: \
.*[.]0 = $event; ipsecmonTunnelName[.][0-9]+ = ikev2; ipsecmonTunnelChild[.][0-9]+ = net; \
.*${reason:+DownReason[.][0-9]+ = $reason; }"
	fi
	wait_until 10 record_like "	snmpTrapOID.0 = IPSECMON-MIB::$event	"
	check "$what: Zabbix can read it" record_like "^$STAMP ZBXTRAP 127[.]0[.]0[.]1	\
snmpTrapOID.0 = IPSECMON-MIB::$event	ipsecmonTunnelName[.][0-9]+ = ikev2	ipsecmonTunnelChild[.][0-9]+ = net	.*\
	${reason:+ipsecmonTunnelDownReason[.][0-9]+ = $reason	}"
	wait_until 10 new_in nagios "$at_nagios" "$state"
	check "$what: Nagios is told" new_in nagios "$at_nagios" "^\[[0-9]{10}\] PROCESS_SERVICE_CHECK_RESULT;gateway;\
IPsec tunnel ikev2;$([ "$state" = OK ] && echo 0 || echo 2);$state - tunnel ikev2/net to 10[.]9[.]0[.]2 $words"
	mark
}
STAMP='[0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}/[0-9]{2}/[0-9]{2}'
mark() { at_log=$(lines trapd) at_nagios=$(lines nagios); : > "$ZABBIX"; }
# What is on the wire since `wire_mark', and was between the last two of them; those are packets to the port of discard.
WIRE_MARKS=0
wire_mark() {
	WIRE_MARKS=$((WIRE_MARKS + 1))
	in_ns a bash -c 'echo > /dev/udp/127.0.0.1/9'
	wait_until 20 wire_is_marked
}
wire_is_marked() { [ "$(awk '$2 == 9 { n++ } END { print n + 0 }' "$LAB/wire.log")" = $WIRE_MARKS ]; }
answers() {
	awk -v port="$TRAP_PORT" '$2 == 9 { last = n; n = 0 } $1 == port { n++ } END { print last + 0 }' "$LAB/wire.log"
}
sent() { awk -v port="$TRAP_PORT" '$2 == 9 { n = 0 } $2 == port { n++ } END { print n + 0 }' "$LAB/wire.log"; }
sent_again() { [ "$(sent)" -ge 3 ]; }

switched=no
for way in "SNMPv2c traps,without,trap2sink" "SNMPv2c informs,with,trapsess -Ci -v 2c" "SNMPv3 traps,with,trapsess -v 3" \
	"SNMPv3 informs,without,trapsess -Ci -v 3"; do
	IFS=, read -r way modules SINK <<< "$way"
	trapd_up "$([ "$modules" = with ] || echo "$WITHOUT_MODULES")"
	snmpd_up a
	agentx_up a
	wait_until 15 served a
	if [ $switched = no ]; then
		check "switch them on" in_ns a env SNMPCONFPATH=/nonexistent MIBDIRS="$MODULES" snmpset -v2c -c private \
			-m IPSECMON-MIB:CISCO-IPSEC-FLOW-MONITOR-MIB 127.0.0.1 ipsecmonNotifyTunnelDown.0 i enabled \
			ipsecmonNotifyTunnelUp.0 i enabled cipSecTrapCntlIpSecTunnelStop.0 i enabled
		switched=yes
	fi
	wire_mark
	mark
	initiate a net
	told "$way, up" OK ipsecmonTunnelUp
	terminate a --ike ikev2
	wait_until 10 record_like "CISCO-IPSEC-FLOW-MONITOR-MIB::cipSecTunnelStop"
	wait_until 10 new_in nagios "$at_nagios" "IPsec notifications;0;OK - cipSecTunnelStop: "
	told "$way, down" CRITICAL ipsecmonTunnelDown
	wire_mark
	if [[ $way = *informs ]]; then
		check "$way: they are acknowledged" test "$(answers)" -ge 3
		stop trapd
		at=$at_nagios
		initiate a net
		wait_until 20 sent_again
		trapd_up "$([ "$modules" = with ] || echo "$WITHOUT_MODULES")"
		told "$way, while snmptrapd did not run" OK ipsecmonTunnelUp
		terminate a --ike ikev2
		told "$way, after it" CRITICAL ipsecmonTunnelDown
		equal "$way: what was sent again came once" 1 "$(count_in nagios "$at" "OK - tunnel")"
	else
		equal "$way: nobody acknowledges" 0 "$(answers)"
	fi
	stop agentx-a
	stop snmpd-a
	stop trapd
done
check "no passphrase is left in a file" test -z "$(grep -rl passphrase "$LAB/a/var" "$RECEIVER/var" "$RECEIVER/etc")"
# ---- What others write into a name -------------------------------------------------------------------------------

OWN=$(< "$RECEIVER/own")
# notify TO NAME [TEXT]: ipsecmonTunnelDown of tunnel NAME/b, by SNMPv2c
notify() {
	in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmptrap -v2c -c "$SECRET" "$1:$TRAP_PORT" '' "$OWN.0.1" \
		"$OWN.1.4.1.2.7" s "$2" "$OWN.1.4.1.3.7" s b "$OWN.1.4.1.16.7" s peer "$OWN.1.4.1.18.7" s 192.0.2.7 "$OWN.1.4.1.11.7" i 6 \
		"$OWN.1.4.1.13.7" i 6 "$OWN.1.4.1.14.7" s "${3:-}" "$OWN.1.4.1.10.7" c 3
}
all_written() {
	[ "$(grep -cE "^$STAMP ZBXTRAP" "$ZABBIX")" -ge "$1" ] && [ $(($(lines nagios) - at_nagios)) -ge "$1" ]
}
hostile=('a b "c" \ d' '"' "'" '\' '\n' 'x"' '%s%n' '*' 'x;y;0;OK|a=1' 
	"\$(touch $LAB/pwned)\`touch $LAB/pwned\`; touch $LAB/pwned #"
	$'x\n00:00:00 2026/01/01 ZBXTRAP 10.0.0.1\nevil' 'ZBXTRAP 10.0.0.1' $'x\n[1] SHUTDOWN_PROGRAM\n' $'x\r\t\a\e[2J'
	$'x\n.1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.6.3.1.1.5.1' $'"x"\nsnmpTrapOID.0 coldStart' "$(printf '%2000s' '' | tr ' ' x)" '')
line='[A-Za-z]+[.][0-9]+ = [^[:cntrl:]]*'
for modules in with without; do
	trapd_up "$([ "$modules" = with ] || echo "$WITHOUT_MODULES")"
	mark
	count=$((2 * ${#hostile[@]}))
	for text in "${hostile[@]}"; do
		notify 127.0.0.1 "$text" "$text"
		notify 127.0.0.1 plain "$text"
	done
	wait_until 20 all_written $count
	equal "$modules: so many for Zabbix" $count "$(grep -cxE "$STAMP ZBXTRAP 127[.]0[.]0[.]1" "$ZABBIX")"
	equal "$modules: and no other" $count "$(grep -o ZBXTRAP "$ZABBIX" | grep -c .)"
	equal "$modules: all of them are what they were" $count \
		"$(grep -cx 'snmpTrapOID.0 = IPSECMON-MIB::ipsecmonTunnelDown' "$ZABBIX")"
	check "$modules: every line is a variable" test -z \
		"$(grep -v ' ZBXTRAP 127.0.0.1$' "$ZABBIX" | LC_ALL=C grep -vxE "$line")"
	equal "$modules: so many for Nagios" $count $(($(lines nagios) - at_nagios))
	equal "$modules: each a result" $count "$(LC_ALL=C count_in nagios "$at_nagios" "^\[[0-9]{10}\] \
PROCESS_SERVICE_CHECK_RESULT;gateway;IPsec notifications;2;CRITICAL - tunnel [^|[:cntrl:]]*$")"
	check "$modules: no shell has seen them" test ! -e "$LAB/pwned"
	mark
	notify 127.0.0.1 zürich
	notify 127.0.0.1 site "no key"
	wait_until 10 all_written 2
	check "$modules: a name beyond ASCII" new_in nagios "$at_nagios" ';IPsec tunnel zürich;2;CRITICAL - tunnel zürich/b to'
	check "$modules: a service of a child" new_in nagios "$at_nagios" 'gateway;IPsec tunnel site/b;2;CRITICAL - tunnel '\
'site/b to 192.0.2.7 is down: peerLost; went down 3 times; last failure: authentication no key$'
	mark
	notify "udp6:[::1]" site
	wait_until 10 all_written 1
	check "$modules: a sender with IPv6" record_like ' ZBXTRAP ::1	.*ipsecmonTunnelName.7 = site	'
	check "$modules: and its host" new_in nagios "$at_nagios" ';gateway-6;IPsec notifications;2;'
	mark
	in_ns a env MIBS= snmptrap -v1 -c "$SECRET" "127.0.0.1:$TRAP_PORT" "$FLOW_MIB.2" 127.0.0.9 6 2 '' "$FLOW_MIB.1.9.1" i 5
	wait_until 10 all_written 1
	check "$modules: SNMPv1" record_like \
		' ZBXTRAP 127.0.0.1	snmpTrapOID.0 = CISCO-IPSEC-FLOW-MONITOR-MIB::cikeTunnelStop	[^	]* = 5	$'
	check "$modules: and nobody is told the community" test -z "$(grep -l "$SECRET" "$ZABBIX" "$LAB"/*.log)"
	[ "$modules" = without ] || stop trapd
done

# ---- Nobody reads; many at once ----------------------------------------------------------------------------------

stop nagios
mark
began=$(lab_ms)
for text in 1 2 3 4 5; do notify 127.0.0.1 "$text"; done
five_written() { [ "$(grep -c ZBXTRAP "$ZABBIX")" = 5 ]; }
wait_until 10 five_written
took=$(($(lab_ms) - began))
check "nobody waits for a Nagios that does not run: $took ms for five" in_time $took 2500
wait_until 5 new_in trapd "$at_log" 'to-nagios: Nagios does not read its .*No such device.*; lost: .*CRITICAL - tunnel 5/b'
exec 9<> "$NAGIOS"
dd if=/dev/zero of="$NAGIOS" oflag=nonblock bs=4096 conv=notrunc status=none 2> /dev/null
mark
notify 127.0.0.1 full
wait_until 5 new_in trapd "$at_log" 'to-nagios: Nagios does not read its command file: .*temporarily unavailable; lost: '
wait_until 5 record_like 'ipsecmonTunnelName.7 = full	'
pass "nor long for one that does not read"
exec 9>&-
rm "$NAGIOS"
mark
notify 127.0.0.1 gone
wait_until 5 new_in trapd "$at_log" 'to-nagios: .*there is no such pipe; lost: '
check "and no file is made in its place" test ! -e "$NAGIOS"
mkfifo "$NAGIOS"
nagios_up

mv "$ZABBIX" "$ZABBIX.1"
notify 127.0.0.1 rotated
wait_until 5 record_like 'ipsecmonTunnelName.7 = rotated	'
pass "Zabbix's file may be renamed at any time"
cat > "$RECEIVER/input" <<-END
	name
	UDP: [127.0.0.1]:162->[127.0.0.1]:162
	.1.3.6.1.2.1.1.3.0 0:0:00:00.00
	.1.3.6.1.6.3.1.1.4.1.0 $OWN.0.1
	$OWN.1.4.1.2.7 "site"
	$OWN.1.4.1.3.7 "b"
	$OWN.1.4.1.16.7 "peer"
	$OWN.1.4.1.18.7 "192.0.2.7"
	END
for ((i = 1; i <= 60; i++)); do printf '%s "%200d"\n' ".1.3.6.1.4.1.9999.$i" 0; done >> "$RECEIVER/input"
: > "$ZABBIX"
pids=()
for ((i = 0; i < 30; i++)); do "$HANDLERS/to-zabbix" "$ZABBIX" < "$RECEIVER/input" & pids+=($!); done
wait "${pids[@]}"
equal "30 handlers at once write 30 whole records of 13 kB" "30 x 1" \
	"$(records | grep -c 'ipsecmonTunnelName.7 = site') x $(records | cut -f 2- | sort -u | grep -c .)"

# What a handler takes; on a busy machine far more than it needs.
cost() {
	local began=$EPOCHREALTIME i
	for ((i = 0; i < 100; i++)); do "$@" < "$RECEIVER/input" || return; done
	awk "BEGIN { printf \"%.1f\", ($EPOCHREALTIME - $began) * 10 }"
}
sed -i '9,$d' "$RECEIVER/input"
say "to-zabbix takes $(cost "$HANDLERS/to-zabbix" "$ZABBIX") ms, to-nagios $(cost "$HANDLERS/to-nagios" "$NAGIOS" \
	"$RECEIVER/objects.cache") ms, and a program that does nothing $(cost /bin/true) ms"

# All at once; both handlers are called for each
burst() {
	in_ns a "$lab_python" - "$TRAP_PORT" "$SECRET" "$1" <<-'PYTHON'
	import socket, subprocess, sys
	port, community, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
	own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	own.bind(("127.0.0.1", 0))
	subprocess.run(["snmptrap", "-v2c", "-c", community, "127.0.0.1:%d" % own.getsockname()[1], "",
	                ".1.3.6.1.4.1.9.9.171.2.0.8", ".1.3.6.1.4.1.9.9.171.1.3.2.1.10.1", "i", "5"], env={"MIBS": "", "PATH": "/usr/bin"}, check=True)
	packet = own.recv(65536)
	for i in range(count):
	    own.sendto(packet, ("127.0.0.1", port))
	PYTHON
}
come_behind() { notify 127.0.0.1 behind; record_like 'ipsecmonTunnelName.7 = behind	'; }
told_of_burst() { [ "$(count_in nagios "$at_nagios" cipSecTunnelStop)" = "$at_once" ]; }
mark
burst 1000
wait_until 60 come_behind       # they are handled one after the other
at_once=$(grep -c cipSecTunnelStop "$ZABBIX")
say "of 1,000 at once $at_once found room in snmptrapd's socket"
check "1,000 at once: what finds room is handled, and what comes behind it" test "$at_once" -ge 100
wait_until 10 told_of_burst
pass "and Nagios is told as often as Zabbix"
stop trapd
story_end
