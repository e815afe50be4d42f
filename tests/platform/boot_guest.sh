#!/bin/bash
# The story of a real boot, in the machine that it_boot_systemd.sh has made: systemd is its first process, snmpd and
# strongSwan are Debian's, and README's commands install ipsecmon. The machine boots twice; $boot is the number.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2317,SC2016,SC2119   # called by wait_until; sh's dollars
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
export LC_ALL=C DEBIAN_FRONTEND=noninteractive HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
boot=${boot:?which}
here=/story
LAB=$here/scratch
mkdir -p "$LAB"
cd /packages/ipsecmon || exit
SLOW=$(slowness)
readonly ALL=(ipsecmond ipsecmon-agentx ipsecmon-engine ipsecmon-persona ipsecmon-persona-agentx)

# What has failed is explained by the state, and by the journal on a terminal of its own. The machine ends with the story.
ends() {
	trap '' TERM       # systemd sends it when the machine goes
	if [ $lab_failed != 0 ]; then
		{ echo "served: $(served | xargs)"; ipsecmon show feeds; swanctl --list-sas; df /run; free -m; } 2>&1 | sed 's/^/#   /'
		journalctl -b -o short-monotonic --no-pager > /dev/tty2 2>&1
	fi
	say "boot $boot ends at $(now) s"
	systemctl poweroff 2> /dev/null
}
trap ends EXIT
trap 'die "not within the limit of time; the last part began at $began"' TERM
lab_quiet "a limit" systemd-run --on-active="${limit:?seconds}" systemctl stop story.service
for tty in 1 2; do stty -F /dev/tty$tty raw -echo; done

now() { cut -d ' ' -f 1 /proc/uptime; }
part() { began="$(now) s: $*"; say "$began"; }
property() { systemctl show --value -p "$2" "$1"; }           # property UNIT NAME
active() { local unit; for unit; do [ "$(property "$unit" ActiveState)" = active ] || return; done; }
pid_of() { property "$1" MainPID; }
# readme WORD: run the command of README that begins so
readme() {
	local command
	command=$(grep -e "^$1" $here/readme | head -n 1)
	[ -n "$command" ] || die "README has no command that begins with $1"
	lab_quiet "$command" sh -c "$command"
}

# ---- SNMPv3, of the host's snmpd and of the persona's ---------------------------------------------------------------

user=(-v3 -l authPriv -u ipsecmon -a SHA-256 -A "auth passphrase" -x AES -X "privacy passphrase" -t 3 -r 1)
readonly FLOW=1.3.6.1.4.1.9.9.171.1
readonly STATUS_=$FLOW.3.2.1.51 OUT=$FLOW.3.2.1.40 IN=$FLOW.3.2.1.27
host() { local command=$1; shift; MIBS='' "$command" "${user[@]}" -On -Oe "$@"; }
# served [AT]: the indexes of the tunnels that are up
served() { host snmpbulkwalk -Cr50 "${1:-127.0.0.1}" $STATUS_ | sed -n 's/.*\.\([0-9]*\) = INTEGER: 1$/\1/p'; }
serves() { [ "$(served "${2:-127.0.0.1}" | grep -c .)" = "$1" ]; }     # serves HOW_MANY [AT]
# octets COLUMN INDEX [AT]
octets() { host snmpget -Oqv "${3:-127.0.0.1}" "$1.$2"; }
counts_at_least() { local got; got=$(octets "$1" "$2") && [ "$got" -ge "$3" ] 2> /dev/null; }    # counts_at_least COLUMN INDEX OCTETS
# of the kernel: the sum of all SAs of that direction, which is one
kernel_octets() { ip -s xfrm state list src "$1" dst "$2" | awk '/lifetime current/ { getline; sum += $1 } END { print sum + 0 }'; }
ping_peer() { ping -q -c "$1" -i 0.05 -s 1000 -I 10.1.0.1 10.2.0.1 > /dev/null 2>&1; }
# as_the_kernel WHAT: within three polls the tunnel has the octets of the kernel's SAs
of_the_kernel() { printf '%s out, %s in' "$(kernel_octets 192.0.2.1 192.0.2.2)" "$(kernel_octets 192.0.2.2 192.0.2.1)"; }
of_snmp() { printf '%s out, %s in' "$(octets $OUT "$tunnel")" "$(octets $IN "$tunnel")"; }
same_octets() { [ "$(of_snmp)" = "$(of_the_kernel)" ]; }
as_the_kernel() {
	local kernel
	try_for 15 same_octets
	kernel=$(of_the_kernel)
	equal "$1: $kernel" "$kernel" "$(of_snmp)"
}
# which_tunnel: the index of the one that is not the engine's, in $tunnel
which_tunnel() { tunnel=$(served | awk '$1 < 1000'); }
tunnel_is_up() { swanctl --list-sas 2> /dev/null | grep -q INSTALLED; }

