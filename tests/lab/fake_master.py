#!/usr/bin/env python3
"""An AgentX master (RFC 2741) that sends bad requests.

    fake_master.py SOCKET

It accepts one subagent, lets it open and register, and sends requests.  It prints a line for each: the request, and
the error of the answer.  Standard library only.
"""
import os
import socket
import struct
import sys

OPEN, GET, RESPONSE = 1, 5, 18
NETWORK_ORDER, CONTEXT = 0x10, 0x08
LEVEL = (1, 3, 6, 1, 4, 1, 9, 9, 171, 1, 1, 1, 0)       # cipSecMibLevel.0
MOST = 65536


def name(oid):
    return struct.pack("!BBBB%dI" % len(oid), len(oid), 0, 0, 0, *oid)


def octets(value):
    return struct.pack("!I", len(value)) + value + bytes(-len(value) % 4)


class Master:
    def __init__(self, path):
        if os.path.exists(path):
            os.unlink(path)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(path)
        server.listen(1)
        print("listening", flush=True)
        self.agent, _ = server.accept()
        self.agent.settimeout(10)
        self.number = 0

    def exactly(self, length):
        data = b""
        while len(data) < length:
            more = self.agent.recv(length - len(data))
            if not more:
                sys.exit("the subagent has gone")
            data += more
        return data

    def message(self):
        """(type, whole header, payload)"""
        header = self.exactly(20)
        order = "!" if header[2] & NETWORK_ORDER else "<"
        return header[1], header, self.exactly(struct.unpack(order + "I", header[16:])[0])

    def accept(self, header):
        """Anything it wants is granted."""
        order = "!" if header[2] & NETWORK_ORDER else "<"
        self.agent.sendall(struct.pack("BBBB", 1, RESPONSE, header[2] & NETWORK_ORDER, 0) +
                           struct.pack(order + "I", 7) + header[8:16] + struct.pack(order + "IIHH", 8, 0, 0, 0))

    def ask(self, what, payload, flags=0):
        self.number += 1
        self.agent.sendall(struct.pack("!BBBBIIII", 1, GET, NETWORK_ORDER | flags, 0, 7, self.number, self.number,
                                       len(payload)) + payload)
        while True:
            kind, header, answer = self.message()
            if kind != RESPONSE:
                self.accept(header)
            elif struct.unpack("!I", header[12:16])[0] == self.number:
                print("%s: %d" % (what, struct.unpack("!H", answer[4:6])[0]), flush=True)
                return


def main(path):
    master = Master(path)
    master.agent.settimeout(2)
    try:                        # what it has to say at first
        while True:
            _, header, _ = master.message()
            master.accept(header)
    except socket.timeout:
        master.agent.settimeout(10)
    one = name(LEVEL) + name(())
    master.ask("one variable", one)
    master.ask("a context with a NUL", octets(b"a\0" + b"b" * 200) + one, CONTEXT)
    master.ask("one variable more", one)
    master.ask("more than 65536 octets", one * (MOST // len(one) + 1))
    master.ask("one variable at last", one)
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
