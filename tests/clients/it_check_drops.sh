#!/bin/bash
# What check_ipsecmon says of packets that were dropped is what the two engines that harmed and dropped them say in
# their logs: by reason of each tunnel, and of all of them; and ranges are about what came since the last look. Needs
# no root.
# shellcheck source-path=SCRIPTDIR source=../lab/engines.sh disable=SC2317,SC2016   # called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/../lab/engines.sh"
PLUGIN=$(realpath "${CHECK_IPSECMON:-$builddir/check_ipsecmon}")
need python3 snmpd snmpset snmptrapd "$IPSECMON" "$IPSECMON_AGENTX" "$IPSECMON_ENGINE" "$PLUGIN"
lab_begin
engines_configure 2000 500
snmp_up
engines_up
plugin() { "$PLUGIN" -H 127.0.0.1 -p "$SNMP_PORT" --state-dir "$LAB/looks" "$@" 2>> "$LAB/plugin.log"; }
looked() { plugin -m drops -c 0 | grep "this is the first check"; }
wait_until 10 looked
pass "a first look, while there is traffic"
wait_until 60 engines_done
sums() { engines_sums > "$LAB/sums" && [ "$(grep -c 'yes$' "$LAB/sums")" = 12 ]; }
wait_until 10 sums
pass "all that was sent was received or dropped, as the engines' own logs say"

# drops: "TUNNEL WAY_REASON=NUMBER", of all tunnels of east, as the command line that was just compared knows them
drops() {
	cli east --json show crypto ipsec sa | "$lab_python" -c 'import json, sys
for t in json.load(sys.stdin)["segments"][0]["tunnels"]:
    for way in "in", "out":
        for why, n in t[way]["drops"].items():
            print("%s %s_%s=%dc" % (t["name"], way, why.replace("-", "_"), n))' | sort
}
# said: the same, by the plugin
said() {
	local name
	for name in $(drops | cut -d ' ' -f 1 | uniq); do
		plugin -m drops -n "wan/$name" | grep -oE '\b(in|out)_[a-z_]+=[0-9]+c' | sed "s/^/$name /"
	done | sort
}
# The plugin has the reasons that an engine can know, and of those it has all.
agree() { ! comm -13 <(drops) <(said) | grep . && ! comm -23 <(drops) <(said) | grep -v '=0c$' && said | grep -q .; }
wait_until 10 agree
pass "by reason, of each tunnel: $(said | grep -vc '=0c$') of $(said | grep -c .) are not 0"
check "some of more than one reason" test "$(said | grep -v '=0c$' | sed 's/.* //; s/=.*//' | sort -u | grep -c .)" -gt 1

# total EXPRESSION: of the gateway's
total() {
	cli east --json show crypto engine connections dropped-packet | "$lab_python" -c 'import json, sys
s = json.load(sys.stdin)["segments"][0]
i, o = s["drops_in"], s["drops_out"]
print(eval(sys.argv[1]))' "$1"
}
answer=$(plugin -m drops -c 0)
equal "a range of nothing is broken by what came since the first look" 2 $?
say "$(cut -d '|' -f 1 <<< "$answer")"
for pair in 'in_replay:i["replay"] + i["window"]' 'in_drops:sum(i.values()) - i["replay"] - i["window"]' 'in_auth:i["auth"]' \
	'in_crypt:i["crypt"]' 'out_drops:sum(o.values())' 'no_sa:i["no_sa"] + o["no_sa"]'; do
	label=${pair%%:*}
	equal "of all: $label" "$(total "${pair#*:}")c" "$(grep -oE " $label=[0-9]+c" <<< "$answer" | cut -d = -f 2)"
done
for name in agentx engine-east engine-west; do
	stop "$name"
	equal "$name ends well" 0 "$STATUS"
done
check "no sanitizer has found anything" bash -c '! grep -nE "runtime error:|Sanitizer" "$1"/*.log' - "$LAB"
lab_end