# ---- What services may do -------------------------------------------------------------------------------------------

# may UNIT: what a copy of the unit can do, in which boot_probe.pl is the program
may() {
	sed -E '/^(ExecStart|Type|Restart|WatchdogSec|PartOf|Wants|After)/d
		s,^\[Service\],&\nType=oneshot\nRuntimeDirectoryPreserve=yes\nExecStart=/usr/bin/perl /story/platform/boot_probe.pl\nStandardOutput=file:/story/scratch/'"$1"'.may,' \
		"/lib/systemd/system/$1.service" > "/run/systemd/system/probe-$1.service"
	rm -f "$LAB/$1.may"
	systemctl daemon-reload
	lab_quiet "a copy of $1" systemctl start "probe-$1"
}
# granted UNIT: of that, what it was granted
granted() { sed -nE 's/ ok$//p' "$LAB/$1.may"; }
status_of() { sed -nE 's/^(CapBnd|CapPrm|NoNewPrivs|Seccomp):\s*(.*)/\1 \2/p' "/proc/$(pid_of "$1")/status" | tr '\n' ' '; }

sandbox() {
	local unit
	part "the sandbox"
	for unit in "${ALL[@]}"; do may "$unit"; done
	equal "ipsecmond may write its directories, use charon's socket, hear the kernel and capture" "write /run/ipsecmon
write /var/lib/ipsecmon
write /tmp
read /run/charon.vici
socket netlink
socket packet
socket unix" "$(granted ipsecmond)"
	equal "ipsecmon-agentx may write its state, and use Unix sockets" "write /var/lib/ipsecmon
write /var/lib/ipsecmon/persona
write /tmp
socket unix" "$(granted ipsecmon-agentx)"
	equal "the persona's agent may do the same" "write /var/lib/ipsecmon/persona
write /tmp
socket unix" "$(granted ipsecmon-persona-agentx)"
	equal "ipsecmon-engine may write segments and use the network" "write /run/ipsecmon
write /tmp
socket inet
socket inet6
socket unix" "$(granted ipsecmon-engine)"
	equal "the persona's snmpd may write its state and use the network" "write /run/ipsecmon-persona
write /var/lib/ipsecmon-persona
write /tmp
socket inet
socket inet6
socket netlink
socket unix" "$(granted ipsecmon-persona)"
	for unit in "${ALL[@]}"; do say "$unit: $(grep -v ' ok$' "$LAB/$unit.may" | tr '\n' ';')"; done
	equal "agents see no network but their own loopback" "interfaces lo
interfaces lo" "$(cat "$LAB"/ipsecmon-{agentx,persona-agentx}.may | grep interfaces)"
	equal "ipsecmond has CAP_NET_ADMIN, and may have had CAP_NET_RAW" "CapPrm 0000000000001000 CapBnd 0000000000003000 NoNewPrivs 1 Seccomp 2 " \
		"$(status_of ipsecmond)"
	for unit in ipsecmon-agentx ipsecmon-engine ipsecmon-persona-agentx; do
		equal "$unit has no capability" "CapPrm 0000000000000000 CapBnd 0000000000000000 NoNewPrivs 1 Seccomp 2 " "$(status_of $unit)"
	done
	equal "the persona's snmpd has CAP_NET_BIND_SERVICE" "CapPrm 0000000000000400 CapBnd 0000000000000400 NoNewPrivs 1 Seccomp 2 " \
		"$(status_of ipsecmon-persona)"
}

