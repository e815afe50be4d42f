#!/bin/bash
# Wrong input from outside: configuration, segments, messages on the VICI socket, SNMP requests, and too little room.
# Each fault gets a clear message that names the place. Nothing crashes or hangs, and valid data are still served.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip ping swanctl python3 unshare setpriv snmpd snmpset "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"
lab_begin
gateways_up

# says WHAT PATTERN FILE: a line of it matches the extended regular expression
says() { check "$1" grep -qE -- "$2" "$3" || sed 's/^/#   /' "$3"; }
# patch FILE PYTHON: bytes of a segment; `section(kind)' gives where a section's fields are
patch() {
	"$lab_python" - "$1" <<-PYTHON
	import struct, sys
	file = open(sys.argv[1], "r+b")
	def get(at, form):
	    file.seek(at)
	    return struct.unpack(form, file.read(struct.calcsize(form)))[0]
	def put(at, form, value):
	    file.seek(at)
	    file.write(struct.pack(form, value))
	ABI, SIZE, SECTION, FEEDS, IKE_SAS, TUNNELS = 8, 16, 304, 1, 2, 3      # struct ipm_header, enum ipm_section_kind
	def section(kind):
	    assert get(SECTION + 40 * kind, "=I") == kind, "the layout is not the one that this story knows"
	    return SECTION + 40 * kind
	def record(kind, slot):
	    return get(section(kind) + 16, "=Q") + slot * get(section(kind) + 4, "=I")
	$2
	PYTHON
}

# ---- Configuration --------------------------------------------------------------------------------------------

bad="$LAB/bad.conf"
refused() {             # WHAT PATTERN: all three programs, in the foreground or not, refuse $bad and say why
	local program option status
	for program in "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON"; do
		for option in -f ""; do
			set -- "$1" "$2" "$program" ${option:+"$option"} -c "$bad"
			if [ "$program" = "$IPSECMON" ]; then
				[ -z "$option" ] || continue
				set -- "$@" show feeds
			fi
			timeout 60 "${@:3}" > "$LAB/out" 2>&1 < /dev/null
			status=$?
			check "$1: ${program##*/} $option refuses it" test $status -ne 0 -a $status -lt 124
			says "$1: ${program##*/} $option says where and why" "$2" "$LAB/out"
		done
	done
}
printf 'run-dir = "/tmp/x"\n\npeers = 3\n' > "$bad"
refused "unknown key" "$bad:3: .*peers"
printf '# a comment\nfeed vici {\n  poll-interval = often\n}\n' > "$bad"
refused "wrong type" "$bad:3: poll-interval must be a number"
printf 'feed vici {\n  hold-time = 1\n  hold-time = 2\n}\n' > "$bad"
refused "duplicate" "$bad:3: hold-time is given twice"
printf 'feed vici {\n  hold-time = 1\n' > "$bad"
refused "cut short" "$bad:1: .*does not end"
rm "$bad"
refused "missing file" "$bad: cannot open: No such file"

# ---- A fake charon --------------------------------------------------------------------------------------------

configure a
sed -i "s|charon.vici|feed.vici|" "$LAB/a/ipsecmon.conf"
fake() { start - fake "$lab_python" "$LAB_HOME/fake_charon.py" "$LAB/a/fake.vici" "$@"; }
feed_counts() { [ "$(feed_says a "$1")" -ge "$2" ]; }
feed_is() { [ "$(feed_says a state)" = "$1" ]; }
ln -s fake.vici "$LAB/a/feed.vici"
mapfile -t breaks < <("$lab_python" "$LAB_HOME/fake_charon.py" kinds | sed -n 's/^breaks //p')
mapfile -t messages < <("$lab_python" "$LAB_HOME/fake_charon.py" kinds | sed -n 's/^message //p')
fake bad "${messages[@]}" "${breaks[@]}"
wait_until 5 grep -q listening "$LAB/fake.log"
feed_up a
feed=${PID[feed-a]}
wait_until 60 grep -q 'done' "$LAB/fake.log"
wait_until 5 feed_is up
equal "garbage: all kinds of it were sent" "$((${#breaks[@]} + ${#messages[@]}))" "$(grep -c ^did "$LAB/fake.log")"
check "garbage: ipsecmond survives it all" test "$(running feed-a && echo "${PID[feed-a]}")" = "$feed"
cli a show feeds | sed -n '/feed vici/,$p' | sed 's/^/#   /'
check "garbage: show feeds counts what was not understood" feed_counts rejected "${#messages[@]}"
check "garbage: show feeds counts conversations that broke" feed_counts errors "${#breaks[@]}"
says "garbage: the log says why" "warning: vici: .*larger than 512 KiB; trying again" "$LAB/feed-a.log"
check "garbage: the log is no longer than that" test "$(wc -l < "$LAB/feed-a.log")" -lt 60

