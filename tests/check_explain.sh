#!/bin/sh
# SPDX-License-Identifier: ISC
# What tests/run shows of the log of a failed suite: each failure, with the lines that explain it, and no more than 60.

export LC_ALL=C
script=$(dirname "$0")/explain.awk
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
status=0

# shows WHAT EXPECTED: of the log on standard input; "|" for the ends of lines
shows()
{
	got=$(awk -f "$script" | tr '\n' '|')
	[ "$got" = "$2|" ] && return
	printf 'FAIL: %s\nexpected: %s\ngot:      %s\n' "$1" "$2|" "$got"
	status=1
	return 1
}

shows "what was compared, and no log of a daemon" "\
3:not ok - seed 7: b shows what charon says|4:#   command: agrees b|5:#   tunnel 3: InPkts: expected 1, got 2" <<'END'
# 12: rekey net on b
ok - seed 7: a shows what charon says
not ok - seed 7: b shows what charon says
#   command: agrees b
#   tunnel 3: InPkts: expected 1, got 2
# 13: loss net on a
ok - seed 7: b keeps the laws
# ---- the end of charon-a.log
#   10[IKE] deleting IKE_SA
END

shows "what was said since the check before" "\
2:# 1825 sent|3:KeyError: 'spi'|4:not ok - it ends well|5:#   expected: 0|6:#   got:      1" <<'END'
ok - it begins
# 1825 sent
KeyError: 'spi'
not ok - it ends well
#   expected: 0
#   got:      1
END

shows "why a story could not go on" "1:#   no answer|2:FAILED: not within 60 s: answers" <<'END'
#   no answer
FAILED: not within 60 s: answers
# ---- the end of feed-a.log
#   ipsecmond: info: connected
END

shows "messages of other programs" "2:a.c:3: error: x|3:b.c:9:F:case:name:0: y|4:FAIL: tests/unit/check_b" <<'END'
make: entering directory
a.c:3: error: x
b.c:9:F:case:name:0: y
FAIL: tests/unit/check_b
END

# remarks FROM TO: as they are shown
remarks() { for n in $(seq "$1" "$2"); do printf '%d:#   did: %d|' $((n + 1)) "$n"; done; }
# The comparison is at the end of long remarks, and no failure hides another one.
{
	echo "not ok - first"
	for n in $(seq 100); do echo "#   did: $n"; done
	echo "#   expected 1, got 2"
	echo "not ok - second"
} | shows "the ends of long remarks" \
	"1:not ok - first|$(remarks 1 6)...|$(remarks 88 100)102:#   expected 1, got 2|103:not ok - second" || status=1

for n in $(seq 100); do printf 'not ok - %d\n#   got: %d\n' "$n" "$n"; done > "$work/log"
lines=$(awk -f "$script" "$work/log" | tail -n 2 | tr '\n' '|')
if [ "$lines" != "60:#   got: 30|... and 140 lines more|" ]; then
	echo "FAIL: more than 60 lines: $lines"
	status=1
fi

[ "$status" -ne 0 ] || echo "ok"
exit $status
