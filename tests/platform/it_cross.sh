#!/bin/bash
# Other machines and another C library: the whole tree is configured and built with warnings as errors, and the tests of
# the model, the feeds and notifications run, for i386, for s390x (big-endian), and, as far as libraries are there, with
# musl. With $ALL_PLATFORMS, all unit tests and fuzz targets run, and for arm64 too. s390x and arm64 run in qemu-user. The
# foreign libraries are Debian's, unpacked in a folder.
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh disable=SC2154,SC2317      # functions are called by can
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
. "$(dirname "${BASH_SOURCE[0]}")/platform.sh"
need root mmdebstrap pkg-config make gcc "$srcdir/configure"
lab_begin

# What qemu-user cannot do. It does not limit memory, it hides at which address a bus error was, and it starts no programs
# for its processor.
QEMU_CANNOT=(when_memory_is_short_the_error_says_so a_guarded_worker_survives_a_segment_that_is_truncated
	the_example_counts_what_it_says)
RELEASE=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
root=                   # with the libraries of the current architecture

can() {                 # can ARCH COMMAND...: or this architecture is left out
	local arch=$1; shift
	"$@" > /dev/null 2>&1 && return
	say "skipped: $arch: $*"
	return 1
}
cached() { if command -v ccache > /dev/null; then printf 'ccache %s' "$*"; else printf '%s' "$*"; fi; }
compiles() { echo 'int main(void) { return 0; }' > "$LAB/none.c" && "$@" -o "$LAB/none" "$LAB/none.c" && "$LAB/none"; }

# foreign_root ARCH: $root has what we link, for that architecture
foreign_root() {
	local packages
	mapfile -t packages < <(platform_packages build | grep -E '^lib.*-dev$')
	packages+=(check "libgcc-$(gcc -dumpversion)-dev")
	export PLATFORM_ARCH=$1
	(platform_root "$RELEASE" "${packages[@]}") || return   # in a subshell: it ends the story if it cannot
	platform_root "$RELEASE" "${packages[@]}"
	root=$PLATFORM_ROOT
}

# configured ARCH TRIPLET ARGUMENT...: a build in $LAB/ARCH
configured() {
	local arch=$1 triplet=$2; shift 2
	mkdir -p "$LAB/$arch"
	(cd "$LAB/$arch" && "$srcdir/configure" --host="$triplet" --enable-werror "$@") > "$LAB/$arch.txt" 2>&1 && return
	tail -n 20 "$LAB/$arch.txt"
	die "configure for $arch"
}

# made ARCH WHAT ARGUMENT...: make ARGUMENT... must succeed
made() {
	local arch=$1 what=$2; shift 2
	if make -C "$LAB/$arch" -j"$(nproc)" "$@" > "$LAB/$arch.txt" 2>&1; then pass "$arch: $what"; return; fi
	grep -E 'error:|warning:|undefined|\*\*\*' "$LAB/$arch.txt" | head -n 20
	fail "$arch: $what"
	return 1
}

# names ARCH EXPRESSION: what make makes of it, word by word
names() { printf 'include Makefile\nnames: ; @printf "%%s\\n" %s\n' "$2" | make -s -C "$LAB/$1" -f - names; }