# ---- A real one in its place ----------------------------------------------------------------------------------

connections ikev2 ikev2-v6 ikev2-4in6 encap
both_up
establish net v6 4in6 encap
initiate a net2
ln -sfn charon.vici "$LAB/a/feed.vici"
stop fake
snmpd_up a
agentx_up a
active() { is a cipSecGlobalActiveTunnels.0 "$1"; }
rows() { walk a "$LAB/a/walk" && compare table "$LAB/a/walk" "$1" | grep -c .; }
shown() { [ "$(rows cipSecTunStatus)" = "$1" ]; }
wait_until 20 active 5
wait_until 5 shown 5
says "garbage: then a charon as it should be" "connected to charon " "$LAB/feed-a.log"

# ---- SNMP requests --------------------------------------------------------------------------------------------

# answer PATTERN COMMAND WORD...
answer() {
	local pattern=$1; shift
	check "SNMP: $* ${COMMUNITY:+as $COMMUNITY }gives $pattern" grep -qE -- "$pattern" <<< "$(snmp a "$@" 2>&1)"
}
tunnel=$FLOW_MIB.1.3.2.1
index=$(index_of a tunnel net)
answer "= INTEGER: 1$" snmpget "$tunnel.51.$index"
answer "No Such Object" snmpget "$tunnel.1.$index"              # cipSecTunIndex is not accessible
answer "No Such Object" snmpget "$tunnel.52.$index"
answer "No Such Object" snmpget "$tunnel"
answer "No Such Object" snmpget "$FLOW_MIB"
answer "No Such Instance" snmpget "$tunnel.51"
answer "No Such Instance" snmpget "$tunnel.51.$index.1"
answer "No Such Instance" snmpget "$tunnel.51.0"
answer "No Such Instance" snmpget "$tunnel.51.4294967295"
answer "No Such Instance" snmpget "$FLOW_MIB.1.1.1"
answer "No Such Instance" snmpget "$FLOW_MIB.1.1.1.1"
answer "No Such Instance" snmpget "$FLOW_MIB.1.3.3.1.3.$index"
answer "No Such Instance" snmpget "$FLOW_MIB.1.3.3.1.3.$index.1.1"
answer "No Such Object" snmpget "$FLOW_MIB.1.9.9"
first=$(compare table "$LAB/a/walk" cipSecTunStatus | sed -n 1p | cut -d ' ' -f 1)
answer "^\.$tunnel\.51\.$first = " snmpgetnext "$tunnel.51"
answer "^\.$tunnel\.51\.$index = " snmpgetnext "$tunnel.51.$((index - 1)).4294967295.3"
answer "^\.$FLOW_MIB\.1\.3\.3\.1\.2\." snmpgetnext "$tunnel.51.4294967295"
answer "^\.$tunnel\.2\." snmpgetnext "$tunnel.1.77"
answer "^\.$FLOW_MIB\.1\.1\.1\.0 = " snmpgetnext "$FLOW_MIB"
check "SNMP: GETNEXT beyond our last object leaves our MIB" test -z "$(snmp a snmpgetnext $FLOW_MIB.9 | grep "^\.$FLOW_MIB\.")"
COMMUNITY=private
answer "notWritable" snmpset "$tunnel.32.$index" u 5
answer "notWritable" snmpset "$tunnel.51.$index" i 2
answer "notWritable" snmpset "$FLOW_MIB.1.1.1.0" i 2
answer "notWritable|noCreation" snmpset "$tunnel.51.999999" i 2
COMMUNITY=public
answer "noAccess" snmpset "$tunnel.51.$index" i 2
mapfile -t oids < <(cut -d ' ' -f 1 "$LAB/a/walk" | head -n 100)
equal "SNMP: a hundred objects in one GET" 100 "$(snmp a snmpget "${oids[@]}" | grep -c '^\.')"
# Cells come when a feed connects that knows them, so the walk is one of now.
bulk_is_walk() {
	walk a "$LAB/a/walk" || return
	SNMP_OPTION=-Cr1000 snmp a snmpbulkget "$FLOW_MIB" 2> /dev/null | lab_cells | cut -d ' ' -f 1 > "$LAB/out"
	[ "$(wc -l < "$LAB/out")" -ge 50 ] && head -n "$(wc -l < "$LAB/out")" "$LAB/a/walk" | cut -d ' ' -f 1 | cmp -s - "$LAB/out"
}
wait_until 10 bulk_is_walk
pass "SNMP: a GETBULK of a thousand gives as many as snmpd allows ($(wc -l < "$LAB/out"))"
for count in 1000 1600 3000; do
	equal "SNMP: $count objects in one GET" "$([ $count -gt 1259 ] && echo tooBig || echo noError)" \
		"$(in_ns a "$lab_python" "$LAB_HOME/wide_get.py" "$tunnel.26.$index" $count 2>&1)"
