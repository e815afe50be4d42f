#!/usr/bin/env python3
"""Compare the session tables with what swanctl says, cell by cell.

Nothing here is shared with the programs: `swanctl --list-sas --pretty' (the raw answer, a value to a line) and
`--list-pools --pretty' are read as they are, and the MIBs' numbers are in the tables below. The standard library only.

    session_witness.py compare DIR       DIR/before and DIR/after (list-sas around the walk), DIR/pools, DIR/sent, DIR/ras
                                         and DIR/own (walks), DIR/sessions.json (`ipsecmon sessions --json'), DIR/refreshed
    session_witness.py index DIR USER    session indexes of the user, a line each, from DIR/ras
    session_witness.py instance USER     the user as the first part of an index: LENGTH.OCTETS
    session_witness.py vip FILE USER     the first virtual address of each IKE SA of the user, a line each
    session_witness.py expected DIR      what pollers have to have, as JSON
    session_witness.py failures DIR      "USER GROUP REASON SOURCE TYPE", a line each, from crasSessFailTable

DIR/sent has "VIP PACKETS OCTETS" lines: what was sent to a virtual address and came back. DIR/ended has the same of
sessions that ended: "GROUP PACKETS OCTETS". DIR/refreshed has the users
whose IKE SAs are not their first. Every mismatch is a line; the exit status is 1 then. How many cells were equal is the
last line.
"""
import ipaddress
import json
import os
import sys

RAS = "1.3.6.1.4.1.9.9.392.1"
SESSION, GROUP, FAILURE = RAS + ".3.21.1", RAS + ".3.22.1", RAS + ".4.3.1.1"
OWN_POOL = "1.3.6.1.4.1.8072.9999.9999.1.8.1"
ENCRYPTION = {"NULL": 1, "DES_CBC": 2, "3DES_CBC": 3, "AES_CBC": 9, "AES_CTR": 9, "AES_GCM_16": 9}
PACKET_AUTHENTICATION = {"HMAC_MD5_96": 3, "HMAC_SHA1_96": 4}
OTHER = 2               # crasAuthenMethod: not a RADIUS server
LONGEST = 112           # octets of a user name that are part of an index
REASONS = {1: "other", 2: "internalError", 3: "authenticationFailure", 4: "authorizationFailure", 5: "sysCapExceeded",
           6: "peerAbortRequest", 7: "peerLost", 8: "operRequest"}

mismatches = []
cells = 0


def equal(what, expected, got):
    global cells
    if expected == got:
        cells += 1
    else:
        mismatches.append("%s: expected %r, got %r" % (what, expected, got))


def between(what, least, most, got):
    global cells
    if got is not None and least <= got <= most:
        cells += 1
    else:
        mismatches.append("%s: expected %s to %s, got %r" % (what, least, most, got))


# ---- What swanctl says --------------------------------------------------------------------------------------------

def pretty(path):
    """The messages of a file, each as (name, {key: text | list | section})."""
    messages, stack = [], []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            line = line.strip()
            if not stack and line.endswith("{"):
                messages.append((line.split()[0], {}))
                stack = [messages[-1][1]]
            elif not stack:
                continue
            elif line in ("}", "]"):
                stack.pop()
            elif isinstance(stack[-1], list):
                stack[-1].append(line)
            elif line.endswith(" {") or line.endswith(" = ["):
                inner = {} if line.endswith("{") else []
                stack[-1][line.rsplit(" {", 1)[0].rsplit(" = [", 1)[0]] = inner
                stack.append(inner)
            elif " = " in line:
                key, text = line.split(" = ", 1)
                stack[-1][key] = text
    return messages


class Said:
    """A session, as charon says."""

    def __init__(self, group, ike):
        self.group, self.ike = group, ike
        self.user = ike.get("remote-eap-id") or ike.get("remote-xauth-id") or ike["remote-id"]
        self.vips = ike.get("remote-vips", [])
        self.source, self.port = ike["remote-host"], int(ike["remote-port"])
        self.age = int(ike["established"])
        self.children = [child for child in ike.get("child-sas", {}).values() if child["state"] == "INSTALLED"]
        # The rule of doc/mapping.md; every connection of the lab but `site' has clients from anywhere.
        self.remote = bool(self.vips) or "remote-eap-id" in ike or "remote-xauth-id" in ike or group != "site"

    def total(self, field):
        return sum(int(child[field]) for child in self.children)


def sas(path):
    every = [Said(group, ike) for _, message in pretty(path) for group, ike in message.items()]
    return [said for said in every if said.ike["state"] == "ESTABLISHED"]


# ---- What SNMP says -----------------------------------------------------------------------------------------------

def walk(path):
    """OID to value; octets as bytes."""
    values = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            oid, kind, text = (line.rstrip("\n").split(" ", 2) + [""])[:3]
            if kind == "Hex-STRING":
                values[oid] = bytes.fromhex(text)
            elif kind in ("OID",):
                values[oid] = text.lstrip(".")
            elif kind == "Timeticks":
                values[oid] = int(text.split(")")[0].lstrip("("))
            elif not kind.startswith("No"):
                values[oid] = int(text.split()[0])
    return values


