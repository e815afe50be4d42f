#!/usr/bin/env python3
"""Bad ESP packets, made from a good one.  It needs the standard library only.

    esp_forge.py capture DEVICE DST FILE        keeps the first ESP packet to DST that passes DEVICE; says `listening'
    esp_forge.py send DST FILE KIND COUNT       sends COUNT: replayed, corrupted (as many new sequence numbers, wrong
                                                ICV), unknown (no such SPI), or truncated
"""
import socket
import struct
import sys

ETH_P_ALL, ETH_P_IP, ESP = 3, 0x0800, 50


def capture(device, dst, path):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    sock.bind((device, ETH_P_ALL))
    print("listening", flush=True)
    while True:
        packet, address = sock.recvfrom(65535)
        if address[1] == ETH_P_IP and packet[9] == ESP and packet[16:20] == socket.inet_aton(dst):
            with open(path, "wb") as file:
                file.write(packet[(packet[0] & 15) * 4:])
            return


def forge(good, kind, number):
    spi, sequence = struct.unpack_from(">II", good)
    if kind == "replayed":
        return good
    if kind == "corrupted":
        return struct.pack(">II", spi, sequence + 100000 + number) + good[8:-1] + bytes([good[-1] ^ 0x55])
    if kind == "unknown":
        return struct.pack(">II", 0x77000000 + number, 1) + good[8:]
    if kind == "truncated":
        return struct.pack(">II", spi, sequence + 200000 + number) + good[8:12]
    raise SystemExit(__doc__)


def main(argv):
    if argv[1:2] == ["capture"] and len(argv) == 5:
        capture(*argv[2:])
    elif argv[1:2] == ["send"] and len(argv) == 6:
        with open(argv[3], "rb") as file:
            good = file.read()
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, ESP)
        for number in range(int(argv[5])):
            sock.sendto(forge(good, argv[4], number), (argv[2], 0))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