done
check "SNMP: and all is served" shown 5
equal "SNMP: over one and the same AgentX session" 0 "$(grep -c 'master agent has gone' "$LAB/agentx-a.log")"

# ---- An AgentX master ---------------------------------------------------------------------------------------------

configure b
start - master "$lab_python" "$LAB_HOME/fake_master.py" "$LAB/b/agentx"
wait_until 5 grep -q listening "$LAB/master.log"
agentx_up b
wait_until 60 grep -q 'done' "$LAB/master.log"
equal "a master that asks what no good one does: parseError, tooBig, and answers to all else" \
	"one variable: 0, a context with a NUL: 266, one variable more: 0, more than 65536 octets: 1, one variable at last: 0, done" \
	"$(grep -v listening "$LAB/master.log" | paste -sd , | sed 's/,/, /g')"
stop agentx-b

# ---- A second ipsecmond ---------------------------------------------------------------------------------------

timeout 60 "$IPSECMOND" -f -c "$LAB/a/ipsecmon.conf" > "$LAB/second.log" 2>&1
equal "a second ipsecmond gives up" 1 $?
says "a second ipsecmond says why" "$(segment a): another process writes this segment" "$LAB/second.log"
check "and the first is there" test "$(running feed-a && echo "${PID[feed-a]}")" = "$feed"
check "and is up" feed_is up

# ---- Who may only read, and what others put there -------------------------------------------------------------

"$lab_python" - "$(segment a)" <<-'PYTHON' > "$LAB/reader.log" 2>&1 &
	import fcntl, struct, sys, time
	file = open(sys.argv[1], "rb")                          # reading is all that it may do
	fcntl.flock(file, fcntl.LOCK_EX)
	fcntl.fcntl(file, 37, struct.pack("hhqqi", fcntl.F_RDLCK, 0, 0, 0, 0))  # F_OFD_SETLK
	print("locked", flush=True)
	time.sleep(600)
PYTHON
reader=$!
wait_until 10 grep -q locked "$LAB/reader.log"
stop feed-a
feed_up a
wait_until 10 feed_is up
check "a reader's locks keep nobody from starting" running feed-a
kill "$reader"
stop feed-a
chown 65534 "$(segment a).lock"
timeout 60 "$IPSECMOND" -f -c "$LAB/a/ipsecmon.conf" > "$LAB/second.log" 2>&1
equal "a lock that another user owns: ipsecmond does not start" 1 $?
says "a lock that another user owns: it says whose" "gateway.model.lock: belongs to user 65534" "$LAB/second.log"
rm "$(segment a).lock"
mkdir -p "$(segment a).new/inside"
feed_up a
wait_until 10 feed_is up
check "a directory in the way of the new segment is in nobody's way" running feed-a
rm -r "$(segment a).new"

# ---- A full file system ---------------------------------------------------------------------------------------

