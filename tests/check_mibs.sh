#!/bin/sh
# The MIB modules parse without complaint, with nothing but mibs/ and
# mibs/base installed, and say what the published modules say: same names,
# numbers, types, access, ranges, enumeration labels, indexes and varbinds.
# The facts are in tests/data/*.objects, taken from the published modules;
# those of our own are what pollers rely on, wherever configure has put it.
#
# smilint -l 3 complaints that are allowed: none. (What it says at levels 4
# and 5 follows from the published definitions: objects in no group, groups
# in no compliance statement, indexes that could be too long, types without a
# format.)

export LC_ALL=C
top_srcdir=${top_srcdir:-$(dirname "$0")/..}
top_builddir=${top_builddir:-.}
mibs=$top_srcdir/mibs
made=$top_builddir/mibs         # what configure has made
[ -e "$made/IPSECMON-MIB.txt" ] || made=$mibs
modules='CISCO-IPSEC-FLOW-MONITOR-MIB CISCO-IPSEC-MIB CISCO-IPSEC-POLICY-MAP-MIB CISCO-CRYPTO-ACCELERATOR-MIB'
modules="$modules CISCO-REMOTE-ACCESS-MONITOR-MIB IPSECMON-MIB"
# Objects that can be set here, although the published module has them read-only; doc/mibs.md says so.
writable=$(sed -n '/^### Objects that can be set$/,/^##/s/^| \(`.*\) |$/\1/p' "$top_srcdir/doc/mibs.md" | tr -d '`,')
# The OID of our own module, as the programs have it.
enterprise=$(sed -n 's/^#define IPSECMON_OID //p' "$top_builddir/config.h" 2>/dev/null | sed 's/, */./g')
enterprise=${enterprise:-1.3.6.1.4.1.8072.9999.9999}

for tool in smilint snmptranslate; do
	command -v "$tool" >/dev/null 2>&1 || {
		echo "SKIP: $tool is not installed"
		exit 77
	}
done
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
status=0

fail()
{
	echo "FAIL: $*"
	status=1
}

