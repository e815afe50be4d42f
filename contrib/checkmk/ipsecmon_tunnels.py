#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Check plugin for Checkmk 2.3 and later: one service for each configured IPsec tunnel of a gateway with ipsecmon, by its
name, up or down. It asks the host's own snmpd for IPSECMON-MIB; no Cisco persona is needed."""

from time import time

from cmk.agent_based.v2 import (
    CheckPlugin,
    GetRateError,
    Metric,
    Result,
    SNMPSection,
    SNMPTree,
    Service,
    State,
    exists,
    get_rate,
    get_value_store,
    render,
)

MIB = ".1.3.6.1.4.1.8072.9999.9999"     # as configure --with-enterprise-oid had it
UP, DISABLED, DYNAMIC = "1", "2", "2"
REASONS = {"3": "ended normally", "4": "closed by an operator", "5": "closed by the peer", "6": "peer lost",
           "7": "local failure", "8": "sequence numbers used up", "9": "source lost"}


def parse_tunnels(string_table):
    """{item: row}; a tunnel is its connection and its child, as in swanctl.conf"""
    tunnels = {}
    for name, child, kind, admin, oper, age, reason, octets_in, octets_out, drops_in, drops_out, failure in string_table:
        item = "%s/%s" % (name, child) if child and child != name else name
        if item:
            tunnels[item] = {"kind": kind, "admin": admin, "oper": oper, "age": age, "reason": reason, "failure": failure,
                             "counters": {"in_octets": octets_in, "out_octets": octets_out, "in_drops": drops_in,
                                          "out_drops": drops_out}}
    return tunnels


snmp_section_ipsecmon_tunnels = SNMPSection(
    name="ipsecmon_tunnels",
    parse_function=parse_tunnels,
    detect=exists(MIB + ".1.1.1.0"),    # ipsecmonAgentVersion
    fetch=SNMPTree(
        base=MIB + ".1.4.1",            # ipsecmonTunnelEntry
        oids=["2", "3", "4", "6", "7", "8", "11", "31", "32", "41", "42", "14"],
    ),
)


def discover_tunnels(section):
    # A template (kind dynamic) is up while anybody uses it: no service of its own.
    yield from (Service(item=item) for item, row in section.items() if row["kind"] != DYNAMIC)


def rates(item, counters):
    store, now = get_value_store(), time()
    for name, value in counters.items():
        if value == "":
            continue            # no feed can know it
        try:
            yield name, get_rate(store, "%s.%s" % (item, name), now, int(value), raise_overflow=True)
        except GetRateError:
            pass                # the first look, or the entry was configured anew


def check_tunnels(item, params, section):
    row = section.get(item)
    if row is None:
        yield Result(state=State.UNKNOWN, summary="Not configured any more, or the gateway has no data")
        return
    since = render.timespan(int(row["age"]) / 100) if row["age"] else "an unknown time"
    if row["oper"] == UP:
        yield Result(state=State.OK, summary="Up for %s" % since)
    elif row["admin"] == DISABLED:
        yield Result(state=State.OK, summary="Disabled, down for %s" % since)
    else:
        why = REASONS.get(row["reason"])
        yield Result(state=State(params["down"]), summary="Down for %s%s" % (since, ", %s" % why if why else ""))
        if row["failure"]:
            yield Result(state=State.OK, summary="Last failure: %s" % row["failure"])
    for name, rate in rates(item, row["counters"]):
        if name.endswith("octets"):
            yield Result(state=State.OK, summary="%s: %s" % (name[:-7].capitalize(), render.networkbandwidth(rate)))
            yield Metric("if_%s" % name, rate)
        else:
            yield Metric("ipsecmon_%s" % name, rate)


check_plugin_ipsecmon_tunnels = CheckPlugin(
    name="ipsecmon_tunnels",
    service_name="IPsec tunnel %s",
    discovery_function=discover_tunnels,
    check_function=check_tunnels,
    check_default_parameters={"down": 2},
)
