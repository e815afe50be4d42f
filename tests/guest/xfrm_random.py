#!/usr/bin/env python3
"""Random SAs and policies in the kernel of two namespaces, compared with every cell that is shown of them.

    xfrm_random.py OPTIONS...
        --a NS --b NS           the gateway that is looked at, and its peer
        --dir DIR --conf FILE   scratch; ipsecmon.conf of a
        --ipsecmond P --ipsecmon P
        --seed S | --seeds N    one seed, or N fresh ones; else as many as --seconds allow, at least one
        --seconds T --rounds R

It talks to the kernel over netlink itself, both ways: what it does goes there in messages made here, and what there is
comes from dumps and events that xfrm_netlink.py reads.  After each round everything that SNMP and the command line show
has to be what the kernel says, within a few polls.  Each seed's rounds are the same on every machine.
"""
import argparse
import collections
import ctypes
import errno
import ipaddress
import json
import os
import random
import socket
import struct
import subprocess
import sys
import time

import xfrm_netlink as nl
import xfrm_witness as witness
from xfrm_witness import compare, equal, rows

DELPOLICY, NEWPOLICY, NEWSA, UPDSA, DELSA, FLUSHSA, FLUSHPOLICY = 20, 19, 16, 26, 17, 28, 29
REQUEST_ACK = 5
ESP, AH, COMP = 50, 51, 108
TRANSPORT, TUNNEL = 0, 1
ESN_FLAG = 128
ATTR_ESN, ATTR_COMP, ATTR_SPARE = 23, 3, 0
NO_LIMIT = 2 ** 64 - 1
FLOW_MIB = ".1.3.6.1.4.1.9.9.171"
SWALLOW = 9             # the port that all packets go to
PATIENCE = 40           # seconds; what is shown is at most two polls old

KEY = bytes(range(1, 65))
SUITES = {
    "gcm": (("aead", "rfc4106(gcm(aes))", 20, 128),),
    "ccm": (("aead", "rfc4309(ccm(aes))", 19, 128),),
    "cbc": (("crypt", "cbc(aes)", 32, 0), ("auth", "hmac(sha256)", 32, 128)),
    "null": (("crypt", "ecb(cipher_null)", 0, 0), ("auth", "hmac(sha1)", 20, 96)),
    "sha512": (("auth", "hmac(sha512)", 64, 256),),
    "deflate": (("comp", "deflate", 0, 0),),
}


# ---- Messages ----------------------------------------------------------------------------------------------------

def packed(text):
    return ipaddress.ip_address(text).packed.ljust(16, b"\0")


def family_of(text):
    return socket.AF_INET6 if ":" in text else socket.AF_INET


