#!/bin/bash
# The pages of doc/ for operators say what works: every command in them is run, in their order, in a clean root with the packages,
# whose strongSwan has a tunnel with another one. For what cannot be done there (Libreswan, containers) see tests/guest/it_libreswan.sh
# and tests/clients/it_container.sh.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2317,SC2016,SC1091      # functions are called by wait_until; sh's dollars
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"
. "$(dirname "${BASH_SOURCE[0]}")/pages.sh"
need root tun git dpkg-buildpackage mmdebstrap unshare nsenter ip ping swanctl python3 "$CHARON"
lab_begin
chmod 0755 "$LAB"
root=$LAB/root
packages_have
clean_root "$root" "apt-get install ../libipsecmon0_*.deb ../libipsecmon-dev_*.deb ../ipsecmon_*.deb ../ipsecmon-mibs_*.deb snmpd snmp" \
	acl adduser gcc iproute2 libc6-dev pkg-config "${GATEWAY_PACKAGES[@]}"
printf '127.0.0.1 localhost\n' > "$root/etc/hosts"

gateway_begins "$root"
in_place() { shift; in_root sh -c 'cd /root && exec "$@"' - "$@"; }

page on-your-gateway.md
page mibs.md
page troubleshooting.md
page dataplane.md
page existing-snmpd.md
gateway_ends
lab_end
