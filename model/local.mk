# libipsecmon: records, segment, writer, fast path
ipminclude_HEADERS = %D%/ipm_fast.h %D%/ipm_iana.h %D%/ipm_segment.h %D%/ipm_types.h %D%/ipm_writer.h
ipmincludedir = $(includedir)/ipsecmon
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = %D%/libipsecmon.pc
# Installed headers make what they declare visible again. Tests link libmodel.la, in which all of it can be reached.
noinst_LTLIBRARIES += libmodel.la
libmodel_la_SOURCES = %D%/ipm_fast.c %D%/ipm_guard.c %D%/ipm_hash.h %D%/ipm_int.h %D%/ipm_layout.c %D%/ipm_layout.h %D%/ipm_read.c %D%/ipm_segment.c \
	%D%/ipm_store.c %D%/ipm_store.h %D%/ipm_store_chain.c %D%/ipm_store_room.c %D%/ipm_traffic.c %D%/ipm_walk.c \
	%D%/ipm_writer.c %D%/ipm_writer_drain.c %D%/ipm_writer_engine.c %D%/ipm_writer_fail.c %D%/ipm_writer_feed.c \
	%D%/ipm_writer_file.c %D%/ipm_writer_history.c %D%/ipm_writer_ike.c %D%/ipm_writer_int.h %D%/ipm_writer_list.c \
	%D%/ipm_writer_login.c %D%/ipm_writer_session.c \
	%D%/ipm_writer_map.c %D%/ipm_writer_old.c %D%/ipm_writer_peer.c %D%/ipm_writer_recover.c %D%/ipm_writer_ring.c %D%/ipm_writer_sa.c \
	%D%/ipm_writer_tunnel.c %D%/ipm_writer_valid.c
libmodel_la_CFLAGS = $(filter-out -fPIE,$(AM_CFLAGS)) -fvisibility=hidden
lib_LTLIBRARIES += libipsecmon.la
libipsecmon_la_SOURCES =
libipsecmon_la_LIBADD = libmodel.la
# IPM_ABI 5 is in libipsecmon.so.0. A new layout gets a new name: see COMPATIBILITY in libipsecmon(3).
libipsecmon_la_LDFLAGS = $(SAN_CFLAGS) -Wl,-z,relro,-z,now -version-info 0:0:0
