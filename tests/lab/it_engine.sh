#!/bin/bash
# Two engines with only loopback between them. One opens each packet of the other, or drops it for the right reason,
# exactly counted, while tunnels are rekeyed and packets are damaged. SNMP and notifications report this. A killed
# engine continues where it was. Nobody else can read the keys, and they are erased with their SAs.
# shellcheck source-path=SCRIPTDIR source=engines.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/engines.sh"
need python3 snmpd snmpbulkwalk snmpset snmptrapd gcore "$IPSECMON" "$IPSECMON_AGENTX" "$IPSECMON_ENGINE"
lab_begin
engines_configure 2000 500

# ---- What it refuses ------------------------------------------------------------------------------------------

# refused WHAT TEXT [CONF]: it does not start, and says why
refused() {
	local output
	output=$("$IPSECMON_ENGINE" -f -c "${3:-$LAB/east.conf}" 2>&1)
	equal "$1: it does not start" 1 $?
	check "$1: it says why" grep -qF -e "$2" <<< "$output"
	equal "$1: and nothing of a key" "" "$(grep -F -f <(cut -d ' ' -f 3 "$LAB/east-branch.keys" | cut -c 1-8) <<< "$output")"
}
chmod 0640 "$LAB/east-branch.keys"
refused "a key file that the group may read" "its mode is 0640, and must be 0600 or less"
chmod 0600 "$LAB/east-branch.keys"
sed -i.good '1s/..$//' "$LAB/east-branch.keys"
refused "a key that is too short" "east-branch.keys:1: the key has 70 characters; the suite wants 72 hexadecimal digits"
sed '1s/..$/xy/' "$LAB/east-branch.keys.good" > "$LAB/east-branch.keys"
refused "a key that is no number" "east-branch.keys:1: the key has characters that are not hexadecimal digits"
mv "$LAB/east-branch.keys.good" "$LAB/east-branch.keys"
sed 's/endpoint = wan/endpoint = lan/' "$LAB/east.conf" > "$LAB/bad.conf"
refused "a tunnel without an endpoint" "bad.conf:13: tunnel 'branch': there is no endpoint 'lan'" "$LAB/bad.conf"
sed 's/soft-packets = .*/soft-packets = 9\nhard-packets = 9/' "$LAB/east.conf" > "$LAB/bad.conf"
refused "limits the wrong way round" "tunnel 'branch': a soft limit must be below the hard one" "$LAB/bad.conf"
check "nothing was left by any of them" test ! -e "$LAB/east/engine.model"

# ---- Counts -----------------------------------------------------------------------------------------------------

snmp_up
engine_up west
# The core of a sanitized program would be some terabytes.
engine_up east "${PLAIN_BUILDDIR:+$PLAIN_BUILDDIR/ipsecmon-engine}"
told() { [ "$(grep -c cipSecTunnelStart "$LAB/snmptrapd.log")" = 6 ]; }
wait_until 10 told
pass "a notification tells of each tunnel"
sed "s|$LAB/east\"|$LAB/other\"|" "$LAB/east.conf" > "$LAB/bad.conf"
refused "an address that another engine has" "endpoint 'wan': 127.0.0.1 port $EAST: Address already in use" "$LAB/bad.conf"
wait_until 60 engines_done
sums() { engines_sums > "$LAB/sums" && [ "$(grep -c 'yes$' "$LAB/sums")" = 12 ]; }
wait_until 10 sums
pass "all 12 ways add up"
sed 's/^/# /' "$LAB/sums"

# of END TUNNEL EXPRESSION: of that tunnel in `show crypto ipsec sa', as python sees it
of() {
	cli "$1" --json show crypto ipsec sa | "$lab_python" -c 'import json, sys
for t in json.load(sys.stdin)["segments"][0]["tunnels"]:
    if t["name"] == sys.argv[1]:
        print(eval(sys.argv[2], {}, {"t": t}))' "$2" "$3"
}
equal "a tunnel with a soft limit was rekeyed" 2 "$(of east branch 't["refreshes"]')"
equal "one without was not" 0 "$(of east voice 't["refreshes"]')"
equal "its counters cover all SAs" 2000 "$(of east branch 't["out"]["pkts"]')"
retired() { [ "$(of west branch 'len([s for s in t["sas"] if s["direction"] == "in"])')" = 2 ]; }
wait_until 20 retired
pass "the inbound SAs that were replaced are gone, the next one is there already"
equal "a late packet is behind the window" "{'window': 4}" \
	"$(of west voice '{k: v for k, v in t["in"]["drops"].items() if v}')"
index=$(of east branch 't["index"]')
walked() { poll "$1" | awk -v row="$index" -v want="$2" '$1 ~ "[.]" row "$" { got = $4 } END { exit got != want }'; }
wait_until 5 walked cipSecTunOutPkts 2000
pass "SNMP has the same"
wrong=$(grep -h "with a wrong SPI" "$LAB/engine-east.log" | sed 's/.*, \([0-9]*\) with a wrong SPI.*/\1/')
no_sa() {
	cli west --json show crypto engine connections dropped-packet | "$lab_python" -c 'import json, sys
print(json.load(sys.stdin)["segments"][0]["drops_in"]["no_sa"])'
}
equal "a wrong SPI is one that has no SA" "$wrong" "$(no_sa)"

