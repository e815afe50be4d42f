#!/bin/bash
# Debian 13, from nothing: README's two commands, ./quickstart and ./tests/run. Without $ALL_PLATFORMS the latter runs only the suites
# that may differ there: other compilers, Net-SNMP, OpenSSL and strongSwan, packages with lintian, and the kernel of the guest.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2154
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
. "$(dirname "${BASH_SOURCE[0]}")/platform.sh"
lab_begin
if [ -n "${ALL_PLATFORMS:-}" ]; then
	packages=()                     # they install what they need
else
	mapfile -t packages < <(platform_packages build package demo lab test)
	packages+=(nagios4-core)
fi
platform_root trixie git "${packages[@]}"
platform_up
platform_tree
if platform_do ./quickstart > "$LAB/quickstart.txt" 2>&1; then
	pass "./quickstart"
else
	sed 's/^/# /' "$LAB/quickstart.txt" | tail -n 30
	fail "./quickstart"
fi
platform_suites unit-gcc packages lab-reasons guest-newer-kernel client-nagios
lab_end
