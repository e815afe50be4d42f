check_PROGRAMS += %D%/check_vici_client %D%/check_vici_decode %D%/check_vici_failure %D%/check_vici_maps \
	%D%/check_vici_model_ends %D%/check_vici_model_random %D%/check_vici_model_rekey %D%/check_vici_model_restart \
	%D%/check_vici_reason %D%/check_vici_session %D%/check_vici_terminate %D%/check_vici_wire
%C%_check_vici_client_LDADD = $(LDADD_FEEDS)
%C%_check_vici_decode_LDADD = $(LDADD_FEEDS)
%C%_check_vici_failure_LDADD = $(LDADD_FEEDS)
%C%_check_vici_maps_LDADD = $(LDADD_FEEDS)
%C%_check_vici_model_ends_LDADD = $(LDADD_FEEDS)
%C%_check_vici_model_random_LDADD = $(LDADD_FEEDS)
%C%_check_vici_model_rekey_LDADD = $(LDADD_FEEDS)
%C%_check_vici_model_restart_LDADD = $(LDADD_FEEDS)
%C%_check_vici_reason_LDADD = $(LDADD_FEEDS)
%C%_check_vici_session_LDADD = $(LDADD_FEEDS)
%C%_check_vici_terminate_LDADD = $(LDADD_FEEDS)
%C%_check_vici_wire_LDADD = $(LDADD_FEEDS)
