# check_ipsecmon, a plugin for monitoring systems
plugin_PROGRAMS += check_ipsecmon
noinst_LTLIBRARIES += libplugin.la
libplugin_la_SOURCES = %D%/chk_counts.c %D%/chk_device.c %D%/chk_device.h %D%/chk_error.h %D%/chk_keep.c \
	%D%/chk_modes.c %D%/chk_modes.h %D%/chk_options.c %D%/chk_options.h %D%/chk_output.c %D%/chk_output.h %D%/chk_own.c \
	%D%/chk_range.c %D%/chk_range.h %D%/chk_rates.c %D%/chk_rates.h %D%/chk_sessions.c %D%/chk_snmp.c %D%/chk_snmp.h \
	%D%/chk_tunnels.c common/clean.c common/clean.h common/words.c common/words.h
libplugin_la_LIBADD = -lnetsnmp
check_ipsecmon_SOURCES = %D%/check_ipsecmon.c
check_ipsecmon_LDADD = libplugin.la
