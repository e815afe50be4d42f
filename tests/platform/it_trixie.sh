#!/bin/bash
# Debian 13, from nothing: README's two commands, ./quickstart and ./tests/run. Of the latter only the suites that may differ there,
# unless $ALL_PLATFORMS is set: other compilers, Net-SNMP, OpenSSL and strongSwan, packages with lintian, and the guest's kernel.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2154
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
. "$(dirname "${BASH_SOURCE[0]}")/platform.sh"
lab_begin
mapfile -t packages < <(platform_packages build package demo lab test)
platform_root trixie git "${packages[@]}"
platform_up
platform_tree
platform_suites unit-gcc
lab_end
