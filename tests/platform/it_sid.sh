#!/bin/bash
# Debian's next release: strongSwan tells alerts through VICI there, and the guest has a newer kernel.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2154
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
. "$(dirname "${BASH_SOURCE[0]}")/platform.sh"
lab_begin
mapfile -t packages < <(platform_packages build package lab test)
platform_root sid git "${packages[@]}"
platform_up
platform_tree
platform_suites lab-reasons guest-newer-kernel
lab_end
