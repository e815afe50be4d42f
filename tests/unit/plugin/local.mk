check_PROGRAMS += %D%/check_chk_options %D%/check_chk_output %D%/check_chk_range %D%/check_chk_rates %D%/check_chk_sessions
%C%_check_chk_options_LDADD = libplugin.la $(LDADD)
%C%_check_chk_output_LDADD = libplugin.la $(LDADD)
%C%_check_chk_range_LDADD = libplugin.la $(LDADD)
%C%_check_chk_rates_LDADD = libplugin.la $(LDADD)
%C%_check_chk_sessions_LDADD = libplugin.la $(LDADD)
