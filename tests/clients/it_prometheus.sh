#!/bin/bash
# What contrib/prometheus has, with Debian's own prometheus-snmp-exporter, prometheus and prometheus-alertmanager: the
# exporter's modules are what its generator makes of our MIBs and agree with the published ones; what it scrapes is
# what a walk says; Prometheus has what the command line shows, through rekeys; each panel of the dashboard has data;
# each of a tunnel, charon, ipsecmond, ipsecmon-agentx and snmpd that goes away raises the one alarm that is meant for
# it; and drops, of an ipsecmon-engine, raise theirs. TUNNELS in the environment is how many there are at the end.
# shellcheck source-path=SCRIPTDIR source=../lab/gateway.sh disable=SC2317     # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/../lab/gateway.sh"
need root tun ip ping swanctl openssl python3 unshare snmpd snmpbulkwalk curl prometheus promtool \
	prometheus-snmp-exporter prometheus-snmp-generator prometheus-alertmanager amtool "$CHARON" "$IPSECMON_ENGINE" "$SYNTH"
/usr/bin/python3 -c 'import yaml' 2> /dev/null || skip "no python3-yaml"
lab_begin
lab_python=/usr/bin/python3    # which has Debian's python3-yaml
# shellcheck disable=SC2034     # it is gateway.sh's
HOLD=3
FILES=$srcdir/contrib/prometheus
DASHBOARD=$FILES/grafana/ipsec-gateways.json
SERVER=http://127.0.0.1:9090 ALERTMANAGER=http://127.0.0.1:9093 EXPORTER=http://127.0.0.1:9116
about() { in_ns a "$lab_python" "$srcdir/tests/clients/prometheus.py" "$@"; }

# ---- The files ------------------------------------------------------------------------------------------------------

mkdir "$LAB/files"
made=$builddir/mibs
[ -e "$made/IPSECMON-MIB.txt" ] || made=$srcdir/mibs
check "the exporter's configuration is made" env HOME=/nonexistent SNMP_PERSISTENT_DIR="$LAB/files" \
	MIBDIRS="$made:$srcdir/mibs:$srcdir/mibs/base" "$FILES/generate" "$LAB/files/made"
"$FILES/layout-0.23" "$FILES/snmp.yml" > "$LAB/files/snmp-0.23.yml"
# shipped FILE: it, as this exporter wants it
if [ -e "$LAB/files/made/snmp.yml" ]; then
	check "snmp.yml is what the generator makes" diff "$FILES/snmp.yml" "$LAB/files/made/snmp.yml"
	shipped() { printf '%s' "$1"; }
else
	check "snmp.yml has what the generator makes" "$lab_python" "$srcdir/tests/clients/prometheus.py" modules \
		"$FILES/snmp.yml" "$LAB/files/made/snmp-0.23.yml"
	shipped() { "$FILES/layout-0.23" "$1" > "$LAB/files/made/${1##*/}" && printf '%s' "$LAB/files/made/${1##*/}"; }
fi
declare -A AUTH=([ipsecmon]=ipsecmon_v3 [cisco_ipsec]=public_v2 [cisco_ipsec_v6]=public_v2)        # which 0.21 does not read
for command in "exporter $FILES/snmp.yml" "layouts $FILES/snmp.yml $LAB/files/snmp-0.23.yml" \
	"dashboard $DASHBOARD" "provisioning $FILES/grafana"; do
	# shellcheck disable=SC2086     # two or three words
	check "well made: ${command//"$FILES/"/}" "$lab_python" "$srcdir/tests/clients/prometheus.py" $command
done
# readme COMMAND: the line of README.md that begins so, with its arguments
readme() { sed -n "s/^    \($1 .*\)/\1/p" "$FILES/README.md"; }
edited() {              # edited FILE COMMAND: a copy of snmp.yml as README.md edits it
	cp "$FILES/snmp.yml" "$LAB/files/$1" && ( cd "$LAB/files" && eval "${2/%snmp.yml/$1}" )
}
check "IPSECMON-MIB elsewhere, as README.md says" \
	edited moved.yml "$(readme sed | sed -n 's/\/OID\//\/1.3.6.1.4.1.32473\//p')"
equal "nothing of it has stayed" "0 $(grep -o 8072.9999.9999 "$FILES/snmp.yml" | wc -l)" \
	"$(grep -c 8072 "$LAB/files/moved.yml") $(grep -o '1\.4\.1\.32473' "$LAB/files/moved.yml" | wc -l)"
