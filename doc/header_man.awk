# SPDX-License-Identifier: ISC
# A man page of section 3 from an installed header: the comment of its file, and each declaration that has a comment.
#     awk -f header_man.awk ipm_segment.h > ipm_segment.3

function escape(text) {
	gsub(/\\/, "\\e", text)
	if (text ~ /^[.']/)
		text = "\\\\&" text
	return text
}

# A line of a comment without its stars.
function plain(line) {
	sub(/^ *\/\*\*? ?/, "", line)
	sub(/ *\*\/$/, "", line)
	sub(/^[ \t]*\* ?/, "", line)
	return line
}

# Comment lines 1 to n: paragraphs, "Label:" as a tagged list, what is indented by four and more as it is.
function print_comment(n,    i, line, literal, tagged, label) {
	for (i = 1; i <= n; i++) {
		line = comment[i]
		gsub(/@p /, "", line)
		if (line ~ /^    / && !tagged || literal && line ~ /^ *$/ && comment[i + 1] ~ /^    /) {
			if (!literal)
				print ".Bd -literal -offset indent"
			literal = 1
			sub(/^    /, "", line)
			print escape(line)
			continue
		}
		if (literal)
			print ".Ed"
		literal = 0
		if (match(line, /^[A-Z][a-z]+: +/)) {
			if (!tagged)
				print ".Bl -tag -width Ownership"
			tagged = 1
			label = line
			sub(/:.*/, "", label)
			print ".It " label
			line = substr(line, RLENGTH + 1)
		} else if (line ~ /^ *$/) {
			if (tagged)
				print ".El"
			tagged = 0
			if (i < n)
				print ".Pp"
			continue
		}
		if (line ~ /^ +[0-9]\. /)
			print ".br"
		sub(/^ +/, "", line)
		print escape(line)
	}
	if (literal)
		print ".Ed"
	if (tagged)
		print ".El"
}

# What a block of code declares: "ipm_walk_next", "struct ipm_walk".
function name_of(code) {
	if (match(code, /^(struct|union|enum) [a-z_0-9]+ \{/))
		return substr(code, 1, RLENGTH - 2)
	if (match(code, /^#define [A-Z_0-9]+/))
		return substr(code, 9, RLENGTH - 8)
	if (match(code, /ipm_[a-z_0-9]+\(/))
		return substr(code, RSTART, RLENGTH - 1)
	if (match(code, /ipm_[a-z_0-9]+;/))
		return substr(code, RSTART, RLENGTH - 1)
	return ""
}

function print_item(    i, name) {
	name = name_of(code)
	if (!name)
		return
	print ".Ss " name
	print ".Bd -literal"
	for (i = 1; i <= lines; i++)
		print escape(text[i])
	print ".Ed"
	print ".Pp"
	print_comment(comments)
}

function head(    brief, i, n) {
	name = FILENAME
	sub(/.*\//, "", name)
	brief = comment[1]
	sub(/^@file [a-z_.]+ +/, "", brief)
	n = index(brief, ". ")
	sub(/\..*/, "", brief)
	brief = tolower(substr(brief, 1, 1)) substr(brief, 2)
	title = name
	sub(/\.h$/, "", title)
	print ".\\\" Made from " name " by header_man.awk."
	print ".Dd November 30, 2026"
	print ".Dt " toupper(title) " 3"
	print ".Os"
	print ".Sh NAME"
	print ".Nm " title
	print ".Nd " brief
	print ".Sh LIBRARY"
	print "libipsecmon"
	print ".Pq Fl lipsecmon"
	print ".Sh SYNOPSIS"
	print ".In " name
	print ".nh"
	print ".Sh DESCRIPTION"
	for (i = 1; i < comments; i++)
		comment[i] = comment[i + 1]
	delete comment[comments]
	while (comment[1] ~ /^ *$/ && comments > 1) {
		for (i = 1; i < comments; i++)
			comment[i] = comment[i + 1]
		comments--
	}
	print_comment(comments - 1)
	print ".Sh DECLARATIONS"
}

/^\/\*\*/ {
	if (in_code)
		print_item()
	in_code = 0
	comments = 0
	delete comment
	in_comment = 1
	lines = 0
	code = ""
}

in_comment {
	if (plain($0) != "" || (comments > 0 && $0 !~ /\*\/$/))
		comment[++comments] = plain($0)
	if (/\*\//) {
		in_comment = 0
		if (comment[1] ~ /^@file/) {
			comment[++comments] = ""
			head()
		} else {
			in_code = 1
		}
	}
	next
}

in_code && (/^$/ || /^#(pragma|undef|endif|ifdef)/) && !depth {
	print_item()
	in_code = 0
}

# The body of an inline function is nobody's business: what is in front of it ends in a semicolon.
in_code && /^{/ && code ~ /^static inline/ {
	text[lines] = text[lines] ";"
	print_item()
	in_code = 0
}

in_code {
	line = $0
	if (!lines && line == "static inline" || lines == 1 && text[1] ~ /^static inline .*[^;,]$/ && text[1] !~ /\(/) {
		code = code line " "
		text[1] = lines ? text[1] line : line " "
		lines = 1
		next
	}
	text[++lines] = line
	code = code line " "
	depth += gsub(/{/, "{", line) - gsub(/}/, "}", line)
}

END {
	print ".Sh SEE ALSO"
	print ".Xr libipsecmon 3"
}