# --- smilint: our modules only, and no configuration of the machine
SMIPATH=$made:$mibs:$mibs/base
export SMIPATH
for file in "$mibs"/*.txt "$made"/IPSECMON-MIB.txt; do
	[ -e "$file" ] || continue
	smilint -c /dev/null -s -m -l 3 "$file" >"$tmp/lint" 2>&1 || fail "smilint $file: exit status $?"
	if [ -s "$tmp/lint" ]; then
		cat "$tmp/lint"
		fail "smilint complains about $file"
	fi
done

# --- Net-SNMP: our modules only, and no configuration of the machine
mkdir -p "$tmp/persistent/cert_indexes" "$tmp/persistent/mib_indexes"
SNMP_PERSISTENT_DIR=$tmp/persistent
SNMPCONFPATH=$tmp
MIBDIRS=$made:$mibs:$mibs/base
MIBS=
export SNMP_PERSISTENT_DIR SNMPCONFPATH MIBDIRS MIBS

translate()
{
	out=$1
	shift
	snmptranslate -M "$made:$mibs:$mibs/base" -m "$module" -Pw "$@" >"$tmp/$out" 2>"$tmp/all" ||
	    fail "snmptranslate $1: exit status $?"
	# With warnings on it also reports each macro of mibs/base that it skips, as it should.
	if sed '/ MACRO (lines .* parsed and ignored)\.$/d' "$tmp/all" >"$tmp/err" && [ -s "$tmp/err" ]; then
		head -n 20 "$tmp/err"
		fail "snmptranslate $1 complains"
	fi
}

check_module()
{
	module=$1
	facts=$tmp/facts
	sed "s/	@\\./	$enterprise./" "$top_srcdir/tests/data/$module.objects" >"$facts"
	file=$mibs/$module.txt
	[ -e "$file" ] || file=$made/$module.txt
	# One run for each direction: word splitting of the lists is meant.
	# shellcheck disable=SC2046
	translate oids -On $(awk -F'\t' -v m="$module" '!/^#/ { print m "::" $1 }' "$facts")
	# shellcheck disable=SC2046
	translate details -Td $(awk -F'\t' '!/^#/ { print "." $2 }' "$facts")
	translate tree -Tz
awk -F'\t' -v module="$module" -v writable=" $writable " '
function fail(text) { print "FAIL: " text; bad++ }
function strip(text) { gsub(/[ \t]/, "", text); return text }
function inside(text, open, close_,    a, b) {
	a = index(text, open)
	if (a == 0) return "-"
	text = substr(text, a + 1)
	b = index(text, close_)
	text = strip(substr(text, 1, b - 1))
	gsub(/\|/, ",", text)
	return text
}
function expect(what, want, got) {
	if (want != got) fail(name[n] ": " what " is " got ", published " want)
}

FILENAME == ARGV[1] {		# the facts
	if (/^#/) next
	if (NF != 8) { fail("facts line " FNR ": " NF " fields"); next }
	n = ++total
	name[n] = $1; oid[n] = $2; kind[n] = $3; type[n] = $4
	access[n] = $5; range[n] = $6; size[n] = $7; refs[n] = $8
	if ($1 in number) fail("facts line " FNR ": " $1 " twice")
	number[$1] = n
	next
}
FILENAME == ARGV[2] {		# the whole tree: "name" "oid"
	gsub(/"/, "")
	if (NF) treeoid[$1] = $NF
	next
}
FILENAME == ARGV[3] {		# what snmptranslate -On says, in the order of the facts
	if ($0 != "") looked[$0]++
	next
}
FILENAME == ARGV[4] {		# our module: nothing beyond the published objects
	if (match($0, /^[a-zA-Z0-9]+ (OBJECT|NOTIFICATION)-TYPE$/)) {
		split($0, word, " ")
		if (!(word[1] in number)) fail(word[1] ": not a published object")
	}
	next
}
# The details, in the order of the facts
index($0, module "::") == 1 {
	n = ++seen
	s_name = substr($0, length(module) + 3)
	s_macro = s_syntax = s_access = s_refs = ""
	next
}
/^[a-zA-Z0-9-]+ [A-Z-]+-TYPE$/ { s_macro = $0; sub(/^.* /, "", s_macro) }
/^  SYNTAX\t/		{ s_syntax = $0; sub(/^  SYNTAX\t/, "", s_syntax) }
/^  MAX-ACCESS\t/	{ s_access = $2 }
/^  (INDEX|OBJECTS)\t/	{ s_refs = inside($0, "{", "}") }
/^::= \{/ {
	expect("name of " oid[n], name[n], s_name)
	expect("OID", oid[n], treeoid[name[n]])
	if (!(("." oid[n]) in looked)) fail(name[n] ": does not translate to " oid[n])
	expect("macro", kind[n] == "notification" ? "NOTIFICATION-TYPE" : "OBJECT-TYPE", s_macro)
	if (index(writable, " " name[n] " ")) access[n] = "read-write"
	expect("access", access[n], s_access == "" ? "-" : s_access)
	expect(kind[n] == "notification" ? "OBJECTS" : "INDEX", refs[n], s_refs == "" ? "-" : s_refs)

	base = s_syntax
	sub(/ *[({].*$/, "", base)
	sub(/ *$/, "", base)
	if (base == "Integer32") base = "INTEGER"
	expect("type", type[n], base == "" ? "-" : base)
	if (type[n] == "BITS")
		expect("bits", range[n], inside(s_syntax, "{", "}"))
	else if (type[n] == "OCTET STRING")
		expect("size", size[n], inside(s_syntax, "(", ")"))
	else if (range[n] ~ /^[a-zA-Z]/) {
		ours = "," inside(s_syntax, "{", "}") ","
		k = split(range[n], label, ",")
		for (i = 1; i <= k; i++)
			if (index(ours, "," label[i] ",") == 0) fail(name[n] ": published " label[i] " is missing")
	} else if (s_syntax != "")
		expect("range", range[n], inside(s_syntax, "(", ")"))
}
END {
	if (seen != total) fail(seen + 0 " objects described, " total + 0 " published")
	if (total < 11) fail("only " total + 0 " facts")
	if (!bad) print "ok: " module ": " total " objects as published"
	exit bad > 0
}' "$facts" "$tmp/tree" "$tmp/oids" "$file" "$tmp/details" || status=1
}

module=CISCO-IPSEC-FLOW-MONITOR-MIB
translate one -IR -On cipSecTunHcInOctets
[ "$(cat "$tmp/one")" = .1.3.6.1.4.1.9.9.171.1.3.2.1.27 ] || fail "cipSecTunHcInOctets: $(cat "$tmp/one")"
for module in $modules; do
	check_module "$module"
done
# What deliberately differs is listed, and the list is of what there is.
if command -v python3 >/dev/null; then
	python3 "$top_srcdir/tests/lab/conformance.py" lists || status=1
fi

exit $status
