#!/usr/bin/env python3
"""Read the kernel's SAs over netlink, with code that shares nothing with the project.

    xfrm_netlink.py record              what happens from now on, as JSON lines: first the SAs that there are, then
                                        {"event": "listening"}, then one line for each message about an SA, with all
                                        that it says of it: the last counts of one that goes, too
    xfrm_netlink.py capture DIR         each message, of a dump of SAs and policies and then of every group, in a
                                        file of its own in DIR, NUMBER-NAME.bin; `listening' when the dump is over
    xfrm_netlink.py dump DIR            only the dump
    xfrm_netlink.py aevents SECONDS [join]  how many messages come in that time, with the group AEVENTS or without

Ends with SIGTERM.  It needs the standard library only.
"""
import ipaddress
import json
import os
import signal
import socket
import struct
import sys
import time

NETLINK_XFRM, SOL_NETLINK, ADD_MEMBERSHIP, RCVBUFFORCE = 6, 270, 1, 33
GROUPS = {"ACQUIRE": 1, "EXPIRE": 2, "SA": 3, "POLICY": 4, "AEVENTS": 5, "REPORT": 6, "MIGRATE": 7, "MAPPING": 8}
NLM_F_DUMP = 0x301      # with NLM_F_REQUEST
NLMSG_ERROR, NLMSG_DONE = 2, 3
NAMES = {16: "newsa", 17: "delsa", 18: "getsa", 19: "newpolicy", 20: "delpolicy", 21: "getpolicy", 22: "allocspi",
         23: "acquire", 24: "expire", 25: "updpolicy", 26: "updsa", 27: "polexpire", 28: "flushsa", 29: "flushpolicy",
         30: "newae", 31: "getae", 32: "report", 33: "migrate", 38: "mapping"}
NEWSA, DELSA, GETSA, GETPOLICY, EXPIRE, UPDSA, FLUSHSA = 16, 17, 18, 21, 24, 26, 28
# Attributes
TMPL = 5
ALG_AUTH, ALG_CRYPT, ALG_COMP, ENCAP, SA_INSIDE = 1, 2, 3, 4, 6
ALG_AEAD, AUTH_TRUNC, MARK, ESN, IF_ID, DIRECTION = 18, 20, 21, 23, 31, 33
PROTOCOLS = {50: "esp", 51: "ah", 108: "comp"}
MODES = {0: "transport", 1: "tunnel", 4: "beet"}

# struct xfrm_usersa_info: selector, id, source, limits, counts, statistics, and the rest.
SELECTOR = struct.Struct("=16s16s2s2s2s2sHBBB3xiI")
SA_ID = struct.Struct("=16s4sB3x")
REST = struct.Struct("=16s8Q4Q3IIIHBBB7x")
# struct xfrm_userpolicy_info: selector, limits and counts, the rest; struct xfrm_user_tmpl.
POLICY_LIMITS, POLICY_REST, POLICY_SIZE = 12 * 8, struct.Struct("=IIBB2x"), 168
TMPL_STRUCT = struct.Struct("=16s4sB3xH2x16sIBBBxIII")
SA_SIZE = SELECTOR.size + SA_ID.size + REST.size
LIMITS = ["%s_%s" % pair[::-1] for pair in
          [(a, b) for a in ("byte", "packet", "add", "use") for b in ("soft", "hard")]]


def address(family, octets):
    return str(ipaddress.ip_address(octets[:4] if family == socket.AF_INET else octets))


def attributes(data):
    found = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if size < 4:
            break
        found[kind] = data[4:size]
        data = data[(size + 3) & ~3:]
    return found


def name_of(algorithm):
    return algorithm[:64].split(b"\0")[0].decode()


def sa_of(info, attrs):
    """struct xfrm_usersa_info and its attributes, as xfrm_witness.py has what `ip' prints."""
    sel_dst, sel_src, dport, _, sport, _, sel_family, dst_len, src_len, sel_proto, _, _ = SELECTOR.unpack_from(info)
    dst, spi, proto = SA_ID.unpack_from(info, SELECTOR.size)
    (src, *numbers) = REST.unpack_from(info, SELECTOR.size + SA_ID.size)
    limits, (octets, packets, added, used), (window, replay, failed) = numbers[:8], numbers[8:12], numbers[12:15]
    reqid, family, mode, replay_window = numbers[16:20]
    sel_family = sel_family or family
    mark = struct.unpack("=II", attrs[MARK][:8]) if MARK in attrs else (0, 0)
    return {
        "src": address(family, src), "dst": address(family, dst), "spi": int.from_bytes(spi, "big"),
        "proto": PROTOCOLS.get(proto, str(proto)), "mode": MODES.get(mode, str(mode)), "reqid": reqid,
        "told": {1: "in", 2: "out"}[attrs[DIRECTION][0]] if DIRECTION in attrs else None,
        "mark": list(mark), "if_id": struct.unpack("=I", attrs[IF_ID])[0] if IF_ID in attrs else 0,
        "sel": {"src": "%s/%d" % (address(sel_family, sel_src), src_len),
                "dst": "%s/%d" % (address(sel_family, sel_dst), dst_len), "proto": sel_proto,
                "sport": int.from_bytes(sport, "big"), "dport": int.from_bytes(dport, "big")},
        "algos": {key: name_of(attrs[kind]) for key, kind in
                  (("auth", ALG_AUTH), ("auth", AUTH_TRUNC), ("enc", ALG_CRYPT), ("aead", ALG_AEAD), ("comp", ALG_COMP))
                  if kind in attrs},
        "limits": {key: value for key, value in zip(LIMITS, limits) if value not in (0, 2 ** 64 - 1)},
        "bytes": octets, "packets": packets, "added": added, "used": used,
        "behind": window, "replay": replay, "failed": failed, "window": replay_window,
        "encap": ENCAP in attrs, "esn": ESN in attrs,
    }


