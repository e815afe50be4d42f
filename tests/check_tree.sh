#!/bin/sh
# SPDX-License-Identifier: ISC
# Do the documents agree with the code, and are all files as they should be? check_structure looks at the code.
# Prints each mistake; exit status 1 if there is one.
#
# shellcheck disable=SC2013,SC2016      # names and links have no blanks; the backquotes are markdown's

export LC_ALL=C
cd "${top_srcdir:-$(dirname "$0")/..}" || exit 99
status=0
objects=$(echo tests/data/*.objects)

fail()
{
	echo "FAIL: $*"
	status=1
}

# Our own files, one to a line: those that git tracks or would add; in a tarball, those in our folders.
files()
{
	if [ -e .git ] && git ls-files >/dev/null 2>&1; then
		git ls-files -co --exclude-standard | while read -r file; do [ ! -f "$file" ] || echo "$file"; done
		return
	fi
	for file in README.md CONTRIBUTING.md NEWS LICENSE Makefile.am configure.ac autogen.sh quickstart .clang-format; do
		[ ! -f "$file" ] || echo "$file"
	done
	find model common feeds engine agent cli plugin mibs doc contrib debian bench tests -name '.*' -prune -o -type f \
		! -name '*.o' ! -name '*.lo' ! -name '*.la' ! -name '*.log' ! -name '*.trs' -print |
		while read -r file; do
			case $(sed -n '2p;2q' "$file" | tr -d '\0') in
			*"temporary wrapper script"*) ;; # of libtool, for a program built here
			*) echo "$file" ;;
			esac
		done
}
all=$(files)
c_files=$(echo "$all" | grep '\.[ch]$')
[ -n "$c_files" ] || fail "no C files in $(pwd)"

# --- the documents --------------------------------------------------------------------------------------------------

# The views, with their own macros expanded: tables may share a list of columns. Each COL() begins a line.
views=$(for view in agent/views/*.c; do
	sed '/^#include/d' "$view" | ${CC:-cc} -E -P - | sed -E 's/\bCOL(_[A-Z]+)?\(/\n&/g; s/" "//g'
done)
# A table row of doc/mapping.md begins with "| `object` |".
served=$(echo "$views" | sed -nE 's/^COL(_[A-Z]+)?\([^"]*"([A-Za-z0-9]+)".*/\2/p')
rows=$(sed -nE 's/^\| `([A-Za-z0-9]+)` \|.*/\1/p' doc/mapping.md)
[ "$(echo "$served" | grep -c .)" -eq "$(echo "$views" | grep -cE '^COL(_[A-Z]+)?\(')" ] ||
	fail "agent/views/*.c: a COL() without a name on its line"
[ -n "$served" ] || fail "agent/views/*.c: no column found"
for name in $served; do
	[ "$(echo "$rows" | grep -cx "$name")" -eq 1 ] || fail "doc/mapping.md: not exactly one row for $name"
	# shellcheck disable=SC2086     # the list is meant
	cat $objects | grep -q "^$name	" || fail "agent/views/*.c: $name is not in $objects"
done
# A row names what its column needs: the capabilities of .caps by the labels of model/ipm_types.h, or drops.
labels=$(sed -nE 's/^[[:space:]]*X\(([A-Z0-9_]+), *"([A-Za-z]+)", .*/s,IPM_CAP_\1\\b,\\`\2\\`,/p' model/ipm_types.h)
want=$({
	echo "$views" | sed -nE 's/^COL[^"]*"([A-Za-z0-9]+)".*, *\.caps = ([A-Z_ |]+)\)[, ].*/\1 needs \2/p' |
		sed "$labels; s/ | / or /"
	echo "$views" | sed -nE 's/^COL[^"]*"([A-Za-z0-9]+)".*, *\.drops = .*/\1 needs it told/p'
} | sort)
[ "$(echo "$want" | grep -c .)" -eq "$(echo "$views" | grep -cE '\.(caps|drops) = ')" ] ||
	fail "agent/views/*.c: a .caps or .drops that is not understood"
[ "$want" = "$(sed -nE 's/^\| `([A-Za-z0-9]+)` \|.*; (needs [^|;]*[^|; ]) \|.*/\1 \2/p' doc/mapping.md | sort)" ] ||
	fail "doc/mapping.md: rows name other needs than .caps and .drops of the columns"
# Three places list the capabilities, by label and number.
caps=$(sed -n '/^#define IPM_CAPS/,/^$/s/^[[:space:]]*X([A-Z0-9_]*, *"\([A-Za-z]*\)".*/\1/p' model/ipm_types.h |
	awk '{ print $1 "(" NR - 1 ")" }')
[ -n "$caps" ] || fail "model/ipm_types.h: no IPM_CAPS found"
known=$(sed -nE '/^### What a feed can know/,/^### IKE/s/^\| ([A-Za-z]+\([0-9]+\)) \| .*/\1/p' doc/mapping.md)
[ "$caps" = "$known" ] || fail "doc/mapping.md: other capabilities than IPM_CAPS"
template=mibs/template/IPSECMON-MIB.txt.in
[ "$caps" = "$(sed -n '/^FeedCapabilities/,/}/s/^ *\([A-Za-z]*([0-9]*)\),*$/\1/p' $template)" ] ||
	fail "$template: other FeedCapabilities than IPM_CAPS"
for name in $rows; do
	echo "$served" | grep -qx "$name" || fail "doc/mapping.md: has a row for $name, which no view serves"
done
prefixes='cike|cip|cipSec|cips|cca|cras|ikePolMap|ipSecPolMap|ipsecmon'
for name in $(grep -oE "\b($prefixes)[A-Z][A-Za-z0-9]*" doc/mapping.md | sort -u); do
	# shellcheck disable=SC2086     # the list is meant
	cat $objects | grep -Eq "^$name	|[	,]$name(,|\$)" && continue
	cat mibs/*.txt mibs/template/*.in | grep -Eq "^$name (OBJECT|NOTIFICATION|MODULE)[- ]" && continue
	fail "doc/mapping.md: $name is no object of the MIB"
done

# doc/mibs.md has a row for each table and group that is served, "| `name` |", with SET where a column of it can be SET,
# and names each notification. Rows of other things have a blank in their name.
tables=$(sed -nE 's/^[[:space:]]*\.name = "([A-Za-z0-9]+)",$/\1/p' agent/views/*.c)
shown=$(sed -nE 's/^\| `([A-Za-z0-9]+)` \| \..*/\1/p' doc/mibs.md)
[ -n "$tables" ] || fail "agent/views/*.c: no table found"
settable=$(awk '
	FNR == 1 { split("", set) }
	/^static const struct mib_col/ { cols = $5; sub(/\[.*/, "", cols) }
	/^\tCOL.*[.]set = / { set[cols] = 1 }
	/^\t[.]name = "/ { table = $3; gsub(/[",]/, "", table) }
	/^\tMIB_COLS\(/ { sub(/.*\(/, ""); sub(/\).*/, ""); if ($0 in set) print table }' agent/views/*.c)
for name in $tables; do
	[ "$(echo "$shown" | grep -cx "$name")" -eq 1 ] || fail "doc/mibs.md: not exactly one row for $name"
	written=$(echo "$settable" | grep -qx "$name" && echo SET)
	[ "$(sed -nE "s/^\| \`$name\` \|[^|]*\|[^|]*\| *([A-Z]*) *\|.*/\1/p" doc/mibs.md)" = "$written" ] ||
		fail "doc/mibs.md: $name: SET is '$written' in agent/views/*.c"
done
for name in $shown; do
	echo "$tables" | grep -qx "$name" || fail "doc/mibs.md: has a row for $name, which no view serves"
done
told=$(sed -n '/^Notifications: /,/^$/p' doc/mibs.md | grep -oE '`[A-Za-z]+`' | tr -d '`' | sort)
[ "$told" = "$(sed -nE 's/^([A-Za-z]+) NOTIFICATION-TYPE.*/\1/p' mibs/*.txt mibs/template/*.in | sort -u)" ] ||
	fail "doc/mibs.md: other notifications than those of the MIB modules"

# A suite that a page names is one of tests/run.
suites=$(bash tests/run --list)
for page in doc/*.md; do
	for name in $(grep -oE '`(unit|lab|guest|client|platform|boot)-[a-z0-9-]+`|^<!-- suite [a-z0-9-]+' "$page" |
		sed 's/.* //' | tr -d '`'); do
		echo "$suites" | grep -qxF -e "$name" || echo "$suites" | grep -q "^$name" || fail "$page: there is no suite $name"
	done
done

# doc/platforms.md has each suite of a platform. A cell names one only if its story has the word that the row begins with,
# `i386`, and, where it runs our suites on another release, one of the column's kind, or all with --all-platforms: "(all)".
for name in $(echo "$suites" | grep -E '^(platform|boot)-'); do
	grep -qE "^\|.*\`$name\`" doc/platforms.md || fail "doc/platforms.md: no row names $name"
done
wrong=$(sed -nE 's/^\|[^|`]*`([a-z0-9]+)`[^|]*\| */\1|/p' doc/platforms.md | while IFS='|' read -r row built unit lab guest packages; do
	for column in "built:$built" "unit:$unit" "lab:$lab" "guest:$guest" "packages:$packages"; do
		name=$(echo "${column#*:}" | grep -oE '`platform-[a-z0-9-]+`' | tr -d '`')
		[ -n "$name" ] || continue
		story=tests/platform/it_${name#platform-}.sh
		grep -qw "$row" "$story" || echo "$name has nothing of $row;"
		runs=$(sed -n 's/^platform_suites //p' "$story")
		case "$column, $runs" in *"(all)"* | built:* | *", ") continue ;; esac
		echo " $runs" | grep -q " ${column%%:*}" || echo "$name runs no ${column%%:*} suite;"
	done
done)
[ -z "$wrong" ] || fail "doc/platforms.md: $wrong"

# Messages that doc/troubleshooting.md quotes exist in the sources. An item of a list that ends with a colon quotes
# messages; the text between two variable parts ("...") must be in the code. Exceptions: lists and lines marked
# "of Net-SNMP", and errno texts.
cat agent/*.c common/*.[ch] feeds/*.c feeds/*/*.c model/*.[ch] cli/*.c | tr '\n' ' ' |
	sed -E 's/" *PRI[a-zA-Z0-9]+ *"//g; s/"[[:space:]]*"//g; s/\\"/"/g' > "${TMPDIR:-/tmp}/check_tree.$$"
missing=$(awk -v code="${TMPDIR:-/tmp}/check_tree.$$" '
	BEGIN { getline code < code }
	/^<!-- of Net-SNMP -->/ { foreign = 1; next }
	/^$/ { foreign = 0 }
	!/^- .*:$/ || foreign || /of Net-SNMP/ { next }
	{
		n = split($0, text, "`")
		for (i = 2; i <= n; i += 2) {
			sub(/^(error|warning|info): /, "", text[i])
			if (text[i] ~ /^feed [a-z-]+: (up|down)$/) continue
			m = split(text[i], piece, /\.\.\./)
			for (j = 1; j <= m; j++) {
				gsub(/No such file or directory|Permission denied|Connection refused|^\/[a-z\/]+: |^[: ]+|[: ]+$/, "", piece[j])
				if (piece[j] == "" || piece[j] ~ /^ipsecmon.conf:/) continue
				checked++
				if (!index(code, piece[j])) print "no message has: " piece[j]
			}
		}
	}
	END { if (checked < 40) print "only " checked + 0 " pieces of messages found" }' doc/troubleshooting.md)
rm -f "${TMPDIR:-/tmp}/check_tree.$$"
[ -z "$missing" ] || fail "doc/troubleshooting.md: $missing"

programs=$(cat ./*/local.mk | sed -nE 's/^(s?bin|plugin)_PROGRAMS [+]= *//p')
[ -n "$programs" ] || fail "local.mk: no programs found"
for program in $programs; do
	grep -q "^\.Nm $program\$" /dev/null doc/"$program".[1-8] 2>/dev/null || fail "doc/: no man page of $program"
	grep -q "%D%/$program\.[1-8]" doc/local.mk || fail "doc/local.mk: does not install the man page of $program"
