# SPDX-License-Identifier: ISC
# awk -f tests/explain.awk LOG: the failures in the log of a suite, each with the lines that explain it, under their
# line numbers. tests/run shows this when a suite fails.
#
# A failed check of a story is "not ok - WHAT", or "FAILED: WHY" when the story cannot go on. The lines since the check
# before may explain it (the last 8 are shown), and the remarks after it do: lines that begin with "#   ", of more than
# 20 the first 6 and the last 14. Of messages of make, compilers and sanitizers the first 8 are shown. 60 lines in all.

function show(line)
{
	if (++shown <= 60)
		print line
}

# The failed check is over: show its remarks.
function end_check(    i)
{
	for (i = 1; i <= remarks; i++)
		if (remarks <= 20 || i <= 6 || i > remarks - 14)
			show(remark[i])
		else if (i == 7)
			show("...")
	failing = remarks = 0
}

failing && /^#   / { remark[++remarks] = FNR ":" $0; next }
failing { end_check() }

/^(not ok - |FAILED: )/ {
	for (i = lines > 8 ? lines - 7 : 1; i <= lines; i++)
		show(before[i % 8])
	show(FNR ":" $0)
	failing = 1
	lines = 0
	next
}
/^ok - / { lines = 0; next }
/^FAIL:? |error:|:[0-9]+:[EF]:|ERROR: [A-Za-z]+Sanitizer/ && ++messages <= 8 { show(FNR ":" $0); next }
{ lines++; before[lines % 8] = FNR ":" $0 }

END {
	end_check()
	if (shown > 60)
		print "... and " shown - 60 " lines more"
}
