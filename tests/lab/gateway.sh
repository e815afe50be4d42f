# shellcheck shell=bash disable=SC2034      # some variables are for the stories
# The programs under test on the lab's gateways: ipsecmond, ipsecmon-agentx and a real snmpd in the namespace of a
# node, and SNMP as a poller there sees it.  A story sources it in place of lab.sh, which it brings along:
#
#     . "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
#     need root tun ip ping swanctl snmpd python3
#     lab_begin
#     gateways_up; connections ikev2; both_up; initiate a net
#     monitor_up a                            # snmpd, ipsecmond, ipsecmon-agentx, and it answers
#     equal "one tunnel" 1 "$(value a cipSecGlobalActiveTunnels.0)"
#     walk a "$LAB/a/walk"                    # numeric: OID TYPE VALUE, a line each
#     cli a show feeds
#     lab_end                                 # fails when a sanitizer has said something in any log
#
# Programs come from $IPSECMOND, $IPSECMON_AGENTX and $IPSECMON, or are those in $builddir (the current directory).

# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
builddir=${builddir:-${top_builddir:-.}}
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
IPSECMOND=$(realpath "${IPSECMOND:-$builddir/ipsecmond}")
IPSECMON_AGENTX=$(realpath "${IPSECMON_AGENTX:-$builddir/ipsecmon-agentx}")
IPSECMON=$(realpath "${IPSECMON:-$builddir/ipsecmon}")
IPSECMON_ENGINE=$(realpath "${IPSECMON_ENGINE:-$builddir/ipsecmon-engine}")
SEGMENT_SAYS=${PLAIN_BUILDDIR:-$builddir}/tests/lab/segment_says
SYNTH=${PLAIN_BUILDDIR:-$builddir}/bench/ipsecmon-synth
FLOW_MIB=1.3.6.1.4.1.9.9.171
POLL=1                  # seconds, of every ipsecmond that is not told otherwise
HOLD=30
TRAPS=0 TRAP_PORT=10162
# Where a sanitizer is built in, it says all that it knows, and a leak is one.
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1} ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}

# ---- Configuration --------------------------------------------------------------------------------------------

# configure NODE [TEXT]: ipsecmon.conf, of $POLL and $HOLD, with TEXT at its end
configure() {
	cat > "$LAB/$1/ipsecmon.conf" <<-CONF
	run-dir = "$LAB/$1/run"
	state-dir = "$LAB/$1/state"
	feed vici {
	    socket = "$LAB/$1/charon.vici"
	    poll-interval = $POLL
	    hold-time = $HOLD
	    error-socket = "$LAB/$1/charon.enfy"
	}
	agentx { socket = "$LAB/$1/agentx" }
	${2:-}
	CONF
}

segment() { printf '%s' "$LAB/$1/run/gateway.model"; }      # segment NODE: the path of its segment

# ---- The programs ---------------------------------------------------------------------------------------------
# Names for `stop', `running' and `log': snmpd-NODE, feed-NODE, agentx-NODE.

# snmpd_up NODE; notifications go to the port where trapd_up listens, if $TRAPS is 1; $SNMPD_EXTRA is more of snmpd.conf
snmpd_up() {
	local dir=$LAB/$1
	mkdir -p "$dir/snmp"
	cat > "$dir/snmpd.conf" <<-CONF
	master agentx
	agentXSocket $dir/agentx
	agentaddress udp:127.0.0.1:161
	dontLogTCPWrappersConnects yes
	rocommunity public 127.0.0.1
	rwcommunity private 127.0.0.1
	CONF
	[ "$TRAPS" = 0 ] || printf 'trap2sink 127.0.0.1:%d public\n' "$TRAP_PORT" >> "$dir/snmpd.conf"
	[ -z "${SNMPD_EXTRA:-}" ] || printf '%s\n' "$SNMPD_EXTRA" >> "$dir/snmpd.conf"
	rm -f "$dir/agentx"     # a killed one leaves it
	start "$1" "snmpd-$1" env SNMP_PERSISTENT_DIR="$dir/snmp" MIBS= \
		snmpd -f -Lo -C -c "$dir/snmpd.conf" -I -smux
}

# trapd_up: a receiver of notifications in the namespace of a, and what has come to it, a line each, in $LAB/traps.log
trapd_up() {
	mkdir -p "$LAB/trapd"
	printf 'disableAuthorization yes\n' > "$LAB/trapd/snmptrapd.conf"
	start a snmptrapd env SNMP_PERSISTENT_DIR="$LAB/trapd" MIBS= snmptrapd -f -Lo -C -c "$LAB/trapd/snmptrapd.conf" \
		-On -Oe -Ox -F 'TRAP|%V|%v\n' "udp:127.0.0.1:$TRAP_PORT"
	wait_until 5 grep -q "NET-SNMP version" "$LAB/snmptrapd.log"
	start - traps "$lab_python" "$LAB_HOME/traps.py" follow "$LAB/snmptrapd.log"
}
# handler_up COMMAND [OPTION...]: instead, one that gives them to a handler, with these options of snmptrapd
handler_up() {
	local command=$1; shift
	mkdir -p "$LAB/trapd"
	printf '%s\n' "disableAuthorization yes" "traphandle default $command" > "$LAB/trapd/snmptrapd.conf"
	start a snmptrapd env SNMP_PERSISTENT_DIR="$LAB/trapd" MIBS= snmptrapd -f -Lo -C -c "$LAB/trapd/snmptrapd.conf" \
		"$@" "udp:127.0.0.1:$TRAP_PORT"
	wait_until 5 grep -q "NET-SNMP version" "$LAB/snmptrapd.log"
}
traps() { local command=$1; shift; "$lab_python" "$LAB_HOME/traps.py" "$command" "$LAB/traps.log" "$@"; }

