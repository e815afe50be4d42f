#!/usr/bin/env python3
"""A fake charon: a VICI server.  It needs the standard library only.

    fake_charon.py SOCKET many COUNT        COUNT IKE SAs with a CHILD SA each, whose counters grow with every list
    fake_charon.py SOCKET bad KIND...       answers the first list-sas with the first KIND of garbage, and so on; all
                                            further ones are in order, and list nothing
    fake_charon.py kinds                    the KINDs: "breaks" a conversation, or is one "message" that is not understood

It prints its actions.
"""
import os
import random
import socket
import struct
import sys
import threading

CMD_REQUEST, CMD_RESPONSE, CMD_UNKNOWN, EVENT_REGISTER, EVENT_UNREGISTER, EVENT_CONFIRM, EVENT_UNKNOWN, EVENT = range(8)
SECTION_START, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = range(1, 7)


def name(text):
    return bytes([len(text)]) + text.encode()


def value(text):
    data = text if isinstance(text, bytes) else str(text).encode()
    return struct.pack(">H", len(data)) + data


def encode(section):
    """Nested dicts as a message; a list is a list."""
    out = []
    for key, what in section.items():
        if isinstance(what, dict):
            out.append(bytes([SECTION_START]) + name(key) + encode(what) + bytes([SECTION_END]))
        elif isinstance(what, list):
            out.append(bytes([LIST_START]) + name(key) + b"".join(bytes([LIST_ITEM]) + value(item) for item in what) +
                       bytes([LIST_END]))
        else:
            out.append(bytes([KEY_VALUE]) + name(key) + value(what))
    return b"".join(out)


def frame(kind, body=b"", event=None):
    packet = bytes([kind]) + (name(event) if event else b"") + body
    return struct.pack(">I", len(packet)) + packet


def listed(body):
    return frame(EVENT, body, "list-sa")


def ike_sa(number, age, pkts):
    """One of many: its own peer, addresses, SPIs."""
    high, low = divmod(number, 250)
    return {"gateway-%d" % number: {
        "uniqueid": number, "version": 2, "state": "ESTABLISHED",
        "local-host": "192.0.2.1", "local-port": 4500, "local-id": "gateway.example",
        "remote-host": "10.200.%d.%d" % (high, low + 1), "remote-port": 4500, "remote-id": "peer-%d@example" % number,
        "initiator-spi": "%016x" % (0xabcd0000 + number), "responder-spi": "%016x" % (0xdcba0000 + number),
        "encr-alg": "AES_CBC", "encr-keysize": 256, "integ-alg": "HMAC_SHA2_256_128", "prf-alg": "PRF_HMAC_SHA2_256",
        "dh-group": "ECP_256", "established": age, "rekey-time": 14400 - age,
        "child-sas": {"net-%d" % number: {
            "name": "net", "uniqueid": number, "reqid": number, "state": "INSTALLED", "mode": "TUNNEL",
            "protocol": "ESP", "encap": "yes",
            "spi-in": "%08x" % (0xc0000000 + number), "spi-out": "%08x" % (0xd0000000 + number),
            "encr-alg": "AES_GCM_16", "encr-keysize": 128,
            "bytes-in": 1000 * pkts, "packets-in": pkts, "bytes-out": 500 * pkts, "packets-out": pkts,
            "rekey-time": 3600 - age, "life-time": 4200 - age, "install-time": age,
            "local-ts": ["10.0.0.0/24"], "remote-ts": ["10.%d.%d.0/24" % (100 + high, low)]}}}}


def nested(depth):
    return b"".join(bytes([SECTION_START]) + name("s%d" % n) for n in range(depth)) + bytes([SECTION_END]) * depth


def odd_values():
    """Well-formed, and nonsense: what is not known is ignored, what cannot be is counted."""
    sa = ike_sa(7, 10, 5)
    ike = sa["gateway-7"]
    child = ike["child-sas"]["net-7"]
    ike.update({"local-host": "300.1.1.1", "remote-port": "99999999", "established": "yesterday", "x" * 255: "y" * 65535,
                "initiator-spi": "zz", "encr-keysize": "-1", "unknown": "key", "unknown-section": {"a": ["b", "c"]},
                "remote-id": b"\x00\xff\x1b[2J" * 200})
    child.update({"bytes-in": "many", "packets-in": "99999999999999999999999", "local-ts": ["10.0.0.0/99", "", "x"],
                  "remote-ts": ["::1/0[tcp/http]"] * 300, "mode": "SIDEWAYS", "state": "CONFUSED"})
    return listed(encode(sa))


