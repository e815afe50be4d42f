#!/usr/bin/env python3
"""Does ipsecmon show the same SAs as charon?

    random_ike.py agree VICI IPSECMON CONF     prints the number of cells that were compared, or what differs: status 1
    random_ike.py mark FILE IPSECMON CONF      remembers what is shown now
    random_ike.py since FILE IPSECMON CONF EVENTS OFFSET [REASON]
                                               what came since: charon's events (vici_witness.py monitor) from OFFSET
                                               on say what there should be. Prints what should not; else nothing.
                                               Failures for REASON (or one of REASON|REASON) are expected
    random_ike.py same VICI VICI               status 0 if two peers have the same IKE SAs with each other
    random_ike.py failures FILE IPSECMON CONF  "ring conn reason" of what failed since

The second opinion is charon's own list, read by code that is not the project's, and its events.
"""

import json
import subprocess
import sys

sys.dont_write_bytecode = True
from vici_witness import Vici, children     # noqa: E402

UP = ("INSTALLED", "REKEYING", "UPDATING")
IKE_UP = ("ESTABLISHED", "REKEYING", "DELETING")


def ikes(program, conf):
    """Not those that only the wire has shown so far."""
    return [row for row in ask(program, conf, "isakmp", "sa")["ike_sas"]
            if not row["held"] and row["state"] != "negotiating"]


def ask(program, conf, *words):
    out = subprocess.run([program, "-c", conf, "show", "crypto", *words, "--json"], capture_output=True, check=True)
    return json.loads(out.stdout)["segments"][0]


class Differences(list):
    cells = 0

    def equal(self, what, said, shown):
        self.cells += 1
        if said != shown:
            self.append("%s: charon says %s, ipsecmon shows %s" % (what, said, shown))


def transform(name, size=None):
    return "%s_%s" % (name, size) if name and size else name


def compare_ike(diff, ike, name, row):
    what = "IKE SA %s#%s" % (name, ike["uniqueid"])
    diff.equal(what + " conn", name, row["conn"])
    diff.equal(what + " version", int(ike["version"]), row["version"])
    for side in ("local", "remote"):
        diff.equal("%s %s" % (what, side), ike[side + "-host"], row[side])
        diff.equal("%s %s port" % (what, side), int(ike[side + "-port"]), row[side + "_port"])
        diff.equal("%s %s identity" % (what, side), ike[side + "-id"], row[side + "_id"])
        diff.equal("%s NAT at %s" % (what, side), ike.get("nat-" + side) == "yes", row[side + "_nat"])
    for key, spi in (("initiator", "spi_initiator"), ("responder", "spi_responder")):
        diff.equal("%s SPI of the %s" % (what, key), int(ike[key + "-spi"], 16), int(row[spi], 16))
    diff.equal(what + " initiator", ike.get("initiator") == "yes", row["initiator"])
    proposal = row["proposal"]
    diff.equal(what + " encr", transform(ike.get("encr-alg"), ike.get("encr-keysize")), proposal["encr"])
    diff.equal(what + " integ", ike.get("integ-alg"), proposal["integ"])
    diff.equal(what + " prf", ike.get("prf-alg"), proposal["prf"])
    diff.equal(what + " group", ike.get("dh-group"), proposal["group"])


def compare_tunnel(diff, group, every, row):
    """GROUP: the CHILD_SAs in use that are one tunnel; EVERY: all of charon's, by SPI."""
    newest = group[-1]
    what = "tunnel %s (CHILD_SAs %s)" % (newest["name"], " ".join(child["uniqueid"] for child in group))
    diff.equal(what + " reqid", int(newest["reqid"]), row["reqid"])
    diff.equal(what + " protocol", newest["protocol"].lower(), row["protocol"])
    diff.equal(what + " UDP encapsulation", newest.get("encap") == "yes", row["udp_encap"])
    diff.equal(what + " selectors", len(newest["local-ts"]) * len(newest["remote-ts"]) > 0, len(row["selectors"]) > 0)
    shown = {(sa["direction"], int(sa["spi"], 16)): sa for sa in row["sas"]}
    for child in group:
        for way in ("in", "out"):
            sa = shown.pop((way, int(child["spi-" + way], 16)), None)
            diff.equal("%s has SPI %s %s" % (what, child["spi-" + way], way), True, sa is not None)
            if sa is None:
                continue
            diff.equal(what + " state of an SA in use", "active", sa["state"])
            diff.equal(what + " encr", transform(child.get("encr-alg"), child.get("encr-keysize")),
                       sa["proposal"]["encr"])
            diff.equal(what + " integ", child.get("integ-alg"), sa["proposal"]["integ"])
            diff.equal(what + " packets " + way, int(child["packets-" + way]), sa["count"]["pkts"])
            diff.equal(what + " octets " + way, int(child["bytes-" + way]), sa["count"]["octets"])
    for (way, spi) in shown:    # what lingers of a rekey
        diff.equal("%s: SPI %08x %s is known to charon" % (what, spi, way), True, spi in every)


