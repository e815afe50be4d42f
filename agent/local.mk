# ipsecmon-agentx
sbin_PROGRAMS += ipsecmon-agentx
noinst_LTLIBRARIES += libmibview.la
libmibview_la_SOURCES = %D%/agentx_frame.c %D%/agentx_frame.h %D%/mib.h %D%/mib_build.c %D%/mib_convert.c \
	%D%/mib_convert.h %D%/mib_group.c %D%/mib_health.h %D%/mib_int.h %D%/mib_known.c %D%/mib_notify.c \
	%D%/mib_notify.h %D%/mib_notify_build.c %D%/mib_notify_flow.c %D%/mib_notify_int.h %D%/mib_notify_map.c \
	%D%/mib_notify_ras.c %D%/mib_ras.c %D%/mib_ras.h \
	%D%/mib_set.c %D%/mib_set.h %D%/mib_table.c %D%/mib_table.h %D%/views/accelerator.c %D%/views/cips_isakmp.c \
	%D%/views/cips_maps.c %D%/views/flow_control.c %D%/views/flow_failures.c %D%/views/flow_history.c \
	%D%/views/flow_ike.c %D%/views/flow_ipsec.c %D%/views/own_segment.c %D%/views/own_session.c %D%/views/own_tunnel.c \
	%D%/views/policy_map.c %D%/views/ras_activity.c %D%/views/ras_failures.c %D%/views/ras_group.c \
	%D%/views/ras_session.c %D%/views/view_common.c %D%/views/view_maps.c %D%/views/view_maps.h %D%/views/view_sessions.c %D%/views/view_sessions.h %D%/views/views.c \
	%D%/views/views.h
ipsecmon_agentx_SOURCES = %D%/agent_main.c %D%/mib_agentx.c %D%/mib_agentx.h
ipsecmon_agentx_LDADD = libmibview.la libcommon.la libipsecmon.la $(NETSNMP_LIBS)
agent/%.o agent/%.lo: AM_CPPFLAGS += -I$(srcdir)/agent -I$(srcdir)/agent/views
