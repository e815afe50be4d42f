#!/usr/bin/env python3
"""A stand-in for a service manager: prints each message to the socket of sd_notify(3), a line each, and silences.

usage: manager.py SOCKET SECONDS

"silent" is printed once when a watchdog of that many seconds would have found its daemon hung.
"""
import socket
import sys

ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(sys.argv[1])
print("listening", flush=True)
watched = False
while True:
    ear.settimeout(float(sys.argv[2]) if watched else None)
    try:
        lines = ear.recv(4096).decode().split("\n")
    except TimeoutError:
        print("silent", flush=True)
        watched = False
        continue
    watched = watched or "WATCHDOG=1" in lines
    print(*lines, sep="\n", flush=True)
