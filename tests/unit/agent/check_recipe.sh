#!/bin/sh
# SPDX-License-Identifier: ISC
# "Add a table" in doc/architecture.md, followed to the letter in a copy of the sources: the table of the page's code block, under
# another name and OID, is added to the views; the cells of a tunnel's SA can be read from it. It takes five files.
#
# shellcheck disable=SC2016      # the backquotes are markdown's

export LC_ALL=C
top=$(cd "${top_srcdir:-$(dirname "$0")/../../..}" && pwd) || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
fail()
{
	echo "FAIL: $*"
	exit 1
}

mkdir "$work/was" "$work/new"
for copy in was new; do
	cp -R "$top/agent" "$top/model" "$top/common" "$work/$copy"
	mkdir "$work/$copy/doc"
	cp "$top/doc/mapping.md" "$top/doc/mibs.md" "$work/$copy/doc"
done
cd "$work/new" || exit 99
chmod -R u+w .

# The view itself.
sed -n '/^## Add a table/,/^## Add a SET/p' "$top/doc/architecture.md" > ../page
sed -n '/^```c/,/^```/p' ../page | grep -v '^```' |
	sed 's/view_sec_spi/view_recipe/; s/MIB_OID(.*),/MIB_OID(IPSECMON_MIB, 1, 99, 1),/; s/"cipSecSpi/"recipe/' > agent/views/recipe.c
grep -q view_recipe agent/views/recipe.c || fail "doc/architecture.md: no code block with view_sec_spi"

# Steps 1 to 3. The OID is behind those of all others.
grep -q '^1\. Add the table to the list `VIEWS` in `agent/views/views.h`' ../page || fail "step 1 is another one"
sed -i '/^#define VIEWS(X)/,/[^\\]$/s/^\(\tX([a-z_]*)\)$/\1 X(view_recipe)/' agent/views/views.h
grep -q '^2\. If the file is new, name it in `agent/local.mk`' ../page || fail "step 2 is another one"
sed -i 's,%D%/views/views.c,%D%/views/recipe.c &,' agent/local.mk
grep -q '^3\. Add a row per object to \[mapping.md\].* and one for the table to \[mibs.md\]' ../page || fail "step 3 is another one"
echo '| `recipeDirection` | INTEGER | `direction` | as it is |' >> doc/mapping.md
echo '| `recipeTable` | .1.99 | | |' >> doc/mibs.md
grep -q '^4\.' ../page && fail "there is a step 4"
touched=$(diff -rq ../was . | wc -l)
[ "$touched" -le 5 ] || fail "a new table touches $touched files"

# The library of the agent, of the files that local.mk names now, and a program that asks it.
sources=$(sed -n '/^libmibview_la_SOURCES/,/[^\\]$/p' agent/local.mk | grep -o '%D%/[a-z_/]*\.c' | sed 's,%D%,agent,')
cat > reader.c <<'END'
#include <stdio.h>
#include "ipm_writer.h"
#include "mib_table.h"
#include "views.h"

int
main(int argc, char **argv)
{
	struct ipm_writer_options opt = {
		.path = argv[argc - 1], .name = "recipe", .mode = 0640,
		.capacity = { .tunnels = 8, .sas = 8, .feeds = 1, .events = 16 }
	};
	struct ipm_tunnel tunnel = { .key_type = IPM_KEY_MANUAL };
	struct ipm_sa sa = { .direction = IPM_OUT, .spi = 0x1001 };
	const mib_subid spi_value[] = { IPSECMON_MIB, 1, 99, 1, 3, 1, 1 }, protocol[] = { IPSECMON_MIB, 1, 99, 1, 4, 1, 1 };
	struct mib_value value = { 0 };
	struct ipm_writer *writer;
	struct ipm_error err;

	if (ipm_writer_open(&writer, &opt, &err) < 0)
		return 1;
	int slot = ipm_tunnel_start(writer, &tunnel);
	if (slot < 0 || ipm_sa_start(writer, (uint32_t)slot, &sa) < 0)
		return 2;
	ipm_writer_commit(writer);
	const struct ipm_segment *seg = ipm_writer_segment(writer);
	struct mib *mib = mib_new(mib_views, mib_view_count);
	if (!mib || mib_serve(mib, &seg, 1) < 0)
		return 3;
	mib_request(mib, 1);
	if (mib_get(mib, spi_value, MIB_COUNT(spi_value), &value) != MIB_OK || value.type != MIB_GAUGE || value.number != 0x1001)
		return 4;
	if (mib_get(mib, protocol, MIB_COUNT(protocol), &value) != MIB_OK || value.number != 2)
		return 5;
	mib_free(mib);
	ipm_writer_close(writer);
	return 0;
}
END
for source in $sources model/*.c common/*.c reader.c; do echo "$source"; done |
	xargs -P 2 -n 8 "${CC:-cc}" -std=c11 -D_GNU_SOURCE -DPACKAGE_VERSION='"1"' -DDEFAULT_CONF='"/nowhere"' -I model -I common -I agent \
		-I agent/views -Wall -Wextra -Werror -c || fail "it does not compile"
"${CC:-cc}" ./*.o -o reader -lpthread || fail "it does not link"
./reader "$work/recipe.model" || fail "the table does not answer: status $?"
echo "ok: $touched files"
