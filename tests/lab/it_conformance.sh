#!/bin/bash
# The whole MIB of a gateway with tunnels that are up, ended tunnels, and failed IKE SAs and tunnels. Every object is
# served, with the type, range and enumeration of the MIB and in the order of OIDs; GET, GETNEXT and GETBULK agree;
# indexes point to existing rows; times are in the master's time, before and after its restart.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip ping swanctl python3 unshare snmpd snmpbulkwalk snmpget snmpgetnext "$CHARON"
lab_begin
conforms() { "$lab_python" "$LAB_HOME/conformance.py" "$@"; }
uptime() { in_ns a env SNMPCONFPATH=/nonexistent MIBS= snmpget -v2c -c public -Oqvt 127.0.0.1 1.3.6.1.2.1.1.3.0; }
try() { sw a --initiate --child "$1" --timeout 30 > /dev/null 2>&1; }
change() { tweak "$1" "$2"; load "$1"; }
# rows OID: of a column
rows() { walk a "$LAB/a/rows" "$FLOW_MIB.$1" && grep -c "^$FLOW_MIB\.$1\." "$LAB/a/rows"; }
has_rows() { [ "$(rows "$1")" -ge "$2" ]; }
ike_fail=1.5.2.1.1.2 sec_fail=1.5.3.1.1.2 ike_hist=1.4.2.1.1.2 sec_hist=1.4.3.1.1.2
# All feeds are up: nothing that happens is missed.
listening() {
	cli a show feeds --json 2> /dev/null | "$lab_python" -c 'import json, sys
feeds = [f["state"] for f in json.load(sys.stdin)["segments"][0]["feeds"]]
sys.exit(len(feeds) < 2 or set(feeds) != {"up"})'
}

# ---- Everything happens -----------------------------------------------------------------------------------------

gateways_up
connections "${ALL_CONNECTIONS[@]}" nobody
CHARON_SETTINGS="retransmit_tries = 2
half_open_timeout = $((4 * SLOW / 100))"
both_up
monitor_up a
wait_until 15 listening
began=$(uptime)
all_up
for child in net main v6; do traffic "${SRC[$child]}" "${DST[$child]}" 7 500; done
say "a wrong key"
change b 'secrets { ike-encap { secret = wrong } }'
terminate a --ike encap
try encap
wait_until 5 has_rows $ike_fail 1
say "nobody answers"
sw a --initiate --child nobody --timeout 30 > /dev/null 2>&1
wait_until 8 has_rows $ike_fail 2
say "no traffic selectors in common"
terminate a --child net2
change b 'connections { ikev2 { children { net2 { local_ts = 10.77.0.0/24 } } } }'
try net2
wait_until 5 has_rows $sec_fail 1
say "ended by both sides"
terminate a --ike ikev2-v6
terminate b --ike ikev1-main
wait_until 5 has_rows $ike_hist 3
wait_until 5 has_rows $sec_hist 4
rekey_child a net
one_net() { [ "$(count a child net)" = 1 ]; }
wait_until 15 one_net
traffic "${SRC[net]}" "${DST[net]}" 5 500
net=$(index_of a tunnel net)
wait_until 10 is a "cipSecTunInPkts.$net" 12
wait_until 10 is a "cipSecTunCurrentSaInstances.$net" 2

# ---- The MIB ----------------------------------------------------------------------------------------------------

check "a walk" walk a "$LAB/a/walk"
check "a GET of every instance" ask a snmpget "$LAB/a/walk" "$LAB/a/gets"
check "a GETNEXT of every instance" ask a snmpgetnext "$LAB/a/walk" "$LAB/a/nexts"
ended=$(uptime)
check "another walk" walk a "$LAB/a/later"
say "$(grep -c . "$LAB/a/walk") instances; $(conforms objects "$LAB/a/walk" | tail -n 1)"
check "every object that can be read is served, with the MIB's type and range, in order; no other is" \
	conforms objects "$LAB/a/walk"
check "rows are whole, indexes are well made and point to what there is" conforms indexes "$LAB/a/walk"
say "$(conforms indexes "$LAB/a/walk" | head -n 1)"
check "GET and GETNEXT of every instance are what the walks say" \
	conforms gets "$LAB/a/walk" "$LAB/a/gets" "$LAB/a/nexts" "$LAB/a/later"
check "start, duration and failure are in the master's time" conforms times "$LAB/a/walk" "$began" "$ended"
# An index, a column and a group that there are not, scalars without and with too much of an instance, a notification.
for oid in 1.2.3.1.1.1 1.2.3.1.36.1 1.7.1.0 1.1.1 1.1.1.0.0 2.0.1; do
	check "$oid is not there" grep -q "No Such" <(snmp a snmpget "$FLOW_MIB.$oid")
done

# What is configured, where tunnels came from, crypto engines: as far as the feeds tell.
for mib in 1.3.6.1.4.1.9.9.172 1.3.6.1.4.1.9.9.392 1.3.6.1.4.1.9.9.467 1.3.6.1.4.1.9.10.62 1.3.6.1.4.1.8072.9999.9999; do
	walk a "$LAB/a/part" $mib && cat "$LAB/a/part"
done > "$LAB/a/others"
check "what there is of the other MIBs has their types and ranges, in order" conforms typed "$LAB/a/others"
say "$(conforms typed "$LAB/a/others" | tail -n 1)"

# ---- The master begins anew -------------------------------------------------------------------------------------

stop snmpd-a
sleep 1
snmpd_up a
wait_until 20 served a
began=$(uptime)
terminate a --ike ikev2-4in6
initiate a 4in6
terminate a --ike ikev2-4in6                    # this one began and ended in the new time
try encap
change b 'connections { ikev2 { children { net { local_ts = 10.78.0.0/24 } } } }'
terminate a --child net
try net
# Those from before have no row any more.
wait_until 5 has_rows $sec_fail 1
wait_until 5 has_rows $ike_fail 1
check "the command line still has the failures from before" \
	test "$(cli a show crypto failures --json | grep -o '"reason"' | wc -l)" -ge 5
ended=$(uptime)
check "a walk, when snmpd was restarted" walk a "$LAB/a/again"
check "what was before is at 0, what is new in the new time, and failures from before have no row" \
	conforms restarted "$LAB/a/walk" "$LAB/a/again" "$began" "$ended"
check "every object is still served" conforms objects "$LAB/a/again"
check "rows are whole still" conforms indexes "$LAB/a/again"
story_end
