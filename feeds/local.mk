# ipsecmond
sbin_PROGRAMS += ipsecmond
noinst_LTLIBRARIES += libfeeds.la
libfeeds_la_SOURCES = %D%/control_exec.c %D%/control_exec.h %D%/control_server.c %D%/control_server.h \
	%D%/feed.h %D%/feed_failure.h %D%/feed_hash.h %D%/feed_host.h %D%/feed_map.c %D%/feed_map.h %D%/feed_record.c %D%/feed_record.h %D%/links.c %D%/links.h \
	%D%/local_addrs.c %D%/local_addrs.h %D%/netlink.c %D%/netlink.h %D%/netns.c %D%/netns.h
libfeeds_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/feeds
libfeeds_la_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(MNL_CFLAGS) $(PCAP_CFLAGS)
libfeeds_la_LIBADD = $(EVENT_LIBS) $(MNL_LIBS) $(PCAP_LIBS) -lpthread
if WITH_VICI
libfeeds_la_SOURCES += %D%/feed_vici.c %D%/notify_client.c %D%/notify_client.h %D%/notify_decode.c \
	%D%/notify_decode.h %D%/vici_alert.c %D%/vici_alert.h %D%/vici_client.c %D%/vici_client.h \
	%D%/vici_decode.c %D%/vici_decode.h %D%/vici_failure.c %D%/vici_failure.h %D%/vici_maps.c %D%/vici_maps.h %D%/vici_model.c \
	%D%/vici_model.h %D%/vici_reason.c %D%/vici_reason.h %D%/vici_terminate.c %D%/vici_terminate.h \
	%D%/vici_wire.c %D%/vici_wire.h
endif
if WITH_XFRM
libfeeds_la_SOURCES += %D%/feed_xfrm.c %D%/xfrm_algo.c %D%/xfrm_decode.c %D%/xfrm_decode.h %D%/xfrm_drops.c \
	%D%/xfrm_drops.h %D%/xfrm_maps.c %D%/xfrm_maps.h %D%/xfrm_model.c %D%/xfrm_model.h %D%/xfrm_policies.c %D%/xfrm_policies.h %D%/xfrm_socket.c %D%/xfrm_socket.h \
	%D%/xfrm_stat.c %D%/xfrm_stat.h
endif
if WITH_IKEWATCH
libfeeds_la_SOURCES += %D%/feed_ikewatch.c %D%/ike_capture.c %D%/ike_capture.h %D%/ike_decode.c \
	%D%/ike_decode.h %D%/ike_packet.c %D%/ike_packet.h %D%/ike_phase.c %D%/ike_phase.h %D%/ike_track.c \
	%D%/ike_track.h %D%/ike_watch.c %D%/ike_watch.h
endif
ipsecmond_SOURCES = %D%/feed_main.c
ipsecmond_CPPFLAGS = $(libfeeds_la_CPPFLAGS)
ipsecmond_CFLAGS = $(libfeeds_la_CFLAGS)
ipsecmond_LDADD = libfeeds.la libcommon.la libipsecmon.la
