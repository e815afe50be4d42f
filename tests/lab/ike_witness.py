#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Compare IKE in a file of captured packets, as tshark dissects it, with the project's results.

    ike_witness.py replay FILE REPLAY [ADDRESS...]
        REPLAY is what ike_replay printed of FILE. Every message field by field, and every IKE SA count by count. The
        addresses are our own; none: the packets say which way they went (a capture on all interfaces).
    ike_witness.py live FILE ISAKMP.json HISTORY.json WALK ADDRESS...
        What ipsecmond has counted meanwhile: `show crypto isakmp sa --json', `show crypto history --json', and a walk of
        cikeGlobalStats (OID TYPE VALUE). By the addresses of both ends, and in all.

Prints every difference, and a sum in the last line; exit status 1 when there are differences.
"""
import json
import subprocess
import sys
from collections import defaultdict

FIELDS = ["frame.number", "sll.pkttype", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.length", "udp.srcport",
          "udp.dstport", "udp.payload", "isakmp.ispi", "isakmp.rspi", "isakmp.version", "isakmp.exchangetype",
          "isakmp.messageid", "isakmp.nextpayload", "isakmp.flags", "isakmp.length", "isakmp.notify.msgtype"]
COUNTS = ["octets", "pkts", "drops", "notifies", "exchanges", "exchange_invalids", "exchange_rejects", "sa_deletes"]
# An agreeing CREATE_CHILD_SA response cannot be shorter: ike_phase.h has the sum.
AGREES = 150


def dissect(path, ours):
    out = subprocess.run(["tshark", "-r", path, "-Y", "isakmp", "-T", "fields", "-E", "separator=/t"] +
                         [word for field in FIELDS for word in ("-e", field)],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    for line in out.splitlines():
        f = dict(zip(FIELDS, line.split("\t")))
        src, dst = (f["ip.src"], f["ip.dst"]) if f["ip.src"] else (f["ipv6.src"], f["ipv6.dst"])
        m = {"number": int(f["frame.number"])}
        m["out"] = src in ours if ours else f["sll.pkttype"] == "4"
        m["local"], m["remote"] = (src, dst) if m["out"] else (dst, src)
        marker = "4500" in (f["udp.srcport"], f["udp.dstport"])
        m["octets"] = int(f["udp.length"]) - 8 - (4 if marker else 0)
        # With the last fragment tshark shows what they make together, behind the header of the fragment itself.
        first = {name: f[name].split(",")[0] for name in FIELDS}
        m["spis"] = (first["isakmp.ispi"], first["isakmp.rspi"])
        m["major"], m["minor"] = int(first["isakmp.version"], 16) >> 4, int(first["isakmp.version"], 16) & 15
        m["exchange"] = int(first["isakmp.exchangetype"])
        m["id"] = int(first["isakmp.messageid"], 16)
        m["next"] = int(first["isakmp.nextpayload"])
        m["flags"] = int(first["isakmp.flags"], 16)
        m["length"] = int(first["isakmp.length"])
        fragment = m["next"] in (53, 132)
        m["notifies"] = [int(n) for n in f["isakmp.notify.msgtype"].split(",") if n and not fragment]
        m["text"] = f["udp.payload"]
        yield m


class Sums:
    """The counts of an IKE SA, or of several: made anew, from tshark's fields alone."""

    def __init__(self):
        self.counts = {True: dict.fromkeys(COUNTS, 0), False: dict.fromkeys(COUNTS, 0)}
        self.seen = set()

    def once(self, *what):
        if what in self.seen:
            return False
        self.seen.add(what)
        return True

    def add(self, m):
        mine, other = self.counts[m["out"]], self.counts[not m["out"]]
        mine["pkts"] += 1
        mine["octets"] += m["octets"]
        if not self.once(m["spis"], m["out"], m["text"]):
            return
        mine["notifies"] += len(m["notifies"])
        if m["major"] == 1 and m["exchange"] == 32:
            mine["exchanges"] += self.once(m["spis"], "quick", m["id"])
        if m["major"] == 2 and m["exchange"] == 36:
            if not m["flags"] & 0x20:
                mine["exchanges"] += self.once(m["spis"], "request", m["out"], m["id"])
            elif self.once(m["spis"], "response", m["out"], m["id"]):
                other["exchange_rejects"] += m["octets"] < AGREES and m["next"] != 53


def differ(what, ours, tsharks):
    if ours != tsharks:
        print("difference: %s: %s, tshark has %s" % (what, ours, tsharks))
    return ours != tsharks


