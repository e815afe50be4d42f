# What the programs share
noinst_LTLIBRARIES += libcommon.la
libcommon_la_SOURCES = %D%/acl_text.c %D%/acl_text.h %D%/algo_names.c %D%/algo_names.h %D%/clean.c %D%/clean.h %D%/conf.c %D%/conf.h %D%/conf_parse.c %D%/conf_parse.h %D%/control.c \
	%D%/control.h %D%/daemon.c %D%/daemon.h %D%/hash.h %D%/index_state.c %D%/index_state.h %D%/place.c %D%/place.h %D%/service.c \
	%D%/service.h %D%/state.c %D%/state.h %D%/units.h %D%/users.c %D%/users.h %D%/words.c %D%/words.h