moved_runbooks() {
	( cd "$LAB/files" && cp "$FILES/alerts.yml" . && eval "$(readme sed | sed -n 's/,URL,/,https:\/\/wiki.test,/p')" ) &&
		! grep -q 'ipsecmon[.]example' "$LAB/files/alerts.yml" && grep -q 'https://wiki.test/alerts.md#' "$LAB/files/alerts.yml"
}
check "runbooks elsewhere, as README.md says" moved_runbooks
check "without drops by reason, as README.md says" edited no-drops.yml "$(readme sed | tail -n 1)"
cp "$FILES"/{alerts,rules,alertmanager}.yml "$srcdir"/tests/clients/prometheus_{alerts,rules}.yml "$LAB/files/"
check "alerts.yml, rules.yml" promtool check rules "$LAB/files/alerts.yml" "$LAB/files/rules.yml"
check "each alert is raised when it must be, and not else" promtool test rules "$LAB/files/prometheus_alerts.yml"
check "each alert is tested" test -z "$(comm -23 <(sed -n 's/^ *- alert: //p' "$FILES/alerts.yml" | sort -u) \
	<(sed -n 's/^ *alertname: //p' "$LAB/files/prometheus_alerts.yml" | sort -u))"
check "each rule makes what it should of the exporter's metrics" promtool test rules "$LAB/files/prometheus_rules.yml"
RULES=$(sed -n 's/^ *- record: //p' "$FILES/rules.yml")
check "each rule is tested" test -z "$(comm -23 <(sort <<< "$RULES") <(grep -o 'expr: ipsec[a-z_]*' "$LAB/files/prometheus_rules.yml" |
	cut -c 7- | sort -u))"
check "README.md has each of them, and no other" \
	diff <(sort <<< "$RULES") <(grep -oE '^\| `ipsec_.*' "$FILES/README.md" | cut -d '|' -f 2 | grep -oE 'ipsec_[a-z_]+' | sort)
check "alertmanager.yml" amtool check-config "$LAB/files/alertmanager.yml"

# ---- A gateway with nine tunnels that are up, and one that is down -------------------------------------------------

gateways_up
connections "${ALL_CONNECTIONS[@]}" nobody
both_up
monitor_up a
all_up
traffic "${SRC[net]}" "${DST[net]}" 40 500
traffic "${SRC[4in6]}" "${DST[4in6]}" 20 500
with_user() {           # with_user NODE: who contrib/snmpd/ipsecmon.conf has
	printf '%s\n' 'createUser ipsecmon SHA-256 "auth passphrase" AES "privacy passphrase"' 'rouser ipsecmon priv' \
		>> "$LAB/$1/snmpd.conf"
	kill -HUP "${PID[snmpd-$1]}"
	wait_until 20 served "$1"
}
with_user a

# What is shipped, faster, and with the addresses of here.
sed -E 's/for: [0-9]+m/for: 1s/; s/> 30$/> 3/' "$FILES/alerts.yml" |
	sed -E '/Drop/s/> (1|0\.1)$/> 0.01/' > "$LAB/files/ipsecmon.yml"
cp "$FILES/rules.yml" "$LAB/files/ipsecmon-rules.yml"
sed -E 's/(scrape_interval|scrape_timeout): .*/\1: 1s/; s/\[192\.0\.2\.1(, 198\.51\.100\.1)?\]/[127.0.0.1]/
	1i global: {evaluation_interval: 1s}' "$FILES/prometheus.yml" > "$LAB/files/prometheus.yml"
sed -E 's/group_(wait|interval): .*/group_\1: 1s/' "$FILES/alertmanager.yml" > "$LAB/files/am.yml"
check "prometheus.yml" promtool check config "$LAB/files/prometheus.yml"
exporter_up() {         # exporter_up NODE [CONFIG]
	start "$1" "exporter-$1" prometheus-snmp-exporter --config.file="$(shipped "${2:-$FILES/snmp.yml}")" \
		--web.listen-address=127.0.0.1:9116
	wait_until 10 in_ns "$1" curl -sf "$EXPORTER/metrics" -o /dev/null
}
exporter_up a
start a alertmanager prometheus-alertmanager --config.file="$LAB/files/am.yml" --storage.path="$LAB/files/alertmanager" \
	--cluster.listen-address= --web.listen-address=127.0.0.1:9093
start a prometheus prometheus --config.file="$LAB/files/prometheus.yml" --storage.tsdb.path="$LAB/files/tsdb" \
	--web.listen-address=127.0.0.1:9090 --log.level=warn
wait_until 20 in_ns a curl -sf "$SERVER/-/ready" -o /dev/null