# What is sent in answer to list-sas.  A message is followed by the answer in order.
BAD = {
    "breaks": {
        "short-frame": lambda: struct.pack(">I", 1000) + b"\x07\x07list-sa" + b"x" * 20,        # and closed
        "oversized-frame": lambda: struct.pack(">I", 0x7fffffff) + b"\x07\x07list-sa" + b"x" * 5000,
        "empty-frame": lambda: struct.pack(">I", 0),
        "unknown-type": lambda: frame(200, b"x" * 10),
        "long-name": lambda: struct.pack(">I", 3) + bytes([EVENT, 250, 65]),
        "request": lambda: frame(CMD_REQUEST, name("list-sas")),
        "unasked": lambda: frame(CMD_RESPONSE) * 70,
        "noise": lambda: bytes(random.Random(1).randrange(256) for _ in range(100000)),
    },
    "message": {
        "section-not-ended": lambda: listed(bytes([SECTION_START]) + name("gateway")),
        "section-not-begun": lambda: listed(bytes([SECTION_END, SECTION_END])),
        "item-outside": lambda: listed(bytes([LIST_ITEM]) + value("x")),
        "list-not-ended": lambda: listed(bytes([LIST_START]) + name("x") + bytes([LIST_ITEM]) + value("y")),
        "key-in-list": lambda: listed(bytes([LIST_START]) + name("x") + bytes([KEY_VALUE]) + name("a") + value("b")),
        "value-too-long": lambda: listed(bytes([KEY_VALUE]) + name("k") + struct.pack(">H", 60000) + b"short"),
        "unknown-element": lambda: listed(bytes([99]) + name("k")),
        "deep": lambda: listed(nested(10000)),
        "noise-inside": lambda: listed(bytes(random.Random(2).randrange(256) for _ in range(400000))),
        "odd-values": odd_values,
    },
}


class Server:
    def __init__(self, mode, arguments):
        self.mode, self.arguments, self.lists = mode, arguments, 0
        self.lock = threading.Lock()

    def list_sas(self, peer):
        with self.lock:
            self.lists += 1
            turn = self.lists
        if self.mode == "many":
            # A hundred at a time, as a kernel would take it from charon.
            batch = []
            for number in range(1, int(self.arguments[0]) + 1):
                batch.append(listed(encode(ike_sa(number, 10 + turn, 100 * turn))))
                if len(batch) == 100:
                    peer.sendall(b"".join(batch))
                    batch = []
            peer.sendall(b"".join(batch) + frame(CMD_RESPONSE))
            print("listed", turn, flush=True)
        elif turn <= len(self.arguments):
            kind = self.arguments[turn - 1]
            if kind in BAD["breaks"]:
                peer.sendall(BAD["breaks"][kind]())
                if kind == "short-frame":
                    peer.shutdown(socket.SHUT_RDWR)
            else:
                peer.sendall(BAD["message"][kind]() + frame(CMD_RESPONSE))
            print("did", kind, flush=True)
        else:
            peer.sendall(frame(CMD_RESPONSE))
            if turn == len(self.arguments) + 1:
                print("done", flush=True)

    def converse(self, peer):
        def exactly(size):
            data = b""
            while len(data) < size:
                more = peer.recv(size - len(data))
                if not more:
                    raise EOFError
                data += more
            return data
        try:
            while True:
                packet = exactly(struct.unpack(">I", exactly(4))[0])
                kind, command = packet[0], packet[2:2 + packet[1]].decode()
                if kind == EVENT_REGISTER:
                    peer.sendall(frame(EVENT_CONFIRM))
                elif command == "version":
                    peer.sendall(frame(CMD_RESPONSE, encode({"daemon": "fake", "version": "0.1"})))
                elif command == "list-sas":
                    self.list_sas(peer)
                else:
                    peer.sendall(frame(CMD_RESPONSE))
        except (EOFError, OSError):
            pass
        finally:
            peer.close()


def main(argv):
    if argv[1:] == ["kinds"]:
        for effect, kinds in BAD.items():
            for kind in kinds:
                print(effect, kind)
        return
    if len(argv) < 4:
        raise SystemExit(__doc__)
    server = Server(argv[2], argv[3:])
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(argv[1]):
        os.unlink(argv[1])
    listener.bind(argv[1])
    listener.listen(5)
    print("listening", flush=True)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=server.converse, args=(peer,), daemon=True).start()


if __name__ == "__main__":
    main(sys.argv)