def policy_of(payload):
    """struct xfrm_userpolicy_info and its attributes, likewise."""
    dst, src, dport, _, sport, _, family, dst_len, src_len, proto, _, _ = SELECTOR.unpack_from(payload)
    _, _, direction, action = POLICY_REST.unpack_from(payload, SELECTOR.size + POLICY_LIMITS)
    attrs, tmpls = attributes(payload[POLICY_SIZE:]), []
    for at in range(0, len(attrs.get(TMPL, b"")), TMPL_STRUCT.size):
        t_dst, _, t_proto, t_family, t_src, reqid, _, _, _, _, _, _ = TMPL_STRUCT.unpack_from(attrs[TMPL], at)
        t_family = t_family or family
        tmpls.append({"src": address(t_family, t_src), "dst": address(t_family, t_dst),
                      "proto": PROTOCOLS.get(t_proto, str(t_proto)), "reqid": reqid})
    return {"socket": direction > 2, "direction": ("in", "out", "fwd")[direction % 3],
            "action": "block" if action else "allow",
            "mark": list(struct.unpack("=II", attrs[MARK][:8])) if MARK in attrs else [0, 0],
            "if_id": struct.unpack("=I", attrs[IF_ID])[0] if IF_ID in attrs else 0, "tmpls": tmpls,
            "sel": {"src": "%s/%d" % (address(family, src), src_len), "dst": "%s/%d" % (address(family, dst), dst_len),
                    "proto": proto, "sport": int.from_bytes(sport, "big"), "dport": int.from_bytes(dport, "big")}}


def listen(groups):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_XFRM)
    sock.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 16 << 20)
    sock.bind((0, 0))
    for group in groups:
        sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, GROUPS[group])
    return sock


def messages(data):
    """[(type, the whole message, its payload)]"""
    while len(data) >= 16:
        size, kind = struct.unpack_from("=IH", data)
        if size < 16:
            break
        yield kind, data[:size], data[16:size]
        data = data[(size + 3) & ~3:]


def dump(kind):
    """All messages that answer to a request for everything of a kind."""
    sock = listen(())
    sock.send(struct.pack("=IHHII", 16, kind, NLM_F_DUMP, 1, 0))
    while True:
        for its_kind, whole, payload in messages(sock.recv(1 << 20)):
            if its_kind in (NLMSG_DONE, NLMSG_ERROR):
                return
            yield its_kind, whole, payload


def tell(**what):
    print(json.dumps(what), flush=True)


def event_of(kind, payload):
    """What a message says of an SA; None of another one."""
    if kind in (NEWSA, UPDSA):
        return {"event": NAMES[kind], "sa": sa_of(payload[:SA_SIZE], attributes(payload[SA_SIZE:]))}
    if kind == DELSA:           # struct xfrm_usersa_id, and all the rest as attributes
        attrs = attributes(payload[24:])
        return {"event": "delsa", "sa": sa_of(attrs[SA_INSIDE], attrs)}
    if kind == EXPIRE:          # struct xfrm_user_expire
        return {"event": "expire", "hard": payload[SA_SIZE] != 0,
                "sa": sa_of(payload[:SA_SIZE], attributes(payload[SA_SIZE + 8:]))}
    if kind == FLUSHSA:
        return {"event": "flushsa", "proto": payload[0]}
    return None


def tell_sa(kind, payload):
    event = event_of(kind, payload)
    if event:
        tell(**event)


def record():
    sock = listen(("SA", "EXPIRE"))
    for kind, _, payload in dump(GETSA):
        tell_sa(kind, payload)
    tell(event="listening")
    while True:
        try:
            data = sock.recv(1 << 20)
        except OSError as error:
            tell(event="lost", why=str(error))
            continue
        for kind, _, payload in messages(data):
            tell_sa(kind, payload)


class Files:
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.count = folder, 0

    def keep(self, what, whole):
        self.count += 1
        with open(os.path.join(self.folder, "%05d-%s.bin" % (self.count, what)), "wb") as file:
            file.write(whole)


def capture(folder, only_dump=False):
    sock, files = listen(GROUPS), Files(folder)
    for request in (GETSA, GETPOLICY):
        for kind, whole, _ in dump(request):
            files.keep("dump-" + NAMES.get(kind, str(kind)), whole)
    print("listening", flush=True)
    while not only_dump:
        for kind, whole, _ in messages(sock.recv(1 << 20)):
            files.keep(NAMES.get(kind, str(kind)), whole)


def aevents(seconds, join):
    sock, counts, end = listen(set(GROUPS) - (set() if join else {"AEVENTS"})), {}, time.monotonic() + seconds
    while time.monotonic() < end:
        sock.settimeout(max(0.01, end - time.monotonic()))
        try:
            for kind, _, _ in messages(sock.recv(1 << 20)):
                counts[NAMES.get(kind, str(kind))] = counts.get(NAMES.get(kind, str(kind)), 0) + 1
        except TimeoutError:
            pass
    used = time.process_time()
    tell(messages=counts, cpu_s=round(used, 3))


def main(argv):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if argv[1:] == ["record"]:
        record()
    elif len(argv) == 3 and argv[1] in ("capture", "dump"):
        capture(argv[2], argv[1] == "dump")
    elif len(argv) in (3, 4) and argv[1] == "aevents":
        aevents(float(argv[2]), len(argv) == 4)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