def rows(values, table):
    """Index (tuple of numbers) to {column: value}."""
    found = {}
    for oid, value in values.items():
        if oid.startswith(table + "."):
            column, *index = (int(part) for part in oid[len(table) + 1:].split("."))
            found.setdefault(tuple(index), {})[column] = value
    return found


def text_index(index):
    """The text at the beginning of an index, and what follows it."""
    return bytes(index[1:1 + index[0]]), index[1 + index[0]:]


def address(kind, octets):
    if not octets:
        return ""
    return str(ipaddress.ip_address(octets)) if kind in (1, 2) else "type %s" % kind


# ---- Comparing ----------------------------------------------------------------------------------------------------

def compare_row(said, later, row, sent, fresh):
    what = "%s %s " % (said.user, said.vips[:1])
    child = said.children[0] if said.children else {}
    equal(what + "crasGroup", said.group.encode(), row.get(2))
    equal(what + "crasAuthenMethod", OTHER, row.get(4))
    # An IKE SA that is not the session's first is younger than the session.
    between(what + "crasSessionDuration", said.age - 2, later.age + 1 if fresh else 1 << 31, row.get(6))
    if said.vips:
        equal(what + "crasLocalAddress", said.vips[0], address(row.get(7), row.get(8)))
    equal(what + "crasISPAddress", said.source, address(row.get(9), row.get(10)))
    equal(what + "crasSessionProtocol", 2, row.get(11))
    if child:
        equal(what + "crasSessionEncryptionAlgo", ENCRYPTION.get(child["encr-alg"]), row.get(13))
        equal(what + "crasSessionPktAuthenAlgo", PACKET_AUTHENTICATION.get(child.get("integ-alg"), 2), row.get(14))
    equal(what + "crasSessionCompressionAlgo", 1, row.get(15, 1))
    equal(what + "crasSessionState", 2, row.get(37))
    packets, octets = sent.get(said.vips[0] if said.vips else "", (0, 0))
    for column, field in ((31, "packets-in"), (32, "packets-out"), (35, "bytes-in"), (36, "bytes-out")):
        expected = packets if field.startswith("packets") else octets
        equal(what + "column %d" % column, expected, row.get(column))
        if fresh:       # its tunnels are its first: charon's own counts, too
            equal(what + field, said.total(field), row.get(column))


def compare_groups(remote, table, ras, ended):
    """crasActGroupTable, and the scalars."""
    groups = {}
    for said in remote:
        groups.setdefault(said.group, []).append(said)
    equal("groups", sorted(name.encode() for name in groups), sorted(text_index(index)[0] for index in rows(ras, GROUP)))
    for index, row in rows(ras, GROUP).items():
        name = text_index(index)[0].decode()
        of_group = [cells_of for cells_of in table.values() if cells_of.get(2) == name.encode()]
        equal("crasActGrNumUsers of " + name, len({said.user for said in groups.get(name, [])}), row.get(2))
        for column, of_session in ((3, 31), (4, 32), (7, 35), (8, 36)):
            past = ended.get(name, (0, 0))[of_session > 32]
            equal("group %s, column %d" % (name, column), past + sum(cells_of.get(of_session, 0) for cells_of in of_group),
                  row.get(column))
    equal("crasNumSessions", len(remote), ras.get(RAS + ".3.1.0"))
    equal("crasNumUsers", len({said.user for said in remote}), ras.get(RAS + ".3.3.0"))
    equal("crasNumGroups", len(groups), ras.get(RAS + ".3.4.0"))
    equal("crasIPSecNumSessions", len(remote), ras.get(RAS + ".3.26.0"))
    between("crasIPSecPeakConcurrentSessions", len(remote), ras.get(RAS + ".3.27.0", 0), ras.get(RAS + ".3.28.0"))
    equal("cumulative is previous and current", ras.get(RAS + ".3.27.0"),
          ras.get(RAS + ".3.2.0", 0) + ras.get(RAS + ".3.1.0", 0))
    for first in (23, 32, 35, 38):          # Email, LB, SVC, WebVPN: what Linux does not have
        for number in range(first, first + 3):
            equal("scalar %d" % number, 0, ras.get("%s.3.%d.0" % (RAS, number)))


def compare_pools(path, own):
    pools = {name: pool for _, message in pretty(path) for name, pool in message.items()}
    table = {row.get(2, b"").decode(): row for row in rows(own, OWN_POOL).values()}
    equal("pools", sorted(pools), sorted(table))
    for name, pool in pools.items():
        row = table.get(name, {})
        equal("pool %s base" % name, pool["base"], row.get(3, b"").decode())
        for column, key in ((4, "size"), (5, "online"), (6, "offline")):
            equal("pool %s %s" % (name, key), int(pool[key]), row.get(column))


