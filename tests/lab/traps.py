#!/usr/bin/env python3
"""Notifications as a real snmptrapd has logged them, decoded by the published MIB's facts.  Standard library only.

    traps.py follow LOG                     read snmptrapd's log as it grows (its format: TRAP|%V|%v\\n, options -On -Oe
                                            -Ox), write a line of JSON per notification: when it came (t, seconds since
                                            the Epoch), its number, and its text:
        NAME; OBJECT[INDEX]=VALUE; ...      identities of a peer in the index as TYPE:TEXT
    traps.py told TRAPS FROM UNTIL TEXT...  what has come behind line FROM is these notifications, in any order, and no
                                            others, all before UNTIL (seconds since the Epoch; 0: whenever).  A VALUE
                                            may be LOW..HIGH.  Waits for them, and a moment longer for what should
                                            not come
    traps.py count TRAPS [FROM]             how many have come behind line FROM, by name
    traps.py pace TRAPS FROM RATE           how many came: not more than RATE in a second on average, and none twice.
                                            A receiver that had to wait a second for a processor gets that second's
                                            as well; how few they may be depends on the machine
"""
import collections
import ipaddress
import json
import os
import re
import sys
import time

import conformance

NOTIFICATIONS = {known.oid: known for known in conformance.KNOWN.values() if known.kind == "notification"}
MIBS = (conformance.MIB,) + conformance.OTHERS
SYS_UP_TIME, TRAP_OID = ".1.3.6.1.2.1.1.3.0", ".1.3.6.1.6.3.1.1.4.1.0"
SLOW = int(os.environ.get("SLOW", 100)) / 100      # how much slower than an idle machine this one is
PATIENCE, QUIET = 12 * SLOW, 0.7     # seconds: for what must come, for what must not


def index_text(known, index):
    values = conformance.parse_index(conformance.entry_of(known), index)
    if values is None:
        return "not well made: %s" % (index,)
    out = []
    for value in values:
        if isinstance(value, bytes) and not out:
            out.append(value.decode(errors="backslashreplace"))
        elif isinstance(value, bytes):
            out[-1] = "%s:%s" % (out[-1], value.decode(errors="backslashreplace"))
        else:
            out.append(str(value))
    return " ".join(out)


def varbind_text(text):
    oid, _, value = text.partition(" = ")
    oid = oid.lstrip(".")
    known = conformance.object_at(oid)
    if known is None or known.kind not in ("column", "scalar"):
        return "%s=%s" % (oid, value)
    wire, _, value = value.partition(": ")
    if wire == '""':
        wire, value = "Hex-STRING", ""
    if wire == "Hex-STRING":
        octets = bytes.fromhex(value)
        if known.size == "4,16":
            value = str(ipaddress.ip_address(octets)) if len(octets) in (4, 16) else octets.hex()
        else:
            value = "'%s'" % octets.decode(errors="backslashreplace")
    if wire == "Timeticks":
        value = value[1:value.index(")")]
    if wire != known.wire:
        value = "%s %s" % (wire, value)
    if known.kind == "scalar":
        return "%s%s=%s" % (known.name, oid[len(known.oid):], value)
    index = conformance.number_of(oid[len(known.oid) + 1:])
    return "%s[%s]=%s" % (known.name, index_text(known, index), value)


def decode(line):
    """Number and text of a line of snmptrapd's log; what is not in order is in the text.  None: not of our MIB."""
    _, first, second, *rest = line.split("|")
    if second.startswith(TRAP_OID + " = OID: ") and not any(mib in second for mib in MIBS):
        return None     # snmpd's own, coldStart and the like
    if not re.fullmatch(re.escape(SYS_UP_TIME) + r" = Timeticks: \(\d+\) .*", first):
        return 0, "the first variable is not sysUpTime.0: %s" % first
    match = re.fullmatch(re.escape(TRAP_OID) + r" = OID: \.([0-9.]+)", second)
    known = NOTIFICATIONS.get(match[1]) if match else None
    if known is None:
        return 0, "the second variable is no notification of the MIB: %s" % second
    parts = [varbind_text(text) for text in rest]
    wanted = [] if known.rest == "-" else known.rest.split(",")
    if [re.split(r"[\[.]", part)[0] for part in parts] != wanted:
        parts.append("expected %s" % known.rest)
    return int(known.oid.rpartition(".")[2]), "; ".join([known.name] + parts)


def follow(path):
    """The time is taken when the line is whole: a hundredth of a second late at most."""
    line = ""
    with open(path, encoding="utf-8", errors="replace") as log:
        while True:
            more = log.readline()
            if not more:
                time.sleep(0.01)
                continue
            line += more
            if not line.endswith("\n"):
                continue
            if line.startswith("TRAP|"):
                known = decode(line.rstrip("\n"))
                if known:
                    print(json.dumps({"t": time.time(), "number": known[0], "text": known[1]}), flush=True)
            line = ""


def traps_of(path, begin=0):
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if line.endswith("\n")]
    return [json.loads(line) for line in lines[int(begin):]]


def fits(expected, got):
    expected, got = expected.split("; "), got.split("; ")
    if len(expected) != len(got):
        return False
    for its, other in zip(expected, got):
        if its == other:
            continue
        name, _, bounds = its.rpartition("=")
        other_name, _, value = other.rpartition("=")
        match = re.fullmatch(r"(\d+)\.\.(\d+)", bounds)
        if name != other_name or not match or not value.isdigit() or not int(match[1]) <= int(value) <= int(match[2]):
            return False
    return True


def told(path, begin, until, *expected):
    give_up = time.time() + PATIENCE
    while len(traps_of(path, begin)) < len(expected) and time.time() < give_up:
        time.sleep(0.02)
    time.sleep(QUIET)
    traps, bad = traps_of(path, begin), 0
    latest = max((trap["t"] for trap in traps), default=0)
    for text in expected:
        found = next((trap for trap in traps if fits(text, trap["text"])), None)
        if found is None:
            print("missing:  %s" % text)
            bad += 1
            continue
        traps.remove(found)
        if float(until) and found["t"] > float(until):
            print("%.3f s late: %s" % (found["t"] - float(until), found["text"]))
            bad += 1
    for trap in traps:
        print("too many: %s" % trap["text"])
        bad += 1
    if float(until) and expected and not bad:
        print("%.0f ms before it would be late" % ((float(until) - latest) * 1000))
    return bad == 0


def pace(path, begin, rate):
    traps = traps_of(path, begin)
    took = traps[-1]["t"] - traps[0]["t"] if traps else 0
    print("%d in %.1f s" % (len(traps), took))
    good = len(traps) <= int(rate) * (took + SLOW)
    again = [text for text, n in collections.Counter(trap["text"] for trap in traps).items() if n > 1]
    for text in again[:5]:
        print("more than once: %s" % text)
    return good and not again


def count(path, begin=0):
    for name, n in sorted(collections.Counter(trap["text"].partition(";")[0] for trap in traps_of(path, begin)).items()):
        print(name, n)
    return True


COMMANDS = {"follow": follow, "told": told, "count": count, "pace": pace}


def main(argv):
    if len(argv) < 3 or argv[1] not in COMMANDS:
        raise SystemExit(__doc__)
    raise SystemExit(0 if COMMANDS[argv[1]](*argv[2:]) else 1)


if __name__ == "__main__":
    try:
        main(sys.argv)
    except KeyboardInterrupt:
        pass
