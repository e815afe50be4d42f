# What all tests share.
# A test may take ten times as long as libcheck would have it: machines may be slow.
AM_TESTS_ENVIRONMENT = top_srcdir='$(top_srcdir)'; top_builddir='$(top_builddir)'; \
	export top_srcdir top_builddir; CK_FORK=$${CK_FORK:-yes}; export CK_FORK; \
	CK_TIMEOUT_MULTIPLIER=$${CK_TIMEOUT_MULTIPLIER:-10}; export CK_TIMEOUT_MULTIPLIER;
TESTS += %D%/check_32bit.sh %D%/check_completion.sh %D%/check_explain.sh %D%/check_headers.sh %D%/check_help.sh %D%/check_mibs.sh \
	%D%/check_symbols.sh %D%/check_tree.sh %D%/check_units.sh
if HAVE_PYTHON3
TESTS += %D%/check_structure %D%/check_zabbix
endif
EXTRA_DIST += %D%/run %D%/mutate %D%/check_structure %D%/speed.sh %D%/explain.awk %D%/check_32bit.sh %D%/check_completion.sh \
	%D%/check_explain.sh %D%/check_headers.sh %D%/check_help.sh %D%/check_mibs.sh %D%/check_symbols.sh %D%/check_tree.sh %D%/check_units.sh %D%/check_zabbix %D%/data \
	%D%/clients %D%/packages %D%/platform %D%/lab/gateways %D%/lab/leaks_of_others %D%/guest/gateways
# Not the folders: a build puts programs there.
EXTRA_DIST += $(wildcard $(foreach folder,lab guest,$(foreach kind,sh py c,$(srcdir)/%D%/$(folder)/*.$(kind)))) \
	$(filter $(srcdir)/tests/%.h,$(SOURCES))

# Tests may include every header of the product.
tests/%.o: AM_CPPFLAGS += $(addprefix -I,$(HEADER_FOLDERS))
tests/%.o: AM_CFLAGS += $(CHECK_CFLAGS) $(EVENT_CFLAGS) $(MNL_CFLAGS) $(PCAP_CFLAGS) $(CRYPTO_CFLAGS)

include tests/unit/local.mk
include tests/fuzz/local.mk

# What the stories of tests/guest need beside the programs, and those of tests/lab.
for_guest = %D%/guest/flood %D%/lab/segment_says
for_lab = %D%/lab/hostile
%C%_lab_segment_says_LDADD = libipsecmon.la
%C%_lab_hostile_LDADD = libmodel.la
if WITH_ENGINE
for_guest += %D%/guest/esp_peer
endif
%C%_guest_esp_peer_LDADD = libesp.la $(CRYPTO_LIBS)
if WITH_IKEWATCH
for_lab += %D%/lab/ike_replay
endif
%C%_lab_ike_replay_LDADD = libfeeds.la libcommon.la libipsecmon.la $(PCAP_LIBS)
EXTRA_PROGRAMS += $(for_guest) $(for_lab)
guest_programs: $(for_guest)
lab_programs: $(for_lab)
.PHONY: guest_programs lab_programs
