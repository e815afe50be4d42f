# ipsecmon-engine: ESP in software
if WITH_ENGINE
noinst_LTLIBRARIES += libesp.la
libesp_la_SOURCES = %D%/esp.h %D%/esp_crypt.c %D%/esp_int.h %D%/esp_open.c %D%/esp_packet.c \
	%D%/esp_replay.c %D%/esp_replay.h %D%/esp_sa.c %D%/esp_seal.c
libesp_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
libesp_la_LIBADD = $(CRYPTO_LIBS)
noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES = %D%/engine.c %D%/engine.h %D%/engine_conf.c %D%/engine_conf.h %D%/engine_keys.c %D%/engine_keys.h %D%/engine_plan.c \
	%D%/engine_plan.h %D%/engine_traffic.c %D%/engine_traffic.h %D%/engine_worker.c \
	%D%/engine_worker.h
libengine_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
libengine_la_LIBADD = libesp.la $(CRYPTO_LIBS) -lpthread
bin_PROGRAMS += ipsecmon-engine
ipsecmon_engine_SOURCES = %D%/engine_main.c
ipsecmon_engine_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
ipsecmon_engine_LDADD = libengine.la libcommon.la libipsecmon.la
endif
