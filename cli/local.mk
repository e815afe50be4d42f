# ipsecmon, the command
bin_PROGRAMS += ipsecmon
noinst_LTLIBRARIES += libcli.la
libcli_la_SOURCES = %D%/cli.c %D%/cli.h %D%/cmd_doctor.c %D%/cmd_connections.c %D%/cmd_dropped.c %D%/cmd_export.c %D%/cmd_feeds.c %D%/cmd_ipsec.c \
	%D%/cmd_isakmp.c %D%/cmd_clear.c %D%/cmd_map.c %D%/cmd_match.c %D%/cmd_notifications.c %D%/cmd_history.c %D%/cmd_session.c %D%/cmd_sessiondb.c %D%/cmd_sessions.c %D%/cmd_table.c %D%/cmd_table.h %D%/complete.c %D%/complete.h \
	%D%/doctor.c %D%/doctor.h %D%/doctor_segments.c %D%/doctor_snmpd.c %D%/out.h %D%/out_json.c %D%/out_text.c %D%/out_words.c %D%/run.c %D%/segments.c %D%/sessions.c %D%/sessions.h %D%/values.c %D%/values.h %D%/via.c %D%/via.h
libcli_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
libcli_la_LIBADD = $(JANSSON_LIBS)
ipsecmon_SOURCES = %D%/cli_main.c
ipsecmon_LDADD = libcli.la libcommon.la libipsecmon.la
