#!/usr/bin/env python3
"""Compare SNMP with the kernel's IPsec, as `ip' and /proc show it.

Nothing here is shared with the programs.  It needs the standard library, ip, and tests/lab/compare.py.

    xfrm_witness.py snapshot                      this namespace's SAs, policies and statistics, as JSON
    xfrm_witness.py tables WALK BEFORE AFTER [RECORD]  a walk between two snapshots.  RECORD is what xfrm_netlink.py
                                                  recorded from before the first SA on: what has gone counts as well.
                                                  With charon, FILE.ikes and FILE.conns of vici_witness.py are beside
                                                  the snapshots
    xfrm_witness.py ikes WALK BEFORE AFTER        of the same files, the table of IKE SAs; none was rekeyed yet
    xfrm_witness.py totals RECORD SNAPSHOT        packets and octets, in and out, of all SAs that there ever were, and
                                                  how many those are
    xfrm_witness.py spis WALK SNAPSHOT            only whether the same SAs are there

Every mismatch is a line; the exit status is 1 then.
"""
import collections
import ipaddress
import json
import os
import re
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
import compare  # noqa: E402
from compare import NO_LIMIT, check_row, equal, rows, wrong  # noqa: E402

PROTOCOLS = {"ah": 1, "esp": 2, "comp": 3}
NUMBERS = {"esp": 50, "ah": 51, "comp": 108}
MODES = ("tunnel", "transport", "beet")         # EncapMode is the place here, from 1
# The kernel's names of algorithms, and what the MIB's columns say.
ENCR = {"ecb(cipher_null)": 1, "rfc4543(gcm(aes))": 1, "cbc(des)": 2, "cbc(des3_ede)": 3, "cbc(aes)": 4,
        "rfc3686(ctr(aes))": 5, "rfc4106(gcm(aes))": 6, "rfc4309(ccm(aes))": 7,
        "rfc7539esp(chacha20,poly1305)": 8, "cbc(camellia)": 9}
AUTH = {"digest_null": 1, "hmac(md5)": 2, "hmac(sha1)": 3, "hmac(sha256)": 4, "hmac(sha384)": 5, "hmac(sha512)": 6,
        "xcbc(aes)": 7, "cmac(aes)": 8}
OTHER, NONE, AEAD = 99, 1, 9
TUNNELS, SELECTORS = "cipSecTun(?!Hist)", "cipSecEndPt(?!Hist)"        # columns of what is, not of what was
ANY = {"0.0.0.0", "::"}
EVERYTHING = ("src 0.0.0.0/0 dst 0.0.0.0/0", "src ::/0 dst ::/0")      # of IPv4, of IPv6

# ---- What `ip' prints --------------------------------------------------------------------------------------------


def first(pattern, text, default=None):
    match = re.search(pattern, text, re.MULTILINE)
    return match.groups() if match else default


def blocks(text):
    return re.split(r"\n(?=src )", text.strip("\n")) if text.strip() else []


def prefixed(text):
    return text if "/" in text else text + ("/128" if ":" in text else "/32")


def selector_of(text):
    """`src A/N dst B/N [proto P [sport N] [dport N] | [type N] [code N]]'"""
    protocol = first(r"\bproto (\S+)", text, ("0",))[0]
    ports = [int(first(r"\b(?:%s) (\d+)" % names, text, ("0",))[0]) for names in ("sport|type", "dport|code")]
    return {"src": prefixed(first(r"\bsrc (\S+)", text)[0]), "dst": prefixed(first(r"\bdst (\S+)", text)[0]),
            "proto": int(protocol) if protocol.isdigit() else socket.getprotobyname(protocol),
            "sport": ports[0], "dport": ports[1]}


def mark_of(text):
    return [int(one, 0) for one in first(r"^\s+mark (\w+)/(\w+)", text, ("0", "0"))]


def if_id_of(text):
    return int(first(r"^\s+if_id (\w+)", text, ("0",))[0], 0)


