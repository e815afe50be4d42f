#!/usr/bin/env python3
"""Check a walk of the whole MIB against the MIB, and against itself.

Nothing here is shared with the programs: names, types and ranges come from the published MIB's facts (tests/data),
added values of enumerations from our text of the MIB (mibs/).  It needs the standard library only.

    conformance.py objects WALK                 every object that may be read is there and no other; types, ranges, order
    conformance.py all WALK                     the same of the other four MIBs: crypto maps, engines, our own; rows are whole
    conformance.py typed WALK                   types, ranges, order and rows of whatever is there of those
    conformance.py maps WALK FEEDS              crypto maps, tunnels, engines and feeds say the same in all MIBs, and as
                                                `ipsecmon show feeds --json' says
    conformance.py indexes WALK                 rows are whole, indexes are well made and point to rows that there are
    conformance.py gets WALK GETS NEXTS LATER   GET of each instance, and GETNEXT from the one before it, gave what the
                                                walks before and behind say
    conformance.py equal WALK OTHER LATER       OTHER, made between the two, has the same instances, types and values
    conformance.py times WALK FROM TO           TimeStamps, in a sysUpTime.0 that was FROM before it all and TO behind it
    conformance.py restarted WALK AGAIN FROM TO the same rows, when sysUpTime.0 has begun anew: their TimeStamps are 0;
                                                those of rows that are new are from FROM to TO

    conformance.py lists                        doc/mibs.md lists what deliberately differs from the published modules

Walks are gateway.sh's: OID TYPE VALUE.  Every mismatch is a line; the exit status is 1 then.
"""
import collections
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA, MIBS, DOC = (os.path.join(HERE, "..", *parts) for parts in (["data"], ["..", "mibs"], ["..", "doc"]))
FLOW = "CISCO-IPSEC-FLOW-MONITOR-MIB"
# Where our own is: as configured.
OWN = os.environ.get("IPSECMON_MIB", "1.3.6.1.4.1.8072.9999.9999")
MODULES = {FLOW: "1.3.6.1.4.1.9.9.171", "CISCO-IPSEC-POLICY-MAP-MIB": "1.3.6.1.4.1.9.9.172",
           "CISCO-REMOTE-ACCESS-MONITOR-MIB": "1.3.6.1.4.1.9.9.392",
           "CISCO-CRYPTO-ACCELERATOR-MIB": "1.3.6.1.4.1.9.9.467", "CISCO-IPSEC-MIB": "1.3.6.1.4.1.9.10.62",
           "IPSECMON-MIB": OWN}
MIB = MODULES[FLOW] + "."
OTHERS = tuple(prefix + "." for module, prefix in MODULES.items() if module != FLOW)
WIRE = {"OCTET STRING": "Hex-STRING", "BITS": "Hex-STRING", "Unsigned32": "Gauge32",
        "OBJECT IDENTIFIER": "OID", "TimeTicks": "Timeticks"}   # Net-SNMP's names
PEER_ID_MAX = 54        # octets of an identity that are part of an index: an OID has 128 sub-identifiers
CHECK_POINT = 7         # cipSecTunHistTermReason: the record of one that may still be there

# What the lab cannot have a value of, and why.
ABSENT = {
    "cipSecFailTunnelIndex": "no failure that this lab can cause is of a tunnel that is up, and the MIB has no 0",
}
# What a synthetic gateway has no value of, and tables that are empty without remote users.
SYNTHETIC = {"ipsecmonFeedErrorAge"}
USERS = {"crasSessionEntry", "crasActGroupEntry", "crasSessFailEntry", "crasGrpFailEntry", "ipsecmonPoolEntry"}


def deviations(heading):
    """The rows of a table of doc/mibs.md about what deliberately differs from the published modules: [(names, cells)]"""
    with open(os.path.join(DOC, "mibs.md"), encoding="utf-8") as file:
        section = file.read().partition("### %s\n" % heading)[2].partition("\n##")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    if not rows:
        raise SystemExit("doc/mibs.md has no table \"%s\"" % heading)
    return [(re.findall(r"`(\w+)`", row[0]), row[1:]) for row in rows]


