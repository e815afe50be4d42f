#!/bin/bash
# The packages of an earlier version, with another layout of the segment, are upgraded with dpkg to those of this tree, and
# back, and upgraded again with another capacity, while a poller walks all the time. Every tunnel keeps its row, no counter
# ever falls, the history stays, and no index is given twice. The earlier version is built from this repository's history:
# the last commit before IPM_ABI was raised. lab-upgrade shows more cases, without packages.
# shellcheck source-path=SCRIPTDIR source=../lab/gateway.sh disable=SC2317,SC2016,SC1091      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/../lab/gateway.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lab/poller.sh"
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"
need root tun git dpkg-buildpackage mmdebstrap unshare nsenter ip ping swanctl snmpbulkwalk python3 "$CHARON"

abi_of() { sed -n 's/^#define IPM_ABI \([0-9]*\)u$/\1/p'; }
abi=$(abi_of < "$srcdir/model/ipm_types.h")
raised=$(git -C "$srcdir" log -1 --format=%H -G'^#define IPM_ABI ' -- model/ipm_types.h 2> /dev/null)
before=$(git -C "$srcdir" show "$raised^:model/ipm_types.h" 2> /dev/null | abi_of)     # no such commit: nothing
[ -n "$before" ] || skip "the repository's history does not go back to another layout"
lab_begin
chmod 0755 "$LAB"
root=$LAB/root

# ---- Packages ---------------------------------------------------------------------------------------------------

