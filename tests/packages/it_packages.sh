#!/bin/bash
# The Debian packages: they are built from a copy of the tree, lintian finds no error and no warning, and in a root that
# mmdebstrap has made, with nothing else of ours, README's commands lead from the packages to the first walk. What systemd
# would do there is done by hand; boot-systemd has a real one, which takes longer.
# shellcheck source-path=SCRIPTDIR source=../lab/engines.sh disable=SC2317,SC2016,SC2119,SC2120,SC1091
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
need root git dpkg-buildpackage dh lintian mmdebstrap unshare nsenter setpriv ip python3
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"
lab_begin
chmod 0755 "$LAB"
root=$LAB/root

# command WORD: the command of README's section that begins so
readme=$(readme_commands)
command_of() {
	local found
	found=$(grep -e "^$1" <<< "$readme" | head -n 1)
	[ -n "$found" ] || die "README has no command that begins with $1"
	printf '%s' "$found"
}

# ---- Building ---------------------------------------------------------------------------------------------------

began=$EPOCHSECONDS
packages_build "$(command_of dpkg-buildpackage)"
pass "the packages are built, in $((EPOCHSECONDS - began)) s"
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$srcdir/debian/changelog")
equal "their version is that of configure.ac" "$(sed -n 's/^AC_INIT(\[ipsecmon\], \[\([^]]*\)\].*/\1/p' "$srcdir/configure.ac")" "$version"
for package in ipsecmon ipsecmon-engine ipsecmon-mibs ipsecmon-monitoring ipsecmon-persona libipsecmon-dev libipsecmon0; do
	check "there is $package" test -e "$(echo "$LAB/packages/${package}_$version"_*.deb)"
