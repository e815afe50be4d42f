# SPDX-License-Identifier: ISC
# A notification as snmptrapd gives it to a handler, read into variables, for to-zabbix and to-nagios. The standard
# input of a handler is lines: name of the sender, its transport, then a variable each, its OID or name and its value.
# After read_notification():
#
#     address             of the sender, IPv4 or IPv6
#     trap                name of the notification, or its OID if it is not known here
#     module[NAME]        of those that are
#     n, name[], value[]  its variables, but for sysUpTime, snmpTrapOID and what snmptrapd adds to those of SNMPv1;
#                         names without module, values without quotes
#     known[NAME]         the value of an object by its name without index, such as known["ipsecmonTunnelName"]
#
# What is in a value may have been thought of by somebody else. It is data here, and is written through clean() only.
#
# Whether snmptrapd has the MIB modules or not makes no difference: OIDs of ours become names. IPSECMON-MIB is known by
# its form, not by its place, which configure --with-enterprise-oid moves: a notification X.0.1 or X.0.2 whose first
# variables are X.1.4.1.2, .3, .16 and .18.

BEGIN {
	split("ipsecmonTunnelDown ipsecmonTunnelUp", own_trap, " ")
	module[own_trap[1]] = module[own_trap[2]] = "IPSECMON-MIB"
	split("2 Name 3 Child 9 Ups 10 Flaps 11 DownReason 13 LastFailure 14 LastFailText 16 Peer 18 RemoteAddr " \
		"20 Phase2Index", word, " ")
	for (i = 1; i in word; i += 2)
		own_object[word[i]] = "ipsecmonTunnel" word[i + 1]
	words_of("ipsecmonTunnelDownReason", "none unknown normal operator peerDelete peerLost localFailure " \
		"seqRollover sourceLost")
	words_of("ipsecmonTunnelLastFailure", "none other peerDelete peerLost localFailure authentication hash " \
		"decipherIke internal capacity proposal certUnavailable certInvalid certExpired crl encoding noSa operator " \
		"protocolUse decrypt encrypt inAuthentication outAuthentication compression seqRollover")

	traps_of(".1.3.6.1.4.1.9.9.171.2.0", "CISCO-IPSEC-FLOW-MONITOR-MIB", "cikeTunnelStart cikeTunnelStop " \
		"cikeSysFailure cikeCertCrlFailure cikeProtocolFailure cikeNoSa cipSecTunnelStart cipSecTunnelStop " \
		"cipSecSysFailure cipSecSetUpFailure cipSecEarlyTunTerm cipSecProtocolFailure cipSecNoSa")
	traps_of(".1.3.6.1.4.1.9.10.62.2.0", "CISCO-IPSEC-MIB", "cipsIsakmpPolicyAdded cipsIsakmpPolicyDeleted " \
		"cipsCryptomapAdded cipsCryptomapDeleted cipsCryptomapSetAttached cipsCryptomapSetDetached cipsTooManySAs")
	traps_of(".1.3.6.1.4.1.9.9.467.0", "CISCO-CRYPTO-ACCELERATOR-MIB", "ciscoCryAccelInserted " \
		"ciscoCryAccelRemoved ciscoCryAccelOperational ciscoCryAccelDisabled")
	traps_of(".1.3.6.1.4.1.9.9.392.0", "CISCO-REMOTE-ACCESS-MONITOR-MIB", "ciscoRasTooManySessions " \
		"ciscoRasTooManyFailedAuths ciscoRasTooHighThroughput")
	traps_of(".1.3.6.1.6.3.1.1.5", "SNMPv2-MIB", "coldStart warmStart linkDown linkUp authenticationFailure")
	traps_of(".1.3.6.1.4.1.8072.4.0", "NET-SNMP-AGENT-MIB", "nsNotifyStart nsNotifyShutdown nsNotifyRestart")

	# What snmptrapd shortens OIDs to that it knows in part
	root["iso"] = ".1"
	root["mib-2"] = ".1.3.6.1.2.1"
	root["enterprises"] = ".1.3.6.1.4.1"
	root["snmpModules"] = ".1.3.6.1.6.3"
	root["netSnmp"] = ".1.3.6.1.4.1.8072"
	root["netSnmpPlaypen"] = ".1.3.6.1.4.1.8072.9999.9999"
	root["ciscoMgmt"] = ".1.3.6.1.4.1.9.9"
	root["ciscoExperiment"] = ".1.3.6.1.4.1.9.10"

	split(".1.3.6.1.2.1.1.3.0 sysUpTimeInstance sysUpTime.0 .1.3.6.1.6.3.18.1.3.0 snmpTrapAddress.0 " \
		".1.3.6.1.6.3.18.1.4.0 snmpTrapCommunity.0 .1.3.6.1.6.3.1.1.4.3.0 snmpTrapEnterprise.0", word, " ")
	for (i in word)
		is_left_out[word[i]]    # the community is nobody's business
}

