#!/bin/bash
# A real Zabbix, with the template in contrib/zabbix as it is, polls a gateway: configured tunnels, IKE peers and live tunnels
# are found by themselves; values are what charon says; a rekey and a dial leave items and their history; whatever breaks
# raises one alarm, and that one goes away again; notifications arrive. A browser shows the dashboard: zabbix-dashboard.png
# in the current directory.
# shellcheck source-path=SCRIPTDIR source=../lab/gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/../lab/gateway.sh"
# shellcheck source=zabbix/zabbix.sh
. "$(dirname "${BASH_SOURCE[0]}")/zabbix/zabbix.sh"
need root tun ip nft swanctl python3 snmpd snmptrapd snmpget snmpset "$CHARON" "$IPSECMON_ENGINE" "${ZABBIX_NEEDS[@]}"
here=$PWD
lab_begin
# shellcheck disable=SC2034     # it is gateway.sh's
TRAPS=1
OWN=1.3.6.1.4.1.8072.9999.9999
TEMPLATE=$srcdir/contrib/zabbix/ipsecmon.yaml
TUNNELS=(ikev2/net ikev2/net2 ikev1-main/main)
INTERVAL=1              # seconds; the template has a minute

# ---- What Zabbix knows --------------------------------------------------------------------------------------------

# items OUTPUT PATTERN: of the items whose keys match, a line each; OUTPUT is jq's
items() {
	api item.get "$(jq -n --arg host "$HOST" '{hostids: [$host], output: "extend", sortfield: "key_"}')" |
		jq -r --arg pattern "$2" ".[] | select(.key_ | test(\$pattern)) | $1"
}
# shown KEY: its last value; nothing when there is none, or the item is not supported
shown() {
	api item.get "$(jq -n --arg host "$HOST" --arg key "$1" '{hostids: [$host], filter: {key_: $key}, output: "extend"}')" |
		jq -r '.[] | select(.state == "0" and .lastclock != "0") | .lastvalue'
}
shows() { [ "$(shown "$1")" = "$2" ]; }
tunnel() { printf 'ipsecmon.tunnel.%s[%s]' "$1" "$2"; }
all_have_values() {
	local tunnel
	for tunnel in "${TUNNELS[@]}"; do [ -n "$(shown "$(tunnel in.octets "$tunnel")")" ] || return 1; done
}

# problems: the names of those that are, a line each
problems() { api problem.get "{\"hostids\": [\"$HOST\"], \"output\": [\"name\"]}" | jq -r '.[].name' | sort; }
no_problems() { [ -z "$(problems)" ]; }
# raised: the names of all alarms that were raised since the last `quiet', a line each
raised() {
	api event.get "{\"hostids\": [\"$HOST\"], \"value\": 1, \"eventid_from\": \"$((QUIET + 1))\", \"output\": [\"name\"]}" |
		jq -r '.[].name' | sort
}
quiet() { QUIET=$(api event.get '{"output": ["eventid"], "sortfield": "eventid", "sortorder": "DESC", "limit": 1}' | jq -r '.[0].eventid // 0'); }
# rounds N: so many polls have gone by
rounds() {
	local from; from=$(polled)
	wait_until $((INTERVAL * $1 + 30)) polled_until $((from + INTERVAL * $1))
}
polled() { items .lastclock '^ipsecmon.agent.segments$'; }
polled_until() { [ "$(polled)" -ge "$1" ]; }
raised_are() { local now; now=$(raised); printf "raised: %s\n" "$now"; [ "$now" = "$1" ]; }
# one_alarm WHAT NAME COMMAND...: what COMMAND does raises this one, for as long as it is so
one_alarm() {
	local what=$1 name=$2 began; shift 2
	quiet
	began=$(lab_ms)
	"$@"
	wait_until 90 raised_are "$name"    # nodata() is looked at every 30 s only
	say "$what: the alarm came after $(($(lab_ms) - began)) ms"
	sleep 6                 # longer than anything that could raise another one takes, also where nothing is polled any more
	equal "$what: one alarm" "$name" "$(raised)"
	equal "$what: it stays" "$name" "$(problems)"
}
# over WHAT COMMAND...: and it goes away when COMMAND has put it right, without another one
over() {
	local what=$1 before; shift
	before=$(raised)
	"$@"
	wait_until 60 no_problems
	equal "$what: no other alarm" "$before" "$(raised)"
}