# ---- The first boot --------------------------------------------------------------------------------------------------

installs() {
	part "installing"
	readme 'apt-get install'
	pass "README's apt-get installs the packages"
	check "both daemons are active as soon as it returns" active ipsecmond ipsecmon-agentx
	equal "and enabled" "enabled enabled" "$(systemctl is-enabled ipsecmond ipsecmon-agentx | xargs)"
	lab_quiet "the other packages" apt-get install ../ipsecmon-engine_*.deb ../ipsecmon-persona_*.deb ../ipsecmon-monitoring_*.deb
	equal "the engine and the persona wait for their operator" "inactive inactive disabled disabled" \
		"$(for verb in is-active is-enabled; do systemctl $verb ipsecmon-engine ipsecmon-persona; done | xargs)"
	readme 'install -d'
	readme 'install -m'
	readme 'systemctl stop'
	readme 'echo'
	echo 'createUser admin SHA-256 "auth passphrase" AES "privacy passphrase"' >> /var/lib/snmp/snmpd.conf
	echo 'rwuser admin priv -V ipsecmon' > /etc/snmp/snmpd.conf.d/admin.conf
	readme 'systemctl start'
	lab_quiet "the persona's user" sh -c 'printf "%s\n" "auth passphrase" "privacy passphrase" | ipsecmon-persona-user'
	lab_quiet "the persona" systemctl enable --now ipsecmon-persona
	install -m 0600 -o ipsecmon-engine $here/pair/*.keys /etc/ipsecmon/
	cat $here/pair/engine.conf >> /etc/ipsecmon/ipsecmon.conf
	lab_quiet "the engine" systemctl enable --now ipsecmon-engine
	check "all units are active" active "${ALL[@]}"
}

first_tunnel() {
	part "the first tunnel"
	lab_quiet "the peer" systemctl enable --now peer
	lab_quiet "strongSwan" systemctl restart strongswan
	wait_until 30 tunnel_is_up
	wait_until 30 serves 7
	pass "SNMPv3 serves the tunnel of charon-systemd and the engine's six"
	ping_peer 10
	which_tunnel
	as_the_kernel "its octets are those of the kernel's SAs"
	wait_until 15 serves 7 127.0.0.1:1161
	check "so the persona says" equal_octets "$tunnel"
	equal "and it is a Cisco ASA" ok "$(host snmpget -Oqv 127.0.0.1:1161 1.3.6.1.2.1.1.1.0 | sed 's/.*Cisco Adaptive Security Appliance.*/ok/')"
	ipsecmon check > "$LAB/check" 2>&1
	equal "ipsecmon check finds no fault" "" "$(grep '^FAIL' "$LAB/check")"
	sed 's/^/# /' "$LAB/check"
}
equal_octets() { [ "$(octets $OUT "$1" 127.0.0.1:1161)" = "$(octets $OUT "$1")" ]; }

# ---- Hanging, killed, without room, stopped ---------------------------------------------------------------------------

# pids UNIT...: which processes there are now; restarted UNIT: it is another one now
declare -A was=()
pids() { local unit; for unit; do was[$unit]=$(pid_of "$unit"); done; }
restarted() { [ "$(pid_of "$1")" != "${was[$1]}" ] && active "$1"; }
# goes_on WHAT: all is served as before, under the same index
goes_on() {
	wait_until 30 serves 7
	wait_until 30 serves 7 127.0.0.1:1161
	equal "$1: the tunnel keeps its index" "$tunnel" "$(served | awk '$1 < 1000')"
	as_the_kernel "$1: its octets are the kernel's"
}

watchdog() {
	local unit units=(ipsecmond ipsecmon-agentx ipsecmon-engine ipsecmon-persona-agentx)
	part "the watchdog"
	pids "${units[@]}"
	for unit in "${units[@]}"; do kill -STOP "${was[$unit]}"; done
	ping_peer 5
	for unit in "${units[@]}"; do
		wait_until 60 restarted "$unit"
		check "$unit, which hung, is started again" sh -c "journalctl -b -u $unit | grep -q 'Watchdog timeout'"
	done
	goes_on "after the watchdog"
}

