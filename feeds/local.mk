# ipsecmond
sbin_PROGRAMS += ipsecmond
noinst_LTLIBRARIES += libfeeds.la
libfeeds_la_SOURCES = %D%/control_exec.c %D%/control_exec.h %D%/control_server.c %D%/control_server.h \
	%D%/feed.c %D%/feed.h %D%/feed_failure.h %D%/feed_host.h %D%/feed_map.c %D%/feed_map.h \
	%D%/feed_ops.h %D%/feed_reconcile.c %D%/feed_reconcile.h %D%/links.c %D%/links.h %D%/local_addrs.c \
	%D%/local_addrs.h %D%/netlink.c %D%/netlink.h %D%/netns.c %D%/netns.h
libfeeds_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/feeds
libfeeds_la_CFLAGS = $(AM_CFLAGS) $(EVENT_CFLAGS) $(MNL_CFLAGS) $(PCAP_CFLAGS)
libfeeds_la_LIBADD = $(EVENT_LIBS) $(MNL_LIBS) $(PCAP_LIBS) -lpthread

# One folder per feed, in the order in which ipsecmond opens them: those that see SAs themselves come first.
FEEDS =
if WITH_XFRM
include feeds/xfrm/local.mk
endif
if WITH_IKEWATCH
include feeds/ikewatch/local.mk
endif
if WITH_VICI
include feeds/vici/local.mk
endif

ipsecmond_SOURCES = %D%/ipsecmond.c
nodist_ipsecmond_SOURCES = %D%/feed_list.c
ipsecmond_CPPFLAGS = $(libfeeds_la_CPPFLAGS)
ipsecmond_CFLAGS = $(libfeeds_la_CFLAGS)
ipsecmond_LDADD = libfeeds.la libcommon.la libipsecmon.la

# The list of the feeds in this build.
write_feed_list = printf '%s\n' '\#include "feed_ops.h"' $(foreach feed,$(1),'extern const struct feed_ops feed_$(feed);') \
	'const struct feed_ops *const feed_list[] = {' $(foreach feed,$(1),'&feed_$(feed),') 'NULL };'
%D%/feed_list.c: Makefile
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(call write_feed_list,$(FEEDS)) >$@
CLEANFILES += %D%/feed_list.c
EXTRA_DIST += %D%/README.md