value_is() { [ "$(about value "$SERVER" "$1")" = "$2" ]; }          # value_is EXPRESSION VALUE
raised() { about active "$ALERTMANAGER" "${1:-active}" | sort | paste -sd ';'; }    # raised [suppressed]
raised_is() { local now; now=$(raised); [ "$now" = "$1" ] || { echo "$now"; false; }; }
# alarm WHAT ALARMS: Alertmanager comes to tell of these and no other
alarm() { wait_until 40 raised_is "$2"; pass "$1: $2"; }
wait_until 20 value_is 'sum(up)' 2
wait_until 20 value_is ipsecmonSegmentUp 9

# ---- What is scraped is right ---------------------------------------------------------------------------------------

# same NODE MODULE OID: what the exporter says now, against walks before and behind
same() {
	local file=$LAB/$1/$2
	walk_all "$1" "$file-walk" "$3" && in_ns "$1" curl -sf "$EXPORTER/snmp?target=127.0.0.1&module=$2&auth=${AUTH[$2]}" > "$file-text" &&
		walk_all "$1" "$file-later" "$3" && about scraped "$file-text" "$FILES/snmp.yml" "$2" "$file-walk" "$file-later"
}
walk_all() {            # walk_all NODE FILE OID,OID...: all of them in one file
	local oid
	: > "$2"
	for oid in ${3//,/ }; do walk "$1" "$2-part" "$oid" && cat "$2-part" >> "$2" || return; done
}
OWN=1.3.6.1.4.1.8072.9999.9999,1.3.6.1.4.1.9.9.392      # of module ipsecmon
cost() {                # cost NODE MODULE: of what was scraped last
	sed -n 's/^snmp_scrape_\(packets_sent\|pdus_returned\|duration_seconds\) /\1 /p' "$LAB/$1/$2-text" | paste -sd ' '
	printf 'series %d\n' "$(grep -vc '^#\|^snmp_scrape' "$LAB/$1/$2-text")"
}
for module in "ipsecmon $OWN" "cisco_ipsec $FLOW_MIB" "cisco_ipsec_v6 $FLOW_MIB"; do
	try_for 5 same a "${module% *}" "${module#* }"   # a poll of ipsecmond after the last packet
	check "all that module ${module% *} scrapes is what walks say" same a "${module% *}" "${module#* }"
	say "${module% *}, 9 tunnels up: $(cost a "${module% *}" | paste -sd ' ')"
done
same_as_shown() {
	cli a show crypto map --json > "$LAB/a/maps" && about tunnels "$SERVER" "$LAB/a/maps"
}
wait_until 20 same_as_shown
pass "Prometheus has what show crypto map says of all ten"
NET='{ipsecmonTunnelChild="net"}'
# What recording rules have of it: names, and what is 1/100 s, octets or 1024 of them in the MIB.
recorded() { [ "$(about value "$SERVER" "$1")" = "$(about value "$SERVER" "$2")" ]; }
wait_until 20 recorded 'ipsec_tunnel_up{connection="ikev2", child="net"}' "ipsecmonTunnelOperStatus{ipsecmonTunnelChild=\"net\", ipsecmonTunnelOperStatus=\"up\"}"
wait_until 20 recorded 'sum(ipsec_tunnel_transmit_bytes_total{connection="ikev2"})' 'sum(ipsecmonTunnelOutOctets{ipsecmonTunnelName="ikev2"})'
# charon knows no drops of tunnels, and no volume that is left. There are no remote users here.
for rule in $RULES; do
	case $rule in *_drops_total | *_volume_left_bytes | ipsec_pool_* | ipsec_group_*) expected=0 ;; *) expected=1 ;; esac
	equal "rule $rule has values: $expected" $expected "$(about value "$SERVER" "clamp_max(count($rule), 1) or vector(0)")"
done
equal "packets of the tunnel" 40 "$(about value "$SERVER" "ipsecmonTunnelOutPkts$NET")"
rekey_child a net
traffic "${SRC[net]}" "${DST[net]}" 30 500
wait_until 20 value_is "ipsecmonTunnelRekeys$NET" 1
wait_until 20 value_is "ipsecmonTunnelOutPkts$NET" 70
for metric in ipsecmonTunnel{In,Out}{Octets,Pkts} cipSecTunHc{In,Out}Octets cipSecTun{In,Out}Pkts; do
	equal "no $metric has gone back through the rekey" 0 "$(about value "$SERVER" "sum(resets(${metric}[5m]))")"
done

# ---- The dashboard --------------------------------------------------------------------------------------------------

