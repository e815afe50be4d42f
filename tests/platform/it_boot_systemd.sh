#!/bin/bash
# A real boot: systemd is the first process of a machine in User-Mode Linux. mmdebstrap makes its root, with Debian's
# snmpd, strongSwan and AppArmor; a network namespace has the peer. This makes the machine, boot_guest.sh runs in it.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2317,SC2016,SC1091      # called by a trap; sh's dollars
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
home=$srcdir/tests/platform
. "$srcdir/tests/packages/packages.sh"
. "$home/platform.sh"
need root git dpkg-buildpackage mmdebstrap linux.uml mke2fs cc python3 /usr/lib/uml/modules
lab_begin
chmod 0755 "$LAB"
packages_have

# What our packages depend on is there before them: the machine has no network.
dependencies=$(for deb in "$LAB"/packages/*.deb; do dpkg-deb -f "$deb" Depends; done | tr ',' '\n' |
	sed -E 's/^ *([a-z0-9.+-]+).*/\1/; /^(lib)?ipsecmon|^systemd/d; /^$/d')
# shellcheck disable=SC2086     # words
platform_root "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" $dependencies apparmor charon-systemd \
	iproute2 iputils-ping kmod libcharon-extra-plugins libstrongswan-standard-plugins netbase procps \
	snmp snmpd strongswan-charon strongswan-starter strongswan-swanctl systemd systemd-sysv
root=$LAB/root
cp -a "$PLATFORM_ROOT" "$root"

# ---- Its disk

# next_version DEB: the same package, as its next version
next_version() {
	local dir=$LAB/next.$BASHPID
	lab_quiet "$1" dpkg-deb -R "$1" "$dir"
	sed -i -E "/^(Version|Depends):/s/\<$version\>/$version+next/g" "$dir/DEBIAN/control"
	lab_quiet "the next version of $1" dpkg-deb -Znone -b "$dir" "$root/packages/next"
	rm -rf "$dir"
}
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$srcdir/debian/changelog")
story=$root/story
# unit NAME: a service of its own, from standard input
unit() { cat > "$root/etc/systemd/system/$1.service"; }
mkdir -p "$root"/packages/{ipsecmon,next} "$story"/{lab,platform,peer,pair}
cp "$LAB"/packages/*.deb "$root/packages"
rm -f "$root"/packages/*-dbgsym_* "$root"/packages/libipsecmon-dev_*
for deb in "$root"/packages/*.deb; do next_version "$deb"; done
cp "$srcdir/tests/speed.sh" "$story/"
cp "$LAB_HOME/lab.sh" "$story/lab/"
cp "$home"/boot_{guest.sh,probe.pl} "$story/platform/"
readme_commands > "$story/readme"
echo 'APT::Get::Assume-Yes "true";' > "$root/etc/apt/apt.conf.d/yes"
echo '127.0.0.1 localhost' > "$root/etc/hosts"
lab_quiet "keys" "$srcdir/contrib/engine-pair" "$LAB/pair" 0 10
cp "$LAB"/pair/east-*.keys "$story/pair/"
awk '/^(endpoint|tunnel|engine) / { on = 1 } on; /}$/ { on = 0 }' "$LAB/pair/east.conf" |
	sed "s|$LAB/pair/|/etc/ipsecmon/|; s/first-index = 1 }/first-index = 1000 }/" > "$story/pair/engine.conf"

# Modules of the guest's kernel: those of networks.
modules=$(printf '%s\n' /usr/lib/uml/modules/* | tail -n 1)
kernel=$root/lib/modules/${modules##*/}
mkdir -p "$kernel/kernel/drivers"
cp "$modules"/modules.* "$kernel/"
cp -r "$modules"/kernel/{crypto,lib,net} "$kernel/kernel/"
cp -r "$modules/kernel/drivers/net" "$kernel/kernel/drivers/"

# connection FILE N PEER_N NAME PEER ACTION: a node's own
connection() {
	cat > "$1" <<-CONF
	connections { net {
	  local_addrs = 192.0.2.$2
	  remote_addrs = 192.0.2.$3
	  local { auth = psk
	          id = $4 }
	  remote { auth = psk
	           id = $5 }
	  children { net { local_ts = 10.$2.0.0/24
	                   remote_ts = 10.$3.0.0/24
	                   start_action = $6 } }
	} }
	secrets { ike { secret = "not a secret, a test" } }
	CONF
}
# The gateway's for charon-systemd, and for the starter. The tunnel is up once strongSwan runs.
connection "$root/etc/swanctl/conf.d/net.conf" 1 2 gateway peer start
cat > "$root/etc/ipsec.conf" <<-'CONF'
	conn starter
	  keyexchange=ikev2
	  left=192.0.2.1
	  leftid=gateway
	  leftsubnet=10.1.0.0/24
	  right=192.0.2.2
	  rightid=peer
	  rightsubnet=10.2.0.0/24
	  authby=secret
	  auto=start
CONF
echo ': PSK "not a secret, a test"' > "$root/etc/ipsec.secrets"
chmod 0600 "$root/etc/ipsec.secrets"
: > "$root/etc/swanctl/private/key.pem"
: > "$root/root/.profile"

