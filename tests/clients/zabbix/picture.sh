#!/bin/bash
# doc/zabbix-dashboard.png: the dashboard in a real Zabbix, at the template's own intervals, after an hour of traffic that
# changes. Two tunnels are strongSwan's, one is of an ipsecmon-engine whose peer harms packets; near the end madrid's
# peer closes its tunnel. It takes as long as it says, so it is no suite.
#
#     tests/clients/zabbix/picture.sh FILE [MINUTES]
#
# shellcheck source-path=SCRIPTDIR source=../../lab/gateway.sh disable=SC2034
. "$(dirname "${BASH_SOURCE[0]}")/../../lab/gateway.sh"
# shellcheck source=zabbix.sh
. "$(dirname "${BASH_SOURCE[0]}")/zabbix.sh"
[ $# -ge 1 ] || { echo "usage: $0 FILE [MINUTES]" >&2; exit 2; }
need root tun ip ping swanctl python3 snmpd snmptrapd snmpset "$CHARON" "$IPSECMON_ENGINE" "${ZABBIX_NEEDS[@]}"
file=$(realpath "$1") minutes=${2:-60}
lab_begin
TRAPS=1 POLL=5
OWN=1.3.6.1.4.1.8072.9999.9999
STEPS=(3 4 6 9 14 12 10 16 22 18 11 7 8 13 19 15 9 6 5 4)      # packets a second, one after the other
LAST=18                 # steps before madrid's tunnel goes down
step=$((minutes * 60 / ${#STEPS[@]}))

# connection NAME NET: with a child `office', of both gateways
connection() {
	local node me=1
	for node in a b; do
		tweak $node "connections { $1 : lab-defaults { version = 2
			local_addrs = 10.9.$2.$me
			remote_addrs = 10.9.$2.$((3 - me))
			local { auth = psk }
			remote { auth = psk }
			children { office : lab-child-defaults { local_ts = 10.$me.$2.0/24
			                                         remote_ts = 10.$((3 - me)).$2.0/24 } } } }"
		me=2
	done
}

# lisbon_up: an engine beside ipsecmond, with a tunnel of its own. Some packets that come in are replayed, always; for a
# sixth of the time more of them are, and some are tampered with.
lisbon_up() {
	local end seconds=$((minutes * 60))
	lab_quiet "two engines" "$srcdir/contrib/engine-pair" "$LAB"
	mkdir -p "$LAB/west"
	for end in west east; do
		awk -v RS= 'NR == 1 || /^tunnel branch/ { print; print "" }' "$LAB/$end.conf" |
			sed '/^generator/,/^}/d; /soft-packets/d; s/first-index = 1 }/}/; s/\(endpoint.*\)wan/\1lisbon/
				s,run-dir = "[^"]*/east",run-dir = "'"$LAB"'/a/run",' > "$LAB/$end.new"
		cat >> "$LAB/$end.new" <<-CONF
		generator steady { tunnel = branch
		    rate = 8
		    $([ $end = east ] || echo 'replay = 60')
		}
		generator rush { tunnel = branch
		    rate = 12
		    delay = $((seconds / 2))
		    packets = $((seconds * 2))
		    $([ $end = east ] || printf 'replay = 25\ntamper = 200')
		}
		CONF
		mv "$LAB/$end.new" "$LAB/$end.conf"
		start a "engine-$end" "$IPSECMON_ENGINE" -f -c "$LAB/$end.conf"
	done
	wait_until 10 test -s "$LAB/a/run/engine.model"
}

# traffic_at PACKETS: a second in berlin's tunnel, and fewer in madrid's, from now on
traffic_at() {
	local name
	for name in ping-berlin ping-madrid; do [ -z "${PID[$name]:-}" ] || stop $name INT; done
	start a ping-berlin ping -q -n -i "$(awk "BEGIN { print 1 / $1 }")" -s 1000 -I 10.1.0.1 10.2.0.1
	start a ping-madrid ping -q -n -i "$(awk "BEGIN { print 3 / (3 + $1) }")" -s 600 -I 10.1.1.1 10.2.1.1
}

gateways_up
connections
connection berlin 0
connection madrid 1
for node in a b; do tweak $node 'secrets { ike { secret = "not a secret, a lab" } }'; done
both_up
initiate a office berlin
initiate a office madrid
mkdir -p "$LAB/a/run"
configure a
lisbon_up
monitor_up a
handler_up "$srcdir/contrib/snmptrapd/to-zabbix $LAB/zabbix/traps"
lab_quiet "notifications" in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpset -v2c -c private -t 5 127.0.0.1 \
	$OWN.1.7.1.0 i 1 $OWN.1.7.2.0 i 1
zabbix_up a
zabbix_import "$srcdir/contrib/zabbix/ipsecmon.yaml" || die "the template"
template=$(api template.get '{"filter": {"host": "ipsecmon by SNMP"}}' | jq -r '.[].templateid')
group=$(api hostgroup.create '{"name": "Gateways"}' | jq -r '.groupids[0]')
HOST=$(jq -n --arg group "$group" --arg template "$template" '{host: "vpn-gateway", groups: [{groupid: $group}],
	interfaces: [{type: 2, main: 1, useip: 1, ip: "127.0.0.1", dns: "", port: "161",
	              details: {version: 2, community: "public", bulk: 1}}],
	templates: [{templateid: $template}]}' | api host.create - | jq -r '.hostids[0]')
for ((at = 0; at < ${#STEPS[@]}; at++)); do
	[ $at != $LAST ] || terminate b --ike madrid
	traffic_at "${STEPS[at]}"
	sleep $step
done
say "$(api problem.get "{\"hostids\": [\"$HOST\"], \"output\": [\"name\", \"opdata\"]}")"
dashboard=$(api templatedashboard.get "{\"templateids\": [\"$template\"]}" | jq -r '.[0].dashboardid')
check "a browser shows the dashboard" \
	picture "zabbix.php?action=host.dashboard.view&hostid=$HOST&dashboardid=$dashboard&from=now-${minutes}m&to=now" "$file"
story_end