def numbers(words):
    half = len(COUNTS)
    return {False: dict(zip(COUNTS, map(int, words[:half]))), True: dict(zip(COUNTS, map(int, words[half:])))}


def compare_counts(what, ours, theirs):
    return sum(differ("%s %s %s" % (what, "out" if out else "in", name), ours[out][name], theirs[out][name])
               for out in (False, True) for name in COUNTS if name in ours[out])


def replay(path, replayed, ours):
    theirs = list(dissect(path, ours))
    lines = [line.rstrip("\n").split("\t") for line in open(replayed)]
    mine = {int(line[1]): line for line in lines if line[0] == "message"}
    bad = differ("messages", sorted(mine), [m["number"] for m in theirs])
    for m in theirs:
        line = mine.get(m["number"])
        if not line:
            continue
        expected = ["message", str(m["number"]), "out" if m["out"] else "in", *m["spis"],
                    "%d.%d" % (m["major"], m["minor"]), str(m["exchange"]), "%08x" % m["id"], str(m["next"]),
                    "%02x" % m["flags"], str(m["octets"]), str(m["length"]), ",".join(map(str, m["notifies"])), "-"]
        bad += differ("message %d" % m["number"], line, expected)
    # By IKE SA: which pairs of SPIs are of one record is said by the replay, that each is in one is checked.
    index = {(line[1], line[2]): line[3] for line in lines if line[0] == "spis"}
    sums, total = defaultdict(Sums), Sums()
    pairs = {m["spis"] for m in theirs if int(m["spis"][1], 16)}
    whole = {pair[0]: pair for pair in pairs}       # of an initiator's SPI, while the responder's is not known
    bad += differ("pairs of SPIs", sorted(p for p in index if int(p[1], 16)), sorted(pairs))
    for m in theirs:
        pair = m["spis"] if int(m["spis"][1], 16) else whole.get(m["spis"][0], m["spis"])
        sums[index.get(pair)].add(m)
        total.add(m)
    records = {line[1]: numbers(line[5:]) for line in lines if line[0] == "ike"}
    bad += differ("IKE SAs", sorted(records), sorted(k or "none" for k in sums))
    for which, sum_ in sums.items():
        if which in records:
            bad += compare_counts("IKE SA %s" % which, records[which], sum_.counts)
    for line in lines:
        if line[0] == "totals":
            bad += compare_counts("totals", numbers(line[1:]), total.counts)
    print("%d messages, %d pairs of SPIs, %d IKE SAs: %d differences" % (len(theirs), len(pairs), len(sums), bad))
    return bad


def live(path, isakmp, history, walk, ours):
    sums, total = defaultdict(Sums), Sums()
    for m in dissect(path, ours):
        sums[m["local"], m["remote"]].add(m)
        total.add(m)
    mine = defaultdict(lambda: {False: dict.fromkeys(COUNTS, 0), True: dict.fromkeys(COUNTS, 0)})
    rows = json.load(open(isakmp))["segments"][0]["ike_sas"] + json.load(open(history))["segments"][0]["ike_history"]
    for row in rows:
        for out, way in ((False, "in"), (True, "out")):
            for name in COUNTS:
                mine[row["local"], row["remote"]][out][name] += row[way][name]
    bad = differ("ends", sorted(mine), sorted(sums))
    for ends, sum_ in sums.items():
        bad += compare_counts("%s - %s" % ends, mine[ends], sum_.counts)
    cells = dict(line.split()[0::2] for line in open(walk) if len(line.split()) == 3)
    base = "1.3.6.1.4.1.9.9.171.1.2.1."
    scalars = {out: {name: int(cells["%s%d.0" % (base, first + i)]) for i, name in enumerate(COUNTS)
                     if "%s%d.0" % (base, first + i) in cells} for out, first in ((False, 3), (True, 11))}
    bad += compare_counts("cikeGlobal", scalars, total.counts)
    # What the wire cannot show has no instance: drops on the way out, and deletes, which are encrypted.
    bad += differ("scalars that are not there", {out: set(COUNTS) - set(scalars[out]) for out in scalars},
                  {False: {"sa_deletes"}, True: {"drops", "sa_deletes"}})
    print("%d messages, %d pairs of ends, %d rows: %d differences" %
          (sum(total.counts[o]["pkts"] for o in (False, True)), len(sums), len(rows), bad))
    return bad


if len(sys.argv) >= 4 and sys.argv[1] == "replay":
    sys.exit(replay(sys.argv[2], sys.argv[3], sys.argv[4:]) > 0)
if len(sys.argv) >= 7 and sys.argv[1] == "live":
    sys.exit(live(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5], sys.argv[6:]) > 0)
sys.exit(__doc__)
