#!/bin/bash
# Perl's Net::SNMP, which shares no code with Net-SNMP's tools and decodes BER strictly, gets the same tree by
# GETBULK, get_table() and GETs: the same types and values as snmpbulkwalk.
# shellcheck source-path=SCRIPTDIR source=gateway.sh disable=SC2317      # functions are called by check
. "$(dirname "${BASH_SOURCE[0]}")/gateway.sh"
need root tun ip ping swanctl python3 unshare snmpd snmpbulkwalk perl "$CHARON"
perl -MNet::SNMP -e 1 2> /dev/null || skip "no Net::SNMP for Perl (libnet-snmp-perl)"
lab_begin

cat > "$LAB/client.pl" <<'PERL'
use strict;
use warnings;
use Net::SNMP qw(:asn1 :snmp oid_base_match oid_lex_cmp);
my ($how, $root, $list) = @ARGV;
my %type = (INTEGER, 'INTEGER', OCTET_STRING, 'Hex-STRING', COUNTER32, 'Counter32', GAUGE32, 'Gauge32',
            TIMETICKS, 'Timeticks', COUNTER64, 'Counter64', NOSUCHOBJECT, 'NosuchObject', NOSUCHINSTANCE,
            'NosuchInstance');
my ($session, $error) = Net::SNMP->session(-hostname => '127.0.0.1', -version => 'snmpv2c', -community => 'public',
	-timeout => 5, -retries => 1, -maxmsgsize => 65535, -translate => [-all => 0]);
die "$error\n" unless defined $session;

sub show {
	my ($names) = @_;
	my ($values, $types) = ($session->var_bind_list(), $session->var_bind_types());
	for my $oid (@$names) {
		my $value = $values->{$oid};
		my $type = $type{$types->{$oid}} // sprintf('type-%d', $types->{$oid});
		$value = uc unpack('H*', $value) if $types->{$oid} == OCTET_STRING;
		print substr($oid, $oid =~ /^\./ ? 1 : 0), " $type $value\n";
	}
}

if ($how eq 'bulk') {
	my $last = $root;
	WALK: for (;;) {
		defined $session->get_bulk_request(-maxrepetitions => 20, -varbindlist => [$last])
			or die $session->error() . "\n";
		my @names = $session->var_bind_names();
		my $types = $session->var_bind_types();
		die "an empty answer behind $last\n" unless @names;
		for my $oid (@names) {
			last WALK if !oid_base_match($root, $oid) || $types->{$oid} == ENDOFMIBVIEW;
			die "$oid does not come behind $last\n" unless oid_lex_cmp($oid, $last) > 0;
			show([$oid]);
			$last = $oid;
		}
	}
} elsif ($how eq 'table') {
	defined $session->get_table(-baseoid => $root, -maxrepetitions => 25) or die $session->error() . "\n";
	show([$session->var_bind_names()]);
} else {
	open(my $file, '<', $list) or die "$list: $!\n";
	my @all = map { (split ' ')[0] } <$file>;
	while (my @some = splice(@all, 0, 40)) {
		defined $session->get_request(-varbindlist => [@some]) or die $session->error() . "\n";
		show([$session->var_bind_names()]);
	}
}
$session->close();
PERL
# perl_client HOW OUTPUT [LIST]
perl_client() {
	in_ns a perl -w "$LAB/client.pl" "$1" "$FLOW_MIB" ${3:+"$3"} > "$2" 2> "$2.err"
	local status=$?
	cat "$2.err"
	[ "$status" = 0 ] && [ ! -s "$2.err" ]
}

gateways_up
connections "${ALL_CONNECTIONS[@]}"
both_up
monitor_up a
all_up
traffic "${SRC[net]}" "${DST[net]}" 5 1000
terminate a --ike ikev1-main
terminate a --child net2
wait_until 5 is a cipSecGlobalPreviousTunnels.0 2
wait_until 10 is a "cipSecTunInPkts.$(index_of a tunnel net)" 5

check "snmpbulkwalk" walk a "$LAB/a/walk"
check "get_bulk_request over the tree" perl_client bulk "$LAB/a/bulk"
check "get_table of the tree" perl_client table "$LAB/a/table"
check "get_request of every instance" perl_client get "$LAB/a/get" "$LAB/a/walk"
check "snmpbulkwalk again" walk a "$LAB/a/later"
check "there is something" test "$(grep -c . "$LAB/a/walk")" -gt 800
for how in bulk table get; do
	equal "$how: as many instances" "$(grep -c . "$LAB/a/walk")" "$(grep -c . "$LAB/a/$how")"
	check "$how: the same types and values" \
		"$lab_python" "$LAB_HOME/conformance.py" equal "$LAB/a/walk" "$LAB/a/$how" "$LAB/a/later"
done
story_end
