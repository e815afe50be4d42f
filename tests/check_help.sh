#!/bin/sh
# SPDX-License-Identifier: ISC
# Each program says what it takes and which version it is: on standard output, in 80 columns, as a success. A plugin for
# monitoring systems ends with UNKNOWN (3), as its guidelines want. Exit status 1 when something is wrong.

export LC_ALL=C
built=$(cd "${top_builddir:-.}" && pwd) || exit 99
status=0
fail()
{
	echo "FAIL: $*"
	status=1
}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# asked STATUS PROGRAM OPTION: it says something, and nothing else
asked()
{
	"$built/$2" "$3" >"$work/out" 2>"$work/err"
	got=$?
	[ "$got" = "$1" ] || fail "$2 $3: exit status $got, not $1"
	[ -s "$work/out" ] || fail "$2 $3: prints nothing"
	[ ! -s "$work/err" ] || fail "$2 $3: standard error: $(head -n 3 "$work/err")"
}

for program in ipsecmon ipsecmond ipsecmon-agentx ipsecmon-engine check_ipsecmon; do
	[ -x "$built/$program" ] || { echo "$program: not built"; continue; }
	good=0
	[ "$program" != check_ipsecmon ] || good=3
	for option in -h --help; do
		asked "$good" "$program" "$option"
		grep -q '^usage: ' "$work/out" || fail "$program $option: no usage"
		# A line of its own has the path of the configuration, which may be long.
		wide=$(awk 'length > 80 && !/^ *\//' "$work/out")
		[ -z "$wide" ] || fail "$program $option: wider than 80 columns:
$wide"
		for word in -h --help -V --version; do
			grep -qe "$word" "$work/out" || fail "$program $option: does not tell of $word"
		done
	done
	for option in -V --version; do
		asked "$good" "$program" "$option"
		grep -Eqx "$program [0-9.]+[0-9a-z.~+-]*" "$work/out" || fail "$program $option: $(cat "$work/out")"
	done
	"$built/$program" --no-such-option >"$work/out" 2>"$work/err" && fail "$program --no-such-option: succeeds"
	grep -qe --no-such-option "$work/out" "$work/err" || fail "$program: a wrong option is not named"
done
exit "$status"
