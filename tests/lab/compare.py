#!/usr/bin/env python3
"""Compare SNMP and the command line with charon (vici_witness.py).

Nothing here is shared with the programs: names and types of objects come from the published MIB's facts
(tests/data), numbers of algorithms from the tables below.  It needs the standard library only.

    compare.py tables WALK BEFORE CONNS AFTER        a walk of a gateway whose SAs are all the first of their tunnel,
                                                     between two witnesses (list-sas), and list-conns
    compare.py cli ISAKMP IPSEC WALK BEFORE AFTER    the same of `show crypto isakmp sa --json', `ipsec sa --json'
    compare.py counters WALK WITNESS                 only what the tunnels have counted
    compare.py same WALK GETS                        each instance of WALK is in GETS, and no other
    compare.py next WALK GETNEXTS                    GETNEXT of each instance gave the following one
    compare.py stable WALK...                        walks in the order of time: no counter ever got smaller
    compare.py constant WALK...                      the same tunnels and IKE SAs are in all of them
    compare.py laws WALK...                          the same: no index is given twice, and what rows and history have
                                                     counted is never more than a later total
    compare.py sums WALK                             with no traffic: totals are rows and history; 32 bits are those of 64
    compare.py total CHILD LOG WITNESS...            octets in and out of all CHILD_SAs of that name, by witnesses and
                                                     charon's log
    compare.py table WALK COLUMN                     INDEX VALUE of a column, a line each

Walks are gateway.sh's: OID TYPE VALUE.  Every mismatch is a line; the exit status is 1 then.
"""
import collections
import ipaddress
import json
import os
import re
import sys

OBJECTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "CISCO-IPSEC-FLOW-MONITOR-MIB.objects")
WIRE = {"OCTET STRING": "Hex-STRING", "Unsigned32": "Gauge32", "TimeTicks": "Timeticks"}      # what Net-SNMP calls them

# From strongSwan's names to what the MIB's columns say: see doc/mapping.md.
ENCR = {"DES_CBC": 2, "3DES_CBC": 3, "AES_CBC": 4, "AES_CTR": 5, "AES_GCM_16": 6, "AES_GCM_12": 6, "AES_GCM_8": 6,
        "AES_CCM_16": 7, "CHACHA20_POLY1305": 8, "CAMELLIA_CBC": 9}
AEAD = {"AES_GCM_16", "AES_GCM_12", "AES_GCM_8", "AES_CCM_16", "CHACHA20_POLY1305"}
INTEG = {"HMAC_MD5_96": 2, "HMAC_SHA1_96": 3, "HMAC_SHA2_256_128": 4, "HMAC_SHA2_384_192": 5,
         "HMAC_SHA2_512_256": 6, "AES_XCBC_96": 7, "AES_CMAC_96": 8}
PRF = {"PRF_HMAC_MD5": 2, "PRF_HMAC_SHA1": 3, "PRF_HMAC_SHA2_256": 4, "PRF_HMAC_SHA2_384": 5, "PRF_HMAC_SHA2_512": 6}
GROUP = {"MODP_768": 2, "MODP_1024": 3, "MODP_1536": 6, "MODP_2048": 15, "MODP_3072": 16, "MODP_4096": 17,
         "ECP_256": 20, "ECP_384": 21, "ECP_521": 22, "CURVE_25519": 32, "CURVE_448": 33}
AUTH = {"pre-shared key": 2, "EAP": 7}
MODE = {"TUNNEL": 1, "TRANSPORT": 2}
PROTOCOL = {"ESP": 2, "AH": 1}
IP_PROTOCOL = {"icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": 58}
NO_LIMIT = 2147483647

mismatches = []


def wrong(what, expected, got):
    mismatches.append("%s: expected %s, got %s" % (what, expected, got))


def equal(what, expected, got):
    if expected != got:
        wrong(what, repr(expected), repr(got))


def between(what, low, high, got):
    if not low <= got <= high:
        wrong(what, "%s to %s" % (low, high), got)


# ---- Walks -------------------------------------------------------------------------------------------------------

