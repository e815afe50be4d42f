#!/bin/sh
# SPDX-License-Identifier: ISC
# libipsecmon exports what its installed headers declare; man pages and Debian's list of symbols have the same names.
# Exit status 1 when one differs, 77 when the library was not built.

export LC_ALL=C
top=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd) || exit 99
library=$(cd "${top_builddir:-.}" && pwd)/.libs/libipsecmon.so
status=0
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
[ -e "$library" ] || { echo "SKIPPED: $library was not built"; exit 77; }

# Functions that are declared and not defined: outside of braces, up to a semicolon, the name before the first bracket.
headers=$(sed -n 's/^ipminclude_HEADERS = *//p' "$top/model/local.mk")
for header in $headers; do
	"${CC:-cc}" -E -P "$top/model/${header#%D%/}" | sed '/^#/d' | tr '\n' ' ' | sed 's/extern "C" {//g' | awk '{
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			if (c == "{") { depth++; statement = statement "{}" }
			else if (c == "}") { if (--depth == 0 && statement ~ /^ *(static|__extension__ static)/) statement = "" }
			else if (depth == 0 && c == ";") { print statement; statement = "" }
			else if (depth == 0) statement = statement c
		} }'
done | sed -n 's/^\([^({]*[ *]\)\(ipm_[a-z0-9_]*\) *(.*/\2/p' | sort -u > "$work/declared"
[ -s "$work/declared" ] || { echo "FAIL: no declarations found"; exit 1; }
nm -D --defined-only "$library" | awk '$2 ~ /^[A-Z]$/ { print $3 }' |
	grep -v '^__\(asan\|ubsan\|gcov\|odr\)\|^___asan' | sort -u > "$work/exported"
sed -n 's/^ \([a-z0-9_]*\)@Base .*/\1/p' "$top/debian/libipsecmon0.symbols" | sort -u > "$work/debian"

# same WHAT FILE
same()
{
	diff "$work/declared" "$work/$2" > "$work/diff" && return
	echo "FAIL: $1"
	sed -n 's/^</  declared only:/p; s/^>/  not declared:/p' "$work/diff"
	status=1
}
while read -r name; do
	grep -q "\b$name(" "$(dirname "$library")/../doc"/ipm_*.3 && continue
	echo "FAIL: no man page has $name()"
	status=1
done < "$work/declared"
abi=$(sed -n 's/^#define IPM_ABI \([0-9]*\)u$/\1/p' "$top/model/ipm_types.h")
soname=$(readlink "$library" | sed 's/\(\.so\.[0-9]*\)\..*/\1/')
grep -q "IPM_ABI $abi is in $soname" "$top/model/local.mk" ||
	{ echo "FAIL: IPM_ABI is $abi, and the library $soname: see model/local.mk"; status=1; }
same "what $library exports" exported
same "debian/libipsecmon0.symbols" debian
[ "$status" -ne 0 ] || echo "ok: $(wc -l < "$work/declared") functions"
exit "$status"
