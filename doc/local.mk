# Man pages and documents
dist_man_MANS = %D%/ipsecmon.1 %D%/ipsecmon.conf.5 %D%/ipsecmond.8 %D%/ipsecmon-agentx.8 %D%/ipsecmon-mibs.7 \
	%D%/ipsecmon-persona.8 %D%/libipsecmon.3 %D%/check_ipsecmon.1
if WITH_ENGINE
dist_man_MANS += %D%/ipsecmon-engine.8
endif
dist_doc_DATA += %D%/architecture.md %D%/container.md %D%/dataplane.md %D%/existing-snmpd.md %D%/feeds.md %D%/json.md %D%/libreswan.md \
	%D%/mapping.md %D%/mibs.md %D%/on-your-gateway.md %D%/pollers.md %D%/security.md %D%/segment.md %D%/troubleshooting.md %D%/zabbix-dashboard.png
EXTRA_PROGRAMS += %D%/example_dataplane
%C%_example_dataplane_LDADD = libipsecmon.la -lpthread
