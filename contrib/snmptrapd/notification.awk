# SPDX-License-Identifier: ISC
# A notification as snmptrapd gives it to a handler, read into variables, for to-zabbix and to-nagios. The standard
# input of a handler is lines: name of the sender, its transport, then a variable each, its OID or name and its value.
# After read_notification():
#
#     address             of the sender, IPv4 or IPv6
#     trap                name of the notification, or its OID if it is none of IPsec
#     n, name[], value[]  its variables, without sysUpTime, snmpTrapOID and what snmptrapd adds to those of SNMPv1;
#                         values without quotes
#     known[NAME]         value of an object by its name without module and index, such as known["ipsecmonTunnelName"]
#
# What is in a value may come from somebody else's gateway. It is data here, and goes nowhere but through clean().
#
# Whether snmptrapd has the MIB modules or not makes no difference: OIDs of ours become names. IPSECMON-MIB is known by
# its form, not its place, which configure --with-enterprise-oid moves: a notification X.0.1 or X.0.2 whose first
# variables are X.1.4.1.2, .3, .16 and .18 of one row.

BEGIN {
	split("Name:2 Child:3 Ups:9 Flaps:10 DownReason:11 LastFailure:13 LastFailText:14 Peer:16 RemoteAddr:18 " \
		"Phase2Index:20", pairs, " ")
	for (i in pairs) {
		split(pairs[i], pair, ":")
		own_object[pair[2]] = "ipsecmonTunnel" pair[1]
	}
	split("ipsecmonTunnelDown ipsecmonTunnelUp", own_trap, " ")
	split("none unknown normal operator peerDelete peerLost localFailure seqRollover sourceLost", down_reason, " ")
	split("none other peerDelete peerLost localFailure authentication hash decipherIke internal capacity proposal " \
		"certUnavailable certInvalid certExpired crl encoding noSa operator protocolUse decrypt encrypt " \
		"inAuthentication outAuthentication compression seqRollover", failure, " ")

	traps_of(".1.3.6.1.4.1.9.9.171.2.0", "CISCO-IPSEC-FLOW-MONITOR-MIB", "cikeTunnelStart cikeTunnelStop " \
		"cikeSysFailure cikeCertCrlFailure cikeProtocolFailure cikeNoSa cipSecTunnelStart cipSecTunnelStop " \
		"cipSecSysFailure cipSecSetUpFailure cipSecEarlyTunTerm cipSecProtocolFailure cipSecNoSa")
	traps_of(".1.3.6.1.4.1.9.10.62.2.0", "CISCO-IPSEC-MIB", "cipsIsakmpPolicyAdded cipsIsakmpPolicyDeleted " \
		"cipsCryptomapAdded cipsCryptomapDeleted cipsCryptomapSetAttached cipsCryptomapSetDetached cipsTooManySAs")
	traps_of(".1.3.6.1.4.1.9.9.467.0", "CISCO-CRYPTO-ACCELERATOR-MIB", "ciscoCryAccelInserted " \
		"ciscoCryAccelRemoved ciscoCryAccelOperational ciscoCryAccelDisabled")
}

function traps_of(oid, module, names,   list, count, i) {
	count = split(names, list, " ")
	for (i = 1; i <= count; i++)
		cisco_trap[oid "." i] = module "::" list[i]
}

# Control characters become blanks: a value is a part of a line, whatever is in it.
function clean(text) {
	gsub(/[\001-\037\177]+/, " ", text)
	return text
}

