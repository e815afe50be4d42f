# shellcheck shell=bash disable=SC2154,SC2119,SC2120      # srcdir is the story's
# Debian's packages of this tree, and clean roots for them. For stories, which have sourced lab.sh and set srcdir.

unset MAKEFLAGS MAKELEVEL
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# readme_commands: those of README's section "On a gateway", a line each, also where one goes on behind a backslash
readme_commands() {
	awk '/^## / { on = ($0 == "## On a gateway") } on && /^    / { sub(/^    /, ""); print }' "$srcdir/README.md" |
		sed -e ':more' -e '/\\$/ { N; s/\\\n *//; b more' -e '}'
}

# packages_build [COMMAND]: into $LAB/packages, from a copy of the tree in $LAB/packages/ipsecmon; a copy of them is kept for packages_have
packages_build() {
	local sum kept=$srcdir/build/packages command=${1:-dpkg-buildpackage -us -uc -b}
	mkdir -p "$LAB/packages/ipsecmon"
	(cd "$srcdir" && git ls-files -z | xargs -0 cp --parents -t "$LAB/packages/ipsecmon") || die "cannot copy the tree"
	sum=$(packages_sum)
	(cd "$LAB/packages/ipsecmon" && PATH=/usr/lib/ccache:$PATH DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" sh -c "$command") > "$LAB/build.log" 2>&1 ||
		{ tail -n 20 "$LAB/build.log"; die "dpkg-buildpackage"; }
	rm -rf "$kept" && mkdir -p "$kept" && cp "$LAB"/packages/*.deb "$kept/" && printf '%s' "$sum" > "$kept/sum"
}
packages_sum() { (cd "$srcdir" && git ls-files -z | xargs -0 cat | sha256sum); }

# packages_have: those that were built of this tree, or packages_build
packages_have() {
	local kept=$srcdir/build/packages
	[ "$(cat "$kept/sum" 2> /dev/null)" = "$(packages_sum)" ] || { packages_build; return; }
	mkdir -p "$LAB/packages"
	cp "$kept"/*.deb "$LAB/packages/"
}

# bootstrap TARGET OPTION...: a Debian of this release, from where this machine has its packages; see mmdebstrap(1)
bootstrap() {
	local sources release target=$1; shift
	mapfile -t sources < <(find /etc/apt/sources.list /etc/apt/sources.list.d -name '*.list' -size +0 -o -name '*.sources' 2> /dev/null)
	release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	mmdebstrap --quiet --mode=root --variant=apt "$@" "$release" "$target" "${sources[@]}" > "$LAB/mmdebstrap.log" 2>&1 ||
		{ tail -n 20 "$LAB/mmdebstrap.log"; die "mmdebstrap, or the packages in it"; }
}

# clean_root ROOT INSTALL PACKAGE...: with our packages, by the command INSTALL, in /packages/ipsecmon, and others
clean_root() {
	local root=$1 install=$2; shift 2
	bootstrap "$root" --include="${*:+$(printf '%s,' "$@")}systemd-standalone-sysusers,systemd-standalone-tmpfiles,ca-certificates" \
		--customize-hook="mkdir -p \"\$1/packages/ipsecmon\" && cp $LAB/packages/*.deb \"\$1/packages/\"" \
		--customize-hook="chroot \"\$1\" sh -c 'cd /packages/ipsecmon && DEBIAN_FRONTEND=noninteractive ${install/install/install -y --no-install-recommends} ../ipsecmon-engine_*.deb ../ipsecmon-monitoring_*.deb ../ipsecmon-persona_*.deb'"
}
