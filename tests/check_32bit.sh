#!/bin/sh
# SPDX-License-Identifier: ISC
# A 32-bit program reads what a 64-bit one writes, and the other way round. Exit status 77 where the compiler makes no
# 32-bit programs (Debian: gcc-multilib).

export LC_ALL=C
top=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd) || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

cat > sum.c <<'END'
#include <stdio.h>
#include "ipm_int.h"
/* The octets of each record that there is, but for the totals, in a number. */
int
main(int argc, char **argv)
{
	struct ipm_segment *seg;
	struct ipm_error err;
	if (argc != 2 || ipm_segment_attach(&seg, argv[1], &err) < 0)
		return 1;
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++) {
		uint64_t sum = ipm_segment_capacity(seg, kind);
		for (uint32_t slot = 0; slot < ipm_segment_used(seg, kind); slot++) {
			static union {
				uint64_t words[512];
				uint8_t octets[4096];
			} record;
			if (ipm_read(seg, kind, slot, &record) == 0)
				for (size_t i = 0; i < ipm_record_size(kind); i++)
					sum = sum * 31 + record.octets[i];
		}
		printf("%d %zu %llu\n", (int)kind, ipm_record_size(kind), (unsigned long long)sum);
	}
	ipm_segment_close(seg);
	return 0;
}
END
build() {               # BITS
	gcc "-m$1" -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wno-psabi -Wall -Wextra -Werror -I"$top/model" -pthread \
		-o "$2-$1" "$3" "$top"/model/*.c
}
echo 'int main(void) { return 0; }' > none.c
for bits in 32 64; do
	gcc -m$bits -o none none.c 2> /dev/null && ./none && continue
	echo "SKIPPED: no compiler for $bits bits"
	exit 77
done
status=0
for bits in 32 64; do
	build $bits sum sum.c && build $bits write "$top/doc/example_dataplane.c" || exit 1
done
for bits in 32 64; do
	"./write-$bits" "$work/$bits.model" > /dev/null || { echo "FAIL: the $bits-bit writer"; status=1; }
	"./sum-32" "$work/$bits.model" > "sums-32" || { echo "FAIL: the 32-bit reader of a $bits-bit writer"; status=1; }
	"./sum-64" "$work/$bits.model" > "sums-64" || { echo "FAIL: the 64-bit reader of a $bits-bit writer"; status=1; }
	diff sums-32 sums-64 || { echo "FAIL: they read something else from what a $bits-bit writer wrote"; status=1; }
done
[ $status != 0 ] || echo "ok: $(grep -c . sums-64) kinds of records"
exit $status
