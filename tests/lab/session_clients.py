#!/usr/bin/env python3
"""Two hundred remote users, all of them played by one charon, and the gateway that they connect to.

    session_clients.py conf a|b DIR                  swanctl.conf of the clients (a) or the gateway (b); credentials in DIR
    session_clients.py list [GROUP]                  names of the clients' connections; of GROUP, or of all that get in
    session_clients.py connect SOCKET CLIENT...      initiate them, in this order; returns when charon has begun them all
    session_clients.py other PROPERTY CLIENT         its `user', `group', ...

Every client has its own connection and child, both with the same name. Groups are the gateway's connections:

    staff     IKEv2, EAP-MSCHAPv2, pool staff           110 clients; alice connects twice
    machines  IKEv2, certificates, pools machines, six   40 clients; an IPv4 and an IPv6 address each
    legacy    IKEv1, PSK and XAUTH, pool legacy           46 clients; bob connects twice
    few       IKEv2, EAP-MD5, pool few                      4 clients, and 2 more that get no address
    site      IKEv2, PSK: a LAN-to-LAN session              1
    refused   wrong passwords and unknown users             none of which gets in

The first of staff, `mobile', can change its address: MOBIKE.
"""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import vici_witness  # noqa: E402

GATEWAY = "10.9.0.2"
LONG = "a.very.long.name.of.a.user." * 4 + "@long.example.org"        # 125 octets


class Client:
    def __init__(self, name, group, user, number, password=None, into=None):
        self.name, self.group, self.user, self.number = name, group, user, number
        self.password = password or "password of %d" % sum(user.encode())
        self.into = into or group       # the connection of the gateway that it tries
        # Twenty hosts; `mobile' has two addresses of its own.
        self.source = "10.9.0.101,10.9.0.102" if name == "mobile" else "10.9.0.%d" % (20 + number % 20)


def clients():
    every = [Client("mobile", "staff", "mobile@example.org", 0),
             Client("alice-1", "staff", "alice", 1), Client("alice-2", "staff", "alice", 2),
             Client("umlaut", "staff", "jürgen müller", 3), Client("long", "staff", LONG, 4),
             Client("domain", "staff", "LAB\\\\carol", 5)]
    every += [Client("staff%03d" % n, "staff", "staff%03d@example.org" % n, n) for n in range(6, 110)]
    every += [Client("machine%02d" % n, "machines", "C=CH, O=Lab, CN=machine %02d" % n, n) for n in range(40)]
    every += [Client("bob-1", "legacy", "bob", 1), Client("bob-2", "legacy", "bob", 2)]
    every += [Client("legacy%02d" % n, "legacy", "legacy%02d" % n, n) for n in range(2, 46)]
    every += [Client("few%d" % n, "few", "few%d" % n, n) for n in range(1, 7)]
    every += [Client("site", "site", "branch.lab", 0)]
    every += [Client("wrong-eap", "refused", "mallory@example.org", 1, "wrong", "few"),
              Client("unknown-eap", "refused", "trudy@example.org", 2, into="few"),
              Client("wrong-xauth", "refused", "mallory", 3, "wrong", "legacy"),
              Client("unknown-xauth", "refused", "trudy", 4, into="legacy")]
    return every


def quoted(text):
    """As swanctl takes it: VICI refuses what is not ASCII, unless it is an identity in hexadecimal digits."""
    return '"%s"' % (text if text.isascii() else "fqdn:#" + text.encode().hex())


def local(client):
    if client.into in ("staff", "few"):
        return "local { auth = eap\nid = %s\neap_id = %s }" % (quoted(client.name + ".client.lab"), quoted(client.user))
    if client.into == "machines":
        return "local { auth = pubkey\ncerts = %s.pem }" % client.name
    if client.into == "legacy":
        return "local-1 { auth = psk }\nlocal-2 { auth = xauth\nxauth_id = %s }" % quoted(client.user)
    return "local { auth = psk\nid = branch.lab }"


