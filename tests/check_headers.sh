#!/bin/sh
# SPDX-License-Identifier: ISC
# Each installed header compiles by itself, in C and in C++, in every standard that is in use; and a C++ program links.
# Exit status 1 when one does not, 77 without a C++ compiler.

export LC_ALL=C
top=$(cd "${top_srcdir:-$(dirname "$0")/..}" && pwd) || exit 99
status=0
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

headers=$(sed -n 's/^ipminclude_HEADERS = *//p' "$top/model/local.mk" | sed 's,%D%,model,g')
[ -n "$headers" ] || { echo "FAIL: model/local.mk: no installed headers found"; exit 1; }
compilers=
for compiler in g++ clang++; do
	command -v "$compiler" >/dev/null && compilers="$compilers $compiler"
done
[ -n "$compilers" ] || { echo "SKIPPED: no C++ compiler"; exit 77; }

echo 'int main() { return 0; }' > "$work/empty.cc"
# compiles COMPILER LANGUAGE STANDARD HEADER
compiles()
{
	printf '#include "%s"\nint unused;\n' "$(basename "$4")" > "$work/one"
	"$1" -x "$2" -std="$3" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$top/$(dirname "$4")" \
		"$work/one" 2> "$work/said" && return
	echo "FAIL: $1 -std=$3: $4"
	head -n 5 "$work/said"
	status=1
}

for header in $headers; do
	for standard in c11 c17; do
		compiles "${CC:-cc}" c "$standard" "$header"
	done
	for compiler in $compilers; do
		for standard in c++11 c++14 c++17 c++20 c++23; do
			# An older compiler may not know the newest.
			"$compiler" -std="$standard" -fsyntax-only "$work/empty.cc" 2>/dev/null || continue
			compiles "$compiler" c++ "$standard" "$header"
		done
	done
done

# What C++ counts, C reads: a worker that is compiled as C++.
library=$(cd "${top_builddir:-.}" && pwd)/.libs
cat > "$work/count.cc" <<'END'
#include <ipm_writer.h>
int
main(int argc, char **argv)
{
	ipm_writer_options opt = ipm_writer_options();
	ipm_tunnel tunnel = ipm_tunnel();
	ipm_sa sa = ipm_sa();
	ipm_writer *writer;
	ipm_worker me;
	ipm_error err;
	ipm_totals totals;
	opt.path = argc > 1 ? argv[1] : "";
	opt.name = "c++";
	opt.mode = 0600;
	opt.capacity.tunnels = opt.capacity.sas = opt.capacity.lanes = opt.capacity.feeds = 1;
	sa.direction = IPM_OUT;
	if (ipm_writer_open(&writer, &opt, &err) < 0)
		return 1;
	int slot = ipm_sa_start(writer, (uint32_t)ipm_tunnel_start(writer, &tunnel), &sa);
	if (slot < 0 || ipm_worker_join(ipm_writer_fast(writer), &me) < 0)
		return 2;
	ipm_lane_count(ipm_worker_lane(&me, (uint32_t)slot), 3, 300);
	ipm_lane_drop(ipm_worker_lane(&me, (uint32_t)slot), IPM_DROP_EXPIRED, 1);
	ipm_worker_quiescent(&me);
	ipm_worker_leave(&me);
	ipm_writer_commit(writer);
	if (ipm_totals_read(ipm_writer_segment(writer), &totals) < 0)
		return 3;
	ipm_writer_close(writer);
	return totals.out.pkts == 3 && totals.out.octets == 300 && totals.out.drops[IPM_DROP_EXPIRED] == 1 ? 0 : 4;
}
END
if [ -e "$library/libipsecmon.so" ] && ! grep -q 'fsanitize' "$(dirname "$library")/config.status"; then
	for compiler in $compilers; do
		if ! "$compiler" -std=c++11 -Wall -Wextra -Werror -I "$top/model" -o "$work/count" "$work/count.cc" \
			-L "$library" -lipsecmon || ! LD_LIBRARY_PATH=$library "$work/count" "$work/$compiler.model"; then
			echo "FAIL: $compiler: a data plane in C++"
			status=1
		fi
	done
fi
[ "$status" -ne 0 ] || echo ok
exit "$status"
