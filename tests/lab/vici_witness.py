#!/usr/bin/env python3
"""Ask charon over VICI, with code that shares nothing with the project.

The tests compare SNMP with this.  It needs the standard library only.

    vici_witness.py SOCKET                     all SAs as JSON, fields as VICI sends them, order kept
    vici_witness.py SOCKET COMMAND [KEY=VALUE] any VICI command (version, stats, list-conns, get-counters ...);
                                               the streamed answers come first, the final one last
    vici_witness.py SOCKET tsv                 a line per IKE SA and per CHILD SA: kind, IKE name, IKE uniqueid,
                                               child name, child uniqueid, then field=value ... (lists joined by a space)
    vici_witness.py SOCKET get ike  NAME FIELD [STATE]   the field of every IKE SA (CHILD SA) of that name,
    vici_witness.py SOCKET get child NAME FIELD [STATE]  in that state if one is given, a line each, oldest first
    vici_witness.py SOCKET monitor             events as JSON lines, each with the time it was read: `t' in seconds
                                               since the Epoch, `up' in seconds of CLOCK_BOOTTIME; the first line says
                                               "listening", the last one "closed"
    vici_witness.py LOG brief                  what `monitor' wrote to the file LOG, a short line per event
"""
import json
import socket
import struct
import sys
import time

# Packet types, and the elements of a message.
CMD_REQUEST, CMD_RESPONSE, CMD_UNKNOWN, EVENT_REGISTER, EVENT_UNREGISTER, EVENT_CONFIRM, EVENT_UNKNOWN, EVENT = range(8)
SECTION_START, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = range(1, 7)

# Commands that stream their answer, with the event that carries it.
STREAMS = {"list-sas": "list-sa", "list-policies": "list-policy", "list-conns": "list-conn",
           "list-certs": "list-cert", "list-authorities": "list-authority",
           "initiate": "control-log", "terminate": "control-log"}
EVENTS = ("ike-updown", "ike-rekey", "ike-update", "child-updown", "child-rekey", "alert")


def decode(data):
    """A message as nested dicts; a list is a list; all values are text.  A key that comes twice is an error."""
    at = 0

    def take(size):
        nonlocal at
        if at + size > len(data):
            raise ValueError("message cut short at %d of %d" % (at, len(data)))
        at += size
        return data[at - size:at]

    def name():
        return take(take(1)[0]).decode()

    def value():
        return take(struct.unpack(">H", take(2))[0]).decode(errors="backslashreplace")

    def put(section, key, what):
        if key in section:
            raise ValueError("%s comes twice" % key)
        section[key] = what

    root = {}
    path = [root]
    while at < len(data):
        kind = take(1)[0]
        if kind == SECTION_START:
            section = {}
            put(path[-1], name(), section)
            path.append(section)
        elif kind == SECTION_END:
            path.pop()
        elif kind == KEY_VALUE:
            put(path[-1], name(), value())
        elif kind == LIST_START:
            items = []
            put(path[-1], name(), items)
            kind = take(1)[0]
            while kind == LIST_ITEM:
                items.append(value())
                kind = take(1)[0]
            if kind != LIST_END:
                raise ValueError("element %d in a list" % kind)
        else:
            raise ValueError("element %d" % kind)
    if len(path) != 1:
        raise ValueError("a section is not closed")
    return root


def encode(arguments):
    """Key/value pairs, the only thing our requests hold."""
    out = b""
    for key, text in arguments:
        key, text = key.encode(), text.encode()
        out += struct.pack(">BB", KEY_VALUE, len(key)) + key + struct.pack(">H", len(text)) + text
    return out


class Vici:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)
        self.early = []     # events that came while an answer was awaited

    def send(self, kind, name, body=b""):
        name = name.encode()
        packet = struct.pack(">BB", kind, len(name)) + name + body
        self.sock.sendall(struct.pack(">I", len(packet)) + packet)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def receive(self):
        """Type, event name or None, message."""
        packet = self.exactly(struct.unpack(">I", self.exactly(4))[0])
        kind, rest, name = packet[0], packet[1:], None
        if kind == EVENT:
            name, rest = rest[1:1 + rest[0]].decode(), rest[1 + rest[0]:]
        return kind, name, decode(rest)

    def register(self, event):
        """False when this charon does not know the event."""
        self.send(EVENT_REGISTER, event)
        while True:
            packet = self.receive()
            if packet[0] != EVENT:
                return packet[0] == EVENT_CONFIRM
            self.early.append(packet)

    def ask(self, command, arguments=()):
        stream = STREAMS.get(command)
        if stream and not self.register(stream):
            raise SystemExit("charon knows no event %s" % stream)
        self.send(CMD_REQUEST, command, encode(arguments))
        answers = []
        while True:
            kind, _, message = self.receive()
            if kind == CMD_UNKNOWN:
                raise SystemExit("charon knows no command %s" % command)
            if message:
                answers.append(message)
            if kind == CMD_RESPONSE:
                return answers

    def sas(self):
        """(name, fields) of every IKE SA, oldest first."""
        every = [pair for answer in self.ask("list-sas") for pair in answer.items()]
        return sorted(every, key=lambda pair: int(pair[1]["uniqueid"]))


