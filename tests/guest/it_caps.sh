#!/bin/bash
# Without CAP_NET_ADMIN the feed of the kernel names the missing capability, and the other feed continues. With it,
# keys pass through ipsecmond in each dump and each event: none of their octets stays in its segment or its memory.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
need root ip ping swanctl python3 setpriv gcore snmpd snmpbulkwalk "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
guest_up 20
connections ikev2
both_up
initiate a net
guest_configure a

# ---- Without the capability -----------------------------------------------------------------------------------

start a feed-a setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$IPSECMOND" -f -c "$LAB/a/ipsecmon.conf"
vici_only() { feeds_of a | grep -q '^vici up' && cli a show crypto ipsec sa | grep -q '10\.9\.0\.2'; }
wait_until 10 vici_only
pass "the feed of charon goes on"
check "show feeds names CAP_NET_ADMIN" grep -q CAP_NET_ADMIN <(cli a show feeds)
check "so does the log" grep -q CAP_NET_ADMIN "$LAB/feed-a.log"
check "its feed is not connected" grep -qE '^xfrm' <(feeds_of a | grep -v up)
stop feed-a
equal "it ends well" 0 "$STATUS"

# ---- Keys -----------------------------------------------------------------------------------------------------

# All octets of a key differ, so that no part of it is found by chance.
planted=0123456789abcdeffedcba98765432100f1e2d3c
start a feed-a "$IPSECMOND" -f -c "$LAB/a/ipsecmon.conf"
kernel_too() { feeds_of a | grep -q '^xfrm up'; }
wait_until 10 kernel_too
shown() { cli a show crypto ipsec sa --json | grep -q "0x0*$1\b"; }
plant() {               # plant SPI: an SA with that key
	xfrm a state add src 10.9.20.1 dst 10.9.20.2 proto esp spi "0x$1" reqid 20 mode tunnel \
		aead 'rfc4106(gcm(aes))' "0x$planted" 128 limit packet-soft 2
	xfrm a policy update src 10.1.20.0/24 dst 10.2.20.0/24 dir out \
		tmpl src 10.9.20.1 dst 10.9.20.2 proto esp reqid 20 mode tunnel
}
plant 5001
wait_until 10 shown 5001
in_ns a ping -q -c 4 -i 0.02 -W 1 -I 10.1.20.1 10.2.20.1 > /dev/null      # a soft limit: one more event
plant 5002
wait_until 10 shown 5002
xfrm a state delete src 10.9.20.1 dst 10.9.20.2 proto esp spi 0x5001
gone_from() { ! shown 5001; }
wait_until 10 gone_from
# A dump that began now is over.
looked=$(lab_ms)
looked_since() { cli a show feeds --json | "$lab_python" -c 'import json, sys
age = [feed["update_age"] for feed in json.load(sys.stdin)["segments"][0]["feeds"] if feed["name"] == "xfrm"]
sys.exit(age[0] * 1000 > float(sys.argv[1]))' $(($(lab_ms) - looked - 2000)); }
wait_until 20 looked_since
lab_quiet "a core" gcore -o "$LAB/core" "${PID[feed-a]}"

# has_key FILE...: eight octets of it in a row, in any of them
has_key() {
	"$lab_python" -c 'import sys
key = bytes.fromhex(sys.argv[1])
found = ["%s: octet %d" % (name, at) for name in sys.argv[2:] for data in [open(name, "rb").read()]
         for at in range(len(key) - 7) if key[at:at + 8] in data]
print(found)
sys.exit(not found)' "$planted" "$@"
}
"$lab_python" -c 'import sys; sys.stdout.buffer.write(b"x" + bytes.fromhex(sys.argv[1]))' $planted > "$LAB/key"
check "a key would be found" has_key "$LAB/key"
check "the SA is in the core, which is a whole one" grep -q "feed xfrm\|xfrm" "$LAB/core.${PID[feed-a]}"
no_key() { ! has_key "$@"; }
check "no key in the memory of ipsecmond" no_key "$LAB/core.${PID[feed-a]}"
check "no key in the segment" no_key "$(segment a)"
check "no key in the log" no_key "$LAB/feed-a.log"
story_end