def state_of(text):
    src, dst = first(r"^src (\S+) dst (\S+)", text)
    proto, spi, reqid, mode = first(r"^\s+proto (\S+) spi (0x\w+)\(\d+\) reqid (\d+)\(\w+\) mode (\S+)", text)
    algos = {"auth" if kind == "auth-trunc" else kind: name
             for kind, name in re.findall(r"^\s+(auth-trunc|auth|enc|aead|comp) (\S+)", text, re.MULTILINE)}
    limits = {}
    for what, name in ((r"(\w+)\(bytes\)", "byte"), (r"(\w+)\(packets\)", "packet")):
        for edge in ("soft", "hard"):
            value = first(r"limit:.*%s %s" % (edge, what), text, ("INF",))[0]
            if value != "INF":
                limits["%s_%s" % (edge, name)] = int(value)
    for name in ("add", "use"):
        soft, hard = map(int, first(r"expire %s: soft (\d+)\(sec\), hard (\d+)\(sec\)" % name, text))
        limits.update({edge + "_" + name: value for edge, value in (("soft", soft), ("hard", hard)) if value})
    octets, packets = first(r"^\s+(\d+)\(bytes\), (\d+)\(packets\)", text)
    added = first(r"^\s+add (\S+ \S+) use", text, (None,))[0]
    behind, replay, failed = first(r"^\s+replay-window (\d+) replay (\d+) failed (\d+)", text)
    return {
        "src": src, "dst": dst, "spi": int(spi, 16), "proto": proto, "mode": mode, "reqid": int(reqid),
        "told": first(r"^\s+dir (in|out)$", text, (None,))[0],
        "mark": mark_of(text), "if_id": if_id_of(text),
        "sel": selector_of(first(r"^\s+sel (.*)", text, (EVERYTHING[":" in src],))[0]),
        "algos": algos, "limits": limits, "bytes": int(octets), "packets": int(packets),
        "added": int(time.mktime(time.strptime(added, "%Y-%m-%d %H:%M:%S"))) if added else 0,
        "behind": int(behind), "replay": int(replay), "failed": int(failed),
    }


def policy_of(text):
    kind, direction, action = first(r"^\s+(dir|socket) (in|out|fwd) action (\w+)", text)
    tmpls = [{"src": src, "dst": dst, "proto": proto, "reqid": int(reqid)} for src, dst, proto, reqid in
             re.findall(r"tmpl src (\S+) dst (\S+)\s+proto (\S+) spi \S+ reqid (\d+)", text)]
    return {"socket": kind == "socket", "direction": direction, "action": action, "mark": mark_of(text),
            "if_id": if_id_of(text), "sel": selector_of(text.split("\n")[0]), "tmpls": tmpls}


def snapshot():
    def run(*words):
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    states = [state_of(block) for block in blocks(run("ip", "-s", "-d", "xfrm", "state", "list", "nokeys"))]
    policies = [policy_of(block) for block in blocks(run("ip", "-s", "-d", "xfrm", "policy"))]
    with open("/proc/net/xfrm_stat", encoding="ascii") as lines:
        stat = {name: int(value) for name, value in map(str.split, lines)}
    local = [address["local"] for link in json.loads(run("ip", "-j", "address")) for address in link["addr_info"]]
    json.dump({"now": time.time(), "states": states, "policies": policies, "stat": stat, "local": local}, sys.stdout)


# ---- Tunnels -----------------------------------------------------------------------------------------------------

def is_sa(sa):
    return sa["proto"] in PROTOCOLS and sa["spi"] != 0 and bool(sa["algos"])


def id_of(sa):
    return (sa["dst"], sa["spi"], sa["proto"], tuple(sa["mark"]))


def interface_of(sa):
    return (sa["if_id"], sa["mark"])


def reversed_selector(sel):
    return {"src": sel["dst"], "dst": sel["src"], "proto": sel["proto"], "sport": sel["dport"], "dport": sel["sport"]}


class Tunnel:
    """The SAs of one kind between two gateways, from the first until there is none."""

    def __init__(self):
        self.live, self.gone = {}, []           # by id_of(); in their order

    def all(self, direction=None, *protocols):
        found = self.gone + list(self.live.values())
        return [sa for sa in found if (direction is None or sa["direction"] == direction) and
                (not protocols or sa["proto"] in protocols)]

    def takes(self, sa):
        """How well an SA fits in.  Mark and interface are a direction's own; while it had no SA the other's tell."""
        same, other = self.all(sa["direction"]), self.all("out" if sa["direction"] == "in" else "in")
        if same:
            return 3 if interface_of(same[-1]) == interface_of(sa) else 0
        return 2 if interface_of(other[-1]) == interface_of(sa) else 1

    def main(self):
        """The protocol that the packets are counted by."""
        there = {sa["proto"] for sa in self.all()}
        return next(proto for proto in ("esp", "ah", "comp") if proto in there)