def client_conf(client):
    version = 1 if client.into == "legacy" else 2
    certified = client.into in ("staff", "few", "machines")
    remote = "remote { auth = %s\nid = %s }" % ("pubkey" if certified else "psk", client.into + ".gateway.lab")
    vips = {"machines": "0.0.0.0, ::", "site": ""}.get(client.into, "0.0.0.0")
    return """%(name)s {
 version = %(version)d
 local_addrs = %(source)s
 remote_addrs = %(gateway)s
 proposals = aes128-sha256-%(dh)s
 unique = never
 mobike = %(mobike)s
 rekey_time = 4h
 %(local)s
 %(remote)s
 %(vips)s
 children { %(name)s { %(ts)s
  esp_proposals = aes128gcm16
  rekey_time = 1h } }
}
""" % dict(name=client.name, version=version, source=client.source, gateway=GATEWAY, local=local(client), remote=remote,
           dh="ecp256" if version == 1 else "curve25519", mobike="yes" if client.name == "mobile" else "no",
           vips=vips and "vips = " + vips,
           ts="local_ts = 10.51.0.0/24\nremote_ts = 10.2.1.0/24" if client.into == "site" else
           "remote_ts = 10.2.0.0/24" + (", fd02::/64" if client.into == "machines" else ""))


def gateway_conf(group):
    auth = {"staff": "auth = eap-mschapv2\neap_id = %any", "few": "auth = eap-md5\neap_id = %any",
            "machines": "auth = pubkey\ncacerts = ca.pem", "site": "auth = psk\nid = branch.lab"}.get(group)
    remote = "remote { %s }" % auth if auth else "remote-1 { auth = psk }\nremote-2 { auth = xauth }"
    certified = group in ("staff", "few", "machines")
    mine = "auth = pubkey\ncerts = gateway.pem" if certified else "auth = psk"
    pools = {"machines": "pools = machines, six", "site": ""}.get(group, "pools = " + group)
    return """%(group)s {
 version = %(version)d
 local_addrs = %(gateway)s
 %(remote_addrs)s
 proposals = aes128-sha256-%(dh)s
 unique = never
 rekey_time = 4h
 local { %(mine)s
  id = %(group)s.gateway.lab }
 %(remote)s
 %(pools)s
 children { %(group)s { %(ts)s
  esp_proposals = aes128gcm16
  rekey_time = 1h } }
}
""" % dict(group=group, gateway=GATEWAY, version=1 if group == "legacy" else 2, mine=mine, remote=remote, pools=pools,
           dh="ecp256" if group == "legacy" else "curve25519",
           remote_addrs="remote_addrs = 10.9.0.20" if group == "site" else "",
           ts="local_ts = 10.2.1.0/24\nremote_ts = 10.51.0.0/24" if group == "site" else
           "local_ts = 10.2.0.0/24" + (", fd02::/64" if group == "machines" else ""))


POOLS = {"staff": "10.50.0.0/24", "machines": "10.50.1.0/26", "six": "fd50::/120", "legacy": "10.50.2.0/25",
         "few": "10.50.3.1-10.50.3.4"}


def conf(node):
    every = clients()
    print("connections {")
    if node == "a":
        for client in every:
            print(client_conf(client))
    else:
        for group in ("staff", "machines", "legacy", "few", "site"):
            print(gateway_conf(group))
        print("}\npools {")
        for name, addresses in POOLS.items():
            dns = "" if name == "six" else "dns = 10.2.0.53, 10.2.0.54"
            print("%s { addrs = %s\n%s }" % (name, addresses, dns))
    print("}\nsecrets {")
    print('ike { secret = "not a secret, a lab" }')
    secrets = {}
    for client in every:
        kind = {"staff": "eap", "few": "eap", "legacy": "xauth"}.get(client.into)
        if kind and (node == "a" or not client.name.startswith("unknown")):
            secrets[kind, client.user] = "right" if node == "b" and client.password == "wrong" else client.password
    for number, ((kind, user), password) in enumerate(secrets.items()):
        print("%s-%d { id = %s\nsecret = %s }" % (kind, number, quoted(user), quoted(password)))
    print("}")


def connect(path, names):
    vici = vici_witness.Vici(path)
    for name in names:
        answer = vici.ask("initiate", [("child", name), ("ike", name), ("timeout", "-1")])
        if answer[-1].get("success") != "yes":
            raise SystemExit("%s: %s" % (name, answer[-1].get("errmsg")))


def get_in(group=None):
    """The clients that get in, or those of a group."""
    if group:
        return [client for client in clients() if client.group == group]
    return [client for client in clients() if client.group not in ("refused", "site") and client.name not in ("few5", "few6")]


def main(argv):
    command = argv[1] if len(argv) > 1 else ""
    if command == "conf":
        conf(argv[2])
    elif command == "list":
        names = [client.name for client in get_in(*argv[2:3])]
        random.Random(int(argv[3]) if len(argv) > 3 else 0).shuffle(names)
        print("\n".join(names))
    elif command == "connect":
        connect(argv[2], argv[3:])
    elif command == "other":
        print([getattr(client, argv[2]) for client in clients() if client.name == argv[3]][0])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
