check_PROGRAMS += %D%/check_ike_decode %D%/check_ike_laws %D%/check_ike_track
%C%_check_ike_decode_LDADD = $(LDADD_FEEDS)
%C%_check_ike_laws_LDADD = $(LDADD_FEEDS)
%C%_check_ike_track_LDADD = $(LDADD_FEEDS)
