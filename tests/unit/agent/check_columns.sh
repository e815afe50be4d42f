#!/bin/sh
# SPDX-License-Identifier: ISC
# A column whose conversion doesn't match its field doesn't compile: fields of another width, other text sizes, other structs.

export LC_ALL=C
top=$(cd "${top_srcdir:-$(dirname "$0")/../../..}" && pwd) || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
status=0

# compiles COLUMN
compiles()
{
	cat > "$work/view.c" <<-END
	#include "mib_convert.h"
	struct row {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		int32_t i32;
		uint64_t u64;
		char name[IPM_NAME_MAX], text[IPM_TEXT_MAX], other[16];
		struct ipm_addr addr;
		struct ipm_traffic in;
	};
	MIB_CONVERT(sum, struct row)
	{
		return mib_number(out, field->u8 + field->u32);
	}
	MIB_CONVERT(half, uint16_t)
	{
		return mib_number(out, *field / 2u);
	}
	#define ROW row
	const struct mib_col cols[] = { COL_REC(1, "rowSum", GAUGE, sum), COL(2, "rowHalf", GAUGE, half, u16), $1 };
	END
	${CC:-cc} -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -I "$top/model" -I "$top/common" -I "$top/agent" \
		"$work/view.c" 2> "$work/said"
}

# Those that match.
while read -r column; do
	compiles "$column" && continue
	echo "FAIL: does not compile: $column"
	head -n 5 "$work/said"
	status=1
done <<'END'
COL(3, "row", INTEGER, mib_u8, u8)
COL(3, "row", GAUGE, mib_u32, u32)
COL(3, "row", COUNTER64, mib_u64, u64, .drops = 1)
COL(3, "row", COUNTER, mib_u64_low, in.drops[3], .caps = IPM_CAP_IKE_SAS)
COL(3, "row", OCTETS, mib_name, name)
COL(3, "row", OCTETS, mib_text, text)
COL(3, "row", OCTETS, mib_addr, addr)
COL(3, "row", COUNTER, mib_in_drops, in)
COL_CONST(3, "row", OCTETS, EMPTY)
COL_CONST(3, "row", INTEGER, -1, .set = 0)
COL_NONE(3, "row", GAUGE)
END

# Those that don't, for this reason and no other.
while read -r column; do
	if compiles "$column"; then
		echo "FAIL: compiles: $column"
		status=1
	elif ! grep -q '_Generic\|not compatible with any' "$work/said"; then
		echo "FAIL: does not compile for another reason: $column"
		head -n 5 "$work/said"
		status=1
	fi
done <<'END'
COL(3, "row", GAUGE, mib_u32, u64)
COL(3, "row", GAUGE, mib_u32, u16)
COL(3, "row", GAUGE, mib_u32, i32)
COL(3, "row", GAUGE, mib_u8, u32)
COL(3, "row", COUNTER64, mib_u64, u32)
COL(3, "row", COUNTER64, mib_u64, in)
COL(3, "row", OCTETS, mib_name, text)
COL(3, "row", OCTETS, mib_text, name)
COL(3, "row", OCTETS, mib_text, other)
COL(3, "row", OCTETS, mib_addr, in)
COL(3, "row", COUNTER, mib_in_drops, addr)
COL(3, "row", GAUGE, half, u32)
COL(3, "row", GAUGE, sum, u32)
COL_REC(3, "row", GAUGE, half)
COL_REC(3, "row", GAUGE, mib_in_encrypt)
END

[ "$status" -ne 0 ] || echo "ok"
exit $status
