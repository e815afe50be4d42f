# Unit tests, with libcheck.  They link libmodel.la, so that they reach what libipsecmon.so does not export.
LDADD = libcommon.la libmodel.la $(CHECK_LIBS)
if HAVE_CHECK
include tests/unit/model/local.mk
include tests/unit/common/local.mk
include tests/unit/feeds/local.mk
include tests/unit/engine/local.mk
include tests/unit/agent/local.mk
include tests/unit/cli/local.mk
include tests/unit/plugin/local.mk
endif
