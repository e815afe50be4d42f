#!/bin/bash
# A newcomer's path: on a gateway that has strongSwan and nothing of ours, README's commands one after the other, then README's
# three forms in a real Zabbix on another machine, until the first tunnel is there. How long that took is said.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2317,SC2016,SC1091      # functions are called by wait_until; sh's dollars
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
. "$srcdir/tests/packages/packages.sh"
. "$srcdir/tests/packages/machine.sh"
# shellcheck source=zabbix/zabbix.sh
. "$(dirname "${BASH_SOURCE[0]}")/zabbix/zabbix.sh"
need root tun git dpkg-buildpackage mmdebstrap unshare nsenter ip swanctl python3 "$CHARON" "${ZABBIX_NEEDS[@]}"
lab_begin
chmod 0755 "$LAB"
root=$LAB/root
address=10.9.0.1        # a's, as b sees it
ZABBIX_SOURCE=10.9.0.2

# ---- The gateway, before ------------------------------------------------------------------------------------------

packages_have
bootstrap "$root" --skip=cleanup/apt/lists \
	--include="$(printf '%s,' "${GATEWAY_PACKAGES[@]}")systemd-standalone-sysusers,systemd-standalone-tmpfiles,ca-certificates,iproute2"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"   # of this machine, over whose network apt goes
mkdir -p "$root/packages/ipsecmon"
cp "$LAB"/packages/*.deb "$root/packages/"
gateway_begins "$root"
zabbix_up b

# ---- README, "On a gateway" -----------------------------------------------------------------------------------------

# Packages are built already, and apt has to be told yes.
mapfile -t commands < <(readme_commands | grep -v '^\./quickstart\|^dpkg-buildpackage')
check "README has commands" test ${#commands[@]} -ge 8
began=$(lab_ms)
for command in "${commands[@]}"; do
	at=$(lab_ms)
	case $command in
	# Over this machine's network; then what systemd would start. Whoever types the next command finds an snmpd that runs.
	"apt-get install"*)
		chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -c "cd /packages/ipsecmon && ${command/install/install -y --no-install-recommends}" &&
			in_root systemd-tmpfiles --create && in_root systemctl start ipsecmond ipsecmon-agentx snmpd &&
			in_root wait-for "snmpget -v2c -c public 127.0.0.1 1.3.6.1.2.1.1.3.0"
		;;
	"ipsecmon check") in_root wait-for "ipsecmon check | grep -q '^ok   agent'" && { in_root ipsecmon check || true; } ;;
	*) in_root bash -c "cd /packages/ipsecmon; ${command//192.0.2.1/$address}" ;;
	esac > "$LAB/command.out" 2>&1 < /dev/null
	status=$?
	equal "README, $(($(lab_ms) - at)) ms: $command" 0 $status
	[ $status = 0 ] || die "$(tail -n 20 "$LAB/command.out")"
	[[ $command != snmpbulkwalk* ]] || check "and it shows the tunnel" grep -q 'cipSecTunStatus.1 = INTEGER: active(1)' "$LAB/command.out"
done
rm -rf "$root/var/lib/apt/lists"         # descriptions of packages name sanitizers, which are searched for in the end

# ---- And "In Zabbix it is three forms" ------------------------------------------------------------------------------

forms=$(lab_ms)
check "the template is imported" zabbix_import "$srcdir/contrib/zabbix/ipsecmon.yaml"
host=$(jq -n --arg ip "$address" --arg group "$(api hostgroup.get '{"limit": 1, "output": ["groupid"]}' | jq -r '.[0].groupid')" \
	--arg template "$(api template.get '{"filter": {"host": "ipsecmon by SNMP"}}' | jq -r '.[].templateid')" \
	'{host: "gateway", groups: [{groupid: $group}], templates: [{templateid: $template}],
	  interfaces: [{type: 2, main: 1, useip: 1, ip: $ip, dns: "", port: "161",
	                details: {version: 3, bulk: 1, securityname: "ipsecmon", securitylevel: 2, authprotocol: 3, privprotocol: 1,
	                          authpassphrase: "auth passphrase", privpassphrase: "privacy passphrase"}}]}' |
	api host.create - | jq -r '.hostids[0]')
state() {
	api item.get "$(jq -n --arg host "$host" '{hostids: [$host], filter: {key_: "ipsecmon.tunnel.state[ikev2/net]"}, output: "extend"}')" |
		jq -r '.[] | select(.state == "0" and .lastclock != "0") | .lastvalue'
}
# Where Zabbix does not know the host yet, there is nothing to execute: whoever clicks, clicks again.
first_tunnel() { now "$host"; [ "$(state)" = 1 ]; }
wait_until 60 first_tunnel
ended=$(lab_ms)
pass "the first tunnel is in Zabbix, and it is up, $((ended - forms)) ms after the first form"
say "all that machines did took $(((ended - began) / 1000)) s; the commands of README have $(printf '%s\n' "${commands[@]}" | wc -m) characters"
check "which leaves nine minutes to read and to type" in_time $((ended - began)) 60000
gateway_ends
lab_end