# tested ARCH TESTS [MAKE-ARGUMENT...]: the tests named in $CANNOT may fail, and no other. A program that fails has
# another try when nothing else runs: what a test waits for may take longer there.
CANNOT=()
tested() {
	local arch=$1 tests=$2 test checks=0 count began=$EPOCHSECONDS again=() bad=(); shift 2
	run_tests "$arch" "$(nproc)" "$tests" "$@"
	for test in $tests; do test_passed "$LAB/$arch/$test" || again+=("$test"); done
	[ ${#again[@]} = 0 ] || run_tests "$arch" 1 "${again[*]}" "$@"
	for test in $tests; do
		if [ ! -e "$LAB/$arch/$test.log" ]; then
			bad+=("$test, which was not built")
			continue
		fi
		count=$(sed -n 's/^[0-9]*%: Checks: \([0-9]*\), .*/\1/p' "$LAB/$arch/$test.log" | awk '{ all += $1 } END { print all + 0 }')
		checks=$((checks + (count > 0 ? count : 1)))
		test_passed "$LAB/$arch/$test" && continue
		bad+=("$test")
		tail -n 8 "$LAB/$arch/$test.log" | cut -c 1-200 | sed 's/^/#   /'
	done
	[ ${#bad[@]} = 0 ] || grep -E 'error:|undefined|\*\*\*' "$LAB/$arch.txt" | head -n 8
	say "$arch: $((EPOCHSECONDS - began)) s for the tests"
	equal "$arch: $checks tests in $(wc -w <<< "$tests") programs pass" "" "${bad[*]}"
}
run_tests() {
	local arch=$1 jobs=$2 tests=$3; shift 3
	CK_TIMEOUT_MULTIPLIER=60 make -C "$LAB/$arch" -k -j"$jobs" check-TESTS TESTS="$tests" check_PROGRAMS="$tests" "$@" \
		> "$LAB/$arch.txt" 2>&1
}
test_passed() {         # test_passed LOG-WITHOUT-SUFFIX
	local failed
	[ -e "$1.trs" ] && [ -e "$1.log" ] || return
	! grep -qE '^:test-result: (PASS|SKIP)' "$1.trs" || return 0
	failed=$(sed -nE 's/^[^ ]*:[0-9]+:[EF]:[^:]*:([a-z0-9_]+):.*/\1/p' "$1.log" | sort -u)
	[ -n "$failed" ] && ! grep -qvxF "$(printf '%s\n' "${CANNOT[@]-}")" <<< "$failed"
}

# foreign ARCH TRIPLET ARGUMENT...: all of the tree with the libraries of $root
foreign() {
	local arch=$1 triplet=$2; shift 2
	export PKG_CONFIG_LIBDIR=$root/usr/lib/$triplet/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
	configured "$arch" "$triplet" NETSNMP_CONFIG="$root/usr/bin/net-snmp-config" "$@"
	unset PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
	made "$arch" "everything is built"
}
# tests_of ARCH: what can differ there; with $ALL_PLATFORMS, all unit tests and fuzz targets
# shellcheck disable=SC2016     # make's
tests_of() {
	local which='tests/unit/model/% tests/unit/common/% tests/unit/feeds/% tests/unit/agent/check_mib_notify%'
	[ -z "${ALL_PLATFORMS:-}" ] || which='tests/unit/% tests/fuzz/%'
	names "$1" "\$(filter $which,\$(check_PROGRAMS))"
}

# The processor runs it; loader and libraries are those of the root.
i386() {
	local triplet=i386-linux-gnu
	can i386 compiles gcc -m32 || return
	foreign_root i386 || return
	foreign i386 $triplet CC="$(cached gcc -m32 --sysroot="$root")" \
		LDFLAGS="-Wl,-I,$root/lib/ld-linux.so.2 -Wl,--disable-new-dtags,-rpath,$root/usr/lib/$triplet" || return
	# They were recorded on amd64, where a structure of the kernel is longer.
	CANNOT=(messages_of_a_real_kernel_are_understood)
	tested i386 "$(tests_of i386)"
	CANNOT=()
}

# clang, because Debian's gcc for other processors and gcc-multilib cannot be installed together
emulated() {            # emulated ARCH PROCESSOR
	local arch=$1 processor=$2 triplet=$2-linux-gnu compiler
	can "$arch" command -v clang || return
	can "$arch" command -v "qemu-$processor-static" || return
	can "$arch" command -v "$triplet-ld" || return
	foreign_root "$arch" || return
	compiler="clang --target=$triplet --sysroot=$root"
	# shellcheck disable=SC2086     # with its arguments
	lab_quiet "proc_stat.c" $compiler -std=c11 -D_GNU_SOURCE -fPIE -O2 -Wall -Wextra -Werror -c -o "$LAB/$arch.o" \
		"$srcdir/tests/platform/proc_stat.c"
	foreign "$arch" "$triplet" CC="$(cached "$compiler")" CHECK_CFLAGS="-I$root/usr/include" \
		CHECK_LIBS="$LAB/$arch.o -lcheck_pic -lsubunit -lrt -lm -pthread" || return
	CANNOT=("${QEMU_CANNOT[@]}")
	# check_engine does not end in qemu-user.
	tested "$arch" "$(tests_of "$arch" | grep -v /check_engine)" LOG_COMPILER="./libtool --mode=execute qemu-$processor-static -L $root"
	CANNOT=()
}

# All is compiled; what needs no library but libcheck, libevent and libmnl is linked and tested, with Debian's, which were
# made for glibc. musl's loader takes libc.so.6 for itself.
musl() {
	local build=$LAB/musl lib=$LAB/lib folder=/usr/lib/x86_64-linux-gnu header
	can musl command -v musl-gcc || return
	can musl test -e "$folder/libcheck.a" -a -e "$folder/libmnl.so.0" -a -e "$folder/libevent_core.a" || return
	mkdir -p "$lib" "$LAB/include/sys" "$LAB/include2"
	ln -s "$folder/libcheck.a" "$folder/libevent_core.a" "$folder/libmnl.so.0" "$lib/"
	ln -s libmnl.so.0 "$lib/libmnl.so"
	for header in linux asm-generic check.h check_stdint.h event2 jansson.h jansson_config.h libmnl net-snmp openssl pcap pcap.h; do
		ln -s "/usr/include/$header" "$LAB/include/$header"
	done
	ln -s /usr/include/x86_64-linux-gnu/sys/queue.h "$LAB/include/sys/"      # Alpine: bsd-compat-headers
	ln -s /usr/include/x86_64-linux-gnu/{asm,openssl} "$LAB/include2/"
	lab_quiet "fortified.c" musl-gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -c -o "$LAB/fortified.o" \
		"$srcdir/tests/platform/fortified.c"
	lab_quiet "ar" ar rc "$lib/libfortified.a" "$LAB/fortified.o"
	configured musl x86_64-linux-musl CC="$(cached musl-gcc)" CPPFLAGS="-idirafter $LAB/include -idirafter $LAB/include2" \
		LDFLAGS="-Wl,-E,-u,__fprintf_chk,--allow-shlib-undefined,-rpath,$lib" ac_cv_lib_netsnmpagent_netsnmp_register_handler=yes \
		CHECK_CFLAGS=-pthread CHECK_LIBS="-L$lib -lcheck -lfortified" MNL_CFLAGS=-pthread MNL_LIBS="-L$lib -lmnl" \
		EVENT_CFLAGS=-pthread EVENT_LIBS="-L$lib -levent_core -lfortified" {JANSSON,PCAP,CRYPTO}_CFLAGS=-pthread \
		{JANSSON,PCAP,CRYPTO}_LIBS=-pthread
	# shellcheck disable=SC2016     # make's
	printf 'include Makefile\nobjects: $(filter %%.o %%.lo,$(foreach v,$(filter am_%%_OBJECTS,$(.VARIABLES)),$($(v))))\n' \
		> "$build/objects.mk"
	made musl "everything is compiled" -f objects.mk objects || return
	tested musl "$(ALL_PLATFORMS='' tests_of musl | grep -v /agent/)"
}

[ "$(uname -m)" != x86_64 ] || i386
emulated s390x s390x
[ -z "${ALL_PLATFORMS:-}" ] || emulated arm64 aarch64
[ "$(uname -m)" != x86_64 ] || musl
[ $((lab_passed + lab_failed)) -gt 0 ] || skip "none of the tools is there"
lab_end