function traps_of(oid, its_module, names,   list, i) {
	split(names, list, " ")
	for (i in list) {
		trap_name[oid "." i] = list[i]
		module[list[i]] = its_module
	}
}

function words_of(object, words,   list, i) {
	split(words, list, " ")
	for (i in list)
		value_word[object, i] = list[i]
}

# Control characters become blanks: a value is a part of a line, whatever is in it.
function clean(text) {
	gsub(/[\001-\037\177]+/, " ", text)
	return text
}

# All of standard input. False when it is not what snmptrapd gives.
function read_notification(   count, i, at, oid, equals) {
	while ((getline line[count + 1]) > 0)
		count++
	if (count < 4 || !match(line[2], /\[[0-9A-Fa-f:.]+[]%]/))
		return 0
	address = substr(line[2], RSTART + 1, RLENGTH - 2)
	sub(/^::[Ff][Ff][Ff][Ff]:/, "", address)

	n = 0
	equals = substr(line[3], name_length(line[3]) + 1, 2) == "= "   # outputOption Q
	for (i = 3; i <= count; ) {
		at = name_length(line[i])
		oid = plain(substr(line[i], 1, at > 0 ? at - 1 : 0))
		line[i] = substr(line[i], at + 1 + (equals ? 2 : 0))
		i = read_value(i, count)
		if (oid == ".1.3.6.1.6.3.1.1.4.1.0" || oid == "snmpTrapOID.0")
			trap = trap == "" ? plain(text) : trap
		else if (!(oid in is_left_out)) {
			name[++n] = oid
			value[n] = text
		}
	}
	if (trap in trap_name)
		trap = trap_name[trap]
	name_ours()
	return trap != ""
}

# The length of the OID or name that a line begins with, and the blank after it; 0 if it is none. An index that is a
# text stands in quotes, and may have blanks in it.
function name_length(line) {
	return match(line, /^([.][0-9]|[A-Za-z][A-Za-z0-9-]*(::|[.]))[^ "]*("([^"\\]|\\.)*"[^ "]*)* /) ? RLENGTH : 0
}

# An OID or name without its module, and an OID as numbers alone if it can be
function plain(text,   first) {
	sub(/^[A-Za-z][A-Za-z0-9-]*::/, "", text)
	first = text
	sub(/[.].*/, "", first)
	return first in root ? root[first] substr(text, length(first) + 1) : text
}

# Sets `text' to the value in line I and on, and returns the number of the line behind it. A value may have line feeds in
# it. Without its MIB module a text is in quotes, and ends with them; with it, nothing tells where it ends but that
# another variable begins. Therefore, of two variables of one name, the first counts.
function read_value(i, count,   j, whole) {
	text = line[i]
	if (text ~ /^"/) {
		whole = text
		for (j = i + 1; whole !~ /^"([^"\\]|\\.)*"$/ && j <= count; j++)
			whole = whole "\n" line[j]
		if (whole ~ /^"([^"\\]|\\.)*"$/) {
			text = substr(whole, 2, length(whole) - 2)
			gsub(/\\\\/, "\001", text)
			gsub(/\\"/, "\"", text)
			gsub(/\001/, "\\", text)
			i = j - 1
		}
	}
	while (++i <= count && name_length(line[i]) == 0)
		text = text "\n" line[i]
	return i
}

# Variables of ours become what they are with the MIB module.
function name_ours(   base, own, i, arc, object) {
	base = trap
	own = sub(/[.]0[.][12]$/, "", base) && has(1, base, 2) && has(2, base, 3) && has(3, base, 16) && has(4, base, 18)
	if (own)
		trap = own_trap[substr(trap, length(trap))]
	for (i = 1; i <= n; i++) {
		if (own && index(name[i], base ".1.4.1.") == 1) {
			split(substr(name[i], length(base) + 8), arc, ".")
			if (arc[1] in own_object)
				name[i] = own_object[arc[1]] "." arc[2]
			value[i] = octets(value[i])
		}
		object = name[i]
		sub(/[.].*/, "", object)
		if ((object, value[i]) in value_word)
			value[i] = value_word[object, value[i]]
		if (!(object in known))
			known[object] = value[i]
	}
}

function has(i, base, column) { return i <= n && index(name[i], base ".1.4.1." column ".") == 1 }

# Without its MIB module, a text with more than ASCII in it is hexadecimal numbers.
function octets(text,   number, i, result) {
	if (text !~ /^([0-9A-F][0-9A-F][ \n]+)+$/)
		return text
	split(text, number, /[ \n]+/)
	for (i = 1; i in number; i++)
		if (number[i] != "")
			result = result sprintf("%c", 16 * digit(number[i], 1) + digit(number[i], 2))
	return result
}

function digit(number, i) { return index("123456789ABCDEF", substr(number, i, 1)) }