# What no gateway has a value of, what is true though the published range has no room for it, and added values.
NEVER = {name for names, _ in deviations("Objects without any instance") for name in names}
READABLE = {name for names, _ in deviations("Index objects that can be read") for name in names}
BEYOND = {(name, int(cells[0])) for names, cells in deviations("Values outside the published range") for name in names}
def optional():
    """Columns that have no cell where it is not known (doc/mapping.md); the walk may have none of them."""
    with open(os.path.join(DOC, "mapping.md"), encoding="utf-8") as file:
        rows = [line.split(" | ") for line in file if line.startswith("| `")]
    return {row[0].strip("| `") for row in rows if len(row) > 3 and re.search(r"; needs |, if known|no cell|[Nn]ot there", row[3])}


OPTIONAL = optional()
# What goes up and down with nothing happening.
FREE = {"ipsecmonAgentRequests", "ipsecmonSegmentSilence", "ipsecmonTunnelLifeTimeLeft", "ipsecmonFeedAnswerAge"}

Object = collections.namedtuple("Object", "name oid kind wire access allowed size rest")
mismatches = []


def wrong(what, expected, got):
    mismatches.append("%s: expected %s, got %s" % (what, expected, got))


def equal(what, expected, got):
    if expected != got:
        wrong(what, repr(expected), repr(got))


# ---- The MIB -----------------------------------------------------------------------------------------------------

def enumeration(text):
    return {int(number): label for label, number in re.findall(r"([A-Za-z]\w*)\s*\(\s*(\d+)\s*\)", text)}


def our_enumerations():
    """name -> {number: label} of our MIB's objects, by their own syntax or by a textual convention's."""
    text = ""
    for module in MODULES:
        path = os.path.join(MIBS, module + ".txt")
        if module == "IPSECMON-MIB":
            path = os.path.join(MIBS, "template", module + ".txt.in")
        with open(path, encoding="utf-8") as file:
            text += re.sub(r'"[^"]*"', '""', file.read())
    conventions = {name: enumeration(labels) for name, labels in re.findall(
        r"^(\w+) ::= TEXTUAL-CONVENTION\b[^{}]*?SYNTAX\s+INTEGER\s*\{([^}]*)\}", text, re.M)}
    found = {}
    for name, syntax in re.findall(r"^(\w+) OBJECT-TYPE\s+SYNTAX\s+(.*?)\s+(?:UNITS|MAX-ACCESS)\b", text, re.M | re.S):
        its_own = re.fullmatch(r"INTEGER\s*\{(.*)\}", syntax, re.S)
        if its_own:
            found[name] = enumeration(its_own[1])
        elif syntax in conventions:
            found[name] = conventions[syntax]
    return found