# earlier_packages COMMIT: its packages, kept for the next run, with a lower version than ours
earlier_packages() {
	local kept=$srcdir/build/packages-earlier tree=$LAB/earlier/ipsecmon
	mkdir -p "$tree"
	if [ "$(cat "$kept/commit" 2> /dev/null)" != "$1" ]; then
		git -C "$srcdir" archive "$1" | tar -x -C "$tree" || die "git archive"
		sed -i '1s/(\([^)]*\))/(\1~earlier)/' "$tree/debian/changelog"
		(cd "$tree" && PATH=/usr/lib/ccache:$PATH DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc -b) \
			> "$LAB/build.log" 2>&1 || { tail -n 20 "$LAB/build.log"; die "dpkg-buildpackage of the earlier version"; }
		rm -rf "$kept" "$tree" && mkdir -p "$kept" && cp "$LAB"/earlier/*.deb "$kept/" && printf '%s' "$1" > "$kept/commit"
	fi
	cp "$kept"/*.deb "$LAB/earlier/"
}
packages_have
mv "$LAB/packages" "$LAB/current"
earlier_packages "$(git -C "$srcdir" rev-parse "$raised^")"
pass "there are packages of layout $before and of layout $abi"

mkdir "$LAB/packages"
cp "$LAB"/earlier/*.deb "$LAB/packages/"
clean_root "$root" "apt-get install ../libipsecmon0_*.deb ../ipsecmon_*.deb ../ipsecmon-mibs_*.deb snmpd snmp" "${GATEWAY_PACKAGES[@]}"
mkdir "$root/current" "$root/earlier"
for package in libipsecmon0 ipsecmon ipsecmon-mibs ipsecmon-engine ipsecmon-monitoring ipsecmon-persona; do
	cp "$LAB/earlier/$package"_*.deb "$root/earlier/"
	cp "$LAB/current/$package"_*.deb "$root/current/"
done

# ---- The gateway, with the earlier version ------------------------------------------------------------------------

cli() { shift; in_root ipsecmon "$@"; }
segment_abi() { in_root od -An -tu4 -j8 -N4 /run/ipsecmon/gateway.model | tr -d ' '; }
installed() { in_root dpkg-query -W -f '${Version}' ipsecmon; }
sed -i 's/poll-interval = [0-9]*/poll-interval = 1/' "$root/etc/ipsecmon/ipsecmon.conf"
gateway_begins "$root"
lab_quiet "a second tunnel" in_root swanctl --initiate --child net2 --timeout 30

in_root sh -c 'mkdir -p /run/systemd/system && systemd-tmpfiles --create && install -d -m 0711 /var/agentx &&
	install -m 0640 -g Debian-snmp /usr/share/ipsecmon/snmpd/ipsecmon.conf /etc/snmp/snmpd.conf.d/ && printf "%s\n" \
		"agentaddress udp:127.0.0.1:161" "rocommunity public 127.0.0.1" "includeDir /etc/snmp/snmpd.conf.d" > /etc/snmp/snmpd.conf'
in_root systemctl start snmpd ipsecmond ipsecmon-agentx
wait_until 20 is a cipSecGlobalActiveTunnels.0 2
equal "the earlier version wrote the segment" "$before" "$(segment_abi)"
traffic "${SRC[net]}" "${DST[net]}" 20 1000
lab_quiet "rekey" in_root swanctl --rekey --child net
lab_quiet "one that ends" in_root swanctl --terminate --child net2 --timeout 30
wait_until 10 is a cipSecGlobalPreviousTunnels.0 1
lab_quiet "and comes again" in_root swanctl --initiate --child net2 --timeout 30
wait_until 10 is a cipSecGlobalActiveTunnels.0 2
net=$(index_of a tunnel net) net2=$(index_of a tunnel net2) ike=$(index_of a ike ikev2)
wait_until 10 is a "cipSecTunTotalRefreshes.$net" 1
gone=$(value a cipSecTunHistActiveIndex.1) sent=20
wait_until 10 is a "cipSecTunInPkts.$net" $sent
check "the tunnel in the history had another index" test "$gone" -ne "$net2"
polling_begin
walked_again

# ---- dpkg -------------------------------------------------------------------------------------------------------

# now_installed WHAT FOLDER ABI: dpkg starts the daemons again; what they knew is still there, and traffic goes on
now_installed() {
	local began
	began=$(lab_ms)
	lab_quiet "dpkg" in_root sh -c "DEBIAN_FRONTEND=noninteractive dpkg --force-confold -i /$2/*.deb"
	traffic "${SRC[net]}" "${DST[net]}" 5 1000
	sent=$((sent + 5))
	wait_until 30 is a "cipSecTunInPkts.$net" $sent
	say "$1: recovered in $(($(lab_ms) - began)) ms"
	equal "$1: the layout of the segment" "$3" "$(segment_abi)"
	equal "$1: the indexes are what they were" "1 1 1" "$(value a "cipSecTunStatus.$net") $(value a "cipSecTunStatus.$net2") $(
		value a "cikeTunStatus.$ike")"
	equal "$1: active, ended, in the history, rekeyed" "2 1 $gone 1" "$(value a cipSecGlobalActiveTunnels.0) $(
		value a cipSecGlobalPreviousTunnels.0) $(value a cipSecTunHistActiveIndex.1) $(value a "cipSecTunTotalRefreshes.$net")"
	check "$1: the segment was taken over without a warning" eval \
		'! in_root grep -hiE "warning|starting afresh" /run/units/ipsecmond.log'
	walked_again
}
capacity() {            # capacity NAME NUMBER...: in the configuration, for the next start
	while [ $# -gt 0 ]; do
		sed -i -E "s/^(\tcapacity|\t$1) = [0-9]+/\t$1 = $2/" "$root/etc/ipsecmon/ipsecmon.conf"
		grep -q "^	$1 = $2" "$root/etc/ipsecmon/ipsecmon.conf" || die "no setting $1"
		shift 2
	done
}

check "their version is lower" in_root dpkg --compare-versions "$(installed)" lt "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$srcdir/debian/changelog")"
now_installed "upgraded" current "$abi"
now_installed "and back" earlier "$before"
capacity tunnels 9 ike-sas 9 sas 40 history 5 failures 5
now_installed "upgraded, with a smaller capacity" current "$abi"
capacity tunnels 30000 sas 90000
now_installed "installed again, with a larger capacity" current "$abi"

# What comes now has a new index, and what goes is remembered.
lab_quiet "one that ends" in_root swanctl --terminate --child net2 --timeout 30
wait_until 10 is a cipSecGlobalPreviousTunnels.0 2
equal "the history goes on" "$net2" "$(value a cipSecTunHistActiveIndex.2)"
lab_quiet "and comes again" in_root swanctl --initiate --child net2 --timeout 30
wait_until 10 is a cipSecGlobalActiveTunnels.0 2
again=$(index_of a tunnel net2)
check "a new tunnel has an index that none had before" test "$again" -gt "$net" -a "$again" -gt "$net2"
walked_again

polling_end
equal "no walk had the row of another tunnel" "" "$(strangers "$net" "$net2" "$again")"
gap=$(gap 2)
say "the poller was without rows for $gap ms at most"
check "there were no rows only for the seconds of a restart" in_time "$gap" 10000
gateway_ends
lab_end