feed_up() {             # feed_up NODE; the configuration is made if there is none
	[ -e "$LAB/$1/ipsecmon.conf" ] || configure "$1"
	start "$1" "feed-$1" "$IPSECMOND" -f -c "$LAB/$1/ipsecmon.conf"
}

agentx_up() {           # agentx_up NODE
	[ -e "$LAB/$1/ipsecmon.conf" ] || configure "$1"
	start "$1" "agentx-$1" "$IPSECMON_AGENTX" -f -c "$LAB/$1/ipsecmon.conf"
}

# monitor_up NODE: all three, and SNMP answers
monitor_up() {
	snmpd_up "$1"
	feed_up "$1"
	wait_until 10 test -S "$LAB/$1/agentx"
	wait_until 10 test -s "$(segment "$1")"
	agentx_up "$1"
	wait_until 10 served "$1"
}

# synth_up NODE OPTION...: bench/ipsecmon-synth with these options in place of ipsecmond, and SNMP answers
synth_up() {
	local node=$1; shift
	mkdir -p "$LAB/$node/run"
	start "$node" synth "$SYNTH" -c "$LAB/$node/ipsecmon.conf" "$@" < /dev/null
	wait_until 20 grep -q ready "$LAB/synth.log"
	snmpd_up "$node"
	wait_until 10 test -S "$LAB/$node/agentx"
	agentx_up "$node"
	wait_until 20 served "$node"
}

# harmed_up PACKETS RATE: where a's monitor was, after it is down, another gateway at the same address: ipsecmon-engine east,
# whose peer west harms some of the packets on purpose
harmed_up() {
	local end
	mkdir -p "$LAB/east" "$LAB/west"
	check "two engines" "$srcdir/contrib/engine-pair" "$LAB" "$@"
	for end in west east; do
		start a "engine-$end" "$IPSECMON_ENGINE" -f -c "$LAB/$end.conf"
		wait_until 10 test -s "$LAB/$end/engine.model"
	done
	sed "s,$LAB/a/agentx,$LAB/east/agentx," "$LAB/a/snmpd.conf" > "$LAB/east/snmpd.conf"
	start a snmpd-east env SNMP_PERSISTENT_DIR="$LAB/east/snmp" MIBS= snmpd -f -Lo -C -c "$LAB/east/snmpd.conf" -I -smux
	wait_until 10 test -S "$LAB/east/agentx"
	start a agentx-east "$IPSECMON_AGENTX" -f -c "$LAB/east.conf"
}
harmed_down() {
	local name
	for name in agentx-east engine-east engine-west; do
		[ -n "${PID[$name]:-}" ] || continue
		stop "$name"
		equal "$name ends well" 0 "$STATUS"
	done
	stop snmpd-east
}

# monitor_down NODE: all that runs of them, in good order; a sanitizer looks for leaks then
monitor_down() {
	local name
	for name in "agentx-$1" "feed-$1" "snmpd-$1"; do
		[ -n "${PID[$name]:-}" ] || continue
		stop "$name"
		equal "$name ends well" 0 "$STATUS"
	done
}

# cli NODE WORD...: ipsecmon; its exit status.  What a sanitizer says in it is seen at the end.
cli() {
	local node=$1 status; shift
	"$IPSECMON" -c "$LAB/$node/ipsecmon.conf" "$@" 2> "$LAB/$node/cli.err"
	status=$?
	cat "$LAB/$node/cli.err" >> "$LAB/cli-$node.log"
	cat "$LAB/$node/cli.err" >&2
	return $status
}

# feed_says NODE KEY: from `show feeds --json'
feed_says() {
	cli "$1" show feeds --json 2> /dev/null |
		"$lab_python" -c 'import json, sys; print(json.load(sys.stdin)["segments"][0]["feeds"][0][sys.argv[1]])' "$2"
}

# ---- SNMP -----------------------------------------------------------------------------------------------------

# snmp NODE COMMAND WORD...: a Net-SNMP command with what follows the agent's address; numeric.  $COMMUNITY is
# another community than public.
snmp() {
	local node=$1 command=$2; shift 2
	in_ns "$node" env SNMPCONFPATH=/nonexistent MIBS= "$command" -v2c -c "${COMMUNITY:-public}" -t 5 -r 1 \
		-On -Oe -Ox ${SNMP_OPTION:+"$SNMP_OPTION"} 127.0.0.1 "$@"
}

