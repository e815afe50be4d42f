check_PROGRAMS += %D%/check_xfrm_algo %D%/check_xfrm_decode %D%/check_xfrm_decode_malformed \
	%D%/check_xfrm_stat
%C%_check_xfrm_algo_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_decode_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_decode_malformed_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_stat_LDADD = $(LDADD_FEEDS)
# These have a charon as well.
if WITH_VICI
check_PROGRAMS += %D%/check_xfrm_maps %D%/check_xfrm_model_bundle %D%/check_xfrm_model_charon \
	%D%/check_xfrm_model_drops %D%/check_xfrm_model_random %D%/check_xfrm_model_rekey \
	%D%/check_xfrm_model_restart %D%/check_xfrm_model_tunnel
%C%_check_xfrm_maps_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_model_bundle_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_model_charon_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_model_drops_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_model_random_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_model_rekey_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_model_restart_LDADD = $(LDADD_FEEDS)
%C%_check_xfrm_model_tunnel_LDADD = $(LDADD_FEEDS)
endif
