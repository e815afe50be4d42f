#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs contrib/checkmk/ipsecmon_tunnels.py without Checkmk: as much of its API as the plugin needs, over Net-SNMP's commands.

    checkmk.py PLUGIN -- SNMP...    detect, discover, and check each service, twice; a line each: ITEM STATE METRICS...
"""
import importlib.util
import sys
import time
import types

from pollers import Snmp

STORE, ITEM = {}, [None]


class GetRateError(Exception):
    pass


def get_rate(store, key, now, value, raise_overflow=False):
    before, store[key] = store.get(key), (now, value)
    if before is None or now <= before[0]:
        raise GetRateError(key)
    rate = (value - before[1]) / (now - before[0])
    if raise_overflow and rate < 0:
        raise GetRateError(key)
    return rate


class Keep:
    """What takes its arguments and keeps them."""

    def __init__(self, *args, **kwargs):
        self.args = args
        self.__dict__.update(kwargs)


class Result(Keep):
    pass


class Metric(Keep):
    pass


class State(int):
    pass


State.OK, State.WARN, State.CRIT, State.UNKNOWN = State(0), State(1), State(2), State(3)


def stand_in():
    api = types.ModuleType("cmk.agent_based.v2")
    api.render = types.SimpleNamespace(timespan=lambda seconds: "%d s" % seconds,
                                       networkbandwidth=lambda octets: "%.0f Bit/s" % (octets * 8))
    for name, thing in {"CheckPlugin": Keep, "SNMPSection": Keep, "SNMPTree": Keep, "Service": Keep, "Result": Result,
                        "Metric": Metric, "State": State, "GetRateError": GetRateError, "get_rate": get_rate,
                        "get_value_store": lambda: STORE.setdefault(ITEM[0], {}), "exists": lambda oid: oid}.items():
        setattr(api, name, thing)
    sys.modules.update({"cmk": types.ModuleType("cmk"), "cmk.agent_based": types.ModuleType("cmk.agent_based"),
                        "cmk.agent_based.v2": api})


def string_table(snmp, tree):
    """As Checkmk hands it over: a list of texts for each row, "" where there is no cell."""
    rows = snmp.rows(tree.base.lstrip("."), *map(int, tree.oids))

    def said(value):
        return "" if value is None else value.decode("utf-8") if isinstance(value, bytes) else str(value)
    return [[said(row.get(int(oid))) for oid in tree.oids] for row in rows.values()]


def main(argv):
    if len(argv) < 4 or argv[2] != "--":
        raise SystemExit(__doc__)
    stand_in()
    spec = importlib.util.spec_from_file_location("ipsecmon_tunnels", argv[1])
    plugin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plugin)
    section, check, snmp = plugin.snmp_section_ipsecmon_tunnels, plugin.check_plugin_ipsecmon_tunnels, Snmp(argv[3:])
    if snmp.get(section.detect.lstrip("."))[0] is None:
        raise SystemExit("not detected")
    services = list(check.discovery_function(section.parse_function(string_table(snmp, section.fetch))))
    for last in (False, True):
        parsed = section.parse_function(string_table(snmp, section.fetch))
        for service in sorted(services, key=lambda service: service.item):
            ITEM[0] = service.item
            told = list(check.check_function(service.item, check.check_default_parameters, parsed))
            if last:
                print(service.item, max(one.state for one in told if isinstance(one, Result)),
                      *sorted(one.args[0] for one in told if isinstance(one, Metric)))
        time.sleep(0 if last else 0.2)


if __name__ == "__main__":
    main(sys.argv)