mkdir "$LAB/full"
sed "s|^run-dir.*|run-dir = \"$LAB/full\"|" "$LAB/a/ipsecmon.conf" > "$LAB/full.conf"
# The mount is seen only there.
unshare --mount --propagation private bash -s "$IPSECMOND" "$LAB" > "$LAB/full.log" 2>&1 <<-'STORY'
	ipsecmond=$1 lab=$2
	mount -t tmpfs -o size=256k none "$lab/full"
	dd if=/dev/zero of="$lab/full/fill" bs=4k 2>/dev/null
	timeout 60 "$ipsecmond" -f -c "$lab/full.conf"
	echo "without room: $?"
	rm "$lab/full/fill"
	"$ipsecmond" -f -c "$lab/full.conf" & pid=$!
	for _ in {1..200}; do [ -e "$lab/full/control" ] && break; sleep 0.1; done
	dd if=/dev/zero of="$lab/full/fill" bs=4k 2>/dev/null
	kill -KILL "$pid"; wait "$pid"
	"$ipsecmond" -f -c "$lab/full.conf" & pid=$!
	sleep 3
	kill -TERM "$pid"; wait "$pid"
	echo "on what an earlier run left: $?"
STORY
says "a full file system: ipsecmond says so" "gateway.model: cannot create it: No space left on device" "$LAB/full.log"
says "a full file system: and ends with an error, not by a signal" "^without room: 1$" "$LAB/full.log"
says "a full file system: it goes on with what it had" "^on what an earlier run left: 0$" "$LAB/full.log"

# ---- No run-dir -----------------------------------------------------------------------------------------------

configure b
sed -i "s|run-dir = .*|run-dir = \"$LAB/b/none/run\"|" "$LAB/b/ipsecmon.conf"
timeout 60 "$IPSECMOND" -f -c "$LAB/b/ipsecmon.conf" > "$LAB/rundir.log" 2>&1
equal "a run-dir that cannot be made: ipsecmond gives up" 1 $?
says "a run-dir that cannot be made: it says why" "$LAB/b/none/run: No such file" "$LAB/rundir.log"
cli b show feeds > "$LAB/out" 2>&1
equal "a run-dir that is not there: the CLI" 1 $?
says "a run-dir that is not there: the CLI says so" "no segment in $LAB/b/none/run: ipsecmond does not run" "$LAB/out"
mkdir -m 0755 "$LAB/b/closed"
sed -i "s|run-dir = .*|run-dir = \"$LAB/b/closed\"|" "$LAB/b/ipsecmon.conf"
chmod 0711 "$LAB"
timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups "$IPSECMOND" -f -c "$LAB/b/ipsecmon.conf" > "$LAB/closed.log" 2>&1
equal "a run-dir that is not writable: ipsecmond gives up" 1 $?
says "a run-dir that is not writable: it says why" "$LAB/b/closed/gateway.model.*: Permission denied" "$LAB/closed.log"
chmod 0700 "$LAB"

# ---- Segments -------------------------------------------------------------------------------------------------

agent=${PID[agentx-a]}
# damaged WHAT PATTERN PYTHON [WARNING]: a segment that is so takes the place of the good one while all readers run;
# WARNING is ipsecmond's pattern, if it is another one
damaged() {
	local what=$1 pattern=$2 code=$3
	stop feed-a
	cp "$(segment a)" "$LAB/a/new"
	patch "$LAB/a/new" "$code"
	: > "$LAB/agentx-a.log"
	mv "$LAB/a/new" "$(segment a)"
	wait_until 5 grep -q "$(segment a)" "$LAB/agentx-a.log"
	says "$what: the agent says what is wrong" "warning: $(segment a): $pattern" "$LAB/agentx-a.log"
	cli a show crypto ipsec sa > "$LAB/out" 2>&1
	equal "$what: the CLI gives up" 1 $?
	says "$what: the CLI says what is wrong" "$(segment a): $pattern" "$LAB/out"
	answer "No Such" snmpget "$FLOW_MIB.1.1.1.0"
	feed_up a
	wait_until 10 shown 5
	check "$what: with a good one, the same agent serves" test "$(running agentx-a && echo "${PID[agentx-a]}")" = "$agent"
	says "$what: ipsecmond says that it had to begin afresh" "warning: $(segment a): ${4:-$pattern}" "$LAB/feed-a.log"
}
damaged "truncated segment" "[0-9]+ octets long, its header says [0-9]+" 'file.truncate(get(SIZE, "=Q") // 2)'
damaged "segment of another version" "layout version 77, this program reads [0-9]+" 'put(ABI, "=I", 77); put(get(SIZE, "=Q") - 8, "=Q", 0)' \
	"layout version 77, and it does not describe its layout"
