#!/bin/bash
# Each daemon tells a service manager when it is ready, alive, and ending. The manager notices when it hangs and when
# it continues.
# shellcheck source-path=SCRIPTDIR source=engines.sh disable=SC2317      # functions are called by wait_until
. "$(dirname "${BASH_SOURCE[0]}")/engines.sh"
IPSECMOND=$(realpath "${IPSECMOND:-$builddir/ipsecmond}")
need python3 "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON_ENGINE"
lab_begin
engines_configure 0 10
mkdir "$LAB/gateway"
cat > "$LAB/gateway.conf" <<-CONF
run-dir = "$LAB/gateway"
state-dir = "$LAB/gateway"
feed vici { socket = "$LAB/no.vici"
            error-socket = "$LAB/no.enfy" }
agentx { socket = "$LAB/no.agentx" }
CONF
readonly SECONDS_SILENT=1.5

# heard NAME LINE [TIMES]: of that daemon, so many times at the least
heard() { [ "$(grep -cx "$2" "$LAB/manager-$1.log")" -ge "${3:-1}" ]; }

# served NAME PROGRAM CONF FILE: FILE is what it must have made by the time that it is ready
served() {
	local name=$1 program=$2 conf=$3 file=$4 alive
	start - "manager-$name" "$lab_python" "$LAB_HOME/manager.py" "$LAB/notify-$name" $SECONDS_SILENT
	wait_until 10 heard "$name" listening
	start - "$name" env NOTIFY_SOCKET="$LAB/notify-$name" WATCHDOG_USEC="${SECONDS_SILENT/./}00000" \
		"$program" -f -c "$conf"
	wait_until 20 heard "$name" READY=1
	pass "$name says that it is ready"
	check "$name has what it is there for" test -e "$file"
	wait_until 10 heard "$name" WATCHDOG=1 4
	pass "$name says again and again that it is alive"
	lab_signal STOP "$name"
	wait_until 10 heard "$name" silent
	pass "$name is silent when its loop hangs"
	alive=$(grep -cx WATCHDOG=1 "$LAB/manager-$name.log")
	lab_signal CONT "$name"
	wait_until 10 heard "$name" WATCHDOG=1 $((alive + 2))
	pass "$name is alive again"
	equal "$name is ready once" 1 "$(grep -cx READY=1 "$LAB/manager-$name.log")"
	stop "$name"
	equal "$name ends well" 0 "$STATUS"
	wait_until 5 heard "$name" STOPPING=1
	pass "$name says that it ends"
}
served ipsecmond "$IPSECMOND" "$LAB/gateway.conf" "$LAB/gateway/gateway.model"
served agentx "$IPSECMON_AGENTX" "$LAB/gateway.conf" "$LAB/gateway"
served engine "$IPSECMON_ENGINE" "$LAB/east.conf" "$LAB/east/engine.model"
lab_end
