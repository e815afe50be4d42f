# shellcheck shell=bash disable=SC2154      # srcdir is the story's
# Pages of documentation, as scripts: page PAGE runs the code blocks of doc/PAGE one after the other, each in a shell of its own, and
# each must succeed. blocks.py has what a page may say of them. The story has a function `in_place PLACE COMMAND...', which
# runs a command where the page is about; PLACE is empty but for blocks that name one.

PAGES_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

page() {
	local page=$1 dir=$LAB/page-${1%.md} block line place first
	mkdir -p "$dir"
	lab_quiet "blocks of $page" "$lab_python" "$PAGES_HOME/blocks.py" "$srcdir/doc/$page" "$dir"
	check "$page has commands" test -d "$dir/00"
	for block in "$dir"/[0-9]*; do
		line=$(< "$block/line") place=
		[ ! -e "$block/place" ] || place=$(< "$block/place")
		if [ -e "$block/suite" ]; then
			check "$page:$line is run by a suite" grep -qxF -e "$(sed 's/[: ].*//' "$block/suite")" <(bash "$srcdir/tests/run" --list)
			continue
		fi
		for first in before text after; do
			[ -e "$block/$first" ] || continue
			[ "$first" != text ] || [ ! -e "$block/file" ] || { page_file "$block" "$place"; continue; }
			page_run "$block/$first" "$place" || { [ $first = text ] && [ -e "$block/may-fail" ]; } ||
				die "$page:$line, $first: exit status $(< "$block/$first.status")
$(sed 's/^/#   /' "$block/$first"; echo '#   ----'; tail -n 20 "$block/$first.out" | sed 's/^/#   /')"
		done
		if [ -e "$block/expect" ] && ! grep -qF -e "$(< "$block/expect")" "$block/text.out"; then
			tail -n 30 "$block/text.out" | sed 's/^/#   /'
			fail "$page:$line prints $(< "$block/expect")"
		else
			pass "$page:$line: $(head -n 1 "$block/text")"
		fi
	done
}

page_run() {            # page_run FILE PLACE: its output is in FILE.out
	local status
	in_place "$2" timeout 300 bash -e -o pipefail -c "$(< "$1")" > "$1.out" 2>&1 < /dev/null
	status=$?
	echo $status > "$1.status"
	return $status
}

page_file() {           # page_file BLOCK PLACE
	# shellcheck disable=SC2016
	in_place "$2" bash -e -c 'mkdir -p "$(dirname "$1")" && cat > "$1"' - "$(< "$1/file")" < "$1/text" || die "$(< "$1/file")"
}