# witnessed CHILD: octets and packets of all tunnels of that name, by charon: in, out, in, out
witnessed() {
	local field
	for field in bytes-in bytes-out packets-in packets-out; do witness a get child "$1" $field; done | paste -sd ' '
}
# counted TUNNEL: the same, by Zabbix
counted() {
	local key
	for key in in.octets out.octets in.pkts out.pkts; do shown "$(tunnel $key "$1")"; done | paste -sd ' '
}
agrees() { [ "$(counted "$1")" = "$(witnessed "${1#*/}")" ]; }
# own OID: by SNMP, beside Zabbix
own() { in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpget -v2c -c public -t 2 -r 0 -Oqv 127.0.0.1 "$@"; }

# ---- A gateway, and Zabbix ----------------------------------------------------------------------------------------

gateways_up
connections ikev2 ikev1-main
both_up
establish net main
establish net2
monitor_up a
handler_up "$srcdir/contrib/snmptrapd/to-zabbix $LAB/zabbix/traps"
zabbix_up a

# ---- Three clicks -------------------------------------------------------------------------------------------------

check "the template is imported" zabbix_import "$TEMPLATE"
check "all of it: there is nothing left that an import would change" zabbix_same "$TEMPLATE"
template=$(api template.get '{"filter": {"host": "ipsecmon by SNMP"}}' | jq -r '.[].templateid')
group=$(api hostgroup.create '{"name": "Gateways"}' | jq -r '.groupids[0]')
new_host() {            # new_host NAME STATUS TEMPLATEID...
	jq -n --arg name "$1" --argjson status "$2" --arg group "$group" '{host: $name, $status, groups: [{groupid: $group}],
		interfaces: [{type: 2, main: 1, useip: 1, ip: "127.0.0.1", dns: "", port: "161",
		              details: {version: 2, community: "public", bulk: 1}}],
		templates: ($ARGS.positional | map({templateid: .}))}' --args "${@:3}" | api host.create - | jq -r '.hostids[0]'
}
began=$(lab_ms)
HOST=$(new_host gateway-a 0 "$template")
all_discovered() { [ "$(items .key_ '^ipsecmon.tunnel.state[[]' | wc -l)" = 3 ]; }
# ask UNTIL...: Execute now, again while the server has not heard yet of what it is to ask
ask_now() {
	now "$HOST"
	try_for 3 "$@"
}
wait_until 60 ask_now all_discovered
say "with the template's own intervals and Execute now, the tunnels are there $(($(lab_ms) - began)) ms after the host"
equal "the tunnels are found, by name" "$(printf 'ipsecmon.tunnel.state[%s]\n' "${TUNNELS[@]}" | sort)" \
	"$(items .key_ '^ipsecmon.tunnel.state[[]')"
equal "the IKE peers" "cisco.ike.peer.tunnel[b.ikev1-main.lab of a.ikev1-main.lab]
cisco.ike.peer.tunnel[b.ikev2.lab of a.ikev2.lab]" "$(items .key_ '^cisco.ike.peer.tunnel')"
equal "and the live tunnels" "3" "$(items .key_ '^cisco.ipsec.tunnel.time' | wc -l)"
linux=$(api template.get '{"filter": {"host": ["Linux SNMP", "Linux by SNMP"]}}' | jq -r '.[].templateid')
check "a host may have it beside Zabbix' own template for Linux" test -n "$(new_host both 1 "$template" "$linux")"

# From now on faster than anyone would want. hurry [JSON]: and with these macros
# shellcheck disable=SC2016     # macros are Zabbix'
hurry() {
	jq -n --arg host "$HOST" --arg interval "${INTERVAL}s" --argjson more "${1:-{\}}" '{hostid: $host, macros: ({
		"{$IPSEC.INTERVAL}": $interval, "{$IPSEC.DISCOVERY}": "1h", "{$IPSEC.NODATA.TIME}": "30s",
		"{$IPSECMON.DOWN.TIME}": "4s", "{$IPSECMON.SILENCE.MAX}": "5s", "{$IPSECMON.FEED.AGE.MAX}": "20s",
		"{$IPSECMON.ONEWAY.TIME}": "8s"} + $more | to_entries | map({macro: .key, value}))}' | api host.update - > /dev/null
}
hurry
wait_until 60 ask_now all_have_values

# ---- The values are the gateway's ---------------------------------------------------------------------------------

traffic 10.1.0.1 10.2.0.1 10 1000
traffic 10.1.10.1 10.2.10.1 20 500
traffic 10.1.1.1 10.2.1.1 30 200
for tunnel in "${TUNNELS[@]}"; do
	wait_until 20 agrees "$tunnel"
	pass "octets and packets of $tunnel are charon's: $(counted "$tunnel")"
	equal "it is up, and has never been down" "1 0" "$(shown "$(tunnel state "$tunnel")") $(shown "$(tunnel flaps "$tunnel")")"
done
index=$(index_of a tunnel net)
equal "so they are in the live tunnel of net" "$(witnessed net)" \
	"$(for key in in.octets out.octets in.pkts out.pkts; do shown "cisco.ipsec.tunnel.${key}[$index]"; done | paste -sd ' ')"