def objects():
    """OID -> Object"""
    ours, found = our_enumerations(), {}
    added = {name: enumeration(cells[0]) for names, cells in deviations("More values") for name in names}
    for module in MODULES:
        with open(os.path.join(DATA, module + ".objects"), encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
        for line in lines:
            name, oid, kind, wire, access, allowed, size, rest = line.split("\t")
            oid = oid.replace("@", OWN)
            if wire == "BITS":
                allowed = "-"
            labels = enumeration(allowed)
            if labels:
                for number, label in labels.items():
                    if number in ours.get(name, {}):
                        equal("%s, value %d in our text" % (name, number), label.lower(), ours[name][number].lower())
                if module != "IPSECMON-MIB":
                    equal("values of %s that only we have, in doc/mibs.md" % name,
                          {number: label for number, label in ours.get(name, {}).items() if number not in labels},
                          added.pop(name, {}))
                allowed = set(labels) | set(ours.get(name, {}))
            elif allowed != "-":
                allowed = [(int(part.split("..")[0]), int(part.split("..")[-1])) for part in allowed.split(",")]
            else:
                allowed = None
            found[oid] = Object(name, oid, kind, WIRE.get(wire, wire), access, allowed, size, rest)
    equal("objects with values that only we have, in doc/mibs.md", {}, added)
    return found


KNOWN = objects()
BY_NAME = {known.name: known for known in KNOWN.values()}


def entry_of(known):
    """A column's entry; None for scalars."""
    entry = KNOWN.get(known.oid.rpartition(".")[0])
    return entry if entry and entry.kind == "entry" else None


def object_at(oid):
    base = oid
    while base and base not in KNOWN:
        base = base.rpartition(".")[0]
    return KNOWN.get(base)


# ---- Walks -------------------------------------------------------------------------------------------------------

def number_of(oid):
    return tuple(int(part) for part in oid.split("."))


def cells_of(path):
    """[(OID, type, value)]; a value is a number, or bytes."""
    cells = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            oid, wire, value = (line.rstrip("\n").split(" ", 2) + [""])[:3]
            if wire == "Hex-STRING":
                value = bytes.fromhex(value)
            elif wire == "Timeticks":
                value = int(re.match(r"\(?(\d+)", value)[1])
            elif re.fullmatch(r"-?\d+", value):
                value = int(value)
            cells.append((oid, wire, value))
    return cells


def columns_of(path):
    """name -> {index: value}"""
    found = collections.defaultdict(dict)
    for oid, _, value in cells_of(path):
        known = object_at(oid)
        if known and len(oid) > len(known.oid):
            found[known.name][number_of(oid[len(known.oid) + 1:])] = value
    return found


def moves(known):
    """May its value be another one a moment later, with nothing happening?  TimeStamps follow the master's clock."""
    return known.name.endswith("ActiveTime") and "Hist" not in known.name or known.wire == "Timeticks"


# ---- Objects -----------------------------------------------------------------------------------------------------

def check_value(oid, known, value):
    if known.size != "-":
        low_high = [tuple(int(end) for end in part.split("..")) for part in known.size.split(",")]
        if not any(part[0] <= len(value) <= part[-1] for part in low_high):
            wrong("size of %s %s" % (known.name, oid), known.size, len(value))
    if isinstance(known.allowed, set) and value not in known.allowed:
        wrong("value of %s %s" % (known.name, oid), sorted(known.allowed), value)
    if (known.name, value) in BEYOND:
        return
    if isinstance(known.allowed, list) and not any(low <= value <= high for low, high in known.allowed):
        wrong("value of %s %s" % (known.name, oid), known.allowed, value)
    if known.wire in ("Counter32", "Gauge32", "Timeticks") and not 0 <= value < 1 << 32:
        wrong("value of %s %s" % (known.name, oid), "32 bits", value)
    if known.wire == "Counter64" and not 0 <= value < 1 << 64:
        wrong("value of %s %s" % (known.name, oid), "64 bits", value)


def check_objects(path, mibs=(MIB,), partly=False):
    last, seen = (), set()
    for oid, wire, value in cells_of(path):
        if number_of(oid) <= last:
            wrong("order", "what is behind %s" % ".".join(map(str, last)), oid)
        last = number_of(oid)
        known = object_at(oid)
        if not oid.startswith(tuple(mibs)) or known is None:
            wrong(oid, "an object of the MIB", "one that it has not")
            continue
        if known.kind not in ("scalar", "column") or known.access == "not-accessible" and known.name not in READABLE:
            wrong(oid, "an object that can be read", "%s, %s" % (known.name, known.access))
            continue
        if known.kind == "scalar":
            equal("instance of %s" % known.name, known.oid + ".0", oid)
        equal("type of %s %s" % (known.name, oid), known.wire, wire)
        if known.wire == wire:
            check_value(oid, known, value)
        if known.name in NEVER:
            wrong(oid, "none, as doc/mibs.md says", "an instance")
        seen.add(known.name)
    readable = {known.name for known in KNOWN.values() if known.oid.startswith(tuple(mibs)) and
                known.kind in ("scalar", "column") and known.access in ("read-only", "read-write")}
    for name in sorted(readable - seen - set(ABSENT) - NEVER - SYNTHETIC - OPTIONAL):
        entry = entry_of(BY_NAME[name])
        if not partly and not (entry and entry.name in USERS):
            wrong(name, "an instance at least", "none")
    for name, why in ABSENT.items():
        if name in readable:
            print("%s: %s: %s" % (name, "there" if name in seen else "absent", why))
    print("%d of %d objects" % (len(seen), len(readable)))


# ---- Indexes -----------------------------------------------------------------------------------------------------

def parse_index(entry, index):
    """The values of an entry's index objects, or None when it is not well made.  Strings have their length before them."""
    values, at = [], 0
    for name in entry.rest.split(","):
        known = BY_NAME.get(name)
        if at >= len(index):
            return None
        if known and known.wire == "Hex-STRING":
            size = index[at]
            value = index[at + 1:at + 1 + size]
            if len(value) != size or any(octet > 255 for octet in value):
                return None
            values.append(bytes(value))
            at += 1 + size
        else:
            values.append(index[at])
            if known:
                check_value(".".join(map(str, index)), known, index[at])
            at += 1
    return values if at == len(index) else None


def check_rows(walk, mibs=(MIB,)):
    """Every column of a table has the same rows.  entry name -> {index: values of its index objects}"""
    tables = collections.defaultdict(dict)
    for known in KNOWN.values():
        entry = entry_of(known)
        if not entry or known.name not in walk:
            continue
        for index in walk[known.name]:
            if index not in tables[entry.name]:
                tables[entry.name][index] = parse_index(entry, index)
                if tables[entry.name][index] is None:
                    wrong("index of %s" % entry.name, entry.rest, index)
    for known in KNOWN.values():
        entry = entry_of(known)
        if not entry or not known.oid.startswith(tuple(mibs)) or known.access == "not-accessible":
            continue
        if known.name in set(ABSENT) | NEVER:
            continue
        if known.name in OPTIONAL:
            strays = set(walk[known.name]) - set(tables[entry.name])
            equal("rows of %s that the others do not have" % known.name, set(), strays)
        else:
            equal("rows of %s" % known.name, sorted(tables[entry.name]), sorted(walk[known.name]))
    return tables


def identity(kind, value):
    return (kind, value[:PEER_ID_MAX])


def check_peers(walk, tables):
    """Each IKE SA is one peer, and the tunnels that it made are under that peer."""
    peers, of_tunnel = tables["cikePeerEntry"], {}
    for index, values in peers.items():
        local, remote = identity(*values[0:2]), identity(*values[2:4])
        tunnel = (walk["cikePeerActiveTunnelIndex"][index],)
        if len(values[1]) > PEER_ID_MAX or len(values[3]) > PEER_ID_MAX:
            wrong("identities of peer %s" % (index,), "%d octets at most" % PEER_ID_MAX, "more")
        if tunnel not in walk["cikeTunStatus"]:
            wrong("cikePeerActiveTunnelIndex.%s" % (index,), "an IKE SA that there is", tunnel)
            continue
        equal("local identity of peer %s" % (index,), local,
              identity(walk["cikeTunLocalType"][tunnel], walk["cikeTunLocalValue"][tunnel]))
        equal("remote identity of peer %s" % (index,), remote,
              identity(walk["cikeTunRemoteType"][tunnel], walk["cikeTunRemoteValue"][tunnel]))
        for end in ("Local", "Remote"):
            equal("%s address of peer %s" % (end, index), walk["cikeTun%sAddr" % end][tunnel],
                  walk["cikePeer%sAddr" % end][index])
        if tunnel in of_tunnel:
            wrong("peers of IKE SA %s" % tunnel, "one", "two")
        of_tunnel[tunnel] = index
    equal("IKE SAs that are somebody's", sorted(walk["cikeTunStatus"]), sorted(of_tunnel))
    whose = {}
    for index in tables["cikePeerCorrEntry"]:
        tunnel = (walk["cikePeerCorrIpSecTunIndex"][index],)
        if tunnel not in walk["cipSecTunStatus"]:
            wrong("cikePeerCorrIpSecTunIndex.%s" % (index,), "a tunnel that there is", tunnel)
            continue
        equal("peer of tunnel %s" % tunnel, of_tunnel.get((walk["cipSecTunIkeTunnelIndex"][tunnel],)), index[:-1])
        if tunnel in whose:
            wrong("peers of tunnel %s" % tunnel, "one", "two")
        whose[tunnel] = index
    alive = sorted(tunnel for tunnel, yes in walk["cipSecTunIkeTunnelAlive"].items() if yes == 1)
    equal("tunnels that are somebody's", alive, sorted(whose))


def check_tunnels(walk, tables):
    living = set(walk["cipSecTunStatus"])
    for name, column in (("cipSecEndPtEntry", "cipSecEndPtLocalType"), ("cipSecSpiEntry", "cipSecSpiDirection")):
        of = collections.Counter(index[:1] for index in tables[name])
        equal("tunnels in %s" % name, sorted(living), sorted(of))
        if name == "cipSecSpiEntry":
            for tunnel in living:
                ways = {walk[column][index] for index in tables[name] if index[:1] == tunnel}
                equal("directions of the SAs of tunnel %s" % tunnel, {1, 2}, ways)
                equal("cipSecTunCurrentSaInstances.%s" % tunnel, walk["cipSecTunCurrentSaInstances"][tunnel], of[tunnel])
    for tunnel, ike in walk["cipSecTunIkeTunnelIndex"].items():
        equal("cipSecTunIkeTunnelAlive.%s" % tunnel, 1 if (ike,) in walk["cikeTunStatus"] else 2,
              walk["cipSecTunIkeTunnelAlive"][tunnel])
    for name, rows in (("cikeGlobalActiveTunnels", "cikeTunStatus"), ("cipSecGlobalActiveTunnels", "cipSecTunStatus")):
        equal(name, len(walk[rows]), walk[name][(0,)])


def check_history(walk):
    """What has ended is not there any more, unless it is the record of a check point."""
    for prefix, living in (("cikeTunHist", "cikeTunStatus"), ("cipSecTunHist", "cipSecTunStatus")):
        for index, active in walk[prefix + "ActiveIndex"].items():
            if walk[prefix + "TermReason"][index] != CHECK_POINT and (active,) in walk[living]:
                wrong("%sActiveIndex.%s" % (prefix, index), "one that has ended", active)
        indexes = [index for (index,) in sorted(walk[prefix + "ActiveIndex"])]
        equal("indexes of %s" % prefix, list(range(indexes[0], indexes[0] + len(indexes))) if indexes else [], indexes)
    ended = set(walk["cipSecTunHistActiveIndex"].values())
    for index, tunnel in walk["cipSecEndPtHistTunIndex"].items():
        if tunnel not in ended:
            wrong("cipSecEndPtHistTunIndex.%s" % index, "one of %s" % sorted(ended), tunnel)
    for name, rows in (("cikeGlobalPreviousTunnels", "cikeTunHistTermReason"),
                       ("cipSecGlobalPreviousTunnels", "cipSecTunHistTermReason")):
        equal(name, sum(reason != CHECK_POINT for reason in walk[rows].values()), walk[name][(0,)])


def check_gateways(walk):
    """One gateway: its statistics are the global ones."""
    for prefix, gateway in (("cikeGlobal", "cikePhase1GW"), ("cipSecGlobal", "cipSecPhase2GW")):
        for name in [name for name in walk if name.startswith(gateway)]:
            same = prefix + name[len(gateway):]
            if name not in OPTIONAL:
                equal("rows of %s" % name, [(1,)], sorted(walk[name]))
            if same in walk:
                equal("%s and %s" % (name, same), walk[same].get((0,)), walk[name].get((1,)))


def check_indexes(path):
    walk = columns_of(path)
    tables = check_rows(walk)
    check_peers(walk, tables)
    check_tunnels(walk, tables)
    check_history(walk)
    check_gateways(walk)
    print(", ".join("%s %d" % (name, len(rows)) for name, rows in sorted(tables.items())))


# ---- Among themselves --------------------------------------------------------------------------------------------

def check_equal(what, first, other, later):
    """Everything in other is as in first and later, or, where it moves, between."""
    first, later = cells_of(first), {oid: value for oid, _, value in cells_of(later)}
    other = {oid: (wire, value) for oid, wire, value in other}
    equal("%s: instances" % what, sorted(oid for oid, _, _ in first), sorted(other))
    for oid, wire, value in first:
        known, (its_wire, its_value) = object_at(oid), other.get(oid, (None, None))
        name = "%s of %s%s" % (what, known.name, oid[len(known.oid):])
        equal("%s: type" % name, wire, its_wire)
        if known.name in FREE:
            continue
        if moves(known) and its_value is not None:
            if not value <= its_value <= later.get(oid, 0):
                wrong(name, "%s to %s" % (value, later.get(oid)), its_value)
        else:
            equal(name, value, its_value)
            equal("%s, later" % name, value, later.get(oid))
    print("%s: %d instances" % (what, len(other)))


def check_gets(walk, gets, nexts, later):
    check_equal("GET", walk, cells_of(gets), later)
    cells, nexts = cells_of(walk), cells_of(nexts)
    equal("GETNEXT: answers", len(cells), len(nexts))
    # The first instance is nobody's next, and behind the last one the MIB is at its end.
    check_equal("GETNEXT", walk, cells[:1] + nexts[:-1], later)
    for (before, _, _), (expected, _, _), (oid, _, _) in zip(cells, cells[1:], nexts):
        equal("GETNEXT of %s" % before, expected, oid)
    if nexts and nexts[-1][0].startswith(MIB) and nexts[-1][1] not in ("Nomore", "Nosuch"):
        wrong("GETNEXT of the last one", "the end of the MIB", nexts[-1][0])


# ---- Times -------------------------------------------------------------------------------------------------------

# Hundredths of a second by which a TimeStamp may be early: charon tells since how many whole seconds an SA is there, and
# the agent learns the master's time from its answers, which come late and are rounded.
EARLY = 120
STAMPS = ("cikeTunHistStartTime", "cipSecTunHistStartTime", "cikeFailTime", "cipSecFailTime")


def check_times(path, began, ended):
    walk, stamps = columns_of(path), 0
    for name in STAMPS:
        for index, at in walk[name].items():
            stamps += 1
            lasted = walk[name.replace("StartTime", "ActiveTime")][index] if name.endswith("StartTime") else 0
            if not int(began) - EARLY <= at <= at + lasted <= int(ended):
                wrong("%s.%s" % (name, index), "%s to %s" % (began, ended), "%s + %s" % (at, lasted))
    print("%d TimeStamps from %s to %s" % (stamps, began, ended))


def check_restarted(before, again, began, ended):
    """Of what has ended since, one may have begun before; then it has lasted for longer than the master."""
    was, walk = columns_of(before), columns_of(again)
    began, ended = int(began), int(ended)
    for name in STAMPS:
        new = {index: at for index, at in walk[name].items() if index not in was[name]}
        kept = [] if name.endswith("FailTime") else sorted(was[name])
        equal("rows of %s that were there" % name, kept, sorted(set(walk[name]) - set(new)))
        for index in kept:
            equal("%s.%s, before sysUpTime began" % (name, index), 0, walk[name].get(index))
        for index, at in new.items():
            lasted = walk[name.replace("StartTime", "ActiveTime")][index] if name.endswith("StartTime") else 0
            if at == 0 and lasted < began - EARLY or at and not began - EARLY <= at <= at + lasted <= ended:
                wrong("%s.%s" % (name, index), "%s to %s" % (began, ended), "%s + %s" % (at, lasted))
        if not was[name] or not any(new.values()):
            wrong("rows of %s" % name, "some from before, some from now", "%d, %s" % (len(was[name]), new))
    print("sysUpTime %s to %s" % (began, ended))


# ---- Crypto maps, engines, what is configured ---------------------------------------------------------------------

def text_index(text):
    return (len(text),) + tuple(text)


def check_sets(walk):
    """The sets are what their entries are, and ours are the same entries."""
    sets, entries = walk["cipsStaticCryptomapSetSize"], walk["cipsStaticCryptomapType"]
    for index, size in sets.items():
        mine = [kind for entry, kind in entries.items() if entry[:-1] == index]
        equal("cipsStaticCryptomapSetSize.%s" % (index,), len(mine), size)
        for column, kind in (("NumManual", 1), ("NumIsakmp", 2), ("NumDynamic", 4)):
            equal("cipsStaticCryptomapSet%s.%s" % (column, index), mine.count(kind),
                  walk["cipsStaticCryptomapSet" + column][index])
        equal("templates of %s" % (index,), mine.count(4), walk["cipsDynamicCryptomapSetSize"].get(index, 0))
    equal("sets of entries", {entry[:-1] for entry in entries}, set(sets))
    for name, rows in (("cipsNumStaticCryptomapSets", sets), ("cipsNumIsakmpPolicies", walk["cipsIsakmpPolAuth"]),
                       ("cipsNumDynamicCryptomapSets", walk["cipsDynamicCryptomapSetSize"])):
        equal(name, len(rows), walk[name][(0,)])
    equal("entries", sorted((entry[:-1], walk["cipsStaticCryptomapDescr"][entry]) for entry in entries),
          sorted((text_index(walk["ipsecmonTunnelName"][row]), child) for row, child in walk["ipsecmonTunnelChild"].items()))
    for index in walk["cipsCryptomapSetIfStatus"]:
        if index[1:] not in sets:
            wrong("cipsCryptomapSetIfStatus.%s" % (index,), "a map that there is", index[1:])


def check_configured(walk):
    """What is configured, and the tunnels that came of it."""
    up = {row: index for row, index in walk["ipsecmonTunnelPhase2Index"].items() if index}
    equal("those that are up", {row for row, state in walk["ipsecmonTunnelOperStatus"].items() if state == 1}, set(up))
    equal("ipsecmonSegmentConfigured", len(walk["ipsecmonTunnelName"]), sum(walk["ipsecmonSegmentConfigured"].values()))
    equal("ipsecmonSegmentUp", len(up), sum(walk["ipsecmonSegmentUp"].values()))
    spis = collections.defaultdict(set)
    for index, spi in walk["cipSecSpiValue"].items():
        spis[index[0]].add(spi)
    sas = collections.Counter()
    for row, tunnel in up.items():
        name = text_index(walk["ipsecmonTunnelName"][row])
        sas[name] += walk["cipSecTunCurrentSaInstances"][(tunnel,)]
        equal("ipSecPolMapCryptoMapName.%d" % tunnel, walk["ipsecmonTunnelName"][row],
              walk["ipSecPolMapCryptoMapName"].get((tunnel,)))
        entry = name + (walk["ipSecPolMapCryptoMapNum"].get((tunnel,)),)
        equal("ipSecPolMapCryptoMapNum.%d" % tunnel, walk["ipsecmonTunnelChild"][row],
              walk["cipsStaticCryptomapDescr"].get(entry))
        ike = walk["cipSecTunIkeTunnelIndex"][(tunnel,)]
        equal("ipsecmonTunnelPhase1Index.%s" % row, ike, walk["ipsecmonTunnelPhase1Index"][row])
        if (walk["ikePolMapPolicyNum"].get((ike,)),) not in walk["cipsIsakmpPolAuth"]:
            wrong("ikePolMapPolicyNum.%s" % ike, "a policy that there is", walk["ikePolMapPolicyNum"].get((ike,)))
        for way in ("In", "Out"):
            if walk["ipsecmonTunnel%sSpi" % way][row] not in spis[tunnel]:
                wrong("ipsecmonTunnel%sSpi.%s" % (way, row), spis[tunnel], walk["ipsecmonTunnel%sSpi" % way][row])
            if walk["ipsecmonTunnelUps"][row] == 1:
                for ours, wide in (("Octets", True), ("Pkts", False)):
                    column = "cipSecTunHc%sOctets" % way if wide else "cipSecTun%sPkts" % way
                    equal("ipsecmonTunnel%s%s.%s" % (way, ours, row), walk[column][(tunnel,)],
                          walk["ipsecmonTunnel%s%s" % (way, ours)][row])
    for name, count in walk["cipsStaticCryptomapSetNumSAs"].items():
        equal("cipsStaticCryptomapSetNumSAs.%s" % (name,), sas[name], count)
    for row in walk["ipsecmonTunnelName"]:
        for way in ("In", "Out"):
            if row not in walk["ipsecmonTunnel%sDrops" % way]:
                continue        # nobody knows
            equal("ipsecmonTunnel%sDrops.%s" % (way, row), walk["ipsecmonTunnel%sDrops" % way][row],
                  sum(drops for index, drops in walk["ipsecmonDrop%sPkts" % way].items() if index[:1] == row))
    print("%d configured, %d up" % (len(walk["ipsecmonTunnelName"]), len(up)))


def check_engines(walk):
    for column in ("InOctets", "OutOctets", "InPkts", "OutPkts"):
        equal("ccaGlobal" + column, sum(walk["ccaAccl" + column].values()), walk["ccaGlobal" + column][(0,)])
    equal("ccaGlobalOutErrPkts", sum(walk["ccaAcclOutBadPkts"].values()), walk["ccaGlobalOutErrPkts"].get((0,), 0))
    equal("ccaProtPktEncryptsReqs", sum(walk["ccaAcclEncryptPkts"].values()), walk["ccaProtPktEncryptsReqs"][(4,)])
    equal("engines", sorted(walk["ipsecmonEngineName"]), sorted(walk["ccaAcclStatus"]))
    equal("SAs on engines", len(walk["cipSecSpiValue"]), sum(walk["ipsecmonEngineSas"].values()))


def check_maps(path, feeds):
    walk = columns_of(path)
    check_sets(walk)
    check_configured(walk)
    check_engines(walk)
    with open(feeds, encoding="utf-8") as file:
        shown = [feed for segment in json.load(file)["segments"] for feed in segment["feeds"]]
    equal("feeds", sorted(feed["name"] for feed in shown),
          sorted(name.decode() for name in walk["ipsecmonFeedName"].values()))
    for index, name in walk["ipsecmonFeedName"].items():
        state = [feed["state"] for feed in shown if feed["name"] == name.decode()]
        equal("ipsecmonFeedState.%s" % (index,), state, [("down", "connecting", "up")[walk["ipsecmonFeedState"][index] - 1]])


def check_lists():
    """The lists were compared with the modules when they were read; what they name is there."""
    for heading in ("Objects without any instance", "Index objects that can be read", "Values outside the published range", "Missing cells", "More values"):
        for names, _ in deviations(heading):
            for name in names:
                known = BY_NAME.get(name)
                if not known or known.kind not in ("scalar", "column"):
                    wrong("%s in doc/mibs.md" % name, "an object", known)
                elif heading == "Missing cells" and name not in OPTIONAL | set(ABSENT):
                    wrong("%s in doc/mapping.md" % name, "that a cell may be missing", "nothing of that")


def check_others(path, partly=False):
    check_rows(columns_of(path), OTHERS)
    check_objects(path, OTHERS, partly)


COMMANDS = {"lists": check_lists, "maps": check_maps, "all": check_others,
            "typed": lambda walk: check_others(walk, True),
            "objects": check_objects, "indexes": check_indexes, "gets": check_gets, "times": check_times,
            "equal": lambda walk, other, later: check_equal("OTHER", walk, cells_of(other), later),
            "restarted": check_restarted}


def main(argv):
    if argv[1:2] != ["lists"] and (len(argv) < 3 or argv[1] not in COMMANDS):
        raise SystemExit(__doc__)
    COMMANDS[argv[1]](*argv[2:])
    for mismatch in mismatches[:200]:
        print(mismatch)
    if mismatches:
        print("%d mismatches" % len(mismatches))
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv)
