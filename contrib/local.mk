# Services and samples
units = %D%/systemd/ipsecmond.service %D%/systemd/ipsecmon-agentx.service \
	%D%/systemd/ipsecmon-persona.service %D%/systemd/ipsecmon-persona-agentx.service
if WITH_ENGINE
units += %D%/systemd/ipsecmon-engine.service
endif
if WITH_SYSTEMD
systemdsystemunit_DATA = $(units)
endif
$(units): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed 's|[@]sbindir[@]|$(sbindir)|; s|[@]bindir[@]|$(bindir)|' $< > $@.tmp && mv $@.tmp $@
# Read by systemd of packages and of /usr/local alike. NAME.sysusers is installed as sysusers.d/NAME.conf.
of_systemd = ipsecmon.sysusers ipsecmon.tmpfiles ipsecmon-persona.sysusers
if WITH_ENGINE
of_systemd += ipsecmon-engine.sysusers ipsecmon-engine.tmpfiles
endif
install-data-hook:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)'
	$(INSTALL_DATA) $(srcdir)/contrib/completion/ipsecmon.bash '$(DESTDIR)$(bashcompletiondir)/ipsecmon'
if WITH_SYSTEMD
	$(MKDIR_P) '$(DESTDIR)$(prefix)/lib/sysusers.d' '$(DESTDIR)$(prefix)/lib/tmpfiles.d'
	for file in $(of_systemd); do \
		$(INSTALL_DATA) $(srcdir)/contrib/systemd/$$file \
			"$(DESTDIR)$(prefix)/lib/$${file#*.}.d/$${file%.*}.conf" || exit 1; done
endif
# contrib/ is distributed as a folder, and units are made in there.
dist-hook:
	rm -f '$(distdir)'/contrib/systemd/*.service '$(distdir)'/contrib/prometheus/snmp-0.23.yml
uninstall-hook:
	rm -f '$(DESTDIR)$(bashcompletiondir)/ipsecmon'
if WITH_SYSTEMD
	for file in $(of_systemd); do rm -f "$(DESTDIR)$(prefix)/lib/$${file#*.}.d/$${file%.*}.conf"; done
endif
# What shells ask ipsecmon. Debian has another folder for zsh's.
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = %D%/completion/_ipsecmon
# Samples, to be copied to where they are used: /usr/share/doc may be left out of an installation.
samplesdir = $(pkgdatadir)
dist_samples_DATA = %D%/ipsecmon.conf
snmpdsamplesdir = $(pkgdatadir)/snmpd
dist_snmpdsamples_DATA = %D%/snmpd/ipsecmon.conf
# The Cisco persona: its configuration is copied to /etc/ipsecmon/persona, where its units read it.
personasamplesdir = $(pkgdatadir)/persona
dist_personasamples_DATA = %D%/persona/ipsecmon.conf %D%/persona/snmpd.conf
dist_sbin_SCRIPTS = %D%/persona/ipsecmon-persona-user
snmptrapdsamplesdir = $(pkgdatadir)/snmptrapd
dist_snmptrapdsamples_DATA = %D%/snmptrapd/README.md %D%/snmptrapd/notification.awk %D%/snmptrapd/snmptrapd.conf
dist_snmptrapdsamples_SCRIPTS = %D%/snmptrapd/to-nagios %D%/snmptrapd/to-zabbix
zabbixsamplesdir = $(pkgdatadir)/zabbix
dist_zabbixsamples_DATA = %D%/zabbix/README.md %D%/zabbix/ipsecmon.yaml
prometheussamplesdir = $(pkgdatadir)/prometheus
dist_prometheussamples_DATA = %D%/prometheus/README.md %D%/prometheus/alertmanager.yml %D%/prometheus/alerts.yml \
	%D%/prometheus/generator.yml %D%/prometheus/prometheus.yml %D%/prometheus/rules.yml %D%/prometheus/snmp.yml
grafanasamplesdir = $(prometheussamplesdir)/grafana
dist_grafanasamples_DATA = %D%/prometheus/grafana/dashboards.yaml %D%/prometheus/grafana/datasource.yaml \
	%D%/prometheus/grafana/ipsec-gateways.json
dist_prometheussamples_SCRIPTS = %D%/prometheus/generate %D%/prometheus/layout-0.23
nodist_prometheussamples_DATA = %D%/prometheus/snmp-0.23.yml
%D%/prometheus/snmp-0.23.yml: %D%/prometheus/snmp.yml %D%/prometheus/layout-0.23
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(srcdir)/contrib/prometheus/layout-0.23 $(srcdir)/contrib/prometheus/snmp.yml > $@.tmp && mv $@.tmp $@
checkmksamplesdir = $(pkgdatadir)/checkmk
dist_checkmksamples_DATA = %D%/checkmk/README.md %D%/checkmk/ipsecmon_tunnels.py
systemdsamplesdir = $(pkgdatadir)/systemd
dist_systemdsamples_DATA = %D%/systemd/netns.conf
nagiossamplesdir = $(pkgdatadir)/nagios
dist_nagiossamples_DATA = %D%/nagios/README.md %D%/nagios/gateway.cfg %D%/nagios/ipsecmon.cfg \
	%D%/nagios/ipsecmon-icinga2.conf %D%/nagios/users.cfg
CLEANFILES += $(units) %D%/prometheus/snmp-0.23.yml
EXTRA_DIST += contrib
