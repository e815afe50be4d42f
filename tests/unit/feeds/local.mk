LDADD_FEEDS = libfeeds.la $(LDADD)
check_PROGRAMS += %D%/check_control %D%/check_feed_recipe %D%/check_feed_reconcile
%C%_check_control_LDADD = $(LDADD_FEEDS)
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
check_PROGRAMS += %D%/check_reasons %D%/check_vici %D%/check_vici_client %D%/check_vici_maps %D%/check_vici_model
%C%_check_reasons_LDADD = $(LDADD_FEEDS)
%C%_check_vici_LDADD = $(LDADD_FEEDS)
%C%_check_vici_client_LDADD = $(LDADD_FEEDS)
%C%_check_vici_maps_LDADD = $(LDADD_FEEDS)
%C%_check_vici_model_LDADD = $(LDADD_FEEDS)
endif
if WITH_XFRM
check_PROGRAMS += %D%/check_xfrm
%C%_check_xfrm_LDADD = $(LDADD_FEEDS)
if WITH_VICI
check_PROGRAMS += %D%/check_xfrm_maps %D%/check_xfrm_model
%C%_check_xfrm_maps_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_model_LDADD = $(LDADD_FEEDS)
endif
endif
if WITH_IKEWATCH
check_PROGRAMS += %D%/check_ike %D%/check_ike_laws
%C%_check_ike_LDADD = $(LDADD_FEEDS)
%C%_check_ike_laws_LDADD = $(LDADD_FEEDS)
endif
EXTRA_DIST += %D%/model_fixture.h
