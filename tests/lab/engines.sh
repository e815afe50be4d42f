# shellcheck shell=bash disable=SC2034      # some variables are for the stories
# Two ipsecmon-engines, east and west, and what serves east over SNMP, all on loopback and with no privilege. For stories,
# and for ./quickstart. It brings lab.sh along:
#
#     . "$(dirname "${BASH_SOURCE[0]}")/engines.sh"
#     lab_begin
#     engines_configure 2000 500              # packets through each tunnel, and how many a second
#     engines_up                              # engine-west, engine-east
#     snmp_up                                 # snmpd, snmptrapd, ipsecmon-agentx, before or after
#     wait_until 30 engines_done
#     engines_sums                            # a table; fails when it does not add up

# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
builddir=${builddir:-${top_builddir:-.}}
srcdir=${srcdir:-$(cd "$LAB_HOME/../.." && pwd)}
IPSECMON=$(realpath "${IPSECMON:-$builddir/ipsecmon}")
IPSECMON_AGENTX=$(realpath "${IPSECMON_AGENTX:-$builddir/ipsecmon-agentx}")
IPSECMON_ENGINE=$(realpath "${IPSECMON_ENGINE:-$builddir/ipsecmon-engine}")
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1} ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
mibs=$srcdir/mibs:$srcdir/mibs/base

# Ports below those that the system gives out by itself; one that is taken makes its owner fail, and the story with it.
port() { printf '%d' $((14000 + RANDOM % 16000)); }

engines_configure() {   # engines_configure PACKETS RATE
	EAST=$(port) WEST=$(port)
	SNMP_PORT=$(port) TRAP_PORT=$(port)
	export EAST WEST
	lab_quiet "the configuration of two engines" "$srcdir/contrib/engine-pair" "$LAB" "$1" "$2"
	mkdir -p "$LAB/east" "$LAB/west"
}

# engine_up NAME [PROGRAM]: until it has its segment
engine_up() {
	start - "engine-$1" "${2:-$IPSECMON_ENGINE}" -f -c "$LAB/$1.conf"
	wait_until 10 test -s "$LAB/$1/engine.model"
}
engines_up() { engine_up west; engine_up east; }

# engines_done: each generator has sent what it had to send
engines_done() {
	local end want
	for end in east west; do
		want=$(grep -c '^generator' "$LAB/$end.conf")
		[ "$(grep -c "packets encrypted" "$LAB/engine-$end.log")" -ge "$want" ] || return 1
	done
}

engines_sums() {
	"$lab_python" "$srcdir/contrib/engine-sums" "$IPSECMON" "$LAB/east.conf" "$LAB/engine-east.log" \
		"$LAB/west.conf" "$LAB/engine-west.log"
}

cli() { local end=$1; shift; "$IPSECMON" -c "$LAB/$end.conf" "$@"; }    # cli east|west WORD...

snmp_up() {
	mkdir -p "$LAB/snmp"
	cat > "$LAB/snmpd.conf" <<-CONF
	master agentx
	agentXSocket $LAB/east/agentx
	agentaddress udp:127.0.0.1:$SNMP_PORT
	dontLogTCPWrappersConnects yes
	rocommunity public 127.0.0.1
	rwcommunity private 127.0.0.1
	trap2sink 127.0.0.1:$TRAP_PORT public
	CONF
	printf 'disableAuthorization yes\n' > "$LAB/snmp/snmptrapd.conf"
	start - snmptrapd env SNMP_PERSISTENT_DIR="$LAB/snmp" snmptrapd -f -Lo -C -c "$LAB/snmp/snmptrapd.conf" \
		-M "$mibs" -m CISCO-IPSEC-FLOW-MONITOR-MIB -Os -F '%V\n%v\n' "udp:127.0.0.1:$TRAP_PORT"
	wait_until 10 grep -q "NET-SNMP version" "$LAB/snmptrapd.log"
	start - snmpd env SNMP_PERSISTENT_DIR="$LAB/snmp" MIBS= snmpd -f -Lo -C -c "$LAB/snmpd.conf" -I -smux
	wait_until 10 test -S "$LAB/east/agentx"
	start - agentx "$IPSECMON_AGENTX" -f -c "$LAB/east.conf"
	wait_until 10 notify cipSecTrapCntlIpSecTunnelStart
	lab_quiet "a switch" notify cipSecTrapCntlIpSecTunnelStop
}

# notify SWITCH: let these notifications be sent
notify() {
	snmpset -v2c -c private -M "$mibs" -m CISCO-IPSEC-FLOW-MONITOR-MIB -t 1 -r 0 "127.0.0.1:$SNMP_PORT" "$1.0" i 1
}

# poll WORD...: snmpbulkwalk and its options, of gateway east
poll() {
	snmpbulkwalk -v2c -c public -M "$mibs" -m CISCO-IPSEC-FLOW-MONITOR-MIB -Os "127.0.0.1:$SNMP_PORT" "$@"
}