damaged "section past the end" "section 3 reaches past the end" 'put(section(TUNNELS) + 8, "=I", 0x07ffffff)'
damaged "section at an odd place" "section 2 is damaged" 'put(section(IKE_SAS) + 16, "=Q", 4099)'
damaged "no segment at all" "not a model segment" 'put(0, "=Q", 0)'

# Truncated where it is: whoever maps it finds nothing behind the new end.
for size in 100000 4096 100 0; do
	stop feed-a
	: > "$LAB/agentx-a.log"
	truncate -s $size "$(segment a)"
	walk a "$LAB/a/walk"
	wait_until 5 grep -q "$(segment a)" "$LAB/agentx-a.log"
	says "truncated to $size under its readers: the agent says what is wrong" \
		"warning: $(segment a): .*(octets long|truncated|not a model segment)" "$LAB/agentx-a.log"
	check "truncated to $size under its readers: the agent lives" running agentx-a
	running agentx-a || { lab_reap agentx-a 0; agentx_up a; }
	cli a show crypto ipsec sa > "$LAB/out" 2>&1
	equal "truncated to $size under its readers: the CLI gives up" 1 $?
	feed_up a
	wait_until 20 shown 5
	pass "truncated to $size under its readers: recovered"
done

# ---- A writer that died in the middle of a record ---------------------------------------------------------------

stop feed-a KILL
patch "$(segment a)" 'at = record(TUNNELS, 1); put(at, "=I", get(at, "=I") | 1)'
patch "$(segment a)" 'put(section(TUNNELS) + 24, "=Q", get(section(TUNNELS) + 24, "=Q") + 1)'
began=$(lab_ms)
wait_until 5 shown 4
pass "a torn record: the other rows are served"
check "a torn record: nothing hangs ($(($(lab_ms) - began)) ms)" in_time $(($(lab_ms) - began)) 2000
cli a show crypto ipsec sa --json > "$LAB/out" 2> "$LAB/err"
equal "a torn record: the CLI's exit status" 1 $?
says "a torn record: the CLI says so" "1 record could not be read" "$LAB/err"
equal "a torn record: the CLI shows the others" 4 "$(grep -c '"encap"' "$LAB/out")"
patch "$(segment a)" 'at = record(0, 0); put(at, "=I", get(at, "=I") | 1)'
answer "Gauge32: 5$" snmpget "$FLOW_MIB.1.3.1.1.0"       # as it was when it could be read last
check "torn totals: tables are served" shown 4
feed_up a
wait_until 10 shown 5
says "a torn record: ipsecmond says that it dropped it" "dropped 1 record.s. that an earlier run left half written" "$LAB/feed-a.log"
check "a torn record: the totals are back" active 5

# ---- Too little room ------------------------------------------------------------------------------------------

stop feed-a
configure a 'capacity { tunnels = 2 }'
: > "$LAB/feed-a.log"
feed_up a
wait_until 10 shown 2
polls() { [ "$(cli a show feeds --json | grep -o '"records_refused": [0-9]*' | cut -d ' ' -f 2)" -ge 12 ]; }
wait_until 15 polls
check "capacity 2, five tunnels: two are shown" shown 2
equal "capacity 2, five tunnels: and counted" 2 "$(value a cipSecGlobalActiveTunnels.0)"
check "capacity 2, five tunnels: ipsecmond runs" running feed-a
equal "capacity 2, five tunnels: it is logged once" 1 "$(grep -c 'some records are not shown' "$LAB/feed-a.log")"
cli a show feeds > "$LAB/out"
says "capacity 2, five tunnels: show feeds counts what had no room" "capacity refused: [0-9]+ records" "$LAB/out"
says "capacity 2, five tunnels: and how much is used" "tunnels 2 of 2" "$LAB/out"
terminate a --child net
terminate a --child net2
terminate a --child v6
two() { cli a show crypto ipsec sa --json | grep -o '"name": "[^"]*"' | sort | paste -sd ' ' | grep -q '"4in6".*"encap"'; }
wait_until 10 two
pass "when there is room, the others are shown"
story_end