def children(ike):
    every = ike.get("child-sas", {}).values()
    return sorted(every, key=lambda child: int(child["uniqueid"]))


def print_tsv(vici):
    def fields(section):
        return ["%s=%s" % (k, " ".join(v) if isinstance(v, list) else v)
                for k, v in section.items() if not isinstance(v, dict)]
    for name, ike in vici.sas():
        print("\t".join(["ike", name, ike["uniqueid"], "-", "-"] + fields(ike)))
        for child in children(ike):
            print("\t".join(["child", name, ike["uniqueid"], child["name"], child["uniqueid"]] + fields(child)))


def print_field(vici, kind, name, field, state=None):
    every = [pair for pair in vici.sas()] if kind == "ike" else \
        sorted(((c["name"], c) for _, ike in vici.sas() for c in children(ike)), key=lambda pair: int(pair[1]["uniqueid"]))
    for its_name, sa in every:
        if its_name == name and state in (None, sa["state"]):
            got = sa.get(field, "")
            print(" ".join(got) if isinstance(got, list) else got)


def monitor(vici):
    def say(event, message):
        print(json.dumps({"t": round(time.time(), 4), "up": round(time.clock_gettime(time.CLOCK_BOOTTIME), 4),
                          "event": event, "message": message}), flush=True)
    known = [event for event in EVENTS if vici.register(event)]
    say("listening", {"events": known})
    try:
        for _, event, message in vici.early:
            say(event, message)
        while True:
            _, event, message = vici.receive()
            say(event, message)
    except (EOFError, ConnectionError) as why:
        say("closed", {"why": type(why).__name__})


def brief(path):
    """time event [up|down] ike#uniqueid STATE child#uniqueid STATE in=bytes/packets out=bytes/packets ..."""
    def child_text(child):
        return "%s#%s %s in=%s/%s out=%s/%s" % tuple(child.get(key, "-") for key in (
            "name", "uniqueid", "state", "bytes-in", "packets-in", "bytes-out", "packets-out"))

    def ike_text(name, ike):
        words = []
        if "old" in ike or "new" in ike:            # a rekey names both
            words += ["%s %s" % (age, ike_text(name, ike[age])) for age in ("old", "new") if age in ike]
        else:
            words.append("%s#%s %s" % (name, ike.get("uniqueid"), ike.get("state")))
        for child in ike.get("child-sas", {}).values():
            if "old" in child or "new" in child:
                words += ["%s %s" % (age, child_text(child[age])) for age in ("old", "new") if age in child]
            else:
                words.append(child_text(child))
        return "  ".join(words)

    with open(path, encoding="utf-8") as log:
        for line in log:
            seen = json.loads(line)
            message = seen["message"]
            way = " up" if message.get("up") == "yes" else " down" if seen["event"].endswith("updown") else ""
            print("%.3f %s%s  %s" % (seen["t"] % 1000, seen["event"], way, "  ".join(
                ike_text(name, ike) for name, ike in message.items() if isinstance(ike, dict))))


def main(argv):
    if len(argv) < 2:
        raise SystemExit(__doc__)
    if argv[2:] == ["brief"]:
        brief(argv[1])
        return
    vici = Vici(argv[1])
    command = argv[2] if len(argv) > 2 else "list-sas"
    if command == "monitor":
        monitor(vici)
    elif command == "tsv":
        print_tsv(vici)
    elif command == "get":
        print_field(vici, *argv[3:])
    else:
        print(json.dumps(vici.ask(command, [pair.split("=", 1) for pair in argv[3:]]), indent=1))


if __name__ == "__main__":
    try:
        main(sys.argv)
    except KeyboardInterrupt:
        pass