# The length of the OID or name that a line begins with, with the blank after it; 0 if it is none. An index that is a
# text stands in quotes, and may have blanks in it.
function name_length(line) {
	return match(line, /^([.][0-9]|[A-Za-z][A-Za-z0-9-]*(::|[.]))[^ "]*("([^"\\]|\\.)*"[^ "]*)* /) ? RLENGTH : 0
}

# All of standard input. False when it is not what snmptrapd gives.
function read_notification(   line, lines, i, at, text) {
	while ((getline line) > 0)
		lines[++count] = line
	if (count < 4 || !match(lines[2], /\[[0-9A-Fa-f:.]+[]%]/))
		return 0
	address = substr(lines[2], RSTART + 1, RLENGTH - 2)
	sub(/^::[Ff][Ff][Ff][Ff]:/, "", address)

	n = 0
	for (i = 3; i <= count; ) {
		at = name_length(lines[i])
		oid = substr(lines[i], 1, at > 0 ? at - 1 : 0)
		text = substr(lines[i++], at + 1)
		# A text may have line feeds in it. Without its MIB module it is in quotes; with it, nothing tells where it
		# ends but that another variable begins. Of two of one name the first counts.
		if (text ~ /^"/)
			i = quoted(text, lines, i)
		else
			whole = text
		while (i <= count && name_length(lines[i]) == 0)
			whole = whole "\n" lines[i++]
		take(oid, whole)
	}
	name_ours()
	return trap != ""
}

# Sets `whole' to the text that begins with a quote, as far as its last quote in the lines from I on, and returns the
# line behind that; without a last quote it is the first line as it is.
function quoted(text, lines, i,   first) {
	first = i
	whole = text
	while (whole !~ /^"([^"\\]|\\.)*"$/) {
		if (i > count) {
			whole = text
			return first
		}
		whole = whole "\n" lines[i++]
	}
	whole = substr(whole, 2, length(whole) - 2)
	gsub(/\\\\/, "\001", whole)
	gsub(/\\"/, "\"", whole)
	gsub(/\001/, "\\", whole)
	return i
}

function take(oid, text) {
	if (oid ~ /(^[.]1[.]3[.]6[.]1[.]6[.]3[.]1[.]1|snmpModules[.]1[.]1)[.]4[.]1[.]0$/ || oid ~ /snmpTrapOID[.]0$/) {
		if (trap == "")
			trap = text
	} else if (oid ~ /(^[.]1[.]3[.]6[.]1[.]2[.]1|mib-2)[.]1[.]3[.]0$/ || oid ~ /sysUpTime(Instance|[.]0)$/)
		;
	# What is made of SNMPv1: agent-addr, the community, the enterprise. The community is nobody's business.
	else if (oid ~ /(^[.]1[.]3[.]6[.]1[.]6[.]3|snmpModules)[.]18[.]1[.][34][.]0$/ ||
			oid ~ /snmpTrap(Address|Community)[.]0$/ ||
			oid ~ /(^[.]1[.]3[.]6[.]1[.]6[.]3[.]1[.]1|snmpModules[.]1[.]1)[.]4[.]3[.]0$/ || oid ~ /snmpTrapEnterprise[.]0$/)
		;
	else {
		name[++n] = oid
		value[n] = text
	}
}

# OIDs of ours become names, and their values what they are with the MIB module.
function name_ours(   base, i, short, own) {
	if (trap in cisco_trap)
		trap = cisco_trap[trap]
	base = trap
	own = sub(/[.]0[.][12]$/, "", base) && has(1, base, 2) && has(2, base, 3) && has(3, base, 16) && has(4, base, 18)
	if (own)
		trap = "IPSECMON-MIB::" own_trap[substr(trap, length(trap))]
	for (i = 1; i <= n; i++) {
		if (own && index(name[i], base ".1.4.1.") == 1) {
			split(substr(name[i], length(base) + 8), arc, ".")
			if (arc[1] in own_object)
				name[i] = "IPSECMON-MIB::" own_object[arc[1]] "." arc[2]
			value[i] = octets(value[i])
		}
		short = name[i]
		sub(/^.*::/, "", short)
		sub(/[.].*/, "", short)
		if (short == "ipsecmonTunnelDownReason" && value[i] in down_reason)
			value[i] = down_reason[value[i]]
		else if (short == "ipsecmonTunnelLastFailure" && value[i] in failure)
			value[i] = failure[value[i]]
		if (!(short in known))
			known[short] = value[i]
	}
}

# Without its MIB module, a text with more than ASCII in it is hexadecimal numbers.
function octets(text,   digits, count, i, result) {
	if (text !~ /^([0-9A-F][0-9A-F][ \n]+)+$/)
		return text
	count = split(text, digits, /[ \n]+/)
	for (i = 1; i <= count; i++)
		if (digits[i] != "")
			result = result sprintf("%c", 16 * digit(digits[i], 1) + digit(digits[i], 2))
	return result
}

function digit(digits, i) { return index("123456789ABCDEF", substr(digits, i, 1)) }

function has(i, base, column) { return i <= n && index(name[i], base ".1.4.1." column ".") == 1 }

# The name of an object or a notification without its module
function short_name(text) {
	sub(/^[A-Za-z][A-Za-z0-9-]*::/, "", text)
	return text
}
