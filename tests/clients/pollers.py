#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Asks a gateway the way monitoring systems ask a Cisco gateway: the same detection, the same objects, the same keys and
the same arithmetic as in their sources (2026), in our own words. doc/pollers.md has the same facts for operators.

    pollers.py NAME FILE -- SNMP...     ask as NAME does, write what it has then to FILE as JSON; SNMP... is
                                        snmpbulkwalk's options and address (snmpget gets the same); both
                                        keep their state in $SNMP_PERSISTENT_DIR
    pollers.py all FILE -- SNMP...      ask as all of them do: {NAME: ...}
    pollers.py match FILE IKE SEC       what all of them have agrees with `ipsecmon show crypto isakmp sa --json' and
                                        `show crypto ipsec sa --json', and says so
    pollers.py rates BEFORE AFTER       no counter of any of them fell between two files, and some have moved
    pollers.py uptimes BEFORE AFTER     nobody thinks that the gateway has rebooted in between
    pollers.py keys FILE                what they call the tunnels, a line each: NAME KEY
    pollers.py sessions FILE -- SNMP... what each of them has of remote users; it has to be what FILE says: JSON with remote,
                                        sites, users and groups

NAME is one of librenms, observium, checkmk, nwc, centreon, netdata, datadog.
"""
import ipaddress
import json
import os
import re
import subprocess
import sys

FLOW = "1.3.6.1.4.1.9.9.171.1"
IKE = FLOW + ".2.3.1"           # cikeTunnelEntry
SEC = FLOW + ".3.2.1"           # cipSecTunnelEntry
END = FLOW + ".3.3.1"           # cipSecEndPtEntry
IKE_FAIL = FLOW + ".5.2.1.1"
SEC_FAIL = FLOW + ".5.3.1.1"
SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME = ("1.3.6.1.2.1.1.%d.0" % n for n in (1, 2, 3))
HR_SYSTEM_UPTIME, SNMP_ENGINE_TIME = "1.3.6.1.2.1.25.1.1.0", "1.3.6.1.6.3.10.2.1.3.0"
LINE = re.compile(r"^\.([0-9.]+) = (?:([A-Za-z0-9-]+): ?)?(.*)$")


class Snmp:
    """Net-SNMP's commands, with texts in hexadecimal digits."""

    def __init__(self, words):
        self.words = words

    def run(self, command, oids):
        env = {"PATH": os.environ["PATH"], "MIBS": "", "SNMPCONFPATH": "/nonexistent",
               "SNMP_PERSISTENT_DIR": os.environ["SNMP_PERSISTENT_DIR"]}
        out = subprocess.run([command, "-OnxteU", *self.words, *oids], env=env, check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        cells, oid = {}, None
        for line in out.splitlines():
            found = LINE.match(line)
            if not found:
                if oid:
                    cells[oid] += bytes.fromhex(line)
                continue
            oid, kind, text = found.groups()
            if kind == "Hex-STRING" or text == '""':
                cells[oid] = bytes.fromhex(text.replace('"', ""))
            elif kind == "OID":
                cells[oid] = text.lstrip(".")
            elif kind or text.isdigit():    # TimeTicks have no type before them
                cells[oid] = int(text.split()[0])
            else:
                oid = None      # No Such Object
        return cells

    def walk(self, oid):
        return self.run("snmpbulkwalk", [oid])

    def get(self, *oids):
        cells = self.run("snmpget", oids)
        return [cells.get(oid) for oid in oids]

    def rows(self, entry, *columns):
        """{index: {column: value}} of an entry, of all its columns or of these"""
        rows = {}
        for root in ["%s.%d" % (entry, column) for column in columns] or [entry]:
            for oid, value in self.walk(root).items():
                column, _, index = oid[len(entry) + 1:].partition(".")
                rows.setdefault(index, {})[int(column)] = value
        return rows


def text(value):
    return value.decode("utf-8", "replace").rstrip("\0") if value is not None else None


def address(value):
    return str(ipaddress.ip_address(value)) if value and len(value) in (4, 16) else None


def descr(snmp):
    return text(snmp.get(SYS_DESCR)[0])


def uptime(snmp):
    """In seconds, as LibreNMS, Observium and check_nwc_health find it: the host's, unless snmpd's clock is ahead of it."""
    of_snmpd, of_host, of_engine = snmp.get(SYS_UPTIME, HR_SYSTEM_UPTIME, SNMP_ENGINE_TIME)
    return max(of_snmpd // 100, (of_host or 0) // 100, of_engine)


# ---- LibreNMS: os_detection/asa.yaml and ios.yaml, polling/cipsec-tunnels and cisco-ipsec-flow-monitor -------------------

LIBRENMS_COLUMNS = {26: "InOctets", 29: "InDecompOctets", 32: "InPkts", 33: "InDropPkts", 34: "InReplayDropPkts",
                    35: "InAuths", 36: "InAuthFails", 37: "InDecrypts", 38: "InDecryptFails", 39: "OutOctets",
                    42: "OutUncompOctets", 45: "OutPkts", 46: "OutDropPkts", 47: "OutAuths", 48: "OutAuthFails",
                    49: "OutEncrypts", 50: "OutEncryptFails"}
LIBRENMS_WIDE = {26: 27, 29: 30, 39: 40, 42: 43}        # used if a row has all four


def librenms(snmp):
    what = descr(snmp)
    if re.search(r"^Cisco (Adaptive|Industrial) Security Appliance", what):
        system = "asa"
    elif "Cisco IOS Software" in what or "IOS (tm)" in what:
        system = "ios"
    else:
        return {"os": None}
    ike, sec = snmp.rows(IKE), snmp.rows(SEC)
    tunnels = {}
    for index, row in sec.items():
        peer = ike.get(str(row.get(2)))
        if peer is None:
            return {"os": system, "error": "tunnel %s has no IKE row: PHP 8 ends the module there" % index}
        wide = all(column in row for column in LIBRENMS_WIDE.values())
        counters = {name: row.get(LIBRENMS_WIDE[column] if wide and column in LIBRENMS_WIDE else column, 0)
                    for column, name in LIBRENMS_COLUMNS.items()}
        # One row and one RRD file for each peer: of several tunnels with a peer, the last one stays in the database.
        tunnels[text(peer[7])] = {"index": int(index), "name": text(peer.get(5)), "local": text(peer[3]),
                                  "status": row[51], "counters": counters}
    stats = {oid[len(FLOW) + 5:]: value for oid, value in snmp.walk(FLOW + ".3.1").items()}
    return {"os": system, "uptime": uptime(snmp), "tunnels": tunnels,
            "gateway": {"tunnels": stats["1.0"], "InOctets": stats.get("4.0", stats["3.0"]),
                        "OutOctets": stats.get("17.0", stats["16.0"]), "InPkts": stats["9.0"], "OutPkts": stats["22.0"]}}


# ---- Observium: polling/cipsec-tunnels ------------------------------------------------------------------------------------

def observium(snmp):
    # Its definition of the OS wants both; the group of Cisco's OSs has the MIB.
    if not snmp.get(SYS_OBJECT_ID)[0].startswith("1.3.6.1.4.1.9.1.") or \
            "Cisco Adaptive Security Appliance" not in descr(snmp):
        return {"os": None}
    ike, sec, ends = snmp.rows(IKE), snmp.rows(SEC), snmp.rows(END)
    by_address = {(address(row[4]), address(row[8])): index for index, row in ike.items()}
    tunnels, left_out = {}, []
    for index, row in sec.items():
        local, remote = address(row[4]), address(row[5])
        peer = str(row[2]) if str(row[2]) in ike else by_address.get((local, remote))
        if peer is None:
            left_out.append(int(index))
            continue
        # One row for each pair of addresses and each set of traffic selectors.
        selectors = sorted(" ".join(address(end[column]) or "" for column in (4, 5, 10, 11))
                           for of, end in ends.items() if of.split(".")[0] == index)
        wide = all(column in row for column in LIBRENMS_WIDE.values())
        tunnels["%s-%s-%s" % (local, remote, "/".join(selectors))] = {
            "index": int(index), "name": text(ike[peer].get(5)), "status": row[51],
            "counters": {name: row.get(LIBRENMS_WIDE[column] if wide and column in LIBRENMS_WIDE else column)
                         for column, name in LIBRENMS_COLUMNS.items()}}
    return {"os": "asa", "uptime": uptime(snmp), "tunnels": tunnels, "left_out": left_out}


# ---- Checkmk: cisco_vpn_tunnel ---------------------------------------------------------------------------------------------

def checkmk(snmp):
    what = descr(snmp).lower()
    if not what.startswith("cisco adaptive security") and "vpn 3000 concentrator" not in what:
        return {"detected": False}
    phase_2 = {}
    for row in snmp.rows(SEC, 2, 3, 26, 39).values():
        if row.get(3) == 2:
            continue
        sums = phase_2.setdefault(str(row.get(2)), [0, 0])
        sums[0] += row.get(26) or 0
        sums[1] += row.get(39) or 0
    items = {}
    for index, row in snmp.rows(IKE, 7, 19, 27).items():
        peer = text(row.get(7))
        if not peer or 19 not in row or 27 not in row:      # no item without the octets of IKE
            continue
        item = items.setdefault(peer, {"phase_1": [row[19], row[27]], "phase_2": None})
        item["phase_2"] = phase_2.get(index, item["phase_2"])
    return {"detected": True, "items": items}


# ---- check_nwc_health: --mode vpn-status ------------------------------------------------------------------------------------

LOOKBACK = 1800 * 100


def nwc(snmp):
    what, now = descr(snmp), snmp.get(SYS_UPTIME)[0]
    if not re.search("cisco", what, re.I) and not snmp.get(SYS_OBJECT_ID)[0].startswith("1.3.6.1.4.1.9."):
        return {"class": None}
    tunnels, failures = {}, []
    for index, row in snmp.rows(IKE, 4, 5, 8, 9, 35).items():
        if row.get(4):
            tunnels["%s->%s" % (address(row[4]), address(row.get(8)))] = {
                "index": int(index), "name": text(row.get(5)), "active": row.get(35) == 1}
    for row in snmp.rows(IKE_FAIL).values():
        if now - row.get(3, 0) < LOOKBACK:
            failures.append([1, row[2], text(row.get(5)), text(row.get(8))])
    for row in snmp.rows(SEC_FAIL).values():
        # Its time is never looked at: every failure counts as one from the start of the master.
        if now < LOOKBACK and row[2] != 1:
            failures.append([2, row[2], address(row.get(5)), address(row.get(6))])
    bad = [name for name, tunnel in tunnels.items() if not tunnel["active"]] or failures
    return {"class": "ASA" if re.search("Cisco (PIX|Adaptive) Security Appliance", what, re.I) else "IOS",
            "status": "UNKNOWN" if not tunnels else "CRITICAL" if bad else "OK", "uptime": uptime(snmp), "tunnels": tunnels,
            "failures": failures}


# ---- Centreon: network::cisco::asa::snmp::plugin, mode ipsec-tunnel ---------------------------------------------------------

def centreon(snmp):
    named, of_ike = {}, {}
    for index, row in snmp.rows(IKE, 3, 7).items():
        named["%s_%s" % (text(row[3]), text(row[7]))] = index
    for index, row in snmp.rows(SEC, 2).items():
        of_ike.setdefault(str(row[2]), []).append(index)
    ends = {of.split(".")[0] for of, row in snmp.rows(END, 4).items() if len(row[4]) == 4}
    wide = snmp.rows(SEC, 27, 33, 40, 46)
    tunnels = {}
    for name, ike in named.items():
        if ike not in of_ike:
            continue            # an IKE SA without tunnels, or tunnels without an IKE SA
        if any(index not in ends for index in of_ike[ike]):
            return {"error": "an endpoint that is not IPv4: the check dies"}
        tunnels[name] = {"sa": len(of_ike[ike]), "counters": {
            "%s.%s" % (what, index): wide[index].get(column) for index in of_ike[ike]
            for what, column in (("in", 27), ("out", 40), ("drop-in", 33), ("drop-out", 46))}}
    return {"total": len(tunnels), "tunnels": tunnels}


# ---- Netdata and Datadog: cisco-asa.yaml, _cisco-asa.yaml, _cisco-ipsec-flow-monitor.yaml -----------------------------------

ASA_MODELS = {"1.3.6.1.4.1.9.1.%d" % model for model in (745, 1409, 1421, 1614, 2114)}       # some that both list


def scalars(snmp):
    names = {"cipSecGlobalActiveTunnels": 1, "cipSecGlobalHcInOctets": 4, "cipSecGlobalHcOutOctets": 17}
    values = snmp.get(*["%s.3.1.%d.0" % (FLOW, column) for column in names.values()])
    return dict(zip(names, values))


def profile(snmp):
    """What the profile of the tunnel tables makes of them; no profile of a model brings it along."""
    ike = {index: {"local": text(row.get(3)), "remote": text(row.get(7)), "status": row.get(35),
                   "InOctets": row.get(19), "OutOctets": row.get(27)}
           for index, row in snmp.rows(IKE, 3, 7, 19, 27, 35).items()}
    sec = {index: {"ike": row.get(2), "local": address(row.get(4)), "remote": address(row.get(5)),
                   "status": row.get(51), "HcInOctets": row.get(27), "HcOutOctets": row.get(40), "InPkts": row.get(32),
                   "OutPkts": row.get(45)} for index, row in snmp.rows(SEC, 2, 4, 5, 27, 32, 40, 45, 51).items()}
    return {"ike": ike, "sec": sec}


def netdata(snmp):
    if snmp.get(SYS_OBJECT_ID)[0] not in ASA_MODELS:
        return {"profile": None}
    return {"profile": "cisco-asa", "scalars": scalars(snmp), "tables": profile(snmp)}


def datadog(snmp):
    seen = netdata(snmp)
    if seen["profile"]:
        # It tags rows with the index columns, which are not-accessible: such a tag is left out.
        seen["index_tags"] = len(snmp.walk(IKE + ".1")) + len(snmp.walk(SEC + ".1"))
    return seen


POLLERS = {"librenms": librenms, "observium": observium, "checkmk": checkmk, "nwc": nwc, "centreon": centreon,
           "netdata": netdata, "datadog": datadog}


# ---- Remote users -----------------------------------------------------------------------------------------------------------

RAS = "1.3.6.1.4.1.9.9.392.1"
RAS_NAMES = {"Sessions": "3.1", "Users": "3.3", "Groups": "3.4", "Failures": "4.1.1", "Declined": "4.1.2", "NoResources": "4.1.3",
             "MaxSessions": "1.1", "MaxUsers": "1.2", "MaxGroups": "1.3", "Bandwidth": "2.1", "ThrSessions": "6.1",
             "ThrFailed": "6.2"}
for at, kind in enumerate(("Email", "IPSec", "L2L", "LB", "SVC", "Webvpn")):
    RAS_NAMES.update({kind: "3.%d" % (23 + 3 * at), kind + "Total": "3.%d" % (24 + 3 * at), kind + "Peak": "3.%d" % (25 + 3 * at)})
KINDS = ("Email", "IPSec", "L2L", "LB", "SVC", "Webvpn")


def ras(snmp, *names):
    return dict(zip(names, snmp.get(*["%s.%s.0" % (RAS, RAS_NAMES[name]) for name in names])))


def ras_kinds(snmp):            # LibreNMS and Observium: polling/cisco-remote-access-monitor
    return ras(snmp, *KINDS)


def ras_checkmk(snmp):          # cisco_vpn_sessions: one column that has no instance, and there is no service at all
    kinds = [kind for kind in KINDS if kind not in ("Email", "LB")]
    return ras(snmp, *[kind + part for kind in kinds for part in ("", "Total", "Peak")], "MaxSessions")


def ras_nwc(snmp):              # --mode vpn-sessions; a limit of 0 means 0 % are in use
    return ras(snmp, "Users", "MaxUsers", "Groups", "MaxGroups", "Sessions", "ThrSessions", "MaxSessions", "Bandwidth", "Declined",
               "ThrFailed", "Failures", "IPSec", "IPSecTotal")


def ras_centreon(snmp):         # cisco asa, mode sessions
    return ras(snmp, "Sessions", *KINDS, *[kind + "Total" for kind in KINDS])


def ras_datadog(snmp):          # _cisco-asa.yaml, as in Netdata
    return ras(snmp, "Declined", "Sessions", "Users", "NoResources")


def ras_zabbix(snmp):           # Cisco ASAv by SNMP discovers sessions by the columns of the index
    return {"names": len(snmp.walk(RAS + ".3.21.1.1")), "numbers": len(snmp.walk(RAS + ".3.21.1.3"))}


def sessions(snmp, path):
    with open(path, encoding="utf-8") as file:
        expected = json.load(file)
    zeroes = {kind: 0 for kind in KINDS if kind not in ("IPSec", "L2L")}
    right = dict(zeroes, IPSec=expected["remote"], L2L=expected["sites"], Sessions=expected["remote"], Users=expected["users"],
                 Groups=expected["groups"])
    for name, ask in (("librenms, observium", ras_kinds), ("checkmk", ras_checkmk), ("check_nwc_health", ras_nwc),
                      ("centreon", ras_centreon), ("datadog, netdata", ras_datadog)):
        seen = ask(snmp)
        for key, value in seen.items():
            if value is None and key != "Bandwidth":
                raise SystemExit("%s: no value of %s" % (name, key))
            if key in right:
                equal("%s: %s" % (name, key), right[key], value)
            if key.endswith("Total") and key[:-5] in seen and value < seen[key[:-5]]:
                raise SystemExit("%s: %s has had fewer sessions than it has" % (name, key))
        print(name, json.dumps(seen, sort_keys=True))
    equal("zabbix, of another template than ours", {"names": expected["remote"], "numbers": expected["remote"]}, ras_zabbix(snmp))


# ---- Against the command line -----------------------------------------------------------------------------------------------

def equal(what, expected, got):
    if expected != got:
        raise SystemExit("%s: expected %s, got %s" % (what, expected, got))


def match(path, ike_path, sec_path):
    seen = json.load(open(path, encoding="utf-8"))
    ikes = {row["index"]: row for segment in json.load(open(ike_path, encoding="utf-8"))["segments"]
            for row in segment["ike_sas"] if row["index"]}
    tunnels = {row["index"]: row for segment in json.load(open(sec_path, encoding="utf-8"))["segments"]
               for row in segment["tunnels"]}
    for name in ("librenms", "observium"):
        for key, tunnel in seen[name]["tunnels"].items():
            row = tunnels[tunnel["index"]]
            for way in ("in", "out"):
                side = way.capitalize()
                equal("%s: %s %sOctets" % (name, key, side), row[way]["octets"], tunnel["counters"][side + "Octets"])
                equal("%s: %s %sPkts" % (name, key, side), row[way]["pkts"], tunnel["counters"][side + "Pkts"])
            equal("%s: status of %s" % (name, key), 1, tunnel["status"])
            equal("%s: name of %s" % (name, key), row["conn"], tunnel["name"])
    equal("librenms: tunnels of the gateway", len(tunnels), seen["librenms"]["gateway"]["tunnels"])
    equal("observium: tunnels", sorted(tunnels), sorted(t["index"] for t in seen["observium"]["tunnels"].values()))
    for name, item in seen["checkmk"]["items"].items():
        mine = [row for row in tunnels.values() if ikes[row["ike_index"]]["remote"] == name]
        equal("checkmk: phase 2 of %s" % name, [sum(row[way]["octets"] for row in mine) % 2**32 for way in ("in", "out")],
              item["phase_2"] or [0, 0])
    equal("checkmk: items", len(ikes), len(seen["checkmk"]["items"]))
    equal("nwc: tunnels", sorted("%s->%s" % (row["local"], row["remote"]) for row in ikes.values()),
          sorted(seen["nwc"]["tunnels"]))
    if "tunnels" in seen["centreon"]:
        for key, tunnel in seen["centreon"]["tunnels"].items():
            for counter, value in tunnel["counters"].items():
                way, _, index = counter.partition(".")
                if way in ("in", "out"):
                    equal("centreon: %s %s" % (key, counter), tunnels[int(index)][way]["octets"], value)
    for name in ("netdata", "datadog"):
        equal("%s: active tunnels" % name, len(tunnels), seen[name]["scalars"]["cipSecGlobalActiveTunnels"])
        rows = seen[name]["tables"]["sec"]
        equal("%s: tunnels" % name, sorted(map(str, tunnels)), sorted(rows))
        for index, row in rows.items():
            equal("%s: octets of %s" % (name, index), [tunnels[int(index)][way]["octets"] for way in ("in", "out")],
                  [row["HcInOctets"], row["HcOutOctets"]])
    print("%d tunnels, %d IKE SAs" % (len(tunnels), len(ikes)))


def counters(value, path=""):
    """Every counter in what a poller has: {path: number}"""
    if isinstance(value, dict):
        return {key: number for name, part in value.items() for key, number in counters(part, path + "/" + name).items()}
    if isinstance(value, list) and "phase" in path:
        return {path + "/%d" % at: number for at, number in enumerate(value)}
    return {path: value} if isinstance(value, int) and re.search("Octets|Pkts|Auths|crypts|Fails|/(in|out|drop-[a-z]*)\\.",
                                                                 path) else {}


def rates(before, after):
    was, now = (counters(json.load(open(path, encoding="utf-8"))) for path in (before, after))
    both = set(was) & set(now)
    for path in sorted(both):
        if now[path] < was[path]:
            raise SystemExit("%s fell from %d to %d" % (path, was[path], now[path]))
    if not any(now[path] > was[path] for path in both):
        raise SystemExit("nothing has moved")
    print("%d counters, %d moved" % (len(both), sum(now[path] > was[path] for path in both)))


def uptimes(before, after):
    was, now = (json.load(open(path, encoding="utf-8")) for path in (before, after))
    for name in [name for name in was if "uptime" in was[name]]:
        if now[name]["uptime"] < was[name]["uptime"]:
            raise SystemExit("%s reports a reboot: %d s after %d s" % (name, now[name]["uptime"], was[name]["uptime"]))
        print("%s: %d s, %d s" % (name, was[name]["uptime"], now[name]["uptime"]))


def keys(path):
    seen = json.load(open(path, encoding="utf-8"))
    for name, part in seen.items():
        for key in part.get("tunnels") or part.get("items") or part.get("tables", {}).get("sec") or ():
            print(name, key)


def main(argv):
    if len(argv) > 4 and argv[3] == "--" and (argv[1] in POLLERS or argv[1] == "all"):
        snmp = Snmp(argv[4:])
        seen = {name: ask(snmp) for name, ask in POLLERS.items()} if argv[1] == "all" else POLLERS[argv[1]](snmp)
        with open(argv[2], "w", encoding="utf-8") as file:
            json.dump(seen, file, indent=1, sort_keys=True)
    elif len(argv) > 4 and argv[1] == "sessions" and argv[3] == "--":
        sessions(Snmp(argv[4:]), argv[2])
    elif len(argv) == 5 and argv[1] == "match":
        match(*argv[2:])
    elif len(argv) == 4 and argv[1] == "rates":
        rates(*argv[2:])
    elif len(argv) == 4 and argv[1] == "uptimes":
        uptimes(*argv[2:])
    elif len(argv) == 3 and argv[1] == "keys":
        keys(argv[2])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