def attr(kind, data):
    return struct.pack("=HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)


def algorithms(suite):
    found = b""
    for kind, name, octets, icv in SUITES[suite]:
        head = name.encode().ljust(64, b"\0") + struct.pack("=I", octets * 8)
        number, more = {"aead": (18, True), "auth": (20, True), "crypt": (2, False), "comp": (3, False)}[kind]
        found += attr(number, head + (struct.pack("=I", icv) if more else b"") + KEY[:octets])
    return found


def selector(src="0.0.0.0/0", dst="0.0.0.0/0", proto=0, dport=0, family=socket.AF_INET):
    (src, src_len), (dst, dst_len) = (net.split("/") for net in (src, dst))
    return nl.SELECTOR.pack(packed(dst), packed(src), struct.pack(">H", dport), b"\xff\xff" if dport else b"\0\0", b"\0\0",
                            b"\0\0", family, int(dst_len), int(src_len), proto, 0, 0)


def limits(given):
    every = [NO_LIMIT] * 4 + [0] * 4
    for name, value in given.items():
        every[nl.LIMITS.index(name)] = value
    return every


class Sa:
    """What an SA is added with."""

    def __init__(self, src, dst, spi, proto, **more):
        self.src, self.dst, self.spi, self.proto = src, dst, spi, proto
        self.mode, self.suite, self.reqid, self.limits = TUNNEL, "gcm", 0, {}
        self.mark, self.if_id, self.esn, self.window, self.sel = None, 0, False, 32, None
        self.__dict__.update(more)

    def info(self):
        family = family_of(self.src)
        sel = selector(*self.sel, family=family_of(self.sel[0])) if self.sel else b"\0" * nl.SELECTOR.size
        return (sel + nl.SA_ID.pack(packed(self.dst), struct.pack(">I", self.spi), self.proto) +
                nl.REST.pack(packed(self.src), *limits(self.limits), 0, 0, 0, 0, 0, 0, 0, 0, self.reqid, family, self.mode,
                             0 if self.esn else self.window, ESN_FLAG if self.esn else 0))

    def attributes(self):
        found = algorithms(self.suite)
        if self.mark:
            found += attr(nl.MARK, struct.pack("=II", *self.mark))
        if self.if_id:
            found += attr(nl.IF_ID, struct.pack("=I", self.if_id))
        if self.esn:
            found += attr(ATTR_ESN, struct.pack("=7I", 1, 0, 0, 0, 0, 32, 0))
        return found

    def identity(self):
        return (struct.pack("=16s4sHBx", packed(self.dst), struct.pack(">I", self.spi), family_of(self.dst), self.proto) +
                (attr(nl.MARK, struct.pack("=II", *self.mark)) if self.mark else b""))


class Policy:
    def __init__(self, src, dst, direction, tmpls, **more):
        self.src, self.dst, self.direction, self.tmpls = src, dst, direction, tmpls
        self.mark, self.if_id, self.block, self.proto, self.dport = None, 0, False, 0, 0
        self.__dict__.update(more)

    def selector(self):
        return selector(self.src, self.dst, self.proto, self.dport, family_of(self.src))

    def beside(self):
        return ((attr(nl.MARK, struct.pack("=II", *self.mark)) if self.mark else b"") +
                (attr(nl.IF_ID, struct.pack("=I", self.if_id)) if self.if_id else b""))

    def message(self):
        info = (self.selector() + struct.pack("=12Q", *limits({}), 0, 0, 0, 0) +
                nl.POLICY_REST.pack(0, 0, self.direction, self.block)).ljust(nl.POLICY_SIZE, b"\0")
        tmpls = b"".join(nl.TMPL_STRUCT.pack(packed(dst), b"\0" * 4, proto, family_of(src), packed(src), reqid, mode, 0,
                                             optional, 0xffffffff, 0xffffffff, 0xffffffff)
                         for src, dst, proto, reqid, mode, optional in self.tmpls)
        return info + (attr(nl.TMPL, tmpls) if tmpls else b"") + self.beside()

    def identity(self):
        return self.selector() + struct.pack("=IBxxx", 0, self.direction) + self.beside()


# ---- Namespaces --------------------------------------------------------------------------------------------------

LIBC = ctypes.CDLL(None, use_errno=True)


def inside(name, what):
    """Sockets are of the namespace that they were opened in."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + name, os.O_RDONLY)
    if LIBC.setns(there, 0):
        raise OSError(ctypes.get_errno(), "setns " + name)
    try:
        return what()
    finally:
        LIBC.setns(home, 0)
        os.close(there)
        os.close(home)


class Node:
    def __init__(self, name):
        self.name, self.number, self.sockets = name, 0, {}
        self.netlink = inside(name, lambda: nl.listen(()))
        self.swallow = [inside(name, lambda family=family: self.udp(family, "::" if family == socket.AF_INET6 else "0.0.0.0",
                                                                    SWALLOW))
                        for family in (socket.AF_INET, socket.AF_INET6)]

    @staticmethod
    def udp(family, addr, port=0, mark=0):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if mark:
            sock.setsockopt(socket.SOL_SOCKET, 36, mark)       # SO_MARK
        sock.bind((addr, port))
        sock.setblocking(False)
        return sock

    def ask(self, kind, payload):
        """Returns 0 or an errno."""
        self.number += 1
        self.netlink.send(struct.pack("=IHHII", 16 + len(payload), kind, REQUEST_ACK, self.number, 0) + payload)
        while True:
            for its_kind, whole, data in nl.messages(self.netlink.recv(1 << 16)):
                if its_kind == nl.NLMSG_ERROR and struct.unpack_from("=I", whole, 8)[0] == self.number:
                    return -struct.unpack_from("=i", data)[0]

    def send(self, src, dst, count, size, mark=0):
        key = (src, mark)
        if key not in self.sockets:
            self.sockets[key] = inside(self.name, lambda: self.udp(family_of(src), src, mark=mark))
        for _ in range(count):
            try:
                self.sockets[key].sendto(b"\0" * size, (dst, SWALLOW))
            except OSError:
                pass            # there is no SA, or a policy blocks it: the kernel has counted that
        for sock in self.swallow:
            drain(sock)


def drain(sock):
    try:
        while True:
            sock.recv(65536)
    except OSError:
        pass


# ---- What may be there -------------------------------------------------------------------------------------------

Slot = collections.namedtuple("Slot", "net v6 layers reqid mark if_id esn own_sel")


def slots(rng):
    """Tunnels that there may be: two to each peer, of which one may have no reqid."""
    found = []
    for net in range(40, 46):
        for second in (False, True):
            kind = rng.choice(("esp", "esp", "esp", "transport", "ah", "esp+ah", "comp"))
            if second and kind == "transport":
                kind = "esp"    # the peers' own addresses are the selectors: one is enough
            layers = {"esp": ((ESP, TUNNEL, rng.choice(("gcm", "ccm", "cbc", "null"))),),
                      "transport": ((ESP, TRANSPORT, rng.choice(("gcm", "cbc"))),),
                      "ah": ((AH, TUNNEL, "sha512"),),
                      "esp+ah": ((ESP, TUNNEL, "gcm"), (AH, TRANSPORT, "sha512")),
                      "comp": ((COMP, TUNNEL, "deflate"), (ESP, TRANSPORT, "cbc"))}[kind]
            reqid = 0 if second and rng.random() < 0.5 else net * 2 + second
            plain = kind == "esp" and reqid
            found.append(Slot(net * 2 + second, net % 3 == 0, layers, reqid,
                              (7 + second, 0xff) if plain and rng.random() < 0.25 else None,
                              net if plain and rng.random() < 0.15 else 0, kind == "esp" and rng.random() < 0.3,
                              kind == "esp" and reqid == 0 and rng.random() < 0.5))
    return found


def outer(slot, node):
    pattern = "fd09:%d::%d" if slot.v6 else "10.9.%d.%d"
    return pattern % (slot.net // 2, 1 + "ab".index(node))


def inner(slot, node):
    if slot.layers[0][1] == TRANSPORT:
        return outer(slot, node)
    return ("fd0%d:%d::1" if slot.v6 else "10.%d.%d.1") % (1 + "ab".index(node), slot.net)


def network(slot, node):
    if slot.layers[0][1] == TRANSPORT:
        return outer(slot, node) + ("/128" if slot.v6 else "/32")
    return ("fd0%d:%d::/64" if slot.v6 else "10.%d.%d.0/24") % (1 + "ab".index(node), slot.net)


# ---- The generator -----------------------------------------------------------------------------------------------

class World:
    def __init__(self, options):
        self.options = options
        self.node = {"a": Node(options.a), "b": Node(options.b)}
        self.events = inside(options.a, lambda: nl.listen(("SA", "EXPIRE")))
        self.events.setblocking(False)
        self.stat = inside(options.a, lambda: open("/proc/thread-self/net/xfrm_stat", encoding="ascii"))
        self.wire = inside(options.b, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3)))
        self.wire.bind(("wire", 3))
        self.wire.setblocking(False)
        self.raw = inside(options.b, lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, ESP))
        self.record, self.log, self.daemon = [], [], None
        self.next_spi, self.good = 0x1000, {}
        self.index_of, self.birth_of, self.last, self.cells, self.rounds = {}, {}, {}, 0, 0
        self.rng, self.slots, self.sas, self.policies = random.Random(0), [], {}, {}
        # SAs of a slot: [[Sa, ...] of each generation]; each Sa is in both nodes, but for a's marks.

    # -- what happens --

    def say(self, *words):
        self.log.append(" ".join(map(str, words)))

    def both(self, sa):
        """Add it to both; b knows no marks."""
        errors = [self.node["a"].ask(NEWSA, sa.info() + sa.attributes())]
        mark, its_limits, sa.mark, sa.limits = sa.mark, sa.limits, None, {}
        if not sa.if_id:
            errors.append(self.node["b"].ask(NEWSA, sa.info() + sa.attributes()))
        sa.mark, sa.limits = mark, its_limits
        if any(errors):
            raise SystemExit("the kernel refuses an SA: %s %s" % (errors, vars(sa)))

    def generation(self, slot, its_limits=None):
        made = []
        for proto, mode, suite in slot.layers:
            for src, dst in (("a", "b"), ("b", "a")):
                self.next_spi += 1
                made.append(Sa(outer(slot, src), outer(slot, dst), self.next_spi, proto, mode=mode, suite=suite,
                               reqid=slot.reqid, mark=slot.mark if src == "a" else None, if_id=slot.if_id,
                               esn=slot.esn and proto == ESP, limits=its_limits or {},
                               sel=(network(slot, src), network(slot, dst)) if slot.own_sel else None))
        order = made[:]
        self.rng.shuffle(order)
        for sa in order:
            self.both(sa)
        self.sas.setdefault(slot, []).append(made)
        return made

    def templates(self, slot, src, dst, inbound, reqid=None):
        return [(outer(slot, src), outer(slot, dst), proto, slot.reqid if reqid is None else reqid, mode,
                 inbound and proto == COMP) for proto, mode, _ in slot.layers]

    def protect(self, slot):
        for node, peer in (("a", "b"), ("b", "a")):
            if node == "b" and slot.if_id:
                continue
            mark = slot.mark if node == "a" else None
            for policy in (Policy(network(slot, node), network(slot, peer), 1, self.templates(slot, node, peer, False),
                                  mark=mark, if_id=slot.if_id),
                           Policy(network(slot, peer), network(slot, node), 0, self.templates(slot, peer, node, True),
                                  if_id=slot.if_id)):
                self.node[node].ask(NEWPOLICY, policy.message())
                self.policies.setdefault(slot, []).append((node, policy))

    def op_up(self):
        free = [slot for slot in self.slots if not self.sas.get(slot)]
        if not free:
            return
        slot = self.rng.choice(free)
        self.say("up", slot)
        if slot not in self.policies and self.rng.random() < 0.9:
            self.protect(slot)
        self.generation(slot)

    def live(self):
        return [slot for slot in self.slots if self.sas.get(slot)]

    def one(self):
        return self.rng.choice(self.live()) if self.live() else None

    def op_rekey(self):
        slot = self.one()
        if slot:
            self.say("rekey", slot.net)
            self.generation(slot)

    def op_retire(self):
        """The oldest, or any."""
        slot = self.one()
        if slot:
            at = self.rng.choice((0, 0, self.rng.randrange(len(self.sas[slot]))))
            self.say("retire", slot.net, at)
            for sa in self.sas[slot].pop(at):
                self.delete(sa)

    def delete(self, sa):
        self.node["a"].ask(DELSA, sa.identity())
        mark, sa.mark = sa.mark, None
        self.node["b"].ask(DELSA, sa.identity())
        sa.mark = mark

    def op_delete_one(self):
        slot = self.one()
        if slot:
            generation = self.rng.choice(self.sas[slot])
            sa = self.rng.choice(generation)
            self.say("delete", slot.net, "%x" % sa.spi)
            self.delete(sa)
            generation.remove(sa)
            self.sas[slot] = [one for one in self.sas[slot] if one]

    def op_again(self):
        """The same identity once more: another SA."""
        slot = self.one()
        if slot:
            sa = self.rng.choice(self.rng.choice(self.sas[slot]))
            self.say("again", slot.net, "%x" % sa.spi)
            self.delete(sa)
            self.both(sa)

    def op_update(self):
        slot = self.one()
        if slot:
            sa = self.rng.choice(self.rng.choice(self.sas[slot]))
            sa.limits = self.some_limits()
            self.say("update", slot.net, "%x" % sa.spi, sa.limits)
            for _ in range(self.rng.randrange(1, 4)):
                self.node["a"].ask(UPDSA, sa.info() + sa.attributes())

    def some_limits(self):
        return self.rng.choice((
            {}, {"hard_add": 3600, "soft_add": 3000}, {"hard_byte": 10 ** 9, "soft_byte": 10 ** 8},
            {"soft_packet": 3}, {"soft_byte": 2000}, {"soft_packet": 5, "hard_packet": 12}, {"soft_add": 2},
            {"soft_add": 2, "hard_add": 4}))

    def op_limited(self):
        slot = self.one()
        if slot:
            its = self.some_limits()
            self.say("limited", slot.net, its)
            self.generation(slot, its)

    def op_traffic(self):
        for slot in self.live():
            if self.rng.random() < 0.6:
                self.traffic(slot, self.rng.randrange(1, 9), self.rng.randrange(10, 1200))

    def traffic(self, slot, count, size):
        self.say("traffic", slot.net, count, size)
        self.node["a"].send(inner(slot, "a"), inner(slot, "b"), count, size, slot.mark[0] if slot.mark else 0)
        self.node["b"].send(inner(slot, "b"), inner(slot, "a"), count, size)
        self.look_at_the_wire()

    def look_at_the_wire(self):
        try:
            while True:
                packet, address = self.wire.recvfrom(65536)
                if address[2] == 4 and packet[0] == 0x45 and packet[9] == ESP and address[1] == 0x0800:
                    dst = socket.inet_ntoa(packet[16:20])
                    self.good[dst] = packet[20:]
        except OSError:
            pass

    def op_bad(self):
        """Of a good packet that b has sent."""
        if not self.good:
            return
        dst = self.rng.choice(sorted(self.good))
        good, kind, count = self.good[dst], self.rng.choice(("replayed", "corrupted", "unknown", "truncated")), \
            self.rng.randrange(1, 6)
        if len(good) < 32:
            return
        self.say("bad", kind, count, dst)
        spi, sequence = struct.unpack_from(">II", good)
        for number in range(count):
            self.raw.sendto({
                "replayed": good,
                "corrupted": struct.pack(">II", spi, sequence + 1000 + number) + good[8:-1] + bytes([good[-1] ^ 0x55]),
                "unknown": struct.pack(">II", 0x77000000 + number, 1) + good[8:],
                "truncated": struct.pack(">II", spi, sequence + 2000 + number) + good[8:12],
            }[kind], (dst, 0))

    def op_policy(self):
        """One more policy of a slot, for a host of the network, or one with another reqid; or one goes."""
        slot = self.one()
        if not slot or slot.layers[0][1] == TRANSPORT:
            return
        what = self.rng.choice(("more", "more", "reqid", "block", "gone", "again"))
        self.say("policy", slot.net, what)
        width = "/128" if slot.v6 else "/32"
        if what in ("gone", "again"):
            for node, policy in self.policies.pop(slot, ()):
                self.node[node].ask(DELPOLICY, policy.identity())
            if what == "again":
                self.protect(slot)
            return
        host = (network(slot, "a").split("/")[0] + str(self.rng.randrange(2, 200))) if slot.v6 else \
            network(slot, "a").rsplit(".", 1)[0] + "." + str(self.rng.randrange(2, 200))
        policy = Policy(host + width, network(slot, "b"), 1,
                        [] if what == "block" else
                        self.templates(slot, "a", "b", False, None if what == "more" else self.rng.choice((0, 999))),
                        mark=slot.mark, if_id=slot.if_id, block=what == "block", proto=self.rng.choice((0, 6, 17)))
        if policy.proto:
            policy.dport = self.rng.choice((0, 443))
        self.node["a"].ask(NEWPOLICY, policy.message())
        self.policies.setdefault(slot, []).append(("a", policy))

    def op_in_clear(self):
        """b sends what a's policy wants protected, and a sends what no SA is there for."""
        idle = [slot for slot in self.slots if slot in self.policies and not self.sas.get(slot) and not slot.if_id]
        if idle:
            slot = self.rng.choice(idle)
            self.say("in clear", slot.net)
            self.node["a"].send(inner(slot, "a"), inner(slot, "b"), 3, 100, slot.mark[0] if slot.mark else 0)

    def op_flush(self):
        """What an SA has counted since the last look goes without a word: so only when that is nothing."""
        if self.rng.random() < 0.5:
            return
        proto = self.rng.choice((0, 0, ESP, AH, COMP))
        self.settle("before a flush")
        self.say("flush", proto)
        for node in self.node.values():
            node.ask(FLUSHSA, struct.pack("=B", proto or 255))
        for slot in list(self.sas):
            left = [[sa for sa in generation if proto and sa.proto != proto] for generation in self.sas[slot]]
            self.sas[slot] = [generation for generation in left if generation]

    def op_restart(self):
        """Between two looks at the kernel that are the same, or with new SAs and traffic in between."""
        self.settle("before a restart")
        self.say("restart")
        self.daemon_down()
        for _ in range(self.rng.randrange(0, 3)):
            self.rng.choice((self.op_up, self.op_traffic, self.op_traffic))()
        self.daemon_up()
        self.settle("after a restart")          # what came and went before its first look, it cannot know

    OPS = ((op_up, 6), (op_rekey, 4), (op_retire, 3), (op_delete_one, 1), (op_again, 2), (op_update, 4), (op_limited, 3),
           (op_traffic, 7), (op_bad, 4), (op_policy, 4), (op_in_clear, 1), (op_flush, 1), (op_restart, 1))

    # -- programs --

    def daemon_up(self):
        with open(os.path.join(self.options.dir, "ipsecmond.log"), "a", encoding="utf-8") as log:
            self.daemon = subprocess.Popen(["ip", "netns", "exec", self.options.a, self.options.ipsecmond, "-f", "-c",
                                            self.options.conf], stdout=log, stderr=log)

    def daemon_down(self):
        self.daemon.terminate()
        if self.daemon.wait(30) != 0:
            raise SystemExit("ipsecmond ends with %d" % self.daemon.returncode)

    # -- the kernel's word, and what is shown --

    def listen(self):
        while True:
            try:
                data = self.events.recv(1 << 20)
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    raise SystemExit("the witness has lost events") from error
                return
            for kind, _, payload in nl.messages(data):
                event = nl.event_of(kind, payload)
                if event:
                    self.record.append(event)

    def snapshot(self):
        def dumps():
            states = [nl.sa_of(payload[:nl.SA_SIZE], nl.attributes(payload[nl.SA_SIZE:]))
                      for _, _, payload in nl.dump(nl.GETSA)]
            return states, [nl.policy_of(payload) for _, _, payload in nl.dump(nl.GETPOLICY)]

        states, policies = inside(self.options.a, dumps)
        self.stat.seek(0)
        stat = {name: int(value) for name, value in (line.split() for line in self.stat)}
        local = [outer(slot, "a") for slot in self.slots]
        return {"now": time.time(), "states": states, "policies": policies, "stat": stat, "local": local}

    def walk(self):
        path = os.path.join(self.options.dir, "walk")
        done = inside(self.options.a, lambda: subprocess.run(
            ["snmpbulkwalk", "-v2c", "-c", "public", "-On", "-Oe", "-Ox", "-m", "", "-M", "", "-t", "5", "-r", "3", "-Cr25",
             "127.0.0.1", FLOW_MIB], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False))
        with open(path, "w", encoding="utf-8") as file:
            file.write(compare_cells(done.stdout))
        return compare.walk_of(path), compare.lines_of(path)

    def shown_json(self):
        done = subprocess.run([self.options.ipsecmon, "-c", self.options.conf, "--json", "show", "crypto", "ipsec", "sa"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        return json.loads(done.stdout or "{}")

    def look(self):
        """One comparison; the mismatches are compare's."""
        compare.mismatches.clear()
        before = self.snapshot()
        walk, lines = self.walk()
        if "cipSecGlobalInPkts" not in walk:
            compare.wrong("the walk", "cells", "none")
            return False
        shown = self.shown_json()
        after = self.snapshot()
        self.listen()
        equal("the SAs before and after the walk", *witness.moved(before, after))
        equal("the statistics before and after the walk", before["stat"], after["stat"])
        kernel = witness.Kernel(before, self.record)
        try:
            seen = witness.check_tables(walk, kernel, after)
            self.check_indexes(seen)
            self.check_history(walk, kernel)
            self.check_json(shown, kernel, seen)
            self.check_laws(walk, lines)
        except KeyError as error:       # a tunnel has ended in the middle of the walk
            compare.wrong("a row", "all of it", "none of %s" % error)
        if not compare.mismatches:
            self.record.append({"event": "counts", "states": [sa for sa in after["states"] if witness.is_sa(sa)]})
            self.last = {(oid): value for oid, wire, value in lines if wire.startswith("Counter")}
            self.cells += sum(map(len, walk.values())) + count_cells(shown)
        return not compare.mismatches

    def check_indexes(self, seen):
        for tunnel, index in seen:
            birth = min(sa["order"] for sa in tunnel.all())
            equal("index of the tunnel that began with SA %d" % birth, self.index_of.get(birth, index), index)
            equal("the tunnel that index %d was given to" % index, self.birth_of.get(index, birth), birth)
            self.index_of[birth], self.birth_of[index] = index, birth

    def check_history(self, walk, kernel):
        """Tunnels that have ended, and were seen before."""
        past = {min(sa["order"] for sa in tunnel.all()): tunnel for tunnel in kernel.ever() if not tunnel.live}
        history = rows(walk, "cipSecTunHist")
        for row in history.values():
            birth = self.birth_of.get(row["cipSecTunHistActiveIndex"])
            if birth is None:
                continue
            what = "history of tunnel %d" % row["cipSecTunHistActiveIndex"]
            if birth not in past:
                compare.wrong(what, "no row yet", "one")
                continue
            tunnel = past[birth]
            expected = {"cipSecTunHist" + name: value for name, value in witness.counts_of(tunnel).items()}
            main = tunnel.main()
            expected["cipSecTunHistTotalRefreshes"] = max(0, max(len(tunnel.all(way, main)) for way in ("in", "out")) - 1)
            expected["cipSecTunHistTotalSas"] = len(tunnel.all())
            for way, comp in (("In", "SaDecompAlgo"), ("Out", "SaCompAlgo")):
                expected.update({"cipSecTunHist" + name: value
                                 for name, value in witness.algorithms(tunnel, kernel, way, comp).items()})
            for name, value in expected.items():
                if name in row:
                    equal("%s: %s" % (what, name), value, row[name])

    def check_json(self, shown, kernel, seen):
        table = {tunnel["index"]: tunnel for segment in shown.get("segments", ()) for tunnel in segment["tunnels"]}
        equal("tunnels of show crypto ipsec sa", sorted(index for _, index in seen), sorted(table))
        for tunnel, index in seen:
            one, what = table.get(index, {}), "JSON of tunnel %d" % index
            its = {}
            for key, sa in tunnel.live.items():
                active = kernel.in_use(tunnel, sa["direction"], sa["proto"]) is sa and not kernel.worn(key, sa)
                its[(sa["spi"], sa["direction"], sa["proto"])] = ("active" if active else "expiring", sa["packets"],
                                                                  sa["bytes"])
            equal(what + ": SAs", its, {
                (int(sa["spi"], 16), sa["direction"], {"ipcomp": "comp"}.get(sa["protocol"], sa["protocol"])):
                (sa["state"], sa["count"]["pkts"], sa["count"]["octets"]) for sa in one.get("sas", ())})
            counts = witness.counts_of(tunnel)
            for way in ("in", "out"):
                for name, key in (("Pkts", "pkts"), ("HcOctets", "octets"), ("Auths", "auths")):
                    column = "Hc%sOctets" % way.title() if key == "octets" else way.title() + name
                    equal("%s: %s.%s" % (what, way, key), counts[column], one.get(way, {}).get(key))
            equal(what + ": reqid", next(iter(tunnel.live.values()))["reqid"], one.get("reqid"))
            equal(what + ": sas_retired", len(tunnel.gone), one.get("sas_retired"))
            equal(what + ": selectors", len(witness.selectors_of(tunnel, kernel)), len(one.get("selectors", ())))

    def check_laws(self, walk, lines):
        """No counter goes back; totals are rows and history, as long as that has all."""
        for oid, wire, value in lines:
            if wire.startswith("Counter") and value < self.last.get(oid, 0):
                compare.wrong(oid, "no less than %d" % self.last[oid], value)
        table, history = rows(walk, witness.TUNNELS), rows(walk, "cipSecTunHist")
        if len(history) == walk["cipSecGlobalPreviousTunnels"][(0,)]:
            for name in ("InPkts", "OutPkts", "HcInOctets", "HcOutOctets"):
                equal("rows and history of " + name, walk["cipSecGlobal" + name][(0,)],
                      sum(row["cipSecTun" + name] for row in table.values()) +
                      sum(row["cipSecTunHist" + name] for row in history.values()))

    def settle(self, what):
        until = time.monotonic() + PATIENCE
        while True:
            if self.look():
                return
            if time.monotonic() > until:
                print("\n".join(["not ok - seed %s, %s" % (self.seed, what)] + ["#   did: " + one for one in self.log] +
                                ["#   " + one for one in compare.mismatches[:40]]), flush=True)
                raise SystemExit(1)
            time.sleep(0.3)

    # -- seeds --

    def run(self, seed):
        self.seed, self.rng, cells = seed, random.Random(seed), self.cells
        self.settle_everything_away()
        self.slots = slots(self.rng)
        began = time.monotonic()
        for number in range(self.options.rounds):
            del self.log[:-60]
            self.say("-- round", number)
            for _ in range(self.rng.randrange(1, 7)):
                operation = self.rng.choices([op for op, _ in self.OPS], [weight for _, weight in self.OPS])[0]
                operation(self)
            self.settle("round %d" % number)
            self.rounds += 1
        print("ok - seed %s: %d rounds, %d cells, %.0f s" % (seed, self.options.rounds, self.cells - cells,
                                                           time.monotonic() - began), flush=True)

    def settle_everything_away(self):
        if self.slots:
            self.settle("the end of a seed")
        for node in self.node.values():
            node.ask(FLUSHSA, struct.pack("=B", 255))
            node.ask(FLUSHPOLICY, b"")
        self.sas, self.policies, self.good, self.log = {}, {}, {}, []


def compare_cells(text):
    """snmpbulkwalk -On -Oe -Ox ...: OID TYPE VALUE, as tests/lab's walks are."""
    cells = []
    for line in text.splitlines():
        if not line.startswith(".") or " = " not in line:
            if cells and line.strip():
                cells[-1] += " " + line.strip()         # a long octet string
            continue
        oid, _, rest = line.partition(" = ")
        wire, _, value = rest.partition(": ")
        if wire == '""':
            wire, value = "Hex-STRING", ""
        if wire == "STRING":
            wire, value = "Hex-STRING", value.strip('"').encode().hex()
        cells.append("%s %s %s" % (oid[1:], wire, value))
    return "".join(cell + "\n" for cell in cells)


def count_cells(value):
    if isinstance(value, dict):
        return sum(map(count_cells, value.values()))
    return sum(map(count_cells, value)) if isinstance(value, list) else 1


def main():
    parser = argparse.ArgumentParser()
    for name in ("a", "b", "dir", "conf", "ipsecmond", "ipsecmon", "seed"):
        parser.add_argument("--" + name)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--seconds", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    world, done, began = World(options), 0, time.monotonic()
    fresh = random.Random(os.environ["TEST_SEED"]) if os.environ.get("TEST_SEED") else random.SystemRandom()
    world.daemon_up()
    while True:
        world.run(options.seed or "%08x" % fresh.randrange(1 << 32))
        done += 1
        if options.seed or (options.seeds and done >= options.seeds) or \
                (not options.seeds and time.monotonic() - began >= options.seconds):
            break
    world.daemon_down()
    sas = [sa for tunnel in witness.Kernel(world.snapshot(), world.record).ever() for sa in tunnel.all()]
    print("ok - %d seeds, %d rounds, %d cells compared; %d SAs, %d packets, %d dropped, %d updates" % (
        done, world.rounds, world.cells, len(sas), sum(sa["packets"] for sa in sas), sum(world.snapshot()["stat"].values()),
        sum(event["event"] == "updsa" for event in world.record)))


if __name__ == "__main__":
    sys.exit(main())
