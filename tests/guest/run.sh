#!/bin/bash
# Runs a script in a User-Mode-Linux guest, whose kernel has IPsec whatever the machine's own can do.  Try it:
#
#     tests/guest/run.sh /bin/sh -c 'uname -a; ip xfrm state add ...'

set -u
PATH=$PATH:/usr/sbin:/sbin         # insmod, for who is not root
usage() {
	cat <<-'END'
	usage: tests/guest/run.sh [-t SECONDS] [-m MEMORY] [-r DIR]... [-w DIR]... [-e NAME=VALUE]... COMMAND [ARGUMENT...]
	Runs COMMAND as root in a User-Mode-Linux guest.  Its root directory is the machine's, which the guest may seem to
	change; nothing of that is real but what is below DIR.  Guest's own, and empty, are /tmp, /run and /dev.
	  -t SECONDS     time limit of COMMAND (120)
	  -m MEMORY      of the guest (512M); the machine gives what is touched
	  -r DIR         a directory that is below /tmp, /run or /dev, and is to be seen nevertheless
	  -w DIR         a directory that the guest may write to
	  -e NAME=VALUE  an environment variable for COMMAND; it gets no others of ours
	Status: COMMAND's; 124 when its time was over; 125 when the guest died; 77, with a line `SKIPPED: ...', when there
	is no User-Mode Linux or it cannot boot here.
	END
}

skip() { printf 'SKIPPED: %s\n' "$*"; exit 77; }

limit=120 memory=512M readable=() writable=() environment=()
while getopts t:m:r:w:e:h option; do
	case $option in
	t) limit=$OPTARG ;;
	m) memory=$OPTARG ;;
	r) readable+=("$(realpath -e -- "$OPTARG")") || exit ;;
	w) writable+=("$(realpath -e -- "$OPTARG")") || exit ;;
	e) environment+=("$OPTARG") ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { usage >&2; exit 2; }
linux=$(command -v linux.uml) || skip "no linux.uml: Debian's package user-mode-linux"
command -v insmod > /dev/null || skip "no insmod: Debian's package kmod"