class Kernel:
    """All tunnels that there are and were, by a record and a snapshot."""

    def __init__(self, now, record=None):
        self.now, self.tunnels, self.order, self.soft = now, collections.defaultdict(list), 0, set()
        for event in record or []:
            self.replay(event)
        # The snapshot is the last word on what there is.
        states = {id_of(sa): sa for sa in now["states"] if is_sa(sa)}
        for tunnel in self.current():
            for key in list(tunnel.live):
                if key in states:
                    tunnel.live[key].update(states.pop(key))
                else:
                    self.end(tunnel, key)
        for sa in states.values():
            self.there(sa)

    def direction(self, sa):
        if sa["told"]:
            return sa["told"]
        for policy in self.now["policies"]:
            if any(tmpl["src"] == sa["src"] and tmpl["dst"] == sa["dst"] for tmpl in policy["tmpls"]):
                return "out" if policy["direction"] == "out" else "in"
        return "out" if sa["src"] in self.now["local"] else "in"

    def place(self, sa):
        """The tunnels that there are and were between the same two, of the same reqid; without one, selectors."""
        sel = sa["sel"] if sa["direction"] == "out" else reversed_selector(sa["sel"])
        own = None if sa["reqid"] else tuple(sel.values())
        return self.tunnels[(frozenset((sa["src"], sa["dst"])), sa["reqid"], own)]

    def there(self, sa):
        self.order += 1
        sa = dict(sa, direction=self.direction(sa), order=self.order)
        place = self.place(sa)
        ranks = [(tunnel.takes(sa), -number) for number, tunnel in enumerate(place) if tunnel.live and tunnel.takes(sa)]
        if not ranks:
            place.append(Tunnel())
        tunnel = place[-max(ranks)[1] if ranks else -1]
        old = tunnel.live.get(id_of(sa))
        tunnel.live[id_of(sa)] = dict(sa, order=old["order"], added=old["added"]) if old else sa

    def end(self, tunnel, key, last=None):
        if key in tunnel.live:
            sa = tunnel.live.pop(key)
            sa.update({name: (last or sa)[name] for name in ("bytes", "packets", "replay", "behind", "failed")})
            tunnel.gone.append(sa)

    def worn(self, key, sa):
        """Has it reached a soft limit?"""
        age = self.now["now"] - sa["added"]
        return key in self.soft or any(value >= sa["limits"].get(name, value + 1) for name, value in
                                       (("soft_byte", sa["bytes"]), ("soft_packet", sa["packets"]), ("soft_add", age)))

    def in_use(self, tunnel, direction, proto):
        """The SA that the kernel takes for the next packet; without one, the last that there was."""
        found = [(not self.worn(key, sa), sa["added"], sa["order"], sa) for key, sa in tunnel.live.items()
                 if sa["direction"] == direction and sa["proto"] == proto]
        if found:
            return max(found, key=lambda one: one[:3])[3]
        gone = [sa for sa in tunnel.gone if sa["direction"] == direction and sa["proto"] == proto]
        return gone[-1] if gone else None

    def replay(self, event):
        kind, sa = event["event"], event.get("sa")
        if kind == "lost":
            raise SystemExit("the recorder lost messages")
        if kind == "counts":            # of a snapshot on the way: what goes without a word goes with these
            for state in event["states"]:
                for tunnel in self.current():
                    if id_of(state) in tunnel.live:
                        tunnel.live[id_of(state)].update(state)
        elif kind == "updsa" and any(id_of(sa) in tunnel.live for tunnel in self.current()):
            self.soft.discard(id_of(sa))        # it has other limits; times and counts stay
            for tunnel in self.current():
                if id_of(sa) in tunnel.live:
                    tunnel.live[id_of(sa)]["limits"] = sa["limits"]
        elif kind in ("newsa", "updsa") and is_sa(sa):
            self.soft.discard(id_of(sa))
            self.there(sa)
        elif kind == "expire" and not event["hard"]:
            self.soft.add(id_of(sa))
        elif kind in ("delsa", "expire"):
            for tunnel in self.current():
                self.end(tunnel, id_of(sa), sa)
        elif kind == "flushsa":
            for tunnel in self.current():
                for key in list(tunnel.live):
                    if event["proto"] in (0, 255, NUMBERS[key[2]]):
                        self.end(tunnel, key)

    def ever(self):
        return [tunnel for place in self.tunnels.values() for tunnel in place]

    def current(self):
        return [tunnel for tunnel in self.ever() if tunnel.live]


