if WITH_ENGINE
check_PROGRAMS += %D%/check_engine %D%/check_engine_conf %D%/check_esp
%C%_check_engine_LDADD = libengine.la $(LDADD)
%C%_check_engine_conf_LDADD = libengine.la $(LDADD)
%C%_check_esp_LDADD = libesp.la $(LDADD)
endif