killed() {
	local unit
	part "killed"
	pids "${ALL[@]}"
	for unit in "${ALL[@]}"; do kill -KILL "${was[$unit]}"; done
	ping_peer 5
	for unit in "${ALL[@]}"; do
		wait_until 30 restarted "$unit"
		pass "$unit, killed, is started again"
	done
	goes_on "after the kill"
}

full() {
	part "a full /run"
	systemctl stop ipsecmond
	rm /run/ipsecmon/gateway.model
	# The journal frees some blocks now and then, and ipsecmond starts with few.
	fill() {
		dd if=/dev/zero of=/run/full bs=4k oflag=append conv=notrunc > /dev/null 2>&1
		[ "$(df --output=avail /run | tail -n 1)" -eq 0 ]
	}
	wait_until 20 fill
	systemctl start --no-block ipsecmond
	tries() { fill; [ "$(property ipsecmond NRestarts)" -gt 1 ]; }
	wait_until 20 tries
	pass "without room in /run, ipsecmond is tried again and again"
	check "its agent goes on with the engine's tunnels" serves 6
	rm /run/full
	wait_until 30 active ipsecmond
	wait_until 30 serves 7
	pass "with room, it serves again"
	which_tunnel
}

stopped() {
	part "stopped"
	systemctl stop ipsecmond
	check "a stop leaves the segment" test -s /run/ipsecmon/gateway.model
	ping_peer 5
	lab_quiet "start" systemctl start ipsecmond
	check "readiness: when systemctl start returns, the control socket answers" sh -c "ipsecmon check | grep -q '^ok   control socket'"
	goes_on "after a stop"
	lab_quiet "SET" snmpset "${user[@]}" -u admin -m IPSECMON-MIB 127.0.0.1 ipsecmonNotifyTunnelDown.0 i enabled
	lab_quiet "restart" systemctl restart ipsecmon-agentx
	wait_until 20 is_set
	pass "a restart keeps a SET"
}
is_set() { snmpget "${user[@]}" -Oqv -m IPSECMON-MIB 127.0.0.1 ipsecmonNotifyTunnelDown.0 | grep -q enabled; }

# ---- Debian's other way to start strongSwan, and AppArmor ------------------------------------------------------------

keyed() { [ "$(ip xfrm state | grep -c '^src 192\.0\.2\.')" = 2 ]; }    # the kernel has the two SAs of a tunnel
confined() { cat "/proc/$(pidof "$1")/attr/current"; }
starter() {
	part "strongswan-starter"
	equal "AppArmor's profile of charon-systemd is loaded" "/usr/sbin/charon-systemd (complain)" "$(confined charon-systemd)"
	systemctl disable --now strongswan
	systemctl unmask strongswan-starter
	lab_quiet "strongswan-starter" systemctl start strongswan-starter
	# Whether charon gets this far is strongSwan's affair; what it said is in the log if it had to be started again.
	if ! try_for 20 keyed; then
		{ ipsec statusall; ip xfrm state | grep -c ^src; journalctl -b -o cat -u strongswan-starter -u peer; } 2>&1 |
			tail -n 40 | sed 's/^/# strongswan-starter: /'
		lab_quiet "strongswan-starter, again" systemctl restart strongswan-starter
		wait_until 20 keyed
	fi
	wait_until 60 serves 7
	which_tunnel
	ping_peer 10
	as_the_kernel "strongswan-starter's tunnel is served"
	equal "AppArmor confines its charon" "/usr/lib/ipsec/charon (enforce)" "$(confined /usr/lib/ipsec/charon)"
	ipsecmon show feeds > "$LAB/feeds"
	check "ipsecmond uses its socket" grep -q 'feed vici: up' "$LAB/feeds"
	for socket in /run/charon.vici /run/charon.enfy; do check "there is $socket" test -S $socket; done
	journalctl -b -k --no-pager | grep -F 'apparmor="DENIED"' > "$LAB/denied"
	equal "AppArmor has denied nothing of ours" "" "$(grep -E 'ipsecmon|charon\.(vici|enfy)' "$LAB/denied")"
	sed -E 's/.*(operation=.*)/# denied: \1/' "$LAB/denied" | sort -u | head -n 10
	systemctl stop strongswan-starter
	systemctl mask strongswan-starter       # at the next boot, two charons would want one port
	systemctl enable --now strongswan
}

