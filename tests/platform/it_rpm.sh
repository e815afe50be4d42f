#!/bin/bash
# The RPM packages: Debian's rpmbuild makes them of what "make dist" made, with the macros of Fedora that Debian lacks.
# Each file is in the sub-package that corresponds to Debian's, and none of Debian's is missing. Nothing is installed:
# that takes a RHEL.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2154,SC2016      # sh's dollars
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
need rpmbuild rpm xz make gcc "$srcdir/configure"
lab_begin
spec=$srcdir/contrib/rpm/ipsecmon.spec
# By sub-package, Debian's
declare -A DEBIAN=([ipsecmon]=ipsecmon [ipsecmon-engine]=ipsecmon-engine [ipsecmon-persona]=ipsecmon-persona
	[ipsecmon-mibs]=ipsecmon-mibs [ipsecmon-monitoring]=ipsecmon-monitoring [ipsecmon-libs]=libipsecmon0
	[ipsecmon-devel]=libipsecmon-dev)

version=$(sed -n 's/^AC_INIT(\[ipsecmon\], \[\([^]]*\)\].*/\1/p' "$srcdir/configure.ac")
equal "the version is that of configure.ac" "$version" "$(sed -n 's/^Version: *//p' "$spec")"
# Alpine's recipe is a shell script. It moves only what "make install" and package() have put there.
apkbuild=$srcdir/contrib/alpine/APKBUILD
equal "Alpine's recipe has that version too" "$version" "$(sed -n 's/^pkgver=//p' "$apkbuild")"
check "it is a script for Alpine's shell" sh -n "$apkbuild"
! command -v shellcheck > /dev/null ||
	check "shellcheck finds nothing in it" shellcheck --shell=sh --exclude=SC2034,SC2154,SC2317 "$apkbuild"
mkdir -p "$LAB/build" "$LAB/rpm"
cd "$LAB/build" || die "no build"
lab_quiet "configure" "$srcdir/configure"
lab_quiet "make dist" make dist
cat > "$LAB/macros" <<'MACROS'
%_unitdir /usr/lib/systemd/system
%_sysusersdir /usr/lib/sysusers.d
%_tmpfilesdir /usr/lib/tmpfiles.d
%systemd_requires Requires(post): systemd
%systemd_post() systemd-post %*
%systemd_preun() systemd-preun %*
%systemd_postun() systemd-postun %*
%systemd_postun_with_restart() systemd-postun-with-restart %*
%debug_package %{nil}
MACROS
began=$EPOCHSECONDS
command -v ccache > /dev/null && export CC='ccache gcc'
if rpmbuild -ta --nodeps --nocheck --load "$LAB/macros" --define "_topdir $LAB/rpm" "ipsecmon-$version.tar.xz" \
	> "$LAB/rpm.txt" 2>&1; then
	pass "rpmbuild makes the packages of make dist, in $((EPOCHSECONDS - began)) s"
else
	tail -n 20 "$LAB/rpm.txt"
	die "rpmbuild"
fi
check "rpmbuild has no warning" bash -c '! grep -i "^warning:" "$1"' - "$LAB/rpm.txt"

# files_of SUB-PACKAGE: without what only RPM has, at the places where Debian has them
files_of() {
	rpm -qp --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' "$LAB"/rpm/RPMS/*/"$1-$version"-*.rpm | awk '!/^d/ { print $2 }' |
		grep -vE '/\.build-id/|^/usr/share/licenses/' |
		sed -E 's,^/usr/lib/systemd/,/lib/systemd/,; s,^/usr/lib64/nagios/,/usr/lib/nagios/,; s,^/usr/lib64/,/usr/lib/x/,
			s,^/usr/share/doc/ipsecmon-devel[^/]*/,/usr/share/doc/libipsecmon-dev/examples/,; s,^(/usr/share/man/.*)\.gz$,\1,'
}
equal "there are these packages and no other" "$(printf '%s\n' "${!DEBIAN[@]}" | sort)" \
	"$(rpm -qp --queryformat '%{NAME}\n' "$LAB"/rpm/RPMS/*/*.rpm | sort)"
units='${env:UNITDIR}'
for package in "${!DEBIAN[@]}"; do
	files_of "$package" > "$LAB/files"
	wrong=''
	mapfile -t patterns < "$srcdir/debian/${DEBIAN[$package]}.install"
	for pattern in "${patterns[@]/#"$units"/lib/systemd/system}"; do
		pattern=/${pattern//\*/[^ ]*}
		grep -qE "^$pattern(/|\$)" "$LAB/files" || wrong+="no $pattern; "
		sed -i -E "\\,^$pattern(/|\$),d" "$LAB/files"
	done
	[ "$package" != ipsecmon-devel ] || sed -i '\,/examples/,d' "$LAB/files"        # debian/libipsecmon-dev.examples
	equal "$package has what ${DEBIAN[$package]} has" "" "$wrong$(tr '\n' ' ' < "$LAB/files")"
done
scripts=$(rpm -qp --scripts "$LAB"/rpm/RPMS/*/*.rpm)
for unit in "$srcdir"/contrib/systemd/*.service.in; do
	unit=$(basename "$unit" .in)
	equal "$unit: scriptlets after installation, before and after removal" 3 \
		"$(grep -cE "^systemd-(post|preun|postun|postun-with-restart) .*\b$unit\b" <<< "$scripts")"
done
equal "the operator's configuration is kept at an upgrade" \
	"ipsecmon.conf persona/ipsecmon.conf persona/snmpd.conf " \
	"$(rpm -qp --configfiles "$LAB"/rpm/RPMS/*/*.rpm | sed 's,^/etc/ipsecmon/,,' | sort | tr '\n' ' ')"
rpm -qp --list "$LAB"/rpm/RPMS/*/*.rpm > "$LAB/files"
missing=$(sed -n '/amove /,/[^\\]$/p' "$apkbuild" | grep -oE '(etc|usr)/[^ \\]+' | sed 's,^usr/lib/monitoring-plugins,usr/lib64/nagios/plugins,' |
	while read -r path; do grep -qE "^/$path(/|\$)" "$LAB/files" || echo "$path"; done)
equal "what Alpine's recipe moves exists" "" "$missing"
lab_end
