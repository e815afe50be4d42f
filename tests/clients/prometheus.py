#!/usr/bin/env python3
"""What contrib/prometheus has, held against the MIBs, and what a real Prometheus has, held against the gateway.

    prometheus.py exporter SNMP_YML            every metric, index, lookup and enumeration is as the MIBs have it
    prometheus.py layouts SNMP_YML NEW         both layouts are the same modules
    prometheus.py dashboard JSON               is well made, and Grafana can provision it from a file
    prometheus.py provisioning FOLDER          the YAML files beside the dashboard are as Grafana reads them
    prometheus.py panels JSON SERVER [TITLE..] every expression of it gives data, but for those of panels TITLE
    prometheus.py lines JSON SERVER TITLE...   some expression of each of these panels gives data
    prometheus.py scraped TEXT SNMP_YML MODULE WALK LATER
                                               what the exporter tells is what walks before and behind say
    prometheus.py tunnels SERVER MAPS          Prometheus has what `ipsecmon show crypto map --json' says
    prometheus.py value SERVER EXPRESSION      values, a line each
    prometheus.py active ALERTMANAGER active|suppressed
                                               alerts that are told of, or held back: "ALERT FEED_OR_TUNNEL", a line each

Every mismatch is a line; the exit status is 1 then.
"""
import collections
import json
import os
import re
import sys
import urllib.parse
import urllib.request

import yaml

sys.dont_write_bytecode = True      # the tree stays as it is
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
import conformance as mib  # noqa: E402  (names, types, enumerations and indexes, from tests/data and our texts)

wrong, equal = mib.wrong, mib.equal
LABELS = mib.our_enumerations()
GAUGES, COUNTERS = {"INTEGER", "Gauge32", "Timeticks"}, {"Counter32", "Counter64"}
# What goes up and down with nothing happening: two walks that agree say nothing of what was between them.
MOVING = re.compile("Age$|Silence$")