done

# Debian's packages build with the libraries of contrib/packages.debian, and contain each man page.
for package in $(sed -n '/^\[build\]/,/^$/s/^\(lib[a-z0-9.+-]*-dev\).*/\1/p' contrib/packages.debian); do
	[ "$package" = libc6-dev ] || grep -q "^ $package,\$" debian/control ||
		fail "debian/control: does not build with $package"
done
for page in doc/*.[1-8]; do
	section=${page##*.} name=$(basename "$page")
	grep -qE "^usr/share/man/man$section(/$name)?\$" debian/*.install || fail "debian/: no package has $name"
done
for module in $(sed -nE '/^(nodist_|dist_)?mib_DATA/,/[^\\]$/p; /^dist_mib_DATA/,/[^\\]$/p' mibs/local.mk |
	grep -oE '[A-Za-z0-9-]+[.]txt' | sort -u); do
	grep -q "\.It Pa.*\b$module" doc/ipsecmon-mibs.7 || fail "doc/ipsecmon-mibs.7: does not name $module"
done
version=$(sed -n 's/^AC_INIT(\[ipsecmon\], \[\([^]]*\)\].*/\1/p' configure.ac)
[ "$(sed -n '1s/^ipsecmon (\(.*\)) .*/\1/p' debian/changelog)" = "$version" ] ||
	fail "debian/changelog: has another version than configure.ac"

