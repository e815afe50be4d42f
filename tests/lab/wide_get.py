#!/usr/bin/env python3
"""Ask for one object many times in one SNMPv2c GET, more often than Net-SNMP's tools allow (128).

usage: wide_get.py OID COUNT

Prints the name of the answer's error status. The agent is that of 127.0.0.1, port 161, community public.
"""
import socket
import sys

STATUS = {0: "noError", 1: "tooBig", 5: "genErr"}


def tlv(tag, content):
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    return bytes([tag, 0x82]) + size.to_bytes(2, "big") + content


def arc(number):
    octets = [number & 127]
    while number := number >> 7:
        octets.append(number & 127 | 128)
    return bytes(reversed(octets))


def take(data):
    """The content of the first element, and what follows it."""
    size, at = data[1], 2
    if size & 128:
        at += size & 127
        size = int.from_bytes(data[2:at], "big")
    return data[at:at + size], data[at + size:]


def main(oid, count):
    arcs = [int(a) for a in oid.strip(".").split(".")]
    name = tlv(6, bytes([arcs[0] * 40 + arcs[1]]) + b"".join(map(arc, arcs[2:])))
    number = tlv(2, b"\x01")
    pdu = tlv(0xA0, number + tlv(2, b"\0") + tlv(2, b"\0") + tlv(0x30, tlv(0x30, name + tlv(5, b"")) * count))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", 161))
        udp.settimeout(60)
        udp.send(tlv(0x30, number + tlv(4, b"public") + pdu))
        answer, _ = take(udp.recv(65536))
    for _ in ("version", "community"):
        _, answer = take(answer)
    answer, _ = take(answer)
    _, answer = take(answer)        # the request's number
    status = int.from_bytes(take(answer)[0], "big")
    print(STATUS.get(status, f"error {status}"))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
