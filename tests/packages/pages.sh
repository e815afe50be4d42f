# shellcheck shell=bash disable=SC2154      # srcdir is the story's
# Pages of documentation, as scripts: page PAGE runs the code blocks of doc/PAGE one after the other, each in a shell of its own, and
# each must succeed. blocks.py has what a page may say of them. The story has a function `in_place PLACE COMMAND...', which
# runs a command where the page is about; PLACE is empty but for blocks that name one.
#
# In a place there is no systemd: stand_ins ROOT puts there a systemctl that starts what a unit says, as its user and with
# its capabilities, a journalctl, and `wait-for COMMANDS', which tries for 30 s.

PAGES_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

page() {
	local page=$1 dir=$LAB/page-${1%.md} block line place first
	mkdir -p "$dir"
	lab_quiet "blocks of $page" "$lab_python" "$PAGES_HOME/blocks.py" "$srcdir/doc/$page" "$dir"
	check "$page has commands" test -d "$dir/00"
	for block in "$dir"/[0-9]*; do
		line=$(< "$block/line") place=
		[ ! -e "$block/place" ] || place=$(< "$block/place")
		if [ -e "$block/suite" ]; then
			check "$page:$line is run by a suite" grep -qxF -e "$(sed 's/[: ].*//' "$block/suite")" <(bash "$srcdir/tests/run" --list)
			continue
		fi
		for first in before text after; do
			[ -e "$block/$first" ] || continue
			[ "$first" != text ] || [ ! -e "$block/file" ] || { page_file "$block" "$place"; continue; }
			page_run "$block/$first" "$place" || { [ $first = text ] && [ -e "$block/may-fail" ]; } ||
				die "$page:$line, $first: exit status $(< "$block/$first.status")
$(sed 's/^/#   /' "$block/$first"; echo '#   ----'; tail -n 20 "$block/$first.out" | sed 's/^/#   /')"
		done
		if [ -e "$block/expect" ] && ! grep -qF -e "$(< "$block/expect")" "$block/text.out"; then
			tail -n 30 "$block/text.out" | sed 's/^/#   /'
			fail "$page:$line prints $(< "$block/expect")"
		else
			pass "$page:$line: $(head -n 1 "$block/text")"
		fi
	done
}

page_run() {            # page_run FILE PLACE: its output is in FILE.out
	local status
	in_place "$2" timeout 100 bash -e -o pipefail -c "$(< "$1")" > "$1.out" 2>&1 < /dev/null
	status=$?
	echo $status > "$1.status"
	return $status
}

page_file() {           # page_file BLOCK PLACE
	# shellcheck disable=SC2016
	in_place "$2" bash -e -c 'mkdir -p "$(dirname "$1")" && cat > "$1"' - "$(< "$1/file")" < "$1/text" || die "$(< "$1/file")"
}

stand_ins() {           # stand_ins ROOT
	mkdir -p "$1/usr/local/bin"
	cat > "$1/usr/local/bin/systemctl" <<-'END'
	#!/bin/bash
	# systemctl daemon-reload | start|stop|restart|enable [--now] UNIT...
	verb=$1
	shift
	[ "${1:-}" != --now ] || shift
	mkdir -p /run/units
	for unit; do
		unit=${unit%.service}
		pidfile=/run/units/$unit.pid
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
	for _ in $(seq 300); do bash -c "$1" > /tmp/wait-for.out 2>&1 && exit; sleep 0.1; done
	echo "not within 30 s: $1"
	cat /tmp/wait-for.out
	exit 1
	END
	chmod 0755 "$1"/usr/local/bin/{systemctl,journalctl,wait-for}
}