def read_yaml(path):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def get(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


def query(server, expression):
    """[(labels, value)]"""
    answer = get(server + "/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
    return [(row["metric"], float(row["value"][1])) for row in answer["data"]["result"]]


# ---- Files --------------------------------------------------------------------------------------------------------

def indexes_of(known):
    """Names of the index objects of a column; none of a scalar."""
    if known.kind == "scalar":
        return []
    return mib.KNOWN[known.oid.rsplit(".", 1)[0]].rest.split(",")


def check_metric(module, metric):
    name = "%s: %s" % (module, metric["name"])
    known = mib.KNOWN.get(metric["oid"])
    if not known or known.name != metric["name"]:
        wrong(name, "the MIB's OID", metric["oid"])
        return
    wire, kind = known.wire, metric["type"]
    if wire in COUNTERS:
        equal(name, "counter", kind)
    elif known.name in LABELS and kind in ("EnumAsInfo", "EnumAsStateSet"):
        equal(name + ", its values", LABELS[known.name], metric.get("enum_values"))
    elif wire in GAUGES:
        equal(name, "gauge", kind)
    else:
        equal(name, True, kind in ("DisplayString", "Bits"))
    equal(name + ", its indexes", indexes_of(known), [index["labelname"] for index in metric.get("indexes", [])])
    for index in metric.get("indexes", []):
        if index["type"] == "EnumAsInfo":
            equal(name + ", index " + index["labelname"], LABELS[index["labelname"]], index["enum_values"])
        else:
            text = mib.BY_NAME[index["labelname"]].wire in ("OCTET STRING", "Hex-STRING")
            equal(name + ", index " + index["labelname"], "DisplayString" if text else "gauge", index["type"])
    for lookup in metric.get("lookups", []):
        target = mib.KNOWN.get(lookup["oid"])
        equal(name + ", a lookup", lookup["labelname"], target and target.name)
        equal(name + ", lookup " + lookup["labelname"], indexes_of(target), lookup["labels"])
    return known.oid


def exporter(path):
    modules = read_yaml(path)
    for module, config in modules.items():
        oids = [check_metric(module, metric) for metric in config["metrics"]]
        lookups = [lookup["oid"] for metric in config["metrics"] for lookup in metric.get("lookups", [])]
        for oid in [*filter(None, oids), *lookups]:
            if oid + ".0" not in config.get("get", []) and not any((oid + ".").startswith(walk + ".") for walk in config["walk"]):
                wrong(module, oid + " to be walked", "not")
    print(", ".join("%s: %d metrics" % (name, len(config["metrics"])) for name, config in modules.items()))


def modules(path, new):
    old = {name: {key: config[key] for key in config if key not in ("auth", "version")} for name, config in read_yaml(path).items()}
    equal("modules", old, read_yaml(new)["modules"])


def layouts(path, new):
    old, new = read_yaml(path), read_yaml(new)
    auths = [{**config.pop("auth"), "version": config.pop("version")} for config in old.values()]
    equal("modules", old, new["modules"])
    equal("sections", ["auths", "modules"], sorted(new))
    for auth in auths:
        equal("an auth", True, auth in new["auths"].values())


def all_panels(path):
    with open(path, encoding="utf-8") as file:
        board = json.load(file)
    return board, [panel for panel in board["panels"] if panel["type"] != "row"]


def dashboard(path):
    board, panels = all_panels(path)
    # Only the import dialog replaces inputs. From a file, the source has to be a variable, and the dashboard needs a uid.
    with open(path, encoding="utf-8") as file:
        equal("inputs", [], re.findall(r"__inputs|\$\{DS_\w+\}", file.read()))
    equal("id, uid", (None, "ipsecmon"), (board["id"], board["uid"]))
    source, *others = board["templating"]["list"]
    equal("first variable", ("datasource", "datasource", "prometheus"), (source["name"], source["type"], source["query"]))
    equal("variables", ["instance", "tunnel"], [variable["name"] for variable in others])
    equal("their source", ["${datasource}"] * 2, [variable["datasource"]["uid"] for variable in others])
    equal("panels", len(board["panels"]), len({panel["id"] for panel in board["panels"]}))
    taken = {}
    for panel in board["panels"]:
        at = panel["gridPos"]
        for cell in [(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]:
            if cell in taken or cell[0] >= 24:
                wrong(panel["title"], "room at %s" % at, taken.get(cell, "none"))
                break
            taken[cell] = panel["title"]
    for panel in panels:
        for target in panel["targets"]:
            equal(panel["title"], ["${datasource}"] * 2, [of["datasource"]["uid"] for of in (panel, target)])
            if "$instance" not in target["expr"]:
                wrong(panel["title"], "a choice of gateways", target["expr"])
        equal(panel["title"], len(panel["targets"]), len({target["refId"] for target in panel["targets"]}))
    print("%d panels, %d expressions" % (len(panels), sum(len(panel["targets"]) for panel in panels)))


def provisioning(folder):
    """Grafana reads these keys of format 1; it ignores a file with another format, and refuses a provider without a path."""
    dashboards, sources = (read_yaml(os.path.join(folder, name)) for name in ("dashboards.yaml", "datasource.yaml"))
    equal("formats", (1, 1), (dashboards["apiVersion"], sources["apiVersion"]))
    provider, = dashboards["providers"]
    equal("dashboards.yaml", ("file", True), (provider["type"], os.path.isabs(provider["options"]["path"])))
    source, = sources["datasources"]
    equal("datasource.yaml", ("prometheus", "proxy", "http://127.0.0.1:9090"), (source["type"], source["access"], source["url"]))


def data_of(server, target):
    expression = target["expr"]
    for name, value in (("$instance", ".*"), ("$tunnel", ".*"), ("$__rate_interval", "20s")):
        expression = expression.replace(name, value)
    return query(server, expression)


def panels(path, server, *without):
    board, found = all_panels(path)
    for title in without:
        equal("a panel", True, title in [panel["title"] for panel in found])
    for panel in found:
        for target in panel["targets"]:
            if panel["title"] not in without and not data_of(server, target):
                wrong(panel["title"], "data", "none of " + target["expr"])
    for variable in board["templating"]["list"][1:]:
        metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"]).groups()
        rows = data_of(server, {"expr": metric})
        equal("variable " + variable["name"], True, bool(rows) and all(label in labels for labels, _ in rows))


def lines(path, server, *titles):
    found = [panel for panel in all_panels(path)[1] if panel["title"] in titles]
    equal("panels", sorted(titles), sorted(panel["title"] for panel in found))
    for panel in found:
        if not any(data_of(server, target) for target in panel["targets"]):
            wrong(panel["title"], "data", "none")


# ---- What was scraped ---------------------------------------------------------------------------------------------

def read_walk(path):
    with open(path, encoding="utf-8") as file:
        return {line.split(" ", 1)[0]: line.rstrip("\n").split(" ", 2)[2] for line in file if line.count(" ") >= 2}


def read_text(path):
    """name -> [(labels, value)], of the exporter's answer"""
    found = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = re.fullmatch(r'(\w+)(?:\{(.*)\})? (\S+)\n', line)
            if match and not line.startswith("#"):
                labels = {name: re.sub(r"\\(.)", lambda at: {"n": "\n"}.get(at[1], at[1]), text)
                          for name, text in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or "")}
                found[match[1]].append((labels, float(match[3])))
    return found


def text_of(cell):
    return bytes.fromhex(cell).decode("utf-8")


def agrees(metric, row, labels, value):
    """Whether a sample says what is on the wire."""
    kind, name = metric["type"], metric["name"]
    if kind in ("gauge", "counter"):
        return int(row) == int(value) if int(row) < 2**53 else abs(int(row) - value) < 2048
    if kind == "DisplayString":
        return labels[name] == text_of(row) and value == 1
    if kind == "Bits":
        number = {label: bit for bit, label in metric["enum_values"].items()}[labels[name]]
        octets = bytes.fromhex(row)
        bit = number // 8 < len(octets) and bool(octets[number // 8] & 128 >> number % 8)
        return value == bit
    label = metric["enum_values"].get(int(row), row)
    return (labels[name] == label) == (value == 1)


def scraped(text, path, module, walk, later):
    found, config = read_text(text), read_yaml(path)[module]
    cells, after = read_walk(walk), read_walk(later)
    compared = 0
    for metric in config["metrics"]:
        name = metric["name"] + ("_info" if metric["type"] == "EnumAsInfo" else "")
        rows = {oid for oid in cells if oid.startswith(metric["oid"] + ".")}
        seen = set()
        for labels, value in found.get(name, []):
            index = []
            for part in metric.get("indexes", []):
                numbers = {label: str(number) for number, label in part.get("enum_values", {}).items()}
                index.append(numbers.get(labels[part["labelname"]], labels[part["labelname"]]))
            oid = ".".join([metric["oid"], *(index or ["0"])])
            seen.add(oid)
            if oid not in cells or cells[oid] != after.get(oid) or MOVING.search(metric["name"]):
                continue
            if not agrees(metric, cells[oid], labels, value):
                wrong("%s%s" % (name, labels), cells[oid], value)
            for lookup in metric.get("lookups", []):
                row = cells[".".join([lookup["oid"], *(labels[label] for label in lookup["labels"])])]
                address = bytes.fromhex(row)
                if lookup["type"] == "OctetString":
                    expected = "0x" + row.upper()
                elif lookup["type"] != "InetAddressIPv4":
                    expected = text_of(row)
                elif len(address) == 4:
                    expected = ".".join(map(str, address))
                else:
                    continue                    # README.md: that module is for IPv4
                equal("%s, label %s" % (oid, lookup["labelname"]), expected, labels[lookup["labelname"]])
            compared += 1
        equal(name + ", its rows", sorted(rows & set(after)), sorted(seen & rows & set(after)))
    equal("something was compared", True, compared > 100)
    print("%d samples compared" % compared)


def tunnels(server, path):
    with open(path, encoding="utf-8") as file:
        rows = [row for segment in json.load(file)["segments"] for row in segment["maps"]]
    equal("tunnels", len(rows), len(query(server, "ipsecmonTunnelActive")))
    for row in rows:
        which = '{ipsecmonTunnelName="%s", ipsecmonTunnelChild="%s"}' % (row["name"], row["child"])
        expected = {"ipsecmonTunnelOperStatus": float(row["state"] == "up")}
        for way in "in", "out":
            for what in "octets", "pkts":
                expected["ipsecmonTunnel%s%s" % (way.title(), what.title())] = row[way][what]
        for metric, value in expected.items():
            found = [(labels, number) for labels, number in query(server, metric + which)
                     if labels.get("ipsecmonTunnelOperStatus") != "down"]
            equal(metric + which, [value], [number for _, number in found])


# ---- Alerts -------------------------------------------------------------------------------------------------------

def active(server, state):
    for alert in get(server + "/api/v2/alerts"):
        labels = alert["labels"]
        of = [labels[key] for key in ("ipsecmonFeedName", "ipsecmonTunnelChild", "ipsecmonTunnelName") if labels.get(key)]
        if alert["status"]["state"] == state:
            print(labels["alertname"], (of or "-")[0])


def value(server, expression):
    for _, number in query(server, expression):
        print("%.15g" % number)


COMMANDS = {command.__name__: command for command in
            (exporter, modules, layouts, dashboard, provisioning, panels, lines, scraped, tunnels, value, active)}
COMMANDS[sys.argv[1]](*sys.argv[2:])
for line in mib.mismatches[:40]:
    print(line)
sys.exit(bool(mib.mismatches))
