# Man pages and documents
dist_man_MANS = %D%/ipsecmon.1 %D%/ipsecmon.conf.5 %D%/ipsecmond.8 %D%/ipsecmon-agentx.8 %D%/ipsecmon-mibs.7 \
	%D%/ipsecmon-persona.8 %D%/ipsecmon-persona-user.8 %D%/libipsecmon.3 %D%/check_ipsecmon.1
if WITH_ENGINE
dist_man_MANS += %D%/ipsecmon-engine.8
endif
# A page for each installed header: what its comments say.
header_pages = %D%/ipm_fast.3 %D%/ipm_iana.3 %D%/ipm_segment.3 %D%/ipm_types.3 %D%/ipm_writer.3
man_MANS = $(header_pages)
$(header_pages): %D%/%.3: model/%.h %D%/header_man.awk
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(AWK) -f $(srcdir)/%D%/header_man.awk $< > $@.tmp && mv $@.tmp $@
CLEANFILES += $(header_pages)
EXTRA_DIST += %D%/header_man.awk
dist_doc_DATA += %D%/alerts.md %D%/architecture.md %D%/container.md %D%/dataplane.md %D%/existing-snmpd.md %D%/feeds.md %D%/json.md %D%/libreswan.md \
	%D%/mapping.md %D%/mibs.md %D%/on-your-gateway.md %D%/platforms.md %D%/pollers.md %D%/security.md %D%/segment.md %D%/sessions.md %D%/troubleshooting.md %D%/zabbix-dashboard.png
EXTRA_PROGRAMS += %D%/example_dataplane
%C%_example_dataplane_LDADD = libipsecmon.la -lpthread
