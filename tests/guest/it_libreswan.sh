#!/bin/bash
# An IKE daemon that we have no feed for: libreswan's pluto. Its tunnel and the counters are there without any
# configuration.
#
# The packages of libreswan and strongSwan exclude each other; here libreswan's are unpacked into the guest, which
# forgets them.  They are downloaded into $DEBS, if that is set, or for this run.
# shellcheck source-path=SCRIPTDIR source=guest.sh disable=SC2317,SC2016      # functions are called by wait_until; sh's dollars
if [ "${IN_GUEST:-}" != yes ]; then
	if [ -z "${DEBS:-}" ]; then     # then again, with it
		DEBS=$(mktemp -d /tmp/debs.XXXXXX) || exit
		export DEBS
		trap 'rm -rf "$DEBS"' EXIT
		if ! ( cd "$DEBS" && apt-get -q download libreswan libldns3 libevent-pthreads-2.1-7 libnss3-tools ) > /dev/null 2>&1
		then
			printf 'SKIPPED: libreswan cannot be downloaded\n'
			exit 77
		fi
		"$BASH" "$0"
		exit
	fi
	GUEST_OPTIONS=(-r "$DEBS" -e DEBS="$DEBS")
fi
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"
# shellcheck source=../packages/machine.sh
. "$GUEST_HOME/../packages/machine.sh"
# shellcheck source=../packages/pages.sh
. "$GUEST_HOME/../packages/pages.sh"
need root ip ping swanctl python3 snmpd snmpbulkwalk dpkg "$CHARON" "$IPSECMOND" "$IPSECMON_AGENTX" "$IPSECMON" \
	"$SEGMENT_SAYS"
lab_begin
# As tar: `dpkg -x' would put a directory in place of the link /lib.
for deb in "$DEBS"/*.deb; do dpkg --fsys-tarfile "$deb" | tar -C / -x --keep-directory-symlink; done
ldconfig
guest_up
recorder_up a

charon_up b
cat > "$LAB/b/swanctl.conf" <<-'CONF'
	connections { net { version = 2
	                    local_addrs = 10.9.0.2
	                    remote_addrs = 10.9.0.1
	                    proposals = aes128-sha256-modp2048
	                    local { auth = psk
	                            id = b.lab }
	                    remote { auth = psk
	                             id = a.lab }
	                    children { net { local_ts = 10.2.0.0/24
	                                     remote_ts = 10.1.0.0/24
	                                     esp_proposals = aes128gcm16 } } } }
	secrets { ike-net { secret = "not a secret, a lab" } }
CONF
load b

dir=$LAB/a
mkdir -p "$dir/pluto" "$dir/nss"
cat > "$dir/ipsec.conf" <<-CONF
	config setup
	    logfile=$dir/pluto.log
	conn net
	    authby=secret
	    ikev2=insist
	    left=10.9.0.1
	    leftid=@a.lab
	    leftsubnet=10.1.0.0/24
	    right=10.9.0.2
	    rightid=@b.lab
	    rightsubnet=10.2.0.0/24
	    ike=aes128-sha2;modp2048
	    esp=aes_gcm128
	    pfs=no
	    auto=add
CONF
printf '@a.lab @b.lab : PSK "not a secret, a lab"\n' > "$dir/ipsec.secrets"
chmod 0600 "$dir/ipsec.secrets"
lab_quiet "a database for pluto" certutil -N -d "sql:$dir/nss" --empty-password
libexec=/usr/libexec/ipsec
start a pluto "$libexec/pluto" --nofork --config "$dir/ipsec.conf" --secretsfile "$dir/ipsec.secrets" \
	--nssdir "$dir/nss" --rundir "$dir/pluto" --logfile "$dir/pluto.log"
wait_until 20 test -S "$dir/pluto/pluto.ctl"
whack() { in_ns a "$libexec/whack" --rundir "$dir/pluto" "$@"; }

# No section of a feed at all.
cat > "$dir/ipsecmon.conf" <<-CONF
	run-dir = "$dir/run"
	state-dir = "$dir/state"
	agentx { socket = "$dir/agentx" }
CONF
monitor_up a
lab_quiet "a connection" in_ns a "$libexec/addconn" --config "$dir/ipsec.conf" --ctlsocket "$dir/pluto/pluto.ctl" net
lab_quiet "secrets" whack --rereadsecrets
lab_quiet "initiate" whack --initiate --name net
wait_until 10 is a cipSecGlobalActiveTunnels.0 1
traffic 10.1.0.1 10.2.0.1 10 1000
agrees a "pluto's tunnel" 20
octets_of() { whack --trafficstatus | sed -nE 's/.*inBytes=([0-9]+), outBytes=([0-9]+).*/\1 \2/p'; }
equal "octets, as pluto says" "$(octets_of)" "$(value a cipSecGlobalHcInOctets.0) $(value a cipSecGlobalHcOutOctets.0)"
row=$(compare table "$LAB/a/walk" cipSecTunKeyType | cut -d ' ' -f 1)
equal "an IKE daemon has made the key" "1" "$(value a "cipSecTunKeyType.$row" | grep -oE '[0-9]+')"

