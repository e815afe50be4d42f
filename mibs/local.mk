# MIB modules
EXTRA_DIST += %D%/base/IF-MIB.txt %D%/base/INET-ADDRESS-MIB.txt %D%/base/SNMP-FRAMEWORK-MIB.txt
mibdir = $(datadir)/snmp/mibs
dist_mib_DATA = %D%/CISCO-CRYPTO-ACCELERATOR-MIB.txt %D%/CISCO-ENTITY-FRU-CONTROL-MIB.txt \
	%D%/CISCO-IPSEC-FLOW-MONITOR-MIB.txt %D%/CISCO-IPSEC-MIB.txt %D%/CISCO-IPSEC-POLICY-MAP-MIB.txt \
	%D%/CISCO-MEDIA-GATEWAY-MIB.txt %D%/CISCO-REMOTE-ACCESS-MONITOR-MIB.txt %D%/CISCO-SMI.txt %D%/CISCO-TC.txt \
	%D%/base/SNMPv2-CONF.txt %D%/base/SNMPv2-SMI.txt %D%/base/SNMPv2-TC.txt
nodist_mib_DATA = %D%/IPSECMON-MIB.txt
