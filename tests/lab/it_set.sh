#!/bin/bash
# SET: every read-write object takes valid values from users who may write, and rejects others with the right error. A
# SET of several variables is done completely or not at all. Settings outlive restarts. Destroying a tunnel ends this
# tunnel and no other.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip ping swanctl snmpd snmpset snmptranslate setpriv python3 unshare "$CHARON"
lab_begin
CAPACITY='capacity { history = 64 failures = 32 }'
MIB_ENV=(SNMPCONFPATH=/nonexistent SNMP_PERSISTENT_DIR="$LAB/client" MIBDIRS="$srcdir/mibs:$srcdir/mibs/base")

# As gateway.sh has it, with SNMPv3: `writer' may write, `reader' may not.
snmpd_up() {
	local dir=$LAB/$1
	mkdir -p "$dir/snmp" "$LAB/client"
	cat > "$dir/snmpd.conf" <<-CONF
	master agentx
	agentXSocket $dir/agentx
	agentXPerms 0666
	agentaddress udp:127.0.0.1:161
	rocommunity public 127.0.0.1
	createUser writer SHA "secret of the writer"
	createUser reader SHA "secret of the reader"
	rwuser writer auth
	rouser reader auth
	dontLogTCPWrappersConnects yes
	CONF
	rm -f "$dir/agentx"
	start "$1" "snmpd-$1" env SNMP_PERSISTENT_DIR="$dir/snmp" MIBS= \
		snmpd -f -Lo -C -c "$dir/snmpd.conf" -I -smux
}