# Its policy is what is configured, as far as the kernel knows.
one_up() { [ "$(entries a | cut -d ' ' -f 1,3,4)" = "xfrm-10.9.0.2 up 1" ]; }
wait_until 10 one_up
pass "its policy is a crypto map entry"
child=$(entries a | cut -d ' ' -f 2)
equal "keyed by IKE" ike "$(entry a xfrm-10.9.0.2 "$child" keying)"
equal "with the suite that was negotiated" esp-gcm "$(entry a xfrm-10.9.0.2 "$child" transforms.0.transform | cut -d ' ' -f 1)"
map_index=$(entry a xfrm-10.9.0.2 "$child" index)

# libreswan replaces a CHILD_SA by another one of the same reqid.
lab_quiet "rekey" whack --rekey-ipsec --name net
traffic 10.1.0.1 10.2.0.1 10 1000
wait_until 10 is a "cipSecTunTotalRefreshes.$row" 1
traffic 10.1.0.1 10.2.0.1 3 1000
agrees a "after a rekey" 40
equal "the entry is the same" "$map_index 1" \
	"$(entry a xfrm-10.9.0.2 "$child" index) $(entry a xfrm-10.9.0.2 "$child" ups)"

# The commands of the page for such a gateway, with an ipsecmond of the page's own.
stand_ins "$LAB/place"
bin=$LAB/place/usr/local/bin
mkdir -p /etc/systemd/system
printf '[Service]\nExecStart=%s -f -c /etc/ipsecmon/ipsecmon.conf\n' "$IPSECMOND" > /etc/systemd/system/ipsecmond.service
printf '#!/bin/sh\nexec %s -c /etc/ipsecmon/ipsecmon.conf "$@"\n' "$IPSECMON" > "$bin/ipsecmon"
printf '#!/bin/sh\n[ "$1" = whack ] && shift || set -- "--$@"\nexec %s --rundir %s "$@"\n' "$libexec/whack" "$dir/pluto" > "$bin/ipsec"
chmod 0755 "$bin"/*
in_place() { shift; in_ns a env PATH="$bin:$PATH" "$@"; }
page libreswan.md
in_place '' systemctl stop ipsecmond

lab_quiet "terminate" whack --delete --name net
wait_until 10 is a cipSecGlobalActiveTunnels.0 0
agrees a "it has gone"
wait_until 10 no_entry a xfrm-10.9.0.2 "$child"
pass "and with its policy the entry"

# One that is routed and down has a policy that names no peer.
lab_quiet "a connection" in_ns a "$libexec/addconn" --config "$dir/ipsec.conf" --ctlsocket "$dir/pluto/pluto.ctl" net
lab_quiet "route" whack --route --name net
one_down() { [ "$(entries a | cut -d ' ' -f 1-3)" = "xfrm-any any-any down" ]; }
wait_until 10 one_down
pass "a connection that is routed is an entry for any peer, down"
story_end