def objects():
    """OID -> (name, type on the wire, kind) of the published MIB."""
    found = {}
    with open(OBJECTS, encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                name, oid, kind, wire = line.rstrip("\n").split("\t")[:4]
                found[oid] = (name, WIRE.get(wire, wire), kind)
    return found


def lines_of(path):
    """[(OID, type, value)]; a value is a number, or bytes."""
    cells = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            oid, wire, value = (line.rstrip("\n").split(" ", 2) + [""])[:3]
            if wire == "Hex-STRING":
                cells.append((oid, wire, bytes.fromhex(value)))
            elif re.fullmatch(r"-?[0-9]+", value):
                cells.append((oid, wire, int(value)))
            else:
                cells.append((oid, wire, value))
    return cells


def walk_of(path):
    """name -> {index: value}, checked: order, known objects, types."""
    known = objects()
    walk = collections.defaultdict(dict)
    last = ()
    for oid, wire, value in lines_of(path):
        key = tuple(int(part) for part in oid.split("."))
        if key <= last:
            wrong("order of the walk", "something behind %s" % (last,), oid)
        last = key
        base = oid
        while base and base not in known:
            base = base.rpartition(".")[0]
        if not base:
            wrong(oid, "an object of the MIB", "one that it has not")
            continue
        name, its_wire, _ = known[base]
        equal("type of %s" % oid, its_wire, wire)
        walk[name][tuple(int(part) for part in oid[len(base) + 1:].split("."))] = value
    return walk


def rows(walk, prefix):
    """index -> {column: value} of the columns that begin with prefix."""
    found = collections.defaultdict(dict)
    for name, cells in walk.items():
        if re.match(prefix + "[A-Z]", name):
            for index, value in cells.items():
                found[index][name] = value
    return found


# ---- The witness -------------------------------------------------------------------------------------------------

def sas_of(path):
    """[(connection, IKE SA)]"""
    with open(path, encoding="utf-8") as file:
        return [pair for answer in json.load(file) for pair in answer.items()]


def children_of(sas):
    return [(conn, ike, child) for conn, ike in sas for child in ike.get("child-sas", {}).values()]


def conns_of(path):
    with open(path, encoding="utf-8") as file:
        return {name: conn for answer in json.load(file) for name, conn in answer.items()}


def address(text):
    return ipaddress.ip_address(text).packed


def side_of(text):
    """A traffic selector as the MIB shows it: type, addr1, addr2, protocol, port."""
    protocol = port = 0
    match = re.fullmatch(r"([^[]*)(?:\[([^/]*)(?:/(.*))?\])?", text)
    where, its_protocol, its_port = match.groups()
    if its_protocol:
        protocol = IP_PROTOCOL.get(its_protocol) or int(its_protocol)
    if its_port and "-" not in its_port:
        port = int(its_port)
    if ".." in where:
        first, last = where.split("..")
        return (2, address(first), address(last), protocol, port)
    network = ipaddress.ip_network(where)
    if network.num_addresses == 1:
        return (1, network[0].packed, network[0].packed, protocol, port)
    return (3, network.network_address.packed, network.netmask.packed, protocol, port)


def pairs_of(child):
    """The pairs of selectors that the kernel gets policies for: one family, and protocols that do not exclude."""
    pairs = []
    for local in map(side_of, child["local-ts"]):
        for remote in map(side_of, child["remote-ts"]):
            if len(local[1]) == len(remote[1]) and (local[3] == remote[3] or not local[3] or not remote[3]):
                pairs.append((local, remote))
    return sorted(pairs)


def lifetime(age, *left):
    """Seconds from an SA's beginning to the first of its ends."""
    ends = [int(one) for one in left if one is not None]
    return int(age) + min(ends) if ends else NO_LIMIT


# ---- Tables ------------------------------------------------------------------------------------------------------

def check_row(what, expected, got):
    """Every column that there is, is expected, and has its value; (low, high) is a range."""
    for column in sorted(set(expected) | set(got)):
        if column not in got:
            wrong("%s: %s" % (what, column), expected[column], "no such cell")
        elif column not in expected:
            wrong("%s: %s" % (what, column), "no such cell", got[column])
        elif isinstance(expected[column], range):
            between("%s: %s" % (what, column), expected[column].start, expected[column].stop, got[column])
        else:
            equal("%s: %s" % (what, column), expected[column], got[column])


def ike_key(ike):
    return (ike["local-id"].encode(), ike["remote-id"].encode(), address(ike["local-host"]), address(ike["remote-host"]))


def identity_type(text):
    try:
        ipaddress.ip_address(text)
        return 1
    except ValueError:
        return 2


def age_range(before, after):
    """Of an age in centiseconds, from two in seconds; both sides round."""
    return range(max(0, (int(before) - 1) * 100), (int(after) + 2) * 100)


def check_ike(walk, before, after, conns):
    """Returns key -> index."""
    seen = {}
    for (index,), row in rows(walk, "cikeTun").items():
        key = (row["cikeTunLocalValue"], row["cikeTunRemoteValue"], row["cikeTunLocalAddr"], row["cikeTunRemoteAddr"])
        if key in seen:
            wrong("IKE SA %s" % (key,), "one row", "two")
        seen[key] = index
    later = {ike_key(ike): ike for _, ike in after}
    wanted = {ike_key(ike): (conn, ike) for conn, ike in before}
    for key in set(seen) - set(wanted):
        wrong("IKE SA %s" % (key,), "no row", "cikeTunIndex %d" % seen[key])
    for key, (conn, ike) in wanted.items():
        what = "IKE SA %s %s" % (conn, ike["remote-id"])
        if key not in seen:
            wrong(what, "a row", "none")
            continue
        # Its lifetime is the configured one; it is replaced some time before, which the daemon draws at random.
        life = lifetime(0, *(end for end in map(conns[conn].get, ("rekey_time", "reauth_time")) if end and end != "0"))
        before_its_end = life - lifetime(ike["established"], ike.get("rekey-time"), ike.get("reauth-time"))
        expected = {
            "cikeTunLocalType": identity_type(ike["local-id"]), "cikeTunRemoteType": identity_type(ike["remote-id"]),
            "cikeTunLocalValue": key[0], "cikeTunRemoteValue": key[1],
            "cikeTunLocalAddr": key[2], "cikeTunRemoteAddr": key[3],
            "cikeTunLocalName": b"", "cikeTunRemoteName": b"",
            "cikeTunNegoMode": 1 if ike["version"] == "2" else 99,
            "cikeTunDiffHellmanGrp": GROUP[ike["dh-group"]],
            "cikeTunEncryptAlgo": ENCR[ike["encr-alg"]],
            "cikeTunHashAlgo": PRF[ike["prf-alg"]],
            "cikeTunAuthMethod": AUTH[conns[conn]["remote-1"]["class"]],
            "cikeTunLifeTime": life,
            "cikeTunActiveTime": age_range(ike["established"], later[key]["established"]),
            "cikeTunSaRefreshThreshold": range(max(1, before_its_end - 1), max(2, before_its_end + 2)),
            "cikeTunStatus": 1,
        }
        # No feed counts IKE messages here, and this is the first SA.
        for column in rows(walk, "cikeTun")[(seen[key],)]:
            if re.search(r"(Octets|Pkts|Notifys|Exchgs|Invalids|Rejects|Requests|Refreshes)$", column):
                expected[column] = 0
        equal("%s: columns" % what, 34 - 14, len(expected))     # nobody watches the wire: of traffic the octets
        check_row(what, expected, rows(walk, "cikeTun")[(seen[key],)])
    return seen


def traffic_columns(way, octets, pkts):
    """What follows from the two numbers; ESP encrypts and authenticates every packet."""
    raw, crypts = ("Decomp", "Decrypts") if way == "In" else ("Uncomp", "Encrypts")
    found = {way + "Pkts": pkts, way + "Auths": pkts, way + crypts: pkts}
    for kind in ("Octets", raw + "Octets"):
        found[way + kind] = octets & 0xffffffff
        found["Hc" + way + kind] = octets
        found[way + kind.replace("Octets", "OctWraps")] = octets >> 32
    return found


def check_counts(what, prefix, before, after, row):
    """What a tunnel, or all of them, carried, between two sums of (bytes, packets) in and out."""
    for way, low, high in (("In", before[0:2], after[0:2]), ("Out", before[2:4], after[2:4])):
        least, most = traffic_columns(way, *low), traffic_columns(way, *high)
        for column in least:
            if prefix + column not in row:
                wrong("%s: %s" % (what, prefix + column), least[column], "no such cell")
            elif low == high:
                equal("%s: %s" % (what, prefix + column), least[column], row[prefix + column])
            else:
                between("%s: %s" % (what, prefix + column), least[column], most[column], row[prefix + column])


def counts_of(child):
    return [int(child[key]) for key in ("bytes-in", "packets-in", "bytes-out", "packets-out")]


def tunnels_by_spi(walk):
    """(direction, SPI) -> index of the tunnel"""
    return {(row["cipSecSpiDirection"], row["cipSecSpiValue"]): index[0] for index, row in rows(walk, "cipSecSpi").items()}


def check_spis(what, index, child, walk):
    protocol = PROTOCOL[child["protocol"]]
    expected = sorted([(1, int(child["spi-in"], 16), protocol, 1), (2, int(child["spi-out"], 16), protocol, 1)])
    got = sorted((row["cipSecSpiDirection"], row["cipSecSpiValue"], row["cipSecSpiProtocol"], row["cipSecSpiStatus"])
                 for its_index, row in rows(walk, "cipSecSpi").items() if its_index[0] == index)
    equal("%s: SPIs (direction, value, protocol, status)" % what, expected, got)


def check_selectors(what, index, child, walk):
    got = []
    for its_index, row in rows(walk, "cipSecEndPt").items():
        if its_index[0] == index:
            got.append(tuple(tuple(row["cipSecEndPt%s%s" % (side, column)] for column in
                                   ("Type", "Addr1", "Addr2", "Protocol", "Port")) for side in ("Local", "Remote")))
            equal("%s: names of endpoint %d" % (what, its_index[1]), (b"", b""),
                  (row["cipSecEndPtLocalName"], row["cipSecEndPtRemoteName"]))
    equal("%s: selectors" % what, pairs_of(child), sorted(got))


def expected_tunnel(conn, ike, child, later, ike_index, conns):
    rekey_octets = int(conns[conn]["children"][child["name"]].get("rekey_bytes", 0))
    hard, soft = (lifetime(child["install-time"], child.get(key)) for key in ("life-time", "rekey-time"))
    algorithms = {
        "DiffHellmanGrp": GROUP[child["dh-group"]] if "dh-group" in child else 1,
        "EncryptAlgo": ENCR[child["encr-alg"]] if child["protocol"] == "ESP" else 1,
        "AhAuthAlgo": 1,
        "EspAuthAlgo": INTEG[child["integ-alg"]] if "integ-alg" in child else 9 if child["encr-alg"] in AEAD else 1,
    }
    expected = {
        "IkeTunnelIndex": ike_index, "IkeTunnelAlive": 1,
        "LocalAddr": address(ike["local-host"]), "RemoteAddr": address(ike["remote-host"]),
        "KeyType": 1, "EncapMode": MODE[child["mode"]],
        "LifeSize": rekey_octets // 1024 if rekey_octets else NO_LIMIT, "SaLifeSizeThreshold": 1,
        "LifeTime": hard, "SaLifeTimeThreshold": hard - soft if hard > soft else 1,
        "ActiveTime": age_range(child["install-time"], later["install-time"]),
        "TotalRefreshes": 0, "ExpiredSaInstances": 0, "CurrentSaInstances": 2, "Status": 1,
        "InSaDecompAlgo": 1, "OutSaCompAlgo": 1,
    }
    for way in ("In", "Out"):
        expected.update({"%sSa%s" % (way, name): number for name, number in algorithms.items()})
    return {"cipSecTun" + column: value for column, value in expected.items()}


def check_tunnels(walk, before, after, conns, ikes):
    by_spi = tunnels_by_spi(walk)
    table = rows(walk, "cipSecTun")
    later = {child["uniqueid"]: child for _, _, child in children_of(after)}
    seen = set()
    for conn, ike, child in children_of(before):
        what = "tunnel %s/%s of %s" % (conn, child["name"], ike["remote-id"])
        index = by_spi.get((1, int(child["spi-in"], 16)))
        if index is None or (index,) not in table:
            wrong(what, "a row", "none")
            continue
        seen.add(index)
        row = table[(index,)]
        expected = expected_tunnel(conn, ike, child, later[child["uniqueid"]], ikes.get(ike_key(ike)), conns)
        check_counts(what, "cipSecTun", counts_of(child), counts_of(later[child["uniqueid"]]), row)
        counted = {"cipSecTun" + column for way in ("In", "Out") for column in traffic_columns(way, 0, 0)}
        check_row(what, expected, {column: value for column, value in row.items() if column not in counted})
        equal("%s: number of columns" % what, 50 - 7, len(row))     # drops: charon knows of none, so there is no cell
        check_spis(what, index, child, walk)
        check_selectors(what, index, child, walk)
    for index in table:
        if index[0] not in seen:
            wrong("cipSecTunIndex %d" % index, "no row", table[index])
    for prefix in ("cipSecSpi", "cipSecEndPt"):
        strays = {index for index in rows(walk, prefix) if index[0] not in seen}
        equal("rows of %s without a tunnel" % prefix, set(), strays)


def sums_of(sas):
    return [sum(column) for column in zip(*(counts_of(child) for _, _, child in children_of(sas)))] or [0] * 4


def check_globals(walk, before, after):
    flat = {name: cells[(0,)] for name, cells in walk.items() if (0,) in cells}
    check_counts("globals", "cipSecGlobal", sums_of(before), sums_of(after), flat)
    expected = {"cipSecMibLevel": 1, "cipSecGlobalActiveTunnels": len(children_of(before)),
                "cikeGlobalActiveTunnels": len(before),
                "cikeGlobalInitTunnels": sum(ike.get("initiator") == "yes" for _, ike in before)}
    # Settings at their defaults: 200 entries of each ring are shown, all 13 notifications are disabled(2).
    expected.update({"cipSecHistTableSize": 200, "cipSecHistCheckPoint": 1, "cipSecFailTableSize": 200})
    expected.update({name: 2 for name in flat if name.startswith("cipSecTrapCntl")})
    counted = {"cipSecGlobal" + column for way in ("In", "Out") for column in traffic_columns(way, 0, 0)}
    # The MIB spells it so in the scalars.
    expected.update({name: 0 for name in flat if name not in expected and name not in counted and
                     re.search(r"(Fails|Drops|PreviousTunnels|DropPkts)$|^cikeGlobal(In|Out)", name)})
    check_row("globals", expected, {name: value for name, value in flat.items() if name not in counted})
    # Of the 57 totals, those that charon tells: no traffic of IKE but set-ups, no drops. Failures of IKE need alerts.
    alerts = sum(name in flat for name in ("cikeGlobalAuthFails", "cikeGlobalNoSaFails"))
    equal("number of scalars", 57 - 16 - 5 - 10 + alerts + 3 + 13, len(flat))


def tables(walk_path, before_path, conns_path, after_path):
    walk, before, after, conns = walk_of(walk_path), sas_of(before_path), sas_of(after_path), conns_of(conns_path)
    spis = [[child["spi-in"] for _, _, child in children_of(sas)] for sas in (before, after)]
    equal("the same SAs before and after the walk", spis[0], spis[1])
    ikes = check_ike(walk, before, after, conns)
    check_tunnels(walk, before, after, conns, ikes)
    check_globals(walk, before, after)
    print("%d IKE SAs, %d tunnels, %d selector pairs, %d SAs, %d cells" % (
        len(before), len(children_of(before)), len(rows(walk, "cipSecEndPt")), len(rows(walk, "cipSecSpi")),
        sum(len(cells) for cells in walk.values())))


def counters(walk_path, witness_path):
    walk, sas = walk_of(walk_path), sas_of(witness_path)
    by_spi, table = tunnels_by_spi(walk), rows(walk, "cipSecTun")
    for conn, _, child in children_of(sas):
        index = by_spi.get((1, int(child["spi-in"], 16)))
        check_counts("tunnel %s/%s" % (conn, child["name"]), "cipSecTun", counts_of(child), counts_of(child),
                     table.get((index,), {}))


# ---- The command line --------------------------------------------------------------------------------------------

def algo_text(sa, encr_only=False):
    """strongSwan's words for a suite, in the form that the CLI has: names with the key length."""
    text = {"encr": sa.get("encr-alg"), "integ": sa.get("integ-alg"), "group": sa.get("dh-group")}
    if "encr-keysize" in sa:
        text["encr"] += "_" + sa["encr-keysize"]
    if not encr_only:
        text["prf"] = sa.get("prf-alg")
    return text


def hexadecimal(text):
    return int(text, 16)


def check_cli_ike(path, walk, before, after):
    with open(path, encoding="utf-8") as file:
        shown = [row for segment in json.load(file)["segments"] for row in segment["ike_sas"]]
    later = {ike_key(ike): ike for _, ike in after}
    by_key = {(row["local_id"], row["remote_id"], row["local"]): row for row in shown}
    equal("IKE SAs that the CLI shows", len(before), len(shown))
    for conn, ike in before:
        what = "CLI: IKE SA %s %s" % (conn, ike["remote-id"])
        row = by_key.get((ike["local-id"], ike["remote-id"], ike["local-host"]))
        if row is None:
            wrong(what, "it", "nothing")
            continue
        expected = {
            "state": "established", "held": False, "version": int(ike["version"]), "auth": "psk",
            "initiator": ike.get("initiator") == "yes", "conn": conn,
            "local": ike["local-host"], "local_port": int(ike["local-port"]), "local_id": ike["local-id"],
            "remote": ike["remote-host"], "remote_port": int(ike["remote-port"]), "remote_id": ike["remote-id"],
            "local_nat": ike.get("nat-local") == "yes", "remote_nat": ike.get("nat-remote") == "yes", "refreshes": 0,
            "ios_state": "READY" if ike["version"] == "2" else "QM_IDLE",
        }
        for key, value in expected.items():
            equal("%s: %s" % (what, key), value, row.get(key))
        for key, its in (("spi_initiator", "initiator-spi"), ("spi_responder", "responder-spi")):
            equal("%s: %s" % (what, key), hexadecimal(ike[its]), hexadecimal(row[key]))
        for key, value in algo_text(ike).items():
            equal("%s: %s" % (what, key), value, row["proposal"][key])
        between("%s: established_age" % what, int(ike["established"]) - 1, int(later[ike_key(ike)]["established"]) + 1,
                row["established_age"])
        equal("%s: index in the MIB" % what, ike["remote-id"].encode(),
              walk["cikeTunRemoteValue"].get((row["index"],)))


def cli_side(side):
    kind = {"single": 1, "range": 2, "subnet": 3}[side["type"]]
    first = address(side["first"])
    if kind == 3:
        second = ipaddress.ip_network("%s/%d" % (side["first"], side["prefix"])).netmask.packed
    else:
        second = address(side["last"])
    port = side["port_first"] if side["port_first"] == side["port_last"] else 0
    return (kind, first, second, side["protocol"], port)


def check_cli_tunnels(path, walk, before):
    with open(path, encoding="utf-8") as file:
        shown = [row for segment in json.load(file)["segments"] for row in segment["tunnels"]]
    by_spi = {sa["spi"]: row for row in shown for sa in row["sas"] if sa["direction"] == "in"}
    equal("tunnels that the CLI shows", len(children_of(before)), len(shown))
    for conn, ike, child in children_of(before):
        what = "CLI: tunnel %s/%s of %s" % (conn, child["name"], ike["remote-id"])
        row = by_spi.get("0x" + child["spi-in"])
        if row is None:
            wrong(what, "it", "nothing")
            continue
        expected = {
            "conn": conn, "name": child["name"], "protocol": child["protocol"].lower(), "encap": child["mode"].lower(),
            "udp_encap": child.get("encap") == "yes", "ipcomp": False, "keying": "ike",
            "local": ike["local-host"], "remote": ike["remote-host"], "ike_alive": True,
            "reqid": int(child["reqid"]), "refreshes": 0, "sas_retired": 0,
        }
        for key, value in expected.items():
            equal("%s: %s" % (what, key), value, row.get(key))
        equal("%s: its IKE SA" % what, ike["remote-id"].encode(), walk["cikeTunRemoteValue"].get((row["ike_index"],)))
        octets_in, pkts_in, octets_out, pkts_out = counts_of(child)
        for way, octets, pkts in (("in", octets_in, pkts_in), ("out", octets_out, pkts_out)):
            equal("%s: %s" % (what, way), (octets, octets, pkts, pkts, pkts),
                  tuple(row[way][key] for key in ("octets", "raw_octets", "pkts", "crypts", "auths")))
            equal("%s: %s drops" % (what, way), {0}, set(row[way]["drops"].values()))
        equal("%s: selectors" % what, pairs_of(child),
              sorted((cli_side(sel["local"]), cli_side(sel["remote"])) for sel in row["selectors"]))
        equal("%s: SAs" % what, [("in", "0x" + child["spi-in"], octets_in), ("out", "0x" + child["spi-out"], octets_out)],
              sorted((sa["direction"], sa["spi"], sa["count"]["octets"]) for sa in row["sas"]))
        for sa in row["sas"]:
            equal("%s: state of an SA" % what, "active", sa["state"])
            equal("%s: lifetime" % what, lifetime(child["install-time"], child.get("life-time")), sa["lifetime"])
            for key, value in algo_text(child, encr_only=True).items():
                equal("%s: %s" % (what, key), value, sa["proposal"][key])
        equal("%s: index in the MIB" % what, row["index"], tunnels_by_spi(walk).get((1, int(child["spi-in"], 16))))


def cli(isakmp, ipsec, walk_path, before_path, after_path):
    walk, before, after = walk_of(walk_path), sas_of(before_path), sas_of(after_path)
    check_cli_ike(isakmp, walk, before, after)
    check_cli_tunnels(ipsec, walk, before)
    print("%d IKE SAs, %d tunnels" % (len(before), len(children_of(before))))


# ---- Walks among themselves ----------------------------------------------------------------------------------------

def moves(name):
    return name.endswith("ActiveTime")


def name_of(oid, known):
    base = oid
    while base and base not in known:
        base = base.rpartition(".")[0]
    return known[base][0] + oid[len(base):] if base else oid


def check_same(what, oid, wire, value, got, known):
    its_wire, its_value = got
    name = name_of(oid, known)
    equal("%s of %s: type" % (what, name), wire, its_wire)
    if moves(name.partition(".")[0]):
        between("%s of %s" % (what, name), value, value + 6000, its_value)
    else:
        equal("%s of %s" % (what, name), value, its_value)


def same(walk_path, gets_path):
    known, gets = objects(), {oid: (wire, value) for oid, wire, value in lines_of(gets_path)}
    cells = lines_of(walk_path)
    equal("instances", len(cells), len(gets))
    for oid, wire, value in cells:
        check_same("GET", oid, wire, value, gets.get(oid, (None, -1)), known)
    print("%d GETs" % len(gets))


def following(walk_path, nexts_path):
    known, cells, nexts = objects(), lines_of(walk_path), lines_of(nexts_path)
    equal("answers", len(cells), len(nexts))
    for (oid, wire, value), (its_oid, its_wire, its_value) in zip(cells[1:], nexts):
        equal("GETNEXT before %s" % name_of(oid, known), oid, its_oid)
        if oid == its_oid:
            check_same("GETNEXT", oid, wire, value, (its_wire, its_value), known)
    print("%d GETNEXTs" % len(nexts))


def stable(*paths):
    """Of all counters at all times; a row that is gone for a while must come back with no less."""
    known = objects()
    last, seen = {}, 0
    for path in paths:
        for oid, wire, value in lines_of(path):
            if wire not in ("Counter32", "Counter64"):
                continue
            seen += 1
            if value < last.get(oid, 0):
                wrong("%s in %s" % (name_of(oid, known), os.path.basename(path)), "no less than %d" % last[oid], value)
            last[oid] = value
    print("%d walks, %d counters, %d samples" % (len(paths), len(last), seen))


def constant(*paths):
    """The rows of tunnels and IKE SAs are the same in all walks."""
    first = None
    for path in paths:
        found = {prefix: sorted(rows(walk_of(path), prefix)) for prefix in ("cikeTun", "cipSecTun")}
        first = first or found
        equal("rows in %s" % os.path.basename(path), first, found)


CHECK_POINT = 7         # cipSecTunHistTermReason: the record of one that may still be there


def sums(path, quiet=True):
    """total -> (what it is, what rows and history have counted), where the walk has all of them"""
    walk, found = walk_of(path), {}
    for table, names in (("cipSec", ("HcInOctets", "HcOutOctets", "InPkts", "OutPkts")),
                         ("cike", ("InOctets", "OutOctets", "InPkts", "OutPkts"))):
        points = {index for index, reason in walk.get(table + "TunHistTermReason", {}).items() if reason == CHECK_POINT}
        ended = {active for index, active in walk.get(table + "TunHistActiveIndex", {}).items() if index not in points}
        for name in names:      # a row may end while it is walked
            parts = [value for index, value in walk.get(table + "Tun" + name, {}).items() if index[0] not in ended]
            parts += [value for index, value in walk.get(table + "TunHist" + name, {}).items() if index not in points]
            for value in walk.get(table + "Global" + name, {}).values():
                found[table + "Global" + name] = value, sum(parts)
    if quiet:
        for name, (whole, parts) in found.items():
            equal(name, parts, whole)
        for name, values in walk.items():
            if "Hc" not in name:
                continue
            low, wraps = name.replace("Hc", ""), name.replace("Hc", "").replace("Octets", "OctWraps")
            for index, value in values.items():
                if index in walk.get(low, {}):
                    equal("%s.%s" % (low, index), value & 0xffffffff, walk[low][index])
                if index in walk.get(wraps, {}):
                    equal("%s.%s" % (wraps, index), value >> 32, walk[wraps][index])
    return found


def laws(*paths):
    """Walks take time, and what is not shown for a while is only missing in the parts: they are no more than a later total.
    An index is of the same two gateways for ever, and ends once."""
    owners, parts = {}, {}
    for path in paths:
        for name, (whole, now) in sums(path, quiet=False).items():
            if whole < parts.get(name, 0):
                wrong("%s in %s" % (name, os.path.basename(path)), "no less than its parts before, %d" % parts[name], whole)
            parts[name] = max(parts.get(name, 0), now)
        walk = walk_of(path)
        for table in ("cipSec", "cike"):
            remote = walk.get(table + "TunRemoteAddr", {})
            for index, local in walk.get(table + "TunLocalAddr", {}).items():
                ends = local, remote.get(index)
                if ends[1] is not None and owners.setdefault((table, index), ends) != ends:
                    wrong("%sTun %s in %s" % (table, index, os.path.basename(path)), owners[table, index], ends)
    reasons, active = walk.get("cipSecTunHistTermReason", {}), walk.get("cipSecTunHistActiveIndex", {})
    ended = collections.Counter(value for index, value in active.items() if reasons.get(index) != CHECK_POINT)
    for index, times in ended.items():
        if times > 1:
            wrong("ends of tunnel %s" % index, 1, times)
    print("%d indexes, %d ended" % (len(owners), len(ended)))


def total(name, log_path, *witness_paths):
    """Of all CHILD_SAs of one name, with what was seen of each last: by a witness, or in the line that it closed with."""
    last = collections.defaultdict(lambda: [0, 0])
    with open(log_path, encoding="utf-8", errors="replace") as log:
        for line in log:
            match = re.search(r"closing CHILD_SA %s\{.*SPIs (\w+)_i \((\d+) bytes\) \w+_o \((\d+) bytes\)"
                              % re.escape(name), line)
            if match:
                last[match[1]] = [max(pair) for pair in zip(last[match[1]], (int(match[2]), int(match[3])))]
    for path in witness_paths:
        for _, _, child in children_of(sas_of(path)):
            if child["name"] == name:
                spi, counts = child["spi-in"], (int(child["bytes-in"]), int(child["bytes-out"]))
                last[spi] = [max(pair) for pair in zip(last[spi], counts)]
    print(*map(sum, zip(*last.values())))


def table(walk_path, column):
    for index, value in sorted(walk_of(walk_path)[column].items()):
        print(".".join(map(str, index)), value.hex() if isinstance(value, bytes) else value)


COMMANDS = {"tables": tables, "cli": cli, "counters": counters, "same": same, "next": following, "stable": stable,
            "constant": constant, "laws": laws, "sums": sums, "total": total, "table": table}


def main(argv):
    if len(argv) < 2 or argv[1] not in COMMANDS:
        raise SystemExit(__doc__)
    COMMANDS[argv[1]](*argv[2:])
    for mismatch in mismatches:
        print(mismatch)
    if mismatches:
        print("%d mismatches" % len(mismatches))
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv)
