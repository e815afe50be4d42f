# shellcheck shell=bash disable=SC2154     # LAB is the lab's
# A poller that walks node a all the time, through every restart, and what it saw. For stories that have sourced gateway.sh.
#
#     polling_begin
#     walked_again                    # two complete walks from now on
#     polling_end                     # no counter fell, no index was given twice
#     strangers INDEX...              # indexes of tunnels in any walk, other than these
#     gap 3                           # the longest time without the rows of 3 tunnels, in milliseconds

polling_begin() {
	mkdir "$LAB/walks"
	: > "$LAB/polling"
	poller &
	poller=$!
}
poller() {
	local at
	while [ -e "$LAB/polling" ]; do
		at=$(lab_ms)
		# While the agent is away, snmpd answers that there is no such object.
		walk a "$LAB/walk" && sed "/^$FLOW_MIB /d" "$LAB/walk" > "$LAB/walks/$at"
		sleep 0.1
	done
}
walked() { [ "$(find "$LAB/walks" -type f | wc -l)" -gt "$1" ]; }
walked_again() { wait_until 30 walked $(($(find "$LAB/walks" -type f | wc -l) + 2)); }

polling_end() {
	rm "$LAB/polling"
	wait "$poller"
	check "no counter ever fell" compare stable "$LAB/walks/"*
	say "$(compare stable "$LAB/walks/"* | tail -n 1)"
	check "no index was given twice, and totals are never less than what has a row" compare laws "$LAB/walks/"*
}

strangers() {
	local file
	for file in "$LAB/walks/"*; do compare table "$file" cipSecTunStatus; done | cut -d ' ' -f 1 | sort -u |
		grep -vxF "$(printf '%s\n' "$@")"
}

gap() {
	local file rows last=0 most=0 at
	for file in "$LAB/walks/"*; do
		at=${file##*/}
		rows=$(compare table "$file" cipSecTunStatus | cut -d ' ' -f 1)
		[ "$(grep -c . <<< "$rows")" = "$1" ] || continue
		[ "$last" = 0 ] || [ $((at - last)) -le "$most" ] || most=$((at - last))
		last=$at
	done
	printf '%s' "$most"
}
