check_PROGRAMS += %D%/check_reasons %D%/check_vici %D%/check_vici_client %D%/check_vici_maps \
	%D%/check_vici_model_ends %D%/check_vici_model_random %D%/check_vici_model_rekey %D%/check_vici_model_restart
%C%_check_reasons_LDADD = $(LDADD_FEEDS)
%C%_check_vici_LDADD = $(LDADD_FEEDS)
%C%_check_vici_client_LDADD = $(LDADD_FEEDS)
%C%_check_vici_maps_LDADD = $(LDADD_FEEDS)
%C%_check_vici_model_ends_LDADD = $(LDADD_FEEDS)
%C%_check_vici_model_random_LDADD = $(LDADD_FEEDS)
%C%_check_vici_model_rekey_LDADD = $(LDADD_FEEDS)
%C%_check_vici_model_restart_LDADD = $(LDADD_FEEDS)
