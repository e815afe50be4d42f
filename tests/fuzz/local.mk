# Fuzz targets.  As tests, they run mutations from a fixed seed.  With libFuzzer they are the real fuzzers:
# ./configure CC=clang --enable-fuzzer, then "make fuzz".
fuzz_targets = %D%/fuzz_changing %D%/fuzz_control %D%/fuzz_device %D%/fuzz_layout %D%/fuzz_segment %D%/fuzz_set \
	%D%/fuzz_state %D%/fuzz_talk %D%/fuzz_views
%C%_fuzz_changing_SOURCES = %D%/fuzz_views.c
%C%_fuzz_changing_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CHANGING
%C%_fuzz_changing_LDADD = libmibview.la $(FUZZ_LIBS) -lpthread
%C%_fuzz_control_LDADD = $(FUZZ_LIBS)
%C%_fuzz_device_LDADD = libplugin.la
%C%_fuzz_layout_LDADD = $(FUZZ_LIBS)
%C%_fuzz_segment_LDADD = $(FUZZ_LIBS)
%C%_fuzz_set_LDADD = libmibview.la $(FUZZ_LIBS)
%C%_fuzz_state_LDADD = $(FUZZ_LIBS)
%C%_fuzz_talk_LDADD = libfeeds.la $(FUZZ_LIBS) -lpthread
%C%_fuzz_views_LDADD = libmibview.la $(FUZZ_LIBS)
if WITH_VICI
fuzz_targets += %D%/fuzz_vici %D%/fuzz_vici_model
%C%_fuzz_vici_LDADD = libfeeds.la $(FUZZ_LIBS)
%C%_fuzz_vici_model_LDADD = libfeeds.la $(FUZZ_LIBS)
endif
if WITH_XFRM
fuzz_targets += %D%/fuzz_xfrm %D%/fuzz_xfrm_model %D%/fuzz_xfrm_stat
%C%_fuzz_xfrm_LDADD = libfeeds.la $(FUZZ_LIBS)
%C%_fuzz_xfrm_model_LDADD = libfeeds.la $(FUZZ_LIBS)
%C%_fuzz_xfrm_stat_LDADD = libfeeds.la $(FUZZ_LIBS)
endif
if WITH_IKEWATCH
fuzz_targets += %D%/fuzz_ike %D%/fuzz_ike_track
%C%_fuzz_ike_LDADD = libfeeds.la $(FUZZ_LIBS)
%C%_fuzz_ike_track_LDADD = libfeeds.la $(FUZZ_LIBS)
endif
if WITH_ENGINE
fuzz_targets += %D%/fuzz_conf %D%/fuzz_esp %D%/fuzz_keys
%C%_fuzz_conf_LDADD = libengine.la $(FUZZ_LIBS)
%C%_fuzz_esp_LDADD = libesp.la
%C%_fuzz_keys_LDADD = libengine.la $(FUZZ_LIBS)
endif
FUZZ_LIBS = libcommon.la libmodel.la
EXTRA_DIST += $(foreach target,changing conf control device esp ike ike_track keys layout segment set state talk vici vici_model views \
	xfrm xfrm_model xfrm_stat,%D%/corpus-$(target))

if FUZZER
tests/fuzz/fuzz_%: private AM_LDFLAGS += -fsanitize=fuzzer
noinst_PROGRAMS += $(fuzz_targets)
FUZZ_SECONDS = 30
fuzz: $(fuzz_targets)
	@for t in $(fuzz_targets); do name=$${t##*/fuzz_} && mkdir -p fuzz-work/$$name && \
		$$t -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 fuzz-work/$$name \
		$(srcdir)/tests/fuzz/corpus-$$name || exit 1; done
else
tests/fuzz/%.o: AM_CPPFLAGS += -DFUZZ_MAIN
check_PROGRAMS += $(fuzz_targets)
endif
.PHONY: fuzz