for page in README.md CONTRIBUTING.md doc/*.md; do
	[ -s "$page" ] || fail "$page: is empty"
	for link in $(grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//'); do
		case $link in
		http://* | https://* | mailto:*) continue ;;
		'#'*) target=$page ;;
		*) target=$(dirname "$page")/${link%%#*} ;;
		esac
		if [ ! -e "$target" ]; then
			fail "$page: links to $link, which is not there"
			continue
		fi
		case $link in
		*'#'*) # as GitHub makes anchors of headings
			sed -n 's/^##* //p' "$target" | tr 'A-Z ' 'a-z-' | sed 's/[^a-z0-9_-]//g' |
				grep -Fqx -e "${link#*#}" || fail "$page: $link: there is no such heading"
			;;
		esac
	done
done

# Each alert of Prometheus has a runbook: a section of a page that says the cause and what to do.
alerts=$(sed -nE "s/^ *- alert: (.*)/\1/p; s,^ *runbook_url: 'https://ipsecmon.example/(.*)',\1,p" \
	contrib/prometheus/alerts.yml)
[ -n "$alerts" ] || fail "contrib/prometheus/alerts.yml: no alert found"
[ "$(echo "$alerts" | grep -c '#')" -eq "$(echo "$alerts" | grep -vc '#')" ] ||
	fail "contrib/prometheus/alerts.yml: an alert without runbook_url"
for link in $(echo "$alerts" | grep '#' | sort -u); do
	section=$(awk -v anchor="${link#*#}" '/^## / { found = tolower($2) == anchor && NF == 2; next } found' "${link%%#*}")
	for part in '**Cause.**' '**What to do.**'; do
		echo "$section" | grep -qF -e "$part" || fail "contrib/prometheus/alerts.yml: $link: there is no section with $part"
	done
done

# README's table, the table of doc/pollers.md and its sections have the same pollers.
names() { grep -oE '\[[^]]*\]\(' | tr -d '[](' | tr ',' '\n' | sed 's/^ *//' | sort | tr '\n' ' '; }
sections=$(sed -n '/^## What they\|^## The Cisco/d; s/^## \(.*\)/[\1](/p' doc/pollers.md | names)
listed=$(sed -n '/^| poller/,/^$/p' doc/pollers.md | cut -d '|' -f 2 | names)
promised=$(sed -n '/^| system | you get/,/^$/p' README.md | grep -v '^| .Notifications' | cut -d '|' -f 2 | names)
[ "$listed" = "$sections" ] || fail "doc/pollers.md: the table has $listed, the sections $sections"
[ "$promised" = "$sections" ] || fail "README.md has $promised, doc/pollers.md $sections"