# ---- What SNMP should show of them ---------------------------------------------------------------------------------

def octets(way, kind, count):
    return {way + kind + "Octets": count & 0xffffffff, "Hc" + way + kind + "Octets": count,
            way + kind + "OctWraps": count >> 32}


def encrypts(sa):
    name = sa["algos"].get("aead") or sa["algos"].get("enc")
    return sa["proto"] == "esp" and ENCR.get(name, OTHER) != NONE


def authenticates(sa):
    return "aead" in sa["algos"] or AUTH.get(sa["algos"].get("auth", "digest_null"), OTHER) != NONE


def counts_of(tunnel):
    """The columns of traffic, without their prefix."""
    found = {}
    main = tunnel.main()
    for way, direction, raw, crypt in (("In", "in", "Decomp", "Decrypts"), ("Out", "out", "Uncomp", "Encrypts")):
        sas = tunnel.all(direction, main)
        comps = tunnel.all(direction, "comp")
        carried = sum(sa["bytes"] for sa in sas)
        found.update(octets(way, "", carried))
        found.update(octets(way, raw, sum(sa["bytes"] for sa in comps) if comps else carried))
        found[way + "Pkts"] = sum(sa["packets"] for sa in sas)
        checked = [sa for sa in tunnel.all(direction, "esp", "ah") if authenticates(sa)]
        found[way + "Auths"] = sum(sa["packets"] for sa in checked)
        found[way + crypt] = sum(sa["packets"] for sa in sas if encrypts(sa))
        if way == "In":         # the kernel tells of no others for an SA: they have no cell
            found["InAuthFails"] = sum(sa["failed"] for sa in tunnel.all("in"))
            found["InAuths"] += found["InAuthFails"]
            found["InReplayDropPkts"] = sum(sa["replay"] + sa["behind"] for sa in tunnel.all("in"))
            found["InDropPkts"] = found["InAuthFails"]
    return found


