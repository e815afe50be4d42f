#!/bin/bash
# Configured tunnels are known, up or down: the connections of a real charon are crypto map entries. Its CHILD_SAs
# take them up and down. Loading and unloading connections adds and removes them.
# shellcheck source-path=SCRIPTDIR disable=SC2317      # functions are called by wait_until and check
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip swanctl python3 "$CHARON" "$IPSECMOND" "$IPSECMON" "$SEGMENT_SAYS"

# What charon itself lists, beside the entries: names, order, and what it says of each.
as_listed() {
	witness a list-conns > "$LAB/a/conns" && cli a show crypto map --json > "$LAB/a/maps" || return
	"$lab_python" - "$LAB/a/conns" "$LAB/a/maps" <<-'PYTHON'
	import json, re, sys

	listed = {}
	for conn in json.load(open(sys.argv[1])):
	    listed.update(conn)
	rows = {(row["name"], row["child"]): row
	        for segment in json.load(open(sys.argv[2]))["segments"] for row in segment["maps"]}
	wanted = {(conn, child) for conn in listed for child in listed[conn]["children"]}
	assert listed and wanted == set(rows), wanted ^ set(rows)

	def protocol(ts):
	    return re.sub(r".*\[|[/\]].*", "", ts) if "[" in ts else None

	for conn, of in listed.items():
	    for place, (child, what) in enumerate(of["children"].items()):
	        row = rows[conn, child]
	        hosts = [host for host in of["remote_addrs"] if re.fullmatch("[0-9a-f:.]+", host)]
	        expected = {
	            "seq": 10 * (place + 1), "ike_version": int(of["version"][-1]), "peers": hosts, "keying": "ike",
	            "peer_text": ",".join(of["remote_addrs"]), "local": of["local_addrs"][0], "dynamic": not hosts,
	            "ike_lifetime": int(of["rekey_time"]), "lifetime": int(what["rekey_time"]),
	            "lifetime_octets": int(what["rekey_bytes"]) or None, "lifetime_pkts": int(what["rekey_packets"]) or None,
	            "encap": what["mode"].lower()}
	        got = {key: row[key] for key in expected}
	        assert got == expected, (conn, child, got, expected)
	        pairs = [(local, remote) for local in what["local-ts"] for remote in what["remote-ts"]
	                 if protocol(local) == protocol(remote) or not protocol(local) or not protocol(remote)]
	        assert len(row["access_list"]) == len(pairs), (conn, child, row["access_list"], pairs)
	print(len(rows), "entries")
	PYTHON
}

lab_begin
gateways_up
connections ikev2 ikev1-main ikev1-aggr ikev2-v6 rw nobody
CHARON_SETTINGS='retransmit_tries = 2'
both_up
feed_up a
feed_up b
wait_until 10 entry_is a ikev2 net state down

check "every child that charon has is an entry, and says what charon says of it" as_listed
index=$(entry a ikev2 net index)
equal "what charon does not tell is not known: the suite" "[]" "$(entry a ikev2 net transforms)"
equal "and PFS" None "$(entry a ikev2 net pfs)"
equal "the interface is the one with the address" wire "$(entry a ikev2 net interface)"
equal "nothing of it was ever up" "0 0" "$(entry a ikev2 net ups) $(entry a ikev2 net downs)"
check "a connection for any peer is a template, at the gateway of the road warriors" \
	entry_is b rw rw dynamic True

initiate a net
wait_until 1 entry_is a ikev2 net state up
pass "IKEv2: it is up"
equal "and that was told once" 1 "$(told a up ikev2 net)"
equal "its other child is still down" down "$(entry a ikev2 net2 state)"
equal "the suite is the negotiated one" esp-gcm "$(entry a ikev2 net transforms.0.transform | cut -d ' ' -f 1)"
equal "PFS cannot be told of a child that came with its IKE SA" None "$(entry a ikev2 net pfs)"
rekey_child a net
wait_until 5 entry_is a ikev2 net pfs False
pass "of one that was rekeyed it can: there is none"
initiate a net2
wait_until 2 entry_is a ikev2 net2 pfs True
equal "net2 has PFS" 14 "$(entry a ikev2 net2 pfs_group)"

