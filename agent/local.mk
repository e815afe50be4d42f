# ipsecmon-agentx
sbin_PROGRAMS += ipsecmon-agentx
noinst_LTLIBRARIES += libmibview.la
libmibview_la_SOURCES = %D%/agentx_frame.c %D%/agentx_frame.h %D%/mib_convert.c %D%/mib_convert.h %D%/mib_convert_map.c %D%/mib_convert_own.c \
	%D%/mib_health.h %D%/mib_notify.c %D%/mib_notify.h %D%/mib_notify_int.h %D%/mib_notify_map.c \
	%D%/mib_set.c %D%/mib_set.h %D%/mib_table.c %D%/mib_table.h %D%/mib_views.c %D%/mib_views.h \
	%D%/view_cca_engine.c %D%/view_cca_globals.c %D%/view_cca_notif_cntl.c %D%/view_cips_dynamic_set.c \
	%D%/view_cips_globals.c %D%/view_cips_isakmp.c %D%/view_cips_map.c %D%/view_cips_map_if.c \
	%D%/view_cips_policy.c %D%/view_cips_static_set.c %D%/view_cips_trap_cntl.c \
	%D%/view_fail_cntl.c %D%/view_hist_cntl.c %D%/view_ike_fail.c %D%/view_ike_gateway.c \
	%D%/view_ike_global.c %D%/view_ike_hist.c %D%/view_ike_peer.c %D%/view_ike_peer_corr.c \
	%D%/view_ike_tunnel.c %D%/view_levels.c %D%/view_maps.c %D%/view_maps.h %D%/view_own_agent.c \
	%D%/view_own_drop.c %D%/view_own_engine.c %D%/view_own_feed.c %D%/view_own_notify.c \
	%D%/view_own_segment.c %D%/view_own_tunnel.c %D%/view_pol_ike.c %D%/view_pol_sec.c %D%/view_sec_endpt.c %D%/view_sec_endpt_hist.c \
	%D%/view_sec_fail.c %D%/view_sec_gateway.c %D%/view_sec_global.c %D%/view_sec_hist.c \
	%D%/view_sec_spi.c %D%/view_sec_tunnel.c %D%/view_trap_cntl.c
ipsecmon_agentx_SOURCES = %D%/agent_main.c %D%/mib_agentx.c %D%/mib_agentx.h
ipsecmon_agentx_LDADD = libmibview.la libcommon.la libipsecmon.la $(NETSNMP_LIBS)