# ---- Keys -------------------------------------------------------------------------------------------------------

# has_key KEYFILE LINE FILE...: eight octets of that key in a row
has_key() {
	"$lab_python" -c 'import sys
key = bytes.fromhex(open(sys.argv[1]).read().splitlines()[int(sys.argv[2]) - 1].split()[2])
found = ["%s: octet %d" % (name, at) for name in sys.argv[3:] for data in [open(name, "rb").read()]
         for at in range(len(key) - 7) if key[at:at + 8] in data]
print(found)
sys.exit(not found)' "$@"
}
no_key() { ! has_key "$@"; }
check "a key would be found" has_key "$LAB/east-branch.keys" 1 <("$lab_python" -c 'import sys
sys.stdout.buffer.write(b"x" + bytes.fromhex(open(sys.argv[1]).readline().split()[2]))' "$LAB/east-branch.keys")
for line in 1 2 3 4 5 6 7 8; do
	check "key $line: not in a segment or log" no_key "$LAB/east-branch.keys" $line "$LAB"/east/engine.model \
		"$LAB"/west/engine.model "$LAB"/*.log
done
if [ "$(id -u)" = 0 ]; then
	lab_quiet "a core" gcore -o "$LAB/core" "${PID[engine-east]}"
	check "the core is a whole one" grep -q "branch" "$LAB/core.${PID[engine-east]}"
	check "the key of an outbound SA that was replaced is gone" no_key "$LAB/east-branch.keys" 1 "$LAB/core.${PID[engine-east]}"
	check "that of an inbound one, too" no_key "$LAB/east-branch.keys" 2 "$LAB/core.${PID[engine-east]}"
	rm -f "$LAB/core.${PID[engine-east]}"
fi

# ---- Ends -------------------------------------------------------------------------------------------------------

seq=$(of east branch '[s["sequence"] for s in t["sas"] if s["direction"] == "out"][0]')
replays=$(of west branch 't["in"]["drops"]["replay"]')
stop engine-east KILL
engine_up east
of_new() { [ "$(of east branch '[s["sequence"] for s in t["sas"] if s["direction"] == "out"][0] > '"$seq")" = True ]; }
wait_until 10 of_new
pass "killed and started again, its sequence numbers go on"
equal "it has the same index" "$index" "$(of east branch 't["index"]')"
more() { [ "$(of west branch 't["in"]["pkts"]')" -gt 2500 ]; }
wait_until 60 more
equal "nothing of it is a replay but what is sent twice" ok "$(
	[ "$(of west branch 't["in"]["drops"]["replay"]')" -le $((replays + 10)) ] && echo ok)"
check "its counters went on" test "$(of east branch 't["out"]["pkts"]')" -gt 2000
for name in agentx engine-east engine-west; do
	stop $name
	equal "$name ends well" 0 "$STATUS"
done
equal "its tunnels ended with it" 0 "$(cli east show crypto ipsec sa | grep -c current_peer)"

# ---- The last key -----------------------------------------------------------------------------------------------

rm -rf "$LAB/east" "$LAB/west"
mkdir "$LAB/east" "$LAB/west"
rm -f "$LAB"/engine-*.log
lab_quiet "new keys" "$srcdir/contrib/engine-pair" "$LAB" 1000 500
sed -i '/^tunnel voice/,/^}/s/esn = false/esn = false hard-packets = 600/; /^generator voice/,/^}/s/late = .*//' \
	"$LAB/east.conf"
engines_up
wait_until 60 engines_done
last_key() { grep -q "tunnel 'voice': its last key is used up" "$LAB/engine-east.log"; }
check "it says that a tunnel has no key any more" last_key
not_up() {
	cli east --json show crypto engine connections dropped-packet | "$lab_python" -c 'import json, sys
segment = json.load(sys.stdin)["segments"][0]
out = segment["drops_out"]
interfaces = sum(i["drops"]["not_up"] for i in segment["interfaces"])
sys.exit(out["not_up"] + out["expired"] != 400 or out["not_up"] != interfaces or out["not_up"] < 300)'
}
wait_until 10 not_up
pass "what was sent behind that is counted as not sent"
voice_ended() { ! cli east --json show crypto ipsec sa | grep -q '"voice"'; }
wait_until 20 voice_ended
pass "the tunnel ends"
check "the history has it" grep -q voice <(cli east show crypto history)
for end in east west; do
	stop engine-$end
	equal "engine-$end ends well" 0 "$STATUS"
done
check "no sanitizer said anything" bash -c '! grep -E "runtime error|Sanitizer" "$@"' - "$LAB"/*.log
lab_end