# Everything that guest and machine tell each other is in files here.
dir=$(mktemp -d /tmp/guest.XXXXXX) || exit 125
guest=
# The guest makes a session of its own, apart from that of its `timeout'.  Its processes are processes of the machine, in
# its group, and outlive it when it is killed.
kill_guest() {
	local group
	for group in "$guest" "$(cat "$dir/uml/pid")"; do
		[ -z "$group" ] || kill -KILL -- "-$group"
	done
} 2> /dev/null
# shellcheck disable=SC2317     # by the trap
finish() {
	trap '' INT TERM HUP
	[ -z "$guest" ] || { kill_guest; wait "$guest"; } 2> /dev/null
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

readable+=("$PWD")
[[ $1 != */* ]] || readable+=("$(dirname "$(realpath -- "$1")")")
command=("$@") cwd=$PWD
declare -p dir limit readable writable environment command cwd > "$dir/settings"

# The guest's first process, twice: as what the kernel starts, and again in the root directory that it has made.
cat > "$dir/init" <<'INIT'
#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
. "${0%/*}/settings"
modules=/usr/lib/uml/modules

# Needs no package, which `poweroff' would. The kernel ends when this process does, too.
power_off() { echo o > /proc/sysrq-trigger; sleep 10; exit; }
stop() { printf 'guest: %s\n' "$*" > /dev/tty0; power_off; }

# hostfs PATH DIR [OPTION]: PATH of the machine in DIR. Linux 6.11 and later want the first form, others the second.
hostfs() {
	mount -t hostfs -o "${3:+$3,}hostfs=$1" none "$2" 2> /dev/null || mount -t hostfs -o "${3:+$3,}$1" none "$2" || stop "mount $1"
}

# The machine's root below what the guest writes, and the guest's own file systems in it.
make_root() {
	local root=/mnt/root path
	mount -t proc proc /proc
	insmod "$modules/$(uname -r)/kernel/fs/overlayfs/overlay.ko" || stop "no overlayfs"
	mount -t tmpfs -o mode=0755 tmpfs /mnt && mkdir /mnt/{upper,work,root} &&
		mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay $root || stop "no root"
	mount -t proc proc $root/proc
	mount -t sysfs sysfs $root/sys
	mount -t devtmpfs dev $root/dev
	mkdir -p $root/dev/{pts,shm,net} $root/lib/modules
	mount -t devpts -o ptmxmode=0666 devpts $root/dev/pts
	for path in dev/shm tmp run; do mount -t tmpfs -o mode=1777 tmpfs $root/$path; done
	chmod 0755 $root/run
	mkdir -p $root/run/{lock,netns}
	mount --bind $modules $root/lib/modules
	for path in "${readable[@]}"; do
		[[ $path =~ ^/(tmp|run|dev)/ ]] || continue
		mkdir -p "$root$path" && hostfs "$path" "$root$path" ro
	done
	for path in "$dir" "${writable[@]}"; do
		mkdir -p "$root$path" && hostfs "$path" "$root$path"
	done
	cd $root && mount -n --move . / || stop "no move of the root"
}

if [ $$ = 1 ] && [ "${1:-}" != ready ]; then
	make_root
	exec chroot . "$dir/init" ready
fi
[ -c /dev/net/tun ] || mknod /dev/net/tun c 10 200
for link in fd/0:stdin fd/1:stdout fd/2:stderr /proc/self/fd:fd; do ln -sf "${link%:*}" "/dev/${link#*:}"; done
ip link set lo up
# What the kernel loads by itself when it is asked for may come too late for the packet that asked.
modprobe -a xfrm_user esp4 esp6 ah4 ah6 ipcomp ipcomp6 xfrm4_tunnel xfrm6_tunnel veth dummy
: > "$dir/booted"
for tty in 1 2; do stty -F /dev/tty$tty raw -echo; done
cd "$cwd" || cd /
env -i PATH="$PATH" HOME=/root LC_ALL=C SHELL=/bin/bash TERM=dumb "${environment[@]}" \
	timeout -k 5 "$limit" "${command[@]}" < /dev/null > /dev/tty1 2> /dev/tty2
status=$?
for tty in 1 2; do stty -F /dev/tty$tty cooked; done    # returns when all has been written
echo $status > "$dir/status"
for path in "$dir" "${writable[@]}"; do sync -f "$path"; done
power_off
INIT
chmod +x "$dir/init"

# It cannot start on a machine with registers that it does not know (AMX) without this; on others it makes no difference.
preload=
! cc -O1 -shared -fPIC -o "$dir/xstate.so" "${BASH_SOURCE[0]%/*}/xstate.c" -ldl 2> "$dir/cc" ||
	preload=LD_PRELOAD=$dir/xstate.so

# UML makes its descriptors non-blocking: it gets pipes of its own, not what may be a terminal of ours.
exec 3> >(exec cat)
out=$!
exec 4> >(exec cat >&2)
err=$!
# Its memory is a file, in /dev/shm unless TMPDIR is set.
env -u TMPDIR -u TMP -u TEMP ${preload:+"$preload"} setsid timeout -s KILL $((limit + 60)) "$linux" mem="$memory" init="$dir/init" \
	root=/dev/root rootfstype=hostfs rootflags=/ ro uml_dir="$dir/" umid=uml loglevel=5 \
	con=null con0=null,fd:5 con1=null,fd:3 con2=null,fd:4 5> "$dir/kernel" < /dev/null > "$dir/log" 2>&1 &
guest=$!
exec 3>&- 4>&-
{ wait $guest; } 2> /dev/null           # the shell would tell of a guest that was killed
kill_guest
guest=
wait $out $err
[ ! -s "$dir/status" ] || exit "$(< "$dir/status")"
tail -n 30 "$dir/log" "$dir/kernel" >&2
[ -e "$dir/booted" ] || skip "User-Mode Linux cannot boot here$(sed -n 's/^guest: /: /p' "$dir/kernel" | head -n 1)"
exit 125