initiate a main
wait_until 1 entry_is a ikev1-main main state up
pass "IKEv1: the names are the same, and it is up"
initiate a aggr
wait_until 1 entry_is a ikev1-aggr aggr state up
initiate a v6
wait_until 1 entry_is a ikev2-v6 v6 state up
initiate a alice
wait_until 2 entry_is b rw rw state up
pass "a template is up while one of its peers is"

traffic "${SRC[net]}" "${DST[net]}" 10 100
wait_until 3 entry_is a ikev2 net out.pkts 10
terminate a --child net
wait_until 1 entry_is a ikev2 net state down
pass "it is down"
equal "and that was told once" 1 "$(told a down ikev2 net)"
equal "its counts stay" 10 "$(entry a ikev2 net out.pkts)"
equal "it is the entry that it was" "$index" "$(entry a ikev2 net index)"
initiate a net
wait_until 1 entry_is a ikev2 net ups 2
traffic "${SRC[net]}" "${DST[net]}" 5 100
wait_until 3 entry_is a ikev2 net out.pkts 15
pass "and counts on when it is up again"
equal "SAs are on charon's own ESP" "software charon libipsec" \
	"$(says a | sed -n 's/^engine \([a-z]*\) [0-9 ]* \(.*\)/\1 \2/p')"
sas=$(says a | awk '/^engine/ { print $3 }')
equal "all of them" "$(vici_raw a | grep -oE 'spi-(in|out)=' | grep -c .)" "$sas"

sw a --initiate --child nobody --timeout 30 > /dev/null 2>&1
wait_until 20 entry_is a nobody nobody failures 1
equal "a peer that is silent is the last failure of its entry" down "$(entry a nobody nobody state)"
equal "of that one alone" 0 "$(entry a ikev2 net failures)"

# There is no event for any of this: it is seen at the next poll.
tweak a 'connections { later : lab-defaults {
	version = 2
	proposals = aes128-sha256-modp2048
	remote_addrs = 10.9.7.50-10.9.7.60
	local { auth = psk }
	remote { auth = psk }
	children { one : lab-child-defaults { remote_ts = 10.77.0.0/16 }
	           pass { mode = pass
	                  remote_ts = 10.78.0.0/16 } } } }'
load a
wait_until 3 entry_is a later one dynamic True
pass "a connection that is loaded is noticed"
check "a child that only lets packets pass is none" no_entry a later pass
connections ikev2 ikev1-main ikev1-aggr ikev2-v6 nobody
load a
wait_until 3 no_entry a later one
equal "one that is unloaded, too" 1 "$(told a removed later one)"
check "the road warriors' are gone with it" no_entry a bob bob
tweak a 'connections { ikev2 { children { net2 { rekey_time = 30m } } } }'
load a
wait_until 20 entry_is a ikev2 net2 lifetime 1800
pass "one whose names stay is noticed"
check "it is all as charon lists it" as_listed

stop feed-a
feed_up a
wait_until 5 entry_is a ikev2 net state up
equal "after a restart it is the same entry" "$index 2 15" \
	"$(entry a ikev2 net index) $(entry a ikev2 net ups) $(entry a ikev2 net out.pkts)"

charon_down a
charon_is_away() { cli a show feeds | grep -q 'feed vici: down'; }
wait_until 5 charon_is_away
sleep 1
equal "while charon is away what is configured stays" "$index" "$(entry a ikev2 net index)"
charon_up a
load a
initiate a net
wait_until 10 entry_is a ikev2 net state up
equal "with another charon it is the same entry" "$index" "$(entry a ikev2 net index)"
equal "nothing that stayed configured was removed" 0 "$(told a removed ikev2 net)"

for node in a b; do stop feed-$node; equal "feed-$node ends well" 0 "$STATUS"; done
check "no sanitizer has found anything" sanitizers_silent
lab_end
