# shellcheck shell=bash disable=SC2154,SC2016      # srcdir and the lab's variables are the story's; sh's dollars
# Other releases of Debian, as machines to test on. For stories that have sourced lab.sh and set srcdir:
#
#     lab_begin
#     platform_root trixie gcc make       # $PLATFORM_ROOT: trixie with these packages; skips if it cannot be made
#     PLATFORM_ARCH=s390x platform_root ...       # its libraries to link with: nothing can run there
#     platform_up                         # a machine on top of it, with mounts and processes of its own
#     platform_tree                       # a copy of our tree, in /ipsecmon on that machine
#     platform_do COMMAND...              # run a command there, as root, in /ipsecmon if it exists
#     platform_keep FILE...               # save files of ours for the reader of the log
#     lab_end                             # ends the machine; everything it has written goes
#
# All suites of one tests/run share the roots. They are in $PLATFORM_ROOTS, which tests/run removes at its end unless you have set
# it. A machine writes to an overlay in $LAB, so a root stays as it was made.

unset MAKEFLAGS MAKELEVEL

# platform_packages SECTION...: their packages in contrib/packages.debian
platform_packages() {
	awk -v want=" $* " '
		{ sub(/#.*/, ""); gsub(/[ \t]/, "") }
		/^\[/ { gsub(/[][]/, ""); on = index(want, " " $0 " "); next }
		on && $0 != "" { print }' "$srcdir/contrib/packages.debian" | sort -u
}

platform_root() {
	local release=$1 roots=${PLATFORM_ROOTS:-$LAB/roots} packages lock; shift
	need root mmdebstrap unshare nsenter
	packages=$(printf '%s\n' ca-certificates "$@" | sort -u)
	PLATFORM_ROOT=$roots/$release${PLATFORM_ARCH:+-$PLATFORM_ARCH}-$(cksum <<< "$packages" | cut -d ' ' -f 1)
	mkdir -p "$roots"
	exec {lock}> "$PLATFORM_ROOT.lock"
	flock "$lock" || die "no lock in $roots"
	[ -d "$PLATFORM_ROOT" ] || platform_bootstrap "$release" "${packages//$'\n'/,}"
	exec {lock}>&-
}

# platform_bootstrap RELEASE PACKAGE,...: from the mirror that this machine uses. A mirror's copy may be older than its Release file
# allows, above all that of sid.
platform_bootstrap() {
	local mirror began=$EPOCHSECONDS options=(--variant=apt)
	[ -z "${PLATFORM_ARCH:-}" ] || options=(--variant=extract --architectures="$PLATFORM_ARCH")
	mirror=$(sed -nE 's/^(URIs:|deb( \[.*\])?) +([^ ]+).*/\3/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null | head -n 1)
	[ -n "$mirror" ] || skip "no mirror of Debian in /etc/apt"
	rm -rf --one-file-system "$PLATFORM_ROOT.new"
	if ! mmdebstrap --quiet --mode=root "${options[@]}" --dpkgopt=force-unsafe-io --include="$2" \
		--aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
		"$1" "$PLATFORM_ROOT.new" "deb $mirror $1 main" > "$LAB/mmdebstrap.txt" 2>&1; then
		sed 's/^/# /' "$LAB/mmdebstrap.txt" | tail -n 20
		rm -rf --one-file-system "$PLATFORM_ROOT.new"
		skip "no root of Debian $1${PLATFORM_ARCH:+ for $PLATFORM_ARCH}: $(grep -E '^E: ' "$LAB/mmdebstrap.txt" | head -n 1)"
	fi
	mv "$PLATFORM_ROOT.new" "$PLATFORM_ROOT"
	say "a root of Debian $1${PLATFORM_ARCH:+ for $PLATFORM_ARCH}, made in $((EPOCHSECONDS - began)) s"
}

# platform_up [OPTION...]: OPTIONs of unshare, such as --net. The machine's first process takes up orphans. What another run has
# compiled there need not be compiled again. A chroot would not do: who enters a mount namespace in there is outside.
platform_up() {
	local cache
	need pivot_root
	cache=$(ccache --get-config cache_dir 2> /dev/null)
	mkdir -p "$LAB"/{root,upper,work}
	start - machine unshare --mount --pid --uts --ipc --fork --kill-child "$@" sh -c '
		cd "$2" && mount -t overlay -o "lowerdir=$1,upperdir=upper,workdir=work" overlay root && cd root || { echo no overlay; exit 1; }
		mount -t proc proc proc && mount -t sysfs sysfs sys && mount --rbind /dev dev && mount -t tmpfs -o mode=1777 tmpfs dev/shm &&
			mount -t tmpfs -o mode=0755 tmpfs run || exit
		mkdir run/lock run/netns
		cp /etc/resolv.conf /etc/hosts etc/
		[ ! -d "$3" ] || { mkdir -p root/.cache/ccache && mount --bind "$3" root/.cache/ccache; }
		hostname platform
		pivot_root . mnt && cd / && chroot mnt umount -l / || exit     # by its own umount: a small system has none
		echo up && while :; do sleep 1; done' - "$PLATFORM_ROOT" "$LAB" "$cache"
	if ! try_for 10 grep -qx up "$LAB/machine.log"; then
		grep -q 'no overlay' "$LAB/machine.log" || die "no machine"
		skip "cannot mount an overlay in $LAB"
	fi
	PLATFORM_INIT=$(< "/proc/${PID[machine]}/task/${PID[machine]}/children")
}

platform_do() {
	nsenter --mount --pid --uts --ipc --net -t "${PLATFORM_INIT% }" env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
		PATH=/usr/lib/ccache:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
		sh -c 'cd /ipsecmon 2> /dev/null || cd /; exec "$@"' - "$@"
}

# platform_tree: with an index of git, which tells the tests what is ours. Not straight into the overlay's upper directory: what
# changes there behind its back it may read wrongly.
platform_tree() {
	local tree=$LAB/tree
	need git
	mkdir -p "$tree"
	(cd "$srcdir" && git ls-files -z -co --exclude-standard | xargs -0 cp --parents -t "$tree") || die "cannot copy the tree"
	lab_quiet "git" git -C "$tree" init -q
	lab_quiet "git" git -C "$tree" add -A
	tar -C "$tree" -c . | platform_do sh -c 'mkdir -p /ipsecmon && tar --no-same-owner -x -C /ipsecmon' || die "cannot copy the tree"
}

platform_keep() {
	[ -z "${SUITE_KEEP:-}" ] || { mkdir -p "$SUITE_KEEP" && cp -r "$@" "$SUITE_KEEP/"; }
}

# platform_suites SUITE...: tests/run there, with the packages of the root, and stories without sanitizers. If $ALL_PLATFORMS is set,
# it runs all suites but those of platforms, as they are, and installs what they need. Each of its lines is a check.
platform_suites() {
	local line word suite rest arguments=(--no-install --plain "$@")
	[ -z "${ALL_PLATFORMS:-}" ] || arguments=(--except platform --except boot)
	platform_do ./tests/run "${arguments[@]}" > "$LAB/run.txt" 2>&1
	while read -r line; do
		read -r word suite rest <<< "$line"
		case $word in
		ok)   pass "$suite: $rest" ;;
		FAIL) fail "$suite: $rest" ;;
		*)    say "$line" ;;
		esac
	done < "$LAB/run.txt"
	grep -q '^[0-9]* passed, 0 failed, ' "$LAB/run.txt" || fail "tests/run on that machine"
	[ "$lab_failed" = 0 ] || platform_keep "$LAB/upper/ipsecmon/build/log"
}
