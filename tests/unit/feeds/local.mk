LDADD_FEEDS = libfeeds.la $(LDADD)
check_PROGRAMS += %D%/check_control_exec %D%/check_control_server %D%/check_feed_recipe \
	%D%/check_feed_reconcile
%C%_check_control_exec_LDADD = $(LDADD_FEEDS)
%C%_check_control_server_LDADD = $(LDADD_FEEDS)
# The feed of feeds/README.md, from that page, in a list of its own.
%C%_check_feed_recipe_SOURCES = %D%/check_feed_recipe.c
nodist_%C%_check_feed_recipe_SOURCES = %D%/feed_toy.c %D%/toy_list.c
%C%_check_feed_recipe_LDADD = $(LDADD_FEEDS)
%D%/feed_toy.c: feeds/README.md
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)sed -n '/^```c feeds.toy.feed_toy.c$$/,/^```$$/{/^```/!p}' $(srcdir)/feeds/README.md >$@
%D%/toy_list.c: Makefile
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(call write_feed_list,toy) >$@
CLEANFILES += %D%/feed_toy.c %D%/toy_list.c
%C%_check_feed_reconcile_LDADD = $(LDADD_FEEDS)
if WITH_VICI
include tests/unit/feeds/vici/local.mk
endif
if WITH_XFRM
include tests/unit/feeds/xfrm/local.mk
endif
if WITH_IKEWATCH
include tests/unit/feeds/ikewatch/local.mk
endif