equal "the peer's IKE SA" "$(index_of a ike ikev2)" "$(shown 'cisco.ike.peer.tunnel[b.ikev2.lab of a.ikev2.lab]')"
equal "tunnels configured, up and down" "3 3 0" "$(shown ipsecmon.tunnels.configured) $(shown ipsecmon.tunnels.up) $(shown ipsecmon.tunnels.down)"
equal "strongSwan's feed is up" 3 "$(shown ipsecmon.feed.vici)"
left=$(($(shown "$(tunnel lifetime.left ikev2/net)") - $(witness a get child net life-time)))
check "what is left of its lifetime, too, as of the last poll" test $left -ge 0 -a $left -le $((INTERVAL + 3))
equal "what is not known has no value" "" "$(shown "$(tunnel lifesize.left ikev2/net)")"
equal "nothing else is not supported" "$(for tunnel in "${TUNNELS[@]}"; do tunnel lifesize.left "$tunnel"; echo; done | sort)" \
	"$(items 'select(.state == "1") | .key_' . | sort)"
# ---- How few requests that takes ----------------------------------------------------------------------------------

# Of all values, with some traffic meanwhile.
start a ping-net ping -q -n -i 0.1 -s 1000 -I 10.1.0.1 10.2.0.1
start a ping-net2 ping -q -n -i 0.2 -s 600 -I 10.1.10.1 10.2.10.1
start a ping-main ping -q -n -i 0.05 -s 300 -I 10.1.1.1 10.2.1.1
in_ns a nft 'add table inet asked; add chain inet asked in { type filter hook input priority 0; }
	add rule inet asked in udp dport 161 counter'
asked() { in_ns a nft list table inet asked | sed -n 's/.*counter packets \([0-9]*\).*/\1/p'; }
rounds 8                # Zabbix tries how many values fit into a request
before=$(asked) from=$(polled)
rounds 10
after=$(asked) until=$(polled)
in_ns a nft delete table inet asked
for name in ping-net ping-net2 ping-main; do stop $name INT; done
for tunnel in "${TUNNELS[@]}"; do wait_until 20 agrees "$tunnel"; done
pass "octets and packets are charon's again"
values=$(items .snmp_oid . | grep -c '[0-9]')
per_round=$(awk "BEGIN { printf \"%.1f\", ($after - $before) / (($until - $from) / $INTERVAL) }")
say "$values values by SNMP take $per_round requests a round"
check "many values go into one request" awk "BEGIN { exit !($per_round * 20 < $values) }"

# ---- A rekey, and a tunnel that goes down and comes up --------------------------------------------------------------

ids() { items .itemid '^ipsecmon.tunnel|^cisco.ike.peer' | sort; }
ids > "$LAB/ids"
octets=$(shown "$(tunnel out.octets ikev2/net)")
quiet
rekey_child a net
rekey_ike a ikev2
traffic 10.1.0.1 10.2.0.1 10 1000
wait_until 20 shows "$(tunnel out.octets ikev2/net)" $((octets + 10280))
pass "through rekeys of the tunnel and its IKE SA the count goes on"
wait_until 10 shows "$(tunnel rekeys ikev2/net)" 1
equal "the items are the same" "$(cat "$LAB/ids")" "$(ids)"
equal "nothing is an alarm" "" "$(raised)"

check "notifications are switched on" in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpset -v2c -c private -t 5 127.0.0.1 \
	$OWN.1.7.1.0 i 1 $OWN.1.7.2.0 i 1 $FLOW_MIB.1.6.8.0 i 1
# shellcheck disable=SC2016     # the macro is Zabbix'
OWN_TRAPS='snmptrap["{$IPSECMON.OID}\.0\.[12]\b|ipsecmonTunnel(Down|Up)\b"]'
FLOW_TRAPS='snmptrap["1\.3\.6\.1\.4\.1\.9\.9\.171\.2\.0\.[0-9]+|MIB::(cike|cipSec)[A-Z]"]'
trap_says() { [[ "$(shown "$1")" =~ $2 ]]; }
octets=$(shown "$(tunnel out.octets ikev1-main/main)")
one_alarm "a tunnel is terminated" "IPsec: Tunnel ikev1-main/main: Down, operator (4)" terminate a --child main
equal "the alarm says what is so now" "Current state: down (2), reason: operator (4)" \
	"$(api problem.get "{\"hostids\": [\"$HOST\"], \"output\": [\"opdata\"]}" | jq -r '.[].opdata')"
equal "state, why, and how often" "2 4 1" \
	"$(for key in state down.reason flaps; do shown "$(tunnel $key ikev1-main/main)"; done | paste -sd ' ')"