def pair(remote, table):
    """Each session of charon with its row: by user, and by address where a user has several."""
    left, pairs = dict(table), []
    for said in remote:
        found = [index for index, row in left.items() if text_index(index)[0] == said.user.encode()[:LONGEST] and
                 (not said.vips or address(row.get(7), row.get(8)) == said.vips[0])]
        if found:
            row = left.pop(found[0])
            equal("%s: the columns of the index" % said.user, text_index(found[0]), (row.get(1), (row.get(3),)))
            pairs.append((said, row))
        else:
            mismatches.append("%s %s: no row" % (said.user, said.vips))
    mismatches.extend("%s: a row of no IKE SA" % text_index(index)[0].decode() for index in left)
    return pairs


def compare_json(remote, sent, refreshed, path):
    """`ipsecmon sessions --json', with the addresses that SNMP has no column for."""
    with open(path, encoding="utf-8") as file:
        rows_of = [row for segment in json.load(file)["segments"] for row in segment["sessions"]
                   if row["kind"] == "remote_access"]
    left = {(row["user"], (row["addresses"] or [""])[0]): row for row in rows_of}
    equal("sessions in JSON", len(remote), len(rows_of))
    for said in remote:
        row = left.get((said.user, (said.vips or [""])[0]))
        what = "JSON: %s %s " % (said.user, said.vips)
        if row is None:
            mismatches.append(what + "is missing")
            continue
        ike = said.ike
        user_is = ("eap" if "remote-eap-id" in ike else "xauth" if "remote-xauth-id" in ike else
                   "certificate" if "=" in said.user else "identity")
        for key, expected in (("group", said.group), ("remote", said.source), ("remote_port", said.port),
                              ("local", ike["local-host"]), ("addresses", said.vips), ("user_is", user_is),
                              ("version", int(ike["version"])), ("peer_id", ike["remote-id"]),
                              ("tunnels", len(said.children)), ("state", "up")):
            equal(what + key, expected, row.get(key))
        packets, octets = sent.get((said.vips or [""])[0], (0, 0))
        for way in ("in", "out"):
            equal(what + way, [octets, packets], [row[way]["octets"], row[way]["pkts"]])
        if said.user in refreshed:
            between(what + "refreshes", 0, 1 << 31, row.get("refreshes"))
        else:
            equal(what + "refreshes", 0, row.get("refreshes"))


def read(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def sums(path):
    """Name to packets and octets."""
    found = {}
    for line in read(path):
        name, packets, octets = line.split()
        old = found.get(name, (0, 0))
        found[name] = old[0] + int(packets), old[1] + int(octets)
    return found


def compare(folder):
    at = lambda name: os.path.join(folder, name)  # noqa: E731
    before, after = sas(at("before")), {said.ike["uniqueid"]: said for said in sas(at("after"))}
    ras, own = walk(at("ras")), walk(at("own"))
    sent, ended, refreshed = sums(at("sent")), sums(at("ended")), set(read(at("refreshed")))
    remote = [said for said in before if said.remote]
    equal("crasL2LNumSessions", len(before) - len(remote), ras.get(RAS + ".3.29.0"))
    table = rows(ras, SESSION)
    for said, row in pair(remote, table):
        compare_row(said, after.get(said.ike["uniqueid"], said), row, sent, said.user not in refreshed)
    compare_groups(remote, table, ras, ended)
    compare_pools(at("pools"), own)
    compare_json(remote, sent, refreshed, at("sessions.json"))


def expected(folder):
    every = sas(os.path.join(folder, "after"))
    remote = [said for said in every if said.remote]
    print(json.dumps({"remote": len(remote), "sites": len(every) - len(remote), "users": len({said.user for said in remote}),
                      "groups": len({said.group for said in remote})}))


def index_of(folder, user):
    for index in sorted(rows(walk(os.path.join(folder, "ras")), SESSION)):
        name, rest = text_index(index)
        if name == user.encode()[:LONGEST]:
            print(rest[0])


def failures(folder):
    for _, row in sorted(rows(walk(os.path.join(folder, "ras")), FAILURE).items()):
        print(row.get(2, b"").decode(), row.get(3, b"").decode(), REASONS.get(row.get(5)), address(row.get(8), row.get(9)),
              {1: "setup", 2: "operational"}.get(row.get(4)))


def main(argv):
    command = argv[1] if len(argv) > 2 else ""
    if command == "compare":
        compare(argv[2])
        print("\n".join(mismatches[:20] + [str(cells)]))
        sys.exit(1 if mismatches else 0)
    elif command == "index":
        index_of(argv[2], argv[3])
    elif command == "instance":
        octets = argv[2].encode()[:LONGEST]
        print(".".join(str(number) for number in [len(octets), *octets]))
    elif command == "vip":
        print("\n".join(said.vips[0] for said in sas(argv[2]) if said.user == argv[3] and said.vips))
    elif command == "expected":
        expected(argv[2])
    elif command == "failures":
        failures(argv[2])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
