#!/bin/bash
# The pages of doc/ for operators say what works: every command in them is run, in their order, in a clean root with the packages,
# whose strongSwan has a tunnel with another one. For what cannot be done there (Libreswan, containers) see tests/guest/it_libreswan.sh
# and tests/clients/it_container.sh.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2317,SC2016,SC1091      # functions are called by wait_until; sh's dollars
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"
. "$(dirname "${BASH_SOURCE[0]}")/pages.sh"
need root tun git dpkg-buildpackage mmdebstrap unshare nsenter ip ping swanctl python3 "$CHARON"
lab_begin
chmod 0755 "$LAB"
root=$LAB/root
packages_have
clean_root "$root" "apt-get install ../libipsecmon0_*.deb ../libipsecmon-dev_*.deb ../ipsecmon_*.deb ../ipsecmon-mibs_*.deb snmpd snmp" \
	acl adduser gcc iproute2 libc6-dev libcharon-extra-plugins libstrongswan-standard-plugins netbase pkg-config procps \
	strongswan-charon strongswan-swanctl
stand_ins "$root"
printf '127.0.0.1 localhost\n' > "$root/etc/hosts"

# A gateway: the namespace a, with processes and mounts of its own, which end with it. Its first process takes up orphans.
gateways_up
connections ikev2
start a machine unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/run" &&
	mount --bind /dev "$1/dev" && mkdir "$1/run/lock" && echo up && while :; do sleep 1; done' - "$root"
wait_until 10 grep -q up "$LAB/machine.log"
init=$(< "/proc/${PID[machine]}/task/${PID[machine]}/children")
in_root() { nsenter --mount --pid --net -t "${init% }" chroot "$root" "$@"; }
in_place() { shift; in_root sh -c 'cd /root && exec "$@"' - "$@"; }

# strongSwan there is Debian's, with ESP in user space; its peer is the lab's.
cat > "$root/etc/strongswan.conf" <<-'CONF'
	charon {
	  load = random nonce openssl aes sha1 sha2 hmac gcm kdf pem pkcs1 x509 pubkey constraints kernel-libipsec kernel-netlink socket-default vici updown counters error-notify
	  install_virtual_ip = no
	}
	swanctl { load = random openssl pem pkcs1 x509 }
CONF
cp "$LAB/a/swanctl.conf" "$root/etc/swanctl/swanctl.conf"
printf '[Service]\nExecStart=%s\n' "$CHARON" > "$root/etc/systemd/system/strongswan.service"
charon_up b
load b
lab_quiet "strongSwan" in_root systemctl start strongswan
lab_quiet "it answers" in_root wait-for "swanctl --stats"
lab_quiet "its configuration" in_root swanctl --load-all
lab_quiet "a tunnel" in_root swanctl --initiate --child net --timeout 10

page on-your-gateway.md
page mibs.md
page troubleshooting.md
page dataplane.md
page existing-snmpd.md
for unit in snmpd ipsecmon-agentx ipsecmond strongswan; do in_root systemctl stop $unit; done
stop machine KILL       # unshare does not listen, and its child ends with it
lab_end
