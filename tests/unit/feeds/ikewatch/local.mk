check_PROGRAMS += %D%/check_ike %D%/check_ike_laws
%C%_check_ike_LDADD = $(LDADD_FEEDS)
%C%_check_ike_laws_LDADD = $(LDADD_FEEDS)