# The files and functions that pages for developers name exist. A path in backquotes is a file or folder of ours;
# `function()` is defined somewhere, and "`function()` in `path`" in that file; a bare `name.c` in a table of
# doc/feeds.md is in the folder that the heading names.
# defined NAME FILE...: one of these files defines it
defined()
{
	name=$1
	shift
	grep -qE "^$name\(|^#define $name\(|^MIB_CONVERT[A-Z_]*\($name,|^[a-z].*[ *]$name\(" "$@"
}
folders='model|common|feeds|engine|agent|cli|plugin|mibs|tests|bench|contrib|debian|doc'
for page in CONTRIBUTING.md doc/architecture.md doc/segment.md doc/feeds.md; do
	for path in $(grep -oE "\`($folders)/[A-Za-z0-9_./*-]*\`" "$page" | tr -d '`' | sort -u); do
		# shellcheck disable=SC2086     # patterns are meant to expand
		ls -d $path >/dev/null 2>&1 || fail "$page: there is no $path"
	done
	text=$(tr '\n' ' ' < "$page" | tr -s ' ')
	for name in $(echo "$text" | grep -oE '`[a-z0-9_]+\(\)`' | tr -d '`()' | sort -u); do
		case $name in
		key) continue ;; # of the recipe
		esac
		# shellcheck disable=SC2086     # the list is meant
		defined "$name" $c_files || fail "$page: there is no function $name()"
	done
	for pair in $(echo "$text" | grep -oE '`[a-z0-9_]+\(\)` in `[a-z0-9_./]+`' |
		sed 's/`\([a-z0-9_]*\)()` in `\(.*\)`/\1:\2/' | sort -u); do
		[ ! -f "${pair#*:}" ] || defined "${pair%%:*}" "${pair#*:}" ||
			fail "$page: ${pair#*:} does not define ${pair%%:*}()"
	done
