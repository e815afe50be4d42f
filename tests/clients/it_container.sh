#!/bin/bash
# ipsecmond and ipsecmon-agentx in containers, by the commands of doc/container.md, with podman: a real strongSwan and a real snmpd
# are outside. They have no more than the page says, a tunnel is served over SNMP, and when strongSwan, snmpd or a container starts
# again they find each other.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2317,SC2016,SC1091      # functions are called by wait_until; sh's dollars
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
. "$LAB_HOME/../packages/packages.sh"
. "$LAB_HOME/../packages/machine.sh"
. "$LAB_HOME/../packages/pages.sh"
need root tun git dpkg-buildpackage mmdebstrap unshare nsenter ip ping swanctl python3 podman crun snmpd snmpbulkwalk "$CHARON"
lab_begin
chmod 0755 "$LAB"
packages_have

# ---- A machine ------------------------------------------------------------------------------------------------------
# The network is the lab's node a; /etc, /run, snmpd's directories and the processes are its own, and end with it.

gateways_up
connections ikev2
mkdir -p "$LAB/machine/snmp" "$LAB/machine/agentx" "$LAB/podman"
cp -a /etc "$LAB/machine/etc"
etc=$LAB/machine/etc
rm -f "$etc"/snmp/snmpd.conf.d/* "$etc"/strongswan.d/*.conf
mkdir -p "$etc/snmp/snmpd.conf.d"
printf 'master agentx\nagentaddress 127.0.0.1\nrocommunity public 127.0.0.1\nincludeDir /etc/snmp/snmpd.conf.d\n' > "$etc/snmp/snmpd.conf"
strongswan_in "$etc"
printf 'include strongswan.d/*.conf\n' >> "$etc/strongswan.conf"
# What podman cannot have everywhere: a file system that stacks, control groups, higher limits, a bridge.
cat > "$LAB/podman/storage.conf" <<-CONF
	[storage]
	driver = "vfs"
	graphroot = "$LAB/podman/store"
	runroot = "/run/podman"
CONF
cat > "$LAB/podman/containers.conf" <<-CONF
	[containers]
	cgroups = "disabled"
	netns = "host"
	default_ulimits = [ "nofile=1024:1024", "nproc=1024:1024" ]
	log_driver = "k8s-file"
	[engine]
	cgroup_manager = "cgroupfs"
	events_logger = "none"
	runtime = "crun"
	[network]
	network_config_dir = "$LAB/podman/networks"
CONF
export CONTAINERS_CONF=$LAB/podman/containers.conf CONTAINERS_STORAGE_CONF=$LAB/podman/storage.conf BUILDAH_ISOLATION=chroot
stand_ins "$LAB/machine"
start a machine unshare --mount --pid --fork --kill-child --mount-proc sh -c 'mount --bind "$1/etc" /etc && mount -t tmpfs tmpfs /run &&
	mkdir -p /var/agentx /var/lib/snmp && mount --bind "$1/agentx" /var/agentx && mount --bind "$1/snmp" /var/lib/snmp &&
	mount -t tmpfs tmpfs /sys/fs/cgroup && echo up && while :; do sleep 1; done' - "$LAB/machine"
chown Debian-snmp "$LAB/machine/snmp"
wait_until 10 grep -q up "$LAB/machine.log"
# What is to hold once all runs: the page asks for it.
cat > "$LAB/machine/usr/local/bin/story_has_it_all" <<-'END'
	#!/bin/bash -e
	served() { wait-for "snmpget -v2c -c public -t 1 -r 0 127.0.0.1 1.3.6.1.4.1.9.9.171.1.3.1.1.0 | grep -q 'Gauge32: 1'"; }
	status() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$(podman inspect -f '{{.State.Pid}}' "$1")/status"; }
	echo "a tunnel is served"; served
	echo "the agent has no capability, and no network"
	[ "$(status ipsecmon-agentx CapBnd)" = 0000000000000000 ]
	[ "$(podman exec ipsecmon-agentx sh -c 'wc -l < /proc/net/dev')" = 3 ]
	echo "ipsecmond has NET_ADMIN, and has given up NET_RAW"
	[ "$(status ipsecmond CapPrm)" = 0000000000001000 ]
	echo "neither can write its root"
	! podman exec ipsecmond touch /etc/mine
	echo "strongSwan starts again"
	systemctl restart strongswan
	wait-for "swanctl --stats"
	swanctl --load-all
	swanctl --initiate --child net
	wait-for "podman exec ipsecmond ipsecmon show feeds | grep -q 'vici: up'"
	served
	echo "snmpd starts again"
	systemctl restart snmpd
	served
	echo "ipsecmond starts again, and goes on with its segment"
	index() { podman exec ipsecmond ipsecmon show crypto ipsec sa --json | grep -o '"index": *[0-9]*' | head -n 1; }
	was=$(index)
	podman restart -t 5 ipsecmond
	wait-for "podman exec ipsecmond ipsecmon show feeds | grep -q 'vici: up'"
	[ -n "$was" ] && [ "$(index)" = "$was" ]
	served
END
chmod 0755 "$LAB/machine/usr/local/bin/story_has_it_all"
init=$(< "/proc/${PID[machine]}/task/${PID[machine]}/children")
init=${init% }
mkdir -p "$LAB/gateway/tree"
cp "$LAB"/packages/*.deb "$LAB/gateway/"
cp -r "$srcdir/contrib" "$LAB/gateway/tree/"
# The image is built where there are packages to be had; its containers have the network of node a.
in_place() {
	local net=(--net)
	[ "$1" != build ] || net=()
	shift
	nsenter --mount --pid "${net[@]}" -t "$init" env "PATH=$LAB/machine/usr/local/bin:$PATH" sh -c 'cd "$0" && exec "$@"' "$LAB/gateway/tree" "$@"
}
in_machine() { in_place '' "$@"; }

# What it is made from, since no registry is asked.
bootstrap "$LAB/base.tar" --include=ca-certificates
lab_quiet "a base" in_machine podman import "$LAB/base.tar" docker.io/library/debian:12-slim
charon_up b
load b
page container.md
in_machine systemctl stop snmpd strongswan
stop machine KILL
lab_end