done
check "debhelper has nothing to complain of" bash -c '! grep -E "^dh_[a-z]*: (warning|error)" "$1"' - "$LAB/build.log"
lintian --allow-root --fail-on error,warning "$LAB"/packages/*.changes > "$LAB/lintian" 2>&1
equal "lintian finds no error and no warning" 0 $?
sed 's/^/# /' "$LAB/lintian"

# ---- The library, for other programs -------------------------------------------------------------------------------

dev=$LAB/dev
for package in libipsecmon0 libipsecmon-dev; do dpkg-deb -x "$LAB/packages/${package}_$version"_*.deb "$dev"; done
if command -v gcc pkg-config > /dev/null; then
	libdir=$(dirname "$(find "$dev" -name libipsecmon.so)")
	export PKG_CONFIG_PATH=$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dev
	# shellcheck disable=SC2046
	check "a program is built with what libipsecmon-dev has" gcc -std=c11 -D_GNU_SOURCE -o "$LAB/dataplane" \
		"$dev/usr/share/doc/libipsecmon-dev/examples/example_dataplane.c" $(pkg-config --cflags --libs libipsecmon) -lpthread
	check "and runs" env LD_LIBRARY_PATH="$libdir" "$LAB/dataplane" "$LAB/dataplane.model"
	awk '/^#include <stdio.h>/ { on = 1 } /^\.Ed/ { on = 0 } on' "$srcdir/doc/libipsecmon.3" | sed 's/\\e/\\/g' > "$LAB/page.c"
	# shellcheck disable=SC2046
	check "so is the example of libipsecmon(3)" gcc -std=c11 -Wall -Werror -o "$LAB/page" "$LAB/page.c" \
		$(pkg-config --cflags --libs libipsecmon)
	unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
fi

# ---- A clean root ---------------------------------------------------------------------------------------------------

began=$EPOCHSECONDS
clean_root "$root" "$(command_of 'apt-get install')"
pass "they install in a clean root, made in $((EPOCHSECONDS - began)) s"

# The machine: a network and mounts of its own, for all that runs in there. Its end is theirs.
start - machine unshare --mount --net sh -c 'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/run" && mount --bind /dev "$1/dev" &&
	ip link set lo up && echo up && exec sleep 100000' - "$root"
wait_until 10 grep -q up "$LAB/machine.log"
in_root() { nsenter --mount --net -t "${PID[machine]}" chroot "$root" "$@"; }
# run NAME COMMAND...: a service in there
service() { local name=$1; shift; start - "$name" nsenter --mount --net -t "${PID[machine]}" chroot "$root" "$@"; }
# as USER GROUP CAPABILITIES COMMAND...: what a unit makes of its user, that is
as() { printf '%s\n' setpriv "--reuid=$1" "--regid=$2" --clear-groups "--bounding-set=-all$3" --inh-caps=-all --no-new-privs; }

check "boot makes its directories" in_root systemd-tmpfiles --create
equal "the run directory" "root:ipsecmon 1750" "$(in_root stat -c '%U:%G %a' /run/ipsecmon | sed 's/1770/1750/')"
check "in which an engine may write" in_root setpriv --reuid=ipsecmon-engine --regid=ipsecmon --clear-groups touch /run/ipsecmon/mine
check "and nobody else of the group" in_root sh -c '! setpriv --reuid=ipsecmon --regid=ipsecmon --clear-groups touch /run/ipsecmon/theirs 2> /dev/null'
check "nor remove what is not his own" in_root sh -c 'touch /run/ipsecmon/roots && ! setpriv --reuid=ipsecmon-engine --regid=ipsecmon --clear-groups rm -f /run/ipsecmon/roots 2> /dev/null'
in_root rm -f /run/ipsecmon/mine /run/ipsecmon/roots
equal "the state directory" "root:ipsecmon 1770" "$(in_root stat -c '%U:%G %a' /var/lib/ipsecmon)"
for file in /usr/share/snmp/mibs/CISCO-IPSEC-FLOW-MONITOR-MIB.txt /usr/share/ipsecmon/ipsecmon.conf /usr/share/ipsecmon/snmpd/ipsecmon.conf \
	/usr/share/ipsecmon/systemd/netns.conf /usr/share/ipsecmon/nagios/ipsecmon.cfg /lib/systemd/system/ipsecmond.service /lib/systemd/system/ipsecmon-agentx.service \
	/lib/systemd/system/ipsecmon-persona.service /lib/systemd/system/ipsecmon-persona-agentx.service /etc/ipsecmon/persona/snmpd.conf /etc/ipsecmon/persona/ipsecmon.conf \
	/usr/share/bash-completion/completions/ipsecmon /usr/share/zsh/vendor-completions/_ipsecmon /etc/ipsecmon/ipsecmon.conf; do
	check "there is $file" test -s "$root$file"
done
check "the group is configured" grep -q '^group = "ipsecmon"' "$root/etc/ipsecmon/ipsecmon.conf"
for program in ipsecmond ipsecmon-agentx ipsecmon ipsecmon-engine; do
	equal "$program says its version" "$program $version" "$(in_root $program -V)"
done
equal "completion works in there" "isakmp" "$(in_root bash -c 'COMP_LINE="ipsecmon show crypto isa" COMP_POINT=24
	. /usr/share/bash-completion/completions/ipsecmon; _ipsecmon; echo "${COMPREPLY[*]}"')"

# ---- It serves ------------------------------------------------------------------------------------------------------

# Two engines' worth of configuration, of which one runs, beside ipsecmond: the tunnels are up all the same.
lab_quiet "keys" "$srcdir/contrib/engine-pair" "$LAB/pair" 0 10
for file in "$LAB"/pair/east-*.keys; do install -m 0600 "$file" "$root/etc/ipsecmon/"; done
in_root sh -c 'chown ipsecmon-engine /etc/ipsecmon/*.keys'
awk '/^(endpoint|tunnel|engine) / { on = 1 } on; /}$/ { on = 0 }' "$LAB/pair/east.conf" |
	sed "s|$LAB/pair/|/etc/ipsecmon/|; s/first-index = 1 }/}/" >> "$root/etc/ipsecmon/ipsecmon.conf"

stand_ins "$root"
mapfile -t unit < <(as root ipsecmon ,+net_admin,+net_raw)
service ipsecmond "${unit[@]}" /usr/sbin/ipsecmond -f
mapfile -t unit < <(as ipsecmon ipsecmon '')
service agentx "${unit[@]}" /usr/sbin/ipsecmon-agentx -f
mapfile -t unit < <(as ipsecmon-engine ipsecmon '')
service engine "${unit[@]}" /usr/bin/ipsecmon-engine -f
wait_until 20 in_root test -s /run/ipsecmon/gateway.model
wait_until 20 in_root test -s /run/ipsecmon/engine.model
equal "ipsecmond's segment" "root:ipsecmon 640" "$(in_root stat -c '%U:%G %a' /run/ipsecmon/gateway.model)"
equal "the engine's" "ipsecmon-engine:ipsecmon 640" "$(in_root stat -c '%U:%G %a' /run/ipsecmon/engine.model)"
for word in 'install -d' 'install -m' 'systemctl stop' 'echo' 'systemctl start'; do
	check "README: $(command_of "$word")" in_root sh -c "$(command_of "$word")"
done
walk=$(command_of snmpbulkwalk)
walked() { in_root sh -c "$walk" > "$LAB/walk" 2>&1; tail -n 3 "$LAB/walk"; [ "$(grep -c '^[^ ]*cipSecTunStatus\.[0-9]* = INTEGER: active(1)' "$LAB/walk")" = 6 ]; }
wait_until 30 walked
pass "README: $walk"
printf 'auth = auth passphrase\npriv = privacy passphrase\n' > "$root/etc/ipsecmon.credentials"
chmod 0600 "$root/etc/ipsecmon.credentials"
equal "the plugin, installed, says so to a monitoring system" "IPSEC OK - 6 IPsec tunnels are up | active=6;;1:;0" \
	"$(in_root /usr/lib/nagios/plugins/check_ipsecmon -H 127.0.0.1 -P 3 -U ipsecmon -a SHA-256 -f /etc/ipsecmon.credentials -m active)"
rm "$root/etc/ipsecmon.credentials"
checked() { in_root ipsecmon check > "$LAB/check" 2>&1; grep -q '^ok   agent: ipsecmon-agentx' "$LAB/check"; }
wait_until 10 checked
pass "README: $(command_of 'ipsecmon check')"
equal "nothing is wrong but what this kernel lacks" "" "$(grep '^FAIL' "$LAB/check" | grep -v '^FAIL feed')"
for line in 'ok   group: ipsecmon' 'ok   AgentX socket: /var/agentx/master' "ok   snmpd's views: /etc/snmp/snmpd.conf" \
	'ok   run directory: /run/ipsecmon' 'ok   control socket: /run/ipsecmon/control answers'; do
	check "$line" grep -qF -e "$line" "$LAB/check"
done
sed 's/^/# /' "$LAB/check"
for name in agentx engine ipsecmond; do
	stop "$name"
	equal "$name ends well" 0 "$STATUS"
done

# ---- And goes -------------------------------------------------------------------------------------------------------

in_root systemctl stop snmpd
in_root sh -c 'rm -f /etc/ipsecmon/*.keys'
lab_quiet "purge" in_root dpkg --purge ipsecmon-engine ipsecmon-monitoring ipsecmon-persona ipsecmon ipsecmon-mibs libipsecmon0
equal "purged, nothing of it is left" "" "$(find "$root/etc" "$root/usr" "$root/lib" "$root/var/lib" -xdev -iname '*ipsecm*' \
	! -path '*/dpkg/*' ! -path '*/snmpd.conf.d/*' ! -path '*/systemd/deb-systemd-helper*')"
stop machine
lab_end
