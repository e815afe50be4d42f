#!/bin/sh
# SPDX-License-Identifier: ISC
# Real shells complete commands of ipsecmon: bash, and zsh if it is installed. Exit status 1 when one offers wrong
# words, 77 without bash.
#
# shellcheck disable=SC2317     # of_bash and of_zsh are called by name

export LC_ALL=C
top=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd) || exit 99
PATH=$(cd "${top_builddir:-.}" && pwd):$PATH || exit 99
export PATH
status=0

command -v bash >/dev/null || { echo "SKIPPED: no bash"; exit 77; }
[ -x "$(command -v ipsecmon)" ] || { echo "SKIPPED: no ipsecmon"; exit 77; }

# What bash offers for a line, words between blanks.
of_bash()
{
	COMP_LINE=$1 bash --norc --noprofile -c '
		compopt() { echo "files"; }
		. "$1" && complete -p ipsecmon > /dev/null || exit
		COMP_POINT=${2:-${#COMP_LINE}}
		_ipsecmon
		IFS=" "
		echo "${COMPREPLY[*]}"' - "$top/contrib/completion/ipsecmon.bash" "$2" | tr '\n' ' ' | sed 's/ *$//'
}

# What zsh does: its own _describe and _files are for a terminal.
of_zsh()
{
	zsh -f -c '
		_describe() { local c; for c in "${(@P)2}"; do printf "%s " "${${c//\\:/;}%%:*}"; done }
		_files() { printf "files " }
		complete_it() { . "$1" }
		words=("${(@s: :)2}")
		CURRENT=$#words
		PREFIX=${words[CURRENT]}
		complete_it "$1"' - "$top/contrib/completion/_ipsecmon" "$1" | tr ';' ':' | sed 's/ *$//'
}

# offers SHELL LINE WORDS [POINT]
offers()
{
	got=$("of_$1" "$2" "${4-}")
	[ "$got" = "$3" ] || { echo "FAIL: $1: '$2' offers '$got', not '$3'"; status=1; }
}

shells=bash
if command -v zsh >/dev/null; then shells="bash zsh"; else echo "zsh: skipped, it is not there"; fi
for shell in $shells; do
	offers "$shell" "ipsecmon sh" "show"
	offers "$shell" "ipsecmon show crypto i" "ipsec isakmp"
	offers "$shell" "ipsecmon --json show crypto isakmp " "sa"
	offers "$shell" "ipsecmon sh cry isa " "sa"
	offers "$shell" "ipsecmon show --j" "--json"
	offers "$shell" "ipsecmon sessions --sort s" "since"
	offers "$shell" "ipsecmon sessions --p" "--pools"
	offers "$shell" "ipsecmon clear crypto session " "group id remote username"
	offers "$shell" "ipsecmon show nothing " ""
	offers "$shell" "ipsecmon -c " "files"
	offers "$shell" "ipsecmon -c /nonexistent show fee" "feeds"
done
offers bash "ipsecmon show crypto i and what stands behind the cursor" "ipsec isakmp" 22

# bash replaces what stands behind the last colon only.
fake=$(mktemp -d) || exit 99
trap 'rm -rf "$fake"' EXIT
printf '#!/bin/sh\nprintf "2001:db8::1\\tan address\\n2001:db8::2\\tan address\\n"\n' > "$fake/ipsecmon"
chmod +x "$fake/ipsecmon"
PATH=$fake:$PATH
offers bash "ipsecmon show crypto ipsec sa peer 2001:d" "db8::1 db8::2"
[ "$shells" = bash ] || offers zsh "ipsecmon show crypto ipsec sa peer 2001:d" "2001:db8::1 2001:db8::2"

[ "$status" -ne 0 ] || echo "ok: $shells"
exit $status