# Numeric output, long values on several lines, as lines of: OID TYPE VALUE (octets in hexadecimal digits).
lab_cells() {
	awk '
	function tell() { if (oid != "") { if (type == "Hex-STRING") gsub(/ /, "", text); print oid, type, text } }
	/^\.1/ { tell(); oid = substr($1, 2); type = $3; sub(/:$/, "", type); text = $0
	         sub(/^[^=]*= [A-Za-z0-9-]*: ?/, "", text)
	         if (type == "\"\"") { type = "Hex-STRING"; text = "" }
	         if (type == "No") { type = $4 $5; text = "" }
	         next }
	{ text = text " " $0 }
	END { tell() }' "$@"
}

# walk NODE FILE [OID]: of our MIB unless another OID is named.  False when SNMP does not answer.
walk() {
	local node=$1 file=$2
	SNMP_OPTION=-Cr25 snmp "$node" snmpbulkwalk "${3:-$FLOW_MIB}" > "$file.raw" 2>> "$LAB/$node/snmp.err" || return
	lab_cells "$file.raw" > "$file"
}

# ask NODE COMMAND WALK FILE: a GET (snmpget) or a GETNEXT (snmpgetnext) of every instance of WALK, 50 at a time
ask() {
	local node=$1 command=$2 oids at
	mapfile -t oids < <(cut -d ' ' -f 1 "$3")
	for ((at = 0; at < ${#oids[@]}; at += 50)); do
		snmp "$node" "$command" "${oids[@]:at:50}" || return
	done > "$4.raw"
	lab_cells "$4.raw" > "$4"
}

# value NODE NAME: of an object by its name in our MIB and its index, such as cipSecTunInPkts.3
value() {
	in_ns "$1" env SNMPCONFPATH=/nonexistent MIBS=CISCO-IPSEC-FLOW-MONITOR-MIB MIBDIRS="$srcdir/mibs:$srcdir/mibs/base" \
		snmpget -v2c -c public -t 2 -r 0 -OqveU 127.0.0.1 "CISCO-IPSEC-FLOW-MONITOR-MIB::$2" 2>> "$LAB/$1/snmp.err"
}

# is NODE NAME VALUE: for `wait_until'
is() { [ "$(value "$1" "$2")" = "$3" ]; }

# served NODE: our objects are there
served() { value "$1" cipSecMibLevel.0 | grep -qx 1; }

# index_of NODE tunnel|ike NAME: the index of the one whose child (connection) is called NAME, as the CLI knows it
index_of() {
	local what=$2
	if [ "$what" = ike ]; then cli "$1" show crypto isakmp sa --json; else cli "$1" show crypto ipsec sa --json; fi |
		"$lab_python" -c 'import json, sys
list, key = ("ike_sas", "conn") if sys.argv[1] == "ike" else ("tunnels", "name")
for segment in json.load(sys.stdin)["segments"]:
    for row in segment[list]:
        if row[key] == sys.argv[2] and not row.get("held"):
            print(row["index"])' "$what" "$3"
}

# entry NODE MAP CHILD KEY: of a crypto map entry, as the CLI knows it, such as `state' or `out.pkts'; empty when there
# is none
entry() {
	cli "$1" show crypto map --json 2> /dev/null | "$lab_python" -c '
import json, sys
for segment in json.load(sys.stdin)["segments"]:
    for row in segment["maps"]:
        if (row["name"], row["child"]) == tuple(sys.argv[1:3]):
            value = row
            for key in sys.argv[3].split("."):
                value = value[int(key)] if isinstance(value, list) else (value or {}).get(key)
            print(value)' "${@:2}"
}
entry_is() { [ "$(entry "$1" "$2" "$3" "$4")" = "$5" ]; }   # entry_is NODE MAP CHILD KEY VALUE
no_entry() { [ -z "$(entry "$1" "$2" "$3" index)" ]; }       # no_entry NODE MAP CHILD

# entries NODE: "MAP CHILD STATE LINES", a line each; LINES of its access list
entries() {
	cli "$1" show crypto map --json 2> /dev/null | "$lab_python" -c '
import json, sys
for segment in json.load(sys.stdin)["segments"]:
    for row in segment["maps"]:
        print(row["name"], row["child"], row["state"], len(row["access_list"]))'
}

# says NODE: what no command shows of its segment, see segment_says.c
says() { "$SEGMENT_SAYS" "$(segment "$1")"; }

# told NODE WORD MAP CHILD: how often the segment has told that the entry is `up', `down', `added', `removed'
told() { says "$1" | grep -c "^event [0-9]* $2 $3 $4 "; }

# compare NODE COMMAND...: see compare.py
compare() { "$lab_python" "$LAB_HOME/compare.py" "$@"; }

# ---- At the end -----------------------------------------------------------------------------------------------

# No sanitizer has anything to say, nothing has crashed.
sanitizers_silent() {
	! grep -nE 'runtime error:|Sanitizer|Segmentation|Assertion' "$LAB"/*.log
}

# story_end: the monitors end in good order, nothing was found, and lab_end
story_end() {
	local node
	for node in a b; do monitor_down $node; done
	check "no sanitizer has found anything" sanitizers_silent
	lab_end
}
