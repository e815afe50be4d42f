# shellcheck shell=bash disable=SC2154,SC2016,SC2034      # lab.sh's, and the story's; sh's dollars
# A gateway as a machine of its own, without systemd: for stories, which have sourced lab.sh. It is there in a second, where
# a page's commands are run; boot-systemd shows that the units do what they say.
#
# stand_ins ROOT puts there a systemctl that starts what a unit says, as its user and with its capabilities, a journalctl,
# and `wait-for COMMANDS', which tries for two minutes.

# of a root for gateway_begins
GATEWAY_PACKAGES=(libcharon-extra-plugins libstrongswan-standard-plugins netbase procps strongswan-charon strongswan-swanctl)

# gateway_begins ROOT: Debian's strongSwan in ROOT, with ESP in user space and a tunnel to the lab's on b; in_root COMMAND... runs
# there. It is the namespace a, with processes and mounts of its own, which end with it; its first process takes up orphans.
gateway_begins() {
	local root=$1
	stand_ins "$root"
	gateways_up
	connections ikev2
	start a machine unshare --mount --pid --fork --kill-child sh -c 'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/run" &&
		mount --bind /dev "$1/dev" && mkdir "$1/run/lock" && echo up && while :; do sleep 1; done' - "$root"
	wait_until 10 grep -q up "$LAB/machine.log"
	GATEWAY_ROOT=$root GATEWAY_INIT=$(< "/proc/${PID[machine]}/task/${PID[machine]}/children")
	strongswan_in "$root/etc"
	charon_up b
	load b
	lab_quiet "strongSwan" in_root systemctl start strongswan
	lab_quiet "it answers" in_root wait-for "swanctl --stats"
	lab_quiet "its configuration" in_root swanctl --load-all
	lab_quiet "a tunnel" in_root swanctl --initiate --child net --timeout 30
}
in_root() { nsenter --mount --pid --net -t "${GATEWAY_INIT% }" chroot "$GATEWAY_ROOT" "$@"; }

# strongswan_in ETC: charon as a service, with ESP in user space and the connections of node a
strongswan_in() {
	mkdir -p "$1/systemd/system"
	cat > "$1/strongswan.conf" <<-'CONF'
		charon {
		  load = random nonce openssl aes sha1 sha2 hmac gcm kdf pem pkcs1 x509 pubkey constraints kernel-libipsec kernel-netlink socket-default vici updown counters error-notify
		  install_virtual_ip = no
		}
		swanctl { load = random openssl pem pkcs1 x509 }
	CONF
	cp "$LAB/a/swanctl.conf" "$1/swanctl/swanctl.conf"
	printf '[Service]\nExecStart=%s\n' "$CHARON" > "$1/systemd/system/strongswan.service"
}

gateway_ends() {
	local unit
	for unit in snmpd ipsecmon-agentx ipsecmond strongswan; do in_root systemctl stop $unit; done
	stop machine KILL       # unshare does not listen, and its child ends with it
}

stand_ins() {           # stand_ins ROOT
	mkdir -p "$1/usr/local/bin"
	cat > "$1/usr/local/bin/systemctl" <<-'END'
	#!/bin/bash
	# systemctl daemon-reload | start|stop|restart|enable [--now]|is-enabled|is-active UNIT...
	while [[ ${1:-} = --* ]]; do shift; done
	verb=$1
	shift
	[ "${1:-}" != --now ] || shift
	mkdir -p /run/units
	[ "${1:-}" != -- ] || shift
	for unit; do
		unit=${unit%.service}
		pidfile=/run/units/$unit.pid
		case $verb in
		is-enabled) echo enabled; exit ;;
		is-active)  [ -s "$pidfile" ] && kill -0 "$(cat "$pidfile")" 2> /dev/null; exit ;;
		esac
		if [ "$verb" = stop ] || [ "$verb" = restart ]; then
			if [ -s "$pidfile" ] && kill "$(cat "$pidfile")" 2> /dev/null; then
				while grep -q '^State:.[^ZX]' "/proc/$(cat "$pidfile")/status" 2> /dev/null; do sleep 0.1; done
			fi
			rm -f "$pidfile"
		fi
		[ "$verb" != stop ] || continue
		[ ! -s "$pidfile" ] || ! kill -0 "$(cat "$pidfile")" 2> /dev/null || continue
		file=/etc/systemd/system/$unit.service
		[ -e "$file" ] || file=/lib/systemd/system/$unit.service
		text=$(cat "$file" "/etc/systemd/system/$unit.service.d"/*.conf 2> /dev/null) || true
		value() { sed -n "s/^$1=//p" <<< "$text"; }
		command=() caps=
		for cap in $(value CapabilityBoundingSet); do cap=${cap#CAP_}; caps+=,+${cap,,}; done
		user=$(value User) group=$(value Group)
		[ -z "$user" ] || command=(setpriv --reuid="$user" --regid="${group:-$user}" --clear-groups "--bounding-set=-all$caps" --inh-caps=-all --no-new-privs)
		read -ra start <<< "$(value ExecStart | tail -n 1)"
		"${command[@]}" "${start[@]}" >> "/run/units/$unit.log" 2>&1 < /dev/null &
		echo $! > "$pidfile"
	done
	END
	cat > "$1/usr/local/bin/journalctl" <<-'END'
	#!/bin/bash
	# journalctl -u UNIT...: what they have said
	while [ $# -gt 0 ]; do
		[ "$1" != -u ] || { cat "/run/units/$2.log" 2> /dev/null; shift; }
		shift
	done
	true
	END
	cat > "$1/usr/local/bin/wait-for" <<-'END'
	#!/bin/bash
	for _ in $(seq 1200); do bash -c "$1" > /tmp/wait-for.out 2>&1 && exit; sleep 0.1; done
	echo "not within two minutes: $1"
	cat /tmp/wait-for.out
	exit 1
	END
	chmod 0755 "$1"/usr/local/bin/{systemctl,journalctl,wait-for}
}
