# Benchmarks
EXTRA_PROGRAMS += $(for_bench) $(for_bench_engine)
for_bench = %D%/fastpath %D%/ipsecmon-synth %D%/nullagent %D%/walk_client
bench_fastpath_LDADD = libipsecmon.la -lpthread
bench_ipsecmon_synth_LDADD = libcommon.la libipsecmon.la
bench_walk_client_SOURCES = %D%/walk_client.c %D%/ber.c %D%/ber.h
bench_nullagent_LDADD = $(NETSNMP_LIBS)
if WITH_ENGINE
for_bench_engine = %D%/esp
EXTRA_LTLIBRARIES += %D%/libuncounted.la
bench_libuncounted_la_SOURCES = $(libesp_la_SOURCES)
bench_libuncounted_la_CPPFLAGS = $(AM_CPPFLAGS) -include $(srcdir)/bench/esp_uncounted.h
bench_libuncounted_la_CFLAGS = $(libesp_la_CFLAGS)
endif
bench_esp_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/engine
bench_esp_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
bench_esp_SOURCES = %D%/esp.c %D%/esp_uncounted.h
bench_esp_LDADD = libesp.la %D%/libuncounted.la $(CRYPTO_LIBS)
bench_programs: $(for_bench) $(for_bench_engine)
bench: all bench_programs
	%D%/fastpath --json %D%/fastpath.json
	top_builddir='$(abs_top_builddir)' $(srcdir)/bench/walk
	$(srcdir)/bench/feeds --builddir '$(abs_top_builddir)'
	$(srcdir)/bench/show --builddir '$(abs_top_builddir)'
if WITH_ENGINE
	%D%/esp --json %D%/esp.json
endif
CLEANFILES += %D%/esp.json %D%/fastpath.json
EXTRA_DIST += %D%/README.md %D%/feeds %D%/show %D%/walk
.PHONY: bench bench_programs
