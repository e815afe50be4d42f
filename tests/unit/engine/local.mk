if WITH_ENGINE
check_PROGRAMS += %D%/check_engine %D%/check_engine_conf %D%/check_engine_plan %D%/check_esp_packet %D%/check_esp_replay \
	%D%/check_esp_sa %D%/check_esp_seal
%C%_check_engine_LDADD = libengine.la $(LDADD)
%C%_check_engine_conf_LDADD = libengine.la $(LDADD)
%C%_check_engine_plan_LDADD = libengine.la $(LDADD)
%C%_check_esp_packet_LDADD = libesp.la $(LDADD)
%C%_check_esp_replay_LDADD = libesp.la $(LDADD)
%C%_check_esp_sa_LDADD = libesp.la $(LDADD)
%C%_check_esp_seal_LDADD = libesp.la $(LDADD)
endif
