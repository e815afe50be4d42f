# SPDX-License-Identifier: ISC
# What may a service do? A copy of its unit runs this in its place (see boot_guest.sh), with its user, capabilities, filters and
# mounts. A line for each attempt: what was tried, and "ok" or the name of the error. System calls by their numbers on x86-64.
use strict;
use warnings;
use Errno;
use Socket;

my %name = map { Errno->can($_)->() => $_ } keys %!;
my $mine = "probe.$$";

sub report
{
	my ($what, $worked) = @_;
	print "$what ", ($worked ? 'ok' : $name{ $! + 0 } // $! + 0), "\n";
}

sub try_call
{
	my ($what, $number, @arguments) = @_;
	report($what, syscall($number, @arguments) != -1);
}

sub can_read
{
	my ($path) = @_;
	return open(my $file, '<', $path) unless -S $path;
	socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or return 0;
	return connect($socket, sockaddr_un($path));
}

for my $dir (qw(/etc /usr /var/lib /run /run/ipsecmon /run/ipsecmon-persona /var/lib/ipsecmon /var/lib/ipsecmon/persona
	/var/lib/ipsecmon-persona /tmp)) {
	report("write $dir", open(my $file, '>', "$dir/$mine"));
	unlink("$dir/$mine");
}
report("read $_", can_read($_)) for qw(/etc/shadow /etc/swanctl/private/key.pem /etc/ipsec.secrets /root/.profile /dev/ubda
	/run/charon.vici);

report("socket inet", socket(my $inet, 2, 2, 0));
report("socket inet6", socket(my $inet6, 10, 2, 0));
report("socket netlink", socket(my $netlink, 16, 3, 0));
report("socket packet", socket(my $packet, 17, 3, 0));
report("socket unix", socket(my $unix, 1, 1, 0));

my ($none, $zero) = ("none\0", "\0" x 64);
try_call("mount", 165, $none, "/tmp\0", "tmpfs\0", 0, 0);
try_call("chroot", 161, "/tmp\0");
try_call("network namespace", 272, 0x40000000);
try_call("trace", 101, 0, 0, 0, 0);
try_call("real-time", 144, 0, 1, pack('i', 1));
try_call("priority", 141, 0, 0, -5);
try_call("set clock", 164, pack('qq', 1, 0), 0);
try_call("load module", 175, $zero, 0, $none);
try_call("bpf", 321, 0, $zero, 64);
try_call("swap", 167, $none, 0);
try_call("personality", 135, 8);
try_call("write and execute", 9, 0, 4096, 7, 0x22, -1, 0);
open(my $file, '>', "/tmp/$mine") or die;
report("set-user-id", chmod(04755, "/tmp/$mine"));
try_call("device", 133, "/tmp/$mine.device\0", 020600, 0x103);
unlink("/tmp/$mine", "/tmp/$mine.device");
report("sysctl", open(my $sysctl, '>', '/proc/sys/net/ipv4/ip_forward'));

open(my $dev, '<', '/proc/net/dev') or die;
print "interfaces ", join(' ', sort map { /^\s*([^\s:]+):/ ? $1 : () } <$dev>), "\n";
my @others = grep { my @of = stat("/proc/$_"); @of && $of[4] != $> } map { m{/proc/(\d+)} } glob('/proc/[0-9]*');
print "processes of others ", (@others ? 'seen' : 'hidden'), "\n";