done
folder=
while read -r line; do
	case $line in
	'| file in `'*) folder=${line#*\`} folder=${folder%%\`*} ;;
	'| `'*)
		for name in $(echo "$line" | cut -d '|' -f 2 | tr -d '`,'); do
			[ -f "$folder$name" ] || fail "doc/feeds.md: there is no $folder$name"
		done
		;;
	esac
done < doc/feeds.md

# Lines of prose have at most 119 characters; tables and code may be wider.
for page in README.md CONTRIBUTING.md NEWS doc/*.md feeds/README.md contrib/*/README.md bench/README.md; do
	wide=$(LC_ALL=C.UTF-8 awk '
		/^```/ { code = !code }
		!code && !/^(\||    |<!--)/ && length($0) > 119 { print FNR }' "$page" | tr '\n' ' ')
	[ -z "$wide" ] || fail "$page: 120 columns or more in line $wide"
done

# --- all files ------------------------------------------------------------------------------------------------------

# Paths of the place where it was written. In pieces, or this file would be found.
for path in "/wor""k/" "../shar""ed"; do
	found=$(echo "$all" | tr '\n' '\0' | xargs -0 grep -IFn -e "$path" /dev/null | cut -c 1-160)
	[ -z "$found" ] || fail "the tree names $path:
$found"
done

for file in $c_files; do
	[ "$(head -n 1 "$file" | tr -d '\0')" = '/* SPDX-License-Identifier: ISC */' ] ||
		fail "$file: the first line is not the SPDX line"
done

number() { echo "$1" | grep -c .; }
[ "$status" -ne 0 ] || echo "ok: $(number "$c_files") C files, $(number "$served") objects, $(number "$all") files"
exit $status