equal "of all" "3 2 1" "$(for key in configured up down; do shown "ipsecmon.tunnels.$key"; done | paste -sd ' ')"
wait_until 10 trap_says "$OWN_TRAPS" '^ikev1-main/main is down: operator'
pass "its notification came: $(shown "$OWN_TRAPS")"
wait_until 10 trap_says "$FLOW_TRAPS" cipSecTunnelStop
pass "and the one of CISCO-IPSEC-FLOW-MONITOR-MIB"
dashboard=$(api templatedashboard.get "{\"templateids\": [\"$template\"]}" | jq -r '.[0].dashboardid')
check "a browser shows the dashboard" \
	picture "zabbix.php?action=host.dashboard.view&hostid=$HOST&dashboardid=$dashboard&from=now-3m&to=now" "$here/zabbix-dashboard.png"
over "it is dialled again" initiate a main
wait_until 10 trap_says "$OWN_TRAPS" '^ikev1-main/main is up$'
pass "its notification came"
traffic 10.1.1.1 10.2.1.1 10 1000
wait_until 20 shows "$(tunnel out.octets ikev1-main/main)" $((octets + 10280))
pass "the count goes on"
equal "the items are the same" "$(cat "$LAB/ids")" "$(ids | grep -Fxf "$LAB/ids")"

# ---- One that comes and goes ----------------------------------------------------------------------------------------

flap() {
	for _ in 1 2 3; do
		terminate a --child net2
		initiate a net2
	done
}
one_alarm "it went down three times" "IPsec: Tunnel ikev2/net2: Flapping (down 3 times or more in 1h)" flap
# shellcheck disable=SC2016
over "that tunnel may" hurry '{"{$IPSECMON.FLAPS.MAX:\"ikev2/net2\"}": "100"}'

# ---- Traffic one way ------------------------------------------------------------------------------------------------

# ESP in UDP; IKE has four octets of 0 there, and may pass.
halt() {
	in_ns a nft 'add table inet halt; add chain inet halt in { type filter hook input priority 0; }
		add rule inet halt in udp dport 4500 @th,64,32 != 0 drop'
	start a ping ping -q -n -i 0.2 -I 10.1.0.1 10.2.0.1
}
unhalt() { in_ns a nft delete table inet halt; }
one_alarm "ESP is dropped on its way here" "IPsec: Tunnel ikev2/net: Traffic one way only (for 8s)" halt
over "it is let through" unhalt
stop ping INT

# ---- What breaks raises one alarm, not one for each tunnel ------------------------------------------------------------

one_alarm "strongSwan is stopped" "ipsecmon: strongSwan does not answer (feed vici is not up)" charon_down a
feed_is_up() { [ "$(feed_says a state)" = up ]; }
restart() { charon_up a; load a; wait_until 15 feed_is_up; establish net main; establish net2; }
over "it is there again" restart
one_alarm "ipsecmond is stopped" "ipsecmon: ipsecmond is silent (for more than 5s)" stop feed-a
over "it runs again" feed_up a
one_alarm "ipsecmon-agentx is stopped" "ipsecmon: Agent does not answer (in two polls, and snmpd does)" stop agentx-a
over "it runs again" agentx_up a
one_alarm "snmpd is stopped" "IPsec: No SNMP data collection (no data for 30s)" stop snmpd-a
# The agent tries every 5 s; at the pace of this story that would be an alarm of its own.
both_again() {
	stop agentx-a
	snmpd_up a
	wait_until 10 test -S "$LAB/a/agentx"
	agentx_up a
}
over "it runs again" both_again
equal "through all of this the items are the same" "$(cat "$LAB/ids")" "$(ids | grep -Fxf "$LAB/ids")"

# ---- Packets that are replayed, late, and tampered with ---------------------------------------------------------------
# Of another gateway, in the place of this one: an ipsecmon-engine, whose peer harms some packets on purpose.

monitor_down a
lab_quiet "a host that is not polled any more" api host.update "$(jq -n --arg host "$HOST" '{hostid: $host, status: 1}')"
harmed_up 40000 500
HOST=$(new_host east 0 "$template")
TUNNELS=(wan/branch wan/voice)
# shellcheck disable=SC2016
hurry '{"{$IPSEC.RATE.TIME}": "20s", "{$IPSEC.REPLAY.MAX}": "0.5", "{$IPSECMON.ONEWAY.ALARM}": "0"}'
wait_until 60 ask_now all_have_values
wait_until 60 raised_are "IPsec: Tunnel wan/branch: Failed authentication (over 0.1 packets a second for 20s)
IPsec: Tunnel wan/branch: Replayed packets (over 0.5 a second for 20s)
IPsec: Tunnel wan/voice: Replayed packets (over 0.5 a second for 20s)"
pass "three alarms"
stop engine-west        # then packets go one way only, which is no alarm here
equal "engine-west ends well" 0 "$STATUS"
wait_until 60 no_problems
pass "and none when nobody harms packets any more"
harmed_down
for name in zabbix zabbix-web snmptrapd; do stop $name TERM 20; done
stop postgres INT 20
story_end