def limits_of(sa, name, unit):
    """(limit, threshold)"""
    soft, hard = (sa["limits"].get(edge + name) for edge in ("soft_", "hard_"))
    if hard is None and soft is None:
        return NO_LIMIT, 1
    limit = min(NO_LIMIT, max(1, (soft if hard is None else hard) // unit))
    return limit, 1 if hard is None or soft is None else min(NO_LIMIT, max(1, (hard - soft) // unit))


def algorithms(tunnel, kernel, way, comp_column):
    newest = {proto: kernel.in_use(tunnel, way.lower(), proto) for proto in PROTOCOLS}
    # A direction that never had an SA: nobody knows what it would use, and "none" would say that it is in clear.
    unknown = {"enc": "unknown", "auth": "unknown"}
    algos = {proto: sa["algos"] if sa else unknown if proto == tunnel.main() else {"enc": "ecb(cipher_null)"}
             for proto, sa in newest.items()}
    esp = algos["esp"]
    auth = AUTH.get(esp.get("auth", "digest_null"), OTHER)
    return {
        way + "SaEncryptAlgo": ENCR.get(esp.get("aead") or esp.get("enc"), OTHER),
        way + "SaEspAuthAlgo": AEAD if "aead" in esp else auth,
        way + "SaAhAuthAlgo": AUTH.get(algos["ah"].get("auth", "digest_null"), OTHER),
        way + comp_column: 2 if tunnel.all(None, "comp") else NONE,
    }


def child_of(tunnel, sas):
    """What charon says of a tunnel: (IKE SA, CHILD_SA), of the newest that it knows."""
    spis = {sa["spi"] for sa in tunnel.live.values() if sa["direction"] == "in"}
    found = [(ike, child) for _, ike, child in compare.children_of(sas) if int(child["spi-in"], 16) in spis]
    return found[-1] if found else None


def ends_of(tunnel):
    sa = next(iter(tunnel.live.values()))
    return (sa["src"], sa["dst"]) if sa["direction"] == "out" else (sa["dst"], sa["src"])


def expected_tunnel(tunnel, kernel, later, charon, index_of):
    local, remote = ends_of(tunnel)
    main = tunnel.main()
    speaks = kernel.in_use(tunnel, "in", main) or kernel.in_use(tunnel, "out", main)
    began = min(sa["added"] for sa in tunnel.all())
    its = child_of(tunnel, charon or [])
    by_daemon = charon is None and any(policy["socket"] for policy in kernel.now["policies"])
    expected = {
        "IkeTunnelAlive": 1 if its else 2,
        "LocalAddr": compare.address(local), "RemoteAddr": compare.address(remote),
        "KeyType": 1 if its or by_daemon else 2,
        "EncapMode": 1 + min(MODES.index(sa["mode"]) for sa in tunnel.live.values()),
        "ActiveTime": range(max(0, int((kernel.now["now"] - began - 2) * 100)), int((later["now"] - began + 2) * 100)),
        "TotalRefreshes": max(0, max(len(tunnel.all(way, main)) for way in ("in", "out")) - 1),
        "ExpiredSaInstances": len(tunnel.gone), "CurrentSaInstances": len(tunnel.live), "Status": 1,
    }
    if its:
        expected["IkeTunnelIndex"] = index_of.get(compare.ike_key(its[0]))
    expected["LifeTime"], expected["SaLifeTimeThreshold"] = limits_of(speaks, "add", 1)
    expected["LifeSize"], expected["SaLifeSizeThreshold"] = limits_of(speaks, "byte", 1024)
    for way, comp_column in (("In", "SaDecompAlgo"), ("Out", "SaCompAlgo")):
        expected.update(algorithms(tunnel, kernel, way, comp_column))
        group = OTHER if by_daemon else NONE
        if its:
            group = compare.GROUP[its[1]["dh-group"]] if "dh-group" in its[1] else NONE
        expected[way + "SaDiffHellmanGrp"] = group
    expected.update(counts_of(tunnel))
    return {"cipSecTun" + column: value for column, value in expected.items()}


def spis_of(tunnel, kernel):
    """[(direction, SPI, protocol, status)]"""
    found = []
    for key, sa in tunnel.live.items():
        old = kernel.in_use(tunnel, sa["direction"], sa["proto"]) is not sa or kernel.worn(key, sa)
        found.append((1 if sa["direction"] == "in" else 2, sa["spi"], PROTOCOLS[sa["proto"]], 2 if old else 1))
    return sorted(found)


def side(prefix, protocol, port):
    network = ipaddress.ip_network(prefix)
    if network.num_addresses == 1:
        return (1, network[0].packed, network[0].packed, protocol, port)
    return (3, network.network_address.packed, network.netmask.packed, protocol, port)


def fits(tmpl, policy, local, remote, reqid):
    if tmpl["reqid"] != reqid and (policy["direction"] == "out" or tmpl["reqid"] != 0):
        return False
    if tmpl["src"] in ANY and tmpl["dst"] in ANY:       # of the packet's own addresses
        return all(ipaddress.ip_address(address) in ipaddress.ip_network(network) for address, network in
                   ((local, policy["sel"]["src"]), (remote, policy["sel"]["dst"])))
    return (tmpl["src"], tmpl["dst"]) == (local, remote)


def marked(policy, sa):
    """Is an SA of that mark found for packets that have a policy's mark?"""
    return policy[0] & policy[1] & sa[1] == sa[0]


def selectors_of(tunnel, kernel):
    local, remote = ends_of(tunnel)
    sa = (tunnel.all("out") or tunnel.all("in"))[-1]

    def of_policies(direction, here, there):
        return [policy["sel"] for policy in kernel.now["policies"]
                if policy["direction"] == direction and not policy["socket"] and
                policy["if_id"] == sa["if_id"] and marked(policy["mark"], sa["mark"]) and
                any(fits(tmpl, policy, here, there, sa["reqid"]) for tmpl in policy["tmpls"])]

    found = of_policies("out", local, remote)      # inbound ones say who may come in, not who is protected
    if not found:
        sel = sa["sel"] if sa["direction"] == "out" else reversed_selector(sa["sel"])
        less = not (sel["src"].endswith("/0") and sel["dst"].endswith("/0") and sel["proto"] == 0)
        found = [sel] if less else []
    return sorted((side(sel["src"], sel["proto"], sel["sport"]), side(sel["dst"], sel["proto"], sel["dport"]))
                  for sel in found)


def totals_of(kernel):
    """The scalars and the gateway's row, without their prefix."""
    stat = kernel.now["stat"]
    found = collections.Counter()
    for tunnel in kernel.ever():
        counts = counts_of(tunnel)
        found.update({name: value for name, value in counts.items()
                      if re.search("(Pkts|Auths|crypts|^Hc.*Octets)$", name) and "Drop" not in name})
        found["InAuthFails"] += counts["InAuthFails"]
    for way, raw in (("In", "Decomp"), ("Out", "Uncomp")):
        for kind in ("", raw):
            found.update(octets(way, kind, found.pop("Hc" + way + kind + "Octets", 0)))

    def drops(*names):
        return sum(stat.get("Xfrm" + name, 0) for name in names)

    # The SA has counted these packets before, or they came in clear: failures, not drops.
    late = {"In": drops("InStateModeError", "InStateMismatch", "InTmplMismatch", "InNoPols", "InPolBlock", "InPolError",
                        "InIptfsError"), "Out": drops("OutStateProtoError")}
    every = {way: sum(value for name, value in stat.items() if name.startswith("Xfrm" + way)) for way in ("In", "Out")}
    found.update({
        "ActiveTunnels": len(kernel.current()), "PreviousTunnels": len(kernel.ever()) - len(kernel.current()),
        "InDrops": every["In"] + drops("FwdHdrError", "AcquireError") - drops("InStateSeqError") - late["In"],
        "InReplayDrops": drops("InStateSeqError"),
        "InDecryptFails": max(0, drops("InStateProtoError") - found["InAuthFails"]),
        # Packets for an SA of the other direction are in OutPolError, too.
        "OutDrops": every["Out"] - late["Out"] - drops("OutStateDirError"), "OutEncryptFails": drops("OutStateProtoError"),
        "ProtocolUseFails": drops("InStateModeError", "InStateMismatch", "InTmplMismatch", "InNoPols", "InPolBlock",
                                  "InPolError", "OutStateModeError", "OutPolBlock", "OutPolDead", "OutPolError",
                                  "InStateDirError"),
        "NoSaFails": drops("InNoStates", "OutNoStates"), "SysCapFails": drops("InBufferError", "OutNoQueueSpace"),
    })
    names = ["%s%s" % pair for pair in (("In", "Pkts"), ("Out", "Pkts"), ("In", "Auths"), ("Out", "Auths"),
                                        ("In", "Decrypts"), ("Out", "Encrypts"), ("In", "AuthFails"))]
    return {**{name: 0 for name in names}, **found}


# ---- The comparison ----------------------------------------------------------------------------------------------

def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def record_of(path):
    """Lines of JSON; the last one may not be whole yet."""
    if not path or not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.startswith("{") and line.endswith("\n")]


def shown_spis(walk):
    """index of the tunnel -> [(direction, SPI, protocol, status)]"""
    found = collections.defaultdict(list)
    for (index, _), row in rows(walk, "cipSecSpi").items():
        found[index].append(tuple(row["cipSecSpi" + name] for name in ("Direction", "Value", "Protocol", "Status")))
    return {index: sorted(spis) for index, spis in found.items()}


def shown_selectors(walk, index):
    sides = [tuple([row["cipSecEndPt%s%s" % (where, name)] for name in ("Type", "Addr1", "Addr2", "Protocol", "Port")]
                   for where in ("Local", "Remote"))
             for (its, _), row in rows(walk, SELECTORS).items() if its == index]
    return sorted((tuple(local), tuple(remote)) for local, remote in sides)


def moved(before, after):
    """What the SAs had counted, and the statistics."""
    return [[(id_of(sa), sa["bytes"], sa["packets"], sa["failed"], sa["replay"]) for sa in one["states"] if is_sa(sa)]
            for one in (before, after)]


def ikes_of(walk):
    """compare.ike_key() -> cikeTunIndex"""
    return {tuple(row["cikeTun" + name] for name in ("LocalValue", "RemoteValue", "LocalAddr", "RemoteAddr")): index
            for (index,), row in rows(walk, "cikeTun(?!Hist)").items()}


def ikes(walk_path, before_path, after_path):
    before, after = (compare.sas_of(path + ".ikes") for path in (before_path, after_path))
    seen = compare.check_ike(compare.walk_of(walk_path), before, after, compare.conns_of(before_path + ".conns"))
    print("%d IKE SAs" % len(seen))


def check_tables(walk, kernel, after, charon=None, index_of=None):
    """Every cell of a walk, by what the kernel says.  Returns [(tunnel, its index)]"""
    table, spis = rows(walk, TUNNELS), shown_spis(walk)
    by_end = {(table[(index,)].get("cipSecTunLocalAddr"), table[(index,)].get("cipSecTunRemoteAddr")) + row[:3]: index
              for index, its in spis.items() if (index,) in table for row in its}
    seen = []
    for tunnel in kernel.current():
        local, remote = ends_of(tunnel)
        wanted = spis_of(tunnel, kernel)
        what = "tunnel %s - %s %s" % (local, remote, " ".join("%d:%x:%d" % row[:3] for row in wanted))
        index = next((by_end[key] for row in wanted for key in
                      [(compare.address(local), compare.address(remote)) + row[:3]] if key in by_end), None)
        if index is None:
            wrong(what, "a row", "none")
            continue
        seen.append((tunnel, index))
        check_row(what, expected_tunnel(tunnel, kernel, after, charon, index_of), table[(index,)])
        equal("%s: SAs" % what, wanted, spis[index])
        equal("%s: selectors" % what, selectors_of(tunnel, kernel), shown_selectors(walk, index))
    indexes = {index for _, index in seen}
    for prefix in (TUNNELS, "cipSecSpi", SELECTORS):
        strays = {index for index in rows(walk, prefix) if index[0] not in indexes}
        equal("rows of %s without an SA" % prefix, set(), strays)
    totals = totals_of(kernel)
    check_row("globals", {"cipSecGlobal" + name: value for name, value in totals.items()},
              {name: cells[(0,)] for name, cells in walk.items() if name.startswith("cipSecGlobal")})
    equal("gateways", {(1,)}, set(rows(walk, "cipSecPhase2GW")))
    narrow = {name: value for name, value in totals.items() if not name.startswith("Hc")}
    check_row("gateway", {"cipSecPhase2GW" + name: value for name, value in narrow.items()},
              rows(walk, "cipSecPhase2GW").get((1,), {}))
    return seen


def tables(walk_path, before_path, after_path, record_path=None):
    walk, before, after = compare.walk_of(walk_path), read_json(before_path), read_json(after_path)
    equal("the SAs before and after the walk", *moved(before, after))
    equal("the statistics before and after the walk", before["stat"], after["stat"])
    kernel = Kernel(before, record_of(record_path))
    charon, index_of = None, {}
    if os.path.exists(before_path + ".ikes"):
        charon = compare.sas_of(before_path + ".ikes")
        index_of = ikes_of(walk)
    check_tables(walk, kernel, after, charon, index_of)
    print("%d tunnels, %d SAs, %d were before, %d cells" % (
        len(kernel.current()), sum(len(tunnel.live) for tunnel in kernel.current()),
        sum(len(tunnel.gone) for tunnel in kernel.ever()), sum(map(len, walk.values()))))


def totals(record_path, snapshot_path):
    kernel = Kernel(read_json(snapshot_path), record_of(record_path))
    sas = {way: [sa for tunnel in kernel.ever() for sa in tunnel.all(way)] for way in ("in", "out")}
    print(*(sum(sa[what] for sa in sas[way]) for way in ("in", "out") for what in ("packets", "bytes")),
          len(sas["in"] + sas["out"]))


def same_spis(walk_path, snapshot_path):
    there = sorted((sa["spi"], PROTOCOLS[sa["proto"]]) for sa in read_json(snapshot_path)["states"] if is_sa(sa))
    shown = sorted(row[1:3] for its in shown_spis(compare.walk_of(walk_path)).values() for row in its)
    if there != shown:
        there, shown = collections.Counter(there), collections.Counter(shown)
        wrong("SAs", "%d" % sum(there.values()), "%d; missing %s; too many %s" % (
            sum(shown.values()), sorted(there - shown)[:8], sorted(shown - there)[:8]))
    print("%d SAs" % len(there))


COMMANDS = {"snapshot": snapshot, "tables": tables, "ikes": ikes, "totals": totals, "spis": same_spis}


def main(argv):
    if len(argv) < 2 or argv[1] not in COMMANDS:
        raise SystemExit(__doc__)
    COMMANDS[argv[1]](*argv[2:])
    for mismatch in compare.mismatches:
        print(mismatch)
    if compare.mismatches:
        print("%d mismatches" % len(compare.mismatches))
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv)