declare -A OID=()
# oid NAME.INDEX: in numbers, so that the client checks neither type nor range for us
oid() {
	local name=${1%%.*}
	if [ -z "$name" ]; then
		REPLY=$1
		return
	fi
	if [ -z "${OID[$name]:-}" ]; then
		OID[$name]=$(env "${MIB_ENV[@]}" MIBS=CISCO-IPSEC-FLOW-MONITOR-MIB snmptranslate -On \
			"CISCO-IPSEC-FLOW-MONITOR-MIB::$name")
	fi
	REPLY=${OID[$name]}.${1#*.}
}

# put USER NAME TYPE VALUE...: a SET of all; what it ends in is in $REASON (ok, or the error) and $AT, the variable
# that is said to be at fault
put() {
	local user=$1 words=() names=() output; shift
	while [ $# -gt 0 ]; do
		oid "$1"
		words+=("$REPLY" "$2" "$3")
		names+=("$1")
		shift 3
	done
	AT=
	if output=$(in_ns a env "${MIB_ENV[@]}" MIBS= snmpset -v3 -u "$user" -l authNoPriv -a SHA \
		-A "secret of the $user" -t 10 -r 0 -On 127.0.0.1 "${words[@]}" 2>&1); then
		REASON=ok
		return
	fi
	REASON=$(sed -n 's/^Reason: \([A-Za-z]*\).*/\1/p' <<< "$output")
	local failed name; failed=$(sed -n 's/^Failed object: \([.0-9]*\).*/\1/p' <<< "$output")
	for name in "${names[@]}"; do
		oid "$name"
		[ "$REPLY" != "$failed" ] || AT=$name
	done
	[ -n "$REASON" ] || REASON=$output
}

# refused WHAT REASON NAME TYPE VALUE...: by the writer
refused() {
	local what=$1 reason=$2; shift 2
	put writer "$@"
	equal "$what: $reason" "$reason" "$REASON"
}

# taken NAME VALUE: an INTEGER, by the writer; and it reads so
taken() {
	put writer "$1" i "$2"
	equal "$1 = $2" "ok $2" "$REASON $(value a "$1")"
}

rows() { walk a "$LAB/a/rows" "$1" && grep -vc Such "$LAB/a/rows"; }        # rows OID: of a column
hist_tun=$FLOW_MIB.1.4.3.1.1.2 hist_ike=$FLOW_MIB.1.4.2.1.1.2
uptime() { in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpget -v2c -c public -Oqvt 127.0.0.1 1.3.6.1.2.1.1.3.0; }

gateways_up
connections ikev2 ikev1-main ikev2-v6
both_up
establish net main v6
establish net2
configure a "$CAPACITY"
monitor_up a
wait_until 10 is a cipSecGlobalActiveTunnels.0 4

# --- who may ----------------------------------------------------------------------------------------------------
put reader cipSecHistTableSize.0 i 10
equal "a user without a write view" noAccess "$REASON"
put reader cipSecTrapCntlIkeNoSa.0 i 1
equal "and for a switch" noAccess "$REASON"
equal "the control socket is the owner's" "600 socket" "$(stat -c '%a %F' "$LAB/a/run/control")"

# --- switches ---------------------------------------------------------------------------------------------------
switches=(IkeTunnelStart IkeTunnelStop IkeSysFailure IkeCertCrlFailure IkeProtocolFail IkeNoSa IpSecTunnelStart
          IpSecTunnelStop IpSecSysFailure IpSecSetUpFailure IpSecEarlyTunTerm IpSecProtocolFail IpSecNoSa)
for name in "${switches[@]}"; do
	equal "cipSecTrapCntl$name is off" 2 "$(value a "cipSecTrapCntl$name.0")"
	taken "cipSecTrapCntl$name.0" 1
done
for name in "${switches[@]}"; do
	refused "$name, a string" wrongType "cipSecTrapCntl$name.0" s on
	refused "$name, unsigned" wrongType "cipSecTrapCntl$name.0" u 1
	refused "$name, 0" wrongValue "cipSecTrapCntl$name.0" i 0
	refused "$name, 3" wrongValue "cipSecTrapCntl$name.0" i 3
	refused "$name, another instance" noCreation "cipSecTrapCntl$name.1" i 1
	equal "$name is still on" 1 "$(value a "cipSecTrapCntl$name.0")"
done
taken cipSecTrapCntlIkeNoSa.0 2

# --- sizes ------------------------------------------------------------------------------------------------------
for name in cipSecHistTableSize:64 cipSecFailTableSize:32; do
	most=${name#*:} name=${name%:*}
	taken "$name.0" 1
	taken "$name.0" "$most"
	refused "$name, more than there is room for" wrongValue "$name.0" i $((most + 1))
	refused "$name, 0" wrongValue "$name.0" i 0
	refused "$name, less than 0" wrongValue "$name.0" i -1
	refused "$name, a string" wrongType "$name.0" s 10
	refused "$name, an address" wrongType "$name.0" a 1.2.3.4
	refused "$name, another instance" noCreation "$name.0.0" i 10
	equal "$name is what it was" "$most" "$(value a "$name.0")"
done

# --- what is not for writing ------------------------------------------------------------------------------------
tunnel=$(index_of a tunnel net2) ike=$(index_of a ike ikev2)
refused "a read-only scalar" notWritable cipSecMibLevel.0 i 2
refused "a read-only column" notWritable "cipSecTunInPkts.$tunnel" u 1
refused "a read-only column, no such row" notWritable cipSecTunInPkts.99 u 1
refused "an index" notWritable "cipSecTunIndex.$tunnel" i 9
refused "an object that there is not" notWritable ".$FLOW_MIB.1.4.1.1.3.0" i 1
refused "a row of a table of nothing" notWritable ".$FLOW_MIB.1.9.1.1.3.0" i 1

# --- check point ------------------------------------------------------------------------------------------------
refused "check point, a string" wrongType cipSecHistCheckPoint.0 s x
refused "check point, 3" wrongValue cipSecHistCheckPoint.0 i 3
taken cipSecHistCheckPoint.0 1
equal "ready is ready: no row" 0 "$(rows "$hist_tun")"
put writer cipSecHistCheckPoint.0 i 2
equal "a check point" ok "$REASON"
equal "a row for each tunnel" 4 "$(rows "$hist_tun")"
equal "a row for each IKE SA" 3 "$(rows "$hist_ike")"
equal "and it is ready again" 1 "$(value a cipSecHistCheckPoint.0)"

# --- the window -------------------------------------------------------------------------------------------------
for n in 1 2; do put writer cipSecHistCheckPoint.0 i 2; done
equal "three check points" 12 "$(rows "$hist_tun")"
taken cipSecHistTableSize.0 5
equal "it shrinks" "5 5" "$(rows "$hist_tun") $(rows "$hist_ike")"
taken cipSecHistTableSize.0 10
equal "it grows" "10 9" "$(rows "$hist_tun") $(rows "$hist_ike")"

# --- all or nothing ---------------------------------------------------------------------------------------------
put writer cipSecHistTableSize.0 i 7 cipSecTrapCntlIkeNoSa.0 i 1 cipSecFailTableSize.0 i 8
equal "three variables at once" "ok 7 1 8" "$REASON $(value a cipSecHistTableSize.0) $(value a \
	cipSecTrapCntlIkeNoSa.0) $(value a cipSecFailTableSize.0)"
put writer cipSecHistTableSize.0 i 9 cipSecTrapCntlIkeNoSa.0 i 2 cipSecFailTableSize.0 i 33
equal "one of them cannot be: none is" "wrongValue cipSecFailTableSize.0 7 1 8" \
	"$REASON $AT $(value a cipSecHistTableSize.0) $(value a cipSecTrapCntlIkeNoSa.0) $(value a cipSecFailTableSize.0)"
# A test is no promise: the state's directory is taken away between it and the deed. The switch, which is done here,
# fails; the sizes before it have been done by ipsecmond, and are taken back.
mv "$LAB/a/state/agentx.state" "$LAB/a/agentx.state"
mkdir "$LAB/a/state/agentx.state" "$LAB/a/state/agentx.state/in.the.way"
put writer cipSecHistTableSize.0 i 9 cipSecFailTableSize.0 i 9 cipSecTrapCntlIkeNoSa.0 i 2 cipSecHistCheckPoint.0 i 2
equal "one of them fails: what was done is undone" "commitFailed cipSecTrapCntlIkeNoSa.0 7 1 8" \
	"$REASON $AT $(value a cipSecHistTableSize.0) $(value a cipSecTrapCntlIkeNoSa.0) $(value a cipSecFailTableSize.0)"
rm -r "$LAB/a/state/agentx.state"
mv "$LAB/a/agentx.state" "$LAB/a/state/agentx.state"
equal "and no check point was made" 7 "$(rows "$hist_tun")"
equal "what was undone is undone on the disk" "history-size = 7 failure-size = 8" \
	"$(sed 1d "$LAB/a/state/ipsecmond.state" | tr '\n' ' ' | sed 's/ $//')"

# --- the master's time ------------------------------------------------------------------------------------------
# started_between WHAT BEFORE AFTER: the newest IKE SA's start, by a check point; a tick more or less is rounding
started_between() {
	put writer cipSecHistCheckPoint.0 i 2
	walk a "$LAB/a/began" "$FLOW_MIB.1.4.2.1.1.19"     # cikeTunHistStartTime
	local began; began=$(awk '{ gsub(/[()]/, "", $3); if ($3 + 0 > most) most = $3 + 0 } END { print most + 0 }' "$LAB/a/began")
	say "sysUpTime $2, start $began, sysUpTime $3"
	check "$1" test "$2" -le $((began + 1)) -a "$began" -le $(($3 + 1))
}
before=$(uptime)
terminate a --ike ikev1-main
initiate a main
after=$(uptime)
wait_until 5 is a cikeGlobalActiveTunnels.0 3
started_between "a TimeStamp is in the master's time" "$before" "$after"
stop snmpd-a
snmpd_up a
wait_until 15 served a
before=$(uptime)
terminate a --ike ikev1-main
initiate a main
after=$(uptime)
wait_until 5 is a cikeGlobalActiveTunnels.0 3
started_between "after a restart of snmpd, in the new master's time" "$before" "$after"

# --- restarts ---------------------------------------------------------------------------------------------------
stop agentx-a
stop feed-a
check "the control socket goes with its server" test ! -e "$LAB/a/run/control"
rm -r "$LAB/a/run"
feed_up a
wait_until 10 test -s "$(segment a)"
agentx_up a
wait_until 15 is a cipSecGlobalActiveTunnels.0 4
equal "settings outlive it, and the segment" "7 8 1 1" "$(value a cipSecHistTableSize.0) $(value a \
	cipSecFailTableSize.0) $(value a cipSecTrapCntlIkeNoSa.0) $(value a cipSecTrapCntlIpSecNoSa.0)"
stop feed-a KILL
check "one that was killed leaves its socket" test -S "$LAB/a/run/control"
refused "nobody answers" commitFailed cipSecHistTableSize.0 i 3
feed_up a
can() { put writer "$@"; [ "$REASON" = ok ]; }
wait_until 10 can cipSecHistTableSize.0 i 5
taken cipSecHistTableSize.0 6
# One that does not answer is not waited for, and the master does not lose patience with us.
kill -STOP "${PID[feed-a]}"
connects=$(grep -c "connected to the SNMP master" "$LAB/agentx-a.log")
began=$(lab_ms)
refused "ipsecmond hangs" commitFailed cipSecFailTableSize.0 i 3
refused "ipsecmond hangs, two sizes" commitFailed cipSecFailTableSize.0 i 3 cipSecHistTableSize.0 i 3
say "that took $(($(lab_ms) - began)) ms"
kill -CONT "${PID[feed-a]}"
wait_until 5 can cipSecTrapCntlIkeNoSa.0 i 1
wait_until 5 grep -q "a request was taken back" "$LAB/feed-a.log"
equal "and what it was asked meanwhile is not done late" "8 6" \
	"$(value a cipSecFailTableSize.0) $(value a cipSecHistTableSize.0)"
equal "the master has kept the session" "$connects" "$(grep -c "connected to the SNMP master" "$LAB/agentx-a.log")"
taken cipSecFailTableSize.0 8

stop agentx-a
echo 'this is no setting' >> "$LAB/a/state/agentx.state"
agentx_up a
wait_until 15 served a
equal "a bad file: defaults" 2 "$(value a cipSecTrapCntlIkeNoSa.0)"
check "it is kept" test -s "$LAB/a/state/agentx.state.bad"
check "and told of" grep -q "agentx.state:.*this is not a setting" "$LAB/agentx-a.log"

# --- destroy ----------------------------------------------------------------------------------------------------
tunnel=$(index_of a tunnel net2) ike=$(index_of a ike ikev2-v6)
refused "destroy, when it is off" notWritable "cipSecTunStatus.$tunnel" i 2
refused "destroy an IKE SA, when it is off" notWritable "cikeTunStatus.$ike" i 2
stop agentx-a
configure a "$CAPACITY
allow-destroy = true"
agentx_up a
wait_until 15 served a
refused "ipsecmond has it off" commitFailed "cipSecTunStatus.$tunnel" i 2
# clear WORD...: the exit status of `ipsecmon clear crypto session'
clear() { in_ns a "$IPSECMON" -c "$LAB/a/ipsecmon.conf" clear crypto session "$@" > "$LAB/clear.log" 2>&1; echo $?; }
equal "clear, when ipsecmond has it off" 4 "$(clear group ikev2)"
stop feed-a
feed_up a
wait_until 10 is a cipSecGlobalActiveTunnels.0 4
wait_until 10 is a cipSecTunStatus."$tunnel" 1
before=$(witness a tsv | grep -v net2 | awk '{ print $1, $2, $3 }')
refused "active" wrongValue "cipSecTunStatus.$tunnel" i 1
refused "0" wrongValue "cipSecTunStatus.$tunnel" i 0
refused "a string" wrongType "cipSecTunStatus.$tunnel" s destroy
refused "no such tunnel" noCreation cipSecTunStatus.9999 i 2
refused "no such IKE SA" noCreation cikeTunStatus.9999 i 2
refused "a tunnel and what cannot be" wrongValue "cipSecTunStatus.$tunnel" i 2 cipSecHistTableSize.0 i 0
check "it is there" up a child net2
put writer "cipSecTunStatus.$tunnel" i 2 cipSecHistTableSize.0 i 5
equal "destroy a tunnel, and set a size" "ok 5" "$REASON $(value a cipSecHistTableSize.0)"
wait_until 5 gone a child net2
wait_until 5 is a cipSecTunStatus."$tunnel" "No Such Instance currently exists at this OID"
equal "the others are as they were" "$before" "$(witness a tsv | grep -v net2 | awk '{ print $1, $2, $3 }')"
equal "in the MIB, too" 3 "$(value a cipSecGlobalActiveTunnels.0)"
refused "once more" noCreation "cipSecTunStatus.$tunnel" i 2
equal "clear sessions that are not there" 3 "$(clear username nobody)"
put writer "cikeTunStatus.$ike" i 2
equal "destroy an IKE SA" ok "$REASON"
wait_until 5 gone a ike ikev2-v6
wait_until 5 is a cikeTunStatus."$ike" "No Such Instance currently exists at this OID"
equal "its tunnel has gone with it" 2 "$(value a cipSecGlobalActiveTunnels.0)"
check "net is there" up a child net
check "main is there" up a child main
# While it is being rekeyed, a tunnel has two CHILD_SAs; the old one stays for a while on the other side.
tunnel=$(index_of a tunnel net)
rekey_child a net
put writer "cipSecTunStatus.$tunnel" i 2
equal "destroy a tunnel that was just rekeyed" ok "$REASON"
wait_until 10 gone a child net
equal "clear the sessions of a group" 0 "$(clear group ikev2)"
wait_until 5 gone a ike ikev2
check "which says so" grep -q '^session [0-9]* closed: ' "$LAB/clear.log"
check "and leaves the others" up a child main
# Charon is away: what is held is not destroyed, for a new charon gives the same unique ids to others.
tunnel=$(index_of a tunnel main)
charon_kill9 a
refused "charon is away" commitFailed "cipSecTunStatus.$tunnel" i 2
equal "destroy and a size, that fails: the size is as it was" 5 "$(put writer cipSecHistTableSize.0 i 4 \
	"cipSecTunStatus.$tunnel" i 2; value a cipSecHistTableSize.0)"

# --- without privilege --------------------------------------------------------------------------------------------
# agent_as GID: ipsecmon-agentx as nobody, in this group only
agent_as() {
	stop agentx-a
	start a agentx-a setpriv --reuid=nobody --regid="$1" --clear-groups "$IPSECMON_AGENTX" -f -c "$LAB/a/ipsecmon.conf"
}
stop feed-a
rm -r "$LAB/a/run" "$LAB/a/state"
chmod 0711 "$LAB" "$LAB/a"
configure a "$CAPACITY
group = daemon"
feed_up a
wait_until 10 test -S "$LAB/a/run/control"
rm -r "$LAB/a/state"            # ipsecmond has saved its indexes there
equal "the segment and the socket are for the group" "640 daemon 660 daemon 750 daemon" \
	"$(stat -c '%a %G' "$(segment a)" "$LAB/a/run/control" "$LAB/a/run" | tr '\n' ' ' | sed 's/ $//')"
agent_as daemon
wait_until 15 served a
equal "who is in the group sees it" 2 "$(value a cipSecTrapCntlIkeNoSa.0)"
refused "there is no directory to keep a switch in" commitFailed cipSecTrapCntlIkeNoSa.0 i 1
check "and this is told" grep -q "agentx.state: cannot save settings" "$LAB/agentx-a.log"
taken cipSecHistTableSize.0 9
equal "ipsecmond has made it, for the group" "770 daemon" "$(stat -c '%a %G' "$LAB/a/state")"
taken cipSecTrapCntlIkeNoSa.0 1
agent_as nogroup
wait_until 15 is a cipSecTrapCntlIkeNoSa.0 2
refused "who is not sees nothing" noCreation cipSecHistTableSize.0 i 8
refused "and keeps nothing" commitFailed cipSecTrapCntlIkeNoSa.0 i 1

story_end