# ---- The second boot ---------------------------------------------------------------------------------------------------

# begins_after UNIT OTHER: it was started when the other was active
begins_after() { [ "$(property "$1" InactiveExitTimestampMonotonic)" -ge "$(property "$2" ActiveEnterTimestampMonotonic)" ]; }
again() {
	local pair
	part "the second boot"
	check "all units are active" active "${ALL[@]}"
	for pair in ipsecmond:strongswan ipsecmon-agentx:snmpd ipsecmon-agentx:ipsecmond ipsecmon-persona-agentx:ipsecmon-persona; do
		check "${pair%:*} is started after ${pair#*:} is ready" begins_after ${pair/:/ }
	done
	wait_until 60 serves 7
	wait_until 30 serves 7 127.0.0.1:1161
	pass "all tunnels are served, by snmpd and by the persona"
	which_tunnel
	ping_peer 10
	as_the_kernel "their octets are the kernel's"
	check "the SET has outlived the boot" is_set
}

version() { dpkg-query -W -f '${Version}' "$1"; }
upgraded() {
	local unit
	part "the upgrade"
	pids "${ALL[@]}"
	ping_peer 5
	lab_quiet "upgrade" apt-get install ../next/*.deb
	check "$(version ipsecmon) is installed" test "$(version ipsecmon)" != "$(version snmpd)"
	for unit in "${ALL[@]}"; do
		check "$unit runs, as its new version" restarted "$unit"
	done
	goes_on "after the upgrade"
	check "the configuration is kept" grep -q '^tunnel' /etc/ipsecmon/ipsecmon.conf
}

# leftovers: files of ours, and what systemd and the kernel know of us
leftovers() {
	find / -xdev \( -path /story -o -path /packages -o -path /var/lib/dpkg -o -path /var/log -o -path /var/cache \) -prune -o \
		-iname '*ipsecm*' ! -path '/etc/snmp/*' -print
	find /run -iname '*ipsecm*' ! -path '/run/log/*' ! -path '*/probe-*' ! -path '/run/credentials/*' -print
	systemctl list-units --all --no-legend --plain 'ipsecm*' '*ipsecm*'
	pgrep -l ipsecm
}
removed() {
	part "removed"
	lab_quiet "remove" apt-get remove ipsecmon ipsecmon-engine ipsecmon-persona ipsecmon-monitoring ipsecmon-mibs libipsecmon0
	equal "no unit and no process is left" "" "$(systemctl list-units --no-legend --plain '*ipsecm*'; pgrep -l ipsecm)"
	check "the configuration waits" test -s /etc/ipsecmon/ipsecmon.conf
	check "so do SETs and users" test -s /var/lib/ipsecmon/agentx.state -a -s /var/lib/ipsecmon-persona/snmpd.conf
	check "snmpd answers" host snmpget 127.0.0.1 1.3.6.1.2.1.1.3.0
	check "strongSwan's tunnel carries packets" ping_peer 2
	rm -f /etc/ipsecmon/*.keys
	lab_quiet "purge" dpkg --purge ipsecmon ipsecmon-engine ipsecmon-persona ipsecmon-monitoring ipsecmon-mibs libipsecmon0
	equal "purged, nothing of it is left" "" "$(leftovers)"
	say "users stay: $(getent passwd | grep -o '^ipsecmon[^:]*' | tr '\n' ' ')"
}

case $boot in
1)
	equal "the first process is systemd" /usr/lib/systemd/systemd "$(readlink /proc/1/exe)"
	installs
	first_tunnel
	sandbox
	killed
	watchdog
	full
	stopped
	starter
	;;
2)
	again
	upgraded
	removed
	;;
esac