def agree(socket, program, conf):
    diff = Differences()
    sas = [(name, ike) for name, ike in Vici(socket).sas() if ike["state"] in IKE_UP]
    rows = ikes(program, conf)
    tunnels = ask(program, conf, "ipsec", "sa")["tunnels"]

    # Two IKEv1 SAs of one connection between the same two are one row, of the younger.
    peers = {}
    for name, ike in sas:
        who = (name, ike["local-id"], ike["remote-id"], ike["local-host"], ike["remote-host"])
        peers.setdefault(who if ike["version"] == "1" else ike["uniqueid"], []).append((name, ike))
    by_spi = {int(row["spi_initiator"], 16): row for row in rows}
    diff.equal("IKE SAs", len(peers), len(rows))
    groups, every, row_of = {}, set(), {}
    for key, same in peers.items():
        found = [(name, ike) for name, ike in same if int(ike["initiator-spi"], 16) in by_spi]
        diff.equal("IKE SA %s#%s is shown" % (same[-1][0], same[-1][1]["uniqueid"]), True, len(found) > 0)
        if not found:
            continue
        name, ike = found[-1]
        row_of[key] = by_spi[int(ike["initiator-spi"], 16)]
        compare_ike(diff, ike, name, row_of[key])
        for name, ike in same:
            for child in children(ike):
                every.update(int(child[spi], 16) for spi in ("spi-in", "spi-out") if spi in child)
                if child["state"] in UP:
                    groups.setdefault((key, child["name"], child["reqid"]), []).append(child)
    diff.equal("tunnels", len(groups), len(tunnels))
    for (key, name, reqid), group in groups.items():
        index = row_of[key]["index"]
        fits = [row for row in tunnels if row["ike_index"] == index and row["name"] == name and
                row["reqid"] == int(reqid)]
        diff.equal("tunnels of %s, reqid %s, of IKE SA %s" % (name, reqid, index), 1, len(fits))
        if len(fits) == 1:
            diff.equal("tunnel %s: its IKE SA is alive" % name, True, fits[0]["ike_alive"])
            compare_tunnel(diff, group, every, fits[0])
    return diff


def shown_now(program, conf):
    history, failures = ask(program, conf, "history"), ask(program, conf, "failures")
    return {
        "tunnels": ask(program, conf, "ipsec", "sa")["tunnels"],
        "ikes": ikes(program, conf),
        "ended": history["tunnel_history"],
        "failed": [dict(row, ring="ike") for row in failures["ike_failures"]] +
                  [dict(row, ring="ipsec") for row in failures["tunnel_failures"]],
    }


def new_rows(before, now, what):
    seen = {(row.get("ring"), row["index"]) for row in before[what]}
    return [row for row in now[what] if (row.get("ring"), row["index"]) not in seen]


def garbled(failure):
    """Of two IKEv1 exchanges that cross, charon 5.9 takes one for garbage, and reports that as any other garbage."""
    return failure["reason"] == "malformed message" and (failure["conn"] or "").startswith("ikev1")


def since(before, now, path, offset, expected):
    """Of a step in which only rekeys were asked for."""
    downs, rekeyed, ike_rekeyed = 0, set(), set()
    with open(path, encoding="utf-8") as log:
        log.seek(offset)
        for line in log:
            seen = json.loads(line)
            event, message = seen["event"], seen["message"]
            downs += event in ("ike-updown", "child-updown") and message.get("up") != "yes"
            for name, ike in message.items():
                if event == "ike-rekey" and isinstance(ike, dict):
                    ike_rekeyed.add((name, ike["old"]["uniqueid"]))
                if event == "child-rekey" and isinstance(ike, dict):
                    for child in ike["child-sas"].values():
                        rekeyed.add((child["old"]["name"], child["old"]["uniqueid"]))
    if downs:
        return []       # charon itself says that something went down: agree() sees what is left
    wrong = ["tunnel %s ended: %s" % (row["name"], row["reason"]) for row in new_rows(before, now, "ended")]
    wrong += ["a failure: %s %s, %s" % (row["conn"], row["reason"], row["text"])
              for row in new_rows(before, now, "failed") if row["reason"] not in expected and not garbled(row)]
    for rows, count, key, name in (("tunnels", rekeyed, "name", "tunnel"), ("ikes", ike_rekeyed, "conn", "IKE SA")):
        old = {row["index"]: row for row in before[rows]}
        if {row["index"] for row in now[rows]} != set(old):
            wrong.append("%ss %s became %s" % (name, sorted(old), sorted(row["index"] for row in now[rows])))
            continue
        for which in {row[key] for row in now[rows] if row.get("version") != 1}:
            grown = sum(row["refreshes"] - old[row["index"]]["refreshes"] for row in now[rows] if row[key] == which)
            said = len([1 for told, _ in count if told == which])
            if grown != said:
                wrong.append("%s %s: charon told of %d rekeys, %d refreshes" % (name, which, said, grown))
    return wrong


def main(argv):
    command, where = argv[1], argv[2]
    if command == "agree":
        diff = agree(where, argv[3], argv[4])
        print("\n".join(diff) if diff else diff.cells)
        return 1 if diff else 0
    if command == "same":
        mine, its = ({ike["initiator-spi"] for _, ike in Vici(socket).sas()} for socket in argv[2:4])
        return mine != its
    now = shown_now(argv[3], argv[4])
    if command == "mark":
        with open(where, "w", encoding="utf-8") as file:
            json.dump(now, file)
        return 0
    with open(where, encoding="utf-8") as file:
        before = json.load(file)
    if command == "failures":
        for row in new_rows(before, now, "failed"):
            print(row["ring"], row["conn"] or "-", row["reason"])
        return 0
    wrong = since(before, now, argv[5], int(argv[6]), argv[7].split("|") if len(argv) > 7 else ())
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