# charon, which does ESP here, knows no drops of tunnels, and without ikewatch nobody counts IKE messages.
panels() {
	about panels "$DASHBOARD" "$SERVER" "Drops by reason" "Drops by tunnel" "IKE messages" "Users by group" "Pools in use"
}
wait_until 20 panels
pass "each panel has data"

# ---- One alarm for each cause ---------------------------------------------------------------------------------------

NOBODY="IpsecTunnelDown nobody"
alarm "a tunnel that has never been up" "$NOBODY"
terminate a --ike encap
alarm "a tunnel goes down" "IpsecTunnelDown encap;$NOBODY"
ENCAP='{ipsecmonTunnelChild="encap", ipsecmonTunnelDownReason="operator", alertstate="firing"}'
equal "with its reason" 1 "$(about value "$SERVER" "count(ALERTS$ENCAP)")"
initiate a encap
alarm "it comes up" "$NOBODY"

stop feed-a
alarm "ipsecmond does not run" "IpsecSegmentSilent -"
equal "what it knew is held back" "$NOBODY" "$(raised suppressed)"
feed_up a
alarm "ipsecmond runs" "$NOBODY"

charon_kill9 a
alarm "charon does not run" "IpsecFeedDown vici;$NOBODY"
held_back() { [ "$(raised suppressed | tr ';' '\n' | cut -d ' ' -f 1 | sort | uniq -c | tr -s ' \n' ' ')" = "$1" ]; }
wait_until 30 held_back " 1 IpsecFeedDown 9 IpsecTunnelDown "
raised_is "IpsecFeedDown vici;$NOBODY" && pass "nine tunnels and the feed error-notify that went with it are held back"

stop agentx-a
alarm "ipsecmon-agentx does not run" "IpsecAgentGone -"
stop snmpd-a
alarm "snmpd does not run" "IpsecGatewayUnreachable -"

# ---- Drops ----------------------------------------------------------------------------------------------------------
# Of another gateway in the same namespace, whose tunnels are harmed on purpose: two engines.

harmed_up 20000 500
alarm "packets that are replayed, late, and tampered with" \
	"IpsecTunnelAuthFailures branch;IpsecTunnelReplays branch;IpsecTunnelReplays voice"
check "the panels of drops have data" \
	about lines "$DASHBOARD" "$SERVER" "Drops by reason" "Drops by tunnel"
at_rest() { [ "$(cat "$LAB"/engine-{east,west}.log | grep -c "packets encrypted")" = 12 ]; }     # six tunnels, both ends
wait_until 60 at_rest
check "all that is scraped is what walks say, drops by reason among it" same a ipsecmon "$OWN"
reasons() { sed -n 's/^ipsecmonDropInPkts.*DropReason="\([a-zA-Z]*\)".* [1-9].*/\1/p' "$LAB/a/ipsecmon-text" | sort -u; }
equal "drops by reason" "auth malformed replay window" "$(reasons | paste -sd ' ')"
harmed_down
for name in prometheus alertmanager exporter-a; do stop $name; done

# ---- What it costs --------------------------------------------------------------------------------------------------

TUNNELS=${TUNNELS:-1000}
configure b "capacity { tunnels = 16384
ike-sas = 2048
sas = 65536 }"
synth_up b -i 1000 -t "$TUNNELS" -m "$TUNNELS"
with_user b
# scrape MODULE CONFIG: with a new exporter
scrape() {
	exporter_up b "$2"
	check "$TUNNELS tunnels, module $1, ${2##*/}" in_ns b curl -sf -H "X-Prometheus-Scrape-Timeout-Seconds: 120" \
		"$EXPORTER/snmp?target=127.0.0.1&module=$1&auth=${AUTH[$1]}" -o "$LAB/b/$1-text"
	say "$1, $TUNNELS tunnels up: $(cost b "$1" | paste -sd ' ')"
	stop exporter-b
}
scrape cisco_ipsec "$FILES/snmp.yml"
scrape ipsecmon "$FILES/snmp.yml"
equal "one series for each" "$TUNNELS" "$(grep -c '^ipsecmonTunnelActive{' "$LAB/b/ipsecmon-text")"
equal "drops by reason" $((12 * TUNNELS)) "$(grep -c '^ipsecmonDropInPkts{' "$LAB/b/ipsecmon-text")"
scrape ipsecmon "$LAB/files/no-drops.yml"
equal "drops by reason are left out, those of tunnels are not" "0 $TUNNELS" \
	"$(grep -c '^ipsecmonDrop' "$LAB/b/ipsecmon-text") $(grep -c '^ipsecmonTunnelInDrops{' "$LAB/b/ipsecmon-text")"
stop synth
story_end