# The peer: another charon, in a network namespace. A copy of the program, which no AppArmor profile is for.
cp "$root/usr/lib/ipsec/charon" "$root/usr/sbin/swanctl" "$story/peer/"
connection "$story/peer/swanctl.conf" 2 1 peer gateway none
cat > "$story/peer/strongswan.conf" <<-'CONF'
	charon {
	  load = random nonce openssl aes sha1 sha2 hmac gcm kdf pem pubkey constraints kernel-netlink socket-default vici
	  plugins { vici { socket = unix:///story/peer/vici } }
	}
	swanctl { load = random openssl pem pkcs1 x509 }
CONF
unit wire <<-'UNIT'
	[Unit]
	Description=A network with another gateway
	Before=peer.service snmpd.service strongswan.service strongswan-starter.service
	[Service]
	Type=oneshot
	RemainAfterExit=yes
	ExecStart=/bin/sh -e /story/wire
UNIT
cat > "$story/wire" <<-'END'
	ip netns add peer
	ip link add wire type veth peer name wire netns peer
	ip link add inner type dummy
	ip addr add 192.0.2.1/24 dev wire
	ip addr add 10.1.0.1/24 dev inner
	ip link set wire up
	ip link set inner up
	ip -n peer link set lo up
	ip -n peer link set wire up
	ip -n peer addr add 192.0.2.2/24 dev wire
	ip -n peer addr add 10.2.0.1/24 dev lo
	ip -n peer route add default via 192.0.2.1
END
unit peer <<-'UNIT'
	[Unit]
	Description=The other gateway
	Requires=wire.service
	After=wire.service
	Before=strongswan.service strongswan-starter.service
	[Service]
	Type=exec
	NetworkNamespacePath=/run/netns/peer
	TemporaryFileSystem=/run
	Environment=STRONGSWAN_CONF=/story/peer/strongswan.conf
	ExecStart=/story/peer/charon
	ExecStartPost=/bin/sh /story/peer/load
	[Install]
	WantedBy=multi-user.target
UNIT
cat > "$story/peer/load" <<-'END'
	until /story/peer/swanctl --load-all --file /story/peer/swanctl.conf --uri unix:///story/peer/vici; do sleep 0.2; done
END
unit story <<-'UNIT'
	[Unit]
	After=multi-user.target
	[Service]
	ExecStart=/bin/bash /story/platform/boot_guest.sh
	StandardOutput=tty
	TTYPath=/dev/tty1
	TimeoutStopSec=60
UNIT
cat > "$root/etc/systemd/system/story.target" <<-'UNIT'
	[Unit]
	Wants=multi-user.target story.service
	After=multi-user.target
UNIT
# What takes time, and shows nothing here.
for name in getty.target {apt-daily,apt-daily-upgrade,dpkg-db-backup,fstrim}.timer strongswan-starter.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$name"
done
rm -rf "$LAB/pair"
lab_quiet "a disk" mke2fs -q -t ext4 -O '^has_journal' -d "$root" "$LAB/disk" 900M
rm -rf "$root"

# ---- It boots, twice

# The guest's processes are processes of this machine, in a group of their own.
cleanup() {
	local status=$? group
	for group in "${PID[guest]:-}" "$(cat "$LAB/uml/pid" 2> /dev/null)"; do
		[ -z "$group" ] || kill -KILL -- "-$group" 2> /dev/null
	done
	[ "$status" = 0 ] || [ "$status" = 77 ] || platform_keep "$LAB"/console-*.log "$LAB"/journal-*.log "$LAB/guest.log"
	rm -rf "$root" "$LAB/disk" "$LAB/packages"
	return "$status"
}
trap 'cleanup; lab_cleanup' EXIT

# boots WHICH: the guest tells its story, and powers off. Logs have what systemd says, and the journal if a check fails.
boots() {
	local began=$EPOCHSECONDS tee
	: > "$LAB/said"
	exec 3> >(exec tee -a "$LAB/said")
	tee=$!
	start - guest env -u TMPDIR -u TMP -u TEMP ${preload:+"$preload"} setsid linux.uml mem=512M \
		ubd0="$LAB/disk" root=/dev/ubda rw init=/lib/systemd/systemd uml_dir="$LAB/" umid=uml loglevel=5 lsm=apparmor \
		systemd.unit=story.target systemd.show_status=1 systemd.setenv="boot=$1" \
		systemd.setenv="limit=$((${TEST_LIMIT:-600} - SECONDS - 90))" \
		con=null con0=null,fd:5 con1=null,fd:3 con2=null,fd:4 \
		4> "$LAB/journal-$1.log" 5> "$LAB/console-$1.log" < /dev/null
	exec 3>&-
	wait "${PID[guest]}"
	unset "PID[guest]"
	wait "$tee"
	lab_passed=$((lab_passed + $(grep -c '^ok - ' "$LAB/said")))
	lab_failed=$((lab_failed + $(grep -cE '^(not ok - |FAILED: )' "$LAB/said")))
	if ! grep -q "^# boot $1 ends" "$LAB/said"; then
		fail "boot $1 comes to its end"
		tail -n 12 "$LAB/console-$1.log" | sed 's/^/#   /'
		exit 1
	fi
	say "boot $1: $((EPOCHSECONDS - began)) s"
}
# On machines with registers that linux.uml does not know: see xstate.c.
preload=
! cc -O1 -shared -fPIC -o "$LAB/xstate.so" "$srcdir/tests/guest/xstate.c" -ldl || preload=LD_PRELOAD=$LAB/xstate.so
boots 1
boots 2
lab_end
